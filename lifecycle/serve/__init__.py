"""A reference service made from a table: what it is asked is decided, answered, kept, and runs on by a clock."""

from lifecycle.serve.asgi import app
from lifecycle.serve.clock import Clock

__all__ = ["Clock", "app"]

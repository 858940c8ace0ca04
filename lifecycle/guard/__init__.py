"""The table in front of a service of one's own, or of a client: what it refuses is refused before it is done.

`Guard` stands in front of an ASGI application, `guarded` in front of a function; `lifecycle.guard.fastapi` has a
dependency, `lifecycle.guard.sdk` what stands in front of an openstacksdk connection.
"""

from lifecycle.guard.asgi import Guard
from lifecycle.guard.functions import Refused, guarded
from lifecycle.guard.judge import Verdict

__all__ = ["Guard", "Refused", "Verdict", "guarded"]

"""Server lifecycles as tables: what may be done now, by whom, with which answer, and what becomes of it."""

from lifecycle.api import Bound, Lifecycle, Server
from lifecycle.engine.decide import Decision
from lifecycle.errors import LifecycleError, TableError
from lifecycle.version import __version__

__all__ = ["Bound", "Decision", "Lifecycle", "LifecycleError", "Server", "TableError", "__version__"]

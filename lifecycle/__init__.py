"""Server lifecycles as tables: what may be done now, by whom, with which answer, and what becomes of it."""

__version__ = "0.1.0"

from lifecycle.api import Bound, Lifecycle, Server
from lifecycle.engine.decide import Decision
from lifecycle.errors import LifecycleError, TableError

__all__ = ["Bound", "Decision", "Lifecycle", "LifecycleError", "Server", "TableError", "__version__"]

"""A Python object by its name, `package.module:attribute`, as a target."""

from __future__ import annotations

import inspect
import os
import sys
from importlib import import_module
from typing import Any

from lifecycle.errors import LifecycleError, shown

EXAMPLE = "as in mypackage.cloud:MyCloud"


def load(name: str) -> Any:
    """The object of this name; of a class or a function, what it returns when it is called. Raises LifecycleError."""
    module, colon, attribute = name.partition(":")
    if not colon or not module or not attribute:
        raise LifecycleError(f"a Python object is named by its module and attribute, {EXAMPLE}, not {shown(name)}")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except ImportError as error:
        raise LifecycleError(f"cannot import {module}: {error}") from None
    except AttributeError:
        raise LifecycleError(f"the module {module} has no {attribute}") from None
    return found() if inspect.isclass(found) or inspect.isfunction(found) else found

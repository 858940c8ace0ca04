"""The guard in front of a function: it is not called where the table refuses."""

from __future__ import annotations

import functools
import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from lifecycle.errors import LifecycleError
from lifecycle.guard.judge import as_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lifecycle.api import Lifecycle
    from lifecycle.engine.decide import Decision

    Shadow = Callable[[Decision, BaseException | None], object]

P = ParamSpec("P")
R = TypeVar("R")


class Refused(LifecycleError):
    """The table refuses what was asked for; `decision` says why, and `code` is what a service would answer."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.code = decision.code
        super().__init__(decision.reason)


def guarded(  # noqa: PLR0913 - each is a choice of its own
    compute: Lifecycle,
    action: str,
    *,
    server: Callable[..., Any],
    caller: str | Callable[..., Any] | None = None,
    microversion: str | None = None,
    variant: str | None = None,
    shadow: Shadow | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: the function, or coroutine, is called only where the table allows the action.

    `server(…)` is called with the function's own arguments and tells the server: a Server, the keys of a case or the
    document of its GET, None where there is no such server. `caller` is a name or is called alike. In front of a
    coroutine both may be coroutines. What they raise goes to whoever called.

    Raises Refused where the table refuses. With `shadow(decision, error)` nothing is refused: it is called after each
    call, with what the table says and with what the function raised, or None.

    Raises UnknownAction, UnknownVariant, UnknownMicroversion and UnknownCaller at once, and TypeError for what is no
    function that runs when it is called: a generator, a class.
    """
    compute.ruling(action, variant, caller if isinstance(caller, str) else None, microversion)

    def decide(who: str | None, told: Any) -> Decision:
        return compute.decide(action, as_server(compute, told), who, microversion, variant)

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        _check(function)
        wrapper: Any

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapper(*args: Any, **kwargs: Any) -> Any:
                who = await _awaited(caller(*args, **kwargs) if callable(caller) else caller)
                with _passing(decide(who, await _awaited(server(*args, **kwargs))), shadow):
                    return await function(*args, **kwargs)
        else:

            @functools.wraps(function)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                who = _plain(caller(*args, **kwargs) if callable(caller) else caller)
                with _passing(decide(who, _plain(server(*args, **kwargs))), shadow):
                    return function(*args, **kwargs)

        return cast("Callable[P, R]", wrapper)

    return decorate


def _check(function: object) -> None:
    """Raises TypeError for what does not run, from begin to end, when it is called."""
    name = getattr(function, "__qualname__", None) or repr(function)
    if isinstance(function, (staticmethod, classmethod)):
        raise TypeError(f"@guarded stands below @{type(function).__name__}, in front of the function {name} itself")
    if isinstance(function, type):
        raise TypeError(f"{name} is a class; @guarded stands in front of a function")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{name} is a generator: it runs when it is iterated and not when it is called, so it cannot be guarded")
    if not callable(function):
        raise TypeError(f"{name} is no function")


@contextmanager
def _passing(decision: Decision, shadow: Shadow | None) -> Iterator[None]:
    """What runs within it is refused or, in the shadow, watched."""
    if shadow is None:
        if not decision.allowed:
            raise Refused(decision)
        yield
        return
    error: BaseException | None = None
    try:
        yield
    except BaseException as raised:
        error = raised
        raise
    finally:
        shadow(decision, error)


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _plain(value: Any) -> Any:
    """What a callable told a plain function, which cannot wait for it."""
    if inspect.iscoroutine(value):
        value.close()
    if inspect.isawaitable(value):
        raise TypeError("a plain function cannot wait for what a coroutine tells of the server or the caller")
    return value

"""Bounds of numbers as a regular expression, for texts that read as a number: JSON Schema bounds only numbers."""

from __future__ import annotations


def beyond(minimum: int | None, maximum: int | None) -> str:
    """An expression that finds just the whole numbers, with leading zeros or without, that are out of bounds.

    One of `minimum` and `maximum` is given at least.
    """
    parts = [] if minimum is None else _below(minimum)
    parts += [] if maximum is None else [part.removeprefix("-") if part[0] == "-" else f"-{part}" for part in _below(-maximum)]
    signed = [part if part[0] == "-" else rf"\+?{part}" for part in parts]
    return f"^({'|'.join(signed)})$"


def _below(bound: int) -> list[str]:
    """The numbers below a bound, negative ones with their sign."""
    if bound > 0:
        return ["-[0-9]+", f"0*({'|'.join(_smaller(str(bound)))})"]
    return [f"-0*({'|'.join(_larger(str(-bound)))})"]


def _smaller(digits: str) -> list[str]:
    """The numbers, none of them with a leading zero that counts, that are smaller than one."""
    shorter = [f"[0-9]{{1,{len(digits) - 1}}}"] if len(digits) > 1 else []
    same = [
        f"{digits[:place]}[0-{int(digit) - 1}]{_any(len(digits) - place - 1)}"
        for place, digit in enumerate(digits)
        if digit > "0"
    ]
    return shorter + same


def _larger(digits: str) -> list[str]:
    """The numbers that are larger than one."""
    same = [
        f"{digits[:place]}[{int(digit) + 1}-9]{_any(len(digits) - place - 1)}"
        for place, digit in enumerate(digits)
        if digit < "9"
    ]
    return [f"[1-9][0-9]{{{len(digits)},}}", *same]


def _any(count: int) -> str:
    return f"[0-9]{{{count}}}" if count else ""

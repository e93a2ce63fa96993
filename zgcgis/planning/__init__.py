"""The planner's week: quota ledger, idle land, admission, scenarios, allocation, sheets.

What is wrong with land is found by :mod:`zgcgis.checks`; here stands what a planner does about it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Allocation": "allocation",
    "Limit": "allocation",
    "Problem": "allocation",
    "greedy": "allocation",
    "solve": "allocation",
    "violations": "allocation",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])

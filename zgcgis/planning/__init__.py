"""The planner's week: quota ledger, idle land, admission, scenarios, allocation, sheets.

What is wrong with land is found by :mod:`zgcgis.checks`; here stands what a planner does about it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Admission": "admission",
    "Allocation": "allocation",
    "Change": "scenario",
    "Comparison": "compare",
    "Limit": "allocation",
    "Order": "demand",
    "Problem": "allocation",
    "Project": "admission",
    "Scenario": "scenario",
    "UseMatrix": "ledger",
    "Waiver": "waivers",
    "admit": "admission",
    "apply": "scenario",
    "build_problem": "demand",
    "carry_out": "demand",
    "compare_findings": "changes",
    "compare_zones": "compare",
    "greedy": "allocation",
    "programme": "supply",
    "read_order": "demand",
    "read_project": "admission",
    "read_scenario": "scenario",
    "read_waivers": "waivers",
    "solve": "allocation",
    "suitable_parks": "admission",
    "supply_list": "supply",
    "use_matrix": "ledger",
    "violations": "allocation",
    "waive": "waivers",
    "write_sheets": "sheets",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])

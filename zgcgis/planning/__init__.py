"""The planner's week: quota ledger, idle land, admission, scenarios, allocation, sheets.

What is wrong with land is found by :mod:`zgcgis.checks`; here stands what a planner does about it.
"""

from __future__ import annotations

from .allocation import Allocation, Limit, Problem, greedy, solve, violations
from .allocation.demand import Order, build_problem, carry_out, read_order
from .changes import Waiver, compare_findings, read_waivers, waive
from .ledger import UseMatrix, use_matrix
from .outlines import Fix, fix, undo_fix
from .project_review import Admission, Project, admit, read_project, suitable_parks
from .scenario import Change, Comparison, Scenario, apply, compare_zones, read_scenario
from .supply_tables import programme, supply_list

__all__ = [
    "Admission",
    "Allocation",
    "Change",
    "Comparison",
    "Fix",
    "Limit",
    "Order",
    "Problem",
    "Project",
    "Scenario",
    "UseMatrix",
    "Waiver",
    "admit",
    "apply",
    "build_problem",
    "carry_out",
    "compare_findings",
    "compare_zones",
    "fix",
    "greedy",
    "programme",
    "read_order",
    "read_project",
    "read_scenario",
    "read_waivers",
    "solve",
    "suitable_parks",
    "supply_list",
    "undo_fix",
    "use_matrix",
    "violations",
    "waive",
]

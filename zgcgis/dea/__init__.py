"""Efficiency of units with several inputs and outputs (数据包络分析, DEA), on arrays and frames.

Rows are units; labels that come in come out, and two tables with labels are put together by
label. The score does not depend on the unit of measure: each programme is written in the unit's
own numbers. A programme without a solution, or whose solution cannot be proved because the
numbers are too far apart in size, gives NaN with its reason, never 0.
"""

from __future__ import annotations

from .appraisal import bootstrap, cross_efficiency, metafrontier, window
from .productivity import malmquist, malmquist_luenberger
from .scores import Efficiency, efficiency, scale
from .variables import units_needed

__all__ = [
    "Efficiency",
    "bootstrap",
    "cross_efficiency",
    "efficiency",
    "malmquist",
    "malmquist_luenberger",
    "metafrontier",
    "scale",
    "units_needed",
    "window",
]

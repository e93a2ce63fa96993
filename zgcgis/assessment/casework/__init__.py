"""Cases on the desk: what lies under a red line, and how that is measured and closed.

Rules find what is wrong with a zone (:mod:`zgcgis.checks`); here a piece of land is given, and the
answer is what there is: areas by the method asked for, closed to a whole to 0.01 m², with a line
for all that is not known. Documents of it are made by :mod:`zgcgis.report`.
"""

from __future__ import annotations

from .consolidation import Consolidation, consolidation
from .expressions import read_condition
from .queries import Query, query
from .redlines import RedLine, read_red_line
from .under import Under, under

__all__ = [
    "Consolidation",
    "Query",
    "RedLine",
    "Under",
    "consolidation",
    "query",
    "read_condition",
    "read_red_line",
    "under",
]

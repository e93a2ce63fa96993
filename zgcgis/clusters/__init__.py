"""Industry clusters (产业集群): what a park is specialised in, and what gathers where.

Tables of enterprises are told by quotients and shares in :mod:`.quotients`, by indices that allow
for the size of firms in :mod:`.agglomeration`, and values of neighbours by their spatial
autocorrelation in :mod:`.autocorrelation`.
"""

from __future__ import annotations

from .agglomeration import duranton_overman, ellison_glaeser
from .autocorrelation import Moran, false_discovery, getis_ord, lisa, moran, neighbours
from .quotients import concentration, location_quotients, orientation_match, structure, wilson

__all__ = [
    "Moran",
    "concentration",
    "duranton_overman",
    "ellison_glaeser",
    "false_discovery",
    "getis_ord",
    "lisa",
    "location_quotients",
    "moran",
    "neighbours",
    "orientation_match",
    "structure",
    "wilson",
]

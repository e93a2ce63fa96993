"""Accounts (台账): polygons and records of a zone become one table, one row per unit and year.

``measure(zone)`` is the door between land and numbers: its columns are the keys of
``terms.toml``, in m², 万元 and persons, and behind it no one needs geometry. ``survey(zone)``
gives the same table with all that explains it: which values were stated and which computed, how
far they differ, what of each layer fell into no unit, which codes nobody knows, land by use, and
for any cell the parcels, buildings or firms that make it. ``transitions`` and ``lineage`` compare
two years, ``compare_features`` feature by feature; ``spatial_form`` tells density, mix and shape;
``access`` how far parcels and parks are from stations and services.
"""

from __future__ import annotations

from .access import Access, access, nearest_stations
from .book import LEVELS, Survey, measure, parts, survey
from .features import KINDS, SAME_M, changed_values, compare_features
from .pieces import RECIPES, count_pieces, pieces, summed
from .scale import spread_for, spread_over
from .space import spatial_form
from .transition import NONE, Shared, Transitions, balance, lineage, shared_ground, transitions

__all__ = [
    "KINDS",
    "LEVELS",
    "NONE",
    "RECIPES",
    "SAME_M",
    "Access",
    "Shared",
    "Survey",
    "Transitions",
    "access",
    "balance",
    "changed_values",
    "compare_features",
    "count_pieces",
    "lineage",
    "measure",
    "nearest_stations",
    "parts",
    "pieces",
    "shared_ground",
    "spatial_form",
    "spread_for",
    "spread_over",
    "summed",
    "survey",
    "transitions",
]

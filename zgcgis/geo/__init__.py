"""Everything in metres: the one place that measures land.

``area_m2`` and its official methods, lengths, widths and distances (:mod:`.plane`); clipped
areas, overlaps, gaps (:mod:`.overlay`); spatial form (:mod:`.form`); datums and the repair of
geometry. Geometry comes in with a CRS and goes out in the one it came in.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .overlay import clipped_areas, gaps, holes, outside, outside_own, overlaps, shared
from .plane import (
    AREA_METHODS,
    LONLAT,
    area_m2,
    areas,
    buffer_m,
    center_of,
    centroid,
    densify,
    distance_m,
    gauss_kruger,
    hilbert_order,
    is_plane,
    length_m,
    nearest_m,
    pairs_within_m,
    plane,
    simplify_m,
    to_lonlat,
    to_plane,
    width_m,
    within_box,
)

__all__ = [
    "AREA_METHODS",
    "LONLAT",
    "area_m2",
    "areas",
    "buffer_m",
    "center_of",
    "centroid",
    "clipped_areas",
    "densify",
    "distance_m",
    "gaps",
    "gauss_kruger",
    "hilbert_order",
    "holes",
    "is_plane",
    "length_m",
    "nearest_m",
    "outside",
    "outside_own",
    "overlaps",
    "pairs_within_m",
    "plane",
    "shared",
    "simplify_m",
    "to_lonlat",
    "to_plane",
    "width_m",
    "within_box",
]

_ROOMS = ("form", "datums", "repair")  # looked up when a name is first asked for


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        for room in _ROOMS:
            try:
                module = import_module(f".{room}", __name__)
            except ModuleNotFoundError as missing:
                if missing.name != f"{__name__}.{room}":
                    raise
                continue
            if name in getattr(module, "__all__", ()):
                return getattr(module, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)

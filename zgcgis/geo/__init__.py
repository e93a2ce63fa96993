"""Everything in metres: the one place that measures land.

``area_m2`` and its official methods, lengths, widths and distances (:mod:`.plane`); clipped
areas and gaps (:mod:`.overlay`); overlaps and piles of them (:mod:`.piles`); spatial form (:mod:`.form`); datums and the repair of
geometry. Geometry comes in with a CRS and goes out in the one it came in.
"""

from __future__ import annotations

from .datums import (
    DATUMS,
    TO_WGS84,
    bd09_to_gcj02,
    bd09_to_wgs84,
    from_datum,
    gcj02_shift,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    to_datum,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)
from .form import (
    area_error_m2,
    compactness,
    contiguity,
    holes,
    mix,
    notches,
    sharp_angles,
    spacematrix,
    together,
    turning_points,
    united,
)
from .mosaic import Mosaic, make_mosaic
from .overlay import clipped_areas, gaps, outside, outside_own, shared
from .piles import overlaps
from .plane import (
    AREA_METHODS,
    LONLAT,
    area_m2,
    areas,
    center_of,
    centroid,
    distance_m,
    gauss_kruger,
    hilbert_order,
    in_plane_once,
    is_plane,
    length_m,
    nearest_m,
    pairs_within_m,
    plane,
    to_lonlat,
    to_plane,
    width_m,
)
from .repair import Mended, mend, rough_area_m2, rough_width_m

__all__ = [
    "AREA_METHODS",
    "DATUMS",
    "LONLAT",
    "TO_WGS84",
    "Mended",
    "Mosaic",
    "area_error_m2",
    "area_m2",
    "areas",
    "bd09_to_gcj02",
    "bd09_to_wgs84",
    "center_of",
    "centroid",
    "clipped_areas",
    "compactness",
    "contiguity",
    "distance_m",
    "from_datum",
    "gaps",
    "gauss_kruger",
    "gcj02_shift",
    "gcj02_to_bd09",
    "gcj02_to_wgs84",
    "hilbert_order",
    "holes",
    "in_plane_once",
    "is_plane",
    "length_m",
    "make_mosaic",
    "mend",
    "mix",
    "nearest_m",
    "notches",
    "outside",
    "outside_own",
    "overlaps",
    "pairs_within_m",
    "plane",
    "rough_area_m2",
    "rough_width_m",
    "shared",
    "sharp_angles",
    "spacematrix",
    "to_datum",
    "to_lonlat",
    "to_plane",
    "together",
    "turning_points",
    "united",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
    "width_m",
]

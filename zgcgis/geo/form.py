"""Spatial form (空间形态): how a park lies, how uses mix, how dense it is built.

Shape measures take geometry with a CRS and are taken in metres; density and mix are plain
functions on areas, so that a table of accounts is enough.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
import shapely.ops
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame, Series

from .overlay import _grown, _labels, _places, _united
from .plane import Center, Floats, Geometries, _array, _nothing, _wide_parts, center_of, to_plane
from .rings import see_that_they_unite

__all__ = [
    "area_error_m2",
    "compactness",
    "contiguity",
    "cut_by_line",
    "cut_in_shares",
    "holes",
    "mix",
    "notches",
    "sharp_angles",
    "spacematrix",
    "together",
    "turning_points",
    "united",
]


def compactness(geometry: GeoSeries, *, center: Center | None = None) -> DataFrame:
    """Return how compact each outline is; every measure is 1 for a circle or a convex shape.

    ``perimeter_index``: perimeter of the circle of equal area over the outline's own
    (Polsby-Popper is its square). ``enclosing_index``: area over that of the smallest circle
    around (Reock). ``convexity``: area over that of the convex hull.
    """
    flat = _array(to_plane(geometry, center))
    area, outline = shapely.area(flat), shapely.length(flat)
    hull = shapely.area(shapely.convex_hull(flat))
    around = np.pi * shapely.minimum_bounding_radius(flat) ** 2
    return DataFrame(
        {
            "perimeter_index": _ratio(2 * np.sqrt(np.pi * area), outline),
            "enclosing_index": _ratio(area, around),
            "convexity": _ratio(area, hull),
        },
        index=geometry.index,
    )


def together(geometry: GeoSeries) -> shapely.MultiPolygon:
    """Return all parts of all geometries as one, side by side: nothing is merged."""
    parts = shapely.get_parts(_array(geometry))
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    whole: shapely.MultiPolygon = shapely.multipolygons(polygons)
    return whole


def contiguity(
    geometry: GeoSeries, *, join_m: float = 0.0, center: Center | None = None
) -> DataFrame:
    """Return how far each outline holds together (布局集中).

    Parameters
    ----------
    geometry
        Outlines, of one part or many.
    join_m
        Parts not farther apart than this (a street) count as one piece.
    center
        Centre of the working plane.

    Returns
    -------
    contiguity
        ``pieces`` (how many), ``largest_share`` (of the area, 1 for one piece),
        ``expected_share`` (the chance that two points drawn at random fall into the same piece:
        the sum of squared shares) and ``spread_m`` (mean distance of the ground's pieces from
        the common centre of gravity, weighted by area).
    """
    center = center_of(geometry) if center is None else center
    rows = []
    for shape in _array(to_plane(geometry, center)):  # a few outlines, each a graph of its own
        parts = shapely.get_parts(shape) if shape is not None else np.zeros(0, object)
        size = np.asarray(shapely.area(parts))
        if not size.sum() > 0:
            rows.append((0, np.nan, np.nan, np.nan))
            continue
        piece = _pieces_of(parts, join_m)
        share = np.bincount(piece, size) / size.sum()
        middle = shapely.centroid(shape)
        away = shapely.distance(shapely.centroid(parts), middle)
        spread = float((away * size).sum() / size.sum())
        rows.append((len(share), float(share.max()), float((share**2).sum()), spread))
    names = ["pieces", "largest_share", "expected_share", "spread_m"]
    return DataFrame(rows, index=geometry.index, columns=names)


def _pieces_of(parts: Floats, join_m: float) -> Floats:
    """Number of the piece each part belongs to, parts within `join_m` being one piece."""
    a, b = shapely.STRtree(parts).query(parts, predicate="dwithin", distance=join_m)
    name = np.arange(len(parts))
    while True:  # names flow along neighbours until none changes
        lower = name.copy()
        np.minimum.at(lower, a, name[b])
        if (lower == name).all():
            return np.asarray(np.unique(name, return_inverse=True)[1])
        name = lower


def spacematrix(
    *, floor_area_m2: ArrayLike, footprint_m2: ArrayLike, base_m2: ArrayLike
) -> DataFrame:
    """Return density on one base (Spacematrix): FSI, GSI, OSR and mean storeys.

    Parameters
    ----------
    floor_area_m2, footprint_m2
        Gross floor area and building footprint.
    base_m2
        The ground they are set against: parcels for *net*, the whole unit for *gross* density.
        The caller says which in the name of the result.

    Returns
    -------
    density
        ``floor_space_index`` = floor area / base, ``ground_space_index`` = footprint / base
        (site coverage), ``open_space_ratio`` = (base - footprint) / floor area and
        ``mean_storeys`` = floor area / footprint. Nothing to divide by gives NaN.
    """
    floor, foot, base = (np.asarray(v, float) for v in (floor_area_m2, footprint_m2, base_m2))
    index = next((v.index for v in (base_m2, floor_area_m2) if isinstance(v, Series)), None)
    return DataFrame(
        {
            "floor_space_index": _ratio(floor, base),
            "ground_space_index": _ratio(foot, base),
            "open_space_ratio": _ratio(base - foot, floor),
            "mean_storeys": _ratio(floor, foot),
        },
        index=index,
    )


def mix(areas: DataFrame, *, possible: int | None = None) -> DataFrame:
    r"""Return how uses mix in each row of a table with one column of areas per use.

    Parameters
    ----------
    areas
        Square metres, one row per unit and one column per use; missing means none.
    possible
        How many uses there could be; by default the columns of `areas`.

    Returns
    -------
    mix
        ``uses`` (how many are present), ``entropy`` (:math:`-\sum p \ln p`),
        ``entropy_of_present`` and ``entropy_of_possible`` (the same over the logarithm of the
        number present and possible: 1 where all are equal) and ``simpson``
        (:math:`1 - \sum p^2`: the chance that two points differ in use).
    """
    part = areas.to_numpy(float, na_value=0.0)
    p = _ratio(part, part.sum(axis=1, keepdims=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(p > 0, -p * np.log(p), np.where(np.isnan(p), np.nan, 0.0))
    entropy = each.sum(axis=1)
    present = (part > 0).sum(axis=1)
    of = areas.shape[1] if possible is None else possible
    with np.errstate(divide="ignore", invalid="ignore"):
        return DataFrame(
            {
                "uses": present,
                "entropy": entropy,
                "entropy_of_present": np.where(present > 1, entropy / np.log(present), 0.0)
                + 0 * entropy,
                "entropy_of_possible": entropy / np.log(of) if of > 1 else 0 * entropy,
                "simpson": 1 - (p**2).sum(axis=1),
            },
            index=areas.index,
        )


def _ratio(part: ArrayLike, whole: ArrayLike) -> Floats:
    part, whole = np.asarray(part, float), np.asarray(whole, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(whole > 0, part / whole, np.nan)
    return found


def turning_points(
    layer: GeoDataFrame | GeoSeries, *, center: Center | None = None
) -> GeoDataFrame:
    """Return every corner of every ring: columns ``a, angle_deg`` and the point.

    The angle is that between the two edges at the corner: 180 on a straight line, 0 at a spike.
    """
    return _corners(layer, center, np.inf)


_CORNERED_AT_ONCE = 16_384  # shapes taken to pieces at one time


def sharp_angles(
    layer: GeoDataFrame | GeoSeries, *, below_deg: float = 10.0, center: Center | None = None
) -> GeoDataFrame:
    """Return the corners sharper than `below_deg`, one row each (see `turning_points`)."""
    return _corners(layer, center, below_deg)


def _corners(
    layer: GeoDataFrame | GeoSeries, center: Center | None, below_deg: float
) -> GeoDataFrame:
    flat = to_plane(layer, center_of(layer) if center is None else center)
    shapes, found = _array(flat), []
    for start in range(0, max(len(shapes), 1), _CORNERED_AT_ONCE):
        row, points, angle = _corners_of(shapes[start : start + _CORNERED_AT_ONCE], below_deg)
        found.append((row + start, points, angle))
    row, points, angle = (np.concatenate(column) for column in zip(*found, strict=True))
    place = GeoSeries(shapely.points(points), crs=flat.crs).to_crs(layer.crs)
    return gpd.GeoDataFrame({"a": _labels(layer)[row], "angle_deg": angle}, geometry=place)


def _corners_of(
    shapes: Geometries, below_deg: float
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners sharper than a limit: whose they are, where, and how sharp."""
    parts, of_shape = shapely.get_parts(shapes, return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    last = np.r_[of_ring[1:] != of_ring[:-1], True] if len(of_ring) else np.zeros(0, bool)
    first = np.r_[True, last[:-1]] if len(of_ring) else last
    same = np.r_[False, (points[1:] == points[:-1]).all(axis=1)] & ~first  # repeated points
    keep = ~last & ~same
    points, of_ring = points[keep], of_ring[keep]
    starts = np.flatnonzero(np.r_[True, of_ring[1:] != of_ring[:-1]][: len(of_ring)])
    ends = np.r_[starts[1:], len(of_ring)] - 1 if len(of_ring) else starts
    before, after = np.arange(len(points)) - 1, np.arange(len(points)) + 1
    before[starts], after[ends] = ends, starts
    u, v = points[before] - points, points[after] - points
    long = np.hypot(*u.T) * np.hypot(*v.T)
    cosine = _ratio((u * v).sum(axis=1), long)
    angle = np.degrees(np.arccos(np.clip(np.nan_to_num(cosine, nan=-1.0), -1, 1)))
    kept = np.flatnonzero(angle < below_deg)
    return of_shape[of_part[of_ring[kept]]], points[kept], angle[kept]


def area_error_m2(
    geometry: GeoSeries, point_error_m: float, *, center: Center | None = None
) -> Series:
    """Return the error of each area that comes of an error of its boundary points.

    The square root of an eighth of the sum of squared distances between the neighbours of each
    point, times the error: the formula of cadastral survey, of points measured each by itself.
    """
    shapes = _array(to_plane(geometry, center))
    parts, of_shape = shapely.get_parts(shapes, return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    last = np.r_[of_ring[1:] != of_ring[:-1], True] if len(of_ring) else np.zeros(0, bool)
    points, of_ring = points[~last], of_ring[~last]
    place = np.arange(len(points))
    starts = np.flatnonzero(np.r_[True, of_ring[1:] != of_ring[:-1]][: len(of_ring)])
    ends = np.r_[starts[1:], len(of_ring)] - 1 if len(of_ring) else starts
    before, after = place - 1, place + 1
    before[starts], after[ends] = ends, starts
    across = ((points[after] - points[before]) ** 2).sum(axis=1)
    total = np.bincount(of_shape[of_part[of_ring]], across, minlength=len(shapes))
    return Series(point_error_m * np.sqrt(total / 8), index=geometry.index)


def united(layer: GeoDataFrame | GeoSeries, *, center: Center | None = None) -> GeoSeries:
    """Return the ground of all features of `layer` together, one shape in the working plane.

    Raises
    ------
    EntangledError
        If they lie on one another so often that their union has no end.
    """
    flat = to_plane(layer, center)
    shapes = _array(flat)
    see_that_they_unite(shapes)
    return GeoSeries([_united(shapes[~_nothing(shapes)])], crs=flat.crs)


def holes(
    layer: GeoDataFrame | GeoSeries,
    *,
    min_area_m2: float = 1.0,
    tolerance_m: float = 0.0,
    whole: GeoSeries | None = None,
    center: Center | None = None,
) -> GeoDataFrame:
    """Return the ground that the features of `layer` enclose together without covering it.

    Columns ``area_m2``, ``width_m``, ``length_m``, ``wide_m2`` (what of it is wider than
    `tolerance_m`) and the hole, in the CRS of `layer`. `whole` is its :func:`united`, if it is
    there already.
    """
    flat = to_plane(layer, center)
    parts = shapely.get_parts(_array(united(flat) if whole is None else whole))
    rings, of = shapely.get_rings(parts, return_index=True)
    inner = np.r_[False, of[1:] == of[:-1]] if len(of) else np.zeros(0, bool)
    found = np.asarray(shapely.polygons(rings[inner]), object)
    size = np.asarray(shapely.area(found))
    big = size > min_area_m2
    return _places(layer, flat, found[big], size[big], width=tolerance_m)


_STREET_LIKE = 10  # half an outline over the mean width, from which ground is a street: 1 to 8


def notches(
    layer: GeoDataFrame | GeoSeries,
    *,
    street_m: float | None = None,
    notch_m: float | None = None,
    within: GeoDataFrame | GeoSeries | None = None,
    without: GeoDataFrame | GeoSeries | None = None,
    whole: GeoSeries | None = None,
    center: Center | None = None,
) -> GeoDataFrame:
    """Return the ground among the features of `layer` that is open to the outside and no street.

    Such as where a parcel at the edge of a block is missing. What features enclose by themselves
    is left to :func:`holes`.

    Parameters
    ----------
    layer
        Valid polygons with a CRS.
    street_m
        Ground no wider than this is a street; so is what is far longer than wide, and a crossing.
        By default half as wide again as the usual distance from one block of features to the next.
    notch_m
        Ground open to the outside over no more than this lies among the features. By default
        half as wide again as the usual feature, and at least twice a street.
    within, without
        Polygons inside which to look, and polygons that are no gap, such as roads and water.
        Free ground of the size of a few features that `within` holds beside them counts too.
    whole
        What :func:`united` returns for `layer`, if it is there already.
    center
        Centre of the working plane; by default that of `layer`.

    Returns
    -------
    notches
        Columns ``area_m2``, ``width_m``, ``length_m``, ``wide_m2`` and the ground, in the CRS of
        `layer`. Where it opens on a street the ground ends about half a street's width within.
    """
    center = center_of(layer) if center is None else center
    flat = to_plane(layer, center)
    shapes = _array(flat)
    shapes = shapes[~_nothing(shapes)]
    ground = _filled((united(flat) if whole is None else whole).iloc[0])
    usual = float(np.median(shapely.area(shapes))) if len(shapes) else 0.0
    apart = _usual_street_m(ground)
    street = (_WIDER * apart or usual**0.5 / 2) if street_m is None else street_m
    reach = max(_WIDER * usual**0.5, 2 * apart) if notch_m is None else notch_m
    near = _filled(_grown(ground, reach / 2, quad_segs=4))
    free = shapely.difference(shapely.buffer(near, -reach / 2, quad_segs=4), ground)
    if within is not None and len(within):
        bounds = _united(_array(to_plane(within, center)))
        beside = _beside(ground, bounds, street, usual)
        free = _united(np.array([shapely.intersection(free, bounds), *beside], object))
    if without is not None and len(without):
        free = shapely.difference(free, _united(_array(to_plane(without, center))))
    places = _broad(free, street, usual)
    return _places(layer, flat, places, np.asarray(shapely.area(places)))


def _beside(whole: Any, bounds: Any, street_m: float, usual_m2: float) -> Any:
    """Free ground in bounds of the size of a few features, most of whose outline lies by some."""
    parts = _broad(shapely.difference(bounds, whole), street_m, usual_m2)
    parts = parts[shapely.area(parts) < _FEW * usual_m2]
    if not len(parts):
        return parts
    rims = shapely.boundary(parts)
    by = max(street_m / 2, 0.1 * usual_m2**0.5)
    along = shapely.length(shapely.intersection(rims, _grown(whole, by)))
    return parts[along > _ENCLOSED * shapely.length(rims)]


def cut_by_line(shape: GeoSeries, line: GeoSeries, *, center: Center | None = None) -> GeoSeries:
    """Cut one polygon along one line, in the plane: its pieces, from the largest, in its own CRS.

    Parameters
    ----------
    shape
        One polygon with a CRS.
    line
        One line with a CRS; where it does not cross the polygon from side to side nothing is cut.
    center
        Centre of the working plane, in which edges are straight.

    Examples
    --------
    >>> from zgcgis.geo import plane
    >>> field = GeoSeries([shapely.box(0, 0, 300, 100)], crs=plane((116.4, 39.9)))
    >>> line = GeoSeries([shapely.LineString([(100, -9), (100, 109)])], crs=field.crs)
    >>> shapely.area(cut_by_line(field, line).array).round(3).tolist()
    [20000.0, 10000.0]
    """
    center = center_of(shape) if center is None else center
    flat = to_plane(shape, center)
    parts = shapely.get_parts(shapely.ops.split(flat.iloc[0], to_plane(line, center).iloc[0]))
    order = np.argsort(-shapely.area(parts), kind="stable")
    return _given_back(GeoSeries(parts[order], crs=flat.crs), shape, flat)


def cut_in_shares(
    shape: GeoSeries, shares: ArrayLike, *, center: Center | None = None
) -> GeoSeries:
    """Cut one polygon across its long side into pieces of given shares of its area.

    Parameters
    ----------
    shape
        One polygon with a CRS.
    shares
        Positive numbers that sum to 1; a piece each, in this order from one end to the other.
    center
        Centre of the working plane, in which edges are straight.

    Examples
    --------
    >>> from zgcgis.geo import plane
    >>> field = GeoSeries([shapely.box(0, 0, 300, 100)], crs=plane((116.4, 39.9)))
    >>> shapely.area(cut_in_shares(field, [0.25, 0.75]).array).round(3).tolist()
    [7500.0, 22500.0]
    """
    center = center_of(shape) if center is None else center
    flat = to_plane(shape, center)
    whole = flat.iloc[0]
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(whole))[:3]
    sides = np.diff(corners, axis=0)
    along = sides[np.argmax(np.hypot(*sides.T))]
    along = along / np.hypot(*along)
    along = along * (1 if tuple(along) > (0.0, 0.0) else -1)  # from the west, whatever ring it is
    across = np.array([-along[1], along[0]])
    xy = shapely.get_coordinates(whole)
    low, high = (xy @ along).min() - 1, (xy @ along).max() + 1
    left, right = (xy @ across).min() - 1, (xy @ across).max() + 1

    def strip(start: float, end: float) -> Any:
        return shapely.polygons([start * along + left * across, end * along + left * across,
                                 end * along + right * across, start * along + right * across])  # fmt: skip

    size, wanted, cuts = float(shapely.area(whole)), np.cumsum(np.asarray(shares, float)), [low]
    for share in wanted[:-1]:
        a, b = cuts[-1], high
        for _ in range(60):  # halved until no number lies between
            middle = (a + b) / 2
            held = shapely.area(shapely.intersection(whole, strip(low, middle)))
            a, b = (middle, b) if held < share * size else (a, middle)
        cuts.append((a + b) / 2)
    ends = [*cuts[1:], high]
    parts = [shapely.intersection(whole, strip(a, b)) for a, b in zip(cuts, ends, strict=True)]
    return _given_back(GeoSeries(parts, crs=flat.crs), shape, flat)


def _given_back(parts: GeoSeries, shape: GeoSeries, flat: GeoSeries) -> GeoSeries:
    """Pieces of a shape in its own CRS: its corners as they were, new ones to 1 µm.

    There and back by PROJ moves a point by up to a millimetre; what it moves is taken off first.
    """
    if parts.crs == shape.crs:
        return parts
    xy = shapely.get_coordinates(parts.array)
    there = shapely.get_coordinates(parts.to_crs(shape.crs).to_crs(parts.crs).array)
    straight = GeoSeries(
        shapely.set_coordinates(parts.to_numpy().copy(), 2 * xy - there), crs=parts.crs
    )
    own = straight.to_crs(shape.crs).to_numpy()
    lonlat = shapely.get_coordinates(own)
    corners = zip(
        map(tuple, shapely.get_coordinates(flat.array)),
        shapely.get_coordinates(shape.array),
        strict=True,
    )
    known = dict(corners)
    for k, point in enumerate(map(tuple, xy)):
        lonlat[k] = known.get(point, lonlat[k])
    return GeoSeries(shapely.set_coordinates(own, lonlat), crs=shape.crs)


_WIDER = 1.5  # a crossing is 1.42 times as wide as its streets
_FEW = 4  # features
_ENCLOSED = 0.53  # of its outline: what lies by features of ground where one of them is missing
_CROSSING = 1.3  # times the largest circle of a street's width
_PART = 0.35  # of a usual feature: what is smaller is a corner of a street


def _broad(free: Any, street_m: float, usual_m2: float) -> Any:
    """The parts of free ground that are wider than a street, no crossing and no corner of one."""
    parts = shapely.get_parts(_wide_parts(np.array([free], object), street_m))
    size, around = shapely.area(parts), shapely.length(parts)
    least = max(_PART * usual_m2, _CROSSING * np.pi / 4 * street_m**2)
    return parts[(around**2 < 4 * _STREET_LIKE * size) & (size > least)]


_FARTHEST_M = 100.0  # beyond, what lies between two blocks is no street
_TOUCH_M = 0.5  # features of one block, as surveys leave them
_EVERY_M = 20.0
_MOST_POINTS = 5_000


def _usual_street_m(whole: Any) -> float:
    """The usual distance from the rim of one block of features to the next; 0 if there is none."""
    blocks = shapely.get_parts(_grown(whole, _TOUCH_M / 2, join_style="mitre"))
    rims = shapely.segmentize(shapely.get_exterior_ring(blocks), _EVERY_M)
    points, of = shapely.get_coordinates(rims, return_index=True)
    step = len(points) // _MOST_POINTS + 1
    points, of = shapely.points(points[::step]), of[::step]
    i, j = shapely.STRtree(blocks).query(points, predicate="dwithin", distance=_FARTHEST_M)
    i, j = i[of[i] != j], j[of[i] != j]
    away = Series(shapely.distance(points[i], blocks[j])).groupby(i).min()
    return float(away.median()) + _TOUCH_M if len(away) else 0.0


def _filled(shape: Any) -> Any:
    """A shape without its holes."""
    return _united(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(shape))))

"""Overlay: clipped areas, overlaps, gaps, what lies outside. All sums come from one table.

:func:`clipped_areas` is exact. Its speed comes from not intersecting what need not be: boxes
in an index find candidates, twelve-sided hulls drop those that cannot touch, cells
and a containment test settle what lies wholly inside. Of pairs that cross a boundary the shared
area is summed from their edges (:mod:`.rings`), or, if they are large, they are intersected, with
the part of the boundary that is near.

A prepared geometry used by two threads crashes the interpreter, even when it was prepared
beforehand. So a task prepares copies of its own, and no other task ever sees them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray

from ..language.errors import EntangledError
from .boxes import CROWDED, WORTH_PREPARING, box_pairs, by_cells, held_pairs
from .plane import (
    Center,
    Floats,
    Geometries,
    _array,
    _nothing,
    _wide_ground,
    _width,
    center_of,
    to_plane,
)
from .rings import (
    ANGLES,
    HALF,
    Rings,
    most_between,
    near_between,
    processors,
    run,
    see_that_they_unite,
    shared_areas,
)

Positions = NDArray[np.intp]

THREADS_FROM = 50_000
"""Below as many features one thread is as fast as several."""

_PAIRS_PER_TASK = 65_536
_MANY_VERTICES = 128
_UNION_WEIGHT = 10  # a feature costs that much more in a union than in a clip
_MANY_COVERS = 2_000  # from which areas are looked at before shapes are united
_DUST_M2 = 1e-6  # an area below a square millimetre is rounding, not land
_MOST_SHARED, _SHARED_PER_FEATURE = 200_000, 10  # pairs whose shared ground is built
_DEEP = 16  # boxes over a place, on average
_HEAVY_PAIR = 1_000_000  # product of points from which a pair is looked at before it is laid over


def clipped_areas(
    big: GeoSeries,
    small: GeoSeries,
    *,
    center: Center | None = None,
    threads: int | None = None,
) -> tuple[Positions, Positions, Floats]:
    """Return how much of each `small` lies in each `big`: positions and square metres.

    Totals per park, floor area ratios, gaps and allotment checks are sums over this table.

    Parameters
    ----------
    big, small
        Valid polygons with a CRS, in the working plane or anything that can be brought there.
        It does not matter for the result which side is larger; it is faster if `big` is.
    center
        Centre of the working plane; by default that of `big`.
    threads
        How many to use; by default one for small tables, else one per processor. The result
        does not depend on it.

    Returns
    -------
    i_big, i_small, area_m2
        One row per pair that shares ground, sorted by ``i_big`` and then ``i_small``. A pair
        that shares less than a square millimetre is not a pair.
    """
    center = center_of(big) if center is None else center
    bigs, smalls = _array(to_plane(big, center)), _array(to_plane(small, center))
    return _clipped(bigs, smalls, _threads(threads, len(bigs) + len(smalls)))


def _threads(wanted: int | None, features: int) -> int:
    if wanted is not None:
        return max(1, wanted)
    return 1 if features < THREADS_FROM else processors()


def _clipped(
    bigs: Geometries, smalls: Geometries, threads: int
) -> tuple[Positions, Positions, Floats]:
    i, j = box_pairs(bigs, smalls, threads)
    crowded = len(i) > CROWDED * len(bigs)
    rings = None
    if not crowded:
        rings = Rings.of(bigs, threads), Rings.of(smalls, threads)
        i, j = _hull_pairs(*rings, i, j, threads)
    whole = np.asarray(shapely.area(smalls))
    box = np.asarray(shapely.bounds(smalls)) if crowded else np.zeros((0, 4))
    size = np.zeros(len(i))

    def measure(rows: slice) -> None:
        size[rows] = _pair_areas(bigs, smalls, whole, box, rings, i[rows], j[rows])

    run(measure, list(_slices(i)), threads)
    real = size > _DUST_M2
    return i[real], j[real], size[real]


def _slices(i: Positions) -> Iterator[slice]:
    """Cut sorted pairs into tasks; one big polygon may appear in several."""
    for start in range(0, len(i), _PAIRS_PER_TASK):
        yield slice(start, min(start + _PAIRS_PER_TASK, len(i)))


def _pair_areas(
    bigs: Geometries,
    smalls: Geometries,
    whole: Floats,
    box: Floats,
    rings: tuple[Rings, Rings] | None,
    i: Positions,
    j: Positions,
) -> Floats:
    """Shared area of pairs sorted by `i`; every prepared geometry is made and dropped here."""
    first = np.flatnonzero(np.r_[True, i[1:] != i[:-1]])
    count = np.diff(np.r_[first, len(i)])
    own = bigs[i[first]]
    busy = count >= WORTH_PREPARING
    copied = busy | shapely.is_prepared(own)  # the caller may have prepared his
    own[copied] = shapely.from_wkb(shapely.to_wkb(own[copied]))  # no other task sees a copy
    shapely.prepare(own[busy])
    outer, small = np.repeat(own, count), smalls[j]
    size, open_ = np.zeros(len(i)), np.ones(len(i), bool)
    if len(box):
        for shape, start, n in zip(own[busy], first[busy], count[busy], strict=True):
            rows = slice(start, start + n)  # a few big polygons, not features
            inside, away = by_cells(shape, box[j[rows]])
            size[rows][inside] = whole[j[rows]][inside]
            open_[rows] = ~(inside | away)
    rest = np.flatnonzero(open_)
    inside = np.asarray(shapely.contains_properly(outer[rest], small[rest]))  # quick, for most
    size[rest[inside]] = whole[j[rest[inside]]]
    rest = rest[~inside]
    if rings is not None:
        handy = rings[0].handy[i[rest]] & rings[1].handy[j[rest]]
        these = rest[handy]
        size[these] = shared_areas(*rings, i[these], j[these])
        rest = rest[~handy]
    rest = rest[shapely.intersects(outer[rest], small[rest])]
    inside = np.asarray(shapely.covers(outer[rest], small[rest]))  # what touches from within
    size[rest[inside]] = whole[j[rest[inside]]]
    rest = rest[~inside]
    pieces = _pieces(outer[rest], i[rest], box[j[rest]]) if len(box) else outer[rest]
    _see_that_they_meet_seldom(small[rest], pieces)
    size[rest] = shapely.area(shapely.intersection(small[rest], pieces))
    return size


def _pieces(outer: Geometries, i: Positions, box: Floats) -> Geometries:
    """For each pair the part of its big polygon around the small one: fewer edges to overlay."""
    pieces = outer.copy()
    for one in np.unique(i):  # a few big polygons, not features
        rows = np.flatnonzero(i == one)
        shape = outer[rows[0]]
        vertices = int(shapely.get_num_coordinates(shape))
        if vertices < _MANY_VERTICES:
            continue
        west, south, east, north = shapely.bounds(shape)
        n = int(np.sqrt(vertices / 16))
        step = np.maximum([(east - west) / n, (north - south) / n], 1e-9)
        lowest, highest = box[rows, :2], box[rows, 2:]
        cell = np.floor(((lowest + highest) / 2 - (west, south)) / step).astype(np.int64)
        reach = np.quantile(highest - lowest, 0.95, axis=0)  # cells overlap by a small one's size
        key, of = np.unique(cell, axis=0, return_inverse=True)
        near = (west, south) + key * step - reach
        far = (west, south) + (key + 1) * step + reach
        parts = np.array(
            [shapely.clip_by_rect(shape, *a, *b) for a, b in zip(near, far, strict=True)], object
        )
        of = of.ravel()
        fits = (lowest >= near[of]).all(axis=1) & (highest <= far[of]).all(axis=1)
        fits &= (shapely.is_valid(parts) & ~shapely.is_empty(parts))[of]
        pieces[rows[fits]] = parts[of[fits]]
    return pieces


_SLACK_M = 1e-6  # far above the rounding of a projected coordinate, far below any land


def _hull_pairs(
    outer: Rings, inner: Rings, i: Positions, j: Positions, threads: int
) -> tuple[Positions, Positions]:
    """Drop pairs that some straight line separates."""
    near = np.ones(len(i), bool)

    def look(rows: slice) -> None:
        a, b, held = i[rows], j[rows], near[rows]
        for k in range(len(ANGLES)):
            if k % HALF:  # along x and y the boxes have met already
                held &= outer.spans[k, 0][a] <= inner.spans[k, 1][b] + _SLACK_M
                held &= inner.spans[k, 0][b] <= outer.spans[k, 1][a] + _SLACK_M

    run(look, list(_slices(i)), threads)
    return i[near], j[near]


# --- shared ground -----------------------------------------------------------------------


def shared(
    left: GeoDataFrame | GeoSeries,
    right: GeoDataFrame | GeoSeries,
    *,
    min_area_m2: float = 1.0,
    tolerance_m: float = 0.0,
    center: Center | None = None,
    threads: int | None = None,
) -> GeoDataFrame:
    """Return the ground that features of two layers share, pair by pair.

    Columns ``a`` (of `left`), ``b`` (of `right`), ``area_m2``, ``share`` (of the feature of
    `left`), ``width_m``, ``length_m``, ``wide_m2`` (what of it is wider than `tolerance_m`) and
    the shared ground, in the CRS of `left`.
    """
    center = center_of(left) if center is None else center
    flat, other = to_plane(left, center), to_plane(right, center)
    ours, theirs = _array(flat), _array(other)
    i, j, size = _clipped(ours, theirs, _threads(threads, len(ours) + len(theirs)))
    big = size > min_area_m2
    i, j = i[big], j[big]
    most = _MOST_SHARED + _SHARED_PER_FEATURE * (len(ours) + len(theirs))
    if len(i) > most:
        raise EntangledError(len(i), most)
    _see_that_they_meet_seldom(ours[i], theirs[j])
    common = np.asarray(shapely.intersection(ours[i], theirs[j]), object)
    labels = {"a": _labels(left)[i], "b": _labels(right)[j]}
    found = _places(left, flat, common, size[big], width=tolerance_m, **labels)
    found.insert(3, "share", size[big] / np.asarray(shapely.area(ours))[i])
    return found


# --- gaps and outside --------------------------------------------------------------------


def gaps(
    cover: GeoDataFrame | GeoSeries,
    within: GeoDataFrame | GeoSeries,
    *,
    min_area_m2: float = 1.0,
    widths: bool = True,
    tolerance_m: float = 0.0,
    center: Center | None = None,
    threads: int | None = None,
) -> GeoDataFrame:
    """Return the ground inside `within` that no feature of `cover` covers, piece by piece.

    Columns ``a`` (the feature of `within`), ``area_m2``, with `widths` also ``width_m``,
    ``length_m`` and ``wide_m2`` (what of it is wider than `tolerance_m`), and the piece, in the
    CRS of `within`.
    """
    width = tolerance_m if widths else None
    return _uncovered(within, cover, min_area_m2, center, whole=False, width=width, threads=threads)


def outside(
    inner: GeoDataFrame | GeoSeries,
    outer: GeoDataFrame | GeoSeries,
    *,
    min_area_m2: float = 1.0,
    tolerance_m: float = 0.0,
    center: Center | None = None,
) -> GeoDataFrame:
    """Return the part of each `inner` that lies outside every `outer`.

    Columns ``a`` (the feature of `inner`), ``area_m2``, ``share`` (of the feature), ``width_m``,
    ``length_m``, ``wide_m2`` (what of it is wider than `tolerance_m`) and the part, in the CRS of
    `inner`. One row per feature.
    """
    return _uncovered(inner, outer, min_area_m2, center, whole=True, width=tolerance_m)


def outside_own(
    inner: GeoDataFrame | GeoSeries,
    outer: GeoDataFrame | GeoSeries,
    own: Positions,
    *,
    min_area_m2: float = 1.0,
    min_share: float = 0.0,
    tolerance_m: float = 0.0,
    center: Center | None = None,
) -> GeoDataFrame:
    """Return the part of each `inner` that lies outside the one `outer` it belongs to.

    Parameters
    ----------
    inner, outer
        Polygons with a CRS.
    own
        For each `inner` the position of its `outer`, or -1 if it has none and is not asked.
    min_share
        Share of an `inner` that its part outside has to be more than.
    min_area_m2, tolerance_m, center
        As for :func:`outside`, and the columns are the same.
    """
    center = center_of(inner) if center is None else center
    flat = to_plane(inner, center)
    shapes, outers = _array(flat), _array(to_plane(outer, center))
    asked = np.flatnonzero(own >= 0)
    asked = asked[~held_pairs(outers, shapes, own[asked], asked)]
    _see_that_they_meet_seldom(shapes[asked], outers[own[asked]])
    left = np.asarray(shapely.difference(shapes[asked], outers[own[asked]]), object)
    size = np.asarray(shapely.area(left))
    share = size / np.asarray(shapely.area(shapes))[asked]
    big = (size > min_area_m2) & (share > min_share)
    at = asked[big]
    found = _places(inner, flat, left[big], size[big], width=tolerance_m, a=_labels(inner)[at])
    found.insert(2, "share", share[big])
    return found


def _uncovered(
    layer: GeoDataFrame | GeoSeries,
    cover: GeoDataFrame | GeoSeries,
    min_area_m2: float,
    center: Center | None,
    *,
    whole: bool,
    width: float | None,
    threads: int | None = None,
) -> GeoDataFrame:
    center = center_of(layer) if center is None else center
    flat = to_plane(layer, center)
    shapes, covers = _array(flat), _array(to_plane(cover, center))
    weight = _UNION_WEIGHT * (len(shapes) + len(covers))
    at, left = _differences(shapes, covers, min_area_m2, _threads(threads, weight))
    if not whole:
        left, of = shapely.get_parts(left, return_index=True)
        at = at[of]
    size = np.asarray(shapely.area(left))
    big = size > min_area_m2
    at, left, size = at[big], left[big], size[big]
    found = _places(layer, flat, left, size, width=width, a=_labels(layer)[at])
    if whole:
        found.insert(2, "share", size / np.asarray(shapely.area(shapes))[at])
    return found


def _differences(
    shapes: Geometries, covers: Geometries, least_m2: float, threads: int
) -> tuple[Positions, Geometries]:
    """What is left of each shape outside all `covers`: positions and geometries.

    A shape of which areas alone tell that no more than `least_m2` are left may be missing.
    """
    left = shapes.copy()
    i, j = box_pairs(shapes, covers, threads)
    first = np.flatnonzero(np.r_[True, i[1:] != i[:-1]]) if len(i) else np.zeros(0, np.intp)
    count = np.diff(np.r_[first, len(i)])
    few = count < WORTH_PREPARING
    alone = np.repeat(few, count)
    a, b = i[alone], j[alone]
    full = np.zeros(len(shapes), bool)
    full[a[held_pairs(covers, shapes, b, a)]] = True  # one cover holds it whole
    if len(covers) >= _MANY_COVERS and len(i) < CROWDED * len(covers):
        full |= _full_by_area(shapes, covers, least_m2, threads)
    done = np.flatnonzero(full)
    left[done] = shapely.Polygon()
    busy = np.isin(i[first], done, invert=True)
    see_that_they_unite(covers[np.unique(j[np.repeat(busy, count)])])

    def subtract(task: tuple[int, int]) -> None:
        start, n = task  # a union is one shape's own
        mine = shapes[i[start]]
        near = covers[j[start : start + n]]
        if n >= WORTH_PREPARING:
            own = shapely.from_wkb(shapely.to_wkb(mine))
            shapely.prepare(own)
            near = near[shapely.intersects(own, near)]
        whole = _united(near)
        _see_that_they_meet_seldom(np.array([mine]), np.array([whole]))
        left[i[start]] = shapely.difference(mine, whole)

    run(subtract, list(zip(first[busy], count[busy], strict=True)), threads)
    there = np.flatnonzero(~_nothing(left))
    return there, left[there]


def _full_by_area(
    shapes: Geometries, covers: Geometries, least_m2: float, threads: int
) -> NDArray[np.bool_]:
    """Of which shapes no more than `least_m2` can be open, as areas tell without any union.

    What covers hold of a shape, less what any two of them share, is covered at least (Bonferroni).
    """
    try:
        i, j, held_m2 = _clipped(shapes, covers, threads)
        a, b, twice_m2 = _clipped(covers, covers, threads)
    except EntangledError:
        return np.zeros(len(shapes), bool)
    apart = a != b  # each pair comes from both sides
    shared_m2 = np.bincount(a[apart], twice_m2[apart], len(covers)) / 2
    covered = np.bincount(i, held_m2 - shared_m2[j] - _DUST_M2, len(shapes))
    full: NDArray[np.bool_] = shapely.area(shapes) - covered < least_m2
    return full


def _united(shapes: Geometries) -> Any:
    """Return the union of shapes: of each heap that hangs together by itself, if they lie apart.

    Where many boxes lie within one another, looking for the heaps takes longer than the union.
    """
    box = np.asarray(shapely.bounds(shapes))
    low, high = box[:, :2].min(axis=0, initial=np.inf), box[:, 2:].max(axis=0, initial=-np.inf)
    deep = (box[:, 2:] - box[:, :2]).prod(axis=1).sum() > _DEEP * (high - low).prod()
    return shapely.union_all(shapes) if deep else shapely.disjoint_subset_union_all(shapes)


def _grown(shape: Any, by_m: float, **style: Any) -> Any:
    """A shape with all that is within so far of it: each part by itself, then their union.

    The same as one buffer of the whole, in a tenth of the time where there are thousands of parts.
    """
    return _united(np.asarray(shapely.buffer(shapely.get_parts(shape), by_m, **style), object))


def _see_that_they_meet_seldom(one: Geometries, other: Geometries) -> None:
    """See of pairs of large outlines that few of their edges are near one another."""
    near = near_between(one, other, from_product=_HEAVY_PAIR)
    if near.any():
        points = (np.asarray(shapely.get_num_coordinates(s), np.int64) for s in (one, other))
        most = most_between(*points)
        if len(over := np.flatnonzero(near > most)):
            raise EntangledError(int(near[over[0]]), int(most[over[0]]))


# --- common ------------------------------------------------------------------------------


def _labels(layer: GeoDataFrame | GeoSeries) -> NDArray[Any]:
    if isinstance(layer, GeoDataFrame) and "id" in layer.columns:
        return np.asarray(layer["id"], object)
    return np.asarray(layer.index, object)


def split(
    big: GeoSeries, small: GeoSeries, *, center: Center | None = None
) -> tuple[Positions, Positions, GeoSeries]:
    """Cut each `big` by the features of `small`: the ground it shares with each, and what is left.

    Parameters
    ----------
    big, small
        Polygons with a CRS, valid.
    center
        Centre of the working plane; by default that of `big`.

    Returns
    -------
    i_big, i_small, pieces
        One row per piece, sorted by ``i_big`` and ``i_small``, in the working plane. ``i_small``
        is -1 for the ground of a `big` on which no `small` lies, which comes first. Where
        features of `small` lie on one another, their ground is in the piece of each.

    Raises
    ------
    EntangledError
        If so many features share ground that their pieces have no end.

    Examples
    --------
    >>> field = GeoSeries([shapely.box(116.30, 39.90, 116.32, 39.91)], crs="EPSG:4490")
    >>> half = GeoSeries([shapely.box(116.31, 39.89, 116.33, 39.92)], crs="EPSG:4490")
    >>> i, j, pieces = split(field, half)
    >>> j.tolist(), shapely.area(pieces.array).round().tolist()
    ([-1, 0], [949465.0, 949465.0])
    """
    center = center_of(big) if center is None else center
    flat = to_plane(big, center)
    bigs, smalls = _array(flat), _array(to_plane(small, center))
    i, j, _ = _clipped(bigs, smalls, _threads(None, len(bigs) + len(smalls)))
    most = _MOST_SHARED + _SHARED_PER_FEATURE * (len(bigs) + len(smalls))
    if len(i) > most:
        raise EntangledError(len(i), most)
    _see_that_they_meet_seldom(bigs[i], smalls[j])
    whole = shapely.covers(bigs[i], smalls[j])
    pieces = smalls[j].copy()
    pieces[~whole] = _ground(shapely.intersection(bigs[i[~whole]], smalls[j[~whole]]))
    left = bigs.copy()
    for one in np.unique(i):  # red lines and selections: few, each with its own pieces
        see_that_they_unite(pieces[i == one])
        left[one] = shapely.difference(bigs[one], shapely.union_all(pieces[i == one]))
    left = _ground(left)
    bare = np.flatnonzero(shapely.area(left) > _DUST_M2)
    at, of = np.r_[bare, i], np.r_[np.full(len(bare), -1), j]
    order = np.lexsort((of, at))
    every = np.concatenate([left[bare], pieces])[order]
    return at[order], of[order], GeoSeries(every, crs=flat.crs)


def _ground(shapes: Geometries) -> Geometries:
    """Return the polygons of shapes: what is left of an overlay in lines and points is no ground."""
    mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    made = np.asarray(shapes, object).copy()
    for k in np.flatnonzero(mixed):  # seldom one in a thousand
        parts = shapely.get_parts(shapes[k])
        made[k] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return made


def _places(
    layer: GeoDataFrame | GeoSeries,
    flat: GeoDataFrame | GeoSeries,
    shapes: Geometries,
    size: Floats,
    *,
    width: float | None = 0.0,
    **labels: NDArray[Any],
) -> GeoDataFrame:
    """Places found in the plane as a layer in the CRS of the one they were found in.

    Unless `width` is None they are measured: what of each is wider than that, and how wide.
    """
    shapes = _only_polygons(shapes)
    places = GeoSeries(shapes, crs=flat.crs)
    columns = {**labels, "area_m2": size}
    if width is not None:
        if width:
            much, wide = _wide_ground(shapes, width)
        else:
            much, wide = np.asarray(shapely.area(shapes)), _width(shapes)
        columns["width_m"] = wide
        columns["length_m"] = np.asarray(shapely.length(shapes)) / 2
        columns["wide_m2"] = much
    return gpd.GeoDataFrame(columns, geometry=places.to_crs(layer.crs))


def _only_polygons(shapes: Geometries) -> Geometries:
    """Drop the points and lines that an intersection of touching polygons also yields."""
    shapes = shapes.copy()
    for k in np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION):
        parts = shapely.get_parts(shapes[k])  # a few places, not features
        shapes[k] = shapely.multipolygons(parts[shapely.area(parts) > 0])
    return shapes

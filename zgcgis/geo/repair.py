"""Mending geometry with a record, and only where one mending is right.

A ring is closed, a repeated point dropped, a crossing resolved; each with what it was before, so
that the area can be stated before and after. What cannot be told (is a part inside another a
hole or a double?) is refused, never settled in silence. No buffer is taken anywhere: a buffer of
zero drops parts of valid shapes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from .plane import E2, SEMI_MAJOR_M
from .rings import crossings_within, few_enough, in_threads, most_near, near_within

__all__ = ["Mended", "mend", "rough_area_m2", "rough_width_m", "sharpest_deg"]

Geometries: TypeAlias = NDArray[np.object_]
Floats: TypeAlias = NDArray[np.float64]
Family: TypeAlias = Literal["polygon", "line", "point", "any"]

_FAMILIES: dict[str, tuple[int, ...]] = {
    "polygon": (3, 6),
    "line": (1, 2, 5),
    "point": (0, 4),
    "any": (0, 1, 2, 3, 4, 5, 6, 7),
}
_MOST_PARTS = 1000
_PARTS_AT_ONCE = 64
_MANY_POINTS = 100
MOST_CROSSINGS = 1000
"""Of one shape; where one crosses itself more often, nobody can tell what land was meant."""
_CROSSINGS_OF_ALL, _CROSSINGS_PER_SHAPE = 20_000, 10


@dataclass(kw_only=True)
class Mended:
    """What became of geometries, row by row.

    Attributes
    ----------
    geometry
        Two-dimensional, valid, of the family asked for; None where refused.
    before
        By row, the geometry as it came, where something was done that may change its area.
    repairs
        ``(row, what)``: ``crossing overlapping_parts misplaced_hole tidied unclosed repeated
        collection``.
    refused
        ``(row, what, detail)``: ``missing empty not_finite collapsed family nested hopeless
        entangled crossings``.
    repeated
        By row, how many repeated points were dropped.
    parts
        By row, how many parts, where there are very many.
    counted
        By row refused as ``entangled`` or for its ``crossings``, how many were counted before
        counting ended, and the limit.
    with_height
        How many came with heights or measures.
    """

    geometry: Geometries
    before: dict[int, Any] = field(default_factory=dict)
    repairs: list[tuple[int, str]] = field(default_factory=list)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    repeated: dict[int, int] = field(default_factory=dict)
    parts: dict[int, int] = field(default_factory=dict)
    counted: dict[int, tuple[int, int]] = field(default_factory=dict)
    with_height: int = 0


def mend(
    geometry: Geometries,
    *,
    family: Family = "any",
    closed: NDArray[np.bool_] | None = None,
    accept_nested: bool = False,
) -> Mended:
    """Return geometries made valid where that is safe, with a record of all that was done.

    Parameters
    ----------
    geometry
        Geometries in any one CRS; None where there is none.
    family
        What the layer holds; anything else is refused.
    closed
        Rows whose rings had to be closed to be read at all.
    accept_nested
        Count the land of a part within another part once, instead of refusing it.

    Examples
    --------
    >>> bow_tie = shapely.from_wkt("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))")
    >>> done = mend(np.array([bow_tie]), family="polygon")
    >>> done.repairs, done.geometry[0].is_valid
    ([(0, 'crossing')], True)
    """
    result = Mended(geometry=np.array([None, *geometry], dtype="object")[1:])
    shapes = result.geometry
    missing = shapely.is_missing(shapes)
    _refuse(result, missing, "missing")
    high = shapely.has_z(shapes) | shapely.has_m(shapes)
    result.with_height = int(high.sum())
    if high.any():
        shapes[high] = shapely.force_2d(shapes[high])
    _refuse(result, ~missing & shapely.is_empty(shapes), "empty")
    coordinates, rows = shapely.get_coordinates(shapes, return_index=True)
    _refuse_not_finite(result, coordinates, rows)
    for row in np.flatnonzero(closed).tolist() if closed is not None else []:
        if shapes[row] is not None:
            result.repairs.append((row, "unclosed"))
            result.before[row] = shapes[row]
    _drop_repeated(result, coordinates, rows)
    _take_polygons(result, family)
    fits = np.isin(shapely.get_type_id(shapes), _FAMILIES[family])
    for row in np.flatnonzero(~fits & ~shapely.is_missing(shapes)).tolist():
        result.refused.append((row, "family", shapes[row].geom_type))
        shapes[row] = None
    _refuse_entangled(result)
    invalid = ~in_threads(shapely.is_valid, shapes) & ~shapely.is_missing(shapes)
    _refuse_crossings(result, invalid)
    for row in np.flatnonzero(invalid).tolist():  # few; each has its own reason
        _mend_one(result, row, accept_nested=accept_nested)
    parts = shapely.get_num_geometries(shapes)
    result.parts = {row: int(parts[row]) for row in np.flatnonzero(parts > _MOST_PARTS).tolist()}
    return result


def _refuse(result: Mended, rows: NDArray[np.bool_], what: str, detail: str = "") -> None:
    for row in np.flatnonzero(rows).tolist():
        result.refused.append((row, what, detail))
        result.geometry[row] = None


@np.errstate(invalid="ignore")  # a signalling number that is none is one of them
def _refuse_not_finite(result: Mended, coordinates: Floats, rows: NDArray[np.intp]) -> None:
    if not np.isfinite(coordinates.sum()):
        bad = ~np.isfinite(coordinates).all(axis=1)
        flags = np.zeros(len(result.geometry), dtype=bool)
        flags[rows[bad]] = True
        _refuse(result, flags, "not_finite")


def _refuse_entangled(result: Mended) -> None:
    """Refuse polygons whose edges are near one another beyond measure, before anything is asked."""
    points = np.asarray(shapely.get_num_coordinates(result.geometry), np.int64)
    polygons = np.isin(shapely.get_type_id(result.geometry), _FAMILIES["polygon"])
    many = np.flatnonzero((points > _MANY_POINTS) & polygons)
    most = most_near(points[many])
    near = near_within(result.geometry[many], most)
    for k in np.flatnonzero(near > most).tolist():
        result.counted[int(many[k])] = int(near[k]), int(most[k])
        result.refused.append((int(many[k]), "entangled", ""))
        result.geometry[many[k]] = None


def _refuse_crossings(result: Mended, invalid: NDArray[np.bool_]) -> None:
    """Refuse those that cross themselves too often to be mended, each or all together."""
    rows = np.flatnonzero(invalid)
    counts = crossings_within(result.geometry[rows], MOST_CROSSINGS)
    together = _CROSSINGS_OF_ALL + _CROSSINGS_PER_SHAPE * len(result.geometry)
    most = few_enough(counts, each=MOST_CROSSINGS, together=together)
    for k in np.flatnonzero(counts > most).tolist():
        result.counted[int(rows[k])] = int(counts[k]), most
        result.refused.append((int(rows[k]), "crossings", ""))
        result.geometry[rows[k]] = None
        invalid[rows[k]] = False


def _drop_repeated(result: Mended, coordinates: Floats, rows: NDArray[np.intp]) -> None:
    x, y = coordinates[:, 0], coordinates[:, 1]
    same = (x[1:] == x[:-1]) & (y[1:] == y[:-1])
    same &= rows[1:] == rows[:-1]
    for row in np.unique(rows[1:][same]).tolist():
        shape = result.geometry[row]
        if shape is None or shape.geom_type in {"Point", "MultiPoint"}:
            continue
        try:
            plain = shapely.remove_repeated_points(shape, 0)
        except shapely.errors.GEOSException:
            continue  # too few points would be left: it is no polygon, and is judged as such
        dropped = shapely.get_num_coordinates(shape) - shapely.get_num_coordinates(plain)
        if dropped > 0 and not plain.is_empty:
            result.geometry[row] = plain
            result.repeated[row] = int(dropped)


def _take_polygons(result: Mended, family: str) -> None:
    if family != "polygon":
        return
    for row in np.flatnonzero(shapely.get_type_id(result.geometry) == 7).tolist():
        taken = _polygons_of(result.geometry[row])
        if taken is not None:
            result.before.setdefault(row, result.geometry[row])
            result.repairs.append((row, "collection"))
            result.geometry[row] = taken


def _polygons_of(shape: Any) -> Any:
    found = [
        part
        for part in shapely.get_parts(shapely.get_parts(shape))
        if part.geom_type == "Polygon" and not part.is_empty
    ]
    if not found:
        return None
    return found[0] if len(found) == 1 else shapely.MultiPolygon(found)


def _mend_one(result: Mended, row: int, *, accept_nested: bool) -> None:
    shape = result.geometry[row]
    what = _what_is_wrong(shape)
    if what == "nested" and not accept_nested:
        result.refused.append((row, "nested", ""))
        result.geometry[row] = None
        return
    try:
        mended = (
            _shells_less_holes(shape)
            if shape.geom_type in {"Polygon", "MultiPolygon"}
            else shapely.make_valid(shape, method="structure", keep_collapsed=False)
        )
    except shapely.errors.GEOSException as problem:
        result.refused.append((row, "hopeless", str(problem)[:100]))
        result.geometry[row] = None
        return
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        mended = _polygons_of(shapely.GeometryCollection([mended]))
    if mended is None or mended.is_empty or not mended.is_valid:
        result.refused.append((row, "collapsed", ""))
        result.geometry[row] = None
        return
    result.before.setdefault(row, shape)
    result.repairs.append((row, "overlapping_parts" if what == "nested" else what))
    result.geometry[row] = mended


def _shells_less_holes(shape: Any) -> Any:
    """Return each shell less its holes: a hole outside takes nothing away and adds no land.

    The library's own way turns a hole outside its shell into land.
    """
    made = []
    for part in shapely.get_parts(shape):
        shell = shapely.make_valid(Polygon(part.exterior), method="structure", keep_collapsed=False)
        rings = np.array([Polygon(ring) for ring in part.interiors], dtype="object")
        holes = shapely.make_valid(rings, method="structure", keep_collapsed=False)
        made.append(shapely.difference(shell, shapely.union_all(holes)))
    return shapely.union_all(made)


def _what_is_wrong(shape: Any) -> str:
    parts = shapely.get_parts(shape)
    if len(parts) > 1 and shapely.is_valid(parts).all():
        if _one_holds_another(parts):
            return "nested"
        return "overlapping_parts"
    reason = str(shapely.is_valid_reason(shape)).lower()
    if "hole" in reason:
        return "misplaced_hole"
    if "nested shells" in reason:
        return "nested"
    if "duplicate" in reason:
        return "tidied"
    return "crossing"


def _one_holds_another(parts: Geometries) -> bool:
    tree = shapely.STRtree(parts)
    for first in range(0, len(parts), _PARTS_AT_ONCE):
        some = parts[first : first + _PARTS_AT_ONCE]
        a, b = tree.query(some, predicate="covers")
        distinct = a + first != b
        a, b = a[distinct], b[distinct]
        same = shapely.equals(some[a], parts[b])  # a part given twice is plainly a double
        if not same.all():
            return True
    return False


def rough_area_m2(shapes: Geometries) -> Floats:
    """Return areas of polygons in degrees, good to 10 ppm for parcels; for checks, not for sums."""
    bounds = shapely.bounds(shapes)
    phi = np.radians((bounds[:, 1] + bounds[:, 3]) / 2)
    w = 1 - E2 * np.sin(phi) ** 2
    scale = SEMI_MAJOR_M**2 * (1 - E2) / w**2 * np.cos(phi) * np.radians(1) ** 2
    found: Floats = np.nan_to_num(shapely.area(shapes)) * scale
    return found


def rough_width_m(shapes: Geometries, *, below: float) -> Floats:
    """Return the mean width ``2 area / perimeter`` of polygons in degrees; inf where surely wider.

    Only shapes that may be thinner than `below` are measured.
    """
    metre = np.radians(1) * SEMI_MAJOR_M
    area, length = shapely.area(shapes), shapely.length(shapes)
    widths = np.full(len(shapes), np.inf)
    box = shapely.total_bounds(shapes)
    farthest = np.abs(box[[1, 3]]).max()
    least = 0.99 * metre * np.cos(np.radians(farthest))  # of a degree of longitude here, in metres
    with np.errstate(invalid="ignore", divide="ignore"):
        maybe = np.flatnonzero((area > 0) & (2 * least * area < below * length))
    if len(maybe):
        some = shapes[maybe]
        scales = metre * np.cos(np.radians(shapely.bounds(some)[:, [1, 3]].mean(axis=1)))
        for row, shape, scale, size in zip(
            maybe.tolist(), some, scales, rough_area_m2(some), strict=True
        ):  # few
            points = shapely.get_coordinates(shape) * [scale, metre]
            scaled = shapely.set_coordinates(shapely.force_2d(shape), points)
            widths[row] = 2 * size / shapely.length(scaled)
    return widths


def sharpest_deg(shapes: Geometries) -> Floats:
    """Return the sharpest angle at a vertex of each polygon in degrees; 180 where none is below 90."""
    found: Floats = in_threads(_sharpest_deg, shapes)
    return found


def _sharpest_deg(shapes: Geometries) -> Floats:
    found = np.full(len(shapes), 180.0)
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    holed = shapely.get_num_interior_rings(parts) > 0  # a part without holes is its own ring
    rings, of_ring = shapely.get_rings(parts[holed], return_index=True)
    rows = np.concatenate([of_part[~holed], of_part[holed][of_ring]])
    rings = np.concatenate([parts[~holed], rings])
    points, ring = shapely.get_coordinates(rings, return_index=True)
    if not len(points):
        return found
    first = np.flatnonzero(np.diff(ring, prepend=-1))
    step = np.diff(points, axis=0, append=points[:1])
    last = np.append(first[1:], len(points)) - 1
    step[last] = step[first]  # the last point of a ring is its first
    x, y = step[:, 0] * np.cos(np.radians(points[:, 1])), step[:, 1]
    with np.errstate(invalid="ignore"):
        dot = x[:-1] * x[1:] + y[:-1] * y[1:]
        back = np.flatnonzero((ring[:-1] == ring[1:]) & (dot < 0))  # sharper than a right angle
        cross = x[back] * y[back + 1] - y[back] * x[back + 1]
        angle = np.degrees(np.arctan2(np.abs(cross), -dot[back]))
    np.minimum.at(found, rows[ring[back]], angle)
    return found

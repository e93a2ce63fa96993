"""Mending geometry with a record, and only where one mending is right.

A ring is closed, a repeated point dropped, a crossing resolved; each with what it was before, so
that the area can be stated before and after. What cannot be told (is a part inside another a
hole or a double?) is refused, never settled in silence. No buffer is taken anywhere: a buffer of
zero drops parts of valid shapes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from .plane import E2, SEMI_MAJOR_M

__all__ = ["Mended", "mend", "rough_area_m2", "rough_width_m", "spikes"]

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
_BLOCK = 20_000


@dataclass
class Mended:
    """What became of an array of geometries, row by row.

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
        ``(row, what, detail)``: ``missing empty not_finite collapsed family nested hopeless``.
    repeated
        By row, how many repeated points were dropped.
    parts
        By row, how many parts, where there are very many.
    with_height
        How many came with heights or measures.
    points
        The vertices as they came, and the row of each.
    """

    geometry: Geometries
    before: dict[int, Any] = field(default_factory=dict)
    repairs: list[tuple[int, str]] = field(default_factory=list)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    repeated: dict[int, int] = field(default_factory=dict)
    parts: dict[int, int] = field(default_factory=dict)
    with_height: int = 0
    points: tuple[Floats, NDArray[np.intp]] | None = None

    @property
    def untouched(self) -> bool:
        """Whether every geometry is as it came, so that `points` are still its vertices."""
        return not (self.repairs or self.refused or self.repeated or self.with_height)


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
    result = Mended(np.array(geometry, dtype="object", copy=True))
    shapes = result.geometry
    missing = shapely.is_missing(shapes)
    _refuse(result, missing, "missing")
    high = shapely.has_z(shapes) | shapely.has_m(shapes)
    result.with_height = int(high.sum())
    if high.any():
        shapes[high] = shapely.force_2d(shapes[high])
    _refuse(result, ~missing & shapely.is_empty(shapes), "empty")
    coordinates, rows = shapely.get_coordinates(shapes, return_index=True)
    result.points = (coordinates, rows)
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
    invalid = ~_in_threads(shapely.is_valid, shapes) & ~shapely.is_missing(shapes)
    for row in np.flatnonzero(invalid).tolist():  # few; each has its own reason
        _mend_one(result, row, accept_nested=accept_nested)
    parts = shapely.get_num_geometries(shapes)
    result.parts = {row: int(parts[row]) for row in np.flatnonzero(parts > _MOST_PARTS).tolist()}
    return result


def _in_threads(function: Callable[[Geometries], Any], shapes: Geometries) -> Any:
    """Apply a function that needs no lock to blocks of an array, in threads, in order."""
    if len(shapes) < _BLOCK:
        return function(shapes)
    blocks = [shapes[i : i + _BLOCK] for i in range(0, len(shapes), _BLOCK)]
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return np.concatenate(list(pool.map(function, blocks)))


def _refuse(result: Mended, rows: NDArray[np.bool_], what: str, detail: str = "") -> None:
    for row in np.flatnonzero(rows).tolist():
        result.refused.append((row, what, detail))
        result.geometry[row] = None


def _refuse_not_finite(result: Mended, coordinates: Floats, rows: NDArray[np.intp]) -> None:
    if not np.isfinite(coordinates.sum()):
        bad = ~np.isfinite(coordinates).all(axis=1)
        flags = np.zeros(len(result.geometry), dtype=bool)
        flags[rows[bad]] = True
        _refuse(result, flags, "not_finite")


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
        if len(parts) <= _MOST_PARTS and _one_holds_another(parts):
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
    a, b = tree.query(parts, predicate="covers")
    distinct = a != b
    a, b = a[distinct], b[distinct]
    same = shapely.equals(parts[a], parts[b])  # a part given twice is plainly a double
    return bool((~same).any())


def rough_area_m2(shapes: Geometries, bounds: Floats | None = None) -> Floats:
    """Return areas of polygons in degrees, good to 10 ppm for parcels; for checks, not for sums."""
    bounds = shapely.bounds(shapes) if bounds is None else bounds
    phi = np.radians((bounds[:, 1] + bounds[:, 3]) / 2)
    w = 1 - E2 * np.sin(phi) ** 2
    scale = SEMI_MAJOR_M**2 * (1 - E2) / w**2 * np.cos(phi) * np.radians(1) ** 2
    found: Floats = _in_threads(shapely.area, shapes) * scale
    return found


def rough_width_m(
    shapes: Geometries, *, below: float, bounds: Floats | None = None, area: Floats | None = None
) -> Floats:
    """Return the mean width ``2 area / perimeter`` of polygons in degrees; inf where surely wider.

    Only shapes that may be thinner than `below` are measured.
    """
    bounds = shapely.bounds(shapes) if bounds is None else bounds
    phi = np.radians((bounds[:, 1] + bounds[:, 3]) / 2)
    area = rough_area_m2(shapes, bounds) if area is None else area
    metre = np.radians(1) * SEMI_MAJOR_M
    longest = (
        _in_threads(shapely.length, shapes) * metre
    )  # degrees of longitude are shorter than that
    widths = np.full(len(shapes), np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        maybe = np.flatnonzero((area > 0) & (2 * area / longest < below))
    for row in maybe.tolist():  # few
        points = shapely.get_coordinates(shapes[row]) * [np.cos(phi[row]) * metre, metre]
        scaled = shapely.set_coordinates(shapely.force_2d(shapes[row]), points)
        widths[row] = 2 * area[row] / shapely.length(scaled)
    return widths


def spikes(
    shapes: Geometries,
    *,
    below_degrees: float = 1.0,
    points: tuple[Floats, NDArray[np.intp]] | None = None,
) -> dict[int, float]:
    """Return the rows with a vertex whose angle is sharper than a limit, and that angle."""
    coordinates, rows = points or shapely.get_coordinates(shapes, return_index=True)
    if len(coordinates) < 3:
        return {}
    dx, dy = np.diff(coordinates[:, 0]), np.diff(coordinates[:, 1])
    middle = coordinates[len(coordinates) // 2]
    if abs(middle[0]) <= 360 and abs(middle[1]) <= 90:
        dx *= np.cos(np.radians(middle[1]))
    dot = dx[:-1] * dx[1:] + dy[:-1] * dy[1:]
    back = np.flatnonzero(dot < 0)  # few vertices of land are sharper than a right angle
    cross = np.abs(dx[back] * dy[back + 1] - dy[back] * dx[back + 1])
    sharp = cross < np.tan(np.radians(below_degrees)) * -dot[back]
    sharp &= rows[back + 2] == rows[back]
    # A step from one ring to the next is not an edge: the three must follow each other in a ring.
    found: dict[int, float] = {}
    for place, across in zip(back[sharp].tolist(), cross[sharp].tolist(), strict=True):
        row = int(rows[place + 1])
        if not _is_vertex_of(shapes[row], coordinates[place : place + 3]):
            continue
        angle = float(np.degrees(np.arctan2(across, -dot[place])))
        found[row] = min(angle, found.get(row, 180.0))
    return found


def _is_vertex_of(shape: Any, three: Floats) -> bool:
    for ring in shapely.get_rings(shape):
        points = shapely.get_coordinates(ring)
        hits = np.flatnonzero((points[1:-1] == three[1]).all(axis=1)) + 1
        for hit in hits.tolist():
            if (points[hit - 1] == three[0]).all() and (points[hit + 1] == three[2]).all():
                return True
    return False

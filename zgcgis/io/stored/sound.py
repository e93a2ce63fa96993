"""Layers whose every outline can be computed with; what was done to that end is a finding.

An outline that crosses itself is mended in memory where one mending is right, with its area
before and after; one that cannot be told is set aside: its feature stays, without a shape. Both
by the rules of import (:mod:`zgcgis.geo.repair`). The file is left as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from ...findings import combine, finding_frame
from ...geo import repair
from ...intake.log import REFUSED_SHAPES, REPAIRED_SHAPES
from ...model import LEVELS
from . import read_layer

__all__ = ["made_sound", "read_sound_layer"]

_WORLD = np.array([-180.0, -90.0, 180.0, 90.0])
_LINES = (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING)
_POINTS = (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT)
_WHOLE = "面 polygon"


def read_sound_layer(path: Path, level: str) -> tuple[GeoDataFrame, GeoDataFrame]:
    """Return a layer of a zone folder with sound outlines, and the findings on the others."""
    layer, odd = read_layer(path, level)
    return made_sound(layer, level, odd)


def made_sound(
    layer: GeoDataFrame, level: str, odd: dict[int, str]
) -> tuple[GeoDataFrame, GeoDataFrame]:
    """Return a layer with sound outlines, and the findings on the others.

    Parameters
    ----------
    layer, level
        The layer, in the columns of its level.
    odd
        What reading found odd, by row: ``"unread"`` or ``"unclosed"``.
    """
    shapes = np.asarray(layer.geometry.array, object).copy()
    rows: dict[str, list[dict[str, Any]]] = {}

    def tell(rule: str, row: int, **said: Any) -> None:
        entry = {"level": level, "feature": _id(layer, row), **said}
        rows.setdefault(rule, []).append(entry)

    for row, what in odd.items():
        if what == "unread":
            tell("R324", row)
    _set_aside(shapes, layer, level, tell, odd)
    closed = np.isin(np.arange(len(shapes)), [r for r, what in odd.items() if what == "unclosed"])
    polygons = LEVELS[level].geometry == "polygon"
    given = shapes.copy()
    if polygons:  # a point left here marks a place and is no outline
        given[np.isin(shapely.get_type_id(given), _POINTS)] = None
    done = repair.mend(given, family="polygon" if polygons else "any", closed=closed)
    for row, what, detail in done.refused:
        if what == "family":
            tell("R308", row, detail=detail, other=_WHOLE, geometry=_middle(shapes[row]))
        elif what not in {"missing", "empty"}:  # told above, or nothing the level asks for
            counted = dict(zip(("measured", "limit"), done.counted.get(row, ()), strict=False))
            tell(REFUSED_SHAPES[what], row, detail=detail, geometry=_middle(shapes[row]), **counted)
        if what != "missing":
            shapes[row] = None
    mended = sorted({row for row, _ in done.repairs})
    before = repair.rough_area_m2(np.array([*(done.before[r] for r in mended), None])[:-1])
    after = done.geometry[np.array(mended, np.intp)]
    areas = dict(zip(mended, zip(before, repair.rough_area_m2(after), strict=True), strict=True))
    for row, what in done.repairs:
        shapes[row] = done.geometry[row]
        tell(
            REPAIRED_SHAPES[what],
            row,
            measured=areas[row][0],
            limit=areas[row][1],
            geometry=shapes[row],
        )
    if rows:
        layer = layer.set_geometry(shapes, crs=layer.crs)
    return layer, combine(finding_frame(found, rule=rule) for rule, found in rows.items())


def _set_aside(
    shapes: NDArray[np.object_], layer: GeoDataFrame, level: str, tell: Any, odd: dict[int, str]
) -> None:
    """Take out the shapes that are not there, not in the world, or not what their level holds."""
    wanted = LEVELS[level].geometry
    missing, empty = shapely.is_missing(shapes), shapely.is_empty(shapes)
    if wanted in {"polygon", "line"}:
        for rule, held in (("R304", missing), ("R305", empty)):
            for row in np.flatnonzero(held).tolist():
                if row not in odd or empty[row]:
                    tell(rule, row)
    shapes[empty] = None
    box = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        far = (box[:, :2] < _WORLD[:2]).any(axis=1) | (box[:, 2:] > _WORLD[2:]).any(axis=1)
        far &= np.isfinite(box).all(axis=1)
    for row in np.flatnonzero(far).tolist():
        x, y = box[row, 0], box[row, 1]
        tell("R323", row, detail=f"{x:.6g}, {y:.6g}")
        shapes[row] = None
    if wanted != "polygon":
        return
    kinds = shapely.get_type_id(shapes)
    strange = np.isin(kinds, _LINES)
    if "precision" in layer:  # a place of which only the point is known says so
        strange |= np.isin(kinds, _POINTS) & ~layer["precision"].isin(["point"]).to_numpy()
    else:
        strange |= np.isin(kinds, _POINTS)
    for row in np.flatnonzero(strange).tolist():
        tell("R308", row, detail=shapes[row].geom_type, other=_WHOLE, geometry=_middle(shapes[row]))
        shapes[row] = None


def _id(layer: GeoDataFrame, row: int) -> str:
    given = layer["id"].iloc[row]
    return str(given) if isinstance(given, str) and given.strip() else f"#{row + 1}"


def _middle(shape: Any) -> Any:
    """The middle of the box of a shape that cannot be computed with, if it has one."""
    west, south, east, north = shapely.bounds(shape)
    if not np.isfinite([west, south, east, north]).all():
        return None
    return shapely.Point((west + east) / 2, (south + north) / 2)

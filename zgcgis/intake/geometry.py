"""Shapes: which system their numbers are in, mending them, and holding them against the rest."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from .. import geo
from ..errors import CrsError
from ..geo import datums, repair
from ..geo.rings import in_threads
from ..model import LEVELS
from . import crs as coordinates
from .columns import scale_of
from .layer import LayerReport, Options
from .log import Book
from .sandbox.staging import Refusal
from .source import Raw

__all__ = [
    "KINDS",
    "MENDED",
    "STORED",
    "against_areas",
    "against_floors",
    "family_of",
    "place",
    "points_of",
    "shapes_of",
]

Mask = NDArray[np.bool_]
Geometries = NDArray[np.object_]
Move = Callable[[Any, Any], tuple[Any, Any]]

STORED = "EPSG:4490"
THIN_M = 0.1
SPIKE_DEGREES = 1.0
AREA_PERCENT = 0.1
FLOOR_FACTOR = 1.2
FAR_KM = 100.0
SAMPLE = 20_000
KINDS = {"missing": "R304", "empty": "R305", "not_finite": "R306", "collapsed": "R307",
         "nested": "R316", "hopeless": "R320", "entangled": "R325", "crossings": "R326"}  # fmt: skip
MENDED = {"crossing": "R301", "unclosed": "R302", "overlapping_parts": "R314",
         "misplaced_hole": "R315", "collection": "R318", "tidied": "R322"}  # fmt: skip
_TYPE_NAMES = {0: "Point", 1: "LineString", 2: "LinearRing", 3: "Polygon", 4: "MultiPoint",
               5: "MultiLineString", 6: "MultiPolygon", 7: "GeometryCollection"}  # fmt: skip
_WORDS = {"polygon": "面 polygon", "line": "线 line", "point": "点 point"}
_AREA_COLUMNS = ("registered_area_m2", "stated_area_m2")
_UNIT_FACTORS = (("m2", 1.0), ("ha", 1e4), ("mu", 2000 / 3), ("km2", 1e6))


def shapes_of(raw: Raw, book: Book) -> tuple[Geometries, Mask]:
    """Return the shapes and which of them had to be closed to be read."""
    assert raw.wkb is not None
    shapes, unread = raw.wkb.shapes()
    closed = np.zeros(len(shapes), dtype=bool)
    for row, wkb in unread.items():
        with contextlib.suppress(shapely.errors.GEOSException, ValueError):
            shapes[row] = shapely.from_wkb(wkb, on_invalid="fix")
        closed[row] = shapes[row] is not None
        if shapes[row] is None:
            book.add("R320", row, detail="WKB")
    if raw.facts.get("drawing"):
        line = (shapely.get_type_id(shapes) == 1) & shapely.is_closed(shapes)
        line &= shapely.get_num_coordinates(shapes) >= 4
        for row in np.flatnonzero(line).tolist():  # ends that meet, without the mark of it
            shapes[row] = shapely.Polygon(shapely.get_coordinates(shapes[row]))
            closed[row] = True
    return shapes, closed


def family_of(shapes: Geometries) -> str | None:
    """Return the family that a layer's shapes belong to; polygons weigh most."""
    kinds = set(np.unique(shapely.get_type_id(shapes)).tolist())
    families = {"polygon": {3, 6}, "line": {1, 2, 5}, "point": {0, 4}}
    return next((family for family, ids in families.items() if ids & kinds), None)


def place(
    found: tuple[Geometries, Mask],
    raw: Raw,
    report: LayerReport,
    options: Options,
    wanted: str,
    level: str | None,
    expected: coordinates.Point | None,
    expected_name: str,
) -> Geometries | None:
    """Settle the system, mend the shapes and bring them to CGCS2000; None if the file stops."""
    book = report.book
    shapes, closed = found
    family = LEVELS[wanted].geometry if level is not None else family_of(shapes) or "any"
    mended = repair.mend(
        shapes,
        family=family,  # type: ignore[arg-type]
        closed=closed,
        accept_nested="R316" in options.accept,
    )
    before = [r for r, rule in book.refused.items() if rule in {"R408", "R204"}]
    geometry = mended.geometry
    geometry[before] = None
    facts = report.facts["geometry"]
    kinds, counts = np.unique(shapely.get_type_id(geometry), return_counts=True)
    facts["types"] = {
        _TYPE_NAMES.get(int(k), str(k)): int(n)
        for k, n in zip(kinds, counts, strict=True)
        if k >= 0
    }
    facts["with_height"] = mended.with_height
    for row, what, detail in mended.refused:
        if row in book.refused:
            continue
        if what == "family":
            book.add("R308", row, detail=detail, other=_WORDS.get(family, family))
        elif row in mended.counted:
            measured, limit = mended.counted[row]
            book.add(KINDS[what], row, measured=measured, limit=limit)
        else:
            book.add(KINDS[what], row, detail=detail)
    if mended.with_height:
        book.add("R309", None, measured=mended.with_height)
    if shapely.is_missing(geometry).all():
        book.stop("R412", detail="没有一个可用的图形 no usable shape")
        return None
    crs = _system(raw, report, options, geometry, expected, expected_name)
    if crs is None:
        _tell_repairs(mended, None, book)
        return None
    swap = any(r["rule"] == "R104" for r in book.rows)
    if swap:
        geometry = _moved(geometry, _swapped)
        book.add("R116", None)
        book.touch(np.flatnonzero(~shapely.is_missing(geometry)).tolist(), "R116")
    _tell_repairs(mended, crs, book, swap=swap)
    lonlat = _to_lonlat(geometry, crs)
    if options.datum in datums.TO_WGS84:
        lonlat = _moved(lonlat, datums.TO_WGS84[options.datum])
        book.add("R118", None, detail=options.datum)
        book.touch(np.flatnonzero(~shapely.is_missing(lonlat)).tolist(), "R118")
    lonlat = _far_away(lonlat, book, options)
    if shapely.is_missing(lonlat).all():
        book.stop("R412", detail="没有一个可用的图形 no usable shape")
        return None
    if family == "polygon":
        _odd_shapes(lonlat, mended, book)
    report.facts["bounds_lonlat"] = [round(v, 7) for v in _extent(lonlat)]
    return lonlat


def _extent(shapes: Geometries) -> list[float]:
    """Return west, south, east and north of all that is there."""
    return [float(v) for v in shapely.total_bounds(shapes)]


def _system(
    raw: Raw,
    report: LayerReport,
    options: Options,
    geometry: Geometries,
    expected: coordinates.Point | None,
    expected_name: str,
) -> CRS | None:
    book = report.book
    sample = np.arange(0, len(geometry), max(1, len(geometry) // SAMPLE))
    vertices = shapely.get_coordinates(geometry[sample])
    facts = report.facts
    facts["bounds"] = _extent(geometry)
    x, y = (float(v) for v in np.median(vertices, axis=0))
    likely = coordinates.implied(x, y, expected)
    facts["crs"]["implied"] = [code for code, _ in likely]
    facts["crs"]["declared"] = raw.crs if raw.crs is None else raw.crs[:2000]
    told = options.crs is not None
    try:
        crs = coordinates.parse_crs(options.crs if told else raw.crs)
    except ValueError as problem:
        book.stop(coordinates.rule_of(problem), detail=str(problem)[:120])
        return None
    if crs is None and options.datum != "as-stated":
        crs = CRS.from_epsg(4490)
    if told and raw.crs is not None and crs is not None:
        try:
            stated = coordinates.parse_crs(raw.crs)
        except ValueError:
            stated = None
        name = coordinates.name_of(stated) if stated is not None else raw.crs[:40]
        if name != coordinates.name_of(crs):
            book.add("R115", None, other=coordinates.name_of(crs), detail=name)
    span, expected_name = _span_of(expected_name)
    for answer in coordinates.judge(
        crs, vertices, expected=expected, expected_name=expected_name, told=told, span_km=span
    ):
        if answer.rule is None:
            continue
        if answer.rule in {"R107", "R114"}:
            book.add(answer.rule, None, **answer.words)
        elif answer.rule in {"R104", "R108", "R109"}:
            if book.stop(answer.rule, **answer.words):
                return None
        else:
            book.rows.append({"rule": answer.rule, "row": None, **answer.words})
            book.stops.append(Refusal(answer.rule, **answer.words))
            return None
    assert crs is not None
    facts["crs"]["used"] = coordinates.name_of(crs)
    return crs


def _span_of(expected_name: str) -> tuple[float, str]:
    """Return how far from the expected place data may lie, in km, and the name of that place."""
    name, mark, half = expected_name.rpartition("#")
    return (float(half) + 100.0, name) if mark else (60.0, expected_name)


def _swapped(x: Any, y: Any) -> tuple[Any, Any]:
    return y, x


def _moved(shapes: Geometries, move: Move) -> Geometries:
    """Return shapes with other coordinates; `move` is called in threads."""

    def each(some: Geometries) -> Geometries:
        with np.errstate(all="ignore"):  # what is not finite is found later
            moved: Geometries = shapely.transform(some, move, interleaved=False)
        return moved

    found: Geometries = in_threads(each, shapes)
    return found


def _to_lonlat(geometry: Geometries, crs: CRS) -> Geometries:
    """Return shapes in CGCS2000 degrees."""
    if _is_lonlat(crs):
        return geometry
    own = threading.local()  # a transformer is not shared between threads

    def move(x: Any, y: Any) -> tuple[Any, Any]:
        if not hasattr(own, "step"):
            own.step = Transformer.from_crs(crs, coordinates.lonlat_of(crs), always_xy=True)
        lon, lat = own.step.transform(x, y)
        return lon, lat

    return _moved(geometry, move)


@lru_cache(maxsize=64)
def _is_lonlat(crs: CRS) -> bool:
    return crs.to_epsg() in {4490, 4326, 4979, 4480} or _same_as_lonlat(crs)


def _same_as_lonlat(crs: CRS) -> bool:
    """Whether a system is degrees on WGS 84 or CGCS2000 under another name (OGC:CRS84, 3D)."""
    if not crs.is_geographic or crs.is_bound or crs.ellipsoid is None:
        return False
    told = f"{crs.name} {crs.datum.name if crs.datum else ''}".lower()
    known = any(n in told for n in ("wgs 84", "wgs_1984", "wgs84", "cgcs2000", "china_2000", "china 2000", "china geodetic coordinate system 2000"))  # fmt: skip
    degree = all(abs(a.unit_conversion_factor - np.pi / 180) < 1e-12 for a in crs.axis_info[:2])
    return bool(known and degree and crs.prime_meridian and crs.prime_meridian.longitude == 0)


def _areas_m2(shapes: list[Any], crs: CRS, *, swap: bool) -> list[float]:
    """Return areas of shapes as they came, NaN where the coordinates have no place on earth."""
    held = np.array([None, *shapes], dtype="object")[1:]
    series = gpd.GeoSeries(_moved(held, _swapped) if swap else held, crs=crs)
    try:
        return [float(area) for area in geo.area_m2(series)]
    except CrsError:
        if len(shapes) == 1:
            return [float("nan")]
        return [area for shape in shapes for area in _areas_m2([shape], crs, swap=swap)]


def _tell_repairs(
    mended: repair.Mended, crs: CRS | None, book: Book, *, swap: bool = False
) -> None:
    rows = sorted({row for row, _ in mended.repairs if row not in book.refused})
    before = dict.fromkeys(rows, float("nan"))
    after = dict(before)
    if rows and crs is not None:
        was, now = [mended.before[r] for r in rows], list(mended.geometry[rows])
        before = dict(zip(rows, _areas_m2(was, crs, swap=swap), strict=True))
        after = dict(zip(rows, _areas_m2(now, crs, swap=swap), strict=True))
    for row, what in mended.repairs:
        if row not in book.refused:
            book.add(MENDED[what], row, measured=before[row], limit=after[row])
    shown = 0
    for row, dropped in mended.repeated.items():
        if row in book.refused:
            continue
        if shown < 5000:
            book.add("R303", row, measured=dropped)
            shown += 1
        else:
            book.touch([row], "R303")
    for row, parts in mended.parts.items():
        if row not in book.refused:
            book.add("R317", row, measured=parts, limit=1000)


def _far_away(lonlat: Geometries, book: Book, options: Options) -> Geometries:
    """Refuse features far from the rest, or whose extent no land feature has."""
    bounds = shapely.bounds(lonlat)
    there, missing = np.isfinite(bounds).all(axis=1), shapely.is_missing(lonlat)
    if (there | missing).all() and _close_together(shapely.total_bounds(lonlat)):
        return lonlat
    lonlat = lonlat.copy()
    for row in np.flatnonzero(~there & ~missing).tolist():
        book.add("R306", row)
        lonlat[row] = None
    if there.sum() == 0:
        return lonlat
    middle = np.column_stack([bounds[:, [0, 2]].mean(axis=1), bounds[:, [1, 3]].mean(axis=1)])
    scale = np.array([111.3 * np.cos(np.radians(np.median(middle[there, 1]))), 111.0])
    center = np.median(middle[there], axis=0)
    away = np.hypot(*((middle - center) * scale).T)
    reach = np.hypot(*((bounds[:, 2:] - bounds[:, :2]) * scale).T)
    usual_away = np.percentile(away[there], 80 if there.sum() > 4 else 50)
    usual_reach = np.percentile(reach[there], 80 if there.sum() > 4 else 50)
    west, south, east, north = coordinates.CHINA
    with np.errstate(invalid="ignore"):
        off = there & (away > max(FAR_KM, 20 * usual_away)) & (there.sum() > 2)
        off |= there & (reach > max(FAR_KM, 50 * usual_reach)) & (there.sum() > 2)
        off |= there & (
            (bounds[:, 0] < west - 1)
            | (bounds[:, 1] < south - 1)
            | (bounds[:, 2] > east + 1)
            | (bounds[:, 3] > north + 1)
        )
    rows = np.flatnonzero(off).tolist()
    if "R311" in options.accept:
        for row in rows:
            book.rows.append(
                {"rule": "R311", "row": row, "severity": "warning", "measured": float(away[row])}
            )
        return lonlat
    for row in rows:
        book.add("R311", row, measured=float(max(away[row], reach[row])))
    lonlat[rows] = None
    return lonlat


def _close_together(box: NDArray[np.float64]) -> bool:
    """Whether all within a box lies in China and near each other, so that nothing lies far away."""
    west, south, east, north = coordinates.CHINA
    if not (west <= box[0] and south <= box[1] and box[2] <= east and box[3] <= north):
        return False
    wide, high = box[2:] - box[:2]
    return bool(np.hypot(wide * 111.3 * np.cos(np.radians(box[1])), high * 111.0) < FAR_KM)


def _odd_shapes(lonlat: Geometries, mended: repair.Mended, book: Book) -> None:
    widths = repair.rough_width_m(lonlat, below=THIN_M)
    for row in np.flatnonzero(widths < THIN_M).tolist():
        book.add("R312", row, measured=float(widths[row]), limit=THIN_M)
    for row, angle in sorted(repair.sharpest(lonlat, below_deg=SPIKE_DEGREES).items()):
        if row not in mended.before:
            book.add("R313", row, measured=angle, limit=SPIKE_DEGREES)


def against_floors(
    columns: pd.DataFrame,
    lonlat: Geometries,
    sources: Mapping[str, str],
    options: Options,
    book: Book,
) -> None:
    """Hold floor areas against footprint x storeys: the unit first, then each building."""
    if not {"floor_area_m2", "storeys"} <= set(columns.columns):
        return
    source = sources.get("floor_area_m2", "floor_area_m2")
    stated = columns["floor_area_m2"].to_numpy(dtype="float64")
    room = repair.rough_area_m2(lonlat) * columns["storeys"].to_numpy(
        dtype="float64", na_value=np.nan
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where((stated > 0) & (room > 0), room / stated, np.nan)
    known = np.isfinite(ratio)
    if not known.any():
        return
    middle = float(np.median(ratio[known]))
    told = bool({source, "floor_area_m2"} & set(options.scale))
    if middle > 300 and not told:
        book.stop("R509", other=source, measured=middle, detail="ha" if middle > 3000 else "mu")
        return
    for row in np.flatnonzero(known & (ratio < 1 / FLOOR_FACTOR)).tolist()[:5000]:
        book.add("R535", row, measured=float(stated[row]), limit=float(FLOOR_FACTOR * room[row]))


def against_areas(
    columns: pd.DataFrame,
    lonlat: Geometries,
    sources: Mapping[str, str],
    options: Options,
    units: Mapping[str, str],
    book: Book,
) -> None:
    """Hold area columns against the areas of the shapes: units first, then each feature.

    `sources` tells by which name a column stands in the file, `units` which unit it stated.
    """
    for column in _AREA_COLUMNS:
        if column not in columns:
            continue
        stated = columns[column].to_numpy(dtype="float64")
        source = sources.get(column, column)
        shape = repair.rough_area_m2(lonlat)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where((stated > 0) & (shape > 0), shape / stated, np.nan)
        known = np.isfinite(ratio)
        if known.sum() == 0:
            continue
        middle = float(np.median(ratio[known]))
        told = source in options.scale or column in options.scale
        near = [(unit, factor) for unit, factor in _UNIT_FACTORS if abs(middle / factor - 1) < 0.08]
        wrong = [
            (unit, factor)
            for unit, factor in [*_UNIT_FACTORS, ("", 1e-4), ("", 1.5e-3), ("", 1e-6)]
            if factor != 1.0 and abs(middle / factor - 1) < 0.08
        ]
        if wrong and not near and column in units:
            book.add("R525", None, other=source, measured=middle, detail=units[column])
            continue
        if near and near[0][0] != "m2" and not told and column not in units:
            book.stop("R509", other=source, measured=middle, detail=near[0][0])
            continue
        if near and near[0][0] != "m2":
            book.add("R525", None, other=source, measured=middle, detail=units.get(column, ""))
            continue
        for row in np.flatnonzero((stated == 0) & (shape > 0)).tolist()[:5000]:
            book.add("R510", row, other=source, measured=-100.0, limit=AREA_PERCENT, detail="")
        named = options.scale.get(source) or options.scale.get(column) or units.get(column)
        room = _rounding_m2(stated, scale_of(column, named) if named else None)
        with np.errstate(invalid="ignore"):
            far = np.abs(stated - shape) > np.maximum(AREA_PERCENT / 100 * shape, room)
        off = np.flatnonzero(known & far)
        for row in off.tolist()[:5000]:
            unit = _unit_of(float(ratio[row]))
            book.add(
                "R510", row, other=source, measured=float(100 * (1 / ratio[row] - 1)),
                limit=AREA_PERCENT, detail=unit,
                **({"severity": "error"} if unit else {}),
            )  # fmt: skip


def _rounding_m2(stated: Any, factor: float | None) -> float:
    """Return half of the last digit that a column of areas is written with, in m²."""
    values = stated[np.isfinite(stated)] / (factor or 1.0)
    for digits in range(5):
        if np.allclose(values, np.round(values, digits), rtol=0, atol=1e-7):
            return 0.505 * 10.0**-digits * (factor or 1.0)
    return 0.0


def _unit_of(ratio: float) -> str:
    for unit, factor in _UNIT_FACTORS[1:]:
        if abs(ratio / factor - 1) < 0.02 or abs(ratio * factor - 1) < 0.02:
            return unit
    return ""


def points_of(
    columns: pd.DataFrame,
    wanted: str,
    options: Options,
    book: Book,
    expected: coordinates.Point | None = None,
    expected_name: str = "",
) -> Geometries | None:
    """Make points of a table's columns of coordinates, when the level has points and a system."""
    if LEVELS[wanted].geometry not in {"point", "any"}:
        return None
    plain = {re.sub(r"[\s_]", "", str(c)).casefold(): c for c in columns.columns}
    east = next(
        (plain[n] for n in ("lon", "lng", "long", "longitude", "经度", "x") if n in plain), None
    )
    north = next((plain[n] for n in ("lat", "latitude", "纬度", "y") if n in plain), None)
    if east is None or north is None:
        return None
    if options.crs is None and options.datum == "as-stated":
        book.add("R530", None, detail=f"{east}, {north}")
        return None
    made = []
    for row, (a, b) in enumerate(zip(columns[east], columns[north], strict=True)):
        try:
            pair = (float(a), float(b))
        except (TypeError, ValueError):
            pair = (float("nan"), float("nan"))
        if np.isfinite(pair).all():
            made.append(shapely.Point(pair))
        else:
            made.append(None)
            if not (pd.isna(a) and pd.isna(b)):
                book.add("R508", row, other=f"{east}, {north}", detail=f"{a}, {b}"[:30])
    points = np.array([None, *made], dtype="object")[1:]
    if shapely.is_missing(points).all():
        return None
    try:
        crs = coordinates.parse_crs(options.crs) or CRS.from_epsg(4490)
    except ValueError as problem:
        book.stop(coordinates.rule_of(problem), detail=str(problem)[:120])
        return None
    vertices = shapely.get_coordinates(points)
    span, expected_name = _span_of(expected_name)
    for answer in coordinates.judge(
        crs, vertices, expected=expected, expected_name=expected_name, told=True, span_km=span
    ):
        if answer.rule is None or answer.rule in {"R107", "R114"}:
            continue
        if answer.rule not in {"R104", "R108", "R109"}:
            book.rows.append({"rule": answer.rule, "row": None, **answer.words})
            book.stops.append(Refusal(answer.rule, **answer.words))
            return None
        if book.stop(answer.rule, **answer.words):
            return None
        if answer.rule == "R104":
            points = _moved(points, _swapped)
            book.add("R116", None)
            book.touch(np.flatnonzero(~shapely.is_missing(points)).tolist(), "R116")
    lonlat = _far_away(_to_lonlat(points, crs), book, options)
    if options.datum in datums.TO_WGS84:
        lonlat = _moved(lonlat, datums.TO_WGS84[options.datum])
        book.add("R118", None, detail=options.datum)
    return lonlat

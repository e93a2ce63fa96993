"""Shapes: mending them, which system their numbers are in, and what is stated of their areas."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from .. import geo
from ..geo import datums, repair
from ..geo.rings import in_threads
from ..language.errors import CrsError
from ..model import LEVELS
from . import crs as systems
from .columns import scale_of
from .layer import Around, Expected, Layer, Options, System
from .log import REFUSED_SHAPES, REPAIRED_SHAPES, Log, Refusal

__all__ = ["against_areas", "against_floors", "hold", "mend", "settle"]

Geometries = NDArray[np.object_]
Move = Callable[[Any, Any], tuple[Any, Any]]

THIN_M = 0.1
SPIKE_DEGREES = 1.0
AREA_PERCENT = 0.1
FLOOR_FACTOR = 1.2
FAR_KM = 100.0
SAMPLE = 20_000
_TYPE_NAMES = {0: "Point", 1: "LineString", 2: "LinearRing", 3: "Polygon", 4: "MultiPoint",
               5: "MultiLineString", 6: "MultiPolygon", 7: "GeometryCollection"}  # fmt: skip
_WORDS = {"polygon": "面 polygon", "line": "线 line", "point": "点 point"}
_AREA_COLUMNS = ("registered_area_m2", "stated_area_m2")
_UNIT_FACTORS = (("m2", 1.0), ("ha", 1e4), ("mu", 2000 / 3), ("km2", 1e6))
_NONE: Geometries = np.zeros(0, dtype="object")
SCALED = "geometry"
"""The name by which ``--scale`` means the coordinates themselves."""
_METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001, "km": 1000.0}
_NO_SHAPE = "没有一个可用的图形 no usable shape"
_HINT = re.compile(r"gcj|bd-?09|火星|高德|百度|amap|baidu|mars", re.IGNORECASE)


def mend(layer: Layer, options: Options) -> Layer:
    """Stage *geometry*: sound shapes of the family of the level; points of a table's columns."""
    log = layer.log.fresh()
    if layer.shapes is None:
        points = _points(layer.values, layer.level, options, log)
        return layer.after(log, shapes=points)
    family = LEVELS[layer.level].geometry if layer.asked else layer.family or "any"
    unit = options.scale.get(SCALED, "m")
    if unit not in _METRES:
        log.stop("R533", other=SCALED, detail=f"{unit}（{'、'.join(_METRES)}）")
        return layer.after(log)
    factor = _METRES[unit]
    shapes = layer.shapes
    if factor != 1:
        shapes = _moved(shapes, lambda x, y: (x * factor, y * factor))
    mended = repair.mend(
        shapes,
        family=family,  # type: ignore[arg-type]
        closed=layer.closed,
        accept_nested="R316" in options.accept,
    )
    for row, what, detail in mended.refused:
        if row in log.refused:
            continue
        if what == "family":
            log.add("R308", row, detail=detail, other=_WORDS.get(family, family))
        elif row in mended.counted:
            measured, limit = mended.counted[row]
            log.add(REFUSED_SHAPES[what], row, measured=measured, limit=limit)
        else:
            log.add(REFUSED_SHAPES[what], row, detail=detail)
    if mended.with_height:
        log.add("R309", None, measured=mended.with_height)
    ids, counts = np.unique(shapely.get_type_id(mended.geometry), return_counts=True)
    there = zip(ids.tolist(), counts.tolist(), strict=True)
    kinds = {_TYPE_NAMES.get(kind, str(kind)): count for kind, count in there if kind >= 0}
    shapes = mended.geometry
    if shapely.is_missing(shapes).all():
        log.stop("R412", detail=_NO_SHAPE)
    held = None if shapely.is_missing(shapes).all() else shapes
    return layer.after(log, shapes=held, mended=mended, kinds=kinds)


def _points(values: pd.DataFrame, level: str, options: Options, log: Log) -> Geometries | None:
    """Make points of a table's columns of coordinates, when the level has points and a system."""
    if LEVELS[level].geometry not in {"point", "any"}:
        return None
    plain = {re.sub(r"[\s_]", "", str(c)).casefold(): c for c in values.columns}
    east = next(
        (plain[n] for n in ("lon", "lng", "long", "longitude", "经度", "x") if n in plain), None
    )
    north = next((plain[n] for n in ("lat", "latitude", "纬度", "y") if n in plain), None)
    if east is None or north is None:
        return None
    if options.crs is None and options.datum == "as-stated":
        log.add("R530", None, detail=f"{east}, {north}")
        return None
    made: list[shapely.Point | None] = []
    for row, (a, b) in enumerate(zip(values[east], values[north], strict=True)):
        try:
            pair = (float(a), float(b))
        except (TypeError, ValueError):
            pair = (float("nan"), float("nan"))
        if pair == (0.0, 0.0):  # what a program writes for a place that nobody gave
            made.append(None)
            log.add("R558", row, other=f"{east}, {north}")
        elif np.isfinite(pair).all():
            made.append(shapely.Point(pair))
        else:
            made.append(None)
            if not (pd.isna(a) and pd.isna(b)):
                log.add("R508", row, other=f"{east}, {north}", detail=f"{a}, {b}"[:30])
    points = np.array([None, *made], dtype="object")[1:]
    return None if shapely.is_missing(points).all() else points


def settle(layer: Layer, options: Options) -> Layer:
    """Stage *reference system*: which one it is, and the shapes brought to CGCS2000."""
    log = layer.log.fresh()
    _hint_of_datum(layer, options, log)
    shapes = layer.shapes
    if shapes is None:
        return layer.after(log)
    system = _system(layer, shapes, options, log)
    if system.used is None:
        _tell_repairs(layer.mended, system, log)
        return layer.after(log, shapes=None, system=system)
    if system.swapped:
        shapes = _moved(shapes, _swapped)
        log.add("R116", None)
        log.touch(np.flatnonzero(~shapely.is_missing(shapes)).tolist(), "R116")
    _tell_repairs(layer.mended, system, log)
    lonlat = _to_lonlat(shapes, system.used)
    if options.datum in datums.TO_WGS84:
        lonlat = _moved(lonlat, datums.TO_WGS84[options.datum])
        log.add("R118", None, detail=options.datum)
        log.touch(np.flatnonzero(~shapely.is_missing(lonlat)).tolist(), "R118")
    lonlat = _far_away(lonlat, log, options)
    if shapely.is_missing(lonlat).all():
        log.stop("R412", detail=_NO_SHAPE)
        return layer.after(log, shapes=None, system=system)
    if layer.mended is not None and _is_of_land(layer):
        _odd_shapes(lonlat, layer.mended, log)
    bounds = tuple(round(v, 7) for v in _extent(lonlat))
    mended = layer.mended and replace(layer.mended, geometry=_NONE, before={})  # told, not kept
    return layer.after(log, shapes=lonlat, mended=mended, system=system, bounds_lonlat=bounds)


def _is_of_land(layer: Layer) -> bool:
    family = LEVELS[layer.level].geometry if layer.asked else layer.family
    return family == "polygon"


def _hint_of_datum(layer: Layer, options: Options, log: Log) -> None:
    """Say so when a name speaks of a map provider's datum, and nobody said what it is."""
    if options.datum != "as-stated":
        return
    for name in (layer.source.file, layer.name, *(one.name for one in layer.fields)):
        if _HINT.search(name):
            log.add("R113", None, detail=name[:40])
            return


def _extent(shapes: Geometries) -> list[float]:
    """Return west, south, east and north of all that is there."""
    return [float(v) for v in shapely.total_bounds(shapes)]


def _where(layer: Layer) -> Expected | None:
    """Return where the data should be: as told, else as the long codes of the land say."""
    if layer.expected is not None or layer.table or "id" not in layer.values:
        return layer.expected
    codes = layer.values["id"].dropna().astype("str").head(2000).tolist()
    found = systems.province_of(codes)
    if found is None:
        return None
    name = f"编号所指的{found[0]} the province of the ids ({found[0]})"
    return Expected(found[1], name, round(found[2]) + 100.0)


def _system(layer: Layer, shapes: Geometries, options: Options, log: Log) -> System:
    """Return the system of a layer; where it is not settled none is used, and the log says why."""
    expected, stated = _where(layer), layer.source.crs
    sample = np.arange(0, len(shapes), max(1, len(shapes) // SAMPLE))
    vertices = shapely.get_coordinates(shapes[sample])
    x, y = (float(v) for v in np.median(vertices, axis=0))
    implied = tuple(code for code, _ in systems.implied(x, y, expected.place if expected else None))
    bounds = tuple(_extent(shapes))
    open_ = System(implied=implied, bounds=bounds)
    if not implied and (small := _fits_smaller(x, y, expected)) is not None:
        log.stop("R123", other=small, detail=f"{x:.0f}, {y:.0f}")
        return open_
    told = options.crs is not None
    try:
        crs = systems.parse_crs(options.crs if told else stated)
    except ValueError as problem:
        log.stop(systems.rule_of(problem), detail=str(problem)[:120])
        return open_
    if crs is None and options.datum != "as-stated":
        crs = CRS.from_epsg(4490)
    if crs is None and (code := _by_schema(layer, implied)) is not None:
        crs = CRS.from_user_input(code)
        log.add("R121", None, other=code, detail=layer.schema.zh if layer.schema else "")
    elif crs is None:
        crs = _by_evidence(layer, vertices, (x, y), implied, log)
    elif crs is not None and (twin := systems.other_belt_form(crs, x)) is not None:
        log.add("R122", None, other=systems.name_of(twin), detail=systems.name_of(crs))
        crs = twin
    if told and stated is not None and crs is not None:
        _told_otherwise(crs, stated, log)
    swapped = False
    for answer in systems.judge(crs, vertices, expected=expected, told=told):
        if answer.rule is None:
            continue
        if answer.rule in {"R107", "R114"}:
            log.add(answer.rule, None, **answer.words)
        elif answer.rule not in {"R104", "R108", "R109"}:
            log.refuse(Refusal(answer.rule, **answer.words))
            return open_
        elif log.stop(answer.rule, **answer.words):
            return open_
        swapped |= answer.rule == "R104"
    assert crs is not None
    return System(crs, systems.name_of(crs), implied, bounds, swapped)


def _by_evidence(
    layer: Layer,
    vertices: NDArray[np.float64],
    middle: tuple[float, float],
    implied: tuple[str, ...],
    log: Log,
) -> CRS | None:
    """Return the system that what lies around a layer settles: corners, files, its place."""
    if (shared := _by_corners(vertices, implied, layer.around)) is not None:
        code, count, whole = shared
        log.add("R124", None, measured=count, limit=whole, other=code)
        return CRS.from_user_input(code)
    beside = layer.around.boxes() if layer.around.boxes is not None else []
    if beside and (stated := systems.by_boxes(vertices, beside)) is not None:
        crs, name = stated
        log.add("R125", None, other=systems.name_of(crs), detail=name)
        return crs
    if layer.expected is not None and not _land_around(layer.around):
        place = systems.by_place(*middle, layer.expected)
        if place is not None:
            log.add("R126", None, other=place, detail=layer.expected.name)
            return CRS.from_user_input(place)
    return None


def _land_around(around: Around) -> bool:
    """Whether there is land to compare with: an older datum shows there, and not in a place."""
    return around.corners is not None and bool(len(around.corners()))


def _fits_smaller(x: float, y: float, expected: Expected | None) -> str | None:
    """Return the unit below a metre in which numbers far too large for metres are a place."""
    place = expected.place if expected else None
    for unit, factor in _METRES.items():
        small, north = factor < 1 and max(abs(x), abs(y)) > 5e7, y * factor
        if small and 1e6 < north < 6.5e6 and systems.implied(x * factor, north, place):
            return unit
    return None


def _by_schema(layer: Layer, implied: tuple[str, ...]) -> str | None:
    """Return the one system in CGCS2000 that the numbers fit, where the layer's rules ask for that.

    Only numbers that name their belt, or degrees, are evidence enough.
    """
    if layer.schema is None or not layer.schema.cgcs2000 or layer.source.crs is not None:
        return None
    return implied[0] if len(implied) == 1 and implied[0].startswith("EPSG:4") else None


LEAST_SHARED, SHARED_M = 4, 0.1
"""How many corners must be shared before they settle a system, and within how many metres."""


def _by_corners(
    vertices: NDArray[np.float64], implied: tuple[str, ...], around: Around
) -> tuple[str, int, int] | None:
    """Return the one system in which most corners are those of land that is there; how many of how many.

    Where the same numbers are read in a neighbouring belt they lie 250 km away, and in an older
    datum 100 m: corners that are shared within a decimetre by the half are no chance.
    """
    plain = [code for code in implied if re.fullmatch(r"EPSG:4[45]\d\d", code)]
    if not plain or around.corners is None or len(vertices) < LEAST_SHARED:
        return None
    there = around.corners()
    if not len(there):
        return None
    given = np.unique(vertices[:SAMPLE], axis=0)
    found = []
    for code in plain:
        x, y = Transformer.from_crs(code, "EPSG:4490", always_xy=True).transform(*given.T)
        near = np.isfinite(x) & np.isfinite(y)
        tree = shapely.STRtree(shapely.points(np.column_stack([x, y])[near]))
        degrees = SHARED_M / 111_320.0
        hit = tree.query(shapely.points(there), predicate="dwithin", distance=degrees)[1]
        count = len(np.unique(hit))
        if count >= max(LEAST_SHARED, len(given) / 2):
            found.append((code, count, len(given)))
    return found[0] if len(found) == 1 else None


def _told_otherwise(crs: CRS, stated: str, log: Log) -> None:
    """Say so when the file states another system than the user."""
    try:
        theirs = systems.parse_crs(stated)
    except ValueError:
        theirs = None
    name = systems.name_of(theirs) if theirs is not None else stated[:40]
    if name != systems.name_of(crs):
        log.add("R115", None, other=systems.name_of(crs), detail=name)


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
            own.step = Transformer.from_crs(crs, systems.lonlat_of(crs), always_xy=True)
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


def _tell_repairs(mended: repair.Mended | None, system: System, log: Log) -> None:
    """Tell what was mended, with the areas where the system is known."""
    if mended is None:
        return
    rows = sorted({row for row, _ in mended.repairs if row not in log.refused})
    before = dict.fromkeys(rows, float("nan"))
    after = dict(before)
    if rows and system.used is not None:
        crs, swap = system.used, system.swapped
        was, now = [mended.before[r] for r in rows], list(mended.geometry[rows])
        before = dict(zip(rows, _areas_m2(was, crs, swap=swap), strict=True))
        after = dict(zip(rows, _areas_m2(now, crs, swap=swap), strict=True))
    for row, what in mended.repairs:
        if row not in log.refused:
            log.add(REPAIRED_SHAPES[what], row, measured=before[row], limit=after[row])
    shown = 0
    for row, dropped in mended.repeated.items():
        if row in log.refused:
            continue
        if shown < 5000:
            log.add("R303", row, measured=dropped)
            shown += 1
        else:
            log.touch([row], "R303")
    for row, parts in mended.parts.items():
        if row not in log.refused:
            log.add("R317", row, measured=parts, limit=1000)


def _far_away(lonlat: Geometries, log: Log, options: Options) -> Geometries:
    """Refuse features far from the rest, or whose extent no land feature has."""
    bounds = shapely.bounds(lonlat)
    there, missing = np.isfinite(bounds).all(axis=1), shapely.is_missing(lonlat)
    if (there | missing).all() and _close_together(shapely.total_bounds(lonlat)):
        return lonlat
    lonlat = lonlat.copy()
    for row in np.flatnonzero(~there & ~missing).tolist():
        log.add("R306", row)
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
    west, south, east, north = systems.CHINA
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
            log.name("R311", row, severity="warning", measured=float(away[row]))
        return lonlat
    for row in rows:
        log.add("R311", row, measured=float(max(away[row], reach[row])))
    lonlat[rows] = None
    return lonlat


def _close_together(box: NDArray[np.float64]) -> bool:
    """Whether all within a box lies in China and near each other, so that nothing lies far away."""
    west, south, east, north = systems.CHINA
    if not (west <= box[0] and south <= box[1] and box[2] <= east and box[3] <= north):
        return False
    wide, high = box[2:] - box[:2]
    return bool(np.hypot(wide * 111.3 * np.cos(np.radians(box[1])), high * 111.0) < FAR_KM)


def _odd_shapes(lonlat: Geometries, mended: repair.Mended, log: Log) -> None:
    widths = repair.rough_width_m(lonlat, below=THIN_M)
    for row in np.flatnonzero(widths < THIN_M).tolist():
        log.add("R312", row, measured=float(widths[row]), limit=THIN_M)
    angles = repair.sharpest_deg(lonlat)
    for row in np.flatnonzero(angles < SPIKE_DEGREES).tolist():
        if row not in mended.before:
            log.add("R313", row, measured=float(angles[row]), limit=SPIKE_DEGREES)


def hold(layer: Layer, options: Options) -> Layer:
    """Stage *stated areas*: hold areas and floors in columns against those of the shapes."""
    if layer.shapes is None or layer.table:
        return layer
    log = layer.log.fresh()
    values, shapes, sources = layer.values, layer.shapes, layer.matched.sources
    against_areas(values, shapes, sources, options, layer.units, log)
    against_floors(values, shapes, sources, options, log)
    return layer.after(log)


def against_floors(
    columns: pd.DataFrame,
    lonlat: Geometries,
    sources: Mapping[str, str],
    options: Options,
    log: Log,
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
        log.stop("R509", other=source, measured=middle, detail="ha" if middle > 3000 else "mu")
        return
    for row in np.flatnonzero(known & (ratio < 1 / FLOOR_FACTOR)).tolist()[:5000]:
        log.add("R535", row, measured=float(stated[row]), limit=float(FLOOR_FACTOR * room[row]))


def against_areas(
    columns: pd.DataFrame,
    lonlat: Geometries,
    sources: Mapping[str, str],
    options: Options,
    units: Mapping[str, str],
    log: Log,
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
            log.add("R525", None, other=source, measured=middle, detail=units[column])
            continue
        if near and near[0][0] != "m2" and not told and column not in units:
            log.stop("R509", other=source, measured=middle, detail=near[0][0])
            continue
        if near and near[0][0] != "m2":
            log.add("R525", None, other=source, measured=middle, detail=units.get(column, ""))
            continue
        for row in np.flatnonzero((stated == 0) & (shape > 0)).tolist()[:5000]:
            log.add("R510", row, other=source, measured=-100.0, limit=AREA_PERCENT, detail="")
        named = options.scale.get(source) or options.scale.get(column) or units.get(column)
        room = _rounding_m2(stated, scale_of(column, named) if named else None)
        with np.errstate(invalid="ignore"):
            far = np.abs(stated - shape) > np.maximum(AREA_PERCENT / 100 * shape, room)
        off = np.flatnonzero(known & far)
        for row in off.tolist()[:5000]:
            unit = _unit_of(float(ratio[row]))
            log.add(
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

"""What is in a file, what is wrong with it, and what of it can be used (体检).

:func:`examine` reads a file behind the gate, holds what it finds against what it claims, mends
what is safe and keeps the books: features in = used + repaired + refused.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from geopandas import GeoDataFrame
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from .. import geo
from ..errors import CrsError
from ..geo import datums, repair
from ..model import LEVELS
from . import attributes, coordinates, shapes, tables
from .book import Book, findings_of
from .gate import Refusal, Staged, stage
from .guard import DRIVERS, run_child

__all__ = ["FileReport", "LayerReport", "Options", "examine"]

STORED = "EPSG:4490"
THIN_M = 0.1
SPIKE_DEGREES = 1.0
AREA_PERCENT = 0.5
FAR_KM = 100.0
SAMPLE = 20_000
BLOCK = 1_000_000

_HINT = re.compile(r"gcj|bd-?09|火星|高德|百度|amap|baidu|mars", re.IGNORECASE)
_ODD_NAME = re.compile(r"""["'`;<>{}\x00-\x1f\\]|--|\.\./""")
_BROKEN = (
    shapely.errors.ShapelyError,
    pa.ArrowException,
    ProjError,
    ArithmeticError,
    LookupError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
)
_KIND = {"missing": "R304", "empty": "R305", "not_finite": "R306", "collapsed": "R307",
         "nested": "R316", "hopeless": "R320"}  # fmt: skip
_DONE = {"crossing": "R301", "unclosed": "R302", "overlapping_parts": "R314",
         "misplaced_hole": "R315", "collection": "R318", "tidied": "R322"}  # fmt: skip
_TYPE_NAMES = {0: "Point", 1: "LineString", 2: "LinearRing", 3: "Polygon", 4: "MultiPoint",
               5: "MultiLineString", 6: "MultiPolygon", 7: "GeometryCollection"}  # fmt: skip
_WORDS = {"polygon": "面 polygon", "line": "线 line", "point": "点 point"}


@dataclass(frozen=True)
class Options:
    """What the user said of a file, because the file does not say it (right)."""

    crs: str | None = None
    encoding: str | None = None
    layer: str | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    datum: str = "as-stated"
    scale: Mapping[str, str] = field(default_factory=dict)
    accept: frozenset[str] = frozenset()

    def as_record(self) -> dict[str, Any]:
        """Return the options that were given, in a form that can be stored and compared."""
        record: dict[str, Any] = {}
        for name in ("crs", "encoding", "layer"):
            if getattr(self, name) is not None:
                record[name] = getattr(self, name)
        if self.datum != "as-stated":
            record["datum"] = self.datum
        for name in ("rename", "scale"):
            if getattr(self, name):
                record[name] = dict(sorted(getattr(self, name).items()))
        if self.accept:
            record["accept"] = sorted(self.accept)
        return record


@dataclass
class LayerReport:
    """One layer: what it is, what was found, and the rows that can be used."""

    name: str
    level: str
    facts: dict[str, Any]
    book: Book
    frame: pd.DataFrame | GeoDataFrame | None = None
    table: bool = False
    repairs: pd.DataFrame = field(default_factory=pd.DataFrame)
    refused: pd.DataFrame = field(default_factory=pd.DataFrame)
    labels: Any = None
    places: Any = None

    @property
    def findings(self) -> GeoDataFrame:
        """Everything found in the layer, in the columns of findings."""
        return findings_of(self.book.rows, level=self.level, labels=self.labels, places=self.places)

    @property
    def outcome(self) -> str:
        """How the layer ends: accept, finding, repair, refuse-feature or refuse-file."""
        if self.book.stops:
            return "refuse-file"
        if self.book.refused:
            return "refuse-feature"
        if self.book.repaired:
            return "repair"
        return "finding" if self.book.rows else "accept"


@dataclass
class FileReport:
    """One file: what it is, and its layers; or why it is refused."""

    source: Path
    kind: str = ""
    sha256: str = ""
    size: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    layers: list[LayerReport] = field(default_factory=list)
    refusal: Refusal | None = None

    @property
    def driver(self) -> str:
        """Who read it."""
        own = {"csv": "CSV", "xlsx": "XLSX", "parquet": "GeoParquet"}
        return DRIVERS.get(self.kind, own.get(self.kind, ""))

    @property
    def findings(self) -> GeoDataFrame:
        """What was found about the file as a whole."""
        rows = list(self.rows)
        if self.refusal is not None:
            rows.append(self.refusal.row())
        return findings_of(rows, level=None)

    @property
    def outcome(self) -> str:
        """The gravest of the layers' outcomes."""
        order = ["accept", "finding", "repair", "refuse-feature", "refuse-file"]
        if self.refusal is not None:
            return "refuse-file"
        ends = [layer.outcome for layer in self.layers] + (["finding"] if self.rows else [])
        return max(ends, key=order.index, default="accept")


@dataclass
class _Raw:
    """A layer as it was read: attributes, shapes as WKB, what is said of its system."""

    name: str
    frame: pd.DataFrame
    wkb: Any
    crs: str | None
    facts: dict[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[int, dict[str, Any]] = field(default_factory=dict)
    deleted: Any = None
    cut: tuple[int, str] | None = None
    refusal: Refusal | None = None
    crs_problem: str | None = None


def examine(
    path: str | Path,
    *,
    options: Options | None = None,
    level: str | None = None,
    expected: coordinates.Point | None = None,
    expected_name: str = "",
) -> list[FileReport]:
    """Examine one file; an archive with several data sets gives several reports.

    Parameters
    ----------
    path
        The file; a Shapefile by its .shp, a file geodatabase by its folder.
    options
        What the user says about it.
    level
        The level it is meant for; by default a guess by its columns.
    expected, expected_name
        Where the data should be, as longitude and latitude, and how to say that.

    Returns
    -------
    reports
        Never an exception for what is wrong with the file: the refusal is in the report.
    """
    options = options or Options()
    source = Path(path)
    with tempfile.TemporaryDirectory(prefix="zgcgis-", ignore_cleanup_errors=True) as folder:
        work = Path(folder).resolve()
        try:
            staged = stage(path, work, encoding=options.encoding)
        except Refusal as refusal:
            return [FileReport(source, _suffix(source), refusal=refusal)]
        if options.layer is not None and len(staged) > 1:
            chosen = [one for one in staged if one.name == options.layer]
            staged = chosen or staged
        reports = []
        for one in staged:
            report = FileReport(source, one.kind, one.sha256, one.size, one.findings)
            reports.append(report)
            several = len(staged) > 1
            try:
                raws = _read(one, work, options if not several else _without_layer(options))
                with np.errstate(all="ignore"):  # what is not finite is a finding, not a warning
                    for raw in raws:
                        if several:
                            raw.name = f"{one.name}/{raw.name}" if len(raws) > 1 else one.name
                        report.layers.append(
                            _look(raw, one, options, level, expected, expected_name)
                        )
                _apart(report)
            except Refusal as refusal:
                report.refusal = refusal
                report.layers = []
            except MemoryError:
                report.refusal = Refusal("R442")
            except _BROKEN as problem:  # a damaged file got past every check: still a sentence
                words = f"{type(problem).__name__}: {problem}".splitlines()[0][:160]
                report.refusal = Refusal("R440", detail=words)
        return reports


def _suffix(source: Path) -> str:
    from .gate import KINDS

    return KINDS.get(source.suffix.lower(), "")


def _without_layer(options: Options) -> Options:
    from dataclasses import replace

    return replace(options, layer=None)


# --- reading -------------------------------------------------------------------------------------


def _read(one: Staged, work: Path, options: Options) -> list[_Raw]:
    if one.kind == "shapefile":
        return [_read_shapefile(one, work, options)]
    if one.kind == "csv":
        frame, encoding, rows = tables.read_csv(one, options.encoding)
        return [_Raw(one.name, frame, None, None, {"encoding": encoding}, rows)]
    if one.kind == "xlsx":
        return [
            _Raw(
                name,
                pd.DataFrame() if frame is None else frame,
                None,
                None,
                {"encoding": "utf-8"},
                rows,
                refusal=refusal,
            )
            for name, frame, refusal, rows in tables.read_workbook(one, work, options.layer)
        ]
    facts = run_child(
        one.kind,
        one.path,
        work,
        size=one.size,
        layer=options.layer if one.kind in {"gpkg", "gdb", "kml", "dxf"} else None,
        encoding=options.encoding,
    )
    _tell(one, facts)
    raws = [_raw_of(one, facts, entry) for entry in facts["layers"]]
    names = [entry["name"] for entry in facts["listed"]]
    if options.layer is not None and not raws:
        raise Refusal("R413", other=options.layer, detail="、".join(names[:20]))
    if not raws:
        raise Refusal("R412", detail="没有图层 no layers")
    return raws


def _tell(one: Staged, facts: dict[str, Any]) -> None:
    odd = [*facts.get("triggers", []), *facts.get("views", []), *facts.get("not_read", [])]
    if odd:
        one.add("R435", detail="、".join(str(n)[:40] for n in dict.fromkeys(odd))[:200])
    strange = [entry["name"] for entry in facts["listed"] if _ODD_NAME.search(entry["name"])]
    if strange:
        one.add("R436", detail="、".join(repr(n)[:60] for n in strange[:5]))


def _raw_of(one: Staged, facts: dict[str, Any], entry: dict[str, Any]) -> _Raw:
    table = pq.read_table(facts["folder"] / entry["file"], memory_map=False, pre_buffer=False)
    wkb = table.column("geometry") if entry["geometry_column"] else None
    frame = table.drop_columns(["geometry"] if wkb is not None else []).to_pandas()
    name = entry["name"]
    if one.kind in {"geojson", "fgb", "parquet", "kml"} and name in {"data", "OGRGeoJSON", ""}:
        name = one.name
    rows: list[dict[str, Any]] = []
    if entry.get("curved"):
        rows.append({"rule": "R310", "row": None, "measured": entry["curved"]})
    odd = [c for c in map(str, frame.columns) if _ODD_NAME.search(c)]
    if odd:
        rows.append({"rule": "R436", "row": None, "detail": "、".join(map(repr, odd[:5]))[:200]})
    for column, kinds in facts.get("mixed", {}).items():
        rows.append({"rule": "R516", "row": None, "other": column, "detail": "、".join(kinds)})
    for column, sample in facts.get("long_numbers", {}).items():
        if column in frame and pd.api.types.is_float_dtype(frame[column]):
            rows.append({"rule": "R504", "row": None, "other": column, "detail": sample})
    stated = facts.get("stated_count")
    told = {
        "encoding": entry["encoding"],
        "types": dict(zip(entry["fields"], entry["types"], strict=False)),
        "geometry_type": entry["geometry_type"],
        "warnings": entry["warnings"],
    }
    if stated is not None and stated != entry["rows"]:
        raise Refusal("R405", detail=f"{entry['rows']} / {stated}")
    raw = _Raw(name, frame, wkb, entry["crs"], told, rows)
    if one.kind == "kml":  # what the format has by default says nothing of the land
        usual = {"tessellate", "extrude", "visibility", "drawOrder", "altitudeMode", "icon"}
        raw.frame = frame[[c for c in frame.columns if c not in usual]]
    if one.kind == "dxf":
        raw.crs = None
        keep = [c for c in frame.columns if not frame[c].isna().all()]
        raw.frame = frame[keep]
    srs = facts.get("srs", {}).get(entry["name"])
    if one.kind == "gpkg" and srs in {0, -1}:
        raw.crs = None
    return raw


def _read_shapefile(one: Staged, work: Path, options: Options) -> _Raw:
    count = shapes.index_shapes(one)
    rows: list[dict[str, Any]] = []
    deleted = None
    table = None
    accept_bare = "R406" in options.accept
    if ".dbf" in one.companions:
        table = shapes.read_dbf(one, encoding=options.encoding)
        if len(table.frame) != count:
            raise Refusal("R407", measured=count, limit=len(table.frame))
        rows, deleted = table.findings, table.deleted
    elif not accept_bare:
        raise Refusal("R406", detail=".dbf")
    else:
        one.add("R406", detail=".dbf", severity="warning")
    alone = work / f"shapes-{one.path.parent.name}"
    alone.mkdir(exist_ok=True)
    for suffix in (".shp", ".shx"):
        one.path.with_suffix(suffix).replace(alone / f"data{suffix}")
    facts = run_child("shapefile", alone / "data.shp", work, size=one.size)
    (entry,) = facts["layers"]
    if entry["rows"] != count:
        raise Refusal("R405", detail=f".shp {entry['rows']} / {count}")
    wkb = pq.read_table(facts["folder"] / entry["file"]).column("geometry")
    told = {
        "encoding": table.encoding.name if table else None,
        "encoding_declared": table.encoding.declared if table else None,
        "encoding_evidence": table.encoding.evidence if table else None,
        "types": table.types if table else {},
        "geometry_type": entry["geometry_type"],
        "warnings": entry["warnings"],
    }
    crs = problem = None
    if ".prj" in one.companions:
        content = one.companions[".prj"].read_bytes()[:20_000]
        text = content.decode("utf-8-sig", "replace").strip("\x00 \r\n\t")
        if text:
            crs = text
    frame = table.frame if table else pd.DataFrame(index=range(count))
    raw = _Raw(one.name, frame, wkb, crs, told, rows, deleted=deleted)
    raw.cut = (10, table.encoding.name) if table else None
    raw.refused = table.refused if table else {}
    raw.crs_problem = problem
    return raw


# --- looking -------------------------------------------------------------------------------------


def _look(
    raw: _Raw,
    one: Staged,
    options: Options,
    level: str | None,
    expected: coordinates.Point | None,
    expected_name: str,
) -> LayerReport:
    count = len(raw.frame) if raw.wkb is None else len(raw.wkb)
    book = Book(count, options.accept)
    report = LayerReport(raw.name, level or "parcel", {}, book, table=raw.wkb is None)
    if raw.refusal is not None:
        book.stop(raw.refusal.rule, **raw.refusal.words)
        return report
    if count == 0:
        book.stop("R412", detail=raw.name)
        return report
    _carry_over(raw, book)
    found = _shapes_of(raw, book) if raw.wkb is not None else None
    frame = attributes.clean_texts(raw.frame, book)
    family = _family(found[0]) if found is not None else None
    wanted = level or attributes.guess_level([str(c) for c in frame.columns], family)
    report.level = wanted
    if raw.wkb is None:
        attributes.totals(frame, book)
    missing = set(options.rename) - set(map(str, frame.columns))
    if missing and not (set(options.rename.values()) <= set(map(str, frame.columns))):
        book.stop("R605", detail="、".join(map(str, frame.columns))[:200])
    matched = attributes.match_columns(
        [str(c) for c in frame.columns],
        wanted,
        options.rename,
        empty=frozenset(str(c) for c in frame.columns if frame[c].isna().all()),
        cut=raw.cut,
    )
    for name, column in matched.cut.items():
        book.add("R208", None, detail=name, other=column)
    columns, units = attributes.convert(
        frame, matched, options.scale, book, written=raw.wkb is None
    )
    report.facts = _facts(raw, frame, matched, count)
    _codes(columns, report.facts)
    _hints(raw, one, options, book)
    geometry = None
    if found is not None:
        expected, expected_name = _where(columns, expected, expected_name)
        geometry = _place(found, raw, report, options, wanted, level, expected, expected_name)
        if geometry is not None:
            _against_areas(columns, geometry, matched, options, units, book)
    else:
        geometry = _points(columns, wanted, options, book)
    _identify(columns, wanted, book, table=report.table, asked=level is not None)
    if geometry is not None and not report.table:
        _doubles(columns, geometry, book)
    _close(report, columns, geometry)
    return report


def _carry_over(raw: _Raw, book: Book) -> None:
    deleted: set[int] = set()
    if raw.deleted is not None and raw.deleted.any():
        deleted = set(np.flatnonzero(raw.deleted).tolist())
        book.add("R408", None, measured=len(deleted))
        for row in deleted:
            book.refused[row] = "R408"
    for entry in raw.rows:
        words = {k: v for k, v in entry.items() if k not in {"rule", "row"}}
        if entry["rule"] == "R504":
            book.stop("R504", **words)
        elif entry.get("row") not in deleted:
            book.add(entry["rule"], entry.get("row"), **words)
    for row, entry in raw.refused.items():
        words = {k: v for k, v in entry.items() if k != "rule"}
        book.add(entry["rule"], row, **words)


def _shapes_of(raw: _Raw, book: Book) -> tuple[Any, Any]:
    """Return the shapes and which of them had to be closed to be read."""
    wkb = raw.wkb.to_numpy()
    shapes_ = shapely.from_wkb(wkb, on_invalid="ignore")
    given = raw.wkb.is_valid().to_numpy()
    lost = np.flatnonzero(shapely.is_missing(shapes_) & given)
    closed = np.zeros(len(shapes_), dtype=bool)
    for row in lost.tolist():
        try:
            mended = shapely.from_wkb(wkb[row], on_invalid="fix")
        except (shapely.errors.GEOSException, ValueError):
            mended = None
        if mended is None:
            book.add("R320", row, detail="WKB")
        else:
            shapes_[row] = mended
            closed[row] = True
    return shapes_, closed


def _family(shapes_: Any) -> str | None:
    types = shapely.get_type_id(shapes_)
    for family, ids in (("polygon", (3, 6)), ("line", (1, 2, 5)), ("point", (0, 4))):
        if np.isin(types, ids).any():
            return family
    return None


def _facts(raw: _Raw, frame: pd.DataFrame, matched: Any, count: int) -> dict[str, Any]:
    fields = [
        {
            "name": str(name),
            "type": raw.facts.get("types", {}).get(str(name), str(frame[name].dtype)),
            "column": matched.of.get(str(name)),
            "unit": matched.unit.get(str(name)),
            "empty": int(frame[name].isna().sum()),
        }
        for name in frame.columns
    ]
    return {
        "features": count,
        "fields": fields,
        "encoding": {
            "used": raw.facts.get("encoding"),
            "declared": raw.facts.get("encoding_declared"),
            "evidence": raw.facts.get("encoding_evidence"),
        },
        "geometry": {"declared": raw.facts.get("geometry_type")},
        "reader_said": raw.facts.get("warnings", []),
        "crs": {"declared": None, "used": None, "implied": []},
    }


def _codes(columns: pd.DataFrame, facts: dict[str, Any]) -> None:
    """Say which code systems the land-use codes fit."""
    recognised: dict[str, dict[str, float]] = {}
    for column in ("land_use", "planned_use"):
        if column not in columns or columns[column].isna().all():
            continue
        values = columns[column].dropna().astype("str")
        forms = {
            "yonghai_2023": r"^(0[1-9]|1\d|2[0-4])(\d{2}){0,2}[A-Z]?$",
            "gbt21010_2017": r"^(0[1-9]|1[0-2])\d{0,2}$",
            "gb50137_2011": r"^[ABEGHMRSUW]\d{0,2}$",
        }
        recognised[column] = {
            system: round(float(values.str.match(form).mean()), 4) for system, form in forms.items()
        }
    facts["codes"] = recognised


def _hints(raw: _Raw, one: Staged, options: Options, book: Book) -> None:
    if options.datum != "as-stated":
        return
    for name in (one.source.stem, raw.name, *map(str, raw.frame.columns)):
        if _HINT.search(name):
            book.add("R113", None, detail=name[:40])
            return


def _where(
    columns: pd.DataFrame, expected: coordinates.Point | None, name: str
) -> tuple[coordinates.Point | None, str]:
    """Return where the data should be: as told, else as the long codes of the land say."""
    if expected is not None or "id" not in columns:
        return expected, name
    codes = columns["id"].dropna().astype("str").head(2000).tolist()
    found = coordinates.province_of(codes)
    if found is None:
        return None, ""
    return found[1], f"编号所指的{found[0]} the province of the ids ({found[0]})#{found[2]:.0f}"


def _place(
    found: tuple[Any, Any],
    raw: _Raw,
    report: LayerReport,
    options: Options,
    wanted: str,
    level: str | None,
    expected: coordinates.Point | None,
    expected_name: str,
) -> Any:
    """Settle the system, mend the shapes and bring them to CGCS2000; None if the file stops."""
    book = report.book
    shapes_, closed = found
    family = LEVELS[wanted].geometry if level is not None else _family(shapes_) or "any"
    mended = repair.mend(
        shapes_,
        family=family,  # type: ignore[arg-type]
        closed=closed,
        accept_nested="R316" in options.accept,
    )
    geometry = mended.geometry
    before = [r for r, rule in book.refused.items() if rule in {"R408", "R204"}]
    for row in before:
        geometry[row] = None
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
        else:
            book.add(_KIND[what], row, detail=detail)
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
        geometry = _swapped(geometry)
        book.add("R116", None)
        book.touch(np.flatnonzero(~shapely.is_missing(geometry)).tolist(), "R116")
    _tell_repairs(mended, crs, book)
    whole = mended.untouched and not swap and not before
    points = mended.points if whole else None
    lonlat, points = _to_lonlat(geometry, crs, points)
    if options.datum not in {"as-stated", "wgs84"}:
        points = None
        series = datums.from_datum(gpd.GeoSeries(lonlat, crs=STORED), options.datum)  # type: ignore[arg-type]
        lonlat = series.to_numpy().copy()
        book.add("R118", None, detail=options.datum)
        book.touch(np.flatnonzero(~shapely.is_missing(lonlat)).tolist(), "R118")
    bounds = shapely.bounds(lonlat)
    lonlat = _far_away(lonlat, bounds, book, options)
    if shapely.is_missing(lonlat).all():
        book.stop("R412", detail="没有一个可用的图形 no usable shape")
        return None
    if family == "polygon":
        _odd_shapes(lonlat, bounds, points, mended, book)
    there = ~shapely.is_missing(lonlat)
    corners = [*bounds[there, :2].min(axis=0), *bounds[there, 2:].max(axis=0)]
    box = [round(float(v), 7) for v in corners]
    report.facts["bounds_lonlat"] = box
    return lonlat


def _system(
    raw: _Raw,
    report: LayerReport,
    options: Options,
    geometry: Any,
    expected: coordinates.Point | None,
    expected_name: str,
) -> CRS | None:
    book = report.book
    vertices = shapely.get_coordinates(geometry[:: max(1, len(geometry) // SAMPLE)])
    facts = report.facts
    facts["bounds"] = [float(v) for v in shapely.total_bounds(geometry)]
    x, y = (float(v) for v in np.median(vertices, axis=0))
    likely = coordinates.implied(x, y, expected)
    facts["crs"]["implied"] = [code for code, _ in likely]
    facts["crs"]["declared"] = raw.crs if raw.crs is None else raw.crs[:2000]
    told = options.crs is not None
    try:
        crs = coordinates.parse_crs(options.crs if told else raw.crs)
    except ValueError as problem:
        book.stop("R102", detail=str(problem)[:120])
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
    span = 60.0
    if "#" in expected_name:
        expected_name, half = expected_name.rsplit("#", 1)
        span = float(half) + 100.0
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


def _swapped(geometry: Any) -> Any:
    there = ~shapely.is_missing(geometry)
    result = geometry.copy()
    result[there] = shapely.transform(geometry[there], lambda c: c[:, ::-1])
    return result


def _to_lonlat(geometry: Any, crs: CRS, points: Any = None) -> tuple[Any, Any]:
    """Return geometry in CGCS2000 degrees, and its vertices there if they were given."""
    if crs.to_epsg() in {4490, 4326, 4979, 4480} or _same_as_lonlat(crs):
        return geometry.copy(), points
    vertices = shapely.get_coordinates(geometry) if points is None else points[0]
    blocks = [vertices[i : i + BLOCK] for i in range(0, len(vertices), BLOCK)]

    def each(block: Any) -> Any:
        step = Transformer.from_crs(crs, STORED, always_xy=True)  # one for each thread
        return np.column_stack(step.transform(block[:, 0], block[:, 1]))

    if len(blocks) > 1:
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            vertices = np.concatenate(list(pool.map(each, blocks)))
    elif blocks:
        vertices = each(vertices)
    moved = shapely.set_coordinates(geometry.copy(), vertices)
    return moved, None if points is None else (vertices, points[1])


def _same_as_lonlat(crs: CRS) -> bool:
    """Whether a system is degrees on WGS 84 or CGCS2000 under another name (OGC:CRS84, 3D)."""
    if not crs.is_geographic or crs.is_bound or crs.ellipsoid is None:
        return False
    told = f"{crs.name} {crs.datum.name if crs.datum else ''}".lower()
    known = any(n in told for n in ("wgs 84", "wgs_1984", "wgs84", "cgcs2000", "china_2000", "china 2000", "china geodetic coordinate system 2000"))  # fmt: skip
    degree = all(abs(a.unit_conversion_factor - np.pi / 180) < 1e-12 for a in crs.axis_info[:2])
    return bool(known and degree and crs.prime_meridian and crs.prime_meridian.longitude == 0)


def _tell_repairs(mended: repair.Mended, crs: CRS | None, book: Book) -> None:
    rows = sorted({row for row, _ in mended.repairs if row not in book.refused})
    before = dict.fromkeys(rows, float("nan"))
    after = dict(before)
    if rows and crs is not None:
        was = gpd.GeoSeries([mended.before[r] for r in rows], crs=crs)
        now = gpd.GeoSeries([mended.geometry[r] for r in rows], crs=crs)
        try:
            before = dict(zip(rows, geo.area_m2(was).tolist(), strict=True))
            after = dict(zip(rows, geo.area_m2(now).tolist(), strict=True))
        except CrsError:
            pass
    for row, what in mended.repairs:
        if row not in book.refused:
            book.add(_DONE[what], row, measured=before[row], limit=after[row])
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


def _far_away(lonlat: Any, bounds: Any, book: Book, options: Options) -> Any:
    """Refuse features far from the rest, or whose extent no land feature has."""
    there = np.isfinite(bounds).all(axis=1)
    for row in np.flatnonzero(~there & ~shapely.is_missing(lonlat)).tolist():
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
    with np.errstate(invalid="ignore"):
        off = there & (away > max(FAR_KM, 20 * usual_away)) & (there.sum() > 2)
        off |= there & (reach > max(FAR_KM, 50 * usual_reach)) & (there.sum() > 2)
        west, south, east, north = coordinates.CHINA
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
        lonlat[row] = None
    return lonlat


def _odd_shapes(lonlat: Any, bounds: Any, points: Any, mended: repair.Mended, book: Book) -> None:
    widths = repair.rough_width_m(lonlat, below=THIN_M, bounds=bounds)
    for row in np.flatnonzero(widths < THIN_M).tolist():
        book.add("R312", row, measured=float(widths[row]), limit=THIN_M)
    for row, angle in repair.spikes(lonlat, below_degrees=SPIKE_DEGREES, points=points).items():
        if row not in mended.before:
            book.add("R313", row, measured=angle, limit=SPIKE_DEGREES)


_AREA_COLUMNS = ("registered_area_m2", "stated_area_m2")
_UNIT_FACTORS = (("m2", 1.0), ("ha", 1e4), ("mu", 2000 / 3), ("km2", 1e6))


def _against_areas(
    columns: pd.DataFrame,
    lonlat: Any,
    matched: Any,
    options: Options,
    units: Mapping[str, str],
    book: Book,
) -> None:
    """Hold area columns against the areas of the shapes: units first, then each feature."""
    for column in _AREA_COLUMNS:
        if column not in columns:
            continue
        stated = columns[column].to_numpy(dtype="float64")
        source = next((s for s, c in matched.of.items() if c == column), column)
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
        off = np.flatnonzero(known & (np.abs(1 / ratio - 1) * 100 > AREA_PERCENT))
        for row in off.tolist()[:5000]:
            unit = _unit_of(float(ratio[row]))
            book.add(
                "R510", row, other=source, measured=float(100 * (1 / ratio[row] - 1)),
                limit=AREA_PERCENT, detail=unit,
                **({"severity": "error"} if unit else {}),
            )  # fmt: skip


def _unit_of(ratio: float) -> str:
    for unit, factor in _UNIT_FACTORS[1:]:
        if abs(ratio / factor - 1) < 0.02 or abs(ratio * factor - 1) < 0.02:
            return unit
    return ""


def _points(columns: pd.DataFrame, wanted: str, options: Options, book: Book) -> Any:
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
    shapes_ = np.array(made, dtype="object")
    if shapely.is_missing(shapes_).all():
        return None
    try:
        crs = coordinates.parse_crs(options.crs) or CRS.from_epsg(4490)
    except ValueError as problem:
        book.stop("R102", detail=str(problem)[:120])
        return None
    vertices = shapely.get_coordinates(shapes_)
    for answer in coordinates.judge(crs, vertices, told=True):
        if answer.rule is not None and answer.rule not in {"R107", "R114"}:
            book.stop(answer.rule, **answer.words)
            return None
    lonlat, _ = _to_lonlat(shapes_, crs)
    if options.datum not in {"as-stated", "wgs84"}:
        series = datums.from_datum(gpd.GeoSeries(lonlat, crs=STORED), options.datum)  # type: ignore[arg-type]
        lonlat = series.to_numpy().copy()
        book.add("R118", None, detail=options.datum)
    return lonlat


def _identify(columns: pd.DataFrame, level: str, book: Book, *, table: bool, asked: bool) -> None:
    """See that every feature has an id of its own; the later ones of a repeated id are refused."""
    if "id" not in columns:
        if table:
            if asked:
                book.stop("R605", detail="、".join(map(str, columns.columns))[:200])
            return
        columns.insert(0, "id", [str(n + 1) for n in range(len(columns))])
        columns["id"] = columns["id"].astype("str")
        book.add("R503", None)
        return
    ids = columns["id"]
    missing = np.flatnonzero(ids.isna().to_numpy())
    for row in missing.tolist():
        if row not in book.refused:
            book.add("R502", row)
    if table:
        return
    keys = [k for k in (*LEVELS[level].feature_key, "since", "until") if k in columns]
    alive = np.ones(len(columns), dtype=bool)
    alive[list(book.refused)] = False
    repeated = columns.loc[alive, keys].duplicated(keep="first")
    for row in repeated.index[repeated].tolist():
        if not pd.isna(ids.iloc[row]):
            book.add("R501", row)


def _doubles(columns: pd.DataFrame, lonlat: Any, book: Book) -> None:
    """Find features of the very same shape: the same in all is refused, the rest is said."""
    bounds = pd.DataFrame(shapely.bounds(lonlat))
    alive = ~shapely.is_missing(lonlat)
    alive[list(book.refused)] = False
    again = bounds[alive].duplicated(keep=False)
    rows = again.index[again].tolist()
    if not rows:
        return
    first: dict[bytes, int] = {}
    others = [c for c in columns.columns if c != "id"]
    for row in rows:
        mark = shapely.to_wkb(shapely.normalize(lonlat[row]))
        if mark not in first:
            first[mark] = row
            continue
        before = first[mark]
        label = str(columns["id"].iloc[before])
        same = columns[others].iloc[row].equals(columns[others].iloc[before]) if others else True
        ids_apart = columns["id"].iloc[row] != columns["id"].iloc[before]
        numbered = any(r["rule"] == "R503" for r in book.rows)
        if same and (not ids_apart or numbered):
            book.add("R319", row, other=label)
        elif _same_time(columns, row, before):
            book.add("R321", row, other=label)


def _same_time(columns: pd.DataFrame, a: int, b: int) -> bool:
    """Whether two features are there in the same years; an empty year is like an empty year."""
    for key in ("since", "until", "year"):
        if key not in columns:
            continue
        one, two = columns[key].iloc[a], columns[key].iloc[b]
        if pd.isna(one) != pd.isna(two) or (not pd.isna(one) and one != two):
            return False
    return True


def _close(report: LayerReport, columns: pd.DataFrame, geometry: Any) -> None:
    """Close the books: the rows in use, the table of repairs, the table of refusals."""
    book = report.book
    report.labels = columns["id"].to_list() if "id" in columns else None
    report.places = geometry
    counts = book.counts
    assert counts["in"] == counts["used"] + counts["repaired"] + counts["refused"]
    fix = [
        {
            "feature": _name(report, entry["row"]),
            "rule": entry["rule"],
            "before_m2": entry.get("measured") if entry["rule"] in _DONE.values() else None,
            "after_m2": entry.get("limit") if entry["rule"] in _DONE.values() else None,
            "column": entry.get("other"),
        }
        for entry in book.rows
        if entry.get("row") in book.repaired
        and entry["row"] not in book.refused
        and entry["rule"] in book.repaired[entry["row"]]
    ]
    report.repairs = pd.DataFrame(
        fix, columns=["feature", "rule", "before_m2", "after_m2", "column"]
    )
    report.refused = pd.DataFrame(
        [
            {"feature": _name(report, row), "row": row + 1, "rule": rule}
            for row, rule in sorted(book.refused.items())
        ],
        columns=["feature", "row", "rule"],
    )
    if book.stops:
        return
    keep = np.ones(book.count, dtype=bool)
    keep[list(book.refused)] = False
    if not keep.any():
        book.stop("R412", detail=report.name)
        return
    frame = columns.loc[keep].reset_index(drop=True)
    if geometry is not None:
        report.frame = GeoDataFrame(frame, geometry=geometry[keep], crs=STORED)
    else:
        report.frame = frame


def _name(report: LayerReport, row: int) -> str:
    value = report.labels[row] if report.labels else None
    return value if isinstance(value, str) else f"#{row + 1}"


def _apart(report: FileReport) -> None:
    """Say when layers of one file lie far from one another."""
    placed = [(layer.name, layer.facts.get("bounds_lonlat")) for layer in report.layers]
    report.rows += apart(placed)


def apart(placed: Sequence[tuple[str, Any]], **more: Any) -> list[dict[str, Any]]:
    """Return findings for layers that lie far from the first of them."""
    boxes = [(name, box) for name, box in placed if box]
    rows: list[dict[str, Any]] = []
    for name, box in boxes[1:]:
        first_name, first = boxes[0]
        middle = ((first[0] + first[2]) / 2, (first[1] + first[3]) / 2)
        away = coordinates.apart_km(middle, ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
        reach = sum(coordinates.apart_km((b[0], b[1]), (b[2], b[3])) for b in (first, box))
        if away > FAR_KM + reach:
            words = {"measured": away, "other": f"{first_name}、{name}"}
            rows.append({"rule": "R117", "row": None, **words, **more})
    return rows


def shifts(
    layers: Sequence[tuple[str, Any]], references: Sequence[tuple[str, Any]]
) -> list[dict[str, Any]]:
    """Return findings where a layer lies off another in the way of a map provider's datum."""
    rows = []
    for name, layer in layers:
        for other, reference in references:
            if other == name:
                continue
            found = datums.gcj02_shift(
                gpd.GeoSeries(layer, crs=STORED), gpd.GeoSeries(reference, crs=STORED)
            )
            if found is not None and found["direction"] == "from":
                rows.append(
                    {
                        "rule": "R112",
                        "row": None,
                        "other": other,
                        "measured": found["offset_m"],
                        "detail": {"gcj02": "GCJ-02", "bd09": "BD-09"}[found["datum"]],
                    }
                )
    return rows

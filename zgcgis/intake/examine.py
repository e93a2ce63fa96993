"""What is in a file, what is wrong with it, and what of it can be used (体检).

:func:`examine` reads a file behind the gate, holds what it finds against what it claims, mends
what is safe and keeps the books: features in = used + repaired + refused.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import ProjError

from ..geo import datums
from ..model import LEVELS
from ..runs import work_folder
from . import crs as coordinates
from . import values as attributes
from .columns import Columns
from .encoding import garbled
from .geometry import (
    MENDED,
    STORED,
    against_areas,
    against_floors,
    family_of,
    place,
    points_of,
    shapes_of,
)
from .layer import FileReport, LayerReport, Options
from .log import Book
from .sandbox.staging import KINDS, Refusal, Staged, stage
from .source import Raw, read_raw, start_for
from .tabular import forms_of

__all__ = ["FileReport", "LayerReport", "Options", "examine"]

FAR_KM = 100.0
SORTED_ABOVE = 100_000
"""From this many features on, a stored layer is in Hilbert order with a box for each row."""
_HINT = re.compile(r"gcj|bd-?09|火星|高德|百度|amap|baidu|mars", re.IGNORECASE)
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
    with work_folder() as folder:
        work = Path(folder).resolve()
        try:
            staged = stage(path, work, encoding=options.encoding, start=start_for(options, work))
        except Refusal as refusal:
            return [FileReport(source, _suffix(source), refusal=refusal)]
        if options.layer is not None and len(staged) > 1:
            chosen = [one for one in staged if one.name == options.layer]
            staged = chosen or staged
        reports = []
        for one in staged:
            report = FileReport(source, one.kind, size=one.size, rows=one.findings)
            reports.append(report)
            several = len(staged) > 1
            try:
                raws = read_raw(one, work, options if not several else replace(options, layer=None))
                with np.errstate(all="ignore"):  # what is not finite is a finding, not a warning
                    for raw in raws:
                        if several:
                            raw.name = f"{one.name}/{raw.name}" if len(raws) > 1 else one.name
                        report.layers.append(
                            _look(raw, one, options, level, expected, expected_name)
                        )
                _leave_out_empty(report)
                _apart(report)
                report.sha256 = one.sha256
            except Refusal as refusal:
                report.refusal = refusal
                report.layers = []
            except MemoryError:
                report.refusal = Refusal("R442")
            except _BROKEN as problem:  # a damaged file got past every check: still a sentence
                words = f"{type(problem).__name__}: {problem}".splitlines()[0][:160]
                report.refusal = Refusal("R440", detail=words)
            if not report.sha256:
                with contextlib.suppress(Refusal):
                    report.sha256 = one.sha256
        return reports


def _suffix(source: Path) -> str:
    return KINDS.get(source.suffix.lower(), "")


def _look(
    raw: Raw,
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
    found = shapes_of(raw, book) if raw.wkb is not None else None
    columns, units, matched, wanted = _attributes(raw, found, report, options, level)
    _hints(raw, one, options, book)
    geometry = None
    if found is not None:
        expected, expected_name = _where(columns, expected, expected_name)
        geometry = place(found, raw, report, options, wanted, level, expected, expected_name)
        found = None  # a large layer as it came is no longer needed
        if geometry is not None:
            sources = {column: source for source, column in matched.of.items()}
            against_areas(columns, geometry, sources, options, units, book)
            against_floors(columns, geometry, sources, options, book)
    else:
        geometry = points_of(columns, wanted, options, book, expected, expected_name)
    _identify(columns, wanted, book, table=report.table, asked=level is not None)
    if geometry is not None and not report.table:
        _doubles(columns, geometry, book)
    _close(report, columns, geometry)
    return report


def _attributes(
    raw: Raw, found: Any, report: LayerReport, options: Options, level: str | None
) -> tuple[pd.DataFrame, dict[str, str], Columns, str]:
    """Return the attributes in the columns of a level, units taken, how they matched, the level."""
    book = report.book
    frame = attributes.clean_texts(_with_plain_names(raw.frame, book), book)
    family = family_of(found[0]) if found is not None else None
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
    report.facts = _facts(raw, frame, matched, len(frame))
    _codes(columns, report.facts)
    return columns, units, matched, wanted


def _with_plain_names(frame: pd.DataFrame, book: Book) -> pd.DataFrame:
    """Return the frame with garbled column names turned back, if that is accepted."""
    ways = {str(c): way for c in frame.columns if (way := garbled(str(c))) is not None}
    if not ways:
        return frame
    name, (back, how) = next(iter(ways.items()))
    if book.stop("R206", other=name, detail=f"{how}，应为 should be “{back}”"):
        return frame
    return frame.rename(columns={old: right for old, (right, _) in ways.items()})


def _carry_over(raw: Raw, book: Book) -> None:
    names = list(raw.facts.get("types") or map(str, raw.frame.columns))
    for twins in attributes.twins(names):
        book.add("R537", None, detail="、".join(twins), other=twins[0])
    if raw.wkb is not None and (bare := _without_attributes(raw.frame)):
        book.add("R540", None, measured=bare)
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


def _without_attributes(frame: pd.DataFrame) -> int:
    """Count the rows that say nothing, where others do."""
    empty = np.ones(len(frame), dtype=bool)
    for name in frame.columns:
        if str(name).casefold() not in {"id", "fid", "gid", "objectid"}:
            empty &= frame[name].isna().to_numpy()
        if not empty.any():
            break
    return 0 if empty.all() else int(empty.sum())


def _facts(raw: Raw, frame: pd.DataFrame, matched: Any, count: int) -> dict[str, Any]:
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
        counts = columns[column].dropna().astype("str").value_counts(sort=False)
        forms = {
            "yonghai_2023": r"^(0[1-9]|1\d|2[0-4])(\d{2}){0,2}[A-Z]?$",
            "gbt21010_2017": r"^(0[1-9]|1[0-2])\d{0,2}$",
            "gb50137_2011": r"^[ABEGHMRSUW]\d{0,2}$",
        }
        recognised[column] = {
            system: round(float(counts[counts.index.str.match(form)].sum() / counts.sum()), 4)
            for system, form in forms.items()
        }
    facts["codes"] = recognised


def _hints(raw: Raw, one: Staged, options: Options, book: Book) -> None:
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


def _identify(columns: pd.DataFrame, level: str, book: Book, *, table: bool, asked: bool) -> None:
    """See that every feature has an id of its own; the later ones of a repeated id are refused."""
    if level == "enterprise":
        _without_year(columns, book)
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
    if table and LEVELS[level].geometry not in {"point", "any"}:
        return  # to be joined: a repeated key is found there
    forms = forms_of(ids)
    if forms.duplicated().any() or table:
        _repeated(columns, level, book, table=table)
        if not table:
            _alike(ids, forms, book)
    _years(columns, book)


def _repeated(columns: pd.DataFrame, level: str, book: Book, *, table: bool) -> None:
    """Refuse the later ones of features with the same id in the same years."""
    keys = [k for k in (*LEVELS[level].feature_key, "since", "until") if k in columns]
    held = columns.loc[~columns.index.isin(list(book.refused)), keys]
    if table:
        held = held.assign(id=held["id"].str.casefold())
    again = held.index[held.duplicated(keep="first")]
    for row in again[columns["id"].loc[again].notna()].tolist():
        book.add("R501", row)


def _alike(ids: pd.Series, forms: pd.Series, book: Book) -> None:
    """Name ids that differ in form only: one of them is likely a slip."""
    forms = forms[ids.notna() & ~ids.duplicated()]
    first: dict[str, str] = {}
    for row, form in forms[forms.duplicated(keep=False)].items():
        label = str(ids.loc[row])
        if first.setdefault(form, label) != label and row not in book.refused:
            book.add("R539", row, other=first[form])


_BY_YEAR = ("staff_persons", "tax_wan", "income_wan", "investment_wan", "rd_wan", "energy_tce")


def _without_year(columns: pd.DataFrame, book: Book) -> None:
    """Say which firms name no year: what they state then counts in no year's accounts."""
    without = (
        columns["year"].isna() if "year" in columns else pd.Series(data=True, index=columns.index)
    )
    without &= ~columns.index.isin(list(book.refused))
    if not without.any():
        return
    stated = [c for c in _BY_YEAR if c in columns and columns.loc[without, c].notna().any()]
    words = {} if stated else {"severity": "note"}
    detail = "、".join(stated) or "—"
    book.add("R538", None, measured=int(without.sum()), detail=detail, **words)


def _years(columns: pd.DataFrame, book: Book) -> None:
    """Hold the years of features against each other: first before last, one state at a time."""
    if not {"since", "until"} & set(columns.columns):
        return
    blank = pd.Series(np.nan, index=columns.index)
    since = columns.get("since", blank).to_numpy(dtype="float64", na_value=np.nan)
    until = columns.get("until", blank).to_numpy(dtype="float64", na_value=np.nan)
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(since >= until)
    for row in wrong.tolist()[:5000]:
        book.add("R536", row, measured=float(until[row]), limit=float(since[row]))
    if "year" in columns:
        return
    alive = np.ones(len(columns), dtype=bool)
    alive[list(book.refused)] = False
    alive[wrong] = False
    ids = columns["id"].where(alive)
    again = np.flatnonzero((ids.duplicated(keep=False) & ids.notna()).to_numpy())
    first = np.where(np.isnan(since), -np.inf, since)
    last = np.where(np.isnan(until), np.inf, until)
    reached: dict[str, float] = {}
    for row in sorted(again.tolist(), key=lambda r: (first[r], r)):
        label = str(ids.iloc[row])
        if first[row] < reached.get(label, -np.inf):
            book.add("R501", row)
        else:
            reached[label] = float(last[row])


def _doubles(columns: pd.DataFrame, lonlat: NDArray[np.object_], book: Book) -> None:
    """Find features of the very same shape: the same in all is refused, the rest is said."""
    alive = ~shapely.is_missing(lonlat)
    alive[list(book.refused)] = False
    rows = np.flatnonzero(alive)
    years = [key for key in ("since", "until", "year") if key in columns]
    when = [columns[key].to_numpy(dtype="float64", na_value=np.nan)[rows] for key in years]
    told = np.column_stack([shapely.bounds(lonlat[rows]), *when])
    told = np.where(np.isnan(told), np.inf, told) + 0.0  # nothing is nothing, and -0 is 0
    some = np.flatnonzero(pd.DataFrame(told).duplicated(keep=False).to_numpy())
    rows = rows[some]
    if not len(rows):
        return
    shapes = shapely.to_wkb(shapely.normalize(lonlat[rows]))
    keys = [wkb + year.tobytes() for wkb, year in zip(shapes, told[some, 4:], strict=True)]
    marks, _ = pd.factorize(np.array([None, *keys], dtype="object")[1:])
    first = np.full(marks.max() + 1, -1)
    first[marks[::-1]] = rows[::-1]  # of equal ones the earliest stays
    before = first[marks]
    later = rows != before
    rows, before = rows[later], before[later]
    others = [c for c in columns.columns if c != "id"]
    same = _alike_in(columns, others, rows, before)
    if not any(r["rule"] == "R503" for r in book.rows):
        same &= _alike_in(columns, ["id"], rows, before)
    for k in range(len(rows)):
        label = str(columns["id"].iloc[before[k]])
        book.add("R319" if same[k] else "R321", int(rows[k]), other=label)


def _alike_in(columns: pd.DataFrame, names: list[str], a: Any, b: Any) -> Any:
    """Say which of some rows hold the same as others in all of some columns; nothing is nothing."""
    alike = np.ones(len(a), dtype=bool)
    for name in names:
        one, two = (columns[name].iloc[rows].reset_index(drop=True) for rows in (a, b))
        equal = (one == two).fillna(value=False).to_numpy(dtype=bool)
        alike &= equal | (one.isna() & two.isna()).to_numpy()
    return alike


def _close(
    report: LayerReport, columns: pd.DataFrame, geometry: NDArray[np.object_] | None
) -> None:
    """Close the books: the rows in use, the table of repairs, the table of refusals."""
    book = report.book
    report.labels = columns["id"].reset_index(drop=True) if "id" in columns else None
    report.places = geometry
    counts = book.counts
    assert counts["in"] == counts["used"] + counts["repaired"] + counts["refused"]
    fix = [
        {
            "feature": _name(report, entry["row"]),
            "rule": entry["rule"],
            "before_m2": entry.get("measured") if entry["rule"] in MENDED.values() else None,
            "after_m2": entry.get("limit") if entry["rule"] in MENDED.values() else None,
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
    report.columns = columns if keep.all() else columns.loc[keep].reset_index(drop=True)
    report.shapes = None if geometry is None else geometry[keep]


def _name(report: LayerReport, row: int) -> str:
    value = None if report.labels is None else report.labels[row]
    return value if isinstance(value, str) else f"#{row + 1}"


def _leave_out_empty(report: FileReport) -> None:
    """Leave out layers that have no features where others have some, and name them."""
    empty = [
        layer
        for layer in report.layers
        if not layer.book.count and [stop.rule for stop in layer.book.stops] == ["R412"]
    ]
    if empty and len(empty) < len(report.layers):
        names = "、".join(layer.name for layer in empty[:20])
        report.rows.append({"rule": "R412", "row": None, "severity": "note", "detail": names})
        report.layers = [layer for layer in report.layers if layer not in empty]


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

"""Taking a file into a zone: examine, mend with a record, store, and say so in the ledger.

The record of a layer stands in the layer's own file, so that the two are replaced in one step.
``ledger.json`` and ``ledger.csv`` beside it tell a person the same, with the dates.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from .. import __version__
from ..accounts import features as states
from ..errors import UnknownNameError, ZoneError
from ..findings import combine
from ..intake import tabular as tables
from ..intake.examine import examine, shifts
from ..intake.geometry import against_areas, against_floors
from ..intake.identity import numbered_on
from ..intake.layer import STORED, Expected, Layer, Options
from ..intake.log import Log, Refusal
from ..intake.sandbox import archive
from ..model import LEVELS
from .history import IMPORT, forget_earlier, keep, locked, next_delivery, tell
from .layers import store_layer, stored_record, the_layer
from .outside import delivered, refuse_links
from .spreadsheets import write_csv
from .stored import corners_of, read_stored_layer, stored_file
from .zones import layer_files, middle_of, own_codes, read_settings, zone_folder

__all__ = ["Intake", "import_all", "import_file"]

ZONE_REACH_KM = 150.0  # parks of one zone lie far apart


@dataclass
class Intake:
    """What became of one import.

    ``before`` is how many features the level had, ``replaced`` its file if that was another one
    than ``stored``, ``columns_lost`` what the layer held before and holds no more. ``changes`` says
    of an update what became of each feature (:func:`zgcgis.accounts.compare_features`).
    """

    zone: Path
    level: str
    source: str
    layer: str
    counts: dict[str, int]
    findings: GeoDataFrame
    repairs: pd.DataFrame
    refused: pd.DataFrame
    stored: Path | None
    unchanged: bool = False
    before: int | None = None
    replaced: Path | None = None
    columns_lost: tuple[str, ...] = ()
    record: dict[str, Any] = field(default_factory=dict)
    changes: pd.DataFrame | None = None


@dataclass(frozen=True)
class _How:
    """How a layer meets the one that is there, and to which delivery it belongs."""

    add: bool = False
    update: bool = False
    year: int | None = None
    dry_run: bool = False
    delivery: int | None = None

    def __post_init__(self) -> None:
        if self.add and self.update:
            zh = "add 与 update 只能选一个：add 追加新要素，update 与已有图层逐个比较。"
            raise ZoneError(zh, "add and update exclude each other: one adds, the other compares.")

    @property
    def name(self) -> str:
        return "add" if self.add else "update" if self.update else "replace"


def import_file(
    path: str | Path,
    zone: str | Path,
    level: str,
    *,
    options: Options | None = None,
    add: bool = False,
    update: bool = False,
    year: int | None = None,
    dry_run: bool = False,
) -> Intake:
    """Import one file into a zone.

    Parameters
    ----------
    path, zone, level
        The file, the zone's folder, and the level whose layer it is.
    options
        What the file does not say itself.
    add
        Add to the layer that is there instead of replacing it; ids must not repeat.
    update, year
        Take the file as the state of a later year: what is new or changed begins in that year,
        what it holds no more ends in it. The year is told by the file where it says so.
    dry_run
        Do everything but write.

    Returns
    -------
    intake
        Counts (in = used + repaired + refused), findings, repairs and where it was stored.

    Raises
    ------
    ReadError, ZoneError
        If the file or the zone cannot be used.
    """
    how = _How(add, update, year, dry_run)
    return _import_one(path, zone, level, options or Options(), how)


def _import_one(
    path: str | Path, zone: str | Path, level: str, options: Options, how: _How
) -> Intake:
    if level not in LEVELS:
        raise UnknownNameError(level, LEVELS, what="level", zh="图层级别")
    folder = zone_folder(zone)
    refuse_links(folder)
    with (
        contextlib.nullcontext() if how.dry_run else locked(folder),
        contextlib.nullcontext(own_codes(folder)),  # known while they are held
    ):
        return _import(path, folder, level, options, how)


def import_all(
    path: str | Path,
    zone: str | Path,
    *,
    options: Options | None = None,
    add: bool = False,
    update: bool = False,
    year: int | None = None,
    dry_run: bool = False,
) -> list[Intake]:
    """Import every layer of a file, an archive or a folder, each to the level it shows itself.

    Shapes come before the tables that are joined to them, and what is named before what names it.

    Parameters
    ----------
    path, zone, options, add, update, year, dry_run
        As of :func:`import_file`; the path may be a folder.

    Raises
    ------
    ReadError, ZoneError
        If anything cannot be used, or it cannot be told what a layer is or which of several is
        meant: all of it is said at once, and nothing is imported.
    """
    options = options or Options()
    folder = zone_folder(zone)
    refuse_links(folder)
    with contextlib.nullcontext(own_codes(folder)):  # known while they are held
        how = _How(add, update, year, dry_run, next_delivery(folder))
        return _import_all(path, folder, options, how)


def _import_all(path: str | Path, folder: Path, options: Options, how: _How) -> list[Intake]:
    found: list[_Part] = []
    unclear: list[str] = []
    for file in map(Path, delivered(path)):
        for report in examine(file, options=options, **_of_zone(folder, "")):
            if report.refusal is not None:
                raise report.refusal.of(str(file))
            several = len(report.layers) > 1 or file.suffix.lower() in archive.SUFFIXES
            for layer in report.layers:
                if not layer.sure and options.layer in {None, layer.name}:
                    unclear.append(f"{file.name}: {layer.name}")
                found.append(_Part(file, layer.name if several else options.layer, layer))
    by_level: dict[str, list[_Part]] = {}
    for part in found:
        if not part.joins and part.layer.sure:
            by_level.setdefault(part.layer.level, []).append(part)
    doubled = [
        f"{level}: {'、'.join(part.title for part in parts)}"
        for level, parts in by_level.items()
        if len(parts) > 1 and not how.add and not _of_kinds(parts)
    ]
    if unclear or doubled or not found:
        raise _what_to_ask(path, unclear, doubled)
    order = list(LEVELS)
    found.sort(key=lambda part: (part.joins, order.index(part.layer.level)))
    beside = [] if how.update else [one for parts in by_level.values() for one in parts[1:]]
    return [
        _import_one(
            part.file,
            folder,
            part.layer.level,
            replace(options, layer=part.name),
            replace(how, add=how.add or part in beside),
        )
        for part in found
    ]


@dataclass(frozen=True)
class _Part:
    """A layer of a delivery: its file, the name by which it is asked for, what it is."""

    file: Path
    name: str | None
    layer: Layer

    @property
    def joins(self) -> bool:
        return self.layer.table and LEVELS[self.layer.level].geometry not in {"point", "any"}

    @property
    def title(self) -> str:
        return self.file.name if self.name is None else f"{self.file.name} ({self.name})"


def _of_kinds(parts: list[_Part]) -> bool:
    """Whether layers of one level are of as many kinds by law, and so belong side by side."""
    kinds = [part.layer.schema.kind for part in parts if part.layer.schema is not None]
    return len(set(filter(None, kinds))) == len(parts)


def _what_to_ask(path: str | Path, unclear: list[str], doubled: list[str]) -> ZoneError:
    zh, en = [], []
    if unclear:
        zh.append(f"看不出属于哪一级的图层：{'；'.join(unclear)}。请逐个导入并用 --level 说明")
        en.append(
            f"it cannot be told of which level are: {'; '.join(unclear)}; import each with --level"
        )
    if doubled:
        zh.append(f"同一级别有几个图层：{'；'.join(doubled)}。请用 --layer 选一个，或用 --add 合并")
        en.append(
            f"several layers are of one level: {'; '.join(doubled)}; choose by --layer, or join by --add"
        )
    if not zh:
        zh.append("其中没有可读取的数据")
        en.append("it holds no data that can be read")
    return ZoneError(
        f"{path}：{'；'.join(zh)}。未导入任何图层。",
        f"{path}: {'; '.join(en)}. Nothing was imported.",
    )


def _of_zone(folder: Path, level: str) -> dict[str, Any]:
    """Return what a zone says of the layers that are meant for it."""
    expected = _where_it_should_lie(folder, level)
    corners = partial(corners_of, layer_files(folder / "layers"))
    return {
        "expected": expected and replace(expected, corners=corners),
        "zone_system": str(read_settings(folder / "zone.toml").get("land_use_system") or ""),
    }


def _import(path: str | Path, folder: Path, level: str, options: Options, how: _How) -> Intake:
    report, layer = the_layer(path, level, options, **_of_zone(folder, level))
    files = layer_files(folder / "layers")
    joins = layer.table and LEVELS[level].geometry not in {"point", "any"}
    if joins and level == "parcel" and "land_patch" in files:
        level = level if level in files else "land_patch"  # the land that there is
    stored = folder / "layers" / f"{level}.parquet"
    old = files.get(level)
    there = stored_record(stored) if old == stored else None
    record: dict[str, Any] = {
        "file": Path(path).name,
        "sha256": report.sha256,
        "layer": layer.name,
        "options": options.as_record(),
        "how": "join" if joins else how.name,
        "counts": layer.log.counts,
        "with": f"zgcgis {__version__}",
    }
    same = _find(there or [], record, report.sha256 if joins else None)
    if same is not None:
        intake = _intake(folder, level, path, layer, stored, same)
        intake.unchanged = True
        intake.counts = same["counts"]
        if not how.dry_run:
            tell(folder, _entry(intake), once=True)
        return intake
    frame, shapes, changes = layer.used_values, layer.used_shapes, None
    records = [*(there or []), record] if joins or (old and how.name != "replace") else [record]
    if joins:
        frame, layer = _joined(layer, old, level, path, options)
        shapes = None
    elif old is not None and (how.add or (_kind(layer) and not how.update)):
        frame, layer = _added(layer, old, level, instead=not how.add)
        record["how"] = "add"
        records = [*(there or []), record]
        shapes = None
    elif how.update and old is not None:
        frame, layer, changes = _updated(layer, old, level, path, how.year)
        record["year"] = int(frame.attrs["year"])
        layer = _pointed_at(layer, changes, folder, level)
        record["changes"] = {k: int((changes["kind"] == k).sum()) for k in states.KINDS}
        shapes = None
    record["counts"] = layer.log.counts
    if shapes is None:
        given = frame.geometry if isinstance(frame, GeoDataFrame) else [None] * len(frame)
        shapes = np.array([None, *given], dtype="object")[1:]
    layer = _compared(layer, shapes, folder, level)
    intake = _intake(folder, level, path, layer, None if how.dry_run else stored, record)
    intake.changes = changes
    intake.findings = combine([report.findings, intake.findings])
    intake.before, intake.columns_lost = _what_was(old, level, frame)
    if not how.dry_run:
        _store(intake, frame, records, shapes, old, how)
    return intake


def _store(
    intake: Intake, frame: pd.DataFrame, records: Any, shapes: Any, old: Path | None, how: _How
) -> None:
    """Put the layer in place, keep what it was, and enter it in the ledger."""
    delivery = how.delivery or next_delivery(intake.zone)

    def fill(work: Path, record: Path) -> Path:
        new = work / f"{intake.level}.parquet"
        store_layer(frame, new, intake.level, records, shapes=shapes)
        if intake.changes is not None:
            table = intake.changes.drop(columns=["old", "new"])
            rows = table.itertuples(index=False, name=None)
            write_csv(record / "changes.csv", [list(table.columns), *rows])
        return new

    facts = {"schema": "zgcgis.import/1", "delivery": delivery, "import": intake.record}
    keep(intake.zone, intake.level, IMPORT, facts, fill)
    forget_earlier(intake.zone, delivery)
    if old is not None and old != intake.stored:
        intake.replaced = old
    tell(intake.zone, _entry(intake))


def _entry(intake: Intake) -> dict[str, Any]:
    """Return what the ledger says of an import."""
    rules = intake.findings["rule"].value_counts(sort=False).items()
    return {
        "level": intake.level,
        **intake.record,
        "rules": {str(rule): int(count) for rule, count in rules},
        "repairs": _plain(intake.repairs),
        "refused": _plain(intake.refused),
    }


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.to_dict("records")
    return [{str(k): (None if pd.isna(v) else v) for k, v in row.items()} for row in rows]


def _what_was(
    old: Path | None, level: str, frame: pd.DataFrame
) -> tuple[int | None, tuple[str, ...]]:
    """Return how many features a level had, and the columns with values that it will lose."""
    if old is None:
        return None, ()
    file = stored_file(old, level)
    if file is not None:
        count, filled = file.count, set(file.filled)
    else:
        layer = read_stored_layer(old, level)
        count = len(layer)
        filled = {str(c) for c in layer.columns.drop("geometry") if layer[c].notna().any()}
    kept = {str(c) for c in frame.columns if c == "geometry" or frame[c].notna().any()}
    return count, tuple(sorted(filled - kept))


def _where_it_should_lie(folder: Path, level: str) -> Expected | None:
    """Return where a layer of the zone should lie: by its centre, else by its other layers."""
    center = read_settings(folder / "zone.toml").get("center")
    if center:
        place, name = (float(center[0]), float(center[1])), "示范区中心 the centre of the zone"
        return Expected(place, name, ZONE_REACH_KM)
    there = middle_of(_others(folder, level))
    return there and Expected(there, "示范区已有的图层 the layers of the zone", ZONE_REACH_KM)


def _others(folder: Path, level: str) -> dict[str, Path]:
    files = layer_files(folder / "layers")
    return {other: path for other, path in sorted(files.items()) if other != level}


def _find(
    there: list[dict[str, Any]], record: dict[str, Any], joined: str | None
) -> dict[str, Any] | None:
    """Return the import that already was as this one would be, unless the layer was fixed since.

    A table that is joined is the same by its bytes and options alone; an update only after itself.
    """
    if any(old.get("how") == "fix" for old in there):
        return None
    if record["how"] == "update":
        there = there[-1:]
    keys = ("sha256", "layer", "options", "how", "with")
    same = next((old for old in there if all(old.get(k) == record[k] for k in keys)), None)
    if same is None and joined is not None:
        same = next((old for old in there if old.get("sha256") == joined), None)
        same = same if same is not None and same["options"] == record["options"] else None
    return same


def _intake(
    folder: Path, level: str, path: str | Path, layer: Layer, stored: Path | None, record: Any
) -> Intake:
    return Intake(
        zone=folder,
        level=level,
        source=str(path),
        layer=layer.name,
        counts=layer.log.counts,
        findings=layer.findings,
        repairs=layer.repairs,
        refused=layer.refused,
        stored=stored,
        record=record,
    )


def _joined(
    layer: Layer, old: Path | None, level: str, path: str | Path, options: Options
) -> tuple[GeoDataFrame, Layer]:
    """Join the rows of a table to the layer that is there; each row that finds no feature is told."""
    if old is None:
        raise ZoneError(
            f"{path} 是没有图形的表，而示范区还没有 {level} 图层可连接。请先导入该图层的图形。",
            f"{path} is a table without shapes, and the zone has no {level} layer to join it to. "
            "Import the shapes of that layer first.",
        )
    ours, table = read_stored_layer(old, level), layer.used_values
    log = Log(len(table), options.accept)
    made = tables.join(ours, table, log)
    _hold_areas(ours, table, layer, options, log)
    if log.stops:
        raise log.stops[0].of(str(path))
    layer = layer.after(_of_the_file(log, layer))
    if not layer.kept.any():
        sample = f"{table['id'].iloc[0]} ↔ {ours['id'].iloc[0]}"
        raise Refusal(
            "R412", file=str(path), detail=f"没有一行能连接 no row could be joined ({sample})"
        )
    return GeoDataFrame(made, geometry="geometry", crs=ours.crs), layer


def _of_the_file(log: Log, layer: Layer) -> Log:
    """Return a log of the rows in use as one of the rows of the file."""
    rows = np.flatnonzero(layer.kept).tolist()
    found = [replace(one, row=None if one.row is None else rows[one.row]) for one in log.findings]
    return Log(
        layer.log.count,
        log.accept,
        found,
        {rows[row]: rule for row, rule in log.refused.items()},
        {rows[row]: rules for row, rules in log.repaired.items()},
        listed=log.listed,
    )


def _hold_areas(
    ours: GeoDataFrame, table: pd.DataFrame, layer: Layer, options: Options, log: Log
) -> None:
    """Hold areas of a table against the shapes that its rows are joined to."""
    shapes: dict[str, Any] = {}
    for shape, key in zip(ours.geometry, ours["id"], strict=True):
        if isinstance(key, str):
            shapes.setdefault(tables.form_of(key), shape)
    keys = [tables.form_of(key) if isinstance(key, str) else "" for key in table["id"]]
    found = np.array([None, *map(shapes.get, keys)], dtype="object")[1:]
    sources = layer.matched.sources
    units = {one.column: one.unit for one in layer.fields if one.column and one.unit}
    against_areas(table, found, sources, options, units, log)
    if "storeys" in table:
        against_floors(table, found, sources, options, log)


def _kind(layer: Layer) -> str:
    return layer.schema.kind if layer.schema is not None else ""


def _added(
    layer: Layer, old: Path, level: str, *, instead: bool = False
) -> tuple[GeoDataFrame, Layer]:
    """Add the features to the layer that is there; one that it holds already is refused.

    Features of one kind by law may come `instead` of those of their kind: others stay.
    """
    frame = layer.frame
    assert frame is not None
    ours = read_stored_layer(old, level)
    if instead:
        ours = ours[ours["kind"] != _kind(layer)] if "kind" in ours else ours.iloc[:0]
    ours = ours[[c for c in ours.columns if not ours[c].isna().all() or c in frame]]
    log = Log(len(frame), layer.log.accept)
    if layer.schema is not None and _kind(layer) and "kind" in ours:
        other = ours[ours["kind"] != _kind(layer)]
        theirs = np.flatnonzero(frame["id"].isin(other["id"]))
        if len(theirs):
            frame = frame.copy()
            sample = frame["id"].iloc[theirs[0]]
            frame.iloc[theirs, frame.columns.get_loc("id")] = (
                layer.schema.name + "-" + frame["id"].iloc[theirs]
            )
            log.add("R570", None, other=str(sample), measured=len(theirs), detail=layer.schema.name)
    keys = [k for k in (*LEVELS[level].feature_key, "since", "until") if k in frame and k in ours]
    known = set(map(tuple, ours[keys].astype("str").to_numpy().tolist()))
    doubles: dict[int, str] = {}
    if layer.numbered:
        frame, doubles = numbered_on(frame, ours)
    again = np.array([tuple(row) in known for row in frame[keys].astype("str").to_numpy().tolist()])
    for row in np.flatnonzero(again).tolist():
        log.add("R501", row)
    for row, other in doubles.items():
        log.add("R319", row, other=other)
        again[row] = True
    both = pd.concat([pd.DataFrame(ours), pd.DataFrame(frame[~again])], ignore_index=True)
    made = GeoDataFrame(both, geometry="geometry", crs=STORED)
    return made, layer.after(_of_the_file(log, layer))


# --- next year's delivery ------------------------------------------------------------------------

MOST_LEFT = 0.5
"""Share of the features that may end with nothing on their ground before that is asked about."""


def _updated(
    layer: Layer, old: Path, level: str, path: str | Path, year: int | None
) -> tuple[GeoDataFrame, Layer, pd.DataFrame]:
    """Take the layer as the state of a later year of the one that is there."""
    ours = read_stored_layer(old, level)
    frame = layer.frame
    assert frame is not None
    if not isinstance(frame, GeoDataFrame):
        frame = GeoDataFrame(frame, geometry=[None] * len(frame), crs=STORED)
    log = layer.log.fresh()
    year, told = states.year_of_delivery(frame, path, year)
    log.add("R559", None, measured=year, detail=told)
    now = states.standing(ours, frame, LEVELS[level].feature_key)
    late = max(ours["since"].dropna(), default=year) if "since" in ours else year
    if late > year:
        raise ZoneError(
            f"{level} 图层已有 {int(late)} 年的要素，不能再用 {year} 年的数据更新。"
            "请核对年份（--year），或不加 --update 整层替换。",
            f"The {level} layer holds features that begin in {int(late)}; it cannot be updated by data "
            f"of {year}. See to --year, or replace the layer without --update.",
        )
    here = ours[now].reset_index(drop=True)
    key = [k for k in LEVELS[level].feature_key if k in frame and k in here] or ["id"]
    features = states.compare_features(here, frame, key=key, renamed=not layer.numbered)
    bare = states.on_bare_ground(
        here.iloc[features.loc[features["kind"] == "retired", "old"]], frame
    )
    if bare > MOST_LEFT * len(here):
        log.stop("R560", measured=bare, limit=len(here))
        if log.stops:
            raise log.stops[0].of(str(path))
    dated = {"since", "until"} <= set(LEVELS[level].columns)
    if not dated:
        log.add("R561", None, other=level, measured=int((features["kind"] == "retired").sum()))
    made = states.carried_on(here, frame, features, year=year if dated else None)
    whole = pd.concat([pd.DataFrame(ours[~now]), made], ignore_index=True)
    whole.attrs["year"] = year
    return GeoDataFrame(whole, geometry="geometry", crs=STORED), layer.after(log), features


def _pointed_at(layer: Layer, changes: pd.DataFrame, folder: Path, level: str) -> Layer:
    """Name the other layers whose features point at one by a number that it no longer has."""
    log, column = layer.log.fresh(), "parcel_id" if level == "land_patch" else f"{level}_id"
    for other, path in _others(folder, level).items():
        count, sample = states.pointing_at(changes, read_stored_layer(path, other), column)
        if count:
            log.add("R576", None, measured=count, other=other, detail=sample)
    return layer.after(log)


def _compared(layer: Layer, shapes: NDArray[np.object_], folder: Path, level: str) -> Layer:
    """Say so when the layer lies off those of the zone as a map provider's datum would make it."""
    others = {} if shapely.is_missing(shapes).all() else _others(folder, level)
    if not others:
        return layer
    references = [(n, read_stored_layer(p, n).geometry.to_numpy()) for n, p in others.items()]
    log = layer.log.fresh()
    log.findings += shifts([(level, shapes)], references)
    return layer.after(log)

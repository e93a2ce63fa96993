"""Taking a file into a zone: examine, mend with a record, store, and say so in the ledger.

The record of a layer stands in the layer's own file, so that the two are replaced in one step.
``ledger.json`` and ``ledger.csv`` beside it tell a person the same, with the dates.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from .. import __version__
from ..errors import UnknownNameError, ZoneError
from ..findings import combine
from ..intake import tabular as tables
from ..intake.examine import examine, shifts
from ..intake.geometry import against_areas, against_floors
from ..intake.layer import STORED, Expected, Layer, Options
from ..intake.log import Log, Refusal
from ..intake.sandbox import archive
from ..model import LEVELS
from ..runs import hold
from ..safe_text import json_text
from .layers import store_layer, stored_box, stored_record, the_layer
from .outside import delivered, refuse_links
from .spreadsheets import write_csv
from .stored import read_stored_layer, stored_file
from .writing import write_text_whole
from .zones import layer_files, own_codes, read_settings, zone_folder

__all__ = ["Intake", "import_all", "import_file", "locked"]

ZONE_REACH_KM = 150.0  # parks of one zone lie far apart
WAIT_SECONDS = 30.0


@dataclass
class Intake:
    """What became of one import.

    ``before`` is how many features the level had, ``replaced`` its file if that was another one
    than ``stored``, ``columns_lost`` what the layer held before and holds no more.
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


def import_file(
    path: str | Path,
    zone: str | Path,
    level: str,
    *,
    options: Options | None = None,
    add: bool = False,
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
    options = options or Options()
    if level not in LEVELS:
        raise UnknownNameError(level, LEVELS, what="level", zh="图层级别")
    folder = zone_folder(zone)
    refuse_links(folder)
    with (
        contextlib.nullcontext() if dry_run else locked(folder),
        contextlib.nullcontext(own_codes(folder)),  # known while they are held
    ):
        return _import(path, folder, level, options, add=add, dry_run=dry_run)


def import_all(
    path: str | Path,
    zone: str | Path,
    *,
    options: Options | None = None,
    add: bool = False,
    dry_run: bool = False,
) -> list[Intake]:
    """Import every layer of a file, an archive or a folder, each to the level it shows itself.

    Shapes come before the tables that are joined to them, and what is named before what names it.

    Parameters
    ----------
    path, zone, options, add, dry_run
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
        return _import_all(path, folder, options, add=add, dry_run=dry_run)


def _import_all(
    path: str | Path, folder: Path, options: Options, *, add: bool, dry_run: bool
) -> list[Intake]:
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
        if len(parts) > 1 and not add and not _of_kinds(parts)
    ]
    if unclear or doubled or not found:
        raise _what_to_ask(path, unclear, doubled)
    order = list(LEVELS)
    found.sort(key=lambda part: (part.joins, order.index(part.layer.level)))
    return [
        import_file(
            part.file,
            folder,
            part.layer.level,
            options=replace(options, layer=part.name),
            add=add or part in by_level.get(part.layer.level, [])[1:],
            dry_run=dry_run,
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
    return {
        "expected": _where_it_should_lie(folder, level),
        "zone_system": str(read_settings(folder / "zone.toml").get("land_use_system") or ""),
    }


def _import(
    path: str | Path, folder: Path, level: str, options: Options, *, add: bool, dry_run: bool
) -> Intake:
    stored = folder / "layers" / f"{level}.parquet"
    old = layer_files(folder / "layers").get(level)
    there = stored_record(stored) if old == stored else None
    report, layer = the_layer(path, level, options, **_of_zone(folder, level))
    record = {
        "file": Path(path).name,
        "sha256": report.sha256,
        "layer": layer.name,
        "options": options.as_record(),
        "how": "add" if add else "replace",
        "counts": layer.log.counts,
        "with": f"zgcgis {__version__}",
    }
    joins = layer.table and LEVELS[level].geometry not in {"point", "any"}
    if joins:
        record["how"] = "join"
    same = _find(there or [], record, report.sha256 if joins else None)
    if same is not None:
        intake = _intake(folder, level, path, layer, stored, same)
        intake.unchanged = True
        intake.counts = same["counts"]
        if not dry_run:
            _tell(intake, same)
        return intake
    frame, shapes = layer.used_values, layer.used_shapes
    records = [record]
    if joins:
        frame, layer = _joined(layer, old, level, path, options)
        shapes = None
        records = [*(there or []), record]
    elif old is not None and (add or _kind(layer)):
        frame, layer = _added(layer, old, level, instead=not add)
        record["how"] = "add"
        shapes = None
        records = [*(there or []), record]
    record["counts"] = layer.log.counts
    if shapes is None:
        given = (
            frame.geometry.to_numpy() if isinstance(frame, GeoDataFrame) else [None] * len(frame)
        )
        shapes = np.array([None, *given], dtype="object")[1:]
    layer = _compared(layer, shapes, folder, level)
    intake = _intake(folder, level, path, layer, None if dry_run else stored, record)
    if len(report.findings):
        intake.findings = combine([report.findings, intake.findings])
    intake.before, intake.columns_lost = _what_was(old, level, frame)
    if not dry_run:
        stored.parent.mkdir(exist_ok=True)
        store_layer(frame, stored, level, records, shapes=shapes)
        if old is not None and old.name != stored.name:  # whole, and only then the old one goes
            old.unlink()
            intake.replaced = old
        _tell(intake, record)
    return intake


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
    there = _where_layers_lie(folder, level)
    return there and Expected(there, "示范区已有的图层 the layers of the zone", ZONE_REACH_KM)


def _where_layers_lie(folder: Path, level: str) -> tuple[float, float] | None:
    """Return the middle of the other layers of the zone, by what their files say of their box."""
    boxes = [_box(path, other) for other, path in _others(folder, level).items()]
    there = [box for box in boxes if box is not None]
    if not there:
        return None
    west, south = min(b[0] for b in there), min(b[1] for b in there)
    east, north = max(b[2] for b in there), max(b[3] for b in there)
    return (west + east) / 2, (south + north) / 2


def _others(folder: Path, level: str) -> dict[str, Path]:
    files = layer_files(folder / "layers")
    return {other: path for other, path in sorted(files.items()) if other != level}


def _box(path: Path, level: str) -> list[float] | None:
    if (box := stored_box(path)) is not None:
        return box
    bounds = read_stored_layer(path, level).total_bounds
    return [float(side) for side in bounds] if np.isfinite(bounds).all() else None


def _find(
    there: list[dict[str, Any]], record: dict[str, Any], joined: str | None
) -> dict[str, Any] | None:
    """Return the import that already was as this one would be, unless the layer was fixed since.

    A table that is joined is the same by its bytes and options alone.
    """
    if any(old.get("how") == "fix" for old in there):
        return None
    keys = ("sha256", "layer", "options", "how", "with")
    same = next((old for old in there if all(old.get(k) == record[k] for k in keys)), None)
    if same is None and joined is not None:
        same = next((old for old in there if old.get("sha256") == joined), None)
        same = same if same is not None and same["options"] == record["options"] else None
    return same


def _intake(
    folder: Path,
    level: str,
    path: str | Path,
    layer: Layer,
    stored: Path | None,
    record: dict[str, Any],
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
    again = np.array([tuple(row) in known for row in frame[keys].astype("str").to_numpy().tolist()])
    for row in np.flatnonzero(again).tolist():
        log.add("R501", row)
    both = pd.concat([pd.DataFrame(ours), pd.DataFrame(frame[~again])], ignore_index=True)
    made = GeoDataFrame(both, geometry="geometry", crs=STORED)
    return made, layer.after(_of_the_file(log, layer))


def _compared(layer: Layer, shapes: NDArray[np.object_], folder: Path, level: str) -> Layer:
    """Say so when the layer lies off those of the zone as a map provider's datum would make it."""
    others = {} if shapely.is_missing(shapes).all() else _others(folder, level)
    if not others:
        return layer
    references = [(n, read_stored_layer(p, n).geometry.to_numpy()) for n, p in others.items()]
    log = layer.log.fresh()
    log.findings += shifts([(level, shapes)], references)
    return layer.after(log)


# --- the ledger ----------------------------------------------------------------------------------


def _tell(intake: Intake, record: dict[str, Any]) -> None:
    """Enter an import in the ledger; one that changed nothing and stands there, only once."""
    folder = intake.zone
    path = folder / "ledger.json"
    entries: list[dict[str, Any]] = []
    if path.is_file():
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))["imports"]
        except (ValueError, KeyError) as problem:
            raise ZoneError(
                f"{path} 不是有效的台账（{problem}）。请从备份恢复，或移走后重新导入。",
                f"{path} is no valid ledger ({problem}). Restore it, or move it away and import again.",
            ) from problem
    mine = {"level": intake.level, **record}
    if intake.unchanged and any({k: e.get(k) for k in mine} == mine for e in entries):
        return
    entry = {
        **mine,
        "date": dt.datetime.now(tz=dt.UTC).replace(microsecond=0).isoformat(),
        "rules": {
            str(rule): int(count)
            for rule, count in intake.findings["rule"].value_counts(sort=False).items()
        },
        "repairs": _plain(intake.repairs),
        "refused": _plain(intake.refused),
    }
    entries.append(entry)
    text = json_text({"schema": "zgcgis.ledger/1", "imports": entries})
    write_text_whole(path, text + "\n", of_zone=True)
    lines = [
        {
            "date": e["date"],
            "level": e["level"],
            "file": e["file"],
            "layer": e["layer"],
            "how": e["how"],
            **{f"features_{k}": v for k, v in e["counts"].items()},
            "options": json.dumps(e["options"], ensure_ascii=False),
            "sha256": e["sha256"],
        }
        for e in entries
    ]
    heads = list(dict.fromkeys(name for line in lines for name in line))
    rows = [[line.get(name) for name in heads] for line in lines]
    write_csv(folder / "ledger.csv", [heads, *rows], of_zone=True)


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {k: (None if pd.isna(v) else v) for k, v in row.items()} for row in table.to_dict("records")
    ]


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a zone for one import or fix at a time; the lock goes with its holder, however that ends."""
    path = folder / ".zgcgis.lock"
    end = time.monotonic() + WAIT_SECONDS
    try:
        while (held := hold(path, os.O_RDWR | os.O_CREAT, 0o666)) is None:
            if time.monotonic() > end:
                raise ZoneError(
                    f"{folder} 正被另一个导入占用。请等它完成后重试。",
                    f"{folder} is held by another import. Wait until it is done.",
                )
            time.sleep(0.1)
    except OSError as problem:
        raise ZoneError(
            f"无法锁定 {folder}：{path.name} 应是可写的普通文件（{problem.strerror}）。"
            "请检查权限，或移走它后重试。",
            f"{folder} cannot be held for an import: {path.name} should be a plain file that can be "
            f"written ({problem.strerror}). See to its permissions, or move it away and try again.",
        ) from problem
    with held:
        yield

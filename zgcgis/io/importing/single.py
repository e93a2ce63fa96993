"""One layer into a zone: examine, mend with a record, store, and say so in the ledger."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from ... import __version__
from ...accounts import features as states
from ...findings import combine
from ...intake.examine import shifts
from ...intake.layer import Around, Expected, Layer, Options
from ...intake.log import Finding
from ...language.errors import UnknownNameError, ZoneError
from ...model import LEVELS
from ..history import IMPORT, forget_earlier, keep, locked, next_delivery, tell
from ..layers import store_layer, stored_record, the_layer
from ..spreadsheets import write_csv
from ..stored import corners_of, read_stored_layer, stored_file
from ..stored.outside import refuse_links
from ..zones import layer_files, middle_of, own_codes, read_settings, zone_folder
from .meeting import (
    Moved,
    added,
    filled_columns,
    joined,
    kind_of,
    others_of,
    references_moved,
    refuse_loss,
    updated_by,
)

__all__ = ["How", "Intake", "import_file", "import_one", "of_zone"]


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
class How:
    """How a layer meets the one that is there, and the delivery to which it belongs.

    ``guessed`` says that nobody named its level; ``prefix`` goes before ids that are there already.
    ``corners`` are those of the delivery's other layers, ``said`` what the delivery says of it,
    ``of_file`` what was said of its whole file when that was examined.
    """

    add: bool = False
    update: bool = False
    year: int | None = None
    dry_run: bool = False
    delivery: int | None = None
    corners: Callable[[], NDArray[np.float64]] | None = None
    said: tuple[Finding, ...] = ()
    of_file: tuple[Finding, ...] = ()
    guessed: bool = False
    prefix: str = ""

    def __post_init__(self) -> None:
        if self.add and self.update:
            zh = "add 与 update 只能选一个：add 追加新要素，update 与已有图层逐个比较。"
            raise ZoneError(zh, "add and update exclude each other: one adds, the other compares.")

    @property
    def name(self) -> str:
        """What the ledger calls it."""
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
    how = How(add, update, year, dry_run)
    return import_one(path, zone, level, options or Options(), how)


def import_one(
    path: str | Path, zone: str | Path, level: str, options: Options, how: How
) -> Intake:
    """Import one layer; see :func:`import_file`."""
    if level not in LEVELS:
        raise UnknownNameError(level, LEVELS, what="level", zh="图层级别")
    folder = zone_folder(zone)
    refuse_links(folder)
    with (
        contextlib.nullcontext() if how.dry_run else locked(folder),
        contextlib.nullcontext(own_codes(folder)),  # known while they are held
    ):
        return _import(path, folder, level, options, how)


def of_zone(
    folder: Path, level: str, corners: Callable[[], NDArray[np.float64]] | None = None
) -> dict[str, Any]:
    """Return what a zone, and the other layers of a delivery, say of layers meant for it."""
    files = layer_files(folder / "layers")

    def there() -> NDArray[np.float64]:
        return (
            corners_of(files) if corners is None else np.concatenate([corners_of(files), corners()])
        )

    return {
        "expected": _where_it_should_lie(folder, level),
        "around": Around(there),
        "zone_system": str(read_settings(folder / "zone.toml").get("land_use_system") or ""),
    }


def _import(path: str | Path, folder: Path, level: str, options: Options, how: How) -> Intake:
    report, layer = the_layer(path, level, options, **of_zone(folder, level, how.corners))
    report = replace(report, said=(*report.said, *(f for f in how.of_file if f not in report.said)))
    files = layer_files(folder / "layers")
    joins = layer.table and LEVELS[level].geometry not in {"point", "any"}
    if joins and level == "parcel" and "land_patch" in files:
        level = level if level in files else "land_patch"  # the land that there is
    stored = folder / "layers" / f"{level}.parquet"
    old = files.get(level)
    there = (stored_record(stored) if old == stored else None) or []
    record: dict[str, Any] = {
        "file": Path(path).name,
        "sha256": report.sha256,
        "layer": layer.name,
        "options": options.as_record(),
        "how": "join" if joins else how.name,
        "counts": layer.log.counts,
        "with": f"zgcgis {__version__}",
    }
    same = _find(there, record, report.sha256 if joins else None)
    if same is not None:
        return _as_before(_intake(folder, level, path, layer, stored, same), how)
    layer = layer.after(replace(layer.log.fresh(), findings=list(how.said)))
    frame, shapes, changes = layer.used_values, layer.used_shapes, None
    records = [*there, record] if joins or (old and how.name != "replace") else [record]
    if joins:
        earlier = {c for one in there if one["how"] == "join" for c in one.get("columns", ())}
        frame, layer = joined(layer, old, level, path, options, earlier)
        record["columns"] = sorted(filled_columns(layer.used_values))
        shapes = None
    elif old is not None and (how.add or (kind_of(layer) and not how.update)):
        frame, layer = added(layer, old, level, instead=not how.add, prefix=how.prefix)
        record["how"] = "add"
        records = [*there, record]
        shapes = None
    elif how.update and old is not None:
        frame, layer, changes = updated_by(layer, old, level, path, how.year)
        record["year"] = int(frame.attrs["year"])
        record["changes"] = {k: int((changes["kind"] == k).sum()) for k in states.KINDS}
        shapes = None
    elif old is not None and how.guessed and shapes is not None:
        refuse_loss(frame, shapes, old, level, path)
    moved: list[Moved] = []
    if changes is not None:
        others = others_of(folder, level)
        layer, moved = references_moved(layer, changes, others, level, record["year"])
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
        how = how if how.delivery else replace(how, delivery=next_delivery(folder))
        _store(intake, frame, records, shapes, old, how)
        for one in moved:
            _store_references(one, intake, how)
    return intake


def _as_before(intake: Intake, how: How) -> Intake:
    """Return what is said of a file that was imported before as it would be now."""
    intake.unchanged = True
    intake.counts = intake.record["counts"]
    if not how.dry_run:
        tell(intake.zone, _entry(intake), once=True)
    return intake


def _store_references(moved: Moved, by: Intake, how: How) -> None:
    """Store a layer whose features name those of another by the ids that an update gave them."""
    counts = {"in": moved.count, "used": moved.count, "repaired": 0, "refused": 0}
    record = {**by.record, "how": "references", "options": {}, "counts": counts}
    record.pop("changes", None)
    path = by.zone / "layers" / f"{moved.level}.parquet"
    there = (stored_record(path) if moved.file == path else None) or []
    shapes = np.array([None, *moved.frame.geometry], dtype="object")[1:]

    def fill(work: Path, _: Path) -> Path:
        new = work / path.name
        store_layer(moved.frame, new, moved.level, [*there, record], shapes=shapes)
        return new

    facts = {"schema": "zgcgis.import/1", "delivery": how.delivery, "import": record}
    keep(by.zone, moved.level, IMPORT, facts, fill, {"level": moved.level, **record})


def _store(
    intake: Intake, frame: pd.DataFrame, records: Any, shapes: Any, old: Path | None, how: How
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
    if old is not None and old != intake.stored:
        intake.replaced = old
    keep(intake.zone, intake.level, IMPORT, facts, fill, _entry(intake))
    forget_earlier(intake.zone, delivery)


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
    there = middle_of(others_of(folder, level))
    return there and Expected(there, "示范区已有的图层 the layers of the zone", ZONE_REACH_KM)


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
    same = next(
        (old for old in reversed(there) if all(old.get(k) == record[k] for k in keys)), None
    )
    if same is None and joined is not None:
        same = next((old for old in reversed(there) if old.get("sha256") == joined), None)
        same = same if same is not None and same["options"] == record["options"] else None
    if same is not None and joined is not None:
        later = there[there.index(same) + 1 :]
        mine = set(same.get("columns", ()))
        if any(mine & set(one.get("columns", ())) for one in later if one["how"] == "join"):
            return None  # another table has changed what this one said
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


def _compared(layer: Layer, shapes: NDArray[np.object_], folder: Path, level: str) -> Layer:
    """Say so when the layer lies off those of the zone as a map provider's datum would make it."""
    others = {} if shapely.is_missing(shapes).all() else others_of(folder, level)
    if not others:
        return layer
    references = [(n, read_stored_layer(p, n).geometry.to_numpy()) for n, p in others.items()]
    log = layer.log.fresh()
    log.findings += shifts([(level, shapes)], references)
    return layer.after(log)

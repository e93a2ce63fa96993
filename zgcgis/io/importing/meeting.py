"""How what comes in meets the layer that is there: joined to it, added to it, its later state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from ...accounts import features as states
from ...intake import tabular as tables
from ...intake.geometry import against_areas, against_floors
from ...intake.identity import numbered_on
from ...intake.layer import STORED, Layer, Options
from ...intake.log import Log, Refusal
from ...language.errors import ZoneError
from ...model import LEVELS
from ..stored import read_stored_layer
from ..zones import layer_files

__all__ = [
    "Moved",
    "added",
    "filled_columns",
    "joined",
    "kind_of",
    "others_of",
    "references_moved",
    "refuse_loss",
    "updated_by",
]


OF_LEDGERS = frozenset(
    ["approved_date", "supply_date", "supply_mode", "supply_state", "agreed_start_date",
     "actual_start_date", "agreed_finish_date", "finish_date", "stopped_since", "land_price_wan",
     "total_investment_wan", "invested_wan", "government_cause", "extension_months"]
)  # fmt: skip
"""What a ledger of supply is the record of: a cadastre only repeats it, as of an earlier day."""


def joined(
    layer: Layer,
    old: Path | None,
    level: str,
    path: str | Path,
    options: Options,
    earlier: Collection[str] = (),
) -> tuple[GeoDataFrame, Layer]:
    """Join the rows of a table to the layer that is there; each row that finds no feature is told.

    In columns that `earlier` tables brought, and in those of :data:`OF_LEDGERS`, the later value
    stands.
    """
    if old is None:
        raise ZoneError(
            f"{path} 是没有图形的表，而示范区还没有 {level} 图层可连接。"
            f"请先导入该图层的图形，再导入这个表；或把两者放在一个文件夹里一次导入：zgcgis import 文件夹 --zone ZONE。",
            f"{path} is a table without shapes, and the zone has no {level} layer to join it to. "
            "Import the shapes of that layer first and then this table, or both from one folder at once: "
            "zgcgis import FOLDER --zone ZONE.",
        )
    ours, table = read_stored_layer(old, level), layer.used_values
    log = Log(len(table), options.accept)
    made = tables.join(ours, table, log, updated={*earlier, *OF_LEDGERS})
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


def kind_of(layer: Layer) -> str:
    """Return of which kind by law the features of a layer are, empty where it has none."""
    return layer.schema.kind if layer.schema is not None else ""


def refuse_loss(
    frame: pd.DataFrame, shapes: NDArray[np.object_], old: Path, level: str, path: str | Path
) -> None:
    """Refuse to put in the place of a layer one that has nothing on most of its features' ground.

    Raises
    ------
    Refusal
        With how many of them there are; who names the level means it.
    """
    if LEVELS[level].geometry != "polygon":
        return
    ours = read_stored_layer(old, level)
    new = GeoDataFrame(frame.drop(columns="geometry", errors="ignore"), geometry=shapes, crs=STORED)
    bare = states.on_bare_ground(ours, new)
    if bare > MOST_LEFT * len(ours):
        words = {"measured": bare, "limit": len(ours), "other": level, "detail": str(len(frame))}
        raise Refusal("R581", file=str(path), **words)


def added(
    layer: Layer, old: Path, level: str, *, instead: bool = False, prefix: str = ""
) -> tuple[GeoDataFrame, Layer]:
    """Add the features to the layer that is there; one that it holds already is refused.

    Features of one kind by law may come `instead` of those of their kind: others stay.
    """
    frame = layer.frame
    assert frame is not None
    ours = read_stored_layer(old, level)
    if instead:
        ours = ours[ours["kind"] != kind_of(layer)] if "kind" in ours else ours.iloc[:0]
    ours = ours[[c for c in ours.columns if not ours[c].isna().all() or c in frame]]
    log = Log(len(frame), layer.log.accept)
    if layer.schema is not None and kind_of(layer) and "kind" in ours:
        other = ours[ours["kind"] != kind_of(layer)]
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
    if prefix and not layer.numbered:
        there = np.flatnonzero(frame["id"].isin(ours["id"]))
        frame = frame.copy()
        frame.iloc[there, frame.columns.get_loc("id")] = prefix + "-" + frame["id"].iloc[there]
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


def filled_columns(table: pd.DataFrame) -> list[str]:
    """Return the columns of a table that say something of the features it is joined to."""
    return [str(c) for c in table.columns if c != "id" and table[c].notna().any()]


def others_of(folder: Path, level: str) -> dict[str, Path]:
    """Return the files of all layers of a zone but one, by level."""
    files = layer_files(folder / "layers")
    return {other: path for other, path in sorted(files.items()) if other != level}


# --- next year's delivery ------------------------------------------------------------------------

MOST_LEFT = 0.5
"""Share of the features that may end with nothing on their ground before that is asked about."""


def updated_by(
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


@dataclass(frozen=True)
class Moved:
    """A layer whose features name those of another by new ids: its level, its file, how many moved."""

    level: str
    file: Path
    frame: GeoDataFrame
    count: int


def references_moved(
    layer: Layer, changes: pd.DataFrame, others: dict[str, Path], level: str, year: int
) -> tuple[Layer, list[Moved]]:
    """Let the features of other layers name those of this one by the ids they have now.

    What cannot be told stays as it was, and is named.
    """
    log, column = layer.log.fresh(), "parcel_id" if level == "land_patch" else f"{level}_id"
    moved: list[Moved] = []
    for other, path in others.items():
        theirs = read_stored_layer(path, other)
        if column not in theirs or not theirs[column].notna().any():
            continue
        dated = {"since", "until"} <= set(LEVELS[other].columns)
        made = states.repointed(changes, layer.used_shapes, theirs, column, year, dated=dated)
        if made.moved:
            log.add("R580", None, measured=made.moved, other=other, detail=made.sample)
            whole = GeoDataFrame(made.layer, geometry="geometry", crs=STORED)
            moved.append(Moved(other, path, whole, made.moved))
        if made.left:
            log.add("R576", None, measured=made.left, other=other, detail=made.unsure)
    return layer.after(log), moved

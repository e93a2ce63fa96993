"""The public edition of a zone (公开版): what is left out, decided here and nowhere else.

Owners are left out, every column that no page of ours documents (contract numbers, telephones,
remarks of a delivery), and what ``zone.toml [public]`` names. It is taken out of the layers before
anything is computed, drawn or written, so no writer has to know of it, and nothing that is derived
from what is hidden can tell it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from pandas import DataFrame

from ..language.errors import ZoneError, is_it, nearest
from ..language.safe_text import Text
from ..model import COLUMNS, LEVELS, Layers, StoredLayer, Zone
from ..plan.fields import shown

__all__ = ["Hidden", "hidden_of", "public_edition"]

PRIVATE = ("owner",)
"""Columns of ours that no public edition shows."""

_GROUND = {"parcel", "land_patch"}  # either stands as the layer "parcel"
_KNOWN = {level: frozenset(about.columns) for level, about in LEVELS.items()}
_KNOWN["parcel"] |= _KNOWN["land_patch"]


@dataclass(frozen=True)
class Hidden:
    """What a public edition leaves out beside foreign columns.

    Attributes
    ----------
    levels
        Layers that are left out whole.
    columns
        Columns by key: of every layer, or of one (``"parcel.owner"``).
    """

    levels: frozenset[str] = frozenset()
    columns: frozenset[str] = frozenset(PRIVATE)

    def __or__(self, other: Hidden) -> Hidden:
        return Hidden(self.levels | other.levels, self.columns | other.columns)

    def of(self, level: str, columns: Iterable[str]) -> list[str]:
        """Return which columns of a layer are left out: named here, or documented nowhere."""
        known = {*_KNOWN[level], "geometry"}
        at = {"parcel": _GROUND}.get(level, {level})
        named = {name or of for of, _, name in (one.partition(".") for one in self.columns)
                 if not name or of in at}  # fmt: skip
        return [name for name in columns if name not in known or name in named]


def hidden_of(zone: Zone) -> Hidden:
    """Return what a zone leaves out of its public edition: owners, and what ``[public]`` names.

    Raises
    ------
    ZoneError
        If a column that is named is one by which features are told apart, or neither one of ours
        nor in a layer of the zone: misspelt, it would be shown.
    """
    stated: Mapping[str, Any] = zone.meta.get("public", {})
    words = {about.zh: key for key, about in LEVELS.items()} | {key: key for key in LEVELS}
    levels = frozenset(words.get(one, one) for one in stated.get("levels", ()))
    there = {str(name) for level in zone.layers for name in _columns(zone, level)}
    columns = {_column(zone, one, there) for one in stated.get("columns", ())}
    return Hidden(levels, frozenset({*PRIVATE, *columns}))


def _columns(zone: Zone, level: str) -> Iterable[str]:
    stored = zone.unread(level)
    return stored.columns if stored is not None else zone.layers[level].columns


def _column(zone: Zone, named: str, there: set[str]) -> str:
    """The key of a column that ``[public]`` names by key or name, of all layers or of one."""
    level, dot, name = named.partition(".")
    if not dot or level not in LEVELS:
        level, name = "", named
    by_name = {about.zh: key for key, about in COLUMNS.items()}
    by_name |= {about.zh.partition("（")[0]: key for key, about in COLUMNS.items()}
    key = name if name in COLUMNS or name in there else by_name.get(name, name)
    if key not in COLUMNS and key not in there:
        zh, en = is_it(nearest(name, [*COLUMNS, *there], by_name, least=0.8))
        raise ZoneError(
            f"{_where(zone)} 的 [public] 写了列 {shown(named)}，没有这样的列；写错的列会被公开。{zh}"
            "请改正（列名见示范区文件夹说明），或删去：没有列入说明的列总不公开。",
            f"{_where(zone)}: [public] names the column {shown(named)}, and there is none; misspelt, it "
            f"would be shown.{en} Mend it, or drop it: columns that are not documented are never shown.",
        )
    keys = {part for about in LEVELS.values() for part in about.feature_key} | {"geometry"}
    if key in keys:
        raise ZoneError(
            f"{_where(zone)} 的 [public] 不能略去 {key}：图形靠它区分。请略去整个图层（levels），或删去这一项。",
            f"{_where(zone)}: [public] cannot leave out {key}, by which features are told apart. Leave "
            "out the whole layer (levels), or drop the entry.",
        )
    return f"{level}.{key}" if level else key


def _where(zone: Zone) -> str:
    return str(zone.folder / "zone.toml") if zone.folder else "zone.toml"


def public_edition(zone: Zone, *, beside: Iterable[Zone] = ()) -> Zone:
    """Return a zone without what is not for everyone, which says so wherever it is shown.

    A column of ours that is hidden is there and empty, as if nobody had filled it in: what needs
    it is not computed, and the list of what is left out says so. A foreign column is gone.

    Parameters
    ----------
    zone
        The zone as it is.
    beside
        Zones whose ``[public]`` holds too, where several are shown together.

    Raises
    ------
    ZoneError
        If ``[public]`` names a column that cannot be left out, or none at all.
    """
    if zone.withheld is not None:
        return zone
    hidden = hidden_of(zone)
    for other in beside:
        hidden |= hidden_of(other)
    gone = [level for level in zone.layers if level in hidden.levels or
            (level == "parcel" and zone.land in hidden.levels)]  # fmt: skip
    kept = [level for level in zone.layers if level not in gone]
    left = {level: names for level in kept if (names := hidden.of(level, _columns(zone, level)))}
    said = _sentence(zone, gone, left)
    read: dict[str, GeoDataFrame] = {}
    stored: dict[str, StoredLayer] = {}
    for level in kept:
        file = zone.unread(level)
        if file is None:
            read[level] = _covered(zone.layers[level], level, left.get(level, ()))
        else:
            stored[level] = _Covered(zone, level, file, tuple(left.get(level, ())))
    flaws = zone.flaws[~zone.flaws["level"].isin({*gone, *hidden.levels})].reset_index(drop=True)
    return replace(zone, layers=Layers(read, stored), flaws=flaws, withheld=said,
                   meta=_told(zone.meta, said))  # fmt: skip


def _covered(layer: GeoDataFrame, level: str, names: Iterable[str]) -> GeoDataFrame:
    """A layer without some columns; those that every layer of its level has are there, empty."""
    known = _KNOWN[level]
    bare = layer.drop(columns=[name for name in names if name not in known])
    return GeoDataFrame(bare.assign(**{c: _emptied(bare[c]) for c in names if c in known}))


def _emptied(column: pd.Series) -> pd.Series:
    """A column of the same type in which nothing stands."""
    return column.iloc[:0].reindex(column.index)


def _told(meta: Mapping[str, Any], said: Text) -> dict[str, Any]:
    """The settings of a zone whose notices, on every page, begin with what was left out."""
    made = dict(meta)
    for lang, full in (("zh", said.zh), ("en", said.en)):
        short = Text("公开版，部分内容未列。", "Public edition, some of it left out.").say(lang)
        for key, words in (("disclaimer", full), ("attribution", short)):
            old = str(meta.get(f"{key}_{lang}") or "")
            made[f"{key}_{lang}"] = f"{words} {old}".strip()
    return made


def _sentence(zone: Zone, gone: Iterable[str], left: Mapping[str, list[str]]) -> Text:
    """What was left out of this zone, by name and layer: never what stood there."""
    zh = [f"整个图层 {LEVELS[level].zh}" for level in gone]
    en = [f"the whole layer {level}" for level in gone]
    by_column: dict[str, list[str]] = {}
    for level, names in left.items():
        filled = [name for name in names if _has_any(zone, level, name)]
        for name in filled:
            by_column.setdefault(name, []).append(level)
    foreign = 0
    for name, levels in by_column.items():
        if name not in COLUMNS:
            foreign += 1
            continue
        about = COLUMNS[name]
        zh.append(f"{'、'.join(LEVELS[one].zh for one in levels)}的{about.zh}")
        en.append(f"{about.en} of {', '.join(levels)}")
    if foreign:
        zh.append(f"没有列入说明的 {foreign} 列（合同编号、电话、备注等）")
        en.append(f"{foreign} column(s) that are not documented (contract numbers, telephones, remarks)")  # fmt: skip
    nothing = Text("没有需要略去的内容", "nothing there had to be left out")
    return Text(
        f"公开版，未列：{'；'.join(zh) or nothing.zh}；由它们算出的结果也没有。",
        f"Public edition, left out: {'; '.join(en) or nothing.en}; nor is there what follows from it.",
    )


def _has_any(zone: Zone, level: str, name: str) -> bool:
    stored = zone.unread(level)
    if stored is not None:
        return name in stored.filled
    return bool(zone.layers[level][name].notna().any())


@dataclass(frozen=True)
class _Covered:
    """A layer in its file, seen without some of its columns: see :class:`zgcgis.model.StoredLayer`."""

    zone: Zone
    level: str
    file: StoredLayer
    names: tuple[str, ...]

    @property
    def path(self) -> Path:
        return self.file.path

    @property
    def count(self) -> int:
        return self.file.count

    @property
    def columns(self) -> tuple[str, ...]:
        known = _KNOWN[self.level]
        return tuple(c for c in self.file.columns if c not in self.names or c in known)

    @property
    def filled(self) -> frozenset[str]:
        return self.file.filled - set(self.names)

    @property
    def kinds(self) -> frozenset[str]:
        return self.file.kinds

    @property
    def complete(self) -> bool:
        return self.file.complete

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        return self.file.bounds

    def read(self) -> GeoDataFrame:
        return _covered(self.zone.layers[self.level], self.level, self.names)

    def table(self, columns: Iterable[str] | None = None) -> DataFrame:
        wanted = [c for c in (self.columns if columns is None else columns) if c in self.columns]
        table = self.file.table(wanted)
        return table.assign(**{c: _emptied(table[c]) for c in wanted if c in self.names})

    def shapes(self, rows: NDArray[np.intp] | None = None) -> GeoSeries:
        return self.file.shapes(rows)

    def boxes(self) -> NDArray[np.float64]:
        return self.file.boxes()

    def still(self) -> None:
        self.file.still()

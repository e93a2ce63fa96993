"""Themes: by what the ground under a red line is told apart, each from one layer of the zone.

A theme gives every feature of its layer an item (a class, an owner, a plot of the plan). The items
of a theme and what no feature covers make up the whole of a red line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from ...language.safe_text import Text
from ...model import LEVELS, Zone
from ...plan.land_use import CLASSES, GREAT_CLASSES, classify, great_classes

__all__ = ["THEMES", "Theme"]

Labels = Callable[[Zone, GeoDataFrame], pd.DataFrame]

NOT_STATED = Text("（未填写）", "(not stated)")
NOT_COVERED = Text("（没有图形覆盖）", "(covered by no feature)")


@dataclass(frozen=True)
class Theme:
    """By what ground is told apart.

    Attributes
    ----------
    key, title
        What it is called.
    levels
        The layers that know; the first that the zone has is asked.
    columns
        The columns that are read.
    labels
        What gives each feature its ``item zh en``; an empty item is one that is not stated.
    left
        What ground is called that no feature covers.
    known
        Whether ground without a feature is known to be outside (a boundary), or not known.
    needs
        The column without which nothing is known.
    """

    key: str
    title: Text
    levels: tuple[str, ...]
    columns: tuple[str, ...]
    labels: Labels
    left: Text = NOT_COVERED
    known: bool = False
    needs: str = ""

    def level_in(self, zone: Zone) -> str:
        """Return the layer that the zone has for it; empty if it has none."""
        return next((level for level in self.levels if zone.count(level)), "")


def text_of(layer: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as text, empty where nothing is said."""
    if name not in layer:
        return pd.Series("", index=layer.index, dtype="object")
    held = layer[name].astype("object")
    return held.where(held.notna(), "").map(lambda value: str(value).strip())


def system_of(zone: Zone, layer: pd.DataFrame) -> pd.Series:
    """Return the classification of each feature's codes: its own, else that of the zone."""
    stated = text_of(layer, "land_use_system")
    return stated.where(stated != "", str(zone.meta.get("land_use_system", "")))


def coded(column: str) -> Labels:
    """Give features the class of a land-use code, by its own name, else by our common class."""

    def labels(zone: Zone, layer: GeoDataFrame) -> pd.DataFrame:
        code, system = text_of(layer, column), system_of(zone, layer)
        known = classify(code, system)
        named = known["zh"].where(known["zh"] != "", "未知地类")
        english = [CLASSES.get(one, ("", "unknown class"))[1] for one in known["class"]]
        zh = code + " " + named
        en = code + " " + pd.Series(english, index=layer.index, dtype="object")
        return pd.DataFrame({"item": code, "zh": zh, "en": en})

    return labels


def _great(zone: Zone, layer: GeoDataFrame) -> pd.DataFrame:
    code = text_of(layer, "land_use")
    great = great_classes(code, system_of(zone, layer))
    names = [GREAT_CLASSES[one] for one in great]
    item = great.where(great != "", "unknown").where(code != "", "")
    return pd.DataFrame(
        {"item": item, "zh": [zh for zh, _ in names], "en": [en for _, en in names]},
        index=layer.index,
    )


def stated(column: str) -> Labels:
    """Give features what a column says."""

    def labels(_zone: Zone, layer: GeoDataFrame) -> pd.DataFrame:
        said = text_of(layer, column)
        return pd.DataFrame({"item": said, "zh": said, "en": said})

    return labels


def _named(*columns: str) -> Labels:
    """Give features the name, kind and grade that they state, else their id."""

    def labels(_zone: Zone, layer: GeoDataFrame) -> pd.DataFrame:
        zh, en = text_of(layer, "zh"), text_of(layer, "en")
        more = [text_of(layer, name) for name in columns]
        ids = text_of(layer, "id")
        zh = zh.where(zh != "", ids)
        en = en.where(en != "", zh)
        for one, unit in zip(more, columns, strict=True):
            word = " 级" if unit == "grade" else ""
            zh = zh.where(one == "", zh + "（" + one + word + "）")
            en = en.where(one == "", en + " (" + one + ")")
        return pd.DataFrame({"item": ids, "zh": zh, "en": en})

    return labels


def _unit(zone: Zone, layer: GeoDataFrame) -> pd.DataFrame:
    ids = text_of(layer, "id")
    return pd.DataFrame(
        {
            "item": ids,
            "zh": [zone.name(one) for one in ids],
            "en": [zone.name(one, "en") for one in ids],
        },
        index=layer.index,
    )


_LIMITS = {
    "planned_far": Text("容积率≤{0:g}", "FAR at most {0:g}"),
    "planned_coverage_pct": Text("建筑密度≤{0:g}%", "coverage at most {0:g} %"),
    "planned_height_m": Text("限高 {0:g} 米", "height at most {0:g} m"),
    "planned_green_pct": Text("绿地率≥{0:g}%", "green at least {0:g} %"),
}


def _plots(zone: Zone, layer: GeoDataFrame) -> pd.DataFrame:
    use = coded("land_use")(zone, layer)
    rows = []
    for k, one in enumerate(text_of(layer, "id")):
        said = [
            (words, float(layer[name].iloc[k]))
            for name, words in _LIMITS.items()
            if name in layer and pd.notna(layer[name].iloc[k])
        ]
        limits = Text(
            "，".join(words.zh.format(value) for words, value in said) or "没有控制指标",
            ", ".join(words.en.format(value) for words, value in said) or "no limits stated",
        )
        item = use.iloc[k]
        zh = f"{one} {item['zh'].strip() or '用途未填写'}；{limits.zh}"
        en = f"{one} {item['en'].strip() or 'use not stated'}; {limits.en}"
        rows.append({"item": one, "zh": zh, "en": en})
    return pd.DataFrame(rows, columns=["item", "zh", "en"], index=layer.index)


SUPPLY_STATES: Mapping[str, Text] = {
    "supplied": Text("已供地（有供地日期）", "supplied (with its date)"),
    "approved": Text("已批准，没有供地日期", "approved, no date of supply"),
    "state": Text("没有日期，供应状况为已供（D）", "no dates, state of supply says supplied (D)"),
    "none": Text("没有批准和供地记录", "no record of approval or supply"),
}


def supply_states(layer: pd.DataFrame) -> pd.Series:
    """Return what is on record of the approval and supply of each parcel."""
    dates = {
        name: layer[name].notna() if name in layer else pd.Series(data=False, index=layer.index)
        for name in ("approved_date", "supply_date")
    }
    said = text_of(layer, "supply_state").str.startswith("D")
    found = np.select(
        [dates["supply_date"], dates["approved_date"] & ~said, said],
        ["supplied", "approved", "state"],
        "none",
    )
    return pd.Series(found, index=layer.index, dtype="object")


def _supply(_zone: Zone, layer: GeoDataFrame) -> pd.DataFrame:
    found = supply_states(layer)
    words = [SUPPLY_STATES[one] for one in found]
    said: dict[str, Any] = {"item": found, "zh": [w.zh for w in words], "en": [w.en for w in words]}
    return pd.DataFrame(said, index=layer.index)


_LAND = ("land_patch", "parcel")
_CODES = ("land_use", "land_use_system")
_LINE = ("zh", "en")

THEMES = (
    Theme(
        "great_class",
        Text("三大类", "Three great classes"),
        _LAND,
        _CODES,
        _great,
        needs="land_use",
    ),
    Theme(
        "land_use",
        Text("现状地类", "Present land use"),
        _LAND,
        (*_CODES, "deducted_share"),
        coded("land_use"),
        needs="land_use",
    ),
    Theme(
        "owner",
        Text("权属（土地使用权人）", "Holder of the land-use right"),
        ("parcel",),
        ("owner",),
        stated("owner"),
        needs="owner",
    ),
    Theme(
        "planned_use",
        Text("宗地规划用途", "Planned use of the parcels"),
        ("parcel",),
        ("planned_use", "land_use_system"),
        coded("planned_use"),
        needs="planned_use",
    ),
    Theme(
        "supply",
        Text("批准与供地", "Approval and supply"),
        ("parcel",),
        ("approved_date", "supply_date", "supply_state"),
        _supply,
    ),
    Theme(
        "master_plan",
        Text("总体规划分区", "Zones of the master plan"),
        ("master_plan",),
        (*_CODES, *_LINE),
        _named("land_use"),
        Text("规划分区以外", "outside all zones of the plan"),
        known=True,
    ),
    Theme(
        "detailed_plan",
        Text("控规地块与控制指标", "Plots of the detailed plan and their limits"),
        ("detailed_plan",),
        (*_CODES, *_LINE, *_LIMITS),
        _plots,
    ),
    Theme(
        "urban_boundary",
        Text("城镇开发边界", "Urban development boundary"),
        ("urban_boundary",),
        _LINE,
        _named(),
        Text("城镇开发边界以外", "outside the urban development boundary"),
        known=True,
    ),
    Theme(
        "prohibited",
        Text("永久基本农田、生态保护红线等禁建线", "Basic farmland, red lines, prohibited land"),
        ("prohibited",),
        ("kind", *_LINE),
        _named("kind"),
        Text("不在上述控制线内", "in none of these lines"),
        known=True,
    ),
    Theme(
        "protection",
        Text("生态保护分级", "Protection grades"),
        ("protection",),
        ("kind", "grade", *_LINE),
        _named("kind", "grade"),
        Text("不在保护区内", "in no protected area"),
        known=True,
    ),
    Theme(
        "park",
        Text("园区", "Parks"),
        ("park",),
        (),
        _unit,
        Text("不在园区内", "in no park"),
        known=True,
    ),
    Theme(
        "block",
        Text("街区", "Blocks"),
        ("block",),
        (),
        _unit,
        Text("不在街区内", "in no block"),
        known=True,
    ),
    Theme(
        "district",
        Text("行政区", "Districts"),
        ("district",),
        _LINE,
        _named(),
        Text("不在已有的行政区图形内", "in no district that is drawn"),
        known=True,
    ),
)
"""All themes, in the order of a report."""


def level_name(level: str) -> Text:
    """Return the name of a level."""
    return Text(LEVELS[level].zh, LEVELS[level].en)

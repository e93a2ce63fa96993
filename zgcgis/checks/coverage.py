"""What the rules could not judge (未查): which, why, how many features and how much land.

A rule names what it needs (``needs`` of :func:`zgcgis.findings.rule`), one word each:

- ``"parcel.registered_area_m2"``: a column of a level, filled in;
- ``"parcel.build_state|land_use"``: one of several columns is enough (a land-use code counts if
  its classification knows it);
- ``"parcel.agreed_start_date?supplied"``: only of the features that a mask of :data:`MASKS` keeps;
- ``"parcel.stopped_since*"``: the column is kept at all, for one feature at least;
- ``"~parcel.block_id"``: only a part of the rule hangs on it; without it the rest is judged;
- ``"parcel.@park"``: the park is known, by name or by place; ``@`` words are in :data:`FACTS`;
- ``"zone.plan"``, ``"zone.quotas"``, ``"zone.thresholds.KEY"``: the zone states it;
- ``"zone.layers.boundary|park"``: one of several layers is there.

A column that names a feature of a layer (``block_id``) is asked for only where that layer is.

A feature without it is not judged by the rule. That is no finding: nobody is accused by what is
not there. It is a row of this table, so that no rule looks checked that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame, Series

from .. import geo
from ..findings import Rule
from ..language.safe_text import Text
from ..model import COLUMNS, LEVELS, Layers, Zone
from ..plan.land_use import STATE_KEYS, classify, filled, text_of
from ..standards.idle_land import as_dates
from .containment import parks_of, units_of
from .data import land_on_record
from .planned_land import latest, of_other_system
from .supply import as_of
from .topology import _DRAWN

__all__ = ["FACTS", "MASKS", "REASONS", "coverage", "coverage_lines", "unjudged"]

REASONS: Mapping[str, Text] = {
    "no_layer": Text("没有该图层", "there is no such layer"),
    "no_table": Text("示范区没有给出", "the zone does not state it"),
    "absent": Text("没有这一列", "there is no such column"),
    "empty": Text("未填写或代码不明", "not filled in, or a code nobody knows"),
    "not_stated": Text("未填写", "not filled in"),
    "no_park": Text("不在任何园区内，也没有写明园区", "lies in no park and names none"),
    "no_block": Text("不在任何街区内，也没有写明街区", "lies in no block and names none"),
    "no_unit": Text("不在任何园区或街区内，也没有写明", "lies in no park or block and names none"),
    "other_system": Text("两侧地类体系不同", "the two sides use different land-use systems"),
    "no_shape": Text("没有可用的图形", "there is no usable shape"),
    "not_drawn": Text("只标位置，不是边界", "the outline only marks a place"),
    "not_now": Text("所查年份没有要素", "nothing of it is there in the year checked"),
}
"""Why something was not judged, in both languages."""

Mask: TypeAlias = NDArray[np.bool_]

_COLUMNS = ["rule", "level", "column", "reason", "features", "of", "area_m2"]


def _supplied(zone: Zone, table: DataFrame) -> Series:
    """Parcels that are supplied, or of which nothing says whether they are."""
    state, day = text_of(table, "supply_state"), pd.Timestamp(as_of(zone))
    dated = filled(table, "supply_date")
    if "supply_date" in table:
        dated &= as_dates(table["supply_date"]) <= day
    return dated | state.str.startswith("D") | ((state == "") & ~filled(table, "supply_date"))


def _waiting(zone: Zone, table: DataFrame) -> Series:
    """Supplied parcels of which no date says that they were started or finished."""
    begun = filled(table, "actual_start_date") | filled(table, "finish_date")
    return _supplied(zone, table) & ~begun


def _halted(_zone: Zone, table: DataFrame) -> Series:
    return filled(table, "stopped_since")


def _house(_zone: Zone, table: DataFrame) -> Series:
    return text_of(table, "kind").isin(["", "building"])


def _quotas(zone: Zone, name: str, *values: str) -> Series:
    """The quotas of which a column has one of several values."""
    return text_of(zone.quotas, name).str.removesuffix("_m2").isin(values)


def _by_park(zone: Zone, table: DataFrame) -> Series:
    """All parcels, where a quota is of less than the zone."""
    return Series((~_quotas(zone, "unit", "zone", zone.id)).any(), index=table.index)


_OF_SUPPLY = ("supplied_land", "supplied_in_year", "industrial_supplied_in_year")


def _by_plan(zone: Zone, table: DataFrame) -> Series:
    """Parcels that may be supplied, where a quota counts the supply of a year."""
    return _supplied(zone, table) & bool(_quotas(zone, "kind", "plan").any())


def _by_stock(zone: Zone, table: DataFrame) -> Series:
    """All parcels, where a quota counts what is supplied by the end of a year."""
    counts = _quotas(zone, "use", *_OF_SUPPLY) & _quotas(zone, "kind", "cumulative")
    return Series(counts.any(), index=table.index)


def _by_approval(zone: Zone, table: DataFrame) -> Series:
    """All parcels, where a quota counts approvals."""
    return Series(_quotas(zone, "kind", "approved").any(), index=table.index)


def _by_use(zone: Zone, table: DataFrame) -> Series:
    """All parcels, where a quota is of a use or of built land."""
    plain = _quotas(zone, "use", "land", "hightech_land", *_OF_SUPPLY[:2])
    return Series((~plain).any(), index=table.index)


def _by_hightech(zone: Zone, table: DataFrame) -> Series:
    """All parcels, where a quota is of high-tech land."""
    return Series(_quotas(zone, "use", "hightech_land").any(), index=table.index)


def _on_record(zone: Zone, table: DataFrame, letters: str) -> Series:
    """All parcels, where land of such a class is on record."""
    keys = [key for code, key in STATE_KEYS.items() if code[0] in letters]
    return Series(land_on_record(zone)["key"].isin(keys).any(), index=table.index)


_SUPPLY = ("supply_state", "supply_date")

MASKS: Mapping[str, tuple[Callable[[Zone, DataFrame], Series], tuple[str, ...]]] = {
    "supplied": (_supplied, _SUPPLY),
    "waiting": (_waiting, (*_SUPPLY, "actual_start_date", "finish_date")),
    "halted": (_halted, ("stopped_since",)),
    "house": (_house, ("kind",)),
    "by_park": (_by_park, ()),
    "by_plan": (_by_plan, _SUPPLY),
    "by_stock": (_by_stock, ()),
    "by_approval": (_by_approval, ()),
    "by_use": (_by_use, ()),
    "by_hightech": (_by_hightech, ()),
    "in_blocks": (lambda zone, t: Series(zone.count("block") > 0, index=t.index), ()),
    "recorded": (lambda zone, t: Series(not land_on_record(zone).empty, index=t.index), ()),
    "recorded_built": (lambda zone, t: _on_record(zone, t, "ABC"), ()),
    "recorded_supply": (lambda zone, t: _on_record(zone, t, "DEF"), ()),
}
"""Which features of a level a need holds for, by the word after its question mark; and the columns
that tell it."""


def _without_park(zone: Zone, level: str) -> Mask:
    return np.asarray(parks_of(zone, zone.layer(level))["basis"] == "", bool)


def _without_unit(zone: Zone, level: str) -> Mask:
    layer = zone.layer(level)
    named = units_of(zone, layer, "park") + units_of(zone, layer, "block")
    return np.asarray(named == "", bool)


def _without_block(zone: Zone, level: str) -> Mask:
    return np.asarray(units_of(zone, zone.layer(level), "block") == "", bool)


def _of_other_system(zone: Zone, level: str) -> Mask:
    return of_other_system(zone, zone.layer(level))


def _without_code(zone: Zone, level: str) -> Mask:
    return np.asarray(text_of(zone.table(level, ["land_use"]), "land_use") == "", bool)


def _only_a_mark(zone: Zone, level: str) -> Mask:
    stated = text_of(zone.table(level, ["precision"]), "precision")
    return np.asarray((stated != "") & ~stated.isin(_DRAWN), bool)


FACTS: Mapping[str, tuple[str, str, Callable[[Zone, str], Mask]]] = {
    "park": ("park_id", "no_park", _without_park),
    "block": ("block_id", "no_block", _without_block),
    "unit": ("block_id|park_id", "no_unit", _without_unit),
    "system": ("land_use_system", "other_system", _of_other_system),
    "coded": ("land_use", "not_stated", _without_code),
    "drawn": ("precision", "not_drawn", _only_a_mark),
}
"""What is asked of features beside columns: the column that says it, why not, and which lack it."""


def coverage(zone: Zone, rules: Mapping[str, Rule]) -> DataFrame:
    """Return what each rule could not judge.

    Parameters
    ----------
    zone
        The zone.
    rules
        The rules that were wanted, by code, also those for which a layer is missing.

    Returns
    -------
    not_checked
        One row a rule and cause: ``rule``, ``level`` and ``column`` that is missing (several
        that would do each are joined by ``|``), ``reason`` (a key of :data:`REASONS`),
        ``features`` not judged, ``of`` how many, and their area in m² (``area_m2``; NaN where
        the level has no area). Where nothing was judged, ``features`` is ``of``.
    """
    zone = zone.prepared()
    now = latest(zone)
    gaps: dict[str, dict[str, object] | None] = {}
    rows: list[dict[str, object]] = []
    for code, entry in sorted(rules.items()):
        missing = [level for level in entry.levels if not zone.count(level)]
        if "proposal" in missing:
            continue  # asked of a proposal only, where one is given
        gone = [level for level in entry.levels if level not in missing and not now.count(level)]
        rows += [_row(level, "", "no_layer") | {"rule": code} for level in missing]
        rows += [_row(level, "", "not_now") | {"rule": code} for level in gone]
        if missing or gone:
            continue
        for need in entry.needs:
            need = need.removeprefix("~")
            if need not in gaps:
                gaps[need] = _gap(now, need)
            found = gaps[need]
            if found is not None:
                rows.append(found | {"rule": code})
    return DataFrame(rows, columns=_COLUMNS)


def _row(
    level: str, column: str, reason: str, features: int = 0, of: int = 0, area: float = np.nan
) -> dict[str, object]:
    return {"level": level, "column": column, "reason": reason, "features": features, "of": of,
            "area_m2": area}  # fmt: skip


def _gap(zone: Zone, need: str) -> dict[str, object] | None:
    """What one need leaves unjudged in a zone; None where it is met by all."""
    level, _, wanted = need.partition(".")
    if level == "zone":
        return _not_stated(zone, wanted)
    if not zone.count(level):
        return None  # a rule that needs the layer says so; of others it is a side that may lack
    wanted, _, mask = wanted.replace("*", "").partition("?")
    names = [name for name in wanted.split("|") if _has_ground(zone, name)]
    if not names:
        return None
    holds, asked = MASKS[mask] if mask else (_all, ())
    columns = dict.fromkeys([*names, *asked, "land_use_system"])
    table = zone.table(level, columns)
    kept = holds(zone, table).to_numpy(bool)
    if not kept.any():
        return None
    if wanted.startswith("@"):
        column, reason, lacking = FACTS[wanted.removeprefix("@")]
        lost = lacking(zone, level)
    elif names == ["geometry"]:
        column, reason, lost = "geometry", "no_shape", ~_drawn(zone, level)
    else:
        lost = ~np.logical_or.reduce([_filled(zone, table, name) for name in names])
        reason = "empty" if any(name in table for name in names) else "absent"
        column = "|".join(names)
    lost = lost & kept
    if not lost.any() or ("*" in need and not lost.all()):
        return None
    lost_m2 = _sizes(zone, zone.rows(level, lost, ()))
    area = float(lost_m2.sum()) if lost_m2.notna().any() else np.nan
    return _row(level, column, reason, int(lost.sum()), int(kept.sum()), area)


def _all(_zone: Zone, table: DataFrame) -> Series:
    return Series(data=True, index=table.index)


def _drawn(zone: Zone, level: str) -> Mask:
    if isinstance(zone.layers, Layers) and zone.layers.complete(level):
        return np.ones(zone.count(level), bool)
    shapes = zone.layer(level).geometry
    return np.asarray(shapes.notna() & ~shapes.is_empty, bool)


def _has_ground(zone: Zone, name: str) -> bool:
    """Whether a column can be asked for: one that names a feature, where there are such."""
    parent = name.removesuffix("_id")
    return parent == name or parent not in LEVELS or zone.count(parent) > 0


def _not_stated(zone: Zone, wanted: str) -> dict[str, object] | None:
    kind, _, names = wanted.partition(".")
    if kind == "layers":
        levels = names.split("|")
        return None if any(map(zone.count, levels)) else _row("|".join(levels), "", "no_layer")
    return None if _stated(zone, wanted) else _row("zone", wanted, "no_table")


def _stated(zone: Zone, wanted: str) -> bool:
    if wanted == "plan":
        return zone.plan is not None
    if wanted == "quotas":
        return not zone.quotas.empty
    table, _, key = wanted.partition(".")
    return key in zone.meta.get(table, {})


def _filled(zone: Zone, layer: DataFrame, name: str) -> Mask:
    if name not in {"land_use", "planned_use"}:
        return np.asarray(filled(layer, name), bool)
    own = text_of(layer, "land_use_system")
    systems = own.where(own != "", str(zone.meta.get("land_use_system", "")))
    return np.asarray(classify(text_of(layer, name), systems)["class"] != "", bool)


def _sizes(zone: Zone, layer: GeoDataFrame) -> Series:
    """The area of each feature of a layer in m²; NaN where it has none."""
    flat = layer.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    area = Series(np.nan, index=layer.index)
    area[flat] = geo.area_m2(layer.geometry[flat], center=zone.center)
    return area


def unjudged(not_checked: DataFrame, rules: Mapping[str, Rule]) -> set[str]:
    """Return the rules that judged nothing at all, of a table that :func:`coverage` made."""
    nothing = not_checked["reason"].isin(["no_layer", "no_table", "not_now"])
    whole = (not_checked["of"] > 0) & (not_checked["features"] == not_checked["of"])
    main, part = [], []
    for code, level, column in zip(
        not_checked["rule"], not_checked["level"], not_checked["column"], strict=True
    ):
        main.append(level in rules[code].levels)
        part.append(any(need.startswith(f"~{level}.{column}") for need in rules[code].needs))
    lacks = whole & np.array(main, bool)
    found = set(not_checked["rule"][nothing | (lacks & ~np.array(part, bool))])
    parts = not_checked["rule"][lacks & np.array(part, bool)].value_counts()
    return found | {code for code, n in parts.items() if n == len(rules[str(code)].needs)}


def coverage_lines(not_checked: DataFrame, lang: str = "zh") -> list[str]:
    """Return what was not checked as sentences, a cause each, the most land first."""
    causes = ["level", "column", "reason", "features", "of", "area_m2"]
    lines = []
    groups = not_checked.assign(area_m2=not_checked["area_m2"].fillna(-1.0)).groupby(
        causes, sort=False
    )
    for key, found in sorted(groups, key=lambda item: (-float(item[0][5]), str(item[0]))):
        level, column, reason, features, of, area = key
        what, why = _name(str(level), str(column)), REASONS[str(reason)]
        much = Text("", "")
        if of:
            much = Text(f"，{of} 个中的 {features} 个", f", {features} of {of}")
            if area >= 0:
                size = f"{area / 10_000:,.2f}"
                much = Text(f"{much.zh}，{size} 公顷", f"{much.en}, {size} ha")
        line = Text(
            f"{'、'.join(found['rule'])}：{what.zh}{why.zh}{much.zh}",
            f"{', '.join(found['rule'])}: {what.en}: {why.en}{much.en}",
        )
        lines.append(line.say(lang))
    return lines


_WORDS = {
    "geometry": Text("图形", "shape"),
    "plan": Text("规划 plan.toml", "plan (plan.toml)"),
    "quotas": Text("指标表 quotas.csv", "quotas (quotas.csv)"),
}


def _name(level: str, column: str) -> Text:
    """A level and its columns by their names."""
    levels = [LEVELS.get(one) or Text("示范区", "zone") for one in level.split("|")]
    where = Text("或".join(one.zh for one in levels), " or ".join(one.en for one in levels))
    names = [COLUMNS.get(name) or _WORDS.get(name) or Text(name, name)
             for name in column.split("|") if name]  # fmt: skip
    if not names:
        return Text(where.zh, where.en)
    return Text(
        f"{where.zh}“{'或'.join(name.zh for name in names)}”",
        f"{where.en} {' or '.join(name.en for name in names)}",
    )

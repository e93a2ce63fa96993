"""What the rules could not judge (未查): which, why, how many features and how much land.

A rule names what it needs (``needs`` of :func:`zgcgis.findings.rule`), one word each:

- ``"parcel.registered_area_m2"``: a column of a level, filled in;
- ``"parcel.build_state|land_use"``: one of several columns is enough (a land-use code counts if
  its classification knows it);
- ``"parcel.agreed_start_date?supplied"``: only of the features that a mask of :data:`MASKS` keeps;
- ``"parcel.stopped_since*"``: the column is kept at all, for one feature at least;
- ``"parcel.@park"``: the park is known, by name or by place;
- ``"zone.plan"``, ``"zone.quotas"``, ``"zone.thresholds.KEY"``: the zone states it.

A feature without it is not judged by the rule. That is no finding: nobody is accused by what is
not there. It is a row of this table, so that no rule looks checked that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from pandas import DataFrame, Series

from .. import geo
from ..findings import Rule
from ..land_use import classify
from ..model import COLUMNS, LEVELS, Zone
from ..safe_text import Text
from .containment import parks_of
from .idle_land import as_dates
from .supply import as_of

__all__ = ["MASKS", "REASONS", "coverage", "coverage_lines", "unjudged"]

REASONS: Mapping[str, Text] = {
    "no_layer": Text("没有该图层", "there is no such layer"),
    "no_table": Text("示范区没有给出", "the zone does not state it"),
    "absent": Text("没有这一列", "there is no such column"),
    "empty": Text("未填写或代码不明", "not filled in, or a code nobody knows"),
    "no_park": Text("不在任何园区内，也没有写明园区", "lies in no park and names none"),
    "other_system": Text("两侧地类体系不同", "the two sides use different land-use systems"),
}
"""Why something was not judged, in both languages."""

_COLUMNS = ["rule", "level", "column", "reason", "features", "of", "area_m2"]


def _text(table: DataFrame, name: str) -> Series:
    if name not in table:
        return Series("", index=table.index, dtype="object")
    column = table[name].astype("object")
    return column.where(column.notna(), "").astype(str).str.strip()


def _supplied(zone: Zone, table: DataFrame) -> Series:
    """Parcels that are supplied, or of which nothing says whether they are."""
    state, day = _text(table, "supply_state"), pd.Timestamp(as_of(zone))
    dated = _text(table, "supply_date") != ""
    if "supply_date" in table:
        dated &= as_dates(table["supply_date"]) <= day
    return dated | state.str.startswith("D") | ((state == "") & (_text(table, "supply_date") == ""))


def _waiting(zone: Zone, table: DataFrame) -> Series:
    """Supplied parcels of which no date says that they were started or finished."""
    begun = (_text(table, "actual_start_date") != "") | (_text(table, "finish_date") != "")
    return _supplied(zone, table) & ~begun


def _halted(_zone: Zone, table: DataFrame) -> Series:
    return _text(table, "stopped_since") != ""


def _house(_zone: Zone, table: DataFrame) -> Series:
    return _text(table, "kind").isin(["", "building"])


MASKS: Mapping[str, Callable[[Zone, DataFrame], Series]] = {
    "supplied": _supplied,
    "waiting": _waiting,
    "halted": _halted,
    "house": _house,
}
"""Which features of a level a need holds for, by the word after its question mark."""


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
    years = zone.meta.get("years")
    now = zone.at(int(max(years)) if years else as_of(zone).year)
    gaps: dict[str, dict[str, object] | None] = {}
    rows: list[dict[str, object]] = []
    for code, entry in sorted(rules.items()):
        missing = [level for level in entry.levels if not zone.count(level)]
        if "proposal" in missing:
            continue  # asked of a proposal only, where one is given
        if missing:
            rows += [_row(level, "", "no_layer") | {"rule": code} for level in missing]
            continue
        for need in entry.needs:
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
        return None if _stated(zone, wanted) else _row("zone", wanted, "no_table")
    if not zone.count(level):
        return None  # a rule that needs the layer says so; of others it is a side that may lack
    wanted, _, mask = wanted.removesuffix("*").partition("?")
    layer = zone.layer(level)
    if layer.empty:
        return None
    kept = MASKS[mask](zone, layer).to_numpy(bool) if mask else np.ones(len(layer), bool)
    if wanted == "@park":
        lost, reason, column = parks_of(zone, layer)["basis"].to_numpy() == "", "no_park", "park_id"
    elif wanted == "@system":
        lost, reason, column = _of_other_system(zone, layer), "other_system", "land_use_system"
    else:
        names = wanted.split("|")
        lost = ~np.logical_or.reduce([_filled(zone, layer, name) for name in names])
        reason = "empty" if any(name in layer for name in names) else "absent"
        column = wanted
    lost = lost & kept
    if not lost.any() or (need.endswith("*") and not lost.all()):
        return None
    return _row(level, column, reason, int(lost.sum()), int(kept.sum()), _area(zone, layer, lost))


def _stated(zone: Zone, wanted: str) -> bool:
    if wanted == "plan":
        return zone.plan is not None
    if wanted == "quotas":
        return not zone.quotas.empty
    table, _, key = wanted.partition(".")
    return key in zone.meta.get(table, {})


def _filled(
    zone: Zone, layer: GeoDataFrame, name: str
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    text = _text(layer, name)
    if name not in {"land_use", "planned_use"}:
        return np.asarray(text != "", bool)
    return np.asarray(classify(text, _systems(zone, layer))["class"] != "", bool)


def _systems(zone: Zone, layer: DataFrame) -> Series:
    own = _text(layer, "land_use_system")
    return own.where(own != "", str(zone.meta.get("land_use_system", "")))


def _of_other_system(zone: Zone, layer: GeoDataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Parcels whose codes are of another system than any of the detailed plan's."""
    plan = zone.layers.get("detailed_plan")
    if plan is None or plan.empty:
        return np.zeros(len(layer), bool)
    there = set(_systems(zone, plan))
    return np.asarray(~_systems(zone, layer).isin(there), bool)


def _area(zone: Zone, layer: GeoDataFrame, rows: object) -> float:
    shapes = layer.geometry[rows]
    flat = shapes[shapes.geom_type.isin(["Polygon", "MultiPolygon"])]
    return float(geo.area_m2(flat, center=zone.center).sum()) if len(flat) else float("nan")


def unjudged(not_checked: DataFrame, rules: Mapping[str, Rule]) -> set[str]:
    """Return the rules that judged nothing at all, of a table that :func:`coverage` made."""
    nothing = not_checked["reason"].isin(["no_layer", "no_table"])
    whole = (not_checked["of"] > 0) & (not_checked["features"] == not_checked["of"])
    main = [
        level in rules[code].levels
        for code, level in zip(not_checked["rule"], not_checked["level"], strict=True)
    ]
    return set(not_checked["rule"][nothing | (whole & np.array(main, bool))])


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


def _name(level: str, column: str) -> Text:
    """A level and its columns by their names."""
    where = LEVELS.get(level) or Text("示范区", "zone")
    names = [COLUMNS.get(name) or Text(name, name) for name in column.split("|") if name]
    if not names:
        return Text(where.zh, where.en)
    return Text(
        f"{where.zh}“{'或'.join(name.zh for name in names)}”",
        f"{where.en} {' or '.join(name.en for name in names)}",
    )

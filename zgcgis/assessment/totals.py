"""Totals of zone and groups (合计): sums over parks, none counted twice, none left out in silence."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from pandas import DataFrame, Series

from ..findings import combine, define, empty, finding_frame
from ..indicators import total
from ..language.terms import TERMS
from ..model import Zone, there_in

__all__ = ["complete", "is_additive", "notes_on", "outermost", "sums", "totals"]

define(
    "D524",
    "note",
    zh="{feature} {detail}：所列园区有 {limit:.0f} 个，当年只有 {measured:.0f} 个，合计只含这些园区",
    en="{feature} {detail}: of its {limit:.0f} parks {measured:.0f} were there; the total is of these",
    unit="1",
)
define(
    "D525",
    "note",
    zh="{feature} {detail}：范围变动 {measured:+.0f}%，前后的总量和单位面积数值不是同一范围",
    en="{feature} {detail}: the ground changes by {measured:+.0f} %, so totals and values per area of the two years are not of the same ground",
    unit="%",
)

_ADDITIVE = ("_m2", "_wan", "_persons", "_count", "_tce")
_JUMP = 0.25  # an area that changes by more is another ground, not growth
_GROUND = ("land_m2", "planned_land_m2")


def is_additive(key: str) -> bool:
    """Whether a quantity adds up over parks; shares and ratios do not."""
    return key.endswith(_ADDITIVE)


def parks_of(zone: Zone, table: DataFrame) -> list[str]:
    """Units assessed: the parks, in the order of the zone; blocks and groups are not parks."""
    if "level" in zone.units and (zone.units["level"] == "park").any():
        return [str(u) for u in zone.units.index[zone.units["level"] == "park"]]
    units = dict.fromkeys(table.index.get_level_values("unit"))
    return [str(u) for u in units if u not in (zone.id, "zone")]


def outermost(zone: Zone, units: Iterable[str]) -> list[str]:
    """Of some units those that lie in no other of them, by ``parent``."""
    there = dict.fromkeys(units)
    parents = zone.units["parent"] if "parent" in zone.units else Series(dtype=object)

    def inside(unit: str) -> bool:
        seen = {unit}
        at = parents.get(unit)
        while isinstance(at, str) and at not in seen:
            if at in there:
                return True
            seen.add(at)
            at = parents.get(at)
        return False

    return [unit for unit in there if not inside(unit)]


def complete(zone: Zone, accounts: DataFrame) -> DataFrame:
    """Give every park of a year a row, so that a sum over parks that lack a value is missing."""
    rows = []
    for year in sorted({int(y) for y in accounts.index.get_level_values("year")}):
        there = zone.units[there_in(zone.units, year)].index if len(zone.units) else []
        parks = [u for u in parks_of(zone, accounts) if u in there or (u, year) in accounts.index]
        rows += [(u, year) for u in parks]
    additive = [key for key in accounts if is_additive(key)]
    index = pd.MultiIndex.from_tuples(rows, names=["unit", "year"])
    return accounts[additive].reindex(index)


def sums(
    zone: Zone, parks: DataFrame, groups: Series | None = None, *, apart: Collection[str] = ()
) -> DataFrame:
    """Sum parks by group and year; a park within another of the same group is in it already.

    Parameters
    ----------
    zone
        Says which park lies in which.
    parks
        Accounts of every park of every year.
    groups
        Group of each park; by default all are one, named ``"total"``.
    apart
        Quantities of which a park's value leaves out the parks within it; these add up.
    """
    units = parks.index.get_level_values("unit")
    years = parks.index.get_level_values("year")
    name = Series("total" if groups is None else units.map(groups), index=parks.index)
    outer = np.zeros(len(parks), dtype=bool)
    for _, at in Series(np.arange(len(parks))).groupby([name.to_numpy(), years.to_numpy()]):
        kept = set(outermost(zone, units[at]))
        outer[at] = [unit in kept for unit in units[at]]
    once, each = total(parks[outer], groups), total(parks, groups)
    return once.assign(**{key: each[key] for key in parks if key in apart})


def totals(
    zone: Zone, accounts: DataFrame, stated: DataFrame, *, apart: Collection[str] = ()
) -> tuple[DataFrame, bool]:
    """Accounts of the zone and its groups: what is published, else the sum over all parks.

    Also says whether any of them are published.
    """
    parks = complete(zone, accounts)
    made = [sums(zone, parks, apart=apart).rename(index={"total": zone.id}, level="unit")]
    groups = _groups(zone, parks)
    if groups.nunique() > 1:
        made.append(sums(zone, parks, groups, apart=apart))
    order = {unit: i for i, unit in enumerate([zone.id, *dict.fromkeys(groups)])}
    own = stated.rename(index={"zone": zone.id}, level="unit")
    years = set(accounts.index.get_level_values("year"))
    own = own[
        own.index.get_level_values("unit").isin(list(order))
        & own.index.get_level_values("year").isin(years)
    ]
    table = own.combine_first(pd.concat(made)) if len(own) else pd.concat(made)
    table = table.dropna(how="all")
    keys = [key for key in TERMS if key in table]
    table = table.reset_index()
    table["_place"] = table["unit"].map(order)
    table = table.sort_values(["_place", "year"], kind="stable").set_index(["unit", "year"])
    return table[keys].astype("float64"), len(own) > 0


def _groups(zone: Zone, parks: DataFrame) -> Series:
    groups = zone.units["group"].dropna() if "group" in zone.units else Series(dtype=object)
    return groups[groups.index.isin(parks.index.get_level_values("unit"))]


def notes_on(zone: Zone, accounts: DataFrame, whole: DataFrame) -> GeoDataFrame:
    """Groups of which some parks were not there yet, and ground that is not the same ground."""
    found = [_partial(zone, whole), *(_jumps(zone, table) for table in (whole, accounts))]
    return combine([table for table in found if len(table)]) if any(map(len, found)) else empty()


def _partial(zone: Zone, whole: DataFrame) -> GeoDataFrame:
    if not {"group", "level"} <= set(zone.units.columns):
        return empty()
    parks = zone.units[zone.units["level"] == "park"]
    rows = []
    for unit, year in whole.index:
        members = parks[parks["group"] == unit]
        there = int(there_in(members, int(year)).sum())
        if 0 < there < len(members):
            rows.append(_row("group", unit, str(year), there, len(members)))
    return finding_frame(rows, rule="D524") if rows else empty()


def _jumps(zone: Zone, table: DataFrame) -> GeoDataFrame:
    rows = []
    for key in [key for key in _GROUND if key in table]:
        known = table[key].dropna()
        for unit in dict.fromkeys(known.index.get_level_values("unit")):
            series = known.xs(unit, level="unit").sort_index()
            for before, after in pairwise(series.items()):
                (y0, v0), (y1, v1) = before, after
                if v0 > 0 and abs(v1 / v0 - 1) > _JUMP:
                    text = (
                        f"{y0}–{y1} {TERMS[key].zh} {TERMS[key].en} {v0 / 1e6:g} → {v1 / 1e6:g} km²"
                    )
                    level = "zone" if unit == zone.id else "park"
                    rows.append(_row(level, unit, text, 100 * (v1 / v0 - 1), 100 * _JUMP))
    return finding_frame(rows, rule="D525") if rows else empty()


def _row(level: str, unit: object, detail: str, measured: float, limit: float) -> dict[str, object]:
    return {
        "level": level,
        "feature": str(unit),
        "detail": detail,
        "measured": float(measured),
        "limit": float(limit),
    }

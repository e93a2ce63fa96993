"""Data (D5xx): values that are missing, contradict each other, or do not fit the land drawn.

The published record of a zone is what it is: two sources print two numbers, a park has no value,
income is counted where a firm is registered and land where it lies. None of that is mended here.
It becomes findings, so that whoever uses a number knows what stands against it. Last come the
records of land: stated sums, land-use codes and the order of dates, held against the polygons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from pandas import DataFrame, Series

from .. import geo
from ..findings import empty, finding_frame, rule
from ..language.terms import TERMS
from ..model import Zone, there_in
from ..plan.land_use import STATE_KEYS, build_states, classify, state_keys, text_of
from .containment import units_of
from .quota import derived_words, level_of

__all__ = [
    "cells_with_two_values",
    "counting_not_stated",
    "earned_elsewhere",
    "land_on_record",
    "outlines_off_their_area",
    "repeated_series",
    "units_missing",
    "values_not_used",
]

_SAME = 0.005
"""Two values nearer than this are one value, rounded differently."""

_BY_PARK = ("income_wan", "tax_wan", "staff_persons")
_EARNED = (*_BY_PARK, "profit_wan", "industrial_output_wan", "output_wan", "hightech_income_wan")
_LAND = ("land_m2", "planned_land_m2", "built_land_m2")
_DRAWN = ("digitised", "sketch", "schematic", "approximate")
_APART = 0.01  # of the land drawn: what may come of outlines, roundings and dates of survey
_ORDER = (
    ("approved_date", "supply_date", "批准 approved", "供地 supplied"),
    ("agreed_start_date", "agreed_finish_date", "约定动工 agreed start", "约定竣工 agreed finish"),
    ("actual_start_date", "finish_date", "实际动工 started", "实际竣工 finished"),
)


def _column(table: DataFrame, name: str, default: str = "") -> pd.Series:
    if name not in table:
        return pd.Series(default, index=table.index, dtype="object")
    return table[name].astype("object").where(table[name].notna(), default)


def _values(zone: Zone) -> DataFrame:
    """Return the stated values with every text column there and no forecast among them."""
    table = zone.accounts
    kept = table["value"].notna() & table["year"].notna() & (_column(table, "status") != "forecast")
    table = table[kept].copy()
    for name, default in (
        ("qualifier", "="),
        ("period", "annual"),
        ("scope", "unknown"),
        ("series", ""),
        ("status", ""),
        ("source", ""),
    ):
        table[name] = _column(table, name, default)
    table["year"] = table["year"].astype("int64")
    return table


def _unit(key: str) -> str:
    return TERMS[key].unit if key in TERMS else ""


def _members(zone: Zone, year: int) -> list[str]:
    """Return the parks of the zone in a year: those of its list of members, else the top parks."""
    listed = zone.tables.get("members")
    if listed is not None and {"unit", "since", "until"} <= set(listed):
        return sorted(set(listed["unit"][there_in(listed, year)]))
    parks = zone.units[zone.units["level"] == "park"]
    top = parks[~parks["parent"].isin(parks.index)]
    return sorted(top.index[there_in(top, year)])


@rule(
    "D501",
    "warning",
    zh="{feature} 缺 {other} 的年值：其他园区有而它没有的年份 {measured:.0f} 个（共 {limit:.0f} 个），即 {detail}",
    en="{feature} has no yearly {other} for {measured:.0f} of the {limit:.0f} years in which other "
    "parks have one: {detail}",
)
def units_missing(zone: Zone) -> GeoDataFrame:
    """In a year for which values by park were published, every park of that year has one."""
    table = _values(zone)
    table = table[table["period"].isin(["annual", "stock"])]
    rows = []
    for key in _BY_PARK:
        there = table[table["key"] == key].groupby("year")["unit"].agg(set)
        published: dict[int, tuple[set[str], set[str]]] = {}
        for year, units in there.items():
            members = set(_members(zone, int(str(year))))
            if len(members & units) >= 2:  # one value alone is no table by park
                published[int(str(year))] = (members, units)
        for unit in sorted(set().union(*(members for members, _ in published.values()))):
            due = [year for year, (members, _) in published.items() if unit in members]
            lacking = [year for year in due if unit not in published[year][1]]
            if lacking:
                rows.append(
                    {
                        "level": level_of(zone, unit),
                        "feature": unit,
                        "other": key,
                        "measured": len(lacking),
                        "limit": len(due),
                        "detail": ", ".join(map(str, lacking)),
                    }
                )
    return finding_frame(rows, rule="D501") if rows else empty()


def _apart(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether two values of one cell cannot both be right."""
    for name, nothing in (("scope", "unknown"), ("series", "")):
        if a[name] != b[name] and nothing not in (a[name], b[name]):
            return False  # counted differently, as both sources say
    low, high = sorted((a, b), key=lambda row: float(row["value"]))
    if low["qualifier"] == ">" or high["qualifier"] == "<":
        return False  # "more than the lower", "less than the higher": both may hold
    return float(high["value"] - low["value"]) > _SAME * abs(float(high["value"]))


def _conflicts(cell: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    rows = list(cell)
    found = {id(row) for a, b in combinations(rows, 2) if _apart(a, b) for row in (a, b)}
    return [row for row in rows if id(row) in found]


@rule(
    "D502",
    "warning",
    zh="{feature} 的 {other} 同一时期有不同数值（最小 {measured:,.10g}，最大 {limit:,.10g} {unit}）：{detail}",
    en="{feature}: sources disagree on {other} for one period "
    "(lowest {measured:,.10g}, highest {limit:,.10g} {unit}): {detail}",
)
def cells_with_two_values(zone: Zone) -> GeoDataFrame:
    """One unit has one value per quantity, year and period; where it has two, both are named.

    A conflict that goes on over years, as of two areas in force side by side, is one finding.
    """
    runs: dict[tuple[Any, ...], list[int]] = {}
    names = ["unit", "key", "period", "year"]
    table = _values(zone)
    table = table[table.duplicated(names, keep=False)]
    for (unit, key, period, year), cell in table.groupby(names):
        rows = _conflicts(cell.to_dict("records"))
        if rows:
            said = sorted({(float(row["value"]), str(row["source"])) for row in rows})
            runs.setdefault((unit, key, period, tuple(said)), []).append(int(str(year)))
    rows = [
        {
            "level": level_of(zone, unit),
            "feature": unit,
            "other": key,
            "measured": said[0][0],
            "limit": said[-1][0],
            "unit": _unit(key),
            "detail": f"{', '.join(map(str, years))} {period}: "
            + "; ".join(f"{value:,.10g} [{source}]" for value, source in said),
        }
        for (unit, key, period, said), years in runs.items()
    ]
    return finding_frame(rows, rule="D502") if rows else empty()


@rule(
    "D503",
    "note",
    zh="{feature} 的图上面积 {measured:,.0f} m² 与公布面积 {limit:,.0f} m² 相差超过一成，以公布面积为准（{detail}）",
    en="{feature}: the drawing holds {measured:,.0f} m2, the published area is {limit:,.0f} m2, "
    "more than a tenth apart; the published area counts ({detail})",
    unit="m2",
)
def outlines_off_their_area(zone: Zone, *, tolerance: float = 0.1) -> GeoDataFrame:
    """The area of an approximate outline is near the published one; where not, both are said.

    Parameters
    ----------
    zone
        The zone.
    tolerance
        Share of the published area that the drawing may be off.
    """
    tables = []
    for level in ("boundary", "group", "park", "block"):
        layer = zone.layers.get(level)
        if layer is None or not {"stated_area_m2", "precision"} <= set(layer):
            continue
        drawn = layer[
            layer["precision"].isin(_DRAWN)
            & layer["stated_area_m2"].notna()
            & layer.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
        ]
        measured = geo.area_m2(drawn.geometry, center=zone.center)
        stated = drawn["stated_area_m2"].astype("float64")
        off = (measured - stated).abs() > tolerance * stated
        if drawn.empty:
            continue
        made = drawn["precision"] + drawn["error_m"].map(
            " ±{:.0f} m".format, na_action="ignore"
        ).fillna("")
        tables.append(
            GeoDataFrame(
                {
                    "level": level,
                    "feature": drawn["id"],
                    "measured": measured,
                    "limit": stated,
                    "detail": made,
                },
                geometry=drawn.geometry,
                crs=drawn.crs,
            )[off]
        )
    full = [table for table in tables if len(table)]
    if not full:
        return empty()
    return finding_frame(GeoDataFrame(pd.concat(full, ignore_index=True)), rule="D503")


def _counted(zone: Zone, scope: str) -> list[dict[str, Any]]:
    """Find the units and years whose money or people are counted by `scope` and whose land is known."""
    table = _values(zone)
    land = table[table["key"].isin(_LAND)][["unit", "year"]].drop_duplicates()
    earned = table[table["key"].isin(_EARNED) & (table["scope"] == scope)]
    rows: list[dict[str, Any]] = []
    for unit, found in earned.merge(land, on=["unit", "year"]).groupby("unit"):
        years = sorted(set(found["year"]))
        rows.append(
            {
                "level": level_of(zone, str(unit)),
                "feature": unit,
                "measured": len(years),
                "detail": ", ".join(map(str, years)),
            }
        )
    return rows


@rule(
    "D504",
    "warning",
    zh="{feature} 的收入等按注册地统计，土地按实地统计，共 {measured:.0f} 年；地均值可能含不在本地产生的部分：{detail}",
    en="{feature}: income is counted by place of registration, land where it lies, in "
    "{measured:.0f} year(s); a value per area may hold what was earned elsewhere: {detail}",
)
def earned_elsewhere(zone: Zone) -> GeoDataFrame:
    """What is set against the land of a unit is counted on that land (place of operation)."""
    rows = _counted(zone, "registration")
    return finding_frame(rows, rule="D504") if rows else empty()


@rule(
    "D507",
    "note",
    zh="{feature} 的收入等没有写明按注册地还是经营地统计，共 {measured:.0f} 年；地均值须注明：{detail}",
    en="{feature}: the sources do not say whether income is counted by registration or by "
    "operation, in {measured:.0f} year(s); a value per area has to say so: {detail}",
)
def counting_not_stated(zone: Zone) -> GeoDataFrame:
    """A source says by which place it counts."""
    rows = _counted(zone, "unknown")
    return finding_frame(rows, rule="D507") if rows else empty()


def _pairs(values: Mapping[int, set[float]]) -> Iterator[tuple[int, float, float]]:
    for year in sorted(values):
        for first in sorted(values[year]):
            for second in sorted(values.get(year + 1, ())):
                if first != second:
                    yield year, first, second


@rule(
    "D505",
    "warning",
    zh="{feature} 的 {other}：相邻两年的同样两个数（{measured:,.10g}、{limit:,.10g} {unit}）出现在两个不同时期，至少一处有误：{detail}",
    en="{feature}: the same two values of {other} in successive years ({measured:,.10g}, "
    "{limit:,.10g} {unit}) stand for two different periods; one must be wrong: {detail}",
)
def repeated_series(zone: Zone) -> GeoDataFrame:
    """Two successive values do not come back, digit by digit, under another period."""
    rows = []
    table = _values(zone)
    table = table[~table["key"].isin(_LAND)]
    periods = table.groupby(["unit", "key"])["period"].transform("nunique")
    for (unit, key), found in table[periods > 1].groupby(["unit", "key"]):
        seen: dict[tuple[float, float], list[tuple[str, int]]] = {}
        for period, of_period in found.groupby("period"):
            by_year = {
                int(str(year)): set(cell["value"]) for year, cell in of_period.groupby("year")
            }
            for year, first, second in _pairs(by_year):
                seen.setdefault((first, second), []).append((str(period), year))
        rows += [
            {
                "level": level_of(zone, str(unit)),
                "feature": unit,
                "other": key,
                "measured": first,
                "limit": second,
                "unit": _unit(str(key)),
                "detail": "; ".join(f"{year}, {year + 1} {period}" for period, year in places),
            }
            for (first, second), places in seen.items()
            if len({period for period, _ in places}) > 1
        ]
    return finding_frame(rows, rule="D505") if rows else empty()


@rule(
    "D506",
    "note",
    zh="{feature} 的 {other} 另见数值 {measured:,.10g} {unit}，未采用：{detail}",
    en="{feature}: another value of {other} was seen and is not used, {measured:,.10g} {unit}: {detail}",
)
def values_not_used(zone: Zone) -> GeoDataFrame:
    """Values that were seen and set aside (``[[rejected]]`` in ``zone.toml``) stay in sight."""
    rows = [
        {
            "level": level_of(zone, str(entry.get("unit", zone.id))),
            "feature": entry.get("unit", zone.id),
            "other": entry.get("key", ""),
            "measured": entry.get("value"),
            "unit": _unit(str(entry.get("key", ""))),
            "detail": " ".join(str(entry[key]) for key in ("year", "period") if key in entry)
            + (": " if {"year", "period"} & set(entry) else "")
            + f"{entry.get('reason_zh', '')} / {entry.get('reason_en', '')} [{entry.get('source', '')}]",
        }
        for entry in zone.meta.get("rejected", ())
    ]
    return finding_frame(rows, rule="D506") if rows else empty()


def _dates(table: DataFrame, name: str) -> Series:
    values = table[name]
    if pd.api.types.is_datetime64_any_dtype(values):
        return values
    words = text_of(table, name)
    return pd.to_datetime(words.where(words != "", None), format="ISO8601")


_BY_SUPPLY = {key for code, key in STATE_KEYS.items() if code[0] in "DEF"}


def land_on_record(zone: Zone) -> DataFrame:
    """Return stated land of whole years of parks and blocks: unit, year, key, value."""
    rows = zone.accounts
    names = {"qualifier": "=", "period": "annual", "status": "", "series": "", "basis": "stated"}
    said = {name: text_of(rows, name).replace("", default) for name, default in names.items()}
    kept = (
        rows["value"].notna()
        & rows["year"].notna()
        & rows["key"].isin(["land_m2", *state_keys(Series(dtype=object))])
        & said["period"].isin(["annual", "stock"])
        & said["qualifier"].isin(["=", "~"])
        & (said["status"] != "forecast")
        & (said["series"] == "")
        & (said["basis"] == "stated")
    )
    return rows[kept].astype({"year": "int64"})


@rule(
    "D511",
    "warning",
    unit="m2",
    levels=("parcel",),
    needs=(
        "parcel.geometry",
        "parcel.@unit?recorded",
        "~parcel.build_state|land_use?recorded_built",
        "~parcel.supply_state?recorded_supply",
    ),
    zh="{feature} 填报的 {other} 与图形汇总相差 {measured:+,.1f} m²（限差 {limit:,.1f} m²；{detail}）",
    en="{other} stated for {feature} differs from the land drawn by {measured:+,.1f} m2 "
    "(limit {limit:,.1f} m2; {detail})",
)
def stated_land_is_not_drawn(zone: Zone) -> GeoDataFrame:
    """Stated land of a park or block is that of its parcels, to one per cent.

    How a parcel is built its land use says where it does not itself; a parcel of which nothing
    tells the state may make up what the record has more.
    """
    parcels = zone.layers["parcel"].reset_index(drop=True)
    stated = land_on_record(zone)
    rows = []
    area = geo.area_m2(parcels.geometry, center=zone.center).to_numpy()
    states = build_states(parcels, str(zone.meta.get("land_use_system", "")))
    supplied = text_of(parcels, "supply_state")
    built, by_supply = state_keys(states["state"]), state_keys(supplied)
    unit_of = {level: units_of(zone, parcels, level) for level in ("park", "block")}
    for year, of_year in stated.groupby("year"):
        there = there_in(parcels, int(str(year))).to_numpy()
        for unit, key, value in zip(of_year["unit"], of_year["key"], of_year["value"], strict=True):
            level = next((lv for lv, units in unit_of.items() if (units == unit).any()), None)
            if level is None:
                continue  # the record is of something that has no parcels of its own
            mine = there & (unit_of[level] == unit).to_numpy()
            unknown, derived = 0.0, 0
            if key in _BY_SUPPLY:
                unknown = float(area[mine & (supplied == "")].sum())
                mine &= by_supply[key].to_numpy()
            elif key != "land_m2":
                unknown = float(area[mine & (states["state"] == "")].sum())
                mine &= built[key].to_numpy()
                derived = int((mine & (states["basis"] == "land_use")).sum())
            drawn, said = float(area[mine].sum()), float(value)
            limit = _APART * max(drawn, 1.0)
            if said - drawn > limit + unknown or drawn - said > limit:
                rows.append(
                    {
                        "level": level,
                        "feature": unit,
                        "other": key,
                        "measured": said - drawn,
                        "limit": _APART * drawn,
                        "detail": f"{year}: {said:,.1f} / {drawn:,.1f} m2"
                        + derived_words({"derived": derived}),
                        "geometry": None,
                    }
                )
    return finding_frame(rows, rule="D511")


@rule(
    "D512",
    "warning",
    unit="m2",
    levels=("parcel",),
    needs=("parcel.@coded",),
    cause=("detail",),
    zh="宗地 {feature} 的地类代码 {detail} 不在分类表中，涉及 {measured:.1f} m²",
    en="land-use code {detail} of parcel {feature} is not in its classification: {measured:.1f} m2",
)
def land_use_code_is_unknown(zone: Zone) -> GeoDataFrame:
    """A land-use code is one of its classification; the code system is stated, not guessed."""
    parcels = zone.layers["parcel"].reset_index(drop=True)
    code = text_of(parcels, "land_use")
    system = text_of(parcels, "land_use_system")
    system = system.where(system != "", str(zone.meta.get("land_use_system", "")))
    lost = (code != "") & (classify(code, system)["class"] == "")
    found = parcels[lost]
    rows = DataFrame(
        {
            "level": "parcel",
            "feature": np.asarray(found["id"], object),
            "measured": geo.area_m2(found.geometry, center=zone.center).to_numpy(),
            "detail": [f"{c} ({s or '?'})" for c, s in zip(code[lost], system[lost], strict=True)],
            "geometry": np.asarray(found.geometry.array),
        }
    )
    return finding_frame(rows, rule="D512", crs=parcels.crs)


@rule(
    "D513",
    "warning",
    unit="d",
    levels=("parcel",),
    needs=(
        "parcel.approved_date*",
        "parcel.supply_date*",
        "parcel.agreed_start_date*",
        "parcel.agreed_finish_date*",
        "parcel.actual_start_date*",
        "parcel.finish_date*",
    ),
    zh="宗地 {feature} 的日期先后颠倒 {measured:.0f} 天：{detail}",
    en="dates of parcel {feature} are in the wrong order by {measured:.0f} days: {detail}",
)
def dates_out_of_order(zone: Zone) -> GeoDataFrame:
    """Land is supplied after it is approved, and finished after it is started."""
    parcels = zone.layers["parcel"].reset_index(drop=True)
    tables = []
    for first, second, before, after in _ORDER:
        if not {first, second} <= set(parcels):
            continue
        early, late = _dates(parcels, first), _dates(parcels, second)
        wrong = late < early
        found = parcels[wrong]
        tables.append(
            DataFrame(
                {
                    "level": "parcel",
                    "feature": np.asarray(found["id"], object),
                    "measured": (early - late)[wrong].dt.days.to_numpy(float),
                    "detail": [
                        f"{before} {a:%Y-%m-%d} > {after} {b:%Y-%m-%d}"
                        for a, b in zip(early[wrong], late[wrong], strict=True)
                    ],
                    "geometry": np.asarray(found.geometry.array),
                }
            )
        )
    if not tables:
        return finding_frame([], rule="D513")
    return finding_frame(pd.concat(tables, ignore_index=True), rule="D513", crs=parcels.crs)

"""Records against polygons (台账与图形): stated sums, land-use codes, the order of dates.

What a record says of land is held against the land drawn. Nothing is mended: a stated value
still stands before a computed one in the accounts, and the difference stands here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from pandas import DataFrame, Series

from .. import geo
from ..findings import finding_frame, rule
from ..land_use import classify, state_keys
from ..model import Zone, there_in

__all__: list[str] = []

_APART = 0.01  # of the land drawn: what may come of outlines, roundings and dates of survey
_ORDER = (
    ("approved_date", "supply_date", "批准 approved", "供地 supplied"),
    ("agreed_start_date", "agreed_finish_date", "约定动工 agreed start", "约定竣工 agreed finish"),
    ("actual_start_date", "finish_date", "实际动工 started", "实际竣工 finished"),
)


def _text(table: DataFrame, name: str) -> Series:
    if name not in table:
        return Series("", index=table.index, dtype="object")
    values = table[name].astype("object")
    return values.where(values.notna(), "").astype(str).str.strip()


def _dates(table: DataFrame, name: str) -> Series:
    values = table[name]
    if pd.api.types.is_datetime64_any_dtype(values):
        return values
    words = _text(table, name)
    return pd.to_datetime(words.where(words != "", None), format="ISO8601")


def _stated(zone: Zone) -> DataFrame:
    """Stated land of whole years of parks and blocks: unit, year, key, value."""
    rows = zone.accounts
    names = {"qualifier": "=", "period": "annual", "status": "", "series": "", "basis": "stated"}
    said = {name: _text(rows, name).replace("", default) for name, default in names.items()}
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
    needs=("parcel.block_id|park_id", "parcel.build_state|supply_state"),
    zh="{feature} 填报的 {other} 与图形汇总相差 {measured:+,.1f} m²（限差 {limit:,.1f} m²；{detail}）",
    en="{other} stated for {feature} differs from the land drawn by {measured:+,.1f} m2 "
    "(limit {limit:,.1f} m2; {detail})",
)
def stated_land_is_not_drawn(zone: Zone) -> GeoDataFrame:
    """Stated land of a park or block is that of the parcels that name it, to one per cent."""
    parcels = zone.layers["parcel"].reset_index(drop=True)
    stated = _stated(zone)
    rows = []
    area = geo.area_m2(parcels.geometry, center=zone.center).to_numpy()
    built, supply = (state_keys(_text(parcels, f"{name}_state")) for name in ("build", "supply"))
    unit_of = {level: _text(parcels, f"{level}_id") for level in ("park", "block")}
    for year, of_year in stated.groupby("year"):
        there = there_in(parcels, int(str(year))).to_numpy()
        for unit, key, value in zip(of_year["unit"], of_year["key"], of_year["value"], strict=True):
            level = next((lv for lv, units in unit_of.items() if (units == unit).any()), None)
            if level is None:
                continue  # the record is of something that has no parcels of its own
            mine = there & (unit_of[level] == unit).to_numpy()
            if key != "land_m2":
                mine &= (built[key] | supply[key]).to_numpy()
            drawn, said = float(area[mine].sum()), float(value)
            if abs(said - drawn) > _APART * max(drawn, 1.0):
                rows.append(
                    {
                        "level": level,
                        "feature": unit,
                        "other": key,
                        "measured": said - drawn,
                        "limit": _APART * drawn,
                        "detail": f"{year}: {said:,.1f} / {drawn:,.1f} m2",
                        "geometry": None,
                    }
                )
    return finding_frame(rows, rule="D511")


@rule(
    "D512",
    "warning",
    unit="m2",
    levels=("parcel",),
    needs=("parcel.land_use",),
    zh="宗地 {feature} 的地类代码 {detail} 不在分类表中，涉及 {measured:.1f} m²",
    en="land-use code {detail} of parcel {feature} is not in its classification: {measured:.1f} m2",
)
def land_use_code_is_unknown(zone: Zone) -> GeoDataFrame:
    """A land-use code is one of its classification; the code system is stated, not guessed."""
    parcels = zone.layers["parcel"].reset_index(drop=True)
    code = _text(parcels, "land_use")
    system = _text(parcels, "land_use_system")
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

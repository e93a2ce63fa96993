"""Land supply (土地供应): who holds land, whether it is used, since when not.

What :mod:`zgcgis.standards.idle_land` says of each parcel on the zone's day of judgement becomes findings here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from .. import geo
from ..findings import finding_frame, rule
from ..language.errors import UnknownNameError
from ..model import LEVELS, Zone
from ..plan.land_use import build_states
from ..standards.idle_land import as_dates, judge_idle, rule_in_force

__all__ = ["as_known", "as_of", "floor_area_ratio", "houses", "judged_parcels", "stated_numbers"]


def as_of(zone: Zone) -> date:
    """Return the day on which the land of a zone is judged.

    ``as_of`` of ``zone.toml``, else the last day of its latest year, else today.
    """
    stated = zone.meta.get("as_of")
    if isinstance(stated, datetime):
        return stated.date()
    if isinstance(stated, date):
        return stated
    if stated:
        return date.fromisoformat(str(stated))
    years = zone.meta.get("years")
    return date(int(max(years)), 12, 31) if years else date.today()  # noqa: DTZ011 - a calendar day


def as_known(zone: Zone, year: int) -> Zone:
    """Return the zone as it was known at the end of a year, to be judged on that day.

    Values, quotas and firms of later years are left out, and its latest year is that year.

    Raises
    ------
    UnknownNameError
        If the year is not one of those that the zone states.
    """
    years = [int(one) for one in zone.meta.get("years", ())]
    if years and not min(years) <= year <= max(years):
        known = [str(one) for one in range(min(years), max(years) + 1)]
        raise UnknownNameError(str(year), known, what="year", zh="年份")
    day = as_of(zone)
    meta = {
        **zone.meta,
        "years": [min([*years, year]), year],
        "as_of": day if day.year == year else date(year, 12, 31),
    }
    layers = {
        level: layer[_by(layer, year)] if "year" in LEVELS[level].columns else layer
        for level, layer in zone.layers.items()
    }
    return replace(
        zone,
        meta=meta,
        layers=layers,
        accounts=zone.accounts[_by(zone.accounts, year)],
        quotas=zone.quotas[_by(zone.quotas, year)],
    )


def _by(table: pd.DataFrame, year: int) -> pd.Series:
    if "year" not in table:
        return pd.Series(data=True, index=table.index)
    known = pd.to_numeric(table["year"])
    return (known.isna() | (known <= year)).astype(bool)


def judged_parcels(zone: Zone, day: date | None = None) -> GeoDataFrame:
    """Return the parcels of a zone with what :func:`judge_idle` says of them, by ``id``."""
    return zone.once(_judged_on, as_of(zone) if day is None else day)


def _judged_on(zone: Zone, day: date) -> GeoDataFrame:
    parcels = zone.at(day.year).layer("parcel")
    planning: Mapping[str, Any] = zone.meta.get("planning", {})
    shown = construction_shown(zone, parcels, day)
    table = pd.DataFrame(parcels.drop(columns="geometry"))
    judged = judge_idle(
        table.assign(**{name: None for name in _DATED if name not in table}),
        day,
        area_m2=geo.area_m2(parcels.geometry, center=zone.center),
        evidence=shown["evidence"],
        starts_recorded=_records(zone, "actual_start_date"),
        extensions_recorded=_records(zone, "extension_months"),
        causes_recorded=_records(zone, "government_cause"),
        investment_includes_land_price=bool(planning.get("investment_includes_land_price", False)),
    )
    return (
        parcels.assign(**{name: judged[name] for name in judged}, evidence=shown["evidence"])
        .set_index("id", drop=False)
        .rename_axis(None)
    )


def _records(zone: Zone, name: str) -> bool:
    """Whether the ledger of a zone has a value in a column, for one parcel at least."""
    parcels = zone.layer("parcel")
    return name in parcels and bool((parcels[name].notna() & (parcels[name] != "")).any())


def construction_shown(zone: Zone, parcels: GeoDataFrame, day: date) -> pd.DataFrame:
    """Return what shows that a parcel has been built on by a day: ``evidence``, in words.

    A building that names the parcel or stands on it (not one of a later year), and a stated
    ``build_state`` of built land. Empty where nothing shows it.
    """
    words = pd.Series("", index=parcels.index, dtype="object")
    number = _buildings_on(zone, parcels, day)
    words = words.where(number == 0, number.map("建筑物 {0} 栋 {0} building(s)".format))
    if "build_state" in parcels:
        state = parcels["build_state"].astype("object").fillna("").astype(str)
        built = state.where(state.str.startswith("A"), "")
        said = built.map("建设状况 {0} state {0}".format).where(built != "", "")
        words = words.where(said == "", words.where(words == "", words + "；") + said)
    return pd.DataFrame({"evidence": words})


def _buildings_on(zone: Zone, parcels: GeoDataFrame, day: date) -> pd.Series:
    """How many buildings stand on each parcel by a day."""
    if not zone.count("building") or parcels.empty:
        return pd.Series(0, index=parcels.index)
    buildings = houses(_numbered(zone, ("parcel_id", "kind", "built_year")))
    if "built_year" in buildings:
        year = pd.to_numeric(buildings["built_year"])
        buildings = buildings[year.isna() | (year <= day.year)]
    number = _parcels_of(zone, parcels, buildings).value_counts()
    return parcels["id"].map(number).fillna(0).astype(int)


Buildings = TypeVar("Buildings", bound=pd.DataFrame)


def houses(buildings: Buildings) -> Buildings:
    """Return the buildings among buildings and structures; what says nothing is one."""
    if "kind" not in buildings:
        return buildings
    kept: Buildings = buildings[buildings["kind"].isin(["building"]) | buildings["kind"].isna()]
    return kept


def _numbered(zone: Zone, columns: Iterable[str]) -> pd.DataFrame:
    """Columns of the buildings, without shapes, and their positions as labels."""
    return zone.table("building", columns).reset_index(drop=True)


def _parcels_of(zone: Zone, parcels: GeoDataFrame, buildings: pd.DataFrame) -> pd.Series:
    """The parcel that each building names, else the one it stands on; empty if neither is.

    The label of a building is its position in its layer.
    """
    found = pd.Series("", index=buildings.index, dtype="object")
    if "parcel_id" in buildings:
        found = buildings["parcel_id"].astype("object").fillna("").astype(str)
    lost = np.flatnonzero(found == "")
    if not len(lost):
        return found
    shapes = zone.rows("building", buildings.index.to_numpy()[lost], ()).geometry
    there = shapes.notna().to_numpy()
    lost, shapes = lost[there], shapes[there]
    if len(lost):
        i, j, shared_m2 = geo.clipped_areas(parcels.geometry, shapes, center=zone.center)
        own = shared_m2 > 0.5 * geo.area_m2(shapes, center=zone.center).to_numpy()[j]
        found.iloc[lost[j[own]]] = parcels["id"].to_numpy(object)[i[own]]
    return found


_SUPPLY = ("supply_date", "supply_state")
_DATED = ("agreed_start_date", "supply_date")


def _can_judge(zone: Zone) -> bool:
    parcels = zone.layers.get("parcel")
    return parcels is not None and len(parcels) > 0 and bool(set(_SUPPLY) & set(parcels.columns))


def _rows(found: GeoDataFrame, **columns: Any) -> GeoDataFrame:
    frame = {"level": "parcel", "feature": found["id"].to_numpy(), **columns}
    return GeoDataFrame(frame, geometry=found.geometry.to_numpy(), crs=found.crs)


def _year_days(until: pd.Series, years: int) -> pd.Series:
    """Days of the calendar years that begin on each date: 365 or 366 for one of them."""
    return (until + pd.DateOffset(years=years) - until).dt.days


@rule(
    "L601",
    "error",
    unit="d",
    levels=("parcel",),
    clause="国土资源部令第53号 第二条第一款",
    needs=(
        "parcel.supply_date|supply_state",
        "parcel.agreed_start_date?waiting",
        "parcel.actual_start_date*",
        "~parcel.extension_months*",
        "~parcel.government_cause*",
    ),
    zh="宗地 {feature} 闲置：超过约定动工日期 {measured:.0f} 天未动工（满一年为 {limit:.0f} 天）；{detail}",
    en="parcel {feature} is idle: {measured:.0f} days past the agreed start "
    "(one year is {limit:.0f}); {detail}",
)
def idle_not_started(zone: Zone) -> GeoDataFrame:
    """Supplied land is started no later than one full year after the agreed day."""
    if not _can_judge(zone):
        return finding_frame([], rule="L601")
    law = rule_in_force(as_of(zone))
    judged = judged_parcels(zone)
    found = judged[judged["state"] == "idle_unstarted"]
    rows = _rows(
        found,
        severity=np.where(found["government"], "warning", "error"),
        measured=found["days_overdue"].astype("float64").to_numpy(),
        limit=_year_days(found["due_date"], law.start_years).to_numpy(dtype="float64"),
        detail=[_due_text(row) for row in found.to_dict("records")],
        clause=found["clause"].to_numpy(),
    )
    return finding_frame(rows, rule="L601")


def _due_text(row: Mapping[str, Any]) -> str:
    """What follows for one idle parcel, in both languages in one line."""
    since = f"闲置自 idle since {row['idle_date']:%Y-%m-%d}"
    if "government_cause" in str(row["missing"]):
        return f"{since}；未记载是否政府原因，不计闲置费 cause by government not on record, no fee"
    if row["government"]:
        return f"{since}；政府原因，不收闲置费 caused by government, no fee"
    price = "—" if pd.isna(row["fee_wan"]) else f"{row['fee_wan']:.2f}"
    fee = f"闲置费 fee {price} 万元"
    last = f"{row['takeback_date']:%Y-%m-%d}"
    back = "可无偿收回 may be taken back" if row["takeback"] else "将可收回 take-back from"
    return f"{since}；{fee}；{back} {last}"


@rule(
    "L602",
    "error",
    unit="d",
    levels=("parcel",),
    clause="国土资源部令第53号 第二条第二款",
    needs=(
        "parcel.supply_date|supply_state",
        "parcel.stopped_since*",
        "parcel.actual_start_date*",
        "parcel.developed_area_m2?halted",
        "parcel.invested_wan?halted",
        "parcel.total_investment_wan?halted",
    ),
    zh="宗地 {feature} 闲置：中止开发 {measured:.0f} 天（满一年为 {limit:.0f} 天），{detail}",
    en="parcel {feature} is idle: work stopped {measured:.0f} days ago "
    "(one year is {limit:.0f}), {detail}",
)
def idle_stopped(zone: Zone) -> GeoDataFrame:
    """Land once started does not lie stopped for a year with too little built or invested."""
    if not _can_judge(zone):
        return finding_frame([], rule="L602")
    law = rule_in_force(as_of(zone))
    judged = judged_parcels(zone)
    found = judged[judged["state"] == "idle_stopped"]
    if found.empty:
        return finding_frame([], rule="L602")
    rows = _rows(
        found,
        severity=np.where(found["government"], "warning", "error"),
        measured=found["days_overdue"].astype("float64").to_numpy(),
        limit=_year_days(as_dates(found["stopped_since"]), law.stop_years).to_numpy("float64"),
        detail=[
            f"开发 built {_percent(built)}，投资 invested {_percent(money)}"
            for built, money in zip(found["built_share"], found["invested_share"], strict=True)
        ],
    )
    return finding_frame(rows, rule="L602")


def _percent(share: float) -> str:
    return "—" if pd.isna(share) else f"{100 * share:.1f} %"


@rule(
    "L603",
    "warning",
    unit="d",
    levels=("parcel",),
    clause="工具默认：批准后两年 default of the toolkit: two years after approval",
    needs=(
        "parcel.approved_date*",
        "parcel.supply_date|supply_state*",
        "~parcel.supply_date*",
        "~parcel.supply_state*",
    ),
    zh="宗地 {feature} 批而未供：批准已 {measured:.0f} 天（限 {limit:.0f} 天）",
    en="parcel {feature} is approved but not supplied for {measured:.0f} days (limit {limit:.0f})",
)
def approved_not_supplied(zone: Zone, *, years: int = 2) -> GeoDataFrame:
    """Land once approved is supplied within `years` calendar years."""
    parcels = zone.layers.get("parcel")
    if parcels is None or "approved_date" not in parcels:
        return finding_frame([], rule="L603")
    day = pd.Timestamp(as_of(zone)).as_unit("s")
    parcels = zone.at(day.year).layer("parcel")
    approved = as_dates(parcels["approved_date"])
    supplied = as_dates(parcels.get("supply_date", pd.Series(pd.NaT, index=parcels.index)))
    held = supplied.notna() & (supplied <= day)
    if "supply_state" in parcels:
        held |= supplied.isna() & parcels["supply_state"].astype("string").str.startswith(
            "D", na=False
        )
    late = approved.notna() & ~held & (approved + pd.DateOffset(years=years) < day)
    found, since = parcels[late], approved[late]
    rows = _rows(
        found,
        measured=(day - since).dt.days.to_numpy(dtype="float64"),
        limit=_year_days(since, years).to_numpy(dtype="float64"),
        detail=since.dt.strftime("%Y-%m-%d").to_numpy(),
    )
    return finding_frame(rows, rule="L603")


@rule(
    "L604",
    "warning",
    unit="d",
    levels=("parcel",),
    clause="国土资源部令第53号 第二条第一款",
    needs=(
        "parcel.supply_date|supply_state",
        "parcel.agreed_start_date?waiting",
        "parcel.actual_start_date*",
        "~parcel.extension_months*",
    ),
    zh="宗地 {feature} 供而未用：超过约定动工日期 {measured:.0f} 天未动工，{detail} 起将构成闲置",
    en="parcel {feature} is supplied but not used: {measured:.0f} days past the agreed start; "
    "idle from {detail}",
)
def supplied_not_used(zone: Zone) -> GeoDataFrame:
    """Supplied land is started by the agreed day; a note where no extension is ever recorded."""
    if not _can_judge(zone):
        return finding_frame([], rule="L604")
    judged = judged_parcels(zone)
    found = judged[judged["state"] == "overdue"]
    rows = _rows(
        found,
        severity="warning" if _records(zone, "extension_months") else "note",
        measured=found["days_overdue"].astype("float64").to_numpy(),
        limit=0.0,
        detail=found["next_date"].dt.strftime("%Y-%m-%d").to_numpy(),
    )
    return finding_frame(rows, rule="L604")


@rule(
    "L605",
    "note",
    unit="1",
    levels=("parcel", "building"),
    clause="zone.toml [thresholds] industrial_far_min",
    needs=(
        "zone.thresholds.industrial_far_min",
        "parcel.build_state|land_use",
        "building.floor_area_m2|storeys?house",
    ),
    zh="宗地 {feature} 低效：工业用地容积率 {measured:.2f}，低于设定的 {limit:.2f}",
    en="parcel {feature} is under-used: FAR {measured:.2f} of industrial land is below the "
    "{limit:.2f} set for it",
)
def under_used(zone: Zone) -> GeoDataFrame:
    """Built industrial land has at least the floor area ratio that the zone sets for it."""
    least = zone.meta.get("thresholds", {}).get("industrial_far_min")
    parcels = zone.layers.get("parcel")
    if least is None or parcels is None or "building" not in zone.layers:
        return finding_frame([], rule="L605")
    now = zone.at(as_of(zone).year)
    parcels = now.layer("parcel")
    states = build_states(parcels, str(zone.meta.get("land_use_system", "")))["state"]
    found = parcels[states.str.startswith("A2")]
    ratio = floor_area_ratio(found, now)
    low = (ratio < float(least)).to_numpy()
    rows = _rows(found[low], measured=ratio[low].to_numpy(), limit=float(least))
    return finding_frame(rows, rule="L605")


def floor_area_ratio(parcels: GeoDataFrame, zone: Zone) -> pd.Series:
    """Return the floor area ratio of each parcel from the buildings that name it or stand on it.

    Floor area above ground as stated, storeys above 8 m once more (they count double), over the
    computed area of the parcel; a building that states none counts its footprint per storey.
    """
    names = ("parcel_id", "kind", "floor_area_m2", "tall_floor_area_m2", "storeys")
    buildings = houses(_numbered(zone, names))
    stated = stated_numbers(buildings, "floor_area_m2")
    blank = stated.isna()
    if blank.any():
        rows = buildings.index.to_numpy()[blank]
        shapes = zone.rows("building", rows, ()).geometry.set_axis(rows)
        footprint = geo.area_m2(shapes, center=zone.center)
        stated = stated.fillna(footprint * stated_numbers(buildings, "storeys")[blank])
    floors = stated + stated_numbers(buildings, "tall_floor_area_m2").fillna(0.0)
    total = floors.groupby(_parcels_of(zone, parcels, buildings).to_numpy()).sum()
    held = total.reindex(parcels["id"]).fillna(0.0).to_numpy()
    return held / geo.area_m2(parcels.geometry, center=zone.center)


def stated_numbers(table: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as numbers; without it nothing is known of anything."""
    if name not in table:
        return pd.Series(np.nan, index=table.index)
    return pd.to_numeric(table[name]).astype("float64")


@rule(
    "L606",
    "warning",
    unit="months",
    levels=("parcel",),
    clause="国土资源部令第53号 第十二条",
    needs=(
        "parcel.supply_date|supply_state",
        "parcel.extension_months*",
        "parcel.agreed_start_date*",
        "~parcel.government_cause*",
    ),
    zh="宗地 {feature} 的动工期限延长 {measured:.0f} 个月（限 {limit:.0f} 个月）：{detail}",
    en="the start of parcel {feature} was extended by {measured:.0f} months "
    "(at most {limit:.0f}): {detail}",
)
def extension_too_long(zone: Zone) -> GeoDataFrame:
    """An extension is for a delay that the government caused, and for a year at most."""
    if not _can_judge(zone) or "extension_months" not in zone.layers["parcel"]:
        return finding_frame([], rule="L606")
    law = rule_in_force(as_of(zone))
    judged = judged_parcels(zone)
    excused = judged["government"] | (not _records(zone, "government_cause"))
    most = np.where(excused, law.extension_max_months, 0)
    over = (judged["extension_months"] > most).to_numpy()
    found = judged[over]
    rows = _rows(
        found,
        measured=found["extension_months"].to_numpy(),
        limit=most[over].astype("float64"),
        detail=np.where(
            excused[over],
            "超过最长期限 longer than the rule allows",
            "未记载政府原因 no cause by government on record",
        ),
    )
    return finding_frame(rows, rule="L606")


@rule(
    "L607",
    "note",
    levels=("parcel",),
    clause="国土资源部令第53号 第二条",
    needs=("parcel.supply_date|supply_state",),
    cause=("detail",),
    zh="宗地 {feature} 是否闲置无法判定，缺少：{detail}",
    en="whether parcel {feature} is idle cannot be told; missing: {detail}",
)
def idle_unknown(zone: Zone) -> GeoDataFrame:
    """What the rule on idle land asks is on record for every supplied parcel."""
    if not _can_judge(zone):
        return finding_frame([], rule="L607")
    judged = judged_parcels(zone)
    found = judged[judged["state"] == "unknown"]
    return finding_frame(_rows(found, detail=found["missing"].to_numpy()), rule="L607")


@rule(
    "L608",
    "note",
    unit="d",
    levels=("parcel",),
    clause="国土资源部令第53号 第二条第一款",
    needs=("parcel.supply_date|supply_state", "parcel.agreed_start_date?waiting"),
    zh="宗地 {feature} 超过约定动工日期 {measured:.0f} 天而无开工日期，但有建设迹象（{detail}），不作闲置认定；请补记开工日期",
    en="parcel {feature} is {measured:.0f} days past the agreed start without a date of start, but "
    "is built on ({detail}): not taken as idle; put its start on record",
)
def start_not_recorded(zone: Zone) -> GeoDataFrame:
    """Land that is built on has the date of its start on record."""
    if not _can_judge(zone):
        return finding_frame([], rule="L608")
    judged = judged_parcels(zone)
    found = judged[judged["state"] == "undated"]
    late = (pd.Timestamp(as_of(zone)).as_unit("s") - found["due_date"]).dt.days
    rows = _rows(
        found, measured=late.to_numpy(dtype="float64"), detail=found["evidence"].to_numpy()
    )
    return finding_frame(rows, rule="L608")

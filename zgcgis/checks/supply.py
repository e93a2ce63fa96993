"""Land supply and idle land (土地供应与闲置): who holds land, whether it is used, since when not.

:func:`judge_idle` reads dates, areas and money of parcels and says of each where it stands on a
given day by the rule in force that day; the rules below turn that into findings. The figures of
the rule (one year, one third, 25 %, 20 %, two years) are data with their clause, in
``resources/controls/idle_land.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from .. import geo
from ..errors import MissingColumnsError, ZgcgisError
from ..findings import finding_frame, rule
from ..land_use import build_states
from ..model import Zone

__all__ = [
    "STATES",
    "IdleRule",
    "as_dates",
    "as_of",
    "floor_area_ratio",
    "idle_rules",
    "judge_idle",
    "judged_parcels",
    "rule_in_force",
]

STATES = (
    "unsupplied",
    "unknown",
    "not_due",
    "overdue",
    "idle_unstarted",
    "undated",
    "building",
    "stopped",
    "idle_stopped",
    "finished",
)
"""Where a parcel may stand, in the order of its life; two of them are idle.

``undated`` is land that no date says was started and that is built on by other evidence.
"""


@dataclass(frozen=True, slots=True)
class IdleRule:
    """One edition of the rule on idle land, as its file states it."""

    id: str
    zh: str
    en: str
    effective: date
    sources: tuple[str, ...]
    start_years: int
    start_strict: bool
    start_clause: str
    stop_years: int
    stop_strict: bool
    stop_clause: str
    built_share: tuple[int, int]
    invested_share: tuple[int, int]
    invested_clause: str
    reading: str
    fee_share: float
    fee_clause: str
    takeback_years: int
    takeback_strict: bool
    takeback_clause: str
    extension_max_months: int
    government_clause: str


@cache
def idle_rules() -> tuple[IdleRule, ...]:
    """Return the editions of the rule on idle land, oldest first."""
    text = files("zgcgis").joinpath("resources/controls/idle_land.toml").read_text(encoding="utf-8")
    editions: list[IdleRule] = []
    for entry in tomllib.loads(text)["edition"]:
        facts: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
        }
        editions.append(IdleRule(**facts))
    return tuple(sorted(editions, key=lambda edition: edition.effective))


def rule_in_force(day: date) -> IdleRule:
    """Return the edition of the rule on idle land in force on a day."""
    there = [edition for edition in idle_rules() if edition.effective <= day]
    if not there:
        first = idle_rules()[0]
        raise ZgcgisError(
            f"{day} 时 {first.zh} 尚未施行（{first.effective} 起施行），不能据此认定闲置。",
            f"On {day} {first.en} was not in force (since {first.effective}); "
            "idle land cannot be judged by it.",
        )
    return there[-1]


def as_dates(values: pd.Series) -> pd.Series:
    """Return a column of dates, texts ``2020-01-31`` or nothing as midnights without a zone."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(values.dtype):
        return values.dt.normalize().astype("datetime64[s]")
    texts = values.astype("object").where(values.notna(), None).replace({"": None})
    try:
        return pd.to_datetime(texts, format="ISO8601").dt.normalize().astype("datetime64[s]")
    except (ValueError, TypeError, OverflowError) as error:
        raise ZgcgisError(
            f"列 {values.name} 有不是日期的值（应如 2020-01-31）：{error}",
            f"column {values.name} holds something that is no date (expected 2020-01-31): {error}",
        ) from error


def judge_idle(
    parcels: pd.DataFrame,
    as_of: date,
    *,
    area_m2: pd.Series | None = None,
    evidence: pd.Series | None = None,
    starts_recorded: bool = True,
    investment_includes_land_price: bool = False,
) -> pd.DataFrame:
    """Say of each parcel where it stands between supply and completion on the day `as_of`.

    Parameters
    ----------
    parcels
        Parcels with at least ``agreed_start_date`` and ``supply_date``; the other columns of the
        level are read where they are there. A parcel without them may come out as ``unknown``.
    as_of
        The day of judgement. An event dated later has not happened yet.
    area_m2
        Area of each parcel, used where ``registered_area_m2`` is missing.
    evidence
        What shows of each parcel that building has begun, in words; empty where nothing does.
        Land past its date with such evidence is ``undated``, not idle.
    starts_recorded
        Whether an empty ``actual_start_date`` says that building has not begun. Where a ledger
        records no starts at all it does not, and land past its date is ``unknown``.
    investment_includes_land_price
        Whether ``invested_wan`` and ``total_investment_wan`` contain the land price. The rule
        leaves it out of both, so it is then taken off both.

    Returns
    -------
    judged
        On the index of `parcels`: ``state`` (one of :data:`STATES`), ``idle``, ``due_date``
        (agreed start plus extension), ``idle_date`` (first day the land is idle),
        ``takeback_date`` (first day it may be taken back without payment), ``days_overdue``
        (since the due date or the stop), ``days_idle``, ``built_share``, ``invested_share``,
        ``reason`` (``start``, ``built``, ``invested`` or ``built+invested``), ``government``,
        ``extension_months``, ``fee_due``, ``fee_wan``, ``takeback``, ``next_date`` (next day on
        which something falls due), ``area_m2``, ``missing`` (what would have to be known) and
        ``clause``.

    Notes
    -----
    The tests of one third and of 25 % multiply instead of dividing, so that a parcel exactly on
    the line stands on the right side of it whatever its size.
    """
    if lacking := {"agreed_start_date", "supply_date"} - set(parcels.columns):
        raise MissingColumnsError(lacking, parcels.columns, where="parcel")
    law = rule_in_force(as_of)
    day = pd.Timestamp(as_of).as_unit("s")
    index = parcels.index

    def dates(name: str) -> pd.Series:
        if name not in parcels:
            return pd.Series(pd.NaT, index=index, dtype="datetime64[s]")
        return as_dates(parcels[name])

    def numbers(name: str) -> pd.Series:
        if name not in parcels:
            return pd.Series(np.nan, index=index)
        return pd.to_numeric(parcels[name]).astype("float64")

    supplied_on, agreed = dates("supply_date"), dates("agreed_start_date")
    started_on, stopped_on, finished_on = (
        dates("actual_start_date"),
        dates("stopped_since"),
        dates("finish_date"),
    )
    extension = numbers("extension_months").fillna(0.0)
    government = (
        parcels["government_cause"].fillna(value=False).astype("bool")
        if "government_cause" in parcels
        else pd.Series(data=False, index=index)
    )
    area = numbers("registered_area_m2")
    if area_m2 is not None:
        area = area.fillna(area_m2)
    developed, price = numbers("developed_area_m2"), numbers("land_price_wan")
    invested, total = numbers("invested_wan"), numbers("total_investment_wan")
    if investment_includes_land_price:
        invested, total = (invested - price).clip(lower=0.0), total - price

    due = _after_months(agreed, extension)
    idle_from_start = _first_day(due, law.start_years, strict=law.start_strict)
    takeback_from = _first_day(due, law.takeback_years, strict=law.takeback_strict)
    idle_from_stop = _first_day(stopped_on, law.stop_years, strict=law.stop_strict)

    supplied = supplied_on.notna() & (supplied_on <= day)
    if "supply_state" in parcels:
        code = parcels["supply_state"].astype("object").fillna("").astype(str)
        supplied |= supplied_on.isna() & code.str.startswith("D")
    started = started_on.notna() & (started_on <= day)
    finished = finished_on.notna() & (finished_on <= day)
    if "build_state" in parcels:  # built land whose papers hold no dates is not idle land
        built_up = (
            parcels["build_state"].astype("object").fillna("").astype(str).str.startswith("A")
        )
        finished |= built_up & agreed.isna() & started_on.isna() & finished_on.isna()
    halted = started & ~finished & stopped_on.notna() & (stopped_on <= day)
    waiting = supplied & ~started & ~finished

    (built_part, built_whole), (money_part, money_whole) = law.built_share, law.invested_share
    built_known = developed.notna() & area.notna() & (area > 0)
    money_known = invested.notna() & total.notna() & (total > 0)
    built_low = built_known & (developed * built_whole < area * built_part)
    money_low = money_known & (invested * money_whole < total * money_part)
    long_halt = halted & (idle_from_stop <= day)
    too_little = built_low | money_low
    open_question = long_halt & ~too_little & ~(built_known & money_known)
    past = waiting & (due < day)
    shown = (
        evidence.reindex(index).fillna("") != ""
        if evidence is not None
        else pd.Series(data=False, index=index)
    )
    unrecorded = past & ~shown & (not starts_recorded)

    state = pd.Series(
        np.select(
            [
                ~supplied,
                finished,
                long_halt & too_little,
                open_question,
                halted,
                started,
                waiting & agreed.isna(),
                past & shown,
                unrecorded,
                waiting & (idle_from_start <= day),
                past,
            ],
            [
                "unsupplied",
                "finished",
                "idle_stopped",
                "unknown",
                "stopped",
                "building",
                "unknown",
                "undated",
                "unknown",
                "idle_unstarted",
                "overdue",
            ],
            default="not_due",
        ),
        index=index,
        dtype="object",
    )
    unstarted = state == "idle_unstarted"
    stopped = state == "idle_stopped"
    idle = unstarted | stopped
    idle_date = idle_from_start.where(unstarted, idle_from_stop.where(stopped))
    late = due.where(state.isin(["overdue", "idle_unstarted"])).fillna(
        stopped_on.where(state.isin(["stopped", "idle_stopped"]))
    )
    fee_due = unstarted & ~government
    takeback = fee_due & (takeback_from <= day)
    coming = idle_from_start.where(state.isin(["not_due", "overdue"])).fillna(
        takeback_from.where(fee_due & ~takeback).fillna(
            idle_from_stop.where((state == "stopped") & (too_little | ~(built_known & money_known)))
        )
    )
    reason = pd.Series(
        np.select(
            [unstarted, stopped & built_low & money_low, stopped & built_low, stopped & money_low],
            ["start", "built+invested", "built", "invested"],
            default="",
        ),
        index=index,
        dtype="object",
    )
    missing = _joined(
        index,
        {
            "agreed_start_date": waiting & agreed.isna(),
            "actual_start_date": unrecorded,
            "developed_area_m2": open_question & developed.isna(),
            "registered_area_m2": open_question & ~(area > 0),
            "invested_wan": open_question & invested.isna(),
            "total_investment_wan": open_question & ~(total > 0),
            "land_price_wan": fee_due & price.isna(),
        },
    )
    return pd.DataFrame(
        {
            "state": state,
            "idle": idle,
            "due_date": due,
            "idle_date": idle_date,
            "takeback_date": takeback_from.where(fee_due),
            "days_overdue": (day - late).dt.days.astype("Int64"),
            "days_idle": ((day - idle_date).dt.days + 1).astype("Int64"),
            "built_share": (developed / area.where(area > 0)),
            "invested_share": (invested / total.where(total > 0)),
            "reason": reason,
            "government": government,
            "extension_months": extension,
            "fee_due": fee_due,
            "fee_wan": (law.fee_share * price).where(fee_due),
            "takeback": takeback,
            "next_date": coming,
            "area_m2": area,
            "missing": missing,
            "clause": np.select(
                [takeback, unstarted & government, unstarted, stopped],
                [
                    law.takeback_clause,
                    f"{law.start_clause}；{law.government_clause}",
                    f"{law.start_clause}；{law.fee_clause}",
                    law.stop_clause,
                ],
                default="",
            ),
        },
        index=index,
    )


def _after_months(dates: pd.Series, months: pd.Series) -> pd.Series:
    """Return dates moved by whole months; a day the month lacks becomes the month's last day."""
    whole = months.round().astype("int64")
    if not (months == whole).all():
        raise ZgcgisError(
            "extension_months 应为整月数。", "extension_months must be whole numbers of months."
        )
    moved = dates.copy()
    for number in np.unique(whole[whole != 0]):
        rows = whole == number
        moved.loc[rows] = dates.loc[rows] + pd.DateOffset(months=int(number))
    return moved.astype("datetime64[s]")


def _first_day(dates: pd.Series, years: int, *, strict: bool) -> pd.Series:
    """Return the first day on which `years` full years have passed since each date."""
    reached = dates + pd.DateOffset(years=years)
    return (reached + pd.Timedelta(days=1) if strict else reached).astype("datetime64[s]")


def _joined(index: pd.Index, masks: dict[str, pd.Series]) -> pd.Series:
    """Return per row the names whose mask holds, joined by commas."""
    texts = pd.Series("", index=index, dtype="object")
    for name, mask in masks.items():
        held = mask.to_numpy(dtype="bool")
        if held.any():
            texts = texts.where(~held, texts.where(texts == "", texts + ",") + name)
    return texts


# --- the zone and its rules ----------------------------------------------------------------


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


def judged_parcels(zone: Zone, day: date | None = None) -> GeoDataFrame:
    """Return the parcels of a zone with what :func:`judge_idle` says of them, by ``id``."""
    day = as_of(zone) if day is None else day
    parcels = zone.at(day.year).layer("parcel")
    planning: Mapping[str, Any] = zone.meta.get("planning", {})
    shown = construction_shown(zone, parcels, day)
    table = pd.DataFrame(parcels.drop(columns="geometry"))
    judged = judge_idle(
        table.assign(**{name: None for name in _DATED if name not in table}),
        day,
        area_m2=geo.area_m2(parcels.geometry, center=zone.center),
        evidence=shown["evidence"],
        starts_recorded=_starts_recorded(zone),
        investment_includes_land_price=bool(planning.get("investment_includes_land_price", False)),
    )
    return (
        parcels.assign(**{name: judged[name] for name in judged}, evidence=shown["evidence"])
        .set_index("id", drop=False)
        .rename_axis(None)
    )


def _starts_recorded(zone: Zone) -> bool:
    """Whether the ledger of a zone records when building began, for one parcel at least."""
    parcels = zone.layer("parcel")
    return "actual_start_date" in parcels and bool(
        as_dates(parcels["actual_start_date"]).notna().any()
    )


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
    none = pd.Series(0, index=parcels.index)
    buildings = zone.layers.get("building")
    if buildings is None or buildings.empty or parcels.empty:
        return none
    if "kind" in buildings:
        buildings = buildings[buildings["kind"].isin(["building"]) | buildings["kind"].isna()]
    if "built_year" in buildings:
        year = pd.to_numeric(buildings["built_year"])
        buildings = buildings[year.isna() | (year <= day.year)]
    named = (
        buildings["parcel_id"].astype("object").fillna("").astype(str)
        if "parcel_id" in buildings
        else pd.Series("", index=buildings.index, dtype="object")
    )
    by_name = named[named != ""].value_counts()
    found = none + parcels["id"].map(by_name).fillna(0).astype(int)
    lost = buildings[(named == "").to_numpy()]
    lost = lost[lost.geometry.notna()]
    if len(lost):
        i, j, shared_m2 = geo.clipped_areas(parcels.geometry, lost.geometry, center=zone.center)
        footprint_m2 = geo.area_m2(lost.geometry, center=zone.center).to_numpy()
        own = i[shared_m2 > 0.5 * footprint_m2[j]]
        found += np.bincount(own, minlength=len(parcels))
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
    needs=("parcel.approved_date*", "parcel.supply_date|supply_state*"),
    zh="宗地 {feature} 批而未供：批准已 {measured:.0f} 天（限 {limit:.0f} 天）",
    en="parcel {feature} is approved but not supplied for {measured:.0f} days (limit {limit:.0f})",
)
def approved_not_supplied(zone: Zone, *, years: int = 2) -> GeoDataFrame:
    """Land once approved is supplied within `years` calendar years."""
    parcels = zone.layers.get("parcel")
    if parcels is None or not {"approved_date", "supply_date"} <= set(parcels.columns):
        return finding_frame([], rule="L603")
    day = pd.Timestamp(as_of(zone)).as_unit("s")
    parcels = zone.at(day.year).layer("parcel")
    approved, supplied = as_dates(parcels["approved_date"]), as_dates(parcels["supply_date"])
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
    ),
    zh="宗地 {feature} 供而未用：超过约定动工日期 {measured:.0f} 天未动工，{detail} 起将构成闲置",
    en="parcel {feature} is supplied but not used: {measured:.0f} days past the agreed start; "
    "idle from {detail}",
)
def supplied_not_used(zone: Zone) -> GeoDataFrame:
    """Supplied land is started by the agreed day."""
    if not _can_judge(zone):
        return finding_frame([], rule="L604")
    judged = judged_parcels(zone)
    found = judged[judged["state"] == "overdue"]
    rows = _rows(
        found,
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
        "building.parcel_id",
        "building.floor_area_m2|storeys",
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
    """Return the floor area ratio of each parcel from the buildings that name it.

    Floor area above ground as stated, storeys above 8 m once more (they count double), over the
    computed area of the parcel; a building that states none counts its footprint per storey.
    """
    buildings = zone.layer("building")
    if "kind" in buildings:
        buildings = buildings[buildings["kind"].isin(["building"]) | buildings["kind"].isna()]
    stated = _column(buildings, "floor_area_m2")
    blank = stated.isna()
    if blank.any():
        footprint = geo.area_m2(buildings.geometry[blank], center=zone.center)
        stated = stated.fillna(footprint * _column(buildings, "storeys")[blank])
    floors = stated + _column(buildings, "tall_floor_area_m2").fillna(0.0)
    total = floors.groupby(buildings["parcel_id"].to_numpy()).sum()
    held = total.reindex(parcels["id"]).fillna(0.0).to_numpy()
    return held / geo.area_m2(parcels.geometry, center=zone.center)


def _column(table: pd.DataFrame, name: str) -> pd.Series:
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
    most = np.where(judged["government"], law.extension_max_months, 0)
    over = (judged["extension_months"] > most).to_numpy()
    found = judged[over]
    rows = _rows(
        found,
        measured=found["extension_months"].to_numpy(),
        limit=most[over].astype("float64"),
        detail=np.where(
            found["government"],
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
    zh="宗地 {feature} 是否闲置无法判定，缺少：{detail}",
    en="whether parcel {feature} is idle cannot be told; missing: {detail}",
)
def idle_unknown(zone: Zone) -> GeoDataFrame:
    """What the rule on idle land asks is on record for every supplied parcel.

    One cause is one finding: parcels that lack the same are named in one row.
    """
    if not _can_judge(zone):
        return finding_frame([], rule="L607")
    judged = judged_parcels(zone)
    found = judged[judged["state"] == "unknown"]
    tables = [_of_one_cause(rows, str(cause)) for cause, rows in found.groupby("missing")]
    if not tables:
        return finding_frame([], rule="L607")
    return finding_frame(GeoDataFrame(pd.concat(tables, ignore_index=True)), rule="L607")


_MOST_SINGLE = 20  # so many parcels are still worth a line each
_MOST_NAMED = 10


def _of_one_cause(found: GeoDataFrame, cause: str) -> GeoDataFrame:
    """The parcels that lack the same thing: a row each, or one for all of them."""
    if len(found) <= _MOST_SINGLE:
        return _rows(found, detail=cause)
    ids = [str(one) for one in found["id"].head(_MOST_NAMED)]
    named = f"{'、'.join(ids)} …（共 {len(found)} 宗 {len(found)} parcels）"
    return _rows(found.head(1), detail=cause).assign(feature=named)


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

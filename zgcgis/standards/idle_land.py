"""Idle land (闲置土地): where each parcel stands between supply and completion.

:func:`judge_idle` reads dates, areas and money of parcels and says of each where it stands on a
given day by the rule in force that day. The figures of the rule (one year, one third, 25 %,
20 %, two years) are data with their clause, in ``resources/controls/idle_land.toml``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from ..language.errors import MissingColumnsError, ZgcgisError

__all__ = ["STATES", "IdleRule", "as_dates", "idle_rules", "judge_idle", "rule_in_force"]

_DATES = (
    "supply_date",
    "agreed_start_date",
    "actual_start_date",
    "stopped_since",
    "finish_date",
)
_NUMBERS = (
    "extension_months",
    "registered_area_m2",
    "developed_area_m2",
    "land_price_wan",
    "invested_wan",
    "total_investment_wan",
)

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
    extensions_recorded: bool = True,
    causes_recorded: bool = True,
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
    extensions_recorded
        Whether an empty ``extension_months`` says that there was no extension. Where a ledger
        records none at all it does not, and only land is idle that the longest one does not save.
    causes_recorded
        Whether an empty ``government_cause`` says that the government caused no delay. Where a
        ledger records no causes at all it does not, and neither fee nor take-back is claimed.
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
    law, day = rule_in_force(as_of), pd.Timestamp(as_of).as_unit("s")
    facts = _deadlines(
        _papers(parcels, area_m2, investment_includes_land_price=investment_includes_land_price),
        law,
        extensions_recorded=extensions_recorded,
    )
    facts["causes"] = causes_recorded
    facts["shown"] = False if evidence is None else evidence.reindex(facts.index).fillna("") != ""
    facts["recorded"] = starts_recorded
    facts = _life(facts, parcels, day)
    facts = _state(_shares(facts, law), day)
    return _consequences(facts, law, day)


def _papers(
    parcels: pd.DataFrame, area_m2: pd.Series | None, *, investment_includes_land_price: bool
) -> pd.DataFrame:
    """Dates, areas and money of each parcel under the names of its level, missing ones as such."""
    index = parcels.index
    facts = pd.DataFrame(index=index)
    for name in _DATES:
        there = parcels[name] if name in parcels else pd.Series(pd.NaT, index=index)
        facts[name] = as_dates(there).astype("datetime64[s]")
    for name in _NUMBERS:
        there = parcels[name] if name in parcels else pd.Series(np.nan, index=index)
        facts[name] = pd.to_numeric(there).astype("float64")
    facts["extension_months"] = facts["extension_months"].fillna(0.0)
    facts["government"] = (
        parcels["government_cause"].fillna(value=False).astype("bool")
        if "government_cause" in parcels
        else False
    )
    facts["area_m2"] = facts["registered_area_m2"]
    if area_m2 is not None:
        facts["area_m2"] = facts["area_m2"].fillna(area_m2)
    if investment_includes_land_price:
        price = facts["land_price_wan"]
        facts["invested_wan"] = (facts["invested_wan"] - price).clip(lower=0.0)
        facts["total_investment_wan"] -= price
    return facts


def _deadlines(facts: pd.DataFrame, law: IdleRule, *, extensions_recorded: bool) -> pd.DataFrame:
    """Add the days from which the rule holds land for late, idle, and to be taken back."""
    due = _after_months(facts["agreed_start_date"], facts["extension_months"])
    longest = pd.Series(float(law.extension_max_months), index=facts.index)
    latest = due if extensions_recorded else _after_months(facts["agreed_start_date"], longest)
    return facts.assign(
        due_date=due,
        surely_idle_from=_first_day(latest, law.start_years, strict=law.start_strict),
        idle_from_start=_first_day(due, law.start_years, strict=law.start_strict),
        takeback_from=_first_day(due, law.takeback_years, strict=law.takeback_strict),
        idle_from_stop=_first_day(facts["stopped_since"], law.stop_years, strict=law.stop_strict),
    )


def _life(facts: pd.DataFrame, parcels: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Add what had happened to each parcel by a day: supplied, started, halted, finished."""
    supplied, started, finished, stopped = (
        facts[name].notna() & (facts[name] <= day)
        for name in ("supply_date", "actual_start_date", "finish_date", "stopped_since")
    )
    supplied |= facts["supply_date"].isna() & _begins(parcels, "supply_state", "D")
    undated = facts[["agreed_start_date", "actual_start_date", "finish_date"]].isna().all(axis=1)
    # built land whose papers hold no dates is not idle land
    finished |= undated & _begins(parcels, "build_state", "A")
    waiting = supplied & ~started & ~finished
    return facts.assign(
        supplied=supplied,
        started=started,
        finished=finished,
        halted=started & ~finished & stopped,
        waiting=waiting,
        past=waiting & (facts["due_date"] < day),
    )


def _begins(parcels: pd.DataFrame, name: str, letter: str) -> pd.Series:
    if name not in parcels:
        return pd.Series(data=False, index=parcels.index)
    return parcels[name].astype("object").fillna("").astype(str).str.startswith(letter)


def _shares(facts: pd.DataFrame, law: IdleRule) -> pd.DataFrame:
    """Add whether less was built or invested than the rule asks of land on which work stopped."""
    (built_part, built_whole), (money_part, money_whole) = law.built_share, law.invested_share
    built, area = facts["developed_area_m2"], facts["area_m2"]
    spent, total = facts["invested_wan"], facts["total_investment_wan"]
    built_known = built.notna() & area.notna() & (area > 0)
    money_known = spent.notna() & total.notna() & (total > 0)
    return facts.assign(
        built_low=built_known & (built * built_whole < area * built_part),
        money_low=money_known & (spent * money_whole < total * money_part),
        shares_known=built_known & money_known,
        built_share=built / area.where(area > 0),
        invested_share=spent / total.where(total > 0),
    )


def _state(facts: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Add the one state of each parcel, and whether a question about it is open."""
    waiting, past = facts["waiting"], facts["past"]
    too_little = facts["built_low"] | facts["money_low"]
    long_halt = facts["halted"] & (facts["idle_from_stop"] <= day)
    open_question = long_halt & ~too_little & ~facts["shares_known"]
    undue = waiting & facts["agreed_start_date"].isna()
    unrecorded = past & ~facts["shown"] & ~facts["recorded"]
    state = np.select(
        [
            ~facts["supplied"],
            facts["finished"],
            long_halt & too_little,
            open_question,
            facts["halted"],
            facts["started"],
            undue,
            past & facts["shown"],
            unrecorded,
            waiting & (facts["surely_idle_from"] <= day),
            past,
        ],
        ["unsupplied", "finished", "idle_stopped", "unknown", "stopped", "building", "unknown",
         "undated", "unknown", "idle_unstarted", "overdue"],
        default="not_due",
    )  # fmt: skip
    return facts.assign(
        state=pd.Series(state, index=facts.index, dtype="object"),
        undue=undue,
        unrecorded=unrecorded,
        open_question=open_question,
    )


def _consequences(facts: pd.DataFrame, law: IdleRule, day: pd.Timestamp) -> pd.DataFrame:
    """What follows from the state of each parcel: since when, fee, take-back, next date, clause."""
    state, government = facts["state"], facts["government"]
    unstarted, stopped = state == "idle_unstarted", state == "idle_stopped"
    idle_date = facts["idle_from_start"].where(unstarted, facts["idle_from_stop"].where(stopped))
    late = (
        facts["due_date"]
        .where(state.isin(["overdue", "idle_unstarted"]))
        .fillna(facts["stopped_since"].where(state.isin(["stopped", "idle_stopped"])))
    )
    fee_due = unstarted & ~government & facts["causes"]
    takeback = fee_due & (facts["takeback_from"] <= day)
    return pd.DataFrame(
        {
            "state": state,
            "idle": unstarted | stopped,
            "due_date": facts["due_date"],
            "idle_date": idle_date,
            "takeback_date": facts["takeback_from"].where(fee_due),
            "days_overdue": (day - late).dt.days.astype("Int64"),
            "days_idle": ((day - idle_date).dt.days + 1).astype("Int64"),
            "built_share": facts["built_share"],
            "invested_share": facts["invested_share"],
            "reason": _reason(facts),
            "government": government,
            "extension_months": facts["extension_months"],
            "fee_due": fee_due,
            "fee_wan": (law.fee_share * facts["land_price_wan"]).where(fee_due),
            "takeback": takeback,
            "next_date": _next_date(facts, fee_due & ~takeback),
            "area_m2": facts["area_m2"],
            "missing": _missing(facts, fee_due),
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
        index=facts.index,
    )


def _reason(facts: pd.DataFrame) -> pd.Series:
    stopped, built, money = facts["state"] == "idle_stopped", facts["built_low"], facts["money_low"]
    reasons = np.select(
        [facts["state"] == "idle_unstarted", stopped & built & money, stopped & built,
         stopped & money],
        ["start", "built+invested", "built", "invested"],
        default="",
    )  # fmt: skip
    return pd.Series(reasons, index=facts.index, dtype="object")


def _next_date(facts: pd.DataFrame, before_takeback: pd.Series) -> pd.Series:
    """The next day on which something falls due."""
    state = facts["state"]
    may_idle = (state == "stopped") & (
        facts["built_low"] | facts["money_low"] | ~facts["shares_known"]
    )
    return (
        facts["surely_idle_from"]
        .where(state.isin(["not_due", "overdue"]))
        .fillna(facts["takeback_from"].where(before_takeback))
        .fillna(facts["idle_from_stop"].where(may_idle))
    )


def _missing(facts: pd.DataFrame, fee_due: pd.Series) -> pd.Series:
    """What would have to be known of each parcel, joined by commas."""
    asked = facts["open_question"]
    return _joined(
        facts.index,
        {
            "agreed_start_date": facts["undue"],
            "actual_start_date": facts["unrecorded"],
            "developed_area_m2": asked & facts["developed_area_m2"].isna(),
            "registered_area_m2": asked & ~(facts["area_m2"] > 0),
            "invested_wan": asked & facts["invested_wan"].isna(),
            "total_investment_wan": asked & ~(facts["total_investment_wan"] > 0),
            "land_price_wan": fee_due & facts["land_price_wan"].isna(),
            "government_cause": (facts["state"] == "idle_unstarted") & ~facts["causes"],
        },
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

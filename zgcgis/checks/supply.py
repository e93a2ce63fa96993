"""Land supply and idle land (土地供应与闲置): who holds land, whether it is used, since when not.

:func:`judge_idle` reads dates, areas and money of parcels and says of each where it stands on a
given day by the rule in force that day; the rules below turn that into findings. The figures of
the rule (one year, one third, 25 %, 20 %, two years) are data with their clause, in
``resources/controls/idle_land.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from ..errors import MissingColumnsError, ZgcgisError

__all__ = ["IdleRule", "as_dates", "idle_rules", "judge_idle", "rule_in_force"]

STATES = (
    "unsupplied",
    "unknown",
    "not_due",
    "overdue",
    "idle_unstarted",
    "building",
    "stopped",
    "idle_stopped",
    "finished",
)
"""Where a parcel may stand, in the order of its life; two of them are idle."""


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
    editions = [
        IdleRule(**{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()})
        for entry in tomllib.loads(text)["edition"]
    ]
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
                waiting & (idle_from_start <= day),
                waiting & (due < day),
            ],
            [
                "unsupplied",
                "finished",
                "idle_stopped",
                "unknown",
                "stopped",
                "building",
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


def _names(values: Iterable[Any]) -> list[str]:
    return [str(value) for value in values]

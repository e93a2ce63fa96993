"""Idle land: a table of cases built from the text of the rule, its edges included."""

from __future__ import annotations

import os
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from zgcgis.language.errors import MissingColumnsError, ZgcgisError
from zgcgis.standards.idle_land import STATES, as_dates, idle_rules, judge_idle, rule_in_force

AREA, PRICE, TOTAL = 30_000.0, 9_000.0, 40_000.0


def parcel(**facts):
    """A parcel supplied in 2018, to be started on 2020-01-01; `facts` change it."""
    return {
        "supply_date": "2018-06-01",
        "agreed_start_date": "2020-01-01",
        "actual_start_date": None,
        "stopped_since": None,
        "finish_date": None,
        "registered_area_m2": AREA,
        "developed_area_m2": None,
        "total_investment_wan": TOTAL,
        "invested_wan": None,
        "land_price_wan": PRICE,
        "government_cause": False,
        "extension_months": None,
    } | facts


def stopped(since, developed, invested, **facts):
    return parcel(
        actual_start_date="2020-01-01",
        stopped_since=since,
        developed_area_m2=developed,
        invested_wan=invested,
        **facts,
    )


# day, parcel, state, days overdue, fee in wan (None: none due), taken back
UNSTARTED = {
    "long before the agreed start": ("2019-06-01", parcel(), "not_due", None, None, False),
    "the agreed day itself": ("2020-01-01", parcel(), "not_due", None, None, False),
    "the day after": ("2020-01-02", parcel(), "overdue", 1, None, False),
    "half a year late": ("2020-07-01", parcel(), "overdue", 182, None, False),
    "a day short of a year": ("2020-12-31", parcel(), "overdue", 365, None, False),
    "the corresponding day: not more than a year": (
        "2021-01-01",
        parcel(),
        "overdue",
        366,
        None,
        False,
    ),
    "the day after it: idle, fee of 20 %": (
        "2021-01-02",
        parcel(),
        "idle_unstarted",
        367,
        1_800.0,
        False,
    ),
    "eighteen months": ("2021-07-01", parcel(), "idle_unstarted", 547, 1_800.0, False),
    "a day short of two years": ("2021-12-31", parcel(), "idle_unstarted", 730, 1_800.0, False),
    "two years to the day": ("2022-01-01", parcel(), "idle_unstarted", 731, 1_800.0, False),
    "the day after two years: taken back": (
        "2022-01-02",
        parcel(),
        "idle_unstarted",
        732,
        1_800.0,
        True,
    ),
    "five years": ("2025-01-01", parcel(), "idle_unstarted", 1_827, 1_800.0, True),
    "leap day agreed, last of February still inside": (
        "2021-02-28",
        parcel(agreed_start_date="2020-02-29"),
        "overdue",
        365,
        None,
        False,
    ),
    "leap day agreed, first of March idle": (
        "2021-03-01",
        parcel(agreed_start_date="2020-02-29"),
        "idle_unstarted",
        366,
        1_800.0,
        False,
    ),
    "year through a leap day, corresponding day": (
        "2024-03-15",
        parcel(agreed_start_date="2023-03-15"),
        "overdue",
        366,
        None,
        False,
    ),
    "year through a leap day, day after": (
        "2024-03-16",
        parcel(agreed_start_date="2023-03-15"),
        "idle_unstarted",
        367,
        1_800.0,
        False,
    ),
    "started on the last day": (
        "2021-06-01",
        parcel(actual_start_date="2021-01-01"),
        "building",
        None,
        None,
        False,
    ),
    "started late, after idling": (
        "2021-06-01",
        parcel(actual_start_date="2021-03-01"),
        "building",
        None,
        None,
        False,
    ),
    "start dated after the day of judgement": (
        "2021-06-01",
        parcel(actual_start_date="2021-06-02"),
        "idle_unstarted",
        517,
        1_800.0,
        False,
    ),
    "started on the day of judgement": (
        "2021-06-01",
        parcel(actual_start_date="2021-06-01"),
        "building",
        None,
        None,
        False,
    ),
    "not yet supplied": ("2021-06-01", parcel(supply_date=None), "unsupplied", None, None, False),
    "supply dated later": (
        "2021-06-01",
        parcel(supply_date="2021-06-02"),
        "unsupplied",
        None,
        None,
        False,
    ),
    "supplied on the day": (
        "2021-06-01",
        parcel(supply_date="2021-06-01"),
        "idle_unstarted",
        517,
        1_800.0,
        False,
    ),
    "no agreed date": ("2021-06-01", parcel(agreed_start_date=None), "unknown", None, None, False),
    "no agreed date but building": (
        "2021-06-01",
        parcel(agreed_start_date=None, actual_start_date="2020-01-01"),
        "building",
        None,
        None,
        False,
    ),
    "no price: fee due, amount unknown": (
        "2021-06-01",
        parcel(land_price_wan=None),
        "idle_unstarted",
        517,
        np.nan,
        False,
    ),
    "allocated land without price": (
        "2021-06-01",
        parcel(land_price_wan=0.0),
        "idle_unstarted",
        517,
        0.0,
        False,
    ),
}
GOVERNMENT = {
    "government's delay: idle, no fee": (
        "2021-06-01",
        parcel(government_cause=True),
        "idle_unstarted",
        517,
        None,
        False,
    ),
    "government's delay: never taken back without payment": (
        "2026-01-01",
        parcel(government_cause=True),
        "idle_unstarted",
        2_192,
        None,
        False,
    ),
    "extended by a year: last day": (
        "2022-01-01",
        parcel(government_cause=True, extension_months=12),
        "overdue",
        365,
        None,
        False,
    ),
    "extended by a year: idle": (
        "2022-01-02",
        parcel(government_cause=True, extension_months=12),
        "idle_unstarted",
        366,
        None,
        False,
    ),
    "extended: not yet due": (
        "2020-06-30",
        parcel(government_cause=True, extension_months=6),
        "not_due",
        None,
        None,
        False,
    ),
    "extended by six months: the day after": (
        "2020-07-02",
        parcel(government_cause=True, extension_months=6),
        "overdue",
        1,
        None,
        False,
    ),
    "extended, holder's delay after it": (
        "2021-07-02",
        parcel(extension_months=6),
        "idle_unstarted",
        366,
        1_800.0,
        False,
    ),
    "extended to a month without that day": (
        "2021-03-01",
        parcel(agreed_start_date="2019-08-31", extension_months=6),
        "idle_unstarted",
        366,
        1_800.0,
        False,
    ),
    "extended to a leap February, last day inside": (
        "2021-02-28",
        parcel(agreed_start_date="2019-08-31", extension_months=6),
        "overdue",
        365,
        None,
        False,
    ),
}
STOPPED = {
    "a day short of a year": (
        "2021-12-31",
        stopped("2021-01-01", 5_000, 5_000),
        "stopped",
        364,
        None,
        False,
    ),
    "one year to the day counts": (
        "2022-01-01",
        stopped("2021-01-01", 5_000, 5_000),
        "idle_stopped",
        365,
        None,
        False,
    ),
    "exactly one third and 25 %": (
        "2022-01-01",
        stopped("2021-01-01", 10_000, 10_000),
        "stopped",
        365,
        None,
        False,
    ),
    "just under one third": (
        "2022-01-01",
        stopped("2021-01-01", 9_999.99, 40_000),
        "idle_stopped",
        365,
        None,
        False,
    ),
    "exactly one third, just under 25 %": (
        "2022-01-01",
        stopped("2021-01-01", 10_000, 9_999.99),
        "idle_stopped",
        365,
        None,
        False,
    ),
    "exactly 25 %, just under one third": (
        "2022-01-01",
        stopped("2021-01-01", 9_999.99, 10_000),
        "idle_stopped",
        365,
        None,
        False,
    ),
    "one hundredth over both": (
        "2022-01-01",
        stopped("2021-01-01", 10_000.01, 10_000.01),
        "stopped",
        365,
        None,
        False,
    ),
    "all built, little invested": (
        "2022-01-01",
        stopped("2021-01-01", AREA, 100),
        "idle_stopped",
        365,
        None,
        False,
    ),
    "nothing built, all invested": (
        "2022-01-01",
        stopped("2021-01-01", 0, TOTAL),
        "idle_stopped",
        365,
        None,
        False,
    ),
    "nothing at all": ("2022-01-01", stopped("2021-01-01", 0, 0), "idle_stopped", 365, None, False),
    "too little built, money unknown": (
        "2022-01-01",
        stopped("2021-01-01", 5_000, None),
        "idle_stopped",
        365,
        None,
        False,
    ),
    "enough built, money unknown": (
        "2022-01-01",
        stopped("2021-01-01", 20_000, None),
        "unknown",
        None,
        None,
        False,
    ),
    "built unknown, too little money": (
        "2022-01-01",
        stopped("2021-01-01", None, 5_000),
        "idle_stopped",
        365,
        None,
        False,
    ),
    "both unknown": ("2022-01-01", stopped("2021-01-01", None, None), "unknown", None, None, False),
    "both unknown, stopped a short while": (
        "2021-06-01",
        stopped("2021-01-01", None, None),
        "stopped",
        151,
        None,
        False,
    ),
    "little built but never stopped": (
        "2025-01-01",
        stopped(None, 100, 100),
        "building",
        None,
        None,
        False,
    ),
    "stop dated after the day of judgement": (
        "2021-01-01",
        stopped("2021-01-02", 100, 100),
        "building",
        None,
        None,
        False,
    ),
    "finished before the day": (
        "2025-01-01",
        stopped("2021-01-01", 100, 100, finish_date="2024-12-31"),
        "finished",
        None,
        None,
        False,
    ),
    "finish dated later": (
        "2025-01-01",
        stopped("2021-01-01", 100, 100, finish_date="2025-01-02"),
        "idle_stopped",
        1_461,
        None,
        False,
    ),
    "stopped on a leap day": (
        "2021-02-28",
        stopped("2020-02-29", 100, 100),
        "idle_stopped",
        365,
        None,
        False,
    ),
    "stopped on a leap day, one day early": (
        "2021-02-27",
        stopped("2020-02-29", 100, 100),
        "stopped",
        364,
        None,
        False,
    ),
    "stopped for years: two years take nothing back": (
        "2025-01-01",
        stopped("2021-01-01", 100, 100),
        "idle_stopped",
        1_461,
        None,
        False,
    ),
    "government's stop": (
        "2022-01-01",
        stopped("2021-01-01", 100, 100, government_cause=True),
        "idle_stopped",
        365,
        None,
        False,
    ),
}
CASES = [
    pytest.param(*case, id=f"{family}: {name}")
    for family, table in (("unstarted", UNSTARTED), ("government", GOVERNMENT), ("stop", STOPPED))
    for name, case in table.items()
]


def judged(facts, day):
    return judge_idle(pd.DataFrame([facts]), date.fromisoformat(day)).iloc[0]


def test_the_table_is_as_long_as_promised():
    assert len(CASES) >= 40


@pytest.mark.parametrize(("day", "facts", "state", "days", "fee", "taken"), CASES)
def test_case(day, facts, state, days, fee, taken):
    row = judged(facts, day)
    assert row["state"] == state
    assert row["idle"] == (state in ("idle_unstarted", "idle_stopped"))
    assert (None if pd.isna(row["days_overdue"]) else row["days_overdue"]) == days
    assert row["fee_due"] == (fee is not None)
    if fee is not None:
        assert row["fee_wan"] == pytest.approx(fee, nan_ok=True)
    assert row["takeback"] == taken


def test_what_is_missing_is_named():
    assert judged(stopped("2021-01-01", None, None), "2022-01-01")["missing"] == (
        "developed_area_m2,invested_wan"
    )
    assert judged(parcel(agreed_start_date=None), "2021-01-01")["missing"] == "agreed_start_date"
    assert judged(parcel(land_price_wan=None), "2021-06-01")["missing"] == "land_price_wan"
    assert judged(parcel(), "2021-06-01")["missing"] == ""


def test_the_next_deadline_is_the_day_on_which_something_falls_due():
    assert judged(parcel(), "2020-06-01")["next_date"] == pd.Timestamp("2021-01-02")
    assert judged(parcel(), "2021-06-01")["next_date"] == pd.Timestamp("2022-01-02")
    assert pd.isna(judged(parcel(), "2023-06-01")["next_date"])
    soon = stopped("2021-01-01", 100, 100)
    assert judged(soon, "2021-06-01")["next_date"] == pd.Timestamp("2022-01-01")


def test_the_reason_says_which_share_falls_short():
    day = "2022-01-01"
    assert judged(stopped("2021-01-01", 1, 1), day)["reason"] == "built+invested"
    assert judged(stopped("2021-01-01", AREA, 1), day)["reason"] == "invested"
    assert judged(stopped("2021-01-01", 1, TOTAL), day)["reason"] == "built"
    assert judged(parcel(), day)["reason"] == "start"


def test_land_price_is_taken_off_when_the_figures_contain_it():
    # 17 250 of 40 000 looks like 43 %; without the price of 9 000 it is 8 250 of 31 000, 26.6 %
    facts = pd.DataFrame([stopped("2021-01-01", AREA, 17_250), stopped("2021-01-01", AREA, 16_749)])
    day = date(2022, 1, 1)
    assert judge_idle(facts, day)["state"].tolist() == ["stopped", "stopped"]
    netted = judge_idle(facts, day, investment_includes_land_price=True)
    assert netted["state"].tolist() == ["stopped", "idle_stopped"]


def test_area_is_measured_where_none_is_registered():
    facts = pd.DataFrame([stopped("2021-01-01", 9_000, TOTAL, registered_area_m2=None)])
    day = date(2022, 1, 1)
    assert judge_idle(facts, day)["state"].item() == "unknown"
    measured = pd.Series([30_000.0])
    assert judge_idle(facts, day, area_m2=measured)["state"].item() == "idle_stopped"


def test_the_rule_cites_its_clauses():
    assert "第二条第一款" in judged(parcel(), "2021-06-01")["clause"]
    assert "第十四条第二项" in judged(parcel(), "2023-06-01")["clause"]
    assert "第十二条" in judged(parcel(government_cause=True), "2023-06-01")["clause"]
    assert "第二条第二款" in judged(stopped("2021-01-01", 1, 1), "2022-06-01")["clause"]


def test_before_the_rule_was_in_force_nothing_can_be_judged():
    assert rule_in_force(date(2012, 7, 1)).id == "order53-2012"
    with pytest.raises(ZgcgisError, match="2012-07-01"):
        rule_in_force(date(2012, 6, 30))


def test_every_edition_has_its_source():
    for edition in idle_rules():
        assert edition.sources
        assert all(source.startswith("http") for source in edition.sources)
        assert edition.start_clause
        assert edition.fee_clause


def test_a_date_that_is_none_is_an_error_with_the_column():
    with pytest.raises(ZgcgisError, match="agreed_start_date"):
        judged(parcel(agreed_start_date="last spring"), "2021-01-01")


def test_a_column_that_lacks_is_named():
    with pytest.raises(MissingColumnsError, match="agreed_start_date"):
        judge_idle(pd.DataFrame({"supply_date": ["2020-01-01"]}), date(2021, 1, 1))


def test_dates_come_as_texts_dates_or_stamps():
    texts = as_dates(pd.Series(["2020-01-31", None, ""], name="d"))
    stamps = as_dates(pd.Series([date(2020, 1, 31), None, None], name="d"))
    assert texts.equals(stamps)
    assert texts.tolist() == [pd.Timestamp("2020-01-31"), pd.NaT, pd.NaT]


def plainly(facts, day):
    """The same rule once more, written with calendars and fractions, one parcel at a time."""
    from fractions import Fraction

    def anniversary(start, years):
        try:
            return start.replace(year=start.year + years)
        except ValueError:
            return start.replace(year=start.year + years, day=28)

    def happened(name):
        return facts[name] is not None and facts[name] <= day

    if not happened("supply_date"):
        return "unsupplied"
    if happened("finish_date"):
        return "finished"
    if happened("actual_start_date"):
        if not happened("stopped_since"):
            return "building"
        if day < anniversary(facts["stopped_since"], 1):
            return "stopped"
        built = Fraction(facts["developed_area_m2"], int(AREA))
        money = Fraction(facts["invested_wan"], int(TOTAL))
        return "idle_stopped" if built < Fraction(1, 3) or money < Fraction(1, 4) else "stopped"
    if day <= facts["agreed_start_date"]:
        return "not_due"
    return "idle_unstarted" if day > anniversary(facts["agreed_start_date"], 1) else "overdue"


def test_ten_thousand_random_parcels_agree_with_the_rule_written_plainly():
    rng = np.random.default_rng(53)
    count = 200_000 if os.environ.get("ZGCGIS_FULL") else 10_000
    start = date(2019, 1, 1)

    def some_day(likely):
        return (
            start + timedelta(days=int(rng.integers(0, 2_000))) if rng.random() < likely else None
        )

    rows = [
        parcel(
            supply_date=some_day(0.9),
            agreed_start_date=some_day(1.0),
            actual_start_date=some_day(0.6),
            stopped_since=some_day(0.7),
            finish_date=some_day(0.2),
            developed_area_m2=int(rng.choice([0, 5_000, 9_999, 10_000, 10_001, 30_000])),
            invested_wan=int(rng.choice([0, 9_999, 10_000, 10_001, 40_000])),
        )
        for _ in range(count)
    ]
    day = date(2022, 2, 28)
    states = judge_idle(pd.DataFrame(rows), day)["state"]
    assert states.tolist() == [plainly(row, day) for row in rows]
    assert set(states) <= set(STATES)
    assert states.nunique() >= 8

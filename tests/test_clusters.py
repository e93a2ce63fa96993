"""Specialisation: quotients by hand, intervals by simulation, the plan's wish against the mix."""

from __future__ import annotations

import os
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from zgcgis.clusters import (
    concentration,
    location_quotients,
    orientation_match,
    structure,
    wilson,
)
from zgcgis.language.errors import MissingColumnsError, ZgcgisWarning


def firms(table, year=2023, **columns):
    """Enterprises from ``{(park, industry): how many}``."""
    rows = [
        {"park_id": park, "industry": industry, "year": year}
        for (park, industry), count in table.items()
        for _ in range(count)
    ]
    return pd.DataFrame(rows).assign(**columns)


TWO = {("north", "it"): 60, ("north", "bio"): 20, ("south", "it"): 40, ("south", "bio"): 80}


def test_the_quotient_is_share_in_the_park_over_share_in_the_zone():
    found = location_quotients(firms(TWO)).set_index(["park_id", "industry"])
    assert found.loc[("north", "it"), "lq"] == pytest.approx((60 / 80) / (100 / 200))
    assert found.loc[("south", "bio"), "lq"] == pytest.approx((80 / 120) / (100 / 200))
    assert found.loc[("north", "it"), "specialised"] == "yes"
    assert found.loc[("north", "bio"), "specialised"] == "no"
    assert (found["low"] < found["lq"]).all()
    assert (found["lq"] < found["high"]).all()


def test_quotients_weighted_by_the_zone_shares_of_parks_add_to_one():
    found = location_quotients(firms(TWO))
    weight = found["park_count"] / 200
    assert (found["lq"] * weight).groupby(found["industry"]).sum().tolist() == pytest.approx([1, 1])


def test_the_interval_holds_the_true_quotient_as_often_as_it_says():
    rng = np.random.default_rng(11)
    draws = 4_000 if os.environ.get("ZGCGIS_FULL") else 400
    p, q, n, m = 0.30, 0.15, 60, 400
    true = p / ((n * p + m * q) / (n + m))
    hits = 0
    for _ in range(draws):
        x, r = int(rng.binomial(n, p)), int(rng.binomial(m, q))
        sample = firms({("a", "x"): x, ("a", "o"): n - x, ("b", "x"): r, ("b", "o"): m - r})
        row = location_quotients(sample).query("park_id == 'a' and industry == 'x'").iloc[0]
        hits += row["low"] <= true <= row["high"]
    assert binomtest(hits, draws, 0.95).pvalue > 0.001


def test_an_industry_that_a_park_lacks_is_zero_and_its_interval_says_how_little_that_proves():
    few = {("a", "it"): 6, ("b", "it"): 10, ("b", "bio"): 10}
    many = {("a", "it"): 600, ("b", "it"): 10, ("b", "bio"): 10}
    of_few, of_many = (
        location_quotients(firms(t)).query("park_id == 'a' and industry == 'bio'").iloc[0]
        for t in (few, many)
    )
    assert of_few[["count", "lq", "low"]].tolist() == [0, 0.0, 0.0]
    assert of_few["specialised"] == "open"
    assert of_many["specialised"] == "no"


def test_small_counts_are_marked_and_warned_about():
    with pytest.warns(ZgcgisWarning, match="fewer than 5"):
        found = location_quotients(firms({("a", "it"): 3, ("b", "it"): 9, ("b", "bio"): 9}))
    assert found.query("park_id == 'a'")["small"].all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        location_quotients(firms(TWO))


@pytest.mark.parametrize("seed", range(10))
def test_wilson_agrees_with_the_textbook_implementation(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 200))
    k = int(rng.integers(0, n + 1))
    expected = binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson(k, n)[0] == pytest.approx([expected.low, expected.high], abs=1e-12)


def test_weights_are_added_up_and_rows_without_park_or_industry_are_left_out():
    table = pd.DataFrame(
        {
            "park_id": ["a", "a", "a", None, "b"],
            "industry": ["it", "bio", "", "it", "it"],
            "staff_persons": [30.0, 10.0, 99.0, 99.0, 5.0],
        }
    )
    found = structure(table, weight="staff_persons")
    assert found[["park_id", "industry", "value", "share"]].to_numpy().tolist() == [
        ["a", "bio", 10.0, 0.25],
        ["a", "it", 30.0, 0.75],
        ["b", "it", 5.0, 1.0],
    ]
    with pytest.raises(MissingColumnsError, match="tax_wan"):
        structure(table, weight="tax_wan")


def test_match_with_the_plan_drifts_over_years():
    years = pd.concat(
        [
            firms({("a", "it"): 6, ("a", "bio"): 4, ("b", "it"): 5}, 2021),
            firms({("a", "it"): 3, ("a", "bio"): 4, ("a", "art"): 3, ("b", "it"): 5}, 2023),
        ]
    )
    wishes = {"a": ["it"], "b": []}
    found = orientation_match(years, wishes.__getitem__).set_index(["park_id", "year"])
    assert found["match"].tolist() == pytest.approx([0.6, 0.3, np.nan, np.nan], nan_ok=True)
    assert found.loc[("a", 2023), "drift"] == pytest.approx(-0.3)
    assert found.loc[("a", 2023), "turnover"] == pytest.approx(0.3)
    assert found.loc[("a", 2021), "turnover"] == 0
    assert found.loc[("a", 2021), ["low", "high"]].tolist() == pytest.approx(
        wilson(6, 10)[0].tolist()
    )
    assert found.loc[("a", 2023), "largest"] == "bio"


def test_concentration_of_parks_and_of_industries():
    table = firms({("a", "it"): 5, ("a", "bio"): 5, ("b", "it"): 10})
    parks = concentration(table).set_index("park_id")
    assert parks["hhi"].tolist() == [0.5, 1.0]
    assert parks["equivalent"].tolist() == [2.0, 1.0]
    assert parks["krugman"].tolist() == [1.0, 1.0]
    kinds = concentration(table, by="industry").set_index("industry")
    assert kinds.loc["bio", ["hhi", "top", "top_share"]].tolist() == [1.0, "a", 1.0]
    assert kinds.loc["it", "hhi"] == pytest.approx((5 / 15) ** 2 + (10 / 15) ** 2)


@pytest.mark.parametrize("seed", range(5))
def test_laws_of_concentration_hold_for_random_zones(seed):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "park_id": rng.choice(list("abcdef"), 500),
            "industry": rng.choice(list("uvwxyz"), 500),
            "year": rng.choice([2021, 2022], 500),
            "staff_persons": rng.integers(1, 900, 500),
        }
    )
    found = concentration(table, weight="staff_persons")
    assert found["hhi"].between(1 / 6, 1).all()
    assert found["krugman"].between(0, 2).all()
    assert (found["top_share"] ** 2 <= found["hhi"] + 1e-12).all()
    assert (found["hhi"] <= found["top_share"] + 1e-12).all()

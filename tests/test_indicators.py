"""Indicators: values in the head, a real zone, then laws that the next indicator must keep too."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal

from zgcgis import indicators
from zgcgis.indicators import EVIDENCE, INDICATORS, compute, land_consumption, total
from zgcgis.language.errors import MissingColumnsError, UnknownNameError, ZgcgisError
from zgcgis.language.terms import TERMS

PUBLISHED = Path(__file__).parent / "published"
CASES = 500 if os.environ.get("ZGCGIS_FULL") else 50
ALL_INPUTS = sorted({name for ind in INDICATORS.values() for name in ind.inputs})


def index(*pairs: tuple[str, int]) -> pd.MultiIndex:
    return pd.MultiIndex.from_tuples(pairs, names=["unit", "year"])


@pytest.fixture
def accounts() -> pd.DataFrame:
    """Every quantity for four unit-years, all different, and one unit with nothing at all."""
    rng = np.random.default_rng(3)
    rows = index(("a", 2011), ("a", 2015), ("b", 2011), ("b", 2015))
    table = pd.DataFrame(rng.uniform(1, 9e6, (4, len(ALL_INPUTS))), index=rows, columns=ALL_INPUTS)
    table.loc[("b", 2015)] = 0.0
    return table


# --- in the head -----------------------------------------------------------------------------

HEAD = {
    "built_land_m2": 600_000.0,
    "unbuilt_land_m2": 400_000.0,
    "ready_land_m2": 200_000.0,
    "supplied_land_m2": 750_000.0,
    "idle_land_m2": 15_000.0,
    "industrial_land_m2": 200_000.0,
    "hightech_land_m2": 120_000.0,
    "floor_area_m2": 900_000.0,
    "footprint_m2": 180_000.0,
    "industrial_floor_area_m2": 150_000.0,
    "industrial_occupied_m2": 90_000.0,
    "industrial_investment_wan": 90_000.0,
    "industrial_tax_wan": 2_000.0,
    "industrial_income_wan": 160_000.0,
    "tax_wan": 12_000.0,
    "income_wan": 600_000.0,
    "staff_persons": 6_000.0,
    "population_persons": 3_000.0,
    "rd_wan": 30_000.0,
    "energy_tce": 12_000.0,
    "land_m2": 1_200_000.0,
    "planned_land_m2": 2_000_000.0,
    "green_land_m2": 30_000.0,
}

IN_THE_HEAD = {
    "development_rate": 80.0,  # 80 of 100 ha
    "supply_rate": 93.75,  # 75 of 80 ha
    "completion_rate": 80.0,  # 60 of 75 ha
    "built_share": 60.0,
    "industrial_share": 100 / 3,
    "hightech_share": 20.0,
    "floor_area_ratio": 1.5,
    "site_coverage": 30.0,
    "industrial_floor_area_ratio": 0.75,
    "building_coefficient": 45.0,
    "investment_intensity": 4_500.0,  # 90 000 wan on 20 ha
    "output_intensity": 8_000.0,
    "industrial_tax_per_hectare": 100.0,
    "tax_per_hectare": 200.0,  # 12 000 wan on 60 ha
    "population_density": 50.0,
    "idle_rate": 2.0,
    "gross_floor_area_ratio": 0.75,
    "mean_storeys": 5.0,
    "open_space_ratio": 420 / 900,
    "green_share": 5.0,
    "income_per_hectare": 10_000.0,
    "income_per_planned_area": 30.0,  # 60 yi on 2 km2
    "tax_per_planned_area": 0.6,
    "staff_density": 100.0,
    "staff_per_planned_area": 3_000.0,
    "rd_per_hectare": 500.0,
    "rd_share": 5.0,
    "tax_share": 2.0,
    "income_per_staff": 100.0,
    "energy_per_hectare": 200.0,
    "energy_intensity": 0.02,
}


@pytest.mark.parametrize(("key", "expected"), IN_THE_HEAD.items(), ids=list(IN_THE_HEAD))
def test_value_in_the_head(key, expected):
    one = pd.DataFrame(HEAD, index=index(("a", 2011)))
    assert compute(one, [key]).iloc[0, 0] == pytest.approx(expected)


def test_a_project_counts_tall_storeys_twice():
    project = pd.DataFrame(
        {
            "project_land_m2": [10_000.0],
            "project_floor_area_m2": [6_000.0],
            "project_tall_floor_area_m2": [4_000.0],
            "project_occupied_m2": [4_000.0],
            "project_office_land_m2": [700.0],
            "project_green_land_m2": [1_500.0],
            "project_investment_wan": [3_000.0],
            "project_output_wan": [5_000.0],
        }
    )
    values = compute(project).iloc[0]
    assert values.to_dict() == {
        "project_investment_intensity": 3_000.0,
        "project_floor_area_ratio": 1.0,
        "project_building_coefficient": 40.0,
        "project_office_share": pytest.approx(7.0),
        "project_green_ratio": 15.0,
        "project_output_rate": 5_000.0,
    }


def test_binxi_2013_six_of_six_indicators_to_two_decimals():
    """Inputs and results as printed on forms F.9, F.10 and F.14 of the zone."""
    with (PUBLISHED / "td1029_binxi2013_inputs.csv").open(encoding="utf-8", newline="") as file:
        printed = {row["item"].split(" ")[0]: float(row["value"]) for row in csv.DictReader(file)}
    with (PUBLISHED / "td1029_binxi2013_indicators.csv").open(encoding="utf-8", newline="") as file:
        expected = {row["indicator"]: float(row["current"]) for row in csv.DictReader(file)}
    ha = 10_000.0  # hm2, and 万m2
    occupied = "工矿仓储用地上的建筑物构筑物基底、露天堆场和露天操作场地总面积"
    zone = pd.DataFrame(
        {
            "built_land_m2": printed["A"] * ha,
            "industrial_land_m2": printed["A2"] * ha,
            "supplied_land_m2": printed["D"] * ha,
            "floor_area_m2": printed["总建筑面积"] * ha,
            "footprint_m2": printed["建筑基底总面积"] * ha,
            "industrial_floor_area_m2": printed["工矿仓储用地上的总建筑面积"] * ha,
            "industrial_occupied_m2": printed[occupied] * ha,
        },
        index=index(("binxi", 2013)),
    )
    values = compute(zone).iloc[0]
    compared = 0
    for key, value in values.items():
        if INDICATORS[key].zh in expected:
            assert round(value, 2) == expected[INDICATORS[key].zh], key
            compared += 1
    assert compared == 6


def test_nothing_built_is_unknown_not_infinite(accounts):
    assert compute(accounts).loc[("b", 2015)].isna().all()


def test_an_indicator_asked_for_by_name_says_what_it_lacks(accounts):
    with pytest.raises(MissingColumnsError, match="floor_area_m2"):
        compute(accounts.drop(columns="floor_area_m2"), ["floor_area_ratio"])


def test_a_misspelt_name_is_answered_with_the_list(accounts):
    with pytest.raises(UnknownNameError, match=r"'flor'.*'floor_area_ratio'"):
        compute(accounts, ["flor"])


def test_by_default_what_cannot_be_computed_is_left_out():
    two = pd.DataFrame({k: HEAD[k] for k in ("built_land_m2", "floor_area_m2")}, index=[0])
    assert list(compute(two)) == ["floor_area_ratio"]


def test_what_is_not_verified_is_computed_only_by_name(accounts):
    shy = [key for key, ind in INDICATORS.items() if ind.evidence == "unverified"]
    assert len(shy) == 5
    assert not set(shy) & set(compute(accounts))
    assert list(compute(accounts, shy)) == shy


def test_a_negative_area_is_refused_in_one_sentence(accounts):
    accounts.loc[("a", 2015), "built_land_m2"] = -5.0
    with pytest.raises(ZgcgisError, match=r"a 2015: built_land_m2 is negative \(-5\)"):
        compute(accounts, ["floor_area_ratio"])


def test_the_zone_is_a_ratio_of_sums_not_a_mean_of_ratios():
    parks = pd.DataFrame(
        {"floor_area_m2": [10.0, 900.0], "built_land_m2": [10.0, 300.0]},
        index=index(("small", 2011), ("large", 2011)),
    )
    whole = compute(total(parks)).loc[("total", 2011), "floor_area_ratio"]
    assert whole == pytest.approx(910 / 310)
    assert whole != pytest.approx((1 + 3) / 2)


def test_a_sum_with_a_missing_part_is_missing():
    parks = pd.DataFrame(
        {"income_wan": [10.0, np.nan], "tax_wan": [1.0, 2.0]},
        index=index(("a", 2011), ("b", 2011)),
    )
    whole = total(parks).loc[("total", 2011)]
    assert np.isnan(whole["income_wan"])
    assert whole["tax_wan"] == 3.0


def test_groups_are_summed_apart():
    parks = pd.DataFrame(
        {"tax_wan": [1.0, 2.0, 4.0]}, index=index(("a", 2011), ("b", 2011), ("c", 2011))
    )
    sums = total(parks, pd.Series({"a": "north", "b": "south", "c": "north"}))
    assert sums["tax_wan"].to_dict() == {("north", 2011): 5.0, ("south", 2011): 2.0}


def test_land_consumption_in_both_forms():
    one = pd.Series([1.0])
    new = land_consumption(one * 120, one * 1.1e6, one * 100, one * 1.0e6, years=10).iloc[0]
    old = land_consumption(
        one * 120, one * 1.1e6, one * 100, one * 1.0e6, years=10, form="2019"
    ).iloc[0]
    assert (new.lcr, new.pgr, new.lcrpgr) == pytest.approx((0.02, 0.00953102, 2.0984), rel=1e-4)
    assert (old.lcr, old.lcrpgr) == pytest.approx((0.0182322, 1.9129), rel=1e-4)


def test_land_consumption_without_growth_has_a_reason_and_no_ratio():
    one = pd.Series([1.0, 1.0])
    result = land_consumption(one * 120, pd.Series([9.0, np.nan]), one * 100, one * 10, years=5)
    assert result["lcrpgr"].isna().all()
    assert result["lcr"].notna().all()
    assert "did not grow" in result["reason"][0]
    assert "missing" in result["reason"][1]


# --- laws ---------------------------------------------------------------------------------------

every_indicator = pytest.mark.parametrize("ind", INDICATORS.values(), ids=list(INDICATORS))


@every_indicator
def test_the_printed_formula_is_the_code(ind, accounts):
    some = accounts.drop(index=("b", 2015))
    printed = some.eval(ind.formula)
    assert_series_equal(compute(some, [ind.key])[ind.key], printed, check_names=False)


@every_indicator
def test_the_printed_formula_names_exactly_what_is_read(ind):
    words = set(pd.Series(ind.formula).str.findall(r"[a-z]\w+").iloc[0])
    assert words == set(ind.inputs)


@every_indicator
def test_a_row_depends_on_itself_alone(ind, accounts):
    whole, one = compute(accounts, [ind.key]), compute(accounts.iloc[[2]], [ind.key])
    assert_frame_equal(whole.iloc[[2]], one)


@every_indicator
def test_inputs_are_left_alone(ind, accounts):
    before = accounts.copy(deep=True)
    compute(accounts, [ind.key])
    assert_frame_equal(accounts, before)


@every_indicator
def test_it_has_two_names_an_evidence_and_stays_a_plain_function(ind):
    assert ind.zh
    assert ind.en
    assert ind.unit
    assert ind.direction in "+-"
    assert ind.evidence in EVIDENCE
    assert set(ind.inputs) <= set(TERMS)
    assert getattr(indicators, ind.key) is ind.func


land = st.floats(1e3, 1e8)
parks = st.lists(st.tuples(land, land, land, land), min_size=1, max_size=6)


@given(parks)
@settings(max_examples=CASES, deadline=None)
def test_development_times_supply_times_completion_is_the_built_share_at_every_level(rows):
    """The identity that the national notice of 2019 prints: .8946 · .9268 · .9277 = .7692."""
    table = pd.DataFrame(
        rows, columns=["built_land_m2", "ready_land_m2", "unready_land_m2", "supplied_land_m2"]
    )
    table["unbuilt_land_m2"] = table["ready_land_m2"] + table["unready_land_m2"]
    table.index = index(*((f"p{i}", 2020) for i in range(len(table))))
    for level in (table, total(table)):
        v = compute(level)
        product = v["development_rate"] * v["supply_rate"] * v["completion_rate"] / 1e4
        np.testing.assert_allclose(product, v["built_share"], rtol=1e-12)


def test_the_national_notice_of_2019_keeps_the_identity():
    assert pytest.approx(76.92, abs=0.01) == 89.46 * 92.68 * 92.77 / 1e4


@pytest.mark.parametrize("text", ["a", "2", "约 3"])
def test_a_text_among_the_accounts_is_one_sentence(text):
    table = pd.DataFrame(
        {"built_land_m2": [1.0, text], "floor_area_m2": [1.0, 1.0]}, ["东园", "西园"]
    )
    with pytest.raises(ZgcgisError, match="built_land_m2 of 西园 in the accounts is"):
        compute(table, ["floor_area_ratio"])
    numbers = pd.DataFrame({"built_land_m2": [2.0, None], "floor_area_m2": [1, 1]}, dtype=object)
    assert compute(numbers, ["floor_area_ratio"])["floor_area_ratio"].tolist()[0] == 0.5

"""The corridor from a zone to its scores: the sample, the real zone, and what is not allowed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zgcgis import assess, open_zone
from zgcgis.assessment import complete, stated_accounts
from zgcgis.indicators import INDICATORS
from zgcgis.language.errors import StandardError, UnknownNameError, ZgcgisError

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def sample():
    return open_zone(ROOT / "data" / "sample")


@pytest.fixture(scope="module")
def result(sample):
    return assess(sample, draws=1000)


@pytest.fixture(scope="module")
def real():
    return assess(open_zone("zgc"), draws=100)


# --- the sample ------------------------------------------------------------------------------


def test_the_sample_is_scored_for_every_park_and_year(result):
    assert result.years == (2021, 2022, 2023)
    assert len(result.scores.total) == 18
    assert result.scores.total["score"].between(0, 100).all()
    assert (result.scores.total["coverage"] > 1 - 1e-9).all()
    assert len(result.total_scores.total) == 3


def test_the_zone_is_a_ratio_of_sums(result):
    parks = result.accounts.xs(2023, level="year")
    own = result.total_values.loc[("sample", 2023), "floor_area_ratio"]
    assert own == pytest.approx(parks["floor_area_m2"].sum() / parks["built_land_m2"].sum())
    mean = result.values.xs(2023, level="year")["floor_area_ratio"].mean()
    assert own != pytest.approx(mean, rel=1e-3)


def test_development_times_supply_times_completion_is_the_built_share_at_every_level(result):
    for values in (result.values, result.total_values):
        product = values["development_rate"] * values["supply_rate"] * values["completion_rate"]
        np.testing.assert_allclose(product / 1e4, values["built_share"], rtol=1e-9)
    assert {"sample", "core", "north", "south"} <= set(
        result.total_values.index.get_level_values("unit")
    )


def test_ranks_are_within_type_and_their_moves_have_causes(result):
    last = result.ranks.xs(2023, level="year")
    for _, rows in last.groupby("kind"):
        assert sorted(rows["rank"]) == list(range(1, len(rows) + 1))
    assert len(result.changes) == 12
    assert set(result.changes["cause"]) - {""} <= set(INDICATORS)


def test_contributions_of_indicators_add_to_the_score(result):
    parts = result.scores.indicators().groupby(["unit", "year"])["contribution"].sum()
    np.testing.assert_allclose(
        parts.reindex(result.scores.total.index), result.scores.total["score"]
    )


def test_robustness_is_looked_at_for_each_type(result):
    assert set(result.robustness) == {"industrial", "mixed"}
    for sure in result.robustness.values():
        np.testing.assert_allclose(sure.share.sum(axis=1), 1)


def test_built_land_that_was_never_supplied_is_a_finding_not_an_error(result):
    found = result.findings[result.findings["rule"] == "D520"]
    over = result.values["completion_rate"] > 100.01
    assert len(found) == over.sum() > 0
    assert set(found["severity"]) == {"warning"}


def test_potentials_are_given_for_zone_parks_and_parcels(result):
    units = set(result.potentials["unit"])
    assert "sample" in units
    assert len(units) == 7
    parcels = result.parcel_potentials
    assert len(parcels) > 50
    assert (parcels["value"] > 0).all()
    park = result.potentials
    idle = park[(park["item"] == "idle") & (park["year"] == 2023)].set_index("unit")["value"]
    by_parcel = parcels[parcels["item"] == "idle"].groupby("park")["value"].sum()
    for name, value in by_parcel.items():
        assert value == pytest.approx(idle[name], rel=1e-6)


def test_efficiency_says_that_six_parks_are_few(result):
    assert len(result.efficiency) == 6
    assert result.efficiency["crs"].max() == pytest.approx(1)
    assert any("少于经验下限" in zh for zh, _ in result.left_out)
    assert len(result.productivity) == 12
    np.testing.assert_allclose(
        result.productivity["ec"] * result.productivity["tc"], result.productivity["mi"]
    )


def test_years_can_be_chosen_and_unknown_ones_are_answered_with_the_list(sample):
    one = assess(sample, years=[2022], findings=False, draws=100)
    assert one.years == (2022,)
    with pytest.raises(UnknownNameError, match="2031"):
        assess(sample, years=[2031], findings=False)


def test_the_assessment_does_not_depend_on_the_order_of_the_records(sample, result):
    turned = dataclasses.replace(sample, accounts=sample.accounts.iloc[::-1].reset_index(drop=True))
    again = assess(turned, draws=100, findings=False)
    pd.testing.assert_frame_equal(again.scores.total, result.scores.total)


def test_a_growth_area_is_weighed_into_the_zone(sample):
    evaluation = {**sample.evaluation, "areas": {"southterrace": "growth"}}
    split = assess(dataclasses.replace(sample, evaluation=evaluation), findings=False, draws=100)
    areas = split.total_scores.parts[split.total_scores.parts["depth"] == 1]
    row = areas[areas["year"] == 2023].set_index("area")["score"]
    expected = 0.8 * row["main"] + 0.2 * row["growth"]
    assert split.total_scores.total.loc[("sample", 2023), "score"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weights": {"mixed/main/status": 0.65}}, "under node mixed/main add to 1.05"),
        ({"standard": "tdt1029-2014-as-found"}, r"add to 0.5 \(0.5\), not to 1"),
        ({"ideal": [{"indicator": "floor_area_ratio", "value": 0}]}, "must be above 0"),
        ({"kind": ""}, "no zone type"),
    ],
)
def test_a_bad_evaluation_stops_with_one_sentence(sample, change, says):
    zone = dataclasses.replace(sample, evaluation={**sample.evaluation, **change})
    with pytest.raises(ZgcgisError, match=says) as caught:
        assess(zone, findings=False, draws=100)
    assert "\n" not in caught.value.zh


def test_a_value_that_is_missing_leaves_the_score_out_and_says_so(sample):
    ideals = [i for i in sample.evaluation["ideal"] if i["indicator"] != "site_coverage"]
    zone = dataclasses.replace(sample, evaluation={**sample.evaluation, "ideal": ideals})
    found = assess(zone, findings=False, draws=100)
    assert found.scores is None
    assert any("建筑密度" in zh and "理想值" in zh for zh, _ in found.left_out)


def test_other_zones_are_set_beside_by_their_values_never_by_their_scores(sample):
    beside = assess(sample, compare=[open_zone("zgc")], findings=False, draws=100)
    assert "zgc" in set(beside.others.index.get_level_values("unit"))
    assert "score" not in beside.others


# --- the real zone ---------------------------------------------------------------------------


def test_the_real_zone_gets_what_the_facts_allow_and_no_more(real):
    assert real.scores is None
    assert set(real.values) <= {"income_per_planned_area", "tax_share", "tax_per_planned_area"}
    # 5580 yi yuan on 17.63 km2, both published
    assert real.values.loc[("fengtai_park", 2018), "income_per_planned_area"] == pytest.approx(
        5580 / 17.63
    )
    said = " ".join(zh for zh, _ in real.left_out)
    for word in ("没有宗地图层", "没有集约度分值", "综合容积率", "未作效率分析"):
        assert word in said
    assert all(en for _, en in real.left_out)


def test_a_total_is_never_made_of_some_of_the_parks(real):
    complete_years = {
        int(year)
        for year, rows in complete(real.zone, real.accounts).groupby(level="year")
        if rows["income_wan"].notna().all()
    }
    stated = stated_accounts(real.zone)
    own = real.total_accounts
    for (unit, year), row in own[own.index.get_level_values("unit") == "zgc"].iterrows():
        if pd.notna(row.get("income_wan")) and int(year) not in complete_years:
            assert stated.at[(unit, year), "income_wan"] == row["income_wan"]


def test_growth_and_parts_of_the_zone_come_from_published_whole_years(real):
    grown = real.growth.set_index(["unit", "key", "from", "to"])["growth_pct"]
    # 4004.2 -> 5580 yi yuan in three years
    assert grown["fengtai_park", "income_wan", 2015, 2018] == pytest.approx(
        100 * ((5580 / 4004.2) ** (1 / 3) - 1)
    )
    part = real.shares.set_index(["unit", "key", "year"])["share_pct"]
    assert part["haidian_park", "income_wan", 2013] == pytest.approx(41.7, abs=0.05)  # as printed
    assert not set(real.growth["key"]) & {"planned_land_m2"}


def test_the_goals_of_the_plan_are_judged(real):
    verdicts = real.goals.set_index(["key", "target_year"])["verdict"]
    assert verdicts["income_wan", 2015] == "met"
    assert verdicts["income_wan", 2020] == "not met"


def test_parts_of_years_forecasts_and_inequalities_do_not_become_accounts(real):
    long = real.zone.accounts
    wide = stated_accounts(real.zone)
    part = long[~long["period"].fillna("annual").isin(["annual", "stock", "year-end"])]
    assert len(part) > 50
    for unit, year, key, value in part[["unit", "year", "key", "value"]].itertuples(index=False):
        if (unit, year) in wide.index and key in wide and pd.notna(wide.at[(unit, year), key]):
            same = long[(long["unit"] == unit) & (long["year"] == year) & (long["key"] == key)]
            assert len(same) > 1 or wide.at[(unit, year), key] != value


def test_a_zone_without_anything_says_what_to_add(real):
    empty = dataclasses.replace(real.zone, accounts=real.zone.accounts.iloc[:0], plan=None)
    with pytest.raises(ZgcgisError, match="no accounts to assess") as caught:
        assess(empty)
    assert "accounts.csv" in caught.value.zh


def test_an_evaluation_is_an_error_of_the_standard_and_names_the_file(sample):
    zone = dataclasses.replace(sample, evaluation={"kind": "industrial"})
    with pytest.raises(StandardError, match=r"evaluation\.toml: standard is missing"):
        assess(zone, findings=False)


def test_a_park_evaluated_as_another_type_than_its_land_suggests_gets_a_hint(sample):
    kinds = {**sample.evaluation["kinds"], "riverbend": "mixed"}
    zone = dataclasses.replace(sample, evaluation={**sample.evaluation, "kinds": kinds})
    found = assess(zone, years=[2023], findings=False, draws=100).findings
    hints = found[found["rule"] == "D523"]
    assert list(hints["feature"]) == ["riverbend"]
    assert set(hints["severity"]) == {"note"}


def test_the_template_of_an_evaluation_is_silent_as_it_is_and_valid_when_uncommented():
    import tomllib
    from importlib.resources import files

    from zgcgis.standards import load_standard, read_evaluation

    path = files("zgcgis").joinpath("resources/zone_template/evaluation.toml")
    text = path.read_text(encoding="utf-8")
    assert tomllib.loads(text) == {}
    lines = [line.removeprefix("#:") for line in text.splitlines() if line.startswith("#:")]
    evaluation = read_evaluation(tomllib.loads("\n".join(lines)))
    assert evaluation.kind_of("some_park") == "mixed"
    assert evaluation.options == type(evaluation.options)()  # the defaults
    edition = load_standard("tdt1029-2014")
    for kind, mark in (("industrial", "工业主导型"), ("mixed", "产城融合型")):
        named = text.rpartition("参评指标：")[2].partition(mark)[2].partition("；")[0]
        for leaf in edition.leaves(f"{kind}/main"):
            assert leaf.indicator in named


# --- one precedence, nothing counted twice, nothing filled in silence ---------------------------------


def test_what_was_stated_for_a_year_stands_before_what_is_carried_over(real):
    from zgcgis.maps.panel import panel

    # 222 000 wan yuan; 6 km2 stated for 2005, 2.9 km2 carried over from 2001
    ours = real.values.loc[("xicheng_park", 2005), "income_per_planned_area"]
    assert ours == pytest.approx(3.70)
    assert real.total_values.loc[("linked", 2005), "income_per_planned_area"] == pytest.approx(
        26.19, abs=0.005
    )
    shown = panel(real.zone)[1].set_index(["key", "unit", "year"])["value"]
    assert shown["income_per_planned_area", "xicheng_park", 2005] == pytest.approx(ours)


def test_library_and_atlas_choose_the_same_value_of_every_cell(real):
    from zgcgis.maps.panel import _chosen, _stated

    atlas = _chosen(_stated(real.zone))
    atlas = atlas[atlas["qualifier"].isin(["=", "~"])]
    wide = stated_accounts(real.zone)
    compared = 0
    for row in atlas.itertuples():
        if (row.unit, row.year) in wide.index and row.key in wide:
            assert wide.at[(row.unit, row.year), row.key] == row.value, (
                row.unit,
                row.year,
                row.key,
            )
            compared += 1
    assert compared > 150


def test_growth_joins_no_total_income_with_industrial_revenue(real):
    from zgcgis.maps.panel import panel

    shown = panel(real.zone)[1]
    grown = shown[(shown["key"] == "income_growth") & (shown["unit"] == "changping_park")]
    assert 2017 not in set(grown["year"])


def nested(sample, rows):
    """A zone of parks that may lie in one another, with stated income and planned area."""
    units = pd.DataFrame(
        {
            name: {"level": "park", "parent": parent, "group": group}
            for name, parent, group, *_ in rows
        }
    ).T
    for column in ("zh", "en", "since", "until"):
        units[column] = units.index if column in ("zh", "en") else np.nan
    long = pd.DataFrame(
        [
            {"unit": name, "year": 2020, "key": key, "value": value}
            for name, _, _, income, area in rows
            for key, value in (("income_wan", income), ("planned_land_m2", area * 1e6))
            if value == value
        ]
    ).assign(qualifier="=", period="annual", status="", basis="stated", scope="land", source="")
    meta = {k: v for k, v in sample.meta.items() if k != "years"}
    return dataclasses.replace(
        sample, units=units, accounts=long, layers={}, evaluation=None, plan=None, meta=meta
    )


def test_a_park_within_a_park_is_counted_once(sample):
    zone = nested(
        sample,
        [
            ("p", "sample", "g", 1000.0, 10.0),
            ("c", "p", "g", 400.0, 4.0),
            ("e", "c", "h", 50.0, 1.0),
            ("d", "sample", "h", 500.0, 5.0),
        ],
    )
    total = assess(zone, findings=False, draws=10).total_accounts
    assert total.loc[("sample", 2020)].tolist() == [15e6, 1500.0]
    assert total.loc[("g", 2020), "income_wan"] == 1000.0
    assert total.loc[("h", 2020), "income_wan"] == 550.0  # e lies in no park of its own group


def test_an_outer_park_without_a_value_is_not_made_of_its_inner_ones(sample):
    zone = nested(
        sample,
        [
            ("p", "sample", "g", np.nan, 10.0),
            ("c", "p", "g", 400.0, 4.0),
            ("d", "sample", "h", 500.0, 5.0),
        ],
    )
    total = assess(zone, findings=False, draws=10).total_accounts
    assert np.isnan(total.loc[("sample", 2020), "income_wan"])
    assert total.loc[("sample", 2020), "planned_land_m2"] == 15e6


def test_a_group_of_which_some_parks_were_not_there_says_so(real):
    found = real.findings[real.findings["rule"] == "D524"]
    linked = found[(found["feature"] == "linked") & found["detail"].str.startswith("2005")]
    assert len(linked) == 1
    assert 0 < linked["measured"].iloc[0] < linked["limit"].iloc[0]
    assert set(found["severity"]) == {"note"}


def test_ground_that_jumps_between_two_years_says_so(real):
    found = real.findings[real.findings["rule"] == "D525"]
    zone = found[found["feature"] == "zgc"]
    assert any("→ 488 km²" in text and "233" in text for text in zone["detail"])


def test_growth_land_is_held_to_its_own_ideals_and_ranked_among_its_like(sample):
    own = {"indicator": "floor_area_ratio", "area": "growth", "value": 9.0}
    evaluation = {
        **sample.evaluation,
        "areas": {"southterrace": "growth"},
        "ideal": [*sample.evaluation["ideal"], own],
    }
    zone = dataclasses.replace(sample, evaluation=evaluation)
    found = assess(zone, years=[2023], findings=False, draws=50)
    ranks = found.ranks.xs(2023, level="year")
    assert ranks.loc["southterrace", ["area", "rank", "of"]].tolist() == ["growth", 1, 1]
    main = ranks[ranks["area"] == "main"]
    for _, rows in main.groupby("kind"):
        assert sorted(rows["rank"]) == list(range(1, len(rows) + 1))


def test_a_completion_above_100_says_what_was_stated_and_what_measured(result):
    found = result.findings[result.findings["rule"] == "D520"]
    assert found["detail"].str.contains(r"A = [\d,]+ m² .*(?:stated|measured), D = ").all()
    assert set(result.basis.to_numpy().ravel()) >= {"stated", "computed"}

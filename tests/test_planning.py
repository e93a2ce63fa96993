"""The planner's week on the sample zone: checks, ledger, waivers, weeks, scenarios, admission, allocation."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import sqlite3
import tomllib
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from zgcgis import geo, planning
from zgcgis.checks import check
from zgcgis.cli import cli
from zgcgis.findings import combine, finding_frame
from zgcgis.io import open_zone
from zgcgis.language.errors import (
    MissingColumnsError,
    PlanError,
    ReadError,
    UnknownNameError,
    ZgcgisError,
)
from zgcgis.planning import changes, ledger, scenario, supply_tables
from zgcgis.planning.allocation import demand, greedy, solve, value_of, violations
from zgcgis.planning.changes import Waiver, read_waivers, waive
from zgcgis.planning.project_review import admit, read_project, suitable_parks
from zgcgis.planning.scenario import difference
from zgcgis.report import outputs
from zgcgis.report.outputs import place_sheets
from zgcgis.report.wording import sentences_of
from zgcgis.runs import find_browser

SAMPLE = Path(__file__).parents[1] / "data/sample"
FAMILIES = ["P", "Q", "L6", "A"]


@pytest.fixture(scope="module")
def sample():
    return open_zone(SAMPLE)


@pytest.fixture(scope="module")
def found(sample):
    return check(sample, FAMILIES)


@pytest.fixture(scope="module")
def planted():
    table = pd.read_csv(SAMPLE / "planted.csv", dtype={"feature": str, "other": str})
    return table[table["rule"].str[0].isin(list("PQLA"))]


# --- the planted errors ----------------------------------------------------------------------


def keys(table):
    other = table["other"].astype("object").where(table["other"].notna(), "")
    return sorted(zip(table["rule"], table["feature"].astype(str), other, strict=True))


def test_every_planted_error_is_found_and_nothing_else(found, planted):
    assert keys(found) == keys(planted)


def test_what_was_measured_agrees_with_what_was_planted(found, planted):
    both = planted.merge(found, on=["rule", "feature"], suffixes=("_planted", ""))
    known = both["measured_planted"].notna()
    assert known.sum() >= 15
    assert both.loc[known, "measured"].to_numpy() == pytest.approx(
        both.loc[known, "measured_planted"].to_numpy(), rel=1e-3
    )


def test_every_finding_has_a_place_and_a_limit_or_a_reason(found):
    assert found.geometry.notna().all()
    assert (found["limit"].notna() | (found["detail"].fillna("") != "")).all()
    assert (found["clause"].fillna("") != "").all()
    master = found.loc[found["rule"] == "P302", "clause"].item()
    assert "第一条" in master


# --- projects --------------------------------------------------------------------------------


def foretold():
    table = pd.read_csv(SAMPLE / "projects/expected.csv")
    return [pytest.param(name, rows, id=name) for name, rows in table.groupby("project")]


@pytest.mark.parametrize(("name", "expected"), foretold())
def test_the_review_of_a_project_is_as_foretold(sample, name, expected):
    answer = admit(sample, read_project(SAMPLE / f"projects/{name}.toml"))
    told = expected.set_index("rule")
    clauses = answer.clauses.set_index("rule")
    assert clauses["verdict"].to_dict() == told["verdict"].to_dict()
    numbers = told[told["measured"].notna()]
    for rule, row in numbers.iterrows():
        assert clauses.at[rule, "measured"] == pytest.approx(row["measured"], rel=1e-3)
        if not np.isnan(row["limit"]):
            assert clauses.at[rule, "limit"] == pytest.approx(row["limit"], rel=1e-3)
    assert answer.admitted == (told["verdict"] == "pass").all()
    failed = set(told.index[told["verdict"] == "fail"])
    assert set(answer.findings["rule"]) == failed
    assert (clauses.loc[sorted(failed), ["zh_fix", "en_fix"]] != "").all(axis=None)


def test_what_would_make_a_project_pass_makes_it_pass(sample):
    thin = read_project(SAMPLE / "projects/too-thin.toml")
    area = thin.number("area_m2")
    better = {
        **thin.numbers,
        "floor_area_m2": area * 1.0 - thin.number("tall_floor_area_m2"),
        "footprint_m2": area * 0.40 - thin.number("yard_m2"),
        "office_land_m2": area * 0.07,
        "investment_wan": area / 1e4 * 4500,
        "tax_wan": area / 1e4 * 300,
    }
    mended = admit(sample, type(thin)(**{**_fields(thin), "numbers": better}))
    assert set(mended.clauses["verdict"]) == {"pass"}
    assert mended.clauses["margin"].dropna().ge(-1e-6).all()


def _fields(project):
    return {name: getattr(project, name) for name in type(project).__slots__}


def test_a_park_at_the_station_is_nearest(sample):
    parks = suitable_parks(sample, read_project(SAMPLE / "projects/admitted.toml"))
    assert (parks["access_m"] >= 0).all()
    same = parks.assign(rest=parks["score"] - 0.15 / (1 + parks["access_m"] / 1000))
    assert same["rest"].between(-1e-9, 0.85 + 1e-9).all()


def test_no_free_land_leaves_nothing_to_allocate(sample, tmp_path):
    text = USES_WANTED.format(most=2, least=0).replace(
        'kind = "uses"', 'kind = "uses"\nparks = ["spruce"]'
    )
    none = solve(demand.build_problem(sample, order(tmp_path, text)).problem)
    assert none.status == "optimal"
    assert none.chosen.empty
    wanting = text.replace("least_ha = 0", "least_ha = 1")
    stuck = solve(demand.build_problem(sample, order(tmp_path, wanting)).problem)
    assert stuck.status == "infeasible"
    assert stuck.conflict == ("demand residential_land",)


def test_parks_are_ranked_by_where_the_project_fits(sample):
    wish = read_project(SAMPLE / "projects/admitted.toml")
    parks = suitable_parks(sample, wish)
    assert parks["rank"].tolist() == list(range(1, len(parks) + 1))
    assert parks["score"].is_monotonic_decreasing
    first = parks.iloc[0]
    assert first["admits"]
    assert first["fits"]
    assert "公顷" in first["zh"]
    banned = read_project(SAMPLE / "projects/negative-list.toml")
    assert (suitable_parks(sample, banned)["score"] == 0).all()


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("[project]\npark='x'", PlanError, "id"),
        ("[nothing]", PlanError, "project"),
        (
            "[project]\nid='a'\npark='b'\narea='large'",
            PlanError,
            r"unknown keys \['area'\].*Is it area_m2",
        ),
        ("[project]\nid='a'\npark='b'\narea_m2='large'", PlanError, "area_m2"),
        ("[project]\nid='a'\npark='b'\narea_m2=-1", PlanError, "area_m2"),
        ("[project]\nid='a'\npark='b'\nuse='moon'", PlanError, "moon.*industrial_land"),
        ("not toml", PlanError, "TOML"),
    ],
)
def test_a_project_file_that_is_wrong_says_where(tmp_path, text, error, words):
    file = tmp_path / "p.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=words):
        read_project(file)


# --- a proposed supply -----------------------------------------------------------------------


def proposal(sample, **facts):
    free = sample.at(2023).layers["parcel"]
    plot = free[free["id"] == facts.pop("on")].iloc[[0]]
    row = {
        "id": "plot", "park_id": plot["park_id"].item(), "planned_use": "1001",
        "land_use_system": "yonghai_2023", "planned_far": 2.0, "industry_code": "3670",
        "industry": "new_energy_vehicles",
    } | facts  # fmt: skip
    return gpd.GeoDataFrame(pd.DataFrame([row]), geometry=plot.geometry.to_numpy(), crs=plot.crs)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ({"on": "W001-05_06"}, set()),
        ({"on": "W001-05_06", "planned_far": 0.4}, {"A703"}),
        ({"on": "W001-05_06", "industry_code": "2511"}, {"A702"}),
        ({"on": "W001-05_06", "industry": "cultural_creative"}, {"A701"}),
        ({"on": "W013-04"}, {"A706", "A710"}),
        ({"on": "W001-05_06", "park_id": "crabapple"}, {"A705"}),
    ],
)
def test_a_proposed_supply_is_checked(sample, facts, codes):
    if facts.get("industry") == "cultural_creative":
        assert not sample.plan.admits("riverbend", "cultural_creative")
    answer = check(sample, ["A"], proposal=proposal(sample, **facts))
    assert set(answer["rule"]) >= codes
    assert set(answer["rule"]) - {"A701"} == codes - {"A701"}


# --- ledger, matrix, lists -------------------------------------------------------------------


def test_the_ledger_carries_balances_and_marks_what_is_over(sample):
    table = ledger.ledger(sample).set_index(["unit", "use", "year"])
    over = table[table["over"]]
    assert set(over.index) == {
        ("southterrace", "industrial_land", 2023),
        ("stonebridge", "supplied_in_year", 2023),
    }
    row, before = (table.loc[("stonebridge", "supplied_in_year", year)] for year in (2023, 2022))
    assert row["left_m2"] == pytest.approx(row["plan_quota_m2"] - row["supplied_m2"])
    assert row["balance_m2"] == pytest.approx(before["left_m2"] + row["left_m2"])
    assert row["left_mu"] == pytest.approx(row["left_ha"] * 15)
    supplied = table.xs(2023, level="year")["supplied_m2"]
    of_park = supplied.loc["stonebridge"]
    assert of_park["supplied_in_year"] == pytest.approx(
        of_park.drop("supplied_in_year").sum(), rel=1e-9
    )


def test_the_matrix_of_uses_closes(sample):
    matrix = ledger.use_matrix(sample)
    assert abs(matrix.closure_m2) < 1.0
    assert 0.5 < matrix.conformity < 1.0
    own = ledger.use_matrix(
        type(sample)(**{
            **{f: getattr(sample, f) for f in sample.__dataclass_fields__ if f[0] != "_"},
            "layers": {k: v for k, v in sample.layers.items() if k != "detailed_plan"},
        })
    )  # fmt: skip
    assert abs(own.closure_m2) < 1e-3
    parcels = sample.at(2023).layers["parcel"]
    assert own.land_m2 == pytest.approx(geo.area_m2(parcels.geometry, center=sample.center).sum())


def test_the_list_of_supply_holds_idle_land_first(sample, planted):
    table = supply_tables.supply_list(sample)
    idle = set(planted.loc[planted["rule"].isin(["L601", "L602"]), "feature"])
    assert set(table.loc[table["idle"], "id"]) == idle
    assert table["listed"].iloc[: len(idle)].str.startswith("idle").all()
    assert set(table.loc[table["listed"] == "overdue", "id"]) == set(
        planted.loc[planted["rule"] == "L604", "feature"]
    )
    earlier = supply_tables.supply_list(sample, date(2023, 1, 31))
    assert len(set(earlier.loc[earlier["idle"], "id"])) < len(idle)


def test_the_programme_takes_each_parcel_once_and_keeps_to_the_pace(sample):
    plan = supply_tables.programme(sample, ha_per_year=1.0, years=3)
    assert plan["parcel"].is_unique
    assert plan["kind"].iloc[-1] == "under-used"
    for _, of_year in plan[plan["year"].notna()].groupby("year"):
        assert of_year["area_m2"].sum() <= 10_000 or len(of_year) == 1
    assert plan["year"].dropna().min() == 2024
    assert plan["year"].dropna().max() <= 2026
    with pytest.raises(ZgcgisError, match="ha_per_year"):
        supply_tables.programme(sample, ha_per_year=0)


# --- waivers ---------------------------------------------------------------------------------

WAIVER = """
[[waiver]]
rule = "P306"
feature = "W013-04"
who = "管委会"
why = "历史遗留，限期整改"
until = 2024-06-30
[[waiver]]
rule = "P302"
feature = "H015-02"
who = "管委会"
why = "已到期的豁免"
until = 2023-06-30
[[waiver]]
rule = "Q401"
feature = "nowhere"
who = "x"
why = "y"
until = 2030-01-01
"""


def test_a_waived_finding_is_shown_apart_and_an_expired_one_counts_again(found, tmp_path):
    file = tmp_path / "waivers.toml"
    file.write_text(WAIVER, encoding="utf-8")
    waivers = read_waivers(file)
    standing, waived, idle = waive(found, waivers, date(2023, 12, 31))
    assert waived[["rule", "feature", "who", "until"]].to_numpy().tolist() == [
        ["P306", "W013-04", "管委会", "2024-06-30"]
    ]
    assert len(standing) + len(waived) == len(found)
    assert "H015-02" in set(standing["feature"])
    assert [one.feature for one in idle] == ["H015-02", "nowhere"]
    assert waivers[0].holds(date(2024, 6, 30))
    assert not waivers[0].holds(date(2024, 7, 1))


def test_a_waiver_for_one_other_lets_the_rest_stand():
    rows = [{"feature": "a", "other": other, "measured": 1.0} for other in ("x", "y")]
    both = finding_frame(rows, rule="P305")
    one = Waiver("P305", "a", "who", "why", date(2030, 1, 1), "x")
    standing, waived, _ = waive(both, [one], date(2024, 1, 1))
    assert standing["other"].tolist() == ["y"]
    assert waived["other"].tolist() == ["x"]


@pytest.mark.parametrize(
    ("line", "error", "words"),
    [
        ('who = ""', PlanError, "who"),
        ('until = "soon"', PlanError, "until"),
        ('rule = "Z999"', UnknownNameError, "Z999"),
    ],
)
def test_a_waiver_without_who_why_until_is_refused(tmp_path, line, error, words):
    key = line.split()[0]
    kept = [one for one in WAIVER.strip().splitlines()[:6] if not one.startswith(key)]
    file = tmp_path / "waivers.toml"
    file.write_text("\n".join([*kept, line]), encoding="utf-8")
    with pytest.raises(error, match=words):
        read_waivers(file)


# --- weeks -----------------------------------------------------------------------------------


def week(*rows):
    return combine(
        finding_frame([{"level": "parcel", "limit": 1.0, **row}], rule=row.pop("rule"))
        for row in rows
    )


def test_two_checks_are_compared():
    last = week(
        {"rule": "P302", "feature": "same", "measured": 5.0},
        {"rule": "P302", "feature": "worse", "measured": 5.0},
        {"rule": "P302", "feature": "better", "measured": 5.0},
        {"rule": "P302", "feature": "fixed", "measured": 5.0},
        {"rule": "L601", "feature": "graver", "measured": 5.0, "severity": "warning"},
        {"rule": "P305", "feature": "two", "other": "x", "measured": 9.0},
        {"rule": "P305", "feature": "two", "other": "x", "measured": 3.0},
    )
    this = week(
        {"rule": "P302", "feature": "same", "measured": 5.0004},
        {"rule": "P302", "feature": "worse", "measured": 6.0},
        {"rule": "P302", "feature": "better", "measured": 4.0},
        {"rule": "P302", "feature": "new", "measured": 5.0},
        {"rule": "L601", "feature": "graver", "measured": 5.0, "severity": "error"},
        {"rule": "P305", "feature": "two", "other": "x", "measured": 9.0},
    )
    answer = changes.compare_findings(last, this)
    status = answer.groupby("feature")["status"].agg(list).to_dict()
    assert status == {
        "same": ["same"], "worse": ["worse"], "better": ["better"], "fixed": ["fixed"],
        "new": ["new"], "graver": ["worse"], "two": ["same", "fixed"],
    }  # fmt: skip
    assert len(answer) == 8
    assert answer["status"].iloc[0] == "new"
    assert answer["status"].iloc[-1] == "fixed"


def test_a_check_compared_with_itself_has_nothing_new(found):
    assert set(changes.compare_findings(found, found)["status"]) == {"same"}


# --- scenarios -------------------------------------------------------------------------------


def change(do, **data):
    return scenario.Change(do, {"do": do, **data}, "test")


def test_released_land_can_be_supplied_and_its_past_stays(sample):
    freed = scenario.apply(sample, [change("release", parcel="H007-03")])
    now = freed.at(2023).layers["parcel"].set_index("id").loc["H007-03"]
    assert now["supply_state"] == "E22"
    assert now["build_state"] == "B21"
    assert pd.isna(now["supply_date"])
    then = freed.at(2022).layers["parcel"].set_index("id").loc["H007-03"]
    assert then["supply_state"].startswith("D")
    assert sample.at(2023).layers["parcel"].set_index("id").loc["H007-03", "supply_state"] == "D21"
    compared = changes.compare_findings(check(sample, FAMILIES), check(freed, FAMILIES))
    moved = compared[compared["status"] != "same"]
    assert moved[["rule", "feature", "status"]].to_numpy().tolist() == [
        ["L602", "H007-03", "fixed"]
    ]


def test_released_land_loses_its_buildings_and_firms_from_that_year_on(sample):
    firms = sample.layers["enterprise"]
    parcel = firms.loc[firms["year"] == 2023, "parcel_id"].mode().iloc[0]
    freed = scenario.apply(sample, [change("release", parcel=parcel)])
    assert not (freed.at(2023).layers["building"]["parcel_id"] == parcel).any()
    assert (sample.at(2023).layers["building"]["parcel_id"] == parcel).any()
    there = freed.layers["enterprise"]
    assert not ((there["parcel_id"] == parcel) & (there["year"] == 2023)).any()


def test_reserved_land_cannot_be_supplied(sample):
    held = scenario.apply(sample, [change("reserve", parcel="W001-07")])
    row = held.at(2023).layers["parcel"].set_index("id").loc["W001-07"]
    assert row["supply_state"] == "F"
    assert "W001-07" not in set(check(held, ["L603"])["feature"])


def test_swapped_parcels_exchange_use_holder_and_tenants(sample):
    firms = sample.layers["enterprise"]
    latest = firms[firms["year"] == 2023]
    one, two = latest["parcel_id"].value_counts().index[:2]
    swapped = scenario.apply(sample, [change("swap", parcels=[one, two])])
    before, after = (
        z.at(2023).layers["parcel"].set_index("id").loc[[one, two], ["planned_use", "owner"]]
        for z in (sample, swapped)
    )
    assert before.to_numpy().tolist() == after.to_numpy()[::-1].tolist()
    moved = swapped.layers["enterprise"]
    assert (moved["parcel_id"] == one).sum() == (firms["parcel_id"] == two).sum()
    back = scenario.apply(swapped, [change("swap", parcels=[one, two])])
    pd.testing.assert_frame_equal(
        pd.DataFrame(back.layers["parcel"].drop(columns="geometry")),
        pd.DataFrame(sample.layers["parcel"].drop(columns="geometry")),
        check_dtype=False,
    )


def test_reallocated_land_is_supplied_and_counts_against_the_quota(sample):
    used = scenario.apply(
        sample, [change("reallocate", parcel="W001-05_06", use="1001", far=2.2, owner="某公司")]
    )
    row = used.at(2023).layers["parcel"].set_index("id").loc["W001-05_06"]
    assert row["supply_state"] == "D21"
    assert row["supply_date"] == pd.Timestamp("2023-12-31")
    assert row["planned_far"] == 2.2
    key = ("riverbend", "supplied_in_year", 2023)
    before, after = (
        ledger.ledger(z).set_index(["unit", "use", "year"]).loc[key, "supplied_m2"]
        for z in (sample, used)
    )
    parcels = sample.at(2023).layers["parcel"]
    plot = parcels[parcels["id"] == "W001-05_06"]
    area = geo.area_m2(plot.geometry, center=sample.center).item()
    assert after - before == pytest.approx(area, rel=1e-9)


def test_set_changes_any_column_and_refuses_one_that_no_level_knows(sample):
    tall = scenario.apply(
        sample,
        [change("set", level="parcel", id="W001-07", values={"planned_far": 9, "owner": "甲"})],
    )
    row = tall.layers["parcel"].set_index("id").loc["W001-07"]
    assert row["planned_far"] == 9
    assert row["owner"] == "甲"
    with pytest.raises(MissingColumnsError, match="colour"):
        scenario.apply(
            sample, [change("set", level="parcel", id="W001-07", values={"colour": "red"})]
        )
    with pytest.raises(PlanError, match="W999"):
        scenario.apply(sample, [change("release", parcel="W999")])


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (
            "[scenario]",
            PlanError,
            r"加上 \[\[change\]\] .*\n.*Add \[\[change\]\] with a line each for do",
        ),
        (
            "change=1",
            PlanError,
            r"一行 \[\[change\]\].*\n.*a line \[\[change\]\], in double brackets",
        ),
        ("[change]\ndo='release'", PlanError, r"a line \[\[change\]\], in double brackets"),
        ("change=['a']", PlanError, r"Write \[\[change\]\] and lines"),
        ("[[change]]\ndo='set'\nvalues=3", PlanError, r"Write values = \{ key = value \}"),
        ("scenario=3\nchange=[]", PlanError, r"Write \[scenario\] and lines"),
        ("[[change]]\ndo='explode'", PlanError, "explode.*reallocate"),
        ("[[change]]\ndo='set'\nparcle='x'", PlanError, "Is it parcel"),
        ("[[change", PlanError, "TOML"),
    ],
)
def test_a_scenario_file_that_is_wrong_says_why(tmp_path, text, error, words):
    file = tmp_path / "s.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=words):
        scenario.read_scenario(file)


def test_a_difference_has_only_what_differs():
    before = pd.DataFrame({"a": [1.0, 2.0], "b": [np.nan, 5.0]}, index=["x", "y"])
    after = pd.DataFrame({"a": [1.0, 3.0], "b": [4.0, 5.0]}, index=["x", "y"])
    assert difference(before, after).fillna(-1).to_numpy().tolist() == [
        ["x", "b", -1.0, 4.0, -1.0],
        ["y", "a", 2.0, 3.0, 1.0],
    ]
    assert difference(before, before).empty


# --- allocation of the sample ----------------------------------------------------------------

USES_WANTED = """
[allocation]
kind = "uses"
only_planned = false
[[demand]]
use = "industrial_land"
code = "1001"
value_wan_per_ha = 3000
most_ha = {most}
[[demand]]
use = "residential_land"
code = "0701"
value_wan_per_ha = 2000
least_ha = {least}
[[apart]]
uses = ["residential_land", "industrial_land"]
within_m = 20
"""


def order(tmp_path, text):
    file = tmp_path / "demand.toml"
    file.write_text(text, encoding="utf-8")
    return demand.read_order(file)


def test_an_allocation_keeps_every_limit_and_passes_the_check(sample, tmp_path):
    setting = demand.build_problem(sample, order(tmp_path, USES_WANTED.format(most=2, least=1)))
    answer = solve(setting.problem)
    assert answer.status == "optimal"
    taken = setting.problem.options.index.isin(answer.chosen.index)
    assert violations(setting.problem, taken) == []
    areas = answer.chosen.groupby("use")["area_m2"].sum()
    assert areas.get("industrial_land", 0.0) <= 20_000 + 1e-6
    assert areas["residential_land"] >= 10_000 - 1e-6
    by_hand = greedy(setting.problem)
    if not violations(setting.problem, by_hand):
        assert answer.value >= value_of(setting.problem, by_hand) - 1e-6
    changed, _ = demand.carry_out(sample, answer, setting.year)
    compared = changes.compare_findings(check(sample, FAMILIES), check(changed, FAMILIES))
    bad = compared[compared["status"].isin(["new", "worse"])]
    assert bad[["rule", "feature", "status"]].to_numpy().tolist() == []


def test_neighbours_that_do_not_go_together_are_kept_apart(sample, tmp_path):
    setting = demand.build_problem(sample, order(tmp_path, USES_WANTED.format(most=50, least=0)))
    assert setting.problem.conflicts
    answer = solve(setting.problem, explain=False)
    parcels = sample.at(2023).layers["parcel"].set_index("id")
    use = answer.chosen.set_index("parcel")["use"]
    making = parcels.loc[use.index[use == "industrial_land"]].geometry
    living = parcels.loc[use.index[use == "residential_land"]].geometry
    i, _, _ = geo.pairs_within_m(making, living, 20.0, center=sample.center)
    assert not len(i)
    built = parcels[parcels["build_state"].str.startswith("A2", na=False)].geometry
    i, _, _ = geo.pairs_within_m(living, built, 20.0, center=sample.center)
    assert not len(i)


def test_demands_that_cannot_be_met_are_named(sample, tmp_path):
    setting = demand.build_problem(sample, order(tmp_path, USES_WANTED.format(most=50, least=40)))
    answer = solve(setting.problem)
    assert answer.status == "infeasible"
    assert "demand residential_land" in answer.conflict


def test_projects_are_placed_where_their_review_lets_them(sample, tmp_path):
    for name in ("admitted", "wrong-industry", "too-thin"):
        text = (SAMPLE / f"projects/{name}.toml").read_text(encoding="utf-8")
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    wanted = '[allocation]\nkind = "projects"\n' + "".join(
        f'[[project]]\nfile = "{name}.toml"\nvalue_wan = 100\n'
        for name in ("admitted", "wrong-industry", "too-thin")
    )
    setting = demand.build_problem(sample, order(tmp_path, wanted))
    answer = solve(setting.problem)
    assert "admitted" in set(answer.chosen["item"])
    assert "too-thin" not in set(answer.chosen["item"])
    assert answer.chosen["parcel"].is_unique
    why = setting.left_out[setting.left_out["item"] == "too-thin"]["reason"]
    assert why.str.contains("A703").all()
    must = wanted.replace('file = "too-thin.toml"', 'file = "too-thin.toml"\nmust = true')
    stuck = solve(demand.build_problem(sample, order(tmp_path, must)).problem)
    assert stuck.status == "infeasible"
    assert stuck.conflict == ("project too-thin",)


PLOTS = "[[demand]]\nuse='industrial_land'\ncode='1001'\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[allocation]\nkind='magic'", "magic.*uses / projects"),
        ("[allocation]", "demand"),
        (f"{PLOTS}[[project]]\nfile='p.toml'\nvalue_wan=1", "takes .*demand.* and no .*project"),
        ("[[demand]]\nuse='moon'\ncode='1'", "moon.*industrial_land"),
        ("[[demand]]\nuse='land'\ncode='1'", "land.*industrial_land"),
        ("[[demand]]\nuse='industrial_land'", "code"),
        (f"{PLOTS}least_ha=3\nmost_ha=2", "least"),
        (f"{PLOTS}least_ha='x'", "least_ha"),
        (f"{PLOTS}least_hectare=2", "least_hectare.*Is it least_ha"),
        (f"{PLOTS}value_wan_per_ha=inf", "value_wan_per_ha is inf"),
        (f"{PLOTS}[[apart]]\nuses=['land','land']", "apart"),
        (f"{PLOTS}[[apart]]\nuses=['industrial_land']", r"apart\[0\].*two uses"),
    ],
)  # fmt: skip
def test_a_demand_file_that_is_wrong_says_where(tmp_path, text, words):
    with pytest.raises((PlanError, UnknownNameError), match=words) as caught:
        order(tmp_path, text)
    assert "demand.toml" in caught.value.en


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PLOTS.replace("1001", "9999"), r"demand\[0\]\.code is '9999', not .*1001"),
        (PLOTS.replace("1001", "0701"), r"demand\[0\]\.code is '0701'.*not .*1001"),
        (f"{PLOTS}parks=['crabaple']", r"demand\[0\]\.parks.*Is it crabapple"),
        (f"{PLOTS}industry='biotec'", r"demand\[0\]\.industry.*Is it biotech"),
        (f"[allocation]\nparks=['海棠']\n{PLOTS}", r"allocation\.parks.*Is it crabapple"),
    ],
)
def test_a_demand_of_what_the_zone_has_none_of_says_where(sample, tmp_path, text, words):
    with pytest.raises((PlanError, UnknownNameError), match=words) as caught:
        demand.build_problem(sample, order(tmp_path, text))
    assert "demand.toml" in caught.value.en


def test_a_code_is_held_against_every_system_where_the_zone_names_none(sample, tmp_path):
    meta = {key: value for key, value in sample.meta.items() if key != "land_use_system"}
    silent = dataclasses.replace(sample, meta=meta)
    with pytest.raises(PlanError, match=r"demand\[0\]\.code is '0701'.*not .*1001"):
        demand.build_problem(silent, order(tmp_path, PLOTS.replace("1001", "0701")))
    assert demand.build_problem(silent, order(tmp_path, PLOTS)).problem


def test_the_changes_of_an_allocation_are_a_scenario_file(sample, tmp_path):
    setting = demand.build_problem(sample, order(tmp_path, USES_WANTED.format(most=2, least=0)))
    answer = solve(setting.problem, explain=False)
    changed, made = demand.carry_out(sample, answer, setting.year)
    file = tmp_path / "scenario.toml"
    file.write_text(demand.changes_toml(made, zh='安排 "一"', en="one"), encoding="utf-8")
    again = scenario.apply(sample, scenario.read_scenario(file).changes, year=setting.year)
    pd.testing.assert_frame_equal(
        pd.DataFrame(changed.layers["parcel"].drop(columns="geometry")),
        pd.DataFrame(again.layers["parcel"].drop(columns="geometry")),
    )
    assert tomllib.loads(file.read_text(encoding="utf-8"))["scenario"]["zh"] == '安排 "一"'


# --- what is written -------------------------------------------------------------------------


def test_the_workbook_holds_texts_as_texts_and_the_same_bytes(found, tmp_path):
    tricky = found.copy()
    tricky.loc[tricky.index[0], "detail"] = '=HYPERLINK("http://evil")'
    pages = [("问题", outputs.table_rows(tricky)), ("汇总", outputs.summary(tricky))]
    one = outputs.write_workbook(tmp_path / "a.xlsx", pages)
    two = outputs.write_workbook(tmp_path / "b.xlsx", pages)
    assert one.read_bytes() == two.read_bytes()
    sheet = load_workbook(one)["问题"]
    heads = [cell.value for cell in sheet[1]]
    cell = sheet.cell(2, heads.index("说明") + 1)
    assert cell.value.startswith("=HYPERLINK")
    assert cell.data_type == "s"


def test_findings_come_back_from_geopackage_and_json(sample, found, tmp_path):
    file = outputs.write_findings_gpkg(tmp_path / "findings.gpkg", found)
    back, _ = outputs.read_findings(file)
    assert set(changes.compare_findings(back, found)["status"]) == {"same"}
    layer = gpd.read_file(file, layer="findings")
    assert layer.crs.to_epsg() == 4490
    assert layer["zh"].str.len().min() > 8
    with sqlite3.connect(file) as base:
        style = base.execute("SELECT styleQML FROM layer_styles").fetchone()[0]
    base.close()
    assert "severity" in style
    text = outputs.findings_json(found, zone=sample.id, as_of=date(2023, 12, 31))
    data = json.loads(text)
    assert sum(data["count"].values()) == len(data["findings"]) == len(found)
    assert all(row["zh"] and row["en"] for row in data["findings"])


def test_a_file_that_is_no_check_is_refused(tmp_path):
    wrong = tmp_path / "x.gpkg"
    wrong.write_bytes(b"no database at all, just text that goes on for a while" * 10)
    with pytest.raises(ReadError, match=r"R403"):
        outputs.read_findings(wrong)
    with sqlite3.connect(tmp_path / "y.gpkg") as base:
        base.execute("CREATE TABLE findings (rule TEXT)")
    base.close()
    with pytest.raises(ReadError, match="R403"):
        outputs.read_findings(tmp_path / "y.gpkg")
    spot = gpd.points_from_xy([116.0], [40.0], crs="EPSG:4490")
    other = gpd.GeoDataFrame({"rule": ["Q401"]}, geometry=spot)
    other.to_file(tmp_path / "z.gpkg", layer="findings")
    with pytest.raises(MissingColumnsError, match="severity"):
        outputs.read_findings(tmp_path / "z.gpkg")


def test_sheets_show_place_facts_and_clause_and_run_nothing(sample, found):
    page = place_sheets.sheets_html(sample, found)
    assert page.count('<section class="sheet"') == len(
        found[found["rule"].isin(place_sheets.SHEET_RULES)]
    )
    assert "第二条第二款" in page
    assert page.count("<svg") == page.count("<section")
    assert "<script" not in page
    assert 'http-equiv="Content-Security-Policy"' in page
    assert page == place_sheets.sheets_html(sample, found)
    evil = sample.layers["parcel"].copy()
    idle = found.loc[found["rule"] == "L602", "feature"].iloc[0]
    evil.loc[evil["id"] == idle, "owner"] = "<img src=x onerror=alert(1)>{{7*7}}"
    layers = {**sample.layers, "parcel": evil}
    worse = type(sample)(**{**{f: getattr(sample, f) for f in sample.__dataclass_fields__ if f[0] != "_"},
                            "layers": layers})  # fmt: skip
    text = place_sheets.sheets_html(worse, found)
    assert "<img" not in text
    assert "{{7*7}}" in text


def test_sheets_speak_one_language(sample, found):
    pages = {
        lang: place_sheets.sheets_html(sample, found, lang=lang, sentences=sentences_of(sample))
        for lang in ("zh", "en")
    }
    said = {lang: re.findall(r'<p class="what[^>]*>([^<]+)', page) for lang, page in pages.items()}
    assert len(said["zh"]) == len(said["en"]) > 5
    known = {"m", "ha"}
    ids = re.compile(r"[A-Z]\d[\w-]*")
    for line in said["zh"]:
        words = re.findall(r"[A-Za-z]+", ids.sub("", line))
        assert set(words) <= known, line
    for line in said["en"]:
        assert not re.findall(r"[\u4e00-\u9fff]", line), line


def test_the_map_of_a_place_is_to_scale(sample, found):
    idle = found.loc[found["rule"] == "L602", "feature"].iloc[0]
    parcels = sample.at(2023).layers["parcel"]
    row = parcels[parcels["id"] == idle]
    svg = place_sheets.place_svg(sample.at(2023), row, around=parcels)
    path = svg.split('class="place" d="M')[1].split("Z")[0]
    points = np.array([[float(v) for v in p.split()] for p in path.split(" L")])
    drawn = abs(np.sum(points[:, 0] * np.roll(points[:, 1], -1)
                       - np.roll(points[:, 0], -1) * points[:, 1])) / 2  # fmt: skip
    bar = float(svg.split("M16 362h")[1].split("M")[0])
    metres = float(svg.split(" m</text>")[0].rsplit(">", 1)[1].replace(",", ""))
    real = geo.area_m2(row.geometry, center=sample.center).item()
    assert drawn * (metres / bar) ** 2 == pytest.approx(real, rel=0.01)


@pytest.mark.browser
def test_sheets_are_printed_one_page_each(sample, found, tmp_path):
    from pypdf import PdfReader

    page, pdf, *places = place_sheets.write_sheets(sample, found, tmp_path)
    assert len(places) == found["rule"].isin(["L601", "L602"]).sum()
    reader = PdfReader(pdf)
    assert len(reader.pages) == page.read_text(encoding="utf-8").count('<section class="sheet"')
    again = place_sheets.write_sheets(sample, found, tmp_path / "again")[1]
    assert again.read_bytes() == pdf.read_bytes()
    box = reader.pages[0].mediabox
    assert (float(box.width), float(box.height)) == pytest.approx((595, 842), abs=2)


def test_without_a_browser_the_page_is_written_and_no_pdf(sample, found, tmp_path, monkeypatch):
    monkeypatch.setenv("ZGCGIS_BROWSER", "/nowhere/chromium")
    assert find_browser() is None
    made = place_sheets.write_sheets(sample, found, tmp_path)
    assert made[0].name == "sheets.html"
    assert {p.suffix for p in made[1:]} == {".svg"}
    assert place_sheets.write_sheets(sample, found.iloc[:0], tmp_path) == []


# --- the commands ----------------------------------------------------------------------------


def run(*words, code=0):
    answer = CliRunner().invoke(cli, [str(word) for word in words])
    assert answer.exit_code == code, answer.output
    return answer.output


def test_check_writes_everything_and_the_next_week_nothing_is_new(tmp_path):
    out = tmp_path / "w1"
    words = ["check", SAMPLE, "--rule", "P", "--rule", "Q", "--rule", "L6", "--no-sheets"]
    text = run(*words, "-o", out, code=1)
    assert "错误" in text
    assert {p.name for p in out.iterdir()} == {
        "findings.gpkg", "findings.xlsx", "findings.json", "findings.html", "map.html"
    }  # fmt: skip
    again = run(*words, "--since", out / "findings.gpkg", "--no-map", code=1)
    assert "新增 0" in again
    by_json = run(*words, "--since", out / "findings.json", "--json", code=1)
    assert {row["status"] for row in json.loads(by_json)["changes"]} == {"same"}
    sheets_of_book = load_workbook(out / "findings.xlsx").sheetnames
    assert sheets_of_book == ["汇总", "问题", "未查", "指标台账", "供地与闲置", "分期整治", "规划与现状用途",
                              "产业与定位", "区位商", "核查内容"]  # fmt: skip


@pytest.mark.parametrize("name", ["问题.gpkg", "问题.xlsx", "问题.json", "问题.html"])
def test_a_check_can_be_kept_as_one_file(tmp_path, name):
    run("check", "sample", "-o", tmp_path / name, code=1)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).is_file()
    if name.endswith(".gpkg"):
        again = run("check", "sample", "--since", tmp_path / name, code=1)
        assert "新增 0" in again


def test_a_larger_zone_is_checked_to_the_last_planted_error(tmp_path):
    full = bool(os.environ.get("ZGCGIS_FULL"))
    folder = tmp_path / "large"
    run("sample", folder, "--parcels", 40_000 if full else 1_200, "--seed", 7)
    large = open_zone(folder)
    found = check(large)
    planted = pd.read_csv(folder / "planted.csv", dtype={"feature": str, "other": str})
    assert keys(found) == keys(planted)
    if full:
        assert len(large.layers["parcel"]) > 40_000


def test_every_name_of_the_room_is_there():
    assert planning.__all__ == sorted(planning.__all__)
    for name in planning.__all__:
        assert getattr(planning, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = planning.nothing


def test_check_of_rules_that_find_nothing_ends_well():
    assert "错误 0" in run("check", SAMPLE, "--rule", "A7")


def test_admit_ends_with_one_when_a_clause_fails():
    project = SAMPLE / "projects"
    assert "准入" in run("admit", project / "admitted.toml", "--zone", SAMPLE)
    thin = run("admit", project / "too-thin.toml", "--zone", SAMPLE, "--lang", "en", code=1)
    assert "5 clause(s) failed" in thin
    data = json.loads(run("admit", project / "too-thin.toml", "--zone", SAMPLE, "--json", code=1))
    assert data["admitted"] is False
    assert len(data["parks"]) == 6


def test_the_day_of_judgement_moves_what_is_idle():
    early = json.loads(run("check", SAMPLE, "--rule", "L60", "--as-of", "2022-06-30", "--json"))
    late = json.loads(
        run("check", SAMPLE, "--rule", "L60", "--as-of", "2023-12-31", "--json", code=1)
    )
    assert early["as_of"] == "2022-06-30"
    assert early["count"]["error"] == 0 < late["count"]["error"]

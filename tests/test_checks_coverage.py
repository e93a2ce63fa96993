"""What rules could not judge is said: no column that goes missing takes findings with it in silence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.conftest import FULL
from tests.test_checks_plan import layer, parcels, quotas, square, zone
from zgcgis.checks import RULES, asked, check, not_checked
from zgcgis.checks.coverage import FACTS, MASKS, REASONS, coverage_lines, unjudged
from zgcgis.io import open_zone
from zgcgis.model import COLUMNS, LEVELS

ENTERED = {code: entry for code, entry in RULES.items() if entry.func is not None}


@pytest.mark.parametrize("code", sorted(ENTERED))
def test_what_a_rule_says_it_needs_exists(code):
    for need in ENTERED[code].needs:
        level, _, rest = need.partition(".")
        columns, _, mask = rest.replace("*", "").partition("?")
        assert mask in {"", *MASKS}
        level = level.removeprefix("~")
        if level == "zone":
            assert columns.split(".")[0] in {"plan", "quotas", "thresholds", "layers"}
            continue
        known = {*LEVELS[level].columns, *(f"@{fact}" for fact in FACTS), "geometry"}
        assert set(columns.split("|")) <= known
    assert set(ENTERED[code].levels) <= set(LEVELS)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_reason_has_a_sentence_in_both_languages(lang):
    table = pd.DataFrame(
        [["P302", "parcel", "build_state|land_use", reason, 3, 9, 20_000.0] for reason in REASONS],
        columns=["rule", "level", "column", "reason", "features", "of", "area_m2"],
    )
    lines = coverage_lines(table, lang)
    assert len(lines) == len(REASONS)
    assert all("2.00" in line and "P302" in line for line in lines)
    assert "build_state" not in "".join(lines)


# --- survey land, which states no column of ours --------------------------------------------------


def survey(codes: list[str], **columns: object):
    """Polygons as a survey delivers them: id and code, in the classification of the zone."""
    rows = [{"id": f"s{k}", "land_use": code, **columns} for k, code in enumerate(codes)]
    return layer(rows, [square(k) for k in range(len(codes))])


def around(count: int):
    return layer([{"id": "line"}], [(-50, -50, 100 * count + 50, 150)])


def elsewhere():
    return layer([{"id": "far"}], [(20_000, 0, 20_100, 100)])


PLAN_RULES = {
    "P302": ("master_plan", elsewhere()),
    "P304": ("urban_boundary", elsewhere()),
    "P305": ("protection", around(8)),
    "P306": ("prohibited", around(8)),
}
CODES = {
    "third_survey": (["0601", "1003", "05H1", "0701", "0508"], ["0103", "0301", "1104"]),
    "gbt21010_2017": (["0601", "1003", "0501", "0701"], ["0103", "0301", "1104"]),
    "yonghai_2023": (["1001", "1207", "0901", "0701"], ["0103", "0301", "1704"]),
}


@pytest.mark.parametrize("system", CODES)
@pytest.mark.parametrize("code", PLAN_RULES)
def test_survey_land_is_held_against_the_plan_by_its_land_use(code, system):
    level, lines = PLAN_RULES[code]
    built, open_land = CODES[system]
    land = survey([*built, *open_land])
    here = zone(layers={"parcel": land, level: lines})
    here = replace(here, meta=here.meta | {"land_use_system": system})
    found = check(here, [code])
    assert sorted(found["feature"]) == [f"s{k}" for k in range(len(built))]
    assert found["detail"].str.contains("derived from land use").all()
    assert not_checked(here, [code]).empty
    stated = replace(here, layers={**here.layers, "parcel": land.assign(build_state="A2")})
    assert not check(stated, [code])["detail"].str.contains("derived").any()


@pytest.mark.parametrize("code", PLAN_RULES)
def test_a_line_that_is_there_in_no_year_or_has_no_shape_is_named(code):
    level, lines = PLAN_RULES[code]
    land = survey(["1001", "0701"])
    future = zone(layers={"parcel": land, level: lines.assign(since=2030)})
    assert check(future, [code]).empty
    assert not_checked(future, [code])["reason"].tolist() == ["not_now"]
    lines = pd.concat([lines, lines.assign(id="lost")], ignore_index=True)
    lines.loc[1, "geometry"] = None
    here = zone(layers={"parcel": land, level: lines})
    said = not_checked(here, [code])
    assert said[["level", "column", "features", "of"]].to_numpy().tolist() == [
        [level, "geometry", 1, 2]
    ]
    outside = code in ("P302", "P304")  # what the lost outline held is not known
    assert set(check(here, [code])["severity"]) == {"warning" if outside else "error"}
    none = zone(layers={"parcel": land, level: lines.iloc[[1]]})
    assert check(none, [code]).empty
    assert unjudged(not_checked(none, [code]), RULES) == {code}


@pytest.mark.parametrize("code", PLAN_RULES)
def test_land_of_which_nothing_tells_the_use_is_counted_as_not_checked(code):
    level, lines = PLAN_RULES[code]
    here = zone(layers={"parcel": survey(["1001", "what", "", "2399"]), level: lines})
    said = not_checked(here, [code]).iloc[0]
    assert (said["features"], said["of"]) == (3, 4)
    assert said["area_m2"] == pytest.approx(30_000, rel=1e-5)
    none = zone(layers={"parcel": survey(["", ""]), level: lines})
    assert check(none, [code]).empty
    assert unjudged(not_checked(none, [code]), RULES) == {code}


def test_a_missing_layer_a_missing_plan_and_a_missing_quota_are_named():
    bare = replace(zone(), plan=None)
    table = not_checked(bare, ["P", "Q"])
    assert set(table["reason"]) >= {"no_layer", "no_table"}
    assert "P304" in unjudged(table, RULES)
    assert "Q401" in unjudged(table, RULES)


def test_two_code_systems_on_two_sides_are_said():
    plan = layer([{"id": "plot", "land_use": "M1", "land_use_system": "gb50137_2011"}], [square(0)])
    here = zone(layers={"parcel": survey(["1001"]), "detailed_plan": plan})
    assert check(here, ["P303"]).empty
    assert "other_system" in set(not_checked(here, ["P303"])["reason"])


def test_of_plots_in_two_systems_only_pairs_of_one_are_compared_and_the_others_counted():
    plots = layer(
        [
            {"id": "own", "land_use": "0901", "land_use_system": "yonghai_2023"},
            {"id": "other", "land_use": "M1", "land_use_system": "gb50137_2011"},
        ],
        [square(0), square(1)],
    )
    here = zone(layers={"parcel": survey(["1001", "1001"]), "detailed_plan": plots})
    assert check(here, ["P303"])["feature"].tolist() == ["s0"]
    said = not_checked(here, ["P303"]).iloc[0]
    assert said[["column", "reason", "features", "of"]].tolist() == [
        "land_use_system", "other_system", 1, 2,
    ]  # fmt: skip
    assert said["area_m2"] == pytest.approx(10_000, rel=1e-5)


def test_a_code_nobody_knows_accuses_nobody_of_another_use():
    plot = layer([{"id": "plot", "land_use": "0901"}], [square(0)])
    here = zone(layers={"parcel": survey(["2399"]).assign(build_state="A2"), "detailed_plan": plot})
    assert check(here, ["P303"]).empty
    assert not_checked(here, ["P303"])["features"].tolist() == [1]


QUOTAS = {
    "plan": ("supplied_in_year", "supply_date"),
    "approved": ("land", "approved_date"),
}


@pytest.mark.parametrize("kind", QUOTAS)
def test_a_quota_asks_only_for_the_columns_that_it_counts_by(kind):
    use, column = QUOTAS[kind]
    land = survey(["1001", "1001"], supply_state="D21")
    here = zone(
        layers={"parcel": land}, quotas=quotas(("z", 2023, "built_land", "cumulative", 1.0, "x"))
    )
    assert check(here, ["Q401"])["measured"].item() == pytest.approx(20_000, rel=1e-5)
    assert "of 2 from land use" in check(here, ["Q401"])["detail"].item()
    assert not_checked(here, ["Q401"]).empty
    asked_for = replace(here, quotas=quotas(("z", 2023, use, kind, 1.0, "x")))
    assert not_checked(asked_for, ["Q401"])["column"].tolist() == [column]


@pytest.mark.parametrize("level", ["park", "block"])
def test_land_on_record_is_held_against_parcels_that_name_no_unit_and_state_nothing(level):
    units = layer([{"id": "u"}], [(-10, -10, 410, 110)])
    record = pd.DataFrame(
        [["u", 2023, "built_land_m2", 20_000.0], ["u", 2023, "supplied_land_m2", 5_000.0]],
        columns=["unit", "year", "key", "value"],
    )
    land = survey(["1001", "0701", "0901", "0103"])
    here = zone(layers={"parcel": land, level: units}, accounts=record)
    found = check(here, ["D511"])
    assert found[["feature", "other"]].to_numpy().tolist() == [["u", "built_land_m2"]]
    assert found["measured"].item() == pytest.approx(-10_000, rel=1e-4)
    assert "from land use" in found["detail"].item()
    assert not_checked(here, ["D511"])["column"].tolist() == ["supply_state"]
    assert unjudged(not_checked(here, ["D511"]), RULES) == set()


def test_a_parcel_that_names_no_park_counts_in_the_one_it_lies_in():
    parks = layer([{"id": "p1"}, {"id": "p2"}], [(-10, -10, 210, 110), (210, -10, 420, 110)])
    nameless = parcels().drop(columns="park_id")
    limit = quotas(("p1", 2023, "built_land", "cumulative", 1.0, "x"))
    here = zone(layers={"parcel": nameless, "park": parks}, quotas=limit)
    found = check(here, ["Q401"])
    assert found["feature"].tolist() == ["p1"]
    assert found["measured"].item() == pytest.approx(10_000, rel=1e-5)
    lost = zone(layers={"parcel": nameless}, quotas=limit)
    assert check(lost, ["Q401"]).empty
    said = not_checked(lost, ["Q401"])
    assert said[said["reason"] == "no_park"]["features"].tolist() == [4]


# --- a column that goes --------------------------------------------------------------------------

SAMPLE = open_zone("sample")
SAYS_WHEN = {"since", "until"}  # empty they say "always": without them it is other land
GONE = [
    (level, column)
    for level in ("parcel", "building", "block", "park", "enterprise", "detailed_plan")
    if level in SAMPLE.layers
    for column in SAMPLE.layer(level).columns
    if column not in {"id", "geometry", *SAYS_WHEN} and column in COLUMNS
    and SAMPLE.layer(level)[column].notna().any()
]  # fmt: skip
FEW = [("parcel", "land_use"), ("parcel", "agreed_start_date"), ("parcel", "actual_start_date")]
FAMILIES = None if FULL else ("D", "L", "P", "Q")


def without(level: str, column: str, *, drop: bool):
    layer = SAMPLE.layer(level)
    if drop:
        changed = layer.drop(columns=column)
    else:
        changed = layer.assign(**{column: pd.Series(np.nan, layer.index, object)})
    return replace(SAMPLE, layers={**SAMPLE.layers, level: changed})


@pytest.fixture(scope="module")
def before():
    found = check(SAMPLE, FAMILIES)
    return set(zip(found["rule"], found["feature"], found["other"].fillna(""), strict=True))


@pytest.mark.parametrize("drop", [True, False], ids=["dropped", "blank"])
@pytest.mark.parametrize(("level", "column"), GONE if FULL else FEW)
def test_findings_go_only_with_a_word_and_none_come(before, level, column, drop):
    here = without(level, column, drop=drop)
    found = check(here, FAMILIES)
    after = set(zip(found["rule"], found["feature"], found["other"].fillna(""), strict=True))
    table = not_checked(here, FAMILIES)
    said = {
        rule
        for rule, where, names in zip(table["rule"], table["level"], table["column"], strict=True)
        if where == level and column in names.split("|")
    }
    told = set(found["rule"][found["detail"].fillna("").str.contains(column)])
    silently = {key for key in before - after if key[0] not in said}
    if "L607" in told:  # what cannot be judged is a finding of its own there
        silently = {key for key in silently if not key[0].startswith("L")}
    assert silently == set()
    grave = found[found["severity"] != "note"]
    accused = set(zip(grave["rule"], grave["feature"], grave["other"].fillna(""), strict=True))
    accused -= before
    assert accused == set()


def test_every_rule_that_is_asked_is_judged_or_named():
    table = not_checked(SAMPLE)
    assert set(table["rule"]) <= set(ENTERED)
    without_limits = {
        "P307",
        "P308",
        "P309",
        "P310",
    }  # the plots of the sample state none: it is said
    assert unjudged(table, RULES) & set(asked(SAMPLE)) == without_limits

"""What rules could not judge is said: no column that goes missing takes findings with it in silence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.conftest import FULL
from tests.test_checks_plan import layer, parcels, quotas, square, zone
from zgcgis.checks import RULES, asked, check, not_checked
from zgcgis.checks.coverage import MASKS, REASONS, coverage_lines, unjudged
from zgcgis.io import open_zone
from zgcgis.model import COLUMNS, LEVELS

ENTERED = {code: entry for code, entry in RULES.items() if entry.func is not None}


@pytest.mark.parametrize("code", sorted(ENTERED))
def test_what_a_rule_says_it_needs_exists(code):
    for need in ENTERED[code].needs:
        level, _, rest = need.partition(".")
        columns, _, mask = rest.removesuffix("*").partition("?")
        assert mask in {"", *MASKS}
        if level == "zone":
            assert columns.split(".")[0] in {"plan", "quotas", "thresholds"}
            continue
        known = set(LEVELS[level].columns) | {"@park", "@system"}
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
    assert sorted(check(here, [code])["feature"]) == [f"s{k}" for k in range(len(built))]
    assert not_checked(here, [code]).empty


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
GONE = [
    (level, column)
    for level in ("parcel", "building", "block", "park", "enterprise", "detailed_plan")
    if level in SAMPLE.layers
    for column in SAMPLE.layer(level).columns
    if column not in {"id", "geometry"} and column in COLUMNS
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
    accused = {key for key in after - before if RULES[key[0]].severity != "note"}
    assert accused == set()


def test_every_rule_that_is_asked_is_judged_or_named():
    table = not_checked(SAMPLE)
    assert set(table["rule"]) <= set(ENTERED)
    assert unjudged(table, RULES) & set(asked(SAMPLE)) == set()

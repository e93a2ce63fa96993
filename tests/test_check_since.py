"""Two checks are compared in what both asked, and a check of a part never stands for the whole."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import FULL
from zgcgis.checks import asked, check, not_checked
from zgcgis.checks.hierarchy import parks_of_findings
from zgcgis.cli import cli
from zgcgis.findings import SEVERITIES
from zgcgis.io import open_zone
from zgcgis.planning.changes import Question, compare_checks, question_of
from zgcgis.report.outputs import is_part, read_findings

SAMPLE = open_zone("sample")
RULES = asked(SAMPLE)
SILENT = not_checked(SAMPLE)
FOUND = check(SAMPLE)
FOUND = FOUND.assign(park=parks_of_findings(SAMPLE, FOUND))
DAY = date(2023, 12, 31)
FAMILIES = sorted({code[0] for code in RULES})
PARKS = sorted(SAMPLE.units.index[SAMPLE.units["level"] == "park"])

subset = st.one_of(
    st.just(()), st.lists(st.sampled_from([*FAMILIES, "P302", "L6", "T10"]), max_size=3)
)
kept_to = st.fixed_dictionaries(
    {
        "rules": subset.map(tuple),
        "parks": st.one_of(st.just(()), st.lists(st.sampled_from(PARKS), max_size=3).map(tuple)),
        "severities": st.sampled_from([(), ("error",), ("error", "warning")]),
    }
)


def asking(kept):
    """The question of a check of the sample, all it finds under those rules, and what it keeps."""
    codes = kept["rules"]
    rules = {c: one for c, one in RULES.items() if not codes or c.startswith(codes)}
    silent = SILENT[SILENT["rule"].isin(rules)]
    found = FOUND[FOUND["rule"].isin(rules)]
    question = question_of(SAMPLE, rules, silent, day=DAY, found=found, kept_to=kept)
    shown = found
    for column, name in (("park", "parks"), ("severity", "severities")):
        if kept[name]:
            shown = shown[shown[column].isin(kept[name])]
    return question, found, shown


@settings(max_examples=300 if FULL else 40, deadline=None)
@given(then=kept_to, now=kept_to)
def test_asking_otherwise_changes_nothing_of_a_zone_that_did_not_change(then, now):
    asked_then, _, shown_then = asking(then)
    asked_now, found_now, shown_now = asking(now)
    old = pd.DataFrame(shown_then.drop(columns="geometry"))
    compared, left = compare_checks(old, asked_then, found_now, asked_now)
    assert set(compared["status"]) <= {"same"}
    both = set(shown_then.index) & set(shown_now.index)
    assert len(compared) == len(both)
    if len(compared) < max(len(shown_then), len(shown_now)):
        assert left
    assert all(one.zh and one.en for one in left)


@settings(max_examples=100 if FULL else 15, deadline=None)
@given(kept=kept_to)
def test_a_question_survives_being_written(kept):
    question, *_ = asking(kept)
    again = Question.of_data(json.loads(json.dumps(question.as_data())), "x")
    assert again == question
    assert question.partial == any(kept.values())


def test_what_is_really_gone_is_fixed_and_what_came_is_new():
    question, found, _ = asking({"rules": (), "parks": (), "severities": ()})
    gone = compare_checks(found, question, found[1:], question)[0]
    assert gone["status"].value_counts().to_dict() == {"same": len(found) - 1, "fixed": 1}
    came = compare_checks(found[1:], question, found, question)[0]
    assert came["status"].value_counts().to_dict() == {"same": len(found) - 1, "new": 1}


def test_other_limits_and_fewer_judged_features_are_said():
    question, found, _ = asking({"rules": ("P",), "parks": (), "severities": ()})
    wider = replace(question, rules={**question.rules, "P302": {"min_area_m2": 5.0}})
    compared, left = compare_checks(found, wider, found, question)
    assert "P302" not in set(compared["rule"])
    assert any("P302" in one.zh and "限值" in one.zh for one in left)
    blinder = replace(question, in_part={**question.in_part, "P305": 100})
    _, left = compare_checks(found, question, found, blinder)
    assert any("P305" in one.en and "100" in one.en for one in left)
    later = replace(question, as_of="2024-06-30")
    assert any("2024-06-30" in one.zh for one in compare_checks(found, later, found, question)[1])


def test_a_zone_that_allows_more_noise_asks_otherwise():
    question, found, _ = asking({"rules": ("T", "L"), "parks": (), "severities": ()})
    looser = replace(SAMPLE, meta={**SAMPLE.meta, "checks": {"tolerance_m": 0.5}})
    kept = {code: RULES[code] for code in question.rules}
    now = question_of(looser, kept, SILENT, day=DAY, found=found)
    compared, left = compare_checks(found, question, found, now)
    assert set(compared["rule"].str[0]) == {"L"}
    assert any("T*" in one.zh and "限值" in one.zh for one in left)


def test_a_list_that_says_not_what_was_asked_is_compared_in_the_rules_it_has():
    question, found, _ = asking({"rules": (), "parks": (), "severities": ()})
    old = found[found["rule"] == "T104"]
    compared, left = compare_checks(old, None, found, question)
    assert set(compared["rule"]) == {"T104"}
    assert "Q401" in left[0].zh


# --- the command ---------------------------------------------------------------------------------


def run(*words, code=1):
    answer = CliRunner().invoke(cli, ["check", "sample", *map(str, words)])
    assert code in {None, answer.exit_code}, (answer.output, answer.exception)
    return answer.output


@pytest.mark.parametrize(
    "name", ["a.gpkg", "a.json", "a.xlsx", "folder"] if FULL else ["a.xlsx", "folder"]
)
def test_a_part_is_written_over_a_part_and_never_over_the_whole(tmp_path, name):
    place = tmp_path / name
    part = ("--rule", "P302", "--no-sheets", "--no-map", "-o", place)
    run(*part)
    file = place / "findings.json" if place.is_dir() else place
    assert is_part(file)
    run(*part)
    if not FULL:
        return
    run("--no-sheets", "--no-map", "-o", place)
    assert not is_part(file)
    whole = file.read_bytes()
    answer = CliRunner().invoke(cli, ["check", "sample", *map(str, part)])
    assert "-o" in str(answer.exception)
    assert file.read_bytes() == whole


@pytest.mark.parametrize("suffix", ["gpkg", "json", "xlsx", "html"])
def test_what_is_not_known_to_be_a_part_is_not_written_over_by_one(tmp_path, suffix):
    place = tmp_path / f"a.{suffix}"
    place.write_bytes(b"something else")
    answer = CliRunner().invoke(cli, ["check", "sample", "--rule", "P302", "-o", str(place)])
    assert "a." + suffix in str(answer.exception)
    assert place.read_bytes() == b"something else"


def test_every_file_says_what_was_asked(tmp_path):
    words = ("--rule", "P3", "--park", PARKS[0], "--severity", "warning", "--no-sheets", "--no-map")
    run(*words, "-o", tmp_path / "w", code=None)
    for name in ("findings.gpkg", "findings.json"):
        _, question = read_findings(tmp_path / "w" / name)
        assert question.kept_to == {
            "rules": ("P3",), "parks": (PARKS[0],), "severities": ("error", "warning")
        }  # fmt: skip
        assert question.as_of == "2023-12-31"
        assert question.rules["P302"] == {"min_area_m2": 1.0}
        assert len(question.layers["parcel"]["sha256"]) == 64
    text = run("--rule", "P", "--since", tmp_path / "w" / "findings.json", "--no-map")
    assert "新增 0" in text
    assert "消除 0" in text


def test_severity_park_and_top_keep_to_what_was_asked():
    data = json.loads(run("--json", "--rule", "T", "--severity", "error"))
    assert {row["severity"] for row in data["findings"]} == {"error"}
    park = FOUND["park"][(FOUND["park"] != "") & FOUND["rule"].str.startswith("T")].iloc[0]
    name = SAMPLE.name(park)
    data = json.loads(run("--json", "--rule", "T", "--park", name))
    assert {row["park"] for row in data["findings"]} == {park}
    lines = run("--rule", "T", "--top", "3").splitlines()
    assert sum(line.startswith("  错误 T") for line in lines) == 3
    order = [SEVERITIES.index(one) for one in FOUND["severity"]]
    assert order == sorted(order)
    wrong = CliRunner().invoke(cli, ["check", "sample", "--park", "nowhere"])
    assert "nowhere" in str(wrong.exception)

"""A second real zone, from public documents alone: each command gives what its facts allow, no more."""

from __future__ import annotations

import csv
import json
import sys
import tomllib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_zone_values import run

from zgcgis import geo
from zgcgis.assessment import assess
from zgcgis.checks import check, not_checked
from zgcgis.io import open_zone
from zgcgis.io.zones import SHIPPED
from zgcgis.plan import goals
from zgcgis.plan.fields import FORMS, REMARKS

FOLDER = Path(__file__).parents[1] / "data" / "donghu"
PAGE = (Path(__file__).parents[1] / "docs" / "zone.zh.md").read_text(encoding="utf-8")
FILES = sorted(p for p in FOLDER.rglob("*") if p.suffix in (".toml", ".csv"))


@pytest.fixture(scope="module")
def zone():
    return open_zone("donghu")


def keys_of(data, form):
    for key, value in data.items():
        yield key
        field = FORMS[form].get(key)
        if field is None or field.of not in FORMS:
            continue
        below = {"table": [value], "tables": value, "named": list(getattr(value, "values", list)())}
        for entry in below[field.kind]:
            yield from keys_of(entry, field.of)


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.name)
def test_every_key_and_column_stands_in_the_page_of_the_schema(file):
    if file.suffix == ".csv":
        with file.open(encoding="utf-8") as lines:
            names = next(csv.reader(lines))
    else:
        names = list(keys_of(tomllib.loads(file.read_text(encoding="utf-8")), file.name))
    assert names
    missing = [key for key in names if f"| `{key}` |" not in PAGE and key not in REMARKS]
    assert missing == []


def test_it_ships_and_is_found_by_its_name_and_sound(zone):
    assert "donghu" in SHIPPED
    assert zone.folder == FOLDER
    code, said, _ = run(["doctor", "donghu", "--lang", "en"])
    assert code == 0
    assert "8 parks in parks.csv, 0 drawn" in said
    assert "no evaluation.toml, so no scores" in said


def test_no_value_is_without_a_source(zone):
    assert zone.accounts["source"].fillna("").str.contains("http").all()
    assert all("http" in entry["source"] for entry in zone.meta["rejected"])
    assert not zone.synthetic


def test_the_map_lists_all_parks_and_says_which_are_not_drawn(tmp_path):
    page = tmp_path / "m.html"
    code, said, _ = run(["map", "donghu", "-o", str(page), "--lang", "en"])
    assert code == 0
    assert "8 parks, 0 drawn" in said
    assert "不上图" in page.read_text(encoding="utf-8")


def test_check_accuses_nobody_and_says_what_it_could_not_judge(zone):
    found = check(zone)
    assert (found["severity"] == "error").sum() == 0
    assert set(zip(found["rule"], found["feature"], strict=True)) == {
        ("D502", "center_city"), ("D506", "biolake"), ("D506", "future_city"), ("D506", "donghu"),
        ("D507", "donghu"),
    }  # fmt: skip
    gaps = not_checked(zone)
    lacking = set(gaps.loc[gaps["reason"] == "no_layer", "level"])
    assert {"parcel", "building", "enterprise", "block", "master_plan"} <= lacking
    code, said, _ = run(["check", "donghu", "--json", "--no-map"])
    assert code == 0
    assert json.loads(said)["not_checked"]


def test_the_goals_are_not_judged_by_what_is_not_known(zone):
    judged = goals(zone).set_index("id")
    assert judged["target"].tolist() == [1e8, 3e8]
    assert judged["verdict"].tolist() == ["cannot be judged"] * 2
    assert judged["why_en"].str.contains("No value for the whole of").all()


def test_assess_names_what_is_missing(zone):
    result = assess(zone)
    said = " ".join(english for _, english in result.left_out)
    for words in ("no parcel layer", "no evaluation.toml"):
        assert words in said.lower() or words in said
    assert result.scores is None


def test_the_sketch_has_the_published_area_and_says_that_it_is_one(zone):
    extent = zone.layer("boundary")
    area = geo.area_m2(extent.geometry, center=zone.center).iloc[0]
    assert area == pytest.approx(518.06e6, rel=0.001)
    for level in ("boundary", "district"):
        assert set(zone.layer(level)["precision"]) == {"schematic"}
        assert (zone.layer(level)["error_m"] >= 500).all()


def test_firms_would_fall_in_the_industries_of_its_plan(zone):
    assert list(zone.clusters) == list(zone.plan.industries)
    assert [zone.clusters.of(code) for code in ("3976", "2710", "4620", "3511", "7310", "5211")] == [
        "optoelectronics", "biology", "environment", "equipment", "services", "",
    ]  # fmt: skip
    for entry in zone.plan.industries.values():
        words = zone.plan.clauses[entry.clause].terms
        assert set(entry.terms) <= set(words)

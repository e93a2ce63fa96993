"""A zone's own industries and groups: firms, desks, rules and goals go by them, and none of ours."""

from __future__ import annotations

import json
import sys
from copy import deepcopy
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from hostile_zone import CSV, TOML, csv_text, layer, toml_text, write_zone
from test_zone_values import run

from zgcgis import maps
from zgcgis.checks import check
from zgcgis.clusters import location_quotients
from zgcgis.io import open_zone
from zgcgis.language.errors import ZoneError
from zgcgis.plan import CLUSTERS, Clusters, goals, with_industry
from zgcgis.plan.fields import FORMS
from zgcgis.plan.nomenclature import codes_of, expanded

pytestmark = pytest.mark.filterwarnings("ignore:.*区位商区间很宽")

PHOTONS = {"zh": "光电子", "en": "Photonics", "codes": ["3976", "C391-C392"], "colour": "#7a3b9d"}
LIFE = {"zh": "大健康", "en": "Health", "codes": {"Q": "卫生", "27": "医药制造业"}}


def laid_out(folder, *, zone=None, plan=None, parks=None, accounts=None, firms=()):
    """The tiny zone with other settings, plan, units and firms: ``(code, industry)`` each."""
    made = write_zone(folder)
    settings = deepcopy(TOML["zone.toml"])
    settings.pop("industry")
    settings |= {"industry": zone} if zone else {}
    stated = deepcopy(TOML["plan.toml"]) if plan is None else plan
    (made / "zone.toml").write_text(toml_text(settings), encoding="utf-8")
    (made / "plan.toml").write_text(toml_text(stated), encoding="utf-8")
    for name, rows in (("parks.csv", parks), ("accounts.csv", accounts)):
        if rows is not None:
            (made / name).write_text(csv_text(rows, list(FORMS[name])), encoding="utf-8")
    if firms:
        held = layer("enterprise")
        (made / "layers" / "enterprise.geojson").write_bytes(b"")
        one = held["features"][1]
        held["features"] = [
            {**one, "properties": {**one["properties"], "id": f"f{i}", "park_id": park,
                                   "industry_code": code, "industry": industry}}
            for i, (park, code, industry) in enumerate(firms)
        ]  # fmt: skip
        (made / "layers" / "enterprise.geojson").write_text(json.dumps(held), encoding="utf-8")
    return made


def plan_of(**industries):
    made = deepcopy(TOML["plan.toml"])
    made["industry"] = industries
    first = next(iter(industries))
    made["group"]["g"]["industries"] = [first]
    made["park"] = []
    return made


FIRMS = [("a", "3976", None), ("a", "3921", ""), ("b", "C8411", None), ("b", "2710", "大健康"),
         ("b", "5211", None), ("b", "3976", "Photonics")]  # fmt: skip
SORTED = ["photons", "photons", "life", "life", None, "photons"]


@pytest.mark.parametrize("place", ["zone.toml", "plan.toml"])
def test_firms_fall_in_the_industries_the_zone_brings(tmp_path, place):
    own = {"photons": PHOTONS, "life": LIFE}
    stated = {key: {**one, "clause": "1"} for key, one in own.items()}
    bare = {key: {"zh": one["zh"], "en": one["en"], "clause": "1"} for key, one in own.items()}
    folder = laid_out(
        tmp_path / "z",
        zone=own if place == "zone.toml" else None,
        plan=plan_of(**(bare if place == "zone.toml" else stated)),
        firms=FIRMS,
    )
    zone = open_zone(folder)
    firms = zone.layers["enterprise"]
    found = firms["industry"].astype("object").where(firms["industry"].fillna("") != "", None)
    assert found.tolist() == SORTED
    assert list(zone.clusters) == ["photons", "life"]
    assert set(location_quotients(firms)["industry"]) == {"photons", "life"}
    off = check(zone, ["P301"])
    assert sorted(off["feature"]) == ["f2", "f3"]  # parks.csv puts b in the group of photons
    content = maps.draw_zone(zone).content
    drawn = {entry["id"]: entry for entry in content["firms"]["classes"]}
    assert drawn["photons"]["colour"] == "#7a3b9d"
    assert drawn["life"]["name"] == ["大健康", "Health"]
    assert {row[0] for rows in content["mix"]["rows"].values() for row in rows} == {
        "photons",
        "life",
    }
    assert check(zone, ["H212"]).empty


def test_a_plan_of_other_industries_is_not_sorted_by_ours_and_it_is_said(tmp_path):
    plan = plan_of(photons={"zh": "光电子", "en": "Photonics", "clause": "1"})
    folder = laid_out(tmp_path / "z", plan=plan, firms=[("a", "2710", None), ("a", "3911", None)])
    zone = open_zone(folder)
    assert len(zone.clusters) == 0
    assert not (zone.layers["enterprise"]["industry"].fillna("") != "").any()
    assert check(zone, ["P301"]).empty
    (told,) = check(zone, ["H212"])[["feature", "measured"]].to_numpy().tolist()
    assert told == ["photons", 2]
    _, said, _ = run(["doctor", str(folder), "--lang", "en"])
    assert "industries of the plan have no codes" in said


def test_a_zone_that_names_no_industry_keeps_ours(tmp_path):
    folder = laid_out(tmp_path / "z", firms=[("a", "2710", None), ("a", "9999", None)])
    plan = folder / "plan.toml"
    plan.unlink()
    zone = open_zone(folder)
    assert zone.clusters is CLUSTERS
    assert zone.layers["enterprise"]["industry"].iloc[0] == "biotechnology"
    page = maps.draw_zone(zone).content
    assert [one["id"] for one in page["industries"]] == ["biotechnology"]


@pytest.mark.parametrize(
    ("zone", "plan", "told"),
    [
        ({"a": {**PHOTONS, "codes": ["39"]}, "b": {**LIFE, "codes": ["39", "27"]}}, None,
         "code 39 stands in both industries a and b"),
        ({"a": {**PHOTONS, "codes": ["3911-3919"]}, "b": {**LIFE, "codes": {"3913": ""}}}, None,
         "code 3913 stands in both"),
        ({"biotechnology": {**LIFE, "codes": ["27"]}},
         {"codes": ["28"]}, "both state codes of industry.biotechnology"),
    ],
)  # fmt: skip
def test_a_code_of_two_industries_is_a_sentence(tmp_path, zone, plan, told):
    stated = deepcopy(TOML["plan.toml"])
    stated["industry"]["biotechnology"].pop("codes", None)
    stated["industry"]["biotechnology"] |= plan or {}
    folder = laid_out(tmp_path / "z", zone=zone, plan=stated)
    with pytest.raises(ZoneError, match=told) as wrong:
        open_zone(folder)
    assert "zone.toml" in str(wrong.value)
    code, said, _ = run(["doctor", str(folder), "--lang", "en"])
    assert code != 0
    assert told in said


@pytest.mark.parametrize(
    "wrong", ["98", "00", "A39", "3", "39111", "3919-3911", "39-3911", "三九", "", "3.9", "U"]
)
@pytest.mark.parametrize("shape", [lambda c: [c], lambda c: {c: "名"}])
def test_what_is_no_code_is_refused_with_what_is(tmp_path, wrong, shape):
    folder = laid_out(tmp_path / "z", zone={"a": {**PHOTONS, "codes": shape(wrong)}})
    with pytest.raises(ZoneError) as told:
        open_zone(folder)
    assert "zone.toml: industry.a.codes" in told.value.en
    assert f"{wrong!r} is none of" in told.value.en
    assert "GB/T 4754" in told.value.en
    assert "GB/T 4754" in told.value.zh


@given(st.integers(1, 97), st.integers(0, 9), st.integers(0, 9))
def test_a_class_falls_in_the_range_that_holds_it_and_in_the_finer_one_first(
    division, group, klass
):
    code = f"{division:02d}{group}{klass}"
    broad = codes_of([f"{division:02d}"])
    fine = codes_of([f"{code[:3]}0-{code[:3]}9"])
    found = Clusters({
        "broad": type(CLUSTERS["equipment"])("broad", "大", "broad", broad),
        "fine": type(CLUSTERS["equipment"])("fine", "小", "fine", fine),
    })  # fmt: skip
    assert found.of(code) == "fine"
    assert found.of(f"{division:02d}{(group + 1) % 10}{klass}") == "broad"
    assert expanded(code) == (code,)


def test_what_is_stated_stays_and_nothing_is_made_up():
    table = pd.DataFrame({"industry": ["equipment", "own words", None, ""],
                          "industry_code": ["27", "27", "27", "x"]})  # fmt: skip
    done = with_industry(table, CLUSTERS)
    assert done["industry"].fillna("").tolist() == ["equipment", "own words", "biotechnology", ""]
    assert with_industry(table[["industry_code"]], Clusters({})).columns.tolist() == [
        "industry_code"
    ]


# --- groups ----------------------------------------------------------------------------------------


def grouped(folder, **changes):
    """The tiny zone whose plan names a group and none of its parks."""
    plan = deepcopy(TOML["plan.toml"])
    plan["group"]["g"].pop("park")
    plan["group"]["g"]["hosts"] = []
    plan["group"]["g"]["industries"] = ["biotechnology"]
    plan["park"] = []
    return laid_out(folder, plan=plan, **changes)


def test_parks_of_a_group_are_those_that_parks_csv_lists_in_it(tmp_path):
    zone = open_zone(grouped(tmp_path / "z"))
    assert zone.plan.groups["g"].members == ("a", "b")
    assert zone.plan.group_of("b").key == "g"
    assert zone.plan.admits("a", "biotechnology")
    assert not zone.plan.admits("a", "equipment")
    content = maps.draw_zone(zone).content
    parks = [unit for unit in content["units"] if unit["level"] == "park"]
    assert [unit["industries"] for unit in parks] == [["biotechnology"], ["biotechnology"]]
    assert [group["members"] for group in content["groups"]] == [["a", "b"]]
    assert check(zone, ["H213"]).empty


def test_a_park_that_list_and_plan_put_in_two_groups_is_a_finding(tmp_path):
    plan = deepcopy(TOML["plan.toml"])
    plan["group"]["h"] = {"zh": "另", "en": "other", "clause": "1", "park": [{"id": "b"}]}
    plan["group"]["g"]["hosts"] = []
    zone = open_zone(laid_out(tmp_path / "z", plan=plan))
    found = check(zone, ["H213"])
    assert found[["feature", "other", "detail"]].to_numpy().tolist() == [["b", "g", "h"]]
    assert zone.plan.group_of("b").key == "h"


def aimed(folder, *values, kind="flow"):
    plan = deepcopy(TOML["plan.toml"])
    plan["group"]["g"].pop("hosts")
    plan["target"] = [{"id": "t", "zh": "总收入", "en": "income", "clause": "1", "key": "income_wan",
                       "kind": kind, "year": 2023, "value": 100.0, "unit": "g"}]  # fmt: skip
    rows = [{"key": "income_wan", "year": 2023, **value} for value in values]
    return goals(open_zone(laid_out(folder, plan=plan, accounts=rows))).iloc[0]


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([{"unit": "g", "value": 120}], "met"),
        ([{"unit": "g", "value": 80}, {"unit": "a", "value": 500}], "not met"),
        ([{"unit": "a", "value": 60}, {"unit": "b", "value": 50}], "met"),
        ([{"unit": "a", "value": 60}, {"unit": "b", "value": 30}], "not met"),
        ([{"unit": "a", "value": 600}], "cannot be judged"),
        ([{"unit": "tiny", "value": 600}], "cannot be judged"),
        ([{"unit": "a", "value": 60}, {"unit": "b", "value": 50, "qualifier": "~"}], "met"),
        ([{"unit": "a", "value": 60}, {"unit": "b", "value": 30, "qualifier": ">"}], "cannot be judged"),
        ([{"unit": "a", "value": 60, "scope": "land"}, {"unit": "b", "value": 50}], "cannot be judged"),
    ],
)  # fmt: skip
def test_a_target_of_a_group_is_judged_by_its_values_or_the_sum_of_all_its_parks(
    tmp_path, values, verdict
):
    plan_with_both = aimed(tmp_path / "z", *values)
    assert plan_with_both["verdict"] == verdict
    assert plan_with_both["zh"] == "组：总收入"
    assert plan_with_both["of"] == "g"


def test_a_share_of_a_group_is_no_sum_of_shares(tmp_path):
    found = aimed(
        tmp_path / "z", {"unit": "a", "value": 60}, {"unit": "b", "value": 50}, kind="share"
    )
    assert found["verdict"] == "cannot be judged"


def test_a_target_of_a_unit_that_is_not_there_is_a_finding(tmp_path):
    plan = deepcopy(TOML["plan.toml"])
    plan["target"][0]["unit"] = "gg"
    found = check(open_zone(laid_out(tmp_path / "z", plan=plan)), ["H207"])
    assert found["feature"].tolist() == ["gg"]
    assert "plan.toml" in found["detail"].iloc[0]
    assert CSV["parks.csv"]

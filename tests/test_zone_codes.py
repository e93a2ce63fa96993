"""A zone's own land-use codes: imported, checked, counted and drawn like those that ship."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from hostile_zone import TOML, csv_text, layer, toml_text, write_zone
from test_zone_values import run

from zgcgis import maps
from zgcgis.accounts import measure
from zgcgis.checks import check
from zgcgis.io import open_zone
from zgcgis.language.errors import ZoneError
from zgcgis.plan.fields import FORMS
from zgcgis.plan.land_use import (
    CLASSES,
    STATE_KEYS,
    SYSTEMS,
    classify,
    codes_of_system,
    systems,
    usual_states,
)

pytestmark = pytest.mark.filterwarnings("ignore:.*区位商区间很宽")

TABLE = [
    {"code": "M", "zh": "工业用地", "class": "industrial"},
    {"code": "M1", "zh": "一类工业用地", "class": "industrial"},
    {"code": "Z9", "zh": "园区配套", "class": "business", "td1029": "A4"},
    {"code": "E", "zh": "水域", "class": "water"},
    {"code": "H", "zh": "预留", "class": "reserved", "construction": "否"},
]


def zone_of(folder, *, system="park_codes", rows=None, stated=None, codes=("M1", "Z9", "E")):
    made = write_zone(folder)
    settings = {**TOML["zone.toml"], "land_use_system": system if stated is None else stated}
    (made / "zone.toml").write_text(toml_text(settings), encoding="utf-8")
    table = [{"system": system, **row} for row in (TABLE if rows is None else rows)]
    (made / "land_use.csv").write_text(csv_text(table, list(FORMS["land_use.csv"])), "utf-8")
    parcels = layer("parcel")
    for feature, code in zip(parcels["features"], codes, strict=True):
        feature["properties"] |= {"land_use": code, "land_use_system": None, "build_state": None,
                                  "planned_use": None}  # fmt: skip
    (made / "layers/parcel.geojson").write_text(json.dumps(parcels), encoding="utf-8")
    return made


def test_own_codes_say_class_state_and_whether_land_is_built(tmp_path):
    zone = open_zone(zone_of(tmp_path / "z"))
    assert zone.codes is not None
    assert systems() == (*SYSTEMS, "park_codes")
    found = classify(pd.Series(["M1", "M12", "Z9", "E", "H", "Q", ""]), "park_codes")
    assert found["class"].tolist() == [
        "industrial", "industrial", "business", "water", "reserved", "", "",
    ]  # fmt: skip
    assert found["td1029"].tolist()[:4] == ["A2", "A2", "A4", "C1"]
    assert found["construction"].tolist()[:5] == ["Y", "Y", "Y", "N", "N"]
    assert found["zh"][0] == "一类工业用地"


def test_checks_accounts_and_the_map_go_by_them(tmp_path):
    zone = open_zone(zone_of(tmp_path / "z"))
    assert check(zone, ["D512"]).empty
    book = measure(zone)
    totals = book.xs(2023, level="year").groupby(level="unit").first()
    assert totals["industrial_land_m2"].sum() > 0
    assert totals["commercial_land_m2"].sum() > 0
    content = maps.draw_zone(zone).content
    (parcel,) = [one for one in content["land"]["layers"] if one["key"] == "parcel"]
    style = next(one for one in parcel["styles"] if one["key"] == "land_use")
    names = {entry["name"][0] for entry in style["classes"]}
    assert {"M1 一类工业用地", "Z9 园区配套"} <= names


def test_an_unknown_code_is_said_as_with_any_table(tmp_path):
    zone = open_zone(zone_of(tmp_path / "z", codes=("M1", "Q7", "E")))
    found = check(zone, ["D512"])
    assert not found.empty
    assert "Q7" in " ".join(found["detail"].fillna("").astype(str) + found["feature"].astype(str))


def test_a_layer_with_own_codes_is_imported(tmp_path):
    folder = zone_of(tmp_path / "z")
    source = tmp_path / "delivery.geojson"
    parcels = layer("parcel")
    for feature, code in zip(parcels["features"], ("M1", "101", "E"), strict=True):
        kept = {k: feature["properties"][k] for k in ("id", "park_id")}
        feature["properties"] = {**kept, "地类编码": code}
    source.write_text(json.dumps(parcels, ensure_ascii=False), encoding="utf-8")
    table = [*TABLE, {"code": "101", "zh": "科研", "class": "research"}]
    rows = [{"system": "park_codes", **row} for row in table]
    (folder / "land_use.csv").write_text(csv_text(rows, list(FORMS["land_use.csv"])), "utf-8")
    words = ["import", str(source), "--zone", str(folder), "--level", "parcel", "--lang", "en"]
    code, said, wrong = run(words)
    assert code == 0, said + wrong
    zone = open_zone(folder)
    assert check(zone, ["D512"]).empty
    assert set(zone.layer("parcel")["land_use"]) == {"M1", "101", "E"}
    assert run([*words, "--system", "park_codes"])[0] == 0
    code, _, wrong = run([*words, "--system", "parc_codes"])
    assert code == 2
    assert "park_codes" in wrong


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rows": [TABLE[0], TABLE[0]]}, "code ['M'] stands more than once"),
        ({"system": "third_survey"}, "none of the name of one that ships"),
        ({"rows": [TABLE[0], {**TABLE[1], "system": "others"}]}, "a zone brings one system"),
        ({"rows": [{**TABLE[0], "class": "industri"}]}, "column class: 'industri' is not one of"),
        ({"rows": [{**TABLE[0], "td1029": "A9"}]}, "column td1029: 'A9' is not one of"),
        ({"rows": [{**TABLE[0], "construction": "maybe"}]}, "column construction: 'maybe'"),
        ({"rows": [{**TABLE[0], "code": ""}]}, "column code: '' is not filled in"),
        ({"rows": [{**TABLE[0], "zh": ""}]}, "column zh"),
        ({"stated": "parc_codes"}, "or the system of the zone's own land_use.csv"),
    ],
)
def test_what_may_not_stand_in_the_table_is_a_sentence_and_doctor_says_it(tmp_path, changes, told):
    folder = zone_of(tmp_path / "z", **changes)
    with pytest.raises(Exception, match="land_use") as wrong:
        open_zone(folder)
    assert told in wrong.value.en
    assert "land_use" in wrong.value.zh
    code, said, _ = run(["doctor", str(folder), "--lang", "en"])
    assert code != 0
    assert told in said


def test_two_zones_of_one_name_and_other_codes_are_not_mixed(tmp_path):
    one = open_zone(zone_of(tmp_path / "a"))
    same = open_zone(zone_of(tmp_path / "b"))
    assert same.codes is one.codes
    other = zone_of(tmp_path / "c", rows=TABLE[:3], codes=("M1", "Z9", "M"))
    with pytest.raises(ZoneError, match="another zone that is in use, or this"):
        open_zone(other)
    del one, same
    gc.collect()
    assert len(codes_of_system("park_codes")) == 0
    assert len(open_zone(other).codes.rows) == 3


def test_the_words_of_the_schema_are_the_classes_there_are():
    fields = FORMS["land_use.csv"]
    assert set(fields["class"].values) == set(CLASSES)
    states = {state for state in fields["td1029"].values if state != "-"}
    assert all({state[:1], state[:2]} & set(STATE_KEYS) for state in states)
    assert {state for state, _ in usual_states().values() if state} <= states

"""The rules for land-use patches: each is planted and caught, and clean patches are accused of nothing."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from zgcgis.intake.examine import examine
from zgcgis.standards.patches import PATCH_RULES, inspect_patches

EAST, NORTH, STEP = 461_500.0, 4_404_000.0, 100.0


def patch(**fields) -> dict:
    held = {
        "BSM": "1", "YSDM": "2001010100", "TBBH": "1", "DLBM": "0601", "DLMC": "工业用地", "QSXZ": "20",
        "QSDWDM": "1101152010010000000", "ZLDWDM": "1101152010010000000", "TBMJ": 10000.0, "KCDLBM": "",
        "KCXS": 0.0, "KCMJ": 0.0, "TBDLMJ": 10000.0, "GDLX": "", "GDPDJB": "", "XZDWKD": 0.0,
        "TBXHDM": "", "TBXHMC": "", "ZZSXDM": "", "CZCSXM": "201", "SJNF": 2023,
    }  # fmt: skip
    return held | fields


def arable(**fields) -> dict:
    held = {"DLBM": "0103", "DLMC": "旱地", "QSXZ": "30", "KCDLBM": "1203", "KCXS": 0.05, "KCMJ": 500.0,
            "TBDLMJ": 9500.0, "GDLX": "PD", "GDPDJB": "2", "ZZSXDM": "LS", "CZCSXM": ""}  # fmt: skip
    return patch(**(held | fields))


CLEAN = [
    patch(), arable(), patch(DLBM="1003", DLMC="公路用地", XZDWKD=12.0),
    patch(DLBM="1006", DLMC="农村道路", XZDWKD=6.0), patch(DLBM="1107A", DLMC="干渠", XZDWKD=3.0),
    patch(DLBM="0201", DLMC="果园", ZZSXDM="JKHF"), arable(TBXHDM="HDGD", TBXHMC="河道耕地"),
    patch(DLBM="0701", DLMC="城镇住宅用地", CZCSXM="201A"), patch(DLBM="1104", DLMC="坑塘水面", CZCSXM=""),
]  # fmt: skip
PLANTED = {
    "D01": patch(DLMC="旱地"),
    "D02": patch(QSXZ="99"),
    "D03": patch(QSDWDM="110115201001"),
    "D04": patch(ZLDWDM="11011520100100000AB"),
    "D05": arable(KCDLBM="1202"),
    "D06": arable(KCXS=1.2),
    "D07": patch(KCXS=0.1, KCMJ=1000.0, TBDLMJ=9000.0),
    "D08": patch(GDLX="PD"),
    "D09": arable(GDPDJB="7"),
    "D10": arable(GDLX="TT", KCXS=0.0, KCMJ=0.0, TBDLMJ=10000.0, KCDLBM=""),
    "D11": patch(DLBM="1003", DLMC="公路用地"),
    "D12": patch(XZDWKD=5.0),
    "D13": patch(DLBM="1006", DLMC="农村道路", XZDWKD=9.0),
    "D14": patch(CZCSXM=""),
    "D15": patch(DLBM="1104", DLMC="坑塘水面", CZCSXM="207"),
    "D16": arable(ZZSXDM="JKHF"),
    "D17": patch(DLBM="0201", DLMC="果园", ZZSXDM="LS"),
    "D18": arable(TBXHDM="HDGD"),
    "D19": arable(TBXHDM="HDGD", TBXHMC="河道耕地", ZZSXDM="WG"),
    "D20": arable(TBDLMJ=9400.0),
}


def test_a_fault_is_planted_for_every_rule():
    assert set(PLANTED) == set(PATCH_RULES)


@pytest.mark.parametrize("rule", PATCH_RULES)
@pytest.mark.parametrize("as_text", [False, True])
def test_every_rule_catches_what_is_planted_and_nothing_else(rule, as_text):
    rows = pd.DataFrame([*CLEAN, PLANTED[rule]])
    rows = rows.astype(str) if as_text else rows
    made = inspect_patches(rows)
    assert {key: list(at) for key, at in made.found.items()} == {rule: [len(CLEAN)]}
    assert made.not_asked == {}
    assert made.score < 100


def test_clean_patches_are_accused_of_nothing():
    made = inspect_patches(pd.DataFrame(CLEAN))
    assert made.found == {}
    assert made.score == 100


@pytest.mark.parametrize("field", ["KCXS", "CZCSXM", "DLMC", "XZDWKD"])
def test_a_rule_without_its_fields_is_said_not_to_be_asked(field):
    made = inspect_patches(pd.DataFrame(CLEAN).drop(columns=field))
    about = {key for key, rule in PATCH_RULES.items() if field in rule.fields}
    assert set(made.not_asked) == about
    assert all(names == (field,) for names in made.not_asked.values())


def test_a_layer_of_patches_is_inspected_on_its_way_in(tmp_path):
    rows = [*CLEAN, *PLANTED.values()]
    frame = gpd.GeoDataFrame(
        rows,
        geometry=[shapely.box(EAST + STEP * k, NORTH, EAST + STEP * (k + 1), NORTH + STEP) for k in range(len(rows))],
        crs=4548,
    )  # fmt: skip
    frame["BSM"] = [f"B{k}" for k in range(len(rows))]
    frame.to_file(tmp_path / "DLTB.gpkg", layer="DLTB", engine="pyogrio")
    (report,) = examine(tmp_path / "DLTB.gpkg")
    (layer,) = report.layers
    told = layer.facts["inspection"]
    caught = {rule: one["features"] for rule, one in told["rules"].items()}
    first = len(CLEAN)
    assert all(f"B{first + k}" in caught[rule] for k, rule in enumerate(PLANTED))
    assert (layer.findings["rule"] == "R574").sum() == len(PATCH_RULES)
    assert "未经核实" in told["score_unverified"]["zh"]

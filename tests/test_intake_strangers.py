"""A second round of files from strangers: each ends as a careful planner expects, and is told why."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sqlite3
import sys
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from click.testing import CliRunner

from zgcgis.cli import cli
from zgcgis.geo import area_m2
from zgcgis.intake.columns import guess_level, match_columns, twins
from zgcgis.intake.examine import examine
from zgcgis.intake.formats import BY_SUFFIX
from zgcgis.intake.layer import Options
from zgcgis.intake.sandbox import process as guard
from zgcgis.io import import_file, new_zone
from zgcgis.language.errors import ReadError

spec = importlib.util.spec_from_file_location("corpus", Path(__file__).with_name("corpus.py"))
assert spec is not None
assert spec.loader is not None
corpus = sys.modules.setdefault("corpus", importlib.util.module_from_spec(spec))
spec.loader.exec_module(corpus)

IDS = list(corpus.parcels()["宗地代码"])
AREAS = list(corpus.parcels()["登记面积"])


@pytest.fixture(scope="module")
def zone(tmp_path_factory):
    """Return a zone with twelve parcels that know their ids only."""
    folder = new_zone(tmp_path_factory.mktemp("zone") / "z", id="t", zh="试验区", en="Test zone")
    path = tmp_path_factory.mktemp("parcels") / "a.geojson"
    import_file(corpus.save(corpus.parcels()[["宗地代码", "geometry"]], path), folder, "parcel")
    return folder


def told(path, level="parcel", **options):
    """Examine a file; return its outcome, the rules found, the severities, and the layer."""
    (report,) = examine(path, options=Options(**options), level=level)
    layer = report.layers[0] if report.layers else None
    tables = [report.findings, *(one.findings for one in report.layers)]
    rules = {rule for table in tables for rule in table["rule"]}
    grave = {severity for table in tables for severity in table["severity"]}
    return report.outcome, rules, grave, layer


def joined(zone, folder, text, name="t.csv", encoding="utf-8-sig", **options):
    """Join a table to the parcels of the zone without storing; return what became of it."""
    path = corpus.put(folder / name, (text.rstrip("\n") + "\n").encode(encoding))
    return import_file(path, zone, "parcel", options=Options(**options), dry_run=True)


def as_layer(folder, **columns):
    """Write a layer of as many parcels as the columns have values, and return its path."""
    count = len(next(iter(columns.values())))
    features = [
        {"type": "Feature", "properties": {"宗地代码": IDS[i], **{k: v[i] for k, v in columns.items()}},
         "geometry": {"type": "Polygon", "coordinates": corpus.square(i)}}
        for i in range(count)
    ]  # fmt: skip
    return corpus.put(folder / "a.geojson", corpus.as_text(features))


# --- tables --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ['"=""{}"""', '="{}"', "'{}"])
def test_keys_as_a_spreadsheet_writes_text_are_joined_with_a_record(zone, tmp_path, form):
    text = "宗地代码,延期月数\n" + "\n".join(f"{form.format(i)},3" for i in IDS)
    intake = joined(zone, tmp_path, text)
    assert intake.counts == {"in": 12, "used": 0, "repaired": 12, "refused": 0}
    (found,) = intake.findings[intake.findings["rule"] == "R215"].to_dict("records")
    assert found["measured"] == 12
    assert found["other"] == "宗地代码"


def test_an_apostrophe_of_a_name_stays(tmp_path):
    path = as_layer(tmp_path, 权利人=["'t Hooft 实验室", "O'Neil", "'甲'公司"])
    outcome, rules, _, layer = told(path)
    assert "R215" not in rules, outcome
    assert layer.frame["owner"].tolist()[0] == "'t Hooft 实验室"


@pytest.mark.parametrize(
    "text",
    [
        "2023年宗地延期情况表\n宗地代码\t延期月数\n" + "\n".join(f"{i}\t3" for i in IDS),
        "宗地代码;延期月数;备注\n" + "\n".join(f"{i};3;甲,乙,丙" for i in IDS),
        "宗地代码,延期月数,备注\n" + "\n".join(f'{i},3,"a;b;c;d;e"' for i in IDS),
        "sep=;\r\n宗地代码;延期月数\r\n" + "\r\n".join(f"{i};3" for i in IDS),
        "sep=\t\n宗地代码\t延期月数\n" + "\n".join(f"{i}\t3" for i in IDS),
    ],
)
def test_what_separates_the_cells_is_found_by_the_rows(zone, tmp_path, text):
    intake = joined(zone, tmp_path, text)
    assert intake.counts["used"] == 12
    assert set(intake.findings["rule"]) == set()


@pytest.mark.parametrize(
    ("head", "factor"),
    [("用地面积（m^2）", 1.0), ("用地面积（单位：亩）", 2000 / 3), ("用地面积（单位:公顷）", 1e4)],
)
def test_units_are_read_as_they_are_written(zone, tmp_path, head, factor):
    rows = "\n".join(f"{i},{round(a / factor, 6)}" for i, a in zip(IDS, AREAS, strict=True))
    intake = joined(zone, tmp_path, f"宗地代码,{head}\n{rows}")
    assert set(intake.findings["rule"]) == {"R524"}


def test_columns_that_differ_in_case_are_named_with_the_one_that_is_used(zone, tmp_path):
    assert twins(["Owner", "id", "OWNER", "ow_ner"]) == [["Owner", "OWNER", "ow_ner"]]
    text = "宗地代码,Owner,OWNER\n" + "\n".join(f"{i},甲,乙" for i in IDS)
    found = joined(zone, tmp_path, text).findings
    assert found.loc[found["rule"] == "R537", "other"].tolist() == ["Owner"]
    path = as_layer(tmp_path, Owner=["甲"] * 4, OWNER=["乙"] * 4)
    _, rules, _, layer = told(path)
    assert "R537" in rules
    assert layer.frame["owner"].tolist() == ["甲"] * 4


# --- firms ---------------------------------------------------------------------------------------


def firms(folder, head, rows):
    book = openpyxl.Workbook()
    for row in [head, *rows]:
        book.active.append(row)
    book.save(folder / "firms.xlsx")
    return folder / "firms.xlsx"


HEAD = ["统一社会信用代码", "企业名称", "年份", "税收（万元）"]


def test_firms_that_name_no_year_are_said_to_count_in_none(tmp_path):
    rows = [[f"91110108MA{i:08d}", f"企业{i}", 2023 if i else None, 10 + i] for i in range(8)]
    _, rules, grave, layer = told(firms(tmp_path, HEAD, rows), "enterprise")
    assert "R538" in rules
    assert "warning" in grave
    found = layer.findings
    assert found.loc[found["rule"] == "R538", "measured"].tolist() == [1]
    bare = firms(tmp_path, HEAD[:2], [row[:2] for row in rows])
    _, rules, grave, _ = told(bare, "enterprise")
    assert "R538" in rules
    assert grave == {"note"}
    whole = firms(tmp_path, HEAD, [[*row[:2], 2023, row[3]] for row in rows])
    assert "R538" not in told(whole, "enterprise")[1]


@pytest.mark.parametrize(
    ("values", "suspect"),
    [
        ([2, 3, 4, 2, 3, 4, 2, 3, 45_000], False),
        ([1, 4, 20, 90, 400, 1500, 6000, 30_000], False),
        ([120, 130, 1_400_000, 110, 1_500_000, 125], True),
    ],
)
def test_one_giant_is_no_second_group_of_firms(tmp_path, values, suspect):
    rows = [[f"91110108MA{i:08d}", f"企业{i}", 2023, v] for i, v in enumerate(values)]
    assert ("R522" in told(firms(tmp_path, HEAD, rows), "enterprise")[1]) is suspect


# --- ids -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ids", "there"),
    [
        (["ZD-a1", "ZD-A1", "ZD-b"], True),
        (["ZD 1", "ZD1", "ZD2"], True),
        (["ZD-1", "ZD–1", "ZD-2"], True),
        (["zd-1", "zd-2", "zd-3"], False),
        (["a1", "B1", "c1"], False),
    ],
)
def test_ids_that_differ_in_form_only_are_named(tmp_path, ids, there):
    _, rules, _, layer = told(as_layer(tmp_path, 宗地代码=ids))
    assert ("R539" in rules) is there
    assert layer.log.counts["refused"] == 0


def test_a_word_for_nothing_is_no_id(tmp_path):
    outcome, rules, _, layer = told(as_layer(tmp_path, 宗地代码=["A1", "无", "A3", "—"]))
    assert outcome == "refuse-feature"
    assert {"R502", "R528"} <= rules
    assert layer.log.counts["used"] == 2


def test_an_id_column_that_nobody_filled_is_not_the_id(tmp_path):
    frame = corpus.parcels().to_crs(4548).rename(columns={"宗地代码": "ZDDM"})
    frame.insert(0, "Id", 0)
    path = corpus.save(frame, tmp_path / "a.shp", encoding="GBK")
    _, rules, grave, layer = told(path)
    assert layer.frame["id"].tolist() == IDS
    assert rules == {"R528"}
    assert grave == {"note"}


def test_features_without_attributes_are_counted(tmp_path):
    features = [
        {"type": "Feature", "id": f"Z{i}", "properties": {"权利人": "甲"} if i < 4 else None,
         "geometry": {"type": "Polygon", "coordinates": corpus.square(i)}}
        for i in range(6)
    ]  # fmt: skip
    path = corpus.put(tmp_path / "a.geojson", corpus.as_text(features))
    found = told(path)[3].findings
    assert found.loc[found["rule"] == "R540", "measured"].tolist() == [2]


# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "there"),
    [
        (["工业用地"] * 4, True),
        (["1001", "0701", "待定", "1401"], True),
        (["05H1", "08H2A", "0810A", "1104A"], False),
        (["B29a", "M1", "A35", "u12"], False),
        (["100101", "0601", "R2", "1401"], False),
        (["R2/B1"] * 4, True),
    ],
)
def test_land_use_codes_of_no_system_are_named(tmp_path, codes, there):
    assert ("R541" in told(as_layer(tmp_path, 地类编码=codes))[1]) is there


def test_a_day_in_a_column_of_numbers_is_not_lost_unsaid(tmp_path):
    frame = corpus.parcels().assign(since=pd.Timestamp("2019-01-01"))
    _, rules, _, layer = told(corpus.save(frame, tmp_path / "a.gpkg"))
    assert "R508" in rules
    assert layer.findings["rule"].tolist().count("R508") == 12


def test_an_area_column_of_noughts_is_taken_for_unfilled(tmp_path):
    frame = corpus.parcels().assign(登记面积=0.0)
    _, rules, grave, layer = told(corpus.save(frame, tmp_path / "a.gpkg"))
    assert rules == {"R528"}
    assert grave == {"note"}
    assert layer.frame["registered_area_m2"].isna().all()


@pytest.mark.parametrize("text", ["????公司???", "??", "北京\ue5e5公司"])
def test_text_that_lost_its_characters_is_named(tmp_path, text):
    assert "R207" in told(as_layer(tmp_path, 权利人=[text] * 3))[1]


def test_a_question_is_no_lost_text(tmp_path):
    assert "R207" not in told(as_layer(tmp_path, 权利人=["谁的公司？", "OK?", "A??b"]))[1]


# --- systems and levels --------------------------------------------------------------------------


def test_a_belt_that_is_not_that_of_the_numbers_is_told_even_within_the_country(tmp_path):
    frame = corpus.parcels().drop(columns="宗地代码").to_crs(4527)
    path = corpus.save(frame.set_crs(4526, allow_override=True), tmp_path / "a.gpkg")
    outcome, rules, _, _ = told(path)
    assert outcome == "refuse-file"
    assert "R105" in rules


def test_control_layers_are_known_without_being_told(tmp_path):
    assert guess_level(["id", "zh", "en", "grade"], "polygon").level == "protection"
    names = ["id", "zh", "en", "land_use", "land_use_system", "planned_far"]
    assert guess_level(names, "polygon").level == "detailed_plan"
    assert guess_level(["ZDDM", "DLBM", "RJL"], "polygon").level == "parcel"
    frame = corpus.parcels(2)[["geometry"]].assign(
        id=["a", "b"], zh=["一级", "二级"], en=["I", "II"], grade=["1", "2"]
    )
    assert told(corpus.save(frame, tmp_path / "a.gpkg"), None)[0] == "accept"
    assert match_columns(["Id", "grade"], "protection", {}).of == {"Id": "id", "grade": "grade"}


# --- containers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "begin", "indent"),
    [("a.geojsonl", "", None), ("a.geojson", "", None), ("a.geojsons", "\x1e", 1)],
)
def test_geojson_line_by_line_is_read_as_one_layer(tmp_path, name, begin, indent):
    lines = [begin + json.dumps(f, ensure_ascii=False, indent=indent) for f in corpus.features()]
    outcome, rules, grave, layer = told(corpus.put(tmp_path / name, "\n".join(lines) + "\n\n"))
    assert outcome == "finding"
    assert rules == {"R414"}
    assert grave == {"note"}
    assert layer.log.counts["used"] == 6


def test_geojson_line_by_line_that_is_cut_names_the_line(tmp_path):
    text = "\n".join(json.dumps(f) for f in corpus.features())[:-30]
    (report,) = examine(corpus.put(tmp_path / "a.geojsonl", text), level="parcel")
    assert report.refusal.rule == "R405"


def test_an_unfinished_change_beside_a_geopackage_is_undone_on_the_copy(tmp_path):
    made = corpus.save(corpus.parcels(), tmp_path / "made.gpkg", layer="z")
    base = sqlite3.connect(made, isolation_level=None)
    base.execute("PRAGMA cache_size=2")
    for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
        base.execute(f'DROP TRIGGER "{name}"')
    base.execute("BEGIN")
    base.execute("UPDATE z SET \"宗地代码\" = 'HALF'")
    base.execute("CREATE TABLE much AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                 "FROM n WHERE i < 3000) SELECT i, hex(randomblob(400)) AS x FROM n")  # fmt: skip
    path = tmp_path / "a.gpkg"
    shutil.copyfile(made, path)
    shutil.copyfile(f"{made}-journal", f"{path}-journal")
    base.execute("ROLLBACK")
    base.close()
    before = [p.read_bytes() for p in sorted(tmp_path.glob("a.gpkg*"))]
    _, rules, _, layer = told(path)
    assert rules == {"R439"}
    assert layer.frame["id"].tolist() == IDS
    assert [p.read_bytes() for p in sorted(tmp_path.glob("a.gpkg*"))] == before


def test_a_little_file_that_says_one_thing_very_often_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "MOST_TABLES", 8 << 20)
    monkeypatch.setattr(guard, "TABLES_PER_BYTE", 4)
    path = tmp_path / "a.parquet"
    table = pa.table({"宗地代码": pa.array(["x" * 50] * 400_000)})
    pq.write_table(table, path, compression="zstd")
    assert path.stat().st_size < 1 << 20
    (report,) = examine(path, level="parcel")
    assert report.refusal.rule == "R444"


def test_shapes_without_their_metadata_are_told(tmp_path):
    path = tmp_path / "a.parquet"
    corpus.parcels().to_parquet(path)
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)
    (report,) = examine(path, level="parcel")
    assert report.refusal.rule == "R403"
    assert "'geo'" in str(report.refusal)


def test_a_full_disk_is_told_as_such(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    corpus.parcels().to_parquet(path)
    usage = type("usage", (), {"free": 0})
    monkeypatch.setattr(guard.shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(guard.sys, "executable", shutil.which("true"))  # says nothing
    with pytest.raises(ReadError, match="R445"):
        guard.run_child(BY_SUFFIX[".parquet"], path, tmp_path, size=10)


def test_a_sheet_that_claims_a_million_rows_is_read_by_the_cells_it_has(zone, tmp_path):
    book = openpyxl.Workbook()
    for row in [["宗地代码", "延期月数", "备注"], *([i, 3] for i in IDS)]:
        book.active.append(row)
    book.active.cell(1_048_576, 1).number_format = "@"
    path = tmp_path / "a.xlsx"
    book.save(path)
    intake = import_file(path, zone, "parcel", dry_run=True)
    assert intake.counts["used"] == 12
    assert set(intake.findings["rule"]) == set()
    facts = guard.run_child(BY_SUFFIX[".xlsx"], path, tmp_path, size=path.stat().st_size)
    sheet = json.loads((facts["folder"] / facts["sheets"][0]["file"]).read_text(encoding="utf-8"))
    assert len(sheet["rows"]) == 1_048_576
    assert sheet["rows"][500_000] == []


@pytest.mark.parametrize(
    ("factor", "head", "digits", "off", "there"),
    [
        (2000 / 3, "登记面积（亩）", 2, 1.0, False),
        (1e4, "登记面积（公顷）", 4, 1.0, False),
        (1.0, "登记面积", 0, 1.0, False),
        (1.0, "登记面积", 2, 1.0005, False),
        (1.0, "登记面积", 2, 1.003, True),
        (1e4, "登记面积（公顷）", 4, 1.02, True),
    ],
)
def test_areas_are_held_to_a_thousandth_but_not_below_their_last_digit(
    tmp_path, factor, head, digits, off, there
):
    frame = corpus.parcels(6)[["宗地代码", "geometry"]]
    small = [
        shapely.box(116.3 + 0.001 * i, 39.98, 116.3001 + 0.001 * i, 39.98008) for i in range(6)
    ]
    frame = frame.set_geometry(gpd.GeoSeries(small, crs=4490))
    areas = [round(a * off / factor, digits) for a in area_m2(frame.geometry)]
    path = corpus.save(frame.assign(**{head: areas}), tmp_path / "a.gpkg")
    assert ("R510" in told(path)[1]) is there


def test_an_empty_layer_beside_a_full_one_is_named_and_left_out(tmp_path):
    path = corpus.save(corpus.parcels(), tmp_path / "a.gpkg", layer="a")
    corpus.save(corpus.parcels().iloc[:0], path, layer="b", mode="a")
    outcome, rules, grave, layer = told(path)
    assert (outcome, rules, grave) == ("finding", {"R412"}, {"note"})
    assert layer.name == "a"


def test_names_in_a_file_cannot_steer_the_terminal(tmp_path):
    path = corpus.save(corpus.parcels(), tmp_path / "a.gpkg", layer="a\x1b[2J\x07b")
    said = CliRunner().invoke(cli, ["doctor", str(path)])
    assert re.search(r"a\S*\[2J\S*b", said.output)
    assert not {"\x1b", "\x07"} & set(said.output)


def test_a_folder_is_called_a_folder(tmp_path):
    (report,) = examine(tmp_path, level="parcel")
    assert report.refusal.rule == "R401"
    assert "folder" in report.refusal.words["detail"]


def test_a_value_is_said_with_the_digits_it_has_not_those_of_its_unit(tmp_path):
    frame = corpus.parcels(6).drop(columns="登记面积").assign(面积_亩=[9.5, -7.2743, 9, 9, 9, 9])
    said = CliRunner().invoke(cli, ["doctor", str(corpus.save(frame, tmp_path / "a.gpkg"))]).output
    assert "为负：-4849.533333\n" in said


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("crs", [4548, 4490])
def test_a_repair_states_the_same_areas_whichever_way_the_axes_came(tmp_path, crs, swap):
    bow = shapely.Polygon([(0, 0), (60, 60), (60, 0), (0, 60)])
    shapes = [bow, *(shapely.box(200 * i, 0, 200 * i + 50, 50) for i in range(1, 6))]
    frame = gpd.GeoDataFrame(
        {"id": [f"A{i}" for i in range(6)]},
        geometry=[shapely.affinity.translate(s, 440_000, 4_427_000) for s in shapes],
        crs=4548,
    ).to_crs(crs)
    if swap:
        frame.geometry = shapely.transform(frame.geometry.to_numpy(), lambda c: c[:, ::-1])
        frame = frame.set_crs(crs, allow_override=True)
    path = corpus.save(frame, tmp_path / "a.gpkg")
    repairs = told(path, accept=frozenset({"R104"}) if swap else frozenset())[3].repairs
    (one,) = repairs[repairs["rule"] == "R301"].to_dict("records")
    assert one["after_m2"] == pytest.approx(1800, rel=1e-3)  # a projected square metre is not one
    assert one["before_m2"] == pytest.approx(0, abs=1)

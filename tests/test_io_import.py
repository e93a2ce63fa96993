"""Taking files into a zone, joining tables, and writing layers out."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from shapely.geometry import Polygon

from zgcgis.cli.files import doctor, import_
from zgcgis.cli.mending import export
from zgcgis.geo import datums
from zgcgis.intake.layer import Options
from zgcgis.io import import_file, new_zone, open_zone, read_layer, write_layer
from zgcgis.language.errors import ReadError, WriteError, ZgcgisError, ZgcgisWarning, ZoneError

spec = importlib.util.spec_from_file_location("corpus", Path(__file__).with_name("corpus.py"))
assert spec is not None
assert spec.loader is not None
corpus = sys.modules.setdefault("corpus", importlib.util.module_from_spec(spec))
spec.loader.exec_module(corpus)


@pytest.fixture
def zone(tmp_path):
    return new_zone(tmp_path / "zone", id="t", zh="试验区", en="Test zone")


@pytest.fixture
def parcels(tmp_path):
    return corpus.save(corpus.parcels().to_crs(4548), tmp_path / "宗地.shp", encoding="GBK")


def contents(folder):
    return {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_layer_comes_in_and_the_zone_opens_with_it(zone, parcels):
    intake = import_file(parcels, zone, "parcel")
    assert intake.counts == {"in": 12, "used": 12, "repaired": 0, "refused": 0}
    layer = open_zone(zone).layer("parcel")
    assert layer.crs.to_epsg() == 4490
    assert list(layer["id"]) == list(corpus.parcels()["宗地代码"])
    assert list(layer["land_use"][:2]) == ["1001", "0701"]
    expected = corpus.parcels().geometry
    assert layer.geometry.normalize().geom_equals_exact(expected.normalize(), 1e-9).all()
    (entry,) = json.loads((zone / "ledger.json").read_text(encoding="utf-8"))["imports"]
    assert entry["file"] == "宗地.shp"
    assert len(entry["sha256"]) == 64
    assert entry["date"][:2] == "20"
    assert (zone / "ledger.csv").read_bytes().startswith(b"\xef\xbb\xbfdate,level,file")


def test_a_second_import_of_the_same_file_changes_nothing(zone, parcels):
    import_file(parcels, zone, "parcel")
    before = contents(zone)
    intake = import_file(parcels, zone, "parcel")
    assert intake.unchanged
    assert contents(zone) == before


def test_the_same_file_gives_the_same_bytes_in_another_zone(tmp_path, zone, parcels):
    other = new_zone(tmp_path / "other", id="u", zh="另一区", en="Other")
    first = import_file(parcels, zone, "parcel").stored
    second = import_file(parcels, other, "parcel").stored
    assert first.read_bytes() == second.read_bytes()


def test_a_dry_run_writes_nothing(zone, parcels):
    before = contents(zone)
    intake = import_file(parcels, zone, "parcel", dry_run=True)
    assert intake.counts["used"] == 12
    assert contents(zone) == before


def test_a_refused_file_leaves_the_zone_as_it_was(zone, parcels, tmp_path):
    import_file(parcels, zone, "parcel")
    before = contents(zone)
    moved = gpd.read_file(parcels)
    moved.geometry = moved.geometry.translate(90, 60)  # as an older datum does
    path = tmp_path / "moved" / "parcels.shp"
    path.parent.mkdir()
    moved.to_file(path, encoding="GBK")
    path.with_suffix(".prj").unlink()
    with pytest.raises(ReadError, match="--crs"):
        import_file(path, zone, "parcel")
    after = contents(zone)
    assert after == before


def test_repairs_are_in_the_ledger_with_their_areas(zone, tmp_path):
    bow = Polygon([(116.30, 39.98), (116.301, 39.981), (116.301, 39.98), (116.30, 39.981)])
    path = corpus.save(corpus.with_shapes([bow]), tmp_path / "bow.gpkg")
    intake = import_file(path, zone, "parcel")
    assert intake.counts["repaired"] == 1
    (repair,) = intake.repairs.to_dict("records")
    assert repair["rule"] == "R301"
    assert repair["before_m2"] == pytest.approx(0, abs=1)
    assert repair["after_m2"] > 4000
    (entry,) = json.loads((zone / "ledger.json").read_text(encoding="utf-8"))["imports"]
    assert entry["repairs"][0]["feature"] == corpus.CODE.format(1)
    assert open_zone(zone).layer("parcel").geometry.is_valid.all()


def test_a_table_is_joined_by_key(zone, parcels, tmp_path):
    import_file(parcels, zone, "parcel")
    ids = list(corpus.parcels()["宗地代码"])
    lines = ["宗地代码,土地使用权人,供地日期"]
    lines += [f"{i},甲公司,2019-03-05" for i in ids[:9]]
    wide = ids[9].translate({48 + n: 0xFF10 + n for n in range(10)})
    lines += [f"{wide},乙公司,2020年1月2日", "X999,丙公司,", f"{ids[10]},丁,", f"{ids[10]},戊,"]
    path = corpus.put(tmp_path / "合同.csv", "\n".join(lines).encode("gb18030"))
    intake = import_file(path, zone, "parcel")
    assert intake.counts == {"in": 13, "used": 9, "repaired": 1, "refused": 3}
    rules = intake.findings["rule"].value_counts().to_dict()
    assert rules["R601"] == 2
    assert rules["R603"] == 1
    assert rules["R604"] == 1  # two features, in one sentence
    layer = open_zone(zone).layer("parcel").set_index("id")
    assert layer.at[ids[0], "owner"] == "甲公司"
    assert layer.at[ids[9], "owner"] == "乙公司"
    assert pd.isna(layer.at[ids[10], "owner"])
    assert layer.at[ids[9], "supply_date"] == pd.Timestamp("2020-01-02")
    before = contents(zone)
    assert import_file(path, zone, "parcel").unchanged
    assert contents(zone) == before


def test_keys_that_differ_in_form_are_joined_and_said(zone, parcels, tmp_path):
    import_file(parcels, zone, "parcel")
    ids = list(corpus.parcels()["宗地代码"])
    path = corpus.put(tmp_path / "a.csv", f"宗地代码,土地使用权人\n{ids[0].lower()},甲\n")
    intake = import_file(path, zone, "parcel")
    assert "R602" in set(intake.findings["rule"])
    assert open_zone(zone).layer("parcel").set_index("id").at[ids[0], "owner"] == "甲"


def test_a_table_that_contradicts_the_layer_is_asked_about(zone, parcels, tmp_path):
    import_file(parcels, zone, "parcel")
    first = corpus.CODE.format(1)
    path = corpus.put(tmp_path / "a.csv", f"宗地代码,地类\n{first},0901\n")
    with pytest.raises(ReadError, match="R606"):
        import_file(path, zone, "parcel")
    import_file(path, zone, "parcel", options=Options(accept=frozenset({"R606"})))
    assert open_zone(zone).layer("parcel").set_index("id").at[first, "land_use"] == "0901"


def test_a_table_without_a_layer_or_a_key_is_a_sentence(zone, parcels, tmp_path):
    path = corpus.put(tmp_path / "a.csv", "宗地代码,土地使用权人\n1,甲\n")
    with pytest.raises(ZoneError, match="Import the shapes"):
        import_file(path, zone, "parcel")
    import_file(parcels, zone, "parcel")
    path = corpus.put(tmp_path / "b.csv", "什么,土地使用权人\n1,甲\n")
    with pytest.raises(ReadError, match="R605"):
        import_file(path, zone, "parcel")


def test_enterprises_come_as_a_table_with_years(zone, tmp_path):
    text = "统一社会信用代码,年份,企业名称,从业人员,税收（元）,经度,纬度\n"
    text += "91110108MA00000001,2019,甲公司,120,35000000,116.30,39.98\n"
    text += "91110108MA00000001,2020,甲公司,130,36000000,116.30,39.98\n"
    path = corpus.put(tmp_path / "企业.csv", text)
    intake = import_file(path, zone, "enterprise", options=Options(crs="EPSG:4490"))
    assert intake.counts["used"] == 2
    layer = open_zone(zone).layer("enterprise")
    assert list(layer["tax_wan"]) == [3500.0, 3600.0]
    assert list(layer["year"]) == [2019, 2020]
    assert layer.geometry.iloc[0].equals(shapely.Point(116.30, 39.98))


def test_added_features_keep_the_old_ones(zone, tmp_path):
    first = corpus.save(corpus.parcels(6), tmp_path / "a.gpkg")
    more = corpus.parcels(12).iloc[4:]
    second = corpus.save(more, tmp_path / "b.gpkg")
    import_file(first, zone, "parcel")
    intake = import_file(second, zone, "parcel", add=True)
    assert intake.counts == {"in": 8, "used": 6, "repaired": 0, "refused": 2}
    assert len(open_zone(zone).layer("parcel")) == 12
    assert import_file(second, zone, "parcel", add=True).unchanged


def test_the_centre_of_the_zone_gives_a_wrong_meridian_away(zone, tmp_path):
    settings = zone / "zone.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("# center = [116.4, 40.0]", "center = [116.4, 40.0]"), "utf-8")
    assert "\ncenter = [116.4, 40.0]" in settings.read_text(encoding="utf-8")
    wrong = corpus.parcels().to_crs(4548).set_crs(4549, allow_override=True)
    wrong["宗地代码"] = [f"P{i}" for i in range(12)]
    path = corpus.save(wrong, tmp_path / "a.gpkg")
    with pytest.raises(ReadError, match="R109"):
        import_file(path, zone, "parcel")
    import_file(path, zone, "parcel", options=Options(crs="EPSG:4548"))
    assert open_zone(zone).layer("parcel").total_bounds[0] == pytest.approx(116.30, abs=1e-6)


def test_an_offset_against_the_layers_of_the_zone_is_reported(zone, tmp_path):
    frame = corpus.parcels()
    import_file(corpus.save(frame, tmp_path / "a.gpkg"), zone, "parcel")
    blocks = frame.rename(columns={"宗地代码": "街区编号"})[["街区编号", "geometry"]]
    moved = blocks.set_geometry(datums.to_datum(blocks.geometry, "gcj02"))
    path = corpus.save(moved, tmp_path / "b.gpkg")
    intake = import_file(path, zone, "block", dry_run=True)
    (found,) = intake.findings[intake.findings["rule"] == "R112"].to_dict("records")
    assert 300 < found["measured"] < 800
    mended = import_file(path, zone, "block", options=Options(datum="gcj02"))
    assert "R112" not in set(mended.findings["rule"])
    back = open_zone(zone).layer("block").geometry
    assert back.geom_equals_exact(frame.geometry, 1e-8).all()


def test_two_imports_at_once_are_both_in_the_ledger(zone, tmp_path):
    a = corpus.save(corpus.parcels(), tmp_path / "a.gpkg")
    b = corpus.save(corpus.parcels().rename(columns={"宗地代码": "街区编号"}), tmp_path / "b.gpkg")
    code = "import sys; from zgcgis.io import import_file; import_file(*sys.argv[1:])"
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(path), str(zone), level])
        for path, level in ((a, "parcel"), (b, "block"))
    ]
    assert [child.wait() for child in children] == [0, 0]
    entries = json.loads((zone / "ledger.json").read_text(encoding="utf-8"))["imports"]
    assert {entry["level"] for entry in entries} == {"parcel", "block"}


# --- read_layer and write_layer ------------------------------------------------------------------


def test_read_layer_gives_the_columns_of_its_level(parcels):
    layer = read_layer(parcels, "parcel")
    assert layer.crs.to_epsg() == 4490
    assert list(layer.columns[:3]) == ["id", "park_id", "block_id"]
    assert layer.attrs["counts"]["used"] == 12
    assert layer["registered_area_m2"].gt(0).all()


def test_read_layer_warns_when_features_are_refused(tmp_path):
    path = corpus.save(corpus.with_shapes([None]), tmp_path / "a.gpkg")
    with pytest.warns(ZgcgisWarning, match="1 of 6 features refused"):
        layer = read_layer(path, "parcel")
    assert len(layer) == 5


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.parquet", "a.shp", "a.shp.zip"])
def test_what_is_written_can_be_read_again(tmp_path, parcels, name):
    layer = read_layer(parcels, "parcel")
    again = read_layer(write_layer(layer, tmp_path / name), "parcel")
    assert list(again["id"]) == list(layer["id"])
    assert list(again["land_use"]) == list(layer["land_use"])
    ours, theirs = layer.geometry.normalize(), again.geometry.normalize()
    parts = [shapely.get_parts(t)[0] for t in theirs]
    assert all(shapely.equals_exact(a, b, 1e-8) for a, b in zip(ours, parts, strict=True))
    assert again["registered_area_m2"].tolist() == pytest.approx(
        layer["registered_area_m2"].tolist()
    )


@pytest.mark.parametrize(
    "name", ["a.gpkg", "a.geojson", "a.parquet", "a.shp.zip", "a.csv", "a.xlsx"]
)
def test_the_same_layer_gives_the_same_content(tmp_path, parcels, name):
    layer = read_layer(parcels, "parcel")
    one, two = tmp_path / "1", tmp_path / "2"
    one.mkdir()
    two.mkdir()
    write_layer(layer, one / name)
    write_layer(layer, two / name)
    if name.endswith(".gpkg"):
        dumps = []
        for place in (one, two):
            base = sqlite3.connect(place / name)
            dumps.append(list(base.iterdump()))
            base.close()
        assert dumps[0] == dumps[1]
    elif name.endswith((".xlsx", ".zip")):
        with zipfile.ZipFile(one / name) as a, zipfile.ZipFile(two / name) as b:
            assert a.namelist() == b.namelist()
            for member in a.namelist():
                if not member.endswith((".dbf", "core.xml")):  # a date of the day stands in these
                    assert a.read(member) == b.read(member), member
    else:
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_a_geopackage_carries_the_style_of_its_codes(tmp_path, parcels):
    layer = read_layer(parcels, "parcel")
    path = write_layer(layer, tmp_path / "out.gpkg")
    base = sqlite3.connect(path)
    table, default, qml = base.execute(
        "SELECT f_table_name, useAsDefault, styleQML FROM layer_styles"
    ).fetchone()
    base.close()
    assert (table, default) == ("out", 1)
    assert 'attr="land_use"' in qml
    for code in set(layer["land_use"]):
        assert f'value="{code}"' in qml


def test_a_spreadsheet_never_gets_a_formula(tmp_path):
    frame = pd.DataFrame(
        {"id": ["1", "2"], "name": ['=HYPERLINK("http://x")', "＝1+1"], "n": [-5, 2]}
    )
    write_layer(frame, tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    assert "'=HYPERLINK" in text
    assert "'＝1+1" in text
    assert ",-5" in text
    write_layer(frame, tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert sheet["B2"].data_type == "s"
    assert sheet["B2"].value == '=HYPERLINK("http://x")'
    assert sheet["C2"].value == -5


def test_a_shapefile_comes_with_the_map_of_its_names(tmp_path, parcels):
    layer = read_layer(parcels, "parcel")
    write_layer(layer, tmp_path / "out.shp")
    names = (tmp_path / "out.names.csv").read_text(encoding="utf-8-sig")
    assert "registered,registered_area_m2" in names
    with pytest.raises(WriteError, match="exists"):
        write_layer(layer, tmp_path / "out.shp")


def test_unknown_suffix_and_missing_system_are_refused(tmp_path, parcels):
    layer = read_layer(parcels, "parcel")
    with pytest.raises(WriteError, match="unknown suffix"):
        write_layer(layer, tmp_path / "out.gml")
    with pytest.raises(ZgcgisError, match="no coordinate reference system"):
        write_layer(layer.set_crs(None, allow_override=True), tmp_path / "out.gpkg")


def test_a_large_layer_is_sorted_and_has_boxes(tmp_path, monkeypatch):
    from zgcgis.io import layers

    monkeypatch.setattr(layers.row_groups, "SORTED_ABOVE", 10)
    frame = corpus.parcels(12).rename(columns={"宗地代码": "id"})[["id", "geometry"]]
    layers.store_layer(frame.sample(frac=1, random_state=1), tmp_path / "a.parquet", "parcel", [])
    again = gpd.read_parquet(tmp_path / "a.parquet", bbox=(116.299, 39.979, 116.3005, 39.9805))
    assert list(again["id"]) == [corpus.CODE.format(1)]
    assert sorted(gpd.read_parquet(tmp_path / "a.parquet")["id"]) == sorted(frame["id"])


# --- the command line ----------------------------------------------------------------------------


def test_the_commands_speak_to_a_planner(zone, parcels, tmp_path):
    told = CliRunner().invoke(doctor, [str(parcels)])
    assert told.exit_code == 0
    assert "可直接导入" in told.output
    told = CliRunner().invoke(import_, [str(parcels), "--zone", str(zone), "--level", "parcel"])
    assert told.exit_code == 0, told.output
    assert "要素 12 = 采用 12 + 修复 0 + 不采用 0" in told.output
    told = CliRunner().invoke(
        import_, [str(parcels), "--zone", str(zone), "--level", "parcel", "--lang", "en"]
    )
    assert "Imported before; nothing was changed." in told.output
    told = CliRunner().invoke(export, [str(zone), "parcel", "-o", str(tmp_path / "o.gpkg")])
    assert told.exit_code == 0
    told = CliRunner().invoke(doctor, [str(tmp_path / "o.gpkg"), "--json"])
    assert json.loads(told.output)["files"][0]["outcome"] == "accept"


@pytest.mark.parametrize(
    "wrong",
    [
        ["--crs", "nonsense"],
        ["--encoding", "nonsense"],
        ["--accept", "R999"],
        ["--rename", "nonsense"],
        ["--level", "nonsense"],
    ],
)
def test_wrong_options_are_wrong_usage(parcels, wrong):
    assert CliRunner().invoke(doctor, [str(parcels), *wrong]).exit_code == 2


def test_findings_of_severity_error_are_exit_code_1(zone, tmp_path):
    path = corpus.save(corpus.with_shapes([None]), tmp_path / "a.gpkg")
    told = CliRunner().invoke(doctor, [str(path), "--level", "parcel", "--json"])
    assert told.exit_code == 1
    told = CliRunner().invoke(
        import_, [str(path), "--zone", str(zone), "--level", "parcel", "--json"]
    )
    assert told.exit_code == 1
    answer = json.loads(told.output)
    assert answer["counts"] == {"in": 6, "used": 5, "repaired": 0, "refused": 1}
    assert answer["refused"] == [{"feature": corpus.CODE.format(1), "row": 1, "rule": "R304"}]

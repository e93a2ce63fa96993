"""Kinds of deliveries that once went wrong: without ids, without a system, without a unit."""

from __future__ import annotations

import json
import zipfile

import geopandas as gpd
import openpyxl
import pytest
import shapely
from click.testing import CliRunner

from zgcgis.cli import cli
from zgcgis.intake.columns import guess_level
from zgcgis.intake.examine import examine
from zgcgis.intake.layer import Options
from zgcgis.io import new_zone, open_zone
from zgcgis.io.importing import import_all, import_file
from zgcgis.language.errors import ReadError, ZoneError

EAST, NORTH = 440_000.0, 4_425_000.0


@pytest.fixture
def zone(tmp_path):
    return new_zone(tmp_path / "zone", id="z", zh="区", en="Zone")


def boxes(first: int, count: int, high: float = 60.0) -> list[shapely.Polygon]:
    west = [EAST + 90 * k for k in range(first, first + count)]
    return [shapely.box(x, NORTH, x + 80, NORTH + high + x % 7) for x in west]


# --- features without ids -------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".fgb"])
@pytest.mark.parametrize(
    ("level", "shapes"),
    [("parcel", (boxes(0, 3), boxes(3, 3))), ("building", (boxes(0, 2, 20), boxes(3, 4, 20)))],
    ids=["parcels", "buildings"],
)
def test_what_is_added_without_ids_has_ids_of_its_own(zone, tmp_path, suffix, level, shapes):
    for name, some in zip(("east", "west"), shapes, strict=True):
        path = tmp_path / f"{name}{suffix}"
        frame = gpd.GeoDataFrame({"MC": [name] * len(some)}, geometry=some, crs=4548)
        frame = frame.to_crs(4490) if suffix == ".geojson" else frame
        frame.to_file(path)
        crs = "EPSG:4490" if suffix == ".geojson" else None
        made = import_file(path, zone, level, add=name == "west", options=Options(crs=crs))
        assert made.counts["used"] == len(some)
        assert not len(made.refused)
    held = open_zone(zone).layers[level]
    assert len(held) == sum(map(len, shapes))
    assert held["id"].is_unique
    assert held["id"].tolist() == [str(k + 1) for k in range(len(held))]


def test_the_same_outline_added_again_without_ids_is_no_second_piece_of_land(zone, tmp_path):
    old, new = tmp_path / "old.gpkg", tmp_path / "new.gpkg"
    gpd.GeoDataFrame({"MC": ["a", "b"]}, geometry=boxes(0, 2), crs=4548).to_file(old)
    turned = [shapely.Polygon([*one.exterior.coords[2:-1], *one.exterior.coords[:3]])
              for one in boxes(1, 2)]  # fmt: skip
    gpd.GeoDataFrame({"MC": ["b", "c"]}, geometry=turned, crs=4548).to_file(new)
    import_file(old, zone, "parcel")
    made = import_file(new, zone, "parcel", add=True)
    assert made.refused["rule"].tolist() == ["R319"]
    assert made.counts["used"] == 1
    assert open_zone(zone).layers["parcel"]["id"].tolist() == ["1", "2", "4"]


def test_numbers_go_on_beside_ids_that_are_codes(zone, tmp_path):
    coded, bare = tmp_path / "coded.gpkg", tmp_path / "bare.gpkg"
    codes = ["110108001001GB00001", "110108001001GB00002"]
    gpd.GeoDataFrame({"宗地代码": codes}, geometry=boxes(0, 2), crs=4548).to_file(coded)
    gpd.GeoDataFrame({"MC": ["c"]}, geometry=boxes(2, 1), crs=4548).to_file(bare)
    import_file(coded, zone, "parcel")
    import_file(bare, zone, "parcel", add=True)
    assert set(open_zone(zone).layers["parcel"]["id"]) == {*codes, "1"}


# --- units of money -------------------------------------------------------------------------------

FIRMS = [(f"9111010800000000{k}X", f"甲乙科技公司{k}", 2023, 12_005_000 + 10_000 * k, 87 + k)
         for k in range(1, 6)]  # fmt: skip


def firms(path, above: list[list[str | None]], money: str = "营业收入", below=None):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in above:
        sheet.append(row)
    sheet.append(["统一社会信用代码", "企业名称", "年份", money, "从业人员"])
    if below is not None:
        sheet.append(below)
    for row in FIRMS:
        sheet.append(row)
    book.save(path)
    return path


ABOVE = {
    "and persons": [["附表2"], [None, None, None, None, "单位：元、人"]],
    "in brackets": [["企业经济指标（单位：元）"]],
    "of money": [["附表2"], ["金额单位：人民币元"]],
    "of measure": [[None, None, None, "计量单位:元，人"]],
    "beside who filled it in": [["填报单位：某园区管委会", None, None, "单位：元/人"]],
}


@pytest.mark.parametrize("way", ABOVE)
def test_a_unit_above_the_table_is_that_of_its_money(tmp_path, way):
    (report,) = examine(firms(tmp_path / "表.xlsx", ABOVE[way]), level="enterprise")
    (layer,) = report.layers
    assert layer.used_values["income_wan"].tolist() == [row[3] / 1e4 for row in FIRMS]
    assert layer.used_values["staff_persons"].tolist() == [row[4] for row in FIRMS]
    assert layer.units["income_wan"] == "元"


@pytest.mark.parametrize("unit", ["元", "（元）"])
def test_a_line_of_units_below_the_names_is_no_firm(tmp_path, unit):
    path = firms(tmp_path / "表.xlsx", [], below=[None, None, None, unit, "人"])
    (report,) = examine(path, level="enterprise")
    (layer,) = report.layers
    assert layer.log.counts["in"] == len(FIRMS)
    assert layer.used_values["income_wan"].tolist() == [row[3] / 1e4 for row in FIRMS]


@pytest.mark.parametrize("name", ["营业收入/元", "营业收入：元", "营业收入（元）", "营业收入[元]"])
def test_a_unit_behind_the_name_is_read_however_it_is_set_off(tmp_path, name):
    (report,) = examine(firms(tmp_path / "表.xlsx", [], money=name), level="enterprise")
    (layer,) = report.layers
    assert layer.used_values["income_wan"].tolist() == [row[3] / 1e4 for row in FIRMS]


@pytest.mark.parametrize("above", [[], [["填报单位：某园区管委会"]], [["单位：见附注"]]])
def test_money_without_a_unit_is_asked_about_and_the_answer_counts(tmp_path, above):
    path = firms(tmp_path / "表.xlsx", above)
    (report,) = examine(path, level="enterprise")
    assert report.outcome == "refuse-file"
    assert [stop.rule for stop in report.layers[0].log.stops] == ["R531"]
    for unit, factor in (("yuan", 1e-4), ("wan", 1.0), ("yi", 1e4), ("qian", 0.1)):
        told = Options(scale={"营业收入": unit})
        (report,) = examine(path, level="enterprise", options=told)
        made = report.layers[0].used_values["income_wan"]
        assert made.tolist() == pytest.approx([row[3] * factor for row in FIRMS])


# --- drawings without a system --------------------------------------------------------------------


def drawn(path, shapes, move=(0.0, 0.0)):
    lines = ["0", "SECTION", "2", "ENTITIES"]
    for shape in shapes:
        corners = list(shape.exterior.coords)[:-1]
        lines += ["0", "LWPOLYLINE", "100", "AcDbEntity", "8", "0", "100", "AcDbPolyline"]
        lines += ["90", str(len(corners)), "70", "1"]
        for x, y in corners:
            lines += ["10", f"{x + move[0]:.4f}", "20", f"{y + move[1]:.4f}"]
    path.write_text("\n".join([*lines, "0", "ENDSEC", "0", "EOF", ""]), encoding="ascii")
    return path


@pytest.mark.parametrize("crs", [4548, 4527])
def test_corners_that_a_zone_has_already_settle_the_system_of_a_drawing(zone, tmp_path, crs):
    parks = tmp_path / "园区.gpkg"
    shape = shapely.union_all([shapely.box(EAST, NORTH, EAST + 500, NORTH + 400)])
    gpd.GeoDataFrame({"编号": ["p"]}, geometry=[shape], crs=4548).to_file(parks)
    import_file(parks, zone, "park")
    corners = shapely.get_coordinates(shape) + ([39e6, 0] if crs == 4527 else [0, 0])
    path = drawn(tmp_path / "宗地.dxf", [shapely.Polygon(corners)])
    made = import_file(path, zone, "parcel")
    (found,) = made.findings[made.findings["rule"] == "R124"].to_dict("records")
    assert found["other"] == f"EPSG:{crs}"
    held = open_zone(zone).layers["parcel"].to_crs(4548)
    assert held.geometry.iloc[0].symmetric_difference(shape).area < 0.01


@pytest.mark.parametrize("move", [(90.0, 60.0), (0.3, 0.0), (1_000_000.0, 0.0)])
def test_land_that_shares_no_corners_leaves_the_system_open(zone, tmp_path, move):
    parks = tmp_path / "园区.gpkg"
    gpd.GeoDataFrame({"编号": ["p"]}, geometry=boxes(0, 1), crs=4548).to_file(parks)
    import_file(parks, zone, "park")
    with pytest.raises(ReadError, match="R101"):
        import_file(drawn(tmp_path / "宗地.dxf", boxes(0, 1), move), zone, "parcel")


def test_the_advice_on_a_drawing_in_millimetres_is_in_plain_numbers_and_works(tmp_path):
    large = [shapely.Polygon([(1000 * x, 1000 * y) for x, y in one.exterior.coords])
             for one in boxes(0, 3)]  # fmt: skip
    path = drawn(tmp_path / "mm.dxf", large)
    (report,) = examine(path, level="parcel")
    (stop,) = report.layers[0].log.stops
    assert stop.rule == "R123"
    assert "e+" not in str(stop)
    assert "mm" in str(stop)
    told = Options(crs="EPSG:4548", scale={"geometry": "mm"})
    (report,) = examine(path, level="parcel", options=told)
    made = gpd.GeoSeries(report.layers[0].used_shapes, crs=4490).to_crs(4548)
    assert made.area.tolist() == pytest.approx([one.area for one in boxes(0, 3)], rel=1e-6)


# --- what doctor says, import says ----------------------------------------------------------------


def test_doctor_says_where_import_will_ask_for_the_level(zone, tmp_path):
    path = tmp_path / "图.gpkg"
    gpd.GeoDataFrame({"MC": ["a", "b"]}, geometry=boxes(0, 2), crs=4548).to_file(path)
    run = CliRunner()
    told = run.invoke(cli, ["doctor", str(path), "--lang", "en"])
    assert "say it with --level" in told.output
    data = json.loads(run.invoke(cli, ["doctor", str(path), "--json"]).output)
    assert data["files"][0]["layers"][0]["level_settled"] is False
    asked = run.invoke(cli, ["import", str(path), "--zone", str(zone), "--lang", "en"])
    assert "--level" in str(asked.exception)
    assert not list((zone / "layers").glob("*.parquet"))
    asks = told.output.partition("to say first: ")[2].strip()
    assert asks == asked.exception.en.strip()
    assert told.exit_code == data["exit_code"] == 3
    assert data["asked"]["en"] == asks
    told = run.invoke(cli, ["doctor", str(path), "--level", "parcel", "--lang", "en"])
    assert "say it with --level" not in told.output
    assert told.exit_code == 0


def test_a_drawing_alone_is_asked_all_at_once_and_the_answer_works(zone, tmp_path):
    path = tmp_path / "图.dxf"
    corners = [(440e6, 4425e6), (440.1e6, 4425e6), (440.1e6, 4425.08e6), (440e6, 4425.08e6)]
    points = "".join(f"10\n{x}\n20\n{y}\n" for x, y in corners)
    path.write_text(
        f"0\nSECTION\n2\nENTITIES\n0\nLWPOLYLINE\n8\nDK\n90\n4\n70\n1\n{points}0\nENDSEC\n0\nEOF\n"
    )
    with pytest.raises(ZoneError) as asked:
        import_all(path, zone)
    for word in ("--level parcel", "--scale geometry=mm", "--crs EPSG"):
        assert word in asked.value.zh.replace("--level 级别（如 parcel", "--level parcel")
    options = Options(crs="EPSG:4548", scale={"geometry": "mm"})
    intake = import_file(path, zone, "parcel", options=options)
    assert intake.counts["used"] == 1


def test_a_ledger_alone_says_what_has_to_come_before_it(zone, tmp_path):
    folder = tmp_path / "交付"
    folder.mkdir()
    path = folder / "供地台账.csv"
    path.write_text("宗地代码,供地方式,供地日期\nP1,出让,2021-06-01\n", encoding="utf-8")
    with pytest.raises(ZoneError, match=r"Import the shapes.*zgcgis import FOLDER") as told:
        import_all(path, zone)
    assert "供地台账.csv" in told.value.zh
    layer = gpd.GeoDataFrame({"宗地代码": ["P1"]}, geometry=boxes(0, 1), crs=4548)
    layer.to_file(folder / "宗地.gpkg")
    made = import_all(folder, zone)
    assert [one.level for one in made] == ["parcel", "parcel"]
    assert open_zone(zone).layer("parcel")["supply_mode"].tolist() == ["granted"]


@pytest.mark.parametrize(
    ("heads", "level"),
    [
        ("统一社会信用代码,企业名称,年份,经度,纬度", "enterprise"),
        ("TYSHXYDM,单位名称,备注", "enterprise"),
        ("宗地代码,统一社会信用代码,备注", None),
        ("宗地代码,统一社会信用代码,企业名称,供地方式,供地日期", "parcel"),
    ],
)
def test_a_list_of_firms_is_known_by_their_credit_codes(heads, level):
    guess = guess_level(heads.split(","), None, ("表",))
    assert (guess.level if guess.sure else None) == level


def test_what_an_archive_leaves_out_is_said_by_a_whole_import_too(zone, tmp_path):
    boxes_ = gpd.GeoDataFrame({"宗地代码": ["P1", "P2"]}, geometry=boxes(0, 2), crs=4548)
    boxes_.to_file(tmp_path / "宗地.gpkg")
    (tmp_path / "说明.json").write_text('{"title": "x"}', encoding="utf-8")
    path = tmp_path / "成果.zip"
    with zipfile.ZipFile(path, "w") as box:
        box.write(tmp_path / "宗地.gpkg", "宗地.gpkg")
        box.write(tmp_path / "说明.json", "说明.json")
    (one,) = import_all(path, zone)
    found = one.findings[one.findings["rule"] == "R427"]
    assert found["detail"].tolist() == ["说明.json"]
    told = json.loads((zone / "ledger.json").read_text(encoding="utf-8"))["imports"]
    assert told[-1]["rules"]["R427"] == 1


# --- a zone from nothing --------------------------------------------------------------------------


def test_a_person_at_a_terminal_is_asked_and_nobody_else(tmp_path, monkeypatch):
    path = tmp_path / "宗地.gpkg"
    frame = gpd.GeoDataFrame(
        {"宗地代码": ["a", "b"], "登记面积": 4800.0}, geometry=boxes(0, 2), crs=4548
    )
    frame.to_file(path)
    run = CliRunner()
    mute = run.invoke(cli, ["new", str(tmp_path / "one"), "--id", "one"])
    assert mute.exit_code == 2
    assert "--zh" in mute.output
    assert not (tmp_path / "one").exists()
    monkeypatch.setattr("zgcgis.cli.basics.at_a_terminal", lambda: True)
    said = f"two\n张江\nZhangjiang\n{path}\n"
    asked = run.invoke(cli, ["new", str(tmp_path / "two")], input=said)
    assert asked.exit_code == 0, asked.output
    zone = open_zone(tmp_path / "two")
    assert (zone.id, zone.names["zh"], len(zone.layer("parcel"))) == ("two", "张江", 2)

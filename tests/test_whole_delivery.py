"""A hard disk of a survey institute is taken with one command: red lines, copies, ledgers, drawings."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from test_deliveries import EAST, NORTH, PRJ, STEP, numbered, shapefile, squares, survey

from zgcgis.cli import cli
from zgcgis.findings import describe
from zgcgis.geo import area_m2
from zgcgis.intake.columns import is_red_line
from zgcgis.intake.examine import examine
from zgcgis.intake.layer import Layer, Options
from zgcgis.intake.log import Log
from zgcgis.intake.texts import dates_of
from zgcgis.io import new_zone, open_zone
from zgcgis.io.history import undo_import
from zgcgis.io.importing import import_all, import_file
from zgcgis.io.importing.delivery import examine_delivery
from zgcgis.io.layers import write_layer
from zgcgis.language.errors import ZgcgisWarning, ZoneError


@pytest.fixture
def zone(tmp_path):
    return new_zone(tmp_path / "zone", id="z", zh="区", en="Zone")


def cadastre(count: int = 12) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"ZDDM": [f"110115201001GB{k:05d}" for k in range(count)], "ZDMJ": STEP**2, "YT": "0601",
         "QLLX": "3", "QLRMC": [f"公司{k}" for k in range(count)]},
        geometry=squares(count), crs=4548,
    )  # fmt: skip


def drawing(path: Path, shapes: list[shapely.Polygon], *, belt: bool = False) -> Path:
    """Write outlines as plain lines of a drawing, which states no system."""
    lines = ["0", "SECTION", "2", "ENTITIES"]
    for shape in shapes:
        points = list(shape.exterior.coords)
        lines += ["0", "LWPOLYLINE", "8", "0", "90", str(len(points)), "70", "0"]
        for x, y in points:
            lines += ["10", repr(x + 39e6 * belt), "20", repr(y)]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([*lines, "0", "ENDSEC", "0", "EOF", ""]))
    return path


def bare(path: Path, shape: shapely.Polygon) -> Path:
    return shapefile(gpd.GeoDataFrame({"a": [1]}, geometry=[shape], crs=4548), path, PRJ)


def rules(intake) -> set[str]:
    return set(intake.findings["rule"])


# --- red lines ------------------------------------------------------------------------------------


def test_a_red_line_goes_where_the_land_it_covers_says(zone, tmp_path):
    given = tmp_path / "given"
    shapefile(cadastre(), given / "ZDJBXX.shp", PRJ)
    import_all(given, zone)
    whole = shapely.box(*shapely.unary_union(squares(12)).bounds).buffer(10)
    one = squares(12)[3].buffer(-5)
    (intake,) = import_all(bare(tmp_path / "a" / "园区红线.shp", whole), zone)
    (other,) = import_all(bare(tmp_path / "b" / "项目用地红线.shp", one), zone)
    assert (intake.level, other.level) == ("boundary", "proposal")
    assert "R579" in rules(intake) & rules(other)
    assert len(open_zone(zone).layer("parcel")) == 12


@pytest.mark.parametrize(("side", "level"), [(900, "proposal"), (1100, "boundary")])
def test_where_there_is_no_land_its_size_says(zone, tmp_path, side, level):
    shape = shapely.box(EAST, NORTH, EAST + side, NORTH + side)
    (intake,) = import_all(bare(tmp_path / "given" / "红线.shp", shape), zone)
    assert intake.level == level
    (said,) = intake.findings.loc[intake.findings["rule"] == "R579", "detail"]
    assert f"{side**2 / 1e4:.1f}"[:2] in said


@pytest.mark.parametrize(
    ("name", "red"),
    [("红线", True), ("某项目用地红线", True), ("建设用地红线坐标", True), ("redline", True),
     ("生态保护红线", False), ("道路红线", False), ("耕地保护红线", False), ("宗地红线", False),
     ("宗地", False), ("建筑红线", False)],
)  # fmt: skip
def test_other_red_lines_are_none(name, red):
    frame = pd.DataFrame({"a": [1]})
    assert is_red_line(Layer(name, frame, None, Log(1))) is red


# --- systems --------------------------------------------------------------------------------------


def test_a_drawing_without_a_system_takes_that_of_a_file_whose_box_holds_it(zone, tmp_path):
    (tmp_path / "d").mkdir()
    shapefile(cadastre(), tmp_path / "d" / "ZDJBXX" / "ZDJBXX.shp", PRJ)
    path = drawing(tmp_path / "d" / "地块.dxf", squares(12)[:5])
    (report,) = examine(path)
    (layer,) = report.layers
    assert layer.system.name == "EPSG:4548"
    assert "R125" in set(layer.findings["rule"])
    (intake,) = import_all(path, zone)
    assert open_zone(zone).layer("parcel").total_bounds[0] == pytest.approx(116.549, abs=2e-3)
    assert "R125" in rules(intake)


def test_files_beside_that_state_two_systems_settle_none(tmp_path):
    shapefile(cadastre(), tmp_path / "a" / "甲.shp", PRJ)
    shapefile(cadastre(), tmp_path / "a" / "乙.shp", PRJ.replace("117E", "120E").replace("117.0", "120.0"))  # fmt: skip
    (report,) = examine(drawing(tmp_path / "a" / "地块.dxf", squares(3)))
    assert "R101" in {stop.rule for stop in report.layers[0].log.stops}


def test_a_box_elsewhere_settles_nothing(tmp_path):
    shapefile(cadastre(), tmp_path / "a" / "甲.shp", PRJ)
    far = [shapely.affinity.translate(one, 5000, 0) for one in squares(3)]
    (report,) = examine(drawing(tmp_path / "a" / "地块.dxf", far))
    assert "R101" in {stop.rule for stop in report.layers[0].log.stops}


@pytest.mark.parametrize(("belt", "code"), [(False, "EPSG:4548"), (True, "EPSG:4527")])
def test_the_centre_of_the_zone_settles_the_belt(zone, tmp_path, belt, code):
    path = drawing(tmp_path / "a" / "宗地.dxf", squares(6), belt=belt)
    with pytest.raises(Exception, match="R101"):
        import_all(path, zone)
    settings = zone / "zone.toml"
    settings.write_text("center = [116.5, 39.8]\n" + settings.read_text("utf-8"), "utf-8")
    (intake,) = import_all(path, zone)
    (row,) = intake.findings[intake.findings["rule"] == "R126"].to_dict("records")
    assert row["other"] == code
    assert intake.counts["used"] == 6


def test_a_centre_far_away_settles_none(zone, tmp_path):
    settings = zone / "zone.toml"
    settings.write_text("center = [110.0, 35.0]\n" + settings.read_text("utf-8"), "utf-8")
    with pytest.raises(Exception, match="R101"):
        import_all(drawing(tmp_path / "a" / "宗地.dxf", squares(6)), zone)


def test_layers_of_one_delivery_settle_the_system_of_those_that_state_none(zone, tmp_path):
    given = tmp_path / "given"
    survey(12).to_crs(4490).to_file(tmp_path / "x.gpkg", layer="DLTB")
    given.mkdir()
    (tmp_path / "x.gpkg").rename(given / "DLTB.gpkg")
    drawing(given / "宗地.dxf", squares(12)[:4])
    intakes = import_all(given, zone)
    assert [one.level for one in intakes] == ["parcel", "land_patch"]
    assert "R124" in rules(intakes[0])


# --- copies ---------------------------------------------------------------------------------------


def test_the_same_land_in_several_dresses_is_taken_once_and_said(zone, tmp_path):
    given = tmp_path / "given"
    shapefile(survey(), given / "DLTB.shp", PRJ)
    shapefile(numbered(survey()), given / "DLTB_39带.shp", None)
    survey().to_crs(4490).to_file(given / "三调.gdb", layer="DLTB", driver="OpenFileGDB")
    shapefile(cadastre(), given / "ZDJBXX.shp", PRJ)
    drawing(given / "宗地.dxf", squares(12))
    intakes = import_all(given, zone)
    assert [(one.level, one.counts["used"]) for one in intakes] == [
        ("parcel", 12),
        ("land_patch", 44),
    ]
    assert all("R578" in rules(one) for one in intakes)
    assert intakes[0].layer == "ZDJBXX"
    given = examine_delivery(sorted(map(str, given.glob("*DLTB*.shp"))))
    assert [("R578" in set(r.layers[0].findings["rule"])) for _, r in given.reports] == [True, True]


def test_the_same_outlines_with_other_values_are_asked_about(zone, tmp_path):
    given = tmp_path / "given"
    shapefile(survey(), given / "DLTB.shp", PRJ)
    other = survey()
    other.loc[0, ["DLBM", "DLMC"]] = ["0701", "城镇住宅用地"]
    shapefile(other, given / "DLTB_新.shp", PRJ)
    with pytest.raises(Exception, match="--layer"):
        import_all(given, zone)
    assert not list((zone / "layers").glob("*"))


def test_nothing_is_stored_when_one_of_the_files_has_to_be_asked_about(zone, tmp_path):
    given = tmp_path / "given"
    shapefile(survey(), given / "DLTB.shp", PRJ)
    far = [shapely.affinity.translate(one, 90_000, 0) for one in squares(3)]
    drawing(given / "宗地.dxf", far)
    with pytest.raises(Exception, match="R101"):
        import_all(given, zone)
    assert not list((zone / "layers").glob("*"))


# --- ledgers --------------------------------------------------------------------------------------


def ledger(path: Path, **columns) -> Path:
    path.parent.mkdir(exist_ok=True)
    frame = pd.DataFrame({"宗地代码": [f"110115201001GB{k:05d}" for k in range(12)], **columns})
    frame.to_excel(path, index=False)
    return path


def test_a_later_ledger_brings_its_values_and_each_that_differs_is_named(zone, tmp_path):
    shapefile(cadastre(), tmp_path / "d" / "ZDJBXX.shp", PRJ)
    import_all(tmp_path / "d", zone)
    first = ledger(tmp_path / "台账.xlsx", 供地方式=["出让", "划拨"] * 6)
    later = ledger(tmp_path / "台账2.xlsx", 供地方式="出让", 约定开工日期="2021-06-01")
    import_all(first, zone)
    (intake,) = import_all(later, zone)
    told = intake.findings[intake.findings["rule"] == "R577"]
    assert told["feature"].tolist() == [f"110115201001GB{k:05d}" for k in range(1, 12, 2)]
    assert set(told["detail"]) == {"划拨 → 出让"}
    assert set(open_zone(zone).layer("parcel")["supply_mode"]) == {"granted"}
    assert import_all(later, zone)[0].unchanged
    (back,) = import_all(first, zone)  # and back again: it is no longer what stands
    assert not back.unchanged
    assert open_zone(zone).layer("parcel")["supply_mode"].tolist() == ["granted", "allocated"] * 6


def test_a_ledger_does_not_write_over_what_is_not_its_own(zone, tmp_path):
    shapefile(cadastre(), tmp_path / "d" / "ZDJBXX.shp", PRJ)
    import_all(tmp_path / "d", zone)
    path = ledger(tmp_path / "台账.xlsx", 供地方式="出让", 权利人="另一公司")
    with pytest.raises(Exception, match="R606"):
        import_all(path, zone)
    assert "supply_mode" not in open_zone(zone).layer("parcel") or open_zone(zone).layer("parcel")["supply_mode"].isna().all()  # fmt: skip


# --- references -----------------------------------------------------------------------------------


def renumbered(folder: Path, ids: list[str], shapes: list) -> Path:
    folder.mkdir()
    frame = gpd.GeoDataFrame(
        {"ZDDM": ids, "ZDMJ": STEP**2, "YT": "0601", "QLLX": "3"}, geometry=shapes, crs=4548
    )
    frame.to_file(folder / "ZDJBXX.gpkg", layer="ZDJBXX")
    return folder / "ZDJBXX.gpkg"


@pytest.fixture
def settled(zone, tmp_path):
    import_all(renumbered(tmp_path / "2023", ["A", "B", "C"], squares(3)), zone)
    houses = gpd.GeoDataFrame(
        {"ZRZH": ["a", "b", "c"], "ZDDM": ["A", "B", "C"], "ZCS": 3},
        geometry=[one.buffer(-40) for one in squares(3)], crs=4548,
    )  # fmt: skip
    houses.to_file(tmp_path / "ZRZ.gpkg", layer="ZRZ")
    import_all(tmp_path / "ZRZ.gpkg", zone)
    firms = pd.DataFrame({"统一社会信用代码": ["f", "g", "g"], "年份": [2024, 2023, 2024], "宗地代码": ["A", "B", "B"], "税收（万元）": 1.0})  # fmt: skip
    firms.to_excel(tmp_path / "企业.xlsx", index=False)
    import_all(tmp_path / "企业.xlsx", zone)
    return zone


def test_buildings_and_firms_name_a_parcel_by_the_id_it_was_given_anew(settled, tmp_path):
    before = {p.name: p.read_bytes() for p in (settled / "layers").iterdir()}
    (intake,) = import_all(
        renumbered(tmp_path / "2024", ["N", "B", "C"], squares(3)), settled, update=True
    )
    told = intake.findings[intake.findings["rule"] == "R580"].set_index("other")
    assert told["measured"].to_dict() == {"building": 1, "enterprise": 1}
    assert set(told["detail"]) == {"A → N"}
    here = open_zone(settled)
    houses = here.layer("building").set_index("id")
    assert here.at(2023).layer("building").set_index("id")["parcel_id"].to_dict() == {
        "a": "A",
        "b": "B",
        "c": "C",
    }
    assert here.at(2024).layer("building").set_index("id")["parcel_id"].to_dict() == {
        "a": "N",
        "b": "B",
        "c": "C",
    }
    assert len(houses) == 4
    firms = here.layer("enterprise")
    assert dict(zip(firms["id"] + firms["year"].astype(str), firms["parcel_id"], strict=True)) == {
        "f2024": "N", "g2023": "B", "g2024": "B"
    }  # fmt: skip
    undo_import(settled)
    assert {p.name: p.read_bytes() for p in (settled / "layers").iterdir()} == before


def test_an_id_that_another_parcel_has_now_is_moved_by_the_ground_alone(settled, tmp_path):
    ids, shapes = ["N", "A", "B", "C"], [squares(3)[0], squares(4)[3], *squares(3)[1:]]
    (intake,) = import_all(renumbered(tmp_path / "2024", ids, shapes), settled, update=True)
    told = intake.findings[intake.findings["rule"].isin(["R576", "R580"])]
    assert told.set_index("rule")["other"].to_dict() == {"R580": "building", "R576": "enterprise"}
    now = open_zone(settled).at(2024)
    assert now.layer("building").set_index("id").loc["a", "parcel_id"] == "N"
    assert now.layer("enterprise").set_index(["id", "year"]).loc[("f", 2024), "parcel_id"] == "A"


# --- invented siblings ----------------------------------------------------------------------------


def test_a_second_survey_is_read_though_its_codes_have_three_digits(zone, tmp_path):
    of = {"0601": "204", "0701": "201", "05H1": "201", "08H1": "201", "1003": "102", "1004": "201",
          "1107A": "117", "0103": "013", "1109": "118", "0301K": "031"}  # fmt: skip
    layer = survey().drop(columns=["KCXS", "KCMJ", "DLMC"]).assign(TKXS=0.0, TKMJ=0.0, XZDWMJ=0.0)
    layer["DLBM"] = layer["DLBM"].map(of)
    (intake,) = import_all(shapefile(layer, tmp_path / "given" / "DLTB.shp", PRJ), zone)
    assert set(open_zone(zone).layer("parcel")["land_use_system"]) == {"second_survey"}
    assert intake.counts["used"] == 44


def test_codes_that_lost_a_nought_are_still_asked_about(tmp_path):
    layer = survey()
    layer["DLBM"] = ["601", "701", "1003", "103"] * 11
    path = shapefile(layer.drop(columns="DLMC"), tmp_path / "given" / "DLTB.shp", PRJ)
    (report,) = examine(path)
    assert "R515" in {stop.rule for stop in report.layers[0].log.stops}


def test_patches_with_names_alone_are_known_by_what_they_are_called(zone, tmp_path):
    layer = survey()[["BSM", "DLMC", "TBMJ", "geometry"]].rename(
        columns={"DLMC": "地类名称", "TBMJ": "面积"}
    )
    (intake,) = import_all(shapefile(layer, tmp_path / "given" / "地类图斑.shp", PRJ), zone)
    assert intake.level == "land_patch"
    assert set(open_zone(zone).layer("parcel")["land_use_system"]) == {"third_survey"}


@pytest.mark.parametrize("quote", ['"', "'"])
def test_names_of_data_in_a_kml_survive_in_chinese(zone, tmp_path, quote):
    text = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    for k, shape in enumerate(gpd.GeoSeries(squares(4), crs=4548).to_crs(4326)):
        ring = " ".join(f"{x},{y}" for x, y in shape.exterior.coords)
        data = "".join(
            f"<Data name={quote}{name}{quote}><value>{value}</value></Data>"
            for name, value in (("宗地代码", f"P{k}"), ("土地用途", "0601"), ("容积率", "2.5"),
                                ("A&amp;乙", "x"))
        )  # fmt: skip
        text += (
            f"<Placemark><name>n{k}</name><ExtendedData>{data}</ExtendedData><Polygon><outerBoundaryIs>"
            f"<LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        )
    path = tmp_path / "宗地.kml"
    path.write_text(text + "</Document></kml>", encoding="utf-8")
    import_all(path, zone)
    layer = open_zone(zone).layer("parcel")
    assert layer["id"].tolist() == [f"P{k}" for k in range(4)]
    assert layer["planned_far"].tolist() == [2.5] * 4
    assert set(layer["land_use"]) == {"0601"}
    assert layer["A&乙"].tolist() == ["x"] * 4


def test_an_archive_with_a_geodatabase_layers_and_a_ledger_is_taken_whole(zone, tmp_path):
    given = tmp_path / "given"
    shapefile(cadastre(), given / "ZDJBXX.shp", PRJ)
    survey().to_file(given / "三调.gdb", layer="DLTB", driver="OpenFileGDB")
    ledger(given / "供地台账.xlsx", 供地方式=["挂牌", "拍卖", "协议", "招标"] * 3)
    path = tmp_path / "交付.zip"
    with zipfile.ZipFile(path, "w") as box:
        for file in sorted(given.rglob("*")):
            box.write(file, file.relative_to(given))
    intakes = import_all(path, zone)
    assert [(one.level, one.counts["used"]) for one in intakes] == [
        ("parcel", 12), ("land_patch", 44), ("parcel", 12)
    ]  # fmt: skip
    assert set(open_zone(zone).layer("parcel")["supply_mode"]) == {"granted"}


def test_red_lines_of_projects_lie_beside_one_another_and_in_no_ones_place(zone, tmp_path):
    shapefile(cadastre(), tmp_path / "d" / "ZDJBXX.shp", PRJ)
    import_all(tmp_path / "d", zone)
    drawing(tmp_path / "r" / "红线1.dxf", squares(12)[:1])
    drawing(tmp_path / "r" / "红线2.dxf", squares(12)[1:2])
    import_all(tmp_path / "r", zone)
    import_all(bare(tmp_path / "s" / "某项目红线.shp", squares(12)[3].buffer(-5)), zone)
    assert open_zone(zone).layer("proposal")["id"].tolist() == ["1", "2", "3"]
    assert len(open_zone(zone).layer("parcel")) == 12


def test_one_plot_does_not_take_the_place_of_a_cadastre(zone, tmp_path):
    shapefile(cadastre(), tmp_path / "d" / "ZDJBXX.shp", PRJ)
    import_all(tmp_path / "d", zone)
    one = shapefile(cadastre(1).assign(ZDDM="N"), tmp_path / "e" / "宗地.shp", PRJ)
    with pytest.raises(Exception, match="R581"):
        import_all(one, zone)
    assert len(open_zone(zone).layer("parcel")) == 12
    import_file(one, zone, "parcel")  # who names the level means it
    assert len(open_zone(zone).layer("parcel")) == 1


def test_a_layer_of_changes_alone_is_not_taken_for_the_whole(zone, tmp_path):
    path = shapefile(survey(8), tmp_path / "given" / "DLTBGX.shp", PRJ)
    with pytest.raises(Exception, match="--level"):
        import_all(path, zone)


# --- values as offices write them -----------------------------------------------------------------


def book_of(path: Path, head: list[str], rows: list[list[object]]) -> Path:
    """Write a workbook of one sheet, which may be one of several of a book."""
    book = openpyxl.Workbook()
    for row in [head, *rows]:
        book.active.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("head", "values", "wan"),
    [
        ("成交价款", ["1,234.5万元", "2亿元", "50000元"], [1234.5, 20000.0, 5.0]),
        ("成交价款（万元）", ["1,234.5", "2亿元", "300万元"], [1234.5, 20000.0, 300.0]),
    ],
    ids=["each-its-own", "beside-the-head"],
)
def test_money_that_bears_its_unit_is_taken_by_it(zone, tmp_path, head, values, wan):
    given = tmp_path / "given"
    shapefile(cadastre(3), given / "ZDJBXX.shp", PRJ)
    ids = cadastre(3)["ZDDM"]
    book_of(
        given / "供地台账.xlsx",
        ["宗地代码", head],
        [list(x) for x in zip(ids, values, strict=True)],
    )
    intake = import_all(given, zone)[-1]
    assert "R587" in rules(intake)
    assert open_zone(zone).layer("parcel")["land_price_wan"].tolist() == pytest.approx(wan)


def test_bare_money_beside_money_with_a_unit_is_asked_about(tmp_path):
    path = book_of(
        tmp_path / "台账.xlsx", ["宗地代码", "成交价款"], [["a1", "12万元"], ["a2", "13"]]
    )
    (report,) = examine(path, level="parcel")
    assert [stop.rule for stop in report.layers[0].log.stops][:1] == ["R507"]


def test_a_scale_is_meant_for_the_layer_that_has_the_column(zone, tmp_path):
    given = tmp_path / "given"
    shapefile(cadastre(3), given / "ZDJBXX.shp", PRJ)
    rows = [[key, k + 1] for k, key in enumerate(cadastre(3)["ZDDM"])]
    book_of(given / "供地台账.xlsx", ["宗地代码", "成交价款"], rows)
    import_all(given, zone, options=Options(scale={"成交价款": "yi"}))
    assert open_zone(zone).layer("parcel")["land_price_wan"].tolist() == [1e4, 2e4, 3e4]
    with pytest.raises(ZoneError, match="成交价格"):
        import_all(given, zone, options=Options(scale={"成交价格": "yi"}))


@pytest.mark.parametrize(
    ("value", "day"),
    [(45047, "2023-05-01"), ("二〇二三年五月", "2023-05-01"), ("二〇二三年十二月二十六日", "2023-12-26"),
     ("20235", None), ("二〇二三年十十月", None), ("2023年5月", "2023-05-01")],
)  # fmt: skip
def test_days_as_spreadsheets_and_seals_write_them(value, day):
    log = Log(1)
    made, (_, unread) = dates_of(pd.Series([value], dtype=object), "日期", log)
    assert unread == [day is None]
    assert made.isna().all() if day is None else str(made[0].date()) == day
    assert ("R588" in {one.rule for one in log.findings}) is (value == 45047)


def test_noughts_that_a_spreadsheet_dropped_are_put_back(zone, tmp_path):
    given = tmp_path / "given"
    frame = gpd.GeoDataFrame(
        {"宗地号": [f"{k:05d}" for k in range(12)]}, geometry=squares(12), crs=4548
    )
    shapefile(frame, given / "宗地.shp", PRJ)
    book_of(
        given / "供地台账.xlsx", ["宗地号", "成交价款（万元）"], [[k, 100 + k] for k in range(3)]
    )
    intake = import_all(given, zone)[-1]
    assert "R602" in rules(intake)
    prices = open_zone(zone).layer("parcel").set_index("id")["land_price_wan"].dropna()
    assert prices.to_dict() == {"00000": 100, "00001": 101, "00002": 102}


def test_of_two_ledgers_the_later_is_named_as_the_one_that_stands(zone, tmp_path):
    given = tmp_path / "given"
    shapefile(cadastre(2), given / "ZDJBXX.shp", PRJ)
    for year, mode in ((2022, "划拨"), (2023, "出让")):
        book_of(
            given / f"台账{year}.xlsx",
            ["宗地代码", "供地方式"],
            [[k, mode] for k in cadastre(2)["ZDDM"]],
        )
    intake = import_all(given, zone)[-1]
    assert {"R577", "R592"} <= rules(intake)
    said = describe(intake.findings, "zh")
    assert any("供地方式" in one and "划拨 → 出让" in one for one in said)
    assert any("以 台账2023.xlsx 为准" in one for one in said)


def test_names_behind_the_title_of_a_joined_table_are_read(zone, tmp_path):
    frame = survey(12)
    cut = {name: f"DLTB_{name}"[:10] for name in frame.columns if name != "geometry"}
    path = shapefile(frame.rename(columns=cut), tmp_path / "given" / "导出.shp", PRJ)
    (intake,) = import_all(path, zone)
    assert (intake.level, "R590" in rules(intake)) == ("land_patch", True)
    held = open_zone(zone).layer("land_patch")
    assert held["id"].tolist() == frame["BSM"].astype(str).tolist()
    assert held["registered_area_m2"].sum() == pytest.approx(frame["TBMJ"].sum())


def test_sheets_that_are_a_plot_each_are_one_layer(zone, tmp_path):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, square in zip(("甲地块", "乙地块"), squares(2), strict=True):
        page = book.create_sheet(name)
        for row in [["坐标系：EPSG:4548"], ["点号", "X", "Y"]]:
            page.append(row)
        for k, (x, y) in enumerate(square.exterior.coords[:-1]):
            page.append([f"J{k + 1}", y, x])
    book.save(tmp_path / "界址点.xlsx")
    intake = import_file(tmp_path / "界址点.xlsx", zone, "parcel")
    assert "R591" in rules(intake)
    held = open_zone(zone).layer("parcel")
    assert held["id"].tolist() == ["甲地块", "乙地块"]
    assert area_m2(held.geometry).tolist() == pytest.approx([STEP**2] * 2, rel=1e-3)


def test_a_table_of_corners_says_its_system_and_is_read_by_it(zone, tmp_path):
    shapefile(cadastre(3), tmp_path / "given" / "ZDJBXX.shp", PRJ)
    import_all(tmp_path / "given", zone)
    layer = open_zone(zone).layer("parcel")
    for name in ("corners.xlsx", "corners.csv"):
        write_layer(layer, tmp_path / name, crs="EPSG:4498", corners=True)
        (report,) = examine(tmp_path / name, level="parcel")
        (made,) = report.layers
        assert made.facts["crs"]["used"] == "EPSG:4498"
        apart = shapely.hausdorff_distance(
            np.asarray(layer.geometry.to_crs(4548)), np.asarray(made.frame.geometry.to_crs(4548))
        )
        assert apart.max() < 0.001
    with pytest.warns(ZgcgisWarning, match="outside its belt"):
        write_layer(layer, tmp_path / "far.txt", crs="EPSG:4508")


def test_a_layer_of_ours_under_chinese_heads_comes_back(zone, tmp_path):
    shapefile(survey(12), tmp_path / "given" / "DLTB.shp", PRJ)
    import_all(tmp_path / "given", zone)
    layer = open_zone(zone).layer("land_patch")
    out = tmp_path / "out.gpkg"
    done = CliRunner().invoke(
        cli, ["export", str(zone), "land_patch", "-o", str(out), "--headers", "zh"]
    )
    assert (done.exit_code, "12 个要素" in done.output) == (0, True), done.output
    (report,) = examine(tmp_path / "out.gpkg")
    (made,) = report.layers
    assert (made.level, made.sure) == ("land_patch", True)
    assert "R534" not in set(made.findings["rule"])
    for column in ("registered_area_m2", "net_area_m2"):
        assert made.frame[column].tolist() == pytest.approx(layer[column].tolist())

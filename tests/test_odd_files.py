"""Files as they come: odd but whole. Each test is a kind; the land inside is never the price."""

from __future__ import annotations

import json
import math
import re
import shutil
import sqlite3
import struct
import zipfile

import geopandas as gpd
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from zgcgis.intake.examine import examine
from zgcgis.intake.layer import Options
from zgcgis.io import new_zone
from zgcgis.io.importing import import_file

EAST, NORTH = 440_000.0, 4_425_000.0


def parcels(count: int = 6) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"宗地代码": [f"110108001001GB{k:05d}" for k in range(count)], "宗地名称": "甲"},
        geometry=[shapely.box(EAST + 90 * k, NORTH, EAST + 90 * k + 80, NORTH + 60)
                  for k in range(count)],
        crs=4548,
    )  # fmt: skip


def used(path, **options) -> int:
    (report,) = examine(path, level="parcel", options=Options(**options))
    assert report.refusal is None, str(report.refusal)
    (layer,) = report.layers
    assert not layer.log.stops, str(layer.log.stops[0])
    return layer.log.counts["used"] + layer.log.counts["repaired"]


# --- KML ------------------------------------------------------------------------------------------


def marks(text: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{text}</Document></kml>'


def placemark(k: int, more: str = "") -> str:
    x = 116.3 + 0.001 * k
    ring = " ".join(
        f"{a},{b},0" for a, b in shapely.box(x, 39.96, x + 0.0009, 39.9606).exterior.coords
    )
    return (
        f"<Placemark><name>{k}</name>{more}<Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}"
        "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
    )


def test_a_popup_in_html_does_not_make_a_kml_a_page(tmp_path):
    path = tmp_path / "a.kml"
    popup = "<description><![CDATA[<html><body><table><tr><td>x</td></tr></table></body></html>]]></description>"
    path.write_text(marks("".join(placemark(k, popup) for k in range(6))), encoding="utf-8")
    assert used(path) == 6


def test_folders_of_a_kml_sort_one_layer(tmp_path):
    path = tmp_path / "a.kml"
    folders = [
        f"<Folder><name>{name}</name>{''.join(placemark(k) for k in some)}</Folder>"
        for name, some in (("东区", (0, 1)), ("西区", (2, 3)), ("其他", (4, 5)))
    ]
    path.write_text(marks("".join(folders)), encoding="utf-8")
    (report,) = examine(path, level="parcel")
    (layer,) = report.layers
    assert layer.used_values["id"].tolist() == ["1", "2", "3", "4", "5", "6"]
    assert sorted(set(layer.used_values["folder"])) == sorted(["东区", "西区", "其他"])


def test_a_page_is_still_no_kml(tmp_path):
    path = tmp_path / "a.kml"
    path.write_text("<html><body>not found kml</body></html>", encoding="utf-8")
    (report,) = examine(path)
    assert report.refusal.rule == "R403"


# --- workbooks ------------------------------------------------------------------------------------


def workbook(path, spoil):
    table = pd.DataFrame(parcels().drop(columns="geometry"))
    table["供地日期"] = pd.Timestamp("2021-06-01")
    table.to_excel(path, index=False)
    whole = path.with_suffix(".whole")
    path.rename(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as made:
        for member in source.infolist():
            made.writestr(member.filename, spoil(member.filename, source.read(member)))
    return path


SPOILS = {
    "a fill of nothing": lambda n, c: (
        re.sub(rb"<fills.*?</fills>", b'<fills count="1"><fill/></fills>', c, flags=re.S)
        if n == "xl/styles.xml" else c),
    "a colour of nonsense": lambda n, c: (
        c.replace(b"</styleSheet>", b'<colors><mruColors><color rgb="nonsense"/></mruColors></colors></styleSheet>')
        if n == "xl/styles.xml" else c),
    "properties of nonsense": lambda n, c: (
        re.sub(rb"<dcterms:created.*?</dcterms:created>",
               b'<dcterms:created xsi:type="dcterms:W3CDTF">yesterday</dcterms:created>', c, flags=re.S)
        if n == "docProps/core.xml" else c),
}  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_workbook_is_read_for_its_values_whatever_its_looks(tmp_path, spoil):
    (report,) = examine(workbook(tmp_path / "a.xlsx", SPOILS[spoil]), level="parcel")
    assert report.refusal is None, str(report.refusal)
    held = report.layers[0].used_values
    assert len(held) == 6
    assert set(held["supply_date"]) == {pd.Timestamp("2021-06-01")}


def test_a_month_typed_as_a_number_is_asked_about(tmp_path):
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    for row in [["宗地代码", "供地日期", "约定动工日期"], ["A1", 2023.05, "2023.05"], ["A2", 2023.10, "2023.10"],
                ["A3", 2023.12, "2023.1"]]:  # fmt: skip
        book.active.append(row)
    book.save(path)
    (report,) = examine(path, level="parcel")
    stops = report.layers[0].log.stops
    assert [(one.rule, one.words["other"]) for one in stops] == [("R557", "供地日期")]
    (report,) = examine(path, level="parcel", options=Options(accept=frozenset({"R557"})))
    assert report.layers[0].used_values["supply_date"].iloc[1] == pd.Timestamp("2023-01-01")


@pytest.mark.parametrize(
    ("suffix", "way"),
    [("xls", ".xlsx"), ("ods", ".xlsx"), ("et", ".xlsx"), ("dwg", "DXF"), ("mdb", ".gdb"),
     ("rar", ".zip"), ("7z", ".zip"), ("pdf", "txt"), ("tif", ".gpkg")],
)  # fmt: skip
def test_a_file_of_another_program_says_what_to_save_it_as(tmp_path, suffix, way):
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"anything")
    (report,) = examine(path)
    assert way in report.refusal.zh
    assert way in report.refusal.en


# --- reference systems ----------------------------------------------------------------------------


def geojson(path, crs):
    frame = parcels()
    told = json.loads(frame.to_json(drop_id=True))
    told["crs"] = crs
    path.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "crs",
    [
        {"type": "name", "properties": {"name": "http://www.opengis.net/def/crs/EPSG/0/4548"}},
        {"type": "name", "properties": {"name": "https://www.opengis.net/def/crs/EPSG/9.9/4548"}},
        {"type": "link", "properties": {"href": "http://www.opengis.net/def/crs/EPSG/0/4548"}},
        {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4548"}},
    ],
)
def test_an_address_that_spells_a_code_is_the_code(tmp_path, crs):
    path = geojson(tmp_path / "a.geojson", crs)
    (report,) = examine(path, level="parcel")
    assert report.layers[0].system.name == "EPSG:4548"
    assert used(path) == 6


def test_a_real_link_is_not_opened_and_the_user_may_say_the_system(tmp_path):
    path = geojson(
        tmp_path / "a.geojson", {"type": "link", "properties": {"href": "file:///etc/passwd"}}
    )
    (report,) = examine(path, level="parcel")
    assert {"R431"} <= set(report.findings["rule"])
    assert [stop.rule for stop in report.layers[0].log.stops] == ["R101"]
    assert used(path, crs="EPSG:4548") == 6


@pytest.mark.parametrize(("minutes", "told"), [("20", True), ("45", False)])
def test_a_surveyors_own_meridian_may_stand_in_the_name_in_minutes(tmp_path, minutes, told):
    path = tmp_path / "a.shp"
    frame = parcels().to_crs(
        "+proj=tmerc +lat_0=0 +lon_0=116.333333333 +k=1 +x_0=500000 +ellps=GRS80 +units=m"
    )
    frame.to_file(path, encoding="GBK")
    prj = (
        f'PROJCS["CGCS2000_GK_CM_116_{minutes}E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",'
        'DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
        'UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",500000.0],'
        'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",116.3333333333],'
        'PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    )
    path.with_suffix(".prj").write_text(prj, encoding="utf-8")
    (report,) = examine(path, level="parcel")
    (layer,) = report.layers
    assert [stop.rule for stop in layer.log.stops] == ([] if told else ["R106"])
    if told:
        back = gpd.GeoSeries(layer.used_shapes, crs=4490).to_crs(4548)
        assert back.iloc[0].centroid.x == pytest.approx(EAST + 40, abs=0.01)


# --- containers -----------------------------------------------------------------------------------


class OwnShapes(pa.ExtensionType):
    """What Arrow stores as Parquet's own type for shapes."""

    def __init__(self, system: str = "") -> None:
        self.system = system
        super().__init__(pa.binary(), "geoarrow.wkb")

    def __arrow_ext_serialize__(self) -> bytes:
        return json.dumps({"crs": self.system}).encode()

    @classmethod
    def __arrow_ext_deserialize__(cls, _, serialized):
        return cls(json.loads(serialized or b"{}").get("crs", ""))


def test_parquets_own_type_for_shapes_is_read_with_its_system(tmp_path):
    path = tmp_path / "a.parquet"
    frame = parcels()
    kind = OwnShapes("EPSG:4548")
    table = pa.table(
        {
            "宗地代码": frame["宗地代码"].tolist(),
            "geometry": pa.ExtensionArray.from_storage(
                kind, pa.array(frame.geometry.to_wkb().tolist())
            ),
        }
    )
    pa.register_extension_type(kind)
    try:
        pq.write_table(table, path)
    finally:
        pa.unregister_extension_type("geoarrow.wkb")
    assert pq.ParquetFile(path).schema.column(1).logical_type.type == "GEOMETRY"
    assert used(path) == 6


def test_what_lies_beside_layers_in_an_archive_is_named_and_costs_nothing(tmp_path):
    parcels().to_file(tmp_path / "a.shp", encoding="GBK")
    (tmp_path / "metadata.json").write_text('{"title": "x"}', encoding="utf-8")
    (tmp_path / "list.json").write_text("[1, 2]", encoding="utf-8")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as box:
        for file in sorted(tmp_path.glob("*.*")):
            if file != path:
                box.write(file, file.name)
    (report,) = examine(path, level="parcel")
    assert report.layers[0].log.counts["used"] == 6
    said = " ".join(one.words["detail"] for one in report.said if one.rule == "R427")
    assert "metadata.json" in said
    assert "list.json" in said


def test_a_geodatabase_packed_without_its_folder_is_read(tmp_path):
    base = tmp_path / "a.gdb"
    parcels().to_file(base, driver="OpenFileGDB", layer="宗地", engine="pyogrio")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as box:
        for file in sorted(base.iterdir()):
            box.write(file, file.name)
    shutil.rmtree(base)
    assert used(path) == 6


def test_what_doctor_says_of_a_file_import_says_and_keeps_too(tmp_path):
    zone = new_zone(tmp_path / "zone", id="z", zh="区", en="Zone")
    (tmp_path / "metadata.json").write_text('{"title": "x"}', encoding="utf-8")
    parcels().to_file(tmp_path / "a.shp", encoding="GBK")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as box:
        for file in sorted(tmp_path.glob("*.*")):
            if file != path:
                box.write(file, file.name)
    intake = import_file(path, zone, "parcel")
    assert "R427" in set(intake.findings["rule"])
    ledger = json.loads((zone / "ledger.json").read_text(encoding="utf-8"))
    assert ledger["imports"][0]["rules"]["R427"] == 1


# --- coordinates ----------------------------------------------------------------------------------


def test_a_firm_at_nought_is_kept_without_a_place(tmp_path):
    path = tmp_path / "企业.csv"
    rows = ["统一社会信用代码,企业名称,年份,税收（万元）,经度,纬度"]
    rows += [f"9111010800000000{k}X,甲{k},2023,5,116.3{k},39.96" for k in range(4)]
    rows.append("91110108000000009X,乙,2023,7,0,0")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    (report,) = examine(path, level="enterprise", options=Options(crs="EPSG:4490"))
    (layer,) = report.layers
    assert layer.log.counts["used"] == 5
    assert layer.used_values["tax_wan"].sum() == 27
    assert shapely.is_missing(layer.used_shapes).tolist() == [False] * 4 + [True]
    assert "R558" in set(layer.findings["rule"])


@pytest.mark.parametrize(("unit", "factor"), [("mm", 1000.0), ("cm", 100.0)])
def test_a_drawing_in_small_units_says_so_and_can_be_told(tmp_path, unit, factor):
    path = tmp_path / "a.dxf"
    frame = parcels()[["geometry"]]
    frame.geometry = shapely.transform(frame.geometry.to_numpy(), lambda c: c * factor)
    frame.to_file(path, driver="DXF", engine="pyogrio")
    (report,) = examine(path, level="parcel")
    (stop,) = report.layers[0].log.stops
    assert (stop.rule, stop.words["other"]) == ("R123", unit)
    assert used(path, crs="EPSG:4548", scale={"geometry": unit}) == 6


def test_a_circle_loses_no_more_than_a_millionth_of_its_land(tmp_path):
    """A circle of 200 m as an arc, π r²; the shape is written as WKB with its curve."""
    path = tmp_path / "a.gpkg"
    parcels(1).to_file(path, layer="宗地", engine="pyogrio")
    x, y, r = EAST + 200, NORTH + 200, 200.0
    arc = [(x - r, y), (x, y + r), (x + r, y), (x, y - r), (x - r, y)]
    curve = struct.pack("<BII", 1, 8, len(arc)) + b"".join(struct.pack("<2d", *p) for p in arc)
    wkb = struct.pack("<BII", 1, 10, 1) + curve
    head = b"GP\x00\x01" + struct.pack("<i", 4548)
    with sqlite3.connect(path) as base:
        for (name,) in base.execute(
            "SELECT name FROM sqlite_master WHERE type='trigger'"
        ).fetchall():
            base.execute(f'DROP TRIGGER "{name}"')
        base.execute('UPDATE "宗地" SET geom = ?', (head + wkb,))
    base.close()
    (report,) = examine(path, level="parcel")
    assert report.refusal is None, str(report.refusal)
    (shape,) = gpd.GeoSeries(report.layers[0].used_shapes, crs=4490).to_crs(4548)
    assert shape.area == pytest.approx(math.pi * r**2, rel=1e-6)
    assert "R310" in set(report.layers[0].findings["rule"])

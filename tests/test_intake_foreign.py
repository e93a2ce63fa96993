"""Files as a suspicious outsider would send them: each ends as a careful planner expects."""

from __future__ import annotations

import json

import geopandas as gpd
import openpyxl
import pytest
import shapely

from zgcgis.intake.encoding import garbled
from zgcgis.intake.examine import examine
from zgcgis.intake.layer import Options
from zgcgis.intake.texts import _TOTALS
from zgcgis.io.importing import import_file
from zgcgis.language.errors import ReadError

LAEA = "+proj=laea +lat_0=40 +lon_0=116.3 +ellps=GRS80"
SHAPES = [shapely.box(116.3 + 0.002 * i, 39.98, 116.301 + 0.002 * i, 39.981) for i in range(12)]
IDS = [f"110108003007GB{i + 1:05d}" for i in range(12)]
AREAS = gpd.GeoSeries(SHAPES, crs=4490).to_crs(LAEA).area.tolist()


@pytest.fixture(scope="module")
def zone(tmp_path_factory):
    """Return a zone with twelve parcels that know their ids only."""
    folder = tmp_path_factory.mktemp("zone")
    lines = ['id = "hd"', 'zh = "海淀"', 'en = "Haidian"', "center = [116.3, 39.98]"]
    (folder / "zone.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    file = folder / "parcels.geojson"
    gpd.GeoDataFrame({"id": IDS}, geometry=SHAPES, crs=4490).to_file(file, driver="GeoJSON")
    import_file(file, folder, "parcel")
    return folder


def table(folder, head, rows, name="table.csv"):
    """Write a table and return its path."""
    path = folder / name
    if name.endswith(".xlsx"):
        book = openpyxl.Workbook()
        for row in [head.split(","), *rows]:
            book.active.append(list(row))
        book.save(path)
    else:
        lines = [head, *(",".join(map(str, row)) for row in rows)]
        path.write_text("\n".join([*lines, ""]), encoding="utf-8-sig")
    return path


def layer(folder, level="parcel", shapes=SHAPES, ids=IDS, **columns):
    """Write a layer and return its path."""
    path = folder / f"{level}.geojson"
    frame = gpd.GeoDataFrame({"id": ids, **columns}, geometry=shapes, crs=4490)
    frame.to_file(path, driver="GeoJSON")
    return path


def rules(path, level, **options):
    """Examine a file and return its end, its counts and the rules that were found."""
    (report,) = examine(path, options=Options(**options), level=level)
    found = set(report.findings["rule"])
    for one in report.layers:
        found |= set(one.findings["rule"])
    counts = report.layers[0].log.counts if report.layers else {}
    return report.outcome, counts, found


@pytest.mark.parametrize(
    ("factor", "name", "unit"),
    [(2000 / 3, "table.csv", "mu"), (1e4, "table.csv", "ha"), (1e4, "table.xlsx", "ha")],
)
def test_areas_of_a_joined_table_are_held_against_the_shapes(zone, tmp_path, factor, name, unit):
    rows = [(key, round(area / factor, 6)) for key, area in zip(IDS, AREAS, strict=True)]
    path = table(tmp_path, "宗地代码,用地面积", rows, name)
    with pytest.raises(ReadError, match=rf"R509.*{unit}"):
        import_file(path, zone, "parcel", dry_run=True)
    told = Options(scale={"用地面积": unit})
    intake = import_file(path, zone, "parcel", options=told, dry_run=True)
    assert intake.counts["refused"] == 0
    assert "R510" not in set(intake.findings["rule"])


def test_one_wrong_area_in_a_joined_table_is_named(zone, tmp_path):
    areas = [a * (10 if i == 3 else 1) for i, a in enumerate(AREAS)]
    path = table(tmp_path, "宗地代码,用地面积", zip(IDS, areas, strict=True))
    found = import_file(path, zone, "parcel", dry_run=True).findings
    assert found.loc[found["rule"] == "R510", "feature"].tolist() == [IDS[3]]


def test_keys_apart_only_in_blanks_width_or_case_are_joined(zone, tmp_path):
    keys = [f" {k[:12]} {k[12:14].lower()}　{k[14:]}" for k in IDS]
    keys[1] = keys[1].replace("gb", "ＧＢ")
    path = table(tmp_path, "宗地代码,延期月数", [(k, 3) for k in keys])
    intake = import_file(path, zone, "parcel", dry_run=True)
    assert intake.counts["refused"] == 0
    assert "R602" in set(intake.findings["rule"])


def test_keys_that_all_miss_are_shown(zone, tmp_path):
    path = table(tmp_path, "宗地代码,延期月数", [(f"X{k}", 3) for k in IDS])
    with pytest.raises(ReadError, match=f"X{IDS[0]} ↔ {IDS[0]}"):
        import_file(path, zone, "parcel", dry_run=True)


FIRMS = [(f"91110108MA00{i:06d}", f"企业{i}", 2023, 10.0 + i) for i in range(6)]
HEAD = "统一社会信用代码,企业名称,年份,税收（万元）"


@pytest.mark.parametrize(
    "double", [FIRMS[0], (*FIRMS[0][:3], 99.0), (FIRMS[0][0].lower(), *FIRMS[0][1:])]
)
def test_a_firm_counts_once_a_year(tmp_path, double):
    _, counts, found = rules(table(tmp_path, HEAD, [*FIRMS, double]), "enterprise")
    assert counts == {"in": 7, "used": 6, "repaired": 0, "refused": 1}
    assert "R501" in found


def test_a_firm_may_stand_in_two_years(tmp_path):
    rows = [*FIRMS, *((a, b, 2022, d) for a, b, _, d in FIRMS)]
    _, counts, found = rules(table(tmp_path, HEAD, rows), "enterprise")
    assert counts["used"] == 12
    assert found == {"R524"}


@pytest.mark.parametrize(
    "words", ["合计（5家）", "本页小计", "全区合计：", "合 计", "平均值", "Grand Total"]
)
def test_totals_are_no_firms(tmp_path, words):
    path = table(tmp_path, HEAD, [*FIRMS, (words, "", 2023, 75.0)])
    _, counts, found = rules(path, "enterprise")
    assert counts["refused"] == 1
    assert "R517" in found


@pytest.mark.parametrize(
    "name", ["合计科技有限公司", "Total（中国）投资有限公司", "本源量子", "平均律公司"]
)
def test_firms_are_no_totals(name):
    assert not _TOTALS.match(name)


def test_money_without_a_unit_is_said(tmp_path):
    path = table(tmp_path, "统一社会信用代码,企业名称,年份,税收", FIRMS)
    assert rules(path, "enterprise")[0] == "refuse-file"
    assert "R531" not in rules(path, "enterprise", scale={"税收": "wan"})[2]
    assert "R531" not in rules(table(tmp_path, "id,name,year,tax_wan", FIRMS), "enterprise")[2]


@pytest.mark.parametrize("lost", [["601", "701", "1201", "809"], [601, 701, 1201, 809]])
@pytest.mark.parametrize("name", ["table.csv", "table.xlsx"])
def test_lost_zeros_of_land_use_are_seen_in_text(zone, tmp_path, lost, name):
    path = table(tmp_path, "宗地代码,规划用途", zip(IDS, lost * 3, strict=True), name)
    with pytest.raises(ReadError, match="R515"):
        import_file(path, zone, "parcel", dry_run=True)


def test_whole_land_use_codes_pass(tmp_path):
    codes = ["0601", "05H1", "1201", "090101", "A35", "12"] * 2
    assert "R515" not in rules(layer(tmp_path, land_use=codes), "parcel")[2]


POINTS = [(f"E{i}", f"企业{i}", 2023, 116.3 + 0.001 * i, 39.98) for i in range(5)]
PLACED = "id,name,year,经度,纬度"


def test_points_of_a_table_are_held_against_the_zone(zone, tmp_path):
    told = Options(crs="EPSG:4490")
    near = table(tmp_path, PLACED, POINTS)
    assert import_file(near, zone, "enterprise", options=told, dry_run=True).counts["used"] == 5
    away = table(tmp_path, PLACED, [(*p[:3], p[3] - 10, p[4] - 10) for p in POINTS])
    with pytest.raises(ReadError, match="R109"):
        import_file(away, zone, "enterprise", options=told, dry_run=True)
    lost = table(tmp_path, PLACED, [*POINTS, ("E9", "企业9", 2023, 1, 1)])
    intake = import_file(lost, zone, "enterprise", options=told, dry_run=True)
    assert intake.refused["rule"].tolist() == ["R311"]


def test_swapped_points_are_swapped_only_when_told(tmp_path):
    path = table(tmp_path, PLACED, [(*p[:3], p[4], p[3]) for p in POINTS])
    assert "R104" in rules(path, "enterprise", crs="EPSG:4490")[2]
    (report,) = examine(
        path, options=Options(crs="EPSG:4490", accept=frozenset({"R104"})), level="enterprise"
    )
    assert report.layers[0].frame.geometry.x.between(116, 117).all()


@pytest.mark.parametrize(
    ("scale", "rule"),
    [({"没有": "mu"}, "R532"), ({"用地面积": "英亩"}, "R533"), ({"用地面积": "万元"}, "R533")],
)
def test_a_scale_that_cannot_be_done_stops_the_file(tmp_path, scale, rule):
    outcome, _, found = rules(layer(tmp_path, 用地面积=AREAS), "parcel", scale=scale)
    assert outcome == "refuse-file"
    assert rule in found


@pytest.mark.parametrize("name", ["总投资（万美元）", "用地面积（英亩）", "总投资（千万元）"])
def test_an_unknown_unit_in_a_name_is_said(tmp_path, name):
    assert "R534" in rules(layer(tmp_path, **{name: [1.5] * 12}), "parcel")[2]


def test_the_unit_a_column_has_anyway_is_understood(tmp_path):
    head = "统一社会信用代码,企业名称,年份（年）,从业人员（人）,综合能耗(吨标准煤),研发经费（万元）"
    rows = [(*f[:3], 50, 7.5, 3) for f in FIRMS]
    (report,) = examine(table(tmp_path, head, rows), level="enterprise")
    (one,) = report.layers
    assert one.frame["staff_persons"].tolist() == [50.0] * 6
    assert one.frame["energy_tce"].tolist() == [7.5] * 6
    assert one.frame["year"].tolist() == [2023] * 6
    assert set(one.findings["rule"]) == {"R524"}
    other = table(tmp_path, head.replace("（人）", "（万人）"), rows)
    assert "R534" in rules(other, "enterprise")[2]


def test_floor_areas_are_held_against_footprint_and_storeys(tmp_path):
    def told(areas):
        return rules(layer(tmp_path, "building", 层数=[3] * 12, 建筑面积=areas), "building")

    assert told([2.9 * a for a in AREAS])[2] == set()
    assert "R509" in told([3 * a / 1e4 for a in AREAS])[2]
    assert "R535" in told([3 * a * (10 if i == 2 else 1) for i, a in enumerate(AREAS)])[2]


def test_years_of_a_feature_follow_each_other(tmp_path):
    def told(first, second):
        features = [
            {
                "type": "Feature",
                "properties": {"id": "P1", "since": years[0], "until": years[1]},
                "geometry": json.loads(shapely.to_geojson(SHAPES[0])),
            }
            for years in (first, second)
        ]
        path = tmp_path / "years.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return rules(path, "parcel")

    assert told((2015, 2020), (2020, None))[2] == set()
    assert told((2015, 2020), (2018, None))[1]["refused"] == 1
    assert "R536" in told((2020, 2010), (2021, None))[2]


def test_an_area_of_nought_is_off_its_shape(tmp_path):
    _, _, found = rules(layer(tmp_path, 用地面积=[*AREAS[:-1], 0]), "parcel")
    assert "R510" in found


def test_garbled_text_that_was_cut_is_known(tmp_path):
    whole = "中关村科技园区".encode().decode("latin-1")
    assert garbled(whole)[0] == "中关村科技园区"
    assert garbled(whole[:-1])[0] == "中关村科技园"
    assert garbled(whole[:-2])[0] == "中关村科技园"
    name = "权利人".encode().decode("latin-1")
    path = layer(tmp_path, **{name: ["某公司"] * 12})
    assert rules(path, "parcel")[0] == "refuse-file"
    (report,) = examine(path, options=Options(accept=frozenset({"R206"})), level="parcel")
    assert report.layers[0].frame["owner"].tolist() == ["某公司"] * 12


@pytest.mark.parametrize(("flag", "again"), [("1", False), ("0", True)])
def test_a_drawing_may_close_its_outlines_by_flag_or_by_meeting_ends(tmp_path, flag, again):
    lines = ["0", "SECTION", "2", "ENTITIES"]
    for shape in gpd.GeoSeries(SHAPES, crs=4490).to_crs(4548):
        points = list(shape.exterior.coords)[: None if again else -1]
        lines += ["0", "LWPOLYLINE", "8", "ZD", "90", str(len(points)), "70", flag]
        lines += [text for x, y in points for text in ("10", repr(x), "20", repr(y))]
    path = tmp_path / "drawing.dxf"
    path.write_text("\n".join([*lines, "0", "ENDSEC", "0", "EOF", ""]))
    outcome, counts, found = rules(path, "parcel", crs="EPSG:4548")
    assert (counts["refused"], counts["repaired"]) == (0, 0)
    assert outcome == "finding"
    assert "R302" not in found  # nothing was joined that did not meet
    assert ("R564" in found) is again


def test_a_database_under_the_name_of_a_text_is_told_as_such(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_bytes(b"SQLite format 3\x00" + bytes(200))
    (report,) = examine(path)
    assert report.refusal.rule == "R403"
    assert "SQLite" in str(report.refusal)


def test_numbers_left_empty_by_gdal_are_not_accused(tmp_path):
    columns = {
        "floors": [3, None] * 6,
        "jzmj": [2.9 * a for a in AREAS],
        "dxcs": [None] * 12,
    }
    frame = gpd.GeoDataFrame({"id": IDS, **columns}, geometry=SHAPES, crs=4490)
    frame = frame.astype({"floors": "Int64", "dxcs": "float64"})
    path = tmp_path / "buildings.shp"
    frame.to_file(path, driver="ESRI Shapefile", engine="pyogrio", encoding="UTF-8")
    assert b"**" in path.with_suffix(".dbf").read_bytes()
    _, counts, found = rules(path, "building")
    assert counts["refused"] == 0
    assert found <= {"R528", "R520"}


def test_a_number_too_long_for_its_field_is_an_error(tmp_path):
    path = layer_of_shapes(tmp_path)
    dbf = path.with_suffix(".dbf")
    content = dbf.read_bytes()
    assert content.count(b" 9876.5") == 1
    dbf.write_bytes(content.replace(b" 9876.5", b"*******").replace(b"  876.5", b"19876.5"))
    assert "R514" in rules(path, "parcel")[2]


def layer_of_shapes(folder):
    """Write a Shapefile whose area field is seven characters wide, and return its path."""
    import struct

    path = folder / "narrow.shp"
    gpd.GeoDataFrame({"id": IDS[:2]}, geometry=SHAPES[:2], crs=4490).to_file(
        path, driver="ESRI Shapefile", engine="pyogrio"
    )
    fields = [(b"id", b"C", 20, 0), (b"mj", b"N", 7, 1)]
    head = struct.pack("<B3BIHH20x", 3, 126, 1, 1, 2, 97, 28)
    for name, kind, width, decimals in fields:
        head += name.ljust(11, b"\0") + kind + bytes(4) + bytes([width, decimals]) + bytes(14)
    rows = [b" " + key.encode().ljust(20) + value for key, value in
            zip(IDS[:2], (b" 9876.5", b"  876.5"), strict=True)]  # fmt: skip
    path.with_suffix(".dbf").write_bytes(head + b"\r" + b"".join(rows) + b"\x1a")
    return path

"""Boundary-point files (txt) in the ways offices write them: rings, units, belts, contradictions."""

from __future__ import annotations

import re

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from shapely import affinity

from zgcgis.geo import area_m2
from zgcgis.intake.examine import examine
from zgcgis.intake.sandbox.corners import is_corners, read_corners
from zgcgis.io.layers import write_layer
from zgcgis.language.errors import WriteError

EAST, NORTH = 461_500.0, 4_404_000.0
HEAD = {
    "格式版本号": "1.01版本", "数据产生单位": "某测绘院", "数据产生日期": "2024-03-05",
    "坐标系": "2000国家大地坐标系", "几度分带": "3", "投影类型": "高斯克吕格", "计量单位": "米",
    "带号": "39", "精度": "0.001", "转换参数": ",,,,,,",
}  # fmt: skip


def plot(k: int) -> shapely.Polygon:
    """An outline of seven corners with a hole of four."""
    shell = [(0, 0), (90, 5), (180, 0), (185, 60), (175, 120), (90, 110), (-5, 118)]
    hole = [(60, 40), (78, 40), (78, 58), (60, 58)]
    return affinity.translate(shapely.Polygon(shell, [hole]), EAST + 300 * k, NORTH)


def several(k: int) -> shapely.MultiPolygon:
    """Two outlines and three small ones, the largest with a hole: six rings."""
    large = plot(k)
    others = [shapely.box(EAST + 300 * k + x, NORTH + 130, EAST + 300 * k + x + 8, NORTH + 141)
              for x in (0, 40, 80, 120)]  # fmt: skip
    return shapely.MultiPolygon([large, *others])


PLOTS = [plot(0), several(1), shapely.Polygon(plot(2).exterior)]


def written(
    plots=PLOTS, *, head=HEAD, unit=1e4, digits=4, belt=39, columns=8, brackets="[]", end="\r\n",
    comma=",", close="same", turn="as drawn", ring_numbers=True, point="J{}", north_first=True,
    suffix="", wide=False, wrong=0.0, blank=False, area=True,
):  # fmt: skip
    """Write plots as a text; each argument is a way in which offices differ."""
    lines = [f"{brackets[0]}属性描述{brackets[1]}", *(f"{k}={v}" for k, v in head.items())]
    lines.append(f"{brackets[0]}地块坐标{brackets[1]}")
    for number, shape in enumerate(plots, start=1):
        rings = []
        for part in getattr(shape, "geoms", [shape]):
            rings += [(part.exterior, True), *((hole, False) for hole in part.interiors)]
        corners = []
        for ring_number, (ring, outer) in enumerate(rings, start=1):
            points = list(ring.coords)[:-1]
            clockwise = turn == "all alike" or (turn == "as drawn") == outer
            if shapely.is_ccw(ring) == clockwise:
                points = points[::-1]
            points += points[:1] if close != "open" else []
            for k, (x, y) in enumerate(points):
                again = k == len(points) - 1 and close == "same"
                name = point.format(1 if again else k + 1)
                pair = [f"{y:.3f}", f"{belt * 1e6 + x:.3f}"]
                cells = [name, *([str(ring_number)] if ring_numbers else []),
                         *(pair if north_first else pair[::-1])]  # fmt: skip
                corners.append(comma.join(cells))
        stated = shape.area / unit + wrong
        size = f"{stated:.{digits}f}{suffix}" if area else ""
        cells = [str(len(corners)), size, str(number), f"地块{number}", "面", "J50G001001",
                 "建设用地", "0601", "a", "b", "c", "d"][: columns - 1]  # fmt: skip
        lines += [comma.join([*cells, "@"]), *corners]
    text = end.join([*lines, ""])
    if wide:
        text = text.replace("1.01", "1．01").replace("J", "Ｊ")
    return f"  {text}" if blank else text


WAYS = {
    "as asked for": {},
    "square metres": {"unit": 1.0, "digits": 2},
    "mu": {"unit": 2000 / 3, "digits": 3},
    "hectares by name": {"suffix": "公顷"},
    "seven columns": {"columns": 7},
    "nine columns": {"columns": 9},
    "twelve columns": {"columns": 12},
    "thirteen columns": {"columns": 13},
    "black brackets": {"brackets": "【】"},
    "old line ends": {"end": "\r"},
    "unix line ends": {"end": "\n"},
    "full-width commas": {"comma": "，"},
    "left open": {"close": "open"},
    "closed by another name": {"close": "new name"},
    "turned round": {"turn": "the other way"},
    "all alike": {"turn": "all alike"},
    "bare numbers": {"point": "{}"},
    "no number of the belt": {"belt": 0},
    "east first": {"north_first": False},
    "full-width signs": {"wide": True},
    "leading blanks": {"blank": True},
    "no version": {"head": {k: v for k, v in HEAD.items() if k != "格式版本号"}},
    "other order": {"head": dict(reversed(HEAD.items()))},
    "no ring numbers": {"ring_numbers": False},
    "blanks after commas": {"comma": ", "},
}


def _corners(change):
    return lambda text: "\r\n".join(
        change(line.split(",")) if line.startswith("J") else line for line in text.split("\r\n")
    )


def _heads(change):
    return lambda text: "\r\n".join(
        change(line) if line.endswith("@") else line for line in text.split("\r\n")
    )


ODD = {
    "tabs": lambda text: text.replace(",", "\t"),
    "blanks for commas": lambda text: text.replace(",", " "),
    "semicolons between corners": _corners(";".join),
    "no names of corners": _corners(lambda cells: ",".join(cells[1:])),
    "coordinates alone": _corners(lambda cells: ",".join(cells[2:])),
    "heights behind": _corners(lambda cells: ",".join([*cells, "35.20"])),
    "remarks behind": _corners(lambda cells: ",".join([*cells, "钢钉"])),
    "quotes": _corners(lambda cells: ",".join(f'"{cell}"' for cell in cells)),
    "letters before coordinates": _corners(
        lambda cells: f"{cells[0]},{cells[1]},X={cells[2]},Y={cells[3]}"
    ),
    "rings from nought": _corners(lambda c: ",".join([c[0], str(int(c[1]) - 1), *c[2:]])),
    "one ring number": _corners(lambda c: ",".join([c[0], "1", *c[2:]])),
    "no sign at the end": _heads(lambda line: line.removesuffix("@").rstrip(",")),
    "comma behind the sign": _heads(lambda line: line + ","),
    "another word for the kind": lambda text: text.replace(",面,", ",多边形,"),
    "colons in the head": lambda text: re.sub(r"(?m)^([^\[J\d,=]{2,10})=", r"\1：", text),
    "names of columns": lambda text: text.replace(
        "地块坐标]", "地块坐标]\r\n点号,圈号,X坐标,Y坐标"
    ),
    "another section first": lambda text: "[项目信息]\r\n项目名称=甲\r\n" + text,
    "no sections": lambda text: re.sub(r"(?m)^\[.*\]\r\n", "", text),
    "blank lines between": lambda text: text.replace("\r\n", "\r\n\r\n"),
}


@pytest.mark.parametrize("way", ODD)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_plots_written_oddly_have_the_area_they_state(tmp_path, way, encoding):
    path = tmp_path / "红线.txt"
    path.write_bytes(ODD[way](written()).encode(encoding))
    (report,) = examine(path, level="parcel")
    (layer,) = report.layers
    assert not layer.log.stops
    made = area_m2(gpd.GeoSeries(layer.used_shapes, crs=4490)).tolist()
    assert made == pytest.approx([one.area for one in PLOTS], rel=2e-4)
    holes = [
        sum(len(part.interiors) for part in shapely.get_parts(one)) for one in layer.used_shapes
    ]
    assert holes == [1, 1, 0]


def test_rings_left_open_under_one_number_begin_at_their_first_corner():
    text = _corners(lambda c: ",".join([c[0], "1", *c[2:]]))(written(close="open"))
    corners = read_corners(text)
    assert [one.area for one in corners.shapes] == pytest.approx(
        [one.area for one in PLOTS], abs=0.05
    )


@pytest.mark.parametrize("way", WAYS)
def test_plots_have_the_area_they_state_whatever_way_they_are_written(way):
    text = written(**WAYS[way])
    assert is_corners(text)
    corners = read_corners(text)
    assert corners.crs == ("EPSG:4548" if WAYS[way].get("belt") == 0 else "EPSG:4527")
    for made, given, stated in zip(corners.shapes, PLOTS, corners.areas_m2, strict=True):
        assert made.area == pytest.approx(given.area, abs=0.05)
        assert stated == pytest.approx(given.area, abs=0.6 if "unit" not in WAYS[way] else 0.4)
        assert shapely.get_num_geometries(made) == shapely.get_num_geometries(given)
    assert {f.rule for f in corners.findings} <= {"R551", "R552"}
    assert ("R551" in {f.rule for f in corners.findings}) == (way == "east first")


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-8"])
def test_a_file_is_imported_as_parcels_of_the_ground(tmp_path, encoding):
    path = tmp_path / "红线.txt"
    path.write_bytes(written(columns=9).encode(encoding))
    (report,) = examine(path, level="parcel")
    (layer,) = report.layers
    assert layer.log.counts["used"] + layer.log.counts["repaired"] == len(PLOTS)
    assert layer.used_values["id"].tolist() == ["1", "2", "3"]
    assert layer.used_values["land_use"].tolist() == ["0601"] * 3
    shapes = gpd.GeoSeries(layer.used_shapes, crs=4490)
    assert area_m2(shapes).tolist() == pytest.approx([one.area for one in PLOTS], rel=2e-4)


def test_a_plot_that_contradicts_itself_is_refused_by_name(tmp_path):
    path = tmp_path / "a.txt"
    text = written([plot(0)]) + written([plot(1)], wrong=0.2).partition("坐标]")[2].replace(
        ",1,地块1", ",2,地块二"
    )
    path.write_text(text, encoding="utf-8")
    (report,) = examine(path, level="parcel")
    (layer,) = report.layers
    assert layer.refused[["feature", "rule"]].to_numpy().tolist() == [["2", "R549"]]
    (found,) = layer.findings[layer.findings["rule"] == "R549"].to_dict("records")
    assert found["limit"] - found["measured"] == pytest.approx(2000, abs=1)


def test_lines_that_are_no_corners_are_named_by_their_number():
    lines = written([plot(0)]).split("\r\n")
    lines.insert(16, "以下略")
    found = read_corners("\r\n".join(lines)).findings
    assert [(f.rule, f.words["measured"]) for f in found if f.rule == "R550"] == [("R550", 17)]


def test_a_wrong_number_of_corners_is_said_where_the_area_fits():
    text = written([plot(0)])
    line = next(line for line in text.split("\r\n") if line.endswith("@"))
    found = read_corners(text.replace(line, "40" + line[line.index(",") :])).findings
    assert "R554" in {f.rule for f in found}


def test_two_corners_enclose_nothing_and_say_so():
    lines = written([plot(0)]).split("\r\n")
    head = next(k for k, line in enumerate(lines) if line.endswith("@"))
    corners = read_corners("\r\n".join(lines[: head + 3]))
    assert corners.shapes == [None]
    assert [f.rule for f in corners.findings] == ["R553"]


def test_six_rings_whose_orientation_alone_tells_the_hole():
    """Plots whose ring numbers say nothing: the largest ring is neither first nor the only outline."""
    shape = several(0)
    order = [shape.geoms[1], shape.geoms[2], shape.geoms[0], shape.geoms[3], shape.geoms[4]]
    corners = read_corners(written([shapely.MultiPolygon(order)], unit=1.0, digits=2))
    (made,) = corners.shapes
    assert made.area == pytest.approx(shape.area, abs=0.05)
    assert sum(len(part.interiors) for part in made.geoms) == 1


@pytest.mark.parametrize(
    ("head", "belt", "code"),
    [
        ({"坐标系": "1980西安坐标系"}, 39, "EPSG:2363"),
        ({"坐标系": "80国家大地坐标系"}, 0, "EPSG:2384"),
        ({"坐标系": "CGCS2000", "几度分带": "6", "带号": "20"}, 20, "EPSG:4498"),
        ({"坐标系": "2000国家大地坐标系", "几度分带": "三度"}, 39, "EPSG:4527"),
        ({"坐标系": ""}, 39, None),
        ({"坐标系": "2000国家大地坐标系", "带号": ""}, 0, None),
    ],
)
def test_the_head_states_the_system(head, belt, code):
    assert read_corners(written(head=HEAD | head, belt=belt)).crs == code


def test_a_table_in_a_txt_is_still_a_table(tmp_path):
    path = tmp_path / "firms.txt"
    path.write_text("企业代码,企业名称,税收（万元）\nA1,甲,3\nA2,乙,4\n", encoding="utf-8")
    (report,) = examine(path, level="enterprise", options=None)
    assert report.layers[0].table
    assert not is_corners(path.read_text(encoding="utf-8"))


@pytest.mark.filterwarnings("ignore:(?s).*outside its belt")
@pytest.mark.parametrize("crs", [None, "EPSG:4527", "EPSG:4528"])
def test_what_is_written_is_read_again_to_a_millimetre(tmp_path, crs):
    given = gpd.GeoDataFrame(
        {"id": ["A,1", "A2", "A3"], "name": ["甲 @ 乙", None, "丙"], "land_use": "0601"},
        geometry=PLOTS, crs=4548,
    ).to_crs(4490)  # fmt: skip
    path = write_layer(given, tmp_path / "a.txt", crs=crs)
    (report,) = examine(path, level="parcel")
    (layer,) = report.layers
    assert layer.system.name == (crs or "EPSG:4527")
    assert layer.log.counts["used"] == 3
    assert layer.used_values["id"].tolist() == ["A 1", "A2", "A3"]
    belt = gpd.GeoSeries(layer.used_shapes, crs=4490).to_crs(crs or 4527)
    before = given.geometry.to_crs(crs or 4527)
    assert (belt.hausdorff_distance(before, align=False) < 0.001).all()


def test_what_has_no_corners_is_not_written_as_some(tmp_path):
    points = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.Point(116.3, 40)], crs=4490)
    with pytest.raises(WriteError, match="polygons alone"):
        write_layer(points, tmp_path / "a.txt")
    given = gpd.GeoDataFrame({"id": ["a"]}, geometry=[plot(0)], crs=4548)
    with pytest.raises(WriteError, match="EPSG:4527"):
        write_layer(given, tmp_path / "a.txt", crs="EPSG:4326")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ["gpkg", "shp.zip", "csv", "xlsx", "parquet", "geojson"])
def test_heads_in_chinese_are_understood_again(tmp_path, suffix):
    given = gpd.GeoDataFrame(
        {"id": ["A1", "A2", "A3"], "land_use": "0601", "registered_area_m2": 5.0,
         "supply_date": pd.Timestamp("2021-06-01")},
        geometry=PLOTS, crs=4548,
    )  # fmt: skip
    path = write_layer(given, tmp_path / f"a.{suffix}", crs="EPSG:4527", headers="zh")
    (report,) = examine(path, level="parcel")
    held = report.layers[0].values
    assert held["id"].tolist() == ["A1", "A2", "A3"]
    assert held["land_use"].tolist() == ["0601"] * 3
    if suffix in {"gpkg", "shp.zip", "parquet"}:
        assert report.layers[0].system.name == "EPSG:4527"

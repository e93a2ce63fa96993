"""Land that is drawn or listed: lines that close, texts in outlines, tables of corners; and out again."""

from __future__ import annotations

import contextlib
import sqlite3
import struct

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import affinity

from zgcgis.geo import area_m2
from zgcgis.intake.examine import examine
from zgcgis.intake.layer import Options
from zgcgis.intake.sandbox.containers.curves import chords
from zgcgis.intake.sandbox.corners import corner_list, read_corner_list
from zgcgis.io.layers import write_layer

EAST, NORTH = 461_500.0, 4_404_000.0


def plot(k: int, hole: bool = False) -> shapely.Polygon:
    shell = [(0, 0), (90, 5), (180, 0), (185, 60), (175, 120), (-5, 118)]
    rings = [[(60, 40), (78, 40), (78, 58), (60, 58)]] if hole else []
    return affinity.translate(shapely.Polygon(shell, rings), EAST + 300 * k, NORTH)


def the_layer(path, level="parcel", **options):
    (report,) = examine(path, level=level, options=Options(**options))
    (layer,) = report.layers
    return layer


def areas(layer) -> list[float]:
    return area_m2(gpd.GeoSeries(layer.used_shapes, crs=4490)).tolist()


# --- tables of corners ----------------------------------------------------------------------------


def corners(
    plots=(0,), *, heads=("点号", "X", "Y"), plot_head=None, degrees=False, belt=False, close=True,
    first_only=False, turned=False, name="J{}", swapped=False,
):  # fmt: skip
    """A table of corners as text; each argument is a way in which offices differ."""
    rows = []
    for k in plots:
        shape = plot(k)
        if degrees:
            shape = gpd.GeoSeries([shape], crs=4548).to_crs(4490).iloc[0]
        points = np.asarray(shape.exterior.coords)[: None if close else -1]
        for n, (x, y) in enumerate(points[::-1] if turned else points):
            digits = 9 if degrees else 3
            north, east = f"{y:.{digits}f}", f"{x + 39e6 * belt:.{digits}f}"
            pair = (east, north) if degrees or swapped else (north, east)
            label = f"地块{k}" if not first_only or n == 0 else None
            again = close and n == len(points) - 1
            rows.append(
                [*([label] if plot_head else []), name.format(1 if again else n + 1), *pair]
            )
    return pd.DataFrame(rows, columns=[*([plot_head] if plot_head else []), *heads], dtype="str")


LISTS = {
    "plain": {},
    "open": {"close": False},
    "clockwise": {"turned": True},
    "with the belt": {"belt": True, "crs": "EPSG:4527"},
    "degrees": {
        "heads": ("编号", "经度", "纬度"),
        "degrees": True,
        "name": "{}",
        "crs": "EPSG:4490",
    },
    "names of headings": {"heads": ("界址点号", "纵坐标X(m)", "横坐标Y(m)")},
    "east first": {"swapped": True},
    "many": {"plots": (0, 1, 2), "plot_head": "宗地代码"},
    "many, named once": {"plots": (0, 1, 2), "plot_head": "地块编号", "first_only": True},
    "many, by closing": {"plots": (0, 1, 2)},
    "many, by numbers": {"plots": (0, 1, 2), "close": False},
    "numbers only": {"heads": ("序号", "X", "Y"), "name": "{}"},
}


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("way", LISTS)
def test_a_list_of_corners_is_land_whichever_way_it_is_written(tmp_path, way, suffix):
    words = dict(LISTS[way])
    crs, plots = words.pop("crs", "EPSG:4548"), words.get("plots", (0,))
    if suffix == ".xlsx" and way not in {"many, named once", "degrees", "plain"}:
        pytest.skip("the same table; three ways stand for the workbook")
    table, path = corners(**words), tmp_path / f"红线{suffix}"
    if suffix == ".csv":
        table.to_csv(path, index=False, encoding="gb18030")
    else:
        numbers = {c: table[c].astype(float) for c in table.columns[-2:]}
        table.assign(**numbers).to_excel(path, index=False)
    layer = the_layer(path, crs=crs)
    assert layer.log.counts == {"in": len(plots), "used": len(plots), "repaired": 0, "refused": 0}
    given = gpd.GeoSeries([plot(k) for k in plots], crs=4548).to_crs(4490)
    assert areas(layer) == pytest.approx(area_m2(given).tolist(), rel=1e-6)
    assert "R562" in set(layer.findings["rule"])
    if "plot_head" in words:
        assert layer.used_values["id"].tolist() == [f"地块{k}" for k in plots]


def test_degrees_minutes_and_sides_between_the_corners():
    table = pd.DataFrame(
        {"界址点号": ["J1", None, "J2", None, "J3", None, "J4"],
         "经度": ["116°20′00.0″", None, "116°20′10.0″", None, "116°20′10.0″", None, "116°20′00.0″"],
         "纬度": ["39°50′00″", None, "39°50′00″", None, "39°50′08.5″", None, "39°50′08.5″"],
         "边长(m)": [None, "237.9", None, "262.1", None, "237.9", None]},
        dtype="str",
    )  # fmt: skip
    made = read_corner_list(table, corner_list(table))
    assert made.findings == []
    assert shapely.bounds(made.shapes[0]) == pytest.approx(
        [116 + 1 / 3, 39 + 5 / 6, 116 + 1 / 3 + 1 / 360, 39 + 5 / 6 + 8.5 / 3600]
    )


@pytest.mark.parametrize(
    "table",
    [
        {"企业名称": ["甲", "乙", "丙"], "经度": ["116.1", "116.2", "116.3"], "纬度": ["40", "40.1", "40"]},
        {"编号": ["A7", "B2", "C9"], "X": ["1", "2", "3"], "Y": ["4", "5", "6"]},
        {"宗地代码": ["A", "B", "C"], "面积": ["1", "2", "3"]},
        {"点号": ["1", "2"], "X": ["1", "2"], "Y": ["4", "5"]},
        {"序号": ["1", "2", "3"], "站名": ["a", "b", "c"], "lon": ["1", "2", "3"], "lat": ["4", "5", "6"]},
    ],
)  # fmt: skip
def test_places_with_facts_are_no_corners(table):
    assert corner_list(pd.DataFrame(table, dtype="str")) is None


def test_a_list_meant_for_points_stays_one(tmp_path):
    path = tmp_path / "stations.csv"
    corners(heads=("编号", "经度", "纬度"), degrees=True, name="{}", close=False).to_csv(
        path, index=False
    )
    layer = the_layer(path, level="transit", crs="EPSG:4490")
    assert set(shapely.get_type_id(layer.used_shapes)) == {0}


# --- lines ----------------------------------------------------------------------------------------


def kml(path, *lines: str):
    marks = "".join(
        f"<Placemark><name>红线{k}</name>{line}</Placemark>" for k, line in enumerate(lines)
    )
    path.write_text(
        f'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{marks}</Document></kml>',
        encoding="utf-8",
    )
    return path


def string(shape, keep=slice(None)) -> str:
    points = np.asarray(gpd.GeoSeries([shape], crs=4548).to_crs(4326).iloc[0].exterior.coords)[keep]
    told = " ".join(f"{x:.9f},{y:.9f},0" for x, y in points)
    return f"<LineString><coordinates>{told}</coordinates></LineString>"


def test_a_red_line_of_a_kml_that_closes_is_land_and_one_that_does_not_is_a_sentence(tmp_path):
    path = kml(tmp_path / "红线.kml", string(plot(0)), string(plot(1), slice(None, -1)))
    layer = the_layer(path, level="boundary")
    assert layer.refused["rule"].tolist() == ["R565"]
    (row,) = layer.findings[layer.findings["rule"] == "R565"].itertuples()
    assert row.measured == pytest.approx(118.1, abs=0.3)
    assert areas(layer) == pytest.approx(
        area_m2(gpd.GeoSeries([plot(0)], crs=4548)).tolist(), rel=1e-6
    )
    joined = the_layer(path, level="boundary", accept=frozenset({"R565"}))
    assert joined.log.counts["refused"] == 0


def test_the_parts_of_a_line_are_put_together_and_rings_within_are_holes(tmp_path):
    halves = string(plot(0), slice(None, 4)) + string(plot(0), slice(3, None))
    holed = plot(1, hole=True)
    rings = string(holed) + string(shapely.Polygon(holed.interiors[0]))
    path = kml(
        tmp_path / "a.kml",
        *(f"<MultiGeometry>{some}</MultiGeometry>" for some in (halves, rings)),
    )
    layer = the_layer(path, level="boundary")
    given = gpd.GeoSeries([plot(0), holed], crs=4548)
    assert areas(layer) == pytest.approx(area_m2(given).tolist(), rel=1e-6)


def test_roads_with_a_loop_among_them_stay_lines(tmp_path):
    loop = shapely.LineString(plot(0).exterior.coords)
    roads = [
        shapely.LineString([(EAST, NORTH + 10 * k), (EAST + 500, NORTH + 9 * k)]) for k in range(3)
    ]
    path = tmp_path / "roads.gpkg"
    gpd.GeoDataFrame({"name": list("abcd")}, geometry=[loop, *roads], crs=4548).to_file(path)
    (report,) = examine(path, level="context")
    assert report.layers[0].log.counts["used"] == 4
    assert set(shapely.get_type_id(report.layers[0].used_shapes)) == {1}


# --- drawings -------------------------------------------------------------------------------------


def drawing(path, entities: list[list[object]]):
    lines = [line for entity in entities for line in entity]
    text = "\n".join(
        map(str, ["0", "SECTION", "2", "ENTITIES", *lines, "0", "ENDSEC", "0", "EOF", ""])
    )
    head = (
        "0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1009\n9\n$DWGCODEPAGE\n3\nANSI_936\n0\nENDSEC\n"
    )
    path.write_bytes((head + text).encode("gbk"))
    return path


def polyline(shape, layer="ZD", closed=1):
    made = ["0", "POLYLINE", "8", layer, "66", 1, "70", closed]
    for x, y in list(shape.exterior.coords)[:-1]:
        made += ["0", "VERTEX", "8", layer, "10", x, "20", y]
    return [*made, "0", "SEQEND", "8", layer]


def label(text, x, y, layer="ZJ"):
    return ["0", "TEXT", "8", layer, "10", x, "20", y, "40", 2.5, "1", text]


def test_the_text_in_an_outline_is_its_attribute(tmp_path):
    entities = []
    for k in range(4):
        entities += [polyline(plot(k)), label(f"110115201001GB{k:05d}", EAST + 300 * k + 20, NORTH + 20),
                     label(["0601", "0701"][k % 2], EAST + 300 * k + 20, NORTH + 40, "DL")]  # fmt: skip
    entities += [label("图名", EAST - 900, NORTH), polyline(plot(4), closed=0)]
    layer = the_layer(
        drawing(tmp_path / "宗地.dxf", entities), crs="EPSG:4548", system="third_survey"
    )
    held = layer.used_values
    assert held["id"].dropna().tolist() == [f"110115201001GB{k:05d}" for k in range(4)]
    assert held["land_use"].tolist() == ["0601", "0701"] * 2
    told = layer.findings.set_index("rule")
    assert (told.loc["R566", "measured"], told.loc["R566", "limit"]) == (8, 1)
    assert layer.refused["rule"].tolist() == ["R565"]


# --- arcs ----------------------------------------------------------------------------------------

RADII = [0.5, 3.0, 50.0, 400.0, 6_000.0, 50_000.0]


def light(corners, closed=1):
    """A light polyline of corners (x, y, bulge)."""
    made = ["0", "LWPOLYLINE", "100", "AcDbEntity", "8", "A", "100", "AcDbPolyline"]
    made += ["90", len(corners), "70", closed]
    for x, y, bulge in corners:
        made += ["10", EAST + x, "20", NORTH + y, *(["42", bulge] if bulge else [])]
    return made


def heavy(corners):
    made = ["0", "POLYLINE", "8", "A", "66", 1, "70", 1]
    for x, y, bulge in corners:
        made += ["0", "VERTEX", "8", "A", "10", EAST + x, "20", NORTH + y, "42", bulge]
    return [*made, "0", "SEQEND", "8", "A"]


def curve(radius):
    """A circle as a rational spline of nine control points."""
    ring = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0)]
    made = ["0", "SPLINE", "100", "AcDbEntity", "8", "A", "100", "AcDbSpline", "70", 13, "71", 2]
    made += ["72", 12, "73", 9, "74", 0]
    for knot in (0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4):
        made += ["40", float(knot)]
    for k in range(9):
        made += ["41", 1.0 if k % 2 == 0 else np.sqrt(0.5)]
    for x, y in ring:
        made += ["10", EAST + radius * x, "20", NORTH + radius * y, "30", 0.0]
    return made


def sliver(radius, side):
    """The area between an arc and its chord."""
    half = np.arcsin(side / 2 / radius)
    return radius**2 * (half - np.sin(half) * np.cos(half))


ROUND = {
    "circle": lambda r: ["0", "CIRCLE", "8", "A", "10", EAST, "20", NORTH, "40", r],
    "ellipse": lambda r: [
        "0", "ELLIPSE", "100", "AcDbEntity", "8", "A", "100", "AcDbEllipse", "10", EAST, "20", NORTH,
        "30", 0.0, "11", 2 * r, "21", 0.0, "31", 0.0, "40", 0.5, "41", 0.0, "42", 2 * np.pi,
    ],
    "light": lambda r: light([(-r, 0, 1.0), (r, 0, 1.0)]),
    "heavy": lambda r: heavy([(-r, 0, 1.0), (r, 0, 1.0)]),
    "spline": curve,
}  # fmt: skip


@pytest.mark.parametrize("radius", RADII)
@pytest.mark.parametrize("form", ROUND)
def test_arcs_and_circles_lose_less_than_a_millionth(tmp_path, form, radius):
    (shape,) = the_layer(
        drawing(tmp_path / "arcs.dxf", [ROUND[form](radius)]), crs="EPSG:4548"
    ).used_shapes
    plane = gpd.GeoSeries([shape], crs=4490).to_crs(4548).iloc[0]
    whole = np.pi * radius**2 * (2 if form == "ellipse" else 1)
    assert plane.area == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize("radius", [60.0, 400.0, 6_000.0, 50_000.0])
@pytest.mark.parametrize("way", [1, -1], ids=["bulges out", "bulges in"])
@pytest.mark.parametrize("make", [light, heavy], ids=["light", "heavy"])
def test_the_side_of_a_plot_along_a_bend_loses_less_than_a_millionth_of_the_plot(
    tmp_path, radius, way, make
):
    side, deep = 100.0, 20.0
    bulge = way * np.tan(np.arcsin(side / 2 / radius) / 2)
    corners = [(0, 0, bulge), (side, 0, 0.0), (side, deep, 0.0), (0, deep, 0.0)]
    if way < 0 and radius < 100:
        corners[2:] = [(side, 200, 0.0), (0, 200, 0.0)]
    (shape,) = the_layer(
        drawing(tmp_path / "bend.dxf", [make(corners)]), crs="EPSG:4548"
    ).used_shapes
    plane = gpd.GeoSeries([shape], crs=4490).to_crs(4548).iloc[0]
    whole = side * corners[2][1] + way * sliver(radius, side)
    assert plane.area == pytest.approx(whole, rel=1e-6)


# A hatch: its outlines by the numbers of their pairs. Angles of edges are seen from the centre, in
# degrees, and measured with the clock where the edge runs with it.


def hatch(*outlines):
    made = [
        "0",
        "HATCH",
        "100",
        "AcDbEntity",
        "8",
        "A",
        "100",
        "AcDbHatch",
        "10",
        0,
        "20",
        0,
        "30",
        0,
    ]
    made += ["210", 0, "220", 0, "230", 1, "2", "SOLID", "70", 1, "71", 0, "91", len(outlines)]
    return [*made, *(v for one in outlines for v in [*one, "97", 0]), "75", 1, "76", 1, "98", 0]


def hatched_corners(corners):
    made = ["92", 3, "72", 1, "73", 1, "93", len(corners)]
    return made + [v for x, y, b in corners for v in ("10", EAST + x, "20", NORTH + y, "42", b)]


def hatched_edges(*edges):
    return ["92", 1, "93", len(edges), *(v for edge in edges for v in edge)]


def side(x, y, to_x, to_y):
    return ["72", 1, "10", EAST + x, "20", NORTH + y, "11", EAST + to_x, "21", NORTH + to_y]


def round_edge(r, first, last, *, against=1, ratio=None):
    size = ["40", r] if ratio is None else ["11", r, "21", 0.0, "40", ratio]
    kind = 2 if ratio is None else 3
    return ["72", kind, "10", EAST, "20", NORTH, *size, "50", first, "51", last, "73", against]


def curved_edge(radius):
    values = dict(enumerate(curve(radius)))
    pairs = [(values[k], values[k + 1]) for k in range(0, len(values), 2)]
    knots = [("40", v) for code, v in pairs if code == "40"]
    weights = [v for code, v in pairs if code == "41"]
    x, y = ([v for code, v in pairs if code == axis] for axis in ("10", "20"))
    made = [("72", 4), ("94", 2), ("73", 1), ("74", 0), ("95", len(knots)), ("96", len(x)), *knots]
    for east, north, weight in zip(x, y, weights, strict=True):
        made += [("10", east), ("20", north), ("42", weight)]
    return [v for pair in [*made, ("97", 0)] for v in pair]


HATCHED = {
    "corners": (lambda r: hatch(hatched_corners([(-r, 0, 1.0), (r, 0, 1.0)])), np.pi),
    "ring": (lambda r: hatch(*(hatched_corners([(-q, 0, 1.0), (q, 0, 1.0)]) for q in (r, 0.99 * r))),
             np.pi * (1 - 0.99**2)),
    "circle": (lambda r: hatch(hatched_edges(round_edge(r, 0, 360))), np.pi),
    "half": (lambda r: hatch(hatched_edges(round_edge(r, 0, 180), side(-r, 0, r, 0))), np.pi / 2),
    "with the clock": (lambda r: hatch(hatched_edges(round_edge(r, 0, 180, against=0), side(-r, 0, r, 0))),
                       np.pi / 2),
    "drawn the other way": (lambda r: hatch(hatched_edges(side(-r, 0, r, 0), round_edge(r, 90, 180),
                                                          round_edge(r, 0, 90))), np.pi / 2),
    "ellipse": (lambda r: hatch(hatched_edges(round_edge(2 * r, 0, 360, ratio=0.5))), 2 * np.pi),
    # from 45 degrees seen from the centre, where the parameter is atan(2), to 180
    "part of an ellipse": (
        lambda r: hatch(hatched_edges(
            round_edge(2 * r, 45, 180, ratio=0.5), side(-2 * r, 0, 0, 0),
            side(0, 0, 2 * r / np.sqrt(5), 2 * r / np.sqrt(5)))),
        np.pi - np.arctan(2)),
    "spline": (lambda r: hatch(hatched_edges(curved_edge(r))), np.pi),
}  # fmt: skip


@pytest.mark.parametrize("radius", [3.0, 400.0, 50_000.0])
@pytest.mark.parametrize("form", HATCHED)
def test_a_hatch_loses_less_than_a_millionth_and_lies_where_it_lay(tmp_path, form, radius):
    make, share = HATCHED[form]
    path = drawing(tmp_path / "hatch.dxf", [make(radius)])
    (shape,) = the_layer(path, crs="EPSG:4548").used_shapes
    plane = gpd.GeoSeries([shape], crs=4490).to_crs(4548).iloc[0]
    assert plane.area == pytest.approx(share * radius**2, rel=1e-6)
    by_gdal = shapely.make_valid(
        gpd.read_file(path).geometry.iloc[0]
    )  # bulges by 4 degrees a chord
    assert plane.symmetric_difference(by_gdal).area < 0.01 * radius**2


def test_a_hatch_that_reads_otherwise_is_left_as_it_is():
    open_line = hatch(hatched_edges(round_edge(9.0, 0, 180), side(-9, 0, 3, 0)))
    short = hatch(["92", 3, "72", 1, "73", 1, "93", 3, "10", 0.0, "20", 0.0, "42", 1.0])
    plain = hatch(hatched_corners([(0, 0, 0.0), (9, 0, 0.0), (9, 9, 0.0)]))
    for entity in (open_line, short, plain):
        pairs = [(int(c), str(v)) for c, v in zip(entity[::2], entity[1::2], strict=True)]
        if entity is plain:
            assert chords.BY_KIND["HATCH"]([pairs]) is None
        else:
            with pytest.raises(chords.UnreadError):
                chords.BY_KIND["HATCH"]([pairs])


def test_a_hatch_that_is_left_to_the_reader_is_told(tmp_path):
    whole = hatch(hatched_edges(round_edge(9.0, 0, 360)))
    open_line = hatch(hatched_edges(round_edge(9.0, 0, 180), side(-9, 0, 3, 0)))
    path = drawing(tmp_path / "hatch.dxf", [whole, open_line])
    (report,) = examine(path, options=Options(crs="EPSG:4548"), level="parcel")
    (said,) = [one for one in report.said if one.rule == "R327"]
    line = int(said.words["detail"])
    assert path.read_text().splitlines()[line - 1].strip() == "HATCH"
    assert said.words["measured"] == 1


def curved_package(path, wkb: bytes, kind: str):
    """A package with one curved shape, written into it row by row."""
    frame = gpd.GeoDataFrame({"DKBH": ["A"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4548)
    frame.to_file(path, layer="p", layer_options={"SPATIAL_INDEX": "NO"})
    with contextlib.closing(sqlite3.connect(path)) as base, base:
        blob = b"GP\x00\x01" + struct.pack("<i", 4548) + wkb
        base.execute("update p set geom = ?", [blob])
        base.execute("update gpkg_geometry_columns set geometry_type_name = ?", [kind])
    return path


def string_of_arcs(points) -> bytes:
    flat = [float(v) for point in points for v in point]
    return struct.pack(f"<BII{len(flat)}d", 1, 8, len(points), *flat)


def line_of(points) -> bytes:
    return struct.pack("<BI", 1, 2) + string_of_arcs(points)[5:]


@pytest.mark.parametrize("radius", RADII)
@pytest.mark.parametrize("inner", [0.0, 0.5, 0.99])
def test_curves_of_a_package_lose_less_than_a_millionth_holes_or_not(tmp_path, radius, inner):
    def ring(r):
        turns = [(r, 0), (0, r), (-r, 0), (0, -r), (r, 0)]
        return string_of_arcs([(EAST + x, NORTH + y) for x, y in turns])

    rings = [ring(radius), *([ring(radius * inner)] if inner else [])]
    polygon = struct.pack("<BII", 1, 10, len(rings)) + b"".join(rings)
    surface = struct.pack("<BII", 1, 12, 1) + polygon
    for kind, wkb in (("CURVEPOLYGON", polygon), ("MULTISURFACE", surface)):
        path = curved_package(tmp_path / f"{kind}.gpkg", wkb, kind)
        layer = the_layer(path)
        plane = gpd.GeoSeries(layer.used_shapes, crs=4490).to_crs(4548).iloc[0]
        assert plane.area == pytest.approx(np.pi * radius**2 * (1 - inner**2), rel=1e-6)
        assert "R310" in set(layer.findings["rule"])


@pytest.mark.parametrize("radius", [60.0, 6_000.0, 50_000.0])
def test_a_bend_in_a_compound_curve_loses_less_than_a_millionth_of_the_plot(tmp_path, radius):
    side, deep = 100.0, 20.0
    dip = radius - np.sqrt(radius**2 - side**2 / 4)
    arc = string_of_arcs([(EAST, NORTH), (EAST + side / 2, NORTH - dip), (EAST + side, NORTH)])
    rest = line_of(
        [(EAST + side, NORTH), (EAST + side, NORTH + deep), (EAST, NORTH + deep), (EAST, NORTH)]
    )
    compound = struct.pack("<BII", 1, 9, 2) + arc + rest
    path = curved_package(
        tmp_path / "c.gpkg", struct.pack("<BII", 1, 10, 1) + compound, "CURVEPOLYGON"
    )
    plane = gpd.GeoSeries(the_layer(path).used_shapes, crs=4490).to_crs(4548).iloc[0]
    assert plane.area == pytest.approx(side * deep + sliver(radius, side), rel=1e-6)


@pytest.mark.parametrize("cut", [5, 9, 13, 40, 97])
def test_a_curve_that_breaks_off_is_a_sentence(tmp_path, cut):
    turns = [(EAST + 50 * x, NORTH + 50 * y) for x, y in [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 0)]]
    wkb = struct.pack("<BII", 1, 10, 1) + string_of_arcs(turns)
    path = curved_package(tmp_path / "c.gpkg", wkb[:cut], "CURVEPOLYGON")
    (report,) = examine(path, level="parcel")
    assert report.outcome == "refuse-file" or len(report.layers[0].refused)


# --- out and in again -----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".dxf", ".xlsx", ".csv", ".txt"])
@pytest.mark.parametrize("crs", [None, "EPSG:4526", "EPSG:4548", "EPSG:4498", "EPSG:4509"])
def test_what_surveyors_are_given_is_read_again_to_a_millimetre(tmp_path, suffix, crs):
    several = shapely.MultiPolygon([plot(3), affinity.translate(plot(3), 0, 300)])
    shapes = [plot(0), plot(1, hole=True), plot(2), several]
    given = gpd.GeoDataFrame(
        {"id": [f"号{k}㐂" for k in range(len(shapes))], "land_use": "0601"},
        geometry=shapes, crs=4548,
    )  # fmt: skip
    path = write_layer(given, tmp_path / f"出{suffix}", crs=crs, corners=suffix != ".dxf")
    code = crs or "EPSG:4527"
    layer = the_layer(path, **({} if suffix == ".txt" else {"crs": code}))
    assert layer.used_values["id"].tolist() == given["id"].tolist()
    assert ("R586" in set(layer.findings["rule"])) == (suffix == ".dxf")
    back = gpd.GeoSeries(layer.used_shapes, crs=4490).to_crs(code)
    for one, two in zip(given.to_crs(code).geometry, back, strict=True):
        assert shapely.hausdorff_distance(one.boundary, two.boundary) < 1e-3
        assert one.area == pytest.approx(two.area, rel=1e-4)


def test_outlines_of_one_number_that_lie_on_one_another_stay_two(tmp_path):
    shapes = [
        plot(0),
        affinity.translate(plot(0), 5, 5),
        plot(2),
        affinity.translate(plot(2), 0, 300),
    ]
    given = gpd.GeoDataFrame({"id": ["a", "a", "b", "b"]}, geometry=shapes, crs=4548)
    path = write_layer(given, tmp_path / "two.dxf")
    layer = the_layer(path, crs="EPSG:4527")
    found = layer.findings
    assert found.loc[found["rule"] == "R586", "measured"].tolist() == [1.0]
    assert len(layer.shapes) == 3

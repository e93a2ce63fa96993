"""Shapes that stand as text in the cells of a table: every form, and what cannot be read."""

from __future__ import annotations

import base64
import csv
import json

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from shapely import affinity

from zgcgis.intake.examine import examine
from zgcgis.intake.layer import Options
from zgcgis.io import new_zone, open_zone
from zgcgis.io.importing import import_all

EAST, NORTH = 440_000.0, 4_425_000.0
PLOT = shapely.Polygon(
    [(0, 0), (90, 5), (180, 0), (175, 120), (-5, 118)],
    [[(60, 40), (78, 40), (78, 58), (60, 58)]],
)
PLOTS = [affinity.translate(PLOT, EAST + 300 * k, NORTH) for k in range(3)]
SEVERAL = shapely.MultiPolygon([PLOTS[0], affinity.translate(PLOTS[0], 0, 200)])

FORMS = {
    "wkt": lambda p: p.wkt,
    "no blanks": lambda p: p.wkt.replace(", ", ",").replace("POLYGON (", "POLYGON("),
    "small letters": lambda p: p.wkt.lower(),
    "several": lambda p: shapely.MultiPolygon([p]).wkt,
    "ewkt": lambda p: f"SRID=4548;{p.wkt}",
    "heights": lambda p: shapely.force_3d(p, 51.5).wkt,
    "heights unsaid": lambda p: shapely.force_3d(p, 51.5).wkt.replace(" Z ", " "),
    "lines": lambda p: p.wkt.replace("), (", "),\n(").replace(", ", ",\n"),
    "wide signs": lambda p: p.wkt.replace("(", "（").replace(")", "）").replace(",", "，"),
    "digits": lambda p: p.wkb_hex,
    "ewkb": lambda p: shapely.to_wkb(shapely.set_srid(p, 4548), hex=True, include_srid=True),
    "big end": lambda p: shapely.to_wkb(p, hex=True, byte_order=0),
    "bytea": lambda p: "\\x" + p.wkb_hex.lower(),
    "0x": lambda p: "0x" + p.wkb_hex,
    "heights in digits": lambda p: shapely.to_wkb(shapely.force_3d(p, 9.0), hex=True),
    "base64": lambda p: base64.b64encode(p.wkb).decode(),
    "package": lambda p: (b"GP\x00\x01" + (4548).to_bytes(4, "little") + p.wkb).hex(),
    "geojson": lambda p: json.dumps(shapely.geometry.mapping(p)),
    "feature": lambda p: json.dumps(
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(p)}
    ),
    "collection": lambda p: f"GEOMETRYCOLLECTION ({p.wkt})",
    "surface": lambda p: f"MULTISURFACE (({p.wkt.removeprefix('POLYGON ((').removesuffix('))')}))"
    .replace("MULTISURFACE ((", "MULTISURFACE (((").removesuffix("))") + ")))",
}  # fmt: skip
STATED = {"ewkt", "ewkb", "package"}


def table(path, cells, head="WKT", encoding="utf-8", mark=","):
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=mark)
        writer.writerow(["宗地代码", head, "权利人"])
        writer.writerows([f"P{k}", cell, f"单位{k}"] for k, cell in enumerate(cells, 1))
    return path


def the_layer(path, **options):
    (report,) = examine(path, options=Options(**options))
    assert report.refusal is None
    (layer,) = report.layers
    return layer


def plane(layer):
    return gpd.GeoSeries(layer.used_shapes, crs=4490).to_crs(4548)


@pytest.mark.parametrize("form", FORMS)
def test_shapes_in_cells_are_the_shapes_of_the_layer_in_every_form(tmp_path, form):
    path = table(tmp_path / "t.csv", map(FORMS[form], PLOTS))
    layer = the_layer(path, **({} if form in STATED else {"crs": "EPSG:4548"}))
    for one, two in zip(PLOTS, plane(layer), strict=True):
        assert shapely.hausdorff_distance(one.boundary, two.boundary) < 1e-3
    assert layer.used_values["id"].tolist() == ["P1", "P2", "P3"]
    assert "R582" in set(layer.findings["rule"])
    assert ("R309" in set(layer.findings["rule"])) == ("heights" in form)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize(
    ("mark", "head"), [(",", "geom"), ("\t", "图形"), (";", "SHAPE"), ("|", "")]
)
def test_however_the_table_is_written(tmp_path, encoding, mark, head):
    path = table(tmp_path / "t.csv", [p.wkt for p in PLOTS], head, encoding, mark)
    layer = the_layer(path, crs="EPSG:4548")
    assert plane(layer).area.tolist() == pytest.approx([PLOT.area] * 3, rel=1e-7)
    assert layer.used_values["owner"].tolist() == ["单位1", "单位2", "单位3"]


def test_a_table_with_shapes_and_no_system_is_asked_and_never_taken_as_one_without(tmp_path):
    layer = the_layer(table(tmp_path / "t.csv", [p.wkt for p in PLOTS]))
    assert [stop.rule for stop in layer.log.stops] == ["R101"]


def test_sheets_packages_and_parquet_hold_shapes_in_cells_too(tmp_path):
    frame = pd.DataFrame({"宗地代码": ["P1", "P2", "P3"], "WKT": [p.wkt for p in PLOTS]})
    book = openpyxl.Workbook()
    for row in [frame.columns.tolist(), *frame.values.tolist()]:
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "t.parquet")
    bare = gpd.GeoDataFrame(frame, geometry=[None] * 3).drop(columns="geometry")
    import pyogrio

    pyogrio.write_dataframe(pd.DataFrame(bare), tmp_path / "t.gpkg", driver="GPKG")
    for suffix in ("xlsx", "parquet", "gpkg"):
        layer = the_layer(tmp_path / f"t.{suffix}", crs="EPSG:4548")
        assert plane(layer).area.sum() == pytest.approx(3 * PLOT.area, rel=1e-7), suffix


CURVES = {
    "whole": ("CURVEPOLYGON(CIRCULARSTRING({w} {n},{m} {t},{e} {n},{m} {b},{w} {n}))", np.pi),
    "tagged parts": ("CURVEPOLYGON(COMPOUNDCURVE(CIRCULARSTRING({w} {n},{m} {t},{e} {n}),({e} {n},{w} {n})))", np.pi / 2),
    "heights": ("CURVEPOLYGON Z(CIRCULARSTRING Z({w} {n} 5,{m} {t} 5,{e} {n} 5,{m} {b} 5,{w} {n} 5))", np.pi),
    "surface": ("SRID=4548;MULTISURFACE(CURVEPOLYGON(CIRCULARSTRING({w} {n},{m} {t},{e} {n},{m} {b},{w} {n})))", np.pi),
    "hole": ("CURVEPOLYGON(CIRCULARSTRING({w} {n},{m} {t},{e} {n},{m} {b},{w} {n}),({q} {n},{m} {s},{p} {n},{q} {n}))", np.pi - 0.25),
}  # fmt: skip


@pytest.mark.parametrize("radius", [3.0, 200.0, 6_000.0])
@pytest.mark.parametrize("curve", CURVES)
def test_curves_in_cells_lose_less_than_a_millionth(tmp_path, curve, radius):
    text, share = CURVES[curve]
    half = radius / 2
    words = {"w": EAST - radius, "e": EAST + radius, "m": EAST, "n": NORTH, "t": NORTH + radius,
             "b": NORTH - radius, "q": EAST - half, "p": EAST + half, "s": NORTH + half}  # fmt: skip
    layer = the_layer(table(tmp_path / "t.csv", [text.format(**words)]), crs="EPSG:4548")
    assert plane(layer).area.sum() == pytest.approx(share * radius**2, rel=1e-6)
    assert "R310" in set(layer.findings["rule"])


BROKEN = {
    "cut": PLOTS[1].wkt[:60],
    "a letter": PLOTS[1].wkt.replace("440300", "44O300"),
    "one number": PLOTS[1].wkt.replace(" 4425005", ""),
    "a word": "见附图",
    "more": PLOTS[1].wkt + " 2",
    "digits": PLOTS[1].wkb_hex[:81],
    "short digits": PLOTS[1].wkb_hex[:82],
    "no kind": "POLYGONE" + PLOTS[1].wkt[7:],
    "deep": "GEOMETRYCOLLECTION(" * 5000 + ")" * 5000,
    "not finite": PLOTS[1].wkt.replace("440300", "nan"),
    "curve of two": "CURVEPOLYGON(CIRCULARSTRING(1 1,2 2))",
    "json": '{"type":"Polygon","coordinates":[[1,2]]}',
}


@pytest.mark.parametrize("way", BROKEN)
def test_a_cell_that_cannot_be_read_is_a_finding_of_its_row(tmp_path, way):
    cells = [PLOTS[0].wkt, BROKEN[way], PLOTS[2].wkt]
    layer = the_layer(table(tmp_path / "t.csv", cells), crs="EPSG:4548")
    (refused,) = layer.refused.to_dict("records")
    assert refused == {"feature": "P2", "row": 2, "rule": "R583"}
    assert plane(layer).area.tolist() == pytest.approx([PLOT.area] * 2, rel=1e-7)


def test_empty_cells_are_features_without_a_shape(tmp_path):
    cells = [PLOTS[0].wkt, "", "POLYGON EMPTY", PLOTS[1].wkt]
    layer = the_layer(table(tmp_path / "t.csv", cells), crs="EPSG:4548")
    assert layer.refused[["feature", "rule"]].values.tolist() == [["P2", "R304"], ["P3", "R305"]]


def test_shapes_in_several_systems_are_asked_about(tmp_path):
    cells = [f"SRID=4548;{PLOTS[0].wkt}", f"SRID=4549;{PLOTS[1].wkt}"]
    layer = the_layer(table(tmp_path / "t.csv", cells))
    assert "R106" in [stop.rule for stop in layer.log.stops]
    assert not the_layer(tmp_path / "t.csv", crs="EPSG:4548").log.stops


def test_the_outlines_are_taken_where_points_stand_beside_them(tmp_path):
    frame = pd.DataFrame({
        "宗地代码": ["P1", "P2", "P3"],
        "中心": [p.centroid.wkt for p in PLOTS],
        "范围": [p.wkt for p in PLOTS],
    })  # fmt: skip
    frame.to_csv(tmp_path / "t.csv", index=False)
    layer = the_layer(tmp_path / "t.csv", crs="EPSG:4548")
    assert plane(layer).area.sum() == pytest.approx(3 * PLOT.area, rel=1e-7)
    assert "R585" in set(layer.findings["rule"])


UNREAD = {
    "SQL Server": "E610000001040500000000000000000000000000000000000000",
    "list": "116.30125,39.96125;116.30225,39.96125;116.30225,39.96225",
    "brackets": "[[116.30125,39.96125],[116.30225,39.96125],[116.30225,39.96225]]",
    "blanks": "116.30125 39.96125,116.30225 39.96125,116.30225 39.96225",
}


@pytest.mark.parametrize("way", UNREAD)
def test_shapes_in_a_form_that_is_not_read_are_named(tmp_path, way):
    layer = the_layer(table(tmp_path / "t.csv", [UNREAD[way]] * 2))
    assert "R584" in set(layer.findings["rule"])


@pytest.mark.parametrize(
    "cell",
    ["0100000000000000000001", "110108001001GB00001W00000000", "POLYGON地块", "01", "12.5,3.5"],
)
def test_numbers_and_names_are_no_shapes(tmp_path, cell):
    layer = the_layer(table(tmp_path / "t.csv", [cell] * 2, "备注"))
    assert layer.table
    assert not {"R582", "R584"} & set(layer.findings["rule"])


def test_a_red_line_in_a_cell_that_closes_is_land(tmp_path):
    layer = the_layer(table(tmp_path / "t.csv", [p.exterior.wkt for p in PLOTS]), crs="EPSG:4548")
    assert plane(layer).area.sum() == pytest.approx(
        3 * shapely.Polygon(PLOT.exterior).area, rel=1e-7
    )


def test_a_table_with_shapes_is_stored_as_land(tmp_path):
    zone = new_zone(tmp_path / "zone", id="z", zh="区", en="Zone")
    path = table(tmp_path / "宗地.csv", [f"SRID=4548;{p.wkt}" for p in [*PLOTS[1:], SEVERAL]])
    (made,) = import_all(path, zone)
    assert made.counts["used"] == 3
    held = open_zone(zone).layer("parcel").to_crs(4548)
    assert held.area.sum() == pytest.approx(4 * PLOT.area, rel=1e-7)


def test_a_layer_of_collections_alone_is_the_land_in_them(tmp_path):
    several = [shapely.GeometryCollection([p, shapely.Point(EAST, NORTH)]) for p in PLOTS]
    frame = gpd.GeoDataFrame({"ZDDM": ["1", "2", "3"]}, geometry=several, crs=4548)
    frame.to_file(tmp_path / "t.gpkg")
    layer = the_layer(tmp_path / "t.gpkg")
    assert plane(layer).area.tolist() == pytest.approx([PLOT.area] * 3, rel=1e-7)
    assert layer.findings["rule"].tolist().count("R318") == 3

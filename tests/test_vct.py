"""VCT files: what is written is read again, and what is damaged is a sentence.

No public file was at hand; the dialects below are those that public exporters and parsers describe.
"""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from zgcgis.intake.examine import examine
from zgcgis.intake.log import Refusal
from zgcgis.intake.sandbox.corners.vct import read_vct
from zgcgis.io import new_zone, open_zone
from zgcgis.io.importing import import_all
from zgcgis.io.layers import write_layer

EAST, NORTH = 461_500.0, 4_404_000.0


def plot(k: int) -> shapely.Polygon:
    shell = [(0, 0), (90, 5), (180, 0), (185, 60), (175, 120), (-5, 118)]
    holes = [[(60, 40), (78, 40), (78, 58), (60, 58)], [(20, 20), (25, 20), (25, 25)]]
    return affinity.translate(shapely.Polygon(shell, holes[: k % 3]), EAST + 300 * k, NORTH)


def patches(count: int = 5) -> gpd.GeoDataFrame:
    shapes = [plot(k) for k in range(count)]
    shapes[1] = shapely.MultiPolygon([shapes[1], affinity.translate(plot(0), 0, 500)])
    table = {
        "id": [f"11011521100000000{k}" for k in range(count)],
        "land_use": ["0601", "0103", "0701", "05H1", "1003"][:count],
        "land_use_system": ["third_survey"] * count,
        "name": ["甲,乙", "丙", None, "丁 戊", "𠮷"][:count],
        "registered_area_m2": [round(one.area, 2) for one in shapes],
        "net_area_m2": [round(0.95 * one.area, 2) for one in shapes],
        "deducted_share": [0.05] * count,
    }
    return gpd.GeoDataFrame(table, geometry=shapes, crs=4548)


@pytest.mark.parametrize("crs", [None, "EPSG:4526"])
def test_patches_are_written_and_read_again_to_a_millimetre(tmp_path, crs):
    frame = patches()
    path = write_layer(frame, tmp_path / "成果.vct", crs=crs)
    zone = new_zone(tmp_path / "zone", id="z", zh="区", en="Zone")
    (made,) = import_all(path, zone)
    assert made.level == "land_patch"
    assert made.counts == {"in": 5, "used": 5, "repaired": 0, "refused": 0}
    again = open_zone(zone).layer("land_patch").set_index("id").loc[frame["id"]]
    for ours, theirs in zip(again.to_crs(4548).geometry, frame.geometry, strict=True):
        assert shapely.hausdorff_distance(ours, theirs) < 1e-3
        assert len(shapely.get_parts(ours)) == len(shapely.get_parts(theirs))
        assert ours.symmetric_difference(theirs).area < 0.05
    for column in (
        "land_use",
        "land_use_system",
        "registered_area_m2",
        "net_area_m2",
        "deducted_share",
    ):
        assert again[column].tolist() == frame[column].tolist(), column
    names = [None if pd.isna(one) else one for one in again["name"]]
    assert names == ["甲，乙", "丙", None, "丁 戊", "𠮷"]


def test_parcels_keep_their_columns(tmp_path):
    frame = patches(3)[["id", "land_use", "name", "registered_area_m2", "geometry"]]
    path = write_layer(frame, tmp_path / "a.vct")
    (report,) = examine(path, level="parcel")
    (layer,) = report.layers
    assert layer.used_values["id"].tolist() == frame["id"].tolist()
    assert layer.used_values["registered_area_m2"].tolist() == frame["registered_area_m2"].tolist()


HEAD = """HeadBegin
DataMark:{mark}
Version:{version}
CoordinateSystemType:P
Spheroid:CGCS2000,6378137.0,298.257222101
Parameters:117,1,500000,0,3,39
HeadEnd
FeatureCodeBegin
2001010100,地类图斑,Polygon,DLTB
1099000000,界线,Line,JX
FeatureCodeEnd
TableStructureBegin
DLTB,3
BSM,Char,18
DLBM,Char,5
TBMJ,Float,18,2
0
TableStructureEnd
"""
LINES = """LineBegin
1
1099000000
0
1
2
11
3
461500,4404000
461600,4404000
461600,4404050
11
2
461600,4404050
461600,4404100
0
2
1099000000
0
1
1
11
3
461500,4404000
461500,4404100
461600,4404100
0
3
0
0
1
1
11
5
461520,4404020
461540,4404020
461540,4404040
461520,4404040
461520,4404020
0
LineEnd
"""
POLYGONS = """PolygonBegin
7
2001010100
0
100
461510,4404010
21
{ids}
0
PolygonEnd
"""
ROWS = """AttributeBegin
DLTB
7,110115211000000001,0601,9600.00
TableEnd
AttributeEnd
"""
IDS = {
    "noughts do not count": "3\n1,-2,0,3",
    "noughts count": "4\n1,-2,0,3",
    "an id a line": "3\n1\n-2\n0\n3",
    "several lines": "3\n1,-2\n0,3",
    "turned": "3\n2,-1,0,-3",
}


@pytest.mark.parametrize("ids", IDS.values(), ids=IDS)
@pytest.mark.parametrize(
    ("mark", "version"), [("LANDUSE-VCT", "3.0"), ("CNSDTF-VCT", "GB/T17798-2007")]
)
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_polygons_made_of_shared_lines_are_read_in_each_dialect(
    tmp_path, ids, mark, version, encoding
):
    text = HEAD.format(mark=mark, version=version) + LINES + POLYGONS.format(ids=ids) + ROWS
    path = tmp_path / "a.vct"
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    (report,) = examine(path)
    (layer,) = report.layers
    assert (layer.level, layer.source.crs) == ("land_patch", "EPSG:4548")
    (shape,) = gpd.GeoSeries(layer.used_shapes, crs=4490).to_crs(4548)
    assert shape.area == pytest.approx(9600, abs=1e-3)
    assert len(shape.interiors) == 1


BROKEN = {
    "no line of that id": ("1,-2,0,3", "1,-9,0,3", "R405"),
    "a line twice": ("\n2\n1099000000", "\n1\n1099000000", "R405"),
    "more points than said": (
        "\n11\n3\n461500,4404000\n461600",
        "\n11\n2\n461500,4404000\n461600",
        "R405",
    ),
    "a billion points": ("\n11\n5\n", "\n11\n999999999\n", "R405"),
    "no number": ("461540,4404040", "461540,nan", "R405"),
    "a block without an end": ("LineEnd\n", "", "R405"),
    "a block twice": ("AttributeBegin", "LineBegin\nLineEnd\nAttributeBegin", "R405"),
    "an arc": ("\n11\n5\n", "\n12\n5\n", "R405"),
    "an unknown code": ("7\n2001010100\n0\n100", "7\n2001010199\n0\n100", "R405"),
    "too few cells": ("000001,0601,9600.00", "000001,0601", "R405"),
    "no table of that name": ("AttributeBegin\nDLTB", "AttributeBegin\nXZQ", "R405"),
    "a mark of another kind": ("LANDUSE-VCT", "SOMETHING", "R405"),
    "the first version": ("Version:3.0", "Version:1.0", "R405"),
    "lines outside of blocks": ("HeadBegin", "hello\nHeadBegin", "R405"),
}


@pytest.mark.parametrize("way", BROKEN)
def test_what_is_damaged_is_refused_in_a_sentence_with_its_line(tmp_path, way):
    before, after, rule = BROKEN[way]
    text = HEAD.format(mark="LANDUSE-VCT", version="3.0") + LINES
    text += POLYGONS.format(ids=IDS["noughts do not count"]) + ROWS
    assert before in text
    path = tmp_path / "a.vct"
    path.write_text(text.replace(before, after, 1), encoding="gb18030")
    (report,) = examine(path)
    assert report.refusal is not None
    assert report.refusal.rule == rule


def test_lines_that_do_not_join_cost_their_polygon_and_no_other(tmp_path):
    text = HEAD.format(mark="LANDUSE-VCT", version="3.0") + LINES
    second = "8\n2001010100\n0\n100\n461510,4404010\n21\n1\n3\n0\nPolygonEnd"
    text += POLYGONS.format(ids="2\n1,2").replace("PolygonEnd", second)
    text += ROWS.replace("TableEnd", "8,110115211000000002,0601,400.00\nTableEnd")
    path = tmp_path / "a.vct"
    path.write_text(text, encoding="gb18030")
    (report,) = examine(path)
    (layer,) = report.layers
    assert layer.refused[["feature", "rule"]].to_numpy().tolist() == [
        ["110115211000000001", "R553"]
    ]
    assert layer.used_values["id"].tolist() == ["110115211000000002"]


def test_rows_without_a_shape_and_shapes_without_a_row_are_counted(tmp_path):
    text = HEAD.format(mark="LANDUSE-VCT", version="3.0") + LINES
    text += POLYGONS.format(ids=IDS["noughts do not count"])
    text += ROWS.replace("\n7,", "\n8,")
    path = tmp_path / "a.vct"
    path.write_text(text, encoding="gb18030")
    (report,) = examine(path)
    (layer,) = report.layers
    assert layer.log.counts["in"] == layer.log.counts["refused"] == 2


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_the_text_it_is_read_or_refused(data):
    text = HEAD.format(mark="LANDUSE-VCT", version="3.0") + LINES
    text += POLYGONS.format(ids=IDS["noughts count"]) + ROWS
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.text(alphabet="0123456789,.-+eE\nB地x", max_size=4))
    changed = text[:place] + other + text[place + data.draw(st.integers(0, 30)) :]
    try:
        drawn = read_vct(changed)
    except Refusal as problem:
        answer = problem.rule
    else:
        answer = "R405" if isinstance(drawn.tables, list) else ""
    assert answer == "R405"

"""Ways by road and in a straight line: by hand on a grid, against Dijkstra written out, and laws."""

from __future__ import annotations

import heapq
import json
import shutil
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from geopandas import GeoSeries
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from shapely import LineString, Point, box

from zgcgis import geo, open_zone
from zgcgis.accounts import access, nearest_stations
from zgcgis.accounts.access import ROADS, road_class
from zgcgis.cli import cli
from zgcgis.language.errors import LayerError, UnknownNameError
from zgcgis.planning import admit, read_project

CENTER = (116.9, 39.2)
PLANE = geo.plane(CENTER)
SAMPLE = open_zone("sample").folder


def ground(shapes):
    return GeoSeries(list(shapes), crs=PLANE)


def network(lines, places, **more):
    return geo.make_network(ground(lines), ground(places), center=CENTER, **{"kmh": 4.0} | more)


def metres(net, source=0, by="length_m"):
    return net.ways([source], by=by)[0][net.place_node]


# --- by hand ----------------------------------------------------------------------------------------


def test_a_grid_by_hand():
    """Streets every 100 m: 30 m to the road, 250 along it, 200 up, 20 off it again."""
    streets = [LineString([(0, y), (400, y)]) for y in (0, 100, 200)]
    streets += [LineString([(x, 0), (x, 200)]) for x in (0, 100, 200, 300, 400)]
    net = network(streets, [Point(50, -30), Point(300, 220), Point(50, 40)])
    assert metres(net) == pytest.approx([0, 30 + 250 + 200 + 20, 30 + 40], abs=1e-6)
    assert metres(net, by="minutes") == pytest.approx(metres(net) / (4000 / 60))
    assert (net.crossings, net.bridges, net.gaps, net.pieces) == (
        11,
        0,
        0,
        1,
    )  # the corners have a vertex of both


def test_time_takes_the_fast_road_and_distance_the_short_one():
    lines = [
        LineString([(0, 0), (1000, 0)]),
        LineString([(0, 0), (0, 300), (1000, 300), (1000, 0)]),
    ]
    net = network(lines, [Point(0, 0), Point(1000, 0)], kmh=[10.0, 60.0])
    assert metres(net)[1] == pytest.approx(1000)
    assert metres(net, by="minutes")[1] == pytest.approx(1.6)  # 1.6 km at 60, not 1 km at 10


def test_roads_meet_where_they_should():
    cross = [LineString([(0, 0), (200, 0)]), LineString([(100, -100), (100, 100)])]
    ends = [Point(0, 0), Point(100, 100)]
    assert metres(network(cross, ends))[1] == pytest.approx(200)
    over = network(cross, ends, apart=[True, False])
    assert not np.isfinite(metres(over)[1])
    assert (over.bridges, over.pieces) == (1, 2)
    touching = [cross[0], LineString([(100, 0), (100, 100)])]  # ends on it: joined, motorway or not
    assert metres(network(touching, ends, apart=[True, False]))[1] == pytest.approx(200)
    gap = [cross[0], LineString([(100, 0.6), (100, 100)])]
    near = network(gap, ends)
    assert near.gaps == 1
    assert metres(near)[1] == pytest.approx(200)
    assert network(gap, ends, join_m=0.5).pieces == 2
    inner = [cross[0], LineString([(50, 80), (100, 0), (150, 80)])]  # a vertex upon the other road
    assert metres(network(inner, [Point(0, 0), Point(50, 80)]))[1] == pytest.approx(
        100 + np.hypot(50, 80)
    )


def test_a_place_is_joined_to_its_road_within_the_limit():
    road = [LineString([(0, 0), (500, 0)])]
    net = network(road, [Point(0, 0), Point(250, 120), Point(250, 130)], snap_m=125.0)
    assert metres(net)[1] == pytest.approx(370)
    assert np.isnan(net.leg_m[2])
    assert not np.isfinite(metres(net)[2])


def test_an_isochrone_by_hand():
    """5 minutes are 333.3 m on foot: along one road from its end, a triangle closed by a disc."""
    net = network([LineString([(0, 0), (2000, 0)])], [Point(0, 0)], snap_m=300.0)
    reached = net.reached(net.ways([0], by="minutes")[0], 5.0).iloc[0]
    far = 5 * 4000 / 60
    assert reached.bounds[2] == pytest.approx(far, abs=0.5)
    assert reached.bounds[3] == pytest.approx(300, rel=0.01)  # not farther off the road than 300 m
    assert reached.contains(Point(100, 250))  # 269 m from the start
    assert not reached.contains(Point(100, 285))  # 302 m, and from (100, 0) there are 233 m left
    assert not reached.contains(Point(320, 120))  # 342 m


# --- by another route, and laws ---------------------------------------------------------------------


def written_out(edges, lengths, start):
    """Dijkstra as the books have it, with a heap."""
    beside = {}
    for (a, b), much in zip(edges.tolist(), lengths.tolist(), strict=True):
        beside.setdefault(a, []).append((b, much))
        beside.setdefault(b, []).append((a, much))
    best, heap = {}, [(0.0, start)]
    while heap:
        far, node = heapq.heappop(heap)
        if node in best:
            continue
        best[node] = far
        for other, much in beside.get(node, ()):
            if other not in best:
                heapq.heappush(heap, (far + much, other))
    return best


coordinate = st.integers(0, 40).map(lambda k: 25.0 * k)
point = st.tuples(coordinate, coordinate)
line = st.lists(point, min_size=2, max_size=5, unique=True).map(LineString)


@given(st.lists(line, min_size=1, max_size=8), st.lists(point, min_size=2, max_size=6))
@settings(max_examples=40, deadline=None)
def test_laws_of_ways(lines, spots):
    """As Dijkstra written out; never shorter than the straight line; as long there as back."""
    places = [Point(x + 3.0, y + 4.0) for x, y in spots]
    net = network(lines, places, snap_m=200.0)
    found, source = net.ways([0])
    if np.isfinite(net.leg_m[0]):
        known = written_out(net.edges, net.length_m, int(net.place_node[0]))
        assert found[sorted(known)] == pytest.approx([known[k] for k in sorted(known)], abs=1e-6)
        assert np.isfinite(found).sum() == len(known)
    straight = np.array([places[0].distance(one) for one in places])
    way = found[net.place_node]
    assert (way >= straight - 1e-6).all()
    for k in range(1, len(places)):
        assert net.ways([k])[0][net.place_node[0]] == pytest.approx(way[k], abs=1e-6)
    assert set(source[np.isfinite(found)]) <= {0}


@given(st.lists(line, min_size=1, max_size=6), st.lists(point, min_size=2, max_size=5))
@settings(max_examples=25, deadline=None)
def test_isochrones_are_nested_and_hold_what_is_reached(lines, spots):
    places = [Point(x + 3.0, y + 4.0) for x, y in spots]
    net = network(lines, places, snap_m=200.0)
    minutes = net.ways([0], by="minutes")[0]
    bands = [net.reached(minutes, limit).iloc[0] for limit in (2.0, 5.0, 9.0)]
    for small, large in pairwise(bands):
        assert small.difference(large.buffer(0.01)).area < 1e-3
    for k, place in enumerate(places):
        for limit, band in zip((2.0, 5.0, 9.0), bands, strict=True):
            if minutes[net.place_node[k]] <= limit:  # a disc of 24 corners is 1 % narrower
                assert band.distance(place) <= 0.01 * 200 + 0.01


# --- a zone -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def zone():
    return open_zone("sample")


@pytest.fixture(scope="module")
def walked(zone):
    return access(zone, 2023)


def test_every_distance_says_what_it_stands_on(walked):
    assert walked.method == "network"
    assert set(walked.ways["method"]) == {"network"}
    assert (walked.ways["network_m"] >= walked.ways["straight_m"] - 1e-6).all()
    assert (walked.parks["network_m"] >= walked.parks["straight_m"] - 1e-6).all()
    assert walked.ways["minutes"].to_numpy() == pytest.approx(
        walked.ways["network_m"] / (4000 / 60)
    )


def test_means_and_shares_are_those_of_the_ground(zone, walked):
    ways = walked.ways[walked.ways["kind"] == "transit"].merge(walked.features, on=["id", "park"])
    outlines = zone.layer("park").set_index("id").geometry.to_crs(PLANE)
    band = walked.isochrones.set_index(["kind", "minutes"]).geometry.to_crs(PLANE)
    for row in walked.parks[walked.parks["kind"] == "transit"].itertuples():
        mine = ways[ways["park"] == row.park]
        assert row.mean_m == pytest.approx(np.average(mine["distance_m"], weights=mine["area_m2"]))
        share = (
            outlines[row.park].intersection(band["transit", 10.0]).area / outlines[row.park].area
        )
        assert row.within_10_pct == pytest.approx(100 * share, abs=1e-3)


def test_by_car_the_layer_says_the_speed_before_our_assumption(zone, tmp_path):
    folder = shutil.copytree(zone.folder, tmp_path / "z")
    roads = gpd.read_file(folder / "layers/road.geojson")
    roads["speed_kmh"] = 10.0
    roads.loc[roads["kind"] == "主干路", "speed_kmh"] = np.nan
    roads.to_file(folder / "layers/road.geojson", driver="GeoJSON")
    slow, fast = (
        access(open_zone(one), 2023, mode="drive", minutes=(2.0,)) for one in (folder, zone.folder)
    )
    assert set(slow.speeds["kmh"]) == {10.0, ROADS["arterial"].kmh}
    assert (slow.ways["minutes"] >= fast.ways["minutes"] - 1e-9).all()
    assert slow.ways["network_m"].to_numpy() == pytest.approx(fast.ways["network_m"].to_numpy())
    assert any("假定" in one.zh for one in fast.remarks)


def test_without_roads_it_is_a_straight_line_and_said(zone, tmp_path):
    folder = shutil.copytree(zone.folder, tmp_path / "z")
    (folder / "layers/road.geojson").unlink()
    bare = open_zone(folder)
    found = access(bare, 2023)
    assert found.method == "straight"
    assert set(found.ways["method"]) == {"straight"}
    assert any("道路中心线" in one.zh for one in found.remarks)
    disc = found.isochrones.set_index(["kind", "minutes"])["area_m2"]["transit", 5.0]
    apart = 4 * np.pi * (5 * 4000 / 60) ** 2
    assert disc == pytest.approx(apart, rel=0.02)  # four stations far apart; 24 corners
    with pytest.raises(LayerError, match="road"):
        access(bare, 2023, method="network")
    assert set(nearest_stations(bare, 2023)["method"]) == {"straight"}
    ranked = admit(bare, read_project(SAMPLE / "projects/admitted.toml")).parks
    assert set(ranked["access_by"]) == {"straight"}
    assert ranked["zh"].str.contains("直线").all()


def test_where_no_road_leads_a_straight_line_stands_in_and_is_counted(zone, tmp_path):
    folder = shutil.copytree(zone.folder, tmp_path / "z")
    park = zone.layer("park").set_index("id").geometry["southterrace"]
    roads = gpd.read_file(folder / "layers/road.geojson")
    roads[~roads.intersects(park)].to_file(folder / "layers/road.geojson", driver="GeoJSON")
    for name in ("service",):
        (folder / f"layers/{name}.geojson").unlink()
    found = access(open_zone(folder), 2023, level="block")
    said = found.parks.set_index("park")
    assert said["method"].to_dict() == {
        one: "straight" if one == "southterrace" else "network" for one in said.index
    }
    assert said["by_network_pct"]["southterrace"] == 0
    lone = found.ways[found.ways["method"] == "straight"]
    assert len(lone)
    assert any(f"{lone['id'].nunique()} 个图形" in one.zh for one in found.remarks)
    assert any("公共服务设施" in one.zh for one in found.remarks)


def test_admit_and_allocate_say_which(zone):
    ranked = admit(zone, read_project(SAMPLE / "projects/admitted.toml")).parks
    near = nearest_stations(zone, 2023)
    assert ranked.set_index("park")["access_m"].to_dict() == near["distance_m"].to_dict()
    assert set(ranked["access_by"]) == {"network"}
    assert ranked["zh"].str.contains("（路网）").all()
    assert ranked["en"].str.contains("by road").all()


def test_what_is_asked_wrongly_is_refused(zone):
    for more in ({"mode": "fly"}, {"method": "crow"}, {"level": "parcels"}):
        with pytest.raises(UnknownNameError):
            access(zone, 2023, **more)
    assert CliRunner().invoke(cli, ["access", "sample", "--minutes", "5,x"]).exit_code == 2
    assert road_class("road_motorway") == "motorway"
    assert road_class(None) == road_class("?") == "other"


def test_nothing_to_go_to_is_said_in_lines(tmp_path):
    answer = CliRunner().invoke(cli, ["access", "zgc", "-o", str(tmp_path / "o")])
    assert answer.exit_code == 0, answer.output
    for level in ("轨道站点", "公共服务设施", "道路中心线"):
        assert level in answer.output
    made = {one.name for one in (tmp_path / "o").iterdir()}
    assert made == {"access.json", "access.csv", "ways.csv", "access.xlsx", "access.html"}
    assert "没有轨道站点" in (tmp_path / "o/access.html").read_text(encoding="utf-8")


def test_what_the_command_writes(tmp_path):
    answer = CliRunner().invoke(
        cli, ["access", "sample", "--minutes", "4,8", "-o", str(tmp_path / "o")]
    )
    assert answer.exit_code == 0, answer.output
    place = tmp_path / "o"
    data = json.loads((place / "access.json").read_text(encoding="utf-8"))
    assert data["method"] == "network"
    assert data["limits_minutes"] == [4, 8]
    assert len(data["parks"]) == 6 * 4
    book = load_workbook(place / "access.xlsx")
    assert book.sheetnames == ["分园区", "逐个图形", "设施", "车速", "说明"]
    heads = [cell.value for cell in book["分园区"][1]]
    assert {"直线距离（m）", "算法", "4 分钟内（%）"} <= set(heads)
    sheet = book["逐个图形"]
    assert (sheet.max_row, sheet.max_column) == (1 + 538, 2 + 3 * 4)
    ways = pd.read_csv(place / "ways.csv")
    for kind, some in ways.groupby("设施"):
        (at,) = [c.column for c in sheet[1] if c.value == f"{kind}（m）"]
        across = {sheet.cell(r, 1).value: sheet.cell(r, at).value for r in range(2, 540)}
        assert across == dict(zip(some["宗地"], some["距离（m）"], strict=True))
    bands = gpd.read_file(place / "isochrones.gpkg", layer="isochrones")
    assert len(bands) == 8
    assert bands.geometry.is_valid.all()
    assert len((place / "ways.csv").read_text(encoding="utf-8-sig").splitlines()) == 1 + 538 * 4
    page = (place / "access.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert "http" not in page.replace("http://www.w3.org", "").replace("http-equiv", "")


def test_a_park_touched_at_its_rim_alone(tmp_path):
    """A park with one road through it: its way is from that road, not from its middle."""
    net = network([LineString([(0, 0), (900, 0)])], [Point(900, 50), Point(100, 20)])
    inside = shapely.contains_xy(box(0, -50, 300, 50), net.nodes[:, 0], net.nodes[:, 1])
    assert net.ways([0])[0][inside].min() <= 600 + 50 + 60


@pytest.mark.parametrize("off_m", [0.0, 1e-9, 1e-6, 5e-4, 0.01, 0.9])
@pytest.mark.parametrize("angle", [0.0, 0.3, 1.1, 2.0])
def test_a_road_that_ends_on_another_is_joined_to_it_whether_they_share_a_vertex_or_not(
    off_m, angle
):
    """Left by the projection a hair beside the line, or drawn so: the way leads on."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    place = np.array([5e5, 4.4e6])

    def line(*points):
        return LineString(np.array(points, float) @ turn + place)

    roads = GeoSeries([line((0, 0), (900, 0)), line((600, off_m), (600, 400))], crs=4548)
    ends = [Point(np.array([0.0, 0.0]) @ turn + place), Point(np.array([600, 400]) @ turn + place)]
    net = geo.make_network(roads, GeoSeries(ends, crs=4548), kmh=4.0)
    metres, _ = net.ways([1])
    assert metres[net.place_node[0]] == pytest.approx(1000, abs=1.5)
    assert net.pieces == 1
    assert net.gaps == (off_m > 1e-3)

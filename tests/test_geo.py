"""Areas, lengths and overlays: by hand, against other routes, and laws on random ground."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.affinity
from geopandas import GeoDataFrame, GeoSeries
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely import MultiPolygon, Point, Polygon, box

from tests.benchmarks import fabric
from tests.kernel import pair_areas
from zgcgis import geo
from zgcgis.geo import overlay
from zgcgis.language.errors import CrsError, UnknownNameError

FULL = os.environ.get("ZGCGIS_FULL") == "1"
GRS80, KRASOVSKY = Geod(ellps="GRS80"), Geod(ellps="krass")
BEIJING = (116.3, 39.9)
A = 6_378_137.0
E2 = (2 - 1 / 298.257222101) / 298.257222101


def series(*shapes, crs="EPSG:4490"):
    return GeoSeries(list(shapes), crs=crs)


def metres(*shapes, center=BEIJING):
    """Shapes in metres of the plane."""
    return series(*shapes, crs=geo.plane(center))


def cell_m2(west, south, east, north):
    """Area of a cell of longitude and latitude, in closed form."""
    e = np.sqrt(E2)

    def zone(latitude):
        s = np.sin(np.radians(latitude))
        return s / (1 - E2 * s * s) + np.arctanh(e * s) / e

    b2 = A**2 * (1 - E2)
    return b2 / 2 * np.radians(east - west) * (zone(north) - zone(south))


def printed_formula_m2(west, south, east, north):
    """The same cell by the series printed in the rule of the national land survey of 2008."""
    e4, e6, e8, e10 = E2**2, E2**3, E2**4, E2**5
    b2 = A**2 * (1 - E2)
    ka = 1 + 3 / 6 * E2 + 30 / 80 * e4 + 35 / 112 * e6 + 630 / 2304 * e8 + 693 / 2816 * e10
    kb = 1 / 6 * E2 + 15 / 80 * e4 + 21 / 112 * e6 + 420 / 2304 * e8 + 495 / 2816 * e10
    kc = 3 / 80 * e4 + 7 / 112 * e6 + 180 / 2304 * e8 + 1155 / 14080 * e10
    kd = 1 / 112 * e6 + 45 / 2304 * e8 + 385 / 14080 * e10
    ke = 5 / 2304 * e8 + 77 / 14080 * e10
    half, middle = np.radians(north - south) / 2, np.radians(north + south) / 2
    terms = [
        (-1) ** k * c * np.sin((2 * k + 1) * half) * np.cos((2 * k + 1) * middle)
        for k, c in enumerate((ka, kb, kc, kd, ke))
    ]
    return 2 * b2 * np.radians(east - west) * sum(terms)


# --- areas -------------------------------------------------------------------------------


@pytest.mark.parametrize("south", [20, 31, 39.9, 50])
@pytest.mark.parametrize("size", [0.001, 0.05, 1.0])
def test_the_trapezoid_is_the_closed_form_and_the_printed_formula(south, size):
    corners = (116.3, south, 116.3 + size, south + size)
    found = geo.area_m2(series(box(*corners)), method="trapezoid").item()
    assert found == pytest.approx(printed_formula_m2(*corners), rel=5e-11)
    assert found == pytest.approx(cell_m2(*corners), rel=1e-9)


def test_confusing_the_two_eccentricities_would_be_seen():
    corners = (116.3, 39.9, 116.31, 39.91)
    second = E2 / (1 - E2)
    wrong = cell_m2(*corners) * ((1 - E2) / (1 - second))
    assert wrong / printed_formula_m2(*corners) - 1 == pytest.approx(4.5e-5, rel=0.2)


def test_beijing_is_in_the_belt_of_117():
    assert geo.gauss_kruger(116.3).to_epsg() == 4548
    assert geo.gauss_kruger(115.6).to_epsg() == 4548
    assert geo.gauss_kruger(115.4).to_epsg() == 4547
    assert geo.gauss_kruger(121.5).to_epsg() == 4550
    with pytest.raises(CrsError, match=r"73\.5"):
        geo.gauss_kruger(10)


def test_plane_area_is_larger_by_the_known_ppm():
    here = series(box(116.40, 39.9, 116.401, 39.9007))
    ratio = geo.area_m2(here, method="gauss_kruger") / geo.area_m2(here) - 1
    assert ratio.item() * 1e6 == pytest.approx(65, abs=3)


def test_each_feature_is_measured_in_its_own_belt():
    two = series(box(121.49, 31, 121.499, 31.01), box(121.501, 31, 121.51, 31.01))
    own = geo.area_m2(two, method="gauss_kruger")
    for k, epsg in ((0, 4549), (1, 4550)):
        assert own[k] == pytest.approx(two.to_crs(epsg).area[k], rel=1e-12)
    one = geo.area_m2(two, method="gauss_kruger", center=(121.6, 31))
    assert one[0] == pytest.approx(two.to_crs(4550).area[0], rel=1e-12)


def test_an_unknown_method_is_answered_with_the_list():
    with pytest.raises(UnknownNameError, match="trapezoid"):
        geo.area_m2(series(box(0, 0, 1, 1)), method="mercator")


def test_geometry_without_a_crs_is_refused():
    with pytest.raises(CrsError, match="--crs"):
        geo.area_m2(GeoSeries([box(0, 0, 1, 1)]))


def test_metres_said_to_be_degrees_are_refused():
    with pytest.raises(CrsError, match="4490"):
        geo.area_m2(series(box(4e5, 4e6, 4.1e5, 4.1e6)), center=BEIJING)


@pytest.mark.parametrize("method", geo.AREA_METHODS)
def test_nothing_missing_and_not_a_polygon(method):
    odd = series(box(116, 39, 116.01, 39.01), None, Polygon(), Point(116, 39))
    found = geo.area_m2(odd, method=method)
    assert found[0] > 0
    assert np.isnan(found[1])
    assert found.tolist()[2:] == [0, 0]


@pytest.mark.parametrize("method", geo.AREA_METHODS)
def test_holes_parts_and_winding(method):
    whole, hole = box(116, 39, 116.02, 39.02), box(116.005, 39.005, 116.01, 39.01)
    ring = Polygon(whole.exterior.coords, [hole.exterior.coords])
    turned = Polygon(whole.exterior.coords[::-1], [hole.exterior.coords[::-1]])
    away = box(116.1, 39, 116.11, 39.01)
    area = geo.area_m2(
        series(whole, hole, ring, turned, away, MultiPolygon([turned, away])), method=method
    )
    assert area[2] == pytest.approx(area[0] - area[1], rel=1e-9)
    assert area[3] == pytest.approx(area[2], rel=1e-12)
    assert area[5] == pytest.approx(area[2] + area[4], rel=1e-12)


def random_polygons(count, rng):
    """Polygons of 10 m to 100 km in a zone at 20-50 N, with holes and parts, both windings."""
    shapes = []
    zone = rng.uniform([75, 20], [134, 50])
    for k in range(count):
        middle = zone + rng.uniform(-0.5, 0.5, 2)
        size = 10 ** rng.uniform(1, 5)

        def star(at, radius):
            n = int(rng.integers(3, 9))
            angle = np.sort(rng.uniform(0, 2 * np.pi, n))
            away = radius * rng.uniform(0.35, 1, n)
            north = away * np.sin(angle) / 111_000
            east = away * np.cos(angle) / (111_000 * np.cos(np.radians(at[1])))
            points = np.stack([at[0] + east, at[1] + north], -1)
            return points[:: rng.choice([-1, 1])]

        shell = star(middle, size)
        polygon = Polygon(shell)
        if not polygon.is_valid or polygon.area < 0.02 * (size / 111_000) ** 2:
            legs = np.array([[0, 0], [size / 1e5, 0], [0, size / 1e5]])
            polygon = Polygon(middle + legs)
            shell = np.asarray(polygon.exterior.coords)
        if k % 3 == 0:  # a hole like the shell, a third of its size
            c = np.asarray(polygon.representative_point().coords[0])
            hole = c + (np.asarray(shell) - c) * 0.2
            if polygon.contains(Polygon(hole)):
                polygon = Polygon(shell, [hole[:: rng.choice([-1, 1])]])
        if k % 5 == 0:  # a part beside it
            moved = shapely.affinity.translate(polygon, 3 * size / 80_000)
            polygon = MultiPolygon([polygon, moved])
        shapes.append(polygon)
    return GeoSeries(shapes, crs="EPSG:4490")


def test_three_routes_to_the_area_agree_to_a_tenth_of_a_ppm():
    """Plane, trapezoid and oriented geodesic on densified edges: 1 in 100 of the full count."""
    count = 100_000 if FULL else 1_000
    rng = np.random.default_rng(20261122)
    worst, rounding = 0.0, 0.0
    for _ in range(count // 100):  # each hundred in a zone of its own
        some = random_polygons(100, rng)
        size = np.sqrt(geo.area_m2(some).to_numpy())
        step = 0.7 * np.sqrt(size) / 111_000  # what "straight" means then differs by < 0.1 ppm
        fine = GeoSeries(shapely.segmentize(some.to_numpy(), step), crs=some.crs)
        plane = geo.area_m2(fine).to_numpy()
        trapezoid = geo.area_m2(fine, method="trapezoid").to_numpy()
        right = shapely.orient_polygons(fine.to_numpy())
        geodesic = np.array([GRS80.geometry_area_perimeter(g)[0] for g in right])
        worst = max(worst, np.abs(plane / trapezoid - 1).max())
        off = np.abs(plane - geodesic)
        rounding = max(rounding, (off - 1e-7 * plane).max())
    assert worst < 1e-7
    assert rounding < 2e-3  # m2: the geodesic sums terms of a whole hemisphere


WRONG = {
    "EPSG:3857": lambda g: g.to_crs(3857).area,
    "degrees": lambda g: shapely.area(g.to_numpy()) * 111_320**2,
    "UTM 50N": lambda g: g.to_crs(32650).area,
    "4547": lambda g: g.to_crs(4547).area,
    "4548": lambda g: g.to_crs(4548).area,
    "4549": lambda g: g.to_crs(4549).area,
    "Krasovsky": lambda g: [abs(KRASOVSKY.geometry_area_perimeter(x)[0]) for x in g],
}


def wrong_ways():
    """Error in ppm of each wrong way, for three outlines of a park in Beijing."""
    shapes = series(
        box(116.400, 39.900, 116.4009, 39.9005),
        box(116.30, 39.98, 116.3234, 39.9935),
        box(117.40, 40.10, 117.4234, 40.118),
    )
    right = geo.area_m2(shapes)
    rows = {
        name: [round((area / r - 1) * 1e6) for area, r in zip(way(shapes), right, strict=True)]
        for name, way in WRONG.items()
    }
    return pd.DataFrame(
        rows, index=["80 x 55 m, 116.40 E", "2 x 1.5 km, 116.30 E", "2 x 2 km, 117.40 E"]
    ).T


def test_the_table_of_wrong_ways_in_the_documentation_is_right():
    text = (Path(__file__).parents[1] / "docs" / "areas.md").read_text(encoding="utf-8")
    text = text[text.index("| way |") :].split("\n\n")[0]
    rows = [line.strip("| ").split("|") for line in text.splitlines() if line.startswith("| `")]
    printed = {r[0].strip(" `"): [int(c.replace(" ", "")) for c in r[1:4]] for r in rows}
    computed = {name: list(row) for name, row in wrong_ways().iterrows()}
    assert printed == computed


# --- lengths and distances ---------------------------------------------------------------


def test_lengths_are_right_to_40_ppm_near_the_centre():
    ends = [(116.3, 39.9), (116.5, 40.05)]
    line = series(shapely.LineString(ends))
    geodesic = GRS80.inv(*ends[0], *ends[1])[2]
    assert geo.length_m(line, center=BEIJING).item() == pytest.approx(geodesic, rel=4e-5)
    apart = geo.distance_m(series(Point(ends[0])), Point(ends[1]), center=BEIJING)
    assert apart.item() == pytest.approx(geodesic, rel=4e-5)


def test_width():
    assert geo.width_m(metres(box(0, 0, 60, 0.5))).item() == pytest.approx(0.5, rel=0.01)


def test_nearest_has_a_label_and_a_distance():
    stops = metres(Point(0, 0), Point(1000, 0)).set_axis(["a", "b"])
    here = metres(Point(300, 400), Point(1003, 4), None)
    found = geo.nearest_m(here, stops)
    assert found["other"].tolist()[:2] == ["a", "b"]
    assert found["distance_m"].tolist()[:2] == pytest.approx([500, 5])
    assert np.isnan(found["distance_m"][2])
    i, j, gap = geo.pairs_within_m(here[:2], stops, 700)
    assert list(zip(i, j, strict=True)) == [(0, 0), (1, 1)]
    assert gap == pytest.approx([500, 5])


def test_a_layer_in_the_plane_stays_and_comes_back():
    flat = metres(box(1000, 1000, 1100, 1200))
    assert geo.to_plane(flat) is flat
    assert geo.is_plane(flat.crs)
    assert geo.center_of(flat) == BEIJING
    again = geo.to_plane(geo.to_lonlat(flat), BEIJING)
    assert shapely.hausdorff_distance(again.iloc[0], flat.iloc[0]) < 2e-3


# --- clipped areas -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def city():
    return fabric.make(30_000 if FULL else 3_000)


def by_overlay(left, right):
    left = GeoDataFrame({"i": range(len(left))}, geometry=np.asarray(left), crs=left.crs)
    right = GeoDataFrame({"j": range(len(right))}, geometry=np.asarray(right), crs=right.crs)
    both = gpd.overlay(left, right, keep_geom_type=True)
    return both.area.groupby([both["i"], both["j"]]).sum()


def as_series(found):
    i, j, area = found
    index = pd.MultiIndex.from_arrays([i, j], names=["i", "j"])
    return pd.Series(area, index)


@pytest.mark.parametrize(
    ("big", "small"), [("parks", "parcels"), ("parks", "buildings"), ("parcels", "buildings")]
)
def test_clipped_areas_are_those_of_overlay(city, big, small):
    ours = as_series(geo.clipped_areas(city[big].geometry, city[small].geometry))
    theirs = by_overlay(city[big].geometry, city[small].geometry)
    theirs = theirs[theirs > 1e-6]
    assert set(ours.index) == set(theirs.index)
    assert ours.to_numpy() == pytest.approx(theirs.reindex(ours.index).to_numpy(), rel=1e-9)


@pytest.mark.parametrize(("big", "small"), [("parks", "parcels"), ("parcels", "buildings")])
def test_clipped_areas_are_those_of_an_independent_kernel(city, big, small):
    """No topology: edges of one polygon against edges of the other, summed in numpy."""
    bigs, smalls = np.asarray(city[big].geometry), np.asarray(city[small].geometry)
    i, j, area = geo.clipped_areas(city[big].geometry, city[small].geometry)
    assert np.all(np.diff(i) >= 0)
    cut = np.flatnonzero(area < 0.999999 * shapely.area(smalls)[j])
    some = np.r_[cut, np.arange(0, len(i), 7)][: 20_000 if FULL else 2_000]
    kernel = pair_areas(bigs, smalls, i[some], j[some])
    assert area[some] == pytest.approx(kernel, rel=1e-9, abs=1e-6)


def test_nothing_depends_on_threads_order_or_preparation(city):
    big, small = city["parcels"].geometry, city["buildings"].geometry
    one = as_series(geo.clipped_areas(big, small, threads=1))
    two = as_series(geo.clipped_areas(big, small, threads=2))
    pd.testing.assert_series_equal(one, two)
    shapely.prepare(np.asarray(big))
    pd.testing.assert_series_equal(one, as_series(geo.clipped_areas(big, small, threads=2)))
    shapely.destroy_prepared(np.asarray(big))
    turn = np.random.default_rng(3).permutation(len(small))
    i, j, area = geo.clipped_areas(big, small.iloc[turn])
    again = pd.Series(area, pd.MultiIndex.from_arrays([i, turn[j]], names=["i", "j"])).sort_index()
    np.testing.assert_allclose(again.to_numpy(), one.sort_index().to_numpy(), rtol=1e-12)


def test_many_threads_over_the_same_parks_do_not_crash(city):
    park, parcel = city["parks"].geometry, city["parcels"].geometry
    want = geo.clipped_areas(park, parcel, threads=1)[2].sum()
    with ThreadPoolExecutor(4) as pool:
        sums = pool.map(lambda _: geo.clipped_areas(park, parcel, threads=2)[2].sum(), range(12))
    assert set(sums) == {want}


def test_swapping_sides_swaps_the_answer(city):
    park, parcel = city["parks"].geometry, city["parcels"].geometry
    one = as_series(geo.clipped_areas(park, parcel))
    other = as_series(geo.clipped_areas(parcel, park)).swaplevel().sort_index()
    np.testing.assert_allclose(other.to_numpy(), one.sort_index().to_numpy(), rtol=1e-9)


def test_nothing_against_nothing():
    none = metres()
    for pair in ((none, none), (none, metres(box(0, 0, 1, 1))), (metres(box(0, 0, 1, 1)), none)):
        assert [len(part) for part in geo.clipped_areas(*pair, center=BEIJING)] == [0, 0, 0]
    gone = metres(None, Polygon(), box(0, 0, 10, 10))
    i, j, area = geo.clipped_areas(gone, gone)
    assert (i.tolist(), j.tolist(), area.tolist()) == ([2], [2], [100.0])


squares = st.builds(
    lambda x, y, w, h, r: shapely.affinity.rotate(box(x, y, x + w, y + h), r, origin=(0, 0)),
    *[st.floats(-50, 50)] * 2,
    *[st.floats(1, 80)] * 2,
    st.floats(0, 90),
)


@settings(max_examples=2_000 if FULL else 100, deadline=None, derandomize=True)
@given(st.lists(squares, min_size=1, max_size=5), squares)
def test_cut_and_left_over_are_the_whole(bigs, small):
    cover = metres(shapely.union_all(bigs))
    (_, _, inside), whole = geo.clipped_areas(cover, metres(small)), small.area
    left = geo.gaps(cover, metres(small), min_area_m2=0.0, widths=False)["area_m2"].sum()
    assert inside.sum() + left == pytest.approx(whole, rel=1e-9, abs=1e-5)


# --- overlaps, gaps, outside -------------------------------------------------------------


def test_overlaps_are_those_of_overlay(city):
    parcels = city["parcels"]
    found = geo.overlaps(parcels, min_area_m2=1.0, widths=False, threads=2)
    theirs = by_overlay(parcels.geometry, parcels.geometry)
    theirs = theirs[
        (theirs > 1) & (theirs.index.get_level_values(0) < theirs.index.get_level_values(1))
    ]
    ours = found.set_index(["a", "b"])["area_m2"].sort_index()
    label = parcels["id"].to_numpy() if "id" in parcels else parcels.index.to_numpy()
    want = {(label[i], label[j]): v for (i, j), v in theirs.items()}
    assert len(want) > 10
    assert set(ours.index) == set(want)
    assert ours.to_numpy() == pytest.approx([want[k] for k in ours.index], rel=1e-9)


def test_gaps_are_what_the_union_leaves(city):
    parcels, parks = city["parcels"], city["parks"]
    ours = geo.gaps(parcels, parks, min_area_m2=0.0, widths=False)["area_m2"].sum()
    union = shapely.union_all(np.asarray(parcels.geometry))
    left = shapely.area(shapely.difference(np.asarray(parks.geometry), union)).sum()
    assert ours == pytest.approx(left, rel=1e-9)
    pieces = as_series(geo.clipped_areas(parks.geometry, parcels.geometry)).sum()
    twice = geo.overlaps(parcels, min_area_m2=0.0, widths=False)
    inside = as_series(geo.clipped_areas(parks.geometry, twice.geometry)).sum()
    assert parks.area.sum() - pieces + inside == pytest.approx(left, rel=1e-6)


@settings(max_examples=500 if FULL else 60, deadline=None, derandomize=True)
@given(st.lists(squares, min_size=2, max_size=9), st.floats(1e-3, 60.0))
def test_what_areas_tell_without_a_union_changes_no_gap(holes, least_m2):
    x, y = (side.ravel() for side in np.meshgrid(*[np.arange(-60, 60, 12)] * 2))
    tiles = shapely.box(x, y, x + 12, y + 12)
    cover = np.concatenate([shapely.difference(tiles, holes[0]), np.array(holes[1:], object)])
    cover = cover[~shapely.is_empty(cover)]
    blocks = metres(box(-60, -60, 0, 60), box(0, -60, 60, 60))
    plain = geo.gaps(metres(*cover), blocks, min_area_m2=least_m2, widths=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlay, "_MANY_COVERS", 0)
        quick = geo.gaps(metres(*cover), blocks, min_area_m2=least_m2, widths=False)
    assert_geodataframe_equal(quick, plain)


def test_blocks_that_are_full_are_united_with_nothing(monkeypatch):
    parcels = metres(
        *(box(x, y, x + 10, y + 10) for x in range(0, 500, 10) for y in range(0, 500, 10))
    )
    blocks = metres(
        *(box(x, y, x + 100, y + 100) for x in range(0, 500, 100) for y in range(0, 500, 100))
    )
    monkeypatch.setattr(overlay, "_united", None)
    assert geo.gaps(parcels, blocks).empty
    monkeypatch.undo()
    twice = pd.concat([parcels.drop(index=7), parcels.iloc[[8]]])  # as much land as before
    found = geo.gaps(GeoSeries(twice, crs=parcels.crs), blocks)
    assert found["area_m2"].tolist() == pytest.approx([100.0])


def test_a_shape_is_brought_to_a_plane_once_whichever_layer_holds_it(monkeypatch):
    brought = []
    real = GeoSeries.to_crs

    def count(series, *words, **named):
        brought.append(len(series))
        return real(series, *words, **named)

    monkeypatch.setattr(GeoSeries, "to_crs", count)
    x = 116.3 + np.arange(1200) * 1e-4
    layer = GeoDataFrame(
        {"id": range(1200)}, geometry=shapely.box(x, 39.9, x + 1e-4, 39.91), crs=4490
    )
    layer.loc[7, "geometry"] = None
    parts = [layer, layer[layer["id"] % 2 == 0], layer.iloc[::-1].reset_index(drop=True)]
    alone = [geo.to_plane(one, BEIJING) for one in parts]
    brought.clear()
    with geo.in_plane_once():
        for part, want in zip(parts, alone, strict=True):
            assert_geodataframe_equal(geo.to_plane(part, BEIJING), want)
        assert brought == [1200]
        more = pd.concat([parts[0], layer.set_geometry(layer.translate(0.5))], ignore_index=True)
        assert geo.to_plane(more, BEIJING).crs == geo.plane(BEIJING)
        geo.to_plane(layer, (117.3, 39.9))
    assert brought == [1200, 1199, 1200], "what is new (no shape is known), and another plane"


def test_outside_of_all_and_outside_of_ones_own():
    inner = metres(box(0, 0, 10, 10), box(8, 0, 12, 10), box(30, 0, 40, 10)).set_axis(list("abc"))
    outer = metres(box(0, 0, 9, 10), box(9, 0, 20, 10))
    found = geo.outside(inner, outer)
    assert found["a"].tolist() == ["c"]
    assert found["share"].tolist() == [1.0]
    own = geo.outside_own(inner, outer, np.array([0, 0, -1]))
    assert own["a"].tolist() == ["a", "b"]
    assert own["area_m2"].tolist() == pytest.approx([10, 30])
    assert own["share"].tolist() == pytest.approx([0.1, 0.75])


def test_shared_ground_and_holes():
    left = GeoDataFrame({"id": ["a"]}, geometry=[box(0, 0, 10, 10)], crs=geo.plane(BEIJING))
    right = GeoDataFrame(
        {"id": ["x", "y"]}, geometry=[box(5, 0, 20, 10), box(10, 0, 20, 10)], crs=left.crs
    )
    found = geo.shared(left, right)
    assert found[["a", "b", "area_m2", "share"]].to_numpy().tolist() == [["a", "x", 50.0, 0.5]]
    ring = metres(box(0, 0, 30, 10), box(0, 20, 30, 30), box(0, 10, 10, 20), box(20, 10, 30, 20))
    assert geo.holes(ring)["area_m2"].tolist() == [100.0]


# --- form --------------------------------------------------------------------------------


def test_compactness_of_a_circle_and_of_a_strip():
    circle, strip = Point(0, 0).buffer(100, quad_segs=200), box(0, 0, 400, 1)
    table = geo.compactness(metres(circle, strip))
    assert table.loc[0].tolist() == pytest.approx([1, 1, 1], abs=1e-4)
    assert table.loc[1, "convexity"] == pytest.approx(1)
    assert table.loc[1, "perimeter_index"] == pytest.approx(2 * np.sqrt(np.pi * 400) / 802)


def test_contiguity_counts_pieces_across_a_street():
    parts = MultiPolygon([box(0, 0, 100, 100), box(120, 0, 220, 100), box(500, 0, 600, 100)])
    table = geo.contiguity(metres(parts))
    assert table.loc[0, ["pieces", "largest_share", "expected_share"]].tolist() == pytest.approx(
        [3, 1 / 3, 1 / 3]
    )
    joined = geo.contiguity(metres(parts), join_m=30)
    assert joined.loc[0, ["pieces", "largest_share"]].tolist() == pytest.approx([2, 2 / 3])
    assert geo.contiguity(metres(None))["pieces"].tolist() == [0]


def test_spacematrix_by_hand():
    row = geo.spacematrix(floor_area_m2=[15_000], footprint_m2=[3_000], base_m2=[10_000]).loc[0]
    assert row.tolist() == pytest.approx([1.5, 0.3, 7_000 / 15_000, 5])
    empty = geo.spacematrix(floor_area_m2=[0], footprint_m2=[0], base_m2=[10_000]).loc[0]
    assert empty.tolist()[:2] == [0, 0]
    assert np.isnan(empty["open_space_ratio"])


def test_mix_by_hand():
    table = geo.mix(pd.DataFrame({"a": [1.0, 1, 0], "b": [1.0, 0, 0], "c": [0.0, 0, 0]}))
    assert table.loc[0].tolist() == pytest.approx([2, np.log(2), 1, np.log(2) / np.log(3), 0.5])
    assert table.loc[1].tolist() == pytest.approx([1, 0, 0, 0, 0])
    assert table.loc[2, "uses"] == 0
    assert table.loc[2].isna().tolist() == [False, True, True, True, True]


def test_corners_of_a_triangle():
    corners = geo.turning_points(metres(Polygon([(0, 0), (100, 0), (100, 0), (0, 100)])))
    assert sorted(corners["angle_deg"]) == pytest.approx([45, 45, 90])
    assert geo.sharp_angles(metres(Polygon([(0, 0), (100, 0), (100, 5)])))[
        "angle_deg"
    ].tolist() == (pytest.approx([np.degrees(np.arctan(0.05))]))

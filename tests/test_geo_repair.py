"""Mending geometry: what is safe is done and recorded, what cannot be told is refused."""

from __future__ import annotations

import os

import numpy as np
import pytest
import shapely
from shapely.geometry import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from zgcgis import geo
from zgcgis.geo import repair

COUNT = 10_000 if os.environ.get("ZGCGIS_FULL") == "1" else 400


def mended(shape, **more):
    return repair.mend(np.array([shape], dtype="object"), family="polygon", **more)


def test_a_sound_shape_is_left_alone():
    done = mended(box(0, 0, 2, 1))
    assert not (done.repairs)
    assert not (done.refused)
    assert not (done.repeated)
    assert not (done.with_height)
    assert done.geometry[0].equals_exact(box(0, 0, 2, 1))


def test_a_bow_tie_becomes_its_two_triangles():
    done = mended(Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]))
    assert done.repairs == [(0, "crossing")]
    assert done.geometry[0].area == pytest.approx(2)
    assert done.before[0].area == 0


def test_overlapping_parts_are_counted_once():
    done = mended(MultiPolygon([box(0, 0, 2, 1), box(1, 0, 3, 1)]))
    assert done.repairs == [(0, "overlapping_parts")]
    assert done.geometry[0].area == pytest.approx(3)


def test_a_part_within_a_part_is_refused_until_told():
    shape = MultiPolygon([box(0, 0, 4, 4), box(1, 1, 2, 2)])
    assert mended(shape).refused == [(0, "nested", "")]
    done = mended(shape, accept_nested=True)
    assert done.geometry[0].area == pytest.approx(16)


def test_a_hole_outside_is_dropped_and_a_hole_across_is_cut():
    outside = Polygon(box(0, 0, 2, 2).exterior.coords, [box(5, 5, 6, 6).exterior.coords])
    done = mended(outside)
    assert done.repairs == [(0, "misplaced_hole")]
    assert done.geometry[0].area == pytest.approx(4)
    across = Polygon(box(0, 0, 2, 2).exterior.coords, [box(1, 1, 3, 1.5).exterior.coords])
    assert mended(across).geometry[0].area == pytest.approx(3.5)


def test_a_hole_outside_adds_no_land_beside_a_crossing_either():
    crossing = [(0, 0), (2, 2), (2, 0), (0, 2)]
    done = mended(Polygon(crossing, [box(5, 5, 6, 6).exterior.coords]))
    assert done.geometry[0].area == pytest.approx(2)


def test_repeated_points_are_dropped_and_counted():
    done = mended(Polygon([(0, 0), (2, 0), (2, 0), (2, 0), (2, 2), (0, 2)]))
    assert done.repeated == {0: 2}
    assert shapely.get_num_coordinates(done.geometry[0]) == 5


@pytest.mark.parametrize(
    ("shape", "what"),
    [
        (None, "missing"),
        (Polygon(), "empty"),
        (Polygon([(0, 0), (1, 0), (2, 0)]), "collapsed"),
        (Polygon([(0, 0), (0, 0), (0, 0)]), "collapsed"),
        (LineString([(0, 0), (1, 1)]), "family"),
        (Point(0, 0), "family"),
        (Polygon([(0, 0), (np.inf, 0), (1, 1)]), "not_finite"),
    ],
)
def test_what_holds_no_land_is_refused(shape, what):
    done = mended(shape)
    assert [entry[1] for entry in done.refused] == [what]
    assert done.geometry[0] is None


def test_polygons_are_taken_out_of_a_collection():
    done = mended(GeometryCollection([box(0, 0, 1, 1), LineString([(0, 0), (5, 5)])]))
    assert done.repairs == [(0, "collection")]
    assert done.geometry[0].equals(box(0, 0, 1, 1))


def test_heights_are_dropped():
    done = mended(shapely.force_3d(box(0, 0, 1, 1), 7))
    assert done.with_height == 1
    assert not done.geometry[0].has_z


def test_damaged_shapes_end_sound_or_refused_and_every_change_is_recorded():
    rng = np.random.default_rng(11)
    shapes = []
    for _ in range(COUNT):
        angles = np.sort(rng.uniform(0, 2 * np.pi, 12))
        points = np.column_stack([np.cos(angles), np.sin(angles)]) * rng.uniform(0.5, 1.5, (12, 1))
        kind = rng.integers(4)
        if kind == 0:
            i, j = rng.choice(12, 2, replace=False)
            points[[i, j]] = points[[j, i]]
        elif kind == 1:
            points = np.insert(points, 4, points[rng.integers(12)], axis=0)
        elif kind == 2:
            points = np.insert(points, 5, [points[5] * 3, points[5]], axis=0)
        shapes.append(Polygon(points))
    array = np.array(shapes, dtype="object")
    done = repair.mend(array, family="polygon")
    changed = {row for row, _ in done.repairs}
    refused = {row for row, _, _ in done.refused}
    for row, (old, new) in enumerate(zip(shapes, done.geometry, strict=True)):
        if row in refused:
            assert new is None
            continue
        assert new.is_valid
        assert not new.is_empty
        if row in changed:
            assert done.before[row].equals_exact(old) or row in done.repeated
        else:
            assert old.is_valid
            assert new.area == pytest.approx(old.area, rel=1e-12)


def test_the_rough_area_is_good_for_checks():
    rng = np.random.default_rng(5)
    shapes = []
    for _ in range(200):
        x, y = rng.uniform(80, 130), rng.uniform(20, 50)
        shapes.append(box(x, y, x + rng.uniform(0.0005, 0.01), y + rng.uniform(0.0005, 0.01)))
    array = np.array(shapes, dtype="object")
    import geopandas as gpd

    exact = geo.area_m2(gpd.GeoSeries(array, crs="EPSG:4490"), method="trapezoid").to_numpy()
    assert np.abs(repair.rough_area_m2(array) / exact - 1).max() < 1e-5


def test_thin_shapes_are_measured_and_wide_ones_are_not():
    thin = box(116.3, 39.9, 116.301, 39.9 + 4e-7)  # 85 m by 4.4 cm
    widths = repair.rough_width_m(np.array([thin, box(116.3, 39.9, 116.31, 39.91)]), below=0.1)
    assert widths[0] == pytest.approx(0.0444, rel=0.01)
    assert widths[1] == np.inf


def crossed(count, seed=1):
    return Polygon(np.random.default_rng(seed).uniform(0, 1, (count, 2)))


def test_a_ring_that_crosses_itself_beyond_measure_is_refused_by_number():
    done = repair.mend(
        np.array([crossed(4000), crossed(12), shapely.box(0, 0, 1, 1)]), family="polygon"
    )
    assert [(row, what) for row, what, _ in done.refused] == [(0, "entangled")]
    done = repair.mend(np.array([crossed(125), crossed(12)]), family="polygon")
    assert done.refused == [(0, "crossings", "")]
    measured, limit = done.counted[0]
    assert measured > limit == repair.MOST_CROSSINGS
    assert done.geometry[1].is_valid


def test_where_very_many_cross_themselves_the_limit_falls_whatever_their_order():
    shapes = np.array([crossed(n, seed) for seed, n in enumerate([60] * 100 + [10] * 20)])
    done = repair.mend(shapes, family="polygon")
    again = repair.mend(shapes[::-1], family="polygon")
    refused = {row for row, _, _ in done.refused}
    assert 0 < len(refused) < 100
    assert {len(shapes) - 1 - row for row, _, _ in again.refused} == refused
    assert not refused & set(range(100, 120))


def test_a_valid_outline_hatched_aslant_is_refused_and_a_long_coast_is_not():
    i = np.arange(3000)
    hatched = Polygon([*np.column_stack([1e-4 * i + i % 2, i % 2]), (3, 2), (3, -1), (-1, -1)])
    turn = np.linspace(0, 2 * np.pi, 30_000, endpoint=False)
    reach = 1 + 0.01 * np.sin(700 * turn) + 0.1 * np.sin(9 * turn)
    coast = Polygon(np.column_stack([reach * np.cos(turn), reach * np.sin(turn)]))
    assert hatched.is_valid
    done = repair.mend(np.array([hatched, coast]), family="polygon")
    assert [(row, what) for row, what, _ in done.refused] == [(0, "entangled")]


def test_the_sharpest_angle_is_that_of_any_ring_of_any_part():
    """At the equator a degree is as long either way: angles are those of the drawing."""
    right, half = [(0, 0), (1e-3, 0), (0, 1e-3)], [(0, 0), (1e-3, 0), (1e-3, 1e-3), (0, 2e-3)]
    holed = shapely.Polygon(box(-1, -1, 1, 1).exterior, [right])
    both = shapely.MultiPolygon([box(5, 0, 5.001, 0.001), shapely.Polygon(half)])
    shapes = np.array([box(0, 0, 1e-3, 1e-3), shapely.Polygon(right), holed, both, None])
    found = repair.sharpest_deg(shapes)
    assert found.tolist() == pytest.approx([180, 45, 45, 45, 180], abs=1e-6)

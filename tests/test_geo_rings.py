"""Rings: areas shared by edges alone are those of the intersections that are never built."""

from __future__ import annotations

import os

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from zgcgis.geo.rings import ANGLES, HALF, Rings, run, runs, shared_areas

EXAMPLES = 2000 if os.environ.get("ZGCGIS_FULL") == "1" else 150
FAR = 40_000.0  # metres from the centre of a working plane, as at the edge of a city


def shapes_of(seed, count):
    """Valid polygons of a few hundred metres: rings either way, holes, parts, common edges."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        n = int(rng.integers(3, 12))
        angle = np.sort(rng.uniform(0, 2 * np.pi, n))
        points = np.column_stack([np.cos(angle), np.sin(angle)]) * rng.uniform(0.2, 1, (n, 1))
        if rng.random() < 0.4:
            points = np.round(points * 3) / 3  # corners and edges in common
        shape = shapely.make_valid(Polygon(points * 150), method="structure", keep_collapsed=False)
        if rng.random() < 0.3:
            shape = shape.difference(box(-20, -20, 30, 10))
        if rng.random() < 0.3:
            shape = shape.union(box(160, 0, 200, 60))
        shape = affinity.translate(shape, *(rng.integers(-3, 4, 2) * 50))
        shape = shape.reverse() if rng.random() < 0.5 else shape
        if shape.geom_type in {"Polygon", "MultiPolygon"} and not shape.is_empty:
            made.append(affinity.translate(shape, FAR, -FAR))
    return np.array(made, dtype="object")


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 2**32))
def test_a_shared_area_is_that_of_the_intersection(seed):
    bigs, smalls = shapes_of(seed, 8), shapes_of(seed + 1, 8)
    a, b = Rings.of(bigs), Rings.of(smalls)
    assert a.handy.all()
    assert b.handy.all()
    i, j = (k.ravel() for k in np.indices((len(bigs), len(smalls))))
    expected = shapely.area(shapely.intersection(bigs[i], smalls[j]))
    assert shared_areas(a, b, i, j) == pytest.approx(expected, rel=1e-10, abs=1e-7)


def test_by_hand():
    square, other = box(0, 0, 2, 2), box(1, 1, 3, 3)
    frame = Polygon(box(0, 0, 9, 9).exterior.coords, [box(1, 1, 8, 8).exterior.coords])
    triangle = Polygon([(0, 0), (2, 0), (2, 2)])
    cases = [
        (square, square, 4.0),
        (square, other, 1.0),
        (square, box(2, 0, 4, 2), 0.0),  # an edge in common
        (square, box(5, 5, 6, 6), 0.0),
        (frame, box(0.5, 0.5, 4, 4), 3.5**2 - 9.0),
        (frame, box(2, 2, 7, 7), 0.0),  # in the hole
        (triangle, square, 2.0),
        (triangle, box(0, 0, 1, 1), 0.5),
        (MultiPolygon([square, box(4, 0, 5, 1)]), box(1, 0, 4.5, 0.5), 0.5 + 0.25),
    ]
    for one, two, area in cases:
        for a, b in ((one, two), (two, one), (one.reverse(), two)):
            rings = Rings.of(np.array([a, b], dtype="object"))
            found = shared_areas(rings, rings, np.array([0]), np.array([1]))
            assert found[0] == pytest.approx(area, abs=1e-12)


def test_what_is_no_polygon_or_very_large_is_not_handy():
    circle = Point(0, 0).buffer(100, quad_segs=60)
    shapes = [box(0, 0, 9, 9), Point(0, 0), LineString([(0, 0), (1, 1)]), None, Polygon(), circle]
    rings = Rings.of(np.array([*shapes, box(0, 0, 9000, 1)], dtype="object"))
    assert rings.handy.tolist() == [True, False, False, False, False, False, False]


def test_hulls_hold_their_shapes_and_threads_change_nothing():
    shapes = np.tile(shapes_of(5, 30), 40)
    one, two = Rings.of(shapes), Rings.of(shapes, threads=2)
    for name in ("x", "y", "side", "start", "count", "spans", "handy"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    bounds = shapely.bounds(shapes)
    np.testing.assert_array_equal(one.spans[0].T, bounds[:, [0, 2]])
    np.testing.assert_array_equal(one.spans[HALF].T, bounds[:, [1, 3]])
    for k, angle in enumerate(ANGLES):
        for row in range(0, len(shapes), 97):
            along = shapely.get_coordinates(shapes[row]) @ [np.cos(angle), np.sin(angle)]
            assert one.spans[k, :, row] == pytest.approx([along.min(), along.max()], abs=1e-9)


def test_runs_are_ranges_and_tasks_keep_their_order():
    assert runs(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]
    assert run(lambda k: k * k, list(range(50)), 4) == [k * k for k in range(50)]

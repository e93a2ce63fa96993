"""Outlines: what holds plain rings as numbers agrees with the objects it stands for."""

from __future__ import annotations

import os

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from zgcgis import geo
from zgcgis.geo.outlines import Outlines

EXAMPLES = 2000 if os.environ.get("ZGCGIS_FULL") == "1" else 100
HOLED = Polygon(box(0, 0, 9, 9).exterior.coords, [box(1, 1, 2, 2).exterior.coords])
TWO = MultiPolygon([box(0, 0, 1, 1), box(3, 0, 4, 1)])
L_SHAPE = Polygon([(0, 0), (9, 0), (9, 1), (1, 1), (1, 9), (0, 9)])
MIXED = [
    box(0, 0, 2, 1),
    None,
    HOLED,
    MultiPolygon([box(5, 5, 6, 7)]),
    TWO,
    Point(1, 2),
    L_SHAPE,
    LineString([(0, 0), (1, 1)]),
    Polygon(),
    shapely.force_3d(box(0, 0, 1, 1), 3),
    Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]),
]


def column(shapes, **how):
    wkb = [None if s is None else shapely.to_wkb(s, **how) for s in shapes]
    return pa.chunked_array([wkb[:3], wkb[3:3], wkb[3:]], type=pa.binary())


def rings(seed, count=40):
    """Rings of every kind: most star-shaped, some crossing, some repeating a point."""
    rng = np.random.default_rng(seed)
    shapes = []
    for _ in range(count):
        n = int(rng.integers(3, 15))
        points = np.column_stack([np.cos(a := np.sort(rng.uniform(0, 7, n))), np.sin(a)])
        points *= rng.uniform(0.3, 1.5, (n, 1))
        if rng.random() < 0.3:
            i, j = rng.integers(n, size=2)
            points[[i, j]] = points[[j, i]]
        if rng.random() < 0.2:
            points = np.insert(points, rng.integers(n), points[rng.integers(n)], axis=0)
        if rng.random() < 0.2:
            points = np.round(points * 2) / 2
        shapes.append(Polygon(points * 80 + [450_000, 4_420_000]))
    return shapes


def same(a, b):
    return (a is None and b is None) or shapely.equals_identical(a, b)


@pytest.mark.parametrize("byte_order", [0, 1])
def test_what_comes_in_comes_out(byte_order):
    held = Outlines.from_wkb(column(MIXED, byte_order=byte_order, include_srid=False))
    assert len(held) == len(MIXED)
    assert all(same(a, b) for a, b in zip(held, MIXED, strict=True))
    again = held.to_wkb().to_pylist()
    assert again == [None if s is None else shapely.to_wkb(s, byte_order=1) for s in MIXED]
    # in the order of the machine four of them are plain: box, multipolygon of one, L, bow-tie
    assert held.rows.tolist() == ([0, 3, 6, 10] if byte_order else [])


def test_a_slice_of_a_column_is_read_as_such():
    whole = column([*MIXED, *MIXED]).combine_chunks()
    held = Outlines.from_wkb(pa.chunked_array([whole.slice(2, 13)]))
    assert all(same(a, b) for a, b in zip(held, [*MIXED, *MIXED][2:15], strict=True))


def test_an_open_ring_and_one_not_finite_are_left_to_be_looked_at():
    wkb = bytearray(shapely.to_wkb(box(0, 0, 2, 1)))
    wkb[-16:-8] = np.array([0.5]).tobytes()
    with np.errstate(invalid="ignore"):
        nowhere = Polygon([(0, 0), (np.nan, 0), (1, 1)])
    held = Outlines.from_wkb(pa.chunked_array([[bytes(wkb), shapely.to_wkb(nowhere), b"\x01\x03"]]))
    assert not len(held.rows)
    assert held.missing.tolist() == [True, False, True]


def test_what_they_measure_is_what_the_objects_do():
    held = Outlines.from_wkb(column(MIXED))
    shapes = np.array(MIXED, dtype="object")
    np.testing.assert_array_equal(held.bounds, shapely.bounds(shapes))
    area, length = held.measures
    sound = shapely.is_valid(shapes)
    np.testing.assert_allclose(area[sound], shapely.area(shapes[sound]), rtol=1e-14)
    np.testing.assert_allclose(length, shapely.length(shapes), rtol=1e-14)
    np.testing.assert_array_equal(held.type_ids, shapely.get_type_id(shapes))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 2**32))
def test_only_sound_rings_are_taken_for_sound(seed):
    shapes = rings(seed)
    held = Outlines.from_wkb(pa.chunked_array([shapely.to_wkb(shapes)]))
    assert len(held.rows) == len(shapes)
    odd = set(held.unsound().tolist())
    for row, shape in enumerate(shapes):
        assert (row in odd) == (_repeats(shape) or not shape.is_valid)


def _repeats(shape):
    points = shapely.get_coordinates(shape)
    return bool((points[1:] == points[:-1]).all(axis=1).any())


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 2**32))
def test_a_sharp_vertex_is_found_wherever_the_ring_begins(seed):
    rng = np.random.default_rng(seed)
    shapes = [s for s in rings(seed, 12) if s.is_valid and not _repeats(s)]
    limit = float(rng.uniform(2, 40))
    held = Outlines.from_wkb(pa.chunked_array([shapely.to_wkb([*shapes, HOLED])]))
    found = held.sharpest(limit)
    for row, shape in enumerate([*shapes, HOLED]):
        least = min(
            _angles(np.array(ring.coords)[:-1]) for ring in [shape.exterior, *shape.interiors]
        )
        if abs(least - limit) > 1e-6:
            assert (row in found) == (least < limit)
        if row in found:
            assert found[row] == pytest.approx(least, abs=1e-6)


def _angles(points):
    before, after = np.roll(points, 1, axis=0) - points, np.roll(points, -1, axis=0) - points
    cross = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0])
    return float(np.degrees(np.arctan2(cross, (before * after).sum(axis=1))).min())


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.integers(0, 2**32))
def test_moving_choosing_and_replacing_is_done_to_plain_rings_as_to_objects(seed):
    rng = np.random.default_rng(seed)
    shapes = [*rings(seed, 10), *MIXED]
    rng.shuffle(shapes)
    held = Outlines.from_wkb(column(shapes))
    moved = held.moved(lambda x, y: (y + 1, 2 * x))
    expected = [
        s and shapely.transform(s, lambda c: np.c_[c[:, 1] + 1, 2 * c[:, 0]]) for s in shapes
    ]
    flat = [s and shapely.force_2d(s) for s in expected]
    assert all(same(a and shapely.force_2d(a), b) for a, b in zip(moved, flat, strict=True))
    kept = rng.random(len(shapes)) < 0.6
    chosen = [s for s, k in zip(shapes, kept, strict=True) if k]
    assert all(same(a, b) for a, b in zip(held.only(kept), chosen, strict=True))
    rows = rng.permutation(len(shapes))[:5]
    put = held.with_others(rows, None)
    assert all(same(put[k], None if k in rows else shape) for k, shape in enumerate(shapes))
    order = rng.permutation(len(shapes))
    wkb = held.to_wkb(order).to_pylist()
    assert wkb == [
        None if shapes[k] is None else shapely.to_wkb(shapes[k], byte_order=1) for k in order
    ]


def test_the_order_is_that_of_the_objects():
    shapes = np.array(rings(3, 300), dtype="object")
    held = Outlines.from_wkb(pa.chunked_array([shapely.to_wkb(shapes)]))
    expected = geo.hilbert_order(gpd.GeoSeries(shapes, crs="EPSG:4549"))
    np.testing.assert_array_equal(held.hilbert_order, expected)


def test_nothing_is_no_trouble():
    for held in (
        Outlines.of(np.zeros(0, object)),
        Outlines.from_wkb(pa.chunked_array([[]], pa.binary())),
    ):
        assert len(held) == 0
        assert held.bounds.shape == (0, 4)
        assert not len(held.unsound())
        assert held.sharpest(1.0) == {}
        assert len(held.to_wkb()) == 0
        assert len(held.hilbert_order) == 0


def test_many_rows_go_through_blocks_and_threads():
    shapes = np.tile(np.array([box(0, 0, 2, 1), HOLED, L_SHAPE], dtype="object"), 30_000)
    held = Outlines.from_wkb(
        pa.chunked_array([shapely.to_wkb(shapes[:50_000]), shapely.to_wkb(shapes[50_000:])])
    )
    assert len(held.rows) == 60_000
    assert not len(held.unsound())
    assert held.measures[0].sum() == pytest.approx(30_000 * (2 + 80 + 17))
    assert held.to_wkb().to_pylist() == list(shapely.to_wkb(shapes))


@pytest.mark.parametrize("odd", [np.inf, np.nan, -np.inf, 1e308])
def test_what_is_not_finite_is_looked_at_in_silence(odd):
    """A warning in a thread is nobody's to catch."""
    with np.errstate(all="ignore"):
        wild = MultiPolygon([box(0, 0, 1, 1), Polygon([(0, 0), (odd, 1), (odd, odd), (0, 1)])])
    held = Outlines.of(np.array([box(0, 0, 1, 1), wild, HOLED, None], dtype="object"))
    held.look(1.0)
    assert held.bounds[0].tolist() == [0, 0, 1, 1]
    assert held.measures[0][2] == HOLED.area
    moved = held.moved(lambda x, y: (x * 1e10, y * 1e10))
    assert moved.type_ids.tolist() == held.type_ids.tolist()

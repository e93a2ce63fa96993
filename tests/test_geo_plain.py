"""Plain rings: what is taken in one go is what is taken one by one, and parts know their whole."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from zgcgis.geo import plain as module
from zgcgis.geo.plain import Plain

NEEDLE = Polygon([(0, 0), (10, 0.01), (10, 0)])


def held(shapes):
    points = [shapely.get_coordinates(s) for s in shapes]
    ends = np.cumsum([0, *map(len, points)])
    x, y = np.concatenate(points).T
    return Plain(x.copy(), y.copy(), ends)


def many(count, seed=0):
    rng = np.random.default_rng(seed)
    corners = rng.uniform([116, 39.7], [116.5, 40.2], (count, 2))
    return [box(x, y, x + 1e-3, y + 2e-3) for x, y in corners]


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_look_takes_what_is_taken_one_by_one(monkeypatch, count):
    monkeypatch.setattr(module, "BLOCK_ROWS", 3)
    shapes = [*many(count), NEEDLE]
    one, all_at_once = held(shapes), held(shapes)
    rows = np.arange(1, 2 * count + 2, 2)  # every other row is somebody else's
    bounds, measures = np.full((2 * count + 3, 4), -1.0), np.full((2, 2 * count + 3), -1.0)
    all_at_once.look(1.0, rows, bounds, measures)
    np.testing.assert_array_equal(bounds[rows], one.bounds)
    np.testing.assert_array_equal(measures[:, rows], one.measures)
    assert (np.delete(bounds, rows, axis=0) == -1).all()
    assert (np.delete(measures, rows, axis=1) == -1).all()
    for mine, theirs in zip(all_at_once.sharp(1.0), one.sharp(1.0), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert one.sharp(1.0)[0].tolist() == [count]
    assert len(one.sharp(0.01)[0]) == 0
    box_of_all = shapely.total_bounds(shapes)
    np.testing.assert_array_equal(held(shapes).extent.ravel(), box_of_all)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.booleans(), min_size=9, max_size=9), st.lists(st.booleans(), min_size=9, max_size=9)
)
def test_a_part_of_a_part_finds_itself_in_other_coordinates(first, second):
    whole = held(many(9))
    moved = whole.moved(lambda x, y: (x * 2, y + 1))
    kept = np.array(first)
    some = whole.only(kept).only(np.array(second)[kept])
    found = some.as_in(whole, moved)
    assert found is not None
    np.testing.assert_array_equal(found.x, some.x * 2)
    np.testing.assert_array_equal(found.y, some.y + 1)
    np.testing.assert_array_equal(found.starts, some.starts)


def test_rings_that_were_moved_are_no_longer_those_of_the_whole():
    whole = held(many(4))
    moved = whole.moved(lambda x, y: (y, x))
    assert whole.as_in(whole, moved) is moved
    assert moved.as_in(whole, moved) is None
    assert moved.only(np.ones(4, bool)).as_in(whole, moved) is None

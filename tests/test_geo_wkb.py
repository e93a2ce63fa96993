"""Reading groups of WKB in threads: every point in its place, whatever the order of arrival."""

from __future__ import annotations

import threading

import numpy as np
import pyarrow as pa
import pytest
import shapely
from shapely.geometry import Point, box

from zgcgis.geo.outlines import Outlines
from zgcgis.geo.wkb import Room


def groups_of(shapes, size):
    wkb = shapely.to_wkb(np.array(shapes, dtype="object"))
    return [pa.array(wkb[i : i + size], type=pa.binary()) for i in range(0, len(wkb), size)]


def test_room_is_given_out_in_the_order_of_the_groups():
    room = Room(10)
    places = {}

    def ask(group, count):
        places[group] = room.take(group, count)[0]

    late = threading.Thread(target=ask, args=(1, 4))
    late.start()
    late.join(0.1)
    assert late.is_alive()  # it waits for the group before it
    ask(0, 3)
    late.join(5)
    places[0][:], places[1][:] = 0, 1
    assert room.filled([3, 4])[0].tolist() == [0, 0, 0, 1, 1, 1, 1]


def test_what_a_group_did_not_use_is_closed_up():
    room = Room(8)
    for group, value in enumerate((5.0, 6.0)):
        x, y = room.take(group, 4)
        x[:], y[:] = value, -value
    x, y = room.filled([2, 4])
    assert x.tolist() == [5, 5, 6, 6, 6, 6]
    assert (y == -x).all()


def test_more_points_than_said_are_refused_and_nobody_waits_for_ever():
    shapes = [box(k, 0, k + 1, 1) for k in range(40)]
    groups = [lambda g=g: g for g in groups_of(shapes, 5)]
    with pytest.raises(ValueError, match="expected 12 at most"):
        Outlines.read(groups, most_points=12)


def test_a_group_that_cannot_be_fetched_is_an_error_and_nobody_waits_for_ever():
    def broken():
        raise OSError("gone")

    groups = [lambda g=g: g for g in groups_of([box(k, 0, k + 1, 1) for k in range(40)], 5)]
    groups[1] = broken
    with pytest.raises(OSError, match="gone"):
        Outlines.read(groups, most_points=1000)


@pytest.mark.parametrize("size", [1, 3, 50])
def test_rings_that_are_not_closed_leave_no_hole_among_the_points(size):
    shapes = [box(k, 0, k + 1, 1) if k % 4 else Point(k, 1) for k in range(30)]
    wkb = [bytearray(shapely.to_wkb(s)) for s in shapes]
    for k in (1, 2, 9, 29):  # the last point is no longer the first
        wkb[k][-16:-8] = np.float64(k + 0.5).tobytes()
    column = pa.array([bytes(w) for w in wkb], type=pa.binary())
    groups = [lambda i=i: column.slice(i, size) for i in range(0, 30, size)]
    found, unread = Outlines.read(groups, most_points=column.nbytes // 16)
    assert sorted(unread) == [1, 2, 9, 29]
    for k in set(range(30)) - set(unread):
        assert shapely.equals_identical(found[k], shapes[k]), k

"""Boxes: which features can meet at all, for all that their bounding boxes tell."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ..language.errors import EntangledError
from .plane import Floats, Geometries
from .rings import Positions, processors, run

__all__ = [
    "CROWDED",
    "WORTH_PREPARING",
    "box_pairs",
    "box_pairs_of",
    "boxes_near",
    "by_cells",
    "held_pairs",
    "see_that_boxes_seldom_meet",
]

WORTH_PREPARING = 8  # pairs per big polygon from which preparing it pays
CROWDED = 64  # pairs per big polygon from which cells and pieces of it pay
_FEW = 64  # big polygons up to which comparing boxes one big after another beats an index
_MOST_PAIRS, _PAIRS_PER_FEATURE = 5_000_000, 100  # of two layers whose boxes meet
_MOST_NEIGHBOURS, _NEIGHBOURS_PER_FEATURE = 500_000, 40  # pairs of one layer whose boxes meet
_COVERS_PER_TASK = 4096  # pairs of one task of covering
_BOXES_AT_ONCE = 1 << 21  # pairs that could be found in one go


def box_pairs(bigs: Geometries, smalls: Geometries, threads: int) -> tuple[Positions, Positions]:
    """Pairs whose bounding boxes meet, sorted by big, then small.

    Raises
    ------
    EntangledError
        If there are far more than land has: nearly all lie within one another's boxes.
    """
    if len(bigs) <= _FEW:
        return _few_box_pairs(bigs, smalls)
    most = _MOST_PAIRS + _PAIRS_PER_FEATURE * (len(bigs) + len(smalls))
    found, total = [], 0
    for i, j, _ in box_pairs_of(bigs, threads, smalls):
        found.append((i, j))
        total += len(i)
        if total > most:
            raise EntangledError(total, most)
    i, j = (np.concatenate(column) for column in zip(*found, strict=True))
    return i, j


def box_pairs_of(
    bigs: Geometries, threads: int, smalls: Geometries | None = None
) -> Iterator[tuple[Positions, Positions, int]]:
    """Yield pairs whose boxes meet, a bounded number at a time, and up to which big they go."""
    smalls = bigs if smalls is None else smalls
    tree = shapely.STRtree(smalls)
    tree.query(shapely.Point(0, 0))  # built here, so that threads only read it

    def query(some: slice) -> NDArray[np.intp]:
        pairs: NDArray[np.intp] = tree.query(bigs[some])
        pairs[0] += some.start
        order = np.argsort(pairs[0] * max(1, len(smalls)) + pairs[1])
        return pairs[:, order]

    most = _most_meeting(bigs, smalls).cumsum()
    start = 0
    while start < max(1, len(bigs)):
        begun = most[start - 1] if start else 0
        upto = int(np.searchsorted(most, begun + _BOXES_AT_ONCE, side="right"))
        upto = min(len(bigs), max(start + 1, upto))
        ends = np.linspace(start, upto, 4 * threads + 1).astype(int)
        tasks = [slice(one, end) for one, end in pairwise(ends.tolist()) if end > one]
        i, j = np.concatenate(run(query, tasks or [slice(0, 0)], threads), axis=1)
        yield i, j, upto
        start = max(start + 1, upto)


def _most_meeting(bigs: Geometries, smalls: Geometries) -> Positions:
    """Return how many small boxes at most meet each big one: those in its column or in its row."""
    held, box = np.asarray(shapely.bounds(smalls)), np.asarray(shapely.bounds(bigs))
    begun = (np.searchsorted(np.sort(held[:, k]), box[:, k + 2], side="right") for k in (0, 1))
    over = (np.searchsorted(np.sort(held[:, k + 2]), box[:, k]) for k in (0, 1))
    found: Positions = np.minimum(*(a - b for a, b in zip(begun, over, strict=True)))
    return found


def see_that_boxes_seldom_meet(shapes: Geometries) -> None:
    """See that shapes do not lie within one another's boxes far more often than land does.

    Raises
    ------
    EntangledError
        If they do.
    """
    most = _MOST_NEIGHBOURS + _NEIGHBOURS_PER_FEATURE * len(shapes)
    total = 0
    for i, j, _ in box_pairs_of(shapes, 1):
        total += int((i < j).sum())
        if total > most:
            raise EntangledError(total, most)


def _few_box_pairs(bigs: Geometries, smalls: Geometries) -> tuple[Positions, Positions]:
    """Do without an index what needs only a few passes over the boxes."""
    low_x, low_y, high_x, high_y = np.asarray(shapely.bounds(smalls)).T.copy()
    found = [
        np.flatnonzero((low_x <= east) & (high_x >= west) & (low_y <= north) & (high_y >= south))
        for west, south, east, north in shapely.bounds(bigs)
    ]
    i = np.repeat(np.arange(len(bigs)), [len(one) for one in found])
    return i, np.concatenate([*found, np.zeros(0, np.intp)])


_CELLS = 256  # a side of the grid on which boxes are compared


def boxes_near(boxes: Floats, targets: Floats) -> NDArray[np.bool_]:
    """Return which boxes may meet one of `targets`, to a cell of a grid: none is missed.

    Both are rows of west, south, east, north in any one unit. An empty box (NaN) meets nothing.
    """
    near: NDArray[np.bool_] = np.zeros(len(boxes), bool)
    targets = targets[~np.isnan(targets).any(axis=1)]
    if not len(targets):
        return near
    low, high = targets[:, :2].min(axis=0), targets[:, 2:].max(axis=0)
    with np.errstate(invalid="ignore"):
        near = (boxes[:, :2] <= high).all(axis=1) & (boxes[:, 2:] >= low).all(axis=1)
    step = np.maximum((high - low) / _CELLS, np.finfo(float).tiny)

    def cells(points: Floats) -> NDArray[np.intp]:
        found: NDArray[np.intp] = (
            np.floor((points - low) / step).clip(0, _CELLS - 1).astype(np.intp)
        )
        return found

    corner = np.zeros((_CELLS + 1, _CELLS + 1), np.int64)  # steps up and down at corners of targets
    (west, south), (east, north) = cells(targets[:, :2]).T, cells(targets[:, 2:]).T + 1
    for x, y, sign in ((west, south, 1), (east, north, 1), (west, north, -1), (east, south, -1)):
        np.add.at(corner, (x, y), sign)
    taken = corner.cumsum(axis=0).cumsum(axis=1)[:-1, :-1] > 0
    upto = np.zeros((_CELLS + 1, _CELLS + 1), np.int64)
    upto[1:, 1:] = taken.cumsum(axis=0).cumsum(axis=1)
    asked = np.flatnonzero(near)
    (west, south), (east, north) = cells(boxes[asked, :2]).T, cells(boxes[asked, 2:]).T + 1
    held = upto[east, north] - upto[west, north] - upto[east, south] + upto[west, south]
    near[asked] = held > 0
    return near


def by_cells(shape: Any, box: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which boxes lie inside `shape`, and which outside, as far as a grid of cells tells.

    A box that touches only cells wholly inside is inside; one that touches only cells that do
    not meet `shape` is outside. The rest is left to exact tests.
    """
    n = int(np.clip(np.sqrt(len(box)) / 2, 4, 64))
    west, south, east, north = shapely.bounds(shape)
    x, y = np.linspace(west, east, n + 1), np.linspace(south, north, n + 1)
    cells = shapely.box(x[:-1, None], y[None, :-1], x[1:, None], y[None, 1:])
    corner = np.zeros((2, n + 1, n + 1), np.int64)  # sums of cells left of and below a corner
    corner[0, 1:, 1:] = shapely.contains_properly(shape, cells)
    corner[1, 1:, 1:] = shapely.disjoint(shape, cells)
    corner = corner.cumsum(axis=1).cumsum(axis=2)
    left = np.clip(np.searchsorted(x, box[:, 0]) - 1, 0, n - 1)
    right = np.clip(np.searchsorted(x, box[:, 2], side="right"), 1, n)
    low = np.clip(np.searchsorted(y, box[:, 1]) - 1, 0, n - 1)
    high = np.clip(np.searchsorted(y, box[:, 3], side="right"), 1, n)
    held = (
        corner[:, right, high]
        - corner[:, left, high]
        - corner[:, right, low]
        + corner[:, left, low]
    )
    cell_count = (right - left) * (high - low)
    within = (box[:, 0] >= west) & (box[:, 2] <= east)
    within &= (box[:, 1] >= south) & (box[:, 3] <= north)
    return (held[0] == cell_count) & within, held[1] == cell_count


def held_pairs(
    outer: Geometries, inner: Geometries, i: Positions, j: Positions
) -> NDArray[np.bool_]:
    """Of pairs, whether the outer shape covers the inner one."""
    found = np.zeros(len(i), bool)
    if not len(i):
        return found
    order = np.argsort(i, kind="stable")
    big, small = i[order], j[order]
    first = np.flatnonzero(np.r_[True, big[1:] != big[:-1]])
    count = np.diff(np.r_[first, len(big)])
    own = outer[big[first]]
    busy = count >= WORTH_PREPARING
    own[busy] = shapely.from_wkb(shapely.to_wkb(own[busy]))  # no other task sees a copy
    shapely.prepare(own[busy])
    held, open_ = np.zeros(len(i), bool), np.ones(len(i), bool)
    for k in np.flatnonzero(count >= CROWDED):  # a few big polygons, not features
        rows = slice(first[k], first[k] + count[k])
        inside, away = by_cells(own[k], np.asarray(shapely.bounds(inner[small[rows]])))
        held[rows], open_[rows] = inside, ~(inside | away)
    each, mine = np.repeat(own, count), np.repeat(first, count)
    rest = np.flatnonzero(open_)

    def cover(rows: Positions) -> None:
        held[rows] = shapely.covers(each[rows], inner[small[rows]])

    # what is prepared is for one task: blocks begin where another outer shape does
    ends = np.searchsorted(mine[rest], mine[rest[_COVERS_PER_TASK::_COVERS_PER_TASK]])
    blocks = [rows for rows in np.split(rest, np.unique(ends)) if len(rows)]
    run(cover, blocks, processors())
    found[order] = held
    return found

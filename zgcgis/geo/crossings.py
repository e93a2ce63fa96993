"""Crossings: how often the edges of a shape meet, counted before anything is built of them.

What an overlay or a repair costs is decided by the pairs of edges whose boxes meet, not by the
points: a ring of four thousand random points crosses itself two million times. Both numbers are
counted here with arithmetic alone, and only as far as a limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from ..errors import EntangledError
from .rings import runs

__all__ = [
    "Edges",
    "crossings_within",
    "edges_of",
    "few_enough",
    "most_between",
    "most_near",
    "near_between",
    "near_within",
    "see_that_they_unite",
    "winding",
]

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]
Geometries = NDArray[np.object_]

_FEW = 64  # edges of a shape up to which all its pairs are looked at
_PAIRS = 1 << 21  # looked at together
_CELLS = 256  # a side of the grid on which outlines are counted
_OF_UNION, _PER_EDGE = 2_000_000, 50  # pairs of edges near one another in what is to be united


class Edges(NamedTuple):
    """Edges of shapes: from and to, and the shape of each."""

    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    of: Positions

    def of_one(self, shape: int) -> Edges:
        """Return the edges of one shape; they are sorted by shape."""
        held = slice(*np.searchsorted(self.of, [shape, shape + 1]).tolist())
        return Edges(self.x0[held], self.y0[held], self.x1[held], self.y1[held], self.of[held])


def edges_of(shapes: Geometries) -> Edges:
    """Return the edges of all rings and lines of some shapes; a step of no length is no edge."""
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    inner, of_inner = shapely.get_parts(parts, return_index=True)  # of collections of collections
    of_part = of_part[of_inner]
    flat = np.isin(shapely.get_type_id(inner), (3,))
    rings, of_ring = shapely.get_rings(inner[flat], return_index=True)
    lines = inner[~flat]
    of_ring = np.concatenate([of_part[flat][of_ring], of_part[~flat]])
    points, at = shapely.get_coordinates(np.concatenate([rings, lines]), return_index=True)
    step = np.flatnonzero((at[1:] == at[:-1]) & (points[1:] != points[:-1]).any(axis=1))
    of = of_ring[at[step]]
    order = np.argsort(of, kind="stable")
    step, of = step[order], of[order]
    (x0, y0), (x1, y1) = points[step].T, points[step + 1].T
    return Edges(x0, y0, x1, y1, of)


def crossings_within(shapes: Geometries, most: int) -> Positions:
    """Return how often the edges of each shape cross one another; beyond `most` any larger number.

    Edges that only touch do not cross.
    """
    edges = edges_of(shapes)
    count = np.bincount(edges.of, minlength=len(shapes))
    found = np.zeros(len(shapes), np.int64)
    few = np.flatnonzero(count[edges.of] <= _FEW)
    last = np.cumsum(count)[edges.of]
    partners = (last - np.arange(len(last)) - 1)[few]
    for some in _in_blocks(partners):
        mine = few[some]
        i, j = np.repeat(mine, partners[some]), runs(mine + 1, partners[some])
        found += np.bincount(edges.of[i[_cross(edges, i, j)]], minlength=len(shapes))
    for shape in np.flatnonzero(count > _FEW).tolist():  # few, and each with an end of its own
        found[shape] = _crossings_of_one(edges.of_one(shape), most)
    return found


def _crossings_of_one(edges: Edges, most: int) -> int:
    found = 0
    for i, j in _near_pairs(edges):
        found += int(_cross(edges, i, j).sum())
        if found > most:
            break
    return found


def near_within(shapes: Geometries, most: Positions) -> Positions:
    """Return how often boxes of edges, or of whole rings, meet in each shape; each has a limit."""
    edges = edges_of(shapes)
    found = np.zeros(len(shapes), np.int64)
    for shape in np.unique(edges.of).tolist():  # few: shapes of very many points
        rings = shapely.bounds(shapely.get_rings(shapely.get_parts(shapes[shape])))
        for i, _ in chain(_near_pairs(edges.of_one(shape)), _meeting(rings, rings)):
            found[shape] += len(i)
            if found[shape] > most[shape]:
                break
    return found


def most_near(edges: Positions) -> Positions:
    """Return how many pairs of edges may have boxes that meet, for shapes of so many edges.

    Of the outlines of land each edge is near a few others; an outline hatched aslant, valid or
    not, goes far beyond, and an overlay with it takes minutes.
    """
    found: Positions = 20_000 + 20 * edges
    return found


def most_between(one: Positions, other: Positions) -> Positions:
    """Return how many edges of shapes of so many points may be near one another in a pair."""
    found: Positions = 100_000 + 10 * (one + other)
    return found


def near_between(one: Geometries, other: Geometries, *, from_product: int) -> Positions:
    """Return for pairs of shapes of how many pairs of their edges the boxes meet.

    Counting ends beyond :func:`most_between`; it is 0 where the product of points is below
    `from_product`, which is not worth a look.
    """
    first, second = (np.asarray(shapely.get_num_coordinates(s), np.int64) for s in (one, other))
    found = np.zeros(len(one), np.int64)
    most = most_between(first, second)
    for k in np.flatnonzero(first * second >= from_product).tolist():  # few: large outlines
        edges, others = (_boxes(edges_of(s[k : k + 1])) for s in (one, other))
        low = np.maximum(edges[:, :2].min(axis=0), others[:, :2].min(axis=0))
        high = np.minimum(edges[:, 2:].max(axis=0), others[:, 2:].max(axis=0))
        edges, others = (
            b[(b[:, :2] <= high).all(axis=1) & (b[:, 2:] >= low).all(axis=1)]
            for b in (edges, others)
        )
        for i, _ in _meeting(edges, others):
            found[k] += len(i)
            if found[k] > most[k]:
                break
    return found


def see_that_they_unite(shapes: Geometries) -> None:
    """See that shapes do not lie on one another so often that their union has no end.

    Raises
    ------
    EntangledError
        If too many of their edges are near one another.
    """
    there = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    edges = int(shapely.get_num_coordinates(there).sum())
    most = _OF_UNION + _PER_EDGE * edges
    if not len(there) or _likely_crossings(there) < most / 2:
        return
    boxes, found = _boxes(edges_of(there)), 0
    for i, _ in _meeting(boxes, boxes):
        found += len(i)
        if found > 2 * most:  # each pair is found from both sides
            raise EntangledError(found // 2, most)


def _likely_crossings(shapes: Geometries) -> float:
    """Return how often outlines would cross if they ran at random, each about where its middle is.

    By Crofton's formula that is the length squared over the area, by pi, summed over cells.
    """
    box, length = np.asarray(shapely.bounds(shapes)), np.asarray(shapely.length(shapes))
    middle = (box[:, :2] + box[:, 2:]) / 2
    low = middle.min(axis=0)
    size = np.maximum((middle.max(axis=0) - low) / _CELLS, np.finfo(float).tiny)
    size = np.maximum(size, np.median(box[:, 2:] - box[:, :2], axis=0) / 4)
    cell = np.minimum((middle - low) / size, _CELLS - 1).astype(np.int64)
    held = np.bincount(cell[:, 0] * _CELLS + cell[:, 1], weights=length)
    with np.errstate(all="ignore"):
        return float((held**2).sum() / max(float(size.prod()), np.finfo(float).tiny) / np.pi)


def winding(x: Floats, y: Floats, starts: Positions) -> Floats:
    """Return how many times each ring goes to and fro across its box, along the lesser axis."""
    first = starts[:-1]
    found = []
    for axis in (x, y):
        step = np.abs(np.diff(axis, prepend=0.0))
        step[first] = 0.0
        size = np.maximum.reduceat(axis, first) - np.minimum.reduceat(axis, first)
        found.append(np.add.reduceat(step, first) / size)
    lesser: Floats = np.fmin(*found)
    return lesser


def few_enough(counts: Positions, *, each: int, together: int) -> int:
    """Return the limit that holds for each of some counts, so that all below it stay in bounds.

    It is `each`, and less where the counts up to it come to more than `together`; it does not
    depend on their order.
    """
    held = np.sort(counts[counts <= each])
    total = held.cumsum()
    if not len(held) or total[-1] <= together:
        return each
    over = int(np.searchsorted(total, together, side="right"))
    return int(held[over]) - 1


def _near_pairs(edges: Edges) -> Iterator[tuple[Positions, Positions]]:
    """Yield pairs of edges of one shape whose boxes meet, some at a time."""
    boxes = _boxes(edges)
    for i, j in _meeting(boxes, boxes):
        once = i < j
        yield i[once], j[once]


def _boxes(edges: Edges) -> Floats:
    """Return the box of each edge: west, south, east, north."""
    low = np.minimum(edges.x0, edges.x1), np.minimum(edges.y0, edges.y1)
    high = np.maximum(edges.x0, edges.x1), np.maximum(edges.y0, edges.y1)
    return np.column_stack([*low, *high])


def _meeting(one: Floats, other: Floats) -> Iterator[tuple[Positions, Positions]]:
    """Yield pairs of boxes that meet, some at a time."""
    if not len(one) or not len(other):
        return
    asked, tree = shapely.box(*one.T), shapely.STRtree(shapely.box(*other.T))
    step = max(16, _PAIRS // len(other))
    for first in range(0, len(asked), step):
        i, j = tree.query(asked[first : first + step])
        yield i + first, j


def _cross(edges: Edges, i: Positions, j: Positions) -> Mask:
    """Which pairs of edges cross at a point inside both."""
    ax, ay, bx, by = (column[i] for column in edges[:4])
    cx, cy, dx, dy = (column[j] for column in edges[:4])
    ux, uy, vx, vy = bx - ax, by - ay, dx - cx, dy - cy
    one = np.sign(ux * (cy - ay) - uy * (cx - ax)) * np.sign(ux * (dy - ay) - uy * (dx - ax))
    two = np.sign(vx * (ay - cy) - vy * (ax - cx)) * np.sign(vx * (by - cy) - vy * (bx - cx))
    found: Mask = (one < 0) & (two < 0)
    return found


def _in_blocks(counts: NDArray[np.int64]) -> Iterator[slice]:
    """Yield slices of rows that come to some two million pairs together."""
    ends = counts.cumsum()
    first = 0
    while first < len(counts):
        begun = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, begun + _PAIRS, side="right")))
        yield slice(first, last)
        first = last

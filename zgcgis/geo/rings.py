"""Rings: shapes as plain coordinates, for what needs no topology.

Two things are asked of a pair of features a million times over: can a straight line keep them
apart, and how much ground do they share. Both are answered here by arithmetic on coordinates
alone, many pairs at once, where building each intersection would take most of the time.

The area two polygons share is a sum over pairs of their edges: of the signed integral of the
lower of the two over their common range of x. A polygon is the signed sum of the ground under
its edges, so the product of two is the signed sum of the ground under both of a pair; no point of
intersection is ever built, and touching edges are no special case.

What an overlay or a repair costs is decided by the pairs of edges whose boxes meet, not by the
points: a ring of four thousand random points crosses itself two million times. Both numbers are
counted here before anything is built, and only as far as a limit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

from ..language.errors import EntangledError

__all__ = [
    "ANGLES",
    "HALF",
    "Edges",
    "Rings",
    "crossings_within",
    "edges_of",
    "farthest_m",
    "few_enough",
    "in_threads",
    "most_between",
    "most_near",
    "near_between",
    "near_within",
    "run",
    "runs",
    "see_that_they_unite",
    "shared_areas",
]

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
Mask = NDArray[np.bool_]
Geometries = NDArray[np.object_]
T = TypeVar("T")

ANGLES = tuple(np.radians((0.0, 22.5, 67.5, 90.0, 112.5, 157.5)))
"""Directions of the twelve-sided hull: x first, and y, at right angles to it, half-way."""

HALF = len(ANGLES) // 2

_BLOCK = 32_768
_PAIRS = 8192
_EDGE_PAIRS = 4_000_000
_FAR_M = 5000.0  # beyond, the rounding of an integral is no longer far below a square millimetre
_MOST_POINTS = 200  # of a shape: with more of them an intersection is quicker
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


@dataclass(frozen=True, slots=True)
class Rings:
    """Shapes of a plane as coordinates.

    Attributes
    ----------
    x, y
        The points of all shapes, one after the other.
    side
        By point, on which side of the step to the next point the ground lies: 1 left, -1 right,
        0 where no step begins, at the last point of a ring.
    start, count
        Where the points of each shape begin, and how many there are.
    spans
        Extent along each direction: lowest and highest, ``(directions, 2, shapes)``; NaN for
        nothing.
    handy
        Which shapes are polygons of a size that :func:`shared_areas` can take.
    """

    x: Floats
    y: Floats
    side: NDArray[np.int8]
    start: Positions
    count: Positions
    spans: Floats
    handy: NDArray[np.bool_]

    @classmethod
    def of(cls, shapes: NDArray[np.object_], threads: int = 1) -> Rings:
        """Take the coordinates of shapes."""
        count = np.asarray(shapely.get_num_coordinates(shapes), np.intp)
        start = np.cumsum(count) - count
        total = int(count.sum())
        x, y, side = np.empty(total), np.empty(total), np.zeros(total, np.int8)
        spans = np.full((len(ANGLES), 2, len(shapes)), np.nan)
        step = max(1, min(_BLOCK, -(-len(shapes) // threads)))

        def take(first: int) -> None:
            rows = np.arange(first, min(first + step, len(shapes)))
            points = shapely.get_coordinates(shapes[rows])
            rows = rows[count[rows] > 0]
            if not len(rows):
                return
            here = slice(int(start[rows[0]]), int(start[rows[0]]) + len(points))
            px, py = points[:, 0].copy(), points[:, 1].copy()
            x[here], y[here] = px, py
            at = start[rows] - start[rows[0]]
            for k, angle in enumerate(ANGLES):
                along = px if k == 0 else py if k == HALF else None
                if along is None:
                    along = px * np.cos(angle) + py * np.sin(angle)
                spans[k, 0, rows] = np.minimum.reduceat(along, at)
                spans[k, 1, rows] = np.maximum.reduceat(along, at)
            side[here] = _sides(shapes[rows], px, py, at, count[rows])

        run(take, list(range(0, len(shapes), step)), threads)
        with np.errstate(invalid="ignore"):
            wide = np.maximum(spans[0, 1] - spans[0, 0], spans[HALF, 1] - spans[HALF, 0])
            handy = (wide < _FAR_M) & (count <= _MOST_POINTS)
        handy &= np.isin(shapely.get_type_id(shapes), _POLYGONS)
        return cls(x, y, side, start, count, spans, handy)


_IN_ONE_THREAD: ContextVar[bool] = ContextVar("_IN_ONE_THREAD", default=False)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep to one thread until the block ends: this process is one of many on the machine."""
    token = _IN_ONE_THREAD.set(True)
    try:
        yield
    finally:
        _IN_ONE_THREAD.reset(token)


def processors() -> int:
    """How many processors this process may use; not every system tells, then all there are."""
    if _IN_ONE_THREAD.get():
        return 1
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def run(work: Callable[[Any], T], tasks: list[Any], threads: int) -> list[T]:
    """Do tasks in their order, which is also the order of the results."""
    if threads == 1 or len(tasks) < 2:
        return [work(task) for task in tasks]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, tasks))


def in_threads(function: Callable[[Geometries], Any], shapes: Geometries) -> Any:
    """Apply a function that needs no lock to blocks of a column, in threads, in order."""
    if len(shapes) < _BLOCK:
        return function(shapes)
    blocks = [shapes[first : first + _BLOCK] for first in range(0, len(shapes), _BLOCK)]
    return np.concatenate(run(function, blocks, processors()))


def runs(starts: Positions, counts: Positions) -> Positions:
    """Return positions ``start, start + 1, …`` of each run, one run after the other."""
    total = int(counts.sum())
    found: Positions = np.repeat(starts - (np.cumsum(counts) - counts), counts)
    found += np.arange(total)
    return found


def _sides(
    shapes: NDArray[np.object_], x: Floats, y: Floats, start: Positions, count: Positions
) -> NDArray[np.int8]:
    """On which side of each step the ground lies; a step from one ring to the next is none."""
    kind = shapely.get_type_id(shapes)
    plain = (kind == shapely.GeometryType.POLYGON) & (shapely.get_num_interior_rings(shapes) == 0)
    plain |= ~np.isin(
        kind, _POLYGONS
    )  # lines and points have no ground; they are never asked for it
    length, hole = count, np.zeros(len(shapes), bool)
    if not plain.all():
        length, hole = _rings_of(shapes, plain, count)
        start = np.cumsum(length) - length
    px, py = x - np.repeat(x[start], length), y - np.repeat(y[start], length)
    twice = np.zeros(len(x))
    np.multiply(px[:-1], py[1:], out=twice[:-1])
    twice[:-1] -= px[1:] * py[:-1]  # from one ring to the next it is 0: both points are
    turn = np.sign(np.add.reduceat(twice, start)).astype(np.int8)
    turn[hole] *= -1
    found: NDArray[np.int8] = np.repeat(turn, length)
    found[start + length - 1] = 0
    return found


def _rings_of(
    shapes: NDArray[np.object_], plain: NDArray[np.bool_], count: Positions
) -> tuple[Positions, NDArray[np.bool_]]:
    """Return of every ring, in the order of their points, its length and whether it is a hole."""
    odd = np.flatnonzero(~plain)
    parts, of_part = shapely.get_parts(shapes[odd], return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    there = shapely.get_num_coordinates(rings) > 0
    rings, of_ring = rings[there], of_ring[there]
    shape = np.concatenate([np.flatnonzero(plain), odd[of_part[of_ring]]])
    order = np.argsort(shape, kind="stable")
    length = np.concatenate([count[plain], shapely.get_num_coordinates(rings)])
    first = np.ones(len(rings), bool)
    first[1:] = of_ring[1:] != of_ring[:-1]
    hole = np.concatenate([np.zeros(int(plain.sum()), bool), ~first])
    return length[order], hole[order]


def shared_areas(big: Rings, small: Rings, i: Positions, j: Positions) -> Floats:
    """Return the area that pairs of valid polygons share; both of a pair must be ``handy``.

    It agrees with the area of an intersection to 1e-9 m² for features of some hundred metres.
    """
    size = np.zeros(len(i))
    steps = np.cumsum(big.count[i] * small.count[j])  # pairs of edges, room for which is needed
    first = 0
    while first < len(i):
        begun = steps[first - 1] if first else 0
        fits = int(np.searchsorted(steps, begun + _EDGE_PAIRS, side="right"))
        rows = slice(first, max(first + 1, min(fits, first + _PAIRS)))
        size[rows] = _shared(big, small, i[rows], j[rows])
        first = rows.stop
    return size


def _shared(big: Rings, small: Rings, i: Positions, j: Positions) -> Floats:
    # The box of the small one gives the origin; only what of the big one lies over it matters.
    west, south = small.spans[0, 0, j], small.spans[HALF, 0, j]
    east = small.spans[0, 1, j] - west
    pair, low, high, left, slope, sign = _clipped_edges(big, i, west, south, east)
    x0, x1, y0, rise, other, first, count = _small_edges(small, j, west, south)
    each = count[pair]
    f: Positions = runs(first[pair], each)
    begin: Floats = np.maximum(np.repeat(low, each), x0[f])
    end: Floats = np.minimum(np.repeat(high, each), x1[f])
    both = np.flatnonzero(end > begin)
    e = np.repeat(np.arange(len(pair)), each)[both]
    f, begin, end = f[both], begin[both], end[both]
    e0: Floats = left[e] + (begin - low[e]) * slope[e]
    e1 = left[e] + (end - low[e]) * slope[e]
    f0 = y0[f] + (begin - x0[f]) * rise[f]
    f1 = y0[f] + (end - x0[f]) * rise[f]
    d0, d1 = e0 - f0, e1 - f1
    under = np.minimum(d0, 0) + np.minimum(d1, 0)  # by how much the big one's edge is the lower
    apart = np.abs(d0) + np.abs(d1)
    apart[apart == 0] = 1.0
    mean = (f0 + f1 - under * under / apart) / 2  # height of the lower of the two
    part: Floats = sign[e] * other[f] * (end - begin) * mean
    found = np.bincount(pair[e], weights=part, minlength=len(i))
    return np.asarray(np.maximum(found, 0.0), float)


def _clipped_edges(
    big: Rings, i: Positions, west: Floats, south: Floats, east: Floats
) -> tuple[Positions, Floats, Floats, Floats, Floats, Floats]:
    """Edges of the big ones over the boxes of the small: pair, from, to, height, slope, sign."""
    edges = big.count[i] - 1
    at = runs(big.start[i], edges)
    pair = np.repeat(np.arange(len(i)), edges)
    left, bottom = west[pair], south[pair]
    x0, x1 = big.x[at] - left, big.x[at + 1] - left
    y0, y1 = big.y[at] - bottom, big.y[at + 1] - bottom
    over = (np.maximum(x0, x1) > 0) & (np.minimum(x0, x1) < east[pair])
    over &= (np.maximum(y0, y1) > 0) & (x0 != x1) & (big.side[at] != 0)
    pair, at = pair[over], at[over]
    x0, x1, y0, y1 = x0[over], x1[over], y0[over], y1[over]
    back = x0 > x1
    x0, x1 = np.where(back, x1, x0), np.where(back, x0, x1)
    y0, y1 = np.where(back, y1, y0), np.where(back, y0, y1)
    sign = np.where(back, 1.0, -1.0) * big.side[at].astype(float)
    slope = (y1 - y0) / (x1 - x0)
    low, high = np.maximum(x0, 0.0), np.minimum(x1, east[pair])
    start, stop = y0 + (low - x0) * slope, y0 + (high - x0) * slope
    with np.errstate(divide="ignore", invalid="ignore"):  # an edge that dips below is cut there
        cut = low - start / slope
    low, start = np.where(start < 0, cut, low), np.maximum(start, 0.0)
    high = np.where(stop < 0, cut, high)
    kept = np.flatnonzero(high > low)
    return pair[kept], low[kept], high[kept], start[kept], slope[kept], sign[kept]


def _small_edges(
    small: Rings, j: Positions, west: Floats, south: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats, Positions, Positions]:
    """Edges of the small ones: from, to, height, slope, sign; first of each pair, and how many."""
    count = small.count[j] - 1
    at = runs(small.start[j], count)
    pair = np.repeat(np.arange(len(j)), count)
    x0, x1 = small.x[at] - west[pair], small.x[at + 1] - west[pair]
    y0, y1 = small.y[at] - south[pair], small.y[at + 1] - south[pair]
    back = x0 > x1
    sign = np.where(back, 1.0, -1.0) * small.side[at].astype(float)
    x0, x1 = np.where(back, x1, x0), np.where(back, x0, x1)
    y0, y1 = np.where(back, y1, y0), np.where(back, y0, y1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rise = (y1 - y0) / (x1 - x0)  # of an upright edge, which has no range of x: never used
    x1 = np.where(small.side[at] == 0, x0, x1)  # no step, no range
    first: Positions = np.cumsum(count) - count
    return x0, x1, y0, rise, sign, first, count


# --- crossings: how often edges meet -----------------------------------------------------

_FEW = 64  # edges of a shape up to which all its pairs are looked at
_NEAR_PAIRS = 1 << 21  # looked at together
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
    heavy = np.flatnonzero(first * second >= from_product)
    for rows in np.array_split(heavy, -(-int((first + second)[heavy].sum()) // _NEAR_PAIRS) or 1):
        sides = [_boxes_of(s[rows]) for s in (one, other)]
        bounds = [np.asarray(shapely.bounds(s[rows])) for s in (one, other)]
        low, high = np.maximum(*bounds)[:, :2], np.minimum(*bounds)[:, 2:]
        held = [_over(box, at, low, high) for box, at in sides]
        worth = np.diff(held[0][1]) * np.diff(held[1][1]) >= from_product
        for k in np.flatnonzero(worth).tolist():  # few: outlines of many edges in one place
            edges, others = (box[at[k] : at[k + 1]] for box, at in held)
            for i, _ in _meeting(edges, others):
                found[rows[k]] += len(i)
                if found[rows[k]] > most[rows[k]]:
                    break
    return found


def _boxes_of(shapes: Geometries) -> tuple[Floats, Positions]:
    """Return the boxes of the edges of some shapes, and where those of each begin."""
    edges = edges_of(shapes)
    return _boxes(edges), np.searchsorted(edges.of, np.arange(len(shapes) + 1))


def _over(boxes: Floats, at: Positions, low: Floats, high: Floats) -> tuple[Floats, Positions]:
    """Keep of each shape's boxes those that meet a box of its own."""
    of = np.repeat(np.arange(len(at) - 1), np.diff(at))
    kept = (boxes[:, :2] <= high[of]).all(axis=1) & (boxes[:, 2:] >= low[of]).all(axis=1)
    return boxes[kept], np.concatenate([[0], kept.cumsum()])[at]


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


def farthest_m(line: Any, other: Any) -> float:
    """How far from a line the corner of another is that is farthest from it."""
    xy, of = shapely.get_coordinates(shapely.get_parts(other), return_index=True)
    ends = np.stack([xy[:-1], xy[1:]], axis=1)[of[:-1] == of[1:]]
    points = shapely.points(shapely.get_coordinates(line))
    tree = shapely.STRtree(shapely.linestrings(ends))
    _, far = tree.query_nearest(points, return_distance=True, all_matches=False)
    return float(far.max())


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
    tree = shapely.STRtree(_diagonals(other))
    step = max(16, _NEAR_PAIRS // len(other))
    for first in range(0, len(one), step):
        i, j = tree.query(_diagonals(one[first : first + step]))
        yield i + first, j


def _diagonals(boxes: Floats) -> NDArray[np.object_]:
    """Lines whose boxes these are: an index asks for no more, and they are made sooner."""
    return np.asarray(shapely.linestrings(boxes.reshape(-1, 2, 2)), object)


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
        last = max(first + 1, int(np.searchsorted(ends, begun + _NEAR_PAIRS, side="right")))
        yield slice(first, last)
        first = last

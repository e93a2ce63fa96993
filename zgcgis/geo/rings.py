"""Rings: shapes as plain coordinates, for what needs no topology.

Two things are asked of a pair of features a million times over: can a straight line keep them
apart, and how much ground do they share. Both are answered here by arithmetic on coordinates
alone, many pairs at once, where building each intersection would take most of the time.

The area two polygons share is a sum over pairs of their edges: of the signed integral of the
lower of the two over their common range of x. A polygon is the signed sum of the ground under
its edges, so the product of two is the signed sum of the ground under both of a pair; no point of
intersection is ever built, and touching edges are no special case.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["ANGLES", "HALF", "Rings", "run", "runs", "shared_areas"]

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]
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


def run(work: Callable[[Any], T], tasks: list[Any], threads: int) -> list[T]:
    """Do tasks in their order, which is also the order of the results."""
    if threads == 1 or len(tasks) < 2:
        return [work(task) for task in tasks]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, tasks))


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

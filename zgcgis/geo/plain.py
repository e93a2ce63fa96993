"""Plain rings: the outlines of most land, kept as the numbers they are.

A ring is *plain* if it is the only ring of its feature, has no height, is closed and finite. It is
known to be *sound* (simple, hence valid) without asking GEOS if it turns once around its
centroid, always in the same direction; most parcels do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

from .rings import most_near, near_within, winding

__all__ = [
    "BLOCK_ROWS",
    "Floats",
    "Geometries",
    "Mask",
    "Move",
    "Plain",
    "Positions",
    "in_threads",
    "runs",
    "sharp_vertices",
    "task_by_task",
]

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]
Geometries = NDArray[np.object_]
Move = Callable[[Floats, Floats], tuple[Floats, Floats]]
T = TypeVar("T")

BLOCK_ROWS = 8192
_MARGIN = 1e-12
_MANY_POINTS, _VERY_MANY_POINTS = 100, 400  # with more of them a ring may be entangled
_WINDING = 20.0  # to and fro across its own box


class Plain:
    """Plain rings: their points, one ring after the other, and what is known of them.

    Parameters
    ----------
    x, y
        The points; the first and the last of a ring are the same.
    starts
        Where the points of each ring begin, and how many there are in all.
    """

    def __init__(self, x: Floats, y: Floats, starts: Positions) -> None:
        self.x = x
        self.y = y
        self.starts = starts
        self.of: tuple[Plain, Mask] | None = None
        self._sharp: dict[float, tuple[Positions, Floats]] = {}

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def counts(self) -> Positions:
        """How many points each ring has."""
        return np.diff(self.starts)

    @cached_property
    def bounds(self) -> Floats:
        """West, south, east and north of each ring."""
        return np.concatenate([np.zeros((0, 4)), *self.in_blocks(_box)])

    @property
    def extent(self) -> Floats:
        """The lowest and the highest point of the box around all rings."""
        return np.array([[self.x.min(), self.y.min()], [self.x.max(), self.y.max()]])

    @cached_property
    def measures(self) -> Floats:
        """Area and perimeter of each ring, two rows."""
        return np.concatenate([np.zeros((2, 0)), *self.in_blocks(_area_and_length)], axis=1)

    @cached_property
    def unsound(self) -> Positions:
        """Which rings are not simple, repeat a point, or are too entangled to be looked at."""
        sound = np.concatenate([np.zeros(0, bool), *self.in_blocks(_turns_once)])
        sound[self.entangled] = True  # whether they are simple would take too long to tell
        doubtful: Positions = np.flatnonzero(~sound)
        if not len(doubtful):
            return self.entangled
        valid = in_threads(shapely.is_valid, self.polygons(doubtful))
        counts = self.counts[doubtful]
        at, first = runs(self.starts[doubtful], counts), np.cumsum(counts) - counts
        same = np.zeros(len(at), bool)
        same[1:] = (np.diff(self.x[at]) == 0) & (np.diff(self.y[at]) == 0)
        same[first] = False
        found: Positions = doubtful[~valid | (np.add.reduceat(same, first) > 0)]
        return np.sort(np.concatenate([found, self.entangled]))

    @cached_property
    def entangled(self) -> Positions:
        """Which rings have far more edges near one another than any outline of land."""
        many = np.flatnonzero(self.counts > _MANY_POINTS)
        if not len(many):
            return many
        held = np.concatenate([np.zeros(0), *self.in_blocks(winding)])
        many = many[(self.counts[many] > _VERY_MANY_POINTS) | ~(held[many] < _WINDING)]
        most = most_near(self.counts[many])
        found: Positions = many[near_within(self.polygons(many), most) > most]
        return found

    def polygons(self, rings: Positions) -> Geometries:
        """Return some of the rings as polygons."""
        counts = self.counts[rings]
        at = runs(self.starts[rings], counts)
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        made: Geometries = shapely.from_ragged_array(
            shapely.GeometryType.POLYGON,
            np.column_stack([self.x[at], self.y[at]]),
            (ends, np.arange(len(ends))),
        )
        return made

    def moved(self, move: Move) -> Plain:
        """Return the rings with other coordinates; `move` is called in threads."""
        x, y = np.empty_like(self.x), np.empty_like(self.y)

        def each(block: tuple[int, int]) -> None:
            here = slice(int(self.starts[block[0]]), int(self.starts[block[1]]))
            with np.errstate(all="ignore"):
                x[here], y[here] = move(self.x[here], self.y[here])

        task_by_task(each, self.blocks())
        return Plain(x, y, self.starts)

    def sharp(self, below_degrees: float) -> tuple[Positions, Floats]:
        """Return rings that have a vertex sharper than a limit, and the angles in degrees."""
        if below_degrees not in self._sharp:
            self._keep_sharp(
                below_degrees, self.in_blocks(partial(sharp_vertices, below=below_degrees))
            )
        return self._sharp[below_degrees]

    def _keep_sharp(self, below: float, found: list[tuple[Positions, Floats]]) -> None:
        rings = [first + ring for (first, _), (ring, _) in zip(self.blocks(), found, strict=True)]
        angles = [angle for _, angle in found]
        none = np.zeros(0, np.int64), np.zeros(0)
        self._sharp[below] = np.concatenate([none[0], *rings]), np.concatenate([none[1], *angles])

    def look(self, below_degrees: float, rows: Positions, bounds: Floats, measures: Floats) -> None:
        """Take bounds, measures and sharp vertices of the rings in one go.

        Bounds and measures go to the given rows of the given arrays, the sharp vertices stay here.
        """

        def each(block: tuple[int, int]) -> tuple[Positions, Floats]:
            here = rows[slice(*block)]
            starts = self.starts[block[0] : block[1] + 1]
            held = slice(int(starts[0]), int(starts[-1]))
            ring = self.x[held], self.y[held], starts - starts[0]
            with np.errstate(all="ignore"):
                bounds[here], measures[:, here] = _box(*ring), _area_and_length(*ring)
                return sharp_vertices(*ring, below=below_degrees)

        self._keep_sharp(below_degrees, task_by_task(each, self.blocks()))

    def only(self, kept: Mask) -> Plain:
        """Return the rings that are kept."""
        held = np.repeat(kept, self.counts)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.counts[kept])])
        some = Plain(self.x[held], self.y[held], starts)
        some.of = (self, kept)
        return some

    def as_in(self, other: Plain, there: Plain) -> Plain | None:
        """Return what these rings are in `there`, other coordinates of all the rings of `other`.

        None if these are not rings of `other`, or other ones by now.
        """
        if self is other:
            return there
        if self.of is None:
            return None
        whole, kept = self.of
        found = whole.as_in(other, there)
        return None if found is None else found.only(kept)

    def blocks(self) -> list[tuple[int, int]]:
        """Return from where to where each block of rings goes."""
        return [(i, min(i + BLOCK_ROWS, len(self))) for i in range(0, len(self), BLOCK_ROWS)]

    def in_blocks(self, work: Callable[[Floats, Floats, Positions], T]) -> list[T]:
        """Call `work` with the points of each block and where its rings begin, in threads."""

        def one(block: tuple[int, int]) -> T:
            starts = self.starts[block[0] : block[1] + 1]
            held = slice(int(starts[0]), int(starts[-1]))
            with np.errstate(all="ignore"):
                return work(self.x[held], self.y[held], starts - starts[0])

        return task_by_task(one, self.blocks())


def in_threads(function: Callable[[Geometries], Any], shapes: Geometries) -> Any:
    """Apply a function that needs no lock to blocks of an array, in threads, in order."""
    if len(shapes) < BLOCK_ROWS:
        return function(shapes)
    blocks = [shapes[i : i + BLOCK_ROWS] for i in range(0, len(shapes), BLOCK_ROWS)]
    return np.concatenate(task_by_task(function, blocks))


def task_by_task(work: Callable[[Any], T], tasks: Sequence[Any]) -> list[T]:
    """Do several tasks in threads; return what came of each, in their order."""
    if len(tasks) < 2:
        return [work(task) for task in tasks]
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return list(pool.map(work, tasks))


def runs(starts: Positions, counts: Positions, step: int = 1) -> Positions:
    """Return positions ``start, start + step, …`` of each run, one run after the other."""
    total = int(counts.sum())
    first = np.cumsum(counts) - counts
    return np.repeat(starts - step * first, counts) + step * np.arange(total)


# --- blocks of plain rings: x, y, and where each ring begins -----------------------------------


def _edges(x: Floats, y: Floats, starts: Positions) -> tuple[Floats, Floats, Positions]:
    """Return the steps to the next point; a ring's last point has the first step once more."""
    dx, dy = np.empty_like(x), np.empty_like(y)
    np.subtract(x[1:], x[:-1], out=dx[:-1])
    np.subtract(y[1:], y[:-1], out=dy[:-1])
    last = starts[1:] - 1
    dx[last], dy[last] = dx[starts[:-1]], dy[starts[:-1]]
    return dx, dy, last


def _crosses(
    x: Floats, y: Floats, starts: Positions
) -> tuple[Floats, Floats, Floats, Floats, Floats, Positions]:
    """Return points from the ring's first, steps, and twice the triangle of each step with it."""
    first, counts = starts[:-1], np.diff(starts)
    px, py = x - np.repeat(x[first], counts), y - np.repeat(y[first], counts)
    dx, dy, last = _edges(x, y, starts)
    cross = px * dy - py * dx
    cross[last] = 0.0
    return px, py, dx, dy, cross, last


def _box(x: Floats, y: Floats, starts: Positions) -> Floats:
    ends = [edge.reduceat(v, starts[:-1]) for edge in (np.minimum, np.maximum) for v in (x, y)]
    return np.column_stack(ends)


def _area_and_length(x: Floats, y: Floats, starts: Positions) -> Floats:
    *_, dx, dy, cross, last = _crosses(x, y, starts)
    steps = np.sqrt(dx * dx + dy * dy)
    steps[last] = 0.0
    first = starts[:-1]
    return np.stack([np.abs(np.add.reduceat(cross, first)) / 2, np.add.reduceat(steps, first)])


def _turns_once(x: Floats, y: Floats, starts: Positions) -> Mask:
    """Whether each ring turns once around its centroid, always in the same direction.

    Then it is star-shaped, hence simple. The margin is far above what rounding could hide.
    """
    px, py, dx, dy, cross, last = _crosses(x, y, starts)
    first, counts = starts[:-1], np.diff(starts)
    double = np.add.reduceat(cross, first)
    cx = np.add.reduceat((2 * px + dx) * cross, first) / (3 * double)
    cy = np.add.reduceat((2 * py + dy) * cross, first) / (3 * double)
    middle = np.repeat(cy, counts)
    turn = cross - np.repeat(cx, counts) * dy + middle * dx
    turn *= np.repeat(np.sign(double), counts)
    turn[last] = np.inf
    least = np.minimum.reduceat(turn, first)
    wide = np.maximum.reduceat(px, first) - np.minimum.reduceat(px, first)
    high = np.maximum.reduceat(py, first) - np.minimum.reduceat(py, first)
    below = py < middle
    up = np.zeros(len(py), np.int32)
    up[:-1] = below[:-1] & ~below[1:]
    up[last] = 0
    found: Mask = least > _MARGIN * np.maximum(wide, high) ** 2
    found &= np.add.reduceat(up, first) == 1
    return found


def sharp_vertices(
    x: Floats, y: Floats, starts: Positions, below: float
) -> tuple[Positions, Floats]:
    """Return rings with a vertex sharper than an angle in degrees, and that angle."""
    limit = float(np.tan(np.radians(below)))
    dx, dy, last = _edges(x, y, starts)
    middle = len(x) // 2
    if abs(x[middle]) <= 360 and abs(y[middle]) <= 90:
        dx *= np.cos(np.radians(y[middle]))
    dot = dx[:-1] * dx[1:]
    dot += dy[:-1] * dy[1:]
    back = np.flatnonzero(dot < 0)  # few vertices of land are sharper than a right angle
    across = np.abs(dx[back] * dy[back + 1] - dy[back] * dx[back + 1])
    sharp = across < limit * -dot[back]
    back, across = back[sharp], across[sharp]
    inside = ~np.isin(back, last)  # from one ring to the next is no step
    back, across = back[inside], across[inside]
    ring = np.searchsorted(starts, back, side="right") - 1
    return ring, np.degrees(np.arctan2(across, -dot[back]))

"""Outlines: a column of geometries in which plain rings stay numbers.

A layer of land is nearly all polygons of one ring. Making an object of each, and another of it
in other coordinates, is most of what reading a million parcels costs. Here a plain ring stays
what it is in the file, a run of coordinates; whatever else there is (holes, several parts, lines,
points, all that is broken) is a shapely object.

A ring is *plain* if it is the only ring of its feature, has no height, is closed and finite. It is
known to be *sound* (simple, hence valid) without asking GEOS if it turns once around its
centroid, always in the same direction; most parcels do.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

__all__ = ["GROUP_ROWS", "Outlines", "in_threads"]

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]
Geometries = NDArray[np.object_]
T = TypeVar("T")

BLOCK_ROWS = 4096
GROUP_ROWS = 65_536
_MARGIN = 1e-12
_LEVELS = 16
_POLYGON, _MULTIPOLYGON = 3, 6
_HEADS = {
    False: np.frombuffer(b"\x01\x03\0\0\0\x01\0\0\0", "u1"),
    True: np.frombuffer(b"\x01\x06\0\0\0\x01\0\0\0\x01\x03\0\0\0\x01\0\0\0", "u1"),
}


class Outlines(Sequence[Any]):
    """Geometries of one layer, plain rings as coordinates and the rest as objects.

    Parameters
    ----------
    others
        One shapely geometry a row; None where there is none, or where the ring is plain.
    rows
        Which rows are plain, ascending.
    starts
        Where the points of each plain row begin, and how many there are in all.
    x, y
        The points of the plain rows, one after the other, first and last the same.
    multi
        Which of the plain rows came as a multipolygon of one part, and go out as such.
    """

    def __init__(
        self,
        others: Geometries,
        rows: Positions,
        starts: Positions,
        x: Floats,
        y: Floats,
        multi: Mask,
    ) -> None:
        self.others = others
        self.rows = rows
        self.starts = starts
        self.x = x
        self.y = y
        self.multi = multi

    # --- coming in ---

    @classmethod
    def of(cls, geometry: Geometries) -> Outlines:
        """Hold objects as they are."""
        none = np.zeros(0, np.int64)
        others = np.array(geometry, dtype="object", copy=True)
        return cls(others, none, np.zeros(1, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, bool))

    @classmethod
    def from_wkb(cls, wkb: pa.ChunkedArray) -> Outlines:
        """Read a column of WKB. What cannot be read at all is left out: see :attr:`missing`."""
        wkb = wkb if pa.types.is_binary(wkb.type) else wkb.cast(pa.binary())
        if not len(wkb):
            return cls.of(np.zeros(0, object))
        first = np.cumsum([0, *map(len, wkb.chunks)])
        found = _each(_plain_rows, wkb.chunks)
        rows, counts, multi = (
            np.concatenate([one[k] for one in found]) for k in ("rows", "counts", "multi")
        )
        rows += np.repeat(first[:-1], [len(one["rows"]) for one in found])
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        x, y = np.empty(int(starts[-1])), np.empty(int(starts[-1]))
        others = np.full(len(wkb), None, dtype="object")
        good = np.ones(len(rows), bool)
        ends = np.cumsum([0, *(len(one["rows"]) for one in found)])

        def read(k: int) -> None:
            mine = slice(int(ends[k]), int(ends[k + 1]))
            good[mine] = _read_points(wkb.chunk(k), found[k], starts[mine], x, y)
            rest = np.ones(len(wkb.chunk(k)), bool)
            rest[found[k]["rows"][good[mine]]] = False
            if rest.any():
                there = wkb.chunk(k).filter(pa.array(rest)).to_numpy(zero_copy_only=False)
                with np.errstate(invalid="ignore"):  # what is not finite is found later
                    shapes = shapely.from_wkb(there, on_invalid="ignore")
                others[first[k] + np.flatnonzero(rest)] = shapes

        _each(read, range(len(found)))
        whole = cls(others, rows, starts, x, y, multi)
        return whole if good.all() else whole.with_others(rows[~good], others[rows[~good]])

    # --- as a sequence ---

    def __len__(self) -> int:
        return len(self.others)

    def __getitem__(self, row: Any) -> Any:
        """Return the geometry of one row as an object, or an array of several."""
        if isinstance(row, int | np.integer):
            return self.take(np.array([row]))[0]
        chosen = np.asarray(row)
        return self.take(np.flatnonzero(chosen) if chosen.dtype == bool else chosen)

    def take(self, rows: Any) -> Geometries:
        """Return the geometries of some rows as objects."""
        rows = np.asarray(rows, np.int64)
        found: Geometries = self.others[rows]
        place = self._place[rows]
        mine = np.flatnonzero(place >= 0)
        if len(mine):
            found[mine] = self._objects(place[mine])
        return found

    def geometries(self) -> Geometries:
        """Return all geometries as objects."""
        return self.take(np.arange(len(self)))

    @cached_property
    def _place(self) -> Positions:
        place = np.full(len(self), -1, np.int64)
        place[self.rows] = np.arange(len(self.rows))
        return place

    def _objects(self, plain: Positions) -> Geometries:
        """Make objects of some of the plain rings, by their position among these."""
        counts = self.counts[plain]
        at = _runs(self.starts[plain], counts)
        points = np.column_stack([self.x[at], self.y[at]])
        rings = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        made = shapely.from_ragged_array(
            shapely.GeometryType.POLYGON, points, (rings, np.arange(len(rings)))
        )
        many = np.flatnonzero(self.multi[plain])
        if len(many):
            made[many] = shapely.multipolygons(made[many], indices=np.arange(len(many)))
        found: Geometries = np.asarray(made, dtype="object")
        return found

    # --- what they are ---

    @property
    def counts(self) -> Positions:
        """How many points each plain ring has."""
        return np.diff(self.starts)

    @cached_property
    def type_ids(self) -> NDArray[np.int64]:
        """Type of each geometry as shapely numbers them; -1 where there is none."""
        found: NDArray[np.int64] = shapely.get_type_id(self.others).astype(np.int64)
        found[self.rows] = np.where(self.multi, _MULTIPOLYGON, _POLYGON)
        return found

    @property
    def missing(self) -> Mask:
        """Which rows hold no geometry."""
        found: Mask = self.type_ids < 0
        return found

    @cached_property
    def bounds(self) -> Floats:
        """West, south, east and north of each row; NaN where there is none."""
        found: Floats = shapely.bounds(self.others)
        if len(self.rows):
            found[self.rows] = np.concatenate(self._in_blocks(_box))
        return found

    @cached_property
    def measures(self) -> tuple[Floats, Floats]:
        """Area and perimeter of each row in the units of the coordinates, squared and plain."""
        area = np.array(in_threads(shapely.area, self.others), dtype=float)
        length = np.array(in_threads(shapely.length, self.others), dtype=float)
        if len(self.rows):
            done = self._in_blocks(_area_and_length)
            area[self.rows] = np.concatenate([a for a, _ in done])
            length[self.rows] = np.concatenate([b for _, b in done])
        return area, length

    def unsound(self) -> Positions:
        """Return the plain rows that are no simple rings, or repeat a point."""
        if not len(self.rows):
            return self.rows
        doubtful = np.flatnonzero(~np.concatenate(self._in_blocks(_turns_once)))
        if not len(doubtful):
            return doubtful
        valid = in_threads(shapely.is_valid, self._objects(doubtful))
        counts = self.counts[doubtful]
        at = _runs(self.starts[doubtful], counts)
        same = np.zeros(len(at), bool)
        same[1:] = (np.diff(self.x[at]) == 0) & (np.diff(self.y[at]) == 0)
        same[np.cumsum(counts) - counts] = False
        repeats = np.add.reduceat(same, np.cumsum(counts) - counts) > 0
        found: Positions = self.rows[doubtful[~valid | repeats]]
        return found

    def sharpest(self, below_degrees: float) -> dict[int, float]:
        """Return the polygons with a vertex sharper than a limit, and its angle in degrees.

        Coordinates in degrees are taken as such: a degree of longitude is shorter.
        """
        limit = float(np.tan(np.radians(below_degrees)))

        def each(x: Floats, y: Floats, starts: Positions) -> tuple[Positions, Floats]:
            return _sharp(x, y, starts, limit)

        found: dict[int, float] = {}

        def enter(rows: Positions, angles: Floats) -> None:
            for row, angle in zip(rows.tolist(), angles.tolist(), strict=True):  # few
                found[row] = min(angle, found.get(row, 180.0))

        blocks = self._bounds_of_blocks()
        for (first, _), (ring, angle) in zip(blocks, self._in_blocks(each), strict=True):
            enter(self.rows[first + ring], angle)
        rows, x, y, starts = _rings_of(self.others)
        if len(rows):
            ring, angle = each(x, y, starts)
            enter(rows[ring], angle)
        return found

    @property
    def loose(self) -> Positions:
        """Rows that are not plain rings: objects, or nothing."""
        found: Positions = np.flatnonzero(self._place < 0)
        return found

    # --- what becomes of them ---

    def moved(self, move: Callable[[Floats, Floats], tuple[Floats, Floats]]) -> Outlines:
        """Return the same geometries with other coordinates; `move` is called in threads."""

        def each(x: Floats, y: Floats, _: Positions) -> tuple[Floats, Floats]:
            return move(x, y)

        def both(points: Floats) -> Floats:
            return np.column_stack(move(points[:, 0], points[:, 1]))

        x, y = np.empty_like(self.x), np.empty_like(self.y)
        if len(self.rows):
            first = 0
            for a, b in self._in_blocks(each):
                x[first : first + len(a)], y[first : first + len(a)] = a, b
                first += len(a)
        others = self.others.copy()
        there = ~shapely.is_missing(others)
        if there.any():
            others[there] = shapely.set_coordinates(
                others[there], both(shapely.get_coordinates(others[there]))
            )
        return Outlines(others, self.rows, self.starts, x, y, self.multi)

    def transformed(self, source: Any, target: Any) -> Outlines:
        """Return the same geometries in another reference system; both with x before y."""
        own = threading.local()  # a transformer is not shared between threads

        def move(x: Floats, y: Floats) -> tuple[Floats, Floats]:
            if not hasattr(own, "step"):
                own.step = Transformer.from_crs(source, target, always_xy=True)
            moved_x, moved_y = own.step.transform(x, y)
            return moved_x, moved_y

        return self.moved(move)

    def with_others(self, rows: Any, geometry: Any) -> Outlines:
        """Return the outlines with some rows replaced by objects, or by None."""
        rows = np.asarray(rows, np.int64)
        if not len(rows):
            return self
        others = self.others.copy()
        others[rows] = geometry
        gone = self._place[rows]
        gone = gone[gone >= 0]
        if not len(gone):
            return Outlines(others, self.rows, self.starts, self.x, self.y, self.multi)
        kept = np.ones(len(self.rows), bool)
        kept[gone] = False
        held = np.repeat(kept, self.counts)
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.counts[kept])])
        return Outlines(
            others, self.rows[kept], starts, self.x[held], self.y[held], self.multi[kept]
        )

    def only(self, kept: Mask) -> Outlines:
        """Return the rows that are kept, numbered anew."""
        if kept.all():
            return self
        held = self.with_others(self.rows[~kept[self.rows]], None)
        number = np.cumsum(kept) - 1
        return Outlines(
            held.others[kept], number[held.rows], held.starts, held.x, held.y, held.multi
        )

    def hilbert_order(self) -> NDArray[np.intp]:
        """Return the positions that sort the rows along a Hilbert curve."""
        key = np.zeros(len(self), np.int64)
        there = np.isfinite(self.bounds).all(axis=1)
        if there.any():
            box = self.bounds[there]
            middle = (box[:, :2] + box[:, 2:]) / 2
            low, high = middle.min(axis=0), middle.max(axis=0)
            cell = (middle - low) / np.where(high > low, high - low, 1.0) * (2**_LEVELS - 1)
            key[there] = _along_hilbert(*cell.astype(np.int64).T)
        order: NDArray[np.intp] = np.argsort(key, kind="stable")
        return order

    # --- going out ---

    def to_wkb(self, order: NDArray[np.intp] | None = None) -> pa.ChunkedArray:
        """Return the rows, in an order, as WKB."""
        order = np.arange(len(self)) if order is None else order
        return pa.chunked_array(list(self.wkb_groups(order)), type=pa.binary())

    def wkb_groups(self, order: NDArray[np.intp]) -> Iterator[pa.Array]:
        """Yield the rows, in an order, as WKB, some ten thousand at a time and made ahead."""
        groups = [order[i : i + GROUP_ROWS] for i in range(0, len(order), GROUP_ROWS)]
        with ThreadPoolExecutor(2) as pool:
            ahead = deque(pool.submit(self._wkb_of, group) for group in groups[:3])
            for group in groups[3:]:
                yield ahead.popleft().result()
                ahead.append(pool.submit(self._wkb_of, group))
            while ahead:
                yield ahead.popleft().result()

    def _wkb_of(self, rows: Positions) -> pa.Array:
        place = self._place[rows]
        plain = place >= 0
        if not plain.any():
            return pa.array(shapely.to_wkb(self.others[rows]), type=pa.binary())
        arrays: list[pa.Array] = []
        index = np.empty(len(rows), np.int64)
        done = 0
        for multi in (False, True):
            mine = np.flatnonzero(plain & (self.multi[place] == multi))
            index[mine] = done + np.arange(len(mine))
            arrays.append(self._rings(place[mine], _HEADS[multi]))
            if len(mine) == len(rows):
                return arrays[-1]
            done += len(mine)
        rest = np.flatnonzero(~plain)
        index[rest] = done + np.arange(len(rest))
        arrays.append(pa.array(shapely.to_wkb(self.others[rows[rest]]), type=pa.binary()))
        return pa.concat_arrays(arrays).take(pa.array(index))

    def _rings(self, plain: Positions, head: NDArray[np.uint8]) -> pa.Array:
        """Return plain rings as WKB under one head."""
        counts = self.counts[plain]
        width = len(head) + 4
        ends = np.cumsum(width + 16 * counts)
        begin = ends - width - 16 * counts
        total = int(ends[-1]) if len(ends) else 0
        data = np.empty(total, "u1")
        heads = np.empty((len(plain), width), "u1")
        heads[:, : len(head)] = head
        heads[:, len(head) :] = counts.astype("<u4").view("u1").reshape(-1, 4)
        data[(begin[:, None] + np.arange(width)).ravel()] = heads.ravel()
        at = _runs(self.starts[plain], counts)
        points = np.empty((len(at), 2), "<f8")
        points[:, 0], points[:, 1] = self.x[at], self.y[at]
        if len(at):
            _words(data, 16)[_runs(begin + width, counts, 16)] = points.view("V16")[:, 0]
        offsets = np.concatenate([np.zeros(1, np.int32), ends.astype(np.int32)])
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        return pa.Array.from_buffers(pa.binary(), len(plain), buffers)

    # --- blocks ---

    def _bounds_of_blocks(self) -> list[tuple[int, int]]:
        count = len(self.rows)
        return [(i, min(i + BLOCK_ROWS, count)) for i in range(0, count, BLOCK_ROWS)]

    def _in_blocks(self, work: Callable[[Floats, Floats, Positions], T]) -> list[T]:
        """Call `work` with the points and the starts of each block of plain rings, in threads."""

        def one(block: tuple[int, int]) -> T:
            a, b = block
            starts = self.starts[a : b + 1]
            held = slice(int(starts[0]), int(starts[-1]))
            with np.errstate(all="ignore"):
                return work(self.x[held], self.y[held], starts - starts[0])

        return _each(one, self._bounds_of_blocks())


def _along_hilbert(x: Positions, y: Positions) -> Positions:
    """Return how far along a Hilbert curve cells of a square grid lie.

    Level by level the quarter that a cell is in gives two bits, and the rest is turned as the
    curve turns in that quarter.
    """
    x, y = x.copy(), y.copy()
    along = np.zeros(len(x), np.int64)
    for level in range(_LEVELS - 1, -1, -1):
        right, up = (x >> level) & 1, (y >> level) & 1
        along = 4 * along + ((3 * right) ^ up)
        turned = up == 0
        mirrored = turned & (right == 1)
        rest = (1 << level) - 1
        x, y = x & rest, y & rest
        x, y = np.where(mirrored, rest - x, x), np.where(mirrored, rest - y, y)
        x, y = np.where(turned, y, x), np.where(turned, x, y)
    return along


def in_threads(function: Callable[[Geometries], Any], shapes: Geometries) -> Any:
    """Apply a function that needs no lock to blocks of an array, in threads, in order."""
    if len(shapes) < BLOCK_ROWS:
        return function(shapes)
    blocks = [shapes[i : i + BLOCK_ROWS] for i in range(0, len(shapes), BLOCK_ROWS)]
    return np.concatenate(_each(function, blocks))


def _each(work: Callable[[Any], T], tasks: Sequence[Any]) -> list[T]:
    if len(tasks) < 2:
        return [work(task) for task in tasks]
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return list(pool.map(work, tasks))


def _runs(starts: Positions, counts: Positions, step: int = 1) -> Positions:
    """Return positions ``start, start + step, …`` of each run, one run after the other."""
    total = int(counts.sum())
    first = np.cumsum(counts) - counts
    return np.repeat(starts - step * first, counts) + step * np.arange(total)


def _words(data: NDArray[np.uint8], width: int) -> Any:
    """Look at bytes as words of a width, one beginning at every byte."""
    shape = (max(0, len(data) - width + 1),)
    return np.ndarray(shape, f"V{width}", buffer=data, strides=(1,))


def _rings_of(shapes: Geometries) -> tuple[Positions, Floats, Floats, Positions]:
    """Return every ring of the polygons among some shapes: row, points, where each begins."""
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    points = shapely.get_coordinates(rings)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(shapely.get_num_coordinates(rings))])
    return of_part[of_ring], points[:, 0].copy(), points[:, 1].copy(), starts


def _bytes_of(chunk: pa.Array) -> tuple[NDArray[np.uint8], Positions]:
    """Return the bytes of a column of binaries, and where each begins, with the end of the last."""
    _, offsets, data = chunk.buffers()
    ends = np.frombuffer(offsets, "<i4")[chunk.offset : chunk.offset + len(chunk) + 1]
    return np.frombuffer(data or b"", "u1"), ends.astype(np.int64)


def _plain_rows(chunk: pa.Array) -> dict[str, Any]:
    """Return by the heads of some WKB which rows are one ring: row, points, where these begin."""
    none = np.zeros(0, np.int64)
    nothing = {"rows": none, "counts": none, "at": none, "multi": np.zeros(0, bool)}
    if not len(chunk):
        return nothing
    data, ends = _bytes_of(chunk)
    size = np.diff(ends)
    there = chunk.is_valid().to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(there & (size >= 9 + 4 + 4 * 16))
    if not len(rows):
        return nothing
    at, size = ends[rows], size[rows]

    def number(place: int) -> Positions:
        found: Positions = _words(data, 4)[at + place].view("<u4").astype(np.int64)
        return found

    little, kind, one = data[at] == 1, number(1), number(5) == 1
    single = little & (kind == _POLYGON) & one
    inner = (data[at + 9] == 1) & (number(10) == _POLYGON) & (number(14) == 1)
    multi = little & (kind == _MULTIPOLYGON) & one & inner
    counts = np.where(multi, number(18), number(9))
    head = np.where(multi, 22, 13)
    fits = (single | multi) & (counts >= 4) & (size == head + 16 * counts)
    return {
        "rows": rows[fits], "counts": counts[fits], "at": (at + head)[fits], "multi": multi[fits]
    }  # fmt: skip


def _read_points(
    chunk: pa.Array, found: dict[str, Any], starts: Positions, x: Floats, y: Floats
) -> Mask:
    """Put the points of a piece in their place; say which rings are closed and finite."""
    data, _ = _bytes_of(chunk)
    counts, at = found["counts"], found["at"]
    good = np.ones(len(counts), bool)
    for i in range(0, len(counts), BLOCK_ROWS):
        some = slice(i, i + BLOCK_ROWS)
        n = counts[some]
        points = _words(data, 16)[_runs(at[some], n, 16)].view("<f8").reshape(-1, 2)
        here = slice(int(starts[i]), int(starts[i]) + len(points))
        x[here], y[here] = points[:, 0], points[:, 1]
        first = np.cumsum(n) - n
        last = first + n - 1
        good[some] = (points[first] == points[last]).all(axis=1)
        good[some] &= np.isfinite(np.add.reduceat(np.abs(x[here]) + np.abs(y[here]), first))
    return good


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


def _area_and_length(x: Floats, y: Floats, starts: Positions) -> tuple[Floats, Floats]:
    *_, dx, dy, cross, last = _crosses(x, y, starts)
    steps = np.sqrt(dx * dx + dy * dy)
    steps[last] = 0.0
    first = starts[:-1]
    return np.abs(np.add.reduceat(cross, first)) / 2, np.add.reduceat(steps, first)


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


def _sharp(x: Floats, y: Floats, starts: Positions, limit: float) -> tuple[Positions, Floats]:
    """Return rings with a vertex sharper than the angle of a tangent, and that angle."""
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

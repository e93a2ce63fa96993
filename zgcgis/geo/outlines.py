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
from functools import cached_property, lru_cache, partial
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

__all__ = ["GROUP_ROWS", "Outlines", "Plain", "between", "in_threads"]

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]
Geometries = NDArray[np.object_]
Cells = NDArray[np.int32]
Move = Callable[[Floats, Floats], tuple[Floats, Floats]]
T = TypeVar("T")

BLOCK_ROWS = 8192
GROUP_ROWS = 65_536
_MARGIN = 1e-12
_LEVELS = 16
_COLUMNS = ("rows", "counts", "multi", "others")
_POLYGON, _MULTIPOLYGON = 3, 6
_HEADS = {
    False: np.frombuffer(b"\x01\x03\0\0\0\x01\0\0\0", "u1"),
    True: np.frombuffer(b"\x01\x06\0\0\0\x01\0\0\0\x01\x03\0\0\0\x01\0\0\0", "u1"),
}


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

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
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
        if "bounds" in self.__dict__:
            return np.stack([self.bounds[:, :2].min(axis=0), self.bounds[:, 2:].max(axis=0)])
        x, y = self.x, self.y
        return np.array([[x.min(), y.min()], [x.max(), y.max()]])

    @cached_property
    def measures(self) -> Floats:
        """Area and perimeter of each ring, two rows."""
        return np.concatenate([np.zeros((2, 0)), *self.in_blocks(_area_and_length)], axis=1)

    @cached_property
    def unsound(self) -> Positions:
        """Which rings are not simple, or repeat a point."""
        sound = np.concatenate([np.zeros(0, bool), *self.in_blocks(_turns_once)])
        doubtful: Positions = np.flatnonzero(~sound)
        if not len(doubtful):
            return doubtful
        valid = in_threads(shapely.is_valid, self.polygons(doubtful))
        counts = self.counts[doubtful]
        at, first = _runs(self.starts[doubtful], counts), np.cumsum(counts) - counts
        same = np.zeros(len(at), bool)
        same[1:] = (np.diff(self.x[at]) == 0) & (np.diff(self.y[at]) == 0)
        same[first] = False
        found: Positions = doubtful[~valid | (np.add.reduceat(same, first) > 0)]
        return found

    def polygons(self, rings: Positions) -> Geometries:
        """Return some of the rings as polygons."""
        counts = self.counts[rings]
        at = _runs(self.starts[rings], counts)
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

        _each(each, self.blocks())
        return Plain(x, y, self.starts)

    def measured(self) -> Plain:
        """Return the rings themselves, their bounds, areas and perimeters taken in one go."""
        taken = self.in_blocks(lambda *ring: (_box(*ring), _area_and_length(*ring)))
        if taken:
            self.__dict__["bounds"] = np.concatenate([box for box, _ in taken])
            self.__dict__["measures"] = np.concatenate([size for _, size in taken], axis=1)
        return self

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

        return _each(one, self.blocks())


class Outlines(Sequence[Any]):
    """Geometries of one layer, plain rings as coordinates and the rest as objects.

    Parameters
    ----------
    others
        One shapely geometry a row; None where there is none, or where the ring is plain.
    rows
        Which rows are plain, ascending.
    plain
        The rings of these rows.
    multi
        Which of them came as a multipolygon of one part, and go out as such.
    """

    def __init__(self, others: Geometries, rows: Positions, plain: Plain, multi: Mask) -> None:
        self.others = others
        self.rows = rows
        self.plain = plain
        self.multi = multi

    # --- coming in ---

    @classmethod
    def of(cls, geometry: Geometries) -> Outlines:
        """Hold objects as they are."""
        nothing = Plain(np.zeros(0), np.zeros(0), np.zeros(1, np.int64))
        others = np.array(geometry, dtype="object", copy=True)
        return cls(others, np.zeros(0, np.int64), nothing, np.zeros(0, bool))

    @classmethod
    def from_wkb(cls, wkb: pa.ChunkedArray) -> Outlines:
        """Read a column of WKB. What cannot be read at all is left out: see :attr:`missing`."""
        groups = [partial(wkb.chunk, k) for k in range(wkb.num_chunks)]
        return cls.read(groups, most_points=wkb.nbytes // 16)[0]

    @classmethod
    def read(
        cls, groups: Sequence[Callable[[], pa.Array]], *, most_points: int
    ) -> tuple[Outlines, dict[int, bytes]]:
        """Read groups of WKB, each fetched in its turn and not kept.

        Parameters
        ----------
        groups
            What fetches each group.
        most_points
            How many points there are at most: room for them is kept, and used as it fills.

        Returns
        -------
        outlines, unread
            All that could be read, and by row the bytes of what could not.

        Raises
        ------
        ValueError
            If there are more points.
        """
        room = _Room(most_points)
        done = _each(partial(_read_group, room), list(enumerate(groups)))
        if not done:
            return cls.of(np.zeros(0, object)), {}
        first = np.cumsum([0, *(len(one["others"]) for one in done)])
        whole = {key: np.concatenate([one[key] for one in done]) for key in _COLUMNS}
        whole["x"], whole["y"] = room.filled([one["points"] for one in done])
        rows = whole["rows"] + np.repeat(first[:-1], [len(one["rows"]) for one in done])
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(whole["counts"])])
        unread = {
            int(first[k]) + row: wkb for k, one in enumerate(done) for row, wkb in one["unread"]
        }
        plain = Plain(whole["x"], whole["y"], starts)
        return cls(whole["others"], rows, plain, whole["multi"]), unread

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

    def _objects(self, rings: Positions) -> Geometries:
        """Make objects of some of the plain rings, by their position among these."""
        made = self.plain.polygons(rings)
        many = np.flatnonzero(self.multi[rings])
        if len(many):
            made[many] = shapely.multipolygons(made[many], indices=np.arange(len(many)))
        return made

    # --- what they are ---

    @cached_property
    def type_ids(self) -> NDArray[np.int64]:
        """Type of each geometry as shapely numbers them; -1 where there is none."""
        found = np.empty(len(self), np.int64)
        found[self.loose] = shapely.get_type_id(self.others[self.loose])
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
        if not len(self.loose):
            return self.plain.bounds
        found = np.empty((len(self), 4))
        found[self.loose] = shapely.bounds(self.others[self.loose])
        found[self.rows] = self.plain.bounds
        return found

    @property
    def extent(self) -> Floats:
        """West, south, east and north of all; NaN where there is nothing."""
        found = np.full(4, np.nan)
        if len(self.loose):
            found = np.asarray(shapely.total_bounds(self.others[self.loose]), float)
        if len(self.plain):
            low, high = self.plain.extent
            found = np.concatenate([np.fmin(found[:2], low), np.fmax(found[2:], high)])
        return found

    @cached_property
    def measures(self) -> tuple[Floats, Floats]:
        """Area and perimeter of each row in the units of the coordinates, squared and plain."""
        if not len(self.loose):
            area, length = self.plain.measures
            return area, length
        objects, found = self.others[self.loose], np.empty((2, len(self)))
        found[0, self.loose] = in_threads(shapely.area, objects)
        found[1, self.loose] = in_threads(shapely.length, objects)
        found[:, self.rows] = self.plain.measures
        return found[0], found[1]

    def unsound(self) -> Positions:
        """Return the plain rows that are no simple rings, or repeat a point."""
        found: Positions = self.rows[self.plain.unsound]
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

        blocks = zip(self.plain.blocks(), self.plain.in_blocks(each), strict=True)
        for (first, _), (ring, angle) in blocks:
            enter(self.rows[first + ring], angle)
        rows, x, y, starts = _rings_of(self.others[self.loose])
        if len(rows):
            ring, angle = each(x, y, starts)
            enter(self.loose[rows[ring]], angle)
        return found

    @cached_property
    def loose(self) -> Positions:
        """Rows that are not plain rings: objects, or nothing."""
        free = np.ones(len(self), bool)
        free[self.rows] = False
        found: Positions = np.flatnonzero(free)
        return found

    # --- what becomes of them ---

    def moved(self, move: Move, ahead: Plain | None = None) -> Outlines:
        """Return the same geometries with other coordinates; `move` is called in threads.

        The plain rings may have been moved `ahead`.
        """
        plain = self.plain.moved(move) if ahead is None else ahead
        others = self.others.copy()
        there = self.loose[~shapely.is_missing(others[self.loose])]
        if len(there):
            points = shapely.get_coordinates(others[there])
            with np.errstate(all="ignore"):
                moved = np.column_stack(move(points[:, 0], points[:, 1]))
            others[there] = shapely.set_coordinates(others[there], moved)
        return Outlines(others, self.rows, plain, self.multi)

    def transformed(self, source: Any, target: Any, ahead: Plain | None = None) -> Outlines:
        """Return the same geometries in another reference system; both with x before y."""
        return self.moved(between(source, target), ahead)

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
            return Outlines(others, self.rows, self.plain, self.multi)
        kept = np.ones(len(self.rows), bool)
        kept[gone] = False
        return Outlines(others, self.rows[kept], self.plain.only(kept), self.multi[kept])

    def only(self, kept: Mask) -> Outlines:
        """Return the rows that are kept, numbered anew."""
        if kept.all():
            return self
        held = self.with_others(self.rows[~kept[self.rows]], None)
        number = np.cumsum(kept) - 1
        return Outlines(held.others[kept], number[held.rows], held.plain, held.multi)

    def hilbert_order(self) -> NDArray[np.intp]:
        """Return the positions that sort the rows along a Hilbert curve."""
        key = np.zeros(len(self), np.int64)
        there = np.isfinite(self.bounds).all(axis=1)
        if there.any():
            box = self.bounds[there]
            middle = (box[:, :2] + box[:, 2:]) / 2
            low, high = middle.min(axis=0), middle.max(axis=0)
            cell = (middle - low) / np.where(high > low, high - low, 1.0) * (2**_LEVELS - 1)
            key[there] = _along_hilbert(*cell.astype(np.int32).T)
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

    def _rings(self, rings: Positions, head: NDArray[np.uint8]) -> pa.Array:
        """Return plain rings as WKB under one head."""
        plain = self.plain
        counts = plain.counts[rings]
        width = len(head) + 4
        ends = np.cumsum(width + 16 * counts)
        begin = ends - width - 16 * counts
        total = int(ends[-1]) if len(ends) else 0
        data = np.empty(total, "u1")
        heads = np.empty((len(rings), width), "u1")
        heads[:, : len(head)] = head
        heads[:, len(head) :] = counts.astype("<u4").view("u1").reshape(-1, 4)
        data[(begin[:, None] + np.arange(width)).ravel()] = heads.ravel()
        at = _runs(plain.starts[rings], counts)
        points = np.empty((len(at), 2), "<f8")
        points[:, 0], points[:, 1] = plain.x[at], plain.y[at]
        if len(at):
            _words(data, 16)[_runs(begin + width, counts, 16)] = points.view("V16")[:, 0]
        offsets = np.concatenate([np.zeros(1, np.int32), ends.astype(np.int32)])
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        return pa.Array.from_buffers(pa.binary(), len(rings), buffers)


def between(source: Any, target: Any) -> Move:
    """Return what moves points from one reference system to another, in any thread."""
    own = threading.local()  # a transformer is not shared between threads

    def move(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        if not hasattr(own, "step"):
            own.step = Transformer.from_crs(source, target, always_xy=True)
        moved_x, moved_y = own.step.transform(x, y)
        return moved_x, moved_y

    return move


def _along_hilbert(x: Cells, y: Cells) -> Positions:
    """Return how far along a Hilbert curve cells of a square grid lie, four levels at a step."""
    steps = _hilbert_steps()
    along = np.zeros(len(x), np.int64)
    turn = np.zeros(len(x), np.int32)
    for level in range(_LEVELS - 4, -1, -4):
        step = steps[(turn << 8) | ((x >> level & 15) << 4) | (y >> level & 15)]
        along = (along << 8) | (step >> 2)
        turn = step & 3
    return along


@lru_cache(maxsize=1)
def _hilbert_steps() -> Cells:
    """Return, by how the curve is turned and four bits of each coordinate, eight bits and the turn.

    Level by level the quarter that a cell is in gives two bits of the way along the curve, and
    in that quarter the curve is mirrored, has its axes changed, or both.
    """
    turn, x, y = (axis.ravel() for axis in np.mgrid[0:4, 0:16, 0:16].astype(np.int32))
    mirrored, changed = turn >> 1, turn & 1
    along = np.zeros(len(turn), np.int32)
    for level in range(3, -1, -1):
        a, b = (x >> level & 1) ^ mirrored, (y >> level & 1) ^ mirrored
        right, up = np.where(changed, b, a), np.where(changed, a, b)
        along = (along << 2) | ((3 * right) ^ up)
        mirrored, changed = mirrored ^ (right & ~up & 1), changed ^ (1 - up)
    found: Cells = (along << 2) | (mirrored << 1) | changed
    return found


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


class _Room:
    """Room for the points of all groups, given out in the order of the groups."""

    def __init__(self, most: int) -> None:
        self.x, self.y = np.empty(most), np.empty(most)
        self.ends = [0]
        self.told = threading.Condition()

    def take(self, group: int, count: int) -> tuple[Floats, Floats]:
        """Return the room for so many points of a group; waits for the groups before it."""
        with self.told:
            self.told.wait_for(lambda: len(self.ends) > group)
            here = slice(self.ends[group], self.ends[group] + count)
            if here.stop > len(self.x):
                raise ValueError(f"{here.stop} points or more, expected {len(self.x)} at most")
            self.ends.append(here.stop)
            self.told.notify_all()
        return self.x[here], self.y[here]

    def give_up(self, group: int) -> None:
        """Let the later groups go on where one could not be read."""
        with self.told:
            while len(self.ends) <= group + 1:
                self.ends.append(self.ends[-1])
            self.told.notify_all()

    def filled(self, used: list[int]) -> tuple[Floats, Floats]:
        """Return the points without what a group took and did not use."""
        if np.array_equal(np.diff(self.ends), used):
            return self.x[: self.ends[-1]], self.y[: self.ends[-1]]
        held = [slice(start, start + n) for start, n in zip(self.ends[:-1], used, strict=True)]
        return np.concatenate([self.x[h] for h in held]), np.concatenate([self.y[h] for h in held])


def _read_group(room: _Room, task: tuple[int, Callable[[], pa.Array]]) -> dict[str, Any]:
    """Read one group of WKB: plain rings as numbers, the rest as objects, what is neither."""
    number, fetch = task
    try:
        chunk = fetch()
        chunk = chunk if pa.types.is_binary(chunk.type) else chunk.cast(pa.binary())
        found = _plain_rows(chunk)
        x, y = room.take(number, int(found["counts"].sum()))
    except BaseException:
        room.give_up(number)
        raise
    good = _read_points(chunk, found, x, y)
    points = len(x)
    if not good.all():
        held = np.repeat(good, found["counts"])
        points = int(held.sum())
        x[:points], y[:points] = x[held], y[held]
        found = {key: column[good] for key, column in found.items()}
    others = np.full(len(chunk), None, dtype="object")
    rest = np.ones(len(chunk), bool)
    rest[found["rows"]] = False
    unread: list[tuple[int, bytes]] = []
    if rest.any():
        wkb = chunk.filter(pa.array(rest)).to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):  # what is not finite is found later
            others[rest] = shapely.from_wkb(wkb, on_invalid="ignore")
        pairs = zip(np.flatnonzero(rest).tolist(), wkb, strict=True)
        unread = [(row, text) for row, text in pairs if text is not None and others[row] is None]
    return found | {"points": points, "others": others, "unread": unread}


def _read_points(chunk: pa.Array, found: dict[str, Any], x: Floats, y: Floats) -> Mask:
    """Put the points of plain rings in their place; say which rings are closed and finite."""
    data, _ = _bytes_of(chunk)
    counts, at = found["counts"], found["at"]
    good, done = np.ones(len(counts), bool), 0
    for i in range(0, len(counts), BLOCK_ROWS):
        some = slice(i, i + BLOCK_ROWS)
        n = counts[some]
        points = _words(data, 16)[_runs(at[some], n, 16)].view("<f8").reshape(-1, 2)
        here = slice(done, done + len(points))
        x[here], y[here] = points[:, 0], points[:, 1]
        first = np.cumsum(n) - n
        last = first + n - 1
        good[some] = (points[first] == points[last]).all(axis=1)
        good[some] &= np.isfinite(np.add.reduceat(np.abs(x[here]) + np.abs(y[here]), first))
        done += len(points)
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

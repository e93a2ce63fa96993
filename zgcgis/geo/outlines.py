"""Outlines: a column of geometries in which plain rings stay numbers.

A layer of land is nearly all polygons of one ring. Making an object of each, and another of it
in other coordinates, is most of what reading a million parcels costs. Here a plain ring stays
what it is in the file, a run of coordinates; whatever else there is (holes, several parts, lines,
points, all that is broken) is a shapely object.
"""

from __future__ import annotations

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

from .plain import (
    Floats,
    Geometries,
    Mask,
    Move,
    Plain,
    Positions,
    in_threads,
    runs,
    sharp_vertices,
    task_by_task,
)
from .wkb import Room, read_group, rings_as_wkb

__all__ = ["GROUP_ROWS", "Outlines", "between", "in_groups"]

Cells = NDArray[np.int32]
T = TypeVar("T")

GROUP_ROWS = 65_536
_LEVELS = 16
_COLUMNS = ("rows", "counts", "multi", "others")
_POLYGON, _MULTIPOLYGON = 3, 6


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
        self._sharpest: dict[float, dict[int, float]] = {}

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
        room = Room(most_points)
        done = task_by_task(partial(read_group, room), list(enumerate(groups)))
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

    def points(self, rows: Positions) -> Floats:
        """Return the points of some rows, two columns; those of plain rings come first."""
        place = self._place[rows]
        rings = place[place >= 0]
        at = runs(self.plain.starts[rings], self.plain.counts[rings])
        plain = np.column_stack([self.plain.x[at], self.plain.y[at]])
        found: Floats = shapely.get_coordinates(self.others[rows[place < 0]])
        return np.concatenate([plain, found])

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

    @cached_property
    def extent(self) -> Floats:
        """West, south, east and north of all; NaN where there is nothing."""
        if "bounds" in self.__dict__ and len(self):
            low, high = np.fmin.reduce(self.bounds[:, :2]), np.fmax.reduce(self.bounds[:, 2:])
            return np.concatenate([low, high])
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
        if below_degrees not in self._sharpest:
            loose = _sharp_of_loose(self.others[self.loose], below_degrees)
            self._sharpest[below_degrees] = self._named(below_degrees, loose)
        return self._sharpest[below_degrees]

    def _named(self, below: float, loose: tuple[Positions, Floats]) -> dict[int, float]:
        """Return the sharpest angle of each row, of plain rings and of the loose ones given."""
        ring, angle = self.plain.sharp(below)
        rows = np.concatenate([self.rows[ring], self.loose[loose[0]]]).tolist()
        found: dict[int, float] = {}
        for row, one in zip(rows, np.concatenate([angle, loose[1]]).tolist(), strict=True):  # few
            found[row] = min(one, found.get(row, 180.0))
        return found

    def look(self, sharp_below_degrees: float) -> None:
        """Take bounds, measures and sharp vertices in one go, and remember them."""
        bounds, measures = np.empty((len(self), 4)), np.empty((2, len(self)))
        objects = self.others[self.loose]
        with ThreadPoolExecutor(1) as beside, np.errstate(all="ignore"):  # what is not finite
            sharp = beside.submit(_sharp_of_loose, objects, sharp_below_degrees)
            self.plain.look(sharp_below_degrees, self.rows, bounds, measures)
            bounds[self.loose] = shapely.bounds(objects)
            measures[:, self.loose] = shapely.area(objects), shapely.length(objects)
            self._sharpest[sharp_below_degrees] = self._named(sharp_below_degrees, sharp.result())
        self.__dict__ |= {"bounds": bounds, "measures": tuple(measures)}

    def is_as(self, other: Outlines) -> bool:
        """Whether these are the very geometries of `other`: nothing was mended or left out."""
        if self.plain is not other.plain or not np.array_equal(self.loose, other.loose):
            return False
        pairs = zip(self.others[self.loose], other.others[other.loose], strict=True)
        return all(one is another for one, another in pairs)

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
        with ThreadPoolExecutor(1) as beside:
            others = beside.submit(_moved_objects, self.others, self.loose, move)
            plain = self.plain.moved(move) if ahead is None else ahead
            return Outlines(others.result(), self.rows, plain, self.multi)

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

    @cached_property
    def hilbert_order(self) -> NDArray[np.intp]:
        """The positions that sort the rows along a Hilbert curve."""
        key = np.zeros(len(self), np.int64)
        there = np.isfinite(self.bounds).all(axis=1)
        if there.any():
            box = self.bounds[there]
            middle = (box[:, :2] + box[:, 2:]) / 2
            low, high = middle.min(axis=0), middle.max(axis=0)
            cell = (middle - low) / np.where(high > low, high - low, 1.0) * (2**_LEVELS - 1)
            key[there] = _along_hilbert(*cell.astype(np.int32).T)
        if len(key) < 1 << 31:  # the key and, below it, the row: sorting is faster than arg-sorting
            key = np.sort((key << 31) | np.arange(len(key)))
            found: NDArray[np.intp] = key & ((1 << 31) - 1)
            return found
        order: NDArray[np.intp] = np.argsort(key, kind="stable")
        return order

    # --- going out ---

    def to_wkb(self, order: NDArray[np.intp] | None = None) -> pa.ChunkedArray:
        """Return the rows, in an order, as WKB."""
        order = np.arange(len(self)) if order is None else order
        return pa.chunked_array(list(in_groups(self.wkb_of, order)), type=pa.binary())

    def wkb_of(self, rows: Positions) -> pa.Array:
        """Return some rows as WKB."""
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
            arrays.append(rings_as_wkb(self.plain, place[mine], multi=multi))
            if len(mine) == len(rows):
                return arrays[-1]
            done += len(mine)
        rest = np.flatnonzero(~plain)
        index[rest] = done + np.arange(len(rest))
        arrays.append(pa.array(shapely.to_wkb(self.others[rows[rest]]), type=pa.binary()))
        return pa.concat_arrays(arrays).take(pa.array(index))


def in_groups(work: Callable[[Positions], T], order: NDArray[np.intp]) -> Iterator[T]:
    """Yield what `work` makes of rows in an order, some ten thousand at a time, two made ahead."""
    groups = [order[i : i + GROUP_ROWS] for i in range(0, len(order), GROUP_ROWS)]
    with ThreadPoolExecutor(2) as pool:
        ahead = deque(pool.submit(work, group) for group in groups[:3])
        for group in groups[3:]:
            yield ahead.popleft().result()
            ahead.append(pool.submit(work, group))
        while ahead:
            yield ahead.popleft().result()


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


def _moved_objects(shapes: Geometries, loose: Positions, move: Move) -> Geometries:
    """Return the shapes with the points of the loose ones moved."""
    moved = shapes.copy()
    there = loose[~shapely.is_missing(shapes[loose])]
    if len(there):
        points = shapely.get_coordinates(shapes[there])
        with np.errstate(all="ignore"):
            points = np.column_stack(move(points[:, 0], points[:, 1]))
        moved[there] = shapely.set_coordinates(moved[there], points)
    return moved


def _sharp_of_loose(shapes: Geometries, below: float) -> tuple[Positions, Floats]:
    """Return which of some shapes have a vertex sharper than a limit, and the angle."""
    rows, x, y, starts = _rings_of(shapes)
    if not len(rows):
        return rows, np.zeros(0)
    with np.errstate(all="ignore"):  # what is not finite
        ring, angle = sharp_vertices(x, y, starts, below)
    return rows[ring], angle


def _rings_of(shapes: Geometries) -> tuple[Positions, Floats, Floats, Positions]:
    """Return every ring of the polygons among some shapes: row, points, where each begins."""
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    points = shapely.get_coordinates(rings)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(shapely.get_num_coordinates(rings))])
    return of_part[of_ring], points[:, 0].copy(), points[:, 1].copy(), starts

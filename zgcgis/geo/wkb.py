"""Well-known binary, many rows at a time: plain rings to numbers and back, the rest as objects."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from .plain import BLOCK_ROWS, Floats, Mask, Plain, Positions, runs

__all__ = ["Room", "read_group", "rings_as_wkb"]

_POLYGON, _MULTIPOLYGON = 3, 6
_HEADS = {
    False: np.frombuffer(b"\x01\x03\0\0\0\x01\0\0\0", "u1"),
    True: np.frombuffer(b"\x01\x06\0\0\0\x01\0\0\0\x01\x03\0\0\0\x01\0\0\0", "u1"),
}


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


class Room:
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


def read_group(room: Room, task: tuple[int, Callable[[], pa.Array]]) -> dict[str, Any]:
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
        points = _words(data, 16)[runs(at[some], n, 16)].view("<f8").reshape(-1, 2)
        here = slice(done, done + len(points))
        x[here], y[here] = points[:, 0], points[:, 1]
        first = np.cumsum(n) - n
        last = first + n - 1
        good[some] = (points[first] == points[last]).all(axis=1)
        good[some] &= np.isfinite(np.add.reduceat(np.abs(x[here]) + np.abs(y[here]), first))
        done += len(points)
    return good


def rings_as_wkb(plain: Plain, rings: Positions, *, multi: bool) -> pa.Array:
    """Return some plain rings as WKB: polygons, or multipolygons of one part each."""
    head = _HEADS[multi]
    counts = plain.counts[rings]
    width = len(head) + 4
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(width + 16 * counts)])
    data = np.empty(int(ends[-1]), "u1")
    for i in range(0, len(rings), BLOCK_ROWS):
        here = slice(i, i + BLOCK_ROWS)
        some = data[ends[i] : ends[min(i + BLOCK_ROWS, len(rings))]]
        _put_rings(some, plain, rings[here], counts[here], head)
    buffers = [None, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(rings), buffers)


def _put_rings(
    data: NDArray[np.uint8], plain: Plain, rings: Positions, counts: Positions, head: Any
) -> None:
    """Put some rings, few enough for a cache, where their bytes go."""
    width = len(head) + 4
    begin = np.cumsum(width + 16 * counts) - width - 16 * counts
    heads = np.empty((len(rings), width), "u1")
    heads[:, : len(head)] = head
    heads[:, len(head) :] = counts.astype("<u4").view("u1").reshape(-1, 4)
    data[(begin[:, None] + np.arange(width)).ravel()] = heads.ravel()
    at = runs(plain.starts[rings], counts)
    points = np.empty((len(at), 2), "<f8")
    points[:, 0], points[:, 1] = plain.x[at], plain.y[at]
    if len(at):
        _words(data, 16)[runs(begin + width, counts, 16)] = points.view("V16")[:, 0]


def _words(data: NDArray[np.uint8], width: int) -> Any:
    """Look at bytes as words of a width, one beginning at every byte."""
    shape = (max(0, len(data) - width + 1),)
    return np.ndarray(shape, f"V{width}", buffer=data, strides=(1,))

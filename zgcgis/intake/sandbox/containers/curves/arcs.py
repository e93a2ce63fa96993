"""Arcs as chords, so short that the land within an outline keeps its area.

A chord of an arc leaves out a sliver; how much of the land that is depends on the outline, not on
the arc alone: the side of a plot along a ring road bends by a degree and hides a thousandth of it.
So the chords of an outline are as many as keep all slivers together below :data:`LOSS` of its area.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import Refused

__all__ = ["LOSS", "Arc", "Oval", "area_of", "bulged", "straight", "stroked", "through"]

LOSS = 5e-7
"""Share of its area that an outline may lose to chords: half a millionth."""
LEAST, MOST = 4, 20_000  # chords of one arc
OPEN_STEP = math.radians(0.1)  # of arcs that bound no land
MOST_POINTS = 20_000_000
_DEEPEST = 8
_FLAT = 1e-12

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Arc:
    """An arc from one point to another: its centre, its radius, and the angle it turns by.

    The angle (radians) is positive against the clock. A straight line has no radius.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    centre: tuple[float, float] = (0.0, 0.0)
    radius: float = 0.0
    angle: float = 0.0

    @property
    def sliver(self) -> float:
        """The area between the arc and its one chord, to the right of which it bulges if positive."""
        return self.radius**2 * (self.angle - math.sin(self.angle)) / 2

    def turned(self) -> Arc:
        """Return the same arc the other way round."""
        return Arc(self.end, self.start, self.centre, self.radius, -self.angle)

    def points(self, chords: int) -> Points:
        """Return the points of some chords, all on the arc; the start among them, not the end."""
        if not self.radius:
            return np.array([self.start])
        first = math.atan2(self.start[1] - self.centre[1], self.start[0] - self.centre[0])
        turned = first + self.angle * np.arange(chords) / chords
        made = np.column_stack([np.cos(turned), np.sin(turned)]) * self.radius + self.centre
        made[0] = self.start
        return made


@dataclass(frozen=True)
class Oval(Arc):
    """An arc of an ellipse: its half axes as vectors, and the parameter (radians) where it begins.

    Its radius is the one of the circle of the same area, so that its slivers are an arc's.
    """

    major: tuple[float, float] = (0.0, 0.0)
    minor: tuple[float, float] = (0.0, 0.0)
    first: float = 0.0

    @classmethod
    def of(
        cls,
        centre: tuple[float, float],
        major: tuple[float, float],
        ratio: float,
        first: float,
        angle: float,
    ) -> Oval:
        """Return the arc from one parameter on, by its half axis and the ratio of the other to it."""
        minor = (-major[1] * abs(ratio), major[0] * abs(ratio))
        radius = math.hypot(*major) * math.sqrt(abs(ratio))
        bare = cls((0.0, 0.0), (0.0, 0.0), centre, radius, angle, major, minor, first)
        start, end = bare._at(np.array([first, first + angle])).tolist()
        return dataclasses.replace(bare, start=tuple(start), end=tuple(end))

    def _at(self, turned: Points) -> Points:
        part: Points = (
            np.cos(turned)[:, None] * np.array(self.major)
            + np.sin(turned)[:, None] * np.array(self.minor)
            + np.array(self.centre)
        )
        return part

    def points(self, chords: int) -> Points:
        """Return the points of some chords, all on the arc; the start among them, not the end."""
        made = self._at(self.first + self.angle * np.arange(chords) / chords)
        made[0] = self.start
        return made

    def turned(self) -> Oval:
        """Return the same arc the other way round."""
        return dataclasses.replace(
            self, start=self.end, end=self.start, angle=-self.angle, first=self.first + self.angle
        )


def bulged(start: tuple[float, float], end: tuple[float, float], bulge: float) -> Arc:
    """Return the arc of a drawing: its bulge is the tangent of a quarter of its angle."""
    across = math.hypot(end[0] - start[0], end[1] - start[1])
    if not across or not math.isfinite(bulge) or abs(bulge) < _FLAT:
        return Arc(start, end)
    away = (1 - bulge**2) / (4 * bulge)  # of the centre from the chord, in chords, to its left
    centre = (
        (start[0] + end[0]) / 2 - away * (end[1] - start[1]),
        (start[1] + end[1]) / 2 + away * (end[0] - start[0]),
    )
    radius = across * (1 + bulge**2) / (4 * abs(bulge))
    return Arc(start, end, centre, radius, 4 * math.atan(bulge))


def through(
    start: tuple[float, float], middle: tuple[float, float], end: tuple[float, float]
) -> list[Arc]:
    """Return the arc through three points; a whole circle where the last is the first again."""
    if start == end:
        centre = ((start[0] + middle[0]) / 2, (start[1] + middle[1]) / 2)
        radius = math.dist(start, middle) / 2
        return [Arc(start, end, centre, radius, 2 * math.pi)] if radius else [Arc(start, end)]
    ax, ay = middle[0] - start[0], middle[1] - start[1]
    bx, by = end[0] - start[0], end[1] - start[1]
    turn = ax * by - ay * bx
    size = math.hypot(ax, ay) * math.hypot(bx, by)
    if not size or abs(turn) < _FLAT * size:
        return [Arc(start, middle), Arc(middle, end)]
    a2, b2 = ax * ax + ay * ay, bx * bx + by * by
    x, y = (by * a2 - ay * b2) / (2 * turn), (ax * b2 - bx * a2) / (2 * turn)
    centre = (start[0] + x, start[1] + y)
    first, last = math.atan2(-y, -x), math.atan2(by - y, bx - x)
    angle = (last - first) % (2 * math.pi)
    angle = angle if turn > 0 else angle - 2 * math.pi
    return [Arc(start, end, centre, math.hypot(x, y), angle)]


def area_of(arcs: Sequence[Arc]) -> float:
    """Return the signed area that arcs enclose which follow one another, exactly."""
    if not arcs:
        return 0.0
    corners = np.array([arc.start for arc in arcs] + [arcs[-1].end])
    x, y = (corners - corners[0]).T
    plane = float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2
    return plane + sum(arc.sliver for arc in arcs)


def stroked(arcs: Sequence[Arc], room: float) -> Points:
    """Return arcs as one line of chords that leave out no more area than `room`, together.

    Without room (they bound no land) a chord turns by a tenth of a degree.
    """
    curved = sum(1 for arc in arcs if arc.radius)
    parts = []
    for arc in arcs:
        count = 1
        if arc.radius:
            angle = abs(arc.angle)
            count = math.ceil(angle / OPEN_STEP)
            if room > 0:
                count = math.ceil(math.sqrt(arc.radius**2 * angle**3 * curved / (12 * room)))
            count = min(max(count, LEAST), MOST)
        parts.append(arc.points(count))
    if sum(map(len, parts)) > MOST_POINTS:
        raise Refused("R442")
    return np.concatenate([*parts, np.array([arcs[-1].end])]) if arcs else np.zeros((0, 2))


# --- curves as well-known binary ------------------------------------------------------------------

_LINE, _POLYGON = 2, 3
_PLAIN_OF = {8: 2, 9: 2, 10: 3, 11: 5, 12: 6}  # what a curve becomes; 11, 12 hold several


def straight(wkb: bytes) -> bytes:
    """Return a shape with its curves as chords, as well-known binary in the plane.

    A circular string, a compound curve, a curve polygon, a multi-curve, a multi-surface; anything
    else is returned as it is.
    """
    reader = _Wkb(wkb)
    kind = reader.kind()
    if kind not in _PLAIN_OF:
        return wkb
    reader.place = 0
    return reader.shape(0)


class _Wkb:
    """A shape in well-known binary, read from its beginning to its end."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0
        self.order, self.width = "<", 2

    def kind(self) -> int:
        """Read the head of a shape: its kind without its dimensions."""
        if self.place + 5 > len(self.content):
            raise Refused("R405", detail="WKB")
        self.order = "<" if self.content[self.place] == 1 else ">"
        told = struct.unpack_from(f"{self.order}I", self.content, self.place + 1)[0]
        self.place += 5
        if told & 0x20000000:
            self.place += 4  # the number of a system
        flags, plain = told >> 30, told & 0x0FFFFFFF
        self.width = 2 + (flags & 1) + (flags >> 1) + (0, 1, 1, 2)[min(plain // 1000, 3)]
        return int(plain % 1000)

    def count(self, least: int) -> int:
        """Read how many follow; more than there is room for is damage."""
        if self.place + 4 > len(self.content):
            raise Refused("R405", detail="WKB")
        number = int(struct.unpack_from(f"{self.order}I", self.content, self.place)[0])
        self.place += 4
        if number * least > len(self.content) - self.place:
            raise Refused("R405", detail="WKB")
        return number

    def points(self) -> list[tuple[float, float]]:
        number, width = self.count(8 * self.width), self.width
        kind = f"{self.order}f8"
        flat = np.frombuffer(self.content, dtype=kind, count=number * width, offset=self.place)
        self.place += 8 * number * width
        return [(float(x), float(y)) for x, y in flat.reshape(number, width)[:, :2]]

    def curve(self, depth: int) -> list[Arc]:
        """Read a line of any kind as arcs and straight lines."""
        if depth > _DEEPEST:
            raise Refused("R405", detail="WKB")
        kind = self.kind()
        if kind == 9:
            return [arc for _ in range(self.count(9)) for arc in self.curve(depth + 1)]
        points = self.points()
        if kind == 8:
            ends = range(0, len(points) - 2, 2)
            return [arc for k in ends for arc in through(*points[k : k + 3])]
        if kind != _LINE:
            raise Refused("R405", detail=f"WKB {kind}")
        return [Arc(a, b) for a, b in itertools.pairwise(points)]

    def shape(self, depth: int) -> bytes:
        """Read a shape and write it without curves."""
        if depth > _DEEPEST:
            raise Refused("R405", detail="WKB")
        begun = self.place
        kind = self.kind()
        if kind in {11, 12}:
            parts = [self.shape(depth + 1) for _ in range(self.count(9))]
            return _head(_PLAIN_OF[kind], len(parts)) + b"".join(parts)
        if kind == 10:
            rings = [self.curve(depth + 1) for _ in range(self.count(9))]
            return _polygon(rings)
        if kind == _POLYGON:
            rings = [[Arc(a, b) for a, b in itertools.pairwise(p)] for p in self._rings()]
            return _polygon(rings)
        self.place = begun
        return _line(stroked(self.curve(depth), 0.0))

    def _rings(self) -> Iterator[list[tuple[float, float]]]:
        for _ in range(self.count(4)):
            yield self.points()


def _polygon(rings: list[list[Arc]]) -> bytes:
    """Write a polygon whose rings are arcs; what it encloses, holes taken off, bounds its loss."""
    areas = [abs(area_of(ring)) for ring in rings]
    whole = max(areas[0] - sum(areas[1:]), 0.0) if areas else 0.0
    curved = [ring for ring in rings if any(arc.radius for arc in ring)]
    room = LOSS * whole / max(len(curved), 1)
    lines = [stroked(ring, room) for ring in rings]
    return _head(_POLYGON, len(lines)) + b"".join(_coordinates(line) for line in lines)


def _line(points: Points) -> bytes:
    return struct.pack("<BI", 1, _LINE) + _coordinates(points)


def _coordinates(points: Points) -> bytes:
    return struct.pack("<I", len(points)) + np.ascontiguousarray(points, dtype="<f8").tobytes()


def _head(kind: int, count: int) -> bytes:
    return struct.pack("<BII", 1, kind, count)

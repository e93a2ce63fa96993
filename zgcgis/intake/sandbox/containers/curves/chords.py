"""Entities of drawings with chords in place of their arcs: polylines, splines and hatches."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .arcs import LOSS, Arc, Oval, area_of, bulged, stroked

__all__ = ["BY_KIND", "Pair"]

_OF_VERTEX = {10, 20, 40, 41, 42, 91}
_CLOSED, _FITTED = 1, 2 | 4 | 8 | 16 | 64  # marks of a polyline: closed; no plain line of corners
_SLIGHT = 1e-3  # of its box: below this a curve that winds about its chord encloses nothing
_SPAN, _MOST_OF_SPLINE, _HIGHEST_DEGREE = 16, 400_000, 25
Pair: TypeAlias = tuple[int, str]


def _value(pairs: list[Pair], code: int, default: float = 0.0) -> float:
    for k, text in pairs:
        if k == code:
            try:
                value = float(text)
            except ValueError:
                return default
            return value if np.isfinite(value) else default
    return default


def _chords(corners: list[tuple[float, float]], bulges: list[float], *, closed: bool) -> list[Any]:
    """Return, for each side of a line, its points as chords: the corner first."""
    ends = [*corners[1:], *(corners[:1] if closed else [])]
    arcs = [bulged(a, b, bulge) for a, b, bulge in zip(corners, ends, bulges, strict=False)]
    whole = closed or corners[0] == corners[-1]
    room = LOSS * abs(area_of(arcs)) if whole else 0.0
    curved = max(sum(1 for arc in arcs if arc.radius), 1)
    sides = [stroked([arc], room / curved)[:-1] for arc in arcs]
    return sides if closed else [*sides, np.array([corners[-1]])]


def _light(of: list[list[Pair]]) -> list[Pair] | None:
    """Return a light polyline without its bulges."""
    (pairs,) = of
    first = next((k for k, (code, _) in enumerate(pairs) if code == 10), None)
    if first is None or not any(code == 42 and _value([(42, v)], 42) for code, v in pairs):
        return None
    vertices: list[list[Pair]] = []
    rest: list[Pair] = []
    for pair in pairs[first:]:
        if pair[0] == 10:
            vertices.append([pair])
        elif pair[0] in _OF_VERTEX:
            vertices[-1].append(pair)
        else:
            rest.append(pair)
    corners = [(_value(one, 10), _value(one, 20)) for one in vertices]
    closed = bool(int(_value(pairs, 70)) & _CLOSED)
    if len(corners) < 2:
        return None
    points = np.concatenate(_chords(corners, [_value(one, 42) for one in vertices], closed=closed))
    head = [(90, str(len(points))) if code == 90 else (code, text) for code, text in pairs[:first]]
    return [*head, *_as_pairs(points), *rest]


def _as_pairs(points: Any) -> list[Pair]:
    return [pair for x, y in points.tolist() for pair in ((10, repr(x)), (20, repr(y)))]


def _heavy(of: list[list[Pair]]) -> list[Pair] | None:
    """Return a polyline with records of its own for its corners, without its bulges."""
    head, *vertices = of
    bulges = [_value(one, 42) for one in vertices]
    flags = int(_value(head, 70))
    if len(vertices) < 2 or not any(bulges) or flags & _FITTED:
        return None
    corners = [(_value(one, 10), _value(one, 20)) for one in vertices]
    made = list(head)
    for one, side in zip(
        vertices, _chords(corners, bulges, closed=bool(flags & _CLOSED)), strict=True
    ):
        made += [pair for pair in one if pair[0] != 42]
        layer = next((pair for pair in one if pair[0] == 8), (8, "0"))
        for x, y in side[1:].tolist():
            made += [
                (0, "VERTEX"),
                layer,
                (10, repr(x)),
                (20, repr(y)),
                (30, repr(_value(one, 30))),
            ]
    return made


def _spline(of: list[list[Pair]]) -> list[Pair] | None:
    """Return a spline of control points as a light polyline; one of fit points alone is left."""
    (pairs,) = of
    degree, flags = int(_value(pairs, 71)), int(_value(pairs, 70))
    held = [
        [_value([(code, text)], code) for code, text in pairs if code == k]
        for k in (10, 20, 40, 41)
    ]
    x, y, knots, weights = map(np.array, held)
    known = (
        len(x) == len(y) and len(knots) == len(x) + degree + 1 and 1 <= degree <= _HIGHEST_DEGREE
    )
    if (
        not known
        or len(x) <= degree
        or (np.diff(knots) < 0).any()
        or _SPAN * len(x) > _MOST_OF_SPLINE
    ):
        return None
    weight = weights if len(weights) == len(x) and (weights > 0).all() else np.ones(len(x))
    control = np.column_stack([x * weight, y * weight, weight])
    points = _fine(control, knots, degree)
    closed = bool(flags & _CLOSED) or bool(np.allclose(points[0], points[-1], rtol=0, atol=1e-9))
    if not np.isfinite(points).all():
        return None
    if closed and np.allclose(points[0], points[-1], rtol=0, atol=1e-9):
        points = points[:-1]
    kept = [pair for pair in pairs[1:] if pair[0] in {5, 6, 8, 48, 60, 62, 67, 330, 370, 420}]
    mark = [(100, "AcDbPolyline"), (90, str(len(points))), (70, str(int(closed)))]
    return [(0, "LWPOLYLINE"), *kept[:1], (100, "AcDbEntity"), *kept[1:], *mark, *_as_pairs(points)]


def _fine(control: Any, knots: Any, degree: int, share: float = LOSS) -> NDArray[np.float64]:
    """Return a B-spline as chords; what it encloses with its own chord loses less than a share."""
    each = _SPAN
    points = _on_spline(control, knots, degree, each)
    while 2 * each * len(control) <= _MOST_OF_SPLINE:
        finer = _on_spline(control, knots, degree, 2 * each)
        size, before = abs(_area(finer)), abs(_area(points))
        points, each = finer, 2 * each
        if abs(size - before) <= share * max(
            size, _SLIGHT * float(np.prod(np.ptp(points, axis=0)))
        ):
            break  # what is left is a third of that
    return points


def _area(points: NDArray[np.float64]) -> float:
    return area_of([Arc(tuple(a), tuple(b)) for a, b in zip(points, np.roll(points, -1, 0), strict=True)])  # fmt: skip


def _on_spline(control: Any, knots: Any, degree: int, each: int) -> NDArray[np.float64]:
    """Return points of a rational B-spline, `each` to a span of its knots (de Boor's algorithm)."""
    made = []
    for span in range(degree, len(control)):
        low, high = knots[span], knots[span + 1]
        if high <= low:
            continue
        t = low + (high - low) * np.arange(each + 1)[:, None] / each
        d = [np.broadcast_to(control[span - degree + j], (each + 1, 3)) for j in range(degree + 1)]
        for r in range(1, degree + 1):
            for j in range(degree, r - 1, -1):
                left, right = knots[j + span - degree], knots[j + 1 + span - r]
                part = (t - left) / (right - left)
                d[j] = (1 - part) * d[j - 1] + part * d[j]
        made.append(d[degree][: each + 1])
    if not made:
        return np.full((1, 2), np.nan)
    whole = np.concatenate([*(part[:-1] for part in made), made[-1][-1:]])
    points: NDArray[np.float64] = whole[:, :2] / whole[:, 2:]
    return points


# --- hatches -------------------------------------------------------------------------------------

_POLYLINE_PATH, _LINE, _ARC, _OVAL, _CURVE = 2, 1, 2, 3, 4
_TOUCH = 1e-7  # of the extent of an outline: ends that are no further apart are one


class UnreadError(ValueError):
    """A hatch whose outlines do not read as they should; it is left to the reader of the drawing."""


class _Groups:
    """The pairs of a hatch, one after the other; one that is not there is a `ValueError`."""

    def __init__(self, pairs: list[Pair], place: int) -> None:
        self.pairs, self.place = pairs, place

    def code(self, ahead: int = 0) -> int:
        at = self.place + ahead
        return self.pairs[at][0] if at < len(self.pairs) else -1

    def take(self, code: int) -> float:
        if self.code() != code:
            raise ValueError(code)
        value = float(self.pairs[self.place][1])
        if not math.isfinite(value):
            raise ValueError(code)
        self.place += 1
        return value

    def count(self, code: int) -> int:
        number = int(self.take(code))
        if not 0 <= number <= len(self.pairs) - self.place:
            raise ValueError(code)
        return number

    def perhaps(self, code: int, default: float) -> float:
        return self.take(code) if self.code() == code else default

    def point(self, code: int = 10) -> tuple[float, float]:
        return self.take(code), self.take(code + 10)


@dataclass(frozen=True)
class _Outline:
    """An outline of a hatch: its sides, whether any is curved, and its pairs from `begin` to `end`."""

    flags: int
    sides: list[Arc]
    curved: bool
    begin: int
    end: int


def _hatch(of: list[list[Pair]]) -> list[Pair] | None:
    """Return a hatch whose curved outlines are corners; one that reads otherwise is an `UnreadError`."""
    (pairs,) = of
    first = next((k for k, (code, _) in enumerate(pairs) if code == 91), None)
    if first is None:
        return None
    groups = _Groups(pairs, first)
    try:
        outlines = [_outline(groups) for _ in range(groups.count(91))]
    except (ValueError, OverflowError) as problem:
        raise UnreadError from problem
    curved = [outline for outline in outlines if outline.curved]
    if not curved:
        return None
    areas = sorted(abs(area_of([*o.sides])) for o in outlines)
    land = max(areas[-1] - sum(areas[:-1]), areas[0] * 0.01)
    made, done = [], 0
    for outline in curved:
        points = stroked(outline.sides, LOSS * land / len(curved))[:-1]
        head = [(92, str(outline.flags | _POLYLINE_PATH)), (72, "0"), (73, "1")]
        made += [*pairs[done : outline.begin], *head, (93, str(len(points))), *_as_pairs(points)]
        done = outline.end
    return [*made, *pairs[done:]]


def _outline(groups: _Groups) -> _Outline:
    """Read one outline, and past the list of the entities it was made from."""
    begin, flags = groups.place, int(groups.take(92))
    if flags & _POLYLINE_PATH:
        bent = bool(groups.take(72))
        groups.perhaps(73, 1)
        corners, bulges = [], []
        for _ in range(groups.count(93)):
            corners.append(groups.point())
            bulges.append(groups.perhaps(42, 0.0) if bent else 0.0)
        sides = [
            bulged(a, b, bulge)
            for a, b, bulge in zip(corners, [*corners[1:], *corners[:1]], bulges, strict=True)
        ]
        curved = any(side.radius for side in sides)
    else:
        edges = [_edge(groups) for _ in range(groups.count(93))]
        curved = any(edge[0].radius or len(edge) > 1 for edge in edges)
        sides = _joined(edges)
    end = groups.place
    for _ in range(groups.count(97)):
        if groups.code() != 330:
            raise ValueError(330)
        groups.place += 1
    return _Outline(flags, sides, curved, begin, end)


def _edge(groups: _Groups) -> list[Arc]:
    """Read one edge of an outline: a line, an arc of a circle or an ellipse, a spline."""
    kind = int(groups.take(72))
    if kind == _LINE:
        return [Arc(groups.point(), groups.point(11))]
    if kind == _CURVE:
        return _spline_edge(groups)
    if kind not in {_ARC, _OVAL}:
        raise ValueError(kind)
    centre = groups.point()
    major, ratio = (groups.point(11), groups.take(40)) if kind == _OVAL else ((0.0, 0.0), 1.0)
    if kind == _ARC:
        major = (groups.take(40), 0.0)
    first, last = math.radians(groups.take(50)), math.radians(groups.take(51))
    way = 1 if groups.perhaps(73, 1) else -1  # with the clock angles are measured with it too
    if not math.hypot(*major) or not ratio:
        raise ValueError(kind)
    turned = (last - first) % (2 * math.pi) or 2 * math.pi
    if abs(turned - 2 * math.pi) > 1e-9:
        turned = (_eccentric(last, ratio) - _eccentric(first, ratio)) % (2 * math.pi)
    return [Oval.of(centre, major, ratio, way * _eccentric(first, ratio), way * turned)]


def _eccentric(angle: float, ratio: float) -> float:
    """Return the parameter of an ellipse at an angle seen from its centre (radians)."""
    return math.atan2(math.sin(angle) / abs(ratio), math.cos(angle))


def _spline_edge(groups: _Groups) -> list[Arc]:
    degree = int(groups.take(94))
    groups.take(73)
    groups.take(74)
    knots, controls = groups.count(95), groups.count(96)
    at = np.array([groups.take(40) for _ in range(knots)])
    rows = [(*groups.point(), groups.perhaps(42, 1.0)) for _ in range(controls)]
    if groups.code() == 97 and groups.code(1) in {11, 12, 72, 97}:  # points it was fitted to
        groups.place += 1
        while groups.code() in {11, 21, 12, 22, 13, 23}:
            groups.place += 1
    known = 1 <= degree <= min(_HIGHEST_DEGREE, controls - 1) and knots == controls + degree + 1
    if not known or (np.diff(at) < 0).any() or _SPAN * controls > _MOST_OF_SPLINE:
        raise ValueError(degree)
    held = np.array(rows)
    if (held[:, 2] <= 0).any():
        raise ValueError(42)
    held[:, :2] *= held[:, 2:]
    points = _fine(held, at, degree, LOSS / 10)
    if not np.isfinite(points).all():
        raise ValueError(degree)
    return [Arc(tuple(a), tuple(b)) for a, b in itertools.pairwise(points)]


def _joined(edges: list[list[Arc]]) -> list[Arc]:
    """Return edges as one outline, turned round and put in order where they were drawn otherwise."""
    ends = np.array([p for edge in edges for p in (edge[0].start, edge[-1].end)])
    if not len(ends):
        raise ValueError(93)
    touch = _TOUCH * float(np.ptp(ends, axis=0).max()) + 1e-9 * float(np.abs(ends).max())
    rest, made = edges[1:], list(edges[0])
    while rest:
        here = made[-1].end
        far = [min(math.dist(here, edge[0].start), math.dist(here, edge[-1].end)) for edge in rest]
        nearest = 0 if far[0] <= touch else int(np.argmin(far))
        if far[nearest] > touch:
            raise ValueError(93)
        edge = rest.pop(nearest)
        if math.dist(here, edge[0].start) > touch:
            edge = [side.turned() for side in reversed(edge)]
        made += edge
    if math.dist(made[-1].end, made[0].start) > touch:
        raise ValueError(93)
    return made


BY_KIND: dict[str, Callable[[list[list[Pair]]], list[Pair] | None]] = {
    "HATCH": _hatch, "LWPOLYLINE": _light, "POLYLINE": _heavy, "SPLINE": _spline,
}  # fmt: skip
"""What makes chords of the arcs of a kind; None where there are none, or none that it knows."""

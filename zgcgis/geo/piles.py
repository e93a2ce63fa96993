"""Overlaps among the features of one layer: pair by pair, and where many lie together, as a pile.

Ordinary land overlaps with a few neighbours. Where each of many features lies on many of the
others there are as many pairs as their number squared, and nobody reads them: such a pile is one
place, with the number of its members and pairs. Work is counted, not timed, so that the same
layer has the same answer everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .boxes import box_pairs_of
from .overlay import _SLACK_M, _labels, _places, _threads
from .plane import Center, Floats, Geometries, _array, to_plane
from .rings import HALF, Positions, Rings, few_enough, most_between, near_between, shared_areas

__all__ = ["PILE", "overlaps"]

Among = Callable[[Positions, Positions], NDArray[np.bool_]]

PILE = 8
"""Overlaps of one feature up to which each is a place of its own."""

_LEAST_M2 = 1e-6  # an area below a square millimetre is rounding, not land
_AT_ONCE = 1 << 16
_HEAVY_PAIR = 40_000  # product of points from which a pair is looked at before it is laid over
_WORK, _WORK_PER_FEATURE = 700_000, 25  # microseconds, roughly, for pairs within piles
_BEYOND = (
    2  # times as much is spent on pairs in no pile; of the rest it is said that it is left out
)
_LARGE_AT_ONCE = 64
_WORTH_A_COUNT = 400  # product of edges near one another from which it is counted how many meet
_BUILT, _BUILT_PER_FEATURE = 100_000, 5  # edges that meet in all the ground that is built
_STEPS = 8_000_000  # pairs of edges between two looks at the work done


def overlaps(
    layer: GeoDataFrame | GeoSeries,
    *,
    min_area_m2: float = 1.0,
    widths: bool = True,
    tolerance_m: float = 0.0,
    among: Among | None = None,
    center: Center | None = None,
    threads: int | None = None,
) -> GeoDataFrame:
    """Return pairs of features that share more than `min_area_m2` of ground, and piles of them.

    A pair both of whose features overlap with more than :data:`PILE` others belongs to a pile,
    which is one row: that of its largest overlap.

    Parameters
    ----------
    layer
        Valid polygons with a CRS.
    min_area_m2
        What is smaller is left out.
    widths
        Whether to measure how wide each overlap is, which takes longer than finding it.
    tolerance_m
        Width up to which ground does not count as ``wide_m2``.
    among
        Told the positions of pairs, says which of them matter: those there in the same year.
    center, threads
        As for :func:`clipped_areas`.

    Returns
    -------
    overlaps
        Columns ``a, b`` (labels: the column ``id`` if there is one, else the index),
        ``area_m2``, ``share`` and ``share_larger`` (of the smaller and of the larger one), with
        `widths` the ``width_m`` (diameter of the largest circle inside the overlap),
        ``length_m`` and ``wide_m2`` (what of it is wider than `tolerance_m`), and the overlap
        itself, in the CRS of `layer`. Of a pile ``members`` (2 for a pair), ``pairs``
        and ``total_m2`` tell how many features and overlaps there are and what these come to,
        ``at_least`` whether there are more; its ``share_larger`` is the least of all.

        ``overlaps.attrs["not_compared"]`` has the labels of features that were not held against
        all others, because too many lie within one another's boxes or outlines cross too often.
    """
    flat = to_plane(layer, center)
    shapes = _array(flat)
    search = _Search(shapes, min_area_m2, among, _threads(threads, len(shapes)))
    found = search.found()
    found = search.few_enough_to_build(found)
    i, j = found["i"].astype(np.intp), found["j"].astype(np.intp)
    common = np.asarray(shapely.intersection(shapes[i], shapes[j]), object)
    size = np.asarray(shapely.area(common))
    kept = size > min_area_m2
    found = {name: column[kept] for name, column in found.items()}
    i, j, common, size = i[kept], j[kept], common[kept], size[kept]
    names = _labels(layer)
    width = tolerance_m if widths else None
    places = _places(layer, flat, common, size, width=width, a=names[i], b=names[j])
    whole = search.whole
    places.insert(3, "share", size / np.minimum(whole[i], whole[j]))
    pair = found["members"] == 2
    places.insert(4, "share_larger", np.where(pair, size / np.maximum(whole[i], whole[j]), found["least"]))  # fmt: skip
    places.insert(5, "members", found["members"].astype(int))
    places.insert(6, "pairs", found["pairs"].astype(int))
    places.insert(7, "total_m2", np.where(pair, size, found["total"]))
    places.insert(8, "at_least", found["at_least"].astype(bool))
    places.attrs["not_compared"] = names[np.flatnonzero(search.left_out)].tolist()
    return places


@dataclass
class _Search:
    """A search for overlaps: what was found, how much was done, and what was left out."""

    shapes: Geometries
    min_area_m2: float
    among: Among | None
    threads: int
    pairs: list[tuple[Positions, Positions, Floats]] = field(default_factory=list)
    work: float = 0.0

    def __post_init__(self) -> None:
        count = len(self.shapes)
        self.rings = Rings.of(self.shapes, self.threads)
        self.box = np.asarray(shapely.bounds(self.shapes))
        self.whole = np.asarray(shapely.area(self.shapes))
        self.degree = np.zeros(count, np.int64)
        self.cut = np.zeros(count, bool)
        self.left_out = np.zeros(count, bool)
        self.budget = _WORK + _WORK_PER_FEATURE * count

    def found(self) -> dict[str, NDArray[np.float64]]:
        """Search, and return pairs and piles: positions of the largest overlap, and the sums."""
        for i, j, upto in box_pairs_of(self.shapes, self.threads):
            once = i < j
            left = self._look(i[once], j[once], self.budget)
            if self.work > self.budget:
                self._sparingly(*left)
                self._finish(upto)
                break
        return self._summed()

    def _finish(self, upto: int) -> None:
        """Look only for what is in no pile so far, from a feature on: so much was done already."""
        full = self.degree > PILE
        late = np.arange(len(full)) >= upto
        self.cut |= full & late
        ask = np.flatnonzero(~full)
        for a, b, _ in box_pairs_of(self.shapes[ask], self.threads, self.shapes):
            a = ask[a]
            again = ~full[b] & (b <= a)  # found from the other side too, or one with itself
            mine = late[a] & late[b] & ~again
            i, j = np.minimum(a, b)[mine], np.maximum(a, b)[mine]
            order = np.argsort(i, kind="stable")
            self._sparingly(i[order], j[order])

    def _sparingly(self, i: Positions, j: Positions) -> None:
        """Measure a few pairs of each first, to see whether it lies in a pile and is done with."""
        for _ in range(2):
            few = np.arange(len(i)) - np.searchsorted(i, i) <= PILE
            self._look(i[few], j[few], _BEYOND * self.budget, last=True)
            i, j = self._open(i[~few], j[~few])
        self._look(i, j, _BEYOND * self.budget, last=True)

    def _look(
        self, i: Positions, j: Positions, most: float, *, last: bool = False
    ) -> tuple[Positions, Positions]:
        """Measure pairs whose boxes meet as long as there is work to spend; return those left.

        At the `last` look it is noted that they are left out.
        """
        for first in range(0, len(i), _AT_ONCE):
            a, b = self._with_room(*self._open(i[first:][:_AT_ONCE], j[first:][:_AT_ONCE]))
            self.work += _AT_ONCE / 20
            cost = np.cumsum(self.rings.count[a] * self.rings.count[b])
            done = 0
            for rows in np.split(np.arange(len(a)), np.flatnonzero(np.diff(cost // _STEPS)) + 1):
                if self.work > most:
                    break
                self._measure(*self._open(a[rows], b[rows]))
                done += len(rows)
            if self.work > most:
                i = np.concatenate([a[done:], i[first:][_AT_ONCE:]])
                j = np.concatenate([b[done:], j[first:][_AT_ONCE:]])
                if last:
                    i, j = self._open(i, j)
                    self.left_out[i] = self.left_out[j] = True
                return i, j
        return i[:0], j[:0]

    def _open(self, i: Positions, j: Positions) -> tuple[Positions, Positions]:
        """Keep pairs worth a look: once much was done, none that lie within a pile anyhow."""
        if self.work <= self.budget:
            return i, j
        gone = self._in_pile(i, j)
        self.cut[i[gone]] = self.cut[j[gone]] = True
        return i[~gone], j[~gone]

    def _with_room(self, i: Positions, j: Positions) -> tuple[Positions, Positions]:
        """Keep pairs that matter and whose hulls share enough room."""
        if self.among is not None:
            matters = self.among(i, j)
            i, j = i[matters], j[matters]
        box = self.box
        wide = np.minimum(box[i, 2], box[j, 2]) - np.maximum(box[i, 0], box[j, 0])
        high = np.minimum(box[i, 3], box[j, 3]) - np.maximum(box[i, 1], box[j, 1])
        room = wide * high > self.min_area_m2
        i, j = i[room], j[room]
        room = _hull_room(self.rings, i, j) > self.min_area_m2
        return i[room], j[room]

    def _in_pile(self, i: Positions, j: Positions) -> NDArray[np.bool_]:
        """Which pairs lie within a pile, for all that is known: both have more than a few others."""
        full: NDArray[np.bool_] = (self.degree[i] > PILE) & (self.degree[j] > PILE)
        return full

    def _measure(self, i: Positions, j: Positions) -> None:
        if not len(i):
            return
        size = np.zeros(len(i))
        handy = self.rings.handy[i] & self.rings.handy[j]
        some, rest = np.flatnonzero(handy), np.flatnonzero(~handy)
        size[some] = shared_areas(self.rings, self.rings, i[some], j[some])
        points = self.rings.count
        self.work += float((points[i[some]] * points[j[some]]).sum()) / 20 + len(some)
        rest = rest[self._meet(i[rest], j[rest])]
        for first in range(0, len(rest), _LARGE_AT_ONCE):
            rows = rest[first : first + _LARGE_AT_ONCE]
            if self.work > _BEYOND * self.budget:
                rows = rest[first:]
                self.left_out[i[rows]] = self.left_out[j[rows]] = True
                break
            size[rows] = self._overlaid(i[rows], j[rows])
        real = size > max(self.min_area_m2, _LEAST_M2)
        i, j, size = i[real], j[real], size[real]
        self.pairs.append((i, j, size))
        self.degree += np.bincount(np.concatenate([i, j]), minlength=len(self.shapes))

    def _meet(self, i: Positions, j: Positions) -> Positions:
        """Which of some pairs meet at all; of each pair the larger is prepared, in a copy."""
        points = self.rings.count
        turned = points[j] > points[i]
        big, small = np.where(turned, j, i), np.where(turned, i, j)
        order = np.argsort(big, kind="stable")
        meet = np.zeros(len(i), bool)
        first = np.flatnonzero(np.r_[True, np.diff(big[order]) != 0]) if len(i) else order
        for rows in np.split(order, first[1:]):  # a few large features
            if len(rows):
                own = shapely.from_wkb(shapely.to_wkb(self.shapes[big[rows[0]]]))
                shapely.prepare(own)
                meet[rows] = shapely.intersects(own, self.shapes[small[rows]])
                self.work += float(points[big[rows[0]]]) + len(rows)
        return np.flatnonzero(meet)

    def _overlaid(self, i: Positions, j: Positions) -> Floats:
        """Return the area that pairs share, 0 where their outlines cross too often to tell."""
        points, size = self.rings.count, np.zeros(len(i))
        near = near_between(self.shapes[i], self.shapes[j], from_product=_HEAVY_PAIR)
        odd = near > most_between(points[i], points[j])
        self.left_out[i[odd]] = self.left_out[j[odd]] = True
        self.work += float(near.sum()) + 2.0 * float((points[i] + points[j] + 10).sum())
        fine = np.flatnonzero(~odd)
        a, b = self.shapes[i[fine]], self.shapes[j[fine]]
        meet = np.flatnonzero(shapely.relate_pattern(a, b, "T********"))
        size[fine[meet]] = shapely.area(shapely.intersection(a[meet], b[meet]))
        return size

    def few_enough_to_build(
        self, found: dict[str, NDArray[np.float64]]
    ) -> dict[str, NDArray[np.float64]]:
        """Leave out, and note, places whose shared ground has far more edges than land has.

        The one of fewest edges among piles is built in any case.
        """
        i, j = found["i"].astype(np.intp), found["j"].astype(np.intp)
        near = near_between(self.shapes[i], self.shapes[j], from_product=_WORTH_A_COUNT)
        together = _BUILT + _BUILT_PER_FEATURE * len(self.shapes)
        pile = found["members"] > 2
        kept = np.ones(len(i), bool)
        for rows in (np.flatnonzero(pile), np.flatnonzero(~pile)):
            each = int(near.max(initial=0))
            kept[rows] = near[rows] <= few_enough(near[rows], each=each, together=together)
        if pile.any():
            kept |= pile & (near == near[pile].min())
        self.left_out[i[~kept]] = self.left_out[j[~kept]] = True
        return {name: column[kept] for name, column in found.items()}

    def _summed(self) -> dict[str, NDArray[np.float64]]:
        """Return the pairs that stand for themselves, and each pile as one row, in their order."""
        nothing = np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0)
        i, j, size = (np.concatenate(column) for column in zip(nothing, *self.pairs, strict=True))
        order = np.lexsort((j, i))
        i, j, size = i[order], j[order], size[order]
        piled = self._in_pile(i, j)
        one = np.ones(len(i))
        rows = {"i": i, "j": j, "members": 2 * one, "pairs": one, "total": size, "least": one,
                "at_least": 0 * one}  # fmt: skip
        alone = {name: np.asarray(column[~piled], float) for name, column in rows.items()}
        if not piled.any():
            return alone
        piles = self._piles(i[piled], j[piled], size[piled])
        both = {name: np.concatenate([alone[name], piles[name]]) for name in alone}
        order = np.lexsort((both["j"], both["i"]))
        return {name: column[order] for name, column in both.items()}

    def _piles(self, i: Positions, j: Positions, size: Floats) -> dict[str, NDArray[np.float64]]:
        count = len(self.shapes)
        graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(count, count))
        _, label = connected_components(graph, directed=False)
        label = np.asarray(label, np.intp)
        name, of = np.unique(label[i], return_inverse=True)
        members = np.bincount(label, minlength=count)[name]
        cut = np.bincount(label, weights=self.cut, minlength=count)[name] > 0
        share = size / np.maximum(self.whole[i], self.whole[j])
        order = np.lexsort(
            (-size.round(2), of)
        )  # each pile's largest first, of equal ones the first
        begins = np.searchsorted(of[order], np.arange(len(name)))
        largest = order[begins]
        return {
            "i": i[largest].astype(float),
            "j": j[largest].astype(float),
            "members": members.astype(float),
            "pairs": np.bincount(of).astype(float),
            "total": np.bincount(of, weights=size),
            "least": np.minimum.reduceat(share[order], begins),
            "at_least": cut.astype(float),
        }


def _hull_room(rings: Rings, i: Positions, j: Positions) -> Floats:
    """An upper bound of the area two shapes can share, from their twelve-sided hulls."""
    low, high = rings.spans.transpose(1, 0, 2)
    room = np.full(len(i), np.inf)
    for k in range(HALF):  # a direction and the one at right angles to it
        across = np.ones(len(i))
        for one in (k, k + HALF):
            depth = np.minimum(high[one][i], high[one][j]) - np.maximum(low[one][i], low[one][j])
            across *= np.maximum(depth + _SLACK_M, 0)
        room = np.minimum(room, across)
    return room

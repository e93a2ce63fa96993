"""A layer's polygons made into one mosaic (拼接), within the tolerance of a boundary point.

Two surveys of one corner give two points, centimetres apart, and between their parcels slivers
of overlap and gap. Here corners that are nearer to one another than the tolerance become one
point, their mean; a corner near an edge of a neighbour becomes a point of that edge; ground that
is still held twice or by nobody, and nowhere wider than the tolerance, goes to the neighbour with
the longest common edge. What is wider is no noise: it stays as it is, for a check to find.

No outline moves by more than the tolerance. Land that would is left untouched and told. The area
of each block is kept: a conditional adjustment (条件平差) moves the outer points of what was
cleaned by the least squares that bring the sum back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.csgraph import connected_components

from .boxes import see_that_boxes_seldom_meet
from .plane import Floats, Geometries, _nothing, _wide_ground, _width
from .rings import farthest_m, see_that_they_unite

__all__ = ["Mosaic", "make_mosaic"]

Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]

_SAME_M = 1e-3  # two corners of one outline that are nearer are one, given twice
_SPIKE_DEG = 10.0
_SPARED = (1.0, 0.8, 0.5)  # of the tolerance: what has moved so far is not moved for a sum
_SUM_M2, _KEPT_M2 = 1e-3, 5e-3
_WEAK_M2 = 1e-9
_ROUNDS = 4
_MANY_POINTS = 250_000  # product of the corners of two outlines
_SLACK = 1e-6


@dataclass
class Mosaic:
    """What became of the polygons of a plane.

    Attributes
    ----------
    shapes
        The polygons, in their order; those that did not change are the very ones that came.
    changed
        Which did.
    moved_m
        How far each outline moved where it moved farthest.
    points
        How many corners of each are no longer where they were, or new.
    ground
        The number of the connected ground to which each belongs.
    left
        Which could not be cleaned: an outline would have moved by more than the tolerance.
    spikes
        How many were taken off.
    """

    shapes: Geometries
    changed: Mask
    moved_m: Floats
    points: Ints
    ground: Ints
    left: Mask
    spikes: int = 0


def make_mosaic(
    shapes: Geometries,
    *,
    tolerance_m: float,
    overlap_m2: float,
    gap_m2: float,
    blocks: NDArray[np.object_] | None = None,
) -> Mosaic:
    """Return polygons of a plane with the noise of survey between them taken out.

    Parameters
    ----------
    shapes
        Valid polygons of a plane, in metres.
    tolerance_m
        How far a corner may move, and how wide an overlap or a gap may be to be closed.
    overlap_m2, gap_m2
        How much of an overlap or gap may be wider than that and still be noise.
    blocks
        The block of each polygon, whose sum of areas is kept; None or "" for the connected
        ground it belongs to.

    Raises
    ------
    EntangledError
        If the outlines cross too often for an answer.
    """
    see_that_boxes_seldom_meet(shapes)
    see_that_they_unite(shapes)
    ground = _connected(shapes, tolerance_m)
    made = Mosaic(
        shapes.copy(),
        np.zeros(len(shapes), bool),
        np.zeros(len(shapes)),
        np.zeros(len(shapes), np.intp),
        ground,
        np.zeros(len(shapes), bool),
    )
    trimmed = _without_spikes(made, tolerance_m)
    for row in np.flatnonzero([new is not old for new, old in zip(trimmed, shapes, strict=True)]):
        made.shapes[row], made.changed[row] = trimmed[row], True
    for _ in range(_ROUNDS):
        before = made.shapes.copy()
        _clean(made, trimmed, tolerance_m, overlap_m2, gap_m2)
        if all(new is old for new, old in zip(made.shapes, before, strict=True)):
            break
    _keep_sums(made, shapes, trimmed, blocks, tolerance_m)
    return made


def _clean(
    made: Mosaic, trimmed: Geometries, tolerance_m: float, overlap_m2: float, gap_m2: float
) -> None:
    """Clean the ground where outlines do not fit; no outline leaves where it was by too much."""
    ground = made.ground
    bad = ~_nothing(shapely.coverage_invalid_edges(made.shapes, gap_width=tolerance_m))
    rows = np.flatnonzero(np.isin(ground, ground[bad]))
    if not len(rows):
        return
    new = _snapped(made.shapes[rows], trimmed[rows], tolerance_m, overlap_m2, gap_m2)
    still = ~_nothing(shapely.coverage_invalid_edges(new, gap_width=tolerance_m))
    still |= ~shapely.is_valid(new)
    laid = new.copy()
    for one in np.unique(ground[rows[still]]).tolist():  # few: the rest fits already
        here = np.flatnonzero(ground[rows] == one)
        laid[here] = _laid(new[here], tolerance_m)
    made.left[rows] = False
    for answer in (new, made.shapes[rows]):  # where it went too far, what came before
        wrong = ~_keeps(trimmed[rows], laid, tolerance_m)
        laid[wrong] = answer[wrong]
        if answer is not new:
            made.left[rows[wrong]] = True
    _take(made, rows, laid, trimmed)


def _keeps(old: Geometries, new: Geometries, tolerance_m: float) -> Mask:
    """Whether polygons are whole and no outline moved by more than the tolerance."""
    fit = shapely.is_valid(new) & ~_nothing(new)
    fit &= shapely.get_num_geometries(new) <= shapely.get_num_geometries(old)
    fit[fit] = _moved_m(old[fit], new[fit]) <= tolerance_m + _SLACK
    kept: Mask = fit
    return kept


def _connected(shapes: Geometries, tolerance_m: float) -> Ints:
    """Number the connected ground that each polygon belongs to."""
    near = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=tolerance_m)
    return _groups(near.T, len(shapes))


def _take(made: Mosaic, rows: Ints, new: Geometries, trimmed: Geometries) -> None:
    """Take what was made of some polygons."""
    came = shapely.normalize(made.shapes[rows])
    other = ~shapely.equals_exact(came, shapely.normalize(new), 0.0)
    take = rows[other]
    made.shapes[take] = new[other]
    made.changed[take] = True
    made.moved_m[take] = _moved_m(trimmed[take], new[other])
    made.points[take] = _new_points(trimmed[take], new[other])


def _moved_m(old: Geometries, new: Geometries) -> Floats:
    """How far outlines lie from one another where they are farthest, spikes aside."""
    one, other = (np.asarray(shapely.boundary(shapes), object) for shapes in (old, new))
    points = (np.asarray(shapely.get_num_coordinates(lines), np.int64) for lines in (one, other))
    large = np.multiply(*points) > _MANY_POINTS
    found = np.zeros(len(old))
    found[~large] = shapely.hausdorff_distance(one[~large], other[~large])
    for k in np.flatnonzero(large).tolist():  # few: it would take as long as the product
        found[k] = max(farthest_m(one[k], other[k]), farthest_m(other[k], one[k]))
    return found


def _new_points(old: Geometries, new: Geometries) -> Ints:
    """How many corners of each polygon are not among the corners that it had."""
    before, of_before = shapely.get_coordinates(old, return_index=True)
    after, of_after = shapely.get_coordinates(new, return_index=True)
    keys = np.concatenate([np.c_[of_before, before], np.c_[of_after, after]])
    _, number = np.unique(keys, axis=0, return_inverse=True)
    was, now = number[: len(before)], number[len(before) :]
    fresh, first = np.unique(now, return_index=True)
    fresh = first[~np.isin(fresh, was)]
    return np.bincount(of_after[fresh], minlength=len(old)).astype(np.intp)


# --- outlines as points --------------------------------------------------------------------------


@dataclass
class _Net:
    """Polygons as points: rings one after the other, each closed."""

    xy: Floats
    rings: Ints
    parts: Ints
    of_shape: Ints
    count: int

    @classmethod
    def of(cls, shapes: Geometries) -> _Net:
        parts, of_shape = shapely.get_parts(shapes, return_index=True)
        _, xy, (rings, starts) = shapely.to_ragged_array(parts)
        return cls(xy[:, :2], rings.astype(np.intp), starts.astype(np.intp), of_shape, len(shapes))

    @property
    def owner(self) -> Ints:
        """The polygon of each point."""
        per_part = np.diff(self.rings[self.parts])
        return np.repeat(self.of_shape, per_part)

    @property
    def edges(self) -> Ints:
        """The points at which an edge begins: all but the last of a ring."""
        keep = np.ones(len(self.xy), bool)
        keep[self.rings[1:] - 1] = False
        return np.flatnonzero(keep)

    def nodes(self) -> tuple[Floats, Ints]:
        """The places of the points, each once, and the number of the place of each point."""
        place, number = np.unique(
            np.ascontiguousarray(self.xy).view(np.complex128).ravel(), return_inverse=True
        )
        return np.c_[place.real, place.imag], np.asarray(number, np.intp)

    def shapes(self) -> Geometries:
        """The polygons again, without points given twice and without needles of no width."""
        xy, rings = self.xy, self.rings
        for _ in range(_ROUNDS):
            drop = _idle(xy, rings)
            if not drop.any():
                break
            kept = np.r_[0, np.cumsum(~drop)]
            xy, rings = xy[~drop], kept[rings]
            xy = _closed(xy, rings)
        whole = np.diff(rings) >= 4
        shells = np.r_[True, np.zeros(len(whole) - 1, bool)] if len(whole) else whole
        shells[self.parts[:-1]] = True
        parts = np.full(len(self.of_shape), None, object)
        of_part = np.repeat(np.arange(len(parts)), np.diff(self.parts))
        usable = whole & whole[self.parts[:-1]][of_part]
        made = np.full(len(whole), None, object)
        index = np.repeat(np.arange(len(whole)), np.diff(rings))
        good = usable[index]
        renumbered = np.cumsum(usable) - 1
        if good.any():
            made[usable] = shapely.linearrings(xy[good], indices=renumbered[index[good]])
        outer = usable & shells
        parts[of_part[outer]] = shapely.polygons(made[outer])
        for ring in np.flatnonzero(usable & ~shells).tolist():  # holes are few
            part = of_part[ring]
            inner = [*parts[part].interiors, made[ring]]
            parts[part] = shapely.Polygon(parts[part].exterior, inner)
        return _together(parts, self.of_shape, self.count)


def _idle(xy: Floats, rings: Ints) -> Mask:
    """Points that repeat the one before, and those from which a ring goes back whence it came."""
    drop = np.zeros(len(xy), bool)
    if len(xy) < 2:
        return drop
    same = (xy[1:] == xy[:-1]).all(axis=1)
    first, last = rings[:-1], rings[1:] - 1
    drop[1:] = same
    drop[first[first < len(xy)]] = False
    inner = np.arange(len(xy))
    ring = np.repeat(np.arange(len(rings) - 1), np.diff(rings))
    before = np.where(inner == first[ring], last[ring] - 1, inner - 1)
    after = np.where(inner == last[ring], first[ring] + 1, inner + 1)
    back = (xy[np.maximum(before, 0)] == xy[np.minimum(after, len(xy) - 1)]).all(axis=1)
    needle = back & ~drop
    needle[1:] &= ~needle[:-1]  # one at a time
    drop |= needle
    return drop


def _closed(xy: Floats, rings: Ints) -> Floats:
    """Close rings whose first or last point was dropped."""
    made = xy.copy()
    there = np.diff(rings) > 0
    first, last = rings[:-1][there], rings[1:][there] - 1
    made[last] = made[first]
    return made


def _together(parts: Geometries, of_shape: Ints, count: int) -> Geometries:
    """Put the parts of each shape together; None for one of which nothing is left."""
    shapes = np.full(count, None, object)
    there = np.array([part is not None for part in parts], bool)
    number = np.bincount(of_shape[there], minlength=count)
    single = there & (number[of_shape] == 1)
    shapes[of_shape[single]] = parts[single]
    for row in np.flatnonzero(number > 1).tolist():  # multipolygons are few
        shapes[row] = shapely.MultiPolygon(list(parts[there & (of_shape == row)]))
    return shapes


# --- spikes --------------------------------------------------------------------------------------


def _without_spikes(made: Mosaic, tolerance_m: float) -> Geometries:
    """Return the polygons without needles thinner than the tolerance; those without are the same."""
    shapes = made.shapes.copy()
    net = _Net.of(shapes)
    here = net.edges
    ring = np.searchsorted(net.rings, here, side="right") - 1
    before = np.where(here == net.rings[ring], net.rings[ring + 1] - 2, here - 1)
    a, b, c = net.xy[before], net.xy[here], net.xy[here + 1]
    back, on = a - b, c - b
    lengths = np.hypot(*back.T) * np.hypot(*on.T)
    with np.errstate(invalid="ignore", divide="ignore"):
        angle = np.degrees(np.arccos(np.clip((back * on).sum(axis=1) / lengths, -1, 1)))
        longer = np.maximum(np.hypot(*back.T), np.hypot(*on.T))
        across = np.abs(back[:, 0] * on[:, 1] - back[:, 1] * on[:, 0]) / longer
    arm = np.minimum(np.hypot(*back.T), np.hypot(*on.T))
    spike = (angle < _SPIKE_DEG) & (across <= tolerance_m) & (arm > tolerance_m)
    for row in np.unique(net.owner[here[spike]]).tolist():
        tips = net.xy[here[spike & (net.owner[here] == row)]]
        less = _less_points(shapes[row], tips)
        lost = float(shapely.area(shapely.symmetric_difference(shapes[row], less)))
        if less.is_valid and not less.is_empty and lost < 0.01 * shapely.area(shapes[row]):
            shapes[row] = less
            made.spikes += len(tips)
    return shapes


def _less_points(shape: Any, points: Floats) -> Any:
    """Return a polygon without some of its corners; as it is where too few would be left."""
    parts = []
    for part in shapely.get_parts(shape):
        rings = []
        for ring in (part.exterior, *part.interiors):
            xy = shapely.get_coordinates(ring)[:-1]
            gone = (xy[:, None] == points[None]).all(axis=2).any(axis=1)
            rings.append(xy if (~gone).sum() < 3 else xy[~gone])
        parts.append(shapely.Polygon(rings[0], rings[1:]))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


# --- corners -------------------------------------------------------------------------------------


def _snapped(
    shapes: Geometries,
    was: Geometries,
    tolerance_m: float,
    overlap_m2: float,
    gap_m2: float,
) -> Geometries:
    """Return polygons whose near corners are one, and in whose edges the near corners stand."""
    from scipy.spatial import cKDTree  # late: only who mends waits for it

    net = _Net.of(shapes)
    places, number = net.nodes()
    held = csr_array(
        (np.ones(len(number), np.int8), (number, net.owner)), shape=(len(places), len(shapes))
    )
    held.data[:] = 1
    pairs = cKDTree(places).query_pairs(np.sqrt(2) * tolerance_m, output_type="ndarray")
    apart = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T)
    together = np.asarray(held[pairs[:, 0]].multiply(held[pairs[:, 1]]).sum(axis=1)).ravel() > 0
    near = np.where(together, apart <= _SAME_M, apart <= tolerance_m)
    for k in np.flatnonzero(~together & ~near).tolist():  # one corner measured twice, or two?
        near[k] = not _at_a_gap(shapes, held, pairs[k], tolerance_m, gap_m2)
    group = _groups(pairs[near], len(places))
    real = _overlapping(shapes, tolerance_m, overlap_m2)
    for one, other in real:
        ours, theirs = (np.flatnonzero(held[:, [s]].toarray()) for s in (one, other))
        mine, yours = np.setdiff1d(ours, theirs), np.setdiff1d(theirs, ours)
        joined = np.intersect1d(group[mine], group[yours])
        near &= ~np.isin(group[pairs[:, 0]], joined) | (apart <= _SAME_M)
    net.xy = _means(places, number, pairs[near], apart[near], tolerance_m)[number]
    _stand_in_edges(net, tolerance_m, was, real)
    return net.shapes()


def _overlapping(
    shapes: Geometries, tolerance_m: float, overlap_m2: float
) -> list[tuple[int, int]]:
    """Pairs that share ground of which more is wider than the tolerance than is noise."""
    i, j = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    i, j = i[i < j], j[i < j]
    common = np.asarray(shapely.intersection(shapes[i], shapes[j]), object)
    much = np.flatnonzero(shapely.area(common) > overlap_m2)
    wide = _wide_ground(common[much], tolerance_m)[0] > overlap_m2
    return list(zip(i[much[wide]].tolist(), j[much[wide]].tolist(), strict=True))


def _at_a_gap(shapes: Geometries, held: Any, pair: Ints, tolerance_m: float, gap_m2: float) -> bool:
    """Whether two corners lie at a gap of which more is wider than the tolerance than is noise."""
    one, other = (held.indices[held.indptr[n] : held.indptr[n + 1]] for n in pair)
    a, b = np.meshgrid(one, other)
    both = np.asarray(shapely.union(shapes[a.ravel()], shapes[b.ravel()]), object)
    reach = np.sqrt(2) * tolerance_m
    wider = shapely.buffer(both, reach, join_style="mitre")
    free = shapely.difference(shapely.buffer(wider, -reach, join_style="mitre"), both)
    wide, _ = _wide_ground(np.asarray(free, object), tolerance_m)
    return bool((wide > gap_m2).any())


def _groups(pairs: Ints, size: int) -> Ints:
    """Number what is joined by pairs."""
    graph = coo_array((np.ones(len(pairs), bool), tuple(pairs.T)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], np.intp)


def _means(places: Floats, number: Ints, pairs: Ints, apart: Floats, tolerance_m: float) -> Floats:
    """Return the new place of each place: the mean of those that are one corner.

    No chain of them becomes one corner that would move any of them by more than the tolerance.
    """
    weight = np.bincount(number, minlength=len(places)).astype(float)
    new = places.copy()
    open_, link = np.ones(len(places), bool), np.sqrt(2) * tolerance_m
    for _ in range(_ROUNDS):
        use = (apart <= link) & open_[pairs].all(axis=1)
        group = _groups(pairs[use], len(places))
        many = int(group.max()) + 1
        sums = np.c_[
            np.bincount(group, weight * places[:, 0], many),
            np.bincount(group, weight * places[:, 1], many),
        ]
        mean = (sums / np.bincount(group, weight, many)[:, None])[group]
        off = np.hypot(*(mean - places).T)
        far = np.zeros(many)
        np.maximum.at(far, group, off)
        fits = open_ & (far[group] <= tolerance_m) & (np.bincount(group, minlength=many)[group] > 1)
        new[fits] = mean[fits]
        open_ &= ~fits & (far[group] > 0)
        if not open_.any():
            break
        link /= 2
    return new


def _stand_in_edges(
    net: _Net, tolerance_m: float, was: Geometries, real: list[tuple[int, int]]
) -> None:
    """Let corners near an edge of a neighbour be points of that edge, but where both really overlap."""
    places, number = net.nodes()
    begin, owner = net.edges, net.owner
    lines = shapely.linestrings(np.stack([net.xy[begin], net.xy[begin + 1]], axis=1))
    node, edge = shapely.STRtree(lines).query(
        shapely.points(places), predicate="dwithin", distance=tolerance_m
    )
    size = net.count
    own = np.unique(number.astype(np.int64) * size + owner)
    wanted = ~np.isin(node.astype(np.int64) * size + owner[begin[edge]], own)
    for one, other in (*real, *(pair[::-1] for pair in real)):
        wanted &= (owner[begin[edge]] != other) | ~np.isin(node.astype(np.int64) * size + one, own)
    node, edge = node[wanted], edge[wanted]
    outline = shapely.boundary(was)
    there = shapely.points(places[node])
    fits = shapely.distance(there, outline[owner[begin[edge]]]) <= tolerance_m
    node, edge = node[fits], edge[fits]
    start = net.xy[begin[edge]]
    along = net.xy[begin[edge] + 1] - start
    length = (along**2).sum(axis=1)
    t = ((places[node] - start) * along).sum(axis=1) / np.where(length > 0, length, 1)
    inside = (t > 0) & (t < 1)
    node, edge, t = node[inside], edge[inside], t[inside]
    key = node.astype(np.int64) * size + owner[begin[edge]]
    off = shapely.distance(shapely.points(places[node]), lines[edge])
    order = np.lexsort((off, key))  # a corner stands in the nearest edge of an outline
    order = order[np.r_[True, np.diff(key[order]) > 0]] if len(order) else order
    node, edge, t = node[order], edge[order], t[order]
    order = np.lexsort((t, edge))
    node, edge = node[order], edge[order]
    where = begin[edge] + 1
    net.xy = np.insert(net.xy, where, places[node], axis=0)
    more = np.searchsorted(np.sort(where), net.rings, side="left")
    net.rings = net.rings + more


# --- faces ---------------------------------------------------------------------------------------


def _laid(shapes: Geometries, tolerance_m: float) -> Geometries:
    """Return polygons made anew of the faces of their edges; thin faces have one holder at most."""
    if _nothing(shapes).any():
        return shapes
    solid = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(shapely.boundary(solid))]))
    holders: list[set[int]] = [set() for _ in faces]
    found = shapely.STRtree(solid).query(shapely.point_on_surface(faces), predicate="intersects")
    for face, shape in found.T.tolist():
        holders[face].add(shape)
    thin = _thin(faces, tolerance_m)
    for face in np.flatnonzero(thin).tolist():
        thin[face] = len(holders[face]) != 1
    tree, outline = shapely.STRtree(faces), shapely.boundary(faces)
    doubtful = np.flatnonzero(thin)
    for face in doubtful[np.argsort(-shapely.area(faces[doubtful]), kind="stable")].tolist():
        near = tree.query(faces[face], predicate="intersects")
        near = near[~thin[near]]
        common = shapely.length(shapely.intersection(outline[face], outline[near]))
        border = dict.fromkeys(sorted(holders[face]), 0.0)
        for other, long in zip(near.tolist(), common.tolist(), strict=True):
            for shape in holders[other] & holders[face] if holders[face] else holders[other]:
                border[shape] = border.get(shape, 0.0) + long
        if holders[face] or max(border.values(), default=0.0) > 0:
            holders[face] = {max(border, key=lambda shape: (border[shape], -shape))}
            thin[face] = False
    mine: list[list[int]] = [[] for _ in shapes]
    for face, of in enumerate(holders):
        for shape in of:
            mine[shape].append(face)
    laid = [shapely.coverage_union_all(faces[some]) if some else None for some in mine]
    return np.array([None, *laid], object)[1:]


def _thin(faces: Geometries, tolerance_m: float) -> Mask:
    """Which faces are nowhere wider than the tolerance."""
    thin: Mask = 2 * shapely.area(faces) <= tolerance_m * shapely.length(faces)
    thin[thin] = _width(faces[thin]) <= tolerance_m * (1 + _SLACK)
    return thin


# --- sums ----------------------------------------------------------------------------------------


def _keep_sums(
    made: Mosaic,
    was: Geometries,
    trimmed: Geometries,
    blocks: NDArray[np.object_] | None,
    tolerance_m: float,
) -> None:
    """Move outer points of changed polygons by the least that keeps the area of each block.

    What has moved far already is spared, more and more, where it would move too far.
    """
    names = made.ground.astype(object) if blocks is None else blocks.copy()
    unnamed = np.array([name is None or name == "" for name in names], bool)
    names[unnamed] = made.ground[unnamed]
    _, block = np.unique(names.astype(str), return_inverse=True)
    rows = np.flatnonzero(np.isin(made.ground, made.ground[made.changed]))
    for share, others in (*((share, False) for share in _SPARED), (1.0, True)):
        off = np.bincount(block, shapely.area(made.shapes) - shapely.area(was))
        rows = rows[np.abs(off[block[rows]]) > _KEPT_M2]
        if len(rows):
            still = made.moved_m[rows] > share * tolerance_m
            still |= ~(made.changed[rows] | others)
            shapes = _balanced(made.shapes[rows], was[rows], block[rows], still)
            _settle(made, rows, shapes, trimmed, tolerance_m)


def _balanced(shapes: Geometries, was: Geometries, block: Ints, still: Mask) -> Geometries:
    """Return polygons whose areas sum up block by block to what they were; some stand still."""
    from scipy.sparse.linalg import spsolve

    net = _Net.of(shapely.orient_polygons(shapes))
    places, number = net.nodes()
    begin, owner = net.edges, net.owner
    _, block = np.unique(block, return_inverse=True)
    free = np.ones(len(places), bool)
    free[number[still[owner]]] = False
    ring = np.searchsorted(net.rings, begin, side="right") - 1
    last = np.where(begin == net.rings[ring], net.rings[ring + 1] - 2, begin - 1)
    home = number[begin]
    for _ in range(_ROUNDS):
        off = np.bincount(block, shapely.area(shapes) - shapely.area(was))
        ahead, behind = places[number[begin + 1]], places[number[last]]
        slope = np.c_[ahead[:, 1] - behind[:, 1], behind[:, 0] - ahead[:, 0]] / 2
        slope[~free[home]] = 0
        at = np.concatenate([home * 2, home * 2 + 1])
        of = np.tile(block[owner[begin]], 2)
        pull = csr_array((slope.T.ravel(), (of, at)), shape=(len(off), 2 * len(places)))
        strength = pull @ pull.T
        weak = np.asarray(strength.diagonal()) <= _WEAK_M2
        if np.abs(off[~weak]).max(initial=0.0) < _SUM_M2:
            break
        damped = csr_array(strength + diags_array(weak + _WEAK_M2))
        step = pull.T @ np.atleast_1d(spsolve(damped.tocsc(), np.where(weak, 0.0, -off)))
        places = places + step.reshape(-1, 2)
        net.xy = places[number]
        shapes = net.shapes()
    return shapes


def _settle(
    made: Mosaic, rows: Ints, shapes: Geometries, trimmed: Geometries, tolerance_m: float
) -> None:
    """Take polygons whose sum was brought back, where none of their ground moved too far."""
    good = _keeps(trimmed[rows], shapes, tolerance_m)
    good = ~np.isin(made.ground[rows], made.ground[rows[~good]])
    _take(made, rows[good], shapes[good], trimmed)

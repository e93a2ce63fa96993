"""A network of roads (路网): shortest ways, fastest ways, and the ground within some minutes.

Every edge is as long as the straight line between its nodes, and a place is joined to the road by
a straight leg. So no way is shorter than the straight line between its ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from geopandas import GeoSeries
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from ..plane import Center, Floats, Geometries, _array, _nothing, center_of, to_plane

__all__ = ["Network", "discs", "make_network"]

_SAME_M = 0.001  # nodes nearer than this are one: the same point, written twice
_STEP_M = 60.0  # an edge is not longer, so that what is reached follows the road
_CORNERS = 24  # of a disc
_AT_ONCE = 50_000  # pieces of ground united at a time

Positions = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Network:
    """Roads as nodes and edges, in metres of a working plane, open in both directions.

    Attributes
    ----------
    nodes
        Coordinates, ``(n, 2)``, in metres: of the roads first, of the places last.
    edges
        Positions of the two nodes of each edge, ``(m, 2)``.
    length_m, minutes
        Of each edge.
    place_node
        The node of each place.
    leg_m
        From each place straight to its road, in metres; NaN where no road is within `snap_m`.
    gaps, crossings, bridges
        How many loose ends were joined to the road beside them, how many crossings without a
        common vertex were joined, and how many were not, because one road passes over the other.
    pieces
        Of how many connected pieces the roads consist.
    leg_kmh, snap_m
        The speed off the road, and how far from it a place may be.
    crs
        The plane.
    """

    nodes: Floats
    edges: Positions
    length_m: Floats
    minutes: Floats
    place_node: Positions
    leg_m: Floats
    gaps: int
    crossings: int
    bridges: int
    pieces: int
    leg_kmh: float
    snap_m: float
    crs: CRS = field(repr=False)

    def ways(self, sources: ArrayLike, *, by: str = "length_m") -> tuple[Floats, Positions]:
        """Return the way from the nearest of some places to every node (Dijkstra, 1959).

        Parameters
        ----------
        sources
            Positions of places.
        by
            ``"length_m"`` for the shortest way in metres, ``"minutes"`` for the fastest.

        Returns
        -------
        cost, source
            For each node; infinite and -1 where no way leads.
        """
        places = np.asarray(sources, np.intp)
        places = places[np.isfinite(self.leg_m[places])]
        n = len(self.nodes)
        if not len(places):
            return np.full(n, np.inf), np.full(n, -1, np.intp)
        cost = self.length_m if by == "length_m" else self.minutes
        graph = _graph(self.edges, cost, n)
        at = self.place_node[places]
        found, _, origin = dijkstra(
            graph, directed=False, indices=at, min_only=True, return_predecessors=True
        )
        of = np.full(n + 1, -1, np.intp)
        of[at[::-1]] = places[::-1]
        return found, of[np.where(np.isfinite(found), origin, n)]

    def reached(self, minutes: Floats, limit: float) -> GeoSeries:
        """Return the ground reached within a limit (等时圈), one polygon in the plane.

        From every point of a road that is reached in time one walks on straight, off the road, as
        far as time is left, and not farther than `snap_m`: a place that reaches its road reaches
        the sources in time just if it lies in the polygon, but for the corners of the discs (a
        disc has 24, inside the circle) and for another road nearer in time.

        Parameters
        ----------
        minutes
            Of every node, from :meth:`ways`.
        limit
            Minutes.
        """
        left = np.maximum(limit - minutes, 0.0)
        reach = np.where(
            minutes <= limit, np.minimum(left * self.leg_kmh * 1000 / 60, self.snap_m), -1.0
        )
        kept = self._roads_and(minutes == 0)
        (i, j), slow = self.edges[kept].T, self.minutes[kept]
        ground = []
        for a, b in ((i, j), (j, i)):
            more = left[a] > left[b] - slow + 1e-9  # else all of the edge is reached sooner from b
            a, b, pace = a[more], b[more], slow[more]
            part = np.clip(np.where(pace > 0, left[a] / np.maximum(pace, 1e-12), 1.0), 0, 1)
            ground.append(self._hulls(a, b, part, reach, left[a] - part * pace))
        return GeoSeries([_united(np.concatenate(ground))], crs=self.crs)

    def _roads_and(self, sources: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which edges are of roads, or legs of sources; legs are the last edges."""
        kept = np.ones(len(self.edges), bool)
        legs = len(self.edges) - int(np.isfinite(self.leg_m).sum())
        kept[legs:] = sources[self.edges[legs:, 0]]
        return kept

    def _hulls(
        self, i: Positions, j: Positions, part: Floats, reach: Floats, left: Floats
    ) -> Geometries:
        """The ground along a part of each edge: the hull of the discs at its two ends."""
        there = reach[i] >= 0
        i, j, part, left = i[there], j[there], part[there], left[there]
        far = self.nodes[i] + part[:, None] * (self.nodes[j] - self.nodes[i])
        end = np.clip(left * self.leg_kmh * 1000 / 60, 0.0, self.snap_m)
        points = np.concatenate([_ring(self.nodes[i], reach[i]), _ring(far, end)], axis=1)
        hulls: Geometries = shapely.convex_hull(shapely.multipoints(points))
        ground: Geometries = hulls[shapely.area(hulls) > 0]
        return ground


def _graph(edges: Positions, cost: Floats, n: int) -> csr_array:
    """The least cost between two nodes; of roads drawn twice one edge is kept."""
    low, high = edges.min(axis=1), edges.max(axis=1)
    order = np.lexsort((cost, high, low))
    low, high, cost = low[order], high[order], np.maximum(cost[order], 1e-12)
    new = np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])] if len(low) else low > 0
    return csr_array(coo_array((cost[new], (low[new], high[new])), shape=(n, n)))


def _ring(middle: Floats, radius: Floats) -> Floats:
    angle = np.arange(_CORNERS) * (2 * np.pi / _CORNERS)
    around = np.stack([np.cos(angle), np.sin(angle)], -1)
    rings: Floats = middle[:, None, :] + radius[:, None, None] * around
    return rings


def _united(shapes: Geometries) -> object:
    parts = [shapely.union_all(shapes[k : k + _AT_ONCE]) for k in range(0, len(shapes), _AT_ONCE)]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def discs(places: GeoSeries, radius_m: float) -> GeoSeries:
    """Return the ground within a straight line of some places, one polygon in their plane.

    Parameters
    ----------
    places
        Points in a plane in metres.
    radius_m
        Metres.

    Examples
    --------
    >>> spots = GeoSeries.from_xy([5e5, 5e5 + 50], [4.4e6, 4.4e6], crs=4548)
    >>> float(discs(spots, 10).area.round(1).iloc[0])  # two polygons of 24 corners
    621.2
    """
    points = shapely.get_coordinates(_array(places))
    rings = shapely.polygons(_ring(points, np.full(len(points), float(radius_m))))
    return GeoSeries([_united(rings)], crs=places.crs)


def make_network(
    lines: GeoSeries,
    places: GeoSeries,
    *,
    kmh: ArrayLike,
    apart: ArrayLike | None = None,
    leg_kmh: float = 4.0,
    snap_m: float = 300.0,
    join_m: float = 1.0,
    center: Center | None = None,
) -> Network:
    """Make a network of roads and join places to it.

    Roads meet where they have a vertex in common, where they cross, and where one ends within
    `join_m` of another. Nothing is one-way.

    Parameters
    ----------
    lines
        Centre lines of roads, with a CRS.
    places
        Points, with a CRS: from where and to where one goes.
    kmh
        The speed on each line in kilometres an hour, one or one a line.
    apart
        For each line whether it passes over what it crosses, so that it is entered only at a
        common vertex or an end: motorways.
    leg_kmh
        Speed between a place and its road.
    snap_m
        The farthest a place may be from its road, the nearest, in metres.
    join_m
        The farthest a loose end is joined over, in metres.
    center
        Centre of the working plane; by default the one of `lines`.

    Examples
    --------
    >>> from shapely import LineString, Point
    >>> roads = GeoSeries([LineString([(0, 0), (900, 0)]), LineString([(600, 0), (600, 400)])])
    >>> spots = GeoSeries([Point(0, 10), Point(600, 400)])
    >>> here = [s.translate(5e5, 4.4e6).set_crs(4548) for s in (roads, spots)]
    >>> net = make_network(*here, kmh=4.0)
    >>> metres, _ = net.ways([1])
    >>> round(float(metres[net.place_node[0]]))
    1010
    """
    center = center_of(lines) if center is None else center
    flat, spots = to_plane(lines, center), to_plane(places, center)
    speed = np.broadcast_to(np.asarray(kmh, float), len(flat))
    over = np.broadcast_to(np.asarray(False if apart is None else apart, bool), len(flat))
    drawn = ~_nothing(_array(flat))
    parts, row = shapely.get_parts(_array(flat)[drawn], return_index=True)
    speed, over = speed[drawn][row], over[drawn][row]
    vertex_line, vertex_at, vertex = _vertices(parts)
    crossing, crossings, bridges = _crossings(parts, over)
    ends = _loose_ends(parts, join_m)
    points = shapely.get_coordinates(_array(spots))
    foot_line, leg = _feet(parts, points, snap_m)
    near = np.flatnonzero(foot_line >= 0)
    asked_line = np.concatenate([crossing[0], ends[1], foot_line[near]])
    asked = np.concatenate([crossing[1], ends[2], points[near]])
    at = shapely.line_locate_point(parts[asked_line], shapely.points(asked))
    on = shapely.get_coordinates(shapely.line_interpolate_point(parts[asked_line], at))
    line = np.concatenate([vertex_line, asked_line])
    along = np.concatenate([vertex_at, at])
    xy = np.concatenate([vertex, on])
    order = np.lexsort((along, line))
    step = np.flatnonzero(line[order][1:] == line[order][:-1])
    first, second = order[step], order[step + 1]
    pace = speed[line[first]]
    added = len(vertex) + len(crossing[0])
    loose = added + np.arange(len(ends[0]))  # a loose end, and where it meets the other road
    first, second = np.r_[first, ends[0]], np.r_[second, loose]
    pace = np.r_[pace, speed[ends[1]]]
    foot = added + len(ends[0]) + np.arange(len(near))
    return _assembled(
        xy, (first, second, pace), points, (near, foot, leg),
        leg_kmh=leg_kmh, snap_m=snap_m, crs=flat.crs,
        told=(_open(parts, ends), crossings, bridges),
    )  # fmt: skip


def _assembled(
    xy: Floats,
    roads: tuple[Positions, Positions, Floats],
    points: Floats,
    legs: tuple[Positions, Positions, Floats],
    *,
    leg_kmh: float,
    snap_m: float,
    crs: CRS,
    told: tuple[int, int, int],
) -> Network:
    """Make one node of what is the same point, cut long edges, add the places with their legs."""
    label = _same(xy)
    count = int(label.max()) + 1 if len(label) else 0
    nodes = np.zeros((count, 2))
    nodes[label[::-1]] = xy[::-1]
    i, j = label[roads[0]], label[roads[1]]
    kept = i != j
    i, j, pace = i[kept], j[kept], roads[2][kept]
    nodes, i, j, pace = _stepped(nodes, i, j, pace)
    pieces = 0
    if len(i):
        n = len(nodes)
        labels = connected_components(coo_array((np.ones(len(i)), (i, j)), shape=(n, n)), directed=False)[1]  # fmt: skip
        pieces = len(np.unique(labels[i]))
    near, foot, _ = legs
    place = len(nodes) + np.arange(len(points))
    nodes = np.concatenate([nodes, points])
    edges = np.stack([np.r_[i, place[near]], np.r_[j, label[foot]]], -1).astype(np.intp)
    length = np.hypot(*(nodes[edges[:, 0]] - nodes[edges[:, 1]]).T)
    pace = np.r_[pace, np.full(len(near), leg_kmh)]
    leg = np.full(len(points), np.nan)
    leg[near] = length[len(i) :]
    minutes = length / (pace * 1000 / 60)
    return Network(nodes, edges, length, minutes, place, leg, *told, pieces, leg_kmh, snap_m, crs)


def _same(xy: Floats) -> Positions:
    """A number for each point, the same for points that are one."""
    n = len(xy)
    if not n:
        return np.zeros(0, np.intp)
    pairs = cKDTree(xy).query_pairs(_SAME_M, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    labels: Positions = connected_components(graph, directed=False)[1].astype(np.intp)
    return labels


def _stepped(
    nodes: Floats, i: Positions, j: Positions, pace: Floats
) -> tuple[Floats, Positions, Positions, Floats]:
    """Edges cut into equal steps of at most ``_STEP_M``."""
    parts = np.maximum(np.ceil(np.hypot(*(nodes[i] - nodes[j]).T) / _STEP_M).astype(int), 1)
    edge = np.repeat(np.arange(len(i)), parts)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(parts) - parts, parts)
    inner = step > 0
    share = (step[inner] / parts[edge[inner]])[:, None]
    new = nodes[i[edge[inner]]] * (1 - share) + nodes[j[edge[inner]]] * share
    number = np.full(len(edge), -1)
    number[inner] = len(nodes) + np.arange(len(new))
    begin = np.where(inner, number, i[edge])
    last = np.r_[edge[1:] != edge[:-1], True] if len(edge) else np.zeros(0, bool)
    end = np.where(last, j[edge], np.r_[number[1:], -1])
    return np.concatenate([nodes, new]), begin.astype(np.intp), end.astype(np.intp), pace[edge]


def _vertices(parts: Geometries) -> tuple[Positions, Floats, Floats]:
    """Each vertex of lines: its line, how far along it lies, where it is."""
    xy, line = shapely.get_coordinates(parts, return_index=True)
    gone = np.r_[0.0, np.hypot(*np.diff(xy, axis=0).T)] if len(xy) else np.zeros(0)
    new = np.r_[True, line[1:] != line[:-1]] if len(line) else np.zeros(0, bool)
    gone[new] = 0.0
    along = np.cumsum(gone)
    return line.astype(np.intp), along - np.maximum.accumulate(np.where(new, along, 0.0)), xy


def _crossings(
    parts: Geometries, over: NDArray[np.bool_]
) -> tuple[tuple[Positions, Floats], int, int]:
    """Points where lines cross without a common vertex, for both; how many are joined, and not."""
    none = np.zeros(0, np.intp)
    if not len(parts):
        return (none, np.zeros((0, 2))), 0, 0
    a, b = shapely.STRtree(parts).query(parts, predicate="intersects")
    a, b = a[a < b], b[a < b]
    points, pair = shapely.get_coordinates(
        shapely.intersection(parts[a], parts[b]), return_index=True
    )
    a, b = a[pair], b[pair]
    xy, line = shapely.get_coordinates(parts, return_index=True)
    dots, vertices = shapely.points(points), shapely.multipoints(xy, indices=line)
    at_a = shapely.distance(dots, vertices[a]) <= _SAME_M
    at_b = shapely.distance(dots, vertices[b]) <= _SAME_M
    bridge = ~at_a & ~at_b & (over[a] | over[b])
    joined = ~(at_a & at_b) & ~bridge
    lines = np.concatenate([a[joined], b[joined]]).astype(np.intp)
    both = np.concatenate([points[joined], points[joined]])
    return (lines, both), int(joined.sum()), int(bridge.sum())


def _loose_ends(parts: Geometries, join_m: float) -> tuple[Positions, Positions, Floats]:
    """Ends of lines that lie beside another line: position of the vertex, the line, the point."""
    xy, line = shapely.get_coordinates(parts, return_index=True)
    if not len(xy):
        return np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros((0, 2))
    end = np.flatnonzero(np.r_[True, line[1:] != line[:-1]] | np.r_[line[1:] != line[:-1], True])
    k, other = shapely.STRtree(parts).query(
        shapely.points(xy[end]), predicate="dwithin", distance=join_m
    )
    foreign = line[end[k]] != other
    k, other = k[foreign], other[foreign]
    vertex = end[k]
    lone = cKDTree(xy).query(xy[vertex], k=[2])[0][:, 0] > _SAME_M
    # one that lies on the other road to the last digit is among the crossings
    lone &= ~shapely.intersects(shapely.points(xy[vertex]), parts[other])
    return vertex[lone].astype(np.intp), other[lone].astype(np.intp), xy[vertex[lone]]


def _open(parts: Geometries, ends: tuple[Positions, Positions, Floats]) -> int:
    """How many loose ends do not touch the road they are joined to."""
    away = shapely.distance(shapely.points(ends[2]), parts[ends[1]])
    return int((away > _SAME_M).sum())


def _feet(parts: Geometries, points: Floats, snap_m: float) -> tuple[Positions, Floats]:
    """The nearest line of each point, -1 where none is near enough, and how far it is."""
    line, away = np.full(len(points), -1, np.intp), np.full(len(points), np.nan)
    if len(parts) and len(points):
        (i, j), gap = shapely.STRtree(parts).query_nearest(
            shapely.points(points), max_distance=snap_m, return_distance=True, all_matches=False
        )
        line[i], away[i] = j, gap
    return line, away

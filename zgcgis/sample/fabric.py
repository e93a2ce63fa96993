"""The ground of the sample: parks, streets, blocks and parcels whose shared edges are one.

Everything is made in metres of a local plane, block by block, and every vertex is made
once: two parcels that touch use the same numbers for the edge between them, and the ring
of a block is made of the outer vertices of its parcels. Nothing is cut or joined by a
geometry engine, so nothing can be off by a rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.spatial import cKDTree

from ..geo.rings import processors, run

__all__ = ["CENTER", "Ground", "Park", "ParkSpec", "area_m2", "lay_out", "round_lonlat", "streets"]

Points: TypeAlias = NDArray[np.float64]
Positions: TypeAlias = NDArray[np.intp]
Group: TypeAlias = tuple[Positions, Points | list[Any]]
"""Where outlines stand, and they themselves: one array if they have equally many points."""
CENTER = (116.9, 39.2)
"""Longitude and latitude of the middle of the sample: a place on the map, not a real zone."""
DIGITS = 9  # of a degree: a tenth of a millimetre
MARGIN = {"park": 27.0, "master_plan": 70.0, "urban_boundary": 110.0}
LAYOUTS = ((2, 2), (3, 2), (4, 2), (2, 1), (3, 1), (3, 3))  # parcels across and up a block
PLANE = f"+proj=laea +lat_0={CENTER[1]} +lon_0={CENTER[0]} +ellps=GRS80 +units=m +no_defs"
_TO_PLANE = Transformer.from_crs("EPSG:4490", PLANE, always_xy=True)


@dataclass(frozen=True, slots=True)
class ParkSpec:
    """What a park of the sample is meant to be."""

    key: str
    letter: str
    zh: str
    en: str
    pinyin: str
    group: str
    bearing: float  # from the first park, in radians from east
    kind: str  # of evaluation: "industrial" or "mixed"
    share: float  # of the parcels of the zone
    turn: float  # of the street grid, in radians
    uses: dict[str, float]  # what the built blocks are, with weights
    industries: tuple[str, ...]


@dataclass(slots=True)
class Park:
    """A park laid out: where its grid lies, and its outlines at several distances."""

    spec: ParkSpec
    blocks: NDArray[np.float64]  # x0 y0 x1 y1 in the grid of the park
    remote: NDArray[np.float64]  # 0 in the middle, about 1 at the rim
    outline: dict[str, Points] = field(default_factory=dict)  # in the grid of the park
    origin: Points = field(default_factory=lambda: np.zeros(2))

    def to_plane(self, local: Points) -> Points:
        """Turn points of the street grid of the park into metres of the plane."""
        c, s = np.cos(self.spec.turn), np.sin(self.spec.turn)
        x = self.origin[0] + c * local[..., 0] - s * local[..., 1]
        y = self.origin[1] + s * local[..., 0] + c * local[..., 1]
        return bend(np.stack([x, y], -1))


@dataclass(slots=True)
class Ground:
    """Parcels and blocks as arrays; row i of each array is parcel (or block) i."""

    parks: list[Park]
    block_park: NDArray[np.int64]
    block_ring: list[Points]
    parcel_block: NDArray[np.int64]
    parcel_place: NDArray[np.int64]  # its number in the block
    parcel_corners: Points  # (n, 4, 2) in the grid of the park: for what is built on it
    parcel_ring: Points  # (n, 8, 2) in the plane: corner, middle of edge, corner, ...
    neighbour: NDArray[np.int64]  # the parcel to the right in the same block, or -1
    inner_corner: NDArray[np.bool_]


def bend(points: Points) -> Points:
    """Bend the straight streets of a grid a little; smooth and one to one."""
    x, y = points[..., 0], points[..., 1]
    u = x + 42 * np.sin(y / 310 + 0.4) + 9 * np.sin(x / 170 + y / 410)
    v = y + 40 * np.sin(x / 290 + 1.1) + 8 * np.sin(y / 190 - x / 370)
    return np.stack([u, v], -1)


def area_m2(ring: Points) -> float:
    """Area of a ring by the plain sum over its edges, in the units of its points squared."""
    p = np.asarray(ring, float) - np.asarray(ring, float).mean(0)
    q = np.roll(p, -1, 0)
    return float(abs(np.sum(p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1])) / 2)


def areas_m2(rings: Points) -> NDArray[np.float64]:
    """Areas of many rings of equally many points, as `area_m2`."""
    p = rings - rings.mean(1, keepdims=True)
    q = np.roll(p, -1, 1)
    twice: NDArray[np.float64] = np.abs(
        np.sum(p[..., 0] * q[..., 1] - q[..., 0] * p[..., 1], axis=1)
    )
    return twice / 2


def grouped(rings: Iterable[Any]) -> Iterator[Group]:
    """Give outlines by how many points they have; those of several rings come last, one by one."""
    rings = list(rings)
    size = np.array([len(r) if isinstance(r, np.ndarray) else -1 for r in rings], dtype=int)
    for k in np.unique(size)[::-1].tolist():
        at = np.flatnonzero(size == k)
        some = [rings[i] for i in at.tolist()]
        yield at, (np.concatenate(some).reshape(-1, k, 2) if k >= 0 else some)


def round_lonlat(points: Points) -> Points:
    """Longitude and latitude as the files hold them: rounded once, for every user alike."""
    lon, lat = _TO_PLANE.transform(points[..., 0], points[..., 1], direction="INVERSE")
    return np.round(np.stack([lon, lat], -1), DIGITS)


def plane_of(lonlat: Points) -> Points:
    """Back from longitude and latitude to metres of the plane."""
    x, y = _TO_PLANE.transform(lonlat[..., 0], lonlat[..., 1])
    return np.stack([x, y], -1)


def as_stored(points: Points) -> Points:
    """Points of the plane as they come back from the files."""
    return plane_of(round_lonlat(points))


def _grid(spec: ParkSpec, parcels: float, rng: np.random.Generator) -> Park:
    count = max(2, round(parcels / 5.6))
    side = max(3, int(np.ceil(np.sqrt(count * 1.7))))
    large = spec.kind == "industrial"
    wide = rng.uniform(*((165, 265) if large else (135, 225)), side)
    deep = rng.uniform(*((135, 205) if large else (120, 180)), side)
    street = np.where(np.arange(side) % 3 == 0, 28.0, 16.0)
    x0 = np.cumsum(wide + street) - wide
    y0 = np.cumsum(deep + street) - deep
    gx, gy = np.divmod(np.arange(side * side), side)
    boxes = np.stack([x0[gx], y0[gy], x0[gx] + wide[gx], y0[gy] + deep[gy]], -1)
    middle = np.array([(x0[0] + x0[-1] + wide[-1]) / 2, (y0[0] + y0[-1] + deep[-1]) / 2])
    boxes -= np.tile(middle, 2)
    dx, dy = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    angle, phase = np.arctan2(dy, dx), rng.uniform(0, 2 * np.pi, 2)
    reach = 1 + 0.16 * np.sin(2 * angle + phase[0]) + 0.12 * np.sin(3 * angle + phase[1])
    away = np.hypot(dx, dy) / reach
    chosen = np.sort(np.argsort(away, kind="stable")[:count])
    remote = away[chosen] / away[chosen].max()
    return Park(spec, boxes[chosen], remote)


def _draw_outlines(parks: list[Park]) -> None:
    """Give every park its outlines, two or more at a time: the engine needs no lock."""
    asked = [(park, name) for park in parks for name in MARGIN]
    drawn = run(lambda one: _outline(one[0].blocks, MARGIN[one[1]]), asked, processors())
    for (park, name), ring in zip(asked, drawn, strict=True):
        park.outline[name] = ring


def _outline(boxes: NDArray[np.float64], by: float) -> Points:
    grown = boxes + np.array([-by, -by, by, by])
    whole = shapely.union_all(shapely.box(*grown.T))
    parts = shapely.get_parts(whole)
    points = [shapely.get_coordinates(shapely.get_exterior_ring(p))[:-1] for p in parts]
    ring = max(points, key=area_m2)
    after = np.roll(ring, -1, 0)
    if np.sum(ring[:, 0] * after[:, 1] - after[:, 0] * ring[:, 1]) < 0:
        ring = ring[::-1]  # counter-clockwise, as the parcels are
    step = 36.0
    pieces = []
    for a, b in zip(ring, np.roll(ring, -1, 0), strict=True):  # few corners
        n = max(1, round(float(np.hypot(*(b - a))) / step))
        pieces.append(a + (b - a) * (np.arange(n) / n)[:, None])
    dense = np.concatenate(pieces)
    after = np.roll(dense, -1, 0)  # corners are cut, so that outlines look walked
    soft = np.stack([0.75 * dense + 0.25 * after, 0.25 * dense + 0.75 * after], 1)
    return soft.reshape(-1, 2)


def _place(parks: list[Park]) -> None:
    """Put the parks side by side, each as near to those before it as its gap allows."""
    taken: list[Points] = []
    for number, park in enumerate(parks):
        ring = park.outline["park"]
        if not taken:
            taken.append(park.to_plane(ring))
            continue
        way = np.array([np.cos(park.spec.bearing), np.sin(park.spec.bearing)])
        gap = 110.0 if number == 1 else 330.0
        before = np.concatenate(taken)
        tree = cKDTree(before)
        reach = float(np.hypot(*before.T).max() + np.hypot(*ring.T).max() + gap)
        step = max(20.0, reach / 200)
        at = reach
        while at > 0:  # from far to near, until the next step would come too close
            park.origin = way * (at - step)
            near, _ = tree.query(park.to_plane(ring), distance_upper_bound=gap)
            if np.isfinite(near).any():
                break
            at -= step
        park.origin = way * at
        taken.append(park.to_plane(ring))
    everything = np.concatenate(taken)
    middle = (everything.min(0) + everything.max(0)) / 2
    for park in parks:
        park.origin = park.origin - middle


def lay_out(specs: list[ParkSpec], parcels: int, rng: np.random.Generator) -> Ground:
    """Lay out parks, blocks and about `parcels` parcels."""
    parks = [_grid(spec, parcels * spec.share, rng) for spec in specs]
    _draw_outlines(parks)
    _place(parks)
    park_of = np.concatenate([np.full(len(p.blocks), i) for i, p in enumerate(parks)])
    boxes = np.concatenate([p.blocks for p in parks])
    size = np.stack([boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]], -1)
    layout = rng.choice(len(LAYOUTS), len(boxes), p=[0.22, 0.34, 0.2, 0.06, 0.06, 0.12])
    narrow = (size[:, 0] < 165) & np.isin(layout, (2,))
    layout[narrow] = 1
    n = len(boxes)
    rings: list[Points] = [np.empty((0, 2))] * n
    out: dict[str, list[NDArray[np.generic]]] = {
        k: [] for k in ("block", "place", "corners", "ring", "right", "inner")
    }
    for kind, (across, up) in enumerate(LAYOUTS):
        at = np.flatnonzero(layout == kind)
        if not len(at):
            continue
        V, H, W = _nodes(boxes[at], across, up, rng)
        flat = [by_park(parks, park_of[at], part) for part in (V, H, W)]
        for block, drawn in zip(at.tolist(), _block_rings(*flat), strict=True):
            rings[block] = drawn
        ring = _parcel_rings(*flat)
        corners = np.stack([V[:, :-1, :-1], V[:, :-1, 1:], V[:, 1:, 1:], V[:, 1:, :-1]], 3)
        per = across * up
        place = np.tile(np.arange(per), len(at))
        out["block"].append(np.repeat(at, per))
        out["place"].append(place)
        out["corners"].append(corners.reshape(-1, 4, 2))
        out["ring"].append(ring.reshape(-1, 8, 2))
        out["right"].append(np.where(place % across < across - 1, place + 1, -1))
        out["inner"].append(np.full(len(place), up > 1))
    blocks, places = np.concatenate(out["block"]), np.concatenate(out["place"])
    order = np.lexsort((places, blocks))
    blocks, places = blocks[order], places[order]
    first = np.searchsorted(blocks, np.arange(n))
    right = np.concatenate(out["right"])[order]
    return Ground(
        parks=parks,
        block_park=park_of,
        block_ring=rings,
        parcel_block=blocks,
        parcel_place=places,
        parcel_corners=np.concatenate(out["corners"])[order].astype(float),
        parcel_ring=np.concatenate(out["ring"])[order].astype(float),
        neighbour=np.where(right >= 0, first[blocks] + right, -1),
        inner_corner=np.concatenate(out["inner"])[order].astype(bool),
    )


def _nodes(
    boxes: NDArray[np.float64], across: int, up: int, rng: np.random.Generator
) -> tuple[Points, Points, Points]:
    """Corners of the parcels of many blocks, and the points in the middle of their edges."""
    x = boxes[:, 0, None] + (boxes[:, 2] - boxes[:, 0])[:, None] * np.linspace(0, 1, across + 1)
    y = boxes[:, 1, None] + (boxes[:, 3] - boxes[:, 1])[:, None] * np.linspace(0, 1, up + 1)
    V = np.empty((len(boxes), up + 1, across + 1, 2))
    V[..., 0], V[..., 1] = x[:, None, :], y[:, :, None]
    shift = rng.uniform(-5, 5, V.shape)
    shift[:, [0, -1], :, 1] *= 0.15  # the rim of a block keeps to the street
    shift[:, :, [0, -1], 0] *= 0.15
    V = V + shift
    H = (V[:, :, :-1] + V[:, :, 1:]) / 2
    W = (V[:, :-1] + V[:, 1:]) / 2
    return V, H + rng.normal(0, 0.25, H.shape), W + rng.normal(0, 0.25, W.shape)


def by_park(parks: list[Park], park_of: NDArray[np.int64], nodes: Points) -> Points:
    """Turn points of the street grids of their parks into metres of the plane."""
    out = np.empty_like(nodes)
    for number in np.unique(park_of):
        mine = park_of == number
        out[mine] = parks[number].to_plane(nodes[mine])
    return out


def _parcel_rings(V: Points, H: Points, W: Points) -> Points:
    return np.stack(
        [
            V[:, :-1, :-1], H[:, :-1], V[:, :-1, 1:], W[:, :, 1:],
            V[:, 1:, 1:], H[:, 1:], V[:, 1:, :-1], W[:, :, :-1],
        ],
        axis=3,
    )  # fmt: skip


def _block_rings(V: Points, H: Points, W: Points) -> Points:
    def zip_up(a: Points, b: Points) -> Points:  # a0 b0 a1 b1 ... without the last of a
        out = np.empty((len(b), 2 * b.shape[1], 2))
        out[:, 0::2], out[:, 1::2] = a[:, :-1], b
        return out

    return np.concatenate(
        [
            zip_up(V[:, 0], H[:, 0]),
            zip_up(V[:, :, -1], W[:, :, -1]),
            zip_up(V[:, -1, ::-1], H[:, -1, ::-1]),
            zip_up(V[:, ::-1, 0], W[:, ::-1, 0]),
        ],
        axis=1,
    )


def streets(ground: Ground) -> list[dict[str, object]]:
    """Centre lines of the streets of every park, and a road from each park to one before it."""
    rows: list[dict[str, object]] = []
    before: Points = np.empty((0, 2))
    for park in ground.parks:
        nodes = []
        for turned in (False, True):
            for main, local in _lines(park.blocks[:, [1, 0, 3, 2]] if turned else park.blocks):
                line = park.to_plane(local[:, ::-1] if turned else local)
                rows.append({"kind": "主干路" if main else "支路", "line": line})
                nodes.append(line[::_BENDS])
        here = np.concatenate(nodes)
        if len(before):
            away, at = cKDTree(before).query(here)
            k = int(np.argmin(away))
            rows.append({"kind": "次干路", "line": np.stack([here[k], before[at[k]]])})
        before = np.concatenate([before, here])
    return [
        {"id": f"road_{n:05d}", "zh": f"示例路{n}", "en": f"Sample Road {n}"} | row
        for n, row in enumerate(rows, 1)
    ]


_BENDS = 4  # steps of a street from one crossing to the next


def _lines(blocks: NDArray[np.float64]) -> list[tuple[bool, Points]]:
    """Streets up a grid: one line per stretch of blocks beside it, main streets marked."""
    column, row = (np.unique(blocks[:, k], return_inverse=True)[1] for k in (0, 1))
    x, y = _middles(blocks, 0), _middles(blocks, 1)
    wide = np.arange(len(x)) % 3 == 0
    found = []
    for street in range(len(x)):
        beside = np.unique(row[(column == street) | (column == street - 1)])
        for stretch in np.split(beside, np.flatnonzero(np.diff(beside) > 1) + 1):
            if not len(stretch):
                continue
            ends = y[stretch[0] : stretch[-1] + 2]
            at = np.arange((len(ends) - 1) * _BENDS + 1) / _BENDS
            along = np.interp(at, np.arange(len(ends)), ends)
            found.append((bool(wide[street]), np.stack([np.full(len(at), x[street]), along], -1)))
    return found


def _middles(blocks: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Where streets run between the blocks of a grid, and along its rims."""
    low, high = np.unique(blocks[:, axis]), np.unique(blocks[:, axis + 2])
    return np.concatenate([[low[0] - 10], (low[1:] + high[:-1]) / 2, [high[-1] + 10]])

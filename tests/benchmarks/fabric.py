"""A made-up city of any size: parks, parcels and buildings, the same every time.

Blocks of six by four parcels stand between streets. Neighbouring parcels share every vertex of
their common edge, bit for bit, as in a cadastre that is in order; one in a hundred then reaches
into its neighbour, one in a hundred is pulled back, one in a hundred has an island in it, and
some blocks have a parcel in two parts. Three buildings stand on a parcel, one in twelve of them
across an edge. Parks are outlines of 2000 vertices, two of sixteen with an enclave. A smooth
warp turns and bends the whole, so that no edge runs along an axis, and the rows are shuffled:
files do not come in spatial order.

Coordinates are those of the working plane around 116.3 E, 39.95 N, in metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from zgcgis import geo

CENTER = (116.3, 39.95)
SIZES = {"600": 600, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}
"""Parcels by the name of the size; there are three buildings to a parcel."""

LAYERS = ("parks", "parcels", "buildings")

USES = ("0701", "0702", "0801", "0804", "0901", "1001", "1101", "1207", "1208", "1401")
_USE_SHARE = (0.28, 0.04, 0.08, 0.08, 0.1, 0.2, 0.04, 0.1, 0.03, 0.05)
_COLUMNS, _ROWS = 6, 4  # parcels of a block
_WIDTH_M, _DEPTH_M, _STREET_M = 42.0, 64.0, 14.0
_BETWEEN = 3  # vertices of a parcel's side between its corners
_WAVE_M = 4000.0

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]

_SQUARE = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)], float)
_ANGLE = np.array([(-1, -1), (1, -1), (1, 0), (0, 0), (0, 1), (-1, 1), (-1, -1)], float)
_NOTCHED = np.array(
    [
        *[(-1, -1), (-0.3, -1), (-0.3, -0.4), (0.3, -0.4), (0.3, -1), (1, -1), (1, 0.2)],
        *[(0.8, 0.2), (0.8, 1), (-0.8, 1), (-0.8, 0.2), (-1, 0.2), (-1, -1)],
    ],
    float,
)
_SLAB = np.array([(-1, -1), (-0.2, -1), (-0.2, 1), (-1, 1), (-1, -1)], float)


@dataclass(frozen=True)
class Ground:
    """How many blocks there are and how far they reach before the warp."""

    across: int
    along: int

    @property
    def size(self) -> tuple[float, float]:
        return (
            self.across * (_COLUMNS * _WIDTH_M + _STREET_M),
            self.along * (_ROWS * _DEPTH_M + _STREET_M),
        )

    def warp(self, points: Floats) -> Floats:
        """Turn by 17 degrees and bend by long waves; what was shared stays shared."""
        x, y = points[..., 0], points[..., 1]
        k = 2 * np.pi / _WAVE_M
        u = x + 60 * np.sin(k * y) + 20 * np.sin(2.3 * k * x) - self.size[0] / 2
        v = y + 60 * np.sin(k * x + 1) + 20 * np.sin(1.7 * k * y) - self.size[1] / 2
        cos, sin = np.cos(0.3), np.sin(0.3)
        return np.stack([cos * u - sin * v, sin * u + cos * v], -1)


def _ground(parcels: int) -> Ground:
    blocks = int(np.ceil(parcels / (_COLUMNS * _ROWS)))
    aspect = (_ROWS * _DEPTH_M + _STREET_M) / (_COLUMNS * _WIDTH_M + _STREET_M)
    across = int(np.ceil(np.sqrt(blocks * aspect)))
    return Ground(across, int(np.ceil(blocks / across)))


def make(parcels: int, *, seed: int = 20_261_123, parks: int = 16, vertices: int = 2000) -> Any:
    """Return ``{"parks", "parcels", "buildings"}``; the number of parcels is rounded up to blocks."""
    rng = np.random.default_rng(seed)
    ground = _ground(parcels)
    land, corners = _parcels(ground, rng)
    built, storeys = _buildings(ground, corners, rng)
    outlines = _parks(ground, parks, vertices, rng)
    uses = np.array(USES)[rng.choice(len(USES), len(land), p=_USE_SHARE)]
    land_order, built_order = rng.permutation(len(land)), rng.permutation(len(built))
    return {
        "parks": _layer(outlines, {}),
        "parcels": _layer(land[land_order], {"land_use": uses}),
        "buildings": _layer(built[built_order], {"storeys": storeys[built_order]}),
    }


def _layer(shapes: Shapes, columns: dict[str, Any]) -> GeoDataFrame:
    data = {"id": np.arange(len(shapes), dtype="int32"), **columns}
    return gpd.GeoDataFrame(data, geometry=shapes, crs=geo.plane(CENTER))


def _parcels(ground: Ground, rng: np.random.Generator) -> tuple[Shapes, Floats]:
    n = ground.across * ground.along
    column, row = np.meshgrid(np.arange(ground.across), np.arange(ground.along))
    pitch = (_COLUMNS * _WIDTH_M + _STREET_M, _ROWS * _DEPTH_M + _STREET_M)
    origin = np.stack([column.ravel() * pitch[0], row.ravel() * pitch[1]], -1)
    node = np.zeros((n, _ROWS + 1, _COLUMNS + 1, 2))
    node[..., 0] = np.arange(_COLUMNS + 1) * _WIDTH_M
    node[..., 1] = (np.arange(_ROWS + 1) * _DEPTH_M)[:, None]
    shift = rng.uniform(-5, 5, node.shape)
    shift[:, [0, -1], :, 1] *= 0.3  # along a street the front stays nearly straight
    shift[:, :, [0, -1], 0] *= 0.3
    node += shift + origin[:, None, None]

    share = (np.arange(1, _BETWEEN + 1) / (_BETWEEN + 1))[:, None]

    def side(start: Floats, end: Floats) -> Floats:
        points: Floats = start[..., None, :] * (1 - share) + end[..., None, :] * share
        return points + rng.normal(0, 0.4, points.shape)

    flat, steep = side(node[:, :, :-1], node[:, :, 1:]), side(node[:, :-1], node[:, 1:])
    corners = np.stack([node[:, :-1, :-1], node[:, :-1, 1:], node[:, 1:, 1:], node[:, 1:, :-1]], 3)
    sides = (flat[:, :-1], steep[:, :, 1:], flat[:, 1:, :, ::-1], steep[:, :, :-1, ::-1])
    ring = np.concatenate(
        [part for k in range(4) for part in (corners[..., k : k + 1, :], sides[k])]
        + [corners[..., :1, :]],
        axis=3,
    ).reshape(-1, 4 * _BETWEEN + 5, 2)
    corners = corners.reshape(-1, 4, 2)

    fate = rng.random(len(ring))
    right = slice(_BETWEEN + 2, 2 * _BETWEEN + 2)
    push = np.where(fate < 0.01, 1.0, np.where(fate < 0.02, -1.0, 0.0))
    ring[:, right, 0] += (push * rng.uniform(0.5, 3, len(ring)))[:, None]
    shells = shapely.linearrings(ground.warp(ring))
    shapes = shapely.polygons(shells)

    pierced = np.flatnonzero(fate > 0.99)
    turn = np.linspace(0, 2 * np.pi, 13)
    turn[-1] = 0  # the last point is the first
    circle = np.stack([np.cos(turn), np.sin(turn)], -1)
    middle = corners[pierced].mean(axis=1)
    islands = circle * rng.uniform(5, 9, (len(pierced), 1, 1)) + middle[:, None]
    holes = shapely.linearrings(ground.warp(islands))
    shapes[pierced] = shapely.polygons(shells[pierced], holes[:, None])

    per_block = _COLUMNS * _ROWS
    first = np.flatnonzero(rng.random(n) < 0.12) * per_block
    last = first + per_block - 1
    plain = (fate[first] <= 0.99) & (fate[last] <= 0.99)
    first, last = first[plain], last[plain]
    shapes[first] = shapely.multipolygons(np.stack([shapes[first], shapes[last]], 1))
    kept = np.delete(shapes, last)
    return np.concatenate([kept, shapely.polygons(holes)]), corners


def _buildings(
    ground: Ground, corners: Floats, rng: np.random.Generator
) -> tuple[Shapes, NDArray[np.int16]]:
    """Templates laid into the parcel's quadrilateral, bent with it."""
    n = 3 * len(corners)
    parcel, slot = np.arange(n) % len(corners), np.arange(n) // len(corners)
    x = 0.5 + rng.uniform(-0.06, 0.06, n)
    y = (slot + 0.5) / 3 + rng.uniform(-0.02, 0.02, n)
    astray, edge = rng.random(n), rng.integers(0, 2, n).astype(float)
    x = np.where(astray < 0.04, edge, x)
    y = np.where((astray >= 0.04) & (astray < 0.08), edge, y)
    half = np.stack([rng.uniform(0.22, 0.36, n), rng.uniform(0.07, 0.12, n)], -1)
    kind = rng.random(n)

    def rings(template: Floats, rows: NDArray[np.intp]) -> Shapes:
        at = np.stack([x[rows], y[rows]], -1)[:, None] + template * half[rows][:, None]
        u, v = at[..., :1], at[..., 1:]
        a, b, c, d = (corners[parcel[rows], k][:, None] for k in range(4))
        bent = a * (1 - u) * (1 - v) + b * u * (1 - v) + c * u * v + d * (1 - u) * v
        found: Shapes = shapely.linearrings(ground.warp(bent))
        return found

    shapes = np.empty(n, object)
    for template, low, high in ((_SQUARE, 0.02, 0.5), (_ANGLE, 0.5, 0.88), (_NOTCHED, 0.88, 0.99)):
        rows = np.flatnonzero((kind >= low) & (kind < high))
        shapes[rows] = shapely.polygons(rings(template, rows))
    court = np.flatnonzero(kind < 0.02)
    yard = rings(0.45 * _SQUARE[::-1], court)
    shapes[court] = shapely.polygons(rings(_SQUARE, court), yard[:, None])
    double = np.flatnonzero(kind >= 0.99)
    wings = [shapely.polygons(rings(_SLAB * (sign, 1), double)) for sign in (1, -1)]
    shapes[double] = shapely.multipolygons(np.stack(wings, 1))
    storeys = np.clip(rng.lognormal(1.0, 0.8, n).astype("int16") + 1, 1, 60)
    return shapes, storeys.astype("int16")


def _parks(ground: Ground, n: int, vertices: int, rng: np.random.Generator) -> Shapes:
    per_row = int(np.ceil(np.sqrt(n)))
    pitch = np.array(ground.size) / per_row
    cell = pitch.min()
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    outline = np.stack([np.cos(turn), np.sin(turn)], -1)
    found = []
    for park in range(n):  # a few parks
        middle = (np.array([park % per_row, park // per_row]) + 0.5) * pitch
        radius = np.full(vertices, 0.38)
        for k in (2, 3, 5, 8, 13, 34, 89):
            radius += 0.06 / k**0.8 * np.sin(k * turn + rng.uniform(0, 7))
        shell = middle + np.clip(radius, 0.12, 0.49)[:, None] * cell * outline
        enclave = [ground.warp(middle + 0.08 * cell * outline[::-1])] if park % 8 == 3 else []
        found.append(shapely.Polygon(ground.warp(shell), enclave))
    return np.array(found, object)


def write(folder: Path, parcels: int, *, seed: int = 20_261_123) -> None:
    """Write the layers as GeoParquet with boxes, in row groups of 65 536."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, layer in make(parcels, seed=seed).items():
        layer.to_parquet(
            folder / f"{name}.parquet",
            write_covering_bbox=True,
            row_group_size=65_536,
            compression="zstd",
        )


def read(folder: Path, *, in_order: bool = False) -> dict[str, GeoDataFrame]:
    """Read the layers; `in_order` sorts them along a Hilbert curve (ids stay).

    Sorted layers are written once and read from there, as a stored layer of a zone is: only then
    do neighbours also lie side by side in memory.
    """
    layers = {}
    for name in LAYERS:
        path = folder / f"{name}.parquet"
        if in_order and name != "parks":
            path = folder / f"{name}-in-order.parquet"
            if not path.exists():
                layer = gpd.read_parquet(folder / f"{name}.parquet")
                layer.iloc[geo.hilbert_order(layer.geometry)].to_parquet(path, index=False)
        layers[name] = gpd.read_parquet(path).drop(columns="bbox", errors="ignore")
    return layers

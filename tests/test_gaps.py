"""A missing parcel is found wherever it is missing, and streets are no gaps, at any size of town."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pytest
import shapely

from tests.conftest import FULL
from tests.test_checks_plan import zone
from zgcgis.checks import check

SIDE = 3  # blocks, each of 4 by 3 parcels
PLACES = {
    "nowhere": (),
    "inside a block": ("11-11",),
    "at a street": ("11-10",),
    "at a crossing": ("11-00",),
    "two side by side": ("11-00", "11-10"),
    "at the rim of the town": ("00-10",),
    "at its corner": ("00-00",),
    "a whole block": tuple(f"11-{i}{j}" for i in range(4) for j in range(3)),
}
SIZES = [
    (60, 80, 14), (30, 40, 8), (30, 40, 14), (100, 150, 20), (60, 80, 24), (60, 80, 30),
    (120, 200, 40), (200, 200, 60), (20, 30, 6), (60, 80, 6),
]  # fmt: skip
PARKS = {"without a park": None, "in a park drawn near": 3, "in a wide park": 60}
CASES = list(itertools.product(SIZES, PARKS, PLACES))


def town(width: float, depth: float, street: float, seed: int) -> gpd.GeoDataFrame:
    """Blocks of parcels between streets, turned, with corners off by some and noise of survey."""
    rng = np.random.default_rng(seed)
    names, shapes = [], []
    for bx, by in itertools.product(range(SIDE), repeat=2):
        x, y = np.meshgrid(np.arange(5) * width, np.arange(4) * depth, indexing="ij")
        jitter = 0.03 * min(width, depth, 4 * street)
        x = x + bx * (4 * width + street) + rng.uniform(-jitter, jitter, x.shape) / 2
        y = y + by * (3 * depth + street) + rng.uniform(-jitter, jitter, y.shape) / 2
        for i, j in itertools.product(range(4), range(3)):
            ring = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            corners = np.array([(x[k], y[k]) for k in ring]) + rng.normal(0, 0.02, (4, 2))
            names.append(f"{bx}{by}-{i}{j}")
            shapes.append(shapely.Polygon(corners))
    land = gpd.GeoDataFrame({"id": names}, geometry=shapes, crs="EPSG:4548")
    c, s = np.cos(0.3), np.sin(0.3)
    return land.set_geometry(land.affine_transform([c, -s, s, c, 455_000, 4_398_000]))


@pytest.mark.parametrize(("size", "park", "place"), CASES if FULL else CASES[::7])
def test_a_missing_parcel_is_found_and_nothing_else(size, park, place):
    land = town(*size, seed=len(place))
    gone = land["id"].isin(PLACES[place])
    layers = {"parcel": land[~gone].to_crs("EPSG:4490").reset_index(drop=True)}
    if PARKS[park]:
        rim = shapely.buffer(land.union_all().convex_hull, PARKS[park], join_style="mitre")
        outline = gpd.GeoDataFrame({"id": ["park"]}, geometry=[rim], crs=land.crs)
        layers["park"] = outline.to_crs("EPSG:4490")
    found = check(zone(layers=layers), ["T103"]).to_crs(land.crs)
    where = found.union_all()
    if place == "at its corner" and park != "in a park drawn near":
        assert len(found) <= 1  # nothing says that the town does not end there
        return
    assert len(found) == (0 if place == "nowhere" else 1)
    for shape in land.geometry[gone]:
        assert where.intersection(shape).area > 0.7 * shape.area

"""Hot spots of firms (产业热点): cells of the parks where more firms gather than chance explains."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray

from ... import geo
from ...clusters import getis_ord, neighbours
from ...model import Zone

__all__ = ["LEVEL", "hot_spots"]

LEVEL = 0.95
"""Cells are named where the false-discovery rate is at most 1 less this."""

_ABOUT = 1500  # cells
_STEPS_M = (50, 100, 150, 200, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000)
_LEAST_GROUND = 0.25  # of a cell in the parks: smaller ones hold too little land to tell
_LEAST_CELLS, _LEAST_FIRMS = 30, 30


def hot_spots(
    zone: Zone, firms: GeoDataFrame, classes: NDArray[np.uint8], ids: list[str]
) -> dict[str, Any] | None:
    """Return where firms, and those of each cluster, gather or are scarce.

    Parameters
    ----------
    zone
        Its parks give the ground; without outlines there is nothing to compare.
    firms, classes
        Points, and the place of each firm's cluster in `ids`.
    ids
        Ids of the clusters.

    Returns
    -------
    record
        ``size_m`` between two sides of a cell, ``cells`` how many were compared, ``level``,
        ``rings`` of the cells that are named (longitude and latitude), and ``by`` cluster
        (``""`` for all firms) rows ``[ring, z, q, firms]``; clusters with fewer than 30 firms are
        not there. None where parks have fewer than 30 cells.

    Notes
    -----
    Gi* of firms per hectare of park land (:func:`zgcgis.clusters.getis_ord`), cells that touch
    being neighbours; two-sided, Benjamini and Hochberg over all cells.
    """
    parks = zone.layers.get("park")
    if parks is None or len(firms) < _LEAST_FIRMS:
        return None
    center = zone.center or geo.center_of(parks)
    shapes = geo.to_plane(parks.geometry, center).to_numpy()
    ground = shapely.union_all(shapely.make_valid(shapes[shapely.get_dimensions(shapes) == 2]))
    if shapely.is_empty(ground):
        return None
    crs = geo.plane(center)
    whole = GeoSeries([ground], crs=crs)
    size = _size_of(float(geo.area_m2(whole, center=center).iloc[0]))
    cells = _hexagons(whole, size)
    _, kept, area = geo.clipped_areas(whole, cells, center=center)
    full = float(geo.area_m2(cells.iloc[:1], center=center).iloc[0]) if len(cells) else 1.0
    enough = area >= _LEAST_GROUND * full
    cells, hectares = cells.iloc[kept[enough]].reset_index(drop=True), area[enough] / 1e4
    if len(cells) < _LEAST_CELLS:
        return None
    at = geo.to_plane(firms.geometry, center).to_numpy()
    firm, cell = shapely.STRtree(cells.to_numpy()).query(at, predicate="intersects")
    firm, first = np.unique(firm, return_index=True)  # one on an edge counts once
    cell = cell[first]
    weights = neighbours(cells, within_m=1.0)
    by: dict[str, list[tuple[int, float, float, int]]] = {}
    named: set[int] = set()
    for place, key in [(-1, ""), *enumerate(ids)]:
        of = cell if place < 0 else cell[classes[firm] == place]
        if len(of) < _LEAST_FIRMS or (place >= 0 and not key):
            continue
        counts = np.bincount(of, minlength=len(cells))
        local = getis_ord(counts / hectares, weights, level=LEVEL)
        rows = np.flatnonzero((local["kind"] != "").to_numpy())
        z, q = local["z"].to_numpy(), local["q_value"].to_numpy()
        by[key] = [
            (int(k), round(float(z[k]), 2), float(f"{q[k]:.2g}"), int(counts[k])) for k in rows
        ]
        named |= set(map(int, rows))
    order = sorted(named)
    place_of = {k: n for n, k in enumerate(order)}
    rings = geo.to_lonlat(cells.iloc[order]).to_numpy()
    return {
        "size_m": size,
        "cells": len(cells),
        "level": LEVEL,
        "rings": [np.round(shapely.get_coordinates(ring)[:-1], 6).tolist() for ring in rings],
        "by": {key: [[place_of[k], *more] for k, *more in rows] for key, rows in by.items()},
    }


def _size_of(ground_m2: float) -> int:
    """Metres between two sides of a cell, so that the parks have about 1500."""
    wanted = (ground_m2 / _ABOUT / (np.sqrt(3) / 2)) ** 0.5
    return next((step for step in _STEPS_M if step >= wanted), _STEPS_M[-1])


def _hexagons(whole: GeoSeries, size_m: float) -> GeoSeries:
    """The hexagons of a honeycomb that meet the ground, in its plane."""
    west, south, east, north = whole.total_bounds
    side = size_m / np.sqrt(3)
    columns = np.arange(np.floor(west / size_m) - 1, np.ceil(east / size_m) + 2)
    rows = np.arange(np.floor(south / (1.5 * side)) - 1, np.ceil(north / (1.5 * side)) + 2)
    column, row = (grid.ravel() for grid in np.meshgrid(columns, rows))
    x, y = (column + 0.5 * (row % 2)) * size_m, row * 1.5 * side
    turn = np.pi / 3 * np.arange(6) + np.pi / 6
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1) * side
    cells = shapely.polygons(np.stack([x, y], axis=1)[:, None, :] + ring[None])
    shapely.prepare(whole.to_numpy())
    near = shapely.intersects(cells, whole.iloc[0])
    return gpd.GeoSeries(cells[near], crs=whole.crs)

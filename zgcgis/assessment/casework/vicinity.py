"""What of a layer is near some places: of a large layer in its file only that is read."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import shapely
from geopandas import GeoDataFrame, GeoSeries

from ... import geo
from ...checks.admission import latest_year
from ...model import Zone, there_in

__all__ = ["near", "polygons"]

_POLYGONS = ["Polygon", "MultiPolygon"]


def near(
    zone: Zone,
    level: str,
    places: GeoSeries,
    columns: Iterable[str] | None = None,
    *,
    year: int | None = None,
) -> GeoDataFrame:
    """Return the features of a level whose boxes meet the box of a place, as they are in a year.

    Parameters
    ----------
    zone
        The zone; a layer that it has not read yet is not read whole.
    level
        One of its layers. Levels of polygons give their polygons, others their points and lines.
    places
        Places with a CRS.
    columns
        Columns to read, those of time aside; by default all.
    year
        The year; by default the latest of the zone.

    Returns
    -------
    features
        In EPSG:4490, indexed from 0.
    """
    stored = zone.unread(level)
    wanted = None if columns is None else list(dict.fromkeys(["id", *columns, "since", "until"]))
    tree = shapely.STRtree(shapely.box(*shapely.bounds(np.asarray(geo.to_lonlat(places).array)).T))
    if stored is not None:
        rows = _meeting(tree, stored.boxes())
        table = stored.table(wanted).iloc[rows].reset_index(drop=True)
        layer = GeoDataFrame(table, geometry=stored.shapes(rows).to_numpy(), crs=geo.LONLAT)
    else:
        whole = zone.layer(level)
        rows = _meeting(tree, shapely.bounds(np.asarray(whole.geometry.array)))
        layer = whole.iloc[rows].reset_index(drop=True)
        if wanted is not None:
            layer = layer[[*(c for c in wanted if c in layer), layer.geometry.name]]
    layer = layer[there_in(layer, latest_year(zone) if year is None else year)]
    return layer.reset_index(drop=True)


def polygons(layer: GeoDataFrame) -> GeoDataFrame:
    """Return the features of a layer that are ground."""
    return layer[layer.geometry.geom_type.isin(_POLYGONS)].reset_index(drop=True)


def _meeting(tree: shapely.STRtree, boxes: np.ndarray) -> np.ndarray:
    """Positions of the boxes that meet one of the tree, in their order; NaN meets nothing."""
    west, south, east, north = shapely.total_bounds(tree.geometries)
    rows = np.flatnonzero(
        (boxes[:, 0] <= east)
        & (boxes[:, 2] >= west)
        & (boxes[:, 1] <= north)
        & (boxes[:, 3] >= south)
    )
    meeting: np.ndarray = rows[np.unique(tree.query(shapely.box(*boxes[rows].T))[0])]
    return meeting

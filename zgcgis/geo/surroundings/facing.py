"""What an outline faces (四至): from its sides outwards, to the first thing that is met."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoSeries
from numpy.typing import NDArray
from pandas import DataFrame

from ..plane import Center, Floats, _array, center_of, to_plane

__all__ = ["facing"]

_STEP_M = 2.0  # a side is looked from at places not farther apart
_MOST_STEPS = 60  # of one side
_OFF_M = 0.02  # so far off the side it is looked from
_SIDES = np.array(["N", "E", "S", "W"], object)


def facing(
    plots: GeoSeries,
    others: GeoSeries,
    *,
    own: NDArray[np.intp] | None = None,
    reach_m: float = 60.0,
    center: Center | None = None,
) -> DataFrame:
    """Return what each outline faces in the north, east, south and west.

    From places along every side of the outer ring one looks outwards, square to the side, to the
    first of `others` within reach. A side counts to the quarter its outward normal points to. Where
    a plot faces itself, across a bay, nothing is counted.

    Parameters
    ----------
    plots
        Polygons with a CRS.
    others
        What may be faced: polygons or lines, with a CRS.
    own
        For each plot the position among `others` of the plot itself, -1 if it is not there.
    reach_m
        How far one looks, in metres.
    center
        Centre of the working plane; by default the one of `plots`.

    Returns
    -------
    faced
        Rows by ``plot`` (position), ``side`` (N, E, S, W) and ``other`` (position, -1 for nothing
        within reach): ``length_m`` of the outline that faces it, and ``gap_m``, the median distance
        in metres (NaN for nothing).

    Examples
    --------
    >>> from shapely import box
    >>> land = GeoSeries([box(0, 0, 50, 20), box(50, 0, 80, 20)], crs="EPSG:4548")
    >>> faced = facing(land.translate(5e5, 4.4e6), land.translate(5e5, 4.4e6), own=np.arange(2))
    >>> faced[(faced["plot"] == 0) & (faced["side"] == "E")]["other"].item()
    1
    """
    middle = center_of(plots) if center is None else center
    here, there = _array(to_plane(plots, middle)), _array(to_plane(others, middle))
    owns = np.full(len(here), -1, np.intp) if own is None else np.asarray(own, np.intp)
    looks = _looks(here)
    tree = shapely.STRtree(there)
    found = [
        _met(looks.iloc[k : k + 50_000], here, there, tree, owns, reach_m)
        for k in range(0, len(looks), 50_000)
    ]
    seen = pd.concat(found, ignore_index=True) if found else looks.assign(other=-1, gap_m=np.nan)
    groups = seen[seen["other"] >= -1].groupby(["plot", "side", "other"], sort=True)
    return groups.agg(length_m=("length_m", "sum"), gap_m=("gap_m", "median")).reset_index()


def _looks(shapes: NDArray[np.object_]) -> DataFrame:
    """Places along the outer rings: of which plot, where, whither, and for how much of the side."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    kept = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings = shapely.get_exterior_ring(shapely.orient_polygons(parts[kept]))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    start, step = xy[:-1][same], np.diff(xy, axis=0)[same]
    plot = of[kept][ring[:-1][same]]
    length = np.hypot(step[:, 0], step[:, 1])
    real = length > 0
    start, step, plot, length = start[real], step[real], plot[real], length[real]
    count = np.clip(np.ceil(length / _STEP_M), 1, _MOST_STEPS).astype(np.intp)
    at = np.repeat(np.arange(len(length)), count)
    share = (np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count) + 0.5) / count[at]
    normal = np.column_stack([step[:, 1], -step[:, 0]]) / length[:, None]  # rings run left-handed
    place = start[at] + share[:, None] * step[at]
    quarter = np.floor((np.degrees(np.arctan2(normal[:, 0], normal[:, 1])) + 45) / 90) % 4
    return DataFrame(
        {"plot": plot[at], "side": _SIDES[quarter.astype(np.intp)][at], "x": place[:, 0],
         "y": place[:, 1], "dx": normal[at, 0], "dy": normal[at, 1], "length_m": (length / count)[at]}
    )  # fmt: skip


def _met(
    looks: DataFrame,
    here: NDArray[np.object_],
    there: NDArray[np.object_],
    tree: shapely.STRtree,
    owns: NDArray[np.intp],
    reach_m: float,
) -> DataFrame:
    """The first that is met from each place; -1 nothing, -2 the plot itself."""
    from_, way = looks[["x", "y"]].to_numpy(), looks[["dx", "dy"]].to_numpy()
    ends = np.stack([from_ + _OFF_M * way, from_ + reach_m * way], axis=1)
    rays, points = shapely.linestrings(ends), shapely.points(from_)
    ray, other = tree.query(rays, predicate="intersects")
    plot = looks["plot"].to_numpy(np.intp)
    real = other != owns[plot[ray]]
    ray, other = ray[real], other[real]
    gap: Floats = shapely.distance(points[ray], shapely.intersection(rays[ray], there[other]))
    itself = np.flatnonzero(shapely.intersects(rays, here[plot]))
    bay = shapely.distance(points[itself], shapely.intersection(rays[itself], here[plot[itself]]))
    ray = np.r_[ray, itself]
    other = np.r_[other, np.full(len(itself), -2)]
    gap = np.r_[gap, bay]
    order = np.lexsort((other, gap, ray))
    first = order[np.r_[True, np.diff(ray[order]) > 0]] if len(order) else order
    made = looks[["plot", "side", "length_m"]].assign(other=-1, gap_m=np.nan)
    rows = made.index.to_numpy()[ray[first]]
    made.loc[rows, "other"] = other[first]
    near = gap[first] <= _OFF_M * 1.001  # it begins where one stands
    made.loc[rows, "gap_m"] = np.where(near, 0.0, gap[first])
    return made

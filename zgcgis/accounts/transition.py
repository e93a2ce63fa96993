"""Change between two years (变化): land-use transitions, and what became of each parcel."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame, Series

from .. import geo
from ..language.errors import MissingColumnsError
from ..plan.land_use import text_of

__all__ = ["NONE", "Shared", "Transitions", "balance", "lineage", "shared_ground", "transitions"]

NONE = "(none)"
"""What ground counts as that is in the layer in one of the two years only."""


@dataclass(frozen=True)
class Transitions:
    """Land-use change between two years.

    Attributes
    ----------
    matrix
        Square metres by class before (rows) and after (columns). Rows sum to the land before,
        columns to the land after; :data:`NONE` is ground that the other year does not have.
    changes
        The map of changes: ``before, after, old, new, area_m2`` and the place.
    """

    matrix: DataFrame
    changes: GeoDataFrame


def transitions(
    before: GeoDataFrame,
    after: GeoDataFrame,
    *,
    by: str = "land_use",
    min_area_m2: float = 1.0,
    center: tuple[float, float] | None = None,
) -> Transitions:
    """Return what land was before and is after, by area.

    Parameters
    ----------
    before, after
        Parcels of two years, as ``zone.at(year).layer("parcel")`` gives them, with ``id``.
    by
        The column compared: ``land_use``, ``build_state``, ``supply_state`` …
    min_area_m2
        Smaller changes enter the matrix but not the map.
    center
        Centre of the working plane.

    Raises
    ------
    MissingColumnsError
        If a layer lacks ``id`` or the column compared.
    """
    for layer, name in ((before, "before"), (after, "after")):
        if lacking := {"id", by} - set(layer.columns):
            raise MissingColumnsError(lacking, layer.columns, where=name)
    center = (
        geo.center_of(pd.concat([before.geometry, after.geometry])) if center is None else center
    )
    old, new = before.reset_index(drop=True), after.reset_index(drop=True)
    was, now = text_of(old, by), text_of(new, by)
    ground = shared_ground(old, new, center=center)
    i, j, area, size_old, size_new = (
        ground.i,
        ground.j,
        ground.area_m2,
        ground.old_m2,
        ground.new_m2,
    )
    rows = DataFrame({"before": was.to_numpy()[i], "after": now.to_numpy()[j], "area": area})
    lost = np.maximum(size_old - np.bincount(i, area, len(old)), 0)
    come = np.maximum(size_new - np.bincount(j, area, len(new)), 0)
    rows = pd.concat(
        [
            rows,
            DataFrame({"before": was, "after": NONE, "area": lost}),
            DataFrame({"before": NONE, "after": now, "area": come}),
        ]
    )
    matrix = rows.groupby(["before", "after"])["area"].sum().unstack(fill_value=0.0)
    names = sorted({*matrix.index, *matrix.columns} - {NONE})
    matrix = matrix.reindex(index=[*names, NONE], columns=[*names, NONE], fill_value=0.0)
    return Transitions(matrix, _map(old, new, was, now, i, j, min_area_m2, center))


@dataclass(frozen=True)
class Shared:
    """Ground that the rows of two layers share.

    Attributes
    ----------
    i, j, area_m2
        One row per pair: positions in the layer before and after, and square metres.
    old_m2, new_m2
        Area of each row before and after.
    same
        For each row before: the position of the row after with the same outline, of the same id
        where there is one, else of another (renumbered), or -1.
    """

    i: NDArray[np.intp]
    j: NDArray[np.intp]
    area_m2: NDArray[np.float64]
    old_m2: NDArray[np.float64]
    new_m2: NDArray[np.float64]
    same: NDArray[np.intp]


def shared_ground(
    before: GeoDataFrame, after: GeoDataFrame, *, center: tuple[float, float] | None = None
) -> Shared:
    """Return how much ground each row has in common with each row of another state.

    Rows that kept their outline are not overlaid, whatever their id.

    Parameters
    ----------
    before, after
        Polygons of two states, with ``id``.
    center
        Centre of the working plane.
    """
    if center is None:
        center = geo.center_of(pd.concat([before.geometry, after.geometry]))
    old_m2 = geo.area_m2(before.geometry, center=center).fillna(0).to_numpy()
    new_m2 = geo.area_m2(after.geometry, center=center).fillna(0).to_numpy()
    same = _same_outline(before, after)
    kept = np.flatnonzero(same >= 0)
    left = np.flatnonzero((same < 0) & (old_m2 > 0))
    right = np.setdiff1d(np.flatnonzero(new_m2 > 0), same[kept])
    i, j, area = geo.clipped_areas(
        before.geometry.iloc[left], after.geometry.iloc[right], center=center
    )
    return Shared(
        np.r_[kept, left[i]],
        np.r_[same[kept], right[j]],
        np.r_[old_m2[kept], area],
        old_m2,
        new_m2,
        same,
    )


def _same_outline(before: GeoDataFrame, after: GeoDataFrame) -> NDArray[np.intp]:
    """For each row before the one after with its outline: of its id, else the only one of another."""
    shape_old, shape_new = before.geometry.to_wkb().to_numpy(), after.geometry.to_wkb().to_numpy()
    key_new = zip(text_of(after, "id"), shape_new, strict=True)
    place = {key: k for k, key in enumerate(key_new)}
    key_old = zip(text_of(before, "id"), shape_old, strict=True)
    same = np.array([place.get(key, -1) for key in key_old], np.intp)
    left = np.flatnonzero((same < 0) & before.geometry.notna().to_numpy())
    free = np.flatnonzero(after.geometry.notna().to_numpy())
    free = np.setdiff1d(free, same)
    old, new = (_alone(shapes, rows) for shapes, rows in ((shape_old, left), (shape_new, free)))
    for shape in old.keys() & new.keys():
        same[old[shape]] = new[shape]
    return same


def _alone(shapes: NDArray[np.object_], rows: NDArray[np.intp]) -> dict[bytes, int]:
    """Outlines that one row alone has, with its position."""
    found, many = {}, set()
    for k in rows:
        if shapes[k] in found:
            many.add(shapes[k])
        found[shapes[k]] = int(k)
    return {shape: k for shape, k in found.items() if shape not in many}


def balance(ground: Shared, before: Series, after: Series) -> DataFrame:
    """Return land gained and lost by class (用地增减): ``before lost gained after``, in m².

    ``before - lost + gained = after`` in every row; what a class keeps is the ground that it has
    in both states.

    Parameters
    ----------
    ground
        What the two layers share, of :func:`shared_ground`.
    before, after
        Class of each row of the two layers, in their order.
    """
    was, now = before.to_numpy(), after.to_numpy()
    stays = was[ground.i] == now[ground.j]
    kept = Series(ground.area_m2[stays]).groupby(was[ground.i[stays]]).sum()
    had = Series(ground.old_m2).groupby(was).sum()
    has = Series(ground.new_m2).groupby(now).sum()
    names = had.index.union(has.index)
    had, has, kept = (s.reindex(names, fill_value=0.0) for s in (had, has, kept))
    kept = np.minimum(kept, np.minimum(had, has))  # ground that lies in two rows counts twice
    return DataFrame({"before": had, "lost": had - kept, "gained": has - kept, "after": has})


def _map(
    old: GeoDataFrame,
    new: GeoDataFrame,
    was: Series,
    now: Series,
    i: NDArray[np.intp],
    j: NDArray[np.intp],
    min_area_m2: float,
    center: tuple[float, float],
) -> GeoDataFrame:
    """The places whose class changed."""
    turned = was.to_numpy()[i] != now.to_numpy()[j]
    a, b = np.unique(i[turned]), np.unique(j[turned])
    found = geo.shared(
        gpd.GeoDataFrame({"id": a}, geometry=old.geometry.array[a], crs=old.crs),
        gpd.GeoDataFrame({"id": b}, geometry=new.geometry.array[b], crs=new.crs),
        min_area_m2=min_area_m2,
        center=center,
    )
    k, m = found["a"].to_numpy(np.intp), found["b"].to_numpy(np.intp)
    places = GeoDataFrame(
        {
            "before": was.to_numpy()[k],
            "after": now.to_numpy()[m],
            "old": text_of(old, "id").to_numpy()[k],
            "new": text_of(new, "id").to_numpy()[m],
            "area_m2": found["area_m2"].to_numpy(),
        },
        geometry=found.geometry.array,
        crs=found.crs,
    )
    return places[places["before"] != places["after"]].reset_index(drop=True)


def lineage(
    before: GeoDataFrame,
    after: GeoDataFrame,
    *,
    min_share: float = 0.01,
    center: tuple[float, float] | None = None,
) -> DataFrame:
    """Return what became of each parcel, by the ground they share.

    Parameters
    ----------
    before, after
        Parcels of two years, with ``id``.
    min_share
        A pair is related if it shares at least this much of the smaller of the two.
    center
        Centre of the working plane.

    Returns
    -------
    lineage
        ``old, new, area_m2, share_of_old, share_of_new, kind``, one row per related pair.
        ``kind`` is ``unchanged``, ``redrawn`` (same id, other outline), ``renumbered`` (same
        ground, other id), ``split`` (one into many), ``merged`` (many into one),
        ``rearranged`` (many into many), ``gone`` or ``new``.
    """
    center = (
        geo.center_of(pd.concat([before.geometry, after.geometry])) if center is None else center
    )
    old, new = before.reset_index(drop=True), after.reset_index(drop=True)
    name_old, name_new = text_of(old, "id"), text_of(new, "id")
    ground = shared_ground(old, new, center=center)
    i, j, area, size_old, size_new = (
        ground.i,
        ground.j,
        ground.area_m2,
        ground.old_m2,
        ground.new_m2,
    )
    related = area >= min_share * np.minimum(size_old[i], size_new[j])
    i, j, area = i[related], j[related], area[related]
    fan_out, fan_in = np.bincount(i, minlength=len(old)), np.bincount(j, minlength=len(new))
    group = _families(i, j, len(old))
    many_old = np.bincount(group, weights=None, minlength=len(old))  # pairs of each family
    out, into = fan_out[i], fan_in[j]
    worst_out = np.zeros(len(old), np.intp)
    worst_in = np.zeros(len(old), np.intp)
    np.maximum.at(worst_out, group, out)
    np.maximum.at(worst_in, group, into)
    out, into = worst_out[group], worst_in[group]
    same_id = name_old.to_numpy()[i] == name_new.to_numpy()[j]
    whole = area >= (1 - 1e-6) * np.maximum(size_old[i], size_new[j])
    kind = np.select(
        [
            (many_old[group] == 1) & same_id & whole,
            (many_old[group] == 1) & same_id,
            (many_old[group] == 1),
            into == 1,
            out == 1,
        ],
        ["unchanged", "redrawn", "renumbered", "split", "merged"],
        "rearranged",
    )
    rows = DataFrame(
        {
            "old": name_old.to_numpy()[i],
            "new": name_new.to_numpy()[j],
            "area_m2": area,
            "share_of_old": area / size_old[i],
            "share_of_new": area / size_new[j],
            "kind": kind,
        }
    )
    gone, come = fan_out == 0, fan_in == 0
    return pd.concat(
        [
            rows.astype({"old": object, "new": object}),
            DataFrame(
                {"old": name_old[gone], "new": None, "area_m2": size_old[gone], "kind": "gone"}
            ),
            DataFrame(
                {"old": None, "new": name_new[come], "area_m2": size_new[come], "kind": "new"}
            ),
        ],
        ignore_index=True,
    )


def _families(i: NDArray[np.intp], j: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """For each pair the family it belongs to: old rows joined by new ones, and so on."""
    name = np.arange(count)
    while True:
        of_new = np.full(int(j.max()) + 1 if len(j) else 0, count, np.intp)
        np.minimum.at(of_new, j, name[i])
        lower = name.copy()
        np.minimum.at(lower, i, of_new[j])
        if (lower == name).all():
            return name[i]
        name = lower

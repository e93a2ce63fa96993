"""Containment (包含): whether what lies in another, or says that it does, is there and inside it.

Also which park a parcel belongs to: the one it names, else the one it lies in. What leaves its
park with its block is the block's fault, and not also the parcel's.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame, Series

from .. import geo
from ..findings import combine, finding_frame, rule
from ..model import Zone
from .topology import (
    _EXACT,
    _capped,
    _ids,
    _outlines,
    _polygons,
    _position,
    _report,
    _text,
    limits_of,
)

__all__ = ["parks_of"]

_MOST = 0.5  # of a parcel: with less in it, a park does not hold it


def parks_of(zone: Zone, parcels: GeoDataFrame) -> pd.DataFrame:
    """Return the park of each parcel and how it is known.

    Parameters
    ----------
    zone
        The zone whose parks are meant.
    parcels
        Parcels in the reference system of the zone.

    Returns
    -------
    parks
        On the index of `parcels`: ``park`` (its id, empty where it is not known) and ``basis``:
        ``"stated"`` where the parcel names a park or a block, ``"place"`` where more than half of
        it lies in the outline of one, else empty. Of parks inside parks it is the smallest.
    """
    stated = _text(parcels, "park_id")
    named = (stated != "") | (_text(parcels, "block_id") != "")
    basis = pd.Series(np.where(named, "stated", ""), index=parcels.index, dtype="object")
    parks = zone.layers.get("park")
    if named.all() or parks is None:
        return pd.DataFrame({"park": stated, "basis": basis})
    outlines = parks[parks.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    lost = parcels[~named.to_numpy()]
    i, j, shared_m2 = geo.clipped_areas(outlines.geometry, lost.geometry, center=zone.center)
    whole_m2 = geo.area_m2(lost.geometry, center=zone.center).to_numpy()
    size_m2 = geo.area_m2(outlines.geometry, center=zone.center).to_numpy()
    held = pd.DataFrame({"park": i, "row": j, "size_m2": size_m2[i]})[
        shared_m2 > _MOST * whole_m2[j]
    ]
    held = held.sort_values("size_m2", kind="stable").drop_duplicates("row")
    rows = np.flatnonzero(~named.to_numpy())[held["row"].to_numpy()]
    found, how = stated.to_numpy(object).copy(), basis.to_numpy(object).copy()
    found[rows] = outlines["id"].to_numpy(object)[held["park"].to_numpy()]
    how[rows] = "place"
    return pd.DataFrame({"park": found, "basis": how}, index=parcels.index)


@rule(
    "T104",
    "error",
    unit="m2",
    levels=("parcel",),
    zh="宗地 {feature} 有 {measured:.1f} m² 在批准范围（园区）之外（容差 {limit} m²；{detail}）",
    en="{measured:.1f} m2 of parcel {feature} lie outside the approved boundary or all parks "
    "(tolerance {limit} m2; {detail})",
)
def parcel_outside_the_boundary(zone: Zone) -> GeoDataFrame:
    """Parcels lie inside the approved boundary.

    Where none is drawn the parks are, and a parcel that names one of them is left to H203.
    """
    limit = limits_of(zone).outside_m2
    parcels = _polygons(zone, "parcel")
    if "boundary" in zone.layers:
        bounds = _outlines(zone, "boundary")
    elif "park" in zone.layers:
        bounds = _outlines(zone, "park")
        parcels = parcels[_position(_text(parcels, "park_id"), bounds) < 0]
    else:
        return finding_frame([], rule="T104")
    if bounds.empty:
        return finding_frame([], rule="T104")
    found = geo.outside(parcels, bounds, min_area_m2=limit, center=zone.center)
    severity = np.full(len(found), "error", object)
    if "precision" in bounds and not bounds["precision"].isin(_EXACT).all():
        severity[:] = "warning"
    return _report(found, "T104", "parcel", limit=limit, severity=severity)


def _off_parent(zone: Zone, level: str, parent: str, *, min_share: float = 0.0) -> GeoDataFrame:
    """Parts of features outside the feature they name, which is column ``b``."""
    layer, parents = _polygons(zone, level), _outlines(zone, parent)
    named = _text(layer, f"{parent}_id")
    limit = limits_of(zone).outside_m2
    own = _position(named, parents)
    found = geo.outside_own(layer, parents, own, min_area_m2=limit, center=zone.center)
    found = found[found["share"] > min_share].reset_index(drop=True)
    of = dict(zip(_ids(layer), named, strict=True))
    found.insert(1, "b", [of[a] for a in found["a"]])
    found["severity"] = _capped("error", (layer, found["a"]), (parents, found["b"]))
    return found


def _kept_within(
    found: GeoDataFrame, outlines: GeoDataFrame, own: NDArray[np.intp], zone: Zone
) -> GeoDataFrame:
    """What of the places `found` lies outside the outline each of them has as its own."""
    limit = limits_of(zone).outside_m2
    left = geo.outside_own(
        found[["geometry"]], outlines, own, min_area_m2=limit, center=zone.center
    )
    alone = found[own < 0]
    cut = found.loc[left["a"].astype(int)].assign(area_m2=left["area_m2"].to_numpy())
    cut = cut.assign(width_m=left["width_m"].to_numpy()).set_geometry(left.geometry.array)
    return pd.concat([alone, cut.set_crs(found.crs, allow_override=True)])


def _off_report(zone: Zone, found: GeoDataFrame, code: str, level: str) -> GeoDataFrame:
    limit = limits_of(zone).outside_m2
    return _report(found, code, level, limit=limit, severity=found["severity"].to_numpy())


@rule(
    "H201",
    "error",
    unit="m2",
    levels=("block", "park"),
    needs=("block.park_id",),
    zh="街区 {feature} 有 {measured:.1f} m² 在其园区 {other} 之外（容差 {limit} m²；{detail}）",
    en="{measured:.1f} m2 of block {feature} lie outside its park {other} "
    "(tolerance {limit} m2; {detail})",
)
def block_outside_its_park(zone: Zone) -> GeoDataFrame:
    """A block lies in the park it names."""
    return _off_report(zone, _off_parent(zone, "block", "park"), "H201", "block")


@rule(
    "H202",
    "error",
    unit="m2",
    levels=("building", "parcel"),
    needs=("building.parcel_id",),
    zh="建筑物 {feature} 有 {measured:.1f} m² 在其宗地 {other} 之外（容差 {limit} m²；{detail}）",
    en="{measured:.1f} m2 of building {feature} lie off its parcel {other} "
    "(tolerance {limit} m2; {detail})",
)
def building_off_its_parcel(zone: Zone) -> GeoDataFrame:
    """A building stands on the parcel it names, but for five per cent of its footprint."""
    share = limits_of(zone).off_parcel_share
    found = _off_parent(zone, "building", "parcel", min_share=share)
    return _off_report(zone, found, "H202", "building")


@rule(
    "H203",
    "error",
    unit="m2",
    levels=("parcel",),
    needs=("parcel.block_id|park_id",),
    zh="宗地 {feature} 有 {measured:.1f} m² 在其所属 {other} 之外（容差 {limit} m²；{detail}）",
    en="{measured:.1f} m2 of parcel {feature} lie outside {other}, to which it belongs "
    "(tolerance {limit} m2; {detail})",
)
def parcel_outside_its_unit(zone: Zone) -> GeoDataFrame:
    """A parcel lies in the block and the park it names.

    Where its block too leaves the park, the block is accused (H201) and not each parcel; where
    the parcel leaves both, it is the park that `other` names.
    """
    parcels = _polygons(zone, "parcel")
    blocks = _outlines(zone, "block") if "block" in zone.layers else None
    parks = _outlines(zone, "park") if "park" in zone.layers else None
    found = []
    place = Series(np.arange(len(parcels)), index=_ids(parcels)).groupby(level=0).first()

    def own(places: GeoDataFrame, column: str, outlines: GeoDataFrame) -> NDArray[np.intp]:
        named = _text(parcels, column).iloc[place[places["a"]].to_numpy()]
        return _position(named, outlines)

    off_park = None
    if parks is not None:
        off_park = _off_parent(zone, "parcel", "park")
        if blocks is not None and len(off_park):
            in_block = own(off_park, "block_id", blocks)
            off_park = _kept_within(off_park, blocks, in_block, zone)
        found.append(_off_report(zone, off_park, "H203", "parcel"))
    if blocks is not None:
        off_block = _off_parent(zone, "parcel", "block")
        if off_park is not None:
            off_block = off_block[~off_block["a"].isin(set(off_park["a"]))]
        found.append(_off_report(zone, off_block, "H203", "parcel"))
    return combine(found)


_PARENTS = (
    ("block", "park"),
    ("parcel", "park"),
    ("parcel", "block"),
    ("building", "parcel"),
    ("enterprise", "parcel"),
    ("enterprise", "park"),
)


@rule(
    "H205",
    "error",
    needs=("block.park_id", "parcel.block_id|park_id", "building.parcel_id"),
    zh="{level} {feature} 所属的 {detail} {other} 不存在",
    en="{level} {feature} names a {detail} that is not there: {other}",
)
def parent_is_not_there(zone: Zone) -> GeoDataFrame:
    """What a feature says it belongs to exists, if there is a layer of it."""
    rows = []
    for level, parent in _PARENTS:
        layer, parents = zone.layers.get(level), zone.layers.get(parent)
        if layer is None or parents is None or f"{parent}_id" not in layer or parents.empty:
            continue
        known = set(_ids(parents)) | (
            set(zone.units.index) if parent in ("park", "block") else set()
        )
        named = _text(layer, f"{parent}_id")
        lost = layer[(named != "") & ~named.isin(known)]
        if level == "enterprise":
            lost = lost[~lost["id"].duplicated()]
        rows.append(
            DataFrame(
                {
                    "level": level,
                    "feature": _ids(lost),
                    "other": named[lost.index].to_numpy(),
                    "detail": parent,
                    "geometry": np.asarray(lost.geometry.array),
                }
            )
        )
    if not any(len(part) for part in rows):
        return finding_frame([], rule="H205")
    crs = next(iter(zone.layers.values())).crs
    return finding_frame(pd.concat(rows, ignore_index=True), rule="H205", crs=crs)

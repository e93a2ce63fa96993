"""Spatial form of the units of a zone (空间形态): density, mix, shape and concentration."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from pandas import DataFrame

from .. import geo
from ..model import Zone
from ..plan.land_use import crosswalk
from .book import Survey, survey

__all__ = ["spatial_form"]


def spatial_form(zone: Zone, year: int, *, level: str = "park", join_m: float = 30.0) -> DataFrame:
    """Return how each unit is built, mixed and shaped in a year; the base stands in the name.

    Parameters
    ----------
    zone, year
        The zone and the year.
    level
        ``"park"`` or ``"block"``.
    join_m
        Parcels not farther apart than this, a street, hold together as one piece.

    Returns
    -------
    form
        One row per unit. ``*_net``: on built parcels (A); ``*_gross``: on the outline of the
        unit, streets and unbuilt land included (only where outlines are drawn well enough to
        be cut by): ``floor_space_index``, ``ground_space_index``, ``open_space_ratio`` and,
        without a base, ``mean_storeys``. Mix of uses over construction land: ``uses``,
        ``entropy``, ``entropy_of_present``, ``entropy_of_possible``, ``simpson``. Of the
        parcels together: ``pieces``, ``largest_share``, ``expected_share``, ``spread_m``. Of
        the outline: ``perimeter_index``, ``enclosing_index``, ``convexity``.
    """
    found = survey(zone, level, [year])
    table = found.computed.xs(year, level="year")
    parts = []
    outlines = found._shares.outlines
    if outlines is not None:
        there = found._shares.unit_there(year)
        drawn = outlines[there].set_index("id").geometry
    if {"floor_area_m2", "footprint_m2", "built_land_m2"} <= set(table):
        floor, foot = table["floor_area_m2"], table["footprint_m2"]
        built = table["built_land_m2"]
        net = geo.spacematrix(floor_area_m2=floor, footprint_m2=foot, base_m2=built)
        parts += [net.drop(columns="mean_storeys").add_suffix("_net"), net["mean_storeys"]]
        if outlines is not None:
            base = geo.area_m2(drawn, center=zone.center).reindex(table.index)
            gross = geo.spacematrix(floor_area_m2=floor, footprint_m2=foot, base_m2=base)
            parts.append(gross.drop(columns="mean_storeys").add_suffix("_gross"))
    parts.append(_mix(found.by_use.xs(year, level="year")))
    parts.append(_together(found, zone, year, join_m))
    if outlines is not None:
        parts.append(geo.compactness(drawn, center=zone.center))
    return pd.concat([part.reindex(table.index) for part in parts], axis=1)


def _mix(by_use: DataFrame) -> DataFrame:
    """Mix over the classes of construction land; what nobody knows is left out."""
    table = crosswalk()
    built = sorted(set(table["class"][table["construction"] == "Y"]))
    return geo.mix(by_use.reindex(columns=built, fill_value=0.0))


def _together(found: Survey, zone: Zone, year: int, join_m: float) -> DataFrame:
    shares = found._shares
    unit, feature, _ = found._years[year].land
    names = shares.names[unit]
    order = list(dict.fromkeys(names))
    held = [shares.shapes("parcel", np.unique(feature[names == name])) for name in order]
    shapes = [geo.together(parcels) for parcels in held]
    crs = held[0].crs if held else geo.LONLAT
    whole = gpd.GeoSeries(shapes, index=pd.Index(order, name="unit"), crs=crs)
    return geo.contiguity(whole, join_m=join_m, center=zone.center)

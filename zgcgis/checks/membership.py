"""Which park a parcel belongs to: the one it names, else the one it lies in."""

from __future__ import annotations

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from .. import geo
from ..model import Zone

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


def _text(table: pd.DataFrame, name: str) -> pd.Series:
    if name not in table:
        return pd.Series("", index=table.index, dtype="object")
    return table[name].astype("object").where(table[name].notna(), "").astype(str)

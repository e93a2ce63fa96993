"""Shares: how much of each parcel lies in each unit, and of each building on each parcel there.

:func:`cut` is the one function that does it, on whole layers in one process or on one tile in
many (:mod:`.tiles`). What it returns are plain arrays, whose rows sum to everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from pandas import DataFrame, Series

from .. import geo
from ..land_use import classify
from ..model import Zone

__all__ = ["Cut", "Pieces", "Shares", "cut", "living", "numbers", "share_out", "text"]

Positions = NDArray[np.intp]
Floats = NDArray[np.float64]
Spread = Callable[..., "Cut"]

_EXACT = ("surveyed", "digitised", "synthetic")  # outlines good enough to cut by
_WHOLE = 1 - 1e-9  # a parcel with this share in a unit lies in it


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of features in units, one row each; ``parcel`` is where a building's piece stands."""

    unit: Positions
    feature: Positions
    size_m2: Floats
    parcel: Positions


@dataclass(frozen=True, slots=True)
class Cut:
    """Parcels and buildings cut by units; positions are those of the layers given."""

    land: Pieces
    built: Pieces
    parcel_m2: Floats
    building_m2: Floats


def cut(
    parcels: GeoSeries,
    buildings: GeoSeries | None,
    units: GeoSeries | None,
    unit_of: Positions | None,
    *,
    center: tuple[float, float] | None = None,
    threads: int | None = None,
) -> Cut:
    """Cut parcels and buildings by units.

    Parameters
    ----------
    parcels, buildings
        Polygons with a CRS; a building may stand on several parcels and a parcel in several
        units: each piece is a row.
    units
        Outlines, or None if `unit_of` says where each parcel belongs.
    unit_of
        For each parcel its unit, or -1; only without outlines.
    center
        Centre of the working plane.
    threads
        How many to use.
    """
    center = geo.center_of(parcels) if center is None else center
    flat = geo.to_plane(parcels, center)
    area = geo.area_m2(flat).to_numpy()
    if units is not None:
        outlines = geo.to_plane(units, center)
        unit, feature, size = geo.clipped_areas(outlines, flat, threads=threads)
    else:
        belongs = np.full(len(flat), -1, np.intp) if unit_of is None else unit_of
        feature = np.flatnonzero((belongs >= 0) & (area > 0))
        feature = feature[np.argsort(belongs[feature], kind="stable")]
        unit, size = belongs[feature], area[feature]
    land = Pieces(unit, feature, size, feature)
    nothing = Pieces(*(np.zeros(0, np.intp),) * 2, np.zeros(0), np.zeros(0, np.intp))
    if buildings is None:
        return Cut(land, nothing, area, np.zeros(0))
    houses = geo.to_plane(buildings, center)
    footprint = geo.area_m2(houses).to_numpy()
    parcel, house, on = geo.clipped_areas(flat, houses, threads=threads)
    return Cut(
        land, _built(land, area, parcel, house, on, flat, houses, units, center), area, footprint
    )


def _built(
    land: Pieces,
    area: Floats,
    parcel: Positions,
    house: Positions,
    on: Floats,
    flat: GeoSeries,
    houses: GeoSeries,
    units: GeoSeries | None,
    center: Any,
) -> Pieces:
    """Give each piece of a building to the units of the parcel it stands on."""
    count = np.bincount(land.feature, minlength=len(area))
    only = np.full(len(area), -1, np.intp)
    only[land.feature] = land.unit
    held = np.bincount(land.feature, land.size_m2, len(area))
    simple = (count == 1) & (held >= _WHOLE * area)
    whole = simple[parcel]
    unit, feature = only[parcel[whole]], house[whole]
    size, place = on[whole], parcel[whole]
    crossing = np.flatnonzero(~whole & (count[parcel] > 0))
    if len(crossing) and units is not None:  # a parcel in two units: cut its buildings again
        a, b = parcel[crossing], house[crossing]
        piece = flat.iloc[a].intersection(houses.iloc[b], align=False).reset_index(drop=True)
        u, k, part = geo.clipped_areas(geo.to_plane(units, center), piece)
        unit, feature = np.r_[unit, u], np.r_[feature, b[k]]
        size, place = np.r_[size, part], np.r_[place, a[k]]
    order = np.lexsort((unit, place, feature))
    return Pieces(unit[order], feature[order], size[order], place[order])


# --- columns -----------------------------------------------------------------------------


def text(table: DataFrame, name: str) -> Series:
    """A column as text, empty where there is nothing or no such column."""
    if name not in table:
        return Series("", index=table.index, dtype="object")
    values = table[name].astype("object")
    return values.where(values.notna(), "").astype(str).str.strip()


def numbers(table: DataFrame, name: str) -> Floats:
    """A column as floats, NaN where there is nothing or no such column."""
    if name not in table:
        return np.full(len(table), np.nan)
    return np.asarray(pd.to_numeric(table[name]).to_numpy(float, na_value=np.nan))


def living(table: DataFrame, year: int, *, born: str = "") -> NDArray[np.bool_]:
    """Which rows are there in `year`; one without ``since`` is there from the year `born` on."""
    since, until = numbers(table, "since"), numbers(table, "until")
    if born:
        since = np.where(np.isnan(since), numbers(table, born), since)
    there: NDArray[np.bool_] = (np.isnan(since) | (since <= year)) & (
        np.isnan(until) | (year < until)
    )
    return there


# --- the shares of a zone ----------------------------------------------------------------


class Shares:
    """Layers of a zone numbered from 0, its units, and the pieces they are cut into."""

    def __init__(self, zone: Zone, level: str, spread: Spread) -> None:
        self.zone = zone
        self.level = level
        self.layers = {
            name: layer.reset_index(drop=True)
            for name, layer in zone.layers.items()
            if name in ("parcel", "building", "enterprise") and len(layer)
        }
        self.layers["parcel"] = _with_area(self.layers["parcel"])
        if "building" in self.layers:
            self.layers["building"] = _with_area(self.layers["building"])
        self._find_units()
        parcel = self.layers["parcel"]
        building = self.layers.get("building")
        found = spread(
            parcel.geometry,
            None if building is None else building.geometry,
            None if self.outlines is None else self.outlines.geometry,
            self._unit_of,
            center=zone.center,
        )
        self.land, self.built = found.land, found.built
        self.parcel_m2, self.footprint = found.parcel_m2, found.building_m2

    def has(self, level: str) -> bool:
        """Whether the zone has anything of a level."""
        return level in self.layers

    # --- units ---

    def _find_units(self) -> None:
        parcel = self.layers["parcel"]
        self.outlines: GeoDataFrame | None = None
        self._unit_of: Positions | None = None
        if self.level == "parcel":
            self._own = np.asarray(parcel["id"], object)
            self._life: DataFrame = parcel
            self._unit_of = np.arange(len(parcel))
        else:
            level = "block" if self.level == "block" else "park"
            outlines = _outlines(self.zone, level)
            if outlines is not None:
                self.outlines = outlines
                self._own = np.asarray(outlines["id"], object)
                self._life = outlines
            else:
                named = text(parcel, f"{level}_id")
                self._own = np.array(sorted(set(named) - {""}), object)
                of = Series(np.arange(len(self._own)), index=self._own)
                self._unit_of = np.asarray(of.reindex(named).fillna(-1), np.intp)
                self._life = self.zone.units.reindex(self._own)
        self.names = self._reported()

    def _reported(self) -> NDArray[np.object_]:
        if self.level == "zone":
            return np.full(len(self._own), self.zone.id, object)
        if self.level != "group":
            return self._own
        table = self.outlines if self.outlines is not None else None
        group = text(self.zone.units, "group")
        names = [str(group.get(unit, "")) for unit in self._own]
        if table is not None and "group" in table:
            of_layer = text(table, "group")
            names = [a or b for a, b in zip(of_layer, names, strict=True)]
        return np.array([name or "(no group)" for name in names], object)

    def unit_there(self, year: int) -> NDArray[np.bool_]:
        """Which units are there in a year."""
        return living(self._life, year)

    def ids_there(self, year: int) -> tuple[list[str], Positions]:
        """Return the reported units of a year, and for each unit its row among them."""
        there = self.unit_there(year)
        ids = list(dict.fromkeys(self.names[there]))
        row = Series(np.arange(len(ids)), index=ids)
        return ids, np.asarray(row.reindex(self.names).fillna(0), np.intp)

    # --- what is known of parcels ---

    @cached_property
    def code(self) -> Series:
        """Land-use code of each parcel."""
        return text(self.layers["parcel"], "land_use")

    @cached_property
    def system(self) -> Series:
        """Classification of each parcel's code; by default the one `zone.toml` states."""
        own = text(self.layers["parcel"], "land_use_system")
        return own.where(own != "", str(self.zone.meta.get("land_use_system", "")))

    @cached_property
    def use(self) -> DataFrame:
        """What the crosswalk knows of each parcel's code."""
        return classify(self.code, self.system)

    @cached_property
    def state(self) -> Series:
        """Class of building state of each parcel, from its land use where it states none."""
        stated = text(self.layers["parcel"], "build_state")
        return stated.where(stated != "", self.use["td1029"])

    @cached_property
    def planned_state(self) -> Series:
        """Class its planned use will have once built; that of its present use if none is planned."""
        planned = classify(text(self.layers["parcel"], "planned_use"), self.system)["td1029"]
        return planned.where(planned != "", self.state)

    @cached_property
    def supply_year(self) -> Floats:
        """Year of supply, NaN if none."""
        dates = self.layers["parcel"]["supply_date"]
        if not pd.api.types.is_datetime64_any_dtype(dates):
            words = text(self.layers["parcel"], "supply_date")
            dates = pd.to_datetime(words.where(words != "", None), format="ISO8601")
        return np.asarray(dates.dt.year.to_numpy(float, na_value=np.nan))

    # --- what is known of buildings ---

    @cached_property
    def floor(self) -> Floats:
        """Floor area above ground: stated, else storeys times footprint, else unknown."""
        layer = self.layers["building"]
        stated, storeys = numbers(layer, "floor_area_m2"), numbers(layer, "storeys")
        return np.where(np.isnan(stated), storeys * self.footprint, stated)

    @cached_property
    def floor_below(self) -> Floats:
        """Floor area below ground; none where nothing is said of it."""
        layer = self.layers["building"]
        stated, storeys = numbers(layer, "floor_area_below_m2"), numbers(layer, "storeys_below")
        return np.nan_to_num(np.where(np.isnan(stated), storeys * self.footprint, stated))

    # --- where firms are ---

    @cached_property
    def firm_parcel(self) -> Positions:
        """Parcel of each firm: the one it names, else the one its point lies in, else -1."""
        firms, parcel = self.layers["enterprise"], self.layers["parcel"]
        found = _named(text(firms, "parcel_id"), np.asarray(parcel["id"], object))
        lost = np.flatnonzero((found < 0) & firms.geometry.notna().to_numpy())
        if len(lost):
            points = GeoDataFrame(
                {"firm": lost, "year": numbers(firms, "year")[lost]},
                geometry=firms.geometry.array[lost],
                crs=firms.crs,
            )
            ground = GeoDataFrame(
                {"parcel": np.arange(len(parcel))}, geometry=parcel.geometry.array, crs=parcel.crs
            )
            hit = gpd.sjoin(points, ground.to_crs(points.crs), predicate="intersects")
            since, until = numbers(parcel, "since"), numbers(parcel, "until")
            at = hit["parcel"].to_numpy()
            year = hit["year"].to_numpy()
            there = ~(since[at] > year) & ~(until[at] <= year)
            hit = hit[there].drop_duplicates("firm")
            found[hit["firm"].to_numpy()] = hit["parcel"].to_numpy()
        return found

    @cached_property
    def firm_unit(self) -> Positions:
        """Unit of each firm: the one it names, else that of most of its parcel, else -1."""
        if self.level == "parcel":
            return self.firm_parcel
        firms = self.layers["enterprise"]
        named = "block_id" if self.level == "block" else "park_id"
        found = _named(text(firms, named), self._own, numbers(firms, "year"), self._life)
        order = np.argsort(self.land.size_m2, kind="stable")
        most = np.full(len(self.parcel_m2), -1, np.intp)
        most[self.land.feature[order]] = self.land.unit[order]
        by_parcel = np.where(self.firm_parcel >= 0, most[self.firm_parcel], -1)
        return np.where(found >= 0, found, by_parcel)


def _named(
    names: Series, ids: NDArray[np.object_], year: Floats | None = None, life: Any = None
) -> Positions:
    """Position of each name among `ids`, or -1; of several rows the one there in its year."""
    place = Series(np.arange(len(ids)), index=ids)
    first = place[~place.index.duplicated()]
    found = np.asarray(first.reindex(names.to_numpy()).fillna(-1), np.intp)
    twice = set(place.index[place.index.duplicated()])
    if twice and year is not None:
        since, until = numbers(life, "since"), numbers(life, "until")
        for row in np.flatnonzero(names.isin(twice)):  # units that changed their outline
            rows = place[[names.iloc[row]]].to_numpy()
            there = ~(since[rows] > year[row]) & ~(until[rows] <= year[row])
            if there.any():
                found[row] = rows[there][0]
    return found


def _outlines(zone: Zone, level: str) -> GeoDataFrame | None:
    """The outlines of a level, if all of them are good enough to cut by."""
    layer = zone.layers.get(level)
    if layer is None or layer.empty:
        return None
    layer = _with_area(layer.reset_index(drop=True))
    if "precision" in layer and not layer["precision"].isin(_EXACT).all():
        return None
    return layer if len(layer) else None


def _with_area(layer: GeoDataFrame) -> GeoDataFrame:
    """Features that have an area, numbered from 0."""
    kinds = layer.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    kept = layer if kinds.all() else layer[kinds]
    return kept.reset_index(drop=True)


def share_out(
    zone: Zone, level: str, *, spread: Spread | None = None, threads: int | None = None
) -> Shares:
    """Cut the parcels and buildings of a zone by its units.

    Parameters
    ----------
    zone, level
        The zone, and the level of the units.
    spread
        What does the cutting, with the signature of :func:`cut`; by default :func:`cut`
        itself, in this process.
    threads
        How many threads, without `spread`.
    """
    if spread is None:

        def spread(*layers: Any, **options: Any) -> Cut:
            return cut(*layers, threads=threads, **options)

    return Shares(zone, level, spread)

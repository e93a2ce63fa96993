"""Shares: how much of each parcel lies in each unit, and of each building on each parcel there.

:func:`cut` is the one function that does it, on whole layers in one process or on one tile in
many (:mod:`.tiles`). What it returns are plain arrays, whose rows sum to everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from pandas import DataFrame, Series

from .. import geo
from ..geo.boxes import boxes_near
from ..model import StoredLayer, Zone
from ..plan.land_use import classify, text_of

__all__ = ["Coded", "Cut", "Pieces", "Shares", "coded", "cut", "living", "nothing", "numbers"]

Positions = NDArray[np.intp]
Floats = NDArray[np.float64]
Ground: TypeAlias = GeoSeries | StoredLayer
Near: TypeAlias = Callable[[Positions], GeoSeries]
Spread: TypeAlias = Callable[..., "Cut"]

_EXACT = ("surveyed", "digitised", "synthetic")  # outlines good enough to cut by
_WHOLE = 1 - 1e-9  # a parcel with this share in a unit lies in it
_POLYGONS = frozenset({"Polygon", "MultiPolygon"})


@dataclass(frozen=True, slots=True)
class Pieces:
    """Pieces of features in units, one row each; ``parcel`` is where a building's piece stands."""

    unit: Positions
    feature: Positions
    size_m2: Floats
    parcel: Positions


@dataclass(frozen=True, slots=True)
class Cut:
    """Parcels and buildings cut by units; positions are those of the layers given.

    ``standing`` is, where it was asked for, what the buildings would be cut to if each parcel were a unit.
    """

    land: Pieces
    built: Pieces
    parcel_m2: Floats
    building_m2: Floats
    standing: Pieces | None = None


def cut(
    parcels: GeoSeries,
    buildings: GeoSeries | Near | None,
    units: GeoSeries | None,
    unit_of: Positions | None,
    *,
    center: tuple[float, float] | None = None,
    threads: int | None = None,
    standing: bool = False,
) -> Cut:
    """Cut parcels and buildings by units.

    Parameters
    ----------
    parcels, buildings
        Polygons with a CRS; a building may stand on several parcels and a parcel in several
        units: each piece is a row. `buildings` may be a function that is told the positions of
        the parcels that lie in units and returns all buildings that may stand on these.
    units
        Outlines, or None if `unit_of` says where each parcel belongs.
    unit_of
        For each parcel its unit, or -1; only without outlines.
    center
        Centre of the working plane.
    threads
        How many to use.
    standing
        Whether buildings are cut by each single parcel too, for :attr:`Cut.standing`.
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
    if buildings is None:
        return Cut(land, nothing(), area, np.zeros(0), nothing() if standing else None)
    # what stands on other parcels is in no unit
    held = np.flatnonzero(area > 0) if standing else np.unique(feature)
    houses = geo.to_plane(buildings(held) if callable(buildings) else buildings, center)
    footprint = geo.area_m2(houses).to_numpy()
    place, house, on = geo.clipped_areas(flat.iloc[held], houses, threads=threads)
    place = held[place]
    built = _built(land, area, place, house, on, flat, houses, units, center)
    return Cut(land, built, area, footprint, _standing(place, house, on) if standing else None)


def nothing() -> Pieces:
    """Return no pieces."""
    none = np.zeros(0, np.intp)
    return Pieces(none, none, np.zeros(0), none)


def _standing(parcel: Positions, house: Positions, on: Floats) -> Pieces:
    order = np.lexsort((parcel, house))
    return Pieces(parcel[order], house[order], on[order], parcel[order])


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


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of few different values: these, and for each row which of them it has."""

    values: DataFrame
    of: Positions

    def __getitem__(self, name: str) -> Any:
        """A column of the values, one entry per row."""
        return self.values[name].to_numpy(object)[self.of]

    def where(self, held: Any, rows: Positions) -> NDArray[np.bool_]:
        """For the rows at some positions whether their value is held."""
        found: NDArray[np.bool_] = np.asarray(held, bool)[self.of[rows]]
        return found


def coded(**columns: Series) -> Coded:
    """Return columns together by their different rows."""
    of = np.zeros(len(next(iter(columns.values()))), np.intp)
    for column in columns.values():
        code, values = pd.factorize(column)
        of = pd.factorize(of * (len(values) + 1) + code)[0].astype(np.intp)
    first = np.unique(of, return_index=True)[1]
    some = {name: column.iloc[first].to_numpy(object) for name, column in columns.items()}
    return Coded(DataFrame(some), of)


# --- the shares of a zone ----------------------------------------------------------------

_WANTED = frozenset(
    [
        "id",
        "park_id",
        "block_id",
        "parcel_id",
        "year",
        "since",
        "until",
        "land_use",
        "land_use_system",
        "planned_use",
        "build_state",
        "supply_state",
        "hightech",
        "idle_m2",
        "net_area_m2",
        "supply_date",
        "kind",
        "storeys",
        "storeys_below",
        "floor_area_m2",
        "floor_area_below_m2",
        "tall_floor_area_m2",
        "built_year",
        "staff_persons",
        "tax_wan",
        "income_wan",
        "investment_wan",
        "rd_wan",
        "energy_tce",
    ]
)
"""The columns that accounts are made of, besides the ids."""


class Shares:
    """Layers of a zone numbered from 0, its units, and the pieces they are cut into."""

    def __init__(self, zone: Zone, level: str, spread: Spread, *, standing: bool = False) -> None:
        self.zone = zone
        self.level = level
        self.layers: dict[str, DataFrame] = {}
        self._columns: dict[str, frozenset[str]] = {}
        self._ground: dict[str, Ground] = {}
        for name in ("parcel", "building", "enterprise"):
            if zone.count(name):
                self._take(name)
        self._find_units()
        found = spread(
            self._ground["parcel"],
            self._ground.get("building"),
            None if self.outlines is None else self.outlines.geometry,
            self._unit_of,
            center=zone.center,
            standing=standing,
        )
        self.land, self.built, self._standing = found.land, found.built, found.standing
        self.parcel_m2, self.footprint = found.parcel_m2, found.building_m2

    def of_parcels(self) -> Shares:
        """Return the shares of single parcels, without cutting once more.

        Raises
        ------
        ValueError
            If it was not asked for when these were cut.
        """
        if self._standing is None:
            msg = "of_parcels: the shares were cut without standing=True"
            raise ValueError(msg)
        single = copy(self)
        single.__dict__.pop("firm_unit", None)  # all else that is known does not rest on units
        single.level = "parcel"
        single._find_units()
        there = np.flatnonzero(self.parcel_m2 > 0)
        single.land = Pieces(there, there, self.parcel_m2[there], there)
        single.built = self._standing
        return single

    def _take(self, name: str) -> None:
        """Take the columns of a layer, and its shapes or the file they stay in."""
        stored = self.zone.unread(name)
        firms = name == "enterprise"
        if stored is not None and (firms or _is_ground(stored)):
            wanted = _WANTED & (frozenset(stored.columns) if firms else stored.filled)
            self.layers[name] = stored.table(sorted(wanted))
            self._ground[name], self._columns[name] = stored, frozenset(stored.columns)
        else:
            layer = self.zone.layers[name]
            layer = layer.reset_index(drop=True) if firms else _with_area(layer)
            self.layers[name] = layer
            self._ground[name], self._columns[name] = layer.geometry, frozenset(layer.columns)

    def shapes(self, level: str, rows: Positions) -> GeoSeries:
        """Return the shapes of some rows of a layer, numbered from 0."""
        ground = self._ground[level]
        if isinstance(ground, GeoSeries):
            return ground.iloc[rows].reset_index(drop=True)
        return ground.shapes(rows)

    def ids(self, level: str, rows: Positions | slice = slice(None)) -> NDArray[np.object_]:
        """Return the ids of all rows of a layer, or of some."""
        ground = self._ground[level]
        table = self.layers[level] if isinstance(ground, GeoSeries) else ground.table(["id"])
        return np.asarray(table["id"].iloc[rows], object)

    def has(self, level: str) -> bool:
        """Whether the zone has anything of a level."""
        return level in self.layers

    def knows(self, level: str, column: str) -> bool:
        """Whether a layer has a column, be it empty; an empty one need not have been read."""
        return column in self._columns[level]

    # --- units ---

    def _find_units(self) -> None:
        parcel = self.layers["parcel"]
        self.outlines: GeoDataFrame | None = None
        self._unit_of: Positions | None = None
        if self.level == "parcel":
            self._own = self.ids("parcel")
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
                named = text_of(parcel, f"{level}_id")
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
        group = text_of(self.zone.units, "group")
        names = [str(group.get(unit, "")) for unit in self._own]
        if table is not None and "group" in table:
            of_layer = text_of(table, "group")
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
    def use(self) -> Coded:
        """Land-use code of each parcel and what the crosswalk knows of it.

        Columns ``code``, ``system`` (by default the one `zone.toml` states) and those of
        :func:`zgcgis.plan.land_use.classify`.
        """
        return self._classified("land_use")

    def _classified(self, name: str) -> Coded:
        parcel = self.layers["parcel"]
        own = text_of(parcel, "land_use_system")
        system = own.where(own != "", str(self.zone.meta.get("land_use_system", "")))
        found = coded(code=text_of(parcel, name), system=system)
        known = classify(found.values["code"], found.values["system"])
        return Coded(found.values.join(known), found.of)

    @cached_property
    def state(self) -> Coded:
        """Class of building state of each parcel, from its land use where it states none.

        Its one column is ``state``.
        """
        return self._state_or("build_state", self.use)

    @cached_property
    def planned_state(self) -> Coded:
        """Class its planned use will have once built; that of its present use if none is planned."""
        planned = self._classified("planned_use")["td1029"]
        state = Series(np.where(planned != "", planned, self.state["state"]))
        return coded(state=state)

    def _state_or(self, name: str, use: Coded) -> Coded:
        stated = text_of(self.layers["parcel"], name)
        return coded(state=stated.where(stated != "", Series(use["td1029"], index=stated.index)))

    @cached_property
    def supply_state(self) -> Coded:
        """Class of supply state of each parcel; its one column is ``state``."""
        return coded(state=text_of(self.layers["parcel"], "supply_state"))

    @cached_property
    def supply_year(self) -> Floats:
        """Year of supply, NaN if none."""
        if "supply_date" not in self.layers["parcel"]:
            return np.full(len(self.layers["parcel"]), np.nan)
        dates = self.layers["parcel"]["supply_date"]
        if not pd.api.types.is_datetime64_any_dtype(dates):
            words = text_of(self.layers["parcel"], "supply_date")
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
        found = _named(text_of(firms, "parcel_id"), self.ids("parcel"))
        lost = np.flatnonzero(found < 0)
        points = self.shapes("enterprise", lost)
        drawn = points.notna().to_numpy()
        lost, points = lost[drawn], points[drawn]
        if len(lost):
            firm = {"firm": lost, "year": numbers(firms, "year")[lost]}
            spots = GeoDataFrame(firm, geometry=points.array, crs=points.crs)
            near, ground = self._parcels_near(spots.to_crs(geo.LONLAT).geometry)
            hit = gpd.sjoin(
                spots,
                GeoDataFrame({"parcel": near}, geometry=ground.array, crs=ground.crs).to_crs(
                    spots.crs
                ),
                predicate="intersects",
            )
            since, until = numbers(parcel, "since"), numbers(parcel, "until")
            at = hit["parcel"].to_numpy()
            year = hit["year"].to_numpy()
            there = ~(since[at] > year) & ~(until[at] <= year)
            hit = hit[there].sort_values(["firm", "parcel"]).drop_duplicates("firm")
            found[hit["firm"].to_numpy()] = hit["parcel"].to_numpy()
        return found

    def _parcels_near(self, points: GeoSeries) -> tuple[Positions, GeoSeries]:
        """Positions and shapes of the parcels that points may lie in."""
        ground = self._ground["parcel"]
        if isinstance(ground, GeoSeries):
            return np.arange(len(ground)), ground
        near = np.flatnonzero(boxes_near(ground.boxes(), points.bounds.to_numpy()))
        return near, ground.shapes(near)

    @cached_property
    def firm_unit(self) -> Positions:
        """Unit of each firm: the one it names, else that of most of its parcel, else -1."""
        if self.level == "parcel":
            return self.firm_parcel
        firms = self.layers["enterprise"]
        named = "block_id" if self.level == "block" else "park_id"
        found = _named(text_of(firms, named), self._own, numbers(firms, "year"), self._life)
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
    if "precision" in layer:
        stated = layer["precision"].astype("object").fillna("").astype(str).str.strip()
        if not stated.isin([*_EXACT, ""]).all():  # one that states none is taken as it is drawn
            return None
    return layer if len(layer) else None


def _is_ground(stored: StoredLayer) -> bool:
    """Whether every row of a file is known to be a polygon."""
    return bool(stored.kinds) and stored.kinds <= _POLYGONS and stored.complete


def _with_area(layer: GeoDataFrame) -> GeoDataFrame:
    """Features that have an area, numbered from 0."""
    kinds = layer.geometry.geom_type.isin(_POLYGONS)
    kept = layer if kinds.all() else layer[kinds]
    return kept.reset_index(drop=True)

"""Measuring: which ground, buildings and firms fall in which unit, and what they sum to.

Every value is a sum over contributions: (unit, feature, amount). The table is their sums and
:func:`parts` shows them, so a cell and its drill-down cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame, Series

from ..findings import combine, define, finding_frame
from ..language.errors import UnknownNameError, ZoneError
from ..language.terms import TERMS
from ..model import Zone
from ..plan.land_use import CLASSES, STATE_KEYS, state_keys, text_of
from .precedence import differences, stated_values
from .scale import alone
from .shares import Coded, Shares, Spread, living, numbers

__all__ = ["LEVELS", "Survey", "measure", "parts", "survey"]

LEVELS = ("park", "block", "parcel", "group", "zone")
"""What accounts can be taken of."""

define(
    "D516",
    "warning",
    zh="{feature} {detail}：两边相差 {measured:.1f} m²，土地状况代码不全或有误",
    en="{feature} {detail}: the two sides differ by {measured:.1f} m2, so some land has no class",
    unit="m2",
)
define(
    "D517",
    "warning",
    zh="{detail} 年：{level} 有 {measured:.1f} m² 不在任何单元之内",
    en="{detail}: {measured:.1f} {unit} of the {level} layer lie in no unit",
)
define(
    "D518",
    "warning",
    zh="建筑物 {feature} 既无层数也无建筑面积，所在单元的总建筑面积无法计算",
    en="building {feature} has neither storeys nor floor area, so its unit's total is not known",
)
define(
    "D519",
    "note",
    zh="{feature} {detail}：{measured:.0f} 家企业没有填报，合计只含其余企业",
    en="{feature} {detail}: {measured:.0f} firms state nothing; the sum is of the others",
    unit="1",
)

_FIRM_KEYS = {
    key: key
    for key in ("staff_persons", "tax_wan", "income_wan", "investment_wan", "rd_wan", "energy_tce")
}
_INDUSTRIAL_FIRM_KEYS = {
    "tax_wan": "industrial_tax_wan",
    "income_wan": "industrial_income_wan",
    "investment_wan": "industrial_investment_wan",
}
Contribution = tuple[str, NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]


@dataclass(frozen=True)
class Survey:
    """Accounts with all that explains them.

    Attributes
    ----------
    level
        What the rows are.
    table
        The accounts: one row per ``(unit, year)``, one column per key of ``terms.toml``. A
        stated value stands before a computed one.
    computed, stated
        The same rows, only computed and only stated values.
    differences
        Where a value was both stated and computed and they differ: ``unit year key stated
        computed difference``.
    closure
        Per year and layer: how many features and how much of them there is, how much fell in
        units and in none, how many were split, and the error of splitting.
    by_use
        Land by common class of use: one row per unit and year, one column per class (m²);
        ``unmapped`` is land whose code nobody knows, ``no_code`` land without one.
    unmapped
        Land-use codes that the crosswalk does not know: ``year system code parcels area_m2``.
    findings
        What is wrong, as findings.
    """

    level: str
    table: DataFrame
    computed: DataFrame
    stated: DataFrame
    differences: DataFrame
    closure: DataFrame
    by_use: DataFrame
    unmapped: DataFrame
    findings: GeoDataFrame
    _years: Mapping[int, _Year] = field(repr=False)
    _shares: Shares = field(repr=False)

    @property
    def by_name(self) -> bool:
        """Whether land is that of the parcels naming a unit: then a unit within it is not in it."""
        return self._shares.outlines is None

    @property
    def basis(self) -> DataFrame:
        """Whether each value is ``"stated"`` or ``"computed"``; missing where there is none."""
        basis = DataFrame("computed", index=self.table.index, columns=self.table.columns)
        said = self.stated.reindex(columns=self.table.columns).notna()
        return basis.astype(object).where(self.table.notna(), None).mask(said, "stated")

    def of_parcels(self, year: int) -> DataFrame:
        """Return what ``measure(zone, "parcel", [year])`` does; the survey was taken for it."""
        single = self._shares.of_parcels()
        made = _Year(single, year, next(iter(self._years.values())).tall_storeys_twice)
        return _in_order(_stack({year: made.table}), single, [year])

    def parts(self, unit: str, year: int, key: str) -> GeoDataFrame:
        """Return the features that make one computed cell: ``layer, id, amount``, largest first.

        Raises
        ------
        UnknownNameError
            If there is no such unit, year or key.
        """
        for asked, known, what, zh in (
            (year, self._years, "year", "年份"),
            (unit, set(self._shares.names), "unit", "单元"),
        ):
            if asked not in known:
                raise UnknownNameError(str(asked), [str(k) for k in known], what=what, zh=zh)
        made = self._years[year].contributions()
        if key not in made:
            raise UnknownNameError(key, made, what="account", zh="台账项目")
        level, units, features, amount = made[key]
        mine = self._shares.names[units] == unit
        sums = Series(amount[mine]).groupby(features[mine]).sum()
        sums = sums[sums != 0].sort_values(ascending=False, kind="stable")
        rows = sums.index.to_numpy(np.intp)
        shapes = self._shares.shapes(level, rows)
        found = self._shares.ids(level, rows)
        return GeoDataFrame(
            {"layer": level, "id": found, "amount": sums.to_numpy()},
            geometry=np.asarray(shapes.array),
            crs=shapes.crs,
        )


def measure(
    zone: Zone,
    level: str = "park",
    years: Iterable[int] | None = None,
    *,
    tall_storeys_twice: bool = True,
    threads: int | None = None,
    spread: Spread | None = None,
) -> DataFrame:
    """Make accounts: one row per unit and year, columns as in ``terms.toml``.

    The same as ``survey(zone, …).table``; see there for what the numbers rest on.
    """
    return survey(
        zone,
        level,
        years,
        tall_storeys_twice=tall_storeys_twice,
        threads=threads,
        spread=spread,
    ).table


def parts(zone: Zone, unit: str, year: int, key: str, *, level: str = "park") -> GeoDataFrame:
    """Return the features that make one computed cell of the accounts (see `Survey.parts`)."""
    return survey(zone, level, [year]).parts(unit, year, key)


def survey(
    zone: Zone,
    level: str = "park",
    years: Iterable[int] | None = None,
    *,
    tall_storeys_twice: bool = True,
    threads: int | None = None,
    spread: Spread | None = None,
    of_parcels: bool = False,
) -> Survey:
    """Take the accounts of a zone, with all that explains them.

    Parameters
    ----------
    zone
        The zone; what it has no layer or column of is left out of the accounts.
    level
        One of :data:`LEVELS`. Parks and blocks are taken by their outlines where all of these
        are surveyed, digitised or synthetic, and by what each parcel names otherwise. Groups
        and the zone are sums over their parks.
    years
        The years wanted; by default those of the zone.
    tall_storeys_twice
        Whether a storey above 8 m counts twice in floor areas, as the control indicators of
        industrial projects have it.
    threads
        How many to use; the result does not depend on it.
    spread
        What cuts the layers, if not this process alone: see :func:`zgcgis.accounts.spread_for`. The
        result is the same to 1e-9.
    of_parcels
        Whether :meth:`Survey.of_parcels` will be asked for, so that land is cut once for both.

    Raises
    ------
    UnknownNameError
        If `level` is none of :data:`LEVELS`.
    ZoneError
        If the zone has no parcels.
    """
    if level not in LEVELS:
        raise UnknownNameError(level, LEVELS, what="level of accounts", zh="台账层级")
    if not zone.count("parcel"):
        raise ZoneError(
            "示范区没有宗地图层，无法量算台账；请导入 layers/parcel。",
            "The zone has no parcel layer, so no accounts can be measured; import layers/parcel.",
        )
    wanted = _years_of(zone, years)
    shares = Shares(zone, level, spread or alone(threads), standing=of_parcels)
    made = {year: _Year(shares, year, tall_storeys_twice) for year in wanted}
    computed = _stack({year: one.table for year, one in made.items()})
    stated = stated_values(zone, [] if level == "parcel" else shares.names, wanted)
    table = computed if stated.empty else stated.combine_first(computed)
    table = _in_order(table[[key for key in TERMS if key in table]], shares, wanted)
    computed = computed.reindex(table.index)
    stated = stated.reindex(table.index)
    closure = pd.concat([one.closure for one in made.values()], ignore_index=True)
    unmapped = pd.concat([one.unmapped for one in made.values()], ignore_index=True)
    found = [
        _identities(table),
        _in_no_unit(closure),
        *(one.findings for one in made.values()),
    ]
    return Survey(
        level=level,
        table=table,
        computed=computed,
        stated=stated,
        differences=differences(stated, computed),
        closure=closure,
        by_use=_in_order(_stack({y: one.by_use for y, one in made.items()}), shares, wanted),
        unmapped=unmapped,
        findings=combine(found),
        _years=made,
        _shares=shares,
    )


def _years_of(zone: Zone, years: Iterable[int] | None) -> list[int]:
    if years is not None:
        return sorted({int(year) for year in years})
    stated = [int(year) for year in zone.meta.get("years", ())]
    if stated:
        return list(range(min(stated), max(stated) + 1))
    firms = zone.table("enterprise", ["year"]) if zone.count("enterprise") else DataFrame()
    known = {int(y) for y in numbers(firms, "year") if not np.isnan(y)} if "year" in firms else None
    if known:
        return sorted(known)
    return [int(str(zone.meta.get("as_of") or date.today())[:4])]  # noqa: DTZ011 - a calendar day


def _stack(tables: Mapping[int, DataFrame]) -> DataFrame:
    whole = pd.concat(tables, names=["year", "unit"])
    return whole.reorder_levels(["unit", "year"])


def _in_order(table: DataFrame, shares: Shares, years: list[int]) -> DataFrame:
    order = list(dict.fromkeys([*shares.names, *table.index.get_level_values("unit")]))
    full = pd.MultiIndex.from_product([order, years], names=["unit", "year"])
    return table.reindex(full[full.isin(table.index)])


_IDENTITIES = (
    ("land_m2", ("built_land_m2", "unbuilt_land_m2", "unbuildable_land_m2"), "Z = A + B + C"),
    (
        "land_m2",
        ("supplied_land_m2", "suppliable_land_m2", "unsuppliable_land_m2"),
        "Z = D + E + F",
    ),
)


def _identities(table: DataFrame) -> GeoDataFrame:
    """Where the classes of land do not sum to the land, by more than a thousandth of a ppm."""
    rows = []
    for whole, terms, words in _IDENTITIES:
        if not {whole, *terms} <= set(table):
            continue
        off = table[list(terms)].sum(axis=1, skipna=False) - table[whole]
        wrong = off[off.abs() > np.maximum(1.0, 1e-9 * table[whole])]
        rows += [
            {
                "level": "unit",
                "feature": unit,
                "measured": much,
                "limit": 1.0,
                "detail": f"{year} {words}",
            }
            for (unit, year), much in wrong.items()
        ]
    return finding_frame(rows, rule="D516")


def _in_no_unit(closure: DataFrame) -> GeoDataFrame:
    off = closure[closure["in_none"] > np.maximum(1.0, 1e-9 * closure["amount"])]
    rows = DataFrame(
        {
            "level": off["layer"],
            "feature": None,
            "measured": off["in_none"],
            "limit": 1.0,
            "unit": off["measure"],
            "detail": off["year"].astype(str),
            "geometry": None,
        }
    )
    return finding_frame(rows, rule="D517")


# --- one year ----------------------------------------------------------------------------


class _Year:
    """What the shares sum to in one year; the contributions are made anew when asked for."""

    def __init__(self, shares: Shares, year: int, tall_storeys_twice: bool) -> None:  # noqa: FBT001
        self.shares = shares
        self.year = year
        self.tall_storeys_twice = tall_storeys_twice
        self.missing: dict[str, NDArray[np.intp]] = {}
        self.table = self._table()

    def contributions(self) -> dict[str, Contribution]:
        """Return what every account is the sum of: layer, units, features, amounts."""
        made: dict[str, Contribution] = {}
        self._give(made.__setitem__)
        return made

    def _give(self, take: Callable[[str, Contribution], None]) -> None:
        """Make what every account is the sum of, one after the other."""
        self._take = take
        self._land()
        if self.shares.has("building"):
            self._buildings()
        if self.shares.has("enterprise"):
            self._firms()
        del self._take

    def _enter(
        self, key: str, layer: str, units: Any, features: Any, amount: Any, held: Any = None
    ) -> None:
        if held is not None:
            units, features, amount = units[held], features[held], amount[held]
        self._take(key, (layer, units, features, np.asarray(amount, float)))

    @property
    def land(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        """Land that is there: units, parcels, square metres."""
        s = self.shares
        there = living(s.layers["parcel"], self.year)[s.land.feature]
        there &= s.unit_there(self.year)[s.land.unit]
        return s.land.unit[there], s.land.feature[there], s.land.size_m2[there]

    def _land(self) -> None:
        s = self.shares
        parcel = s.layers["parcel"]
        unit, feature, area = self.land
        self._enter("land_m2", "parcel", unit, feature, area)

        def enter_states(states: Coded, *, build: bool) -> None:
            for key, held in state_keys(states.values["state"]).items():
                if (key in _BUILD_KEYS) == build:
                    rows = states.where(held, feature)
                    self._enter(key, "parcel", unit, feature, area, rows)

        if s.knows("parcel", "build_state") or s.knows("parcel", "land_use"):
            enter_states(s.state, build=True)
        if s.knows("parcel", "supply_state"):
            enter_states(s.supply_state, build=False)
        if s.knows("parcel", "hightech"):
            high = text_of(parcel, "hightech").str.startswith("H").to_numpy(bool)[feature]
            self._enter("hightech_land_m2", "parcel", unit, feature, area, high)
        part = area / s.parcel_m2[feature]
        if s.knows("parcel", "idle_m2"):
            idle = np.nan_to_num(numbers(parcel, "idle_m2"))[feature] * part
            self._enter("idle_land_m2", "parcel", unit, feature, idle)
        net = numbers(parcel, "net_area_m2") if s.knows("parcel", "net_area_m2") else None
        if net is not None and np.isfinite(net[feature]).all():  # a sum of some would be no sum
            self._enter("net_area_m2", "parcel", unit, feature, net[feature] * part)
        if s.knows("parcel", "supply_date"):
            now = s.supply_year[feature] == self.year
            self._enter("supplied_in_year_m2", "parcel", unit, feature, area, now)
            held = now & _begins(s.planned_state, "A2", feature)
            self._enter("industrial_supplied_in_year_m2", "parcel", unit, feature, area, held)

    def _buildings(self) -> None:
        s = self.shares
        layer = s.layers["building"]
        there = living(layer, self.year, born="built_year")[s.built.feature]
        there &= living(s.layers["parcel"], self.year)[s.built.parcel]
        there &= s.unit_there(self.year)[s.built.unit]
        unit, feature, area = (a[there] for a in (s.built.unit, s.built.feature, s.built.size_m2))
        parcel = s.built.parcel[there]
        built, industrial = _begins(s.state, "A", parcel), _begins(s.state, "A2", parcel)
        house = text_of(layer, "kind").isin(["", "building"]).to_numpy(bool)[feature]
        share = area / s.footprint[feature]
        floor = s.floor[feature] * share
        if self.tall_storeys_twice and s.knows("building", "tall_floor_area_m2"):
            floor = floor + np.nan_to_num(numbers(layer, "tall_floor_area_m2"))[feature] * share
        below = s.floor_below[feature] * share
        on = "building"
        self._enter("footprint_m2", on, unit, feature, area, house & built)
        self._enter("industrial_footprint_m2", on, unit, feature, area, house & industrial)
        self._enter("industrial_occupied_m2", on, unit, feature, area, industrial)
        self._enter("floor_area_m2", on, unit, feature, floor, house & built)
        self._enter("industrial_floor_area_m2", on, unit, feature, floor, house & industrial)
        self._enter("underground_floor_area_m2", on, unit, feature, below, house & built)
        self.missing["D518"] = np.unique(feature[house & built & np.isnan(floor)])

    def _firms(self) -> None:
        s = self.shares
        firms = s.layers["enterprise"]
        now = numbers(firms, "year") == self.year if "year" in firms else np.ones(len(firms), bool)
        unit_of = s.firm_unit.copy()
        unit_of[unit_of >= 0] = np.where(
            s.unit_there(self.year)[unit_of[unit_of >= 0]], unit_of[unit_of >= 0], -1
        )
        self.firms_lost = int((now & (unit_of < 0)).sum())
        self.firms_count = int(now.sum())
        feature = np.flatnonzero(now & (unit_of >= 0))
        unit = unit_of[feature]
        on_parcel = s.firm_parcel[feature]
        industrial = (on_parcel >= 0) & _begins(s.state, "A2", on_parcel)
        on = "enterprise"
        self._enter("firms_count", on, unit, feature, np.ones(len(feature)))
        for column, key in _FIRM_KEYS.items():
            if column in firms:
                value = numbers(firms, column)[feature]
                known = ~np.isnan(value)
                self.missing[key] = np.bincount(unit[~known], minlength=len(s.names))
                self._enter(key, on, unit, feature, value, known)
                if column in _INDUSTRIAL_FIRM_KEYS:
                    name = _INDUSTRIAL_FIRM_KEYS[column]
                    self._enter(name, on, unit, feature, value, known & industrial)

    def _table(self) -> DataFrame:
        """Sums per unit that is there this year."""
        units, place = self.shares.ids_there(self.year)
        sums: dict[str, NDArray[np.float64]] = {}

        def add(key: str, made: Contribution) -> None:
            _, unit, _, amount = made
            sums[key] = np.bincount(place[unit], amount, len(units)).astype(float)

        self._give(add)
        columns = {key: sums[key] for key in TERMS if key in sums}
        return DataFrame(columns, index=pd.Index(units, name="unit"))

    @cached_property
    def by_use(self) -> DataFrame:
        """Land by common class."""
        s = self.shares
        units, place = s.ids_there(self.year)
        unit, feature, area = self.land
        use, code = s.use.values["class"], s.use.values["code"]
        use = use.where(use != "", np.where(code != "", "unmapped", "no_code"))
        kind, kinds = pd.factorize(use)
        cell = place[unit] * len(kinds) + kind[s.use.of[feature]]
        shape = (len(units), len(kinds))
        wide = DataFrame(
            np.bincount(cell, area, shape[0] * shape[1]).reshape(shape), columns=list(kinds)
        )
        met = np.bincount(kind[s.use.of[feature]], minlength=len(kinds)) > 0
        order = [name for name in (*CLASSES, "unmapped", "no_code") if name in kinds[met]]
        return wide[order].set_axis(pd.Index(units, name="unit"))

    @cached_property
    def unmapped(self) -> DataFrame:
        """Codes that nobody knows, with their land."""
        s = self.shares
        _, feature, area = self.land
        known = s.use.values
        rows = np.flatnonzero(s.use.where((known["class"] == "") & (known["code"] != ""), feature))
        of = known.iloc[s.use.of[feature[rows]]].reset_index(drop=True)[["system", "code"]]
        lost = of.assign(parcel=feature[rows], area_m2=area[rows])
        found = lost.groupby(["system", "code"]).agg(
            parcels=("parcel", "nunique"), area_m2=("area_m2", "sum")
        )
        found = found.reset_index()
        found.insert(0, "year", self.year)
        return found

    @cached_property
    def closure(self) -> DataFrame:
        """What of every layer fell in units, and in none."""
        s = self.shares
        rows = [
            self._closed("parcel", living(s.layers["parcel"], self.year), s.parcel_m2, *self.land)
        ]
        if s.has("building"):
            there = living(s.layers["building"], self.year, born="built_year")
            held = living(s.layers["parcel"], self.year)[s.built.parcel]
            held &= s.unit_there(self.year)[s.built.unit] & there[s.built.feature]
            pieces = (a[held] for a in (s.built.unit, s.built.feature, s.built.size_m2))
            rows.append(self._closed("building", there, s.footprint, *pieces))
        if s.has("enterprise"):
            rows.append(
                {
                    "layer": "enterprise",
                    "measure": "1",
                    "features": self.firms_count,
                    "amount": float(self.firms_count),
                    "in_units": float(self.firms_count - self.firms_lost),
                    "in_none": float(self.firms_lost),
                    "split": 0,
                    "split_error": 0.0,
                }
            )
        table = DataFrame(rows)
        table.insert(0, "year", self.year)
        return table

    def _closed(
        self, layer: str, there: Any, size: Any, unit: Any, feature: Any, area: Any
    ) -> dict[str, Any]:
        del unit
        held = np.bincount(feature, area, len(size))
        count = np.bincount(feature, minlength=len(size))
        total = float(size[there].sum())
        whole = there & (np.abs(held - size) <= 1e-6 * np.maximum(size, 1.0))
        return {
            "layer": layer,
            "measure": "m2",
            "features": int(there.sum()),
            "amount": total,
            "in_units": float(area.sum()),
            "in_none": float(np.maximum(size - held, 0.0)[there & ~whole].sum()),
            "split": int((count[there] > 1).sum()),
            "split_error": float(np.abs(held - size)[whole].sum()),
        }

    @cached_property
    def findings(self) -> GeoDataFrame:
        """Buildings of unknown height, and firms that state nothing."""
        s = self.shares
        tables = []
        lost = self.missing.get("D518", np.zeros(0, np.intp))
        if len(lost):
            shapes = s.shapes("building", lost)
            rows = DataFrame(
                {
                    "level": "building",
                    "feature": s.ids("building", lost),
                    "detail": str(self.year),
                    "geometry": np.asarray(shapes.array),
                }
            )
            tables.append(finding_frame(rows, rule="D518", crs=shapes.crs))
        rows = [
            {
                "level": "unit",
                "feature": s.names[u],
                "measured": counts[u],
                "detail": f"{self.year} {key}",
            }
            for key, counts in self.missing.items()
            if key != "D518"
            for u in np.flatnonzero(counts)
        ]
        if rows:
            tables.append(finding_frame(rows, rule="D519"))
        return combine(tables)


_BUILD_KEYS = frozenset(key for code, key in STATE_KEYS.items() if code[0] in "ABC")


def _begins(states: Coded, code: str, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which rows have a state that begins with a code."""
    return states.where(states.values["state"].astype(str).str.startswith(code), rows)

"""The quota ledger (用地指标台账) and the planned-by-actual matrix of uses.

The ledger sets quotas beside what was approved, supplied, started and built, by unit, use and
year, with the balance that is carried on. The matrix says how much land is used as planned, and
by how much its cells fail to add up to the land there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from .. import geo
from ..checks.planned_land import plot_pairs
from ..checks.quota import parcel_facts, quota_use, use_class
from ..language.safe_text import Text
from ..model import Zone
from ..plan.land_use import classify

__all__ = [
    "M2_PER_HA",
    "M2_PER_MU",
    "FarmlandBalance",
    "UseMatrix",
    "farmland_balance",
    "ledger",
    "ledger_years",
    "use_matrix",
]

M2_PER_HA = 10_000.0
M2_PER_MU = 2_000.0 / 3.0

_CLASS_USES = {
    "A1": "residential_land",
    "A2": "industrial_land",
    "A3": "transport_land",
    "A4": "commercial_land",
    "A5": "public_land",
    "A6": "other_built_land",
}
_EVENTS = {
    "approved_m2": "approved_date",
    "supplied_m2": "supply_date",
    "started_m2": "actual_start_date",
    "built_m2": "finish_date",
}


def ledger_years(zone: Zone) -> list[int]:
    """Return the years of a zone's ledger: those it states, and those of its quotas."""
    years = {int(year) for year in zone.meta.get("years", ())}
    if not zone.quotas.empty:
        years |= {int(year) for year in zone.quotas["year"]}
    return sorted(years)


def ledger(zone: Zone, years: Iterable[int] | None = None) -> pd.DataFrame:
    """Return the ledger: one row per unit, use and year.

    Columns ``approved_m2 supplied_m2 started_m2 built_m2`` are what happened in that year (批、供、
    动工、建成), ``plan_quota_m2`` and ``approved_quota_m2`` what was granted for it,
    ``cumulative_quota_m2`` and ``stock_m2`` the cap on and the size of the stock. ``left_m2`` is
    the plan quota less what was supplied in the year, ``balance_m2`` the same summed over the
    years so far (unused quota carried on, overdrafts too), ``left_ha left_mu balance_ha
    balance_mu`` the same in hectares and mu (亩), ``over`` whether any quota of the row is
    exceeded. A row without quota has NaN there.
    """
    wanted = ledger_years(zone) if years is None else sorted(int(year) for year in years)
    facts = parcel_facts(zone) if "parcel" in zone.layers else pd.DataFrame()
    happened = _happened(facts, wanted)
    quotas = quota_use(zone) if not zone.quotas.empty else pd.DataFrame()
    rows: dict[tuple[str, str, int], dict[str, float]] = {}
    for (park, use, year), values in happened.items():
        rows.setdefault((park, use, year), {}).update(values)
    over: set[tuple[str, str, int]] = set()
    for quota in quotas.to_dict("records"):
        year = int(quota["year"])
        if year not in wanted:
            continue
        key = (str(quota["unit"]), str(quota["use"]), year)
        row = rows.setdefault(key, {})
        kind = str(quota["kind"])
        row[f"{kind}_quota_m2"] = row.get(f"{kind}_quota_m2", 0.0) + float(quota["quota_m2"])
        counted = {"plan": "supplied_m2", "approved": "approved_m2", "cumulative": "stock_m2"}[kind]
        row[counted] = float(quota["used_m2"])
        if quota["left_m2"] < -1.0:
            over.add(key)
    columns = ["plan_quota_m2", "approved_quota_m2", "cumulative_quota_m2", *_EVENTS, "stock_m2"]
    table = pd.DataFrame(
        [{"unit": u, "use": s, "year": y, **values} for (u, s, y), values in sorted(rows.items())],
        columns=["unit", "use", "year", *columns],
    )
    table[list(_EVENTS)] = table[list(_EVENTS)].astype("float64").fillna(0.0)
    table["left_m2"] = table["plan_quota_m2"] - table["supplied_m2"]
    table["balance_m2"] = table.groupby(["unit", "use"])["left_m2"].cumsum()
    for name in ("left", "balance"):
        table[f"{name}_ha"] = table[f"{name}_m2"] / M2_PER_HA
        table[f"{name}_mu"] = table[f"{name}_m2"] / M2_PER_MU
    keys = zip(table["unit"], table["use"], table["year"], strict=True)
    table["over"] = [key in over for key in keys]
    return table


def _happened(
    facts: pd.DataFrame, years: list[int]
) -> dict[tuple[str, str, int], dict[str, float]]:
    """Area of each event by park, use and year, from the parcels that were there in that year."""
    found: dict[tuple[str, str, int], dict[str, float]] = {}
    if facts.empty:
        return found
    use = facts["use_class"].map(_CLASS_USES).fillna("")
    for year in years:
        lives = (facts["since"].isna() | (facts["since"] <= year)) & (
            facts["until"].isna() | (year < facts["until"])
        )
        for name, column in _EVENTS.items():
            of_year = lives & (facts[column].dt.year == year) & (use != "")
            sums = (
                facts[of_year].groupby([facts["park_id"][of_year], use[of_year]])["area_m2"].sum()
            )
            for (park, of_use), area in sums.items():
                found.setdefault((str(park), str(of_use), year), {})[name] = float(area)
    return found


@dataclass(frozen=True)
class UseMatrix:
    """Square metres by planned use (rows) and actual use (columns), and the land there is."""

    table: pd.DataFrame
    land_m2: float

    @property
    def closure_m2(self) -> float:
        """The land there is less the sum of the cells: 0 where everything adds up."""
        return self.land_m2 - float(self.table.to_numpy().sum())

    def as_table(self) -> pd.DataFrame:
        """Return the matrix as a plain table with sums, closure and rate of conformity."""
        table = self.table.assign(total=self.table.sum(axis=1))
        table.loc["total"] = table.sum()
        table.loc["land"] = [np.nan] * (table.shape[1] - 1) + [self.land_m2]
        table.loc["closure"] = [np.nan] * (table.shape[1] - 1) + [self.closure_m2]
        table.loc["conformity"] = [np.nan] * (table.shape[1] - 1) + [self.conformity]
        return table.rename_axis("planned").rename_axis(None, axis=1).reset_index()

    @property
    def conformity(self) -> float:
        """Share of the built land with a planned use that is used as planned; NaN if none."""
        built = [use for use in _CLASS_USES if use in self.table.columns]
        planned = [use for use in _CLASS_USES if use in self.table.index]
        whole = float(self.table.loc[planned, built].to_numpy().sum())
        same = sum(float(self.table.loc[use, use]) for use in planned if use in built)
        return same / whole if whole > 0 else float("nan")


def use_matrix(zone: Zone, year: int | None = None) -> UseMatrix:
    """Return the matrix of planned by actual use of the parcels of a year.

    The planned use is that of the regulatory detailed plan (控规) where the zone has that layer,
    parcels cut along its lines; otherwise it is each parcel's own ``planned_use``. Uses are the
    classes ``A1`` … ``A6``; actual use has ``B`` (not yet built) and ``C`` (cannot be built) too;
    ``none`` is land of which no use is known or planned.
    """
    years = ledger_years(zone)
    now = zone.at(year if year is not None else years[-1]) if years or year is not None else zone
    parcels = now.layer("parcel").reset_index(drop=True)
    system = str(zone.meta.get("land_use_system", ""))
    area = geo.area_m2(parcels.geometry, center=zone.center).to_numpy()
    actual = _actual_class(parcels, system)
    plan = now.layers.get("detailed_plan")
    if plan is not None and len(plan):
        planned = use_class(plan.rename(columns={"land_use": "planned_use"}), system).to_numpy()
        pairs = now.once(plot_pairs, "parcel", "detailed_plan")
        i, j, cut = (
            pairs[name].to_numpy() for name in ("row_detailed_plan", "row_parcel", "area_m2")
        )
        rows, columns, cells = planned[i], actual[j], cut
        rest = area - np.bincount(j, weights=cut, minlength=len(parcels))
        unplanned = rest > 1e-3
        rows = np.concatenate([rows, np.full(int(unplanned.sum()), "")])
        columns = np.concatenate([columns, actual[unplanned]])
        cells = np.concatenate([cells, rest[unplanned]])
    else:
        wishes = parcels.drop(columns=["build_state", "land_use"], errors="ignore")
        rows, columns, cells = use_class(wishes, system).to_numpy(), actual, area
    table = pd.DataFrame({"planned": rows, "actual": columns, "area_m2": cells})
    table = table.replace({"planned": {"": "none"}, "actual": {"": "none"}})
    wide = table.pivot_table(
        index="planned", columns="actual", values="area_m2", aggfunc="sum", fill_value=0.0
    )
    return UseMatrix(wide, float(area.sum()))


def _actual_class(parcels: pd.DataFrame, system: str) -> NDArray[Any]:
    """Class of what each parcel is today: ``A1`` … ``A6``, ``B``, ``C`` or nothing."""
    state = (
        parcels["build_state"]
        .astype("object")
        .where(parcels["build_state"].notna(), "")
        .astype(str)
        if "build_state" in parcels
        else pd.Series("", index=parcels.index)
    )
    today = use_class(parcels.drop(columns=["planned_use"], errors="ignore"), system)
    waiting = state.str[:1].where(state.str[:1].isin(["B", "C"]), "")
    return np.asarray(waiting.where(waiting != "", today), dtype=object)


# --- cultivated land taken and made up ------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class FarmlandBalance:
    """Cultivated land taken and made up between two states (占补平衡), by class and grade.

    Attributes
    ----------
    lines
        One row per class (``code``) and ``farmland_grade`` (empty where the layer does not say):
        ``taken_m2 made_up_m2 balance_m2``; the last row is the total.
    pieces
        The ground, in EPSG:4490: ``kind`` (``taken`` or ``made_up``), ``code``,
        ``farmland_grade``, ``feature``, ``area_m2``.
    remarks
        What the layers do not hold.
    """

    lines: pd.DataFrame
    pieces: GeoDataFrame
    remarks: tuple[Text, ...]


def farmland_balance(
    before: GeoDataFrame,
    after: GeoDataFrame,
    *,
    system: str = "",
    center: tuple[float, float] | None = None,
) -> FarmlandBalance:
    """Return what cultivated land was taken and what was made up, with the ground of each.

    Land that stays cultivated but changes its class or grade is taken of the one and made up in
    the other, so that each class and grade has its own balance.

    Parameters
    ----------
    before, after
        A layer of land by use in two states: ``id``, ``land_use``, ``farmland_grade``.
    system
        The classification of features that name none.
    center
        Centre of the working plane.
    """
    old, new = (_cultivated(layer, system) for layer in (before, after))
    center = (
        geo.center_of(pd.concat([before.geometry, after.geometry])) if center is None else center
    )
    pieces = pd.concat(
        [_gone(old, new, "taken", center), _gone(new, old, "made_up", center)], ignore_index=True
    )
    ground = geo.to_lonlat(GeoDataFrame(pieces, geometry="geometry", crs=geo.plane(center)))
    keys = ["code", "farmland_grade"]
    table = pieces.pivot_table("area_m2", keys, "kind", "sum", fill_value=0.0)
    table = (
        table.reindex(columns=["taken", "made_up"], fill_value=0.0).add_suffix("_m2").reset_index()
    )
    table = table.rename_axis(None, axis=1)
    total = {"code": "", "farmland_grade": ""} | table[["taken_m2", "made_up_m2"]].sum().to_dict()
    lines = pd.concat([table, pd.DataFrame([total])], ignore_index=True)
    lines["balance_m2"] = lines["made_up_m2"] - lines["taken_m2"]
    return FarmlandBalance(lines, ground, _not_graded(pieces))


def _cultivated(layer: GeoDataFrame, system: str) -> GeoDataFrame:
    """The cultivated land of a layer, with its code and its grade as texts."""

    def said(name: str) -> pd.Series:
        if name not in layer:
            return pd.Series("", index=layer.index, dtype="object")
        return layer[name].astype("object").where(layer[name].notna(), "").astype(str).str.strip()

    own = said("land_use_system")
    code = said("land_use")
    known = classify(code, own.where(own != "", system))["class"] == "cultivated"
    held = (known & layer.geometry.geom_type.isin(["Polygon", "MultiPolygon"])).to_numpy()
    table = {"feature": said("id"), "code": code, "farmland_grade": said("farmland_grade")}
    whole = GeoDataFrame(table, geometry=layer.geometry.to_numpy(), crs=layer.crs)
    return whole[held].reset_index(drop=True)


def _gone(old: GeoDataFrame, new: GeoDataFrame, kind: str, center: Any) -> pd.DataFrame:
    """The ground of `old` that in `new` is not cultivated, or is of another class or grade."""
    i, j, ground = geo.split(old.geometry, new.geometry, center=center)
    keys = ["code", "farmland_grade"]
    a = old[keys].to_numpy(object)[i]
    b = np.vstack([new[keys].to_numpy(object), [["", ""]]])[j]
    other = (j < 0) | (a != b).any(axis=1)
    made = old[["feature", *keys]].iloc[i[other]].reset_index(drop=True)
    pieces = ground[other].reset_index(drop=True)
    return made.assign(
        kind=kind, area_m2=geo.area_m2(pieces).to_numpy(float), geometry=pieces.array
    )


def _not_graded(pieces: pd.DataFrame) -> tuple[Text, ...]:
    bare = pieces[(pieces["farmland_grade"] == "") & (pieces["area_m2"] >= 0.005)]
    if bare.empty:
        return ()
    m2 = float(bare["area_m2"].sum())
    return (
        Text(
            f"占补的耕地有 {m2:,.2f} m² 没有写明质量等别，只能按地类平衡",
            f"{m2:,.2f} m2 of the cultivated land taken or made up state no quality grade "
            "(farmland_grade): balanced by class only",
        ),
    )

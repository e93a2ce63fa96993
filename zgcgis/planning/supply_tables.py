"""Lists for the week (供地与闲置清单): approved, supplied, idle, under-used land, and a programme."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from .. import geo
from ..checks.supply import as_of, floor_area_ratio, judged_parcels
from ..language.errors import ZgcgisError
from ..model import Zone
from ..standards.idle_land import as_dates

__all__ = ["programme", "supply_list", "under_used"]

M2_PER_HA = 10_000.0


def supply_list(zone: Zone, day: date | None = None) -> GeoDataFrame:
    """Return the parcels that are approved but not supplied, supplied but not used, or idle.

    One row per parcel on the day `day` (by default that of the zone): what
    ``zgcgis.standards.idle_land`` says, with ``listed`` (``approved``, ``overdue``,
    ``idle_unstarted``, ``stopped``, ``idle_stopped``, ``undated`` or ``unknown``), ``area_m2`` and
    ``days_since_approval``; gravest first.
    """
    when = as_of(zone) if day is None else day
    judged = judged_parcels(zone, when)
    midnight = pd.Timestamp(when).as_unit("s")
    approved = (
        as_dates(judged["approved_date"])
        if "approved_date" in judged
        else pd.Series(pd.NaT, index=judged.index, dtype="datetime64[s]")
    )
    waiting = (judged["state"] == "unsupplied") & (approved <= midnight)
    listed = judged["state"].where(~waiting, "approved")
    order = [
        "idle_unstarted", "idle_stopped", "overdue", "stopped", "undated", "unknown", "approved",
    ]  # fmt: skip
    found = judged.assign(
        listed=listed,
        days_since_approval=(midnight - approved).dt.days.astype("Int64"),
        area_m2=judged["area_m2"].fillna(geo.area_m2(judged.geometry, center=zone.center)),
    )[listed.isin(order)]
    rank = found["listed"].map({name: k for k, name in enumerate(order)})
    late = found["days_overdue"].fillna(found["days_since_approval"]).astype("float64")
    return (
        found.assign(_rank=rank, _late=-late)
        .sort_values(["_rank", "_late", "id"], kind="stable")
        .drop(columns=["_rank", "_late"])
    )


def under_used(zone: Zone) -> GeoDataFrame:
    """Return built industrial parcels below the zone's own thresholds, worst first.

    Thresholds stand in ``zone.toml``, table ``[thresholds]``; there is no national figure, so a
    threshold that is not set asks nothing: ``industrial_far_min`` (ratio),
    ``industrial_investment_wan_per_ha_min``, ``industrial_tax_wan_per_ha_min``.

    Returns
    -------
    under_used
        The parcels with ``area_m2``, ``far``, ``investment_wan_per_ha``, ``tax_wan_per_ha``, the
        ``failed`` thresholds, ``shortfall`` (largest relative one, 0 to 1) and ``frees_m2``: the
        land that would be free if the rest were used up to the threshold it misses most.
    """
    limits = {
        name: float(value)
        for name, value in zone.meta.get("thresholds", {}).items()
        if name in _MEASURES
    }
    now = zone.at(as_of(zone).year)
    parcels = now.layer("parcel")
    state = parcels["build_state"].astype("string") if "build_state" in parcels else None
    if state is None or not limits:
        return parcels.iloc[:0].assign(area_m2=[], failed=[], shortfall=[], frees_m2=[])
    found = parcels[state.str.startswith("A2", na=False)].copy()
    area = geo.area_m2(found.geometry, center=zone.center)
    found["area_m2"] = area
    measured: dict[str, pd.Series] = {}
    if "building" in now.layers:
        measured["industrial_far_min"] = floor_area_ratio(found, now)
    for name, column in (
        ("industrial_investment_wan_per_ha_min", "investment_wan"),
        ("industrial_tax_wan_per_ha_min", "tax_wan"),
    ):
        total = _firm_sums(now, found, column)
        if total is not None:
            measured[name] = total / (area / M2_PER_HA)
    shortfall = pd.DataFrame(index=found.index)
    for name, limit in limits.items():
        if name in measured:
            found[_MEASURES[name]] = measured[name]
            shortfall[name] = (1 - measured[name] / limit).clip(lower=0.0)
    if shortfall.empty:
        return found.iloc[:0].assign(failed=[], shortfall=[], frees_m2=[])
    failed = [
        ",".join(name for name, short in row.items() if short > 0)
        for row in shortfall.to_dict("records")
    ]
    found = found.assign(failed=failed, shortfall=shortfall.max(axis=1))
    found["frees_m2"] = found["area_m2"] * found["shortfall"]
    found = found[found["failed"] != ""]
    return found.sort_values(["frees_m2", "id"], ascending=[False, True], kind="stable")


_MEASURES = {
    "industrial_far_min": "far",
    "industrial_investment_wan_per_ha_min": "investment_wan_per_ha",
    "industrial_tax_wan_per_ha_min": "tax_wan_per_ha",
}


def _firm_sums(now: Zone, parcels: GeoDataFrame, column: str) -> pd.Series | None:
    """Sum of a column of the firms on each parcel in the latest year; None if nobody counts it."""
    if "enterprise" not in now.layers:
        return None
    firms = now.table("enterprise", ["parcel_id", "year", column])
    if not {"parcel_id", column} <= set(firms.columns):
        return None
    if "year" in firms:
        firms = firms[pd.to_numeric(firms["year"]) == pd.to_numeric(firms["year"]).max()]
    total = pd.to_numeric(firms[column]).groupby(firms["parcel_id"].to_numpy()).sum(min_count=1)
    return pd.Series(total.reindex(parcels["id"]).to_numpy(), index=parcels.index)


def programme(
    zone: Zone,
    *,
    first_year: int | None = None,
    ha_per_year: float | None = None,
    years: int = 5,
) -> pd.DataFrame:
    """Return a phased programme (分期整治计划): which under-used parcel in which year, what it frees.

    Idle land that may be taken back comes first, then other idle land, then under-used land by
    what it frees; each year takes parcels up to `ha_per_year` hectares (a parcel larger than that
    has a year of its own). What does not fit into `years` years has no year. The pace is that of
    ``zone.toml``, ``[planning] programme_ha_per_year``, by default 10 hectares.
    """
    if ha_per_year is None:
        ha_per_year = float(zone.meta.get("planning", {}).get("programme_ha_per_year", 10.0))
    if not ha_per_year > 0:
        raise ZgcgisError("每年整治规模须大于 0 公顷。", "ha_per_year must be more than 0.")
    start = as_of(zone).year + 1 if first_year is None else first_year
    parts = []
    if {"agreed_start_date", "supply_date"} <= set(zone.layer("parcel").columns):
        judged = supply_list(zone)
        idle = judged[judged["idle"]]
        parts.append(
            pd.DataFrame(
                {
                    "parcel": idle["id"].to_numpy(),
                    "park_id": idle["park_id"].to_numpy(),
                    "kind": np.where(idle["takeback"], "take back", "idle"),
                    "area_m2": idle["area_m2"].to_numpy(),
                    "frees_m2": idle["area_m2"].to_numpy(),
                    "why": idle["clause"].to_numpy(),
                }
            )
        )
    poor = under_used(zone)
    parts.append(
        pd.DataFrame(
            {
                "parcel": poor["id"].to_numpy(),
                "park_id": poor["park_id"].to_numpy(),
                "kind": "under-used",
                "area_m2": poor["area_m2"].to_numpy(),
                "frees_m2": poor["frees_m2"].to_numpy(),
                "why": poor["failed"].to_numpy(),
            }
        )
    )
    table = pd.concat([part for part in parts if len(part)] or parts[-1:], ignore_index=True)
    rank = table["kind"].map({"take back": 0, "idle": 1, "under-used": 2})
    table = (
        table.assign(_rank=rank, _size=-table["frees_m2"])
        .sort_values(["_rank", "_size", "parcel"], kind="stable")
        .drop(columns=["_rank", "_size"])
        .drop_duplicates("parcel")
        .reset_index(drop=True)
    )
    year, room, when = start, ha_per_year * M2_PER_HA, []
    for area in table["area_m2"]:  # a running sum that starts anew each year
        if area > room and room < ha_per_year * M2_PER_HA:
            year, room = year + 1, ha_per_year * M2_PER_HA
        when.append(year if year < start + years else None)
        room -= area
    table.insert(0, "year", pd.array(when, dtype="Int64"))
    return table

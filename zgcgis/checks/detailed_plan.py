"""What the plots of the detailed plan (控规) allow: floors, ground covered, height, green.

A plot says the most floor area (容积率), the most ground covered by buildings (建筑密度), the
greatest height (建筑高度) and the least green (绿地率). What a plot does not say is not held
against anybody, and neither is what nobody measured: both are rows of :mod:`.coverage`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray

from .. import geo
from ..findings import finding_frame, rule
from ..model import Zone
from .planned_land import ASKED, demanded, latest, plot_pairs
from .supply import floor_area_ratio, houses, stated_numbers
from .topology import limits_of

_WHOLE = 0.99
"""Share of a parcel that has to lie on plots that state a limit, for it to be judged."""
_ROUNDED_FAR = 0.005  # floor area ratios are stated to two digits
_ROUNDED_PCT = 0.5  # and shares of the ground in whole percents
_ROUNDED_M = 0.05  # and heights to the decimetre


class _Allowed(NamedTuple):
    """What the plots under some features allow, for those that lie wholly on plots that say it."""

    rows: NDArray[np.intp]
    """Positions of these features."""
    limit: NDArray[np.float64]
    """What their plots allow together, by area."""
    plot: NDArray[np.object_]
    """The plot on which most of each lies."""


def _stated(now: Zone, column: str, *levels: str) -> bool:
    """Whether all layers are there and the plots of the detailed plan state a limit."""
    if not all(now.count(level) for level in (*levels, "detailed_plan")):
        return False
    plots = now.layer("detailed_plan")
    return column in plots and bool(plots[column].notna().any())


def _allowed(now: Zone, level: str, column: str, *, greatest: bool = False) -> _Allowed:
    """Return what the plots allow each feature of a level: their mean by area, or the greatest."""
    features, plots = now.layer(level), now.layer("detailed_plan")
    pairs = now.once(plot_pairs, level, "detailed_plan")
    i, j, size = (
        pairs[name].to_numpy() for name in ("row_detailed_plan", f"row_{level}", "area_m2")
    )
    said = pd.to_numeric(plots[column]).astype("float64").to_numpy()[i]
    there = ~np.isnan(said) & (size > 0)
    i, j, size, said = i[there], j[there], size[there], said[there]
    held = np.bincount(j, size, len(features))
    whole = geo.area_m2(features.geometry, center=now.center).to_numpy()
    rows = np.flatnonzero((held >= _WHOLE * whole) & (held > 0))
    order = np.argsort(size, kind="stable")
    plot = np.full(len(features), "", object)
    plot[j[order]] = plots["id"].to_numpy(object)[i[order]]
    if greatest:
        limit = np.full(len(features), -np.inf)
        np.maximum.at(limit, j, said)
    else:
        with np.errstate(invalid="ignore"):
            limit = np.bincount(j, size * said, len(features)) / held
    return _Allowed(rows, limit[rows], plot[rows])


def _against(
    zone: Zone,
    code: str,
    level: str,
    features: GeoDataFrame,
    plot: Iterable[object],
    measured: NDArray[Any],
    limit: NDArray[Any],
    detail: Iterable[str] | str = "",
) -> GeoDataFrame:
    rows = GeoDataFrame(
        {
            "level": level,
            "feature": features["id"].to_numpy(),
            "other": list(plot),
            "measured": measured,
            "limit": limit,
            "detail": detail if isinstance(detail, str) else list(detail),
            "clause": demanded(zone, *ASKED["P303"]),
        },
        geometry=features.geometry.to_numpy(),
        crs=features.crs,
    )
    return finding_frame(rows, rule=code)


@rule(
    "P307",
    "error",
    unit="1",
    levels=("parcel", "building", "detailed_plan"),
    needs=(
        "detailed_plan.planned_far",
        "building.floor_area_m2|storeys?house",
        "parcel.geometry",
        "detailed_plan.geometry",
    ),
    zh="宗地 {feature} 的容积率 {measured:.2f} 超过控规地块 {other} 规定的 {limit:.2f}（{detail}）",
    en="the floor area ratio {measured:.2f} of parcel {feature} is above the {limit:.2f} that the "
    "detailed plan allows on {other} ({detail})",
)
def denser_than_planned(zone: Zone) -> GeoDataFrame:
    """A parcel has no more floor area than its plots of the detailed plan (控规) allow together.

    Where a parcel lies on several plots their limits count by area; one that does not lie wholly
    on plots with a limit is not judged. A building of unknown floors counts as none, so that
    nobody is accused by what is not known.
    """
    now = latest(zone)
    if not _stated(now, "planned_far", "parcel", "building"):
        return finding_frame([], rule="P307")
    allowed = _allowed(now, "parcel", "planned_far")
    some = now.layer("parcel").iloc[allowed.rows]
    ratio = floor_area_ratio(some, now).to_numpy()
    over = ratio > allowed.limit * (1 + limits_of(zone).area_share) + _ROUNDED_FAR
    wrong, ratio, limit = some[over], ratio[over], allowed.limit[over]
    beyond = (ratio - limit) * geo.area_m2(wrong.geometry, center=now.center).to_numpy()
    words = [f"超出建筑面积 floor area beyond {one:,.1f} m2" for one in beyond]
    return _against(zone, "P307", "parcel", wrong, allowed.plot[over], ratio, limit, words)


@rule(
    "P308",
    "error",
    unit="%",
    levels=("parcel", "building", "detailed_plan"),
    needs=(
        "detailed_plan.planned_coverage_pct",
        "building.geometry",
        "parcel.geometry",
        "detailed_plan.geometry",
    ),
    zh="宗地 {feature} 的建筑密度 {measured:.1f}% 超过控规地块 {other} 规定的 {limit:.1f}%（{detail}）",
    en="buildings cover {measured:.1f} % of parcel {feature}, above the {limit:.1f} % that the "
    "detailed plan allows on {other} ({detail})",
)
def more_covered_than_planned(zone: Zone) -> GeoDataFrame:
    """Buildings cover no more of a parcel (建筑密度) than its plots of the detailed plan allow.

    Footprints are counted as far as they stand on the parcel, ground under several of them once;
    structures do not count. Limits are shared out as for floor area.
    """
    now = latest(zone)
    if not _stated(now, "planned_coverage_pct", "parcel", "building"):
        return finding_frame([], rule="P308")
    allowed = _allowed(now, "parcel", "planned_coverage_pct")
    some = now.layer("parcel").iloc[allowed.rows]
    whole = geo.area_m2(some.geometry, center=now.center).to_numpy()
    most = allowed.limit * (1 + limits_of(zone).area_share) + _ROUNDED_PCT
    buildings = houses(now.layer("building"))
    i, _, size = geo.clipped_areas(some.geometry, buildings.geometry, center=now.center)
    suspects = 100 * np.bincount(i, size, len(some)) > most * whole  # some may stand on others
    covered = np.zeros(len(some))
    covered[suspects] = _covered_m2(some[suspects], buildings, now)
    share = 100 * covered / whole
    over = share > most
    beyond = (share - allowed.limit)[over] / 100 * whole[over]
    words = [f"超出基底面积 ground beyond {one:,.1f} m2" for one in beyond]
    return _against(
        zone,
        "P308",
        "parcel",
        some[over],
        allowed.plot[over],
        share[over],
        allowed.limit[over],
        words,
    )


def _covered_m2(parcels: GeoDataFrame, buildings: GeoDataFrame, now: Zone) -> NDArray[np.float64]:
    """Ground of each parcel under buildings, once where several stand over one another."""
    parts = geo.shared(parcels, buildings, center=now.center)
    ground = GeoSeries(parts.groupby("a").geometry.agg(shapely.union_all), crs=parts.crs)
    covered = geo.area_m2(ground, center=now.center)
    found = covered.reindex(parcels["id"]).fillna(0.0)
    return np.asarray(found, dtype="float64")


@rule(
    "P309",
    "error",
    unit="m",
    levels=("building", "detailed_plan"),
    needs=(
        "detailed_plan.planned_height_m",
        "building.height_m?house",
        "building.geometry",
        "detailed_plan.geometry",
    ),
    zh="建筑物 {feature} 高 {measured:.1f} 米，超过控规地块 {other} 规定的 {limit:.1f} 米",
    en="building {feature} is {measured:.1f} m high, above the {limit:.1f} m that the detailed "
    "plan allows on {other}",
)
def higher_than_planned(zone: Zone) -> GeoDataFrame:
    """A building is no higher than the plots of the detailed plan on which it stands allow.

    One that stands on several plots may be as high as the most generous of them says: which part
    of it is how high nobody knows. Heights are not guessed from storeys.
    """
    now = latest(zone)
    if not _stated(now, "planned_height_m", "building"):
        return finding_frame([], rule="P309")
    allowed = _allowed(now, "building", "planned_height_m", greatest=True)
    some = now.layer("building").iloc[allowed.rows]
    height = stated_numbers(some, "height_m").to_numpy()
    over = (height > allowed.limit + _ROUNDED_M) & some.index.isin(houses(some).index)
    return _against(
        zone, "P309", "building", some[over], allowed.plot[over], height[over], allowed.limit[over]
    )


@rule(
    "P310",
    "error",
    unit="%",
    levels=("parcel", "detailed_plan"),
    needs=(
        "detailed_plan.planned_green_pct",
        "parcel.green_pct",
        "parcel.geometry",
        "detailed_plan.geometry",
    ),
    zh="宗地 {feature} 的绿地率 {measured:.1f}% 低于控规地块 {other} 规定的 {limit:.1f}%",
    en="{measured:.1f} % of parcel {feature} are green, below the {limit:.1f} % that the detailed "
    "plan asks for on {other}",
)
def less_green_than_planned(zone: Zone) -> GeoDataFrame:
    """The green ratio (绿地率) that a parcel states is at least what its plots ask for."""
    now = latest(zone)
    if not _stated(now, "planned_green_pct", "parcel"):
        return finding_frame([], rule="P310")
    allowed = _allowed(now, "parcel", "planned_green_pct")
    some = now.layer("parcel").iloc[allowed.rows]
    green = stated_numbers(some, "green_pct").to_numpy()
    short = green < allowed.limit * (1 - limits_of(zone).area_share) - _ROUNDED_M
    return _against(
        zone, "P310", "parcel", some[short], allowed.plot[short], green[short], allowed.limit[short]
    )

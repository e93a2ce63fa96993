"""Conformity with the plan (规划符合性): industry, land-use plans, boundaries, protection.

The lines and zones are layers that the user gives (``master_plan``, ``detailed_plan``,
``urban_boundary``, ``protection``, ``prohibited``); a layer that is not there asks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from .. import geo
from ..findings import RULES, finding_frame, rule
from ..model import Zone
from ..plan import Plan
from ..plan.land_use import build_states, classify, text_of
from .supply import as_of
from .topology import _is_real, limits_of

__all__ = [
    "ASKED",
    "cited",
    "construction_land",
    "demanded",
    "industries_of",
    "keep_pairs",
    "latest",
    "of_other_system",
    "off_plan",
    "pairs_in_latest_year",
    "plot_pairs",
    "state_words",
]


def industries_of(plan: Plan, unit: str) -> list[str]:
    """Return the industries the plan places in a park or group, with those an activity covers."""
    stated = plan.park_industries.get(unit, frozenset())
    covered = {
        one for key in stated if key in plan.industries for one in plan.industries[key].covers
    }
    return sorted(stated | covered)


def cited(zone: Zone, clause: str) -> str:
    """Return a clause of the plan as one cites it: the plan's name and its own numbering."""
    if zone.plan is None or clause not in zone.plan.clauses:
        return clause
    return f"{zone.plan.names['zh']} {zone.plan.clauses[clause].zh}"


def demanded(zone: Zone, ids: Iterable[str], topics: Iterable[str] = ()) -> str:
    """Return the clause in which the plan asks for something, as one cites it.

    The first demand of one of the `ids` counts, else the first of one of the `topics`; empty
    where the plan asks for nothing of the kind.
    """
    if zone.plan is None:
        return ""
    for one in ids:
        for demand in zone.plan.demands:
            if demand.id == one:
                return cited(zone, demand.clause)
    for topic in topics:
        for demand in zone.plan.demands:
            if demand.topic == topic:
                return cited(zone, demand.clause)
    return ""


ASKED = {
    "P302": (("master_plan", "conformity", "layout"), ("layout", "land")),
    "P303": (("conformity", "layout", "master_plan"), ("layout", "land")),
    "P304": (("conformity", "layout", "master_plan"), ("layout", "land")),
    "P305": (("ecological_protection",), ("ecology", "layout")),
    "P306": (("ecological_protection",), ("ecology", "layout")),
}
"""Which demands of a plan each rule rests on: their ids, else their topics."""


def latest(zone: Zone) -> Zone:
    """Return the zone in the latest year it states, on whose state plans are checked."""
    return zone.once(_in_latest_year)


def _in_latest_year(zone: Zone) -> Zone:
    years = zone.meta.get("years")
    return zone.at(int(max(years)) if years else as_of(zone).year)


def _starts(table: pd.DataFrame, name: str, *prefixes: str) -> pd.Series:
    if name not in table:
        return pd.Series(data=False, index=table.index)
    return table[name].astype("string").str.startswith(prefixes, na=False).astype(bool)


def construction_land(parcels: GeoDataFrame, system: str = "") -> GeoDataFrame:
    """Return the parcels that are construction land: built (``A``, ``B1``) or supplied (``D``).

    What a parcel does not say of itself its land use says, in the classification it names or
    in `system`; see :func:`zgcgis.plan.land_use.build_states`.
    """
    built = build_states(parcels, system)["state"].str.startswith(("A", "B1"))
    return parcels[built | _starts(parcels, "supply_state", "D")]


def _construction_land(now: Zone) -> GeoDataFrame:
    return construction_land(now.layer("parcel"), _system(now))


def state_words(parcels: pd.DataFrame, system: str = "") -> pd.Series:
    """Return in words why each parcel is taken for construction land: what it states, or its use.

    A state that the parcel does not state but its land use does is marked as derived.
    """
    known = build_states(parcels, system)
    code = text_of(parcels, "land_use")
    said = "建设状况 build_state " + known["state"]
    derived = said + "，由地类 derived from land use " + code + " 推得"
    words = said.where(known["basis"] != "land_use", derived)
    built = known["state"].str.startswith(("A", "B1"))
    return words.where(built, "供应状况 supply_state " + text_of(parcels, "supply_state"))


def _system(zone: Zone) -> str:
    return str(zone.meta.get("land_use_system", ""))


def off_plan(zone: Zone) -> pd.DataFrame:
    """Return the enterprises whose industry the plan does not place in their park.

    Only rows of the latest year count, or of none, and only those that name park and industry.
    """
    columns = ["id", "park_id", "industry", "year"]
    firms = zone.table("enterprise", columns) if "enterprise" in zone.layers else pd.DataFrame()
    if zone.plan is None or not {"park_id", "industry"} <= set(firms.columns):
        return pd.DataFrame(columns=["id", "park_id", "industry"])
    firms = firms.assign(row=np.arange(len(firms)))
    if "year" in firms:
        year = pd.to_numeric(firms["year"])
        firms = firms[(year == year.max()) | year.isna()]
    firms = firms[firms["park_id"].notna() & firms["industry"].notna()]
    firms = firms[(firms["park_id"] != "") & (firms["industry"] != "")]
    pairs = firms[["park_id", "industry"]].drop_duplicates()
    admits = {
        (park, industry): zone.plan.admits(park, industry)
        for park, industry in pairs.itertuples(index=False)
    }
    keys = list(zip(firms["park_id"], firms["industry"], strict=True))
    off = firms["row"].to_numpy()[[not admits[key] for key in keys]]
    return zone.rows("enterprise", off, columns)


def _placed_by(zone: Zone, park: str) -> str:
    """The clause that places industries in a park."""
    group = zone.plan.group_of(park) if zone.plan is not None else None
    return cited(zone, group.clause) if group is not None else ""


@rule(
    "P301",
    "warning",
    levels=("enterprise",),
    needs=("zone.plan", "enterprise.park_id", "enterprise.industry"),
    zh="企业 {feature} 的产业不在园区 {other} 的规划产业之内：{detail}",
    en="the industry of {feature} is not among those planned for {other}: {detail}",
)
def industry_off_plan(zone: Zone) -> GeoDataFrame:
    """An enterprise works in an industry that the plan places in its park."""
    found = off_plan(zone)
    if zone.plan is None or found.empty:
        return finding_frame([], rule="P301")
    planned = {park: industries_of(zone.plan, park) for park in found["park_id"].unique()}
    rows = pd.DataFrame(
        {
            "level": "enterprise",
            "feature": found["id"].to_numpy(),
            "other": found["park_id"].to_numpy(),
            "detail": [
                f"{industry} -> {planned[park]}"
                for park, industry in zip(found["park_id"], found["industry"], strict=True)
            ],
            "clause": [_placed_by(zone, str(park)) for park in found["park_id"]],
        }
    )
    if isinstance(found, GeoDataFrame):
        return finding_frame(
            GeoDataFrame(rows, geometry=found.geometry.to_numpy(), crs=found.crs), rule="P301"
        )
    return finding_frame(rows, rule="P301")


def _parts_outside(zone: Zone, level: str, code: str, min_area_m2: float) -> GeoDataFrame:
    """Findings for construction land outside every polygon of a layer."""
    if zone.layers.get(level) is None or "parcel" not in zone.layers:
        return finding_frame([], rule=code)
    now = latest(zone)
    land = now.once(_construction_land)
    drawn = now.layer(level).geom_type.isin(["Polygon", "MultiPolygon"]).any()
    if land.empty or not drawn:
        return finding_frame([], rule=code)
    parts = geo.outside(land, now.layer(level), **_least(zone, min_area_m2))
    parts = parts[_is_real(parts, min_area_m2)]
    lost = int((~now.layer(level).geom_type.isin(["Polygon", "MultiPolygon"])).sum())
    words = _words_of(zone, land, parts["a"])
    if lost:  # who knows what the outline that cannot be used holds
        words = [
            f"{one}；{lost} 个范围没有可用图形 outline(s) without a usable shape" for one in words
        ]
    severity = "warning" if lost else RULES[code].severity
    clause = demanded(zone, *ASKED[code])
    return _places(
        parts, code, min_area_m2, other="", detail=words, severity=severity, clause=clause
    )


def _least(zone: Zone, min_area_m2: float) -> dict[str, Any]:
    """What ground has to be more than, and wider than, to be against a plan and no noise."""
    tolerance_m = limits_of(zone).tolerance_m
    return {"min_area_m2": min_area_m2, "tolerance_m": tolerance_m, "center": zone.center}


def _words_of(zone: Zone, land: GeoDataFrame, ids: pd.Series) -> list[str]:
    named = land[land["id"].isin(set(ids))]
    words = dict(zip(named["id"], state_words(named, _system(zone)), strict=True))
    return [words[one] for one in ids]


def _parts_inside(
    zone: Zone, level: str, code: str, min_area_m2: float, detail: str = "zh"
) -> GeoDataFrame:
    """Findings for construction land inside polygons of a layer, polygon by polygon."""
    if zone.layers.get(level) is None or "parcel" not in zone.layers:
        return finding_frame([], rule=code)
    now = latest(zone)
    land, lines = now.once(_construction_land), now.layer(level)
    if land.empty or lines.empty:
        return finding_frame([], rule=code)
    parts = geo.shared(land, lines, **_least(zone, min_area_m2))
    parts = parts[_is_real(parts, min_area_m2)]
    said = text_of(lines, "kind").str.cat(text_of(lines, detail), sep=" ").str.strip()
    named = dict(zip(lines["id"], said, strict=True))
    words = _words_of(zone, land, parts["a"])
    return _places(
        parts,
        code,
        min_area_m2,
        other=parts["b"],
        detail=[_with_derived(named[b], w) for b, w in zip(parts["b"], words, strict=True)],
        clause=demanded(zone, *ASKED[code]),
    )


def _with_derived(said: str, state: str) -> str:
    """Words with the state of the land, if that is derived or there are no others."""
    return f"{said}；{state}" if said and "derived" in state else said or state


def _places(parts: GeoDataFrame, code: str, limit: float, **columns: object) -> GeoDataFrame:
    rows = GeoDataFrame(
        {
            "level": "parcel",
            "feature": parts["a"].to_numpy(),
            "measured": parts["area_m2"].to_numpy(),
            "limit": limit,
            **columns,
        },
        geometry=parts.geometry.to_numpy(),
        crs=parts.crs,
    )
    return finding_frame(rows, rule=code)


@rule(
    "P302",
    "error",
    unit="m2",
    levels=("parcel", "master_plan"),
    needs=("parcel.build_state|supply_state|land_use", "parcel.geometry", "master_plan.geometry"),
    zh="宗地 {feature} 的建设用地有 {measured:.1f} m² 超出土地利用总体规划（容差 {limit} m²；{detail}）",
    en="{measured:.1f} m2 of construction land of parcel {feature} lie outside the land-use "
    "master plan (tolerance {limit} m2; {detail})",
)
def outside_master_plan(zone: Zone, *, min_area_m2: float = 1.0) -> GeoDataFrame:
    """Construction land lies inside the land-use master plan."""
    return _parts_outside(zone, "master_plan", "P302", min_area_m2)


@rule(
    "P303",
    "error",
    unit="m2",
    levels=("parcel", "detailed_plan"),
    needs=(
        "parcel.build_state|land_use",
        "parcel.land_use",
        "detailed_plan.land_use",
        "parcel.@system",
        "parcel.geometry",
        "detailed_plan.geometry",
    ),
    zh="宗地 {feature} 有 {measured:.1f} m² 与控规地块 {other} 的用途不符：{detail}",
    en="{measured:.1f} m2 of parcel {feature} are used otherwise than the detailed plan {other} "
    "says: {detail}",
)
def use_off_detailed_plan(zone: Zone, *, min_area_m2: float = 1.0) -> GeoDataFrame:
    """Built land is used as the regulatory detailed plan (控规) says.

    Codes are compared at the length of the shorter, in one and the same classification; a pair
    from two classifications is left to the rules on codes.
    """
    if zone.layers.get("detailed_plan") is None or "parcel" not in zone.layers:
        return finding_frame([], rule="P303")
    now = latest(zone)
    parcels, plan = now.layer("parcel"), now.layer("detailed_plan")
    default = _system(zone)
    built = parcels[build_states(parcels, default)["state"].str.startswith("A")]
    if built.empty or plan.empty or not {"land_use"} <= set(built.columns) & set(plan.columns):
        return finding_frame([], rule="P303")

    def used_otherwise(a: pd.Series, b: pd.Series) -> list[str]:
        """What is there and what was planned, where the two differ; else empty."""
        use, use_system = _coded(built, default, a)
        planned, plan_system = _coded(plan, default, b)
        words = np.full(len(use), "", object)
        for row in np.flatnonzero((use != planned) & (use_system == plan_system)):
            one, two = use[row], planned[row]
            if one and two and not (one.startswith(two) or two.startswith(one)):
                words[row] = f"{one} -> {two}"
        return list(words)

    # areas first, shapes only of the few that differ: most land is used as planned
    held, plots = _plots_under(now)
    words = used_otherwise(held, plots)
    suspects = built["id"].isin(held[[bool(word) for word in words]])
    if not suspects.any():
        return finding_frame([], rule="P303")
    parts = geo.shared(built[suspects], plan, **_least(zone, min_area_m2))
    parts = parts[_is_real(parts, min_area_m2)]
    words = used_otherwise(parts["a"], parts["b"])
    wrong = parts[[bool(word) for word in words]]
    state = _words_of(zone, built, wrong["a"])
    words = [_with_derived(*both) for both in zip(filter(None, words), state, strict=True)]
    return _places(
        wrong,
        "P303",
        min_area_m2,
        other=wrong["b"].to_numpy(),
        detail=words,
        clause=demanded(zone, *ASKED["P303"]),
    )


_LEAST_M2 = 1.0  # of a parcel in a plot, to be held against it


def _plots_under(now: Zone) -> tuple[pd.Series, pd.Series]:
    """Ids of the parcels and of the plots of the detailed plan that share ground, pair by pair."""
    pairs = now.once(plot_pairs, "parcel", "detailed_plan")
    pairs = pairs[pairs["area_m2"] > _LEAST_M2]
    parcels, plots = now.layer("parcel"), now.layer("detailed_plan")
    return parcels["id"].iloc[pairs["row_parcel"]], plots["id"].iloc[pairs["row_detailed_plan"]]


def plot_pairs(now: Zone, level: str, plot: str) -> pd.DataFrame:
    """Return which plots and features share ground, pair by pair, sorted by feature.

    Columns ``row_<level>`` and ``row_<plot>``, positions in the layers, and ``area_m2``.
    """
    plots, features = now.layer(plot).geometry, now.layer(level).geometry
    i, j, size = geo.clipped_areas(plots, features, center=now.center)
    order = np.lexsort((i, j))
    return pd.DataFrame({f"row_{level}": j[order], f"row_{plot}": i[order], "area_m2": size[order]})


def pairs_in_latest_year(zone: Zone, level: str, plot: str) -> pd.DataFrame:
    """Return :func:`plot_pairs` of the latest year, by positions in the layers of all years."""
    now = latest(zone)
    pairs = plot_pairs(now, level, plot)
    labels = {f"row_{one}": now.table(one, ["id"]).index.to_numpy() for one in (level, plot)}
    return pairs.assign(**{row: labels[row][pairs[row]] for row in labels})


def keep_pairs(zone: Zone, level: str, plot: str) -> None:
    """Let the latest year have its :func:`plot_pairs`, where :func:`pairs_in_latest_year` is kept."""
    pairs = zone.kept(pairs_in_latest_year, level, plot)
    if pairs is not None:
        now = latest(zone)
        labels = {f"row_{one}": now.table(one, ["id"]).index.to_numpy() for one in (level, plot)}
        at = {row: np.searchsorted(labels[row], pairs[row]) for row in labels}
        now.keep(pairs.assign(**at), plot_pairs, level, plot)


def of_other_system(now: Zone, parcels: GeoDataFrame) -> NDArray[np.bool_]:
    """Return which parcels lie on plots of the detailed plan coded in another classification."""
    if not now.count("detailed_plan"):
        return np.zeros(len(parcels), bool)
    held, plots = _plots_under(now)
    default = _system(now)
    here = _coded(now.layer("parcel"), default, held)
    there = _coded(now.layer("detailed_plan"), default, plots)
    apart = (here[0] != "") & (there[0] != "") & (here[1] != there[1])
    return np.asarray(parcels["id"].isin(held[apart]), bool)


def _coded(
    layer: GeoDataFrame, default: str, ids: pd.Series
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Land-use code (empty if unknown) and classification of each feature named in `ids`."""
    code, own = text_of(layer, "land_use"), text_of(layer, "land_use_system")
    system = own.where(own != "", default)
    code = code.where(classify(code, system)["class"] != "", "")
    rows = pd.DataFrame({"code": code, "system": system}).set_axis(layer["id"].to_numpy())
    rows = rows[~rows.index.duplicated()].reindex(ids).fillna("")
    return rows["code"].to_numpy(object), rows["system"].to_numpy(object)


@rule(
    "P304",
    "error",
    unit="m2",
    levels=("parcel", "urban_boundary"),
    needs=(
        "parcel.build_state|supply_state|land_use",
        "parcel.geometry",
        "urban_boundary.geometry",
    ),
    zh="宗地 {feature} 的建设用地有 {measured:.1f} m² 超出城镇开发边界（容差 {limit} m²；{detail}）",
    en="{measured:.1f} m2 of construction land of parcel {feature} lie outside the urban "
    "development boundary (tolerance {limit} m2; {detail})",
)
def outside_urban_boundary(zone: Zone, *, min_area_m2: float = 1.0) -> GeoDataFrame:
    """Construction land lies inside the urban development boundary (城镇开发边界)."""
    return _parts_outside(zone, "urban_boundary", "P304", min_area_m2)


@rule(
    "P305",
    "error",
    unit="m2",
    levels=("parcel", "protection"),
    needs=("parcel.build_state|supply_state|land_use", "parcel.geometry", "protection.geometry"),
    zh="宗地 {feature} 的建设用地有 {measured:.1f} m² 位于生态保护分级区 {other}（{detail}）",
    en="{measured:.1f} m2 of construction land of parcel {feature} lie in the protected area "
    "{other} ({detail})",
)
def in_protected_area(zone: Zone, *, min_area_m2: float = 1.0) -> GeoDataFrame:
    """No construction land lies in an area under graded ecological protection."""
    return _parts_inside(zone, "protection", "P305", min_area_m2, detail="grade")


@rule(
    "P306",
    "error",
    unit="m2",
    levels=("parcel", "prohibited"),
    needs=("parcel.build_state|supply_state|land_use", "parcel.geometry", "prohibited.geometry"),
    zh="宗地 {feature} 的建设用地有 {measured:.1f} m² 位于禁止建设区 {other}（{detail}）",
    en="{measured:.1f} m2 of construction land of parcel {feature} lie in the area {other} where "
    "building is prohibited ({detail})",
)
def in_prohibited_area(zone: Zone, *, min_area_m2: float = 1.0) -> GeoDataFrame:
    """No construction land lies where building is prohibited."""
    return _parts_inside(zone, "prohibited", "P306", min_area_m2)

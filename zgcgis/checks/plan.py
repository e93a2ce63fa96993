"""Conformity with the plan (规划符合性): industry, land-use plans, boundaries, protection.

The lines and zones are layers that the user gives (``master_plan``, ``detailed_plan``,
``urban_boundary``, ``protection``, ``prohibited``); a layer that is not there asks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from geopandas import GeoDataFrame

from .. import geo
from ..findings import finding_frame, rule
from ..land_use import build_states
from ..model import Zone
from ..plan import Plan
from .supply import as_of

__all__ = ["ASKED", "cited", "construction_land", "demanded", "industries_of", "off_plan"]


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


def _latest(zone: Zone) -> Zone:
    """The zone in the latest year it states, on whose state plans are checked."""
    years = zone.meta.get("years")
    return zone.at(int(max(years)) if years else as_of(zone).year)


def _starts(table: pd.DataFrame, name: str, *prefixes: str) -> pd.Series:
    if name not in table:
        return pd.Series(data=False, index=table.index)
    return table[name].astype("string").str.startswith(prefixes, na=False).astype(bool)


def construction_land(parcels: GeoDataFrame, system: str = "") -> GeoDataFrame:
    """Return the parcels that are construction land: built (``A``, ``B1``) or supplied (``D``).

    What a parcel does not say of itself its land use says, in the classification it names or
    in `system`; see :func:`zgcgis.land_use.build_states`.
    """
    built = build_states(parcels, system)["state"].str.startswith(("A", "B1"))
    return parcels[built | _starts(parcels, "supply_state", "D")]


def _system(zone: Zone) -> str:
    return str(zone.meta.get("land_use_system", ""))


def off_plan(zone: Zone) -> pd.DataFrame:
    """Return the enterprises whose industry the plan does not place in their park.

    Only the latest row of each enterprise counts, and only one that names park and industry.
    """
    firms = zone.layers.get("enterprise")
    if zone.plan is None or firms is None or not {"park_id", "industry"} <= set(firms.columns):
        return pd.DataFrame(columns=["id", "park_id", "industry"])
    if "year" in firms:
        firms = firms[pd.to_numeric(firms["year"]) == pd.to_numeric(firms["year"]).max()]
    firms = firms[firms["park_id"].notna() & firms["industry"].notna()]
    firms = firms[(firms["park_id"] != "") & (firms["industry"] != "")]
    pairs = firms[["park_id", "industry"]].drop_duplicates()
    admits = {
        (park, industry): zone.plan.admits(park, industry)
        for park, industry in pairs.itertuples(index=False)
    }
    keys = list(zip(firms["park_id"], firms["industry"], strict=True))
    return firms[[not admits[key] for key in keys]]


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
    now = _latest(zone)
    land = construction_land(now.layer("parcel"), _system(zone))
    if land.empty or now.layer(level).empty:
        return finding_frame([], rule=code)
    parts = geo.outside(land, now.layer(level), min_area_m2=min_area_m2, center=zone.center)
    clause = demanded(zone, *ASKED[code])
    return _places(parts, code, min_area_m2, other="", clause=clause)


def _parts_inside(
    zone: Zone, level: str, code: str, min_area_m2: float, detail: str = "zh"
) -> GeoDataFrame:
    """Findings for construction land inside polygons of a layer, polygon by polygon."""
    if zone.layers.get(level) is None or "parcel" not in zone.layers:
        return finding_frame([], rule=code)
    now = _latest(zone)
    land, lines = construction_land(now.layer("parcel"), _system(zone)), now.layer(level)
    if land.empty or lines.empty:
        return finding_frame([], rule=code)
    parts = geo.shared(land, lines, min_area_m2=min_area_m2, center=zone.center)
    words = dict(zip(lines["id"], lines[detail], strict=True)) if detail in lines else {}
    return _places(
        parts,
        code,
        min_area_m2,
        other=parts["b"],
        detail=[words.get(b) for b in parts["b"]],
        clause=demanded(zone, *ASKED[code]),
    )


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
    needs=("parcel.build_state|supply_state|land_use",),
    zh="宗地 {feature} 的建设用地有 {measured:.1f} m² 超出土地利用总体规划（容差 {limit} m²）",
    en="{measured:.1f} m2 of construction land of parcel {feature} lie outside the land-use "
    "master plan (tolerance {limit} m2)",
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
    now = _latest(zone)
    parcels, plan = now.layer("parcel"), now.layer("detailed_plan")
    default = _system(zone)
    built = parcels[build_states(parcels, default)["state"].str.startswith("A")]
    if built.empty or plan.empty or not {"land_use"} <= set(built.columns) & set(plan.columns):
        return finding_frame([], rule="P303")

    def used_otherwise(a: pd.Series, b: pd.Series) -> list[str]:
        """What is there and what was planned, where the two differ; else empty."""
        use, use_system = _coded(built, default, a)
        planned, plan_system = _coded(plan, default, b)
        return [
            f"{one} -> {two}"
            if one and two and x == y and not (one.startswith(two) or two.startswith(one))
            else ""
            for one, two, x, y in zip(use, planned, use_system, plan_system, strict=True)
        ]

    # areas first, shapes only of the few that differ: most land is used as planned
    i, j, size = geo.clipped_areas(plan.geometry, built.geometry, center=zone.center)
    near = size > min_area_m2
    i, j = i[near], j[near]
    words = used_otherwise(built["id"].iloc[j], plan["id"].iloc[i])
    suspects = sorted({int(k) for k, word in zip(j, words, strict=True) if word})
    if not suspects:
        return finding_frame([], rule="P303")
    parts = geo.shared(built.iloc[suspects], plan, min_area_m2=min_area_m2, center=zone.center)
    words = used_otherwise(parts["a"], parts["b"])
    wrong = parts[[bool(word) for word in words]]
    words = [word for word in words if word]
    return _places(
        wrong,
        "P303",
        min_area_m2,
        other=wrong["b"].to_numpy(),
        detail=words,
        clause=demanded(zone, *ASKED["P303"]),
    )


def _coded(layer: GeoDataFrame, default: str, ids: pd.Series) -> tuple[list[str], list[str]]:
    """Land-use code and classification of each feature named in `ids`."""
    rows = pd.DataFrame(layer.drop(columns="geometry")).drop_duplicates("id").set_index("id")
    rows = rows.reindex(ids)
    code = rows["land_use"].astype("object").where(rows["land_use"].notna(), "")
    if "land_use_system" not in rows:
        return code.astype(str).tolist(), [default] * len(rows)
    system = rows["land_use_system"].astype("object")
    system = system.where(system.notna() & (system != ""), default)
    return code.astype(str).tolist(), system.astype(str).tolist()


@rule(
    "P304",
    "error",
    unit="m2",
    levels=("parcel", "urban_boundary"),
    needs=("parcel.build_state|supply_state|land_use",),
    zh="宗地 {feature} 的建设用地有 {measured:.1f} m² 超出城镇开发边界（容差 {limit} m²）",
    en="{measured:.1f} m2 of construction land of parcel {feature} lie outside the urban "
    "development boundary (tolerance {limit} m2)",
)
def outside_urban_boundary(zone: Zone, *, min_area_m2: float = 1.0) -> GeoDataFrame:
    """Construction land lies inside the urban development boundary (城镇开发边界)."""
    return _parts_outside(zone, "urban_boundary", "P304", min_area_m2)


@rule(
    "P305",
    "error",
    unit="m2",
    levels=("parcel", "protection"),
    needs=("parcel.build_state|supply_state|land_use",),
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
    needs=("parcel.build_state|supply_state|land_use",),
    zh="宗地 {feature} 的建设用地有 {measured:.1f} m² 位于禁止建设区 {other}",
    en="{measured:.1f} m2 of construction land of parcel {feature} lie in the area {other} where "
    "building is prohibited",
)
def in_prohibited_area(zone: Zone, *, min_area_m2: float = 1.0) -> GeoDataFrame:
    """No construction land lies where building is prohibited."""
    return _parts_inside(zone, "prohibited", "P306", min_area_m2)

"""Hierarchy of units (上下级): every unit hangs from one that is there, and none from itself.

Its parts sum to the area that it states.

Units are listed in ``parks.csv``; one that is only drawn may name its parent in its layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from pandas import DataFrame, Series

from .. import geo
from ..findings import combine, empty, finding_frame, rule
from ..language.errors import nearest
from ..language.safe_text import Text
from ..model import Zone
from ..plan.fields import FORMS
from ..plan.land_use import text_of
from ..plan.settings import units_named
from .containment import parks_of, units_of
from .topology import _EXACT, _capped, _ids, _now, _polygons, limits_of

__all__ = ["parks_of_findings", "units_in_circles"]

_DRAWN = ("group", "corridor", "axis", "park")
_SHOWN = 12  # units of a circle that a sentence names


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _parents(zone: Zone) -> dict[str, str]:
    """What each unit names as its parent, by its id."""
    found: dict[str, str] = {}
    for level in _DRAWN:
        if level in zone.layers and "parent" in zone.layers[level]:
            table = zone.table(level, ["id", "parent"])
            for unit, parent in zip(table["id"], table["parent"], strict=True):
                if _text(unit) and _text(parent):
                    found[_text(unit)] = _text(parent)
    for unit, parent in zone.units["parent"].items():
        if _text(parent):
            found[str(unit)] = _text(parent)
    return found


def _circles(parents: Mapping[str, str]) -> list[list[str]]:
    """The circles in which parents run, each from its first id on; a unit is in one at most."""
    done: set[str] = set()
    circles = []
    for start in sorted(parents):
        way: dict[str, int] = {}
        unit = start
        while unit in parents and unit not in done and unit not in way:
            way[unit] = len(way)
            unit = parents[unit]
        if unit in way:
            ring = list(way)[way[unit] :]
            first = ring.index(min(ring))
            circles.append(ring[first:] + ring[:first])
        done |= set(way)
    return circles


def units_in_circles(zone: Zone) -> set[str]:
    """Return the units of which nobody can say what lies under them."""
    return {unit for ring in _circles(_parents(zone)) for unit in ring}


@rule(
    "H206",
    "error",
    unit="1",
    zh="{feature} 的上级关系成了循环（{measured:.0f} 个单元）：{detail}",
    en="the parents of {feature} run in a circle of {measured:.0f} unit(s): {detail}",
)
def hierarchy_runs_in_a_circle(zone: Zone) -> GeoDataFrame:
    """No unit lies above itself."""
    rows = []
    for ring in _circles(_parents(zone)):
        shown = [*ring[:_SHOWN], "…"] if len(ring) > _SHOWN else [*ring, ring[0]]
        rows.append(
            {
                "level": "unit",
                "feature": ring[0],
                "other": ring[1] if len(ring) > 1 else ring[0],
                "measured": len(ring),
                "detail": " → ".join(shown),
            }
        )
    return finding_frame(rows, rule="H206")


def _known_units(zone: Zone) -> set[str]:
    """Every unit there is: listed, drawn, or a group of the plan."""
    known = {str(unit) for unit in zone.units.index} | {zone.id, "zone"}
    known |= set(zone.plan.groups) if zone.plan is not None else set()
    for level in (*_DRAWN, "block"):
        if level in zone.layers:
            known |= set(text_of(zone.table(level, ["id"]), "id"))
    return known


def _units_named(zone: Zone) -> Iterator[tuple[str, str, str]]:
    """Yield file, line or key, and name wherever a file of the zone names a unit."""
    for file, table in _tables(zone).items():
        for column, field in FORMS.get(file, {}).items():
            if field.kind == "unit" and column in table:
                for row, unit in table[column].dropna().items():
                    yield f"{file} 的 {column} 列 column", str(row), str(unit)
    if zone.plan is not None:
        yield from (
            ("plan.toml", f"target {target.id}", target.unit)
            for target in zone.plan.targets
            if target.unit
        )
    for file, settings in (("zone.toml", zone.meta), ("evaluation.toml", zone.evaluation or {})):
        yield from ((file, place, unit) for place, unit in units_named(settings, file))


def _tables(zone: Zone) -> dict[str, DataFrame]:
    further = {f"{stem}.csv": table for stem, table in zone.tables.items()}
    return {
        "parks.csv": zone.units,
        "accounts.csv": zone.accounts,
        "quotas.csv": zone.quotas,
    } | further


_FREE = {"parks.csv", "members.csv", "names.csv", "boundaries.csv"}
"""Files in which a unit that is not there takes nothing away from the results."""


@rule(
    "H207",
    "error",
    unit="1",
    zh="{detail} 所写的单元“{feature}”不存在，这 {measured:.0f} 处不起作用（应为：{other}）",
    en="{detail} names a unit that is not there, {feature}, so the {measured:.0f} place(s) have no "
    "effect (one of: {other})",
)
def unit_named_is_not_there(zone: Zone) -> GeoDataFrame:
    """A unit that a table or setting names is listed in ``parks.csv``, drawn, or in the plan.

    Where there is no unit at all nothing shows that the name is wrong, and it is a warning.
    """
    known = _known_units(zone)
    words = {str(name): str(unit) for unit, name in zone.units["zh"].dropna().items()}
    words |= {str(name): str(unit) for unit, name in zone.units["en"].dropna().items()}
    places: dict[tuple[str, str], list[str]] = {}
    for file, place, unit in _units_named(zone):
        if unit.strip() not in known:
            places.setdefault((file, unit), []).append(place)
    grave = "error" if known - {zone.id, "zone"} else "warning"
    rows = [
        {
            "level": "unit",
            "feature": unit,
            "other": nearest(unit, sorted(known), words) or "、".join(_few(sorted(known))) or "—",
            "measured": len(found),
            "severity": "warning" if file.split()[0] in _FREE else grave,
            "detail": f"{file}（行 row {', '.join(_few(found))}）",
        }
        for (file, unit), found in places.items()
    ]
    return finding_frame(rows, rule="H207")


def _few(names: Sequence[str]) -> list[str]:
    return [*names[:_SHOWN], "…"] if len(names) > _SHOWN else list(names)


@rule(
    "H209",
    "note",
    zh="{feature} 的列 {other} 不是已知的列，未使用；可用：{detail}",
    en="column {other} of {feature} is not a known one and was not used; known are {detail}",
)
def column_not_known(zone: Zone) -> GeoDataFrame:
    """Every column of a table is one that is used."""
    rows = [
        {"level": "unit", "feature": file, "other": str(column), "detail": ", ".join(FORMS[file])}
        for file, table in _tables(zone).items()
        if file in FORMS
        for column in table.columns
        if column not in FORMS[file]
    ]
    return finding_frame(rows, rule="H209")


@rule(
    "H210",
    "note",
    unit="1",
    zh="parks.csv 有 {measured:.0f} 个单元没有{other}，以另一语言的名称或编号代替：{detail}",
    en="{measured:.0f} unit(s) of parks.csv have no {other}; the other name or the id stands in: "
    "{detail}",
)
def unit_without_a_name(zone: Zone) -> GeoDataFrame:
    """Every unit has a name in both languages."""
    rows = []
    for column, words in (("zh", "中文名称 Chinese name"), ("en", "英文名称 English name")):
        blank = zone.units.index[[not _text(name) for name in zone.units[column]]]
        if len(blank):
            shown = ", ".join(_few([str(unit) for unit in blank]))
            rows.append(
                {"level": "unit", "feature": shown, "other": words, "measured": len(blank),
                 "detail": shown}
            )  # fmt: skip
    return finding_frame(rows, rule="H210")


@rule(
    "H211",
    "warning",
    unit="1",
    levels=("park",),
    zh="图上有 {measured:.0f} 个园区没有列入 parks.csv，不计入园区数，也不参加评价：{detail}",
    en="{measured:.0f} park(s) are drawn but not listed in parks.csv, so they are neither counted nor "
    "assessed: {detail}",
)
def drawn_but_not_listed(zone: Zone) -> GeoDataFrame:
    """Every park that is drawn is listed, where any are: what is assessed is what is listed."""
    if not (zone.units["level"] == "park").any():
        return empty()
    park = zone.layer("park")
    lost = park[[bool(_text(one)) and one not in zone.units.index for one in park["id"]]]
    names = sorted(set(lost["id"]))
    if not names:
        return empty()
    row = {"level": "park", "feature": ", ".join(_few(names)), "measured": len(names),
           "detail": ", ".join(_few(names)), "geometry": lost.geometry.iloc[0]}  # fmt: skip
    return finding_frame([row], rule="H211", crs=park.crs)


@rule(
    "H212",
    "warning",
    unit="1",
    levels=("enterprise",),
    zh="规划的产业没有行业代码，{measured:.0f} 家只写行业代码的企业归不到任何产业；请在 zone.toml 的 "
    "[industry.…] 或 plan.toml 的 codes 写明：{feature}",
    en="industries of the plan have no codes, so {measured:.0f} firm(s) that give only a code fall in "
    "none; state them in [industry.…] of zone.toml or as codes in plan.toml: {feature}",
)
def industries_without_codes(zone: Zone) -> GeoDataFrame:
    """Where firms give only a code, every cluster of the plan has codes."""
    firms = zone.table("enterprise", ["industry", "industry_code"])
    if zone.plan is None or "industry_code" not in firms:
        return empty()
    lost = (text_of(firms, "industry") == "") & (text_of(firms, "industry_code") != "")
    clusters = [key for key, one in zone.plan.industries.items() if one.kind == "cluster"]
    bare = [key for key in clusters if key not in zone.clusters]
    if not lost.any() or not bare:
        return empty()
    row = {"level": "enterprise", "feature": ", ".join(_few(bare)), "measured": int(lost.sum())}
    return finding_frame([row], rule="H212")


def _gross_and_net(zone: Zone) -> Text:
    """Say what patches state of their areas, gross and net, and that accounts go by the gross."""
    layer = _now(zone, zone.layer("parcel"))
    held = [name for name in ("registered_area_m2", "net_area_m2") if name in layer]
    gross, *net = (float(layer[name].fillna(0).sum()) for name in held) if held else (0.0,)
    if not gross or not net:
        return Text("", "")
    return Text(
        f"；所述毛面积合 {gross:,.2f} 平方米，扣除田坎等后净面积合 {net[0]:,.2f} 平方米，台账按毛面积",
        f"; they state {gross:,.2f} m2 gross and {net[0]:,.2f} m2 net of ridges and the like, and "
        "accounts go by the gross area",
    )


@rule(
    "H214",
    "note",
    unit="1",
    levels=("parcel",),
    zh="用地依据：{detail}",
    en="the land it stands on: {other}",
)
def which_land_it_stands_on(zone: Zone) -> GeoDataFrame:
    """Accounts and checks say whether they stand on parcels (宗地) or land-use patches (地类图斑)."""
    patches, count = zone.count("land_patch"), zone.count("parcel")
    areas = _gross_and_net(zone) if zone.land == "land_patch" else Text("", "")
    if zone.land == "land_patch":
        words = Text(
            f"没有宗地图层：用地台账、规划核查和拓扑检查都按地类图斑（{count} 个），文中“宗地”即图斑"
            f"{areas.zh}",
            f"there is no layer of parcels: accounts and checks stand on {count} land-use patches, "
            f"and parcels mean patches{areas.en}",
        )
    elif patches:
        words = Text(
            f"用地台账和核查按宗地（{count} 个）；另有地类图斑 {patches} 个，未计入",
            f"accounts and checks stand on {count} parcels; {patches} land-use patches are there as "
            "well and are not counted",
        )
    else:
        return empty()
    row = {
        "level": "parcel",
        "feature": zone.land,
        "measured": count,
        "detail": words.zh,
        "other": words.en,
    }
    return finding_frame([row], rule="H214")


@rule(
    "H213",
    "warning",
    zh="parks.csv 把 {feature} 归入聚集区 {other}，规划归入 {detail}；产业定位和目标以规划为准",
    en="parks.csv puts {feature} in the group {other}, the plan in {detail}; orientation and targets "
    "follow the plan",
)
def group_differs_from_the_plan(zone: Zone) -> GeoDataFrame:
    """A park is listed in the group in which the plan puts it."""
    if zone.plan is None:
        return empty()
    known = _known_units(zone)  # one that is not there is said by H207
    rows = []
    for unit, named in zone.units.loc[zone.units["level"] == "park", "group"].items():
        group, listed = zone.plan.group_of(str(unit)), _text(named)
        if group is not None and listed in known - {group.key}:
            rows.append(
                {"level": "unit", "feature": str(unit), "other": listed, "detail": group.key}
            )
    return finding_frame(rows, rule="H213")


@rule(
    "H208",
    "error",
    unit="1",
    zh="{level} 有 {measured:.0f} 个要素没有编号，无法与其他数据对应：第 {detail} 个",
    en="{measured:.0f} feature(s) of {level} have no id, so nothing can refer to them: no. {detail}",
)
def feature_without_an_id(zone: Zone) -> GeoDataFrame:
    """Every feature has an id."""
    rows = []
    for level in zone.layers:
        ids = text_of(zone.table(level, ["id"]), "id")
        blank = np.flatnonzero(ids == "") + 1
        if len(blank):
            shown = ", ".join(_few([str(k) for k in blank]))
            rows.append({"level": level, "measured": len(blank), "detail": shown})
    return finding_frame(rows, rule="H208")


# --- the park of a finding -----------------------------------------------------------------------


def parks_of_findings(zone: Zone, findings: GeoDataFrame) -> pd.Series:
    """Return the id of the park that each finding belongs to; empty where it is in none.

    The park that its feature names or lies in, else the one in which its place lies.
    """
    parks = pd.Series("", index=findings.index, dtype="object")
    above = {str(unit): _park_above(zone, str(unit)) for unit in zone.units.index}
    for level, group in findings.groupby("level"):
        of_features = _parks_of_layer(zone, str(level), set(group["feature"]), above) | above
        parks[group.index] = [of_features.get(str(one), "") for one in group["feature"]]
    return _by_place(zone, findings, parks)


def _park_above(zone: Zone, unit: str) -> str:
    """The park that a unit is or lies in; empty for what is above parks."""
    seen: set[str] = set()
    while unit in zone.units.index and unit not in seen:
        if zone.units.at[unit, "level"] == "park":
            return unit
        seen.add(unit)
        unit = _text(zone.units.at[unit, "parent"])
    return ""


def _parks_of_layer(
    zone: Zone, level: str, ids: set[str], above: Mapping[str, str]
) -> dict[str, str]:
    if not zone.count(level) or level in _DRAWN:
        return {}
    named = zone.table(level, ["id"])["id"]
    which = (named.isin(ids) & ~named.duplicated()).to_numpy()
    rows = zone.rows(level, which, ["id", "park_id", "block_id"])
    flat = rows.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all()
    if flat:
        parks = parks_of(zone, rows)["park"]
    else:
        parks = rows["park_id"] if "park_id" in rows else pd.Series("", index=rows.index)
    parks = parks.map(_text)
    if "block_id" in rows:
        parks = parks.where(
            parks != "", rows["block_id"].map(lambda one: above.get(_text(one), ""))
        )
    return dict(zip(rows["id"].astype(str), parks, strict=True))


def _by_place(zone: Zone, findings: GeoDataFrame, parks: pd.Series) -> pd.Series:
    """Fill in the smallest park in which the place of a finding lies, where none is known."""
    layer = zone.layers.get("park")
    lost = np.flatnonzero((parks == "") & findings.geometry.notna())
    if layer is None or layer.empty or not len(lost):
        return parks
    outlines = shapely.make_valid(layer.geometry.to_numpy())
    tree = shapely.STRtree(outlines)
    points = shapely.point_on_surface(findings.geometry.to_numpy()[lost])
    k, j = tree.query(points, predicate="within")
    order = np.argsort(-np.array([_extent(outlines[one]) for one in j]), kind="stable")
    filled = parks.copy()
    for row, park in zip(lost[k[order]], j[order], strict=True):  # the smallest comes last
        filled.iloc[row] = str(layer["id"].iloc[park])
    return filled


def _extent(shape: shapely.Geometry) -> float:
    west, south, east, north = shape.bounds
    return float((east - west) * (north - south))


@rule(
    "T110",
    "error",
    unit="m2",
    needs=(
        "block.stated_area_m2",
        "park.stated_area_m2",
        "parcel.@block?in_blocks",
        "parcel.geometry",
        "park.geometry",
        "park.@drawn",
    ),
    zh="{level} {feature} 图形面积与控制面积（公布面积）相差 {measured:+.1f} m²（限差 {limit:.1f} m²；{detail}）",
    en="{level} {feature} as drawn and its stated area differ by {measured:+.1f} m2 "
    "(limit {limit:.1f} m2; {detail})",
)
def control_area_is_off(zone: Zone) -> GeoDataFrame:
    """What is drawn sums to the stated area (控制面积), to 0.1 %.

    A block is held against the sum of the parcels that name it, or name none and lie in it, in
    the latest year; a park, in which streets belong to no parcel, against its outline. The
    difference, drawn minus stated, is reported and not spread over the parts.
    """
    found = []
    if "block" in zone.layers and "parcel" in zone.layers:
        blocks = _now(zone, _polygons(zone, "block"))
        parcels = _now(zone, _polygons(zone, "parcel"))
        area = geo.area_m2(parcels.geometry, center=zone.center)
        total = area.groupby(units_of(zone, parcels, "block")).sum()
        found.append(_off_control(zone, "block", blocks, Series(_ids(blocks)).map(total)))
    if "park" in zone.layers:
        parks = _polygons(zone, "park")
        if "precision" in parks:
            stated = parks["precision"]
            exact = stated.isin((*_EXACT, "digitised")) | stated.isna() | (stated == "")
            parks = parks[exact].reset_index(drop=True)
        area = geo.area_m2(parks.geometry, center=zone.center)
        found.append(_off_control(zone, "park", parks, area))
    return combine(found)


def _off_control(zone: Zone, level: str, layer: GeoDataFrame, drawn: Series) -> GeoDataFrame:
    if "stated_area_m2" not in layer:
        return finding_frame([], rule="T110")
    stated = pd.to_numeric(layer["stated_area_m2"]).astype("float64")
    limit = np.maximum(limits_of(zone).area_share * stated, limits_of(zone).overlap_m2)
    off = drawn - stated
    wrong = off.abs() > limit
    rows = DataFrame(
        {
            "level": level,
            "feature": _ids(layer)[wrong],
            "measured": off[wrong].to_numpy(),
            "limit": limit[wrong].to_numpy(),
            "severity": _capped("error", (layer, _ids(layer)[wrong])),
            "detail": [
                f"{d:.1f} / {s:.1f} m2" for d, s in zip(drawn[wrong], stated[wrong], strict=True)
            ],
            "geometry": np.asarray(layer.geometry.array)[wrong],
        }
    )
    return finding_frame(rows, rule="T110", crs=layer.crs)

"""What the page of an atlas is told: everything it shows, as plain data."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import shapely
from geopandas import GeoDataFrame
from pandas import DataFrame, Series

from ..findings import describe
from ..language.errors import UnknownNameError
from ..language.terms import TERMS
from ..model import Zone
from ..model.tiles import beside
from ..plan import goals
from ..plan.targets import period_name
from .packed import desks
from .packed.finding_list import Sentences, findings_block
from .packed.land_layers import MOST_BLOCKS, counting
from .panel import Measure, in_units, named, panel
from .safe import told_in_page

__all__ = ["page_content"]

_HUES = ("#2563a8", "#a4511b", "#7a3f8c", "#2f7a50", "#8a6d00", "#a0365a", "#3d6f7c", "#5b5f97")
_OTHER_HUE = "#5f6b76"
_RAMP = ("#e4efe9", "#b3d7cd", "#77b8b2", "#3a8f95", "#155f6e")
_STEPS = 5  # decimals of a coordinate: about one metre


def page_content(
    zone: Zone,
    *,
    color_by: str | Series | None,
    year: int | None,
    findings: GeoDataFrame | None,
    lang: str,
    review_no: str | None,
    layers: Sequence[str] | None = None,
    sentences: Sentences = describe,
    compare: Zone | str | None = None,
    group: str | None = None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the data block of the page, and the packed blocks beside it by id.

    Raises
    ------
    UnknownNameError
        If `color_by` is not a quantity the zone has values for, or `layers` names a layer or a
        way to colour it that there is not.
    """
    own = color_by if isinstance(color_by, Series) else None
    with beside(partial(panel, zone, own), zone.count("parcel")) as measured:
        ahead = desks.land_ahead(zone, layers, alone=compare is None)
        measures, values = measured()
    keys = [measure.key for measure in measures]
    asked = keys[0] if own is not None else named(measures, str(color_by)) if color_by else None
    years = _years(zone, values)
    if year is not None and years and not years[0] <= year <= years[-1]:
        raise UnknownNameError(str(year), [str(y) for y in years], what="year", zh="年份")
    sources: dict[str, int] = {}
    units = _units(zone, groups := _groups(zone))
    ids, meta = {unit["id"] for unit in units}, zone.meta
    there = values[values["unit"].isin(zone.units.index[zone.units["level"] == "park"])]
    measure, opening_year = desks.opening(zone, keys, there, years)
    told, listed = findings_block(zone.flaws if findings is None else findings, zone, sentences)
    content = {
        "id": zone.id,
        "lang": lang,
        "name": _pair(zone.names.get("zh"), zone.names.get("en")),
        "synthetic": zone.synthetic,
        "review": _text(review_no if review_no is not None else meta.get("review_no")),
        "disclaimer": _pair(meta.get("disclaimer_zh"), meta.get("disclaimer_en")),
        "credit": _pair(meta.get("attribution_zh"), meta.get("attribution_en")),
        "counting": counting(zone, _pair(meta.get("counting_zh"), meta.get("counting_en"))),
        "sourceList": [
            {"t": _pair(entry.get("zh"), entry.get("en")), "licence": _text(entry.get("licence"))}
            for entry in meta.get("source", [])
            if isinstance(entry, Mapping)
        ],
        "ramp": list(_RAMP),
        "years": years,
        "year": year or (desks.year_of(zone, asked, there, years) if asked else opening_year),
        "measure": asked or measure,
        "group": desks.group_of(groups, group),
        "measures": [_measure(m) for m in measures],
        "values": _values(values, ids | {zone.id}, sources),
        "records": _records(zone, ids | {zone.id}, sources),
        "words": _words(zone),
        "groups": groups,
        "industries": _industries(zone),
        "units": units,
        "lines": _shapes(zone, "axis") + _shapes(zone, "corridor"),
        "outlines": _shapes(zone, "group") or _shapes(zone, "boundary"),
        "districts": _shapes(zone, "district"),
        "links": _shapes(zone, "link"),
        "eras": _eras(zone),
        "goals": _goals(zone, sources),
        "demands": _demands(zone),
        "plan": _plan(zone),
        "mix": desks.quotients(zone),
        "findings": told,
        "context": _context(zone),
    }
    blocks = {"findings": listed} if told["count"] else {}
    more = _compared(zone, compare, content, blocks, sources)
    content["sources"] = list(sources)
    taken = sum(map(len, (*told_in_page(content).values(), *blocks.values())))
    content |= desks.land_and_firms(zone, layers, blocks, taken, more, ahead)
    return content, blocks


def _compared(
    zone: Zone,
    compare: Zone | str | None,
    content: dict[str, Any],
    blocks: dict[str, str],
    sources: dict[str, int],
) -> Mapping[str, Series]:
    """Put what is compared into the page; return the columns that it adds to the parcels."""
    if compare is None:
        content["compare"] = None
        return {}
    found = desks.comparison(zone, compare, content["years"])
    content["compare"] = found.record
    blocks.update(found.blocks)
    if isinstance(compare, Zone):
        _, values = panel(compare)
        ids = {*(unit["id"] for unit in content["units"]), *map(str, compare.units.index)}
        parks = _shapes(compare, "park")
        found.record["values"] = _values(values, ids, sources)
        found.record["parks"] = None if parks == _shapes(zone, "park") else parks
    return found.beside


def _measure(m: Measure) -> dict[str, Any]:
    return {
        "key": m.key,
        "name": [m.zh, m.en],
        "unit": [m.unit_zh, m.unit_en],
        "note": [m.note_zh, m.note_en],
        "computed": m.computed,
        "breaks": list(m.breaks),
    }


def _context(zone: Zone) -> list[dict[str, Any]]:
    """Roads, railways, rivers and stations to find one's way by: ``kind name g`` each."""
    if "context" not in zone.layers:
        return []
    found = []
    for row in zone.layer("context").to_dict("records"):
        geometry = row["geometry"]
        if geometry is not None and not geometry.is_empty:
            name = _pair(row.get("zh"), row.get("en"))
            found.append({"kind": _text(row.get("kind")), "name": name, "g": _geometry(geometry)})
    return found


# --- text ----------------------------------------------------------------------------------


def _text(value: Any) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value)


def _pair(zh: Any, en: Any) -> list[str]:
    first, second = _text(zh), _text(en)
    return [first or second, second or first]


def _number(value: Any) -> float | None:
    if value is None or value is pd.NA:
        return None
    number = float(value)
    return float(f"{number:.6g}") if math.isfinite(number) else None


def _whole(value: Any) -> int | None:
    return None if value is None or pd.isna(value) else int(value)


def _index(sources: dict[str, int], text: Any) -> int:
    words = _text(text)
    return sources.setdefault(words, len(sources)) if words else -1


# --- units ---------------------------------------------------------------------------------


def _groups(zone: Zone) -> list[dict[str, Any]]:
    """Groups with their hue: those of the plan first, then those only the units name."""
    planned = zone.plan.groups if zone.plan is not None else {}
    named = [str(g) for g in zone.units["group"].dropna().unique()] if len(zone.units) else []
    drawn = list(zone.layer("group")["id"]) if "group" in zone.layers else []
    keys = list(dict.fromkeys([*planned, *drawn, *named]))
    found = []
    for place, key in enumerate(keys):
        group = planned.get(key)
        name = _name(zone, key, "group") if group is None else _pair(group.zh, group.en)
        found.append(
            {
                "id": key,
                "name": name,
                "hue": _HUES[place % len(_HUES)],
                "clause": _clause(zone, group.clause) if group else "",
                "demand": _pair(group.demand_zh, group.demand_en) if group else ["", ""],
                "role": group.role if group else "",
                "members": list(group.members) if group else _listed_in(zone, key),
                "industries": list(group.industries) if group else [],
                "words": list(group.industry_terms) if group else [],
            }
        )
    return found


def _listed_in(zone: Zone, group: str) -> list[str]:
    held = (zone.units["group"] == group) & (zone.units["level"] == "park")
    return [str(unit) for unit in zone.units.index[held]]


def _name(zone: Zone, unit: str, level: str) -> list[str]:
    if unit in zone.units.index:
        return _pair(zone.units.at[unit, "zh"], zone.units.at[unit, "en"])
    if level in zone.layers:
        layer = zone.layer(level)
        rows = layer[layer["id"] == unit]
        if len(rows):
            return _pair(rows.iloc[0].get("zh", unit), rows.iloc[0].get("en"))
    return [unit, unit]


def _clause(zone: Zone, id: str) -> str:
    if zone.plan is None or id not in zone.plan.clauses:
        return id
    return zone.plan.clauses[id].zh or id


def _units(zone: Zone, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Parks and blocks: every one that is listed or drawn, and every park the plan names."""
    shapes: dict[str, tuple[str, Any]] = {}
    for level in ("park", "block"):
        if 0 < zone.count(level) <= MOST_BLOCKS:
            for row in zone.layer(level).to_dict("records"):
                shapes[str(row["id"])] = (level, row)
    table = zone.units[zone.units["level"].isin(["park", "block"])]
    if zone.count("block") > MOST_BLOCKS:
        table = table[table["level"] != "block"]
    listed = {str(id): row for id, row in zip(table.index, table.to_dict("records"), strict=True)}
    planned = _planned(zone)
    if "group" in zone.layers:  # a drawn group without members is a place of its own
        lone = {group["id"] for group in groups if not group["members"]}
        for row in zone.layer("group").to_dict("records"):
            id = str(row["id"])
            if id in lone and id in zone.units.index:
                shapes[id] = ("group", row)
                listed[id] = zone.units.loc[id].to_dict()
    order = list(dict.fromkeys([*listed, *planned, *shapes]))
    districts = _district_names(zone)
    hues = {group["id"]: group["hue"] for group in groups}
    boundaries, former = _by_unit(zone, "boundaries"), _by_unit(zone, "names")
    found = []
    for id in order:
        row, (level, shape) = listed.get(id, {}), shapes.get(id, ("", {}))
        parent = _text(row.get("parent"))
        group = _text(row.get("group")) or _text(shape.get("group"))
        entry = {
            "id": id,
            "level": level or _text(row.get("level")) or "park",
            "parent": parent or _text(shape.get("park_id")) or _text(shape.get("parent")),
            "group": group if group in hues else "",
            "hue": hues.get(group, _OTHER_HUE),
            "name": _pair(row.get("zh") or shape.get("zh"), row.get("en") or shape.get("en")),
            "find": _text(row.get("pinyin")),
            "aliases": [part for part in _text(row.get("aliases")).split("|") if part],
            "district": _district(_text(row.get("district")), districts),
            "since": _whole(row.get("since")),
            "until": _whole(row.get("until")),
            "note": _pair(row.get("note"), row.get("note_en")),
            "planned": id in planned,
            **_position(zone, id, parent),
            **_drawn(shape),
            "boundary": [_line(item) for item in boundaries.get(id, [])],
            "former": [
                {"name": _pair(item.get("zh"), item.get("en")), **_texts(item, "since", "until")}
                for item in former.get(id, [])
            ],
        }
        if not any(entry["name"]):
            entry["name"] = [id, id]
        found.append(entry)
    return found


def _drawn(shape: dict[str, Any]) -> dict[str, Any]:
    """Return what the outline of a unit says of itself, and where it lies."""
    geometry = shape.get("geometry")
    place = None if geometry is None or geometry.is_empty else geometry
    return {
        "precision": _text(shape.get("precision")),
        "error": _number(shape.get("error_m")),
        "made": _pair(shape.get("made_zh"), shape.get("made_en")),
        "stated": _number(shape.get("stated_area_m2")),
        "statedYear": _whole(shape.get("stated_year")),
        "at": place and _at(place.representative_point()),
        "g": place and _geometry(place),
    }


def _line(item: dict[str, Any]) -> dict[str, Any]:
    sides = [_text(item.get(side)) for side in ("east", "south", "west", "north")]
    return {"what": _text(item.get("what")), "sides": sides, **_texts(item, "year", "source")}


def _texts(item: dict[str, Any], *names: str) -> dict[str, str]:
    return {name: _text(item.get(name)) for name in names}


def _planned(zone: Zone) -> list[str]:
    if zone.plan is None:
        return []
    named = [park for group in zone.plan.groups.values() for park in (*group.members, *group.hosts)]
    found = dict.fromkeys([*named, *zone.plan.parks])
    return [park for park in found if "within" not in zone.meta or park in zone.units.index]


def _position(zone: Zone, id: str, parent: str) -> dict[str, Any]:
    """Industries of a unit, the clauses that place them, and the plan's own words."""
    plan = zone.plan
    if plan is None:
        return {"industries": [], "clauses": [], "words": []}
    unit = id if plan.group_of(id) or id in plan.parks else parent
    placed, of_unit = plan.park_industries.get(unit, frozenset()), plan.group_of(unit)
    return {
        "industries": [key for key in plan.industries if key in placed],
        "clauses": [[clause.zh or clause.id, clause.id] for clause in plan.clauses_of(unit)],
        "words": list(of_unit.industry_terms) if of_unit else [],
    }


def _by_unit(zone: Zone, table: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    rows = zone.tables.get(table)
    if rows is not None and "unit" in rows:
        for row in rows.to_dict("records"):
            found.setdefault(_text(row["unit"]), []).append(row)
    return found


def _district_names(zone: Zone) -> dict[str, str]:
    if "district" not in zone.layers:
        return {}
    layer = zone.layer("district")
    return {_text(zh): _text(en) for zh, en in zip(layer["zh"], layer["en"], strict=True)}


def _district(text: str, names: Mapping[str, str]) -> list[str]:
    parts = [part for part in re.split(r"[;；]", text) if part]
    return ["、".join(parts), ", ".join(names.get(part) or part for part in parts)]


# --- shapes --------------------------------------------------------------------------------


def _at(point: Any) -> list[float]:
    return [round(float(point.y), _STEPS), round(float(point.x), _STEPS)]


def _geometry(geometry: Any) -> dict[str, Any]:
    """GeoJSON with rounded coordinates; rounding may not fold a shape away."""
    kind = geometry.geom_type
    if kind == "GeometryCollection":
        polygons = [part for part in geometry.geoms if part.geom_type.endswith("Polygon")]
        geometry = shapely.union_all(polygons) if polygons else geometry.representative_point()
        kind = geometry.geom_type
    mapped = shapely.geometry.mapping(geometry)
    return {"type": kind, "coordinates": _rounded(mapped["coordinates"])}


def _rounded(coordinates: Any) -> Any:
    if coordinates and isinstance(coordinates[0], int | float):
        return [round(float(value), _STEPS) for value in coordinates[:2]]
    return [_rounded(part) for part in coordinates]


def _shapes(zone: Zone, level: str) -> list[dict[str, Any]]:
    if level not in zone.layers:
        return []
    found = []
    for row in zone.layer(level).to_dict("records"):
        geometry = row["geometry"]
        if geometry is None or geometry.is_empty:
            continue
        found.append(
            {
                "id": _text(row["id"]),
                "level": level,
                "name": _pair(row.get("zh"), row.get("en")),
                "parent": _text(row.get("parent")),
                "since": _whole(row.get("since")),
                "until": _whole(row.get("until")),
                "precision": _text(row.get("precision")),
                "error": _number(row.get("error_m")),
                "at": _at(geometry.representative_point()),
                "g": _geometry(geometry),
            }
        )
    return found


# --- values --------------------------------------------------------------------------------


def _years(zone: Zone, values: DataFrame) -> list[int]:
    known = sorted({int(year) for year in values["year"]}) if len(values) else []
    stated = zone.meta.get("years")
    if stated:
        return list(range(int(min(stated)), int(max(stated)) + 1))
    return list(range(known[0], known[-1] + 1)) if known else []


def _values(table: DataFrame, ids: set[str], sources: dict[str, int]) -> dict[str, Any]:
    """Values by quantity and unit: ``[year, value, qualifier, status, basis, source, note …]``."""
    found: dict[str, dict[str, list[Any]]] = {}
    for row in table.sort_values(["key", "unit", "year"], kind="stable").to_dict("records"):
        if row["unit"] not in ids:
            continue
        cell = [
            int(row["year"]),
            _number(row["value"]),
            row["qualifier"],
            row["period"],
            row["scope"],
            row["basis"],
            row["status"],
            row["series"],
            _index(sources, row["source"]),
            _pair(row["note_zh"], row["note_en"]),
            int(row["others"] or 0),
        ]
        found.setdefault(row["key"], {}).setdefault(row["unit"], []).append(cell)
    return found


def _records(zone: Zone, ids: set[str], sources: dict[str, int]) -> dict[str, list[Any]]:
    """Every value stated for a unit, as its source prints it, for the card."""
    found: dict[str, list[Any]] = {}
    table = zone.accounts
    table = table[table["value"].notna() & table["year"].notna()]
    table = table.sort_values(["unit", "key", "year"], kind="stable")
    for row in table.to_dict("records"):
        unit, key = _text(row["unit"]), _text(row["key"])
        if unit not in ids or _text(row.get("status")) == "carried":
            continue
        factor = in_units(TERMS[key].unit)[0] if key in TERMS else 1.0
        found.setdefault(unit, []).append(
            [
                int(row["year"]),
                key,
                _number(row["value"] * factor),
                _text(row.get("qualifier")) or "=",
                _text(row.get("period")) or "annual",
                _text(row.get("scope")),
                _text(row.get("basis")),
                _text(row.get("status")),
                _text(row.get("series")),
                _index(sources, row.get("source")),
                _pair(row.get("note"), row.get("note_en")),
            ]
        )
    return found


def _words(zone: Zone) -> dict[str, Any]:
    """Names of keys, periods, statuses and series that the page has to say."""
    keys = sorted({_text(key) for key in zone.accounts["key"].dropna()})
    terms = {}
    for key in keys:
        if key in TERMS:
            term = TERMS[key]
            _, zh, en = in_units(term.unit)
            terms[key] = {
                "name": [term.zh, term.en],
                "unit": [zh, en],
                "note": [term.note_zh, term.note_en],
            }
    periods = sorted({_text(p) for p in zone.accounts["period"].dropna()} | {"annual", "stock"})
    return {
        "terms": terms,
        "periods": {p: [period_name(p), period_name(p, "en")] for p in periods},
        "status": _table(zone.meta.get("status")),
        "series": _table(zone.meta.get("series")),
    }


def _table(entries: Any) -> dict[str, list[str]]:
    if not isinstance(entries, Mapping):
        return {}
    return {
        str(key): _pair(entry.get("zh"), entry.get("en"))
        for key, entry in entries.items()
        if isinstance(entry, Mapping)
    }


def _eras(zone: Zone) -> list[list[Any]]:
    """Which parks made up the zone when: years, both names, how many; if the folder says so."""
    rows = zone.tables.get("members")
    if rows is None or not {"set", "zh", "en", "since", "until"} <= set(rows.columns):
        return []
    found: dict[str, list[Any]] = {}
    counted: dict[str, set[str]] = {}
    for row in rows.to_dict("records"):
        members = counted.setdefault(_text(row["set"]), set())
        members.add(_text(row.get("counted_as")) or _text(row.get("unit")))
        since, until = _text(row["since"]), _text(row["until"])
        entry = found.setdefault(_text(row["set"]), [None, None, *_pair(row["zh"], row["en"])])
        if since.isdigit() and (entry[0] is None or int(since) < entry[0]):
            entry[0] = int(since)
        if until.isdigit() and (entry[1] is None or int(until) > entry[1]):
            entry[1] = int(until)
    for key, entry in found.items():
        entry.append(len(counted[key]))
    return sorted(found.values(), key=lambda era: era[0] or 0)


# --- plan ----------------------------------------------------------------------------------


def _plan(zone: Zone) -> dict[str, Any] | None:
    if zone.plan is None:
        return None
    return {
        "name": _pair(zone.plan.names.get("zh"), zone.plan.names.get("en")),
        "period": list(zone.plan.period),
    }


def _industries(zone: Zone) -> list[dict[str, Any]]:
    """Return the industries of the plan, then those that firms have and the plan does not name."""
    planned = zone.plan.industries if zone.plan is not None else {}
    found = [
        {
            "id": entry.key,
            "name": _pair(entry.zh, entry.en),
            "kind": entry.kind,
            "covers": list(entry.covers),
            "clause": _clause(zone, entry.clause),
        }
        for entry in planned.values()
    ]
    for key, name in desks.unplanned(zone).items():
        found.append({"id": key, "name": _pair(*name), "kind": "", "covers": [], "clause": ""})
    return found


def _demands(zone: Zone) -> list[dict[str, Any]]:
    if zone.plan is None:
        return []
    return [
        {"t": _pair(entry.zh, entry.en), "clause": _clause(zone, entry.clause)}
        for entry in zone.plan.demands
    ]


def _goals(zone: Zone, sources: dict[str, int]) -> list[dict[str, Any]]:
    if zone.plan is None or not zone.plan.targets:
        return []
    found = []
    for row in goals(zone).to_dict("records"):
        factor, unit_zh, unit_en = in_units(_text(row["unit"]))
        value, target = _number(row["value"]), _number(row["target"])
        found.append(
            {
                "name": _pair(row["zh"], row["en"]),
                "year": _whole(row["target_year"]),
                "target": None if target is None else float(f"{target * factor:.6g}"),
                "printed": _text(row["printed"]),
                "unit": [unit_zh, unit_en],
                "value": None if value is None else float(f"{value * factor:.6g}"),
                "valueYear": _whole(row["year"]) if _text(row["year"]) else None,
                "period": _text(row["period"]),
                "qualifier": _text(row["qualifier"]),
                "verdict": _text(row["verdict"]),
                "word": _pair(row["verdict_zh"], row["verdict_en"]),
                "why": _pair(row["why_zh"], row["why_en"]),
                "clause": _clause(zone, _text(row["clause"])),
                "source": _index(sources, row["source"]),
            }
        )
    return found

"""The land on the map (看地): parcels, buildings and plan layers as the page reads them.

Each layer becomes one packed block (:mod:`.codec`) and a record that says how it may be
coloured, what its card shows, and what of it could not be drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame, Series

from ...checks import check
from ...findings import describe
from ...geo import area_m2
from ...language.errors import UnknownNameError
from ...language.terms import TERMS, VALUES
from ...model import COLUMNS, LEVELS, Zone
from ...plan.land_use import CLASSES, STATE_KEYS, build_states, classify, text_of, texts
from ..panel import breaks
from .codec import Packed, pack, pack_columns
from .room import MOST_BYTES, Foreseen, Land, Part, coarse, fill, need_of, not_read, room_of

__all__ = [
    "LAND_LEVELS",
    "MOST_BLOCKS",
    "asked_layers",
    "class_style",
    "common_uses",
    "counting",
    "land_of",
    "levels_of",
    "packed_rows",
    "ramp_style",
    "state_style",
    "use_style",
]

LAND_LEVELS = (
    "master_plan",
    "detailed_plan",
    "urban_boundary",
    "protection",
    "prohibited",
    "block",
    "parcel",
    "building",
)
"""Levels drawn as land, the lowest first."""

_MOST_CLASSES = 200
_OUTLINES = {
    "block": "#6b7680",
    "urban_boundary": "#b45309",
    "protection": "#1d6b43",
    "prohibited": "#a32a1f",
}
_FROM_ZOOM = {"block": 12, "building": 15}
_OTHERS = ("firm", "park", "none")
MOST_BLOCKS = 2000
_NO_FIELDS = {"since", "until", "park_id", "land_use", "planned_use", "land_use_system", "en", "precision", "error_m"}  # fmt: skip
_TONES = (
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#edc948", "#b07aa1", "#9c755f",
    "#ff9da7", "#bab0ac", "#86bcb6", "#d37295",
)  # fmt: skip
_OUR_WORDS: Mapping[str, tuple[str, str, str]] = {
    "land_use": ("现状用途", "Land use", ""),
    "planned_use": ("规划用途", "Planned use", ""),
    "build_state": ("建设状况", "How built", ""),
    "supply_state": ("供应状况", "How supplied", ""),
    "far": ("现状容积率", "Actual floor area ratio", ""),
    "supply_year": ("供地年份", "Year of supply", ""),
    "plan_fit": ("规划与现状用途", "Plan against actual use", ""),
}
_FIT = (("一致", "same class", "#8fb9b3"), ("不一致", "another class", "#b4325a"))
_APART = {"public": "#f2a6c8", "business": "#c2372e", "other_land": "#c8c2b0"}
"""Classes whose colour is another's in the standard, where both stand side by side."""


@dataclass(slots=True)
class _Sheet:
    """One layer while its columns are gathered: ways to colour it, and what its card says."""

    rows: GeoDataFrame
    system: str
    styles: list[dict[str, Any]] = field(default_factory=list)
    columns: dict[str, Series] = field(default_factory=dict)

    def add(self, style: dict[str, Any] | None, values: NDArray[Any] | None) -> None:
        if style is not None and values is not None:
            self.styles.append(style)
            self.columns[f"by.{style['key']}"] = Series(values, index=self.rows.index)


def levels_of(zone: Zone, asked: Mapping[str, str] | None) -> list[str]:
    """Return the levels of land that a page shows: all there are, or those asked for.

    Raises
    ------
    UnknownNameError
        If `asked` names a level that there is not.
    """
    there = [level for level in LAND_LEVELS if zone.count(level)]
    if "block" in there and zone.count("block") <= MOST_BLOCKS:
        there.remove("block")  # each is a place with a card of its own
    unknown = sorted(set(asked or ()) - {*LAND_LEVELS, *_OTHERS})
    if unknown:
        raise UnknownNameError(unknown[0], [*LAND_LEVELS, *_OTHERS], what="layer", zh="图层")
    return there if asked is None else [level for level in there if level in asked]


def land_of(
    zone: Zone,
    asked: Mapping[str, str] | None = None,
    *,
    room: int | None = None,
    most: int = MOST_BYTES,
    beside: Mapping[str, Series] | None = None,
    foreseen: Mapping[str, Foreseen] | None = None,
    parcels: Made | None = None,
) -> Land:
    """Return the land layers of a zone for a page.

    Parameters
    ----------
    zone
        The zone; levels it does not have are left out.
    asked
        Levels to draw, each with the style it opens with (empty for the first); by default all
        of :data:`LAND_LEVELS` that there are.
    room
        Bytes that all layers together may take in the page; by default 44 a parcel, at least
        5.3 MB and at most 29 MB, and 29 MB for levels that are asked for. What does not fit is left
        out, the least needed first, and a sentence says what.
    most
        Bytes that the parcels and levels that are asked for may take in any case.
    beside
        Further columns of the parcels, by key, that the page cannot do without.
    foreseen
        What :func:`.room.foresee` says of the levels; a level that does not fit is not read.
    parcels
        The parcels, where :func:`parcels_ahead` made them.

    Raises
    ------
    PageTooLargeError
        If the shapes of the parcels, or of a level that is asked for, do not fit.
    """
    room = min(room_of(zone, asked) if room is None else room, most)
    needed = {"parcel", *(asked or ())}
    found, parts, records = Land(), [], {}
    rest = room - need_of(zone, foreseen or {}, needed)
    for level in levels_of(zone, asked):
        ahead = (foreseen or {}).get(level, Foreseen(0))
        if level not in needed and ahead.size > max(rest, 0):
            found.said.append(not_read(level, zone.count(level), ahead.size, room))
            continue
        more = (beside or {}) if level == "parcel" else {}
        drawn = _Drawn(level, (asked or {}).get(level, ""), ahead.bits, level in needed)
        made = parcels if level == "parcel" and parcels and not more else None
        records[level], own, said = made or _packed(zone, drawn, more)
        parts += own
        found.said += said
    fill(found, records, parts, room, most)
    found.layers = [record for level, record in records.items() if level in found.blocks]
    return found


def parcels_ahead(
    zone: Zone, asked: Mapping[str, str] | None, foreseen: Mapping[str, Foreseen]
) -> Made | None:
    """Return the parcels as :func:`land_of` takes them: whatever room there is, they are drawn."""
    if "parcel" not in levels_of(zone, asked):
        return None
    ahead = foreseen.get("parcel", Foreseen(0))
    style = (asked or {}).get("parcel", "")
    return _packed(zone, _Drawn("parcel", style, ahead.bits, needed=True), {})


@dataclass(frozen=True, slots=True)
class _Drawn:
    """How a level is to be drawn: its first style, its unit, whether the page cannot do without."""

    level: str
    style: str
    bits: int | None
    needed: bool


Made = tuple[dict[str, Any], list[Part], list[list[str]]]
"""A layer before it is known what of it fits: what the page says of it, its parts, what is said."""


def _packed(zone: Zone, drawn: _Drawn, beside: Mapping[str, Series]) -> Made:
    level, style = drawn.level, drawn.style
    rows = zone.layer(level)
    rows = rows.set_index(pd.RangeIndex(len(rows)))
    sheet = _Sheet(rows, str(zone.meta.get("land_use_system") or ""))
    sheet.columns["area_m2"] = area_m2(rows.geometry).fillna(0).round(1)
    _STYLES.get(level, _outline)(zone, level, sheet)
    keys = [entry["key"] for entry in sheet.styles]
    if style and style not in keys:
        raise UnknownNameError(style, keys, what=f"way to colour {level}", zh="着色方式")
    fields = _fields(rows, level)
    sheet.columns.update({key: rows[key] for key, _, _ in fields})
    if "park_id" in rows and rows["park_id"].notna().any():
        sheet.columns["park_id"] = rows["park_id"]
    sheet.columns.update(beside)
    packed = pack(rows.to_crs("EPSG:4490").geometry.to_numpy(), drawn.bits)
    said = []
    if drawn.bits is not None and len(packed.order):
        said.append(coarse(level, len(rows), drawn.bits, float(rows.total_bounds[1])))
    opening = style or (keys[0] if keys else "")
    record = {
        "key": level,
        "name": [LEVELS[level].zh, LEVELS[level].en],
        "from": _FROM_ZOOM.get(level, 0),
        "total": len(rows),
        "meta": packed.meta,
        "styles": sheet.styles,
        "style": opening,
        "fields": fields,
        "columns": {},
    }
    said += _not_drawn(record, packed)
    if not len(packed.order):
        return record, [], said
    base = _RANKS.get(level, 1)
    parts = [Part(base, level, "", {}, packed.data, drawn.needed)]
    order = list(sheet.columns)
    for key, (told, data) in pack_columns(sheet.columns, packed.order).items():
        first = key in (f"by.{opening}", *_FIRST, *beside)
        rank = base if first else base + _later(key, order)
        parts.append(Part(rank, level, key, told, data, drawn.needed and first))
    return record, parts, said


def packed_rows(key: str, name: Sequence[str], rows: GeoDataFrame, columns: Mapping[str, Series]) -> tuple[dict[str, Any], dict[str, str]]:  # fmt: skip
    """Return polygons as a layer of the page with these columns alone: record, and blocks by key."""
    packed = pack(rows.to_crs("EPSG:4490").geometry.to_numpy())
    record: dict[str, Any] = {
        "key": key, "name": list(name), "from": 0, "total": len(rows), "meta": packed.meta,
        "styles": [], "style": "", "fields": [], "columns": {},
    }  # fmt: skip
    blocks = {key: packed.data}
    for column, (told, data) in pack_columns(columns, packed.order).items():
        record["columns"][column], blocks[f"{key}.{column}"] = told, data
    return record, blocks


_FIRST = ("area_m2", "id", "park_id", "since", "until")
_RANKS = {"parcel": 0, "building": 400, "detailed_plan": 500}


def _later(key: str, order: Sequence[str]) -> int:
    """Ways to colour before what a card says, each in its order."""
    return (100 if key.startswith("by.") else 200) + order.index(key)


def _not_drawn(record: Mapping[str, Any], packed: Packed) -> list[list[str]]:
    left = record["total"] - len(packed.order)
    if not left:
        return []
    zh, en = record["name"]
    return [
        [
            f"{zh}层 {record['total']} 个要素中有 {left} 个没有可画的面，未上图。",
            f"{left} of {record['total']} features of the {en} layer have no polygon and are not drawn.",
        ]
    ]


def _fields(rows: GeoDataFrame, level: str) -> list[list[str]]:
    """Columns of a card: key and both names, those that say something."""
    names = ["id", *(key for key in ("zh", "name") if key in rows)]
    known = [key for key in LEVELS[level].columns if key in rows and key not in _NO_FIELDS]
    keys = list(dict.fromkeys([*names, *known]))
    return [
        [key, COLUMNS[key].zh, COLUMNS[key].en]
        for key in keys
        if key == "id" or rows[key].notna().any()
    ]


# --- ways to colour ---------------------------------------------------------------------------


def _words(key: str) -> tuple[str, str, str]:
    if key in _OUR_WORDS:
        return _OUR_WORDS[key]
    column = COLUMNS[key]
    unit = "m2" if key.endswith("_m2") else ""
    return column.zh, column.en, unit


def class_style(
    key: str, values: Series, name: Sequence[str], classes: Sequence[tuple[str, str, str]] = ()
) -> tuple[dict[str, Any] | None, NDArray[Any] | None]:
    """Return a style by classes, and the class of each row; class 0 is not known and not painted.

    Parameters
    ----------
    key, name
        Key of the style, and its Chinese and English names.
    values
        What the rows say, as text; empty where nothing is known.
    classes
        Chinese name, English name and colour per value in order of first use; by default the
        values themselves in colours of our own.
    """
    of, texts = pd.factorize(values.astype("object").where(values.notna(), "").astype(str))
    counts = np.bincount(of, minlength=len(texts))
    often = {str(text): int(count) for text, count in zip(texts, counts, strict=True) if text}
    order = sorted(often, key=lambda value: (-often[value], value))
    if not order:
        return None, None
    kept = order[:_MOST_CLASSES]
    told = {c[0]: c for c in classes}
    found: list[dict[str, Any]] = [{"name": ["没有数据", "No data"], "colour": None}]
    for place, value in enumerate(kept):
        zh, en, colour = told.get(value, (*VALUES.get(value, (value, value)), _TONES[place % 12]))
        found.append({"name": [zh, en], "colour": colour})
    rest = order[_MOST_CLASSES:]
    if rest:
        found.append({"name": [f"其余 {len(rest)} 种", f"{len(rest)} others"], "colour": "#8c8371"})
    place_of = {value: place + 1 for place, value in enumerate(kept)}
    codes = [place_of.get(text, len(kept) + 1 if text else 0) for text in texts]
    style = {"key": key, "name": list(name), "kind": "class", "classes": found}
    return style, np.array(codes, np.uint8)[of]


def ramp_style(
    key: str,
    values: Series,
    name: Sequence[str],
    unit: Sequence[str] = ("", ""),
    decimals: int = 4,
) -> tuple[dict[str, Any] | None, NDArray[Any] | None]:
    """Return a style by amount in five classes, and the value of each row; NaN is not painted.

    Values below 100 keep so many decimals, others two.
    """
    numbers = pd.to_numeric(values).astype("float64")
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return None, None
    limits = [float(limit) for limit in breaks(known)]
    style = {
        "key": key, "name": list(name), "kind": "ramp", "unit": list(unit), "breaks": limits,
        "range": [float(f"{known.min():.4g}"), float(f"{known.max():.4g}")],
    }  # fmt: skip
    return style, numbers.round(decimals if known.abs().max() < 100 else 2).to_numpy()


@cache
def _colours() -> Mapping[tuple[str, str], str]:
    path = files("zgcgis").joinpath("resources/land_use_colours.csv")
    with path.open(encoding="utf-8") as file:
        table = pd.read_csv(file, dtype=str)
    return dict(zip(zip(table["system"], table["code"], strict=True), table["colour"], strict=True))


@cache
def _class_colours() -> Mapping[str, str]:
    """For a code without a colour of its own: the one its class has in the guide of 2023."""
    codes = Series([code for system, code in _colours() if system == "yonghai_2023"])
    known = classify(codes, "yonghai_2023")
    found: dict[str, str] = {}
    for code, name in zip(codes, known["class"], strict=True):
        found.setdefault(str(name), _colours()["yonghai_2023", code])
    return found


def use_style(
    key: str, codes: Series, system: Series | str, name: Sequence[str]
) -> tuple[dict[str, Any] | None, NDArray[Any] | None]:
    """Return a style by land use in the colours of the national drawing standards.

    A code that its system does not know is a class of its own, painted in none of them.
    """
    known = classify(codes, system)
    systems = system if isinstance(system, Series) else Series(system, index=codes.index)
    label = known["known_as"].where(known["known_as"] != "", texts(codes))
    told: dict[str, tuple[str, str, str]] = {}
    rows = DataFrame(
        {"label": label, "system": systems, "zh": known["zh"], "class": known["class"]}
    )
    for row in rows.drop_duplicates("label").itertuples(index=False):
        if not row.label:
            continue
        colour = _colours().get((str(row.system), row.label)) or _class_colours().get(row[3])
        zh = f"{row.label} {row.zh}" if row.zh else f"{row.label}（代码不在分类表中）"
        en = (
            f"{row.label} {CLASSES[row[3]][1]}" if row[3] else f"{row.label} (no code of the table)"
        )
        told[row.label] = (zh, en, colour or "#ffffff")
    style, places = class_style(key, label, name)
    if style is not None:
        order = label[label != ""].value_counts()
        kept = sorted(order.index, key=lambda value: (-order[value], value))[:_MOST_CLASSES]
        for entry, value in zip(style["classes"][1:], kept, strict=False):
            entry["name"], entry["colour"] = list(told[value][:2]), told[value][2]
    return style, places


def common_uses(uses: Series) -> tuple[dict[str, Any] | None, NDArray[Any] | None]:
    """Return a style by the common classes of land use, given as their keys."""
    colours = {**_class_colours(), **_APART}
    told = [(*names, colours.get(key, "#ffffff")) for key, names in CLASSES.items()]
    names = uses.map({key: names[0] for key, names in CLASSES.items()})
    return class_style("class", names, ("用途", "Use"), told)


def _systems(rows: DataFrame, system: str) -> Series:
    own = text_of(rows, "land_use_system")
    return own.where(own != "", system)


def _uses(sheet: _Sheet, keys: Sequence[str]) -> None:
    for key in keys:
        if key in sheet.rows:
            systems = _systems(sheet.rows, sheet.system)
            sheet.add(*use_style(key, text_of(sheet.rows, key), systems, _words(key)[:2]))


def state_style(key: str, states: Series) -> tuple[dict[str, Any] | None, NDArray[Any] | None]:
    """Return a style by how built or supplied, in the words of TD/T 1029 for the class it begins with."""

    def said(code: str) -> tuple[str, str]:
        if code == "-":
            return "非建设用地", "No construction land"
        for end in range(len(code), 0, -1):
            term = TERMS.get(STATE_KEYS.get(code[:end], ""))
            if term is not None:
                return f"{code} {term.zh}", f"{code} {term.en}"
        return code, code

    style, places = class_style(key, states, _words(key)[:2])
    if style is not None:
        for entry in style["classes"][1:]:
            entry["name"] = list(said(entry["name"][0]))
    return style, places


def _ramps(sheet: _Sheet, keys: Sequence[str]) -> None:
    for key in keys:
        if key in sheet.rows and sheet.rows[key].notna().any():
            zh, en, unit = _words(key)
            sheet.add(*ramp_style(key, sheet.rows[key], (zh, en), _unit(unit)))


def _unit(unit: str) -> tuple[str, str]:
    return {"m2": ("平方米", "m²")}.get(unit, (unit, unit))


def _parcels(zone: Zone, level: str, sheet: _Sheet) -> None:  # noqa: ARG001
    rows = sheet.rows
    _uses(sheet, ("land_use", "planned_use"))
    _fit(sheet)
    states = build_states(rows, sheet.system)["state"]
    sheet.add(*state_style("build_state", states))
    if "supply_state" in rows:
        sheet.add(*state_style("supply_state", text_of(rows, "supply_state")))
    floors = _floor_areas(zone, rows)
    if floors is not None:
        sheet.columns["floor_area_m2"] = floors
        area = sheet.columns["area_m2"].where(lambda a: a > 0)
        sheet.add(*ramp_style("far", floors / area, _OUR_WORDS["far"][:2], decimals=2))
    _ramps(sheet, ("planned_far",))
    if "supply_date" in rows:
        years = pd.to_datetime(rows["supply_date"]).dt.year
        sheet.add(*ramp_style("supply_year", years, _OUR_WORDS["supply_year"][:2]))
    _ramps(sheet, ("idle_m2",))
    _life(sheet)


def _fit(sheet: _Sheet) -> None:
    rows = sheet.rows
    if "planned_use" not in rows or "land_use" not in rows:
        return
    systems = _systems(rows, sheet.system)
    now = classify(text_of(rows, "land_use"), systems)["class"]
    plan = classify(text_of(rows, "planned_use"), systems)["class"]
    both = (now != "") & (plan != "")
    said = Series(np.where(now == plan, _FIT[0][0], _FIT[1][0]), index=rows.index).where(both, "")
    sheet.add(*class_style("plan_fit", said, _OUR_WORDS["plan_fit"][:2], _FIT))


def _floor_areas(zone: Zone, parcels: DataFrame) -> Series | None:
    """Floor area of the buildings that stand, by the parcel they name."""
    if "building" not in zone.layers:
        return None
    built = zone.layer("building")
    if not {"parcel_id", "floor_area_m2"} <= set(built.columns):
        return None
    standing = built[built["until"].isna()] if "until" in built else built
    sums = standing.groupby("parcel_id")["floor_area_m2"].sum(min_count=1)
    if not len(sums):
        return None
    return parcels["id"].map(sums).astype("float64")


def _life(sheet: _Sheet) -> None:
    for key in ("since", "until"):
        if key in sheet.rows and sheet.rows[key].notna().any():
            years = pd.to_numeric(sheet.rows[key]).fillna(0).clip(0, 65535)
            sheet.columns[key] = years.astype(np.uint16)


def _buildings(zone: Zone, level: str, sheet: _Sheet) -> None:  # noqa: ARG001
    _ramps(sheet, ("storeys", "built_year"))
    for key in ("kind", "use"):
        if key in sheet.rows:
            sheet.add(*class_style(key, text_of(sheet.rows, key), _words(key)[:2]))
    _life(sheet)


def _plans(zone: Zone, level: str, sheet: _Sheet) -> None:  # noqa: ARG001
    _uses(sheet, ("land_use",))
    _ramps(sheet, ("planned_far",))


def _outline(zone: Zone, level: str, sheet: _Sheet) -> None:  # noqa: ARG001
    grades = text_of(sheet.rows, "grade")
    names = [LEVELS[level].zh, LEVELS[level].en]
    if (grades != "").any():
        sheet.add(*class_style("grade", grades, names))
        return
    one = Series(names[0], index=sheet.rows.index)
    colour = _OUTLINES.get(level, "#5f6b76")
    sheet.add(*class_style("outline", one, names, [(names[0], names[1], colour)]))


_STYLES = {
    "parcel": _parcels,
    "building": _buildings,
    "master_plan": _plans,
    "detailed_plan": _plans,
}


def asked_layers(layers: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    """Take ``"parcel:land_use"`` apart into level and style."""
    for text in layers or ():
        level, _, style = text.partition(":")
        yield level, style


def counting(zone: Zone, said: list[str]) -> list[str]:
    """Return what is said of counting: the zone's own words, and on which land accounts stand."""
    found = check(zone, ("H214",))
    told = [describe(found, lang).iloc[0] for lang in ("zh", "en")] if len(found) else ["", ""]
    parts = zip(said, told, ("。", "."), strict=True)
    return ["\n".join(filter(None, (own, land and land + end))) for own, land, end in parts]

"""Which column of a foreign table is which column of a level, and in which unit it is.

Names are matched by the table of aliases (``resources/aliases.toml``); a unit that stands in a
name is read; a name whose unit is not known is passed over, and that is said.
"""

from __future__ import annotations

import math
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import pandas as pd

from ..model import COLUMNS, LEVELS
from .encoding import without_invisible
from .layer import Columns, Field, Layer, Options, Schema
from .log import Log

__all__ = [
    "Guess",
    "family_of_unit",
    "guess_level",
    "is_red_line",
    "match",
    "match_columns",
    "named_unit",
    "plain_name",
    "resource",
    "scale_of",
    "schema_of",
    "schemas",
    "twins",
    "units_by_name",
]

_OF_MANY = {"id", "zh", "en", "name", "park_id", "block_id", "parcel_id", "since", "until"}
_SAME_UNIT = {
    "_persons": ("人", "名"),
    "_tce": ("吨标准煤", "吨标煤", "tce"),
    "_months": ("月", "个月"),
    "storeys": ("层",),
    "storeys_below": ("层",),
    "year": ("年",),
    "error_m": ("m", "米"),
    "height_m": ("m", "米"),
    "_pct": ("%",),
}


LEAST_TOLD = 0.95
"""Share of the rows that an id tells apart, slips aside."""
_RUNNING = {"序号", "gid", "fid1", "objectid1", "objectid", "fid"}  # numbers of rows are no ids
_LONGEST_NAME = 200  # beyond, a name states no unit


@lru_cache(maxsize=1)
def resource() -> dict[str, Any]:
    """Return the table of aliases, units, limits and spellings."""
    text = files("zgcgis").joinpath("resources/aliases.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=1 << 14)
def plain_name(name: str) -> str:
    """Return a name without case, width, blanks, dots, dashes and underscores."""
    name = unicodedata.normalize("NFKC", without_invisible(str(name))).casefold()
    return re.sub(r"[\s_\-.]+", "", name)


@lru_cache(maxsize=1)
def units_by_name() -> dict[str, tuple[str, float]]:
    """Return by spelling: the unit's key and its factor to m² or 10 000 CNY."""
    found = {}
    for family in ("area", "money"):
        for key, entry in resource()["units"][family].items():
            for name in (key, *entry["names"]):
                found[f"{family}:{plain_name(name)}"] = (key, float(entry["factor"]))
    return found


def family_of_unit(column: str) -> str | None:
    """Return of which family the unit of a column is: area, money or None."""
    return "area" if column.endswith("_m2") else "money" if column.endswith("_wan") else None


def scale_of(column: str, unit: str) -> float | None:
    """Return the factor from a unit to that of a column, or None if it is none."""
    family = family_of_unit(column)
    if family is None:
        return None
    found = units_by_name().get(f"{family}:{plain_name(unit)}")
    return None if found is None else found[1]


@lru_cache(maxsize=1 << 12)
def named_unit(name: str) -> tuple[str, str | None]:
    """Return a head without the unit of measure that stands in it, and that unit, if any."""
    if len(name) > _LONGEST_NAME:
        return name, None
    text = unicodedata.normalize("NFKC", name).strip().replace("^", "")
    text = re.sub(r"单位\s*[:：]?\s*", "", text)
    found = re.match(
        r"^(.*?)\s*[\(\[（【_/:,、]\s*([^()\[\]（）【】_/:,、]+?)\s*[\)\]）】]?$", text
    )
    if found and found[1] and found[1].count("(") == found[1].count(")"):
        unit = plain_name(found[2])
        if any(f"{family}:{unit}" in units_by_name() for family in ("area", "money")):
            return found[1], unit
    for unit in ("平方公里", "平方千米", "平方米", "公顷", "亩", "万元", "亿元"):
        if text.endswith(unit) and len(text) > len(unit):
            return text[: -len(unit)], unit
    return name, None


def match(layer: Layer, options: Options) -> Layer:
    """Stage *columns*: settle the level, and which column of the file is which of the level."""
    log = layer.log.fresh()
    frame = layer.values
    names = [str(c) for c in frame.columns]
    schema, known_by = schema_of(layer)
    if schema is None and (bare := _without_prefix(layer, log)) is not None:
        layer, (schema, known_by) = bare, schema_of(bare)
        frame, names = bare.values, [str(c) for c in bare.values.columns]
    guess = guess_level(names, layer.family, (layer.source.file, layer.name))
    if schema is not None:
        guess = Guess(schema.level, sure=True)
    elif not guess.sure or guess.level in {"parcel", "proposal"}:
        guess = Guess("proposal", sure=True) if is_red_line(layer) else guess
    titles = [plain_name(name) for name in (layer.source.file, layer.name)]
    if any(word in title for title in titles for word in ("dltbgx", "变更图斑", "变化图斑")):
        schema, known_by, guess = None, (), Guess("land_patch", sure=False)  # changes, no whole
    level = layer.level if layer.asked else guess.level
    if schema is not None and schema.level != level:
        schema, known_by = None, ()
    strange = set(options.rename) - set(names) and not set(options.rename.values()) <= set(names)
    if strange and not options.shared:
        log.stop("R605", detail="、".join(names)[:200])
    empty = {name: int(frame[name].isna().sum()) for name in names}
    matched = match_columns(
        names,
        level,
        options.rename,
        empty=frozenset(name for name in names if empty[name] == len(frame)),
        cut=layer.source.cut,
        schema=schema,
    )
    _choose_id(frame, level, matched, schema, options, log)
    for name, column in matched.cut.items():
        log.add("R208", None, detail=name, other=column)
    types = layer.source.types
    fields = tuple(
        Field(
            name,
            types.get(name, str(frame[name].dtype)),
            matched.of.get(name),
            matched.unit.get(name),
            empty[name],
        )
        for name in names
    )
    return layer.after(
        log,
        level=level,
        sure=guess.sure,
        schema=schema,
        known_by=known_by,
        matched=matched,
        fields=fields,
    )


def _without_prefix(layer: Layer, log: Log) -> Layer | None:
    """Return a layer whose names lost the title that a join put before each: DLTB_BSM, DLTB_DLBM.

    None unless what is left is the layer of a schema. A name that was cut for it is completed
    where one field of a schema alone begins so.
    """
    names = [str(c) for c in layer.values.columns]
    heads = {name.partition("_")[0] for name in names if "_" in name}
    head = next(
        (h for h in heads if sum(n.startswith(f"{h}_") for n in names) > 0.8 * len(names)), None
    )
    if head is None:
        return None
    fields = {
        field for one in schemas() for field in (*one.fields, *one.other, *one.columns, *one.ids)
    }
    new = {}
    for name in names:
        bare = name.removeprefix(f"{head}_")
        longer = {
            one for one in fields if one.startswith(bare) and layer.source.cut and len(bare) > 3
        }
        new[name] = (
            longer.pop() if bare != name and bare not in fields and len(longer) == 1 else bare
        )
    if len(set(new.values())) < len(names):
        return None
    types = {new.get(name, name): kind for name, kind in layer.source.types.items()}
    source = replace(layer.source, types=types)
    made = replace(layer, values=layer.values.rename(columns=new), source=source)
    if schema_of(made)[0] is None:
        return None
    log.add("R590", None, detail=f"{head}_", other="、".join(list(new.values())[:4]))
    return made


_OTHER_RED = ("生态", "保护", "耕地", "农田", "道路", "建筑", "退让", "河", "水", "宗地", "地籍")
"""Words before 红线 by which it is another line than that of land approved."""


def is_red_line(layer: Layer) -> bool:
    """Whether an outline is called a red line: that of land approved for a zone or a project."""
    if layer.schema is not None or layer.table or layer.asked:
        return False
    titles = {plain_name(name) for name in (layer.source.file, *layer.name.split("/"))}
    red = [title for title in titles if "红线" in title or "redline" in title]
    return bool(red) and not any(word in title for title in red for word in _OTHER_RED)


@lru_cache(maxsize=1)
def schemas() -> tuple[Schema, ...]:
    """Return the layers that are known by their schema."""
    text = files("zgcgis").joinpath("resources/schemas.toml").read_text(encoding="utf-8")
    made = []
    for name, entry in tomllib.loads(text).items():
        lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
        made.append(Schema(name=name, **(entry | lists)))
    return tuple(made)


def schema_of(layer: Layer) -> tuple[Schema | None, tuple[str, ...]]:
    """Return the schema of a layer, and by what it is known: its name, element code, fields."""
    there = {plain_name(str(c)): str(c) for c in layer.values.columns}
    titles = {plain_name(name) for name in (layer.source.file, *layer.name.split("/"))}
    best: tuple[int, Schema | None, tuple[str, ...]] = (0, None, ())
    for schema in schemas():
        if not all(plain_name(one) in there for one in schema.fields):
            continue
        if any(plain_name(one) in there for one in schema.without):
            continue
        other = [one for one in schema.other if plain_name(one) in there]
        named = [n for n in schema.names if any(plain_name(n) in title for title in titles)]
        code = _element_code(layer.values, there) if schema.codes else ""
        coded = [code] if code.startswith(schema.codes or "-") else []
        if not other and not coded and not (named and len(schema.fields) > 1):
            continue
        if len(schema.fields) == 1 and not (named or coded or len(other) > 1):
            continue
        fields = [*schema.fields, *other]
        score = 3 * bool(named) + 4 * bool(coded) + len(fields)
        if score > best[0]:
            by = (*named[:1], *(f"YSDM {one}" for one in coded), "、".join(fields[:6]))
            best = (score, schema, by)
    return best[1:]


def _element_code(frame: pd.DataFrame, there: Mapping[str, str]) -> str:
    """Return the one element code (YSDM) of a layer, empty without one."""
    if "ysdm" not in there:
        return ""
    codes = frame[there["ysdm"]].dropna().astype("str").unique()
    return str(codes[0]) if len(codes) == 1 else ""


def _choose_id(
    frame: pd.DataFrame,
    level: str,
    matched: Columns,
    schema: Schema | None,
    options: Options,
    log: Log,
) -> None:
    """Take the candidate for an id that is complete and unique before one of a more familiar name.

    One that is unique within the parcel, block or park that the feature names is joined to that.
    """
    chosen = matched.sources.get("id")
    if chosen is None or chosen in options.rename or len(frame) < 2:
        return
    years = [matched.sources[c] for c in (*LEVELS[level].feature_key, "since", "until")
             if c in matched.sources and c != "id"]  # fmt: skip
    if _told_apart(frame, [chosen, *years]) >= LEAST_TOLD * len(frame):
        return
    special = resource().get("level", {}).get(level, {})
    familiar = special.get("id", resource()["columns"]["id"])
    plain = {plain_name(str(c)): str(c) for c in frame.columns}
    names = dict.fromkeys(
        plain[key]
        for key in map(plain_name, [*(schema.ids if schema else ()), *familiar])
        if key in plain and key not in _RUNNING and plain[key] not in matched.of
    )
    whole = len(frame)
    better = next((n for n in names if _told_apart(frame, [n, *years]) == whole), None)
    if better is not None:
        del matched.of[chosen]
        matched.of[better] = "id"
        words = {"other": better, "detail": chosen, "measured": int(frame[chosen].nunique())}
        log.add("R542", None, **words, limit=len(frame))
        return
    for column in ("parcel_id", "block_id", "park_id"):
        source = matched.sources.get(column)
        if source is not None and _told_apart(frame, [source, chosen, *years]) == whole:
            matched.within = source
            log.add("R543", None, other=chosen, detail=source)
            return


def _told_apart(frame: pd.DataFrame, names: list[str]) -> int:
    """Return how many rows some columns tell from the others; the first of them must be filled."""
    held = frame[names[0]] if len(names) == 1 else frame[names]
    return int((~held.duplicated() & frame[names[0]].notna()).sum())


def match_columns(
    names: list[str],
    level: str,
    rename: Mapping[str, str],
    *,
    empty: frozenset[str] = frozenset(),
    cut: tuple[int, str] | None = None,
    schema: Schema | None = None,
) -> Columns:
    """Match the columns of a file with those of a level by the table of aliases.

    An `empty` column is no id; `cut` tells at how many bytes of which encoding names were cut;
    a `schema` knows its own fields before they are looked for by their names.
    """
    known = LEVELS[level].columns
    result = Columns()
    taken: set[str] = set()
    for old, new in rename.items():
        if old in names:
            result.of[old] = new
            taken.add(new)
    theirs = {} if schema is None else {plain_name(k): v for k, v in schema.columns.items()}
    for name in names if theirs else ():
        meant = theirs.get(plain_name(name))
        if meant in known and meant not in taken and name not in empty and name not in result.of:
            result.of[name] = meant
            taken.add(meant)
    special = resource().get("level", {}).get(level, {})
    split = {name: named_unit(name) for name in names}
    forms: dict[str, list[str]] = {}
    for name in names:
        if name not in result.of:
            forms.setdefault(plain_name(name), []).append(name)
    for name, (base, unit) in split.items():
        if name not in result.of and unit is not None:
            forms.setdefault(plain_name(base), []).append(name)
    for column in known:
        if column in taken:
            continue
        aliases = _names_of(column, special)
        for alias in aliases:
            hits = [n for n in forms.get(plain_name(alias), []) if n not in result.of]
            if column == "id":
                hits = [n for n in hits if n not in empty]
            if hits:
                result.of[hits[0]] = column
                unit = split[hits[0]][1]
                if (
                    unit is not None
                    and family_of_unit(column)
                    and plain_name(hits[0]) != plain_name(column)
                ):
                    result.unit[hits[0]] = unit
                taken.add(column)
                break
    if cut is not None:
        _match_cut(names, known, special, taken, cut, result)
    _match_units(names, known, special, taken, result)
    return result


def _names_of(column: str, special: Mapping[str, list[str]]) -> list[str]:
    """Return the names of a column: its key, its aliases, and the Chinese head we give it ourselves."""
    names = [column, *special.get(column, resource()["columns"].get(column, []))]
    if column in COLUMNS:
        zh = COLUMNS[column].zh
        names += dict.fromkeys([zh, named_unit(zh)[0]])
    return names


def twins(names: list[str]) -> list[list[str]]:
    """Return the groups of names that are one name but for case, width, blanks and underscores.

    Examples
    --------
    >>> twins(["Owner", "id", "OWNER"])
    [['Owner', 'OWNER']]
    """
    forms: dict[str, list[str]] = {}
    for name in names:
        forms.setdefault(plain_name(name), []).append(name)
    return [group for group in forms.values() if len(group) > 1]


def _match_units(
    names: list[str],
    known: tuple[str, ...],
    special: Mapping[str, list[str]],
    taken: set[str],
    result: Columns,
) -> None:
    """Match names that end in the unit a column has anyway; name those with a unit not known."""
    for name in names:
        if name in result.of or len(name) > _LONGEST_NAME:
            continue
        found = re.match(r"^(.+?)\s*[(（\[【]([^()（）]+)[)）\]】]$", name)
        if found is None:
            continue
        for column in known:
            aliases = [column, *special.get(column, resource()["columns"].get(column, []))]
            number = column in COLUMNS and COLUMNS[column].type in {"float", "int"}
            if (
                column in taken
                or not number
                or plain_name(found[1]) not in map(plain_name, aliases)
            ):
                continue
            ending = next((e for e in _SAME_UNIT if column.endswith(e)), "")
            if plain_name(found[2]) in _SAME_UNIT.get(ending, ()):
                result.of[name] = column
                taken.add(column)
            else:
                result.odd_unit[name] = column
            break


def _match_cut(
    names: list[str],
    known: tuple[str, ...],
    special: Mapping[str, list[str]],
    taken: set[str],
    cut: tuple[int, str],
    result: Columns,
) -> None:
    """Match names that a Shapefile cut to ten bytes with the one alias they begin."""
    for name in names:
        if name in result.of or len(name.encode(cut[1], "replace")) < cut[0] - 2:
            continue
        begun = {
            column
            for column in known
            if column not in taken
            for alias in (column, *special.get(column, resource()["columns"].get(column, [])))
            if len(alias) > len(name) and alias.casefold().startswith(name.casefold())
        }
        if len(begun) == 1:
            column = begun.pop()
            result.of[name] = column
            result.cut[name] = column
            taken.add(column)


class Guess(NamedTuple):
    """A level, and whether it is the only one that a layer can be meant for."""

    level: str
    sure: bool


_TITLES = {
    "parcel": ("宗地", "供地", "地块", "parcel"),
    "building": ("建筑", "房屋", "楼栋", "building"),
    "enterprise": ("企业", "enterprise", "firm"),
    "park": ("园区", "park"),
    "block": ("街区", "block"),
    "detailed_plan": ("控规", "详规", "控制性详细规划"),
    "master_plan": ("总体规划", "规划分区"),
    "district": ("行政区",),
    "land_patch": ("地类图斑", "dltb"),
}
"""Words in the title of a file that name a level."""
_OF_SUPPLY = {"supply_mode", "supply_date", "agreed_start_date", "land_price_wan"}
"""Columns that speak of the supply of land, and so of parcels alone."""
_OF_PATCHES = {
    "tbbh",
    "tbmj",
    "tbdlmj",
    "图斑编号",
    "图斑面积",
    "图斑地类面积",
    "图斑地类面",
    "净面积,扣除田坎等(平方米)",
    "扣除面积(平方米)",
    "扣除系数",
}
"""Columns that patches of land use have, and parcels have not."""
_OF_FIRMS = {"统一社会信用代码", "社会信用代码", "tyshxydm", "uscc"}
"""Columns that tell firms apart, and nothing else."""
_GUESSES = (
    "parcel",
    "land_patch",
    "building",
    "enterprise",
    "park",
    "block",
    "detailed_plan",
    "master_plan",
    "protection",
    "service",
    "district",
)


def _names_parcels(names: list[str]) -> bool:
    """Whether a table has the id of a parcel, and so may be a ledger that names their holders."""
    of = match_columns(names, "enterprise", {}).of
    return "parcel_id" in of.values()


def guess_level(names: list[str], family: str | None, titles: Iterable[str] = ()) -> Guess:
    """Return the level whose columns a file has most of, and whether that leaves no doubt.

    A column under the very name that other levels have, and this one has not, speaks against it;
    a word in a title (of the file, of the layer) for it.
    """
    plain = {plain_name(name) for name in names}
    heads = [plain_name(title) for title in titles]
    scores: dict[str, float] = {}
    only = 0
    firms = bool(plain & _OF_FIRMS) and not _names_parcels(names)
    for level in _GUESSES:
        if family == "polygon" and LEVELS[level].geometry == "point":
            continue
        if family == "point" and LEVELS[level].geometry != "point":
            continue
        named = any(word in title for word in _TITLES.get(level, ()) for title in heads)
        if level == "land_patch" and not named and len(plain & _OF_PATCHES) < 2:
            continue  # but for its name and these columns nothing tells it from parcels
        known = set(LEVELS[level].columns)
        matched = match_columns(names, level, {}).of.values()
        count = len([c for c in matched if c not in _OF_MANY])
        peculiar = 0.5 * any(c in _OF_SUPPLY for c in matched)
        if level == "enterprise" and firms:
            peculiar += 1.5
        if level == "land_patch" and len(plain & _OF_PATCHES) > 1:
            peculiar += 1.5
        odd = len([c for c in COLUMNS if c not in known and plain_name(c) in plain])
        only = max(only, count + named)
        scores[level] = count - odd + 1.5 * named + peculiar
    ranked = sorted(scores, key=lambda level: -scores[level])  # of equals the first stays first
    if only == 0 and family == "point":
        return Guess("enterprise", sure=False)
    best = ranked[0] if ranked else "parcel"
    second = scores[ranked[1]] if len(ranked) > 1 else -math.inf
    return Guess(best, sure=scores.get(best, 0) >= 1.5 and scores[best] - second >= 1)

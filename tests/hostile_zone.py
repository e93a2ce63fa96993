"""A very small zone with every file, key and column in use, and single values that spoil it.

The keys come from ``zone_files.toml`` and the columns from ``levels.toml``, so a new one is here
the day it is made.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zgcgis.model import COLUMNS, LEVELS
from zgcgis.plan.fields import FORMS, REMARKS

SIZE = 0.004
ROOT = (116.4, 40.0)


def square(i: int, j: int, size: float = SIZE) -> dict:
    x, y = ROOT[0] + i * SIZE, ROOT[1] + j * SIZE
    ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


# --- the files as they should be -----------------------------------------------------------------

WORDS = {"zh": "名称", "en": "name", "clause": "1", "id": "a"}
TOML: dict[str, dict[str, Any]] = {
    "zone.toml": {
        "id": "tiny",
        "zh": "小区",
        "en": "Tiny",
        "synthetic": True,
        "center": [116.4, 40.0],
        "years": [2022, 2023],
        "year": 2023,
        "as_of": "2023-12-31",
        "land_use_system": "yonghai_2023",
        "thresholds": {"industrial_far_min": 0.5},
        "source": [{"id": "s", "zh": "源", "en": "source", "licence": "own"}],
        "rejected": [{"unit": "a", "year": 2022, "key": "income_wan", "value": 1}],
        "status": {"preliminary": {"zh": "初步", "en": "preliminary"}},
        "series": {"firms": {"zh": "企业", "en": "firms"}},
        "industry": {
            "biotechnology": {"zh": "生物", "en": "bio", "codes": ["27"], "colour": "#1b7f79"}
        },
        "checks": {"overlap_m2": 1.0},
        "planning": {"programme_ha_per_year": 10.0},
    },
    "evaluation.toml": {
        "standard": "own.toml",
        "kind": "all",
        "kinds": {"b": "all"},
        "areas": {"b": "main"},
        "weights": {"all/main": 1.0},
        "options": {"cap": 100, "idle": "complement", "missing": "partial"},
        "ideal": [
            {
                "indicator": "floor_area_ratio",
                "value": 1.5,
                "method": ["expert"],
                "zh": "因",
                "en": "e",
            },
            {"indicator": "site_coverage", "value": 40, "method": "expert", "zh": "因", "en": "e"},
        ],
    },
    "own.toml": {
        "id": "own",
        "zh": "自定",
        "en": "own",
        "kinds": {"all": {"zh": "全部", "en": "all"}},
        "suggest": {"all": {"industrial_share_above": 0.1}},
        "confirmed": [{"zh": "甲", "en": "a"}],
        "node": [
            {"id": "all/main", "zh": "主区", "en": "main", "weight": 1.0},
            {
                "id": "all/main/far",
                "weight": 0.5,
                "range": [0.2, 0.8],
                "indicator": "floor_area_ratio",
            },
            {"id": "all/main/cover", "weight": 0.5, "indicator": "site_coverage"},
        ],
    },
    "plan.toml": {
        "plan": {
            "id": "p",
            "zh": "规划",
            "en": "plan",
            "issued": "2021",
            "period": [2021, 2025],
            "digest": "digest.toml",
        },
        "industry": {
            "biotechnology": {**WORDS, "kind": "cluster", "terms": ["甲"], "codes": {"27": "医药"}},
            "labs": {**WORDS, "kind": "activity", "covers": ["biotechnology"]},
        },
        "group": {
            "g": {
                "zh": "组",
                "en": "group",
                "clause": "1",
                "role": "renewal",
                "hosts": ["b"],
                "industries": ["labs"],
                "park": [{"id": "a", "clause": "1"}],
                "axis": [{"id": "x"}],
                "corridor": [{"id": "k"}],
            }
        },
        "park": [{"id": "b", "clause": "1", "industries": ["biotechnology"]}],
        "demand": [{**WORDS, "topic": "land"}],
        "target": [
            {**WORDS, "key": "income_wan", "kind": "flow", "year": 2023, "value": 10.0},
            {
                **WORDS,
                "key": "tax_wan",
                "kind": "stock",
                "year": 2023,
                "times_base": 2,
                "base_year": 2022,
            },
        ],
        "link": [{**WORDS, "from": "g"}],
    },
    "digest.toml": {
        "plan": {"id": "p", "name_zh": "规划", "name_en": "plan", "period": [2021, 2025]},
        "clause": [{"id": "1", "zh": "一", "topic": "land", "terms": ["甲"], "duty": "d"}],
    },
    "waivers.toml": {
        "waiver": [
            {"rule": "T108", "feature": "p1", "who": "w", "why": "y", "until": "@2024-12-31"}
        ]
    },
}
for _form in ("industry", "group"):
    for _entry in TOML["plan.toml"][_form].values():
        _entry.pop("id", None)
FORM_OF = {"own.toml": "edition"}

CSV: dict[str, list[dict[str, Any]]] = {
    "parks.csv": [
        {"id": "tiny", "level": "zone", "zh": "小区", "en": "Tiny"},
        {"id": "g", "level": "group", "parent": "tiny", "zh": "组", "en": "Group"},
        {"id": "a", "level": "park", "parent": "g", "group": "g", "zh": "甲园", "en": "A",
         "pinyin": "jia", "aliases": "x|y", "district": "区", "since": 2000, "placed": "true"},
        {"id": "b", "level": "park", "group": "g", "zh": "乙园", "en": "B", "until": 2100},
        {"id": "a1", "level": "block", "parent": "a", "zh": "甲一", "en": "A1", "note": "注"},
    ],
    "accounts.csv": [
        {"unit": unit, "year": year, "key": key, "value": 1000 * (k + year - 2020), "qualifier": "=",
         "period": "annual", "scope": "operation", "basis": "stated", "source": "s", "note": "n"}
        for k, unit in enumerate(("a", "b", "zone"))
        for year in (2022, 2023)
        for key in ("income_wan", "tax_wan", "staff_persons")
    ],
    "quotas.csv": [
        {"unit": "a", "year": 2023, "use": "built_land", "kind": "cumulative", "quota_m2": 9e5, "clause": "1"},
        {"unit": "b", "year": 2022, "use": "supplied_in_year", "kind": "plan", "quota_m2": 9e5, "clause": "1"},
    ],
    "land_use.csv": [
        {"system": "tiny_codes", "code": "M", "zh": "工业", "en": "industry", "class": "industrial"},
        {"system": "tiny_codes", "code": "M1", "zh": "一类工业", "class": "industrial", "td1029": "A2", "construction": "true"},
    ],
    "members.csv": [{"unit": "a", "set": "one", "zh": "一", "en": "one", "since": 2000, "until": 2100}],
    "controls.csv": [
        {"industry_code": "", "indicator": "floor_area_ratio", "least": 1.0, "unit": "1", "clause": "1", "since": 2021}
    ],
    "negative_list.csv": [{"industry_code": "25", "zh": "燃料", "en": "fuel", "clause": "1"}],
    "names.csv": [{"unit": "a", "zh": "旧名", "en": "old", "since": 1990, "until": 2000}],
    "boundaries.csv": [{"unit": "a", "what": "w", "east": "e", "year": 2000, "source": "s"}],
}  # fmt: skip

VALUES: dict[str, Any] = {
    "id": None, "zh": "名", "en": "name", "name": "名", "group": "g", "park_id": "a", "block_id": "a1",
    "parcel_id": "p1", "precision": "synthetic", "land_use": "100101", "land_use_system": "yonghai_2023",
    "planned_use": "100101", "build_state": "A2", "supply_state": "D21", "supply_mode": "granted",
    "industry_code": "2710", "industry": "biotechnology", "kind": "building", "year": 2023,
    "scope": "operation", "storeys": 3, "since": 2000, "until": 2100, "built_year": 2001,
}  # fmt: skip
BY_TYPE = {"text": "x", "float": 100.0, "int": 1, "date": "2022-03-01", "bool": False}
PLACES = {
    "park": [("a", square(0, 0, 2 * SIZE)), ("b", square(2, 0, 2 * SIZE))],
    "block": [("a1", square(0, 0, 2 * SIZE))],
    "parcel": [("p1", square(0, 0)), ("p2", square(1, 0)), ("p3", square(2, 0))],
    "building": [("h1", square(0, 0, SIZE / 2)), ("h2", square(1, 0, SIZE / 3))],
    "enterprise": [("e1", None), ("e2", {"type": "Point", "coordinates": [116.401, 40.001]})],
}


def layer(level: str) -> dict:
    wanted = LEVELS[level].geometry
    x, y = ROOT
    shape = {
        "point": {"type": "Point", "coordinates": [x + 0.001, y + 0.001]},
        "line": {"type": "LineString", "coordinates": [[x, y], [x + 0.01, y + 0.01]]},
    }.get(wanted, square(0, 0, 4 * SIZE))
    features = []
    for id_, geometry in PLACES.get(level, [(f"{level[0]}0", shape)]):
        properties = {c: VALUES.get(c, BY_TYPE[COLUMNS[c].type]) for c in LEVELS[level].columns}
        properties["id"] = id_
        if "parent" in properties:
            properties["parent"] = "g" if level != "park" else None
        if "park_id" in properties and id_ == "p3":
            properties |= {"park_id": "b", "block_id": None}
        if level == "building" and id_ == "h2":
            properties["parcel_id"] = "p2"
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


DRAWN = [level for level in LEVELS if level not in ("zone", "proposal")]
CORE = ("park", "block", "parcel", "building", "enterprise")


# --- writing -------------------------------------------------------------------------------------


class Raw(str):
    """TOML as it is to be written."""


def toml_value(value: Any) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value[1:] if value.startswith("@") else json.dumps(value).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    inner = ", ".join(f"{json.dumps(k)} = {toml_value(v)}" for k, v in value.items())
    return "{" + inner + "}"


def toml_text(data: dict[str, Any]) -> str:
    return "\n".join(f"{json.dumps(k)} = {toml_value(v)}" for k, v in data.items()) + "\n"


def csv_text(rows: list[dict[str, Any]], columns: list[str]) -> str:
    def cell(value: Any) -> str:
        text = "" if value is None else str(value)
        return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text

    lines = [columns, *([row.get(c) for c in columns] for row in rows)]
    return "\n".join(",".join(map(cell, line)) for line in lines) + "\n"


def content_of(name: str) -> bytes:
    """One file of the zone as it should be."""
    if name in TOML:
        return toml_text(TOML[name]).encode()
    if name in CSV:
        return csv_text(CSV[name], list(FORMS[name])).encode()
    return json.dumps(layer(Path(name).stem), ensure_ascii=False).encode()


FILES = [*TOML, *CSV, *(f"layers/{level}.geojson" for level in DRAWN)]
SMALL = [*TOML, *CSV, *(f"layers/{level}.geojson" for level in CORE)]


def write_zone(folder: Path, files: list[str] = SMALL) -> Path:
    """Lay out the zone; by default with the layers that every command reads, to be quick."""
    (folder / "layers").mkdir(parents=True)
    for name in files:
        (folder / name).write_bytes(content_of(name))
    return folder


PROJECT = """
[project]
id = "x"
zh = "项目"
en = "project"
park = "a"
site = "p1"
use = "industrial_land"
industry = "biotechnology"
industry_code = "2710"
investment_wan = 5000
area_m2 = 10000
floor_area_m2 = 12000
"""


# --- spoiling ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spoilt:
    """One file of the zone with one value that does not belong there."""

    name: str
    where: str
    value: str
    make: Callable[[], bytes]

    def __str__(self) -> str:
        return f"{self.name} {self.where} = {self.value}"


IDS = ["constructor", "__proto__", "hasOwnProperty", "toString"]
SETTINGS: list[Any] = [
    "", "   ", "x", "../x", "a\x00b", "\u202e", "x" * 5000, "2023年", "nan", *IDS,
    0, -1, 3, 10**12, 10**30, Raw("0x7fffffffffffffff"), 2020.5, Raw("inf"), Raw("-inf"), Raw("nan"),
    1e308, 5e-324, True, False, [], [[]], [1], [0, 30_000_000], [2023, "x"], ["a", "a"], ["\x00"],
    [Raw("nan"), Raw("inf")], {}, {"a": 1}, {"a": {"b": []}}, [{}], [{"a": 1}],
    Raw("2023-12-31"), Raw("0001-01-01"), Raw("9999-12-31"), Raw("2023-12-31T10:00:00+08:00"), Raw("07:32:00"),
]  # fmt: skip
CELLS = [
    "", "  ", "x", "2020.5", "inf", "nan", "-1", "1e400", "1e308", "9" * 5000, "0", "30000000", "2023年",
    "1,000", "１２", "是", "true", "=1+1", "a\x00b", "\u202e", "x\ny", '"', "2023-12-31", "0x10", "1_000",
    "a", "g", "tiny", *IDS,
]  # fmt: skip
PROPERTIES: list[Any] = [
    None, "", "  ", "x", "2020.5", "2023年", "31/12/2023", "2023-13-45", "0001-01-01", "9999-12-31",
    "2023-12-31T10:00:00+08:00", "a\x00b", "\ud800", "\u202e", "x" * 5000, "nan", "inf", *IDS,
    0, -1, 2, 10**12, 10**30, 2020.5, float("inf"), float("-inf"), float("nan"), 1e308, 5e-324, True, [], [1],
    {}, {"a": 1}, "a", "b", "p1",
]  # fmt: skip
BYTES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "blanks": lambda _: b" \n\n ",
    "zeros": lambda _: bytes(100),
    "utf-16": lambda b: b.decode().encode("utf-16"),
    "gbk": lambda b: b.decode().encode("gb18030"),
    "bom": lambda b: b"\xef\xbb\xbf" + b,
    "half": lambda b: b[: len(b) // 2],
    "bad byte": lambda b: b[:20] + b"\xff\xfe" + b[20:],
    "twice": lambda b: b + b,
    "brackets": lambda b: b"[" * 100_000,
    "deep": lambda b: b'{"features": ' * 3000,
    "a key twice": lambda b: b"id = 1\nid = 2\n" + b,
    "old mac lines": lambda b: b.replace(b"\n", b"\r"),
    "cut row": lambda b: b + b"x,y\n",
    "long row": lambda b: b + b"x" + b",y" * 60 + b"\n",
    "open quote": lambda b: b + b'"x,y\n',
}


def outlines() -> dict[str, Any]:
    """Outlines that nothing can be computed with."""
    ring = deepcopy(square(0, 0)["coordinates"][0])
    a, b, c, d, _ = ring
    wild = [[[0, 0], [1e308, 0], [0, 1e308], [0, 0]]]

    def polygon(*rings: Any) -> dict:
        return {"type": "Polygon", "coordinates": list(rings)}

    return {
        "swapped vertices": polygon([a, c, b, d, a]),
        "no area": polygon([a, b, a, b, a]),
        "all one point": polygon([a, a, a, a]),
        "unclosed": polygon([a, b, c, d]),
        "two points": polygon([a, b, a]),
        "a hole outside": polygon(ring, [[x + 1, y] for x, y in ring]),
        "a hole over the edge": polygon(ring, [[x + SIZE / 2, y] for x, y in ring]),
        "nan": polygon([a, [float("nan"), 40.0], c, d, a]),
        "inf": polygon([a, [float("inf"), 40.0], c, d, a]),
        "huge": polygon([[x * 1e9, y] for x, y in ring]),
        "wildest": {"type": "Polygon", "coordinates": wild},
        "metres": polygon([[440_000 + 80 * k, 4_420_000 + 60 * (k % 2)] for k in (0, 1, 2, 3, 0)]),
        "the axes swapped": polygon([[y, x] for x, y in ring]),
        "far away": polygon([[x - 116, y - 40] for x, y in ring]),
        "the antipodes": polygon([[x - 180, -y] for x, y in ring]),
        "the whole world": polygon([[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]),
        "empty": polygon(),
        "missing": None,
        "line": {"type": "LineString", "coordinates": [a, b]},
        "point": {"type": "Point", "coordinates": a},
        "no point": {"type": "Point", "coordinates": []},
        "nested parts": {"type": "MultiPolygon", "coordinates": [square(0, 0, 2 * SIZE)["coordinates"], [ring]]},
        "mixed": {"type": "GeometryCollection", "geometries": [square(0, 0), {"type": "Point", "coordinates": a}]},
        "nothing mixed": {"type": "GeometryCollection", "geometries": []},
        "text": polygon([["x", "y"], b, c, d, ["x", "y"]]),
        "no kind": {"type": "Circle", "coordinates": a},
        "with heights": polygon([[*p, 50.0] for p in ring]),
        "spike": polygon([a, b, c, [c[0] + 1e-9, c[1] + 1], c, d, a]),
        "a number": 5,
        "no coordinates": {"type": "Polygon"},
    }  # fmt: skip


def _paths(data: Any, form: str, at: tuple = ()) -> Iterator[tuple[tuple, str]]:
    """Every key of a form, with the place of its first table in `data`; and names of tables."""
    for key, field in [*FORMS[form].items(), *((r, None) for r in sorted(REMARKS))]:
        yield (*at, key), form
        if field is None or not isinstance(data, dict) or key not in data or "/" not in field.of:
            continue
        below = data[key]
        if field.kind == "table":
            yield from _paths(below, field.of, (*at, key))
        elif field.kind == "tables" and below:
            for i, entry in enumerate(below):
                yield from _paths(entry, field.of, (*at, key, i))
        elif field.kind == "named" and below:
            name = next(iter(below))
            yield (*at, key, name), form
            yield from _paths(below[name], field.of, (*at, key, name))


def _in_settings() -> Iterator[Spoilt]:
    for name, data in TOML.items():
        for path in dict.fromkeys(p for p, _ in _paths(data, FORM_OF.get(name, name))):
            for value in SETTINGS:

                def make(name: str = name, path: tuple = path, value: Any = value) -> bytes:
                    made = deepcopy(TOML[name])
                    node: Any = made
                    for step in path[:-1]:
                        node = node[step]
                    node[path[-1]] = value
                    return toml_text(made).encode()

                yield Spoilt(name, ".".join(map(str, path)), toml_value(value)[:40], make)
        for at in ("", "plan", "options", "checks"):
            if at and at not in data:
                continue
            for key in ["misspelt", "", *IDS]:

                def named(name: str = name, at: str = at, key: str = key) -> bytes:
                    made = deepcopy(TOML[name])
                    (made[at] if at else made)[key] = "x"
                    return toml_text(made).encode()

                yield Spoilt(name, f"{at}[{key!r}]", "x", named)


def _in_tables() -> Iterator[Spoilt]:
    for name, rows in CSV.items():
        for column in FORMS[name]:
            for value in CELLS:
                for row in {0, len(rows) // 2}:

                    def make(
                        name: str = name, column: str = column, value: str = value, row: int = row
                    ) -> bytes:
                        made = deepcopy(CSV[name])
                        made[row][column] = value
                        return csv_text(made, list(FORMS[name])).encode()

                    yield Spoilt(name, f"{column}[{row}]", value[:40], make)

            def without(name: str = name, column: str = column) -> bytes:
                return csv_text(CSV[name], [c for c in FORMS[name] if c != column]).encode()

            def twice(name: str = name, column: str = column) -> bytes:
                return csv_text(CSV[name], [*FORMS[name], column]).encode()

            yield Spoilt(name, column, "(no such column)", without)
            yield Spoilt(name, column, "(twice)", twice)


def _in_layers() -> Iterator[Spoilt]:
    for level in DRAWN:
        name = f"layers/{level}.geojson"
        for column in [*LEVELS[level].columns, "geometry", "extra", "__proto__"]:
            for value in PROPERTIES:

                def make(level: str = level, column: str = column, value: Any = value) -> bytes:
                    made = layer(level)
                    made["features"][0]["properties"][column] = value
                    return json.dumps(made).encode()

                yield Spoilt(name, column, json.dumps(value)[:40], make)

            def without(level: str = level, column: str = column) -> bytes:
                made = layer(level)
                for feature in made["features"]:
                    feature["properties"].pop(column, None)
                return json.dumps(made).encode()

            yield Spoilt(name, column, "(no such column)", without)
        for what, shape in outlines().items():

            def drawn(level: str = level, shape: Any = shape) -> bytes:
                made = layer(level)
                made["features"][0]["geometry"] = shape
                return json.dumps(made).encode()

            yield Spoilt(name, "geometry", what, drawn)
        for key, value in (
            ("crs", "x"), ("crs", {"type": "name", "properties": "x"}), ("crs", {"properties": {"name": 5}}),
            ("crs", ["x"]), ("features", []), ("features", {}), ("features", None), ("features", [None]),
            ("features", [{"geometry": None}]), ("features", [{"properties": {}, "geometry": "x"}]),
            ("features", [{"properties": ["x"], "geometry": None}]), ("type", 5),
        ):  # fmt: skip

            def whole(level: str = level, key: str = key, value: Any = value) -> bytes:
                return json.dumps(layer(level) | {key: value}).encode()

            yield Spoilt(name, key, json.dumps(value)[:40], whole)


def _as_bytes() -> Iterator[Spoilt]:
    for name in FILES:
        for what, change in BYTES.items():
            yield Spoilt(
                name, "(bytes)", what, lambda name=name, change=change: change(content_of(name))
            )


def spoilt() -> list[Spoilt]:
    """Every file with every value at every place."""
    return [*_in_settings(), *_in_tables(), *_in_layers(), *_as_bytes()]


def sample(count: int, seed: int = 0) -> list[Spoilt]:
    """Some of them, each place as often as any other; the same for the same seed."""
    by_place: dict[tuple[str, str], list[Spoilt]] = {}
    for one in spoilt():
        by_place.setdefault((one.name, one.where), []).append(one)
    chance = random.Random(seed)
    for entries in by_place.values():
        chance.shuffle(entries)
    places = list(by_place.values())
    chance.shuffle(places)
    rounds = max(map(len, places))
    ordered = (entries[k] for k in range(rounds) for entries in places if k < len(entries))
    return [one for one, _ in zip(ordered, range(count), strict=False)]

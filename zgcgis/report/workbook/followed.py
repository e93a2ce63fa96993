"""Sheets of parcels and buildings (宗地表、建筑物表), which the accounts of the workbook sum.

A sheet per class of land: whoever asks where an account comes from finds the parcels it is the sum
of, may change one, and sees account, indicator and score follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd
from pandas import DataFrame, Series
from xlsxwriter.utility import xl_col_to_name

from ...accounts import RECIPES, count_pieces, pieces, summed
from ...assessment import Assessment
from ...io.spreadsheets import Book
from ...language.terms import TERMS
from ...plan.land_use import STATE_KEYS
from .cells import Formula, head_row, put, set_up, title

__all__ = [
    "MOST_PIECES",
    "Followed",
    "Head",
    "follow",
    "heads_of",
    "pieces_listed",
    "write_followed",
]

MOST_PIECES = 20_000
"""Pieces of parcels and buildings a workbook lists; of more it names the CSV files that do."""

_SPARE = 500  # rows below the last that the sums reach to, for parcels typed in
_FIRST = 5
_OTHERS = "其他"
_BUILDINGS = "建筑物"


class Head(NamedTuple):
    """A column of a table of pieces: its key, heads in Chinese and English, width in letters."""

    key: str
    zh: str
    en: str
    width: float = 11


_PLACE = (Head("unit", "园区", "park", 14), Head("name", "名称", "name", 22))
_HEADS = {
    "parcel": (
        *_PLACE,
        Head("id", "宗地", "parcel", 18),
        Head("build_state", "土地建设状况", "build state"),
        Head("supply_state", "土地供应状况", "supply state"),
        Head("planned_state", "规划用途类别", "class of planned use"),
        Head("supply_year", "供应年份", "year of supply"),
        Head("hightech", "高新技术 1/0", "high-tech 1/0"),
        Head("area_m2", "面积 m²", "area, m²", 14),
        Head("idle_m2", "闲置面积 m²", "idle, m²", 14),
        Head("net_area_m2", "净面积 m²", "net area, m²", 14),
    ),
    "building": (
        *_PLACE,
        Head("id", "建筑物", "building", 18),
        Head("parcel", "宗地", "parcel", 18),
        Head("build_state", "宗地建设状况", "build state of its parcel"),
        Head("house", "房屋 1，构筑物 0", "building 1, structure 0"),
        Head("footprint_m2", "基底面积 m²", "footprint, m²", 14),
        Head("floor_area_m2", "计容建筑面积 m²", "floor area counted, m²", 14),
        Head("floor_area_below_m2", "地下建筑面积 m²", "floor area below ground, m²", 14),
    ),
}
_SIZES = (
    "area_m2",
    "idle_m2",
    "net_area_m2",
    "footprint_m2",
    "floor_area_m2",
    "floor_area_below_m2",
)


def heads_of(layer: str, table: DataFrame) -> list[Head]:
    """Return the columns of a table of pieces, one per year at the end."""
    years = [str(c).removeprefix("there_") for c in table if str(c).startswith("there_")]
    return [
        *(head for head in _HEADS[layer] if head.key != "net_area_m2" or head.key in table),
        *(Head(f"there_{y}", f"{y} 年在册 1/0", f"there in {y} 1/0") for y in years),
    ]


@dataclass
class Followed:
    """Pieces by sheet, and the sums over them that accounts are."""

    tables: dict[str, tuple[str, DataFrame]] = field(default_factory=dict)
    """By name of the sheet: layer and rows."""
    sums: dict[tuple[str, int], Series] = field(default_factory=dict)
    too_many: int = 0
    """How many pieces there are where these are more than a workbook lists."""

    def formula(
        self, unit: str, year: int, key: str, value: float | None, row: int
    ) -> Formula | None:
        """Return an account in `row` of its sheet as the sum of its pieces, if it is that."""
        own = self.sums.get((key, year))
        if own is None or value is None or value != value:
            return None
        told = float(own.get(unit, 0.0))
        if abs(told - value) > 1e-9 * max(1.0, abs(value)) or not _is_plain(unit, own.index):
            return None
        parts = [
            text
            for name, (layer, _) in self.tables.items()
            if (text := self._part(name, layer, key, year, row))
        ]
        return Formula("+".join(parts), value) if parts else None

    def _part(self, name: str, layer: str, key: str, year: int, row: int) -> str:
        """Return the sum over the rows of one sheet; empty if none of them can hold."""
        recipe = RECIPES[key]
        table = self.tables[name][1]
        if layer != recipe.layer or not all(
            table[column].str.startswith(code).any() for column, code in recipe.codes
        ):
            return ""
        heads = [head.key for head in heads_of(layer, table)]
        last = _FIRST + len(table) - 1 + _SPARE

        def area(column: str) -> str:
            letter = xl_col_to_name(heads.index(column))
            return f"'{name}'!${letter}${_FIRST}:${letter}${last}"

        asked = [area("unit"), f"$A{row}", area(f"there_{year}"), "1"]
        for column, code in recipe.codes:
            asked += [area(column), f'"{code}*"']
        for column in recipe.flags:
            asked += [area(column), "1"]
        if recipe.supplied:
            asked += [area("supply_year"), str(year)]
        return f"SUMIFS({area(recipe.column)},{','.join(asked)})"


def _is_plain(unit: str, units: pd.Index) -> bool:
    """Whether a condition on the id means this unit alone: no sign of a pattern, no other number."""
    if not re.fullmatch(r"[\w-]+", unit):
        return False
    alike = [u for u in units if str(u).lstrip("0") == unit.lstrip("0")]
    return len(alike) <= 1 or not unit.isdecimal()


def follow(result: Assessment) -> Followed:
    """Take the pieces of an assessment, by sheet; nothing where none were measured."""
    if result.survey is None:
        return Followed()
    if (count := count_pieces(result.survey)) > MOST_PIECES:
        return Followed(too_many=count)
    made = pieces(result.survey)
    measured = [
        (key, year) for key in RECIPES if key in result.survey.computed for year in result.years
    ]
    found = Followed(sums={at: summed(made, *at) for at in measured})
    classes = made["parcel"]["build_state"].map(_class_of)
    order = [*dict.fromkeys(code[:2] if code[0] == "A" else code[0] for code in STATE_KEYS), ""]
    for code in order:
        rows = made["parcel"][classes == code]
        if len(rows):
            found.tables[_sheet_of(code)] = "parcel", rows
    if len(made.get("building", ())):
        found.tables[_BUILDINGS] = "building", made["building"]
    return found


def _class_of(state: str) -> str:
    code = state[:2] if state.startswith("A") else state[:1]
    return code if code in STATE_KEYS else ""


def _sheet_of(code: str) -> str:
    return f"宗地{code or _OTHERS}"


def _titles(name: str, layer: str) -> tuple[str, str]:
    if layer == "building":
        return "建筑物", "Buildings"
    code = name.removeprefix("宗地")
    if code not in STATE_KEYS:
        return "宗地：没有建设状况的", "Parcels without a build state"
    term = TERMS[STATE_KEYS[code]]
    return f"宗地：{code} {term.zh}", f"Parcels: {term.en}"


def write_followed(book: Book, result: Assessment, found: Followed) -> None:
    """Write the sheets that the accounts refer to."""
    for name, (layer, table) in found.tables.items():
        sheet = book.sheet(name)
        heads = heads_of(layer, table)
        title(
            sheet,
            *_titles(name, layer),
            f"{len(table)} 行，每行为一个园区内的部分；“台账”中标“量”的面积是这些行的求和公式，改面积（浅黄）或类别即随之变化；"
            f"可在表末加行（至第 {_FIRST + len(table) - 1 + _SPARE} 行）。 One row is what lies in one park; the accounts "
            "sum these rows and follow what is changed here.",
        )
        head_row(sheet, 3, [head.zh for head in heads])
        head_row(sheet, 4, [head.en for head in heads])
        names = {unit: result.name(str(unit)) for unit in table["unit"].unique()}
        named = table.assign(name=table["unit"].map(names))
        rows = named[[head.key for head in heads]].astype(object).itertuples(index=False, name=None)
        for at, row in enumerate(rows, start=_FIRST):
            for column, (head, value) in enumerate(zip(heads, row, strict=True), start=1):
                size = head.key in _SIZES
                put(sheet, at, column, value, editable=size, number="#,##0.00" if size else "")
        set_up(sheet, columns=[head.width for head in heads], head=4, freeze="D5")


def pieces_listed(result: Assessment) -> Iterator[tuple[str, DataFrame]]:
    """Give what a workbook has no room for, with the name of the CSV file that takes it."""
    if result.survey is None or count_pieces(result.survey) <= MOST_PIECES:
        return
    for layer in ("parcel", "building"):
        for table in pieces(result.survey, [layer]).values():
            yield f"{layer}s.csv", table

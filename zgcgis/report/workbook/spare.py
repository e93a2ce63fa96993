"""Spare rows of the accounts (空行): a park typed in there joins totals, indicators, scores and ranks.

A column beside the accounts says of each typed row whether it counts, and if not, why. The columns
at the far right hold what the sums ask for: whether a row counts, its group and area by number, and
whether it lies within another park of the same sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_col_to_name

from ...io.spreadsheets import Sheet
from .cells import ACCOUNTS, Formula, put, put_formula, reference
from .weights import groups

if TYPE_CHECKING:
    from .live import Entry, _Book

__all__ = [
    "ACCOUNT_HEADS",
    "FIRST",
    "Spare",
    "lay_out",
    "name_spare",
    "ranged_sum",
    "standing",
    "typed_in",
    "write_helpers",
    "write_spare",
]

FIRST = 6
"""First row of data in accounts and indicators."""

ACCOUNT_HEADS = (
    ("单元", "unit", ""),
    ("名称", "name", ""),
    ("年份", "year", ""),
    ("聚集区", "group", "代码 id"),
    ("类型", "type", ""),
    ("分区", "area", ""),
    ("含于", "within", "园区代码 park id"),
    ("状态", "status", "手工行 typed rows"),
)
"""Columns before the accounts: Chinese, English, what is meant."""

_HELPERS = ("有效 valid", "类型号", "聚集区号", "分区号", "计入示范区", "计入聚集区", "计入分区")
_COUNTED = "计入 counted"
_GROUP, _KIND, _AREA, _WITHIN, _STATUS = 4, 5, 6, 7, 8


@dataclass
class Spare:
    """Where the spare rows stand, and what a typed park may be."""

    last_park: int = FIRST - 1
    count: int = 0
    last: int = FIRST - 1
    """Last row of all accounts."""
    helpers: int = 0
    """First of the columns that the sums ask for."""
    blocks: list[tuple[str, str]] = field(default_factory=list)
    """Zone type and area of each block of scores; its number is the place here, from 1."""
    groups: list[str] = field(default_factory=list)
    areas: list[str] = field(default_factory=list)

    @property
    def rows(self) -> range:
        """Rows for parks to be typed in."""
        return range(self.last_park + 1, self.last_park + 1 + self.count)

    def cell(self, row: int, helper: int) -> str:
        """Reference to a helper of a row, from any sheet."""
        return reference(ACCOUNTS, row, self.helpers + helper, fixed=True)

    def column(self, column: int, *, to: int = 0) -> str:
        """Cells of a column over parks and spare rows, or down to another row."""
        letter = xl_col_to_name(column - 1)
        return f"${letter}${FIRST}:${letter}${to or self.rows.stop - 1}"


def lay_out(b: _Book, entries: list[Entry], keys: int) -> Spare:
    """Place parks, then room for four more parks of every year (12 to 60 rows), then totals."""
    r = b.result
    parks = [e for e in entries if _is_park(b, e)]
    found = Spare(
        last_park=FIRST + len(parks) - 1,
        count=min(60, max(12, 4 * len(r.years))),
        helpers=len(ACCOUNT_HEADS) + keys + 2,
    )
    found.last = FIRST + len(entries) + found.count - 1
    if r.scores is not None and r.evaluation is not None:
        found.blocks = list(groups(b))
    units = {e[0]: _group_of(b, e[0]) for e in parks}
    found.groups = [g for g in dict.fromkeys(units.values()) if g]
    found.areas = list(
        dict.fromkeys([a for _, a in found.blocks] + [e[2] for e in entries if e[2]])
    )
    for i, entry in enumerate(parks):
        b.rows[entry] = FIRST + i
    rest = [e for e in entries if not _is_park(b, e)]
    b.rows.update({e: found.rows.stop + i for i, e in enumerate(rest)})
    return found


def _is_park(b: _Book, entry: Entry) -> bool:
    return not entry[2] and entry[:2] in b.result.accounts.index


def _group_of(b: _Book, unit: str) -> str:
    units = b.result.zone.units
    told = units["group"].get(unit) if "group" in units else None
    return told if isinstance(told, str) else ""


def _area_of(b: _Book, unit: str) -> str:
    evaluation = b.result.evaluation
    return evaluation.area_of(unit) if evaluation is not None else ""


def _within(b: _Book, unit: str, year: int) -> str:
    """Nearest park around a park that has accounts of the year."""
    units = b.result.zone.units
    parents = units.get("parent", {})
    seen, at = {unit}, parents.get(unit)
    while isinstance(at, str) and at not in seen:
        if (at, year, "") in b.rows and _is_park(b, (at, year, "")):
            return at
        seen.add(at)
        at = parents.get(at)
    return ""


# --- the rows ------------------------------------------------------------------------------------


def standing(b: _Book, entry: Entry) -> list[str]:
    """Group, type, area and surrounding park of a row, as the sheet shows them."""
    if not _is_park(b, entry):
        return ["", "", "", ""]
    unit, year, _ = entry
    evaluation = b.result.evaluation
    kind = area = ""
    if evaluation is not None:
        kind = evaluation.kind_of(unit)
        area = _area_zh(b, kind, evaluation.area_of(unit))
        kind = evaluation.standard.kinds[kind][0]
    return [_group_of(b, unit), kind, area, _within(b, unit, year)]


def _area_zh(b: _Book, kind: str, area: str) -> str:
    evaluation = b.result.evaluation
    node = evaluation.standard.nodes.get(f"{kind}/{area}") if evaluation is not None else None
    return node.zh if node is not None else area


def write_spare(b: _Book, sheet: Sheet) -> None:
    """Write the rows to type parks into, each with what it says of itself."""
    last = max(b.account_columns.values(), default=len(ACCOUNT_HEADS))
    for row in b.spare.rows:
        for column in range(1, last + 1):
            if column == _STATUS:
                put_formula(sheet, row, column, _status(b, row, last), "")
            else:
                put(
                    sheet, row, column, None, editable=True, number="" if column < 9 else "#,##0.##"
                )


def name_spare(sheet: Sheet, at: int, row: int, asked: str) -> None:
    """Repeat id, name and year of a spare row of the accounts, if what is asked holds."""
    for column in (1, 2, 3):
        cell = reference(ACCOUNTS, row, column)
        put_formula(sheet, at, column, f'IF(AND({asked},{cell}<>""),{cell},"")', "")


def write_helpers(b: _Book, sheet: Sheet) -> None:
    """Write the columns that the sums ask for, beside parks and spare rows."""
    s = b.spare
    for k, name in enumerate(_HELPERS):
        put(sheet, FIRST - 1, s.helpers + k, name, box=False)
    put(sheet, FIRST - 2, s.helpers, "辅助列，勿改 used by the sums, leave as they are", box=False)
    for entry, row in b.rows.items():
        if not _is_park(b, entry):
            continue
        unit, year, _ = entry
        group, area = _group_of(b, unit), _area_of(b, unit)
        numbers = (1, 0, _number_of(group, s.groups), _number_of(area, s.areas))
        for k, number in enumerate(numbers):
            put(sheet, row, s.helpers + k, number, box=False)
        for k, told in enumerate(_flags(b, unit, year), start=4):
            put_formula(sheet, row, s.helpers + k, _counts(s, row, k), told)
    for row in s.rows:
        valid = f'IF({_local(row, _STATUS)}="{_COUNTED}",1,0)'
        texts = [valid, _block(b, row), _group(b, row), _area(b, row)]
        for k, text in enumerate([*texts, *(_counts(s, row, k) for k in (4, 5, 6))]):
            put_formula(sheet, row, s.helpers + k, text, 0)


def _number_of(name: str, names: list[str]) -> int:
    return names.index(name) + 1 if name in names else 0


def _local(row: int, column: int) -> str:
    return f"${xl_col_to_name(column - 1)}${row}"


def _counts(s: Spare, row: int, helper: int) -> str:
    """Number of the sum a row joins; 0 where it lies within another row of the same sum."""
    own = _local(row, s.helpers + (0 if helper == 4 else helper - 3))
    within = _local(row, _WITHIN)
    around = (
        f"EXACT({s.column(1)},{within})*({s.column(3)}={_local(row, 3)})"
        f"*({s.column(s.helpers + (0 if helper == 4 else helper - 3))}={own})"
    )
    return f'IF({own}=0,0,IF({within}="",{own},IF(SUMPRODUCT({around})>0,0,{own})))'


def _flags(b: _Book, unit: str, year: int) -> tuple[int, int, int]:
    """What :func:`_counts` comes to for a park while nothing is edited."""
    s, around = b.spare, _within(b, unit, year)
    group = _number_of(_group_of(b, unit), s.groups)
    area = _number_of(_area_of(b, unit), s.areas)
    outer = _group_of(b, around) if around else ""
    return (
        0 if around else 1,
        0 if around and outer == _group_of(b, unit) else group,
        0 if around and _area_of(b, around) == _area_of(b, unit) else area,
    )


def _either(cell: str, *texts: str) -> str:
    told = [f"EXACT(TRIM({cell}),{_quoted(text)})" for text in dict.fromkeys(texts)]
    return told[0] if len(told) == 1 else f"OR({','.join(told)})"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _block(b: _Book, row: int) -> str:
    """Number of the block of scores of a typed park; 0 where there is no such type and area."""
    evaluation = b.result.evaluation
    if evaluation is None or not b.spare.blocks:
        return "0"
    text = "0"
    for number, (kind, area) in reversed(list(enumerate(b.spare.blocks, start=1))):
        kinds = [kind, *evaluation.standard.kinds[kind]] + [""] * (kind == evaluation.kind)
        areas = [area, _area_zh(b, kind, area)] + [""] * (area == "main")
        asked = f"AND({_either(_local(row, _KIND), *kinds)},{_either(_local(row, _AREA), *areas)})"
        text = f"IF({asked},{number},{text})"
    return f"IF({_valid(b, row)}=0,0,{text})"


def _valid(b: _Book, row: int) -> str:
    return _local(row, b.spare.helpers)


def _group(b: _Book, row: int) -> str:
    text = "0"
    for number, group in reversed(list(enumerate(b.spare.groups, start=1))):
        names = (group, b.result.name(group))
        text = f"IF({_either(_local(row, _GROUP), *names)},{number},{text})"
    return f"IF({_valid(b, row)}=0,0,{text})"


def _area(b: _Book, row: int) -> str:
    s = b.spare
    text = "0"
    block = _local(row, s.helpers + 1)
    for number, (_, area) in reversed(list(enumerate(s.blocks, start=1))):
        text = f"IF({block}={number},{_number_of(area, s.areas)},{text})"
    return text


def _status(b: _Book, row: int, last: int) -> str:
    """Why a typed row does not count, or that it does."""
    s = b.spare
    unit, year, group, within = (_local(row, c) for c in (1, 3, _GROUP, _WITHIN))
    typed = (
        f"COUNTA({_local(row, 1)}:{_local(row, 7)},{_local(row, 9)}:{_local(row, max(last, 9))})"
    )
    years = ",".join(f"{year}={y}" for y in b.result.years)
    twice = (
        f"SUMPRODUCT(EXACT({s.column(1, to=s.last)},{unit})*({s.column(3, to=s.last)}={year}))>1"
    )
    kind = _block(b, row).removeprefix(f"IF({_valid(b, row)}=0,0,").removesuffix(")")
    allowed = [(group, [x for g in s.groups for x in (g, b.result.name(g))])]
    checks = [
        (f'TRIM({unit})=""', "没有单元代码 no unit"),
        (f"NOT(OR({years}))", "年份不在评价年份中 year not assessed"),
        (twice, "单元和年份重复 there twice"),
    ]
    if s.blocks:
        checks.append((f"{kind}=0", "“分值”中没有此类型和分区 no such type and area"))
    for cell, names in allowed:
        known = _either(cell, "", *names)
        checks.append((f"NOT({known})", "没有此聚集区 no such group"))
    around = f"SUMPRODUCT(EXACT({s.column(1)},{within})*({s.column(3)}={year}))=0"
    checks.append(
        (
            f'AND({within}<>"",OR(EXACT({within},{unit}),{around}))',
            "当年没有“含于”的园区 no such park around it",
        )
    )
    text = f'"{_COUNTED}"'
    for asked, said in reversed(checks):
        text = f'IF({asked},"{said}",{text})'
    return f'IF({typed}=0,"",{text})'


# --- what asks for them ----------------------------------------------------------------------


def ranged_sum(
    b: _Book, entry: Entry, column: int, summed: list[str], parks: dict[str, float], value: float
) -> str | None:
    """Formula of a total over parks and spare rows; none if that is not what the total sums.

    `summed` are the parks it should sum, `parks` the values of all parks of the year.
    """
    unit, year, area = entry
    s = b.spare
    if area:
        helper, number = 6, _number_of(area, s.areas)
    elif unit == b.result.zone.id:
        helper, number = 4, 1
    else:
        helper, number = 5, _number_of(unit, s.groups)
    for flag in (helper, 0 if helper == 4 else helper - 3):  # the parks within others apart
        mine = {u: v for u, v in parks.items() if number and _joins(b, u, year, flag) == number}
        same = math.isclose(math.fsum(mine.values()), value, rel_tol=1e-9, abs_tol=1e-9)
        if mine and (same or (value != value and set(mine) == set(summed))):
            joined, cells = s.column(s.helpers + flag), s.column(column)
            asked = f"{s.column(3)},{_local(b.rows[entry], 3)},{joined},{number}"
            lacking = f'COUNTIFS({asked},{cells},">-1E+300")<COUNTIFS({asked})'
            return f'IF({lacking},"",SUMIFS({cells},{asked}))'
    return None


def _joins(b: _Book, unit: str, year: int, helper: int) -> int:
    raw = (1, 0, _number_of(_group_of(b, unit), b.spare.groups), 0)
    if helper == 3:
        return _number_of(_area_of(b, unit), b.spare.areas)
    return raw[helper] if helper < 3 else _flags(b, unit, year)[helper - 4]


def typed_in(b: _Book) -> Formula:
    """Formula that says how many typed rows count and how many do not."""
    s = b.spare
    status = f"'{ACCOUNTS}'!{s.column(_STATUS)}"
    units, valid = f"'{ACCOUNTS}'!{s.column(1)}", f"'{ACCOUNTS}'!{s.column(s.helpers)}"
    letter = xl_col_to_name(0)
    below = f"COUNTA('{ACCOUNTS}'!${letter}${s.last + 1}:${letter}${s.last + 1000})"
    counted = f'COUNTIF({status},"{_COUNTED}")'
    between = f'SUMPRODUCT(({units}<>"")*({valid}=""))'
    lost = f'(SUMPRODUCT(--({status}<>""))-{counted}+{below}+{between})'
    said = (
        f'{counted}&" 行计入合计、分值和名次 counted；"&{lost}&'
        f'" 行未计入，见“台账”状态列，表末和插入的行不计 not counted, see the column of their status"'
    )
    return Formula(f'IF({counted}+{lost}=0,"无 none",{said})', "无 none")

"""Cells of a workbook: typed text, numbers, formulas, and a file that is the same every time.

What of the workbook follows edits beside the scores stands here too: potentials, and what says so
(活公式).
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from xlsxwriter.utility import xl_col_to_name

from ...assessment import Assessment
from ...io.spreadsheets import Look, Sheet
from ...language.safe_text import text_width
from ...standards import POTENTIALS

if TYPE_CHECKING:
    from .live import Entry, _Book

__all__ = [
    "ACCOUNTS",
    "NO_IDEAL",
    "POTENTIAL",
    "POTENTIAL_KINDS",
    "SCORES",
    "VALUES",
    "WEIGHTS",
    "Formula",
    "Table",
    "excel_formula",
    "head_row",
    "kind_text",
    "potentials_sheet",
    "put",
    "put_formula",
    "reference",
    "set_up",
    "static_note",
    "title",
]

ACCOUNTS, VALUES, WEIGHTS, SCORES, POTENTIAL = "台账", "指标", "理想值与权重", "分值", "潜力"
"""Sheets of the workbook that formulas refer to."""

NO_IDEAL = "理想值无效 bad ideal"
"""What stands in place of a number where an ideal value is blank or 0."""

Table = tuple[str, str, str, str, list[str], list[list[Any]], list[float]]
"""A sheet to be: its name, title in Chinese and English, note, heads, rows, widths."""

_PAGE_WIDTH = 190.0  # letters across a lying A4 page that one still reads
_CELL = Look(size_pt=10, font="宋体", upright="vcenter", boxed=True)
_HEAD = replace(_CELL, bold=True, fill="DCE6F1", across="center", wrap=True)
_TITLE = replace(_CELL, size_pt=14, bold=True, boxed=False)
_NOTE = replace(_CELL, size_pt=9, colour="666666", boxed=False)
_INPUT = "FFF9DB"


def put(
    sheet: Sheet,
    row: int,
    column: int,
    value: Any,
    *,
    number: str = "",
    editable: bool = False,
    box: bool = True,
    wrap: bool = False,
) -> None:
    """Write one value: a number as a number and everything else as *typed text*.

    A text that begins with ``=`` stays a text and is never computed; an `editable` number is one
    that is meant to be changed.
    """
    if isinstance(value, bool):
        value = "是" if value else "否"
    across = "center" if isinstance(value, int) and not editable else ""
    fill = _INPUT if editable else ""
    look = replace(_CELL, number=number, boxed=box, wrap=wrap, across=across, fill=fill)
    sheet.put(row, column, value, look)


def put_formula(
    sheet: Sheet,
    row: int,
    column: int,
    formula: str,
    result: Any,
    *,
    number: str = "",
    across: str = "",
) -> None:
    """Write a formula, and what it comes to while nobody has edited the workbook."""
    sheet.formula(row, column, formula, result, replace(_CELL, number=number, across=across))


def head_row(sheet: Sheet, row: int, names: Sequence[str], *, column: int = 1) -> None:
    """Write a row of heads: bold, tinted, wrapped, in the middle."""
    for k, name in enumerate(names, start=column):
        sheet.put(row, k, name, _HEAD)


def title(sheet: Sheet, zh: str, en: str, note: str = "") -> None:
    """Write the title line, Chinese first, and a note below it."""
    sheet.put(1, 1, f"{zh}　{en}", _TITLE)
    sheet.put(2, 1, note, _NOTE)


def set_up(sheet: Sheet, *, columns: list[float], head: int, freeze: str = "") -> None:
    """Set widths, heights, the print page (A4, lying, head and names on each page), the window.

    Call it last: heights are made for what the sheet holds.
    """
    sheet.widths(columns)
    pages = max(1, round(sum(columns) / _PAGE_WIDTH))
    sheet.paper(head=head, footer="&A　第 &P 页，共 &N 页", pages_wide=pages, names="A:C")
    for row, texts in sheet.folded.items():
        sheet.height(row, _height(texts, columns, in_head=row <= head))
    sheet.window(frozen=freeze)


def _height(texts: Sequence[tuple[int, str]], columns: list[float], *, in_head: bool) -> float:
    """Points that a row with texts on several lines needs."""
    spare = 1.0 if in_head else 1.5
    known = [(columns[c - 1], text) for c, text in texts if c <= len(columns)]
    lines = max([math.ceil(text_width(text) / (width - spare)) for width, text in known] + [1])
    return min(400.0, (15.0 if in_head or lines == 1 else 14.5) * lines)


def reference(sheet: str, row: int, column: int, *, fixed: bool = False) -> str:
    """Reference to a cell of a sheet, as a formula writes it."""
    letter = xl_col_to_name(column - 1)
    return f"'{sheet}'!${letter}${row}" if fixed else f"'{sheet}'!{letter}{row}"


def excel_formula(formula: str, cells: Mapping[str, str]) -> str:
    """Turn the printed formula of an indicator into that of a cell.

    Empty where an input is missing or there is nothing to divide by, as in
    :func:`zgcgis.indicators.compute`.
    """
    tree = ast.parse(formula, mode="eval").body
    divisors: list[str] = []
    text = _expression(tree, cells, divisors)
    names = sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)})
    for divisor in divisors:
        text = f'IF(({divisor})>0,{text},"")'
    refs = ",".join(cells[name] for name in names)
    return f'IF(COUNT({refs})<{len(names)},"",{text})'


_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def _expression(node: ast.expr, cells: Mapping[str, str], divisors: list[str]) -> str:
    if isinstance(node, ast.Name):
        return cells[node.id]
    if isinstance(node, ast.Constant):
        return repr(node.value)
    if isinstance(node, ast.BinOp):
        left = _expression(node.left, cells, divisors)
        right = _expression(node.right, cells, divisors)
        if isinstance(node.op, ast.Div):
            divisors.append(right)
        return f"({left}{_SIGNS[type(node.op)]}{right})"
    msg = f"formulas hold names, numbers and + - * / only, not {ast.dump(node)}"
    raise TypeError(msg)


# --- what follows edits beside the scores --------------------------------------------------

POTENTIAL_KINDS = {
    "expansion": ("扩展潜力", "expansion"),
    "structure": ("结构潜力", "structure"),
    "intensity": ("强度潜力", "intensity"),
    "management": ("管理潜力", "management"),
    "years": ("尚可供地年数", "years of supply left"),
}


class Formula(NamedTuple):
    """What stands in a cell as a formula, and what it comes to."""

    text: str
    result: Any


def kind_text(result: Assessment, kind: str, areas: Iterable[str] = ()) -> str:
    """Zone type of a park, and its area where that is not the main one alone."""
    if result.evaluation is None:
        return kind
    edition = result.evaluation.standard
    named = edition.kinds[kind][0]
    others = [edition.nodes[f"{kind}/{area}"].zh for area in areas if area]
    return named if list(areas) in ([], ["main"]) else f"{named}·{'＋'.join(others)}"


def static_note(result: Assessment) -> str:
    """Say that a sheet does not follow what is edited elsewhere in the workbook."""
    return (
        f"生成工作簿时由 {result.years[0]}–{result.years[-1]} 年台账算得，不随本工作簿的修改而变。 "
        "Calculated when the workbook was made; does not follow edits. "
    )


def potentials_sheet(b: _Book) -> None:
    """Write the potentials, each a formula on accounts, indicators and ideal values."""
    r, sheet = b.result, b.book.sheet(POTENTIAL)
    title(
        sheet,
        "用地潜力",
        "Potentials",
        "各类潜力在空间上重叠，不得相加；不列手工加的园区。 Kinds overlap and are never added up; parks typed in are not listed.",
    )
    head_row(
        sheet, 3, ["单元", "名称", "年份", "类别 Kind", "项目", "Item", "数值 Value", "单位 Unit"]
    )
    listed = r.potentials[["unit", "year", "item", "value"]].itertuples(index=False)
    for row, (unit, year, item, value) in enumerate(listed, start=4):
        entry = (str(unit), int(year), "")
        p = POTENTIALS[item]
        kind = POTENTIAL_KINDS[p.kind]
        for column, text in enumerate(
            (unit, b.unit_name(entry), year, f"{kind[0]} {kind[1]}", p.zh, p.en), start=1
        ):
            put(sheet, row, column, text)
        formula = _potential_formula(b, entry, item)
        divisor = 1e4 if p.unit == "m2" else 1.0
        if formula:
            put_formula(sheet, row, 7, formula, value / divisor, number="#,##0.00")
        else:
            put(sheet, row, 7, value / divisor, number="#,##0.00")
        put(sheet, row, 8, "公顷 ha" if p.unit == "m2" else "年 a")
    set_up(sheet, columns=[14, 22, 8, 20, 40, 42, 14, 10], head=3, freeze="A4")


_PLAIN = {
    "suppliable": "suppliable_land_m2",
    "suppliable_industrial": "suppliable_industrial_land_m2",
    "expired": "expired_land_m2",
    "idle": "idle_land_m2",
}
_LEFT = {
    "years_mean": ("suppliable_land_m2", "supplied_in_year_m2", 3, "AVERAGE"),
    "years_max": ("suppliable_land_m2", "supplied_in_year_m2", 5, "MAX"),
    "years_mean_industrial": (
        "suppliable_industrial_land_m2",
        "industrial_supplied_in_year_m2",
        3,
        "AVERAGE",
    ),
    "years_max_industrial": (
        "suppliable_industrial_land_m2",
        "industrial_supplied_in_year_m2",
        5,
        "MAX",
    ),
}


def _potential_formula(b: _Book, entry: Entry, item: str) -> str | None:
    unit, year, _ = entry
    evaluation = b.result.evaluation
    assert evaluation is not None

    def cell(key: str, at: int = year) -> str:
        return reference(ACCOUNTS, b.rows[unit, at, ""], b.account_columns[key])

    if item in _PLAIN:
        return f"{cell(_PLAIN[item])}/10000"
    if item in _LEFT:
        left, given, count, function = _LEFT[item]
        years = range(year - count + 1, year + 1)
        if any((unit, y, "") not in b.rows for y in years):
            return None
        back = ",".join(cell(given, y) for y in years)
        return f"{cell(left)}/{function}({back})"
    kind = evaluation.kind_of(unit)
    areas = _areas_of(b, unit, year)
    parts = [_by_ideal(b, (unit, year, at), kind, area, item) for at, area in areas]
    known = [part for part in parts if part is not None]
    if not known:
        return None
    bad = " + ".join(f"ISTEXT({part})" for part in known).replace(" ", "")
    return known[0] if len(known) == 1 else f'IF({bad}>0,"{NO_IDEAL}",{"+".join(known)})'


def _areas_of(b: _Book, unit: str, year: int) -> list[tuple[str, str]]:
    """Rows of a unit that have ideals of their own: its areas, or itself by its area."""
    evaluation = b.result.evaluation
    assert evaluation is not None
    split = [a for u, y, a in b.rows if (u, y) == (unit, year) and a]
    return [(a, a) for a in split] or [("", evaluation.area_of(unit))]


def _by_ideal(b: _Book, entry: Entry, kind: str, area: str, item: str) -> str | None:
    evaluation = b.result.evaluation
    assert evaluation is not None
    key = "industrial_share" if item == "structure" else item
    at = b.ideal_rows.get((kind, area, key))
    if at is None or key not in b.value_columns:
        return None
    value = reference(VALUES, b.rows[entry], b.value_columns[key])
    if evaluation.options.round_like_form:
        value = f"ROUND({value}*100,0)/100"
    ideal = reference(WEIGHTS, at, 4, fixed=True)
    base = "industrial_land_m2" if kind == "industrial" else "built_land_m2"
    over = f"/{ideal}"
    if item == "structure":
        base, over = "built_land_m2", "/100"
    land = reference(ACCOUNTS, b.rows[entry], b.account_columns[base])
    gain = f"{land}*MAX(0,{ideal}-{value}){over}/10000"
    return f'IF(AND(ISNUMBER({ideal}),{ideal}>0),{gain},"{NO_IDEAL}")'

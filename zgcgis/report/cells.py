"""Cells of a workbook: typed text, numbers, formulas, and a file that is the same every time."""

from __future__ import annotations

import ast
import math
import unicodedata
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any
from weakref import WeakKeyDictionary

from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from ..io.spreadsheets import plain_value, put_text
from ..safe_text import is_lively

__all__ = [
    "ACCOUNTS",
    "NO_IDEAL",
    "POTENTIAL",
    "SCORES",
    "VALUES",
    "WEIGHTS",
    "excel_formula",
    "head_row",
    "put",
    "reference",
    "set_up",
    "style_head",
    "title",
]

ACCOUNTS, VALUES, WEIGHTS, SCORES, POTENTIAL = "台账", "指标", "理想值与权重", "分值", "潜力"
"""Sheets of the workbook that formulas refer to."""

NO_IDEAL = "理想值无效 bad ideal"
"""What stands in place of a number where an ideal value is blank or 0."""

_PAGE_WIDTH = 190.0  # letters across a lying A4 page that one still reads
_THIN = Side(style="thin", color="BFBFBF")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_HEAD = PatternFill("solid", fgColor="DCE6F1")
_INPUT = PatternFill("solid", fgColor="FFF9DB")
_FONT = "宋体"


def put(
    sheet: Worksheet,
    row: int,
    column: int,
    value: Any,
    *,
    kind: str = "auto",
    number: str | None = None,
    box: bool = True,
    wrap: bool = False,
) -> Cell:
    """Write one cell.

    ``kind="auto"`` writes a number as a number and everything else as *typed text*: a text that
    begins with ``=`` stays a text and is never computed. Only ``kind="formula"`` is a formula;
    ``kind="input"`` marks a number that is meant to be changed.
    """
    cell: Cell = sheet.cell(row=row, column=column)
    plain = plain_value(value)
    if kind == "formula":
        cell.value = f"={value}"
    elif isinstance(plain, bool):
        put_text(cell, "是" if plain else "否")
    elif isinstance(plain, str):
        put_text(cell, plain)
    else:
        cell.value = plain
    across = "center" if isinstance(value, int) and kind == "auto" else None
    filled = kind == "input"
    look = isinstance(plain, str) and is_lively(plain), filled, number, box, across, wrap
    looks = _LOOKS.setdefault(sheet.parent, {})
    if look not in looks:
        _dress(cell, filled=filled, number=number, box=box, across=across, wrap=wrap)
        looks[look] = cell._style
    cell._style = copy(looks[look])
    return cell


_LOOKS: WeakKeyDictionary[Any, dict[tuple[Any, ...], Any]] = WeakKeyDictionary()
"""By workbook: styles that cells have already; to set one anew takes longer than all the rest."""


def _dress(
    cell: Cell, *, filled: bool, number: str | None, box: bool, across: str | None, wrap: bool
) -> None:
    cell.font = Font(name=_FONT, size=10)
    if filled:
        cell.fill = _INPUT
    if number:
        cell.number_format = number
    if box:
        cell.border = _BOX
    cell.alignment = Alignment(horizontal=across, vertical="center", wrap_text=wrap)


def style_head(cell: Cell) -> None:
    """Make a cell a head: bold, tinted, wrapped, in the middle."""
    cell.font = Font(name=_FONT, size=10, bold=True)
    cell.fill = _HEAD
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)


def head_row(sheet: Worksheet, row: int, names: list[str]) -> None:
    """Write a row of heads."""
    for column, name in enumerate(names, start=1):
        style_head(put(sheet, row, column, name))


def title(sheet: Worksheet, zh: str, en: str, note: str = "") -> None:
    """Write the title line, Chinese first, and a note below it."""
    for row, text, size in ((1, f"{zh}　{en}", 14), (2, note, 9)):
        cell = put(sheet, row, 1, text, box=False)
        cell.font = Font(
            name=_FONT, size=size, bold=row == 1, color="000000" if row == 1 else "666666"
        )


def set_up(sheet: Worksheet, *, columns: list[float], head: int, freeze: str | None = None) -> None:
    """Set widths, heights, the print page (A4, lying, head and names on each page), the window.

    Call it last: heights are made for what the sheet holds.
    """
    for i, width in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(i)].width = width
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth = max(1, round(sum(columns) / _PAGE_WIDTH))
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top = sheet.page_margins.bottom = 0.6
    sheet.oddFooter.center.text = "&A　第 &P 页，共 &N 页"
    sheet.print_title_rows = f"1:{head}"
    if sheet.page_setup.fitToWidth > 1:
        sheet.print_title_cols = "A:C"
        sheet.page_setup.pageOrder = "overThenDown"
    for cells in sheet.iter_rows(min_row=head + 1):  # sheet[row] looks through the whole sheet
        _fit_height(sheet, cells, columns)
    for row in range(3, head + 1):
        heads = [str(c.value or "") for c in sheet[row]]
        sheet.row_dimensions[row].height = 15 * max(
            1, *(math.ceil(_wide(h) / (w - 1)) for h, w in zip(heads, columns, strict=False))
        )
    if freeze:
        sheet.freeze_panes = freeze


def _wide(text: str) -> int:
    """Width of a text in letters; a Chinese character is two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _fit_height(sheet: Worksheet, cells: Sequence[Cell], columns: list[float]) -> None:
    """Make a row with wrapped text high enough for it."""
    lines = [
        math.ceil(_wide(str(cell.value)) / (width - 1.5))
        for cell, width in zip(cells, columns, strict=False)
        if cell.alignment.wrap_text and isinstance(cell.value, str)
    ]
    if lines and max(lines) > 1:
        sheet.row_dimensions[cells[0].row].height = min(400.0, 14.5 * max(lines))


def reference(sheet: str, row: int, column: int, *, fixed: bool = False) -> str:
    """Reference to a cell of a sheet, as a formula writes it."""
    letter = get_column_letter(column)
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

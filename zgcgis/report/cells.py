"""Cells of a workbook: typed text, numbers, formulas, and a file that is the same every time.

What of the workbook follows edits beside the scores stands here too: potentials, and what says so
(活公式).
"""

from __future__ import annotations

import ast
import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from ..assessment import Assessment
from ..io.spreadsheets import plain_value, put_text
from ..safe_text import is_lively
from ..standards import POTENTIALS

if TYPE_CHECKING:
    from .workbook import Entry, _Book

__all__ = [
    "ACCOUNTS",
    "NO_IDEAL",
    "POTENTIAL",
    "POTENTIAL_KINDS",
    "SCORES",
    "VALUES",
    "WEIGHTS",
    "Formula",
    "excel_formula",
    "head_row",
    "kind_text",
    "potentials_sheet",
    "put",
    "reference",
    "set_up",
    "static_note",
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


# --- what follows edits beside the scores ---------------------------------------------------------

POTENTIAL_KINDS = {
    "expansion": ("扩展潜力", "expansion"),
    "structure": ("结构潜力", "structure"),
    "intensity": ("强度潜力", "intensity"),
    "management": ("管理潜力", "management"),
    "years": ("尚可供地年数", "years of supply left"),
}


class Formula(str):
    """What stands in a cell as a formula."""


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
    r, sheet = b.result, b.sheet(POTENTIAL)
    title(
        sheet,
        "用地潜力",
        "Potentials",
        "各类潜力在空间上重叠，不得相加。 Potentials of different kinds overlap and are never added up.",
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
            put(sheet, row, 7, formula, kind="formula", number="#,##0.00")
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

"""The sheet of ideal values and weights (理想值与权重): what may be changed, and whether it still adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...indicators import INDICATORS
from ...io.spreadsheets import Sheet
from ...standards import Node
from . import sheets
from .cells import WEIGHTS, head_row, put, put_formula, reference, set_up, title

if TYPE_CHECKING:
    from .live import Entry, _Book

__all__ = ["groups", "weights_sheet"]


def groups(b: _Book) -> dict[tuple[str, str], list[Entry]]:
    """Unit-years to score, by zone type and area: parks, then the zone."""
    r = b.result
    found: dict[tuple[str, str], list[Entry]] = {}
    for scores in (r.scores, r.total_scores):
        if scores is None:
            continue
        areas = scores.parts[scores.parts["depth"] == 1]
        for unit, year, area, node in areas[["unit", "year", "area", "node"]].itertuples(
            index=False
        ):
            split = (str(unit), int(year), str(area))
            entry = split if split in b.rows else (str(unit), int(year), "")
            found.setdefault((node.split("/")[0], str(area)), []).append(entry)
    return found


def weights_sheet(b: _Book) -> None:
    """Write weights with their ranges and a check, then ideal values with their reasons."""
    sheet = b.book.sheet(WEIGHTS)
    evaluation = b.result.evaluation
    assert evaluation is not None
    cap = evaluation.options.cap
    title(
        sheet,
        "理想值与权重",
        "Ideal values and weights",
        "浅黄色可改，改后分值随之变化；各节点权重之和应为 1。 Change a tinted cell and the scores follow.",
    )
    head_row(sheet, 3, ["分值上限 Cap"])
    put(sheet, 3, 2, cap if cap is not None else "无 none", editable=True)
    head_row(sheet, 5, _WEIGHT_HEADS)
    row = 6
    for kind in dict.fromkeys(kind for kind, _ in groups(b)):
        order = [evaluation.standard.nodes[n.id] for n in evaluation.standard.below(kind)]
        for node in order:
            b.weight_rows[node.id] = row
            row += 1
        for node in order:
            _weight_row(b, sheet, node)
    _ideals(b, sheet, row + 2)
    set_up(sheet, columns=[46, 26, 30, 11, 11, 18, 24, 50], head=5, freeze="D6")


_WEIGHT_HEADS = (
    "节点 Node",
    "名称",
    "Name",
    "权重 Weight",
    "下限 Low",
    "上限 High",
    "同级之和 Sum",
    "检查 Check",
)
_IDEAL_HEADS = (
    "指标 Indicator",
    "名称",
    "Name",
    "理想值 Ideal",
    "单位 Unit",
    "类型/分区",
    "方法 Method",
    "理由 Reason",
)


def _weight_row(b: _Book, sheet: Sheet, node: Node) -> None:
    evaluation = b.result.evaluation
    assert evaluation is not None
    at = b.weight_rows[node.id]
    for column, text in enumerate((node.id, "　" * (node.depth - 1) + node.zh, node.en), start=1):
        put(sheet, at, column, text)
    put(sheet, at, 4, node.weight, editable=True, number="0.####")
    put(sheet, at, 5, node.low, editable=True, number="0.##")
    put(sheet, at, 6, node.high, editable=True, number="0.##")
    family = evaluation.standard.children(node.parent)
    brothers = [reference(WEIGHTS, b.weight_rows[n.id], 4) for n in family]
    together = sum(n.weight for n in family)
    put_formula(sheet, at, 7, f"SUM({','.join(brothers)})", together, number="0.####")
    mine, low, high = (reference(WEIGHTS, at, column) for column in (4, 5, 6))
    formula = (
        f'IF(ABS({reference(WEIGHTS, at, 7)}-1)>0.000001,"和不为1",'
        f'IF(OR({mine}<{low},{mine}>{high}),"超出范围","正常"))'
    )
    within = node.low <= node.weight <= node.high
    said = "正常" if within else "超出范围"
    put_formula(sheet, at, 8, formula, "和不为1" if abs(together - 1) > 1e-6 else said)


def _ideals(b: _Book, sheet: Sheet, row: int) -> None:
    evaluation = b.result.evaluation
    assert evaluation is not None
    edition = evaluation.standard
    head_row(sheet, row, _IDEAL_HEADS)
    for kind, area in groups(b):
        for leaf in edition.leaves(f"{kind}/{area}"):
            row += 1
            key = str(leaf.indicator)
            entry = evaluation.ideal(key, kind, area)
            b.ideal_rows[kind, area, key] = row
            put(sheet, row, 1, key)
            put(sheet, row, 2, leaf.zh)
            put(sheet, row, 3, leaf.en)
            put(sheet, row, 4, entry.value if entry else None, editable=True, number="0.####")
            put(sheet, row, 5, INDICATORS[key].unit)
            put(sheet, row, 6, f"{edition.kinds[kind][0]} {edition.nodes[f'{kind}/{area}'].zh}")
            put(sheet, row, 7, sheets.methods_text(entry))
            put(sheet, row, 8, f"{entry.zh} {entry.en}".strip() if entry else "", wrap=True)

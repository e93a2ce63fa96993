"""Results at the foot of the scores (评价结果): a line per unit and year, ranks among its like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...io.spreadsheets import Sheet
from .cells import SCORES, WEIGHTS, Formula, head_row, kind_text, put, put_formula, reference
from .spare import name_spare

if TYPE_CHECKING:
    from .live import _Book

__all__ = ["result_block"]

_NUMBERS = ("0.00", "0.0%", "", "")  # of score, coverage, rank, number compared


def result_block(b: _Book, sheet: Sheet, row: int) -> None:
    """One line per unit and year: score over its areas, coverage, rank within year and type."""
    r = b.result
    assert r.scores is not None
    assert r.evaluation is not None
    put(sheet, row, 1, "评价结果 Results", box=False)
    head_row(
        sheet,
        row + 1,
        [
            "单元",
            "名称",
            "年份",
            "类型 Type",
            "总分 Score",
            "覆盖率 Coverage",
            "名次 Rank",
            "同类数 Of",
        ],
    )
    first, parks = row + 2, len(r.scores.total)
    last = first + parks + b.spare.count - 1
    at = first
    for park, scores in ((True, r.scores), (False, r.total_scores)):
        if scores is None:
            continue
        for unit, year in scores.total.index:
            kind = str(scores.total.at[(unit, year), "kind"])
            areas = [(a, c) for (u, y, a), c in b.score_cells.items() if (u, y) == (unit, year)]
            for column, value in enumerate((unit, r.name(str(unit)), year), start=1):
                put(sheet, at, column, value)
            put(sheet, at, 4, kind_text(r, kind, [a for a, _ in areas] if park else []))
            score, coverage = scores.total.loc[(unit, year), ["score", "coverage"]]
            live = [
                Formula(_combined(b, kind, areas, 1), score),
                Formula(_combined(b, kind, areas, 2), coverage),
            ]
            if park:
                told = r.ranks.loc[(unit, year)]
                rank, of = _rank_formulas(at, first, last)
                live += [Formula(rank, told["rank"]), Formula(of, told["of"])]
            for column, (formula, number) in enumerate(zip(live, _NUMBERS, strict=False), start=5):
                put_formula(sheet, at, column, *formula, number=number)
            b.results[str(unit), int(year)] = [
                Formula(reference(SCORES, at, column), formula.result)
                for column, formula in enumerate(live, start=5)
            ]
            at += 1
        if park:
            for spare in b.spare.rows:
                _spare_result(b, sheet, at, spare, _rank_formulas(at, first, last))
                at += 1


def _rank_formulas(at: int, first: int, last: int) -> tuple[str, str]:
    """Rank of a line among those of its year and type, and how many these are."""
    alike = (
        f"$C${first}:$C${last},C{at},$D${first}:$D${last},D{at},"
        f'$F${first}:$F${last},">0.999999999",$E${first}:$E${last}'
    )
    better = f'COUNTIFS({alike},">"&(E{at}+0.0000000001))+1'  # equal but for rounding
    rank = f'IF(AND(ISNUMBER(E{at}),F{at}>0.999999999),{better},"")'
    return rank, f'COUNTIFS({alike},">-1")'


def _spare_result(b: _Book, sheet: Sheet, at: int, row: int, ranking: tuple[str, str]) -> None:
    """Result of a spare row, empty while it does not count."""
    r = b.result
    block, there = b.spare.cell(row, 1), f"{b.spare.cell(row, 1)}>0"
    name_spare(sheet, at, row, there)
    kind = score = coverage = '""'
    for number, ((name, area), cell) in enumerate(
        zip(b.spare.blocks, b.spare_cells[row], strict=True), start=1
    ):
        text = kind_text(r, name, [area]).replace('"', '""')
        kind = f'IF({block}={number},"{text}",{kind})'
        score = f"IF({block}={number},{reference(SCORES, cell[0], cell[1])},{score})"
        coverage = f"IF({block}={number},{reference(SCORES, cell[0], cell[2])},{coverage})"
    rank, of = (f'IF({there},{text},"")' for text in ranking)
    live = zip((kind, score, coverage, rank, of), ("", *_NUMBERS), strict=True)
    for column, (formula, number_format) in enumerate(live, start=4):
        put_formula(sheet, at, column, formula, "", number=number_format)
    b.typed.append([Formula(reference(SCORES, at, column), "") for column in range(1, 9)])


def _combined(
    b: _Book, kind: str, areas: list[tuple[str, tuple[int, int, int]]], which: int
) -> str:
    """Mean of a unit's areas by their weights; an area without a score does not count."""
    if len(areas) == 1:
        cell = areas[0][1]
        return reference(SCORES, cell[0], cell[which])
    top, weight = [], []
    for name, cell in areas:
        w = reference(WEIGHTS, b.weight_rows[f"{kind}/{name}"], 4, fixed=True)
        there = f"ISNUMBER({reference(SCORES, cell[0], cell[1])})"
        top.append(f"IF({there},{w}*{reference(SCORES, cell[0], cell[which])},0)")
        weight.append(f"IF({there},{w},0)")
    covered = "+".join(weight)
    cell = areas[0][1]
    why = reference(SCORES, cell[0], cell[which])
    return f"IF(({covered})=0,{why},({'+'.join(top)})/({covered}))"

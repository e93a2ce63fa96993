"""What of the workbook follows edits beside the scores: potentials, and what says so (活公式)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..assessment import Assessment
from ..standards import POTENTIALS
from .cells import (
    ACCOUNTS,
    NO_IDEAL,
    POTENTIAL,
    VALUES,
    WEIGHTS,
    head_row,
    put,
    reference,
    set_up,
    title,
)

if TYPE_CHECKING:
    from .workbook import Entry, _Book

__all__ = ["POTENTIAL_KINDS", "Formula", "kind_text", "potentials_sheet", "static_note"]

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

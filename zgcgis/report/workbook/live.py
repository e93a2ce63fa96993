"""The workbook (评价工作簿): every score is a live formula down to the accounts.

Whoever changes an account, an ideal value or a weight sees indicators, scores, potentials and
ranks change, in Excel or in LibreOffice, without this program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ...assessment import Assessment, complete, outermost
from ...indicators import INDICATORS, compute, total
from ...io.spreadsheets import Book, Sheet, book_bytes, write_book_of
from ...language.terms import TERMS
from ...standards import Node
from . import sheets
from .cells import (
    ACCOUNTS,
    NO_IDEAL,
    SCORES,
    VALUES,
    WEIGHTS,
    Formula,
    excel_formula,
    head_row,
    potentials_sheet,
    put,
    put_formula,
    reference,
    set_up,
    title,
)
from .followed import MOST_PIECES, Followed, follow, write_followed
from .ranked import result_block
from .spare import (
    ACCOUNT_HEADS,
    Spare,
    lay_out,
    name_spare,
    ranged_sum,
    standing,
    typed_in,
    write_helpers,
    write_spare,
)
from .weights import groups, weights_sheet

__all__ = ["workbook_bytes", "write_workbook"]

Entry = tuple[str, int, str]  # unit, year, area ("" = the whole unit)


@dataclass
class _Book:
    """Where everything stands in the workbook while it is being written."""

    result: Assessment
    book: Book
    rows: dict[Entry, int] = field(default_factory=dict)  # same rows in accounts and values
    account_columns: dict[str, int] = field(default_factory=dict)
    accounts: dict[Entry, dict[str, float | None]] = field(default_factory=dict)
    value_columns: dict[str, int] = field(default_factory=dict)
    weight_rows: dict[str, int] = field(default_factory=dict)
    ideal_rows: dict[tuple[str, str, str], int] = field(default_factory=dict)
    score_cells: dict[Entry, tuple[int, int, int]] = field(default_factory=dict)
    results: dict[tuple[str, int], list[Formula]] = field(default_factory=dict)
    followed: Followed = field(default_factory=Followed)
    spare: Spare = field(default_factory=Spare)
    spare_cells: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)
    """By spare row of the accounts: its line in each block of scores."""
    typed: list[list[Formula]] = field(default_factory=list)
    """Lines of the results of the spare rows."""

    def unit_name(self, entry: Entry) -> str:
        unit, _, area = entry
        name = self.result.name(unit, "zh")
        if not area:
            return name
        evaluation = self.result.evaluation
        label = {"main": "主区", "growth": "发展方向区"}.get(area, area)
        if evaluation is not None:
            found = [n.zh for n in evaluation.standard.nodes.values() if n.id.endswith("/" + area)]
            label = found[0] if found else label
        return f"{name}（{label}）"


HEAD_COLUMNS = 3


def write_workbook(result: Assessment, path: str | Path) -> Path:
    """Write an assessment as a workbook with live formulas.

    Parameters
    ----------
    result
        The assessment.
    path
        Where the ``.xlsx`` shall stand; it is whole or absent.
    """
    return write_book_of(path, lambda: workbook_bytes(result))


def workbook_bytes(result: Assessment) -> bytes:
    """Return what :func:`write_workbook` writes."""
    name = f"{result.zone.names['zh']}土地集约利用评价"
    return book_bytes(lambda book: _fill(_Book(result, book)), title=name)


def _fill(b: _Book) -> None:
    result = b.result
    b.followed = follow(result)
    summary = b.book.sheet("说明")
    _accounts_sheet(b)
    _values_sheet(b)
    if result.scores is not None and result.evaluation is not None:
        weights_sheet(b)
        _scores_sheet(b)
        potentials_sheet(b)
    sheets.write_summary(summary, result, _cells_of_results(b, park=False), typed_in(b))
    sheets.write_tables(b.book, result, _cells_of_results(b, park=True), b.typed)
    write_followed(b.book, result, b.followed)


# --- accounts and indicators -----------------------------------------------------------------


def _entries(b: _Book) -> list[Entry]:
    r = b.result
    entries: list[Entry] = [(str(u), int(y), "") for u, y in r.accounts.index]
    entries += [(str(u), int(y), "") for u, y in r.total_accounts.index]
    if r.total_scores is not None:
        areas = r.total_scores.parts[["unit", "year", "area"]].drop_duplicates()
        split = areas["area"].nunique() > 1
        if split:
            entries += [
                (str(u), int(y), str(a)) for u, y, a in areas.itertuples(index=False, name=None)
            ]
    return entries


def _accounts_sheet(b: _Book) -> None:
    r, sheet = b.result, b.book.sheet(ACCOUNTS)
    keys = [k for k in TERMS if k in r.accounts or k in r.total_accounts]
    b.account_columns = {key: len(ACCOUNT_HEADS) + 1 + i for i, key in enumerate(keys)}
    b.spare = lay_out(b, _entries(b), len(keys))
    title(
        sheet,
        "土地利用台账",
        "Accounts",
        _note_on_accounts(b),
    )
    zh, en, meant = zip(*ACCOUNT_HEADS, strict=True)
    head_row(sheet, 3, [*zh, *(TERMS[k].zh for k in keys)])
    head_row(sheet, 4, [*en, *(TERMS[k].en for k in keys)])
    head_row(sheet, 5, [*meant, *(f"{k}（{TERMS[k].unit}）" for k in keys)])
    sums = _sums(b)
    for entry, row in b.rows.items():
        said = [entry[0], b.unit_name(entry), entry[1], *standing(b, entry), ""]
        for column, value in enumerate(said, start=1):
            put(sheet, row, column, value)
        for key, column in b.account_columns.items():
            found = _sum_formula(b, entry, key, column, sums)
            value = _account(r, entry, key) if found is None else found.result
            b.accounts.setdefault(entry, {})[key] = value
            if found is not None:
                put_formula(sheet, row, column, *found, number="#,##0.##")
                continue
            if live := _from_pieces(b, entry, key, value):
                put_formula(sheet, row, column, *live, number=_number(r, entry, key))
                continue
            number = _number(r, entry, key)
            put(sheet, row, column, value, editable="填" in number, number=number)
    write_spare(b, sheet)
    write_helpers(b, sheet)
    widths = [14.0, 22.0, 8.0, 14.0, 14.0, 12.0, 14.0, 26.0]
    set_up(sheet, columns=[*widths, *[15.0] * len(keys)], head=5, freeze="D6")


def _note_on_accounts(b: _Book) -> str:
    """Say what the marks mean, where the parcels are, and where a park is typed in."""
    rows = b.spare.rows
    span = f"{rows.start}–{rows.stop - 1}"
    said = (
        f"数后“填”为填报或公布，“量”为由图层量算，无字为求和公式；浅黄色可改。新园区写入第 {span} 行，随即计入求和的合计、"
        "指标、分值和名次（状态列说是否计入；公布的合计不变）；潜力、效率等表不含新园区。 填 stated, 量 measured from the "
        f"layers, neither: a sum. A park typed into rows {span} joins totals that are sums, indicators, scores and "
        "ranks, as its status says; published totals stay, and sheets of potentials and efficiency do not list it. "
    )
    if b.followed.tables:
        said += (
            "量算的土地和建筑面积是“宗地”“建筑物”各表的求和公式；企业数据不逐户列出。 Measured land and floor areas "
            "sum the sheets of parcels and buildings; single firms are not listed."
        )
    if b.followed.too_many:
        said += (
            f"宗地和建筑物共 {b.followed.too_many:,} 块，超过工作簿所列的 {MOST_PIECES:,} 块，逐块见 parcels.csv、"
            f"buildings.csv。 The {b.followed.too_many:,} pieces of parcels and buildings are more than the {MOST_PIECES:,} "
            "that a workbook lists: see parcels.csv and buildings.csv."
        )
    return said


def _from_pieces(b: _Book, entry: Entry, key: str, value: float | None) -> Formula | None:
    """Formula of a measured account over the sheets of parcels; none for a stated one."""
    unit, year, area = entry
    basis = b.result.basis
    measured = not area and (unit, year) in basis.index and key in basis
    if not measured or basis.at[(unit, year), key] != "computed":
        return None
    return b.followed.formula(unit, year, key, value, b.rows[entry])


def _number(r: Assessment, entry: Entry, key: str) -> str:
    """Format of an account, which says where the number is from."""
    at = entry[:2]
    known = at in r.basis.index and key in r.basis
    mark = "量" if known and r.basis.at[at, key] == "computed" else "填"
    return f'#,##0.##" {mark}"'


def _account(r: Assessment, entry: Entry, key: str) -> float | None:
    unit, year, _ = entry
    for table in (r.accounts, r.total_accounts):
        if (unit, year) in table.index and key in table:
            return float(table.at[(unit, year), key])
    return None


Sums = dict[Entry, tuple[list[str], pd.DataFrame]]


def _sums(b: _Book) -> Sums:
    """For every total: the parks it adds up, and what the sum is."""
    r = b.result
    parks = complete(r.zone, r.accounts)
    groups = r.zone.units["group"] if "group" in r.zone.units else pd.Series(dtype=object)
    evaluation = r.evaluation
    found: Sums = {}
    for entry in b.rows:
        unit, year, area = entry
        if (unit, year) in r.accounts.index and not area:
            continue
        here = [str(u) for u, y in parks.index if y == year]
        if area and evaluation is not None:
            here = [u for u in here if evaluation.area_of(u) == area]
        elif unit != r.zone.id:
            here = [u for u in here if groups.get(u) == unit]
        here = outermost(r.zone, here)  # a park within one of these is in it already
        rows = parks[parks.index.isin([(u, year) for u in here])]
        found[entry] = (here, total(rows) if len(rows) else pd.DataFrame())
    return found


def _sum_formula(b: _Book, entry: Entry, key: str, column: int, sums: Sums) -> Formula | None:
    """Formula of a total, unless it is a published value that is not the sum of the parks."""
    if entry not in sums:
        return None
    units, sum_ = sums[entry]
    year = entry[1]
    if sum_.empty or key not in sum_ or any((u, year, "") not in b.rows for u in units):
        return None
    value = float(sum_[key].iloc[0])
    stated = None if entry[2] else _account(b.result, entry, key)
    published = float("nan") if stated is None else stated
    if published == published and not abs(value - published) <= 1e-9 * max(1.0, abs(value)):
        return None
    parks = b.result.accounts.xs(year, level="year")[key] if key in b.result.accounts else {}
    own = {str(u): float(v) for u, v in parks.items()}
    if ranged := ranged_sum(b, entry, column, units, own, value):
        return Formula(ranged, value)
    if value != value:
        return None
    cells = ",".join(reference(ACCOUNTS, b.rows[u, year, ""], column) for u in units)
    return Formula(f'IF(COUNT({cells})<{len(units)},"",SUM({cells}))', value)


def _wanted_indicators(b: _Book) -> list[str]:
    r = b.result
    there = set(r.values) | set(r.total_values)
    if r.evaluation is not None:
        there |= {n.indicator for n in r.evaluation.standard.nodes.values() if n.indicator}
    columns = set(b.account_columns)
    return [k for k, ind in INDICATORS.items() if k in there and set(ind.inputs) <= columns]


def _values_sheet(b: _Book) -> None:
    sheet = b.book.sheet(VALUES)
    keys = _wanted_indicators(b)
    b.value_columns = {key: HEAD_COLUMNS + 1 + i for i, key in enumerate(keys)}
    title(
        sheet,
        "评价指标",
        "Indicators",
        "全部为公式，引用“台账”。 All cells are formulas on the accounts.",
    )
    head_row(sheet, 3, ["单元", "名称", "年份", *(INDICATORS[k].zh for k in keys)])
    head_row(sheet, 4, ["unit", "name", "year", *(INDICATORS[k].en for k in keys)])
    head_row(sheet, 5, ["", "", "", *(INDICATORS[k].unit for k in keys)])
    accounts = pd.DataFrame.from_records(list(b.accounts.values())).astype(float)
    values = compute(accounts, keys)
    for place, (entry, row) in enumerate(b.rows.items()):
        for column, value in enumerate((entry[0], b.unit_name(entry), entry[1]), start=1):
            put(sheet, row, column, value)
        cells = {key: reference(ACCOUNTS, row, c) for key, c in b.account_columns.items()}
        for key, column in b.value_columns.items():
            formula = excel_formula(INDICATORS[key].formula, cells)
            result = values[key].iloc[place]
            put_formula(sheet, row, column, formula, result, number="#,##0.00##")
    for row in b.spare.rows:
        name_spare(sheet, row, row, "TRUE()")
        cells = {key: reference(ACCOUNTS, row, c) for key, c in b.account_columns.items()}
        for key, column in b.value_columns.items():
            formula = excel_formula(INDICATORS[key].formula, cells)
            put_formula(sheet, row, column, formula, "", number="#,##0.00##")
    set_up(sheet, columns=[14, 22, 8, *[13.0] * len(keys)], head=5, freeze="D6")


# --- scores --------------------------------------------------------------------------------


def _score_formula(b: _Book, value: str, ideal: str, key: str) -> str:
    """One indicator's score from the cells of its value and ideal, as `standards.score` makes it."""
    evaluation = b.result.evaluation
    assert evaluation is not None
    options, ind = evaluation.options, INDICATORS[key]
    v = f"(ROUND({value}*100,0)/100)" if options.round_like_form else value
    needed = f"AND(ISNUMBER({ideal}),{ideal}>=0)"
    if ind.direction == "+":
        text, needed = f"100*{v}/{ideal}", f"AND(ISNUMBER({ideal}),{ideal}>0)"
    elif options.idle == "ratio":
        text = f"IF({ideal}=0,100,100*{v}/{ideal})"
    elif ind.unit == "%":
        text, needed = f"MAX(0,100*(1-{v}/100))", "TRUE()"
    else:
        text = f"IF({v}>0,100*{ideal}/{v},100)"
    if options.cap is not None:
        text = f"MIN({reference(WEIGHTS, 3, 2, fixed=True)},{text})"
    if needed != "TRUE()":
        text = f'IF({needed},{text},"{NO_IDEAL}")'
    return f'IF(ISNUMBER({value}),{text},"")'


_NO_WEIGHTS = "权重无效 bad weights"
_NO_DATA = "缺数，不计分 data missing"


def _weights_wrong(b: _Book, kind: str) -> str:
    """Whether a weight of a type is blank, or some that should add to 1 do not."""
    evaluation = b.result.evaluation
    assert evaluation is not None
    rows = [b.weight_rows[node.id] for node in evaluation.standard.below(kind)]
    weights = f"{reference(WEIGHTS, rows[0], 4, fixed=True)}:{_local(rows[-1], 4, fixed=True)}"
    totals = f"{reference(WEIGHTS, rows[0], 7, fixed=True)}:{_local(rows[-1], 7, fixed=True)}"
    off = f"SUMPRODUCT(--(ABS({totals}-1)>0.000001))>0"
    return f"OR(COUNT({weights})<{len(rows)},{off})"


def _scores_sheet(b: _Book) -> None:
    r, sheet = b.result, b.book.sheet(SCORES)
    assert r.evaluation is not None
    said = " ".join(zh for zh, _ in r.scores.method) if r.scores else ""
    title(sheet, "集约度分值", "Scores", said)
    row = 4
    for (kind, area), entries in groups(b).items():
        row = _score_block(b, sheet, row, kind, area, entries) + 2
    result_block(b, sheet, row)
    set_up(sheet, columns=[14, 24, 8, *[12.0] * 26], head=3)


@dataclass
class _Block:
    """A block of scores: parks of one zone type and area over the indicators of both."""

    kind: str
    region: str
    leaves: list[Node]
    inner: list[Node]
    root: Node
    share_row: int
    wrong: str

    first = HEAD_COLUMNS + 1

    @property
    def last(self) -> int:
        """Column of the last indicator."""
        return self.first + len(self.leaves) - 1

    @property
    def total(self) -> int:
        """Column of the score; that of the coverage is next."""
        return self.last + 1 + len(self.inner)


def _score_block(
    b: _Book, sheet: Sheet, row: int, kind: str, area: str, entries: list[Entry]
) -> int:
    evaluation = b.result.evaluation
    assert evaluation is not None
    edition, root = evaluation.standard, f"{kind}/{area}"
    inner = [n for n in edition.below(root) if not n.indicator]
    wrong = _weights_wrong(b, kind)
    block = _Block(kind, area, edition.leaves(root), inner, edition.nodes[root], row + 2, wrong)
    named = f"{edition.kinds[kind][0]} · {block.root.zh} {block.root.en}"
    put(sheet, row, 1, named, box=False)
    names = [n.zh for n in (*block.leaves, *inner)] + ["总分 Score", "覆盖率 Coverage"]
    head_row(sheet, row + 1, ["单元", "名称", "年份", *names])
    put(sheet, block.share_row, 2, "在总分中的权重 Share")
    for j, leaf in enumerate(block.leaves):
        path = _path(edition.nodes, root, leaf)
        product = "*".join(reference(WEIGHTS, b.weight_rows[n.id], 4, fixed=True) for n in path)
        product = f"IFERROR({product},0)"  # a text among the weights is said in the scores
        share = float(np.prod([n.weight for n in path]))
        put_formula(sheet, block.share_row, block.first + j, product, share, number="0.####")
    at, known = block.share_row, _scored(b)
    for entry in entries:
        at += 1
        for column, value in enumerate((entry[0], b.unit_name(entry), entry[1]), start=1):
            put(sheet, at, column, value)
        told = {
            n.id: known.get((entry[0], entry[1], area, n.id), (None, 0.0))
            for n in (*block.leaves, *inner, block.root)
        }
        _score_line(b, sheet, at, block, b.rows[entry], told)
        b.score_cells[entry[0], entry[1], area] = (at, block.total, block.total + 1)
    number = b.spare.blocks.index((kind, area)) + 1
    for spare in b.spare.rows:
        at += 1
        asked = f"{b.spare.cell(spare, 1)}={number}"
        name_spare(sheet, at, spare, asked)
        _score_line(b, sheet, at, block, spare, {}, asked)
        b.spare_cells.setdefault(spare, []).append((at, block.total, block.total + 1))
    return at


def _score_line(
    b: _Book,
    sheet: Sheet,
    at: int,
    block: _Block,
    row: int,
    told: Mapping[str, tuple[float | None, float]],
    asked: str = "",
) -> None:
    """Scores of one row of the accounts, empty unless what is asked holds."""
    evaluation = b.result.evaluation
    assert evaluation is not None

    def write(column: int, formula: str, result: float | None, number: str = "0.00") -> None:
        formula = f'IF({asked},{formula},"")' if asked else formula
        put_formula(sheet, at, column, formula, result, number=number)

    for column, leaf in enumerate(block.leaves, start=block.first):
        key = str(leaf.indicator)
        ideal = reference(WEIGHTS, b.ideal_rows[block.kind, block.region, key], 4, fixed=True)
        if key in b.value_columns:
            value = reference(VALUES, row, b.value_columns[key])
            write(column, _score_formula(b, value, ideal, key), told.get(leaf.id, (None,))[0])
        else:
            put(sheet, at, column, None)
    w, s = _ranges(block.share_row, at, block.first, block.last)
    coverage = told[block.root.id][1] if told else None
    write(block.total + 1, f"SUMPRODUCT(ISNUMBER({s})*{w})", coverage, "0.0%")
    for column, node in enumerate([*block.inner, block.root], start=block.last + 1):
        mine = [j for j, leaf in enumerate(block.leaves) if leaf.id.startswith(node.id + "/")]
        formula = _mean_formula(block.share_row, at, block.first + mine[0], block.first + mine[-1])
        if node is block.root:
            if evaluation.options.missing == "refuse":
                have = reference(SCORES, at, block.total + 1)
                formula = f'IF({have}<0.999999999,"{_NO_DATA}",{formula})'
            formula = f'IF({block.wrong},"{_NO_WEIGHTS}",{formula})'
        write(column, formula, told.get(node.id, (None,))[0])


def _scored(b: _Book) -> dict[tuple[str, int, str, str], tuple[float, float]]:
    """Score and coverage of every node, by unit, year, area and node."""
    found = {}
    for scores in (b.result.scores, b.result.total_scores):
        if scores is not None:
            names = ["unit", "year", "area", "node", "score", "coverage"]
            for unit, year, area, node, *told in scores.parts[names].itertuples(index=False):
                found[str(unit), int(year), str(area), str(node)] = (told[0], told[1])
    return found


def _path(nodes: Mapping[str, Node], root: str, leaf: Node) -> list[Node]:
    """Nodes from below the root down to the leaf."""
    found, at = [leaf], leaf
    while at.parent != root:
        at = nodes[at.parent]
        found.append(at)
    return found[::-1]


def _ranges(share_row: int, row: int, first: int, last: int) -> tuple[str, str]:
    weights = (
        f"{reference(SCORES, share_row, first, fixed=True)}:{_local(share_row, last, fixed=True)}"
    )
    scores = f"{reference(SCORES, row, first)}:{_local(row, last)}"
    return weights, scores


def _local(row: int, column: int, *, fixed: bool = False) -> str:
    return reference("", row, column, fixed=fixed).partition("!")[2]


def _mean_formula(share_row: int, row: int, first: int, last: int) -> str:
    """Weighted mean of the indicator scores that are there."""
    w, s = _ranges(share_row, row, first, last)
    covered = f"SUMPRODUCT(ISNUMBER({s})*{w})"
    return f'IF({covered}=0,"",SUMPRODUCT({w},{s})/{covered})'


def _cells_of_results(b: _Book, *, park: bool) -> dict[tuple[str, int], list[Formula]]:
    """Where score, coverage, rank and number compared of each unit and year stand."""
    return {at: live for at, live in b.results.items() if (at[0] != b.result.zone.id) == park}

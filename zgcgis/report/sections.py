"""Sections of the report page (报告各章): texts, charts, and tables whose numbers say how they came."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd
from markupsafe import Markup

from ..assessment import Assessment
from ..indicators import EVIDENCE, INDICATORS
from ..language.terms import TERMS
from ..standards import POTENTIALS, shares_below
from ..standards.benchmarks import caveats
from ..standards.cross import METHODS as CROSS_METHODS
from . import charts
from .derivations import Derivations
from .wording import Words, sentences_of
from .workbook import POTENTIAL_KINDS, method_lines, methods_text, robustness_note

__all__ = ["Cell", "Chart", "Section", "Table", "sections_of"]

_MOST_FINDINGS = 60


@dataclass
class Cell:
    """What stands in a cell; `how` unfolds from a number: its formula."""

    text: str
    number: bool = False
    how: str = ""


@dataclass
class Table:
    """A table that folds; `folded` ones open folded."""

    heads: list[str]
    rows: list[list[Cell]]
    caption: str
    folded: bool = False


@dataclass
class Chart:
    """A drawing and what it shows."""

    svg: Markup
    caption: str


@dataclass
class Section:
    """A section of the page: texts, a map beside the first table, tables, charts, a list."""

    title: str
    text: list[str] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    beside: Chart | None = None


def sections_of(r: Assessment, say: Words) -> list[Section]:
    """Return the sections of the page in their order; one without content is left out there."""
    told = Derivations(r, say)
    return [
        _result(r, say, told),
        _values(r, say, told),
        _change(r, say, told),
        _published(r, say),
        _sure(r, say),
        _potential(r, say, told),
        _beside(r, say),
        _goals(r, say),
        _findings(r, say),
        _method(r, say, told),
    ]


def _text(value: Any, digits: int = 2) -> Cell:
    if isinstance(value, _Told):
        return Cell(_text(value.value, digits).text, number=True, how=value.how)
    if value is None or value is pd.NA or value != value:
        return Cell("—", number=True)
    if isinstance(value, bool):
        return Cell(str(value))
    if isinstance(value, int) or (hasattr(value, "dtype") and value.dtype.kind == "i"):
        return Cell(str(int(value)), number=True)
    if isinstance(value, float):
        small = 0 < abs(value) < 0.1  # keeps two digits that say something
        places = min(digits - 1 - math.floor(math.log10(abs(value))), 8) if small else digits
        return Cell(f"{value:,.{places}f}", number=True)
    return Cell(str(value))


class _Told(NamedTuple):
    """A number and how it came."""

    value: Any
    how: str


def _rows(rows: Iterable[Iterable[Any]], digits: int = 2) -> list[list[Cell]]:
    return [[_text(value, digits) for value in row] for row in rows]


def _result(r: Assessment, say: Words, told: Derivations) -> Section:
    s = Section(say("评价结果", "Result"))
    if r.scores is None or r.evaluation is None:
        s.text.append(
            say("没有集约度分值，原因见文末。", "There is no score; the end of the page says why.")
        )
        return s
    kinds = r.evaluation.standard.kinds
    s.text += [say(zh, en) for zh, en in r.scores.method]
    if r.total_scores is not None and (r.zone.id, r.year) in r.total_scores.total.index:
        svg = charts.waterfall(r, r.zone.id, r.year, lang=say.lang)
        if svg:
            s.charts.append(
                Chart(
                    svg,
                    say(
                        "示范区得分的分解：各指标失分", "The zone's score: points lost by indicator"
                    ),
                )
            )
    now = r.ranks[r.ranks.index.get_level_values("year") == r.year]
    now = now.sort_values(["kind", "rank"], kind="stable")
    rows = [
        [
            r.name(str(unit), say.lang),
            say(*kinds[row["kind"]]),
            _Told(row["score"], told.score(str(unit), int(year))),
            f"{row['coverage']:.0%}",
            _Told(row["rank"], told.rank(str(unit), int(year))),
            row["of"],
        ]
        for (unit, year), row in now.iterrows()
    ]
    heads = [
        say("园区", "Park"),
        say("类型", "Type"),
        say("分值", "Score"),
        say("覆盖率", "Coverage"),
        say("名次", "Rank"),
        say("同类数", "Of"),
    ]
    s.tables.append(
        Table(
            heads,
            _rows(rows),
            say(f"{r.year} 年园区分值（同类型内排名）", f"Parks in {r.year}, ranked within type"),
        )
    )
    s.text += [*_set_map(s, r, say), *_close(r, say)]
    s.tables += _weights(r, say)
    drawn = {u: charts.waterfall(r, str(u), r.year, lang=say.lang) for u, _ in now.index}
    s.charts += [Chart(svg, r.name(str(u), say.lang)) for u, svg in drawn.items() if svg]
    return s


def _set_map(s: Section, r: Assessment, say: Words) -> list[str]:
    """Set the map beside the first table; what is not on it."""
    svg, caption, lacking = charts.map_beside(r, lang=say.lang)
    s.beside = Chart(svg, caption) if svg else None
    return [lacking] if lacking else []


_SURE = 0.9  # of the draws; a first place seen less often is said to be open


def first_open(r: Assessment, kind: str) -> bool:
    """Whether the first place of a type is not sure: seen in less than nine of ten draws."""
    sure = r.robustness.get(kind)
    return sure is not None and len(sure.share) > 1 and float(sure.share[1].max()) < _SURE


def _close(r: Assessment, say: Words) -> list[str]:
    """Say of which type the first place is open, with the scores and how often each was first."""
    said = []
    for kind, sure in r.robustness.items():
        first = sure.share[1].sort_values(ascending=False, kind="stable")
        if not first_open(r, str(kind)):
            continue
        named = say(*r.evaluation.standard.kinds[kind]) if r.evaluation else kind
        parts = [
            f"{r.name(str(unit), say.lang)} {sure.scores.at[unit, 'score']:.2f}{say.bracketed(f'{share:.0%}')}"
            for unit, share in first.items()
            if share >= 0.05
        ]
        said.append(
            say(
                f"{named}：第一名不能确定。分值及抽样中居第一的比例：{'，'.join(parts)}。",
                f"{named}: the first place is open. Scores, and share of draws first: "
                f"{', '.join(parts)}.",
            )
        )
    return said


def _weights(r: Assessment, say: Words) -> list[Table]:
    """What each indicator weighs in the score, and the ideal it is held to, by type and area."""
    if r.scores is None or r.evaluation is None:
        return []
    edition = r.evaluation.standard
    rows = r.scores.indicators()
    tables = []
    for root in dict.fromkeys("/".join(str(node).split("/")[:2]) for node in rows["node"]):
        kind, area = root.split("/")
        weights = shares_below(edition, root)
        listed = []
        for leaf in edition.leaves(root):
            key = str(leaf.indicator)
            ideal = r.evaluation.ideal(key, kind, area)
            named = INDICATORS[key]
            value = None if ideal is None else ideal.value
            unit = say.unit(named.unit)
            steps = [edition.nodes[n] for n in edition.nodes if leaf.id.startswith(n + "/")]
            path = [n for n in steps if n.id.startswith(root + "/")] + [leaf]
            product = " × ".join(f"{say(n.zh, n.en)} {n.weight:g}" for n in path)
            listed.append([say(named.zh, named.en), _Told(weights[leaf.id], product), value, unit])
        heads = [
            say("指标", "Indicator"),
            say("权重", "Weight"),
            say("理想值", "Ideal"),
            say("单位", "Unit of measure"),
        ]
        where = say(*edition.kinds[kind]), say(edition.nodes[root].zh, edition.nodes[root].en)
        caption = say(
            f"权重与理想值：{where[0]}，{where[1]}", f"Weights and ideals: {where[0]}, {where[1]}"
        )
        tables.append(Table(heads, _rows(listed, 3), caption, folded=True))
    return tables


def _values(r: Assessment, say: Words, told: Derivations) -> Section:
    s = Section(say("指标", "Indicators"))
    if r.scores is None:
        s.text += _set_map(s, r, say)
    years = {int(y) for _, y in r.values.dropna(how="all").index}
    year = r.year if r.year in years else max(years, default=r.year)
    both = pd.concat([r.total_values, r.values])
    if r.evaluation is None:  # published values are thin: show every year that has one
        both = both.dropna(how="all")
    else:
        both = both[both.index.get_level_values("year") == year]
    keys = [k for k in INDICATORS if k in both and both[k].notna().any()]
    units = [f"{r.name(str(u), say.lang)} {y}" for u, y in both.index]

    def value(i: int, key: str) -> _Told:
        unit, at = both.index[i]
        number = float(both[key].iloc[i])
        return _Told(number, told.indicator(str(unit), int(at), key, number))

    if r.evaluation is None:
        rows: list[list[Any]] = [
            [units[i], *(value(i, k) for k in keys)] for i in range(len(units))
        ]
        heads = [
            say("单元", "Unit"),
            *(
                say(INDICATORS[k].zh, INDICATORS[k].en)
                + say.bracketed(say.unit(INDICATORS[k].unit))
                for k in keys
            ),
        ]
    else:
        rows = [
            [
                say(INDICATORS[k].zh, INDICATORS[k].en),
                say.unit(INDICATORS[k].unit),
                *(value(i, k) for i in range(len(units))),
            ]
            for k in keys
        ]
        heads = [say("指标", "Indicator"), say("单位", "Unit"), *units]
    s.text.append(say("示范区和聚集区为合计数之比。", "Zone and groups: ratios of sums."))
    s.tables.append(Table(heads, _rows(rows), say("指标值", "Values of the indicators")))
    svg = charts.spacemate(r, year, lang=say.lang)
    if svg:
        s.charts.append(
            Chart(
                svg,
                say(
                    "空间矩阵：建筑密度与容积率，虚线为平均层数",
                    "Spacemate: coverage and floor area ratio; dashed: mean storeys",
                ),
            )
        )
    return s


def _change(r: Assessment, say: Words, told: Derivations) -> Section:
    s = Section(say("动态", "Change over the years"))
    if r.scores is not None:
        svg = charts.trend(r, r.scores.total, "score", "集约度分值", "Score", lang=say.lang)
        if svg:
            s.charts.append(Chart(svg, say("集约度分值", "Score")))
    for key in ("floor_area_ratio", "tax_per_hectare", "income_per_planned_area"):
        svg = charts.trend(r, r.values, key, INDICATORS[key].zh, INDICATORS[key].en, lang=say.lang)
        if svg:
            named = INDICATORS[key]
            s.charts.append(
                Chart(
                    svg,
                    say(named.zh, named.en)
                    + ("" if named.unit == "1" else say.bracketed(say.unit(named.unit))),
                )
            )
    rows = [
        [
            r.name(str(c.unit), say.lang),
            f"{c[2]}–{c.to}",
            c.rank_before,
            c.rank_after,
            _Told(float(c.score_change), told.moved(str(c.unit), int(c[2]), int(c.to))),
            say(INDICATORS[c.cause].zh, INDICATORS[c.cause].en)
            if c.cause
            else say("其他园区变动", "others moved"),
            float(c.cause_change),
        ]
        for c in r.changes.itertuples(index=False)
    ]
    if rows:
        heads = [
            say("园区", "Park"),
            say("时段", "Period"),
            say("原名次", "Rank before"),
            say("现名次", "Rank after"),
            say("分值变化", "Change of score"),
            say("主要原因", "Cause"),
            say("其贡献（分）", "Points of it"),
        ]
        s.tables.append(
            Table(heads, _rows(rows), say("名次变化及原因", "Change of rank and its cause"))
        )
    return s


def _published(r: Assessment, say: Words) -> Section:
    s = Section(say("公布数值的增长与占比", "Growth and parts of published values"))
    rows: list[list[Any]] = [
        [
            r.name(str(g.unit), say.lang),
            say(TERMS[g.key].zh, TERMS[g.key].en),
            f"{g[2]}–{g.to}",
            _Told(
                float(g.growth_pct),
                f"(({g.after:,.10g} ÷ {g.before:,.10g})^(1/{int(g.to) - int(g[2])}) − 1) × 100",
            ),
            say("约", "about") if g.about else "",
        ]
        for g in r.growth.itertuples(index=False)
    ]
    if rows:
        heads = [
            say("单元", "Unit"),
            say("数量", "Quantity"),
            say("时段", "Period"),
            say("年均增长 %", "Growth a year, %"),
            say("精度", "Precision"),
        ]
        caption = say(
            "年均增长（同一口径、同一系列的全年数）",
            "Mean yearly growth (whole years of one scope and series)",
        )
        s.tables.append(Table(heads, _rows(rows), caption))
    parts: list[list[Any]] = [
        [
            r.name(str(p.unit), say.lang),
            say(TERMS[p.key].zh, TERMS[p.key].en),
            int(p.year),
            _Told(float(p.share_pct), f"{p.value:,.10g} ÷ {p.whole:,.10g} × 100"),
            say("约", "about") if p.about else "",
        ]
        for p in r.shares.itertuples(index=False)
    ]
    if parts:
        heads = [
            say("园区", "Park"),
            say("数量", "Quantity"),
            say("年份", "Year"),
            say("占示范区 %", "Part of the zone, %"),
            say("精度", "Precision"),
        ]
        s.tables.append(
            Table(heads, _rows(parts), say("园区占示范区的比重", "What part of the zone a park is"))
        )
    return s


def _sure(r: Assessment, say: Words) -> Section:
    s = Section(say("名次有多稳", "How sure the ranks are"))
    if not r.robustness or r.evaluation is None:
        return s
    s.text.append(say(*robustness_note(r)))
    for kind in r.robustness:
        svg = charts.acceptability(r, kind, lang=say.lang)
        if svg:
            s.charts.append(Chart(svg, say(*r.evaluation.standard.kinds[kind])))
    for kind, c in r.cross.items():
        rows = [
            [r.name(str(unit), say.lang), *(c.ranks.at[unit, k] for k in c.ranks)]
            for unit in c.ranks.sort_values("standard", kind="stable").index
        ]
        heads = [say("园区", "Park"), *(say(*CROSS_METHODS[str(k)]) for k in c.ranks)]
        named = say(*r.evaluation.standard.kinds[kind])
        caption = say(f"不同方法的名次：{named}", f"Ranks by other methods: {named}")
        s.tables.append(Table(heads, _rows(rows), caption))
    return s


def _potential(r: Assessment, say: Words, told: Derivations) -> Section:
    s = Section(say("潜力", "Potentials"))
    p = r.potentials[r.potentials["year"] == r.year] if len(r.potentials) else r.potentials
    if p.empty:
        return s
    s.text.append(
        say(
            "各类潜力在空间上重叠，不得相加。",
            "Potentials of different kinds overlap and are never added up.",
        )
    )
    rows = []
    for unit, item, value in p[["unit", "item", "value"]].itertuples(index=False):
        q = POTENTIALS[item]
        area = q.unit == "m2"
        rows.append(
            [
                r.name(str(unit), say.lang),
                say(*POTENTIAL_KINDS[q.kind]),
                say(q.zh, q.en),
                _Told(value / 1e4 if area else value, told.potential(item)),
                say("公顷", "ha") if area else say("年", "a"),
            ]
        )
    heads = [
        say("单元", "Unit"),
        say("类别", "Kind"),
        say("项目", "Item"),
        say("数值", "Value"),
        say("单位", "Unit of measure"),
    ]
    s.tables.append(Table(heads, _rows(rows), say(f"{r.year} 年潜力", f"Potentials of {r.year}")))
    return s


def _beside(r: Assessment, say: Words) -> Section:
    s = Section(say("与国家级开发区比较", "Beside national development zones"))
    if r.benchmarks.empty:
        return s
    s.text += [say(zh, en) for zh, en in caveats(r.benchmarks)]
    rows = [
        [
            say(INDICATORS[b.indicator].zh, INDICATORS[b.indicator].en),
            say.unit(INDICATORS[b.indicator].unit),
            float(b.value),
            int(b.year),
            float(b.benchmark),
            f"{b.benchmark_year}{say('（推算）', ' (derived)') if b.derived else ''}",
            b.source,
        ]
        for b in r.benchmarks.itertuples(index=False)
    ]
    heads = [
        say("指标", "Indicator"),
        say("单位", "Unit"),
        say("本区", "Here"),
        say("年份", "Year"),
        say("基准", "Benchmark"),
        say("基准年份", "Its year"),
        say("来源", "Source"),
    ]
    s.tables.append(Table(heads, _rows(rows), say("本区与基准", "Here and the benchmark")))
    return s


def _goals(r: Assessment, say: Words) -> Section:
    s = Section(say("规划目标", "Goals of the plan"))
    if r.goals.empty:
        return s
    rows = [
        [
            say(g.zh, g.en),
            int(g.target_year),
            g.printed,
            say(g.verdict_zh, g.verdict_en),
            say(g.why_zh, g.why_en),
            g.clause,
        ]
        for g in r.goals.itertuples(index=False)
    ]
    heads = [
        say("目标", "Goal"),
        say("年份", "Year"),
        say("规划表述", "As printed"),
        say("结论", "Verdict"),
        say("依据", "Why"),
        say("条款", "Clause"),
    ]
    s.tables.append(Table(heads, _rows(rows), say("目标与结论", "Goals and verdicts")))
    return s


def _findings(r: Assessment, say: Words) -> Section:
    f = r.findings
    s = Section(say("问题", "Findings"))
    if f.empty:
        return s
    counts = f["severity"].value_counts()
    named = {
        "error": say("错误", "errors"),
        "warning": say("警告", "warnings"),
        "note": say("提示", "notes"),
    }
    s.text.append("　".join(f"{named[k]} {counts[k]}" for k in named if k in counts))
    first = f.head(_MOST_FINDINGS)
    s.items = [
        f"{rule} {text}"
        for rule, text in zip(first["rule"], sentences_of(r.zone)(first, say.lang), strict=True)
    ]
    if len(f) > len(first):
        s.items.append(
            say(
                f"其余 {len(f) - len(first)} 条见 findings.csv。",
                f"{len(f) - len(first)} more in findings.csv.",
            )
        )
    return s


def _method(r: Assessment, say: Words, told: Derivations) -> Section:
    s = Section(say("方法与缺失", "Method, and what is missing"))
    s.items = [say(zh, en) for zh, en in (*method_lines(r), *r.left_out)]
    used = set(r.values) | set(r.total_values)
    rows = [
        [
            say(i.zh, i.en),
            say.unit(i.unit),
            told.formula(i.formula),
            say(*EVIDENCE[i.evidence]),
        ]
        for i in INDICATORS.values()
        if i.key in used
    ]
    heads = [
        say("指标", "Indicator"),
        say("单位", "Unit"),
        say("公式", "Formula"),
        say("依据", "Evidence"),
    ]
    s.tables.append(Table(heads, _rows(rows), say("所用指标的公式", "Formulas used"), folded=True))
    if r.evaluation is not None:
        ideals = [
            [
                say(INDICATORS[i.indicator].zh, INDICATORS[i.indicator].en),
                float(i.value),
                say.unit(INDICATORS[i.indicator].unit),
                say(*r.evaluation.standard.kinds[i.kind]) if i.kind else say("全部", "all"),
                methods_text(i, say.lang),
                say(i.zh, i.en),
            ]
            for i in r.evaluation.ideals
        ]
        heads = [
            say("指标", "Indicator"),
            say("理想值", "Ideal"),
            say("单位", "Unit"),
            say("类型", "Type"),
            say("方法", "Method"),
            say("理由", "Reason"),
        ]
        s.tables.append(Table(heads, _rows(ideals), say("理想值", "Ideal values"), folded=True))
    return s

"""One page (评价报告): what was found, with charts, in a file that opens without a network.

The page has no script at all. All text is escaped by the template; charts are inline SVG whose
texts are escaped where they are drawn; the content security policy allows one style, by hash.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ..assessment import Assessment
from ..findings import describe
from ..indicators import EVIDENCE, INDICATORS
from ..io.writing import write_text_whole
from ..safe_text import page_value
from ..standards import POTENTIALS, shares_below
from ..standards.benchmarks import CAVEATS
from ..standards.cross import METHODS as CROSS_METHODS
from ..terms import TERMS
from . import charts
from .wording import Words
from .workbook import POTENTIAL_KINDS, method_lines, methods_text, sureness_note, zh_formula

__all__ = ["render_page", "write_page"]

_MOST_FINDINGS = 60


@dataclass
class _Cell:
    text: str
    number: bool = False


@dataclass
class _Table:
    heads: list[str]
    rows: list[list[_Cell]]
    caption: str = ""


@dataclass
class _Chart:
    svg: Markup
    caption: str


@dataclass
class _Section:
    title: str
    text: list[str] = field(default_factory=list)
    charts: list[_Chart] = field(default_factory=list)
    tables: list[_Table] = field(default_factory=list)
    items: list[str] = field(default_factory=list)


def write_page(result: Assessment, path: str | Path, *, lang: str = "zh") -> Path:
    """Write an assessment as one HTML page that needs no network."""
    return write_text_whole(Path(path), render_page(result, lang=lang))


def render_page(result: Assessment, *, lang: str = "zh") -> str:
    """Return the page; the same assessment gives the same text."""
    room = files("zgcgis").joinpath("resources")
    style = room.joinpath("report_page.css").read_text(encoding="utf-8")
    source = room.joinpath("report_page.html.j2").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    say = Words(lang)
    zone = result.zone
    notices = [
        str(zone.meta[k]) for k in (f"disclaimer_{lang}", f"counting_{lang}") if zone.meta.get(k)
    ]
    page = Environment(autoescape=True, undefined=StrictUndefined, finalize=page_value).from_string(
        source
    )
    return page.render(
        lang=lang,
        say=say,
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=digest,
        title=say(f"{zone.names['zh']}土地集约利用评价", f"{zone.names['en']}: intensive land use"),
        subtitle=say(
            f"评价年份 {'、'.join(map(str, result.years))}",
            f"Years {', '.join(map(str, result.years))}",
        ),
        synthetic=zone.synthetic,
        notices=notices,
        sections=[s for s in _sections(result, say) if s.text or s.charts or s.tables or s.items],
        footer=say(
            "由 zgcgis 生成。数值、公式与来源见同一文件夹的工作簿。",
            "Made by zgcgis. Numbers, formulas and sources are in the workbook beside this page.",
        ),
    )


def _sections(r: Assessment, say: Words) -> list[_Section]:
    return [
        _result(r, say),
        _values(r, say),
        _change(r, say),
        _published(r, say),
        _sure(r, say),
        _potential(r, say),
        _beside(r, say),
        _goals(r, say),
        _findings(r, say),
        _method(r, say),
    ]


def _text(value: Any, digits: int = 2) -> _Cell:
    if value is None or value is pd.NA or value != value:
        return _Cell("—", number=True)
    if isinstance(value, bool):
        return _Cell(str(value))
    if isinstance(value, int) or (hasattr(value, "dtype") and value.dtype.kind == "i"):
        return _Cell(str(int(value)), number=True)
    if isinstance(value, float):
        small = 0 < abs(value) < 0.1  # keeps two digits that say something
        places = min(digits - 1 - math.floor(math.log10(abs(value))), 8) if small else digits
        return _Cell(f"{value:,.{places}f}", number=True)
    return _Cell(str(value))


def _rows(rows: Iterable[Iterable[Any]], digits: int = 2) -> list[list[_Cell]]:
    return [[_text(value, digits) for value in row] for row in rows]


def _result(r: Assessment, say: Words) -> _Section:
    s = _Section(say("评价结果", "Result"))
    if r.scores is None or r.evaluation is None:
        s.text.append(
            say("没有集约度分值，原因见文末。", "There is no score; the end of the page says why.")
        )
        return s
    kinds = r.evaluation.standard.kinds
    s.text += [say(zh, en) for zh, en in r.scores.method]
    if r.total_scores is not None and (r.zone.id, r.year) in r.total_scores.total.index:
        total = r.total_scores.total.loc[(r.zone.id, r.year)]
        s.text.insert(
            0,
            say(
                f"{r.year} 年{r.zone.names['zh']}集约度 {total['score']:.2f}，覆盖率 {total['coverage']:.0%}。",
                f"{r.year}: the zone scores {total['score']:.2f}, coverage {total['coverage']:.0%}.",
            ),
        )
        svg = charts.waterfall(r, r.zone.id, r.year, lang=say.lang)
        if svg:
            s.charts.append(
                _Chart(
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
            row["score"],
            f"{row['coverage']:.0%}",
            row["rank"],
            row["of"],
        ]
        for (unit, _), row in now.iterrows()
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
        _Table(
            heads,
            _rows(rows),
            say(f"{r.year} 年园区分值（同类型内排名）", f"Parks in {r.year}, ranked within type"),
        )
    )
    s.text += _close(r, say)
    s.tables += _weights(r, say)
    drawn = {u: charts.waterfall(r, str(u), r.year, lang=say.lang) for u, _ in now.index}
    s.charts += [_Chart(svg, r.name(str(u), say.lang)) for u, svg in drawn.items() if svg]
    return s


_SURE = 0.9  # of the draws; a first place seen less often is said to be open


def _close(r: Assessment, say: Words) -> list[str]:
    """Say of which type the first place is open, with the scores and how often each was first."""
    said = []
    for kind, sure in r.sureness.items():
        first = sure.share[1].sort_values(ascending=False, kind="stable")
        if len(first) < 2 or float(first.iloc[0]) >= _SURE:
            continue
        named = say(*r.evaluation.standard.kinds[kind]) if r.evaluation else kind
        parts = [
            f"{r.name(str(unit), say.lang)} {sure.scores.at[unit, 'score']:.2f}（{share:.0%}）"
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


def _weights(r: Assessment, say: Words) -> list[_Table]:
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
            listed.append([say(named.zh, named.en), weights[leaf.id], value, unit])
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
        tables.append(_Table(heads, _rows(listed, 3), caption))
    return tables


def _values(r: Assessment, say: Words) -> _Section:
    s = _Section(say("指标", "Indicators"))
    years = {int(y) for _, y in r.values.dropna(how="all").index}
    year = r.year if r.year in years else max(years, default=r.year)
    both = pd.concat([r.total_values, r.values])
    if r.evaluation is None:  # published values are thin: show every year that has one
        both = both.dropna(how="all")
    else:
        both = both[both.index.get_level_values("year") == year]
    keys = [k for k in INDICATORS if k in both and both[k].notna().any()]
    units = [f"{r.name(str(u), say.lang)} {y}" for u, y in both.index]
    if r.evaluation is None:
        rows: list[list[Any]] = [
            [units[i], *(float(both[k].iloc[i]) for k in keys)] for i in range(len(units))
        ]
        heads = [
            say("单元", "Unit"),
            *(
                f"{say(INDICATORS[k].zh, INDICATORS[k].en)} ({say.unit(INDICATORS[k].unit)})"
                for k in keys
            ),
        ]
    else:
        rows = [
            [
                say(INDICATORS[k].zh, INDICATORS[k].en),
                say.unit(INDICATORS[k].unit),
                *map(float, both[k]),
            ]
            for k in keys
        ]
        heads = [say("指标", "Indicator"), say("单位", "Unit"), *units]
    s.text.append(say("示范区和聚集区为合计数之比。", "Zone and groups: ratios of sums."))
    s.tables.append(_Table(heads, _rows(rows)))
    svg = charts.spacemate(r, year, lang=say.lang)
    if svg:
        s.charts.append(
            _Chart(
                svg,
                say(
                    "空间矩阵：建筑密度与容积率，虚线为平均层数",
                    "Spacemate: coverage and floor area ratio; dashed: mean storeys",
                ),
            )
        )
    return s


def _change(r: Assessment, say: Words) -> _Section:
    s = _Section(say("动态", "Change over the years"))
    if r.scores is not None:
        svg = charts.trend(r, r.scores.total, "score", "集约度分值", "Score", lang=say.lang)
        if svg:
            s.charts.append(_Chart(svg, say("集约度分值", "Score")))
    for key in ("floor_area_ratio", "tax_per_hectare", "income_per_planned_area"):
        svg = charts.trend(r, r.values, key, INDICATORS[key].zh, INDICATORS[key].en, lang=say.lang)
        if svg:
            named = INDICATORS[key]
            s.charts.append(_Chart(svg, f"{say(named.zh, named.en)}（{say.unit(named.unit)}）"))
    rows = [
        [
            r.name(str(c.unit), say.lang),
            f"{c[2]}–{c.to}",
            c.rank_before,
            c.rank_after,
            float(c.score_change),
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
            _Table(heads, _rows(rows), say("名次变化及原因", "Change of rank and its cause"))
        )
    return s


def _published(r: Assessment, say: Words) -> _Section:
    s = _Section(say("公布数值的增长与占比", "Growth and parts of published values"))
    rows = [
        [
            r.name(str(g.unit), say.lang),
            say(TERMS[g.key].zh, TERMS[g.key].en),
            f"{g[2]}–{g.to}",
            float(g.growth_pct),
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
        s.tables.append(_Table(heads, _rows(rows), caption))
    rows = [
        [
            r.name(str(p.unit), say.lang),
            say(TERMS[p.key].zh, TERMS[p.key].en),
            int(p.year),
            float(p.share_pct),
            say("约", "about") if p.about else "",
        ]
        for p in r.shares.itertuples(index=False)
    ]
    if rows:
        heads = [
            say("园区", "Park"),
            say("数量", "Quantity"),
            say("年份", "Year"),
            say("占示范区 %", "Part of the zone, %"),
            say("精度", "Precision"),
        ]
        s.tables.append(
            _Table(heads, _rows(rows), say("园区占示范区的比重", "What part of the zone a park is"))
        )
    return s


def _sure(r: Assessment, say: Words) -> _Section:
    s = _Section(say("名次有多稳", "How sure the ranks are"))
    if not r.sureness or r.evaluation is None:
        return s
    s.text.append(say(*sureness_note(r)))
    for kind in r.sureness:
        svg = charts.acceptability(r, kind, lang=say.lang)
        if svg:
            s.charts.append(_Chart(svg, say(*r.evaluation.standard.kinds[kind])))
    for kind, c in r.cross.items():
        rows = [
            [r.name(str(unit), say.lang), *(c.ranks.at[unit, k] for k in c.ranks)]
            for unit in c.ranks.sort_values("standard", kind="stable").index
        ]
        heads = [say("园区", "Park"), *(say(*CROSS_METHODS[str(k)]) for k in c.ranks)]
        named = say(*r.evaluation.standard.kinds[kind])
        caption = say(f"不同方法的名次：{named}", f"Ranks by other methods: {named}")
        s.tables.append(_Table(heads, _rows(rows), caption))
    return s


def _potential(r: Assessment, say: Words) -> _Section:
    s = _Section(say("潜力", "Potentials"))
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
                value / 1e4 if area else value,
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
    s.tables.append(_Table(heads, _rows(rows)))
    return s


def _beside(r: Assessment, say: Words) -> _Section:
    s = _Section(say("与国家级开发区比较", "Beside national development zones"))
    if r.benchmarks.empty:
        return s
    s.text += [say(zh, en) for zh, en in CAVEATS]
    b = r.benchmarks
    money = [i for i in b.index if "元" in INDICATORS[b.at[i, "indicator"]].unit]
    if any(b.at[i, "year"] != b.at[i, "benchmark_year"] for i in money):
        s.text.append(
            say(
                "金额为各自年份的当年价，未按价格指数折算；本区与基准年份不同时，差额含物价变动。",
                "Money is at the prices of its own year and not deflated: where the years differ, the "
                "difference holds the change of prices too.",
            )
        )
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
    s.tables.append(_Table(heads, _rows(rows)))
    return s


def _goals(r: Assessment, say: Words) -> _Section:
    s = _Section(say("规划目标", "Goals of the plan"))
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
    s.tables.append(_Table(heads, _rows(rows)))
    return s


def _findings(r: Assessment, say: Words) -> _Section:
    f = r.findings
    s = _Section(say("问题", "Findings"))
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
        for rule, text in zip(first["rule"], describe(first, say.lang), strict=True)
    ]
    if len(f) > len(first):
        s.items.append(
            say(
                f"其余 {len(f) - len(first)} 条见 findings.csv。",
                f"{len(f) - len(first)} more in findings.csv.",
            )
        )
    return s


def _method(r: Assessment, say: Words) -> _Section:
    s = _Section(say("方法与缺失", "Method, and what is missing"))
    s.items = [say(zh, en) for zh, en in (*method_lines(r), *r.left_out)]
    used = set(r.values) | set(r.total_values)
    rows = [
        [
            say(i.zh, i.en),
            say.unit(i.unit),
            zh_formula(i.formula) if say.lang == "zh" else i.formula,
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
    s.tables.append(_Table(heads, _rows(rows), say("所用指标的公式", "Formulas used")))
    if r.evaluation is not None:
        ideals = [
            [
                say(INDICATORS[i.indicator].zh, INDICATORS[i.indicator].en),
                float(i.value),
                say.unit(INDICATORS[i.indicator].unit),
                say(*r.evaluation.standard.kinds[i.kind]) if i.kind else say("全部", "all"),
                methods_text(i),
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
        s.tables.append(_Table(heads, _rows(ideals), say("理想值", "Ideal values")))
    return s

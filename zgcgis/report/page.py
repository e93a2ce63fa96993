"""One page (评价报告): what was found, with charts, in a file that opens without a network.

The page has no script at all. All text is escaped by the template; charts are inline SVG whose
texts are escaped where they are drawn; the content security policy allows one style, by hash.
"""

from __future__ import annotations

import base64
import hashlib
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
from ..standards import POTENTIALS
from ..standards.benchmarks import CAVEATS
from ..standards.cross import METHODS as CROSS_METHODS
from ..terms import TERMS
from . import charts
from .live_cells import POTENTIAL_KINDS
from .sheets import method_lines, methods_text, sureness_note, zh_formula

__all__ = ["render_page", "write_page"]

_MOST_FINDINGS = 60
_UNITS = {
    "万元/公顷": "10 000 CNY/ha",
    "万元/人": "10 000 CNY per head",
    "亿元/平方公里": "100 million CNY/km²",
    "人/公顷": "persons/ha",
    "人/平方公里": "persons/km²",
    "吨标准煤/公顷": "tce/ha",
    "吨标准煤/万元": "tce per 10 000 CNY",
}
"""Units of indicators in English."""


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


class _Words:
    """Chooses the language of what is written."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, zh: str, en: str) -> str:
        return en if self.lang == "en" else zh

    def unit(self, unit: str) -> str:
        """Unit of an indicator in the language of the page."""
        return _UNITS.get(unit, unit) if self.lang == "en" else unit


def write_page(result: Assessment, path: str | Path, *, lang: str = "zh") -> Path:
    """Write an assessment as one HTML page that needs no network."""
    return write_text_whole(Path(path), render_page(result, lang=lang))


def render_page(result: Assessment, *, lang: str = "zh") -> str:
    """Return the page; the same assessment gives the same text."""
    room = files("zgcgis").joinpath("resources")
    style = room.joinpath("report_page.css").read_text(encoding="utf-8")
    source = room.joinpath("report_page.html.j2").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    say = _Words(lang)
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


def _sections(r: Assessment, say: _Words) -> list[_Section]:
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
        return _Cell(f"{value:,.{digits}f}", number=True)
    return _Cell(str(value))


def _rows(rows: Iterable[Iterable[Any]], digits: int = 2) -> list[list[_Cell]]:
    return [[_text(value, digits) for value in row] for row in rows]


def _result(r: Assessment, say: _Words) -> _Section:
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
    for unit, _ in now.index:
        svg = charts.waterfall(r, str(unit), r.year, lang=say.lang)
        if svg:
            s.charts.append(_Chart(svg, r.name(str(unit), say.lang)))
    return s


def _values(r: Assessment, say: _Words) -> _Section:
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


def _change(r: Assessment, say: _Words) -> _Section:
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


def _published(r: Assessment, say: _Words) -> _Section:
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


def _sure(r: Assessment, say: _Words) -> _Section:
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


def _potential(r: Assessment, say: _Words) -> _Section:
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


def _beside(r: Assessment, say: _Words) -> _Section:
    s = _Section(say("与国家级开发区比较", "Beside national development zones"))
    if r.benchmarks.empty:
        return s
    s.text += [say(zh, en) for zh, en in CAVEATS]
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


def _goals(r: Assessment, say: _Words) -> _Section:
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


def _findings(r: Assessment, say: _Words) -> _Section:
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


def _method(r: Assessment, say: _Words) -> _Section:
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

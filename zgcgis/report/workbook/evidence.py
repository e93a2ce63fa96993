"""Sheets of what stands beside the scores: efficiency, growth, benchmarks, goals, findings, method."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from ...assessment import Assessment
from ...findings import describe
from ...indicators import EVIDENCE, INDICATORS
from ...language.terms import TERMS
from ...standards import POTENTIALS
from ...standards.benchmarks import caveats
from .cells import Table

__all__ = ["SEVERITY", "evidence_tables", "zh_formula"]

SEVERITY = {"error": "错误 error", "warning": "警告 warning", "note": "提示 note"}


def evidence_tables(r: Assessment) -> list[Table]:
    """Return the sheets of what stands beside the scores, in the order of the workbook."""
    return [
        _efficiency(r),
        _productivity(r),
        _consumption(r),
        _growth(r),
        _shares(r),
        _benchmarks(r),
        _goals(r),
        _findings(r),
        _method(),
        _sources(r),
    ]


def _efficiency(r: Assessment) -> Table:
    e = r.efficiency
    excess = [c for c in e.columns if str(c).startswith("excess_")] if len(e) else []
    rows = [
        [
            unit,
            r.name(str(unit)),
            int(row["year"]),
            float(row["crs"]),
            float(row["vrs"]),
            float(row["scale"]),
            {"-": "不变", "irs": "递增", "drs": "递减"}.get(row["returns"], ""),
            float(row["sbm"]),
            float(row["super"]),
            *(float(row[c]) for c in excess),
        ]
        for unit, row in e.iterrows()
    ]
    heads = [
        f"可省 {TERMS[str(c).removeprefix('excess_')].zh}（{TERMS[str(c).removeprefix('excess_')].unit}）"
        for c in excess
    ]
    return (
        "效率",
        "投入产出效率（DEA）",
        "Efficiency (DEA)",
        "投入：已建成用地、从业人员、能耗；产出：总收入、税收（以台账所有者为准）。松弛量按 SBM 模型。",
        [
            "单元",
            "名称",
            "年份",
            "综合 CCR",
            "纯技术 BCC",
            "规模",
            "规模报酬",
            "SBM",
            "超效率",
            *heads,
        ],
        rows,
        [14, 24, 8, 10, 12, 10, 10, 10, 10, *[18.0] * len(excess)],
    )


def _productivity(r: Assessment) -> Table:
    rows = [
        [row.unit, r.name(str(row.unit)), int(row[1]), int(row.to), row.ec, row.tc, row.mi]
        for row in r.productivity.itertuples(index=False)
    ]
    return (
        "生产率变化",
        "Malmquist 生产率指数",
        "Malmquist productivity index",
        "大于 1 为进步。 Above 1 is progress.",
        ["单元", "名称", "起 From", "止 To", "效率变化 EC", "前沿移动 TC", "生产率 MI"],
        rows,
        [14, 24, 8, 8, 14, 14, 14],
    )


def _consumption(r: Assessment) -> Table:
    rows = [
        [
            unit,
            r.name(str(unit)),
            int(row["from"]),
            int(row["to"]),
            *(None if pd.isna(row[c]) else float(row[c]) for c in ("lcr", "pgr", "lcrpgr")),
            row["reason"],
        ]
        for unit, row in r.consumption.iterrows()
    ]
    return (
        "用地与人口",
        "建设用地增长与人口增长（SDG 11.3.1 式）",
        "Land consumption, SDG 11.3.1-style",
        "园区范围不是功能城区，因此只称“11.3.1 式”。 A park is not a functional urban extent.",
        ["单元", "名称", "起 From", "止 To", "用地增长率 LCR", "人口增长率 PGR", "比值", "说明"],
        rows,
        [14, 24, 8, 8, 16, 16, 12, 44],
    )


def _growth(r: Assessment) -> Table:
    rows = [
        [
            g.unit,
            r.name(str(g.unit)),
            TERMS[g.key].zh,
            TERMS[g.key].en,
            TERMS[g.key].unit,
            int(g[2]),
            int(g.to),
            float(g.before),
            float(g.after),
            float(g.growth_pct),
            "约 about" if g.about else "",
        ]
        for g in r.growth.itertuples(index=False)
    ]
    return (
        "增长",
        "公布数值的年均增长",
        "Mean yearly growth of published values",
        "只连接同一口径、同一系列的全年数。 Only one scope and series are joined.",
        [
            "单元",
            "名称",
            "数量",
            "Quantity",
            "单位",
            "起",
            "止",
            "起值",
            "止值",
            "年均增长 %",
            "精度",
        ],
        rows,
        [16, 24, 18, 22, 10, 8, 8, 16, 16, 12, 10],
    )


def _shares(r: Assessment) -> Table:
    rows = [
        [
            s.unit,
            r.name(str(s.unit)),
            TERMS[s.key].zh,
            TERMS[s.key].en,
            int(s.year),
            float(s.value),
            float(s.whole),
            float(s.share_pct),
            "约 about" if s.about else "",
        ]
        for s in r.shares.itertuples(index=False)
    ]
    return (
        "占比",
        "园区占示范区的比重",
        "What part of the zone a park is",
        "分子分母均为公布的同年同口径数值；园区可相互包含，合计不必为 100。 Both values are published, for one year and scope.",
        ["单元", "名称", "数量", "Quantity", "年份", "园区", "示范区", "占比 %", "精度"],
        rows,
        [16, 24, 18, 22, 8, 16, 16, 12, 10],
    )


def _benchmarks(r: Assessment) -> Table:
    rows = [
        [
            INDICATORS[b.indicator].zh,
            INDICATORS[b.indicator].en,
            INDICATORS[b.indicator].unit,
            b.year,
            b.value,
            b.benchmark_year,
            b.benchmark,
            b.difference,
            "推算 derived" if b.derived else "印出 printed",
            b.source,
        ]
        for b in r.benchmarks.itertuples(index=False)
    ]
    return (
        "基准",
        "与国家级开发区比较",
        "Beside national development zones",
        " ".join(zh for zh, _ in caveats(r.benchmarks)) if rows else "",
        [
            "指标",
            "Indicator",
            "单位",
            "本区年份",
            "本区",
            "基准年份",
            "基准",
            "差",
            "来源方式",
            "来源",
        ],
        rows,
        [26, 34, 12, 10, 12, 10, 12, 12, 14, 44],
    )


def _goals(r: Assessment) -> Table:
    g = r.goals
    rows = [
        [
            row.zh,
            row.en,
            row.target_year,
            row.printed,
            None if pd.isna(row.target) else row.target,
            row.unit,
            row.verdict_zh,
            row.verdict_en,
            row.why_zh,
            row.why_en,
            row.clause,
        ]
        for row in g.itertuples(index=False)
    ]
    return (
        "规划目标",
        "规划目标",
        "Goals of the plan",
        "",
        [
            "目标",
            "Goal",
            "目标年",
            "规划表述",
            "目标值",
            "单位",
            "结论",
            "Verdict",
            "依据",
            "Why",
            "条款",
        ],
        rows,
        [26, 34, 8, 16, 14, 8, 10, 16, 50, 50, 12],
    )


def _findings(r: Assessment) -> Table:
    f = r.findings.reset_index(drop=True)
    zh, en = describe(f, "zh"), describe(f, "en")
    rows = [
        [
            f.at[i, "rule"],
            SEVERITY[f.at[i, "severity"]],
            f.at[i, "feature"],
            zh[i],
            en[i],
            f.at[i, "clause"],
        ]
        for i in f.index
    ]
    return (
        "问题",
        "问题清单",
        "Findings",
        "",
        ["规则", "等级", "对象", "问题", "Finding", "条款"],
        rows,
        [8, 14, 20, 60, 60, 16],
    )


def _method() -> Table:
    rows: list[list[Any]] = [
        [
            i.zh,
            i.en,
            zh_formula(i.formula),
            i.formula,
            i.unit,
            "越大越优 +" if i.direction == "+" else "越小越优 −",
            *EVIDENCE[i.evidence],
        ]
        for i in INDICATORS.values()
    ]
    rows += [
        [p.zh, p.en, "", p.formula, "公顷 ha" if p.unit == "m2" else "年 a", "", "", ""]
        for p in POTENTIALS.values()
    ]
    return (
        "方法",
        "指标与潜力的算法",
        "Formulas of indicators and potentials",
        "",
        ["名称", "Name", "公式（中文）", "Formula", "单位", "方向", "依据", "Evidence"],
        rows,
        [28, 36, 60, 60, 14, 14, 40, 40],
    )


def zh_formula(formula: str) -> str:
    """Write a formula with the Chinese names of its quantities, longest key first."""
    text = formula
    for key in sorted(TERMS, key=len, reverse=True):
        text = text.replace(key, TERMS[key].zh)
    return text.replace("*", "×").replace("/", "÷")


def _sources(r: Assessment) -> Table:
    rows: list[list[Any]] = [
        ["示范区 zone", s.get("zh", ""), s.get("en", ""), s.get("url", ""), s.get("licence", "")]
        for s in r.zone.meta.get("source", ())
    ]
    used = r.zone.accounts
    if len(used) and "source" in used:
        kept = used[used["unit"].isin(set(r.accounts.index.get_level_values("unit")) | {r.zone.id})]
        rows += [["台账 accounts", s, "", "", ""] for s in _distinct(kept["source"])]
    rows += [["基准 benchmark", s, "", "", ""] for s in _distinct(r.benchmarks["source"])]
    return (
        "来源",
        "数据来源",
        "Sources",
        "",
        ["用于", "来源", "Source", "网址", "许可"],
        rows,
        [16, 70, 50, 30, 24],
    )


def _distinct(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(v) for v in values if not pd.isna(v) and str(v)))

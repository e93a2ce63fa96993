"""Sheets of words and ranks (说明与排序): summary, ranks, what moved them, how sure they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ...assessment import Assessment
from ...indicators import INDICATORS
from ...io.spreadsheets import Book, Sheet
from ...language.safe_text import Text
from ...standards import POTENTIALS, Ideal
from ...standards.cross import COUPLING_K
from ...standards.cross import METHODS as CROSS_METHODS
from ...standards.evaluation import METHODS
from .cells import (
    Formula,
    Table,
    head_row,
    kind_text,
    put,
    put_formula,
    set_up,
    static_note,
    title,
)
from .evidence import evidence_tables

__all__ = [
    "method_lines",
    "methods_text",
    "robustness_note",
    "write_summary",
    "write_tables",
]

_MOST_PARCELS = 50


def methods_text(entry: Ideal | None, lang: str = "") -> str:
    """Ways an ideal value was set, in one language, or in both where none is named."""
    ways = [Text(*METHODS[m]) for m in entry.method] if entry else []
    if lang:
        return Text("＋", " + ").say(lang).join(way.say(lang) for way in ways)
    return "＋".join(f"{way.zh} {way.en}" for way in ways)


def method_lines(result: Assessment) -> list[tuple[str, str]]:
    """Every choice, and how well the standard is known, in both languages."""
    lines: list[tuple[str, str]] = []
    if result.scores is not None:
        lines += result.scores.method
    if result.evaluation is not None:
        edition = result.evaluation.standard
        for head, sayings in (
            (("已核实：", "Confirmed: "), edition.confirmed),
            (("仅见于第三方表格：", "Seen only in third-party forms: "), edition.forms_only),
            (("缺失：", "Missing: "), edition.missing),
            (("已修正：", "Mended: "), edition.mended),
        ):
            lines += [(head[0] + zh, head[1] + en) for zh, en in sayings]
    lines += [
        (
            "示范区和聚集区的指标是合计数之比，不是园区比率的平均。",
            "Indicators of zone and groups are ratios of sums, never means of the parks' ratios.",
        ),
        (
            "不同标准版本或不同理想值的分值不可比较。",
            "Scores from other editions or other ideal values must not be compared.",
        ),
    ]
    return lines


Cells = Mapping[tuple[str, int], Sequence[Formula]]


def write_summary(sheet: Sheet, result: Assessment, cells: Cells, typed_in: Formula) -> None:
    """First sheet: what was assessed, the result of the zone, what was left out and why."""
    zone = result.zone
    title(sheet, f"{zone.names['zh']}土地集约利用评价", f"{zone.names['en']}: intensive land use")
    rows: list[tuple[str, Any, str]] = [
        ("评价年份 Years", "、".join(str(y) for y in result.years), ""),
        ("园区数 Parks", result.accounts.index.get_level_values("unit").nunique(), ""),
    ]
    if zone.synthetic:
        rows.append(
            ("注意 Note", "虚构数据，不对应任何真实园区。", "Invented data; no real zone is meant.")
        )
    for key in ("disclaimer", "counting"):
        if zone.meta.get(f"{key}_zh"):
            notice = zone.meta[f"{key}_zh"], str(zone.meta.get(f"{key}_en", ""))
            rows.append(("声明 Notice", *notice))
    if result.evaluation is not None:
        kind = result.evaluation.standard.kinds[result.evaluation.kind]
        rows.append(("类型 Type", kind[0], kind[1]))
    if result.total_scores is not None:
        rows += [
            (
                f"{year} 年集约度 Score",
                cells[str(unit), int(year)][0],
                "公式，随修改而变；见“分值”表 a formula; see the sheet 分值",
            )
            for unit, year in result.total_scores.total.index
        ]
    rows.append(("手工加的园区 Parks typed in", typed_in, "公式 a formula"))
    rows += [("方法 Method", zh, en) for zh, en in method_lines(result)]
    rows += [("未作 Left out", zh, en) for zh, en in result.left_out]
    for i, (head, zh, en) in enumerate(rows, start=3):
        put(sheet, i, 1, head)
        if isinstance(zh, Formula):
            put_formula(sheet, i, 2, *zh, number="0.00", across="left")
        else:
            put(sheet, i, 2, zh, wrap=True)
        put(sheet, i, 3, en, wrap=True)
    set_up(sheet, columns=[20, 70, 70], head=2)


_WHOLE = ("年份", "名次 Rank", "同类数 Of")


def write_tables(
    book: Book, result: Assessment, cells: Cells, typed: Sequence[Sequence[Formula]] = ()
) -> None:
    """All other sheets; one without rows says so. `typed` are lines of parks yet to be typed in."""
    for name, zh, en, note, columns, rows, widths in _tables(result, cells, typed):
        sheet = book.sheet(name)
        live = any(isinstance(value, Formula) for row in rows for value in row)
        said = note if live or name in _TEXTS else static_note(result) + note
        title(sheet, zh, en, said)
        head_row(sheet, 3, columns)
        for i, row in enumerate(rows, start=4):
            for column, value in enumerate(row, start=1):
                long = isinstance(value, str) and len(value) > 24
                if isinstance(value, Formula):
                    number = "0" if columns[column - 1] in _WHOLE else "#,##0.00##"
                    put_formula(sheet, i, column, *value, number=number)
                    continue
                number = "#,##0.00##" if isinstance(value, float) else ""
                put(sheet, i, column, value, number=number, wrap=long)
        if not rows:
            put(
                sheet, 4, 1, "没有数据，原因见“说明”。 No data; the sheet 说明 says why.", box=False
            )
        set_up(sheet, columns=widths, head=3, freeze="A4")


_TEXTS = ("规划目标", "问题", "方法", "来源")  # of which nothing is calculated from the accounts


def _tables(r: Assessment, cells: Cells, typed: Sequence[Sequence[Formula]]) -> list[Table]:
    return [
        _ranking(r, cells, typed),
        _changes(r),
        _attribution(r),
        _robustness(r),
        _intervals(r),
        _cross(r),
        _weights(r),
        _coordination(r),
        _parcels(r),
        *evidence_tables(r),
    ]


def _ranking(r: Assessment, cells: Cells, typed: Sequence[Sequence[Formula]]) -> Table:
    rows: list[tuple[tuple[Any, ...], list[Any]]] = []
    for (unit, year), row in r.ranks.iterrows():
        kind = kind_text(r, row["kind"], str(row["area"]).split("+"))
        rank = None if pd.isna(row["rank"]) else int(row["rank"])
        live = cells[str(unit), int(year)]
        rows.append(((-year, kind, rank or 999), [unit, r.name(unit), year, kind, *live]))
    return (
        "排序",
        "园区排序",
        "Ranking",
        "在同年、同类型和分区之内排序；数据不全的不排名。分值和名次是公式，随修改而变；行序是生成时的，手工加的园区在表末。 Live but for the order of rows; parks typed in stand last.",
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
        [row for _, row in sorted(rows, key=lambda pair: pair[0])] + [list(row) for row in typed],
        [14, 24, 8, 14, 12, 12, 10, 10],
    )


def _changes(r: Assessment) -> Table:
    rows = []
    for row in r.changes.itertuples(index=False):
        cause = INDICATORS[row.cause].zh if row.cause else "其他园区变动 others moved"
        rows.append(
            [
                row.unit,
                r.name(row.unit),
                int(row[2]),
                int(row.to),
                None if pd.isna(row.rank_before) else int(row.rank_before),
                None if pd.isna(row.rank_after) else int(row.rank_after),
                float(row.score_change),
                cause,
                float(row.cause_change),
            ]
        )
    return (
        "名次变化",
        "名次变化及原因",
        "Change of rank and its cause",
        "原因为对总分变化同向贡献最大的指标。 The cause is the indicator that moved the score most.",
        [
            "单元",
            "名称",
            "起 From",
            "止 To",
            "原名次",
            "现名次",
            "分值变化",
            "主要原因",
            "其贡献（分）",
        ],
        rows,
        [14, 24, 8, 8, 10, 10, 12, 30, 14],
    )


def _attribution(r: Assessment) -> Table:
    rows = [
        [
            a.unit,
            r.name(str(a.unit)),
            int(a[1]),
            int(a.to),
            INDICATORS[a.indicator].zh,
            INDICATORS[a.indicator].en,
            float(a.before),
            float(a.after),
            float(a.change),
        ]
        for a in r.attribution.itertuples(index=False)
    ]
    return (
        "分值变化分解",
        "分值变化分解",
        "What moved the scores",
        "各指标对总分的贡献及其变化，变化之和等于总分的变化。 The changes add to that of the score.",
        ["单元", "名称", "起 From", "止 To", "指标", "Indicator", "原贡献", "现贡献", "变化"],
        rows,
        [14, 24, 8, 8, 26, 34, 10, 10, 10],
    )


def _cross(r: Assessment) -> Table:
    keys = list(CROSS_METHODS)
    rows = [
        [
            _kind(r, kind),
            unit,
            r.name(str(unit)),
            *(int(c.ranks.at[unit, k]) if k in c.ranks else None for k in keys),
        ]
        for kind, c in r.cross.items()
        for unit in c.ranks.sort_values("standard", kind="stable").index
    ]
    return (
        "方法比较",
        "不同方法的名次",
        "Ranks by other methods",
        f"{r.year} 年，均以指标分值（0 至 100）为起点。 All start from the indicator scores.",
        ["类型", "单元", "名称", *(f"{CROSS_METHODS[k][0]} {CROSS_METHODS[k][1]}" for k in keys)],
        rows,
        [14, 14, 24, *[18.0] * len(keys)],
    )


def _weights(r: Assessment) -> Table:
    keys = ["standard", "entropy", "critic", "combined"]
    rows = [
        [
            _kind(r, kind),
            INDICATORS[str(i)].zh,
            INDICATORS[str(i)].en,
            *(float(c.weights.at[i, k]) if k in c.weights else None for k in keys),
        ]
        for kind, c in r.cross.items()
        for i in c.weights.index
    ]
    return (
        "客观权重",
        "标准权重与客观权重",
        "Weights of the standard and of the data",
        "熵权：比重法，无平移。客观权重随参评园区而变，只作比较。 Entropy: proportion, no shift.",
        ["类型", "指标", "Indicator", "标准", "熵权", "CRITIC", "标准×熵权"],
        rows,
        [14, 28, 36, 12, 12, 12, 12],
    )


def _coordination(r: Assessment) -> Table:
    rows = [
        [
            c.unit,
            r.name(str(c.unit)),
            int(c.year),
            c.status,
            c.benefit,
            float(c[-3]),
            float(c[-2]),
            float(c[-1]),
        ]
        for c in r.coordination.itertuples(index=False)
    ]
    return (
        "耦合协调",
        "利用状况与用地效益的耦合协调",
        "Coupling of state and benefit of use",
        f"k = {COUPLING_K:g}（C = 2√(xy)/(x+y)），两系统权重各 0.5；C 只说两者是否相近，接近 1 不等于高，比较看 D。",
        ["单元", "名称", "年份", "利用状况", "用地效益", "耦合度 C", "综合指数 T", "协调度 D"],
        rows,
        [14, 24, 8, 12, 12, 12, 12, 12],
    )


def _parcels(r: Assessment) -> Table:
    p = r.parcel_potentials.groupby("item", sort=False).head(_MOST_PARCELS)
    rows = [
        [
            r.name(str(q.park)),
            q.unit,
            int(q.year),
            POTENTIALS[q.item].zh,
            POTENTIALS[q.item].en,
            float(q.value),
        ]
        for q in p.itertuples(index=False)
    ]
    return (
        "宗地潜力",
        "宗地潜力",
        "Potentials of parcels",
        f"每项列出最大的 {_MOST_PARCELS} 宗，全部见 parcel_potentials.csv；各项不得相加。",
        ["园区", "宗地", "年份", "项目", "Item", "面积 m²"],
        rows,
        [24, 18, 8, 40, 44, 14],
    )


def _robustness(r: Assessment) -> Table:
    ranks = range(1, 1 + max((len(s.share) for s in r.robustness.values()), default=0))
    rows: list[list[Any]] = []
    for kind, s in r.robustness.items():
        order = s.scores["score"].sort_values(ascending=False, kind="stable").index
        rows += [
            [
                _kind(r, kind),
                unit,
                r.name(str(unit)),
                *(float(s.scores.at[unit, c]) for c in ("score", "mean", "low", "high")),
                *(float(s.share.at[unit, k]) for k in s.share.columns),
            ]
            for unit in order
        ]
    return (
        "稳健性",
        "名次稳健性",
        "Robustness of ranks",
        " ".join(robustness_note(r)),
        ["类型", "单元", "名称", "分值", "均值 Mean", "5%", "95%", *(f"第{k}名" for k in ranks)],
        rows,
        [14, 14, 24, 10, 10, 10, 10, *[9.0] * len(ranks)],
    )


def robustness_note(r: Assessment) -> tuple[str, str]:
    """Say what was drawn, in both languages."""
    for s in r.robustness.values():
        zh = (
            f"{s.year} 年，在允许权重范围内均匀抽取 {s.draws} 组权重（未给范围的指标权重从 0 到 1），"
            f"指标值另加 {s.error:.0%} 的相对误差；表中为各名次出现的比例。"
        )
        en = (
            f"{s.year}: share of {s.draws} draws of weights inside their ranges (0 to 1 where the "
            f"edition gives none), and of values with {s.error:.0%} relative error, in which a park "
            "takes each rank."
        )
        return zh, en
    return "", ""


def _kind(r: Assessment, kind: str) -> str:
    return r.evaluation.standard.kinds[kind][0] if r.evaluation else kind


def _intervals(r: Assessment) -> Table:
    rows: list[list[Any]] = []
    for kind, s in r.robustness.items():
        ranks = s.scores["score"].rank(ascending=False, method="min")
        for row in s.intervals.itertuples(index=False):
            named, moved = INDICATORS[row.indicator], s.without.loc[row.indicator] != ranks
            ends = (row.weight, row.first_low, row.first_high, row.order_low, row.order_high)
            rows.append([_kind(r, kind), named.zh, named.en, *ends, int(moved.sum())])
    return (
        "权重稳定区间",
        "权重稳定区间与剔除检验",
        "Stability of weights, leave one out",
        "其余权重按比例调整；在区间内第一名（或全部次序）不变。",
        [
            "类型",
            "指标",
            "Indicator",
            "权重",
            "第一名不变：下",
            "第一名不变：上",
            "次序不变：下",
            "次序不变：上",
            "剔除后名次变动的园区数",
        ],
        rows,
        [14, 28, 34, 10, 14, 14, 14, 14, 20],
    )

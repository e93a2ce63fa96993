"""Goals of the plan against the published values: met, not met, or cannot be judged, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeAlias

import pandas as pd
from pandas import DataFrame

from ..language.safe_text import Text
from ..language.terms import TERMS
from .facts import Plan, Target
from .fields import spans

__all__ = ["goals", "period_name"]

Verdict: TypeAlias = Literal["met", "not met", "cannot be judged"]

_VERDICTS: dict[Verdict, tuple[str, str]] = {
    "met": ("已达到", "met"),
    "not met": ("未达到", "not met"),
    "cannot be judged": ("无法判断", "cannot be judged"),
}
_ABOUT = 0.05
"""How far "about" may reach: a value this near to the target decides nothing."""

_WHOLE = ("annual",)
_WORDS = {
    "=": ("", ""),
    "~": ("约", "about "),
    ">": ("超过", "more than "),
    "<": ("接近", "nearly "),
}


class _Judged(Protocol):
    """What :func:`goals` reads of a zone."""

    @property
    def id(self) -> str: ...
    @property
    def plan(self) -> Plan | None: ...
    @property
    def accounts(self) -> DataFrame: ...
    def name(self, unit: str, lang: str = "zh") -> str: ...


def period_name(period: str, lang: str = "zh") -> str:
    """Write the period of a value in words.

    Examples
    --------
    >>> period_name("Jan-Oct"), period_name("H1"), period_name("Q1-Q3", "en")
    ('1-10月', '上半年', 'first three quarters')
    """
    words = {
        "annual": ("全年", "full year"),
        "stock": ("期末", "at the end"),
        "H1": ("上半年", "first half"),
        "H2": ("下半年", "second half"),
        "Q1": ("一季度", "first quarter"),
        "Q2": ("二季度", "second quarter"),
        "Q3": ("三季度", "third quarter"),
        "Q4": ("四季度", "fourth quarter"),
        "Q1-Q3": ("前三季度", "first three quarters"),
        "ten-year": ("十年累计", "over ten years"),
    }
    if period in words:
        return Text(*words[period]).say(lang)
    months = spans(period)
    if months is None:
        return period
    first, last = months
    return Text(f"{first}月" if first == last else f"{first}-{last}月", period).say(lang)


def _last_month(period: str) -> int:
    """Month a period ends in, to tell the later of two values of a year."""
    return (spans(period) or (1, 12))[1]


def goals(zone: _Judged) -> DataFrame:
    """Set every target of a zone's plan against the values published for the zone.

    What a value allows is decided by rule, never by case:

    - a value of the whole target year decides; values that disagree do not;
    - "more than" below the target, "nearly" above it, and "about" within 5 % of it do not decide;
    - part of the target year: what adds up over a year (``flow``) has met the target once it is
      above it, and says nothing while below; a ``stock`` likewise; a ``share`` measured over part
      of a year is not the year's share;
    - a forecast is not a value; another measure (``related``) is shown and never decides;
    - a target without a number, or without the value of its base year, cannot be judged;
    - a target set for a group is judged by the values of the group, else by the sum of those of its
      parks where each of them states one.

    Returns
    -------
    goals
        One row per target, in the order of the plan: whom it is set for (``of``: a unit, or empty for
        the whole zone), the target (``target_year target target_to
        target_qualifier printed base_year base_value``), the value the verdict rests on or the
        latest there is (``value year period qualifier basis scope status source``), and
        ``verdict verdict_zh verdict_en why_zh why_en clause``.
    """
    targets = zone.plan.targets if zone.plan is not None else ()
    return DataFrame([_judge(target, zone) for target in targets], columns=list(_GOAL_COLUMNS))


_VALUE_COLUMNS = ("value", "year", "period", "qualifier", "basis", "scope", "status", "source")
_GOAL_COLUMNS = (
    "id",
    "key",
    "zh",
    "en",
    "of",
    "unit",
    "target_year",
    "target",
    "target_to",
    "target_qualifier",
    "printed",
    "base_year",
    "base_value",
    *_VALUE_COLUMNS,
    "verdict",
    "verdict_zh",
    "verdict_en",
    "why_zh",
    "why_en",
    "clause",
)


def _values(zone: _Judged, target: Target, key: str = "") -> list[dict[str, Any]]:
    """Return the values of whom a target is set for that are no forecasts, earliest first.

    Where a group states none, those that its parks state add up, if each of them does.
    """
    whole = target.unit in ("", "zone", zone.id)
    units = [zone.id, "zone"] if whole else [target.unit]
    rows = _stated(zone, key or target.key, units)
    if not whole and rows.empty and target.kind != "share" and zone.plan is not None:
        group = zone.plan.groups.get(target.unit)
        members = sorted(set(group.members)) if group is not None else []
        rows = _sums(_stated(zone, key or target.key, members), members)
    found: list[dict[str, Any]] = rows.reindex(columns=list(_VALUE_COLUMNS)).to_dict("records")
    for row in found:
        row |= {
            k: "" for k, v in row.items() if (isinstance(v, float) and math.isnan(v)) or v is pd.NA
        }
        row["year"] = int(row["year"])
        row["qualifier"] = row["qualifier"] or "="
        row["period"] = row["period"] or "annual"
    return sorted(found, key=lambda row: (row["year"], _last_month(row["period"])))


def _stated(zone: _Judged, key: str, units: list[str]) -> DataFrame:
    table = zone.accounts
    rows = table[table["unit"].isin(units) & (table["key"] == key)]
    rows = rows[rows["value"].notna() & rows["year"].notna()]
    return rows[rows["status"].fillna("") != "forecast"] if "status" in rows else rows


def _sums(rows: DataFrame, members: list[str]) -> DataFrame:
    """Return what all of some units state together, by year and period; nothing where one lacks.

    Values of another scope do not add up, nor do two values of one unit.
    """
    sums = []
    keys = [rows[name].fillna(blank) for name, blank in (("year", 0), ("period", "annual"))]
    for (year, period), held in rows.groupby(keys, sort=True):
        alike = held["scope"].fillna("unknown").nunique() == 1
        if sorted(held["unit"]) != members or not alike:
            continue
        bounds = set(held["qualifier"].fillna("=")) - {"="}
        sums.append(
            {
                "value": float(held["value"].sum()),
                "year": year,
                "period": period,
                "qualifier": bounds.pop() if len(bounds) == 1 else "~" if bounds else "=",
                "basis": "summed",
                "scope": held["scope"].iloc[0],
                "source": "; ".join(dict.fromkeys(held["source"].dropna().astype(str))),
            }
        )
    return DataFrame(sums, columns=list(_VALUE_COLUMNS))


def _weigh(value: float, qualifier: str, target: float, *, about: bool) -> Verdict:
    """Say what one value of the right period allows; `about` if the target itself is "about"."""
    near = abs(value - target) <= _ABOUT * abs(target)
    if near and (qualifier == "~" or (about and value < target)):
        return "cannot be judged"
    if qualifier == ">" and value < target:
        return "cannot be judged"
    if qualifier == "<":
        return "not met" if value <= target else "cannot be judged"
    return "met" if value >= target else "not met"


def _target_value(target: Target, zone: _Judged) -> float | None:
    if target.times_base is None:
        return target.value
    base = [
        row["value"]
        for row in _values(zone, target)
        if row["year"] == target.base_year and row["period"] in _WHOLE and row["qualifier"] == "="
    ]
    return target.times_base * base[-1] if len(set(base)) == 1 else None


def _judge(target: Target, zone: _Judged) -> dict[str, Any]:
    aim = _target_value(target, zone)
    values = _values(zone, target)
    of_year = [row for row in values if row["year"] == target.year]
    whole = [
        row
        for row in of_year
        if row["period"] in _WHOLE or (target.kind == "stock" and row["period"] == "stock")
    ]
    stated = [row for row in whole if row["basis"] != "computed"]
    whole = stated or whole  # what a source states goes before what was worked out
    part = [row for row in of_year if row not in whole and row["period"] not in _WHOLE]
    about = target.qualifier == "~"
    known = whole or of_year or values
    shown = known[-1] if known else None
    verdict: Verdict = "cannot be judged"
    if aim is None:
        reason = _no_aim(target, zone)
    elif whole:
        verdicts = {_weigh(row["value"], row["qualifier"], aim, about=about) for row in whole}
        if len(verdicts) == 1:
            verdict = verdicts.pop()
            reason = _decided(target, aim, shown, verdict)
        else:
            reason = (
                f"{target.year}年的几个公布值结论不一",
                f"the values published for {target.year} disagree",
            )
    elif target.kind != "share" and (
        above := [r for r in part if _weigh(r["value"], r["qualifier"], aim, about=about) == "met"]
    ):
        verdict, shown = "met", above[0]
        reason = _decided(target, aim, shown, verdict)
    else:
        reason = _undecided(target, part, shown)
    also = _beside(target, zone) if verdict == "cannot be judged" else ("", "")
    value = shown or dict.fromkeys(_VALUE_COLUMNS)
    term = TERMS.get(target.key)
    zh, en = _called(target, zone)
    return {
        "id": target.id,
        "key": target.key,
        "zh": zh,
        "en": en,
        "of": target.unit,
        "unit": term.unit if term else "",
        "target_year": target.year,
        "target": float("nan") if aim is None else aim,
        "target_to": target.value_to,
        "target_qualifier": target.qualifier,
        "printed": target.printed,
        "base_year": target.base_year,
        "base_value": target.base_value,
        **{column: value[column] for column in _VALUE_COLUMNS},
        "verdict": verdict,
        "verdict_zh": _VERDICTS[verdict][0],
        "verdict_en": _VERDICTS[verdict][1],
        "why_zh": reason[0] + also[0] + "。",
        "why_en": reason[1][:1].upper() + reason[1][1:] + also[1] + ".",
        "clause": target.clause,
    }


def _called(target: Target, zone: _Judged) -> tuple[str, str]:
    """Name a target; one for a part of the zone begins with the name of that part."""
    if target.unit in ("", "zone", zone.id):
        return target.zh, target.en
    group = zone.plan.groups.get(target.unit) if zone.plan is not None else None
    zh, en = zone.name(target.unit), zone.name(target.unit, "en")
    if group is not None:
        zh, en = group.zh, group.en
    return (
        target.zh if zh in target.zh else f"{zh}：{target.zh}",
        target.en if en in target.en else f"{en}: {target.en}",
    )


def _no_aim(target: Target, zone: _Judged) -> tuple[str, str]:
    if target.times_base is None:
        return (
            f"规划没有给出要达到的数目（条款中的数字是“{target.printed}”）",
            "the plan gives no number to be reached",
        )
    lacking = [str(target.base_year)]
    if not any(row["year"] == target.year for row in _values(zone, target)):
        lacking.append(str(target.year))
    return (
        f"目标以{target.base_year}年为基数，{'年和'.join(lacking)}年的数值没有查到",
        f"the goal counts from {target.base_year}; no value was found for {' or '.join(lacking)}",
    )


_BY = {
    "computed": ("（由来源中的比例推算）", " (worked out from a ratio that the source states)"),
    "summed": ("（所属各园区之和）", " (the sum of its parks)"),
}


def _decided(
    target: Target, aim: float, row: Mapping[str, Any] | None, verdict: Verdict
) -> tuple[str, str]:
    zh, en = _written(target.key, row)
    goal_zh, goal_en = _amount(aim, target.key)
    by_zh, by_en = _BY.get(row["basis"] if row is not None else "", ("", ""))
    word_zh, word_en = ("达到", "reaches") if verdict == "met" else ("低于", "is below")
    return f"{zh}{by_zh}，{word_zh}目标{goal_zh}", f"{en}{by_en} {word_en} the goal of {goal_en}"


def _undecided(
    target: Target, part: list[dict[str, Any]], shown: Mapping[str, Any] | None
) -> tuple[str, str]:
    """Say why there is no verdict where no whole-year value of the target year exists."""
    none = (
        f"{target.year}年全年的数值没有查到",
        f"no value for the whole of {target.year} was found",
    )
    if shown is None:
        return f"{none[0]}，其他年份也没有", f"{none[1]}, nor for any other year"
    zh, en = _written(target.key, shown)
    if part and target.kind == "share":
        return (
            f"{none[0]}；{zh}，部分时段的比例不等于全年",
            f"{none[1]}; {en}, and the share of part of a year is not that of the year",
        )
    if part:
        return (
            f"{none[0]}；{zh}，尚未达到目标，但不是全年数",
            f"{none[1]}; {en}, below the goal, but this is not the whole year",
        )
    return f"{none[0]}；最近的是{zh}", f"{none[1]}; the latest is {en}"


def _beside(target: Target, zone: _Judged) -> tuple[str, str]:
    """Name other measures of the target year, which are shown and never decide."""
    zh, en = "", ""
    for key in target.related:
        found = [_written(key, r) for r in _values(zone, target, key) if r["year"] == target.year]
        if found and key in TERMS:
            zh += f"；另有{TERMS[key].zh}：{'、'.join(f[0] for f in found)}，不是同一指标，不作依据"
            en += (
                f"; {TERMS[key].en} is another measure and decides nothing: "
                f"{', '.join(f[1] for f in found)}"
            )
    return zh, en


def _written(key: str, row: Mapping[str, Any] | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    zh, en = _amount(row["value"], key)
    word = _WORDS.get(row["qualifier"], ("", ""))
    if row["period"] in _WHOLE:
        return f"{row['year']}年{word[0]}{zh}", f"{word[1]}{en} in {row['year']}"
    span = period_name(row["period"]), period_name(row["period"], "en")
    return f"{row['year']}年{span[0]}{word[0]}{zh}", f"{word[1]}{en} in {row['year']} ({span[1]})"


def _amount(value: float, key: str) -> tuple[str, str]:
    """Write a value with its unit as people say it."""
    unit = TERMS[key].unit if key in TERMS else ""
    if unit == "万元":
        for size, zh, divisor, en in (
            (1e8, "万亿元", 1e8, "trillion yuan"),
            (1e5, "亿元", 1e5, "billion yuan"),
        ):
            if abs(value) >= size:
                chinese = value / (1e8 if zh == "万亿元" else 1e4)
                return f"{chinese:,.4g}{zh}", f"{value / divisor:,.4g} {en}"
        return f"{value:,.6g}万元", f"{value * 10_000:,.8g} yuan"
    if unit == "%":
        return f"{value:.3g}%", f"{value:.3g} %"
    return f"{value:,.10g}{unit}", f"{value:,.10g}"

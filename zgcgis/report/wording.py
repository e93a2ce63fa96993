"""Findings in words of one language: names for ids and codes, and the land by park, rule and use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any, ParamSpec

import pandas as pd
from geopandas import GeoDataFrame

from .. import maps
from ..assessment import Assessment, assess
from ..checks.quota import use_class
from ..findings import RULES, SEVERITIES, SEVERITY_NAMES, describe
from ..language.errors import UnknownNameError
from ..language.safe_text import Text
from ..language.terms import QUANTITY_UNITS, TERMS, USES, VALUES, column_name, label
from ..maps import Atlas
from ..model import COLUMNS, LEVELS, Zone
from .outputs import plain_template

__all__ = [
    "WORDS",
    "Words",
    "draw_zone",
    "in_words",
    "land_summary",
    "named",
    "one_language",
    "sentences_of",
]

_Asked = ParamSpec("_Asked")

_OF_CLASS = {
    code: f"{use}_m2"
    for use, code in USES.items()
    if re.fullmatch(r"A\d", code) and "supplied" not in use
}
"""The account of each class of use."""


def land_summary(zone: Zone, findings: GeoDataFrame, lang: str) -> pd.DataFrame:
    """Return how many findings there are by severity, park, rule and use, and on how much land.

    The land is what a finding measured if that is an area (of a quota what is over it), in
    hectares and mu; blank else.
    """
    use = _uses(zone, findings, lang)
    names = [zone.name(one, lang) if one else "—" for one in findings["park"]]
    table = pd.DataFrame(findings[["severity", "rule"]]).assign(park=names, use=use)
    over = findings["measured"].abs() - findings["limit"].where(findings["rule"] == "Q401", 0.0)
    table["land"] = over.where(findings["unit"] == "m2")
    table["rank"] = table["severity"].map({name: k for k, name in enumerate(SEVERITIES)})
    groups = table.groupby(["rank", "severity", "park", "rule", "use"], sort=False)
    found = groups["land"].agg(count="size", land=lambda one: one.sum(min_count=1)).reset_index()
    found = found.sort_values(
        ["rank", "land", "count"], ascending=[True, False, False], kind="stable", na_position="last"
    )
    titles = [plain_template(getattr(RULES[code], lang)) for code in found["rule"]]
    return pd.DataFrame(
        {
            "severity": [SEVERITY_NAMES[one].say(lang) for one in found["severity"]],
            "park": found["park"],
            "rule": found["rule"],
            "use": found["use"],
            "count": found["count"],
            "area_ha": found["land"].astype("float64") / 10_000,
            "area_mu": found["land"].astype("float64") * 3 / 2_000,
            "sentence": titles,
        }
    ).reset_index(drop=True)


def _uses(zone: Zone, findings: pd.DataFrame, lang: str) -> list[str]:
    """The class of use of the parcel of each finding, in words; a dash for what is no parcel."""
    if not zone.count("parcel"):
        return ["—"] * len(findings)
    parcels = zone.layer("parcel")
    wanted = parcels[parcels["id"].isin(set(findings["feature"]))].drop_duplicates("id")
    classes = use_class(wanted, str(zone.meta.get("land_use_system", "")))
    known = dict(zip(wanted["id"], classes, strict=True))
    return [
        label(_OF_CLASS[known[one]], lang)
        if level == "parcel" and known.get(one) in _OF_CLASS
        else "—"
        for level, one in zip(findings["level"], findings["feature"], strict=True)
    ]


def sentences_of(zone: Zone) -> Callable[[GeoDataFrame, str], pd.Series]:
    """Return what writes findings of a zone as sentences of one language, names in place of ids."""
    return lambda findings, lang: describe(named(zone, findings, lang), lang)


def _in_words(draw: Callable[_Asked, Atlas]) -> Callable[_Asked, Atlas]:
    """Draw with findings in names, and with the scores of the assessment where they are asked for."""

    @wraps(draw)
    def drawn(*asked: _Asked.args, **how: _Asked.kwargs) -> Atlas:
        zone: Any = asked[0] if asked else how["zone"]
        wish = how.get("color_by")
        if isinstance(wish, str) and wish in SCORES:
            how["color_by"] = _scored(zone, wish)
        how.setdefault("sentences", sentences_of(zone))
        return draw(*asked, **how)

    return drawn


SCORES = ("集约度", "集约度分值", "score")
"""What the scores of an assessment are asked for by."""


def _scored(zone: Zone, name: str) -> Assessment:
    """The assessment of a zone, as far as its scores need it."""
    result = assess(zone, findings=False, draws=200) if zone.evaluation is not None else None
    if result is None or result.scores is None:
        raise UnknownNameError(name, ["evaluation.toml"], what="score", zh="分值")
    return result


draw_zone = _in_words(maps.draw_zone)


def named(zone: Zone, findings: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return findings whose levels, units and uses are named in one language, for sentences."""
    names = zone.once(_names, lang)

    def name(word: Any) -> Any:
        return names.get(word, word) if isinstance(word, str) else word

    levels = [
        Text(LEVELS[one].zh, LEVELS[one].en).say(lang) if one in LEVELS else one
        for one in findings["level"]
    ]
    return findings.assign(
        level=levels,
        feature=[name(one) for one in findings["feature"]],
        other=[name(one) for one in findings["other"]],
        detail=[one_language(one, lang, names) for one in findings["detail"]],
    )


_DRAWN = ("master_plan", "detailed_plan", "urban_boundary", "protection", "prohibited", "group",
          "district", "boundary", "corridor", "axis")  # fmt: skip


def _names(zone: Zone, lang: str) -> dict[str, str]:
    """Names in one language by id: of units, of lines and areas of the plan, of industries."""
    names = {"zone": zone.names[lang]}
    for level in _DRAWN:
        if zone.count(level) and lang in (table := zone.table(level, ["id", lang])):
            known = table[table[lang].notna() & (table[lang] != "")]
            names |= dict(zip(known["id"].astype(str), known[lang].astype(str), strict=True))
    names |= {str(unit): zone.name(str(unit), lang) for unit in zone.units.index}
    for known_industries in (zone.clusters, zone.plan.industries if zone.plan else {}):
        names |= {key: Text(one.zh, one.en).say(lang) for key, one in known_industries.items()}
    return names


def in_words(zone: Zone, table: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return a table in which units of land, severities, kinds and uses stand in one language."""
    names = zone.once(_names, lang)
    done = table.copy()
    for column in done.columns:
        if column in _AS_THEY_ARE or pd.api.types.is_numeric_dtype(done[column]):
            continue
        if column in _CODED:
            done[column] = [
                _word(names.get(v, v) if isinstance(v, str) else v, lang) for v in done[column]
            ]
        elif column in {"feature", "other"}:
            done[column] = [names.get(v, v) if isinstance(v, str) else v for v in done[column]]
            done[column] = [label(v, lang) if v in TERMS else v for v in done[column]]
        else:
            texts = {v for v in done[column] if isinstance(v, str)}
            once = {text: one_language(text, lang, names) for text in texts}
            done[column] = [once[v] if isinstance(v, str) else v for v in done[column]]
    heads = {cls: WORDS[cls].say(lang) for cls in [*_OF_CLASS, "B", "C"]}
    return done.rename(columns=heads)


_AS_THEY_ARE = {"id", "parcel", "owner", "name", "rule", "who", "sentence"}
"""Columns that hold ids, names or sentences."""


def _word(value: Any, lang: str) -> Any:
    """A code of ours by its name: a level, unit, severity, status, use; else the value."""
    if not isinstance(value, str):
        return value
    if value in WORDS:
        return WORDS[value].say(lang)
    if value in LIMITS:
        return LIMITS[value].say(lang)
    if value in LEVELS:
        return Text(LEVELS[value].zh, LEVELS[value].en).say(lang)
    for key in (value, f"{value}_m2"):
        if key in TERMS:
            return label(key, lang)
    return value


_CODED = {"severity", "severity_before", "level", "status", "kind", "use", "unit", "listed",
          "specialised"}  # fmt: skip
WORDS: Mapping[str, Text] = {
    **SEVERITY_NAMES,
    "new": Text("新增", "new"),
    "worse": Text("加重", "worse"),
    "same": Text("不变", "same"),
    "better": Text("减轻", "better"),
    "fixed": Text("消除", "fixed"),
    "m2": Text("平方米", "m²"),
    "m": Text("米", "m"),
    "d": Text("天", "days"),
    "months": Text("个月", "months"),
    "deg": Text("度", "°"),
    "1": Text("", ""),
    "wan/ha": Text("万元/公顷", "10 000 CNY/ha"),
    "人": Text("人", "persons"),
    "total": Text("合计", "Total"),
    "land": Text("土地总面积", "Land"),
    "closure": Text("闭合差", "Closure"),
    "conformity": Text("相符率", "Conformity"),
    "take back": Text("可收回", "take back"),
    "idle": Text("闲置", "idle"),
    "under-used": Text("低效", "under-used"),
    "idle_unstarted": Text("未动工闲置", "idle, not started"),
    "idle_stopped": Text("中止闲置", "idle, stopped"),
    "approved_unsupplied": Text("批而未供", "approved, not supplied"),
    "supplied_unused": Text("供而未用", "supplied, not used"),
    "in_use": Text("正常", "in use"),
    "open": Text("无法判定", "open"),
    "yes": Text("是", "yes"),
    "no": Text("否", "no"),
    "none": Text("未规划", "none planned"),
    "approved": Text("批而未供", "approved, not supplied"),
    "overdue": Text("逾期未动工", "overdue"),
    "stopped": Text("中止建设", "stopped"),
    "unknown": Text("无法判定", "unknown"),
    "yonghai_2023": Text("用地用海分类（2023）", "land and sea use, 2023"),
    "third_survey": Text("第三次国土调查分类", "third land survey"),
    "second_survey": Text("第二次土地调查分类", "second land survey"),
    "gbt21010_2017": Text("土地利用现状分类（2017）", "GB/T 21010-2017"),
    "gb50137_2011": Text("城市用地分类（2011）", "GB 50137-2011"),
    **{cls: Text(label(key, "zh"), label(key, "en")) for cls, key in _OF_CLASS.items()},
    "B": Text("未建设土地", "unbuilt land"),
    "C": Text("非建设用地", "other land"),
    **{value: Text(*words) for value, words in VALUES.items()},
    "plan": Text("计划", "plan"),
    "cumulative": Text("累计", "cumulative"),
}
"""Codes of ours in words."""

LIMITS: Mapping[str, Text] = {
    "tolerance_m": Text("界址点误差（米）", "tolerance of points (m)"),
    "overlap_m2": Text("重叠（平方米）", "overlap (m²)"),
    "gap_m2": Text("缝隙（平方米）", "gap (m²)"),
    "outside_m2": Text("界外（平方米）", "outside (m²)"),
    "duplicate_share": Text("同一图形的重合比例", "share of a duplicate"),
    "sliver_width_m": Text("狭长宽度（米）", "width of a sliver (m)"),
    "sharp_angle_deg": Text("尖角（度）", "sharp angle (°)"),
    "min_parcel_m2": Text("最小上图面积（平方米）", "least area drawn (m²)"),
    "area_share": Text("面积相差比例", "share areas may differ by"),
    "off_parcel_share": Text("宗地以外比例", "share off the parcel"),
    "street_m": Text("道路宽度（米）", "width of a street (m)"),
    "notch_m": Text("缺口宽度（米）", "width of a notch (m)"),
    "years": Text("年限（年）", "years"),
    "min_area_m2": Text("最小面积（平方米）", "least area (m²)"),
    "tolerance_m2": Text("容差（平方米）", "tolerance (m²)"),
    "tolerance": Text("相对容差", "relative tolerance"),
    "industrial_far_min": Text("工业用地容积率下限", "least FAR of industrial land"),
    "industrial_investment_wan_per_ha_min": Text(
        "工业用地投资强度下限（万元/公顷）", "least investment of industrial land (10 000 CNY/ha)"
    ),
    "industrial_tax_wan_per_ha_min": Text(
        "工业用地地均税收下限（万元/公顷）", "least tax of industrial land (10 000 CNY/ha)"
    ),
}
"""Limits of rules in words: what rules take, ``[checks]`` and ``[thresholds]`` of a zone."""

_PHRASES: tuple[tuple[str, Text], ...] = (
    (r"(?<=: )([^/\[]*[一-鿿][^/\[]*) / ([^\[]+?)(?= \[|$)", Text(r"\1", r"\2")),
    (r"填报 stated", Text("填报", "stated")),
    (r"量算 measured", Text("量算", "measured")),
    (r"\bstock\b", Text("时点", "stock")),
    (r"width ([\d.,]+) m\b", Text(r"宽 \1 米", r"width \1 m")),
    (r"\bm2\b", Text("平方米", "m²")),
    ("闲置自 idle since", Text("闲置自", "idle since")),
    ("闲置费 fee", Text("闲置费", "fee")),
    ("将可收回 take-back from", Text("可收回自", "take-back from")),
    ("可收回 take-back since", Text("可收回自", "take-back since")),
    ("万元", Text("万元", "10 000 CNY")),
    ("开发 built", Text("开发", "built")),
    (r"zone\.toml \[thresholds\] ", Text("示范区设定的", "the zone's own ")),
    (
        "政府原因，不收闲置费 caused by government, no fee",
        Text("政府原因，不收闲置费", "caused by government, no fee"),
    ),
    (r"[\[\]']", Text("", "")),
    (r", ", Text("，", ", ")),
    (r",(?=[a-z])", Text("，", ", ")),
    ("投资 invested", Text("投资", "invested")),
    (
        "超过最长期限 longer than the rule allows",
        Text("超过最长期限", "longer than the rule allows"),
    ),
    (
        "工具默认：批准后两年 default of the toolkit: two years after approval",
        Text("工具默认：批准后两年", "default of the toolkit: two years after approval"),
    ),
    (" -> ", Text("→", " → ")),
    ("；", Text("；", "; ")),
    ("，", Text("，", ", ")),
    (r"\bplan\b", Text("计划", "plan")),
    (r"\bapproved\b", Text("批准", "approved")),
    (r"\bcumulative\b", Text("累计", "cumulative")),
    (r"\bannual\b", Text("年度", "annual")),
)
_DATES = r"(批准|供地|约定动工|实际动工|约定竣工|实际竣工|中止建设) (approved|supply|supplied|agreed start|started|actual start|agreed finish|finished|actual finish|stopped)"


def one_language(detail: Any, lang: str, names: Mapping[str, str] = MappingProxyType({})) -> Any:
    """Return a detail, which holds both languages or codes of ours, in one language."""
    if not isinstance(detail, str):
        return detail
    if detail in names:
        return names[detail]
    if str(_word(detail, lang)) != detail:
        return _word(detail, lang)
    text = re.sub(_DATES, lambda m: Text(m[1], m[2]).say(lang), detail)
    for pattern, words in _PHRASES:
        text = re.sub(pattern, words.say(lang), text)

    def word(found: re.Match[str]) -> str:
        return names.get(found[0]) or str(_column_or_word(found[0], lang))

    return re.sub(r"(?<![A-Za-z0-9_])[a-z]+(?:_[a-z0-9]+)*(?![A-Za-z0-9_])", word, text)


def _column_or_word(word: str, lang: str) -> str:
    if word in COLUMNS and "_" in word:
        return column_name(word, lang)
    return str(_word(word, lang)) if "_" in word else word


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


class Words:
    """Chooses the language of what is written."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, zh: str, en: str) -> str:
        """Return one of two texts."""
        return Text(zh, en).say(self.lang)

    def unit(self, unit: str) -> str:
        """Unit of an indicator in the language of the page."""
        return Text(unit, _UNITS.get(unit, unit)).say(self.lang)

    def quantity(self, unit: str) -> str:
        """Unit of an account in the language of the page."""
        return Text(*QUANTITY_UNITS[unit]).say(self.lang)

    def bracketed(self, text: str) -> str:
        """A remark in brackets behind a word."""
        return Text(f"（{text}）", f" ({text})").say(self.lang)

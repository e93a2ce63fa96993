"""The glossary (名词表): every quantity once, with both names, its unit and one line of meaning.

A quantity's key carries its unit (``built_land_m2``, ``tax_wan``), so that no code ever has to
guess a magnitude. The entries are data, in ``resources/terms.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from .errors import UnknownNameError
from .safe_text import Text

__all__ = [
    "HEADINGS",
    "QUANTITY_UNITS",
    "TERMS",
    "USES",
    "VALUES",
    "Term",
    "column_name",
    "heading",
    "label",
]


@dataclass(frozen=True, slots=True)
class Term:
    """One quantity: its key, both names, unit and what it counts.

    ``quota`` is the class of land that counts against a quota of it, empty if it is no class;
    None if there are no quotas of it.
    """

    key: str
    zh: str
    en: str
    unit: str
    note_zh: str = ""
    note_en: str = ""
    quota: str | None = None


def _load() -> Mapping[str, Term]:
    text = files("zgcgis").joinpath("resources/terms.toml").read_text(encoding="utf-8")
    return MappingProxyType({key: Term(key, **entry) for key, entry in tomllib.loads(text).items()})


TERMS: Mapping[str, Term] = _load()
"""Every quantity by key, in the order of the file."""

USES: Mapping[str, str] = MappingProxyType(
    {key.removesuffix("_m2"): term.quota for key, term in TERMS.items() if term.quota is not None}
)
"""The uses a quota may name, keys of accounts without their unit, and the class of land of each."""

HEADINGS: Mapping[str, tuple[str, str]] = {
    "rule": ("规则", "Rule"),
    "severity": ("等级", "Severity"),
    "level": ("层级", "Level"),
    "feature": ("对象", "Feature"),
    "other": ("相关对象", "Other"),
    "measured": ("实测", "Measured"),
    "limit": ("限值", "Limit"),
    "unit": ("单位", "Unit"),
    "detail": ("说明", "Detail"),
    "clause": ("依据", "Clause"),
    "sentence": ("问题", "Finding"),
    "longitude": ("经度", "Longitude"),
    "latitude": ("纬度", "Latitude"),
    "who": ("批准人", "Granted by"),
    "why": ("理由", "Why"),
    "until": ("有效期至", "Until"),
    "expired": ("已过期", "Expired"),
    "status": ("变化", "Change"),
    "measured_before": ("上次实测", "Measured before"),
    "limit_before": ("上次限值", "Limit before"),
    "count": ("数量", "Count"),
    "worst": ("最大值", "Largest"),
    "total": ("合计", "Sum"),
    "unit_id": ("单元", "Unit"),
    "use": ("用途", "Use"),
    "year": ("年份", "Year"),
    "plan_quota_m2": ("计划指标（m²）", "Plan quota (m2)"),
    "approved_quota_m2": ("批准指标（m²）", "Approval quota (m2)"),
    "cumulative_quota_m2": ("累计指标（m²）", "Cumulative quota (m2)"),
    "approved_m2": ("批准（m²）", "Approved (m2)"),
    "supplied_m2": ("供应（m²）", "Supplied (m2)"),
    "started_m2": ("动工（m²）", "Started (m2)"),
    "built_m2": ("建成（m²）", "Built (m2)"),
    "stock_m2": ("存量（m²）", "Stock (m2)"),
    "left_ha": ("当年剩余（公顷）", "Left in the year (ha)"),
    "left_mu": ("当年剩余（亩）", "Left in the year (mu)"),
    "balance_ha": ("累计结余（公顷）", "Balance (ha)"),
    "balance_mu": ("累计结余（亩）", "Balance (mu)"),
    "over": ("超指标", "Over quota"),
    "id": ("宗地", "Parcel"),
    "parcel_id": ("所在宗地", "Its parcel"),
    "building": ("建筑物", "Building"),
    "firm": ("企业", "Firm"),
    "land_use": ("现状地类", "Land use"),
    "registered_area_m2": ("登记面积（m²）", "Registered area (m2)"),
    "storeys": ("层数", "Storeys"),
    "height_m": ("高度（m）", "Height (m)"),
    "built_year": ("建成年份", "Built in"),
    "quota_m2": ("指标（m²）", "Quota (m2)"),
    "used_m2": ("已用（m²）", "Used (m2)"),
    "left_m2": ("剩余（m²）", "Left (m2)"),
    "park_id": ("园区", "Park"),
    "owner": ("使用权人", "Holder"),
    "listed": ("类别", "List"),
    "area_m2": ("面积（m²）", "Area (m2)"),
    "due_date": ("应动工日期", "Start due"),
    "idle_date": ("闲置起算日", "Idle from"),
    "days_overdue": ("逾期天数", "Days overdue"),
    "days_since_approval": ("批准后天数", "Days since approval"),
    "built_share": ("开发比例", "Share developed"),
    "invested_share": ("投资比例", "Share invested"),
    "government": ("政府原因", "Caused by government"),
    "fee_wan": ("闲置费（万元）", "Idle fee (10 000 CNY)"),
    "takeback": ("可收回", "May be taken back"),
    "takeback_date": ("可收回日", "Take-back from"),
    "next_date": ("下一期限", "Next deadline"),
    "missing": ("缺少资料", "Missing facts"),
    "parcel": ("宗地", "Parcel"),
    "kind": ("类型", "Kind"),
    "frees_m2": ("可腾出（m²）", "Frees (m2)"),
    "planned": ("规划用途", "Planned use"),
    "name": ("名称", "Name"),
    "verdict": ("结论", "Verdict"),
    "margin": ("余量", "Margin"),
    "rank": ("名次", "Rank"),
    "score": ("适合度", "Fit"),
    "before": ("现状", "Before"),
    "after": ("方案", "After"),
    "change": ("变化", "Change"),
    "key": ("项目", "Quantity"),
    "item": ("对象", "Item"),
    "choice": ("安排", "Choice"),
    "park": ("园区", "Park"),
    "value": ("价值", "Value"),
    "used": ("已用", "Used"),
    "least": ("至少", "At least"),
    "most": ("至多", "At most"),
    "slack": ("余量", "Slack"),
    "binding": ("起作用", "Binding"),
    "one_more_ha": ("再多1公顷", "One more ha"),
    "shadow_per_ha": ("影子价格（每公顷）", "Shadow price per ha"),
    "reason": ("原因", "Reason"),
    "code": ("地类代码", "Land-use code"),
    "zh": ("中文", "Chinese"),
    "en": ("英文", "English"),
    "label": ("标签", "Label"),
    "park_count": ("园区企业数", "Enterprises of the park"),
    "share": ("占比", "Share"),
    "zone_share": ("全区占比", "Share in the zone"),
    "lq": ("区位商", "Location quotient"),
    "low": ("区间下限", "Low"),
    "high": ("区间上限", "High"),
    "specialised": ("专业化", "Specialised"),
    "small": ("小样本", "Small count"),
    "match": ("定位吻合度", "Match with the plan"),
    "drift": ("较首年变化", "Drift since the first year"),
    "turnover": ("结构变动", "Turnover of the mix"),
    "largest": ("最大产业", "Largest industry"),
    "industry": ("产业", "Industry"),
    "area_ha": ("面积（公顷）", "Area (ha)"),
    "area_mu": ("面积（亩）", "Area (mu)"),
    "topic": ("项目", "Topic"),
    "content": ("内容", "Content"),
    "block": ("街区", "Block"),
    "parcels": ("宗数", "Outlines"),
    "changed": ("改动", "Changed"),
    "points": ("移动界址点", "Corners moved"),
    "moved_m": ("最大移动（m）", "Moved by at most (m)"),
    "before_m2": ("整理前（m²）", "Before (m2)"),
    "after_m2": ("整理后（m²）", "After (m2)"),
    "change_m2": ("变化（m²）", "Change (m2)"),
    "control_m2": ("控制面积（m²）", "Control area (m2)"),
    "closure_m2": ("闭合差（m²）", "Closure (m2)"),
    "adjusted_m2": ("平差后（m²）", "Adjusted (m2)"),
    "plot": ("地块", "Plot"),
    "theme": ("主题", "Theme"),
    "features": ("图形数", "Features"),
    "stated_area_m2": ("写明面积（m²）", "Stated (m2)"),
    "measured_m2": ("量算面积（m²）", "Measured (m2)"),
    "adjustment_m2": ("平差（m²）", "Adjustment (m2)"),
    "net_m2": ("净面积（m²）", "Net (m2)"),
    "share_pct": ("占比（%）", "Share (%)"),
    "whole_m2": ("总面积（m²）", "Whole (m2)"),
    "basis": ("总面积依据", "Whole as"),
    "area_here_m2": ("红线内面积（m²）", "Under the plot (m2)"),
    "floor_area_here_m2": ("红线内建筑面积（m²）", "Floor area under the plot (m2)"),
    "farmland_grade": ("质量等别", "Quality grade"),
    "taken_m2": ("占用（m²）", "Taken (m2)"),
    "made_up_m2": ("补充（m²）", "Made up (m2)"),
    "balance_m2": ("结余（m²）", "Balance (m2)"),
    "told_by": ("依据", "Told by"),
    "measure": ("核查项", "Figure"),
    "numerator_m2": ("分子（m²）", "Numerator (m2)"),
    "denominator_m2": ("分母（m²）", "Denominator (m2)"),
    "numerator_ha": ("分子（公顷）", "Numerator (ha)"),
    "denominator_ha": ("分母（公顷）", "Denominator (ha)"),
    "figure": ("结果", "Result"),
    "known": ("是否知道", "Known"),
    "formula": ("公式", "Formula"),
    "source": ("出处", "Source"),
    "role": ("在算式中", "In the formula"),
    "ring": ("圈号", "Ring"),
    "point": ("界址点号", "Point"),
    "x_m": ("X坐标（m）", "X, north (m)"),
    "y_m": ("Y坐标（m）", "Y, east (m)"),
    "side_m": ("边长（m）", "Side (m)"),
    "corners": ("界址点数", "Points"),
    "plane_m2": ("高斯平面面积（m²）", "Plane area (m2)"),
    "side_east": ("东至", "East"),
    "side_south": ("南至", "South"),
    "side_west": ("西至", "West"),
    "side_north": ("北至", "North"),
    "land_class": ("地类", "Class of land"),
    "state": ("状况", "State"),
    "kind_of_facility": ("设施", "Facility"),
    "facilities": ("园区内", "In the park"),
    "nearest": ("最近的", "Nearest"),
    "straight_m": ("直线距离（m）", "Straight line (m)"),
    "distance_m": ("距离（m）", "Distance (m)"),
    "minutes": ("时间（分钟）", "Time (min)"),
    "method": ("算法", "Method"),
    "mean_m": ("平均距离（m）", "Mean distance (m)"),
    "mean_minutes": ("平均时间（分钟）", "Mean time (min)"),
    "by_network_pct": ("按路网的面积（%）", "Area by road (%)"),
    "road_class": ("道路等级", "Class of road"),
    "lines": ("条数", "Lines"),
    "length_km": ("长度（km）", "Length (km)"),
    "speed_kmh": ("车速（km/h）", "Speed (km/h)"),
    "access_m": ("到轨道站点（m）", "To a station (m)"),
    "access_by": ("距离算法", "Distance by"),
    "severity_before": ("上次等级", "Severity before"),
    "was": ("原编号", "Formerly"),
    "columns": ("变化的字段", "Columns that differ"),
    "redrawn": ("图形变化", "Redrawn"),
    "column": ("字段", "Column"),
    "old": ("原宗", "Old"),
    "new": ("新宗", "New"),
    "share_of_old": ("占原宗", "Share of the old"),
    "share_of_new": ("占新宗", "Share of the new"),
}
"""Headings of columns in tables for people, in both languages."""


VALUES: Mapping[str, tuple[str, str]] = {
    "allocated": ("划拨", "allocated"),
    "granted": ("出让", "granted"),
    "leased": ("租赁", "leased"),
    "surveyed": ("实测", "surveyed"),
    "digitised": ("数字化", "digitised"),
    "sketch": ("示意图", "sketch"),
    "schematic": ("概略", "schematic"),
    "approximate": ("近似", "approximate"),
    "synthetic": ("虚构", "synthetic"),
    "registration": ("注册地", "registration"),
    "operation": ("经营地", "operation"),
    "True": ("是", "yes"),
    "False": ("否", "no"),
    "true": ("是", "yes"),
    "false": ("否", "no"),
}
"""Values of the columns of layers that are words of ours, in both languages."""


QUANTITY_UNITS: Mapping[str, tuple[str, str]] = {
    "m2": ("m²", "m²"),
    "万元": ("万元", "10 000 CNY"),
    "万美元": ("万美元", "10 000 USD"),
    "万元/平方公里": ("万元/平方公里", "10 000 CNY/km²"),
    "万美元/平方公里": ("万美元/平方公里", "10 000 USD/km²"),
    "人": ("人", "persons"),
    "吨标准煤": ("吨标准煤", "tce"),
    "%": ("%", "%"),
    "个": ("个", ""),
    "家": ("家", "firms"),
    "项": ("项", ""),
    "件": ("件", ""),
}
"""Units of the quantities of :data:`TERMS`, in both languages."""


def label(key: str, lang: str = "zh") -> str:
    """Return the name of a quantity in the language asked for.

    Parameters
    ----------
    key
        A key of :data:`TERMS`, such as ``"built_land_m2"``.
    lang
        ``"zh"`` or ``"en"``.

    Raises
    ------
    UnknownNameError
        If the glossary has no such key.

    Examples
    --------
    >>> label("built_land_m2", "en")
    'Built-up urban construction land'
    """
    if key not in TERMS:
        raise UnknownNameError(key, TERMS, what="quantity", zh="指标量")
    term = TERMS[key]
    return Text(term.zh, term.en).say(lang)


def heading(column: str, lang: str = "zh") -> str:
    """Return the head of a column in words, of a quantity with its unit; its own name otherwise.

    That of a table for people stands before the name of a column of a layer.
    """
    return Text(*(HEADINGS.get(column) or _named(column))).say(lang)


def column_name(column: str, lang: str = "zh") -> str:
    """Return what a column of a layer is called; its own name where it has none.

    Examples
    --------
    >>> column_name("land_use"), column_name("land_use", "en")
    ('现状地类代码', 'Land-use code')
    """
    return Text(*(_columns().get(column) or HEADINGS.get(column) or _named(column))).say(lang)


def _named(column: str) -> tuple[str, str]:
    """Both names of a quantity with its unit, or of a column of a layer."""
    if column in TERMS:
        term = TERMS[column]
        zh, en = QUANTITY_UNITS[term.unit]
        en = en.replace("²", "2")  # as the other heads in English
        return f"{term.zh}（{zh}）", f"{term.en} ({en})" if en else term.en
    return _columns().get(column, (column, column))


@cache
def _columns() -> Mapping[str, tuple[str, str]]:
    """Both names of the columns of layers."""
    text = files("zgcgis").joinpath("resources/levels.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)["columns"].items()
    return MappingProxyType({key: (entry["zh"], entry["en"]) for key, entry in entries})

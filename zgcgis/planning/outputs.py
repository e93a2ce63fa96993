"""What a check leaves on the desk: GeoPackage, workbook, JSON, and a summary by rule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from ..checks.coverage import coverage_lines
from ..errors import MissingColumnsError
from ..findings import COLUMNS, RULES, SEVERITIES, describe
from ..io.spreadsheets import add_sheet, plain_value, put_text, refuse_too_large, save_workbook
from ..io.writing import write_text_whole
from ..safe_text import json_text

__all__ = [
    "coverage_rows",
    "findings_json",
    "plain_dates",
    "read_findings_gpkg",
    "records_json",
    "summary",
    "table_rows",
    "write_findings_gpkg",
    "write_json",
    "write_workbook",
]

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
}
"""Column headings of the workbook in both languages."""

_FILL = {"error": "F6C9C4", "warning": "FBE3B5", "note": "DDE8F3"}
_WORDS = {
    "zh": {"error": "错误", "warning": "警告", "note": "提示"},
    "en": {"error": "error", "warning": "warning", "note": "note"},
}


def summary(findings: pd.DataFrame, lang: str = "zh") -> pd.DataFrame:
    """Return one row per rule: ``rule severity count worst total unit sentence``.

    ``worst`` is the largest excess over the limit in the rule's unit, ``total`` the sum of what
    was measured, for areas.
    """
    rows = []
    for (rule, severity), group in findings.groupby(["rule", "severity"], sort=False):
        measured = group["measured"].astype("float64")
        unit = str(group["unit"].iloc[0] or "")
        template = getattr(RULES[str(rule)], lang)
        rows.append(
            {
                "rule": rule,
                "severity": severity,
                "count": len(group),
                "worst": float(measured.abs().max()) if measured.notna().any() else math.nan,
                "total": float(measured.sum()) if unit == "m2" else math.nan,
                "unit": unit,
                "sentence": _plain_template(template),
            }
        )
    columns = ["rule", "severity", "count", "worst", "total", "unit", "sentence"]
    table = pd.DataFrame(rows, columns=columns)
    order = table["severity"].map({name: k for k, name in enumerate(SEVERITIES)})
    return (
        table.assign(_o=order).sort_values(["_o", "rule"]).drop(columns="_o").reset_index(drop=True)
    )


def _plain_template(template: str) -> str:
    """A rule's sentence with its fields as dots."""
    out, depth = [], 0
    for letter in template:
        if letter == "{":
            depth += 1
            out.append("…")
        elif letter == "}":
            depth -= 1
        elif depth == 0:
            out.append(letter)
    return "".join(out)


def table_rows(findings: GeoDataFrame, lang: str = "zh") -> pd.DataFrame:
    """Return findings as a plain table: the sentence first, the place as longitude, latitude."""
    table = pd.DataFrame(findings.drop(columns="geometry"))
    table.insert(2, "sentence", describe(findings, lang))
    where = _points(findings)
    return table.assign(longitude=where[:, 0], latitude=where[:, 1])


def _points(findings: GeoDataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A point on each finding's place, in degrees with 6 digits; NaN where there is no place."""
    shapes = findings.geometry.to_numpy()
    points = shapely.point_on_surface(shapes)
    found = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    return np.round(found, 6)


def findings_json(
    findings: GeoDataFrame,
    *,
    zone: str,
    as_of: date,
    waived: pd.DataFrame | None = None,
    compared: pd.DataFrame | None = None,
    not_checked: pd.DataFrame | None = None,
) -> str:
    """Return findings as JSON text: sentences in both languages, places, counts by severity.

    What the rules could not judge (:func:`zgcgis.checks.not_checked`) stands under its own key.
    """
    table = table_rows(findings, "zh").rename(columns={"sentence": "zh"})
    table.insert(3, "en", describe(findings, "en"))
    counts = findings["severity"].value_counts()
    data: dict[str, Any] = {
        "zone": zone,
        "as_of": as_of.isoformat(),
        "count": {name: int(counts.get(name, 0)) for name in SEVERITIES},
        "findings": _records(table),
    }
    if waived is not None:
        data["waived"] = _records(pd.DataFrame(waived.drop(columns="geometry", errors="ignore")))
    if compared is not None:
        data["changes"] = _records(compared)
    if not_checked is not None:
        data["not_checked"] = _records(not_checked)
    return json_text(data) + "\n"


def coverage_rows(not_checked: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return what was not checked for a sheet: the rules, the cause in words, how much land."""
    lines = [
        line.split("：" if lang == "zh" else ": ", 1) for line in coverage_lines(not_checked, lang)
    ]
    return pd.DataFrame(lines, columns=["rule", "detail"])


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    """A value as JSON and Excel know it; nothing where nothing is known."""
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime | date):
        return value.date().isoformat() if isinstance(value, datetime) else value.isoformat()
    return value


def write_json(path: str | Path, text: str) -> Path:
    """Write JSON text, whole or not at all."""
    return write_text_whole(Path(path), text)


def write_workbook(
    path: str | Path,
    sheets: Sequence[tuple[str, pd.DataFrame]],
    *,
    lang: str = "zh",
    title: str = "",
) -> Path:
    """Write tables as the sheets of one workbook; the same tables give the same bytes.

    A text never becomes a formula, whatever it begins with.
    """
    book = Workbook()
    book.remove(book.active)
    for name, table in sheets:
        refuse_too_large(path, len(table) + 1, table.shape[1])
        _fill_sheet(add_sheet(book, name), table, lang)
    return save_workbook(book, path, title=title)


def _fill_sheet(sheet: Worksheet, table: pd.DataFrame, lang: str) -> None:
    """Write a table into a sheet: heads, values, the colour of the severity, widths."""
    for c, column in enumerate(table.columns, start=1):
        head = sheet.cell(1, c)
        put_text(head, _heading(str(column), lang))
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="E7EBF0")
        head.alignment = Alignment(wrap_text=True, vertical="top")
        width = max([len(str(v)) for v in table[column].head(200)] + [8])
        sheet.column_dimensions[get_column_letter(c)].width = min(width * 1.3 + 2, 60)
    severities = list(table["severity"]) if "severity" in table else []
    for k, row in enumerate(table.itertuples(index=False, name=None), start=2):
        for c, value in enumerate(row, start=1):
            said = table.columns[c - 1] == "severity"
            _fill_cell(
                sheet.cell(k, c), _WORDS[lang].get(str(value), value) if said else value, lang
            )
        if severities and (colour := _FILL.get(str(severities[k - 2]))):
            sheet.cell(k, 1).fill = PatternFill("solid", fgColor=colour)
    sheet.freeze_panes = "A2"
    if len(table):
        sheet.auto_filter.ref = sheet.dimensions


def _fill_cell(cell: Cell, value: Any, lang: str) -> None:
    plain = plain_value(_plain(value))
    if isinstance(plain, bool):
        plain = ("是" if plain else "") if lang == "zh" else ("yes" if plain else "")
    if isinstance(plain, str):
        put_text(cell, plain)
        return
    cell.value = plain
    if isinstance(plain, float):
        cell.number_format = "#,##0.00"


def _heading(column: str, lang: str) -> str:
    return HEADINGS.get(column, (column, column))[1 if lang == "en" else 0]


def records_json(data: Mapping[str, Any]) -> str:
    """Return a mapping whose values may be tables as JSON text."""
    plain = {
        key: _records(pd.DataFrame(value)) if isinstance(value, pd.DataFrame) else _plain(value)
        for key, value in data.items()
    }
    return json_text(plain) + "\n"


def plain_dates(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without geometry whose dates are texts ``2023-12-31``."""
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore")).copy()
    for name in plain.columns:
        if pd.api.types.is_datetime64_any_dtype(plain[name].dtype):
            plain[name] = plain[name].dt.strftime("%Y-%m-%d")
    return plain


def write_findings_gpkg(
    path: str | Path, standing: GeoDataFrame, waived: GeoDataFrame | None = None
) -> Path:
    """Write findings as a GeoPackage layer of the file's name, coloured by severity in QGIS.

    Sentences in both languages stand beside the columns; ``waived`` says who let a finding stand,
    why and until when, and is empty where nobody did.
    """
    from ..io.layers import write_layer

    parts = [standing.assign(waived="")]
    if waived is not None and len(waived):
        words = [
            f"{who}；{why}；{until}"
            for who, why, until in zip(waived["who"], waived["why"], waived["until"], strict=True)
        ]
        parts.append(waived.drop(columns=["who", "why", "until"]).assign(waived=words))
    table = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    layer = GeoDataFrame(table, geometry="geometry", crs=standing.crs)
    layer.insert(2, "zh", describe(layer, "zh"))
    layer.insert(3, "en", describe(layer, "en"))
    for name in ("other", "detail", "unit", "clause", "zh", "en", "feature", "level"):
        layer[name] = [None if value is None else str(value) for value in layer[name]]
    return write_layer(layer, Path(path))


def read_findings_gpkg(path: str | Path) -> pd.DataFrame:
    """Read the findings of an earlier check from its GeoPackage, without those waived then.

    The guarded child reads it, tables only: a view that never ends is not looked at.
    """
    from ..io.outside import read_outside_table

    wanted = [name for name in COLUMNS if name != "geometry"]
    table = read_outside_table(Path(path), wanted)
    if lacking := set(wanted) - set(table.columns):
        raise MissingColumnsError(lacking, list(table.columns), where=str(path))
    if "waived" in table:
        table = table[table["waived"].isna() | (table["waived"] == "")]
    table = table[wanted].reset_index(drop=True)
    return table.astype("object").where(table.notna(), None)

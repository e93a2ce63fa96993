"""What is wrong with land, plan or data: findings (问题清单), one row each, one schema for all.

A *rule* is a record: code, severity, the sentence in two languages, unit, clause. A *finding*
is a row that cites a rule. Sentences are never stored; :func:`describe` writes them.

Codes go by family and are never reused: ``R`` reading of files, ``T`` topology, ``H``
hierarchy, ``C`` what could not be checked, ``P`` plan, ``Q`` quota, ``D`` data and facts, ``L`` supply and idle land,
``A`` admission, ``C`` the checking itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from string import Formatter
from typing import Any, Literal, TypeAlias, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from geopandas.array import from_shapely
from pyproj import CRS

from .language.errors import UnknownNameError
from .language.safe_text import Text
from .language.terms import TERMS, label

__all__ = [
    "COLUMNS",
    "MANY",
    "MOST_SINGLE",
    "RULES",
    "SEVERITIES",
    "SEVERITY_NAMES",
    "Rule",
    "as_one_cause",
    "combine",
    "define",
    "describe",
    "empty",
    "finding_frame",
    "gravest_first",
    "many",
    "rule",
]

COLUMNS = (
    "rule",
    "severity",
    "level",
    "feature",
    "other",
    "measured",
    "limit",
    "unit",
    "detail",
    "clause",
    "geometry",
)
"""The columns of every table of findings, also of an empty one."""

Severity: TypeAlias = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
SEVERITY_NAMES: Mapping[str, Text] = {
    "error": Text("错误", "error"),
    "warning": Text("警告", "warning"),
    "note": Text("提示", "note"),
}
RuleFunc: TypeAlias = Callable[..., GeoDataFrame]
Entered = TypeVar("Entered", bound=RuleFunc)

_NUMBERS = ("measured", "limit")
_CRS = "EPSG:4490"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that may be wrong, how grave it is, and how to say it.

    ``levels`` names the layers of a zone without which the rule cannot be asked, ``needs`` what
    it asks of them; the grammar stands in ``zgcgis.checks.coverage``. ``cause`` names the
    columns of a finding that say what caused it: many of one cause are told as one.
    """

    code: str
    severity: Severity
    zh: str
    en: str
    unit: str = ""
    clause: str = ""
    levels: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    cause: tuple[str, ...] = ()
    func: RuleFunc | None = None


RULES: dict[str, Rule] = {}
"""Every rule by code. Read it; write to it only through :func:`rule` and :func:`define`."""


def define(
    code: str,
    severity: Severity,
    *,
    zh: str,
    en: str,
    unit: str = "",
    clause: str = "",
    levels: Iterable[str] = (),
    needs: Iterable[str] = (),
    cause: Iterable[str] = (),
) -> Rule:
    """Enter a rule that readers raise themselves, and return it."""
    entry = Rule(code, severity, zh, en, unit, clause, tuple(levels), tuple(needs), tuple(cause))
    there = RULES.get(code)
    if there is not None and replace(there, func=None) != entry:
        msg = f"Rule {code} is defined twice, differently."
        raise TypeError(msg)
    RULES.setdefault(code, entry)
    return RULES[code]


def rule(
    code: str,
    severity: Severity,
    *,
    zh: str,
    en: str,
    unit: str = "",
    clause: str = "",
    levels: Iterable[str] = (),
    needs: Iterable[str] = (),
    cause: Iterable[str] = (),
) -> Callable[[Entered], Entered]:
    """Enter a function over a zone as the rule that finds `code`; the function is unchanged."""

    def enter(func: Entered) -> Entered:
        entry = define(
            code,
            severity,
            zh=zh,
            en=en,
            unit=unit,
            clause=clause,
            levels=levels,
            needs=needs,
            cause=cause,
        )
        RULES[code] = replace(entry, func=func)
        return func

    return enter


def empty() -> GeoDataFrame:
    """Return a table of findings without a row."""
    return _nothing().copy()


@cache
def _nothing() -> GeoDataFrame:
    return _typed(pd.DataFrame(columns=list(COLUMNS)))


def finding_frame(
    rows: Iterable[Mapping[str, Any]] | pd.DataFrame,
    *,
    rule: str,
    crs: CRS | str | int | None = None,
) -> GeoDataFrame:
    """Make a table of findings of one rule; what a row does not state comes from the rule.

    Parameters
    ----------
    rows
        Records or a frame with any of :data:`COLUMNS`; ``geometry`` is the place to look at.
    rule
        Code of a rule in :data:`RULES`.
    crs
        Coordinate reference system of ``geometry``; by default that of `rows`, else EPSG:4490.

    Returns
    -------
    findings
        The columns of :data:`COLUMNS`, in EPSG:4490.
    """
    if rule not in RULES:
        raise UnknownNameError(rule, RULES, what="rule", zh="规则")
    entry = RULES[rule]
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    if not len(frame):
        return empty()
    if crs is None and isinstance(frame, GeoDataFrame) and "geometry" in frame:
        crs = frame.crs
    frame = pd.DataFrame(frame).reset_index(drop=True)
    frame["rule"] = rule
    for name, value in (
        ("severity", entry.severity),
        ("unit", entry.unit),
        ("clause", entry.clause),
    ):
        if name not in frame:
            frame[name] = value
        else:  # stated for some rows only
            frame[name] = frame[name].astype("object").where(frame[name].notna(), value)
    return _typed(frame.reindex(columns=list(COLUMNS)), crs=crs)


def combine(tables: Iterable[GeoDataFrame]) -> GeoDataFrame:
    """Put tables of findings under one another, gravest first, then by rule and feature."""
    full = [pd.DataFrame(table) for table in tables if len(table)]
    if not full:
        return empty()
    frame = pd.concat(full, ignore_index=True)
    order = frame.assign(
        _grave=frame["severity"].map({name: i for i, name in enumerate(SEVERITIES)})
    ).sort_values(
        ["_grave", "rule", "level", "feature", "other"], kind="stable", na_position="last"
    )
    return _typed(frame.loc[order.index].reset_index(drop=True))


def gravest_first(findings: GeoDataFrame) -> GeoDataFrame:
    """Return findings by severity, then by size: areas among them, other amounts by rule.

    The size is what was measured beyond the limit. What has no size comes last.
    """
    findings = findings.reset_index(drop=True)
    size = (findings["measured"].abs() - findings["limit"].abs().fillna(0.0)).abs()
    area = findings["unit"] == "m2"
    keys = pd.DataFrame(
        {
            "grave": findings["severity"].map({name: i for i, name in enumerate(SEVERITIES)}),
            "other": ~area,
            "rule": findings["rule"].where(~area, ""),
            "size": -size.fillna(-1.0),
        },
        index=findings.index,
    )
    names = findings[["rule", "level", "feature", "other"]].add_prefix("by_")
    order = pd.concat([keys, names], axis=1)
    order = order.sort_values(list(order.columns), kind="stable", na_position="last")
    return findings.loc[order.index].reset_index(drop=True)


_MOST_NAMED = 10
MANY = "…（共 "
"""What stands in the name of many features, and in no id."""


def many(names: Iterable[object], number: int) -> str:
    """Name the first of many features and say how many there are."""
    shown = [str(name) for _, name in zip(range(_MOST_NAMED), names, strict=False)]
    return f"{'、'.join(shown)} {MANY}{number} 个 {number} in all）"


MOST_SINGLE = 10
"""So many findings of one cause are still worth a line each."""


def as_one_cause(
    found: GeoDataFrame,
    cause: Sequence[str],
    size_m2: Callable[[gpd.GeoSeries], pd.Series],
) -> GeoDataFrame:
    """Return findings of one rule in which many of one cause are one row (一因一条).

    Who mends an unknown code or a parent that is not there mends all of them, and nobody reads a
    list of twenty thousand. The row states how many there are, on how much land, and names the
    largest.

    Parameters
    ----------
    found
        Findings of one rule.
    cause
        The columns that say what caused a finding, beside level and severity; none: all stay.
    size_m2
        Measures the area of polygons.
    """
    if not cause or len(found) <= MOST_SINGLE:
        return found
    groups = found.groupby(["severity", "level", *cause], dropna=False, sort=True)
    return combine(
        group if len(group) <= MOST_SINGLE else _told_once(group, cause, size_m2)
        for _, group in groups
    )


def _told_once(
    group: GeoDataFrame, cause: Sequence[str], size_m2: Callable[[gpd.GeoSeries], pd.Series]
) -> GeoDataFrame:
    """The one row that stands for findings of one cause; its place is that of those it names."""
    flat = group.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    area = size_m2(group.geometry[flat]).reindex(group.index)
    size = area if group["measured"].isna().all() else group["measured"].abs()
    order = pd.DataFrame({"size": -size, "feature": group["feature"]})
    group = group.loc[order.sort_values(["size", "feature"], kind="stable").index]
    row = group.iloc[0].to_dict()
    row["feature"] = many(group["feature"], len(group))
    if row["unit"] == "m2":
        row["measured"] = group["measured"].sum()
    elif area.notna().any():
        words = "" if pd.isna(row["detail"]) else str(row["detail"])
        row["detail"] = f"{words}；面积合计 area in all {area.sum():,.0f} m2"
    if "other" not in cause and group["other"].nunique() > 1:
        others = group["other"].dropna().unique()
        row["other"] = many(others, len(others))
    shown = shapely.get_parts(group.geometry[flat.loc[group.index]].head(_MOST_NAMED).to_numpy())
    if len(shown):
        row["geometry"] = shapely.multipolygons(shown)
    return finding_frame([row], rule=str(row["rule"]), crs=group.crs)


def describe(findings: pd.DataFrame, lang: str = "zh") -> pd.Series:
    """Write each finding as a sentence.

    Parameters
    ----------
    findings
        A table with the columns of :data:`COLUMNS`.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    sentences
        One text per row, on the index of `findings`.
    """
    sentences = [
        _FORMAT.vformat(getattr(RULES[row["rule"]], lang), (), _named(row, lang))
        for row in findings.drop(columns="geometry", errors="ignore").to_dict("records")
    ]
    return pd.Series(sentences, index=findings.index, dtype="object")


def _named(row: dict[str, Any], lang: str) -> dict[str, Any]:
    """Write a quantity (``other`` is its key) by its name in the glossary."""
    return row | {"other": label(row["other"], lang)} if row.get("other") in TERMS else row


class _Lenient(Formatter):
    """Formats a template; a number that is not known is written as a dash."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
            return "—"
        if format_spec and isinstance(value, str):
            return value
        return str(super().format_field(value, format_spec))


_FORMAT = _Lenient()


def _typed(frame: pd.DataFrame, *, crs: Any = None) -> GeoDataFrame:
    columns: dict[str, Any] = {}
    for name in COLUMNS[:-1]:
        if name in _NUMBERS:
            columns[name] = pd.to_numeric(frame[name]).astype("float64")
        else:
            values = frame[name].to_numpy("object")
            values = np.where(pd.isna(values), None, values)
            columns[name] = pd.Series(values, frame.index, dtype="object")
    drawn = frame["geometry"].to_numpy("object")
    shapes = from_shapely(np.where(pd.isna(drawn), None, drawn), crs=crs or _CRS)
    if shapes.crs is not None and shapes.crs.to_epsg() != 4490:
        shapes = shapes.to_crs(_CRS)
    return GeoDataFrame({**columns, "geometry": shapes}, index=frame.index)

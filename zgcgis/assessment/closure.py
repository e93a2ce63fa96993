"""What accounts say of themselves (台账自检): sums that do not close, and types that others suggest."""

from __future__ import annotations

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from pandas import DataFrame, Series

from .. import standards
from ..findings import combine, define, empty, finding_frame
from ..indicators import compute
from ..standards import Evaluation

__all__ = ["closure", "other_kind"]

define(
    "D520",
    "warning",
    zh="{feature} {detail}：土地建成率为 {measured:.2f}%，超过 100%，有已建成土地未办理供应",
    en="{feature} {detail}: the completion rate is {measured:.2f} %, above 100: built land was never supplied",
    unit="%",
)
define(
    "D521",
    "warning",
    zh="{feature} {detail}：两边相差 {measured:.1f} m²，台账恒等式不成立",
    en="{feature} {detail}: the two sides differ by {measured:.1f} m², so the accounts do not close",
    unit="m2",
)
define(
    "D522",
    "warning",
    zh="{feature} {detail}：部分大于整体，超出 {measured:.1f} m²",
    en="{feature} {detail}: the part exceeds the whole by {measured:.1f} m²",
    unit="m2",
)

define(
    "D523",
    "note",
    zh="{feature}：{detail}；类型由评价设置决定，此处只作提示",
    en="{feature}: {detail}; the type is an input, this is a hint only",
)

_IDENTITIES = (
    ("land_m2", ("built_land_m2", "unbuilt_land_m2", "unbuildable_land_m2"), "Z = A + B + C"),
    (
        "land_m2",
        ("supplied_land_m2", "suppliable_land_m2", "unsuppliable_land_m2"),
        "Z = D + E + F",
    ),
    (
        "built_land_m2",
        (
            "residential_land_m2",
            "industrial_land_m2",
            "transport_land_m2",
            "commercial_land_m2",
            "public_land_m2",
            "other_built_land_m2",
        ),
        "A = A1 + … + A6",
    ),
    ("supplied_land_m2", ("allocated_land_m2", "paid_land_m2"), "D = D1 + D2"),
)
_PARTS = (
    ("idle_land_m2", "supplied_land_m2", "G ≤ D"),
    ("hightech_land_m2", "built_land_m2", "H ≤ A"),
    ("expired_land_m2", "paid_land_m2", "D22 ≤ D2"),
)
_WAYS = {"stated": "填报 stated", "computed": "量算 measured"}
_CLOSURE = 1e-4  # of the whole: rounding of stated hectares, not an error of land


def closure(accounts: DataFrame, basis: DataFrame, *, identities: bool) -> GeoDataFrame:
    """Completion above 100, sums that do not close, parts larger than their whole."""
    tables = []
    if {"built_land_m2", "supplied_land_m2"} <= set(accounts.columns):
        rate = compute(accounts, ["completion_rate"])["completion_rate"]
        pair = ["built_land_m2", "supplied_land_m2"]
        for at, value in rate[rate > 100 * (1 + _CLOSURE)].items():
            (a, d), ways = accounts.loc[at, pair], [_WAYS[w] for w in basis.loc[at, pair]]
            text = f"A = {a:,.0f} m² {ways[0]}, D = {d:,.0f} m² {ways[1]}"
            one = Series([value], index=pd.MultiIndex.from_tuples([at]))
            tables.append(_rows("D520", one, text, limit=100.0))
    for whole, parts, text in _IDENTITIES if identities else ():
        if {whole, *parts} <= set(accounts.columns):
            gap = (accounts[whole] - accounts[list(parts)].sum(axis=1, skipna=False)).abs()
            off = gap[gap > np.maximum(1.0, _CLOSURE * accounts[whole])]
            tables.append(_rows("D521", off, text, limit=0.0))
    for part, whole, text in _PARTS:
        if {part, whole} <= set(accounts.columns):
            over = accounts[part] - accounts[whole]
            off = over[over > np.maximum(1.0, _CLOSURE * accounts[whole])]
            tables.append(_rows("D522", off, text, limit=0.0))
    return combine(tables) if tables else empty()


def other_kind(accounts: DataFrame, evaluation: Evaluation) -> GeoDataFrame:
    """Parks whose shares of land suggest another type than the one they are evaluated as."""
    needed = ["built_land_m2", "industrial_land_m2", "residential_land_m2"]
    if not set(needed) <= set(accounts.columns) or not evaluation.standard.suggest:
        return empty()
    year = int(max(accounts.index.get_level_values("year")))
    now = accounts.xs(year, level="year")[needed].dropna()
    rows = []
    for unit, hint in standards.suggest_kind(now, evaluation.standard).iterrows():
        kind = evaluation.kind_of(str(unit))
        if hint["kind"] in ("", kind):
            continue
        kinds = evaluation.standard.kinds
        shares = f"A2/A = {hint['industrial_share']:.2f}, A1/A = {hint['residential_share']:.2f}"
        detail = f"{shares} → {kinds[hint['kind']][0]} {kinds[hint['kind']][1]} ≠ {kinds[kind][0]}"
        rows.append({"level": "park", "feature": str(unit), "detail": f"{year} {detail}"})
    return finding_frame(rows, rule="D523") if rows else empty()


def _rows(rule: str, values: Series, text: str, *, limit: float) -> GeoDataFrame:
    rows = [
        {
            "level": "park",
            "feature": str(unit),
            "measured": float(value),
            "limit": limit,
            "detail": f"{year} {text}",
        }
        for (unit, year), value in values.items()
    ]
    return finding_frame(rows, rule=rule) if rows else empty()

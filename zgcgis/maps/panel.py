"""Values for the map (图上数值): stated and computed, per unit and year, each with its origin.

Stated values come from ``zone.accounts``; where the zone has parcels, the accounts measured from
them come in too. Ratios are computed by :mod:`zgcgis.indicators` and only where both parts are
there for the same unit and year.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from ..accounts.precedence import best_first
from ..indicators import INDICATORS, compute
from ..language.errors import UnknownNameError
from ..language.safe_text import Text
from ..language.terms import TERMS
from ..model import Zone

__all__ = ["Measure", "breaks", "in_units", "named", "panel"]

_WHOLE = ("annual", "stock")
# What a page shows first; whatever else a zone holds comes after, in the order of the glossary.
_STATED = (
    "income_wan",
    "planned_land_m2",
    "tax_wan",
    "staff_persons",
    "firms_count",
    "hightech_firms_count",
    "national_hightech_firms_count",
    "built_land_m2",
    "rd_wan",
    "energy_tce",
)
# Shown even if one park alone has a value.
_ALWAYS = (
    "income_wan",
    "planned_land_m2",
    "tax_wan",
    "staff_persons",
    "income_per_planned_area",
    "income_growth",
    "income_share",
)
_COMPUTED = ("income_per_planned_area", "tax_per_planned_area", "staff_per_planned_area")
_UNITS: Mapping[str, tuple[float, str, str]] = {
    "万元": (1e-4, "亿元", "100 million CNY"),
    "m2": (1e-6, "平方公里", "km²"),
    "平方米": (1e-6, "平方公里", "km²"),
    "人": (1.0, "人", "persons"),
    "家": (1.0, "家", "firms"),
    "件": (1.0, "件", "patents"),
    "项": (1.0, "项", "items"),
    "个": (1.0, "个", "count"),
    "1": (1.0, "", ""),
    "%": (1.0, "%", "%"),
    "万美元": (1e-4, "亿美元", "100 million USD"),
    "吨标准煤": (1.0, "吨标准煤", "tonnes of coal equivalent"),
    "吨标准煤/万元": (1.0, "吨标准煤/万元", "tce per 10 000 CNY"),
    "吨标准煤/公顷": (1.0, "吨标准煤/公顷", "tce per ha"),
    "万元/平方公里": (1e-4, "亿元/平方公里", "100 million CNY per km²"),
    "万美元/平方公里": (1.0, "万美元/平方公里", "10 000 USD per km²"),
    "亿元/平方公里": (1.0, "亿元/平方公里", "100 million CNY per km²"),
    "万元/公顷": (1.0, "万元/公顷", "10 000 CNY per ha"),
    "人/公顷": (1.0, "人/公顷", "persons per ha"),
    "人/平方公里": (1.0, "人/平方公里", "persons per km²"),
    "万元/人": (1.0, "万元/人", "10 000 CNY per person"),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """What the page says of a quantity: names, unit shown, definition, breaks of its classes."""

    key: str
    zh: str
    en: str
    unit_zh: str
    unit_en: str
    note_zh: str
    note_en: str
    computed: bool
    breaks: tuple[float, ...]


def in_units(unit: str) -> tuple[float, str, str]:
    """Return the factor to the unit a page shows, and that unit in both languages.

    Examples
    --------
    >>> in_units("万元")
    (0.0001, '亿元', '100 million CNY')
    """
    return _UNITS.get(unit, (1.0, unit, unit))


def breaks(values: Any, classes: int = 5) -> tuple[float, ...]:
    """Return the inner limits of the classes: fifths of all values of all years, made round.

    Examples
    --------
    >>> breaks([11, 47, 120, 138, 241, 317, 421])
    (60.0, 120.0, 200.0, 300.0)
    """
    known = sorted({float(v) for v in values if v is not None and math.isfinite(v)})
    if len(known) < 2:
        return ()
    found: list[float] = []
    for raw in np.quantile(np.asarray(known), np.linspace(0, 1, classes + 1)[1:-1]):
        limit = _round(float(raw))
        if known[0] < limit <= known[-1] and limit not in found:
            found.append(limit)
    close = known[-1] - known[0] < 0.5 * max(abs(known[0]), abs(known[-1]))
    if close and len(found) < classes - 1 < len(known):  # too close for round numbers
        step = 10.0 ** math.floor(math.log10((known[-1] - known[0]) / classes))
        found = [
            float(f"{round(limit / step) * step:.10g}")
            for limit in np.quantile(np.asarray(known), np.linspace(0, 1, classes + 1)[1:-1])
        ]
    return tuple(sorted(set(found)))


def _round(value: float) -> float:
    if not value:
        return 0.0
    size = 10.0 ** math.floor(math.log10(abs(value)))
    steps = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    step = min(steps, key=lambda s: abs(s - abs(value) / size))
    return math.copysign(float(f"{step * size:.6g}"), value)


def panel(zone: Zone, own: Series | None = None) -> tuple[list[Measure], DataFrame]:
    """Return what can be shown on the map, and one row per unit, year and quantity.

    Parameters
    ----------
    zone
        The zone.
    own
        Values from elsewhere, such as scores, that become the first of the quantities: named,
        by unit, or by unit and year; without years they are of the latest.

    Returns
    -------
    measures
        Quantities with a value for at least one park, block or group, stated ones first.
    values
        ``unit year key value`` (in the unit shown) ``qualifier period scope basis status series
        source note_zh note_en others``; one row per cell, the best of those stated; ``others``
        counts further rows that say another value.
    """
    stated = _stated(zone)
    chosen = _chosen(stated)
    measured = _measured(zone)
    computed = [
        _ratios(chosen, _COMPUTED),
        _growth(chosen, "income_wan"),
        _shares(zone, chosen, stated, "income_wan"),
        measured,
    ]
    parts = [table for table in (chosen, *computed) if len(table)]
    table = pd.concat(parts, ignore_index=True) if parts else chosen
    places = set(zone.units.index[zone.units["level"].isin(["park", "block", "group"])])
    places |= {
        id for level in ("park", "block") if level in zone.layers for id in zone.layer(level)["id"]
    }
    there = table[table["unit"].isin(places)]
    counts = there.groupby("key")["unit"].nunique()
    keys = _order([key for key in counts.index if counts[key] > 1 or key in _ALWAYS])
    measures = [_measure(key, there) for key in keys]
    table = table[table["key"].isin(keys)].copy()
    factors = {key: _factor(key) for key in keys}
    table["value"] = table["value"].astype("float64") * table["key"].map(factors).astype("float64")
    if own is not None:
        rows = _own_rows(own, zone, table)
        name = str(own.name or OWN)
        own_measure = Measure(OWN, name, name, "", "", "", "", computed=True, breaks=breaks(rows["value"]))  # fmt: skip
        measures, table = [own_measure, *measures], pd.concat([rows, table], ignore_index=True)
    return measures, table.reset_index(drop=True)


OWN = "own"
"""Key of the values that a caller brings."""


def _own_rows(own: Series, zone: Zone, table: DataFrame) -> DataFrame:
    """The caller's values as rows of the panel; those that are no numbers are not there."""
    stated = zone.meta.get("years")
    years = [*(stated or []), *table["year"].tolist()]
    latest = max((int(year) for year in years), default=0)
    keyed = own.index.nlevels > 1
    rows = []
    for at, value in pd.to_numeric(own).items():
        unit, year = (at[0], int(at[1])) if keyed else (at, latest)
        if math.isfinite(value):
            rows.append({"unit": str(unit), "year": year, "value": float(value)})
    found = DataFrame(rows, columns=["unit", "year", "value"]).reindex(columns=_COLUMNS)
    unknown = sorted(set(found["unit"]) - set(zone.units.index) - {zone.id})
    if unknown:
        raise UnknownNameError(unknown[0], list(zone.units.index), what="unit", zh="单元")
    texts = [c for c in _COLUMNS if c not in ("unit", "year", "value", "others")]
    found[texts] = ""
    return found.assign(key=OWN, qualifier="=", period="annual", basis="computed", others=0)


def named(measures: Sequence[Measure], asked: str) -> str:
    """Return the key of the quantity that `asked` names: by key, Chinese or English name, or a part of one.

    Raises
    ------
    UnknownNameError
        If it names none, or several.
    """
    word = asked.strip().casefold()
    for fits in (
        lambda m: asked == m.key,
        lambda m: word in (m.zh.casefold(), m.en.casefold()),
        lambda m: word and (word in m.zh.casefold() or word in m.en.casefold()),
    ):
        found = [m.key for m in measures if fits(m)]
        if len(found) == 1:
            return found[0]
    known = [text for m in measures for text in (m.key, m.zh)]
    raise UnknownNameError(asked, known, what="quantity with values", zh="有数值的指标")


def _order(keys: list[str]) -> list[str]:
    first = [
        "income_wan",
        "income_per_planned_area",
        "planned_land_m2",
        "income_growth",
        "income_share",
    ]
    rest = [*_STATED, *_COMPUTED, *INDICATORS, *(k for k in TERMS if k not in _SAID_OTHERWISE)]
    order = {key: place for place, key in reversed(list(enumerate([*first, *rest])))}
    kept = [key for key in keys if key in order]
    return sorted(kept, key=lambda key: order[key])[:24]


# Stated ratios that come in under the computed ones.
_SAID_OTHERWISE = ("income_share_pct", "income_wan_per_km2", "industrial_output_wan_per_km2")
_OWN = {
    "income_growth": (
        "总收入年均增速",
        "Average yearly growth of income",
        "%",
        "与上一个有全年数的年份相比的年均复合增速；范围扩大也计入，逐值注明起止年。",
        "Compound yearly rate since the last year with a full-year value; an enlarged park counts as growth; each value names its years.",
    ),
    "income_share": (
        "总收入占示范区比重",
        "Share of the zone's income",
        "%",
        "同一年、同为全年数的园区总收入除以示范区总收入；来源直接给出比重时用来源的数。",
        "Income of the park over that of the zone, same year, both full-year; where the source states the share, that is used.",
    ),
}


def _names(key: str) -> tuple[str, str, str, str, str]:
    if key in _OWN:
        return _OWN[key]
    if key in TERMS:
        term = TERMS[key]
        return term.zh, term.en, term.unit, term.note_zh, term.note_en
    entry = INDICATORS[key]
    return (
        entry.zh,
        entry.en,
        entry.unit,
        f"公式：{_said(entry.formula, 'zh')}",
        f"Formula: {_said(entry.formula, 'en')}",
    )


def _said(formula: str, lang: str) -> str:
    """Write a formula with the names of its quantities in place of their keys."""

    def name(found: re.Match[str]) -> str:
        term = TERMS.get(found[0])
        if term is None:
            return found[0]
        return Text(f"{term.zh}（{term.unit}）", f"{term.en.lower()} ({term.unit})").say(lang)

    return re.sub(r"[a-z_][a-z_0-9]*", name, formula).replace(" * ", " × ").replace(" / ", " ÷ ")


def _factor(key: str) -> float:
    return in_units(_names(key)[2])[0]


def _measure(key: str, there: DataFrame) -> Measure:
    zh, en, unit, note_zh, note_en = _names(key)
    factor, unit_zh, unit_en = in_units(unit)
    values = there.loc[there["key"] == key, "value"] * factor
    computed = key in INDICATORS or key in _OWN
    return Measure(key, zh, en, unit_zh, unit_en, note_zh, note_en, computed, breaks(values))


_COLUMNS = [
    "unit",
    "year",
    "key",
    "value",
    "qualifier",
    "period",
    "scope",
    "basis",
    "status",
    "series",
    "source",
    "note_zh",
    "note_en",
    "others",
]


def _stated(zone: Zone) -> DataFrame:
    """Whole-year values and stocks of the zone's accounts, texts filled."""
    table = zone.accounts.copy()
    for column in ("status", "series", "note_en"):
        if column not in table:
            table[column] = ""
    table = table.rename(columns={"note": "note_zh"})
    texts = [c for c in _COLUMNS if c not in ("year", "value", "others")]
    table[texts] = table[texts].astype("object").where(table[texts].notna(), "").astype("str")
    table["period"] = table["period"].where(table["period"] != "", "annual")
    table["qualifier"] = table["qualifier"].where(table["qualifier"] != "", "=")
    table = table[table["value"].notna() & table["year"].notna() & table["period"].isin(_WHOLE)]
    table["others"] = 0
    table["year"] = table["year"].astype("int64")
    table["value"] = table["value"].astype("float64")
    return table[_COLUMNS].reset_index(drop=True)


def _chosen(stated: DataFrame) -> DataFrame:
    """One row per unit, year and key: what was reached before what was forecast, exact before about."""
    if not len(stated):
        return stated
    rank = best_first(stated[stated["status"] != "forecast"])
    rank = rank.sort_values(["unit", "key", "year"], kind="stable")
    cell = ["unit", "year", "key"]
    rank["others"] = rank.groupby(cell)["value"].transform("nunique") - 1
    return rank.drop_duplicates(cell)[_COLUMNS].reset_index(drop=True)


def _ratios(chosen: DataFrame, keys: tuple[str, ...]) -> DataFrame:
    inputs = sorted({name for key in keys for name in INDICATORS[key].inputs})
    parts = chosen[chosen["key"].isin(inputs)]
    if not len(parts):
        return parts
    wide = parts.pivot_table(index=["unit", "year"], columns="key", values="value", aggfunc="first")
    wide = wide.reindex(columns=inputs)
    values = compute(wide, keys)
    known = {(r.unit, r.year, r.key): r for r in parts.itertuples()}
    rows: list[dict[str, Any]] = []
    for key in keys:
        for unit, year in values.index[values[key].notna()]:
            cells = [known[unit, year, name] for name in INDICATORS[key].inputs]
            rows.append(_computed_row(unit, year, key, float(values.at[(unit, year), key]), cells))
    return DataFrame(rows, columns=_COLUMNS)


def _computed_row(unit: str, year: int, key: str, value: float, cells: list[Any]) -> dict[str, Any]:
    above, below = cells[0], cells[-1]
    qualifiers = {cell.qualifier for cell in cells}
    qualifier = "=" if qualifiers == {"="} else "~"
    if below.qualifier == "=" and above.qualifier in (">", "<"):
        qualifier = above.qualifier
    notes_zh, notes_en = [], []
    if above.scope == "registration":
        notes_zh.append("分子按注册地统计，可能产生于本园土地之外")
        notes_en.append(
            "the numerator is counted by place of registration and may be earned off this land"
        )
    elif above.scope == "unknown" and above.key.endswith("_wan"):
        notes_zh.append("来源未写明按注册地还是经营地统计；若按注册地，产出可能不在本园土地上")
        notes_en.append(
            "the source does not say whether it counts by registration or operation; if by registration, it may be earned off this land"
        )
    if below.status == "carried":
        notes_zh.append("面积沿用前次公布数")
        notes_en.append("the area is the one published earlier")
    sources = list(dict.fromkeys(cell.source for cell in cells if cell.source))
    statuses = [cell.status for cell in cells if cell.status not in ("", "carried")]
    return {
        "unit": unit,
        "year": int(year),
        "key": key,
        "value": value,
        "qualifier": qualifier,
        "period": above.period,
        "scope": above.scope,
        "basis": "computed",
        "status": statuses[0] if statuses else "",
        "series": above.series,
        "source": " ; ".join(sources),
        "note_zh": "；".join(notes_zh),
        "note_en": "; ".join(notes_en),
        "others": max(cell.others for cell in cells),
    }


def _growth(chosen: DataFrame, key: str) -> DataFrame:
    rows: list[dict[str, Any]] = []
    table = chosen[(chosen["key"] == key) & (chosen["period"] == "annual") & (chosen["value"] > 0)]
    for (unit, _, _), group in table.groupby(["unit", "series", "scope"], sort=True):
        cells = list(group.sort_values("year").itertuples())
        for before, after in pairwise(cells):
            if before.qualifier in (">", "<"):
                continue
            years = after.year - before.year
            value = 100 * ((after.value / before.value) ** (1 / years) - 1)
            row = _computed_row(unit, after.year, "income_growth", value, [after])
            row["qualifier"] = (
                "~" if before.qualifier == "~" and after.qualifier == "=" else after.qualifier
            )
            row["note_zh"] = f"{before.year}–{after.year}年"
            row["note_en"] = f"{before.year}–{after.year}"
            row["source"] = " ; ".join(dict.fromkeys([after.source, before.source]))
            rows.append(row)
    return DataFrame(rows, columns=_COLUMNS)


def _shares(zone: Zone, chosen: DataFrame, stated: DataFrame, key: str) -> DataFrame:
    table = chosen[(chosen["key"] == key) & (chosen["period"] == "annual")]
    whole = {(r.year, r.series): r for r in table.itertuples() if r.unit in (zone.id, "zone")}
    said = stated[(stated["key"] == "income_share_pct") & (stated["status"] != "forecast")]
    rows = [
        {**row, "key": "income_share"}
        for row in said.drop_duplicates(["unit", "year"]).to_dict("records")
    ]
    known = {(row["unit"], row["year"]) for row in rows}
    for part in table.itertuples():
        total = whole.get((part.year, part.series))
        if total is None or part.unit == total.unit or (part.unit, part.year) in known:
            continue
        if {part.scope, total.scope} == {"registration", "operation"}:
            continue  # counted in two ways: no part of that whole
        row = _computed_row(
            part.unit, part.year, "income_share", 100 * part.value / total.value, [part, total]
        )
        row["note_zh"], row["note_en"] = f"示范区{part.year}年", f"zone, {part.year}"
        rows.append(row)
    return DataFrame(rows, columns=_COLUMNS)


def _measured(zone: Zone) -> DataFrame:
    """Accounts measured from parcels, and every indicator they allow."""
    if "parcel" not in zone.layers or not len(zone.layer("parcel")):
        return DataFrame(columns=_COLUMNS)
    from ..accounts import measure

    wide = measure(zone, level="park")
    values = compute(wide)
    shown = pd.concat([wide.reindex(columns=[k for k in _STATED if k in wide]), values], axis=1)
    long = shown.stack().dropna().rename("value")
    long.index.names = ["unit", "year", "key"]
    table = long[np.isfinite(long)].reset_index()
    for column, value in (
        ("qualifier", "="),
        ("period", "annual"),
        ("scope", "land"),
        ("basis", "measured"),
        ("others", 0),
    ):
        table[column] = value
    table["note_zh"] = "由宗地、建筑物和企业记录量算"
    table["note_en"] = "measured from parcels, buildings and enterprises"
    table["unit"] = table["unit"].astype("str")
    table["year"] = table["year"].astype("int64")
    return table.reindex(columns=_COLUMNS, fill_value="")

"""Published values (公布数值): whole years as accounts, their growth, and parts of the zone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd
from pandas import DataFrame, Series

from .. import standards
from ..accounts.precedence import best_first
from ..language.terms import TERMS
from ..model import Zone

__all__ = ["benchmarks", "empty_accounts", "growth", "shares_of_zone", "stated_accounts"]

_WHOLE_YEAR = ("annual", "stock", "year-end")
_GROWING = (
    "income_wan",
    "tax_wan",
    "profit_wan",
    "industrial_output_wan",
    "rd_wan",
    "staff_persons",
    "firms_count",
)
_SHARED = ("income_wan", "tax_wan", "profit_wan", "rd_wan", "staff_persons")


def stated_accounts(zone: Zone) -> DataFrame:
    """Stated values of whole years as a wide table, one row per unit and year.

    Part-year values, forecasts and values more than or less than a number do not enter. Where
    two sources state two numbers, the one stated for the year stands before one carried over, an
    exact one before an "about", the first of the file before others (as on the map); the
    contradiction is a finding (D502).
    """
    table = zone.accounts
    if len(table) == 0:
        return empty_accounts()
    text = {
        name: table[name].fillna(default)
        if name in table
        else pd.Series(default, index=table.index)
        for name, default in (("qualifier", "="), ("period", "annual"), ("status", ""))
    }
    whole = (
        table["value"].notna()
        & table["year"].notna()
        & table["key"].isin(list(TERMS))
        & text["period"].isin(_WHOLE_YEAR)
        & (text["status"] != "forecast")
        & text["qualifier"].isin(["=", "~"])
    )
    rows = best_first(table[whole]).drop_duplicates(["unit", "year", "key"])
    if rows.empty:
        return empty_accounts()
    wide = rows.astype({"year": "int64"}).pivot(
        index=["unit", "year"], columns="key", values="value"
    )
    wide.columns.name = None
    order = [key for key in TERMS if key in wide.columns]
    return wide[order].astype("float64")


def empty_accounts() -> DataFrame:
    """Return accounts without a row."""
    index = pd.MultiIndex.from_arrays([[], []], names=["unit", "year"])
    return DataFrame(index=index)


def _whole_years(zone: Zone) -> DataFrame:
    """Published values of whole years, one per cell, with their series and scope."""
    table = zone.accounts
    columns = ["unit", "year", "key", "value", "qualifier", "scope", "series"]
    if len(table) == 0:
        return DataFrame(columns=columns)
    wide = stated_accounts(zone)
    rows = table.reindex(columns=[*columns, "period", "status"])
    rows = rows[rows["value"].notna() & rows["year"].notna()]
    rows = rows[rows["period"].astype(object).fillna("annual").isin(_WHOLE_YEAR)]
    rows = rows[rows["status"].astype(object).fillna("") != "forecast"]
    for name, default in (("qualifier", "="), ("scope", "unknown"), ("series", "")):
        rows[name] = rows[name].astype(object).fillna(default)
    chosen = [
        (u, y) in wide.index and k in wide and wide.at[(u, y), k] == v
        for u, y, k, v in rows[["unit", "year", "key", "value"]].itertuples(index=False)
    ]
    return best_first(rows.loc[chosen])[columns].drop_duplicates(["unit", "year", "key"])


def growth(zone: Zone) -> DataFrame:
    """Mean yearly growth between following published values of whole years.

    Only values of one series and one scope are joined: a new way of counting is not growth. Areas
    are left out, because they change by decision.

    Returns
    -------
    DataFrame
        ``unit key from to before after growth_pct about``; ``about`` where a value was printed as
        "about".
    """
    rows = []
    groups = _whole_years(zone).groupby(["unit", "key", "scope", "series"], sort=False)
    for (unit, key, _, _), mine in groups:
        if key not in _GROWING:
            continue
        ordered = mine.sort_values("year")
        for a, b in pairwise(ordered.itertuples(index=False)):
            years = int(b.year) - int(a.year)
            if not (a.value > 0 and b.value > 0 and years > 0):
                continue
            rows.append(
                {
                    "unit": unit,
                    "key": key,
                    "from": int(a.year),
                    "to": int(b.year),
                    "before": float(a.value),
                    "after": float(b.value),
                    "growth_pct": 100 * ((b.value / a.value) ** (1 / years) - 1),
                    "about": "~" in (a.qualifier, b.qualifier),
                }
            )
    columns = ["unit", "key", "from", "to", "before", "after", "growth_pct", "about"]
    return DataFrame(rows, columns=columns)


def shares_of_zone(zone: Zone) -> DataFrame:
    """What part of the zone a park is, by values published for both in one year and scope.

    Parks can lie in one another, so the parts need not add to 100.

    Returns
    -------
    DataFrame
        ``unit key year value whole share_pct about``.
    """
    table = _whole_years(zone)
    own = table["unit"].isin([zone.id, "zone"])
    whole: Series = table[own].set_index(["key", "year", "scope"])["value"]
    whole = whole[~whole.index.duplicated()]
    about = set(
        table[own & (table["qualifier"] == "~")][["key", "year"]].itertuples(index=False, name=None)
    )
    parks = set(zone.units.index[zone.units["level"] == "park"]) if "level" in zone.units else set()
    rows = []
    for row in table[~own].itertuples(index=False):
        at = (row.key, row.year, row.scope)
        if row.key not in _SHARED or row.unit not in parks or at not in whole.index:
            continue
        rows.append(
            {
                "unit": row.unit,
                "key": row.key,
                "year": int(row.year),
                "value": float(row.value),
                "whole": float(whole[at]),
                "share_pct": 100 * float(row.value) / float(whole[at]),
                "about": row.qualifier == "~" or (row.key, row.year) in about,
            }
        )
    columns = ["unit", "key", "year", "value", "whole", "share_pct", "about"]
    return DataFrame(rows, columns=columns).sort_values(
        ["key", "year", "share_pct"], ascending=[True, True, False], ignore_index=True
    )


def benchmarks(zone: Zone, values: DataFrame) -> DataFrame:
    """Set the zone's last values beside the published ones of the nearest data year."""
    published = standards.benchmarks()
    published = published[published["scope_zh"] == "国家级开发区"]
    own = values[values.index.get_level_values("unit") == zone.id]
    rows: list[dict[str, Any]] = []
    for key in own.columns:
        mine = own[key].dropna()
        theirs = published[published["indicator"] == key]
        if mine.empty or theirs.empty:
            continue
        year, value = int(mine.index[-1][1]), float(mine.iloc[-1])
        nearest = theirs.loc[(theirs["year"] - year).abs().sort_values(kind="stable").index[0]]
        rows.append(
            {
                "indicator": key,
                "year": year,
                "value": value,
                "benchmark_year": int(nearest["year"]),
                "benchmark": float(nearest["value"]),
                "difference": value - float(nearest["value"]),
                "derived": bool(nearest["derived"]),
                "source": str(nearest["source"]),
            }
        )
    columns = ["indicator", "year", "value", "benchmark_year", "benchmark", "difference"]
    return DataFrame(rows, columns=[*columns, "derived", "source"])

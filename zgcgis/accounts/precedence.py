"""Stated values: which of several of one cell stands (取值优先次序), one order for all rooms."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from pandas import DataFrame

from ..language.terms import TERMS
from ..model import Zone
from ..plan.land_use import text_of

__all__ = ["RANK", "best_first", "differences", "stated_values"]

RANK = {"": 0, "preliminary": 1, "restated": 2, "carried": 3, "estimate": 4, "forecast": 9}
"""Status of a stated value; what was stated for the year goes before what is carried over."""

_WHOLE_YEAR = ("annual", "stock", "")
_SAME = 0.001  # stated and computed nearer than this are one value, rounded


def best_first(rows: DataFrame) -> DataFrame:
    """Sort stated values so that the first of a unit, year and key is the one that stands.

    Stated for the year before carried over from another, and either before an estimate; among
    equals an exact value before one printed as "about" or "more than"; then the order of the file.
    """
    status = rows["status"].astype(object) if "status" in rows else ""
    exact = rows["qualifier"].astype(object) if "qualifier" in rows else "="
    order = DataFrame({"status": status, "exact": exact}, index=rows.index)
    order["status"] = order["status"].fillna("").map(RANK).fillna(0)
    order["exact"] = ~order["exact"].fillna("").isin(["", "="])
    order["place"] = range(len(rows))
    return rows.loc[order.sort_values(["status", "exact", "place"], kind="stable").index]


def stated_values(zone: Zone, units: Iterable[str], years: Iterable[int]) -> DataFrame:
    """Return what is stated of units for whole years: one row per unit and year, a column per key."""
    nothing = DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=["unit", "year"]))
    rows = zone.accounts
    if rows.empty:
        return nothing
    rows = rows.assign(
        qualifier=text_of(rows, "qualifier").replace("", "="),
        period=text_of(rows, "period"),
        status=text_of(rows, "status"),
        series=text_of(rows, "series"),
        unit=text_of(rows, "unit").replace("zone", zone.id),
    )
    kept = (
        rows["unit"].isin(set(units))
        & rows["year"].isin(list(years))
        & rows["key"].isin(list(TERMS))
        & rows["value"].notna()
        & rows["period"].isin(_WHOLE_YEAR)
        & rows["qualifier"].isin(["=", "~"])
        & (rows["status"] != "forecast")
        & (rows["series"] == "")
    )
    if "basis" in rows:
        kept &= text_of(rows, "basis") != "computed"
    rows = rows[kept]
    if rows.empty:
        return nothing
    first = best_first(rows).drop_duplicates(["unit", "year", "key"])
    first = first.astype({"year": "int64"})
    wide = first.pivot(index=["unit", "year"], columns="key", values="value")
    return wide.rename_axis(columns=None).astype("float64")


def differences(stated: DataFrame, computed: DataFrame) -> DataFrame:
    """Return where both are known and differ: ``unit year key stated computed difference``."""
    both = [key for key in computed if key in stated]
    rows = [
        DataFrame({"key": key, "stated": stated[key], "computed": computed[key]}) for key in both
    ]
    names = ["unit", "year", "key", "stated", "computed", "difference"]
    if not rows:
        return DataFrame(columns=names)
    table = pd.concat(rows).dropna().reset_index()
    table["difference"] = table["stated"] - table["computed"]
    off = table["difference"].abs() > _SAME * table["computed"].abs()
    return table.loc[off, names].reset_index(drop=True)

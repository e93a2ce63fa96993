"""Which of several stated values of one cell stands (取值优先次序): one order for all rooms."""

from __future__ import annotations

from pandas import DataFrame

__all__ = ["RANK", "best_first"]

RANK = {"": 0, "preliminary": 1, "restated": 2, "carried": 3, "estimate": 4, "forecast": 9}
"""Status of a stated value; what was stated for the year goes before what is carried over."""


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

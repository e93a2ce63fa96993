"""Before and after (方案前后比较): what a scenario changes in accounts, indicators, scores, findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from ..accounts import measure
from ..checks import check
from ..checks.admission import latest_year
from ..indicators import compute
from ..model import Zone
from .changes import compare_findings

__all__ = ["Comparison", "compare_zones", "difference"]


@dataclass(frozen=True)
class Comparison:
    """What differs between two states of a zone.

    ``accounts``, ``indicators`` and ``scores`` have ``unit key before after change`` for every
    value that changed; ``findings`` is the table of
    :func:`zgcgis.planning.changes.compare_findings`; ``before`` and ``after`` are the findings.
    """

    accounts: pd.DataFrame
    indicators: pd.DataFrame
    scores: pd.DataFrame
    findings: pd.DataFrame
    before: GeoDataFrame
    after: GeoDataFrame


def compare_zones(
    base: Zone,
    changed: Zone,
    *,
    assess: Callable[[Zone], pd.DataFrame] | None = None,
) -> Comparison:
    """Return what changed between a base and a scenario in the latest year of the base.

    Parameters
    ----------
    base, changed
        Two states of one zone.
    assess
        Gives the scores of a zone, units by columns; without it there are none to compare.
    """
    year = latest_year(base)
    measured = [measure(zone) for zone in (base, changed)]
    accounts = [_of_year(table, year) for table in measured]
    values = [_of_year(compute(table), year) for table in measured]
    scores = [assess(zone) for zone in (base, changed)] if assess else [pd.DataFrame()] * 2
    before, after = check(base), check(changed)
    return Comparison(
        difference(*accounts),
        difference(*values),
        difference(*scores),
        compare_findings(before, after),
        before,
        after,
    )


def _of_year(table: pd.DataFrame, year: int) -> pd.DataFrame:
    years = table.index.get_level_values("year")
    return table[years == year].droplevel("year").select_dtypes("number")


def difference(
    before: pd.DataFrame, after: pd.DataFrame, *, tolerance: float = 1e-9
) -> pd.DataFrame:
    """Return the cells of two tables that differ: ``unit key before after change``.

    A value that is missing on one side only counts as a difference without a size.
    """
    units = before.index.union(after.index)
    keys = [*before.columns, *[key for key in after.columns if key not in before.columns]]
    columns = ["unit", "key", "before", "after", "change"]
    if not len(units) or not keys:
        return pd.DataFrame(columns=columns)
    old = before.reindex(index=units, columns=keys).astype("float64")
    new = after.reindex(index=units, columns=keys).astype("float64")
    a, b = old.to_numpy(), new.to_numpy()
    size = np.fmax(np.abs(a), np.abs(b))
    with np.errstate(invalid="ignore"):
        moved = (np.abs(a - b) > tolerance * size) | (np.isnan(a) != np.isnan(b))
    i, j = np.nonzero(moved)
    return pd.DataFrame(
        {
            "unit": [str(units[k]) for k in i],
            "key": [str(keys[k]) for k in j],
            "before": a[i, j],
            "after": b[i, j],
            "change": b[i, j] - a[i, j],
        },
        columns=columns,
    )

"""What changed between two checks (两次核查的变化): new, fixed, worse, better, same."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["STATUSES", "compare_findings"]

STATUSES = ("new", "worse", "same", "better", "fixed")
"""What may have happened to a finding, gravest first."""

_KEY = ["rule", "level", "feature", "other", "_nth"]


def compare_findings(
    old: pd.DataFrame, new: pd.DataFrame, *, tolerance: float = 1e-3
) -> pd.DataFrame:
    """Return the findings of two checks side by side, one row each.

    Two findings are the same if rule, level, feature and other agree; where several do, they are
    paired in the order of size. ``status`` is one of :data:`STATUSES`. A finding is worse or
    better if its severity changed or its excess over the limit grew or shrank by more than
    `tolerance` of the larger excess (a clock that goes on, as in days overdue, makes it worse).

    Returns
    -------
    compared
        The columns of the findings (of the new one where there is one) with ``status``,
        ``measured_before`` and ``limit_before``, gravest status first.
    """
    before, after = _numbered(old), _numbered(new)
    both = after.merge(
        before[[*_KEY, "severity", "measured", "limit", "detail", "unit", "clause"]],
        on=_KEY,
        how="outer",
        suffixes=("", "_before"),
        indicator=True,
    )
    gone = (both["_merge"] == "right_only").to_numpy()
    for name in ("severity", "detail", "unit", "clause", "measured", "limit"):
        both[name] = both[name].where(~gone, both[f"{name}_before"])
    excess = (both["measured"] - both["limit"].fillna(0.0)).abs()
    excess_before = (both["measured_before"] - both["limit_before"].fillna(0.0)).abs()
    step = (excess - excess_before).to_numpy(dtype="float64")
    size = np.fmax(excess.to_numpy(dtype="float64"), excess_before.to_numpy(dtype="float64"))
    grown = np.where(np.isnan(step) | (np.abs(step) <= tolerance * size), 0.0, step)
    grave = {"error": 2, "warning": 1, "note": 0}
    shift = (both["severity"].map(grave) - both["severity_before"].map(grave)).fillna(0)
    moved = np.where(shift.to_numpy() != 0, shift.to_numpy(dtype="float64"), grown)
    status = np.select(
        [
            gone,
            (both["_merge"] == "left_only").to_numpy(),
            moved > 0,
            moved < 0,
        ],
        ["fixed", "new", "worse", "better"],
        default="same",
    )
    order = {name: k for k, name in enumerate(STATUSES)}
    dropped = ["_nth", "_merge", "severity_before", "detail_before", "unit_before", "clause_before"]
    compared = both.drop(columns=dropped).assign(status=status)
    compared["_rank"] = compared["status"].map(order)
    return (
        compared.sort_values(["_rank", "rule", "feature", "other"], kind="stable")
        .drop(columns="_rank")
        .reset_index(drop=True)
    )


def _numbered(findings: pd.DataFrame) -> pd.DataFrame:
    """The findings without geometry, with texts filled and equal keys numbered by size."""
    table = pd.DataFrame(findings.drop(columns="geometry", errors="ignore")).copy()
    for name in ("rule", "level", "feature", "other", "detail", "unit", "clause", "severity"):
        table[name] = table[name].astype("object").where(table[name].notna(), "").astype(str)
    for name in ("measured", "limit"):
        table[name] = pd.to_numeric(table[name]).astype("float64")
    table = table.sort_values("measured", ascending=False, kind="stable", na_position="last")
    table["_nth"] = table.groupby(["rule", "level", "feature", "other"]).cumcount()
    return table

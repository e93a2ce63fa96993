"""The same parks ranked by other methods: how far a rank is the method's doing (方法比较)."""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame

from .. import mcdm
from ..language.errors import ZgcgisError, ZgcgisWarning
from .scoring import Scores, shares_below

__all__ = ["COUPLING_K", "METHODS", "Cross", "coordination", "cross"]

COUPLING_K = 0.5
"""Exponent of the coupling degree used here: C = 2√(xy)/(x + y). Papers differ, so it is printed."""

METHODS = {
    "standard": ("标准权重加权和", "weighted sum, weights of the standard"),
    "entropy": (
        "熵权加权和（比重法，无平移）",
        "weighted sum, entropy weights (proportion, no shift)",
    ),
    "critic": ("CRITIC 权重加权和", "weighted sum, CRITIC weights"),
    "combined": ("标准权重×熵权 加权和", "weighted sum, standard × entropy weights"),
    "topsis": ("TOPSIS，标准权重", "TOPSIS, weights of the standard"),
    "vikor": ("VIKOR，标准权重（v=0.5）", "VIKOR, weights of the standard (v = 0.5)"),
}
"""Ways of ranking, in both languages."""


@dataclass(frozen=True)
class Cross:
    """Ranks of the parks of one year and type by several methods.

    ``ranks``: rows units, columns keys of :data:`METHODS`; a method that the data do not allow is
    left out. ``weights``: rows indicators, columns the sets of weights.
    """

    year: int
    kind: str
    ranks: DataFrame
    weights: DataFrame


def cross(scores: Scores, year: int, kind: str, *, part: str = "main") -> Cross | None:
    """Rank the parks of a year and type by every method of :data:`METHODS`.

    All methods start from the indicator scores (0 to 100, larger is better), so that only weights
    and aggregation differ. None if fewer than two parks have all values.
    """
    root = f"{kind}/{part}"
    edition = scores.evaluation.standard
    leaves = edition.leaves(root)
    rows = scores.indicators()
    rows = rows[(rows["year"] == year) & rows["node"].isin([leaf.id for leaf in leaves])]
    if rows.empty:
        return None
    table = rows.pivot(index="unit", columns="indicator", values="score")
    table = table.reindex(columns=[str(leaf.indicator) for leaf in leaves]).dropna()
    if len(table) < 2:
        return None
    matrix = table.to_numpy(dtype=np.float64)
    share = shares_below(edition, root)
    w = np.array([share[leaf.id] for leaf in leaves])
    weights = {"standard": w}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZgcgisWarning)  # a constant column shows as weight 0
        for name, weigh in (("entropy", mcdm.entropy_weights), ("critic", mcdm.critic_weights)):
            with suppress(ZgcgisError):  # all parks score alike, or all indicators say the same
                weights[name] = weigh(matrix)
    if "entropy" in weights:
        with suppress(ZgcgisError):
            weights["combined"] = mcdm.combine_weights(w, weights["entropy"])
    found = {name: mcdm.rank(mcdm.weighted_sum(matrix, each)) for name, each in weights.items()}
    with suppress(ZgcgisError):
        found["topsis"] = mcdm.rank(mcdm.topsis(matrix, w))
        found["vikor"] = mcdm.rank(-mcdm.vikor(matrix, w).Q)
    keys = [key for key in METHODS if key in found]
    return Cross(
        year=year,
        kind=kind,
        ranks=DataFrame(found, index=table.index)[keys],
        weights=DataFrame(weights, index=table.columns),
    )


def coordination(scores: Scores) -> DataFrame:
    """Coupling coordination of state of use and benefit of land, per unit and year.

    Returns
    -------
    DataFrame
        ``unit year status benefit C T D``: the two target scores over 100, coupling degree,
        comprehensive index, coordination degree, with k = :data:`COUPLING_K` and equal weights.
        Without a cap a score can exceed 100; its unit has no coupling.
    """
    parts = scores.parts[scores.parts["depth"] == 2]
    name = parts["node"].str.rpartition("/")[2]
    wide = parts.assign(target=name).pivot_table(
        index=["unit", "year", "area"], columns="target", values="score", sort=False
    )
    if not {"status", "benefit"} <= set(wide.columns):
        return DataFrame(columns=["unit", "year", "status", "benefit", "C", "T", "D"])
    pair = (wide[["status", "benefit"]] / 100).dropna()
    pair.columns.name = None
    known = pair[(pair <= 1).all(axis=1)]
    found = (
        mcdm.coupling(known["status"], known["benefit"], k=COUPLING_K) if len(known) else ((),) * 3
    )
    columns = {name: pd.Series(v, index=known.index) for name, v in zip("CTD", found, strict=True)}
    result = pair.assign(**columns).reset_index().drop(columns="area")
    return result[["unit", "year", "status", "benefit", "C", "T", "D"]]

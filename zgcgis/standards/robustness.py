"""How sure the ranking of a year is: over the allowed weights, over errors of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from .. import mcdm
from .editions import Edition, Node
from .scoring import Scores, ideals_of, score_values, shares_below

__all__ = ["Robustness", "robustness"]


@dataclass(frozen=True)
class Robustness:
    """How far a ranking of one year and zone type depends on weights and data.

    Attributes
    ----------
    year, kind, area
        What was ranked.
    draws, error
        Number of draws; relative standard error put on every value.
    share
        Rows units, columns ranks: share of draws in which the unit has the rank.
    scores
        Per unit: ``score`` as it is, ``mean``, ``low`` and ``high`` (5 % and 95 %) of the draws.
    intervals
        Per indicator: its ``weight`` in the whole, and the range of it within which the first
        unit stays first (``first_low first_high``) and the order stays (``order_low order_high``).
    without
        Rows indicators, columns units: the rank with that indicator left out.
    left_out
        Units without a value for some indicator.
    """

    year: int
    kind: str
    area: str
    draws: int
    error: float
    share: DataFrame
    scores: DataFrame
    intervals: DataFrame
    without: DataFrame
    left_out: tuple[str, ...]


def draw_shares(
    edition: Edition, root: str, draws: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Weights of the indicators below `root`, each node's drawn uniformly inside its ranges."""
    drawn: dict[str, NDArray[np.float64]] = {root: np.ones(draws)}
    for parent in [edition.nodes[root], *edition.below(root)]:
        children = edition.children(parent.id)
        if not children:
            continue
        low, high = [c.low for c in children], [c.high for c in children]
        weights = mcdm.sample_weights(draws, low, high, rng=rng)
        for j, child in enumerate(children):
            drawn[child.id] = drawn[parent.id] * weights[:, j]
    return np.column_stack([drawn[leaf.id] for leaf in edition.leaves(root)])


def _values(scores: Scores, year: int, area: str, leaves: Sequence[Node]) -> DataFrame:
    """Values of one year: rows units, columns the indicators of `leaves`."""
    rows = scores.indicators()
    rows = rows[(rows["year"] == year) & (rows["area"] == area)]
    rows = rows[rows["node"].isin([leaf.id for leaf in leaves])]
    wide = rows.pivot(index="unit", columns="indicator", values="value")
    return wide.reindex(columns=[leaf.indicator for leaf in leaves])


def robustness(
    scores: Scores,
    year: int,
    *,
    kind: str | None = None,
    area: str = "main",
    error: float = 0.0,
    draws: int = 10_000,
    seed: int = 0,
) -> Robustness | None:
    """Draw weights inside the edition's ranges, and data inside their error, and rank again.

    An indicator to which the edition gives no range is drawn from 0 to 1.

    Parameters
    ----------
    scores
        Scores of several units.
    year, kind, area
        Which of them; `kind` is by default the zone's type.
    error
        Relative standard error of every value.
    draws, seed
        Number of draws, and where the random numbers start.

    Returns
    -------
    Robustness
        None if fewer than two units have all values.
    """
    evaluation = scores.evaluation
    edition, which = evaluation.standard, kind or evaluation.kind
    root = f"{which}/{area}"
    leaves = edition.leaves(root)
    wide = _values(scores, year, area, leaves)
    left_out = tuple(str(u) for u in wide.index[wide.isna().any(axis=1)])
    wide = wide.dropna()
    if len(wide) < 2:
        return None
    ideals = ideals_of(leaves, which, area, evaluation)
    values = wide.to_numpy(dtype=np.float64)

    def transform(v: NDArray[np.float64]) -> NDArray[np.float64]:
        return score_values(v, leaves, ideals, evaluation.options)

    weights = draw_shares(edition, root, draws, np.random.default_rng(seed))
    found = mcdm.rank_acceptability(values, weights, error=error, transform=transform, seed=seed)
    share_of = shares_below(edition, root)
    w = np.array([share_of[leaf.id] for leaf in leaves])
    s = transform(values)
    intervals = [
        (
            str(leaf.indicator),
            w[j],
            *mcdm.stability_interval(s, w, j),
            *mcdm.stability_interval(s, w, j, what="order"),
        )
        for j, leaf in enumerate(leaves)
    ]
    units = wide.index
    return Robustness(
        year=year,
        kind=which,
        area=area,
        draws=draws,
        error=error,
        share=pd.DataFrame(found.share, index=units, columns=range(1, len(units) + 1)),
        scores=pd.DataFrame(
            {
                "score": s @ w,
                "mean": found.mean_score,
                "low": found.low_score,
                "high": found.high_score,
            },
            index=units,
        ),
        intervals=pd.DataFrame(
            intervals,
            columns=["indicator", "weight", "first_low", "first_high", "order_low", "order_high"],
        ),
        without=pd.DataFrame(
            mcdm.leave_one_out(s, w), index=[str(leaf.indicator) for leaf in leaves], columns=units
        ),
        left_out=left_out,
    )

"""How sure a rank is: over weights, over errors of the data, without one criterion (排序稳健性)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .ranking import rank, topsis
from .tables import Floats, as_matrix, as_weights, refuse

__all__ = [
    "Acceptability",
    "leave_one_out",
    "rank_acceptability",
    "sample_weights",
    "stability_interval",
]

_REJECTION_ROUNDS = 60
_GIBBS_SWEEPS = 60


class Acceptability(NamedTuple):
    """How often each unit takes each rank, over weights and over errors of the data."""

    share: Floats  # (units, ranks), each row adds to 1
    mean_score: Floats
    low_score: Floats  # 5th percentile
    high_score: Floats  # 95th percentile


def sample_weights(
    draws: int, low: ArrayLike, high: ArrayLike, *, rng: np.random.Generator
) -> Floats:
    """Draw weights uniformly from those that add to 1 and lie in [low, high].

    Parameters
    ----------
    draws
        Number of sets of weights.
    low, high
        Range of each criterion.
    rng
        Source of randomness; seed it, and the draws repeat.

    Returns
    -------
    weights
        (draws, criteria). Exact by rejection where that is quick, else by Gibbs exchange
        between pairs of criteria, whose limit is the same uniform distribution.
    """
    a, b = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or (a > b).any() or (a < 0).any():
        refuse(
            f"权重范围无效：下限 {a.tolist()}，上限 {b.tolist()}。",
            f"These weight ranges are not usable: low {a.tolist()}, high {b.tolist()}.",
        )
    if a.sum() > 1 + 1e-9 or b.sum() < 1 - 1e-9:
        refuse(
            f"权重范围内没有和为 1 的取值（下限之和 {a.sum():g}，上限之和 {b.sum():g}）。",
            f"No weights in the ranges add to 1 (lows add to {a.sum():g}, highs to {b.sum():g}).",
        )
    n, room = a.size, max(1.0 - a.sum(), 0.0)
    if n == 1 or room < 1e-12:
        return np.tile(a if n > 1 else np.ones(1), (draws, 1))
    kept: list[Floats] = []
    have = 0
    for _ in range(_REJECTION_ROUNDS):
        w = a + room * rng.dirichlet(np.ones(n), size=draws)
        w = w[(w <= b + 1e-12).all(axis=1)]
        kept.append(w)
        have += len(w)
        if have >= draws:
            return np.concatenate(kept)[:draws]
        if have == 0 and len(kept) >= 5:
            break
    return _gibbs(draws, a, b, rng)


def _gibbs(draws: int, low: Floats, high: Floats, rng: np.random.Generator) -> Floats:
    span = high - low
    start = low + span * ((1.0 - low.sum()) / span.sum())
    w = np.tile(start, (draws, 1))
    n = low.size
    for _ in range(_GIBBS_SWEEPS):
        for i in rng.permutation(n):
            j = int((i + rng.integers(1, n)) % n)
            both = w[:, i] + w[:, j]
            least = np.maximum(low[i], both - high[j])
            most = np.minimum(high[i], both - low[j])
            w[:, i] = least + np.maximum(most - least, 0.0) * rng.random(draws)
            w[:, j] = both - w[:, i]
    return w


def rank_acceptability(
    matrix: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    error: ArrayLike = 0.0,
    transform: Callable[[Floats], Floats] | None = None,
    draws: int = 10_000,
    seed: int = 0,
) -> Acceptability:
    """How often each unit takes each rank when weights and data are not sure.

    Parameters
    ----------
    matrix
        Rows units, columns criteria. Scores, or values that `transform` makes scores of.
    weights
        Sets of weights, (draws, criteria). By default they are drawn by
        :func:`sample_weights`, uniform on the simplex inside `low` and `high` (0 to 1).
    low, high
        Range of each weight.
    error
        Relative standard error of the data, one number or one per cell (normal, multiplied).
    transform
        Makes scores, larger is better, of an array (draws or 1, units, criteria) of values.
    draws, seed
        Number of draws, and where the random numbers start.

    Returns
    -------
    share, mean_score, low_score, high_score
        ``share[i, r]`` is the share of draws in which unit i has rank r + 1.
    """
    table = as_matrix(matrix)
    units, criteria = table.shape
    rng = np.random.default_rng(seed)
    if weights is None:
        a = np.zeros(criteria) if low is None else np.asarray(low, dtype=np.float64)
        b = np.ones(criteria) if high is None else np.asarray(high, dtype=np.float64)
        w = sample_weights(draws, a, b, rng=rng)
    else:
        w = np.asarray(weights, dtype=np.float64)
        if w.ndim != 2 or w.shape[1] != criteria:
            refuse(
                f"权重样本的形状应为（次数, {criteria}），收到 {w.shape}。",
                f"Sampled weights must have the shape (draws, {criteria}); got {w.shape}.",
            )
        draws = len(w)
    spread = np.broadcast_to(np.asarray(error, dtype=np.float64), table.shape)
    if (spread > 0).any():
        noise = rng.standard_normal((draws, units, criteria), dtype=np.float32)
        values = table * (1.0 + spread * noise)
    else:
        values = table[None]
    if transform is not None:
        values = transform(values)
    if len(values) == 1:
        scores = w @ values[0].T
    else:
        scores = np.einsum("duc,dc->du", values, w, optimize=True)
    ranks = (scores[:, None, :] > scores[:, :, None]).sum(axis=2, dtype=np.int16)
    flat = (np.arange(units, dtype=np.int64) * units + ranks).ravel()
    share = np.bincount(flat, minlength=units * units).reshape(units, units) / draws
    lows, highs = np.percentile(scores, [5, 95], axis=0)
    return Acceptability(share, scores.mean(axis=0), lows, highs)


def stability_interval(
    matrix: ArrayLike,
    weights: ArrayLike,
    criterion: int,
    *,
    what: Literal["first", "order"] = "first",
) -> tuple[float, float]:
    """Range of one weight within which the weighted-sum ranking holds (权重稳定区间).

    The other weights keep their proportions and fill up to 1.

    Parameters
    ----------
    matrix, weights
        Scores (rows units) and the weights they are summed with.
    criterion
        Position of the criterion whose weight moves from 0 to 1.
    what
        ``"first"``: the best unit stays the best; ``"order"``: the whole order stays.

    Returns
    -------
    low, high
        Exact: two units' scores are straight lines in the weight and cross at most once.
    """
    table = as_matrix(matrix)
    w = as_weights(weights, table.shape[1])
    here = w[criterion]
    others = np.delete(w, criterion)
    rest = np.delete(table, criterion, axis=1)
    share = others / others.sum() if others.sum() > 0 else np.full(others.size, 1 / others.size)
    constant, own = rest @ share, table[:, criterion]
    score = here * own + (1 - here) * constant
    first = int(score.argmax())
    low, high = 0.0, 1.0
    for i in range(len(table)):
        partners = range(i + 1, len(table)) if what == "order" else [first]
        for j in partners:
            if i == j:
                continue
            gap, slope = constant[i] - constant[j], (own[i] - own[j]) - (constant[i] - constant[j])
            if slope == 0:
                continue
            cross = -gap / slope
            if abs(cross - here) < 1e-12:
                continue  # a tie here: neither side is a change of order
            if cross < here:
                low = max(low, cross)
            else:
                high = min(high, cross)
    return low, high


def leave_one_out(
    matrix: ArrayLike,
    weights: ArrayLike,
    *,
    method: Literal["weighted_sum", "topsis"] = "weighted_sum",
) -> NDArray[np.int64]:
    """Rank of each unit with one criterion left out in turn, (criteria, units).

    The other weights keep their proportions. A criterion that has all the weight cannot be
    left out; its row is the rank 1 for all.
    """
    table = as_matrix(matrix)
    w = as_weights(weights, table.shape[1])
    result = np.ones((table.shape[1], len(table)), dtype=np.int64)
    for j in range(table.shape[1]):
        left = np.delete(w, j)
        if left.sum() == 0:
            continue
        part, share = np.delete(table, j, axis=1), left / left.sum()
        scores = topsis(part, share) if method == "topsis" else part @ share
        result[j] = rank(scores)
    return result

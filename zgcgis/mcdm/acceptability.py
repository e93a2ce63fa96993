"""How sure a rank is: over weights, over errors of the data, without one criterion (排序稳健性)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame, Series

from .arguments import Count, Floats, Numbers, guarded, numbers, refuse
from .criteria import as_column, as_matrix, as_weights, by_unit, criteria_of, summed, units_of
from .ranking import ranks_by, same_within

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

    share: Floats | DataFrame  # (units, ranks), each row adds to 1
    mean_score: Floats | Series
    low_score: Floats | Series  # 5th percentile
    high_score: Floats | Series  # 95th percentile


@guarded
def sample_weights(
    draws: Count, low: Numbers, high: Numbers, *, rng: np.random.Generator
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
    a, b = as_column(low, "low"), as_column(high, "high")
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


@guarded
def rank_acceptability(
    matrix: Numbers,
    weights: Numbers | None = None,
    *,
    low: Numbers | None = None,
    high: Numbers | None = None,
    error: Numbers = 0.0,
    transform: Callable[[Floats], Floats] | None = None,
    draws: Count = 10_000,
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
    w = _weights_drawn(matrix, weights, low, high, criteria, draws, rng)
    draws = len(w)
    spread = _spread(error, table.shape)
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
    better = scores[:, None, :] > scores[:, :, None] + same_within(scores)
    ranks = better.sum(axis=2, dtype=np.int16)
    flat = (np.arange(units, dtype=np.int64) * units + ranks).ravel()
    share = np.bincount(flat, minlength=units * units).reshape(units, units) / draws
    lows, highs = np.percentile(scores, [5, 95], axis=0)
    labels = units_of(matrix)
    if labels is not None:
        share = DataFrame(share, index=labels, columns=range(1, units + 1))
    return Acceptability(share, *(by_unit(v, matrix) for v in (scores.mean(axis=0), lows, highs)))


def _weights_drawn(
    matrix: ArrayLike,
    weights: ArrayLike | None,
    low: ArrayLike | None,
    high: ArrayLike | None,
    criteria: int,
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """Sets of weights as given, each adding to 1, or drawn inside their ranges."""
    if weights is None:
        labels = criteria_of(matrix)
        a = np.zeros(criteria) if low is None else as_column(low, "low", labels)
        b = np.ones(criteria) if high is None else as_column(high, "high", labels)
        if a.size != criteria or b.size != criteria:
            refuse(
                f"权重下限有 {a.size} 个、上限有 {b.size} 个，准则有 {criteria} 个。",
                f"There are {a.size} lows and {b.size} highs for {criteria} criteria.",
            )
        return sample_weights(draws, a, b, rng=rng)
    w = numbers(weights, "weights")
    if w.ndim != 2 or w.shape[1] != criteria or not len(w):
        refuse(
            f"权重样本的形状应为（次数, {criteria}），收到 {w.shape}。",
            f"Sampled weights must have the shape (draws, {criteria}); got {w.shape}.",
        )
    if not np.isfinite(w).all() or (w < 0).any() or (np.abs(w.sum(axis=1) - 1) > 1e-6).any():
        refuse(
            "权重样本的每一行都应非负且和为 1。",
            "Each row of sampled weights must add to 1 and hold no negative number.",
        )
    return w


def _spread(error: ArrayLike, shape: tuple[int, ...]) -> Floats:
    spread = numbers(error, "error")
    if not np.isfinite(spread).all() or (spread < 0).any():
        refuse(
            "error 应为不小于 0 的相对标准误差。",
            "error must be a relative standard error, at least 0.",
        )
    try:
        return np.broadcast_to(spread, shape)
    except ValueError:
        refuse(
            f"error 应为一个数或与矩阵同形 {shape}，收到 {spread.shape}。",
            f"error must be one number or have the shape {shape}; got {spread.shape}.",
        )


@guarded
def stability_interval(
    matrix: Numbers,
    weights: Numbers,
    criterion: int | str,
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
        Position of the criterion whose weight moves from 0 to 1, or its label.
    what
        ``"first"``: the best unit stays the best; ``"order"``: the whole order stays.

    Returns
    -------
    low, high
        Exact: two units' scores are straight lines in the weight and cross at most once.
    """
    table = as_matrix(matrix)
    w = as_weights(weights, table.shape[1], criteria_of(matrix))
    at = _position(criterion, matrix, table.shape[1])
    here = float(w[at])
    others = np.delete(w, at)
    rest = np.delete(table, at, axis=1)
    if not others.size:
        return 0.0, 1.0  # the only criterion has all the weight there is
    share = others / others.sum() if others.sum() > 0 else np.full(others.size, 1 / others.size)
    constant, own = summed(rest, share), table[:, at]
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


def _position(criterion: int | str, matrix: ArrayLike, count: int) -> int:
    labels = criteria_of(matrix)
    if labels is not None and criterion in labels:
        return list(labels).index(criterion)
    whole = isinstance(criterion, int | np.integer) and not isinstance(criterion, bool)
    if not whole or not 0 <= int(criterion) < count:
        refuse(
            f"criterion 应为准则的标签或 0 到 {count - 1} 的位置，收到 {criterion!r}。",
            f"criterion must be a label of a criterion or a position from 0 to {count - 1}; "
            f"got {criterion!r}.",
        )
    return int(criterion)


@guarded
def leave_one_out(
    matrix: Numbers,
    weights: Numbers,
    *,
    method: Literal["weighted_sum", "topsis", "vikor"] = "weighted_sum",
) -> NDArray[np.int64] | DataFrame:
    """Rank of each unit with one criterion left out in turn, (criteria, units).

    The other weights keep their proportions. A criterion that has all the weight cannot be
    left out; its row is the rank 1 for all, as is that of units which are equal without it.
    """
    table = as_matrix(matrix)
    w = as_weights(weights, table.shape[1], criteria_of(matrix))
    result = np.ones((table.shape[1], len(table)), dtype=np.int64)
    for j in range(table.shape[1]):
        left = np.delete(w, j)
        if left.sum() > 0:
            result[j] = ranks_by(method, np.delete(table, j, axis=1), left / left.sum())
    if isinstance(matrix, DataFrame):
        return DataFrame(result, index=matrix.columns, columns=matrix.index)
    return result

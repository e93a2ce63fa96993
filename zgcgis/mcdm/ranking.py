"""Rankings from weights: TOPSIS, VIKOR, weighted sum, coupling coordination (排序与耦合协调)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, Series

from .arguments import (
    Above,
    Floats,
    Numbers,
    Share,
    guarded,
    numbers,
    one_order,
    refuse,
    with_labels,
)
from .criteria import (
    as_column,
    as_matrix,
    as_signs,
    as_weights,
    by_unit,
    criteria_of,
    scaled_to_one,
    summed,
    units_of,
)

__all__ = [
    "Coupling",
    "Vikor",
    "closeness",
    "coupling",
    "coupling_of_many",
    "rank",
    "topsis",
    "vikor",
    "weighted_sum",
]

_SAME = 1e-12  # scores nearer than this part of the largest are one score, rounded


class Coupling(NamedTuple):
    """Coupling degree C, comprehensive index T and coordination degree D of systems."""

    C: Floats | Series
    T: Floats | Series
    D: Floats | Series


class Vikor(NamedTuple):
    """Group utility S, individual regret R and compromise Q; smaller is better in all three."""

    S: Floats | Series
    R: Floats | Series
    Q: Floats | Series


@guarded
def weighted_sum(matrix: Numbers, weights: Numbers) -> Floats | Series:
    """Weighted sum of the columns, in their own unit.

    Weights with labels are taken by label, and refused if the labels are not those of the
    columns.
    """
    table = as_matrix(matrix, units=1)
    w = as_weights(weights, table.shape[1], criteria_of(matrix))
    return by_unit(summed(table, w), matrix, "score")


@guarded
def closeness(d_plus: Numbers, d_minus: Numbers) -> Floats | Series:
    """Closeness to the ideal from the distances to best and worst: D⁻/(D⁺ + D⁻).

    NaN where both distances are 0, because best and worst are then the same.
    """
    labels = d_plus.index if isinstance(d_plus, Series) else None
    plus, minus = as_column(d_plus, "d_plus"), as_column(d_minus, "d_minus", labels)
    if plus.shape != minus.shape or (plus < 0).any() or (minus < 0).any():
        refuse(
            f"d_plus 与 d_minus 应为个数相同的非负距离，收到 {plus.size} 个和 {minus.size} 个。",
            "d_plus and d_minus must be as many distances, none negative; got "
            f"{plus.size} and {minus.size}.",
        )
    return with_labels(_closeness(plus, minus), labels, "closeness")


def _closeness(plus: Floats, minus: Floats) -> Floats:
    total = plus + minus
    return np.where(total > 0, minus / np.where(total > 0, total, 1.0), np.nan)


@guarded
def topsis(
    matrix: Numbers, weights: Numbers, *, directions: str | Sequence[str] | None = None
) -> Floats | Series:
    """Closeness of each unit to the ideal (TOPSIS), 0 to 1; 1 is the best on every criterion.

    Columns are divided by their Euclidean norm, then weighted; the ideal is the best of each
    column among these units, so one unit more can change the order of the others.

    Parameters
    ----------
    matrix, weights
        Rows units, columns criteria; weights add to 1, and are taken by label where both have
        labels.
    directions
        ``"+"`` or ``"-"`` per column; by default larger is better throughout.
    """
    table = as_matrix(matrix)
    w = as_weights(weights, table.shape[1], criteria_of(matrix))
    cost = as_signs(directions, table.shape[1], criteria_of(matrix))
    return by_unit(_topsis(table, w, cost), matrix, "closeness")


def _topsis(table: Floats, w: Floats, cost: NDArray[np.bool_]) -> Floats:
    large = np.abs(table).max(axis=0)
    table = table / np.where(large > 0, large, 1.0)  # or the squares leave what a number holds
    norm = np.sqrt((table**2).sum(axis=0))
    scaled = w * table / np.where(norm > 0, norm, 1.0)
    high, low = scaled.max(axis=0), scaled.min(axis=0)
    best, worst = np.where(cost, low, high), np.where(cost, high, low)
    d_plus = np.sqrt(((scaled - best) ** 2).sum(axis=1))
    d_minus = np.sqrt(((scaled - worst) ** 2).sum(axis=1))
    if not (d_plus + d_minus).any():
        refuse(
            "各单元在所有有权重的准则上都相同，无法排序。",
            "The units are equal on every criterion that has weight, so there is no order.",
        )
    return _closeness(d_plus, d_minus)


@guarded
def vikor(
    matrix: Numbers,
    weights: Numbers,
    *,
    v: Share = 0.5,
    directions: str | Sequence[str] | None = None,
) -> Vikor:
    """Compromise ranking (VIKOR): S, R and Q, smaller is better.

    Parameters
    ----------
    matrix, weights, directions
        As in :func:`topsis`. A constant column adds nothing.
    v
        Weight of the group utility against the largest individual regret, 0 to 1.
    """
    table = as_matrix(matrix)
    w = as_weights(weights, table.shape[1], criteria_of(matrix))
    cost = as_signs(directions, table.shape[1], criteria_of(matrix))
    return Vikor(*(by_unit(x, matrix) for x in _vikor(table, w, cost, v)))


def _vikor(table: Floats, w: Floats, cost: NDArray[np.bool_], v: float) -> tuple[Floats, ...]:
    scaled = scaled_to_one(table, cost)
    flat = np.ptp(scaled, axis=0) == 0
    regret = w * np.where(flat, 0.0, 1.0 - scaled)
    s, r = regret.sum(axis=1), regret.max(axis=1)
    span_s, span_r = np.ptp(s), np.ptp(r)
    q = v * (s - s.min()) / (span_s or 1.0) + (1 - v) * (r - r.min()) / (span_r or 1.0)
    return s, r, q


def ranks_by(method: str, table: Floats, w: Floats) -> NDArray[np.int64]:
    """Rank units by a method; units equal wherever there is weight all are first."""
    if (np.ptp(table, axis=0)[w > 0] == 0).all():
        return np.ones(len(table), dtype=np.int64)
    larger_is_better = np.zeros(table.shape[1], dtype=bool)
    if method == "topsis":
        return _ranks(_topsis(table, w, larger_is_better))
    if method == "vikor":
        return _ranks(-_vikor(table, w, larger_is_better, 0.5)[2])
    return _ranks(summed(table, w))


@guarded
def coupling(
    x: Numbers, y: Numbers, *, k: Above | None = None, alpha: Share = 0.5, beta: Share = 0.5
) -> Coupling:
    r"""Coupling coordination of two systems (耦合协调度).

    Parameters
    ----------
    x, y
        Indices of the two systems, 0 to 1. Scores out of 100 are divided by 100 first.
    k
        Exponent of the coupling degree. Papers differ: k = 2 is common, and
        C = 2√(xy)/(x + y) is k = ½. So there is no default, and it has to be given.
    alpha, beta
        Weights of the two systems in T; they add to 1.

    Notes
    -----
    :math:`C = [xy / ((x + y)/2)^2]^k`, :math:`T = \alpha x + \beta y`, :math:`D = \sqrt{CT}`.
    Where both are 0, C is NaN (0/0) and D is 0.

    Examples
    --------
    >>> coupling([1.0], [1.0], k=2)
    Coupling(C=array([1.]), T=array([1.]), D=array([1.]))
    """
    if k is None:
        refuse(
            "没有给出耦合度的指数 k。各文献取法不同，请写明，如 k=2 或 k=0.5。",
            "The exponent k of the coupling degree is not given. Papers differ; state it, as k=2 "
            "or k=0.5.",
        )
    labels = x.index if isinstance(x, Series) else None
    a, b = numbers(x, "x"), numbers(one_order(y, labels, "y"), "y")
    if a.shape != b.shape and 1 not in (a.size, b.size):
        refuse(
            f"两个系统的指数个数不同（{a.size} 与 {b.size}）。",
            f"The two systems have {a.size} and {b.size} indices.",
        )
    a, b = np.broadcast_arrays(a, b)
    if abs(alpha + beta - 1) > 1e-9:
        refuse(
            f"alpha 与 beta 之和为 {alpha + beta:g}，应为 1。",
            f"alpha and beta add to {alpha + beta:g}, not to 1.",
        )
    return _coupled(np.stack([a, b], axis=-1), np.array([alpha, beta]), k, labels)


@guarded
def coupling_of_many(
    systems: Numbers, *, weights: Numbers | None = None, k: Above | None = None
) -> Coupling:
    r"""Coupling coordination of two systems and more.

    Parameters
    ----------
    systems
        Rows units, columns the indices of the systems, 0 to 1.
    weights
        Weights of the systems in T; equal by default.
    k
        Exponent of the coupling degree; by default 1/n, which makes C the geometric over the
        arithmetic mean of the indices.

    Notes
    -----
    :math:`C = [\prod u_i / \bar u^n]^k`, :math:`T = \sum w_i u_i`, :math:`D = \sqrt{CT}`. For two
    systems it is :func:`coupling`.

    Examples
    --------
    >>> result = coupling_of_many([[0.2, 0.4, 0.8]])
    >>> result.C.round(4).tolist()  # 0.4 over 1.4/3
    [0.8571]
    """
    table = as_matrix(systems, units=1)
    count = table.shape[1]
    if count < 2:
        refuse("耦合至少需要两个系统。", "Coupling needs at least two systems.")
    w = np.full(count, 1 / count)
    if weights is not None:
        w = as_weights(weights, count, criteria_of(systems))
    return _coupled(table, w, 1 / count if k is None else k, units_of(systems))


def _coupled(table: Floats, w: Floats, k: float, labels: Any) -> Coupling:
    if not (np.isfinite(table) & (table >= 0) & (table <= 1 + 1e-9)).all():
        bad = table[~(np.isfinite(table) & (table >= 0) & (table <= 1 + 1e-9))][0]
        refuse(
            f"耦合协调度要求各系统的指数在 0 与 1 之间且不为负，收到 {bad:g}；百分制请先除以 100。",
            "Coupling needs indices between 0 and 1, not negative; "
            f"got {bad:g}. Divide scores out of 100 by 100.",
        )
    mean = table.mean(axis=-1)
    part = table / np.where(mean > 0, mean, 1.0)[..., None]
    base = np.where(mean > 0, part.prod(axis=-1), np.nan)
    c = np.minimum(base, 1.0) ** k  # rounding can lift equal systems above 1
    t = (table * w).sum(axis=-1)
    d = np.where(mean == 0, 0.0, np.sqrt(c * t))
    return Coupling(*(with_labels(values, labels) for values in (c, t, d)))


@guarded
def rank(scores: Numbers) -> NDArray[np.int64] | NDArray[np.float64] | Series:
    """Rank of each unit, 1 the highest score; equal scores share the better rank.

    Scores that differ by rounding only (1e-12 of the largest) are equal. A unit without a score
    (NaN) has no rank: NaN, or ``<NA>`` for scores with labels.

    Examples
    --------
    >>> rank([0.1 + 0.2, 0.3, 0.5]).tolist()
    [2, 2, 1]
    """
    if isinstance(scores, DataFrame) and scores.shape[1] == 1:
        scores = scores.iloc[:, 0]
    s = numbers(scores, "scores")
    if s.ndim != 1 or s.size == 0 or np.isinf(s).any():
        refuse(
            f"scores 应为一列分值，收到的形状为 {s.shape}；无穷大不能排名。",
            f"scores must be one column of finite scores; its shape is {s.shape}.",
        )
    there = ~np.isnan(s)
    if isinstance(scores, Series):
        result = Series(0, index=scores.index, dtype="Int64", name="rank").where(there)
        result[there] = _ranks(s[there])
        return result.astype("int64") if there.all() else result
    if there.all():
        return _ranks(s)
    ranks = np.full(s.size, np.nan)
    ranks[there] = _ranks(s[there])
    return ranks


def _ranks(s: Floats) -> NDArray[np.int64]:
    if not s.size:
        return np.empty(0, dtype=np.int64)
    order = np.argsort(-s, kind="stable")
    down = s[order]
    near = same_within(s)
    first = np.concatenate([[True], down[:-1] - down[1:] > near])
    place = np.maximum.accumulate(np.where(first, np.arange(s.size), 0)) + 1
    ranks = np.empty(s.size, dtype=np.int64)
    ranks[order] = place
    return ranks


def same_within(scores: Floats) -> float:
    """How near two scores are one score."""
    return float(_SAME * np.abs(scores).max(initial=0.0))

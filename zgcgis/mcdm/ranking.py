"""Rankings from weights: TOPSIS, VIKOR, weighted sum, coupling coordination (排序与耦合协调)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .tables import Floats, as_matrix, as_signs, as_weights, minmax, refuse

__all__ = ["Coupling", "Vikor", "closeness", "coupling", "rank", "topsis", "vikor", "weighted_sum"]


class Coupling(NamedTuple):
    """Coupling degree C, comprehensive index T and coordination degree D of two systems."""

    C: Floats
    T: Floats
    D: Floats


class Vikor(NamedTuple):
    """Group utility S, individual regret R and compromise Q; smaller is better in all three."""

    S: Floats
    R: Floats
    Q: Floats


def weighted_sum(matrix: ArrayLike, weights: ArrayLike) -> Floats:
    """Weighted sum of the columns, in their own unit."""
    table = as_matrix(matrix, units=1)
    return np.asarray(table @ as_weights(weights, table.shape[1]), dtype=np.float64)


def closeness(d_plus: ArrayLike, d_minus: ArrayLike) -> Floats:
    """Closeness to the ideal from the distances to best and worst: D⁻/(D⁺ + D⁻).

    NaN where both distances are 0, because best and worst are then the same.
    """
    plus = np.asarray(d_plus, dtype=np.float64)
    minus = np.asarray(d_minus, dtype=np.float64)
    total = plus + minus
    return np.where(total > 0, minus / np.where(total > 0, total, 1.0), np.nan)


def topsis(
    matrix: ArrayLike, weights: ArrayLike, *, directions: str | Sequence[str] | None = None
) -> Floats:
    """Closeness of each unit to the ideal (TOPSIS), 0 to 1; 1 is the best on every criterion.

    Columns are divided by their Euclidean norm, then weighted; the ideal is the best of each
    column among these units, so one unit more can change the order of the others.

    Parameters
    ----------
    matrix, weights
        Rows units, columns criteria; weights add to 1.
    directions
        ``"+"`` or ``"-"`` per column; by default larger is better throughout.
    """
    table = as_matrix(matrix)
    w = as_weights(weights, table.shape[1])
    cost = as_signs(directions, table.shape[1])
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
    return closeness(d_plus, d_minus)


def vikor(
    matrix: ArrayLike,
    weights: ArrayLike,
    *,
    v: float = 0.5,
    directions: str | Sequence[str] | None = None,
) -> Vikor:
    """Compromise ranking (VIKOR): S, R and Q, smaller is better.

    Parameters
    ----------
    matrix, weights, directions
        As in :func:`topsis`. A constant column adds nothing.
    v
        Weight of the group utility against the largest individual regret.
    """
    scaled = minmax(as_matrix(matrix), directions)
    w = as_weights(weights, scaled.shape[1])
    flat = np.ptp(scaled, axis=0) == 0
    regret = w * np.where(flat, 0.0, 1.0 - scaled)
    s, r = regret.sum(axis=1), regret.max(axis=1)
    span_s, span_r = np.ptp(s), np.ptp(r)
    q = v * (s - s.min()) / (span_s or 1.0) + (1 - v) * (r - r.min()) / (span_r or 1.0)
    return Vikor(s, r, q)


def coupling(
    x: ArrayLike, y: ArrayLike, *, k: float, alpha: float = 0.5, beta: float = 0.5
) -> Coupling:
    r"""Coupling coordination of two systems (耦合协调度).

    Parameters
    ----------
    x, y
        Indices of the two systems, not negative.
    k
        Exponent of the coupling degree. Papers differ: k = 2 is common, and
        C = 2√(xy)/(x + y) is k = ½. So there is no default.
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
    a, b = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    if (a < 0).any() or (b < 0).any():
        refuse(
            "耦合协调度要求两个系统的指数都不为负。",
            "Coupling needs indices that are not negative.",
        )
    if abs(alpha + beta - 1) > 1e-9:
        refuse(
            f"alpha 与 beta 之和为 {alpha + beta:g}，应为 1。",
            f"alpha and beta add to {alpha + beta:g}, not to 1.",
        )
    if k <= 0:
        refuse(f"k 应为正数，收到 {k:g}。", f"k must be above 0; got {k:g}.")
    total = a + b
    base = np.where(total > 0, a * b / np.where(total > 0, total / 2, 1.0) ** 2, np.nan)
    c = np.minimum(base, 1.0) ** k  # rounding can lift equal systems above 1
    t = alpha * a + beta * b
    d = np.where(total == 0, 0.0, np.sqrt(c * t))
    return Coupling(c, t, d)


def rank(scores: ArrayLike) -> NDArray[np.int64]:
    """Rank of each unit, 1 the highest score; equal scores share the better rank."""
    s = np.asarray(scores, dtype=np.float64)
    ranks: NDArray[np.int64] = 1 + (s[None, :] > s[:, None]).sum(axis=1)
    return ranks

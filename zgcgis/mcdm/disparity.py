"""How unequal units are, whether they draw nearer, what holds a unit back (差异、收敛与障碍度)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame, Series
from scipy.special import stdtr

from .arguments import Above, Floats, Numbers, guarded, one_order, refuse, with_labels
from .criteria import (
    as_column,
    as_matrix,
    as_signs,
    as_weights,
    criteria_of,
    labelled,
    scaled_to_one,
)

__all__ = [
    "Convergence",
    "Dagum",
    "Theil",
    "beta_convergence",
    "dagum_gini",
    "kernel_density",
    "obstacle_degrees",
    "sigma_convergence",
    "theil",
]


class Theil(NamedTuple):
    """Theil index, its part between and within groups, and each group's own index."""

    total: float
    between: float
    within: float
    groups: Series


class Dagum(NamedTuple):
    """Gini coefficient: within groups, net between them, and from their overlap; they add up.

    ``between_groups`` holds the Gini coefficient of each pair of groups, on the diagonal its own.
    """

    total: float
    within: float
    between: float
    overlap: float
    between_groups: DataFrame


class Convergence(NamedTuple):
    """Slope of growth on the logarithm of the first value, and what it says.

    ``speed`` is the yearly rate at which a gap closes, ``half_life`` the years to half of it; both
    NaN where the slope is not negative.
    """

    beta: float
    standard_error: float
    p_value: float
    r_squared: float
    speed: float
    half_life: float


@guarded
def obstacle_degrees(
    matrix: Numbers, weights: Numbers, *, directions: str | Sequence[str] | None = None
) -> Floats | DataFrame:
    r"""Obstacle degree (障碍度): what part of a unit's shortfall each criterion makes, in %.

    Parameters
    ----------
    matrix, weights, directions
        As in :func:`topsis`. Columns are scaled to 0..1 among the units.

    Returns
    -------
    degrees
        (units, criteria), each row adds to 100; NaN for a unit that is best on every criterion,
        as nothing holds it back.

    Notes
    -----
    With the scaled value :math:`r_{ij}` and the weight :math:`w_j`, the deviation is
    :math:`I_{ij} = 1 - r_{ij}` and :math:`O_{ij} = 100 w_j I_{ij} / \sum_j w_j I_{ij}`. A constant
    column tells units apart no more than it holds them back: its degree is 0.

    Examples
    --------
    >>> obstacle_degrees([[0, 10], [1, 0], [0.5, 5]], [0.75, 0.25]).round(1).tolist()
    [[100.0, 0.0], [0.0, 100.0], [75.0, 25.0]]
    """
    table = as_matrix(matrix)
    w = as_weights(weights, table.shape[1], criteria_of(matrix))
    scaled = scaled_to_one(table, as_signs(directions, table.shape[1], criteria_of(matrix)))
    short = w * np.where(np.ptp(table, axis=0) == 0, 0.0, 1.0 - scaled)
    total = short.sum(axis=1, keepdims=True)
    return labelled(
        np.where(total > 0, 100 * short / np.where(total > 0, total, 1), np.nan), matrix
    )


def _positive(values: ArrayLike, name: str = "values", labels: Any = None) -> Floats:
    column = as_column(values, name, labels)
    if (column <= 0).any():
        at = int(np.flatnonzero(column <= 0)[0]) + 1
        refuse(
            f"{name} 第 {at} 个为 {column[at - 1]:g}，应大于 0。",
            f"Entry {at} of {name} is {column[at - 1]:g}; it must be above 0.",
        )
    return column


def _groups_of(groups: ArrayLike | None, values: ArrayLike, count: int) -> NDArray[Any]:
    if groups is None:
        return np.zeros(count, dtype=np.intp)
    labels = values.index if isinstance(values, Series) else None
    which = np.asarray(one_order(groups, labels, "groups"))
    if which.shape != (count,) or any(g is None or g != g for g in which.tolist()):
        refuse(
            f"groups 应为每个值一个组名，共 {count} 个，不留空。",
            f"groups must name a group for each of the {count} values, none left empty.",
        )
    return which


@guarded
def theil(
    values: Numbers, groups: ArrayLike | None = None, *, weights: Numbers | None = None
) -> Theil:
    r"""Theil index of inequality, split between and within groups (泰尔指数).

    Parameters
    ----------
    values
        One value above 0 per unit, per head or per hectare.
    groups
        Group of each unit; without groups all inequality is within the one.
    weights
        Heads or hectares of each unit; equal by default.

    Notes
    -----
    With shares :math:`s_i` of the weights and mean :math:`μ = \sum s_i x_i`:
    :math:`T = \sum s_i \frac{x_i}{μ} \ln \frac{x_i}{μ}`; between groups the same of the groups'
    means, within :math:`\sum_g \frac{S_g μ_g}{μ} T_g` (Theil 1967).

    Examples
    --------
    >>> round(theil([1, 1, 1, 5]).total, 4)
    0.3128
    """
    x = _positive(values)
    which = _groups_of(groups, values, x.size)
    labels = values.index if isinstance(values, Series) else None
    s = np.ones(x.size) if weights is None else _positive(weights, "weights", labels)
    if s.size != x.size:
        refuse(
            f"weights 有 {s.size} 个，values 有 {x.size} 个，两者应相等。",
            f"There are {s.size} weights for {x.size} values.",
        )
    s = s / s.sum()
    mean = float(s @ x)

    def index(part: NDArray[np.bool_]) -> tuple[float, float, float]:
        share = float(s[part].sum())
        own = float(s[part] @ x[part]) / share
        ratio = x[part] / own
        return share, own, float((s[part] / share) @ (ratio * np.log(ratio)))

    names = list(dict.fromkeys(which.tolist()))
    parts = [index(which == name) for name in names]
    within = sum(share * own / mean * t for share, own, t in parts)
    between = sum(share * own / mean * math.log(own / mean) for share, own, _ in parts)
    total = index(np.ones(x.size, dtype=bool))[2]
    return Theil(total, between, within, Series([t for _, _, t in parts], index=names))


@guarded
def dagum_gini(values: Numbers, groups: ArrayLike) -> Dagum:
    r"""Gini coefficient split by groups (Dagum 1997): within, net between, overlap (超变密度).

    Parameters
    ----------
    values
        One value above 0 per unit.
    groups
        Group of each unit.

    Notes
    -----
    :math:`G = \sum_{i,j} |x_i - x_j| / (2 n^2 μ)`. Between groups j and h
    :math:`G_{jh} = \sum |x_{ji} - x_{hr}| / (n_j n_h (μ_j + μ_h))`; with :math:`p_j = n_j/n`,
    :math:`s_j = p_j μ_j/μ`: :math:`G_w = \sum_j G_{jj} p_j s_j`,
    :math:`G_{nb} = \sum_{j \ne h} G_{jh} p_j s_h D_{jh}`,
    :math:`G_t = \sum_{j \ne h} G_{jh} p_j s_h (1 - D_{jh})`, where
    :math:`D_{jh} = (d - p)/(d + p)`, d the mean of :math:`x_{ji} - x_{hr}` over pairs in which the
    richer group leads and p that over pairs in which it does not.
    """
    x = _positive(values)
    which = _groups_of(groups, values, x.size)
    names = list(dict.fromkeys(which.tolist()))
    n, mean = x.size, float(x.mean())
    parts = [x[which == name] for name in names]
    order = sorted(range(len(names)), key=lambda j: float(parts[j].mean()))
    table = np.empty((len(names), len(names)))
    within = between = overlap = 0.0
    for a, j in enumerate(order):
        for h in order[: a + 1]:
            rich, poor = parts[j], parts[h]
            gap = rich[:, None] - poor[None, :]
            gini = float(np.abs(gap).mean() / (rich.mean() + poor.mean()))
            table[j, h] = table[h, j] = gini
            p = np.array([rich.size, poor.size]) / n
            s = p * np.array([rich.mean(), poor.mean()]) / mean
            if j == h:
                within += gini * p[0] * s[0]
                continue
            lead, lag = np.maximum(gap, 0).mean(), np.maximum(-gap, 0).mean()
            net = (lead - lag) / (lead + lag) if lead + lag > 0 else 0.0
            share = gini * (p[0] * s[1] + p[1] * s[0])
            between += share * net
            overlap += share * (1 - net)
    total = float(np.abs(x[:, None] - x[None, :]).mean() / (2 * mean))
    return Dagum(total, within, between, overlap, DataFrame(table, index=names, columns=names))


@guarded
def sigma_convergence(values: Numbers) -> Floats | Series:
    """Coefficient of variation over units, year by year (σ 收敛); falling is convergence.

    Parameters
    ----------
    values
        Rows units, columns years, above 0. The deviation is that of the population (n).

    Examples
    --------
    >>> sigma_convergence([[1.0, 2.0], [3.0, 4.0]]).round(4).tolist()
    [0.5, 0.3333]
    """
    table = as_matrix(values)
    _positive(table.ravel())
    spread = table.std(axis=0) / table.mean(axis=0)
    return with_labels(spread, criteria_of(values), "sigma")


@guarded
def beta_convergence(start: Numbers, end: Numbers, *, years: Above) -> Convergence:
    r"""Whether units that began low grew faster (绝对 β 收敛), by least squares.

    Parameters
    ----------
    start, end
        Value of each unit at the beginning and at the end, above 0; by label where both have
        labels.
    years
        Years between them.

    Notes
    -----
    :math:`\frac1T \ln(x_{iT}/x_{i0}) = α + β \ln x_{i0} + ε_i`. If :math:`β < 0` the speed is
    :math:`-\ln(1 + βT)/T` and the half-life :math:`\ln 2` over it (Barro and Sala-i-Martin 1992).
    The p-value is two-sided, with n − 2 degrees of freedom.
    """
    labels = start.index if isinstance(start, Series) else None
    first, last = _positive(start, "start"), _positive(end, "end", labels)
    if first.size != last.size or first.size < 3 or np.ptp(first) == 0:
        refuse(
            f"β 收敛需要至少三个起点不同的单元，起止个数相同；收到 {first.size} 个和 {last.size} 个。",
            "Beta convergence needs three units or more with different beginnings, and as many "
            f"ends; got {first.size} and {last.size}.",
        )
    z, g = np.log(first), np.log(last / first) / years
    dz = z - z.mean()
    sxx = float(dz @ dz)
    beta = float(dz @ g) / sxx
    rest = g - g.mean() - beta * dz
    free = first.size - 2
    error = math.sqrt(max(float(rest @ rest), 0.0) / free / sxx)
    spread = float(((g - g.mean()) ** 2).sum())
    ratio = abs(beta) / error if error > 0 else math.inf
    closes = 1 + beta * years
    speed = -math.log(closes) / years if beta < 0 < closes else math.nan
    return Convergence(
        beta,
        error,
        float(2 * stdtr(free, -ratio)),
        1 - float(rest @ rest) / spread if spread > 0 else math.nan,
        speed,
        math.log(2) / speed if speed > 0 else math.nan,
    )


@guarded
def kernel_density(
    values: Numbers, at: Numbers | None = None, *, bandwidth: Above | None = None
) -> Series:
    r"""Density of values over units (核密度), Gaussian kernel.

    Parameters
    ----------
    values
        One value per unit.
    at
        Where the density is wanted; by default 200 points over the values and three bandwidths
        beyond.
    bandwidth
        Of the kernel; by default Silverman's :math:`0.9 \min(s, IQR/1.34) n^{-1/5}`.

    Returns
    -------
    Series
        Density, indexed by the points.
    """
    x = as_column(values, "values")
    if bandwidth is None:
        spread = [float(x.std(ddof=1)) if x.size > 1 else 0.0]
        quarter = float(np.subtract(*np.percentile(x, [75, 25]))) / 1.34
        h = 0.9 * min([s for s in (*spread, quarter) if s > 0], default=0.0) * x.size**-0.2
    else:
        h = bandwidth
    if not h > 0:
        refuse(
            "各单元取值相同或只有一个，核密度的带宽为 0；请给出 bandwidth。",
            "The values are all the same, so the bandwidth is 0; give a bandwidth.",
        )
    points = np.linspace(x.min() - 3 * h, x.max() + 3 * h, 200) if at is None else None
    where = as_column(at, "at") if points is None and at is not None else np.asarray(points)
    kernel = np.exp(-0.5 * ((where[:, None] - x[None, :]) / h) ** 2)
    density = kernel.sum(axis=1) / (x.size * h * math.sqrt(2 * math.pi))
    return Series(density, index=where, name="density")

"""Spatial autocorrelation (空间自相关): whether like lies near like, as a whole and at each place.

Weights say who is whose neighbour: a square table of numbers, labelled or not, or what
:func:`neighbours` makes of outlines or points. Many places are many tests, so that each has a
``q_value`` beside its ``p_value``: the false-discovery rate of Benjamini and Hochberg (1995).
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from pandas import DataFrame, Series
from scipy.sparse import csr_array, issparse
from scipy.spatial import KDTree
from scipy.special import ndtr

from .. import geo
from ..mcdm.arguments import (
    Above,
    Count,
    Floats,
    Level,
    Numbers,
    guarded,
    numbers,
    one_order,
    refuse,
    shown,
    with_labels,
)

__all__ = ["Moran", "false_discovery", "getis_ord", "lisa", "moran", "neighbours"]


class Moran(NamedTuple):
    """Moran's I with what is expected by chance; ``p_value`` of the normal, both two-sided."""

    statistic: float
    expected: float
    variance: float
    z: float
    p_value: float
    p_permuted: float


@guarded
def neighbours(
    places: GeoSeries | GeoDataFrame,
    *,
    within_m: Above | None = None,
    nearest: Count | None = None,
) -> csr_array:
    """Return who is whose neighbour: 1 where two places are, else 0.

    Parameters
    ----------
    places
        Outlines or points, with their reference system.
    within_m
        Places not farther apart than this, edge to edge (a street between parcels), in metres.
    nearest
        So many nearest places by centre of gravity instead; exactly one of the two is given.

    Returns
    -------
    weights
        (places, places), sparse.

    Raises
    ------
    ZgcgisError
        If not exactly one of the two is given, or there are not more places than `nearest`.
    """
    if (within_m is None) == (nearest is None):
        refuse(
            "within_m 与 nearest 应给且只给一个：按距离或按最近的几个确定邻居。",
            "Give exactly one of within_m and nearest: neighbours by distance, or the nearest few.",
        )
    if not isinstance(places, GeoSeries | GeoDataFrame):
        refuse(
            f"places 应为带坐标系的图层（GeoSeries 或 GeoDataFrame），收到 {shown(places)}。",
            f"places must be a layer (GeoSeries or GeoDataFrame); got {shown(places)}.",
        )
    geometry = places.geometry
    count = len(geometry)
    if within_m is not None:
        i, j, _ = geo.pairs_within_m(geometry, geometry, float(within_m))
        i, j = i[i != j], j[i != j]
    else:
        assert nearest is not None
        if count <= nearest:
            refuse(
                f"只有 {count} 个地点，取不出各 {nearest} 个最近的邻居；请减小 nearest。",
                f"There are only {count} places, not {nearest} neighbours for each; take fewer.",
            )
        flat = geo.to_plane(geometry).centroid
        points = np.column_stack([flat.x, flat.y])
        j = np.asarray(KDTree(points).query(points, k=nearest + 1)[1])
        own = j == np.arange(count)[:, None]
        own[~own.any(axis=1), -1] = True  # places on one point: one of them stands for itself
        i, j = np.repeat(np.arange(count), nearest), j[~own]
    return csr_array((np.ones(len(i)), (i, j)), shape=(count, count))


def _given(
    values: Numbers, weights: Numbers | csr_array
) -> tuple[Floats, csr_array, pd.Index | None]:
    """Values and weights in one order, without what nobody could compute with."""
    labels = values.index if isinstance(values, Series) else None
    x = numbers(values, "values")
    given: Any = weights
    if isinstance(given, DataFrame):
        given = one_order(one_order(given, labels, "weights").T, labels, "weights").T
    w: Any = given.tocsr() if issparse(given) else numbers(given, "weights")
    if x.ndim != 1 or w.shape != (x.size, x.size):
        refuse(
            f"values 应为一列数，weights 为同样多行列的方阵；收到 {x.shape} 和 {w.shape}。",
            f"values must be a column and weights a square of as many; got {x.shape} and {w.shape}.",
        )
    if x.size < 4 or not np.isfinite(x).all() or not np.ptp(x) > 0:
        refuse(
            "空间自相关至少要四个地点，数值齐全且不全相同；请先去掉缺值的地点（weights 也去掉）。",
            "Autocorrelation needs four places or more with values that are all there and not all "
            "the same; leave out places without a value, in the weights too.",
        )
    w = csr_array(w)
    if w.nnz == 0 or not np.isfinite(w.data).all() or (w.data < 0).any():
        refuse(
            "weights 应为不小于 0 的数，并且至少有一对邻居。",
            "weights must be numbers of at least 0, with one pair of neighbours or more.",
        )
    return x, w, labels


def _by_row(w: csr_array) -> csr_array:
    """Weights that add to 1 for each place that has neighbours."""
    total = np.asarray(w.sum(axis=1)).ravel()
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    return csr_array(w.multiply(scale[:, None]))


@guarded
def moran(
    values: Numbers,
    weights: Numbers | csr_array,
    *,
    standardize: bool = True,
    null: Literal["randomization", "normality"] = "randomization",
    draws: Count = 999,
    seed: int = 0,
) -> Moran:
    r"""Moran's I (全局莫兰指数): whether neighbours have like values.

    Parameters
    ----------
    values
        One value per place.
    weights
        (places, places), not negative.
    standardize
        Whether each place's weights are made to add to 1.
    null
        What the variance rests on.
    draws
        Random orders of the values for ``p_permuted``.
    seed
        Of the random orders.

    Returns
    -------
    Moran
        Index, its expectation :math:`-1/(n-1)`, variance, z and two-sided probabilities.

    Notes
    -----
    :math:`I = \frac{n}{S_0} \frac{\sum_{ij} w_{ij} z_i z_j}{\sum_i z_i^2}`, moments of Cliff and
    Ord (1981).
    """
    x, w, _ = _given(values, weights)
    w = _by_row(w) if standardize else w
    n, z = x.size, x - x.mean()
    total = float(w.sum())
    scale = n / total / float(z @ z)
    index, expected = scale * float(z @ (w @ z)), -1.0 / (n - 1)
    both = w + w.T
    s1 = 0.5 * float(both.multiply(both).sum())
    s2 = float(
        (np.asarray(w.sum(axis=1)).ravel() + np.asarray(w.sum(axis=0)).ravel()) @ both.sum(0)
    )
    if null == "normality":
        second = (n * n * s1 - n * s2 + 3 * total**2) / ((n * n - 1) * total**2)
    else:
        k = float((z**4).mean() / (z**2).mean() ** 2)
        second = (
            n * ((n * n - 3 * n + 3) * s1 - n * s2 + 3 * total**2)
            - k * ((n * n - n) * s1 - 2 * n * s2 + 6 * total**2)
        ) / ((n - 1) * (n - 2) * (n - 3) * total**2)
    variance = second - expected**2
    score = (index - expected) / np.sqrt(variance)
    orders = np.random.default_rng(seed).permuted(np.tile(z, (draws, 1)), axis=1).T
    drawn = scale * np.einsum("ij,ij->j", orders, w @ orders)
    farther = int((np.abs(drawn - expected) >= abs(index - expected) - 1e-12).sum())
    return Moran(
        index, expected, variance, score, 2 * float(ndtr(-abs(score))), (farther + 1) / (draws + 1)
    )


@guarded
def lisa(
    values: Numbers,
    weights: Numbers | csr_array,
    *,
    level: Level = 0.95,
    draws: Count = 999,
    seed: int = 0,
) -> DataFrame:
    r"""Local Moran (局部莫兰指数, LISA): where like gathers, and what stands out.

    Parameters
    ----------
    values, weights
        As in :func:`moran`; each place's weights are made to add to 1.
    level
        A place is named where its ``q_value`` is at most 1 less this.
    draws, seed
        Random neighbours drawn for each place from all the others.

    Returns
    -------
    local
        Per place ``I lag p_value q_value kind``: ``lag`` is the mean of the neighbours,
        ``kind`` is ``high-high``, ``low-low``, ``high-low``, ``low-high`` or empty where
        nothing is proven. A place without neighbours has NaN.

    Notes
    -----
    :math:`I_i = (n-1) z_i \sum_j w_{ij} z_j / \sum_j z_j^2` (Anselin 1995), probabilities
    two-sided by conditional permutation.
    """
    x, w, labels = _given(values, weights)
    w = _by_row(w)
    w.setdiag(0.0)
    w.eliminate_zeros()
    w = _by_row(w)
    n, z = x.size, x - x.mean()
    lag, scale = w @ z, (n - 1) / float(z @ z)
    held = np.diff(w.indptr)
    rng = np.random.default_rng(seed)
    most = int(held.max())
    orders = np.array([rng.choice(n - 1, most, replace=False) for _ in range(draws)])
    p = np.full(n, np.nan)
    for i in np.flatnonzero(held):
        others = orders[:, : held[i]]
        drawn = z[others + (others >= i)] @ w.data[w.indptr[i] : w.indptr[i + 1]]
        tail = min(int((drawn >= lag[i] - 1e-12).sum()), int((drawn <= lag[i] + 1e-12).sum()))
        p[i] = min(1.0, 2 * (tail + 1) / (draws + 1))
    q = _adjusted(p)
    side = np.where(z > 0, "high", "low").astype(object) + "-" + np.where(lag > 0, "high", "low")
    alone = held == 0
    return DataFrame(
        {
            "I": np.where(alone, np.nan, scale * z * lag),
            "lag": np.where(alone, np.nan, lag + x.mean()),
            "p_value": p,
            "q_value": q,
            "kind": np.where(q <= 1 - level + 1e-12, side, ""),
        },
        index=labels,
    )


@guarded
def getis_ord(values: Numbers, weights: Numbers | csr_array, *, level: Level = 0.95) -> DataFrame:
    r"""Getis–Ord Gi* (热点分析): where high or low values gather, the place itself counted.

    Parameters
    ----------
    values, weights
        As in :func:`moran`, used as they are; a place that has no weight for itself gets its
        largest weight, 1 for neighbours as :func:`neighbours` tells them.
    level
        A place is named where its ``q_value`` is at most 1 less this.

    Returns
    -------
    local
        Per place ``z p_value q_value kind``: ``hot``, ``cold`` or empty; two-sided, normal.

    Notes
    -----
    :math:`z_i = \frac{\sum_j w_{ij} x_j - \bar x W_i}{s \sqrt{(n \sum_j w_{ij}^2 - W_i^2)/(n-1)}}`
    (Ord and Getis 1995).
    """
    x, w, labels = _given(values, weights)
    own, largest = w.diagonal(), w.max(axis=1).toarray().ravel()
    w = w.tolil()
    w.setdiag(np.where(own > 0, own, np.where(largest > 0, largest, 1.0)))
    w = w.tocsr()
    n, total = x.size, np.asarray(w.sum(axis=1)).ravel()
    squares = np.asarray(w.multiply(w).sum(axis=1)).ravel()
    room = np.maximum(n * squares - total**2, 0.0) / (n - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (w @ x - x.mean() * total) / (x.std() * np.sqrt(room))
    z[room <= 1e-12] = np.nan  # a place whose neighbours are all there are
    p = 2 * ndtr(-np.abs(z))
    q = _adjusted(p)
    kind = np.where(q <= 1 - level + 1e-12, np.where(z > 0, "hot", "cold"), "")
    return DataFrame({"z": z, "p_value": p, "q_value": q, "kind": kind}, index=labels)


@guarded
def false_discovery(p_values: Numbers) -> Floats | Series:
    """Adjust probabilities of many tests to false-discovery rates (错误发现率).

    Parameters
    ----------
    p_values
        One per test, 0 to 1; NaN where there was no test, which stays so and does not count.

    Returns
    -------
    q_values
        The least rate at which each test would be called a discovery (Benjamini and Hochberg
        1995), with the labels given.

    Examples
    --------
    >>> false_discovery([0.01, 0.04, 0.03, 0.5]).round(3).tolist()
    [0.04, 0.053, 0.053, 0.5]
    """
    p = numbers(p_values, "p_values")
    if p.ndim != 1 or ((p < 0) | (p > 1)).any():
        refuse(
            "p_values 应为一列 0 到 1 之间的概率。",
            "p_values must be a column of probabilities between 0 and 1.",
        )
    labels = p_values.index if isinstance(p_values, Series) else None
    made: Floats | Series = with_labels(_adjusted(p), labels, "q_value")
    return made


def _adjusted(p: NDArray[np.float64]) -> Floats:
    """Rates of Benjamini and Hochberg; NaN stays."""
    q = np.full(p.shape, np.nan)
    there = np.flatnonzero(~np.isnan(p))
    order = there[np.argsort(p[there], kind="stable")]
    raw = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return q

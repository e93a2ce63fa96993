"""Weights of criteria: from the data, from pairwise comparison, combined (客观、主观与组合赋权)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame, Series

from ..language.errors import ZgcgisWarning
from .arguments import Count, Floats, Numbers, guarded, numbers, one_order, refuse, with_labels
from .criteria import (
    as_matrix,
    as_signs,
    as_weights,
    by_criterion,
    criteria_of,
    refuse_all_flat,
    refuse_negative,
    scaled_to_one,
    warn_flat,
)

__all__ = [
    "Ahp",
    "ahp",
    "ahp_group",
    "combine_weights",
    "critic_weights",
    "deviation_weights",
    "entropy",
    "entropy_weights",
    "random_index",
    "weights_from_entropy",
]

_RANDOM_INDEX = (
    0.0,
    0.0,
    0.58,
    0.90,
    1.12,
    1.24,
    1.32,
    1.41,
    1.45,
    1.49,
    1.51,
    1.48,
    1.56,
    1.57,
    1.59,
)
"""Saaty's mean random index for 1 to 15 criteria (The Analytic Hierarchy Process, 1980)."""

_RECIPROCAL_TOLERANCE = 0.05  # 1/3 is often typed as 0.33, 1/7 as 0.14
_NEARLY_FLAT = 1e-6  # spread over level below which a share of the total says next to nothing
_SCALE = (*(1 / np.arange(9, 1, -1)), *np.arange(1.0, 10.0))  # what experts may say

Variant = Literal["proportion", "minmax"]
AhpMethod = Literal["eigenvector", "column", "geometric"]


class Ahp(NamedTuple):
    """Weights from pairwise comparisons, and how far the comparisons agree with themselves."""

    weights: Floats | Series
    lambda_max: float
    CI: float
    CR: float


@guarded
def entropy(
    matrix: Numbers,
    *,
    variant: Variant = "proportion",
    shift: float = 0.0,
    directions: str | Sequence[str] | None = None,
) -> Floats | Series:
    r"""Information entropy of each column, 0 (all in one unit) to 1 (the same everywhere).

    Parameters
    ----------
    matrix
        Rows units, columns criteria.
    variant
        ``"proportion"`` takes the matrix as given; ``"minmax"`` scales each column to 0..1 first.
    shift
        A constant added to each entry before proportions are taken. The textbook needs none,
        as 0 · ln 0 = 0; papers add .0001 or 1, which gives other weights.
    directions
        ``"+"`` or ``"-"`` per column; by default larger is better. Where less is better the
        proportion variant takes reciprocals, the min-max variant (max − x)/(max − min).

    Notes
    -----
    :math:`p_{ij} = r_{ij} / \sum_i r_{ij}` and
    :math:`e_j = -\frac{1}{\ln n} \sum_i p_{ij} \ln p_{ij}`. It is computed from the deviations
    :math:`q = np - 1` as :math:`1 - \frac{1}{n \ln n} \sum (1 + q) \ln (1 + q)`, which keeps its
    digits where a column hardly differs from its mean.
    """
    return by_criterion(1.0 - _divergence(matrix, variant, shift, directions)[0], matrix, "entropy")


def _divergence(
    matrix: ArrayLike, variant: str, shift: float, directions: str | Sequence[str] | None
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """1 − e of each column, which columns are constant, and how far each is from its level."""
    table = as_matrix(matrix)
    cost = as_signs(directions, table.shape[1], criteria_of(matrix))
    flat = np.ptp(table, axis=0) == 0
    if variant == "minmax":
        table = scaled_to_one(table, cost)
    elif cost.any():
        table = _reciprocal(table, cost)
    table = table + shift
    refuse_negative(table)
    least = table.min(axis=0)
    mean = least + (table - least).mean(axis=0)
    q = (table - mean) / np.where(mean > 0, mean, 1.0)
    n = len(table)
    divergence: Floats = _gain(q).sum(axis=0) / (n * np.log(n))
    spread = np.where(mean > 0, np.ptp(table, axis=0) / np.where(mean > 0, mean, 1.0), 0.0)
    return np.where(flat | (mean == 0), 0.0, divergence), flat, spread


def _gain(q: Floats) -> Floats:
    """(1 + q) ln(1 + q) − q; near 0 by its series, because the two terms cancel."""
    one = np.maximum(1.0 + q, 0.0)
    plain = np.where(one > 0, one * np.log(np.where(one > 0, one, 1.0)), 0.0) - q
    series = q**2 * (1 / 2 - q * (1 / 6 - q * (1 / 12 - q * (1 / 20 - q / 30))))
    return np.where(np.abs(q) < 1e-3, series, plain)


def _reciprocal(table: Floats, cost: NDArray[np.bool_]) -> Floats:
    bad = cost & (table <= 0)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        refuse(
            f"第 {row + 1} 行第 {column + 1} 列为 {table[row, column]:g}，越小越优的列按倒数取比重，须大于 0；"
            '可用 variant="minmax"。',
            f"Row {row + 1}, column {column + 1} is {table[row, column]:g}; where less is better "
            'proportions are of reciprocals, which must be above 0; variant="minmax" takes it.',
        )
    scale = np.where(cost, table.min(axis=0), 1.0)
    return np.where(cost, scale / np.where(cost, table, 1.0), table)


@guarded
def weights_from_entropy(entropies: Numbers) -> Floats | Series:
    """Weights from entropies: each criterion's 1 − e over the sum of them.

    Examples
    --------
    >>> weights_from_entropy([0.5, 0.75, 0.75]).tolist()
    [0.5, 0.25, 0.25]
    """
    divergence = 1.0 - numbers(entropies, "entropies")
    good = divergence.ndim == 1 and np.isfinite(divergence).all() and (divergence >= 0).all()
    if not good or not (divergence <= 1).all() or divergence.sum() == 0:
        refuse(
            "熵值应在 0 与 1 之间且不全为 1。",
            "Entropies must lie between 0 and 1 and not all be 1.",
        )
    labels = entropies.index if isinstance(entropies, Series) else None
    return with_labels(divergence / divergence.sum(), labels, "weight")


@guarded
def entropy_weights(
    matrix: Numbers,
    *,
    variant: Variant = "proportion",
    shift: float = 0.0,
    directions: str | Sequence[str] | None = None,
) -> Floats | Series:
    """Entropy weights (熵权) of the criteria; they add to 1.

    A criterion on which the units differ more gets more weight. `variant`, `shift` and
    `directions` are those of :func:`entropy`; name them wherever the weights are printed. A panel
    is weighed as one by giving all its unit-years as rows, so that years can be compared.

    Raises
    ------
    ZgcgisError
        If there is one unit, a number is missing or negative, or all columns are constant.

    Warns
    -----
    ZgcgisWarning
        If a column is constant: its weight is 0. If one differs from its level by less than a
        millionth: proportions then give it next to no weight, whatever the differences mean.

    Examples
    --------
    >>> entropy_weights([[1, 1], [3, 0]]).round(4).tolist()
    [0.1588, 0.8412]
    """
    divergence, flat, spread = _divergence(matrix, variant, shift, directions)
    refuse_all_flat(flat)
    warn_flat(flat)
    near = ~flat & (spread < _NEARLY_FLAT)
    if near.any():
        columns = [int(i) + 1 for i in np.flatnonzero(near)]
        warnings.warn(
            f"第 {columns} 列的差别不到其水平的百万分之一，比重法给的权重几乎为 0；"
            '请减去共同的基数，或用 variant="minmax"。\n'
            f"Column(s) {columns} differ by less than a millionth of their level and get next to no "
            'weight from proportions; take the common level off, or use variant="minmax".',
            ZgcgisWarning,
            stacklevel=3,
        )
    return by_criterion(divergence / divergence.sum(), matrix, "weight")


@guarded
def critic_weights(
    matrix: Numbers, *, directions: str | Sequence[str] | None = None
) -> Floats | Series:
    r"""CRITIC weights: contrast of a criterion times its conflict with the others.

    Parameters
    ----------
    matrix
        Rows units, columns criteria.
    directions
        ``"+"`` or ``"-"`` per column; by default larger is better. Turning a column round
        changes its conflict with the others.

    Notes
    -----
    On the min-max table, with sample standard deviation :math:`s_j` and correlation
    :math:`r_{jk}`: :math:`w_j \propto s_j \sum_k (1 - r_{jk})` (Diakoulaki et al. 1995). The
    kind of deviation (n or n − 1) cancels. A constant column gets weight 0 and does not
    count among the others.
    """
    raw = as_matrix(matrix)
    table = scaled_to_one(raw, as_signs(directions, raw.shape[1], criteria_of(matrix)))
    flat = np.ptp(table, axis=0) == 0
    refuse_all_flat(flat)
    warn_flat(flat)
    weights = np.zeros(table.shape[1])
    live = table[:, ~flat]
    if live.shape[1] == 1:
        weights[~flat] = 1.0
        return by_criterion(weights, matrix, "weight")
    content = live.std(axis=0, ddof=1) * (1.0 - np.corrcoef(live, rowvar=False)).sum(axis=0)
    content = np.where(content > 1e-12 * live.shape[1], content, 0.0)
    if content.sum() == 0:
        refuse(
            "各准则完全相关，CRITIC 无法区分权重。",
            "The criteria are perfectly correlated, so CRITIC cannot tell them apart.",
        )
    weights[~flat] = content / content.sum()
    return by_criterion(weights, matrix, "weight")


@guarded
def deviation_weights(matrix: Numbers) -> Floats | Series:
    """Weights by the share of each column's sample standard deviation (标准差法).

    Which way a criterion is better makes no difference to its deviation; its unit does, so scale
    the columns first (:func:`minmax`) unless they are scores.
    """
    table = as_matrix(matrix)
    deviation = table.std(axis=0, ddof=1)
    flat = np.ptp(table, axis=0) == 0
    refuse_all_flat(flat)
    warn_flat(flat)
    live = np.where(flat, 0.0, deviation)
    return by_criterion(live / live.sum(), matrix, "weight")


@guarded
def combine_weights(*weights: Numbers, share: Numbers | None = None) -> Floats | Series:
    """Combine sets of weights (组合赋权): their product, or a mean in given shares.

    Parameters
    ----------
    *weights
        Two or more sets for the same criteria; sets with labels are put together by label.
    share
        If given, the sets are averaged in these shares; otherwise w ∝ w₁·w₂·….

    Examples
    --------
    >>> combine_weights([0.5, 0.5], [0.2, 0.8]).tolist()
    [0.2, 0.8]
    >>> combine_weights([0.5, 0.5], [0.2, 0.8], share=[0.5, 0.5]).tolist()
    [0.35, 0.65]
    """
    if len(weights) < 2:
        refuse(
            f"组合赋权至少需要两组权重，收到 {len(weights)} 组。",
            f"Combining takes two sets of weights or more; got {len(weights)}.",
        )
    labels = next((w.index for w in weights if isinstance(w, Series)), None)
    count = np.asarray(weights[0]).size
    sets = np.array([as_weights(w, count, labels) for w in weights])
    if share is not None:
        mixed = as_weights(share, len(sets), name="share") @ sets
        return with_labels(np.asarray(mixed, dtype=np.float64), labels, "weight")
    product = sets.prod(axis=0)
    if product.sum() == 0:
        refuse(
            "各组权重没有共同的正权重准则，乘积为 0。",
            "The sets of weights share no criterion with weight above 0; their product is 0.",
        )
    return with_labels(product / product.sum(), labels, "weight")


@guarded
def ahp(matrix: Numbers, method: AhpMethod = "eigenvector") -> Ahp:
    """Weights from a matrix of pairwise comparisons (层次分析法判断矩阵).

    Parameters
    ----------
    matrix
        Entry (i, j) says how many times i is as important as j; (j, i) is its reciprocal.
    method
        ``"eigenvector"`` 特征向量法; ``"column"``: mean of normalised columns, 和积法;
        ``"geometric"``: geometric mean of rows, 方根法. Published tables are at times
        labelled with the wrong one.

    Returns
    -------
    weights, lambda_max, CI, CR
        For the two approximations, lambda_max is the mean of (Aw)ᵢ / wᵢ. CI = (λmax − n)/(n − 1);
        CR = CI/RI with Saaty's random index (1980), 0 for n ≤ 2 and NaN for n > 15, for which
        :func:`random_index` simulates one. CR < 0.1 is taken as consistent.

    Examples
    --------
    >>> result = ahp([[1, 2], [1 / 2, 1]])
    >>> result.weights.round(4).tolist(), round(result.lambda_max, 10)
    ([0.6667, 0.3333], 2.0)
    """
    table = numbers(matrix)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or table.size == 0:
        refuse(
            f"判断矩阵应为方阵，收到的形状为 {table.shape}。",
            f"A matrix of judgements must be square; its shape is {table.shape}.",
        )
    if not np.isfinite(table).all() or (table <= 0).any():
        refuse(
            "判断矩阵的每个元素都应为正数。",
            "Every entry of a matrix of judgements must be positive.",
        )
    off = np.abs(table * table.T - 1.0)
    if off.max() > _RECIPROCAL_TOLERANCE:
        i, j = (int(k) for k in np.unravel_index(int(off.argmax()), off.shape))
        refuse(
            f"判断矩阵不互反：({i + 1}, {j + 1}) 为 {table[i, j]:g}，"
            f"({j + 1}, {i + 1}) 为 {table[j, i]:g}。",
            f"The judgements are not reciprocal: ({i + 1}, {j + 1}) is {table[i, j]:g} and "
            f"({j + 1}, {i + 1}) is {table[j, i]:g}.",
        )
    w, lambda_max = _priorities(table, method)
    n = len(table)
    ci = (lambda_max - n) / (n - 1) if n > 1 else 0.0
    known = n <= len(_RANDOM_INDEX)
    cr = 0.0 if n <= 2 else ci / _RANDOM_INDEX[n - 1] if known else float("nan")
    return Ahp(by_criterion(w, matrix, "weight"), lambda_max, ci, cr)


def _priorities(table: Floats, method: str) -> tuple[Floats, float]:
    """Weights and λmax; for the two approximations λmax is a mean."""
    if method == "eigenvector":
        values, vectors = np.linalg.eig(table)
        first = int(values.real.argmax())
        w = np.abs(vectors[:, first].real)
        return w / w.sum(), float(values[first].real)
    if method == "column":
        w = (table / table.sum(axis=0)).mean(axis=1)
    else:
        w = np.exp(np.log(table).mean(axis=1))
        w = w / w.sum()
    return w, float(np.mean(table @ w / w))


@guarded
def random_index(count: Count, *, draws: Count = 10_000, seed: int = 0) -> float:
    """Mean consistency index of random judgements on so many criteria (随机一致性指标).

    What Saaty's table holds for up to 15 criteria, for any number: the mean CI of `draws` random
    reciprocal matrices whose entries above the diagonal are drawn evenly from 1/9, …, 1/2, 1, …,
    9. Other draws and scales give tables that differ in the second decimal.

    Examples
    --------
    >>> round(random_index(5), 1)  # 1.12 in Saaty's table
    1.1
    """
    if count <= 2:
        return 0.0
    rng = np.random.default_rng(seed)
    above = np.triu_indices(count, 1)
    total = 0.0
    for start in range(0, draws, 1000):
        size = min(1000, draws - start)
        table = np.ones((size, count, count))
        said = rng.choice(np.asarray(_SCALE), size=(size, above[0].size))
        table[:, above[0], above[1]] = said
        table[:, above[1], above[0]] = 1 / said
        total += float(np.linalg.eigvals(table).real.max(axis=1).sum())
    return (total / draws - count) / (count - 1)


@guarded
def ahp_group(
    matrices: Sequence[ArrayLike],
    method: AhpMethod = "eigenvector",
    *,
    by: Literal["judgement", "priority"] = "judgement",
) -> Ahp:
    """Weights from several experts' matrices.

    Parameters
    ----------
    matrices
        One matrix per expert, all of one size and, if they have labels, of the same criteria.
    method
        As in :func:`ahp`.
    by
        ``"judgement"``: the geometric mean of the entries is one expert's matrix.
        ``"priority"``: the experts' weights are averaged; lambda_max, CI and CR are then the
        means of theirs.
    """
    if len(matrices) == 0:
        refuse("没有专家判断矩阵。", "There is no expert's matrix.")
    shapes = [np.shape(m) for m in matrices]
    if len(set(shapes)) > 1:
        refuse(
            f"各专家判断矩阵大小不同：{shapes}。",
            f"The experts' matrices differ in size: {shapes}.",
        )
    first = next((m for m in matrices if isinstance(m, DataFrame)), None)
    labels = None if first is None else first.columns
    tables = [_in_order(m, labels) for m in matrices]
    each = [ahp(table, method) for table in tables]
    if by == "judgement":
        mean = np.exp(np.mean([np.log(numbers(table)) for table in tables], axis=0))
        result = ahp(mean, method)
        return result._replace(weights=with_labels(np.asarray(result.weights), labels, "weight"))
    return Ahp(
        with_labels(np.mean([np.asarray(e.weights) for e in each], axis=0), labels, "weight"),
        float(np.mean([e.lambda_max for e in each])),
        float(np.mean([e.CI for e in each])),
        float(np.mean([e.CR for e in each])),
    )


def _in_order(matrix: ArrayLike, labels: Any) -> Any:
    if not isinstance(matrix, DataFrame) or labels is None or matrix.columns.equals(labels):
        return matrix
    by_row = one_order(matrix, labels, "matrices")
    return one_order(by_row.T, labels, "matrices").T

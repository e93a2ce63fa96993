"""Weights of criteria: from the data, from pairwise comparison, combined (客观、主观与组合赋权)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UnknownNameError
from .tables import (
    Floats,
    as_matrix,
    as_weights,
    minmax,
    refuse,
    refuse_all_flat,
    refuse_negative,
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
    "weights_from_entropy",
]

_RANDOM_INDEX = {1: 0.0, 2: 0.0, 3: 0.58, 4: 0.90, 5: 1.12, 6: 1.24, 7: 1.32, 8: 1.41, 9: 1.45}
"""Saaty's mean random index by the size of the matrix; beyond 9 no ratio is given."""

_RECIPROCAL_TOLERANCE = 0.05  # 1/3 is often typed as 0.33, 1/7 as 0.14


class Ahp(NamedTuple):
    """Weights from pairwise comparisons, and how far the comparisons agree with themselves."""

    weights: Floats
    lambda_max: float
    CI: float
    CR: float


def entropy(
    matrix: ArrayLike,
    *,
    variant: Literal["proportion", "minmax"] = "proportion",
    shift: float = 0.0,
) -> Floats:
    r"""Information entropy of each column, 0 (all in one unit) to 1 (the same everywhere).

    Parameters
    ----------
    matrix
        Rows units, columns criteria, larger is better.
    variant
        ``"proportion"`` takes the matrix as given; ``"minmax"`` scales each column to 0..1 first.
    shift
        A constant added to each entry before proportions are taken. The textbook needs none,
        as 0 · ln 0 = 0; papers add .0001 or 1, which gives other weights.

    Notes
    -----
    :math:`p_{ij} = r_{ij} / \sum_i r_{ij}` and
    :math:`e_j = -\frac{1}{\ln n} \sum_i p_{ij} \ln p_{ij}`.
    """
    table = as_matrix(matrix)
    if variant == "minmax":
        table = minmax(table)
    elif variant != "proportion":
        raise UnknownNameError(
            str(variant), ["proportion", "minmax"], what="entropy variant", zh="熵权变体"
        )
    flat = np.ptp(table, axis=0) == 0
    table = table + shift
    refuse_negative(table)
    total = table.sum(axis=0)
    share = table / np.where(total > 0, total, 1.0)
    logs = np.log(np.where(share > 0, share, 1.0))
    e: Floats = -(share * logs).sum(axis=0) / np.log(len(table))
    e[flat] = 1.0  # the same everywhere: no information, whatever rounding says
    return e


def weights_from_entropy(entropies: ArrayLike) -> Floats:
    """Weights from entropies: each criterion's 1 − e over the sum of them.

    Examples
    --------
    >>> weights_from_entropy([0.5, 0.75, 0.75]).tolist()
    [0.5, 0.25, 0.25]
    """
    divergence = 1.0 - np.asarray(entropies, dtype=np.float64)
    if not np.isfinite(divergence).all() or (divergence < 0).any() or divergence.sum() == 0:
        refuse(
            "熵值应在 0 与 1 之间且不全为 1。",
            "Entropies must lie between 0 and 1 and not all be 1.",
        )
    weights: Floats = divergence / divergence.sum()
    return weights


def entropy_weights(
    matrix: ArrayLike,
    *,
    variant: Literal["proportion", "minmax"] = "proportion",
    shift: float = 0.0,
) -> Floats:
    """Entropy weights (熵权) of the criteria; they add to 1.

    A criterion on which the units differ more gets more weight. `variant` and `shift` are
    those of :func:`entropy`; name both wherever the weights are printed.

    Raises
    ------
    ZgcgisError
        If there is one unit, a number is missing or negative, or all columns are constant.

    Warns
    -----
    ZgcgisWarning
        If a column is constant: its weight is 0.

    Examples
    --------
    >>> entropy_weights([[1, 1], [3, 0]]).round(4).tolist()
    [0.1588, 0.8412]
    """
    table = as_matrix(matrix)
    e = entropy(table, variant=variant, shift=shift)
    flat = np.ptp(table, axis=0) == 0
    refuse_all_flat(flat)
    warn_flat(flat)
    return weights_from_entropy(np.clip(e, 0.0, 1.0))


def critic_weights(matrix: ArrayLike) -> Floats:
    r"""CRITIC weights: contrast of a criterion times its conflict with the others.

    Notes
    -----
    On the min-max table, with sample standard deviation :math:`s_j` and correlation
    :math:`r_{jk}`: :math:`w_j \propto s_j \sum_k (1 - r_{jk})` (Diakoulaki et al. 1995). The
    kind of deviation (n or n − 1) cancels. A constant column gets weight 0 and does not
    count among the others.
    """
    table = minmax(as_matrix(matrix))
    flat = np.ptp(table, axis=0) == 0
    refuse_all_flat(flat)
    warn_flat(flat)
    weights = np.zeros(table.shape[1])
    live = table[:, ~flat]
    if live.shape[1] == 1:
        weights[~flat] = 1.0
        return weights
    content = live.std(axis=0, ddof=1) * (1.0 - np.corrcoef(live, rowvar=False)).sum(axis=0)
    content = np.where(content > 1e-12 * live.shape[1], content, 0.0)
    if content.sum() == 0:
        refuse(
            "各准则完全相关，CRITIC 无法区分权重。",
            "The criteria are perfectly correlated, so CRITIC cannot tell them apart.",
        )
    weights[~flat] = content / content.sum()
    return weights


def deviation_weights(matrix: ArrayLike) -> Floats:
    """Weights by the share of each column's sample standard deviation (标准差法)."""
    table = as_matrix(matrix)
    deviation = table.std(axis=0, ddof=1)
    flat = np.ptp(table, axis=0) == 0
    refuse_all_flat(flat)
    warn_flat(flat)
    live = np.where(flat, 0.0, deviation)
    weights: Floats = live / live.sum()
    return weights


def combine_weights(*weights: ArrayLike, share: Sequence[float] | None = None) -> Floats:
    """Combine sets of weights (组合赋权): their product, or a mean in given shares.

    Parameters
    ----------
    *weights
        Two or more sets for the same criteria.
    share
        If given, the sets are averaged in these shares; otherwise w ∝ w₁·w₂·….

    Examples
    --------
    >>> combine_weights([0.5, 0.5], [0.2, 0.8]).tolist()
    [0.2, 0.8]
    >>> combine_weights([0.5, 0.5], [0.2, 0.8], share=[0.5, 0.5]).tolist()
    [0.35, 0.65]
    """
    count = np.asarray(weights[0]).size
    sets = np.array([as_weights(w, count) for w in weights])
    if share is not None:
        return np.asarray(as_weights(share, len(sets)) @ sets, dtype=np.float64)
    product = sets.prod(axis=0)
    if product.sum() == 0:
        refuse(
            "各组权重没有共同的正权重准则，乘积为 0。",
            "The sets of weights share no criterion with weight above 0; their product is 0.",
        )
    return np.asarray(product / product.sum(), dtype=np.float64)


def ahp(
    matrix: ArrayLike, method: Literal["eigenvector", "column", "geometric"] = "eigenvector"
) -> Ahp:
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
        CR = CI/RI with Saaty's random index, 0 for n ≤ 2 and NaN for n > 9. CR < 0.1 is
        taken as consistent.

    Examples
    --------
    >>> result = ahp([[1, 2], [1 / 2, 1]])
    >>> result.weights.round(4).tolist(), round(result.lambda_max, 10)
    ([0.6667, 0.3333], 2.0)
    """
    table = np.asarray(matrix, dtype=np.float64)
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
    n = len(table)
    if method == "eigenvector":
        values, vectors = np.linalg.eig(table)
        first = int(values.real.argmax())
        w = np.abs(vectors[:, first].real)
        w = w / w.sum()
        lambda_max = float(values[first].real)
    elif method == "column":
        w = (table / table.sum(axis=0)).mean(axis=1)
        lambda_max = float(np.mean(table @ w / w))
    elif method == "geometric":
        w = np.exp(np.log(table).mean(axis=1))
        w = w / w.sum()
        lambda_max = float(np.mean(table @ w / w))
    else:
        raise UnknownNameError(
            str(method),
            ["eigenvector", "column", "geometric"],
            what="AHP method",
            zh="层次分析算法",
        )
    ci = (lambda_max - n) / (n - 1) if n > 1 else 0.0
    if n <= 2:
        return Ahp(w, lambda_max, ci, 0.0)
    return Ahp(w, lambda_max, ci, ci / _RANDOM_INDEX[n] if n in _RANDOM_INDEX else float("nan"))


def ahp_group(
    matrices: Sequence[ArrayLike],
    method: Literal["eigenvector", "column", "geometric"] = "eigenvector",
    *,
    by: Literal["judgement", "priority"] = "judgement",
) -> Ahp:
    """Weights from several experts' matrices.

    Parameters
    ----------
    matrices
        One matrix per expert, all of one size.
    method
        As in :func:`ahp`.
    by
        ``"judgement"``: the geometric mean of the entries is one expert's matrix.
        ``"priority"``: the experts' weights are averaged; lambda_max, CI and CR are then the
        means of theirs.
    """
    if len(matrices) == 0:
        refuse("没有专家判断矩阵。", "There is no expert's matrix.")
    if by == "judgement":
        tables = [np.asarray(m, dtype=np.float64) for m in matrices]
        if len({t.shape for t in tables}) > 1:
            refuse(
                f"各专家判断矩阵大小不同：{[t.shape for t in tables]}。",
                f"The experts' matrices differ in size: {[t.shape for t in tables]}.",
            )
        for table in tables:
            ahp(table, method)
        return ahp(np.exp(np.mean([np.log(t) for t in tables], axis=0)), method)
    if by != "priority":
        raise UnknownNameError(
            str(by), ["judgement", "priority"], what="grouping", zh="专家集结方式"
        )
    each = [ahp(m, method) for m in matrices]
    return Ahp(
        np.mean([e.weights for e in each], axis=0),
        float(np.mean([e.lambda_max for e in each])),
        float(np.mean([e.CI for e in each])),
        float(np.mean([e.CR for e in each])),
    )

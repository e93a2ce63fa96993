"""Weights and rankings from many criteria (多准则决策), on bare arrays.

Rows are units, columns are criteria, and **larger is better** unless a function takes
`directions`. Nothing here knows what a unit or a criterion is.

Two things are never silent. The variant of a method is a named argument, because the same
table has an "entropy weight" of 2 % or of 31 % by the variant and shift chosen. And a table that
cannot be weighed -- a missing number, a negative area, one unit, a column that says nothing --
is refused or warned of in one sentence.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, NoReturn, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import UnknownNameError, ZgcgisError, ZgcgisWarning

__all__ = [
    "Acceptability",
    "Ahp",
    "Coupling",
    "Vikor",
    "ahp",
    "ahp_group",
    "closeness",
    "combine_weights",
    "coupling",
    "critic_weights",
    "deviation_weights",
    "entropy",
    "entropy_weights",
    "leave_one_out",
    "minmax",
    "orient",
    "rank",
    "rank_acceptability",
    "sample_weights",
    "stability_interval",
    "topsis",
    "vikor",
    "weighted_sum",
    "weights_from_entropy",
]

Floats: TypeAlias = NDArray[np.float64]

_RANDOM_INDEX = {1: 0.0, 2: 0.0, 3: 0.58, 4: 0.90, 5: 1.12, 6: 1.24, 7: 1.32, 8: 1.41, 9: 1.45}
"""Saaty's mean random index by the size of the matrix; beyond 9 no ratio is given."""

_SUM_TOLERANCE = 0.05  # printed weights are rounded, often to two decimals
_RECIPROCAL_TOLERANCE = 0.05  # 1/3 is often typed as 0.33, 1/7 as 0.14
_REJECTION_ROUNDS = 60
_GIBBS_SWEEPS = 60


class Ahp(NamedTuple):
    """Weights from pairwise comparisons, and how far the comparisons agree with themselves."""

    weights: Floats
    lambda_max: float
    CI: float
    CR: float


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


class Acceptability(NamedTuple):
    """How often each unit takes each rank, over weights and over errors of the data."""

    share: Floats  # (units, ranks), each row adds to 1
    mean_score: Floats
    low_score: Floats  # 5th percentile
    high_score: Floats  # 95th percentile


# --- tables and weights ------------------------------------------------------------------


def _refuse(zh: str, en: str) -> NoReturn:
    raise ZgcgisError(zh, en)


def _matrix(matrix: ArrayLike, *, units: int = 2) -> Floats:
    table = np.asarray(matrix, dtype=np.float64)
    if table.ndim != 2 or table.size == 0:
        _refuse(
            f"评价矩阵应为二维（行为单元，列为准则），收到的形状为 {table.shape}。",
            f"The matrix must have units as rows, criteria as columns; its shape is {table.shape}.",
        )
    if len(table) < units:
        _refuse(
            f"只有 {len(table)} 个单元，无法比较；至少需要 {units} 个。",
            f"There is only {len(table)} unit; a comparison needs at least {units}.",
        )
    if not np.isfinite(table).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(table))[0])
        _refuse(
            f"第 {row + 1} 行第 {column + 1} 列不是数（缺失或无穷）；请补数或去掉该行列。",
            f"Row {row + 1}, column {column + 1} is not a finite number; "
            "give it, or leave the row or column out.",
        )
    return table


def _refuse_negative(table: Floats, what: str = "proportion") -> None:
    if (table < 0).any():
        row, column = (int(i) for i in np.argwhere(table < 0)[0])
        _refuse(
            f"第 {row + 1} 行第 {column + 1} 列为负（{table[row, column]:g}），比重法不适用；"
            'variant="minmax" 可用于含负数的数据。',
            f"Row {row + 1}, column {column + 1} is negative ({table[row, column]:g}), which a "
            f'{what} cannot be; variant="minmax" takes negative numbers.',
        )


def _weights(weights: ArrayLike, count: int) -> Floats:
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != (count,):
        _refuse(
            f"权重个数为 {w.size}，准则个数为 {count}，两者应相等。",
            f"There are {w.size} weights for {count} criteria.",
        )
    if not np.isfinite(w).all() or (w < 0).any():
        _refuse(
            f"权重应为非负数，收到 {w.tolist()}。",
            f"Weights must be numbers that are not negative; got {w.tolist()}.",
        )
    if abs(w.sum() - 1) > _SUM_TOLERANCE:
        _refuse(
            f"权重之和为 {w.sum():g}，应为 1。",
            f"The weights add to {w.sum():g}, not to 1.",
        )
    return np.asarray(w / w.sum(), dtype=np.float64)


def _signs(directions: str | Sequence[str] | None, count: int) -> NDArray[np.bool_]:
    """True where less is better."""
    if directions is None:
        return np.zeros(count, dtype=bool)
    signs = list(directions)
    if len(signs) != count or set(signs) - {"+", "-"}:
        _refuse(
            f"directions 应为 {count} 个“+”或“-”，收到 {signs}。",
            f'directions must be {count} signs "+" or "-"; got {signs}.',
        )
    return np.array([sign == "-" for sign in signs])


def _warn_flat(flat: NDArray[np.bool_]) -> None:
    if flat.any():
        columns = [int(i) + 1 for i in np.flatnonzero(flat)]
        warnings.warn(
            f"第 {columns} 列各单元取值相同，权重为 0。\n"
            f"Column(s) {columns} are constant and get weight 0.",
            ZgcgisWarning,
            stacklevel=3,
        )


def _refuse_all_flat(flat: NDArray[np.bool_]) -> None:
    if flat.all():
        _refuse(
            "所有列在各单元间都没有差别，客观赋权无从进行。",
            "Every column is constant over the units, so the data give no weights.",
        )


def orient(matrix: ArrayLike, directions: str | Sequence[str]) -> Floats:
    """Turn columns where less is better (``"-"``) round, as max − x, so that larger is better."""
    table = _matrix(matrix, units=1)
    cost = _signs(directions, table.shape[1])
    return np.where(cost, table.max(axis=0) - table, table)


def minmax(matrix: ArrayLike, directions: str | Sequence[str] | None = None) -> Floats:
    """Scale each column to 0..1, 1 being the best; a constant column becomes 0.

    Examples
    --------
    >>> minmax([[1, 5], [3, 5], [2, 5]]).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.5, 0.0]]
    """
    table = _matrix(matrix, units=1)
    low, high = table.min(axis=0), table.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    cost = _signs(directions, table.shape[1])
    scaled: Floats = np.where(cost, high - table, table - low) / span
    return scaled


# --- weights from the data ---------------------------------------------------------------


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
    table = _matrix(matrix)
    if variant == "minmax":
        table = minmax(table)
    elif variant != "proportion":
        raise UnknownNameError(
            str(variant), ["proportion", "minmax"], what="entropy variant", zh="熵权变体"
        )
    flat = np.ptp(table, axis=0) == 0
    table = table + shift
    _refuse_negative(table)
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
        _refuse(
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
    table = _matrix(matrix)
    e = entropy(table, variant=variant, shift=shift)
    flat = np.ptp(table, axis=0) == 0
    _refuse_all_flat(flat)
    _warn_flat(flat)
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
    table = minmax(_matrix(matrix))
    flat = np.ptp(table, axis=0) == 0
    _refuse_all_flat(flat)
    _warn_flat(flat)
    weights = np.zeros(table.shape[1])
    live = table[:, ~flat]
    if live.shape[1] == 1:
        weights[~flat] = 1.0
        return weights
    content = live.std(axis=0, ddof=1) * (1.0 - np.corrcoef(live, rowvar=False)).sum(axis=0)
    content = np.where(content > 1e-12 * live.shape[1], content, 0.0)
    if content.sum() == 0:
        _refuse(
            "各准则完全相关，CRITIC 无法区分权重。",
            "The criteria are perfectly correlated, so CRITIC cannot tell them apart.",
        )
    weights[~flat] = content / content.sum()
    return weights


def deviation_weights(matrix: ArrayLike) -> Floats:
    """Weights by the share of each column's sample standard deviation (标准差法)."""
    table = _matrix(matrix)
    deviation = table.std(axis=0, ddof=1)
    flat = np.ptp(table, axis=0) == 0
    _refuse_all_flat(flat)
    _warn_flat(flat)
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
    sets = np.array([_weights(w, count) for w in weights])
    if share is not None:
        return np.asarray(_weights(share, len(sets)) @ sets, dtype=np.float64)
    product = sets.prod(axis=0)
    if product.sum() == 0:
        _refuse(
            "各组权重没有共同的正权重准则，乘积为 0。",
            "The sets of weights share no criterion with weight above 0; their product is 0.",
        )
    return np.asarray(product / product.sum(), dtype=np.float64)


# --- pairwise comparison -----------------------------------------------------------------


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
        _refuse(
            f"判断矩阵应为方阵，收到的形状为 {table.shape}。",
            f"A matrix of judgements must be square; its shape is {table.shape}.",
        )
    if not np.isfinite(table).all() or (table <= 0).any():
        _refuse(
            "判断矩阵的每个元素都应为正数。",
            "Every entry of a matrix of judgements must be positive.",
        )
    off = np.abs(table * table.T - 1.0)
    if off.max() > _RECIPROCAL_TOLERANCE:
        i, j = (int(k) for k in np.unravel_index(int(off.argmax()), off.shape))
        _refuse(
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
        _refuse("没有专家判断矩阵。", "There is no expert's matrix.")
    if by == "judgement":
        tables = [np.asarray(m, dtype=np.float64) for m in matrices]
        if len({t.shape for t in tables}) > 1:
            _refuse(
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


# --- rankings ----------------------------------------------------------------------------


def weighted_sum(matrix: ArrayLike, weights: ArrayLike) -> Floats:
    """Weighted sum of the columns, in their own unit."""
    table = _matrix(matrix, units=1)
    return np.asarray(table @ _weights(weights, table.shape[1]), dtype=np.float64)


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
    table = _matrix(matrix)
    w = _weights(weights, table.shape[1])
    cost = _signs(directions, table.shape[1])
    norm = np.sqrt((table**2).sum(axis=0))
    scaled = w * table / np.where(norm > 0, norm, 1.0)
    high, low = scaled.max(axis=0), scaled.min(axis=0)
    best, worst = np.where(cost, low, high), np.where(cost, high, low)
    d_plus = np.sqrt(((scaled - best) ** 2).sum(axis=1))
    d_minus = np.sqrt(((scaled - worst) ** 2).sum(axis=1))
    if not (d_plus + d_minus).any():
        _refuse(
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
    scaled = minmax(_matrix(matrix), directions)
    w = _weights(weights, scaled.shape[1])
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
        _refuse(
            "耦合协调度要求两个系统的指数都不为负。",
            "Coupling needs indices that are not negative.",
        )
    if abs(alpha + beta - 1) > 1e-9:
        _refuse(
            f"alpha 与 beta 之和为 {alpha + beta:g}，应为 1。",
            f"alpha and beta add to {alpha + beta:g}, not to 1.",
        )
    if k <= 0:
        _refuse(f"k 应为正数，收到 {k:g}。", f"k must be above 0; got {k:g}.")
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


# --- how sure is a rank ------------------------------------------------------------------


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
        _refuse(
            f"权重范围无效：下限 {a.tolist()}，上限 {b.tolist()}。",
            f"These weight ranges are not usable: low {a.tolist()}, high {b.tolist()}.",
        )
    if a.sum() > 1 + 1e-9 or b.sum() < 1 - 1e-9:
        _refuse(
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
    table = _matrix(matrix)
    units, criteria = table.shape
    rng = np.random.default_rng(seed)
    if weights is None:
        a = np.zeros(criteria) if low is None else np.asarray(low, dtype=np.float64)
        b = np.ones(criteria) if high is None else np.asarray(high, dtype=np.float64)
        w = sample_weights(draws, a, b, rng=rng)
    else:
        w = np.asarray(weights, dtype=np.float64)
        if w.ndim != 2 or w.shape[1] != criteria:
            _refuse(
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
    table = _matrix(matrix)
    w = _weights(weights, table.shape[1])
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
    table = _matrix(matrix)
    w = _weights(weights, table.shape[1])
    result = np.ones((table.shape[1], len(table)), dtype=np.int64)
    for j in range(table.shape[1]):
        left = np.delete(w, j)
        if left.sum() == 0:
            continue
        part, share = np.delete(table, j, axis=1), left / left.sum()
        scores = topsis(part, share) if method == "topsis" else part @ share
        result[j] = rank(scores)
    return result

"""Efficiency of units with several inputs and outputs (数据包络分析, DEA), on bare arrays.

Rows are units. The linear programmes run on HiGHS, after each column has been divided by its
mean: hectares beside yuan would otherwise meet the solver's tolerance of 1e-7, and the score
does not depend on the unit of measure. A programme without a solution gives NaN with its
reason, never 0.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame
from scipy.optimize import linprog

from .errors import UnknownNameError, ZgcgisError, ZgcgisWarning

__all__ = ["Efficiency", "efficiency", "malmquist", "scale", "units_needed"]

Floats: TypeAlias = NDArray[np.float64]
Returns: TypeAlias = Literal["crs", "vrs", "nirs"]
Orientation: TypeAlias = Literal["input", "output", "none"]

_SAME = 1e-6  # two scores closer than this are one score
_OK, _INFEASIBLE = 0, 2


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Efficiency of each unit, with its peers and slacks.

    Attributes
    ----------
    score
        1 on the frontier, below 1 inside; above 1 only with ``super=True``. Output-oriented
        scores are 1/φ, so that they compare. NaN where there is no solution.
    peers
        (units, units): weight λ of each unit in the point each unit is compared with.
    input_slacks, output_slacks
        What is too much or missing beyond the proportional change, in the unit of the column.
        Radial slacks are the largest sum (of scaled columns); they need not be unique.
    reason
        Per unit: empty, or why the score is NaN (zh, en).
    """

    score: Floats
    peers: Floats
    input_slacks: Floats
    output_slacks: Floats
    reason: tuple[tuple[str, str] | None, ...]


def _refuse(zh: str, en: str) -> NoReturn:
    raise ZgcgisError(zh, en)


def _table(values: ArrayLike, zh: str, en: str) -> Floats:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2 or table.size == 0:
        _refuse(
            f"{zh}应为二维（行为单元），收到的形状为 {table.shape}。",
            f"The {en}s must have units as rows; their shape is {table.shape}.",
        )
    if not np.isfinite(table).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(table))[0])
        _refuse(
            f"{zh}第 {row + 1} 行第 {column + 1} 列不是数（缺失或无穷）；请补数或去掉该单元。",
            f"{en.capitalize()} {column + 1} of unit {row + 1} is not a finite number; "
            "give it, or leave the unit out.",
        )
    if (table < 0).any():
        row, column = (int(i) for i in np.argwhere(table < 0)[0])
        _refuse(
            f"{zh}第 {row + 1} 行第 {column + 1} 列为负（{table[row, column]:g}），DEA 要求非负。",
            f"{en.capitalize()} {column + 1} of unit {row + 1} is negative "
            f"({table[row, column]:g}); DEA needs numbers that are not.",
        )
    return table


def _tables(inputs: ArrayLike, outputs: ArrayLike) -> tuple[Floats, Floats]:
    x, y = _table(inputs, "投入", "input"), _table(outputs, "产出", "output")
    if len(x) != len(y):
        _refuse(
            f"投入有 {len(x)} 行，产出有 {len(y)} 行，两者应相等。",
            f"There are {len(x)} rows of inputs and {len(y)} rows of outputs.",
        )
    return x, y


def units_needed(inputs: int, outputs: int) -> int:
    """Rule of thumb for the least number of units: max(m·s, 3(m + s))."""
    return max(inputs * outputs, 3 * (inputs + outputs))


def _scaled(table: Floats) -> tuple[Floats, Floats]:
    mean = table.mean(axis=0)
    mean = np.where(mean > 0, mean, 1.0)
    return table / mean, mean


def _solve(
    c: Floats,
    ub: tuple[Floats, Floats] | None,
    eq: tuple[Floats, Floats] | None,
    bounds: list[tuple[float | None, float | None]] | tuple[float, None] = (0.0, None),
) -> tuple[int, Floats]:
    result = linprog(
        c,
        A_ub=ub[0] if ub else None,
        b_ub=ub[1] if ub else None,
        A_eq=eq[0] if eq else None,
        b_eq=eq[1] if eq else None,
        bounds=bounds,
        method="highs",
        options={
            "primal_feasibility_tolerance": 1e-10,
            "dual_feasibility_tolerance": 1e-10,
        },
    )
    return int(result.status), result.x if result.status == _OK else np.full(len(c), np.nan)


_NO_SOLUTION = ("线性规划无可行解：参考集不能支配该单元", "no solution: no reference dominates it")
_NO_INPUT = ("该单元所有投入为 0", "all inputs of the unit are 0")
_NO_OUTPUT = ("该单元所有产出为 0", "all outputs of the unit are 0")
_ZERO_OUTPUT = ("该单元有产出为 0，SBM 的比率无定义", "an output is 0, so its ratio is undefined")


def _returns_rows(
    returns: Returns, count: int, extra_before: int = 0, extra_after: int = 0
) -> tuple[list[Floats], list[Floats]]:
    """Rows (upper-bound, equality) on Σλ with zeros for other variables; their right side is 1."""
    row = np.concatenate([np.zeros(extra_before), np.ones(count), np.zeros(extra_after)])
    if returns == "vrs":
        return [], [row]
    return ([row], []) if returns == "nirs" else ([], [])


def _radial(
    x0: Floats, y0: Floats, x: Floats, y: Floats, returns: Returns, orientation: Orientation
) -> tuple[int, float, Floats]:
    """θ of one point against a reference technology: status, θ (or φ) and λ."""
    n = len(x)
    c = np.zeros(n + 1)
    if orientation == "input":  # min θ: Xλ ≤ θ x0, Yλ ≥ y0
        c[0] = 1.0
        a = np.block([[-x0[:, None], x.T], [np.zeros((len(y0), 1)), -y.T]])
        b = np.concatenate([np.zeros(len(x0)), -y0])
    else:  # max φ: Xλ ≤ x0, Yλ ≥ φ y0
        c[0] = -1.0
        a = np.block([[np.zeros((len(x0), 1)), x.T], [y0[:, None], -y.T]])
        b = np.concatenate([x0, np.zeros(len(y0))])
    ub, eq = _returns_rows(returns, n, extra_before=1)
    if ub:
        a, b = np.vstack([a, *ub]), np.append(b, 1.0)
    status, solution = _solve(c, (a, b), (np.array(eq), np.ones(1)) if eq else None)
    return status, float(solution[0]), solution[1:]


def _slacks(
    x0: Floats, y0: Floats, x: Floats, y: Floats, returns: Returns
) -> tuple[int, Floats, Floats, Floats]:
    """Second stage: the largest sum of slacks at the projected point; λ, s⁻, s⁺."""
    n, m, s = len(x), len(x0), len(y0)
    c = np.concatenate([np.zeros(n), -np.ones(m + s)])
    a = np.block(
        [
            [x.T, np.eye(m), np.zeros((m, s))],
            [y.T, np.zeros((s, m)), -np.eye(s)],
        ]
    )
    b = np.concatenate([x0, y0])
    ub, eq = _returns_rows(returns, n, extra_after=m + s)
    if eq:
        a, b = np.vstack([a, *eq]), np.append(b, 1.0)
    status, z = _solve(c, (np.array(ub), np.ones(1)) if ub else None, (a, b))
    return status, z[:n], z[n : n + m], z[n + m :]


def _sbm(
    x0: Floats, y0: Floats, x: Floats, y: Floats, returns: Returns, orientation: Orientation
) -> tuple[int, float, Floats, Floats, Floats]:
    """Slacks-based measure (Tone 2001) by the Charnes-Cooper transformation.

    Variables t, Λ = tλ, S⁻ = ts⁻, S⁺ = ts⁺. An input of 0 has no slack and drops out of the mean.
    """
    n, m, s = len(x), len(x0), len(y0)
    t, lam, s_in = 0, slice(1, 1 + n), slice(1 + n, 1 + n + m)
    s_out = slice(1 + n + m, 1 + n + m + s)
    count = 1 + n + m + s
    c = np.zeros(count)
    norm = np.zeros(count)
    norm[t] = 1.0
    used = x0 > 0
    if orientation == "output":
        c[t] = 1.0
    else:
        c[t] = 1.0
        c[s_in][used] = -1.0 / (m * x0[used])
    if orientation != "input":
        norm[s_out] = 1.0 / (s * y0)
    a = np.zeros((1 + m + s, count))
    a[0] = norm
    a[1 : 1 + m, t], a[1 : 1 + m, lam], a[1 : 1 + m, s_in] = -x0, x.T, np.eye(m)
    a[1 + m :, t], a[1 + m :, lam], a[1 + m :, s_out] = -y0, y.T, -np.eye(s)
    b = np.zeros(1 + m + s)
    b[0] = 1.0
    ub: tuple[Floats, Floats] | None = None
    row = np.zeros(count)
    row[lam], row[t] = 1.0, -1.0
    if returns == "vrs":
        a, b = np.vstack([a, row]), np.append(b, 0.0)
    elif returns == "nirs":
        ub = (row[None], np.zeros(1))
    status, z = _solve(c, ub, (a, b))
    if status != _OK:
        return status, np.nan, z[lam], z[s_in], z[s_out]
    return status, float(c @ z), z[lam] / z[t], z[s_in] / z[t], z[s_out] / z[t]


def _super_sbm(
    x0: Floats, y0: Floats, x: Floats, y: Floats, returns: Returns, orientation: Orientation
) -> tuple[int, float, Floats]:
    """Super-efficiency of an SBM-efficient unit (Tone 2002), reference set without the unit.

    Nearest point x̄ ≥ x0, ȳ ≤ y0 of the technology; variables t, Λ, X̄, Ȳ (times t).
    """
    n, m, s = len(x), len(x0), len(y0)
    t, lam, big = 0, slice(1, 1 + n), slice(1 + n, 1 + n + m)
    small = slice(1 + n + m, 1 + n + m + s)
    count = 1 + n + m + s
    used = x0 > 0
    c = np.zeros(count)
    norm = np.zeros(count)
    if orientation == "output":
        c[t] = 1.0
    else:
        c[big][used] = 1.0 / (used.sum() * x0[used])
    if orientation == "input":
        norm[t] = 1.0
    else:
        norm[small] = 1.0 / (s * y0)
    rows, right = [], []
    for i in range(m):  # X̄ ≥ ΛX; X̄ ≥ t x0 (equal where inputs may not move)
        row = np.zeros(count)
        row[lam], row[big.start + i] = x[:, i], -1.0
        rows.append(row)
        row = np.zeros(count)
        row[t], row[big.start + i] = x0[i], -1.0
        rows.append(row)
    for r in range(s):  # Ȳ ≤ ΛY; Ȳ ≤ t y0
        row = np.zeros(count)
        row[lam], row[small.start + r] = -y[:, r], 1.0
        rows.append(row)
        row = np.zeros(count)
        row[t], row[small.start + r] = -y0[r], 1.0
        rows.append(row)
    right = [0.0] * len(rows)
    eq, eq_right = [norm], [1.0]
    for fixed, side, point in (
        (orientation == "output", big, x0),
        (orientation == "input", small, y0),
    ):
        if fixed:
            for i in range(len(point)):
                row = np.zeros(count)
                row[side.start + i], row[t] = 1.0, -point[i]
                eq.append(row)
                eq_right.append(0.0)
    row = np.zeros(count)
    row[lam], row[t] = 1.0, -1.0
    if returns == "vrs":
        eq.append(row)
        eq_right.append(0.0)
    elif returns == "nirs":
        rows.append(row)
        right.append(0.0)
    status, z = _solve(c, (np.array(rows), np.array(right)), (np.array(eq), np.array(eq_right)))
    if status != _OK:
        return status, np.nan, z[lam]
    return status, float(c @ z), z[lam] / z[t]


def _check_names(returns: str, orientation: str | None, model: str) -> None:
    if returns not in ("crs", "vrs", "nirs"):
        raise UnknownNameError(returns, ["crs", "vrs", "nirs"], what="returns", zh="规模报酬")
    if model not in ("radial", "sbm"):
        raise UnknownNameError(model, ["radial", "sbm"], what="model", zh="模型")
    if orientation not in (None, "input", "output", "none"):
        raise UnknownNameError(
            str(orientation), ["input", "output", "none"], what="orientation", zh="导向"
        )
    if model == "radial" and orientation == "none":
        _refuse(
            '径向模型须有导向（"input" 或 "output"）；无导向请用 model="sbm"。',
            'A radial model needs an orientation ("input" or "output"); without one use model="sbm".',
        )


def efficiency(
    inputs: ArrayLike,
    outputs: ArrayLike,
    *,
    returns: Returns = "crs",
    orientation: Orientation | None = None,
    model: Literal["radial", "sbm"] = "radial",
    super: bool = False,
) -> Efficiency:
    r"""Efficiency of each unit, with peers and slacks.

    Parameters
    ----------
    inputs, outputs
        Rows units, columns variables, not negative.
    returns
        ``"crs"`` constant (CCR), ``"vrs"`` variable (BCC: Σλ = 1), ``"nirs"`` not increasing
        (Σλ ≤ 1) returns to scale.
    orientation
        ``"input"``, ``"output"`` or ``"none"``. By default ``"input"`` for the radial model and
        ``"none"`` for SBM, as in their papers.
    model
        ``"radial"`` (Charnes, Cooper and Rhodes 1978; Banker, Charnes and Cooper 1984) or
        ``"sbm"``, the slacks-based measure (Tone 2001).
    super
        Leave each unit out of its own reference set, so that efficient units are told apart
        (Andersen and Petersen 1993; for SBM, Tone 2002).

    Returns
    -------
    Efficiency
        ``.score``, ``.peers``, ``.input_slacks``, ``.output_slacks``, ``.reason``.

    Warns
    -----
    ZgcgisWarning
        If there are fewer units than max(m·s, 3(m + s)): most will look efficient.

    Notes
    -----
    Input orientation: :math:`\min θ` subject to :math:`Xλ ≤ θx_0, Yλ ≥ y_0, λ ≥ 0`. SBM:
    :math:`\min (1 - \frac1m Σ s^-_i/x_{i0}) / (1 + \frac1s Σ s^+_r/y_{r0})`.

    Examples
    --------
    Two units, one input, one output; the second needs twice the land for the same output.

    >>> import warnings; warnings.simplefilter("ignore")
    >>> efficiency([[1], [2]], [[1], [1]]).score.round(6).tolist()
    [1.0, 0.5]
    """
    _check_names(returns, orientation, model)
    x_raw, y_raw = _tables(inputs, outputs)
    toward: Orientation = orientation or ("none" if model == "sbm" else "input")
    needed = units_needed(x_raw.shape[1], y_raw.shape[1])
    if len(x_raw) < needed:
        m, s = x_raw.shape[1], y_raw.shape[1]
        warnings.warn(
            f"单元数 {len(x_raw)} 少于经验下限 {needed}（投入 {m} 项、产出 {s} 项），"
            "多数单元会显得有效；请合并变量或增加单元。\n"
            f"{len(x_raw)} units are fewer than the {needed} that {m} inputs and {s} outputs ask "
            "for; most will look efficient. Use fewer variables or more units.",
            ZgcgisWarning,
            stacklevel=2,
        )
    x, x_mean = _scaled(x_raw)
    y, y_mean = _scaled(y_raw)
    n = len(x)
    # a unit without inputs would put all others at 0
    able: NDArray[np.bool_] = np.asarray(x.any(axis=1) & y.any(axis=1), dtype=np.bool_)
    score = np.full(n, np.nan)
    peers = np.zeros((n, n))
    s_in, s_out = np.full(x.shape, np.nan), np.full(y.shape, np.nan)
    reason: list[tuple[str, str] | None] = []
    for i in range(n):  # one linear programme per unit
        why = _unit_reason(x[i], y[i], model, toward)
        if why is None:
            keep: NDArray[np.bool_] = able.copy()
            keep[i] = keep[i] and not super
            if model == "sbm":
                got = _one_sbm(i, x, y, able, keep, returns, toward)
            else:
                got = _one_radial(i, x, y, keep, returns, toward)
            if got is None:
                why = _NO_SOLUTION
            else:
                score[i], peers[i, keep], s_in[i], s_out[i] = got
        if why is not None:
            peers[i] = np.nan
        reason.append(why)
    return Efficiency(score, peers + 0.0, s_in * x_mean + 0.0, s_out * y_mean + 0.0, tuple(reason))


def _unit_reason(
    x0: Floats, y0: Floats, model: str, orientation: Orientation
) -> tuple[str, str] | None:
    if not x0.any():
        return _NO_INPUT
    if not y0.any():
        return _NO_OUTPUT
    if model == "sbm" and orientation != "input" and (y0 == 0).any():
        return _ZERO_OUTPUT
    return None


_One: TypeAlias = tuple[float, Floats, Floats, Floats] | None


def _one_radial(
    i: int, x: Floats, y: Floats, keep: NDArray[np.bool_], returns: Returns, toward: Orientation
) -> _One:
    if not keep.any():
        return None
    status, theta, _ = _radial(x[i], y[i], x[keep], y[keep], returns, toward)
    if status != _OK or (toward == "output" and theta <= 0):
        return None
    x_at = theta * x[i] if toward == "input" else x[i]
    y_at = theta * y[i] if toward == "output" else y[i]
    status, lam, s_in, s_out = _slacks(x_at, y_at, x[keep], y[keep], returns)
    if status != _OK:  # the projected point is on the border; give the solver the rounding it needs
        wide = 1e-9 * max(float(x_at.max()), 1.0)
        status, lam, s_in, s_out = _slacks(x_at + wide, y_at, x[keep], y[keep], returns)
    return (theta if toward == "input" else 1.0 / theta), lam, s_in, s_out


def _one_sbm(
    i: int,
    x: Floats,
    y: Floats,
    able: NDArray[np.bool_],
    keep: NDArray[np.bool_],
    returns: Returns,
    toward: Orientation,
) -> _One:
    status, rho, lam, s_in, s_out = _sbm(x[i], y[i], x[able], y[able], returns, toward)
    if status != _OK:
        return None
    if keep[i] or rho < 1 - _SAME:  # super-efficiency is asked only of units on the frontier
        return rho, lam[keep[able]], s_in, s_out
    if not keep.any():
        return None
    status, rho, lam = _super_sbm(x[i], y[i], x[keep], y[keep], returns, toward)
    return None if status != _OK else (rho, lam, np.zeros_like(s_in), np.zeros_like(s_out))


def scale(
    inputs: ArrayLike, outputs: ArrayLike, *, orientation: Orientation = "input"
) -> DataFrame:
    """Technical, pure technical and scale efficiency, and returns to scale of each unit.

    Returns
    -------
    DataFrame
        ``crs`` and ``vrs`` scores, ``scale`` = crs/vrs, and ``returns``: ``"-"`` constant,
        ``"irs"`` increasing (the unit is too small), ``"drs"`` decreasing (too large), by
        comparison with the score under not increasing returns.
    """
    crs = efficiency(inputs, outputs, returns="crs", orientation=orientation).score
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZgcgisWarning)  # said once, above
        vrs = efficiency(inputs, outputs, returns="vrs", orientation=orientation).score
        nirs = efficiency(inputs, outputs, returns="nirs", orientation=orientation).score
    kind = np.where(
        np.abs(crs - vrs) < _SAME, "-", np.where(np.abs(nirs - crs) < _SAME, "irs", "drs")
    ).astype(object)
    kind[np.isnan(crs) | np.isnan(vrs)] = None
    return pd.DataFrame({"crs": crs, "vrs": vrs, "scale": crs / vrs, "returns": kind})


def malmquist(
    inputs: ArrayLike, outputs: ArrayLike, years: ArrayLike, *, parts: bool = False
) -> DataFrame:
    r"""Productivity change between years: efficiency change times frontier shift.

    Parameters
    ----------
    inputs, outputs
        Rows are unit-years, with the units in the same order in every year.
    years
        The year of each row.
    parts
        Also split ``ec`` into pure efficiency change ``pec`` and scale change ``sec``.

    Returns
    -------
    DataFrame
        One row per unit and pair of following years: ``unit`` (position within a year),
        ``from``, ``to``, ``ec``, ``tc``, ``mi``. Above 1 is progress.

    Notes
    -----
    Constant returns, input oriented, θ ≤ 1. With :math:`e_{ab}` the score of the unit of year b
    against the frontier of year a: :math:`EC = e_{11}/e_{00}`,
    :math:`TC = \sqrt{(e_{01}/e_{11}) (e_{00}/e_{10})}`, :math:`MI = EC · TC` (Färe et al. 1994).
    """
    x, y = _tables(inputs, outputs)
    when = np.asarray(years)
    if when.shape != (len(x),):
        _refuse(
            f"年份有 {when.size} 个，数据有 {len(x)} 行，两者应相等。",
            f"There are {when.size} years for {len(x)} rows.",
        )
    labels, counts = np.unique(when, return_counts=True)
    if len(labels) < 2:
        _refuse("Malmquist 指数至少需要两个年份。", "A Malmquist index needs at least two years.")
    if len(set(counts.tolist())) > 1:
        sizes = dict(zip(labels.tolist(), counts.tolist(), strict=True))
        _refuse(
            f"各年份的单元数不同（{sizes}）；请只保留每年都有的单元。",
            f"The years differ in their number of units ({sizes}); keep the units that every year has.",
        )
    _refuse_empty(x, y)
    x, y = _scaled(x)[0], _scaled(y)[0]
    rows = [np.flatnonzero(when == label) for label in labels]
    frames = [
        _change(x, y, rows[k], rows[k + 1], labels[k], labels[k + 1], parts=parts)
        for k in range(len(labels) - 1)
    ]
    table = pd.concat(frames, ignore_index=True)
    unknown = int(table["mi"].isna().sum())
    if unknown:
        warnings.warn(
            f"{unknown} 个单元的跨期线性规划无可行解（另一年没有该项产出），结果为空。\n"
            f"{unknown} changes are unknown: a programme between the years has no solution, because "
            "nobody made that output in the other year.",
            ZgcgisWarning,
            stacklevel=2,
        )
    return table


def _refuse_empty(x: Floats, y: Floats) -> None:
    for table, zh, en in ((x, "投入", "input"), (y, "产出", "output")):
        empty = np.flatnonzero(~table.any(axis=1))
        if empty.size:
            _refuse(
                f"第 {int(empty[0]) + 1} 行的{zh}全为 0，无法计算生产率变化。",
                f"All {en}s of row {int(empty[0]) + 1} are 0, so productivity has no meaning.",
            )


def _change(
    x: Floats,
    y: Floats,
    old: NDArray[np.intp],
    new: NDArray[np.intp],
    year_old: object,
    year_new: object,
    *,
    parts: bool,
) -> DataFrame:
    def scores(at: NDArray[np.intp], of: NDArray[np.intp], returns: Returns = "crs") -> Floats:
        return np.array([_radial(x[i], y[i], x[at], y[at], returns, "input")[1] for i in of])

    e00, e11, e01, e10 = scores(old, old), scores(new, new), scores(old, new), scores(new, old)
    ec, tc = e11 / e00, np.sqrt((e01 / e11) * (e00 / e10))
    frame = pd.DataFrame(
        {
            "unit": np.arange(len(old)),
            "from": year_old,
            "to": year_new,
            "ec": ec,
            "tc": tc,
            "mi": ec * tc,
        }
    )
    if parts:
        frame["pec"] = scores(new, new, "vrs") / scores(old, old, "vrs")
        frame["sec"] = frame["ec"] / frame["pec"]
    return frame

"""Allocation (用地安排): which parcel gets which use, which project goes to which park.

A choice is a row of a table of *options*; a limit is a sum over options that may not exceed, or
has to reach, a bound. :func:`solve` finds the best set of options by mixed-integer programming
(HiGHS), says which limits bind and what one more hectare of each would bring, and, where nothing
fits, which limits contradict one another. It knows no geometry: neighbours, quotas and plan lines
reach it as limits and conflicts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...language.errors import MissingColumnsError, ZgcgisError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Allocation", "Limit", "Problem", "greedy", "solve", "value_of", "violations"]

M2_PER_HA = 10_000.0
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Limit:
    """A bound on a sum over options.

    ``weights`` holds one number per option (square metres for land, 0 where the option does not
    count). The sum is to stay at or below ``most`` and to reach ``least``.
    """

    name: str
    weights: NDArray[np.float64]
    most: float = np.inf
    least: float = -np.inf
    zh: str = ""
    en: str = ""
    clause: str = ""


@dataclass(frozen=True)
class Problem:
    """What is to be decided.

    ``options`` has the columns ``item`` (parcel or project), ``choice`` (use or park), ``value``
    and ``area_m2``; an item takes at most one of its options. ``conflicts`` are pairs of row
    positions that exclude one another (uses that may not be neighbours).
    """

    options: pd.DataFrame
    limits: tuple[Limit, ...] = ()
    conflicts: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if lacking := {"item", "choice", "value", "area_m2"} - set(self.options.columns):
            raise MissingColumnsError(lacking, self.options.columns, where="options")
        for limit in self.limits:
            if len(limit.weights) != len(self.options):
                raise ZgcgisError(
                    f"约束 {limit.name} 的系数个数与备选方案数不符。",
                    f"limit {limit.name}: one weight per option is needed.",
                )


@dataclass(frozen=True)
class Allocation:
    """An answer: what was chosen, what it is worth, what stood in its way.

    Attributes
    ----------
    status
        ``"optimal"``, ``"feasible"`` (stopped by the time limit, with the gap that is left) or
        ``"infeasible"``.
    chosen
        The options taken.
    value
        Sum of their values; NaN if nothing fits.
    limits
        One row per limit: ``name zh en used least most slack binding one_more_ha shadow_per_ha
        clause``. ``one_more_ha`` is what the whole answer would gain if the bound were one
        hectare wider, found by solving again; ``shadow_per_ha`` is the price in the relaxed
        problem, where parcels may be split.
    conflict
        Where nothing fits: the names of a smallest set of limits that contradict one another
        (each of them can be dropped to make the rest fit together).
    gap
        How far the answer may be from the best one, as a share of its value.
    """

    status: str
    chosen: pd.DataFrame
    value: float
    limits: pd.DataFrame
    conflict: tuple[str, ...] = ()
    gap: float = 0.0
    notes: tuple[str, ...] = field(default_factory=tuple)


def solve(problem: Problem, *, explain: bool = True, seconds: float = 60.0) -> Allocation:
    """Return the best set of options that keeps every limit.

    Parameters
    ----------
    problem
        Options, limits and conflicts.
    explain
        Whether to find out what one more hectare of each binding limit would bring: one more
        solution per binding limit.
    seconds
        Time limit of the search for the best answer.
    """
    if problem.options.empty:
        empty = problem.options
        open_floor = [limit.name for limit in problem.limits if limit.least > _TOLERANCE]
        status = "infeasible" if open_floor else "optimal"
        return Allocation(
            status,
            empty,
            np.nan if open_floor else 0.0,
            _limit_table(problem, np.zeros(0)),
            tuple(open_floor[:1]),
        )
    x, status, gap = _search(problem, seconds)
    if x is None:
        return Allocation(
            "infeasible",
            problem.options.iloc[:0],
            np.nan,
            _limit_table(problem, np.zeros(len(problem.options))),
            _conflicting(problem, seconds),
        )
    taken = x > 0.5
    limits = _limit_table(problem, taken.astype("float64"))
    value = float(problem.options["value"].to_numpy(dtype="float64")[taken].sum())
    if explain:
        limits = _explained(problem, limits, value, seconds)
    return Allocation(status, problem.options[taken], value, limits, (), gap)


def value_of(problem: Problem, taken: NDArray[np.bool_]) -> float:
    """Return what a set of options is worth."""
    return float(problem.options["value"].to_numpy(dtype="float64")[taken].sum())


def violations(problem: Problem, taken: NDArray[np.bool_]) -> list[str]:
    """Return the names of the limits that a set of options breaks; empty if it may stand."""
    broken = []
    if problem.options["item"][taken].duplicated().any():
        broken.append("item taken twice")
    broken += ["conflict" for i, j in problem.conflicts if taken[i] and taken[j]]
    for limit in problem.limits:
        used = float(limit.weights[taken].sum())
        if used > limit.most + _slack(limit.most) or used < limit.least - _slack(limit.least):
            broken.append(limit.name)
    return broken


def greedy(problem: Problem) -> NDArray[np.bool_]:
    """Return what the usual hand method takes: the dearest land first, as long as it fits.

    First the floors are filled with the options of highest value per square metre that count for
    them, then whatever still fits is added in the same order. It is the baseline that
    :func:`solve` is measured against.
    """
    options = problem.options
    worth = options["value"].to_numpy(dtype="float64")
    order = np.argsort(-worth / options["area_m2"].to_numpy(dtype="float64"), kind="stable")
    items = options["item"].to_numpy()
    taken = np.zeros(len(options), dtype="bool")
    used = {limit.name: 0.0 for limit in problem.limits}
    blocked = _blocking(problem)
    busy: set[object] = set()

    def fits(k: int) -> bool:
        if items[k] in busy or any(taken[other] for other in blocked.get(k, ())):
            return False
        return all(
            used[limit.name] + limit.weights[k] <= limit.most + _slack(limit.most)
            for limit in problem.limits
        )

    def take(k: int) -> None:
        taken[k] = True
        busy.add(items[k])
        for limit in problem.limits:
            used[limit.name] += float(limit.weights[k])

    for floor in (limit for limit in problem.limits if np.isfinite(limit.least)):
        for k in order:
            if used[floor.name] >= floor.least:
                break
            if floor.weights[k] > 0 and fits(k):
                take(k)
    for k in order:
        if worth[k] > 0 and fits(k):
            take(k)
    return taken


def _blocking(problem: Problem) -> dict[int, list[int]]:
    blocked: dict[int, list[int]] = {}
    for i, j in problem.conflicts:
        blocked.setdefault(i, []).append(j)
        blocked.setdefault(j, []).append(i)
    return blocked


def _slack(bound: float) -> float:
    return _TOLERANCE * max(1.0, abs(bound)) if np.isfinite(bound) else 0.0


def _rows(problem: Problem) -> tuple[csr_array, NDArray[np.float64], NDArray[np.float64]]:
    """The limits as a sparse matrix with lower and upper bounds, scaled row by row."""
    from scipy.sparse import csr_array, vstack  # scipy comes late: only who solves waits for it

    count = len(problem.options)
    codes, _ = pd.factorize(problem.options["item"])
    once = csr_array(
        (np.ones(count), (codes, np.arange(count))), shape=(int(codes.max()) + 1, count)
    )
    parts, low, high = [once], [np.full(once.shape[0], -np.inf)], [np.ones(once.shape[0])]
    if problem.conflicts:
        pairs = np.asarray(problem.conflicts, dtype="int64")
        rows = np.repeat(np.arange(len(pairs)), 2)
        parts.append(
            csr_array((np.ones(2 * len(pairs)), (rows, pairs.ravel())), shape=(len(pairs), count))
        )
        low.append(np.full(len(pairs), -np.inf))
        high.append(np.ones(len(pairs)))
    for limit in problem.limits:
        scale = max(float(np.abs(limit.weights).max(initial=0.0)), 1.0)
        parts.append(csr_array(limit.weights[np.newaxis, :] / scale))
        low.append(np.asarray([limit.least / scale]))
        high.append(np.asarray([limit.most / scale]))
    return csr_array(vstack(parts)), np.concatenate(low), np.concatenate(high)


def _search(problem: Problem, seconds: float) -> tuple[NDArray[np.float64] | None, str, float]:
    from scipy.optimize import Bounds, LinearConstraint, milp

    matrix, low, high = _rows(problem)
    worth = problem.options["value"].to_numpy(dtype="float64")
    scale = float(np.abs(worth).max(initial=0.0)) or 1.0
    answer = milp(
        -worth / scale,
        constraints=LinearConstraint(matrix, low, high),
        integrality=np.ones(len(worth)),
        bounds=Bounds(0.0, 1.0),
        options={"mip_rel_gap": 0.0, "time_limit": seconds},
    )
    if answer.x is None:
        if answer.status == 2:
            return None, "infeasible", np.nan
        raise ZgcgisError(
            f"{seconds:g} 秒内没有找到可行方案，也没有证明无解；请放宽时间（--seconds）或减少备选地块。",
            f"No answer within {seconds:g} seconds, and no proof that there is none; "
            "allow more time (--seconds) or offer fewer parcels.",
        )
    gap = float(answer.mip_gap or 0.0)
    return np.asarray(answer.x), "optimal" if answer.status == 0 else "feasible", gap


def _limit_table(problem: Problem, taken: NDArray[np.float64]) -> pd.DataFrame:
    rows = []
    for limit in problem.limits:
        used = float(limit.weights @ taken) if len(taken) else 0.0
        slack = min(limit.most - used, used - limit.least)
        rows.append(
            {
                "name": limit.name,
                "zh": limit.zh or limit.name,
                "en": limit.en or limit.name,
                "used": used,
                "least": limit.least,
                "most": limit.most,
                "slack": slack,
                "binding": False,
                "one_more_ha": np.nan,
                "shadow_per_ha": np.nan,
                "clause": limit.clause,
            }
        )
    columns = ["name", "zh", "en", "used", "least", "most", "slack", "binding", "one_more_ha",
               "shadow_per_ha", "clause"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _explained(
    problem: Problem, limits: pd.DataFrame, value: float, seconds: float
) -> pd.DataFrame:
    """Add what one more hectare of each limit would bring, and which limits bind."""
    limits = limits.copy()
    prices = _shadow_prices(problem)
    for k, limit in enumerate(problem.limits):
        limits.loc[k, "shadow_per_ha"] = prices[k] * M2_PER_HA
        counted = limit.weights[limit.weights > 0]
        if not len(counted) or limits.loc[k, "slack"] >= counted.max() + M2_PER_HA:
            limits.loc[k, "one_more_ha"] = 0.0  # room for whole parcels is left
            continue
        wider = replace(limit, most=limit.most + M2_PER_HA, least=limit.least - M2_PER_HA)
        changed = (*problem.limits[:k], wider, *problem.limits[k + 1 :])
        x, _, _ = _search(replace(problem, limits=changed), seconds)
        more = value_of(problem, x > 0.5) - value if x is not None else 0.0
        gain = 0.0 if abs(more) <= _TOLERANCE * max(1.0, abs(value)) else more
        limits.loc[k, "one_more_ha"] = gain
        limits.loc[k, "binding"] = gain > 0
    return limits


def _shadow_prices(problem: Problem) -> NDArray[np.float64]:
    """Value per unit of each limit in the relaxed problem, where an item may be split."""
    from scipy.optimize import linprog
    from scipy.sparse import vstack

    matrix, low, high = _rows(problem)
    worth = problem.options["value"].to_numpy(dtype="float64")
    upper, lower = np.isfinite(high), np.isfinite(low)
    stacked = vstack([matrix[upper], -matrix[lower]])
    bound = np.concatenate([high[upper], -low[lower]])
    answer = linprog(-worth, A_ub=stacked, b_ub=bound, bounds=(0.0, 1.0), method="highs")
    prices = np.zeros(len(problem.limits))
    if not answer.success:
        return prices
    by_row = np.zeros(matrix.shape[0])
    marginals = np.abs(np.asarray(answer.ineqlin.marginals))
    by_row[np.flatnonzero(upper)] += marginals[: int(upper.sum())]
    by_row[np.flatnonzero(lower)] += marginals[int(upper.sum()) :]
    first = matrix.shape[0] - len(problem.limits)
    for k, limit in enumerate(problem.limits):
        prices[k] = by_row[first + k] / max(float(np.abs(limit.weights).max(initial=0.0)), 1.0)
    return prices


def _conflicting(problem: Problem, seconds: float) -> tuple[str, ...]:
    """Return a smallest set of limits that cannot be kept together (deletion filter)."""

    def fits(limits: Sequence[Limit], *, with_conflicts: bool) -> bool:
        tried = replace(
            problem,
            options=problem.options.assign(value=0.0),
            limits=tuple(limits),
            conflicts=problem.conflicts if with_conflicts else (),
        )
        return _search(tried, seconds)[0] is not None

    neighbours = bool(problem.conflicts)
    if neighbours and not fits(problem.limits, with_conflicts=False):
        neighbours = False  # the limits contradict one another without the neighbours
    kept = list(problem.limits)
    for limit in problem.limits:
        fewer = [one for one in kept if one is not limit]
        if not fits(fewer, with_conflicts=neighbours):
            kept = fewer
    names = [limit.name for limit in kept]
    return (*names, "adjacency") if neighbours else tuple(names)

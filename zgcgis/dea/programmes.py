"""Many small linear programmes of one shape at a time (批量线性规划).

A data envelopment asks the same programme once per unit: a handful of rows, as many columns as
there are units. All of them are solved together by the simplex method on stacked tableaux, and no
answer is taken on trust: it has to be feasible, its prices too, and the two objectives have to
agree. What fails goes to HiGHS, is held to the same, and else has no answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from ..mcdm.arguments import Floats

__all__ = ["INFEASIBLE", "SOLVED", "UNSURE", "Programmes", "Solved", "solve"]

SOLVED, INFEASIBLE, UNSURE = 0, 1, 2

_ZERO = 1e-11  # of entries that are at most 1: a price or a pivot below it is none
_SURE = 1e-9  # how far an answer may be off where it is held against the programme
_PATIENCE = 60  # pivots by the steepest price; then by the first one, which never goes round
_MOST_PIVOTS = 600
_ROOM = 4_000_000  # numbers in the stacked tableaux at a time


@dataclass(frozen=True, slots=True)
class Programmes:
    """Programmes of one shape: min c·z with A z = b, z ≥ 0, where b ≥ 0.

    Attributes
    ----------
    a, b, c
        (programmes, rows, columns), (programmes, rows) and (programmes, columns).
    start
        Per row the column that is the unit vector of the row and may be the first basis, or −1.
    then
        A second objective, (programmes, columns), taken up among the answers to the first.
    """

    a: Floats
    b: Floats
    c: Floats
    start: tuple[int, ...]
    then: Floats | None = None


@dataclass(frozen=True, slots=True)
class Solved:
    """Answers: (programmes, columns) of z, prices of the rows, objective and status of each."""

    z: Floats
    prices: Floats
    then_prices: Floats
    objective: Floats
    status: NDArray[np.int8]


def solve(programmes: Programmes) -> Solved:
    """Solve programmes of one shape, each held to its proof."""
    count, rows, columns = programmes.a.shape
    step = max(1, _ROOM // ((rows + 2) * (columns + rows + 1)))
    parts = [_solve(_part(programmes, slice(i, i + step))) for i in range(0, count, step)]
    return Solved(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("z", "prices", "then_prices", "objective", "status")
        )
    )


def _part(p: Programmes, at: slice | NDArray[np.intp]) -> Programmes:
    then = None if p.then is None else p.then[at]
    return Programmes(p.a[at], p.b[at], p.c[at], p.start, then)


def _solve(p: Programmes) -> Solved:
    """Scale the columns, run the simplex, check, and hand what fails to HiGHS."""
    size = np.abs(p.a).max(axis=1)
    size = np.where(size > 0, size, 1.0)
    for column in p.start:
        if column >= 0:
            size[:, column] = 1.0
    then = None if p.then is None else p.then / size
    scaled = Programmes(p.a / size[:, None], p.b, p.c / size, p.start, then)
    z, prices, then_prices, status = _simplex(scaled)
    good = _proved(scaled, z, prices) & (status == SOLVED)
    for i in np.flatnonzero(~good):
        status[i], z[i], prices[i] = _by_highs(_part(scaled, np.array([i])), int(status[i]))
        then_prices[i] = 0.0
    z = np.where((status == SOLVED)[:, None], np.maximum(z, 0.0), np.nan)
    objective = (scaled.c * z).sum(axis=1)
    return Solved(z / size, prices, then_prices, objective, status)


def _proved(p: Programmes, z: Floats, prices: Floats) -> NDArray[np.bool_]:
    """Whether z and the prices are feasible and say the same: then both are the optimum."""
    size, cost = np.abs(p.a), np.abs(prices)
    with np.errstate(invalid="ignore", over="ignore"):
        row = np.abs(np.einsum("krn,kn->kr", p.a, z) - p.b)
        row /= np.maximum(1.0, np.einsum("krn,kn->kr", size, np.abs(z)))
        reduced = p.c - np.einsum("kr,krn->kn", prices, p.a)
        reduced /= np.maximum(1.0, np.einsum("kr,krn->kn", cost, size))
        first, second = (p.c * z).sum(axis=1), (prices * p.b).sum(axis=1)
        gap = np.abs(first - second) / np.maximum(1.0, np.abs(first))
        fine = (row.max(axis=1) < _SURE) & (z.min(axis=1) > -_SURE)
        fine &= (reduced.min(axis=1) > -_SURE) & (gap < _SURE)
    return np.asarray(fine, dtype=np.bool_)


def _by_highs(p: Programmes, status: int) -> tuple[int, Floats, Floats]:
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    found = linprog(
        p.c[0], A_eq=p.a[0], b_eq=p.b[0], bounds=(0, None), method="highs", options=tight
    )
    nothing = np.full(p.c.shape[1], np.nan), np.full(p.b.shape[1], np.nan)
    if found.status == 2:
        return (INFEASIBLE, *nothing) if status == INFEASIBLE else (UNSURE, *nothing)
    if found.status != 0:
        return UNSURE, *nothing
    z, prices = np.asarray(found.x), np.asarray(found.eqlin.marginals)
    sure = bool(_proved(p, z[None], prices[None])[0])
    return (SOLVED, z, prices) if sure else (UNSURE, *nothing)


# --- the simplex method on stacked tableaux -------------------------------------------------------


@dataclass
class _Tableaux:
    """Rows over all columns and the right side; below them the prices of one objective or two."""

    t: Floats  # (programmes, rows + objectives, columns + rows + 1)
    basis: NDArray[np.intp]
    rows: int
    real: int  # columns of the programme; those of the unit vectors follow


def _simplex(p: Programmes) -> tuple[Floats, Floats, Floats, NDArray[np.int8]]:
    tab = _first(p)
    count = len(tab.t)
    status = np.full(count, SOLVED, dtype=np.int8)
    if any(column < 0 for column in p.start):
        open_ = _improve(tab, _phase_one(tab), np.ones((count, tab.real), dtype=bool))
        status[open_] = UNSURE
        left = _of_artificials(tab)
        status[(left > _SURE) & (status == SOLVED)] = INFEASIBLE
        _drive_out(tab)
    objectives = [p.c] if p.then is None else [p.c, p.then]
    allowed = np.ones((count, tab.real), dtype=bool)
    prices = []
    for c in objectives:
        row = _priced(tab, c)
        open_ = _improve(tab, row, allowed)
        status[open_ & (status == SOLVED)] = UNSURE
        reduced = row[:, : tab.real]
        prices.append(-row[:, tab.real : -1])
        allowed = allowed & (reduced <= _SURE)
    z = np.zeros((count, tab.real + tab.rows))
    np.put_along_axis(z, tab.basis, tab.t[:, : tab.rows, -1], axis=1)
    return z[:, : tab.real], prices[0], prices[-1], status


def _first(p: Programmes) -> _Tableaux:
    count, rows, real = p.a.shape
    t = np.zeros((count, rows, real + rows + 1))
    t[:, :, :real], t[:, :, -1] = p.a, p.b
    t[:, np.arange(rows), real + np.arange(rows)] = 1.0
    basis = np.array([c if c >= 0 else real + i for i, c in enumerate(p.start)], dtype=np.intp)
    return _Tableaux(t, np.tile(basis, (count, 1)), rows, real)


def _priced(tab: _Tableaux, c: Floats) -> Floats:
    """Row of reduced costs of an objective at the present basis."""
    full = np.zeros((len(c), tab.real + tab.rows + 1))
    full[:, : tab.real] = c
    own = np.take_along_axis(full, tab.basis, axis=1)
    return np.asarray(full - np.einsum("kr,krn->kn", own, tab.t), dtype=np.float64)


def _phase_one(tab: _Tableaux) -> Floats:
    c = np.zeros((len(tab.t), tab.real + tab.rows + 1))
    c[:, tab.real : -1] = 1.0
    own = np.take_along_axis(c, tab.basis, axis=1)
    return np.asarray(c - np.einsum("kr,krn->kn", own, tab.t), dtype=np.float64)


def _of_artificials(tab: _Tableaux) -> Floats:
    return np.asarray(np.where(tab.basis >= tab.real, tab.t[:, :, -1], 0.0).sum(axis=1))


def _improve(tab: _Tableaux, price: Floats, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pivot until no allowed column lowers the objective; say which did not come to an end."""
    going = np.arange(len(tab.t))
    stuck = np.zeros(len(tab.t), dtype=bool)
    for turn in range(_MOST_PIVOTS):
        d = np.where(allowed[going], price[going, : tab.real], 0.0)
        enter = d.argmin(axis=1) if turn < _PATIENCE else (d < -_ZERO).argmax(axis=1)
        on = d[np.arange(len(going)), enter] < -_ZERO
        going, enter = going[on], enter[on]
        if not going.size:
            return stuck
        column = tab.t[going, :, enter]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(column > _ZERO, tab.t[going, :, -1] / column, np.inf)
        least = ratio.min(axis=1)
        free = np.isfinite(least)  # else the objective has no bottom
        stuck[going[~free]] = True
        going, enter, ratio, least = going[free], enter[free], ratio[free], least[free]
        tied = ratio <= least[:, None] + _ZERO
        by_pivot = np.where(tied, tab.t[going, :, enter], -1.0).argmax(axis=1)
        by_place = np.where(tied, tab.basis[going], np.iinfo(np.intp).max).argmin(axis=1)
        _pivot(tab, price, going, by_pivot if turn < _PATIENCE else by_place, enter)
    stuck[going] = True
    return stuck


def _pivot(
    tab: _Tableaux,
    price: Floats | None,
    which: NDArray[np.intp],
    leave: NDArray[np.intp],
    enter: NDArray[np.intp],
) -> None:
    t = tab.t[which]
    at = np.arange(len(which))
    row = t[at, leave] / t[at, leave, enter][:, None]
    column = t[at, :, enter].copy()
    column[at, leave] = 0.0
    t -= column[:, :, None] * row[:, None, :]
    t[at, leave] = row
    t[at, :, enter] = 0.0
    t[at, leave, enter] = 1.0
    tab.t[which] = t
    tab.basis[which, leave] = enter
    if price is not None:
        p = price[which]
        p -= p[at, enter][:, None] * row
        p[at, enter] = 0.0
        price[which] = p


def _drive_out(tab: _Tableaux) -> None:
    """Take artificial columns that stand at 0 out of the basis, so that none can rise again."""
    for row in range(tab.rows):
        which = np.flatnonzero(tab.basis[:, row] >= tab.real)
        if not which.size:
            continue
        entries = np.abs(tab.t[which, row, : tab.real])
        enter = entries.argmax(axis=1)
        large = entries[np.arange(len(which)), enter] > 1e-7  # else the row says nothing new
        which, enter = which[large], enter[large]
        if which.size:
            _pivot(tab, None, which, np.full(len(which), row), enter)

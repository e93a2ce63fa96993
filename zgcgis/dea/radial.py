"""Radial programmes: one point after another against a reference technology (径向模型)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ..mcdm.arguments import Floats
from .programmes import INFEASIBLE, SOLVED, Programmes, Solved, solve
from .variables import Returns, Toward, level_of

__all__ = ["Radial", "radial"]

_FEW = 150  # so many references are taken as they are; of more, only those that matter
_DIRECTIONS = 60
_PRICED = 1e-9  # a reference whose price is below would improve the answer
_BLOCK = 2_000_000


@dataclass(frozen=True, slots=True)
class Radial:
    """Score of each point (θ, or 1/φ), its λ over the references, slacks in units of the data."""

    score: Floats
    peers: csr_array
    input_slacks: Floats
    output_slacks: Floats
    status: NDArray[np.int8]


def radial(
    points: tuple[Floats, Floats],
    references: tuple[Floats, Floats],
    returns: Returns,
    toward: Toward,
    *,
    without: NDArray[np.intp] | None = None,
    slacks: bool = True,
) -> Radial:
    """Solve the radial programme of every point against the references.

    Parameters
    ----------
    points, references
        Inputs and outputs of the points asked about and of the technology.
    returns, toward
        Returns to scale and orientation.
    without
        Per point the reference it may not be compared with, or −1.
    slacks
        Whether the largest sum of slacks is wanted too.
    """
    (x0, y0), (x, y) = points, references
    barred = np.full(len(x0), -1, dtype=np.intp) if without is None else without
    few = len(x) <= _FEW
    used = np.arange(len(x)) if few else _spanning(x, y, returns)
    result = _Result.empty(x0, y0, len(x))
    alone = np.zeros(len(x0), dtype=bool) if few else np.isin(barred, used)
    for at in (np.flatnonzero(~alone), np.flatnonzero(alone)):
        todo, own = at, used
        while todo.size:
            p = _Shape(x0[todo], y0[todo], x, y, returns, toward, own, barred[todo], slacks)
            solved = solve(p.programmes())
            # who may not be compared with a unit that spans needs those it hid
            fresh = p.better(solved) if alone[todo[0]] else [used[:0]] * len(todo)
            settled = np.array([not len(f) for f in fresh], dtype=bool)
            result.take(todo[settled], p, solved, settled)
            todo = todo[~settled]
            own = np.union1d(own, np.concatenate(fresh))
    return result.made()


def _spanning(x: Floats, y: Floats, returns: Returns) -> NDArray[np.intp]:
    """References that dominate all others, so that the others add nothing to the technology."""
    used = _likely(x, y)
    outside = np.setdiff1d(np.arange(len(x)), used)
    while outside.size:
        none = np.full(len(outside), -1, dtype=np.intp)
        p = _Shape(x[outside], y[outside], x, y, returns, "input", used, none, slacks=False)
        solved = solve(p.programmes())
        score = 1.0 / solved.z[:, 0] if p.by_output else solved.z[:, 0]
        score = np.where(solved.status == SOLVED, score, np.inf)
        out = score > 1 - _PRICED
        outside, score = outside[out], score[out]
        first = outside[np.argsort(-score, kind="stable")[:_DIRECTIONS]]
        used, outside = np.union1d(used, first), np.setdiff1d(outside, first)
    return used


def _likely(x: Floats, y: Floats) -> NDArray[np.intp]:
    """References that are best for some prices: most of those that matter."""
    rng = np.random.default_rng(0)
    xs, ys = x / level_of(x), y / level_of(y)
    v = rng.dirichlet(np.full(x.shape[1], 0.5), _DIRECTIONS)
    u = rng.dirichlet(np.full(y.shape[1], 0.5), _DIRECTIONS)
    cost, gain = xs @ v.T, ys @ u.T
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.nanargmax(np.where(cost > 0, gain / cost, 0.0), axis=0)
    return np.unique(np.concatenate([best, cost.argmin(axis=0), gain.argmax(axis=0)]))


@dataclass
class _Shape:
    """The programmes of some points, with rows divided by the point's own numbers.

    Toward inputs: min θ with Σλx/x0 + s = θ, Σλy/y0 − t = 1. Toward outputs, and under constant
    returns always (θ = 1/φ): max φ with Σλx/x0 + s = 1, φ − Σλy/y0 + t = 0, which needs no first
    basis to be found. Columns: score, λ, s, t and, where Σλ ≤ 1, its slack.
    """

    x0: Floats
    y0: Floats
    x: Floats
    y: Floats
    returns: Returns
    toward: Toward
    used: NDArray[np.intp]
    barred: NDArray[np.intp]
    slacks: bool

    @property
    def by_output(self) -> bool:
        return self.toward == "output" or self.returns == "crs"

    def parts(self, refs: NDArray[np.intp]) -> Floats:
        """Entries of the λ columns, (points, rows, references)."""
        x = self.x[refs].T[None] / self.own_x()[:, :, None]
        y = self.y[refs].T[None] / self.own_y()[:, :, None]
        rows = [x, -y if self.by_output else y]
        if self.returns != "crs":
            rows.append(np.ones((len(self.x0), 1, len(refs))))
        return np.concatenate(rows, axis=1)

    def own_x(self) -> Floats:
        return np.where(self.x0 > 0, self.x0, level_of(self.x))

    def own_y(self) -> Floats:
        return np.where(self.y0 > 0, self.y0, level_of(self.y))

    def programmes(self) -> Programmes:
        k, m, s = len(self.x0), self.x.shape[1], self.y.shape[1]
        n, more = len(self.used), self.returns == "nirs"
        rows = m + s + (self.returns != "crs")
        a = np.zeros((k, rows, 1 + n + m + s + more))
        b, c = np.zeros((k, rows)), np.zeros((k, a.shape[2]))
        lam = self.parts(self.used)
        same = self.used[None, :] == self.barred[:, None]
        a[:, :, 1 : 1 + n] = np.where(same[:, None, :], 0.0, lam)
        there_x, there_y = (self.x0 > 0).astype(float), (self.y0 > 0).astype(float)
        a[:, np.arange(m), 1 + n + np.arange(m)] = 1.0
        at = m + np.arange(s)
        a[:, at, 1 + n + at] = 1.0 if self.by_output else -1.0
        if self.by_output:
            a[:, m : m + s, 0], b[:, :m], c[:, 0] = there_y, there_x, -1.0
        else:
            a[:, :m, 0], b[:, m : m + s], c[:, 0] = -there_x, there_y, 1.0
        start = [1 + n + i for i in range(m + s)]
        if not self.by_output:
            start[m:] = [-1] * s
        if self.returns != "crs":
            b[:, -1] = 1.0
            start.append(-1)
        if more:
            a[:, -1, -1], start[-1] = 1.0, a.shape[2] - 1
        return Programmes(a, b, c, tuple(start), self._second(a.shape[2]) if self.slacks else None)

    def _second(self, columns: int) -> Floats:
        """Minus the sum of slacks, each over the mean of its column."""
        then = np.zeros((len(self.x0), columns))
        weight = [self.own_x() / level_of(self.x), self.own_y() / level_of(self.y)]
        first = 1 + len(self.used)
        both = np.concatenate(weight, axis=1)
        then[:, first : first + both.shape[1]] = -both / both.max(axis=1, keepdims=True)
        return then

    def better(self, solved: Solved) -> list[NDArray[np.intp]]:
        """Per point, references not used yet that would improve its answer, the best first."""
        others = np.setdiff1d(np.arange(len(self.x)), self.used)
        found: list[NDArray[np.intp]] = []
        step = max(1, _BLOCK // (len(others) + 1))
        for i in range(0, len(self.x0), step):
            here = slice(i, i + step)
            first = self._prices(solved.prices[here], here, others)
            low = first < -_PRICED
            if self.slacks:
                second = self._prices(solved.then_prices[here], here, others)
                low |= (first < _PRICED) & (second < -_PRICED)
                first = np.minimum(first, second)
            low &= others[None, :] != self.barred[here][:, None]
            low |= (solved.status[here] == INFEASIBLE)[:, None]  # any of them may be the way
            for j in range(len(low)):
                at = np.flatnonzero(low[j])
                best = at[np.argsort(first[j, at], kind="stable")[:3]]
                found.append(others[best] if solved.status[i + j] != INFEASIBLE else others)
        return found

    def _prices(self, prices: Floats, here: slice, others: NDArray[np.intp]) -> Floats:
        """Reduced costs of other references relative to the size of their columns."""
        m, s = self.x.shape[1], self.y.shape[1]
        v, u = prices[:, :m] / self.own_x()[here], prices[:, m : m + s] / self.own_y()[here]
        sign = -1.0 if self.by_output else 1.0
        total = -(v @ self.x[others].T) - sign * (u @ self.y[others].T)
        if self.returns != "crs":
            total = total - prices[:, m + s :]
        scale = (
            1.0 / self.own_x()[here] @ self.x[others].T
            + 1.0 / self.own_y()[here] @ self.y[others].T
        )
        return np.asarray(np.nan_to_num(total / np.maximum(scale, 1e-300)), dtype=np.float64)


@dataclass
class _Result:
    score: Floats
    input_slacks: Floats
    output_slacks: Floats
    status: NDArray[np.int8]
    rows: list[NDArray[np.intp]]
    columns: list[NDArray[np.intp]]
    values: list[Floats]
    references: int

    @classmethod
    def empty(cls, x0: Floats, y0: Floats, references: int) -> _Result:
        nan = np.full(len(x0), np.nan)
        blank = np.full(x0.shape, np.nan), np.full(y0.shape, np.nan)
        status = np.zeros(len(x0), dtype=np.int8)
        return cls(nan, *blank, status, [], [], [], references)

    def take(
        self,
        at: NDArray[np.intp],
        p: _Shape,
        solved: Solved,
        which: NDArray[np.bool_] | None = None,
    ) -> None:
        """Note the answers of some points."""
        chosen = np.ones(len(at), dtype=bool) if which is None else which
        z, status = solved.z[chosen], solved.status[chosen]
        n, m, s = len(p.used), p.x.shape[1], p.y.shape[1]
        raw = z[:, 0]
        turned = p.by_output and p.toward == "input"
        raw = np.where(p.by_output & (raw < _PRICED), np.nan, raw)  # nobody makes what it makes
        with np.errstate(divide="ignore", invalid="ignore"):
            self.score[at] = 1.0 / raw if p.by_output else raw
            shrink = 1.0 / raw[:, None] if turned else 1.0
            lam = z[:, 1 : 1 + n] * shrink
            self.input_slacks[at] = z[:, 1 + n : 1 + n + m] * p.own_x()[chosen] * shrink
            self.output_slacks[at] = z[:, 1 + n + m : 1 + n + m + s] * p.own_y()[chosen] * shrink
        off = (status == SOLVED) & ~np.isfinite(self.score[at])
        self.status[at] = np.where(off, INFEASIBLE, status)
        for part in (self.score, self.input_slacks, self.output_slacks):
            part[at[off]] = np.nan
        lam[off] = 0.0
        row, column = np.nonzero(lam > 0)
        self.rows.append(at[row])
        self.columns.append(p.used[column])
        self.values.append(lam[row, column])

    def made(self) -> Radial:
        shape = (len(self.score), self.references)
        where = (np.concatenate(self.rows), np.concatenate(self.columns))
        peers = csr_array((np.concatenate(self.values), where), shape=shape)
        return Radial(self.score, peers, self.input_slacks, self.output_slacks, self.status)

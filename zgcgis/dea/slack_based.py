"""Slacks-based measures, with undesirable outputs and super-efficiency (SBM 模型)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..mcdm.arguments import Floats
from .programmes import Programmes, solve
from .variables import Orientation, Returns, level_of

__all__ = ["SlackBased", "slack_based"]


@dataclass(frozen=True, slots=True)
class SlackBased:
    """Score of each point, its λ over the references, slacks in units of the data."""

    score: Floats
    peers: Floats
    input_slacks: Floats
    output_slacks: Floats
    bad_slacks: Floats
    status: NDArray[np.int8]


def slack_based(
    points: tuple[Floats, Floats, Floats],
    references: tuple[Floats, Floats, Floats],
    returns: Returns,
    orientation: Orientation,
    *,
    above: bool = False,
    without: NDArray[np.intp] | None = None,
) -> SlackBased:
    """Solve the slacks-based programme of every point (Tone 2001, 2003), or the super one (2002).

    By the Charnes-Cooper transformation, with each slack over the point's own number. Variables
    t, Λ, then σ of the inputs, τ of the outputs, β of the bad outputs. Super-efficiency asks how
    far the point must give way to be reached: more input, less output, more bad output; it has
    free slacks in a last block.
    """
    (x0, y0, b0), (x, y, bad) = points, references
    k, n, m, s, q = len(x0), len(x), x.shape[1], y.shape[1], bad.shape[1]
    parts = m + s + q
    vrs = returns != "crs"
    rows = 1 + parts + vrs
    columns = 1 + n + parts + (parts if above else 0) + (returns == "nirs")
    a, b, c = np.zeros((k, rows, columns)), np.zeros((k, rows)), np.zeros((k, columns))
    own = np.concatenate([x0, y0, b0], axis=1)
    level = np.concatenate([level_of(x), level_of(y), level_of(bad)])
    there = own > 0
    size = np.where(there, own, level)
    sign = np.concatenate([np.ones(m), -np.ones(s), np.ones(q)])
    lam = np.concatenate([x, y, bad], axis=1).T[None] / size[:, :, None]
    body = slice(1, 1 + parts)
    a[:, body, 1 : 1 + n] = lam * sign[:, None]
    if without is not None:
        same = np.arange(n)[None, :] == without[:, None]
        a[:, :, 1 : 1 + n] = np.where(same[:, None, :], 0.0, a[:, :, 1 : 1 + n])
    a[:, body, 0] = np.where(there, -sign, 0.0)
    at, first = np.arange(parts), 1 + n
    a[:, 1 + at, first + at] = -1.0 if above else 1.0
    if above:
        a[:, 1 + at, first + parts + at] = 1.0
        a[:, :, first : first + parts] *= there[:, None, :]  # nought has no ratio and stays
    start = [-1, *((first + parts if above else first) + at)]
    norm, cost = _weights(orientation, m, s + q, above=above)
    a[:, 0, 0], b[:, 0], c[:, 0] = 1.0, 1.0, 1.0
    a[:, 0, first : first + parts] = norm * there
    c[:, first : first + parts] = cost * there
    if above and orientation != "none":  # what the orientation holds fast does not give way
        fast = (
            slice(first, first + m) if orientation == "output" else slice(first + m, first + parts)
        )
        a[:, :, fast] = 0.0
    if vrs:
        a[:, -1, 1 : 1 + n], a[:, -1, 0] = 1.0, -1.0
        if without is not None:
            a[:, -1, 1 : 1 + n] = np.where(same, 0.0, 1.0)
        start.append(columns - 1 if returns == "nirs" else -1)
        if returns == "nirs":
            a[:, -1, -1] = 1.0
    solved = solve(Programmes(a, b, c, tuple(int(i) for i in start)))
    t = solved.z[:, :1]
    slack = solved.z[:, first : first + parts] / t * size
    slack = np.zeros_like(slack) + np.where(np.isnan(slack), np.nan, 0.0) if above else slack
    return SlackBased(
        solved.objective,
        solved.z[:, 1 : 1 + n] / t,
        slack[:, :m],
        slack[:, m : m + s],
        slack[:, m + s :],
        solved.status,
    )


def _weights(
    orientation: Orientation, inputs: int, outputs: int, *, above: bool
) -> tuple[Floats, Floats]:
    """What slacks weigh in the norm and in the objective; an orientation leaves one side out."""
    way = 1.0 if above else -1.0
    norm = np.concatenate([np.zeros(inputs), np.full(outputs, -way / outputs)])
    cost = np.concatenate([np.full(inputs, way / inputs), np.zeros(outputs)])
    return (
        np.zeros_like(norm) if orientation == "input" else norm,
        np.zeros_like(cost) if orientation == "output" else cost,
    )

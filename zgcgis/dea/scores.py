"""Efficiency of units: radial and slacks-based scores, peers, slacks, returns to scale."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series
from scipy.sparse import csr_array

from ..language.errors import ZgcgisWarning
from ..mcdm.arguments import Floats, Numbers, guarded, refuse, with_labels
from .programmes import INFEASIBLE, SOLVED
from .radial import radial
from .slack_based import slack_based
from .variables import (
    NO_INPUT,
    NO_OUTPUT,
    NO_SOLUTION,
    TOO_WIDE,
    ZERO_BAD,
    ZERO_OUTPUT,
    Orientation,
    Reason,
    Returns,
    labels_of,
    tables_of,
    warn_few,
)

__all__ = ["Efficiency", "efficiency", "scale"]

_SAME = 1e-6  # two scores closer than this are one score


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Efficiency of each unit, with its peers and slacks; under labels where they were given.

    Attributes
    ----------
    score
        1 on the frontier, below 1 inside; above 1 only with ``super=True``. Output-oriented
        scores are 1/φ, so that they compare. NaN where there is no solution.
    peers
        (units, units): weight λ of each unit in the point each unit is compared with.
    input_slacks, output_slacks
        What is too much or missing beyond the proportional change, in the unit of the column.
        Radial slacks are the largest sum (of columns over their means); they need not be unique.
    bad_slacks
        What is too much of the undesirable outputs; no column without them.
    reason
        Per unit: None, or why the score is NaN (zh, en).
    """

    score: Floats | Series
    weights: csr_array
    input_slacks: Floats | DataFrame
    output_slacks: Floats | DataFrame
    bad_slacks: Floats | DataFrame
    reason: tuple[Reason | None, ...]

    @property
    def peers(self) -> Floats | DataFrame:
        """Weight λ of each unit in the point each unit is compared with; NaN without a score."""
        table = self.weights.toarray()
        table[np.isnan(np.asarray(self.score))] = np.nan
        if isinstance(self.score, Series):
            return DataFrame(table, index=self.score.index, columns=self.score.index)
        return np.asarray(table, dtype=np.float64)


@guarded
def efficiency(
    inputs: Numbers,
    outputs: Numbers,
    *,
    bad: Numbers | None = None,
    returns: Returns = "crs",
    orientation: Orientation | None = None,
    model: Literal["radial", "sbm"] = "radial",
    super: bool = False,
) -> Efficiency:
    r"""Efficiency of each unit, with peers and slacks.

    Parameters
    ----------
    inputs, outputs
        Rows units, columns variables, not negative. Two tables with labels are put together by
        label.
    bad
        Undesirable outputs (非期望产出), such as emissions; only with ``model="sbm"``.
    returns
        ``"crs"`` constant (CCR), ``"vrs"`` variable (BCC: Σλ = 1), ``"nirs"`` not increasing
        (Σλ ≤ 1) returns to scale.
    orientation
        ``"input"``, ``"output"`` or ``"none"``. By default ``"input"`` for the radial model and
        ``"none"`` for SBM, as in their papers.
    model
        ``"radial"`` (Charnes, Cooper and Rhodes 1978; Banker, Charnes and Cooper 1984) or
        ``"sbm"``, the slacks-based measure (Tone 2001; with `bad`, Tone 2003).
    super
        Leave each unit out of its own reference set, so that efficient units are told apart
        (Andersen and Petersen 1993; for SBM, Tone 2002).

    Returns
    -------
    Efficiency
        ``.score``, ``.peers``, ``.input_slacks``, ``.output_slacks``, ``.bad_slacks``,
        ``.reason``.

    Warns
    -----
    ZgcgisWarning
        If there are fewer units than max(m·s, 3(m + s)): most will look efficient.

    Notes
    -----
    Input orientation: :math:`\min θ` subject to :math:`Xλ ≤ θx_0, Yλ ≥ y_0, λ ≥ 0`. SBM, with
    :math:`s_1` outputs and :math:`s_2` bad ones:
    :math:`\min (1 - \frac1m Σ s^-_i/x_{i0}) /
    (1 + \frac{1}{s_1+s_2} (Σ s^+_r/y_{r0} + Σ s^b_q/b_{q0}))`. An input of 0 has no slack: it
    counts as 0 in the mean over all m inputs. Super-SBM turns the signs round and lets an input
    of 0 not be exceeded.

    Examples
    --------
    Two units, one input, one output; the second needs twice the land for the same output.

    >>> import warnings; warnings.simplefilter("ignore")
    >>> efficiency([[1], [2]], [[1], [1]]).score.round(6).tolist()
    [1.0, 0.5]
    """
    toward: Orientation = orientation or ("none" if model == "sbm" else "input")
    if model == "radial" and toward == "none":
        refuse(
            '径向模型须有导向（"input" 或 "output"）；无导向请用 model="sbm"。',
            'A radial model needs an orientation ("input" or "output"); without one use model="sbm".',
        )
    if model == "radial" and bad is not None:
        refuse(
            '非期望产出（bad）只用于 model="sbm"；径向的方向距离函数见 malmquist_luenberger。',
            'Bad outputs need model="sbm"; malmquist_luenberger has the directional distance.',
        )
    x, y, z = tables_of(inputs, outputs, bad)
    warn_few(len(x), x.shape[1], y.shape[1] + z.shape[1])
    reason = [_unit_reason(x[i], y[i], z[i], model, toward) for i in range(len(x))]
    asked = np.array([why is None for why in reason], dtype=bool)
    # a unit without inputs would put all others at 0
    able: NDArray[np.bool_] = np.asarray(x.any(axis=1) & y.any(axis=1), dtype=np.bool_)
    solver = _by_slacks if model == "sbm" else _by_ray
    score, weights, slacks, status = solver((x, y, z), asked, able, returns, toward, above=super)
    for i in np.flatnonzero(asked):
        if status[i] != SOLVED:
            reason[i] = NO_SOLUTION if status[i] == INFEASIBLE else TOO_WIDE
    labels = labels_of(inputs, outputs, bad)
    s_in, s_out, s_bad = (
        _like(table, given, labels)
        for table, given in zip(slacks, (inputs, outputs, bad), strict=True)
    )
    return Efficiency(
        with_labels(score, labels, "score"), weights, s_in, s_out, s_bad, tuple(reason)
    )


def _like(table: Floats, given: Any, labels: Any) -> Any:
    if labels is None:
        return table + 0.0
    columns = given.columns if isinstance(given, DataFrame) else range(table.shape[1])
    return DataFrame(table + 0.0, index=labels, columns=columns)


def _unit_reason(
    x0: Floats, y0: Floats, b0: Floats, model: str, orientation: Orientation
) -> Reason | None:
    if not x0.any():
        return NO_INPUT
    if not y0.any():
        return NO_OUTPUT
    if model == "sbm" and orientation != "input":
        if (y0 == 0).any():
            return ZERO_OUTPUT
        if (b0 == 0).any():
            return ZERO_BAD
    return None


_Tables = tuple[Floats, Floats, Floats]
_Found = tuple[Floats, csr_array, _Tables, NDArray[np.int8]]


def _blank(tables: _Tables) -> tuple[Floats, _Tables, NDArray[np.int8]]:
    x, y, z = (np.full(table.shape, np.nan) for table in tables)
    return np.full(len(x), np.nan), (x, y, z), np.full(len(x), INFEASIBLE, dtype=np.int8)


def _by_ray(
    tables: _Tables,
    asked: NDArray[np.bool_],
    able: NDArray[np.bool_],
    returns: Returns,
    toward: Orientation,
    *,
    above: bool,
) -> _Found:
    x, y, _ = tables
    score, slacks, status = _blank(tables)
    place = np.cumsum(able) - 1
    without = np.where(able, place, -1)[asked] if above else None
    found = radial(
        (x[asked], y[asked]),
        (x[able], y[able]),
        returns,
        "output" if toward == "output" else "input",
        without=without,
    )
    score[asked], status[asked] = found.score, found.status
    slacks[0][asked], slacks[1][asked] = found.input_slacks, found.output_slacks
    coo = found.peers.tocoo()
    rows, columns = np.flatnonzero(asked)[coo.row], np.flatnonzero(able)[coo.col]
    weights = csr_array((coo.data, (rows, columns)), shape=(len(x), len(x)))
    return score, weights, slacks, status


def _by_slacks(
    tables: _Tables,
    asked: NDArray[np.bool_],
    able: NDArray[np.bool_],
    returns: Returns,
    toward: Orientation,
    *,
    above: bool,
) -> _Found:
    score, slacks, status = _blank(tables)
    count = len(score)
    peers = np.zeros((count, count))
    references = tuple(table[able] for table in tables)

    def run(which: NDArray[np.intp], *, over: bool) -> None:
        place = np.where(able, np.cumsum(able) - 1, -1)
        found = slack_based(
            tuple(table[which] for table in tables),  # type: ignore[arg-type]
            references,  # type: ignore[arg-type]
            returns,
            toward,
            above=over,
            without=place[which] if over else None,
        )
        score[which], status[which] = found.score, found.status
        peers[np.ix_(which, np.flatnonzero(able))] = np.nan_to_num(found.peers)
        for table, part in zip(
            slacks, (found.input_slacks, found.output_slacks, found.bad_slacks), strict=True
        ):
            table[which] = part

    step = max(1, 400_000 // max(1, int(able.sum())))
    every = np.flatnonzero(asked)
    for i in range(0, len(every), step):
        run(every[i : i + step], over=False)
    if above:  # super-efficiency is asked only of units on the frontier
        on = np.flatnonzero(asked & (score >= 1 - _SAME))
        for i in range(0, len(on), step):
            run(on[i : i + step], over=True)
    return score, csr_array(peers), slacks, status


@guarded
def scale(
    inputs: Numbers, outputs: Numbers, *, orientation: Literal["input", "output"] = "input"
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
    return pd.DataFrame(
        {"crs": crs, "vrs": vrs, "scale": crs / vrs, "returns": kind},
        index=labels_of(inputs, outputs),
    )

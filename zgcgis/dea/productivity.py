"""Productivity between years: Malmquist, global Malmquist, Malmquist-Luenberger (生产率指数)."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame, MultiIndex

from ..language.errors import ZgcgisWarning
from ..mcdm.arguments import Floats, Numbers, guarded, refuse
from .programmes import Programmes, solve
from .radial import radial
from .variables import Returns, labels_of, level_of, one_per_row, tables_of

__all__ = ["malmquist", "malmquist_luenberger"]

Frontier = Literal["adjacent", "global"]
_Tables = tuple[Floats, Floats, Floats]


@guarded
def malmquist(
    inputs: Numbers,
    outputs: Numbers,
    years: ArrayLike,
    *,
    units: ArrayLike | None = None,
    frontier: Frontier = "adjacent",
    parts: bool = False,
) -> DataFrame:
    r"""Productivity change between years: efficiency change times frontier shift.

    Parameters
    ----------
    inputs, outputs
        Rows are unit-years.
    years
        The year of each row.
    units
        The unit of each row. By default the level ``unit`` of a labelled index, and where there
        is none the units stand in the same order in every year.
    frontier
        ``"adjacent"``: against the frontiers of the two years (Färe et al. 1994).
        ``"global"``: against one frontier of all years (Pastor and Lovell 2005), which has no
        infeasible programmes and can be chained.
    parts
        Also split ``ec`` into pure efficiency change ``pec`` and scale change ``sec``.

    Returns
    -------
    DataFrame
        One row per unit and pair of following years: ``unit`` (its label, or its position within
        a year), ``from``, ``to``, ``ec``, ``tc``, ``mi``. Above 1 is progress.

    Notes
    -----
    Constant returns, input oriented, θ ≤ 1. With :math:`e_{ab}` the score of the unit of year b
    against the frontier of year a: :math:`EC = e_{11}/e_{00}`,
    :math:`TC = \sqrt{(e_{01}/e_{11}) (e_{00}/e_{10})}`, :math:`MI = EC · TC` (Färe et al. 1994).
    Global, with :math:`e_{G·}` against all years: :math:`MI = e_{G1}/e_{G0}`, TC = MI/EC.
    """
    x, y, _ = tables_of(inputs, outputs)
    panel = _Panel.of(len(x), years, units, labels_of(inputs, outputs))
    _refuse_empty(x, y)

    def scores(at: NDArray[np.intp], of: NDArray[np.intp], returns: Returns = "crs") -> Floats:
        found = radial((x[of], y[of]), (x[at], y[at]), returns, "input", slacks=False)
        return found.score

    rows = []
    everywhere = np.arange(len(x))
    for old, new, frame in panel.pairs():
        e00, e11 = scores(old, old), scores(new, new)
        frame["ec"] = e11 / e00
        if frontier == "global":
            frame["tc"] = scores(everywhere, new) / scores(everywhere, old) / frame["ec"]
        else:
            e01, e10 = scores(old, new), scores(new, old)
            frame["tc"] = np.sqrt((e01 / e11) * (e00 / e10))
        frame["mi"] = frame["ec"] * frame["tc"]
        if parts:
            frame["pec"] = scores(new, new, "vrs") / scores(old, old, "vrs")
            frame["sec"] = frame["ec"] / frame["pec"]
        rows.append(frame)
    return _told(rows, "mi")


@guarded
def malmquist_luenberger(
    inputs: Numbers,
    outputs: Numbers,
    bad: Numbers,
    years: ArrayLike,
    *,
    units: ArrayLike | None = None,
    frontier: Frontier = "adjacent",
) -> DataFrame:
    r"""Productivity change with undesirable outputs (Malmquist-Luenberger, ML; global: GML).

    Parameters
    ----------
    inputs, outputs, bad
        Rows are unit-years; `bad` holds the undesirable outputs, above 0.
    years, units
        As in :func:`malmquist`.
    frontier
        ``"adjacent"`` (Chung, Färe and Grosskopf 1997) or ``"global"`` (Oh 2010).

    Returns
    -------
    DataFrame
        As :func:`malmquist`; the index is ``ml``, or ``gml`` with the global frontier.

    Notes
    -----
    With the directional distance :math:`D = \max β` subject to
    :math:`Xλ ≤ x_0, Yλ ≥ (1 + β) y_0, Bλ = (1 - β) b_0, λ ≥ 0`:
    :math:`EC = (1 + D_{00}) / (1 + D_{11})` and
    :math:`ML = \sqrt{\frac{1 + D_{00}}{1 + D_{01}} \frac{1 + D_{10}}{1 + D_{11}}}`, where the
    first index is the year of the frontier; :math:`GML = (1 + D_{G0}) / (1 + D_{G1})`.
    """
    tables = tables_of(inputs, outputs, bad)
    panel = _Panel.of(len(tables[0]), years, units, labels_of(inputs, outputs, bad))
    _refuse_empty(tables[0], tables[1])
    if (tables[2] == 0).any():
        row = int(np.argwhere(tables[2] == 0)[0][0]) + 1
        refuse(
            f"第 {row} 行有非期望产出为 0，方向距离无定义；请去掉该列或该单元。",
            f"A bad output of row {row} is 0, so the directional distance has no meaning; leave "
            "the column or the unit out.",
        )

    def distance(at: NDArray[np.intp], of: NDArray[np.intp]) -> Floats:
        return 1.0 + directional(_rows(tables, of), _rows(tables, at))

    name = "gml" if frontier == "global" else "ml"
    rows = []
    everywhere = np.arange(len(tables[0]))
    for old, new, frame in panel.pairs():
        d00, d11 = distance(old, old), distance(new, new)
        frame["ec"] = d00 / d11
        if frontier == "global":
            index = distance(everywhere, old) / distance(everywhere, new)
        else:
            index = np.sqrt(d00 / distance(old, new) * distance(new, old) / d11)
        frame["tc"] = index / frame["ec"]
        frame[name] = index
        rows.append(frame)
    return _told(rows, name)


def _rows(tables: _Tables, at: NDArray[np.intp]) -> _Tables:
    return tables[0][at], tables[1][at], tables[2][at]


def directional(points: _Tables, references: _Tables) -> Floats:
    """Directional distance β toward more output and less bad output; NaN if not feasible."""
    (x0, y0, b0), (x, y, bad) = points, references
    k, n, m, s, q = len(x0), len(x), x.shape[1], y.shape[1], bad.shape[1]
    a = np.zeros((k, m + s + q, 2 + n + m + s))
    b, c = np.zeros((k, m + s + q)), np.zeros((k, a.shape[2]))
    own = np.concatenate([x0, y0, b0], axis=1)
    level = np.concatenate([level_of(x), level_of(y), level_of(bad)])
    there = (own > 0).astype(float)
    size = np.where(own > 0, own, level)
    a[:, :, 2 : 2 + n] = np.concatenate([x, y, bad], axis=1).T[None] / size[:, :, None]
    b[:] = there
    at = np.arange(m + s)
    a[:, at, 2 + n + at] = np.where(at < m, 1.0, -1.0)
    a[:, m : m + s, 0], a[:, m : m + s, 1] = -there[:, m : m + s], there[:, m : m + s]
    a[:, m + s :, 0], a[:, m + s :, 1] = there[:, m + s :], -there[:, m + s :]
    c[:, 0], c[:, 1] = -1.0, 1.0  # β may be negative against another year
    start = [2 + n + i if i < m else -1 for i in range(m + s + q)]
    solved = solve(Programmes(a, b, c, tuple(start)))
    return np.asarray(solved.z[:, 0] - solved.z[:, 1], dtype=np.float64)


class _Panel:
    """Which row holds which unit in which year."""

    def __init__(self, at: DataFrame) -> None:
        self._at = at  # rows units, columns years

    @classmethod
    def of(cls, count: int, years: ArrayLike, units: ArrayLike | None, labels: Any) -> _Panel:
        when = one_per_row(years, count, "years", labels)
        when_of, counts = np.unique(when, return_counts=True)
        if len(when_of) < 2:
            refuse(
                "Malmquist 指数至少需要两个年份。", "A Malmquist index needs at least two years."
            )
        if len(set(counts.tolist())) > 1:
            sizes = dict(zip(when_of.tolist(), counts.tolist(), strict=True))
            refuse(
                f"各年份的单元数不同（{sizes}）；请只保留每年都有的单元。",
                f"The years differ in their number of units ({sizes}); keep the units that every "
                "year has.",
            )
        if units is None and isinstance(labels, MultiIndex) and "unit" in labels.names:
            who: NDArray[Any] = np.asarray(labels.get_level_values("unit"))
        elif units is None:
            who = np.empty(count, dtype=np.intp)
            for year in when_of:
                who[when == year] = np.arange(int((when == year).sum()))
        else:
            who = one_per_row(units, count, "units", labels)
        table = pd.DataFrame({"unit": who, "year": when, "row": np.arange(count)})
        twice = table.duplicated(["unit", "year"])
        if twice.any():
            unit, year = table.loc[twice, ["unit", "year"]].iloc[0]
            refuse(
                f"单元 {unit} 在 {year} 年有两行，应只有一行。",
                f"Unit {unit} has two rows in {year}; it must have one.",
            )
        wide = table.pivot(index="unit", columns="year", values="row")
        wide = wide.loc[list(dict.fromkeys(who.tolist()))]
        if wide.isna().any(axis=None):
            unit = wide.index[wide.isna().any(axis=1)][0]
            refuse(
                f"单元 {unit} 不是每年都有；请只保留每年都有的单元。",
                f"Unit {unit} is not there in every year; keep the units that every year has.",
            )
        return cls(wide.astype(np.intp))

    def pairs(self) -> list[tuple[NDArray[np.intp], NDArray[np.intp], DataFrame]]:
        """Rows of each year and of the next, with the first columns of the result."""
        years = list(self._at.columns)
        return [
            (
                self._at[old].to_numpy(),
                self._at[new].to_numpy(),
                DataFrame({"unit": list(self._at.index), "from": old, "to": new}),
            )
            for old, new in pairwise(years)
        ]


def _refuse_empty(x: Floats, y: Floats) -> None:
    for table, zh, en in ((x, "投入", "input"), (y, "产出", "output")):
        empty = np.flatnonzero(~table.any(axis=1))
        if empty.size:
            refuse(
                f"第 {int(empty[0]) + 1} 行的{zh}全为 0，无法计算生产率变化。",
                f"All {en}s of row {int(empty[0]) + 1} are 0, so productivity has no meaning.",
            )


def _told(rows: list[DataFrame], name: str) -> DataFrame:
    table = pd.concat(rows, ignore_index=True)
    unknown = int(table[name].isna().sum())
    if unknown:
        warnings.warn(
            f"{unknown} 个单元的跨期线性规划无可行解（另一年的前沿够不到它），结果为空；"
            'frontier="global" 没有这种情形。\n'
            f"{unknown} changes are unknown: a programme between the years has no solution, because "
            'the other year does not reach the unit; frontier="global" has no such case.',
            ZgcgisWarning,
            stacklevel=4,
        )
    return table

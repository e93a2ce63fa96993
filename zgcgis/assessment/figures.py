"""Figures for a paper (插图) from results with labels; they need matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from pandas import DataFrame, Series

from ..errors import ZgcgisError
from ..io.writing import write_whole
from ..mcdm import rank
from ..terms import TERMS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["draw_changes", "draw_intervals", "draw_obstacles", "draw_ranks"]

_BLUE, _GREY, _RED = "#2563a8", "#8d99a6", "#a4511b"
_FONTS = ["Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "SimHei", "DejaVu Sans"]


class Figure(Protocol):
    """A figure of matplotlib."""

    def savefig(self, fname: Any, **kwargs: Any) -> None:
        """Write the figure into a file."""


def draw_ranks(scores: Series, path: str | Path | None = None) -> Figure:
    """Draw scores as bars, the best on top, each with its rank.

    Parameters
    ----------
    scores
        One score per unit, as :func:`zgcgis.mcdm.topsis` gives for a frame.
    path
        Where to write it (``.png``, ``.svg``, ``.pdf``); by default nowhere.
    """
    kept = _labelled(scores, "scores").dropna().sort_values()
    place = rank(kept)
    figure, axes = _plot(len(kept))
    axes.barh([str(u) for u in kept.index], kept, color=_BLUE)
    for i, (value, n) in enumerate(zip(kept, place, strict=True)):
        axes.text(value, i, f" {int(n)}", va="center", fontsize=8)
    axes.set_xlabel(str(kept.name or "score"))
    axes.set_xlim(left=min(0.0, float(kept.min())))  # bars begin at 0
    return _done(figure, path)


def draw_intervals(found: DataFrame, path: str | Path | None = None) -> Figure:
    """Draw scores with bias-corrected ones and their interval, as :func:`zgcgis.dea.bootstrap` gives."""
    table = _columns(found, ["score", "corrected", "low", "high"], "found")
    table = table.sort_values("corrected")
    figure, axes = _plot(len(table))
    y = np.arange(len(table))
    axes.hlines(y, table["low"], table["high"], color=_BLUE, lw=2)
    axes.plot(table["corrected"], y, "o", color=_BLUE, ms=4, label="corrected")
    axes.plot(table["score"], y, "|", color=_RED, ms=9, label="score")
    axes.set_yticks(y, [str(u) for u in table.index])
    axes.set_xlabel("efficiency")
    axes.legend(frameon=False, fontsize=8)
    return _done(figure, path)


def draw_obstacles(degrees: DataFrame, path: str | Path | None = None) -> Figure:
    """Draw what part of a unit's shortfall each criterion makes, as stacked bars to 100 %."""
    if not isinstance(degrees, DataFrame):
        _refuse("degrees", "obstacle_degrees")
    table = degrees.dropna().iloc[::-1]
    figure, axes = _plot(len(table))
    left = np.zeros(len(table))
    shades = np.linspace(0.25, 0.95, max(table.shape[1], 2))
    import matplotlib as mpl

    for shade, column in zip(shades, table.columns, strict=False):
        color = mpl.colormaps["GnBu"](shade)
        axes.barh(
            [str(u) for u in table.index],
            table[column],
            left=left,
            color=color,
            label=_said(column),
        )
        left += table[column].to_numpy()
    axes.set_xlabel("%")
    axes.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return _done(figure, path)


def draw_changes(found: DataFrame, path: str | Path | None = None) -> Figure:
    """Draw productivity by unit and year pair, efficiency change against frontier shift.

    `found` is what :func:`zgcgis.dea.malmquist` gives: ``unit from to ec tc``.
    """
    table = _columns(found, ["unit", "from", "to", "ec", "tc"], "found")
    figure, axes = _plot(14)
    for (start, end), rows in table.groupby(["from", "to"], sort=True):
        axes.scatter(rows["ec"], rows["tc"], s=18, label=f"{start}–{end}")
        for row in rows.itertuples(index=False):
            axes.annotate(str(row.unit), (row.ec, row.tc), fontsize=6, color="#444")
    axes.axhline(1.0, color=_GREY, lw=0.8)
    axes.axvline(1.0, color=_GREY, lw=0.8)
    axes.set_xlabel("efficiency change EC")
    axes.set_ylabel("frontier shift TC")
    axes.legend(frameon=False, fontsize=8)
    return _done(figure, path)


def _said(column: object) -> str:
    return TERMS[str(column)].zh if str(column) in TERMS else str(column)


def _refuse(name: str, source: str) -> None:
    raise ZgcgisError(
        f"{name} 应为带单元标签的结果；请把 DataFrame 交给 {source}，结果会带上标签。",
        f"{name} must have the labels of its units; give {source} a DataFrame and it will.",
    )


def _labelled(values: object, name: str) -> Series:
    if not isinstance(values, Series):
        _refuse(name, "topsis")
    return values


def _columns(found: object, wanted: Sequence[str], name: str) -> DataFrame:
    if not isinstance(found, DataFrame) or not set(wanted) <= set(found.columns):
        raise ZgcgisError(
            f"{name} 应有列 {list(wanted)}。", f"{name} must have the columns {list(wanted)}."
        )
    return found


def _plot(rows: int) -> tuple[Any, Any]:
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as Drawn
    except ModuleNotFoundError as missing:
        raise ZgcgisError(
            f"画图需要 {missing.name}：请运行 pip install matplotlib。",
            f"Drawing needs {missing.name}: run pip install matplotlib.",
        ) from missing
    mpl.rcParams["font.sans-serif"] = [*_FONTS, *mpl.rcParams["font.sans-serif"]][:12]
    mpl.rcParams["axes.unicode_minus"] = False
    figure = Drawn(figsize=(6.4, max(2.4, 0.28 * rows + 1.0)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=8)
    return figure, axes


def _done(figure: Any, path: str | Path | None) -> Figure:
    if path is not None:
        kind = Path(path).suffix.removeprefix(".") or "png"
        write_whole(path, lambda temporary: figure.savefig(temporary, format=kind, dpi=200))
    drawn: Figure = figure
    return drawn

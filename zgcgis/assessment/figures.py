"""Figures for a paper (插图) from results with labels; they need matplotlib."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from pandas import DataFrame, Series
from pandas.api.types import is_numeric_dtype

from ..dea import Efficiency
from ..indicators import INDICATORS
from ..io.writing import write_whole
from ..language.errors import ZgcgisError
from ..language.safe_text import Text
from ..language.terms import TERMS
from ..mcdm import Acceptability, rank

__all__ = ["plot"]

_BLUE, _GREY, _RED = "#2563a8", "#8d99a6", "#a4511b"
_FONTS = ["Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "SimHei", "DejaVu Sans"]


class Figure(Protocol):
    """A figure of matplotlib."""

    def savefig(self, fname: Any, **kwargs: Any) -> None:
        """Write the figure into a file."""


def plot(
    result: Series | DataFrame | Efficiency | Acceptability,
    path: str | Path | None = None,
    *,
    lang: str = "zh",
) -> Figure:
    """Draw a result as the figure it is usually shown as, in the look of the page.

    Parameters
    ----------
    result
        With the labels of its units, as the functions give for a frame: scores (bars, the best on
        top, with ranks), ``dea.efficiency``, obstacle degrees (bars to 100 %),
        ``dea.bootstrap`` (intervals), ``dea.malmquist`` and ``dea.malmquist_luenberger``
        (efficiency change against frontier shift), ``mcdm.rank_acceptability`` (shares of the
        ranks), ``mcdm.kernel_density`` and what is indexed by ``year`` (lines),
        ``clusters.duranton_overman`` (density and bands).
    path
        Where to write it (``.png``, ``.svg``, ``.pdf``); by default nowhere.
    lang
        Of the words on axes and in legends: ``"zh"`` or ``"en"``.

    Returns
    -------
    Figure
        Of matplotlib, to go on with.

    Raises
    ------
    ZgcgisError
        If matplotlib is missing, or the result is none of these or has no labels.
    """
    for fits, draw in _KINDS:
        if fits(result):
            return _done(_in_words(draw(result), lang), path)
    raise ZgcgisError(
        "这不是带单元标签的结果，画不成图；请把 DataFrame 交给 mcdm、dea、clusters 的函数，再画其结果。",
        "This is no result with the labels of its units, so there is no figure of it; give a "
        "DataFrame to a function of mcdm, dea or clusters and plot what it returns.",
    )


_WORDS = {
    "score": Text("得分", "score"), "closeness": Text("贴近度", "closeness"),
    "efficiency": Text("效率值", "efficiency"), "corrected": Text("纠偏后", "corrected"),
    "ec": Text("技术效率变化 EC", "efficiency change EC"), "tc": Text("技术进步 TC", "frontier shift TC"),
    "density": Text("密度", "density"), "global": Text("整体置信带", "global"),
    "local": Text("逐点置信带", "local"), "km": Text("公里", "km"), "year": Text("年份", "year"),
}  # fmt: skip


def _in_words(figure: Any, lang: str) -> Any:
    """Name axes and legends in a language; what is no word of ours stays as it is."""
    for axes in figure.axes:
        axes.set_xlabel(_said(axes.get_xlabel(), lang))
        axes.set_ylabel(_said(axes.get_ylabel(), lang))
        for text in axes.get_legend().get_texts() if axes.get_legend() else ():
            text.set_text(_said(text.get_text(), lang))
    return figure


def _ranks(scores: Series) -> Any:
    kept = scores.dropna().sort_values()
    figure, axes = _plot(len(kept))
    axes.barh([str(u) for u in kept.index], kept, color=_BLUE)
    for i, (value, n) in enumerate(zip(kept, rank(kept), strict=True)):
        axes.text(value, i, f" {int(n)}", va="center", fontsize=8)
    axes.set_xlabel(str(kept.name or "score"))
    axes.set_xlim(left=min(0.0, float(kept.min())))  # bars begin at 0
    return figure


def _line(values: Series) -> Any:
    figure, axes = _plot(8)
    axes.plot(values.index, values, color=_BLUE, marker="o" if len(values) < 30 else "")
    if values.index.name == "year":
        axes.set_xticks(list(values.index))
    axes.set_xlabel(str(values.index.name or ""))
    axes.set_ylabel(str(values.name or ""))
    return figure


def _intervals(found: DataFrame) -> Any:
    table = found.sort_values("corrected")
    figure, axes = _plot(len(table))
    y = np.arange(len(table))
    axes.hlines(y, table["low"], table["high"], color=_BLUE, lw=2)
    axes.plot(table["corrected"], y, "o", color=_BLUE, ms=4, label="corrected")
    axes.plot(table["score"], y, "|", color=_RED, ms=9, label="score")
    axes.set_yticks(y, [str(u) for u in table.index])
    axes.set_xlabel("efficiency")
    axes.legend(frameon=False, fontsize=8)
    return figure


def _stacked(parts: DataFrame) -> Any:
    """Bars to 100 %: obstacle degrees, or shares of the ranks."""
    table = parts.dropna().iloc[::-1]
    figure, axes = _plot(len(table))
    left = np.zeros(len(table))
    shades = np.linspace(0.95, 0.25, max(table.shape[1], 2))
    import matplotlib as mpl

    for shade, column in zip(shades, table.columns, strict=False):
        color = mpl.colormaps["GnBu"](shade)
        names = [str(u) for u in table.index]
        axes.barh(names, table[column], left=left, color=color, label=str(column))
        left += table[column].to_numpy()
    axes.set_xlabel("%")
    axes.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _changes(found: DataFrame) -> Any:
    figure, axes = _plot(14)
    for (start, end), rows in found.groupby(["from", "to"], sort=True):
        axes.scatter(rows["ec"], rows["tc"], s=18, label=f"{start}–{end}")
        for row in rows.itertuples(index=False):
            axes.annotate(str(row.unit), (row.ec, row.tc), fontsize=6, color="#444")
    axes.axhline(1.0, color=_GREY, lw=0.8)
    axes.axvline(1.0, color=_GREY, lw=0.8)
    axes.set_xlabel("ec")
    axes.set_ylabel("tc")
    axes.legend(frameon=False, fontsize=8)
    return figure


def _bands(found: DataFrame) -> Any:
    figure, axes = _plot(10)
    at = found.index / 1000
    axes.fill_between(
        at, found["global_low"], found["global_high"], color="#dde3e8", label="global"
    )
    axes.fill_between(at, found["low"], found["high"], color="#b9c4ce", label="local")
    axes.plot(at, found["density"], color=_BLUE, label="density")
    axes.set_xlabel("km")
    axes.legend(frameon=False, fontsize=8)
    return figure


def _has(*columns: str) -> Callable[[object], bool]:
    return lambda found: isinstance(found, DataFrame) and set(columns) <= set(found.columns)


def _of_units(kind: type, field: str, labelled: type) -> Callable[[object], bool]:
    return lambda found: isinstance(found, kind) and isinstance(getattr(found, field), labelled)


def _adds_up(found: object) -> bool:
    if not isinstance(found, DataFrame) or not all(found.dtypes.map(is_numeric_dtype)):
        return False
    total = found.dropna().sum(axis=1)
    return len(total) > 0 and bool(np.allclose(total, 100.0))


def _is_line(found: object) -> bool:
    return isinstance(found, Series) and (found.name == "density" or found.index.name == "year")


_KINDS: tuple[tuple[Callable[[object], bool], Callable[[Any], Any]], ...] = (
    (_is_line, _line),
    (lambda found: isinstance(found, Series) and is_numeric_dtype(found), _ranks),
    (_of_units(Efficiency, "score", Series), lambda found: _ranks(found.score)),
    (_has("score", "corrected", "low", "high"), _intervals),
    (_has("unit", "from", "to", "ec", "tc"), _changes),
    (_has("density", "low", "high", "global_low", "global_high"), _bands),
    (_adds_up, _stacked),
    (
        _of_units(Acceptability, "share", DataFrame),
        lambda found: _stacked(100 * found.share),
    ),
)


def _said(word: str, lang: str) -> str:
    """Return a quantity or indicator by its name, a word of ours in its language."""
    own = _WORDS.get(word) or INDICATORS.get(word) or TERMS.get(word)
    return Text(own.zh, own.en).say(lang) if own is not None else word


def _plot(rows: int) -> tuple[Any, Any]:
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as Drawn
    except ModuleNotFoundError as missing:
        raise ZgcgisError(
            f"画图需要 {missing.name}：请运行 pip install 'zgcgis[plot]'。",
            f"Drawing needs {missing.name}: run pip install 'zgcgis[plot]'.",
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

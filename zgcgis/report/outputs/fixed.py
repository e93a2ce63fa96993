"""The workbook of a layer that was cleaned: outlines, blocks, what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ... import __version__
from ...language.safe_text import Text
from ...planning import Fix
from . import write_workbook

__all__ = ["write_fix_book"]


def write_fix_book(done: Fix, folder: Path, *, lang: str = "zh") -> Path:
    """Write ``fix.xlsx`` into a folder: what :func:`zgcgis.planning.fix` did, or would do."""
    pages: Sequence[tuple[str, pd.DataFrame]] = [
        (Text("界址", "Outlines").say(lang), done.outlines.round(4)),
        (Text("街区", "Blocks").say(lang), done.blocks.round(4)),
        (Text("说明", "About").say(lang), _about(done, lang)),
    ]
    return write_workbook(folder / "fix.xlsx", pages, lang=lang)


def _about(done: Fix, lang: str) -> pd.DataFrame:
    rows = [
        (Text("图层", "Layer"), done.level),
        (Text("容差（米）", "Tolerance (m)"), done.tolerance_m),
        (Text("现有要素", "Outlines there"), done.features),
        (Text("其他年份、未动", "Of other years, left alone"), done.earlier),
        (Text("整理前与相邻不吻合", "Not fitting neighbours before"), done.uneven[0]),
        (Text("整理后与相邻不吻合", "Not fitting neighbours after"), done.uneven[1]),
        (Text("去掉的尖刺", "Spikes taken off"), done.spikes),
        (Text("容差内无法整理", "Not cleaned within the tolerance"), "、".join(done.left)),
        (Text("软件", "Software"), f"zgcgis {__version__}"),
    ]
    return pd.DataFrame([{"topic": name.say(lang), "content": str(said)} for name, said in rows])

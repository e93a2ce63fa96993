"""A paper: sections with sentences, numbered tables and figures; as a page, as PDF, as Word.

The page has no script and needs no network. The PDF is printed from it by the Chromium of the
machine. Word needs the extra ``office``.
"""

from __future__ import annotations

import importlib.util
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ...io.writing import lying, write_text_whole, write_whole
from ...language.errors import ZgcgisWarning
from ...language.safe_text import Text, page_value
from ...language.terms import heading
from ...runs import find_browser
from ..outputs import shown
from ..outputs.place_sheets import NotPrintedError, print_page

__all__ = [
    "Figure",
    "Paper",
    "Section",
    "Table",
    "not_made",
    "office_there",
    "paper_html",
    "write_paper",
]

_MOST_ROWS = 400  # of a table in a document; all of them are in the workbook


@dataclass(frozen=True, eq=False)
class Table:
    """A table and its caption; columns have headings in both languages."""

    caption: Text
    rows: pd.DataFrame


@dataclass(frozen=True)
class Figure:
    """A picture as SVG of our own making, and its caption."""

    caption: Text
    svg: str
    size: tuple[int, int] = (720, 460)


@dataclass(frozen=True, eq=False)
class Section:
    """A heading, sentences, and what stands below them."""

    title: Text
    sentences: Sequence[Text] = ()
    parts: Sequence[Table | Figure] = ()


@dataclass(frozen=True, eq=False)
class Paper:
    """A document.

    Attributes
    ----------
    title, subtitle
        What stands at its head.
    sections
        Its sections, in order; one without sentences and parts is left out.
    foot
        What stands at its end: where it comes from, what it is not.
    """

    title: Text
    subtitle: Text
    sections: Sequence[Section]
    foot: Sequence[Text] = field(default_factory=tuple)

    def held(self) -> list[Section]:
        """Return the sections that hold something, tables without rows left out."""
        kept = []
        for one in self.sections:
            parts = [p for p in one.parts if not isinstance(p, Table) or len(p.rows)]
            if parts or one.sentences:
                kept.append(Section(one.title, one.sentences, parts))
        return kept


TABLE, FIGURE = Text("表", "Table"), Text("图", "Figure")
CUT = Text(
    "只列前 {0} 行，共 {1} 行，其余见 XLSX。", "The first {0} of {1} rows; the rest is in the XLSX."
)


def in_words(table: pd.DataFrame, lang: str) -> tuple[list[tuple[str, bool]], list[list[str]]]:
    """Return the heads of a table, with whether each is of numbers, and its rows as texts."""
    numbers = [pd.api.types.is_numeric_dtype(table[name]) for name in table]
    heads = [heading(str(name), lang) for name in table]
    rows = [
        [
            said(value, _FORMS.get(str(name), ""), lang)
            for name, value in zip(table, row, strict=True)
        ]
        for row in table.head(_MOST_ROWS).itertuples(index=False, name=None)
    ]
    return list(zip(heads, numbers, strict=True)), rows


_FORMS = {"area_ha": ",.4f", "share": ",.4f", "x_m": ".3f", "y_m": ".3f",
          "longitude": ".6f", "latitude": ".6f"}  # fmt: skip


def said(value: Any, form: str = "", lang: str = "zh") -> str:
    """Return a value as a document shows it, a number in a form; what is not known is a dash."""
    if form and isinstance(value, float) and math.isfinite(value):
        return format(value, form)
    return shown(value, lang) or "—"


def cut_short(table: pd.DataFrame, lang: str) -> str:
    """Say that a table is longer than what is shown of it; empty if it is not."""
    n = len(table)
    return CUT.say(lang).format(_MOST_ROWS, n) if n > _MOST_ROWS else ""


def paper_html(paper: Paper, *, lang: str = "zh") -> str:
    """Return a paper as one HTML page that prints on A4 and needs no network."""
    text = files("zgcgis").joinpath("resources/templates/paper.html.j2").read_text("utf-8")
    page = Environment(autoescape=True, undefined=StrictUndefined, finalize=page_value)
    count = {TABLE: 0, FIGURE: 0}
    sections = []
    for number, one in enumerate(paper.held(), 1):
        parts = []
        for part in one.parts:
            kind = TABLE if isinstance(part, Table) else FIGURE
            count[kind] += 1
            caption = f"{kind.say(lang)} {count[kind]}  {part.caption.say(lang)}"
            if isinstance(part, Table):
                heads, rows = in_words(part.rows, lang)
                cells = [list(zip(row, [n for _, n in heads], strict=True)) for row in rows]
                parts.append({"caption": caption, "heads": heads, "rows": cells,
                              "short": len(rows) <= 12, "cut": cut_short(part.rows, lang), "svg": ""})  # fmt: skip
            else:
                svg = Markup(part.svg)  # noqa: S704 - our own drawing, its texts escaped
                parts.append({"caption": caption, "svg": svg})
        sections.append({
            "title": f"{number}  {one.title.say(lang)}",
            "sentences": [sentence.say(lang) for sentence in one.sentences],
            "parts": parts,
        })  # fmt: skip
    return page.from_string(text).render(
        lang=lang,
        title=paper.title.say(lang),
        subtitle=paper.subtitle.say(lang),
        sections=sections,
        foot=[one.say(lang) for one in paper.foot],
    )


def write_paper(
    paper: Paper, folder: Path, stem: str, *, lang: str = "zh", template: str | Path | None = None
) -> list[Path]:
    """Write a paper as page, PDF and Word, as far as :func:`not_made` leaves.

    Parameters
    ----------
    paper
        The document.
    folder, stem
        Where, and what the files are called: ``STEM.html``, ``STEM.pdf``, ``STEM.docx``.
    lang
        Its language.
    template
        A Word document of your own whose styles, margins, heads and feet are taken.

    Returns
    -------
    paths
        What was made.
    """
    page = write_text_whole(folder / f"{stem}.html", paper_html(paper, lang=lang))
    made = [page]
    browser = find_browser()
    if browser is not None:
        try:
            target = folder / f"{stem}.pdf"
            made.append(write_whole(target, lambda path: print_page(browser, lying(page), path)))
        except NotPrintedError as problem:
            warnings.warn(f"{problem.zh}\n{problem.en}", ZgcgisWarning, stacklevel=2)
    if office_there():
        from .word import write_word

        made.append(write_word(paper, folder / f"{stem}.docx", lang=lang, template=template))
    return made


def office_there() -> bool:
    """Whether what writes Word documents is installed."""
    return importlib.util.find_spec("docx") is not None


def not_made() -> list[Text]:
    """Return in sentences what of a paper cannot be made here, and the way out."""
    lacking = [(find_browser() is None, NO_BROWSER), (not office_there(), NO_OFFICE)]
    return [said for lacks, said in lacking if lacks]


NO_BROWSER = Text(
    "本机没有 Chromium，没有生成 PDF；在任一浏览器中打开网页并打印即得。",
    "There is no Chromium here, so no PDF was made; open the page in any browser and print it.",
)
NO_OFFICE = Text(
    "没有 python-docx，没有生成 Word 文档；请运行 pip install 'zgcgis[office]'。",
    "python-docx is missing, so no Word document was made: run pip install 'zgcgis[office]'.",
)

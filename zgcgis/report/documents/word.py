"""A paper as a Word document (extra ``office``): styles by name, numbered captions as fields.

Fonts are named so that Word and WPS find them: 宋体 for text, 黑体 for heads, Times New Roman for
Latin letters. The same paper gives the same bytes.
"""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from ...io.writing import write_text_whole, write_whole, write_zip
from ...language.errors import ReadError, ZgcgisWarning
from ...language.safe_text import Text, property_text, text_width, xml_text
from ...runs import find_browser, work_folder
from ..outputs.place_sheets import NotPrintedError, take_picture
from .paper import FIGURE, TABLE, Figure, Paper, Table, cut_short, in_words

__all__ = ["write_word"]

_LATIN, _SONG, _HEI = "Times New Roman", "宋体", "黑体"
_STYLES: Mapping[str, tuple[str, float, bool]] = {
    "Normal": (_SONG, 10.5, False),
    "Title": (_HEI, 18, True),
    "Subtitle": (_SONG, 11, True),
    "Heading 1": (_HEI, 14, True),
    "Caption": (_HEI, 9.5, False),
    "List Bullet": (_SONG, 10.5, False),
}
_WIDE_CM = 17.0
_FIXED = datetime(2000, 1, 1)  # noqa: DTZ001 - no moment; the same in every document
_MOST_BYTES = 20 << 20


def write_word(
    paper: Paper, path: Path, *, lang: str = "zh", template: str | Path | None = None
) -> Path:
    """Write a paper as a Word document.

    Parameters
    ----------
    paper, path, lang
        The document, its file, its language.
    template
        A document whose styles, page, heads and feet are taken; its text stays before ours.

    Raises
    ------
    ReadError
        If the template is no Word document.
    """
    book = _opened(template)
    if template is None:
        _dress(book)
    _fill(book, paper, lang)
    book.core_properties.title = property_text(paper.title.say(lang))
    book.core_properties.author = "zgcgis"
    book.core_properties.created = book.core_properties.modified = _FIXED
    raw = io.BytesIO()
    book.save(raw)

    def writer(temporary: Path) -> None:
        with zipfile.ZipFile(raw) as source:
            write_zip(temporary, {name: partial(source.open, name) for name in source.namelist()})

    return write_whole(path, writer)


def _opened(template: str | Path | None) -> Any:
    import docx
    from docx.opc.exceptions import OpcError

    if template is None:
        return docx.Document()
    path = Path(template)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"{path.stat().st_size} bytes")
        return docx.Document(str(path))
    except (OpcError, OSError, ValueError, KeyError, zipfile.BadZipFile, SyntaxError) as error:
        raise ReadError(
            f"{path} 不能作为 Word 模板：{error}。请给一个 .docx 文件（至多 20 MB）。",
            f"{path} cannot be a template of Word: {error}. Give a .docx file of at most 20 MB.",
        ) from error


def _dress(book: Any) -> None:
    """Set the page, and name the fonts of the styles that are used."""
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt, RGBColor

    page = book.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2)
    page.top_margin = page.bottom_margin = Cm(2)
    for name, (font, size, bold) in _STYLES.items():
        style = book.styles[name]
        style.font.name, style.font.size, style.font.bold = _LATIN, Pt(size), bold
        style.font.italic = False
        style.font.color.rgb = RGBColor(0x1B, 0x1F, 0x24)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{kind}"), None)
        fonts.set(qn("w:eastAsia"), font)
        fonts.set(qn("w:hAnsi"), _LATIN)


def _style(book: Any, name: str) -> str | None:
    """A style's name if the document has it: a template may lack some."""
    return name if any(one.name == name for one in book.styles) else None


def _fill(book: Any, paper: Paper, lang: str) -> None:
    book.add_paragraph(xml_text(paper.title.say(lang)), style=_style(book, "Title"))
    book.add_paragraph(xml_text(paper.subtitle.say(lang)), style=_style(book, "Subtitle"))
    count = {TABLE: 0, FIGURE: 0}
    for number, one in enumerate(paper.held(), 1):
        head = f"{number}  {xml_text(one.title.say(lang))}"
        book.add_paragraph(head, style=_style(book, "Heading 1"))
        for sentence in one.sentences:
            book.add_paragraph(xml_text(sentence.say(lang)), style=_style(book, "List Bullet"))
        for part in one.parts:
            kind = TABLE if isinstance(part, Table) else FIGURE
            count[kind] += 1
            if isinstance(part, Table):
                _caption(book, kind, count[kind], part.caption, lang)
                _table(book, part, lang)
            elif _picture(book, part, lang):
                _caption(book, kind, count[kind], part.caption, lang)
    for said in paper.foot:
        book.add_paragraph(xml_text(said.say(lang)))


def _caption(book: Any, kind: Text, number: int, said: Text, lang: str) -> None:
    """A caption whose number is a field that Word counts, with its result stored."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    line = book.add_paragraph(f"{kind.say(lang)} ", style=_style(book, "Caption"))
    line.paragraph_format.keep_with_next = kind is TABLE
    counted = OxmlElement("w:fldSimple")
    counted.set(qn("w:instr"), f"SEQ {kind.say(lang)} \\* ARABIC")
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = str(number)
    run.append(text)
    counted.append(run)
    line._p.append(counted)
    line.add_run(f"  {xml_text(said.say(lang))}")


def _table(book: Any, part: Table, lang: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Cm

    heads, rows = in_words(part.rows, lang)
    table = book.add_table(rows=2 if rows else 1, cols=len(heads), style=_style(book, "Table Grid"))
    table.autofit = False
    lines = [[head for head, _ in heads], *rows]
    for column, share in zip(table.columns, _shares(lines), strict=True):
        column.width = Cm(_WIDE_CM * share)
    for row in table.rows:
        _dress_row(table, row, [number for _, number in heads], bold=row._index == 0)
    drawn = [row._tr for row in table.rows]
    for _ in rows[1:]:  # a row is dressed once and copied: a cell asked of a table walks all of it
        drawn.append(deepcopy(drawn[-1]))
        table._tbl.append(drawn[-1])
    for row, line in zip(drawn, lines, strict=True):
        for slot, said in zip(row.iter(qn("w:r")), line, strict=True):
            slot.text = xml_text(said)
    again = OxmlElement("w:tblHeader")
    again.set(qn("w:val"), "true")
    drawn[0].get_or_add_trPr().append(again)
    if short := cut_short(part.rows, lang):
        book.add_paragraph(short)
    book.add_paragraph()


def _dress_row(table: Any, row: Any, numbers: Sequence[bool], *, bold: bool) -> None:
    """Give each cell of a row its width, and one run with its letters but no text."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.shared import Pt

    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for column, cell, number in zip(table.columns, row.cells, numbers, strict=True):
        cell.width = column.width
        text = cell.paragraphs[0]
        text.paragraph_format.space_before = text.paragraph_format.space_after = Pt(1)
        run = text.add_run()
        run.font.size = Pt(9)
        run.font.bold = bold or None
        if number:
            text.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _shares(lines: list[list[str]]) -> list[float]:
    """How wide each column is: what is short is not broken, the long ones share what is left."""
    needed = [
        _LETTER_CM * max(n, 4) + _EDGES_CM for n in map(_letters, zip(*lines[:60], strict=True))
    ]
    natural = [
        max(one, min(_LETTER_CM * text_width(head) + _EDGES_CM, _SHORT_CM))
        for one, head in zip(needed, lines[0], strict=True)
    ]
    wanted = natural if sum(natural) <= _WIDE_CM else needed
    most, left = max(wanted), _WIDE_CM
    for k, one in enumerate(sorted(wanted)):  # the longest are cut to one width until all fit
        if one * (len(wanted) - k) > left:
            most = left / (len(wanted) - k)
            break
        left -= one
    cut = [min(w, most) for w in wanted]
    return [w / sum(cut) for w in cut]


def _letters(column: Sequence[str]) -> int:
    """How wide a column must be that no number and no word of its head is broken."""
    head, *texts = column
    word = max(map(text_width, head.split()), default=0) if head.isascii() else text_width(head) / 2
    return math.ceil(max([word, *map(text_width, texts)]))


_LETTER_CM, _EDGES_CM, _SHORT_CM = 0.2, 0.42, 2.8  # of 9 points; of a cell; that is not broken


def _picture(book: Any, part: Figure, lang: str) -> bool:
    """Put a figure in, drawn by the Chromium of the machine; without one, say so in its place."""
    from docx.shared import Cm

    browser = find_browser()
    problem = Text(
        "（图见网页；本机没有 Chromium，Word 中没有图。）",
        "(The figure is on the page; without a Chromium here there is none in Word.)",
    )
    if browser is not None:
        wide, high = part.size
        page = (
            '<!doctype html><meta charset="utf-8"><style>body{margin:0}svg{display:block;'
            f"width:{wide}px;height:{high}px}}</style>{part.svg}"
        )
        with work_folder() as folder:
            file, target = Path(folder) / "figure.html", Path(folder) / "figure.png"
            write_text_whole(file, page)
            try:
                take_picture(browser, file, target, part.size)
                book.add_picture(str(target), width=Cm(_WIDE_CM))
                book.paragraphs[-1].paragraph_format.keep_with_next = True
                return True
            except NotPrintedError as error:
                warnings.warn(f"{error.zh}\n{error.en}", ZgcgisWarning, stacklevel=2)
                problem = Text(error.zh, error.en)
    book.add_paragraph(xml_text(problem.say(lang)))
    return False

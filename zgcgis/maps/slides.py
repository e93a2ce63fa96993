"""A map as slides and on paper (幻灯片与成套图纸), by a Chromium on the machine, without a network."""

from __future__ import annotations

import base64
import re
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from ..io.writing import write_text_whole, write_whole, write_zip
from ..language.errors import UnknownNameError, WriteError, ZgcgisError
from ..language.safe_text import Text, page_value, xml_text
from ..runs import find_browser, run_browser, settle_pdf, work_folder
from .atlas import Atlas, save_map

__all__ = ["PAPERS", "print_map", "write_slides"]

PAPERS = ("map", "list", "findings", "parks", "parcels")
"""What can be printed: the map sheet, lists of parks and of findings, a sheet a park or parcel."""

_WIDTH, _HEIGHT, _FINE = 1280, 560, 2  # pixels of a picture, and of the screen to each
_WAIT_MS = 20_000  # of the page's own clock, which stands still while it works
_FONT = "Microsoft YaHei"  # known to PowerPoint and WPS by this name in every language
_FIXED = (2000, 1, 1, 0, 0, 0)
_INCH = 914_400


def write_slides(map_: Atlas, path: str | Path) -> Path:
    """Write the steps of an atlas as slides, one a step: title, picture of the map, words, sources.

    Parameters
    ----------
    map_
        The atlas of :func:`zgcgis.draw_zone`; ``map_.content["steps"]`` are its steps.
    path
        A file ending in ``.pptx`` (needs the extra ``[office]``) or ``.pdf``. Titles and words are
        text in both, in the language that the atlas opens in.

    Raises
    ------
    ZgcgisError
        If the suffix is another, python-pptx is missing, or no Chromium is on the machine.
    WriteError
        If the Chromium takes no picture.
    """
    kind = Path(path).suffix.lower()
    if kind not in {".pptx", ".pdf"}:
        raise ZgcgisError(
            f"幻灯片文件应以 .pptx 或 .pdf 结尾，给的是 {path}。",
            f"Slides are written to a .pptx or .pdf file; {path} was given.",
        )
    if kind == ".pptx":
        _pptx()
    browser = _browser()
    with work_folder() as place:
        page = save_map(map_, place / "page.html")
        shown = [
            _Slide(map_.content, step, _picture(browser, page, place, number))
            for number, step in enumerate(map_.content["steps"], 1)
        ]
    if kind == ".pptx":
        return write_whole(path, lambda target: _write_pptx(shown, target), check=_look_at_slides)
    html = _slides_html(map_.content, shown)
    return write_whole(path, lambda target: _print_html(browser, html, target))


class _Slide:
    """What stands on one slide."""

    def __init__(self, content: Mapping[str, Any], step: Mapping[str, Any], picture: bytes) -> None:
        lang = content["lang"]
        self.title = xml_text(Text(*step["title"]).say(lang))
        self.note = xml_text(Text(*step["note"]).say(lang))
        self.picture = picture
        review = content["review"] or Text(
            "（正式发布前填写）", "(fill in before publication)"
        ).say(lang)
        said = Text("审图号：", "Map review no.: ").say(lang) + review
        parts = (*(Text(*content[key]).say(lang) for key in ("credit", "disclaimer")), said)
        self.foot = xml_text("　".join(part for part in parts if part))
        self.sources = [xml_text(text) for text in _sources(content, step["view"])]


def _sources(content: Mapping[str, Any], view: str) -> list[str]:
    """The sources of the values that a view of the parks shows."""
    told = dict(part.partition("=")[::2] for part in view.split("&"))
    if told.get("t", "parks") != "parks":
        return []
    cells = content["values"].get(told.get("m", content["measure"]), {})
    used = {cell[8] for rows in cells.values() for cell in rows if cell[8] >= 0}
    return [content["sources"][place] for place in sorted(used)]


def _short(source: str) -> str:
    """What a source says of itself in brackets, or where it stands, as the page shortens it."""
    said, host = re.search(r"\(([^)]*)\)", source), re.match(r"https?://([^/\s]+)", source)
    return said[1] if said else host[1] if host else source


def _browser() -> str:
    browser = find_browser()
    if browser is None:
        raise ZgcgisError(
            "拍地图和打印需要 Chromium、Chrome 或 Edge，本机没有找到。请安装其一，或用环境变量 ZGCGIS_BROWSER 指明；"
            "也可在浏览器中打开地图，用“汇报”和“打印”。",
            "Pictures and prints of a map need Chromium, Chrome or Edge, and none was found. Install one or name "
            "it in ZGCGIS_BROWSER; or open the map in a browser and use “Present” and “Print”.",
        )
    return browser


def _picture(browser: str, page: Path, place: Path, number: int) -> bytes:
    target = place / f"step{number}.png"
    wishes = [
        f"--screenshot={target}",
        f"--window-size={_WIDTH},{_HEIGHT}",
        f"--force-device-scale-factor={_FINE}",
        "--hide-scrollbars",
    ]
    _run(browser, wishes, f"{page.resolve().as_uri()}#p={number},map", target)
    return target.read_bytes()


def _run(browser: str, wishes: Sequence[str], address: str, target: Path) -> None:
    """Let the browser do it, on a clock that waits until the page has read its land."""
    try:
        code, said = run_browser(browser, [*wishes, f"--virtual-time-budget={_WAIT_MS}"], address)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise WriteError(
            f"{browser} 没能打开地图：{problem}。", f"{browser} did not open the map: {problem}."
        ) from problem
    if not target.is_file() or not target.stat().st_size:
        words = said.strip().splitlines()[-1:]
        raise WriteError(
            f"{browser} 没有画出地图（退出码 {code}）：{words}。",
            f"{browser} did not draw the map (exit code {code}): {words}.",
        )


def _print_html(browser: str, html: str, target: Path) -> None:
    with work_folder() as place:
        _print(browser, write_text_whole(place / "slides.html", html), "", target)


def _print(browser: str, page: Path, view: str, target: Path) -> None:
    """Print beside the page, then take it to its place: a full disk is told as one."""
    made = page.with_suffix(".pdf")
    wishes = ["--no-pdf-header-footer", f"--print-to-pdf={made}"]
    _run(browser, wishes, page.resolve().as_uri() + view, made)
    settle_pdf(made)
    target.write_bytes(made.read_bytes())


def _slides_html(content: Mapping[str, Any], shown: Sequence[_Slide]) -> str:
    text = files("zgcgis").joinpath("resources/templates/slides.html.j2").read_text("utf-8")
    page = Environment(autoescape=True, undefined=StrictUndefined, finalize=page_value).from_string(
        text
    )
    lang = content["lang"]
    return page.render(
        lang=Text("zh-CN", "en").say(lang),
        title=Text(*content["name"]).say(lang),
        source=Text("来源：", "Sources: ").say(lang),
        slides=[
            {
                "title": one.title,
                "note": one.note,
                "foot": one.foot,
                "sources": list(dict.fromkeys(_short(text) for text in one.sources)),
                "picture": "data:image/png;base64," + base64.b64encode(one.picture).decode(),
            }
            for one in shown
        ],
    )


def _pptx() -> Any:
    try:
        import pptx
    except ImportError as missing:
        raise ZgcgisError(
            f"写 .pptx 需要 {missing.name}：请运行 pip install 'zgcgis[office]'，或改写 .pdf。",
            f"A .pptx needs {missing.name}: run pip install 'zgcgis[office]', or write a .pdf.",
        ) from missing
    return pptx


def _write_pptx(shown: Sequence[_Slide], target: Path) -> None:
    """Title, picture, words and source of each slide on the blank 16:9 layout."""
    from datetime import datetime
    from io import BytesIO

    deck = _pptx().Presentation()
    deck.slide_width, deck.slide_height = int(13.333 * _INCH), int(7.5 * _INCH)
    for field in ("created", "modified", "last_printed"):
        setattr(deck.core_properties, field, datetime(*_FIXED))  # noqa: DTZ001 - a fixed day
    layout = deck.slide_layouts[5]  # title only: the title is found by outline and screen readers
    for one in shown:
        slide = deck.slides.add_slide(layout)
        title = slide.shapes.title
        _set(title, (0.5, 0.25, 12.33, 0.8))
        _write(title.text_frame, one.title, 30, bold=True)
        top = 1.1
        if one.note:
            _write(_text_box(slide, (0.5, 1.05, 12.33, 0.55)), one.note, 16)
            top = 1.62
        width = min(12.33, (6.92 - top) * _WIDTH / _HEIGHT)
        picture = slide.shapes.add_picture(
            BytesIO(one.picture),
            int((13.333 - width) / 2 * _INCH),
            int(top * _INCH),
            int(width * _INCH),
        )
        picture._element._nvXxPr.cNvPr.set("descr", one.title)
        _write(_text_box(slide, (0.5, 6.97, 12.33, 0.4)), one.foot, 10)
        if one.sources:
            slide.notes_slide.notes_text_frame.text = "\n".join(one.sources)
    raw = BytesIO()
    deck.save(raw)
    with zipfile.ZipFile(raw) as made:  # the same input gives the same bytes
        write_zip(target, {name: partial(made.open, name) for name in made.namelist()})


def _set(shape: Any, box: tuple[float, float, float, float]) -> None:
    shape.left, shape.top, shape.width, shape.height = (int(inch * _INCH) for inch in box)


def _text_box(slide: Any, box: tuple[float, float, float, float]) -> Any:
    return slide.shapes.add_textbox(*(int(inch * _INCH) for inch in box)).text_frame


def _write(frame: Any, text: str, size: int, *, bold: bool = False) -> None:
    """One paragraph, in a font that is named for Latin and for Chinese text."""
    from pptx.oxml.ns import qn
    from pptx.util import Pt

    frame.word_wrap = True
    frame.text = text
    for run in (run for paragraph in frame.paragraphs for run in paragraph.runs):
        run.font.size, run.font.bold, run.font.name = Pt(size), bold, _FONT
        east = run._r.get_or_add_rPr().makeelement(qn("a:ea"), {"typeface": _FONT})
        run._r.get_or_add_rPr().append(east)
    for paragraph in frame.paragraphs:
        paragraph.alignment = 1  # left


def _look_at_slides(path: Path) -> None:
    if not len(_pptx().Presentation(str(path)).slides):
        msg = "no slide"
        raise ValueError(msg)


# --- paper ------------------------------------------------------------------------------------


def print_map(
    map_: Atlas, path: str | Path, *, papers: Sequence[str] = ("map", "list", "findings")
) -> Path:
    """Print an atlas as a set of A4 sheets into a PDF.

    Parameters
    ----------
    map_
        The atlas of :func:`zgcgis.draw_zone`.
    path
        The PDF.
    papers
        What is printed, of :data:`PAPERS`: the map, the list of all parks, all findings, one
        sheet a park, one a parcel that a finding is about (the first 500).

    Raises
    ------
    ZgcgisError
        If one of `papers` is another word, or no Chromium is on the machine.
    WriteError
        If the Chromium prints nothing.
    """
    for one in papers:
        if one not in PAPERS:
            raise UnknownNameError(one, PAPERS, what="sheet", zh="图纸")
    browser = _browser()

    def write(target: Path) -> None:
        with work_folder() as place:
            page = save_map(map_, place / "page.html")
            _print(browser, page, f"#x={','.join(papers)}", target)

    return write_whole(path, write)

"""What ``check``, ``scenario`` and ``allocate`` leave in a folder, or in one file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

import pandas as pd
from geopandas import GeoDataFrame

from ...accounts.access import METHODS
from ...io.places import refuse_place, result_folder
from ...io.spreadsheets import write_book_of
from ...io.writing import write_text_whole
from ...language.errors import WriteError
from ...language.safe_text import Text
from ...maps import save_map
from ...model import Zone
from ...model.tiles import beside
from ...planning.allocation.demand import changes_toml
from ...planning.difference import LINE_NAMES, parcel_lineage, scenario_farmland
from ..wording import draw_zone, sentences_of
from . import (
    PART,
    Checked,
    is_part,
    workbook_bytes,
    write_findings_gpkg,
    write_json,
    write_workbook,
)
from .findings_page import check_sheets, write_findings_page
from .place_sheets import sheets_begun

__all__ = [
    "chosen_in_words",
    "refuse_over_full",
    "write_allocation",
    "write_check",
    "write_scenario",
]

_CHECK_FILES = (
    "findings.gpkg",
    "findings.html",
    "findings.xlsx",
    "map.html",
    "sheets.html",
    "sheets.pdf",
    "places/*.svg",
)


def refuse_over_full(out: Path) -> None:
    """Refuse to write a check that was kept to a part over one that was not, or over who knows what.

    Raises
    ------
    WriteError
        If what stands there is no such part itself.
    """
    file = out / "findings.json" if out.is_dir() else out
    refuse_place(file.resolve(), file)
    if not file.exists() or is_part(file):
        return
    raise WriteError(
        f"{file} 是一次完整核查的成果或来历不明，本次只问了一部分，不会覆盖它。请用 -o 另指定位置。",
        f"{file} is of a full check, or of unknown origin; this one asks only a part and does not "
        "replace it. Name another place with -o.",
    )


def write_check(
    here: Zone, out: Path, result: Checked, text: str, lang: str, *, sheets: bool, atlas: bool
) -> list[Path]:
    """Write everything a check leaves: GeoPackage, workbook, JSON, sheets, map; or one file."""
    standing, waived, question = result.standing, result.waived, result.question
    mark = PART if question.partial else ""

    def gpkg(path: Path) -> Path:
        return write_findings_gpkg(path, standing, waived, asked=question)

    def booked() -> bytes:
        pages = check_sheets(here, result, lang)
        name = out if out.suffix.lower() == ".xlsx" else out / "findings.xlsx"
        return workbook_bytes(name, pages, lang=lang, title=here.names[lang], remark=mark)

    def page(path: Path) -> Path:
        return write_findings_page(here, result, path, lang=lang)

    def workbook(path: Path, book: Callable[[], bytes] = booked) -> Path:
        return write_book_of(path, book)

    writers: dict[str, Callable[[Path], Path]] = {".gpkg": gpkg, ".html": page}
    writers[".json"] = lambda path: write_json(path, text)
    writers[".xlsx"] = workbook
    if out.suffix.lower() in writers:
        return [writers[out.suffix.lower()](out)]
    folder = result_folder(out, "findings.json", _CHECK_FILES)
    wanted = standing if sheets else standing.iloc[:0]
    said = sentences_of(here)
    with (
        beside(booked, here.count("parcel") + here.count("building")) as book,
        sheets_begun(here, wanted, folder, lang=lang, sentences=said) as finish,
    ):
        writers[".xlsx"] = partial(workbook, book=book)
        made = [write(folder / f"findings{suffix}") for suffix, write in writers.items()]
        if atlas:
            drawn = _atlas(here, standing, lang, desk="findings")
            made.append(save_map(drawn, folder / "map.html"))
        made += finish()
    return made


def _atlas(zone: Zone, findings: GeoDataFrame, lang: str, **more: Any) -> Any:
    """The atlas with its findings, which come the largest of each severity first."""
    opens = cast("Literal['zh', 'en']", lang)
    return draw_zone(zone, findings=findings, lang=opens, **more)


def write_scenario(
    base: Zone, changed: Zone, wish: Any, answer: Any, out: str, lang: str
) -> list[Path]:
    """Write the workbook of a comparison, and the page that shows both states on one map."""
    folder = result_folder(out, "scenario.xlsx", ("compare.html",))
    atlas = _atlas(base, answer.after, lang, compare=changed)
    atlas.content["compare"]["sides"] = [["现状", "Now"], [wish.zh, wish.en]]
    pages = [
        (Text("台账差别", "Accounts").say(lang), answer.accounts),
        (Text("指标差别", "Indicators").say(lang), answer.indicators),
        (Text("得分差别", "Scores").say(lang), answer.scores),
        (Text("问题差别", "Findings").say(lang), answer.findings),
    ]
    if any(change.do in {"split", "merge"} for change in wish.changes):
        line = parcel_lineage(base, changed)
        line = line.assign(kind=[LINE_NAMES[kind].say(lang) for kind in line["kind"]])
        pages.append((Text("来历", "Lineage").say(lang), line))
    land = scenario_farmland(base, changed)
    if land is not None:
        pages.append((Text("占补平衡（m²）", "Cultivated land (m2)").say(lang), land.lines))
        if land.remarks:
            said = {"detail": [one.say(lang) for one in land.remarks]}
            pages.append((Text("占补说明", "On cultivated land").say(lang), pd.DataFrame(said)))
    return [
        write_workbook(folder / "scenario.xlsx", pages, lang=lang, title=wish.zh),
        save_map(atlas, folder / "compare.html"),
    ]


def chosen_in_words(answer: Any, lang: str) -> pd.DataFrame:
    """Return what an allocation took; what each distance to a station stands on, in words."""
    table: pd.DataFrame = answer.chosen
    if "access_by" not in table:
        return table
    words = [METHODS[one].say(lang) if one in METHODS else "" for one in table["access_by"]]
    return table.assign(access_m=table["access_m"].astype(float).round(0), access_by=words)


def write_allocation(out: str, answer: Any, setting: Any, changes: Any, lang: str) -> list[Path]:
    """Write the workbook of an allocation and, where there is one, the scenario that does it."""
    folder = result_folder(out, "allocation.xlsx", ("scenario.toml",))
    pages = [
        (
            Text("安排", "Allocation").say(lang),
            chosen_in_words(answer, lang).drop(columns=["blocked"]),
        ),
        (Text("约束", "Limits").say(lang), answer.limits),
        (Text("未列入", "Left out").say(lang), setting.left_out),
    ]
    made = [write_workbook(folder / "allocation.xlsx", pages, lang=lang)]
    if changes is not None:
        text = changes_toml(changes, zh="用地安排方案", en="allocation")
        made.insert(0, write_text_whole(folder / "scenario.toml", text))
    return made

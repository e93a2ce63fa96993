"""An assessment written down (评价成果): workbook, tables, one page.

:func:`write_report` lays all of it in one folder; each writer can be called alone.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ..assessment import Assessment
from ..io.places import result_folder
from ..io.spreadsheets import write_book_of
from ..io.writing import together
from ..model.tiles import beside
from .method import method_page, zone_page
from .outputs.fixed import write_fix_book
from .outputs.place_sheets import write_sheets
from .page import render_page, write_page
from .tables import as_data, schema, write_csv, write_json
from .wording import draw_zone
from .workbook import workbook_bytes, write_workbook

__all__ = [
    "as_data",
    "draw_zone",
    "method_page",
    "render_page",
    "schema",
    "write_csv",
    "write_fix_book",
    "write_json",
    "write_page",
    "write_report",
    "write_sheets",
    "write_tables",
    "write_workbook",
    "zone_page",
]


_NAMES = (
    "accounts.csv",
    "atlas.html",
    "assessment.xlsx",
    "buildings.csv",
    "findings.csv",
    "index.html",
    "indicators.csv",
    "parcel_potentials.csv",
    "parcels.csv",
    "potentials.csv",
    "scores.csv",
)


def write_tables(assessment: Assessment, folder: str | Path) -> list[Path]:
    """Write the workbook, the CSV files and the JSON of an assessment into a folder."""
    with together({Path(folder): True}):
        place = result_folder(folder, "assessment.json", _NAMES)
        with beside(partial(workbook_bytes, assessment), assessment.zone.count("parcel")) as book:
            made = [write_json(assessment, place / "assessment.json")]
            made += write_csv(assessment, place)
            return [write_book_of(place / "assessment.xlsx", book), *made]


def write_report(assessment: Assessment, folder: str | Path, *, lang: str = "zh") -> Path:
    """Write an assessment as a page with charts, beside the workbook and the tables.

    Parameters
    ----------
    assessment
        What :func:`zgcgis.assessment.assess` returned.
    folder
        Where the files go; it is made if it is not there.
    lang
        Language of the page, ``"zh"`` or ``"en"``.

    Returns
    -------
    path
        The page, ``index.html``.
    """
    with together({Path(folder): True}):
        write_tables(assessment, folder)
        return write_page(assessment, Path(folder) / "index.html", lang=lang)

"""Tables for spreadsheets: the one way a CSV file and a workbook are written.

No text in them is a formula, whatever it begins with; the same content gives the same bytes.
"""

from __future__ import annotations

import contextlib
import csv
import io
import math
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time
from functools import partial
from pathlib import Path
from typing import IO, Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from ..errors import WriteError
from ..safe_text import cell_text, csv_text, is_lively, property_text, sheet_name
from .writing import write_bytes_whole, write_whole, write_zip

__all__ = [
    "add_sheet",
    "plain_value",
    "put_text",
    "refuse_too_large",
    "save_workbook",
    "write_csv",
    "write_table",
]

_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384
_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")
_FIXED = b"2000-01-01T00:00:00Z"


def write_csv(path: str | Path, rows: Iterable[Iterable[Any]], *, of_zone: bool = False) -> Path:
    """Write rows, heads among them, as CSV that Excel opens: UTF-8 with a byte order mark."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_csv_value(value) for value in row])
    return write_bytes_whole(path, stream.getvalue().encode("utf-8-sig"), of_zone=of_zone)


def _csv_value(value: Any) -> Any:
    value = plain_value(value)
    return csv_text(value) if isinstance(value, str) else value


def plain_value(value: Any) -> Any:
    """Return a value as a spreadsheet knows it: None, a truth, a finite number or a text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else (None if math.isnan(value) else str(value))
    if value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, datetime):
        bare = value.replace(tzinfo=None)
        return str(bare.date() if bare.time() == time() else bare)
    return plain_value(value.item()) if hasattr(value, "item") else str(value)


def put_text(cell: Cell, text: str) -> None:
    """Write a text into a cell, typed as text; it stays one when somebody edits the cell."""
    cell.value = cell_text(text)
    cell.data_type = "s"
    if is_lively(text):
        cell.quotePrefix = True


def add_sheet(book: Workbook, name: str) -> Worksheet:
    """Add a sheet to a workbook, under a name that a sheet may have."""
    return book.create_sheet(sheet_name(name, book.sheetnames))


def save_workbook(book: Workbook, path: str | Path, *, title: str = "", remark: str = "") -> Path:
    """Save a workbook whole, with the same bytes for the same content; it is opened once more."""
    book.properties.description = property_text(remark) or None
    return _save(lambda: book, path, title)


def workbook_remark(path: Path) -> str:
    """Return the remark that :func:`save_workbook` put into a workbook; empty if there is none."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("docProps/core.xml") as part:
            found = _REMARK.search(part.read(1 << 16).decode("utf-8", "replace"))
    except (OSError, KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error):
        return ""
    return found[1] if found else ""


_REMARK = re.compile(r"<dc:description>([^<]*)</dc:description>")


def _save(make: Callable[[], Workbook], path: str | Path, title: str) -> Path:
    def writer(temporary: Path) -> None:
        with _keeping_temporary_files(temporary.parent):
            write(temporary)

    def write(temporary: Path) -> None:
        book = make()
        book.properties.creator = "zgcgis"
        book.properties.title = property_text(title) or None
        raw = temporary.with_name(f"{temporary.name}.raw")
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            ExcelWriter(book, archive).write_data()
        with zipfile.ZipFile(raw) as source:
            write_zip(temporary, {name: partial(_part, source, name) for name in source.namelist()})
        raw.unlink()

    return write_whole(path, writer)


@contextlib.contextmanager
def _keeping_temporary_files(folder: Path) -> Iterator[None]:
    """Have openpyxl write its sheets where they are removed, even if this run is killed."""
    usual, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = usual


def _part(source: zipfile.ZipFile, name: str) -> IO[bytes]:
    if name != "docProps/core.xml":
        return source.open(name)
    return io.BytesIO(_TIMES.sub(rb"\g<1>" + _FIXED + rb"\g<3>", source.read(name)))


def refuse_too_large(path: str | Path, rows: int, columns: int) -> None:
    """Refuse a table that has more rows, its head among them, or columns than a sheet has."""
    if rows > _MOST_ROWS or columns > _MOST_COLUMNS:
        raise WriteError(
            f"{path}：表有 {rows:,} 行 {columns:,} 列，而工作表至多 {_MOST_ROWS:,} 行 {_MOST_COLUMNS:,} 列。"
            "请改用 .csv、.gpkg 或 .parquet。",
            f"{path}: the table has {rows:,} rows and {columns:,} columns; a sheet holds "
            f"{_MOST_ROWS:,} and {_MOST_COLUMNS:,}. Write .csv, .gpkg or .parquet instead.",
        )


def write_table(table: pd.DataFrame, path: str | Path, *, sheet: str = "data") -> Path:
    """Write one table as a workbook of one sheet, row by row."""
    refuse_too_large(path, len(table) + 1, table.shape[1])
    return _save(lambda: _one_sheet(table, sheet), path, "")


def _one_sheet(table: pd.DataFrame, sheet: str) -> Workbook:
    book = Workbook(write_only=True)
    page = add_sheet(book, sheet)

    def cell(value: Any) -> Any:
        if isinstance(value, pd.Timestamp):
            return value.tz_localize(None).to_pydatetime()
        plain = plain_value(value)
        if not isinstance(plain, str):
            return plain
        made = WriteOnlyCell(page)
        put_text(made, plain)
        return made

    with contextlib.closing(page):  # its rows are a file that wants closing, come what may
        page.append([cell(str(c)) for c in table.columns])
        for row in table.itertuples(index=False, name=None):
            page.append([cell(v) for v in row])
    return book

"""Tables for spreadsheets: the one way a CSV file and a workbook are written.

No text in them is a formula, whatever it begins with; the same content gives the same bytes.
"""

from __future__ import annotations

import codecs
import csv
import gc
import io
import math
import re
import traceback
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from ..language.errors import WriteError
from ..language.safe_text import (
    cell_text,
    csv_text,
    csv_texts,
    is_lively,
    property_text,
    sheet_name,
)
from ..runs import work_folder
from .writing import write_parts_whole, write_whole

__all__ = [
    "PLAIN",
    "Book",
    "Look",
    "Sheet",
    "book_bytes",
    "csv_bytes",
    "plain_value",
    "refuse_too_large",
    "workbook_remark",
    "write_book",
    "write_book_of",
    "write_csv",
    "write_table",
]

_ROWS_TOGETHER = 50_000  # of a table that is written as CSV
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384
_WHOLE = 10**15  # a whole number below it is written as it stands
_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - the same in every workbook, so that bytes are
_AS_THEY_ARE = {
    "strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False,
}  # fmt: skip


def write_csv(
    path: str | Path,
    rows: Iterable[Iterable[Any]],
    table: pd.DataFrame | None = None,
    *,
    of_zone: bool = False,
) -> Path:
    """Write rows, heads among them, as CSV that Excel opens: UTF-8 with a byte order mark.

    The rows of a table come below them, without the names of its columns.
    """
    return write_parts_whole(path, _csv_parts(rows, table), of_zone=of_zone)


def csv_bytes(rows: Iterable[Iterable[Any]]) -> bytes:
    """Return what :func:`write_csv` writes."""
    return b"".join(_csv_parts(rows, None))


def _csv_parts(rows: Iterable[Iterable[Any]], table: pd.DataFrame | None) -> Iterator[bytes]:
    """Give rows, then those of a table column by column, many at a time."""
    yield codecs.BOM_UTF8 + _csv_lines([_csv_value(value) for value in row] for row in rows)
    for start in range(0, 0 if table is None else len(table), _ROWS_TOGETHER):
        assert table is not None
        part = table.iloc[start : start + _ROWS_TOGETHER]
        columns = [_csv_column(part.iloc[:, k]) for k in range(part.shape[1])]
        yield _csv_lines(zip(*columns, strict=True))


def _csv_lines(rows: Iterable[Iterable[Any]]) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows(rows)
    return stream.getvalue().encode("utf-8")


def _csv_column(column: pd.Series) -> Sequence[Any]:
    """Return what :func:`_csv_value` makes of each value of a column."""
    values: list[Any] = column.tolist()
    types = set(map(type, values))
    if types == {int} or (types == {float} and np.isfinite(column.to_numpy(float)).all()):
        return values
    if types == {str}:
        return csv_texts(values)
    return [_csv_value(value) for value in values]


def _csv_value(value: Any) -> Any:
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        return value  # as most are, in a large table
    if type(value) is not str:
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


@dataclass(frozen=True)
class Look:
    """How a cell looks: points, colours as ``RRGGBB``, a format of numbers."""

    size_pt: float = 11
    font: str = "Calibri"
    bold: bool = False
    colour: str = ""
    fill: str = ""
    number: str = ""
    boxed: bool = False
    across: str = ""
    upright: str = ""
    wrap: bool = False

    def properties(self, *, typed: bool) -> dict[str, Any]:
        """Return the look in the words of XlsxWriter; a typed text stays one when it is edited."""
        box = {"border": 1, "border_color": "#BFBFBF"} if self.boxed else {}
        named = {
            "bold": self.bold,
            "font_color": self.colour and f"#{self.colour}",
            "bg_color": self.fill and f"#{self.fill}",
            "num_format": self.number,
            "align": self.across,
            "valign": self.upright,
            "text_wrap": self.wrap,
            "quote_prefix": typed,
        }
        said = {name: value for name, value in named.items() if value}
        return {"font_size": self.size_pt, "font_name": self.font} | said | box


PLAIN = Look()


class _Exact(float):
    """A number that is written with all its digits: XlsxWriter would cut it to sixteen."""

    def __format__(self, _: str) -> str:
        return repr(float(self))


class _NoText(str):
    """The empty text that a formula comes to: XlsxWriter would leave a plain one without its type."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, _: object) -> bool:
        return False


class Sheet:
    """A sheet of a workbook that is being written; rows and columns are counted from 1."""

    def __init__(self, book: Book, inner: Any) -> None:
        self._book, self._inner = book, inner
        self.name: str = inner.get_name()
        self.folded: dict[int, list[tuple[int, str]]] = {}
        """Texts on several lines by row, each with its column; not kept of a table in order."""

    def put(self, row: int, column: int, value: Any, look: Look = PLAIN) -> None:
        """Write a value: a text is a text, whatever it begins with."""
        plain = plain_value(value)
        typed = isinstance(plain, str) and is_lively(plain)
        shape = self._book.shape(look, typed=typed)
        if isinstance(plain, str):
            self._text(row, column, cell_text(plain), look, shape)
        elif plain is None:
            self._inner.write_blank(row - 1, column - 1, None, shape)
        elif isinstance(plain, bool):
            self._inner.write_boolean(row - 1, column - 1, plain, shape)
        else:
            whole = abs(plain) < _WHOLE and int(plain) == plain
            number = int(plain) if whole else _Exact(plain)
            self._inner.write_number(row - 1, column - 1, number, shape)

    def _text(self, row: int, column: int, text: str, look: Look, shape: Any) -> None:
        if look.wrap and not self._book.in_order:
            self.folded.setdefault(row, []).append((column, text))
        if not text:
            self._inner.write_blank(row - 1, column - 1, None, shape)
        elif text.startswith("<r>") and text.endswith("</r>"):  # would be taken for markup
            parts = text[:1], text[1:2], text[2:]
            self._inner.write_rich_string(row - 1, column - 1, *parts, shape)
        else:
            self._inner.write_string(row - 1, column - 1, text, shape)

    def time(self, row: int, column: int, value: datetime, look: Look = PLAIN) -> None:
        """Write a date with its time of day, without a time zone."""
        shape = self._book.shape(replace(look, number="yyyy-mm-dd hh:mm:ss"), typed=False)
        self._inner.write_datetime(row - 1, column - 1, value, shape)

    def formula(self, row: int, column: int, formula: str, result: Any, look: Look = PLAIN) -> None:
        """Write a formula with what it comes to, which readers that do not calculate show."""
        plain = plain_value(result)
        shape = self._book.shape(look, typed=False)
        shown = _NoText() if plain is None or plain == "" else plain
        self._inner.write_formula(row - 1, column - 1, f"={formula}", shape, shown)

    def widths(self, letters: Sequence[float]) -> None:
        """Set the widths of the first columns, in letters."""
        for column, width in enumerate(letters):
            self._inner.set_column(column, column, width)

    def height(self, row: int, points: float) -> None:
        """Set the height of a row."""
        self._inner.set_row(row - 1, points)

    def window(self, *, frozen: str = "", filtered: tuple[int, int] | None = None) -> None:
        """Hold rows and columns before a cell still, and offer a filter over so many of them."""
        if frozen:
            self._inner.freeze_panes(frozen)
        if filtered:
            self._inner.autofilter(0, 0, filtered[0] - 1, filtered[1] - 1)

    def paper(
        self, *, head: int, footer: str, pages_wide: int = 1, names: str = "", edge_in: float = 0.6
    ) -> None:
        """Print on lying A4, so many pages wide, head and names on each page."""
        self._inner.set_landscape()
        self._inner.set_paper(9)
        self._inner.fit_to_pages(pages_wide, 0)
        self._inner.set_margins(left=0.4, right=0.4, top=edge_in, bottom=edge_in)
        self._inner.set_footer(f"&C{footer}")
        self._inner.repeat_rows(0, head - 1)
        if pages_wide > 1:
            self._inner.repeat_columns(names)
            self._inner.print_across()


class Book:
    """A workbook that is being written; :func:`write_book` makes it and gives it to a function."""

    def __init__(self, inner: Any, *, in_order: bool) -> None:
        self._inner, self.in_order = inner, in_order
        self._sheets: list[str] = []
        self._shapes: dict[tuple[Look, bool], Any] = {}

    def sheet(self, name: str) -> Sheet:
        """Add a sheet, under a name that a sheet may have."""
        made = Sheet(self, self._inner.add_worksheet(sheet_name(name, self._sheets)))
        self._sheets.append(made.name)
        return made

    def shape(self, look: Look, *, typed: bool) -> Any:
        """Return the format of a look, made once."""
        if (look, typed) not in self._shapes:
            self._shapes[look, typed] = self._inner.add_format(look.properties(typed=typed))
        return self._shapes[look, typed]


def write_book(
    path: str | Path,
    fill: Callable[[Book], None],
    *,
    title: str = "",
    remark: str = "",
    in_order: bool = False,
) -> Path:
    """Write a workbook whole, with the same bytes for the same content; it is opened once more.

    See :func:`book_bytes`.
    """
    near = Path(path).parent if in_order else None
    return write_book_of(path, lambda: book_bytes(fill, title=title, remark=remark, near=near))


def write_book_of(path: str | Path, make: Callable[[], bytes]) -> Path:
    """Write the workbook that `make` gives, as :func:`write_book` does."""
    return write_whole(path, lambda temporary: temporary.write_bytes(make()))


def book_bytes(
    fill: Callable[[Book], None], *, title: str = "", remark: str = "", near: Path | None = None
) -> bytes:
    """Return a workbook: `fill` adds the sheets.

    Where a folder is named, which need not be there yet, each sheet is written row by row from
    the top and goes to a place in it, or above it, as it comes, so that of a large table nothing is held but what it is packed into.
    """
    about = {"title": property_text(title), "comments": property_text(remark)}
    if near is None:
        return _made(fill, about, {"in_memory": True})
    with work_folder(_standing(near)) as place:
        return _made(fill, about, {"constant_memory": True, "tmpdir": place})


def _made(fill: Callable[[Book], None], about: Mapping[str, str], way: dict[str, Any]) -> bytes:
    """Make a workbook; where it fails no file of it stays open."""
    try:
        return _packed(fill, about, way)
    except BaseException as error:
        _let_go(error)
        if isinstance(error, FileCreateError):  # around what the disk said
            raise OSError(*error.args[0].args) from None
        raise


def _packed(fill: Callable[[Book], None], about: Mapping[str, str], way: dict[str, Any]) -> bytes:
    packed = io.BytesIO()  # on a full disk XlsxWriter would leave half an archive open
    inner = Workbook(packed, _AS_THEY_ARE | way)
    inner.use_zip64()
    inner.set_properties({"author": "zgcgis", "created": _CREATED, **about})
    fill(Book(inner, in_order="tmpdir" in way))
    inner.close()
    return packed.getvalue()


def _standing(folder: Path) -> Path:
    """Return a folder, or the first above it that is there already."""
    return next((one for one in (folder, *folder.absolute().parents) if one.is_dir()), Path())


def _let_go(error: BaseException) -> None:
    """Close the files that XlsxWriter leaves open where it fails, so that the disk is free."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        at: BaseException | None = error
        while at is not None:
            traceback.clear_frames(at.__traceback__)
            at = at.__context__
        gc.collect()


def workbook_remark(path: Path) -> str:
    """Return the remark that :func:`write_book` put into a workbook; empty if there is none."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("docProps/core.xml") as part:
            found = _REMARK.search(part.read(1 << 16).decode("utf-8", "replace"))
    except (OSError, KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error):
        return ""
    return found[1] if found else ""


_REMARK = re.compile(r"<dc:description>([^<]*)</dc:description>")


def refuse_too_large(path: str | Path, rows: int, columns: int) -> None:
    """Refuse a table that has more rows, its head among them, or columns than a sheet has."""
    if rows > _MOST_ROWS or columns > _MOST_COLUMNS:
        raise WriteError(
            f"{path}：表有 {rows:,} 行 {columns:,} 列，而工作表至多 {_MOST_ROWS:,} 行 {_MOST_COLUMNS:,} 列。"
            "请改用 .csv、.gpkg 或 .parquet。",
            f"{path}: the table has {rows:,} rows and {columns:,} columns; a sheet holds "
            f"{_MOST_ROWS:,} and {_MOST_COLUMNS:,}. Write .csv, .gpkg or .parquet instead.",
        )


def write_table(
    table: pd.DataFrame, path: str | Path, *, sheet: str = "data", above: str = ""
) -> Path:
    """Write one table as a workbook of one sheet, row by row, under a line that is meant for all."""
    first = 2 if above else 1
    refuse_too_large(path, len(table) + first, table.shape[1])

    def fill(book: Book) -> None:
        page = book.sheet(sheet)
        if above:
            page.put(1, 1, above)
        for column, name in enumerate(table.columns, start=1):
            page.put(first, column, str(name))
        for row, values in enumerate(table.itertuples(index=False, name=None), start=first + 1):
            for column, value in enumerate(values, start=1):
                if isinstance(value, pd.Timestamp):
                    page.time(row, column, value.tz_localize(None).to_pydatetime())
                elif (plain := plain_value(value)) is not None:
                    page.put(row, column, plain)

    return write_book(path, fill, in_order=True)

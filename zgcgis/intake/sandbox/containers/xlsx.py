"""Workbooks: their parts, and their sheets as text tables with what is odd about the cells."""

from __future__ import annotations

import datetime as dt
import json
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from . import Refused, first_line
from .markup import parser

__all__ = ["get_ready", "read"]

MOST_SHEETS = 200
MOST_COLUMNS = 2000
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_XML_SUFFIXES = (".xml", ".rels", ".vml")


def _look_at_parts(path: Path) -> None:
    """Refuse a workbook any part of which declares a document type, wherever and in any encoding.

    A declaration can only stand before the first element, so no part is read further than that.
    """
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            reader = parser()
            begun: list[str] = []
            reader.StartElementHandler = lambda name, _, begun=begun: begun.append(name)
            try:
                with archive.open(member) as stream:
                    while not begun and (block := stream.read(1 << 14)):
                        reader.Parse(block)
            except expat.ExpatError as problem:
                if not begun and member.filename.lower().endswith(_XML_SUFFIXES):
                    detail = f"XLSX: {member.filename}: {problem}"
                    raise Refused("R405", detail=detail[:200]) from problem


def get_ready(_: dict[str, Any]) -> None:
    """Load the engine, before the folders are shut, and have it tell what a formula comes to."""
    import openpyxl  # noqa: F401
    from openpyxl.worksheet import _reader

    _reader.WorkSheetParser = _telling(_reader.WorkSheetParser)


def _telling(plain: type) -> type:
    """Return a reader of cells that gives a formula that comes to an empty text as that text.

    openpyxl gives nothing for it, as it does for a formula that nobody has calculated.
    """

    class Telling(plain):  # type: ignore[misc]
        def parse_cell(self, element: Any) -> dict[str, Any]:
            told: dict[str, Any] = super().parse_cell(element)
            typed = element.get("t") == "str" and element.find(f"{{{_NAMESPACE}}}v") is not None
            if typed and told["value"] is None:
                told |= {"value": "", "data_type": "s"}
            return told

    return Telling


def read(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Read the sheets of a workbook as text tables, with what is odd about their cells."""
    path = Path(job["path"])
    try:
        _look_at_parts(path)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as problem:
        raise Refused("R405", detail=f"XLSX: {first_line(problem)}") from problem
    import openpyxl

    warnings.simplefilter("ignore")
    try:
        try:
            values, formulas = (openpyxl.load_workbook(path, data_only=d) for d in (True, False))
        except (Refused, MemoryError):
            raise
        except Exception:  # noqa: BLE001 - of looks and properties there is nothing to lose
            plain = _without_looks(path, out / "plain.xlsx")
            values, formulas = (openpyxl.load_workbook(plain, data_only=d) for d in (True, False))
    except (Refused, MemoryError):
        raise
    except Exception as problem:
        raise Refused("R405", detail=f"XLSX: {first_line(problem)}") from problem
    if len(values.worksheets) > MOST_SHEETS:
        raise Refused("R444", measured=len(values.worksheets), limit=MOST_SHEETS)
    sheets = []
    for number, sheet in enumerate(values.worksheets):
        told = _told(sheet, formulas[sheet.title])
        file = out / f"sheet-{number}.json"
        file.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        sheets.append({"name": sheet.title, "file": file.name})
    return {"sheets": sheets}


_PLAIN_STYLES = (
    '<fonts count="1"><font/></fonts><fills count="1"><fill><patternFill/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
)


def _without_looks(path: Path, target: Path) -> Path:
    """Write a workbook again without its properties, and of its styles the forms of numbers alone."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as made:
        for member in source.infolist():
            if member.filename.startswith("docProps/"):
                continue
            content = source.read(member)
            if member.filename == "xl/styles.xml":
                content = _number_forms(content)
            made.writestr(member.filename, content)
    return target


def _number_forms(styles: bytes) -> bytes:
    """Return a table of styles that says nothing but how numbers are shown: which of them are dates."""
    formats: list[str] = []
    forms: list[str] = []
    within: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        name = name.rsplit(":", 1)[-1]
        if name == "numFmt" and {"numFmtId", "formatCode"} <= set(attributes):
            number, code = (quoteattr(attributes[key]) for key in ("numFmtId", "formatCode"))
            formats.append(f"<numFmt numFmtId={number} formatCode={code}/>")
        elif name == "xf" and within[-1:] == ["cellXfs"]:
            number = quoteattr(attributes.get("numFmtId", "0"))
            forms.append(f'<xf numFmtId={number} fontId="0" fillId="0" borderId="0"/>')
        within.append(name)

    reader = parser()
    reader.StartElementHandler = start
    reader.EndElementHandler = lambda _: within.pop()
    reader.Parse(styles)
    reader.Parse(b"", 1)
    numbers = f'<numFmts count="{len(formats)}">{"".join(formats)}</numFmts>' if formats else ""
    cells = f'<cellXfs count="{len(forms)}">{"".join(forms)}</cellXfs>'
    text = f'<styleSheet xmlns="{_NAMESPACE}">{numbers}{_PLAIN_STYLES}{cells}</styleSheet>'
    return text.encode()


def _told(sheet: Any, twin: Any) -> dict[str, Any]:
    """Return a sheet's rows as text and what is odd about its cells."""
    odd: dict[str, list[str]] = {"unset_formulas": [], "errors": [], "long": []}
    others = twin._cells
    rows: list[list[str | None]] = []
    for cells in _rows_of(sheet):
        rows.append([])
        for cell in cells:
            if cell is None:
                rows[-1].append(None)
                continue
            if others[cell.row, cell.column].data_type == "f" and cell.value is None:
                odd["unset_formulas"].append(cell.coordinate)
            if cell.data_type == "e":
                odd["errors"].append(cell.coordinate)
            value = None if cell.data_type == "e" or cell.value == "" else cell.value
            if _is_long(value):
                odd["long"].append(cell.coordinate)
            rows[-1].append(_text_of(value))
    return {
        "name": sheet.title,
        "hidden": sheet.sheet_state != "visible",
        "merged": [str(r) for r in sheet.merged_cells.ranges][:50],
        "hidden_rows": sum(1 for d in sheet.row_dimensions.values() if d.hidden),
        "rows": rows,
    } | {name: places[:1000] for name, places in odd.items()}


def _is_long(value: object) -> bool:
    """Whether a number has more digits than a sheet keeps."""
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return whole and not isinstance(value, bool) and abs(value) >= 10**15  # type: ignore[arg-type]


def _text_of(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 10**18
        return str(int(value)) if whole else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _rows_of(sheet: Any) -> Iterator[list[Any]]:
    """Yield the cells of each row, None where there is none; an empty row costs nothing.

    The sheet's own way makes a cell for each place, and a sheet may claim a million rows.
    """
    there: dict[int, dict[int, Any]] = {}
    for (row, column), cell in sheet._cells.items():
        there.setdefault(row, {})[column] = cell
    width = min(MOST_COLUMNS + 1, max((max(cells) for cells in there.values()), default=0))
    for row in range(1, max(there, default=0) + 1):
        cells = there.get(row)
        yield [] if cells is None else [cells.get(c) for c in range(1, width + 1)]

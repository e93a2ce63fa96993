"""Tables of a zone folder (表格): CSV read as text, each cell held against what may stand there.

What may stand in each column is data, in ``resources/zone_files.toml``. A head or cell that may
not is one sentence: file, line, column, what was found and what is allowed.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame

from ..language.errors import MissingColumnsError, ReadError, nearest, same_name
from .fields import CONTROLS, FORMS, Field, WrongValue, cell_value, shown
from .settings import refuse

__all__ = ["read_table", "read_texts", "wrong_cell"]


_MOST_COLUMNS = 500  # ten times what any table has, and little enough for a row to be cheap
_MOST_BLANK = 2_000_000  # cells that a short file would make a large table of


def _read_csv(path: Path) -> DataFrame:
    """Read a table as text, missing where it is blank; its index is the line of each row."""
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            before = 0
            for row in reader:
                if any(row):
                    rows.append(row)
                    lines.append(before + 1)
                before = reader.line_num
    except UnicodeDecodeError as error:
        raise ReadError(
            f"{path} 不是 UTF-8 编码。请在 Excel 中另存为“CSV UTF-8”。",
            f"{path} is not UTF-8. Save it as 'CSV UTF-8' in Excel.",
        ) from error
    except csv.Error as error:
        raise _not_whole(path, str(error)) from error
    if not rows:
        raise _not_whole(path, "空文件 no line in it")
    heads = [name.strip() for name in rows[0]]
    while heads and not heads[-1]:
        heads.pop()
    if len(heads) > _MOST_COLUMNS:
        raise ReadError(
            f"{path} 有 {len(heads):,} 列，园区的表至多 {_MOST_COLUMNS} 列。请删去用不到的列。",
            f"{path} has {len(heads):,} columns; a table of a zone has at most {_MOST_COLUMNS}. "
            "Take out those that nothing needs.",
        )
    times = Counter(heads)
    if twice := sorted(name or "''" for name, count in times.items() if count > 1 or not name):
        raise _not_whole(path, f"列名空白或重复 column names blank or twice: {twice}")
    for row, line in zip(rows[1:], lines[1:], strict=True):
        if any(row[len(heads) :]):
            raise _not_whole(path, f"第 {line} 行多于 {len(heads)} 列 too long: line {line}")
    blank = len(rows) * len(heads) - sum(map(len, rows))
    if blank > max(_MOST_BLANK, 3 * sum(map(len, rows))):
        raise ReadError(
            f"{path} 有 {len(rows):,} 行 {len(heads):,} 列，其中 {blank:,} 格没有写。请删去空列，或补齐每行的逗号。",
            f"{path} has {len(rows):,} lines and {len(heads):,} columns, and {blank:,} cells that no "
            "line writes. Take out the empty columns, or give each line its commas.",
        )
    cells = [(row + [""] * len(heads))[: len(heads)] for row in rows[1:]]
    table = DataFrame(cells, columns=heads, dtype="str", index=lines[1:])
    return table.mask(table == "", pd.NA)


def _not_whole(path: Path, detail: str) -> ReadError:
    return ReadError(
        f"{path} 不是完整的 CSV 表：{detail}。请检查引号、列名和每行的列数。",
        f"{path} is not a whole CSV table: {detail}. "
        "Check the quotes, the names of columns and the columns per line.",
    )


def _headed(path: Path, table: DataFrame) -> DataFrame:
    """Give the columns of a known table their names; one that is misspelt is a sentence."""
    known = FORMS.get(path.name)
    if known is None:
        return table
    words = {head: name for name, field in known.items() for head in field.heads}
    near = {column: nearest(column, known, words) for column in table if column not in known}
    said = {column: same_name(column, known, words) for column in near}
    table = table.rename(columns={column: name for column, name in said.items() if name})
    if twice := sorted(table.columns[table.columns.duplicated()]):
        raise _not_whole(path, f"列名重复 columns twice: {twice}")
    for column, name in near.items():
        if not said[column] and name and name not in table and known[name].counts:
            square = name.endswith("_m2")
            zh = (
                f"{path} 没有名为 {shown(column)} 的列；可用：{'、'.join(known)}。是不是 {name}"
                f"{'（数值以平方米计）' if square else ''}？请改正列名。"
            )
            en = (
                f"{path} takes no column {shown(column)}; known are {', '.join(known)}. Is it "
                f"{name}{' (values in square metres)' if square else ''}? Mend its name."
            )
            refuse(ReadError(zh, en))
    return table


def _values(path: Path, table: DataFrame) -> dict[str, list[Any]]:
    """What the cells of the columns that a file is known to have say, column by column."""
    known = FORMS.get(path.name, {})
    made: dict[str, list[Any]] = {}
    for column in table.columns:
        field, cells = known.get(column, Field("text")), []
        for line, entry in table[column].items():
            text = entry if isinstance(entry, str) else ""
            try:
                cells.append(cell_value(text, field))
            except WrongValue as wanted:
                refuse(wrong_cell(path, line, column, text, wanted))
                cells.append(None)
        made[column] = cells
    return made


def wrong_cell(path: Path, line: Any, column: str, text: str, wanted: WrongValue) -> ReadError:
    """Return the sentence on a cell that may not hold what it holds."""
    said = shown(text)
    return ReadError(
        f"{path} 第 {line} 行 {column} 列：{said} 应为{wanted.zh}请改正这一格。",
        f"{path} line {line}, column {column}: {said} is not {wanted.en} Mend that cell.",
    )


def read_texts(path: Path) -> DataFrame:
    """Read a further table as text; a word that stands for another is that other."""
    table = _headed(path, _read_csv(path))
    known = FORMS.get(path.name, {})
    if missing := {name for name, field in known.items() if field.needed} - set(table.columns):
        refuse(MissingColumnsError(missing, table.columns, where=str(path)))
    for column, cells in _values(path, table).items():
        if column in known:
            words = [None if cell is None else _plain(cell) for cell in cells]
            table[column] = pd.Series(words, dtype="str", index=table.index)
    if path.name == "controls.csv" and {"unit", "indicator"} <= set(table):
        _units_fit(path, table)
    return table


def _plain(cell: Any) -> str:
    return f"{cell:.15g}" if isinstance(cell, float) else str(cell)


def _units_fit(path: Path, table: DataFrame) -> None:
    """Refuse a control in another unit than that of its indicator."""
    for line, indicator, unit in table[["indicator", "unit"]].itertuples():
        wanted = CONTROLS[indicator].unit if indicator in CONTROLS else unit  # else it was refused
        if isinstance(unit, str) and unit != wanted:
            right = WrongValue(f" {wanted}（{indicator} 的单位）", f"{wanted}, that of {indicator}")
            refuse(wrong_cell(path, line, "unit", unit, right))


_DTYPES = {"number": "float64", "year": "Int64", "flag": "object"}


def read_table(path: Path) -> DataFrame:
    """Read a table of a zone in the types of its columns; one that is not there is empty.

    Its index is the line of the file that each row begins on.
    """
    known = FORMS[path.name]
    if path.is_file():
        table = _headed(path, _read_csv(path))
    else:
        table = DataFrame(columns=list(known), dtype="str")
    needed = {name for name, field in known.items() if field.needed}
    needed |= _TOLD.get(path.name, set())
    if missing := needed - set(table.columns):
        refuse(MissingColumnsError(missing, table.columns, where=str(path)))
    values = _values(path, table)
    for column, field in known.items():
        dtype = _DTYPES.get(field.kind, "str")
        cells = values.get(column, [field.blank or None] * len(table))
        table[column] = pd.Series(cells, dtype=dtype, index=table.index)
    rest = [column for column in table.columns if column not in known]
    return table[[*known, *rest]]


_TOLD = {"accounts.csv": {"year", "value"}, "parks.csv": {"zh", "en"}}
"""Columns that have to be there, though a cell of them may be blank."""

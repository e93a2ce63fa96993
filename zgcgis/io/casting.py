"""Columns of a stored layer in the types of its level; what cannot be one is named by its row."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from ..errors import ReadError
from ..model import COLUMNS, Column
from ..plan.fields import LARGEST, shown

__all__ = ["typed_columns"]

_FIRST_DAY, _DAY_AFTER = pd.Timestamp(1800, 1, 1), pd.Timestamp(2201, 1, 1)
_MOST_COUNT = 1e9
_DAY = re.compile(r"\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}\b")
_WANTED = {
    "bool": (" true 或 false", "true or false"),
    "text": ("文字", "a text"),
    "date": (
        "1800 到 2200 年间的日期，如 2024-12-31",
        "a day from 1800 to 2200 such as 2024-12-31",
    ),
    "float": (f"绝对值不超过 {LARGEST:g} 的数", f"a number of at most {LARGEST:g}"),
    "int": ("整数", "a whole number"),
}


def typed_columns(
    table: DataFrame, columns: Iterable[str], path: Path | str
) -> dict[Hashable, Series]:
    """Return the columns of a table, and those of `columns` typed, also where there are none.

    Raises
    ------
    ReadError
        If a value is not of its column's type: one sentence with file, feature and column.
    """
    made: dict[Hashable, Series] = {name: table[name] for name in table.columns}
    nothing = Series([pd.NA] * min(len(table), 1), dtype="object")
    for column in columns:
        values, about = made.get(column, nothing), COLUMNS[column]
        if len(table) and (values is nothing or values.isna().all()):
            one = _as(values.iloc[:1], about)  # made once, not for every row
            values = one.iloc[np.zeros(len(table), np.intp)].set_axis(table.index)
        else:
            values = _told(values, about, table, path)
        made[column] = values
    return made


def _told(values: Series, about: Column, table: DataFrame, path: Path | str) -> Series:
    try:
        return _as(values, about)
    except (ValueError, TypeError, OverflowError, ArithmeticError):
        row = next((k for k in range(len(values)) if not _fits(values.iloc[k : k + 1], about)), 0)
    said, name = shown(values.iloc[row]), table["id"].iloc[row] if "id" in table else row + 1
    zh, en = _WANTED[about.type]
    if about.least is not None:
        zh, en = (
            f"{zh}（{about.least} 到 {about.most}）",
            f"{en} from {about.least} to {about.most}",
        )
    raise ReadError(
        f"{path} 第 {row + 1} 个要素（{name}）的 {about.key} 是 {said}，应为{zh}。"
        "请在源文件中改正后重新导入。",
        f"{path}: {about.key} of feature {row + 1} ({name}) is {said}, not {en}. "
        "Mend it in the source and import it again.",
    )


def _fits(values: Series, about: Column) -> bool:
    try:
        _as(values, about)
    except (ValueError, TypeError, OverflowError, ArithmeticError):
        return False
    return True


def _as(values: Series, about: Column) -> Series:
    """A column in its type; what there is nothing of stays missing."""
    if about.type == "bool":
        return values.astype("boolean")
    if about.type == "text":
        return _texts(values)
    if about.type == "date":
        return _days(values)
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in {"boolean", "mixed", "datetime64", "datetime", "date"} and values.notna().any():
        raise ValueError(kind)
    numbers = pd.to_numeric(values.where(values.notna(), None))
    if about.type == "float":
        _refuse_outside(numbers, -LARGEST, LARGEST)
        return numbers.astype("float64")
    low = -_MOST_COUNT if about.least is None else about.least
    high = _MOST_COUNT if about.most is None else about.most
    _refuse_outside(numbers, low, high)
    return numbers.astype("Int64")


def _refuse_outside(numbers: Series, low: float, high: float) -> None:
    if bool(((numbers < low) | (numbers > high)).any()):
        raise ValueError


def _texts(values: Series) -> Series:
    if isinstance(values.dtype, pd.StringDtype):
        return values.astype("str")
    if values.dtype == object and any(isinstance(value, dict | list) for value in values):
        raise ValueError
    return values.astype("str").where(values.notna(), None)


def _days(values: Series) -> Series:
    known: Any = values.where(values.notna(), None)
    if not pd.api.types.is_datetime64_any_dtype(values):
        for value in values[values.notna()].unique():
            if isinstance(value, str):
                if not _DAY.match(value):
                    raise ValueError
            elif isinstance(value, bool | int | float | np.number):
                raise TypeError  # nanoseconds since 1970 to the library, a year to whoever typed it
        known = known.astype("object").str.strip().where(known.map(_is_text), known)
    days = pd.to_datetime(known)
    if days.dtype == object:
        raise ValueError
    if days.dt.tz is not None:
        days = days.dt.tz_localize(None)
    if bool(((days < _FIRST_DAY) | (days >= _DAY_AFTER)).any()):
        raise ValueError
    return days


def _is_text(value: Any) -> bool:
    return isinstance(value, str)

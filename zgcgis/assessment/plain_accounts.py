"""Accounts from a plain table (台账表): a spreadsheet of units and years is all that is needed."""

from __future__ import annotations

import re
import unicodedata
import warnings
from pathlib import Path
from typing import NoReturn

import pandas as pd
from pandas import DataFrame, Series

from ..intake.columns import named_unit, plain_name, resource, scale_of
from ..io.stored.outside import read_outside_tables
from ..language.errors import (
    MissingColumnsError,
    ReadError,
    UnknownNameError,
    ZgcgisWarning,
    nearest,
)
from ..language.terms import TERMS

__all__ = ["read_accounts"]

_UNIT = ("unit", "单元", "园区", "名称", "园区名称", "开发区", "park", "name")
_YEAR = ("year", "年份", "年度", "年")
_MEANT = ("key", "value")


def read_accounts(path: str | Path, *, sheet: str | None = None) -> DataFrame:
    """Read a table of units and years whose columns are quantities of the accounts.

    Parameters
    ----------
    path
        A spreadsheet or a CSV. One column names the unit (``unit``, 单元, 园区), one the year
        (``year``, 年份); every other is a quantity by its key, its Chinese or its English name in
        ``zgcgis terms``, or short for it (税收, 能耗, 已建成用地). A unit of measure in brackets, as in 已建成城镇建设用地（公顷） or
        税收（亿元）, is converted; without one the column is in the unit of the glossary. A table
        of ``unit year key value`` is read too.
    sheet
        Which table of the file; by default the first that has units and years.

    Returns
    -------
    DataFrame
        Indexed by ``(unit, year)``, columns keys of :data:`zgcgis.language.terms.TERMS`: what
        :func:`zgcgis.indicators.compute`, :mod:`zgcgis.mcdm` and :mod:`zgcgis.dea` take.

    Raises
    ------
    ReadError, MissingColumnsError, UnknownNameError
        One sentence that names file, row and column.

    Warns
    -----
    ZgcgisWarning
        If columns are no quantity: they are named and left out.
    """
    place = Path(path)
    if not place.is_file():
        _refuse(place, "没有这个文件，请检查路径。", "there is no such file; check the path.")
    tables = read_outside_tables(place, fits=_fits)
    if sheet is not None and sheet not in tables:
        raise UnknownNameError(sheet, tables, what=f"table of {place.name}", zh="表")
    names = [sheet] if sheet is not None else list(tables)
    fitting = [name for name in names if _fits(tables[name])]
    if not fitting:
        seen = [str(c) for name in names for c in tables[name].columns]
        raise MissingColumnsError(["unit", "year"], seen, where=place.name)
    return _accounts(tables[fitting[0]], place)


def _refuse(path: Path, zh: str, en: str) -> NoReturn:
    raise ReadError(f"{path.name}：{zh}", f"{path.name}: {en}")


def _known() -> dict[str, str]:
    """Every spelling of a head, and what it means."""
    words = {plain_name(word): "unit" for word in _UNIT} | {plain_name(w): "year" for w in _YEAR}
    words |= {plain_name(word): word for word in _MEANT}
    for key, term in TERMS.items():
        words |= {plain_name(name): key for name in (term.en, term.zh, key)}
    for key, names in resource()["accounts"].items():
        words |= {plain_name(name): key for name in names}
    return words


def _heads(table: DataFrame) -> dict[str, str]:
    """What each column of a table means, where it means anything; the first of two holds."""
    words, found = _known(), dict[str, str]()
    for column in map(str, table.columns):
        bare = re.sub(r"[（(].*$", "", column)
        for name in (column, named_unit(column)[0], bare):
            meant = words.get(plain_name(name), "")
            if meant and meant not in found.values():
                found[column] = meant
                break
    return found


def _fits(table: DataFrame) -> bool:
    return {"unit", "year"} <= set(_heads(table).values())


def _accounts(table: DataFrame, path: Path) -> DataFrame:
    table = _below_the_heads(table)
    heads = _heads(table)
    column = {meant: head for head, meant in heads.items()}
    unit = _text(table[column["unit"]])
    kept = (unit != "").to_numpy()
    _name_the_nameless(table[~kept], heads, path)
    table, unit = table[kept], unit[kept]
    if not len(table):
        _refuse(path, "表中没有一行写明单元。", "no row of the table names a unit.")
    year = _years(table[column["year"]], path)
    if set(_MEANT) <= set(column):
        return _from_long(table, unit, year, column, path)
    _name_the_rest(table, heads, path)
    keys = [key for key in TERMS if key in column]
    if not keys:
        raise MissingColumnsError(["built_land_m2 …"], table.columns, where=path.name)
    values = {key: _numbers(table[column[key]], column[key], unit, path) for key in keys}
    values = {key: v * _factor(key, column[key], path) for key, v in values.items()}
    made = DataFrame(values, index=table.index).assign(unit=unit, year=year)
    _refuse_twice(made, ["unit", "year"], path)
    return made.set_index(["unit", "year"])[keys]


def _text(column: Series) -> Series:
    return column.astype("object").where(column.notna(), "").astype("str").str.strip()


def _below_the_heads(table: DataFrame) -> DataFrame:
    """Take the further lines of the head off: names in another language, units of measure."""
    heads, words = _heads(table), _known()
    column = {meant: head for head, meant in heads.items()}
    unit, year = _text(table[column["unit"]]), _text(table[column["year"]])
    head = [
        (u == "" or words.get(plain_name(u)) == "unit")
        and (y == "" or words.get(plain_name(y)) == "year")
        for u, y in zip(unit, year, strict=True)
    ]
    lines = head.index(False) if False in head else len(head)
    measured = dict[str, str]()
    for k in range(lines):
        if unit.iloc[k] or year.iloc[k]:
            continue  # names, not units of measure
        for name in heads:
            said = str(table[name].iloc[k]) if pd.notna(table[name].iloc[k]) else ""
            inside = re.search(r"[（(]([^（()）]*)[)）]\s*$", said)
            said = re.sub(r"^单位\s*[:：]?", "", inside[1] if inside else said).strip()
            if said and not _unit_in(name):
                measured[name] = f"{name}（{said}）"
    return table.iloc[lines:].rename(columns=measured)


def _name_the_nameless(rows: DataFrame, heads: dict[str, str], path: Path) -> None:
    """Warn of rows that hold values and name no unit."""
    keys = [head for head, meant in heads.items() if meant not in {"unit", "year"}]
    held = [int(k) + 1 for k in rows.index[(rows[keys].map(_plain_number) != "").any(axis=1)]]
    if held:
        warnings.warn(
            f"{path.name}：{len(held)} 行有数而未写单元，未读入：表头下第 {held[:5]} 行。\n"
            f"{path.name}: {len(held)} row(s) hold values and name no unit; left out: row(s) "
            f"{held[:5]} below the head.",
            ZgcgisWarning,
            stacklevel=4,
        )


def _from_long(
    table: DataFrame, unit: Series, year: Series, column: dict[str, str], path: Path
) -> DataFrame:
    words = _known()
    said = table[column["key"]].astype("str")
    key = said.map(lambda name: words.get(plain_name(name), name))
    if unknown := set(key) - set(TERMS):
        raise UnknownNameError(unknown, TERMS, what=f"quantity ({path.name})", zh="指标量")
    value = _numbers(table[column["value"]], column["value"], unit, path)
    rows = DataFrame({"unit": unit, "year": year, "key": key, "value": value})
    _refuse_twice(rows, ["unit", "year", "key"], path)
    wide = rows.pivot(index=["unit", "year"], columns="key", values="value")
    order = rows.drop_duplicates(["unit", "year"])[["unit", "year"]]
    wide = wide.reindex(pd.MultiIndex.from_frame(order)).rename_axis(columns=None)
    return wide[[k for k in TERMS if k in wide]]


def _refuse_twice(rows: DataFrame, key: list[str], path: Path) -> None:
    twice = rows.duplicated(key)
    if twice.any():
        what = " ".join(str(v) for v in rows.loc[twice, key].iloc[0])
        _refuse(
            path,
            f"{what} 有两行，应只有一行；请合并或删去一行。",
            f"{what} has two rows; keep one.",
        )


def _years(column: Series, path: Path) -> Series:
    text = column.astype("str").str.strip()
    found = text.str.extract(r"^(\d{4})(?:\.0+)?\s*年?度?$")[0]
    if found.isna().any():
        at = int(found.isna().to_numpy().argmax())
        _refuse(
            path,
            f"第 {at + 1} 行的年份“{text.iloc[at]}”不是四位年份。",
            f"the year of row {at + 1}, {text.iloc[at]!r}, is not one of four digits.",
        )
    return found.astype("int64")


def _numbers(column: Series, head: str, unit: Series, path: Path) -> Series:
    text = column.map(_plain_number)
    blank = text.isin(["", "-", "—", "–"])
    number = text.str.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
    wrong = ~blank & ~number
    if wrong.any():
        at = int(wrong.to_numpy().argmax())
        _refuse(
            path,
            f"{unit.iloc[at]} 的“{head}”为“{column.iloc[at]}”，不是数；请改为数，缺数请留空。",
            f"{head!r} of {unit.iloc[at]} is {str(column.iloc[at])!r}, not a number; leave the cell "
            "empty if there is none.",
        )
    return text.where(~blank, "nan").astype("float64")


def _plain_number(value: object) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    return re.sub(r"[\s,_]", "", unicodedata.normalize("NFKC", str(value)))


def _unit_in(head: str) -> str:
    inside = re.search(r"[（(]([^（()）]*)[)）]\s*$", head)
    return inside[1].strip() if inside else (named_unit(head)[1] or "")


def _factor(key: str, head: str, path: Path) -> float:
    """Factor from the unit in a head to that of the quantity; 1 without one."""
    unit = _unit_in(head)
    if not unit or plain_name(unit) in {plain_name(TERMS[key].unit), plain_name(key)}:
        return 1.0
    factor = scale_of(key, unit)
    if factor is None and not key.endswith(("_m2", "_wan")):
        return 1.0
    if factor is None:
        _refuse(
            path,
            f"列“{head}”的单位“{unit}”不能换算为 {TERMS[key].unit}；面积可写公顷、亩、平方公里，金额可写亿元、元。",
            f"the unit {unit!r} of column {head!r} is not one of {TERMS[key].unit}; areas may be in "
            "ha, mu or km2, money in yuan or 100 million yuan.",
        )
    return factor


def _name_the_rest(table: DataFrame, heads: dict[str, str], path: Path) -> None:
    rest = [str(c) for c in table.columns if str(c) not in heads]
    if not rest:
        return
    words = {term.zh: key for key, term in TERMS.items()}
    close = [near for c in rest if (near := nearest(c, TERMS, words))]
    hint = (f"；可能是 {close}", f" Perhaps meant: {close}.") if close else ("", "")
    warnings.warn(
        f"{path.name}：列 {rest} 不是台账量，未读入{hint[0]}（zgcgis terms 列出全部名称）。\n"
        f"{path.name}: column(s) {rest} are no quantity of the accounts and are left out; zgcgis "
        f"terms lists the names.{hint[1]}",
        ZgcgisWarning,
        stacklevel=4,
    )

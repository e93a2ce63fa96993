"""Files that people fill in: TOML read whole, values held against what may stand there.

What may stand in each file of a zone folder is data, in ``resources/zone_files.toml``. A value
that may not is one sentence: file, key, what was found and what is allowed.
"""

from __future__ import annotations

import math
import re
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from ..errors import ZgcgisError, ZoneError
from ..safe_text import Text

__all__ = [
    "FORMS",
    "LARGEST",
    "REMARKS",
    "Field",
    "WrongValue",
    "cell_value",
    "check_settings",
    "check_value",
    "no_plain_file",
    "read_toml",
    "shown",
]

LARGEST = 1e15
"""No value of a zone is larger: in m² that is twice the whole earth."""

_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_MOST_YEARS = 200
_MOST_SIGNS = 20_000
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_NO_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\ud800-\udfff]')
_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


@dataclass(frozen=True, slots=True)
class Field:
    """What may stand under one key or in one column; ``resources/zone_files.toml`` says how."""

    kind: str
    needed: bool = False
    of: str = ""
    values: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    above: float | None = None
    alone: bool = False


class WrongValue(Exception):  # noqa: N818 - it is caught where the place is known
    """A value that may not stand where it stands: what may, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def _load() -> tuple[frozenset[str], Mapping[str, Mapping[str, Field]]]:
    text = files("zgcgis").joinpath("resources/zone_files.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    remarks = frozenset(data.pop("remarks"))
    return remarks, {
        form: {
            key: Field(**(entry | {"values": tuple(entry.get("values", ()))}))
            for key, entry in keys.items()
        }
        for form, keys in data.items()
    }


REMARKS, FORMS = _load()
"""Keys that may stand anywhere; and by file, or file and table, what may stand under each key."""


def no_plain_file(path: Path) -> Text | None:
    """Tell what stands under a name instead of a plain file; None if it is one.

    A link leads where nobody looked, and a pipe or a device never ends.

    Raises
    ------
    OSError
        If nothing stands there.
    """
    mode = path.lstat().st_mode
    if stat.S_ISREG(mode):
        return None
    words = (said for is_one, said in _OTHERS.items() if is_one(mode))
    return next(words, Text("不是普通文件", "no plain file"))


_OTHERS = {
    stat.S_ISLNK: Text("是链接", "a link"),
    stat.S_ISDIR: Text("是文件夹", "a folder"),
    stat.S_ISFIFO: Text("是管道", "a pipe"),
}


def read_toml(path: Path, *, error: type[ZgcgisError] = ZoneError) -> dict[str, Any]:
    """Read a TOML file; one that cannot be used is a sentence that names file and line."""
    try:
        if other := no_plain_file(path):
            raise error(
                f"{path} {other.zh}，不能读取。请给出文件本身。",
                f"{path} is {other.en} and is not read. Name the file itself.",
            )
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise error(
            f"{path} 读不出来：{problem.strerror}。请检查路径。",
            f"{path} cannot be read: {problem.strerror}. Check the path.",
        ) from problem
    except UnicodeDecodeError as problem:
        raise error(
            f"{path} 不是 UTF-8 编码。请另存为 UTF-8。",
            f"{path} is not UTF-8. Save it as UTF-8.",
        ) from problem
    except (ValueError, RecursionError) as problem:  # a number of 5000 digits, a thousand brackets
        raise error(
            f"{path} 不是有效的 TOML：{problem}。请改正所指的行（文字要加引号，数字不加）。",
            f"{path} is not valid TOML: {problem}. Mend the line named "
            "(texts in quotes, numbers without).",
        ) from problem


def check_settings(
    data: Mapping[str, Any], form: str, path: Path | str, *, error: type[ZgcgisError] = ZoneError
) -> None:
    """Refuse what may not stand in a file, with one sentence.

    Parameters
    ----------
    data
        The file as :func:`read_toml` gives it.
    form
        Name of the file in :data:`FORMS`.
    path
        The file, for the sentence.
    error
        What to raise.
    """
    _check_table(data, form, "", _Place(str(path), error))


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    error: type[ZgcgisError]

    def wrong(self, where: str, found: Any, wanted: WrongValue) -> ZgcgisError:
        said = shown(found)
        return self.error(
            f"{self.path} 的 {where} 是 {said}，应为{wanted.zh}。请改正这一行。",
            f"{self.path}: {where} is {said}, not {wanted.en}. Mend that line.",
        )


def shown(found: Any) -> str:
    """Write a value for a sentence: as in code, and not at any length."""
    try:
        text = repr(found)
    except (ValueError, RecursionError):  # a whole number of many thousand digits
        text = type(found).__name__
    return text if len(text) <= 60 else text[:57] + "…"


def _check_table(data: Any, form: str, where: str, place: _Place) -> None:
    zh, en = (
        (f"{place.path} 的 {where} ", f"{place.path}: {where}")
        if where
        else (f"{place.path} ", place.path)
    )
    if not isinstance(data, Mapping):
        raise place.error(
            f"{zh}应是一张表。请写成 [{where}] 加若干行“键 = 值”。",
            f"{en} should be a table. Write [{where}] and lines 'key = value'.",
        )
    fields = FORMS[form]
    if unknown := sorted(set(data) - set(fields) - REMARKS):
        known, near = ", ".join(fields), get_close_matches(unknown[0], fields, 1)
        is_it = (f"是不是 {near[0]}？", f"Is it {near[0]}? ") if near else ("", "")
        raise place.error(
            f"{zh}有不认识的键 {shown(unknown)}；可用：{known}。{is_it[0]}请改正拼写或删去。",
            f"{en} has unknown keys {shown(unknown)}; known are {known}. {is_it[1]}"
            "Mend the spelling or drop them.",
        )
    for key, field in {**dict.fromkeys(REMARKS, Field("text")), **fields}.items():
        if key in data:
            _check_value(data[key], field, f"{where}.{key}".lstrip("."), place)
        elif field.needed and field.kind == "table":
            lines = [name for name, inner in FORMS[field.of].items() if inner.needed]
            raise place.error(
                f"{zh}没有 [{key}] 一节。请加上 [{key}] 和其中各行：{'、'.join(lines)}。",
                f"{en} has no [{key}]. Add [{key}] with a line each for {', '.join(lines)}.",
            )
        elif field.needed:
            raise place.error(
                f"{zh}缺少 {key}。请补一行 {key} = {_example(field)}。",
                f"{en} lacks {key}. Add a line {key} = {_example(field)}.",
            )


def _check_value(value: Any, field: Field, where: str, place: _Place) -> None:
    if field.kind == "table":
        _check_table(value, field.of, where, place)
    elif field.kind == "tables":
        if not isinstance(value, list):
            key = where.rpartition(".")[2]
            raise place.wrong(
                where, value, WrongValue(f" [[{key}]] 的列表", f"a list of [[{key}]]")
            )
        for i, entry in enumerate(value):
            _check_table(entry, field.of, f"{where}[{i}]", place)
    elif field.kind in {"named", "each"}:
        if not isinstance(value, Mapping):
            _check_table(value, "zone.toml", where, place)
        for key, entry in value.items():
            if _NO_TEXT.search(key) or not key.strip():
                raise place.wrong(where, key, WrongValue("非空的名称", "a name that is not blank"))
            if field.kind == "named":
                _check_table(entry, field.of, f"{where}.{key}", place)
            else:
                _check_value(entry, Field(field.of), f"{where}.{key}", place)
    else:
        try:
            check_value(value, field)
        except WrongValue as wanted:
            raise place.wrong(where, value, wanted) from None


def check_value(value: Any, field: Field) -> None:
    """Refuse a single value that may not stand under a key.

    Raises
    ------
    WrongValue
        That says what may.
    """
    _KINDS[field.kind](value, field)


_EXAMPLES = {"year": "2015", "number": "1.5", "day": "2024-12-31", "period": "[2011, 2020]"}


def _example(field: Field) -> str:
    return f'"{field.values[0]}"' if field.values else _EXAMPLES.get(field.kind, '"…"')


# --- kinds of values -----------------------------------------------------------------------------


def _text(value: Any, field: Field) -> None:
    if field.values:
        if value not in field.values or not isinstance(value, str):
            choice = " / ".join(word or '""' for word in field.values)
            raise WrongValue(f" {choice} 之一", f"one of {choice}")
        return
    blank = isinstance(value, str) and not value.strip()
    if not isinstance(value, str) or (blank and field.needed):
        raise WrongValue("加引号的文字", "a text in quotes")
    if _NO_TEXT.search(value) or len(value) > _MOST_SIGNS:
        raise WrongValue(
            f"不含 NUL 字符、不超过 {_MOST_SIGNS} 字的文字",
            f"a text without NUL and of at most {_MOST_SIGNS} characters",
        )


def _id(value: Any, field: Field) -> None:
    _text(value, field)
    if value != value.strip() or not value:
        raise WrongValue("首尾没有空格的编号", "an id without blanks at its ends")


def _name(value: Any, field: Field) -> None:
    _id(value, field)
    if _NO_NAME.search(value) or value.strip(".") == "" or len(value) > 100:
        raise WrongValue(
            '可作文件名的编号（不含 / \\ : * ? " < > |）',
            'an id that can name a file (without / \\ : * ? " < > |)',
        )


def _path(value: Any, field: Field) -> None:
    _text(value, field)
    if "\x00" in value or len(value) > 200:
        raise WrongValue("名称或文件名", "a name or the name of a file")


def _number(value: Any, field: Field) -> None:
    if field.values and isinstance(value, str) and value in field.values:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongValue("不加引号的数字", "a number without quotes")
    if not abs(value) <= LARGEST:  # neither inf nor nan
        raise WrongValue(f"绝对值不超过 {LARGEST:g} 的数", f"a number of at most {LARGEST:g}")
    _bounded(value, field)


def _bounded(value: float, field: Field) -> None:
    if field.above is not None and not value > field.above:
        raise WrongValue(f"大于 {field.above:g} 的数", f"a number above {field.above:g}")
    low = -math.inf if field.least is None else field.least
    high = math.inf if field.most is None else field.most
    if low <= value <= high:
        return
    if field.most is None:
        raise WrongValue(f"不小于 {low:g} 的数", f"a number of at least {low:g}")
    raise WrongValue(f" {low:g} 到 {high:g} 之间的数", f"a number from {low:g} to {high:g}")


def _year(value: Any, field: Field) -> None:
    first = int(_FIRST_YEAR if field.least is None else field.least)
    last = int(_LAST_YEAR if field.most is None else field.most)
    if isinstance(value, bool) or not isinstance(value, int) or not first <= value <= last:
        raise WrongValue(
            f"年份（{first} 到 {last} 的整数）", f"a year (a whole number from {first} to {last})"
        )


def _years(value: Any, field: Field) -> None:
    wanted = WrongValue(
        f"年份的列表，如 [2021, 2023]，首末相距不超过 {_MOST_YEARS} 年",
        f"a list of years such as [2021, 2023], at most {_MOST_YEARS} years apart",
    )
    if not isinstance(value, list) or not value:
        raise wanted
    try:
        for year in value:
            _year(year, field)
    except WrongValue:
        raise wanted from None
    if max(value) - min(value) > _MOST_YEARS or len(value) > _MOST_YEARS + 1:
        raise wanted


def _period(value: Any, field: Field) -> None:
    _years(value, field)
    if len(value) != 2 or value[0] > value[1]:
        raise WrongValue(
            "首末两年，如 [2011, 2020]", "a first and a last year such as [2011, 2020]"
        )


def _day(value: Any, field: Field) -> None:
    wanted = WrongValue("日期，如 2024-12-31", "a day such as 2024-12-31")
    try:
        if isinstance(value, str) and not field.alone:
            value = date.fromisoformat(value)
    except ValueError:
        raise wanted from None
    if not isinstance(value, date) or (isinstance(value, datetime) and field.alone):
        raise wanted
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise wanted


def _flag(value: Any, field: Field) -> None:  # noqa: ARG001
    if not isinstance(value, bool):
        raise WrongValue(" true 或 false", "true or false")


def _point(value: Any, field: Field) -> None:  # noqa: ARG001
    wanted = WrongValue(
        "经度和纬度，如 [116.4, 40.0]", "longitude and latitude such as [116.4, 40.0]"
    )
    if not isinstance(value, list) or len(value) != 2:
        raise wanted
    for part, most in zip(value, (180, 85), strict=True):
        if isinstance(part, bool) or not isinstance(part, int | float) or not abs(part) <= most:
            raise wanted


def _texts(value: Any, field: Field) -> None:
    if field.alone and isinstance(value, str):
        value = [value]
    wanted = WrongValue('文字的列表，如 ["a", "b"]', 'a list of texts such as ["a", "b"]')
    if not isinstance(value, list):
        raise wanted
    for entry in value:
        if not isinstance(entry, str) or _NO_TEXT.search(entry) or len(entry) > _MOST_SIGNS:
            raise wanted


def _matrices(value: Any, field: Field) -> None:  # noqa: ARG001
    wanted = WrongValue("方阵的列表，各数大于 0", "a list of square matrices of numbers above 0")
    if not isinstance(value, list):
        raise wanted
    for matrix in value:
        if not isinstance(matrix, list) or not matrix:
            raise wanted
        for row in matrix:
            if not isinstance(row, list) or len(row) != len(matrix):
                raise wanted
            try:
                for entry in row:
                    _number(entry, Field("number", above=0))
            except WrongValue:
                raise wanted from None


def _share(value: Any, field: Field) -> None:  # noqa: ARG001
    _number(value, Field("number", least=0, most=1))


def _range(value: Any, field: Field) -> None:
    wanted = WrongValue(
        "两个 0 到 1 的数，如 [0.2, 0.4]", "two numbers from 0 to 1 such as [0.2, 0.4]"
    )
    if not isinstance(value, list) or len(value) != 2:
        raise wanted
    try:
        for part in value:
            _share(part, field)
    except WrongValue:
        raise wanted from None


_KINDS: Mapping[str, Callable[[Any, Field], None]] = {
    "text": _text,
    "id": _id,
    "name": _name,
    "path": _path,
    "number": _number,
    "year": _year,
    "years": _years,
    "period": _period,
    "day": _day,
    "flag": _flag,
    "point": _point,
    "texts": _texts,
    "matrices": _matrices,
    "share": _share,
    "range": _range,
}


# --- cells of a table ----------------------------------------------------------------------------


def cell_value(text: str, field: Field) -> Any:
    """Return what a cell says: a text, number, year or truth; None where it is blank.

    Raises
    ------
    WrongValue
        If it may not stand there.
    """
    if not text.strip():
        if field.needed:
            raise WrongValue("有内容的格（此列必填）", "filled in, which this column has to be")
        return None
    if field.kind in {"text", "id", "day"}:
        _cell_text(text, field)
        return text
    plain = text.strip()
    if field.kind == "flag":
        if plain.lower() in _TRUE | _FALSE:
            return plain.lower() in _TRUE
        raise WrongValue(" true 或 false", "true or false")
    if not _NUMBER.fullmatch(plain):
        raise WrongValue("数字", "a number")
    number = float(plain)
    if field.kind == "number":
        _number(number, field)
        return number
    _year(int(number) if number.is_integer() else number, field)
    return int(number)


def _cell_text(text: str, field: Field) -> None:
    if field.kind == "day":
        plain = text.strip()
        return _year(int(plain), field) if re.fullmatch(r"\d{4}", plain) else _day(plain, field)
    return _KINDS[field.kind](text, field)

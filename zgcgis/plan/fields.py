"""What may stand in the files of a zone folder (可填内容): kinds of values, and who refuses what.

``resources/zone_files.toml`` says for every key and column what may stand there; here is what each
kind of value means, as a value of a TOML file and as a cell of a table. A value that may not stand
is a :class:`WrongValue`: what may, and the nearest name there is. Chinese words and full-width
digits are taken in cells where they mean one thing only (``园区``, ``计划``, ``2023年``).
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from ..language.errors import nearest
from ..language.terms import TERMS, USES
from .nomenclature import expanded

__all__ = [
    "CONTROLS",
    "FORMS",
    "LARGEST",
    "REMARKS",
    "Control",
    "Field",
    "WrongValue",
    "cell_value",
    "check_value",
    "shown",
    "spans",
]

LARGEST = 1e15
"""No value of a zone is larger: in m² that is twice the whole earth."""

_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_MOST_YEARS = 200
_MOST_SIGNS = 20_000
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_NO_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\ud800-\udfff]')
_TRUE, _FALSE = frozenset({"true", "1", "yes", "是"}), frozenset({"false", "0", "no", "否"})


@dataclass(frozen=True, slots=True)
class Field:
    """What may stand under one key or in one column; ``resources/zone_files.toml`` says how."""

    kind: str
    needed: bool = False
    of: str = ""
    keys: str = ""
    values: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    heads: tuple[str, ...] = ()
    blank: str = ""
    least: float | None = None
    most: float | None = None
    above: float | None = None
    alone: bool = False

    @property
    def counts(self) -> bool:
        """Whether more hangs on it than on a remark: it is no text that may be anything."""
        return self.needed or self.kind != "text" or bool(self.values)


@dataclass(frozen=True, slots=True)
class Control:
    """A control indicator: both names and the unit in which it is limited."""

    zh: str
    en: str
    unit: str


class WrongValue(Exception):  # noqa: N818 - it is caught where the place is known
    """A value that may not stand where it stands: what may, in both languages, and what is near."""

    def __init__(self, zh: str, en: str, near: str = "") -> None:
        super().__init__(en)
        self.plain, self.near = (zh, en), near
        self.zh = zh + (f"。是不是 {near}？" if near else "。")
        self.en = en + (f". Is it {near}?" if near else ".")


def _load() -> tuple[frozenset[str], Mapping[str, Control], Mapping[str, Mapping[str, Field]]]:
    text = files("zgcgis").joinpath("resources/zone_files.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    remarks = frozenset(data.pop("remarks"))
    controls = {key: Control(**entry) for key, entry in data.pop("control").items()}
    return (
        remarks,
        MappingProxyType(controls),
        {form: {key: _field(entry) for key, entry in keys.items()} for form, keys in data.items()},
    )


def _field(entry: Mapping[str, Any]) -> Field:
    return Field(**{**entry, **{k: tuple(entry[k]) for k in ("values", "heads") if k in entry}})


REMARKS, CONTROLS, FORMS = _load()
"""Keys that may stand anywhere; what a table of controls may limit; and by file, or file and table,
what may stand under each key."""


def shown(found: Any) -> str:
    """Write a value for a sentence: as in code, and not at any length."""
    try:
        text = repr(found)
    except (ValueError, RecursionError):  # a whole number of many thousand digits
        text = type(found).__name__
    return text if len(text) <= 60 else text[:57] + "…"


def check_value(value: Any, field: Field) -> None:
    """Refuse a single value that may not stand under a key.

    Raises
    ------
    WrongValue
        That says what may.
    """
    _KINDS[field.kind](value, field)


# --- kinds of values -----------------------------------------------------------------------------


def _text(value: Any, field: Field) -> None:
    if field.values:
        if value not in field.values or not isinstance(value, str):
            raise _not_among(value, field.values, field.words)
        return
    blank = isinstance(value, str) and not value.strip()
    if not isinstance(value, str) or (blank and field.needed):
        raise WrongValue("加引号的文字", "a text in quotes")
    if _NO_TEXT.search(value) or len(value) > _MOST_SIGNS:
        raise WrongValue(
            f"不含 NUL 字符、不超过 {_MOST_SIGNS} 字的文字",
            f"a text without NUL and of at most {_MOST_SIGNS} characters",
        )


def _not_among(value: Any, names: Iterable[str], words: Mapping[str, str]) -> WrongValue:
    known = list(names)
    choice = " / ".join(name or '""' for name in known)
    near = nearest(value, known, words) if isinstance(value, str) else ""
    return WrongValue(f" {choice} 之一", f"one of {choice}", near)


def _system(value: Any, field: Field) -> None:
    if isinstance(value, str) and value in field.values:
        return
    wrong = _not_among(value, field.values, field.words)
    own_zh, own_en = (
        "，或示范区自带的 land_use.csv 里的体系",
        ", or the system of the zone's own land_use.csv",
    )
    raise WrongValue(wrong.plain[0] + own_zh, wrong.plain[1] + own_en, wrong.near)


def _term(value: Any, field: Field) -> None:
    _text(value, Field("text", needed=field.needed))
    if value in TERMS:
        return
    near = nearest(value, TERMS, _TERM_OF)
    raise WrongValue(
        "一个已知的数量（zgcgis terms 列出全部，键名带单位）",
        "a known quantity (zgcgis terms lists them all; the key carries the unit)",
        near,
    )


def _terms(value: Any, field: Field) -> None:
    _texts(value, field)
    for entry in value:
        _term(entry, field)


def _use(value: Any, field: Field) -> None:
    if not isinstance(value, str) or value.removesuffix("_m2") not in USES:
        raise _not_among(value, USES, _USE_OF | dict(field.words))


def _control(value: Any, field: Field) -> None:  # noqa: ARG001
    if value not in CONTROLS:
        raise _not_among(value, CONTROLS, {entry.zh: key for key, entry in CONTROLS.items()})


def _span(value: Any, field: Field) -> None:
    if isinstance(value, str) and spans(value):
        return
    zh = " annual（全年）、stock（期末）、H1、Q1、Q1-Q3、Jan-Oct（1-10月）一类的时段"
    en = "a period such as annual, stock (at the end), H1, Q1, Q1-Q3 or Jan-Oct"
    near = nearest(value, _SPANS, {**field.words, **_NO_SPANS}) if isinstance(value, str) else ""
    raise WrongValue(zh, en, near)


def spans(period: str) -> tuple[int, int] | None:
    """Return the first and last month of the period of a value; None if it is no period.

    Examples
    --------
    >>> spans("annual"), spans("Q1-Q3"), spans("Jan-Oct"), spans("year")
    ((1, 12), (1, 9), (1, 10), None)
    """
    if period in ("annual", "stock", "ten-year"):
        return 1, 12
    first, _, last = period.partition("-")
    if first not in _PARTS or (last or first) not in _PARTS:
        return None
    begin, end = _PARTS[first], _PARTS[last or first]
    same = begin[1] - begin[0] == end[1] - end[0]
    return (begin[0], end[1]) if same and begin[0] <= end[0] else None


MONTHS = dict(
    zip("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), range(1, 13), strict=True)  # noqa: SIM905
)
_PARTS = (
    {f"H{n}": (6 * n - 5, 6 * n) for n in (1, 2)}
    | {f"Q{n}": (3 * n - 2, 3 * n) for n in (1, 2, 3, 4)}
    | {name: (n, n) for name, n in MONTHS.items()}
)
_NO_SPANS = {"year": "annual", "yearly": "annual", "end of year": "stock", "half": "H1"}
_SPANS = ["annual", "stock", "Q1-Q2", "Q1-Q3", *_PARTS]
_SPANS += [f"Jan-{name}" for name in MONTHS]
_TERM_OF = {term.zh: key for key, term in TERMS.items()}
_USE_OF = {TERMS[f"{use}_m2"].zh: use for use in USES}


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
    wanted = WrongValue("首末两年，如 [2011, 2020]", "a first and a last year such as [2011, 2020]")
    try:
        _years(value, field)
    except WrongValue:
        raise wanted from None
    if len(value) != 2 or value[0] > value[1]:
        raise wanted


def _day(value: Any, field: Field) -> None:
    near = _day_of(value) if isinstance(value, str) else ""
    near = "" if near == value else near
    wanted = WrongValue("日期，如 2024-12-31", "a day such as 2024-12-31", near)
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
        if field.values and entry not in field.values:
            raise _not_among(entry, field.values, field.words)


def _codes(value: Any, field: Field) -> None:  # noqa: ARG001
    stated = list(value.items()) if isinstance(value, Mapping) else value
    if not isinstance(stated, list) or not stated:
        raise WrongValue(
            '行业代码的列表或“代码 = 名称”的表，如 ["39", "2710-2770"]',
            'a list of industry codes, or a table of them and their names, such as ["39", "2710-2770"]',
        )
    for entry in stated:
        code, name = entry if isinstance(value, Mapping) else (entry, "")
        if not isinstance(code, str) or not expanded(code):
            raise WrongValue(
                f"行业代码，{shown(code)} 不是（GB/T 4754 的门类字母，两至四位数字，或位数相同的一段，"
                "如 C、39、3911-3919；大类 01 至 97）",
                f"industry codes, which {shown(code)} is none of (of GB/T 4754: a section letter, two "
                "to four digits or a range of equal length such as C, 39, 3911-3919; divisions 01 "
                "to 97)",
            )
        _text(name, Field("text"))


def _colour(value: Any, field: Field) -> None:  # noqa: ARG001
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise WrongValue("颜色，如 #1b7f79", "a colour such as #1b7f79")


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
    "unit": _text,
    "system": _system,
    "term": _term,
    "terms": _terms,
    "use": _use,
    "control": _control,
    "span": _span,
    "any": lambda value, field: None,  # noqa: ARG005
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
    "codes": _codes,
    "colour": _colour,
    "matrices": _matrices,
    "share": _share,
    "range": _range,
}


# --- cells of a table ----------------------------------------------------------------------------


_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_TEXTS = frozenset({"text", "id", "unit", "path", "name"})


def cell_value(text: str, field: Field) -> Any:
    """Return what a cell says: a text, number, year or truth; where it is blank, what that means.

    Raises
    ------
    WrongValue
        If it may not stand there.
    """
    if not text.strip():
        if field.needed:
            raise WrongValue("有内容的格（此列必填）", "filled in, which this column has to be")
        return field.blank or None
    plain = text.translate(_NARROW).strip()
    if field.values or field.words or field.kind in {"term", "use", "span", "control"}:
        return _word(text if plain in field.values and text == plain else plain, field)
    if field.kind in _TEXTS:
        _KINDS[field.kind](text, field)
        return text
    if field.kind == "flag":
        if plain.lower() in _TRUE | _FALSE:
            return plain.lower() in _TRUE
        raise WrongValue(" true 或 false（是或否）", "true or false")
    if field.kind == "day":
        return _cell_day(plain, field)
    if field.kind == "year":
        plain = plain.removesuffix("年").strip()
    if not _NUMBER.fullmatch(plain):
        raise _no_number(plain, field)
    number = float(plain)
    if field.kind == "number":
        _number(number, field)
        return number
    _year(int(number) if number.is_integer() else number, field)
    return int(number)


def _no_number(plain: str, field: Field) -> WrongValue:
    if field.kind == "year":
        return WrongValue("年份，如 2023", "a year such as 2023")
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", plain, re.ASCII):
        return WrongValue("不带千分位逗号的数字", "a number without commas", plain.replace(",", ""))
    return WrongValue(
        "数字（不带单位、逗号和文字）", "a number (without unit, commas or words in the cell)"
    )


def _word(plain: str, field: Field) -> str:
    """A name out of a list, or the word in Chinese that can mean nothing else."""
    if field.kind == "use":
        plain = plain.removesuffix("_m2")
        said = _USE_OF.get(plain, plain)
    elif field.kind == "span":
        said = _chinese_months(plain)
    else:
        said = plain
    said = field.words.get(said, said)
    try:
        _KINDS[field.kind](said, field)
    except WrongValue:
        _KINDS[field.kind](plain, field)
        raise
    return said


def _chinese_months(plain: str) -> str:
    found = re.fullmatch(r"(\d{1,2})月?(?:[-—–~～至到](\d{1,2}))?月(?:份)?", plain, re.ASCII)
    if not found:
        return plain
    names = list(MONTHS)
    ends = [int(one) for one in found.groups() if one]
    if not all(1 <= one <= 12 for one in ends):
        return plain
    return "-".join(names[one - 1] for one in ends)


def _cell_day(plain: str, field: Field) -> str:
    plain = plain.removesuffix("年")
    if re.fullmatch(r"\d{4}", plain, re.ASCII):
        _year(int(plain), field)
        return plain
    day = _day_of(plain) or plain
    _day(day, field)
    return day


def _day_of(text: str) -> str:
    """A day that is written in full, year first, in the form of ISO 8601; else ``""``."""
    found = re.fullmatch(r"\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})[日号]?\s*", text, re.ASCII)
    if not found:
        return ""
    day = f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}"
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError:
        return ""

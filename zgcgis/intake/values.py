"""Columns of foreign tables into the columns of a level: names, types, units, codes.

Texts are cleaned with a record; codes are text, whatever they came as; numbers are numbers, in
the unit that stands in the column's name; what cannot be told is asked.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..land_use import crosswalk
from ..model import COLUMNS
from .columns import (
    Columns,
    guess_level,
    match_columns,
    plain_name,
    resource,
    scale_of,
    twins,
    units_by_name,
)
from .encoding import garbled, invisible, without_invisible
from .log import Book

__all__ = [
    "Columns",
    "clean_texts",
    "convert",
    "guess_level",
    "match_columns",
    "scale_of",
    "totals",
    "twins",
]

_RESERVED = {"geometry", "bbox", "fid", "ogc_fid", "rowid", "index", "level_0"}
_NOTHING = {"", "-", "--", "—", "——", "/", "\\", "无", "暂无", "不详", "未知", "空", "null", "none",
            "nan", "n/a", "na", "#n/a", "<null>"}  # fmt: skip
_LONGEST_NOTHING = max(map(len, _NOTHING)) + 2  # with a blank at either end
_TOTALS = re.compile(
    r"^((本|全|各)\w{0,4}|其中|以上|累计)?\s*(合\s*计|小\s*计|总\s*计|共\s*计|总\s*和|平\s*均(值|数)?)\s*([:：（(].*)?$"
    r"|^((grand\s+)?total|subtotal|sum)\s*[:：]?$",
    re.IGNORECASE,
)
_PLAIN_TEXT = "^[\\x20-\\x7E\u4e00-\u9fff、。，；：“”‘’（）《》【】·—…％℃～！？■□×÷±°℉Ⅰ-Ⅻ①-⑳]*$"
_SURELY_PLAIN = "^[0-9A-Za-z一-鿿](?:[0-9A-Za-z一-鿿_./()（）， -]*[0-9A-Za-z一-鿿）])?$"
_NO_TEXT = {"boolean", "integer", "floating", "date", "datetime", "datetime64", "decimal", "time"}
_CODE_NAMES = re.compile(
    r"(编号|代码|编码|码$|号$|^id$|_id$|code$|dm$|bm$|bh$|bsm$|^zddm|uscc|no$)", re.IGNORECASE
)
_LIVELY = re.compile(
    r"(^[=＝@＠]|^[+＋][^\d\s.,()-]|^[-－][^\d\s.,/—－()-]*[(|]|<\s{0,8}/?\s{0,8}[a-z!]|\{\{|\{%|\$\{|javascript:|on\w{1,40}\s{0,8}=)",
    re.IGNORECASE,
)  # fmt: skip
_NUMBER = re.compile(r"^[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?([eE][+-]?\d+)?$")
_AS_TEXT = re.compile(r"""^=\s*"(.*)"$""", re.DOTALL)  # how tables are told that a number is text
_QUOTED = re.compile(r"^'(?=[=+\-@＝＋－＠]|(?=[A-Za-z./:-]*\d)[\dA-Za-z./:-]*$)")
_WITH_UNIT = re.compile(r"^([+-]?[\d,.]+)\s*([^\d\s.,]+.*)$")
_LOST = re.compile("[\ufffd\ue000-\uf8ff]|锟斤拷|\\?{3,}|^\\?{2,}$")
_LONGEST_DATE = 40
_OF_SHAPES = {"registered_area_m2", "stated_area_m2"}
_MOST_ROWS = 5000  # of one rule in one column; the rest is counted


# --- texts ---------------------------------------------------------------------------------------


def clean_texts(frame: pd.DataFrame, book: Book) -> pd.DataFrame:
    """Return the frame with its texts cleaned: every change and every oddity is in the book."""
    result = frame.copy(deep=False)
    for name in frame.columns:
        series = frame[name]
        if _is_unused_id(str(name), series):
            book.add("R528", None, other=str(name), measured=len(series))
            result[name] = pd.array([None] * len(series), dtype="str")
            continue
        if not (pd.api.types.is_object_dtype(series) or isinstance(series.dtype, pd.StringDtype)):
            continue
        kind = pd.api.types.infer_dtype(series, skipna=True)
        if kind in _NO_TEXT:
            continue
        if kind not in ("string", "empty"):
            # a mixture: only what is text can hold odd text
            series = series.where([isinstance(value, str) for value in series], None)
        mixed = int(frame[name].count()) > int(series.count())
        array = pa.array(series, type=pa.string(), from_pandas=True)
        rows = _to_look_at(array)
        if not len(rows):
            continue
        values = frame[name].to_numpy(dtype="object").copy()
        _clean_column(str(name), values, rows, book)
        result[name] = values if mixed else pd.array(values, dtype="str")
    return result


def _to_look_at(texts: pa.Array) -> NDArray[np.int64]:
    """Return the rows of texts that may be odd; where they repeat, each distinct one is looked at."""
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    spelt = texts.dictionary_encode() if _few(texts) else None
    distinct = texts if spelt is None else spelt.dictionary
    rest = np.asarray(pc.indices_nonzero(pc.invert(pc.ascii_is_alnum(distinct))))
    if len(rest):  # letters and digits alone never are
        left = distinct.take(pa.array(rest))
        rest = rest[
            np.asarray(pc.indices_nonzero(pc.invert(pc.match_substring_regex(left, _SURELY_PLAIN))))
        ]
    if len(rest):
        rest = rest[np.asarray(pc.indices_nonzero(_odd(distinct.take(pa.array(rest)))))]
    if spelt is None or not len(rest):
        return rest.astype(np.int64)
    codes = spelt.indices.fill_null(-1).to_numpy()
    return np.flatnonzero(np.isin(codes, rest))


def _few(texts: pa.Array) -> bool:
    """Whether texts repeat so much that each distinct one is better looked at once."""
    head = texts.slice(0, 4096)
    return bool(pc.count_distinct(head).as_py() <= len(head) // 4)


def _odd(texts: pa.Array) -> pa.Array:
    odd = pc.invert(pc.match_substring_regex(texts, _PLAIN_TEXT))
    blank = pc.match_substring_regex(texts, r"^\s|\s$")
    lively = pc.match_substring_regex(texts, r"[=@<{$+:]|^[-']|\?\?")
    return pc.or_(pc.or_(odd, blank), lively)


def _is_unused_id(name: str, series: pd.Series) -> bool:
    """Whether a column is the ``Id`` that GIS programs add to a new layer, and nobody filled."""
    if plain_name(name) != "id" or len(series) < 2 or not pd.api.types.is_numeric_dtype(series):
        return False
    return bool((series == 0).all())


def _clean_column(name: str, values: Any, rows: Any, book: Book) -> None:
    code = bool(_CODE_NAMES.search(name))
    turned: list[tuple[int, str, str]] = []
    lost: list[int] = []
    hidden: list[tuple[int, str]] = []
    wide: list[tuple[int, str]] = []
    blanks: list[int] = []
    marked: list[tuple[int, str]] = []
    lively = None
    memory: dict[str, tuple[str, str]] = {}
    for row in rows.tolist():
        text = values[row]
        if not isinstance(text, str):
            continue
        found = memory.get(text)
        if found is None:
            found = memory[text] = _what_about(text, code=code)
        what, plain = found
        if "g" in what:
            turned.append((row, text, plain))
        if "l" in what:
            lost.append(row)
        if "h" in what:
            hidden.append((row, invisible(text)))
        if "w" in what:
            wide.append((row, text))
        if "b" in what:
            blanks.append(row)
        if "e" in what:
            marked.append((row, text))
        if "c" in what and lively is None:
            lively = text
        if "g" not in what:
            values[row] = plain
    if turned:
        _settle_garbled(values, rows, turned, book)
    for row in lost[:_MOST_ROWS]:
        book.add("R207", row, other=name, detail=str(values[row])[:40])
    for row, points in hidden[:_MOST_ROWS]:
        book.add("R209", row, other=name, detail=points)
    for row, text in wide[:_MOST_ROWS]:
        book.add("R210", row, other=name, detail=text[:40])
    book.touch([row for row, _ in hidden[_MOST_ROWS:]], "R209")
    book.touch([row for row, _ in wide[_MOST_ROWS:]], "R210")
    if blanks:
        book.add("R211", None, other=name, measured=len(blanks))
        book.touch(blanks, "R211")
    if marked:
        book.add("R215", None, other=name, measured=len(marked), detail=marked[0][1][:40])
        book.touch([row for row, _ in marked], "R215")
    if lively is not None:
        book.add("R212", None, other=name, detail=lively[:40])


def _what_about(text: str, *, code: bool) -> tuple[str, str]:
    """Say what is odd about a text (letters) and how it reads when plain."""
    what = ""
    back = garbled(text)
    if back is not None:
        return "g", back[0]
    if _LOST.search(text):
        what += "l"
    plain = without_invisible(text)
    if plain != text:
        what += "h"
    bare = _unmarked(plain)
    if bare != plain:
        what += "e"
        plain = bare
    if code:
        narrow = unicodedata.normalize("NFKC", plain)
        if narrow != plain:
            what += "w"
            plain = narrow
    elif re.search("[\uff10-\uff19]", plain) and _NUMBER.match(
        unicodedata.normalize("NFKC", plain).strip()
    ):
        what += "w"
        plain = unicodedata.normalize("NFKC", plain)
    trimmed = plain.strip(" \t\r\n\u3000\xa0")
    if trimmed != plain:
        what += "b"
        plain = trimmed
    if _LIVELY.search(plain):
        what += "c"
    return what, plain


def _unmarked(text: str) -> str:
    """Return a text without the marks by which spreadsheets keep numbers as text.

    Examples
    --------
    >>> _unmarked('="0601"'), _unmarked("'110108"), _unmarked("'s-Hertogenbosch")
    ('0601', '110108', "'s-Hertogenbosch")
    """
    plain = text.strip()
    if found := _AS_TEXT.match(plain):
        return found[1].replace('""', '"')
    found = _QUOTED.match(plain)
    return plain[found.end() :] if found else text


def _settle_garbled(values: Any, rows: Any, turned: list[tuple[int, str, str]], book: Book) -> None:
    unusual = sum(isinstance(values[r], str) and not values[r].isascii() for r in rows.tolist())
    if len(turned) < 0.2 * unusual:
        return  # single words may look so by chance
    sample = turned[0]
    way = garbled(sample[1])
    detail = f"{way[1]}，应为 should be “{sample[2][:20]}”" if way else ""
    if book.stop("R206", other=sample[1][:20], detail=detail):
        return
    for row, _, plain in turned:
        values[row] = plain
    book.touch([row for row, _, _ in turned], "R206")


# --- types ---------------------------------------------------------------------------------------


def convert(
    frame: pd.DataFrame,
    columns: Columns,
    scale: Mapping[str, str],
    book: Book,
    *,
    written: bool = False,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the table in the columns of a level (and those it does not know), and the units taken.

    Codes become text, numbers numbers, dates dates; nothing turns into emptiness unsaid. In a
    `written` table every number is text, and only odd spellings are worth a word.
    """
    made: dict[str, Any] = {}
    units: dict[str, str] = {}
    _scales_fit(frame, columns, scale, book)
    for odd, meant in columns.odd_unit.items():
        book.add("R534", None, other=odd, detail=meant)
    for source in frame.columns:
        column = columns.of.get(source)
        series = frame[source]
        if column is None and series.isna().all():
            continue  # an empty column that nothing knows says nothing
        if column is None:
            name = _free_name(str(source), made, columns, book)
            made[name] = _kept(series, str(source), book)
            continue
        kind = COLUMNS[column].type if column in COLUMNS else "text"
        if kind == "text":
            values: Any = _text(series, str(source), column, book)
        elif kind in {"float", "int"}:
            values = _numbers(series, str(source), book, written=written)
            unit = scale.get(str(source)) or scale.get(column) or columns.unit.get(str(source))
            factor = scale_of(column, unit) if unit else None
            if factor is not None and unit is not None:
                values = values * factor
                units[column] = unit
                if str(source) not in scale and column not in scale:
                    book.add("R524", None, other=str(source), detail=f"{unit} × {factor:g}")
            elif (
                column.endswith("_wan")
                and plain_name(source) != plain_name(column)
                and not column.startswith(str(source).casefold())
            ):
                book.add("R531", None, other=str(source), detail="万元 10 000 CNY")
            if column in _OF_SHAPES and len(values) > 1 and (values == 0).all():
                book.add("R528", None, other=str(source), measured=len(values))
                values = values.mask(values == 0)  # a column made and never filled
            _limits(values, column, str(source), book)
            if kind == "int":
                values = values.round().astype("Int64")
        elif kind == "date":
            values = _dates(series, str(source), book)
        else:
            values = _truth(series, str(source), book)
        made[column] = values
    result = pd.DataFrame(made, index=frame.index, copy=False)
    for column in result.columns:
        if column in COLUMNS and COLUMNS[column].values:
            result[column] = _listed(result[column], column, book)
    _two_groups(result, book)
    return result, units


def _scales_fit(
    frame: pd.DataFrame, columns: Columns, scale: Mapping[str, str], book: Book
) -> None:
    """See that what ``--scale`` says can be done: an option passed over would be taken as done."""
    names = set(map(str, frame.columns))
    for name, unit in scale.items():
        column = columns.of.get(name, name)
        if name not in names and name not in columns.of.values():
            book.stop("R532", other=f"--scale {name}", detail="、".join(sorted(names))[:200])
        elif scale_of(column, unit) is None:
            book.stop("R533", other=name, detail=unit)


def _free_name(source: str, made: dict[str, Any], columns: Columns, book: Book) -> str:
    name = without_invisible(source).strip() or "column"
    held = {c.casefold() for c in made} | set(columns.of.values())
    if name.casefold() in _RESERVED or name.casefold() in held or name in COLUMNS:
        plain, number = name, 1
        while name.casefold() in held or name.casefold() in _RESERVED or name in COLUMNS:
            name = f"{plain}_{number}"
            number += 1
        if plain.casefold() not in {"fid", "ogc_fid"}:
            book.add("R520", None, detail=source, other=name)
    return name


def _kept(series: pd.Series, source: str, book: Book) -> pd.Series:
    if _CODE_NAMES.search(source) and pd.api.types.is_float_dtype(series):
        _digits_lost(series, source, book)
    if pd.api.types.is_float_dtype(series):
        return _finite(series, source, book)
    return series


def _finite(series: pd.Series, source: str, book: Book) -> pd.Series:
    values = series.astype("float64")
    infinite = np.isinf(values)
    if infinite.any():
        book.add("R513", None, other=source, measured=int(infinite.sum()))
        values = values.mask(infinite)
    return values


def _digits_lost(series: pd.Series, source: str, book: Book) -> bool:
    values = series.dropna().astype("float64")
    big = values[(values.abs() >= 1e15) & np.isfinite(values)]
    if len(big):
        book.stop("R504", other=source, detail=f"{big.iloc[0]:.0f}")
        return True
    return False


_SCIENTIFIC = re.compile(r"^\d(\.\d+)?[eE]\+?\d{2,3}$")


def _text(series: pd.Series, source: str, column: str, book: Book) -> pd.Series:
    is_code = bool(_CODE_NAMES.search(source)) or column.endswith(("id", "_code", "land_use")) or column in {
        "id", "land_use", "planned_use"}  # fmt: skip
    if pd.api.types.is_bool_dtype(series):
        return series.map({True: "true", False: "false"}).astype("str")
    if pd.api.types.is_numeric_dtype(series):
        if is_code:
            if pd.api.types.is_float_dtype(series) and _digits_lost(series, source, book):
                return series.astype("str")
            _zeros_lost(series, source, column, book)
            sample = series.dropna()
            if len(sample) and pd.api.types.is_float_dtype(series):
                book.add("R505", None, other=source, detail=_as_code(sample.iloc[0]))
        if pd.api.types.is_integer_dtype(series) and not series.isna().any():
            return series.astype("str")
        return pd.Series(
            [None if pd.isna(v) else _as_code(v) for v in series], index=series.index, dtype="str"
        )
    text = series.astype("str")
    if is_code:
        _codes_spelt(text, source, column, book)
    if column == "id" or column.endswith("_id"):  # "无" is no name of a feature
        short = text[text.str.len() <= _LONGEST_NOTHING]
        nothing = short.index[short.str.strip().str.lower().isin(_NOTHING - {""})]
        if len(nothing):
            book.add("R528", None, other=source, measured=len(nothing))
            text = text.copy()
            text[nothing] = None
    empty = text.str.len() == 0
    return text.mask(empty) if empty.any() else text


def _codes_spelt(text: pd.Series, source: str, column: str, book: Book) -> None:
    """Look at the spelling of codes: an exponent is a code lost, an odd number of digits a zero."""
    of_use = column in {"land_use", "planned_use"}
    array = pa.array(text, type=pa.string(), from_pandas=True)
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if not of_use and pc.all(pc.ascii_is_decimal(array)).as_py():
        return
    counts = text.value_counts(sort=False) if of_use or _few(array) else None
    spelt = text.dropna() if counts is None else counts.index.to_series()
    bad = spelt[spelt.str.match(_SCIENTIFIC)]
    if len(bad):
        book.stop("R504", other=source, detail=str(bad.iloc[0]))
    if of_use and counts is not None:
        # National codes of digits alone have two, four or six of them.
        odd = counts[counts.index.str.match(r"^[1-9](\d\d)*$")]
        if odd.sum() > 0.05 * counts.sum():
            book.stop("R515", other=source, detail=str(odd.index[0]))
        else:
            _codes_known(counts, source, book)


@lru_cache(maxsize=1)
def _land_use_codes() -> tuple[str, ...]:
    return tuple(sorted(set(crosswalk().index.get_level_values("code"))))


def _codes_known(counts: pd.Series, source: str, book: Book) -> None:
    """Name land-use codes that no system has: land under them counts as nothing in particular."""
    strange = [
        value
        for value in counts.index
        if not (value.isalnum() and value.upper().startswith(_land_use_codes()))
    ]
    if strange:
        detail = "、".join(v[:20] for v in strange[:5])
        book.add("R541", None, other=source, measured=int(counts[strange].sum()), detail=detail)


def _as_code(value: Any) -> str:
    number = float(value)
    return str(int(value)) if number.is_integer() else repr(number)


def _zeros_lost(series: pd.Series, source: str, column: str, book: Book) -> None:
    values = series.dropna()
    if not len(values):
        return
    numbers = values.astype("float64")
    if column in {"land_use", "planned_use"}:
        # National land-use codes have two, four or six digits: an odd number means a lost zero.
        odd = numbers[(numbers >= 1) & (np.floor(np.log10(numbers.clip(lower=1))) % 2 == 0)]
        if len(odd):
            book.stop("R515", other=source, detail=_as_code(odd.iloc[0]))


def _numbers(series: pd.Series, source: str, book: Book, *, written: bool) -> pd.Series:
    if pd.api.types.is_bool_dtype(series):
        book.add("R516", None, other=source, detail="是、否按 1、0 读取 truths read as 1 and 0")
        return series.astype("Float64").astype("float64")
    if pd.api.types.is_numeric_dtype(series):
        return _finite(series.astype("Float64").astype("float64"), source, book)
    values = np.full(len(series), np.nan)
    parsed, nothing, units = 0, 0, None
    sample = ""
    for place, text in enumerate(series.to_numpy(dtype="object")):
        if not isinstance(text, str):
            empty = text is None or text is pd.NA or text is pd.NaT or text != text
            if not empty:  # a day, or what else is no number
                book.add("R508", place, other=source, detail=str(text)[:30])
            continue
        plain = unicodedata.normalize("NFKC", text).strip().replace("，", ",")
        if plain.casefold() in _NOTHING:
            nothing += plain != ""
            continue
        if _NUMBER.match(plain) and any(c.isdigit() for c in plain):
            number = float(plain.replace(",", ""))
            if math.isfinite(number):
                values[place] = number
                if not written or plain != text or "," in plain:
                    parsed += 1
                    sample = sample or text
                continue
        found = _WITH_UNIT.match(plain)
        if found and any(
            f"{f}:{plain_name(found[2])}" in units_by_name() for f in ("area", "money")
        ):
            units = units or text
            continue
        book.add("R508", place, other=source, detail=text[:30])
    if units is not None:
        book.stop("R507", other=source, detail=units[:30])
    if parsed:
        book.add("R506", None, other=source, measured=parsed, detail=sample[:30])
    if nothing:
        book.add("R528", None, other=source, measured=nothing)
    return pd.Series(values, index=series.index)


def _limits(values: pd.Series, column: str, source: str, book: Book) -> None:
    numbers = values.to_numpy(dtype="float64")
    limit = resource()["limits"].get(column)
    if limit is not None:
        least, most = limit.get("least", -math.inf), limit.get("most", math.inf)
        with np.errstate(invalid="ignore"):
            bad = np.flatnonzero((numbers < least) | (numbers > most))
        for row in bad.tolist()[:_MOST_ROWS]:
            book.add("R512", row, other=source, measured=numbers[row], detail=f"{least}…{most}")
        if column in {"storeys", "storeys_below", "built_year", "year"}:
            with np.errstate(invalid="ignore"):
                broken = np.flatnonzero(np.isfinite(numbers) & (np.mod(numbers, 1) != 0))
            for row in broken.tolist()[:_MOST_ROWS]:
                book.add("R512", row, other=source, measured=numbers[row], detail="整数 whole")
        return
    if column.endswith(("_m2", "_wan", "_persons", "_tce", "_pct", "_m")):
        with np.errstate(invalid="ignore"):
            bad = np.flatnonzero(numbers < 0)
        for row in bad.tolist()[:_MOST_ROWS]:
            book.add("R511", row, other=source, measured=numbers[row])


_DATE = re.compile(
    r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*(?:[-/.月]\s*(\d{1,2})\s*日?)?(?:[T\s]+\d{1,2}:\d{2}.*)?\s*月?$"
)


def _dates(series: pd.Series, source: str, book: Book) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(series):
        return series.dt.tz_localize(None) if getattr(series.dt, "tz", None) else series
    place, values = pd.factorize(series)
    days = [_date(value) for value in values]
    _name_odd(series, place, [day is None for day in days], "R521", source, book)
    known = pd.Series(pd.to_datetime([*(day or pd.NaT for day in days), pd.NaT]))
    return pd.Series(known.to_numpy()[place], index=series.index)


def _name_odd(
    series: pd.Series, place: Any, odd: list[bool], rule: str, source: str, book: Book
) -> None:
    """Name the rows whose value is odd; `place` tells which of the distinct values each has."""
    for row in np.flatnonzero(np.array([*odd, False], dtype=bool)[place]).tolist():
        book.add(rule, row, other=source, detail=str(series.iloc[row])[:30])


def _date(value: Any) -> Any:
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if text.casefold() in _NOTHING or text in {"0", "0.0", "00000000"}:
        return pd.NaT
    if re.match(r"^\d{8}(\.0)?$", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:8]}"
    found = _DATE.match(text) if len(text) <= _LONGEST_DATE else None
    if not found:
        return None
    try:
        date = pd.Timestamp(int(found[1]), int(found[2]), int(found[3] or 1))
    except ValueError:
        return None
    return date if 1900 <= date.year <= 2200 else None


def _truth(series: pd.Series, source: str, book: Book) -> pd.Series:
    words = {"true": True, "t": True, "1": True, "1.0": True, "yes": True, "y": True, "是": True,
             "有": True, "false": False, "f": False, "0": False, "0.0": False, "no": False,
             "n": False, "否": False, "无": False}  # fmt: skip
    place, values = pd.factorize(series)
    truths = [words.get(str(value).strip().casefold()) for value in values]
    _name_odd(series, place, [truth is None for truth in truths], "R523", source, book)
    known = pd.array([*(pd.NA if t is None else t for t in truths), pd.NA], dtype="boolean")
    return pd.Series(known.take(place), index=series.index)


def _listed(series: pd.Series, column: str, book: Book) -> pd.Series:
    allowed = set(COLUMNS[column].values)
    spelt = {
        plain_name(name): key
        for key, names in resource().get("spellings", {}).get(column, {}).items()
        for name in (key, *names)
    } | {plain_name(v): v for v in allowed}
    place, values = pd.factorize(series.astype("str"))
    keys = [spelt.get(plain_name(value)) for value in values]
    _name_odd(series, place, [key is None for key in keys], "R523", column, book)
    kept = [value if key is None else key for value, key in zip(values, keys, strict=True)]
    known = pd.array([*kept, None], dtype="str")
    return pd.Series(known.take(place), index=series.index)


def _two_groups(frame: pd.DataFrame, book: Book) -> None:
    """Report money columns whose values fall into two groups 10 000 apart (元 and 万元 mixed)."""
    for column in frame.columns:
        if not str(column).endswith("_wan") or not pd.api.types.is_float_dtype(frame[column]):
            continue
        values = frame[column].dropna()
        values = values[values > 0]
        if len(values) < 6:
            continue
        logs = np.sort(np.log10(values.to_numpy()))
        gaps = np.diff(logs)
        place = int(gaps.argmax())
        low, high = logs[: place + 1], logs[place + 1 :]
        apart = float(np.median(high) - np.median(low))
        fewer = min(len(low), len(high))  # one giant among small firms is no second group
        if gaps[place] > 1.5 and 3.3 <= apart <= 4.7 and fewer >= max(2, 0.05 * len(logs)):
            book.add(
                "R522", None, other=column,
                detail=f"{10 ** np.median(low):.3g} × {len(low)}、{10 ** np.median(high):.3g} × {len(high)}",
            )  # fmt: skip


def totals(frame: pd.DataFrame, book: Book) -> None:
    """Refuse rows of a table that are sums of the others, by what stands in their first texts."""
    for column in list(frame.columns)[:3]:
        series = frame[column]
        if not (pd.api.types.is_object_dtype(series) or isinstance(series.dtype, pd.StringDtype)):
            continue
        hits = series.astype("str").str.strip().str.match(_TOTALS).fillna(value=False)
        for row in np.flatnonzero(hits.to_numpy(dtype=bool)).tolist():
            if row not in book.refused:
                book.add("R517", row, feature=str(row + 1), detail=str(series.iloc[row]))

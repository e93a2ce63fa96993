"""Names and texts without what has no place in them: every change and every oddity is told.

Garbled text is asked about, invisible signs and full-width digits are taken out, marks by which
spreadsheets keep numbers as text are read as such, and rows that are sums are no features.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .columns import plain_name, twins
from .encoding import garbled, invisible, without_invisible
from .layer import Layer, Options
from .log import Log

__all__ = [
    "CODE_NAMES",
    "MOST_ROWS",
    "NOTHING",
    "NUMBER",
    "clean",
    "dates_of",
    "names_in_ascii",
    "repetitive",
    "whole_codes",
    "with_names_said",
]

CODE_NAMES = re.compile(
    r"(编号|代码|编码|码$|号$|^id$|_id$|code$|dm$|bm$|bh$|bsm$|^zddm|uscc|no$)", re.IGNORECASE
)
NUMBER = re.compile(r"^[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?([eE][+-]?\d+)?$")
NOTHING = {"", "-", "--", "—", "——", "/", "\\", "无", "暂无", "不详", "未知", "空", "null", "none",
           "nan", "n/a", "na", "#n/a", "<null>"}  # fmt: skip
MOST_ROWS = 5000  # of one rule in one column; the rest is counted
_TOTALS = re.compile(
    r"^((本|全|各)\w{0,4}|其中|以上|累计)?\s*(合\s*计|小\s*计|总\s*计|共\s*计|总\s*和|平\s*均(值|数)?)\s*([:：（(].*)?$"
    r"|^((grand\s+)?total|subtotal|sum)\s*[:：]?$",
    re.IGNORECASE,
)
_PLAIN_TEXT = "^[\\x20-\\x7E\u4e00-\u9fff、。，；：“”‘’（）《》【】·—…％℃～！？■□×÷±°℉Ⅰ-Ⅻ①-⑳]*$"
_SURELY_PLAIN = "^[0-9A-Za-z一-鿿](?:[0-9A-Za-z一-鿿_./()（）， -]*[0-9A-Za-z一-鿿）])?$"
_NO_TEXT = {"boolean", "integer", "floating", "date", "datetime", "datetime64", "decimal", "time"}
_LIVELY = re.compile(
    r"(^[=＝@＠]|^[+＋][^\d\s.,()-]|^[-－][^\d\s.,/—－()-]*[(|]|<\s{0,8}/?\s{0,8}[a-z!]|\{\{|\{%|\$\{|javascript:|on\w{1,40}\s{0,8}=)",
    re.IGNORECASE,
)  # fmt: skip
_AS_TEXT = re.compile(r"""^=\s*"(.*)"$""", re.DOTALL)  # how tables are told that a number is text
_QUOTED = re.compile(r"^'(?=[=+\-@＝＋－＠]|(?=[A-Za-z./:-]*\d)[\dA-Za-z./:-]*$)")
_LOST = re.compile("[\ufffd\ue000-\uf8ff]|锟斤拷|\\?{3,}|^\\?{2,}$")


def clean(layer: Layer, _: Options) -> Layer:
    """Stage *text*: names and texts without what has no place in them, each change recorded."""
    log = layer.log.fresh()
    frame = layer.values
    for same in twins(list(layer.source.types or map(str, frame.columns))):
        log.add("R537", None, detail="、".join(same), other=same[0])
    if not layer.table and (bare := _without_attributes(frame)):
        log.add("R540", None, measured=bare)
    frame = _clean_texts(_with_plain_names(frame, log), log)
    if layer.table:
        _totals(frame, log)
    return layer.after(log, values=frame)


def _without_attributes(frame: pd.DataFrame) -> int:
    """Count the rows that say nothing, where others do."""
    empty = np.ones(len(frame), dtype=bool)
    for name in frame.columns:
        if str(name).casefold() not in {"id", "fid", "gid", "objectid"}:
            empty &= frame[name].isna().to_numpy()
        if not empty.any():
            break
    return 0 if empty.all() else int(empty.sum())


def _with_plain_names(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Return the frame with garbled column names turned back, if that is accepted."""
    ways = {str(c): way for c in frame.columns if (way := garbled(str(c))) is not None}
    if not ways:
        return frame
    name, (back, how) = next(iter(ways.items()))
    if log.stop("R206", other=name, detail=f"{how}，应为 should be “{back}”"):
        return frame
    return frame.rename(columns={old: right for old, (right, _) in ways.items()})


def _clean_texts(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Return the frame with its texts cleaned: every change and every oddity is in the log."""
    result = frame.copy(deep=False)
    for name in frame.columns:
        series = frame[name]
        if _is_unused_id(str(name), series):
            log.add("R528", None, other=str(name), measured=len(series))
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
        _clean_column(str(name), values, rows, log)
        result[name] = values if mixed else pd.array(values, dtype="str")
    return result


def _to_look_at(texts: pa.Array) -> NDArray[np.int64]:
    """Return the rows of texts that may be odd; where they repeat, each distinct one is looked at."""
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    spelt = texts.dictionary_encode() if repetitive(texts) else None
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


def repetitive(texts: pa.Array) -> bool:
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


def _clean_column(name: str, values: Any, rows: Any, log: Log) -> None:
    code = bool(CODE_NAMES.search(name))
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
        _settle_garbled(values, rows, turned, log)
    for row in lost[:MOST_ROWS]:
        log.add("R207", row, other=name, detail=str(values[row])[:40])
    for row, points in hidden[:MOST_ROWS]:
        log.add("R209", row, other=name, detail=points)
    for row, text in wide[:MOST_ROWS]:
        log.add("R210", row, other=name, detail=text[:40])
    log.touch([row for row, _ in hidden[MOST_ROWS:]], "R209")
    log.touch([row for row, _ in wide[MOST_ROWS:]], "R210")
    if blanks:
        log.add("R211", None, other=name, measured=len(blanks))
        log.touch(blanks, "R211")
    if marked:
        log.add("R215", None, other=name, measured=len(marked), detail=marked[0][1][:40])
        log.touch([row for row, _ in marked], "R215")
    if lively is not None:
        log.add("R212", None, other=name, detail=lively[:40])


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
    elif re.search("[\uff10-\uff19]", plain) and NUMBER.match(
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


def _settle_garbled(values: Any, rows: Any, turned: list[tuple[int, str, str]], log: Log) -> None:
    unusual = sum(isinstance(values[r], str) and not values[r].isascii() for r in rows.tolist())
    if len(turned) < 0.2 * unusual:
        return  # single words may look so by chance
    sample = turned[0]
    way = garbled(sample[1])
    detail = f"{way[1]}，应为 should be “{sample[2][:20]}”" if way else ""
    if log.stop("R206", other=sample[1][:20], detail=detail):
        return
    for row, _, plain in turned:
        values[row] = plain
    log.touch([row for row, _, _ in turned], "R206")


def _totals(frame: pd.DataFrame, log: Log) -> None:
    """Refuse rows of a table that are sums of the others, by what stands in their first texts."""
    said: dict[int, str] = {}
    for column in list(frame.columns)[:3]:
        series = frame[column]
        if not (pd.api.types.is_object_dtype(series) or isinstance(series.dtype, pd.StringDtype)):
            continue
        hits = series.astype("str").str.strip().str.match(_TOTALS).fillna(value=False)
        for row in np.flatnonzero(hits.to_numpy(dtype=bool)).tolist():
            if row not in log.refused:
                log.add("R517", row, feature=str(row + 1), detail=str(series.iloc[row]))
                said[row] = str(series.iloc[row])
    if said:
        _hold_totals(frame, said, log)


def _hold_totals(frame: pd.DataFrame, said: dict[int, str], log: Log) -> None:
    """Hold sums that stand in a table against the rows above them: those since the last, or all."""
    rows = np.arange(len(frame))
    parts = ~np.isin(rows, list(said))
    for column in frame.columns:
        if CODE_NAMES.search(str(column)) or _NO_SUM.search(str(column)):
            continue
        numbers, digits = _numbers_of(frame[column])
        begin = 0
        for row, label in sorted(said.items()):
            stated, since = numbers[row], begin
            begin = row + 1
            if not np.isfinite(stated) or "均" in label:
                continue
            above = parts & (rows < row) & np.isfinite(numbers)
            spans = [above & (rows >= since), above]
            sums = [float(numbers[span].sum()) for span in spans if span.any()]
            shown = max(digits)  # whole numbers are counts; others were rounded one by one
            room = 0.51 * 10.0**-shown * (above.sum() + 1) if shown else 0.51
            if sums and min(abs(one - stated) for one in sums) > room:
                near = min(sums, key=lambda one: abs(one - stated))
                words = {"feature": label, "other": str(column), "measured": stated, "limit": near}
                log.name("R571", row, **words)


_NO_SUM = re.compile(
    r"序号|率|比|密度|强度|单价|均|年份|日期|时间|层数|编号|等级|级别|^no$", re.IGNORECASE
)


def _numbers_of(series: pd.Series) -> tuple[NDArray[np.float64], list[int]]:
    """Return the numbers of a column of texts, NaN for others, and their digits behind the point."""
    numbers, digits = np.full(len(series), np.nan), []
    for row, value in enumerate(series):
        text = str(value).strip()
        if not pd.isna(value) and text not in {"", "+", "-", "."} and NUMBER.match(text):
            numbers[row] = float(text.replace(",", ""))
            digits.append(len(text.lower().partition("e")[0].partition(".")[2]))
    return numbers, digits


_DATA_NAME = re.compile(
    rb"""(<(?:\w+:)?Data\s+name=["'])([^"'<>]*[^\x00-\x7f"'<>][^"'<>]*)(?=["'])"""
)


def names_in_ascii(content: bytes) -> bytes:
    """Return a KML whose data have names in ASCII: of other letters its reader makes underscores."""
    return _DATA_NAME.sub(lambda m: m[1] + b"zg_" + m[2].hex().encode(), content)


def with_names_said(layer: Layer) -> Layer:
    """Return a layer of such a KML under the names that stand in it."""

    def said(name: object) -> str:
        held = re.fullmatch(r"zg_((?:[0-9a-f]{2})+)", str(name))
        raw = bytes.fromhex(held[1]).decode("utf-8", "replace") if held else ""
        return html.unescape(raw) if held else str(name)

    types = {said(name): kind for name, kind in layer.source.types.items()}
    values = layer.values.rename(columns=said)
    return replace(layer, values=values, source=replace(layer.source, types=types))


_WITH_NOUGHT = re.compile(r"^\d+\.0$")


def whole_codes(text: pd.Series, source: str, log: Log) -> pd.Series:
    """Return codes without the ``.0`` that a program put behind all of them."""
    held = text.dropna()
    if not len(held) or not held.str.match(_WITH_NOUGHT).all():
        return text
    log.add("R505", None, other=source, detail=str(held.iloc[0]).removesuffix(".0"))
    return text.str.removesuffix(".0")


_LONGEST_DATE = 40
_DATE = re.compile(
    r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*(?:[-/.月]\s*(\d{1,2})\s*日?)?(?:[T\s]+\d{1,2}:\d{2}.*)?\s*月?$"
)
_IN_CHINESE = re.compile(
    r"^([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月(?:([一二三四五六七八九十]{1,3})日)?$"
)
_DIGITS = {**{d: str(n) for n, d in enumerate("〇一二三四五六七八九")}, "零": "0", "○": "0"}
_SERIAL = re.compile(r"^\d{5}(\.\d+)?$")
_SERIALS = (32874.0, 73050.0)
"""The days from 1990 to 2099 as spreadsheets number them; 20235 may be the May of 2023."""


def dates_of(series: pd.Series, source: str, log: Log) -> tuple[pd.Series, tuple[Any, list[bool]]]:
    """Return days, and of each row which distinct value it has and which of these are no days.

    Days are read as they are written, in Chinese numerals and in the numbers of spreadsheets too.
    """
    if pd.api.types.is_datetime64_any_dtype(series):
        zoned = getattr(series.dt, "tz", None) is not None
        return series.dt.tz_localize(None) if zoned else series, (
            np.zeros(len(series), int),
            [False],
        )
    place, values = pd.factorize(series)
    texts = [unicodedata.normalize("NFKC", str(value)).strip() for value in values]
    odd = [text for text in texts if re.match(r"^\d{4}\.1$", text)]
    if odd and not any(re.match(r"^\d{4}\.10$", text) for text in texts):
        log.stop("R557", other=source, detail=odd[0])
    days = [_date(text) for text in texts]
    serials = [k for k, day in enumerate(days) if day is None and _is_serial(texts[k])]
    for k in serials:
        days[k] = pd.Timestamp(1899, 12, 30) + pd.Timedelta(days=int(float(texts[k])))
    if serials:
        rows = int(np.isin(place, serials).sum())
        sample = f"{texts[serials[0]]} → {days[serials[0]].date()}"
        log.add("R588", None, other=source, measured=rows, detail=sample)
    known = pd.Series(pd.to_datetime([*(day or pd.NaT for day in days), pd.NaT]))
    found = pd.Series(known.to_numpy()[place], index=series.index)
    return found, (place, [day is None for day in days])


def _is_serial(text: str) -> bool:
    return bool(_SERIAL.match(text)) and _SERIALS[0] <= float(text) < _SERIALS[1]


def _date(text: str) -> Any:
    """Return a day, NaT where nothing is said, None for what is no day."""
    if text.casefold() in NOTHING or text in {"0", "0.0", "00000000"}:
        return pd.NaT
    if re.match(r"^\d{8}(\.0)?$", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:8]}"
    if spelt := _IN_CHINESE.match(text):
        year = "".join(_DIGITS[sign] for sign in spelt[1])
        text = f"{year}-{_counted(spelt[2])}-{_counted(spelt[3] or '一')}"
    found = _DATE.match(text) if len(text) <= _LONGEST_DATE else None
    if not found:
        return None
    try:
        date = pd.Timestamp(int(found[1]), int(found[2]), int(found[3] or 1))
    except ValueError:
        return None
    return date if 1900 <= date.year <= 2200 else None


def _counted(word: str) -> int:
    """Return a number up to 99 in Chinese numerals; 0 for none."""
    tens, ten, ones = word.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in tens:
        return 0
    return 10 * (int(_DIGITS[tens]) if tens else int(bool(ten))) + (
        int(_DIGITS[ones]) if ones else 0
    )

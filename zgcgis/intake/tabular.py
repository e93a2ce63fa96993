"""Tables without shapes: CSV and workbooks, as text from end to end, and joining them by key."""

from __future__ import annotations

import csv
import io
import json
import re
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..model import COLUMNS
from .columns import plain_name, resource, units_by_name
from .encoding import decode_bytes, plain_key
from .log import Finding, Log, Refusal
from .sandbox.corners.shape_columns import is_shape
from .sandbox.format import Staged
from .sandbox.process import run_child

__all__ = ["form_of", "forms_of", "join", "read_csv", "read_workbook"]

MOST_BYTES = 2 << 30
MOST_COLUMNS = 2000
MOST_MARKS = 1_500_000  # separators in a line, those in quotes among them
MOST_EMPTY, _PER_CELL = 1_000_000, 3  # cells of a table beyond those that its file has
MOST_HEADS = 4  # lines of names
Span: TypeAlias = tuple[int, int, int, int]
_FOOTER = re.compile(
    r"^(备?注|说明|填表|制表|填报|审核|审批|复核|负责人|单位负责人|联系|资料来源|数据来源|来源)\s*(人|单位|日期|电话|意见)?\s*[:：]|^注\s*\d?\s*[:：、.]"
)
_SIGNED = re.compile(r"[:：]|^\S{2,4}$")  # beside a signature: another, or a name
MOST_NAMED = 10
"""Features without a row that a sentence names."""
_AT_ONCE = 500_000  # cells that are held as objects


def read_csv(staged: Staged, encoding: str | None) -> tuple[Framed, str]:
    """Return a CSV table as text, and its encoding."""
    if staged.size > MOST_BYTES:
        raise Refusal("R444", measured=staged.size, limit=MOST_BYTES)
    answer = decode_bytes(staged.path.read_bytes(), forced=encoding)
    if answer is None:
        raise Refusal("R203", detail=encoding or "UTF-8, GB 18030")
    text, found = answer
    if found.rule is not None:
        staged.add("R201", detail=f"{found.name} ({found.evidence})")
    text = text.removeprefix("\ufeff")
    if "\x00" in text:
        raise Refusal("R403", detail="NUL")
    mark = _separator(text)
    csv.field_size_limit(10 << 20)
    widest = max((line.count(mark) for line in io.StringIO(text, newline="")), default=0)
    if widest > MOST_MARKS:  # a row is one list, and cannot be left half-way
        raise Refusal("R444", measured=widest + 1, limit=MOST_COLUMNS)

    def rows() -> Iterator[list[str | None]]:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True):
            yield [c if c != "" else None for c in row]

    try:
        made = _framed(rows)
    except csv.Error as problem:
        raise Refusal("R405", detail=f"CSV: {problem}") from problem
    made.findings.extend(_swallowed(made.frame, mark))
    if text and not text.endswith(("\n", "\r")) and "\n" in text:
        staged.add("R429", measured=len(made.frame))
    return made, found.name


def _swallowed(frame: pd.DataFrame, mark: str) -> list[Finding]:
    """Return cells in which whole lines of the table stand: a quotation mark is left open."""
    found = []
    for name in frame.columns:
        column = frame[name]
        for row in np.flatnonzero(column.str.contains("\n", regex=False, na=False)).tolist():
            lines = column.iloc[row].splitlines()[1:]
            if is_shape(column.iloc[row]):
                continue  # set in several lines
            whole = sum(line.count(mark) >= len(frame.columns) - 1 for line in lines)
            if whole and len(frame.columns) > 1:
                words = {"other": name, "measured": len(frame), "limit": len(frame) + whole}
                found.append(Finding("R428", row, words))
    return found


def _separator(text: str) -> str:
    """Return what separates cells: the sign that cuts most of the first lines to one width."""
    lines = [line for line in text[: 1 << 16].splitlines()[:40] if line.strip()]
    told = re.match(r"^sep=(.)$", lines[0].strip('" ')) if lines else None
    if told:
        return told[1]

    def even(mark: str) -> tuple[int, int, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=mark)]
        except csv.Error:  # said properly when the whole is read
            widths = []
        wide = [width for width in widths if width > 1]
        usual = max(set(wide), key=wide.count, default=0)
        return wide.count(usual), lines[0].count(mark) if lines else 0, usual

    return max(",\t;|，", key=even)


class Framed(NamedTuple):
    """A table as text, what was found on the way, and units stated for all of it."""

    frame: pd.DataFrame
    findings: list[Finding]
    units: tuple[str, ...]
    begin: int = 0
    crs: str | None = None


def _framed(
    rows: Callable[[], Iterator[list[str | None]]], merged: Collection[Span] = ()
) -> Framed:
    """Make a table of rows: find the lines of names, keep the rest as text.

    The rows are gone through twice, and never held all at once. Lines above the names are a
    title; a unit that stands there is meant for all columns. Lines below the last row that begin
    like a remark or a signature are no rows.
    """
    filled, lengths = array("q"), array("q")
    for row in rows():
        filled.append(sum(c is not None and c.strip() != "" for c in row))
        lengths.append(len(row))
    start, head = _line_of_names(rows, np.asarray(filled), np.asarray(lengths))
    names, begin = _heads(rows, start, merged)
    width = len(names)
    if width > MOST_COLUMNS:
        raise Refusal("R444", measured=width, limit=MOST_COLUMNS)
    doubles = sorted(name for name, count in Counter(names).items() if count > 1)
    if doubles:
        raise Refusal("R214", detail="、".join(d[:80] for d in doubles[:5]))
    cells = width * int(np.count_nonzero(filled[begin:]))
    most = MOST_EMPTY + _PER_CELL * int(sum(lengths))
    if cells > most:  # short rows under a wide head: what is not there would take the room
        raise Refusal("R444", measured=cells, limit=most)
    findings: list[Finding] = []
    notes: list[str] = []
    kept: list[list[str | None]] = []
    parts: list[pd.DataFrame] = []
    count = 0
    for line, row in enumerate(rows(), start=1):
        if line <= begin or not filled[line - 1]:
            continue
        first = next(c for c in row if c is not None and c.strip())
        if _FOOTER.match(first.strip()) and all(
            _SIGNED.search(cell) for cell in map(_said, row[1:]) if cell
        ):
            notes.append(first.strip()[:40])
            continue
        over = any(c is not None and c.strip() for c in row[width:])
        if over or (len(row) < width and len(row) != len(head)):
            words = {"feature": str(line), "measured": len(row), "limit": width}
            findings.append(Finding("R529", count, words))
        kept.append([*row[:width], *[None] * (width - len(row))])
        count += 1
        if len(kept) * width >= _AT_ONCE:
            parts.append(_as_texts(kept, names))
            kept = []
    parts.append(_as_texts(kept, names))
    if notes:
        findings.append(Finding("R555", None, {"measured": len(notes), "detail": notes[0]}))
    frame = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    above = list(islice(rows(), start))
    return Framed(frame, findings, _units_above(above), begin, _crs_above(above))


def _crs_above(lines: Iterable[list[str | None]]) -> str | None:
    """Return the one system whose code stands above a table: 坐标系：…（EPSG:4527）."""
    said = " ".join(_said(cell) for line in lines for cell in line)
    codes = set(re.findall(r"EPSG\s*[:：]\s*(\d{4,6})(?!\d)", said, re.IGNORECASE))
    return f"EPSG:{codes.pop()}" if len(codes) == 1 else None


def _heads(
    rows: Callable[[], Iterator[list[str | None]]],
    start: int,
    merged: Collection[Span],
) -> tuple[list[str], int]:
    """Return the names of columns, and after how many lines rows begin.

    A second or third line of names goes on below cells of the first: below one that spans several
    columns, beside one that spans several lines, or below and beside blanks. The name of a column
    is its own, the lowest; where that stands twice, what stands above goes before it.
    """
    lines = [list(line) for line in islice(rows(), start, start + MOST_HEADS)]
    depth = 1
    for top, left, bottom, right in merged:
        if top <= start <= bottom:
            depth = max(depth, bottom - start + 1)
            if right > left and bottom - start + 1 < len(lines):
                below = lines[bottom - start + 1][left : right + 1]
                depth = max(depth, bottom - start + 1 + any(_said(cell) for cell in below))
    if not merged and len(lines) > 1 and _goes_on(lines[0], lines[1]):
        depth = 2
    depth = min(depth, len(lines), MOST_HEADS)
    spread = [list(line) for line in lines[:depth]]
    for top, left, bottom, right in merged:
        if start <= top < start + depth and left < len(spread[top - start]):
            text = spread[top - start][left]
            for line in range(top - start, min(bottom - start + 1, depth)):
                room = spread[line]
                room.extend([None] * (right + 1 - len(room)))
                room[left : right + 1] = [text] * (right + 1 - left)
    if depth > 1 and not merged:
        spread[0] = _to_the_right(spread[0], spread[1])
    wide = max((k + 1 for line in spread for k, cell in enumerate(line) if _said(cell)), default=0)
    columns = [
        list(dict.fromkeys(_said(line[k]) for line in spread if k < len(line) and _said(line[k])))
        for k in range(wide)
    ]
    own = Counter(parts[-1] for parts in columns if parts)
    names = [
        (parts[-1] if own[parts[-1]] == 1 else " ".join(parts)) if parts else f"column_{k + 1}"
        for k, parts in enumerate(columns)
    ]
    below = next(islice(rows(), start + depth, None), [])
    if not _line_of_units(below):
        return names, start + depth
    words = [re.sub(r"[()（）\[\]]", "", _said(cell)) for cell in below[: len(names)]]
    words += [""] * (len(names) - len(words))
    united = [
        f"{name}（{unit}）" if unit else name for name, unit in zip(names, words, strict=True)
    ]
    return united, start + depth + 1


def _said(cell: str | None) -> str:
    return "" if cell is None else re.sub(r"\s+", "", cell) if "\n" in cell else cell.strip()


def _goes_on(head: list[str | None], line: list[str | None]) -> bool:
    """Whether a line goes on with the names: words alone, and only where the head is blank or ends."""
    words = [(k, _said(cell)) for k, cell in enumerate(line) if _said(cell)]
    blanks = {k for k in range(len(line)) if k >= len(head) or not _said(head[k])}
    if not words or not blanks & {k for k, _ in words} or _said(line[0] if line else None):
        return False
    starts = {k - 1 for k in blanks} | blanks
    return all(k in starts and not re.search(r"\d", word) for k, word in words)


def _to_the_right(head: list[str | None], below: list[str | None]) -> list[str | None]:
    """Spread a name over the blanks on its right that have a name of their own below."""
    spread = [*head, *[None] * (len(below) - len(head))]
    for k in range(1, len(spread)):
        if not _said(spread[k]) and k < len(below) and _said(below[k]) and _said(below[k - 1]):
            spread[k] = spread[k - 1]
    return spread


def _units_above(lines: Iterable[list[str | None]]) -> tuple[str, ...]:
    """Return the units of areas and money that stand above a table: 单位：公顷、万元、人."""
    units: dict[str, None] = {}
    for cell in (_said(cell) for line in lines for cell in line):
        for found in re.finditer(r"单位\s*[:：]?\s*([^:：()（）]{1,40})", cell):
            parts = [part for part in re.split(r"[、，,；;/和及\s]+", found[1]) if part]
            told = [_unit_in(part) for part in parts]
            if not told or told[0] is None:
                continue  # who filled it in, and not in what
            units |= dict.fromkeys(unit for unit in told if unit)
    return tuple(units)


_COUNTED = {"人", "名", "个", "家", "户", "宗", "项", "件", "块", "套", "栋", "幢", "层", "年", "月", "天", "日", "米", "m",
            "%", "百分比", "吨", "吨标准煤", "吨标煤", "tce", "次", "辆", "万人", "平方米/人", "元/平方米", "万元/公顷",
            "万元/亩"}  # fmt: skip
"""Units that are neither of areas nor of money; nothing is converted by them."""


def _unit_in(word: str) -> str | None:
    """Return the unit of areas or money that a word is, empty for another unit, None for none."""
    plain = plain_name(word)
    known = {name.partition(":")[2] for name in units_by_name()}
    for start in ("", "人民币", "rmb"):
        if (rest := plain.removeprefix(start)) in known:
            return rest
    return "" if plain in _COUNTED else None


def _line_of_units(line: list[str | None]) -> bool:
    """Whether a line below the names holds units alone, one of areas or money among them."""
    told = [_unit_in(re.sub(r"[()（）\[\]]", "", word)) for word in map(_said, line) if word]
    return bool(told) and all(unit is not None for unit in told) and any(told)


def _line_of_names(
    rows: Callable[[], Iterator[list[str | None]]],
    filled: NDArray[np.int64],
    lengths: NDArray[np.int64],
) -> tuple[int, list[str | None]]:
    """Return which line holds the names, and the line: the first that is filled like the others."""
    if not filled.any():
        raise Refusal("R412", detail="表是空的 the table is empty")
    values, counts = np.unique(lengths[filled > 0], return_counts=True)
    usual = int(values[counts.argmax()])  # two lines run together are wider, no heading
    widest = min(int(filled.max()), usual)
    start = int(np.argmax(filled >= max(1, 0.6 * widest)))
    return start, next(islice(rows(), start, None))


def _as_texts(rows: list[list[str | None]], names: list[str]) -> pd.DataFrame:
    """Return rows as a table of texts."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    made = {
        name: pd.array(np.array([*column, None], dtype="object")[:-1], dtype="str")
        for name, column in zip(names, columns, strict=True)
    }
    return pd.DataFrame(made)


def read_workbook(
    staged: Staged, work: Any, layer: str | None
) -> list[tuple[str, Framed, Refusal | None]]:
    """Return each sheet of a workbook: its name, its table, why it is refused."""
    facts = run_child(staged.format, staged.path, work, size=4 * staged.size)
    sheets = []
    names = [s["name"] for s in facts["sheets"]]
    if layer is not None and layer not in names:
        raise Refusal("R413", other=layer, detail="、".join(names))
    for entry in facts["sheets"]:
        if layer is not None and entry["name"] != layer:
            continue
        told = json.loads((facts["folder"] / entry["file"]).read_text(encoding="utf-8"))
        if not any(any(c for c in row) for row in told["rows"]) and len(names) > 1:
            continue
        refusal = None
        made = Framed(pd.DataFrame(), [], ())
        if told["unset_formulas"]:
            refusal = Refusal("R518", detail="、".join(told["unset_formulas"][:5]))
        elif told["long"]:
            refusal = Refusal("R589", other=entry["name"], detail="、".join(told["long"][:5]))
        merged = [_span(text) for text in told["merged"]]
        try:
            made = _framed(partial(iter, told["rows"]), merged)
        except Refusal as problem:
            refusal = refusal or problem
        if told["errors"]:
            made.findings.append(Finding("R519", None, {"detail": "、".join(told["errors"][:10])}))
        odd = [
            text for text, span in zip(told["merged"], merged, strict=True) if span[0] >= made.begin
        ]
        if told["hidden_rows"]:
            odd.append(f"隐藏行 hidden rows: {told['hidden_rows']}")
        if odd:
            made.findings.append(Finding("R527", None, {"detail": "、".join(odd[:3])}))
        sheets.append((entry["name"], made, refusal))
    return sheets


def _span(text: str) -> Span:
    """Return the first row and column and the last of a span such as ``A1:C2``, from nought."""
    ends = [re.match(r"([A-Z]+)(\d+)$", part) for part in f"{text}:{text}".split(":")[:2]]
    places = [(int(e[2]) - 1, _column_number(e[1])) for e in ends if e is not None]
    return (*places[0], *places[-1])


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number - 1


def form_of(key: str) -> str:
    """Return a key in the form in which keys are compared: without blanks, width and case."""
    return "".join(plain_key(key).split()).casefold()


def forms_of(keys: pd.Series) -> pd.Series:
    """Return many keys as :func:`form_of` does each; what is plain ASCII is done at once."""
    array = pa.array(keys, type=pa.string(), from_pandas=True)
    forms = pd.Series(pc.utf8_lower(pc.replace_substring(array, " ", "")), index=keys.index)
    plain = pc.fill_null(pc.match_substring_regex(array, "^[ -~]*$"), fill_value=True)
    odd = ~np.asarray(plain)
    forms = forms.astype("str")
    if odd.any():
        forms[odd] = keys[odd].map(form_of)
    return forms


def join(
    layer: pd.DataFrame,
    table: pd.DataFrame,
    log: Log,
    *,
    key: str = "id",
    updated: Collection[str] = (),
) -> pd.DataFrame:
    """Return `layer` with the columns of `table`, row by row of the same key.

    Keys are compared in one plain form; a key that stands more than once in the table, or has
    no feature, is refused; a feature without a row is named; nothing is dropped from the layer.
    Columns that are `updated` came from an earlier table: there the later value stands, and each
    that differs is named.
    """
    ours: dict[str, list[int]] = {}
    for place, value in enumerate(layer[key]):
        if isinstance(value, str):
            ours.setdefault(form_of(value), []).append(place)
    several = [
        layer[key].iloc[p[0]] for p in ours.values() if len({layer[key].iloc[i] for i in p}) > 1
    ]
    if several:
        log.stop("R607", detail="、".join(several[:5]))
    theirs: dict[str, list[int]] = {}
    for place, value in enumerate(table[key]):
        if place not in log.refused and isinstance(value, str):
            theirs.setdefault(form_of(value), []).append(place)
    source: dict[int, int] = {}
    digits = _digits_of(ours)
    for plain, places in theirs.items():
        value = table[key].iloc[places[0]]
        if len(places) > 1:
            for place in places:
                log.add("R601", place, feature=value)
            continue
        plain = plain if plain in ours else plain.zfill(digits if plain.isdecimal() else 0)
        if plain not in ours:
            log.add("R603", places[0], feature=value)
            continue
        for ours_place in ours[plain]:
            source[ours_place] = places[0]
        there = layer[key].iloc[ours[plain][0]]
        if there != value:
            log.add("R602", places[0], feature=value, other=there)
    bare = [value for place, value in enumerate(layer[key]) if place not in source]
    if bare:
        names = "、".join(map(str, bare[:MOST_NAMED])) + ("…" if len(bare) > MOST_NAMED else "")
        one = str(bare[0]) if len(bare) == 1 else None
        log.add("R604", None, feature=one, measured=len(bare), limit=len(layer), detail=names)
    return _filled(layer, table, source, log, key, updated)


def _digits_of(keys: Collection[str]) -> int:
    """Return how many digits all keys have, 0 if they differ: a spreadsheet drops zeros in front."""
    lengths = {len(key) if key.isdecimal() else 0 for key in keys}
    return lengths.pop() if len(lengths) == 1 else 0


def _named(column: str, value: Any) -> str:
    """Return a value as a table would have it: a day, the word for a mode of supply, a number."""
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    return str(next(iter(resource()["spellings"].get(column, {}).get(str(value), [])), value))


def _filled(
    layer: pd.DataFrame,
    table: pd.DataFrame,
    source: dict[int, int],
    log: Log,
    key: str,
    updated: Collection[str],
) -> pd.DataFrame:
    result = layer.copy()
    rows = list(source)
    taken = [source[r] for r in rows]
    for column in table.columns:
        if column == key or table[column].isna().all():
            continue
        new = table[column].iloc[taken].to_numpy(dtype="object")
        old = (
            result[column].to_numpy(dtype="object").copy()
            if column in result
            else pd.array([None] * len(result), dtype="object").to_numpy(dtype="object").copy()
        )
        for row, value in zip(rows, new, strict=True):
            if value is None or value is pd.NA or value is pd.NaT or value != value:
                continue
            there = old[row]
            empty = there is None or there is pd.NA or there is pd.NaT or there != there
            if not empty and there != value and column in updated:
                log.add(
                    "R577",
                    source[row],
                    other=COLUMNS[column].zh if column in COLUMNS else column,
                    detail=f"{_named(column, there)} → {_named(column, value)}",
                )
            elif not empty and there != value:
                stopped = log.stop(
                    "R606", other=column, detail=f"{layer[key].iloc[row]}: {there} / {value}"
                ) if not any(s.rule == "R606" for s in log.stops) else True  # fmt: skip
                if stopped:
                    break
            old[row] = value
        kind = table[column].dtype
        result[column] = pd.array(old, dtype=kind if column not in layer else layer[column].dtype)
    return result

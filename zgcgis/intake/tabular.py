"""Tables without shapes: CSV and workbooks, as text from end to end, and joining them by key."""

from __future__ import annotations

import csv
import io
import json
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .encoding import decode_bytes, plain_key
from .log import Finding, Log, Refusal
from .sandbox.format import Staged
from .sandbox.process import run_child

__all__ = ["form_of", "forms_of", "join", "read_csv", "read_workbook"]

MOST_BYTES = 2 << 30
MOST_COLUMNS = 2000
MOST_MARKS = 1_500_000  # separators in a line, those in quotes among them
MOST_EMPTY, _PER_CELL = 1_000_000, 3  # cells of a table beyond those that its file has
_AT_ONCE = 500_000  # cells that are held as objects


def read_csv(staged: Staged, encoding: str | None) -> tuple[pd.DataFrame, str, list[Finding]]:
    """Return a CSV table as text, its encoding, and rows of findings about its lines."""
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
        frame, findings = _framed(rows)
    except csv.Error as problem:
        raise Refusal("R405", detail=f"CSV: {problem}") from problem
    findings += _swallowed(frame, mark)
    if text and not text.endswith(("\n", "\r")) and "\n" in text:
        staged.add("R429", measured=len(frame))
    return frame, found.name, findings


def _swallowed(frame: pd.DataFrame, mark: str) -> list[Finding]:
    """Return cells in which whole lines of the table stand: a quotation mark is left open."""
    found = []
    for name in frame.columns:
        column = frame[name]
        for row in np.flatnonzero(column.str.contains("\n", regex=False, na=False)).tolist():
            lines = column.iloc[row].splitlines()[1:]
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


def _framed(
    rows: Callable[[], Iterator[list[str | None]]],
) -> tuple[pd.DataFrame, list[Finding]]:
    """Make a table of rows: find the line of names, keep the rest as text.

    The rows are gone through twice, and never held all at once.
    """
    filled, lengths = array("q"), array("q")
    for row in rows():
        filled.append(sum(c is not None and c.strip() != "" for c in row))
        lengths.append(len(row))
    start, head = _line_of_names(rows, np.asarray(filled), np.asarray(lengths))
    width = max((i + 1 for i, c in enumerate(head) if c is not None and c.strip()), default=0)
    if width > MOST_COLUMNS:
        raise Refusal("R444", measured=width, limit=MOST_COLUMNS)
    names = [(c or "").strip() or f"column_{i + 1}" for i, c in enumerate(head[:width])]
    doubles = sorted(name for name, count in Counter(names).items() if count > 1)
    if doubles:
        raise Refusal("R214", detail="、".join(d[:80] for d in doubles[:5]))
    cells = width * int(np.count_nonzero(filled[start + 1 :]))
    most = MOST_EMPTY + _PER_CELL * int(sum(lengths))
    if cells > most:  # short rows under a wide head: what is not there would take the room
        raise Refusal("R444", measured=cells, limit=most)
    findings: list[Finding] = []
    kept: list[list[str | None]] = []
    parts: list[pd.DataFrame] = []
    count = 0
    for line, row in enumerate(rows(), start=1):
        if line < start + 2 or not filled[line - 1]:
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
    return (pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]), findings


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
) -> list[tuple[str, pd.DataFrame | None, Refusal | None, list[Finding]]]:
    """Return each sheet of a workbook: name, table as text, refusal, rows of findings."""
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
        frame = None
        findings: list[Finding] = []
        if told["unset_formulas"]:
            refusal = Refusal("R518", detail="、".join(told["unset_formulas"][:5]))
        elif told["long"]:
            refusal = Refusal("R504", other=entry["name"], detail="、".join(told["long"][:5]))
        try:
            frame, findings = _framed(partial(iter, told["rows"]))
        except Refusal as problem:
            refusal = refusal or problem
        if told["errors"]:
            findings.append(Finding("R519", None, {"detail": "、".join(told["errors"][:10])}))
        odd = [*told["merged"][:3]]
        if told["hidden_rows"]:
            odd.append(f"隐藏行 hidden rows: {told['hidden_rows']}")
        if odd and _merged_in_body(told):
            findings.append(Finding("R527", None, {"detail": "、".join(odd)}))
        sheets.append((entry["name"], frame, refusal, findings))
    return sheets


def _merged_in_body(told: dict[str, Any]) -> bool:
    """Whether merged cells lie below the first two rows, where titles are."""
    if told["hidden_rows"]:
        return True
    for span in told["merged"]:
        digits = "".join(c for c in span.split(":")[0] if c.isdigit())
        if digits and int(digits) > 2:
            return True
    return False


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


def join(layer: pd.DataFrame, table: pd.DataFrame, log: Log, *, key: str = "id") -> pd.DataFrame:
    """Return `layer` with the columns of `table`, row by row of the same key.

    Keys are compared in one plain form; a key that stands more than once in the table, or has
    no feature, is refused; a feature without a row is named; nothing is dropped from the layer.
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
    for plain, places in theirs.items():
        value = table[key].iloc[places[0]]
        if len(places) > 1:
            for place in places:
                log.add("R601", place, feature=value)
            continue
        if plain not in ours:
            log.add("R603", places[0], feature=value)
            continue
        for ours_place in ours[plain]:
            source[ours_place] = places[0]
        there = layer[key].iloc[ours[plain][0]]
        if there != value:
            log.add("R602", places[0], feature=value, other=there)
    for place, value in enumerate(layer[key]):
        if place not in source:
            log.add("R604", None, feature=value)
    return _filled(layer, table, source, log, key)


def _filled(
    layer: pd.DataFrame, table: pd.DataFrame, source: dict[int, int], log: Log, key: str
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
            if not empty and there != value:
                stopped = log.stop(
                    "R606", other=column, detail=f"{layer[key].iloc[row]}: {there} / {value}"
                ) if not any(s.rule == "R606" for s in log.stops) else True  # fmt: skip
                if stopped:
                    break
            old[row] = value
        kind = table[column].dtype
        result[column] = pd.array(old, dtype=kind if column not in layer else layer[column].dtype)
    return result

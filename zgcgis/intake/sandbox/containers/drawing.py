"""DXF drawings by their own group codes: pairs of lines, sections, and the records in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import Refused
from .curves.chords import BY_KIND, Pair, UnreadError
from .gdal import read_layers

__all__ = ["Record", "hold_records", "look", "read"]

# What gives one feature each; the others give as many as they have parts, or none.
_SINGLE = {
    "3DFACE", "ARC", "CIRCLE", "ELLIPSE", "HATCH", "LINE", "LWPOLYLINE", "MLINE", "MTEXT",
    "POINT", "POLYLINE", "SOLID", "SPLINE", "TEXT", "TRACE",
}  # fmt: skip
_ONE_LAYER = _SINGLE | {"ATTRIB", "INSERT", "SEQEND", "VERTEX"}
_SEVERAL = ("AcDbBlockReference", "AcDbAttribute", "Dimension", "Leader", "AcDbMLeader")
_CLOSED_BY_SEQEND = {"POLYLINE": {"VERTEX"}, "INSERT": {"ATTRIB"}}
_NO_LAND = {"ATTDEF", "ATTRIB", "SEQEND", "VIEWPORT"}
_SECTIONS = {
    "ACDSDATA", "BLOCKS", "CLASSES", "ENTITIES", "HEADER", "OBJECTS", "TABLES", "THUMBNAILIMAGE",
}  # fmt: skip
_WIDEST = 12  # of a line with a group code
_BLOCK, _MANY = 1 << 24, 1 << 20
_LOWEST, _HIGHEST = -5, 1071
_LAYER, _HANDLE, _EMBEDDED, _ATTRIBUTES_FOLLOW = 8, 5, 101, 66


@dataclass(slots=True)
class Record:
    """One entity of a drawing: its kind, its handle if it has one, and its line."""

    kind: str
    handle: str
    line: int


class _Pairs:
    """A drawing as pairs of a group code and a value, and where its records begin."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        flat = np.frombuffer(content, dtype="uint8")
        ends = np.concatenate(
            [
                at + np.flatnonzero(flat[at : at + _BLOCK] == 10)
                for at in range(0, len(flat), _BLOCK)
            ]
        )
        if not content.endswith(b"\n"):
            ends = np.append(ends, len(content))
        starts = np.append(0, ends[:-1] + 1)
        self.heads = starts[0::2]
        self.starts, self.ends = starts[1::2], ends[1::2]
        count = len(self.starts)
        self.codes = _codes(content, starts[0::2][:count], ends[0::2][:count])
        self.begins = np.flatnonzero(self.codes == 0)
        self.names = [self.text(i) for i in self.begins.tolist()]

    def text(self, pair: int) -> str:
        return self.content[self.starts[pair] : self.ends[pair]].strip().decode("latin-1")

    def damaged(self, record: int, what: str) -> Refused:
        line = 2 * int(self.begins[record]) + 2
        return Refused("R405", detail=f"DXF：第 {line} 行 line {line}: {what}"[:200])


def read(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """List the records of a drawing, and hold what GDAL makes of them against those."""
    import pyarrow.parquet as pq

    path = Path(job["path"])
    records = look(path)
    plain, unread = with_chords(path.read_bytes())
    if plain is not None:
        path = out / "data.dxf"
        path.write_bytes(plain)
    facts = read_layers(job | {"path": str(path)}, out)
    found: list[dict[str, Any]] = []
    for layer in facts["layers"]:
        if layer["name"] == "entities":
            table = pq.read_table(out / layer["file"], columns=["EntityHandle", "SubClasses"])
            handles, classes = (table.column(name).to_pylist() for name in table.column_names)
            found = hold_records(records, handles, classes, layer["error"])
    if unread:
        lines = "、".join(map(str, unread[:5])) + "…" * (len(unread) > 5)
        found.append({"rule": "R327", "measured": len(unread), "detail": lines})
    return facts | {"findings": found}


def look(path: Path) -> list[Record]:
    """Check the pairs and sections of a drawing and return its entities.

    Raises
    ------
    Refused
        If a group code is none, a section or a sequence is broken, or two records run into
        one another.
    """
    content = path.read_bytes()
    if (place := content.find(b"\x00")) >= 0:
        line = content.count(b"\n", 0, place) + 1
        raise Refused("R405", detail=f"DXF：第 {line} 行有零字节 NUL in line {line}")
    pairs = _Pairs(content)
    if "EOF" not in pairs.names:
        raise Refused("R405", detail="DXF: EOF")
    spans = _sections(pairs)
    if "ENTITIES" not in spans:
        raise Refused("R405", detail="DXF: ENTITIES")
    if "BLOCKS" in spans:
        _records(pairs, *spans["BLOCKS"])
    return _records(pairs, *spans["ENTITIES"])


def _codes(content: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int16]:
    """Return the group codes of lines; a line that is none refuses the drawing."""
    flat = np.frombuffer(content, dtype="uint8")
    found = np.empty(len(starts), dtype="int16")
    for at in range(0, len(starts), _MANY):
        begin, end = starts[at : at + _MANY], ends[at : at + _MANY]
        codes, good = _numbers(flat, begin, end)
        found[at : at + _MANY] = codes
        if good.all():
            continue
        first = int(np.flatnonzero(~good)[0])
        rest = content[begin[first] :] if len(content) - begin[first] < _BLOCK else b"?"
        if not rest.strip():  # blank lines at the end
            return found[: at + first]
        line = 2 * (at + first) + 1
        what = repr(content[begin[first] : end[first]].strip()[:40].decode("latin-1"))
        detail = f"DXF：第 {line} 行不是组码 line {line} is no group code: {what}"
        raise Refused("R405", detail=detail)
    return found


def _numbers(
    flat: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Read whole numbers out of short lines at once, and say which lines are none."""
    sizes = ends - starts
    good = sizes <= _WIDEST
    numbers = np.zeros(len(starts), dtype="int32")
    minus, over = np.zeros(len(starts), dtype=bool), np.zeros(len(starts), dtype=bool)
    digits = np.zeros(len(starts), dtype="int8")
    for place in range(int(sizes[good].max(initial=0))):
        there = good & (place < sizes)
        sign = flat[np.minimum(starts + place, len(flat) - 1)]
        digit = there & (sign >= 0x30) & (sign <= 0x39)
        blank = (sign == 0x20) | (sign == 0x09) | (sign == 0x0D)
        hyphen = there & (sign == 0x2D) & (digits == 0) & ~minus
        good &= ~there | (digit & ~over) | blank | hyphen
        over |= there & blank & ((digits > 0) | minus)
        minus |= hyphen
        numbers = np.where(digit, 10 * numbers + (sign.astype("int32") - 0x30), numbers)
        digits += digit
    numbers = np.where(minus, -numbers, numbers)
    good &= (digits > 0) & (digits <= 4) & (numbers >= _LOWEST) & (numbers <= _HIGHEST)
    return np.where(good, numbers, _HIGHEST + 1).astype("int16"), good


def _sections(pairs: _Pairs) -> dict[str, tuple[int, int]]:
    """Return the first record of each section and the one that ends it."""
    found: dict[str, tuple[int, int]] = {}
    name, begun = "", -1
    for number, word in enumerate(pairs.names):
        if word == "SECTION":
            pair = int(pairs.begins[number]) + 1
            title = pairs.text(pair) if pairs.codes[pair] == 2 else "?"
            if name or title not in _SECTIONS or title in found:
                raise pairs.damaged(number, f"SECTION {title}")
            name, begun = title, number + 1
        elif word == "ENDSEC" and name:
            found[name] = (begun, number)
            name = ""
        elif word == "EOF":
            break
        elif not name:
            raise pairs.damaged(number, word)
    if name:
        raise Refused("R405", detail=f"DXF: {name}, ENDSEC")
    return found


def _records(pairs: _Pairs, first: int, last: int) -> list[Record]:
    """Return the records of a section that stand for themselves; their parts are held to them."""
    begins = pairs.begins[first : last + 1]
    doubled = _run_together(pairs.codes, begins)
    handles = _handles(pairs, begins)
    follow = _followed(pairs, begins)
    records: list[Record] = []
    parts: set[str] = set()
    for number, kind in enumerate(pairs.names[first:last]):
        if doubled[number] and kind in _ONE_LAYER:
            raise pairs.damaged(first + number, f"{kind}: 8 × {doubled[number] + 1}")
        if parts:
            if kind == "SEQEND":
                parts = set()
            elif kind not in parts:
                raise pairs.damaged(first + number, f"{kind}, SEQEND")
            continue
        if kind == "VERTEX":
            raise pairs.damaged(first + number, kind)
        if kind == "POLYLINE" or (kind == "INSERT" and number in follow):
            parts = _CLOSED_BY_SEQEND[kind]
        if kind not in _NO_LAND:
            records.append(Record(kind, handles.get(number, ""), 2 * int(begins[number]) + 2))
    if parts:
        raise Refused("R405", detail="DXF: SEQEND")
    return records


def _run_together(codes: NDArray[np.int16], begins: NDArray[np.intp]) -> list[int]:
    """Return for each record how many layers it names beside its own: a lost 0 joins two."""
    layers = np.flatnonzero(codes == _LAYER)
    owner = np.searchsorted(begins, layers, side="right") - 1
    kept = (owner >= 0) & (owner < len(begins) - 1)
    embedded = np.flatnonzero(codes == _EMBEDDED)
    if len(embedded):  # an object within another has groups of its own
        after = np.searchsorted(embedded, layers) - 1
        start = embedded[np.maximum(after, 0)]
        kept &= ~((after >= 0) & (start > begins[np.maximum(owner, 0)]))
    counts = np.bincount(owner[kept], minlength=max(len(begins) - 1, 0))
    return np.maximum(counts - 1, 0).tolist()  # type: ignore[no-any-return]


def _first_of(pairs: _Pairs, begins: NDArray[np.intp], code: int) -> dict[int, int]:
    """Return by record where its first pair of a group code is."""
    there = np.flatnonzero(pairs.codes == code)
    owner = np.searchsorted(begins, there, side="right") - 1
    found: dict[int, int] = {}
    for number, pair in zip(owner.tolist(), there.tolist(), strict=True):
        if 0 <= number < len(begins) - 1:
            found.setdefault(number, pair)
    return found


def _handles(pairs: _Pairs, begins: NDArray[np.intp]) -> dict[int, str]:
    return {n: pairs.text(pair) for n, pair in _first_of(pairs, begins, _HANDLE).items()}


def _followed(pairs: _Pairs, begins: NDArray[np.intp]) -> set[int]:
    """Return the records that say that others follow and belong to them."""
    found = _first_of(pairs, begins, _ATTRIBUTES_FOLLOW)
    return {number for number, pair in found.items() if pairs.text(pair) == "1"}


# --- curves as chords ----------------------------------------------------------------------------


def with_chords(content: bytes) -> tuple[bytes | None, list[int]]:
    """Return a drawing whose lines have short chords in place of arcs, None if it has no arcs.

    Beside it, the lines of hatches whose outlines do not read as they should: they are the reader's own.

    Polylines with bulges, splines and hatches, in blocks too. Circles and ellipses are the reader's own: a
    tenth of a degree to a chord, which is half a millionth of their area.
    """
    pairs = _Pairs(content)
    places = [*pairs.begins.tolist(), len(pairs.codes)]
    made: list[bytes] = []
    unread: list[int] = []
    done = number = 0
    while number < len(pairs.names):
        last = number + 1
        kind = pairs.names[number]
        while kind == "POLYLINE" and last < len(pairs.names) and pairs.names[last] == "VERTEX":
            last += 1
        lines = None
        if kind in BY_KIND:
            of = [_pairs_of(pairs, places[k], places[k + 1]) for k in range(number, last)]
            try:
                lines = BY_KIND[kind](of)
            except UnreadError:
                unread.append(2 * places[number] + 2)
        if lines is not None and last < len(pairs.names):
            made.append(content[done : pairs.heads[places[number]]])
            made += [f"{code}\n{value}\n".encode("latin-1") for code, value in lines]
            done = int(pairs.heads[places[last]])
        number = last
    return (b"".join([*made, content[done:]]) if made else None), unread


def _pairs_of(pairs: _Pairs, first: int, end: int) -> list[Pair]:
    """Return the pairs of a record, as they stand."""
    return [
        (int(pairs.codes[k]), pairs.content[pairs.starts[k] : pairs.ends[k]].decode("latin-1").strip("\r\n"))
        for k in range(first, end)
    ]  # fmt: skip


def hold_records(
    records: list[Record], handles: list[str | None], classes: list[str | None], error: str | None
) -> list[dict[str, Any]]:
    """Hold what GDAL gave of a drawing against its records; see :func:`zgcgis.intake.sandbox.containers.hold`.

    Parameters
    ----------
    records
        The entities of the drawing, in order.
    handles, classes
        What GDAL says of each feature's entity.
    error
        The first error of GDAL on the way.
    """
    given = Counter(handle for handle in handles if handle)
    nameless = sum(
        not handle and not (kind and any(word in kind for word in _SEVERAL))
        for handle, kind in zip(handles, classes, strict=True)
    )
    missing: list[Record] = []
    reached = -1
    for number, record in enumerate(records):
        if record.handle:
            there = given[record.handle] > 0
            given[record.handle] -= record.kind in _SINGLE
            reached = number if there else reached
        else:
            there = record.kind not in _SINGLE or nameless > 0
            nameless -= record.kind in _SINGLE
            reached = number if there else reached
        if not there:
            missing.append(record)
    total = len(records)
    tail = [r for r in records[reached + 1 :] if r.kind in _SINGLE]
    if tail:
        words = [f"第 {tail[0].line} 行 line {tail[0].line}: {tail[0].kind}", error]
        detail = "：".join(w for w in words if w)[:300]
        raise Refused("R415", measured=total - len(missing), limit=total, detail=detail)
    if not missing:
        return []
    kinds = Counter(record.kind for record in missing).most_common(6)
    said = "、".join(f"{kind} × {count}" for kind, count in kinds)
    line, read = missing[0].line, total - len(missing)
    detail = f"{said}（第 {line} 行 line {line}；{read} / {total}）"
    return [{"rule": "R417", "measured": read, "limit": total, "detail": detail}]

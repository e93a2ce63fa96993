"""DXF drawings by their own group codes: pairs of lines, sections, and the records in them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import Refused

__all__ = ["Record", "hold_records", "look"]

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
_CODE = re.compile(rb"\s*-?\d{1,4}\s*")
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
        lines = content.split(b"\n")
        self.codes = _codes(lines[0::2])
        self.values = lines[1::2]
        self.codes = self.codes[: len(self.values)]
        self.begins = np.flatnonzero(self.codes == 0)
        self.names = [self.text(i) for i in self.begins.tolist()]

    def text(self, pair: int) -> str:
        return self.values[pair].strip().decode("latin-1")

    def damaged(self, record: int, what: str) -> Refused:
        line = 2 * int(self.begins[record]) + 2
        return Refused("R405", detail=f"DXF：第 {line} 行 line {line}: {what}"[:200])


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
    del content
    if "EOF" not in pairs.names:
        raise Refused("R405", detail="DXF: EOF")
    spans = _sections(pairs)
    if "ENTITIES" not in spans:
        raise Refused("R405", detail="DXF: ENTITIES")
    if "BLOCKS" in spans:
        _records(pairs, *spans["BLOCKS"])
    return _records(pairs, *spans["ENTITIES"])


def _codes(lines: list[bytes]) -> NDArray[np.int16]:
    """Return the group codes of lines; a line that is none refuses the drawing."""
    known: dict[bytes, int] = {}
    for line in set(lines):
        number = int(line) if _CODE.fullmatch(line) else None
        if number is None or not _LOWEST <= number <= _HIGHEST:
            if line.strip() or lines.index(line) < len(lines) - 2:
                row = 2 * lines.index(line) + 1
                what = repr(line.strip().decode("latin-1"))[:40]
                detail = f"DXF：第 {row} 行不是组码 line {row} is no group code: {what}"
                raise Refused("R405", detail=detail)
            number = _HIGHEST + 1  # blank lines at the end
        known[line] = number
    return np.fromiter(map(known.__getitem__, lines), dtype="int16", count=len(lines))


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


def hold_records(
    records: list[Record], handles: list[str | None], classes: list[str | None], error: str | None
) -> list[dict[str, Any]]:
    """Hold what GDAL gave of a drawing against its records; see :func:`zgcgis.io.containers.hold`.

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

"""Shapefile sets byte by byte: what .shp, .shx, .dbf, .cpg and .prj say, and whether they agree.

The attribute table is read here, not by GDAL: only so are deletion marks, short tables, values
that overflowed and the bytes of texts seen. GDAL gets the shapes alone, with an index made here.
"""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..encoding import CODE_PAGES, Encoding, choose_encoding, decode_value
from ..log import Finding, Refusal
from .format import Staged

__all__ = ["Table", "boxes_beside", "index_shapes", "read_dbf"]

_SHAPES = {0, 1, 3, 5, 8, 11, 13, 15, 18, 21, 23, 25, 28, 31}
MOST_FIELDS = 1024


def index_shapes(staged: Staged) -> int:
    """Check the .shp record by record, write the .shx the child will use, return the count.

    Record n of the index belongs to row n of the attributes, wherever it stands in the .shp.
    """
    content = staged.path.read_bytes()
    kind = struct.unpack("<i", content[32:36])[0]
    if kind not in _SHAPES:
        raise Refusal("R405", detail=f".shp {kind}")
    stated = 2 * struct.unpack(">i", content[24:28])[0]
    if stated != len(content):
        staged.add("R409", detail=f".shp {stated} / {len(content)}")
    places = _choose(staged, content)
    if stated > len(content) and not len(places):
        raise Refusal("R405", detail=".shp")
    _look_at_parts(content, places)
    header = bytearray(content[:100])
    header[24:28] = struct.pack(">i", (100 + 8 * len(places)) // 2)
    index = staged.path.with_suffix(".shx")
    index.write_bytes(bytes(header) + (places // 2).astype(">i4").tobytes())
    if stated != len(content):  # GDAL trusts the header
        content_header = bytearray(content[:100])
        content_header[24:28] = struct.pack(">i", len(content) // 2)
        with staged.path.open("r+b") as stream:
            stream.write(bytes(content_header))
    return len(places)


def _choose(staged: Staged, content: bytes) -> NDArray[np.int64]:
    """Return where records begin and how long they are, in the order of the attributes.

    The index of the set is followed where it fits the shapes. Otherwise the records are taken as
    they stand, by their own numbers where those are in another order.
    """
    index = staged.companions.get(".shx")
    told = None if index is None else _by_index(index.read_bytes(), content)
    try:
        stored, numbers = _records(content)
    except Refusal:
        if told is None or not len(told) or len(told) != _count_of_rows(staged):
            raise
        left = len(content) - 100 - int((told[:, 1] + 8).sum())
        staged.add("R447", measured=left)
        return told
    if told is not None and len(told) == len(stored):
        out = int((told[:, 0] != stored[:, 0]).sum())
        if out:
            staged.add("R446", measured=out, detail=".shx")
        return told
    rows = _count_of_rows(staged)
    if told is not None and len(told) == rows:
        staged.add("R416", measured=len(told), limit=len(stored), detail=".shx / .shp")
        return told
    if index is not None and rows is None and (index.stat().st_size - 100) // 8 > len(stored):
        raise Refusal(
            "R415", measured=len(stored), limit=(index.stat().st_size - 100) // 8, detail=".shx"
        )
    staged.add(
        "R410", detail="缺失 missing" if index is None else "与图形不符 not that of the shapes"
    )
    order = np.argsort(numbers, kind="stable")
    if np.array_equal(numbers[order], np.arange(1, len(numbers) + 1)):
        out = int((order != np.arange(len(order))).sum())
        if out:
            staged.add("R446", measured=out, detail="记录号 record numbers")
        return stored[order]
    return stored


def _count_of_rows(staged: Staged) -> int | None:
    """Return how many rows the header of the attributes states."""
    table = staged.companions.get(".dbf")
    if table is None:
        return None
    with table.open("rb") as stream:
        head = stream.read(8)
    return int.from_bytes(head[4:8], "little") if len(head) == 8 else None


def _by_index(index: bytes, content: bytes) -> NDArray[np.int64] | None:
    """Return the places and lengths of an index, None where they do not fit the shapes."""
    if len(index) < 100 or (len(index) - 100) % 8 or index[:4] != content[:4]:
        return None
    places = 2 * np.frombuffer(index, dtype=">i4", offset=100).astype("int64").reshape(-1, 2)
    if not len(places):
        return places
    ends = places[:, 0] + 8 + places[:, 1]
    if (places[:, 0] < 100).any() or (places[:, 1] < 4).any() or (ends > len(content)).any():
        return None
    order = np.argsort(places[:, 0])
    if (ends[order][:-1] > places[order][1:, 0]).any():
        return None
    flat = np.frombuffer(content, dtype="uint8")
    lengths = flat[places[:, :1] + np.arange(4, 8)].view(">i4")[:, 0].astype("int64")
    return places if np.array_equal(2 * lengths, places[:, 1]) else None


def _records(content: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places and lengths of records as they stand, and their numbers."""
    found: list[tuple[int, int]] = []
    numbers: list[int] = []
    place, end = 100, len(content)
    unpack = struct.Struct(">ii").unpack_from
    while place + 8 <= end:  # each record tells where the next begins
        number, words = unpack(content, place)
        length = 2 * words
        if length < 4 or place + 8 + length > end or number < 0:
            raise Refusal("R405", detail=f".shp {len(found) + 1}")
        found.append((place, length))
        numbers.append(number)
        place += 8 + length
    if end - place > 0:
        raise Refusal("R405", detail=f".shp +{end - place}")
    return np.array(found, dtype="int64").reshape(-1, 2), np.array(numbers, dtype="int64")


def _look_at_parts(content: bytes, places: NDArray[np.int64]) -> None:
    """Refuse polygons and lines whose counts of parts and points do not fit their length."""
    if not len(places):
        return
    flat = np.frombuffer(content, dtype="uint8")
    at, size = places[:, 0] + 8, places[:, 1]
    kinds = _int32_at(flat, at)
    if not np.isin(kinds, list(_SHAPES)).all():
        raise Refusal("R405", detail=".shp: shape type")
    many = np.isin(kinds, [3, 5, 13, 15, 23, 25])
    if not many.any():
        return
    if (size[many] < 44).any():
        raise Refusal("R405", detail=".shp: record length")
    at, size = at[many], size[many]
    parts, points = _int32_at(flat, at + 36), _int32_at(flat, at + 40)
    least = 44 + 4 * parts + 16 * points
    bad = (parts < 0) | (points < 0) | (parts > points) | (least > size)
    if bad.any():
        raise Refusal("R405", detail=f".shp {int(np.flatnonzero(many)[bad][0]) + 1}")


def _int32_at(flat: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.int64]:
    taken = flat[at[:, None] + np.arange(4)]
    return np.ascontiguousarray(taken).view("<i4")[:, 0].astype("int64")


@dataclass
class Table:
    """An attribute table: its columns as text or numbers, and what was seen on the way."""

    frame: pd.DataFrame
    types: dict[str, str]
    deleted: NDArray[np.bool_]
    encoding: Encoding
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Field:
    raw: bytes
    kind: str
    at: int
    width: int
    decimals: int


def read_dbf(staged: Staged, *, encoding: str | None = None) -> Table:
    """Read the .dbf of a set: every row, deleted or not, in order."""
    content = staged.companions[".dbf"].read_bytes()
    if len(content) < 33:
        raise Refusal("R405", detail=".dbf")
    count, header, width = struct.unpack("<IHH", content[4:12])
    if header < 33 or width < 1 or header > len(content):
        raise Refusal("R405", detail=".dbf")
    fields, told_width = _fields(content, header, width)
    if told_width != width:
        raise Refusal("R405", detail=f".dbf {told_width} / {width}")
    body = len(content) - header
    if body < count * width:
        raise Refusal("R405", detail=f".dbf {body // width} / {count}")
    if body - count * width > width:
        staged.add("R409", detail=f".dbf {count} / {body // width}")
    rows = np.frombuffer(content, dtype=f"S{width}", count=count, offset=header)
    cells = rows.view("uint8").reshape(count, width) if count else np.empty((0, width), "uint8")
    deleted = cells[:, 0] == 0x2A
    unusual = _unusual(cells, fields)
    names = [(f.raw, len(f.raw) >= 10) for f in fields if not f.raw.isascii()]
    declared = _declared(staged, content[29])
    chosen = choose_encoding([*unusual, *names], declared, forced=encoding)
    if chosen is None:
        sample = next((raw for raw, _ in unusual), b"")[:12]
        raise Refusal("R203", detail=sample.hex(" "))
    table = Table(pd.DataFrame(index=range(count)), {}, deleted, chosen)
    if chosen.rule is not None:
        detail = f"{chosen.name} ({chosen.evidence})"
        staged.add(chosen.rule, other=chosen.declared, detail=detail)
    columns: dict[str, Any] = {}
    for place, one in enumerate(fields):
        name = _name_of(one, chosen.name, columns, place, staged)
        columns[name] = _column(cells, one, name, chosen.name, table)
        table.types[name] = f"{one.kind}({one.width},{one.decimals})"
        if one.kind in "MGPB" and one.width == 10:
            staged.add("R526", other=name)
    table.frame = pd.DataFrame(columns, index=range(count))
    return table


def _fields(content: bytes, header: int, width: int) -> tuple[list[_Field], int]:
    fields, at, place = [], 1, 32
    while place + 32 <= header and content[place] != 0x0D:
        raw = content[place : place + 11].split(b"\x00")[0].strip()
        kind = chr(content[place + 11])
        size, decimals = content[place + 16], content[place + 17]
        if kind == "C":
            size += 256 * decimals if at + size + 256 * decimals <= width and decimals else 0
            decimals = 0
        fields.append(_Field(raw, kind, at, size, decimals))
        at += size
        place += 32
        if len(fields) > MOST_FIELDS:
            raise Refusal("R444", measured=len(fields), limit=MOST_FIELDS)
    return fields, at


def _unusual(cells: NDArray[np.uint8], fields: list[_Field]) -> list[tuple[bytes, bool]]:
    """Return the distinct texts that are not ASCII, and whether each fills its field."""
    found: dict[bytes, bool] = {}
    for one in fields:
        if one.kind not in "CM" or not one.width:
            continue
        part = cells[:, one.at : one.at + one.width]
        rows = (part & 0x80).any(axis=1)
        if rows.any():
            values = np.unique(np.ascontiguousarray(part[rows]).view(f"S{one.width}")[:, 0])
            for value in values.tolist():
                text = value.split(b"\x00")[0].rstrip(b" ")
                found[text] = len(text) >= one.width - 1
    return list(found.items())


def _declared(staged: Staged, driver: int) -> list[tuple[str, str]]:
    declared = []
    cpg = staged.companions.get(".cpg")
    if cpg is not None:
        text = cpg.read_bytes()[:64].decode("latin-1").strip().strip("\ufeff\x00ï»¿")
        if text:
            declared.append((".cpg", text[:40]))
    if driver in CODE_PAGES:
        declared.append((f"LDID 0x{driver:02X}", CODE_PAGES[driver]))
    return declared


def _name_of(one: _Field, encoding: str, taken: dict[str, Any], place: int, staged: Staged) -> str:
    text, cut = decode_value(one.raw, encoding, full=len(one.raw) >= 9)
    name = (text or "").strip()
    if not name:
        name = f"field_{place + 1}"
        staged.add("R208", other=name, detail=one.raw.hex(" "))
    elif cut:
        staged.add("R208", other=name, detail=f"{name}…")
    if name in taken:
        plain, number = name, 2
        while name in taken:
            name = f"{plain}_{number}"
            number += 1
        staged.add("R208", other=name, detail=plain)
    return name


def _column(cells: NDArray[np.uint8], one: _Field, name: str, encoding: str, table: Table) -> Any:
    count = len(cells)
    part = np.ascontiguousarray(cells[:, one.at : one.at + one.width])
    if one.width == 0 or count == 0:
        return pd.array([None] * count, dtype="object")
    if one.kind in "I+" and one.width == 4:
        return part.view("<i4")[:, 0]
    if one.kind in "OB" and one.width == 8:
        return part.view("<f8")[:, 0]
    raw = part.view(f"S{one.width}")[:, 0]
    if one.kind in "NF":
        return _numbers(raw, one, name, table)
    if one.kind == "L":
        truth = {b"T": True, b"t": True, b"Y": True, b"y": True, b"F": False, b"f": False,
                 b"N": False, b"n": False}  # fmt: skip
        return pd.array([truth.get(v) for v in raw.tolist()], dtype="boolean")
    if one.kind not in "CD":
        return pd.array([None] * count, dtype="object")
    return _texts(raw, one, name, encoding, table)


def _stars_are_empty(others: NDArray[np.bytes_], one: _Field) -> bool:
    """Whether stars mean "no value", as GDAL and QGIS write it, and not a number too long.

    A number too long is likely only where others nearly fill the field.
    """
    if one.width >= 15:
        return True
    if not len(others):
        return one.width >= 9
    room = one.width - one.decimals - (one.decimals > 0)
    longest = max(len(v.split(b".")[0].lstrip(b"+-")) for v in np.unique(others).tolist())
    return longest < room


def _numbers(raw: NDArray[np.bytes_], one: _Field, name: str, table: Table) -> Any:
    plain = np.char.strip(np.char.strip(raw), b"\x00 ")
    empty = plain == b""
    stars = np.char.startswith(plain, b"*") & ~empty
    if _stars_are_empty(plain[~stars & ~empty], one):
        if (stars & ~table.deleted).any():
            count = int((stars & ~table.deleted).sum())
            table.findings.append(Finding("R528", None, {"other": name, "measured": count}))
    else:
        for row in np.flatnonzero(stars & ~table.deleted).tolist():
            table.findings.append(Finding("R514", row, {"other": name}))
    empty |= stars
    if one.decimals == 0 and np.char.str_len(plain[~empty]).max(initial=0) > 15:
        # more digits than a double holds: keep the text
        return pd.array(
            [
                None if e else v.decode("ascii", "replace")
                for v, e in zip(plain, empty, strict=True)
            ],
            dtype="object",
        )
    values = np.full(len(raw), np.nan)
    try:
        values[~empty] = plain[~empty].astype("float64")
    except ValueError:
        for row in np.flatnonzero(~empty).tolist():  # only to find the ones that fail
            try:
                values[row] = float(plain[row])
            except ValueError:
                detail = plain[row].decode("latin-1")[:30]
                table.findings.append(Finding("R508", row, {"other": name, "detail": detail}))
    if one.decimals == 0 and np.isfinite(values).all():
        whole = values.astype("int64")
        if (whole == values).all():
            return whole
    if one.decimals == 0 and (np.mod(values[np.isfinite(values)], 1) == 0).all():
        missing = ~np.isfinite(values)
        return pd.array(
            pd.arrays.IntegerArray(np.where(missing, 0, values).astype("int64"), missing)
        )
    return values


def _texts(raw: NDArray[np.bytes_], one: _Field, name: str, encoding: str, table: Table) -> Any:
    codes, distinct = pd.factorize(raw)
    texts: list[str | None] = []
    cut: set[int] = set()
    failing: set[int] = set()
    for place, value in enumerate(distinct.tolist()):
        content = value.split(b"\x00")[0].rstrip(b" ")
        text, was_cut = decode_value(content, encoding, full=len(content) >= one.width - 1)
        if text is None:
            failing.add(place)
            text = content.decode(encoding, "replace")
        elif was_cut:
            cut.add(place)
        texts.append(text or None)
    for row in np.flatnonzero(np.isin(codes, list(failing))).tolist() if failing else []:
        if not table.deleted[row]:
            table.findings.append(Finding("R204", row, {"other": name, "detail": encoding}))
    for row in np.flatnonzero(np.isin(codes, list(cut))).tolist() if cut else []:
        if not table.deleted[row]:
            table.findings.append(Finding("R205", row, {"other": name}))
    return pd.array(np.array([*texts, None], dtype="object")[codes], dtype="object")


# --- shapefiles that lie beside another file -----------------------------------------------------

MOST_BESIDE, MOST_PRJ = 200, 1 << 16


def boxes_beside(path: Path) -> list[tuple[str, tuple[float, ...], str]]:
    """Return of the shapefiles beside a file their names, boxes as stated, and their systems.

    They lie in its folder, or in folders of that; only the head of a .shp and its .prj are read,
    and links are not followed.
    """
    found: list[tuple[str, tuple[float, ...], str]] = []
    try:
        here = sorted(path.parent.iterdir())[:MOST_BESIDE]
        within = [e for one in here if _is_folder(one) for e in sorted(one.iterdir())[:MOST_BESIDE]]
    except OSError:
        return found
    for file in [one for one in (*here, *within) if one.suffix.lower() == ".shp"][:MOST_BESIDE]:
        prj = next((p for p in (file.with_suffix(".prj"), file.with_suffix(".PRJ")) if _is_file(p)), None)  # fmt: skip
        if prj is None or file == path or not _is_file(file):
            continue
        try:
            with file.open("rb") as stream:
                head = stream.read(100)
            with prj.open("rb") as stream:
                words = stream.read(MOST_PRJ).decode("utf-8", "replace")
        except OSError:
            continue
        if len(head) == 100 and struct.unpack(">i", head[:4])[0] == 9994:
            found.append((file.name, struct.unpack("<4d", head[36:68]), words))
    return found


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(path.lstat().st_mode)


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False

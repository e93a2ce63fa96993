"""Shapes that stand as text in cells: WKT and EWKT, curves too, WKB in digits, GeoJSON.

Each cell becomes well-known binary without curves, or the reason why it cannot.
"""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import Refused, first_line
from .arcs import straight

__all__ = ["get_ready", "read"]

CUT = 32_767  # characters that a cell of a workbook holds
_DEEPEST = 8
_SRID = re.compile(r"\s*SRID\s*=\s*(\d{1,9})\s*[;,]?\s*", re.IGNORECASE)
_KIND = re.compile(r"\s*([A-Z]+?)\s*(ZM|Z|M)?\s*(\(|EMPTY\b)", re.IGNORECASE)
_OPEN, _COMMA, _CLOSE = (re.compile(rf"\s*\{sign}") for sign in "(,)")
_BARE = re.compile(r"\s*\(\s*[\d.+-]")
_NUMBERS = re.compile(r"[\s\d.,eE+-]*")
_OF_TABLE = str.maketrans("（），；＝", "(),;=")
_POINT, _LINE, _POLYGON, _CIRCULAR, _COMPOUND, _CURVED = 1, 2, 3, 8, 9, 10
_KINDS = {
    "POINT": _POINT, "LINESTRING": _LINE, "LINEARRING": _LINE, "POLYGON": _POLYGON,
    "TRIANGLE": _POLYGON, "MULTIPOINT": 4, "MULTILINESTRING": 5, "MULTIPOLYGON": 6,
    "POLYHEDRALSURFACE": 6, "TIN": 6, "GEOMETRYCOLLECTION": 7, "CIRCULARSTRING": _CIRCULAR,
    "COMPOUNDCURVE": _COMPOUND, "CURVEPOLYGON": _CURVED, "MULTICURVE": 11, "MULTISURFACE": 12,
}  # fmt: skip
_PART = {_POLYGON: _LINE, 4: _POINT, 5: _LINE, 6: _POLYGON, _COMPOUND: _LINE, _CURVED: _LINE,
         11: _LINE, 12: _POLYGON}  # fmt: skip
"""What a part is that does not say it."""
_NAMED_PARTS = {7, _COMPOUND, _CURVED, 11, 12}
_GEOJSON = {"Point": 1, "LineString": 2, "Polygon": 3, "MultiPoint": 4, "MultiLineString": 5,
            "MultiPolygon": 6}  # fmt: skip
_FAULTS = (ValueError, TypeError, LookupError, RecursionError, AttributeError, struct.error)


def get_ready(_: dict[str, Any]) -> None:
    """Load Arrow, before the folders are shut."""
    import concurrent.futures.thread  # noqa: F401

    import pyarrow.parquet  # noqa: F401


def read(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Read the cells of a table with one column of text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    cells = pq.read_table(job["path"]).column(0).to_pylist()
    unread: dict[str, str] = {}
    made: list[bytes | None] = []
    srids: dict[int, None] = {}
    curved = tall = weight = 0
    for row, cell in enumerate(cells):
        made.append(None)
        if cell is None or not cell.strip():
            continue
        try:
            shape = shape_of(cell)
            plain = straight(shape.wkb)
        except Refused as refusal:
            if refusal.rule != "R405":
                raise
            unread[str(row)] = str(refusal.words.get("detail", ""))[:80]
            continue
        except _FAULTS as problem:
            cut = f"，{CUT} 字处截断 cut at {CUT} characters" if len(cell) >= CUT else ""
            unread[str(row)] = f"{first_line(problem)[:80]}{cut}"
            continue
        made[-1] = plain
        curved += plain is not shape.wkb
        tall += shape.tall
        srids[shape.srid] = None
        weight += len(plain)
        if weight > job["most_bytes"]:
            raise Refused("R444", measured=weight, limit=job["most_bytes"])
    pq.write_table(pa.table({"geometry": pa.array(made, pa.binary())}), out / "cells.parquet")
    return {
        "file": "cells.parquet",
        "unread": unread,
        "srids": [srid for srid in srids if srid],
        "curved": curved,
        "tall": tall,
    }


class _Shape:
    """A shape in well-known binary, the number of the system it states, whether it has heights."""

    def __init__(self, wkb: bytes, srid: int = 0, *, tall: bool = False) -> None:
        self.wkb, self.srid, self.tall = wkb, srid, tall


def shape_of(cell: str) -> _Shape:
    """Return the shape that a cell holds.

    Raises
    ------
    ValueError
        If it holds none that can be read, with what stands in its way.
    """
    text = cell.strip()
    if text.startswith("{"):
        return _of_geojson(json.loads(text))
    bare = re.sub(r"^(\\x|0x)", "", text, flags=re.IGNORECASE)
    if re.fullmatch(r"[0-9A-Fa-f]+", bare):
        return _of_bytes(bytes.fromhex(bare))
    if re.fullmatch(r"AQ[\w+/]+={0,2}", bare, re.ASCII):
        return _of_bytes(base64.b64decode(bare))
    reader = _Wkt(text.translate(_OF_TABLE))
    told = _SRID.match(reader.text)
    if told:
        reader.place = told.end()
    wkb = reader.shape(0)
    if reader.text[reader.place :].strip(" \t\r\n;"):
        raise ValueError(reader.where())
    return _Shape(wkb, int(told[1]) if told else 0, tall=reader.tall)


def _of_bytes(content: bytes) -> _Shape:
    """Return well-known binary, out of the envelope of a GeoPackage if it is in one."""
    srid = 0
    if content[:2] == b"GP":
        order = "<" if content[3] & 1 else ">"
        srid = max(struct.unpack_from(f"{order}i", content, 4)[0], 0)
        content = content[8 + (0, 32, 48, 48, 64)[(content[3] >> 1) & 7] :]
    order = "<" if content[0] == 1 else ">"
    kind = struct.unpack_from(f"{order}I", content, 1)[0]
    if content[0] > 1 or not 1 <= (kind & 0x0FFFFFFF) % 1000 <= 17 or len(content) < 9:
        raise ValueError("WKB")
    if kind & 0x20000000:
        srid = struct.unpack_from(f"{order}I", content, 5)[0]
    return _Shape(content, srid)


class _Wkt:
    """Well-known text, read from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self.text, self.place, self.tall = text, 0, False

    def where(self) -> str:
        """Say what stands where something else is expected."""
        rest = self.text[self.place : self.place + 24].strip()
        return f"第 {self.place + 1} 字 character {self.place + 1}: {rest or '…'!r}"

    def take(self, sign: re.Pattern[str]) -> bool:
        found = sign.match(self.text, self.place)
        self.place = found.end() if found else self.place
        return found is not None

    def need(self, sign: re.Pattern[str]) -> None:
        if not self.take(sign):
            raise ValueError(self.where())

    def shape(self, depth: int) -> bytes:
        """Read a shape that says what it is."""
        found = _KIND.match(self.text, self.place)
        kind = _KINDS.get(found[1].upper()) if found else None
        if found is None or kind is None or depth > _DEEPEST:
            raise ValueError(self.where())
        self.place = found.start(3)
        return self.body(kind, depth)

    def body(self, kind: int, depth: int) -> bytes:
        """Read what stands in the brackets of a shape."""
        if self.text[self.place : self.place + 5].upper() == "EMPTY":
            self.place += 5
            return _head(kind) + (np.full(2, np.nan).tobytes() if kind == _POINT else _count(0))
        if kind in {_POINT, _LINE, _CIRCULAR}:
            return _of_points(kind, self.points())
        if kind == 4 and _BARE.match(self.text, self.place):
            points = [_of_points(_POINT, one[None]) for one in self.points()]
            return _head(4) + _count(len(points)) + b"".join(points)
        if kind == _POLYGON:
            rings = [_of_points(_LINE, ring)[5:] for ring in self.inner(self.points)]
            return _head(kind) + _count(len(rings)) + b"".join(rings)
        parts = list(self.inner(lambda: self.part(kind, depth + 1)))
        return _head(kind) + _count(len(parts)) + b"".join(parts)

    def inner(self, one: Any) -> Iterator[Any]:
        """Read what is in brackets, part by part."""
        self.need(_OPEN)
        yield one()
        while self.take(_COMMA):
            yield one()
        self.need(_CLOSE)

    def part(self, kind: int, depth: int) -> bytes:
        found = _KIND.match(self.text, self.place)
        if found and (kind in _NAMED_PARTS or found[3] != "("):
            return self.shape(depth)
        if kind not in _PART or depth > _DEEPEST:
            raise ValueError(self.where())
        if self.text[self.place :].lstrip()[:5].upper() == "EMPTY":
            self.place += len(self.text[self.place :]) - len(self.text[self.place :].lstrip())
        return self.body(_PART[kind], depth)

    def points(self) -> NDArray[np.float64]:
        """Read coordinates up to the bracket that closes them."""
        self.need(_OPEN)
        found = _NUMBERS.match(self.text, self.place)
        assert found is not None
        rows = [row.split() for row in found[0].split(",")]
        widths = {len(row) for row in rows}
        if len(widths) != 1 or not widths <= {2, 3, 4}:
            raise ValueError(self.where())
        points = np.array(rows, dtype="float64")
        self.place = found.end()
        self.need(_CLOSE)
        self.tall |= widths != {2}
        return points[:, :2]


def _of_points(kind: int, points: NDArray[np.float64]) -> bytes:
    """Write coordinates; a ring that does not come back to its start is left to who reads on."""
    if kind == _POINT and len(points) != 1:
        raise ValueError(f"POINT: {len(points)}")
    if kind == _CIRCULAR and (len(points) < 3 or len(points) % 2 == 0):
        raise ValueError(f"CIRCULARSTRING: {len(points)} 点 points")
    flat = np.ascontiguousarray(points, dtype="<f8").tobytes()
    return _head(kind) + (b"" if kind == _POINT else _count(len(points))) + flat


def _head(kind: int) -> bytes:
    return struct.pack("<BI", 1, kind)


def _count(number: int) -> bytes:
    return struct.pack("<I", number)


# --- GeoJSON --------------------------------------------------------------------------------------


def _of_geojson(told: Any, depth: int = 0) -> _Shape:
    """Return the shape of a GeoJSON object; a feature's is that of its geometry."""
    if told.get("type") == "Feature" and not depth:
        return _of_geojson(told["geometry"], 1)
    code = re.search(r"(\d{4,6})\D*$", str((told.get("crs") or {}).get("properties", "")))
    srid = int(code[1]) if code else 0
    if told["type"] == "GeometryCollection" and depth <= _DEEPEST:
        parts = [_of_geojson(one, depth + 1) for one in told["geometries"]]
        wkb = _head(7) + _count(len(parts)) + b"".join(one.wkb for one in parts)
        return _Shape(wkb, srid, tall=any(one.tall for one in parts))
    kind, held = _GEOJSON[told["type"]], told["coordinates"]
    tall = len(_first(held)) > 2
    return _Shape(_of_lists(kind, held), srid, tall=tall)


def _first(held: Any) -> Any:
    while held and isinstance(held[0], list):
        held = held[0]
    return held


def _of_lists(kind: int, held: Any) -> bytes:
    if kind == _POINT:
        return _of_points(_POINT, np.array([held[:2]], dtype="float64"))
    if kind == _LINE:
        return _of_points(
            _LINE, np.array([one[:2] for one in held], dtype="float64").reshape(-1, 2)
        )
    parts = [_of_lists(_PART[kind], one)[5 if kind == _POLYGON else 0 :] for one in held]
    return _head(kind) + _count(len(parts)) + b"".join(parts)

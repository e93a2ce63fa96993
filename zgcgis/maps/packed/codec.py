"""Shapes and columns as few bytes (编码): what a page decodes faster than it could parse text.

Features stand along a Hilbert curve. Coordinates are whole units of the Web Mercator world,
``2 ** bits`` to a side (28: 0.11 m at 40° N), each as the difference to the one before. The shapes
and each column are one gzip stream, written as base64, so that a page reads what it shows. ``page/codec.js`` reads it.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pandas import Series

from ...geo.rings import processors

__all__ = [
    "COARSEST",
    "Packed",
    "bits_of",
    "pack",
    "pack_column",
    "pack_columns",
    "pack_text",
    "unit_m",
]

_POINT = 28
_UNITS = ((150_000, 30), (1_500_000, 28))  # up to so many vertices; beyond, the coarse one
_COARSE = 27
COARSEST = 24
"""The coarsest unit that a page is drawn in: 1.8 m at 40° N."""
_NORTH = 85.0511
_LEVEL = 6  # 9 takes three times as long for one part in a hundred
_TYPES = {"uint8": "u8", "uint16": "u16"}


@dataclass(frozen=True, slots=True)
class Packed:
    """Shapes on their way into a page.

    Attributes
    ----------
    meta
        Counts and the first vertex: what the page must know to read `data`.
    data
        The stream as base64.
    order
        Positions of the features in their new order; those without a usable shape are not in it.
    """

    meta: dict[str, Any]
    data: str
    order: NDArray[np.intp]


def bits_of(vertices: float) -> int:
    """Return the unit that so many vertices are written in."""
    return next((bits for most, bits in _UNITS if vertices <= most), _COARSE)


def unit_m(bits: int, latitude: float) -> float:
    """Return the length of a unit at a latitude, in metres: a part of the equator of Web Mercator.

    Examples
    --------
    >>> round(unit_m(28, 40), 2)
    0.11
    """
    return float(2 * math.pi * 6_378_137 / 2**bits * math.cos(math.radians(latitude)))


def pack(shapes: NDArray[np.object_], bits: int | None = None) -> Packed:
    """Write polygons or points.

    Parameters
    ----------
    shapes
        Polygons and multipolygons, or points, in degrees; rows with any other shape, or none, are
        left out and not in ``order``.
    bits
        The unit of polygons; by default the one for so many vertices.
    """
    kinds = shapely.get_type_id(shapes)
    usable = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    points = bool((usable & (kinds == 0)).any())
    usable &= (kinds == 0) if points else np.isin(kinds, (3, 6))
    rows = np.flatnonzero(usable)
    order = rows[_along_curve(shapes[rows])] if len(rows) else rows
    meta, stream = _points(shapes[order]) if points else _polygons(shapes[order], bits)
    return Packed(meta, _compressed(stream), order)


def pack_column(values: Series, order: NDArray[np.intp]) -> tuple[dict[str, Any], str]:
    """Write one column as the smallest of what says the same; blank stays blank.

    Parameters
    ----------
    values
        Whole numbers of type uint8 or uint16 (classes), dates, numbers, or anything that is text.
    order
        Positions of the features in the order of the shapes.

    Returns
    -------
    told, data
        How the page reads the column, and its bytes as base64.
    """
    column = values.iloc[order]
    if column.dtype in (np.uint8, np.uint16):
        return {"kind": _TYPES[column.dtype.name]}, _compressed(_little(column.to_numpy()))
    if pd.api.types.is_datetime64_any_dtype(column):
        days = (column - _DAY_0).dt.days
        if days.between(1, 65535).where(days.notna(), True).all():  # noqa: FBT003
            return {"kind": "date"}, _compressed(_little(days.fillna(0).to_numpy(np.uint16)))
        column = column.dt.strftime("%Y-%m-%d")
    elif pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return _numbers(column.astype("float64").to_numpy())
    return _texts(column)


def pack_columns(
    columns: Mapping[str, Series], order: NDArray[np.intp]
) -> dict[str, tuple[dict[str, Any], str]]:
    """Write columns as :func:`pack_column` does, one beside the other."""
    with ThreadPoolExecutor(processors()) as pool:  # most of it is packing, which needs no lock
        made = pool.map(lambda values: pack_column(values, order), columns.values())
        return dict(zip(columns, made, strict=True))


_DAY_0 = pd.Timestamp("1900-01-01")


def _numbers(values: NDArray[np.float64]) -> tuple[dict[str, Any], str]:
    known = np.isfinite(values)
    for decimals in (0, 1, 2):
        scaled = np.where(known, values, 0.0) * 10**decimals
        whole = np.rint(scaled)
        if (np.abs(scaled - whole) < 1e-6).all() and (whole >= 0).all() and (whole < 2**31).all():
            stream = _numbers_of(np.where(known, whole + 1, 0).astype(np.int64))
            return {"kind": "scaled", "by": 10**decimals}, _compressed(stream)
    return {"kind": "f32"}, _compressed(_little(values.astype(np.float32)))


def _texts(column: Series) -> tuple[dict[str, Any], str]:
    text = column.astype("object").where(column.notna(), "").astype(str)
    codes, table = pd.factorize(text)
    if len(table) <= min(65535, len(text) // 4 + 1):
        whole = json.dumps([str(v) for v in table], ensure_ascii=False, separators=(",", ":"))
        head = whole.encode("utf-8", "replace")
        return {"kind": "dict", "table": len(head)}, _compressed(
            head + _little(codes.astype(np.uint16))
        )
    said = json.dumps(text.tolist(), ensure_ascii=False, separators=(",", ":"))
    return {"kind": "text"}, pack_text(said)


def _little(values: NDArray[Any]) -> bytes:
    return np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def pack_text(text: str) -> str:
    """Write a text the same way: gzip, then base64."""
    return _compressed(text.encode("utf-8", "replace"))


def _compressed(stream: bytes) -> str:
    return base64.b64encode(gzip.compress(stream, _LEVEL, mtime=0)).decode()


def _along_curve(shapes: NDArray[np.object_]) -> NDArray[np.intp]:
    bounds = shapely.bounds(shapes)
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    cells = ((middle - low) / np.maximum(high - low, 1e-12) * 65535).astype(np.int64)
    x, y = cells[:, 0], cells[:, 1]
    place = np.zeros(len(x), dtype=np.int64)
    side = 1 << 15
    while side:
        right, upper = (x & side) > 0, (y & side) > 0
        place += side * side * ((3 * right) ^ upper)
        flip = ~upper & right
        mask = side * 2 - 1
        x, y = np.where(flip, mask - (x & mask), x), np.where(flip, mask - (y & mask), y)
        x, y = np.where(~upper, y, x), np.where(~upper, x, y)
        side >>= 1
    return np.argsort(place, kind="stable")


def _world(degrees: NDArray[np.float64], bits: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Web Mercator units of points in degrees, both axes from the north-west corner."""
    size = 2.0**bits
    north = np.radians(np.clip(degrees[:, 1], -_NORTH, _NORTH))
    x = (degrees[:, 0] + 180) / 360 * size
    y = (0.5 - np.log(np.tan(np.pi / 4 + north / 2)) / (2 * np.pi)) * size
    return np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)


def _polygons(shapes: NDArray[np.object_], bits: int | None) -> tuple[dict[str, Any], bytes]:
    parts, of_shape = shapely.get_parts(shapes, return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    degrees, of_ring = shapely.get_coordinates(rings, return_index=True)
    bits = bits or bits_of(len(degrees))
    x, y = _world(degrees, bits)
    before = of_ring[1:] == of_ring[:-1]
    same = np.zeros(len(x), dtype=bool)
    same[1:] = before & (x[1:] == x[:-1]) & (y[1:] == y[:-1])
    last = np.r_[~before, True][: len(x)]  # closes the ring: the page does it itself
    kept = ~(same | last) | np.r_[True, ~before][: len(x)]
    x, y, of_ring = x[kept], y[kept], of_ring[kept]
    first = np.r_[True, of_ring[1:] != of_ring[:-1]][: len(x)]
    per_shape = np.bincount(of_shape[of_part], minlength=len(shapes))
    per_ring = np.bincount(of_ring, minlength=len(rings))
    starts = [int(axis[0]) if len(axis) else 0 for axis in (x, y)]
    meta = {
        "kind": "polygon",
        "bits": bits,
        "n": len(shapes),
        "rings": len(rings),
        "vertices": len(x),
        "start": starts,
    }
    streams = [_numbers_of(_zigzag(_differences(axis, first))) for axis in (x, y)]
    return meta, _numbers_of(per_shape) + _numbers_of(per_ring) + b"".join(streams)


def _points(shapes: NDArray[np.object_]) -> tuple[dict[str, Any], bytes]:
    x, y = _world(shapely.get_coordinates(shapes), _POINT)
    meta = {"kind": "point", "bits": _POINT, "n": len(shapes), "start": [int(x[0]), int(y[0])]}
    first = np.zeros(len(x), dtype=bool)
    return meta, b"".join(_numbers_of(_zigzag(_differences(axis, first))) for axis in (x, y))


def _differences(axis: NDArray[np.int64], first: NDArray[np.bool_]) -> NDArray[np.int64]:
    """To the vertex before; the first of a ring to the first of the ring before."""
    if not len(axis):
        return axis
    steps = np.diff(axis, prepend=axis[0])
    starts = axis[first]
    if len(starts):
        steps[first] = np.diff(starts, prepend=starts[0])
    return steps


def _zigzag(values: NDArray[np.int64]) -> NDArray[np.int64]:
    return (values << 1) ^ (values >> 63)


def _numbers_of(values: NDArray[Any]) -> bytes:
    """Seven bits to a byte, the high bit saying that more follow: the lowest bytes of all, then the next.

    Byte beside byte of the same weight packs into a tenth less than number after number.
    """
    left, planes = values.astype(np.uint64), []
    while len(left):
        more = left >= np.uint64(128)
        low = (left & np.uint64(127)).astype(np.uint8)
        planes.append((low | (more.astype(np.uint8) << 7)).tobytes())
        left = left[more] >> np.uint64(7)
    return b"".join(planes)

"""File geodatabases: each table's rows by its header and by the places of its index."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import Refused, first_line
from .gdal import read_layers

__all__ = ["look", "read", "tables_by_layer"]

_TABLE = re.compile(r"^a([0-9a-f]{8})\.gdbtable$", re.IGNORECASE)
_BLOCK = 1024
_SYSTEM = 8
"""Tables up to this number are the catalogue's own."""


def read(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Count the rows of each table, read the layers, and find by the catalogue which is which."""
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    tables = look(Path(job["path"]))
    facts = read_layers(job, out)
    try:
        _, numbers, _, (names, *_) = pyogrio.raw.read(
            job["path"], layer="GDB_SystemCatalog", columns=["Name"],
            read_geometry=False, return_fids=True,
        )  # fmt: skip
    except (DataLayerError, DataSourceError, UnicodeDecodeError, ValueError) as problem:
        raise Refused("R405", detail=first_line(problem)) from problem
    catalogue = list(zip(numbers.tolist(), map(str, names), strict=True))
    listed = [entry["name"] for entry in facts["listed"]]
    stated, left = tables_by_layer(tables, catalogue, listed)
    return facts | {"stated": stated, "left_out": left}


def look(path: Path) -> dict[int, tuple[int, int]]:
    """Count the rows of each table, and refuse one whose rows do not lie where its index says."""
    tables: dict[int, tuple[int, int]] = {}
    for file in sorted(path.iterdir()):
        if found := _TABLE.match(file.name):
            try:
                tables[int(found[1], 16)] = _count(file)
            except struct.error as problem:
                raise Refused("R405", detail=f"{file.name}: {problem}") from problem
    return tables


def tables_by_layer(
    tables: dict[int, tuple[int, int]], catalogue: list[tuple[int, str]], listed: list[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what the tables of layers state, and the tables that no layer stands for.

    Parameters
    ----------
    tables
        By number the rows of each table as its header says, and as its index has them.
    catalogue
        The numbers and names in the catalogue.
    listed
        The names of the layers.
    """
    stated = []
    names = dict(catalogue)
    for number, name in catalogue:
        file = f"a{number:08x}.gdbtable"
        if number not in tables:
            if name.upper().startswith("GDB_"):  # the catalogue may name more than it uses
                continue
            raise Refused("R405", detail=f"{file}（{name}）：缺失 missing")
        if name in listed and number <= _SYSTEM:
            raise Refused("R405", detail=f"GDB_SystemCatalog: {number} {name!r}"[:200])
        if name in listed:
            rows, placed = tables[number]
            for by, count, sure in ((f"{file}x", placed, True), (file, rows, False)):
                stated.append({"layer": name, "count": count, "by": by, "sure": sure})
    known = {entry["layer"] for entry in stated}
    left = [
        f"{names.get(number, f'a{number:08x}')}（{placed}）"
        for number, (_, placed) in tables.items()
        if placed and number > _SYSTEM and names.get(number) not in known
        and not str(names.get(number, "")).upper().startswith("GDB_")
    ]  # fmt: skip
    if missing := [name for name in listed if name not in known]:
        raise Refused("R405", detail=f"GDB_SystemCatalog: {missing[0]}")
    return stated, left


def _count(file: Path) -> tuple[int, int]:
    index = file.with_suffix(".gdbtablx")
    with file.open("rb") as stream:
        head = stream.read(40)
        version, rows = struct.unpack_from("<ii", head)
        if version == 4:
            (rows,) = struct.unpack_from("<q", head, 16)
        elif version != 3:
            raise Refused("R405", detail=f"{file.name}: {version}")
        if not index.is_file():
            if rows:
                raise Refused("R406", detail=index.name)
            return 0, 0
        places = _places(index, version)
        if len(places) < rows:
            raise Refused("R415", measured=len(places), limit=rows, detail=index.name)
        if len(places):
            data = np.memmap(file, dtype="uint8", mode="r")
            _hold_rows(data, places, file.name)
    return int(rows), len(places)


def _places(index: Path, version: int) -> NDArray[np.int64]:
    """Return where the rows of a table begin, by its index."""
    content = index.read_bytes()
    magic, blocks = struct.unpack_from("<ii", content)
    (width,) = struct.unpack_from("<i", content, 12)
    if magic != version or not 4 <= width <= 6 or blocks < 0:
        raise Refused("R405", detail=f"{index.name}: {magic}, {width}")
    end = 16 + blocks * _BLOCK * width
    if end > len(content):
        raise Refused("R405", detail=f"{index.name}: {len(content)} < {end}")
    cells = np.frombuffer(content, dtype="uint8", offset=16, count=end - 16).reshape(-1, width)
    places: NDArray[np.int64] = np.zeros(len(cells), dtype="int64")
    for byte in range(width):
        places |= cells[:, byte].astype("int64") << (8 * byte)
    there: NDArray[np.int64] = places[places != 0]
    return there


def _hold_rows(data: NDArray[np.uint8], places: NDArray[np.int64], name: str) -> None:
    """Refuse a table with rows outside its file or on top of each other."""
    places = np.sort(places)
    whole = places + 4 <= len(data)
    ends = np.full(len(places), np.iinfo("int64").max)
    heads = places[whole]
    ends[whole] = heads + 4
    for byte in range(4):
        ends[whole] += data[heads + byte].astype("int64") << (8 * byte)
    inside = ends <= len(data)
    if not inside.all():
        raise Refused("R415", measured=int(inside.sum()), limit=len(places), detail=name)
    if (ends[:-1] > places[1:]).any():
        row = int(np.flatnonzero(ends[:-1] > places[1:])[0])
        raise Refused("R405", detail=f"{name}: {places[row]}")

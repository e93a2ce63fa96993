"""FlatGeobuf files: the count in the header, the index, and features one after another."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Any

from . import Refused
from .gdal import read_layers

__all__ = ["look", "read"]

_COUNT_SLOT, _NODE_SLOT = 8, 9
_MOST_HEADER = 10 << 20


def read(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Look at a file, and read it."""
    import pyogrio

    facts = look(Path(job["path"]))
    if facts.get("bare"):
        pyogrio.set_gdal_config_options({"OGR_FLATGEOBUF_STREAM_BASE_IMPL": "YES"})
    return facts | read_layers(job, out)


def look(path: Path) -> dict[str, Any]:
    """Walk from feature to feature and count them."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            (length,) = struct.unpack_from("<I", data, 8)
            if not 8 <= length <= min(_MOST_HEADER, len(data) - 12):
                raise Refused("R405", detail=f"FlatGeobuf: {length} / {len(data)}")
            header = data[12 : 12 + length]
            count = _field(header, _COUNT_SLOT, "<Q", 0)
            node = _field(header, _NODE_SLOT, "<H", 16)
        except struct.error as problem:
            raise Refused("R405", detail=f"FlatGeobuf: {problem}") from problem
        begin = 12 + length + _index_size(count, node, len(data))
        place, end = begin, len(data)
        places = []
        size = struct.Struct("<I").unpack_from
        while place + 4 <= end:
            length = size(data, place)[0]
            if length < 8 or place + 4 + length > end:
                break
            places.append(place + 4)
            place += 4 + length
        found = len(places)
        bare = _without_shape(data, places)
    if place != end or (count and found != count):
        raise Refused("R415", measured=found, limit=count, detail=f"{place} / {end}")
    stated = [{"layer": None, "count": found, "by": "features_count", "sure": True}]
    return {"stated": stated, "bare": bare}


def _without_shape(data: mmap.mmap, places: list[int]) -> bool:
    """Whether a feature has no shape, which the driver's quick way of reading does not survive."""
    import numpy as np

    flat = np.frombuffer(data, dtype="uint8")
    roots = np.array(places, dtype="int64")

    def number(at: Any, width: int) -> Any:
        inside = np.clip(at, 0, len(flat) - width)
        return flat[inside[:, None] + np.arange(width)].view(f"<i{width}")[:, 0].astype("int64")

    tables = roots + number(roots, 4)
    names = tables - number(tables, 4)
    return bool(((number(names, 2) < 6) | (number(names + 4, 2) == 0)).any())


def _field(table: bytes, slot: int, kind: str, default: int) -> int:
    """Return a number of the root table of a flatbuffer."""
    (root,) = struct.unpack_from("<I", table, 0)
    (back,) = struct.unpack_from("<i", table, root)
    names = root - back
    if names < 0:
        raise struct.error("vtable")
    (size,) = struct.unpack_from("<H", table, names)
    if 4 + 2 * slot + 2 > size:
        return default
    (offset,) = struct.unpack_from("<H", table, names + 4 + 2 * slot)
    return default if not offset else int(struct.unpack_from(kind, table, root + offset)[0])


def _index_size(count: int, node: int, most: int) -> int:
    """Return the size of the packed index, none where the count or the node size is 0."""
    if not count or node < 2:
        if count and node == 1:
            raise Refused("R405", detail="FlatGeobuf: index_node_size 1")
        return 0
    total = level = count
    while level > 1:
        level = -(-level // node)
        total += level
    if 40 * total > most:
        raise Refused("R415", measured=0, limit=count, detail=f"{40 * total} > {most}")
    return 40 * total

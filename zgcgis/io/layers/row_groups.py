"""How a layer of a zone is stored: GeoParquet, group by group of rows, so that it is never held whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from ...geo import hilbert_order_of
from ...geo.rings import in_threads
from ...language.safe_text import json_text
from ..writing import write_whole

__all__ = ["GROUP_ROWS", "SORTED_ABOVE", "Parts", "store_parts"]

GROUP_ROWS = 65_536
SORTED_ABOVE = 100_000
"""From this many features on, a stored layer is in Hilbert order with a box for each row."""
_CRS = "EPSG:4490"
_SIDES = ["xmin", "ymin", "xmax", "ymax"]


@dataclass(frozen=True)
class Parts:
    """A layer that gives the features at any positions, when they are asked for."""

    table: Callable[[NDArray[np.intp]], pa.Table]
    shapes: Callable[[NDArray[np.intp]], NDArray[np.object_]]
    bounds: NDArray[np.float64]
    """The box of every feature."""
    kinds: Iterable[str]
    """Kinds of its shapes."""


def store_parts(parts: Parts, path: Path, level: str, record: list[dict[str, Any]]) -> None:
    """Write a layer as :func:`store_layer` does, with no more than a group of rows in memory."""
    count = len(parts.bounds)
    large = count > SORTED_ABOVE
    order = hilbert_order_of(parts.bounds) if large else np.arange(count)
    head = parts.table(np.arange(min(count, 4096)))
    words = list(head.column_names)
    repeating = [name for name in words if _repeats(head.column(name))]
    meta = {
        b"geo": json.dumps(_geo_meta(parts, covering=large)).encode(),
        b"zgcgis": json_text({"level": level, "record": record}).encode(),
    }

    def group(first: int) -> pa.Table:
        """Return some rows with their shapes as bytes: those of all take as much as the shapes."""
        at = order[first : first + GROUP_ROWS]
        wkb = pa.array(in_threads(shapely.to_wkb, parts.shapes(at)), pa.binary())
        rows = parts.table(at).append_column("geometry", wkb)
        if large:
            rows = rows.append_column("bbox", _boxes(parts.bounds[at]))
        return rows.replace_schema_metadata(meta)

    def writer(temporary: Path) -> None:
        rows = group(0)
        with pq.ParquetWriter(
            temporary,
            rows.schema,
            compression="lz4",
            use_dictionary=repeating,
            write_statistics=[*words, *(f"bbox.{side}" for side in _SIDES if large)],
        ) as file:
            file.write_table(rows, GROUP_ROWS)
            for first in range(GROUP_ROWS, count, GROUP_ROWS):
                file.write_table(group(first), GROUP_ROWS)

    write_whole(path, writer, of_zone=True)


def _repeats(head: pa.ChunkedArray) -> bool:
    """Whether the values of a column repeat, so that a dictionary of them is worth its while."""
    return bool(pc.count_distinct(head).as_py() <= len(head) // 2)


def _boxes(bounds: NDArray[np.float64]) -> pa.StructArray:
    sides = [pa.array(np.ascontiguousarray(bounds[:, k])) for k in range(4)]
    return pa.StructArray.from_arrays(sides, names=_SIDES)


def _geo_meta(parts: Parts, *, covering: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted(parts.kinds),
        "crs": CRS.from_user_input(_CRS).to_json_dict(),
        "edges": "planar",
    }
    there = parts.bounds[~np.isnan(parts.bounds[:, 0])]
    if len(there):
        whole = [*there[:, :2].min(axis=0), *there[:, 2:].max(axis=0)]
        entry["bbox"] = [float(v) for v in whole]
    if covering:
        entry["covering"] = {"bbox": {side: ["bbox", side] for side in _SIDES}}
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": entry}}

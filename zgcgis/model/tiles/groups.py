"""Layers as GeoParquet in row groups, with the box of every row, so that a part is read alone.

A place is a path, or an address that ``fsspec`` opens (``s3://bucket/folder``), so that
processes on many machines read the same layers.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray

from ... import geo
from ...geo.boxes import boxes_near
from ...language.errors import ZgcgisError
from ...runs import work_folder

__all__ = [
    "EDGE_DEG",
    "TILE_ROWS",
    "boxes",
    "columns",
    "is_address",
    "is_stored",
    "opened",
    "place_for",
    "read_near",
    "read_rows",
    "rows_of",
    "starts",
    "write_layer",
    "write_tiles",
]

TILE_ROWS = 65_536
EDGE_DEG = 1e-5
"""A box in degrees is widened by what an edge can bulge over it."""

_S3_TRIES, _S3_CONNECT_S, _S3_ANSWER_S = 3, 5.0, 60.0

Positions = NDArray[np.intp]


def is_address(place: str | os.PathLike[str]) -> bool:
    """Whether a place is an address for ``fsspec`` and no path."""
    return "://" in str(place)


def _store_of(place: str) -> tuple[Any, str]:
    """The file system of an address, and the path within it."""
    try:
        import fsspec
    except ModuleNotFoundError as missing:
        raise ZgcgisError(
            f"读写 {place} 需要安装 zgcgis[dask]。",
            f"to read and write {place}, install zgcgis[dask].",
        ) from missing
    try:
        system, path = fsspec.core.url_to_fs(place)
    except (OSError, ImportError, ValueError) as problem:
        if isinstance(problem, ImportError) and place.startswith("s3://"):
            return _buckets(), place.removeprefix("s3://")
        raise _not_opened(place, problem) from problem
    return system, path


def _buckets() -> Any:
    """Buckets by Arrow's own client, where ``s3fs`` is not installed.

    Keys, region and endpoint are those of the environment (``AWS_ACCESS_KEY_ID``, ``AWS_REGION``,
    ``AWS_ENDPOINT_URL`` …) or of the files that the client of Amazon reads.
    """
    from fsspec.implementations.arrow import ArrowFSWrapper
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    options: dict[str, Any] = {
        "retry_strategy": AwsStandardS3RetryStrategy(max_attempts=_S3_TRIES),
        "connect_timeout": _S3_CONNECT_S,
        "request_timeout": _S3_ANSWER_S,
    }
    stated = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if stated:
        scheme, _, host = stated.rpartition("://")
        options |= {"endpoint_override": host.rstrip("/"), "scheme": scheme or "https"}
    return ArrowFSWrapper(S3FileSystem(**options))


def _not_opened(place: str, problem: Exception) -> ZgcgisError:
    place = re.sub("//[^/@]*@", "//***@", place)  # a password may stand there
    return ZgcgisError(
        f"打不开 {place}：{problem}。请核对地址、凭证，以及该存储所需的 fsspec 扩展包（如 s3fs）。",
        f"{place} cannot be opened: {problem}. Check the address, the credentials, and the "
        "package fsspec needs for such a store (as s3fs).",
    )


def _file_at(place: str, mode: str) -> Any:
    system, path = _store_of(place)
    try:
        if mode == "wb":
            system.makedirs(path.rpartition("/")[0], exist_ok=True)
        return system.open(path, mode)
    except (OSError, ValueError) as problem:
        raise _not_opened(place, problem) from problem


@contextmanager
def place_for(folder: str | os.PathLike[str] | None) -> Iterator[str]:
    """Give a place for tiles that is gone afterwards: within `folder`, by default of this machine."""
    if folder is None or not is_address(folder):
        with work_folder(None if folder is None else Path(folder)) as where:
            yield str(where)
        return
    place = f"{str(folder).rstrip('/')}/zgcgis-{secrets.token_hex(8)}"
    system, path = _store_of(place)

    def clear() -> None:
        if system.exists(path):
            system.rm(path, recursive=True)

    try:
        yield place
    except BaseException:
        with suppress(OSError):  # what went wrong before is what is told
            clear()
        raise
    try:
        clear()
    except OSError as problem:
        raise _not_opened(place, problem) from problem


@contextmanager
def opened(place: str) -> Iterator[pq.ParquetFile]:
    """Open a layer that lies at a path or at an address."""
    if not is_address(place):
        with pq.ParquetFile(place) as file:
            yield file
        return
    with _file_at(place, "rb") as stream, pq.ParquetFile(stream) as file:
        yield file


def starts(file: pq.ParquetFile) -> Positions:
    """First row of each row group, and the number of rows at the end."""
    counts = [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)]
    first: Positions = np.cumsum([0, *counts]).astype(np.intp)
    return first


def rows_of(table: pa.Table, first: int) -> Positions:
    """Positions of rows in the layer: those written with them, or that in the file."""
    if "row" in table.column_names:
        return np.asarray(table["row"].to_numpy(), np.intp)
    return np.arange(first, first + table.num_rows, dtype=np.intp)


def columns(file: pq.ParquetFile, *names: str) -> list[str]:
    """The columns of some names, and that which tells the position of a row if there is one."""
    return [*names, *(name for name in ("row",) if name in file.schema_arrow.names)]


def boxes(table: pa.Table) -> NDArray[np.float64]:
    """West, south, east and north of each row, in degrees; NaN of one without a shape."""
    box = table["bbox"].combine_chunks()
    sides = [
        box.field(name).to_numpy(zero_copy_only=False) for name in ("xmin", "ymin", "xmax", "ymax")
    ]
    return np.stack(sides, axis=1)


def _box_of(group: Any) -> tuple[float, float, float, float]:
    """The box of a row group, by what the file says of its boxes; everywhere if it says nothing."""
    said = {group.column(k).path_in_schema: group.column(k) for k in range(group.num_columns)}
    low_x, low_y, high_x, high_y = (
        said[f"bbox.{name}"].statistics for name in ("xmin", "ymin", "xmax", "ymax")
    )
    if not all(s is not None and s.has_min_max for s in (low_x, low_y, high_x, high_y)):
        return -np.inf, -np.inf, np.inf, np.inf
    return low_x.min, low_y.min, high_x.max, high_y.max


def read_near(
    place: str, around: NDArray[np.float64], names: list[str] | None = None
) -> tuple[Positions, list[pa.Table]]:
    """Read the features whose boxes may meet some boxes, from the row groups whose boxes do.

    Returns
    -------
    rows, tables
        Positions in the layer, and the columns `names` of those rows, by default all, in parts.
    """
    rows: list[Positions] = [np.zeros(0, np.intp)]
    parts: list[pa.Table] = []
    with opened(place) as file:
        first = starts(file)
        held = [_box_of(file.metadata.row_group(k)) for k in range(file.num_row_groups)]
        reached = boxes_near(np.array(held).reshape(-1, 4), around)
        for group in np.flatnonzero(reached):
            table = file.read_row_group(group, columns=columns(file, "bbox"), use_threads=False)
            near = boxes_near(boxes(table), around)
            if not near.any():
                continue
            rows.append(rows_of(table, int(first[group]))[near])
            table = file.read_row_group(group, columns=names, use_threads=False)
            parts.append(table.filter(pa.array(near)))
    return np.concatenate(rows), parts


def read_rows(
    place: str, name: str, wanted: set[str], names: list[str] | None = None
) -> tuple[Positions, list[pa.Table]]:
    """Read the features whose column `name` is one of some texts; as :func:`read_near`."""
    rows: list[Positions] = [np.zeros(0, np.intp)]
    parts: list[pa.Table] = []
    among = pa.array(sorted(wanted), pa.large_string())
    with opened(place) as file:
        if name not in file.schema_arrow.names:
            return rows[0], parts
        first = starts(file)
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=columns(file, name), use_threads=False)
            held = pa.compute.is_in(table[name].cast(pa.large_string()), value_set=among)
            if not pa.compute.any(held).as_py():
                continue
            mask = np.asarray(held.to_numpy(zero_copy_only=False), bool)
            rows.append(rows_of(table, int(first[group]))[mask])
            table = file.read_row_group(group, columns=names, use_threads=False)
            parts.append(table.filter(pa.array(mask)))
    return np.concatenate(rows), parts


def is_stored(path: Path, shapes: GeoSeries, *, rows: int = 2 * TILE_ROWS) -> bool:
    """Whether a file holds just these shapes, in this order, as tiles can be read from it.

    Longitude and latitude, a box for each row, and row groups of at most `rows`. The boxes of
    all rows are compared, so that a layer that was changed or filtered is not taken for it.
    """
    if not path.is_file() or shapes.crs != geo.LONLAT:
        return False
    with pq.ParquetFile(path) as file:
        if (
            not {"geometry", "bbox"} <= set(file.schema_arrow.names)
            or "row" in file.schema_arrow.names
        ):
            return False
        if file.metadata.num_rows != len(shapes) or np.diff(starts(file)).max(initial=0) > rows:
            return False
        held = boxes(file.read(columns=["bbox"]))
    return np.array_equal(held, shapely.bounds(np.asarray(shapes.array)), equal_nan=True)


def write_tiles(shapes: GeoSeries, place: str, *, rows: int = TILE_ROWS) -> None:
    """Write the shapes of a layer as tiles; ``row`` is a feature's position in it."""
    lonlat = geo.to_lonlat(shapes)
    write_layer(GeoDataFrame(geometry=lonlat.array, crs=lonlat.crs), place, rows=rows)


def write_layer(layer: GeoDataFrame, place: str, *, rows: int = TILE_ROWS) -> None:
    """Write a layer in longitude and latitude as tiles, sorted along a Hilbert curve.

    ``row`` is a feature's position in it.
    """
    order = geo.hilbert_order(layer.geometry)
    table = gpd.GeoDataFrame(layer.iloc[order].reset_index(drop=True))
    table.insert(0, "row", order)
    options: dict[str, Any] = {
        "write_covering_bbox": True, "row_group_size": rows, "index": False
    }  # fmt: skip
    if not is_address(place):
        table.to_parquet(place, **options)
        return
    with _file_at(place, "wb") as stream:
        table.to_parquet(stream, **options)

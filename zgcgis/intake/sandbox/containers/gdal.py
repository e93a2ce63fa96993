"""What GDAL reads with the one driver that is there: layer by layer, as a stream, into GeoParquet.

Every format that has no way of its own is read by :func:`read`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import MOST_FIELDS, Refused, first_line
from .curves.arcs import straight
from .parquet import geometry_place, plain

__all__ = ["get_ready", "read", "read_layers"]

MOST_LAYERS = 200
BATCH = 8_192
GROUP = 65_536
FAILURE = 3  # of GDAL's classes of errors


def get_ready(job: dict[str, Any]) -> None:
    """Load the engine, before the folders are shut; refuse one with other drivers."""
    import concurrent.futures.thread  # noqa: F401

    import pyarrow.parquet  # noqa: F401

    for unused in ("geopandas", "pandas", "pyproj"):
        sys.modules[unused] = None  # type: ignore[assignment]  # they would cost a second
    import pyogrio

    for unused in ("geopandas", "pandas", "pyproj"):
        sys.modules.pop(unused)  # whoever needs one after all finds it

    there = set(pyogrio.list_drivers())
    if there != {job["driver"]}:
        odd = sorted(there ^ {job["driver"]})
        raise Refused("R450", detail=f"GDAL {pyogrio.__gdal_version_string__}: {odd[:5]}")


def read(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Read all layers; what each should hold is counted in a pass of its own."""
    import pyogrio

    facts = read_layers(job, out)
    stated = []
    for layer in facts["layers"]:
        told = pyogrio.read_info(job["path"], layer=layer["name"], force_feature_count=True)
        entry = {"layer": layer["name"], "count": told["features"], "by": "GDAL", "sure": True}
        stated.append(entry)
    return facts | {"stated": stated}


def read_layers(
    job: dict[str, Any],
    out: Path,
    *,
    tables: list[str] | None = None,
    options: dict[str, str] | None = None,
    count_others: bool = False,
) -> dict[str, Any]:
    """Read every layer asked for with the one driver that is there.

    Only those of `tables` are layers at all; `options` are those of the driver for opening; those
    not asked for are counted on demand.
    """
    import pyogrio
    from pyogrio.errors import DataSourceError

    path, wanted = job["path"], job.get("layer")
    options = options or {}
    try:
        listed = [
            (number, str(name), None if kind is None else str(kind))
            for number, (name, kind) in enumerate(pyogrio.list_layers(path))
        ]
    except (DataSourceError, UnicodeDecodeError) as problem:
        raise Refused("R405", detail=first_line(problem)) from problem
    if tables is not None:
        known = {name.casefold() for name in tables}
        listed = [entry for entry in listed if entry[1].casefold() in known]
    if wanted is None and len(listed) > MOST_LAYERS:
        raise Refused("R444", measured=len(listed), limit=MOST_LAYERS)
    names = [name for _, name, _ in listed]
    facts: dict[str, Any] = {"listed": [{"name": n, "type": k} for _, n, k in listed]}
    layers, others = [], []
    for number, name, kind in listed:
        which = number if names.count(name) > 1 else name  # two may be called the same
        try:
            if wanted is None or name == wanted:
                file = out / f"layer-{number}.parquet"
                layers.append(_read_layer(pyogrio, path, which, name, kind, file, options))
            elif count_others:
                told = pyogrio.read_info(path, layer=which, force_feature_count=True)
                others.append({"name": name, "rows": told["features"]})
        except DataSourceError as problem:
            raise Refused("R405", detail=first_line(problem)) from problem
        except UnicodeDecodeError as problem:
            raise Refused("R203", detail=f"{name}: byte {problem.start}") from problem
    return facts | {"layers": layers, "others": others}


class _Errors:
    """The first error of GDAL on the way, which reading as a stream does not raise."""

    system: Any = None

    def __init__(self, pyogrio: Any) -> None:
        self.first: str | None = None
        if _Errors.system is None:
            _Errors.system = _error_functions(pyogrio)
        if _Errors.system:
            _Errors.system.CPLErrorReset()

    def listen(self, reader: Any) -> Iterator[Any]:
        """Yield what a reader gives, and look for an error after each batch."""
        for batch in reader:
            yield batch
            self.look()
        self.look()

    def look(self) -> None:
        """Remember the first failure."""
        system = _Errors.system
        if system and self.first is None and system.CPLGetLastErrorType() == FAILURE:
            words = system.CPLGetLastErrorMsg().decode("utf-8", "replace")
            self.first = first_line(words)


def _error_functions(pyogrio: Any) -> Any:
    """Return the library with GDAL's own record of errors; False where it cannot be asked."""
    import ctypes

    try:
        library = ctypes.CDLL(pyogrio._io.__file__)
        library.CPLGetLastErrorMsg.restype = ctypes.c_char_p
        library.CPLErrorReset.restype = None
    except (OSError, AttributeError):
        return False
    return library


def _groups(reader: Any, schema: Any, casts: list[Any]) -> Iterator[Any]:
    """Yield what a reader gives in tables of many rows; it gives few at a time, which is quicker."""
    import pyarrow as pa

    held: list[Any] = []
    for batch in reader:
        columns = [cast(batch.column(i)) for i, cast in enumerate(casts)]
        held.append(pa.RecordBatch.from_arrays(columns, schema=schema))
        if sum(one.num_rows for one in held) >= GROUP:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _read_layer(
    pyogrio: Any,
    path: str,
    which: int | str,
    name: str,
    kind: str | None,
    out: Path,
    options: dict[str, str],
) -> dict[str, Any]:
    import warnings

    import pyarrow as pa
    import pyarrow.parquet as pq

    said: list[str] = []
    errors = _Errors(pyogrio)
    writer = None
    try:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            with pyogrio.raw.open_arrow(
                path,
                layer=which,
                batch_size=BATCH,
                use_pyarrow=True,
                read_geometry=kind is not None,
                datetime_as_string=True,
                **options,
            ) as (meta, reader):
                schema = reader.schema
                place = geometry_place(schema) if kind is not None else None
                if len(schema.names) > MOST_FIELDS:
                    raise Refused("R444", measured=len(schema.names), limit=MOST_FIELDS)
                schema, casts = plain(schema, place)
                words = [n for k, n in enumerate(schema.names) if k != place] or False
                writer = pq.ParquetWriter(
                    out, schema, compression="none", use_dictionary=words, write_statistics=False
                )
                groups = _groups(errors.listen(reader), schema, casts)
                rows, curved = _pour(groups, writer, place)
            said = [first_line(str(w.message)) for w in heard]
    except (OSError, pa.ArrowException) as problem:  # the stream broke off
        if getattr(problem, "errno", None):  # of our own disk
            raise
        raise Refused("R405", detail=f"{name}：{first_line(problem)}") from problem
    finally:
        if writer is not None:
            writer.close()
    if not schema.names:  # rows without a cell: a stream of nothing says nothing of them
        rows = pyogrio.read_info(path, layer=which, force_feature_count=True)["features"]
    if curved:
        _straighten(out)
    names = [str(f) for f in meta["fields"]]
    return {
        "name": name,
        "curved": curved,
        "file": out.name,
        "rows": rows,
        "crs": None if meta["crs"] is None else str(meta["crs"]),
        "geometry_type": kind,
        "geometry_column": "geometry" if place is not None else None,
        "fields": names,
        "types": [str(t) for t in meta.get("ogr_types", [])],
        "encoding": str(meta.get("encoding")),
        "warnings": sorted(set(said))[:20],
        "error": errors.first,
    }


def _pour(groups: Iterator[Any], writer: Any, place: int | None) -> tuple[int, int]:
    """Write tables, one while the next is read; return how many rows and curves there were."""
    from concurrent.futures import ThreadPoolExecutor

    rows = curved = 0
    with ThreadPoolExecutor(1) as beside:
        written = None
        for group in groups:
            if place is not None:
                curved += sum(map(_curves, group.column(place).chunks))
            rows += group.num_rows
            if written is not None:
                written.result()
            written = beside.submit(writer.write_table, group)
        if written is not None:
            written.result()
    return rows, curved


def _curves(array: Any) -> int:
    """Count the curves in a column of WKB, by the type code at the head of each."""
    import numpy as np

    count = 0
    if array.null_count == len(array):
        return 0
    there = array.drop_null()
    _, offsets, data = there.buffers()
    starts = np.frombuffer(offsets, dtype="<i4")[there.offset : there.offset + len(there)]
    content = np.frombuffer(data, dtype="uint8")
    long_enough = starts + 5 <= len(content)
    starts = starts[long_enough].astype("int64")
    first, last = content[starts + 1].astype("int64"), content[starts + 4].astype("int64")
    little = content[starts] == 1
    low = np.where(little, first, last)
    high = np.where(little, content[starts + 2], content[starts + 3]).astype("int64")
    kinds = (low + 256 * high) % 1000
    count += int(((kinds >= 8) & (kinds <= 12)).sum())
    return count


def _straighten(out: Path) -> None:
    """Write a layer again with its curves as chords."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(out)
    place = table.schema.get_field_index("geometry")
    shapes = [None if one is None else straight(one) for one in table["geometry"].to_pylist()]
    table = table.set_column(place, "geometry", pa.array(shapes, type=pa.binary()))
    pq.write_table(table, out, compression="none")

"""GeoParquet: read with Arrow, and the plain columns in which every layer is left."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from . import Refused, first_line

__all__ = ["geometry_place", "get_ready", "plain", "read", "too_much"]

GROUP = 65_536
LEAST_ROW = 100  # bytes that a row takes once it is no longer packed
SHAPES, SHAPE_BYTES = 20_000, 3  # beyond so many, shapes that differ take so many bytes at least


def get_ready(_: dict[str, Any]) -> None:
    """Load Arrow, before the folders are shut."""
    import concurrent.futures.thread  # noqa: F401

    import pyarrow.parquet  # noqa: F401


def read(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Read a file group by group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(job["path"], page_checksum_verification=True) as source:
            meta = source.schema_arrow.metadata or {}
            told = json.loads(meta[b"geo"]) if b"geo" in meta else {}
            primary = told.get("primary_column")
            entry = (told.get("columns") or {}).get(primary) or {}
            if not told and (own := _own_geometry(source.schema)) is not None:
                primary, entry = own[0], {"encoding": "WKB"} | own[1]
            if primary is not None and entry.get("encoding") != "WKB":
                told = entry.get("encoding")
                raise Refused("R403", detail=f"GeoParquet: {told!r}；只读 WKB only WKB is read")
            crs = entry.get("crs", "OGC:CRS84") if primary else None
            place = source.schema_arrow.get_field_index(primary) if primary else None
            if primary is None:
                _no_hidden_shapes(source.schema_arrow)
            names = [n for n in source.schema_arrow.names if n != primary]
            types = [str(f.type) for f in source.schema_arrow if f.name != primary]
            schema, casts = plain(source.schema_arrow, place)
            file = out / "layer-0.parquet"
            rows = weight = 0
            told_rows = source.metadata.num_rows
            _refuse_what_it_says(source.metadata, job["most_bytes"], primary)
            with pq.ParquetWriter(
                file, schema, compression="none", write_statistics=False
            ) as writer:
                for batch in source.iter_batches(GROUP):
                    columns = [cast(_flat(batch.column(i))) for i, cast in enumerate(casts)]
                    weight += sum(column.nbytes for column in columns)
                    if weight > job["most_bytes"]:  # a little file may say one thing very often
                        raise Refused("R444", measured=weight, limit=job["most_bytes"])
                    writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
                    rows += batch.num_rows
    except MemoryError:  # Arrow's own is one of its exceptions as well
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError, AttributeError, TypeError) as problem:
        raise Refused("R405", detail=first_line(problem)) from problem
    name = Path(job["path"]).stem
    return {
        "stated": [{"layer": name, "count": told_rows, "by": "num_rows", "sure": True}],
        "listed": [{"name": name, "type": "Unknown" if primary else None}],
        "layers": [
            {
                "name": name,
                "file": file.name,
                "rows": rows,
                "crs": json.dumps(crs) if isinstance(crs, dict) else crs,
                "geometry_type": "Unknown" if primary else None,
                "geometry_column": "geometry" if primary else None,
                "fields": names,
                "types": types,
                "encoding": "UTF-8",
                "warnings": [],
            }
        ],
    }


def _refuse_what_it_says(told: Any, most: int, shapes: str | None) -> None:
    """Refuse a file whose groups do not add up, or that would unpack to too much."""
    there = sum(told.row_group(k).num_rows for k in range(told.num_row_groups))
    if there != told.num_rows:
        raise Refused("R415", measured=there, limit=told.num_rows, detail="row groups")
    if (beyond := too_much(told, most, shapes)) is not None:
        raise Refused("R444", measured=beyond[0], limit=beyond[1])


def too_much(told: Any, most: int, shapes: str | None) -> tuple[int, int] | None:
    """Return what a table says of itself that is too large, before it is unpacked, and the limit.

    Shapes that take next to nothing are one shape over and over: no land, and a long time.
    """
    groups = [told.row_group(k) for k in range(told.num_row_groups)]
    columns = [group.column(c) for group in groups for c in range(group.num_columns)]
    weight = max(sum(one.total_uncompressed_size for one in columns), told.num_rows * LEAST_ROW)
    drawn = [one for one in columns if one.path_in_schema == shapes]
    nothing = (one.statistics.null_count or 0 for one in drawn if one.statistics is not None)
    count = sum(one.num_values for one in drawn) - sum(nothing)
    limit = SHAPES + sum(one.total_compressed_size for one in drawn) // SHAPE_BYTES
    if count > limit:
        return count, limit
    return (weight, most) if weight > most else None


def _own_geometry(schema: Any) -> tuple[str, dict[str, Any]] | None:
    """Return the first column of Parquet's own type for shapes, and the system that it states."""
    for number in range(len(schema)):
        column = schema.column(number)
        if column.logical_type.type not in {"GEOMETRY", "GEOGRAPHY"}:
            continue
        crs = json.loads(column.logical_type.to_json()).get("crs") or "OGC:CRS84"
        if isinstance(crs, str) and crs.lstrip().startswith("{"):
            crs = json.loads(crs)
        return column.name, {"crs": crs.removeprefix("srid:") if isinstance(crs, str) else crs}
    return None


def _no_hidden_shapes(schema: Any) -> None:
    """Refuse a table whose shapes nobody can find: the file does not say where they are."""
    import pyarrow as pa

    for field in schema:
        binary = pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type)
        if binary and field.name.lower() in {"geometry", "geom", "wkb_geometry", "wkb", "shape"}:
            detail = f"{field.name!r}：缺少 GeoParquet 的 geo 元数据 no GeoParquet metadata 'geo'"
            raise Refused("R403", detail=detail)


def _flat(array: Any) -> Any:
    import pyarrow as pa

    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def geometry_place(schema: Any) -> int | None:
    """Return which column of a schema holds shapes."""
    for i, field in enumerate(schema):
        told = (field.metadata or {}).get(b"ARROW:extension:name", b"")
        if b"wkb" in told or str(field.type).startswith("extension<geoarrow.wkb"):
            return i
    for i, field in enumerate(schema):
        if field.name in {"wkb_geometry", "geometry", "geom", "SHAPE"}:
            return i
    return None


def plain(schema: Any, place: int | None) -> tuple[Any, list[Any]]:
    """Return a schema of plain columns, the geometry called ``geometry``, and the casts to it."""
    import pyarrow as pa

    fields, casts = [], []
    seen: set[str] = set()
    for i, field in enumerate(schema):
        name = field.name
        if i == place:
            name = "geometry"
        elif name.lower() in seen | {"geometry", "bbox"}:
            name = next(f"{name}_{n}" for n in range(1, 9999) if f"{name}_{n}".lower() not in seen)
        seen.add(name.lower())
        kind = field.type
        storage = getattr(kind, "storage_type", None)
        if i == place:
            fields.append(pa.field(name, pa.binary()))
            casts.append(_as_binary)
        elif storage is not None:
            fields.append(pa.field(name, storage))
            casts.append(lambda array: array.storage)
        elif pa.types.is_nested(kind):
            fields.append(pa.field(name, pa.string()))
            casts.append(_as_json)
        elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            fields.append(pa.field(name, pa.string()))
            casts.append(_as_size)
        else:
            fields.append(pa.field(name, kind))
            casts.append(partial(_as_it_is, name))
    return pa.schema(fields), casts


def _as_it_is(name: str, array: Any) -> Any:
    """Return an array that is whole: texts are UTF-8."""
    import pyarrow as pa

    try:
        array.validate(full=True)
    except pa.ArrowInvalid as problem:
        raise Refused("R203", detail=f"{name}: {first_line(problem)}") from problem
    return array


def _as_binary(array: Any) -> Any:
    import pyarrow as pa

    array = getattr(array, "storage", array)
    return array if array.type == pa.binary() else array.cast(pa.binary())


def _as_json(array: Any) -> Any:
    import pyarrow as pa

    return pa.array(
        [
            None if v is None else json.dumps(v, ensure_ascii=False, default=str)
            for v in array.to_pylist()
        ],
        type=pa.string(),
    )


def _as_size(array: Any) -> Any:
    import pyarrow as pa

    sizes = [None if v is None else f"<{len(v)} bytes>" for v in array.to_pylist()]
    return pa.array(sizes, type=pa.string())

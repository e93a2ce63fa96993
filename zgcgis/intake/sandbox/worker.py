"""The reader that meets foreign files: a process of its own, with nothing to lose.

This file is a script, not a module of the package: :mod:`zgcgis.intake.sandbox.process` starts it with one
argument, a JSON job, in a temporary folder that holds copies of the input. It has no network,
bounded memory and time, and one GDAL driver. It leaves GeoParquet and ``facts.json``; only those
are read by the parent.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

MOST_LAYERS = 200
MOST_FIELDS = 2000
BATCH = 8_192
GROUP = 65_536
LEAST_ROW = 100  # bytes that a row takes once it is no longer packed
FAILURE = 3  # of GDAL's classes of errors


_HERE = Path(__file__).parent


def _beside(name: str, folder: Path = _HERE) -> Any:
    """Load what stands beside this script; the package itself is not there."""
    import importlib.util

    place = folder / name
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    within = [str(place)] if place.is_dir() else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=within)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


containers = _beside("containers")
Refused = containers.Refused
_LOOKS = {
    "geojson": "geojson", "kml": "markup", "xlsx": "workbook", "gpkg": "geopackage",
    "gdb": "geodatabase", "fgb": "flatgeobuf", "dxf": "drawing",
}  # fmt: skip


def _look_of(kind: str) -> Any:
    """Return the module that knows the containers of a kind, or None."""
    import importlib

    return importlib.import_module(f"containers.{_LOOKS[kind]}") if kind in _LOOKS else None


# --- the cell ------------------------------------------------------------------------------------


def get_ready(job: dict[str, Any]) -> None:
    """Load what the job needs, before the folders are shut and the input is looked at."""
    _look_of(job["kind"])
    if job["kind"] == "xlsx":
        import openpyxl  # noqa: F401

        return
    import concurrent.futures.thread  # noqa: F401

    import pyarrow.parquet  # noqa: F401

    if job["kind"] == "parquet":
        return
    for unused in ("geopandas", "pandas", "pyproj"):
        sys.modules[unused] = None  # type: ignore[assignment]  # they would cost a second
    import pyogrio

    for unused in ("geopandas", "pandas", "pyproj"):
        sys.modules.pop(unused)  # whoever needs one after all finds it

    there = set(pyogrio.list_drivers())
    if there != {job["driver"]}:
        odd = sorted(there ^ {job["driver"]})
        raise Refused("R450", detail=f"GDAL {pyogrio.__gdal_version_string__}: {odd[:5]}")


# --- reading -------------------------------------------------------------------------------------


def read_with_gdal(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Read every layer asked for with the one driver that is there."""
    import pyogrio
    from pyogrio.errors import DataSourceError

    path, wanted = job["path"], job.get("layer")
    options = {"LIST_ALL_TABLES": "NO"} if job["driver"] == "GPKG" else {}
    try:
        listed = [
            (number, str(name), None if kind is None else str(kind))
            for number, (name, kind) in enumerate(pyogrio.list_layers(path))
        ]
    except (DataSourceError, UnicodeDecodeError) as problem:
        raise Refused("R405", detail=containers.first_line(problem)) from problem
    if (allowed := job.get("tables")) is not None:
        known = {name.casefold() for name in allowed}
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
            elif job["kind"] == "kml":  # its placemarks are counted over all layers
                told = pyogrio.read_info(path, layer=which, force_feature_count=True)
                others.append({"name": name, "rows": told["features"]})
        except DataSourceError as problem:
            raise Refused("R405", detail=containers.first_line(problem)) from problem
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
            self.first = containers.first_line(words)


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
                place = _geometry_place(schema) if kind is not None else None
                if len(schema.names) > MOST_FIELDS:
                    raise Refused("R444", measured=len(schema.names), limit=MOST_FIELDS)
                schema, casts = _plain(schema, place)
                words = [n for k, n in enumerate(schema.names) if k != place] or False
                writer = pq.ParquetWriter(
                    out, schema, compression="none", use_dictionary=words, write_statistics=False
                )
                groups = _groups(errors.listen(reader), schema, casts)
                rows, curved = _pour(groups, writer, place)
            said = [containers.first_line(str(w.message)) for w in heard]
    except (OSError, pa.ArrowException) as problem:  # the stream broke off
        if getattr(problem, "errno", None):  # of our own disk
            raise
        raise Refused("R405", detail=f"{name}：{containers.first_line(problem)}") from problem
    finally:
        if writer is not None:
            writer.close()
    if curved:
        _straighten(pyogrio, path, which, out, options)
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


def _straighten(
    pyogrio: Any, path: str, which: int | str, out: Path, options: dict[str, str]
) -> None:
    """Write the layer again with its curves as chords, which the other way of reading makes."""
    import warnings

    import pyarrow as pa
    import pyarrow.parquet as pq

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shapes = pyogrio.raw.read(path, layer=which, columns=[], **options)[2]
    table = pq.read_table(out)
    if len(shapes) != table.num_rows:
        raise Refused("R415", measured=len(shapes), limit=table.num_rows, detail=str(which))
    place = table.schema.get_field_index("geometry")
    table = table.set_column(place, "geometry", pa.array(list(shapes), type=pa.binary()))
    pq.write_table(table, out, compression="none")


def _geometry_place(schema: Any) -> int | None:
    for i, field in enumerate(schema):
        told = (field.metadata or {}).get(b"ARROW:extension:name", b"")
        if b"wkb" in told or str(field.type).startswith("extension<geoarrow.wkb"):
            return i
    for i, field in enumerate(schema):
        if field.name in {"wkb_geometry", "geometry", "geom", "SHAPE"}:
            return i
    return None


def _plain(schema: Any, place: int | None) -> tuple[Any, list[Any]]:
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
        raise Refused("R203", detail=f"{name}: {containers.first_line(problem)}") from problem
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


def read_parquet(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Read GeoParquet with Arrow."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(job["path"], page_checksum_verification=True) as source:
            meta = source.schema_arrow.metadata or {}
            told = json.loads(meta[b"geo"]) if b"geo" in meta else {}
            primary = told.get("primary_column")
            entry = (told.get("columns") or {}).get(primary) or {}
            if primary is not None and entry.get("encoding") != "WKB":
                told = entry.get("encoding")
                raise Refused("R403", detail=f"GeoParquet: {told!r}；只读 WKB only WKB is read")
            crs = entry.get("crs", "OGC:CRS84") if primary else None
            place = source.schema_arrow.get_field_index(primary) if primary else None
            if primary is None:
                _no_hidden_shapes(source.schema_arrow)
            names = [n for n in source.schema_arrow.names if n != primary]
            types = [str(f.type) for f in source.schema_arrow if f.name != primary]
            schema, casts = _plain(source.schema_arrow, place)
            file = out / "layer-0.parquet"
            rows = weight = 0
            told_rows = source.metadata.num_rows
            groups = (source.metadata.row_group(k).num_rows for k in range(source.num_row_groups))
            if (there := sum(groups)) != told_rows:
                raise Refused("R415", measured=there, limit=told_rows, detail="row groups")
            _see_that_it_fits(source.metadata, job["most_bytes"])
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
    except (pa.ArrowException, OSError, ValueError, KeyError, AttributeError, TypeError) as problem:
        raise Refused("R405", detail=containers.first_line(problem)) from problem
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


def _see_that_it_fits(told: Any, most: int) -> None:
    """Refuse a table that says of itself that it is too large, before it is unpacked."""
    groups = [told.row_group(k) for k in range(told.num_row_groups)]
    sizes = [g.column(c).total_uncompressed_size for g in groups for c in range(g.num_columns)]
    weight = max(sum(sizes), told.num_rows * LEAST_ROW)
    if weight > most:
        raise Refused("R444", measured=weight, limit=most)


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


# --- the job ---------------------------------------------------------------------------------------


def _set_options(kind: str, facts: dict[str, Any]) -> None:
    import pyogrio

    if kind == "kml":  # the frame of a picture is no land
        pyogrio.set_gdal_config_options({"LIBKML_READ_GROUND_OVERLAY": "NO"})
    if facts.get("bare"):
        pyogrio.set_gdal_config_options({"OGR_FLATGEOBUF_STREAM_BASE_IMPL": "YES"})


def _read_package(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Read a GeoPackage while its pages are checked."""
    from concurrent.futures import ThreadPoolExecutor

    look = _look_of("gpkg")
    facts: dict[str, Any] = look.look(Path(job["path"]))
    with ThreadPoolExecutor(1) as beside:
        checked = beside.submit(look.check_pages, Path(job["path"]))
        try:
            facts |= read_with_gdal({**job, "tables": facts["tables"]}, out)
        finally:
            checked.result()
    return facts


def _read_geodatabase(job: dict[str, Any], out: Path) -> dict[str, Any]:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    look = _look_of("gdb")
    tables = look.look(Path(job["path"]))
    facts = read_with_gdal(job, out)
    try:
        _, numbers, _, (names, *_) = pyogrio.raw.read(
            job["path"], layer="GDB_SystemCatalog", columns=["Name"],
            read_geometry=False, return_fids=True,
        )  # fmt: skip
    except (DataLayerError, DataSourceError, UnicodeDecodeError, ValueError) as problem:
        raise Refused("R405", detail=containers.first_line(problem)) from problem
    catalogue = list(zip(numbers.tolist(), map(str, names), strict=True))
    listed = [entry["name"] for entry in facts["listed"]]
    stated, left = look.tables_by_layer(tables, catalogue, listed)
    return facts | {"stated": stated, "left_out": left}


def _read_drawing(job: dict[str, Any], out: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    look = _look_of("dxf")
    records = look.look(Path(job["path"]))
    facts = read_with_gdal(job, out)
    found = []
    for layer in facts["layers"]:
        if layer["name"] == "entities":
            table = pq.read_table(out / layer["file"], columns=["EntityHandle", "SubClasses"])
            columns = [table.column(name).to_pylist() for name in table.column_names]
            found = look.hold_records(records, *columns, layer["error"])
    return facts | {"findings": found}


def work(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Do the job: look first, read, and hold what was read against what was seen."""
    kind, path = job["kind"], Path(job["path"])
    if kind == "xlsx":
        return {"sheets": _look_of("xlsx").read(path, out)}
    special = {"gpkg": _read_package, "gdb": _read_geodatabase, "dxf": _read_drawing}
    if kind == "parquet":
        facts = read_parquet(job, out)
    elif kind in special:
        facts = special[kind](job, out)
    else:
        look = _look_of(kind)
        facts = {} if look is None else look.look(path)
        _set_options(kind, facts)
        facts |= read_with_gdal(job, out)
    found = facts.setdefault("findings", [])
    found += containers.hold([*facts["layers"], *facts.get("others", [])], facts.get("stated", []))
    if left := facts.get("left_out"):
        found.append({"rule": "R417", "detail": "、".join(left)[:300]})
    return facts


def main() -> int:
    """Do one job and leave ``facts.json``; the answer of the process says how it went."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    out = Path(job["out"])
    landlock, runs = _beside("landlock"), _beside("runs", _HERE.parents[1])
    first = next((k for k, entry in enumerate(sys.path) if "-packages" in entry), len(sys.path))
    sys.path[first:first] = job.get("packages", [])
    shut = landlock.limit(*(int(job[k]) for k in ("memory_bytes", "seconds", "most_bytes")))
    try:
        try:
            get_ready(job)
        except ImportError as problem:
            raise Refused("R450", detail=containers.first_line(problem)) from problem
        (out / "ready").touch()
        shut.append(landlock.shut_folders(Path(job["work"]), landlock.needed_folders()))
        if job.get("waits"):
            if not os.read(0, 1):
                return 0  # nobody wants to know any more
            runs.end_with_parent()
        answer = {"doors": shut} | work(job, out)
    except Refused as verdict:
        answer = {"refused": verdict.rule, "words": verdict.words}
    except UnicodeDecodeError as problem:  # in a name or a message, from anywhere in GDAL
        answer = {"refused": "R405", "words": {"detail": containers.first_line(problem)}}
    except MemoryError:
        answer = {"refused": "R442", "words": {}}
    (out / "facts.json").write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

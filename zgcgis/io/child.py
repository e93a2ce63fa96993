"""The reader that meets foreign files: a process of its own, with nothing to lose.

This file is a script, not a module of the package: :mod:`zgcgis.io.guard` starts it with one
argument, a JSON job, in a temporary folder that holds copies of the input. It has no network,
bounded memory and time, and one GDAL driver. It leaves GeoParquet and ``facts.json``; only those
are read by the parent.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST_LAYERS = 200
MOST_FIELDS = 2000
MOST_DEPTH = 100
BATCH = 8_192
GROUP = 65_536
WHOLE_JSON_BYTES = 48 << 20


class Refused(Exception):  # noqa: N818 - it is a verdict, not an error
    """A verdict of the child: the code of a rule and the words that go into its sentence."""

    def __init__(self, rule: str, **words: Any) -> None:
        super().__init__(rule)
        self.rule = rule
        self.words = words


# --- the cell ------------------------------------------------------------------------------------


def _doors() -> Any:
    """Return the module beside this script that shuts the doors; there is no package here."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("doors", Path(__file__).with_name("doors.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def get_ready(job: dict[str, Any]) -> None:
    """Load what the job needs, before the folders are shut and the input is looked at."""
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
    extra = there - {job["driver"]}
    if extra:
        if job.get("again"):
            raise Refused("R440", detail=f"drivers {sorted(extra)[:3]}")
        _start_again(job, extra)
    if job["driver"] not in there:
        raise Refused("R440", detail=f"driver {job['driver']} is not built in")


# --- looking at text formats before GDAL does ----------------------------------------------------

_CRS_KEY = re.compile(rb'"(?:c|\\u0063)(?:r|\\u0072)(?:s|\\u0073)"\s*:', re.IGNORECASE)
_CRS_NAME = re.compile(
    r"^(urn:ogc:def:crs:[A-Za-z]+:[\w.]*:\w+|(EPSG|OGC|CRS|ESRI):\w+)$", re.IGNORECASE
)
_TYPES = {
    "FeatureCollection", "Feature", "Point", "MultiPoint", "LineString", "MultiLineString",
    "Polygon", "MultiPolygon", "GeometryCollection",
}  # fmt: skip


def look_at_json(path: Path) -> dict[str, Any]:
    """Check a GeoJSON text without GDAL: whole, not deep, no reference to elsewhere."""
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Refused("R203", detail=f"UTF-8, byte {problem.start}") from problem
    _json_shape(content)
    for found in _CRS_KEY.finditer(content):
        text = content[found.end() : found.end() + 4096].decode("utf-8", "replace").lstrip()
        try:
            value, _ = json.JSONDecoder().raw_decode(text)
        except ValueError:
            value = text[:80]
        if isinstance(value, dict) and "type" in value:
            name = (value.get("properties") or {}) if value.get("type") == "name" else {}
            name = name.get("name") if isinstance(name, dict) else None
            if value["type"] != "name" or not isinstance(name, str):
                raise Refused("R431", detail=json.dumps(value, ensure_ascii=False)[:120])
            if not _CRS_NAME.match(name):
                raise Refused("R431" if "/" in name else "R102", detail=name[:120])
    facts: dict[str, Any] = {}
    if len(content) > WHOLE_JSON_BYTES:
        if b'"coordinates"' not in content[: 1 << 22]:
            raise Refused("R403", detail="no coordinates")
        return facts
    try:
        data = json.loads(content)
    except RecursionError as problem:
        raise Refused("R433", limit=MOST_DEPTH) from problem
    except ValueError as problem:
        raise Refused("R405", detail=str(problem)) from problem
    if not isinstance(data, dict) or data.get("type") not in _TYPES:
        kind = data.get("type") if isinstance(data, dict) else type(data).__name__
        raise Refused("R403", detail=f"JSON type {str(kind)[:40]!r}")
    if data["type"] == "FeatureCollection":
        features = data.get("features")
        if not isinstance(features, list):
            raise Refused("R405", detail="features")
        facts["stated_count"] = len(features)
        facts |= _json_values(features)
        if any(not isinstance(f, dict) or f.get("type") != "Feature" for f in features):
            raise Refused("R405", detail="features: not all are of type Feature")
    return facts


def _json_values(features: list[Any]) -> dict[str, Any]:
    kinds: dict[str, set[str]] = {}
    long: dict[str, str] = {}
    for feature in features:
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            continue
        for name, value in properties.items():
            if value is None:
                continue
            kind = "number" if isinstance(value, int | float) else type(value).__name__
            kind = "bool" if isinstance(value, bool) else kind
            kinds.setdefault(name, set()).add(kind)
            if isinstance(value, int) and abs(value) >= 1 << 53:
                long.setdefault(name, str(value))
    mixed = {name: sorted(found) for name, found in kinds.items() if len(found) > 1}
    return {"mixed": mixed, "long_numbers": long}


def _json_shape(content: bytes) -> None:
    """Refuse text that nests too deep or does not end where it should."""
    import numpy as np

    if b"\\" in content:
        content = re.sub(rb"\\.", b"__", content, flags=re.DOTALL)
    depth, inside, closed = 0, False, False
    for start in range(0, len(content), 1 << 24):
        block = np.frombuffer(content[start : start + (1 << 24)], dtype="uint8")
        within = np.logical_xor.accumulate(block == 0x22) ^ inside
        inside = bool(within[-1])
        opening = ((block == 0x7B) | (block == 0x5B)) & ~within
        closing = ((block == 0x7D) | (block == 0x5D)) & ~within
        levels = depth + np.cumsum(opening.astype("int32") - closing.astype("int32"))
        if levels.max() > MOST_DEPTH:
            raise Refused("R433", measured=int(levels.max()), limit=MOST_DEPTH)
        depth = int(levels[-1])
        closed = depth == 0 and not inside
    if not closed:
        raise Refused("R405", detail="JSON")


def look_at_xml(path: Path) -> dict[str, Any]:
    """Check an XML text without GDAL: well formed, no DOCTYPE, no link to elsewhere."""
    from xml.parsers import expat

    depth = 0
    links: list[str] = []
    state = {"network_link": 0}
    places = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, places
        depth += 1
        if depth > MOST_DEPTH:
            raise Refused("R433", measured=depth, limit=MOST_DEPTH)
        local = name.rsplit(":", 1)[-1]
        if local in {"NetworkLink", "NetworkLinkControl"}:
            state["network_link"] += 1
        if local == "Placemark":
            places += 1
        if local == "include" or any(k.rsplit(":", 1)[-1] == "include" for k in attributes):
            links.append(local)

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    def doctype(*_: Any) -> None:
        raise Refused("R432")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = doctype
    try:
        with path.open("rb") as stream:
            parser.ParseFile(stream)
    except expat.ExpatError as problem:
        raise Refused("R405", detail=f"XML: {problem}") from problem
    if state["network_link"] or links:
        raise Refused("R431", detail="NetworkLink" if state["network_link"] else links[0])
    return {"placemarks": places}


# --- databases -----------------------------------------------------------------------------------

_OWN_TRIGGER = re.compile(
    r"^(rtree_|trigger_(insert|delete|update)_feature_count_|gpkg_|trg_|fki_|ggi_|ggu_|gii_|giu_)",
    re.IGNORECASE,
)


_OF_PROGRAMS = {"layer_styles", "qgis_projects"}


def look_at_gpkg(path: Path) -> dict[str, Any]:
    """List what a GeoPackage holds besides tables, without running any of it."""
    import sqlite3
    from urllib.parse import quote

    with path.open("rb") as stream:
        header = stream.read(100)
    page = int.from_bytes(header[16:18], "big")
    page = 65_536 if page == 1 else page
    pages = int.from_bytes(header[28:32], "big")
    size = path.stat().st_size
    beside = any(path.with_name(path.name + end).exists() for end in ("-wal", "-journal"))
    if (page < 512 or page & (page - 1)) or (pages * page > size and not beside):
        raise Refused("R405", detail=f"{size} < {pages * page}")
    try:
        base = sqlite3.connect(f"file:{quote(str(path))}?mode={'rw' if beside else 'ro'}", uri=True)
        with contextlib.closing(base):
            base.execute("PRAGMA trusted_schema=OFF")
            if size <= 64 << 20:
                answer = base.execute("PRAGMA quick_check(1)").fetchone()[0]
                if answer != "ok":
                    raise Refused("R405", detail=str(answer)[:200])
            objects = base.execute("SELECT type, name FROM sqlite_master").fetchall()
            tables = {name for kind, name in objects if kind == "table"}
            contents = base.execute("SELECT table_name, data_type FROM gpkg_contents").fetchall()
            srs = {}
            with contextlib.suppress(sqlite3.Error):
                srs = dict(
                    base.execute("SELECT table_name, srs_id FROM gpkg_geometry_columns").fetchall()
                )
    except sqlite3.Error as problem:
        missing = "no such table: gpkg_contents" in str(problem)
        raise Refused("R403" if missing else "R405", detail=str(problem)) from problem
    return {
        "triggers": [n for k, n in objects if k == "trigger" and not _OWN_TRIGGER.match(str(n))],
        "views": [n for k, n in objects if k == "view"],
        "tables": [
            str(n)
            for n, kind in contents
            if n in tables and kind in ("features", "attributes") and n not in _OF_PROGRAMS
        ],
        "not_read": [str(n) for n, _ in contents if n not in tables],
        "srs": {str(k): v for k, v in srs.items()},
    }


# --- reading -------------------------------------------------------------------------------------


def read_with_gdal(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Read every layer asked for with the one driver that is there."""
    import pyogrio
    from pyogrio.errors import DataSourceError

    path = job["path"]
    options = {"LIST_ALL_TABLES": "NO"} if job["driver"] == "GPKG" else {}
    try:
        listed = [
            (str(name), None if kind is None else str(kind))
            for name, kind in pyogrio.list_layers(path)
        ]
    except DataSourceError as problem:
        raise Refused("R405", detail=_first_line(problem)) from problem
    if (allowed := job.get("tables")) is not None:
        listed = [(name, kind) for name, kind in listed if name in set(allowed)]
    facts: dict[str, Any] = {"listed": [{"name": n, "type": k} for n, k in listed]}
    wanted = job.get("layer")
    layers = []
    for number, (name, kind) in enumerate(listed[:MOST_LAYERS]):
        if wanted is not None and name != wanted:
            continue
        try:
            layers.append(
                _read_layer(pyogrio, path, name, kind, out / f"layer-{number}.parquet", options)
            )
        except DataSourceError as problem:
            raise Refused("R405", detail=_first_line(problem)) from problem
        except UnicodeDecodeError as problem:
            raise Refused("R203", detail=f"{name}: byte {problem.start}") from problem
    facts["layers"] = layers
    return facts


def _first_line(problem: Exception) -> str:
    text = str(problem).replace(str(Path.cwd()) + os.sep, "").strip()
    return text.splitlines()[0][:200] if text else type(problem).__name__


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
    name: str,
    kind: str | None,
    out: Path,
    options: dict[str, str],
) -> dict[str, Any]:
    import warnings
    from concurrent.futures import ThreadPoolExecutor

    import pyarrow.parquet as pq

    said: list[str] = []
    rows = curved = 0
    writer = None
    try:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            with pyogrio.raw.open_arrow(
                path,
                layer=name,
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
                with ThreadPoolExecutor(1) as beside:  # one group is written while one is read
                    written = None
                    for group in _groups(reader, schema, casts):
                        if place is not None:
                            curved += sum(map(_curves, group.column(place).chunks))
                        rows += group.num_rows
                        if written is not None:
                            written.result()
                        written = beside.submit(writer.write_table, group)
                    if written is not None:
                        written.result()
            said = [str(w.message)[:200] for w in heard]
    finally:
        if writer is not None:
            writer.close()
    if curved:
        _straighten(pyogrio, path, name, out, options)
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
    }


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


def _straighten(pyogrio: Any, path: str, name: str, out: Path, options: dict[str, str]) -> None:
    """Write the layer again with its curves as chords, which the other way of reading makes."""
    import warnings

    import pyarrow as pa
    import pyarrow.parquet as pq

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shapes = pyogrio.raw.read(path, layer=name, columns=[], **options)[2]
    table = pq.read_table(out)
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
            casts.append(lambda array: array)
    return pa.schema(fields), casts


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


def _start_again(job: dict[str, Any], extra: set[str]) -> None:
    """Start over without drivers that the table of known ones lacks (a newer GDAL)."""
    import subprocess

    job = {**job, "again": True}
    Path("again.json").write_text(json.dumps(job), encoding="utf-8")
    environment = dict(os.environ)
    environment["OGR_SKIP"] = ",".join([environment.get("OGR_SKIP", ""), *sorted(extra)])
    done = subprocess.run(  # noqa: S603 - ourselves again
        [sys.executable, "-I", "-X", "utf8", __file__, "again.json"], env=environment, check=False
    )
    sys.exit(done.returncode)


def read_parquet(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Read GeoParquet with Arrow."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(job["path"]) as source:
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
        raise Refused("R405", detail=_first_line(problem)) from problem
    name = Path(job["path"]).stem
    return {
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


# --- workbooks -----------------------------------------------------------------------------------


def read_workbook(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Read the sheets of a workbook as text tables, with what is odd about their cells."""
    import datetime as dt
    import zipfile

    with zipfile.ZipFile(job["path"]) as archive:
        for member in archive.infolist():
            if member.filename.endswith((".xml", ".rels")):
                with archive.open(member) as stream:
                    head = stream.read(1 << 16)
                if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                    raise Refused("R432")
                if b"<\x00!\x00" in head:
                    raise Refused("R432")
    import warnings

    import openpyxl

    warnings.simplefilter("ignore")
    try:
        values = openpyxl.load_workbook(job["path"], data_only=True, read_only=False)
        formulas = openpyxl.load_workbook(job["path"], data_only=False, read_only=False)
    except Refused:
        raise
    except MemoryError:
        raise
    except Exception as problem:
        raise Refused("R405", detail=f"XLSX: {_first_line(problem)}") from problem
    sheets = []
    for number, sheet in enumerate(values.worksheets[:MOST_LAYERS]):
        twin = formulas[sheet.title]
        unset: list[str] = []
        errors: list[str] = []
        rows: list[list[str | None]] = []
        long: list[str] = []
        others = twin._cells
        for cells in _rows_of(sheet):
            row: list[str | None] = []
            for cell in cells:
                if cell is None:
                    row.append(None)
                    continue
                other = others[cell.row, cell.column]
                value = cell.value
                if other.data_type == "f" and value is None:
                    unset.append(cell.coordinate)
                if cell.data_type == "e":
                    errors.append(cell.coordinate)
                    value = None
                if isinstance(value, bool):
                    row.append("true" if value else "false")
                elif isinstance(value, int):
                    if abs(value) >= 10**15:
                        long.append(cell.coordinate)
                    row.append(str(value))
                elif isinstance(value, float):
                    if value.is_integer() and abs(value) >= 10**15:
                        long.append(cell.coordinate)
                    whole = value.is_integer() and abs(value) < 10**18
                    row.append(str(int(value)) if whole else repr(value))
                elif isinstance(value, dt.datetime):
                    row.append(
                        value.date().isoformat()
                        if value.time() == dt.time()
                        else value.isoformat(" ")
                    )
                elif isinstance(value, dt.date):
                    row.append(value.isoformat())
                else:
                    row.append(None if value is None else str(value))
            rows.append(row)
        told = {
            "name": sheet.title,
            "hidden": sheet.sheet_state != "visible",
            "merged": [str(r) for r in sheet.merged_cells.ranges][:50],
            "unset_formulas": unset[:1000],
            "errors": errors[:1000],
            "long": long[:1000],
            "hidden_rows": sum(1 for d in sheet.row_dimensions.values() if d.hidden),
            "rows": rows,
        }
        file = out / f"sheet-{number}.json"
        file.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        sheets.append({"name": sheet.title, "file": file.name})
    return {"sheets": sheets}


def _rows_of(sheet: Any) -> Iterator[list[Any]]:
    """Yield the cells of each row, None where there is none; an empty row costs nothing.

    The sheet's own way makes a cell for each place, and a sheet may claim a million rows.
    """
    there: dict[int, dict[int, Any]] = {}
    for (row, column), cell in sheet._cells.items():
        there.setdefault(row, {})[column] = cell
    width = min(MOST_FIELDS + 1, max((max(cells) for cells in there.values()), default=0))
    for row in range(1, max(there, default=0) + 1):
        cells = there.get(row)
        yield [] if cells is None else [cells.get(c) for c in range(1, width + 1)]


def work(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Do the job: look first, then read."""
    path = Path(job["path"])
    kind = job["kind"]
    facts: dict[str, Any] = {}
    if kind == "geojson":
        facts |= look_at_json(path)
    elif kind == "kml":
        facts |= look_at_xml(path)
    elif kind == "gpkg":
        facts |= look_at_gpkg(path)
        job = {**job, "tables": facts["tables"]}
    if kind == "xlsx":
        return facts | read_workbook(job, out)
    if kind == "parquet":
        return facts | read_parquet(job, out)
    return facts | read_with_gdal(job, out)


def main() -> int:
    """Do one job and leave ``facts.json``; the answer of the process says how it went."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    out = Path(job["out"])
    doors = _doors()
    shut = doors.limit(*(int(job[k]) for k in ("memory_bytes", "seconds", "most_bytes")))
    try:
        get_ready(job)
        shut.append(doors.shut_folders(Path(job["work"]), doors.needed_folders()))
        if job.get("waits") and not os.read(0, 1):
            return 0  # nobody wants to know any more
        answer = {"doors": shut} | work(job, out)
    except Refused as verdict:
        answer = {"refused": verdict.rule, "words": verdict.words}
    except MemoryError:
        answer = {"refused": "R442", "words": {}}
    (out / "facts.json").write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

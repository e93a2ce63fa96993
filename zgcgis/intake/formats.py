"""The formats that are read: one record each, how its files look, and how they become layers.

To add one, add its record to :data:`FORMATS`, with a function for its first bytes if none here
will do. What is read with GDAL needs no more: its features are counted in a second pass. A module
of :mod:`zgcgis.intake.sandbox.containers` that counts them without GDAL can be named in it.
"""

from __future__ import annotations

import codecs
import re
import struct
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from .encoding import codec_of, decode_bytes
from .layer import Layer, Options, Source
from .log import Finding, Log, Refusal
from .sandbox.archive import FREE_UNPACKED, MOST_MEMBERS, MOST_RATIO
from .sandbox.corners import Plot, is_corners, read_corners, vct
from .sandbox.drawn import with_sheets_joined
from .sandbox.format import LARGE, Format, Formats, Staged
from .sandbox.process import Reader, free, run_child, shapes_left
from .sandbox.shapefile import index_shapes, read_dbf
from .tabular import read_csv, read_workbook
from .texts import names_in_ascii, with_names_said

__all__ = ["BY_SUFFIX", "FORMATS", "reader_of"]

LARGE_TEXT = 1 << 30
MOST_LINE = 64 << 20
_ODD_NAME = re.compile(r"""["'`;<>{}\x00-\x1f\\]|--|\.\./""")
_SIGN = re.compile(r"\\[Uu]\+([0-9A-Fa-f]{4})")
_OF_KML = {"tessellate", "extrude", "visibility", "drawOrder", "altitudeMode", "icon"}

# --- how files look -------------------------------------------------------------------------------


def _refuse_references(head: bytes) -> None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:2048].lower()
    for mark, name in (
        (b"<ogrvrt", "VRT"),
        (b"<vrtdataset", "VRT"),
        (b"gdal_streamed_alg", "GDALG"),
        (b"<wfs", "WFS"),
        (b"<gdal_wms", "WMS"),
    ):
        if mark in text:
            raise Refusal("R430", detail=name)
    if text.startswith((b"<!doctype html", b"<html")):  # elsewhere it is the text of a popup
        raise Refusal("R403", detail="HTML")


def _look_shapefile(_: Staged, head: bytes, __: str | None) -> None:
    _refuse_references(head)
    if len(head) < 100:
        raise Refusal("R405", detail=f".shp {len(head)} bytes")
    if struct.unpack(">i", head[:4])[0] != 9994:
        raise Refusal("R403", detail=".shp")


def _look_gpkg(_: Staged, head: bytes, __: str | None) -> None:
    _refuse_references(head)
    if not head.startswith(b"SQLite format 3\x00"):
        raise Refusal("R403", detail=".gpkg")
    if len(head) < 100:
        raise Refusal("R405", detail=".gpkg")


def _look_geojson(staged: Staged, head: bytes, encoding: str | None) -> None:
    _refuse_references(head)
    for mark, name in (
        (b"SQLite format 3", "SQLite"),
        (b"PK\x03\x04", "ZIP"),
        (b"PAR1", "Parquet"),
    ):
        if head.startswith(mark):
            raise Refusal("R403", detail=f"{staged.path.suffix} ← {name}")
    _to_utf8(staged, head, encoding)
    with staged.path.open("rb") as stream:
        start = stream.read(4096).lstrip(b" \t\r\n\x1e")
    if not start.startswith(b"{"):
        raise Refusal("R403", detail=start[:20].decode("utf-8", "replace"))
    if b'"FeatureCollection"' not in start:
        _gather_lines(staged)


def _gather_lines(staged: Staged) -> None:
    """Make one collection of GeoJSON that stands line by line, or record by record (RFC 8142)."""
    gathered = staged.path.with_name("gathered.json")
    with staged.path.open("rb") as stream:
        marked = stream.read(1) == b"\x1e"
        stream.seek(0)
        lines = (
            line.replace(b"\x1e", b"").strip()
            for line in iter(lambda: stream.readline(MOST_LINE), b"")
        )
        first = next((line for line in lines if line), b"")
        second = next((line for line in lines if line), b"")
        if not marked and not (
            _FEATURE.match(first)
            and first.endswith(b"}")
            and _FEATURE.match(second)
            and second.endswith(b"}")
        ):
            return
        stream.seek(0)
        count, ended = _gather(stream, gathered, marked=marked)
    gathered.replace(staged.path)
    staged.add("R414", measured=count)
    if not ended:
        staged.add("R429", measured=count)


def _gather(stream: BinaryIO, target: Path, *, marked: bool) -> tuple[int, bool]:
    """Write a sequence as one collection, line by line; say how many, and if the last is ended."""
    count, line = 0, b""
    with target.open("wb") as sink:
        sink.write(b'{"type":"FeatureCollection","features":[')
        for line in stream:
            begins = line.startswith(b"\x1e") if marked else bool(line.strip())
            if begins:
                sink.write(b"," if count else b"")
                count += 1
            sink.write(line.replace(b"\x1e", b""))
        sink.write(b"]}")
    return count, line.endswith((b"\n", b"\r"))


_FEATURE = re.compile(rb"""^\{.*"type"\s*:\s*"Feature"\s*[,}]""", re.DOTALL)
_XML_CODEC = re.compile(r"""^<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["'][^>]*\?>""")


def _look_kml(staged: Staged, head: bytes, encoding: str | None) -> None:
    _refuse_references(head)
    told = _XML_CODEC.match(head[:200].decode("latin-1").lstrip("\ufeffï»¿"))
    codec = codec_of(told[1] if told else None)
    if encoding is None and codec not in {None, "utf-8", "utf-16"}:
        encoding = codec
    _to_utf8(staged, head, encoding)
    content = staged.path.read_bytes()
    text = content[:4096].decode("utf-8", "replace").lstrip()
    if not text.startswith("<") or "kml" not in text.lower():
        raise Refusal("R403", detail=".kml")
    if _XML_CODEC.match(text):
        end = content.index(b"?>", content.index(b"<?xml")) + 2
        content = b'<?xml version="1.0" encoding="UTF-8"?>' + content[end:]
    staged.path.write_bytes(names_in_ascii(content))


def _to_utf8(staged: Staged, head: bytes, encoding: str | None) -> None:
    """Make the copy UTF-8 without a mark; say so if that was not what it was."""
    marked = head.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if encoding is None and not marked and _is_utf8(staged.path):
        return
    if staged.path.stat().st_size > LARGE_TEXT:
        raise Refusal("R203", detail="UTF-8")
    answer = decode_bytes(staged.path.read_bytes(), forced=encoding)
    if answer is None:
        raise Refusal("R203", detail=encoding or "UTF-8, GB 18030")
    text, found = answer
    staged.path.write_bytes(text.encode("utf-8", "surrogatepass"))
    if found.rule is not None:
        staged.add("R202", other="UTF-8", detail=f"{found.name} ({found.evidence})")


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        try:
            while block := stream.read(1 << 24):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _look_dxf(staged: Staged, head: bytes, _: str | None) -> None:
    _refuse_references(head)
    if head.startswith(b"AutoCAD Binary DXF"):
        raise Refusal("R403", detail="二进制 DXF binary DXF")
    if head.startswith(b"AC10"):
        raise Refusal("R403", detail="DWG")
    start = head.lstrip(codecs.BOM_UTF8).lstrip()
    if not re.match(rb"(999\s|0\s*\r?\n\s*SECTION)", start):
        raise Refusal("R403", detail=".dxf")
    with staged.path.open("rb") as stream:
        stream.seek(max(0, staged.path.stat().st_size - 64))
        if not re.search(rb"\n\s*EOF\s*$", stream.read()):
            raise Refusal("R405", detail="DXF: EOF")


def _look_fgb(_: Staged, head: bytes, __: str | None) -> None:
    _refuse_references(head)
    if head[:3] != b"fgb" or head[4:7] != b"fgb":
        raise Refusal("R403", detail=".fgb")


def _look_parquet(staged: Staged, head: bytes, _: str | None) -> None:
    _refuse_references(head)
    if not head.startswith(b"PAR1"):
        raise Refusal("R403", detail=".parquet")
    with staged.path.open("rb") as stream:
        stream.seek(max(0, staged.path.stat().st_size - 4))
        if stream.read() != b"PAR1":
            raise Refusal("R405", detail="Parquet")


def _look_csv(staged: Staged, head: bytes, _: str | None) -> None:
    _refuse_references(head)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"SQLite format 3", b"%PDF")):
        raise Refusal("R403", detail=staged.path.suffix)
    if b"\x00" in head and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Refusal("R403", detail=staged.path.suffix)


def _look_xlsx(staged: Staged, head: bytes, _: str | None) -> None:
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refusal("R403", detail="旧版或加密的 Excel，请另存为 .xlsx old or encrypted Excel")
    if not head.startswith(b"PK\x03\x04"):
        raise Refusal("R403", detail=".xlsx")
    try:
        with zipfile.ZipFile(staged.path) as archive:
            members = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise Refusal("R403", detail=".xlsx")
            if len(members) > MOST_MEMBERS:
                raise Refusal("R444", measured=len(members), limit=MOST_MEMBERS)
            total = sum(m.file_size for m in members)
            if total > max(FREE_UNPACKED, MOST_RATIO * staged.size):
                raise Refusal("R423", detail=f"{total:,} bytes")
            if any(m.flag_bits & 1 for m in members):
                raise Refusal("R422")
    except (zipfile.BadZipFile, struct.error, NotImplementedError) as problem:
        raise Refusal("R405", detail=f"XLSX: {problem}") from problem
    except ValueError as problem:
        if isinstance(problem, Refusal):
            raise
        raise Refusal("R405", detail=f"XLSX: {problem}") from problem


def _look_nowhere(_: Staged, __: bytes, ___: str | None) -> None:
    """Leave a folder to the child: no file of it is the first."""


# --- how they are read ---------------------------------------------------------------------------


def reader_of(form: Format, path: Path, work: Path, options: Options, *, size: int) -> Reader:
    """Start the child that reads a file of a format; it gets ready, and waits to be asked."""
    layer = options.layer if form.by_layer else None
    return Reader(form, path, work, size=size, layer=layer, encoding=options.encoding)


def read_layers(one: Staged, work: Path, options: Options) -> list[Layer]:
    """Read every layer asked for of a file that the child reads."""
    reader = one.reader or reader_of(one.format, one.path, work, options, size=one.size)
    facts = reader.facts()
    free(one.path)
    names = [str(entry["name"]) for entry in facts["listed"]]
    odd = [*facts.get("triggers", []), *facts.get("views", []), *facts.get("not_read", [])]
    if odd:
        one.add("R435", detail="、".join(str(n)[:40] for n in dict.fromkeys(odd))[:200])
    for found in facts.get("findings", []):
        one.add(**found)
    if strange := [name for name in names if _ODD_NAME.search(name)]:
        one.add("R436", detail="、".join(repr(n)[:60] for n in strange[:5]))
    layers = [_layer(one, facts, entry, options) for entry in facts["layers"]]
    if options.layer is not None and not layers:
        raise Refusal("R413", other=options.layer, detail="、".join(names[:20]))
    if not layers:
        raise Refusal("R412", detail="没有图层 no layers")
    return layers


def _layer(one: Staged, facts: dict[str, Any], entry: dict[str, Any], options: Options) -> Layer:
    """Make a layer of what the child left of it."""
    path = facts["folder"] / entry["file"]
    shaped = entry["geometry_column"] is not None
    names = [name for name in pq.read_schema(path).names if not shaped or name != "geometry"]
    table = pq.read_table(path, columns=names, memory_map=False, pre_buffer=False)
    frame = table.to_pandas(split_blocks=True, self_destruct=True)
    del table
    shapes, closed, said = shapes_left(path) if shaped else (None, None, [])
    if entry.get("curved"):
        said.append(Finding("R310", None, {"measured": entry["curved"]}))
    if odd := [c for c in map(str, frame.columns) if _ODD_NAME.search(c)]:
        said.append(Finding("R436", None, {"detail": "、".join(map(repr, odd[:5]))[:200]}))
    for column, kinds in facts.get("mixed", {}).items():
        said.append(Finding("R516", None, {"other": column, "detail": "、".join(kinds)}))
    for column, sample in facts.get("long_numbers", {}).items():
        if column in frame and pd.api.types.is_float_dtype(frame[column]):
            said.append(Finding("R504", None, {"other": column, "detail": sample}))
    srs = facts.get("srs", {}).get(entry["name"])
    return Layer(
        str(entry["name"]) if one.format.by_layer else _name(one, entry["name"]),
        frame,
        shapes,
        _log(len(frame), said, options),
        closed=closed,
        source=Source(
            file=one.source.stem,
            encoding=entry["encoding"],
            types=dict(zip(entry["fields"], entry["types"], strict=False)),
            geometry_type=entry["geometry_type"],
            crs=None if srs in {0, -1} else entry["crs"],
            reader_said=tuple(entry["warnings"]),
            table=not shaped,
        ),
    )


def _name(one: Staged, name: str) -> str:
    """Return the name of a layer; where the reader took that of the copy, the name of the file."""
    return one.name if name in {"data", "OGRGeoJSON", ""} else name


def _read_kml(one: Staged, work: Path, options: Options) -> list[Layer]:
    """Read without what the format has by default: it says nothing of the land.

    Folders are no layers: they sort what is in one. Their names become a column.
    """
    layers = [
        replace(
            layer,
            name=_name(one, layer.name),
            values=layer.values[[c for c in layer.values.columns if c not in _OF_KML]],
        )
        for layer in map(with_names_said, read_layers(one, work, options))
    ]
    shaped = [layer for layer in layers if layer.shapes is not None and layer.log.count]
    if len(shaped) < 2 or len(shaped) < len(layers):
        return layers
    values = [layer.values.assign(folder=layer.name) for layer in shaped]
    said: list[Finding] = []
    first = 0
    for layer in shaped:
        rows = [f if f.row is None else replace(f, row=f.row + first) for f in layer.log.findings]
        said += [f for f in rows if f not in said]
        first += layer.log.count
    shapes = np.concatenate([layer.shapes for layer in shaped if layer.shapes is not None])
    closed = np.concatenate([layer.closed for layer in shaped if layer.closed is not None])
    return [
        replace(
            shaped[0],
            name=one.name,
            values=pd.concat(values, ignore_index=True),
            shapes=shapes,
            closed=closed,
            log=_log(first, said, options),
        )
    ]


def _read_dxf(one: Staged, work: Path, options: Options) -> list[Layer]:
    return [_drawn(layer) for layer in read_layers(one, work, options)]


def _drawn(layer: Layer) -> Layer:
    """Return the layer of a drawing: no system, no empty columns, signs that stand as numbers."""
    values = layer.values[[c for c in layer.values.columns if not layer.values[c].isna().all()]]
    for name in {"Text", "Layer"} & set(values.columns):
        signs = values[name].str.replace(_SIGN, lambda m: chr(int(m[1], 16)), regex=True)
        values = values.assign(**{name: signs})
    return replace(layer, values=values, source=replace(layer.source, crs=None, drawing=True))


def _log(count: int, said: list[Finding], options: Options) -> Log:
    """Begin the log of a layer with what was seen while it was read."""
    log = Log(count, options.accept)
    for found in said:
        if found.rule == "R504":
            log.stop(found.rule, **found.words)
        else:
            log.add(found.rule, found.row, **found.words)
    return log


def _read_csv(one: Staged, _: Path, options: Options) -> list[Layer]:
    made, encoding = read_csv(one, options.encoding)
    source = Source(one.source.stem, encoding=encoding, table=True, units=made.units, crs=made.crs)
    log = _log(len(made.frame), made.findings, options)
    return [Layer(one.name, made.frame, None, log, source)]


def _read_txt(one: Staged, work: Path, options: Options) -> list[Layer]:
    """Read a file of boundary points, or else a table."""
    if one.size > LARGE:
        return _read_csv(one, work, options)
    answer = decode_bytes(one.path.read_bytes(), forced=options.encoding)
    if answer is None or not is_corners(answer[0]):
        return _read_csv(one, work, options)
    text, found = answer
    if found.rule is not None:
        one.add("R201", detail=f"{found.name} ({found.evidence})")
    corners = read_corners(text)
    values = _table_of(corners.plots).assign(用地面积=np.array(corners.areas_m2, dtype="float64"))
    shapes = np.array([None, *corners.shapes], dtype="object")[1:]
    source = Source(file=one.source.stem, encoding=found.name, crs=corners.crs)
    log = _log(len(values), corners.findings, options)
    return [Layer(one.name, values, shapes, log, source)]


def _table_of(plots: list[Plot]) -> pd.DataFrame:
    """Return what the lines of plots say; numbers that do not tell plots apart are no ids."""
    told = {
        "地块编号": [plot.number for plot in plots],
        "地块名称": [plot.name for plot in plots],
        "图幅号": [plot.sheet for plot in plots],
        "用途": [plot.use for plot in plots],
        "地类编码": [plot.code for plot in plots],
    }
    for key in ("地块编号", "地块名称"):
        if all(told[key]) and len(set(told[key])) == len(plots):
            told["地块编号"] = told[key]
            break
    else:
        told["编号原文"] = told.pop("地块编号")
    frame = pd.DataFrame(told, dtype="str")
    return frame.where(frame != "", None)


def _read_workbook(one: Staged, work: Path, options: Options) -> list[Layer]:
    layers = []
    for name, made, refusal in read_workbook(one, work, options.layer):
        file, values = one.source.stem, made.frame
        source = Source(file, encoding="utf-8", table=True, units=made.units, crs=made.crs)
        log = _log(len(values), made.findings, options)
        if refusal is not None:
            log.stop(refusal.rule, **refusal.words)
        layers.append(Layer(name, values, None, log, source))
    return with_sheets_joined(layers)


def _read_shapefile(one: Staged, work: Path, options: Options) -> list[Layer]:
    """Read a set: attributes and index here, shapes alone by the child."""
    count = index_shapes(one)
    table = None
    if ".dbf" in one.companions:
        table = read_dbf(one, encoding=options.encoding)
        if len(table.frame) != count:
            raise Refusal("R407", measured=count, limit=len(table.frame))
    elif "R406" not in options.accept:
        raise Refusal("R406", detail=".dbf")
    else:
        one.add("R406", detail=".dbf", severity="warning")
    alone = work / f"shapes-{one.path.parent.name}"
    alone.mkdir(exist_ok=True)
    for suffix in (".shp", ".shx"):
        one.path.with_suffix(suffix).replace(alone / f"data{suffix}")
    facts = run_child(one.format, alone / "data.shp", work, size=one.size)
    (entry,) = facts["layers"]
    if entry["rows"] != count:
        raise Refusal("R405", detail=f".shp {entry['rows']} / {count}")
    shapes, closed, said = shapes_left(facts["folder"] / entry["file"])
    source = Source(
        file=one.source.stem,
        geometry_type=entry["geometry_type"],
        crs=_stated_crs(one),
        reader_said=tuple(entry["warnings"]),
    )
    if table is None:
        frame = pd.DataFrame(index=range(count))
        log = _log(count, said, options)
        return [Layer(one.name, frame, shapes, log, source, closed=closed)]
    gone = set(np.flatnonzero(table.deleted).tolist())
    log = _log(
        count, [f for f in [*table.findings, *said] if f.row is None or f.row not in gone], options
    )
    if gone:
        log.add("R408", None, measured=len(gone))
        log.refused |= dict.fromkeys(gone, "R408")
    for row in log.refused:
        shapes[row] = None
    source = replace(
        source,
        encoding=table.encoding.name,
        encoding_declared=table.encoding.declared,
        encoding_evidence=table.encoding.evidence,
        types=table.types,
        cut=(10, table.encoding.name),
    )
    return [Layer(one.name, table.frame, shapes, log, source, closed=closed)]


def _stated_crs(one: Staged) -> str | None:
    """Return the text of the system beside a set, None without one."""
    if ".prj" not in one.companions:
        return None
    content = one.companions[".prj"].read_bytes()[:20_000]
    return content.decode("utf-8-sig", "replace").strip("\x00 \r\n\t") or None


# --- the records ---------------------------------------------------------------------------------

_FINE_ARCS = {"OGR_ARC_STEPSIZE": "0.1"}  # degrees: a circle loses a millionth of its area
FORMATS = (
    Format(
        "shapefile", "ESRI Shapefile", (".shp",), _look_shapefile, _read_shapefile,
        driver="ESRI Shapefile",
        companions=(".shp", ".shx", ".dbf", ".prj", ".cpg", ".dbt", ".fpt"),
    ),
    Format(
        "gpkg", "GPKG", (".gpkg",), _look_gpkg, read_layers,
        driver="GPKG", container="geopackage", by_layer=True, early=True,
        beside={"-wal": "R438", "-journal": "R439"}, settings=_FINE_ARCS,
    ),
    Format(
        "geojson", "GeoJSON",
        (".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson", ".jsonl"),
        _look_geojson, read_layers,
        driver="GeoJSON", container="geojson", early=True,
    ),
    Format(
        "kml", "LIBKML", (".kml",), _look_kml, _read_kml,
        driver="LIBKML", container="markup", by_layer=True, early=True,
        settings={"LIBKML_READ_GROUND_OVERLAY": "NO"},  # the frame of a picture is no land
    ),
    Format(
        "dxf", "DXF", (".dxf",), _look_dxf, _read_dxf,
        driver="DXF", container="drawing", by_layer=True, early=True,
        settings={"DXF_CLOSED_LINE_AS_POLYGON": "TRUE"} | _FINE_ARCS, encoding_setting="DXF_ENCODING",
    ),
    Format(
        "fgb", "FlatGeobuf", (".fgb",), _look_fgb, read_layers,
        driver="FlatGeobuf", container="flatgeobuf", early=True,
    ),
    Format(
        "parquet", "GeoParquet", (".parquet", ".geoparquet"), _look_parquet, read_layers,
        container="parquet", early=True,
    ),
    Format("csv", "CSV", (".csv", ".tsv"), _look_csv, _read_csv, alone=True),
    Format("vct", "VCT", (".vct",), _look_csv, vct.read_layers, by_layer=True),
    Format("txt", "TXT", (".txt",), _look_csv, _read_txt, alone=True),
    Format(
        "xlsx", "XLSX", (".xlsx",), _look_xlsx, _read_workbook,
        container="xlsx", least_memory_bytes=1 << 29,
    ),
    Format(
        "gdb", "OpenFileGDB", (".gdb",), _look_nowhere, read_layers,
        driver="OpenFileGDB", container="geodatabase", by_layer=True,
        settings=_FINE_ARCS,
        folder=re.compile(r"^(a[0-9a-f]{8}\.[a-z_.0-9-]{1,40}|gdb|timestamps)$", re.IGNORECASE),
        heart="a00000001.gdbtable",
    ),
)  # fmt: skip

BY_SUFFIX: Formats = {suffix: form for form in FORMATS for suffix in form.suffixes}
"""Formats by the suffix of their files."""

"""Layers as they stand in a file, before anything is judged: attributes, shapes, what is said."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from ..geo.rings import in_threads
from . import shapefile as shapes
from . import tabular as tables
from .layer import Options
from .sandbox.process import Reader, run_child
from .sandbox.staging import LARGE, Refusal, Staged, Start

__all__ = ["Raw", "read_raw", "start_for"]

_ODD_NAME = re.compile(r"""["'`;<>{}\x00-\x1f\\]|--|\.\./""")


def _free(path: Path) -> None:
    """Delete a copy that was read: a large one keeps memory that the next step can do with."""
    if path.is_file() and path.stat().st_size >= LARGE:
        with contextlib.suppress(OSError):
            path.unlink()


class Encoded:
    """Shapes of a layer as the child left them: read once, group by group, and not kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with pq.ParquetFile(path) as file:
            self.count = file.metadata.num_rows

    def __len__(self) -> int:
        return int(self.count)

    def shapes(self) -> tuple[NDArray[np.object_], dict[int, bytes]]:
        """Return the shapes, and by row the bytes of what could not be read."""
        parts, unread, first = [np.zeros(0, object)], {}, 0
        with pq.ParquetFile(self.path, memory_map=False, pre_buffer=False) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=["geometry"], use_threads=False)
                wkb = table["geometry"].to_numpy()
                made = in_threads(partial(shapely.from_wkb, on_invalid="ignore"), wkb)
                for row in np.flatnonzero(shapely.is_missing(made)).tolist():
                    if wkb[row] is not None:
                        unread[first + row] = wkb[row]
                parts.append(made)
                first += len(made)
        _free(self.path)
        return np.concatenate(parts), unread


@dataclass
class Raw:
    """A layer as it was read: attributes, shapes as WKB, what is said of its system."""

    name: str
    frame: pd.DataFrame
    wkb: Encoded | None
    crs: str | None
    facts: dict[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[int, dict[str, Any]] = field(default_factory=dict)
    deleted: Any = None
    cut: tuple[int, str] | None = None
    refusal: Refusal | None = None
    crs_problem: str | None = None


def read_raw(one: Staged, work: Path, options: Options) -> list[Raw]:
    """Read every layer asked for of one staged data set."""
    if one.kind == "shapefile":
        return [_read_shapefile(one, work, options)]
    if one.kind == "csv":
        frame, encoding, rows = tables.read_csv(one, options.encoding)
        return [Raw(one.name, frame, None, None, {"encoding": encoding}, rows)]
    if one.kind == "xlsx":
        return [
            Raw(
                name,
                pd.DataFrame() if frame is None else frame,
                None,
                None,
                {"encoding": "utf-8"},
                rows,
                refusal=refusal,
            )
            for name, frame, refusal, rows in tables.read_workbook(one, work, options.layer)
        ]
    reader = one.reader or _reader(options, work, one.kind, one.path, one.size)
    facts = reader.facts()
    _free(one.path)
    _tell(one, facts)
    raws = [_raw_of(one, facts, entry) for entry in facts["layers"]]
    names = [entry["name"] for entry in facts["listed"]]
    if options.layer is not None and not raws:
        raise Refusal("R413", other=options.layer, detail="、".join(names[:20]))
    if not raws:
        raise Refusal("R412", detail="没有图层 no layers")
    return raws


def _reader(options: Options, work: Path, kind: str, path: Path, size: int) -> Reader:
    layer = options.layer if kind in {"gpkg", "gdb", "kml", "dxf"} else None
    return Reader(kind, path, work, size=size, layer=layer, encoding=options.encoding)


def start_for(options: Options, work: Path) -> Start:
    """Return what starts the reader of one file of a kind that a reader of its own is for."""

    def start(kind: str, path: Path, size: int) -> Reader | None:
        if kind not in {"gpkg", "geojson", "kml", "dxf", "fgb", "parquet"}:
            return None
        return _reader(options, work, kind, path, size)

    return start


def _tell(one: Staged, facts: dict[str, Any]) -> None:
    odd = [*facts.get("triggers", []), *facts.get("views", []), *facts.get("not_read", [])]
    if odd:
        one.add("R435", detail="、".join(str(n)[:40] for n in dict.fromkeys(odd))[:200])
    for found in facts.get("findings", []):
        one.add(**found)
    strange = [entry["name"] for entry in facts["listed"] if _ODD_NAME.search(entry["name"])]
    if strange:
        one.add("R436", detail="、".join(repr(n)[:60] for n in strange[:5]))


def _raw_of(one: Staged, facts: dict[str, Any], entry: dict[str, Any]) -> Raw:
    path = facts["folder"] / entry["file"]
    wkb = Encoded(path) if entry["geometry_column"] else None
    names = [name for name in pq.read_schema(path).names if wkb is None or name != "geometry"]
    table = pq.read_table(path, columns=names, memory_map=False, pre_buffer=False)
    frame = table.to_pandas(split_blocks=True, self_destruct=True)
    del table
    name = entry["name"]
    if one.kind in {"geojson", "fgb", "parquet", "kml"} and name in {"data", "OGRGeoJSON", ""}:
        name = one.name
    rows: list[dict[str, Any]] = []
    if entry.get("curved"):
        rows.append({"rule": "R310", "row": None, "measured": entry["curved"]})
    odd = [c for c in map(str, frame.columns) if _ODD_NAME.search(c)]
    if odd:
        rows.append({"rule": "R436", "row": None, "detail": "、".join(map(repr, odd[:5]))[:200]})
    for column, kinds in facts.get("mixed", {}).items():
        rows.append({"rule": "R516", "row": None, "other": column, "detail": "、".join(kinds)})
    for column, sample in facts.get("long_numbers", {}).items():
        if column in frame and pd.api.types.is_float_dtype(frame[column]):
            rows.append({"rule": "R504", "row": None, "other": column, "detail": sample})
    told = {
        "encoding": entry["encoding"],
        "types": dict(zip(entry["fields"], entry["types"], strict=False)),
        "geometry_type": entry["geometry_type"],
        "warnings": entry["warnings"],
    }
    raw = Raw(name, frame, wkb, entry["crs"], told, rows)
    if one.kind == "kml":  # what the format has by default says nothing of the land
        usual = {"tessellate", "extrude", "visibility", "drawOrder", "altitudeMode", "icon"}
        raw.frame = frame[[c for c in frame.columns if c not in usual]]
    if one.kind == "dxf":
        raw.crs = None
        told["drawing"] = True
        keep = [c for c in frame.columns if not frame[c].isna().all()]
        raw.frame = frame[keep]
    srs = facts.get("srs", {}).get(entry["name"])
    if one.kind == "gpkg" and srs in {0, -1}:
        raw.crs = None
    return raw


def _read_shapefile(one: Staged, work: Path, options: Options) -> Raw:
    count = shapes.index_shapes(one)
    rows: list[dict[str, Any]] = []
    deleted = None
    table = None
    accept_bare = "R406" in options.accept
    if ".dbf" in one.companions:
        table = shapes.read_dbf(one, encoding=options.encoding)
        if len(table.frame) != count:
            raise Refusal("R407", measured=count, limit=len(table.frame))
        rows, deleted = table.findings, table.deleted
    elif not accept_bare:
        raise Refusal("R406", detail=".dbf")
    else:
        one.add("R406", detail=".dbf", severity="warning")
    alone = work / f"shapes-{one.path.parent.name}"
    alone.mkdir(exist_ok=True)
    for suffix in (".shp", ".shx"):
        one.path.with_suffix(suffix).replace(alone / f"data{suffix}")
    facts = run_child("shapefile", alone / "data.shp", work, size=one.size)
    (entry,) = facts["layers"]
    if entry["rows"] != count:
        raise Refusal("R405", detail=f".shp {entry['rows']} / {count}")
    wkb = Encoded(facts["folder"] / entry["file"])
    told = {
        "encoding": table.encoding.name if table else None,
        "encoding_declared": table.encoding.declared if table else None,
        "encoding_evidence": table.encoding.evidence if table else None,
        "types": table.types if table else {},
        "geometry_type": entry["geometry_type"],
        "warnings": entry["warnings"],
    }
    crs = problem = None
    if ".prj" in one.companions:
        content = one.companions[".prj"].read_bytes()[:20_000]
        text = content.decode("utf-8-sig", "replace").strip("\x00 \r\n\t")
        if text:
            crs = text
    frame = table.frame if table else pd.DataFrame(index=range(count))
    raw = Raw(one.name, frame, wkb, crs, told, rows, deleted=deleted)
    raw.cut = (10, table.encoding.name) if table else None
    raw.refused = table.refused if table else {}
    raw.crs_problem = problem
    return raw

"""Tables in which a column holds the shapes: WKT, EWKT, WKB in digits, GeoJSON, as databases export."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from ...layer import Layer, Options
from ...log import Finding, Log
from ..format import Format
from ..process import run_child, shapes_left

__all__ = ["is_shape", "with_shapes"]

_SAMPLE, _LEAST_SHARE = 200, 0.5
_WKT = (
    r"\s*(SRID\s*[=＝]\s*\d+\s*[;；,]?\s*)?((MULTI)?(POINT|LINESTRING|POLYGON|CURVE|SURFACE)"
    r"|LINEARRING|TRIANGLE|TIN|POLYHEDRALSURFACE|GEOMETRYCOLLECTION|CIRCULARSTRING|COMPOUNDCURVE"
    r"|CURVEPOLYGON)\s*(ZM|Z|M)?\s*([(（]|EMPTY)"
)
_LITTLE, _BIG = "01[0-9A-F]{2}0[0-9A-F]00[0-9A-F]{2}", "00[0-9A-F]{2}000[0-9A-F][0-9A-F]{2}"
_FORMS = {name: re.compile(form, re.IGNORECASE | re.ASCII) for name, form in {
    "WKT": _WKT,
    "WKB": rf"\s*(\\x|0x)?({_LITTLE}|{_BIG}|4750[0-9A-F]{{14}})[0-9A-F]{{32,}}\s*$",
    "WKB base64": r"\s*AQ[A-Z]AA[A-Z][\w+/]{20,}={0,2}\s*$",
    "GeoJSON": r'\s*\{\s*"[\s\S]*"(coordinates|geometries)"\s*:',
}.items()}  # fmt: skip
_PAIR = r"-?\d{1,8}\.\d+\s*[,，\s]\s*-?\d{1,8}\.\d+"
_OTHERS = {
    "SQL Server": re.compile(r"\s*(0x)?[0-9A-F]{4}0000(01|02)[0-9A-F]{30,}\s*$", re.IGNORECASE),
    "点串 a list of points": re.compile(rf"[\s\[({{]*({_PAIR}[\s\])}}]*([;；|,，\s]|$)[\s\[({{]*){{3,}}"),
}  # fmt: skip
_AREAL = re.compile(r"POLYGON|SURFACE|TRIANGLE|TIN", re.IGNORECASE)


def is_shape(cell: str) -> bool:
    """Whether a cell begins like a shape."""
    return any(form.match(cell) for form in _FORMS.values())


def with_shapes(layer: Layer, form: Format, work: Path, options: Options) -> Layer:
    """Give a table the shapes that one of its columns holds; any other table stays as it is."""
    if layer.log.stops or not len(layer.values):
        return layer
    told = {str(name): _form_of(layer.values[name]) for name in layer.values.columns}
    columns = [name for name, found in told.items() if found in _FORMS]
    log = layer.log.fresh()
    for name, found in told.items():
        if found in _OTHERS:
            log.add("R584", None, other=name, detail=found)
    if not columns:
        return layer.after(log) if log.findings else layer
    column = max(columns, key=lambda name: _is_areal(layer.values[name], told[name]))
    if len(columns) > 1:
        others = "、".join(name for name in columns if name != column)
        log.add("R585", None, other=column, detail=others)
    return _read(layer, column, str(told[column]), form, work, options, log)


def _form_of(column: pd.Series) -> str | None:
    """Return in which form most cells of a column hold shapes, None where they do not."""
    if not pd.api.types.is_string_dtype(column.dtype):
        return None
    held = column.dropna()
    held = held[held.str.strip() != ""].head(_SAMPLE)
    for name, form in [*_FORMS.items(), *_OTHERS.items()]:
        if len(held) and sum(bool(form.match(one)) for one in held) > _LEAST_SHARE * len(held):
            return name
    return None


def _is_areal(column: pd.Series, form: str | None) -> bool:
    """Whether shapes are outlines, as far as their text says it."""
    first = next(iter(column.dropna()), "")
    return bool(_AREAL.search(first[:400])) if form != "WKB" else len(first) > 150


def _read(
    layer: Layer, column: str, kind: str, form: Format, work: Path, options: Options, log: Log
) -> Layer:
    """Have a child read the cells of a column."""
    cells = pa.array(layer.values[column], type=pa.string(), from_pandas=True)
    path = work / f"cells-{uuid.uuid4().hex[:8]}.parquet"
    pq.write_table(pa.table({"cell": cells}), path)
    plain = replace(
        form, container="curves.wellknown", driver="", settings={}, encoding_setting=None
    )
    facts = run_child(plain, path, work, size=cells.nbytes)
    path.unlink()
    shapes, closed, said = shapes_left(facts["folder"] / facts["file"])
    for row, why in facts["unread"].items():
        log.add("R583", int(row), other=column, detail=why)
    for one in said:
        log.add("R583", one.row, other=column, detail=one.words["detail"])
    read = int((~shapely.is_missing(shapes)).sum())
    log.add("R582", None, other=column, detail=kind, measured=read, limit=len(shapes))
    for rule in ("R310", "R309"):
        if count := facts["curved" if rule == "R310" else "tall"]:
            log.findings.append(Finding(rule, None, {"measured": count}))
    srids = [f"EPSG:{srid}" for srid in facts["srids"]]
    if len(srids) > 1 and options.crs is None:
        log.stop("R106", detail=f"SRID {'、'.join(srids[:5])}")
    source: dict[str, Any] = {"table": False, "crs": srids[0] if len(srids) == 1 else None}
    return layer.after(
        log,
        values=layer.values.drop(columns=column),
        shapes=np.asarray(shapes, dtype="object"),
        closed=closed,
        source=replace(layer.source, **source),
    )

"""Writing the sample: the same numbers give the same bytes.

A small sample is GeoJSON, which anyone can read; a large one is GeoParquet.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from pandas import DataFrame

from ..io.layers import store_layer, typed
from .fabric import DIGITS, Points, round_lonlat

__all__ = ["to_layer", "write_csv", "write_geojson", "write_layer"]

Ring = Points
Rings = list[Ring]  # a list of rings is a shell with its holes
SMALL = 6_000  # rows; above, GeoParquet


def _closed(ring: Ring) -> Ring:
    """Longitudes and latitudes of a ring in the plane, closed, counter-clockwise."""
    lonlat = round_lonlat(np.asarray(ring, float))
    p = lonlat - lonlat[0]
    q = np.roll(p, -1, 0)
    if np.sum(p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]) < 0:
        lonlat = lonlat[::-1]
    return np.concatenate([lonlat, lonlat[:1]])


def polygon(rings: Ring | Rings) -> shapely.Polygon:
    """Make a polygon in longitude and latitude of one ring, or of a shell and holes."""
    if isinstance(rings, list) and len(rings) == 1:
        rings = rings[0]
    if isinstance(rings, list):
        return shapely.polygons(_closed(rings[0]), [_closed(r)[::-1] for r in rings[1:]])
    return shapely.polygons(_closed(rings))


def shape(outline: Ring | Rings | tuple[Any, ...]) -> Any:
    """Make the geometry of an outline; a tuple holds the parts of a multipart feature."""
    if isinstance(outline, tuple):
        return shapely.multipolygons([polygon(part) for part in outline])
    return polygon(outline)


def to_layer(table: DataFrame, *, outline: str = "ring") -> GeoDataFrame:
    """Turn a table with outlines (or ``point`` or ``line``) in the plane into a layer."""
    data = table.drop(columns=[outline])
    if outline == "point":
        lonlat = np.round(round_lonlat(np.stack(table[outline].to_list())), 7)
        geometry = shapely.points(lonlat)
    elif outline == "line":
        geometry = np.array([shapely.linestrings(round_lonlat(p)) for p in table[outline]])
    else:
        geometry = _polygons(table[outline].to_list())
    return GeoDataFrame(data.reset_index(drop=True), geometry=geometry, crs="EPSG:4490")


def _polygons(outlines: Sequence[Any]) -> Any:
    out = np.empty(len(outlines), dtype=object)
    size = np.array([len(o) if isinstance(o, np.ndarray) else -1 for o in outlines])
    for n in np.unique(size):
        at = np.flatnonzero(size == n).tolist()
        if n < 0:
            for i in at:
                out[i] = shape(outlines[i])
            continue
        lonlat = round_lonlat(np.stack([outlines[i] for i in at]))
        p = lonlat - lonlat[:, :1]
        q = np.roll(p, -1, 1)
        turned = np.sum(p[..., 0] * q[..., 1] - q[..., 0] * p[..., 1], axis=1) < 0
        lonlat[turned] = lonlat[turned, ::-1]
        out[at] = shapely.polygons(np.concatenate([lonlat, lonlat[:, :1]], axis=1))
    return out


def write_layer(layer: GeoDataFrame, folder: Path, level: str) -> Path:
    """Write a layer as GeoJSON, or, if it is large, as ``zgcgis import`` stores one."""
    if len(layer) > SMALL:
        path = folder / f"{level}.parquet"
        store_layer(typed(layer, level), path, level, [])
        return path
    return write_geojson(layer, folder / f"{level}.geojson", name=level)


def write_geojson(layer: GeoDataFrame, path: Path, *, name: str) -> Path:
    """Write GeoJSON (RFC 7946), one feature a line, empty values left out."""
    columns = {c: _plain(layer[c]) for c in layer.columns if c != layer.geometry.name}
    lines = []
    for i, geometry in enumerate(layer.geometry):  # the file is small
        properties = {c: v[i] for c, v in columns.items() if v[i] is not None}
        feature = {"type": "Feature", "properties": properties, "geometry": _geometry(geometry)}
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    head = json.dumps({"type": "FeatureCollection", "name": name}, ensure_ascii=False)[:-1]
    text = head + ', "features": [\n' + ",\n".join(lines) + "\n]}\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _plain(column: pd.Series) -> list[Any]:
    out: list[Any] = []
    if pd.api.types.is_datetime64_any_dtype(column):
        return [None if pd.isna(v) else v.date().isoformat() for v in column]
    for value in column:
        if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
            out.append(None)
        elif isinstance(value, bool | np.bool_):
            out.append(bool(value))
        elif isinstance(value, int | np.integer):
            out.append(int(value))
        elif isinstance(value, float | np.floating):
            out.append(float(value))
        else:
            out.append(str(value) or None)
    return out


def _geometry(geometry: Any) -> dict[str, Any]:
    def points(part: Any) -> list[list[float]]:
        return [[round(x, DIGITS), round(y, DIGITS)] for x, y in shapely.get_coordinates(part)]

    def rings(part: Any) -> list[list[list[float]]]:
        return [points(r) for r in shapely.get_rings(part)]

    kind = geometry.geom_type
    if kind == "Point":
        return {"type": kind, "coordinates": points(geometry)[0]}
    if kind == "LineString":
        return {"type": kind, "coordinates": points(geometry)}
    if kind == "Polygon":
        return {"type": kind, "coordinates": rings(geometry)}
    return {"type": "MultiPolygon", "coordinates": [rings(p) for p in geometry.geoms]}


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write a table of text as CSV in UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, columns, lineterminator="\n")
        out.writeheader()
        out.writerows(rows)
    return path

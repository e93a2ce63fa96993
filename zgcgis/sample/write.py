"""Writing the sample: the same numbers give the same bytes.

A small sample is GeoJSON, which anyone can read; a large one is GeoParquet.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame

from ..io.layers import arrow_table, typed
from ..io.layers.row_groups import GROUP_ROWS, Parts, store_parts
from .fabric import Group, Points, Positions, grouped, round_lonlat

__all__ = [
    "Drawn", "Source", "boxes", "polygons", "spots", "to_layer", "write_csv", "write_geojson", "write_layer",
]  # fmt: skip

Ring = Points
Rings = list[Ring]  # a list of rings is a shell with its holes
_KINDS = ("Polygon", "MultiPolygon")
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


class Source(Protocol):
    """A layer that is made where it is asked for, rows at some positions at a time."""

    @property
    def count(self) -> int:
        """How many features it has."""

    @property
    def kinds(self) -> AbstractSet[str]:
        """Of which kinds its shapes are."""

    def table(self, at: Positions) -> DataFrame:
        """Return the columns of some features."""

    def shapes(self, at: Positions) -> NDArray[np.object_]:
        """Return the shapes of some features."""

    def boxes(self, at: Positions) -> NDArray[np.float64]:
        """Return the bounds of the shapes of some features, which take less time."""


@dataclass(frozen=True)
class Drawn:
    """A table with outlines (or ``point`` or ``line``) in the plane."""

    rows: DataFrame
    outline: str = "ring"

    @property
    def count(self) -> int:
        """How many features it has."""
        return len(self.rows)

    @property
    def kinds(self) -> AbstractSet[str]:
        """Of which kinds its shapes are; a tuple holds the parts of one."""
        return {_KINDS[type(ring) is tuple] for ring in self.rows[self.outline]}

    def table(self, at: Positions) -> DataFrame:
        """Return the columns of some features."""
        return self.rows.drop(columns=[self.outline]).iloc[at].reset_index(drop=True)

    def shapes(self, at: Positions) -> NDArray[np.object_]:
        """Return the shapes of some features."""
        drawn = self.rows[self.outline].to_numpy()[at]
        if self.outline == "ring":
            return polygons(len(at), grouped(drawn))
        if self.outline == "point":
            return np.asarray(shapely.points(spots(np.stack(list(drawn)))))
        return np.array([shapely.linestrings(round_lonlat(p)) for p in drawn])

    def boxes(self, at: Positions) -> NDArray[np.float64]:
        """Return the bounds of the outlines of some features."""
        return boxes(len(at), grouped(self.rows[self.outline].to_numpy()[at]))


def to_layer(source: Source) -> GeoDataFrame:
    """Turn all of a source into a layer."""
    at = np.arange(source.count)
    return GeoDataFrame(source.table(at), geometry=source.shapes(at), crs="EPSG:4490")


def spots(plane: Points) -> Points:
    """Longitudes and latitudes of points of the plane as the files hold them."""
    lonlat: Points = np.round(round_lonlat(plane), 7)
    return lonlat


def boxes(count: int, groups: Iterable[Group]) -> NDArray[np.float64]:
    """Bounds of the shapes of outlines that come by how many points they have."""
    out = np.empty((count, 4))
    for at, rings in groups:
        if isinstance(rings, list):
            out[at] = shapely.bounds([shape(ring) for ring in rings])
        else:
            lonlat = round_lonlat(rings)
            out[at] = np.concatenate([lonlat.min(axis=1), lonlat.max(axis=1)], axis=1)
    return out


def polygons(count: int, groups: Iterable[Group]) -> NDArray[np.object_]:
    """Shapes of outlines that come by how many points they have."""
    out = np.empty(count, dtype=object)
    for at, rings in groups:
        if isinstance(rings, list):
            for i, ring in zip(at.tolist(), rings, strict=True):
                out[i] = shape(ring)
            continue
        lonlat = round_lonlat(rings)
        p = lonlat - lonlat[:, :1]
        q = np.roll(p, -1, 1)
        turned = np.sum(p[..., 0] * q[..., 1] - q[..., 0] * p[..., 1], axis=1) < 0
        lonlat[turned] = lonlat[turned, ::-1]
        out[at] = shapely.polygons(np.concatenate([lonlat, lonlat[:, :1]], axis=1))
    return out


def write_layer(layer: Source, folder: Path, level: str) -> Path:
    """Write a layer as GeoJSON, or, if it is large, as ``zgcgis import`` stores one."""
    if layer.count <= SMALL:
        return write_geojson(to_layer(layer), folder / f"{level}.geojson", name=level)
    parts = np.array_split(np.arange(layer.count), 1 + layer.count // GROUP_ROWS)
    bounds = np.concatenate([layer.boxes(at) for at in parts])

    def table(at: Positions) -> Any:
        rows = GeoDataFrame(layer.table(at), geometry=np.full(len(at), None))
        return arrow_table(typed(rows, level), level)

    path = folder / f"{level}.parquet"
    store_parts(Parts(table, layer.shapes, bounds, layer.kinds), path, level, [])
    return path


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
        told: list[list[float]] = shapely.get_coordinates(part).tolist()
        return told

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

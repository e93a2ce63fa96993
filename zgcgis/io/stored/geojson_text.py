"""GeoJSON of a zone folder, read without GDAL: the folder may have come by mail, text is only text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from geopandas import GeoDataFrame
from pandas import DataFrame

from ...language.errors import CrsError, ReadError

__all__ = ["read_geojson"]

_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_DEPTH = {"Polygon": 2, "MultiPolygon": 3}  # lists around a position
_MOST_WHOLE = 2**63
_MOST_COLUMNS = 2_000  # as many as a layer that is imported may have


def read_geojson(path: Path) -> tuple[GeoDataFrame, dict[int, str]]:
    """Return a GeoJSON layer, and by row the shapes that could not be read as they stand.

    A ring that was not closed is closed (``"unclosed"``); a shape that cannot be read at all is
    missing (``"unread"``), which is no reason to refuse the others.

    Raises
    ------
    ReadError, CrsError
        If the file is no feature collection, or is not in longitude and latitude.
    """
    data, text = _collection(path)
    features = data["features"]
    if _ESCAPED.search(text):
        _refuse_no_text(path, features)
    given = np.array([_geometry_text(feature) for feature in features] + [None], object)[:-1]
    shapes = np.asarray(shapely.from_geojson(given, on_invalid="ignore"), object)
    odd = {}
    for row in np.flatnonzero(shapely.is_missing(shapes) & (given != None)):  # noqa: E711 - by row
        shapes[row] = _rebuilt(features[row]["geometry"])
        odd[int(row)] = "unread" if shapes[row] is None else "unclosed"
    if len(names := {str(key) for f in features for key in _properties(f)}) > _MOST_COLUMNS:
        raise ReadError(
            f"{path} 的要素共有 {len(names):,} 种属性，图层至多 {_MOST_COLUMNS:,} 列。请删去用不到的属性。",
            f"{path}: its features have {len(names):,} attributes between them; a layer has at most "
            f"{_MOST_COLUMNS:,} columns. Take out those that nothing needs.",
        )
    rows = [{str(k): _plain(v) for k, v in _properties(f).items()} for f in features]
    table = DataFrame(rows, index=range(len(features)))
    table = table.drop(columns="geometry", errors="ignore")
    return GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs="EPSG:4490")), odd


def _collection(path: Path) -> tuple[dict[str, Any], str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = json.loads(text)
        for feature in data["features"]:
            if not isinstance(feature["geometry"], Mapping | None):
                raise TypeError(f"geometry: {str(feature['geometry'])[:40]}")
            if not isinstance(feature.get("properties"), Mapping | None):
                raise TypeError(f"properties: {str(feature['properties'])[:40]}")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ReadError(
            f"{path} 不是完整的 GeoJSON 要素集：{error}。请重新导入该图层（zgcgis import）。",
            f"{path} is not a whole GeoJSON feature collection: {error}. "
            "Import the layer again (zgcgis import).",
        ) from error
    stated: Any = data.get("crs")
    for key in ("properties", "name"):
        stated = stated.get(key) if isinstance(stated, Mapping) else stated
    if stated is not None and not str(stated).upper().endswith(("CRS84", "4326", "4490")):
        said = str(stated)[:60]
        raise CrsError(
            f"{path} 声明的坐标系是 {said}，而 GeoJSON 只用经纬度。请用 zgcgis import 导入。",
            f"{path} states the CRS {said}, but GeoJSON holds longitude and latitude only. "
            "Bring it in with zgcgis import.",
        )
    return data, text


def _properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    return feature.get("properties") or {}


def _geometry_text(feature: Mapping[str, Any]) -> str | None:
    geometry = feature["geometry"]
    return None if geometry is None else json.dumps(geometry)


def _refuse_no_text(path: Path, features: list[Mapping[str, Any]]) -> None:
    """Refuse texts that no other file could hold: a NUL, or half of a character."""
    for row, feature in enumerate(features, start=1):
        for key, value in _properties(feature).items():
            if any(_NO_TEXT.search(text) for text in (key, *_strings(value))):
                said = ascii(key)
                raise ReadError(
                    f"{path} 第 {row} 个要素的属性 {said} 含 NUL 或残缺的字符。请在源文件中改正。",
                    f"{path}: attribute {said} of feature {row} holds a NUL or half a character. "
                    "Mend it in the source.",
                )


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield key
            yield from _strings(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(entry)


def _plain(value: Any) -> Any:
    """What other formats can hold too: a whole number of many digits becomes text."""
    if isinstance(value, int) and not -_MOST_WHOLE <= value < _MOST_WHOLE:
        return "…" if abs(value) > 10**300 else str(value)
    return value


def _rebuilt(geometry: Mapping[str, Any]) -> Any:
    """Return a polygon whose rings end where they should, or None."""
    kind = geometry.get("type")
    depth = _DEPTH.get(kind) if isinstance(kind, str) else None
    if depth is None:
        return None
    try:
        parts = geometry["coordinates"] if depth == 3 else [geometry["coordinates"]]
        with np.errstate(invalid="ignore"):  # a corner that is no number is judged later
            made = [
                shapely.Polygon(_ring(rings[0]), [_ring(ring) for ring in rings[1:]])
                for rings in parts
                if rings
            ]
    except (LookupError, TypeError, ValueError, OverflowError, shapely.errors.GEOSException):
        return None
    return made[0] if depth == 2 and made else shapely.MultiPolygon(made) if made else None


def _ring(positions: Any) -> list[tuple[float, float]]:
    points = [(float(p[0]), float(p[1])) for p in positions]
    return points if points[0] == points[-1] else [*points, points[0]]

"""Map-provider datums: GCJ-02 and BD-09 to and from WGS 84 / CGCS2000, only when told.

Domestic online maps shift positions by 300 to 700 m (GCJ-02, 火星坐标系), one provider by some
more on top (BD-09). The shift is an unpublished transform; the formula in circulation follows it
to about a metre in most of China. What comes out is good for lining up with a base map, not for
areas or boundaries. Outside the box the formula is made for, nothing is moved.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from ..language.errors import CrsError

__all__ = [
    "DATUMS",
    "TO_WGS84",
    "bd09_to_gcj02",
    "bd09_to_wgs84",
    "from_datum",
    "gcj02_shift",
    "gcj02_to_bd09",
    "gcj02_to_wgs84",
    "to_datum",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
]

Datum: TypeAlias = Literal["as-stated", "wgs84", "gcj02", "bd09"]
DATUMS: tuple[Datum, ...] = ("as-stated", "wgs84", "gcj02", "bd09")

Pair: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]

# Constants of the circulating formula: Krasovsky's ellipsoid, and Baidu's angle.
_A = 6378245.0
_EE = 0.00669342162296594323
_X_PI = np.pi * 3000.0 / 180.0
# The box in which positions are moved (degrees).
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271


def wgs84_to_gcj02(longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    """Move WGS 84 degrees to GCJ-02.

    Examples
    --------
    >>> lon, lat = wgs84_to_gcj02(116.3975, 39.9087)
    >>> round(float(lon), 4), round(float(lat), 4)
    (116.4037, 39.9101)
    """
    lon, lat = _arrays(longitude, latitude)
    east, north = _offset(lon, lat)
    return lon + east, lat + north


def gcj02_to_wgs84(longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    """Move GCJ-02 degrees back to WGS 84, by iteration, to better than a micrometre."""
    lon, lat = _arrays(longitude, latitude)
    guess_lon, guess_lat = lon.copy(), lat.copy()
    # The offset changes by less than 0.1 % of a step, so each round gains three digits. The box
    # decides on the moved position's source, hence the offset is taken without it first.
    for _ in range(8):
        east, north = _raw_offset(guess_lon, guess_lat)
        guess_lon, guess_lat = lon - east, lat - north
    inside = _inside(guess_lon, guess_lat)
    return np.where(inside, guess_lon, lon), np.where(inside, guess_lat, lat)


def gcj02_to_bd09(longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    """Move GCJ-02 degrees to BD-09; outside the box nothing is moved."""
    lon, lat = _arrays(longitude, latitude)
    moved_lon, moved_lat = _to_bd09(lon, lat)
    inside = _inside(lon, lat)
    return np.where(inside, moved_lon, lon), np.where(inside, moved_lat, lat)


def bd09_to_gcj02(longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    """Move BD-09 degrees back to GCJ-02, by iteration."""
    lon, lat = _arrays(longitude, latitude)
    guess_lon, guess_lat = lon - 0.0065, lat - 0.006
    for _ in range(8):
        there_lon, there_lat = _to_bd09(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + lon - there_lon, guess_lat + lat - there_lat
    inside = _inside(guess_lon, guess_lat)
    return np.where(inside, guess_lon, lon), np.where(inside, guess_lat, lat)


def wgs84_to_bd09(longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    """Move WGS 84 degrees to BD-09."""
    lon, lat = _arrays(longitude, latitude)
    inside = _inside(lon, lat)
    moved_lon, moved_lat = _to_bd09(*wgs84_to_gcj02(lon, lat))
    return np.where(inside, moved_lon, lon), np.where(inside, moved_lat, lat)


def bd09_to_wgs84(longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    """Move BD-09 degrees back to WGS 84."""
    return gcj02_to_wgs84(*bd09_to_gcj02(longitude, latitude))


TO_WGS84 = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}
"""By datum, the function that takes its longitudes and latitudes to WGS 84."""


def from_datum(geometry: gpd.GeoSeries, datum: Datum) -> gpd.GeoSeries:
    """Return `geometry` (degrees) moved from a map provider's datum to WGS 84 / CGCS2000.

    Raises
    ------
    CrsError
        If the coordinates are not degrees of longitude and latitude, or the datum is unknown.
    """
    return _move(geometry, datum, TO_WGS84)


def to_datum(geometry: gpd.GeoSeries, datum: Datum) -> gpd.GeoSeries:
    """Return `geometry` (degrees, WGS 84 / CGCS2000) moved to a map provider's datum."""
    return _move(geometry, datum, {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09})


def gcj02_shift(layer: gpd.GeoSeries, reference: gpd.GeoSeries) -> dict[str, Any] | None:
    """Say whether `layer` lies off `reference` by what a map provider's datum would do.

    Vertices of `layer` are looked for among those of `reference`: as they stand, and moved
    from or to each datum. The offset is reported when moving brings far more together.

    Parameters
    ----------
    layer, reference
        Geometries in degrees that share outlines or corners at least in part.

    Returns
    -------
    found
        None, or ``{"datum", "direction", "offset_m", "matched", "matched_as_stated"}``, where
        direction ``"from"`` means that `layer` is in that datum and `reference` is not.
    """
    ours, theirs = _window(_vertices(layer), _vertices(reference))
    if len(ours) < 3 or len(theirs) < 3:
        return None
    tree = shapely.STRtree(shapely.points(theirs))
    stated = _matched(ours, tree)
    trials = [
        ("gcj02", "from", gcj02_to_wgs84),
        ("bd09", "from", bd09_to_wgs84),
        ("gcj02", "to", wgs84_to_gcj02),
        ("bd09", "to", wgs84_to_bd09),
    ]
    best: dict[str, Any] | None = None
    for datum, direction, move in trials:
        moved = np.column_stack(move(ours[:, 0], ours[:, 1]))
        matched = _matched(moved, tree)
        if matched < 0.2 or matched < stated + 0.15 or matched < 3 * stated:
            continue
        if best is None or matched > best["matched"]:
            step = (moved - ours) * [
                111_320 * np.cos(np.radians(ours[:, 1].mean())),
                110_950,
            ]
            best = {
                "datum": datum,
                "direction": direction,
                "offset_m": float(np.median(np.hypot(step[:, 0], step[:, 1]))),
                "matched": matched,
                "matched_as_stated": stated,
            }
    return best


def _vertices(geometry: gpd.GeoSeries) -> NDArray[np.float64]:
    vertices: NDArray[np.float64] = shapely.get_coordinates(geometry.to_numpy())
    return vertices[np.isfinite(vertices).all(axis=1)]


def _window(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], most: int = 3000
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the vertices of one neighbourhood of both, so that large layers stay dense in it."""
    if not len(ours) or not len(theirs):
        return ours, theirs
    margin = 0.02  # no datum moves further, in degrees
    low, high = theirs.min(axis=0) - margin, theirs.max(axis=0) + margin
    ours = ours[((ours >= low) & (ours <= high)).all(axis=1)]
    if len(ours) > most:
        off = np.abs(ours - np.median(ours, axis=0)).max(axis=1)
        ours = ours[np.argpartition(off, most)[:most]]
    if not len(ours):
        return ours, theirs
    low, high = ours.min(axis=0) - margin, ours.max(axis=0) + margin
    return ours, theirs[((theirs >= low) & (theirs <= high)).all(axis=1)]


def _matched(vertices: NDArray[np.float64], tree: shapely.STRtree) -> float:
    near = tree.query(shapely.points(vertices), predicate="dwithin", distance=2e-5)  # about 2 m
    return len(np.unique(near[0])) / len(vertices)


def _move(geometry: gpd.GeoSeries, datum: str, ways: dict[str, Any]) -> gpd.GeoSeries:
    if datum not in DATUMS:
        raise CrsError(
            f"不认识的坐标基准“{datum}”，可用的有：{'、'.join(DATUMS)}。",
            f"unknown datum {datum!r}; there are {', '.join(DATUMS)}.",
        )
    if datum in {"as-stated", "wgs84"}:
        return geometry
    bounds = geometry.total_bounds
    if np.isfinite(bounds).all() and (abs(bounds[[0, 2]]).max() > 360 or abs(bounds).max() > 360):
        raise CrsError(
            f"{datum} 只能用于经纬度坐标，而这些坐标不是度。",
            f"{datum} applies to degrees of longitude and latitude; these coordinates are not.",
        )
    move = ways[datum]

    def each(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        lon, lat = move(coordinates[:, 0], coordinates[:, 1])
        return np.column_stack([lon, lat])

    moved = shapely.transform(geometry.to_numpy(), each)
    return gpd.GeoSeries(moved, index=geometry.index, crs=geometry.crs)


def _arrays(longitude: ArrayLike, latitude: ArrayLike) -> Pair:
    return np.asarray(longitude, dtype="float64"), np.asarray(latitude, dtype="float64")


def _inside(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (lon >= _WEST) & (lon <= _EAST) & (lat >= _SOUTH) & (lat <= _NORTH)
    return inside


def _offset(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Pair:
    east, north = _raw_offset(lon, lat)
    inside = _inside(lon, lat)
    return np.where(inside, east, 0.0), np.where(inside, north, 0.0)


def _raw_offset(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Pair:
    x, y = lon - 105.0, lat - 35.0
    pi = np.pi
    root = np.sqrt(np.abs(x))
    waves = (20.0 * np.sin(6.0 * x * pi) + 20.0 * np.sin(2.0 * x * pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
    north += (20.0 * np.sin(y * pi) + 40.0 * np.sin(y / 3.0 * pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * pi) + 320.0 * np.sin(y * pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
    east += (20.0 * np.sin(x * pi) + 40.0 * np.sin(x / 3.0 * pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * pi) + 300.0 * np.sin(x / 30.0 * pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _EE * np.sin(phi) ** 2
    root_magic = np.sqrt(magic)
    north = north * 180.0 / ((_A * (1.0 - _EE)) / (magic * root_magic) * pi)
    east = east * 180.0 / (_A / root_magic * np.cos(phi) * pi)
    return east, north


def _to_bd09(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _X_PI)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _X_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006

"""Metres: the working plane, areas by their official names, lengths, distances, widths.

The plane is a Lambert azimuthal equal-area projection of the CGCS2000 ellipsoid, centred on
the zone. A planar area in it *is* the ellipsoid area of a polygon whose edges are straight on
the ground (椭球面积), and near the centre its lengths are right to 5-40 ppm, so that one plane
serves areas, widths, buffers and overlays. Official figures are methods of :func:`area_m2`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

import geopandas as gpd
import numpy as np
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from pandas import DataFrame, Series
from pyproj import CRS
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import LambertAzimuthalEqualAreaConversion
from shapely.geometry.base import BaseGeometry

from ..language.errors import CrsError, UnknownNameError
from .rings import few_enough

AREA_METHODS = ("ellipsoid", "trapezoid", "gauss_kruger")
"""The ways to state an area, each named in every output that uses it."""

LONLAT = "EPSG:4490"
"""CGCS2000 longitude and latitude: the CRS of every layer in memory."""

SEMI_MAJOR_M = 6_378_137.0  # CGCS2000, as GRS80
INVERSE_FLATTENING = 298.257_222_101
E2 = (2 - 1 / INVERSE_FLATTENING) / INVERSE_FLATTENING  # first eccentricity squared

Placed = TypeVar("Placed", GeoSeries, GeoDataFrame)
Center: TypeAlias = tuple[float, float]
Geometries: TypeAlias = NDArray[np.object_]
Floats: TypeAlias = NDArray[np.float64]

_PLANE_NAME = "zgcgis equal-area plane"
_FIRST_BELT, _LAST_BELT = 75, 135  # central meridians of the 3-degree belts of CGCS2000
_FIRST_BELT_EPSG = 4534


# --- planes ------------------------------------------------------------------------------


def plane(center: Center) -> CRS:
    """Return the working plane centred on ``(longitude, latitude)`` in degrees.

    Lambert azimuthal equal-area on the CGCS2000 datum, in metres.
    """
    return _plane(center)


@lru_cache(maxsize=64)
def _plane(center: Center) -> CRS:
    longitude, latitude = (float(c) for c in center)
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        msg = (
            f"工作平面的中心 {center} 不是（经度，纬度）。",
            f"the centre {center} of the working plane is not (longitude, latitude).",
        )
        raise CrsError(*msg)
    conversion = LambertAzimuthalEqualAreaConversion(latitude, longitude)
    name = f"{_PLANE_NAME} {longitude:g} {latitude:g}"
    return ProjectedCRS(conversion, name=name, geodetic_crs=CRS(LONLAT))


def is_plane(crs: CRS | str | int | None) -> bool:
    """Whether `crs` is one of our own working planes."""
    return crs is not None and CRS(crs).name.startswith(_PLANE_NAME)


def center_of(geometry: GeoSeries | GeoDataFrame) -> Center:
    """Return the centre of the bounds, ``(longitude, latitude)`` rounded to 0.1 degree.

    A layer that already is in a working plane has the centre of that plane.
    """
    if is_plane(_with_crs(geometry).crs):
        return _center_of_plane(CRS(geometry.crs))
    west, south, east, north = to_lonlat(geometry).total_bounds
    if not np.isfinite([west, south, east, north]).all():
        return (0.0, 0.0)  # nothing there: any plane will do
    return round((west + east) / 2, 1), round((south + north) / 2, 1)


def _center_of_plane(crs: CRS) -> Center:
    operation = crs.coordinate_operation
    values = {p.name: float(p.value) for p in operation.params} if operation else {}
    return (
        values["Longitude of natural origin"],
        values["Latitude of natural origin"],
    )


def gauss_kruger(longitude: float) -> CRS:
    """Return the CGCS2000 3-degree Gauss-Krüger CRS whose belt holds `longitude`.

    Beijing is EPSG:4548 (central meridian 117°). A longitude on the line between two belts
    (121.5° runs through Shanghai) belongs to the eastern one.
    """
    meridian = int(np.floor((float(longitude) + 1.5) / 3)) * 3
    if not _FIRST_BELT <= meridian <= _LAST_BELT:
        msg = (
            f"经度 {longitude:g} 不在 CGCS2000 三度分带（73.5°–136.5°）之内。",
            f"longitude {longitude:g} lies in no 3-degree belt of CGCS2000 (73.5 to 136.5 E).",
        )
        raise CrsError(*msg)
    return CRS.from_epsg(_FIRST_BELT_EPSG + (meridian - _FIRST_BELT) // 3)


def _with_crs(geometry: Placed) -> Placed:
    """Refuse geometry that does not say what its coordinates mean."""
    if geometry.crs is None:
        msg = (
            "几何没有坐标系：无法知道坐标的含义。请用 --crs（或 set_crs）声明坐标系。",
            "the geometry has no CRS: its coordinates mean nothing. State it with --crs (set_crs).",
        )
        raise CrsError(*msg)
    return geometry


def to_lonlat(geometry: Placed) -> Placed:
    """Return `geometry` in CGCS2000 longitude and latitude (EPSG:4490)."""
    return _with_crs(geometry).to_crs(LONLAT)


def to_plane(geometry: Placed, center: Center | None = None) -> Placed:
    """Return `geometry` in the working plane; a layer already in one stays as it is.

    Parameters
    ----------
    geometry
        A series or layer with a CRS.
    center
        ``(longitude, latitude)`` of the zone. By default the centre of the bounds, to 0.1°.
        Layers that are to be laid over each other need the same centre.
    """
    if is_plane(_with_crs(geometry).crs) and (center is None or geometry.crs == plane(center)):
        return geometry
    crs = plane(center_of(geometry) if center is None else _pair(center))
    held = _HELD.get()
    if held is None or len(geometry) < _FEW:
        return _brought(geometry, crs)
    flat = GeoSeries(held.brought(geometry.geometry, crs), index=geometry.index, crs=crs)
    if isinstance(geometry, GeoDataFrame):
        return geometry.set_geometry(flat.rename(geometry.geometry.name))
    return flat.rename(geometry.name)


_AT_ONCE = 200_000  # features on the way to their order
_FEW = 500  # features: so few are brought anew as fast as they are found again


class _Held:
    """What was found of shapes, found again by what they are, whichever layer holds them."""

    def __init__(self) -> None:
        self.parts: dict[Hashable, list[tuple[NDArray[np.intp], Geometries, NDArray[Any]]]] = {}

    def brought(self, geometry: GeoSeries, crs: CRS) -> Geometries:
        """Return the shapes of a series in a plane; those not held are brought there, and kept."""

        def bring(rows: NDArray[np.intp]) -> Geometries:
            return _array(_brought(geometry.iloc[rows], crs))

        return self.found(_array(geometry), (geometry.crs, crs), bring)

    def found(
        self,
        shapes: Geometries,
        asked: Hashable,
        find: Callable[[NDArray[np.intp]], NDArray[Any]],
    ) -> NDArray[Any]:
        """Return what is asked of each shape; at the rows not held it is found, and kept."""
        parts = self.parts.setdefault(asked, [])
        number = np.fromiter(map(id, shapes), np.intp, len(shapes))
        known, left = np.full(len(shapes), None, object), np.arange(len(shapes))
        for numbers, _, held in parts:
            if not len(left):
                return known
            place = np.searchsorted(numbers, number[left])
            place[place == len(numbers)] = 0
            there = numbers[place] == number[left]
            known = known if known.dtype == held.dtype else known.astype(held.dtype)
            known[left[there]] = held[place[there]]
            left = left[~there]
        if len(left):
            new = find(left)
            known = known if known.dtype == new.dtype else known.astype(new.dtype)
            known[left] = new
            order = np.argsort(number[left], kind="stable")
            # the shapes are kept, so that no other can have the number of one of them
            parts.append((number[left[order]], shapes[left[order]], new[order]))
        return known


_HELD: ContextVar[_Held | None] = ContextVar("shapes already in a plane", default=None)


@contextmanager
def in_plane_once() -> Iterator[None]:
    """Bring a shape to a plane once, however many layers hold it, until the block ends."""
    before = _HELD.set(_HELD.get() or _Held())
    try:
        yield
    finally:
        _HELD.reset(before)


def _brought(geometry: Placed, crs: CRS) -> Placed:
    flat = geometry.to_crs(crs)
    lost = ~np.isfinite(shapely.bounds(_array(flat))) & ~_nothing(_array(geometry))[:, None]
    if lost.any():
        n = int(lost.any(axis=1).sum())
        msg = (
            f"{n} 个要素的坐标与所声明的坐标系 {geometry.crs} 不符。",
            f"the coordinates of {n} feature(s) cannot be in the stated CRS {geometry.crs}.",
        )
        raise CrsError(*msg)
    return flat


def _pair(center: Center) -> Center:
    return float(center[0]), float(center[1])


def _array(geometry: GeoSeries | GeoDataFrame) -> Geometries:
    return np.asarray(geometry.geometry.array)


def _nothing(shapes: Geometries) -> NDArray[np.bool_]:
    """Missing or empty."""
    nothing: NDArray[np.bool_] = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    return nothing


# --- areas -------------------------------------------------------------------------------


def area_m2(
    geometry: GeoSeries, *, method: str = "ellipsoid", center: Center | None = None
) -> Series:
    """Return the area of each geometry in square metres, whatever its CRS.

    Parameters
    ----------
    geometry
        Polygons with a CRS. Holes count as nothing whichever way their rings run; a missing
        geometry has area NaN.
    method
        ``"ellipsoid"``: on the CGCS2000 ellipsoid, edges straight on the ground.
        ``"trapezoid"``: the formula of the national land survey (国土调查办发〔2008〕32号)
        with CGCS2000 constants, edges straight in longitude and latitude; differs from the
        first by some ppm on long edges. ``"gauss_kruger"``: plane area in the feature's own
        3-degree belt, as cadastral papers state it; 16 to 400 ppm too large around Beijing.
    center
        Centre of the working plane (only ``"ellipsoid"``), or the longitude that chooses one
        belt for all (only ``"gauss_kruger"``).

    Examples
    --------
    >>> from shapely import box
    >>> field = GeoSeries([box(116.30, 39.90, 116.31, 39.91)], crs="EPSG:4490")
    >>> area_m2(field).round(1).item()
    949464.6
    >>> area_m2(field, method="gauss_kruger").round(1).item()
    949547.1
    """
    if method not in AREA_METHODS:
        raise UnknownNameError(method, AREA_METHODS, what="area method", zh="面积算法")
    if method == "ellipsoid":
        found = _plane_area(_array(to_plane(geometry, center)))
    elif method == "trapezoid":
        found = _trapezoid_area(_array(to_lonlat(geometry)))
    else:
        found = _belt_area(geometry, center)
    return Series(found, index=geometry.index, name="area_m2")


def _plane_area(flat: Geometries) -> Floats:
    held = _HELD.get()
    if held is None or len(flat) < _FEW:
        return np.asarray(shapely.area(flat))
    return held.found(flat, "area", lambda rows: np.asarray(shapely.area(flat[rows])))


def areas(geometry: GeoSeries, *, center: Center | None = None) -> DataFrame:
    """Return the area of each geometry by every method, one column each, in square metres."""
    return DataFrame({m: area_m2(geometry, method=m, center=center) for m in AREA_METHODS})


def _belt_area(geometry: GeoSeries, center: Center | None) -> Floats:
    lonlat = to_lonlat(geometry)
    if center is not None:
        return np.asarray(shapely.area(_array(lonlat.to_crs(gauss_kruger(center[0])))))
    bounds = shapely.bounds(_array(lonlat))
    middle = (bounds[:, 0] + bounds[:, 2]) / 2
    found = np.where(shapely.is_missing(_array(lonlat)), np.nan, 0.0)
    belt = np.floor((middle + 1.5) / 3)
    for one in np.unique(belt[np.isfinite(belt)]):  # a few belts, not features
        here = belt == one
        found[here] = shapely.area(_array(lonlat[here].to_crs(gauss_kruger(one * 3))))
    return found


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)


def _trapezoid_area(shapes: Geometries) -> Floats:
    r"""Ellipsoid area with edges straight in longitude and latitude.

    Notes
    -----
    Green's theorem on the ellipsoid, :math:`A = \oint (L_0 - L)\, M N \cos B \,\mathrm dB`,
    is the sum of the rule's small trapezoids under each edge, with infinitely many strips: the
    integral along an edge is taken by four Gauss nodes, which is exact to 1e-14 for edges
    shorter than a degree. :math:`L_0` is a corner of the ring itself, so nothing cancels.
    """
    found = np.where(shapely.is_missing(shapes), np.nan, 0.0)
    parts, of_shape = shapely.get_parts(shapes, return_index=True)
    polygonal = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts, of_shape = parts[polygonal], of_shape[polygonal]
    rings, of_part = shapely.get_rings(parts, return_index=True)
    if not len(rings):
        return found
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    first = np.flatnonzero(np.r_[True, of_ring[1:] != of_ring[:-1]])
    local = points - points[first][of_ring]  # exact; radians of the whole would round
    start = np.delete(np.arange(len(points)), np.r_[first[1:], len(points)] - 1)
    lon = np.radians(local[start, 0])
    lat = np.radians(points[start, 1])
    d_lon, d_lat = np.radians(points[start + 1] - points[start]).T
    edge = np.zeros(len(start))
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        t = (node + 1) / 2
        edge += weight / 2 * (lon + t * d_lon) * _strip(lat + t * d_lat)
    ring = np.abs(np.bincount(of_ring[start], edge * d_lat, len(rings)))
    shell = np.r_[True, of_part[1:] != of_part[:-1]]  # the first ring of a part is its shell
    np.add.at(found, of_shape[of_part], np.where(shell, ring, -ring))
    return found


def _strip(latitude: Floats) -> Floats:
    """M N cos B: the area of a cell of one radian by one radian at a latitude in radians."""
    w2 = 1 - E2 * np.sin(latitude) ** 2
    strip: Floats = SEMI_MAJOR_M**2 * (1 - E2) * np.cos(latitude) / w2**2
    return strip


def apportion(areas_m2: Floats, total_m2: float) -> Floats:
    """Return areas in proportion, to 0.01 m², whose sum is the total to the cent (面积平差).

    What is lost by rounding down goes, a cent each, to those that lost most of it; of several the
    first. Areas may be negative, as ground counted twice is taken off.

    Parameters
    ----------
    areas_m2
        Parts in square metres.
    total_m2
        What they are to sum to, in square metres; rounded to 0.01.

    Examples
    --------
    >>> apportion(np.array([1.0, 1.0, 1.0]), 10.0).tolist()
    [3.34, 3.33, 3.33]
    """
    parts = np.asarray(areas_m2, float)
    whole = parts.sum()
    if not len(parts) or whole == 0:
        return np.zeros(len(parts))
    exact = np.round(parts * (total_m2 / whole) * 100, 6)
    cents = np.floor(exact)
    missing = round(total_m2 * 100) - int(cents.sum())
    cents[np.argsort(cents - exact, kind="stable")[:missing]] += 1
    closed: Floats = cents / 100
    return closed


# --- lengths, distances, widths ----------------------------------------------------------


def length_m(geometry: GeoSeries, *, center: Center | None = None) -> Series:
    """Return the length of lines, or the perimeter of polygons, in metres."""
    flat = _array(to_plane(geometry, center))
    return Series(shapely.length(flat), index=geometry.index, name="length_m")


def width_m(geometry: GeoSeries, *, center: Center | None = None) -> Series:
    """Return the widest width of each polygon, to 1 %: the diameter of the largest circle inside."""
    flat = _array(to_plane(geometry, center))
    return Series(_width(flat), index=geometry.index, name="width_m")


_MOST_STEPS = 20_000_000  # of a hundredth of its width along an outline
_STEPS_TOGETHER, _STEPS_PER_SHAPE = 5_000_000, 1_000  # for shapes of many points
_CORNERS, _MANY_POINTS = 5, 500  # with few points a step costs next to nothing, unless of very many
_PLAIN_TOGETHER, _PLAIN_PER_SHAPE = 200_000_000, 20_000


def _width(shapes: Geometries) -> Floats:
    """Diameter of the largest inscribed circle, right to 1 % also for thin shapes.

    NaN where an outline is so long for its width that the search would have no end.
    """
    found = np.zeros(len(shapes))
    length = np.asarray(shapely.length(shapes))
    thin = 2 * shapely.area(shapes) / np.maximum(length, 1e-300)
    real = np.flatnonzero(thin > 0)
    steps = np.minimum(50 * length[real] / thin[real], 1e18).astype(np.int64)
    points = np.asarray(shapely.get_num_coordinates(shapes[real]), np.int64)
    work = (steps * np.clip((points - _CORNERS) / _MANY_POINTS, 0, 1)).astype(np.int64)
    together = _STEPS_TOGETHER + _STEPS_PER_SHAPE * len(shapes)
    fine = work <= few_enough(work, each=_MOST_STEPS, together=together)
    plain = _PLAIN_TOGETHER + _PLAIN_PER_SHAPE * len(shapes)
    fine &= steps <= few_enough(steps, each=_MOST_STEPS, together=plain)
    found[real[~fine]] = np.nan
    real = real[fine]
    if len(real):
        # A thin shape is at least as wide as area over half its outline, so that is the scale.
        circle = shapely.maximum_inscribed_circle(shapes[real], tolerance=thin[real] / 50)
        found[real] = 2 * shapely.length(circle)
    return found


def _wide_parts(shapes: Geometries, width_m: float) -> Geometries:
    """What of each shape is wider than so much (a morphological opening), which may be nothing."""
    core = np.asarray(shapely.buffer(shapes, -width_m / 2, quad_segs=4), object)
    there = ~_nothing(core)
    core[there] = shapely.buffer(core[there], width_m / 2, quad_segs=8)
    return core


def _wide_ground(shapes: Geometries, width_m: float) -> tuple[Floats, Floats]:
    """How much of each shape is wider than so much, and how wide that is.

    Nothing is where two measurements of one corner explain it, each good to that width: a wedge
    that is nowhere wider than √2 of it, and in the mean no wider than it.
    """
    wide = _wide_parts(shapes, width_m)
    much, width = np.asarray(shapely.area(wide)), _width(wide)
    wedge = 2 * shapely.area(shapes) <= width_m * shapely.length(shapes)
    much[wedge & (width <= np.sqrt(2) * width_m)] = 0.0
    return much, width


def distance_m(
    geometry: GeoSeries, other: GeoSeries | BaseGeometry, *, center: Center | None = None
) -> Series:
    """Return the distance from each geometry to `other`, in metres.

    Parameters
    ----------
    geometry
        A series with a CRS.
    other
        A series of the same length (taken row by row, indexes are not aligned), or one
        geometry in the CRS of `geometry`.
    center
        Centre of the working plane.
    """
    center = center_of(geometry) if center is None else center
    if not isinstance(other, GeoSeries):
        other = GeoSeries([other], crs=geometry.crs)
    here, there = _array(to_plane(geometry, center)), _array(to_plane(other, center))
    if len(there) not in {1, len(here)}:
        msg = (
            f"distance_m：两列几何的长度不同（{len(here)} 与 {len(there)}）。",
            f"distance_m: the two series differ in length ({len(here)} and {len(there)}).",
        )
        raise CrsError(*msg)
    return Series(shapely.distance(here, there), index=geometry.index, name="distance_m")


def nearest_m(geometry: GeoSeries, others: GeoSeries, *, center: Center | None = None) -> DataFrame:
    """Return, for each geometry, the nearest of `others`: columns ``other, distance_m``.

    ``other`` is a label of the index of `others`; of several at the same distance, the first.
    Where either side has nothing, it is missing and the distance NaN.
    """
    center = center_of(geometry) if center is None else center
    here, there = _array(to_plane(geometry, center)), _array(to_plane(others, center))
    found = DataFrame({"other": None, "distance_m": np.nan}, index=geometry.index, dtype=object)
    found["distance_m"] = found["distance_m"].astype(float)
    usable = np.flatnonzero(~_nothing(here))
    if not len(usable) or _nothing(there).all():
        return found
    (i, j), gap = shapely.STRtree(there).query_nearest(
        here[usable], return_distance=True, all_matches=True
    )
    order = np.lexsort((j, i))
    i, j, gap = i[order], j[order], gap[order]
    one = np.r_[True, i[1:] != i[:-1]]
    found.iloc[usable[i[one]], 0] = others.index.to_numpy()[j[one]]
    found.iloc[usable[i[one]], 1] = gap[one]
    return found


def pairs_within_m(
    geometry: GeoSeries, others: GeoSeries, distance_m: float, *, center: Center | None = None
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Return positions and distance of all pairs not farther apart than `distance_m`."""
    center = center_of(geometry) if center is None else center
    here, there = _array(to_plane(geometry, center)), _array(to_plane(others, center))
    i, j = shapely.STRtree(there).query(here, predicate="dwithin", distance=distance_m)
    order = np.lexsort((j, i))
    i, j = i[order], j[order]
    return i, j, np.asarray(shapely.distance(here[i], there[j]))


def centroid(geometry: GeoSeries, *, center: Center | None = None) -> GeoSeries:
    """Return the centre of gravity of each geometry, taken in the plane, in its own CRS."""
    return _in_plane(geometry, center, shapely.centroid)


def _in_plane(
    geometry: GeoSeries, center: Center | None, work: Callable[[Geometries], Any]
) -> GeoSeries:
    flat = to_plane(geometry, center)
    done = GeoSeries(np.asarray(work(_array(flat)), object), index=geometry.index, crs=flat.crs)
    return done.to_crs(geometry.crs)


def hilbert_order(geometry: GeoSeries) -> NDArray[np.intp]:
    """Return the positions that sort `geometry` along a Hilbert curve (空间排序)."""
    return hilbert_order_of(shapely.bounds(_array(geometry)))


def hilbert_order_of(bounds: Floats) -> NDArray[np.intp]:
    """Return the positions that sort shapes along a Hilbert curve, by their boxes alone."""
    there = np.flatnonzero(~np.isnan(bounds[:, 0]))
    key = np.zeros(len(bounds), np.int64)
    if len(there):
        middle = (bounds[:, :2] + bounds[:, 2:]) / 2
        whole = [*middle[there].min(axis=0), *middle[there].max(axis=0)]
        for at in np.array_split(there, 1 + len(there) // _AT_ONCE):
            some = gpd.GeoSeries(shapely.points(middle[at]))
            key[at] = some.hilbert_distance(total_bounds=whole).to_numpy()
    return np.argsort(key, kind="stable")

"""Map-provider datums against an independent library, and there and back again."""

from __future__ import annotations

import geocoordinates_ffi as oracle
import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point, box

from zgcgis.geo import datums
from zgcgis.language.errors import CrsError

METRES = 111_320.0


def places(count, seed=20260101):
    rng = np.random.default_rng(seed)
    return rng.uniform(74, 134, count), rng.uniform(5, 53, count)


def apart_m(a, b):
    return np.hypot(a[0] - b[0], a[1] - b[1]).max() * METRES


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (datums.wgs84_to_gcj02, datums.gcj02_to_wgs84),
        (datums.gcj02_to_bd09, datums.bd09_to_gcj02),
        (datums.wgs84_to_bd09, datums.bd09_to_wgs84),
    ],
)
def test_there_and_back_is_the_same_place(there, back):
    lon, lat = places(100_000)
    assert apart_m(back(*there(lon, lat)), (lon, lat)) < 4e-7


def test_the_formula_is_the_one_in_circulation():
    lon, lat = places(400)
    ours = datums.wgs84_to_gcj02(lon, lat)
    theirs = [
        oracle.wgs84_to_gcj02(oracle.Wgs84(lat=b, lon=a)) for a, b in zip(lon, lat, strict=True)
    ]
    theirs = (np.array([p.lon for p in theirs]), np.array([p.lat for p in theirs]))
    assert apart_m(ours, theirs) < 1e-6
    ours = datums.wgs84_to_bd09(lon, lat)
    theirs = [
        oracle.wgs84_to_bd09(oracle.Wgs84(lat=b, lon=a)) for a, b in zip(lon, lat, strict=True)
    ]
    theirs = (np.array([p.lon for p in theirs]), np.array([p.lat for p in theirs]))
    assert apart_m(ours, theirs) < 1e-6


def test_outside_china_nothing_moves():
    lon, lat = np.array([0.0, -70.0, 151.2, 116.0]), np.array([51.5, 40.0, -33.9, 60.0])
    for move in (
        datums.wgs84_to_gcj02,
        datums.gcj02_to_wgs84,
        datums.gcj02_to_bd09,
        datums.bd09_to_gcj02,
        datums.wgs84_to_bd09,
        datums.bd09_to_wgs84,
    ):
        moved = move(lon, lat)
        assert (moved[0] == lon).all()
        assert (moved[1] == lat).all()


def test_the_shift_in_beijing_is_half_a_kilometre():
    lon, lat = datums.wgs84_to_gcj02(116.3, 39.98)
    metres = np.hypot((lon - 116.3) * METRES * np.cos(np.radians(39.98)), (lat - 39.98) * METRES)
    assert 400 < metres < 700


def test_a_layer_moves_and_keeps_its_index():
    layer = gpd.GeoSeries([Point(116.3, 39.9), Point(116.4, 39.8)], index=[7, 9], crs="EPSG:4490")
    moved = datums.to_datum(layer, "gcj02")
    assert list(moved.index) == [7, 9]
    back = datums.from_datum(moved, "gcj02")
    assert back.geom_equals_exact(layer, 1e-11).all()
    assert datums.from_datum(layer, "as-stated") is layer


def test_metres_and_unknown_datums_are_refused():
    layer = gpd.GeoSeries([Point(450_000, 4_420_000)], crs="EPSG:4548")
    with pytest.raises(CrsError, match="not"):
        datums.from_datum(layer, "gcj02")
    with pytest.raises(CrsError, match="unknown datum"):
        datums.from_datum(layer, "beijing54")


def blocks(count=40):
    rng = np.random.default_rng(3)
    shapes = []
    for i in range(count):
        x, y = 116.3 + 0.004 * (i % 8), 39.9 + 0.003 * (i // 8)
        shapes.append(box(x, y, x + rng.uniform(0.002, 0.0035), y + rng.uniform(0.0015, 0.0028)))
    return gpd.GeoSeries(shapes, crs="EPSG:4490")


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_an_offset_of_a_map_provider_is_recognised(datum):
    reference = blocks()
    found = datums.gcj02_shift(datums.to_datum(reference, datum), reference)
    assert found is not None
    assert (found["datum"], found["direction"]) == (datum, "from")
    assert found["matched"] == 1.0
    turned = datums.gcj02_shift(reference, datums.to_datum(reference, datum))
    assert turned is not None
    assert (turned["datum"], turned["direction"]) == (datum, "to")


def test_layers_that_agree_or_have_nothing_in_common_are_not_accused():
    reference = blocks()
    assert datums.gcj02_shift(reference, reference) is None
    assert datums.gcj02_shift(reference.translate(0.0004, 0.0003), reference) is None
    assert datums.gcj02_shift(reference.translate(0.3, 0.2), reference) is None

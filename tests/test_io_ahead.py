"""What is done ahead of placing changes nothing of what comes out, only when."""

from __future__ import annotations

import importlib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.affinity
from shapely.geometry import MultiPolygon, Polygon, box

from zgcgis.io.examine import Options, examine


def save(frame, path):
    frame.to_file(path, layer="parcels")
    return path


module = importlib.import_module("zgcgis.io.examine")
BOW_TIE = [(0, 0), (9, 20), (9, 0), (0, 20)]
NEEDLE = [(0, 0), (400, 0.5), (400, 0)]
STRIP = [(0, 0), (300, 0), (300, 0.05), (0, 0.05)]


def layer(kinds):
    rows = []
    for k in range(60):
        x, y = 440_000 + 60.0 * (k % 10), 4_420_000 + 60.0 * (k // 10)
        rows.append(box(x, y, x + 40, y + 50))
    for k, kind in enumerate(kinds):
        x, y = 441_000.0, 4_420_000 + 100.0 * k
        shape = {
            "bow": Polygon(BOW_TIE),
            "needle": Polygon(NEEDLE),
            "strip": Polygon(STRIP),
            "hole": Polygon(box(0, 0, 40, 40).exterior, [box(5, 5, 9, 9).exterior]),
            "two": MultiPolygon([box(0, 0, 10, 10), box(20, 0, 30, 10)]),
            "far": shapely.affinity.translate(box(0, 0, 9, 9), 900_000, 0),
            "none": None,
            "line": shapely.LineString([(0, 0), (5, 5)]),
        }[kind]
        rows.append(None if shape is None else shapely.affinity.translate(shape, x, y))
    ids = [f"P{k:03d}" for k in range(len(rows))]
    return gpd.GeoDataFrame({"地块编号": ids}, geometry=rows, crs="EPSG:4548")


CASES = {
    "all plain": [],
    "some loose": ["hole", "two"],
    "mended": ["bow", "hole"],
    "refused": ["none", "far", "line"],
    "odd": ["needle", "strip", "two"],
    "everything": ["bow", "needle", "strip", "hole", "two", "far", "none", "line"],
}


@pytest.mark.parametrize("crs", [4548, 4490])
@pytest.mark.parametrize("kinds", CASES.values(), ids=CASES)
def test_doing_the_transformation_ahead_changes_nothing(tmp_path, monkeypatch, kinds, crs):
    frame = layer(kinds).to_crs(crs)
    path = save(frame, tmp_path / "a.gpkg")
    used = []
    real = module.ahead_of
    monkeypatch.setattr(module, "ahead_of", lambda *a: used.append(real(*a)) or used[-1])
    (with_it,) = examine(path, options=Options(), level="parcel")
    monkeypatch.setattr(module, "ahead_of", lambda *a: None)
    (without,) = examine(path, options=Options(), level="parcel")
    assert used[0] is not None
    one, two = with_it.layers[0], without.layers[0]
    assert one.book.counts == two.book.counts
    pd.testing.assert_frame_equal(pd.DataFrame(one.columns), pd.DataFrame(two.columns))
    assert one.findings["rule"].tolist() == two.findings["rule"].tolist()
    np.testing.assert_array_equal(
        shapely.to_wkb(one.outlines.geometries()), shapely.to_wkb(two.outlines.geometries())
    )
    np.testing.assert_allclose(one.outlines.bounds, two.outlines.bounds, rtol=0, atol=0)
    np.testing.assert_allclose(one.outlines.measures, two.outlines.measures, rtol=0, atol=0)


def test_a_layer_with_its_axes_changed_is_not_taken_from_what_was_done_ahead(tmp_path):
    frame = layer(["hole"])
    turned = frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), lambda p: p[:, ::-1]))
    path = save(turned.set_crs(4548, allow_override=True), tmp_path / "a.gpkg")
    (report,) = examine(path, options=Options(accept=frozenset({"R104"})), level="parcel")
    (plain,) = examine(save(frame, tmp_path / "b.gpkg"), options=Options(), level="parcel")
    np.testing.assert_allclose(
        report.layers[0].outlines.bounds, plain.layers[0].outlines.bounds, rtol=0, atol=1e-12
    )

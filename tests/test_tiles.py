"""Past one process: tiles, a pool, a cluster. The same accounts to 1e-9, and failed tiles redone."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely.affinity
from click.testing import CliRunner
from distributed import LocalCluster
from geopandas import GeoDataFrame, GeoSeries

from tests.benchmarks import fabric
from zgcgis import geo
from zgcgis.accounts import on_cluster, pool, spread_over, survey
from zgcgis.accounts.shares import cut
from zgcgis.accounts.tiles import do_tile, is_stored, tiled_cut
from zgcgis.cli.assess import assess
from zgcgis.errors import ZgcgisError
from zgcgis.io import open_zone

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
ROWS = 400


def here(tiles):
    return map(do_tile, tiles)


@pytest.fixture(scope="module")
def city():
    return fabric.make(2_000, parks=9)


@pytest.fixture(scope="module")
def layers(city):
    """As a zone has them: in longitude and latitude."""
    return tuple(city[name].geometry.to_crs(4490) for name in ("parcels", "buildings", "parks"))


@pytest.fixture(scope="module")
def whole(layers):
    return cut(*layers, None, center=fabric.CENTER)


def assert_same(found, whole):
    for pieces, others in ((found.land, whole.land), (found.built, whole.built)):
        for name in ("unit", "feature", "parcel"):
            np.testing.assert_array_equal(getattr(pieces, name), getattr(others, name))
        np.testing.assert_allclose(pieces.size_m2, others.size_m2, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(found.parcel_m2, whole.parcel_m2, rtol=1e-9)
    np.testing.assert_allclose(found.building_m2, whole.building_m2, rtol=1e-9)


def test_tiles_cut_as_one_piece(layers, whole):
    assert_same(tiled_cut(*layers, None, center=fabric.CENTER, run=here, rows=ROWS), whole)


def test_the_order_in_which_tiles_are_done_does_not_matter(layers, whole):
    def backwards(tiles):
        return map(do_tile, reversed(tiles))

    assert_same(tiled_cut(*layers, None, center=fabric.CENTER, run=backwards, rows=ROWS), whole)


def test_two_threads_cut_as_one(layers, whole):
    assert_same(cut(*layers, None, center=fabric.CENTER, threads=2), whole)


def test_units_may_be_named_instead_of_drawn(layers):
    parcels, buildings, _ = layers
    unit_of = np.arange(len(parcels)) % 7 - 1
    whole = cut(parcels, buildings, None, unit_of, center=fabric.CENTER)
    tiles = tiled_cut(parcels, buildings, None, unit_of, center=fabric.CENTER, run=here, rows=ROWS)
    assert_same(tiles, whole)
    assert whole.land.unit.min() == 0


def test_pieces_of_buildings_are_the_buildings(layers, whole):
    """What of a building lies on parcels and in parks is there once, however it is cut."""
    parcels, buildings, parks = layers
    here_ = {"center": fabric.CENTER}
    ground = geo.clipped_areas(parks, parcels, **here_)[2].sum()
    assert whole.land.size_m2.sum() == pytest.approx(ground, rel=1e-12)
    on_parcels = geo.shared(buildings, parcels, min_area_m2=0.0, **here_)
    in_parks = geo.clipped_areas(parks, on_parcels.geometry, **here_)[2].sum()
    assert whole.built.size_m2.sum() == pytest.approx(in_parks, rel=1e-6)  # places come in degrees


@pytest.mark.parametrize("workers", [2])
def test_a_pool_of_processes(layers, whole, workers):
    run = pool(workers)
    assert_same(tiled_cut(*layers, None, center=fabric.CENTER, run=run, rows=1_000), whole)


def _dies_once(tile, marker):
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return do_tile(tile)
    os.kill(os.getpid(), signal.SIGKILL)
    return None


class _Fragile:
    """Does tiles, but the first process that is asked dies."""

    def __init__(self, marker):
        self.marker = str(marker)

    def __call__(self, tile):
        return _dies_once(tile, self.marker)


def test_a_tile_whose_process_was_killed_is_done_again(layers, whole, tmp_path, monkeypatch):
    marker = tmp_path / "died"
    monkeypatch.setattr("zgcgis.accounts.tiles.do_tile", _Fragile(marker))
    run = pool(2)
    found = tiled_cut(*layers, None, center=fabric.CENTER, run=run, rows=1_000)
    assert marker.exists()
    assert_same(found, whole)


def _always_dies(_tile):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_tile_that_cannot_be_done_is_said(layers, tmp_path, monkeypatch):
    monkeypatch.setattr("zgcgis.accounts.tiles.do_tile", _always_dies)
    with pytest.raises(ZgcgisError, match="3 times"):
        tiled_cut(*layers, None, center=fabric.CENTER, run=pool(1), rows=5_000, folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_accounts_of_a_zone_are_the_same_by_tiles():
    zone = open_zone(SAMPLE)
    one = survey(zone)
    other = survey(zone, spread=spread_over(here, rows=100))
    pd.testing.assert_frame_equal(other.table, one.table, rtol=1e-9, atol=1e-6)
    pd.testing.assert_frame_equal(other.closure, one.closure, rtol=1e-9, atol=1e-6)


def stored(folder, layers, **options):
    """Files of a zone as it keeps large layers: in order, with a box for each row."""
    paths = {}
    for level, shapes in zip(("parcel", "building"), layers, strict=True):
        lonlat = GeoDataFrame(geometry=shapes.to_crs("EPSG:4490").array)
        lonlat = lonlat.iloc[geo.hilbert_order(lonlat.geometry)].reset_index(drop=True)
        paths[level] = folder / f"{level}.parquet"
        lonlat.to_parquet(paths[level], write_covering_bbox=True, row_group_size=ROWS, **options)
    return paths


def test_layers_a_zone_stores_are_read_where_they_lie(layers, tmp_path, monkeypatch):
    paths = stored(tmp_path, layers[:2])
    parcels, buildings = (gpd.read_parquet(path).geometry for path in paths.values())
    assert is_stored(paths["parcel"], parcels)
    parks = layers[2]
    want = cut(parcels, buildings, parks, None, center=fabric.CENTER)

    def never(*_, **__):
        raise AssertionError("a stored layer was written again")

    monkeypatch.setattr("zgcgis.accounts.tiles.write_tiles", never)
    options = {"center": fabric.CENTER, "run": here, "stored": paths}
    assert_same(tiled_cut(parcels, buildings, parks, None, **options), want)
    unit_of = np.arange(len(parcels)) % 5
    named = cut(parcels, buildings, None, unit_of, center=fabric.CENTER)
    assert_same(tiled_cut(parcels, buildings, None, unit_of, **options), named)


def test_a_layer_that_was_changed_is_not_taken_for_the_stored_one(layers, tmp_path):
    path = stored(tmp_path, layers[:2])["parcel"]
    parcels = gpd.read_parquet(path).geometry
    assert is_stored(path, parcels)
    assert not is_stored(path, parcels.iloc[1:])
    assert not is_stored(path, parcels.iloc[::-1].reset_index(drop=True))
    moved = parcels.copy()
    moved.iloc[5] = shapely.affinity.translate(moved.iloc[5], 1e-7)
    assert not is_stored(path, moved)
    assert not is_stored(path, parcels.to_crs(geo.plane(fabric.CENTER)))
    assert not is_stored(path, parcels, rows=ROWS - 1)
    assert not is_stored(tmp_path / "none.parquet", parcels)


def test_the_command_takes_the_address_of_a_cluster(scheduler):
    line = [str(SAMPLE), "--json", "--year", "2023"]
    alone = CliRunner().invoke(assess, line)
    spread = CliRunner().invoke(assess, [*line, "--dask", scheduler])
    assert alone.exit_code in (0, 1)
    assert spread.exit_code == alone.exit_code
    one, other = (json.loads(run.stdout)["accounts"] for run in (alone, spread))
    assert one == other


@pytest.fixture(scope="module")
def scheduler():
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_cluster_given_by_its_address(scheduler, layers, whole):
    with on_cluster(scheduler) as run:
        assert_same(tiled_cut(*layers, None, center=fabric.CENTER, run=run, rows=1_000), whole)
        zone = open_zone(SAMPLE)
        found = survey(zone, spread=spread_over(run, rows=200)).table
    pd.testing.assert_frame_equal(found, survey(zone).table, rtol=1e-9, atol=1e-6)


def test_a_cluster_that_is_not_there_is_said():
    with pytest.raises(ZgcgisError, match="tcp://127"), on_cluster("tcp://127.0.0.1:1"):
        pass


def test_an_empty_tile_and_no_buildings():
    nothing = GeoSeries([], crs=geo.plane(fabric.CENTER))
    found = tiled_cut(nothing, None, None, np.zeros(0, np.intp), center=fabric.CENTER, run=here)
    assert len(found.land.size_m2) == len(found.built.size_m2) == 0

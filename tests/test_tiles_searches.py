"""Checks by tile: the same findings, row for row, however the land is cut and whoever does it."""

from __future__ import annotations

import json
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from distributed import LocalCluster
from geopandas.testing import assert_geodataframe_equal

from tests.s3_server import KEY, SECRET, objects
from zgcgis import checks, geo, open_zone
from zgcgis.checks import _SEARCHES, check
from zgcgis.cli.assess import assess as assess_command
from zgcgis.cli.check import check as check_command
from zgcgis.language.errors import ZgcgisError
from zgcgis.model.tiles import Tiling, here, on_cluster, pool, search_by_tile

SAMPLE = Path(__file__).parents[1] / "data" / "sample"


@pytest.fixture(scope="module")
def zone():
    return open_zone(SAMPLE)


@pytest.fixture(scope="module")
def whole(zone):
    return check(zone)


def assert_same(found, want):
    assert_geodataframe_equal(found, want, check_less_precise=True)


@pytest.mark.parametrize("rows", [90, 5_000])
def test_findings_by_tile_are_those_of_the_whole_zone(zone, whole, rows):
    assert len(whole)
    assert_same(check(zone, tiling=Tiling(here, rows=rows)), whole)


def test_every_search_is_made_by_tile_on_ordinary_land(zone):
    prepared = zone.prepared()
    searches = list(_SEARCHES.values())
    assert search_by_tile(prepared, searches, Tiling(here, rows=100)) == len(searches)


def test_a_search_of_a_rule_that_is_not_asked_is_not_made(zone, monkeypatch):
    made = []
    monkeypatch.setattr(checks, "search_by_tile", lambda _, wanted, __: made.extend(wanted))
    check(zone, ["H202"], tiling=Tiling(here))
    assert [one.levels for one in made] == [("building", "parcel")]


def test_every_rule_of_a_search_is_a_rule():
    assert {code for codes in _SEARCHES for code in codes} <= set(checks.RULES)


def spoilt(zone, seed):
    """The zone with its features in any order, some without an id of their own, some moved."""
    random = np.random.default_rng(seed)
    layers = dict(zone.layers)
    for level in ("parcel", "building", "block"):
        layer = layers[level].iloc[random.permutation(len(layers[level]))].reset_index(drop=True)
        ids = layer["id"].astype("object").to_numpy(copy=True)
        some = random.integers(0, len(layer), 6)
        ids[some[:3]] = ids[some[3:]]
        moved = random.random(len(layer)) < 0.02
        shapes = layer.geometry.to_numpy(copy=True)
        shapes[moved] = layer.geometry[moved].translate(3e-5, 2e-5).to_numpy()
        layers[level] = layer.assign(id=ids).set_geometry(shapes, crs=layer.crs)
    return replace(zone, layers=layers)


@pytest.mark.parametrize(("seed", "rows"), [(0, 60), (1, 300)])
def test_land_in_any_order_and_ids_that_stand_twice(zone, seed, rows):
    land = spoilt(zone, seed)
    assert_same(check(land, tiling=Tiling(here, rows=rows)), check(land))


@pytest.fixture
def in_files(zone, tmp_path, monkeypatch):
    """A folder of land as import stores it, some features without an id of their own."""
    folder = tmp_path / "land"
    shutil.copytree(SAMPLE, folder)
    land = spoilt(zone, 3)
    for level in ("parcel", "building", "block"):
        for old in (folder / "layers").glob(f"{level}.*"):
            old.unlink()
        layer = land.layers[level]
        layer = layer.iloc[geo.hilbert_order(layer.geometry)]
        path = folder / "layers" / f"{level}.parquet"
        layer.reset_index(drop=True).to_parquet(path, write_covering_bbox=True)
        table = pq.read_table(path)
        meta = {**table.schema.metadata, b"zgcgis": b'{"record": []}'}
        pq.write_table(table.replace_schema_metadata(meta), path, row_group_size=150)
    whole = check(open_zone(folder))
    monkeypatch.setattr("zgcgis.io.stored.UNREAD_ABOVE", 50)
    return folder, whole


def test_layers_in_row_groups_are_searched_where_they_lie(in_files):
    folder, whole = in_files
    left = open_zone(folder)
    prepared, searches = left.prepared(), list(_SEARCHES.values())
    made = search_by_tile(prepared, searches, Tiling(here))
    assert made == len(searches) - 1, "all but gaps, which want blocks with names of their own"
    assert all(left.unread(level) for level in ("parcel", "building", "block"))
    assert_same(check(left, tiling=Tiling(pool(2))), whole)
    assert left.unread("building")
    assert left.unread("parcel") is None
    assert_same(check(open_zone(folder)), whole)


def test_the_state_of_a_year_is_taken_without_reading_its_layers(in_files):
    left, read = open_zone(in_files[0]), open_zone(in_files[0])
    for layer in read.layers.values():
        assert len(layer)
    now, same = left.at(2023), read.at(2023)
    assert left.unread("parcel")
    assert now.count("parcel") == same.count("parcel") == len(now.table("parcel"))
    pd.testing.assert_frame_equal(now.table("parcel", ["id"]), same.table("parcel", ["id"]))
    some = np.arange(same.count("parcel")) % 3 == 0
    assert_same(now.rows("parcel", some)[["id", "geometry"]],
                same.rows("parcel", some)[["id", "geometry"]])  # fmt: skip
    assert left.unread("parcel")
    assert_same(now.layer("parcel"), same.layer("parcel"))


def test_features_in_a_pile_are_left_to_the_whole_zone(zone):
    parcels = zone.layers["parcel"]
    pile = pd.concat([parcels.iloc[[7]]] * 14, ignore_index=True)
    pile["id"] = [f"pile-{k}" for k in range(len(pile))]
    land = replace(
        zone, layers={**zone.layers, "parcel": pd.concat([parcels, pile], ignore_index=True)}
    )
    tiling = Tiling(here, rows=100)
    prepared = land.prepared()
    searches = list(_SEARCHES.values())
    assert search_by_tile(prepared, searches, tiling) == len(searches) - 1
    found = check(land, tiling=tiling)
    assert found["detail"].astype(str).str.contains("lie in a pile").any()
    assert_same(found, check(land))


class _Fragile:
    """Does tiles, but the first process that is asked dies."""

    def __init__(self, do, marker):
        self.do, self.marker = do, str(marker)

    def __call__(self, tile):
        try:
            os.close(os.open(self.marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return self.do(tile)
        os.kill(os.getpid(), signal.SIGKILL)
        return None


def test_a_pool_of_processes_of_which_one_is_killed(zone, whole, tmp_path):
    told = []

    def run(do, tiles):
        return pool(2)(_Fragile(do, tmp_path / "died"), tiles)

    tiling = Tiling(run, rows=300, told=lambda done, of: told.append((done, of)))
    assert_same(check(zone, tiling=tiling), whole)
    assert (tmp_path / "died").exists()
    assert told[-1][0] == told[-1][1] > 1


@pytest.fixture
def bucket(monkeypatch):
    """A bucket on this machine, which whoever starts from here finds by the environment."""
    with objects() as server:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_cluster_of_which_a_worker_is_killed_and_tiles_in_a_bucket(zone, whole, tmp_path, bucket):
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        on_cluster(cluster.scheduler_address) as run,
    ):

        def fragile(do, tiles):
            return run(_Fragile(do, tmp_path / "died"), tiles)

        tiling = Tiling(fragile, folder="s3://land/tiles", rows=300)
        assert_same(check(zone, tiling=tiling), whole)
        written = {path.rpartition("/")[2] for path in bucket.ever}
        assert {"parcel.parquet", "building.parquet"} <= written
        bucket.ever.clear()
        where = ["--dask", cluster.scheduler_address, "--tiles", "s3://land/tiles"]
        spread = {name: asked(name, *where) for name in COMMANDS}
    for name in COMMANDS:
        code, text = asked(name)
        assert spread[name][0] == code == 1
        assert_equal(json.loads(spread[name][1]), json.loads(text))
    assert sum(path.endswith("/parcel.parquet") for path in bucket.ever) > 2  # both commands
    assert (tmp_path / "died").exists()
    assert set(bucket.held) <= {"land/tiles/"}  # the mark of the folder that was named


COMMANDS = {
    "check": (check_command, ["--rule", "T101", "--rule", "H202"]),
    "assess": (assess_command, ["--year", "2023"]),
}


def asked(name, *more):
    """Run a command as a user does; return its code and what it printed."""
    do, words = COMMANDS[name]
    run = CliRunner().invoke(do, [str(SAMPLE), "--json", *words, *more])
    return run.exit_code, run.stdout


def assert_equal(found, want):
    """Compare what was written as JSON; numbers to 1e-9."""
    if isinstance(want, dict):
        assert list(found) == list(want)
        found, want = list(found.values()), list(want.values())
    if isinstance(want, list):
        assert len(found) == len(want)
        for one, other in zip(found, want, strict=True):
            assert_equal(one, other)
    elif isinstance(want, float):
        assert found == pytest.approx(want, rel=1e-9)
    else:
        assert found == want


def test_tiles_lie_at_any_address_for_the_time(zone, whole, tmp_path):
    tiling = Tiling(here, folder=f"file://{tmp_path}", rows=300)
    assert_same(check(zone, tiling=tiling), whole)
    assert list(tmp_path.iterdir()) == []


def test_a_bucket_that_is_not_ours_is_said(zone, bucket, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody-else")
    with pytest.raises(
        ZgcgisError, match=r"s3://land/tiles.*cannot be opened.*credentials"
    ) as said:
        check(zone, tiling=Tiling(here, folder="s3://land/tiles"))
    assert SECRET not in str(said.value)
    assert bucket.held == {}


def test_an_address_that_nothing_opens_is_said(zone):
    tiling = Tiling(here, folder="nosuchstore://bucket/folder")
    with pytest.raises(ZgcgisError, match=r"nosuchstore.*cannot be opened"):
        check(zone, tiling=tiling)

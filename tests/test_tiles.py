"""Past one process: tiles, a pool, a cluster. The same accounts to 1e-9, and failed tiles redone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely.affinity
from click.testing import CliRunner
from distributed import Client, LocalCluster
from geopandas import GeoDataFrame, GeoSeries

from tests.benchmarks import fabric
from zgcgis import geo
from zgcgis.accounts import spatial_form, spread_for, spread_over, survey
from zgcgis.accounts.scale import do_tile, tiled_cut
from zgcgis.accounts.shares import cut
from zgcgis.cli.assess import assess
from zgcgis.geo.boxes import boxes_near
from zgcgis.io import new_zone, open_zone
from zgcgis.language.errors import ReadError, ZgcgisError
from zgcgis.model.tiles import executors, here, on_cluster, pool
from zgcgis.model.tiles.groups import is_stored

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
ROWS = 400


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
    def backwards(do, tiles):
        return map(do, reversed(tiles))

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
    monkeypatch.setattr("zgcgis.accounts.scale.do_tile", _Fragile(marker))
    run = pool(2)
    found = tiled_cut(*layers, None, center=fabric.CENTER, run=run, rows=1_000)
    assert marker.exists()
    assert_same(found, whole)


def _always_dies(_tile):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_tile_that_cannot_be_done_is_said(layers, tmp_path, monkeypatch):
    monkeypatch.setattr("zgcgis.accounts.scale.do_tile", _always_dies)
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

    monkeypatch.setattr("zgcgis.accounts.scale.write_tiles", never)
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
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    ) as cluster:
        yield cluster.scheduler_address


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_cluster_given_by_its_address(scheduler, layers, whole):
    with on_cluster(scheduler) as run:
        assert_same(tiled_cut(*layers, None, center=fabric.CENTER, run=run, rows=1_000), whole)
        zone = open_zone(SAMPLE)
        found = survey(zone, spread=spread_over(run, rows=200)).table
    pd.testing.assert_frame_equal(found, survey(zone).table, rtol=1e-9, atol=1e-6)


NO_ADDRESS = ["", " ", "localhost", "8786", "tcp://", "tcp:/127.0.0.1:8786", "tcp://h:", "tcp://h:abc", "tcp://h:-1",
              "tcp://h:0", "tcp://h:65536", "tcp://h:99999", "tcp://[::1:8786", "tcp://h:1\0", "tcp://\ud800:1",
              "\x1b[31m", "tcp://\u202eh:1", "a,b", "scheduler.json", "tcp://u:wr0ng-word@h:1", "tcp://h:１"]  # fmt: skip


@pytest.mark.parametrize("address", NO_ADDRESS)
def test_what_is_no_address_of_a_cluster_is_said_at_once(address):
    begun = time.monotonic()
    with pytest.raises(ZgcgisError, match="tcp://host:8786") as caught, on_cluster(address):
        pass
    assert time.monotonic() - begun < 1
    said = str(caught.value)
    assert "wr0ng-word" not in said
    assert all(c.isprintable() or c == "\n" for c in said)
    said.encode()


@pytest.mark.parametrize(
    "address", ["tpc://127.0.0.1:8786", "http://127.0.0.1:1", "tls://127.0.0.1:1"]
)
def test_a_cluster_that_cannot_be_spoken_to_is_said(address):
    with pytest.raises(ZgcgisError, match="no scheduler answers there"), on_cluster(address):
        pass


@pytest.mark.parametrize("port", ["refused", "mute", "chatty"])
def test_a_cluster_that_does_not_answer_is_a_time_out(monkeypatch, port):
    monkeypatch.setattr(executors, "_ANSWER_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = 1 if port == "refused" else server.getsockname()[1]
        if port == "chatty":
            threading.Thread(target=greet_as_a_web_server, args=[server], daemon=True).start()
        begun = time.monotonic()
        with (
            pytest.raises(ZgcgisError, match=f"127.0.0.1:{number}.*no scheduler answer"),
            on_cluster(f"tcp://127.0.0.1:{number}"),
        ):
            pass
        assert time.monotonic() - begun < 15


def greet_as_a_web_server(server):
    with contextlib.suppress(OSError):
        while True:
            with server.accept()[0] as line:
                line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                time.sleep(3)


def does_nothing_for_long(_):
    time.sleep(5)


def sees_no_folder(tile):
    raise FileNotFoundError(2, "No such file or directory", f"tile-{tile}")


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings(
    "ignore:Port 8787|\nPort 8787:UserWarning", "ignore::UserWarning:distributed"
)
@pytest.mark.parametrize(
    ("workers", "work", "said"),
    [
        (0, does_nothing_for_long, r"no worker joined within 1 s"),
        (1, sees_no_folder, r"a tile was not done .*tile-7.*must see the folder"),
        (1, does_nothing_for_long, "lost on the way"),
    ],
)
def test_a_cluster_that_fails_says_how(monkeypatch, workers, work, said):
    monkeypatch.setattr(executors, "_WORKERS_S", 1)
    begun = time.monotonic()
    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=False,
        dashboard_address=":0",
        protocol="tcp",
    ) as cluster:
        if said == "lost on the way":
            threading.Timer(2, cluster.close).start()
        with (
            pytest.raises(ZgcgisError, match=said),
            on_cluster(cluster.scheduler_address) as run,
        ):
            list(run(work, [7]))
    assert time.monotonic() - begun < 40


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_worker_is_not_taken_for_its_scheduler(scheduler):
    with Client(scheduler) as client:
        worker = next(iter(client.scheduler_info()["workers"]))
    with pytest.raises(ZgcgisError, match="no scheduler answers there"), on_cluster(worker):
        pass


def test_an_empty_tile_and_no_buildings():
    nothing = GeoSeries([], crs=geo.plane(fabric.CENTER))
    found = tiled_cut(nothing, None, None, np.zeros(0, np.intp), center=fabric.CENTER, run=here)
    assert len(found.land.size_m2) == len(found.built.size_m2) == 0


# --- layers that stay in their files -----------------------------------------------------


def write_zone(folder, city, **changes):
    """A zone folder of the city whose parcels, buildings and firms lie in files with boxes."""
    new_zone(folder, id="city", zh="城", en="City")
    rng = np.random.default_rng(7)
    parks, parcels, buildings = (
        city[name].to_crs("EPSG:4490") for name in ("parks", "parcels", "buildings")
    )
    parks = GeoDataFrame(
        {"id": [f"k{i}" for i in parks["id"]], "precision": "synthetic"}, geometry=parks.geometry
    )
    parks.to_parquet(folder / "layers" / "park.parquet")
    parcels = GeoDataFrame(
        {
            "id": [f"p{i}" for i in parcels["id"]],
            "build_state": rng.choice(["A1", "A2", "A4", "B21", None], len(parcels)),
            "supply_state": rng.choice(["D1", "D21", "E21"], len(parcels)),
            "land_use": parcels["land_use"].where(rng.random(len(parcels)) < 0.98, "2399"),
            "land_use_system": "yonghai_2023",
            "until": pd.array(np.where(rng.random(len(parcels)) < 0.02, 2022, 2999), "Int64"),
            "supply_date": pd.to_datetime(rng.choice(["2020-05-01", "2021-06-01"], len(parcels))),
        },
        geometry=parcels.geometry,
    )
    firms = parcels.sample(300, random_state=1, ignore_index=True)
    firms = firms.to_crs(geo.plane(fabric.CENTER))
    firms = GeoDataFrame(
        {
            "id": [f"f{i}" for i in range(300)],
            "year": 2021,
            "parcel_id": np.where(np.arange(300) < 20, firms["id"], None),
            "tax_wan": rng.random(300),
        },
        geometry=firms.geometry.representative_point(),
    )
    firms.loc[5:8, "geometry"] = None
    buildings = GeoDataFrame(
        {
            "id": [f"b{i}" for i in buildings["id"]],
            "kind": rng.choice(["building", "yard", None], len(buildings)),
            "storeys": buildings["storeys"],
        },
        geometry=buildings.geometry,
    )
    layers = {"parcel": parcels, "building": buildings, "enterprise": firms.to_crs("EPSG:4490")}
    for level, layer in layers.items():
        layer = changes.get(level, lambda same: same)(layer)
        layer = layer.iloc[geo.hilbert_order(layer.geometry)].reset_index(drop=True)
        path = folder / "layers" / f"{level}.parquet"
        layer.to_parquet(path, write_covering_bbox=True, row_group_size=ROWS)
        mark(path)
    return folder


def mark(path):
    """State in a file, as an import does, that its shapes were looked at."""
    table = pq.read_table(path)
    meta = {**table.schema.metadata, b"zgcgis": b'{"record": []}'}
    pq.write_table(table.replace_schema_metadata(meta), path, row_group_size=ROWS)


LEFT = ("parcel", "building", "enterprise")
YEARS = [2021, 2022]


@pytest.fixture(scope="module")
def city_folder(city, tmp_path_factory):
    return write_zone(tmp_path_factory.mktemp("zones") / "city", city)


@pytest.fixture
def left(monkeypatch):
    """Layers of more than 200 features are left in their files."""
    monkeypatch.setattr("zgcgis.io.stored.UNREAD_ABOVE", 200)


@pytest.fixture(scope="module")
def surveyed(city_folder):
    """The accounts of the city, taken of layers that are read, in one piece, by level."""
    zone = open_zone(city_folder)
    assert not any(zone.unread(level) for level in LEFT)
    return {level: survey(zone, level, YEARS) for level in ("park", "parcel")}


def assert_same_survey(found, one):
    close = {"rtol": 1e-9, "atol": 1e-6}
    pd.testing.assert_frame_equal(found.table, one.table, **close)
    pd.testing.assert_frame_equal(found.closure, one.closure, **close)
    pd.testing.assert_frame_equal(found.by_use, one.by_use, **close)
    pd.testing.assert_frame_equal(found.unmapped, one.unmapped, **close)
    texts = ["rule", "feature", "detail"]
    pd.testing.assert_frame_equal(found.findings[texts], one.findings[texts])


@pytest.mark.parametrize("level", ["park", "parcel"])
@pytest.mark.parametrize("spread", [None, spread_over(here)], ids=["alone", "tiles"])
def test_accounts_leave_large_layers_in_their_files(city_folder, left, surveyed, level, spread):
    zone = open_zone(city_folder)
    assert_same_survey(survey(zone, level, YEARS, threads=1, spread=spread), surveyed[level])
    assert all(zone.unread(level) for level in LEFT)
    book = surveyed[level].table
    assert (book.groupby("year")[["land_m2", "footprint_m2", "tax_wan"]].sum() > 0).any().all()


@pytest.mark.parametrize("spread", [None, spread_over(here, rows=ROWS)], ids=["alone", "tiles"])
@pytest.mark.parametrize("stored", [True, False], ids=["in files", "read"])
def test_single_parcels_are_summed_from_the_cut_of_parks(
    city_folder, surveyed, monkeypatch, spread, stored
):
    monkeypatch.setattr("zgcgis.io.stored.UNREAD_ABOVE", 200 if stored else 10**6)
    found = survey(open_zone(city_folder), "park", YEARS, spread=spread, of_parcels=True)
    assert_same_survey(found, surveyed["park"])
    want = surveyed["parcel"].computed.xs(2022, level="year")
    outside = want.index.difference(found._shares.ids("parcel", found._shares.land.feature))
    assert (want.loc[outside, "footprint_m2"] > 0).any(), (
        "some parcels with buildings are in no park"
    )
    one = found.of_parcels(2022).droplevel("year")
    pd.testing.assert_frame_equal(one, want, rtol=1e-9, atol=1e-6)


def test_single_parcels_are_told_only_where_they_were_asked_for(surveyed):
    with pytest.raises(ValueError, match="standing"):
        surveyed["park"].of_parcels(2022)


def test_a_pool_takes_the_files_as_they_lie(city_folder, left, surveyed, monkeypatch):
    def never(*_, **__):
        raise AssertionError("a stored layer was written again or compared")

    monkeypatch.setattr("zgcgis.accounts.scale.write_tiles", never)
    monkeypatch.setattr("zgcgis.accounts.scale.is_stored", never)
    zone = open_zone(city_folder)
    found = survey(zone, "park", YEARS, spread=spread_over(pool(2)))
    assert_same_survey(found, surveyed["park"])


@pytest.mark.parametrize("key", ["land_m2", "floor_area_m2", "tax_wan"])
def test_the_parts_of_a_cell_are_read_from_the_files(city_folder, left, surveyed, key):
    zone = open_zone(city_folder)
    one = surveyed["park"]
    unit = one.table[key].xs(2021, level="year").idxmax()
    want, found = (found.parts(unit, 2021, key) for found in (one, survey(zone, "park", YEARS)))
    assert len(want)
    assert found["amount"].sum() == pytest.approx(one.table.at[(unit, 2021), key], rel=1e-9)
    want, found = (part.sort_values("id", ignore_index=True) for part in (want, found))
    assert found["id"].tolist() == want["id"].tolist()
    np.testing.assert_allclose(found["amount"], want["amount"], rtol=1e-9)
    assert (
        found.geometry.geom_equals_exact(want.geometry, 0).where(want.geometry.notna(), True).all()
    )
    assert found.crs == want.crs
    assert all(zone.unread(level) for level in LEFT)


def test_firms_go_where_their_points_lie(city_folder, left, surveyed):
    shares = survey(open_zone(city_folder), "park", YEARS)._shares
    want = surveyed["park"]._shares
    np.testing.assert_array_equal(shares.firm_parcel, want.firm_parcel)
    np.testing.assert_array_equal(shares.firm_unit, want.firm_unit)
    assert (want.firm_parcel >= 0).sum() > 250


def test_form_is_told_of_layers_in_files(city_folder, left):
    found = spatial_form(open_zone(city_folder), 2021)
    zone = open_zone(city_folder)
    assert all(len(zone.layers[level]) for level in LEFT)
    pd.testing.assert_frame_equal(found, spatial_form(zone, 2021), rtol=1e-9)


def drop_some_shapes(layer):
    layer.loc[3:9, "geometry"] = None
    return layer


def add_a_line(layer):
    layer.loc[4, "geometry"] = layer.geometry.iloc[4].exterior
    return layer


@pytest.mark.parametrize("change", [drop_some_shapes, add_a_line])
def test_a_file_with_more_than_polygons_is_read(city, left, tmp_path, change, monkeypatch):
    folder = write_zone(tmp_path / "z", city, parcel=change)
    zone = open_zone(folder)
    assert zone.unread("parcel")
    found = survey(zone, "park", YEARS)
    assert zone.unread("parcel") is None
    assert zone.unread("building")
    monkeypatch.setattr("zgcgis.io.stored.UNREAD_ABOVE", 10**6)
    assert_same_survey(found, survey(open_zone(folder), "park", YEARS))


@pytest.mark.parametrize("level", ["parcel", "building"])
@pytest.mark.parametrize("spread", [None, spread_over(here)], ids=["alone", "tiles"])
def test_one_layer_may_be_read_and_the_other_not(city_folder, left, surveyed, level, spread):
    zone = open_zone(city_folder)
    assert len(zone.layers[level])
    assert_same_survey(survey(zone, "park", YEARS, spread=spread), surveyed["park"])
    other = {"parcel": "building", "building": "parcel"}[level]
    assert zone.unread(other)


def test_a_file_that_does_not_say_what_it_holds_is_read(city, left, tmp_path):
    """An empty list of geometry types means that they are not known."""
    folder = write_zone(tmp_path / "z", city, parcel=add_a_line)
    path = folder / "layers" / "parcel.parquet"
    table = pq.read_table(path)
    about = json.loads(table.schema.metadata[b"geo"])
    about["columns"]["geometry"]["geometry_types"] = []
    meta = table.schema.metadata | {b"geo": json.dumps(about).encode()}
    pq.write_table(table.replace_schema_metadata(meta), path, row_group_size=ROWS)
    zone = open_zone(folder)
    assert zone.unread("parcel").kinds == frozenset()
    assert survey(zone, "park", YEARS).closure["features"].max() > 0
    assert zone.unread("parcel") is None


def test_a_layer_that_somebody_replaced_counts_and_not_its_file(city_folder, left):
    zone = open_zone(city_folder)
    fewer = zone.layers["parcel"].iloc[::2]
    changed = replace(zone, layers={**zone.layers, "parcel": fewer})
    paths = {level: city_folder / "layers" / f"{level}.parquet" for level in LEFT[:2]}
    want = survey(changed, "park", YEARS)
    found = survey(changed, "park", YEARS, spread=spread_over(here, stored=paths))
    assert_same_survey(found, want)
    whole = survey(zone, "park", YEARS).table["land_m2"].sum()
    assert want.table["land_m2"].sum() < 0.6 * whole


def test_a_file_that_is_replaced_while_it_is_cut_is_said(city, left, tmp_path):
    folder = write_zone(tmp_path / "z", city)
    path = folder / "layers" / "building.parquet"

    def meanwhile(do, tiles):
        yield from here(do, tiles)
        os.utime(path, ns=(1, 1))

    with pytest.raises(ReadError, match=r"building\.parquet.*Open the zone again"):
        survey(open_zone(folder), "park", YEARS, spread=spread_over(meanwhile))


def test_a_pool_is_chosen_without_reading(city_folder, left, monkeypatch):
    zone = open_zone(city_folder)
    monkeypatch.setattr("zgcgis.model.tiles.executors.processors", lambda: 2)
    size = zone.count("parcel") + zone.count("building")
    monkeypatch.setattr("zgcgis.model.tiles.executors.TILE_FROM", size)
    with spread_for(zone) as spread:
        assert spread is not None
    monkeypatch.setattr("zgcgis.model.tiles.executors.TILE_FROM", size + 1)
    with spread_for(zone) as spread:
        assert spread is None
    assert all(zone.unread(level) for level in LEFT)


def test_the_centre_of_the_plane_is_that_of_the_parcels(city_folder, left):
    """A zone that states no centre is measured in the same plane, read or not."""
    zone = open_zone(city_folder)
    parcel = zone.unread("parcel")
    west, south, east, north = gpd.read_parquet(parcel.path).total_bounds
    assert parcel.bounds == (west, south, east, north)


# --- what tiles are read with ------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_no_box_that_meets_a_target_is_missed(seed):
    rng = np.random.default_rng(seed)

    def boxes(n, most):
        low = rng.random((n, 2)) * rng.choice([1, 1e-3], 2)
        return np.hstack([low, low + rng.random((n, 2)) * most])

    some, targets = boxes(500, 0.05), boxes(40, 0.02 * (seed % 3))
    some[:3] = np.nan
    targets[:2] = np.nan
    a, b = some[:, None], targets[None]
    meet = ((a[..., :2] <= b[..., 2:]) & (a[..., 2:] >= b[..., :2])).all(axis=2).any(axis=1)
    near = boxes_near(some, targets)
    assert (near | ~meet).all()
    assert not near[:3].any()
    far = ((a[..., :2] - 0.05 > b[..., 2:]) | (a[..., 2:] + 0.05 < b[..., :2])).any(axis=2)
    assert not near[far.all(axis=1)].any()
    assert not boxes_near(some, targets[:2]).any()

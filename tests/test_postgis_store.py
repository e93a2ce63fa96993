"""A zone in a database: the same zone as the folder, and nothing lost, leaked or half written."""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from test_postgis import PASSWORD, address, mighty, run, server
from test_writers import run as zgcgis

from zgcgis import accounts
from zgcgis.checks import check
from zgcgis.io import new_zone, open_zone
from zgcgis.io.postgis import parts, store
from zgcgis.io.postgis.server import is_store
from zgcgis.language.errors import ReadError, WriteError, ZgcgisError
from zgcgis.language.safe_text import unlocked
from zgcgis.model.tiles import Tiling, here, pool, searches

__all__ = ["address", "server"]  # fixtures

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def worn(tmp_path_factory):
    """The sample with outlines that cross themselves, are open, empty, or cannot be read."""
    folder = tmp_path_factory.mktemp("worn") / "zone"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("raw", "projects"))
    path = folder / "layers" / "parcel.geojson"
    parcels = json.loads(path.read_text(encoding="utf-8"))
    shapes = [one["geometry"] for one in parcels["features"]]
    x, y = shapes[3]["coordinates"][0][0]
    bow = [[x, y], [x + 1e-3, y + 1e-3], [x + 1e-3, y], [x, y + 1e-3], [x, y]]
    shapes[3]["coordinates"] = [bow]
    shapes[5]["coordinates"][0].pop()
    shapes[7]["coordinates"] = [[[x, "y"], [x, y]]]
    parcels["features"][9]["geometry"] = None
    path.write_text(json.dumps(parcels), encoding="utf-8")
    return folder


def assert_same_zone(found, want):
    assert (found.id, found.names, found.meta, found.land) == (
        want.id, want.names, want.meta, want.land
    )  # fmt: skip
    assert set(found.layers) == set(want.layers)
    for level, layer in want.layers.items():
        assert_geodataframe_equal(found.layers[level], layer, check_like=True)
    for name in ("units", "accounts", "quotas"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(want, name))
    assert set(found.tables) == set(want.tables)
    assert_geodataframe_equal(found.flaws, want.flaws)


@pytest.mark.parametrize("kind", ["worn", "zgc"])
def test_a_zone_in_a_store_is_the_zone_of_the_folder(address, worn, kind):
    name = str(worn) if kind == "worn" else kind
    assert (store.init(address), store.init(address)) == (True, False)
    counts = store.load(address, name)
    found, want = open_zone(address), open_zone(name)
    assert counts == {level: len(layer) for level, layer in want.layers.items()}
    assert len(want.flaws) == (4 if kind == "worn" else 0)
    assert_same_zone(found, want)
    ours, theirs = check(found), check(want)
    assert len(theirs) > 20
    assert_geodataframe_equal(ours, theirs)
    if kind == "worn":
        pd.testing.assert_frame_equal(accounts.measure(found), accounts.measure(want))
    rows = run(address, "SELECT level, features, by FROM zgcgis.loads")
    assert {row[0]: row[1] for row in rows} == counts
    assert {row[2] for row in rows} == {"planner"}


def test_commands_tell_the_same_of_both_and_check_writes_back(address, tmp_path):
    assert zgcgis("db", "init", address, lang="en")[0] == 0
    code, said, _ = zgcgis("db", "load", SAMPLE, address, lang="en")
    assert (code, said) == (0, b"Loaded: 17 layers, 3131 features\n")
    said = {}
    for place in (address, SAMPLE):
        code, out, _ = zgcgis("check", place, "--json")
        assert code == 1
        said[place] = json.loads(out)
        said[place]["asked"].pop("layers")  # tells the files
    assert said[address] == said[SAMPLE]
    held = run(
        address, "SELECT rule, feature, other, measured FROM zgcgis.latest_findings ORDER BY number"
    )
    assert held == [(f["rule"], f.get("feature"), f.get("other"), f.get("measured"))
                    for f in said[SAMPLE]["findings"]]  # fmt: skip
    said = [zgcgis("assess", place, "--year", "2023", "--json")[1] for place in (address, SAMPLE)]
    assert said[0] == said[1]
    pages = [tmp_path / "store.html", tmp_path / "folder.html"]
    for place, page in zip((address, SAMPLE), pages, strict=True):
        assert zgcgis("map", place, "-o", page)[0] == 0
    assert pages[0].read_bytes() == pages[1].read_bytes()
    code, out, _ = zgcgis("check", address, "--rule", "T101", lang="en")
    assert b"Written back to the store as check 2" in out
    asked = "SELECT number, partial, standing FROM zgcgis.checks ORDER BY number"
    assert run(address, asked)[0][:2] == (1, False)
    assert run(address, asked)[1][1] is True
    (latest,) = run(address, "SELECT DISTINCT check_number FROM zgcgis.latest_findings")
    assert latest == (1,)  # that of the whole zone


def test_what_is_edited_in_the_store_is_what_is_checked(address):
    store.init(address)
    store.load(address, SAMPLE)
    before = open_zone(address).layers["parcel"]
    first, second, third = before["id"].iloc[:3]
    table = "zgcgis.parcel"
    run(address, f"DELETE FROM {table} WHERE id = '{second}'")
    run(
        address,
        f"UPDATE {table} SET geometry = ST_Translate(geometry, 1e-4, 0) WHERE id = '{first}'",
    )
    run(address, f"INSERT INTO {table} (id, land_use, geometry) SELECT 'new', land_use, geometry "
                 f"FROM {table} WHERE id = '{third}'")  # fmt: skip
    zone = open_zone(address)
    after = zone.layers["parcel"]
    assert after["id"].tolist() == [first, *before["id"].iloc[2:], "new"]
    moved = shapely.affinity.translate(before.geometry.iloc[0], 1e-4)
    assert after.geometry.iloc[0].equals_exact(moved, 1e-12)
    pairs = {frozenset(p) for p in check(zone, ["T1"])[["feature", "other"]].to_numpy().tolist()}
    assert frozenset((third, "new")) in pairs
    with pytest.raises(Exception, match="check constraint"):
        run(address, f"UPDATE {table} SET geometry = ST_SetSRID('CURVEPOLYGON(CIRCULARSTRING("
                     f"0 0, 1 1, 2 0, 1 -1, 0 0))'::geometry, 4490) WHERE id = '{first}'")  # fmt: skip


VALUES = {
    "id": ["a", "", "c,d", 'q"q', "x\ny", "\\N", "\\.", "编号一"],
    "note_": ["", None, "NULL", " ", "\t", "'", "\\", "t"],
    "Whole": [0, 1, -5, 2**53 + 1, 2**62, 7, 8, 9],
    "some": [0.1 + 0.2, np.nan, 1e-300, -1e300, 5e-324, 1 / 3, 0.0, 123456789.123456789],
    "government_cause": pd.array([True, None, False, True, False, True, None, True], "boolean"),
    "when": pd.array(
        [
            pd.Timestamp("2013-05-01"),
            pd.NaT,
            pd.Timestamp("2014-01-01 12:30:01"),
            *[pd.Timestamp("2000-02-29")] * 5,
        ],
        "datetime64[us]",
    ),
    "a b%s{x}": ["v"] * 8,
    "nothing": [None] * 8,
}


def test_every_value_comes_back_as_it_was(address, tmp_path):
    folder = new_zone(tmp_path / "z", id="z", zh="区", en="Z")
    shapes = [shapely.box(116 + 0.1 / 3 * k, 40, 116.01 + 0.1 / 3 * k, 40.01) for k in range(8)]
    layer = gpd.GeoDataFrame(VALUES, geometry=shapes, crs="EPSG:4490")
    (folder / "layers").mkdir(exist_ok=True)
    layer.to_parquet(folder / "layers" / "parcel.parquet")
    store.init(address)
    store.load(address, folder)
    found = open_zone(address).layers["parcel"]
    want = open_zone(folder).layers["parcel"]
    given = [name for name in layer if name != "nothing"]
    assert found["nothing"].isna().all()
    assert_geodataframe_equal(found[given], want[given])
    assert found["note_"].isna().tolist() == [False, True, *[False] * 6]
    assert found.geometry.to_wkb().tolist() == layer.geometry.to_wkb().tolist()
    papers = dict(run(address, "SELECT name, content FROM zgcgis.papers"))
    assert papers["zone.toml"] == (folder / "zone.toml").read_bytes()


def refused(kind, match, do, *words, **more):
    with pytest.raises(kind, match=match) as said:
        do(*words, **more)
    assert PASSWORD not in str(said.value)
    assert PASSWORD not in said.value.zh


def test_what_is_not_a_store_of_ours_is_refused_and_left_alone(address):
    refused(ReadError, "no schema zgcgis.*zgcgis db init", open_zone, address)
    refused(WriteError, "no schema zgcgis.*zgcgis db init", store.load, address, SAMPLE)
    run(address, "CREATE SCHEMA zgcgis; CREATE TABLE zgcgis.parcel (id text)")
    for do, *words in ((store.init, address), (store.load, address, SAMPLE), (open_zone, address)):
        refused(ZgcgisError, "not made by this toolkit.*schema=name", do, *words)
    assert run(address, "SELECT count(*) FROM zgcgis.parcel") == [(0,)]
    run(address, "COMMENT ON SCHEMA zgcgis IS 'zgcgis store 99'")
    refused(ReadError, "made by another version", open_zone, address)
    other = f"{address}&schema=haidian"
    assert store.init(other)
    refused(ReadError, "holds no zone yet.*zgcgis db load", open_zone, other)
    store.load(other, SAMPLE)
    refused(WriteError, "holds the zone sample already.*--replace", store.load, other, "zgc")
    assert open_zone(other).id == "sample"
    store.load(other, "zgc", replace=True)
    assert open_zone(other).id == "zgc"
    for name in ("Zgc", "pg_temp", "a-b", "x;y"):
        refused(ReadError, "will not do", store.init, f"{address}&schema={name}")


def test_a_database_without_postgis_is_told_what_to_do(address, server):
    run(mighty(address), "DROP EXTENSION postgis")
    refused(WriteError, "CREATE EXTENSION postgis", store.init, address)


def test_two_writers_one_waits_or_is_refused(address, monkeypatch):
    import psycopg

    store.init(address)
    store.load(address, "zgc")
    with psycopg.connect(address) as other:
        other.execute("LOCK TABLE zgcgis.loads IN EXCLUSIVE MODE")
        monkeypatch.setattr(store, "_WAIT", "200ms")
        refused(WriteError, "in use by another program", store.load, address, SAMPLE, replace=True)
        assert open_zone(address).id == "zgc"  # reading waits for nobody
        monkeypatch.setattr(store, "_WAIT", "20s")
        waiting = threading.Thread(
            target=store.load, args=(address, SAMPLE), kwargs={"replace": True}
        )
        waiting.start()
        time.sleep(0.5)
        assert waiting.is_alive()
        other.rollback()
        waiting.join(60)
    assert open_zone(address).id == "sample"


def test_a_load_that_fails_leaves_the_zone_that_was_there(address, tmp_path):
    store.init(address)
    store.load(address, "zgc")
    folder = new_zone(tmp_path / "z", id="z", zh="区", en="Z")
    layer = gpd.GeoDataFrame(
        {"id": ["1"], "zgcgis_row": [1]}, geometry=[shapely.box(116, 40, 117, 41)], crs="EPSG:4490"
    )
    (folder / "layers").mkdir(exist_ok=True)
    layer.to_parquet(folder / "layers" / "parcel.parquet")
    refused(WriteError, "columns of the store's own", store.load, address, folder, replace=True)
    layer = layer.rename(columns={"zgcgis_row": "x"}).assign(x=["a\0b"])
    layer.to_parquet(folder / "layers" / "parcel.parquet")
    refused(WriteError, "was not written to", store.load, address, folder, replace=True)
    assert_same_zone(open_zone(address), open_zone("zgc"))


def test_who_may_only_read_checks_and_is_told_that_nothing_went_back(address):
    store.init(address)
    store.load(address, SAMPLE)
    run(
        mighty(address),
        f"DROP ROLE IF EXISTS viewer; CREATE ROLE viewer LOGIN PASSWORD '{PASSWORD}'",
    )
    run(address, "GRANT USAGE ON SCHEMA zgcgis TO viewer; "
                 "GRANT SELECT ON ALL TABLES IN SCHEMA zgcgis TO viewer")  # fmt: skip
    viewer = address.replace("//planner:", "//viewer:")
    code, said, err = zgcgis("check", viewer, "--rule", "T101", lang="en")
    assert (code, b"T101" in said) == (1, True)
    assert b"findings were not written back" in err
    assert run(address, "SELECT count(*) FROM zgcgis.checks") == [(0,)]
    run(address, "REVOKE SELECT ON zgcgis.parcel FROM viewer")
    code, _, err = zgcgis("check", viewer, "--rule", "T101", lang="en")
    assert code == 3
    assert b"permission denied for table parcel. Check the address" in err
    run(mighty(address), "DROP OWNED BY viewer; DROP ROLE viewer")


@pytest.mark.parametrize(
    "words",
    [
        ["check", "{bad}"], ["db", "init", "{bad}"], ["db", "load", "sample", "{bad}"],
        ["map", "{bad}"], ["fix", "{address}"], ["export", "{bad}", "parcel"],
        ["db", "init", "sample", "{address}"], ["db", "load", "{address}"],
        ["import", "x.gpkg", "--zone", "{address}"], ["doctor", "{address}"],
        ["check", "{address}&port=x"], ["check", "{bad}", "--lang", "en"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_message_holds_a_password(address, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    store.init(address)
    bad = address.replace("//planner:", "//nobody:")
    code, out, err = zgcgis(*(word.format(bad=bad, address=address) for word in words))
    assert code in {2, 3}
    assert PASSWORD.encode() not in out + err
    assert b"Traceback" not in err
    assert b"Unforeseen" not in err
    assert list(tmp_path.iterdir()) == []


def test_plain_sql_finds_what_the_rules_find(address, monkeypatch, capsys):
    from tests.benchmarks import database

    monkeypatch.setattr(sys, "argv", ["database", address, "--parcels", "300", "--rounds", "1"])
    assert database.main() == 0
    assert "findings by check" in capsys.readouterr().out
    checked = {("T101", frozenset("ab")): 5.0, ("T104", frozenset("c")): 1.0}
    assert database.differences(checked, checked) == []
    assert len(database.differences(checked, {("T101", frozenset("ab")): 5.1})) == 2
    assert run(address, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'zgcgis%'") == [(0,)]


def test_an_address_is_shown_without_its_password():
    for text in (f"postgresql://u:{PASSWORD}@h/d", f"a postgres://u:{PASSWORD}@h:5/d?x=1 b",
                 f"postgresql+psycopg://u:p@{PASSWORD}@h/d", f"postgresql://h/d?password={PASSWORD}&x=1"):  # fmt: skip
        assert PASSWORD not in unlocked(text)
    assert is_store("postgresql://h/d")
    assert not is_store(Path("postgresql://h/d"))
    assert not is_store("postgresql")


@pytest.fixture
def short(monkeypatch):
    """Features bear a number along the curve by the hundred, so that a small zone has many tiles."""
    for module in (store, parts):
        monkeypatch.setattr(module, "CURVE_ROWS", 100)


def test_searches_read_the_server_by_part_and_find_the_same(address, short, monkeypatch):
    store.init(address)
    store.load(address, SAMPLE)
    zone, want = open_zone(address), check(open_zone(SAMPLE))
    asked, written = [], []
    usual = parts.ServedLayer._read

    def read(self, where, *values, **names):
        asked.append((self.level, where.split()[0], usual(self, where, *values, **names)))
        return asked[-1][2]

    monkeypatch.setattr(parts.ServedLayer, "_read", read)
    usually = searches.write_layer
    monkeypatch.setattr(
        searches, "write_layer", lambda *a, **k: written.append(a[1]) or usually(*a, **k)
    )
    assert_geodataframe_equal(check(zone, tiling=Tiling(here, rows=300)), want)
    tiles = [len(t) for level, how, t in asked if (level, how) == ("parcel", "zgcgis_tile")]
    assert max(tiles) == 300
    assert sum(tiles) >= len(zone.layers["parcel"])
    boxes = [len(t) for level, how, t in asked if (level, how) == ("parcel", "geometry")]
    assert boxes
    assert min(boxes) < len(zone.layers["parcel"])
    assert not [path for path in written if "building" in path]


def test_what_is_changed_while_tiles_are_searched_is_told(address, short):
    store.init(address)
    store.load(address, SAMPLE)
    zone = open_zone(address)

    def run_and_edit(do, tiles):
        yield from here(do, tiles)
        run(address, "UPDATE zgcgis.building SET geometry = geometry WHERE zgcgis_row = 0")

    refused(ReadError, "changed while it was being looked at", check, zone,
            tiling=Tiling(run_and_edit, rows=300))  # fmt: skip


def test_processes_read_the_server_too(address, worn):
    store.init(address)
    store.load(address, worn)
    zone = open_zone(address)
    found = check(zone, ["T1", "H2"], tiling=Tiling(pool(2)))
    assert_geodataframe_equal(found, check(open_zone(worn), ["T1", "H2"]))

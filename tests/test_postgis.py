"""Layers from and tables into a PostgreSQL with PostGIS that the tests start themselves."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas import DataFrame
from shapely import MultiPolygon, Point, box

from tests.conftest import database
from zgcgis import accounts, findings
from zgcgis.checks import check
from zgcgis.errors import CrsError, ReadError, UnknownNameError, WriteError, ZgcgisError
from zgcgis.io import open_zone, postgis

PASSWORD = "s3cret-of-the-test"
ROOT = Path(__file__).parents[1]

needs_database = pytest.mark.database


def programs() -> Path:
    """Return the folder of the server's programs."""
    return Path(database() or "")


def as_server(*line: str | Path) -> None:
    """Run a program of the server, which refuses to run as root."""
    if os.geteuid() == 0:
        line = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *line)
    run = subprocess.run(
        list(map(str, line)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="module")
def server():
    """Start a cluster in a folder of its own, reached by a socket in it; stop and remove it."""
    home = Path(tempfile.mkdtemp(prefix="zgcgis-pg-"))
    secret = home / "password"
    secret.write_text(PASSWORD, encoding="ascii")
    data, log = home / "data", home / "log"
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        for path in (home, secret):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    pg = programs()
    made = ["--auth=scram-sha-256", f"--pwfile={secret}", "--username=zone", "--encoding=UTF8"]
    as_server(pg / "initdb", f"--pgdata={data}", "--no-sync", "--no-locale", *made)
    options = f"-c listen_addresses='' -c unix_socket_directories='{home}' -c fsync=off"
    as_server(pg / "pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", options)
    try:
        yield home
    finally:
        as_server(pg / "pg_ctl", "stop", "-w", "-m", "immediate", "-D", data)
        shutil.rmtree(home)


@pytest.fixture
def address(server):
    """Return the address of a fresh database with PostGIS."""
    import psycopg

    where = {"host": str(server), "user": "zone", "password": PASSWORD, "autocommit": True}
    with contextlib.closing(psycopg.connect(dbname="postgres", **where)) as connection:
        connection.execute("DROP DATABASE IF EXISTS land WITH (FORCE)")
        connection.execute("CREATE DATABASE land")
    with contextlib.closing(psycopg.connect(dbname="land", **where)) as connection:
        connection.execute("CREATE EXTENSION postgis")
    return f"postgresql://zone:{PASSWORD}@/land?host={server}"


def run(address: str, statement: str) -> list[tuple[object, ...]]:
    """Say something to the server behind the package's back."""
    import psycopg

    with contextlib.closing(psycopg.connect(address, autocommit=True)) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def parcels() -> gpd.GeoDataFrame:
    fields = [box(116.30 + 0.001 * k, 39.90, 116.301 + 0.001 * k, 39.901) for k in range(3)]
    return gpd.GeoDataFrame(
        {
            "id": ["p2", "p1", "第三宗"],
            "park_id": ["a", "a", None],
            "land_use": ["0601", "0701", "1001"],
            "registered_area_m2": [1.5, np.nan, 3.0],
            "since": pd.array([2012, None, 2015], dtype="Int64"),
            "supply_date": pd.to_datetime(["2013-05-01", None, "2014-01-01"]),
            "government_cause": pd.array([True, None, False], dtype="boolean"),
        },
        geometry=[fields[0], MultiPolygon([fields[1]]), fields[2]],
        crs="EPSG:4490",
    )


@needs_database
def test_what_is_written_comes_back_sorted_and_typed(address):
    assert postgis.write_tables(address, {"Zong Di": parcels()}) == {"Zong Di": 3}
    back = postgis.read_layer(address, "Zong Di", level="parcel")
    there = parcels().sort_values("id", ignore_index=True)
    assert back["id"].tolist() == there["id"].tolist()
    assert back["park_id"].isna().tolist() == [False, False, True]
    assert back["registered_area_m2"].fillna(-1).tolist() == [-1.0, 1.5, 3.0]
    assert back["since"].astype("Int64").equals(there["since"])
    assert (back["supply_date"].dropna() == there["supply_date"].dropna()).all()
    assert back["government_cause"].isna().tolist() == there["government_cause"].isna().tolist()
    assert back.crs == "EPSG:4490"
    assert back.geometry.to_wkb().tolist() == there.geometry.to_wkb().tolist()
    assert postgis.read_layer(address, "Zong Di")["land_use"].tolist() == ["0701", "0601", "1001"]


@needs_database
def test_accounts_and_findings_from_a_database_are_those_from_the_folder(address):
    zone = open_zone(ROOT / "data" / "sample")
    names = ("park", "block", "parcel", "building", "enterprise", "boundary")
    postgis.write_tables(address, {name: zone.layers[name] for name in names}, schema="held")
    there = postgis.layers_in(address, schema="held")
    assert there["table"].tolist() == sorted(names)
    assert set(there["srid"]) == {4490}
    held = postgis.from_postgis(replace(zone, layers={}), address, schema="held")
    assert set(held.layers) == set(names)
    whole = postgis.from_postgis(zone, address, schema="held")
    ours, theirs = (
        accounts.measure(one).select_dtypes("number").astype(float).sort_index()
        for one in (whole, zone)
    )
    assert len(ours) > 10
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9, atol=1e-9)
    book, found = accounts.measure(zone), check(zone, ["T1"])
    counts = postgis.write_tables(address, {"accounts": book, "findings": found}, schema="out")
    assert counts == {"accounts": len(book), "findings": len(found)}
    (land,) = run(address, "SELECT sum(land_m2), count(DISTINCT (unit, year)) FROM out.accounts")
    assert land == (pytest.approx(book["land_m2"].sum(), rel=1e-12), len(book))
    ours, theirs = (
        check(one, ["T", "H"]).sort_values(["rule", "feature", "other", "measured"])
        for one in (whole, zone)
    )
    assert len(ours) > 10
    for column in ("rule", "feature", "other"):
        assert ours[column].fillna("").tolist() == theirs[column].fillna("").tolist()
    assert ours["measured"].tolist() == pytest.approx(
        theirs["measured"].tolist(), rel=1e-9, nan_ok=True
    )
    with pytest.raises(UnknownNameError, match="parcel"):
        postgis.from_postgis(zone, address)


@needs_database
def test_findings_and_accounts_are_written_together_or_not_at_all(address):
    findings.define("D999", "note", zh="试", en="trial", unit="m2")
    rows = [
        {"level": "parcel", "feature": "p1", "measured": 2.5, "geometry": box(116, 39, 117, 40)},
        {"level": "zone", "feature": 'x"; DROP TABLE accounts; --'},
    ]
    try:
        found = findings.finding_frame(rows, rule="D999")
    finally:
        del findings.RULES["D999"]
    table = DataFrame({"unit": ["a", "b"], "year": [2015, 2015], "land_m2": [1.25, np.nan]})
    book = {"findings": found, "accounts": table}
    assert postgis.write_tables(address, book, schema="台账") == {"findings": 2, "accounts": 2}
    assert run(address, 'SELECT land_m2 FROM "台账".accounts ORDER BY unit') == [(1.25,), (None,)]
    back = postgis.read_layer(address, "findings", schema="台账")
    assert back["feature"].tolist() == found["feature"].tolist()
    assert back.geometry.isna().tolist() == [False, True]
    assert back["limit"].isna().all()

    bad = {"third": table, "accounts": table}
    with pytest.raises(WriteError, match="is there already"):
        postgis.write_tables(address, bad, schema="台账")
    assert run(address, "SELECT to_regclass('台账.third')") == [(None,)]

    poisoned = table.assign(unit=["a", "nul\0byte"])
    with pytest.raises(WriteError, match="was not written to"):
        postgis.write_tables(
            address, {"third": table, "accounts": poisoned}, schema="台账", replace=True
        )
    assert run(address, "SELECT to_regclass('台账.third')") == [(None,)]
    assert run(address, 'SELECT count(*) FROM "台账".accounts') == [(2,)]

    postgis.write_tables(address, {"accounts": table[:1]}, schema="台账", replace=True)
    assert run(address, 'SELECT count(*) FROM "台账".accounts') == [(1,)]


@needs_database
@pytest.mark.parametrize(
    "name", ['a"b', "a; DROP TABLE kept", "a%(x)s:y", "b'c", "a.b", "SELECT", "宗地 一"]
)
def test_any_name_is_only_a_name(address, name):
    run(address, "CREATE TABLE kept (x int)")
    table = DataFrame({"id": ["1", "2"], name: ["x'y", 'z"; --']})
    layer = gpd.GeoDataFrame(table, geometry=[Point(116, 40)] * 2, crs="EPSG:4490")
    postgis.write_tables(address, {name: layer}, schema=name)
    back = postgis.read_layer(address, name, schema=name, where={name: "x'y"})
    assert back[name].tolist() == ["x'y"]
    assert postgis.read_layer(address, name, schema=name, where={name: ["' OR 1=1 --"]}).empty
    assert run(address, "SELECT count(*) FROM kept") == [(0,)]


@needs_database
def test_a_name_the_server_would_cut_is_refused(address):
    long = "园" * 22  # 66 bytes
    with pytest.raises(WriteError, match="66 bytes"):
        postgis.write_tables(address, {long: parcels()})
    with pytest.raises(WriteError, match="66 bytes"):
        postgis.write_tables(address, {"t": parcels().rename(columns={"land_use": long})})
    fits = "园" * 21
    postgis.write_tables(address, {fits: parcels()})
    assert len(postgis.read_layer(address, fits)) == 3


@needs_database
def test_reading_cannot_write_and_does_not_wait_for_ever(address):
    postgis.write_tables(address, {"parcel": parcels()})
    run(address, "CREATE TABLE log (x int)")
    run(
        address,
        "CREATE FUNCTION note() RETURNS int LANGUAGE sql VOLATILE AS "
        "'INSERT INTO log VALUES (1) RETURNING 1'",
    )
    run(address, "CREATE VIEW sly AS SELECT note() AS id, geometry FROM parcel")
    with pytest.raises(ReadError, match="read-only"):
        postgis.read_layer(address, "sly")
    assert run(address, "SELECT count(*) FROM log") == [(0,)]
    run(address, "CREATE VIEW slow AS SELECT pg_sleep(30)::text AS id, geometry FROM parcel")
    with pytest.raises(ReadError, match="statement timeout"):
        postgis.read_layer(address, "slow", timeout_s=0.3)


@needs_database
def test_layers_read_together_are_of_one_moment(address, monkeypatch):
    postgis.write_tables(address, {"parcel": parcels(), "building": parcels()[["id", "geometry"]]})
    select = postgis._select

    def meanwhile(connection, schema, name, where):
        found = select(connection, schema, name, where)
        if name == "parcel":
            other = threading.Thread(target=run, args=(address, "DELETE FROM building"))
            other.start()
            other.join()
        return found

    monkeypatch.setattr(postgis, "_select", meanwhile)
    both = postgis.read_layers(address, {"parcel": "parcel", "building": "building"})
    assert len(both["building"]) == 3
    assert run(address, "SELECT count(*) FROM building") == [(0,)]


@needs_database
def test_a_layer_in_another_crs_is_brought_to_longitude_and_latitude(address):
    postgis.write_tables(address, {"parcel": parcels().to_crs("EPSG:4548")})
    assert postgis.read_layer(address, "parcel").crs.to_epsg() == 4548
    back = postgis.read_layer(address, "parcel", level="parcel").set_index("id")
    there = parcels().set_index("id")
    gap = shapely.hausdorff_distance(
        *(layer.geometry.loc[list(there.index)].to_numpy() for layer in (back, there))
    )
    assert gap.max() < 1e-9


@needs_database
def test_a_table_that_cannot_be_understood_says_why(address):
    run(address, "CREATE TABLE bare (id text)")
    run(address, "CREATE TABLE two (id text, a geometry, b geometry)")
    run(address, "CREATE TABLE unknown (id text, g geometry)")
    run(address, "INSERT INTO unknown VALUES ('1', 'POINT(1 2)')")
    run(address, "CREATE TABLE mixed (id text, g geometry)")
    run(address, "INSERT INTO mixed VALUES ('1', 'SRID=4490;POINT(1 2)')")
    run(address, "INSERT INTO mixed VALUES ('2', 'SRID=4548;POINT(1 2)')")
    run(address, "CREATE TABLE arcs (id text, g geometry)")
    run(
        address,
        "INSERT INTO arcs VALUES ('1', "
        "'SRID=4490;CURVEPOLYGON(CIRCULARSTRING(0 0, 2 2, 4 0, 2 -2, 0 0))')",
    )
    with pytest.raises(ReadError, match="exactly one geometry column"):
        postgis.read_layer(address, "bare")
    with pytest.raises(ReadError, match=r"\['a', 'b'\]"):
        postgis.read_layer(address, "two")
    with pytest.raises(CrsError, match=r"SRID \[0\]"):
        postgis.read_layer(address, "unknown")
    with pytest.raises(CrsError, match=r"SRID \[4490, 4548\]"):
        postgis.read_layer(address, "mixed")
    with pytest.raises(ReadError, match="arcs"):
        postgis.read_layer(address, "arcs")
    with pytest.raises(UnknownNameError, match="mixed"):
        postgis.read_layer(address, "mixedd")
    with pytest.raises(UnknownNameError, match="no_such"):
        postgis.read_layer(address, "mixed", where={"no_such": 1})
    with pytest.raises(UnknownNameError, match="parcel"):
        postgis.read_layer(address, "mixed", level="no_such_level")


@needs_database
def test_numbers_and_dates_of_the_server_keep_their_value(address):
    run(
        address,
        "CREATE TABLE v AS SELECT '7'::text AS id, 12.5::numeric(10,2) AS amount, "
        "NULL::numeric AS nothing, DATE '2013-02-28' AS day, 5::bigint AS n, TRUE AS yes, "
        "ST_SetSRID(ST_MakePoint(116.5, 40), 4490)::geography(Point, 4490) AS place",
    )
    one = postgis.read_layer(address, "v").iloc[0]
    assert (one["amount"], one["n"], one["yes"]) == (12.5, 5, True)
    assert one["nothing"] is None
    assert one["day"].isoformat() == "2013-02-28"
    assert (one.geometry.x, one.geometry.y) == (116.5, 40.0)


@needs_database
def test_a_password_is_in_no_message(address):
    for wrong in (
        address.replace(PASSWORD, "wr0ng-word"),
        address.replace("/land?", "/no_such_base?"),
        address.replace(f"zone:{PASSWORD}@", "zone@") + "&password=wr0ng-word",
        "postgresql://zone:wr0ng-word@127.0.0.1:1/land",
    ):
        with pytest.raises(ReadError) as caught:
            postgis.read_layer(wrong, "parcel")
        said = f"{caught.value}{caught.value!r}{caught.value.__cause__!r}"
        assert "cannot be read" in said
        assert PASSWORD not in said
        assert "wr0ng-word" not in said


def test_what_is_no_address_is_said_without_repeating_it():
    for wrong in ("mysql://u:wr0ng-word@h/d", "wr0ng-word", "postgresql://u:wr0ng-word@h:x/d"):
        with pytest.raises(ReadError) as caught:
            postgis.read_layer(wrong, "parcel")
        assert "wr0ng-word" not in str(caught.value)
        assert "postgresql://user@host" in str(caught.value)


def test_a_column_that_no_type_holds_is_refused_before_the_server_is_asked():
    nowhere = "postgresql://zone@127.0.0.1:1/land"
    with pytest.raises(WriteError, match="mixes"):
        postgis.write_tables(nowhere, {"t": DataFrame({"x": [1, "one"]})})
    with pytest.raises(WriteError, match="same name"):
        postgis.write_tables(nowhere, {"t": DataFrame([[1, 2]], columns=["x", "x"])})
    with pytest.raises(CrsError, match="no CRS of EPSG"):
        postgis.write_tables(nowhere, {"t": parcels().set_crs(None, allow_override=True)})


@pytest.mark.parametrize("missing", ["psycopg", "sqlalchemy"])
def test_without_the_extra_there_is_one_sentence(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ZgcgisError) as caught:
        postgis.read_layer("postgresql://zone@127.0.0.1:1/land", "parcel")
    assert "pip install 'zgcgis[postgis]'" in caught.value.say("zh")
    assert missing in caught.value.say("en")
    assert caught.value.__cause__ is None

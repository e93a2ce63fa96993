"""Layers from and tables into a PostgreSQL with PostGIS that the tests start themselves."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas import DataFrame
from shapely import MultiPolygon, Point, box

from tests.conftest import FULL, database
from zgcgis import accounts, findings
from zgcgis.checks import check
from zgcgis.io import open_zone, postgis
from zgcgis.io.postgis import server as connecting
from zgcgis.io.postgis import server_rows
from zgcgis.language.errors import (
    CrsError,
    MissingColumnsError,
    ReadError,
    UnknownNameError,
    WriteError,
    ZgcgisError,
    ZgcgisWarning,
)

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
    """Return the address of a fresh database with PostGIS, for a user who is no superuser."""
    import psycopg

    where = {"host": str(server), "user": "zone", "password": PASSWORD, "autocommit": True}
    with contextlib.closing(psycopg.connect(dbname="postgres", **where)) as connection:
        connection.execute("DROP DATABASE IF EXISTS land WITH (FORCE)")
        connection.execute("DROP ROLE IF EXISTS planner")
        connection.execute(f"CREATE ROLE planner LOGIN PASSWORD '{PASSWORD}'")
        connection.execute("CREATE DATABASE land OWNER planner")
    with contextlib.closing(psycopg.connect(dbname="land", **where)) as connection:
        connection.execute("CREATE EXTENSION postgis")
    return f"postgresql://planner:{PASSWORD}@/land?host={server}"


def mighty(address: str) -> str:
    """Return the address for the superuser."""
    return address.replace("//planner:", "//zone:")


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


SHAPES = {
    "POINT(116 40)": None,
    "POLYGON EMPTY": None,
    "POINT EMPTY": None,
    "GEOMETRYCOLLECTION EMPTY": None,
    "POLYGON Z((0 0 5,1 0 5,1 1 5,0 0 5))": None,
    "POLYGON M((0 0 5,1 0 5,1 1 5,0 0 5))": None,
    "POLYGON ZM((0 0 5 1,1 0 5 1,1 1 5 1,0 0 5 1))": None,
    "GEOMETRYCOLLECTION(POINT(1 2),POLYGON((0 0,1 0,1 1,0 0)))": None,
    "CURVEPOLYGON((0 0,4 0,4 4,0 4,0 0))": "Polygon",
    "MULTISURFACE(CURVEPOLYGON((0 0,4 0,4 4,0 4,0 0)))": "MultiPolygon",
    "CIRCULARSTRING(0 0,1 1,1 0)": "1 feature.* arcs .odd.",
    "COMPOUNDCURVE(CIRCULARSTRING(0 0,1 1,1 0),(1 0,0 1))": "arcs",
    "CURVEPOLYGON(CIRCULARSTRING(0 0,4 0,4 4,0 4,0 0))": "arcs",
    "MULTICURVE((0 0,5 5),CIRCULARSTRING(4 0,4 4,8 4))": "arcs",
    "TIN(((0 0 0,0 0 1,0 1 0,0 0 0)))": "odd. is no plane shape: TIN 1",
    "TRIANGLE((0 0,0 9,9 0,0 0))": "TRIANGLE 1",
    "POLYHEDRALSURFACE(((0 0 0,0 0 1,0 1 1,0 1 0,0 0 0)))": "POLYHEDRALSURFACE 1",
    "GEOMETRYCOLLECTION(POINT(1 2 3),TIN(((0 0 0,0 0 1,0 1 0,0 0 0))))": "COLLECTION 1",
}


@needs_database
def test_every_kind_of_shape_is_read_or_its_feature_named(address):
    run(address, "CREATE TABLE t (id text, g geometry)")
    for text, said in SHAPES.items():
        run(
            address,
            f"TRUNCATE t; INSERT INTO t VALUES ('a', 'SRID=4490;POINT(1 2)'), "
            f"('odd', 'SRID=4490;{text}')",
        )
        for level in (None, "block"):
            if said is None or (said.isalpha() and said.endswith("Polygon")):
                found = postgis.read_layer(address, "t", level=level).geometry.iloc[1]
                assert found.geom_type == said or found.equals(shapely.from_wkt(text)), text
            else:
                with pytest.raises(ReadError, match=said):
                    postgis.read_layer(address, "t", level=level)
    for number in ("NaN", "Infinity"):
        run(
            address,
            f"UPDATE t SET g = ST_SetSRID(ST_MakePoint('{number}', 1), 4490) WHERE id = 'odd'",
        )
        with pytest.raises(ReadError, match=r"\(odd\) have coordinates that are not finite"):
            postgis.read_layer(address, "t")
    run(address, "UPDATE t SET g = ST_SetSRID(ST_MakePoint(1e30, 1e30), 4548)")
    with pytest.raises(ReadError, match=r"2 feature\(s\) .*\(a, odd\) .* beyond their CRS"):
        postgis.read_layer(address, "t", level="block")


@dataclass
class Said:
    """What the sentence has to say."""

    pattern: str


VALUES = {
    "'\\xdead'::bytea": None,
    "'{\"a\": [1]}'::json": '{"a": [1]}',
    "'[1]'::jsonb": "[1]",
    "ARRAY['a', NULL]": "{a,NULL}",
    "'1 year 2 days'::interval": "1 year 2 days",
    "'24:00'::time": "24:00:00",
    "int4range(1, 3)": "[1,3)",
    "'x'::char(5)": "x",
    "B'101'": "101",
    "'NaN'::numeric": np.nan,
    "'Infinity'::numeric": np.inf,
    "12.5::numeric": 12.5,
    "9223372036854775807::numeric(19, 0)": 2**63 - 1,
    "9223372036854775807::bigint": 2**63 - 1,
    "11010810001234567890::numeric(20, 0)": Said("more digits .*'11010810001234567890'"),
    "11010810001234567891::numeric": Said("more digits"),
    "1e400::numeric": Said("more digits"),
    "'9999-12-31'::date": date(9999, 12, 31),
    "'infinity'::date": Said(r"1 date.*outside the years 1 to 9999: 'infinity' .feature odd"),
    "'-infinity'::timestamp": Said("'-infinity'"),
    "'infinity'::timestamptz": Said("'infinity'"),
    "'0044-03-15 BC'::date": Said("0044-03-15 BC"),
    "'0044-03-15 BC'::timestamptz": Said("0044-03-15 .* BC"),
    "'20000-01-01'::date": Said("20000-01-01"),
    "E'a\\x1b[31m\\nb'": "a\x1b[31m\nb",
}


@needs_database
def test_every_value_keeps_its_meaning_or_is_named(address):
    for text, right in VALUES.items():
        run(address, "DROP TABLE IF EXISTS t")
        shape = "'SRID=4490;POINT(1 2)'::geometry AS g"
        run(address, f"CREATE TABLE t AS SELECT 'odd' AS id, {text} AS v, {shape}")
        run(address, "INSERT INTO t (id) VALUES ('none')")
        if right is None:
            with pytest.warns(ZgcgisWarning, match=r"\['v'\] .*were not read"):
                assert list(postgis.read_layer(address, "t")) == ["id", "geometry"]
        elif isinstance(right, Said):
            with pytest.raises(ReadError, match=right.pattern):
                postgis.read_layer(address, "t")
        else:
            none, found = postgis.read_layer(address, "t")["v"]
            assert found == right or (found != found and right != right), text
            assert pd.isna(none)


@needs_database
def test_a_domain_is_the_type_it_is_of(address):
    run(address, "CREATE DOMAIN code AS text; CREATE DOMAIN use_code AS code")
    run(address, "CREATE DOMAIN outline AS geometry(Point, 4490)")
    run(
        address,
        "CREATE TABLE t AS SELECT '1'::use_code AS id, ST_SetSRID(ST_MakePoint(1, 2), 4490)::outline g",
    )
    assert postgis.read_layer(address, "t")["id"].tolist() == ["1"]


@needs_database
def test_a_column_that_its_level_cannot_hold_is_named(address):
    for column, value, said in (
        ("since", "'二'", "since of feature 1 .*'二'"),
        ("registered_area_m2", "'12 mu'", "12 mu"),
        ("supply_date", "'2020.13'", "2020.13"),
        ("since", "1e30::float", "since"),
    ):
        run(address, "DROP TABLE IF EXISTS t")
        shape = "'SRID=4490;POINT(1 2)'::geometry AS g"
        run(address, f"CREATE TABLE t AS SELECT '7' AS id, {value} AS {column}, {shape}")
        with pytest.raises(ReadError, match=said):
            postgis.read_layer(address, "t", level="parcel")
    run(address, f"DROP TABLE t; CREATE TABLE t AS SELECT '7' AS \"ID\", {shape}")
    with pytest.raises(MissingColumnsError, match="'ID'"):
        postgis.read_layer(address, "t", level="parcel")
    run(address, f"DROP TABLE t; CREATE TABLE t AS SELECT '7' AS geometry, {shape}")
    with pytest.raises(
        ReadError, match=r"the column geometry of public\.t holds no geometry; g does"
    ):
        postgis.read_layer(address, "t")


@needs_database
@pytest.mark.parametrize("size", [1, 20_000, 8 << 20])
def test_the_size_of_a_batch_changes_nothing_but_the_memory(address, monkeypatch, size):
    run(
        address,
        "CREATE TABLE t AS SELECT lpad((n * 7 % 1000)::text, 4, '0') AS id, "
        "CASE WHEN n > 300 THEN n END AS late, repeat('x', 1000) AS note, n % 2 = 0 AS even, "
        "n::numeric(8, 2) AS amount, DATE '2020-01-01' + n AS day, "
        "CASE WHEN n % 5 > 0 THEN ST_SetSRID(ST_MakePoint(n, 1), 4490) END AS g "
        "FROM generate_series(1, 400) n",
    )
    monkeypatch.setattr(server_rows, "_BATCH_BYTES", size)
    sizes: list[int] = []
    monkeypatch.setattr(server_rows, "heard", lambda _: sizes.append(1))
    layer = postgis.read_layer(address, "t")
    assert len(sizes) > 1 if size < 1 << 20 else True
    assert len(sizes) >= {1: 301, 20_000: 5}.get(size, 2)
    assert layer["id"].tolist() == sorted(f"{n * 7 % 1000:04d}" for n in range(1, 401))
    n = layer["day"].map(lambda day: (day - date(2020, 1, 1)).days)
    assert layer["amount"].tolist() == n.astype(float).tolist()
    assert layer["even"].tolist() == (n % 2 == 0).tolist()
    assert layer["late"].fillna(0).astype(int).tolist() == n.where(n > 300, 0).tolist()
    assert layer.geometry.isna().tolist() == (n % 5 == 0).tolist()


BIG = """
import resource, sys
from zgcgis.io import postgis
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
layer = postgis.read_layer(sys.argv[1], "t")
print(len(layer), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@needs_database
@pytest.mark.skipif(not FULL, reason="half a minute; ZGCGIS_FULL=1 runs it")
def test_300_000_rows_of_a_kilobyte_take_less_than_a_gigabyte(address):
    run(
        address,
        "CREATE TABLE t AS SELECT 'p' || n AS id, repeat(md5(n::text), 32) AS note, "
        "ST_MakeEnvelope(116, 40, 116.001, 40.001, 4490) AS g FROM generate_series(1, 300000) n",
    )
    said = subprocess.run(
        [sys.executable, "-c", BIG, address], capture_output=True, text=True, check=True
    )
    count, megabytes = map(int, said.stdout.split())
    assert count == 300_000
    assert megabytes < 800


@needs_database
@pytest.mark.parametrize("role", ["superuser", "pg_execute_server_program"])
def test_reading_with_rights_a_view_could_abuse_is_warned_of(address, role):
    postgis.write_tables(address, {"parcel": parcels()})
    who = mighty(address)
    if role != "superuser":
        run(who, f"GRANT {role} TO planner")
        who = address
    with pytest.warns(ZgcgisWarning, match=role):
        assert len(postgis.read_layer(who, "parcel")) == 3
    with pytest.warns(ZgcgisWarning, match=role):
        postgis.layers_in(who)


@needs_database
def test_a_view_that_lifts_its_time_limit_is_hung_up_on(address, monkeypatch):
    monkeypatch.setattr(connecting, "_GRACE_S", 0.5)
    run(
        address,
        "CREATE VIEW t AS SELECT n, ST_SetSRID(ST_MakePoint(1, 2), 4490) AS g, "
        "CASE n WHEN 1 THEN set_config('statement_timeout', '0', false) "
        "WHEN 150 THEN pg_sleep(60)::text END AS sly FROM generate_series(1, 200) n",
    )
    begun = time.monotonic()
    with pytest.raises(ReadError, match=r"no answer within 1\.5 s"):
        postgis.read_layer(address, "t", timeout_s=1)
    assert time.monotonic() - begun < 20


def test_a_port_that_says_nothing_is_a_time_out(monkeypatch):
    monkeypatch.setattr(connecting, "_CONNECT_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        begun = time.monotonic()
        with pytest.raises(ReadError, match="timeout"):
            postgis.read_layer(f"postgresql://zone@127.0.0.1:{mute.getsockname()[1]}/land", "t")
        assert time.monotonic() - begun < 20


@needs_database
def test_heights_and_measures_are_written_and_come_back(address):
    flat, high = shapely.from_wkt(["POINT(1 2)", "POINT Z(1 2 3)"])
    for name, shapes in {"flat": [flat], "high": [high, None], "both": [flat, high]}.items():
        layer = gpd.GeoDataFrame({"id": [*"ab"][: len(shapes)]}, geometry=shapes, crs="EPSG:4490")
        postgis.write_tables(address, {name: layer})
        back = postgis.read_layer(address, name)
        assert back.geometry.to_wkt().tolist() == layer.geometry.to_wkt().tolist()


@pytest.mark.parametrize("text", ["a\ud800", "nul\0byte", "\udfff"])
def test_text_no_database_keeps_is_named_before_the_server_is_asked(text):
    nowhere = "postgresql://zone@127.0.0.1:1/land"
    table = DataFrame({"x": pd.Series(["fine", None, text], dtype="object")})
    renamed = table.set_axis(pd.Index([text], dtype="object"), axis="columns")
    with pytest.raises(WriteError, match=r"column t\.x \(#3\).*was not written to"):
        postgis.write_tables(nowhere, {"t": table})
    for wrong in ({text: table}, {"t": renamed}):
        with pytest.raises(WriteError, match="Choose another"):
            postgis.write_tables(nowhere, wrong)
    with pytest.raises(WriteError, match="Choose another"):
        postgis.write_tables(nowhere, {"t": table[:1]}, schema=text)


@needs_database
def test_a_name_no_server_can_hear_is_a_sentence(address):
    for text in ("a\ud800", "a\0b"):
        for words in ({"table": text}, {"table": "t", "schema": text}):
            with pytest.raises(ReadError, match="cannot be read"):
                postgis.read_layer(address, **words)
        with pytest.raises(ReadError, match="should look like"):
            postgis.read_layer(address.replace("/land", f"/{text}"), "t")


@needs_database
@pytest.mark.parametrize("hindrance", ["owner", "view", "dependent", "read-only", "disk", "lost"])
def test_what_the_server_refuses_half_way_is_a_sentence_and_leaves_nothing(
    address, monkeypatch, hindrance
):
    super_ = mighty(address)
    run(address, "CREATE TABLE second (old int); INSERT INTO second VALUES (7)")
    if hindrance == "owner":
        run(super_, "ALTER TABLE second OWNER TO zone; GRANT SELECT ON second TO planner")
        run(super_, "ALTER SCHEMA public OWNER TO zone; GRANT ALL ON SCHEMA public TO planner")
    elif hindrance == "view":
        run(address, "ALTER TABLE second RENAME TO t; CREATE VIEW second AS SELECT * FROM t")
    elif hindrance == "dependent":
        run(address, "CREATE VIEW v AS SELECT * FROM second")
    elif hindrance == "read-only":
        run(address, "ALTER DATABASE land SET default_transaction_read_only = on")
    elif hindrance == "disk":
        run(
            super_,
            "CREATE FUNCTION full_disk() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE 'could not extend file: No space left' USING ERRCODE = '53100'; END $$; "
            "CREATE EVENT TRIGGER full_disk ON ddl_command_end WHEN TAG IN ('CREATE INDEX') "
            "EXECUTE FUNCTION full_disk()",
        )
    else:
        copy = postgis._copy

        def cut_off(connection, schema, name, columns, rows):
            copy(connection, schema, name, columns, rows)
            run(
                super_,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'zgcgis'",
            )

        monkeypatch.setattr(postgis, "_copy", cut_off)
    with pytest.raises(WriteError, match="was not written to"):
        postgis.write_tables(address, {"first": parcels(), "second": parcels()}, replace=True)
    assert run(address, "SELECT to_regclass('public.first')") == [(None,)]
    assert run(address, "SELECT old FROM second") == [(7,)]


@needs_database
def test_a_password_is_in_no_message(address):
    for wrong in (
        address.replace(PASSWORD, "wr0ng-word"),
        address.replace("/land?", "/no_such_base?"),
        address.replace(f"planner:{PASSWORD}@", "planner@") + "&password=wr0ng-word",
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

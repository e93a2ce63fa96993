"""A real PostgreSQL with PostGIS: layers in, accounts and findings out, names and values quoted."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from geopandas import GeoDataFrame
from shapely import box

from tests.conftest import database
from zgcgis.accounts import measure
from zgcgis.checks import check
from zgcgis.errors import CrsError, ReadError, UnknownNameError, WriteError
from zgcgis.io import open_zone
from zgcgis.io.postgis import from_postgis, layers_in, read_table, to_postgis

pytestmark = pytest.mark.database
SAMPLE = Path(__file__).parents[1] / "data" / "sample"


def run(programs, *command):
    """Run a server program; as the user postgres if we are root, which the server refuses."""
    as_user = {}
    if os.geteuid() == 0:
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    path = Path(programs) / command[0]
    env = {"PATH": f"{programs}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    subprocess.run(
        [path, *command[1:]],
        check=True,
        cwd="/tmp",
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **as_user,
    )


@pytest.fixture(scope="module")
def server():
    """A cluster of its own in a temporary folder, gone afterwards."""
    programs = database()
    folder = Path(tempfile.mkdtemp(prefix="zgcgis-pg-"))
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    run(programs, "initdb", "-D", data, "-A", "trust", "-U", "zgc", "--no-sync")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    run(programs, "pg_ctl", "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start")
    try:
        yield f"postgresql://zgc:secret@127.0.0.1:{port}/postgres"
    finally:
        run(programs, "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def engine(server):
    engine = sa.create_engine(
        server.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.pool.NullPool
    )
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS postgis"))
    yield engine
    with engine.begin() as connection:
        for name in ("held", 'odd"; DROP SCHEMA public; --', "new"):
            connection.execute(sa.schema.DropSchema(name, cascade=True, if_exists=True))
    engine.dispose()


def test_accounts_from_layers_held_in_postgis_are_the_same(server, engine):
    zone = open_zone(SAMPLE)
    names = ("park", "block", "parcel", "building", "enterprise", "boundary")
    to_postgis(server, schema="held", layers={n: zone.layers[n] for n in names})
    found = layers_in(server, schema="held")
    assert set(found["table"]) == set(names)
    assert set(found["srid"]) == {4490}
    bare = replace(zone, layers={})
    held = from_postgis(bare, server, schema="held")
    assert set(held.layers) == set(names)
    want = measure(zone)
    pd.testing.assert_frame_equal(measure(held), want, rtol=1e-9, atol=1e-6)
    ours, theirs = check(held, ["T", "H"]), check(zone, ["T", "H"])
    assert ours["rule"].tolist() == theirs["rule"].tolist()
    assert ours["measured"].tolist() == pytest.approx(theirs["measured"].tolist(), rel=1e-9)


def test_accounts_and_findings_are_written_and_read_back(server, engine):
    zone = open_zone(SAMPLE)
    accounts, findings = measure(zone), check(zone, ["T1"])
    assert to_postgis(server, schema="new", accounts=accounts, findings=findings) == [
        "findings",
        "accounts",
    ]
    with engine.connect() as connection:
        long = pd.read_sql(sa.text("SELECT * FROM new.accounts"), connection)
    back = long.pivot(index=["unit", "year"], columns="key", values="value")
    want = accounts.dropna(axis=1, how="all")
    pd.testing.assert_frame_equal(
        back.reindex(index=want.index, columns=want.columns), want, check_names=False, rtol=1e-12
    )
    again = read_table(server, "findings", schema="new")
    assert again["measured"].tolist() == pytest.approx(findings["measured"].tolist())
    assert again.crs == "EPSG:4490"
    to_postgis(server, schema="new", findings=findings.iloc[:2])
    assert len(read_table(server, "findings", schema="new")) == 2


def layer(**columns):
    size = len(next(iter(columns.values())))
    shapes = [box(116 + k / 100, 39, 116.01 + k / 100, 39.01) for k in range(size)]
    return GeoDataFrame(columns, geometry=shapes, crs="EPSG:4490")


def test_names_and_values_are_quoted(server, engine):
    name, schema = 'a"b; DROP TABLE x; --', 'odd"; DROP SCHEMA public; --'
    words = ["x'); DROP TABLE accounts; --", "{{ 7*7 }}", "中关村"]
    odd = layer(**{"id": words, 'col"umn': [1, 2, 3], ":bind": ["a", "b", "c"]})
    to_postgis(server, schema=schema, layers={name: odd})
    back = read_table(server, name, schema=schema)
    assert back["id"].tolist() == words
    assert set(back.columns) == set(odd.columns)
    one = read_table(server, name, schema=schema, where={"id": words[0]})
    assert len(one) == 1
    assert read_table(server, name, schema=schema, where={"id": "' OR 1=1 --"}).empty
    with pytest.raises(UnknownNameError, match="col"):
        read_table(server, name, schema=schema, where={"1=1; --": 1})


def test_codes_stay_text_and_other_systems_are_brought_to_ours(server, engine):
    plain = layer(id=[1, 2], park_id=[7, None], land_use=["0601", "01"], storeys=[1, 2])
    to_postgis(server, schema="new", layers={"parcel": plain})
    back = read_table(server, "parcel", schema="new")
    assert back["id"].tolist() == ["1", "2"]
    assert back["park_id"].tolist()[1] is None
    assert back["land_use"].tolist() == ["0601", "01"]
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "CREATE TABLE new.block AS SELECT id, ST_Transform(geometry, 4548)::"
                "geometry(Polygon, 4548) AS shape FROM new.parcel"
            )
        )
    moved = read_table(server, "block", schema="new")
    assert moved.crs == "EPSG:4490"
    assert moved.geometry.geom_equals_exact(plain.geometry, 1e-9).all()


def test_writing_is_whole_or_absent(server, engine):
    to_postgis(server, schema="new", layers={"parcel": layer(id=["old"])})
    good, bad = layer(id=["new"]), layer(id=["a\x00b"])
    with pytest.raises(WriteError):
        to_postgis(server, schema="new", layers={"parcel": good, "bad": bad})
    assert read_table(server, "parcel", schema="new")["id"].tolist() == ["old"]
    assert "bad" not in set(layers_in(server, schema="new")["table"])


def test_reading_cannot_write_and_cannot_last(server, engine):
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS new"))
        connection.execute(
            sa.text(
                "CREATE FUNCTION new.tamper() RETURNS integer LANGUAGE plpgsql AS "
                "$$ BEGIN CREATE TABLE new.stolen (i integer); RETURN 1; END $$"
            )
        )
        connection.execute(
            sa.text(
                "CREATE VIEW new.trap AS SELECT new.tamper() AS id, "
                "ST_SetSRID(ST_MakePoint(116, 39), 4490)::geometry(Point, 4490) AS geometry"
            )
        )
        connection.execute(
            sa.text(
                "CREATE VIEW new.slow AS SELECT pg_sleep(30)::text AS id, "
                "ST_SetSRID(ST_MakePoint(116, 39), 4490)::geometry(Point, 4490) AS geometry"
            )
        )
    with pytest.raises(ReadError, match="read-only"):
        read_table(server, "trap", schema="new")
    with pytest.raises(ReadError, match="timeout"):
        read_table(server, "slow", schema="new", timeout_s=0.5)


def test_what_is_refused_is_said_without_the_password(server, engine):
    with pytest.raises(UnknownNameError, match="no_table"):
        read_table(server, "no_table")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS new"))
        connection.execute(sa.text("CREATE TABLE new.lost (id text, geometry geometry(Point))"))
    with pytest.raises(CrsError, match="SRID"):
        read_table(server, "lost", schema="new")
    gone = server.replace("/postgres", "/no_such_database")
    with pytest.raises(ReadError) as told:
        read_table(gone, "parcel")
    assert "secret" not in str(told.value)
    assert "no_such_database" in str(told.value)
    with pytest.raises(ReadError, match="postgresql://"):
        layers_in("not an address")

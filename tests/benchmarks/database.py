"""Rules of geometry on a zone in PostGIS, beside the same rules in plain SQL, in turns.

    python -m tests.benchmarks.database postgresql://user@host/db               a zone of 5 000 parcels
    python -m tests.benchmarks.database postgresql://… --parcels 20000 --rounds 5

The zone is made and loaded into the schema ``zgcgis_bench``, which is dropped in the end. A round is
``zgcgis check ADDRESS --rule …``, a process of its own that reads the zone from the server and writes
its findings back, and the statements of an analyst, run on the server. Printed are medians and the
ratio. Exit code 1 means that the two did not find the same; how fast it was is never a failure.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from zgcgis.io import open_zone
from zgcgis.io.postgis import store
from zgcgis.sample import write_sample

RULES = ("T101", "T102", "T104", "P306")
SCHEMA = "zgcgis_bench"
WITHIN = 1e-6  # of an area: the server has another way to the plane
PLANES = """
    CREATE TEMP TABLE land ON COMMIT DROP AS SELECT zgcgis_row AS row, id, build_state, supply_state,
        ST_Transform(geometry, '{plane}') AS g FROM {s}.parcel
        WHERE (since IS NULL OR since <= {year}) AND (until IS NULL OR until > {year});
    CREATE INDEX ON land USING gist (g);
    ANALYZE land;
"""
OVERLAPS = """
    SELECT 'T101', a.id, b.id, ST_Area(x.g), ST_Area(ST_Union(a.g, b.g)) FROM land a JOIN land b
        ON a.row < b.row AND a.g && b.g AND ST_Intersects(a.g, b.g) AND NOT ST_Touches(a.g, b.g),
        LATERAL (SELECT ST_CollectionExtract(ST_Intersection(a.g, b.g), 3) AS g) x
        WHERE ST_Area(ST_Buffer(x.g, -{tolerance} / 2)) > 1
"""
OUTSIDE = """
    WITH bound AS (SELECT ST_Union(ST_Transform(geometry, '{plane}')) AS g FROM {s}.boundary),
    near AS (SELECT ST_Subdivide(g, 128) AS g FROM bound)
    SELECT 'T104', l.id, NULL, ST_Area(x.g), NULL FROM land l, bound, LATERAL (
        SELECT ST_Difference(l.g, bound.g) AS g) x
        WHERE NOT EXISTS (SELECT FROM near WHERE ST_Covers(near.g, l.g))
        AND ST_Area(ST_Buffer(x.g, -{tolerance} / 2)) > 1
"""
PROHIBITED = """
    SELECT 'P306', l.id, p.id, ST_Area(x.g), NULL FROM land l JOIN (
        SELECT id, ST_Transform(geometry, '{plane}') AS g FROM {s}.prohibited) p ON l.g && p.g,
        LATERAL (SELECT ST_Intersection(l.g, p.g) AS g) x
        WHERE (l.build_state LIKE 'A%' OR l.build_state LIKE 'B1%' OR l.supply_state LIKE 'D%')
        AND ST_Area(ST_Buffer(x.g, -{tolerance} / 2)) > 1
"""
_AS_ONE = 0.95  # of the ground of two parcels: they are the same, held twice

Found = dict[tuple[str, frozenset[str]], float]


def by_sql(address: str, words: dict[str, object]) -> Found:
    """Ask the server: rule and features, and by how much."""
    found: Found = {}
    with psycopg.connect(address) as connection:
        connection.execute(PLANES.format(**words))
        for statement in (OVERLAPS, OUTSIDE, PROHIBITED):
            for rule, a, b, m2, both in connection.execute(statement.format(**words)):
                code = "T102" if both and m2 > _AS_ONE * both else rule
                found[code, frozenset(filter(None, (a, b)))] = m2
    return found


def by_check(address: str) -> Found:
    """Ask the command."""
    line = [sys.executable, "-c", "from zgcgis.cli import main; main()", "check", address, "--json"]
    line += [word for rule in RULES for word in ("--rule", rule)]
    run = subprocess.run(line, capture_output=True, text=True)
    if run.returncode not in {0, 1}:
        sys.exit(run.stderr)
    return {
        (one["rule"], frozenset(filter(None, (one["feature"], one.get("other"))))): one["measured"]
        for one in json.loads(run.stdout)["findings"]
        if one["level"] == "parcel"
    }


def differences(one: Found, other: Found) -> list[str]:
    """What only one of two found, and where their areas differ."""
    told = [f"{code} {sorted(ids)}: only one of the two" for code, ids in one.keys() ^ other.keys()]
    return told + [
        f"{code} {sorted(ids)}: {one[code, ids]:.6f} and {other[code, ids]:.6f} m2"
        for code, ids in one.keys() & other.keys()
        if abs(one[code, ids] - other[code, ids]) > WITHIN * one[code, ids]
    ]


def loaded(address: str, parcels: int) -> dict[str, object]:
    """Make a zone, put it into the store; return what the statements need to know of it."""
    with tempfile.TemporaryDirectory() as place:
        folder = write_sample(Path(place) / "zone", parcels=parcels)
        store.init(address)
        store.load(address, folder, replace=True)
        zone = open_zone(folder)
    longitude, latitude = zone.center or (0, 0)
    plane = f"+proj=laea +lon_0={longitude} +lat_0={latitude} +ellps=GRS80 +units=m"
    return {"s": SCHEMA, "plane": plane, "year": max(zone.meta["years"]), "tolerance": 0.1}


def main() -> int:
    """Run in turns, compare, print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("address")
    asked.add_argument("--parcels", type=int, default=5_000)
    asked.add_argument("--rounds", type=int, default=3)
    words = asked.parse_args()
    own = f"{words.address}{'&' if '?' in words.address else '?'}schema={SCHEMA}"
    try:
        facts = loaded(own, words.parcels)
        seconds: dict[str, list[float]] = {"check": [], "sql": []}
        for _ in range(words.rounds):
            begun = time.perf_counter()
            checked = by_check(own)
            between = time.perf_counter()
            queried = by_sql(words.address, facts)
            seconds["check"].append(between - begun)
            seconds["sql"].append(time.perf_counter() - between)
    finally:
        with psycopg.connect(words.address) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    told = differences(checked, queried)
    for line in told:
        print(line)
    check, sql = (statistics.median(seconds[way]) for way in ("check", "sql"))
    print(
        f"{words.parcels} parcels, {', '.join(RULES)}: {len(checked)} findings by check, {len(queried)} by SQL"
    )
    print(f"check {check:.2f} s, SQL {sql:.2f} s, ratio {sql / check:.2f} (SQL to check)")
    return 1 if told or not checked else 0


if __name__ == "__main__":
    sys.exit(main())

"""Rules of geometry on a zone, beside the plain way: what an analyst writes with geopandas.

    python -m tests.benchmarks.plain                          a zone of 10 000 parcels
    python -m tests.benchmarks.plain --parcels 100000 --rounds 1

A round is ``zgcgis check ZONE --rule … --json`` and then the plain way, each in a process of its own
that reads the same folder. The plain way joins by overlay, and where features name their parent
takes the difference row by row. Printed are the least of the rounds: clock, processor, memory, and
the ratios. Exit code 1 means that the two did not find the same; how fast it was is never a failure.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from zgcgis.io import open_zone
from zgcgis.sample import write_sample

from .commands import Cost
from .database import Found, differences

RULES = ("T101", "T102", "T104", "T113", "H202", "P306")
TOLERANCE_M, LEAST_M2, AS_ONE, OFF_SHARE = 0.1, 1.0, 0.95, 0.05


def real(shapes: gpd.GeoSeries) -> pd.Series:
    """Which places are wider than the tolerance by more than a square metre."""
    return shapes.buffer(-TOLERANCE_M / 2).area > LEAST_M2


def layer(folder: Path, level: str, plane: str, year: int) -> gpd.GeoDataFrame:
    """Read a layer as it is in a year, in a plane of equal areas."""
    file = folder / "layers" / f"{level}.parquet"
    rows = gpd.read_parquet(file) if file.exists() else gpd.read_file(file.with_suffix(".geojson"))
    if "since" in rows:
        rows = rows[(rows["since"].isna()) | (rows["since"] <= year)]
        rows = rows[(rows["until"].isna()) | (rows["until"] > year)]
    return rows.to_crs(plane).reset_index(drop=True)


def overlaps(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Pairs of features that share ground."""
    bare = rows[["id", "geometry"]].assign(row=np.arange(len(rows)))
    pairs = gpd.overlay(bare, bare, how="intersection", keep_geom_type=True)
    pairs = pairs[pairs["row_1"] < pairs["row_2"]]
    pairs = pairs[real(pairs.geometry)]
    one, two = rows.geometry.iloc[pairs["row_1"]], rows.geometry.iloc[pairs["row_2"]]
    both = one.union(two.set_axis(one.index)).area.to_numpy()
    return pairs.assign(share=pairs.area / both)


def plainly(folder: Path) -> Found:
    """Ask the rules with geopandas alone: rule and features, and by how much."""
    zone = open_zone(folder)
    longitude, latitude = zone.center or (0, 0)
    plane = f"+proj=laea +lon_0={longitude} +lat_0={latitude} +ellps=GRS80 +units=m"
    year = max(zone.meta["years"])
    parcels, buildings = (layer(folder, one, plane, year) for one in ("parcel", "building"))
    found: Found = {}
    for row in overlaps(parcels).itertuples():
        code = "T102" if row.share > AS_ONE else "T101"
        found[code, frozenset((row.id_1, row.id_2))] = row.geometry.area
    for row in overlaps(buildings).itertuples():
        code = "T102" if row.share > AS_ONE else "T113"
        found[code, frozenset((row.id_1, row.id_2))] = row.geometry.area
    boundary = layer(folder, "boundary", plane, year)
    outside = gpd.overlay(parcels[["id", "geometry"]], boundary[["geometry"]], how="difference")
    for row in outside[real(outside.geometry)].itertuples():
        found["T104", frozenset((row.id,))] = row.geometry.area
    own = buildings.merge(parcels[["id", "geometry"]], left_on="parcel_id", right_on="id")
    off = gpd.GeoSeries(own["geometry_x"]).difference(gpd.GeoSeries(own["geometry_y"]))
    wide = real(off) & (off.area > OFF_SHARE * gpd.GeoSeries(own["geometry_x"]).area)
    for k in np.flatnonzero(wide):
        found["H202", frozenset((own["id_x"][k], own["parcel_id"][k]))] = off[k].area
    prohibited = layer(folder, "prohibited", plane, year)
    built = parcels["build_state"].fillna("").str.match("A|B1")
    built |= parcels["supply_state"].fillna("").str.match("D")
    on = gpd.overlay(parcels.loc[built, ["id", "geometry"]], prohibited[["id", "geometry"]])
    for row in on[real(on.geometry)].itertuples():
        found["P306", frozenset((row.id_1, row.id_2))] = row.geometry.area
    return found


def checked(told: str) -> Found:
    """Return what the command found."""
    return {
        (one["rule"], frozenset(filter(None, (one["feature"], one.get("other"))))): one["measured"]
        for one in json.loads(told)["findings"]
        if one["rule"] != "P306" or one["level"] == "parcel"
    }


def run(words: list[str], told: Path) -> tuple[Cost, str]:
    """Run a way to its end, and return what it took and what it told."""
    begun = time.perf_counter()
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", *words],
        dict(os.environ),
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, str(told), write, 0o600)],
    )
    _, status, used = os.wait4(child, 0)
    if (code := os.waitstatus_to_exitcode(status)) not in {0, 1}:
        sys.exit(f"{' '.join(words)}: {code}")
    spent = time.perf_counter() - begun
    cost = Cost(spent, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)
    return cost, told.read_text(encoding="utf-8")


def main() -> int:
    """Run in turns, compare, print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--parcels", type=int, default=10_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--zone", type=Path, help="a zone that is there already")
    asked.add_argument("--plainly", type=Path, help=argparse.SUPPRESS)
    words = asked.parse_args()
    if words.plainly:
        listed = [[rule, *sorted(ids), m2] for (rule, ids), m2 in plainly(words.plainly).items()]
        print(json.dumps(listed))
        return 0
    with tempfile.TemporaryDirectory() as place:
        folder = words.zone or write_sample(Path(place) / "zone", parcels=words.parcels)
        ours = ["zgcgis", "check", str(folder), "--json"]
        ours += [word for rule in RULES for word in ("--rule", rule)]
        theirs = ["tests.benchmarks.plain", "--plainly", str(folder)]
        costs: dict[str, list[Cost]] = {"check": [], "plain": []}
        for _ in range(words.rounds):
            cost, told = run(ours, Path(place) / "told")
            costs["check"].append(cost)
            one = checked(told)
            cost, told = run(theirs, Path(place) / "told")
            costs["plain"].append(cost)
            other = {(rule, frozenset(ids)): m2 for rule, *ids, m2 in json.loads(told)}
    apart = differences(one, other)
    print(*apart, sep="\n", end="\n" * bool(apart))
    best = {way: Cost(*map(min, zip(*taken, strict=True))) for way, taken in costs.items()}
    for way, cost in best.items():
        print(f"{way:6} {cost.clock_s:7.2f} s {cost.processor_s:7.2f} s {cost.peak_mb:7,.0f} MB")
    clock, processor, _ = (p / o for p, o in zip(best["plain"], best["check"], strict=True))
    print(
        f"{', '.join(RULES)}: {len(one)} findings; check is {clock:.1f} times as fast by the clock,"
    )
    print(f"{processor:.1f} times by the processor")
    return 1 if apart or not one else 0


if __name__ == "__main__":
    sys.exit(main())

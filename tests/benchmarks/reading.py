"""Import a GeoPackage of parcels in turns with plain geopandas and fiona, and print the ratios.

    python -m tests.benchmarks.reading                             100 000 parcels, 3 rounds
    python -m tests.benchmarks.reading --parcels 1000000           some minutes and 3.4 GB, by geopandas
    python -m tests.benchmarks.reading --file parcels.gpkg         a file of one's own

``geopandas`` reads with pyogrio, mends what is not valid, transforms, puts in Hilbert order and
writes GeoParquet; ``fiona`` only reads, ``geopandas.read_file(engine="fiona")``. The import is all of ``zgcgis import``: gate, copy and hash, the child, every check, transformation,
storing. Each run is a process of its own; a round is one of each. Exit code 1 means that an
import did not take every feature in.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from . import fabric
from .child import peak_mb

ROOT = Path(__file__).parents[2]
WAYS = ("import", "geopandas", "fiona", "iterate")
CRS = "EPSG:4548"


def make(path: Path, parcels: int) -> None:
    """Write parcels in a projected system, with the columns that a survey would hand over."""
    layer = fabric.make(parcels)["parcels"].to_crs(CRS)
    rng = np.random.default_rng(0)
    layer["id"] = [f"110108{k:013d}" for k in range(len(layer))]
    layer["registered_area_m2"] = layer.geometry.area.round(2)
    layer["owner"] = rng.choice(["甲公司", "乙公司", "丙研究院"], len(layer))
    layer.to_file(path, layer="parcels", driver="GPKG", engine="pyogrio", use_arrow=True)


def do(way: str, path: Path, zone: Path) -> int:
    """Do one thing once and return how many features came of it."""
    if way == "iterate":
        import fiona

        with fiona.open(path) as source:
            return sum(1 for _ in source)
    if way == "fiona":
        import geopandas as gpd

        return len(gpd.read_file(path, engine="fiona"))
    if way == "geopandas":
        return plainly(path, zone / "parcel.parquet")
    from zgcgis.io import import_file

    counts = import_file(path, zone, "parcel").counts
    return counts["used"] + counts["repaired"]


def plainly(path: Path, target: Path) -> int:
    """Do with geopandas what an import does of its work: sound, in CGCS2000, in order, stored."""
    import geopandas as gpd

    layer = gpd.read_file(path, engine="pyogrio", use_arrow=True)
    odd = ~layer.geometry.is_valid
    layer.loc[odd, "geometry"] = layer.geometry[odd].make_valid()
    layer = layer.to_crs(4490)
    layer = layer.iloc[layer.geometry.hilbert_distance().argsort()]
    layer.to_parquet(target, write_covering_bbox=True)
    return len(layer)


def one(way: str, path: Path) -> None:
    """Measure one way in this process, and print it as a line of JSON."""
    for name in ("geopandas", "fiona", "zgcgis.io.importing"):  # loading them is not reading
        importlib.import_module(name)
    from zgcgis.io import new_zone

    with tempfile.TemporaryDirectory() as folder:
        zone = Path(folder) / "zone"
        new_zone(zone, id="z", zh="区", en="Zone")
        before = cpu()
        start = time.perf_counter()
        count = do(way, path, zone)
        took = time.perf_counter() - start
        used = cpu() - before
    print(json.dumps({"run_s": took, "cpu_s": used, "peak_mb": peak_mb(), "rows": count}))


def cpu() -> float:
    """Processor time of this process and of those it started, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def run(way: str, path: Path) -> dict[str, Any]:
    """Measure one way in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.reading", "--file", str(path), "--one", way]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def main() -> int:
    """Take turns and print the medians."""
    asked = argparse.ArgumentParser(prog="python -m tests.benchmarks.reading", description=__doc__)
    asked.formatter_class = argparse.RawDescriptionHelpFormatter
    asked.add_argument("--parcels", type=int, default=100_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--way", action="append", choices=WAYS, help="default: import and fiona")
    asked.add_argument("--file", type=Path, help="a GeoPackage instead of the city")
    asked.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    args = asked.parse_args()
    if args.one:
        one(args.one, args.file)
        return 0
    ways = args.way or ["import", "fiona"]
    with tempfile.TemporaryDirectory() as folder:
        path = args.file or Path(folder) / "parcels.gpkg"
        if args.file is None:
            make(path, args.parcels)
        found: dict[str, list[dict[str, Any]]] = {way: [] for way in ways}
        print(f"{'round':>5} {'way':9} {'run s':>8} {'cpu s':>8} {'peak MB':>8} {'rows':>9}  load")
        for number in range(args.rounds):
            for way in ways:
                load = os.getloadavg()[0]
                said = run(way, path)
                found[way].append(said)
                numbers = f"{said['run_s']:8.2f} {said['cpu_s']:8.2f} {said['peak_mb']:8.0f}"
                print(f"{number + 1:5} {way:9} {numbers} {said['rows']:9}  {load:.1f}", flush=True)
    middle = {way: statistics.median(s["run_s"] for s in found[way]) for way in ways}
    for way in ways:
        if way != "import" and "import" in ways:
            print(f"import is {middle[way] / middle['import']:.1f} x as fast as {way}")
    return 0 if len({s["rows"] for way in ways for s in found[way]}) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())

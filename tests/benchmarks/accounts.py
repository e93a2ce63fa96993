"""How long the accounts of a city take: ``python -m tests.benchmarks.accounts --parcels 1000000``.

Three buildings stand on a parcel. The zone is stored as ``zgcgis import`` stores it; each way runs in
a process of its own, in turns, from opening the folder to the accounts. Prints seconds of the clock and
of the processor (of the workers too), and the peak memory of the process that asks and of each worker.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import zgcgis
from zgcgis import accounts
from zgcgis.model import tiles

from .child import peak_mb
from .desk import write_city

WAYS = ("one process", "two processes")


def measure(folder: Path, way: str) -> dict[str, Any]:
    """Make the accounts of a zone; return what it took and their sum, which all ways must give."""
    began = time.perf_counter()
    zone = zgcgis.open_zone(folder)
    if way == WAYS[0]:
        book = accounts.measure(zone, threads=1)
    else:
        book = accounts.measure(zone, spread=accounts.spread_over(tiles.pool(2)))
    own = resource.getrusage(resource.RUSAGE_SELF)
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "way": way,
        "clock_s": time.perf_counter() - began,
        "processor_s": sum(one.ru_utime + one.ru_stime for one in (own, theirs)),
        "peak_gb": peak_mb() / 1e3,
        "worker_gb": theirs.ru_maxrss / 1e6,
        "sum": float(book.select_dtypes("number").sum().sum()),
    }


def main() -> None:
    """Measure in turns and print a line a way; one way, as JSON, where it is asked for."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--parcels", type=int, default=100_000)
    words.add_argument("--rounds", type=int, default=1)
    words.add_argument("--folder", type=Path, help="keep the city here and use it again")
    words.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.way:
        print(json.dumps(measure(asked.folder, asked.way)))
        return
    with tempfile.TemporaryDirectory() as place:
        folder = asked.folder or Path(place) / "city"
        if not folder.exists():
            write_city(folder, asked.parcels)
        for _ in range(asked.rounds):
            for way in WAYS:
                command = [sys.executable, "-m", __spec__.name, "--folder", folder, "--way", way]
                print(subprocess.check_output([*map(str, command)], text=True).strip())


if __name__ == "__main__":
    main()

"""How long the work of a week takes: ``python -m tests.benchmarks.work``.

Prints seconds of the processor and of the clock; nothing is asserted, as machines differ.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import zgcgis
from zgcgis import mcdm
from zgcgis.sample import write_sample


def timed(what: str, work: Callable[[], object]) -> object:
    """Do the work, print what it took, hand on what it gave."""
    clock, processor = time.perf_counter(), time.process_time()
    made = work()
    spent = time.process_time() - processor
    print(f"{what:60}{spent:8.2f} s processor{time.perf_counter() - clock:8.2f} s clock")
    return made


def main(parcels: int = 40_000) -> None:
    """Time a large sample, its check, and the draws of an assessment."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "zone"
        timed(f"sample of {parcels} parcels", lambda: write_sample(folder, parcels=parcels))
        zone = timed("open it", lambda: zgcgis.open_zone(folder))
        timed("check it by every rule", lambda: zgcgis.check(zone))
    values = np.random.default_rng(5).uniform(40, 100, (17, 10))
    timed(
        "10 000 draws of weights and data over 17 parks",
        lambda: mcdm.rank_acceptability(values, error=0.05, draws=10_000),
    )


if __name__ == "__main__":
    main()

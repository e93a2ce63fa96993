"""How long jobs of the planner's desk take: ``python -m tests.benchmarks.desk``.

What lies under 50 red lines of a zone of a million parcels and three million buildings (bar 20 s),
and a map series of a thousand pages (bar 60 s). Prints seconds of clock and processor beside the
bars; opening the zone, as it is stored, is in them. ``--parcels N`` takes a smaller zone.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import zgcgis
from zgcgis.assessment.casework import RedLine, under
from zgcgis.io.layers import store_layer
from zgcgis.report.documents import select, write_pack

from . import fabric

SETTINGS = 'id = "city"\nzh = "城"\nen = "City"\ncenter = [116.3, 39.95]\nland_use_system = "yonghai_2023"\n'
BARS = {"under": 20.0, "maps": 60.0}


def write_city(folder: Path, parcels: int) -> Path:
    """Write the city of the benchmarks as a zone, its layers as import stores them."""
    (folder / "layers").mkdir(parents=True)
    (folder / "zone.toml").write_text(SETTINGS, encoding="utf-8")
    city = fabric.make(parcels)
    names = {"parks": "park", "parcels": "parcel", "buildings": "building"}
    for name, level in names.items():
        layer = city[name].to_crs(4490)
        layer["id"] = layer["id"].astype(str)
        store_layer(layer, folder / f"layers/{level}.parquet", level, [])
    units = pd.DataFrame({"id": city["parks"]["id"].astype(str), "level": "park"})
    units.assign(zh=units["id"], en=units["id"]).to_csv(folder / "parks.csv", index=False)
    return folder


def red_lines(folder: Path, count: int, seed: int = 3) -> RedLine:
    """Plots of 50 to 300 m thrown over the city."""
    rng = np.random.default_rng(seed)
    parks = gpd.read_parquet(folder / "layers/park.parquet").to_crs(4548)
    west, south, east, north = parks.total_bounds
    x, y = rng.uniform(west, east, count), rng.uniform(south, north, count)
    reach = rng.uniform(25, 150, count)
    shapes = shapely.box(x - reach, y - reach, x + reach, y + reach)
    plots = gpd.GeoDataFrame(
        {"plot": [f"p{k}" for k in range(count)], "name": "", "stated_area_m2": np.nan},
        geometry=shapes, crs=4548,
    )  # fmt: skip
    return RedLine("red.txt", plots.to_crs(4490))


def timed(what: str, bar: float, work: Callable[[], object]) -> float:
    """Do the work, print what it took beside its bar, return the seconds of the clock."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    spent = time.perf_counter() - clock
    used = time.process_time() - processor
    word = "met" if spent <= bar else "missed"
    print(f"{what:52}{spent:8.1f} s clock{used:8.1f} s processor   bar {bar:g} s: {word}")
    return spent


def measure(parcels: int, plots: int, pages: int) -> dict[str, float]:
    """Time both jobs on a city of about so many parcels; return seconds of the clock."""
    with tempfile.TemporaryDirectory() as place:
        folder = write_city(Path(place) / "city", parcels)
        lines = red_lines(folder, plots)
        found = timed(
            f"under {plots} red lines, {parcels} parcels",
            BARS["under"],
            lambda: under(zgcgis.open_zone(folder), lines),
        )
        small = write_city(Path(place) / "small", pages + pages // 10)
        chosen = select(zgcgis.open_zone(small))
        some = chosen.plots.iloc[:pages].reset_index(drop=True)
        chosen = type(chosen)(chosen.zone, chosen.year, some, chosen.asked, chosen.remarks)
        drawn = timed(
            f"map series of {len(some)} pages",
            BARS["maps"],
            lambda: write_pack(chosen, Path(place) / "out", ["maps"]),
        )
        return {"under": found, "maps": drawn, "pages": float(len(some))}


def main() -> None:
    """Measure at the size that is asked for."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--parcels", type=int, default=1_000_000)
    words.add_argument("--plots", type=int, default=50)
    words.add_argument("--pages", type=int, default=1000)
    asked = words.parse_args()
    measure(asked.parcels, asked.plots, asked.pages)


if __name__ == "__main__":
    main()

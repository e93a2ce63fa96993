"""Run tasks in turns with geopandas.overlay and print the ratios.

    python -m tests.benchmarks                          10k, every task, every way installed
    python -m tests.benchmarks --size 10k --size 100k   and the slope between them
    python -m tests.benchmarks --size 1m --rounds 1     an hour and 8 GB: mostly the baseline

A round is one run of every way, each in a process of its own, one after the other, so that a
busy machine is busy for all of them. Printed are medians over the rounds. Exit code 1 means that
results differ by more than 1e-9; how fast it was is never a failure.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from . import fabric, tasks

ROOT = Path(__file__).parents[2]
TOLERANCE = 1e-9
LIMIT_S = 3600
SLOW_BASELINE = {("uncovered", "100k"), ("uncovered", "1m"), ("whole", "1m")}
"""Where geopandas.overlay takes very long, or only what it took for the parts again."""

HEAD = (
    f"{'task':10} {'way':14} {'read s':>8} {'run s':>8} {'cpu s':>8} {'ratio':>7} "
    f"{'cpu':>7} {'peak MB':>8} {'differs':>8} {'rows':>9}  load"
)

Run = dict[str, Any]


def arguments() -> argparse.Namespace:
    """Return what the user asked for."""
    asked = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    asked.formatter_class = argparse.RawDescriptionHelpFormatter
    asked.add_argument("--size", action="append", choices=fabric.SIZES, help="default 10k")
    asked.add_argument("--task", action="append", choices=tasks.TASKS, help="default: all")
    asked.add_argument("--way", action="append", choices=tasks.WAYS, help="default: all installed")
    asked.add_argument("--rounds", type=int, help="default 3; 1 at 1m")
    asked.add_argument(
        "--threads", type=int, action="append", help="of zgcgis and SQL; default 1 and 2"
    )
    asked.add_argument(
        "--in-order", action="store_true", help="sort rows along a Hilbert curve, for all ways"
    )
    asked.add_argument("--folder", type=Path, help="keep the city here and use it again")
    asked.add_argument("--json", type=Path, help="write what was measured here as well")
    return asked.parse_args()


def child(folder: Path, task: str, way: str, threads: int | None, *, in_order: bool) -> Run:
    """Run one way in a process of its own; return what it measured and found."""
    with tempfile.TemporaryDirectory() as place:
        result = Path(place) / "result.parquet"
        line = [sys.executable, "-m", "tests.benchmarks.child", folder, task, way, result]
        line += ["--threads", str(threads)] if threads else []
        line += ["--in-order"] if in_order else []
        try:
            run = subprocess.run(
                list(map(str, line)), cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"not done after {LIMIT_S} s"}
        if run.returncode:
            last = (run.stderr.strip().splitlines() or [f"signal {-run.returncode}"])[-1]
            return {"failed": last}
        return json.loads(run.stdout.splitlines()[-1]) | {"table": pd.read_parquet(result)}


def ways_of(task: str, size: str, asked: argparse.Namespace) -> list[tuple[str, int | None]]:
    """Return the ways of a task with their threads; the baseline first."""
    found: list[tuple[str, int | None]] = []
    for way in asked.way or tasks.WAYS:
        if tasks.do(task, way) is None or not tasks.available(way):
            continue
        if way == tasks.BASELINE:
            if (task, size) not in SLOW_BASELINE:
                found.append((way, None))
        elif way == "sedonadb":
            found.append((way, None))
        else:
            found += [(way, n) for n in asked.threads or (1, 2)]
    return found


def measure(folder: Path, size: str, task: str, asked: argparse.Namespace) -> list[Run]:
    """Run all ways of a task in turns; return one record per way, medians over the rounds."""
    ways = ways_of(task, size, asked)
    rounds = asked.rounds or (1 if size == "1m" else 3)
    runs: dict[tuple[str, int | None], list[Run]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, threads in ways:
            done = child(folder, task, way, threads, in_order=asked.in_order)
            runs[way, threads].append(done)
            print(".", end="", flush=True, file=sys.stderr)
    print(file=sys.stderr)
    return [record(size, task, *way, runs[way], runs[ways[0]]) for way in ways]


def record(
    size: str, task: str, way: str, threads: int | None, runs: list[Run], first: list[Run]
) -> Run:
    """Return the medians of a way's runs, and how far its result is from the first way's."""
    entry: Run = {"size": size, "task": task, "way": way, "threads": threads}
    failed = [run["failed"] for run in runs if "failed" in run]
    if failed:
        return entry | {"failed": failed[0]}
    for key in ("read_s", "run_s", "cpu_s", "read_cpu_s", "peak_mb", "load_before"):
        entry[key] = statistics.median(run[key] for run in runs)
    entry["rows"] = runs[0]["rows"]
    entry["rounds"] = len(runs)
    if "failed" not in first[0]:
        entry["difference"] = max(tasks.difference(run["table"], first[0]["table"]) for run in runs)
    return entry


def ratios(records: list[Run]) -> None:
    """Add to each record how many times faster than the baseline it was."""
    for entry in records:
        base = next(
            (
                other
                for other in records
                if other["way"] == tasks.BASELINE
                and (other["size"], other["task"]) == (entry["size"], entry["task"])
                and "failed" not in other
            ),
            None,
        )
        if base is None or "failed" in entry:
            continue
        whole = entry["way"] in tasks.READS_ITSELF
        entry["ratio"] = (base["run_s"] + whole * base["read_s"]) / entry["run_s"]
        entry["cpu_ratio"] = (base["cpu_s"] + whole * base["read_cpu_s"]) / entry["cpu_s"]


def slopes(records: list[Run]) -> list[str]:
    """Return, per task and way, the slope of log processor time over log parcels."""
    lines = []
    by_way: dict[tuple[str, str, int | None], list[tuple[int, float]]] = {}
    for entry in records:
        if "run_s" in entry:
            key = (entry["task"], entry["way"], entry["threads"])
            by_way.setdefault(key, []).append((fabric.SIZES[entry["size"]], entry["cpu_s"]))
    for (task, way, threads), points in by_way.items():
        if len(points) > 1:
            n, seconds = np.log(np.array(points, float)).T
            lines.append(
                f"{task:10} {named(way, threads):14} {np.polyfit(n, seconds, 1)[0]:5.2f}  over "
                + ", ".join(f"{int(np.exp(k) + 0.5):,}" for k in n)
            )
    return lines


def named(way: str, threads: int | None) -> str:
    """Return a way with its threads as one word."""
    return f"{way} ×{threads}" if threads else way


def table(records: list[Run]) -> str:
    """Return what was measured as text."""
    lines = []
    for entry in records:
        start = f"{entry['task']:10} {named(entry['way'], entry['threads']):14} "
        if "failed" in entry:
            lines.append(f"{start}failed: {entry['failed']}")
            continue
        ratio, cpu = entry.get("ratio"), entry.get("cpu_ratio")
        lines.append(
            f"{start}{entry['read_s']:8.2f} {entry['run_s']:8.3f} {entry['cpu_s']:8.3f} "
            f"{f'{ratio:.1f}' if ratio else '-':>7} {f'{cpu:.1f}' if cpu else '-':>7} "
            f"{entry['peak_mb']:8.0f} {entry.get('difference', float('nan')):8.0e} "
            f"{entry['rows']:9,}  {entry['load_before']:.1f}"
        )
    return "\n".join(lines)


def machine() -> str:
    """Return what this was measured on."""
    packages = ("geopandas", "shapely", "numpy", "pandas", "pyarrow", "duckdb", "sedonadb")
    there = []
    for name in packages:
        try:
            there.append(f"{name} {version(name)}")
        except ModuleNotFoundError:
            there.append(f"{name} not installed")
    import shapely

    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [x for x in info.read_text(encoding="utf-8").splitlines() if "model name" in x]
        cpu = names[0].split(":", 1)[1].strip() if names else cpu
    geos = ".".join(map(str, shapely.geos_version))
    return (
        f"{len(os.sched_getaffinity(0))} processors, {cpu}; Python {platform.python_version()}; "
        f"{', '.join(there)}; GEOS {geos}"
    )


def main() -> int:
    """Run what was asked, print it, and say whether results agree."""
    asked = arguments()
    missing = [way for way in asked.way or tasks.WAYS if not tasks.available(way)]
    print(machine())
    for way in missing:
        print(f"{way}: not installed")
    records: list[Run] = []
    with tempfile.TemporaryDirectory() as place:
        for size in asked.size or ["10k"]:
            folder = (asked.folder or Path(place)) / size
            if not (folder / "buildings.parquet").exists():
                fabric.write(folder, fabric.SIZES[size])
            print(f"\n{size} parcels, rows {'in order' if asked.in_order else 'shuffled'}\n{HEAD}")
            for task in asked.task or tasks.TASKS:
                here = measure(folder, size, task, asked)
                ratios(here)
                print(table(here), flush=True)
                records += here
    if lines := slopes(records):
        print("\nslope of log processor time over log parcels\n" + "\n".join(lines))
    if asked.json:
        asked.json.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    wrong = [
        entry
        for entry in records
        if entry["way"] == "zgcgis" and not entry.get("difference", 0.0) <= TOLERANCE
    ]
    for entry in wrong:
        print(f"differs: {entry['task']} at {entry['size']}: {entry.get('difference')}")
    return 1 if wrong or any(e["way"] == "zgcgis" and "failed" in e for e in records) else 0


if __name__ == "__main__":
    sys.exit(main())

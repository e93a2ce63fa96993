"""How long whole commands take: ``python -m tests.benchmarks.commands --size 10000 --size 100000``.

Each command runs as a user runs it, in a process of its own, on the zones that ``zgcgis sample``
makes. Prints seconds of the clock and of the processor (of the browser that prints too), the peak
memory of the largest process, the slope of processor time between sizes (1 is linear), and the
bars for a hundred thousand parcels beside them.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

BARS_S = {"sample": 12.0, "check": 12.0, "assess": 15.0, "map": 8.0, "report": 30.0}
BARS_FOR = 100_000


class Cost(NamedTuple):
    """What a command took."""

    clock_s: float
    processor_s: float
    peak_mb: float


def command_line(name: str, zone: Path, out: Path, parcels: int) -> list[str]:
    """Return the words of a command over a zone."""
    words = {
        "sample": ["sample", zone, "--parcels", parcels],
        "check": ["check", zone, "--no-map", "-o", out / "check"],
        "assess": ["assess", zone, "-o", out / "assess"],
        "map": ["map", zone, "-o", out / "map.html"],
        "report": ["report", zone, "-o", out / "report"],
    }
    return [str(word) for word in words[name]]


def run(words: list[str]) -> Cost:
    """Run a command to its end; findings of a zone are no failure.

    Raises
    ------
    RuntimeError
        If it did not do what it was asked.
    """
    began = time.perf_counter()
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "zgcgis", *words],
        dict(os.environ),
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, used = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in {0, 1}:
        message = f"zgcgis {' '.join(words)}: {code}"
        raise RuntimeError(message)
    spent = time.perf_counter() - began
    return Cost(spent, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)


def slope(small: int, large: int, first: Cost, second: Cost) -> float:
    """Return the power of the size that processor time grows with."""
    return math.log(second.processor_s / first.processor_s) / math.log(large / small)


def measure(sizes: list[int], names: list[str], rounds: int) -> dict[tuple[str, int], Cost]:
    """Run the commands in turns at every size; of the rounds of each the quickest counts."""
    found: dict[tuple[str, int], Cost] = {}
    with tempfile.TemporaryDirectory() as place:
        for turn in range(rounds):
            for size in sizes:
                zone, out = Path(place) / f"zone{size}-{turn}", Path(place) / "out"
                out.mkdir(exist_ok=True)
                for name in ["sample", *(one for one in names if one != "sample")]:
                    cost = run(command_line(name, zone, out, size))
                    found[name, size] = min(found.get((name, size), cost), cost)
    return found


def table(found: dict[tuple[str, int], Cost]) -> str:
    """Return what was measured as a table, a row a command and size."""
    lines = [
        "| command | parcels | clock | processor | memory | slope | bar |",
        "|---|---|---|---|---|---|---|",
    ]
    for (name, size), cost in sorted(found.items()):
        smaller = [one for other, one in found if other == name and one < size]
        grown = "–"
        if smaller:
            before = max(smaller)
            grown = f"{slope(before, size, found[name, before], cost):.2f}"
        bar = f"{BARS_S[name]:g} s" if size == BARS_FOR else "–"
        lines.append(
            f"| {name} | {size:,} | {cost.clock_s:.1f} s | {cost.processor_s:.1f} s | "
            f"{cost.peak_mb:,.0f} MB | {grown} | {bar} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure the sizes and commands that are asked for."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--size", type=int, action="append")
    words.add_argument("--command", choices=sorted(BARS_S), action="append")
    words.add_argument("--rounds", type=int, default=1)
    asked = words.parse_args()
    sizes = sorted(asked.size or [10_000, 100_000])
    print(table(measure(sizes, asked.command or list(BARS_S), asked.rounds)))


if __name__ == "__main__":
    main()

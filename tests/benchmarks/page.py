"""The atlas of many parcels in a browser: ``python -m tests.benchmarks.page [--parcels 100000]``.

Printed are the size of the page, the seconds until its parcels are decoded and on the screen, the
memory of the browser's renderer (its process, and the heap of its scripts), and how long a key in the search field, a step of the year and
the release of a drag take until the next two frames are drawn: the median and the longest of ten.
A page of five hundred parcels stands beside it, measured in the same turns.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from atlas_zone import browser_page, until

DECODED = "atlasPage.land.byKey.parcel.classes && atlasPage.land.byKey.parcel.area"
FRAMES = "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r())))"
TURNS = 10


def page_of(parcels: int, folder: Path, *more: str) -> Path:
    """Make a synthetic zone and its page, as a user would."""
    zone, page = folder / f"zone-{parcels}", folder / f"{parcels}.html"
    program = [sys.executable, "-m", "zgcgis"]
    if not zone.exists():
        subprocess.run(
            [*program, "sample", str(zone), "--parcels", str(parcels)], check=True, stdout=-3
        )
    subprocess.run([*program, "map", str(zone), "-o", str(page), *more], check=True, stdout=-3)
    return page


def renderer_mb() -> float:
    """Memory of the largest renderer of the browser, its shared pages by share."""
    most = 0.0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"--type=renderer" not in (process / "cmdline").read_bytes():
                continue
            lines = (process / "smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        most = max(most, *(int(line.split()[1]) / 1024 for line in lines if line[:4] == "Pss:"))
    return most


def heap_mb(page: Any) -> float:
    """What the scripts of a page hold, as the browser tells it, after what is no longer used is let go."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    told = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in told if one["name"] == "JSHeapUsedSize")) / 1e6


def milliseconds(page: Any, act: str) -> float:
    """What an act takes in the page until two frames later."""
    took = page.evaluate(
        f"(async () => {{ const t = performance.now(); {act}; await {FRAMES}; "
        "return performance.now() - t; })()"
    )
    return float(took)


def drag(page: Any, turn: int) -> float:
    """Drag the map and let go; what is measured is from the release on."""
    way = 120 if turn % 2 else -120
    page.mouse.move(900, 420)
    page.mouse.down()
    page.mouse.move(900 + way, 430, steps=5)
    page.evaluate("window.begun = performance.now()")
    page.mouse.up()
    return float(page.evaluate(f"{FRAMES}.then(() => performance.now() - window.begun)"))


def measured(file: Path) -> dict[str, float | list[float]]:
    """Open a page once, and say what it took."""
    with browser_page() as page:
        begun = time.perf_counter()
        page.goto(file.as_uri())
        page.click("#tab-land")
        until(page, DECODED)
        page.evaluate(FRAMES)
        ready = time.perf_counter() - begun
        years: Callable[[int], float] = lambda turn: milliseconds(  # noqa: E731 - beside its likes
            page,
            f"atlasPage.state.year = atlasPage.data.years.at(-1 - {turn} % 2); atlasPage.paint()",
        )
        changes = [years(turn) for turn in range(TURNS)]
        page.evaluate("atlasPage.map.setZoom(14, { animate: false })")
        drags = [drag(page, turn) for turn in range(TURNS)]
        page.click("#tab-parks")
        field = "const q = document.getElementById('q'); q.value = '{}'; q.dispatchEvent(new Event('input'))"
        keys = [milliseconds(page, field.format("园区abc"[: turn % 5])) for turn in range(TURNS)]
        return {"ready_s": ready, "renderer_mb": renderer_mb(), "heap_mb": heap_mb(page),
                "year_ms": changes, "drag_ms": drags, "key_ms": keys}  # fmt: skip


def told(value: float | list[float]) -> str:
    if isinstance(value, list):
        return f"{statistics.median(value):.0f} (at most {max(value):.0f})"
    return f"{value:.1f}"


def main() -> None:
    """Make the pages, measure them in turns, print the figures."""
    asked = argparse.ArgumentParser(prog="python -m tests.benchmarks.page", description=__doc__)
    asked.add_argument("--parcels", type=int, default=100_000)
    asked.add_argument("--folder", type=Path, help="keep the zones here and use them again")
    asked.add_argument("--compare", help="as zgcgis map --compare")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        more = ["--compare", given.compare] if given.compare else []
        for count in (500, given.parcels):
            file = page_of(count, folder, *more)
            figures = measured(file)
            text = ", ".join(f"{name} {told(value)}" for name, value in figures.items())
            print(f"{count:,} parcels: {file.stat().st_size / 1e6:.2f} MB, {text}", flush=True)


if __name__ == "__main__":
    main()

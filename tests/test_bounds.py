"""Whatever a small file holds, the command that meets it ends soon and in bounded memory.

The bounds are ten seconds and a gigabyte. Processor time is measured, not the clock, and memory is
that of the command and its children at one time; a busy machine counts a little more for the same
work, so that the limit here is twice the promise. ``ZGCGIS_FULL=1`` tries everything, and leaves
the figures in ``bounds.json`` of the folder named by ``ZGCGIS_BOUNDS``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from zgcgis.io import new_zone

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="memory is told by /proc"
)
FULL = os.environ.get("ZGCGIS_FULL") == "1"
MOST_SECONDS, MOST_BYTES, BUSY = 10.0, 1 << 30, 2.0
MUTANTS = 1000 if FULL else 5
LATE = 120.0  # by the clock, and only so that a test ends


def beside(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.setdefault(name, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


bombs, corpus, damage = beside("bombs"), beside("corpus"), beside("test_intake_damage")


class Server:
    """A process that has loaded everything and forks one for each job."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(bombs.__file__))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, job: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def end(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait()


@pytest.fixture(scope="module")
def servers():
    made = [Server() for _ in range(2)]
    yield made
    for server in made:
        server.end()


def job_of(name: str, path: Path, level: str, room: Path, door: str = "import", **more: Any) -> Any:
    zone = new_zone(room / f"zone-{name}-{door}", id="t", zh="试", en="T")
    return {"name": f"{name} by {door}", "path": str(path), "level": level, "zone": str(zone),
            "door": door, "seconds": LATE, **more}  # fmt: skip


def beyond(servers: list[Server], jobs: list[Any], kind: str) -> list[Any]:
    """Run jobs, each server one after another, and return what went beyond the bounds."""

    def some(which: int) -> list[Any]:
        answers = []
        for job in jobs[which :: len(servers)]:
            answers.append(servers[which].run(job))
            shutil.rmtree(job["zone"], ignore_errors=True)
        return answers

    with ThreadPoolExecutor(len(servers)) as pool:
        told = [one for answers in pool.map(some, range(len(servers))) for one in answers]
    if folder := os.environ.get("ZGCGIS_BOUNDS"):
        text = json.dumps(told, ensure_ascii=False, indent=1)
        Path(folder, f"bounds-{kind}.json").write_text(text, encoding="utf-8")
    return [one for one in told if not within(one)]


def within(told: dict[str, Any]) -> bool:
    quick = all(seconds <= BUSY * MOST_SECONDS for _, seconds, _ in told["steps"].values())
    ended = all(code in {0, 1, 2, 3, None} for code, *_ in told["steps"].values())
    calm = "Traceback" not in told["said"] and bool(told["steps"])
    return quick and ended and calm and not told["late"] and told["bytes"] <= MOST_BYTES


# --- files that ask for much ---------------------------------------------------------------------

TABLES = ("accounts.csv", "parks.csv", "quotas.csv", "sources.csv")
OF_ZONE = (".geojson", ".gpkg", ".parquet")


def entries(name: str, path: Path, level: str, room: Path) -> list[Any]:
    """Return a job for each door that a file of its kind can come in by."""
    jobs = [job_of(name, path, level, room)]
    if path.suffix in OF_ZONE and level != "enterprise":
        jobs += [job_of(name, path, level, room, door) for door in ("layer", "proposal")]
    elif path.suffix in {".csv", ".xlsx"}:
        jobs += [job_of(name, path, level, room, door) for door in ("scenario", "demand")]
    if path.suffix == ".csv":
        for table in TABLES:
            zone = room / table
            zone.mkdir(exist_ok=True)
            jobs.append(job_of(name, path, level, zone, "table", table=table))
    return jobs


def test_a_file_that_asks_for_much_is_bounded_at_every_door(servers, tmp_path):
    names = list(bombs.BOMBS)
    jobs = []
    for name in names:
        level, make = bombs.BOMBS[name]
        folder = tmp_path / name
        folder.mkdir()
        if FULL or len(name) % 16 == 3:
            path = make(folder)
            assert path.stat().st_size <= bombs.MOST_BYTES
            jobs += entries(name, path, level, tmp_path)
    assert beyond(servers, jobs if FULL else jobs[::12], "bombs") == []


# --- the corpus, and what becomes of it when it is damaged ----------------------------------------


def small(path: Path) -> bool:
    return path.is_file() and path.stat().st_size <= bombs.MOST_BYTES


def test_every_small_file_of_the_corpus_is_bounded(servers, tmp_path):
    cases = [case for case in corpus.build(tmp_path) if small(case.path)]
    assert len(cases) > 80
    jobs = [
        job_of(f"{k}", case.path, case.level or "parcel", tmp_path)
        for k, case in enumerate(cases if FULL else cases[::60])
    ]
    assert beyond(servers, jobs, "corpus") == []


def changed(content: bytes, rng: np.random.Generator) -> bytes:
    """Return bytes damaged in one of the ways in which files are, or made to claim too much."""
    at = int(rng.integers(0, len(content)))
    length = int(rng.integers(1, 4096))
    way = int(rng.integers(0, 6))
    if way == 0:
        return content[:at]
    if way == 1:
        return content[:at] + bytes(min(length, len(content) - at)) + content[at + length :]
    if way == 2:  # one piece many times over
        times = min(int(rng.integers(2, 400)), (bombs.MOST_BYTES - len(content)) // length)
        return content[:at] + content[at : at + length] * max(1, times) + content[at + length :]
    if way == 3:  # a number made a large one
        numbers = list(re.finditer(rb"\d+", content))
        if numbers:
            one = numbers[int(rng.integers(0, len(numbers)))]
            return content[: one.start()] + b"9" * int(rng.integers(1, 12)) + content[one.end() :]
    if way == 4:  # a word of a count or an offset
        return content[:at] + b"\xff\xff\xff\x7f"[: len(content) - at] + content[at + 4 :]
    flipped = bytearray(content)
    for place in rng.integers(0, len(content), size=8).tolist():
        flipped[place] ^= int(rng.integers(1, 256))
    return bytes(flipped)


def laid(source: Path, folder: Path, rng: np.random.Generator) -> Path:
    """Lay a damaged file beside its whole companions."""
    folder.mkdir()
    for part in source.parent.glob(f"{source.stem}.*"):
        if small(part):
            shutil.copy(part, folder / part.name)
    parts = sorted(folder.iterdir())
    hit = folder / source.name if rng.random() < 0.5 else parts[int(rng.integers(0, len(parts)))]
    content = hit.read_bytes()
    if content:
        hit.write_bytes(changed(content, rng)[: bombs.MOST_BYTES])
    return folder / source.name


def test_a_damaged_small_file_is_bounded(servers, tmp_path):
    rng = np.random.default_rng(11)
    room, built = tmp_path / "clean", tmp_path / "corpus"
    room.mkdir()
    sources = [
        (p, "parcel") for p in damage.clean_files(room) if p.suffix not in {".dbf", ".shx", ".prj"}
    ]
    found = [(case.path, case.level or "parcel") for case in corpus.build(built)]
    sources += [one for one in found if small(one[0]) and not one[0].is_symlink()]
    jobs = []
    for turn in range(MUTANTS):
        path, level = sources[turn * (1 if FULL else 29) % len(sources)]
        mutant = laid(path, tmp_path / f"{turn}", rng)
        jobs.append(
            job_of(f"{turn} {path.name}", mutant, level, tmp_path, look=FULL and turn % 5 == 0)
        )
    assert beyond(servers, jobs, "mutants") == []

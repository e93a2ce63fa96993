"""Whoever kills a command, at whatever moment, leaves no process, no half result and no copy."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import geopandas as gpd
import pytest
from docx import Document
from hostile_files import UNBUILT, elsewhere
from hostile_zone import PROJECT, SMALL, layer, write_zone
from test_command_trace import CHANGE, LEAN, USES, Site, words

from zgcgis.cli import COMMANDS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tells orphans by their parent")
FULL = os.environ.get("ZGCGIS_FULL") == "1"
KILLS = 50 if FULL else 1
LONG = {"check", "scenario", "assess", "report"}  # it is enough that another run follows these
TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")  # at which something was imported
WORK = ".zgcgis-"
FOUNDLING = 36  # PR_SET_CHILD_SUBREAPER: whom the dead leave behind comes to this process

RUNNER = """
import ctypes, os, signal, sys, time
ctypes.CDLL(None).prctl(int(sys.argv[1]), 1, 0, 0, 0)
from zgcgis.cli import main

def run(words):
    with open(os.devnull, "w") as nowhere:
        sys.stdout = sys.stderr = nowhere
        try:
            main(words)
        except SystemExit as stop:
            return stop.code or 0
        finally:
            sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__

for line in sys.stdin:
    way, *words = eval(line)
    began = time.monotonic()
    if way == "here":
        print(run(words), time.monotonic() - began, flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        continue
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who come
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setpgid(0, 0)
        run(words)
        os._exit(0)
    print(child, flush=True)
"""


class Runner:
    """A process in which all is imported; it runs commands itself, or in a copy of its own."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, str(FOUNDLING)],
            env={**os.environ, "TMPDIR": str(site.scratch), "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=site.out,
        )  # fmt: skip

    def _ask(self, way: str, line: list[str]) -> list[str]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(repr([way, *line]) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()

    def run(self, line: list[str]) -> tuple[int, float]:
        code, seconds = self._ask("here", line)
        return int(code), float(seconds)

    def begin(self, line: list[str]) -> int:
        (child,) = self._ask("copy", line)
        return int(child)

    def family(self) -> list[int]:
        """The processes that came from this one and have not ended."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    told = (entry / "stat").read_text(encoding="utf-8", errors="replace")
                except OSError:
                    continue
                state, parent, *_ = told.rpartition(")")[2].split()
                if state != "Z":
                    parents[int(entry.name)] = int(parent)
        found, more = set(), {self.process.pid}
        while more:
            more = {n for n, parent in parents.items() if parent in more} - found
            found |= more
        return sorted(found)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A small zone, some of it in a GeoPackage, in a folder whose path is short as that of most."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        top = Path(name)
        made = Site(*(top / n for n in ("in", "out", "temp", "log")), elsewhere(top / "elsewhere"))
        for folder in (made.inputs, made.out, made.scratch):
            folder.mkdir()
        yield made


@pytest.fixture(scope="module")
def runner(site: Site) -> Iterator[Runner]:
    made = Runner(site)
    yield made
    made.process.kill()
    made.process.communicate()


@pytest.fixture(scope="module")
def lines(site: Site) -> dict[str, list[list[str]]]:
    zone = write_zone(site.inputs / "zone", SMALL if FULL else LEAN)
    parcels = layer("parcel")
    parcels["features"][0]["properties"] |= UNBUILT  # idle, so that a browser prints its sheet
    (zone / "layers/parcel.geojson").write_text(json.dumps(parcels), encoding="utf-8")
    write_zone(site.inputs / "other", SMALL if FULL else LEAN)
    (zone / "layers/park.geojson").unlink()
    parks = gpd.GeoDataFrame.from_features(layer("park")["features"], crs="EPSG:4490")
    parks.to_file(zone / "layers/park.gpkg", layer="park", engine="pyogrio")
    shutil.copyfile(zone / "layers/park.gpkg", site.inputs / "proposal.gpkg")
    Document().save(str(site.inputs / "letter.docx"))
    for name, content in (("project.toml", PROJECT), ("wish.toml", USES), ("change.toml", CHANGE),
                          ("waivers.toml", ""), ("last.json", '{"findings": []}')):  # fmt: skip
        (site.inputs / name).write_text(content, encoding="utf-8")
    return words(site, zone)


def seen(site: Site) -> dict[str, bytes]:
    """All that stands where commands write, but for what waits there or has been left."""
    return {name: content for name, content in everything(site).items() if WORK not in name}


def everything(site: Site) -> dict[str, bytes]:
    places = (site.out, site.inputs, site.scratch)
    return {
        str(path): TIME.sub(b"", path.read_bytes())
        for place in places
        for path in place.rglob("*")
        if path.is_file() and path.name != ".zgcgis.lock"  # of a zone, and it stays
    }


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Which files of two states are not the same."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def set_up(site: Site, wanted: dict[str, bytes]) -> None:
    """Bring about what is to be there; what was left behind stays."""
    there = seen(site)
    for name in set(there) - set(wanted):
        Path(name).unlink()
    for name in (name for name, content in wanted.items() if there.get(name) != content):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(wanted[name])
    for folder in sorted(site.out.rglob("*"), reverse=True):
        if folder.is_dir() and WORK not in str(folder) and not any(folder.iterdir()):
            folder.rmdir()


def ends(runner: Runner, seconds: float = 5.0) -> list[int]:
    """Wait until nobody is left, and tell who is."""
    end = time.monotonic() + seconds
    while (left := runner.family()) and time.monotonic() < end:
        time.sleep(0.02)
    return left


def moments(runner: Runner, line: list[str]) -> Iterator[float | None]:
    """When to kill: all over the time that a command takes, else as soon as there is something."""
    if not FULL:
        yield from [None] * KILLS
        return
    _, seconds = runner.run(line)
    yield from (seconds * (number + 0.5) / KILLS for number in range(KILLS))


def await_something(site: Site, runner: Runner, child: int) -> None:
    """Wait until a command has begun another process, made a folder to work in, or ended."""
    before = waiting(site)
    while runner.family() == [child] and waiting(site) <= before:
        time.sleep(0.01)


def waiting(site: Site) -> set[str]:
    """What is there of folders to work in."""
    taken = (*site.inputs.glob("taker*"), *site.inputs.glob("taker*/layers"))
    folders = (site.out, *site.scratch.glob("*"), *taken)
    return {entry.path for folder in folders if folder.is_dir() for entry in os.scandir(folder)
            if entry.name.startswith(WORK)}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_a_killed_command_leaves_nothing(site, runner, lines, name):
    for line in lines[name] if FULL else lines[name][:1]:  # each over what those before it left
        killed_again_and_again(site, runner, line, new=lines["new"][0])


def killed_again_and_again(site: Site, runner: Runner, line: list[str], new: list[str]) -> None:
    name, before = line[0], seen(site)
    code, _ = runner.run(line)
    whole = seen(site)
    assert everything(site) == whole
    for number, moment in enumerate(moments(runner, line)):
        again = FULL and number % 2 and name not in {"new", "sample"}  # over an earlier run
        set_up(site, whole if again else before)
        child = runner.begin(line)
        if moment is None:
            await_something(site, runner, child)
        time.sleep(moment or 0.1 * number)
        gently = number % 3 == 2 if FULL else list(COMMANDS).index(name) % 2
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM if gently else signal.SIGKILL)
        assert ends(runner) == [], number
        now, allowed = seen(site), (whole if again else before, whole)
        assert min((differing(now, one) for one in allowed), key=len) == [], number
    set_up(site, before)
    if name in LONG and not FULL:
        assert runner.run([*new[:1], str(site.out / "next"), *new[2:]])[0] == 0
        set_up(site, before)
        assert everything(site) == before
    else:
        assert runner.run(line)[0] == code
        assert everything(site) == whole

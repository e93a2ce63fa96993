"""What killed runs leave behind: no process, and no folder after the next run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from zgcgis import runs
from zgcgis.runs import run_leashed, sweep, work_folder, work_place

posix = pytest.mark.skipif(os.name != "posix", reason="signals")


def left_in(place):
    """Everything below a folder, however hidden."""
    return sorted(str(path.relative_to(place)) for path in place.rglob("*"))


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(runs.tempfile, "tempdir", str(tmp_path))
    return tmp_path


def waits_for(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


def running(mark):
    """Ids of the processes whose command line holds a mark."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                told = (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if mark.encode() in told and state != "Z":
                found.append(int(entry.name))
    return found


def test_a_folder_is_there_while_it_is_needed_and_nobody_elses(place):
    with work_folder() as folder:
        (folder / "copy").write_text("x", encoding="utf-8")
        assert folder.parent == work_place()
        if os.name == "posix":
            assert folder.stat().st_mode & 0o077 == 0
            assert work_place().stat().st_mode & 0o077 == 0
    assert left_in(work_place()) == []


def test_two_runs_do_not_disturb_each_other(place):
    with work_folder() as first, work_folder() as second:
        sweep()
        assert first.is_dir()
        assert second.is_dir()
        assert first != second


HOLDER = """
import sys, time, tempfile
from pathlib import Path
from zgcgis import runs
place = None if sys.argv[2] == "own" else Path(sys.argv[2])
tempfile.tempdir = sys.argv[1]
with runs.work_folder(place) as folder:
    (folder / "survey").write_text("secret")
    print(folder, flush=True)
    time.sleep(60)
"""


@posix
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("where", ["own", "given"])
def test_the_next_run_removes_what_a_killed_one_left(place, tmp_path_factory, how, where):
    given = tmp_path_factory.mktemp("given")
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(place), "own" if where == "own" else str(given)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    folder = Path(process.stdout.readline().strip())
    with work_folder(None if where == "own" else given):
        assert (folder / "survey").is_file()  # it lives
    process.send_signal(how)
    process.wait()
    process.stdout.close()
    assert folder.is_dir()
    with work_folder(None if where == "own" else given):
        assert not folder.exists()
    assert left_in(work_place() if where == "own" else given) == []


@posix
@pytest.mark.parametrize("plant", ["link", "file", "open"])
def test_a_planted_place_is_not_used(place, tmp_path_factory, plant):
    name = place / f"zgcgis-{os.getuid()}"
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    if plant == "link":
        name.symlink_to(elsewhere)
    elif plant == "file":
        name.write_text("", encoding="utf-8")
    else:
        name.mkdir()
        name.chmod(0o777)
    with work_folder() as folder:
        assert name not in folder.parents
    assert left_in(elsewhere) == []


def test_what_others_keep_there_stays(place):
    (work_place() / "notes-1.lock").write_text("", encoding="utf-8")
    (work_place() / "notes-1").mkdir()
    sweep()
    assert left_in(work_place()) == ["notes-1", "notes-1.lock"]


def test_a_leashed_program_says_how_it_ended(tmp_path):
    code, said = run_leashed(
        [sys.executable, "-c", "import sys; sys.stderr.write('so'); sys.exit(7)"],
        seconds=30,
        home=tmp_path,
    )
    assert (code, said) == (7, "so")
    assert run_leashed(["/no/such/program"], seconds=30, home=tmp_path)[0] == 127


LONELY = """
import socket, sys, tempfile
from pathlib import Path
sys.stderr.write(f"{Path.home()} {tempfile.gettempdir()} {[name for _, name in socket.if_nameindex()]}")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="networks of one's own")
def test_a_leashed_program_keeps_its_things_where_it_is_told_and_has_no_network():
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        _, said = run_leashed([sys.executable, "-c", LONELY], seconds=30, home=Path(home))
        assert said == f"{home} {home} ['lo']"


@posix
def test_a_leashed_program_is_ended_when_it_takes_too_long(tmp_path):
    mark = f"leash-{tmp_path.name}"
    with pytest.raises(subprocess.TimeoutExpired):
        run_leashed(
            [sys.executable, "-c", "import time; time.sleep(60)", mark], seconds=1, home=tmp_path
        )
    assert waits_for(lambda: not running(mark))


FAMILY = """
import subprocess, sys, time
from pathlib import Path
from zgcgis.runs import run_leashed
grandchild = "import time; time.sleep(60)"
child = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {grandchild!r}, sys.argv[1]]); time.sleep(60)"
run_leashed([sys.executable, "-c", child, sys.argv[1]], seconds=60, home=Path.cwd())
"""
POOL = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from zgcgis.runs import end_with_pool
if __name__ == "__main__":
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=end_with_pool) as pool:
        for _ in range(4):
            pool.submit(time.sleep, 60)
"""


@posix
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("code", [FAMILY, POOL], ids=["leash", "pool"])
def test_no_process_outlives_the_one_that_began_it(tmp_path, code, how):
    mark = f"family-{tmp_path.name}-{how}"
    script = tmp_path / f"{mark}.py"
    script.write_text(code, encoding="utf-8")
    before = set(running("multiprocessing"))
    process = subprocess.Popen([sys.executable, str(script), mark], start_new_session=True)
    least = 4 if code is FAMILY else 3

    def family():
        return running(mark) + [n for n in running("multiprocessing") if n not in before]

    assert waits_for(lambda: len(family()) >= least, 30)
    time.sleep(0.5)
    process.send_signal(how)
    process.wait()
    assert waits_for(lambda: not family()), family()


@posix
def test_a_lock_that_a_sweep_took_away_is_let_go(place, monkeypatch):
    hold, held = runs.hold, []

    def swept_once(lock, *rest):
        held.append(hold(lock, *rest))
        if len(held) == 1:
            lock.unlink()
        return held[-1]

    monkeypatch.setattr(runs, "hold", swept_once)
    with work_folder():
        assert held[0].closed
        assert not held[1].closed
    assert left_in(place) == ["zgcgis-" + str(os.getuid())]


def test_a_pdf_is_the_same_however_the_browser_numbered_its_nodes(tmp_path):
    def settled(first, printed):
        file = tmp_path / "a.pdf"
        ids = b" ".join(b"(node%08d)" % number for number in (first + 4, first, first + 1, first))
        file.write_bytes(b"/CreationDate (D:%s+00'00') " % printed + ids)
        runs.settle_pdf(file)
        return file.read_bytes()

    one, other = settled(21, b"20261130120000"), settled(22, b"20261130120501")
    assert one == other
    assert one.endswith(b"(node00000003) (node00000001) (node00000002) (node00000001)")

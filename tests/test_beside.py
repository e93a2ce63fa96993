"""Half of the work in a copy of the process: the same results, whatever becomes of the copy."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings

import pytest
from click.testing import CliRunner
from geopandas.testing import assert_geodataframe_equal

from zgcgis import ZgcgisError, checks, open_zone
from zgcgis.cli.assess import assess as assess_command
from zgcgis.cli.check import check as check_command
from zgcgis.language.errors import ZgcgisWarning
from zgcgis.model.tiles import TILE_FROM, beside, executors

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux copies")


@pytest.fixture
def copies(monkeypatch):
    """As on a machine with two processors and a zone that is large enough."""
    monkeypatch.setattr(executors, "COPY_FROM", 1)
    monkeypatch.setattr(executors, "processors", lambda: 2)


@LINUX
@pytest.mark.usefixtures("copies")
def test_the_work_is_done_in_another_process():
    with beside(os.getpid, 9) as answer:
        mine = os.getpid()
        assert answer() != mine


@pytest.mark.parametrize(
    "why", ["little to do", "much to do", "one processor", "another system", "a thread"]
)
def test_where_no_copy_pays_or_can_be_made_the_work_is_done_here(monkeypatch, copies, why):
    if why == "one processor":
        monkeypatch.setattr(executors, "processors", lambda: 1)
    elif why == "another system":
        monkeypatch.setattr(sys, "platform", "win32")
    found = []

    def ask():
        with beside(os.getpid, {"little to do": 0, "much to do": TILE_FROM}.get(why, 9)) as answer:
            found.append(answer())

    if why == "a thread":
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    else:
        ask()
    assert found == [os.getpid()]


@LINUX
@pytest.mark.usefixtures("copies")
@pytest.mark.parametrize("end", ["killed", "not picklable", "no room"])
def test_what_a_copy_could_not_do_is_done_here(end):
    here = os.getpid()

    def work():
        if os.getpid() == here:
            return "done"
        if end == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if end == "no room":
            raise MemoryError
        return lambda: None

    with beside(work, 9) as answer:
        assert answer() == "done"


@LINUX
@pytest.mark.usefixtures("copies")
def test_what_the_work_raises_and_warns_of_is_raised_and_warned_of_here():
    def warn():
        warnings.warn("一句话\na sentence", ZgcgisWarning, stacklevel=1)
        return 1

    def fail():
        raise ZgcgisError("不行", "no")

    with pytest.warns(ZgcgisWarning, match="a sentence"), beside(warn, 9) as answer:
        assert answer() == 1
    with beside(fail, 9) as answer, pytest.raises(ZgcgisError, match="no"):
        answer()


@LINUX
@pytest.mark.usefixtures("copies")
def test_a_copy_that_nobody_asks_is_ended():
    started, hold = os.pipe()

    def work():
        os.write(hold, b"%d" % os.getpid())
        signal.pause()

    with beside(work, 9):
        copy = int(os.read(started, 20))
    os.close(started)
    os.close(hold)
    with pytest.raises(ProcessLookupError):
        os.kill(copy, 0)


@LINUX
def test_a_check_in_two_halves_is_the_same_and_tells_every_rule(copies, monkeypatch):
    zone = open_zone("sample")
    told = []
    halves = checks.check(zone, before=told.append)
    assert [one.code for one in told] == list(checks.asked(zone))
    monkeypatch.setattr(executors, "COPY_FROM", 1 << 60)
    assert_geodataframe_equal(halves, checks.check(zone))


@LINUX
@pytest.mark.parametrize("command", [check_command, assess_command])
def test_commands_leave_the_same_bytes(copies, monkeypatch, tmp_path, command):
    left = []
    for name, least in (("halves", 1), ("alone", 1 << 60)):
        monkeypatch.setattr(executors, "COPY_FROM", least)
        words = ["sample", "-o", str(tmp_path / name)]
        words += ["--no-map", "--no-sheets"] if command is check_command else []
        done = CliRunner().invoke(command, words)
        assert done.exit_code in {0, 1}, done.output
        out = tmp_path / name
        left.append({p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()})
    assert left[0] == left[1]
    assert any(path.suffix == ".xlsx" for path in left[0])
    assert len(left[0]) > 3

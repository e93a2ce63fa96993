"""Outputs are whole or absent: whatever happens, the target is the old file or the new one."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pytest

from zgcgis import runs
from zgcgis.io import writing
from zgcgis.io.spreadsheets import write_table
from zgcgis.io.writing import write_bytes_whole, write_text_whole, write_whole
from zgcgis.language.errors import WriteError
from zgcgis.report.outputs import write_workbook
from zgcgis.runs import work_folder

FULL = os.environ.get("ZGCGIS_FULL") == "1"


def test_a_new_file_is_written_and_nothing_else_is_left(tmp_path):
    assert write_text_whole(tmp_path / "a.txt", "一区多园\n") == tmp_path / "a.txt"
    assert (tmp_path / "a.txt").read_bytes() == "一区多园\n".encode()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_writer_that_refuses_half_way_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")

    def writer(path):
        path.write_text("half", encoding="utf-8")
        raise KeyError("changed its mind")

    with pytest.raises(KeyError):
        write_whole(target, writer)
    assert target.read_text(encoding="utf-8") == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("a.json", b'{"a": 1'),
        ("a.geojson", b"[1, 2"),
        ("a.xlsx", b"PK\x03\x04 cut"),
        ("a.gpkg", b"SQLite format 3\x00 cut"),
        ("a.parquet", b"PAR1 cut"),
        ("a.html", b"<html><body>"),
    ],
)
def test_what_cannot_be_read_back_is_not_put_in_place(tmp_path, name, broken):
    with pytest.raises(WriteError):
        write_whole(tmp_path / name, lambda p: p.write_bytes(broken))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_sentence_and_the_old_file_stays(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")

    def writer(path):
        path.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    with pytest.raises(WriteError, match="disk is full"):
        write_whole(target, writer)
    assert target.read_text(encoding="utf-8") == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("failing", ["fsync", "replace", "copymode"])
def test_a_failing_step_leaves_the_old_file(tmp_path, monkeypatch, failing):
    target = tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")

    def fail(*args, **kwargs):
        raise OSError(5, "Input/output error")

    if failing == "fsync":
        monkeypatch.setattr(writing.os, "fsync", fail)
    elif failing == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr(writing.shutil, "copymode", fail)
    if failing == "copymode":  # the mode is a courtesy, not a condition
        write_text_whole(target, "new")
        assert target.read_text(encoding="utf-8") == "new"
        return
    with pytest.raises(WriteError):
        write_text_whole(target, "new")
    assert target.read_text(encoding="utf-8") == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_read_only_missing_folder_and_folder_targets_are_refused(tmp_path):
    locked = tmp_path / "a.txt"
    locked.write_text("old", encoding="utf-8")
    locked.chmod(stat.S_IRUSR)
    with pytest.raises(WriteError, match="read-only"):
        write_text_whole(locked, "new")
    assert locked.read_text(encoding="utf-8") == "old"
    with pytest.raises(WriteError, match="does not exist"):
        write_text_whole(tmp_path / "no" / "a.txt", "new")
    with pytest.raises(WriteError, match="a folder of that name"):
        write_text_whole(tmp_path, "new")


def test_a_writer_that_writes_nothing_is_refused(tmp_path):
    with pytest.raises(WriteError, match="left no file"):
        write_whole(tmp_path / "a.txt", lambda p: None)


def test_output_may_be_the_input(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("[1, 2]", encoding="utf-8")

    def writer(path):
        path.write_text(json.dumps(json.loads(target.read_bytes())[::-1]), encoding="utf-8")

    write_whole(target, writer)
    assert json.loads(target.read_bytes()) == [2, 1]


def test_what_a_killed_writer_left_is_swept_by_the_next_one(tmp_path):
    left = tmp_path / ".zgcgis-0123456789abcdef"
    (left / "new").mkdir(parents=True)
    (left / "new" / "part.txt").write_bytes(b"half")
    left.with_name(left.name + ".lock").touch()
    with work_folder(tmp_path) as alive:
        (alive / "part.txt").write_bytes(b"half")
        write_text_whole(tmp_path / "a.txt", "new")
        assert (alive / "part.txt").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="locks of another kind")
def test_where_there_are_no_locks_files_are_written_all_the_same(tmp_path, monkeypatch):
    def none(*_):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr("fcntl.flock", none)
    write_text_whole(tmp_path / "a.txt", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_workbook_is_put_together_beside_its_target(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    table = pd.DataFrame({"id": ["a"]})
    write_table(table, tmp_path / "a.xlsx")
    write_workbook(tmp_path / "b.xlsx", [("x", table)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.xlsx", "b.xlsx"]
    assert tempfile.gettempdir() == str(tmp_path / "nowhere")


def plant(path: Path, kind: str, elsewhere: Path) -> None:
    """Put something under a name that is not ours."""
    if kind == "file":
        path.write_text("planted", encoding="utf-8")
    elif kind == "folder":
        path.mkdir()
        (path / "part.txt").symlink_to(elsewhere)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"link": elsewhere, "dangling": path.parent / "no"}[kind])


PLANTED = ("file", "folder", "pipe", "link", "dangling")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name")
@pytest.mark.parametrize("kind", PLANTED)
@pytest.mark.parametrize("end", ["", ".lock"])
@pytest.mark.parametrize("free", [True, False])
def test_nothing_is_written_through_what_stands_under_a_temporary_name(
    tmp_path, monkeypatch, kind, end, free
):
    folder, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.write_text("not ours", encoding="utf-8")
    marks = iter(["0" * 16, "1" * 16])
    monkeypatch.setattr(runs.secrets, "token_hex", lambda _: next(marks) if free else "0" * 16)
    planted = folder / f".zgcgis-{'0' * 16}{end}"
    plant(planted, kind, elsewhere)
    if kind == "file" and end:  # a lock that nobody holds is a killed run's
        free = True
        marks = iter(["1" * 16])
    if free:
        write_text_whole(folder / "a.txt", "new")
        assert (folder / "a.txt").read_text(encoding="utf-8") == "new"
    else:
        with pytest.raises(WriteError, match=r"move away"):
            write_text_whole(folder / "a.txt", "new")
        assert not (folder / "a.txt").exists()
    assert elsewhere.read_text(encoding="utf-8") == "not ours"
    assert os.path.lexists(planted) == (kind != "file" or not end)
    assert not (folder / "no").exists()


def test_the_file_has_the_mode_of_any_other_new_file(tmp_path):
    (tmp_path / "plain").write_text("x", encoding="utf-8")
    write_text_whole(tmp_path / "a.txt", "x")
    plain, made = ((tmp_path / name).stat().st_mode for name in ("plain", "a.txt"))
    assert plain == made


KILLED = """
import sys
from pathlib import Path
from zgcgis.io.writing import write_bytes_whole
folder = Path(sys.argv[1])
old = (folder / "a.bin").read_bytes()
print("ready", flush=True)
turn = 0
while True:
    turn += 1
    write_bytes_whole(folder / "a.bin", (b"%08d" % turn) * 200_000)
"""


def test_killed_at_any_moment_the_file_is_whole(tmp_path):
    target = tmp_path / "a.bin"
    write_bytes_whole(target, b"%08d" % 0 * 200_000)
    for turn in range(100 if FULL else 12):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"ready"
        time.sleep(0.003 * (turn % 17))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        content = target.read_bytes()
        assert content == content[:8] * 200_000


TWO_WRITERS = """
import sys
from pathlib import Path
from zgcgis.io.writing import write_text_whole
for turn in range(30):
    write_text_whole(Path(sys.argv[1]), sys.argv[2] * 100_000)
"""


def test_two_writers_at_once_leave_one_whole_file(tmp_path):
    target = tmp_path / "a.txt"
    children = [
        subprocess.Popen([sys.executable, "-c", TWO_WRITERS, str(target), mark]) for mark in "xy"
    ]
    assert [child.wait() for child in children] == [0, 0]
    assert target.read_text(encoding="utf-8") in {"x" * 100_000, "y" * 100_000}
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]

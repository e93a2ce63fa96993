"""The bar for long work: on a terminal, after a second, in words; and nowhere else."""

from __future__ import annotations

import io
import os
import sys

import pytest

from zgcgis.cli import console as room
from zgcgis.cli.console import Progress, progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_short_work_shows_nothing(monkeypatch):
    monkeypatch.setattr(sys, "__stderr__", stream := Terminal())
    with progress(3) as bar:
        bar.step("T101 one")
    assert stream.getvalue() == ""


def test_no_terminal_no_bar(monkeypatch):
    monkeypatch.setattr(sys, "__stderr__", io.StringIO())
    with progress(3) as bar:
        assert bar is None


def test_long_work_names_each_step_from_a_second_on_and_goes_away():
    bar = Progress(stream := Terminal(), 2)
    bar.step("T101 宗地")
    bar._appear()  # what its clock does after a second
    bar.step("T102 街区")
    bar.end()
    lines = stream.getvalue().split("\r\x1b[K")[1:]
    assert lines[0].endswith("1/2 T101 宗地")
    assert lines[1].endswith("1/2 T102 街区")
    assert lines[-1] == ""
    bar._appear()
    assert stream.getvalue().count("\r") == 3


@pytest.mark.parametrize("columns", [10, 40])
def test_a_line_is_no_wider_than_the_terminal_and_obeys_nothing(columns, monkeypatch):
    monkeypatch.setattr(room.shutil, "get_terminal_size", lambda: os.terminal_size((columns, 20)))
    bar = Progress(stream := Terminal(), 1)
    bar.step("宗地" * 40 + "\x1b]0;x")
    bar._appear()
    bar.end()
    line = stream.getvalue().split("\r\x1b[K")[1]
    assert sum(2 if ord(letter) > 255 else 1 for letter in line) < columns
    assert "\x1b" not in line

"""The command line: answers at once, speaks in sentences, keeps its exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import click
import pytest

from zgcgis.cli import COMMANDS, cli
from zgcgis.cli.console import Output
from zgcgis.language.terms import TERMS


def run(*words: str, cwd=None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "zgcgis", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
    )


def test_help_lists_every_command():
    answer = run("--help")
    assert answer.returncode == 0
    listed = re.findall(r"^  ([a-z]+) {2,}", answer.stdout, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_is_there_and_explains_itself_in_both_languages(name):
    command = cli.get_command(None, name)
    assert command.name == name
    text = command.help or ""
    assert any("\u4e00" <= char <= "\u9fff" for char in text)
    assert any(char.isascii() and char.isalpha() for char in text)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_where_results_are_a_folder_no_folder_is_made_that_is_named_like_a_file(name, tmp_path):
    outputs = [p for p in cli.get_command(None, name).params if isinstance(p.type, Output)]
    for param in outputs:
        if param.type.folder is not False:
            with pytest.raises(click.BadParameter, match=r"(?s)是文件名.*is the name of a file"):
                param.type.convert(str(tmp_path / "result.docx"), param, None)
            (tmp_path / "there.zip").mkdir(exist_ok=True)
            for taken in (
                "result",
                "there.zip",
                "1.2 版",
                *(f"r{one}" for one in param.type.files),
            ):
                assert param.type.convert(str(tmp_path / taken), param, None)


def test_no_command_and_a_wrong_one_are_wrong_usage():
    assert run("mpa").returncode == 2


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_unknown_zone_is_one_sentence_and_exit_code_3(lang, tmp_path):
    answer = run("map", "nowhere", "--lang", lang, cwd=tmp_path)
    assert answer.returncode == 3
    assert "Traceback" not in answer.stderr
    assert "nowhere" in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1
    assert ("找不到" in answer.stderr) == (lang == "zh")


def test_an_error_can_be_said_on_a_console_that_is_not_utf8(tmp_path):
    answer = subprocess.run(
        [sys.executable, "-m", "zgcgis", "map", "没有"],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "cp437"},
        check=False,
    )
    assert answer.returncode == 3
    assert b"Traceback" not in answer.stderr


def test_terms_lists_every_quantity_and_finds_a_word():
    rows = json.loads(run("terms", "--json").stdout)
    assert {row["key"] for row in rows} >= set(TERMS)
    found = run("terms", "容积率", "--lang", "zh").stdout
    assert "floor_area_ratio" in found
    assert "tax_wan" not in found


def test_env_names_the_engines():
    rows = json.loads(run("env", "--json").stdout)
    assert rows["GDAL (pyogrio)"]
    assert "zgc" in rows["zones"]


def test_new_makes_a_zone_that_opens(tmp_path):
    place = tmp_path / "新 区"
    answer = run("new", str(place), "--id", "xin", "--zh", "新区", "--en", "New")
    assert answer.returncode == 0
    assert (place / "zone.toml").is_file()
    again = run("new", str(place), "--id", "xin", "--zh", "新区", "--en", "New", "--lang", "en")
    assert again.returncode == 3
    assert "not empty" in again.stderr


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("R305", "zgcgis doctor"),
        ("t101", "Is it T101?"),
        ("L9", "'L601'"),
        ("", "'T'"),
        ("Z", "'T'"),
    ],
)
def test_a_rule_that_no_check_asks_is_refused_with_those_near(asked, told):
    answer = run("check", "sample", "--rule", asked, "--lang", "en")
    assert answer.returncode == 3
    assert told in answer.stderr

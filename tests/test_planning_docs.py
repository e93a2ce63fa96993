"""The planner's page: every command in it runs, says what the page says, and makes its picture."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from zgcgis.cli import cli

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/planner.zh.md"
BLOCK = re.compile(r"^```(toml|console)\n(.*?)^```$", re.M | re.S)
CODE = re.compile(r"\s+#\s*退出码\s*(\d+)\s*$")


def blocks():
    return BLOCK.findall(PAGE.read_text(encoding="utf-8"))


def steps(text):
    """Commands of a console block, each with its exit code and what it is to say."""
    found = []
    for line in text.splitlines():
        if line.startswith("$ "):
            code = CODE.search(line)
            words = shlex.split(CODE.sub("", line[2:]))
            found.append((words, int(code[1]) if code else 0, []))
        elif line.strip():
            found[-1][2].append(" ".join(line.split()))
    return found


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """Follow the page from top to bottom in an empty folder."""
    folder = tmp_path_factory.mktemp("week")
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("ZGCGIS_BROWSER", "/nowhere/chromium")  # printing has a test of its own
        for kind, text in blocks():
            if kind == "toml":
                name = re.match(r"# 文件 (\S+)\n", text)[1]
                Path(name).write_text(text, encoding="utf-8")
                continue
            for words, code, lines in steps(text):
                assert words[0] == "zgcgis"
                answer = CliRunner().invoke(cli, words[1:])
                said.append((" ".join(words), code, answer.exit_code, answer.output, lines))
    return folder, said


def test_the_page_has_commands_of_every_kind(week):
    _, said = week
    assert {command.split()[1] for command, *_ in said} == {
        "sample", "terms", "export", "under", "query", "pack", "map", "check", "fix", "admit", "allocate", "scenario",
        "consolidate", "access",
    }  # fmt: skip
    assert len(said) >= 12


def test_every_command_ends_as_the_page_says(week):
    _, said = week
    assert [(c, got) for c, _, got, _, _ in said] == [(c, wanted) for c, wanted, *_ in said]


def test_every_command_says_what_the_page_says(week):
    _, said = week
    for command, _, _, output, lines in said:
        flat = " ".join(output.split())
        for line in lines:
            assert line in flat, f"{command}: {line!r} is not in\n{output}"


def test_every_file_the_page_shows_in_its_output_is_there(week):
    folder, said = week
    shown = [line for *_, lines in said for line in lines if re.search(r"/\w+\.\w+$", line)]
    assert len(shown) >= 8
    for line in shown:
        assert (folder / line).is_file()


def test_every_picture_of_the_page_is_made_by_a_command_of_it(week):
    folder, _ = week
    pictures = re.findall(r"!\[[^\]]*\]\((images/[^)]+)\)", PAGE.read_text(encoding="utf-8"))
    assert pictures
    for picture in pictures:
        made = folder / "第1周/places" / Path(picture).name
        assert made.read_bytes() == (PAGE.parent / picture).read_bytes()


def test_every_option_the_page_names_exists(week):
    text = PAGE.read_text(encoding="utf-8")
    for option in {"--lang", "--json", "--help"}:
        assert option in text
    help_text = CliRunner().invoke(cli, ["check", "--help"]).output
    for option in re.findall(r"zgcgis check [^\n]*", text):
        for word in re.findall(r"--[a-z-]+", option):
            assert word in help_text

"""Every public function has an example that runs: in its docstring, or in docs/examples/ROOM.md.

Types and constants need none: a type is what some function of its room returns or takes, and is
shown there. The examples of a room run in one go, as somebody would type them.
"""

from __future__ import annotations

import doctest
import inspect
import re
import tempfile
from importlib import import_module
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "docs"
ROOMS = sorted(path.stem for path in (FOLDER / "api").glob("*.md") if path.stem != "index")
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


def text_of(room):
    path = FOLDER / "examples" / f"{room}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def functions_of(room):
    module = import_module(f"zgcgis.{room}")
    named = {name: getattr(module, name) for name in module.__all__}
    return {n: one for n, one in named.items() if inspect.isroutine(one)}


def test_there_are_rooms_and_functions():
    assert len(ROOMS) >= 21
    assert sum(len(functions_of(room)) for room in ROOMS) > 250


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_function_has_an_example(room):
    parts = re.split(r"^## ", text_of(room), flags=re.MULTILINE)[1:]
    told = {name.strip(): text for name, _, text in (part.partition("\n") for part in parts)}
    shown = {name for name, text in told.items() if re.search(rf"\b{name}\(", text)}
    functions = functions_of(room)
    missing = [n for n, f in functions.items() if n not in shown and ">>>" not in (f.__doc__ or "")]
    assert missing == [], f"give each an example in its docstring or in docs/examples/{room}.md"
    unknown = set(told) - set(functions) - {"准备 Setup"}
    assert unknown == set(), "the public functions of the room have other names"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("room", [room for room in ROOMS if text_of(room)])
def test_the_examples_of_a_room_run(room, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    text = "\n".join(re.findall(r"```pycon\n(.*?)```", text_of(room), re.DOTALL))
    case = doctest.DocTestParser().get_doctest(text, {}, room, f"docs/examples/{room}.md", 0)
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(case, out=said.append)
    assert result.attempted > 0
    assert result.failed == 0, "".join(said)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("room", ROOMS)
def test_the_examples_in_docstrings_run(room):
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner(optionflags=FLAGS)
    said: list[str] = []
    module = import_module(f"zgcgis.{room}")
    for name in module.__all__:
        one = inspect.unwrap(getattr(module, name))
        if not (inspect.isroutine(one) or inspect.isclass(one)) or ">>>" not in (one.__doc__ or ""):
            continue
        home = vars(import_module(one.__module__))
        for case in finder.find(one, name, globs=dict(home)):
            runner.run(case, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)

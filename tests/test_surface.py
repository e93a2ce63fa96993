"""The public surface as a user's type checker sees it: one run of mypy over one program.

The program is written from what the rooms export, so that the next public name is in it too.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from inspect import isclass
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

import zgcgis

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "zgcgis"
TOLD = {f"zgcgis.{path.stem}" for path in (ROOT / "docs" / "api").glob("*.md")}
ROOMS = [
    "zgcgis",
    *sorted(
        {
            f"zgcgis.{path.stem}"
            for path in PACKAGE.iterdir()
            if path.stem[0] != "_" and (path.suffix == ".py" or (path / "__init__.py").exists())
        }
        | {f"zgcgis.language.{path.stem}" for path in PACKAGE.glob("language/[a-z]*.py")}
        | TOLD - {"zgcgis.index"}
    ),
]
PUBLIC = {
    f"{room}.{name}": getattr(importlib.import_module(room), name)
    for room in ROOMS
    for name in importlib.import_module(room).__all__
}
# Of these a checker knows nothing as long as their library ships no types.
UNTYPED = re.compile(r"\b(csr_array|DataFrame|Series|GeoDataFrame|GeoSeries|Placed)\b")
# A template writes anything: no argument of it is wrong.
TAKES_ANYTHING = {"zgcgis.language.safe_text.page_value"}
UNKNOWN = "no_such_argument"


def signature_of(it: object) -> inspect.Signature | None:
    """How a public function or class is called; None for what nobody calls."""
    if not callable(it) or getattr(it, "_is_protocol", False):
        return None
    try:
        return inspect.signature(it)
    except ValueError:  # a warning: its arguments are Python's own
        return None


CALLED = {name: takes for name, it in PUBLIC.items() if (takes := signature_of(it)) is not None}


def call(name: str, wrong: str = "") -> str:
    """A call of `name` with what it asks for, but for the argument that is `wrong`."""
    given = []
    for one in CALLED[name].parameters.values():
        loose = one.kind in {one.VAR_POSITIONAL, one.VAR_KEYWORD}
        if one.name == wrong or (one.default is one.empty and not loose):
            value = "Wrong()" if one.name == wrong else "something()"
            by_place = one.kind in {one.POSITIONAL_ONLY, one.VAR_POSITIONAL}
            given.append(value if by_place else f"{one.name}={value}")
    if wrong == UNKNOWN:
        given.append(f"{UNKNOWN}=Wrong()")
    return f"{name}({', '.join(given)})"


def reveal(name: str) -> str:
    return f"reveal_type({name})"


class Seen(NamedTuple):
    """By line of the user's program: the type that was revealed, the error that was found."""

    revealed: dict[str, str]
    refused: dict[str, str]


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    lines = [f"import {room}" for room in ROOMS]
    lines += ["from typing import Any", "class Wrong: ...", "def something() -> Any: ..."]
    lines += [reveal(name) for name in PUBLIC]
    for name, takes in CALLED.items():
        lines += [call(name, wrong) for wrong in ("", UNKNOWN, *takes.parameters)]
    folder = tmp_path_factory.mktemp("user")
    (folder / "program.py").write_text("\n".join(lines), encoding="utf-8")
    mypy = [sys.executable, "-m", "mypy", "--config-file=", "--strict", "--follow-imports=silent"]
    run = subprocess.run(
        [*mypy, "--cache-dir", str(ROOT / ".mypy_cache" / "user"), "program.py"],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
    )
    said = re.findall(r"^program\.py:(\d+): (error|note): (.*)$", run.stdout, re.MULTILINE)
    assert said, run.stdout + run.stderr
    types = [(int(n), re.fullmatch(r'Revealed type is "(.*)"', text)) for n, _, text in said]
    return Seen(
        {lines[n - 1]: match[1] for n, match in types if match},
        {lines[int(n) - 1]: text for n, kind, text in said if kind == "error"},
    )


def test_every_public_name_has_a_type(seen):
    assert (PACKAGE / "py.typed").is_file()
    types = {name: seen.revealed.get(reveal(name), "not there") for name in PUBLIC}
    assert {name: it for name, it in types.items() if it in {"Any", "not there"}} == {}
    assert [name for name, it in PUBLIC.items() if isinstance(it, ModuleType)] == []


def test_a_good_call_passes(seen):
    assert {
        line: seen.refused.get(line) for name in CALLED if (line := call(name)) in seen.refused
    } == {}


def test_a_wrong_argument_is_found(seen):
    wrong = {
        f"{name}: {one}": call(name, one.name)
        for name, takes in CALLED.items()
        for one in takes.parameters.values()
        if name not in TAKES_ANYTHING and not UNTYPED.search(str(one.annotation))
    }
    wrong |= {f"{name}: {UNKNOWN}": call(name, UNKNOWN) for name in CALLED}
    assert [argument for argument, line in wrong.items() if line not in seen.refused] == []


def test_no_public_function_takes_or_gives_just_anything():
    said = {
        f"{name}: {what}": str(annotation)
        for name, takes in CALLED.items()
        if name not in TAKES_ANYTHING
        for what, annotation in [
            *((one.name, one.annotation) for one in takes.parameters.values()),
            ("what it returns", "itself" if isclass(PUBLIC[name]) else takes.return_annotation),
        ]
    }
    anything = {"Any", "object", str(inspect.Parameter.empty)}
    loose = {what: it for what, it in said.items() if anything & set(it.split(" | "))}
    assert loose == {}


def test_what_a_checker_reads_is_what_is_there():
    """The imports that only a checker follows and the table that is followed at run time."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    read = {
        alias.asname: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    }
    assert read == zgcgis._HOME


def test_names_are_looked_up_late_in_one_place_only():
    late = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "\ndef __getattr__" in path.read_text(encoding="utf-8")
    ]
    assert late == []

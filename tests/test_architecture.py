"""What docs/architecture.md says of the tree is the tree."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import sys
from pathlib import Path

import pandas as pd
import pytest

import zgcgis as zg
from zgcgis.cli import cli
from zgcgis.intake.layer import Layer
from zgcgis.intake.sandbox.format import Staged

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "zgcgis"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", PAGE))
FILES = [
    path.relative_to(PACKAGE).as_posix()
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "__init__.py" or path.parent == PACKAGE
]
ROOMS = sorted({path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*/*.py")})
WALK = PAGE.split("## One parcel's way")[1].split("\n## ")[0]


@pytest.mark.parametrize("file", FILES)
def test_every_file_of_the_package_is_named(file):
    assert file in NAMED, f"docs/architecture.md: give `{file}` its line, under its room"


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_named(room):
    assert f"{room}/" in NAMED, f"docs/architecture.md: give `{room}/` its place"


@pytest.mark.parametrize(
    "name", sorted(n for n in NAMED if re.fullmatch(r"[\w./-]+(/|\.(py|toml|md|js|css))", n))
)
def test_every_path_that_is_named_is_there(name):
    of_a_zone = {"plan.toml", "evaluation.toml"}
    places = (ROOT, PACKAGE, PACKAGE / "maps" / "static")
    assert name in of_a_zone or any((place / name).exists() for place in places)


def file_of(name: str) -> tuple[Path, str] | None:
    """Return the file that a dotted name of the package points into, and what of it."""
    *modules, what = name.split(".")
    place = PACKAGE.joinpath(*modules)
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if modules and file.is_file():
            return file, what
    return None


DOTTED = sorted(
    name
    for name in NAMED
    if re.fullmatch(r"[a-z_]+(\.[A-Za-z_]+)+", name)
    and not name.endswith((".py", ".toml"))
    and file_of(name)
)


def test_the_walk_names_what_is_called():
    assert len([name for name in DOTTED if f"`{name}`" in WALK]) >= 25
    assert not [
        name for name in re.findall(r"`([a-z_]+\.[a-z_]+\.[A-Za-z_]+)`", WALK) if name not in DOTTED
    ]


@pytest.mark.parametrize("name", DOTTED)
def test_every_name_that_is_pointed_to_is_there(name):
    file, what = file_of(name)
    defined = {
        target
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        for target in (
            [node.name]
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            else [t.id for t in getattr(node, "targets", []) if isinstance(t, ast.Name)]
        )
    }
    assert what in defined


def test_the_floors_are_those_that_are_kept():
    spec = importlib.util.spec_from_file_location("house", ROOT / "tests" / "test_house.py")
    house = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(house)
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", PAGE, re.MULTILINE)
    told = [set(re.findall(r"`(\w+)`", rooms)) for _, rooms in rows]
    assert [int(number) for number, _ in rows] == list(range(len(rows)))
    there = {path.stem for path in (ROOT / "zgcgis").iterdir()}
    kept = [set(floor) & there for floor in house.FLOORS]
    assert told == kept, "docs/architecture.md: renew the floors"


RECORDS = {"intake/layer", "intake/sandbox/format"}  # what travels, and what it says of itself


def entered(source: Path, zone: Path, features: int) -> list[str]:
    """Return the modules that a file passes from the command to the stored layer, in order.

    A call counts if an argument is the file, its copy, its layer or the table of its features.
    """
    way: list[str] = []
    state = {"on": False}

    def carries(value: object) -> bool:
        if isinstance(value, pd.DataFrame):
            return len(value) == features and "land_use" in value
        if isinstance(value, (str, Path)):
            return str(value) == str(source) or Path(value).name == f"data{source.suffix}"
        return isinstance(value, (Layer, Staged))

    def notice(frame, event, _):
        code = frame.f_code
        if not code.co_filename.startswith(f"{PACKAGE}{os.sep}") or code.co_name.startswith("<"):
            return
        module = Path(code.co_filename).relative_to(PACKAGE).with_suffix("").as_posix()
        place = (module, code.co_name)
        if place == ("cli/files", "import_"):
            state["on"] = event == "call"
        elif place == ("io/layers/__init__", "store_layer") and event == "return":
            state["on"] = False
        if event != "call" or not state["on"] or module in RECORDS:
            return
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if way[-1:] != [module] and any(carries(frame.f_locals.get(name)) for name in names):
            way.append(module)

    words = ["import", str(source), "--zone", str(zone), "--level", "parcel"]
    sys.setprofile(notice)
    try:
        with pytest.raises(SystemExit):  # the sample has its planted mistakes
            cli.main(words, standalone_mode=False)
    finally:
        sys.setprofile(None)
    assert not state["on"]
    return way


def test_the_way_of_a_file_is_as_straight_as_the_page_says(tmp_path):
    parcels = zg.open_zone("sample").layers["parcel"]
    source, zone = tmp_path / "land.gpkg", tmp_path / "zone"
    parcels.to_file(source)
    zg.new_zone(zone, id="zone", zh="示范区", en="Zone")
    way = entered(source, zone, len(parcels))
    modules = set(way)
    said = re.search(r"enters (\d+) modules and comes\s+back (\d+) times", WALK)
    assert said is not None
    assert [len(modules), len(way) - len(modules)] == [int(said[1]), int(said[2])], way
    assert len(way) - len(modules) <= 20

"""House rules that a program can keep: who imports whom, who measures, what is public."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from house import LAWS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "zgcgis"

# A room may import those on the lines above its own, never its neighbours or below.
FLOORS = [
    {"language", "runs"},
    {"mcdm"},
    {"dea", "geo", "plan", "indicators", "findings"},
    {"model", "standards"},
    {"intake", "accounts", "checks", "clusters"},
    {"io"},
    {"assessment", "maps", "planning", "sample"},
    {"report"},
    {"cli"},
]
FLOOR = {name: number for number, floor in enumerate(FLOORS) for name in floor}
FILES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path.parent != PACKAGE or not path.stem.startswith("__")
)
MODULES = sorted({path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES})
NUMBER_WING = {"indicators", "standards", "mcdm", "dea"}


def module_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def own_imports(path: Path) -> set[str]:
    """Top-level modules of the package that a file imports, itself left out."""
    depth = len(path.relative_to(PACKAGE).parts)
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            found |= {node.module.split(".")[0]} if node.module else {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level > depth:
            found.add("outside the package")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "zgcgis":
            if not node.level:
                found.add(f"absolute import of {node.module}")
        elif isinstance(node, ast.Import):
            found |= {
                f"absolute import of {alias.name}"
                for alias in node.names
                if alias.name.split(".")[0] == "zgcgis"
            }
    return {name for name in found if not name.startswith("__")} - {module_of(path)}


ids = {"ids": lambda path: str(path.relative_to(PACKAGE))}


@pytest.mark.parametrize("module", MODULES)
def test_every_module_stands_on_a_floor(module):
    assert module in FLOOR


@pytest.mark.parametrize("path", FILES, **ids)
def test_imports_go_down(path):
    room = module_of(path)
    allowed = {f"{room} imports {name}" for name in FLOOR if FLOOR[name] < FLOOR[room]}
    assert {f"{room} imports {name}" for name in own_imports(path)} <= allowed


@pytest.mark.parametrize("path", [p for p in FILES if module_of(p) in NUMBER_WING], **ids)
def test_the_number_wing_knows_no_geometry(path):
    text = path.read_text(encoding="utf-8")
    assert "geopandas" not in text
    assert "shapely" not in text


@pytest.mark.parametrize("path", [p for p in FILES if module_of(p) != "geo"], **ids)
def test_only_geo_measures(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not used & {"area", "length", "buffer", "distance"}


@pytest.mark.parametrize("path", FILES, **ids)
def test_what_is_forbidden_everywhere(path):
    text = path.read_text(encoding="utf-8")
    for never in ("buffer(0)", 'errors="coerce"', "extractall(", "shell=True", "pickle"):
        assert never not in text, never


@pytest.mark.parametrize("law", LAWS)
def test_the_house_keeps_its_law(law):
    most, measure = LAWS[law]
    assert {name: figure for name, figure in measure().items() if figure > most} == {}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_test_file(module):
    assert list((ROOT / "tests").glob(f"test_{module}*.py"))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_what_it_is_and_what_is_public(module):
    loaded = importlib.import_module(f"zgcgis.{module}")
    assert loaded.__doc__
    assert len(set(loaded.__all__)) == len(loaded.__all__)  # the linter holds their order
    assert all(hasattr(loaded, name) for name in loaded.__all__)


def test_every_exported_name_exists():
    import zgcgis

    assert sorted(zgcgis.__all__) == list(zgcgis.__all__)
    for name in zgcgis.__all__:
        assert getattr(zgcgis, name) is not None


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, zgcgis.cli; print([m for m in ('pandas','geopandas','folium','shapely','scipy') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_project_stands_alone():
    """No path of a machine and no reach outside the checkout in what is kept in git."""
    kept = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    outside = re.compile(r"\.\./(?:shared|\.library)|/work/|/root/")
    suffixes = {".py", ".toml", ".md", ".txt", ".js", ".css", ".csv", ".cfg"}
    found = [
        name
        for name in kept
        if Path(name).suffix in suffixes
        and name != "tests/test_house.py"
        and (ROOT / name).exists()
        and outside.search((ROOT / name).read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []

"""A wheel and an sdist carry all they need: the zones, the plan's digest, the parts of the page."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def kept_in_git(*folders: str) -> list[str]:
    listed = subprocess.run(
        ["git", "-c", "core.quotePath=off", "ls-files", *folders],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return [line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def build(kind: str, source: Path, out: Path) -> Path:
    code = f"import sys, hatchling.build as b; print(b.build_{kind}(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(out)],
        cwd=source,
        check=True,
        capture_output=True,
        text=True,
    )
    return out / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory) -> Path:
    """The source archive of this checkout, unpacked."""
    out = tmp_path_factory.mktemp("sdist")
    with tarfile.open(build("sdist", ROOT, out)) as archive:
        archive.extractall(out, filter="data")
    return next(path for path in out.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory) -> Path:
    """The wheel, built from the source archive as pip does it."""
    return build("wheel", sdist, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The wheel, installed into an empty folder."""
    place = tmp_path_factory.mktemp("site 包")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index",
         "--disable-pip-version-check", "--target", str(place), str(wheel)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return place


def run(installed: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); "
        "import zgcgis, zgcgis.cli; assert 'site' in zgcgis.__file__, zgcgis.__file__; "
        "sys.argv[0] = 'zgcgis'; zgcgis.cli.main()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, str(installed), *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )


def test_the_sdist_holds_what_git_holds(sdist):
    wanted = kept_in_git("zgcgis", "data", "seeds", "maps", "docs", "tests", "locks", "LICENSE")
    assert [name for name in wanted if not (sdist / name).is_file()] == []


def test_the_wheel_holds_package_data_seeds_assets_and_licences(wheel):
    with zipfile.ZipFile(wheel) as archive:
        there = set(archive.namelist())
    wanted = [
        name if name.startswith("zgcgis/") else f"zgcgis/{name}"
        for name in kept_in_git("zgcgis", "data", "seeds")
    ]
    assert [name for name in wanted if name not in there] == []
    assert any(name.endswith("licenses/LICENSE") for name in there)
    assert any("vendor" in name and "LICENSE" in name for name in there)


def test_the_atlas_is_made_from_an_installed_wheel_in_an_empty_folder(installed, tmp_path):
    answer = run(installed, tmp_path, "map", "zgc", "-o", "地图.html")
    assert answer.returncode == 0, answer.stderr
    made = (tmp_path / "地图.html").read_bytes()
    assert made == (ROOT / "maps" / "zgc.html").read_bytes()


def test_the_sample_zone_ships_too(installed, tmp_path):
    answer = run(installed, tmp_path, "assess", "sample", "-o", "out")
    assert answer.returncode in (0, 1), answer.stderr
    assert list((tmp_path / "out").glob("*.xlsx"))


def test_a_new_zone_can_be_laid_out(installed, tmp_path):
    answer = run(installed, tmp_path, "new", "x", "--id", "x", "--zh", "新", "--en", "New")
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "x" / "zone.toml").is_file()

"""A wheel carries all it needs: the zones, the plan's digest, the parts of the page."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The wheel, built from this checkout and laid out in an empty folder."""
    out = tmp_path_factory.mktemp("wheel")
    code = "import sys, hatchling.build as b; print(b.build_wheel(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-c", code, str(out)], cwd=ROOT, check=True, capture_output=True
    )
    place = tmp_path_factory.mktemp("site 包")
    with zipfile.ZipFile(next(out.glob("*.whl"))) as wheel:
        for name in wheel.namelist():
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(wheel.read(name))
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

"""What the tests need of the machine, and what happens when it is not there.

A test marked `browser`, `office`, `database` or `trace` needs a program. Where it is missing the
test is left out and the reason printed; in CI (``CI=true``) that is a failure.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True, scope="module")
def rules_of_tests():
    """Rules that a module of tests makes up (T990 and above) go with it."""
    yield
    from zgcgis.findings import RULES

    for code in [code for code in RULES if code[1:].startswith("99") and len(code) == 4]:
        del RULES[code]


FULL = os.environ.get("ZGCGIS_FULL") == "1"
"""Whether the long counts are wanted (`make test-full`)."""


def chromium() -> str | None:
    """Return the Chromium of the machine."""
    return shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")


def office() -> str | None:
    """Return the LibreOffice of the machine."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def database() -> str | None:
    """Return the folder of PostgreSQL's server programs, if PostGIS is there too."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        share = Path("/usr/share/postgresql") / folder.parent.name / "extension"
        if (folder / "initdb").exists() and (share / "postgis.control").exists():
            return str(folder)
    return None


def trace() -> str | None:
    """Return strace, on Linux."""
    return shutil.which("strace") if sys.platform == "linux" else None


NEEDS: dict[str, tuple[Callable[[], str | None], str]] = {
    "browser": (chromium, "Chromium"),
    "office": (office, "LibreOffice"),
    "database": (database, "PostgreSQL with PostGIS"),
    "trace": (trace, "strace"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what the machine cannot run, with the reason; in CI leave nothing out."""
    if os.environ.get("CI") == "true":
        return
    for marker, (find, name) in NEEDS.items():
        if find() is None:
            away = pytest.mark.skip(reason=f"{name} is not on this machine")
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(away)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the checkout."""
    return ROOT

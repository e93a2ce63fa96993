"""The set-up installs exactly the locks, today and when every package has a newer release."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
LOCKS = ROOT / "locks"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUN = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"]
TEST = [
    *(one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra),
    *PROJECT["dependency-groups"]["test"],
    *PROJECT["dependency-groups"]["bench"],
]
MACHINES = [
    {"sys_platform": system, "platform_machine": machine, "os_name": os_name}
    for system, machine, os_name in (
        ("linux", "x86_64", "posix"),
        ("linux", "aarch64", "posix"),
        ("darwin", "arm64", "posix"),
        ("win32", "AMD64", "nt"),
    )
]
PYTHONS = ("3.11", "3.12", "3.13")
WHERE = [
    {**machine, "python_version": python, "python_full_version": f"{python}.7"}
    for machine in MACHINES
    for python in PYTHONS
]


def pins(name: str) -> list[tuple[Requirement, list[str]]]:
    """Return what a lock pins, each with its hashes."""
    text = (LOCKS / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    return [
        (Requirement(line.split("--hash")[0].strip()), re.findall(r"--hash=(\S+)", line))
        for line in lines
    ]


def holds(requirement: Requirement, where: dict[str, str]) -> bool:
    here = {**default_environment(), **where, "extra": ""}
    return requirement.marker is None or requirement.marker.evaluate(here)


def version_at(name: str, locks: tuple[str, ...], where: dict[str, str]) -> list[Version]:
    return [
        Version(str(pin.specifier).removeprefix("=="))
        for lock in locks
        for pin, _ in pins(lock)
        if canonicalize_name(pin.name) == canonicalize_name(name) and holds(pin, where)
    ]


@pytest.mark.parametrize(
    "where",
    WHERE,
    ids=lambda w: f"{w['sys_platform']}-{w['platform_machine']}-{w['python_version']}",
)
def test_the_locks_hold_what_the_project_asks_for(where):
    wrong = []
    for wanted, locks in ((RUN, ("run.txt",)), (TEST, ("run.txt", "test.txt"))):
        for requirement in map(Requirement, wanted):
            if not holds(requirement, where):
                continue
            found = version_at(requirement.name, locks, where)
            if len(found) != 1 or found[0] not in requirement.specifier:
                wrong.append((str(requirement), found))
    assert wrong == [], "make locks renews them"


@pytest.mark.parametrize("where", WHERE[:3], ids=lambda w: w["python_version"])
def test_the_lowest_lock_holds_the_lower_bounds(where):
    wrong = []
    for requirement in map(Requirement, RUN):
        least = min(
            Version(one.version) for one in requirement.specifier if one.operator in {">=", "=="}
        )
        if version_at(requirement.name, ("lowest.txt",), where) != [least]:
            wrong.append(str(requirement))
    assert wrong == [], "make locks renews them; a bound has to be a release that exists"


@pytest.mark.parametrize("lock", ["run.txt", "test.txt", "docs.txt", "lowest.txt"])
def test_every_pin_has_hashes_and_none_names_a_server(lock):
    assert all(hashes for _, hashes in pins(lock))
    assert "://" not in (LOCKS / lock).read_text(encoding="utf-8")


def test_the_test_lock_lies_on_top_of_the_run_lock():
    both = {pin.name for pin, _ in pins("run.txt")} & {pin.name for pin, _ in pins("test.txt")}
    assert both == set()


def test_the_lock_of_the_site_agrees_with_the_other_two():
    pinned = {pin.name: str(pin) for name in ("run.txt", "test.txt") for pin, _ in pins(name)}
    site = {pin.name: str(pin) for pin, _ in pins("docs.txt")}
    assert {
        n: v for n, v in site.items() if pinned.get(n, v).split(";")[0] != v.split(";")[0]
    } == {}
    assert not set(site) & {pin.name for pin, _ in pins("run.txt")}


def test_what_runs_here_is_what_the_locks_say():
    from importlib.metadata import distributions

    here = {canonicalize_name(d.metadata["Name"]): Version(d.version) for d in distributions()}
    wrong = {
        pin.name: here.get(canonicalize_name(pin.name))
        for lock in ("run.txt", "test.txt")
        for pin, _ in pins(lock)
        if holds(pin, {})
        and here.get(canonicalize_name(pin.name)) != Version(str(pin.specifier).removeprefix("=="))
    }
    assert wrong == {}


# --- an index that has moved on ------------------------------------------------------------------


def wheel(folder: Path, name: str, version: str, needs: list[str]) -> str:
    """Write an empty wheel; return its hash."""
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version}"
    path = folder / canonicalize_name(name) / f"{stem}-py3-none-any.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    about = f"{stem}.dist-info"
    files = {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        "Provides-Extra: more\n" + "".join(f"Requires-Dist: {one}[more]\n" for one in needs),
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for key, text in files.items():
        mark = (
            base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        )
        record += f"{key},sha256={mark},{len(text)}\n"
    files[f"{about}/RECORD"] = f"{record}{about}/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as archive:
        for key, text in files.items():
            archive.writestr(zipfile.ZipInfo(key), text)
    index = path.parent / "index.html"
    links = "".join(f'<a href="{p.name}">{p.name}</a>\n' for p in sorted(path.parent.glob("*.whl")))
    index.write_text(f"<!DOCTYPE html><html><body>{links}</body></html>", encoding="utf-8")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def an_index_that_moved_on(folder: Path) -> Path:
    """Offer every locked package as it is locked and one release newer; return locks for it.

    Every package wants every earlier one with an extra, at any version, as pytest-cov wants
    coverage[toml]: who resolves is drawn to the newer release, which no hash allows.
    """
    locks = folder / "locks"
    locks.mkdir()
    names: list[str] = []
    for lock in ("run.txt", "test.txt"):
        lines = []
        for pin, _ in pins(lock):
            if not holds(pin, {}):
                continue
            version = str(pin.specifier).removeprefix("==")
            mark = wheel(folder / "index", pin.name, version, names)
            wheel(folder / "index", pin.name, f"{Version(version).major + 1}.0", names)
            lines.append(f"{pin.name}=={version} --hash=sha256:{mark}\n")
            names.append(pin.name)
        (locks / lock).write_text("".join(lines), encoding="utf-8")
    return locks


@pytest.mark.skipif(sys.platform == "win32", reason="make is not on Windows")
def test_a_newer_release_of_everything_changes_nothing(tmp_path):
    locks = an_index_that_moved_on(tmp_path)
    venv = tmp_path / "venv"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", f"VENV={venv}", f"LOCKS={locks}", f"PYTHON={sys.executable}",
         f"{venv}/run", f"{venv}/test"],
        cwd=ROOT,
        env=kept | {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": (tmp_path / "index").as_uri()},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    listed = subprocess.run(
        [
            venv / "bin" / "python",
            "-m",
            "pip",
            "--disable-pip-version-check",
            "list",
            "--format=freeze",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    wanted = [
        line.split(" ")[0]
        for lock in ("run.txt", "test.txt")
        for line in (locks / lock).read_text(encoding="utf-8").splitlines()
    ]
    found = {line.lower().replace("_", "-") for line in listed}
    missing = {line for line in wanted if line.lower().replace("_", "-") not in found}
    assert missing == set()


def test_no_set_up_resolves_anything():
    """Every pip call of the set-up either reads a lock as a lock or installs ourselves alone."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = re.findall(r"^\t.*(?:pip|PIP\)|LOCKED\)).*install.*$|^LOCKED.*$", text, re.MULTILINE)
    assert len(installs) >= 3
    ours = [line for line in installs if "uv==" not in line]
    assert all("--no-deps" in line or "$(LOCKED)" in line for line in ours)
    assert text.count("$(PIP) check") >= 2

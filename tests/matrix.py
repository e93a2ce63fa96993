"""Set-up and the commands of the README, on every Python and pip there is: ``make matrix``.

For each interpreter that ``pyproject.toml`` allows: the locks are installed, the package beside
them, and ``map``, ``sample``, ``check``, ``assess`` and ``report`` are run in an empty folder.
Then the same on the oldest Python with the lower bounds of ``locks/lowest.txt``, and the set-up
alone with pip 23.0 and the newest pip. An interpreter that is not there is named. Words after
``python -m tests.matrix`` pick the rows whose name holds one of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
COMMANDS = (
    ("map", "zgc", "-o", "zgc.html"),
    ("sample", "zone", "--parcels", "300"),
    ("check", "zone", "-o", "findings.gpkg"),
    ("assess", "zone", "-o", "assessed"),
    ("report", "zone", "-o", "reported"),
)
MAY_FIND = {"check", "report", "assess"}  # the sample has planted errors: exit code 1


@dataclass
class Row:
    """What became of one way of setting up."""

    name: str
    said: str
    seconds: float = 0.0


def interpreter(version: str) -> str | None:
    """Return a Python of this version that answers: on the path, or where pyenv and uv keep theirs."""
    homes = (
        Path.home() / ".pyenv" / "versions",
        Path.home() / ".local" / "share" / "uv" / "python",
    )
    kept = [
        str(found)
        for home in homes
        for found in sorted(home.glob(f"*{version}*/bin/python{version}"), reverse=True)
    ]
    for candidate in [shutil.which(f"python{version}"), *kept]:
        if candidate is not None:
            asked = subprocess.run(
                [candidate, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"],
                capture_output=True,
                text=True,
                check=False,
            )
            if asked.returncode == 0 and asked.stdout.strip() == version:
                return candidate
    return None


def run(words: list[str], folder: Path, *, allowed: tuple[int, ...] = (0,)) -> None:
    """Run a program; raise with the end of what it said where it fails."""
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode not in allowed:
        tail = (done.stdout + done.stderr).strip().splitlines()[-6:]
        raise RuntimeError(
            f"{' '.join(words[-4:])}: exit {done.returncode}\n  " + "\n  ".join(tail)
        )


def set_up(python: str, venv: Path, lock: str, pip: str | None = None) -> Path:
    """Install a lock and the package as the Makefile does; return the folder of the programs."""
    run([python, "-m", "venv", str(venv)], ROOT)
    folder = venv / ("Scripts" if os.name == "nt" else "bin")
    call = [str(folder / "python"), "-m", "pip", "--disable-pip-version-check"]
    if pip is not None:
        run([*call, "install", "-q", "--upgrade", pip], ROOT)
    run(
        [*call, "install", "-q", "--require-hashes", "--no-deps", "--only-binary", ":all:",
         "-r", f"locks/{lock}"],
        ROOT,
    )  # fmt: skip
    run([*call, "install", "-q", "--no-deps", "--no-build-isolation", "."], ROOT)
    run([*call, "check"], ROOT)
    return folder


def try_commands(folder: Path, where: Path) -> None:
    """Run the commands of the README in an empty folder; the atlas has to be the shipped one."""
    where.mkdir()
    for words in COMMANDS:
        allowed = (0, 1) if words[0] in MAY_FIND else (0,)
        run([str(folder / "zgcgis"), *words], where, allowed=allowed)


def try_one(name: str, python: str, lock: str, pip: str | None, *, commands: bool) -> Row:
    """Set up one environment and try it; say what happened."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="zgcgis matrix ") as text:
        try:
            folder = set_up(python, Path(text) / "venv", lock, pip)
            if commands:
                try_commands(folder, Path(text) / "empty")
        except RuntimeError as problem:
            return Row(name, f"FAILED {problem}", time.monotonic() - begin)
    return Row(name, "passed", time.monotonic() - begin)


def main() -> int:
    """Try all; print a row each."""
    there = {version: interpreter(version) for version in PYTHONS}
    ways = [(f"Python {v}", p, "run.txt", None, True) for v, p in there.items()]
    oldest = next((p for p in there.values() if p), None)
    ways += [
        ("lower bounds", oldest, "lowest.txt", None, True),
        ("pip 23.0", oldest, "run.txt", "pip==23.0", False),
        ("newest pip", oldest, "run.txt", "pip", False),
    ]
    failed = False
    picked = sys.argv[1:] or [""]
    for name, python, lock, pip, commands in ways:
        if not any(word in name for word in picked):
            continue
        if python is None:
            row = Row(name, "not on this machine: left out")
        else:
            row = try_one(name, python, lock, pip, commands=commands)
        failed |= row.said.startswith("FAILED")
        print(f"{row.name:14} {row.seconds:6.0f} s  {row.said}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

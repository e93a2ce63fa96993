"""Renew the locks from pyproject.toml: ``make locks``.

``run.txt``     what running and installing needs
``test.txt``    what the tests and benchmarks need on top of it
``docs.txt``    what the site needs on top of ``run.txt``, what ``test.txt`` has at its version
``lowest.txt``  what running needs, each direct dependency at its lower bound

The locks hold for every Python that pyproject.toml allows, on Linux, macOS and Windows. A package
stays at its version unless pyproject.toml asks for another; ``make locks UPGRADE=1`` takes the
newest of all. That there is a wheel of everything for every system is looked up at the end.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
LEAST = "3.11"
PYTHONS = ("3.11", "3.12", "3.13")
SYSTEMS = (
    "x86_64-manylinux_2_28",
    "aarch64-manylinux_2_28",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
)
OLDEST_MACOS = "15.0"  # of the wheels of pyproj for Intel; 14.0 does on Apple's own processors


def uv(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run uv, which reads no settings of the machine's user."""
    return subprocess.run(
        [sys.executable, "-m", "uv", "--no-config", *words],
        cwd=ROOT,
        check=check,
        stderr=None if check else subprocess.PIPE,
        text=True,
        env=os.environ | {"MACOSX_DEPLOYMENT_TARGET": OLDEST_MACOS},
    )


def names(lock: Path) -> list[str]:
    """Return the names that a lock pins."""
    found = re.findall(r"^([a-z0-9._-]+)==", lock.read_text(encoding="utf-8"), re.MULTILINE)
    return sorted(set(found))


def compile_lock(name: str, *more: str) -> None:
    """Write one lock, for every system and every Python, with hashes."""
    uv(
        "pip", "compile", "pyproject.toml", "--universal", "--python-version", LEAST,
        "--generate-hashes", "--no-header", "--only-binary", ":all:", "-q", "-o", f"locks/{name}",
        *(["--upgrade"] if os.environ.get("UPGRADE") else []), *more,
    )  # fmt: skip


def without_wheels(lock: str) -> list[str]:
    """Return a line for every system and Python that has no wheel of a pinned version."""
    missing = []
    for python in PYTHONS:
        for system in SYSTEMS:
            looked = uv(
                "pip", "install", "-q", "--dry-run", "--no-deps", "--require-hashes",
                "--only-binary", ":all:", "--python-version", python,
                "--python-platform", system, "--target", os.devnull + "-target", "-r",
                f"locks/{lock}", check=False,
            )  # fmt: skip
            if looked.returncode:
                missing.append(f"{lock}, Python {python}, {system}: {looked.stderr.strip()}")
    return missing


def main() -> None:
    """Renew the four locks and look for their wheels."""
    compile_lock("run.txt", "--group", "build")
    known = [word for name in names(HERE / "run.txt") for word in ("--no-emit-package", name)]
    groups = [word for name in ("build", "test", "bench") for word in ("--group", name)]
    compile_lock("test.txt", "--all-extras", *groups, "-c", "locks/run.txt", *known)
    over = ("-c", "locks/run.txt", "-c", "locks/test.txt")
    compile_lock("docs.txt", "--extra", "plot", "--group", "docs", *over, *known)
    compile_lock("lowest.txt", "--group", "build", "--resolution", "lowest-direct")
    missing = [
        line for lock in ("run.txt", "test.txt", "docs.txt") for line in without_wheels(lock)
    ]
    if missing:
        sys.exit("\n".join(missing))


if __name__ == "__main__":
    main()

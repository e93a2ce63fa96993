"""The reader that meets foreign files: a process of its own, with nothing to lose.

This file is a script, not a module of the package: :mod:`zgcgis.intake.sandbox.process` starts it with one
argument, a JSON job, in a temporary folder that holds copies of the input. It has no network,
bounded memory and time, and one GDAL driver. It leaves GeoParquet and ``facts.json``; only those
are read by the parent.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def _beside(name: str, folder: Path = _HERE) -> Any:
    """Load what stands beside this script; the package itself is not there."""
    place = folder / name
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    within = [str(place)] if place.is_dir() else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=within)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


containers = _beside("containers")
Refused = containers.Refused


def the_container(job: dict[str, Any]) -> Any:
    """Return the module that knows what a file of the format holds."""
    return importlib.import_module(f"containers.{job['container']}")


def get_ready(job: dict[str, Any]) -> None:
    """Load what the job needs, before the folders are shut and the input is looked at."""
    module = the_container(job)
    if not hasattr(module, "get_ready"):
        module = importlib.import_module("containers.gdal")
    module.get_ready(job)


def work(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Do the job: read, and hold what was read against what the container states."""
    facts: dict[str, Any] = the_container(job).read(job, out)
    found = facts.setdefault("findings", [])
    layers = [*facts.get("layers", []), *facts.get("others", [])]
    found += containers.hold(layers, facts.get("stated", []))
    if left := facts.get("left_out"):
        found.append({"rule": "R417", "detail": "、".join(left)[:300]})
    return facts


def main() -> int:
    """Do one job and leave ``facts.json``; the answer of the process says how it went."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    out = Path(job["out"])
    landlock, runs = _beside("landlock"), _beside("runs", _HERE.parents[1])
    first = next((k for k, entry in enumerate(sys.path) if "-packages" in entry), len(sys.path))
    sys.path[first:first] = job.get("packages", [])
    shut = landlock.limit(*(int(job[k]) for k in ("memory_bytes", "seconds", "most_bytes")))
    try:
        try:
            get_ready(job)
        except ImportError as problem:
            raise Refused("R450", detail=containers.first_line(problem)) from problem
        (out / "ready").touch()
        shut.append(landlock.shut_folders(Path(job["work"]), landlock.needed_folders()))
        if job.get("waits"):
            if not os.read(0, 1):
                return 0  # nobody wants to know any more
            runs.end_with_parent()
        answer = {"doors": shut} | work(job, out)
    except Refused as verdict:
        answer = {"refused": verdict.rule, "words": verdict.words}
    except UnicodeDecodeError as problem:  # in a name or a message, from anywhere in GDAL
        answer = {"refused": "R405", "words": {"detail": containers.first_line(problem)}}
    except MemoryError:
        answer = {"refused": "R442", "words": {}}
    (out / "facts.json").write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

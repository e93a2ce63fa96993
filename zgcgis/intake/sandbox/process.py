"""Starting the child that reads: one process, one file, one driver, no network, limits.

The child (:mod:`zgcgis.intake.sandbox.worker`) sees copies in a temporary folder. If it breaks down, hangs or
grows, that is a sentence here, not our end.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from ...geo.rings import in_threads
from ..log import Finding, Refusal
from . import landlock
from .format import LARGE, NO_ROOM, Format

__all__ = ["OPEN_DOORS", "Reader", "free", "run_child", "shapes_left"]

SECONDS = 60.0
SECONDS_PER_MEGABYTE = 0.5
WORK = 7.0  # seconds of a processor; waiting for one does not count
WORK_PER_MEGABYTE = 1.5
MEMORY_PER_BYTE = 8
MORE_MEMORY, MORE_PER_BYTE = 3 << 29, 32  # a file of some size needs room for it at once
MOST_ANSWER = 64 << 20
MOST_TABLES = 1 << 27  # of what a child may leave, and for each byte of its file:
TABLES_PER_BYTE = 40
LEAST_ROOM = 1 << 20  # with less a disk is full

OPEN_DOORS: dict[str, tuple[str, str]] = {}
"""What the children of this process could not shut, in Chinese and in English."""

_NOT_PASSED = ("GDAL", "OGR", "CPL", "PROJ", "SHAPE", "PYTHON", "AWS", "GOOGLE", "AZURE", "DXF")


def run_child(
    form: Format,
    path: Path,
    work: Path,
    *,
    size: int,
    layer: str | None = None,
    encoding: str | None = None,
    seconds: float | None = None,
) -> dict[str, Any]:
    """Let a child read `path` and return its facts; the tables lie in ``facts["folder"]``.

    Raises
    ------
    Refusal
        With the child's verdict, or that it broke down (R440), took too long (R441) or grew
        too large (R442).
    """
    return Reader(
        form, path, work, size=size, layer=layer, encoding=encoding, seconds=seconds
    ).facts()


class Reader:
    """A child that gets ready at once, and reads its file when it is asked for the facts.

    Whoever does not ask has to call :meth:`stop`.
    """

    def __init__(
        self,
        form: Format,
        path: Path,
        work: Path,
        *,
        size: int,
        layer: str | None = None,
        encoding: str | None = None,
        seconds: float | None = None,
    ) -> None:
        self.out = work / f"out-{uuid.uuid4().hex[:8]}"
        self.out.mkdir()
        self.limit = seconds or SECONDS + SECONDS_PER_MEGABYTE * size / (1 << 20)
        self.work = min(self.limit + 5, WORK + WORK_PER_MEGABYTE * size / (1 << 20))
        job = {
            "container": form.container,
            "driver": form.driver,
            "path": str(path),
            "work": str(work),
            "out": str(self.out),
            "layer": layer,
            "memory_bytes": _memory(form, size),
            "seconds": int(self.work),
            "most_bytes": most_bytes(size),
            "packages": package_folders(),
            "waits": True,
        }
        order = self.out / "job.json"
        order.write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")
        self.said = self.out / "said.txt"
        self.got_ready = self.out / "ready"
        self.process = _start(order, self.said, work, _environment(form, work, encoding))

    @property
    def ready(self) -> bool:
        """Whether the child could load all that it needs."""
        return self.got_ready.is_file()

    def stop(self) -> None:
        """End the child, whatever it does; nothing happens where it has ended."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        if self.process.poll() is None:
            _stop(self.process)

    def facts(self) -> dict[str, Any]:
        """Have the file read; see :func:`run_child`."""
        try:
            _tell(self.process)
            code = self.process.wait(self.limit)
        except subprocess.TimeoutExpired as late:
            raise Refusal("R441", limit=self.limit) from late
        finally:
            self.stop()
        if sys.platform != "win32" and code == -signal.SIGXCPU:
            raise Refusal("R441", limit=self.work)
        answer = self.out / "facts.json"
        if not answer.is_file() or answer.stat().st_size > MOST_ANSWER:
            raise _what_happened(code, self.said, ready=self.ready)
        try:
            facts: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        except ValueError as problem:
            raise _what_happened(code, self.said, ready=self.ready) from problem
        if "refused" in facts:
            raise Refusal(facts["refused"], **facts["words"])
        if code != 0:
            raise _what_happened(code, self.said, ready=True)
        OPEN_DOORS.update(landlock.left_open(facts.get("doors", [])))
        return facts | {"folder": self.out}


def most_bytes(size: int) -> int:
    """Return how many bytes the tables may take that come of a file of so many bytes."""
    return MOST_TABLES + TABLES_PER_BYTE * size


def _memory(form: Format, size: int) -> int:
    """Return how many bytes of addresses a child may take for a file of so many bytes."""
    return form.least_memory_bytes + min(MORE_MEMORY, MORE_PER_BYTE * size) + MEMORY_PER_BYTE * size


def _start(
    order: Path, said: Path, work: Path, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-I", "-B", "-X", "utf8",
        str(Path(__file__).with_name("worker.py")), str(order),
    ]  # fmt: skip
    more: dict[str, Any] = (
        {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    try:
        with said.open("wb") as stream:
            return subprocess.Popen(  # noqa: S603 - our own script, no shell
                command,
                cwd=work,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=stream,
                **more,
            )
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise
        raise Refusal("R450", detail=f"{sys.executable}: {problem.strerror}") from problem


def _tell(child: subprocess.Popen[bytes]) -> None:
    """Let a child begin; one that has ended does not hear it."""
    assert child.stdin is not None
    with contextlib.suppress(OSError):
        child.stdin.write(b"\n")
        child.stdin.flush()


def _stop(child: subprocess.Popen[bytes]) -> None:
    if sys.platform != "win32":
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            child.kill()
    else:
        child.kill()
    child.wait()


def _what_happened(code: int, said: Path, *, ready: bool) -> Refusal:
    if shutil.disk_usage(said.parent).free < LEAST_ROOM:
        return Refusal("R445", detail=str(said.parent.parent))
    with said.open("rb") as stream:
        stream.seek(max(0, said.stat().st_size - 4096))
        text = stream.read().decode("utf-8", "replace").strip()
    last = text.splitlines()[-1][:160] if text else ""
    if any(
        mark in text for mark in ("MemoryError", "bad_alloc", "Cannot allocate", "out of memory")
    ):
        return Refusal("R442")
    if not ready:  # it has not even looked at the file
        return Refusal("R450", detail=f"{code} {last}".strip())
    return Refusal("R440", detail=f"{code} {last}".strip())


@lru_cache
def every_driver() -> tuple[str, ...]:
    """Name every vector driver that GDAL has here."""
    import pyogrio

    left_out = f"{os.environ.get('OGR_SKIP', '')},{os.environ.get('GDAL_SKIP', '')}"
    names = (name.strip() for name in left_out.split(","))
    return tuple(sorted({*pyogrio.list_drivers(), *names} - {""}))


def package_folders() -> list[str]:
    """Name the folders from which this process has the packages that a child needs.

    A child is isolated: it looks neither into the user's own packages nor into ``PYTHONPATH``,
    and never into the current folder.
    """
    found = []
    for name in landlock.PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            found.append(Path(spec.origin).absolute().parents[1])
    here = Path.cwd().resolve()
    return [str(folder) for folder in dict.fromkeys(found) if folder.resolve() != here]


def _environment(form: Format, work: Path, encoding: str | None) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(_NOT_PASSED) and not name.lower().endswith("_proxy")
    }
    nowhere = "http://127.0.0.1:1"
    told = {
        "OGR_SKIP": ",".join(name for name in every_driver() if name != form.driver),
        "GDAL_DRIVER_PATH": "disable",
        "OGR_DRIVER_PATH": "disable",
        "GDAL_HTTP_PROXY": nowhere,
        "GDAL_HTTPS_PROXY": nowhere,
        "http_proxy": nowhere,
        "https_proxy": nowhere,
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
        "CPL_TMPDIR": str(work),
        "TMPDIR": str(work),
        "TEMP": str(work),
        "TMP": str(work),
        "GDAL_PAM_ENABLED": "NO",
        "PROJ_NETWORK": "OFF",
        "PROJ_USER_WRITABLE_DIRECTORY": str(work),
        "GML_DOWNLOAD_SCHEMA": "NO",
        "OGR_GEOMETRY_ACCEPT_UNCLOSED_RING": "YES",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # doors shut for one thread alone
        "MALLOC_ARENA_MAX": "2",
    }
    told |= form.settings
    if form.encoding_setting and encoding:
        told[form.encoding_setting] = encoding
    return kept | told


# --- what it left ---------------------------------------------------------------------------------


@np.errstate(invalid="ignore")  # a signalling number that is none is told with the others
def _made(wkb: NDArray[np.object_]) -> NDArray[np.object_]:
    made: NDArray[np.object_] = shapely.from_wkb(wkb, on_invalid="ignore")
    return made


def shapes_left(path: Path) -> tuple[NDArray[np.object_], NDArray[np.bool_], list[Finding]]:
    """Return the shapes that the child left, which had to be closed, and what cannot be read."""
    parts, unread, first = [np.zeros(0, object)], {}, 0
    with pq.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=["geometry"], use_threads=False)
            wkb = table["geometry"].to_numpy()
            made = in_threads(_made, wkb)
            for row in np.flatnonzero(shapely.is_missing(made)).tolist():
                if wkb[row] is not None:
                    unread[first + row] = wkb[row]
            parts.append(made)
            first += len(made)
    free(path)
    shapes = np.concatenate(parts)
    closed, said = np.zeros(len(shapes), dtype=bool), []
    for row, one in unread.items():
        with (
            contextlib.suppress(shapely.errors.GEOSException, ValueError),
            np.errstate(invalid="ignore"),
        ):
            shapes[row] = shapely.from_wkb(one, on_invalid="fix")
        closed[row] = shapes[row] is not None
        if shapes[row] is None:
            said.append(Finding("R320", row, {"detail": "WKB"}))
    return shapes, closed, said


def free(path: Path) -> None:
    """Delete a copy that was read: a large one keeps memory that the next step can do with."""
    if path.is_file() and path.stat().st_size >= LARGE:
        with contextlib.suppress(OSError):
            path.unlink()

"""Shutting the doors of the child that reads foreign files: limits, network, folders.

Like the child this needs nothing but the standard library: it is loaded by path, from within a
process that knows nothing of the package. On Linux the folders are shut by Landlock, which needs
no rights; where the kernel or the system has none, that is said and the other doors are shut.
"""

from __future__ import annotations

import contextlib
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = [
    "PACKAGES",
    "landlock_abi",
    "left_open",
    "limit",
    "needed_folders",
    "shut_folders",
    "try_doors",
]

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000

# Numbers of the system calls, the same on every processor since Linux 5.13 but Alpha.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_NO_NEW_PRIVILEGES = 38
_RULE_PATH = 1
_EXECUTE, _WRITE, _READ, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _DEVICES = 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _DEVICES
_TCP = 0b11  # bind, connect
_SCOPES = 0b11  # abstract sockets, signals
PACKAGES = ("pyogrio", "pyarrow", "numpy", "packaging", "certifi", "openpyxl", "et_xmlfile")
"""What the reader loads; all else is of the interpreter."""

_OF_THE_SYSTEM = (
    "/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo", "/usr/lib/locale",
    "/usr/share/proj", "/usr/share/gdal", "/usr/local/share/proj", "/usr/local/share/gdal",
    "/proc/self", "/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/proc/sys/vm",
    "/sys/devices/system/cpu", "/dev/urandom", "/dev/random", "/dev/zero",
)  # fmt: skip


def limit(memory_bytes: int, seconds: int, file_bytes: int) -> list[str]:
    """Give up the network, and bound memory, time and files; return what could be done."""
    done = []
    if sys.platform != "win32":
        import resource

        for name, value in (
            ("RLIMIT_CORE", 0),
            ("RLIMIT_AS", memory_bytes),
            ("RLIMIT_CPU", seconds),
            ("RLIMIT_NOFILE", 256),
            ("RLIMIT_FSIZE", file_bytes),
        ):
            with contextlib.suppress(ValueError, OSError, AttributeError):
                which = getattr(resource, name)
                hard = resource.getrlimit(which)[1]
                value = value if hard == resource.RLIM_INFINITY else min(value, hard)
                # at the hard limit of time the system kills without a word, at the soft one it says so
                grace = 2 if name == "RLIMIT_CPU" else 0
                most = value + grace if hard == resource.RLIM_INFINITY else min(value + grace, hard)
                resource.setrlimit(which, (value, most))
                done.append(name)
    if sys.platform.startswith("linux"):
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            unshare = ctypes.CDLL(None, use_errno=True).unshare
            if unshare(NEW_NETWORK) == 0 or unshare(NEW_USER | NEW_NETWORK) == 0:
                done.append("network namespace")
    return done


def left_open(shut: list[str]) -> dict[str, tuple[str, str]]:
    """Say which doors are not shut, by what :func:`limit` and :func:`shut_folders` answered."""
    found = {}
    if "network namespace" not in shut:
        found["network"] = ("网络命名空间", "network namespace")
    for said in shut:
        if said.startswith("no Landlock"):
            found["folders"] = (f"文件夹（{said}）", f"folders ({said})")
        elif "but for" in said:
            found["threads"] = (f"文件夹（{said}）", f"folders ({said})")
    if "RLIMIT_AS" not in shut:
        found["limits"] = ("内存与时间的上限", "limits of memory and time")
    return found


def landlock_abi() -> int:
    """Return which Landlock the kernel offers: 1 and up, or 0 for none."""
    if not sys.platform.startswith("linux"):
        return 0
    import ctypes

    try:
        call = ctypes.CDLL(None, use_errno=True).syscall
    except (OSError, AttributeError):
        return 0
    return max(0, int(call(_CREATE_RULESET, None, 0, 1)))


def needed_folders() -> list[Path]:
    """Return what an interpreter with its packages loaded may still need to read."""
    found: list[str] = list(_OF_THE_SYSTEM)
    paths = sysconfig.get_paths()
    found += [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    found += [entry for entry in sys.path if Path(entry).name in {"site-packages", "dist-packages"}]
    for prefix in {sys.prefix, sys.base_prefix}:
        found += [f"{prefix}/pyvenv.cfg", f"{prefix}/share/proj", f"{prefix}/share/gdal"]
    for name in PACKAGES:
        module = sys.modules.get(name)
        if module is not None and module.__file__:
            found.append(str(Path(module.__file__).parent))
    found += _library_folders()
    return [Path(name) for name in dict.fromkeys(found) if name and os.path.lexists(name)]


def _library_folders() -> Iterator[str]:
    """Name the folders of the shared libraries in use; others beside them may be loaded late."""
    with contextlib.suppress(OSError), Path("/proc/self/maps").open(encoding="utf-8") as lines:
        for line in lines:
            name = line.rstrip("\n").partition("/")[2]
            if ".so" in name:
                yield os.path.dirname("/" + name)  # noqa: PTH120 - a name, not yet a path


def shut_folders(work: Path, readable: Iterable[Path]) -> str:
    """Leave this process one folder to write and the given ones to read; say what was done.

    Nothing is raised where it cannot be done: the answer begins with ``no Landlock`` then.
    The calling thread and its later children are bound; threads that run already are not, and
    the answer counts them.
    """
    abi = landlock_abi()
    if abi < 1:
        return "no Landlock: not offered by this system"
    import ctypes
    import struct

    system = ctypes.CDLL(None, use_errno=True)
    everything = (1 << min(16, 13 + (abi >= 2) + (abi >= 3) + (abi >= 5))) - 1
    words = [everything]
    if abi >= 4:
        words.append(_TCP)
    if abi >= 6:
        words.append(_SCOPES)
    asked = struct.pack(f"={len(words)}Q", *words)
    rules = system.syscall(_CREATE_RULESET, asked, ctypes.c_size_t(len(asked)), 0)
    if rules < 0:
        return f"no Landlock: {os.strerror(ctypes.get_errno())}"
    try:
        look = _READ | _READ_FOLDER | _EXECUTE
        for path, rights in [(work, everything & ~_EXECUTE), *((p, look) for p in readable)]:
            _allow(system, rules, path, rights & everything)
        _allow(system, rules, Path("/dev/null"), (_READ | _WRITE | _TRUNCATE) & everything)
        if system.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or system.syscall(_RESTRICT_SELF, rules, 0):
            return f"no Landlock: {os.strerror(ctypes.get_errno())}"
    finally:
        os.close(rules)
    others = _threads() - 1
    return f"Landlock {abi}" + (f", but for {others} thread(s)" if others else "")


def _allow(system: object, rules: int, path: Path, rights: int) -> None:
    """Add what may be done at and below a path; one that is gone is left out."""
    import ctypes
    import struct

    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not path.is_dir():
                rights &= _OF_FILES
            rule = struct.pack("=Qi", rights, handle)
            system.syscall(_ADD_RULE, rules, _RULE_PATH, ctypes.c_char_p(rule), 0)  # type: ignore[attr-defined]
        finally:
            os.close(handle)


def try_doors() -> list[str]:
    """Shut the doors of a process of its own, and return what could be done."""
    import json
    import subprocess

    told = subprocess.run(  # noqa: S603 - this very file
        [sys.executable, "-I", "-B", __file__], capture_output=True, check=True, timeout=60
    )
    return [str(door) for door in json.loads(told.stdout)]


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - no path needs to be made
    except OSError:
        return 1


if __name__ == "__main__":
    import json

    done = limit(4 << 30, 60, 1 << 20)
    print(json.dumps([*done, shut_folders(Path.cwd(), needed_folders())]))

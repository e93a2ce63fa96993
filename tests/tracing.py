"""Commands under strace, and what of their system calls reaches out of where they may be.

One process runs them one after the other; every call is told by the place that the system opened
and not by the name that was asked for, so that a link does not hide where it leads.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MARK = "/nowhere/zgcgis-command-"
LATE = -1
"""The answer of a command that waited for what never comes."""

_CHANGING = (
    "truncate", "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir", "mkdirat",
    "rmdir", "link", "linkat", "symlink", "symlinkat", "mknod", "mknodat", "chmod", "fchmodat",
    "chown", "lchown", "fchownat", "utime", "utimes", "futimesat", "utimensat", "mount",
)  # fmt: skip
_REACHING = ("connect", "sendto", "sendmsg", "sendmmsg", "bind", "socket", "io_uring_setup")
_OPENING = ("open", "openat", "openat2", "creat")
_STARTING = ("execve", "execveat")
_FORKING = ("fork", "vfork", "clone", "clone3")
_CALLS = ",".join((*_OPENING, *_CHANGING, *_REACHING, *_STARTING, *_FORKING))
_SYSTEM = (
    "/usr", "/lib", "/lib64", "/bin", "/proc", "/sys", "/dev/null", "/dev/urandom", "/dev/random",
    "/dev/shm", "/dev/tty", "/etc/ld.so.cache",
    "/etc/localtime", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group", "/etc/ssl/openssl.cnf",
    "/etc/mime.types", "/etc/gdal", "/etc/locale.alias",
)  # fmt: skip
_BROWSER = (
    "/dev", "/etc/chromium", "/etc/chromium.d", "/etc/fonts", "/etc/machine-id", "/etc/resolv.conf",
    "/etc/host.conf", "/etc/hosts", "/etc/gai.conf", "/etc/os-release", "/etc/lsb-release",
    "/etc/alternatives", "/etc/vulkan", "/etc/drirc", "/etc/timezone", "/etc/debian_version",
    "/etc/pki", "/etc/glvnd", "/var/cache/fontconfig", "/var/lib/dbus/machine-id", "/etc/opt/chrome",
    "/etc/inputrc", "/etc/gtk-3.0", "/run/udev", "/var/lib/fontconfig", "/etc/ssl",
)  # fmt: skip
_LOCAL = re.compile(
    r"^socket\(|AF_UNIX|AF_NETLINK|^send.*(?:NULL, 0 *\)|msg_name=NULL)"
    r'|^bind\(.*sin6_port=htons\(0\).*"::1"| = -1 E(?:NETUNREACH|ADDRNOTAVAIL)'
)
_BEGUN = re.compile(r"= (\d+)$")
_PROGRAMS = r"/python[\d.]*$|/uname$|chrom"
_LINE = re.compile(r"^(\d+) +(\d+\.\d+) (.*)$")
_CALL = re.compile(r"^(\w+)\((.*)\) += (-?\d+|\?)(?:<([^>]*)>(\(deleted\))?)?(.*)$")
_OPEN = re.compile(r'^(?:AT_FDCWD|\d+)?(?:<([^>]*)>)?(?:, )?"((?:[^"\\]|\\.)*)"(?:, )?(.*)$')
_NAMED = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')

RUNNER = """
import contextlib, io, json, os, signal, sys, traceback
orders, answers, seconds, mark = json.load(open(sys.argv[1])), sys.argv[2], *sys.argv[3:]
from zgcgis.cli import main
class Late(BaseException): pass
def late(*_): raise Late
def tell(what):
    with contextlib.suppress(OSError):
        os.open(mark + str(what), os.O_RDONLY)
signal.signal(signal.SIGALRM, late)
given = []
for number, words in enumerate(orders):
    tell(number)
    out, err, code = io.StringIO(), io.StringIO(), 0
    signal.alarm(int(seconds))
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(words)
    except SystemExit as stop:
        code = stop.code or 0
    except Late:
        code = -1
        traceback.print_exc(limit=-3, file=err)
    signal.alarm(0)
    given.append([code, out.getvalue()[-20000:], err.getvalue()[-2000:]])
tell("end")
json.dump(given, open(answers, "w"))
"""


@dataclass(frozen=True)
class Call:
    """One system call that succeeded, or one that reached for the network whatever came of it."""

    command: int
    process: int
    name: str
    places: tuple[str, ...]
    writes: bool
    text: str


@dataclass
class Trace:
    """What commands answered and the system calls they made."""

    commands: list[list[str]]
    answers: list[tuple[int, str, str]]
    calls: list[Call] = field(default_factory=list)
    parents: dict[int, int] = field(default_factory=dict)
    lasted: float = 0.0
    """Seconds from the end of the commands to that of the last process that they began."""

    @cached_property
    def browsing(self) -> set[int]:
        """The processes of the browser that prints pages: it looks at more of the system."""
        begun = {c.process for c in self.calls if c.name in _STARTING and "chrom" in c.places[0]}
        return {n for n in {*self.parents, *begun} if begun & set(self._line_of(n))}

    def _line_of(self, process: int) -> Iterator[int]:
        while process:
            yield process
            process = self.parents.get(process, 0)

    def reaching(self) -> list[Call]:
        """Calls that reach for another machine, or for this one by its network.

        Sockets of the machine itself do not count, nor what is sent where a connection is already;
        nor urllib3, which tries at import whether there is an address ``::1`` to be had: it binds
        one and sends nothing; nor what is tried where there is no network, as the browser does.
        """
        return [
            call for call in self.calls if call.name in _REACHING and not _LOCAL.search(call.text)
        ]

    def outside(self, allowed: Sequence[str | Path]) -> list[Call]:
        """Files opened that are neither of the installation nor below one of the folders."""
        roots = [*installation(), *_real(allowed)]
        theirs = [*roots, *_BROWSER]
        return [
            call
            for call in self.calls
            if call.name in _OPENING
            and call.places[0] != str(ROOT)  # listed where Python looks for packages
            and not _within(call.places[0], theirs if call.process in self.browsing else roots)
        ]

    def changed(self, allowed: Sequence[str | Path]) -> list[Call]:
        """Files written, made, moved or removed that are below none of the folders."""
        roots = [*_real(allowed), "/dev", "/proc"]
        return [
            call
            for call in self.calls
            if call.writes and not all(_within(p, roots) for p in call.places)
        ]

    def run(self) -> list[Call]:
        """Programs begun that are neither Python nor what prints a page, nor what tells the system.

        A name or a text that reached a shell would begin one.
        """
        return [
            call
            for call in self.calls
            if call.name in _STARTING
            and call.process not in self.browsing
            and not re.search(_PROGRAMS, os.path.realpath(call.places[0]))
        ]


def installation() -> list[str]:
    """Return the folders of what is installed: the system, Python, its packages and the program."""
    here = [ROOT / name for name in ("zgcgis", "data", "seeds", "pyproject.toml")]
    of_python = [sys.prefix, sys.base_prefix, *(p for p in sys.path if p.endswith("-packages"))]
    return [*_SYSTEM, *_real([*here, *of_python])]


def _real(places: Sequence[str | Path]) -> list[str]:
    return [one for place in places for one in {str(place), os.path.realpath(place)}]


def _within(place: str, roots: Sequence[str]) -> bool:
    return (
        not place.startswith("/")
        or place.startswith("/memfd:")
        or any(place == root or place.startswith(f"{root.rstrip('/')}/") for root in roots)
    )


def trace(
    commands: list[list[str]], room: Path, *, scratch: Path, cwd: Path, seconds: int = 180
) -> Trace:
    """Run commands under strace, each for at most some seconds.

    Parameters
    ----------
    commands
        The words of each after ``zgcgis``.
    room
        A folder for the log; no command knows of it.
    scratch, cwd
        The folder of temporary files, and the one to stand in.
    """
    log, orders, answers = (room / name for name in ("calls.txt", "orders.json", "answers.json"))
    orders.write_text(json.dumps(commands), encoding="utf-8")
    environment = {**os.environ, "TMPDIR": str(scratch), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(
        ["strace", "-f", "-q", "-y", "-ttt", "--seccomp-bpf", "-s", "256", "-e", f"trace={_CALLS}",
         "-e", "signal=none", "-o", str(log), sys.executable, "-c", RUNNER, str(orders),
         str(answers), str(seconds), MARK],
        env=environment, cwd=cwd, check=True, timeout=120 + seconds * len(commands),
    )  # fmt: skip
    end = time.time()  # strace ends with the last process that it follows
    given = json.loads(answers.read_text(encoding="utf-8"))
    with log.open(encoding="utf-8", errors="surrogateescape") as lines:
        return _read(lines, Trace(list(commands), [tuple(one) for one in given]), cwd, end)


def _read(lines: Iterator[str], found: Trace, cwd: Path, end: float) -> Trace:
    command, main, waiting = -1, 0, {}
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        process, when, text = int(match[1]), float(match[2]), match[3]
        main = main or process
        if text.startswith("+++"):
            found.lasted = end - when if process == main else found.lasted
            continue
        if text.endswith("<unfinished ...>"):
            waiting[process] = text.removesuffix("<unfinished ...>")
            continue
        if text.startswith("<..."):
            text = waiting.pop(process, "") + text.partition("resumed>")[2]
        if MARK in text:
            mark = text.partition(MARK)[2].partition('"')[0]
            command = int(mark) if mark.isdigit() else -2
        if text.startswith(_FORKING):
            if (begun := _BEGUN.search(text)) is not None:
                found.parents[int(begun[1])] = process
            continue
        call = _call(text, command, process, cwd)
        if call is not None and command != -2:
            found.calls.append(call)
    return found


def _call(text: str, command: int, process: int, cwd: Path) -> Call | None:
    match = _CALL.match(text)
    if match is None:
        return None
    name, words, answer = match[1], match[2], match[3]
    if name in _REACHING:
        return Call(command, process, name, (), False, text)
    if answer.startswith("-") or answer == "?":
        return None
    if name in _OPENING:
        if "O_PATH" in words:
            return None
        place = _plain(match[4]) if match[4] else _asked(words, cwd)[0]
        writes = bool(re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", words)) or name == "creat"
        return Call(command, process, name, (place,), writes, text)
    writes = name in _CHANGING
    if name in _STARTING:
        return Call(command, process, name, (_asked(words, cwd)[0],), writes, text)
    places = tuple(_asked(words, cwd)) if name.partition("at")[0] != "symlink" else (
        _asked(words, cwd)[-1],
    )  # fmt: skip
    return Call(command, process, name, places, writes, text)


def _asked(words: str, cwd: Path) -> list[str]:
    """The paths that a call names, each from the folder that it is relative to."""
    found = []
    for folder, path in _NAMED.findall(words):
        place = Path(_plain(folder) or str(cwd), _plain(path))
        found.append(str(Path(os.path.realpath(place.parent)) / place.name))
    return found or [""]


def _plain(text: str) -> str:
    content: Any = codecs.escape_decode(text.encode("utf-8", "surrogateescape"))[0]
    return bytes(content).decode("utf-8", "surrogateescape")

"""What a run leaves behind when it is killed: its temporary folders, and the processes it began.

A temporary folder has a lock beside it that its owner holds; the lock goes with the owner,
however that ends, and the next run removes every folder that nobody holds. A process that was
begun ends when the one that began it does.

This needs nothing but the standard library: the reader of foreign files loads it by path, and
run as a script it holds another program on a leash.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

__all__ = [
    "die_with_parent",
    "end_with_parent",
    "end_with_pool",
    "find_browser",
    "hold",
    "run_browser",
    "run_leashed",
    "settle_pdf",
    "sweep",
    "work_folder",
    "work_place",
]

_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_OWN_NETWORK, _OWN_USERS = 0x40000000, 0x10000000  # CLONE_NEWNET, CLONE_NEWUSER
_HOMES = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")
_MOST_OF_A_SOCKET = 56  # bytes of a folder's path; with 50 of a name no system takes more
_OTHER_PLACES = 9
_NAME = ".zgcgis-"
_PRINTED = re.compile(rb"\(D:\d{14}([+-]\d\d'\d\d'|Z)\)")
_NODE = re.compile(rb"\(node(\d{8})\)")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
_OTHER_NAMES = 16
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


# --- folders -------------------------------------------------------------------------------------


def work_place() -> Path:
    """Return the one folder, ours alone, that holds the temporary folders of every run."""
    for place in _places():
        with contextlib.suppress(FileExistsError):
            place.mkdir(mode=0o700)
        if _is_ours(place):
            return place
    return Path(tempfile.mkdtemp(prefix="zgcgis-"))


def _places() -> list[Path]:
    """Return where that folder may be: another takes the first name only to be in the way."""
    name = "zgcgis" if sys.platform == "win32" else f"zgcgis-{os.getuid()}"
    more = (f"-{number}" if number else "" for number in range(_OTHER_PLACES))
    return [Path(tempfile.gettempdir()) / f"{name}{end}" for end in more]


def _is_ours(place: Path) -> bool:
    """Whether a folder is one, and nobody else can put anything into it."""
    try:
        found = place.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode) or os.path.realpath(place) != os.path.join(  # noqa: PTH118
        os.path.realpath(place.parent), place.name
    ):
        return False
    return sys.platform == "win32" or (found.st_uid == os.getuid() and not found.st_mode & 0o022)


@contextlib.contextmanager
def work_folder(place: Path | None = None) -> Iterator[Path]:
    """Give a temporary folder that is gone afterwards, or after the next run if this one is killed.

    Parameters
    ----------
    place
        Where to make it; by default :func:`work_place`. What killed runs left there is removed.
    """
    place = work_place() if place is None else place
    sweep(place)
    folder, lock, held = _take(place)
    try:
        yield folder
    finally:
        _discard(folder, lock, held)


def sweep(place: Path | None = None) -> None:
    """Remove the temporary folders whose owner is no more; those of others that run are left.

    Parameters
    ----------
    place
        Where they are; by default where :func:`work_place` is, if it is there.
    """
    if place is None:
        for one in filter(_is_ours, _places()):
            sweep(one)
        return
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(place)):
            if not (entry.name.startswith(_NAME) and entry.name.endswith(".lock")):
                continue
            lock = Path(entry.path)
            with contextlib.suppress(OSError):
                held = hold(lock, os.O_RDWR)
                if held is not None:
                    _discard(lock.with_suffix(""), lock, held)


def _take(place: Path) -> tuple[Path, Path, IO[bytes] | None]:
    """Make a new folder that nobody else has filled, and hold the lock that says that it is ours.

    Where there are no locks there is none, and nobody takes the folder for one left behind.
    """
    mode = (
        0o777 if sys.platform == "win32" else 0o700
    )  # there it would shut what is moved out of it
    for _ in range(_OTHER_NAMES):
        folder = place / f"{_NAME}{secrets.token_hex(8)}"
        lock = folder.with_name(folder.name + ".lock")
        with contextlib.suppress(FileExistsError):
            try:
                held = hold(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            except OSError as problem:
                if problem.errno not in _NO_LOCKS:
                    raise
                lock.unlink()
                folder.mkdir(mode)
                return folder, lock, None
            if held is None:
                continue  # a run that sweeps was quicker
            if not lock.exists():
                held.close()  # and has let go of it again
                continue
            try:
                folder.mkdir(mode)
            except OSError:
                _let_go(lock, held)
                raise
            return folder, lock, held
    raise FileExistsError(errno.EEXIST, "temporary names are taken: move away", str(folder))


def hold(lock: Path, flags: int, mode: int = 0o600) -> IO[bytes] | None:
    """Open a lock and hold it until it is closed; None if another process does.

    Raises
    ------
    OSError
        If it cannot be opened, or is a link, a folder, a pipe or anything but a file.
    """
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(lock, flags | getattr(os, "O_BINARY", 0), mode)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "no regular file", str(lock))
    stream = os.fdopen(handle, "r+b", buffering=0)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the latter is what Windows says of a held one
        stream.close()
        return None
    except OSError:
        stream.close()
        raise
    return stream


def _discard(folder: Path, lock: Path, held: IO[bytes] | None) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if held is None:
        return
    if os.path.lexists(folder):
        held.close()  # for the next run to try
    else:
        _let_go(lock, held)


def _let_go(lock: Path, held: IO[bytes]) -> None:
    if sys.platform == "win32":
        held.close()  # what is open cannot be removed there
    with contextlib.suppress(OSError):
        lock.unlink()
    held.close()


# --- processes -----------------------------------------------------------------------------------


def end_with_parent() -> None:
    """End this process as soon as its parent has: its standard input is a pipe of the parent's.

    What the parent still writes there is not read by anybody else from now on.
    """
    die_with_parent()

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1):
                pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def end_with_pool() -> None:
    """End this process of a pool as soon as the process that made the pool has."""
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def die_with_parent() -> None:
    """Have this process killed when the thread that began it ends, where the system can (Linux)."""
    if sys.platform.startswith("linux"):
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def run_leashed(command: Sequence[str], *, seconds: float, home: Path) -> tuple[int, str]:
    """Run another program that ends with us, and return its exit code and what it said.

    Linux gives it no network.

    Parameters
    ----------
    command
        The program and its words.
    seconds
        How long it may take.
    home
        The folder in which it is to leave its settings and caches, and its temporary files unless
        the path is too long for the sockets that stand among them.

    Raises
    ------
    OSError, subprocess.TimeoutExpired
        If it could not be begun, or has not ended in time; nothing of it runs on then.
    """
    kept = dict.fromkeys(_HOMES, str(home))
    if len(os.fsencode(home)) <= _MOST_OF_A_SOCKET:
        kept["TMPDIR"] = str(home)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - ourselves; the command is the caller's
            [sys.executable, "-I", "-B", __file__, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=sys.platform != "win32",
            env={**os.environ, **kept},
        )
        assert process.stdin is not None
        try:
            code = process.wait(seconds)
        finally:
            process.stdin.close()  # lets go of the leash
            process.wait()
        said.seek(0)
        return code, said.read().decode("utf-8", "replace")


def find_browser() -> str | None:
    """Return the Chromium of the machine that can print a page, or None.

    ``ZGCGIS_BROWSER`` names it; otherwise the usual names are looked for on the path.
    """
    named = os.environ.get("ZGCGIS_BROWSER")
    if named:
        return named if shutil.which(named) else None
    return next((found for name in _BROWSERS if (found := shutil.which(name))), None)


def run_browser(
    browser: str, wishes: Sequence[str], address: str, *, seconds: float = 180
) -> tuple[int, str]:
    """Let a headless Chromium open a page of our own making, without network or profile.

    Parameters
    ----------
    browser
        The program, as :func:`find_browser` names it.
    wishes
        What it is to do: ``--print-to-pdf=…``, ``--screenshot=…``.
    address
        The page.
    seconds
        How long it may take.

    Returns
    -------
    code, said
        Exit code, and what it said.

    Raises
    ------
    OSError, subprocess.TimeoutExpired
        If it could not be begun, or has not ended in time; nothing of it runs on then.
    """
    with work_folder() as profile:
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            "--disable-extensions",
            "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--no-first-run",
            f"--user-data-dir={profile}",
            *wishes,
            address,
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium refuses its sandbox to root
        return run_leashed(command, seconds=seconds, home=profile)


def settle_pdf(path: Path) -> None:
    """Give a PDF the bytes that depend on its pages alone, each of the same length as before.

    The times of printing become a fixed one. The browser numbers the nodes of the structure as it
    comes by them, now and then with one more before; they are counted anew in their order.
    """
    text = _PRINTED.sub(lambda m: b"(D:20000101000000" + m[1] + b")", path.read_bytes())
    counted = {name: n for n, name in enumerate(sorted(set(_NODE.findall(text))), start=1)}
    path.write_bytes(_NODE.sub(lambda m: b"(node%08d)" % counted[m[1]], text))


def _leash(command: Sequence[str]) -> int:
    """Run a program, and end it with all that it began when our standard input ends."""
    _leave_network()
    more = {} if sys.platform == "win32" else {"preexec_fn": die_with_parent}
    try:
        program = subprocess.Popen(  # noqa: S603 - see run_leashed
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=sys.platform != "win32",
            **more,  # type: ignore[call-overload]
        )
    except OSError as problem:
        sys.stderr.write(f"{problem}\n")
        return 127

    def watch() -> None:
        while os.read(0, 1):
            pass
        _end(program)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    code = int(program.wait())
    _end(program)
    return code if code >= 0 else 128 - code


def _leave_network() -> None:
    """Give this process a network of its own with nobody in it, where the system lets us."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        who, group = os.getuid(), os.getgid()
        unshare = ctypes.CDLL(None).unshare
        if unshare(_OWN_NETWORK) == 0 or unshare(_OWN_NETWORK | _OWN_USERS) != 0:
            return
        here = Path("/proc/self")  # whoever is not root is the same user there
        (here / "setgroups").write_text("deny", encoding="ascii")
        (here / "uid_map").write_text(f"{who} {who} 1", encoding="ascii")
        (here / "gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def _end(program: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            program.kill()
        else:
            os.killpg(program.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(_leash(sys.argv[1:]))

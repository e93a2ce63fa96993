"""The one way a file is written: whole, or not at all.

Every writer of the package hands its work to `write_whole`. The work is done in a folder of our
own beside the target, where nobody can have planted anything, forced to the disk, read back, and
only then put in place in one step. Whoever is killed, meets a full disk or refuses half way
leaves the old file as it was.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from ..language.errors import WriteError
from ..language.safe_text import well_formed
from ..runs import sweep, work_folder
from .places import AWAITED, Awaited, refuse_place

__all__ = [
    "look_at",
    "lying",
    "replace_and_keep",
    "together",
    "told",
    "write_bytes_whole",
    "write_parts_whole",
    "write_text_whole",
    "write_whole",
    "write_zip",
]

_HARDLY_ANY = 1 << 16  # bytes left on a disk that is as good as full


def write_whole(
    path: str | Path,
    writer: Callable[[Path], object],
    *,
    check: Callable[[Path], object] | None = None,
    of_zone: bool = False,
) -> Path:
    """Let `writer` make a file, and put it at `path` only when it is complete.

    Parameters
    ----------
    path
        Where the file shall stand. A link there is replaced, and not what it leads to.
    writer
        Called with a temporary path on the same disk and with the same suffix. It must
        leave one regular file there; what it leaves beside it (journals) is removed.
    check
        Called with the temporary path to read the file back; whatever it raises means that
        the file is not good. By default a look at the format that the suffix names.
    of_zone
        Whether the file is one of a zone's own; results are not written among those.

    Returns
    -------
    path
        The path of the finished file, as given.

    Raises
    ------
    WriteError
        If the folder is missing, the target is read-only or a folder, the disk is full or
        the file cannot be read back. The target is then what it was before.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> done = write_whole(folder / "note.txt", lambda p: p.write_text("whole", encoding="utf-8"))
    >>> done.read_text(encoding="utf-8"), len(list(folder.iterdir()))
    ('whole', 1)
    """
    asked = Path(path)
    target = Path(os.path.realpath(asked.parent)) / asked.name
    if not of_zone:
        refuse_place(target, asked)
    awaited = None if of_zone else AWAITED.get()
    root = None if awaited is None else awaited.root_of(target)
    _refuse_bad_target(target, asked, made=root is not None and root != target)
    suffix = "".join(target.suffixes[-2:]) if target.suffix == ".zip" else target.suffix
    with told(asked):
        final = target if awaited is None or root is None else _waiting(awaited, root, target)
        with work_folder(final.parent) as place, told(asked):  # while what fills the disk is there
            _make(place / f"part{suffix}", writer, check, asked, target)
            _replace(place / f"part{suffix}", final)
            _force_folder_to_disk(final.parent)
    return asked


def replace_and_keep(
    old: Path | None,
    folder: Path,
    place: Path,
    fill: Callable[[Path, Path], Path],
    beside: Mapping[Path, bytes],
) -> Path:
    """Replace a file of a zone, and keep what it was at `place` with a record of the change.

    All is made and forced to the disk before any of it is put in place, so that whoever is
    killed has done all of it or nothing but for the moment between two renames.

    Parameters
    ----------
    old
        The file, None where there is none yet. It is copied into the folder that is kept.
    folder
        Where the new file shall stand; it is made if need be.
    place
        Where the folder that is kept shall stand, in a folder of the zone that is made.
    fill
        Called with a folder and with that copy's folder within it; makes the new file in the
        first and the record in the second, and returns the new file, whose name it keeps.
    beside
        Other files of the zone that tell of the change, and what they hold from now on.

    Returns
    -------
    path
        The new file.
    """
    asked = folder if old is None else old
    with told(asked), work_folder(place.parent.parent) as work, told(asked):
        record = work / "record"
        record.mkdir()
        if old is not None:
            shutil.copyfile(old, record / old.name)
        made = fill(work, record)
        new = folder / made.name
        _refuse_bad_target(new, new, made=not folder.exists())
        waiting = [
            (_wait_beside(work / f"beside{n}", *one), one[0])
            for n, one in enumerate(beside.items())
        ]
        folder.mkdir(exist_ok=True)
        place.parent.mkdir(exist_ok=True)
        with contextlib.suppress(OSError):
            place.rmdir()  # one that is there is empty
        record.rename(place)
        for temporary, target in [(made, new), *waiting]:
            _replace(temporary, target)
        if old is not None and new != old:
            old.unlink()
        for changed in {folder, *(target.parent for target in beside)}:
            _force_folder_to_disk(changed)
    return new


def _wait_beside(temporary: Path, target: Path, content: bytes) -> Path:
    """Write at a temporary path what shall stand at another."""
    _refuse_bad_target(target, target, made=False)
    _make(temporary, lambda path: path.write_bytes(content), None, target, target)
    return temporary


# --- all of a run, or nothing --------------------------------------------------------------------


@contextlib.contextmanager
def together(roots: Mapping[Path, bool]) -> Iterator[None]:
    """Let results appear together when the work is done; if it fails, none of them does.

    They wait in a folder of our own beside or within the place where they will stand. What an
    earlier run left there under the names of such results is gone then: no two runs mix. Within
    such work on the same places it is the outer one that puts them there.

    Parameters
    ----------
    roots
        The folders (True) and files (False) that results go to. What is written elsewhere
        appears at once, as always.
    """
    real = {Path(os.path.realpath(root)): folder for root, folder in roots.items()}
    outer = AWAITED.get()
    if outer is not None and all(outer.root_of(root) is not None for root in real):
        yield
        return
    with contextlib.ExitStack() as stack:
        awaited = Awaited(real, stack)
        stack.callback(AWAITED.reset, AWAITED.set(awaited))
        yield
        for root, work in awaited.work.items():
            with told(root):
                _put(awaited, root, work)


def lying(path: Path) -> Path:
    """Return where a result lies that was written meanwhile: it may wait for the end of the run."""
    target = Path(os.path.realpath(path.parent)) / path.name
    awaited = AWAITED.get()
    root = None if awaited is None else awaited.root_of(target)
    if awaited is None or root not in awaited.work:
        return path
    waiting = _waiting(awaited, root, target)
    return waiting if waiting.exists() else path


def _waiting(awaited: Awaited, root: Path, target: Path) -> Path:
    """Return the place where a result waits; its folder is there."""
    folder = awaited.roots[root]
    if root not in awaited.work:
        if folder and root.is_dir():  # within it: beside it may be another disk
            place = root
            sweep(root.parent)  # where a run waited that was killed before the folder was there
        else:
            place = root.parent
            while folder and not place.is_dir() and place.parent != place:
                place = place.parent
        awaited.work[root] = awaited.stack.enter_context(work_folder(place))
    below = target.relative_to(root) if folder else Path(target.name)
    waiting = awaited.work[root] / "new" / below
    waiting.parent.mkdir(parents=True, exist_ok=True)
    return waiting


def _put(awaited: Awaited, root: Path, work: Path) -> None:
    """Put all that waits for a root in place; whatever fails, what was there before stays."""
    new, kept = work / "new", work / "old"
    if awaited.roots[root] and not root.exists():
        root.parent.mkdir(parents=True, exist_ok=True)
        new.rename(root)
        _force_folder_to_disk(root.parent)
        return
    base = root if awaited.roots[root] else root.parent
    waiting = [path for path in sorted(new.rglob("*")) if path.is_file()]
    arriving = {base / path.relative_to(new) for path in waiting}
    stale = [
        path
        for folder, names in sorted(awaited.earlier.items())
        if folder == root or root in folder.parents
        for name in sorted(names)
        for path in sorted(folder.glob(name))
        if path.is_file() and path not in arriving
    ]
    done: list[tuple[Path, Path]] = []
    try:
        for folder in sorted(path for path in new.rglob("*") if path.is_dir()):
            (base / folder.relative_to(new)).mkdir(exist_ok=True)
        for path in waiting:
            target = base / path.relative_to(new)
            done.append((target, _keep(target, kept / str(len(done)))))
            _replace(path, target)
        for path in stale:
            done.append((path, _keep(path, kept / str(len(done)))))
            path.unlink()
    except BaseException:
        for target, was in reversed(done):
            with contextlib.suppress(OSError):
                was.replace(target) if was.exists() else target.unlink(missing_ok=True)
        raise
    for folder in {path.parent for path in stale} - {base}:
        with contextlib.suppress(OSError):  # not empty
            folder.rmdir()
    _force_folder_to_disk(base)


def _keep(target: Path, kept: Path) -> Path:
    """Keep what stands at a place, until all is done; return where."""
    if target.exists():
        kept.parent.mkdir(exist_ok=True)
        try:
            kept.hardlink_to(target)
        except OSError:  # a disk without links
            shutil.copy2(target, kept)
    return kept


def _make(
    temporary: Path,
    writer: Callable[[Path], object],
    check: Callable[[Path], object] | None,
    asked: Path,
    target: Path,
) -> None:
    writer(temporary)
    if temporary.is_symlink() or not temporary.is_file():
        raise WriteError(
            f"写入 {asked} 的过程没有产生文件，原有内容未改动。",
            f"{asked}: the writer left no file; nothing was changed.",
        )
    _force_to_disk(temporary)
    _read_back(temporary, check, asked)
    if target.exists():
        with contextlib.suppress(OSError):
            shutil.copymode(target, temporary)


@contextlib.contextmanager
def told(asked: Path) -> Iterator[None]:
    """Say in a sentence why a file could not be written, whichever engine found out."""
    try:
        yield
    except (OSError, sqlite3.Error, RuntimeError) as problem:
        if isinstance(problem, RuntimeError) and "pyogrio" not in type(problem).__module__:
            raise
        raise _explain(problem, asked) from problem


def write_text_whole(path: str | Path, text: str, *, of_zone: bool = False) -> Path:
    """Write `text` to `path` in UTF-8, whole or not at all; line ends are written as they stand."""
    return write_bytes_whole(path, well_formed(text).encode(), of_zone=of_zone)


def write_bytes_whole(path: str | Path, content: bytes, *, of_zone: bool = False) -> Path:
    """Write `content` to `path`, whole or not at all."""
    return write_parts_whole(path, [content], of_zone=of_zone)


def write_parts_whole(path: str | Path, parts: Iterable[bytes], *, of_zone: bool = False) -> Path:
    """Write what `parts` give, one after the other, to `path`, whole or not at all."""
    written = hashlib.sha256()

    def writer(temporary: Path) -> None:
        with temporary.open("wb") as stream:
            for part in parts:
                written.update(part)
                stream.write(part)

    def check(temporary: Path) -> None:
        with temporary.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").digest() != written.digest():
                msg = "the bytes read back differ from those written"
                raise ValueError(msg)

    return write_whole(path, writer, check=check, of_zone=of_zone)


def write_zip(target: Path, members: Mapping[str, Callable[[], IO[bytes]]]) -> None:
    """Write an archive at a temporary path; the same members give the same bytes, whenever."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, opened in sorted(members.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with opened() as stream, archive.open(entry, "w") as sink:
                shutil.copyfileobj(stream, sink, 1 << 20)


def _refuse_bad_target(target: Path, asked: Path, *, made: bool) -> None:
    """Refuse what cannot be written to; `made` if its folder is made at the end."""
    if not made and not target.parent.is_dir():
        raise WriteError(
            f"无法写入 {asked}：文件夹 {target.parent} 不存在，请先建立该文件夹。",
            f"{asked}: the folder {target.parent} does not exist; make it first.",
        )
    if target.is_dir():
        raise WriteError(
            f"无法写入 {asked}：同名的文件夹已经存在，请换一个名字。",
            f"{asked}: a folder of that name exists; choose another name.",
        )
    if target.exists():
        mode = target.stat().st_mode
        if not stat.S_ISREG(mode):
            raise WriteError(
                f"无法写入 {asked}：它不是普通文件。",
                f"{asked}: not a regular file.",
            )
        if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
            raise WriteError(
                f"无法写入 {asked}：该文件是只读的，请先解除只读或换一个名字。",
                f"{asked}: the file is read-only; lift that or choose another name.",
            )


def _replace(temporary: Path, target: Path) -> None:
    # On Windows a reader that has the target open makes this fail for a moment.
    for wait in (0.05, 0.1, 0.2, 0.4, 0.8, None):
        try:
            temporary.replace(target)
        except PermissionError:
            if sys.platform != "win32" or wait is None:
                raise
            time.sleep(wait)
        else:
            return


def _force_to_disk(path: Path) -> None:
    with path.open("r+b") as stream:
        os.fsync(stream.fileno())


def _force_folder_to_disk(folder: Path) -> None:
    if sys.platform == "win32":
        return  # folders cannot be opened there; the file system journals the rename
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as problem:
        if problem.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EACCES}:
            raise
    finally:
        os.close(handle)


def _read_back(temporary: Path, check: Callable[[Path], object] | None, asked: Path) -> None:
    try:
        (check or look_at)(temporary)
    except (WriteError, OSError):
        raise
    except Exception as problem:
        if _full(temporary.parent):
            raise _disk_full(asked) from problem
        raise WriteError(
            f"写入 {asked} 后读回检查没有通过（{problem}），原有内容未改动。请检查磁盘后重试。",
            f"{asked}: the file could not be read back ({problem}); nothing was changed. "
            "Check the disk and try again.",
        ) from problem


def look_at(path: Path) -> None:
    """Read a file back as the format that its suffix names; whatever is raised, it is not good."""
    _CHECKS.get(path.suffix.lower().removeprefix("."), _look_at_any)(path)


def _look_at_any(path: Path) -> None:
    with path.open("rb") as stream:
        while stream.read(1 << 20):
            pass


def _look_at_json(path: Path) -> None:
    with path.open("rb") as stream:
        json.load(stream)


def _look_at_large_json(path: Path) -> None:
    if path.stat().st_size <= 64 << 20:
        _look_at_json(path)
        return
    with path.open("rb") as stream:  # parsing would need many times the file's size in memory
        start = stream.read(64).lstrip()
        stream.seek(-64, os.SEEK_END)
        end = stream.read().rstrip()
    if not start.startswith(b"{") or not end.endswith(b"}"):
        msg = "the JSON text is not complete"
        raise ValueError(msg)


def _look_at_html(path: Path) -> None:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 64))
        if not stream.read().rstrip().lower().endswith(b"</html>"):
            msg = "the page has no end"
            raise ValueError(msg)


def _look_at_zip(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        if (bad := archive.testzip()) is not None:
            msg = f"damaged member {bad}"
            raise ValueError(msg)


def _look_at_workbook(path: Path) -> None:
    """Open a workbook as its readers do: every part is whole and well-formed, the sheets listed."""
    from xml.parsers import expat

    from openpyxl import load_workbook

    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            with archive.open(entry) as part:
                if entry.filename.endswith((".xml", ".rels")):
                    expat.ParserCreate().ParseFile(part)
                while part.read(1 << 20):  # to its end, for its checksum
                    pass
    book = load_workbook(path, read_only=True)
    book.close()
    if not book.sheetnames:
        msg = "the workbook has no sheet"
        raise ValueError(msg)


def _look_at_sqlite(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as base:
        (answer,) = base.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise ValueError(answer)


def _look_at_parquet(path: Path) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as content:
        if content.metadata.num_row_groups:
            content.read_row_group(content.metadata.num_row_groups - 1, columns=[])


_CHECKS: dict[str, Callable[[Path], None]] = {
    "geojson": _look_at_large_json,
    "gpkg": _look_at_sqlite,
    "html": _look_at_html,
    "json": _look_at_large_json,
    "parquet": _look_at_parquet,
    "xlsx": _look_at_workbook,
    "zip": _look_at_zip,
}


def _full(folder: Path) -> bool:
    there = next((one for one in (folder, *folder.parents) if one.is_dir()), folder)
    try:
        return shutil.disk_usage(there).free < _HARDLY_ANY
    except OSError:
        return False


def _disk_full(asked: Path) -> WriteError:
    return WriteError(
        f"无法写入 {asked}：磁盘空间不足，原有内容未改动。请腾出空间后重试。",
        f"{asked}: the disk is full; nothing was changed. Free some space and try again.",
    )


def _explain(problem: Exception, asked: Path) -> WriteError:
    number = getattr(problem, "errno", None)
    if number in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return WriteError(
            f"无法写入 {asked}：没有写入权限，或文件正被其他程序打开。请检查权限，或换一个位置。",
            f"{asked}: writing is not permitted, or another program holds the file open. "
            "Check the permission, or name another place.",
        )
    if number in {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)} or _full(asked.parent):
        return _disk_full(asked)
    words = getattr(problem, "strerror", None) or problem
    return WriteError(
        f"无法写入 {asked}：{words}。原有内容未改动。请检查路径和磁盘，或换一个位置。",
        f"{asked}: {words}; nothing was changed. Check path and disk, or name another place.",
    )

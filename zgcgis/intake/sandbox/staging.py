"""The gate: which files are let in, as what, and as a copy in a folder of their own.

A name is only a claim. The path must be one of a plain file, the first bytes must bear out the
suffix, and archives are unpacked here, by us, with limits. What comes out are copies under our
own names; the originals are never opened again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from ..log import Refusal
from . import archive
from .format import LARGE, NO_ROOM, Digest, Format, Formats, Reader, Staged, Start

__all__ = ["stage"]

_OTHERS = {
    (".xls", ".et", ".ods", ".xlsm", ".xlsb", ".xlt"): "R453",
    (".dwg", ".dgn"): "R454",
    (".mdb", ".accdb", ".mxd", ".aprx", ".lyr", ".lyrx"): "R455",
    (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"): "R456",
    (".doc", ".docx", ".wps", ".pdf", ".jpg", ".jpeg", ".png", ".tif", ".tiff"): "R457",
}
"""Files that people have land in and that are not read, by the rule that says what to do."""
_BLOCK = 4 << 20


def stage(
    asked: str | Path,
    work: Path,
    formats: Formats,
    *,
    encoding: str | None = None,
    start: Start | None = None,
) -> list[Staged]:
    """Let a file in as copies below `work`; several data sets only from an archive.

    Parameters
    ----------
    asked, work, formats, encoding
        The file, the folder of the copies, the formats by suffix, and what the user says of texts.
    start
        What starts the reader of a file, to get ready while a large one is copied.

    Raises
    ------
    Refusal
        If the path is not one of a plain file or the content is not what it claims to be.
    """
    text = str(asked)
    _look_at_path(text)
    path = Path(text)
    if path.suffix.lower() in archive.SUFFIXES:
        _look_at_file(path)
        return _stage_archive(path, work, formats, encoding)
    form = _format_of(path, formats)
    if form.folder is not None:
        return [_stage_folder(form, path, work)]
    _look_at_file(path)
    if form.companions:
        return [_stage_set(form, path, work)]
    copy = work / f"data{path.suffix.lower()}"
    reader = None
    with contextlib.suppress(OSError):  # what is wrong shows when it is copied
        size = path.stat().st_size
        reader = start(form, copy, size) if start is not None and size >= LARGE else None
    try:
        return [_stage_file(form, path, copy, encoding, reader)]
    except BaseException:
        if reader is not None:
            reader.stop()
        raise


def _stage_file(
    form: Format, path: Path, copy: Path, encoding: str | None, reader: Reader | None
) -> Staged:
    digest, size = _copy(path, copy)
    beside_it = [digest]
    staged = Staged(form, path, path.stem, copy, size, digest, reader=reader)
    for end, rule in form.beside.items():
        beside = path.with_name(path.name + end)
        if not beside.is_file() or beside.is_symlink():
            continue
        if beside.stat().st_size:
            theirs, _ = _copy(beside, copy.with_name(copy.name + end))
            beside_it.append(theirs)
            staged.add(rule)
    if len(beside_it) > 1:
        staged.digest = lambda: _together(one() for one in beside_it)
    _look_at_content(staged, encoding)
    return staged


# --- the path ------------------------------------------------------------------------------------


def _look_at_path(text: str) -> None:
    """Refuse what is no path; what stands on the disk is one, whatever its name, as it is copied."""
    if os.path.lexists(text):
        return
    address = "://" in text or text.strip().lower().startswith(("/vsi", "\\vsi"))
    inline = not text.strip() or any(mark in text for mark in "<>{}\x00\n\r|")
    if address or inline or re.match(r"^[A-Za-z][A-Za-z0-9_ ]+:", text):
        raise Refusal("R402", detail=text[:80].replace("\x00", "\\0"))


def _format_of(path: Path, formats: Formats) -> Format:
    suffix = path.suffix.lower()
    if suffix in formats:
        return formats[suffix]
    for main, form in formats.items():
        if suffix in form.companions:
            raise Refusal("R403", detail=f"{suffix} → {main}")
    if not os.path.lexists(path):
        raise Refusal("R401", detail="文件不存在 no such file")
    for suffixes, rule in _OTHERS.items():
        if suffix in suffixes:
            raise Refusal(rule, detail=suffix)
    if path.is_dir():
        raise Refusal("R401", detail="是文件夹，请给出其中的文件 a folder: name a file in it")
    raise Refusal("R403", detail=suffix or "没有后缀 no suffix")


def _look_at_file(path: Path) -> None:
    try:
        found = path.lstat()
    except (OSError, ValueError) as problem:
        raise Refusal("R401", detail=f"文件不存在 no such file ({problem})") from problem
    if stat.S_ISLNK(found.st_mode):
        raise Refusal("R401", detail="是链接 it is a link")
    if not stat.S_ISREG(found.st_mode):
        raise Refusal("R401", detail="不是普通文件 not a regular file")
    if found.st_size == 0:
        raise Refusal("R404")


def _copy(path: Path, copy: Path) -> tuple[Digest, int]:
    """Copy a file and return its hash and size; a file that changes meanwhile is refused.

    The hash of a large file is taken beside what comes next; it refuses the file as well, if
    that has changed until then.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NONBLOCK", 0)
    try:
        source = os.open(path, flags)
        try:
            before = os.fstat(source)
            if not stat.S_ISREG(before.st_mode):
                raise Refusal("R401", detail="不是普通文件 not a regular file")
            with copy.open("wb") as target:
                size = _pour(source, target.fileno(), before.st_size)
            if size != before.st_size:
                raise Refusal("R443")
        except BaseException:
            os.close(source)
            raise
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise Refusal("R445", detail=str(copy.parent)) from problem
        raise Refusal("R401", detail=f"{path.name}: {problem.strerror}") from problem
    beside = ThreadPoolExecutor(1)
    hashed = beside.submit(_hash, source, before, path.name)
    beside.shutdown(wait=False)
    if size < LARGE:
        hashed.result()
    return hashed.result, size


def _hash(source: int, before: os.stat_result, name: str) -> str:
    """Return the hash of an open file that is as it was, and close it."""
    digest = hashlib.sha256()
    try:
        with os.fdopen(source, "rb", buffering=0) as stream:
            stream.seek(0)
            room = memoryview(bytearray(min(_BLOCK, before.st_size) or 1))
            while count := stream.readinto(room):
                digest.update(room[:count])
            after = os.fstat(source)
    except OSError as problem:
        raise Refusal("R401", detail=f"{name}: {problem.strerror}") from problem
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise Refusal("R443")
    return digest.hexdigest()


def _pour(source: int, target: int, size: int) -> int:
    """Copy an open file into another and return how much there was; within the system if it can."""
    try:
        if size >= LARGE and hasattr(os, "copy_file_range"):
            half = size // 2
            with ThreadPoolExecutor(2) as pool:
                parts = [(0, half), (half, size)]
                return sum(pool.map(lambda part: _pour_part(source, target, *part), parts))
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise
    done = 0  # a file system that cannot, or a small file
    os.lseek(source, 0, os.SEEK_SET)
    os.lseek(target, 0, os.SEEK_SET)
    while content := os.read(source, _BLOCK):
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(target, rest) :]
        done += len(content)
    return done


def _pour_part(source: int, target: int, start: int, end: int) -> int:
    place = start
    while place < end:
        most = min(_BLOCK, end - place)
        count = os.copy_file_range(source, target, most, place, place)
        if not count:
            break
        place += count
    return place - start


def _together(digests: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _all_of(digests: Mapping[str, Digest]) -> Digest:
    """Return what gives one hash for several files."""
    return lambda: _together(f"{name}:{digest()}" for name, digest in digests.items())


# --- sets of files -------------------------------------------------------------------------------


def _stage_set(form: Format, path: Path, work: Path) -> Staged:
    found: dict[str, Path] = {}
    for sibling in sorted(path.parent.iterdir()):
        suffix = sibling.suffix.lower()
        if suffix in form.companions and sibling.stem == path.stem:
            found.setdefault(suffix, sibling)
    for sibling in sorted(path.parent.iterdir()):  # names that differ in case only
        suffix = sibling.suffix.lower()
        if suffix in form.companions and sibling.stem.casefold() == path.stem.casefold():
            found.setdefault(suffix, sibling)
    main = path.suffix.lower()
    found[main] = path
    digests: dict[str, Digest] = {}
    size = 0
    copies: dict[str, Path] = {}
    for suffix, sibling in sorted(found.items()):
        if sibling.is_symlink() or not sibling.is_file():
            raise Refusal("R401", detail=f"{sibling.name}: 是链接 it is a link")
        copies[suffix] = work / f"data{suffix}"
        digests[suffix], length = _copy(sibling, copies[suffix])
        size += length
    staged = Staged(form, path, path.stem, copies[main], size, _all_of(digests), companions=copies)
    _look_at_content(staged, None)
    return staged


def _stage_folder(form: Format, path: Path, work: Path) -> Staged:
    assert form.folder is not None
    suffix = path.suffix.lower()
    try:
        found = path.lstat()
    except OSError as problem:
        raise Refusal("R401", detail="文件不存在 no such folder") from problem
    if stat.S_ISLNK(found.st_mode):
        raise Refusal("R401", detail="是链接 it is a link")
    if not stat.S_ISDIR(found.st_mode):
        raise Refusal("R403", detail=f"{suffix} 应为文件夹 {suffix} should be a folder")
    folder = work / f"data{suffix}"
    folder.mkdir()
    digests: dict[str, Digest] = {}
    size = 0
    for member in sorted(path.iterdir()):
        if member.is_symlink():
            raise Refusal("R401", detail=f"{member.name}: 是链接 it is a link")
        if (
            member.is_file()
            and form.folder.match(member.name)
            and not member.name.endswith(".lock")
        ):
            digests[member.name], length = _copy(member, folder / member.name)
            size += length
    if not (folder / form.heart).is_file():
        raise Refusal("R405", detail=form.heart)
    return Staged(form, path, path.stem, folder, size, _all_of(digests))


def _stage_archive(path: Path, work: Path, formats: Formats, encoding: str | None) -> list[Staged]:
    box = work / "archive.zip"
    digest, size = _copy(path, box)
    staged = archive.unpack(box, path, work, formats)
    whole, strange = list(staged), []
    for one in staged:
        one.digest = digest if len(staged) == 1 else partial(_with_name, digest, one.name)
        one.size = min(one.size, 4 * size)  # unpacking to much more earns no time and no room
        if one.format.folder is not None:
            continue
        try:
            _look_at_content(one, encoding)
        except Refusal as refusal:  # what lies beside layers need not be one
            if refusal.rule != "R403" or len(staged) == 1:
                raise
            whole.remove(one)
            strange.append(f"{one.name}{one.path.suffix}")
    if not whole:
        raise Refusal("R403", detail="、".join(strange)[:200])
    if strange:
        whole[0].add("R427", measured=len(strange), detail="、".join(strange)[:200])
    return whole


def _with_name(digest: Digest, name: str) -> str:
    return _together([digest(), name])


def _look_at_content(staged: Staged, encoding: str | None) -> None:
    with staged.path.open("rb") as stream:
        head = stream.read(4096)
    staged.format.look(staged, head, encoding)

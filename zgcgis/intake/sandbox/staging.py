"""The gate: which files are let in, as what, and as a copy in a folder of their own.

A name is only a claim. The path must be one of a plain file, the first bytes must bear out the
suffix, and archives are unpacked here, by us, with limits. What comes out are copies under our
own names; the originals are never opened again.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import hashlib
import os
import re
import stat
import struct
import zipfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from ...errors import ReadError
from ...findings import RULES, describe, finding_frame
from ..encoding import codec_of, decode_bytes
from ..rules import mend_of

__all__ = ["KINDS", "LARGE", "Refusal", "Staged", "fill_mend", "stage"]

MOST_MEMBERS = 10_000
MOST_SETS, SIZE_PER_SET = 16, 1 << 17  # each set of an archive has a reader of its own
MOST_UNPACKED = 16 << 30
MOST_RATIO = 200
FREE_UNPACKED = 64 << 20  # below this the ratio does not matter
LARGE_TEXT = 1 << 30
MOST_LINE = 64 << 20
NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_BLOCK = 4 << 20
LARGE = 64 << 20  # from here on the hash is taken beside
Digest = Callable[[], str]


class Reader(Protocol):
    """What reads a file that was let in (:class:`zgcgis.intake.sandbox.process.Reader`)."""

    def facts(self) -> dict[str, Any]: ...

    def stop(self) -> None: ...


Start = Callable[[str, Path, int], Reader | None]

KINDS = {
    ".shp": "shapefile", ".gpkg": "gpkg", ".geojson": "geojson", ".json": "geojson",
    ".geojsonl": "geojson", ".geojsons": "geojson", ".ndjson": "geojson", ".jsonl": "geojson",
    ".kml": "kml", ".dxf": "dxf", ".fgb": "fgb", ".parquet": "parquet",
    ".geoparquet": "parquet", ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".xlsx": "xlsx",
    ".gdb": "gdb", ".zip": "zip", ".kmz": "zip",
}  # fmt: skip
COMPANIONS = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".dbt", ".fpt")
_COMPANION_ONLY = {".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".shp.xml"}
_JUNK = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store|Thumbs\.db|desktop\.ini)", re.IGNORECASE)
_GDB_FILE = re.compile(r"^(a[0-9a-f]{8}\.[a-z_.0-9-]{1,40}|gdb|timestamps)$", re.IGNORECASE)
_ARCHIVES = (".zip", ".rar", ".7z", ".gz", ".tar", ".bz2", ".xz", ".tgz", ".kmz")


class Refusal(ReadError):  # noqa: N818 - it is a verdict
    """A file that is not let in: the code of a rule, and the sentence with the way out."""

    def __init__(self, rule: str, *, file: str = "", **words: Any) -> None:
        self.rule = rule
        self.words = words
        said = {}
        row = finding_frame([words], rule=rule)
        for lang in ("zh", "en"):
            (sentence,) = describe(row, lang)
            way = mend_of(rule, lang)
            way = fill_mend(way, file, words)
            mark = "。" if lang == "zh" else "."
            out = f"{'办法：' if lang == 'zh' else ' Mend: '}{way}{mark}" if way else ""
            name = f"{file}：" if file and lang == "zh" else f"{file}: " if file else ""
            said[lang] = f"{name}[{rule}] {sentence}{mark}{out}"
        super().__init__(said["zh"], said["en"])

    def row(self) -> dict[str, Any]:
        """Return the refusal as a row of findings."""
        return {"rule": self.rule, **self.words}

    def of(self, file: str) -> Refusal:
        """Return the same refusal with the name of the file in its sentence."""
        return Refusal(self.rule, file=file, **self.words)


def fill_mend(template: str, file: str, words: dict[str, Any]) -> str:
    """Fill a mend's template with the file and the words of a finding."""
    known = {"file": file or "FILE", "detail": "", "other": "", "feature": "", "limit": ""}
    known |= {k: v for k, v in words.items() if v is not None}
    return re.sub(r"\{(\w+)\}", lambda m: str(known.get(m[1], m[0])), template)


@dataclass
class Staged:
    """One data set let in: copies of its files in a folder of their own."""

    kind: str
    source: Path
    name: str
    path: Path
    size: int
    digest: Digest = str
    companions: dict[str, Path] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    declared_encoding: str | None = None
    reader: Reader | None = None

    @property
    def sha256(self) -> str:
        """The hash of all that came in.

        Raises
        ------
        Refusal
            If the file has changed since it was let in.
        """
        return self.digest()

    def add(self, rule: str, **words: Any) -> None:
        """Add a finding about the whole file."""
        assert rule in RULES
        self.findings.append({"rule": rule, **words})


def stage(
    asked: str | Path, work: Path, *, encoding: str | None = None, start: Start | None = None
) -> list[Staged]:
    """Let a file in as copies below `work`; several data sets only from an archive.

    Parameters
    ----------
    asked, work, encoding
        The file, the folder of the copies, and what the user says of texts.
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
    kind = _kind_of(path)
    if kind == "gdb":
        return [_stage_gdb(path, work)]
    _look_at_file(path)
    if kind == "shapefile":
        return [_stage_shapefile(path, work)]
    if kind == "zip":
        return _stage_archive(path, work, encoding)
    copy = work / f"data{path.suffix.lower()}"
    reader = None
    with contextlib.suppress(OSError):  # what is wrong shows when it is copied
        size = path.stat().st_size
        reader = start(kind, copy, size) if start is not None and size >= LARGE else None
    try:
        return [_stage_file(kind, path, copy, encoding, reader)]
    except BaseException:
        if reader is not None:
            reader.stop()
        raise


def _stage_file(
    kind: str, path: Path, copy: Path, encoding: str | None, reader: Reader | None
) -> Staged:
    digest, size = _copy(path, copy)
    beside_it = [digest]
    staged = Staged(kind, path, path.stem, copy, size, digest, reader=reader)
    for end, rule in (("-wal", "R438"), ("-journal", "R439")):
        beside = path.with_name(path.name + end)
        if kind != "gpkg" or not beside.is_file() or beside.is_symlink():
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
    lowered = text.strip().lower()
    driver = re.match(r"^[A-Za-z][A-Za-z0-9_ ]+:", text) and not os.path.lexists(text)
    if (
        not text.strip()
        or "://" in text
        or lowered.startswith(("/vsi", "\\vsi"))
        or any(mark in text for mark in "<>{}\x00\n\r|")
        or driver
    ):
        raise Refusal("R402", detail=text[:80].replace("\x00", "\\0"))


def _kind_of(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in _COMPANION_ONLY:
        raise Refusal("R403", detail=f"{suffix} → .shp")
    if suffix not in KINDS:
        if not os.path.lexists(path):
            raise Refusal("R401", detail="文件不存在 no such file")
        if path.is_dir():
            raise Refusal("R401", detail="是文件夹，请给出其中的文件 a folder: name a file in it")
        raise Refusal("R403", detail=suffix or "没有后缀 no suffix")
    return KINDS[suffix]


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


def _stage_shapefile(path: Path, work: Path) -> Staged:
    found: dict[str, Path] = {}
    for sibling in sorted(path.parent.iterdir()):
        suffix = sibling.suffix.lower()
        if suffix in COMPANIONS and sibling.stem == path.stem:
            found.setdefault(suffix, sibling)
    for sibling in sorted(path.parent.iterdir()):  # names that differ in case only
        suffix = sibling.suffix.lower()
        if suffix in COMPANIONS and sibling.stem.casefold() == path.stem.casefold():
            found.setdefault(suffix, sibling)
    found[".shp"] = path
    digests: dict[str, Digest] = {}
    size = 0
    copies: dict[str, Path] = {}
    for suffix, sibling in sorted(found.items()):
        if sibling.is_symlink() or not sibling.is_file():
            raise Refusal("R401", detail=f"{sibling.name}: 是链接 it is a link")
        copies[suffix] = work / f"data{suffix}"
        digests[suffix], length = _copy(sibling, copies[suffix])
        size += length
    staged = Staged(
        "shapefile", path, path.stem, copies[".shp"], size, _all_of(digests), companions=copies
    )
    _look_at_content(staged, None)
    return staged


def _stage_gdb(path: Path, work: Path) -> Staged:
    try:
        found = path.lstat()
    except OSError as problem:
        raise Refusal("R401", detail="文件不存在 no such folder") from problem
    if stat.S_ISLNK(found.st_mode):
        raise Refusal("R401", detail="是链接 it is a link")
    if not stat.S_ISDIR(found.st_mode):
        raise Refusal("R403", detail=".gdb 应为文件夹 .gdb should be a folder")
    folder = work / "data.gdb"
    folder.mkdir()
    digests: dict[str, Digest] = {}
    size = 0
    for member in sorted(path.iterdir()):
        if member.is_symlink():
            raise Refusal("R401", detail=f"{member.name}: 是链接 it is a link")
        if member.is_file() and _GDB_FILE.match(member.name) and not member.name.endswith(".lock"):
            digests[member.name], length = _copy(member, folder / member.name)
            size += length
    if not (folder / "a00000001.gdbtable").is_file():
        raise Refusal("R405", detail="a00000001.gdbtable")
    return Staged("gdb", path, path.stem, folder, size, _all_of(digests))


def _stage_archive(path: Path, work: Path, encoding: str | None) -> list[Staged]:
    box = work / "archive.zip"
    digest, size = _copy(path, box)
    with box.open("rb") as stream:
        if stream.read(4) not in {b"PK\x03\x04", b"PK\x05\x06"}:
            raise Refusal("R403", detail="ZIP")
    try:
        with zipfile.ZipFile(box) as archive:
            staged = _unpack(archive, path, work, size)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, struct.error) as problem:
        raise Refusal("R405", detail=f"ZIP: {problem}") from problem
    except (NotImplementedError, RuntimeError) as problem:
        raise Refusal("R403", detail=f"ZIP: {problem}") from problem
    except (ValueError, OSError) as problem:
        if isinstance(problem, Refusal):
            raise
        if isinstance(problem, OSError) and problem.errno in NO_ROOM:
            raise Refusal("R445", detail=str(work)) from problem
        raise Refusal("R405", detail=f"ZIP: {problem}") from problem
    except Exception as problem:
        if type(problem).__module__ in {"zlib", "_lzma", "lzma", "bz2"} or isinstance(
            problem, ArithmeticError | LookupError
        ):
            raise Refusal("R405", detail=f"ZIP: {problem}") from problem
        raise
    for one in staged:
        one.digest = digest if len(staged) == 1 else partial(_with_name, digest, one.name)
        one.size = min(one.size, 4 * size)  # unpacking to much more earns no time and no room
        if one.kind != "gdb":
            _look_at_content(one, encoding)
    return staged


def _with_name(digest: Digest, name: str) -> str:
    return _together([digest(), name])


def _unpack(archive: zipfile.ZipFile, path: Path, work: Path, size: int) -> list[Staged]:
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise Refusal("R444", measured=len(members), limit=MOST_MEMBERS)
    names, codec = _member_names(members)
    seen: set[str] = set()
    kept: list[tuple[zipfile.ZipInfo, str]] = []
    for member, name in zip(members, names, strict=True):
        plain = name.replace("\\", "/")
        parts = plain.rstrip("/").split("/")
        if plain.startswith("/") or ".." in parts or re.match(r"^[A-Za-z]:", plain):
            raise Refusal("R420", detail=name[:80])
        if stat.S_ISLNK(member.external_attr >> 16):
            raise Refusal("R421", detail=name[:80])
        if member.flag_bits & 1:
            raise Refusal("R422")
        if plain.endswith("/") or _JUNK.search(plain):
            continue
        if plain.casefold() in seen:
            raise Refusal("R426", detail=name[:80])
        seen.add(plain.casefold())
        archive.open(member).close()  # its name here must be the one in the directory
        kept.append((member, plain))
    sets = _data_sets(kept)
    if not sets:
        inner = [n for _, n in kept if n.lower().endswith(_ARCHIVES)]
        if inner:
            raise Refusal("R424", detail=inner[0][:80])
        raise Refusal("R412", detail="、".join(sorted({Path(n).suffix for _, n in kept})[:10]))
    if len(sets) > (most := MOST_SETS + size // SIZE_PER_SET):
        raise Refusal("R444", measured=len(sets), limit=most)
    left = min(MOST_UNPACKED, max(FREE_UNPACKED, MOST_RATIO * size))
    staged = []
    for number, (kind, stem, files) in enumerate(sets):
        room = work / f"set-{number}"
        place = room / "data.gdb" if kind == "gdb" else room
        place.mkdir(parents=True)
        copies: dict[str, Path] = {}
        for member, name in files:
            suffix = Path(name).suffix.lower()
            target = place / (Path(name).name if kind == "gdb" else f"data{suffix}")
            left = _unpack_one(archive, member, target, left)
            copies[suffix] = target
        main = place if kind == "gdb" else copies[next(s for s in copies if KINDS.get(s) == kind)]
        total = sum(f.stat().st_size for f in place.iterdir())
        one = Staged(
            kind, path, stem, main, total, companions=copies if kind == "shapefile" else {}
        )
        if codec is not None:
            one.add("R213", detail=codec)
        if main.is_file() and main.stat().st_size == 0:
            raise Refusal("R404")
        staged.append(one)
    taken = {name for _, _, files in sets for _, name in files}
    if beside := [name for _, name in kept if name not in taken and _is_data(name)]:
        staged[0].add("R427", measured=len(beside), detail="、".join(beside)[:200])
    return staged


def _is_data(name: str) -> bool:
    """Whether a member that is not read looks like data all the same."""
    lowered = name.lower()
    return lowered.endswith((*_ARCHIVES, ".dbf", ".shx")) or Path(lowered).suffix in KINDS


def _unpack_one(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int) -> int:
    with archive.open(member) as source, target.open("wb") as sink:
        while block := source.read(1 << 20):
            left -= len(block)
            if left < 0:
                raise Refusal("R423", detail=member.filename[:80])
            sink.write(block)
    return left


def _member_names(members: list[zipfile.ZipInfo]) -> tuple[list[str], str | None]:
    """Decode member names: UTF-8 where flagged, else UTF-8 or GB 18030 by the bytes."""
    names, codec = [], None
    for member in members:
        name = getattr(member, "orig_filename", member.filename)
        if not member.flag_bits & 0x800:
            try:
                raw = name.encode("cp437")
            except UnicodeEncodeError:
                raw = b""
            if raw and not raw.isascii():
                for trial in ("utf-8", "gb18030"):
                    try:
                        name = raw.decode(trial)
                    except UnicodeDecodeError:
                        continue
                    codec = trial
                    break
        names.append(name.split("\x00")[0])
    return names, codec


def _data_sets(
    kept: list[tuple[zipfile.ZipInfo, str]],
) -> list[tuple[str, str, list[tuple[zipfile.ZipInfo, str]]]]:
    groups: dict[str, list[tuple[zipfile.ZipInfo, str]]] = {}
    bases: dict[str, list[tuple[zipfile.ZipInfo, str]]] = {}
    sets = []
    for member, name in kept:
        folder = next((p for p in Path(name).parts[:-1] if p.lower().endswith(".gdb")), None)
        if folder is not None:
            if _GDB_FILE.match(Path(name).name):
                bases.setdefault(name[: name.index(folder) + len(folder)], []).append(
                    (member, name)
                )
        elif Path(name).suffix.lower() in COMPANIONS:
            groups.setdefault(str(Path(name).with_suffix("")).casefold(), []).append((member, name))
        elif (kind := KINDS.get(Path(name).suffix.lower())) and kind not in {"zip", "gdb", "csv"}:
            sets.append((kind, Path(name).stem, [(member, name)]))
    for files in groups.values():
        shp = [n for _, n in files if n.lower().endswith(".shp")]
        if shp:
            sets.append(("shapefile", Path(shp[0]).stem, files))
    for folder, files in bases.items():
        sets.append(("gdb", Path(folder).stem, files))
    return sorted(sets, key=lambda s: (s[0], s[1]))


# --- the content ---------------------------------------------------------------------------------


def _look_at_content(staged: Staged, encoding: str | None) -> None:
    with staged.path.open("rb") as stream:
        head = stream.read(4096)
    look = _LOOKS[staged.kind]
    look(staged, head, encoding)


def _refuse_references(head: bytes) -> None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:2048]
    lowered = text.lower()
    for mark, name in (
        (b"<ogrvrt", "VRT"),
        (b"<vrtdataset", "VRT"),
        (b"gdal_streamed_alg", "GDALG"),
        (b"<wfs", "WFS"),
        (b"<gdal_wms", "WMS"),
        (b"<!doctype html", "HTML"),
        (b"<html", "HTML"),
    ):
        if mark in lowered:
            raise Refusal("R430" if name != "HTML" else "R403", detail=name)


def _look_shapefile(_s: Staged, head: bytes, _: str | None) -> None:
    _refuse_references(head)
    if len(head) < 100:
        raise Refusal("R405", detail=f".shp {len(head)} bytes")
    if struct.unpack(">i", head[:4])[0] != 9994:
        raise Refusal("R403", detail=".shp")


def _look_gpkg(_s: Staged, head: bytes, _: str | None) -> None:
    _refuse_references(head)
    if not head.startswith(b"SQLite format 3\x00"):
        raise Refusal("R403", detail=".gpkg")
    if len(head) < 100:
        raise Refusal("R405", detail=".gpkg")


def _look_geojson(staged: Staged, head: bytes, encoding: str | None) -> None:
    _refuse_references(head)
    for mark, name in (
        (b"SQLite format 3", "SQLite"),
        (b"PK\x03\x04", "ZIP"),
        (b"PAR1", "Parquet"),
    ):
        if head.startswith(mark):
            raise Refusal("R403", detail=f"{staged.path.suffix} ← {name}")
    _to_utf8(staged, head, encoding)
    with staged.path.open("rb") as stream:
        start = stream.read(4096).lstrip(b" \t\r\n\x1e")
    if not start.startswith(b"{"):
        raise Refusal("R403", detail=start[:20].decode("utf-8", "replace"))
    if b'"FeatureCollection"' not in start:
        _gather_lines(staged)


def _gather_lines(staged: Staged) -> None:
    """Make one collection of GeoJSON that stands line by line, or record by record (RFC 8142)."""
    gathered = staged.path.with_name("gathered.json")
    with staged.path.open("rb") as stream:
        marked = stream.read(1) == b"\x1e"
        stream.seek(0)
        lines = (
            line.replace(b"\x1e", b"").strip()
            for line in iter(lambda: stream.readline(MOST_LINE), b"")
        )
        first = next((line for line in lines if line), b"")
        second = next((line for line in lines if line), b"")
        if not marked and not (
            _FEATURE.match(first)
            and first.endswith(b"}")
            and _FEATURE.match(second)
            and second.endswith(b"}")
        ):
            return
        stream.seek(0)
        count, ended = _gather(stream, gathered, marked=marked)
    gathered.replace(staged.path)
    staged.add("R414", measured=count)
    if not ended:
        staged.add("R429", measured=count)


def _gather(stream: BinaryIO, target: Path, *, marked: bool) -> tuple[int, bool]:
    """Write a sequence as one collection, line by line; say how many, and if the last is ended."""
    count, line = 0, b""
    with target.open("wb") as sink:
        sink.write(b'{"type":"FeatureCollection","features":[')
        for line in stream:
            begins = line.startswith(b"\x1e") if marked else bool(line.strip())
            if begins:
                sink.write(b"," if count else b"")
                count += 1
            sink.write(line.replace(b"\x1e", b""))
        sink.write(b"]}")
    return count, line.endswith((b"\n", b"\r"))


_FEATURE = re.compile(rb"""^\{.*"type"\s*:\s*"Feature"\s*[,}]""", re.DOTALL)
_XML_CODEC = re.compile(r"""^<\?xml[^>]*?encoding\s*=\s*["']([\w.-]+)["'][^>]*\?>""")


def _look_kml(staged: Staged, head: bytes, encoding: str | None) -> None:
    _refuse_references(head)
    told = _XML_CODEC.match(head[:200].decode("latin-1").lstrip("\ufeffï»¿"))
    declared = told[1] if told else None
    staged.declared_encoding = declared
    codec = codec_of(declared)
    if encoding is None and codec not in {None, "utf-8", "utf-16"}:
        encoding = codec
    _to_utf8(staged, head, encoding)
    content = staged.path.read_bytes()
    text = content[:4096].decode("utf-8", "replace").lstrip()
    if not text.startswith("<") or "kml" not in text.lower():
        raise Refusal("R403", detail=".kml")
    if _XML_CODEC.match(text):
        begin = content.index(b"<?xml")
        end = content.index(b"?>", begin) + 2
        staged.path.write_bytes(b'<?xml version="1.0" encoding="UTF-8"?>' + content[end:])


def _to_utf8(staged: Staged, head: bytes, encoding: str | None) -> None:
    """Make the copy UTF-8 without a mark; say so if that was not what it was."""
    marked = head.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if encoding is None and not marked and _is_utf8(staged.path):
        return
    if staged.path.stat().st_size > LARGE_TEXT:
        raise Refusal("R203", detail="UTF-8")
    answer = decode_bytes(staged.path.read_bytes(), forced=encoding)
    if answer is None:
        raise Refusal("R203", detail=encoding or "UTF-8, GB 18030")
    text, found = answer
    staged.path.write_bytes(text.encode("utf-8", "surrogatepass"))
    if found.rule is not None:
        staged.add("R202", other="UTF-8", detail=f"{found.name} ({found.evidence})")


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        try:
            while block := stream.read(1 << 24):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _look_dxf(staged: Staged, head: bytes, _: str | None) -> None:
    _refuse_references(head)
    if head.startswith(b"AutoCAD Binary DXF"):
        raise Refusal("R403", detail="二进制 DXF binary DXF")
    if head.startswith(b"AC10"):
        raise Refusal("R403", detail="DWG")
    start = head.lstrip(codecs.BOM_UTF8).lstrip()
    if not re.match(rb"(999\s|0\s*\r?\n\s*SECTION)", start):
        raise Refusal("R403", detail=".dxf")
    with staged.path.open("rb") as stream:
        stream.seek(max(0, staged.path.stat().st_size - 64))
        if not re.search(rb"\n\s*EOF\s*$", stream.read()):
            raise Refusal("R405", detail="DXF: EOF")


def _look_fgb(_s: Staged, head: bytes, _: str | None) -> None:
    _refuse_references(head)
    if head[:3] != b"fgb" or head[4:7] != b"fgb":
        raise Refusal("R403", detail=".fgb")


def _look_parquet(staged: Staged, head: bytes, _: str | None) -> None:
    _refuse_references(head)
    if not head.startswith(b"PAR1"):
        raise Refusal("R403", detail=".parquet")
    with staged.path.open("rb") as stream:
        stream.seek(max(0, staged.path.stat().st_size - 4))
        if stream.read() != b"PAR1":
            raise Refusal("R405", detail="Parquet")


def _look_csv(staged: Staged, head: bytes, _: str | None) -> None:
    _refuse_references(head)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"SQLite format 3", b"%PDF")):
        raise Refusal("R403", detail=staged.path.suffix)
    if b"\x00" in head and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Refusal("R403", detail=staged.path.suffix)


def _look_xlsx(staged: Staged, head: bytes, _: str | None) -> None:
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refusal("R403", detail="旧版或加密的 Excel，请另存为 .xlsx old or encrypted Excel")
    if not head.startswith(b"PK\x03\x04"):
        raise Refusal("R403", detail=".xlsx")
    try:
        with zipfile.ZipFile(staged.path) as archive:
            members = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise Refusal("R403", detail=".xlsx")
            if len(members) > MOST_MEMBERS:
                raise Refusal("R444", measured=len(members), limit=MOST_MEMBERS)
            total = sum(m.file_size for m in members)
            if total > max(FREE_UNPACKED, MOST_RATIO * staged.size):
                raise Refusal("R423", detail=f"{total:,} bytes")
            if any(m.flag_bits & 1 for m in members):
                raise Refusal("R422")
    except (zipfile.BadZipFile, struct.error, NotImplementedError) as problem:
        raise Refusal("R405", detail=f"XLSX: {problem}") from problem
    except ValueError as problem:
        if isinstance(problem, Refusal):
            raise
        raise Refusal("R405", detail=f"XLSX: {problem}") from problem


_LOOKS = {
    "shapefile": _look_shapefile,
    "gpkg": _look_gpkg,
    "geojson": _look_geojson,
    "kml": _look_kml,
    "dxf": _look_dxf,
    "fgb": _look_fgb,
    "parquet": _look_parquet,
    "csv": _look_csv,
    "xlsx": _look_xlsx,
}


def read_exactly(stream: BinaryIO, count: int) -> bytes:
    """Read `count` bytes or refuse the file as cut."""
    content = stream.read(count)
    if len(content) != count:
        raise Refusal("R405", detail=f"{len(content)} < {count}")
    return content

"""Archives: unpacked here, member by member, with limits, into the data sets that lie in them."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ..log import Refusal
from .format import NO_ROOM, Format, Formats, Staged

__all__ = ["FREE_UNPACKED", "MOST_MEMBERS", "MOST_RATIO", "SUFFIXES", "unpack"]

SUFFIXES = {".zip", ".kmz"}
MOST_MEMBERS = 10_000
MOST_SETS, SIZE_PER_SET = 16, 1 << 17  # each set of an archive has a reader of its own
MOST_UNPACKED = 16 << 30
MOST_RATIO = 200
FREE_UNPACKED = 64 << 20  # below this the ratio does not matter
_JUNK = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store|Thumbs\.db|desktop\.ini)", re.IGNORECASE)
_OTHERS = (".zip", ".rar", ".7z", ".gz", ".tar", ".bz2", ".xz", ".tgz", ".kmz")


@dataclass(frozen=True, slots=True)
class _Member:
    """A member, and the archive it lies in: the one that was given or one inside it."""

    archive: zipfile.ZipFile
    info: zipfile.ZipInfo


Members: TypeAlias = list[tuple[_Member, str]]
Sets: TypeAlias = list[tuple[Format, str, Members]]


def unpack(box: Path, path: Path, work: Path, formats: Formats) -> list[Staged]:
    """Unpack the copy of an archive into data sets below `work`; `path` is where it came from.

    Archives inside it are unpacked too, those inside them are not; all share one allowance of bytes,
    of members and of data sets.

    Raises
    ------
    Refusal
        If it is damaged, hides something or grows too large.
    """
    with box.open("rb") as stream:
        if stream.read(4) not in {b"PK\x03\x04", b"PK\x05\x06"}:
            raise Refusal("R403", detail="ZIP")
    try:
        with ExitStack() as opened:
            archive = opened.enter_context(zipfile.ZipFile(box))
            return _unpack(archive, path, work, formats, box.stat().st_size, opened)
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


def _unpack(
    archive: zipfile.ZipFile, path: Path, work: Path, formats: Formats, size: int, opened: ExitStack
) -> list[Staged]:
    left = min(MOST_UNPACKED, max(FREE_UNPACKED, MOST_RATIO * size))
    kept, codec = _members(archive, MOST_MEMBERS)
    kept, inside, left = _with_inner(kept, work, left, opened)
    codec = codec or inside
    sets = _data_sets(kept, formats)
    if not sets:
        inner = [n for _, n in kept if n.lower().endswith(_OTHERS)]
        if inner:
            raise Refusal("R424", detail=inner[0][:80])
        raise Refusal("R412", detail="、".join(sorted({Path(n).suffix for _, n in kept})[:10]))
    if len(sets) > (most := MOST_SETS + size // SIZE_PER_SET):
        raise Refusal("R444", measured=len(sets), limit=most)
    staged = []
    for number, (form, stem, files) in enumerate(sets):
        room = work / f"set-{number}"
        place = room if form.folder is None else room / f"data{form.suffixes[0]}"
        place.mkdir(parents=True)
        copies: dict[str, Path] = {}
        for member, name in files:
            suffix = Path(name).suffix.lower()
            target = place / (f"data{suffix}" if form.folder is None else Path(name).name)
            left = _unpack_one(member, target, left)
            copies[suffix] = target
        main = place if form.folder else next(copies[s] for s in copies if s in form.suffixes)
        total = sum(f.stat().st_size for f in place.iterdir())
        one = Staged(form, path, stem, main, total, companions=copies if form.companions else {})
        if codec is not None:
            one.add("R213", detail=codec)
        if main.is_file() and main.stat().st_size == 0:
            raise Refusal("R404")
        staged.append(one)
    taken = {name for _, _, files in sets for _, name in files}
    if beside := [name for _, name in kept if name not in taken and _is_data(name, formats)]:
        staged[0].add("R427", measured=len(beside), detail="、".join(beside)[:200])
    return staged


def _with_inner(
    kept: Members, work: Path, left: int, opened: ExitStack
) -> tuple[Members, str | None, int]:
    """Put the members of the archives among some members in their place, named as in a folder.

    Returns them, in which code the names inside are, and the bytes that are left.
    """
    all_of: Members = []
    codec, room = None, MOST_MEMBERS - len(kept)
    for number, (member, name) in enumerate(kept):
        if Path(name).suffix.lower() not in SUFFIXES:
            all_of.append((member, name))
            continue
        box = work / f"inner-{number}"
        left = _unpack_one(member, box, left)
        opened.callback(box.unlink, missing_ok=True)
        try:
            inner = opened.enter_context(zipfile.ZipFile(box))
        except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, struct.error) as problem:
            raise Refusal("R405", detail=f"{name[:80]}: {problem}") from problem
        within, code = _members(inner, room)
        room -= len(within)
        codec = codec or code
        all_of += [(one, f"{Path(name).with_suffix('')}/{inside}") for one, inside in within]
    return all_of, codec, left


def _members(archive: zipfile.ZipFile, most: int) -> tuple[Members, str | None]:
    """Return the members that are no junk with their names, and in which code names are."""
    members = archive.infolist()
    if len(members) > most:
        raise Refusal("R444", measured=MOST_MEMBERS - most + len(members), limit=MOST_MEMBERS)
    names, codec = _member_names(members)
    seen: set[str] = set()
    kept: Members = []
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
        kept.append((_Member(archive, member), plain))
    return kept, codec


def _is_data(name: str, formats: Formats) -> bool:
    """Whether a member that is not read looks like data all the same."""
    lowered = name.lower()
    return lowered.endswith((*_OTHERS, ".dbf", ".shx")) or Path(lowered).suffix in formats


def _unpack_one(member: _Member, target: Path, left: int) -> int:
    with member.archive.open(member.info) as source, target.open("wb") as sink:
        while block := source.read(1 << 20):
            left -= len(block)
            if left < 0:
                raise Refusal("R423", detail=member.info.filename[:80])
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


def _data_sets(kept: Members, formats: Formats) -> Sets:
    """Return the data sets among members: single files, sets of one stem, folders."""
    sets: Sets = []
    parts: dict[tuple[str, str], Members] = {}
    folders: dict[str, Members] = {}
    of_companion = {c: main for main, form in formats.items() for c in form.companions}
    for member, name in kept:
        suffix = Path(name).suffix.lower()
        within = next((p for p in Path(name).parts[:-1] if _folder(p, formats)), None)
        if within is not None:
            form = formats[Path(within).suffix.lower()]
            if form.folder is not None and form.folder.match(Path(name).name):
                base = name[: name.index(within) + len(within)]
                folders.setdefault(base, []).append((member, name))
        elif suffix in of_companion:
            stem = str(Path(name).with_suffix("")).casefold()
            parts.setdefault((of_companion[suffix], stem), []).append((member, name))
        elif (found := formats.get(suffix)) and not found.alone and found.folder is None:
            sets.append((found, Path(name).stem, [(member, name)]))
    for base, files in _bare_folders(kept, formats).items():
        folders.setdefault(base, []).extend(files)
    for (main, _), files in parts.items():
        if heads := [name for _, name in files if name.lower().endswith(main)]:
            sets.append((formats[main], Path(heads[0]).stem, files))
    for base, files in folders.items():
        whose = formats.get(Path(base).suffix.lower()) or _whose_folder(files, formats)
        if whose is not None:
            sets.append((whose, Path(base).stem or "data", files))
    return sorted(sets, key=lambda s: (s[0].name, s[1]))


def _bare_folders(kept: Members, formats: Formats) -> dict[str, Members]:
    """Return files of a data set that is a folder where the folder itself was not packed."""
    found: dict[str, Members] = {}
    for member, name in kept:
        path = Path(name)
        if any(_folder(part, formats) for part in path.parts[:-1]):
            continue
        if any(
            form.folder is not None and form.folder.match(path.name) for form in formats.values()
        ):
            found.setdefault(str(path.parent), []).append((member, name))
    return {base: files for base, files in found.items() if _whose_folder(files, formats)}


def _whose_folder(files: Members, formats: Formats) -> Format | None:
    """Return the format whose heart is among some files."""
    names = {Path(name).name.lower() for _, name in files}
    return next((form for form in formats.values() if form.heart and form.heart in names), None)


def _folder(part: str, formats: Formats) -> bool:
    form = formats.get(Path(part).suffix.lower())
    return form is not None and form.folder is not None

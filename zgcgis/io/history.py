"""What was done to a zone: the ledger, and what a layer was before, to be put back byte for byte.

A change of a layer is kept under a folder of the zone: ``fixes`` for outlines that were cleaned,
``imports`` for the last delivery. Each record holds the file as it was and says of which state it
was kept and which came after, so that nothing is put back over what was changed since.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..language.errors import ZoneError
from ..language.safe_text import Text, json_text, well_formed
from ..runs import hold
from .spreadsheets import csv_bytes
from .stored.outside import refuse_links
from .writing import replace_and_keep, write_bytes_whole, write_text_whole, write_whole
from .zones import layer_files, zone_folder

__all__ = ["FIX", "IMPORT", "Kept", "keep", "locked", "next_delivery", "take_back", "tell", "undo_import"]  # fmt: skip

WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Kept:
    """A kind of change that can be taken back: its folder, its record, and what it is called."""

    folder: str
    record: str
    name: Text

    def places(self, zone: Path, level: str) -> list[Path]:
        """Return the records of a level, the latest last."""
        there = sorted((zone / self.folder).glob(f"{level}-[0-9][0-9][0-9]"))
        return [place for place in there if (place / self.record).is_file()]

    def next_place(self, zone: Path, level: str) -> Path:
        """Return where the next record of a level shall stand."""
        there = sorted((zone / self.folder).glob(f"{level}-[0-9][0-9][0-9]"))
        there = [place for place in there if any(place.iterdir())]
        number = int(there[-1].name.rpartition("-")[2]) + 1 if there else 1
        return zone / self.folder / f"{level}-{number:03d}"


FIX = Kept("fixes", "fix.json", Text("整理", "fix"))
IMPORT = Kept("imports", "import.json", Text("导入", "import"))


def keep(
    zone: Path,
    level: str,
    kind: Kept,
    facts: Mapping[str, Any],
    fill: Callable[[Path, Path], Path],
    entry: Mapping[str, Any] | None = None,
) -> Path:
    """Replace the layer of a level, and keep what it was with a record of the change.

    Parameters
    ----------
    zone, level, kind
        The zone's folder, the level, and what is done to it.
    facts
        What the record says of it.
    fill
        Makes the new layer in the first folder it is given, and what is to be read of the change
        in the second; returns the new layer's file.
    entry
        What the ledger says of the change.

    Returns
    -------
    place
        The folder of the record.
    """
    for last in kind.places(zone, level)[-1:]:
        if _never_written(zone, level, _facts(last, kind)):
            _forget(last)
    old = layer_files(zone / "layers").get(level)
    before: dict[str, str | None] = {"file": None, "before_sha256": None}
    if old is not None:
        before = {"file": old.name, "before_sha256": _sha256(old)}

    def made(work: Path, record: Path) -> Path:
        new = fill(work, record)
        told = {**facts, **before, "after_sha256": _sha256(new)}
        write_text_whole(record / kind.record, json_text(told) + "\n")
        return new

    place = kind.next_place(zone, level)
    ledger = {} if entry is None else _ledger(zone, entry)
    replace_and_keep(old, zone / "layers", place, made, ledger)
    return place


def take_back(zone: str | Path, level: str, kind: Kept) -> Path:
    """Put the layer of a level back as it was before the last change of a kind, byte for byte.

    Returns
    -------
    path
        The file of the layer.

    Raises
    ------
    ZoneError
        If there was none, or the layer was changed since.
    """
    folder = zone_folder(zone)
    refuse_links(folder)
    with locked(folder):
        path = _take_back(folder, level, kind)
    if path is None:
        raise _nothing(folder, kind, level)
    return path


def _nothing(folder: Path, kind: Kept, level: str) -> ZoneError:
    return ZoneError(
        f"{folder} 的 {level} 图层没有可以还原的{kind.name.zh}。",
        f"No {kind.name.en} of the {level} layer of {folder} is there to be taken back.",
    )


def _take_back(folder: Path, level: str, kind: Kept) -> Path | None:
    path = layer_files(folder / "layers").get(level)
    for place in reversed(kind.places(folder, level)):
        facts = _facts(place, kind)
        state = None if path is None else _sha256(path)
        if path is not None and state == facts["after_sha256"]:
            back = path.with_name(facts["file"]) if facts["file"] else None
            if back is not None:
                kept = partial(shutil.copyfile, place / str(facts["file"]))
                write_whole(back, kept, of_zone=True)
            if back != path:
                path.unlink()
            _forget(place)
            return back or path
        if state != facts["before_sha256"]:  # else it was kept, and never came to be written
            raise _changed_since(folder, level, kind, place)
        _forget(place)
    return None


def _never_written(folder: Path, level: str, facts: Mapping[str, Any]) -> bool:
    """Whether a change was kept and its layer never came to be written: the run was killed."""
    path = layer_files(folder / "layers").get(level)
    state = None if path is None else _sha256(path)
    return bool(state == facts["before_sha256"] != facts["after_sha256"])


def _changed_since(folder: Path, level: str, kind: Kept, place: Path) -> ZoneError:
    zh, en = kind.name.zh, {"fix": "fixed", "import": "imported"}[kind.name.en]
    fixed = kind is IMPORT and bool(FIX.places(folder, level))
    way_zh = "先用 zgcgis fix --undo 还原整理。" if fixed else ""
    way_en = " Take the fix back first with zgcgis fix --undo." if fixed else ""
    return ZoneError(
        f"{folder} 的 {level} 图层在{zh}之后又改动过，不能还原。{zh}前的图层在 {place}。{way_zh}",
        f"The {level} layer of {folder} was changed after it was {en} and cannot be put back. "
        f"What it was before stands in {place}.{way_en}",
    )


def _facts(place: Path, kind: Kept) -> dict[str, Any]:
    path = place / kind.record
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        name = facts["file"]
        if name is not None and (Path(name).name != name or not (place / name).is_file()):
            raise ValueError(name)
        if not isinstance(facts["after_sha256"], str) or "before_sha256" not in facts:
            raise ValueError(facts["after_sha256"])
    except (OSError, ValueError, LookupError, TypeError) as problem:
        raise ZoneError(
            f"{path} 不是有效的{kind.name.zh}记录，不能还原。此前的图层在 {place}，可用 zgcgis import 导入。",
            f"{path} is no valid record of a change ({kind.name.en}). What the layer was stands in "
            f"{place}; bring it in with zgcgis import.",
        ) from problem
    return dict(facts)


def _forget(place: Path) -> None:
    shutil.rmtree(place)
    if not any(place.parent.iterdir()):
        place.parent.rmdir()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- imports, which come by deliveries ------------------------------------------------------------


def next_delivery(zone: Path) -> int:
    """Return the number of the next delivery, one more than that of the last that was written."""
    written = (
        number
        for number, level, place in _deliveries(zone)
        if not _never_written(zone, level, _facts(place, IMPORT))
    )
    return max(written, default=0) + 1


def _deliveries(zone: Path) -> list[tuple[int, str, Path]]:
    """Return the number of the delivery, the level and the place of every import that is kept."""
    there = sorted((zone / IMPORT.folder).glob(f"*-[0-9][0-9][0-9]/{IMPORT.record}"))
    found = []
    for path in there:
        number = _facts(path.parent, IMPORT).get("delivery")
        if not isinstance(number, int):
            number = 0
        found.append((number, path.parent.name.rpartition("-")[0], path.parent))
    return found


def forget_earlier(zone: Path, delivery: int) -> None:
    """Let go of what layers were before an earlier delivery; its list of changes stays."""
    for number, _, place in _deliveries(zone):
        if number < delivery:
            facts = _facts(place, IMPORT)
            (place / IMPORT.record).unlink()
            if facts["file"]:
                (place / facts["file"]).unlink()
            if not any(place.iterdir()):
                place.rmdir()


def undo_import(zone: str | Path) -> list[tuple[str, Path | None]]:
    """Take the last import back: every layer that it brought or changed is as it was before.

    Returns
    -------
    layers
        The levels, each with the file of its layer, None where there was no layer before.

    Raises
    ------
    ZoneError
        If there is none, or a layer was changed since; nothing is changed then.
    """
    folder = zone_folder(zone)
    refuse_links(folder)
    with locked(folder):
        kept = _deliveries(folder)
        last = max((number for number, _, _ in kept), default=0)
        levels = list(dict.fromkeys(level for number, level, _ in kept if number == last))
        for level in levels:
            _refuse_changed(folder, level)
        done: list[tuple[str, Path | None]] = []
        for level in levels:
            facts: dict[str, Any] = {}
            while places := IMPORT.places(folder, level):
                told = _facts(places[-1], IMPORT)
                if told.get("delivery") != last or _take_back(folder, level, IMPORT) is None:
                    break
                facts = told
            if not facts:
                continue
            path = layer_files(folder / "layers").get(level)
            done.append((level, path))
            tell(folder, {"level": level, **facts["import"], "how": "undo"})
    if not done:
        raise ZoneError(
            f"{folder} 没有可以还原的导入。", f"No import into {folder} is there to be taken back."
        )
    return done


def _refuse_changed(folder: Path, level: str) -> None:
    path = layer_files(folder / "layers").get(level)
    state = None if path is None else _sha256(path)
    place = IMPORT.places(folder, level)[-1]
    facts = _facts(place, IMPORT)
    if state not in {facts["after_sha256"], facts["before_sha256"]}:
        raise _changed_since(folder, level, IMPORT, place)


# --- the ledger ----------------------------------------------------------------------------------


def tell(folder: Path, entry: Mapping[str, Any], *, once: bool = False) -> None:
    """Enter a change in the ledger with its date; `once` leaves out what stands there already."""
    for path, content in _ledger(folder, entry, once=once).items():
        write_bytes_whole(path, content, of_zone=True)


def _ledger(folder: Path, entry: Mapping[str, Any], *, once: bool = False) -> dict[Path, bytes]:
    """Return what the files of the ledger hold with one entry more; none if it is there already."""
    path = folder / "ledger.json"
    entries: list[dict[str, Any]] = []
    if path.is_file():
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))["imports"]
        except (ValueError, KeyError) as problem:
            raise ZoneError(
                f"{path} 不是有效的台账（{problem}）。请从备份恢复，或移走后重新导入。",
                f"{path} is no valid ledger ({problem}). Restore it, or move it away and import again.",
            ) from problem
    aside = {"date", "rules", "repairs", "refused", "changes"}
    mine = {key: value for key, value in entry.items() if key not in aside}
    if once and any({k: e.get(k) for k in mine} == mine for e in entries):
        return {}
    date = dt.datetime.now(tz=dt.UTC).replace(microsecond=0).isoformat()
    entries.append({**entry, "date": date})
    text = json_text({"schema": "zgcgis.ledger/1", "imports": entries})
    lines = [
        {
            "date": e["date"],
            "level": e["level"],
            "file": e["file"],
            "layer": e["layer"],
            "how": e["how"],
            **{f"features_{k}": v for k, v in e["counts"].items()},
            "options": json.dumps(e["options"], ensure_ascii=False),
            "sha256": e["sha256"],
        }
        for e in entries
    ]
    heads = list(dict.fromkeys(name for line in lines for name in line))
    rows = [[line.get(name) for name in heads] for line in lines]
    return {
        path: f"{well_formed(text)}\n".encode(),
        folder / "ledger.csv": csv_bytes([heads, *rows]),
    }


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a zone for one import or fix at a time; the lock goes with its holder, however that ends."""
    path = folder / ".zgcgis.lock"
    end = time.monotonic() + WAIT_SECONDS
    try:
        while (held := hold(path, os.O_RDWR | os.O_CREAT, 0o666)) is None:
            if time.monotonic() > end:
                raise ZoneError(
                    f"{folder} 正被另一个导入占用。请等它完成后重试。",
                    f"{folder} is held by another import. Wait until it is done.",
                )
            time.sleep(0.1)
    except OSError as problem:
        raise ZoneError(
            f"无法锁定 {folder}：{path.name} 应是可写的普通文件（{problem.strerror}）。"
            "请检查权限，或移走它后重试。",
            f"{folder} cannot be held for an import: {path.name} should be a plain file that can be "
            f"written ({problem.strerror}). See to its permissions, or move it away and try again.",
        ) from problem
    with held:
        yield

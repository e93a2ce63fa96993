"""GeoPackages: whole to the last page, nothing in them is run, and each table's rows.

Only tables are ever asked. What could run, views and foreign triggers, is taken out of the copy
before GDAL sees it; a view in the place of a table of the format refuses the file.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import Refused
from .gdal import read_layers

__all__ = ["check_pages", "look", "read"]

_OWN_TRIGGER = re.compile(
    r"^(rtree_|trigger_(insert|delete|update)_feature_count_|gpkg_|trg_|fki_|ggi_|ggu_|gii_|giu_)",
    re.IGNORECASE,
)
_OF_THE_FORMAT = re.compile(r"^(gpkg|rtree|sqlite|idx)_", re.IGNORECASE)
_OF_PROGRAMS = {"layer_styles", "qgis_projects"}
_JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"


def read(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Read a GeoPackage while its pages are checked."""
    path = Path(job["path"])
    facts = look(path)
    with ThreadPoolExecutor(1) as beside:
        checked = beside.submit(check_pages, path)
        try:
            options = {"LIST_ALL_TABLES": "NO"}
            facts |= read_layers(job, out, tables=facts["tables"], options=options)
        finally:
            checked.result()
    return facts


def look(path: Path) -> dict[str, Any]:
    """List what a GeoPackage holds and count its rows, without running any of it."""
    page = _look_at_size(path)
    beside = {end: path.with_name(path.name + end) for end in ("-wal", "-journal")}
    frames = _frames(beside["-wal"], page)
    _look_at_journal(beside["-journal"])
    try:
        with contextlib.closing(_open(path, "rw")) as base:
            base.execute("PRAGMA trusted_schema=OFF")
            objects = base.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
            applied = base.execute("PRAGMA wal_checkpoint").fetchone()[1] if frames else 0
            facts = _contents(base, objects)
            _take_out(base, facts)
    except UnicodeDecodeError as problem:
        raise Refused("R405", detail=f"SQLite: {problem}"[:200]) from problem
    except sqlite3.Error as problem:
        missing = "no such table: gpkg_contents" in str(problem)
        raise Refused("R403" if missing else "R405", detail=str(problem)) from problem
    if applied < frames:
        detail = f"-wal {max(applied, 0)} / {frames}"
        facts["findings"] = [{"rule": "R419", "detail": detail}]
    return facts


def check_pages(path: Path) -> None:
    """Refuse a database with a damaged page, whatever its size."""
    try:
        with contextlib.closing(_open(path, "ro")) as base:
            base.execute("PRAGMA trusted_schema=OFF")
            answer = base.execute("PRAGMA quick_check(1)").fetchone()[0]
    except (sqlite3.Error, UnicodeDecodeError) as problem:
        raise Refused("R405", detail=str(problem)[:200]) from problem
    if answer != "ok":
        raise Refused("R405", detail=" ".join(str(answer).split())[:200])


def _open(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True, isolation_level=None)


def _look_at_size(path: Path) -> int:
    """Return the size of a page; a file with fewer pages than its header says is refused."""
    with path.open("rb") as stream:
        header = stream.read(100)
    page = int.from_bytes(header[16:18], "big")
    page = 65_536 if page == 1 else page
    pages = int.from_bytes(header[28:32], "big")
    size = path.stat().st_size
    beside = any(path.with_name(path.name + end).exists() for end in ("-wal", "-journal"))
    if (page < 512 or page & (page - 1)) or (pages * page > size and not beside):
        raise Refused("R405", detail=f"{size} < {pages * page}")
    return page


def _frames(wal: Path, page: int) -> int:
    """Return how many frames of its present round a write-ahead log holds."""
    if not wal.exists() or not (size := wal.stat().st_size):
        return 0
    step = 24 + page
    with wal.open("rb") as stream:
        salt = stream.read(32)[16:24]
        count = 0
        for number in range(-(-(size - 32) // step)):
            stream.seek(32 + number * step + 8)
            if stream.read(8) != salt:
                break
            count += 1
    return max(count, 1)  # a log without a frame that fits is a damaged one


def _look_at_journal(journal: Path) -> None:
    """Refuse a rollback journal that is cut or damaged: SQLite would pass over it in silence."""
    if not journal.exists() or not (size := journal.stat().st_size):
        return
    with journal.open("rb") as stream:
        place = 0
        while place < size:
            stream.seek(place)
            header = stream.read(28)
            if not header[:12].strip(b"\x00"):
                return  # its transaction is done, or nothing of the rest had reached the database
            if not header.startswith(_JOURNAL) or len(header) < 28:
                raise Refused("R405", detail=f"-journal {place} / {size}")
            records, nonce, _, sector, page = struct.unpack(">iIIII", header[8:28])
            if not 512 <= page <= 65_536 or not 32 <= sector <= 65_536:
                raise Refused("R405", detail=f"-journal {place} / {size}")
            if not records:
                return
            there = (size - place - sector) // (page + 8)
            records = there if records < 0 else records
            stream.seek(place + sector)
            for number in range(records):
                if number >= there or not _is_whole(stream.read(page + 8), nonce, page):
                    raise Refused("R405", detail=f"-journal {number} / {records}")
            place = -(-(place + sector + records * (page + 8)) // sector) * sector


def _is_whole(record: bytes, nonce: int, page: int) -> bool:
    """Whether a page of a journal has the sum that stands behind it."""
    total = nonce + sum(record[4 + place] for place in range(page - 200, 0, -200))
    return total & 0xFFFFFFFF == int.from_bytes(record[-4:], "big")


def _contents(base: sqlite3.Connection, objects: list[tuple[str, str, str]]) -> dict[str, Any]:
    """Return tables, their rows, and what is neither run nor read."""
    kinds = {str(name).casefold(): kind for kind, name, _ in objects if kind != "trigger"}
    made = {str(name) for _, name, sql in objects if _is_made(sql)}
    plain = {str(n) for kind, n, _ in objects if kind == "table"} - made
    in_place = [
        str(name)
        for kind, name, _ in objects
        if (kind == "view" or name in made)
        and _OF_THE_FORMAT.match(str(name))
        and not (name in made and str(name).casefold().startswith("rtree_"))
    ]
    if in_place or kinds.get("gpkg_contents", "table") != "table":
        raise Refused("R437", detail="、".join(in_place or ["gpkg_contents"])[:200])
    there = {name.casefold() for name in plain}
    contents = base.execute("SELECT table_name, data_type FROM gpkg_contents").fetchall()
    tables = [
        str(n)
        for n, kind in contents
        if str(n).casefold() in there
        and kind in ("features", "attributes")
        and n not in _OF_PROGRAMS
    ]
    srs: dict[str, int] = {}
    with contextlib.suppress(sqlite3.Error):
        found = base.execute("SELECT table_name, srs_id FROM gpkg_geometry_columns").fetchall()
        srs = {str(name): number for name, number in found}
    return {
        "triggers": [n for k, n, _ in objects if k == "trigger" and not _OWN_TRIGGER.match(str(n))],
        "views": [n for k, n, _ in objects if k == "view"],
        "tables": tables,
        "not_read": [str(n) for n, _ in contents if str(n).casefold() not in there],
        "srs": srs,
        "stated": [entry for name in tables for entry in _rows(base, name, plain)],
    }


def _is_made(sql: object) -> bool:
    """Whether a table is a virtual one: its rows are made by a module."""
    return bool(re.match(r"\s*CREATE\s+VIRTUAL\b", str(sql), re.IGNORECASE))


def _rows(base: sqlite3.Connection, name: str, plain: set[str]) -> list[dict[str, Any]]:
    """Count the rows of a table, and what the format's own tables say of them."""
    (rows,) = base.execute(f"SELECT count(*) FROM {_quoted(name)} NOT INDEXED").fetchone()  # noqa: S608
    stated = [{"layer": name, "count": rows, "by": "count(*)", "sure": True}]
    if "gpkg_ogr_contents" in plain:
        for (told,) in base.execute(
            "SELECT feature_count FROM gpkg_ogr_contents WHERE lower(table_name) = lower(?)", [name]
        ):
            if isinstance(told, int):
                by = "gpkg_ogr_contents"
                stated.append({"layer": name, "count": told, "by": by, "sure": False})
    column = base.execute(
        "SELECT column_name FROM gpkg_geometry_columns WHERE lower(table_name) = lower(?)", [name]
    ).fetchone() if "gpkg_geometry_columns" in plain else None  # fmt: skip
    index = f"rtree_{name}_{column[0]}_rowid" if column else ""
    if column and index in plain:
        (kept,) = base.execute(f"SELECT count(*) FROM {_quoted(index)}").fetchone()  # noqa: S608
        shape = _quoted(column[0])
        shapes = f"SELECT count(*) FROM {_quoted(name)} NOT INDEXED WHERE {shape}"  # noqa: S608
        (there,) = base.execute(f"{shapes} IS NOT NULL").fetchone()
        if kept != there:  # an empty shape has no box: bit 4 of the flags
            flags = f"substr(hex(substr({shape}, 4, 1)), 1, 1)"
            (there,) = base.execute(
                f"{shapes} IS NOT NULL AND {flags} NOT IN ('1', '3', '5', '7', '9', 'B', 'D', 'F')"
            ).fetchone()
        if kept != there:
            stated.append({"layer": name, "count": rows - there + kept, "by": index, "sure": False})
    return stated


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _take_out(base: sqlite3.Connection, facts: dict[str, Any]) -> None:
    """Drop views and foreign triggers from the copy, so that nobody can run them."""
    if not facts["views"] and not facts["triggers"]:
        return
    for kind in ("triggers", "views"):
        for name in facts[kind]:
            base.execute(f"DROP {kind[:-1].upper()} IF EXISTS {_quoted(str(name))}")
    own = [n for (n,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    for name in own:  # nothing will be written that they would have to follow
        base.execute(f"DROP TRIGGER {_quoted(str(name))}")
    for table in ("gpkg_contents", "gpkg_geometry_columns", "gpkg_ogr_contents"):
        with contextlib.suppress(sqlite3.OperationalError):  # not every package has all three
            for name in facts["views"]:
                order = f"DELETE FROM {table} WHERE lower(table_name) = lower(?)"  # noqa: S608
                base.execute(order, [name])

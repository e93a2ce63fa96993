"""A zone in a database (工作库): a schema of ours in PostGIS holds what a zone folder holds.

::

    papers      zone.toml, plan.toml, parks.csv …: the files of the folder, byte for byte
    parcel …    one table per layer, named as its level: attributes, geometry in EPSG:4490
    loads       which layer was loaded when, by whom, from what
    checks      one row per check; findings: what each found, standing or waived

The schema is ``zgcgis``, or that which ``?schema=name`` in the address says; its comment tells
that it is ours. Of a layer's own columns ``zgcgis_row`` is the place of a feature in its layer,
``zgcgis_tile`` neighbours along a Hilbert curve, ``zgcgis_odd`` what its file was found to be.
Everybody may edit the layers: a check sees them as they are when it begins. One program writes at
a time; a second waits ten seconds and is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import replace as with_changes
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from geopandas import GeoDataFrame, GeoSeries
from pandas import DataFrame, Series

from ... import geo
from ...findings import COLUMNS, combine, describe
from ...language.errors import ReadError, WriteError
from ...language.safe_text import one_line
from ...model import LEVELS, Layers, Zone
from ...runs import work_folder
from ..stored import read_layer, typed_columns
from ..stored.sound import made_sound
from ..zones import layer_files, open_zone, zone_folder
from .copies import as_text, columns_of, copying, do, read_rows, type_of
from .parts import CURVE_ROWS, ServedLayer, versions
from .server import heard, transaction, url_of

__all__ = ["init", "load", "open_store", "write_findings"]

_MARK = "zgcgis store 1"
_OWN = ("zgcgis_row", "zgcgis_tile", "zgcgis_odd")
_LONG_S = 1_800.0  # a layer of a city and its indexes
_WAIT = "10s"
_ROWS = 20_000  # features on their way at once
_PAPERS = {".toml", ".csv", ".md"}
_TABLES = """
    CREATE SCHEMA {s};
    COMMENT ON SCHEMA {s} IS 'zgcgis store 1';
    CREATE TABLE {s}.papers (name text PRIMARY KEY, content bytea NOT NULL);
    CREATE TABLE {s}.loads (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz DEFAULT now(),
        by text DEFAULT current_user, zone text, level text, source text, sha256 text,
        features bigint);
    CREATE TABLE {s}.checks (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz DEFAULT now(),
        by text DEFAULT current_user, zone text, day date, partial boolean, asked jsonb,
        standing bigint, waived bigint);
    CREATE TABLE {s}.findings (
        check_number bigint REFERENCES {s}.checks ON DELETE CASCADE, number bigint, waived boolean,
        rule text, severity text, level text, feature text, other text, park text,
        measured double precision, "limit" double precision, unit text, detail text, clause text,
        zh text, en text, geometry geometry(Geometry, 4490), PRIMARY KEY (check_number, number));
    CREATE INDEX ON {s}.findings USING gist (geometry);
    CREATE VIEW {s}.latest_findings AS SELECT * FROM {s}.findings WHERE NOT waived AND
        check_number = (SELECT max(number) FROM {s}.checks WHERE NOT partial);
"""


# --- the schema ----------------------------------------------------------------------------------


def init(address: str) -> bool:
    """Make the schema of a store.

    Parameters
    ----------
    address
        ``postgresql://user@host:5432/database``, with ``?schema=name`` if it is not ``zgcgis``.

    Returns
    -------
    made
        Whether it was made; False if it is there already, and was left as it is.

    Raises
    ------
    WriteError
        If the database cannot be written to, has no PostGIS, or has another schema of that name.
    """
    base, schema = _split(address)
    with transaction(base, _LONG_S, fails_as=WriteError) as connection:
        if _comment(connection, schema) is not None:
            _ours(connection, schema, WriteError)
            return False
        (has,) = do(connection, "SELECT to_regtype('geometry') IS NOT NULL").fetchone()
        if not has:
            raise WriteError(
                "数据库里没有 PostGIS。请其所有者在库中运行 CREATE EXTENSION postgis，再试。",
                "the database has no PostGIS. Let its owner run CREATE EXTENSION postgis in it, "
                "and try again.",
            )
        do(connection, _TABLES, schema)
    return True


def _split(address: str) -> tuple[str, str]:
    """The address as the driver takes it, and the schema that it names."""
    url = url_of(address)
    schema = str(url.query.get("schema", "zgcgis"))
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", schema) or schema.startswith("pg_"):
        raise ReadError(
            f"模式名 {one_line(schema)!r} 不能用：应为小写字母、数字和下划线，不超过 63 个。",
            f"the schema {one_line(schema)!r} will not do: small letters, digits and underscores, "
            "63 at most.",
        )
    bare = url.difference_update_query(["schema"])
    return bare.render_as_string(hide_password=False), schema


def _comment(connection: Any, schema: str) -> str | None:
    """The comment of a schema, empty if it has none; None if it is not there."""
    asked = "SELECT coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = %s"
    row = do(connection, asked, "", schema).fetchone()
    return None if row is None else str(row[0])


def _ours(connection: Any, schema: str, kind: type[ReadError] | type[WriteError]) -> None:
    """Refuse a schema that is not there, or not ours."""
    found = _comment(connection, schema)
    if found == _MARK:
        return
    if found is None:
        raise kind(
            f"数据库里没有模式 {schema}。请先用 zgcgis db init 建立，再用 zgcgis db load 装入示范区。",
            f"the database has no schema {schema}. Make it with zgcgis db init, and put a zone "
            "into it with zgcgis db load.",
        )
    if found.startswith("zgcgis store "):
        raise kind(
            f"模式 {schema} 是另一版本建立的（{one_line(found)}，本版本为 {_MARK}）。请换一个模式（地址后加 "
            "?schema=名称）重新装入。",
            f"the schema {schema} was made by another version ({one_line(found)}; this one makes "
            f"{_MARK}). Load the zone into another (?schema=name after the address).",
        )
    raise kind(
        f"模式 {schema} 不是本工具建立的，未读未写。请在地址后加 ?schema=名称 换一个模式，再用 zgcgis db init 建立。",
        f"the schema {schema} was not made by this toolkit; nothing was read or written. Name "
        "another with ?schema=name after the address, and make it with zgcgis db init.",
    )


@contextlib.contextmanager
def _alone(connection: Any, schema: str) -> Iterator[None]:
    """Write as the only one: wait for another, but not for long."""
    from psycopg.errors import LockNotAvailable

    try:
        do(connection, f"SET LOCAL lock_timeout = '{_WAIT}'")
        do(connection, "LOCK TABLE {s}.loads IN EXCLUSIVE MODE", schema)
        yield
    except LockNotAvailable:
        raise WriteError(
            f"模式 {schema} 正被另一个程序使用，等了 {_WAIT} 仍未放开；未写入任何内容。请待其结束后再试。",
            f"the schema {schema} is in use by another program, which did not let go within {_WAIT}; "
            "nothing was written. Try again when it is done.",
        ) from None


# --- a zone in -----------------------------------------------------------------------------------


def load(address: str, zone: str | Path, *, replace: bool = False) -> dict[str, int]:
    """Put a zone into a store: its papers and layers, all or nothing.

    Parameters
    ----------
    address
        As for :func:`init`.
    zone
        A zone folder, or the name of a zone that ships.
    replace
        Whether to put it in the place of the zone that is there; what was edited there is lost.

    Returns
    -------
    features
        How many each level has.

    Raises
    ------
    ZoneError, ReadError
        If the zone cannot be used.
    WriteError
        If the store cannot be written to, is in use, or holds a zone and `replace` was not said.
    """
    base, schema = _split(address)
    root = zone_folder(zone)
    known = open_zone(root)
    files = layer_files(root / "layers")
    counts = {}
    with (
        transaction(base, _LONG_S, fails_as=WriteError) as connection,
        _alone_in(connection, schema),
    ):
        there = _zone_held(connection, schema)
        if there and not replace:
            raise WriteError(
                f"模式 {schema} 中已有示范区 {one_line(there)}，未作改动。要替换它（库中的编辑将丢失）"
                "请加 --replace，或在地址后加 ?schema=名称 换一个模式。",
                f"the schema {schema} holds the zone {one_line(there)} already and was left "
                "alone. To replace it (what was edited there is lost) say --replace, or name another "
                "schema with ?schema=name after the address.",
            )
        for level in _levels(connection, schema):
            do(connection, "DROP TABLE {s}.{t}", schema, t=level)
        do(connection, "DELETE FROM {s}.papers", schema)
        for path in sorted(root.iterdir()):
            if path.is_file() and path.suffix.lower() in _PAPERS:
                words = "INSERT INTO {s}.papers VALUES (%s, %s)"
                do(connection, words, schema, path.name, path.read_bytes())
        for table, path in files.items():
            level = "parcel" if table == known.land else table
            layer, odd = read_layer(path, level)
            counts[table] = _put(connection, schema, table, layer, odd)
            entry = (known.id, table, path.name, _digest(path), counts[table])
            words = "INSERT INTO {s}.loads (zone, level, source, sha256, features) VALUES (%s, %s, %s, %s, %s)"
            do(connection, words, schema, *entry)
        if not files:
            do(connection, "INSERT INTO {s}.loads (zone) VALUES (%s)", schema, known.id)
    return counts


@contextlib.contextmanager
def _alone_in(connection: Any, schema: str) -> Iterator[None]:
    _ours(connection, schema, WriteError)
    with _alone(connection, schema):
        yield


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _levels(connection: Any, schema: str) -> list[str]:
    """The levels of which a store has a table."""
    asked = "SELECT tablename FROM pg_tables WHERE schemaname = %s"
    there = {row[0] for row in do(connection, asked, "", schema).fetchall()}
    return sorted(there & set(LEVELS))


def _put(
    connection: Any, schema: str, table: str, layer: GeoDataFrame, odd: Mapping[int, str]
) -> int:
    """Make the table of a layer; its features lie along a Hilbert curve."""
    order = geo.hilbert_order(layer.geometry)
    bare = DataFrame(layer.drop(columns=layer.geometry.name))
    kinds = {str(name): type_of(bare[name], f"{table}.{name}") for name in bare}
    if taken := set(kinds) & {*_OWN, "geometry"}:
        raise WriteError(
            f"图层 {table} 的列 {sorted(taken)} 是工作库自己的列名，未装入。请在图层中改名。",
            f"columns {sorted(taken)} of the layer {table} are columns of the store's own; it was "
            "not loaded. Give them other names in the layer.",
        )
    own = {"zgcgis_tile": "bigint", "zgcgis_odd": "text"}
    key = "zgcgis_row bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    shape = "geometry geometry(Geometry{axes}, 4490) CHECK (NOT ST_HasArc(geometry))"
    names = {f"c{k}": name for k, name in enumerate([*own, *kinds])}
    columns = [f"{{c{k}}} {kind}" for k, kind in enumerate([*own.values(), *kinds.values()])]
    has_z = bool(shapely.has_z(layer.geometry.array).any())
    made = ", ".join([key, *columns, shape.replace("{axes}", "Z" if has_z else "")])
    do(connection, f"CREATE TABLE {{s}}.{{t}} ({made})", schema, t=table, **names)
    marks = Series(odd, dtype="object").reindex(range(len(layer)))
    held = ", ".join(["zgcgis_row", *(f"{{{c}}}" for c in names), "geometry"])
    statement = f"COPY {{s}}.{{t}} ({held}) FROM STDIN (FORMAT csv)"
    with copying(connection, statement, schema, t=table, **names) as stream:
        for first in range(0, len(layer), _ROWS):
            rows = order[first : first + _ROWS]
            tile = np.arange(first, first + len(rows)) // CURVE_ROWS
            own_cells = [
                pa.array(rows),
                pa.array(tile),
                pa.array(marks.iloc[rows], pa.large_string()),
            ]
            stream.write(
                as_text(own_cells, bare.iloc[rows], kinds, layer.geometry.array[rows], has_z)
            )
            heard(connection)
    restart = f"ALTER TABLE {{s}}.{{t}} ALTER zgcgis_row RESTART WITH {len(layer):d}"
    do(connection, restart, schema, t=table)
    do(connection, "CREATE INDEX ON {s}.{t} USING gist (geometry)", schema, t=table)
    for name in ["zgcgis_tile", *(n for n in kinds if n == "id" or n.endswith("_id"))]:
        do(connection, "CREATE INDEX ON {s}.{t} ({c})", schema, t=table, c=name)
    do(connection, "ANALYZE {s}.{t}", schema, t=table)
    heard(connection)
    (count,) = do(connection, "SELECT count(*) FROM {s}.{t}", schema, t=table).fetchone()
    if count != len(layer):
        raise WriteError(
            f"表 {schema}.{table} 只收到 {count} 行，应为 {len(layer)} 行；未写入。",
            f"{schema}.{table} got {count} of {len(layer)} rows; nothing was written.",
        )
    return int(count)


# --- a zone out ----------------------------------------------------------------------------------


class _Papers(type(Path())):  # type: ignore[misc]
    """The folder of a zone's papers, there for as long as a zone holds it."""


def open_store(address: str) -> Zone:
    """Open the zone that a store holds, as :func:`zgcgis.io.open_zone` opens a folder.

    All of it is of one moment. ``folder`` is a temporary one that holds its papers, and goes
    with the zone.

    Raises
    ------
    ReadError
        If the database cannot be read, or its schema is not ours or holds no zone.
    """
    base, schema = _split(address)
    held = contextlib.ExitStack()
    work = held.enter_context(work_folder())
    with transaction(base, _LONG_S, fails_as=ReadError) as connection:
        _ours(connection, schema, ReadError)
        papers = do(connection, "SELECT name, content FROM {s}.papers", schema).fetchall()
        if not papers:
            raise ReadError(
                f"模式 {schema} 中还没有示范区。请用 zgcgis db load 装入。",
                f"the schema {schema} holds no zone yet. Put one in with zgcgis db load.",
            )
        named = _zone_held(connection, schema)
        root = _Papers(work / (re.sub(r"\W", "_", named) or "zone"))
        weakref.finalize(root, held.close)
        root.mkdir()
        for name, content in papers:
            _lay_out(root, str(name), bytes(content))
        zone = open_zone(Path(root))
        tables = dict.fromkeys(_levels(connection, schema))
        land = "land_patch" if "land_patch" in tables and "parcel" not in tables else "parcel"
        layers, flaws, served = {}, [], {}
        for table in tables:
            level = "parcel" if table == land else table
            layer, odd, part = _layer(connection, (base, schema), table, level)
            layers[level], wrong = made_sound(layer, level, odd)
            flaws.append(wrong)
            if part is not None and layers[level] is layer:
                served[level] = part
    read = Layers(dict(sorted(layers.items())), clusters=zone.clusters, served=served)
    return with_changes(zone, layers=read, flaws=combine(flaws), folder=root, land=land)


def _zone_held(connection: Any, schema: str) -> str:
    """The id of the zone that was loaded last."""
    asked = "SELECT zone FROM {s}.loads ORDER BY number DESC LIMIT 1"
    return str((do(connection, asked, schema).fetchone() or ("",))[0])


def _lay_out(root: Path, name: str, content: bytes) -> None:
    if Path(name).name != name or Path(name).suffix.lower() not in _PAPERS:
        raise ReadError(
            f"工作库中有一份名为 {one_line(name)!r} 的文件，不是示范区的文件名。请从表 papers 中删去。",
            f"the store holds a paper named {one_line(name)!r}, which is no name of a zone's file. "
            "Take it out of the table papers.",
        )
    (root / name).write_bytes(content)


def _layer(
    connection: Any, where: tuple[str, str], table: str, level: str
) -> tuple[GeoDataFrame, dict[int, str], ServedLayer | None]:
    """Read a layer as :func:`zgcgis.io.stored.read_layer` reads that of a folder.

    The third is where parts of it can be read again, if it is as it was loaded but for its values.
    """
    address, schema = where
    columns = columns_of(connection, schema, table)
    frame, shapes = read_rows(connection, schema, table, columns)
    marks = frame["zgcgis_odd"]
    said = {int(row): str(marks.iloc[row]) for row in np.flatnonzero(marks.notna())}
    odd = {row: what for row, what in said.items() if what != "unread" or shapes[row] is None}
    part = None
    in_order = np.array_equal(frame["zgcgis_row"].to_numpy(), np.arange(len(frame)))
    if in_order and frame["zgcgis_tile"].notna().all() and "industry" not in columns:
        stamp = versions(connection, schema, table)
        part = ServedLayer(address, schema, table, level, columns, len(frame), stamp)
    frame = frame.drop(columns=list(_OWN))
    frame["geometry"] = GeoSeries(shapes, crs=geo.LONLAT)
    typed = typed_columns(frame, LEVELS[level].columns, f"{schema}.{table}")
    return GeoDataFrame(typed, geometry="geometry"), odd, part


# --- findings back -------------------------------------------------------------------------------


def write_findings(
    address: str,
    zone: Zone,
    standing: GeoDataFrame,
    waived: GeoDataFrame,
    *,
    day: Any,
    asked: Mapping[str, Any],
    partial: bool,
) -> int | None:
    """Write what a check found into the store of its zone, in one transaction.

    Parameters
    ----------
    address
        As for :func:`init`.
    zone
        The zone that was checked.
    standing, waived
        The findings, with the column ``park``.
    day, asked, partial
        The day of judgement, what was asked, and whether that was only a part.

    Returns
    -------
    number
        The number of the check; None if the user may read the store and not write to it.
    """
    base, schema = _split(address)
    with transaction(base, _LONG_S, fails_as=WriteError) as connection:
        _ours(connection, schema, WriteError)
        may = "SELECT has_table_privilege(%s, 'INSERT') AND has_table_privilege(%s, 'INSERT')"
        if not do(connection, may, "", f"{schema}.checks", f"{schema}.findings").fetchone()[0]:
            return None
        entry = (zone.id, day, partial, json.dumps(asked, ensure_ascii=False, default=str))
        words = """INSERT INTO {s}.checks (zone, day, partial, asked, standing, waived)
            VALUES (%s, %s, %s, %s, %s, %s) RETURNING number"""
        sizes = (len(standing), len(waived))
        (number,) = do(connection, words, schema, *entry, *sizes).fetchone()
        first = 0
        for table, aside in ((standing, False), (waived, True)):
            _put_findings(connection, schema, table, (int(number), first), waived=aside)
            first += len(table)
    return int(number)


def _put_findings(
    connection: Any, schema: str, found: GeoDataFrame, start: tuple[int, int], *, waived: bool
) -> None:
    check, first = start
    texts = [name for name in (*COLUMNS, "park") if name not in {"measured", "limit", "geometry"}]
    numbers = ["measured", "limit"]
    kinds = dict.fromkeys(texts, "text") | dict.fromkeys(numbers, "double precision")
    cells = DataFrame({name: found[name] for name in kinds}).reset_index(drop=True)
    for lang in ("zh", "en"):
        cells[lang] = describe(found, lang).to_numpy(object) if len(found) else None
    kinds |= {"zh": "text", "en": "text"}
    rows = np.arange(len(cells))
    own = [pa.array(np.full(len(rows), check)), pa.array(first + rows),
           pa.array(np.full(len(rows), waived))]  # fmt: skip
    names = ", ".join(f'"{name}"' for name in kinds)
    statement = (
        f"COPY {{s}}.findings (check_number, number, waived, {names}, geometry) "
        "FROM STDIN (FORMAT csv)"
    )
    shapes = shapely.force_2d(np.asarray(found.geometry.array, object))
    with copying(connection, statement, schema) as stream:
        stream.write(as_text(own, cells, kinds, shapes, has_z=False))

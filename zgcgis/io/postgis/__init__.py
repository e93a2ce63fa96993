"""Layers from PostGIS, findings and accounts into it (extra ``postgis``).

What is read is read in one transaction that cannot write and that stops after a stated time, so
that several layers are of one moment and a server is never held up. Rows come in batches of a
bounded size. What is written is written
in one transaction: every table or none. Names go to the server quoted and values as parameters,
never as text of a statement; a password is never part of a message.

An address is that of SQLAlchemy, ``postgresql://user@host:5432/database``. The password may stand
in it, but is better kept in ``~/.pgpass`` or ``PGPASSWORD``.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame
from pyproj.exceptions import CRSError

from ...language.errors import (
    CrsError,
    MissingColumnsError,
    ReadError,
    UnknownNameError,
    WriteError,
    ZgcgisWarning,
)
from ...language.safe_text import one_line, visible, well_formed
from ...model import LEVELS, Zone
from ..stored import typed_columns
from .server import heard, sqlalchemy, transaction
from .server_rows import Column, Labels, Shapes, take_all

__all__ = ["from_postgis", "layers_in", "read_layer", "read_layers", "write_tables"]

TIMEOUT_S = 120.0
"""How long one statement may take before the server gives it up."""

_NAME_BYTES = 63  # PostgreSQL cuts longer names without a word
_HEARD_EVERY = 1_000


# --- reading -----------------------------------------------------------------------------


def read_layer(
    address: str,
    table: str,
    *,
    level: str | None = None,
    schema: str = "public",
    where: Mapping[str, Any] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> GeoDataFrame:
    """Read one table or view with a geometry column.

    Parameters
    ----------
    address
        ``postgresql://user@host:5432/database``.
    table, schema
        What to read. The name is taken as it is, capitals included.
    level
        A level of the zone (``"parcel"``): the layer then has the columns of that level, typed,
        in EPSG:4490. Without it, the columns and the CRS of the table.
    where
        ``{column: value}``: only rows in which the column has that value, or one of a list.
    timeout_s
        Seconds after which the server gives up a statement.

    Returns
    -------
    layer
        Sorted by the column ``id`` if there is one: a server states no order.

    Raises
    ------
    ReadError
        If the server, the table or a geometry cannot be read.
    UnknownNameError
        If there is no such table or column.
    CrsError
        If the geometry has no SRID, several, or one the server does not know.
    """
    asked = {level or table: table}
    found = _read(address, asked, schema, where, timeout_s, typed_by_level=level is not None)
    return found[level or table]


def read_layers(
    address: str,
    tables: Mapping[str, str],
    *,
    schema: str = "public",
    where: Mapping[str, Any] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> dict[str, GeoDataFrame]:
    """Read layers of a zone, all of one moment, whoever writes meanwhile.

    Parameters
    ----------
    address, schema, where, timeout_s
        As for :func:`read_layer`; `where` holds for every table.
    tables
        ``{level: table}``, such as ``{"parcel": "zongdi", "building": "jianzhu"}``.

    Returns
    -------
    layers
        By level, with the columns of the level, in EPSG:4490: what ``Zone.layers`` holds.
    """
    return _read(address, tables, schema, where, timeout_s, typed_by_level=True)


def layers_in(address: str, *, schema: str = "public", timeout_s: float = TIMEOUT_S) -> DataFrame:
    """Return the tables and views of a schema that have geometry: ``table, column, srid, type``.

    An ``srid`` of 0 means that the column may hold any; the geometries state their own.
    """
    with transaction(address, timeout_s, fails_as=ReadError) as connection:
        return _geometry_columns(connection, schema)


def from_postgis(
    zone: Zone, address: str, *, schema: str = "public", timeout_s: float = TIMEOUT_S
) -> Zone:
    """Return `zone` with its layers read from the tables that are named as levels are.

    A level of which the schema has no table keeps the layer it had. All are of one moment.

    Raises
    ------
    UnknownNameError
        If no table of the schema is named as a level is.
    """
    there = list(layers_in(address, schema=schema, timeout_s=timeout_s)["table"])
    held = {name: name for name in there if name in LEVELS}
    if not held:
        raise UnknownNameError(there, LEVELS, what="level", zh="图层级别")
    found = read_layers(address, held, schema=schema, timeout_s=timeout_s)
    return replace(zone, layers={**zone.layers, **found})


def _read(
    address: str,
    tables: Mapping[str, str],
    schema: str,
    where: Mapping[str, Any] | None,
    timeout_s: float,
    *,
    typed_by_level: bool,
) -> dict[str, GeoDataFrame]:
    if typed_by_level and (unknown := set(tables) - set(LEVELS)):
        raise UnknownNameError(unknown, LEVELS, what="level", zh="图层级别")
    found = {}
    with transaction(address, timeout_s, fails_as=ReadError) as connection:
        for level, table in tables.items():
            layer = _select(connection, schema, table, where or {})
            found[level] = _of_level(layer, level, f"{schema}.{table}") if typed_by_level else layer
    return found


def _of_level(layer: GeoDataFrame, level: str, where: str) -> GeoDataFrame:
    """Return a layer in the columns of its level, in EPSG:4490."""
    if "id" not in layer:
        raise MissingColumnsError({"id"}, layer.columns, where=one_line(where))
    labels = Labels(layer["id"].tolist())
    placed = layer.to_crs("EPSG:4490")
    lost = shapely.get_coordinates(placed.geometry.array, return_index=True)
    off = np.unique(lost[1][~np.isfinite(lost[0]).all(axis=1)])
    if len(off):
        raise ReadError(
            f"表 {one_line(where)} 有 {len(off)} 个要素（{labels.some(off)}）的坐标超出其坐标系的范围，"
            "无法换算为经纬度。请核对 SRID。",
            f"{len(off)} feature(s) of {one_line(where)} ({labels.some(off)}) have coordinates beyond "
            "their CRS, which no longitude and latitude answer to. Check the SRID.",
        )
    known = LEVELS[level].columns
    made = typed_columns(DataFrame(placed), known, one_line(where))
    order = dict.fromkeys([*known, *made])
    order.pop("geometry", None)
    return GeoDataFrame(
        {name: made[name] for name in order}, geometry=placed.geometry.to_numpy(), crs="EPSG:4490"
    )


def _select(connection: Any, schema: str, name: str, where: Mapping[str, Any]) -> GeoDataFrame:
    sa = sqlalchemy()
    columns, said = _columns(connection, schema, name), one_line(f"{schema}.{name}")
    names = [column.name for column in columns]
    held = _the_shape(columns, said)
    if unknown := set(where) - set(names):
        raise UnknownNameError(unknown, names, what=f"column of {said}", zh="列")
    table = sa.table(name, *map(sa.column, names), schema=schema)
    shape = sa.cast(table.c[held], _geometry_type()())
    plain = [column for column in columns if column.kind not in {"shape", "away"}]
    shapes = Shapes(said)
    asked = [cell for column in plain for cell in column.select(sa, table.c[column.name])]
    query = sa.select(*asked, *shapes.select(sa, shape))
    for column, value in where.items():
        one = table.c[column]
        many = isinstance(value, (list, tuple, set, frozenset))
        query = query.where(one.in_(list(value)) if many else one == value)
    if "id" in names:
        key = sa.cast(table.c["id"], sa.Text()).collate("C")
        query = query.order_by(key.nulls_last(), sa.func.ST_AsEWKB(shape))
    count = take_all(connection, query, [*plain, shapes])
    data = {column.name: column.made() for column in plain}
    layer = DataFrame(data, index=range(count))
    labels = Labels(layer["id"].tolist() if "id" in layer else None)
    for part in plain:
        part.refuse(said, labels)
    shapes.refuse(labels)
    crs = _crs(connection, shapes.srids, said)
    return GeoDataFrame(layer, geometry=gpd.GeoSeries(shapes.made(), crs=crs))


def _the_shape(columns: list[Column], table: str) -> str:
    """Return the one column of shapes, and say which columns are not read."""
    shapes = [column.name for column in columns if column.kind == "shape"]
    if len(shapes) != 1:
        raise ReadError(
            f"表 {table} 的几何列应当恰有一列，实有 {shapes}。请建一个只含一列几何的视图再读。",
            f"{table} should have exactly one geometry column; it has {shapes}. "
            "Make a view with one of them and read that.",
        )
    if any(column.name == "geometry" != shapes[0] for column in columns):
        raise ReadError(
            f"表 {table} 的列 geometry 不是几何，而几何在列 {shapes[0]} 中。请建一个改名的视图再读。",
            f"the column geometry of {table} holds no geometry; {shapes[0]} does. "
            "Make a view that names them otherwise and read that.",
        )
    if away := [column.name for column in columns if column.kind == "away"]:
        warnings.warn(
            f"表 {table} 的列 {away} 是图像或二进制，未读取。\n"
            f"columns {away} of {table} hold pictures or bytes and were not read.",
            ZgcgisWarning,
            stacklevel=5,
        )
    return shapes[0]


def _columns(connection: Any, schema: str, name: str) -> list[Column]:
    """Columns of a table or view in their order, each with the type it is in the end."""
    sa = sqlalchemy()
    sql = """
        WITH RECURSIVE base(oid, type) AS (
            SELECT oid, oid FROM pg_catalog.pg_type WHERE typtype <> 'd'
            UNION ALL
            SELECT t.oid, b.type FROM pg_catalog.pg_type t JOIN base b ON t.typbasetype = b.oid
            WHERE t.typtype = 'd'
        )
        SELECT a.attname, t.typname, a.atttypmod FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN base ON base.oid = a.atttypid
        JOIN pg_catalog.pg_type t ON t.oid = base.type
        WHERE n.nspname = :schema AND c.relname = :name AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
          AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
    """
    rows = connection.execute(sa.text(sql), {"schema": schema, "name": name}).all()
    if not rows:
        there = list(_geometry_columns(connection, schema)["table"])
        what = f"table with geometry in schema {one_line(schema)}"
        raise UnknownNameError(name, there, what=what, zh=f"含几何的表（模式 {one_line(schema)}）")
    return [Column.of(*row) for row in rows]


def _geometry_columns(connection: Any, schema: str) -> DataFrame:
    sa = sqlalchemy()
    sql = """
        SELECT f_table_name, f_geometry_column, srid, type FROM geometry_columns
        WHERE f_table_schema = :schema ORDER BY f_table_name COLLATE "C", f_geometry_column
    """
    rows = connection.execute(sa.text(sql), {"schema": schema}).all()
    return DataFrame(rows, columns=["table", "column", "srid", "type"])


def _crs(connection: Any, srids: set[int], where: str) -> Any:
    if not srids:
        return "EPSG:4490"  # no geometry at all
    if len(srids) > 1 or srids == {0}:
        raise CrsError(
            f"表 {where} 的几何没有唯一的坐标系（SRID {sorted(srids)}）。"
            "请用 UpdateGeometrySRID 声明，或用 ST_Transform 统一。",
            f"the geometry of {where} has no single CRS (SRID {sorted(srids)}). "
            "State it with UpdateGeometrySRID, or bring it together with ST_Transform.",
        )
    sa = sqlalchemy()
    sql = "SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys WHERE srid = :srid"
    row = connection.execute(sa.text(sql), {"srid": min(srids)}).one_or_none()
    if row is None:
        raise CrsError(
            f"表 {where} 的 SRID {min(srids)} 不在服务器的 spatial_ref_sys 中。"
            "请在其中登记，或用 UpdateGeometrySRID 改正。",
            f"SRID {min(srids)} of {where} is not in the server's spatial_ref_sys. "
            "Enter it there, or mend it with UpdateGeometrySRID.",
        )
    try:
        return pyproj.CRS.from_user_input(f"{row[0]}:{row[1]}" if row[0] == "EPSG" else row[2])
    except CRSError as error:
        raise CrsError(
            f"服务器的 spatial_ref_sys 对 SRID {min(srids)}（表 {where}）的定义读不懂。请改正该行。",
            f"what spatial_ref_sys of the server says of SRID {min(srids)} ({where}) cannot be "
            "understood. Mend that line.",
        ) from error


# --- writing -----------------------------------------------------------------------------


def write_tables(
    address: str,
    tables: Mapping[str, DataFrame | GeoDataFrame],
    *,
    schema: str = "public",
    replace: bool = False,
    timeout_s: float = TIMEOUT_S,
) -> dict[str, int]:
    """Write tables of findings, accounts or layers: all of them or none.

    Parameters
    ----------
    address, schema, timeout_s
        As for :func:`read_layer`. The schema is made if it is not there.
    tables
        By the name they get, such as ``{"findings": …, "accounts": …}``. A name in the index
        makes it a column. What is not known (NaN, NA, None) is NULL.
    replace
        Whether tables of these names may be put in the place of those there. Without it, a table
        that is there already is an error and stays as it was.

    Returns
    -------
    rows
        How many rows each table got, as counted by the server before all was made to last.
    """
    sa = sqlalchemy()
    counts = {}
    ready = {_short(name): _plan(name, table) for name, table in tables.items()}
    _short(schema)
    with transaction(address, timeout_s, fails_as=WriteError) as connection:
        if not sa.inspect(connection).has_schema(schema):
            connection.execute(sa.schema.CreateSchema(schema))
        for name, (columns, rows) in ready.items():
            made = sa.Table(
                name, sa.MetaData(), *[sa.Column(c, t) for c, t in columns], schema=schema
            )
            if sa.inspect(connection).has_table(name, schema=schema):
                if not replace:
                    raise WriteError(
                        f"表 {schema}.{name} 已存在，未作改动。要替换它请给出 replace=True。",
                        f"{schema}.{name} is there already and was left alone. "
                        "To put the new one in its place say replace=True.",
                    )
                made.drop(connection)
            made.create(connection)
            _copy(connection, schema, name, [column for column, _ in columns], rows)
            if any(column == "geometry" for column, _ in columns):
                _index(connection, schema, name)
            count = sa.select(sa.func.count()).select_from(made)
            counts[name] = int(connection.execute(count).scalar_one())
            if counts[name] != len(rows):
                raise WriteError(
                    f"表 {schema}.{name} 只收到 {counts[name]} 行，应为 {len(rows)} 行；未写入。",
                    f"{schema}.{name} got {counts[name]} of {len(rows)} rows; nothing was written.",
                )
    return counts


def _plan(name: str, table: DataFrame | GeoDataFrame) -> tuple[list[tuple[str, Any]], list[Any]]:
    """Columns with their SQL types, and rows ready to be copied."""
    sa = sqlalchemy()
    shape = table.geometry.name if isinstance(table, GeoDataFrame) else None
    flat = DataFrame(table)
    if any(flat.index.names):
        flat = flat.reset_index()
    names = ["geometry" if column == shape else str(column) for column in flat.columns]
    if len({*names}) < len(names):
        raise WriteError(
            f"表 {name} 有重名的列：{names}。", f"{name} has columns of the same name: {names}."
        )
    columns, values = [], []
    for position, column in enumerate(names):
        series = flat.iloc[:, position]
        if column == "geometry" and shape is not None:
            srid = _srid(table, name)
            marked = shapely.set_srid(np.asarray(table.geometry.array), srid)
            columns.append((column, _geometry_type()(srid, _axes(marked))))
            values.append(shapely.to_wkb(marked, hex=True, include_srid=True).tolist())
        else:
            kind, cells = _cells(series, f"{name}.{_short(column)}", sa)
            columns.append((column, kind))
            values.append(cells)
    return columns, list(zip(*values, strict=True))


def _axes(shapes: NDArray[Any]) -> str | None:
    """``"Z"``, ``"M"``, ``"ZM"`` or nothing beside x and y; None if the shapes differ in that."""
    there = shapes[~shapely.is_missing(shapes)]
    kinds = set(zip(shapely.has_z(there), shapely.has_m(there), strict=True)) or {(False, False)}
    if len(kinds) > 1:
        return None
    ((z, m),) = kinds
    return "Z" * bool(z) + "M" * bool(m)


def _srid(layer: GeoDataFrame, name: str) -> int:
    code = layer.crs.to_epsg() if layer.crs is not None else None
    if code is None:
        raise CrsError(
            f"表 {name} 的几何没有 EPSG 坐标系，数据库无法记录。请先转为 EPSG:4490。",
            f"the geometry of {name} is in no CRS of EPSG, so the database cannot state it. "
            "Bring it to EPSG:4490 first.",
        )
    return int(code)


def _cells(series: pd.Series, name: str, sa: Any) -> tuple[Any, list[Any]]:
    """The SQL type that holds a column whole, and its cells; unknown is None."""
    unknown = series.isna().to_numpy()
    cells = [None if gone else value for value, gone in zip(series, unknown, strict=True)]
    cells = [value.item() if isinstance(value, np.generic) else value for value in cells]
    kinds = {type(value) for value in cells if value is not None}
    if not kinds:
        if pd.api.types.is_bool_dtype(series.dtype):
            return sa.Boolean(), cells
        if pd.api.types.is_numeric_dtype(series.dtype):
            return sa.Double(), cells
        dated = pd.api.types.is_datetime64_any_dtype(series.dtype)
        return (sa.DateTime() if dated else sa.Text()), cells
    if kinds == {bool}:
        return sa.Boolean(), cells
    if kinds == {int}:
        return sa.BigInteger(), cells
    if kinds <= {int, float}:
        return sa.Double(), [None if value is None else float(value) for value in cells]
    if kinds == {str}:
        _refuse_unheld(cells, name)
        return sa.Text(), cells
    if kinds == {date}:
        return sa.Date(), cells
    if all(issubclass(kind, datetime) for kind in kinds):
        zoned = any(value is not None and value.tzinfo is not None for value in cells)
        return sa.DateTime(timezone=zoned), cells
    raise WriteError(
        f"列 {name} 中混有 {sorted(kind.__name__ for kind in kinds)}，无法定为一种类型。",
        f"column {name} mixes {sorted(kind.__name__ for kind in kinds)}; no one type holds them.",
    )


def _refuse_unheld(cells: list[Any], name: str) -> None:
    rows = [k for k, value in enumerate(cells) if value is not None and _unheld(value)]
    if rows:
        which = Labels().some(rows)
        raise WriteError(
            f"列 {one_line(name)} 有 {len(rows)} 个文字（{which}）含有数据库不能保存的字符"
            "（NUL 或孤立的代理项）；数据库未写入任何内容。请先改正。",
            f"{len(rows)} text(s) of column {one_line(name)} ({which}) hold a character that no "
            "database keeps (NUL or a lone surrogate); the database was not written to. "
            "Mend them first.",
        )


def _index(connection: Any, schema: str, name: str) -> None:
    """Index the shapes of a table; the server finds a name that nothing else has."""
    from psycopg import sql

    statement = sql.SQL("CREATE INDEX ON {} USING gist ({})").format(
        sql.Identifier(schema, name), sql.Identifier("geometry")
    )
    with connection.connection.cursor() as cursor:
        cursor.execute(statement)


def _copy(connection: Any, schema: str, name: str, columns: list[str], rows: list[Any]) -> None:
    from psycopg import sql

    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(schema, name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.connection.cursor() as cursor, cursor.copy(statement) as stream:
        for number, row in enumerate(rows):
            stream.write_row(row)
            if number % _HEARD_EVERY == 0:
                heard(connection)


def _short(name: str) -> str:
    if _unheld(name):
        raise WriteError(
            f"名称 {visible(name)!r} 含有数据库不能保存的字符（NUL 或孤立的代理项）。请改名。",
            f"the name {visible(name)!r} holds a character that no database keeps (NUL or a lone "
            "surrogate). Choose another.",
        )
    size = len(name.encode())
    if not name or size > _NAME_BYTES:
        raise WriteError(
            f"名称 {one_line(name)!r} 有 {size} 字节；数据库的名称为 1 至 {_NAME_BYTES} 字节。请改短。",
            f"the name {one_line(name)!r} has {size} bytes; a name in the database has 1 to "
            f"{_NAME_BYTES}. Make it shorter.",
        )
    return name


def _unheld(text: str) -> bool:
    """Whether a text holds NUL or a lone surrogate, which no text in a database does."""
    return "\0" in text or well_formed(text) != text


def _geometry_type() -> Any:
    """The type ``geometry`` of PostGIS, with SRID and axes where all shapes have the same."""
    sa = sqlalchemy()

    class Geometry(sa.types.UserDefinedType):  # type: ignore[misc, name-defined]
        cache_ok = True

        def __init__(self, srid: int | None = None, axes: str | None = None) -> None:
            self.srid, self.axes = srid, axes

        def get_col_spec(self, **_: Any) -> str:
            if not self.srid or self.axes is None:
                return "geometry"
            return f"geometry(Geometry{self.axes}, {self.srid:d})"

    return Geometry

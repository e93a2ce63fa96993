"""Layers from PostGIS, findings and accounts into it (extra ``postgis``).

What is read is read in one transaction that cannot write and that stops after a stated time, so
that several layers are of one moment and a server is never held up. What is written is written
in one transaction: every table or none. Names go to the server quoted and values as parameters,
never as text of a statement; a password is never part of a message.

An address is that of SQLAlchemy, ``postgresql://user@host:5432/database``. The password may stand
in it, but is better kept in ``~/.pgpass`` or ``PGPASSWORD``.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from pandas import DataFrame

from ..errors import CrsError, ReadError, UnknownNameError, WriteError, ZgcgisError
from ..model import LEVELS, Zone
from .layers import typed

__all__ = ["from_postgis", "layers_in", "read_layer", "read_layers", "write_tables"]

TIMEOUT_S = 120.0
"""How long one statement may take before the server gives it up."""

_NAME_BYTES = 63  # PostgreSQL cuts longer names without a word
_CONNECT_S = 10


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
    with _reading(address, timeout_s) as connection:
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
    with _reading(address, timeout_s) as connection:
        for level, table in tables.items():
            layer = _select(connection, schema, table, where or {})
            found[level] = typed(layer.to_crs("EPSG:4490"), level) if typed_by_level else layer
    return found


@contextlib.contextmanager
def _reading(address: str, timeout_s: float) -> Iterator[Any]:
    """One transaction that sees one moment and cannot write."""
    sa = _sqlalchemy()
    with _failing_as(ReadError, address), _connected(address) as connection, connection.begin():
        connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        _limit(connection, timeout_s)
        yield connection


def _select(connection: Any, schema: str, name: str, where: Mapping[str, Any]) -> GeoDataFrame:
    sa = _sqlalchemy()
    columns = _columns(connection, schema, name)
    shapes = [column for column, kind in columns.items() if kind in {"geometry", "geography"}]
    if len(shapes) != 1:
        raise ReadError(
            f"表 {schema}.{name} 的几何列应当恰有一列，实有 {shapes}。请建一个只含一列几何的视图再读。",
            f"{schema}.{name} should have exactly one geometry column; it has {shapes}. "
            "Make a view with one of them and read that.",
        )
    if unknown := set(where) - set(columns):
        raise UnknownNameError(unknown, columns, what=f"column of {schema}.{name}", zh="列")
    table = sa.table(name, *map(sa.column, columns), schema=schema)
    shape = sa.cast(table.c[shapes[0]], _geometry_type()())
    plain = [column for column in columns if column not in shapes]
    query = sa.select(
        *[table.c[column] for column in plain],
        sa.func.ST_AsBinary(shape).label("_wkb"),
        sa.func.ST_SRID(shape).label("_srid"),
        sa.func.ST_HasArc(shape).label("_arc"),
    )
    for column, value in where.items():
        one = table.c[column]
        many = isinstance(value, (list, tuple, set, frozenset))
        query = query.where(one.in_(list(value)) if many else one == value)
    rows = connection.execute(query).all()
    if arcs := sum(1 for row in rows if row[-1]):
        raise ReadError(
            f"表 {schema}.{name} 中有 {arcs} 个要素含圆弧，其面积取决于如何折成折线。"
            "请先用 ST_CurveToLine 转换。",
            f"{arcs} feature(s) of {schema}.{name} contain arcs, whose area depends on how they "
            "are broken into lines. Convert them first (ST_CurveToLine).",
        )
    crs = _crs(connection, {row[-2] for row in rows if row[-2] is not None}, f"{schema}.{name}")
    data = {column: _values([row[k] for row in rows]) for k, column in enumerate(plain)}
    wkb = [None if row[-3] is None else bytes(row[-3]) for row in rows]
    geometry = gpd.GeoSeries(shapely.from_wkb(np.array([*wkb, None], object)[:-1]), crs=crs)
    layer = GeoDataFrame(DataFrame(data, index=range(len(rows))), geometry=geometry)
    if "id" in layer:
        order = layer["id"].map(str).argsort(kind="stable")
        layer = layer.iloc[order].reset_index(drop=True)
    return layer


def _columns(connection: Any, schema: str, name: str) -> dict[str, str]:
    """Columns of a table or view in their order, with the names of their types."""
    sa = _sqlalchemy()
    sql = """
        SELECT a.attname, t.typname FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE n.nspname = :schema AND c.relname = :name AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
          AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
    """
    rows = connection.execute(sa.text(sql), {"schema": schema, "name": name}).all()
    if not rows:
        there = list(_geometry_columns(connection, schema)["table"])
        what = f"table with geometry in schema {schema}"
        raise UnknownNameError(name, there, what=what, zh=f"含几何的表（模式 {schema}）")
    return dict(tuple(row) for row in rows)


def _geometry_columns(connection: Any, schema: str) -> DataFrame:
    sa = _sqlalchemy()
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
    sa = _sqlalchemy()
    sql = "SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys WHERE srid = :srid"
    row = connection.execute(sa.text(sql), {"srid": min(srids)}).one_or_none()
    if row is None:
        raise CrsError(
            f"表 {where} 的 SRID {min(srids)} 不在服务器的 spatial_ref_sys 中。",
            f"SRID {min(srids)} of {where} is not in the server's spatial_ref_sys.",
        )
    return f"{row[0]}:{row[1]}" if row[0] == "EPSG" else row[2]


def _values(column: list[Any]) -> Any:
    """A column as the server gave it; exact decimals become floating point."""
    if any(isinstance(value, Decimal) for value in column):
        return [math.nan if value is None else float(value) for value in column]
    kinds = {type(value) for value in column if value is not None}
    if kinds == {int} and None in column:
        return pd.array(column, dtype="Int64")
    return column


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
    sa = _sqlalchemy()
    counts = {}
    ready = {_short(name): _plan(name, table) for name, table in tables.items()}
    with _failing_as(WriteError, address), _connected(address) as connection, connection.begin():
        _limit(connection, timeout_s)
        if not sa.inspect(connection).has_schema(_short(schema)):
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
                index = sa.Index(None, made.c.geometry, postgresql_using="gist")
                index.name = sa.sql.elements.quoted_name(_cut(f"{name}_geometry"), quote=True)
                index.create(connection)
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
    sa = _sqlalchemy()
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
            columns.append((column, _geometry_type()(srid)))
            marked = shapely.set_srid(np.asarray(table.geometry.array), srid)
            values.append(shapely.to_wkb(marked, hex=True, include_srid=True).tolist())
        else:
            kind, cells = _cells(series, f"{name}.{column}", sa)
            columns.append((_short(column), kind))
            values.append(cells)
    return columns, list(zip(*values, strict=True))


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


def _copy(connection: Any, schema: str, name: str, columns: list[str], rows: list[Any]) -> None:
    from psycopg import sql

    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(schema, name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.connection.cursor() as cursor, cursor.copy(statement) as stream:
        for row in rows:
            stream.write_row(row)


def _short(name: str) -> str:
    size = len(name.encode())
    if not name or size > _NAME_BYTES or "\0" in name:
        raise WriteError(
            f"名称 {name!r} 有 {size} 字节；数据库的名称为 1 至 {_NAME_BYTES} 字节。请改短。",
            f"the name {name!r} has {size} bytes; a name in the database has 1 to {_NAME_BYTES}. "
            "Make it shorter.",
        )
    return name


def _cut(name: str) -> str:
    """As much of a name as the database keeps, never half a character."""
    return name.encode()[-_NAME_BYTES:].decode(errors="ignore")


# --- the server --------------------------------------------------------------------------


def _sqlalchemy() -> Any:
    try:
        import psycopg  # noqa: F401
        import sqlalchemy
    except ModuleNotFoundError as missing:
        raise ZgcgisError(
            f"读写 PostGIS 需要 {missing.name}：请运行 pip install 'zgcgis[postgis]'。",
            f"PostGIS needs {missing.name}: run pip install 'zgcgis[postgis]'.",
        ) from None
    return sqlalchemy


def _geometry_type() -> Any:
    """The type ``geometry`` of PostGIS, with its SRID where that is known."""
    sa = _sqlalchemy()

    class Geometry(sa.types.UserDefinedType):  # type: ignore[misc, name-defined]
        cache_ok = True

        def __init__(self, srid: int | None = None) -> None:
            self.srid = srid

        def get_col_spec(self, **_: Any) -> str:
            return f"geometry(Geometry, {self.srid:d})" if self.srid else "geometry"

    return Geometry


def _url(address: str) -> Any:
    sa = _sqlalchemy()
    try:
        url = sa.make_url(address)
    except (sa.exc.ArgumentError, ValueError):
        url = None  # the sentence shall not repeat what may hold a password
    if url is None or url.get_backend_name() != "postgresql" or not url.database:
        raise ReadError(
            "数据库地址应形如 postgresql://用户@主机:5432/数据库。",
            "the address of a database should look like postgresql://user@host:5432/database.",
        )
    return url.set(drivername="postgresql+psycopg")


def _place(url: Any) -> str:
    """Where a server is, for messages: neither user nor password nor options."""
    port = f":{url.port}" if url.port else ""
    return f"{url.host or url.query.get('host', 'localhost')}{port}/{url.database}"


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    sa = _sqlalchemy()
    engine = sa.create_engine(
        _url(address),
        poolclass=sa.pool.NullPool,
        connect_args={"connect_timeout": _CONNECT_S, "application_name": "zgcgis"},
        hide_parameters=True,
    )
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _limit(connection: Any, timeout_s: float) -> None:
    sa = _sqlalchemy()
    limit = f"{max(1, math.ceil(timeout_s * 1000))}ms"
    for setting in ("statement_timeout", "lock_timeout"):
        query = sa.text("SELECT set_config(:setting, :limit, true)")
        connection.execute(query, {"setting": setting, "limit": limit})


@contextlib.contextmanager
def _failing_as(kind: type[ReadError] | type[WriteError], address: str) -> Iterator[None]:
    """Turn what the server or the driver says into one sentence without the password."""
    sa = _sqlalchemy()
    import psycopg

    url = _url(address)
    try:
        yield
    except (sa.exc.SQLAlchemyError, psycopg.Error) as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()
        reason = said[0] if said else type(error).__name__
        for secret in (url.password, url.query.get("password")):
            if secret:
                reason = reason.replace(str(secret), "***")
        done_zh = "读不出来" if kind is ReadError else "未写入任何内容"
        done_en = "cannot be read" if kind is ReadError else "was not written to"
        sentence = (
            f"数据库 {_place(url)} {done_zh}：{reason}。",
            f"the database {_place(url)} {done_en}: {reason}.",
        )
    else:
        return
    raise kind(*sentence)

"""PostGIS in and out (extra ``[postgis]``): layers from a database, accounts and findings to it.

Reading happens in one read-only transaction with a time limit, writing in one transaction that
either replaces all its tables or none. Values travel as parameters and names as quoted
identifiers, and a password is never in a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
from geopandas import GeoDataFrame
from pandas import DataFrame

from ..errors import CrsError, ReadError, UnknownNameError, WriteError, ZgcgisError
from ..model import COLUMNS, LEVELS, Zone

__all__ = ["from_postgis", "layers_in", "read_table", "to_postgis"]

_TIMEOUT_S = 60


def _sqlalchemy() -> Any:
    try:
        import sqlalchemy
    except ModuleNotFoundError as missing:
        msg = (
            "使用 PostGIS 需要安装 zgcgis[postgis]。",
            "PostGIS needs the extra: pip install 'zgcgis[postgis]'.",
        )
        raise ZgcgisError(*msg) from missing
    return sqlalchemy


@contextmanager
def _connected(url: str, *, write: bool, timeout_s: float) -> Iterator[Any]:
    """One transaction; what is not finished is undone."""
    sa = _sqlalchemy()
    import psycopg

    kind = WriteError if write else ReadError
    try:
        address = sa.make_url(url).set(drivername="postgresql+psycopg")
    except sa.exc.ArgumentError as error:
        msg = (
            "数据库地址应为 postgresql://用户@主机/库。",
            "the address of a database is postgresql://user@host/name.",
        )
        raise kind(*msg) from error
    engine = sa.create_engine(address, poolclass=sa.pool.NullPool)
    try:
        with engine.begin() as connection:
            mode = "READ WRITE" if write else "READ ONLY"
            connection.execute(sa.text(f"SET TRANSACTION {mode}"))
            limit = sa.text("SELECT set_config('statement_timeout', :limit, true)")
            connection.execute(limit, {"limit": str(int(timeout_s * 1000))})
            yield connection
    except (sa.exc.SQLAlchemyError, pd.errors.DatabaseError, psycopg.Error) as error:
        told = error.__cause__ if isinstance(error, pd.errors.DatabaseError) else error
        cause = str(getattr(told, "orig", None) or told).strip().splitlines()[0]
        shown = address.render_as_string(hide_password=True)
        raise kind(f"数据库 {shown}：{cause}", f"database {shown}: {cause}") from error
    finally:
        engine.dispose()


# --- reading -----------------------------------------------------------------------------


def layers_in(url: str, *, schema: str = "public", timeout_s: float = _TIMEOUT_S) -> DataFrame:
    """Return the tables of a schema that have geometry: ``table, column, srid, type``."""
    with _connected(url, write=False, timeout_s=timeout_s) as connection:
        return _geometry_columns(connection, schema)


def _geometry_columns(connection: Any, schema: str) -> DataFrame:
    sa = _sqlalchemy()
    query = sa.text(
        "SELECT f_table_name, f_geometry_column, srid, type FROM geometry_columns "
        "WHERE f_table_schema = :schema ORDER BY f_table_name, f_geometry_column"
    )
    rows = connection.execute(query, {"schema": schema}).fetchall()
    return DataFrame(rows, columns=["table", "column", "srid", "type"])


def read_table(
    url: str,
    table: str,
    *,
    level: str | None = None,
    schema: str = "public",
    where: Mapping[str, Any] | None = None,
    timeout_s: float = _TIMEOUT_S,
) -> GeoDataFrame:
    """Read a table with geometry into EPSG:4490, ids and codes as text.

    Parameters
    ----------
    url
        ``postgresql://user@host/name``.
    table, schema
        Name of the table; it must be among :func:`layers_in`.
    level
        The level whose column types it gets; by default the name of the table if that is one.
    where
        Values that columns must have, such as ``{"park_id": "haidian"}``.
    timeout_s
        What a statement may take.

    Raises
    ------
    ReadError, UnknownNameError, CrsError
        If the database cannot be read, has no such table or column, or the table no SRID.
    """
    with _connected(url, write=False, timeout_s=timeout_s) as connection:
        return _read(connection, table, level, schema, where or {})


def _read(
    connection: Any, table: str, level: str | None, schema: str, where: Mapping[str, Any]
) -> GeoDataFrame:
    sa = _sqlalchemy()
    there = _geometry_columns(connection, schema)
    if table not in set(there["table"]):
        raise UnknownNameError(table, list(there["table"]), what="table", zh="数据表")
    row = there[there["table"] == table].iloc[0]
    if not row["srid"]:
        msg = (
            f"表 {schema}.{table} 的几何没有 SRID，坐标含义不明。",
            f"the geometry of {schema}.{table} has no SRID, so its coordinates mean nothing.",
        )
        raise CrsError(*msg)
    names = [c["name"] for c in sa.inspect(connection).get_columns(table, schema=schema)]
    if unknown := set(where) - set(names):
        raise UnknownNameError(unknown, names, what="column", zh="列")
    source = sa.table(table, *(sa.column(name) for name in names), schema=schema)
    query = sa.select(*(source.c[name] for name in names))
    for name, value in where.items():
        query = query.where(source.c[name] == value)
    found = gpd.read_postgis(
        query, connection, geom_col=row["column"], crs=f"EPSG:{int(row['srid'])}"
    )
    if row["column"] != "geometry":
        found = found.rename_geometry("geometry")
    found = found.to_crs("EPSG:4490")
    return _typed(found, level or (table if table in LEVELS else None))


def _typed(layer: GeoDataFrame, level: str | None) -> GeoDataFrame:
    """Ids and codes are text, whatever the database made of them."""
    known = LEVELS[level].columns if level is not None and level in LEVELS else ()
    for name in layer.columns:
        kind = COLUMNS[name].type if name in known and name in COLUMNS else ""
        if kind == "text" or name == "id" or name.endswith("_id"):
            text = layer[name].astype("object")
            layer[name] = text.where(text.isna(), text.astype(str)).where(text.notna(), None)
        elif kind == "date":
            layer[name] = pd.to_datetime(layer[name]).astype("datetime64[s]")
    return layer


def from_postgis(
    zone: Zone, url: str, *, schema: str = "public", timeout_s: float = _TIMEOUT_S
) -> Zone:
    """Return the zone with its layers read from the tables that are named as levels are.

    All tables are read in one transaction, so that they belong together.
    """
    layers = dict(zone.layers)
    with _connected(url, write=False, timeout_s=timeout_s) as connection:
        names = list(dict.fromkeys(_geometry_columns(connection, schema)["table"]))
        held = [name for name in names if name in LEVELS]
        if not held:
            raise UnknownNameError(names, LEVELS, what="level", zh="层级")
        for name in held:
            layers[name] = _read(connection, name, name, schema, {})
    return replace(zone, layers=layers)


# --- writing -----------------------------------------------------------------------------


def to_postgis(
    url: str,
    *,
    schema: str,
    accounts: DataFrame | None = None,
    findings: GeoDataFrame | None = None,
    layers: Mapping[str, GeoDataFrame] | None = None,
    timeout_s: float = _TIMEOUT_S,
) -> list[str]:
    """Write accounts, findings and layers into a schema, all in one transaction.

    Parameters
    ----------
    url, schema
        Where to; the schema is made if it is not there, and tables of the same name replaced.
    accounts
        Accounts as :func:`zgcgis.accounts.measure` returns them; stored in long form in the
        table ``accounts``: ``unit, year, key, value``.
    findings
        Findings; stored in the table ``findings``.
    layers
        Layers by the name of their table.
    timeout_s
        What a statement may take.

    Returns
    -------
    tables
        The names of the tables written.

    Raises
    ------
    WriteError
        If anything goes wrong; then nothing has been written.
    """
    sa = _sqlalchemy()
    shapes = dict(layers or {})
    if findings is not None:
        shapes["findings"] = findings
    with _connected(url, write=True, timeout_s=timeout_s) as connection:
        connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
        for name, layer in shapes.items():
            layer.to_crs("EPSG:4490").to_postgis(
                name, connection, schema=schema, if_exists="replace", index=False
            )
        if accounts is not None:
            long = accounts.melt(ignore_index=False, var_name="key", value_name="value")
            long = long.dropna(subset="value").reset_index()
            long.to_sql("accounts", connection, schema=schema, if_exists="replace", index=False)
    return [*shapes, *(["accounts"] if accounts is not None else [])]

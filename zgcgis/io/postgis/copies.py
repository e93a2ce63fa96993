"""Tables of a server as text, on their way in and out at once (``COPY``), a column a type.

Names go to the server quoted, values beside the statement or in the text that is copied.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pandas import DataFrame, Series
from pyarrow import csv

from ...language.errors import ReadError, WriteError
from ...language.safe_text import one_line
from .server import heard

__all__ = ["as_text", "columns_of", "copying", "do", "read_rows", "type_of"]

_BLOCK = 64 << 20  # bytes of text read at once; no line is longer


class _Kind(NamedTuple):
    """A type of a column: how the server calls it, how it is asked for, what it is made into."""

    names: tuple[str, ...]
    asked: str
    arrow: pa.DataType


_KINDS = {
    "text": _Kind(("text", "varchar", "bpchar"), "text", pa.large_string()),
    "bigint": _Kind(("int8", "int2", "int4"), "bigint", pa.int64()),
    "double precision": _Kind(("float8", "float4", "numeric"), "double precision", pa.float64()),
    "boolean": _Kind(("bool",), "boolean", pa.bool_()),
    "timestamp": _Kind(("timestamp",), "timestamp", pa.timestamp("us")),
    "date": _Kind(("date",), "date", pa.date32()),
}
_INFERRED = {
    "string": "text", "integer": "bigint", "floating": "double precision",
    "mixed-integer-float": "double precision", "boolean": "boolean", "datetime64": "timestamp",
    "datetime": "timestamp", "date": "date",
}  # fmt: skip


def do(connection: Any, statement: str, schema: str = "", *values: Any, **names: str) -> Any:
    """Say something to the server: names go quoted, values beside the statement."""
    from psycopg import sql

    named = {key: sql.Identifier(name) for key, name in names.items()}
    composed = sql.SQL(statement).format(  # type: ignore[arg-type, unused-ignore]
        s=sql.Identifier(schema), **named
    )
    return connection.connection.cursor().execute(composed, values or None)


def type_of(series: Series, name: str) -> str:
    """The type that holds a column."""
    found = pd.api.types.infer_dtype(series, skipna=True)
    if found == "empty" or series.isna().all():
        plain = pd.api.types
        tests = {"boolean": plain.is_bool_dtype, "bigint": plain.is_integer_dtype,
                 "double precision": plain.is_float_dtype, "timestamp": plain.is_datetime64_dtype}  # fmt: skip
        return next((kind for kind, test in tests.items() if test(series.dtype)), "text")
    if found not in _INFERRED or isinstance(series.dtype, pd.DatetimeTZDtype):
        raise WriteError(
            f"列 {one_line(name)} 的值（{found}）无法定为一种类型，未装入。请在图层中改为文字。",
            f"no one type holds the values of column {one_line(name)} ({found}); it was not loaded. "
            "Make them text in the layer.",
        )
    return _INFERRED[found]


def as_text(
    own: Sequence[pa.Array],
    bare: DataFrame,
    kinds: Mapping[str, str],
    shapes: Any,
    has_z: bool,  # noqa: FBT001
) -> bytes:
    """Rows as the server takes them: nothing is an empty cell, an empty text one in quotes."""
    cells = [
        pa.array(bare[name], _KINDS[kind].arrow, from_pandas=True) for name, kind in kinds.items()
    ]
    flat = shapely.force_3d(shapes) if has_z else shapes
    wkb = shapely.to_wkb(shapely.set_srid(flat, 4490), hex=True, include_srid=True)
    table = pa.table([*own, *cells, pa.array(wkb, pa.large_string())],
                     [str(k) for k in range(len(own) + len(cells) + 1)])  # fmt: skip
    text = io.BytesIO()
    csv.write_csv(table, text, csv.WriteOptions(include_header=False))
    return text.getvalue()


@contextlib.contextmanager
def copying(
    connection: Any, statement: str, schema: str, *values: Any, **names: str
) -> Iterator[Any]:
    """Copy by a statement, into the server or out of it."""
    from psycopg import sql

    named = {key: sql.Identifier(name) for key, name in names.items()}
    composed = sql.SQL(statement).format(  # type: ignore[arg-type, unused-ignore]
        s=sql.Identifier(schema), **named
    )
    with connection.connection.cursor() as cursor, cursor.copy(composed, values or None) as stream:
        yield stream


def columns_of(connection: Any, schema: str, table: str) -> dict[str, str]:
    """The type of each column of a table, in their order, as it is asked for."""
    asked = """
        SELECT a.attname, t.typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON
            n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s)
        AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
    """
    known = {name: kind for kind, about in _KINDS.items() for name in about.names}
    found = {str(n): str(kind) for n, kind in do(connection, asked, "", schema, table).fetchall()}
    return {name: known.get(kind, "text") for name, kind in found.items() if name != "geometry"}


class _Stream(io.RawIOBase):
    """What the server copies out, as a file."""

    def __init__(self, stream: Any, connection: Any) -> None:
        self.blocks, self.connection, self.left = iter(stream), connection, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.left:
            block = next(self.blocks, None)
            if block is None:
                return 0
            heard(self.connection)
            self.left = bytes(block)
        size = min(len(buffer), len(self.left))
        buffer[:size], self.left = self.left[:size], self.left[size:]
        return size


def read_rows(
    connection: Any,
    schema: str,
    table: str,
    columns: Mapping[str, str],
    where: str = "true",
    *,
    values: Sequence[Any] = (),
    names: Mapping[str, str] | None = None,
) -> tuple[DataFrame, NDArray[np.object_]]:
    """Read columns and shapes of rows in their order; `where` is a condition of our own words."""
    marks = {f"c{k}": name for k, name in enumerate(columns)}
    cells = [f"{{c{k}}}::{_KINDS[kind].asked}" for k, kind in enumerate(columns.values())]
    asked = ", ".join([*cells, "encode(ST_AsBinary(geometry), 'hex')"])
    asked = f"SELECT {asked} FROM {{s}}.{{t}} WHERE {where} ORDER BY zgcgis_row"  # noqa: S608
    statement = f"COPY ({asked}) TO STDOUT (FORMAT csv)"
    given = marks | dict(names or {})
    heads = [*marks, "shape"]
    types = [*(_KINDS[kind].arrow for kind in columns.values()), pa.large_string()]
    reading = csv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=heads)
    making = csv.ConvertOptions(
        column_types=dict(zip(heads, types, strict=True)), null_values=[""], true_values=["t"],
        false_values=["f"], strings_can_be_null=True, quoted_strings_can_be_null=False,
    )  # fmt: skip
    parsing = csv.ParseOptions(newlines_in_values=True)
    empty = pa.schema(list(zip(heads, types, strict=True))).empty_table()
    parts, shapes = [empty.drop_columns(["shape"])], [np.zeros(0, object)]
    try:
        with copying(connection, statement, schema, *values, t=table, **given) as stream:
            text = io.BufferedReader(_Stream(stream, connection), 1 << 20)
            if text.peek(1):
                for batch in csv.open_csv(text, reading, parsing, making):
                    part = pa.Table.from_batches([batch])
                    hexes = part["shape"].to_numpy(zero_copy_only=False)
                    shapes.append(shapely.from_wkb(hexes, on_invalid="ignore"))
                    parts.append(part.drop_columns(["shape"]))
    except pa.ArrowInvalid as problem:
        raise ReadError(
            f"表 {schema}.{table} 有读不懂的值：{one_line(str(problem))[:160]}。请在库中改正。",
            f"{schema}.{table} holds a value that cannot be read: {one_line(str(problem))[:160]}. "
            "Mend it in the database.",
        ) from problem
    frame = pa.concat_tables(parts).rename_columns(list(columns)).to_pandas()
    return frame, np.concatenate(shapes)

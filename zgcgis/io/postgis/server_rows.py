"""Rows of a PostgreSQL server: taken batch by batch, each column in the type the server states.

A value that would not keep its meaning (a date in no calendar of ours, a number of too many
digits, a surface that is no outline) is not changed in silence: all of its kind are named.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import shapely

from ...language.errors import ReadError
from ...language.safe_text import one_line
from .server import heard

__all__ = ["Column", "Labels", "Shapes", "take_all"]

_FIRST_ROWS, _MOST_ROWS = 100, 5_000
_BATCH_BYTES = 8 << 20
_EXACT = 2.0**53  # up to here floating point keeps every whole number
_INT64 = 2**63
_NAMED = 5

_KINDS = {
    **dict.fromkeys(("geometry", "geography"), "shape"),
    **dict.fromkeys(("raster", "bytea"), "away"),
    **dict.fromkeys(("int2", "int4", "int8"), "whole"),
    **dict.fromkeys(("float4", "float8"), "float"),
    "timestamp": "moment",
    "timestamptz": "zoned",
    "numeric": "number",
    "bool": "bool",
    "date": "day",
}


def take_all(connection: Any, query: Any, parts: Sequence[Column | Shapes]) -> int:
    """Run a query and let each of its parts take its cells; return how many rows there were."""
    streamed = query.execution_options(stream_results=True, max_row_buffer=1)
    size, count = _FIRST_ROWS, 0
    with connection.execute(streamed) as result:
        while rows := result.fetchmany(size):
            heard(connection)
            cells, place = list(zip(*rows, strict=True)), 0
            for part in parts:
                part.take(count, cells[place : place + part.width])
                place += part.width
            count += len(rows)
            held = sum(len(cell) for row in rows for cell in row if isinstance(cell, str | bytes))
            size = min(max(_BATCH_BYTES * len(rows) // max(held, 1), 1), _MOST_ROWS)
    return count


@dataclass(frozen=True)
class Labels:
    """Names of rows for messages: their ids, or else their numbers."""

    ids: Sequence[Any] | None = None

    def some(self, rows: Iterable[int]) -> str:
        """Name the first few of some rows."""
        numbers = list(rows)
        names = [
            f"#{row + 1}" if self.ids is None or self.ids[row] is None else str(self.ids[row])
            for row in numbers[:_NAMED]
        ]
        return one_line(", ".join([*names, *(["…"] if len(numbers) > _NAMED else [])]))


@dataclass
class Column:
    """One column without shapes, and what in it cannot be kept."""

    name: str
    kind: str
    batches: list[Any] = field(default_factory=list)
    odd: dict[int, str] = field(default_factory=dict)
    known: bool = False

    @classmethod
    def of(cls, name: str, type_name: str, modifier: int) -> Column:
        """Make the column of a type, as the server's catalogue names it."""
        kind = _KINDS.get(type_name, "text")
        exact = kind == "number" and modifier >= 4 and (modifier - 4) & 0x7FF == 0
        return cls(name, "whole" if exact else kind)

    @property
    def width(self) -> int:
        """How many cells of a row are its own."""
        return 2 if self.kind in {"day", "moment", "zoned"} else 1

    def select(self, sa: Any, column: Any) -> list[Any]:
        """Return what to ask the server for."""
        if self.kind == "text":
            return [sa.cast(column, sa.Text())]
        if self.width == 1:
            return [column]
        here = sa.cast(column, sa.DateTime()) if self.kind == "zoned" else column
        first, beyond = (sa.literal_column(day) for day in ("'0001-01-01'", "'10000-01-01'"))
        kept = sa.and_(here >= first, here < beyond)
        return [
            sa.case((kept, column), else_=None),
            sa.case((sa.not_(kept), sa.cast(column, sa.Text())), else_=None),
        ]

    def take(self, first: int, cells: Sequence[tuple[Any, ...]]) -> None:
        """Take the cells of a batch whose first row has a number."""
        values = list(cells[0])
        for more in cells[1:]:
            self.odd |= {first + k: text for k, text in enumerate(more) if text is not None}
        if self.kind in {"whole", "number"}:
            self._look_at_digits(first, values)
        self.known = self.known or any(value is not None for value in values)
        self.batches.append(_packed(self.kind, values))

    def _look_at_digits(self, first: int, values: list[Any]) -> None:
        """Replace exact numbers by those of the machine; note those that it cannot hold."""
        for k, value in enumerate(values):
            if not isinstance(value, Decimal):
                continue
            if self.kind == "whole":
                fits = value.is_finite() and -_INT64 <= value < _INT64
                values[k] = int(value) if fits else None
                lost = not fits and not value.is_nan()
            else:
                near = values[k] = float(value)
                large = value.is_finite() and abs(near) > _EXACT
                whole = large and value == value.to_integral_value()
                lost = whole and (math.isinf(near) or Decimal(near) != value)
            if lost:
                self.odd[first + k] = str(value)

    def refuse(self, table: str, labels: Labels) -> None:
        """Name what the column holds and no table of ours can."""
        if not self.odd:
            return
        count, name = len(self.odd), one_line(self.name)
        first = ", ".join(f"'{one_line(text)[:40]}'" for text in [*self.odd.values()][:_NAMED])
        which = labels.some(self.odd)
        if self.width == 2:
            raise ReadError(
                f"表 {table} 的列 {name} 有 {count} 个日期不在公元 1 至 9999 年之内：{first}（要素 {which}）。"
                "请改为空值，或建一个视图再读。",
                f"column {name} of {table} holds {count} date(s) outside the years 1 to 9999: {first} "
                f"(feature {which}). Make them NULL, or read a view that does.",
            )
        raise ReadError(
            f"表 {table} 的列 {name} 有 {count} 个数位数太多，读取会失真：{first}（要素 {which}）。"
            "请建一个把它转为文字（::text）的视图再读。",
            f"column {name} of {table} holds {count} number(s) of more digits than can be kept: {first} "
            f"(feature {which}). Read a view that makes it text (::text).",
        )

    def made(self) -> Any:
        """Return the whole column; where nothing is known, of no type."""
        if not self.known:
            return np.full(sum(map(len, self.batches)), None, object)
        if isinstance(self.batches[0], list):
            return [value for batch in self.batches for value in batch]
        if isinstance(self.batches[0], np.ndarray):
            return np.concatenate(self.batches)
        column = pd.concat([pd.Series(batch) for batch in self.batches], ignore_index=True)
        return column if self.kind == "text" or column.hasnans else column.astype("int64")


def _packed(kind: str, values: list[Any]) -> Any:
    if kind == "text":
        return pd.array(values, dtype="str")
    if kind == "whole":
        return pd.array(values, dtype="Int64")
    if kind in {"float", "number"}:
        return np.array([math.nan if value is None else value for value in values], float)
    return values


@dataclass
class Shapes:
    """The column of shapes, with its reference systems and what no plane outline is made of."""

    table: str
    width = 4
    batches: list[Any] = field(default_factory=list)
    srids: set[int] = field(default_factory=set)
    arcs: list[int] = field(default_factory=list)
    unread: dict[int, str] = field(default_factory=dict)
    endless: list[int] = field(default_factory=list)

    def select(self, sa: Any, shape: Any) -> list[Any]:
        """Return what to ask the server for; curves without an arc are the lines they are."""
        call = sa.func
        lines = call.ST_AsBinary(call.ST_CurveToLine(shape))
        arc = call.ST_HasArc(shape)
        wkb = sa.case((arc, None), else_=lines)
        return [wkb, call.ST_SRID(shape), arc, call.GeometryType(shape)]

    def take(self, first: int, cells: Sequence[tuple[Any, ...]]) -> None:
        """Take the cells of a batch whose first row has a number."""
        given, srids, arcs, kinds = cells
        wkb = np.array([*(None if one is None else bytes(one) for one in given), None], object)[:-1]
        with np.errstate(invalid="ignore"):  # a signalling number that is none is told below
            shapes = shapely.from_wkb(wkb, on_invalid="ignore")
        self.srids |= {srid for srid in srids if srid is not None}
        self.arcs += [first + k for k, arc in enumerate(arcs) if arc]
        for k in np.flatnonzero(pd.notna(wkb) & shapely.is_missing(shapes)):
            self.unread[first + int(k)] = kinds[k]
        points, owners = shapely.get_coordinates(shapes, return_index=True)
        self.endless += (first + np.unique(owners[~np.isfinite(points).all(axis=1)])).tolist()
        self.batches.append(shapes)

    def refuse(self, labels: Labels) -> None:
        """Name the shapes whose area cannot be told."""
        if self.arcs:
            count, which = len(self.arcs), labels.some(self.arcs)
            raise ReadError(
                f"表 {self.table} 中有 {count} 个要素含圆弧（{which}），其面积取决于如何折成折线。"
                "请先用 ST_CurveToLine 转换。",
                f"{count} feature(s) of {self.table} contain arcs ({which}), whose area depends on how "
                "they are broken into lines. Convert them first (ST_CurveToLine).",
            )
        if self.unread:
            count, which = len(self.unread), labels.some(self.unread)
            kinds = ", ".join(f"{kind} {n}" for kind, n in Counter(self.unread.values()).items())
            raise ReadError(
                f"表 {self.table} 中有 {count} 个要素（{which}）的几何不是平面图形：{kinds}。"
                "请先转为 MULTIPOLYGON，或用 where 不读它们。",
                f"the geometry of {count} feature(s) of {self.table} ({which}) is no plane shape: {kinds}. "
                "Make them MULTIPOLYGON first, or leave them out with where.",
            )
        if self.endless:
            count, which = len(self.endless), labels.some(self.endless)
            raise ReadError(
                f"表 {self.table} 中有 {count} 个要素（{which}）的坐标不是有限的数。请在数据库中改正。",
                f"{count} feature(s) of {self.table} ({which}) have coordinates that are not finite "
                "numbers. Mend them in the database.",
            )

    def made(self) -> Any:
        """Return all shapes."""
        return np.concatenate([np.zeros(0, object), *self.batches])

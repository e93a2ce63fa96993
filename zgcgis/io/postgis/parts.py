"""Layers of a store read by part: what lies along the curve, in a box, or is named.

Each part is a transaction of its own, wherever it is read; whether the layer is still the one that
was opened is asked at the end, of the versions of its rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pandas import DataFrame

from ...geo.boxes import boxes_near
from ...language.errors import ReadError
from ...model import LEVELS
from ..stored import typed_columns
from .copies import do, read_rows
from .server import transaction

__all__ = ["CURVE_ROWS", "ServedLayer", "versions"]

CURVE_ROWS = 4_096
"""Features that bear one number along the curve."""

_PART_S = 600.0
_SIDES = ("xmin", "ymin", "xmax", "ymax")

Rows = tuple[NDArray[np.intp], list[pa.Table]]


@dataclass(frozen=True)
class ServedLayer:
    """A layer in a table of a store: see :class:`zgcgis.model.ServedLayer`."""

    address: str
    schema: str
    table: str
    level: str
    columns: Mapping[str, str]
    count: int
    stamp: str

    def groups(self, rows: int) -> int:
        """How many groups of about `rows` features there are."""
        return -(-self.count // self._size(rows))

    def _size(self, rows: int) -> int:
        return max(1, rows // CURVE_ROWS) * CURVE_ROWS

    def group(self, number: int, rows: int) -> pa.Table:
        """Read a group, with ``row`` and ``bbox``."""
        tiles = self._size(rows) // CURVE_ROWS
        first = number * tiles
        return self._read("zgcgis_tile BETWEEN %s AND %s", first, first + tiles - 1)

    def near(self, around: NDArray[np.float64]) -> Rows:
        """Read the features whose boxes may meet some boxes: those in the box of all first."""
        whole = around[np.isfinite(around).all(axis=1)]
        if not len(whole):
            return np.zeros(0, np.intp), []
        west, south = whole[:, :2].min(axis=0).tolist()
        east, north = whole[:, 2:].max(axis=0).tolist()
        inside = "geometry && ST_MakeEnvelope(%s, %s, %s, %s, 4490)"
        table = self._read(inside, west, south, east, north)
        box = table["bbox"].combine_chunks()
        sides = np.stack([box.field(s).to_numpy(zero_copy_only=False) for s in _SIDES], axis=1)
        kept = table.filter(pa.array(boxes_near(sides, around)))
        return kept["row"].to_numpy(), [kept]

    def named(self, name: str, wanted: set[str]) -> Rows:
        """Read the features whose column `name` is one of some texts."""
        if name not in self.columns:
            return np.zeros(0, np.intp), []
        table = self._read("{w} = ANY(%s)", sorted(wanted), w=name)
        return table["row"].to_numpy(), [table]

    def still(self) -> None:
        """Refuse to go on if somebody changed the layer since it was opened."""
        with transaction(self.address, _PART_S, fails_as=ReadError) as connection:
            if versions(connection, self.schema, self.table) == self.stamp:
                return
        raise ReadError(
            f"表 {self.schema}.{self.table} 在核查期间被修改。请再运行一次。",
            f"{self.schema}.{self.table} was changed while it was being looked at. Run it again.",
        )

    def _read(self, where: str, *values: Any, **names: str) -> pa.Table:
        known = ["zgcgis_row", *(n for n in self.columns if n in LEVELS[self.level].columns)]
        asked = {name: self.columns[name] for name in dict.fromkeys([*known, "id"])}
        with transaction(self.address, _PART_S, fails_as=ReadError) as connection:
            frame, shapes = read_rows(
                connection, self.schema, self.table, asked, where, values=values, names=names
            )
        return self._as_tile(frame, shapes)

    def _as_tile(self, frame: DataFrame, shapes: NDArray[np.object_]) -> pa.Table:
        """The rows as a row group of a stored layer holds them."""
        known = [name for name in frame if name in LEVELS[self.level].columns]
        typed = DataFrame(typed_columns(frame, known, f"{self.schema}.{self.table}"))
        table = pa.Table.from_pandas(typed[[*dict.fromkeys(["id", *known])]], preserve_index=False)
        bounds = shapely.bounds(shapes).reshape(-1, 4)
        box = pa.StructArray.from_arrays([pa.array(side) for side in bounds.T], list(_SIDES))
        wkb = pa.array(shapely.to_wkb(shapes), pa.binary())
        own = {"row": pa.array(frame["zgcgis_row"].to_numpy(np.intp)), "geometry": wkb, "bbox": box}
        for name, column in own.items():
            table = table.append_column(name, column)
        return table


def versions(connection: Any, schema: str, table: str) -> str:
    """A mark of all rows of a table in their present versions."""
    asked = "SELECT count(*), sum(hashtext(ctid::text || ' ' || xmin::text)::bigint) FROM {s}.{t}"
    return str(do(connection, asked, schema, t=table).fetchone())

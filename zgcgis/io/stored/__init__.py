"""Layers of a zone folder: one file each, read into the columns of its level, in EPSG:4490.

The folder is the user's own; files from elsewhere come in through ``zgcgis import``. A large
layer that ``zgcgis import`` has stored, sorted and with the box of every feature, need not be
read as a whole: :class:`StoredFile` tells what it holds and reads the columns or rows wanted.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from pandas import DataFrame, Series
from pyproj import CRS
from shapely.errors import GEOSException

from ...intake.crs import NamesFile, lonlat_of, parse_crs, unknown_shift
from ...intake.sandbox.containers.parquet import too_much
from ...intake.sandbox.process import TABLES_PER_BYTE, most_bytes
from ...language.errors import CrsError, MissingColumnsError, ReadError, ZgcgisError
from ...language.safe_text import Text, one_line
from ...model import COLUMNS, LEVELS, Column
from ...model.tiles.groups import read_near, read_rows, rows_of, starts
from ...plan.fields import LARGEST, shown
from ...plan.settings import no_plain_file
from .geojson_text import read_geojson

__all__ = ["UNREAD_ABOVE", "StoredFile", "read_stored_layer", "stored_file", "typed_columns"]

UNREAD_ABOVE = 100_000
"""From this many features on, a stored layer is read when it is first asked for."""

_GROUP_ROWS = 131_072  # rows of a row group up to which a part of a layer can be read by itself
_SMALL_BYTES = 4 << 20  # up to here all texts of a file are weighed before they are unpacked
_LEAST_BYTES = 40  # that a row takes in the file of a layer that can be left in it
_SMALL_ROOM = 48 << 20  # and so many bytes may come of them, and some for each of the file
_NULLABLE = {"boolean", "Int8", "Int16", "Int32", "Int64", "Float32", "Float64", "string", "str"}
_CRS = "EPSG:4490"
_SIDES = ("xmin", "ymin", "xmax", "ymax")


# --- a layer that is not read yet ----------------------------------------------------------------


@dataclass(frozen=True)
class StoredFile:
    """A large layer in its file: see :class:`zgcgis.model.StoredLayer`."""

    path: Path
    level: str
    count: int
    columns: tuple[str, ...]
    filled: frozenset[str]
    kinds: frozenset[str]
    stamp: tuple[int, int]

    def read(self) -> GeoDataFrame:
        """Read the whole layer."""
        self.still()
        return read_stored_layer(self.path, self.level)

    def table(self, columns: Iterable[str] | None = None) -> DataFrame:
        """Read columns without shapes, all or those of `columns` that there are."""
        self.still()
        wanted = [c for c in (self.columns if columns is None else columns) if c in self.columns]
        try:
            with pq.ParquetFile(self.path) as file:
                names = set(file.schema_arrow.names)
                read = file.read(columns=[c for c in wanted if c in names], use_threads=False)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.path, error) from error
        given = _frame_of(read) if read.num_columns else DataFrame(index=range(self.count))
        known = [c for c in wanted if c in LEVELS[self.level].columns]
        given = given.reset_index(drop=True)
        return DataFrame(typed_columns(given, known, self.path), index=given.index)[wanted]

    def shapes(self, rows: NDArray[np.intp] | None = None) -> GeoSeries:
        """Read the shapes of all rows, or of those at some positions, in their order."""
        self.still()
        wanted = np.arange(self.count) if rows is None else np.asarray(rows, np.intp)
        found = np.full(len(wanted), None, object)
        try:
            with pq.ParquetFile(self.path) as file:
                first = 0
                for group in range(file.num_row_groups):
                    end = first + file.metadata.row_group(group).num_rows
                    here = np.flatnonzero((wanted >= first) & (wanted < end))
                    if len(here):
                        column = file.read_row_group(group, columns=["geometry"])["geometry"]
                        wkb = column.take(pa.array(wanted[here] - first))
                        found[here] = _made(wkb)
                    first = end
        except (pa.ArrowException, OSError, GEOSException) as error:
            raise _unreadable(self.path, error) from error
        return GeoSeries(found, crs=_CRS)

    def boxes(self) -> NDArray[np.float64]:
        """Read the boxes of all rows: west, south, east, north."""
        return np.stack([self._side(side) for side in _SIDES], axis=1)

    def _side(self, side: str) -> NDArray[np.float64]:
        """One side of all boxes; NaN where a row has no shape."""
        self.still()
        try:
            with pq.ParquetFile(self.path) as file:
                box = file.read(columns=[f"bbox.{side}"])["bbox"].combine_chunks()
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.path, error) from error
        return np.asarray(box.field(side).to_numpy(zero_copy_only=False), float)

    def groups(self, _rows: int) -> int:
        """How many row groups there are."""
        with pq.ParquetFile(self.path) as file:
            return int(file.num_row_groups)

    def group(self, number: int, _rows: int) -> pa.Table:
        """Read a row group, with ``row``, ``bbox`` and the columns of its level."""
        with pq.ParquetFile(self.path) as file:
            table = file.read_row_group(number, use_threads=False)
            return self._part(table, rows_of(table, int(starts(file)[number])))

    def near(self, around: NDArray[np.float64]) -> tuple[NDArray[np.intp], list[pa.Table]]:
        """Read the features whose boxes may meet some boxes, and their positions."""
        return self._parts(read_near(str(self.path), around))

    def named(self, name: str, wanted: set[str]) -> tuple[NDArray[np.intp], list[pa.Table]]:
        """Read the features whose column `name` is one of some texts, and their positions."""
        return self._parts(read_rows(str(self.path), name, wanted))

    def _parts(
        self, read: tuple[NDArray[np.intp], list[pa.Table]]
    ) -> tuple[NDArray[np.intp], list[pa.Table]]:
        rows, tables = read
        ends = np.cumsum([table.num_rows for table in tables])[:-1]
        each = np.split(rows, ends) if tables else []
        return rows, [self._part(table, at) for table, at in zip(tables, each, strict=True)]

    def _part(self, table: pa.Table, rows: NDArray[np.intp]) -> pa.Table:
        """Rows of the file in the types of the level, with their positions in it."""
        known = LEVELS[self.level].columns
        given = _frame_of(table.select([c for c in table.column_names if c in known]))
        made = pa.Table.from_pandas(DataFrame(typed_columns(given, known, self.path)))
        for name in ("bbox", "geometry"):
            made = made.append_column(name, table[name])
        return made.append_column("row", pa.array(rows))

    @cached_property
    def complete(self) -> bool:
        """Whether every row has a shape that is not empty."""
        return not np.isnan(self._side("xmin")).any()

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north in degrees."""
        box = self.boxes()
        there = box[~np.isnan(box).any(axis=1)]
        if not len(there):
            return (np.nan,) * 4
        west, south = there[:, :2].min(axis=0)
        east, north = there[:, 2:].max(axis=0)
        return float(west), float(south), float(east), float(north)

    def still(self) -> None:
        """Refuse to go on if the file is no longer the one that was opened."""
        if self.stamp != _stamp(self.path):
            raise ReadError(
                f"{self.path} 在示范区打开之后被改动或移走。请重新打开示范区再算。",
                f"{self.path} was changed or taken away after the zone was opened. "
                "Open the zone again.",
            )


def stored_file(path: Path, level: str) -> StoredFile | None:
    """Return a layer that can be left in its file for now; None if it has to be read at once.

    That is a GeoParquet file of more than :data:`UNREAD_ABOVE` features in EPSG:4490 with a box
    for each and in row groups, as ``zgcgis import`` stores it. Only its metadata is read.

    Raises
    ------
    MissingColumnsError
        If such a file has no ids.
    """
    if path.suffix.lower() != ".parquet":
        return None
    try:
        stamp = _stamp(path)
        with pq.ParquetFile(path) as file:
            meta, schema = file.metadata, file.schema_arrow
        geo = json.loads(schema.metadata[b"geo"])
        entry = geo["columns"]["geometry"]
        plain = (
            b"zgcgis" in schema.metadata  # stored by import, which has looked at every shape
            and geo["primary_column"] == "geometry"
            and len(geo["columns"]) == 1
            and entry["encoding"] == "WKB"
            and entry["covering"]["bbox"] == {side: ["bbox", side] for side in _SIDES}
            and schema.field("bbox").type.num_fields == len(_SIDES)
        )
        kinds = frozenset(map(str, entry["geometry_types"]))
        packed = stamp[0] < _LEAST_BYTES * meta.num_rows  # reading it at once weighs its texts
        fits = plain and not packed and meta.num_rows > UNREAD_ABOVE and _of_zone(entry["crs"])
        rows = [meta.row_group(k).num_rows for k in range(meta.num_row_groups)]
    except (pa.ArrowException, OSError, LookupError, TypeError, ValueError):
        return None  # reading it says what is wrong with it
    names = [name for name in schema.names if name != "bbox"]
    if not fits or max(rows) > _GROUP_ROWS:
        return None
    if "id" not in names:
        raise MissingColumnsError({"id"}, names, where=str(path))
    filled = [name for name in names if name != "geometry"]
    columns = tuple(dict.fromkeys([*filled, *LEVELS[level].columns]))
    return StoredFile(path, level, meta.num_rows, columns, frozenset(filled), kinds, stamp)


def _of_zone(stated: Any) -> bool:
    crs = _stated_crs(stated)
    return crs is not None and crs.to_epsg() == 4490


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of a file; nothing of one that is not there."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return status.st_size, status.st_mtime_ns


# --- a layer as a whole --------------------------------------------------------------------------


def read_stored_layer(path: Path, level: str) -> GeoDataFrame:
    """Read one layer of a zone folder into the columns of its level, in EPSG:4490."""
    return read_layer(path, level)[0]


def corners_of(layers: Mapping[str, Path]) -> NDArray[np.float64]:
    """Return the corners of all outlines of some layers, by level, in degrees of CGCS2000."""
    outlined = [level for level in layers if LEVELS[level].geometry == "polygon"]
    parts = [shapely.get_coordinates(read_stored_layer(layers[level], level).geometry.to_numpy())
             for level in outlined]  # fmt: skip
    return np.unique(np.concatenate([np.zeros((0, 2)), *parts]), axis=0)


def read_layer(path: Path, level: str) -> tuple[GeoDataFrame, dict[int, str]]:
    """Return a layer as :func:`read_stored_layer`, and what :func:`read_geojson` found odd."""
    odd: dict[int, str] = {}
    if os.path.lexists(path) and (other := no_plain_file(path)):
        raise ReadError(
            f"{path} {other.zh}，不能读取。请给出文件本身。",
            f"{path} is {other.en} and is not read. Name the file itself.",
        )
    if path.suffix.lower() == ".geojson":
        layer, odd = read_geojson(path)
    else:
        layer = _read_binary(path, level)
    if not isinstance(layer, GeoDataFrame):
        raise _unreadable(path, ValueError("没有图形 no geometry"))
    if layer.geometry.name != "geometry":
        layer = layer.drop(columns="geometry", errors="ignore").rename_geometry("geometry")
    if layer.crs is None:
        raise CrsError(
            f"{path} 没有说明坐标系，或说明读不懂；应有 EPSG 代号、WKT 或 PROJJSON。{_WITH_A_SYSTEM.zh}",
            f"{path} states no coordinate reference system that can be understood; it should state an "
            f"EPSG code, WKT or PROJJSON. {_WITH_A_SYSTEM.en}",
        )
    if "id" not in layer:
        raise MissingColumnsError({"id"}, layer.columns, where=str(path))
    if layer.crs.to_epsg() != 4490:
        layer = _in_degrees(layer, path)
    layer = layer.reset_index(drop=True)
    columns = typed_columns(layer, LEVELS[level].columns, path)
    made = GeoDataFrame(columns, geometry="geometry")
    made.attrs = layer.attrs
    return made, odd


def _unreadable(path: Path, error: Exception) -> ReadError:
    return ReadError(
        f"{path} 读不出来：{error}。请重新导入该图层（zgcgis import）。",
        f"{path} cannot be read: {error}. Import the layer again (zgcgis import).",
    )


def _in_degrees(layer: GeoDataFrame, path: Path) -> GeoDataFrame:
    """Bring a layer to EPSG:4490, or refuse it where nobody can say how."""
    from ...intake.log import Refusal

    if (unknown := unknown_shift(layer.crs)) is not None:
        rule, words = unknown
        raise Refusal(rule, file=str(path), **words)
    return layer.to_crs(lonlat_of(layer.crs)).set_crs(_CRS, allow_override=True)


def _read_binary(path: Path, level: str) -> GeoDataFrame:
    """Read GeoParquet with Arrow, and all else behind the guard: GDAL opens nothing here."""
    if path.suffix.lower() != ".parquet":
        from .outside import read_outside_layer

        return read_outside_layer(path, level)
    try:
        return _read_parquet(path)
    except ZgcgisError:
        raise
    except Exception as error:
        raise _unreadable(path, error) from error


@np.errstate(invalid="ignore")  # a signalling number that is none is told with the others
def _made(wkb: pa.ChunkedArray) -> NDArray[np.object_]:
    made: NDArray[np.object_] = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False))
    return made


def _read_parquet(path: Path) -> GeoDataFrame:
    """Read GeoParquet; of what it says of itself only plain facts are believed."""
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        primary, entry, boxes = _geometry_of((schema.metadata or {}).get(b"geo"))
        names = [n for n in schema.names if n not in boxes and not n.startswith("__index_level_")]
        table = _unpacked(file, names, primary, path)
    frame = _frame_of(table.drop([primary]))
    shapes = _made(table[primary])
    del table
    pa.default_memory_pool().release_unused()  # what was read on the way is as much again
    crs = _understood(entry.get("crs", "OGC:CRS84"), path)
    series = GeoSeries(shapes, crs=crs, index=frame.index)
    frame.insert(names.index(primary), primary, series)
    return GeoDataFrame(frame, geometry=primary)


def _unpacked(file: pq.ParquetFile, names: list[str], primary: str, path: Path) -> pa.Table:
    """Read columns; a little file that says one thing very often is refused and not unpacked."""
    from ...intake.log import Refusal

    size = path.stat().st_size
    most = most_bytes(size) if size > _SMALL_BYTES else _SMALL_ROOM + TABLES_PER_BYTE * size
    beyond = too_much(file.metadata, most, primary)
    if beyond is None and size > _SMALL_BYTES:
        return file.read(columns=names)
    if beyond is None:
        schema = pa.schema(map(file.schema_arrow.field, names), file.schema_arrow.metadata)
        texts = [field.name for field in schema if _is_text(field.type)]
        with pq.ParquetFile(path, read_dictionary=texts) as again:
            table = again.read(columns=names)
        weight = sum(map(_weight, table.columns))
        if weight <= most:
            return table.cast(schema)
        beyond = weight, most
    raise Refusal("R444", file=str(path), measured=beyond[0], limit=beyond[1])


def _is_text(kind: pa.DataType) -> bool:
    is_one = (
        pa.types.is_binary,
        pa.types.is_string,
        pa.types.is_large_binary,
        pa.types.is_large_string,
    )
    return any(one(kind) for one in is_one)


def _weight(column: pa.ChunkedArray) -> int:
    """Bytes of a column once each row holds its own text."""
    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    return sum(
        pc.sum(pc.take(pc.binary_length(chunk.dictionary), chunk.indices)).as_py() or 0
        for chunk in column.chunks
    )


def _frame_of(table: pa.Table) -> DataFrame:
    """Return a table as a frame; of what pandas noted of its columns only known types count."""
    names, noted = set(table.column_names), []
    try:
        noted = [
            {**column, "metadata": None}
            for column in json.loads((table.schema.metadata or {})[b"pandas"])["columns"]
            if column["numpy_type"] in _NULLABLE and column["field_name"] in names
        ]
    except (LookupError, TypeError, ValueError):
        noted = []
    told = {"columns": noted, "index_columns": [], "column_indexes": []}
    return table.replace_schema_metadata({"pandas": json.dumps(told)}).to_pandas()


def _geometry_of(said: bytes | None) -> tuple[str, dict[str, Any], set[str]]:
    """Return the geometry column of GeoParquet, what is said of it, and the columns of its boxes."""
    try:
        geo = json.loads(said or b"")
        primary = geo["primary_column"]
        entry = geo["columns"][primary]
        box = (entry.get("covering") or {}).get("bbox") or {}
        boxes = {str(side[0]) for side in box.values()} - {primary}
        encoding = entry["encoding"]
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as problem:
        raise ValueError(
            "不是 GeoParquet（没有可用的 geo 说明） no GeoParquet (no geo metadata that can be used)"
        ) from problem
    if encoding != "WKB":
        raise ValueError(f"encoding {encoding!r}")
    return primary, entry, boxes


_WITH_A_SYSTEM = Text(
    "请用 GIS 软件写明实际坐标系后另存，或用 zgcgis import --crs EPSG:代号 导入。",
    "Save it again with the system it is in, or bring it in with zgcgis import --crs EPSG:CODE.",
)


def _understood(stated: Any, path: Path) -> CRS | None:
    """Return the system that GeoParquet states; the sentence shows one that is none."""
    from ...intake.log import Refusal

    try:
        return _stated_crs(stated)
    except NamesFile as problem:
        raise Refusal("R119", file=str(path), detail=str(problem)[:120]) from problem
    except ValueError as problem:
        found = one_line(json.dumps(stated, ensure_ascii=False))
        found = f"{found[:100]}…" if len(found) > 100 else found
        raise CrsError(
            f"{path} 声明的坐标系读不懂：{found}；应为 EPSG 代号、WKT 或 PROJJSON。{_WITH_A_SYSTEM.zh}",
            f"{path} states a coordinate reference system that cannot be understood: {found}; it "
            f"should be an EPSG code, WKT or PROJJSON. {_WITH_A_SYSTEM.en}",
        ) from problem


def _stated_crs(stated: Any) -> CRS | None:
    """Return the system that GeoParquet states, by its code where it has one."""
    if isinstance(stated, dict):
        code = stated.get("id")
        if isinstance(code, dict) and str(code.get("authority")).upper() in {"EPSG", "OGC"}:
            return parse_crs(f"{code['authority']}:{code.get('code')}")
        return parse_crs(json.dumps(stated))
    return None if stated is None else parse_crs(str(stated))


# --- columns in the types of their level ----------------------------------------------------------

_FIRST_DAY, _DAY_AFTER = pd.Timestamp(1800, 1, 1), pd.Timestamp(2201, 1, 1)
_MOST_COUNT = 1e9
_DAY = re.compile(r"\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}\b")
_WANTED = {
    "bool": (" true 或 false", "true or false"),
    "text": ("文字", "a text"),
    "date": (
        "1800 到 2200 年间的日期，如 2024-12-31",
        "a day from 1800 to 2200 such as 2024-12-31",
    ),
    "float": (f"绝对值不超过 {LARGEST:g} 的数", f"a number of at most {LARGEST:g}"),
    "int": ("整数", "a whole number"),
}


def typed_columns(
    table: DataFrame, columns: Iterable[str], path: Path | str
) -> dict[Hashable, Series]:
    """Return the columns of a table, and those of `columns` typed, also where there are none.

    Raises
    ------
    ReadError
        If a value is not of its column's type: one sentence with file, feature and column.
    """
    made: dict[Hashable, Series] = {name: table[name] for name in table.columns}
    nothing = Series([pd.NA] * min(len(table), 1), dtype="object")
    for column in columns:
        values, about = made.get(column, nothing), COLUMNS[column]
        if len(table) and (values is nothing or values.isna().all()):
            one = _as(values.iloc[:1], about)  # made once, not for every row
            values = one.iloc[np.zeros(len(table), np.intp)].set_axis(table.index)
        else:
            values = _told(values, about, table, path)
        made[column] = values
    return made


def _told(values: Series, about: Column, table: DataFrame, path: Path | str) -> Series:
    try:
        return _as(values, about)
    except (ValueError, TypeError, OverflowError, ArithmeticError):
        row = next((k for k in range(len(values)) if not _fits(values.iloc[k : k + 1], about)), 0)
    said, name = shown(values.iloc[row]), table["id"].iloc[row] if "id" in table else row + 1
    zh, en = _WANTED[about.type]
    if about.least is not None:
        zh, en = (
            f"{zh}（{about.least} 到 {about.most}）",
            f"{en} from {about.least} to {about.most}",
        )
    raise ReadError(
        f"{path} 第 {row + 1} 个要素（{name}）的 {about.key} 是 {said}，应为{zh}。"
        "请在源文件中改正后重新导入。",
        f"{path}: {about.key} of feature {row + 1} ({name}) is {said}, not {en}. "
        "Mend it in the source and import it again.",
    )


def _fits(values: Series, about: Column) -> bool:
    try:
        _as(values, about)
    except (ValueError, TypeError, OverflowError, ArithmeticError):
        return False
    return True


def _as(values: Series, about: Column) -> Series:
    """A column in its type; what there is nothing of stays missing."""
    if about.type == "bool":
        return values.astype("boolean")
    if about.type == "text":
        return _texts(values)
    if about.type == "date":
        return _days(values)
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in {"boolean", "mixed", "datetime64", "datetime", "date"} and values.notna().any():
        raise ValueError(kind)
    numbers = pd.to_numeric(values.where(values.notna(), None))
    if about.type == "float":
        _refuse_outside(numbers, -LARGEST, LARGEST)
        return numbers.astype("float64")
    low = -_MOST_COUNT if about.least is None else about.least
    high = _MOST_COUNT if about.most is None else about.most
    _refuse_outside(numbers, low, high)
    return numbers.astype("Int64")


def _refuse_outside(numbers: Series, low: float, high: float) -> None:
    if bool(((numbers < low) | (numbers > high)).any()):
        raise ValueError


def _texts(values: Series) -> Series:
    if isinstance(values.dtype, pd.StringDtype):
        return values.astype("str")
    if values.dtype == object and any(isinstance(value, dict | list) for value in values):
        raise ValueError
    return values.astype("str").where(values.notna(), None)


def _days(values: Series) -> Series:
    known: Any = values.where(values.notna(), None)
    if not pd.api.types.is_datetime64_any_dtype(values):
        for value in values[values.notna()].unique():
            if isinstance(value, str):
                if not _DAY.match(value):
                    raise ValueError
            elif isinstance(value, bool | int | float | np.number):
                raise TypeError  # nanoseconds since 1970 to the library, a year to whoever typed it
        known = (
            known.astype("object")
            .str.strip()
            .where(known.map(lambda one: isinstance(one, str)), known)
        )
    days = pd.to_datetime(known)
    if days.dtype == object:
        raise ValueError
    if days.dt.tz is not None:
        days = days.dt.tz_localize(None)
    if bool(((days < _FIRST_DAY) | (days >= _DAY_AFTER)).any()):
        raise ValueError
    return days

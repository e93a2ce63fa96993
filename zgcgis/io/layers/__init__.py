"""Layers in and out: one file to the columns of its level, and back into formats for others."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import warnings
from collections.abc import Callable, Collection, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pyproj import CRS

from ...findings import describe
from ...geo import area_m2
from ...intake.examine import examine
from ...intake.layer import FileReport, Layer, Options
from ...intake.log import Refusal
from ...language.errors import (
    CrsError,
    MissingColumnsError,
    UnknownNameError,
    WriteError,
    ZgcgisWarning,
)
from ...language.safe_text import well_formed
from ...model import COLUMNS, LEVELS
from ...plan.land_use import SYSTEMS, classify, translate
from ...runs import work_folder
from ..spreadsheets import write_csv, write_table
from ..writing import look_at, told, write_bytes_whole, write_whole, write_zip
from .drawings import DRAWN, write_corner_table
from .row_groups import Parts, store_parts
from .styles import chinese_heads, embed_style, embed_table

__all__ = [
    "arrow_table",
    "read_layer",
    "store_layer",
    "stored_box",
    "stored_record",
    "translated",
    "typed",
    "write_layer",
]


_CRS = "EPSG:4490"
_KINDS = ("Point", "LineString", "LineString", "Polygon", "MultiPoint", "MultiLineString",
          "MultiPolygon", "GeometryCollection")  # fmt: skip
_SMALL = 64 << 20
_TAKEN_IN_GPKG = {"", "_rowid_", "fid", "geom", "ogc_fid", "rowid"}


def read_layer(
    path: str | Path,
    level: str,
    *,
    layer: str | None = None,
    rename: Mapping[str, str] | None = None,
    encoding: str | None = None,
    datum: str = "as-stated",
    crs: str | None = None,
    scale: Mapping[str, str] | None = None,
    accept: tuple[str, ...] = (),
) -> GeoDataFrame:
    """Read one layer into the columns of its level, in EPSG:4490.

    Parameters
    ----------
    path
        A file of any format that ``zgcgis import`` takes.
    level
        One of :data:`zgcgis.model.LEVELS`.
    layer, rename, encoding, datum, crs, scale, accept
        What the file does not say itself, as the options of ``zgcgis import``.

    Returns
    -------
    layer
        What could be used; ``attrs["findings"]``, ``attrs["repairs"]`` and ``attrs["counts"]``
        say, as records, what was found, mended and refused. Features in = used + repaired + refused.

    Raises
    ------
    ReadError
        If the file is refused: the sentence names the rule and the option to give.
    """
    if level not in LEVELS:
        raise UnknownNameError(level, LEVELS, what="level", zh="图层级别")
    options = Options(
        crs=crs,
        encoding=encoding,
        layer=layer,
        rename=dict(rename or {}),
        datum=datum,
        scale=dict(scale or {}),
        accept=frozenset(accept),
    )
    _, found = the_layer(path, level, options)
    frame = found.frame
    if not isinstance(frame, GeoDataFrame):
        shapes = gpd.GeoSeries([None] * len(frame), crs=_CRS) if frame is not None else None
        frame = GeoDataFrame(frame, geometry=shapes)
    refused = found.log.counts["refused"]
    if refused:
        sentences = describe(found.findings, "en")
        warnings.warn(
            f"{path}: {refused} of {found.log.count} features refused; {sentences.iloc[0]}",
            ZgcgisWarning,
            stacklevel=2,
        )
    frame = typed(frame, level)
    said = pd.DataFrame(found.findings.drop(columns="geometry"))
    said["sentence"] = describe(found.findings, "zh")
    frame.attrs = {  # records, so that the layer can still be written anywhere
        "findings": _records(said),
        "repairs": _records(found.repairs),
        "counts": found.log.counts,
    }
    return frame


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(k): (None if pd.isna(v) else v) for k, v in row.items()}
        for row in table.to_dict("records")
    ]


def the_layer(
    path: str | Path, level: str, options: Options, **of_zone: Any
) -> tuple[FileReport, Layer]:
    """Examine a file and return its report and the one layer meant, or raise its refusal."""
    name = str(path)
    reports = examine(path, options=options, level=level, **of_zone)
    for report in reports:
        if report.refusal is not None:
            raise report.refusal.of(name)
    layers = [(report, layer) for report in reports for layer in report.layers]
    if options.layer is not None:
        layers = [entry for entry in layers if entry[1].name == options.layer] or layers
    shaped = [entry for entry in layers if not entry[1].table]
    filled = [entry for entry in shaped if entry[1].log.count] or shaped
    chosen = filled or layers
    if len(chosen) > 1:
        raise Refusal("R411", file=name, detail="、".join(layer.name for _, layer in chosen[:20]))
    if not chosen:
        raise Refusal("R412", file=name, detail="没有图层 no layers")
    report, layer = chosen[0]
    if layer.log.stops:
        raise layer.log.stops[0].of(name)
    return report, layer


def typed(frame: GeoDataFrame, level: str) -> GeoDataFrame:
    """Return the frame with every column of the level, typed, the known ones first."""
    made: dict[str, Any] = {}
    for column in LEVELS[level].columns:
        kind = COLUMNS[column].type
        values = frame[column] if column in frame else pd.Series([None] * len(frame))
        values = values.reset_index(drop=True)
        if kind == "text":
            made[column] = values.astype("str").where(values.notna(), None)
        elif kind == "float":
            made[column] = values.astype("Float64").astype("float64")
        elif kind == "int":
            made[column] = values.astype("Float64").astype("Int64")
        elif kind == "date":
            made[column] = pd.to_datetime(values)
        else:
            made[column] = values.astype("boolean")
    for column in frame.columns:
        if column not in made and column != "geometry":
            made[str(column)] = frame[column].reset_index(drop=True)
    return GeoDataFrame(made, geometry=frame.geometry.to_numpy(), crs=_CRS)


# --- the store -----------------------------------------------------------------------------------


def store_layer(
    frame: pd.DataFrame | GeoDataFrame,
    path: Path,
    level: str,
    record: list[dict[str, Any]],
    *,
    shapes: NDArray[np.object_] | None = None,
) -> None:
    """Write a layer of a zone as GeoParquet with the record of where it came from, whole or not at all.

    The shapes are those given, else those of the frame.
    """
    given = np.asarray(frame.geometry.array, object) if shapes is None else shapes
    table = arrow_table(frame, level)
    there = given[~shapely.is_missing(given)]
    kinds = {_KINDS[int(kind)] for kind in np.unique(shapely.get_type_id(there))}
    parts = Parts(table.take, given.__getitem__, shapely.bounds(given), kinds)
    store_parts(parts, path, level, record)


def arrow_table(frame: pd.DataFrame, level: str) -> pa.Table:
    """Return the columns of a layer but its shapes, those of its level first."""
    arrays: dict[str, Any] = {}
    known = [c for c in LEVELS[level].columns if c in frame.columns]
    others = [c for c in frame.columns if c not in known and c != "geometry"]
    for column in [*known, *others]:
        values = frame[column]
        if pd.api.types.is_object_dtype(values):
            values = values.map(lambda v: v if v is None or isinstance(v, str) else str(v))
            arrays[str(column)] = pa.array(values.to_numpy(), type=pa.string(), from_pandas=True)
        else:
            array = pa.array(values, from_pandas=True)
            if isinstance(array, pa.ChunkedArray):
                array = array.combine_chunks()
            if pa.types.is_large_string(array.type):
                array = array.cast(pa.string())
            if pa.types.is_timestamp(array.type):
                array = array.cast(pa.timestamp("ms"))
            arrays[str(column)] = array
    return pa.table(arrays)


def stored_record(path: Path) -> list[dict[str, Any]] | None:
    """Return what a stored layer says of its origin; None if it says nothing."""
    if not path.is_file():
        return None
    try:
        meta = pq.read_schema(path).metadata or {}
        return list(json.loads(meta[b"zgcgis"])["record"])
    except (pa.ArrowException, OSError, KeyError, ValueError):
        return None


def stored_box(path: Path) -> list[float] | None:
    """Return west, south, east and north of a stored layer, from its metadata alone."""
    try:
        meta = pq.read_schema(path).metadata or {}
        box = json.loads(meta[b"geo"])["columns"]["geometry"]["bbox"]
    except (pa.ArrowException, OSError, KeyError, ValueError):
        return None
    return [float(v) for v in box] if len(box) == 4 else None


# --- out -----------------------------------------------------------------------------------------


def write_layer(
    layer: GeoDataFrame | pd.DataFrame,
    path: str | Path,
    *,
    tables: Mapping[str, list[str]] | None = None,
    crs: str | None = None,
    headers: str = "",
    corners: bool = False,
) -> Path:
    """Write a layer; the suffix chooses the format.

    ``.gpkg`` (with the styles of its codes, for QGIS), ``.geojson``, ``.parquet``, ``.shp`` (to
    a new name only) or ``.shp.zip`` (with a map of the names that had to be cut), ``.csv`` and
    ``.xlsx`` (without shapes, or with `corners` as a table of corners; text that a spreadsheet would
    run is kept as text), ``.txt`` (the corners of polygons, in a belt of three degrees), ``.dxf``
    (outlines with their ids and codes as texts). `tables` are texts that go into a GeoPackage
    beside the layer, each list under its name. Shapes are written in `crs`, by default EPSG:4490
    and in drawings and corners the belt they lie in; `headers` ``"zh"`` names the columns we know
    in Chinese.

    Raises
    ------
    WriteError, CrsError
        If the suffix is not known, or the layer does not say what its coordinates mean.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    surveyors = suffix in DRAWN or (corners and suffix in {".csv", ".xlsx"})
    if headers and not surveyors:
        layer = layer.rename(columns=chinese_heads(layer))
    if suffix in {".csv", ".xlsx"} and not corners:
        table = pd.DataFrame(layer.drop(columns="geometry", errors="ignore"))
        if suffix == ".xlsx":
            return write_table(table, target)
        return write_csv(target, chain([table.columns], table.itertuples(index=False, name=None)))
    writers: dict[str, Callable[[GeoDataFrame, Path], Path]] = {
        ".gpkg": partial(_write_gpkg, tables=tables or {}),
        ".geojson": _write_geojson,
        ".json": _write_geojson,
        ".parquet": _write_parquet,
        ".shp": _write_shapefile,
        ".zip": _write_shapefile_zip,
        **{end: partial(write, crs=crs) for end, write in DRAWN.items()},
    }
    if corners:
        writers |= dict.fromkeys((".xlsx", ".csv"), partial(write_corner_table, crs=crs))
    if suffix not in writers:
        raise WriteError(
            f"{target}：不认识后缀“{suffix}”。可用：{'、'.join([*writers, '.csv', '.xlsx'])}。",
            f"{target}: unknown suffix {suffix!r}; there are {', '.join([*writers, '.csv', '.xlsx'])}.",
        )
    if not isinstance(layer, GeoDataFrame) or layer.crs is None:
        raise CrsError(
            f"{target}：图层没有坐标系，不能写出。请先用 set_crs 声明。",
            f"{target}: the layer has no coordinate reference system; state it with set_crs.",
        )
    wanted = CRS.from_user_input(_CRS if surveyors else crs or _CRS)
    frame = layer if layer.crs == wanted else layer.to_crs(wanted)
    return writers[suffix](_writable(frame, target), target)


def translated(layer: GeoDataFrame, to: str) -> tuple[GeoDataFrame, pd.DataFrame]:
    """Return a layer with its land use in another classification, and what a person must decide.

    The codes as they were stand in ``land_use_original``. The second is ``land_use count area_m2``,
    the largest first; those features have no code.
    """
    if to not in SYSTEMS:
        raise UnknownNameError(to, SYSTEMS, what="classification", zh="地类体系")
    if lacking := {"land_use", "land_use_system"} - set(layer.columns):
        raise MissingColumnsError(lacking, list(layer.columns), where="layer")
    was, system = layer["land_use"], layer["land_use_system"]
    made = translate(was, system, to)
    told = made["code"] != ""
    result = layer.assign(
        land_use=made["code"].where(told, None),
        land_use_system=pd.Series(to, layer.index).where(told, None),
        land_use_original=was,
    )
    open_rows = layer[~told & was.notna()]
    names = classify(open_rows["land_use"], open_rows["land_use_system"])["zh"]
    label = (open_rows["land_use"].astype("str") + " " + names).str.strip()
    sizes = area_m2(open_rows.geometry) if len(open_rows) else pd.Series(dtype=float)
    table = pd.DataFrame({"land_use": label, "count": 1, "area_m2": sizes})
    sums = table.groupby("land_use", as_index=False).sum()
    return result, sums.sort_values("area_m2", ascending=False, ignore_index=True)


def _writable(frame: GeoDataFrame, target: Path) -> GeoDataFrame:
    frame = frame.reset_index(drop=True).copy()
    shapes = frame.geometry.name
    others = [column for column in frame.columns if column != shapes]
    plain = [well_formed(str(column)).replace("\0", "_") for column in others]
    frame = _renamed(frame, others, _free_names(plain, {"geometry"}, str), target)
    frame = frame if shapes == "geometry" else frame.rename_geometry("geometry")
    for column in frame.columns:
        if column == "geometry":
            continue
        values = frame[column]
        if pd.api.types.is_object_dtype(values) or isinstance(
            values.dtype, pd.CategoricalDtype | pd.StringDtype
        ):
            frame[column] = values.map(_plain_text).astype("str").where(values.notna(), None)
    return frame


def _plain_text(value: Any) -> str | None:
    """Return a value as a text that engines written in C take whole: no NUL, no lone surrogate."""
    if not isinstance(value, str):
        return None if pd.isna(value) else str(value)
    return well_formed(value.replace("\0", "\\u0000"))


def _free_names(
    columns: list[str], taken: Collection[str], apart: Callable[[str], str]
) -> list[str]:
    """Return a name for each column, none of them taken, all different as `apart` sees them."""
    held, new = {apart(name) for name in taken}, list(columns)
    order = sorted(range(len(columns)), key=lambda k: columns[k] not in COLUMNS)
    for k in order:  # the columns we know keep their names
        number = 1
        while apart(new[k]) in held or (new[k] != columns[k] and new[k] in columns):
            new[k] = f"{columns[k] or 'column'}_{number}"
            number += 1
        held.add(apart(new[k]))
    return new


def _renamed(
    frame: GeoDataFrame, columns: list[Any], names: list[str], target: Path
) -> GeoDataFrame:
    """Return the frame with its columns renamed, and say which."""
    new = {c: name for c, name in zip(columns, names, strict=True) if c != name}
    if new:
        words = "、".join(f"{was} → {name}" for was, name in new.items())
        warnings.warn(
            f"{target}：这种格式容不下下列字段名，已改名：{words}。\n"
            f"{target}: the format cannot hold these column names, they were changed: {words}.",
            ZgcgisWarning,
            stacklevel=4,
        )
    return frame.rename(columns=new)


def _write_gpkg(frame: GeoDataFrame, target: Path, tables: Mapping[str, list[str]]) -> Path:
    name = _layer_name(target)
    columns = [c for c in frame.columns if c != "geometry"]
    names = _free_names(columns, _TAKEN_IN_GPKG, str.casefold)
    frame = _renamed(frame, columns, names, target)

    def writer(temporary: Path) -> None:
        frame.to_file(
            temporary,
            layer=name,
            driver="GPKG",
            engine="pyogrio",
            promote_to_multi=True,
            dataset_options={"METADATA_TABLES": "NO"},
        )
        embed_style(temporary, name, frame)
        for table, values in tables.items():
            embed_table(temporary, table, values)

    def check(temporary: Path) -> None:
        look_at(temporary)
        with contextlib.closing(sqlite3.connect(f"{temporary.as_uri()}?mode=ro", uri=True)) as base:
            (count,) = base.execute(f'SELECT count(*) FROM "{name}"').fetchone()  # noqa: S608
        _refuse_loss(count, frame)

    return write_whole(target, writer, check=check)


def _refuse_loss(count: int, frame: pd.DataFrame) -> None:
    if count != len(frame):
        msg = f"{count} of {len(frame)} features arrived"
        raise ValueError(msg)


def _write_geojson(frame: GeoDataFrame, target: Path) -> Path:
    # RFC 7946 knows WGS 84 only; the two are one to well below the precision of any outline.
    frame = frame.set_crs("EPSG:4326", allow_override=True)

    def writer(temporary: Path) -> None:
        frame.to_file(
            temporary,
            layer=well_formed(target.stem),
            driver="GeoJSON",
            engine="pyogrio",
            COORDINATE_PRECISION=9,
            RFC7946="YES",
        )

    def check(temporary: Path) -> None:
        look_at(temporary)
        if temporary.stat().st_size <= _SMALL:  # parsing takes many times the file's size
            _refuse_loss(len(json.loads(temporary.read_bytes())["features"]), frame)

    return write_whole(target, writer, check=check)


def _write_parquet(frame: GeoDataFrame, target: Path) -> Path:
    return write_whole(
        target, lambda temporary: frame.to_parquet(temporary, index=False, compression="zstd")
    )


def _short_names(columns: list[str]) -> dict[str, str]:
    """Return names of at most ten bytes in UTF-8, all different."""
    taken: set[str] = set()
    short: dict[str, str] = {}
    for column in columns:
        name = _cut(column, 10)
        number = 1
        while name.casefold() in taken or not name:
            name = f"{_cut(column, 9 - len(str(number)))}_{number}"
            number += 1
        taken.add(name.casefold())
        short[column] = name
    return short


def _cut(text: str, most: int) -> str:
    return text.encode("utf-8")[:most].decode("utf-8", "ignore")


def _shapefile_into(frame: GeoDataFrame, folder: Path, stem: str) -> list[Path]:
    short = _short_names([c for c in frame.columns if c != "geometry"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of widths; the map of names says what was cut
        frame.rename(columns=short).to_file(
            folder / f"{stem}.shp",
            driver="ESRI Shapefile",
            engine="pyogrio",
            encoding="UTF-8",
            layer_options={"DBF_DATE_LAST_UPDATE": "2000-01-01"},  # the day makes no other file
        )
    rows = [("shapefile", "column", "zh", "en")]
    for column, name in short.items():
        known = COLUMNS.get(column)
        rows.append((name, column, known.zh if known else "", known.en if known else ""))
    write_csv(folder / f"{stem}.names.csv", rows)
    return sorted(folder.iterdir())


def _write_shapefile(frame: GeoDataFrame, target: Path) -> Path:
    with told(target), work_folder() as folder:
        made = _shapefile_into(frame, folder, target.stem)
        names = {path.name.casefold() for path in made}
        if target.parent.is_dir() and any(
            p.name.casefold() in names for p in target.parent.iterdir()
        ):
            raise WriteError(
                f"{target} 已存在。Shapefile 由多个文件组成，不能整体替换；请换一个新名字，或写成 .shp.zip。",
                f"{target} exists. A Shapefile is several files and cannot be replaced as a whole; "
                "choose a new name, or write .shp.zip.",
            )
        done: list[Path] = []
        try:
            for path in sorted(made, key=lambda p: p.suffix == ".shp"):  # the .shp comes last
                place = target.with_name(path.name)
                done.append(write_bytes_whole(place, path.read_bytes()))
        except BaseException:
            for place in done:
                place.unlink(missing_ok=True)
            raise
    return target


def _write_shapefile_zip(frame: GeoDataFrame, target: Path) -> Path:
    stem = target.stem.removesuffix(".shp")

    def writer(temporary: Path) -> None:
        with work_folder() as folder:
            made = _shapefile_into(frame, folder, stem)
            write_zip(temporary, {path.name: partial(_opened, path) for path in made})

    return write_whole(target, writer)


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _layer_name(target: Path) -> str:
    name = "".join(c if c.isalnum() or c in "_-" else "_" for c in target.stem) or "layer"
    own = name.casefold().startswith(("gpkg_", "sqlite_", "rtree_", "layer_styles"))
    return f"of_{name}" if own else name

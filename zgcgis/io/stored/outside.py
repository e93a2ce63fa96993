"""Files that come from outside and are taken as they stand: layers beside a zone, lists, folders.

What ``zgcgis import`` takes in is examined and mended; a layer of proposed plots, a GeoPackage in
a zone's folder or the list of an earlier check is read as it is. Each is read by the guarded
child all the same, from a copy.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from ...intake.crs import parse_crs, rule_of
from ...intake.examine import let_in
from ...intake.formats import BY_SUFFIX
from ...intake.layer import Layer, Options
from ...intake.log import Refusal
from ...intake.sandbox import archive
from ...language.errors import ReadError, ZoneError
from ...language.safe_text import Text
from ...plan.settings import no_plain_file
from ...runs import work_folder

__all__ = [
    "delivered",
    "left_out",
    "read_outside_json",
    "read_outside_layer",
    "read_outside_tables",
    "refuse_links",
]

MOST_JSON = 512 << 20
_OF_A_ZONE = {".toml", ".csv", ".json", ".lock", ".parquet", ".gpkg", ".geojson"}


def read_outside_layer(path: Path, level: str) -> GeoDataFrame:
    """Read the layer of a file, with the system that it states.

    Of several layers it is the one called as its level or as the file, or the only one with
    shapes.

    Raises
    ------
    ReadError
        If the file is refused, or not all of its features can be read.
    """
    try:
        found = _chosen(_read(path), (level, path.stem))
    except Refusal as refusal:
        raise refusal.of(str(path)) from refusal
    deleted = np.isin(
        np.arange(found.log.count), [r for r, rule in found.log.refused.items() if rule == "R408"]
    )
    if bad := len(found.log.refused) - int(deleted.sum()):
        raise ReadError(
            f"{path} 有 {bad} 个要素读不出来。请用 zgcgis doctor {path} 查看。",
            f"{bad} feature(s) of {path} cannot be read. See zgcgis doctor {path}.",
        )
    try:
        crs = parse_crs(found.source.crs)
    except ValueError as problem:
        raise Refusal(rule_of(problem), file=str(path), detail=str(problem)[:120]) from problem
    frame = found.values.drop(columns="geometry", errors="ignore").reset_index(drop=True)
    for name, kind in found.source.types.items():
        if kind in {"OFTDate", "OFTDateTime"} and name in frame:
            with suppress(ValueError):  # whoever asks for a day says what is none
                day = frame[name].astype("str").str.slice(0, 19)  # as the clock there showed
                frame[name] = pd.to_datetime(day, format="ISO8601")
    return GeoDataFrame(frame, geometry=gpd.GeoSeries(found.shapes, crs=crs))[~deleted]


def read_outside_tables(
    path: Path, *, fits: Callable[[pd.DataFrame], bool] | None = None
) -> dict[str, pd.DataFrame]:
    """Read all tables of a file by their names, without their shapes.

    With `fits`, where a table fits, what stands wrong in the tables that do not is no matter.

    Raises
    ------
    ReadError
        If the file, or one of them, is refused.
    """
    try:
        layers = _read(path)
        if fits is not None and any(fits(layer.values) for layer in layers):
            layers = [layer for layer in layers if fits(layer.values) or not layer.log.stops]
        for layer in layers:
            for stop in layer.log.stops:
                raise stop
    except Refusal as refusal:
        raise refusal.of(str(path)) from refusal
    return {layer.name: layer.values for layer in layers}


def read_outside_json(path: Path) -> Any:
    """Read the JSON text of a plain file.

    Raises
    ------
    ReadError
        If it is none.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise Refusal("R401", file=str(path), detail="不是普通文件 not a regular file")
    if path.stat().st_size > MOST_JSON:
        raise Refusal("R444", file=str(path), measured=path.stat().st_size, limit=MOST_JSON)
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as problem:
        raise Refusal("R405", file=str(path), detail=f"JSON: {problem}") from problem


def _read(path: Path) -> list[Layer]:
    """Let the child read a file, and give its layers as they stand in it."""
    options = Options()
    with work_folder() as folder:
        work = folder.resolve()
        staged = let_in(path, work, options)
        if len(staged) != 1:
            raise Refusal("R411", detail="、".join(one.name for one in staged[:20]))
        return staged[0].format.read(staged[0], work, options)


def _chosen(layers: list[Layer], names: Collection[str]) -> Layer:
    layers = [layer for layer in layers if not layer.table or layer.log.stops]
    if not layers:
        raise Refusal("R412", detail="没有图形 no shapes")
    named = [layer for layer in layers if layer.name in names]
    if len(layers) > 1 and len(named) != 1:
        raise Refusal("R411", detail="、".join(layer.name for layer in layers[:20]))
    (layer,) = named if len(layers) > 1 else layers
    for stop in layer.log.stops:
        raise stop
    return layer


def delivered(given: str | Path) -> list[str | Path]:
    """Return the files of a folder that can be read, those below it too; else the path itself."""
    return [path for path, why in _entries(given) if why is None] or [given]


def left_out(given: str | Path) -> list[tuple[str, Text]]:
    """Name what stands in a folder, or below it, and is not read; and say why."""
    return [(str(path), why) for path, why in _entries(given) if why is not None]


_LINK = Text("是链接，请换成文件本身", "a link; put the file itself there")
_HIDDEN = Text("是隐藏文件", "hidden")
_LOST = Text("没有同名的 .shp", "without the .shp that it belongs to")
_STRANGE = Text("不是可读取的格式", "of no format that is read")
_BESIDE = {".dbf", ".shx", ".prj", ".cpg", ".dbt", ".fpt", ".sbn", ".sbx", ".qix", ".qpj", ".xml",
           ".idx", ".ain", ".aih", ".atx", ".fix"}  # fmt: skip
"""What stands beside a shapefile and belongs to it."""


def _entries(given: str | Path) -> Iterator[tuple[Path, Text | None]]:
    """Go through a folder; what is not read comes with the reason, and anything else is nothing."""
    path = Path(given)
    ahead = [path] if path.is_dir() and not path.is_symlink() and not _reads(path) else []
    while ahead:
        entry = ahead.pop()
        if entry.is_symlink() or _is_junction(entry):
            yield entry, _LINK
        elif entry != path and entry.name.startswith("."):
            yield entry, _HIDDEN
        elif entry != path and _reads(entry):
            yield entry, None
        elif entry.is_dir():
            try:
                ahead += sorted(entry.iterdir(), reverse=True)
            except OSError as problem:
                why = str(problem.strerror)
                yield entry, Text(f"打不开（{why}）", f"it cannot be opened ({why})")
        elif not (entry.is_file() and _of_shapefile(entry)):
            lost = _LOST if entry.suffix.lower() in _BESIDE else _STRANGE
            yield entry, no_plain_file(entry) or lost


def _reads(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix in BY_SUFFIX or suffix in archive.SUFFIXES


def _of_shapefile(path: Path) -> bool:
    stem = path.name.split(".")[0] if path.suffix.lower() == ".xml" else path.stem
    return path.suffix.lower() in _BESIDE and any(
        path.with_name(f"{stem}{end}").is_file() for end in (".shp", ".SHP", ".Shp")
    )


def refuse_links(zone: Path) -> None:
    """Refuse a zone's folder in which what a zone reads or writes is no file or folder of its own.

    A link would lead reading and writing out of the folder, and a pipe or a device would never
    end. The folder itself may stand behind a link.

    Raises
    ------
    ZoneError
        If there is one; the sentence names it.
    """
    layers = zone / "layers"
    if os.path.lexists(layers):
        _refuse_unless(stat.S_ISDIR, layers)
    for folder in (zone, layers):
        for entry in sorted(os.scandir(folder), key=lambda e: e.name) if folder.is_dir() else ():
            path = Path(entry.path)
            if path.suffix.lower() in _OF_A_ZONE:
                _refuse_unless(stat.S_ISREG, path)


def _refuse_unless(plain: Callable[[int], bool], path: Path) -> None:
    if plain(path.lstat().st_mode) and not _is_junction(path):
        return
    other = no_plain_file(path) or Text("不是文件夹", "no folder")
    if _is_junction(path):
        other = Text("是链接", "a link")
    raise ZoneError(
        f"{path} {other.zh}。示范区文件夹里只读写它自己的普通文件：请换成文件本身，或移走它。",
        f"{path} is {other.en}. A zone reads and writes only plain files of its own folder: "
        "put the file itself there, or take this away.",
    )


def _is_junction(path: Path) -> bool:
    return bool(getattr(os.path, "isjunction", lambda _: False)(path))

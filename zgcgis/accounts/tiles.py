"""Past one process: the same cut, tile by tile, in a pool of processes or on a cluster.

Each layer is sorted along a Hilbert curve and written once as GeoParquet with the box of every
feature, unless the zone already stores it so; a tile is one row group of parcels and the
buildings whose boxes meet it. A parcel is in exactly one tile, so what the tiles return is put
together and never deduplicated; how large every building is, a tile per row group of buildings
tells. A tile shares nothing with another: one that failed is simply done again.

One process does a large zone tile by tile too, if its layers still lie in their files: a tile
is all that it holds.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import (
    CancelledError,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from geopandas import GeoSeries
from numpy.typing import NDArray

from .. import geo
from ..errors import ZgcgisError
from ..geo.boxes import boxes_near
from ..geo.rings import processors
from ..model import Zone
from ..runs import end_with_pool, work_folder
from ..safe_text import well_formed
from .shares import Cut, Ground, Pieces, Positions, Spread, cut

__all__ = [
    "TILE_FROM",
    "TILE_ROWS",
    "alone",
    "is_stored",
    "on_cluster",
    "pool",
    "spread_for",
    "spread_over",
    "tiled_cut",
]

TILE_FROM = 500_000
"""Features from which tiles pay; below, one process is faster."""

TILE_ROWS = 65_536
_TRIES = 3
_ANSWER_S = 5.0
_WORKERS_S = 60.0  # a cluster that grows with its work needs a moment
_LAST_PORT = 65_535
_ADDRESS = re.compile(r"(?:[a-z]+://)?(?:[\w.-]+|\[[0-9a-f:.]+\]):(?P<port>[0-9]{1,5})")
_EDGE_DEG = 1e-5  # a box in degrees, widened by what an edge can bulge over it

Run = Callable[[Sequence["Tile"]], Iterator["Done"]]


@dataclass(frozen=True, slots=True)
class Tile:
    """All that a process needs to do its part: files, a row group of the parcels, the units.

    With `measures` the row group is one of buildings, and only measured.
    """

    number: int
    group: int
    parcels: str
    buildings: str | None
    units: tuple[bytes, ...] | None
    unit_of: Positions | None
    center: tuple[float, float]
    measures: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """A tile that is done: its number, the positions of its rows, and what they are cut to.

    Of a tile that measures, ``cut.building_m2`` is the size of its rows.
    """

    number: int
    rows: Positions
    cut: Cut


def do_tile(tile: Tile, *, threads: int | None = 1) -> Done:
    """Cut one tile; positions returned are those of the whole layers."""
    with pq.ParquetFile(tile.parcels) as file:
        names = ["geometry"] if tile.measures else ["geometry", "bbox"]
        table = file.read_row_group(tile.group, columns=_columns(file, *names), use_threads=False)
        row = _rows_of(table, int(_starts(file)[tile.group]))
    if tile.measures:
        size = geo.area_m2(_flat(table, tile.center)).to_numpy()
        return Done(tile.number, row, Cut(_nothing(), _nothing(), np.zeros(0), size))
    parcels, box = _flat(table, tile.center), _boxes(table)
    del table
    rows = np.zeros(0, np.intp)

    def near(held: Positions) -> GeoSeries:
        nonlocal rows
        around = box[held] + (-_EDGE_DEG, -_EDGE_DEG, _EDGE_DEG, _EDGE_DEG)
        rows, buildings = _read_near(str(tile.buildings), around, tile.center)
        return buildings

    units = None
    if tile.units is not None:
        units = GeoSeries(shapely.from_wkb(np.array(tile.units, object)), crs=geo.LONLAT)
    found = cut(
        parcels,
        None if tile.buildings is None else near,
        units,
        tile.unit_of,
        center=tile.center,
        threads=threads,
    )
    land, built = found.land, found.built
    land = Pieces(land.unit, row[land.feature], land.size_m2, row[land.parcel])
    built = Pieces(built.unit, rows[built.feature], built.size_m2, row[built.parcel])
    return Done(tile.number, row, Cut(land, built, found.parcel_m2, np.zeros(0)))


def _nothing() -> Pieces:
    none = np.zeros(0, np.intp)
    return Pieces(none, none, np.zeros(0), none)


def _starts(file: pq.ParquetFile) -> Positions:
    """First row of each row group, and the number of rows at the end."""
    counts = [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)]
    starts: Positions = np.cumsum([0, *counts]).astype(np.intp)
    return starts


def _rows_of(table: pa.Table, first: int) -> Positions:
    """Positions of rows in the layer: those written with them, or that in the file."""
    if "row" in table.column_names:
        return np.asarray(table["row"].to_numpy(), np.intp)
    return np.arange(first, first + table.num_rows, dtype=np.intp)


def _columns(file: pq.ParquetFile, *names: str) -> list[str]:
    return [*names, *(name for name in ("row",) if name in file.schema_arrow.names)]


def _read_near(
    path: str, around: NDArray[np.float64], center: tuple[float, float]
) -> tuple[Positions, GeoSeries]:
    """Read the features whose boxes may meet some boxes, from the row groups whose boxes do."""
    rows, parts = [np.zeros(0, np.intp)], [np.zeros(0, object)]
    with pq.ParquetFile(path) as file:
        starts = _starts(file)
        boxes = [_box_of(file.metadata.row_group(k)) for k in range(file.num_row_groups)]
        reached = boxes_near(np.array(boxes).reshape(-1, 4), around)
        for group in np.flatnonzero(reached):
            table = file.read_row_group(group, columns=_columns(file, "bbox"), use_threads=False)
            near = boxes_near(_boxes(table), around)
            if not near.any():
                continue
            rows.append(_rows_of(table, int(starts[group]))[near])
            table = file.read_row_group(group, columns=["geometry"], use_threads=False)
            table = table.filter(pa.array(near))
            parts.append(np.asarray(_flat(table, center).array))
    return np.concatenate(rows), GeoSeries(np.concatenate(parts), crs=geo.plane(center))


def _flat(table: pa.Table, center: tuple[float, float]) -> GeoSeries:
    """The shapes of a part of a stored layer, in the working plane."""
    wkb = table["geometry"].to_numpy(zero_copy_only=False)
    return geo.to_plane(GeoSeries(shapely.from_wkb(wkb), crs=geo.LONLAT), center)


def _boxes(table: pa.Table) -> NDArray[np.float64]:
    box = table["bbox"].combine_chunks()
    sides = [box.field(name).to_numpy() for name in ("xmin", "ymin", "xmax", "ymax")]
    return np.stack(sides, axis=1)


def _box_of(group: Any) -> tuple[float, float, float, float]:
    """The box of a row group, by what the file says of its boxes; everywhere if it says nothing."""
    said = {group.column(k).path_in_schema: group.column(k) for k in range(group.num_columns)}
    low_x, low_y, high_x, high_y = (
        said[f"bbox.{name}"].statistics for name in ("xmin", "ymin", "xmax", "ymax")
    )
    if not all(s is not None and s.has_min_max for s in (low_x, low_y, high_x, high_y)):
        return -np.inf, -np.inf, np.inf, np.inf
    return low_x.min, low_y.min, high_x.max, high_y.max


def is_stored(path: Path, shapes: GeoSeries, *, rows: int = 2 * TILE_ROWS) -> bool:
    """Whether a file holds just these shapes, in this order, as tiles can be read from it.

    Longitude and latitude, a box for each row, and row groups of at most `rows`. The boxes of
    all rows are compared, so that a layer that was changed or filtered is not taken for it.
    """
    if not path.is_file() or shapes.crs != geo.LONLAT:
        return False
    with pq.ParquetFile(path) as file:
        if (
            not {"geometry", "bbox"} <= set(file.schema_arrow.names)
            or "row" in file.schema_arrow.names
        ):
            return False
        if file.metadata.num_rows != len(shapes) or np.diff(_starts(file)).max(initial=0) > rows:
            return False
        boxes = _boxes(file.read(columns=["bbox"]))
    return np.array_equal(boxes, shapely.bounds(np.asarray(shapes.array)), equal_nan=True)


def write_tiles(shapes: GeoSeries, path: Path, *, rows: int = TILE_ROWS) -> None:
    """Write a layer as tiles; ``row`` is a feature's position in it."""
    lonlat = geo.to_lonlat(shapes)
    order = geo.hilbert_order(lonlat)
    table = gpd.GeoDataFrame(
        {"row": order}, geometry=np.asarray(lonlat.array)[order], crs=lonlat.crs
    )
    table.to_parquet(path, write_covering_bbox=True, row_group_size=rows, index=False)


def tiled_cut(
    parcels: Ground,
    buildings: Ground | None,
    units: GeoSeries | None,
    unit_of: Positions | None,
    *,
    center: tuple[float, float] | None = None,
    run: Run,
    folder: str | os.PathLike[str] | None = None,
    rows: int = TILE_ROWS,
    stored: Mapping[str, Path] | None = None,
) -> Cut:
    """Cut as :func:`zgcgis.accounts.shares.cut` does, tile by tile.

    Parameters
    ----------
    parcels, buildings, units, unit_of, center
        As for :func:`~zgcgis.accounts.shares.cut`; parcels and buildings may lie in a file.
    run
        What does the tiles, in any order: see :func:`pool` and :func:`on_cluster`.
    folder
        Where to put the tiles for the time; on a cluster, a folder that all workers see.
    rows
        Parcels to a tile.
    stored
        Files of the levels ``parcel`` and ``building``; what :func:`is_stored` there is read
        where it lies, and not written again.

    Returns
    -------
    cut
        Equal to that of one process to 1e-9; rows in the same order.
    """
    center = _center_of(parcels) if center is None else center
    area, footprint = np.zeros(_count(parcels)), np.zeros(_count(buildings))
    with work_folder(None if folder is None else Path(folder)) as where:
        paths = {}
        for level, ground in (("parcel", parcels), ("building", buildings)):
            if ground is None:
                continue
            given = (stored or {}).get(level)
            if not isinstance(ground, GeoSeries):
                paths[level] = str(ground.path)
            elif given is not None and is_stored(given, ground):
                paths[level] = str(given)
            else:
                paths[level] = str(where / f"{level}.parquet")
                write_tiles(ground, Path(paths[level]), rows=rows)
        outlines = (
            None if units is None else tuple(shapely.to_wkb(np.asarray(geo.to_lonlat(units))))
        )
        tiles = list(_tiles(paths, outlines, unit_of, center))
        measures = list(_measures(paths.get("building"), len(tiles), center))
        parts: dict[int, Cut] = {}
        for done in run([*tiles, *measures]):
            if done.number < len(tiles):
                area[done.rows] = done.cut.parcel_m2
                parts[done.number] = done.cut
            else:
                footprint[done.rows] = done.cut.building_m2
    for ground in (parcels, buildings):
        if ground is not None and not isinstance(ground, GeoSeries):
            ground.still()  # a file that was replaced meanwhile gave parts of two layers
    land = _joined([parts[tile.number].land for tile in tiles], ("unit", "feature"))
    built = _joined([parts[tile.number].built for tile in tiles], ("feature", "parcel", "unit"))
    return Cut(land, built, area, footprint)


def _count(ground: Ground | None) -> int:
    if ground is None:
        return 0
    return len(ground) if isinstance(ground, GeoSeries) else ground.count


def _center_of(ground: Ground) -> tuple[float, float]:
    if isinstance(ground, GeoSeries):
        return geo.center_of(ground)
    return geo.center_of(GeoSeries([shapely.box(*ground.bounds)], crs=geo.LONLAT))


def _tiles(
    paths: Mapping[str, str],
    outlines: tuple[bytes, ...] | None,
    unit_of: Positions | None,
    center: tuple[float, float],
) -> Iterator[Tile]:
    """One tile for each row group of the parcels."""
    buildings = paths.get("building")
    with pq.ParquetFile(paths["parcel"]) as file:
        starts = _starts(file)
        for number in range(file.num_row_groups):
            mine = None
            if unit_of is not None:
                table = file.read_row_group(number, columns=_columns(file))
                first = int(starts[number])
                count = int(starts[number + 1]) - first
                row = _rows_of(table, first) if table.num_columns else first + np.arange(count)
                mine = unit_of[row]
            yield Tile(number, number, paths["parcel"], buildings, outlines, mine, center)


def _measures(path: str | None, first: int, center: tuple[float, float]) -> Iterator[Tile]:
    """Tiles that only measure a layer: one for each of its row groups."""
    if path is not None:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                yield Tile(first + group, group, path, None, None, None, center, measures=True)


def _joined(parts: Iterable[Pieces], keys: tuple[str, ...]) -> Pieces:
    """Put pieces together in the order one process would have them."""
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("unit", "feature", "size_m2", "parcel")
    }
    order = np.lexsort([columns[key] for key in reversed(keys)])
    return Pieces(**{name: column[order] for name, column in columns.items()})


# --- who does the tiles ------------------------------------------------------------------


def alone(threads: int | None = None) -> Spread:
    """Return what cuts in this process: whole layers, or tile by tile what lies in files."""

    def spread(
        parcels: Ground,
        buildings: Ground | None,
        units: GeoSeries | None,
        unit_of: Positions | None,
        *,
        center: tuple[float, float] | None = None,
    ) -> Cut:
        if any(isinstance(ground, GeoSeries) for ground in (parcels, buildings)):
            land, houses = (
                one.shapes() if one is not None and not isinstance(one, GeoSeries) else one
                for one in (parcels, buildings)
            )
            return cut(land, houses, units, unit_of, center=center, threads=threads)

        def run(tiles: Sequence[Tile]) -> Iterator[Done]:
            return (do_tile(tile, threads=threads) for tile in tiles)

        return tiled_cut(parcels, buildings, units, unit_of, center=center, run=run)

    return spread


def pool(workers: int | None = None) -> Run:
    """Do tiles in a pool of processes; a tile whose process died is done again, up to 3 times."""
    size = workers or processors()

    def run(tiles: Sequence[Tile]) -> Iterator[Done]:
        left = {tile.number: tile for tile in tiles}
        for _ in range(_TRIES):
            yield from _once(left, size)
            if not left:
                return
        _give_up(sorted(left))

    return run


def _once(left: dict[int, Tile], size: int) -> Iterator[Done]:
    """Do the tiles that are left, and leave those that failed."""
    with ProcessPoolExecutor(
        size, mp_context=get_context("spawn"), initializer=end_with_pool
    ) as processes:
        futures = [processes.submit(do_tile, tile) for tile in left.values()]
        for future in as_completed(futures):
            try:
                done = future.result()
            except (BrokenProcessPool, OSError, MemoryError):
                continue  # the process died or could not breathe: the tile is left
            del left[done.number]
            yield done


def _give_up(numbers: list[int]) -> None:
    raise ZgcgisError(
        f"{len(numbers)} 个分块重做 {_TRIES} 次仍失败：{numbers[:5]}。请减少进程数或增加内存。",
        f"{len(numbers)} tile(s) failed {_TRIES} times: {numbers[:5]}. "
        "Use fewer processes or more memory.",
    )


@contextmanager
def on_cluster(address: str) -> Iterator[Run]:
    """Do tiles on a ``dask.distributed`` cluster, given by the address of its scheduler.

    Needs the extra ``[dask]``. Workers must have zgcgis and see the folder of the tiles.

    Raises
    ------
    ZgcgisError
        If it is no address, nothing there answers as a scheduler does, no worker comes, or the
        cluster is lost on the way. Nothing is waited for without end.
    """
    _refuse_address(address)
    try:
        from distributed import Client, KilledWorker
    except ModuleNotFoundError as missing:
        raise ZgcgisError(
            "使用 --dask 需要安装 zgcgis[dask]。",
            "--dask needs the extra: pip install 'zgcgis[dask]'.",
        ) from missing
    from distributed import as_completed as each

    client = _client_of(address, Client)

    def run(tiles: Sequence[Tile]) -> Iterator[Done]:
        futures = client.map(do_tile, tiles, retries=_TRIES - 1, pure=False)
        _await_workers(address, client)
        try:
            for future in each(futures, loop=client.loop):
                yield future.result()
                future.release()
        except KilledWorker:
            _give_up([tile.number for tile in tiles])
        except CancelledError as error:
            raise _no_cluster(address, "量算途中失去联系", "it was lost on the way") from error
        except OSError as error:
            raise _no_cluster(
                address,
                f"有分块未能完成（{error}），各工作进程须能访问分块所在的文件夹",
                f"a tile was not done ({error}), its workers must see the folder of the tiles",
            ) from error

    try:
        yield run
    finally:
        client.close()


def _refuse_address(address: str) -> None:
    found = _ADDRESS.fullmatch(address)
    if found is None or not 1 <= int(found["port"]) <= _LAST_PORT:
        raise _no_cluster(
            address,
            "它不是地址，应形如 tcp://主机:8786",
            "it is no address; one looks like tcp://host:8786",
        )


def _client_of(address: str, client: type[Any]) -> Any:
    """Return a client of a scheduler that was seen to answer; the library waits for ever for one."""

    async def greet() -> None:
        greeting = client(address, timeout=_ANSWER_S, set_as_default=False, asynchronous=True)
        try:
            await asyncio.wait_for(greeting, _ANSWER_S)
        finally:
            with suppress(TimeoutError, OSError, asyncio.CancelledError):
                await asyncio.wait_for(greeting.close(), _ANSWER_S)

    try:
        with ThreadPoolExecutor(1) as thread:  # whoever calls may be in a loop of their own
            thread.submit(asyncio.run, greet()).result()
        return client(address, timeout=_ANSWER_S, set_as_default=False)
    except TimeoutError as error:
        raise _no_cluster(
            address,
            f"{_ANSWER_S:g} 秒内没有调度器应答",
            f"no scheduler answered within {_ANSWER_S:g} s",
        ) from error
    except Exception as error:  # whatever a stranger at that port may answer
        raise _no_cluster(
            address, f"那里没有调度器应答（{error}）", f"no scheduler answers there ({error})"
        ) from error


def _await_workers(address: str, client: Any) -> None:
    try:
        client.wait_for_workers(1, timeout=_WORKERS_S)
    except (OSError, CancelledError) as error:
        raise _no_cluster(
            address,
            f"{_WORKERS_S:g} 秒内没有工作进程加入，请先启动 dask worker",
            f"no worker joined within {_WORKERS_S:g} s; start one with dask worker",
        ) from error


def _no_cluster(address: str, zh: str, en: str) -> ZgcgisError:
    shown = re.sub("//[^/@]*@", "//***@", well_formed(address))  # a password may stand there
    return ZgcgisError(
        f"无法使用 dask 调度器“{shown}”：{zh}。请核对 --dask 的地址，或不用 --dask 在本机量算。",
        f"the dask scheduler {shown!r} cannot be used: {en}. "
        "Check the address after --dask, or measure here without --dask.",
    )


@contextmanager
def spread_for(zone: Zone, address: str | None = None) -> Iterator[Spread | None]:
    """Choose what cuts the layers of a zone: a cluster if one is given, a pool if they are large.

    Yields what ``survey(zone, spread=…)`` takes; None means this process alone.
    """
    stored = (
        {}
        if zone.folder is None
        else {
            "parcel": zone.folder / "layers" / f"{zone.land}.parquet",
            "building": zone.folder / "layers" / "building.parquet",
        }
    )
    if address is not None:
        with on_cluster(address) as run:
            yield spread_over(run, stored=stored)
        return
    size = zone.count("parcel") + zone.count("building")
    several = processors() > 1
    yield spread_over(pool(), stored=stored) if size >= TILE_FROM and several else None


def spread_over(
    run: Run,
    *,
    folder: str | os.PathLike[str] | None = None,
    rows: int = TILE_ROWS,
    stored: Mapping[str, Path] | None = None,
) -> Spread:
    """Return what ``survey(zone, spread=…)`` takes, from what does the tiles."""

    def spread(
        parcels: Ground,
        buildings: Ground | None,
        units: GeoSeries | None,
        unit_of: Positions | None,
        *,
        center: tuple[float, float] | None = None,
    ) -> Cut:
        return tiled_cut(
            parcels,
            buildings,
            units,
            unit_of,
            center=center,
            run=run,
            folder=folder,
            rows=rows,
            stored=stored,
        )

    return spread

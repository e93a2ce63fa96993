"""Past one process: the same cut, tile by tile, in a pool of processes or on a cluster.

Each layer is sorted along a Hilbert curve and written once as GeoParquet with the box of every
feature; a tile is one row group of parcels and the buildings whose boxes meet it. A parcel is in
exactly one tile, so what the tiles return is put together and never deduplicated. A tile shares
nothing with another: one that failed is simply done again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import shapely
from geopandas import GeoSeries
from numpy.typing import NDArray

from .. import geo
from ..errors import ZgcgisError
from ..model import Zone
from .shares import Cut, Pieces, Positions, Spread, cut

__all__ = [
    "TILE_FROM",
    "TILE_ROWS",
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
_EDGE_DEG = 1e-5  # a box in degrees, widened by what an edge can bulge over it

Run = Callable[[Sequence["Tile"]], Iterator["Done"]]


@dataclass(frozen=True, slots=True)
class Tile:
    """All that a process needs to do its part: paths, a row group, and the units as bytes."""

    number: int
    parcels: str
    buildings: str | None
    units: tuple[bytes, ...] | None
    center: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Done:
    """A tile that is done: its number, the positions of its parcels, and what they are cut to."""

    number: int
    rows: Positions
    cut: Cut


def do_tile(tile: Tile) -> Done:
    """Cut one tile; positions returned are those of the whole layers."""
    parcels = _read(tile.parcels, row_group=tile.number)
    shapes = GeoSeries(shapely.from_wkb(parcels["geometry"]), crs=geo.LONLAT)
    buildings, rows = None, np.zeros(0, np.intp)
    if tile.buildings is not None and len(shapes):
        west, south, east, north = shapes.total_bounds
        box = (west - _EDGE_DEG, south - _EDGE_DEG, east + _EDGE_DEG, north + _EDGE_DEG)
        near = gpd.read_parquet(tile.buildings, columns=["row", "geometry"], bbox=box)
        buildings, rows = near.geometry.reset_index(drop=True), near["row"].to_numpy()
    units = None
    if tile.units is not None:
        units = GeoSeries(shapely.from_wkb(np.array(tile.units, object)), crs=geo.LONLAT)
    found = cut(shapes, buildings, units, parcels["unit"], center=tile.center, threads=1)
    row = parcels["row"]
    land = Pieces(found.land.unit, row[found.land.feature], found.land.area, row[found.land.parcel])
    built = Pieces(
        found.built.unit, rows[found.built.feature], found.built.area, row[found.built.parcel]
    )
    return Done(tile.number, row, Cut(land, built, found.parcel_m2, np.zeros(0)))


def _read(path: str, *, row_group: int) -> dict[str, NDArray[Any]]:
    with pq.ParquetFile(path) as file:
        table = file.read_row_group(row_group, columns=["row", "unit", "geometry"])
    return {name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names}


def write_tiles(
    shapes: GeoSeries, path: Path, unit_of: Positions | None, *, rows: int = TILE_ROWS
) -> int:
    """Write a layer as tiles and return how many there are; ``row`` is a feature's position."""
    lonlat = geo.to_lonlat(shapes)
    order = geo.hilbert_order(lonlat)
    table = gpd.GeoDataFrame(
        {"row": order, "unit": -1 if unit_of is None else unit_of[order]},
        geometry=np.asarray(lonlat.array)[order],
        crs=lonlat.crs,
    )
    table.to_parquet(path, write_covering_bbox=True, row_group_size=rows, index=False)
    with pq.ParquetFile(path) as file:
        return int(file.num_row_groups)


def tiled_cut(
    parcels: GeoSeries,
    buildings: GeoSeries | None,
    units: GeoSeries | None,
    unit_of: Positions | None,
    *,
    center: tuple[float, float] | None = None,
    run: Run,
    folder: str | os.PathLike[str] | None = None,
    rows: int = TILE_ROWS,
) -> Cut:
    """Cut as :func:`zgcgis.accounts.shares.cut` does, tile by tile.

    Parameters
    ----------
    parcels, buildings, units, unit_of, center
        As for :func:`~zgcgis.accounts.shares.cut`.
    run
        What does the tiles, in any order: see :func:`pool` and :func:`on_cluster`.
    folder
        Where to put the tiles for the time; on a cluster, a folder that all workers see.
    rows
        Parcels to a tile.

    Returns
    -------
    cut
        Equal to that of one process to 1e-9; rows in the same order.
    """
    center = geo.center_of(parcels) if center is None else center
    where = Path(tempfile.mkdtemp(prefix="zgcgis-tiles-", dir=folder))
    try:
        land_path, built_path = where / "parcels.parquet", where / "buildings.parquet"
        count = write_tiles(parcels, land_path, unit_of, rows=rows)
        if buildings is not None:
            write_tiles(buildings, built_path, None, rows=rows)
        outlines = (
            None if units is None else tuple(shapely.to_wkb(np.asarray(geo.to_lonlat(units))))
        )
        tiles = [
            Tile(
                k, str(land_path), None if buildings is None else str(built_path), outlines, center
            )
            for k in range(count)
        ]
        done = {one.number: one for one in run(tiles)}
    finally:
        shutil.rmtree(where, ignore_errors=True)
    parts = [done[k] for k in range(count)]
    area = np.zeros(len(parcels))
    for part in parts:
        area[part.rows] = part.cut.parcel_m2
    footprint = (
        np.zeros(0) if buildings is None else geo.area_m2(buildings, center=center).to_numpy()
    )
    land = _joined([part.cut.land for part in parts], ("unit", "feature"))
    built = _joined([part.cut.built for part in parts], ("feature", "parcel", "unit"))
    return Cut(land, built, area, footprint)


def _joined(parts: Iterable[Pieces], keys: tuple[str, ...]) -> Pieces:
    """Put pieces together in the order one process would have them."""
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("unit", "feature", "area", "parcel")
    }
    order = np.lexsort([columns[key] for key in reversed(keys)])
    return Pieces(**{name: column[order] for name, column in columns.items()})


# --- who does the tiles ------------------------------------------------------------------


def pool(workers: int | None = None) -> Run:
    """Do tiles in a pool of processes; a tile whose process died is done again, up to 3 times."""
    size = workers or len(os.sched_getaffinity(0))

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
    with ProcessPoolExecutor(size, mp_context=get_context("spawn")) as processes:
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
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as missing:
        msg = (
            "使用 --dask 需要安装 zgcgis[dask]。",
            "--dask needs the extra: pip install 'zgcgis[dask]'.",
        )
        raise ZgcgisError(*msg) from missing
    from distributed import as_completed as each

    try:
        client = Client(address, timeout="5s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        msg = (
            f"无法连接 dask 调度器 {address}：{error}",
            f"cannot reach the dask scheduler at {address}: {error}",
        )
        raise ZgcgisError(*msg) from error

    def run(tiles: Sequence[Tile]) -> Iterator[Done]:
        futures = client.map(do_tile, tiles, retries=_TRIES - 1, pure=False)
        for future in each(futures, loop=client.loop):
            yield future.result()
            future.release()

    try:
        yield run
    finally:
        client.close()


@contextmanager
def spread_for(zone: Zone, address: str | None = None) -> Iterator[Spread | None]:
    """Choose what cuts the layers of a zone: a cluster if one is given, a pool if they are large.

    Yields what ``survey(zone, spread=…)`` takes; None means this process alone.
    """
    if address is not None:
        with on_cluster(address) as run:
            yield spread_over(run)
        return
    size = sum(len(zone.layers.get(level, ())) for level in ("parcel", "building"))
    several = len(os.sched_getaffinity(0)) > 1
    yield spread_over(pool()) if size >= TILE_FROM and several else None


def spread_over(
    run: Run, *, folder: str | os.PathLike[str] | None = None, rows: int = TILE_ROWS
) -> Spread:
    """Return what ``survey(zone, spread=…)`` takes, from what does the tiles."""

    def spread(
        parcels: GeoSeries,
        buildings: GeoSeries | None,
        units: GeoSeries | None,
        unit_of: Positions | None,
        *,
        center: tuple[float, float] | None = None,
    ) -> Cut:
        return tiled_cut(
            parcels, buildings, units, unit_of, center=center, run=run, folder=folder, rows=rows
        )

    return spread

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

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from geopandas import GeoSeries
from numpy.typing import NDArray

from .. import geo
from ..model import Zone
from ..model.tiles.executors import Run, runner_for
from ..model.tiles.groups import (
    EDGE_DEG,
    TILE_ROWS,
    boxes,
    columns,
    is_address,
    is_stored,
    opened,
    place_for,
    read_near,
    rows_of,
    starts,
    write_tiles,
)
from .shares import Cut, Ground, Pieces, Positions, Spread, cut, nothing

__all__ = ["alone", "spread_for", "spread_over", "tiled_cut"]


@dataclass(frozen=True, slots=True)
class Tile:
    """All that a process needs to do its part: files, a row group of the parcels, the units.

    With `measures` the row group is one of buildings, of which those positions are only measured.
    """

    number: int
    group: int
    parcels: str
    buildings: str | None
    units: tuple[bytes, ...] | None
    unit_of: Positions | None
    center: tuple[float, float]
    standing: bool = False
    measures: Positions | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A tile that is done: its number, the positions of its parcels and buildings, what they are cut to."""

    number: int
    rows: Positions
    houses: Positions
    cut: Cut


def do_tile(tile: Tile, *, threads: int | None = 1) -> Done:
    """Cut one tile; positions returned are those of the whole layers."""
    if tile.measures is not None:
        return _measured(tile, tile.measures)
    with opened(tile.parcels) as file:
        names = columns(file, "geometry", "bbox")
        table = file.read_row_group(tile.group, columns=names, use_threads=False)
        row = rows_of(table, int(starts(file)[tile.group]))
    parcels, box = _flat(table, tile.center), boxes(table)
    del table
    rows = np.zeros(0, np.intp)

    def near(held: Positions) -> GeoSeries:
        nonlocal rows
        around = box[held] + (-EDGE_DEG, -EDGE_DEG, EDGE_DEG, EDGE_DEG)
        rows, parts = read_near(str(tile.buildings), around, ["geometry"])
        shapes = [np.asarray(_flat(part, tile.center).array) for part in parts]
        found = np.concatenate([np.zeros(0, object), *shapes])
        return GeoSeries(found, crs=geo.plane(tile.center))

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
        standing=tile.standing,
    )

    def whole(pieces: Pieces, features: Positions, of: Positions) -> Pieces:
        """Number the features, and the units where these are parcels, as the whole layers do."""
        own = of[pieces.unit] if pieces is found.standing else pieces.unit
        return Pieces(own, features[pieces.feature], pieces.size_m2, of[pieces.parcel])

    standing = None if found.standing is None else whole(found.standing, rows, row)
    land, built = whole(found.land, row, row), whole(found.built, rows, row)
    size = found.building_m2
    return Done(tile.number, row, rows, Cut(land, built, found.parcel_m2, size, standing))


def _measured(tile: Tile, wanted: Positions) -> Done:
    """Measure some features of a row group."""
    with opened(tile.parcels) as file:
        names = columns(file, "geometry")
        table = file.read_row_group(tile.group, columns=names, use_threads=False)
        row = rows_of(table, int(starts(file)[tile.group]))
    held = np.isin(row, wanted)
    size = geo.area_m2(_flat(table.filter(pa.array(held)), tile.center)).to_numpy()
    none = np.zeros(0, np.intp)
    return Done(tile.number, none, row[held], Cut(nothing(), nothing(), np.zeros(0), size))


def _flat(table: pa.Table, center: tuple[float, float]) -> GeoSeries:
    """The shapes of a part of a stored layer, in the working plane."""
    wkb = table["geometry"].to_numpy(zero_copy_only=False)
    return geo.to_plane(GeoSeries(shapely.from_wkb(wkb), crs=geo.LONLAT), center)


def tiled_cut(
    parcels: Ground,
    buildings: Ground | None,
    units: GeoSeries | None,
    unit_of: Positions | None,
    *,
    center: tuple[float, float] | None = None,
    standing: bool = False,
    run: Run,
    folder: str | os.PathLike[str] | None = None,
    rows: int = TILE_ROWS,
    stored: Mapping[str, Path] | None = None,
) -> Cut:
    """Cut as :func:`zgcgis.accounts.shares.cut` does, tile by tile.

    Parameters
    ----------
    parcels, buildings, units, unit_of, center, standing
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
    area, footprint = np.zeros(_count(parcels)), np.full(_count(buildings), np.nan)
    met = np.zeros(len(footprint), bool)
    parts: dict[int, Cut] = {}

    def do(tiles: Sequence[Tile]) -> None:
        for done in run(do_tile, tiles):
            area[done.rows] = done.cut.parcel_m2
            footprint[done.houses], met[done.houses] = done.cut.building_m2, True
            parts[done.number] = done.cut

    with place_for(folder) as where:
        paths = {
            level: _lies_at(where, level, ground, (stored or {}).get(level), rows)
            for level, ground in (("parcel", parcels), ("building", buildings))
            if ground is not None
        }
        outlines = (
            None if units is None else tuple(shapely.to_wkb(np.asarray(geo.to_lonlat(units))))
        )
        tiles = list(_tiles(paths, outlines, unit_of, center, standing=standing))
        do(tiles)
        if not met.all():
            do(list(_measures(paths["building"], ~met, len(tiles), center)))
    for ground in (parcels, buildings):
        if ground is not None and not isinstance(ground, GeoSeries):
            ground.still()  # a file that was replaced meanwhile gave parts of two layers
    cuts = [parts[tile.number] for tile in tiles]
    land = _joined([part.land for part in cuts], ("unit", "feature"))
    built = _joined([part.built for part in cuts], ("feature", "parcel", "unit"))
    single = [part.standing for part in cuts if part.standing is not None]
    whole = _joined(single, ("feature", "parcel")) if standing else None
    return Cut(land, built, area, footprint, whole)


def _lies_at(where: str, level: str, ground: Ground, given: Path | None, rows: int) -> str:
    """Where tiles of a layer can be read: where it is stored, or written for the time."""
    place = f"{where}/{level}.parquet"
    if is_address(where):  # workers elsewhere do not see the files of this machine
        shapes = ground if isinstance(ground, GeoSeries) else ground.shapes()
        write_tiles(shapes, place, rows=rows)
        return place
    if not isinstance(ground, GeoSeries):
        return str(ground.path)
    if given is not None and is_stored(given, ground):
        return str(given)
    write_tiles(ground, place, rows=rows)
    return place


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
    *,
    standing: bool,
) -> Iterator[Tile]:
    """One tile for each row group of the parcels."""
    buildings = paths.get("building")
    with opened(paths["parcel"]) as file:
        begins = starts(file)
        for number in range(file.num_row_groups):
            mine = None
            if unit_of is not None:
                table = file.read_row_group(number, columns=columns(file))
                first = int(begins[number])
                count = int(begins[number + 1]) - first
                row = rows_of(table, first) if table.num_columns else first + np.arange(count)
                mine = unit_of[row]
            yield Tile(number, number, paths["parcel"], buildings, outlines, mine, center, standing)


def _measures(
    path: str, left: NDArray[np.bool_], first: int, center: tuple[float, float]
) -> Iterator[Tile]:
    """Tiles that only measure what is left of a layer, one for each of its row groups."""
    with opened(path) as file:
        begins = starts(file)
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=columns(file))
            start, end = int(begins[group]), int(begins[group + 1])
            row = rows_of(table, start) if table.num_columns else np.arange(start, end)
            wanted = row[left[row]]
            if len(wanted):
                yield Tile(first + group, group, path, None, None, None, center, measures=wanted)


def _joined(parts: Iterable[Pieces], keys: tuple[str, ...]) -> Pieces:
    """Put pieces together in the order one process would have them."""
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("unit", "feature", "size_m2", "parcel")
    }
    order = np.lexsort([joined[key] for key in reversed(keys)])
    return Pieces(**{name: column[order] for name, column in joined.items()})


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
        standing: bool = False,
    ) -> Cut:
        if any(isinstance(ground, GeoSeries) for ground in (parcels, buildings)):
            land, houses = (
                one.shapes() if one is not None and not isinstance(one, GeoSeries) else one
                for one in (parcels, buildings)
            )
            return cut(
                land, houses, units, unit_of, center=center, threads=threads, standing=standing
            )

        def run(do: Callable[..., Done], tiles: Sequence[Tile]) -> Iterator[Done]:
            return (do(tile, threads=threads) for tile in tiles)

        return tiled_cut(
            parcels, buildings, units, unit_of, center=center, standing=standing, run=run
        )

    return spread


@contextmanager
def spread_for(
    zone: Zone, address: str | None = None, folder: str | os.PathLike[str] | None = None
) -> Iterator[Spread | None]:
    """Choose what cuts the layers of a zone: a cluster if one is given, a pool if they are large.

    Tiles lie in `folder`, which all workers of a cluster see. Yields what
    ``survey(zone, spread=…)`` takes; None means this process alone.
    """
    stored = (
        {}
        if zone.folder is None
        else {
            "parcel": zone.folder / "layers" / f"{zone.land}.parquet",
            "building": zone.folder / "layers" / "building.parquet",
        }
    )
    with runner_for(zone.count("parcel") + zone.count("building"), address) as run:
        yield None if run is None else spread_over(run, stored=stored, folder=folder)


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
        standing: bool = False,
    ) -> Cut:
        return tiled_cut(
            parcels,
            buildings,
            units,
            unit_of,
            center=center,
            standing=standing,
            run=run,
            folder=folder,
            rows=rows,
            stored=stored,
        )

    return spread

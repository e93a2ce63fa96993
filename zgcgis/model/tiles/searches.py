"""Searches of a zone by tile: what needs only neighbours or containers is found part by part.

A search is a function of a zone and the names of levels, which a prepared zone makes once
(:meth:`zgcgis.model.Zone.once`). Where what it finds of a feature rests on nothing but the
features that lie near it, that it names or that name it, the same function is asked of parts of
the zone: the features of a row group and those around them. What it found of the features of
the row group is kept, so that each is found in one part, and the parts put together are what
the whole zone would have given, row for row.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from pandas import DataFrame

from ... import geo
from ...geo.rings import one_thread, processors
from ...language.errors import EntangledError
from .. import LEVELS, Layers, ServedLayer, Zone
from .executors import Run, runner_for
from .groups import (
    EDGE_DEG,
    TILE_ROWS,
    Positions,
    boxes,
    opened,
    place_for,
    read_near,
    read_rows,
    rows_of,
    starts,
    write_layer,
)

__all__ = ["Search", "Tiling", "search_by_tile", "tiling_for"]

_LEAST_ROWS = 4_096  # features that are worth a task of their own
_MOST_NAMED = 1_000  # features without an id of their own, before a layer is written anew


@dataclass(frozen=True, slots=True)
class Search:
    """A search that can be made by tile, and what has to be there around the features of one.

    Attributes
    ----------
    find
        The search: a function of a zone and of `levels`. It returns a frame in which each row
        is about one feature of the level `core`: that named in column ``a``, or in the
        position in ``row_<core>``. Other columns ``row_<level>`` are positions as well.
    levels
        What it is asked with.
    core
        The level by whose features the work is cut.
    near
        Levels whose features take part where their box meets that of a core feature.
    named
        Levels whose features take part where a core feature names them (``park_id``).
    naming
        Levels whose features take part where they name a core feature.
    whole
        Small levels that take part whole, where there are any.
    holds
        Whether what was found in a part is what the whole zone would have given; None: always.
    """

    find: Callable[..., DataFrame]
    levels: tuple[str, ...]
    core: str
    near: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    naming: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    holds: Callable[[DataFrame], bool] | None = None


@dataclass(frozen=True, slots=True)
class Tiling:
    """Who does the tiles of a zone, and where they lie meanwhile.

    Attributes
    ----------
    run
        What does them: :func:`~zgcgis.model.tiles.pool`, :func:`~zgcgis.model.tiles.on_cluster`,
        :func:`~zgcgis.model.tiles.here`.
    folder
        A folder, or an address that ``fsspec`` opens, which all workers see; by default a
        temporary folder of this machine.
    rows
        Features to a tile; by default as many as give each processor one, at most 65,536.
    told
        Called with the number of tiles that are done and of all.
    """

    run: Run
    folder: str | os.PathLike[str] | None = None
    rows: int | None = None
    told: Callable[[int, int], None] | None = None


@contextmanager
def tiling_for(
    zone: Zone,
    address: str | None = None,
    folder: str | os.PathLike[str] | None = None,
    told: Callable[[int, int], None] | None = None,
) -> Iterator[Tiling | None]:
    """Choose who does the tiles of a zone: a cluster if one is given, a pool if it is large.

    None means this process alone, and nothing by tile.
    """
    with runner_for(zone.count("parcel") + zone.count("building"), address) as run:
        yield None if run is None else Tiling(run, folder, told=told)


@dataclass(frozen=True, slots=True)
class _Part:
    """All that a process needs to search one tile: the zone without what is cut, and which row group."""

    number: int
    zone: Zone
    places: Mapping[str, str | ServedLayer]
    rows: int
    group: int
    searches: tuple[Search, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found in a part, search by search; None where only the whole zone can tell."""

    number: int
    frames: tuple[DataFrame | None, ...]


def search_by_tile(zone: Zone, searches: Sequence[Search], tiling: Tiling) -> int:
    """Make searches of a prepared zone tile by tile, so that it holds what they found.

    A search is left to be made of the zone as a whole, by who asks for it, where features have
    no id of their own, or lie so that a part cannot tell: in piles, or too entangled.

    Parameters
    ----------
    zone
        A prepared zone.
    searches
        What to search for.
    tiling
        Who does it.

    Returns
    -------
    made
        How many of the searches were made so.
    """
    ready = [search for search in searches if _can_be_cut(zone, search)]
    if not ready:
        return 0
    frames: dict[int, list[DataFrame | None]] = {k: [] for k in range(len(ready))}
    with place_for(tiling.folder) as where:
        parts = list(_parts(zone, ready, where, tiling.rows, at_home=tiling.folder is None))
        found: dict[int, _Found] = {}
        for done in tiling.run(do_part, [part for part, _ in parts]):
            found[done.number] = done
            if tiling.told is not None:
                tiling.told(len(found), len(parts))
    for place in {id(p): p for part, _ in parts for p in part.places.values()}.values():
        if not isinstance(place, str):
            place.still()  # what was changed meanwhile gave parts of two layers
    for part, which in parts:
        for k, frame in zip(which, found[part.number].frames, strict=True):
            frames[k].append(frame)
    made = 0
    for k, search in enumerate(ready):
        told = [frame for frame in frames[k] if frame is not None]
        if len(told) == len(frames[k]):
            zone.keep(_joined(zone, search, told), search.find, *search.levels)
            made += 1
    return made


def _can_be_cut(zone: Zone, search: Search) -> bool:
    """Whether the layers are there, in the plane of the whole zone, and what is named is one."""
    cut = (search.core, *search.near, *search.named, *search.naming)
    if zone.center is None or not all(map(zone.count, cut)):
        return False
    return not search.naming or bool(_ids_of(zone, search.core).is_unique)


_APART = "\0"


def _ids_of(zone: Zone, level: str) -> pd.Series:
    return zone.table(level, ["id"])["id"]


def _names(ids: pd.Series) -> NDArray[np.object_]:
    """A name of its own for each feature: its id, and where another has it before, its position."""
    ids = ids.astype("object")
    again = (ids.isna() | ids.duplicated()).to_numpy()
    names: NDArray[np.object_] = ids.where(ids.notna(), "").to_numpy(object, copy=True)
    names[again] = [f"{names[row]}{_APART}{row}" for row in np.flatnonzero(again)]
    return names


def _ids(names: pd.Series) -> pd.Series:
    """The ids that stand behind names."""
    if not names.str.contains(_APART, regex=False, na=False).any():
        return names
    ids = [str(name).split(_APART)[0] or None for name in names]
    return pd.Series(ids, index=names.index, dtype="object")


def _parts(
    zone: Zone, searches: Sequence[Search], where: str, rows: int | None, *, at_home: bool
) -> Iterator[tuple[_Part, list[int]]]:
    """Write the layers that are read by part, and tell the parts, and the searches of each.

    A layer that lies in row groups in its own file is read there, if all workers are `at_home`.
    """
    cut = {level for one in searches for level in (one.core, *one.near, *one.named, *one.naming)}
    places: dict[str, str | ServedLayer] = {}
    sizes = {}
    for level in sorted(cut):
        count, ids = zone.count(level), _ids_of(zone, level)
        most = rows or max(_LEAST_ROWS, min(TILE_ROWS, -(-count // processors())))
        sizes[level] = most
        served = zone.layers.served(level) if isinstance(zone.layers, Layers) else None
        in_file = zone.unread(level) is not None
        fits = not in_file or (at_home and rows is None)
        names = _names(ids)
        other = np.flatnonzero(names != ids.to_numpy(object))
        if served is not None and fits and len(other) <= (_MOST_NAMED if in_file else 0):
            named = dict(zip(other.tolist(), names[other], strict=True))
            places[level] = _Named(served, named) if named else served
            continue
        layer = zone.layers[level]
        known = [name for name in layer.columns if name in LEVELS[level].columns]
        places[level] = path = f"{where}/{level}.parquet"
        layer = layer[[*known, layer.geometry.name]].assign(id=names)
        write_layer(layer, path, rows=most)
    whole = {level for one in searches for level in one.whole if zone.count(level)}
    bare = _without_tables(zone, {level: zone.layers[level] for level in sorted(whole - cut)})
    number = 0
    for core in sorted({one.core for one in searches}):
        which = [k for k, one in enumerate(searches) if one.core == core]
        mine = tuple(searches[k] for k in which)
        for group in range(_groups(places[core], sizes[core])):
            yield _Part(number, bare, places, sizes[core], group, mine), which
            number += 1


@dataclass(frozen=True, slots=True)
class _Named:
    """A layer given by part, in which features that have no id of their own have another name."""

    layer: ServedLayer
    names: Mapping[int, str]

    def groups(self, rows: int) -> int:
        return self.layer.groups(rows)

    def group(self, number: int, rows: int) -> pa.Table:
        return self._told(self.layer.group(number, rows))

    def near(self, around: NDArray[np.float64]) -> tuple[Positions, list[pa.Table]]:
        rows, tables = self.layer.near(around)
        return rows, [self._told(table) for table in tables]

    def named(self, name: str, wanted: set[str]) -> tuple[Positions, list[pa.Table]]:
        rows, tables = self.layer.named(name, wanted)
        if name != "id":
            return rows, [self._told(table) for table in tables]
        own = [pa.array(~np.isin(table["row"].to_numpy(), list(self.names))) for table in tables]
        tables = [table.filter(mask) for table, mask in zip(tables, own, strict=True)]
        return rows[~np.isin(rows, list(self.names))], tables

    def still(self) -> None:
        self.layer.still()

    def _told(self, table: pa.Table) -> pa.Table:
        at = table["row"].to_numpy()
        mine = np.flatnonzero(np.isin(at, list(self.names)))
        if not len(mine):
            return table
        ids = table["id"].to_numpy(zero_copy_only=False).astype(object)
        ids[mine] = [self.names[row] for row in at[mine].tolist()]
        place = table.schema.get_field_index("id")
        return table.set_column(place, "id", pa.array(ids, table.schema.field("id").type))


def _groups(place: str | ServedLayer, rows: int) -> int:
    if not isinstance(place, str):
        return place.groups(rows)
    with opened(place) as file:
        return int(file.num_row_groups)


def _group(place: str | ServedLayer, number: int, rows: int) -> tuple[Positions, pa.Table]:
    """The features of a tile, and their positions in the whole layer."""
    if not isinstance(place, str):
        table = place.group(number, rows)
        return rows_of(table, 0), table
    with opened(place) as file:
        table = file.read_row_group(number, use_threads=False)
        return rows_of(table, int(starts(file)[number])), table


def _without_tables(zone: Zone, layers: Mapping[str, GeoDataFrame]) -> Zone:
    """The zone as a part needs it: what it says of itself, and few layers."""
    return replace(
        zone, layers=layers, accounts=zone.accounts[:0], quotas=zone.quotas[:0], plan=None,
        evaluation=None, tables={}, flaws=zone.flaws[:0], folder=None,
    )  # fmt: skip


def do_part(part: _Part) -> _Found:
    """Make the searches of one tile; positions returned are those of the whole layers."""
    core = part.searches[0].core
    rows, layers = _layers_of(part, core)
    zone = replace(part.zone, layers={**part.zone.layers, **layers}).prepared()
    frames: list[DataFrame | None] = []
    with one_thread(), geo.in_plane_once():
        for search in part.searches:
            try:
                found = zone.once(search.find, *search.levels)
            except EntangledError:
                frames.append(None)
                continue
            if search.holds is not None and not search.holds(found):
                frames.append(None)
                continue
            frames.append(_of_core(found, search.core, layers[core], rows))
    return _Found(part.number, tuple(frames))


def _layers_of(
    part: _Part, core: str
) -> tuple[dict[str, tuple[Positions, NDArray[np.bool_]]], dict[str, GeoDataFrame]]:
    """Read the features of a tile and those around them, each layer in its order.

    Returns
    -------
    rows, layers
        By level: the positions of the features in the whole layer and which are core; the layer.
    """
    mine, table = _group(part.places[core], part.group, part.rows)
    around = boxes(table)[mine >= 0] + (-EDGE_DEG, -EDGE_DEG, EDGE_DEG, EDGE_DEG)
    names = set(pa.compute.drop_null(table["id"]).to_pylist())
    gathered: dict[str, list[tuple[Positions, list[pa.Table]]]] = {core: [(mine, [table])]}

    def add(level: str, found: tuple[Positions, list[pa.Table]]) -> None:
        gathered.setdefault(level, []).append(found)

    def named(level: str, column: str, wanted: set[str]) -> tuple[Positions, list[pa.Table]]:
        place = part.places[level]
        if isinstance(place, str):
            return read_rows(place, column, wanted)
        return place.named(column, wanted)

    for level in sorted({level for one in part.searches for level in one.near}):
        place = part.places[level]
        add(level, read_near(place, around) if isinstance(place, str) else place.near(around))
    for level in sorted({level for one in part.searches for level in one.named}):
        column = f"{level}_id"
        wanted = set(table[column].to_pylist()) if column in table.column_names else set()
        add(level, named(level, "id", wanted - {None}))
    for level in sorted({level for one in part.searches for level in one.naming}):
        add(level, named(level, f"{core}_id", names))
    rows, layers = {}, {}
    for level, found in gathered.items():
        at, layer = _layer(found)
        rows[level] = at, np.isin(at, mine) if level == core else np.zeros(len(at), bool)
        layers[level] = layer
    return rows, layers


def _layer(found: list[tuple[Positions, list[pa.Table]]]) -> tuple[Positions, GeoDataFrame]:
    """Put features that were read for several reasons into one layer, each once, in order."""
    at = np.concatenate([rows for rows, _ in found])
    tables = [table for _, tables in found for table in tables]
    at, first = np.unique(at, return_index=True)
    whole = pa.concat_tables(tables, promote_options="permissive")
    table = whole.take(pa.array(first))
    frame = table.drop_columns(["row", "bbox", "geometry"]).to_pandas()
    shapes = shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False))
    frame = frame.reset_index(drop=True)
    return at, GeoDataFrame(frame, geometry=GeoSeries(shapes, crs=geo.LONLAT))


def _of_core(
    found: DataFrame,
    core: str,
    layer: GeoDataFrame,
    rows: Mapping[str, tuple[Positions, NDArray[np.bool_]]],
) -> DataFrame:
    """Keep what was found of the core features, with positions in the whole layers."""
    if "a" in found:
        ids = layer["id"].to_numpy(object)[rows[core][1]]
        kept = found["a"].isin(ids).to_numpy()
    else:
        kept = rows[core][1][found[f"row_{core}"].to_numpy()]
    found = found[kept]
    for level, (at, _) in rows.items():
        if f"row_{level}" in found:
            found = found.assign(**{f"row_{level}": at[found[f"row_{level}"].to_numpy()]})
    return found


def _joined(zone: Zone, search: Search, frames: list[DataFrame]) -> DataFrame:
    """Put what the parts found together, in the order of the core features."""
    full = [frame for frame in frames if len(frame)] or frames[:1]
    whole = pd.concat(full, ignore_index=True)
    if "a" in whole:
        names = _names(_ids_of(zone, search.core))
        key = pd.Series(np.arange(len(names)), index=names)[whole["a"].to_numpy(object)].to_numpy()
    else:
        key = whole[f"row_{search.core}"].to_numpy()
    whole = whole.iloc[np.argsort(key, kind="stable")].reset_index(drop=True)
    whole = whole.assign(**{end: _ids(whole[end]) for end in ("a", "b") if end in whole})
    whole.attrs = frames[0].attrs
    return whole

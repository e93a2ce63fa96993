"""What a zone is (一区多园): units in a hierarchy, layers by level, a plan, accounts, years.

A :class:`Zone` is read from a folder by :func:`zgcgis.io.open_zone`. Everything in it carries
its time: a row is there in ``year`` if ``since <= year < until``, and an empty end is open.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from pandas import DataFrame, Series

from ..findings import empty
from ..language.errors import EntangledError, UnknownNameError
from ..language.safe_text import Text
from ..plan import CLUSTERS, Clusters, Plan, with_industry
from ..plan.land_use import CodeTable

__all__ = [
    "COLUMNS",
    "LEVELS",
    "Column",
    "Layers",
    "Level",
    "StoredLayer",
    "Zone",
    "there_in",
]

Found = TypeVar("Found")
Table = TypeVar("Table", bound=DataFrame)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a layer: its type, both names, and the values it may take.

    A number outside `least` and `most` is no number of that column at all.
    """

    key: str
    type: str
    zh: str
    en: str
    values: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the zone: what its layer is called and which columns it knows.

    ``key`` names the columns that together name a feature; ``rank`` is the place in the
    hierarchy from zone (0) to building (5), and None for layers beside it.
    """

    key: str
    zh: str
    en: str
    geometry: str
    columns: tuple[str, ...]
    feature_key: tuple[str, ...]
    rank: int | None


def _load() -> tuple[Mapping[str, Column], Mapping[str, Level]]:
    text = files("zgcgis").joinpath("resources/levels.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    columns = {
        key: Column(key, **(entry | {"values": tuple(entry.get("values", ()))}))
        for key, entry in data["columns"].items()
    }
    levels = {
        key: Level(
            key=key,
            zh=entry["zh"],
            en=entry["en"],
            geometry=entry.get("geometry", "polygon"),
            columns=tuple(entry.get("columns", ())),
            feature_key=tuple(entry.get("key", ("id",))),
            rank=entry.get("rank"),
        )
        for key, entry in data["level"].items()
    }
    return MappingProxyType(columns), MappingProxyType(levels)


COLUMNS, LEVELS = _load()
"""Every column and every level by key, from ``resources/levels.toml``."""


def there_in(table: DataFrame, year: int) -> Series:
    """Return which rows of `table` are there in `year`: ``since <= year < until``.

    A table without ``since`` and ``until`` is there always; an empty end is open.

    Examples
    --------
    >>> parks = DataFrame({"since": [None, 2012], "until": [2012, None]})
    >>> there_in(parks, 2012).tolist()
    [False, True]
    """
    present = Series(data=True, index=table.index)
    if "since" in table:
        since = pd.to_numeric(table["since"])
        present &= since.isna() | (since <= year)
    if "until" in table:
        until = pd.to_numeric(table["until"])
        present &= until.isna() | (year < until)
    return present.astype(bool)


class StoredLayer(Protocol):
    """A layer that lies in a file, and what can be told of it without making its shapes.

    Attributes
    ----------
    path
        The file, with longitude and latitude (EPSG:4490) and the box of every feature.
    count
        How many features there are.
    columns
        What :meth:`table` can give: all columns of the layer but its shapes. Those that are not
        in ``filled`` are empty.
    kinds
        The types of its shapes; ``complete`` says whether every feature has one that is not empty.
    bounds
        West, south, east and north in degrees.
    """

    @property
    def path(self) -> Path: ...  # noqa: D102
    @property
    def count(self) -> int: ...  # noqa: D102
    @property
    def columns(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def filled(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def kinds(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def complete(self) -> bool: ...  # noqa: D102
    @property
    def bounds(self) -> tuple[float, float, float, float]: ...  # noqa: D102

    def read(self) -> GeoDataFrame:
        """Read the whole layer."""

    def table(self, columns: Iterable[str] | None = None) -> DataFrame:
        """Read columns without shapes, all or those of `columns` that there are."""

    def shapes(self, rows: NDArray[np.intp] | None = None) -> GeoSeries:
        """Read the shapes of all rows, or of those at some positions, in their order."""

    def boxes(self) -> NDArray[np.float64]:
        """Read the boxes of all rows: west, south, east, north."""

    def still(self) -> None:
        """Refuse to go on if the file is no longer the one that was opened."""


@runtime_checkable
class ServedLayer(Protocol):
    """A layer that a server, or a file in row groups, holds and gives by part."""

    def groups(self, rows: int) -> int:
        """How many groups of about `rows` features there are."""

    def group(self, number: int, rows: int) -> Any:
        """Read a group, with ``row``, ``bbox`` and its columns."""

    def near(self, around: NDArray[np.float64]) -> tuple[NDArray[np.intp], list[Any]]:
        """Read the features whose boxes may meet some boxes, and their positions."""

    def named(self, name: str, wanted: set[str]) -> tuple[NDArray[np.intp], list[Any]]:
        """Read the features whose column `name` is one of some texts, and their positions."""

    def still(self) -> None:
        """Refuse to go on if it is no longer the layer that was opened."""


class Layers(Mapping[str, GeoDataFrame]):
    """Layers by level; one that lies in a file is read when it is first asked for.

    Parameters
    ----------
    read
        Layers that are there.
    stored
        Layers to be read when they are asked for.
    clusters
        What the industry of firms and proposals is told by where it is blank.
    served
        Where parts of layers that are there can be read again.
    """

    def __init__(
        self,
        read: Mapping[str, GeoDataFrame],
        stored: Mapping[str, StoredLayer] | None = None,
        *,
        clusters: Clusters | None = None,
        served: Mapping[str, ServedLayer] | None = None,
    ) -> None:
        self._clusters = clusters
        self._served = dict(served or {})
        self._stored = dict(stored or {})
        self._below: dict[str, tuple[Layers, NDArray[np.intp] | None]] = {}
        self._read = {level: self._sorted(level, layer) for level, layer in read.items()}
        self._names = tuple(sorted({*self._read, *self._stored}))

    def _sorted(self, level: str, layer: Table) -> Table:
        if self._clusters is None or "industry" not in LEVELS[level].columns:
            return layer
        return cast("Table", with_industry(layer, self._clusters))

    def __getitem__(self, level: str) -> GeoDataFrame:
        if level not in self._read:
            if level in self._below:
                layers, rows = self._below[level]
                layer = layers[level] if rows is None else layers[level].iloc[rows]
            else:
                layer = self._sorted(level, self._stored[level].read())
            self._read[level] = layer
        return self._read[level]

    def __contains__(self, level: object) -> bool:
        return level in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        words = [f"{name} (not read yet)" if self.unread(name) else name for name in self]
        return f"<layers: {', '.join(words)}>"

    def keeping(self, kept: Mapping[str, Series]) -> Layers:
        """The same layers with only some features of some; what is not read yet stays so."""
        made = Layers({}, clusters=self._clusters)
        made._names = self._names
        for level in self:
            rows = np.flatnonzero(kept[level]) if level in kept else None
            if level in self._read:
                layer = self._read[level]
                made._read[level] = layer if rows is None else layer.iloc[rows]
            else:
                made._below[level] = self, rows
        return made

    def unread(self, level: str) -> StoredLayer | None:
        """Return the file of a layer that nobody has asked for yet, else None."""
        if level in self._read:
            return None
        layers, rows = self._below.get(level, (None, None))
        if layers is not None:
            return layers.unread(level) if rows is None else None
        return self._stored.get(level)

    def count(self, level: str) -> int:
        """Return how many features a layer has, without reading it."""
        if level in self._read:
            return len(self._read[level])
        if level in self._below:
            layers, rows = self._below[level]
            return layers.count(level) if rows is None else len(rows)
        return self._stored[level].count

    def complete(self, level: str) -> bool:
        """Whether a layer is known to have a shape for every feature, without reading it."""
        if level in self._below and level not in self._read:
            return self._below[level][0].complete(level)
        return level not in self._read and self._stored[level].complete

    def table(self, level: str, columns: Iterable[str] | None = None) -> DataFrame:
        """Return columns of a layer without its shapes, all or those of `columns` that it has."""
        wanted = None if columns is None else list(columns)
        if level in self._read:
            return _bare(self._read[level], wanted)
        if level in self._below:
            layers, rows = self._below[level]
            table = layers.table(level, wanted)
            return table if rows is None else table.iloc[rows]
        also = wanted
        if wanted is not None and "industry" in wanted:
            also = list(dict.fromkeys([*wanted, "industry_code"]))
        table = self._sorted(level, self._stored[level].table(also))
        return table if wanted is None else table[[c for c in wanted if c in table]]

    def rows(
        self, level: str, rows: NDArray[np.intp], columns: Collection[str] | None = None
    ) -> GeoDataFrame:
        """Return the features at some positions of a layer; one that is not read yet stays so."""
        if level in self._read:
            return _some(self._read[level], rows, columns)
        if level in self._below:
            layers, kept = self._below[level]
            return layers.rows(level, rows if kept is None else kept[rows], columns)
        stored = self._stored[level]
        known = [c for c in stored.columns if columns is None or c in columns]
        shapes = stored.shapes(rows).set_axis(np.asarray(rows))
        some = {c: self.table(level, [c])[c].iloc[rows] for c in known}  # one at a time
        return GeoDataFrame(some, geometry=shapes)

    def served(self, level: str) -> ServedLayer | None:
        """Return where parts of a layer can be read, if it is there as it is here."""
        file = self.unread(level)
        if isinstance(file, ServedLayer) and "industry" not in LEVELS[level].columns:
            return file
        return self._served.get(level)


@dataclass(frozen=True)
class Zone:
    """A zone of many parks.

    Attributes
    ----------
    id
        Name of the zone in code, such as ``"zgc"``.
    names
        ``{"zh": …, "en": …}``.
    meta
        The whole of ``zone.toml``.
    units
        Every unit, one row each, indexed by id: ``level parent group zh en pinyin aliases
        district since until placed note``.
    layers
        Layers by level, in EPSG:4490, indexed from 0, with the columns of :data:`LEVELS`. A
        large one that :func:`zgcgis.io.open_zone` found in a file is read when it is first asked
        for; :meth:`count` and :meth:`table` do without its shapes.
    accounts
        Stated values in long form: ``unit year key value qualifier period scope basis source
        note``.
    quotas
        Land quotas: ``unit year use kind quota_m2 clause``.
    plan, evaluation
        What the plan states; the zone's choices for the evaluation; None if there is none.
    clusters
        The industry clusters its firms are sorted by, with their codes: its own or ours.
    codes
        Its own land-use codes, which are known while a zone holds them; None if it brings none.
    tables
        Every further ``*.csv`` of the folder by its stem, as text (``areas``, ``benchmarks`` …).
    folder
        Where it was read from.
    flaws
        Findings on outlines that could not be used as they are: what was mended in memory, and
        what was set aside, so that its feature has no shape. The files are as they were.
    land
        The level whose features stand as the layer ``parcel``: cadastral parcels (宗地), or
        ``"land_patch"``, land-use patches (地类图斑), in a zone that has no parcels.
    withheld
        What its public edition (公开版) leaves out, in a sentence; None of a zone as it is.
    """

    id: str
    names: Mapping[str, str]
    meta: Mapping[str, Any]
    units: DataFrame
    layers: Mapping[str, GeoDataFrame]
    accounts: DataFrame
    quotas: DataFrame
    plan: Plan | None = None
    evaluation: Mapping[str, Any] | None = None
    tables: Mapping[str, DataFrame] = field(default_factory=dict)
    folder: Path | None = None
    flaws: GeoDataFrame = field(default_factory=empty)
    clusters: Clusters = field(default_factory=lambda: CLUSTERS)
    codes: CodeTable | None = None
    land: str = "parcel"
    withheld: Text | None = None
    _found: dict[Any, Any] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def center(self) -> tuple[float, float] | None:
        """Longitude and latitude of the centre of the working plane, if ``zone.toml`` states it."""
        stated = self.meta.get("center")
        return (float(stated[0]), float(stated[1])) if stated else None

    @property
    def synthetic(self) -> bool:
        """Whether the zone is made up, and every output has to say so."""
        return bool(self.meta.get("synthetic", False))

    def layer(self, level: str) -> GeoDataFrame:
        """Return the layer of a level.

        Raises
        ------
        UnknownNameError
            If the zone has no layer of that level; the sentence lists those it has.
        """
        if level not in self.layers and level == self.land:
            level = "parcel"
        if level not in self.layers:
            raise UnknownNameError(level, self.layers, what="layer", zh="图层")
        return self.layers[level]

    def unread(self, level: str) -> StoredLayer | None:
        """Return the file of a layer that is not read yet, else None."""
        return self.layers.unread(level) if isinstance(self.layers, Layers) else None

    def count(self, level: str) -> int:
        """Return how many features a level has, without reading it; 0 if there is no layer."""
        if level not in self.layers:
            return 0
        if isinstance(self.layers, Layers):
            return self.layers.count(level)
        return len(self.layers[level])

    def table(self, level: str, columns: Iterable[str] | None = None) -> DataFrame:
        """Return the columns of a level without its shapes; of `columns`, those it has.

        Raises
        ------
        UnknownNameError
            If the zone has no layer of that level.
        """
        if isinstance(self.layers, Layers) and level in self.layers:
            return self.layers.table(level, columns)
        return _bare(self.layer(level), columns)

    def rows(
        self, level: str, which: Series | NDArray[Any], columns: Collection[str] | None = None
    ) -> GeoDataFrame:
        """Return some features of a level, by position or by a mask; the others are not read.

        They have all columns, or of `columns` those there are, and the labels of their layer.
        """
        at = np.asarray(which)
        at = np.flatnonzero(at) if at.dtype == bool else at
        if isinstance(self.layers, Layers):
            return self.layers.rows(level, at, columns)
        return _some(self.layers[level], at, columns)

    def name(self, unit: str, lang: str = "zh") -> str:
        """Return the name of a unit in the language asked for, else in the other, else its id."""
        if unit == "zone" or unit == self.id:
            return self.names[lang]
        if unit not in self.units.index:
            return unit
        names = (
            self.units.at[unit, one]
            for one in (Text("zh", "en").say(lang), Text("en", "zh").say(lang))
        )
        return next((name for name in names if isinstance(name, str) and name.strip()), unit)

    def prepared(self) -> Zone:
        """Return the zone as one that keeps what is found in it (:meth:`once`) while it is held.

        A command prepares a zone once; all that it asks of it then rests on the same tables,
        which nobody may change. What is made from it by :meth:`at` is prepared too.
        """
        if self._found is not None:
            return self
        made = replace(self)
        object.__setattr__(made, "_found", {})
        return made

    def once(self, search: Callable[..., Found], *asked: Any) -> Found:
        """Return ``search(zone, *asked)``; a prepared zone is searched once for it.

        Outlines too entangled for an answer are so for everyone who asks.
        """
        if self._found is None:
            return search(self, *asked)
        key = (search, asked)
        if key not in self._found:
            try:
                self._found[key] = search(self, *asked)
            except EntangledError as problem:
                self._found[key] = problem
        found: Found | EntangledError = self._found[key]
        if isinstance(found, EntangledError):
            raise found
        return found

    def keep(self, found: Any, search: Callable[..., Any], *asked: Any) -> None:
        """Hold what a search of a prepared zone found, so that :meth:`once` need not make it."""
        assert self._found is not None
        self._found[search, asked] = found

    def kept(self, search: Callable[..., Any], *asked: Any) -> Any:
        """Return what a prepared zone holds of a search, None if it was not made."""
        return None if self._found is None else self._found.get((search, asked))

    def at(self, year: int) -> Zone:
        """Return the zone as it stood in `year`: units and features of that year.

        Values keep their years; only what exists or not depends on time here. A layer all of
        which is there stays the one it is.
        """
        return self.once(_at, year)

    def under(self, unit: str) -> set[str]:
        """Return the ids of `unit` and of everything below it."""
        if unit not in self.units.index:
            raise UnknownNameError(unit, self.units.index, what="unit", zh="单元")
        found = {unit}
        while True:
            below = self.units["parent"].isin(found) | self.units["group"].isin(found)
            grown = found | set(self.units.index[below])
            if grown == found:
                return found
            found = grown

    def within(self, unit: str) -> Zone:
        """Return only what lies under one unit: its sub-units, their features and values.

        Background layers (districts, control layers, links) stay whole; ``meta["within"]`` names
        the unit.

        Raises
        ------
        UnknownNameError
            If the zone has no such unit.
        """
        kept = self.under(unit)
        layers: dict[str, GeoDataFrame] = {}
        for level in sorted(self.layers, key="building".__eq__):  # after the parcels it stands on
            stored = self.unread(level)
            if level == "building" and "parcel" in layers:
                parcels = set(layers["parcel"]["id"])
                held = self.table(level, ["parcel_id"])["parcel_id"].isin(parcels)
            else:
                held = _within(level, self.table(level, ["id", "park_id", "block_id"]), kept)
            if stored is None or "industry" in stored.columns:
                layers[level] = self.layers[level][held.to_numpy()]
            else:
                rows = np.flatnonzero(held)
                bare = stored.table().iloc[rows]
                layers[level] = GeoDataFrame(
                    bare, geometry=stored.shapes(rows).set_axis(bare.index)
                )
        return replace(
            self,
            meta={**self.meta, "within": unit},
            units=self.units[self.units.index.isin(kept)],
            layers=layers,
            accounts=self.accounts[self.accounts["unit"].isin(kept)],
            quotas=self.quotas[self.quotas["unit"].isin(kept)],
        )


def _bare(layer: GeoDataFrame, columns: Iterable[str] | None) -> DataFrame:
    """A layer without its shapes, all of its columns or those of `columns` that it has."""
    bare = DataFrame(layer.drop(columns=layer.geometry.name))
    return bare if columns is None else bare[[c for c in columns if c in bare]]


def _some(
    layer: GeoDataFrame, rows: NDArray[np.intp], columns: Collection[str] | None
) -> GeoDataFrame:
    """Features of a layer, with all of its columns or those of `columns` that it has."""
    if columns is None:
        return layer.iloc[rows]
    return layer[[*(c for c in columns if c in layer), layer.geometry.name]].iloc[rows]


def _at(zone: Zone, year: int) -> Zone:
    there = {level: there_in(zone.table(level, ["since", "until"]), year) for level in zone.layers}
    some = {level: kept for level, kept in there.items() if not kept.all()}
    layers: Mapping[str, GeoDataFrame]
    if isinstance(zone.layers, Layers):
        layers = zone.layers.keeping(some)
    else:
        layers = {
            level: layer[some[level]] if level in some else layer
            for level, layer in zone.layers.items()
        }
    made = replace(zone, units=zone.units[there_in(zone.units, year)], layers=layers)
    return made if zone._found is None else made.prepared()


def _within(level: str, table: DataFrame, kept: set[str]) -> Series:
    """Which features of a level lie under the units that are kept."""
    if level in ("group", "corridor", "axis", "park", "block"):
        return table["id"].isin(kept)
    if level in ("parcel", "land_patch", "enterprise", "proposal") and "park_id" in table:
        held = table["park_id"].isin(kept)
        return held | table["block_id"].isin(kept) if "block_id" in table else held
    return Series(True, index=table.index)  # noqa: FBT003

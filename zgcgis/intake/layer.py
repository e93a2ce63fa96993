"""The shape of a layer on its way in, what the user says of it, and the report of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pyproj import CRS

from ..geo.repair import Mended
from .log import REPAIRED_SHAPES, Finding, Log, Refusal, findings_of, label_of

__all__ = [
    "STORED",
    "Around",
    "Columns",
    "Expected",
    "Field",
    "FileReport",
    "Layer",
    "Options",
    "Schema",
    "Source",
    "System",
]

STORED = "EPSG:4490"
"""The system in which shapes are kept: CGCS2000 in degrees."""

Geometries = NDArray[np.object_]


@dataclass(frozen=True)
class Options:
    """What the user said of a file, because the file does not say it (right)."""

    crs: str | None = None
    encoding: str | None = None
    layer: str | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    datum: str = "as-stated"
    system: str | None = None
    scale: Mapping[str, str] = field(default_factory=dict)
    accept: frozenset[str] = frozenset()
    shared: bool = False
    """Whether a column need not be there, because another layer of the delivery has it."""

    def as_record(self) -> dict[str, Any]:
        """Return the options that were given, in a form that can be stored and compared."""
        record: dict[str, Any] = {}
        for name in ("crs", "encoding", "layer", "system"):
            if getattr(self, name) is not None:
                record[name] = getattr(self, name)
        if self.datum != "as-stated":
            record["datum"] = self.datum
        for name in ("rename", "scale"):
            if getattr(self, name):
                record[name] = dict(sorted(getattr(self, name).items()))
        if self.accept:
            record["accept"] = sorted(self.accept)
        return record


@dataclass(frozen=True, slots=True)
class Expected:
    """Where a layer should lie: longitude and latitude, how to say that, how far off it may be."""

    place: tuple[float, float]
    name: str
    span_km: float = 60.0


@dataclass(frozen=True, slots=True)
class Around:
    """What can settle the system of a layer that states none; each is asked for when it is needed.

    Attributes
    ----------
    corners
        Gives the corners of land whose place is known, in degrees of CGCS2000.
    boxes
        Gives of each file beside it its name, the box of its coordinates and the system it states.
    """

    corners: Callable[[], NDArray[np.float64]] | None = None
    boxes: Callable[[], list[tuple[str, tuple[float, ...], str]]] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What a file says of one of its layers, before anything is judged.

    Attributes
    ----------
    file
        The name of the file, without folder and suffix.
    encoding, encoding_declared, encoding_evidence
        In which encoding its texts were read, what was declared, and what spoke for it.
    types
        By column, the type that the file states.
    geometry_type, crs, reader_said
        As stated in the file; what the reader had to say of it.
    drawing
        Whether outlines may be lines whose ends meet.
    cut
        At how many bytes of which encoding names of columns are cut.
    table, units
        Whether it has no shapes of its own; units stated for all of a table.
    """

    file: str = ""
    encoding: str | None = None
    encoding_declared: str | None = None
    encoding_evidence: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    geometry_type: str | None = None
    crs: str | None = None
    reader_said: tuple[str, ...] = ()
    drawing: bool = False
    cut: tuple[int, str] | None = None
    table: bool = False
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """A layer that is handed over all over the country (``resources/schemas.toml``).

    ``fields`` it must have, ``other`` speak for it, ``without`` against it; ``columns`` maps its
    fields to columns of the level, ``ids`` are fields that may be its id, ``system`` is that of
    its land-use codes; ``cgcs2000`` says that its rules put it in CGCS2000; ``kind`` is what its
    features are by law, where their level holds several kinds.
    """

    name: str
    zh: str
    en: str
    level: str
    fields: tuple[str, ...]
    names: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    system: str = ""
    cgcs2000: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    kind: str = ""


@dataclass
class Columns:
    """How the columns of a file were understood.

    ``of`` maps a source column to a column of the level; ``unit`` maps a source column to the
    unit that its name states; ``odd_unit`` names those passed over because of their unit;
    ``within`` is the column within whose values alone the id is unique.
    """

    of: dict[str, str] = field(default_factory=dict)
    unit: dict[str, str] = field(default_factory=dict)
    cut: dict[str, str] = field(default_factory=dict)
    odd_unit: dict[str, str] = field(default_factory=dict)
    within: str | None = None

    @property
    def sources(self) -> dict[str, str]:
        """By which name each column of the level stands in the file."""
        return {column: source for source, column in self.of.items()}


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a file: its name and type there, the column of the level, unit, empty cells."""

    name: str
    type: str
    column: str | None
    unit: str | None
    empty: int


@dataclass(frozen=True, slots=True)
class System:
    """The reference system of a layer: the one used, those its numbers fit, its box in it.

    ``swapped`` says that the two coordinates of every pair stood in the wrong order.
    """

    used: CRS | None = None
    name: str | None = None
    implied: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    swapped: bool = False


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer on its way in: the rows of the file, as far as the stages have come with them.

    Attributes
    ----------
    values, shapes
        All rows of the file: attributes, first as in the file and then in the columns of the
        level, and shapes, first as in the file and then sound and in :data:`STORED`.
    closed
        Which shapes had to be closed to be read at all.
    level, asked, sure
        The level it is read for, whether the user named it, and whether it shows it itself.
    source, expected, around, zone_system
        What the file says; where the layer should lie; what lies around it; the zone's classification
        of land use.
    log
        What was found, and which rows are refused or repaired.
    schema, known_by
        The layer of :class:`Schema` that it is, and by what it is known.
    matched, fields, units
        How the columns were understood, what they are in the file, and which units were taken.
    codes, systems
        How well codes of land use fit each system, and which were told, by what.
    mended, kinds, system, bounds_lonlat
        What was mended, how many shapes of each kind there are, and where they lie.
    numbered
        Whether the features were given numbers, for want of ids.
    inspection
        What the inspection of land-use patches found, in the form of ``doctor --json``.
    """

    name: str
    values: pd.DataFrame
    shapes: Geometries | None
    log: Log
    source: Source = Source()
    level: str = "parcel"
    asked: bool = False
    sure: bool = False
    expected: Expected | None = None
    around: Around = Around()
    zone_system: str = ""
    closed: NDArray[np.bool_] | None = None
    schema: Schema | None = None
    known_by: tuple[str, ...] = ()
    matched: Columns = field(default_factory=Columns)
    fields: tuple[Field, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    systems: Mapping[str, str] = field(default_factory=dict)
    mended: Mended | None = None
    kinds: Mapping[str, int] = field(default_factory=dict)
    system: System = System()
    bounds_lonlat: tuple[float, ...] = ()
    numbered: bool = False
    inspection: Mapping[str, Any] = field(default_factory=dict)

    def after(self, log: Log, **changes: Any) -> Layer:
        """Return the layer as a stage leaves it, with what the stage has to say."""
        return replace(self, log=self.log + log, **changes)

    @property
    def table(self) -> bool:
        """Whether the file has no shapes of its own for it."""
        return self.source.table

    @property
    def family(self) -> str | None:
        """The family that its shapes belong to, None without shapes; polygons weigh most."""
        if self.shapes is None:
            return None
        ids = shapely.get_type_id(self.shapes)
        kinds = set(np.unique(ids).tolist())
        if 7 in kinds:  # a collection is what is in it
            parts = shapely.get_parts(shapely.get_parts(self.shapes[ids == 7]))
            kinds |= set(np.unique(shapely.get_type_id(parts)).tolist())
        families = {"polygon": {3, 6}, "line": {1, 2, 5}, "point": {0, 4}}
        return next((family for family, ids in families.items() if ids & kinds), None)

    # --- the rows in use ---

    @cached_property
    def kept(self) -> NDArray[np.bool_]:
        """Which rows are in use; none where the layer is refused."""
        kept = np.full(self.log.count, not self.log.stops)
        kept[list(self.log.refused)] = False
        return kept

    @cached_property
    def used_values(self) -> pd.DataFrame:
        """Attributes of the rows in use."""
        kept = self.kept
        return self.values if kept.all() else self.values.loc[kept].reset_index(drop=True)

    @property
    def used_shapes(self) -> Geometries | None:
        """Shapes of the rows in use, None where the layer has none."""
        return None if self.shapes is None else self.shapes[self.kept]

    @cached_property
    def frame(self) -> pd.DataFrame | GeoDataFrame | None:
        """The rows in use, with their shapes if there are any; None where the layer is refused."""
        if self.log.stops or self.shapes is None:
            return None if self.log.stops else self.used_values
        return GeoDataFrame(self.used_values, geometry=self.used_shapes, crs=STORED)

    # --- what is told of it ---

    @property
    def labels(self) -> pd.Series | None:
        """The ids of all rows, None where there are none."""
        return self.values["id"].reset_index(drop=True) if "id" in self.values else None

    @property
    def findings(self) -> GeoDataFrame:
        """Everything found in the layer, in the columns of findings."""
        said = [*self.log.findings, *self.log.unlisted]
        places = self.shapes if self.bounds_lonlat else None
        return findings_of(said, level=self.level, labels=self.labels, places=places)

    @property
    def repairs(self) -> pd.DataFrame:
        """A row for each repair: ``feature rule before_m2 after_m2 column``."""
        log, made = self.log, []
        for found in log.findings:
            row = found.row
            if row is None or row in log.refused or found.rule not in log.repaired.get(row, ()):
                continue
            of_shape = found.rule in REPAIRED_SHAPES.values()
            made.append(
                {
                    "feature": label_of(self.labels, row),
                    "rule": found.rule,
                    "before_m2": found.words.get("measured") if of_shape else None,
                    "after_m2": found.words.get("limit") if of_shape else None,
                    "column": found.words.get("other"),
                }
            )
        names = ["feature", "rule", "before_m2", "after_m2", "column"]
        return pd.DataFrame(made, columns=names)

    @property
    def refused(self) -> pd.DataFrame:
        """A row for each feature refused: ``feature row rule``; rows are counted from 1."""
        labels = self.labels
        made = [
            {"feature": label_of(labels, row), "row": row + 1, "rule": rule}
            for row, rule in sorted(self.log.refused.items())
        ]
        return pd.DataFrame(made, columns=["feature", "row", "rule"])

    @property
    def outcome(self) -> str:
        """How the layer ends: accept, finding, repair, refuse-feature or refuse-file."""
        if self.log.stops:
            return "refuse-file"
        if self.log.refused:
            return "refuse-feature"
        if self.log.repaired:
            return "repair"
        return "finding" if self.log.findings else "accept"

    @property
    def facts(self) -> dict[str, Any]:
        """What the layer is, in the form of ``doctor --json``; empty where nothing was read."""
        if not self.log.count:
            return {}
        source, system = self.source, self.system
        declared = None if source.crs is None or self.table else source.crs[:2000]
        geometry: dict[str, Any] = {"declared": source.geometry_type}
        if self.mended is not None:
            geometry |= {"types": dict(self.kinds), "with_height": self.mended.with_height}
        facts: dict[str, Any] = {
            "features": self.log.count,
            "fields": [
                {name: getattr(one, name) for name in ("name", "type", "column", "unit", "empty")}
                for one in self.fields
            ],
            "encoding": {
                "used": source.encoding,
                "declared": source.encoding_declared,
                "evidence": source.encoding_evidence,
            },
            "geometry": geometry,
            "reader_said": list(source.reader_said),
            "crs": {"declared": declared, "used": system.name, "implied": list(system.implied)},
            "codes": {column: dict(fit) for column, fit in self.codes.items()},
            "land_use_systems": dict(self.systems),
        }
        if self.schema is not None:
            facts["schema"] = {"name": self.schema.name, "known_by": list(self.known_by)}
        if self.inspection:
            facts["inspection"] = dict(self.inspection)
        if system.bounds:
            facts["bounds"] = list(system.bounds)
        if self.bounds_lonlat:
            facts["bounds_lonlat"] = list(self.bounds_lonlat)
        return facts


@dataclass(frozen=True, eq=False)
class FileReport:
    """One file: what it is, and its layers; or why it is refused."""

    source: Path
    kind: str = ""
    title: str = ""
    sha256: str = ""
    size: int = 0
    said: tuple[Finding, ...] = ()
    layers: tuple[Layer, ...] = ()
    refusal: Refusal | None = None

    @property
    def findings(self) -> GeoDataFrame:
        """What was found about the file as a whole."""
        said = self.said if self.refusal is None else (*self.said, self.refusal.finding)
        return findings_of(said, level=None)

    @property
    def outcome(self) -> str:
        """The gravest of the layers' outcomes."""
        order = ["accept", "finding", "repair", "refuse-feature", "refuse-file"]
        if self.refusal is not None:
            return "refuse-file"
        ends = [layer.outcome for layer in self.layers] + (["finding"] if self.said else [])
        return max(ends, key=order.index, default="accept")

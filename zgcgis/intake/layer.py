"""What is said of a file beforehand and found afterwards: options, and reports by layer and file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from .log import Book, findings_of
from .sandbox.process import DRIVERS
from .sandbox.staging import Refusal

__all__ = ["FileReport", "LayerReport", "Options"]


@dataclass(frozen=True)
class Options:
    """What the user said of a file, because the file does not say it (right)."""

    crs: str | None = None
    encoding: str | None = None
    layer: str | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    datum: str = "as-stated"
    scale: Mapping[str, str] = field(default_factory=dict)
    accept: frozenset[str] = frozenset()

    def as_record(self) -> dict[str, Any]:
        """Return the options that were given, in a form that can be stored and compared."""
        record: dict[str, Any] = {}
        for name in ("crs", "encoding", "layer"):
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


@dataclass
class LayerReport:
    """One layer: what it is, what was found, and the rows that can be used.

    ``columns`` and ``shapes`` are of the rows in use, ``labels`` and ``places`` of all rows.
    """

    name: str
    level: str
    facts: dict[str, Any]
    book: Book
    columns: pd.DataFrame | None = None
    shapes: NDArray[np.object_] | None = None
    table: bool = False
    repairs: pd.DataFrame = field(default_factory=pd.DataFrame)
    refused: pd.DataFrame = field(default_factory=pd.DataFrame)
    labels: pd.Series | None = None
    places: NDArray[np.object_] | None = None

    @cached_property
    def frame(self) -> pd.DataFrame | GeoDataFrame | None:
        """The rows in use, with their shapes as objects if the layer has any."""
        if self.columns is None or self.shapes is None:
            return self.columns
        return GeoDataFrame(self.columns, geometry=self.shapes, crs="EPSG:4490")

    @property
    def findings(self) -> GeoDataFrame:
        """Everything found in the layer, in the columns of findings."""
        rows = [*self.book.rows, *self.book.unlisted]
        return findings_of(rows, level=self.level, labels=self.labels, places=self.places)

    @property
    def outcome(self) -> str:
        """How the layer ends: accept, finding, repair, refuse-feature or refuse-file."""
        if self.book.stops:
            return "refuse-file"
        if self.book.refused:
            return "refuse-feature"
        if self.book.repaired:
            return "repair"
        return "finding" if self.book.rows else "accept"


@dataclass
class FileReport:
    """One file: what it is, and its layers; or why it is refused."""

    source: Path
    kind: str = ""
    sha256: str = ""
    size: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    layers: list[LayerReport] = field(default_factory=list)
    refusal: Refusal | None = None

    @property
    def driver(self) -> str:
        """Who read it."""
        own = {"csv": "CSV", "xlsx": "XLSX", "parquet": "GeoParquet"}
        return DRIVERS.get(self.kind, own.get(self.kind, ""))

    @property
    def findings(self) -> GeoDataFrame:
        """What was found about the file as a whole."""
        rows = list(self.rows)
        if self.refusal is not None:
            rows.append(self.refusal.row())
        return findings_of(rows, level=None)

    @property
    def outcome(self) -> str:
        """The gravest of the layers' outcomes."""
        order = ["accept", "finding", "repair", "refuse-feature", "refuse-file"]
        if self.refusal is not None:
            return "refuse-file"
        ends = [layer.outcome for layer in self.layers] + (["finding"] if self.rows else [])
        return max(ends, key=order.index, default="accept")

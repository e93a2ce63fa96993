"""Who plants the errors: a book of what was planted, and a hand that finds room for more.

Sizes come from the construction: the vertices of the place itself, measured by the plain
sum over edges on the coordinates as the files hold them. No geometry engine takes part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from .fabric import Points, area_m2, as_stored, round_lonlat
from .settle import Settlement

__all__ = ["COLUMNS", "QUIET", "Outlines", "Planter"]

COLUMNS = ("rule", "level", "feature", "other", "measured", "unit", "lon", "lat", "zh", "en")
QUIET = ("stonebridge", "southterrace")  # their land is clean, so that their quotas are exact


@dataclass
class Outlines:
    """Outlines beside the tables, in metres of the plane; a list is a shell with holes."""

    park: dict[str, Points]
    boundary: dict[str, Points]
    master_plan: dict[str, list[Points]]
    urban_boundary: dict[str, list[Points]]
    protection: list[tuple[str, Points]] = field(default_factory=list)  # grade, ring
    prohibited: list[Points] = field(default_factory=list)
    stated_area_m2: dict[str, float] = field(default_factory=dict)
    planned: set[str] = field(default_factory=set)  # ids of the detailed plan


class Planter:
    """The town as it is being spoilt, and the book of what was done to it."""

    def __init__(self, town: Settlement, lines: Outlines) -> None:
        self.town = town
        self.lines = lines
        self.rows: list[dict[str, Any]] = []
        self.used: set[str] = set()  # blocks that hold an error already
        self.parcel = town.parcel  # no row goes or comes before all is planted
        self.block = town.block.set_index("id", drop=False)
        self.dropped: set[str] = set()  # parcels left out
        self.new_parcels: list[dict[str, Any]] = []
        self.resized: set[str] = set()
        self.touched: set[str] = set()  # parcels that hold an error
        lasting = np.flatnonzero(self.parcel["since"].isna() & self.parcel["until"].isna())
        base = self.parcel["base"].to_numpy()[lasting]
        self._mixed = lasting[np.lexsort((base, base * 7919 % 10007))]
        self._row_of_base = np.full(len(town.ground.neighbour) + 1, -1)  # the last is no parcel
        self._row_of_base[base] = lasting

    # --- book ---------------------------------------------------------------------

    def note(
        self, rule: str, level: str, feature: str, measured: float | None, unit: str,
        at: Points | None, zh: str, en: str, *, other: str = "",
    ) -> None:  # fmt: skip
        """Write one planted error into the book."""
        lon, lat = ("", "") if at is None else round_lonlat(np.asarray(at, float))
        self.rows.append(
            {
                "rule": rule, "level": level, "feature": feature, "other": other,
                "measured": "" if measured is None else f"{measured:.4f}".rstrip("0").rstrip("."),
                "unit": unit,
                "lon": lon if at is None else f"{lon:.6f}",
                "lat": lat if at is None else f"{lat:.6f}",
                "zh": zh, "en": en,
            }
        )  # fmt: skip

    # --- where --------------------------------------------------------------------

    def stable(
        self, test: Callable[[Any], bool], *, quiet: bool = False
    ) -> Iterator[tuple[Any, Any]]:
        """Parcels that never change, in blocks without an error, with their right neighbour."""
        right = self.town.ground.neighbour
        for row in self._rows():
            if row["block_id"] in self.used or (row["park_id"] in QUIET) != quiet:
                continue
            if row["id"] in self.touched or not test(row):
                continue
            mate = self._row_of_base[right[row["base"]]]
            other = self.parcel.iloc[mate] if mate >= 0 else None
            yield row, None if other is None or other["id"] in self.dropped else other

    def _rows(self) -> Iterator[Any]:
        """Parcels that never change and were not left out, mixed."""
        for at in self._mixed.tolist():
            row = self.parcel.iloc[at]
            if row["id"] not in self.dropped:
                yield row

    def one(self, test: Callable[[Any], bool], *, quiet: bool = False) -> Any | None:
        """Find one parcel that passes `test`, and keep its block from further errors."""
        for row, _ in self.stable(test, quiet=quiet):
            self.used.add(row["block_id"])
            self.touched.add(row["id"])
            return row
        return None

    def pair(self, test: Callable[[Any], bool], both: Callable[[Any, Any], bool]) -> Any | None:
        """Find a parcel and its right neighbour, and keep their block from further errors."""
        for row, other in self.stable(test):
            if other is not None and both(row, other):
                self.used.add(row["block_id"])
                self.touched |= {row["id"], other["id"]}
                return row, other
        return None

    def on_paper(self, test: Callable[[Any], bool]) -> Any | None:
        """One more parcel that never changes and holds no error, whatever its block."""
        for row in self._rows():
            if row["id"] not in self.touched and row["park_id"] not in QUIET and test(row):
                self.touched.add(row["id"])
                return row
        return None

    def settle_tables(self) -> None:
        """Give the town its tables back, with the new rows behind the old ones."""
        stay = ~self.parcel["id"].isin(self.dropped).to_numpy()
        new = DataFrame(self.new_parcels, columns=self.parcel.columns)
        columns = {}
        for name in new.columns:  # one by one, so that the whole is not there twice
            old = self.parcel.pop(name)
            both = pd.concat([old[stay], new[name].astype(old.dtype)], ignore_index=True)
            columns[name] = both.astype(old.dtype)
        self.town.parcel = DataFrame(columns)
        self.town.block = self.block.reset_index(drop=True)
        self.town.houses.settle()

    def row(self, name: str) -> int:
        """Return the row of a parcel that was there before all errors."""
        return self.town.houses.plots.row(name)

    def drop(self, name: str) -> None:
        """Leave a parcel out, with the firms on it."""
        self.dropped.add(name)
        self.town.firms.leave(name)

    def set_ring(self, name: str, ring: Any) -> None:
        """Give a parcel another outline; its area on paper follows at the end."""
        self.parcel.at[self.row(name), "ring"] = ring
        self.resized.add(name)
        self.touched.add(name)

    def add_parcel(self, model: Any, name: str, ring: Any, **changes: Any) -> None:
        """Add a parcel like `model` with an outline of its own."""
        row = {**model.to_dict(), "id": name, "name": f"示例宗地 {name}", "ring": ring, **changes}
        self.new_parcels.append(row)

    def insert(self, block: str, a: Points, b: Points, new: Points) -> None:
        """Put a vertex into the edge a-b of the block and of every parcel that has it."""

        def put(ring: Points) -> Points:
            for k in range(len(ring)):
                p, q = ring[k], ring[(k + 1) % len(ring)]
                if (np.array_equal(p, a) and np.array_equal(q, b)) or (
                    np.array_equal(p, b) and np.array_equal(q, a)
                ):
                    return np.insert(ring, k + 1, new, axis=0)
            return ring

        self.block.at[block, "ring"] = put(self.block.at[block, "ring"])
        for at in self.parcel.index[self.parcel["block_id"] == block]:
            ring = self.parcel.at[at, "ring"]
            if isinstance(ring, np.ndarray):
                self.parcel.at[at, "ring"] = put(ring)


def size_m2(ring: Points) -> float:
    return area_m2(as_stored(np.asarray(ring, float)))


def round_m(ring: Points) -> float:
    p = as_stored(np.asarray(ring, float))
    return float(np.hypot(*(np.roll(p, -1, 0) - p).T).sum())


def inward(point: Points, ring: Points, by: float) -> Points:
    way = ring.mean(0) - point
    moved: Points = point + way * (by / np.hypot(*way))
    return moved


def is_green(row: Any) -> bool:
    return bool(row["kind"] == "green" and row["build_state"] == "A51")


def is_built(row: Any) -> bool:
    return bool(str(row["build_state"]).startswith("A"))


def is_waiting(row: Any) -> bool:
    return bool(row["build_state"] == "B21" and row["supply_state"] == "D21")


def clipped_m2(ring: Points, convex: Points) -> float:
    """Area that a ring shares with a convex ring, by cutting at one edge after the other."""
    out = as_stored(np.asarray(ring, float))
    knife = as_stored(np.asarray(convex, float))
    p, q = knife - knife.mean(0), np.roll(knife - knife.mean(0), -1, 0)
    if np.sum(p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]) < 0:
        knife = knife[::-1]
    for a, b in zip(knife, np.roll(knife, -1, 0), strict=True):
        side = (b[0] - a[0]) * (out[:, 1] - a[1]) - (b[1] - a[1]) * (out[:, 0] - a[0])
        kept: list[NDArray[np.float64]] = []
        for k in range(len(out)):
            s, t = side[k - 1], side[k]
            if s * t < 0:
                kept.append(out[k - 1] + (out[k] - out[k - 1]) * (s / (s - t)))
            if t >= 0:
                kept.append(out[k])
        if len(kept) < 3:
            return 0.0
        out = np.array(kept)
    return area_m2(out)

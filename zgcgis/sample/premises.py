"""What stands on the parcels of the sample, and who works there.

Both are drawn once for all, and kept as what was drawn; rows and shapes are made of it where they
are asked for, so that a city of buildings and firms is never held whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray
from pandas import DataFrame

from .fabric import Ground, Group, Points, Positions, areas_m2, as_stored, by_park, grouped
from .people import CLUSTERS, STANDS, USES
from .write import boxes, polygons, spots

__all__ = ["YEARS", "Firms", "Houses", "Plots", "bilinear", "joined", "numbered"]

YEARS = (2021, 2022, 2023)
_SHAPES: dict[str, Points] = {
    "box": np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float),
    "L": np.array([(-1, -1), (1, -1), (1, 0), (0, 0), (0, 1), (-1, 1)], float),
    "U": np.array(
        [(-1, -1), (-0.3, -1), (-0.3, 0.2), (0.3, 0.2), (0.3, -1), (1, -1), (1, 1), (-1, 1)], float
    ),
}
_STANDS = [s for variants in STANDS.values() for stands in variants for s in stands]
_AT_ONCE = 65_536


def numbered(numbers: Any, width: int) -> pa.Array:
    """Return numbers as texts, with noughts before them up to a width."""
    plain = pc.cast(pa.array(np.asarray(numbers)), pa.large_string())
    return pc.utf8_lpad(plain, width=width, padding="0")


def joined(*parts: Any) -> pa.Array:
    """Return texts made of columns of texts, and of texts that stand in every one."""
    known = [pa.scalar(p, pa.large_string()) if isinstance(p, str)
             else p if isinstance(p, pa.Array) else pa.array(p, pa.large_string())
             for p in parts]  # fmt: skip
    return pc.binary_join_element_wise(*known, pa.scalar("", pa.large_string()))


def bilinear(corners: Points, u: NDArray[np.float64], v: NDArray[np.float64]) -> Points:
    """Points of the unit square of each parcel, placed between its four corners."""
    c = corners[:, :, None, :]
    u, v = u[..., None], v[..., None]
    out: Points = (
        c[:, 0] * (1 - u) * (1 - v)
        + c[:, 1] * u * (1 - v)
        + c[:, 2] * u * v
        + c[:, 3] * (1 - u) * v
    )
    return out


class Plots:
    """What buildings and firms have of the parcels they are on, row by row, before all errors."""

    def __init__(self, ground: Ground, parcel: DataFrame, corners: Points) -> None:
        self.ground = ground
        self.corners = corners
        number = {p.spec.key: i for i, p in enumerate(ground.parks)}
        self.park = parcel["park_id"].map(number).to_numpy(dtype=np.int64)
        self.id = pa.array(parcel["id"], pa.large_string())
        self.kind = parcel["kind"].to_numpy(dtype=object)
        self.built = parcel["build_state"].str.startswith("A").to_numpy(dtype=bool)
        self.base = parcel["base"].to_numpy()
        self.land_use = parcel["land_use"].array.copy()
        self.since, self.until = parcel["since"].array, parcel["until"].array
        self.area_m2 = parcel["registered_area_m2"].to_numpy()
        self.finished = pd.array(pd.DatetimeIndex(parcel["finish_date"]).year, dtype="Int64")

    def row(self, name: str) -> int:
        """Return the row of a parcel, or -1."""
        return int(pc.index(self.id, name).as_py())

    def names(self, rows: Positions) -> pa.Array:
        """Return the ids of rows."""
        return self.id.take(pa.array(rows))


class Houses:
    """Buildings, and what else stands on parcels; those that were added come last."""

    kinds = frozenset({"Polygon"})

    def __init__(self, plots: Plots, rng: np.random.Generator) -> None:
        self.plots = plots
        variant = rng.integers(0, 60, int(plots.base.max()) + 1)[plots.base]
        drawn: list[tuple[Any, ...]] = []
        number = 0
        for name, variants in STANDS.items():
            mine = np.flatnonzero(plots.built & (plots.kind == name))
            for k, stands in enumerate(variants):
                at = mine[variant[mine] % len(variants) == k]
                for order, stand in enumerate(stands):
                    n = len(at)
                    shake = rng.uniform(-0.012, 0.012, (n, 2))
                    storeys = rng.integers(stand.low, stand.high + 1, n).astype(np.int16)
                    drawn.append((at, np.full(n, order, np.int8), np.full(n, number, np.int16),
                                  shake, storeys))  # fmt: skip
                    number += 1
        parts = [np.concatenate(part) for part in zip(*drawn, strict=True)]
        sort = np.lexsort((parts[1], parts[0]))
        self.plot, self.order, self.stand, self.shake, self.storeys = (p[sort] for p in parts)
        self.changes: dict[int, dict[str, Any]] = {}
        self.gone: list[int] = []
        self.added: list[dict[str, Any]] = []
        self._kept = np.arange(len(self.plot))

    def of(self, name: str) -> DataFrame:
        """Return what stands on a parcel, with its outlines, by its position here."""
        first, end = np.searchsorted(self.plot, (k := self.plots.row(name), k + 1))
        at = np.setdiff1d(np.arange(first, end), self.gone)
        rows = self._made(at).set_axis(at)
        outlines: list[Any] = [None] * len(at)
        for where, rings in self._rings(at):
            for i, ring in zip(where.tolist(), rings, strict=True):
                outlines[i] = ring
        rows["ring"] = pd.Series(outlines, index=at, dtype=object)
        return rows

    def settle(self) -> None:
        """Count again after some have gone or come."""
        self._kept = np.delete(np.arange(len(self.plot)), self.gone)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._kept) + len(self.added)

    def table(self, at: Positions) -> DataFrame:
        """Return the columns of some of them."""
        new = at >= len(self._kept)
        rows = self._made(self._kept[at[~new]])
        if not new.any():
            return rows
        more = DataFrame([self.added[k] for k in at[new] - len(self._kept)], columns=rows.columns)
        both = pd.concat([rows, more.astype(rows.dtypes.to_dict())], ignore_index=True)
        return both.iloc[np.argsort(np.argsort(new, kind="stable"))].reset_index(drop=True)

    def shapes(self, at: Positions) -> NDArray[np.object_]:
        """Return the outlines of some of them."""
        return polygons(len(at), self._outlines(at))

    def boxes(self, at: Positions) -> NDArray[np.float64]:
        """Return the bounds of the outlines of some of them."""
        return boxes(len(at), self._outlines(at))

    def _outlines(self, at: Positions) -> Iterator[Group]:
        old = np.flatnonzero(at < len(self._kept))
        for here, rings in self._rings(self._kept[at[old]]):
            yield old[here], rings
        new = np.flatnonzero(at >= len(self._kept))
        for here, rings in grouped(self.added[k]["ring"] for k in at[new] - len(self._kept)):
            yield new[here], rings

    def _rings(self, at: Positions) -> Iterator[Group]:
        for name, shape in _SHAPES.items():
            alike = np.array([stand.shape == name for stand in _STANDS])
            here = np.flatnonzero(alike[self.stand[at]])
            if not len(here):
                continue
            x, y, half_x, half_y = _places()[:, self.stand[at[here]], None]
            shake = self.shake[at[here]]
            u = x + shake[:, :1] + shape[:, 0] * half_x
            v = y + shake[:, 1:] + shape[:, 1] * half_y
            plot = self.plot[at[here]]
            placed = bilinear(self.plots.corners[plot], u, v)
            yield here, by_park(self.plots.ground.parks, self.plots.park[plot], placed)

    def _made(self, at: Positions) -> DataFrame:
        foot = np.empty(len(at))
        for here, rings in self._rings(at):
            foot[here] = areas_m2(as_stored(np.asarray(rings)))
        plot, stand, storeys = self.plot[at], self.stand[at], self.storeys[at].astype(np.int64)
        kind = np.array([s.kind for s in _STANDS], dtype=object)[stand]
        house = kind == "building"
        below = np.where(house & (storeys >= 6), 1 + storeys // 10, 0)
        floor = np.where(house, np.round(foot * storeys, 2), np.nan)
        tall = np.array([s.tall for s in _STANDS])[stand]
        parcel_id, plots = self.plots.names(plot), self.plots
        rows = DataFrame(
            {
                "id": joined(parcel_id, "#", numbered(self.order[at] + 1, 1)),
                "parcel_id": parcel_id,
                "kind": kind,
                "storeys": pd.array(np.where(house, storeys, np.nan), dtype="Int64"),
                "storeys_below": pd.array(np.where(house, below, np.nan), dtype="Int64"),
                "floor_area_m2": floor,
                "floor_area_below_m2": np.where(
                    house & (below > 0), np.round(foot * below, 2), np.nan
                ),
                "tall_floor_area_m2": np.where(tall, floor, np.nan),
                "use": plots.land_use[plot],
                "built_year": plots.finished[plot],
                "since": plots.since[plot],
                "until": plots.until[plot],
            }
        )
        for i in np.flatnonzero(np.isin(at, list(self.changes))).tolist():
            for column, value in self.changes[int(at[i])].items():
                rows.loc[i, column] = value
        return rows


def _places() -> Points:
    """Where every stand is in the unit square, and half its sides."""
    return np.array([(s.x, s.y, s.half_x, s.half_y) for s in _STANDS]).T


@dataclass(frozen=True)
class _Drawn:
    """What was drawn of each firm."""

    park: NDArray[np.int64]
    making: NDArray[np.bool_]
    stock: NDArray[np.bool_]
    dice: NDArray[np.int64]
    logs: NDArray[np.float64]


class Firms:
    """Firms, one row for each year; a room is what a row of the parcels gives to one."""

    kinds = frozenset({"Point"})

    def __init__(self, plots: Plots, rng: np.random.Generator) -> None:
        most = pd.Series(plots.kind).map({name: use.firms for name, use in USES.items()})
        most = most.to_numpy() * plots.built
        count = np.minimum(rng.integers(1, 4, int(plots.base.max()) + 1)[plots.base], most)
        at = np.repeat(np.arange(len(count)), count)
        place = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
        kind = plots.kind[at]
        # a firm is one from year to year although its parcel may change its row
        key = plots.base[at] * 8 + place + 4 * (kind == "office")
        firm, number = np.unique(key, return_inverse=True)
        n = len(firm)
        park, making, stock = np.zeros(n, np.int64), np.zeros(n, bool), np.zeros(n, bool)
        park[number] = plots.park[at]
        making[number] = kind == "industry"
        stock[number] = (kind == "logistics") | (kind == "retail")
        self.plots = plots
        self._drawn = _Drawn(
            park, making, stock, rng.integers(0, 10_000, (n, 3)), rng.normal(0, 1, (n, 5))
        )
        self._plot, self._firm = at, number
        self._area_ha = (plots.area_m2 / 1e4 / np.maximum(count, 1))[at]
        spot = bilinear(
            plots.corners[at], 0.3 + 0.2 * (place[:, None] % 3), np.full((len(at), 1), 0.5)
        )[:, 0]
        self._point = by_park(plots.ground.parks, park[number], spot)
        self._lonlat = spots(self._point)
        self.cluster, self.code = _industries(plots.ground, self._drawn)
        self._number = numbered(np.arange(1, n + 1), 5)
        self._room, self._step = self._years()

    def _years(self) -> tuple[Positions, NDArray[np.int8]]:
        since = self.plots.since.to_numpy(dtype="float64", na_value=-np.inf)[self._plot]
        until = self.plots.until.to_numpy(dtype="float64", na_value=np.inf)[self._plot]
        alive = [np.flatnonzero((since <= year) & (year < until)) for year in YEARS]
        room = np.concatenate(alive)
        step = np.repeat(np.arange(len(YEARS), dtype=np.int8), [len(a) for a in alive])
        rank = np.empty(len(self._number), np.int64)
        rank[pc.array_sort_indices(self._number).to_numpy()] = np.arange(len(rank))
        order = np.lexsort((step, rank[self._firm[room]]))
        return room[order], step[order]

    def leave(self, parcel: str) -> None:
        """Take away the firms of a parcel."""
        stay = self._plot[self._room] != self.plots.row(parcel)
        self._room, self._step = self._room[stay], self._step[stay]

    def lasting(self, park: str) -> NDArray[np.intp]:
        """Return the firms of a park that are there in every year and in an industry, row by row."""
        number = [p.spec.key for p in self.plots.ground.parks].index(park)
        firm = self._firm[self._room]
        always = np.bincount(firm, minlength=len(self.code)) == len(YEARS)
        wanted = always & (self._drawn.park == number) & (self.cluster != "")
        found: NDArray[np.intp] = firm[wanted[firm]]
        return found

    def name(self, firm: int) -> str:
        """Return the id of a firm."""
        return f"Q{firm + 1:05d}"

    def spot(self, firm: int) -> Points:
        """Return where a firm is in the last year that it is there."""
        rows = np.flatnonzero(self._firm[self._room] == firm)
        place: Points = self._point[self._room[rows[-1]]]
        return place

    def staff(self) -> dict[tuple[str, int], float]:
        """Return how many work in the firms of each park and year."""
        park = self._drawn.park[self._firm[self._room]].astype(np.int64)
        cell = park * len(YEARS) + self._step
        persons = _staff(self._drawn, self._firm[self._room], self._area_ha[self._room], self._step)
        keys = [p.spec.key for p in self.plots.ground.parks]
        total = np.bincount(cell, persons, minlength=len(keys) * len(YEARS))
        return {(key, year): float(total[i * len(YEARS) + k])
                for i, key in enumerate(keys) for k, year in enumerate(YEARS)}  # fmt: skip

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._room)

    def table(self, at: Positions) -> DataFrame:
        """Return the columns of some rows."""
        room, step = self._room[at], self._step[at]
        firm = self._firm[room]
        number = self._number.take(pa.array(firm))
        keys = np.array([p.spec.key for p in self.plots.ground.parks], dtype=object)
        named = {
            "id": joined("Q", number),
            "year": np.array(YEARS)[step],
            "name": joined("示例企业 ", number),
            "park_id": keys[self._drawn.park[firm]],
            "parcel_id": self.plots.names(self._plot[room]),
            "industry_code": self.code[firm],
            "industry": self.cluster[firm],
        }
        told = _figures(self._drawn, firm, self._area_ha[room], step)
        return DataFrame(named | told | {"scope": "operation"})

    def shapes(self, at: Positions) -> NDArray[np.object_]:
        """Return where the firms of some rows are."""
        return np.asarray(shapely.points(self._lonlat[self._room[at]]))

    def boxes(self, at: Positions) -> NDArray[np.float64]:
        """Return the bounds of them."""
        return np.tile(self._lonlat[self._room[at]], 2)


def _industries(ground: Ground, firms: _Drawn) -> tuple[NDArray[Any], NDArray[Any]]:
    """Cluster and code of each firm, of the industries of its park; goods and shops are in none."""
    cluster = np.empty(len(firms.park), dtype=object)
    code = np.empty(len(firms.park), dtype=object)
    for number, park in enumerate(ground.parks):
        choice = park.spec.industries
        for making in (False, True):
            mine = np.flatnonzero((firms.park == number) & (firms.making == making))
            drawn = firms.dice[mine, 0] % len(choice)
            for k, name in enumerate(choice):
                some = mine[drawn == k]
                every = CLUSTERS[name][2]
                classes = [c for c in every if (c < "44") == making] or every
                cluster[some] = name
                code[some] = np.array(classes, dtype=object)[firms.dice[some, 1] % len(classes)]
    code[firms.stock] = np.where(firms.dice[firms.stock, 1] % 2, "5990", "5211")
    cluster[firms.stock] = ""
    return cluster, code


def _staff(
    firms: _Drawn, f: Positions, area_ha: NDArray[np.float64], step: NDArray[np.int8]
) -> NDArray[np.float64]:
    """Return how many work in some firms, so many years after the first."""
    low = firms.making[f] | firms.stock[f]
    staff = np.maximum(8, area_ha * np.where(low, 95, 420) * np.exp(0.4 * firms.logs[f, 2]))
    told: NDArray[np.float64] = np.round(staff * (1 + 0.02 * step))
    return told


def _figures(
    firms: _Drawn, f: Positions, area_ha: NDArray[np.float64], step: NDArray[np.int8]
) -> dict[str, NDArray[Any]]:
    """Return what some firms state, so many years after the first."""
    making, low = firms.making[f], firms.making[f] | firms.stock[f]
    logs, dice = firms.logs[f], firms.dice[f]
    growth = np.array([1.06**k for k in range(len(YEARS))])[step]
    growth = growth * np.exp(0.05 * logs[:, 3] * step)
    tax = area_ha * np.where(low, 430.0, 1_250.0) * np.exp(0.45 * logs[:, 0]) * growth
    income = tax * 13 * np.exp(0.25 * logs[:, 1])
    invested = area_ha * np.where(low, 5_600.0, 9_500.0) * np.exp(0.3 * logs[:, 4])
    research = np.round(income * (0.035 + 0.01 * (dice[:, 2] % 5)), 1)
    energy = area_ha * np.where(making, 620, 180) * np.exp(0.3 * logs[:, 3])
    return {
        "staff_persons": _staff(firms, f, area_ha, step),
        "tax_wan": np.round(tax, 1),
        "income_wan": np.round(income, 1),
        "investment_wan": np.round(invested * (1 + 0.04 * step), 1),
        "rd_wan": np.where(firms.stock[f], 0.0, research),
        "energy_tce": np.round(energy, 1),
    }

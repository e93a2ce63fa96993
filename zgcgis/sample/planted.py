"""The errors planted in the sample, each written down with its size.

Sizes come from the construction: the vertices of the place itself, measured by the plain
sum over edges on the coordinates as the files hold them. No geometry engine takes part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pandas import DataFrame

from .fabric import Points, area_m2, as_stored, round_lonlat
from .settle import AS_OF, Settlement, bilinear

__all__ = ["COLUMNS", "Outlines", "plant"]

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


class _Planter:
    def __init__(self, town: Settlement, lines: Outlines) -> None:
        self.town = town
        self.lines = lines
        self.rows: list[dict[str, Any]] = []
        self.used: set[str] = set()  # blocks that hold an error already
        self.parcel = town.parcel.set_index("id", drop=False)
        self.block = town.block.set_index("id", drop=False)
        self.new_parcels: list[dict[str, Any]] = []
        self.new_buildings: list[dict[str, Any]] = []
        self.resized: set[str] = set()
        self.touched: set[str] = set()  # parcels that hold an error
        base = self.parcel[self.parcel["since"].isna() & self.parcel["until"].isna()]
        pairs = zip(base["base"], base["id"], strict=True)
        self.base_id = dict(sorted(pairs, key=lambda pair: (pair[0] * 7919 % 10007, pair[0])))

    # --- book ---------------------------------------------------------------------

    def note(
        self, rule: str, level: str, feature: str, measured: float | None, unit: str,
        at: Points | None, zh: str, en: str, *, other: str = "",
    ) -> None:  # fmt: skip
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
        ground = self.town.ground
        for base, name in self.base_id.items():
            if name not in self.parcel.index:
                continue
            row = self.parcel.loc[name]
            if row["block_id"] in self.used or (row["park_id"] in QUIET) != quiet:
                continue
            if name in self.touched or not test(row):
                continue
            right = int(ground.neighbour[base])
            mate = self.base_id.get(right)
            other = self.parcel.loc[mate] if mate in self.parcel.index else None
            yield row, other

    def one(self, test: Callable[[Any], bool], *, quiet: bool = False) -> Any | None:
        for row, _ in self.stable(test, quiet=quiet):
            self.used.add(row["block_id"])
            self.touched.add(row["id"])
            return row
        return None

    def pair(self, test: Callable[[Any], bool], both: Callable[[Any, Any], bool]) -> Any | None:
        for row, other in self.stable(test):
            if other is not None and both(row, other):
                self.used.add(row["block_id"])
                self.touched |= {row["id"], other["id"]}
                return row, other
        return None

    def on_paper(self, test: Callable[[Any], bool]) -> Any | None:
        """One more parcel that never changes and holds no error, whatever its block."""
        for name in self.base_id.values():
            if name in self.touched or name not in self.parcel.index:
                continue
            row = self.parcel.loc[name]
            if row["park_id"] not in QUIET and test(row):
                self.touched.add(name)
                return row
        return None

    def settle_tables(self) -> None:
        """Put the new rows beside the old ones."""
        parcel = pd.concat([self.parcel, DataFrame(self.new_parcels)], ignore_index=True)
        parcel = parcel.astype({"since": "Int64", "until": "Int64"})
        self.parcel = parcel.astype(self.parcel.dtypes.to_dict()).set_index("id", drop=False)
        house = self.town.building
        more = DataFrame(self.new_buildings, columns=house.columns)
        self.town.building = pd.concat([house, more.astype(house.dtypes.to_dict())]).reset_index(
            drop=True
        )
        firms = self.town.enterprise
        self.town.enterprise = firms[firms["parcel_id"].isin(self.parcel["id"])].copy()

    def set_ring(self, name: str, ring: Any) -> None:
        self.parcel.at[name, "ring"] = ring
        self.resized.add(name)
        self.touched.add(name)

    def add_parcel(self, model: Any, name: str, ring: Any, **changes: Any) -> None:
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
        for name in self.parcel.index[self.parcel["block_id"] == block]:
            ring = self.parcel.at[name, "ring"]
            if isinstance(ring, np.ndarray):
                self.parcel.at[name, "ring"] = put(ring)


def _size(ring: Points) -> float:
    return area_m2(as_stored(np.asarray(ring, float)))


def _round_length(ring: Points) -> float:
    p = as_stored(np.asarray(ring, float))
    return float(np.hypot(*(np.roll(p, -1, 0) - p).T).sum())


def _inward(point: Points, ring: Points, by: float) -> Points:
    way = ring.mean(0) - point
    moved: Points = point + way * (by / np.hypot(*way))
    return moved


def _green(row: Any) -> bool:
    return bool(row["kind"] == "green" and row["build_state"] == "A51")


def _built(row: Any) -> bool:
    return bool(str(row["build_state"]).startswith("A"))


def _waiting(row: Any) -> bool:
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


# --- between and inside parcels (T) -----------------------------------------------------


def _overlap(p: _Planter) -> None:
    found = p.pair(_built, lambda i, j: _built(j) and i["kind"] != "industry")
    if not found:
        return
    i, j = found
    ring, far = i["ring"].copy(), j["ring"]
    c, d, e = i["ring"][2:5]
    w = _inward(d, far, 6.0)
    ring[3] = w
    p.set_ring(i["id"], ring)
    p.note(
        "T101", "parcel", min(i["id"], j["id"]), _size(np.array([c, w, e, d])), "m2", w,
        "界址点向邻宗地移动约6米，两宗地重叠", "a corner moved 6 m into the neighbour: overlap",
        other=max(i["id"], j["id"]),
    )  # fmt: skip


def _duplicate(p: _Planter) -> None:
    row = p.one(_green)
    if row is None:
        return
    twin = f"{row['id']}D"
    p.add_parcel(row, twin, row["ring"])
    p.note(
        "T102", "parcel", row["id"], _size(row["ring"]), "m2", row["ring"].mean(0),
        "同一宗地录入两次", "the same parcel entered twice", other=twin,
    )  # fmt: skip
    house = p.town.building
    at = p.parcel.loc[house["parcel_id"]]
    free = (
        (house["kind"] == "building").to_numpy()
        & house["since"].isna().to_numpy()
        & house["until"].isna().to_numpy()
        & ~at["block_id"].isin(p.used).to_numpy()
        & ~at["park_id"].isin(QUIET).to_numpy()
        & (at["kind"] == "housing").to_numpy()
    )
    if free.any():
        one = house[free].iloc[0]
        p.used.add(str(p.parcel.at[one["parcel_id"], "block_id"]))
        twin = f"{one['id']}D"
        p.new_buildings.append({**one.to_dict(), "id": twin})
        p.note(
            "T102", "building", one["id"], _size(one["ring"]), "m2", one["ring"].mean(0),
            "同一幢建筑录入两次", "the same building entered twice", other=twin,
        )  # fmt: skip


def _gaps(p: _Planter) -> None:
    found = p.pair(_built, lambda _, j: j["kind"] in ("research", "housing", "green"))
    if found:
        i, j = found
        ring = j["ring"].copy()
        c, d, e = i["ring"][2:5]
        w = _inward(d, ring, 3.0)
        ring[7] = w
        p.set_ring(j["id"], ring)
        p.note(
            "T103", "block", i["block_id"], _size(np.array([c, d, e, w])), "m2", (d + w) / 2,
            "两宗地之间有空隙", "a gap between two parcels",
        )  # fmt: skip
    row = p.one(_green)
    if row is not None:
        p.parcel = p.parcel.drop(index=row["id"])
        p.note(
            "T103", "block", row["block_id"], _size(row["ring"]), "m2", row["ring"].mean(0),
            f"漏录宗地 {row['id']}", f"parcel {row['id']} was left out",
        )  # fmt: skip


def _sliver(p: _Planter) -> None:
    def tall(i: Any, j: Any) -> bool:
        c, e = i["ring"][2], i["ring"][4]
        return bool(np.hypot(*(c - e)) > 86 and j["kind"] not in ("industry", "logistics"))

    found = p.pair(_built, tall)
    if not found:
        return
    i, j = found
    width = 2.5
    c, d, e = i["ring"][2:5]
    ring = j["ring"].copy()
    low, high = ring[1], ring[5]
    c2 = c + (low - c) * (width / np.hypot(*(low - c)))
    e2 = e + (high - e) * (width / np.hypot(*(high - e)))
    d, d2 = (c + e) / 2, (c2 + e2) / 2
    ring[0], ring[7], ring[6] = c2, d2, e2
    p.set_ring(j["id"], ring)
    left = i["ring"].copy()
    left[3] = d
    p.set_ring(i["id"], left)
    strip = np.array([c, c2, d2, e2, e, d])
    name = f"{j['id']}S"
    p.add_parcel(j, name, strip)
    p.insert(i["block_id"], c, low, c2)
    p.insert(i["block_id"], e, high, e2)
    p.note(
        "T105", "parcel", name, 2 * _size(strip) / _round_length(strip), "m", d2,
        "两宗地之间的狭长条", "a thin strip between two parcels",
    )  # fmt: skip


def _wedge(p: _Planter) -> None:
    found = p.pair(
        lambda i: bool(np.hypot(*(i["ring"][2] - i["ring"][4])) > 55), lambda _, j: _green(j)
    )
    if not found:
        return
    i, j = found
    c, d, e = i["ring"][2:5]
    ring = j["ring"]
    tip = e + (ring[5] - e) * (0.105 * np.hypot(*(e - c)) / np.hypot(*(ring[5] - e)))
    wedge = np.array([c, tip, e, d])
    p.set_ring(j["id"], np.array([*ring[:6], tip]))
    name = f"{j['id']}W"
    p.add_parcel(j, name, wedge)
    p.insert(i["block_id"], e, ring[5], tip)
    s = as_stored(wedge)
    one, two = s[1] - s[0], s[3] - s[0]
    turn = np.arctan2(abs(one[0] * two[1] - one[1] * two[0]), one @ two)
    p.note(
        "T106", "parcel", name, float(np.degrees(turn)), "deg", c,
        "宗地一角过于尖锐", "a corner of the parcel is too sharp",
    )  # fmt: skip


def _multipart(p: _Planter) -> None:
    for row, _ in p.stable(_green):
        mates = p.parcel[
            (p.parcel["block_id"] == row["block_id"])
            & (p.parcel["kind"] == "green")
            & p.parcel["until"].isna()
        ]
        mine = {tuple(v) for v in row["ring"]}
        apart = [m for _, m in mates.iterrows() if not mine & {tuple(v) for v in m["ring"]}]
        if apart and _green(apart[0]):
            p.used.add(row["block_id"])
            p.set_ring(row["id"], (row["ring"], apart[0]["ring"]))
            p.parcel = p.parcel.drop(index=apart[0]["id"])
            p.note(
                "T107", "parcel", row["id"], 2, "1", row["ring"].mean(0),
                "一宗地由两块不相连的图形组成", "one parcel of two parts that do not touch",
            )  # fmt: skip
            return


def _small(p: _Planter) -> None:
    row = p.one(_green)
    if row is None:
        return
    ring = row["ring"]
    a, b, h = ring[0], ring[1], ring[7]
    u = a + (b - a) * (9 / np.hypot(*(b - a)))
    v = a + (h - a) * (11 / np.hypot(*(h - a)))
    w = u + v - a
    bit = np.array([a, u, w, v])
    p.set_ring(row["id"], np.array([u, *ring[1:], v, w]))
    name = f"{row['id']}M"
    p.add_parcel(row, name, bit)
    p.insert(row["block_id"], a, b, u)
    p.insert(row["block_id"], a, h, v)
    p.note(
        "T108", "parcel", name, _size(bit), "m2", w,
        "面积小于最小上图面积", "smaller than the smallest area to be mapped",
    )  # fmt: skip


# --- outlines (T104, T110, T111, H) -----------------------------------------------------


def _edges_at_rim(p: _Planter, outline: Points) -> Iterator[tuple[Any, int, int, int]]:
    """Parcels with an outer edge near `outline`: the edge, and the vertices before and after."""
    for row, _ in p.stable(_built):
        rim = {tuple(v) for v in p.block.at[row["block_id"], "ring"]}
        ring = row["ring"]
        for k in (0, 2, 4, 6):
            x, m, y = ring[k], ring[k + 1], ring[(k + 2) % 8]
            if tuple(m) not in rim:
                continue
            near = np.hypot(*(outline - m).T)
            if near.min() > 60:
                continue
            at_x = int(np.argmin(np.hypot(*(outline - x).T)))
            at_y = int(np.argmin(np.hypot(*(outline - y).T)))
            gap = (at_y - at_x) % len(outline)
            if 0 < gap < len(outline) / 2:
                yield row, k, at_x, at_y


def _notch(p: _Planter, outlines: dict[str, Points], park: str) -> tuple[Any, Points] | None:
    """Draw an outline inwards through one parcel; give the parcel and what is cut off."""
    outline = outlines[park]
    mine = p.town.block.loc[p.town.block["park_id"] == park, "id"]
    rings = {name: p.block.at[name, "ring"] for name in mine}
    for row, k, at_x, at_y in _edges_at_rim(p, outline):
        if row["park_id"] != park:
            continue
        ring = row["ring"]
        x, m, y = ring[k], ring[k + 1], ring[(k + 2) % 8]
        tip = m + 0.45 * (ring.mean(0) - m)
        after = np.arange(at_y, at_y + (at_x - at_y) % len(outline) + 1) % len(outline)
        drawn = np.concatenate([outline[after], [x, tip, y]])
        shape = shapely.polygons(drawn)
        rest = [shapely.polygons(r) for name, r in rings.items() if name != row["block_id"]]
        mates = p.parcel[(p.parcel["block_id"] == row["block_id"]) & (p.parcel["id"] != row["id"])]
        rest += [shapely.polygons(r) for r in mates["ring"] if isinstance(r, np.ndarray)]
        clear = all(shapely.covers(shape, r) for r in rest)
        if shapely.is_valid(shape) and clear:
            p.used.add(row["block_id"])
            outlines[park] = drawn
            return row, np.array([x, m, y, tip])
    return None


def _outside(p: _Planter) -> None:
    found = _notch(p, p.lines.boundary, "riverbend")
    if found:
        row, part = found
        p.note(
            "T104", "parcel", row["id"], _size(part), "m2", part.mean(0),
            "批准边界从宗地中穿过", "the approved boundary runs through the parcel",
        )  # fmt: skip
    # a parcel drawn on the far side of the boundary
    park = next(g for g in p.town.ground.parks if g.spec.key == "northwood")
    line = p.lines.boundary["northwood"]
    side, behind, ahead = _straightest(line, p.town.ground, "northwood")
    along = (ahead - behind) / np.hypot(*(ahead - behind))
    out = np.array([along[1], -along[0]])
    middle = side + 24.0 * out
    ring = np.array(
        [middle + s * 17 * along + t * 11 * out for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    )
    model = next(row for row, _ in p.stable(_green))
    name = f"{park.spec.letter}999-01"
    p.add_parcel(model, name, ring, park_id="northwood", block_id="", owner="示例持有人 99999")
    p.note(
        "T104", "parcel", name, _size(ring), "m2", middle,
        "宗地在批准边界之外", "the parcel lies beyond the approved boundary",
    )  # fmt: skip
    p.note(
        "H203", "parcel", name, _size(ring), "m2", middle,
        "同一处：宗地也在所属园区之外", "the same place: the parcel lies beyond its park too",
        other="northwood",
    )  # fmt: skip


def _straightest(line: Points, ground: Any, park: str) -> tuple[Points, Points, Points]:
    """Find the straightest stretch of an outline that faces away from the other parks."""
    best, chosen = -np.inf, 0
    rest = np.concatenate(
        [g.to_plane(g.outline["park"]) for g in ground.parks if g.spec.key != park]
    )
    for k in range(len(line)):
        before, after = line[k - 2], line[(k + 2) % len(line)]
        bend = np.hypot(*(before + after - 2 * line[k]))
        away = float(np.hypot(*(rest - line[k]).T).min())
        score = min(away, 400.0) - 60 * bend
        if score > best:
            best, chosen = score, k
    return line[chosen], line[chosen - 1], line[(chosen + 1) % len(line)]


def _hierarchy(p: _Planter) -> None:
    found = _notch(p, p.lines.park, "crabapple")
    if found:
        row, part = found
        p.note(
            "H201", "block", row["block_id"], _size(part), "m2", part.mean(0),
            "园区边界画入街区，街区超出园区", "the park's outline cuts into the block",
            other="crabapple",
        )  # fmt: skip
    for row, _ in p.stable(_built):
        rim = {tuple(v) for v in p.block.at[row["block_id"], "ring"]}
        ring = row["ring"].copy()
        if tuple(ring[1]) not in rim:
            continue
        x, m, y = row["ring"][:3]
        p.used.add(row["block_id"])
        moved = _inward(m, ring, -4.5)
        ring[1] = moved
        p.set_ring(row["id"], ring)
        p.note(
            "H203", "parcel", row["id"], _size(np.array([x, moved, y, m])), "m2", moved,
            "宗地伸出街区，占到道路上", "the parcel reaches out of its block into the street",
            other=row["block_id"],
        )  # fmt: skip
        break


def _building_off(p: _Planter) -> None:
    tests = ((0.0, "H202"), (0.965, ""), (0.97, ""), (0.98, ""))
    for within, rule in tests:  # the last three stand over the edge by less than the tolerance
        found = p.pair(_green, lambda _, j: _green(j))
        if not found:
            return
        i, j = found
        c, d, e = i["ring"][2:5]
        along = (e - c) / np.hypot(*(e - c))
        out = np.array([along[1], -along[0]])
        if (j["ring"].mean(0) - d) @ out < 0:
            out = -out
        half = np.array([13.0, 9.0])
        middle = d + out * (2.0 if rule else half[0] * (1 - 2 * within))
        ring = np.array(
            [
                middle + s * half[0] * out + t * half[1] * along
                for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))
            ]
        )
        name = f"{i['id']}#9"
        foot = _size(ring)
        off = foot - clipped_m2(p.parcel.at[i["id"], "ring"], ring)
        p.new_buildings.append(_house(name, i["id"], ring, i["land_use"]))
        if rule:
            p.note(
                rule, "building", name, off, "m2", middle + 5 * out,
                "建筑物压占邻宗地", "the building stands on the neighbour's land", other=i["id"],
            )  # fmt: skip
        elif not 0.01 * foot < off < 0.04 * foot:
            msg = f"{name} was to stand within tolerance, {off / foot:.1%} of it is off its parcel"
            raise AssertionError(msg)


def _house(name: str, parcel: str, ring: Points, use: str, storeys: int = 2) -> dict[str, Any]:
    return {
        "id": name, "parcel_id": parcel, "kind": "building", "storeys": storeys,
        "storeys_below": 0, "floor_area_m2": round(_size(ring) * storeys, 2),
        "floor_area_below_m2": np.nan, "tall_floor_area_m2": np.nan, "use": use,
        "built_year": 2016, "since": pd.NA, "until": pd.NA, "ring": ring,
    }  # fmt: skip


def _parks(p: _Planter) -> None:
    """Let one park's outline reach over the outline of the park beside it."""
    one, two = p.lines.park["crabapple"], p.lines.park["spruce"]
    d = np.hypot(one[:, None, 0] - two[None, :, 0], one[:, None, 1] - two[None, :, 1])
    k, m = (int(v) for v in np.unravel_index(int(d.argmin()), d.shape))
    first, last = two[m - 1], two[(m + 2) % len(two)]
    across = two[[m, (m + 1) % len(two)]]
    out = one[k] - two[m]
    tip = across.mean(0) - 13.0 * out / np.hypot(*out)
    start, stop = one[k - 1], one[(k + 1) % len(one)]
    if np.hypot(*(start - first)) + np.hypot(*(stop - last)) > np.hypot(*(start - last)) + np.hypot(
        *(stop - first)
    ):
        first, last, across = last, first, across[::-1]
    drawn = np.concatenate([np.roll(one, -k - 1, 0)[:-1], [first, tip, last]])
    part = np.array([first, *across, last, tip])
    p.lines.park["crabapple"] = drawn
    p.note(
        "T111", "park", "crabapple", _size(part), "m2", part.mean(0),
        "园区边界画到邻园之内，两园重叠", "the outline reaches into the next park: overlap",
        other="spruce",
    )  # fmt: skip


def _areas(p: _Planter) -> None:
    """Wrong areas on paper; run when every outline is final."""
    fixed = list(p.resized)
    for name in fixed:
        if name not in p.parcel.index:
            continue
        ring = p.parcel.at[name, "ring"]
        rings = ring if isinstance(ring, tuple) else (ring,)
        p.parcel.at[name, "registered_area_m2"] = round(sum(_size(r) for r in rings), 2)
        if _built(p.parcel.loc[name]):
            p.parcel.at[name, "developed_area_m2"] = p.parcel.at[name, "registered_area_m2"]
    for row in p.new_parcels:
        row["registered_area_m2"] = round(_size(row["ring"]), 2)
        row["developed_area_m2"] = row["registered_area_m2"]
    for name, ring in p.lines.park.items():
        p.lines.stated_area_m2[name] = round(_size(ring), 1)
    drawn = _size(p.lines.park["northwood"])
    p.lines.stated_area_m2["northwood"] = round(drawn * 1.012, 1)
    p.note(
        "T110", "park", "northwood", drawn - p.lines.stated_area_m2["northwood"], "m2",
        p.lines.park["northwood"].mean(0),
        "公布面积与图形面积不符", "the stated area is not the area drawn",
    )  # fmt: skip
    p.block["stated_area_m2"] = np.nan  # control areas are known of two parks only
    for name in p.block.index[p.block["park_id"].isin(QUIET)]:
        p.block.at[name, "stated_area_m2"] = round(_size(p.block.at[name, "ring"]), 1)
    name = p.block.index[p.block["park_id"] == QUIET[0]][3]
    true = _size(p.block.at[name, "ring"])
    p.block.at[name, "stated_area_m2"] = round(true + 180, 1)
    p.note(
        "T110", "block", name, true - p.block.at[name, "stated_area_m2"], "m2",
        p.block.at[name, "ring"].mean(0),
        "街区控制面积与宗地面积之和不符", "the control area is not the sum of the parcels",
    )  # fmt: skip
    for factor, more, zh, en in (
        (1.0, 350.0, "登记面积多350平方米", "registered 350 m2 too much"),
        (3 / 2000, 0.0, "登记面积误以亩填写", "registered in mu, not in m2"),
    ):
        home = p.one(lambda r: _built(r) and r["kind"] in ("housing", "research"))
        if home is None:
            return
        true = _size(home["ring"])
        wrong = round(true * factor + more, 2)
        p.parcel.at[home["id"], "registered_area_m2"] = wrong
        p.note("T109", "parcel", home["id"], wrong - true, "m2", home["ring"].mean(0), zh, en)


# --- plan and control layers (P) --------------------------------------------------------


def _inside(p: _Planter, row: Any, radius: float) -> Points:
    angle = np.arange(8) * np.pi / 4
    corners = np.asarray(row["corners"])[None]
    u, v = 0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle)
    park = next(g for g in p.town.ground.parks if g.spec.key == row["park_id"])
    return park.to_plane(bilinear(corners, u[None], v[None])[0])


def _control(p: _Planter) -> None:
    for rule, name, lines, zh, en in (
        ("P302", "土地利用总体规划", p.lines.master_plan, "建设用地超出总体规划", "beyond the land-use master plan"),
        ("P304", "城镇开发边界", p.lines.urban_boundary, "建设用地超出城镇开发边界", "beyond the urban development boundary"),
    ):  # fmt: skip
        row = p.one(_built)
        if row is None:
            return
        ring = _inside(p, row, 0.36)
        lines[row["park_id"]].append(ring)
        p.note(
            rule, "parcel", row["id"], _size(ring), "m2", ring.mean(0),
            f"{zh}（{name}在此处挖空）", f"built {en}",
        )  # fmt: skip
    found = p.pair(_built, lambda _, j: _built(j))
    if found:
        i, j = found
        c, d, e = i["ring"][2:5]
        low, high = d + 0.6 * (c - d), d + 0.6 * (e - d)
        left, right = _inward(d, i["ring"], 16.0), _inward(d, j["ring"], 19.0)
        p.lines.protection.append(("1", np.array([left, low, right, high])))
        name = f"protection_{len(p.lines.protection):02d}"
        for row, part in ((i, [left, low, d, high]), (j, [right, high, d, low])):
            p.note(
                "P305", "parcel", row["id"], _size(np.array(part)), "m2", np.mean(part, axis=0),
                "建设用地占用一级保护区", "built in protection grade 1", other=name,
            )  # fmt: skip
    row = p.one(_built)
    if row is not None:
        ring = _inside(p, row, 0.3)
        p.lines.prohibited.append(ring)
        p.note(
            "P306", "parcel", row["id"], _size(ring), "m2", ring.mean(0),
            "建设用地占用禁止建设线", "built inside a prohibited line",
            other=f"prohibited_{len(p.lines.prohibited):02d}",
        )  # fmt: skip


def _wrong_use(p: _Planter) -> None:
    row = p.one(lambda r: r["kind"] == "industry" and r["build_state"] == "A2", quiet=False)
    if row is None:
        return
    name, whole = row["id"], f"dp_{row['block_id']}"
    for key, value in (("land_use", "0701"), ("build_state", "A1"), ("hightech", "")):
        p.parcel.at[name, key] = value
    mine = p.town.building["parcel_id"] == name
    p.town.building = p.town.building[~mine | (p.town.building["kind"] == "building")].copy()
    p.town.building.loc[p.town.building["parcel_id"] == name, "use"] = "0701"
    p.town.enterprise = p.town.enterprise[p.town.enterprise["parcel_id"] != name]
    p.note(
        "P303", "parcel", name, _size(row["ring"]), "m2", row["ring"].mean(0),
        "规划工业用地建成住宅", "housing built on land planned for industry",
        other=whole if whole in p.lines.planned else f"dp_{name}",
    )  # fmt: skip


def _wrong_industry(p: _Planter) -> None:
    firms = p.town.enterprise
    for park, industry, code in (
        ("spruce", "new_energy_vehicles", "3841"),
        ("riverbend", "cultural_creative", "6572"),
    ):
        lasting = firms.groupby("id")["year"].transform("size") == 3
        there = firms[(firms["park_id"] == park) & lasting & (firms["industry"] != "")]
        if there.empty:
            continue
        name = there["id"].iloc[len(there) // 2]
        mine = firms["id"] == name
        firms.loc[mine, "industry"], firms.loc[mine, "industry_code"] = industry, code
        p.note(
            "P301", "enterprise", name, None, "", firms.loc[mine, "point"].iloc[-1],
            "企业产业不在园区规划产业之内", "the firm's industry is not planned for its park",
            other=park,
        )  # fmt: skip


# --- supply and idle land (L), dates (D) ---------------------------------------------------


def _days(since: str) -> int:
    return (AS_OF - date.fromisoformat(since)).days


_HALTS: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("L601", {"agreed_start_date": "2022-03-01"},
     "约定动工满一年未动工", "a year past the agreed start, not started"),
    ("L601", {"agreed_start_date": "2021-06-15", "extension_months": 12, "government_cause": True},
     "政府原因，延期一年后仍超过一年未动工",
     "caused by government; not started a year past the extended start"),
    ("L604", {"agreed_start_date": "2022-12-31"},
     "约定动工恰满一年，尚未超过", "exactly one year past the agreed start: not idle yet"),
    ("L604", {"agreed_start_date": "2023-05-20"},
     "超过约定动工日期未动工", "past the agreed start, not started"),
    ("L602", {"stopped_since": "2022-09-01", "built": 0.2, "spent": 0.5},
     "停工满一年，开发面积不足三分之一", "stopped for a year, less than a third developed"),
    ("L602", {"stopped_since": "2022-12-31", "built": 0.5, "spent": 0.2},
     "停工恰满一年，投资不足四分之一", "stopped for exactly a year, less than a quarter invested"),
    ("L606", {"agreed_start_date": "2022-10-01", "extension_months": 18, "government_cause": True},
     "延长动工期限超过十二个月", "the start was put off by more than twelve months"),
    ("", {"stopped_since": "2022-06-01", "built": 0.4, "spent": 0.3}, "", ""),
    ("", {"stopped_since": "2023-03-01", "built": 0.1, "spent": 0.1}, "", ""),
)  # fmt: skip


def _supply(p: _Planter) -> None:
    """Papers of parcels that were supplied and are not finished; the last two are in order."""
    for rule, what, zh, en in _HALTS:
        row = p.on_paper(_waiting)
        if row is None:
            return
        name, area = row["id"], row["registered_area_m2"]
        start = what.get("agreed_start_date", "2020-11-16")
        supplied = pd.Timestamp(start) - pd.Timedelta(days=250)
        stopped = what.get("stopped_since")
        begun = pd.Timestamp("2021-01-20") if stopped else pd.NaT
        papers = {
            "approved_date": supplied - pd.Timedelta(days=170),
            "supply_date": supplied,
            "agreed_start_date": pd.Timestamp(start),
            "actual_start_date": begun,
            "agreed_finish_date": pd.Timestamp(start) + pd.Timedelta(days=1100),
            "stopped_since": pd.Timestamp(stopped) if stopped else pd.NaT,
            "developed_area_m2": round(area * what["built"], 2) if stopped else np.nan,
            "invested_wan": (
                round(row["total_investment_wan"] * what["spent"], 1) if stopped else np.nan
            ),
            "government_cause": what.get("government_cause", False),
            "extension_months": what.get("extension_months", 0),
        }
        for key, value in papers.items():
            p.parcel.at[name, key] = value
        if not rule:
            continue
        if rule in ("L601", "L602"):
            p.parcel.at[name, "idle_m2"] = area
        measured, unit = float(what.get("extension_months", 0)), "months"
        if rule != "L606":
            due = pd.Timestamp(stopped or start) + pd.DateOffset(months=int(measured))
            measured, unit = float(_days(due.date().isoformat())), "d"
        p.note(rule, "parcel", name, measured, unit, row["ring"].mean(0), zh, en)
    row = p.on_paper(lambda r: r["build_state"] == "B21" and str(r["supply_state"])[0] == "E")
    if row is not None:
        p.parcel.at[row["id"], "approved_date"] = pd.Timestamp("2021-03-15")
        p.note(
            "L603", "parcel", row["id"], _days("2021-03-15"), "d", row["ring"].mean(0),
            "批准两年以上未供应", "approved more than two years ago, not supplied",
        )  # fmt: skip


def _under_used(p: _Planter) -> None:
    """An industrial parcel with one small building left on it."""
    house = p.town.building
    counts = house[house["kind"] == "building"].groupby("parcel_id").size()

    def several(row: Any) -> bool:
        return bool(row["build_state"] == "A2" and counts.get(row["id"], 0) > 1)

    row = p.on_paper(several)
    if row is None:
        return
    mine = house["parcel_id"] == row["id"]
    small = house[mine & (house["kind"] == "building") & house["tall_floor_area_m2"].isna()]
    kept = small.iloc[-1]
    p.town.building = house[~mine | (house["id"] == kept["id"])].copy()
    floor = round(_size(kept["ring"]) * 2, 2)
    p.town.building.loc[p.town.building["id"] == kept["id"], ["storeys", "storeys_below"]] = (2, 0)
    p.town.building.loc[p.town.building["id"] == kept["id"], "floor_area_m2"] = floor
    p.town.building.loc[p.town.building["id"] == kept["id"], "floor_area_below_m2"] = np.nan
    p.note(
        "L605", "parcel", row["id"], floor / _size(row["ring"]), "1", row["ring"].mean(0),
        "工业用地容积率过低", "the floor area ratio of industrial land is too low",
    )  # fmt: skip


def _papers(p: _Planter) -> None:
    """Codes and dates that cannot be."""
    row = p.on_paper(lambda r: r["build_state"] == "B22")
    if row is not None:
        p.parcel.at[row["id"], "land_use"] = "2399"
        p.note(
            "D512", "parcel", row["id"], _size(row["ring"]), "m2", row["ring"].mean(0),
            "地类代码 2399 不在分类表中", "land-use code 2399 is not in the classification",
        )  # fmt: skip
    row = p.on_paper(lambda r: r["kind"] == "office" and _built(r))
    if row is not None:
        early = row["agreed_start_date"] - pd.Timedelta(days=45)
        p.parcel.at[row["id"], "agreed_finish_date"] = early
        p.note(
            "D513", "parcel", row["id"], 45, "d", row["ring"].mean(0),
            "约定竣工早于约定动工", "the agreed finish is before the agreed start",
        )  # fmt: skip


def plant(town: Settlement, lines: Outlines) -> list[dict[str, Any]]:
    """Plant the errors in `town` and `lines`, and return the list of them."""
    p = _Planter(town, lines)
    for sow in (
        _parks, _outside, _hierarchy, _wedge, _sliver, _multipart, _building_off, _small,
        _duplicate, _gaps, _overlap, _wrong_use, _control, _areas,
    ):  # fmt: skip
        sow(p)
    p.settle_tables()
    for sow in (_supply, _under_used, _papers, _wrong_industry):
        sow(p)
    town.parcel = p.parcel.reset_index(drop=True)
    town.block = p.block.reset_index(drop=True)
    return p.rows

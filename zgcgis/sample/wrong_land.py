"""Errors of the land itself: between parcels, inside them, and against the outlines (T, H)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from .fabric import Points, as_stored, grouped
from .planter import (
    QUIET,
    Planter,
    clipped_m2,
    inward,
    is_built,
    is_green,
    round_m,
    size_m2,
)
from .settle import ring_areas

__all__ = ["LAND", "areas", "houses"]

# --- between and inside parcels (T) -----------------------------------------------------


def _overlap(p: Planter) -> None:
    found = p.pair(is_built, lambda i, j: is_built(j) and i["kind"] != "industry")
    if not found:
        return
    i, j = found
    ring, far = i["ring"].copy(), j["ring"]
    c, d, e = i["ring"][2:5]
    w = inward(d, far, 6.0)
    ring[3] = w
    p.set_ring(i["id"], ring)
    p.note(
        "T101", "parcel", min(i["id"], j["id"]), size_m2(np.array([c, w, e, d])), "m2", w,
        "界址点向邻宗地移动约6米，两宗地重叠", "a corner moved 6 m into the neighbour: overlap",
        other=max(i["id"], j["id"]),
    )  # fmt: skip


def _duplicate(p: Planter) -> None:
    row = p.one(is_green)
    if row is None:
        return
    twin = f"{row['id']}D"
    p.add_parcel(row, twin, row["ring"])
    p.note(
        "T102", "parcel", row["id"], size_m2(row["ring"]), "m2", row["ring"].mean(0),
        "同一宗地录入两次", "the same parcel entered twice", other=twin,
    )  # fmt: skip
    built = p.parcel[
        (p.parcel["kind"] == "housing")
        & p.parcel["since"].isna()
        & p.parcel["until"].isna()
        & ~p.parcel["park_id"].isin(QUIET)
        & ~p.parcel["block_id"].isin(p.used)
    ]
    for name, block in zip(built["id"], built["block_id"], strict=True):
        there = p.town.houses.of(name)
        there = there[there["kind"] == "building"]
        if there.empty:
            continue
        one = there.iloc[0]
        p.used.add(str(block))
        twin = f"{one['id']}D"
        p.town.houses.added.append({**one.to_dict(), "id": twin})
        p.note(
            "T102", "building", one["id"], size_m2(one["ring"]), "m2", one["ring"].mean(0),
            "同一幢建筑录入两次", "the same building entered twice", other=twin,
        )  # fmt: skip
        return


def _gaps(p: Planter) -> None:
    found = p.pair(is_built, lambda _, j: j["kind"] in ("research", "housing", "green"))
    if found:
        i, j = found
        ring = j["ring"].copy()
        c, d, e = i["ring"][2:5]
        w = inward(d, ring, 3.0)
        ring[7] = w
        p.set_ring(j["id"], ring)
        p.note(
            "T103", "block", i["block_id"], size_m2(np.array([c, d, e, w])), "m2", (d + w) / 2,
            "两宗地之间有空隙", "a gap between two parcels",
        )  # fmt: skip
    row = p.one(is_green)
    if row is not None:
        p.drop(row["id"])
        p.note(
            "T103", "block", row["block_id"], size_m2(row["ring"]), "m2", row["ring"].mean(0),
            f"漏录宗地 {row['id']}", f"parcel {row['id']} was left out",
        )  # fmt: skip


def _sliver(p: Planter) -> None:
    def tall(i: Any, j: Any) -> bool:
        c, e = i["ring"][2], i["ring"][4]
        return bool(np.hypot(*(c - e)) > 86 and j["kind"] not in ("industry", "logistics"))

    found = p.pair(is_built, tall)
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
        "T105", "parcel", name, 2 * size_m2(strip) / round_m(strip), "m", d2,
        "两宗地之间的狭长条", "a thin strip between two parcels",
    )  # fmt: skip


def _wedge(p: Planter) -> None:
    found = p.pair(
        lambda i: bool(np.hypot(*(i["ring"][2] - i["ring"][4])) > 55), lambda _, j: is_green(j)
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


def _multipart(p: Planter) -> None:
    for row, _ in p.stable(is_green):
        mates = p.parcel[
            (p.parcel["block_id"] == row["block_id"])
            & (p.parcel["kind"] == "green")
            & p.parcel["until"].isna()
        ]
        mine = {tuple(v) for v in row["ring"]}
        apart = [m for _, m in mates.iterrows() if not mine & {tuple(v) for v in m["ring"]}]
        if apart and is_green(apart[0]):
            p.used.add(row["block_id"])
            p.set_ring(row["id"], (row["ring"], apart[0]["ring"]))
            p.drop(apart[0]["id"])
            p.note(
                "T107", "parcel", row["id"], 2, "1", row["ring"].mean(0),
                "一宗地由两块不相连的图形组成", "one parcel of two parts that do not touch",
            )  # fmt: skip
            return


def _small(p: Planter) -> None:
    row = p.one(is_green)
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
        "T108", "parcel", name, size_m2(bit), "m2", w,
        "面积小于最小上图面积", "smaller than the smallest area to be mapped",
    )  # fmt: skip


# --- outlines (T104, T110, T111, H) -----------------------------------------------------


def _edges_at_rim(p: Planter, outline: Points) -> Iterator[tuple[Any, int, int, int]]:
    """Parcels with an outer edge near `outline`: the edge, and the vertices before and after."""
    for row, _ in p.stable(is_built):
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


def _notch(p: Planter, outlines: dict[str, Points], park: str) -> tuple[Any, Points] | None:
    """Draw an outline inwards through one parcel; give the parcel and what is cut off."""
    outline = outlines[park]
    mine = p.block[p.block["park_id"] == park]
    blocks = np.empty(len(mine), object)
    for at, rings in grouped(mine["ring"]):
        blocks[at] = shapely.polygons(np.asarray(rings))
    for row, k, at_x, at_y in _edges_at_rim(p, outline):
        if row["park_id"] != park:
            continue
        ring = row["ring"]
        x, m, y = ring[k], ring[k + 1], ring[(k + 2) % 8]
        tip = m + 0.45 * (ring.mean(0) - m)
        after = np.arange(at_y, at_y + (at_x - at_y) % len(outline) + 1) % len(outline)
        drawn = np.concatenate([outline[after], [x, tip, y]])
        shape = shapely.polygons(drawn)
        mates = p.parcel[(p.parcel["block_id"] == row["block_id"]) & (p.parcel["id"] != row["id"])]
        near = [shapely.polygons(r) for r in mates["ring"] if isinstance(r, np.ndarray)]
        shapely.prepare(shape)
        inside = shapely.covers(shape, blocks) | (mine["id"] == row["block_id"]).to_numpy()
        if shapely.is_valid(shape) and inside.all() and shapely.covers(shape, near).all():
            p.used.add(row["block_id"])
            outlines[park] = drawn
            return row, np.array([x, m, y, tip])
    return None


def _outside(p: Planter) -> None:
    found = _notch(p, p.lines.boundary, "riverbend")
    if found:
        row, part = found
        p.note(
            "T104", "parcel", row["id"], size_m2(part), "m2", part.mean(0),
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
    model = next(row for row, _ in p.stable(is_green))
    name = f"{park.spec.letter}{max(999, len(park.blocks) + 1)}-01"  # of a block that is not there
    p.add_parcel(model, name, ring, park_id="northwood", block_id="", owner="示例持有人 99999")
    p.note(
        "T104", "parcel", name, size_m2(ring), "m2", middle,
        "宗地在批准边界之外", "the parcel lies beyond the approved boundary",
    )  # fmt: skip
    p.note(
        "H203", "parcel", name, size_m2(ring), "m2", middle,
        "同一处：宗地也在所属园区之外", "the same place: the parcel lies beyond its park too",
        other="northwood",
    )  # fmt: skip


def _straightest(line: Points, ground: Any, park: str) -> tuple[Points, Points, Points]:
    """Find the straightest stretch of an outline that faces away from the other parks."""
    rest = np.concatenate(
        [g.to_plane(g.outline["park"]) for g in ground.parks if g.spec.key != park]
    )
    bend = np.hypot(*(np.roll(line, 2, 0) + np.roll(line, -2, 0) - 2 * line).T)
    away = cKDTree(rest).query(line, distance_upper_bound=400.0)[0]  # infinite where none is near
    chosen = int(np.argmax(np.minimum(away, 400.0) - 60 * bend))
    return line[chosen], line[chosen - 1], line[(chosen + 1) % len(line)]


def _hierarchy(p: Planter) -> None:
    found = _notch(p, p.lines.park, "crabapple")
    if found:
        row, part = found
        p.note(
            "H201", "block", row["block_id"], size_m2(part), "m2", part.mean(0),
            "园区边界画入街区，街区超出园区", "the park's outline cuts into the block",
            other="crabapple",
        )  # fmt: skip
    for row, _ in p.stable(is_built):
        rim = {tuple(v) for v in p.block.at[row["block_id"], "ring"]}
        ring = row["ring"].copy()
        if tuple(ring[1]) not in rim:
            continue
        x, m, y = row["ring"][:3]
        p.used.add(row["block_id"])
        moved = inward(m, ring, -4.5)
        ring[1] = moved
        p.set_ring(row["id"], ring)
        p.note(
            "H203", "parcel", row["id"], size_m2(np.array([x, moved, y, m])), "m2", moved,
            "宗地伸出街区，占到道路上", "the parcel reaches out of its block into the street",
            other=row["block_id"],
        )  # fmt: skip
        break


def _building_off(p: Planter) -> None:
    tests = ((0.0, "H202"), (0.965, ""), (0.97, ""), (0.98, ""))
    for within, rule in tests:  # the last three stand over the edge by less than the tolerance
        found = p.pair(is_green, lambda _, j: is_green(j))
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
        foot = size_m2(ring)
        off = foot - clipped_m2(p.parcel.at[p.row(i["id"]), "ring"], ring)
        p.town.houses.added.append(_house(name, i["id"], ring, i["land_use"]))
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
        "storeys_below": 0, "floor_area_m2": round(size_m2(ring) * storeys, 2),
        "floor_area_below_m2": np.nan, "tall_floor_area_m2": np.nan, "use": use,
        "built_year": 2016, "since": pd.NA, "until": pd.NA, "ring": ring,
    }  # fmt: skip


def _parks(p: Planter) -> None:
    """Let one park's outline reach over the outline of the park beside it."""
    one, two = p.lines.park["crabapple"], p.lines.park["spruce"]
    away, nearest = cKDTree(two).query(one)
    k = int(np.argmin(away))
    m = int(nearest[k])
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
        "T111", "park", "crabapple", size_m2(part), "m2", part.mean(0),
        "园区边界画到邻园之内，两园重叠", "the outline reaches into the next park: overlap",
        other="spruce",
    )  # fmt: skip


def areas(p: Planter) -> None:
    """Wrong areas on paper; run when every outline is final."""
    fixed = list(p.resized)
    for name in fixed:
        if name in p.dropped:
            continue
        ring = p.parcel.at[p.row(name), "ring"]
        rings = ring if isinstance(ring, tuple) else (ring,)
        p.parcel.at[p.row(name), "registered_area_m2"] = round(sum(size_m2(r) for r in rings), 2)
        if is_built(p.parcel.iloc[p.row(name)]):
            p.parcel.at[p.row(name), "developed_area_m2"] = p.parcel.at[
                p.row(name), "registered_area_m2"
            ]
    for row in p.new_parcels:
        row["registered_area_m2"] = round(size_m2(row["ring"]), 2)
        row["developed_area_m2"] = row["registered_area_m2"]
    for name, ring in p.lines.park.items():
        p.lines.stated_area_m2[name] = round(size_m2(ring), 1)
    drawn = size_m2(p.lines.park["northwood"])
    p.lines.stated_area_m2["northwood"] = round(drawn * 1.012, 1)
    p.note(
        "T110", "park", "northwood", drawn - p.lines.stated_area_m2["northwood"], "m2",
        p.lines.park["northwood"].mean(0),
        "公布面积与图形面积不符", "the stated area is not the area drawn",
    )  # fmt: skip
    p.block["stated_area_m2"] = np.nan  # control areas are known of two parks only
    quiet = p.block["park_id"].isin(QUIET).to_numpy()
    told = np.round(ring_areas(p.block.loc[quiet, "ring"]), 1)
    p.block.loc[quiet, "stated_area_m2"] = told
    name = p.block.index[p.block["park_id"] == QUIET[0]][3]
    true = size_m2(p.block.at[name, "ring"])
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
        home = p.one(lambda r: is_built(r) and r["kind"] in ("housing", "research"))
        if home is None:
            return
        true = size_m2(home["ring"])
        wrong = round(true * factor + more, 2)
        p.parcel.at[p.row(home["id"]), "registered_area_m2"] = wrong
        p.note("T109", "parcel", home["id"], wrong - true, "m2", home["ring"].mean(0), zh, en)


def houses(p: Planter) -> None:
    """A building drawn half over another, and one on a parcel that nobody knows."""
    row = p.one(lambda r: is_built(r) and r["kind"] == "housing")
    if row is not None:
        first = p.town.houses.of(row["id"]).iloc[0]
        ring = np.asarray(first["ring"])
        way = row["ring"].mean(0) - ring.mean(0)
        moved = ring + way * (6 / np.hypot(*way))
        name = f"{row['id']}#8"
        p.town.houses.added.append(_house(name, row["id"], moved, row["land_use"], 3))
        p.note(
            "T113", "building", first["id"], clipped_m2(ring, moved), "m2", moved.mean(0),
            "两幢建筑部分重叠", "two buildings overlap in part", other=name,
        )  # fmt: skip
    row = p.one(is_green)
    if row is not None:
        middle = row["ring"].mean(0)
        ring = middle + np.array([(-8, -5), (8, -5), (8, 5), (-8, 5)], float)
        name = f"{row['id']}#7"
        p.town.houses.added.append(_house(name, "X000-00", ring, row["land_use"]))
        p.note(
            "H205", "building", name, None, "", middle,
            "所属宗地 X000-00 不存在", "its parcel X000-00 is not there", other="X000-00",
        )  # fmt: skip


LAND = (
    _parks, _outside, _hierarchy, _wedge, _sliver, _multipart, _building_off, _small,
    _duplicate, _gaps, _overlap,
)  # fmt: skip
"""What to plant in the land, in this order; :func:`areas` comes when every outline is final."""

"""What happens on the ground of the sample: uses, supply, dates, buildings and firms.

Three years of a clean zone. Every change of a parcel ends one row (``until``) and begins
another (``since``), so that each year's parcels tile their blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from .fabric import Ground, Points, area_m2, areas_m2, as_stored
from .people import CLUSTERS, STANDS, USES

__all__ = ["AS_OF", "YEARS", "Settlement", "settle"]

YEARS = (2021, 2022, 2023)
AS_OF = date(2023, 12, 31)
_EMPTY = {"B21": "2301", "B22": "0103", "B1": "0703", "C1": "1704"}  # what lies there unbuilt
_SHAPES: dict[str, Points] = {
    "box": np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float),
    "L": np.array([(-1, -1), (1, -1), (1, 0), (0, 0), (0, 1), (-1, 1)], float),
    "U": np.array(
        [(-1, -1), (-0.3, -1), (-0.3, 0.2), (0.3, 0.2), (0.3, -1), (1, -1), (1, 1), (-1, 1)], float
    ),
}
_FILL = {"box": 1.0, "L": 0.75, "U": 0.82}


@dataclass
class Settlement:
    """Tables of the sample; column ``ring`` holds the outline in metres of the plane."""

    ground: Ground
    block: DataFrame
    parcel: DataFrame
    building: DataFrame
    enterprise: DataFrame
    plan_of: dict[str, str]  # planned land-use code of every parcel of the fabric, by its id


def settle(ground: Ground, rng: np.random.Generator) -> Settlement:
    """Give the ground its uses, its history, its buildings and its firms."""
    block = _blocks(ground)
    fabric = _parcels(ground, block, rng)
    parcel = _history(ground, fabric, rng)
    plan_of = dict(zip(fabric["id"], fabric["planned_use"], strict=True))
    _paper(parcel, rng)
    building = _buildings(ground, parcel, rng)
    enterprise = _firms(ground, parcel, rng)
    return Settlement(ground, block, parcel, building, enterprise, plan_of)


def _day(year: NDArray[Any], day: NDArray[Any]) -> NDArray[Any]:
    start = (year.astype(int) - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    moved: NDArray[Any] = start + day.astype("timedelta64[D]")
    return moved


def _blocks(ground: Ground) -> DataFrame:
    park = ground.block_park
    number = np.concatenate([np.arange(1, len(p.blocks) + 1) for p in ground.parks])
    letters = np.array([p.spec.letter for p in ground.parks])[park]
    ids = [f"{letter}{n:03d}" for letter, n in zip(letters, number, strict=True)]
    zh = np.array([p.spec.zh for p in ground.parks])[park]
    en = np.array([p.spec.en for p in ground.parks])[park]
    return DataFrame(
        {
            "id": ids,
            "park_id": np.array([p.spec.key for p in ground.parks])[park],
            "zh": [f"{name}{n}号街区" for name, n in zip(zh, number, strict=True)],
            "en": [f"{name}, block {n}" for name, n in zip(en, number, strict=True)],
            "precision": "synthetic",
            "ring": ground.block_ring,
        }
    )


def _parcels(ground: Ground, block: DataFrame, rng: np.random.Generator) -> DataFrame:
    remote = np.concatenate([p.remote for p in ground.parks])
    n = len(block)
    names = np.array(list(USES))
    use = np.empty(n, dtype=object)
    for number, park in enumerate(ground.parks):
        mine = np.flatnonzero(ground.block_park == number)
        weight = np.array([park.spec.uses.get(name, 0.0) for name in names])
        use[mine] = rng.choice(names, len(mine), p=weight / weight.sum())
        spread = ["industry", "research", "housing", "green", "office"]
        for slot, name in enumerate(s for s in spread if park.spec.uses.get(s)):
            if slot < len(mine):  # no park without its main uses, however small
                use[mine[(slot * 5 + 1) % len(mine)]] = name
    draw = rng.random(n) - 0.5 * np.maximum(remote - 0.4, 0)
    state = np.select([draw < -0.1, draw < -0.02, draw < 0.11], ["B22", "E", "D"], "A")
    state = np.where((state == "B22") & (rng.random(n) < 0.2), "B1", state)
    state[np.isin(use, ["green", "parking", "school", "clinic"]) & (state != "B22")] = "A"
    at = ground.parcel_block
    parcel_use, parcel_state = use[at].copy(), state[at].astype(object)
    pocket = (ground.parcel_place == 0) & (rng.random(len(at)) < 0.2) & ground.inner_corner
    parcel_use[pocket & (parcel_state == "A")] = "green"
    pond = (ground.parcel_place == 1) & (parcel_state == "B22") & (rng.random(len(at)) < 0.3)
    parcel_state[pond] = "C1"
    code = {name: u.code for name, u in USES.items()}
    built = {name: u.built for name, u in USES.items()}
    done = parcel_state == "A"
    build = np.where(done, [built[u] for u in parcel_use], parcel_state)
    build = np.where(np.isin(parcel_state, ["E", "D"]), "B21", build)
    planned = np.array([code[u] for u in parcel_use], dtype=object)
    land = np.array(
        [p if d else _EMPTY[b] for p, d, b in zip(planned, done, build, strict=True)], dtype=object
    )
    planned[np.isin(build, ["C1"])] = "1704"
    paid = np.array([USES[u].paid for u in parcel_use])
    making = np.isin(parcel_use, ["industry", "logistics"])
    supply = np.select(
        [parcel_state == "E", ~(done | (parcel_state == "D")), paid],
        [np.where(making, "E21", np.where(paid, "E22", "E1")), "F", "D21"],
        "D1",
    )
    ids = [
        f"{b}-{p + 1:02d}"
        for b, p in zip(block["id"].to_numpy()[at], ground.parcel_place, strict=True)
    ]
    return DataFrame(
        {
            "id": ids,
            "park_id": block["park_id"].to_numpy()[at],
            "block_id": block["id"].to_numpy()[at],
            "name": [f"示例宗地 {i}" for i in ids],
            "since": pd.array([pd.NA] * len(at), dtype="Int64"),
            "until": pd.array([pd.NA] * len(at), dtype="Int64"),
            "land_use": land,
            "land_use_system": "yonghai_2023",
            "planned_use": planned,
            "build_state": build,
            "supply_state": supply,
            "planned_far": np.where(build == "C1", np.nan, [USES[u].far for u in parcel_use]),
            "kind": parcel_use,
            "base": np.arange(len(at)),
            "corners": list(ground.parcel_corners),
            "ring": list(ground.parcel_ring),
        }
    )


def _history(ground: Ground, parcel: DataFrame, rng: np.random.Generator) -> DataFrame:
    """Let some parcels be supplied, built, split, merged or given a new use."""
    n = len(parcel)
    dice = rng.random(n)
    year = rng.integers(2022, 2024, n)
    state, supply = parcel["build_state"].to_numpy(), parcel["supply_state"].to_numpy()
    kind = parcel["kind"].to_numpy()
    paid_built = (np.char.startswith(state.astype(str), "A")) & (supply == "D21")
    waiting = (state == "B21") & (supply == "D21")
    built_in = np.flatnonzero(paid_built & (dice < 0.07))
    supplied_in = np.flatnonzero(waiting & (dice < 0.25))
    new_use = np.flatnonzero(
        paid_built & (dice > 0.97) & np.isin(kind, ["industry", "logistics", "retail"])
    )
    busy = np.zeros(n, bool)
    for some in (built_in, supplied_in, new_use):
        busy[some] = True
    before: list[DataFrame] = []
    after: list[DataFrame] = []

    old = parcel.iloc[built_in].copy()
    old["until"] = year[built_in]
    old["build_state"], old["land_use"] = "B21", _EMPTY["B21"]
    new = parcel.iloc[built_in].copy()
    new["since"] = year[built_in]
    before.append(old)
    after.append(new)

    old = parcel.iloc[supplied_in].copy()
    old["until"] = year[supplied_in]
    making = old["kind"].isin(["industry", "logistics"])
    old["supply_state"] = np.where(making, "E21", "E22")
    new = parcel.iloc[supplied_in].copy()
    new["since"] = year[supplied_in]
    before.append(old)
    after.append(new)

    old = parcel.iloc[new_use].copy()
    old["until"] = 2023
    new = parcel.iloc[new_use].copy()
    new["since"], new["kind"] = 2023, "office"
    new["land_use"] = new["planned_use"] = USES["office"].code
    new["build_state"], new["planned_far"] = USES["office"].built, USES["office"].far
    before.append(old)
    after.append(new)
    parcel.loc[parcel.index[new_use], "planned_use"] = USES["office"].code

    split, merged = _split_and_merge(ground, parcel, busy, dice)
    before += [f for f, _ in (split, merged)]
    after += [f for _, f in (split, merged)]
    gone = pd.concat(before)
    come = pd.concat(after)
    come["id"] = [i if i[-1] in "ab" or "_" in i else f"{i}v2" for i in come["id"]]
    come["name"] = [f"示例宗地 {i}" for i in come["id"]]
    kept = parcel.drop(index=gone.index.unique())
    whole = pd.concat([kept, gone, come])
    order = np.lexsort((whole["id"].to_numpy().astype(str), whole["base"].to_numpy()))
    return whole.iloc[order].reset_index(drop=True)


def _split_and_merge(
    ground: Ground, parcel: DataFrame, busy: NDArray[np.bool_], dice: NDArray[np.float64]
) -> tuple[tuple[DataFrame, DataFrame], tuple[DataFrame, DataFrame]]:
    """Halve some unbuilt parcels in 2022; join some neighbours in 2023."""
    waiting = (parcel["build_state"] == "B21").to_numpy() & ~busy
    ready = np.flatnonzero(waiting & (dice < 0.45))
    right = ground.neighbour
    same = np.array([right[i] >= 0 and waiting[right[i]] for i in ready], bool)
    supply = parcel["supply_state"].to_numpy()
    planned = parcel["planned_use"].to_numpy()
    used = np.zeros(len(parcel), bool)
    pairs: list[tuple[Any, Any]] = []
    for i in ready[same]:  # a pair takes two parcels, so each waits for those before it
        j = right[i]
        alike = supply[i] == supply[j] and planned[i] == planned[j]
        if alike and not used[i] and not used[j] and len(pairs) * 60 < len(parcel):
            used[[i, j]] = True
            pairs.append((i, j))
    halves = [i for i in ready if not used[i]][: max(2, len(parcel) // 80)]

    rows: list[dict[str, Any]] = []
    for i in halves:
        row = parcel.iloc[i].to_dict()
        a, b, c, d, e, f, g, h = row["ring"]
        p, q, r, s = row["corners"]
        down, up = (p + q) / 2, (r + s) / 2
        mid = (b + f) / 2
        for part, ring, corners in (
            ("a", [a, b, mid, f, g, h], [p, down, up, s]),
            ("b", [b, c, d, e, f, mid], [down, q, r, up]),
        ):
            rows.append(
                {
                    **row,
                    "id": f"{row['id']}{part}",
                    "since": 2022,
                    "ring": np.array(ring),
                    "corners": np.array(corners),
                }
            )
    old_split = parcel.iloc[halves].copy()
    old_split["until"] = 2022
    new_split = DataFrame(rows, columns=parcel.columns)

    rows = []
    for i, j in pairs:
        row, other = parcel.iloc[i].to_dict(), parcel.iloc[j].to_dict()
        a, b, c, _, e, f, g, h = row["ring"]
        _, b2, c2, d2, e2, f2, _, _ = other["ring"]
        p, s = row["corners"][0], row["corners"][3]
        q, r = other["corners"][1], other["corners"][2]
        rows.append(
            {
                **row,
                "id": f"{row['id']}_{other['id'].rsplit('-', 1)[1]}",
                "since": 2023,
                "ring": np.array([a, b, c, b2, c2, d2, e2, f2, e, f, g, h]),
                "corners": np.array([p, q, r, s]),
            }
        )
    old_merge = parcel.iloc[[i for pair in pairs for i in pair]].copy()
    old_merge["until"] = 2023
    new_merge = DataFrame(rows, columns=parcel.columns)
    return (old_split, new_split), (old_merge, new_merge)


def _paper(parcel: DataFrame, rng: np.random.Generator) -> None:
    """Write areas, dates, money and holders into `parcel`, all of them in order."""
    n = len(parcel)
    parcel["registered_area_m2"] = np.round(ring_areas(parcel["ring"]), 2)
    area_ha = parcel["registered_area_m2"].to_numpy() / 1e4
    state = parcel["build_state"].to_numpy().astype(str)
    supply = parcel["supply_state"].to_numpy().astype(str)
    since = parcel["since"].to_numpy(dtype="float64", na_value=np.nan)
    until = parcel["until"].to_numpy(dtype="float64", na_value=np.nan)
    built = np.char.startswith(state, "A")
    supplied = np.char.startswith(supply, "D")
    waiting = supplied & ~built
    base = parcel["base"].to_numpy()
    first = np.unique(base, return_index=True)[1]
    dealt_by = rng.integers(0, 100_000, (int(base.max()) + 1, 6))
    dealt = dealt_by[base]  # the rows of one parcel share their papers

    def pick(column: int, low: int, high: int) -> NDArray[Any]:
        drawn: NDArray[Any] = low + dealt[:, column] % (high - low)
        return drawn

    whole = ~parcel["id"].str.contains("[ab_]").to_numpy()  # neither a half nor a joined one
    anew = np.zeros(len(dealt_by), int)  # the year in which the parcel of that base was built
    fresh = built & (since >= 2022) & whole
    anew[base[fresh]] = since[fresh].astype(int)
    to_be_built = ~built & (anew[base] > 0)
    finish_year = np.where(fresh | to_be_built, anew[base], pick(0, 2006, 2021)).astype(int)
    finish = _day(finish_year, pick(1, 30, 330))
    start = finish - pick(2, 400, 900).astype("timedelta64[D]")
    agreed = start + (pick(3, 0, 160) - 60).astype("timedelta64[D]")
    agreed_finish = finish + (pick(4, 0, 200) - 60).astype("timedelta64[D]")
    supply_day = np.minimum(agreed, start) - pick(5, 90, 300).astype("timedelta64[D]")
    # supplied and not built yet: under way since last year, or with the start still to come
    recent = waiting & (since >= 2022) & whole
    supply_wait = np.where(
        recent,
        _day(np.where(recent, np.nan_to_num(since, nan=2022), 2022), pick(1, 20, 340)),
        _day(pick(0, 2018, 2021), pick(1, 20, 340)),
    )
    agreed_wait = supply_wait + pick(3, 200, 340).astype("timedelta64[D]")
    start_wait = agreed_wait + (pick(2, 0, 200) - 60).astype("timedelta64[D]")
    as_built = built | to_be_built
    agreed_wait = np.where(to_be_built, agreed, agreed_wait)
    start_wait = np.where(to_be_built, start, start_wait)
    end = _day(np.where(np.isnan(until), AS_OF.year + 1, until), np.zeros(n, int))
    begun = waiting & (start_wait < end - np.timedelta64(40, "D"))
    late = (
        waiting
        & ~begun
        & np.isnan(until)
        & (agreed_wait < np.datetime64(AS_OF) + np.timedelta64(60, "D"))
    )
    agreed_wait[late] = np.datetime64(AS_OF) + np.timedelta64(120, "D")
    supply_day = np.where(as_built, supply_day, supply_wait)
    approved = supply_day - pick(4, 60, 400).astype("timedelta64[D]")
    open_for = np.char.startswith(supply, "E")
    lately = np.where(np.isnan(until), pick(0, 2022, 2024), 2021)
    approved = np.where(open_for, _day(lately, pick(1, 15, 300)), approved)
    nothing = np.datetime64("NaT")

    def when(there: NDArray[np.bool_], day: NDArray[Any]) -> NDArray[Any]:
        return np.where(there, day, nothing)

    allocated = supply == "D1"
    parcel["approved_date"] = when(supplied | open_for, approved)
    parcel["supply_date"] = when(supplied, supply_day)
    parcel["supply_mode"] = np.select([allocated, supplied], ["allocated", "granted"], "")
    parcel["agreed_start_date"] = when(supplied, np.where(built, agreed, agreed_wait))
    parcel["actual_start_date"] = when(
        supplied & (built | begun), np.where(built, start, start_wait)
    )
    parcel["agreed_finish_date"] = when(
        supplied,
        np.where(as_built, agreed_finish, agreed_wait + np.timedelta64(1100, "D")),
    )
    parcel["finish_date"] = when(built, finish)
    parcel["stopped_since"] = nothing
    full = parcel["registered_area_m2"].to_numpy()
    share = 0.4 + 0.5 * (dealt[:, 2] % 97) / 97
    parcel["developed_area_m2"] = np.where(
        built, full, np.where(begun, np.round(full * share, 2), np.nan)
    )
    making = np.isin(parcel["kind"].to_numpy(), ["industry", "logistics"])
    per_ha = np.where(making, 5_200, 9_000) * (0.8 + 0.5 * (dealt[:, 3] % 89) / 89)
    total = np.round(area_ha * per_ha, 1)
    paid = supply == "D21"
    parcel["total_investment_wan"] = np.where(paid, total, np.nan)
    parcel["invested_wan"] = np.where(
        paid & built, total, np.where(paid & begun, np.round(total * share, 1), np.nan)
    )
    parcel["land_price_wan"] = np.where(
        paid, np.round(area_ha * np.where(making, 840, 3_900), 1), np.nan
    )
    parcel["government_cause"] = pd.array(np.where(supplied, 0, np.nan), dtype="boolean")
    parcel["extension_months"] = pd.array(np.where(supplied, 0, np.nan), dtype="Int64")
    holder = np.array([f"示例持有人 {i + 1:05d}" for i in range(len(first))], dtype=object)
    place = np.searchsorted(np.unique(base), base)
    parcel["owner"] = np.where(supplied, holder[place], "示例土地储备中心")
    modern = built & np.isin(parcel["kind"].to_numpy(), ["industry", "research"])
    parcel["hightech"] = np.where(
        modern & (dealt[:, 4] % 100 < 62), np.where(dealt[:, 5] % 3, "H1", "H2"), ""
    )
    parcel["idle_m2"] = np.zeros(n)


def ring_areas(rings: Any) -> NDArray[np.float64]:
    """Areas of a column of rings as stored, many at a time."""
    rings = list(rings)
    out = np.empty(len(rings))
    size = np.array([len(r) for r in rings])
    for k in np.unique(size):
        at = np.flatnonzero(size == k)
        out[at] = areas_m2(as_stored(np.stack([rings[i] for i in at])))
    return out


def _buildings(ground: Ground, parcel: DataFrame, rng: np.random.Generator) -> DataFrame:
    built = parcel["build_state"].astype(str).str.startswith("A").to_numpy()
    kind = parcel["kind"].to_numpy()
    corners = np.stack(parcel["corners"].to_list())
    park_number = {p.spec.key: i for i, p in enumerate(ground.parks)}
    park = parcel["park_id"].map(park_number).to_numpy()
    base = parcel["base"].to_numpy()
    variant = rng.integers(0, 60, int(base.max()) + 1)[base]
    parts: list[DataFrame] = []
    for name, variants in STANDS.items():
        mine = np.flatnonzero(built & (kind == name))
        for number, stands in enumerate(variants):
            at = mine[variant[mine] % len(variants) == number]
            for order, stand in enumerate(stands):
                if not len(at):
                    continue
                shape = _SHAPES[stand.shape]
                shake = rng.uniform(-0.012, 0.012, (len(at), 2))
                u = stand.x + shake[:, :1] + shape[:, 0] * stand.half_x
                v = stand.y + shake[:, 1:] + shape[:, 1] * stand.half_y
                place = bilinear(corners[at], u, v)
                ring = np.empty_like(place)
                for p in np.unique(park[at]):
                    here = park[at] == p
                    ring[here] = ground.parks[p].to_plane(place[here])
                parts.append(
                    DataFrame(
                        {
                            "parcel": at,
                            "order": order,
                            "kind": stand.kind,
                            "storeys": rng.integers(stand.low, stand.high + 1, len(at)),
                            "tall": stand.tall,
                            "ring": list(ring),
                        }
                    )
                )
    whole = pd.concat(parts)
    at_order = np.lexsort((whole["order"].to_numpy(), whole["parcel"].to_numpy()))
    whole = whole.iloc[at_order].reset_index(drop=True)
    at = whole["parcel"].to_numpy()
    foot = ring_areas(whole["ring"])
    storeys = whole["storeys"].to_numpy()
    house = (whole["kind"] == "building").to_numpy()
    below = np.where(house & (storeys >= 6), 1 + storeys // 10, 0)
    floor = np.where(house, np.round(foot * storeys, 2), np.nan)
    use_code = parcel["land_use"].to_numpy()[at]
    finish = pd.DatetimeIndex(parcel["finish_date"].to_numpy()[at])
    return DataFrame(
        {
            "id": [
                f"{p}#{o + 1}"
                for p, o in zip(parcel["id"].to_numpy()[at], whole["order"], strict=True)
            ],
            "parcel_id": parcel["id"].to_numpy()[at],
            "kind": whole["kind"],
            "storeys": pd.array(np.where(house, storeys, np.nan), dtype="Int64"),
            "storeys_below": pd.array(np.where(house, below, np.nan), dtype="Int64"),
            "floor_area_m2": floor,
            "floor_area_below_m2": np.where(house & (below > 0), np.round(foot * below, 2), np.nan),
            "tall_floor_area_m2": np.where(whole["tall"], floor, np.nan),
            "use": use_code,
            "built_year": pd.array(finish.year, dtype="Int64"),
            "since": parcel["since"].to_numpy()[at],
            "until": parcel["until"].to_numpy()[at],
            "ring": whole["ring"],
        }
    ).astype({"since": "Int64", "until": "Int64"})


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


def _firms(ground: Ground, parcel: DataFrame, rng: np.random.Generator) -> DataFrame:
    kind = parcel["kind"].to_numpy()
    built = parcel["build_state"].astype(str).str.startswith("A").to_numpy()
    room = np.array([USES[k].firms for k in kind]) * built
    base = parcel["base"].to_numpy()
    count = np.minimum(rng.integers(1, 4, int(base.max()) + 1)[base], room)
    at = np.repeat(np.arange(len(parcel)), count)
    place = np.concatenate([np.arange(c) for c in count]) if len(at) else np.empty(0, int)
    # a firm is one from year to year although its parcel may change its row
    key = base[at] * 8 + place + 4 * np.isin(kind[at], ["office"])
    firm, number = np.unique(key, return_inverse=True)
    n = len(firm)
    specs = {p.spec.key: p.spec for p in ground.parks}
    dice = rng.integers(0, 10_000, (n, 3))
    logs = rng.normal(0, 1, (n, 5))
    cluster = np.empty(n, dtype=object)
    code = np.empty(n, dtype=object)
    park = np.empty(n, dtype=object)
    park[number] = parcel["park_id"].to_numpy()[at]
    making = np.zeros(n, bool)
    making[number] = np.isin(kind[at], ["industry"])
    stock = np.zeros(n, bool)
    stock[number] = np.isin(kind[at], ["logistics", "retail"])
    for i in range(n):  # drawn from the industries of its own park
        choice = specs[park[i]].industries
        name = choice[dice[i, 0] % len(choice)]
        classes = [c for c in CLUSTERS[name][2] if (c < "44") == making[i]] or CLUSTERS[name][2]
        cluster[i], code[i] = name, classes[dice[i, 1] % len(classes)]
    # goods and shops belong to none of the clusters
    code[stock] = np.where(dice[stock, 1] % 2, "5990", "5211")
    cluster[stock] = ""
    rows: list[DataFrame] = []
    area_ha = parcel["registered_area_m2"].to_numpy() / 1e4 / np.maximum(count, 1)
    corners = np.stack(parcel["corners"].to_list())
    spot = bilinear(corners[at], 0.3 + 0.2 * (place[:, None] % 3), np.full((len(at), 1), 0.5))[:, 0]
    point = np.empty_like(spot)
    for p in ground.parks:
        here = park[number] == p.spec.key
        point[here] = p.to_plane(spot[here])
    since = parcel["since"].to_numpy(dtype="float64", na_value=-np.inf)
    until = parcel["until"].to_numpy(dtype="float64", na_value=np.inf)
    per_ha = np.where(making | stock, 430.0, 1_250.0)
    invest = np.where(making | stock, 5_600.0, 9_500.0)
    for step, year in enumerate(YEARS):
        alive = (since[at] <= year) & (year < until[at])
        i, f = at[alive], number[alive]
        growth = 1.06**step * np.exp(0.05 * logs[f, 3] * step)
        tax = area_ha[i] * per_ha[f] * np.exp(0.45 * logs[f, 0]) * growth
        income = tax * 13 * np.exp(0.25 * logs[f, 1])
        staff = np.maximum(
            8, area_ha[i] * np.where(making[f] | stock[f], 95, 420) * np.exp(0.4 * logs[f, 2])
        )
        rows.append(
            DataFrame(
                {
                    "id": [f"Q{k:05d}" for k in f + 1],
                    "year": year,
                    "name": [f"示例企业 {k:05d}" for k in f + 1],
                    "park_id": park[f],
                    "parcel_id": parcel["id"].to_numpy()[i],
                    "industry_code": code[f],
                    "industry": cluster[f],
                    "staff_persons": np.round(staff * (1 + 0.02 * step)),
                    "tax_wan": np.round(tax, 1),
                    "income_wan": np.round(income, 1),
                    "investment_wan": np.round(
                        area_ha[i] * invest[f] * np.exp(0.3 * logs[f, 4]) * (1 + 0.04 * step), 1
                    ),
                    "rd_wan": np.where(
                        stock[f], 0.0, np.round(income * (0.035 + 0.01 * (dice[f, 2] % 5)), 1)
                    ),
                    "energy_tce": np.round(
                        area_ha[i] * np.where(making[f], 620, 180) * np.exp(0.3 * logs[f, 3]), 1
                    ),
                    "scope": "operation",
                    "point": list(point[alive]),
                }
            )
        )
    return pd.concat(rows).sort_values(["id", "year"], kind="stable").reset_index(drop=True)


def total_area_m2(rings: Any) -> float:
    """Area of several rings together."""
    return float(sum(area_m2(as_stored(r)) for r in rings))

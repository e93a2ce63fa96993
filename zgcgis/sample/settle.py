"""What happens on the ground of the sample: uses, supply, dates and money.

Three years of a clean zone. Every change of a parcel ends one row (``until``) and begins
another (``since``), so that each year's parcels tile their blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from .fabric import Ground, Points, areas_m2, as_stored, grouped
from .people import USES
from .premises import Firms, Houses, Plots, joined, numbered

__all__ = ["AS_OF", "Settlement", "settle"]

AS_OF = date(2023, 12, 31)
_EMPTY = {"B21": "2301", "B22": "0103", "B1": "0703", "C1": "1704"}  # what lies there unbuilt
_AT_ONCE = 65_536
_DAYS_60 = np.timedelta64(60, "D")


@dataclass
class Settlement:
    """Tables of the sample; column ``ring`` holds the outline in metres of the plane."""

    ground: Ground
    block: DataFrame
    parcel: DataFrame
    houses: Houses
    firms: Firms
    planned: NDArray[Any]  # land-use code of every parcel of the fabric


def settle(ground: Ground, rng: np.random.Generator) -> Settlement:
    """Give the ground its uses, its history, its buildings and its firms."""
    block = _blocks(ground)
    fabric = _parcels(ground, block, rng)
    parcel = _history(ground, fabric, rng)
    planned = fabric["planned_use"].to_numpy(dtype=object)
    del fabric
    redrawn = parcel.pop("corners")
    own = redrawn.notna().to_numpy()
    corners = ground.parcel_corners[parcel["base"]]
    corners[own] = list(redrawn[own])
    del redrawn
    _paper(parcel, rng)
    plots = Plots(ground, parcel, corners)
    houses = Houses(plots, rng)
    return Settlement(ground, block, parcel, houses, Firms(plots, rng), planned)


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
    use, state = _uses(ground, rng)
    at = ground.parcel_block
    done = state == "A"
    build = np.where(done, [USES[u].built for u in use], state)
    build = np.where(np.isin(state, ["E", "D"]), "B21", build)
    planned = np.array([USES[u].code for u in use], dtype=object)
    land = np.array(
        [p if d else _EMPTY[b] for p, d, b in zip(planned, done, build, strict=True)], dtype=object
    )
    planned[np.isin(build, ["C1"])] = "1704"
    paid = np.array([USES[u].paid for u in use])
    making = np.isin(use, ["industry", "logistics"])
    supply = np.select(
        [state == "E", ~(done | (state == "D")), paid],
        [np.where(making, "E21", np.where(paid, "E22", "E1")), "F", "D21"],
        "D1",
    )
    block_id = block["id"].to_numpy()[at]
    ids = joined(block_id, "-", numbered(ground.parcel_place + 1, 2))
    return DataFrame(
        {
            "id": ids,
            "park_id": block["park_id"].to_numpy()[at],
            "block_id": block_id,
            "name": joined("示例宗地 ", ids),
            "since": pd.array([pd.NA] * len(at), dtype="Int64"),
            "until": pd.array([pd.NA] * len(at), dtype="Int64"),
            "land_use": land,
            "land_use_system": "yonghai_2023",
            "planned_use": planned,
            "build_state": build,
            "supply_state": supply,
            "planned_far": np.where(build == "C1", np.nan, [USES[u].far for u in use]),
            "kind": use,
            "base": np.arange(len(at)),
            "corners": None,
            "ring": list(ground.parcel_ring),
        }
    )


def _uses(ground: Ground, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Use and state of every parcel: those of its block, but for corners made green and ponds."""
    remote = np.concatenate([p.remote for p in ground.parks])
    n = len(ground.block_park)
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
    use, state = use[at].copy(), state[at].astype(object)
    pocket = (ground.parcel_place == 0) & (rng.random(len(at)) < 0.2) & ground.inner_corner
    use[pocket & (state == "A")] = "green"
    pond = (ground.parcel_place == 1) & (state == "B22") & (rng.random(len(at)) < 0.3)
    state[pond] = "C1"
    return use, state


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
    halves = ready[~used[ready]][: max(2, len(parcel) // 80)]

    old_split = parcel.iloc[halves].copy()
    old_split["until"] = 2022
    a, b, c, d, e, f, g, h = ground.parcel_ring[halves].transpose(1, 0, 2)
    p, q, r, s = ground.parcel_corners[halves].transpose(1, 0, 2)
    down, up, mid = (p + q) / 2, (r + s) / 2, (b + f) / 2
    new_split = pd.concat([
        _redrawn(parcel.iloc[halves], "a", 2022, (a, b, mid, f, g, h), (p, down, up, s)),
        _redrawn(parcel.iloc[halves], "b", 2022, (b, c, d, e, f, mid), (down, q, r, up)),
    ])  # fmt: skip

    first, second = np.array(pairs, dtype=int).reshape(-1, 2).T
    row, other = parcel.iloc[first], parcel.iloc[second]
    a, b, c, _, e, f, g, h = ground.parcel_ring[first].transpose(1, 0, 2)
    _, b2, c2, d2, e2, f2, _, _ = ground.parcel_ring[second].transpose(1, 0, 2)
    p, _, _, s = ground.parcel_corners[first].transpose(1, 0, 2)
    _, q, r, _ = ground.parcel_corners[second].transpose(1, 0, 2)
    more = "_" + other["id"].str.rsplit("-", n=1).str[1].to_numpy(dtype=object)
    ring = (a, b, c, b2, c2, d2, e2, f2, e, f, g, h)
    new_merge = _redrawn(row, more, 2023, ring, (p, q, r, s))
    old_merge = parcel.iloc[[i for pair in pairs for i in pair]].copy()
    old_merge["until"] = 2023
    return (old_split, new_split), (old_merge, new_merge)


def _redrawn(
    rows: DataFrame, more: Any, since: int, ring: Sequence[Points], corners: Sequence[Points]
) -> DataFrame:
    """Return parcels with something behind their ids, and other outlines."""
    made = rows.copy()
    made["id"] = made["id"].to_numpy(dtype=object) + more
    made["since"] = since
    for column, vertices in (("ring", ring), ("corners", corners)):
        outlines = list(np.stack(list(vertices), axis=1))
        made[column] = pd.Series(outlines, index=made.index, dtype=object)
    return made


@dataclass(frozen=True)
class _Deeds:
    """What the papers of parcels follow, row by row; the rows of one parcel share what was dealt."""

    supply: NDArray[Any]
    built: NDArray[np.bool_]
    since: NDArray[np.float64]
    until: NDArray[np.float64]
    base: NDArray[np.intp]
    whole: NDArray[np.bool_]  # neither a half nor a joined one
    dealt: NDArray[np.int64]

    @property
    def supplied(self) -> NDArray[np.bool_]:
        """Which are in somebody's hands."""
        given: NDArray[np.bool_] = np.char.startswith(self.supply, "D")
        return given

    def pick(self, column: int, low: int, high: int) -> NDArray[Any]:
        """Return a number from `low` on and below `high` for each, by what was dealt."""
        drawn: NDArray[Any] = low + self.dealt[:, column] % (high - low)
        return drawn

    def days(self, column: int, low: int, high: int) -> NDArray[Any]:
        """Return so many days."""
        return self.pick(column, low, high).astype("timedelta64[D]")


def _paper(parcel: DataFrame, rng: np.random.Generator) -> None:
    """Write areas, dates, money and holders into `parcel`, all of them in order."""
    parcel["registered_area_m2"] = np.round(ring_areas(parcel["ring"]), 2)
    base = parcel["base"].to_numpy()
    deeds = _Deeds(
        supply=parcel["supply_state"].to_numpy().astype(str),
        built=np.char.startswith(parcel["build_state"].to_numpy().astype(str), "A"),
        since=parcel["since"].to_numpy(dtype="float64", na_value=np.nan),
        until=parcel["until"].to_numpy(dtype="float64", na_value=np.nan),
        base=base,
        whole=~parcel["id"].str.contains("[ab_]").to_numpy(),
        dealt=rng.integers(0, 100_000, (int(base.max()) + 1, 6))[base],
    )
    begun = _date(parcel, deeds)
    _value(parcel, deeds, begun)
    parcel["government_cause"] = pd.array(np.where(deeds.supplied, 0, np.nan), dtype="boolean")
    parcel["extension_months"] = pd.array(np.where(deeds.supplied, 0, np.nan), dtype="Int64")
    _, place = np.unique(base, return_inverse=True)
    holder = joined("示例持有人 ", numbered(place + 1, 5))
    parcel["owner"] = pd.Series(holder, dtype="str").where(deeds.supplied, "示例土地储备中心")
    modern = deeds.built & np.isin(parcel["kind"].to_numpy(), ["industry", "research"])
    parcel["hightech"] = np.where(
        modern & (deeds.dealt[:, 4] % 100 < 62), np.where(deeds.dealt[:, 5] % 3, "H1", "H2"), ""
    )
    parcel["idle_m2"] = np.zeros(len(parcel))


def _date(parcel: DataFrame, deeds: _Deeds) -> NDArray[np.bool_]:
    """Write the dates of supply and building; return which unbuilt parcels are under way."""
    built, supplied = deeds.built, deeds.supplied
    anew = np.zeros(
        int(deeds.base.max()) + 1, int
    )  # in which year the parcel of that base was built
    fresh = built & (deeds.since >= 2022) & deeds.whole
    anew[deeds.base[fresh]] = deeds.since[fresh].astype(int)
    to_be_built = ~built & (anew[deeds.base] > 0)
    year = np.where(fresh | to_be_built, anew[deeds.base], deeds.pick(0, 2006, 2021)).astype(int)
    finish = _day(year, deeds.pick(1, 30, 330))
    start = finish - deeds.days(2, 400, 900)
    agreed = start + deeds.days(3, 0, 160) - _DAYS_60
    agreed_finish = finish + deeds.days(4, 0, 200) - _DAYS_60
    supply = np.minimum(agreed, start) - deeds.days(5, 90, 300)
    supply_wait, agreed_wait, start_wait = _waiting(deeds)
    agreed_wait = np.where(to_be_built, agreed, agreed_wait)
    start_wait = np.where(to_be_built, start, start_wait)
    still = np.isnan(deeds.until)
    end = _day(np.where(still, AS_OF.year + 1, deeds.until), np.zeros(len(parcel), int))
    waiting = supplied & ~built
    begun: NDArray[np.bool_] = waiting & (start_wait < end - np.timedelta64(40, "D"))
    late = waiting & ~begun & still & (agreed_wait < np.datetime64(AS_OF) + _DAYS_60)
    agreed_wait[late] = np.datetime64(AS_OF) + np.timedelta64(120, "D")
    as_built = built | to_be_built
    supply = np.where(as_built, supply, supply_wait)
    open_for = np.char.startswith(deeds.supply, "E")
    lately = _day(np.where(still, deeds.pick(0, 2022, 2024), 2021), deeds.pick(1, 15, 300))
    approved = np.where(open_for, lately, supply - deeds.days(4, 60, 400))
    due = np.where(as_built, agreed_finish, agreed_wait + np.timedelta64(1100, "D"))
    nothing = np.datetime64("NaT")
    parcel["approved_date"] = np.where(supplied | open_for, approved, nothing)
    parcel["supply_date"] = np.where(supplied, supply, nothing)
    allocated = deeds.supply == "D1"
    parcel["supply_mode"] = np.select([allocated, supplied], ["allocated", "granted"], "")
    parcel["agreed_start_date"] = np.where(supplied, np.where(built, agreed, agreed_wait), nothing)
    parcel["actual_start_date"] = np.where(
        supplied & (built | begun), np.where(built, start, start_wait), nothing
    )
    parcel["agreed_finish_date"] = np.where(supplied, due, nothing)
    parcel["finish_date"] = np.where(built, finish, nothing)
    parcel["stopped_since"] = nothing
    return begun


def _waiting(deeds: _Deeds) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Days of supply, agreed and real start of what is not built: under way, or still to come."""
    recent = deeds.supplied & ~deeds.built & (deeds.since >= 2022) & deeds.whole
    supply = np.where(
        recent,
        _day(np.where(recent, np.nan_to_num(deeds.since, nan=2022), 2022), deeds.pick(1, 20, 340)),
        _day(deeds.pick(0, 2018, 2021), deeds.pick(1, 20, 340)),
    )
    agreed = supply + deeds.days(3, 200, 340)
    return supply, agreed, agreed + deeds.days(2, 0, 200) - _DAYS_60


def _value(parcel: DataFrame, deeds: _Deeds, begun: NDArray[np.bool_]) -> None:
    """Write what is built on and invested, and the price of the land."""
    built, paid = deeds.built, deeds.supply == "D21"
    full = parcel["registered_area_m2"].to_numpy()
    area_ha = full / 1e4
    share = 0.4 + 0.5 * (deeds.dealt[:, 2] % 97) / 97
    parcel["developed_area_m2"] = np.where(
        built, full, np.where(begun, np.round(full * share, 2), np.nan)
    )
    making = np.isin(parcel["kind"].to_numpy(), ["industry", "logistics"])
    per_ha = np.where(making, 5_200, 9_000) * (0.8 + 0.5 * (deeds.dealt[:, 3] % 89) / 89)
    total = np.round(area_ha * per_ha, 1)
    parcel["total_investment_wan"] = np.where(paid, total, np.nan)
    parcel["invested_wan"] = np.where(
        paid & built, total, np.where(paid & begun, np.round(total * share, 1), np.nan)
    )
    parcel["land_price_wan"] = np.where(
        paid, np.round(area_ha * np.where(making, 840, 3_900), 1), np.nan
    )


def ring_areas(rings: Any) -> NDArray[np.float64]:
    """Areas of a column of rings as stored, many at a time; of all parts where there are more."""
    rings = list(rings)
    out = np.empty(len(rings))
    for first in range(0, len(rings), _AT_ONCE):
        for at, some in grouped(rings[first : first + _AT_ONCE]):
            out[first + at] = (
                [sum(ring_areas(parts)) for parts in some]
                if isinstance(some, list)
                else areas_m2(as_stored(some))
            )
    return out

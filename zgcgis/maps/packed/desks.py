"""What a page opens on, and what its desks of land, firms and comparison hold within its bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame

from ... import geo
from ...accounts import Shared, balance, shared_ground
from ...checks.topology import limits_of
from ...clusters import location_quotients
from ...language.errors import UnknownNameError
from ...model import COLUMNS, LEVELS, Zone, there_in
from ...plan.land_use import build_states, classify, text_of
from .codec import pack, pack_column
from .hot_spots import hot_spots
from .land_layers import (
    Made,
    asked_layers,
    common_uses,
    land_of,
    levels_of,
    packed_rows,
    parcels_ahead,
    state_style,
)
from .room import MOST_BYTES, Foreseen, foresee, need_of, room_of

__all__ = [
    "Comparison",
    "Firms",
    "comparison",
    "firms_of",
    "group_of",
    "land_ahead",
    "land_and_firms",
    "opening",
    "quotients",
    "year_of",
]

CLUSTER_COLOURS = (
    "#2f6db3", "#3f9b57", "#d9822b", "#8a4fb0", "#c43c56", "#12959a", "#a07a18", "#5d6f9e",
    "#d15fa5", "#6d8c2e", "#7b5a44", "#4a4f9c",
)  # fmt: skip
_OTHER = "#8c8371"
_CARD = ("parcel_id", "name")


Ahead = tuple[dict[str, Foreseen], Made | None]


def land_ahead(zone: Zone, layers: Sequence[str] | None, *, alone: bool) -> Ahead:
    """Return what the land of a page will take, before it is read, and its parcels if alone.

    Raises
    ------
    PageTooLargeError
        If the parcels, or levels that are asked for, fit into no page.
    """
    asked = None if layers is None else dict(asked_layers(layers))
    foreseen = foresee(zone, levels_of(zone, asked), {"parcel", *(asked or ())})
    return foreseen, parcels_ahead(zone, asked, foreseen) if alone else None


def land_and_firms(
    zone: Zone,
    layers: Sequence[str] | None,
    blocks: dict[str, str],
    taken: int,
    beside: Mapping[str, pd.Series],
    ahead: Ahead,
) -> dict[str, Any]:
    """Put land and firms into `blocks`, beside what is `taken`; return what the page must know.

    `beside` are columns that the comparison adds to the parcels.
    """
    foreseen, parcels = ahead
    asked = None if layers is None else dict(asked_layers(layers))
    firms = Firms()
    room = max(0, room_of(zone, asked) - taken)
    most = max(0, MOST_BYTES - taken)
    if asked is None or "firm" in asked:
        rest = max(0, most - need_of(zone, foreseen, {"parcel", *(asked or ())}))
        firms = firms_of(zone, most=min(rest, room if asked else room // 4))
    used = sum(len(text) for text in firms.blocks.values())
    room, most = room - used, most - used
    land = land_of(
        zone, asked, room=room, most=most, beside=beside, foreseen=foreseen, parcels=parcels
    )
    blocks.update({f"firms{key}": text for key, text in firms.blocks.items()})
    blocks.update({f"land-{key}": text for key, text in land.blocks.items()})
    said = [*land.said, *([] if firms.record else firms.said)]
    return {"land": {"layers": land.layers, "said": said}, "firms": firms.record}


def opening(
    zone: Zone, keys: Sequence[str], there: DataFrame, years: Sequence[int]
) -> tuple[str | None, int | None]:
    """Return the quantity a page opens on, and its year.

    It is the first of `keys` that nearly as many parks have as any; `there` are the parks' values.
    """
    if not keys:
        return None, years[-1] if years else None
    counts = there.groupby("key")["unit"].nunique().reindex(keys, fill_value=0)
    key = next(key for key in keys if counts[key] >= 0.8 * counts.max())
    return key, year_of(zone, key, there, years)


def year_of(zone: Zone, key: str, there: DataFrame, years: Sequence[int]) -> int | None:
    """Return the year zone.toml states, else the newest in which the quantity has a value."""
    stated = zone.meta.get("year")
    if stated in years:
        return int(str(stated))
    known = [int(year) for year in there.loc[there["key"] == key, "year"]]
    return max(known, default=years[-1] if years else None)


def group_of(groups: Sequence[Mapping[str, Any]], asked: str | None) -> str:
    """Return the id of the group that is asked for by id or name."""
    if asked is None:
        return ""
    for group in groups:
        if asked in (group["id"], *group["name"]):
            return str(group["id"])
    known = [text for group in groups for text in (group["id"], group["name"][0])]
    raise UnknownNameError(asked, known, what="group", zh="聚集区")


# --- firms ------------------------------------------------------------


@dataclass(slots=True)
class Firms:
    """The firms of a page: the record the page reads, or None, and the bytes."""

    record: dict[str, Any] | None = None
    blocks: dict[str, str] = field(default_factory=dict)
    said: list[list[str]] = field(default_factory=list)


def firms_of(zone: Zone, *, most: int) -> Firms:
    """Return the firms of the newest year a zone has, as points.

    Parameters
    ----------
    zone
        The zone; without enterprises the record is None.
    most
        Bytes the points and their clusters may take; names are left out before they are.
    """
    found = Firms()
    if "enterprise" not in zone.layers or not len(zone.layer("enterprise")):
        return found
    rows = zone.layer("enterprise")
    year = int(rows["year"].max()) if "year" in rows and rows["year"].notna().any() else None
    if year is not None:
        rows = rows[rows["year"] == year]
    rows = rows.set_index(pd.RangeIndex(len(rows)))
    packed = pack(rows.to_crs("EPSG:4490").geometry.to_numpy())
    left = len(rows) - len(packed.order)
    if left:
        found.said.append(
            [
                f"{len(rows)} 家企业中有 {left} 家没有位置，未上图。",
                f"{left} of {len(rows)} firms have no place and are not drawn.",
            ]
        )
    if not len(packed.order):
        return found
    classes, codes = _clusters(zone, rows)
    told, data = pack_column(codes, packed.order)
    size = len(packed.data) + len(data)
    if size > most:
        found.said.append(
            [
                f"{len(rows)} 家企业未上图：需 {size / 1e6:.1f} MB，本页余 {most / 1e6:.1f} MB。请用 --layers firm 另制一页。",
                f"{len(rows)} firms are not drawn: they take {size / 1e6:.1f} MB and {most / 1e6:.1f} MB are left. Map them with --layers firm.",
            ]
        )
        return found
    found.blocks = {"": packed.data, ".industry": data}
    placed = rows[~rows.geometry.is_empty & rows.geometry.notna()]
    hot = hot_spots(zone, placed, codes[placed.index].to_numpy(), [one["id"] for one in classes])
    found.record = {
        "hot": hot,
        "year": year,
        "meta": packed.meta,
        "classes": classes,
        "columns": {"industry": told},
        "said": found.said,
    }
    for key in _CARD:
        if key in rows and rows[key].notna().any():
            told, data = pack_column(rows[key], packed.order)
            if size + len(data) > most:
                break
            size += len(data)
            found.blocks[f".{key}"] = data
            found.record["columns"][key] = told
    return found


def _clusters(zone: Zone, rows: GeoDataFrame) -> tuple[list[dict[str, Any]], pd.Series]:
    """Clusters of the plan and of the zone first, then others by number; what names none last."""
    text = rows["industry"].fillna("").astype(str) if "industry" in rows else pd.Series("", rows.index)  # fmt: skip
    planned = zone.plan.industries if zone.plan is not None else {}
    names = {key: [entry.zh, entry.en] for key, entry in planned.items()}
    for key, entry in zone.clusters.items():
        names.setdefault(key, [entry.zh, entry.en])
    own = {key: entry.colour for key, entry in planned.items() if entry.colour}
    own |= {key: entry.colour for key, entry in zone.clusters.items() if entry.colour}
    there = text[text != ""].value_counts()
    others = sorted((k for k in there.index if k not in names), key=lambda k: (-there[k], k))
    keys = [*(key for key in names if key in there.index), *others][:200]
    classes = [
        {"id": key, "name": names.get(key, [key, key]), "colour": own.get(key) or colour_of(place)}
        for place, key in enumerate(keys)
    ]
    classes.append({"id": "", "name": ["未注明集群", "no cluster named"], "colour": _OTHER})
    place_of = {key: place for place, key in enumerate(keys)}
    codes = text.map(lambda key: place_of.get(key, len(keys))).astype(np.uint8)
    return classes, codes


def unplanned(zone: Zone) -> dict[str, tuple[str, str]]:
    """Return the industries that firms have and the plan does not name, with their names."""
    firms = zone.layers.get("enterprise")
    if firms is None or "industry" not in firms:
        return {}
    planned = zone.plan.industries if zone.plan is not None else {}
    keys = sorted({str(one) for one in firms["industry"].dropna().unique()} - {"", *planned})
    known = zone.clusters
    return {key: (known[key].zh, known[key].en) if key in known else (key, key) for key in keys}


def colour_of(place: int) -> str:
    """Return the colour of the cluster at a place of the list."""
    return CLUSTER_COLOURS[place] if place < len(CLUSTER_COLOURS) else _OTHER


def quotients(zone: Zone) -> dict[str, Any]:
    """Return location quotients of the latest year: ``[industry, count, lq, low, high, specialised]``."""
    found: dict[str, Any] = {"year": None, "rows": {}}
    if "enterprise" not in zone.layers:
        return found
    firms = DataFrame(zone.layer("enterprise").drop(columns="geometry"))
    firms = firms[firms["park_id"].notna() & firms["industry"].notna() & firms["year"].notna()]
    if not len(firms):
        return found
    found["year"] = int(firms["year"].max())
    table = location_quotients(firms[firms["year"] == found["year"]])
    table = table[table["lq"].notna()].sort_values(["park_id", "lq"], ascending=[True, False])
    for row in table.to_dict("records"):
        shown = [
            float(f"{row[key]:.6g}") if np.isfinite(row[key]) else None
            for key in ("lq", "low", "high")
        ]
        found["rows"].setdefault(str(row["park_id"]), []).append(
            [str(row["industry"]), int(row["count"]), *shown, str(row["specialised"])]
        )
    return found


# --- comparison -------------------------------------------------------

USE, GONE, NEW, OUTLINE, COLUMN, RENUMBERED = 1, 2, 3, 4, 5, 6
"""How a parcel differs; 0 is not at all."""

_NOT_THERE = 255
_SAME_PART = 0.01  # of a parcel: less common ground than this is none
_THEMES = {
    "land_use": ("现状用途", "Land use"),
    "planned_use": ("规划用途", "Planned use"),
    "build_state": ("建设状况", "How built"),
}
_PLAN = {"fit": ("现状与规划用途", "Actual and planned use")}


@dataclass(slots=True)
class Comparison:
    """Two states of a zone side by side (比方案).

    Attributes
    ----------
    record
        What the page must know: both sides' names, the themes with their balances, the parks.
    blocks
        Parcels that only the second state has, by the id of their element.
    beside
        Columns of the first zone's parcels: class in either state, and how they differ.
    """

    record: dict[str, Any]
    blocks: dict[str, str] = field(default_factory=dict)
    beside: dict[str, pd.Series] = field(default_factory=dict)


@dataclass(slots=True)
class _States:
    """Parcels of both states, what they share, and the class of each row by theme."""

    old: GeoDataFrame
    new: GeoDataFrame
    ground: Shared
    classes: dict[str, tuple[dict[str, Any], pd.Series, pd.Series]]
    slack: tuple[Any, Any]


def comparison(zone: Zone, with_: Zone | str, years: Sequence[int]) -> Comparison:
    """Return what a page compares: ``"plan"``, two years as ``"2019:2022"``, or another zone.

    Raises
    ------
    UnknownNameError
        If the text is neither, a year has no value, or no parcel states a planned use.
    """
    sides = [["现状", "Actual"], ["规划", "Planned"]]
    pair: list[int] | None = None
    kind = "zones" if isinstance(with_, Zone) else "plan" if with_ == "plan" else "years"
    if isinstance(with_, Zone):
        sides = _sides(zone, with_)
    elif kind == "years":
        pair = _two_years(with_, years)
        sides = [[f"{year}年", str(year)] for year in pair]
    elif "parcel" not in zone.layers or "planned_use" not in zone.layer("parcel"):
        known = list(zone.layer("parcel").columns) if "parcel" in zone.layers else list(zone.layers)
        raise UnknownNameError("planned_use", known, what="column of parcels", zh="宗地的列")
    found = Comparison(
        {"kind": kind, "sides": sides, "years": pair, "themes": [], "said": [], "layer": None}
    )
    if "parcel" in zone.layers and len(zone.layer("parcel")):
        _compare_land(zone, with_, pair, found)
    return found


def _sides(zone: Zone, other: Zone) -> list[list[str]]:
    names = [[z.names.get("zh") or z.id, z.names.get("en") or z.id] for z in (zone, other)]
    if names[0] != names[1]:
        return names
    folders = [z.folder.name if z.folder else "" for z in (zone, other)]
    if all(folders) and folders[0] != folders[1]:
        return [[name, name] for name in folders]
    return [["之前", "Before"], ["之后", "After"]]


def _two_years(asked: str, years: Sequence[int]) -> list[int]:
    known = [*(str(year) for year in years), "plan"]
    parts = [part.strip() for part in asked.replace("：", ":").split(":")]
    if len(parts) != 2 or parts[0] == parts[1]:
        raise UnknownNameError(asked, ["2019:2022", "plan"], what="comparison", zh="比较方式")
    for part in parts:
        if part not in known[:-1]:
            raise UnknownNameError(part, known[:-1], what="year", zh="年份")
    return [int(part) for part in parts]


def _compare_land(zone: Zone, with_: Zone | str, years: list[int] | None, found: Comparison) -> None:  # fmt: skip
    rows = zone.layer("parcel")
    rows = rows.set_index(pd.RangeIndex(len(rows)))
    other = zone
    if isinstance(with_, Zone):
        if "parcel" not in with_.layers or not len(with_.layer("parcel")):
            found.record["said"].append(
                [
                    "另一方没有宗地，只比较园区的数值。",
                    "The other side has no parcels; only values of parks are compared.",
                ]
            )
            return
        other = with_
        old, new = _newest(rows), _newest(with_.layer("parcel").reset_index(drop=True))
    elif years:
        old, new = (rows[there_in(rows, year).to_numpy()] for year in years)
    else:
        old = new = _newest(rows)
    center = zone.center or geo.center_of(rows.geometry)
    tolerance = limits_of(zone).tolerance_m
    slack = tuple(
        np.nan_to_num(geo.length_m(side.geometry, center=center).to_numpy()) * tolerance
        for side in (old, new)
    )
    ground = shared_ground(old, new, center=center)
    _renumber(ground, old, new, slack)
    states = _States(old, new, ground, _classes_of(zone, other, old, new), slack)
    found.record["themes"] = [_theme(key, states) for key in states.classes]
    kinds, said, noise = _differences(states, planned=with_ == "plan")
    if noise:
        found.record["said"].append(
            [
                f"{noise} 宗地的界线移动不超过 {tolerance:.2f} 米，属测量误差，未标出；面积仍计入增减。",
                f"Outlines of {noise} parcels moved by no more than {tolerance:.2f} m, which is noise of survey: not marked, but counted in the areas.",
            ]
        )
    _lay_out(rows, states, kinds, said, found, apart=other is not zone)


def _renumber(g: Shared, old: GeoDataFrame, new: GeoDataFrame, slack: tuple[Any, Any]) -> None:
    """Take a row of another id for the same one if their outlines are within noise of survey."""
    names = text_of(old, "id").to_numpy(), text_of(new, "id").to_numpy()
    free = np.ones(len(new), bool)
    free[g.same[g.same >= 0]] = False
    close = (g.same[g.i] < 0) & free[g.j] & (names[0][g.i] != names[1][g.j])
    close &= (g.old_m2[g.i] - g.area_m2 <= slack[0][g.i]) & (g.area_m2 > slack[0][g.i])
    close &= (g.new_m2[g.j] - g.area_m2 <= slack[1][g.j]) & (g.area_m2 > slack[1][g.j])
    i, j = g.i[close], g.j[close]
    once = (np.bincount(i, minlength=len(old))[i] == 1) & (np.bincount(j, minlength=len(new))[j] == 1)  # fmt: skip
    g.same[i[once]] = j[once]


def _newest(rows: GeoDataFrame) -> GeoDataFrame:
    return rows[rows["until"].isna().to_numpy()] if "until" in rows else rows


def _classes_of(zone: Zone, other: Zone, old: GeoDataFrame, new: GeoDataFrame) -> dict[str, Any]:
    """Style, and class of each row before and after, by theme; those that nobody states are not there."""
    systems = [str(z.meta.get("land_use_system") or "") for z in (zone, other)]

    def uses(rows: GeoDataFrame, key: str, system: str) -> pd.Series:
        own = text_of(rows, "land_use_system")
        return classify(text_of(rows, key), own.where(own != "", system))["class"]

    pairs: dict[str, tuple[pd.Series, pd.Series]] = {}
    if old is new:
        pairs["fit"] = uses(old, "land_use", systems[0]), uses(new, "planned_use", systems[1])
    else:
        for key in ("land_use", "planned_use"):
            pairs[key] = uses(old, key, systems[0]), uses(new, key, systems[1])
        states = [build_states(r, s)["state"] for r, s in zip((old, new), systems, strict=True)]
        pairs["build_state"] = states[0], states[1]
    found = {}
    for key, (was, now) in pairs.items():
        both = pd.concat([was, now], ignore_index=True)
        style, codes = state_style(key, both) if key == "build_state" else common_uses(both)
        if style is not None and codes is not None:
            split = len(was)
            found[key] = style, pd.Series(codes[:split], was.index), pd.Series(codes[split:], now.index)  # fmt: skip
    return found


def _theme(key: str, states: _States) -> dict[str, Any]:
    style, was, now = states.classes[key]
    park_old, park_new = text_of(states.old, "park_id"), text_of(states.new, "park_id")
    by_class = balance(states.ground, was, now)
    cells = balance(states.ground, _joined(park_old, was), _joined(park_new, now))
    rows: dict[str, list[list[float]]] = {}
    for label, row in zip(cells.index, _rounded(cells), strict=True):
        park, _, place = str(label).rpartition("|")
        rows.setdefault(park, []).append([int(place), *row])
    return {
        "key": key,
        "name": list({**_THEMES, **_PLAN}[key]),
        "classes": style["classes"],
        "rows": [[int(k), *row] for k, row in zip(by_class.index, _rounded(by_class), strict=True)],
        "parks": rows,
    }


def _joined(park: pd.Series, place: pd.Series) -> pd.Series:
    return park.astype(str) + "|" + place.astype(str)


def _rounded(table: DataFrame) -> list[list[float]]:
    """``before lost gained after`` to a tenth of a thousandth of a square metre."""
    return [[round(float(v), 4) for v in row] for row in table.to_numpy()]


def _differences(states: _States, *, planned: bool) -> tuple[tuple[Any, Any], tuple[Any, Any], int]:
    """How each row of either side differs, in numbers and in words; and how many by noise alone."""
    g, (slack_old, slack_new) = states.ground, states.slack
    real = g.area_m2 > np.maximum(np.minimum(slack_old[g.i], slack_new[g.j]), 1e-6)
    turned = np.zeros(len(g.i), bool)
    for _, was, now in states.classes.values():
        a, b = was.to_numpy()[g.i], now.to_numpy()[g.j]
        turned |= (a != b) & (a > 0) & (b > 0)
    kinds, noise = [], 0
    for rows, ends, sizes, slack, lone in (
        (states.old, g.i, g.old_m2, slack_old, GONE),
        (states.new, g.j, g.new_m2, slack_new, NEW),
    ):
        n = len(rows)
        held = np.bincount(ends, g.area_m2, n)
        rest = sizes - held
        kind = np.zeros(n, np.uint8)
        kind[(rest > slack) | (np.bincount(ends[real], minlength=n) > 1)] = OUTLINE
        kind[np.bincount(ends[turned & real], minlength=n) > 0] = USE
        kind[(held <= np.maximum(slack, _SAME_PART * sizes)) & (sizes > 0)] = lone
        noise = max(noise, int(((rest > 1e-3) & (kind == 0)).sum()))
        kinds.append(kind)
    for a, b in ((0, 1), (1, 0)):  # a parcel that grew is marked on both sides
        ends, others = ((g.i, g.j), (g.j, g.i))[a]
        grown = real & (kinds[b][others] == OUTLINE) & (kinds[a][ends] == 0)
        kinds[a][ends[grown]] = OUTLINE
    words = _words_of(states, kinds) if not planned else ([""] * len(kinds[0]),) * 2
    return (kinds[0], kinds[1]), words, 0 if planned else noise


def _words_of(states: _States, kinds: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """What else of a parcel is different, both languages, for the rows of either side."""
    keys = [
        key
        for key in LEVELS["parcel"].columns
        if key in states.old and key in states.new and key not in {"id", "since", "until", "land_use_system", "geometry"}
    ]  # fmt: skip
    was = {key: text_of(states.old, key).to_numpy() for key in keys}
    now = {key: text_of(states.new, key).to_numpy() for key in keys}
    names = text_of(states.old, "id").to_numpy(), text_of(states.new, "id").to_numpy()
    taken = set(states.ground.same[states.ground.same >= 0])
    place = {id: k for k, id in enumerate(names[1]) if k not in taken}
    later = np.array([place.get(id, -1) if j < 0 else j for id, j in zip(names[0], states.ground.same, strict=True)], np.intp)  # fmt: skip
    said_old: list[Any] = [["", ""]] * len(states.old)
    said_new: list[Any] = [["", ""]] * len(states.new)
    rows = np.flatnonzero(later >= 0)
    twin = later[rows]
    was["id"], now["id"] = names
    unlike = [(key, was[key][rows] != now[key][twin]) for key in ["id", *keys]]
    differs = np.zeros(len(rows), bool)
    for _, mask in unlike:
        differs |= mask
    for at in np.flatnonzero(differs):
        k, j = rows[at], twin[at]
        parts = [(key, was[key][k] or "—", now[key][j] or "—") for key, mask in unlike if mask[at]]
        pair = [
            "；".join(f"{COLUMNS[key].zh} {a} → {b}" for key, a, b in parts),
            "; ".join(f"{COLUMNS[key].en} {a} → {b}" for key, a, b in parts),
        ]
        said_old[k] = said_new[j] = pair
        for side, row in ((0, k), (1, j)):
            if not kinds[side][row]:
                kinds[side][row] = RENUMBERED if [key for key, *_ in parts] == ["id"] else COLUMN
    return said_old, said_new


def _twins(
    states: _States, lies: tuple[Any, Any]
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Ids of what stands on the ground of a row in the other state, where it is not the same row."""
    g = states.ground
    close = g.area_m2 >= _SAME_PART * np.minimum(g.old_m2[g.i], g.new_m2[g.j])
    found = []
    for rows, ends, others, names in (
        (states.old, g.i, g.j, text_of(states.new, "id").to_numpy()),
        (states.new, g.j, g.i, text_of(states.old, "id").to_numpy()),
    ):
        told = np.full(len(rows), "", object)
        moved = close & (lies[0][g.i] != lies[1][g.j])
        for at, other in zip(ends[moved], others[moved], strict=True):
            told[at] = f"{told[at]};{names[other]}" if told[at] else names[other]
        found.append(told)
    return found[0], found[1]


def _lay_out(rows: GeoDataFrame, states: _States, kinds: Any, said: Any, found: Comparison, *, apart: bool) -> None:  # fmt: skip
    """Columns beside the first zone's parcels; what only the second has becomes a layer of its own."""
    n = len(rows)
    at_old = states.old.index.to_numpy()
    same = states.ground.same
    at_new = states.new.index.to_numpy() if not apart else np.full(len(states.new), -1)
    if apart:
        at_new[same[same >= 0]] = at_old[same >= 0]
    here = np.flatnonzero(at_new >= 0)

    def both(old: Any, new: Any, blank: Any) -> pd.Series:
        out = np.full(n, blank, dtype=object if isinstance(blank, str) else np.uint8)
        out[at_new[here]] = np.asarray(new)[here]
        out[at_old] = old
        return pd.Series(out, rows.index)

    for key, (_, was, now) in states.classes.items():
        a, b = np.full(n, _NOT_THERE, np.uint8), np.full(n, _NOT_THERE, np.uint8)
        a[at_old], b[at_new[here]] = was.to_numpy(), now.to_numpy()[here]
        found.beside |= {f"was.{key}": pd.Series(a, rows.index), f"now.{key}": pd.Series(b, rows.index)}  # fmt: skip
    found.beside["differs"] = both(kinds[0], kinds[1], 0)
    twins = _twins(states, (at_old, at_new))
    found.beside["twin"] = both(twins[0], twins[1], "")
    for place, key in enumerate(("differs.zh", "differs.en")):
        words = [np.array([pair[place] if pair else "" for pair in side], object) for side in said]
        found.beside[key] = both(words[0], words[1], "")
    alone = np.flatnonzero(at_new < 0)
    if not len(alone):
        return
    only = states.new.iloc[alone].reset_index(drop=True)
    columns: dict[str, pd.Series] = {"area_m2": pd.Series(np.round(states.ground.new_m2[alone], 1))}
    columns |= {key: only[key] for key in ("id", "park_id") if key in only}
    columns["differs"] = pd.Series(kinds[1][alone])
    columns["twin"] = pd.Series(twins[1][alone])
    for place, key in enumerate(("differs.zh", "differs.en")):
        columns[key] = pd.Series([said[1][k][place] if said[1][k] else "" for k in alone])
    for key, (_, _, now) in states.classes.items():
        columns[f"now.{key}"] = pd.Series(now.to_numpy()[alone])
    found.record["layer"], blocks = packed_rows("second", ("宗地", "parcel"), only, columns)
    found.blocks = {f"land-{key}": data for key, data in blocks.items()}

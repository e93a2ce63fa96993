"""What a page opens on, and what its desks of land and firms hold within the bytes of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from pandas import DataFrame

from ..model import Zone
from .codec import pack, pack_column
from .land_layers import asked_layers, land_of, room_of

__all__ = ["Firms", "firms_of", "land_and_firms", "opening", "year_of"]

CLUSTER_COLOURS = (
    "#2f6db3", "#3f9b57", "#d9822b", "#8a4fb0", "#c43c56", "#12959a", "#a07a18", "#5d6f9e",
    "#d15fa5", "#6d8c2e", "#7b5a44", "#4a4f9c",
)  # fmt: skip
_OTHER = "#8c8371"
_CARD = ("parcel_id", "name")


def land_and_firms(
    zone: Zone, layers: Sequence[str] | None, blocks: dict[str, str], taken: int
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Put land and firms into `blocks`, beside what is `taken`; return what the page must know."""
    asked = None if layers is None else dict(asked_layers(layers))
    firms = Firms()
    room = max(0, room_of(zone, asked) - taken)
    if asked is None or "firm" in asked:
        firms = firms_of(zone, most=room if asked else room // 4)
    room -= sum(len(text) for text in firms.blocks.values())
    land = land_of(zone, asked, most=room)
    blocks.update({f"firms{key}": text for key, text in firms.blocks.items()})
    blocks.update({f"land-{key}": text for key, text in land.blocks.items()})
    said = [*land.said, *([] if firms.record else firms.said)]
    return {"layers": land.layers, "said": said}, firms.record


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
    found.record = {
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

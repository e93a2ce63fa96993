"""How much land a page holds (容量): told before a layer is read, and kept when it is packed.

A few thousand shapes of each layer are packed to tell what all would take. What surely does not
fit is not read; parcels that do not are drawn in a coarser unit, or refused within seconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ...language.errors import ZgcgisError
from ...model import LEVELS, Zone
from .codec import COARSEST, bits_of, pack, unit_m

__all__ = [
    "MOST_BYTES",
    "Foreseen",
    "Land",
    "PageTooLargeError",
    "Part",
    "coarse",
    "fill",
    "foresee",
    "need_of",
    "not_read",
    "room_of",
]

MOST_BYTES = 29_000_000
"""What land and all that a page tells besides may take together."""

_LEAST_BYTES = 5_300_000
_BESIDE_SHAPES = 9  # bytes a feature of the columns that a page cannot do without
_SAMPLE = 4  # stretches of so many rows each, spread over a layer
_STRETCH = 1000
_COARSER = 26  # the first unit tried for shapes that do not fit in the one for their number
_SURE = 1.1  # an estimate is that near


class PageTooLargeError(ZgcgisError):
    """The land asked for is more than a page can hold."""


@dataclass(slots=True)
class Land:
    """The land of a page: a record a layer, its bytes, and sentences on what is not shown."""

    layers: list[dict[str, Any]] = field(default_factory=list)
    blocks: dict[str, str] = field(default_factory=dict)
    said: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """A block that may go into the page: the shapes of a layer (no key), or one column.

    Parts of a low `rank` come first; one that the page cannot do without is a `must`.
    """

    rank: int
    level: str
    key: str
    told: dict[str, Any]
    data: str
    must: bool = False


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the shapes of a layer will take in the page, in bytes, and the unit they are written in.

    ``bits`` is None where the packing chooses the unit itself.
    """

    size: int
    bits: int | None = None


def room_of(zone: Zone, asked: Mapping[str, str] | None = None) -> int:
    """Return how many bytes land and firms may take in a page; see :func:`.land_layers.land_of`."""
    return MOST_BYTES if asked else min(MOST_BYTES, max(_LEAST_BYTES, 44 * zone.count("parcel")))


def foresee(
    zone: Zone, levels: Sequence[str], needed: Set[str], most: int = MOST_BYTES
) -> dict[str, Foreseen]:
    """Return what the shapes of some levels will take, from a few thousand of each.

    Parameters
    ----------
    zone
        The zone; a layer that is not read yet stays unread.
    levels
        Levels of polygons that the zone has.
    needed
        Those that the page cannot do without. If they do not fit, they are written in the
        finest unit in which they do.
    most
        Bytes that they may take with the columns that go along.

    Raises
    ------
    PageTooLargeError
        If those needed do not fit in the coarsest unit either.
    """
    found = {}
    samples = {level: _sample(zone, level) for level in levels}
    for level, shapes in samples.items():
        count = zone.count(level)
        vertices = shapely.get_num_coordinates(shapes).sum() / max(len(shapes), 1) * count
        found[level] = Foreseen(_size(shapes, count, bits_of(vertices)))
    here = [level for level in levels if level in needed]
    if need_of(zone, found, needed) <= most:
        return found
    for bits in range(_COARSER, COARSEST - 1, -1):
        for level in here:
            size = _size(samples[level], zone.count(level), bits)
            if size < found[level].size:
                found[level] = Foreseen(size, bits)
        size = need_of(zone, found, needed)
        if size <= most:
            return found
    if size > _SURE * most:
        raise _too_large([(level, zone.count(level)) for level in here], size, most)
    return found


def need_of(zone: Zone, foreseen: Mapping[str, Foreseen], needed: Set[str]) -> int:
    """Return the bytes of what a page cannot do without, shapes and columns, as they are foreseen."""
    return sum(
        one.size + _BESIDE_SHAPES * zone.count(level)
        for level, one in foreseen.items()
        if level in needed
    )


def _sample(zone: Zone, level: str) -> NDArray[np.object_]:
    """Shapes of some stretches of a layer: neighbours in the file, as they will be in the page."""
    count = zone.count(level)
    starts = np.linspace(0, max(0, count - _STRETCH), _SAMPLE).astype(int)
    rows = np.unique(np.concatenate([np.arange(s, min(s + _STRETCH, count)) for s in starts]))
    stored = zone.unread(level)
    if stored is not None:
        return np.asarray(stored.shapes(rows), object)
    return np.asarray(zone.layer(level).geometry.iloc[rows], object)


def _size(shapes: NDArray[np.object_], count: int, bits: int) -> int:
    if not len(shapes):
        return 0
    return math.ceil(len(pack(shapes, bits).data) / len(shapes) * count)


def fill(
    found: Land,
    records: Mapping[str, dict[str, Any]],
    parts: Sequence[Part],
    room: int,
    most: int,
) -> None:
    """Put into `found` what fits: parts that must be within `most` bytes, the others within `room`.

    Raises
    ------
    PageTooLargeError
        If shapes that must be do not fit.
    """
    used = 0
    without: dict[str, list[Part]] = {}
    for part in sorted(parts, key=lambda part: part.rank):
        fits = used + len(part.data) <= (most if part.must else room)
        if not fits or (part.key and part.level not in found.blocks):
            if not part.key and part.must:
                needed = dict.fromkeys(p.level for p in parts if p.must)
                size = sum(len(p.data) for p in parts if p.must)
                raise _too_large([(one, records[one]["total"]) for one in needed], size, most)
            without.setdefault(part.level, []).append(part)
            continue
        used += len(part.data)
        found.blocks[f"{part.level}.{part.key}" if part.key else part.level] = part.data
        if part.key:
            records[part.level]["columns"][part.key] = part.told
    for level, missing in without.items():
        record = records[level]
        keys = {part.key for part in missing}
        record["styles"] = [s for s in record["styles"] if f"by.{s['key']}" not in keys]
        lost = [entry for entry in record["fields"] if entry[0] in keys]
        record["fields"] = [entry for entry in record["fields"] if entry[0] not in keys]
        if any(not part.key for part in missing):
            size = sum(len(part.data) for part in missing)
            found.said.append(not_read(level, record["total"], size, room))
        elif lost:
            found.said.append(_fewer(record, lost, room))


def not_read(level: str, count: int, size: int, room: int) -> list[str]:
    """Say in both languages that a layer is left out, and how it is seen."""
    zh, en = LEVELS[level].zh, LEVELS[level].en
    return [
        f"{zh}层（{count} 个）未放入本页：需 {size / 1e6:.1f} MB，本页用地数据以 {room / 1e6:.1f} MB 为限。要看它请用 --layers {level} 另制一页。",
        f"The {en} layer ({count}) is not in this page: it takes {size / 1e6:.1f} MB and the land of this page is held to {room / 1e6:.1f} MB. Map it with --layers {level}.",
    ]


def _fewer(record: Mapping[str, Any], lost: Sequence[Sequence[str]], room: int) -> list[str]:
    zh, en = record["name"]
    return [
        f"{zh}卡片未列 {len(lost)} 项（{'、'.join(entry[1] for entry in lost)}）：本页用地数据以 {room / 1e6:.1f} MB 为限。",
        f"Cards of the {en} layer leave out {len(lost)} columns ({', '.join(entry[2] for entry in lost)}): the land of this page is held to {room / 1e6:.1f} MB.",
    ]


def coarse(level: str, count: int, bits: int, latitude: float) -> list[str]:
    """Say in both languages in which unit the shapes of a layer are drawn."""
    zh, en, unit = LEVELS[level].zh, LEVELS[level].en, unit_m(bits, latitude)
    return [
        f"{zh} {count} 个，为放进一页，图形取整到约 {unit:.1f} 米；卡片和汇总中的面积按原图形计算，不受影响。",
        f"The {count} shapes of the {en} layer are rounded to about {unit:.1f} m to fit into one page; areas on cards and in sums are those of the shapes as they are.",
    ]


def _too_large(levels: Sequence[tuple[str, int]], size: int, most: int) -> PageTooLargeError:
    zh = "、".join(f"{LEVELS[level].zh} {count} 个" for level, count in levels)
    en = ", ".join(f"{count} of the {LEVELS[level].en} layer" for level, count in levels)
    return PageTooLargeError(
        f"要画的图形（{zh}）约需 {size / 1e6:.0f} MB，一页最多 {most / 1e6:.0f} MB，没有生成。"
        "请用 --park 园区名称 只画一个园区，用 --layers 少选几层，或用 --layers none 只画园区界线。",
        f"The shapes to draw ({en}) take about {size / 1e6:.0f} MB; a page holds {most / 1e6:.0f} MB. "
        "Nothing was made. Draw one park with --park NAME, choose fewer layers with --layers, or the "
        "outlines of the parks alone with --layers none.",
    )

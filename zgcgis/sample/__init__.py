"""A synthetic but plausible zone (示例示范区) with planted errors and the list of them.

:func:`write_sample` makes the same bytes for the same size and seed. Nothing in it is real but
the codes of land uses and industries; every name says so.
"""

from __future__ import annotations

import contextlib
import ctypes
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas import DataFrame

from ..io.places import refuse_result, result_folder
from ..language.errors import ZgcgisError
from ..runs import sweep, work_folder
from .fabric import Ground, Points, area_m2, as_stored, lay_out, streets
from .papers import write_papers, write_projects
from .people import DISTRICTS, GROUPS, park_specs
from .planter import COLUMNS, Outlines, Planter
from .premises import joined, numbered
from .raw import write_raw
from .settle import Settlement, ring_areas, settle
from .write import Drawn, Source, write_csv, write_layer
from .wrong_land import LAND, areas, houses
from .wrong_papers import LINES, PAPERS

__all__ = ["LEAST_PARCELS", "write_sample"]

LEAST_PARCELS = 300
"""Fewest parcels that leave room for every planted error."""


def write_sample(
    folder: str | Path, *, parcels: int = 500, seed: int = 2026, planted: bool = True
) -> Path:
    """Write a synthetic zone folder.

    Parameters
    ----------
    folder
        A new or empty folder.
    parcels
        About how many parcels; at least :data:`LEAST_PARCELS`.
    seed
        Another seed gives another zone, the same seed the same bytes.
    planted
        Whether to plant errors and list them in ``planted.csv``; without, the zone is clean.

    Returns
    -------
    folder
        The folder written: whole, or not there at all.

    Raises
    ------
    ZgcgisError
        If the folder holds something already, or too few parcels are asked for.
    """
    target = Path(folder)
    sweep(target)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ZgcgisError(
            f"{target} 已经存在且不为空，不会覆盖。请换一个新的文件夹。",
            f"{target} is there already and not empty; nothing was written over. "
            "Name a new folder.",
        )
    if parcels < LEAST_PARCELS:
        raise ZgcgisError(
            f"宗地数 {parcels} 太少，放不下全部示例。请至少取 {LEAST_PARCELS}。",
            f"{parcels} parcels are too few for every example. Ask for at least {LEAST_PARCELS}.",
        )
    if seed < 0:
        raise ZgcgisError(
            f"种子 {seed} 不能为负。请取 0 或正整数。",
            f"The seed {seed} is negative. Take 0 or a whole number above it.",
        )
    refuse_result(target, folder=True)
    result_folder(target.parent)
    with work_folder(target.parent) as scratch:
        draft = scratch / "zone"
        (draft / "layers").mkdir(parents=True)
        _write(draft, parcels, seed, planted=planted)
        if target.exists():
            target.rmdir()
        shutil.move(str(draft), target)
    return target


def _write(draft: Path, parcels: int, seed: int, *, planted: bool) -> None:
    rng = np.random.default_rng(seed)
    specs = park_specs(parcels)
    ground = lay_out(specs, parcels, rng)
    town = settle(ground, rng)
    _give_back()
    lines = _outlines(ground)
    detailed = _detailed_plan(town)
    lines.planned = set(detailed["id"])
    errors: list[dict[str, Any]] = []
    if planted:
        errors += plant(town, lines)
    else:
        lines.stated_area_m2 = {k: round(area_m2(as_stored(r)), 1) for k, r in lines.park.items()}
    _give_back()
    parcel, staff = town.parcel, town.firms.staff()
    layers = _layers(ground, town, lines, detailed)
    del town, detailed
    for level in list(layers):
        write_layer(layers.pop(level), draft / "layers", level)
    areas = ring_areas(parcel["ring"])
    errors += write_papers(draft, specs, parcel, staff, areas, _districts(ground), planted=planted)
    write_projects(draft, parcel, errors)
    write_raw(draft, parcel, "stonebridge")
    if planted:
        errors.sort(key=lambda row: (row["rule"], row["level"], row["feature"]))
        write_csv(draft / "planted.csv", COLUMNS, errors)


def _give_back() -> None:
    """Give the system what was freed: allocators keep it, and it is as much as what is in use."""
    pa.default_memory_pool().release_unused()
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _outlines(ground: Ground) -> Outlines:
    drawn = {
        name: {p.spec.key: p.to_plane(p.outline[name]) for p in ground.parks}
        for name in ("park", "master_plan", "urban_boundary")
    }
    return Outlines(
        park=dict(drawn["park"]),
        boundary=dict(drawn["park"]),
        master_plan={key: [ring] for key, ring in drawn["master_plan"].items()},
        urban_boundary={key: [ring] for key, ring in drawn["urban_boundary"].items()},
    )


def _detailed_plan(town: Settlement) -> DataFrame:
    """Planned uses: a block as a whole where one use is planned for it, else its parcels."""
    ground, use = town.ground, town.planned
    block = ground.parcel_block
    codes, kind = np.unique(use.astype(str), return_inverse=True)
    first = np.searchsorted(block, np.arange(len(ground.block_park)))
    alike = np.minimum.reduceat(kind, first) == np.maximum.reduceat(kind, first)
    names = pa.array(town.block["id"], pa.large_string())
    whole = np.flatnonzero(alike)
    whole = whole[pc.array_sort_indices(names.take(pa.array(whole))).to_numpy()]
    rest = np.flatnonzero(~alike[block])
    plots = joined(
        names.take(pa.array(block[rest])), "-", numbered(ground.parcel_place[rest] + 1, 2)
    )
    ids = pa.concat_arrays([names.take(pa.array(whole)), plots])
    rings = [*(ground.block_ring[i] for i in whole.tolist()), *ground.parcel_ring[rest]]
    return DataFrame(
        {
            "id": joined("dp_", ids),
            "zh": joined("示例控规地块 ", ids),
            "en": joined("Sample planned plot ", ids),
            "land_use": codes[kind[np.concatenate([first[whole], rest])]],
            "land_use_system": "yonghai_2023",
            "ring": pd.Series(rings, dtype=object),
        }
    )


def _layers(
    ground: Ground, town: Settlement, lines: Outlines, detailed: DataFrame
) -> dict[str, Source]:
    specs = {p.spec.key: p.spec for p in ground.parks}
    keys = list(specs)
    out: dict[str, Source] = {
        "building": town.houses,
        "enterprise": town.firms,
        "detailed_plan": Drawn(detailed),
        "block": Drawn(town.block),
        "parcel": Drawn(town.parcel.drop(columns=["kind", "base"])),
    }

    def layer(level: str, rows: list[dict[str, Any]], outline: str = "ring") -> None:
        out[level] = Drawn(DataFrame(rows), outline)

    layer("boundary", [
        {"id": f"boundary_{k}", "zh": f"{specs[k].zh}批准范围", "en": f"{specs[k].en}, approved",
         "precision": "synthetic", "ring": lines.boundary[k]} for k in keys
    ])  # fmt: skip
    layer("group", [
        {"id": g, "zh": zh, "en": en, "precision": "synthetic",
         "ring": tuple(lines.boundary[k] for k in keys if specs[k].group == g)}
        for g, (zh, en, _) in GROUPS.items()
    ])  # fmt: skip
    layer("park", [
        {"id": k, "zh": specs[k].zh, "en": specs[k].en, "group": specs[k].group,
         "parent": specs[k].group, "precision": "synthetic",
         "stated_area_m2": lines.stated_area_m2[k], "ring": lines.park[k]} for k in keys
    ])  # fmt: skip
    for level, zh, en in (
        ("master_plan", "允许建设区", "area allotted to construction"),
        ("urban_boundary", "城镇开发边界", "urban development boundary"),
    ):
        drawn = getattr(lines, level)
        layer(level, [
            {"id": f"{level}_{k}", "zh": f"{specs[k].zh}{zh}", "en": f"{specs[k].en}, {en}",
             "ring": drawn[k]} for k in keys
        ])  # fmt: skip
    protected, river = _countryside(lines)
    layer("protection", [
        {"id": f"protection_{n:02d}", "zh": f"示例{grade}级保护区{n}",
         "en": f"Sample protected area {n}, grade {grade}", "grade": grade, "ring": ring}
        for n, (grade, ring) in enumerate(protected, 1)
    ])  # fmt: skip
    prohibited = [*lines.prohibited, river]
    layer("prohibited", [
        {"id": f"prohibited_{n:02d}", "zh": f"示例禁止建设线{n}", "en": f"Sample prohibited line {n}",
         "ring": ring} for n, ring in enumerate(prohibited, 1)
    ])  # fmt: skip
    _background(ground, lines, layer)
    return out


def _extent(lines: Outlines) -> tuple[Points, Points]:
    everything = np.concatenate([rings[0] for rings in lines.urban_boundary.values()])
    return everything.min(0), everything.max(0)


def _countryside(lines: Outlines) -> tuple[list[tuple[str, Points]], Points]:
    """A river east of every park, with its banks: protected in two grades."""
    low, high = _extent(lines)
    y = np.linspace(low[1] - 300, high[1] + 300, 40)
    x = high[0] + 260 + 70 * np.sin(y / 420) + 25 * np.sin(y / 170)

    def band(a: float, b: float) -> Points:
        left, right = np.stack([x + a, y], -1), np.stack([x + b, y], -1)
        return np.concatenate([left, right[::-1]])

    return [*lines.protection, ("1", band(20, 110)), ("2", band(110, 240))], band(45, 85)


def _divide(ground: Ground) -> float:
    """Where a line from south to north cuts fewest parks, as far as possible in the middle."""
    spans = [p.to_plane(p.outline["park"])[:, 0] for p in ground.parks]
    low, high = min(s.min() for s in spans), max(s.max() for s in spans)
    tried = np.linspace(0.75 * low + 0.25 * high, 0.25 * low + 0.75 * high, 201)
    room = [
        min(max(s.min() - x, x - s.max()) for s in spans) - abs(x - (low + high) / 2) / 1e6
        for x in tried
    ]
    return float(tried[int(np.argmax(room))])


def _districts(ground: Ground) -> dict[str, str]:
    middle = _divide(ground)
    return {
        p.spec.key: "west" if p.to_plane(np.zeros(2))[0] < middle else "east" for p in ground.parks
    }


def _background(ground: Ground, lines: Outlines, layer: Any) -> None:
    low, high = _extent(lines)
    west, east = low[0] - 400, high[0] + 700
    south, north = low[1] - 400, high[1] + 400
    y = np.linspace(south, north, 24)
    line = np.stack([_divide(ground) + 25 * np.sin(y / 500), y], -1)
    rings = {
        "west": np.concatenate([[[west, south]], line, [[west, north]]]),
        "east": np.concatenate([line, [[east, north], [east, south]]]),
    }
    layer("district", [
        {"id": k, "zh": zh, "en": en, "ring": rings[k]} for k, (zh, en) in DISTRICTS.items()
    ])  # fmt: skip
    hearts = np.array([p.to_plane(np.zeros(2)) for p in ground.parks])
    t = np.linspace(0, 1, 12)[:, None]
    layer("axis", [
        {"id": "sample_axis", "zh": "示例创新轴", "en": "Sample innovation axis", "parent": "core",
         "precision": "synthetic", "line": hearts[1] * (1 - t) + hearts[0] * t}
    ], "line")  # fmt: skip
    layer("road", streets(ground), "line")
    layer("transit", [
        {"id": f"station_{n:02d}", "zh": f"示例站{n}", "en": f"Sample Station {n}",
         "point": h + np.array([60.0, -40.0])} for n, h in enumerate(hearts[:4], 1)
    ], "point")  # fmt: skip
    kinds = ("school", "hospital", "culture")
    layer("service", [
        {"id": f"service_{n:02d}", "zh": f"示例服务设施{n}", "en": f"Sample service {n}",
         "kind": kinds[n % 3], "point": h + 90.0 * np.array([np.cos(n), np.sin(n)])}
        for n, h in enumerate(np.repeat(hearts, 2, axis=0), 1)
    ], "point")  # fmt: skip


def plant(town: Settlement, lines: Outlines) -> list[dict[str, Any]]:
    """Plant the errors in `town` and `lines`, and return the list of them."""
    p = Planter(town, lines)
    for sow in (*LAND, *LINES, areas, houses):
        sow(p)
    for sow in PAPERS:
        sow(p)
    p.settle_tables()
    return p.rows

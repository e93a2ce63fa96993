"""Cleaning the outlines of a zone's parcels (界址整理): shown first, then written, then taken back.

:func:`zgcgis.geo.make_mosaic` makes neighbours fit one another. Here it is done to a layer of a
zone, and every outline that moves and every area before and after is recorded. A written fix
keeps the layer as it was beside its record, under ``fixes`` in the zone; :func:`undo_fix` puts it
back byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame, GeoSeries

from .. import __version__, geo
from ..checks.topology import limits_of
from ..io import open_zone, zone_folder
from ..io.history import FIX, keep, locked, take_back
from ..io.layers import store_layer, stored_record
from ..io.spreadsheets import write_csv
from ..io.stored import read_stored_layer
from ..io.stored.outside import refuse_links
from ..io.stored.sound import read_sound_layer
from ..io.zones import layer_files
from ..language.errors import MissingColumnsError, UnknownNameError, ZoneError
from ..language.terms import heading
from ..model import LEVELS, Zone, there_in

__all__ = ["FIXED_LEVELS", "Fix", "fix", "undo_fix", "write_outlines"]

FIXED_LEVELS = ("parcel", "land_patch", "block", "park")
_SCHEMA = "zgcgis.fix/1"
Papers: TypeAlias = "Callable[[Fix, Path], object]"


@dataclass
class Fix:
    """What cleaning a layer does.

    Attributes
    ----------
    level, tolerance_m
        The layer, and how far a corner may move.
    outlines
        The outlines that change: ``id block points moved_m before_m2 after_m2 change_m2``; with
        a control area all outlines, and ``adjusted_m2``.
    blocks
        By block: ``block parcels changed before_m2 after_m2 change_m2``, and ``control_m2
        closure_m2`` with a control area.
    features, earlier
        How many outlines there are in the latest year, and how many of other years are left.
    uneven
        How many outlines do not fit their neighbours, before and after.
    spikes
        How many needles were taken off.
    left
        The ids of outlines that could not be cleaned within the tolerance.
    layer
        The layer as it becomes.
    folder
        Where the record stands, once it is written.
    """

    level: str
    tolerance_m: float
    outlines: pd.DataFrame
    blocks: pd.DataFrame
    features: int
    earlier: int
    uneven: tuple[int, int]
    spikes: int
    left: list[str]
    layer: GeoDataFrame = field(repr=False)
    folder: Path | None = None


def fix(
    zone: str | Path,
    *,
    level: str = "parcel",
    tolerance_m: float | None = None,
    control: float | str | None = None,
    write: bool = False,
    papers: Papers | None = None,
) -> Fix:
    """Make the outlines of a layer fit one another, within the tolerance of a boundary point.

    Parameters
    ----------
    zone
        The zone's folder.
    level
        ``"parcel"``, ``"land_patch"``, ``"block"`` or ``"park"``.
    tolerance_m
        How far a corner may move, and how wide an overlap or gap may be to be closed; by default
        ``tolerance_m`` of ``[checks]``.
    control
        A control area (控制面积) over which the areas are adjusted in proportion (平差): square
        metres for the whole layer, or ``"block"`` for the stated area of each block.
    write
        Write the layer and the record (``fix.csv``); otherwise nothing is written.
    papers
        What writes more into the folder of the record, such as
        :func:`zgcgis.report.write_fix_book`.

    Returns
    -------
    fix
        What changes, or changed.

    Raises
    ------
    ZoneError, UnknownNameError, MissingColumnsError
        If there is no such layer, or no control area.
    """
    folder = zone_folder(zone)
    if level not in FIXED_LEVELS:
        raise UnknownNameError(level, FIXED_LEVELS, what="level to fix", zh="可整理的图层级别")
    if not write:
        return _fix(folder, level, tolerance_m, control)
    refuse_links(folder)
    with locked(folder):
        done = _fix(folder, level, tolerance_m, control)
        if len(done.outlines) and (done.outlines["points"] > 0).any():
            done.folder = _write(folder, done, papers)
    return done


def _layer_file(folder: Path, level: str) -> Path:
    """Return the file of the level's layer; a zone without one is told how to bring it in."""
    path = layer_files(folder / "layers").get(level)
    if path is None:
        named = LEVELS[level]
        raise ZoneError(
            f"{folder} 没有{named.zh}图层（{level}）。请先用 zgcgis import 导入。",
            f"{folder} has no {level} layer. Bring it in with zgcgis import first.",
        )
    return path


def _fix(folder: Path, level: str, tolerance_m: float | None, control: float | str | None) -> Fix:
    zone = open_zone(folder)
    path = _layer_file(folder, level)
    stored, (sound, _) = read_stored_layer(path, level), read_sound_layer(path, level)
    polygons = sound.geometry.notna() & sound.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    years = zone.meta.get("years")
    now = there_in(sound, int(max(years)) if years else 9999)
    rows = np.flatnonzero(polygons & now)
    if not len(rows):
        raise ZoneError(
            f"{path} 没有一个现存的面可以整理（共 {len(sound):,} 个要素）。请用 zgcgis check 查看原因。",
            f"{path} has no polygon of today to fit ({len(sound):,} features in all). "
            "See zgcgis check for why.",
        )
    lonlat = sound.geometry.iloc[rows]
    flat = geo.to_plane(lonlat, zone.center)
    was = np.asarray(flat.array, object)
    limits = limits_of(zone)
    tolerance = limits.tolerance_m if tolerance_m is None else float(tolerance_m)
    blocks = _blocks(sound.iloc[rows])
    made = geo.make_mosaic(
        was,
        tolerance_m=tolerance,
        overlap_m2=limits.overlap_m2,
        gap_m2=limits.gap_m2,
        blocks=blocks,
    )
    ids = sound["id"].iloc[rows].astype("object").to_numpy()
    shapes = np.asarray(stored.geometry.array, object).copy()
    shapes[rows[made.changed]] = _to_lonlat(made, lonlat, flat)
    outlines = pd.DataFrame(
        {
            "id": ids,
            "block": _names(blocks, made.ground),
            "points": made.points,
            "moved_m": made.moved_m,
            "before_m2": geo.area_m2(flat).to_numpy(),
            "after_m2": geo.area_m2(GeoSeries(made.shapes, crs=flat.crs)).to_numpy(),
        }
    )
    outlines["change_m2"] = outlines["after_m2"] - outlines["before_m2"]
    told = _by_block(outlines, made.changed)
    if control is not None:
        outlines, told = _adjusted(outlines, told, _controls(zone, level, control), zone)
    return Fix(
        level=level,
        tolerance_m=tolerance,
        outlines=outlines if control is not None else outlines[made.changed].reset_index(drop=True),
        blocks=told,
        features=len(rows),
        earlier=int((polygons & ~now).sum()),
        uneven=(_uneven(was), _uneven(made.shapes)),
        spikes=made.spikes,
        left=[str(one) for one in ids[made.left]],
        layer=stored.set_geometry(GeoSeries(shapes, index=stored.index, crs=stored.crs)),
    )


def _uneven(shapes: Any) -> int:
    """How many polygons have edges that do not fit those of their neighbours."""
    edges = shapely.coverage_invalid_edges(shapes)
    return int((~(shapely.is_missing(edges) | shapely.is_empty(edges))).sum())


def _to_lonlat(made: geo.Mosaic, lonlat: GeoSeries, flat: GeoSeries) -> Any:
    """Return the changed polygons in degrees; a corner that did not move has the degrees it had."""
    changed = made.shapes[made.changed]
    new = np.ascontiguousarray(shapely.get_coordinates(changed)).view(np.complex128).ravel()
    places, number = np.unique(new, return_inverse=True)
    points = GeoSeries(shapely.points(places.real, places.imag), crs=flat.crs)
    degrees = shapely.get_coordinates(np.asarray(geo.to_lonlat(points).array, object))
    known = np.ascontiguousarray(shapely.get_coordinates(np.asarray(flat.array, object)))
    had, first = np.unique(known.view(np.complex128).ravel(), return_index=True)
    at = np.minimum(np.searchsorted(had, places), len(had) - 1)
    same = had[at] == places
    given = shapely.get_coordinates(np.asarray(lonlat.array, object))
    degrees[same] = given[first[at[same]]]
    return shapely.set_coordinates(changed.copy(), degrees[number])


# --- blocks and control areas --------------------------------------------------------------------


def _blocks(layer: GeoDataFrame) -> Any:
    """The block of each outline as it is stated; None where it is not."""
    if "block_id" not in layer:
        return np.full(len(layer), None, object)
    stated = layer["block_id"].astype("object")
    return stated.where(stated.notna(), None).to_numpy()


def _names(blocks: Any, ground: Any) -> list[str]:
    """The block of each outline, else the number of the connected ground it lies in."""
    return [name or f"#{number + 1}" for name, number in zip(blocks, ground, strict=True)]


def _by_block(outlines: pd.DataFrame, changed: Any) -> pd.DataFrame:
    groups = outlines.assign(changed=changed, parcels=1).groupby("block", sort=False)
    sums = groups[["parcels", "changed", "before_m2", "after_m2", "change_m2"]].sum()
    return sums.reset_index()


def _controls(zone: Zone, level: str, control: float | str) -> dict[str, float] | float:
    """The control area of the whole layer, or of each block by its name."""
    if control != "block":
        return float(control)
    table = zone.layers.get("block")
    if level != "parcel" or table is None or "stated_area_m2" not in table:
        raise MissingColumnsError(
            {"block.stated_area_m2"}, [] if table is None else table.columns, where=str(zone.folder)
        )
    stated = table.dropna(subset=["stated_area_m2"])
    return dict(zip(stated["id"].astype(str), stated["stated_area_m2"].astype(float), strict=True))


def _adjusted(
    outlines: pd.DataFrame, blocks: pd.DataFrame, control: dict[str, float] | float, zone: Zone
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Spread what is between the sum of areas and the control over them, in proportion.

    Where that is more than registered areas may differ it is not spread: land is missing or is
    there twice.
    """
    if isinstance(control, dict):
        wanted = blocks["block"].map(control)
    else:
        wanted = blocks["after_m2"] * (control / blocks["after_m2"].sum())
    share = limits_of(zone).area_share
    blocks = blocks.assign(control_m2=wanted, closure_m2=wanted - blocks["after_m2"])
    near = blocks["closure_m2"].abs() <= share * wanted
    adjusted = pd.Series(np.nan, index=outlines.index)
    whole = pd.Series("", index=outlines.index) if not isinstance(control, dict) else None
    ways = [(blocks["block"].iloc[k], float(wanted.iloc[k])) for k in np.flatnonzero(near)]
    if whole is not None:
        ways = [("", float(control))] if near.all() else []  # type: ignore[arg-type]
    for name, total in ways:
        rows = outlines.index[(outlines["block"] if whole is None else whole) == name]
        adjusted[rows] = geo.apportion(outlines.loc[rows, "after_m2"].to_numpy(), total)
    return outlines.assign(adjusted_m2=adjusted), blocks


# --- the record ----------------------------------------------------------------------------------


def write_outlines(done: Fix, folder: Path, *, lang: str = "zh") -> Path:
    """Write ``fix.csv``, a row for every outline."""
    heads = [heading(str(name), lang) for name in done.outlines.columns]
    rows = done.outlines.round(4).itertuples(index=False, name=None)
    return write_csv(folder / "fix.csv", [heads, *rows])


def _write(folder: Path, done: Fix, papers: Papers | None) -> Path:
    """Write the layer, and beside its record what it was; both are put in place at the end."""
    path = layer_files(folder / "layers")[done.level]
    facts = {
        "file": path.name,
        "layer": done.level,
        "how": "fix",
        "options": {"tolerance_m": done.tolerance_m},
        "counts": {"in": len(done.layer), "changed": len(done.outlines)},
        "with": f"zgcgis {__version__}",
    }

    def fill(work: Path, record: Path) -> Path:
        new = work / f"{done.level}.parquet"
        store_layer(done.layer, new, done.level, [*(stored_record(path) or []), facts])
        write_outlines(done, record)
        if papers is not None:
            papers(done, record)
        return new

    return keep(folder, done.level, FIX, {"schema": _SCHEMA, **facts}, fill)


def undo_fix(zone: str | Path, *, level: str = "parcel") -> Path:
    """Put the layer of a zone back as it was before the last fix, byte for byte.

    Returns
    -------
    path
        The file of the layer.

    Raises
    ------
    ZoneError
        If nothing was fixed, or the layer was changed since.
    """
    return take_back(zone, level, FIX)

"""Containment (包含): whether what lies in another is inside it, and parcels fill it without overlap.

Also which park a parcel belongs to: the one it names, else the one it lies in. What leaves its
park with its block is the block's fault, and not also the parcel's.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame, Series

from .. import geo
from ..findings import combine, finding_frame, rule
from ..language.errors import EntangledError
from ..model import LEVELS, Zone
from ..plan.land_use import classify, text_of
from .topology import (
    _EXACT,
    _as_one_cause,
    _capped,
    _houses_overlapping,
    _ids,
    _is_duplicate,
    _is_exact,
    _is_real,
    _now,
    _outlines,
    _overlaps_of,
    _polygons,
    _position,
    _real_overlaps,
    _report,
    _width,
    limits_of,
)

__all__ = ["parks_of", "units_of"]

_MOST = 0.5  # of a parcel: with less in it, a park does not hold it


def parks_of(zone: Zone, parcels: GeoDataFrame) -> pd.DataFrame:
    """Return the park of each parcel and how it is known.

    Parameters
    ----------
    zone
        The zone whose parks are meant.
    parcels
        Parcels in the reference system of the zone.

    Returns
    -------
    parks
        On the index of `parcels`: ``park`` (its id, empty where it is not known) and ``basis``:
        ``"stated"`` where the parcel names a park or a block, ``"place"`` where more than half of
        it lies in the outline of one, else empty. Of parks inside parks it is the smallest.
    """
    if parcels is zone.layers.get("parcel"):
        return zone.once(_parks_of_all)
    return _parks_of(zone, parcels)


def _parks_of_all(zone: Zone) -> pd.DataFrame:
    return _parks_of(zone, zone.layers["parcel"])


def _parks_of(zone: Zone, parcels: GeoDataFrame) -> pd.DataFrame:
    stated = text_of(parcels, "park_id")
    named = (stated != "") | (text_of(parcels, "block_id") != "")
    park, placed = _by_place(zone, parcels, "park", stated, ~named)
    basis = np.where(named, "stated", np.where(placed, "place", ""))
    return pd.DataFrame({"park": park, "basis": Series(basis, index=parcels.index, dtype="object")})


def units_of(zone: Zone, parcels: GeoDataFrame, level: str) -> Series:
    """Return the park or block of each parcel: the one it names, else the one it lies in.

    Empty where neither is known.
    """
    if parcels is zone.layers.get("parcel"):
        return zone.once(_units_of_all, level)
    return _units_of(zone, parcels, level)


def _units_of_all(zone: Zone, level: str) -> Series:
    return _units_of(zone, zone.layers["parcel"], level)


def _units_of(zone: Zone, parcels: GeoDataFrame, level: str) -> Series:
    stated = text_of(parcels, f"{level}_id")
    return _by_place(zone, parcels, level, stated, stated == "")[0]


def _by_place(
    zone: Zone, parcels: GeoDataFrame, level: str, stated: Series, lost: Series
) -> tuple[Series, NDArray[np.bool_]]:
    """Fill in the unit of the parcels that are `lost`; which of them lie in one."""
    placed = np.zeros(len(parcels), bool)
    units = zone.layers.get(level)
    if units is None or not lost.any():
        return stated, placed
    outlines = units[units.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    rows = np.flatnonzero(lost & parcels.geometry.geom_type.isin(["Polygon", "MultiPolygon"]))
    shapes = parcels.geometry.iloc[rows]
    i, j, shared_m2 = geo.clipped_areas(outlines.geometry, shapes, center=zone.center)
    whole_m2 = geo.area_m2(shapes, center=zone.center).to_numpy()
    size_m2 = geo.area_m2(outlines.geometry, center=zone.center).to_numpy()
    held = pd.DataFrame({"unit": i, "row": j, "size_m2": size_m2[i]})[
        shared_m2 > _MOST * whole_m2[j]
    ]
    held = held.sort_values("size_m2", kind="stable").drop_duplicates("row")
    placed[rows[held["row"]]] = True
    found = stated.copy()
    found.iloc[rows[held["row"]]] = outlines["id"].to_numpy(object)[held["unit"]]
    return found, placed


@rule(
    "T104",
    "error",
    unit="m2",
    levels=("parcel",),
    zh="宗地 {feature} 有 {measured:.1f} m² 在批准范围（园区）之外（容差 {limit} m²；{detail}）",
    en="{measured:.1f} m2 of parcel {feature} lie outside the approved boundary or all parks "
    "(tolerance {limit} m2; {detail})",
)
def parcel_outside_the_boundary(zone: Zone) -> GeoDataFrame:
    """Parcels lie inside the approved boundary.

    Where none is drawn the parks are, and a parcel that names one of them is left to H203.
    """
    limit = limits_of(zone).outside_m2
    level = "boundary" if "boundary" in zone.layers else "park"
    bounds = _outlines(zone, level) if level in zone.layers else None
    if bounds is None or bounds.empty:
        return finding_frame([], rule="T104")
    found = zone.once(_outside_in, "parcel", level)
    found = found[_is_real(found, limit)]
    severity = np.full(len(found), "error", object)
    if "precision" in bounds and not bounds["precision"].isin(_EXACT).all():
        severity[:] = "warning"
    return _report(found, "T104", "parcel", limit=limit, severity=severity)


def _outside_in(zone: Zone, level: str, around: str) -> GeoDataFrame:
    """What of the features of a level lies outside all outlines of another; slivers too."""
    features, bounds = _polygons(zone, level), _outlines(zone, around)
    if around == "park":
        features = features[_position(text_of(features, "park_id"), bounds) < 0]
    return geo.outside(
        features,
        bounds,
        min_area_m2=limits_of(zone).outside_m2,
        tolerance_m=limits_of(zone).tolerance_m,
        center=zone.center,
    )


@rule(
    "T101",
    "error",
    unit="m2",
    levels=("parcel",),
    zh="宗地 {feature} 与 {other} 重叠 {measured:.1f} m²（容差 {limit} m²；{detail}）",
    en="parcels {feature} and {other} overlap by {measured:.1f} m2 (tolerance {limit} m2; {detail})",
)
def parcels_overlap(zone: Zone) -> GeoDataFrame:
    """No two parcels hold the same ground in the same year.

    What comes of one parcel that is out of its place is told once: of its overlaps the widest,
    with those that are far narrower, and the gap that it leaves behind.
    """
    found = _real_overlaps(zone, "parcel")
    found = found[~_is_duplicate(zone, found)].reset_index(drop=True)
    try:
        gaps, behind = _left_behind(zone, _real_gaps(zone))
    except EntangledError:  # T103 says so; the overlaps stand without it
        gaps, behind = found[:0], np.zeros(0, object)
    main = _widest_beside(found, 10 * limits_of(zone).tolerance_m)
    words = [_width(width) for width in found["width_m"]]
    for row in np.flatnonzero(main != found.index):
        pair = f"{found['a'][row]}—{found['b'][row]}"
        words[main[row]] += f"；另与 also {pair} {found['area_m2'][row]:.1f} m2"
    for gap, parcel in zip(gaps.index[behind != ""], behind[behind != ""], strict=True):
        held = (found["a"] == parcel) | (found["b"] == parcel)
        row = main[found["width_m"][held].idxmax()]
        words[row] += f"；{parcel} 另一侧空出 leaves a gap of {gaps['area_m2'][gap]:.1f} m2"
    kept = found.index == main
    found = found.assign(words=words)[kept]
    return _report(
        found,
        "T101",
        "parcel",
        limit=limits_of(zone).overlap_m2,
        detail=found["words"].tolist(),
    )


_FAR_WIDER = 5  # times
_AS_WIDE = 0.2  # of the width of an overlap: a gap that differs by less is as wide


def _widest_beside(found: GeoDataFrame, narrow_m: float) -> NDArray[np.intp]:
    """For each overlap the one it is told with: a far wider one of the same parcel, or itself."""
    width = found["width_m"].fillna(np.inf).to_numpy()
    ends = DataFrame(
        {
            "parcel": [*found["a"], *found["b"]],
            "row": np.tile(found.index, 2),
            "width": np.tile(width, 2),
        }
    )
    widest = ends.sort_values("width", kind="stable").drop_duplicates("parcel", keep="last")
    row_of = widest.set_index("parcel")["row"]
    main = np.arange(len(found))
    for row in np.argsort(-width, kind="stable"):  # the wide ones are settled first
        beside = max(row_of[found["a"][row]], row_of[found["b"][row]], key=lambda r: width[r])
        if width[row] < narrow_m and width[beside] >= _FAR_WIDER * width[row]:
            main[row] = main[beside]
    return main


def _real_gaps(zone: Zone) -> GeoDataFrame:
    found = zone.once(_gaps_in, "parcel", "block", "park", "detailed_plan")
    return found[_is_real(found, limits_of(zone).gap_m2)].reset_index(drop=True)


def _left_behind(zone: Zone, gaps: GeoDataFrame) -> tuple[GeoDataFrame, NDArray[np.object_]]:
    """Return gaps, and of each the parcel that left it: one that overlaps another by as much."""
    overlaps = _real_overlaps(zone, "parcel")
    overlaps = overlaps[~_is_duplicate(zone, overlaps)]
    behind = np.full(len(gaps), "", object)
    parcels = _polygons(zone, "parcel")
    width = pd.concat([overlaps.set_index(end)["width_m"] for end in ("a", "b")])
    width = width.groupby(level=0).max()
    parcels = parcels[parcels["id"].isin(width.index)]
    i, j, _ = geo.pairs_within_m(
        gaps.geometry, parcels.geometry, limits_of(zone).tolerance_m, center=zone.center
    )
    of = _ids(parcels)[j]
    wide = width.reindex(of).to_numpy(float)
    same = np.abs(gaps["width_m"].to_numpy(float)[i] - wide) < _AS_WIDE * wide
    behind[i[same]] = of[same]
    return gaps, behind


@rule(
    "T103",
    "error",
    unit="m2",
    levels=("parcel",),
    zh="{feature} 内有 {measured:.1f} m² 不属于任何宗地（容差 {limit} m²；{detail}）",
    en="{measured:.1f} m2 inside {feature} belong to no parcel (tolerance {limit} m2; {detail})",
)
def parcels_leave_gaps(zone: Zone) -> GeoDataFrame:
    """Parcels tile their blocks; without blocks no ground among them is no parcel's.

    Only the latest year is looked at, and only blocks that hold parcels. Without blocks, ground
    that is open to the outside is told from streets by its width and shape (a warning), and what
    the detailed plan gives to traffic, water and green is no gap. A gap as wide as the overlap of
    a parcel beside it is told with that (T101).
    """
    limit = limits_of(zone).gap_m2
    found, behind = _left_behind(zone, _real_gaps(zone))
    found = found[behind == ""]
    severity = found["severity"].to_numpy()
    return _report(found, "T103", found["level"].to_numpy(), limit=limit, severity=severity)


_NO_PARCEL = ("transport", "street", "rural_road", "water", "green", "wetland", "sea")


def _gaps_in(zone: Zone, *levels: str) -> GeoDataFrame:
    """Ground that is no parcel's, in the latest year, with the unit it lies in; slivers too."""
    least, tolerance = limits_of(zone).gap_m2, limits_of(zone).tolerance_m
    parcel_level, block_level, *_ = levels
    parcels = _now(zone, _polygons(zone, parcel_level))
    if not zone.count(block_level):
        return _gaps_among(zone, parcels)
    blocks = _now(zone, _outlines(zone, block_level))
    blocks = blocks[blocks["id"].isin(set(units_of(zone, parcels, block_level)))]
    found = geo.gaps(parcels, blocks, min_area_m2=least, tolerance_m=tolerance, center=zone.center)
    return found.assign(level="block", severity=_capped("error", (blocks, found["a"])))


def _gaps_among(zone: Zone, parcels: GeoDataFrame) -> GeoDataFrame:
    """Ground that parcels enclose, and ground open to the outside that is no street."""
    limits = limits_of(zone)
    center = geo.center_of(parcels) if zone.center is None else zone.center
    whole = geo.united(parcels, center=center)
    enclosed = geo.holes(
        parcels,
        min_area_m2=limits.gap_m2,
        tolerance_m=limits.tolerance_m,
        whole=whole,
        center=center,
    )
    plots = None
    if zone.count("detailed_plan"):
        plots = _now(zone, _polygons(zone, "detailed_plan"))
        own = text_of(plots, "land_use_system")
        systems = own.where(own != "", str(zone.meta.get("land_use_system", "")))
        plots = plots[classify(text_of(plots, "land_use"), systems)["class"].isin(_NO_PARCEL)]
    parks = _now(zone, _outlines(zone, "park")) if zone.count("park") else None
    opened = geo.notches(
        parcels,
        street_m=limits.street_m,
        notch_m=limits.notch_m,
        within=parks,
        without=plots,
        whole=whole,
        center=center,
    )
    found = pd.concat([enclosed.assign(severity="error"), opened.assign(severity="warning")])
    found = GeoDataFrame(found, crs=parcels.crs).reset_index(drop=True)
    found.insert(0, "a", zone.id)
    return found.assign(level="zone")


_UNITS = ("block", "park")


@rule(
    "T115",
    "note",
    unit="1",
    levels=("parcel",),
    zh="{level} {feature} 内有 {measured:.0f} 处细缝，宽不足 {limit:.2f} m，属测量误差：{detail}",
    en="{level} {feature} has {measured:.0f} slivers of survey noise, "
    "less than {limit:.2f} m wide: {detail}",
)
def slivers_of_survey(zone: Zone) -> GeoDataFrame:
    """Overlaps, gaps and ground outside that are no wider than the tolerance, a row a block.

    Without blocks the row is that of the park, or of the zone.
    """
    limits = limits_of(zone)
    found = [
        (_overlaps_of(zone, "parcel"), limits.overlap_m2, "重叠 overlaps"),
        (
            zone.once(_gaps_in, "parcel", "block", "park", "detailed_plan"),
            limits.gap_m2,
            "空隙 gaps",
        ),
    ]
    if "building" in zone.layers:
        places = zone.once(_houses_overlapping, "building")
        found.append((places, limits.overlap_m2, "建筑重叠 overlaps of buildings"))
    for parent in _UNITS:
        if zone.count(parent):
            places = zone.once(_off_parent_in, "parcel", parent)
            found.append((places, limits.outside_m2, f"超出{LEVELS[parent].zh} off the {parent}"))
    parts = [
        places[~_is_real(places, least)][["area_m2", "length_m", "geometry"]].assign(kind=kind)
        for places, least, kind in found
    ]
    thin = GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs)
    if thin.empty:
        return finding_frame([], rule="T115")
    rows = []
    for (level, unit), those in thin.groupby(_unit_of(zone, thin)):
        kinds = "、".join(f"{kind} {n}" for kind, n in those["kind"].value_counts().items())
        largest = those["area_m2"].idxmax()
        rows.append(
            {
                "level": level,
                "feature": unit,
                "measured": float(len(those)),
                "limit": limits.tolerance_m,
                "detail": f"{kinds}；总长 total length {those['length_m'].sum():.0f} m，"
                f"最大 largest {those['area_m2'].max():.1f} m2",
                "geometry": those.geometry[largest],
            }
        )
    return finding_frame(rows, rule="T115", crs=thin.crs)


def _unit_of(zone: Zone, places: GeoDataFrame) -> list[Series]:
    """Level and id of the block or park in which the most of each place lies, else the zone."""
    level = Series("zone", index=places.index, dtype="object")
    unit = Series(zone.id, index=places.index, dtype="object")
    for name in reversed(_UNITS):
        if not zone.count(name):
            continue
        outlines = _now(zone, _outlines(zone, name))
        i, j, size = geo.clipped_areas(outlines.geometry, places.geometry, center=zone.center)
        most = DataFrame({"i": i, "j": j, "size": size}).sort_values("size", kind="stable")
        most = most.drop_duplicates("j", keep="last")
        level.iloc[most["j"]], unit.iloc[most["j"]] = name, _ids(outlines)[most["i"]]
    return [level, unit]


def _off_parent(zone: Zone, level: str, parent: str) -> GeoDataFrame:
    """Parts of features outside the feature they name, which is column ``b``; no slivers."""
    found = zone.once(_off_parent_in, level, parent)
    return found[_is_real(found, limits_of(zone).outside_m2)].reset_index(drop=True)


def _off_parent_in(zone: Zone, level: str, parent: str) -> GeoDataFrame:
    layer, parents = _polygons(zone, level), _outlines(zone, parent)
    named = text_of(layer, f"{parent}_id")
    limits = limits_of(zone)
    own = _position(named, parents)
    found = geo.outside_own(
        layer[["geometry"]],
        parents,
        own,
        min_area_m2=limits.outside_m2,
        min_share=limits.off_parcel_share if level == "building" else 0.0,
        tolerance_m=limits.tolerance_m,
        center=zone.center,
    )
    at = found["a"].to_numpy(np.intp)
    found["a"] = _ids(layer)[at]
    found.insert(1, "b", named.to_numpy(object)[at])
    exact = _is_exact(layer)[at] & _is_exact(parents)[own[at]]
    found["severity"] = np.where(exact, "error", "warning").astype(object)
    return found


def _kept_within(
    found: GeoDataFrame, outlines: GeoDataFrame, own: NDArray[np.intp], zone: Zone
) -> GeoDataFrame:
    """What of the places `found` lies outside the outline each of them has as its own."""
    limits = limits_of(zone)
    left = geo.outside_own(
        found[["geometry"]],
        outlines,
        own,
        min_area_m2=limits.outside_m2,
        tolerance_m=limits.tolerance_m,
        center=zone.center,
    )
    left = left[_is_real(left, limits.outside_m2)]
    alone = found[own < 0]
    cut = found.loc[left["a"].astype(int)].assign(area_m2=left["area_m2"].to_numpy())
    cut = cut.assign(width_m=left["width_m"].to_numpy()).set_geometry(left.geometry.array)
    return pd.concat([alone, cut.set_crs(found.crs, allow_override=True)])


def _off_report(zone: Zone, found: GeoDataFrame, code: str, level: str) -> GeoDataFrame:
    limit = limits_of(zone).outside_m2
    return _report(found, code, level, limit=limit, severity=found["severity"].to_numpy())


@rule(
    "H201",
    "error",
    unit="m2",
    levels=("block", "park"),
    needs=("block.park_id",),
    zh="街区 {feature} 有 {measured:.1f} m² 在其园区 {other} 之外（容差 {limit} m²；{detail}）",
    en="{measured:.1f} m2 of block {feature} lie outside its park {other} "
    "(tolerance {limit} m2; {detail})",
)
def block_outside_its_park(zone: Zone) -> GeoDataFrame:
    """A block lies in the park it names."""
    return _off_report(zone, _off_parent(zone, "block", "park"), "H201", "block")


@rule(
    "H202",
    "error",
    unit="m2",
    levels=("building", "parcel"),
    needs=("building.parcel_id",),
    zh="建筑物 {feature} 有 {measured:.1f} m² 在其宗地 {other} 之外（容差 {limit} m²；{detail}）",
    en="{measured:.1f} m2 of building {feature} lie off its parcel {other} "
    "(tolerance {limit} m2; {detail})",
)
def building_off_its_parcel(zone: Zone) -> GeoDataFrame:
    """A building stands on the parcel it names, but for five per cent of its footprint."""
    found = _off_parent(zone, "building", "parcel")
    told = _off_report(zone, found, "H202", "building")
    return _as_one_cause(zone, found, told, "各自的宗地 their parcels")


@rule(
    "H203",
    "error",
    unit="m2",
    levels=("parcel",),
    needs=("~parcel.block_id", "~parcel.park_id"),
    zh="宗地 {feature} 有 {measured:.1f} m² 在其所属 {other} 之外（容差 {limit} m²；{detail}）",
    en="{measured:.1f} m2 of parcel {feature} lie outside {other}, to which it belongs "
    "(tolerance {limit} m2; {detail})",
)
def parcel_outside_its_unit(zone: Zone) -> GeoDataFrame:
    """A parcel lies in the block and the park it names.

    Where its block too leaves the park, the block is accused (H201) and not each parcel; where
    the parcel leaves both, it is the park that `other` names.
    """
    parcels = _polygons(zone, "parcel")
    blocks = _outlines(zone, "block") if "block" in zone.layers else None
    parks = _outlines(zone, "park") if "park" in zone.layers else None
    found = []
    place = Series(np.arange(len(parcels)), index=_ids(parcels)).groupby(level=0).first()

    def block_of(places: GeoDataFrame, outlines: GeoDataFrame) -> NDArray[np.intp]:
        those = parcels.iloc[place[places["a"]].to_numpy()]
        return _position(units_of(zone, those, "block"), outlines)

    off_park = None
    if parks is not None:
        off_park = _off_parent(zone, "parcel", "park")
        if blocks is not None and len(off_park):
            in_block = block_of(off_park, blocks)
            off_park = _kept_within(off_park, blocks, in_block, zone)
        found.append(_off_report(zone, off_park, "H203", "parcel"))
    if blocks is not None:
        off_block = _off_parent(zone, "parcel", "block")
        if off_park is not None:
            off_block = off_block[~off_block["a"].isin(set(off_park["a"]))]
        found.append(_off_report(zone, off_block, "H203", "parcel"))
    return combine(found)


_PARENTS = (
    ("block", "park"),
    ("parcel", "park"),
    ("parcel", "block"),
    ("building", "parcel"),
    ("enterprise", "parcel"),
    ("enterprise", "park"),
)


@rule(
    "H205",
    "error",
    needs=(
        "~block.park_id",
        "~parcel.block_id",
        "~parcel.park_id",
        "~building.parcel_id",
        "~enterprise.parcel_id",
        "~enterprise.park_id",
    ),
    cause=("detail",),
    zh="{level} {feature} 所属的 {detail} {other} 不存在",
    en="{level} {feature} names a {detail} that is not there: {other}",
)
def parent_is_not_there(zone: Zone) -> GeoDataFrame:
    """What a feature says it belongs to exists, if there is a layer of it."""
    rows = []
    for level, parent in _PARENTS:
        if level not in zone.layers or not zone.count(parent):
            continue
        layer = zone.table(level, ["id", f"{parent}_id"])
        if f"{parent}_id" not in layer:
            continue
        known = set(zone.table(parent, ["id"])["id"]) | (
            set(zone.units.index) if parent in ("park", "block") else set()
        )
        named = text_of(layer, f"{parent}_id")
        nowhere = [name for name in named.unique() if name and name not in known]
        lost = named.isin(nowhere).to_numpy(copy=True)
        if level == "enterprise":
            lost[lost] = ~layer["id"][lost].duplicated()
        found = zone.rows(level, lost, ["id"])
        rows.append(
            DataFrame(
                {
                    "level": level,
                    "feature": _ids(found),
                    "other": named.to_numpy()[lost],
                    "detail": parent,
                    "geometry": np.asarray(found.geometry.array),
                }
            )
        )
    if not any(len(part) for part in rows):
        return finding_frame([], rule="H205")
    return finding_frame(pd.concat(rows, ignore_index=True), rule="H205", crs=found.crs)

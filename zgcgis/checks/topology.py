"""Topology (拓扑): whether the polygons make a sound mosaic.

Ground is accused once, by the rule that says most: what is held twice is a duplicate and not
also an overlap; what many features hold together is one pile.

Noise of survey is no fault: ground counts as overlap, gap or outside where what of it is wider
than the tolerance of a boundary point is more than the limit of area. The rest are slivers,
which T115 sums.

Features are compared only with those of the same years. Limits are our own screening values,
not a standard's; ``[checks]`` in ``zone.toml`` replaces them one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import DataFrame, Series

from .. import geo
from ..findings import (
    MOST_SINGLE,
    SEVERITIES,
    as_one_cause,
    combine,
    finding_frame,
    many,
    rule,
)
from ..language.errors import UnknownNameError
from ..model import Zone, there_in
from ..plan.land_use import text_of

__all__ = ["Limits", "limits_of"]

_EXACT = ("surveyed", "synthetic")  # an outline as good as it is drawn
_DRAWN = ("surveyed", "synthetic", "digitised", "sketch")  # the others only mark a place


@dataclass(frozen=True, slots=True)
class Limits:
    """What is small enough to be left alone, in the units of the names."""

    tolerance_m: float = 0.10
    overlap_m2: float = 1.0
    gap_m2: float = 1.0
    outside_m2: float = 1.0
    duplicate_share: float = 0.9999
    sliver_width_m: float = 3.0
    sharp_angle_deg: float = 10.0
    min_parcel_m2: float = 100.0
    area_share: float = 0.001
    off_parcel_share: float = 0.05
    street_m: float | None = None
    notch_m: float | None = None


def limits_of(zone: Zone) -> Limits:
    """Return the limits a zone is checked with: the defaults and what ``[checks]`` replaces.

    Raises
    ------
    UnknownNameError
        If ``[checks]`` names a limit that does not exist.
    """
    stated = zone.meta.get("checks", {})
    known = {f.name for f in fields(Limits)}
    if unknown := set(stated) - known:
        raise UnknownNameError(unknown, known, what="limit in [checks]", zh="检查限值")
    return Limits(**{name: float(value) for name, value in stated.items()})


# --- reading a layer ---------------------------------------------------------------------


def _ids(layer: GeoDataFrame) -> NDArray[np.object_]:
    return np.asarray(layer["id"].astype("object"))


def _have_area(layer: GeoDataFrame) -> Series:
    shapes = layer.geometry
    return shapes.geom_type.isin(["Polygon", "MultiPolygon"]) & ~shapes.is_empty


def _polygon_rows(zone: Zone, level: str) -> NDArray[np.intp]:
    """Positions in the layer of the features that have an area."""
    return np.flatnonzero(_have_area(zone.layers[level]))


def _polygons(zone: Zone, level: str) -> GeoDataFrame:
    """The features of a level that have an area, numbered from 0."""
    layer = zone.layers[level]
    kept = _have_area(layer)
    if kept.all() and layer.index.equals(pd.RangeIndex(len(layer))):
        return layer
    return layer[kept].reset_index(drop=True)


def _outlines(zone: Zone, level: str) -> GeoDataFrame:
    """The outlines of a level that are drawn, not only marks of a place."""
    layer = _polygons(zone, level)
    if "precision" not in layer:
        return layer
    drawn = layer["precision"].isin(_DRAWN) | layer["precision"].isna()
    return layer[drawn].reset_index(drop=True)


def _now(zone: Zone, layer: GeoDataFrame) -> GeoDataFrame:
    """The features there in the latest year of the zone, numbered from 0."""
    years = zone.meta.get("years")
    year = int(max(years)) if years else 9999
    return layer[there_in(layer, year)].reset_index(drop=True)


def _life(layer: DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    since, until = (
        pd.to_numeric(layer[name]).to_numpy(float, na_value=np.nan)
        if name in layer
        else np.full(len(layer), np.nan)
        for name in ("since", "until")
    )
    return np.where(np.isnan(since), -np.inf, since), np.where(np.isnan(until), np.inf, until)


def _together(layer: DataFrame) -> Callable[[Any, Any], NDArray[np.bool_]]:
    """Tell of pairs of positions whether both features are there in some year."""
    since, until = _life(layer)

    def both(i: Any, j: Any) -> NDArray[np.bool_]:
        there: NDArray[np.bool_] = np.maximum(since[i], since[j]) < np.minimum(until[i], until[j])
        return there

    return both


def _position(names: Series, layer: GeoDataFrame) -> NDArray[np.intp]:
    """Position in `layer` of the feature of each name, or -1."""
    place = Series(np.arange(len(layer)), index=_ids(layer))
    place = place[~place.index.duplicated()]
    return np.asarray(place.reindex(names.to_numpy()).fillna(-1), np.intp)


def _is_exact(layer: GeoDataFrame) -> NDArray[np.bool_]:
    """Which outlines are as good as they are drawn, so that what is off is off."""
    if "precision" not in layer:
        return np.ones(len(layer), bool)
    exact: NDArray[np.bool_] = layer["precision"].isin(_EXACT).to_numpy(bool)
    return exact


def _capped(severity: str, *layers: tuple[GeoDataFrame, Any]) -> NDArray[np.object_]:
    """Severity of each finding: no error on the outline of something not surveyed."""
    if not layers:
        return np.array([], object)
    size = len(layers[0][1])
    exact = np.ones(size, bool)
    for layer, names in layers:
        if "precision" in layer and len(layer):
            of = dict(zip(_ids(layer), layer["precision"].isin(_EXACT), strict=True))
            exact &= np.array([bool(of.get(name, True)) for name in names], bool)
    capped = "warning" if severity == "error" else severity
    return np.where(exact, severity, capped).astype(object)


def _report(
    places: GeoDataFrame,
    code: str,
    level: str,
    *,
    measured: str = "area_m2",
    **columns: Any,
) -> GeoDataFrame:
    rows = {"level": level, "feature": places["a"].to_numpy()}
    if "b" in places:
        rows["other"] = places["b"].to_numpy()
    rows["measured"] = places[measured].to_numpy(float)
    if "width_m" in places and "detail" not in columns:
        rows["detail"] = [_width(w) for w in places["width_m"]]
    rows |= columns
    if "members" in places:
        told = zip(rows["detail"], places.itertuples(), strict=True)
        rows["detail"] = [words + _pile(place) for words, place in told]
    rows["geometry"] = np.asarray(places.geometry.array)
    return finding_frame(DataFrame(rows), rule=code, crs=places.crs)


def _width(width_m: float) -> str:
    return "width not measured" if np.isnan(width_m) else f"width {width_m:.2f} m"


def _pile(place: Any) -> str:
    """Say of a row of overlaps what pile it stands for, if it does."""
    if place.members == 2:
        return ""
    least = "≥ " if place.at_least else ""
    return (
        f"; {place.members} 个要素成堆重叠 lie in a pile here, {least}{place.pairs} 对 pairs, "
        f"共 in all {least}{place.total_m2:.1f} m2"
    )


def _as_one_cause(
    zone: Zone, places: GeoDataFrame, found: GeoDataFrame, other: str
) -> GeoDataFrame:
    """Tell in one finding, with its members, of many outlines that are off by a strip.

    Where few are, or a place is wider than a strip, each stays a finding of its own.
    """
    strip = (places["width_m"] < limits_of(zone).sliver_width_m).to_numpy()
    if strip.sum() <= MOST_SINGLE:
        return found
    one = found[strip].sort_values("measured", ascending=False, kind="stable")
    row = {
        "level": one["level"].iloc[0],
        "feature": many(one["feature"], len(one)),
        "other": other,
        "measured": one["measured"].sum(),
        "limit": one["limit"].iloc[0],
        "severity": min(one["severity"], key=SEVERITIES.index),
        "detail": f"最宽 widest {places['width_m'][strip].max():.2f} m，"
        f"最大 largest {one['measured'].iloc[0]:.1f} m2",
        "geometry": geo.together(one.geometry),
    }
    table = finding_frame([row], rule=str(one["rule"].iloc[0]), crs=one.crs)
    return combine([found[~strip], table])


# --- parcels among themselves ------------------------------------------------------------

Among: TypeAlias = Callable[[Any, Any], NDArray[np.bool_]]


def _overlaps(zone: Zone, layer: GeoDataFrame, among: Among | None = None) -> GeoDataFrame:
    return geo.overlaps(
        layer,
        min_area_m2=limits_of(zone).overlap_m2,
        tolerance_m=limits_of(zone).tolerance_m,
        among=_together(layer) if among is None else among,
        center=zone.center,
    )


def _is_real(places: GeoDataFrame, least_m2: float) -> Series:
    """Which places are a fault, and no sliver: by what of them is wider than the tolerance."""
    return places["wide_m2"] > least_m2


def _overlaps_of(zone: Zone, level: str) -> GeoDataFrame:
    """Overlaps among the features of a level that have an area and may not overlap at all.

    Slivers are among them.
    """
    return zone.once(_overlaps_in, level)


def _overlaps_in(zone: Zone, level: str) -> GeoDataFrame:
    if level not in ("park", "block"):
        return _overlaps(zone, _polygons(zone, level))
    layer = _outlines(zone, level)
    together = _together(layer)
    above = _position(text_of(layer, "parent"), layer)

    def among(i: Any, j: Any) -> NDArray[np.bool_]:
        apart: NDArray[np.bool_] = (above[i] != j) & (above[j] != i)
        return together(i, j) & apart

    return _overlaps(zone, layer, among)


def _real_overlaps(zone: Zone, level: str) -> GeoDataFrame:
    found = _overlaps_of(zone, level)
    return found[_is_real(found, limits_of(zone).overlap_m2)]


def _is_duplicate(zone: Zone, found: GeoDataFrame) -> Series:
    """Which overlaps are all of the larger feature, but for a rim no wider than the tolerance."""
    limits = limits_of(zone)
    rim = limits.tolerance_m * 2 * found["length_m"] / found["area_m2"]
    return found["share_larger"] >= limits.duplicate_share - np.minimum(rim, 0.1)


@rule(
    "T102",
    "error",
    unit="m2",
    zh="{level} {feature} 与 {other} 是同一图形，重复 {measured:.1f} m²",
    en="{level} {feature} and {other} are the same ground, held twice: {measured:.1f} m2",
)
def held_twice(zone: Zone) -> GeoDataFrame:
    """No parcel and no building is there twice in the same year."""
    found = []
    for level in ("parcel", "building"):
        if level in zone.layers:
            pairs = _real_overlaps(zone, level)
            pairs = pairs[_is_duplicate(zone, pairs)]
            found.append(_report(pairs, "T102", level, limit=limits_of(zone).overlap_m2))
    return combine(found)


@rule(
    "T105",
    "warning",
    unit="m",
    levels=("parcel",),
    zh="宗地 {feature} 是狭长碎片，平均宽仅 {measured:.2f} m（限值 {limit} m；{detail}）",
    en="parcel {feature} is a sliver of {measured:.2f} m mean width (limit {limit} m; {detail})",
)
def parcel_is_a_sliver(zone: Zone) -> GeoDataFrame:
    """A parcel is wider than a digitising error, in the mean or at least somewhere.

    The mean width is twice the area over the outline; `detail` has the widest width.
    """
    parcels = _polygons(zone, "parcel")
    thin = _slivers_of(zone)
    found = parcels.loc[thin.index]
    places = GeoDataFrame(
        {"a": _ids(found), "mean_m": thin["mean_m"].to_numpy()},
        geometry=found.geometry.array,
        crs=found.crs,
    )
    words = [
        f"{_width(w)}, {a:.1f} m2" for w, a in zip(thin["width_m"], thin["area_m2"], strict=True)
    ]
    return _report(
        places,
        "T105",
        "parcel",
        measured="mean_m",
        limit=limits_of(zone).sliver_width_m,
        detail=words,
    )


def _slivers_of(zone: Zone) -> DataFrame:
    """The parcels that are slivers: their area, mean and widest width, by position in polygons."""
    found = zone.once(_slivers_in, "parcel")
    at = np.searchsorted(_polygon_rows(zone, "parcel"), found["row_parcel"])
    return found.drop(columns="row_parcel").set_axis(at)


def _slivers_in(zone: Zone, level: str) -> DataFrame:
    """The features that are slivers, by position in their layer."""
    parcels = _polygons(zone, level)
    limit = limits_of(zone).sliver_width_m
    area = geo.area_m2(parcels.geometry, center=zone.center)
    mean = 2 * area / geo.length_m(parcels.geometry, center=zone.center)
    narrow = mean < limit
    width = geo.width_m(parcels.geometry[narrow], center=zone.center)
    found = DataFrame({"area_m2": area[narrow], "mean_m": mean[narrow], "width_m": width})
    found.insert(0, f"row_{level}", _polygon_rows(zone, level)[found.index])
    return found[~(found["width_m"] >= limit)]  # also where the widest has no measure


@rule(
    "T106",
    "warning",
    unit="deg",
    levels=("parcel",),
    zh="宗地 {feature} 有 {measured:.2f}° 的尖角（限值 {limit}°）",
    en="parcel {feature} has a corner of {measured:.2f} degrees (limit {limit})",
)
def parcel_has_a_sharp_angle(zone: Zone) -> GeoDataFrame:
    """A parcel has no spike; a sliver is accused as such, not by its ends."""
    found = zone.once(_spikes_in, "parcel")
    limit = limits_of(zone).sharp_angle_deg
    return _report(found, "T106", "parcel", measured="angle_deg", limit=limit)


def _spikes_in(zone: Zone, level: str) -> GeoDataFrame:
    parcels = _polygons(zone, level)
    parcels = parcels.drop(index=_slivers_of(zone).index)
    limit = limits_of(zone).sharp_angle_deg
    return geo.sharp_angles(parcels, below_deg=limit, center=zone.center)


@rule(
    "T107",
    "warning",
    unit="1",
    levels=("parcel",),
    zh="宗地 {feature} 由 {measured:.0f} 个部分组成，一宗地应为一块",
    en="parcel {feature} has {measured:.0f} parts; a parcel is one piece of ground",
)
def parcel_has_parts(zone: Zone) -> GeoDataFrame:
    """A parcel is one piece of ground."""
    parcels = _polygons(zone, "parcel")
    parts = parcels.geometry.count_geometries()
    found = parcels[parts > 1]
    places = GeoDataFrame(
        {"a": _ids(found), "parts": parts[parts > 1].to_numpy(float)},
        geometry=found.geometry.array,
        crs=found.crs,
    )
    return _report(places, "T107", "parcel", measured="parts", limit=1.0)


@rule(
    "T108",
    "warning",
    unit="m2",
    levels=("parcel",),
    zh="宗地 {feature} 面积仅 {measured:.2f} m²，小于最小上图面积 {limit} m²",
    en="parcel {feature} has only {measured:.2f} m2, less than the smallest mapped area {limit} m2",
)
def parcel_is_too_small(zone: Zone) -> GeoDataFrame:
    """A parcel has at least the smallest mapped area; a sliver is accused as such."""
    limit = limits_of(zone).min_parcel_m2
    parcels = _polygons(zone, "parcel")
    area = geo.area_m2(parcels.geometry, center=zone.center)
    small = parcels[area < limit]
    small = small.drop(index=_slivers_of(zone).index, errors="ignore")
    places = GeoDataFrame(
        {"a": _ids(small), "area_m2": area[small.index].to_numpy()},
        geometry=small.geometry.array,
        crs=small.crs,
    )
    return _report(places, "T108", "parcel", limit=limit)


# --- stated against computed -------------------------------------------------------------


@rule(
    "T109",
    "error",
    unit="m2",
    levels=("parcel",),
    needs=("parcel.registered_area_m2",),
    zh="宗地 {feature} 登记面积与图形面积相差 {measured:+.1f} m²（限差 {limit:.1f} m²；{detail}）",
    en="registered area of parcel {feature} differs from its polygon by {measured:+.1f} m2 "
    "(limit {limit:.1f} m2; {detail})",
)
def registered_area_is_off(zone: Zone) -> GeoDataFrame:
    """The registered area of a parcel is that of its polygon, to 0.1 %.

    Nor is a difference a fault that the tolerance of its boundary points explains.
    Where most of those that are not are off by one factor, as in another unit, that is one finding.
    """
    parcels = _polygons(zone, "parcel")
    if "registered_area_m2" not in parcels:
        return finding_frame([], rule="T109")
    stated = pd.to_numeric(parcels["registered_area_m2"]).astype("float64")
    area = geo.area_m2(parcels.geometry, center=zone.center)
    limits = limits_of(zone)
    limit = np.maximum(limits.area_share * area, limits.overlap_m2)
    of_points = geo.area_error_m2(parcels.geometry, limits.tolerance_m, center=zone.center)
    limit = np.maximum(limit, np.sqrt(2) * of_points)  # both areas were measured
    wrong = (stated - area).abs() > limit
    rows = DataFrame(
        {
            "level": "parcel",
            "feature": _ids(parcels)[wrong],
            "measured": (stated - area)[wrong].to_numpy(),
            "limit": limit[wrong].to_numpy(),
            "detail": _stated_and_drawn(stated[wrong].to_numpy(), area[wrong].to_numpy()),
            "geometry": np.asarray(parcels.geometry.array)[wrong],
        }
    )
    found = finding_frame(rows, rule="T109", crs=parcels.crs)
    return as_one_cause(found, ("detail",), partial(geo.area_m2, center=zone.center))


_UNITS_OF_AREA = {"亩 mu": 3 / 2000, "公顷 ha": 1e-4, "平方公里 km2": 1e-6}
_ONE_FACTOR = 1e-3  # so near two factors are one, which registered areas are off by


def _stated_and_drawn(stated: NDArray[Any], area: NDArray[Any]) -> list[str]:
    """Both areas of each parcel; where most are off by one factor, the factor."""
    words = [f"{s:.1f} / {a:.1f} m2" for s, a in zip(stated, area, strict=True)]
    if len(stated) <= MOST_SINGLE:
        return words
    factor = stated / np.where(area > 0, area, np.nan)
    usual = float(np.nanmedian(factor))
    alike = np.abs(factor - usual) <= _ONE_FACTOR * abs(usual)
    if alike.sum() <= max(MOST_SINGLE, len(stated) / 2):
        return words
    near = [name for name, one in _UNITS_OF_AREA.items() if abs(usual - one) < 0.01 * one]
    unit = f"，像是以{near[0]} 填写 as if stated in it" if near else ""
    said = f"登记面积均为图形面积的 {usual:.6g} 倍 stated are that many times drawn{unit}"
    return [said if one else word for one, word in zip(alike, words, strict=True)]


# --- outlines among themselves -----------------------------------------------------------


def _outlines_overlap(zone: Zone, level: str, code: str) -> GeoDataFrame:
    found = _real_overlaps(zone, level)
    layer = _outlines(zone, level)
    severity = _capped("error", (layer, found["a"]), (layer, found["b"]))
    return _report(found, code, level, limit=limits_of(zone).overlap_m2, severity=severity)


@rule(
    "T111",
    "error",
    unit="m2",
    levels=("park",),
    zh="园区 {feature} 与 {other} 重叠 {measured:.1f} m²（容差 {limit} m²；{detail}）",
    en="parks {feature} and {other} overlap by {measured:.1f} m2 (tolerance {limit} m2; {detail})",
)
def parks_overlap(zone: Zone) -> GeoDataFrame:
    """No two parks hold the same ground in the same year, unless one is part of the other."""
    return _outlines_overlap(zone, "park", "T111")


@rule(
    "T112",
    "error",
    unit="m2",
    levels=("block",),
    zh="街区 {feature} 与 {other} 重叠 {measured:.1f} m²（容差 {limit} m²；{detail}）",
    en="blocks {feature} and {other} overlap by {measured:.1f} m2 (tolerance {limit} m2; {detail})",
)
def blocks_overlap(zone: Zone) -> GeoDataFrame:
    """No two blocks hold the same ground in the same year."""
    return _outlines_overlap(zone, "block", "T112")


@rule(
    "T113",
    "warning",
    unit="m2",
    levels=("building",),
    zh="建筑物 {feature} 与 {other} 重叠 {measured:.1f} m²，建筑面积会重复计算（{detail}）",
    en="buildings {feature} and {other} overlap by {measured:.1f} m2; their floor area counts twice "
    "({detail})",
)
def buildings_overlap(zone: Zone) -> GeoDataFrame:
    """No two buildings stand on the same ground in the same year; yards may lie under them."""
    found = zone.once(_houses_overlapping, "building")
    found = found[_is_real(found, limits_of(zone).overlap_m2) & ~_is_duplicate(zone, found)]
    neighbours = "相邻建筑 their neighbours"
    return _as_one_cause(
        zone,
        found,
        _report(found, "T113", "building", limit=limits_of(zone).overlap_m2),
        neighbours,
    )


def _houses_overlapping(zone: Zone, level: str) -> GeoDataFrame:
    layer = _polygons(zone, level)
    houses = text_of(layer, "kind").isin(["", "building"])
    if houses.all():
        return _overlaps_of(zone, level)
    return _overlaps(zone, layer[houses].reset_index(drop=True))


@rule(
    "T114",
    "warning",
    zh="{level} 图层有 {measured:.0f} 个要素未与所有其他要素核对重叠：外框相互套叠或边界交错过多（如 {detail}）",
    en="{measured:.0f} features of the {level} layer were not held against all others for overlaps: "
    "too many lie within one another's boxes, or outlines cross too often (such as {detail})",
)
def not_all_were_compared(zone: Zone) -> GeoDataFrame:
    """Every feature was held against every other, or it is said that it was not."""
    rows = []
    for level in ("parcel", "building", "park", "block"):
        left = _overlaps_of(zone, level).attrs["not_compared"] if level in zone.layers else []
        if left:
            rows.append(
                {
                    "level": level,
                    "feature": left[0],
                    "measured": float(len(left)),
                    "detail": "、".join(map(str, left[:3])),
                }
            )
    return finding_frame(rows, rule="T114")

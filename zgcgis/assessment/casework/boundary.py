"""The boundary of parcels as it is handed in: boundary points (界址点) and what adjoins (四至)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame, GeoSeries
from pyproj import CRS

from ... import geo
from ...intake.sandbox.corners import rings_out
from ...language.errors import ReadError
from ...language.safe_text import Text
from ...model import Zone
from .themes import text_of
from .vicinity import near, polygons

__all__ = ["SIDES", "Belt", "belt_of", "boundary_points", "neighbours"]

SIDES = {"E": Text("东", "East"), "S": Text("南", "South"), "W": Text("西", "West"), "N": Text("北", "North")}  # fmt: skip
"""The four sides in the order of papers."""

_REACH_M = 60.0
_LEAST_SHARE = 0.05  # of a side: less is a corner that is touched
_TOUCHING_M = 0.5  # nearer is beside, farther is across something
_LINES = {"road": Text("道路", "road"), "rail": Text("铁路", "railway"), "railway": Text("铁路", "railway"),
          "river": Text("河流", "river"), "water": Text("河流", "river")}  # fmt: skip
"""Lines that may lie between parcels, by what the kind of a line of ``context`` begins with."""
_FIRST, _FIRST_EPSG = 25, 4513  # belts of three degrees of CGCS2000 with their number


@dataclass(frozen=True)
class Belt:
    """A belt of three degrees of CGCS2000 whose number stands before the eastings (三度带)."""

    number: int

    @property
    def crs(self) -> CRS:
        """Its reference system."""
        return CRS.from_epsg(_FIRST_EPSG + self.number - _FIRST)

    @property
    def said(self) -> Text:
        """Its name for a paper."""
        code = _FIRST_EPSG + self.number - _FIRST
        return Text(
            f"2000国家大地坐标系，高斯-克吕格三度带第 {self.number} 带（中央经线 {3 * self.number}°，EPSG:{code}）",
            f"CGCS2000, 3-degree Gauss-Krüger belt {self.number} (meridian {3 * self.number} E, EPSG:{code})",
        )


def belt_of(plots: GeoDataFrame) -> Belt:
    """Return the belt in which plots lie, by the middle of their bounds.

    Raises
    ------
    ReadError
        If they lie in none.
    """
    west, _, east, _ = geo.to_lonlat(plots.geometry).total_bounds
    number = int(np.floor((west + east) / 2 / 3 + 0.5))
    if not 25 <= number <= 45:
        raise ReadError(
            f"地块在东经 {(west + east) / 2:g}°，不在 CGCS2000 三度带（第 25 至 45 带）内，不能列界址点坐标。",
            f"The plots lie at {(west + east) / 2:g} E, in no 3-degree belt of CGCS2000 (25 to 45): their "
            "boundary points cannot be listed.",
        )
    return Belt(number)


def boundary_points(plots: GeoDataFrame, belt: Belt) -> pd.DataFrame:
    """Return the boundary points of plots, each ring from its north-western corner clockwise.

    Parameters
    ----------
    plots
        Polygons with a CRS and a column ``id``.
    belt
        The belt their coordinates are given in.

    Returns
    -------
    points
        ``plot ring point x_m y_m side_m``: X is north and Y is east with the number of the belt,
        in metres to 0.001; ``side_m`` the plane length to the next point, to 0.01. Holes run the other
        way. The first point of a ring stands again at its end, without a side.
    """
    rows: list[tuple[object, ...]] = []
    for name, shape in zip(plots["id"], plots.geometry.to_crs(belt.crs), strict=True):
        count = 0
        for ring in rings_out(shape):
            corners = np.array(ring.corners[:-1])
            first = int(np.argmax(np.round(corners[:, 1] - corners[:, 0], 3)))
            turned = np.roll(corners, -first, axis=0)
            closed = np.vstack([turned, turned[:1]])
            sides = np.hypot(*np.diff(closed, axis=0).T)
            for k, (east, north) in enumerate(closed.tolist()):
                last = k == len(turned)
                point = f"J{count + 1 + (0 if last else k)}"
                side = None if last else round(float(sides[k]), 2)
                rows.append((name, ring.number, point, round(north, 3), round(east, 3), side))
            count += len(turned)
    columns = ["plot", "ring", "point", "x_m", "y_m", "side_m"]
    return pd.DataFrame(rows, columns=columns).astype({"side_m": float})


def neighbours(zone: Zone, plots: GeoDataFrame, year: int) -> pd.DataFrame:
    """Return what adjoins each plot on its four sides.

    Parameters
    ----------
    zone
        Its parcels, and roads, railways and rivers of its layer ``context``, are what may adjoin.
    plots
        Polygons in EPSG:4490 with a column ``id``; a plot that is a parcel of the zone is known by it.
    year
        The year whose parcels count.

    Returns
    -------
    adjoining
        A row for each plot, side and neighbour, the longest first: ``plot side other zh en
        length_m gap_m`` (metres along the plot, and between). ``other`` is empty where nothing lies
        within 60 m.
    """
    places = geo.to_plane(plots.geometry, zone.center or geo.center_of(plots))
    reach = GeoSeries(shapely.box(*_wider(places)), crs=places.crs)
    parcels = polygons(near(zone, "parcel", reach, ["owner"], year=year)) if zone.count("parcel") else None  # fmt: skip
    lines = _lines(zone, reach, year)
    names, words, shapes = _things(parcels, lines)
    position = {name: k for k, name in enumerate(names) if words[k] is None}
    own = np.array([position.get(str(one), -1) for one in plots["id"]], np.intp)
    others = GeoSeries(shapes, crs=geo.LONLAT)
    faced = geo.facing(plots.geometry, others, own=own, reach_m=_REACH_M, center=zone.center)
    whole = faced.groupby(["plot", "side"])["length_m"].transform("sum")
    seen = faced[faced["length_m"] >= _LEAST_SHARE * whole]
    holders = [] if parcels is None else text_of(parcels, "owner").tolist()
    rows = []
    for row in seen.itertuples():
        other = int(row.other)
        said = _NOTHING if other < 0 else words[other] or _parcel(names[other], holders[other])
        gap = float(row.gap_m)
        if other >= 0 and gap > _TOUCHING_M and words[other] is None:
            said = Text(f"隔 {gap:.0f} m 为{said.zh}", f"across {gap:.0f} m {said.en}")
        rows.append((plots["id"].iloc[row.plot], row.side, "" if other < 0 else names[other],
                     said.zh, said.en, round(float(row.length_m), 2), round(gap, 2)))  # fmt: skip
    columns = ["plot", "side", "other", "zh", "en", "length_m", "gap_m"]
    made = pd.DataFrame(rows, columns=columns)
    place = made["plot"].map({name: k for k, name in enumerate(plots["id"])})
    order = np.lexsort((-made["length_m"], made["side"].map(list(SIDES).index), place))
    return made.iloc[order].reset_index(drop=True)


_NOTHING = Text(
    f"{_REACH_M:.0f} m 内没有宗地或已知的路、河", f"no parcel, road or river known within {_REACH_M:.0f} m"
)  # fmt: skip


def _wider(places: GeoSeries) -> list[np.ndarray]:
    bounds = shapely.bounds(np.asarray(places.array))
    return list((bounds + np.array([-1, -1, 1, 1]) * (_REACH_M + 1)).T)


def _lines(zone: Zone, reach: GeoSeries, year: int) -> GeoDataFrame | None:
    """The lines one finds one's way by that may lie between parcels."""
    if not zone.count("context"):
        return None
    lines = near(zone, "context", reach, ["zh", "en", "kind"], year=year)
    kept = lines[_kinds(lines).isin(_LINES) & lines.geometry.notna()]
    return kept if len(kept) else None


def _kinds(lines: pd.DataFrame) -> pd.Series:
    return text_of(lines, "kind").str.partition("_")[0]


def _things(
    parcels: GeoDataFrame | None, lines: GeoDataFrame | None
) -> tuple[list[str], Sequence[Text | None], np.ndarray]:
    """Ids, what they are called (None for a parcel, which is called by its id), and shapes."""
    names: list[str] = []
    words: list[Text | None] = []
    shapes: list[np.ndarray] = [np.array([], object)]
    if parcels is not None:
        names += [str(one) for one in parcels["id"]]
        words += [None] * len(parcels)
        shapes.append(np.asarray(parcels.geometry.array, object))
    if lines is not None:
        for zh, en, kind in zip(text_of(lines, "zh"), text_of(lines, "en"), _kinds(lines), strict=True):  # fmt: skip
            names.append(zh or en or kind)
            words.append(Text(zh or _LINES[kind].zh, en or zh or _LINES[kind].en))
        shapes.append(np.asarray(lines.geometry.array, object))
    return names, words, np.concatenate(shapes)


def _parcel(name: str, holder: str) -> Text:
    return Text(
        f"宗地 {name}" + (f"（{holder}）" if holder else ""),
        f"parcel {name}" + (f" ({holder})" if holder else ""),
    )

"""Access (交通与公共服务可达性): how far parcels and parks are from stations and services.

The way is by the network of roads where the zone has the layer ``road``, else in a straight line;
every distance says which. The speeds are assumptions of this package and stand in every output;
``speed_kmh`` of a road goes before them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from pandas import DataFrame, Series

from .. import geo
from ..language.errors import LayerError, UnknownNameError
from ..language.safe_text import Text
from ..model import LEVELS, Zone, there_in

__all__ = [
    "MINUTES",
    "ROADS",
    "SPEEDS_ARE",
    "WALK_KMH",
    "Access",
    "Road",
    "access",
    "nearest_stations",
]

WALK_KMH = 4.0
"""Walking: 1 km in 15 minutes, as the 15-minute neighbourhood (十五分钟生活圈) is commonly drawn."""
MINUTES = (5.0, 10.0, 15.0)
METHODS = {"network": Text("路网", "by road"), "straight": Text("直线", "straight line")}
MODES = {"walk": Text("步行", "on foot"), "drive": Text("驾车", "by car")}


@dataclass(frozen=True, slots=True)
class Road:
    """A class of road: its names, the words it goes by, its speed, whether it passes over others."""

    name: Text
    words: tuple[str, ...]
    kmh: float
    over: bool = False


ROADS = {
    "motorway": Road(Text("高速公路", "motorway"), ("motorway", "motorway_link", "高速"), 100.0, over=True),
    "expressway": Road(Text("快速路", "expressway"), ("expressway", "trunk", "trunk_link", "快速路"), 60.0, over=True),
    "arterial": Road(Text("主干路", "arterial road"), ("arterial", "primary", "主干路", "主干道"), 40.0),
    "secondary": Road(Text("次干路", "secondary road"), ("secondary", "次干路", "次干道"), 30.0),
    "branch": Road(Text("支路", "branch road"), ("branch", "tertiary", "residential", "支路"), 20.0),
    "other": Road(Text("未写明等级", "class not stated"), (), 20.0),
}  # fmt: skip
"""Classes of roads. One does not walk on motorways and expressways, and enters them only where
they have a vertex in common with another road, or where one of them ends."""
SPEEDS_ARE = Text(
    "车速是本工具的假定（各等级见“车速”），不是标准；图层写有 speed_kmh 的用图层的",
    "speeds are assumptions of this package (by class, see Speeds), of no standard; speed_kmh of a road goes before them",
)
WALKED = Text(
    "步行 4 km/h（15 分钟 1 km）是本工具的假定，可走的道路不含高速公路和快速路",
    "4 km/h on foot (1 km in 15 minutes) is an assumption of this package; motorways and expressways are not walked on",
)
_SERVICES = {
    "school": Text("学校", "school"),
    "hospital": Text("医院", "hospital"),
    "culture": Text("文化设施", "culture"),
}
_POLYGONS = ["Polygon", "MultiPolygon"]


@dataclass(frozen=True, eq=False)
class Access:
    """How far everything is from stations and services.

    Attributes
    ----------
    zone, year, level, mode, method, snap_m, minutes
        What was asked; `method` is ``"network"`` or ``"straight"``.
    kinds
        The kinds of facilities by key, with their names: ``transit``, ``service`` or
        ``service:<kind>``.
    ways
        One row per feature and kind: ``id park kind facility straight_m network_m distance_m
        minutes method``. `distance_m` is that of `method`; a feature in a run by network that no
        road leads to has its straight line.
    parks
        One row per park and kind: ``park kind facilities nearest straight_m network_m distance_m
        minutes method`` from the ground of the park; ``mean_m mean_minutes`` over its features by
        area, ``by_network_pct`` of their area; and ``within_<minutes>_ha``, ``within_<minutes>_pct``
        of the outline of the park (NaN where none is drawn).
    isochrones
        One polygon per kind and limit (等时圈), EPSG:4490: ``kind minutes area_m2 method``.
    places
        The facilities: ``id kind zh en``, and ``on_network``.
    features
        What was asked about: ``id park area_m2``, EPSG:4490.
    speeds
        ``road zh en lines length_m kmh`` by class; empty without roads.
    remarks
        What is not there, and what stands on a straight line.
    """

    zone: Zone
    year: int
    level: str
    mode: str
    method: str
    snap_m: float
    minutes: tuple[float, ...]
    kinds: dict[str, Text]
    ways: DataFrame
    parks: DataFrame
    isochrones: GeoDataFrame
    places: GeoDataFrame
    features: GeoDataFrame
    speeds: DataFrame
    remarks: tuple[Text, ...]

    def headline(self) -> Text:
        """Say in one line what was measured, and by which method."""
        name, how, mode = LEVELS[self.level], METHODS[self.method], MODES[self.mode]
        zone = self.zone.names
        return Text(
            f"{zone['zh']} {self.year} 年：{len(self.features)} 个{name.zh}到 {len(self.places)} 处设施，{mode.zh}，{how.zh}距离",
            f"{zone['en']}, {self.year}: {len(self.features)} {name.en}(s) to {len(self.places)} facilities, {mode.en}, {how.en}",
        )


def access(
    zone: Zone,
    year: int,
    *,
    level: str = "",
    mode: str = "walk",
    method: str = "auto",
    minutes: tuple[float, ...] = MINUTES,
    snap_m: float = 300.0,
) -> Access:
    """Measure how far features and parks are from stations and services, in metres and minutes.

    Parameters
    ----------
    zone, year
        The zone and the year. Stations are the layer ``transit``, services the layer ``service``,
        roads the layer ``road``.
    level
        What is asked about: a layer of polygons; by default parcels, else blocks, else parks. A
        feature is a point on its surface.
    mode
        ``"walk"``, 4 km/h, not on motorways and expressways; ``"drive"``, the speed of each road.
    method
        ``"network"``, ``"straight"``, or ``"auto"``: by network where there are roads.
    minutes
        Limits of the isochrones.
    snap_m
        The farthest a place may be from its road, in metres.

    Returns
    -------
    access
        The shortest way in metres, the fastest in minutes (Dijkstra, 1959). Straight lines are
        taken at walking speed, or at that of a branch road by car.

    Raises
    ------
    UnknownNameError
        If there is no such mode, method or layer.
    LayerError
        If roads are asked for and there are none.
    """
    for given, known, what, zh in ((mode, MODES, "mode", "方式"), (method, ["auto", *METHODS], "method", "算法")):  # fmt: skip
        if given not in known:
            raise UnknownNameError(given, known, what=what, zh=zh)
    limits = tuple(sorted({float(one) for one in minutes}))
    places, kinds, remarks = _facilities(zone, year)
    level = level or next((one for one in ("parcel", "block", "park") if zone.count(one)), "parcel")
    features = _features(zone, level, year)
    roads = _roads(zone, year, mode)
    if not len(roads):
        if method == "network":
            raise LayerError(
                "示范区没有可走的道路：图层 road（道路中心线）不在或是空的，不能按路网计算；放入道路，或用 --route straight。",
                "the zone has no roads to go by: its layer road is not there or empty; add it, or take --route straight.",
            )
        remarks.append(Text("没有道路中心线，距离按直线", "no road centrelines (layer road): distances are straight lines"))  # fmt: skip
    by_road = bool(len(roads)) and method != "straight"
    job = _Job(zone, year, mode, snap_m, limits, places, kinds, features, by_road, roads)
    ways = job.ways()
    parks, isochrones = job.parks(ways), job.isochrones()
    remarks += job.remarks(ways)
    if zone.withheld is not None:
        remarks.append(zone.withheld)
    return Access(
        zone, year, level, mode, "network" if by_road else "straight", snap_m, limits, kinds, ways,
        parks, isochrones, job.told_places(), features.drop(columns="point"), _speeds(roads, zone) if by_road else _speeds(roads[:0], zone),
        tuple(remarks),
    )  # fmt: skip


def nearest_stations(zone: Zone, year: int) -> DataFrame:
    """Return the way from the ground of each park to its nearest station.

    Columns ``distance_m method`` (``"network"`` or ``"straight"``), indexed by park; empty where
    the zone has no stations. The way is the one :func:`access` measures.
    """
    places, kinds, _ = _facilities(zone, year)
    stations = places[places["kind"] == "transit"].reset_index(drop=True)
    if stations.empty or not zone.count("park"):
        return DataFrame({"distance_m": [], "method": []})
    roads = _roads(zone, year, "walk")
    job = _Job(
        zone, year, "walk", 300.0, (), stations, {"transit": kinds["transit"]},
        _features(zone, "park", year), bool(len(roads)), roads,
    )  # fmt: skip
    return job.parks(job.ways()).set_index("park")[["distance_m", "method"]]


def road_class(kind: object) -> str:
    """Return the class of a road by what its ``kind`` says, ``"other"`` where it says none."""
    said = str(kind or "").strip().casefold().removeprefix("road_")
    for key, road in ROADS.items():
        if said and (said in road.words or any(w in said for w in road.words if not w.isascii())):
            return key
    return "other"


def _facilities(zone: Zone, year: int) -> tuple[GeoDataFrame, dict[str, Text], list[Text]]:
    """Stations and services as points with their kind; what is not there, in a line."""
    found, kinds, remarks = [], {}, []
    named = {
        "transit": Text("轨道站点", "transit station"),
        "service": Text("公共服务设施", "public service"),
    }
    for level, name in named.items():
        layer = zone.layer(level) if zone.count(level) else None
        if layer is not None:
            layer = layer[there_in(layer, year) & ~layer.geometry.is_empty & layer.geometry.notna()]
        if layer is None or layer.empty:
            remarks.append(Text(f"没有{name.zh}，未计算", f"no {name.en}s (layer {level}): not measured"))  # fmt: skip
            continue
        said = _text(layer, "kind") if level == "service" else Series("", index=layer.index)
        keys = said.map(lambda one, level=level: f"{level}:{one}" if one else level)
        for key, one in sorted({*zip(keys, said, strict=True)}):
            kinds[key] = _SERVICES.get(one, Text(one, one)) if one else name
        data = {"id": layer["id"].astype(str), "kind": keys, "zh": _text(layer, "zh"), "en": _text(layer, "en")}  # fmt: skip
        point = GeoSeries(shapely.point_on_surface(np.asarray(layer.geometry.array)), index=layer.index, crs=layer.crs)  # fmt: skip
        found.append(GeoDataFrame(data, geometry=point))
    if found:
        return GeoDataFrame(pd.concat(found, ignore_index=True)), kinds, remarks
    nothing = GeoDataFrame({one: Series([], dtype=object) for one in ("id", "kind", "zh", "en")}, geometry=[], crs=geo.LONLAT)  # fmt: skip
    return nothing, kinds, remarks


def _text(layer: DataFrame, column: str) -> Series:
    if column not in layer:
        return Series("", index=layer.index)
    said = layer[column]
    return said.where(said.notna(), "").astype(str).str.strip()


def _features(zone: Zone, level: str, year: int) -> GeoDataFrame:
    """Features with a point on their surface (of the plane), area and park."""
    layer = zone.layer(level)
    layer = layer[there_in(layer, year) & layer.geometry.geom_type.isin(_POLYGONS)]
    layer = layer.reset_index(drop=True)
    center = zone.center or geo.center_of(layer)
    flat = geo.to_plane(layer.geometry, center)
    point = shapely.point_on_surface(np.asarray(flat.array))
    park = layer["id"].astype(str) if level == "park" else _text(layer, "park_id")
    if level != "park" and zone.count("park"):
        parks = _outlines(zone, year)
        if len(parks):
            ground = geo.to_plane(parks.geometry, center)
            j, i = shapely.STRtree(point).query(np.asarray(ground.array), predicate="contains")
            inside = park.to_numpy(object)
            inside[i] = parks["id"].astype(str).to_numpy(object)[j]
            park = Series(inside, index=layer.index)
    data = {"id": layer["id"].astype(str), "park": park, "area_m2": geo.area_m2(flat).to_numpy(), "point": point}  # fmt: skip
    return GeoDataFrame(data, geometry=layer.geometry)


def _outlines(zone: Zone, year: int) -> GeoDataFrame:
    parks = zone.layer("park")
    return parks[there_in(parks, year) & parks.geometry.geom_type.isin(_POLYGONS)].reset_index(drop=True)  # fmt: skip


def _roads(zone: Zone, year: int, mode: str) -> GeoDataFrame:
    """The roads one may go by, with their class and speed."""
    if not zone.count("road"):
        return GeoDataFrame({"road": [], "kmh": []}, geometry=[], crs=geo.LONLAT)
    layer = zone.layer("road")
    lines = layer.geometry.geom_type.isin(["LineString", "MultiLineString"])
    layer = layer[there_in(layer, year) & lines].reset_index(drop=True)
    road = _text(layer, "kind").map(road_class)
    kmh = road.map({key: one.kmh for key, one in ROADS.items()}).astype(float)
    if "speed_kmh" in layer:
        own = pd.to_numeric(layer["speed_kmh"]).astype(float)
        kmh = own.where(own > 0, kmh)
    made = GeoDataFrame({"road": road, "kmh": kmh}, geometry=layer.geometry)
    if mode == "walk":
        made = made[~road.map({key: one.over for key, one in ROADS.items()}).astype(bool)]
        made["kmh"] = WALK_KMH
    return made.reset_index(drop=True)


def _speeds(roads: GeoDataFrame, zone: Zone) -> DataFrame:
    length = geo.length_m(roads.geometry, center=zone.center) if len(roads) else Series(dtype=float)
    table = DataFrame({"road": roads["road"], "kmh": roads["kmh"], "length_m": length})
    found = table.groupby(["road", "kmh"], sort=True).agg(lines=("length_m", "size"), length_m=("length_m", "sum"))  # fmt: skip
    found = found.reset_index()
    for lang in ("zh", "en"):
        found[lang] = [ROADS[one].name.say(lang) for one in found["road"]]
    return found[["road", "zh", "en", "lines", "length_m", "kmh"]]


class _Job:
    """One measurement: the network is made once, each kind is looked for once."""

    def __init__(
        self,
        zone: Zone,
        year: int,
        mode: str,
        snap_m: float,
        limits: tuple[float, ...],
        places: GeoDataFrame,
        kinds: dict[str, Text],
        features: GeoDataFrame,
        by_road: bool,  # noqa: FBT001
        roads: GeoDataFrame,
    ) -> None:
        self.zone, self.year, self.snap_m, self.limits = zone, year, snap_m, limits
        self.mode = mode
        self.places, self.kinds, self.features = places, kinds, features
        self.center = zone.center or geo.center_of(features if len(features) else roads)
        self.straight_kmh = WALK_KMH if mode == "walk" else ROADS["branch"].kmh
        self.spots = geo.to_plane(places.geometry, self.center)
        self.points = GeoSeries(features["point"].to_numpy(object), crs=self.spots.crs)
        self.outlines = _outlines(zone, year) if zone.count("park") else None
        self.net: geo.Network | None = None
        self.ground: dict[tuple[str, float], GeoSeries] = {}
        self.found: dict[
            str, tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]
        ] = {}
        if by_road and len(places):
            self.net = geo.make_network(
                roads.geometry,
                pd.concat([self.spots, self.points], ignore_index=True),
                kmh=roads["kmh"].to_numpy(float),
                apart=[ROADS[one].over for one in roads["road"]],
                leg_kmh=WALK_KMH,
                snap_m=snap_m,
                center=self.center,
            )
            for kind in kinds:
                rows = np.flatnonzero(places["kind"] == kind)
                metres, source = self.net.ways(rows)
                self.found[kind] = metres, source, self.net.ways(rows, by="minutes")[0]

    def ways(self) -> DataFrame:
        """Each feature to the nearest facility of each kind."""
        columns = ["id", "park", "kind", "facility", "straight_m", "network_m", "distance_m", "minutes", "method"]  # fmt: skip
        parts = []
        for kind in self.kinds:
            mine = self.places["kind"] == kind
            near = geo.nearest_m(self.points, self.spots[mine], center=self.center)
            one = self._with_network(kind, near, self._nodes_of_features())
            parts.append(self.features[["id", "park"]].assign(kind=kind).join(one))
        if not parts:
            return DataFrame({name: Series([], dtype=object) for name in columns})
        return pd.concat(parts, ignore_index=True)[columns]

    def _nodes_of_features(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        n = len(self.features)
        node = np.zeros(0, np.intp) if self.net is None else self.net.place_node[len(self.places) :]
        return np.arange(n), node

    def _with_network(
        self, kind: str, near: DataFrame, nodes: tuple[NDArray[np.intp], NDArray[np.intp]]
    ) -> DataFrame:
        """The straight line of each row, and the least way from any of its nodes, in one table.

        `nodes` are pairs: position of the row, node.
        """
        straight = near["distance_m"].to_numpy(float)
        which = near["other"].to_numpy(object, copy=True)
        network, minutes = np.full(len(near), np.nan), straight / (self.straight_kmh * 1000 / 60)
        if self.net is not None:
            metres, source, fastest = self.found[kind]
            row, node = nodes
            known = np.isfinite(metres[node])
            row, node = row[known], node[known]
            order = np.lexsort((metres[node], row))
            row, node = row[order], node[order]
            first = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if len(row) else row
            network[row[first]] = metres[node[first]]
            which[row[first]] = source[node[first]]
            if len(row):
                minutes[row[first]] = np.minimum.reduceat(fastest[node], first)
        by_road = np.isfinite(network)
        ids = self.places["id"].to_numpy(object)
        return DataFrame(
            {
                "facility": [ids[int(one)] if one is not None else "" for one in which],
                "straight_m": straight,
                "network_m": network,
                "distance_m": np.where(by_road, network, straight),
                "minutes": minutes,
                "method": np.where(
                    by_road, "network", np.where(np.isfinite(straight), "straight", "")
                ),
            },
            index=near.index,
        )

    # --- parks --------------------------------------------------------------------------------

    def parks(self, ways: DataFrame) -> DataFrame:
        """Each park and kind: from its ground, over its features, and what lies within the limits."""
        units = self.zone.units
        there = there_in(units, self.year) & (units["level"] == "park")
        ids = [str(one) for one in units.index[there]]
        ground = self._ground(ids)
        nodes = self._nodes_in(ground)
        area = self.features.set_index("id")["area_m2"]
        rows = []
        for kind in self.kinds:
            mine = self.spots[self.places["kind"] == kind]
            near = geo.nearest_m(ground, mine, center=self.center)
            table = self._with_network(kind, near, nodes).assign(park=ids, kind=kind)
            inside = shapely.STRtree(np.asarray(mine.array)).query(np.asarray(ground.array), predicate="intersects")[0]  # fmt: skip
            table["facilities"] = np.bincount(inside, minlength=len(ids))[: len(ids)]
            table = table.rename(columns={"facility": "nearest"})
            mean = _means(ways[ways["kind"] == kind], area)
            rows.append(
                table.join(mean, on="park").join(self._within(kind, ground, ids), on="park")
            )
        fixed = ["park", "kind", "facilities", "nearest", "straight_m", "network_m", "distance_m",
                 "minutes", "method", "mean_m", "mean_minutes", "by_network_pct"]  # fmt: skip
        if not rows:
            shares = [f"within_{one:g}_{unit}" for one in self.limits for unit in ("ha", "pct")]
            return DataFrame({name: Series([], dtype=object) for name in [*fixed, *shares]})
        whole = pd.concat(rows, ignore_index=True)
        return whole[[*fixed, *(c for c in whole if c.startswith("within_"))]]

    def _ground(self, ids: list[str]) -> GeoSeries:
        """The outlines of parks in the plane; missing where none is drawn."""
        if self.outlines is None or self.outlines.empty:
            return GeoSeries([None] * len(ids), crs=self.spots.crs)
        flat = geo.to_plane(self.outlines.geometry, self.center)
        flat.index = pd.Index(self.outlines["id"].astype(str))
        return GeoSeries(flat[~flat.index.duplicated()].reindex(ids).array, crs=flat.crs)

    def _nodes_in(self, ground: GeoSeries) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The nodes of roads in each park."""
        if self.net is None:
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        places = len(self.net.nodes) - len(self.net.place_node)
        tree = shapely.STRtree(shapely.points(self.net.nodes[:places]))
        i, j = tree.query(np.asarray(ground.array), predicate="intersects")
        return i, j

    def _within(self, kind: str, ground: GeoSeries, ids: list[str]) -> DataFrame:
        """How much of the outline of each park lies within each limit."""
        drawn = ground.notna().to_numpy()
        whole = geo.area_m2(ground[drawn])
        found = DataFrame(index=pd.Index(ids, name="park"))
        for limit in self.limits:
            reached = self._reached(kind, limit)
            i, _, piece = geo.clipped_areas(ground[drawn], reached, center=self.center)
            m2 = np.zeros(int(drawn.sum()))
            np.add.at(m2, i, piece)
            label = f"within_{limit:g}"
            found[f"{label}_ha"] = found[f"{label}_pct"] = np.nan
            found.loc[drawn, f"{label}_ha"] = m2 / 1e4
            found.loc[drawn, f"{label}_pct"] = 100 * m2 / whole.to_numpy()
        return found

    def _reached(self, kind: str, limit: float) -> GeoSeries:
        if (kind, limit) not in self.ground:
            if self.net is not None:
                reached = self.net.reached(self.found[kind][2], limit)
            else:
                some = self.spots[self.places["kind"] == kind]
                reached = geo.discs(some, limit * self.straight_kmh * 1000 / 60)
            self.ground[kind, limit] = reached
        return self.ground[kind, limit]

    def isochrones(self) -> GeoDataFrame:
        """One polygon per kind and limit."""
        how = "straight" if self.net is None else "network"
        rows = [
            {"kind": kind, "minutes": limit, "method": how, "geometry": self._reached(kind, limit).iloc[0]}
            for kind in self.kinds
            for limit in self.limits
        ]  # fmt: skip
        made = GeoDataFrame(rows, columns=["kind", "minutes", "method", "geometry"], geometry="geometry", crs=self.spots.crs)  # fmt: skip
        made.insert(2, "area_m2", geo.area_m2(made.geometry))
        return made.to_crs(geo.LONLAT)

    # --- what is to be said -------------------------------------------------------------------

    def told_places(self) -> GeoDataFrame:
        """The facilities, and whether a road leads to each."""
        on = None if self.net is None else np.isfinite(self.net.leg_m[: len(self.places)])
        return GeoDataFrame(self.places.assign(on_network=on))

    def remarks(self, ways: DataFrame) -> list[Text]:
        """What of a run by network stands on straight lines, and how the roads were joined."""
        net = self.net
        if net is None:
            return []
        said = [WALKED if self.mode == "walk" else SPEEDS_ARE]
        off = int((~np.isfinite(net.leg_m[: len(self.places)])).sum())
        if off:
            said.append(Text(
                f"{off} 处设施 {self.snap_m:g} m 内没有道路，路网到不了，等时圈不含它们",
                f"no road within {self.snap_m:g} m of {off} facilities: no way by road, and no isochrone, has them",
            ))  # fmt: skip
        lone = ways[ways["method"] != "network"].drop_duplicates("id")
        if len(lone):
            m2 = float(self.features.set_index("id")["area_m2"].reindex(lone["id"]).sum())
            said.append(Text(
                f"{len(lone)} 个图形（{m2 / 1e4:,.2f} 公顷）至少有一类设施路网到不了（{self.snap_m:g} m 内没有道路，或道路不连通），那里按直线，已逐条注明",
                f"{len(lone)} features ({m2 / 1e4:,.2f} ha) have a kind of facility no road leads to (none within {self.snap_m:g} m, or roads apart): a straight line, said row by row",
            ))  # fmt: skip
        if net.pieces > 1:
            said.append(Text(f"道路分成互不相通的 {net.pieces} 片", f"the roads are {net.pieces} pieces that do not meet"))  # fmt: skip
        if net.gaps or net.crossings or net.bridges:
            said.append(Text(
                f"道路端头离另一条路 1 m 以内的 {net.gaps} 处按相接；没有公共点的交叉 {net.crossings} 处按平交，{net.bridges} 处与高速、快速路相交的按立交",
                f"{net.gaps} loose ends within 1 m of a road taken as joined; {net.crossings} crossings without a common vertex as level, {net.bridges} with motorways or expressways as bridges",
            ))  # fmt: skip
        return said


def _means(ways: DataFrame, area: Series) -> DataFrame:
    """Distance and time over the features of each park, weighted by area."""
    weight = ways["id"].map(area[~area.index.duplicated()]).astype(float)
    known = ways["distance_m"].notna()
    table = DataFrame({
        "park": ways["park"], "all": weight, "w": weight.where(known, 0.0),
        "m": (weight * ways["distance_m"]).where(known, 0.0),
        "t": (weight * ways["minutes"]).where(known, 0.0),
        "n": weight.where(ways["method"] == "network", 0.0),
    })  # fmt: skip
    sums = table.groupby("park").sum()
    base = sums["w"].where(sums["w"] > 0)
    return DataFrame({
        "mean_m": sums["m"] / base, "mean_minutes": sums["t"] / base,
        "by_network_pct": 100 * sums["n"] / sums["all"].where(sums["all"] > 0),
    })  # fmt: skip

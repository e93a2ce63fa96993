"""What lies under a red line (占地、压占分析): land by class, plan, lines, supply, what is met.

Every theme cuts each plot into parts whose areas, by the method asked for, sum to the whole of the
plot. They are adjusted to it to 0.01 m², in proportion, and the adjustment stands beside each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame, GeoSeries

from ... import geo
from ...checks.admission import latest_year
from ...checks.quota import quota_use
from ...checks.topology import limits_of
from ...language.errors import UnknownNameError
from ...language.safe_text import Text
from ...language.terms import column_name
from ...model import Zone
from .redlines import RedLine
from .themes import NOT_STATED, THEMES, Theme, level_name
from .vicinity import near, polygons

__all__ = ["Under", "under"]

DOUBLED = Text("（重叠，扣除重复计算）", "(features overlap: counted twice, taken off)")
_SEEN_M2 = 0.005  # what rounds to a hundredth
_HAIR_M2 = 0.5  # of neighbours that do not fit to the last digit; it has its line, but no remark
_LINES = ["plot", "theme", "item", "zh", "en", "features", "measured_m2", "adjusted_m2",
          "adjustment_m2", "net_m2", "known"]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Under:
    """What lies under a red line.

    Attributes
    ----------
    red_line, zone, method, year
        What was asked, of which zone, by which method of area, on the state of which year.
    plots
        One row a plot: ``plot name stated_area_m2 measured_m2 whole_m2 basis`` and its shape.
        ``whole_m2`` is what the parts sum to: the stated area, or the measured one where none is
        stated or the two differ by more than registered areas may.
    lines
        One row per plot, theme and item: ``features`` met, ``measured_m2``, ``adjusted_m2``,
        ``adjustment_m2``, ``net_m2`` (without ridges between fields, where that is known) and
        ``known``. The rows of a theme of a plot sum to its ``whole_m2``.
    unknown
        What is not known and why: ``theme zh en area_m2``.
    pieces
        The ground itself, in EPSG:4490: ``plot theme item zh measured_m2``.
    parcels, buildings, firms, quotas
        What is met; the area of each that lies under the plot.
    remarks
        What of the red line was mended, doubted or overlaps.
    """

    red_line: RedLine
    zone: Zone
    method: str
    year: int
    plots: GeoDataFrame
    lines: pd.DataFrame
    unknown: pd.DataFrame
    pieces: GeoDataFrame
    parcels: pd.DataFrame
    buildings: pd.DataFrame
    firms: pd.DataFrame
    quotas: pd.DataFrame
    remarks: tuple[Text, ...]

    def total(self) -> pd.DataFrame:
        """Return the lines summed over all plots, in their order."""
        columns = ["features", "measured_m2", "adjusted_m2", "adjustment_m2", "net_m2"]
        keys = ["theme", "item", "zh", "en", "known"]
        summed = self.lines.groupby(keys, sort=False)[columns].sum(min_count=1).reset_index()
        order = summed["theme"].map({theme.key: k for k, theme in enumerate(THEMES)})
        last = (summed["item"] == "").astype(int)
        places = np.lexsort((-summed["adjusted_m2"], last, order))
        return summed.iloc[places].reset_index(drop=True)

    def headline(self) -> Text:
        """Say in one line how many plots there are, how much land, by which method."""
        n, whole = len(self.plots), float(self.plots["whole_m2"].sum())
        name = METHOD_NAMES[self.method]
        ha, mu = whole / 1e4, whole * 3 / 2000
        return Text(
            f"{self.red_line.name}：{n} 个地块，{whole:,.2f} m²（{ha:,.4f} 公顷，{mu:,.2f} 亩），"
            f"{name.zh}，{self.year} 年状态；不知道的 {len(self.unknown)} 项",
            f"{self.red_line.name}: {n} plot(s), {whole:,.2f} m2 ({ha:,.4f} ha, {mu:,.2f} mu), "
            f"{name.en}, as of {self.year}; {len(self.unknown)} thing(s) not known",
        )


METHOD_NAMES = {
    "ellipsoid": Text("椭球面积", "area on the ellipsoid"),
    "trapezoid": Text("椭球面积（图斑梯形公式）", "area on the ellipsoid (trapezoid formula)"),
    "gauss_kruger": Text("高斯投影平面面积", "plane area (Gauss-Krüger)"),
}
METHODS = {**{name: name for name in geo.AREA_METHODS}, "plane": "gauss_kruger"}
"""The names a method of area goes by."""


def under(
    zone: Zone,
    red_line: RedLine,
    *,
    method: str = "ellipsoid",
    themes: Sequence[Theme] = THEMES,
) -> Under:
    """Say what lies under the plots of a red line.

    Parameters
    ----------
    zone
        The zone; of its large layers only what is near is read.
    red_line
        Its plots.
    method
        ``"ellipsoid"``, ``"trapezoid"``, or ``"gauss_kruger"`` (also ``"plane"``), as
        :func:`zgcgis.geo.area_m2` measures.
    themes
        By what the ground is told apart.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    """
    if method not in METHODS:
        raise UnknownNameError(method, METHODS, what="area method", zh="面积算法")
    desk = _Desk(zone, red_line, METHODS[method])
    lines, pieces = [], []
    for theme in themes:
        found, ground = desk.cut(theme)
        lines.append(found)
        pieces.append(ground)
    ground = pd.concat([one for one in pieces if len(one)] or pieces[:1], ignore_index=True)
    met, quotas = desk.met(), desk.quotas()
    return Under(
        red_line,
        zone,
        METHODS[method],
        latest_year(zone),
        desk.plots,
        pd.concat(lines, ignore_index=True),
        pd.DataFrame(desk.unknown, columns=["theme", "zh", "en", "area_m2"]),
        geo.to_lonlat(GeoDataFrame(ground, geometry="geometry", crs=desk.flat.crs)),
        *met,
        quotas,
        (*desk.remarks, *red_line.remarks),
    )


class _Desk:
    """One run: the plots in the plane, what is not known so far."""

    def __init__(self, zone: Zone, red_line: RedLine, method: str) -> None:
        self.zone, self.method = zone, method
        self.remarks: list[Text] = [] if zone.withheld is None else [zone.withheld]
        self.unknown: list[dict[str, object]] = []
        self.center = zone.center or geo.center_of(red_line.plots)
        self.flat = geo.to_plane(red_line.plots.geometry, self.center)
        self.plots = self._wholes(red_line.plots)
        self._units: dict[str, set[str]] = {}

    def measure(self, shapes: GeoSeries) -> np.ndarray:
        """Areas in m² by the method asked for, of shapes in the plane."""
        found: np.ndarray = geo.area_m2(shapes, method=self.method, center=self.center).to_numpy()
        return found

    def _wholes(self, plots: GeoDataFrame) -> GeoDataFrame:
        """What the parts of each plot are to sum to, and why."""
        measured = self.measure(self.flat)
        stated = plots["stated_area_m2"].to_numpy(float)
        share = limits_of(self.zone).area_share
        near_enough = np.abs(stated - measured) <= np.maximum(share * measured, 0.05)
        whole = np.where(near_enough, np.round(stated, 2), np.round(measured, 2))
        basis = np.where(near_enough, "stated", np.where(np.isnan(stated), "measured", "differs"))
        for k in np.flatnonzero(basis == "differs"):
            self.remarks.append(
                Text(
                    f"地块 {plots['plot'].iloc[k]} 文件写明 {stated[k]:,.2f} m²，按图形量得 "
                    f"{measured[k]:,.2f} m²，相差超过 {share:.2%}，没有平差到写明的面积",
                    f"plot {plots['plot'].iloc[k]} states {stated[k]:,.2f} m2 and measures "
                    f"{measured[k]:,.2f} m2, more than {share:.2%} apart; parts are not adjusted "
                    "to what is stated",
                )
            )
        self._overlaps(plots)
        return plots.assign(measured_m2=measured, whole_m2=whole, basis=basis)

    def _overlaps(self, plots: GeoDataFrame) -> None:
        i, j, size = geo.clipped_areas(self.flat, self.flat, center=self.center)
        for a, b, m2 in zip(i, j, size, strict=True):
            if a < b and m2 > _SEEN_M2:
                one, two = plots["plot"].iloc[a], plots["plot"].iloc[b]
                self.remarks.append(
                    Text(
                        f"地块 {one} 与 {two} 重叠 {m2:,.2f} m²，合计中重复计算",
                        f"plots {one} and {two} share {m2:,.2f} m2, which the total counts twice",
                    )
                )

    def not_known(self, theme: str, reason: Text, area_m2: float) -> None:
        self.unknown.append(
            {"theme": theme, "zh": reason.zh, "en": reason.en, "area_m2": round(area_m2, 2)}
        )

    def cut(self, theme: Theme) -> tuple[pd.DataFrame, GeoDataFrame]:
        """Cut the plots by a theme: its lines, and the pieces of ground."""
        level = theme.level_in(self.zone)
        if not level:
            self._no_layer(theme)
            return self._whole_line(theme)
        layer = polygons(near(self.zone, level, self.flat, theme.columns))
        if theme.needs and theme.needs not in layer:
            layer[theme.needs] = None
        i, j, ground = geo.split(self.flat, layer.geometry, center=self.center)
        labels = theme.labels(self.zone, layer)
        pieces = GeoDataFrame(
            {
                "at": i,
                "of": j,
                "measured_m2": self.measure(ground),
                "deducted": _deducted(layer, j),
            },
            geometry=ground.to_numpy(),
            crs=self.flat.crs,
        )
        said = labels.reindex(j).set_axis(pieces.index)  # -1 is nobody's
        for name, word in (("item", ""), ("zh", theme.left.zh), ("en", theme.left.en)):
            pieces[name] = np.where(j < 0, word, said[name].astype("object"))
        blank = (j >= 0) & (pieces["item"] == "")
        pieces.loc[blank, ["zh", "en"]] = list(NOT_STATED)
        pieces["known"] = np.where(j < 0, theme.known, ~blank)
        pieces["plot"] = self.plots["plot"].to_numpy()[i]
        pieces["theme"] = theme.key
        self._tell(theme, level, pieces, blank)
        self._units.setdefault(theme.key, set()).update(pieces.loc[j >= 0, "item"])
        columns = ["plot", "theme", "item", "zh", "measured_m2", "geometry"]
        return self._lines(theme, pieces), pieces[columns]

    def _no_layer(self, theme: Theme) -> None:
        names = [level_name(level) for level in theme.levels]
        reason = Text(
            f"{theme.title.zh}：示范区没有图层 {'、'.join(n.zh for n in names)}",
            f"{theme.title.en}: the zone has no layer {' or '.join(theme.levels)}",
        )
        self.not_known(theme.key, reason, float(self.plots["whole_m2"].sum()))

    def _whole_line(self, theme: Theme) -> tuple[pd.DataFrame, GeoDataFrame]:
        """The lines of a theme of which nothing is known: the whole of each plot."""
        pieces = GeoDataFrame(
            {
                "at": np.arange(len(self.flat)),
                "of": -1,
                "measured_m2": self.measure(self.flat),
                "deducted": np.nan,
                "item": "",
                "zh": "（没有图层，不知道）",
                "en": "(no layer: not known)",
                "known": False,
            },
            geometry=self.flat.to_numpy(),
            crs=self.flat.crs,
        )
        return self._lines(theme, pieces), pieces.iloc[:0]

    def _tell(self, theme: Theme, level: str, pieces: GeoDataFrame, blank: np.ndarray) -> None:
        """Enter what a theme does not know of ground: nothing stated, or nothing there."""
        name = level_name(level)
        if blank.any():
            n, m2 = len(set(pieces.loc[blank, "of"])), float(pieces.loc[blank, "measured_m2"].sum())
            why = Text(
                f"{theme.title.zh}：{n} 个{name.zh}没有填写 {column_name(theme.needs or 'id')}",
                f"{theme.title.en}: {n} {name.en}(s) do not state {theme.needs or 'id'}",
            )
            self.not_known(theme.key, why, m2)
        bare = pieces["of"] < 0
        if not theme.known and float(pieces.loc[bare, "measured_m2"].sum()) > _HAIR_M2:
            why = Text(
                f"{theme.title.zh}：没有{name.zh}图形覆盖的部分",
                f"{theme.title.en}: ground that no {name.en} covers",
            )
            self.not_known(theme.key, why, float(pieces.loc[bare, "measured_m2"].sum()))
        if theme.key == "land_use" and pieces.loc[~bare, "deducted"].isna().any():
            some = pieces[~bare & pieces["deducted"].isna()]
            why = Text(
                f"净面积：{len(set(some['of']))} 个{name.zh}没有扣除系数，只有毛面积",
                f"net area: {len(set(some['of']))} {name.en}(s) have no deducted_share; only "
                "gross areas are known",
            )
            self.not_known("net", why, float(some["measured_m2"].sum()))

    def _lines(self, theme: Theme, pieces: GeoDataFrame) -> pd.DataFrame:
        """Sum pieces by plot and item, close them to the whole of the plot."""
        net = pieces["measured_m2"] * (1 - pieces["deducted"])
        of = pieces["of"].where(pieces["of"] >= 0)
        flat = pd.DataFrame(pieces[["at", "item", "zh", "en", "known", "measured_m2"]])
        flat = flat.assign(of=of, net_m2=net.fillna(0.0), bare=net.isna())
        groups = flat.groupby(["at", "item", "zh", "en", "known"], sort=False)
        table = groups.agg(
            features=("of", "nunique"),
            measured_m2=("measured_m2", "sum"),
            net_m2=("net_m2", "sum"),
            bare=("bare", "any"),
        ).reset_index()
        table["net_m2"] = table["net_m2"].mask(table["bare"])
        table = table.sort_values(["at", "known", "measured_m2"], ascending=[True, False, False], kind="stable")  # fmt: skip
        of_plot, twice = dict(tuple(table.groupby("at"))), self._doubled(pieces)
        made = []
        for k, plot in enumerate(self.plots["plot"]):
            mine = of_plot.get(k, table.iloc[:0])
            doubled = float(mine["measured_m2"].sum() - self.plots["measured_m2"].iloc[k])
            if twice[k] > _SEEN_M2:
                row = {"item": "", "zh": DOUBLED.zh, "en": DOUBLED.en, "known": True,
                       "features": 0, "measured_m2": -doubled, "net_m2": np.nan}  # fmt: skip
                mine = pd.concat([mine, pd.DataFrame([row])], ignore_index=True)
            whole = float(self.plots["whole_m2"].iloc[k])
            adjusted = geo.apportion(mine["measured_m2"].to_numpy(float), whole)
            made.append(mine.assign(plot=plot, adjusted_m2=adjusted))
        lines = pd.concat(made, ignore_index=True).assign(theme=theme.key)
        lines["adjustment_m2"] = lines["adjusted_m2"] - lines["measured_m2"]
        return lines[_LINES]

    def _doubled(self, pieces: GeoDataFrame) -> np.ndarray:
        """How much ground of each plot is in several pieces, in m² of the plane."""
        sizes = geo.area_m2(GeoSeries(pieces.geometry, crs=self.flat.crs)).to_numpy(float)
        held = np.bincount(pieces["at"].to_numpy(int), sizes, len(self.flat))
        return np.asarray(held - geo.area_m2(self.flat).to_numpy(float))

    # --- what is met ------------------------------------------------------------------------------

    def met(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return the parcels, buildings and firms met."""
        parcels = self._features("parcel", ["name", "park_id", "owner", "land_use",
                                            "registered_area_m2"])  # fmt: skip
        buildings = self._features("building", ["parcel_id", "use", "storeys", "height_m",
                                                "floor_area_m2", "built_year"])  # fmt: skip
        if "floor_area_m2" in buildings:
            floors = pd.to_numeric(buildings["floor_area_m2"]).astype(float)
            buildings["floor_area_here_m2"] = floors * buildings["share"]
        return parcels, buildings, self._firms(parcels)

    def _features(self, level: str, columns: list[str]) -> pd.DataFrame:
        if not self.zone.count(level):
            name = level_name(level)
            why = Text(f"涉及的{name.zh}：示范区没有这一图层", f"no layer {level}: {name.en}s met are not known")  # fmt: skip
            self.not_known(level, why, float(self.plots["whole_m2"].sum()))
            return pd.DataFrame(columns=["plot", "id", "area_here_m2", "share"])
        layer = polygons(near(self.zone, level, self.flat, columns))
        i, j, ground = geo.split(self.flat, layer.geometry, center=self.center)
        held = j >= 0
        here = self.measure(ground[held])
        whole = self.measure(geo.to_plane(layer.geometry, self.center))[j[held]]
        some = pd.DataFrame(layer.drop(columns="geometry")).iloc[j[held]].reset_index(drop=True)
        some = some[["id", *(c for c in columns if c in some)]]
        some.insert(0, "plot", self.plots["plot"].to_numpy()[i[held]])
        return some.assign(area_here_m2=here, area_m2=whole, share=here / whole)

    def _firms(self, parcels: pd.DataFrame) -> pd.DataFrame:
        """Firms whose point lies under a plot, else whose parcel does for the greater part."""
        columns = [
            "year",
            "name",
            "parcel_id",
            "industry",
            "staff_persons",
            "tax_wan",
            "income_wan",
        ]
        if not self.zone.count("enterprise"):
            why = Text("涉及的企业：示范区没有这一图层", "no layer enterprise: firms met are not known")  # fmt: skip
            self.not_known("enterprise", why, float(self.plots["whole_m2"].sum()))
            return pd.DataFrame(columns=["plot", "id", "name"])
        firms = self.zone.layer("enterprise")
        if "year" in firms and firms["year"].notna().any():
            firms = firms[(firms["year"] == firms["year"].max()) | firms["year"].isna()]
        firms = firms.reset_index(drop=True)
        placed = firms.geometry.notna() & ~firms.geometry.is_empty
        held = near_points(self.flat, geo.to_plane(firms.geometry[placed], self.center))
        at = dict(zip(firms.index[placed].to_numpy()[held[1]], held[0], strict=True))
        most = parcels[parcels["share"] > 0.5].set_index("id")["plot"] if len(parcels) else {}
        rows = []
        for k in firms.index:
            parcel = firms["parcel_id"].iloc[k] if "parcel_id" in firms else None
            if k in at:
                rows.append((k, self.plots["plot"].iloc[at[k]], "point"))
            elif not placed.iloc[k] and isinstance(parcel, str) and parcel in most:
                rows.append((k, most[parcel], "parcel"))
        some = pd.DataFrame(firms.drop(columns="geometry")).iloc[[k for k, *_ in rows]]
        some = some[["id", *(c for c in columns if c in some)]].reset_index(drop=True)
        some.insert(0, "plot", [plot for _, plot, _ in rows])
        return some.assign(told_by=[how for *_, how in rows])

    def quotas(self) -> pd.DataFrame:
        """Return the quotas of the latest year of the units that the plots touch."""
        columns = ["unit", "year", "use", "kind", "quota_m2", "used_m2", "left_m2", "whole_m2"]
        units = {one for key in ("park", "block") for one in self._units.get(key, ())}
        held = self.zone.quotas
        if held.empty:
            why = Text("涉及的指标：示范区没有指标表", "quotas touched: the zone has no quotas.csv")
            self.not_known("quota", why, float(self.plots["whole_m2"].sum()))
            return pd.DataFrame(columns=columns)
        above = {str(self.zone.units.at[u, "group"]) for u in units
                 if u in self.zone.units.index and "group" in self.zone.units}  # fmt: skip
        asked = held["unit"].astype(str).isin(units | above | {self.zone.id, "zone"})
        year = pd.to_numeric(held["year"])
        asked &= year == year[asked].max()
        if not asked.any():
            return pd.DataFrame(columns=columns)
        used = quota_use(replace(self.zone, quotas=held[asked]))
        whole = float(self.plots["whole_m2"].sum())
        return used.assign(whole_m2=whole)[columns].reset_index(drop=True)


def _deducted(layer: GeoDataFrame, j: np.ndarray) -> np.ndarray:
    """The share deducted of each piece: that of its feature, NaN where it is not stated."""
    if "deducted_share" not in layer:
        return np.full(len(j), np.nan)
    stated = pd.to_numeric(layer["deducted_share"]).astype(float).to_numpy()
    return np.where(j >= 0, np.append(stated, np.nan)[j], np.nan)


def near_points(places: GeoSeries, points: GeoSeries) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the places and of the points that lie in them."""
    i, j, _ = geo.pairs_within_m(places, points, 0.0, center=geo.center_of(places))
    return i, j

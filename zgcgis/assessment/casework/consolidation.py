"""Review of a zone's consolidation (开发区整合优化核查): lines kept, land used, years of supply left.

Per park and in total: what lies outside the urban development boundary, on permanent basic farmland
and on ecological red lines; the share of industrial land now and planned; how much approved land is
not supplied and how much supplied land is idle; for how many years land is left. The formulas of
the last five are those that public tools print (XIAOFUTools, 开发区整合优化核查); the notice itself was
not read, and every output says so. Ground on which features lie on one another counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame, GeoSeries

from ... import geo
from ...checks.supply import as_of, judged_parcels
from ...language.errors import ZoneError
from ...language.safe_text import Text
from ...language.terms import column_name
from ...model import Zone, there_in
from ...plan.land_use import classify
from ...standards.idle_land import as_dates
from .redlines import RedLine
from .themes import level_name, system_of, text_of
from .vicinity import polygons

__all__ = ["FORMULAS_AS_PRINTED", "MEASURES", "Consolidation", "Measure", "consolidation"]

FORMULAS_AS_PRINTED = Text(
    "公式按公开工具所印（XIAOFUTools 开发区整合优化核查）；通知原文未读",
    "formula as printed by public tools (XIAOFUTools, 开发区整合优化核查); the notice itself was not read",
)
INDUSTRIAL = ("industrial", "mining", "storage")
"""Classes of 工矿仓储: by 三调 0601, 0602, 0603 and 0508, by 用地用海 10 and 11."""

_SEEN_M2 = 0.005


@dataclass(frozen=True)
class Measure:
    """A figure of the review: what is over what, in per cent (``unit`` ``%``) or years (``a``)."""

    key: str
    title: Text
    formula: Text
    unit: str = "%"
    printed: bool = True


def _share_of_park(key: str, zh: str, en: str) -> Measure:
    return Measure(
        key,
        Text(zh, en),
        Text(f"{zh}的面积 ÷ 园区面积", f"{en.lower()}, over the area of the park"),
        printed=False,
    )


MEASURES = (
    _share_of_park("urban", "城镇开发边界以外", "Outside the urban development boundary"),
    _share_of_park("farmland", "压占永久基本农田", "On permanent basic farmland"),
    _share_of_park("red_line", "压占生态保护红线", "On ecological red lines"),
    Measure(
        "industry_now",
        Text("现状工业用地率", "Industrial land at present"),
        Text(
            "现状工矿仓储用地 ÷ 现状建设用地",
            "industrial, mining and storage land over construction land",
        ),
    ),
    Measure(
        "industry_planned",
        Text("规划工业用地率", "Industrial land as planned"),
        Text(
            "规划工矿仓储用地 ÷ 规划建设用地",
            "planned industrial, mining and storage land over planned construction land",
        ),
    ),
    Measure(
        "unsupplied",
        Text("批而未供率", "Approved land not supplied"),
        Text("批而未供 ÷ 已批准建设用地", "approved and not supplied, over approved"),
    ),
    Measure(
        "idle",
        Text("闲置土地率", "Supplied land that is idle"),
        Text("闲置土地 ÷ 已供应建设用地", "idle over supplied"),
    ),
    Measure(
        "years",
        Text("尚可供应年限", "Years of supply left"),
        Text(
            "（园区范围 − 已供应 + 举证）÷ 年均供应量",
            "(extent - supplied + proven) over mean yearly supply",
        ),
        unit="a",
    ),
)
"""The figures, in the order of a report."""


@dataclass(frozen=True, eq=False)
class Consolidation:
    """A review.

    Attributes
    ----------
    zone, day, supply_years
        Of which zone, on which day; over how many years supply is averaged.
    parks
        The outlines, in EPSG:4490: ``id zh en area_m2``.
    figures
        One row per park and measure, the total (``park`` empty) first: ``numerator_m2``,
        ``denominator_m2`` (of the years: land left, and mean supply in m² a year), ``value`` in
        per cent or years, NaN where it is not known, and ``complete``: whether all its land is
        known.
    parts
        Land behind them: ``park measure role part zh en features area_m2``; the role is
        ``numerator``, ``denominator`` or ``unknown``. The years have their terms as parts.
    unknown
        What is not known, why, and how much land it is: ``park measure zh en area_m2``.
    polygons
        The ground of the parts, in EPSG:4490: ``park measure role part feature area_m2``.
    remarks
        What else is to be known.
    """

    zone: Zone
    day: date
    supply_years: int
    parks: GeoDataFrame
    figures: pd.DataFrame
    parts: pd.DataFrame
    unknown: pd.DataFrame
    polygons: GeoDataFrame
    remarks: tuple[Text, ...]

    def headline(self) -> Text:
        """Say in one line how many parks there are, on which day, how much is not known."""
        n, total = len(self.parks), self.figures[self.figures["park"] == ""]
        unknown = int((~total["complete"]).sum())
        return Text(
            f"{self.zone.names['zh']} {n} 个园区，截至 {self.day}，椭球面积；{len(total)} 项中 {unknown} 项有不知道的",
            f"{self.zone.names['en']}: {n} park(s), as of {self.day}, areas on the ellipsoid; "
            f"{unknown} of {len(total)} figures have something not known",
        )


def consolidation(
    zone: Zone,
    *,
    day: date | None = None,
    proven: RedLine | None = None,
    supply_years: int = 5,
) -> Consolidation:
    """Review the consolidation of a zone, park by park and in total.

    Parameters
    ----------
    zone
        The zone; its parks need outlines.
    day
        The day of judgement; by default that of the zone.
    proven
        Plots proven to be left (举证), as read by
        :func:`zgcgis.assessment.casework.read_red_line`; without them the years of supply leave
        them out and say so.
    supply_years
        Over how many calendar years, up to the day, supply is averaged.

    Raises
    ------
    ZoneError
        If no park has an outline.
    """
    review = _Review(zone, as_of(zone) if day is None else day, supply_years)
    review.lines()
    review.industry()
    review.supply()
    review.proven(proven)
    return review.found()


@dataclass(frozen=True, eq=False)
class _Layer:
    """A layer cut by the parks: which park, which feature (-1 is none), which ground."""

    features: GeoDataFrame
    i: np.ndarray
    j: np.ndarray
    ground: np.ndarray


class _Review:
    """One run: the parks in the plane, and the ground that was found so far."""

    def __init__(self, zone: Zone, day: date, supply_years: int) -> None:
        self.zone, self.day, self.years = zone, day, supply_years
        self.remarks: list[Text] = [FORMULAS_AS_PRINTED]
        parks = polygons(self._there("park")) if zone.count("park") else None
        if parks is None or parks.empty:
            raise ZoneError(
                f"{zone.names['zh']} 没有园区范围（图层 park 的面），不能核查。请先用 zgcgis import --level park 导入园区边界。",
                f"{zone.names['en']} has no outlines of parks (polygons of the layer park), so there "
                "is nothing to review. Import them with zgcgis import --level park.",
            )
        self.center = zone.center or geo.center_of(parks)
        self.flat = geo.to_plane(parks.geometry, self.center)
        self.parks = GeoDataFrame(
            {
                "id": parks["id"].astype(str),
                "zh": [zone.name(str(one)) for one in parks["id"]],
                "en": [zone.name(str(one), "en") for one in parks["id"]],
                "area_m2": self._m2(self.flat.to_numpy()),
            },
            geometry=parks.geometry.to_numpy(),
            crs=parks.crs,
        )
        self._outlines(parks)
        self.whole = _Layer(self.parks, *_self(len(parks)), self.flat.to_numpy())
        self.pieces: list[dict[str, Any]] = []
        self.lacking: dict[str, Text] = {}

    def _there(self, level: str) -> GeoDataFrame:
        layer = self.zone.layer(level)
        return layer[there_in(layer, self.day.year)].reset_index(drop=True)

    def _m2(self, shapes: np.ndarray) -> np.ndarray:
        found: np.ndarray = geo.area_m2(
            GeoSeries(shapes, crs=self.flat.crs), center=self.center
        ).to_numpy(float)
        return found

    def _outlines(self, parks: GeoDataFrame) -> None:
        """Say which parks have no outline, which outlines are no survey, which lie on one another."""
        units = self.zone.units
        known = units.index[units["level"] == "park"] if "level" in units else []
        if bare := [one for one in map(str, known) if one not in set(self.parks["id"])]:
            self.remarks.append(
                Text(
                    f"没有范围、不在核查中的园区：{'、'.join(self.zone.name(one) for one in bare)}",
                    f"parks without an outline, not reviewed: {', '.join(self.zone.name(one, 'en') for one in bare)}",
                )
            )
        once = float(self._m2(np.array([shapely.union_all(self.flat.to_numpy())]))[0])
        if (twice := float(self.parks["area_m2"].sum()) - once) > 0.01:
            self.remarks.append(
                Text(
                    f"园区范围相互重叠 {twice:,.2f} m²，合计只计一次，所以各园区之和大于合计",
                    f"outlines of parks share {twice:,.2f} m2, which the total counts once: the parks "
                    "sum to more than the total",
                )
            )
        said = text_of(parks, "precision")
        rough = sorted({one for one in said if one not in ("surveyed", "synthetic")})
        if rough:
            n = int(said.isin(rough).sum())
            words = "、".join(one or "未写明" for one in rough)
            self.remarks.append(
                Text(
                    f"{n} 个园区的边界不是测绘成果（precision：{words}），各项面积只供参考",
                    f"the outlines of {n} park(s) are not surveyed (precision: "
                    f"{', '.join(one or 'not stated' for one in rough)}): areas are no more than a sketch",
                )
            )

    # --- what is cut -------------------------------------------------------------------------

    def _cut(self, features: GeoDataFrame) -> _Layer:
        ground = polygons(features)
        i, j, pieces = geo.split(self.flat, ground.geometry, center=self.center)
        return _Layer(ground, i, j, pieces.to_numpy())

    def _layer(
        self, levels: tuple[str, ...], measures: tuple[str, ...]
    ) -> tuple[str, _Layer | None]:
        """The first layer that the zone has, cut; what hangs on it is not known without it."""
        level = next((one for one in levels if self.zone.count(one)), "")
        if level:
            return level, self._cut(self._there(level))
        names = [level_name(one) for one in levels]
        why = Text(
            f"示范区没有图层 {'、'.join(n.zh for n in names)}",
            f"the zone has no layer {' or '.join(levels)}",
        )
        self.lacking |= dict.fromkeys(measures, why)
        return "", None

    def _add(
        self, measures: str, role: str, part: str, said: Text, layer: _Layer, held: Any
    ) -> None:
        """Enter ground of a layer: that of the features `held`, or where there are none (None)."""
        rows = layer.j < 0 if held is None else (layer.j >= 0) & np.append(held, False)[layer.j]
        names = np.append(layer.features["id"].astype(str).to_numpy(object), "")
        for measure in measures.split():
            self.pieces.append(
                {
                    "measure": measure,
                    "role": role,
                    "part": part,
                    "said": said,
                    "at": layer.i[rows],
                    "feature": names[layer.j[rows]],
                    "ground": layer.ground[rows],
                }
            )

    # --- the figures -------------------------------------------------------------------------

    def lines(self) -> None:
        """Urban boundary, basic farmland, red lines; all over the extent of the park."""
        extent = Text("园区范围", "Extent of the park")
        every = np.ones(len(self.parks), bool)
        for measure in ("urban", "farmland", "red_line"):
            self._add(measure, "denominator", "extent", extent, self.whole, every)
        self._add("years", "term", "extent", extent, self.whole, every)
        _, urban = self._layer(("urban_boundary",), ("urban",))
        if urban is not None:
            said = Text("城镇开发边界以外", "Outside the urban development boundary")
            self._add("urban", "numerator", "outside_urban", said, urban, None)
        _, lines = self._layer(("prohibited",), ("farmland", "red_line"))
        if lines is None:
            return
        words = text_of(lines.features, "kind") + " " + text_of(lines.features, "zh")
        told = np.zeros(len(words), bool)
        for measure, pattern, said in _KINDS:
            held = words.str.contains(pattern, case=False).to_numpy(bool)
            told |= held
            self._add(measure, "numerator", measure, said, lines, held)
            if not held.any():
                self.lacking[measure] = Text(
                    f"禁止建设控制线没有写明是{said.zh}的图形（看类别和名称）",
                    f"no feature of the layer prohibited says that it is {said.en.lower()} (kind or name)",
                )
        which = Text(
            "禁止建设控制线没有写明类别：是不是永久基本农田或生态保护红线不知道",
            "prohibited lines that do not state their kind: whether basic farmland or red line is not known",
        )
        self._add("farmland red_line", "unknown", "kind_not_stated", which, lines, ~told)

    def industry(self) -> None:
        """Industrial over construction land, at present and as planned."""
        level, land = self._layer(("land_patch", "parcel"), ("industry_now",))
        if land is not None:
            self._use("industry_now", level, "land_use", land)
        level, plan = self._layer(("detailed_plan", "parcel"), ("industry_planned",))
        if plan is not None:
            column = "land_use" if level == "detailed_plan" else "planned_use"
            self._use("industry_planned", level, column, plan)

    def _use(self, measure: str, level: str, column: str, layer: _Layer) -> None:
        code = text_of(layer.features, column)
        known = classify(code, system_of(self.zone, layer.features))
        industrial = known["class"].isin(INDUSTRIAL).to_numpy(bool)
        built = (known["construction"] == "Y").to_numpy(bool)
        name = level_name(level)
        self._add(measure, "numerator", "industrial", Text("工矿仓储用地", "Industrial, mining and storage land"), layer, industrial & built)  # fmt: skip
        self._add(measure, "denominator", "construction", Text("建设用地", "Construction land"), layer, built)  # fmt: skip
        blank = (code == "").to_numpy(bool)
        strange = ~blank & (known["known_as"] == "").to_numpy(bool)
        for part, said, held in (
            ("code_not_stated", Text(f"{name.zh}没有填写{column_name(column)}", f"{name.en}s that state no {column}"), blank),
            ("code_unknown", Text(f"{name.zh}的{column_name(column)}在所用分类中没有", f"{name.en}s whose {column} is no code of their system"), strange),
            ("not_covered", Text(f"没有{name.zh}覆盖", f"covered by no {name.en}"), None),
        ):  # fmt: skip
            self._add(measure, "unknown", part, said, layer, held)

    def supply(self) -> None:
        """Approved, supplied, idle, supplied of late."""
        _, layer = self._layer(("parcel",), ("unsupplied", "idle", "years"))
        if layer is None:
            return
        parcels, end = layer.features, pd.Timestamp(self.day).as_unit("s")
        columns = {"approved_date", "supply_date", "supply_state"} & set(parcels.columns)
        if not columns:
            why = Text(
                "宗地没有批准日期、供地日期和供应状况这几列",
                "parcels have none of the columns approved_date, supply_date, supply_state",
            )
            self.lacking |= dict.fromkeys(("unsupplied", "idle", "years"), why)
            return
        dates = [_dates(parcels, name) for name in ("approved_date", "supply_date")]
        approved, dated = (one <= end for one in dates)
        said = text_of(parcels, "supply_state").str.startswith("D") & ~(dates[1] > end)
        supplied = dated | said
        late = dated & (dates[1].dt.year > self.day.year - self.years)
        add = self._add
        add("unsupplied", "denominator", "approved", Text("已批准建设用地（含已供应的）", "Approved land, supplied land with it"), layer, approved | supplied)  # fmt: skip
        add("unsupplied", "numerator", "not_supplied", Text("批而未供", "Approved and not supplied"), layer, approved & ~supplied)  # fmt: skip
        add("unsupplied", "unknown", "no_record", Text("宗地没有批准和供应的记录，按未批准计", "parcels without a record of approval or supply, taken for not approved"), layer, ~approved & ~supplied)  # fmt: skip
        add("unsupplied idle years", "unknown", "not_covered", Text("没有宗地覆盖，按未批准、未供应计", "covered by no parcel, taken for neither approved nor supplied"), layer, None)  # fmt: skip
        for measure, role in (("idle", "denominator"), ("years", "term")):
            add(measure, role, "supplied", Text("已供应建设用地", "Supplied land"), layer, supplied)
        add("years", "term", "supplied_of_late", Text(f"近 {self.years} 年供应", f"Supplied in the last {self.years} years"), layer, late)  # fmt: skip
        add("years", "unknown", "supply_not_dated", Text("已供应而没有供地日期，年均供应量没有计入", "supplied without a date of supply, not in the yearly mean"), layer, supplied & dates[1].isna())  # fmt: skip
        self._idle(layer)

    def _idle(self, layer: _Layer) -> None:
        judged = judged_parcels(self.zone, self.day)
        state = judged["state"].groupby(level=0).first()
        found = layer.features["id"].map(state).fillna("unknown")
        idle = found.isin(["idle_unstarted", "idle_stopped"])
        self._add("idle", "numerator", "idle", Text("闲置土地（按规则认定）", "Idle land, as the rule judges"), layer, idle)  # fmt: skip
        why = Text("缺日期、面积或投资，是否闲置不能认定", "dates, areas or investment are missing: whether idle cannot be judged")  # fmt: skip
        self._add("idle", "unknown", "not_judged", why, layer, found.isin(["unknown", "undated"]))

    def proven(self, plots: RedLine | None) -> None:
        """Plots proven to be left; without them it is said, with the land it is about."""
        if plots is not None:
            self.remarks += plots.remarks
            land = plots.plots.assign(id=plots.plots["plot"])
            layer = self._cut(land)
            self._add("years", "term", "proven", Text("举证", "Proven"), layer, np.ones(len(layer.features), bool))  # fmt: skip

    # --- what is said ------------------------------------------------------------------------

    def found(self) -> Consolidation:
        """Measure all ground, and put numbers to the figures."""
        parts = pd.concat([self._measured(one) for one in self.pieces], ignore_index=True)
        figures, unknown = self._figures(parts)
        shown = parts[parts["features"] > 0].reset_index(drop=True)
        return Consolidation(
            self.zone,
            self.day,
            self.years,
            self.parks,
            figures,
            shown,
            unknown,
            self._polygons(),
            tuple(self.remarks),
        )

    def _measured(self, piece: dict[str, Any]) -> pd.DataFrame:
        """Land of one part in total and by park, ground under several features once."""
        rows = []
        for at, park in enumerate(["", *self.parks["id"]], start=-1):
            mine = slice(None) if at < 0 else piece["at"] == at
            ground = piece["ground"][mine]
            m2 = float(self._m2(np.array([shapely.union_all(ground)]))[0]) if len(ground) else 0.0
            features = len(set(piece["feature"][mine])) if len(ground) else 0
            rows.append((park, features, m2))
        table = pd.DataFrame(rows, columns=["park", "features", "area_m2"])
        head = {key: piece[key] for key in ("measure", "role", "part")}
        said: Text = piece["said"]
        return table.assign(**head, zh=said.zh, en=said.en)[_PARTS]

    def _figures(self, parts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        held = parts.set_index(["measure", "role", "part", "park"])["area_m2"].sort_index()
        rows, unknown = [], []
        extent = held.loc[("urban", "denominator", "extent")].reindex(["", *self.parks["id"]])
        gone = parts[(parts["role"] == "unknown") & (parts["area_m2"] >= _SEEN_M2)]
        for measure in MEASURES:
            for park in extent.index:
                here = gone[(gone["measure"] == measure.key) & (gone["park"] == park)]
                lacks = [(row.zh, row.en, row.area_m2) for row in here.itertuples()]
                if why := self.lacking.get(measure.key):
                    top, below, value = np.nan, np.nan, np.nan
                    lacks.insert(0, (why.zh, why.en, float(extent[park])))
                elif measure.key == "years":
                    top, below, value, more = self._years(held, park)
                    lacks += more
                else:
                    sums = held.loc[measure.key].groupby(level=["role", "park"]).sum()
                    top, below = float(sums["numerator", park]), float(sums["denominator", park])
                    value = 100 * top / below if below >= _SEEN_M2 else np.nan
                    if not below >= _SEEN_M2:
                        lacks.append((*_NOTHING, float(extent[park])))
                rows.append((park, measure.key, top, below, value, measure.unit, not lacks))
                unknown += [(park, measure.key, *one) for one in lacks]
        columns = ["park", "measure", "numerator_m2", "denominator_m2", "value", "unit", "complete"]
        figures = pd.DataFrame(rows, columns=columns)
        order = pd.Categorical(figures["park"], extent.index, ordered=True)
        figures = figures.iloc[np.argsort(order.codes, kind="stable")].reset_index(drop=True)
        told = pd.DataFrame(unknown, columns=["park", "measure", "zh", "en", "area_m2"])
        return figures, told

    def _years(self, held: pd.Series, park: str) -> tuple[float, float, float, list[Any]]:
        """Land left, mean yearly supply, the years, and what is not known of them."""
        terms = held.loc[("years", "term")]
        proven = float(terms.get(("proven", park), 0.0))
        left = float(terms["extent", park]) - float(terms["supplied", park]) + proven
        mean = float(terms["supplied_of_late", park]) / self.years
        lacks: list[Any] = []
        if ("proven", park) not in terms.index:
            lacks.append((*_NOT_PROVEN, left))
        if mean * self.years < _SEEN_M2:
            said = Text(
                f"近 {self.years} 年没有记录在案的供应，年均供应量为零，年限无从计算",
                f"no supply on record in the last {self.years} years: there is no mean to divide by",
            )
            return left, 0.0, np.nan, [*lacks, (said.zh, said.en, left)]
        return left, mean, left / mean, lacks

    def _polygons(self) -> GeoDataFrame:
        columns = ["park", "measure", "role", "part", "feature", "area_m2"]
        tables = []
        for piece in self.pieces:
            n = len(piece["ground"])
            if not n:
                continue
            head = {key: piece[key] for key in ("measure", "role", "part", "feature")}
            table = pd.DataFrame(head | {"park": self.parks["id"].to_numpy()[piece["at"]]})
            table["area_m2"] = self._m2(piece["ground"])
            tables.append(GeoDataFrame(table[columns], geometry=piece["ground"], crs=self.flat.crs))
        whole = pd.concat(tables, ignore_index=True)
        return geo.to_lonlat(GeoDataFrame(whole, geometry="geometry", crs=self.flat.crs))


_PARTS = ["park", "measure", "role", "part", "zh", "en", "features", "area_m2"]
_KINDS = (
    ("farmland", "基本农田|basic.?farmland", Text("永久基本农田", "Permanent basic farmland")),
    ("red_line", "生态(?:保护)?红线|eco(?:logical)?.?(?:protection.)?red.?line", Text("生态保护红线", "Ecological red line")),
)  # fmt: skip
_NOTHING = Text(
    "分母为零：没有这类用地，比率无从计算",
    "the denominator is zero: there is no such land, so there is no rate",
)
_NOT_PROVEN = Text(
    "没有给出举证地块（--proven），年限没有计入",
    "no proven plots were given (--proven), so the years leave them out",
)


def _self(n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(n), np.arange(n)


def _dates(parcels: pd.DataFrame, name: str) -> pd.Series:
    """A column of dates; nothing where the layer has no such column."""
    if name in parcels:
        return as_dates(parcels[name])
    return pd.Series(pd.NaT, index=parcels.index, dtype="datetime64[s]")

"""Questions to a layer (查询、透视): which features meet a condition, and their land by what.

Land is summed by clipped area where units have outlines (park, block, town): a feature that lies in
two counts in each with its part. By columns of its own a feature counts whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from ... import geo
from ...checks.admission import latest_year
from ...language.errors import UnknownNameError
from ...language.safe_text import Text
from ...model import COLUMNS, LEVELS, Zone, there_in
from ...plan.land_use import CLASSES, classify, great_classes
from .expressions import Condition, read_condition
from .themes import NOT_STATED, system_of, text_of

__all__ = ["Query", "query"]

UNITS = {"park": "park", "block": "block", "town": "district", "district": "district",
         "boundary": "boundary", "detailed_plan": "detailed_plan", "urban_boundary": "urban_boundary",
         "园区": "park", "街区": "block", "街镇": "district", "行政区": "district"}  # fmt: skip
"""The layers by whose outlines land is cut, by what they are called."""

_OWN = {
    "area_m2": Text("面积", "area"),
    "area_ha": Text("公顷", "hectares"),
    "area_mu": Text("亩", "mu"),
    "use": Text("地类", "use"),
    "class": Text("用地大类", "class"),
    "great_class": Text("三大类", "great class"),
}
_POLYGONS = ["Polygon", "MultiPolygon"]
_BRACKETS = re.compile(r"[（(].*?[)）]")
OUTSIDE = Text("（不在任何单元内）", "(in no unit)")


@dataclass(frozen=True, eq=False)
class Query:
    """The answer to a question.

    Attributes
    ----------
    zone, level, where, by, year
        What was asked.
    selected
        The features that meet the condition, in EPSG:4490, with ``area_m2``.
    pivot
        One row per combination of what is summed by: these columns, ``features``, ``area_m2``,
        ``area_ha``, ``area_mu``; the last row is the total.
    asked, undecided
        How many features were asked, and of how many nobody can tell: a column is empty.
    remarks
        What else is to be known of the sums.
    """

    zone: Zone
    level: str
    where: str
    by: tuple[str, ...]
    year: int
    selected: GeoDataFrame
    pivot: pd.DataFrame
    asked: int
    undecided: int
    remarks: tuple[Text, ...]

    def headline(self) -> Text:
        """Say in one line how many features were selected, of how much land."""
        n, m2 = len(self.selected), float(self.selected["area_m2"].sum())
        name = LEVELS[self.level]
        ha, mu = m2 / 1e4, m2 * 3 / 2000
        return Text(
            f"{self.zone.names['zh']} {self.year} 年：{self.asked} 个{name.zh}中选出 {n} 个，"
            f"{ha:,.4f} 公顷（{mu:,.2f} 亩）；{self.undecided} 个因列为空不能判断，未选",
            f"{self.zone.names['en']}, {self.year}: {n} of {self.asked} {name.en}(s) selected, "
            f"{ha:,.4f} ha ({mu:,.2f} mu); of {self.undecided} nobody can tell, a column is empty",
        )


def query(
    zone: Zone,
    level: str = "parcel",
    *,
    where: str = "",
    by: Iterable[str] = (),
    year: int | None = None,
) -> Query:
    """Select features of a level by a condition, and sum their land.

    Parameters
    ----------
    zone
        The zone.
    level
        Any layer it has.
    where
        A condition (:func:`zgcgis.assessment.casework.read_condition`) over columns of the layer by
        key, Chinese or English name, and ``area_m2`` (面积), ``area_ha`` (公顷), ``area_mu`` (亩),
        ``use`` (地类), ``class``, ``great_class`` (三大类). Empty for all features.
    by
        What to sum by, in order: layers of units (``park``, ``block``, ``town``), by clipped area
        in m²; else columns, by which a feature counts whole.
    year
        The year; by default the latest of the zone.

    Raises
    ------
    UnknownNameError
        If there is no such layer or column; the sentence lists those there are.
    ReadError
        If the condition cannot be used.
    """
    day = latest_year(zone) if year is None else year
    whole = zone.layer(level)
    layer = whole[there_in(whole, day)].reset_index(drop=True)
    ground = layer.geometry.geom_type.isin(_POLYGONS)
    flat = geo.to_plane(layer.geometry, zone.center or geo.center_of(layer))
    area = geo.area_m2(flat).where(ground, 0.0)
    layer = _with_own(zone, layer.assign(area_m2=area))
    condition = read_condition(where) if where.strip() else None
    met = _met(layer, condition)
    chosen = met.fillna(False).astype(bool).to_numpy()  # noqa: FBT003
    selected = layer[chosen].reset_index(drop=True)
    ways = [one for given in by if (one := given.strip())]
    pivot, remarks = _pivot(zone, selected, flat[chosen].reset_index(drop=True), ways, day)
    if bare := int((~ground & chosen).sum()):
        remarks.append(Text(f"{bare} 个图形不是面，面积按 0 计", f"{bare} feature(s) are no ground and count as 0 m2"))  # fmt: skip
    key = level if level in LEVELS else "parcel"
    return Query(zone, key, where, tuple(ways), day, selected, pivot, len(layer), int(met.isna().sum()), tuple(remarks))  # fmt: skip


def _with_own(zone: Zone, layer: GeoDataFrame) -> GeoDataFrame:
    """A layer with hectares, mu, and the classes of its land-use codes."""
    made = {"area_ha": layer["area_m2"] / 1e4, "area_mu": layer["area_m2"] * 3 / 2000}
    if "land_use" in layer:
        code, system = text_of(layer, "land_use"), system_of(zone, layer)
        known = classify(code, system)
        made["use"] = code
        made["class"] = known["class"].map(lambda one: CLASSES.get(one, ("",))[0])
        great = great_classes(code, system)
        made["great_class"] = great.map(
            {"farm": "农用地", "built": "建设用地", "unused": "未利用地"}
        )
    return GeoDataFrame(layer.assign(**{k: v for k, v in made.items() if k not in layer}))


def _called(layer: pd.DataFrame) -> dict[str, str]:
    """Every name of each column: its key, its names with and without what stands in brackets."""
    names: dict[str, str] = {}
    for key in layer.columns:
        if key == "geometry":
            continue
        about, own = COLUMNS.get(key), _OWN.get(key)
        given = [about.zh, about.en] if about else list(own) if own else []
        for one in (key, *given, *(_BRACKETS.sub("", name).strip() for name in given)):
            names.setdefault(one.casefold(), key)
    if "land_use" in layer:
        names["地类"] = names["现状地类"] = "land_use"
    return names


def column_of(layer: pd.DataFrame, name: str) -> str:
    """Return the key of a column that goes by a name.

    Raises
    ------
    UnknownNameError
        If none does.
    """
    names = _called(layer)
    if name.casefold() not in names:
        raise UnknownNameError(name, sorted({*names}), what="column", zh="列")
    return names[name.casefold()]


def _met(layer: GeoDataFrame, condition: Condition | None) -> pd.Series:
    if condition is None:
        return pd.Series(True, index=layer.index, dtype="boolean")  # noqa: FBT003
    columns = {name: _typed(layer[column_of(layer, name)]) for name in condition.names}
    return condition(columns, layer.index)


def _typed(column: pd.Series) -> pd.Series:
    """A column as numbers, truths or texts, missing where nothing is stated; days are texts."""
    if pd.api.types.is_bool_dtype(column):
        return column.astype("boolean")
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.astype("Float64")
        return numbers.mask(numbers.isna())
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.strftime("%Y-%m-%d").astype("string")
    texts = column.astype("object").where(column.notna(), None).astype("string")
    return texts.mask(texts.str.strip() == "")


def _pivot(
    zone: Zone, selected: GeoDataFrame, flat: pd.Series, ways: Sequence[str], year: int
) -> tuple[pd.DataFrame, list[Text]]:
    """Land by every way: pieces by outlines first, then by what the columns say."""
    remarks: list[Text] = [] if zone.withheld is None else [zone.withheld]
    pieces = pd.DataFrame(
        {"at": np.arange(len(selected)), "area_m2": selected["area_m2"].to_numpy()}
    )
    ground = flat
    keys: list[str] = []
    for way in ways:
        if (level := UNITS.get(way)) and zone.count(level):
            units = zone.layer(level)
            units = units[there_in(units, year) & units.geometry.geom_type.isin(_POLYGONS)]
            pieces, ground = _cut(zone, pieces, ground, units, way)
            before, after = float(selected["area_m2"].sum()), float(pieces["area_m2"].sum())
            if abs(after - before) > 0.01:
                remarks.append(Text(
                    f"{way} 的范围相互重叠，{after - before:+,.2f} m² 计入了不止一个单元",
                    f"outlines of {way} overlap: {after - before:+,.2f} m2 count in more than one",
                ))  # fmt: skip
            keys.append(way)
            continue
        said = (
            _typed(selected[_own_column(zone, selected, way)])
            .astype("string")
            .fillna(NOT_STATED.zh)
        )
        pieces[way] = said.to_numpy()[pieces["at"]]
        keys.append(way)
    if not keys:
        table = pd.DataFrame(
            {"features": [len(selected)], "area_m2": [float(pieces["area_m2"].sum())]}
        )
    else:
        groups = pieces.groupby(keys, sort=True, dropna=False)
        table = groups.agg(features=("at", "nunique"), area_m2=("area_m2", "sum")).reset_index()
        total = dict.fromkeys(keys, "") | {keys[0]: "合计", "features": len(selected),
                                             "area_m2": float(pieces["area_m2"].sum())}  # fmt: skip
        table = pd.concat([table, pd.DataFrame([total])], ignore_index=True)
    return table.assign(
        area_ha=table["area_m2"] / 1e4, area_mu=table["area_m2"] * 3 / 2000
    ), remarks


def _own_column(zone: Zone, selected: GeoDataFrame, way: str) -> str:
    """The column of a way without outlines: units that are not drawn go by what features state."""
    stated = {"park": "park_id", "园区": "park_id", "block": "block_id", "街区": "block_id"}.get(
        way, way
    )
    try:
        return column_of(selected, stated)
    except UnknownNameError as error:
        known = sorted(
            {*(one for one, level in UNITS.items() if zone.count(level)), *_called(selected)}
        )
        raise UnknownNameError(way, known, what="column or unit", zh="列或单元") from error


def _cut(
    zone: Zone, pieces: pd.DataFrame, ground: pd.Series, units: GeoDataFrame, way: str
) -> tuple[pd.DataFrame, pd.Series]:
    i, j, cut = geo.split(ground, units.geometry, center=zone.center)
    names = [zone.name(str(one)) if one in zone.units.index else str(one) for one in units["id"]]
    own = text_of(units, "zh")
    names = [zh or name for zh, name in zip(own, names, strict=True)]
    said = np.array([*names, OUTSIDE.zh], object)[j]
    made = pieces.iloc[i].reset_index(drop=True)
    made["area_m2"] = geo.area_m2(cut).to_numpy()
    made[way] = said
    return made, cut.reset_index(drop=True)

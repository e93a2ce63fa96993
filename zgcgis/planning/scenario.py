"""Scenarios (情景方案): a base and a list of changes in a text file give another zone.

::

    [scenario]
    zh = "腾退两宗、置换一宗"
    en = "release two, swap one"
    year = 2024                     # the year of the changed state; by default after the base

    [[change]]
    do = "reallocate"               # give a parcel another use, supply it, hand it to somebody
    parcel = "N001-01"
    use = "1001"                    # planned use; optional: owner, supply_date, far
    [[change]]
    do = "release"                  # 腾退: what stood there is cleared, the land can be supplied
    parcel = "N002-03"
    [[change]]
    do = "reserve"                  # 储备: held back, cannot be supplied
    parcel = "N002-04"
    [[change]]
    do = "swap"                     # 置换: two parcels exchange use, holder and tenants
    parcels = ["N001-02", "S003-01"]
    [[change]]
    do = "split"                    # 分割: along a line, or across the long side by shares
    parcel = "N002-05"
    into = ["N002-05a", "N002-05b"]
    line = [[116.4, 40.0], [116.41, 40.0]]   # longitude and latitude; or: shares = [0.4, 0.6]
    [[change]]
    do = "merge"                    # 合并: neighbours become one; values: what they differ in
    parcels = ["N002-06", "N002-07"]
    into = "N002-06"
    [[change]]
    do = "set"                      # any column of any layer
    level = "parcel"
    id = "N001-05"
    values = { planned_far = 2.5 }

Changes are made in their order, on copies; the base is left alone. What they change in accounts,
indicators, scores and findings (方案前后比较) is told by :func:`compare_zones`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame, GeoSeries

from .. import geo
from ..accounts import measure
from ..checks import check
from ..checks.admission import latest_year
from ..indicators import compute
from ..language.errors import MissingColumnsError, PlanError, UnknownNameError
from ..model import LEVELS, Zone, there_in
from ..plan.settings import check_settings, read_toml
from .changes import compare_findings

__all__ = [
    "Change",
    "Comparison",
    "Scenario",
    "apply",
    "compare_zones",
    "difference",
    "read_scenario",
]


@dataclass(frozen=True)
class Change:
    """One change: its verb and what it names."""

    do: str
    data: Mapping[str, Any]
    place: str = ""

    def text(self, key: str) -> str:
        """Return a text the change must state."""
        value = self.data.get(key)
        if not isinstance(value, str) or not value:
            raise PlanError(
                f'{self.place}（{self.do}）缺少文字 {key}。请补上 {key} = "…"。',
                f'{self.place} ({self.do}) lacks the text {key}. Add {key} = "…".',
            )
        return value


@dataclass(frozen=True)
class Scenario:
    """A list of changes with its names; ``year`` is that of the changed state."""

    zh: str
    en: str
    changes: tuple[Change, ...]
    year: int | None = None


def read_scenario(path: str | Path) -> Scenario:
    """Read a scenario file."""
    file = Path(path)
    data = read_toml(file, error=PlanError)
    check_settings(data, "scenario.toml", file, error=PlanError)
    head = data.get("scenario", {})
    changes = tuple(
        Change(entry["do"], entry, f"{file.name} change[{k}]")
        for k, entry in enumerate(data["change"])
    )
    return Scenario(head.get("zh", file.stem), head.get("en", file.stem), changes, head.get("year"))


def apply(zone: Zone, changes: Sequence[Change], *, year: int | None = None) -> Zone:
    """Return the zone with the changes made, one after the other.

    Parameters
    ----------
    zone
        The base; it is left alone.
    changes
        What is to be changed, in order.
    year
        The year in which land is supplied that a change supplies without a date; by default the
        latest of the zone.
    """
    years = zone.meta.get("years")
    when = year if year is not None else (int(max(years)) if years else date.today().year)  # noqa: DTZ011
    for change in changes:
        if change.do not in _VERBS:
            raise UnknownNameError(change.do, _VERBS, what="change (do = …)", zh="变更动作")
        zone = _VERBS[change.do](zone, change, when)
    return zone


def _current(layer: GeoDataFrame, name: str, change: Change, year: int) -> Any:
    """Index label of the feature of that id which is there in `year`."""
    rows = layer.index[(layer["id"] == name) & there_in(layer, year)]
    if not len(rows):
        rows = layer.index[layer["id"] == name]
    if not len(rows):
        raise PlanError(
            f"{change.place}：没有编号为 {name} 的要素。请核对编号。",
            f"{change.place}: there is no feature {name}. Check the id.",
        )
    return rows[-1]


def _with(zone: Zone, level: str, layer: GeoDataFrame) -> Zone:
    return replace(zone, layers={**zone.layers, level: layer})


def _put(layer: GeoDataFrame, row: Any, values: Mapping[str, Any]) -> GeoDataFrame:
    """Set columns of one row of a copy; a column nobody had is added."""
    layer = layer.copy()
    for name, value in values.items():
        if name not in layer:
            layer[name] = None
        if pd.api.types.is_datetime64_any_dtype(layer[name].dtype):
            layer.loc[row, name] = pd.NaT if value is None else pd.Timestamp(value)
        elif value is None and pd.api.types.is_bool_dtype(layer[name].dtype):
            layer.loc[row, name] = False
        else:
            if not pd.api.types.is_object_dtype(layer[name].dtype) and not _fits(
                layer[name], value
            ):
                layer[name] = layer[name].astype("object")
            layer.loc[row, name] = value
    return layer


def _fits(column: pd.Series, value: Any) -> bool:
    """Whether a value can stand in a column without changing its type."""
    if value is None:
        empty_at_hand = pd.api.types.is_float_dtype(column.dtype)
        return bool(empty_at_hand or pd.api.types.is_extension_array_dtype(column.dtype))
    if isinstance(value, bool):
        return bool(pd.api.types.is_bool_dtype(column.dtype))
    if isinstance(value, int | float):
        integer = pd.api.types.is_integer_dtype(column.dtype)
        return bool(
            pd.api.types.is_float_dtype(column.dtype) or (integer and isinstance(value, int))
        )
    return bool(pd.api.types.is_string_dtype(column.dtype))


def _class_state(use: str) -> str:
    """Supply-state class of land of a use that can still be supplied."""
    return "E21" if use.startswith(("10", "11")) else "E22"


_NOTHING_BUILT = dict.fromkeys(["actual_start_date", "finish_date", "stopped_since", "developed_area_m2",
                                "invested_wan", "idle_m2", "hightech"])  # fmt: skip


def _reallocate(zone: Zone, change: Change, year: int) -> Zone:
    layer = zone.layer("parcel")
    row = _current(layer, change.text("parcel"), change, year)
    values: dict[str, Any] = {}
    if "use" in change.data:
        values["planned_use"] = change.text("use")
    supplied = change.data.get("supply", True)
    if supplied:
        state = str(layer.at[row, "supply_state"]) if "supply_state" in layer else ""
        if not state.startswith("D"):
            values["supply_state"] = "D21"
            values["supply_date"] = change.data.get("supply_date", date(year, 12, 31))
            values["agreed_start_date"] = change.data.get(
                "agreed_start_date", date(year + 1, 12, 31)
            )
            if "approved_date" in layer and pd.isna(layer.at[row, "approved_date"]):
                values["approved_date"] = values["supply_date"]
    for key, column in (("far", "planned_far"), ("owner", "owner"), ("industry_code",) * 2):
        if key in change.data:
            values[column] = change.data[key]
    built = str(layer.at[row, "build_state"]) if "build_state" in layer else ""
    if built.startswith(("A", "B1")) and change.data.get("clear", False):
        zone = _cleared(zone, str(layer.at[row, "id"]), year)
        values |= {"build_state": "B21", **_NOTHING_BUILT}
    return _with(zone, "parcel", _put(layer, row, _known(values, layer)))


def _known(values: Mapping[str, Any], layer: pd.DataFrame) -> dict[str, Any]:
    """The values, without empty ones for columns that the layer does not have."""
    return {k: v for k, v in values.items() if v is not None or k in layer}


def _release(zone: Zone, change: Change, year: int) -> Zone:
    return _freed(zone, change, year, "")


def _reserve(zone: Zone, change: Change, year: int) -> Zone:
    return _freed(zone, change, year, "F")


def _freed(zone: Zone, change: Change, year: int, state: str) -> Zone:
    """The zone with a parcel cleared from `year` on; what was before stays on record."""
    layer = zone.layer("parcel")
    row = _current(layer, change.text("parcel"), change, year)
    use = str(layer.at[row, "planned_use"]) if "planned_use" in layer else ""
    values: dict[str, Any] = {
        "build_state": "B21",
        "supply_state": state or _class_state(use),
        "approved_date": None,
        "supply_date": None,
        "supply_mode": None,
        "agreed_start_date": None,
        "agreed_finish_date": None,
        "land_price_wan": None,
        "owner": None,
        "government_cause": None,
        "extension_months": None,
        **_NOTHING_BUILT,
    }
    zone = _cleared(zone, str(layer.at[row, "id"]), year)
    return _with(zone, "parcel", _succeed(layer, row, _known(values, layer), year))


def _succeed(layer: GeoDataFrame, row: Any, values: Mapping[str, Any], year: int) -> GeoDataFrame:
    """End a row with `year` and let one with the values follow it, if the layer knows years."""
    if not {"since", "until"} <= set(layer.columns):
        return _put(layer, row, values)
    since = layer.at[row, "since"]
    if not pd.isna(since) and int(since) >= year:
        return _put(layer, row, values)
    follower = layer.loc[[row]].copy()
    follower.index = pd.Index([layer.index.max() + 1])
    follower = _put(follower, follower.index[0], {**values, "since": year})
    ended = _put(layer, row, {"until": year})
    return GeoDataFrame(pd.concat([ended, follower]), geometry="geometry", crs=layer.crs)


def _cleared(zone: Zone, parcel: str, year: int) -> Zone:
    """The zone without buildings and enterprises on one parcel from `year` on."""
    layers = dict(zone.layers)
    buildings = layers.get("building")
    if buildings is not None and "parcel_id" in buildings:
        mine = (buildings["parcel_id"] == parcel).fillna(value=False).to_numpy(bool)
        if "until" in buildings:
            ended = buildings.copy()
            ended.loc[mine & there_in(buildings, year).to_numpy(), "until"] = year
            layers["building"] = ended
        else:
            layers["building"] = buildings[~mine]
    firms = layers.get("enterprise")
    if firms is not None and "parcel_id" in firms:
        mine = (firms["parcel_id"] == parcel).fillna(value=False).to_numpy(bool)
        if "year" in firms:
            mine = mine & (pd.to_numeric(firms["year"]) >= year).fillna(value=True).to_numpy(bool)
        layers["enterprise"] = firms[~mine]
    return replace(zone, layers=layers)


_SWAPPED = ("planned_use", "planned_far", "owner", "industry_code")


def _swap(zone: Zone, change: Change, year: int) -> Zone:
    names = change.data.get("parcels")
    if not isinstance(names, list) or len(names) != 2 or names[0] == names[1]:
        raise PlanError(
            f'{change.place}：swap 要写 parcels = ["甲", "乙"] 两个不同的宗地。',
            f'{change.place}: swap needs parcels = ["a", "b"], two different parcels.',
        )
    layer = zone.layer("parcel")
    one, two = (_current(layer, str(name), change, year) for name in names)
    there = [name for name in _SWAPPED if name in layer]
    first, second = layer.loc[one, there].to_dict(), layer.loc[two, there].to_dict()
    layer = _put(_put(layer, one, second), two, first)
    zone = _with(zone, "parcel", layer)
    firms = zone.layers.get("enterprise")
    if firms is not None and "parcel_id" in firms:
        firms = firms.copy()
        a, b = firms["parcel_id"] == names[0], firms["parcel_id"] == names[1]
        parks = layer.set_index("id")["park_id"] if "park_id" in layer else None
        firms.loc[a.fillna(value=False).to_numpy(bool), "parcel_id"] = names[1]
        firms.loc[b.fillna(value=False).to_numpy(bool), "parcel_id"] = names[0]
        if parks is not None and "park_id" in firms:
            moved = (a | b).fillna(value=False).to_numpy(bool)
            latest = parks[~parks.index.duplicated(keep="last")]
            firms.loc[moved, "park_id"] = firms.loc[moved, "parcel_id"].map(latest)
        zone = _with(zone, "enterprise", firms)
    return zone


CLOSED_M2 = 0.01
"""To how much the parts of a split and a merge sum to their whole."""
_SUMS = ("registered_area_m2", "developed_area_m2", "idle_m2", "total_investment_wan", "invested_wan",
         "land_price_wan")  # fmt: skip


def _split(zone: Zone, change: Change, year: int) -> Zone:
    """Cut a parcel; what can be summed is shared out by area, all else goes to each part."""
    layer = zone.layer("parcel")
    row = _current(layer, change.text("parcel"), change, year)
    whole = layer.loc[[row]]
    pieces = _pieces(whole.geometry, change, zone.center)
    names = _into(
        layer, change, [f"{change.text('parcel')}/{k}" for k in range(1, len(pieces) + 1)]
    )
    if len(names) != len(pieces):
        raise PlanError(
            f"{change.place}：{change.text('parcel')} 分成 {len(pieces)} 块，into 写了 {len(names)} 个编号。"
            "请写同样多的编号，面积大的在前。",
            f"{change.place}: {change.text('parcel')} falls into {len(pieces)} parts and into names "
            f"{len(names)}. Name as many, the largest first.",
        )
    areas = geo.area_m2(pieces, center=zone.center).to_numpy()
    parts = GeoDataFrame(pd.concat([pd.DataFrame(whole.drop(columns="geometry"))] * len(pieces)))
    parts = parts.assign(id=names, came_from=change.text("parcel"))
    for name in (one for one in _SUMS if one in parts and pd.notna(parts[one].iloc[0])):
        parts[name] = geo.apportion(areas, float(parts[name].iloc[0]))
    made = GeoDataFrame(parts, geometry=pieces.to_numpy(), crs=layer.crs)
    return _in_place_of(zone, [row], made, year)


def _pieces(shape: GeoSeries, change: Change, center: Any) -> GeoSeries:
    """A parcel cut as a change says: along its line, or in its shares."""
    line, shares = change.data.get("line"), change.data.get("shares")
    fault = PlanError(
        f"{change.place}：split 要写 line = [[经度, 纬度], …]（横穿宗地的线），或者 shares = [0.4, 0.6]（正数，和为 1），只写一个。",
        f"{change.place}: split needs line = [[longitude, latitude], …] that crosses the parcel, or "
        "shares = [0.4, 0.6], positive with the sum 1; one of the two.",
    )
    if (line is None) == (shares is None):
        raise fault
    try:
        if shares is not None:
            given = np.asarray(shares, float)
            if (
                given.ndim != 1
                or len(given) < 2
                or not (given > 0).all()
                or abs(given.sum() - 1) > 1e-6
            ):
                raise fault
            return geo.cut_in_shares(shape, given, center=center)
        points = np.asarray(line, float)
        if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
            raise fault
        cut = GeoSeries([shapely.linestrings(points)], crs=geo.LONLAT)
        pieces = geo.cut_by_line(shape, cut, center=center)
    except (ValueError, TypeError, shapely.errors.GEOSException) as error:
        raise fault from error
    if len(pieces) < 2:
        raise PlanError(
            f"{change.place}：line 没有把 {change.text('parcel')} 分开。请把线的两端延长到宗地以外。",
            f"{change.place}: the line does not cut {change.text('parcel')}. Let both its ends lie outside.",
        )
    return pieces


def _into(layer: GeoDataFrame, change: Change, usual: list[str]) -> list[str]:
    """The ids of what is made; none that another parcel has."""
    given = change.data.get("into", usual)
    names = [given] if isinstance(given, str) else [str(one) for one in given]
    own = {change.data.get("parcel"), *change.data.get("parcels", ())}
    taken = sorted((set(layer["id"].astype(str)) - own) & set(names))
    if taken or len(set(names)) < len(names) or not all(names):
        raise PlanError(
            f"{change.place}：into 中的编号重复、为空或已被占用：{'、'.join(taken or names)}。请另写编号。",
            f"{change.place}: ids in into stand twice, are empty or taken: {', '.join(taken or names)}. "
            "Give others.",
        )
    return names


def _merge(zone: Zone, change: Change, year: int) -> Zone:
    """Make neighbours one: sums are added, what they agree in is kept, the rest is the largest's."""
    names = change.data.get("parcels")
    if not isinstance(names, list) or len(set(names)) < 2 or len(set(names)) < len(names):
        raise PlanError(
            f'{change.place}：merge 要写 parcels = ["甲", "乙"]，两个以上不同的宗地。',
            f'{change.place}: merge needs parcels = ["a", "b"], two or more different parcels.',
        )
    layer = zone.layer("parcel")
    rows = [_current(layer, str(name), change, year) for name in names]
    parts = layer.loc[rows]
    united = GeoSeries([shapely.union_all(parts.geometry.to_numpy())], crs=layer.crs)
    areas = geo.area_m2(parts.geometry, center=zone.center).to_numpy()
    off = float(areas.sum() - geo.area_m2(united, center=zone.center).iloc[0])
    if united.geom_type.iloc[0] != "Polygon" or abs(off) > CLOSED_M2:
        raise PlanError(
            f"{change.place}：{'、'.join(names)} 不能合成一块：互不相邻、中间有缝，或者重叠 {off:,.2f} m²。"
            "先用 zgcgis fix 整理界址，或者只合并有公共边的宗地。",
            f"{change.place}: {', '.join(names)} do not make one piece: they do not touch, there is a gap, "
            f"or they overlap by {off:,.2f} m2. Run zgcgis fix first, or merge those that share a side.",
        )
    made = parts.iloc[[int(np.argmax(areas))]].copy()
    for name in (one for one in _SUMS if one in parts):
        made[name] = pd.to_numeric(parts[name]).sum(skipna=False)
    (named,) = _into(layer[there_in(layer, year)], change, [str(made["id"].iloc[0])])[:1]
    made = made.assign(id=named, came_from="、".join(names), geometry=united.to_numpy())
    for name, value in dict(change.data.get("values", {})).items():
        made = _put(made, made.index[0], {name: value})
    return _in_place_of(zone, rows, made, year)


def _in_place_of(zone: Zone, rows: list[Any], made: GeoDataFrame, year: int) -> Zone:
    """The zone with parcels followed by others from `year` on, and what stood on them moved along."""
    layer = zone.layer("parcel").copy()
    old = layer.loc[rows, "id"].astype(str).tolist()
    made = made.set_axis(range(layer.index.max() + 1, layer.index.max() + 1 + len(made)))
    if {"since", "until"} <= set(layer.columns):
        past = [
            r for r in rows if pd.isna(layer.at[r, "since"]) or int(layer.at[r, "since"]) < year
        ]
        for row in past:
            layer = _put(layer, row, {"until": year})
        layer = layer.drop(index=[r for r in rows if r not in past])
        for row in made.index:
            made = _put(made, row, {"since": year})
    else:
        layer = layer.drop(index=rows)
    if "came_from" not in layer:
        layer["came_from"] = None
    whole = GeoDataFrame(pd.concat([layer, made]), geometry="geometry", crs=layer.crs)
    zone = _with(zone, "parcel", whole.astype({"came_from": "object"}))
    for level in ("building", "enterprise"):
        if (there := zone.layers.get(level)) is not None and "parcel_id" in there:
            zone = _with(zone, level, _moved(there, old, made, year))
    return zone


def _moved(there: GeoDataFrame, old: list[str], made: GeoDataFrame, year: int) -> GeoDataFrame:
    """Buildings or firms of parcels that were cut or joined, each named to the part it stands on."""
    mine = (
        there["parcel_id"].isin(old).fillna(value=False).to_numpy(bool)
        & there_in(there, year).to_numpy()
    )
    if "year" in there:
        mine &= (pd.to_numeric(there["year"]) >= year).fillna(value=True).to_numpy(bool)
    if not mine.any():
        return there
    largest = made["id"].iloc[int(np.argmax(geo.area_m2(made.geometry).to_numpy()))]
    points = there.geometry[mine].representative_point()
    i, j, _ = geo.pairs_within_m(made.geometry, points, 0.0)
    on = dict(zip(j.tolist(), made["id"].to_numpy()[i], strict=True))
    there = there.copy()
    there.loc[mine, "parcel_id"] = [on.get(k, largest) for k in range(int(mine.sum()))]
    return there


def _set(zone: Zone, change: Change, year: int) -> Zone:
    level = change.text("level")
    values = change.data.get("values")
    if not isinstance(values, Mapping) or not values:
        raise PlanError(
            f"{change.place}：set 要写 values = {{ 列 = 值 }}。",
            f"{change.place}: set needs values = {{ column = value }}.",
        )
    layer = zone.layer(level)
    known = set(LEVELS[level].columns) | set(layer.columns)
    if unknown := set(values) - known:
        raise MissingColumnsError(unknown, sorted(known), where=level)
    row = _current(layer, change.text("id"), change, year)
    return _with(zone, level, _put(layer, row, values))


_VERBS: Mapping[str, Callable[[Zone, Change, int], Zone]] = {
    "reallocate": _reallocate,
    "release": _release,
    "reserve": _reserve,
    "swap": _swap,
    "split": _split,
    "merge": _merge,
    "set": _set,
}


# --- before and after ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Comparison:
    """What differs between two states of a zone.

    ``accounts``, ``indicators`` and ``scores`` have ``unit key before after change`` for every
    value that changed; ``findings`` is the table of
    :func:`zgcgis.planning.compare_findings`; ``before`` and ``after`` are the findings.
    """

    accounts: pd.DataFrame
    indicators: pd.DataFrame
    scores: pd.DataFrame
    findings: pd.DataFrame
    before: GeoDataFrame
    after: GeoDataFrame


def compare_zones(
    base: Zone,
    changed: Zone,
    *,
    assess: Callable[[Zone], pd.DataFrame] | None = None,
) -> Comparison:
    """Return what changed between a base and a scenario in the latest year of the base.

    Parameters
    ----------
    base, changed
        Two states of one zone.
    assess
        Gives the scores of a zone, units by columns; without it there are none to compare.
    """
    year = latest_year(base)
    measured = [measure(zone) for zone in (base, changed)]
    accounts = [_of_year(table, year) for table in measured]
    values = [_of_year(compute(table), year) for table in measured]
    scores = [assess(zone) for zone in (base, changed)] if assess else [pd.DataFrame()] * 2
    before, after = check(base), check(changed)
    return Comparison(
        difference(*accounts),
        difference(*values),
        difference(*scores),
        compare_findings(before, after),
        before,
        after,
    )


def _of_year(table: pd.DataFrame, year: int) -> pd.DataFrame:
    years = table.index.get_level_values("year")
    return table[years == year].droplevel("year").select_dtypes("number")


def difference(
    before: pd.DataFrame, after: pd.DataFrame, *, tolerance: float = 1e-9
) -> pd.DataFrame:
    """Return the cells of two tables that differ: ``unit key before after change``.

    A value that is missing on one side only counts as a difference without a size.
    """
    units = before.index.union(after.index)
    keys = [*before.columns, *[key for key in after.columns if key not in before.columns]]
    columns = ["unit", "key", "before", "after", "change"]
    if not len(units) or not keys:
        return pd.DataFrame(columns=columns)
    old = before.reindex(index=units, columns=keys).astype("float64")
    new = after.reindex(index=units, columns=keys).astype("float64")
    a, b = old.to_numpy(), new.to_numpy()
    size = np.fmax(np.abs(a), np.abs(b))
    with np.errstate(invalid="ignore"):
        moved = (np.abs(a - b) > tolerance * size) | (np.isnan(a) != np.isnan(b))
    i, j = np.nonzero(moved)
    return pd.DataFrame(
        {
            "unit": [str(units[k]) for k in i],
            "key": [str(keys[k]) for k in j],
            "before": a[i, j],
            "after": b[i, j],
            "change": b[i, j] - a[i, j],
        },
        columns=columns,
    )

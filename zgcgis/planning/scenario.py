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
from geopandas import GeoDataFrame

from ..accounts import measure
from ..checks import check
from ..checks.admission import latest_year
from ..errors import MissingColumnsError, PlanError, UnknownNameError
from ..indicators import compute
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


_NOTHING_BUILT = {
    "actual_start_date": None,
    "finish_date": None,
    "stopped_since": None,
    "developed_area_m2": None,
    "invested_wan": None,
    "idle_m2": None,
    "hightech": None,
}


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

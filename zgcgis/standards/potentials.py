"""Potentials (潜力): where land could still be gained, by four kinds that must not be added up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from ..indicators import INDICATORS, compute
from ..language.errors import MissingColumnsError
from .evaluation import Evaluation
from .scoring import form_round

__all__ = ["POTENTIALS", "Potential", "in_order", "potentials"]


@dataclass(frozen=True, slots=True)
class Potential:
    """One line of the potential forms: what it reads and what it says."""

    item: str
    kind: str  # expansion, structure, intensity, management, years
    zh: str
    en: str
    unit: str  # "m2" or "a"
    formula: str


_INTENSITY = {
    "industrial": (
        "industrial_floor_area_ratio",
        "building_coefficient",
        "investment_intensity",
        "industrial_tax_per_hectare",
    ),
    "mixed": ("tax_per_hectare",),
}
_BASE = {"industrial": "industrial_land_m2", "mixed": "built_land_m2"}

POTENTIALS: dict[str, Potential] = {
    p.item: p
    for p in (
        Potential(
            "suppliable",
            "expansion",
            "尚可供应土地面积",
            "Land still suppliable",
            "m2",
            "suppliable_land_m2",
        ),
        Potential(
            "suppliable_industrial",
            "expansion",
            "尚可供应工矿仓储用地面积",
            "Industrial land still suppliable",
            "m2",
            "suppliable_industrial_land_m2",
        ),
        Potential(
            "structure",
            "structure",
            "用地结构调整可增加工矿仓储用地面积",
            "Industrial land gained by a better structure",
            "m2",
            "built_land_m2 * max(0, ideal - industrial_share) / 100",
        ),
        *(
            Potential(
                key,
                "intensity",
                f"提高{INDICATORS[key].zh}挖潜土地面积",
                f"Land gained by raising: {INDICATORS[key].en}",
                "m2",
                f"{_BASE[kind]} * max(0, ideal - {key}) / ideal",
            )
            for kind, keys in _INTENSITY.items()
            for key in keys
        ),
        Potential(
            "expired",
            "management",
            "有偿使用且已到期但未处置土地面积",
            "Expired paid-use land not yet dealt with",
            "m2",
            "expired_land_m2",
        ),
        Potential("idle", "management", "闲置土地面积", "Idle land", "m2", "idle_land_m2"),
        Potential(
            "years_mean",
            "years",
            "尚可供地年数Ⅰ（土地）",
            "Years of supply left I (land)",
            "a",
            "suppliable_land_m2 / mean of supplied_in_year_m2 over the last 3 years",
        ),
        Potential(
            "years_max",
            "years",
            "尚可供地年数Ⅱ（土地）",
            "Years of supply left II (land)",
            "a",
            "suppliable_land_m2 / max of supplied_in_year_m2 over the last 5 years",
        ),
        Potential(
            "years_mean_industrial",
            "years",
            "尚可供地年数Ⅰ（工矿仓储）",
            "Years of supply left I (industrial)",
            "a",
            "suppliable_industrial_land_m2 / mean of industrial_supplied_in_year_m2 over the last 3 years",
        ),
        Potential(
            "years_max_industrial",
            "years",
            "尚可供地年数Ⅱ（工矿仓储）",
            "Years of supply left II (industrial)",
            "a",
            "suppliable_industrial_land_m2 / max of industrial_supplied_in_year_m2 over the last 5 years",
        ),
    )
}
"""Every line of the potential forms by key."""

_STATED = {
    "suppliable": "suppliable_land_m2",
    "suppliable_industrial": "suppliable_industrial_land_m2",
    "expired": "expired_land_m2",
    "idle": "idle_land_m2",
}
_YEARS = {
    "": ("suppliable_land_m2", "supplied_in_year_m2"),
    "_industrial": ("suppliable_industrial_land_m2", "industrial_supplied_in_year_m2"),
}


def potentials(
    accounts: DataFrame,
    evaluation: Evaluation,
    *,
    supply: DataFrame | None = None,
    mean_years: int = 3,
    items: Collection[str] | None = None,
) -> DataFrame:
    """Potentials of each unit and year, one row each; kinds overlap in space, so never add them.

    Parameters
    ----------
    accounts
        Indexed by ``(unit, year)``, or by ``(unit, year, area)`` where a unit has both a main and
        a development-direction area (发展方向区): each has its own ideals, and the rows of a unit
        may be added. What an item needs and is not there, is left out.
    evaluation
        Types, ideal values, and ``round_like_form``: with it, current values are rounded to
        two decimals first, as the forms do (trap one: for a floor area ratio that moves hectares).
    supply
        Supply of each year, indexed by ``(unit, year)``; by default `accounts`.
    mean_years
        Years in the mean of years-left I. The rule says 3; a filled form was seen to use 4
        (trap two).
    items
        Only these, by their keys; by default all of :data:`POTENTIALS`.

    Returns
    -------
    DataFrame
        ``unit year item kind value``; areas in m², years in years. No years left where
        the supply of one of the years needed is not known or was 0 throughout.
    """
    for name in ("unit", "year"):
        if name not in accounts.index.names:
            raise MissingColumnsError([name], accounts.index.names, where="accounts")
    history = accounts if supply is None else supply
    rows: list[DataFrame] = []
    wanted = set(POTENTIALS) if items is None else set(items)
    for item, column in _STATED.items():
        if item in wanted and column in accounts:
            rows.append(_rows(item, accounts[column]))
    units = [str(u) for u in accounts.index.get_level_values("unit")]
    kinds = np.array([evaluation.kind_of(u) for u in units], dtype=object)
    split = "area" in accounts.index.names
    areas = np.array(
        accounts.index.get_level_values("area") if split else _areas(units, evaluation),
        dtype=object,
    )
    for kind in evaluation.standard.kinds:
        for area in dict.fromkeys(areas):
            mine = accounts[(kinds == kind) & (areas == area)]
            if len(mine):
                rows += _from_ideals(mine, kind, str(area), evaluation)
    for suffix, (left, given) in _YEARS.items():
        asked = not wanted.isdisjoint((f"years_mean{suffix}", f"years_max{suffix}"))
        if asked and not split and left in accounts and given in history:
            rows += _years_left(accounts[left], history[given], suffix, mean_years)
    if not rows:
        return pd.DataFrame(columns=["unit", "year", "item", "kind", "value"])
    table = pd.concat(rows, ignore_index=True).dropna(subset="value")
    table = table[table["item"].isin(wanted)]
    table["kind"] = table["item"].map({p.item: p.kind for p in POTENTIALS.values()})
    return in_order(table)


def in_order(table: DataFrame) -> DataFrame:
    """Sort potentials by unit, year and the order of the forms."""
    order = {item: i for i, item in enumerate(POTENTIALS)}
    table = table.assign(_order=table["item"].map(order)).sort_values(
        ["unit", "year", "_order"], kind="stable", ignore_index=True
    )
    return table[["unit", "year", "item", "kind", "value"]]


def _areas(units: list[str], evaluation: Evaluation) -> list[str]:
    """Area of each unit: its ideals are those of the main area or of the growth area."""
    return [evaluation.area_of(unit) for unit in units]


def _rows(item: str, values: Series) -> DataFrame:
    frame = values.rename("value").reset_index()[["unit", "year", "value"]]
    return frame.assign(item=item)


def _from_ideals(
    accounts: DataFrame, kind: str, area: str, evaluation: Evaluation
) -> list[DataFrame]:
    rows = []
    wanted = (["industrial_share"] if kind == "industrial" else []) + list(_INTENSITY.get(kind, ()))
    for key in wanted:
        ideal = evaluation.ideal(key, kind, area)
        inputs = set(INDICATORS[key].inputs)
        if ideal is None or not inputs <= set(accounts.columns):
            continue
        value = compute(accounts, [key])[key]
        if evaluation.options.round_like_form:
            value = pd.Series(form_round(value.to_numpy()), index=value.index)
        gap = (ideal.value - value).clip(lower=0)
        if key == "industrial_share":
            rows.append(_rows("structure", accounts["built_land_m2"] * gap / 100))
        else:
            rows.append(_rows(key, accounts[_BASE[kind]] * gap / ideal.value))
    return rows


def _years_left(left: Series, given: Series, suffix: str, mean_years: int) -> list[DataFrame]:
    """Years Ⅰ over the mean of the last `mean_years`, Ⅱ over the most of the last five."""
    units, years = (left.index.get_level_values(name) for name in ("unit", "year"))
    known = given.dropna()

    def back(count: int) -> NDArray[np.float64]:
        """Supply of each of the last years, one row a year, the earliest first."""
        at = (pd.MultiIndex.from_arrays([units, years - k]) for k in reversed(range(count)))
        return np.array([known.reindex(one).to_numpy(float) for one in at])

    means, most = back(mean_years).mean(axis=0), back(5).max(axis=0)
    return [
        _rows(f"years_mean{suffix}", left / np.where(means > 0, means, np.nan)),
        _rows(f"years_max{suffix}", left / np.where(most > 0, most, np.nan)),
    ]

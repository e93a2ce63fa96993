"""Pieces (分块): the parcels and buildings of each unit, row by row, and what each account sums of them.

A row is what of one parcel, or of one building on one parcel, lies in one unit. :data:`RECIPES` says
of every account of land and buildings which column it sums and of which rows, so that a table of
pieces, in a workbook or elsewhere, comes to the accounts without this program.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame

from ..plan.land_use import STATE_KEYS, text_of
from .book import Survey
from .shares import Shares, living, numbers

__all__ = ["RECIPES", "Recipe", "count_pieces", "pieces", "summed"]


class Recipe(NamedTuple):
    """What an account sums: `column` of the rows of `layer` that hold in the year.

    `codes` are columns whose text begins with a code, `flags` columns that are 1; with `supplied` only what was
    supplied in the year itself.
    """

    layer: str
    column: str
    codes: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    supplied: bool = False


def _recipes() -> dict[str, Recipe]:
    found = {"land_m2": Recipe("parcel", "area_m2")}
    for code, key in STATE_KEYS.items():
        column = "build_state" if code[0] in "ABC" else "supply_state"
        found[key] = Recipe("parcel", "area_m2", ((column, code),))
    built, industrial = (("build_state", "A"),), (("build_state", "A2"),)
    return found | {
        "hightech_land_m2": Recipe("parcel", "area_m2", flags=("hightech",)),
        "idle_land_m2": Recipe("parcel", "idle_m2"),
        "net_area_m2": Recipe("parcel", "net_area_m2"),
        "supplied_in_year_m2": Recipe("parcel", "area_m2", supplied=True),
        "industrial_supplied_in_year_m2": Recipe(
            "parcel", "area_m2", (("planned_state", "A2"),), supplied=True
        ),
        "footprint_m2": Recipe("building", "footprint_m2", built, ("house",)),
        "industrial_footprint_m2": Recipe("building", "footprint_m2", industrial, ("house",)),
        "industrial_occupied_m2": Recipe("building", "footprint_m2", industrial),
        "floor_area_m2": Recipe("building", "floor_area_m2", built, ("house",)),
        "industrial_floor_area_m2": Recipe("building", "floor_area_m2", industrial, ("house",)),
        "underground_floor_area_m2": Recipe("building", "floor_area_below_m2", built, ("house",)),
    }


RECIPES: Mapping[str, Recipe] = MappingProxyType(_recipes())
"""Which pieces each account of land and buildings is the sum of."""


def pieces(
    survey: Survey, layers: Collection[str] = ("parcel", "building")
) -> dict[str, DataFrame]:
    """Return the pieces that the accounts of a survey are sums of.

    Parameters
    ----------
    survey
        Accounts of parks, blocks or parcels.
    layers
        Of which layers: ``"parcel"``, ``"building"``.

    Returns
    -------
    pieces
        By layer, those of them that are there: one row per piece, in the order of units and of the
        layer. ``unit``, ``id`` (and ``parcel``, for a building),
        ``build_state`` and ``supply_state`` (classes of TD/T 1029), sizes in m², and for each year a
        column ``there_2023`` with 1 where unit, parcel and building are there, else 0.

    Examples
    --------
    >>> import zgcgis as zg
    >>> from zgcgis.accounts import pieces
    >>> found = pieces(zg.accounts.survey(zg.open_zone("sample"), years=[2023]))
    >>> found["parcel"]["build_state"].str[:1].unique().tolist()
    ['A', 'B', 'C']
    """
    years = list(survey._years)
    make = {"parcel": _parcels, "building": _buildings}
    there = (layer for layer in make if layer in layers and survey._shares.has(layer))
    return {layer: make[layer](survey, years) for layer in there}


def summed(survey_pieces: Mapping[str, DataFrame], key: str, year: int) -> pd.Series:
    """Return an account of one year, per unit, as its recipe sums it.

    Parameters
    ----------
    survey_pieces
        What :func:`pieces` returned.
    key
        An account in :data:`RECIPES`; in m².
    year
        One of the years of the survey.

    Examples
    --------
    >>> import zgcgis as zg
    >>> from zgcgis.accounts import pieces, summed, survey
    >>> taken = survey(zg.open_zone("sample"), years=[2023])
    >>> own = summed(pieces(taken), "land_m2", 2023)["spruce"]
    >>> bool(abs(own - taken.table.at[("spruce", 2023), "land_m2"]) < 1e-6)
    True
    """
    recipe = RECIPES[key]
    table = survey_pieces[recipe.layer]
    held = table[f"there_{year}"] == 1
    for column, code in recipe.codes:
        held &= table[column].str.startswith(code)
    for column in recipe.flags:
        held &= table[column] == 1
    if recipe.supplied:
        held &= (table["supply_year"] == year).fillna(value=False).to_numpy(bool)
    amount = table[recipe.column].where(held, 0.0)
    sums: pd.Series = amount.groupby(table["unit"], sort=False).sum(min_count=0)
    return sums


def _parcels(survey: Survey, years: list[int]) -> DataFrame:
    s = survey._shares
    layer = s.layers["parcel"]
    order = np.lexsort((s.land.feature, s.land.unit))
    unit, at, area = s.land.unit[order], s.land.feature[order], s.land.size_m2[order]
    high = text_of(layer, "hightech").str.startswith("H").to_numpy(bool)
    idle = np.nan_to_num(numbers(layer, "idle_m2"))[at]
    share = np.divide(area, s.parcel_m2[at], out=np.zeros(len(at)), where=s.parcel_m2[at] > 0)
    there = {
        f"there_{year}": (living(layer, year)[at] & s.unit_there(year)[unit]).astype(int)
        for year in years
    }
    return DataFrame(
        {
            "unit": s.names[unit],
            "id": s.ids("parcel", at),
            "build_state": s.state["state"][at],
            "supply_state": s.supply_state["state"][at],
            "planned_state": s.planned_state["state"][at],
            "supply_year": pd.array(s.supply_year[at], dtype="Int64"),
            "hightech": high[at].astype(int),
            "area_m2": area,
            "idle_m2": idle * share,
            **_net(s, at, share),
            **there,
        }
    )


def _net(s: Shares, at: NDArray[np.intp], share: NDArray[np.float64]) -> dict[str, object]:
    """Return the net areas of pieces, where the land states any."""
    if not s.knows("parcel", "net_area_m2"):
        return {}
    return {"net_area_m2": np.nan_to_num(numbers(s.layers["parcel"], "net_area_m2"))[at] * share}


def _buildings(survey: Survey, years: list[int]) -> DataFrame:
    s = survey._shares
    layer, parcel = s.layers["building"], s.layers["parcel"]
    order = np.lexsort((s.built.parcel, s.built.feature, s.built.unit))
    unit, at, on = (a[order] for a in (s.built.unit, s.built.feature, s.built.parcel))
    area = s.built.size_m2[order]
    share = area / s.footprint[at]
    floor = s.floor[at] * share
    if next(iter(survey._years.values())).tall_storeys_twice and s.knows(
        "building", "tall_floor_area_m2"
    ):
        floor = floor + np.nan_to_num(numbers(layer, "tall_floor_area_m2"))[at] * share
    there = {
        f"there_{year}": (
            living(layer, year, born="built_year")[at]
            & living(parcel, year)[on]
            & s.unit_there(year)[unit]
        ).astype(int)
        for year in years
    }
    return DataFrame(
        {
            "unit": s.names[unit],
            "id": s.ids("building", at),
            "parcel": s.ids("parcel", on),
            "build_state": s.state["state"][on],
            "house": text_of(layer, "kind").isin(["", "building"]).to_numpy(int)[at],
            "footprint_m2": area,
            "floor_area_m2": floor,
            "floor_area_below_m2": s.floor_below[at] * share,
            **there,
        }
    )


def count_pieces(survey: Survey) -> int:
    """Return how many rows :func:`pieces` has over all layers, without making them.

    Examples
    --------
    >>> import zgcgis as zg
    >>> from zgcgis.accounts import count_pieces, pieces
    >>> taken = zg.accounts.survey(zg.open_zone("sample"), years=[2023])
    >>> count_pieces(taken) == sum(map(len, pieces(taken).values()))
    True
    """
    return len(survey._shares.land.unit) + len(survey._shares.built.unit)

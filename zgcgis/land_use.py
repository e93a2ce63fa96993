"""Land-use codes (地类): four classifications, one crosswalk, and the classes of TD/T 1029.

The crosswalk is data (``resources/land_use.csv``): per system and code the Chinese name, our
common class, the class of TD/T 1029 that built land of that use falls in, whether it is
construction land, how sure the row is (``mark``) and the standard it is of. Codes are text, and
a code finer than the table is taken for the longest one it begins with.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import pandas as pd
from pandas import DataFrame, Series

__all__ = [
    "CLASSES",
    "STATE_KEYS",
    "SYSTEMS",
    "build_states",
    "classify",
    "crosswalk",
    "state_keys",
]

SYSTEMS = ("yonghai_2023", "gbt21010_2017", "third_survey", "gb50137_2011")
"""用地用海 2023, GB/T 21010-2017, 第三次国土调查, GB 50137-2011."""

STATE_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "A": "built_land_m2",
        "A1": "residential_land_m2",
        "A2": "industrial_land_m2",
        "A3": "transport_land_m2",
        "A31": "street_land_m2",
        "A4": "commercial_land_m2",
        "A5": "public_land_m2",
        "A51": "green_land_m2",
        "A6": "other_built_land_m2",
        "B": "unbuilt_land_m2",
        "B1": "rural_built_land_m2",
        "B11": "rural_industrial_land_m2",
        "B2": "other_unbuilt_land_m2",
        "B21": "ready_land_m2",
        "B22": "unready_land_m2",
        "C": "unbuildable_land_m2",
        "D": "supplied_land_m2",
        "D1": "allocated_land_m2",
        "D2": "paid_land_m2",
        "D21": "unexpired_land_m2",
        "D22": "expired_land_m2",
        "E": "suppliable_land_m2",
        "E1": "suppliable_allocated_land_m2",
        "E2": "suppliable_paid_land_m2",
        "E21": "suppliable_industrial_land_m2",
        "E22": "suppliable_other_land_m2",
        "F": "unsuppliable_land_m2",
    }
)
"""Class of building or supply state (TD/T 1029) and the account that sums the land of it."""


def _table(name: str) -> DataFrame:
    with files("zgcgis").joinpath(f"resources/{name}").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)


def crosswalk() -> DataFrame:
    """Return the crosswalk, indexed by system and code."""
    return _crosswalk().copy()


@cache
def _crosswalk() -> DataFrame:
    return _table("land_use.csv").set_index(["system", "code"]).sort_index()


@cache
def _classes() -> Mapping[str, tuple[str, str]]:
    table = _table("land_use_classes.csv")
    return MappingProxyType(
        {
            key: (zh, en)
            for key, zh, en in zip(table["class"], table["zh"], table["en"], strict=True)
        }
    )


CLASSES: Mapping[str, tuple[str, str]] = _classes()
"""The common classes with their Chinese and English names."""


def classify(code: Series, system: Series | str) -> DataFrame:
    """Return what is known of each land-use code.

    Parameters
    ----------
    code
        Codes as text.
    system
        The classification of each code, one of :data:`SYSTEMS`, or one for all.

    Returns
    -------
    known
        On the index of `code`: ``class``, ``td1029``, ``construction``, ``zh``, ``mark`` and
        ``known_as`` (the code of the table it was taken for); empty where the table has none.
        A code that is finer than the table is its parent; one that only looks like a code
        of the table (``2399`` where the table ends at ``2307``) is not known.

    Examples
    --------
    >>> classify(Series(["10010101", "2399", ""]), "yonghai_2023")["class"].tolist()
    ['industrial', '', '']
    """
    table = _crosswalk()
    text = code.astype("object").where(code.notna(), "").astype(str).str.strip()
    systems = system if isinstance(system, Series) else Series(system, index=code.index)
    systems = systems.astype("object").where(systems.notna(), "").astype(str)
    pairs = DataFrame({"system": systems, "code": text})
    of = {
        pair: _longest(pair[0], pair[1], table)
        for pair in pairs.drop_duplicates().itertuples(index=False, name=None)
    }
    known_as = [of[pair] for pair in pairs.itertuples(index=False, name=None)]
    names = ["class", "td1029", "construction", "zh", "mark"]
    found = table[names].reindex(list(zip(systems, known_as, strict=True))).fillna("")
    return found.set_axis(code.index).assign(known_as=known_as)


def _longest(system: str, code: str, table: DataFrame) -> str:
    """The code of the table a code is, or is finer than."""
    if (system, code) in table.index:
        return code
    for end in range(len(code) - 1, 0, -1):
        if (system, code[:end]) in table.index:
            has_children = (table.loc[system, "parent"] == code[:end]).any()
            return "" if has_children else code[:end]
    return ""


def state_keys(states: Series) -> dict[str, Series]:
    """Return, for each account of :data:`STATE_KEYS`, which rows have a state that counts to it."""
    text = states.astype("object").where(states.notna(), "").astype(str).str.strip()
    return {key: text.str.startswith(code) for code, key in STATE_KEYS.items()}


def build_states(parcels: DataFrame, system: str = "") -> DataFrame:
    """Return how each parcel is built (土地建设状况), from its land use where it does not say.

    Parameters
    ----------
    parcels
        Parcels with any of ``build_state``, ``land_use`` and ``land_use_system``.
    system
        The classification of the codes of parcels that name none.

    Returns
    -------
    states
        On the index of `parcels`: ``state`` (a class of TD/T 1029; for land that is no
        construction land ``"-"``; empty where nothing tells it) and ``basis`` (``"stated"``,
        ``"land_use"`` or empty).
    """

    def text(name: str) -> Series:
        if name not in parcels:
            return Series("", index=parcels.index, dtype="object")
        column = parcels[name].astype("object")
        return column.where(column.notna(), "").astype(str).str.strip()

    stated, code, own = text("build_state"), text("land_use"), text("land_use_system")
    known = classify(code, own.where(own != "", system))
    derived = known["td1029"].where(known["td1029"] != "", "-").where(known["class"] != "", "")
    state = stated.where(stated != "", derived)
    basis = Series("stated", index=parcels.index, dtype="object")
    basis = basis.where(stated != "", "land_use").where(state != "", "")
    return DataFrame({"state": state, "basis": basis})

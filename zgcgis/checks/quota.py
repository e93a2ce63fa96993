"""Land quotas (用地指标): what was granted on paper, what has been used of it, what is left.

A quota is a row ``unit year use kind quota_m2 clause``. ``use`` is the key of an account without
its unit (``industrial_land``, ``supplied_in_year``). The kind says what counts against it:

- ``plan``: land supplied in that year;
- ``approved``: land approved in that year;
- ``cumulative``: the stock at the end of that year.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from .. import geo
from ..findings import finding_frame, rule
from ..language.errors import MissingColumnsError, UnknownNameError
from ..language.terms import USES
from ..model import Zone
from ..plan.fields import FORMS
from ..plan.land_use import build_states, classify, text_of
from ..standards.idle_land import as_dates
from .containment import parks_of
from .hierarchy import units_in_circles
from .planned_land import cited, demanded
from .supply import as_of

__all__ = ["KINDS", "counted_parcels", "parcel_facts", "quota_use", "use_class"]

KINDS = FORMS["quotas.csv"]["kind"].values


def use_class(parcels: pd.DataFrame, system: str = "") -> pd.Series:
    """Return the class of use (``A1`` … ``A6``) of each parcel, built or still to be built.

    Built land says its class itself (``build_state``); of other land it is the class of the
    planned use, or of the present use if none is planned. Empty where no code says it.
    """
    state = text_of(parcels, "build_state")
    systems = text_of(parcels, "land_use_system").replace("", system)
    code = text_of(parcels, "planned_use")
    code = code.where(code != "", text_of(parcels, "land_use"))
    found = state.where(state.str.fullmatch(r"A\d\d?"), "").str[:2]
    open_ = found == ""
    pairs = pd.DataFrame({"system": systems[open_], "code": code[open_]})
    different = pairs.drop_duplicates(ignore_index=True)
    of_pair = _class_of(different["code"], different["system"])
    of_pair.index = pd.MultiIndex.from_frame(different[["system", "code"]])
    found[open_] = of_pair.reindex(pd.MultiIndex.from_frame(pairs)).to_numpy()
    return found


def _class_of(code: pd.Series, system: pd.Series) -> pd.Series:
    """Class of each code; one that the crosswalk lacks counts as the nearest code above it."""
    found = pd.Series("", index=code.index, dtype="object")
    left = code.str.strip()
    while (left != "").any():
        known = classify(left, system)
        held = known["known_as"] != ""
        state = known["td1029"]
        found = found.where(~held, state.where(state.str.startswith("A"), "").str[:2])
        left = left.where(~held, "").str[:-1]
    return found


def quota_use(zone: Zone) -> pd.DataFrame:
    """Return every quota of a zone with what has been used of it.

    Returns
    -------
    used
        The rows of ``zone.quotas`` with ``used_m2``, ``left_m2``, ``parcels`` (how many
        parcels count) and ``derived`` (of how many the land use tells whether they are built).
        A quota of a group or of the zone counts the parcels of all its parks.

    Raises
    ------
    UnknownNameError
        If a quota names a use or a kind that nothing answers to.
    """
    return zone.once(_used)


def _used(zone: Zone) -> pd.DataFrame:
    quotas = zone.quotas.reset_index(drop=True)
    if quotas.empty or "parcel" not in zone.layers:
        return quotas.assign(used_m2=np.nan, left_m2=np.nan, parcels=0, derived=0)
    if lacking := {"unit", "year", "use", "kind", "quota_m2"} - set(quotas.columns):
        raise MissingColumnsError(lacking, quotas.columns, where="quotas.csv")
    uses = quotas["use"].astype(str).str.removesuffix("_m2")
    if unknown := set(uses) - set(USES):
        raise UnknownNameError(unknown, USES, what="quota use", zh="指标用途")
    if unknown := set(quotas["kind"].astype(str)) - set(KINDS):
        raise UnknownNameError(unknown, KINDS, what="kind of quota", zh="指标种类")
    facts = parcel_facts(zone)
    used, counts, derived = [], [], []
    for unit, year, use, kind in zip(
        quotas["unit"], quotas["year"], uses, quotas["kind"], strict=True
    ):  # a handful of quotas, each over whole columns
        rows = _counts(facts, zone, str(unit), int(year), use, str(kind))
        used.append(float(facts.loc[rows, "area_m2"].sum()))
        counts.append(int(rows.sum()))
        derived.append(int((rows & facts["derived"]).sum()))
    quota = pd.to_numeric(quotas["quota_m2"]).astype("float64")
    return quotas.assign(
        use=uses,
        quota_m2=quota,
        used_m2=used,
        left_m2=quota - used,
        parcels=counts,
        derived=derived,
    )


def counted_parcels(zone: Zone, unit: str, year: int, use: str, kind: str) -> GeoDataFrame:
    """Return the parcels that count against one quota."""
    facts = parcel_facts(zone)
    return zone.layer("parcel")[_counts(facts, zone, unit, year, use.removesuffix("_m2"), kind)]


def parcel_facts(zone: Zone) -> pd.DataFrame:
    """Return what the ledger asks of each parcel: park, class of use, dates, life and area.

    The park of a parcel that names none is the one it lies in, and its state of building the one
    its land use says.
    """
    return zone.once(_facts)


def _facts(zone: Zone) -> pd.DataFrame:
    parcels = zone.layer("parcel")
    system = str(zone.meta.get("land_use_system", ""))
    states = build_states(parcels, system)
    dates = {
        name: as_dates(parcels[name])
        if name in parcels
        else pd.Series(pd.NaT, index=parcels.index, dtype="datetime64[s]")
        for name in (
            "approved_date",
            "supply_date",
            "agreed_start_date",
            "actual_start_date",
            "finish_date",
        )
    }
    life = {
        name: pd.to_numeric(parcels[name]) if name in parcels else np.nan
        for name in ("since", "until")
    }
    return pd.DataFrame(
        {
            "id": parcels["id"],
            "park_id": parks_of(zone, parcels)["park"],
            "block_id": text_of(parcels, "block_id"),
            "use_class": use_class(parcels, system),
            "build_state": states["state"],
            "derived": states["basis"] == "land_use",
            "supply_state": text_of(parcels, "supply_state"),
            "hightech": text_of(parcels, "hightech"),
            "area_m2": geo.area_m2(parcels.geometry, center=zone.center),
            **dates,
            **life,
        },
        index=parcels.index,
    )


def _counts(
    facts: pd.DataFrame, zone: Zone, unit: str, year: int, use: str, kind: str
) -> pd.Series:
    """Whether each parcel counts against one quota."""
    lives = (facts["since"].isna() | (facts["since"] <= year)) & (
        facts["until"].isna() | (year < facts["until"])
    )
    if unit in ("zone", zone.id):
        inside = pd.Series(data=True, index=facts.index)
    else:
        below = zone.under(unit)
        inside = facts["park_id"].isin(below) | facts["block_id"].isin(below)
    if use == "hightech_land":
        of_use = facts["hightech"].str.startswith("H")
    else:
        of_use = facts["use_class"].str.startswith(USES[use])
    if kind == "plan":
        counted = facts["supply_date"].dt.year == year
    elif kind == "approved":
        counted = facts["approved_date"].dt.year == year
    elif use in ("supplied_land", "supplied_in_year", "industrial_supplied_in_year"):
        counted = _supplied_by(facts, year)
    elif use in ("land",):
        counted = pd.Series(data=True, index=facts.index)
    elif use == "unbuilt_land":
        counted, of_use = facts["build_state"].str.startswith("B"), lives
    else:
        counted = facts["build_state"].str.startswith("A")
    return lives & inside & of_use & counted


def _supplied_by(facts: pd.DataFrame, year: int) -> pd.Series:
    """Whether each parcel was supplied by the end of a year."""
    dated = facts["supply_date"].notna()
    return (dated & (facts["supply_date"].dt.year <= year)) | (
        ~dated & facts["supply_state"].str.startswith("D")
    )


@rule(
    "Q401",
    "error",
    unit="m2",
    levels=("parcel",),
    needs=(
        "zone.quotas",
        "parcel.geometry",
        "parcel.@park?by_park",
        "parcel.build_state|planned_use|land_use?by_use",
        "parcel.supply_date?by_plan",
        "parcel.supply_date|supply_state?by_stock",
        "parcel.approved_date?by_approval",
        "parcel.hightech*?by_hightech",
    ),
    zh="{feature} 超出用地指标：{detail}，已用 {measured:.0f} m²，指标 {limit:.0f} m²",
    en="{feature} is over its quota: {detail}; used {measured:.0f} m2 of {limit:.0f} m2",
)
def over_quota(zone: Zone, *, tolerance_m2: float = 1.0) -> GeoDataFrame:
    """No more land is supplied, approved or built than the quota of unit, year and use.

    What lies under units whose parents run in a circle (H206) is not known.
    """
    if zone.quotas.empty or "parcel" not in zone.layers:
        return finding_frame([], rule="Q401")
    used = quota_use(zone)
    years = zone.meta.get("years")
    last = int(max(years)) if years else as_of(zone).year
    over = used[(used["left_m2"] < -tolerance_m2) & (used["year"].astype(int) <= last)]
    over = over[~over["unit"].isin(units_in_circles(zone))]
    rows = [
        {
            "level": level_of(zone, str(row["unit"])),
            "feature": str(row["unit"]),
            "measured": row["used_m2"],
            "limit": row["quota_m2"],
            "detail": f"{row['use']}, {row['kind']}, {int(row['year'])}" + derived_words(row),
            "clause": cited(zone, str(row.get("clause") or ""))
            or demanded(zone, ("quota",), ("land",)),
            "geometry": _place(zone, str(row["unit"])),
        }
        for row in over.to_dict("records")
    ]
    return finding_frame(rows, rule="Q401")


def derived_words(row: Mapping[str, Any]) -> str:
    """Say of how many of the parcels counted the building state comes from the land use."""
    if not row["derived"]:
        return ""
    return f"；其中 {row['derived']} 宗由地类推得 build_state of {row['derived']} from land use"


def level_of(zone: Zone, unit: str) -> str:
    """Return the level of a unit; what is no unit is counted for the zone."""
    return str(zone.units.at[unit, "level"]) if unit in zone.units.index else "zone"


def _place(zone: Zone, unit: str) -> Any:
    for level in ("park", "group", "block"):
        layer = zone.layers.get(level)
        if layer is not None and (held := layer["id"] == unit).any():
            return layer.geometry[held].iloc[0]
    return None

"""What is to be allocated (用地需求): a demand file and a zone become a problem of allocation.

::

    [allocation]
    kind = "uses"                   # which use each free parcel gets; or "projects"
    year = 2024                     # whose quotas count; by default the zone's latest year
    only_planned = true             # a parcel takes only the use it is planned for
    parks = ["north"]               # by default all

    [[demand]]
    use = "industrial_land"         # the key of an account without its unit
    code = "1001"                   # land-use code the parcel gets
    value_wan_per_ha = 3000
    least_ha = 5                    # optional
    most_ha = 20                    # optional
    parks = ["north"]               # optional: only there
    industry = "bio"                # optional: only where the plan admits it

    [[apart]]                       # uses that may not be neighbours
    uses = ["residential_land", "industrial_land"]
    within_m = 30

    [[project]]                     # kind = "projects": one park and one parcel each
    file = "project-a.toml"         # a project file as for zgcgis admit
    value_wan = 9000
    must = true                     # optional: it has to be placed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from ... import geo
from ...accounts import nearest_stations
from ...checks.admission import land_books, latest_year, lines_of_plots, negative_entries
from ...checks.quota import quota_use, use_class
from ...language.errors import PlanError, UnknownNameError, is_it, nearest
from ...language.safe_text import toml_value
from ...language.terms import USES
from ...model import Zone
from ...plan.fields import shown
from ...plan.land_use import SYSTEMS, classify, codes_of_system
from ...plan.settings import check_settings, read_toml
from ..project_review import Project, admit, read_project
from ..scenario import Change, apply
from . import M2_PER_HA, Allocation, Limit, Problem

__all__ = ["Demand", "Order", "build_problem", "carry_out", "changes_toml", "read_order"]


@dataclass(frozen=True, slots=True)
class Demand:
    """Land wanted for one use."""

    use: str
    code: str
    value: float
    least_ha: float = 0.0
    most_ha: float = float("inf")
    parks: tuple[str, ...] = ()
    industry: str = ""


@dataclass(frozen=True)
class Order:
    """A demand file as it was read."""

    path: Path
    kind: str
    year: int | None
    only_planned: bool
    parks: tuple[str, ...]
    demands: tuple[Demand, ...] = ()
    apart: tuple[tuple[str, str, float], ...] = ()
    projects: tuple[tuple[Project, float, bool], ...] = ()


@dataclass(frozen=True)
class Setting:
    """A problem of allocation, and what was left out of it with the reason."""

    problem: Problem
    year: int
    left_out: pd.DataFrame = field(default_factory=pd.DataFrame)


def read_order(path: str | Path) -> Order:
    """Read a demand file; what is wrong with it is an error that names the place."""
    file = Path(path)
    data = read_toml(file, error=PlanError)
    check_settings(data, "demand.toml", file, error=PlanError)
    head = data.get("allocation", {})
    kind = head.get("kind", "uses")
    wanted, other = ("demand", "project") if kind == "uses" else ("project", "demand")
    if not data.get(wanted) or data.get(other):
        raise PlanError(
            f'{file} 的 allocation.kind 是 "{kind}"，应有 [[{wanted}]]，不应有 [[{other}]]。'
            "请改正 kind，或增删这些节。",
            f'{file}: allocation.kind is "{kind}", which takes [[{wanted}]] and no [[{other}]]. '
            "Mend the kind, or add and drop these.",
        )
    return Order(
        file,
        kind,
        head.get("year"),
        head.get("only_planned", True),
        tuple(head.get("parks", ())),
        tuple(_demand(file, k, entry) for k, entry in enumerate(data.get("demand", []))),
        tuple(_apart(file, k, entry) for k, entry in enumerate(data.get("apart", []))),
        tuple(
            (
                read_project(file.parent / entry["file"]),
                float(entry["value_wan"]),
                entry.get("must", False),
            )
            for entry in data.get("project", [])
        ),
    )


def _class_needed(file: Path, where: str, use: str) -> str:
    """The use, without its unit, if it is one that a parcel can have."""
    use = use.removesuffix("_m2")
    known = [name for name, code in USES.items() if len(code) == 2]
    if use not in known:
        raise UnknownNameError(
            use,
            known,
            what=f"use of a parcel ({file}: {where})",
            zh=f"宗地用途（{file} 的 {where}）",
        )
    return use


def _demand(file: Path, k: int, entry: Mapping[str, Any]) -> Demand:
    where = f"demand[{k}]"
    least, most = float(entry.get("least_ha", 0.0)), float(entry.get("most_ha", np.inf))
    if least > most:
        raise PlanError(
            f"{file} 的 {where}：least_ha = {least:g} 大于 most_ha = {most:g}。请改正其中一个。",
            f"{file}: {where}: least_ha = {least:g} is more than most_ha = {most:g}. Mend one.",
        )
    return Demand(
        _class_needed(file, f"{where}.use", entry["use"]),
        entry["code"].strip(),
        float(entry.get("value_wan_per_ha", 1.0)),
        least,
        most,
        tuple(entry.get("parks", ())),
        entry.get("industry", ""),
    )


def _apart(file: Path, k: int, entry: Mapping[str, Any]) -> tuple[str, str, float]:
    where = f"apart[{k}].uses"
    uses = [_class_needed(file, where, use) for use in entry["uses"]]
    if len(uses) != 2:
        raise PlanError(
            f'{file} 的 {where} 是 {shown(uses)}，应为两种用途，如 ["residential_land", '
            '"industrial_land"]。请改正这一行。',
            f'{file}: {where} is {shown(uses)}, not two uses such as ["residential_land", '
            '"industrial_land"]. Mend that line.',
        )
    return uses[0], uses[1], float(entry.get("within_m", 1.0))


def _names_known(zone: Zone, order: Order) -> None:
    """Refuse an order that names a park, an industry or a code of land that there is none of."""
    parks = zone.units.index[zone.units["level"] == "park"]
    system = str(zone.meta.get("land_use_system", ""))
    for where, named in (
        ("allocation.parks", order.parks),
        *((f"demand[{k}].parks", one.parks) for k, one in enumerate(order.demands)),
    ):
        if unknown := set(named) - set(parks):
            raise UnknownNameError(
                unknown,
                parks,
                what=f"park ({order.path}: {where})",
                zh=f"园区（{order.path} 的 {where}）",
                words=dict(zip(zone.units.loc[parks, "zh"].astype(str), parks, strict=True)),
            )
    for k, one in enumerate(order.demands):
        where = f"demand[{k}]"
        if one.industry and zone.plan is not None and one.industry not in zone.plan.industries:
            raise UnknownNameError(
                one.industry,
                zone.plan.industries,
                what=f"industry of the plan ({order.path}: {where}.industry)",
                zh=f"规划产业（{order.path} 的 {where}.industry）",
                words={entry.zh: key for key, entry in zone.plan.industries.items()},
            )
        _code_fits(order.path, where, one, (system,) if system else SYSTEMS)


def _code_fits(file: Path, where: str, demand: Demand, systems: Sequence[str]) -> None:
    """Refuse a code that is of another use in the system of a zone; in all, where it names none."""
    kinds = {system: classify(pd.Series([demand.code]), system).iloc[0] for system in systems}
    if any(str(kind["td1029"])[:2] == USES[demand.use] for kind in kinds.values()):
        return
    system = next((one for one, kind in kinds.items() if kind["known_as"]), systems[0])
    found = kinds[system]
    codes = codes_of_system(system)
    fit = codes.index[codes["td1029"].str.startswith(USES[demand.use])]
    some = list(fit[:8]) + (["…"] if len(fit) > 8 else [])
    ask_zh, ask_en = is_it("" if found["known_as"] else nearest(demand.code, fit))
    said = shown(demand.code)
    named = f"（{found['zh']}）" if found["known_as"] else ""
    raise PlanError(
        f"{file} 的 {where}.code 是 {said}{named}，应为 {system} 中属于 {demand.use} 的地类代码："
        f"{'、'.join(some)}。{ask_zh}请改正这一行。",
        f"{file}: {where}.code is {said}, not a code of {system} that is {demand.use}: "
        f"{', '.join(some)}.{ask_en} Mend that line.",
    )


def build_problem(zone: Zone, order: Order) -> Setting:
    """Return the problem that a demand file poses in a zone.

    Only land that can still be supplied (``E``) is offered, and only where supplying it would
    break no plan line (P302, P304, P305, P306). What was left out is listed with the reason.
    """
    year = latest_year(zone) if order.year is None else order.year
    now = zone.at(latest_year(zone))
    _names_known(now, order)
    parcels = now.layer("parcel")
    free = parcels[parcels["supply_state"].astype("string").str.startswith("E", na=False)]
    if order.parks:
        free = free[free["park_id"].isin(order.parks)]
    free = free.assign(area_m2=geo.area_m2(free.geometry, center=zone.center))
    touched = lines_of_plots(now, free)
    reasons = touched.groupby("feature")["detail"].agg(lambda words: "；".join(sorted(set(words))))
    left_out = [{"item": name, "choice": "", "reason": why} for name, why in reasons.items()]
    free = free[~free["id"].isin(reasons.index)]
    options, more = (
        _use_options(zone, order, free)
        if order.kind == "uses"
        else _project_options(zone, order, free)
    )
    stations = nearest_stations(now, latest_year(zone)).reindex(options["park"])
    options["access_m"] = stations["distance_m"].to_numpy(float)
    options["access_by"] = stations["method"].to_numpy(object)
    limits = _limits(zone, order, options, year)
    conflicts = _neighbours(zone, order, options, free, parcels)
    kept = options[~options["blocked"]] if "blocked" in options else options
    return Setting(
        Problem(kept.reset_index(drop=True), _cut(limits, options), _moved(conflicts, options)),
        year,
        pd.DataFrame([*left_out, *more], columns=["item", "choice", "reason"]),
    )


def _cut(limits: list[Limit], options: pd.DataFrame) -> tuple[Limit, ...]:
    """The limits over the options that are not blocked."""
    held = ~options["blocked"].to_numpy(dtype="bool")
    return tuple(
        Limit(one.name, one.weights[held], one.most, one.least, one.zh, one.en, one.clause)
        for one in limits
    )


def _moved(conflicts: list[tuple[int, int]], options: pd.DataFrame) -> tuple[tuple[int, int], ...]:
    held = ~options["blocked"].to_numpy(dtype="bool")
    place = np.cumsum(held) - 1
    return tuple((int(place[i]), int(place[j])) for i, j in conflicts if held[i] and held[j])


_OPTION_COLUMNS = ["item", "choice", "value", "area_m2", "park", "parcel", "use", "code", "label",
                   "blocked"]  # fmt: skip


def _use_options(
    zone: Zone, order: Order, free: GeoDataFrame
) -> tuple[pd.DataFrame, list[dict[str, str]]]:
    planned = use_class(
        free.drop(columns=["build_state"]), str(zone.meta.get("land_use_system", ""))
    )
    rows, left_out = [], []
    for index, parcel in free.iterrows():  # free parcels only, a few per park
        for demand in order.demands:
            park = str(parcel["park_id"])
            why = ""
            if demand.parks and park not in demand.parks:
                continue
            if order.only_planned and planned[index] not in ("", USES[demand.use]):
                continue
            if demand.industry and zone.plan and not zone.plan.admits(park, demand.industry):
                why = f"定位不符 off the orientation of {park}: {demand.industry}"
            if why:
                left_out.append({"item": str(parcel["id"]), "choice": demand.use, "reason": why})
                continue
            rows.append(
                {
                    "item": str(parcel["id"]),
                    "choice": demand.use,
                    "value": demand.value * parcel["area_m2"] / M2_PER_HA,
                    "area_m2": float(parcel["area_m2"]),
                    "park": park,
                    "parcel": str(parcel["id"]),
                    "use": demand.use,
                    "code": demand.code,
                    "label": demand.industry,
                    "blocked": False,
                }
            )
    return pd.DataFrame(rows, columns=_OPTION_COLUMNS).astype({"blocked": bool}), left_out


def _project_options(
    zone: Zone, order: Order, free: GeoDataFrame
) -> tuple[pd.DataFrame, list[dict[str, str]]]:
    from dataclasses import replace

    system = str(zone.meta.get("land_use_system", ""))
    planned = use_class(free.drop(columns=["build_state"]), system)
    rows, left_out = [], []
    books = land_books(zone)
    for project, value, _ in order.projects:
        need = project.number("area_m2")
        use = USES[project.use]
        for park, plots in free.groupby("park_id", sort=True):
            placed = replace(project, park=str(park), site=())
            review = admit(zone, placed, books=books, rank=False)
            failed = review.clauses[
                (review.clauses["verdict"] == "fail") & (review.clauses["rule"] != "A705")
            ]
            if len(failed):
                why = "；".join(
                    f"{r['rule']} {r['zh']} {r['en']}" for r in failed.to_dict("records")
                )
                left_out.append({"item": project.id, "choice": str(park), "reason": why})
                continue
            if negative_entries(zone, project.industry_code, str(park)):
                continue
            fit = plots[(plots["area_m2"] >= need - 1.0) & planned[plots.index].isin(["", use])]
            if fit.empty:
                left_out.append(
                    {
                        "item": project.id,
                        "choice": str(park),
                        "reason": f"没有不小于 {need:,.0f} m² 的可供宗地 no free parcel that large",
                    }
                )
            rows += [
                {
                    "item": project.id,
                    "choice": str(plot["id"]),
                    "value": value,
                    "area_m2": float(plot["area_m2"]),
                    "park": str(park),
                    "parcel": str(plot["id"]),
                    "use": project.use,
                    "code": str(plot["planned_use"] or ""),
                    "label": project.id,
                    "blocked": False,
                }
                for _, plot in fit.iterrows()
            ]
    return pd.DataFrame(rows, columns=_OPTION_COLUMNS).astype({"blocked": bool}), left_out


def _limits(zone: Zone, order: Order, options: pd.DataFrame, year: int) -> list[Limit]:
    area = options["area_m2"].to_numpy(dtype="float64")
    limits = []
    for demand in order.demands:
        mine = (options["use"] == demand.use) & (options["code"] == demand.code)
        if demand.parks:
            mine &= options["park"].isin(demand.parks)
        if demand.least_ha > 0 or np.isfinite(demand.most_ha):
            where = f" {'+'.join(demand.parks)}" if demand.parks else ""
            limits.append(
                Limit(
                    f"demand {demand.use}{where}",
                    area * mine.to_numpy(),
                    most=demand.most_ha * M2_PER_HA,
                    least=demand.least_ha * M2_PER_HA if demand.least_ha > 0 else -np.inf,
                    zh=f"需求：{demand.use}{where}",
                    en=f"demand for {demand.use}{where}",
                )
            )
    for project, _, must in order.projects:
        if must:
            mine = (options["item"] == project.id).to_numpy()
            limits.append(
                Limit(
                    f"project {project.id}",
                    mine.astype("float64"),
                    least=1.0,
                    zh=f"项目 {project.zh} 必须落地",
                    en=f"project {project.en} has to be placed",
                )
            )
    if order.kind == "projects" and len(options):
        for parcel, rows in options.groupby("parcel", sort=True):
            if rows["item"].nunique() > 1:
                mine = (options["parcel"] == parcel).to_numpy()
                limits.append(
                    Limit(
                        f"parcel {parcel}",
                        mine.astype("float64"),
                        most=1.0,
                        zh=f"宗地 {parcel} 只能用一次",
                        en=f"parcel {parcel} can be used once",
                    )
                )
    return [*limits, *_quota_limits(zone, options, year)]


def _quota_limits(zone: Zone, options: pd.DataFrame, year: int) -> list[Limit]:
    """One limit per quota of the year that supplied land counts against."""
    if zone.quotas.empty or options.empty:
        return []
    area = options["area_m2"].to_numpy(dtype="float64")
    of_use = dict(USES)
    limits = []
    for row in quota_use(zone).to_dict("records"):
        if int(row["year"]) != year or row["kind"] == "approved":
            continue
        use, unit = str(row["use"]), str(row["unit"])
        below = {unit} if unit in ("zone", zone.id) else zone.under(unit)
        inside = options["park"].isin(below) | (unit in ("zone", zone.id))
        wide = use in ("land", "supplied_land", "supplied_in_year", "built_land")
        counted = inside & (wide | options["use"].map(of_use).eq(USES[use]))
        if not counted.any():
            continue
        limits.append(
            Limit(
                f"quota {unit} {use} {year} {row['kind']}",
                area * counted.to_numpy(),
                most=max(float(row["left_m2"]), 0.0),
                zh=f"指标：{zone.name(unit)} {use} {year} {row['kind']}",
                en=f"quota of {zone.name(unit, 'en')}: {use} {year} {row['kind']}",
                clause=str(row.get("clause") or ""),
            )
        )
    return limits


def _neighbours(
    zone: Zone,
    order: Order,
    options: pd.DataFrame,
    free: GeoDataFrame,
    parcels: GeoDataFrame,
) -> list[tuple[int, int]]:
    """Pairs of options that may not stand side by side; options beside a standing use are blocked."""
    if order.kind != "uses" or not order.apart or options.empty or free.empty:
        return []
    built = parcels[parcels["build_state"].astype("string").str.startswith("A", na=False)]
    standing = use_class(built, str(zone.meta.get("land_use_system", ""))).to_numpy()
    names = free["id"].astype(str).to_numpy()
    rows_of: dict[tuple[str, str], list[int]] = {}
    for position, (item, use) in enumerate(zip(options["item"], options["use"], strict=True)):
        rows_of.setdefault((item, use), []).append(position)
    conflicts: list[tuple[int, int]] = []
    blocked = options["blocked"].to_numpy(copy=True)
    for one, two, reach in order.apart:
        i, j, _ = geo.pairs_within_m(free.geometry, free.geometry, reach, center=zone.center)
        for a, b in zip(i, j, strict=True):
            if a == b:
                continue
            for first in rows_of.get((names[a], one), ()):
                conflicts.extend(
                    (min(first, second), max(first, second))
                    for second in rows_of.get((names[b], two), ())
                )
        i, j, _ = geo.pairs_within_m(free.geometry, built.geometry, reach, center=zone.center)
        for mine, other in ((one, two), (two, one)):
            near = standing[j] == USES[other]
            for a in np.unique(i[near]):
                blocked[rows_of.get((names[a], mine), [])] = True
    options["blocked"] = blocked
    return sorted(set(conflicts))


def carry_out(zone: Zone, answer: Allocation, year: int) -> tuple[Zone, tuple[Change, ...]]:
    """Return the zone with an allocation carried out, and the changes that do it."""
    changes = tuple(
        Change(
            "reallocate",
            {
                "do": "reallocate",
                "parcel": row["parcel"],
                "use": row["code"],
                "supply_date": date(year, 12, 31),
                "agreed_start_date": date(year + 1, 12, 31),
                **({"owner": row["item"]} if row["item"] != row["parcel"] else {}),
            },
            f"allocation {row['parcel']}",
        )
        for row in answer.chosen.to_dict("records")
    )
    return apply(zone, changes, year=year), changes


def changes_toml(changes: tuple[Change, ...], *, zh: str, en: str) -> str:
    """Return changes as the text of a scenario file."""
    lines = ["[scenario]", f"zh = {toml_value(zh)}", f"en = {toml_value(en)}"]
    for change in changes:
        lines += ["", "[[change]]"]
        lines += [f"{key} = {toml_value(value)}" for key, value in change.data.items()]
    return "\n".join(lines) + "\n"

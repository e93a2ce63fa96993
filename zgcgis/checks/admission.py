"""Admission (准入审核): what a project or a proposed supply has to meet, clause by clause.

Control values are data: those of an edition in ``resources/controls``, and before them the zone's
own ``controls.csv`` (``industry_code indicator least most unit clause since until``). The negative
list is the zone's ``negative_list.csv`` (``industry_code zh en clause park_id``; a code stands for
all codes that begin with it, an empty park for all parks).
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from .. import geo
from ..findings import define, finding_frame, rule
from ..language.terms import USES
from ..model import Zone
from ..plan.fields import CONTROLS
from ..plan.land_use import text_of
from .planned_land import cited, industries_of
from .quota import parcel_facts, quota_use, use_class
from .supply import as_of

__all__ = [
    "Control",
    "LandBooks",
    "controls_for",
    "land_books",
    "land_left",
    "latest_year",
    "lines_of_plots",
    "negative_entries",
]


@dataclass(frozen=True, slots=True)
class Control:
    """One control value, and where it stands."""

    indicator: str
    least: float
    most: float
    clause: str
    own: bool


@cache
def _edition() -> tuple[Mapping[str, object], tuple[Mapping[str, str], ...]]:
    room = files("zgcgis").joinpath("resources/controls")
    edition = tomllib.loads(room.joinpath("industrial.toml").read_text(encoding="utf-8"))["edition"]
    newest = max(edition, key=lambda entry: entry["effective_year"])
    text = room.joinpath(str(newest["values"])).read_text(encoding="utf-8")
    return newest, tuple(csv.DictReader(io.StringIO(text)))


def latest_year(zone: Zone) -> int:
    """Return the latest year a zone states, or that of its day of judgement."""
    years = zone.meta.get("years")
    return int(max(years)) if years else as_of(zone).year


def controls_for(zone: Zone, industry_code: str, *, industrial: bool = True) -> list[Control]:
    """Return the controls for a project of an industry, the zone's own before the edition's.

    Parameters
    ----------
    zone
        Its ``controls.csv``, if it has one, is asked first.
    industry_code
        Code of GB/T 4754-2017; the entry with the longest matching beginning holds, an entry
        without code holds for all.
    industrial
        Whether the land is industrial; the edition speaks of nothing else.
    """
    year = latest_year(zone)
    found: dict[str, tuple[int, Control]] = {}
    own = zone.tables.get("controls")
    if own is not None:
        for row in own.fillna("").to_dict("records"):
            since, until = str(row.get("since", "")), str(row.get("until", ""))
            if (since and int(since[:4]) > year) or (until and int(until[:4]) <= year):
                continue
            _enter(found, row, "industry_code", industry_code, str(row.get("clause", "")), own=True)
    if industrial:
        edition, rows = _edition()
        if not found or set(CONTROLS) - set(found):
            for row in rows:
                if row["indicator"] in found and found[row["indicator"]][1].own:
                    continue
                _enter(
                    found,
                    row,
                    "industry_code_2017",
                    industry_code,
                    str(edition["clause"]),
                    own=False,
                )
    return [control for _, control in found.values()]


def _enter(
    found: dict[str, tuple[int, Control]],
    row: Mapping[str, object],
    code_column: str,
    industry_code: str,
    clause: str,
    *,
    own: bool,
) -> None:
    """Enter a row of a table of controls if it holds and says more than what is there."""
    code, indicator = str(row.get(code_column, "")), str(row["indicator"])
    if not industry_code.startswith(code):
        return
    there = found.get(indicator)
    if there is not None and (len(code) < there[0] or (there[1].own and not own)):
        return
    control = Control(
        indicator,
        float(str(row.get("least", "")) or -np.inf),
        float(str(row.get("most", "")) or np.inf),
        clause,
        own,
    )
    found[indicator] = (len(code), control)


def negative_entries(zone: Zone, industry_code: str, park: str) -> list[Mapping[str, str]]:
    """Return the entries of the zone's negative list (负面清单) that name an industry in a park."""
    table = zone.tables.get("negative_list")
    if table is None or not industry_code:
        return []
    return [
        {str(key): str(value) for key, value in row.items()}
        for row in table.fillna("").to_dict("records")
        if str(row.get("industry_code", ""))
        and industry_code.startswith(str(row["industry_code"]))
        and str(row.get("park_id", "") or park) == park
    ]


@dataclass(frozen=True)
class LandBooks:
    """What :func:`land_left` asks of a zone, made once for many questions."""

    year: int
    facts: pd.DataFrame | None
    used: pd.DataFrame | None


def land_books(zone: Zone, *, year: int | None = None) -> LandBooks:
    """Return the parcels and quotas of a year as :func:`land_left` reads them."""
    when = latest_year(zone) if year is None else year
    now = zone.at(when)
    facts = parcel_facts(now) if "parcel" in now.layers else None
    return LandBooks(when, facts, None if zone.quotas.empty else quota_use(zone))


def land_left(
    zone: Zone,
    park: str,
    use: str,
    *,
    year: int | None = None,
    books: LandBooks | None = None,
) -> dict[str, float]:
    """Return how much land of a use a park has left, and by which bound, in square metres.

    ``suppliable`` is the land that can still be supplied (``E``, planned for the use where a use
    is planned); every quota of the park, its group or the zone for that use and year adds a bound
    under its own name. What is left is the smallest of them.
    """
    books = land_books(zone, year=year) if books is None else books
    bounds: dict[str, float] = {}
    facts = books.facts
    if facts is not None:
        free = facts["supply_state"].str.startswith("E") & (facts["park_id"] == park)
        wanted = USES.get(use, "")
        free &= facts["use_class"].str.startswith(wanted) | (facts["use_class"] == "")
        bounds["suppliable"] = float(facts.loc[free, "area_m2"].sum())
    if books.used is not None:
        above = {park, "zone", zone.id}
        if park in zone.units.index:
            above |= {str(zone.units.at[park, name]) for name in ("group", "parent")}
        used = books.used
        for row in used[used["unit"].astype(str).isin(above)].to_dict("records"):
            if int(row["year"]) != books.year or row["kind"] == "approved":
                continue
            wide = {"plan": ("supplied_in_year", "land"), "cumulative": ("land", "supplied_land")}
            also = {"industrial_supplied_in_year"} if use == "industrial_land" else set()
            if row["use"] == use or row["use"] in wide[row["kind"]] or row["use"] in also:
                name = f"{row['unit']} {row['use']} {books.year} {row['kind']}"
                bounds[name] = float(row["left_m2"])
    return bounds


# --- rules over projects and proposals -----------------------------------------------------

define(
    "A704",
    "error",
    unit="wan/ha",
    zh="项目 {feature} 投资强度 {measured:.0f} 万元/公顷不达标（控制值 {limit:.0f}）",
    en="investment intensity {measured:.0f} of {feature} is below the control value {limit:.0f}",
)
define(
    "A707",
    "error",
    unit="%",
    zh="项目 {feature} 建筑系数 {measured:.1f} % 不达标（控制值 {limit:.1f} %）",
    en="building coefficient {measured:.1f} % of {feature} is below the control value {limit:.1f} %",
)
define(
    "A708",
    "error",
    unit="%",
    zh="项目 {feature} 行政办公及生活服务用地占 {measured:.1f} %，超过 {limit:.1f} %",
    en="offices and living services take {measured:.1f} % of the land of {feature}, "
    "more than {limit:.1f} %",
)
define(
    "A709",
    "error",
    zh="项目 {feature} 的 {other} 为 {measured:.3g}，不满足 {limit:.3g}（{detail}）",
    en="{other} of {feature} is {measured:.3g} and does not meet {limit:.3g} ({detail})",
)


def _proposal(zone: Zone) -> GeoDataFrame | None:
    """The proposed supply, or None if there is none."""
    proposal = zone.layers.get("proposal")
    return None if proposal is None or proposal.empty else proposal


def _proposal_rows(proposal: GeoDataFrame, held: Sequence[bool], **columns: object) -> GeoDataFrame:
    found = proposal[np.asarray(held, dtype="bool")]
    frame = {"level": "proposal", "feature": found["id"].to_numpy(), **columns}
    return GeoDataFrame(frame, geometry=found.geometry.to_numpy(), crs=found.crs)


@rule(
    "A701",
    "error",
    levels=("proposal",),
    zh="项目 {feature} 的产业不符合园区 {other} 的定位：{detail}",
    en="the industry of {feature} is off the orientation of {other}: {detail}",
)
def orientation_of_proposal(zone: Zone) -> GeoDataFrame:
    """A proposed plot works in an industry that the plan places in its park (A701)."""
    proposal = _proposal(zone)
    if zone.plan is None or proposal is None:
        return finding_frame([], rule="A701")
    parks, industries = text_of(proposal, "park_id"), text_of(proposal, "industry")
    off = [
        bool(park and industry) and not zone.plan.admits(park, industry)
        for park, industry in zip(parks, industries, strict=True)
    ]
    rows = _proposal_rows(
        proposal,
        off,
        other=parks[off].to_numpy(),
        detail=[
            f"{industry} -> {industries_of(zone.plan, park)}"
            for park, industry in zip(parks[off], industries[off], strict=True)
        ],
    )
    return finding_frame(rows, rule="A701")


@rule(
    "A702",
    "error",
    levels=("proposal",),
    zh="项目 {feature} 列入负面清单：{detail}",
    en="{feature} is on the negative list: {detail}",
)
def negative_list_of_proposal(zone: Zone) -> GeoDataFrame:
    """A proposed plot is for nothing on the negative list (A702)."""
    proposal = _proposal(zone)
    if proposal is None:
        return finding_frame([], rule="A702")
    hits = [
        negative_entries(zone, code, park)
        for code, park in zip(
            text_of(proposal, "industry_code"), text_of(proposal, "park_id"), strict=True
        )
    ]
    held = [bool(entries) for entries in hits]
    words = ["；".join(f"{e['industry_code']} {e.get('zh', '')}" for e in es) for es in hits if es]
    clause = [cited(zone, es[0].get("clause", "")) for es in hits if es]
    return finding_frame(_proposal_rows(proposal, held, detail=words, clause=clause), rule="A702")


@rule(
    "A703",
    "error",
    levels=("proposal",),
    unit="1",
    zh="项目 {feature} 容积率 {measured:.2f} 不达标（控制值 {limit:.2f}）",
    en="floor area ratio {measured:.2f} of {feature} is below the control value {limit:.2f}",
)
def ratio_of_proposal(zone: Zone) -> GeoDataFrame:
    """The planned floor area ratio of proposed industrial land meets the control (A703)."""
    proposal = _proposal(zone)
    if proposal is None or "planned_far" not in proposal:
        return finding_frame([], rule="A703")
    system = str(zone.meta.get("land_use_system", ""))
    making = use_class(proposal, system) == "A2"
    planned = pd.to_numeric(proposal["planned_far"]).astype("float64")
    least, clauses = [], []
    for code, industrial in zip(text_of(proposal, "industry_code"), making, strict=True):
        controls = controls_for(zone, code, industrial=bool(industrial)) if code else []
        control = next((c for c in controls if c.indicator == "floor_area_ratio"), None)
        least.append(control.least if control else np.nan)
        clauses.append(cited(zone, control.clause) if control else "")
    bound = np.asarray(least, dtype="float64")
    low = planned.to_numpy() < bound
    rows = _proposal_rows(
        proposal,
        low,
        measured=planned.to_numpy()[low],
        limit=bound[low],
        clause=np.asarray(clauses, dtype=object)[low],
    )
    return finding_frame(rows, rule="A703")


@rule(
    "A705",
    "error",
    levels=("proposal",),
    unit="m2",
    zh="{other} 可供土地不足：{feature} 需 {measured:.0f} m²，余 {limit:.0f} m²（{detail}）",
    en="not enough land left in {other}: {feature} asks for {measured:.0f} m2 of {limit:.0f} "
    "({detail})",
)
def land_for_proposal(zone: Zone) -> GeoDataFrame:
    """All proposed plots of a park and use together find land and quota enough (A705)."""
    proposal = _proposal(zone)
    if proposal is None:
        return finding_frame([], rule="A705")
    system = str(zone.meta.get("land_use_system", ""))
    names = {prefix: use for use, prefix in USES.items() if len(prefix) == 2}
    table = pd.DataFrame(
        {
            "park": text_of(proposal, "park_id"),
            "use": use_class(proposal, system).map(names).fillna("land"),
            "area_m2": geo.area_m2(proposal.geometry, center=zone.center),
        }
    )
    rows = []
    books = land_books(zone)
    for (park, use), plots in table[table["park"] != ""].groupby(["park", "use"], sort=True):
        bounds = land_left(zone, str(park), str(use), books=books)
        wanted = float(plots["area_m2"].sum())
        for name, left in sorted(bounds.items()):
            if wanted > left + 1.0:
                rows.append(
                    {
                        "level": "proposal",
                        "feature": ",".join(proposal.loc[plots.index, "id"].astype(str)),
                        "other": park,
                        "measured": wanted,
                        "limit": left,
                        "detail": f"{use}: {name}",
                    }
                )
    return finding_frame(rows, rule="A705")


LINES = {
    "protection": ("inside", "生态保护分级区 protected area"),
    "prohibited": ("inside", "禁止建设区 building prohibited"),
    "master_plan": ("outside", "土地利用总体规划外 outside the land-use master plan"),
    "urban_boundary": ("outside", "城镇开发边界外 outside the urban development boundary"),
}
"""Control layers that a plot must not touch, or must not leave."""


def lines_of_plots(zone: Zone, plots: GeoDataFrame, *, min_area_m2: float = 1.0) -> pd.DataFrame:
    """Return where plots touch protected or prohibited ground or leave the plans' ground.

    Columns ``feature layer other detail area_m2`` and ``geometry``.
    """
    parts = []
    for level, (side, words) in LINES.items():
        layer = zone.layers.get(level)
        if layer is None or layer.empty or plots.empty:
            continue
        if side == "inside":
            found = geo.shared(plots, layer, min_area_m2=min_area_m2, center=zone.center)
            kinds = text_of(layer, "kind").where(lambda kind: kind != "", words)
            said = kinds.str.cat(text_of(layer, "grade"), sep=" ").str.strip()
            named = dict(zip(layer["id"], said, strict=True))
            detail = [named.get(b, words) for b in found["b"]]
            other = found["b"].to_numpy()
        else:
            found = geo.outside(plots, layer, min_area_m2=min_area_m2, center=zone.center)
            detail, other = [words] * len(found), np.full(len(found), level, dtype=object)
        parts.append(
            pd.DataFrame(
                {
                    "feature": found["a"].to_numpy(),
                    "layer": level,
                    "other": other,
                    "detail": detail,
                    "area_m2": found["area_m2"].to_numpy(),
                    "geometry": found.geometry.to_crs("EPSG:4490").to_numpy(),
                }
            )
        )
    columns = ["feature", "layer", "other", "detail", "area_m2", "geometry"]
    full = [part for part in parts if len(part)]
    return pd.concat(full, ignore_index=True) if full else pd.DataFrame(columns=columns)


@rule(
    "A706",
    "error",
    levels=("proposal",),
    unit="m2",
    zh="项目 {feature} 用地有 {measured:.1f} m² 涉及 {other}（{detail}）",
    en="{measured:.1f} m2 of the land of {feature} touch {other} ({detail})",
)
def lines_of_proposal(zone: Zone) -> GeoDataFrame:
    """Proposed land keeps off protected and prohibited ground and inside the plans (A706)."""
    proposal = _proposal(zone)
    if proposal is None:
        return finding_frame([], rule="A706")
    found = lines_of_plots(zone.at(latest_year(zone)), proposal)
    rows = found.rename(columns={"area_m2": "measured"}).assign(level="proposal", limit=0.0)
    return finding_frame(rows, rule="A706")


@rule(
    "A710",
    "error",
    unit="m2",
    levels=("proposal", "parcel"),
    zh="拟供地 {feature} 与已供宗地 {other} 重叠 {measured:.1f} m²",
    en="the proposed plot {feature} overlaps parcel {other}, already supplied, by {measured:.1f} m2",
)
def proposal_on_supplied_land(zone: Zone, *, min_area_m2: float = 1.0) -> GeoDataFrame:
    """A proposed plot lies on land that nobody holds yet."""
    proposal = _proposal(zone)
    if proposal is None or "parcel" not in zone.layers:
        return finding_frame([], rule="A710")
    parcels = zone.at(latest_year(zone)).layer("parcel")
    held = parcels[text_of(parcels, "supply_state").str.startswith("D")]
    if held.empty:
        return finding_frame([], rule="A710")
    found = geo.shared(proposal, held, min_area_m2=min_area_m2, center=zone.center)
    rows = GeoDataFrame(
        {
            "level": "proposal",
            "feature": found["a"].to_numpy(),
            "other": found["b"].to_numpy(),
            "measured": found["area_m2"].to_numpy(),
            "limit": 0.0,
        },
        geometry=found.geometry.to_numpy(),
        crs=found.crs,
    )
    return finding_frame(rows, rule="A710")

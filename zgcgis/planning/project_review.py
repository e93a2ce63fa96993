"""Admission of a project (项目准入审核): clause by clause, with what would make it pass.

::

    [project]
    id = "demo-1"
    zh = "示例生物药项目"
    en = "Sample biomedicine project"
    industry = "bio"                # key of an industry of the plan
    industry_code = "2761"          # GB/T 4754-2017
    park = "north"
    use = "industrial_land"         # what land it asks for; by default industrial
    site = "N003-02"                # optional: the parcel, or several
    area_m2 = 30000
    floor_area_m2 = 45000           # above ground
    tall_floor_area_m2 = 0          # storeys above 8 m, counted once more
    footprint_m2 = 11000            # buildings and structures
    yard_m2 = 2000                  # open yards and working areas
    office_land_m2 = 1800
    investment_wan = 24000          # land price included, as the control indicators count it
    output_wan = 30000              # a year
    tax_wan = 2400                  # a year
    energy_tce = 900                # a year

A fact that is left out leaves its clauses open, and they are shown as open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from .. import geo
from ..accounts import nearest_stations
from ..checks.admission import (
    Control,
    LandBooks,
    controls_for,
    land_books,
    land_left,
    latest_year,
    lines_of_plots,
    negative_entries,
)
from ..checks.planned_land import cited, industries_of
from ..findings import RULES, combine, finding_frame
from ..language.errors import PlanError, UnknownNameError
from ..language.safe_text import Text
from ..model import Zone
from ..plan.fields import CONTROLS, FORMS
from ..plan.settings import check_settings, read_toml

__all__ = ["Admission", "Project", "admit", "read_project", "suitable_parks"]

M2_PER_HA = 10_000.0
_ROUNDING = 1e-9
_RULE_OF = {
    "floor_area_ratio": "A703",
    "investment_wan_per_ha": "A704",
    "building_coefficient_pct": "A707",
    "office_land_pct": "A708",
}


@dataclass(frozen=True, slots=True)
class Project:
    """What a project asks for and brings; NaN where its file says nothing."""

    id: str
    zh: str
    en: str
    industry: str
    industry_code: str
    park: str
    use: str
    site: tuple[str, ...]
    numbers: Mapping[str, float]

    def number(self, name: str) -> float:
        """Return one figure of the project, NaN if it is not stated."""
        return self.numbers.get(name, float("nan"))


@dataclass(frozen=True)
class Admission:
    """The review of one project.

    Attributes
    ----------
    clauses
        One row per clause: ``rule zh en verdict measured limit margin unit clause zh_fix
        en_fix``. ``verdict`` is ``pass``, ``fail`` or ``open`` (a fact is missing); ``margin`` is
        how far inside (positive) or outside (negative) the limit the project stands.
    parks
        The parks ranked by how well the project fits there, with reasons.
    findings
        The failed clauses as findings.
    """

    project: Project
    clauses: pd.DataFrame
    parks: pd.DataFrame
    findings: GeoDataFrame

    @property
    def admitted(self) -> bool:
        """Whether no clause failed and none is open."""
        return bool((self.clauses["verdict"] == "pass").all())


def read_project(path: str | Path) -> Project:
    """Read a project file; an unknown or ill-typed field is an error that names it."""
    file = Path(path)
    held = read_toml(file, error=PlanError)
    check_settings(held, "project.toml", file, error=PlanError)
    data = held["project"]
    site = data.get("site", [])
    texts = {name: data.get(name, "") for name in ("industry", "industry_code")}
    return Project(
        **texts,
        id=data["id"],
        zh=data.get("zh") or data["id"],
        en=data.get("en") or data["id"],
        park=data["park"],
        use=data.get("use", "industrial_land").removesuffix("_m2"),
        site=(site,) if isinstance(site, str) else tuple(site),
        numbers={
            name: float(data[name])
            for name, field in FORMS["project.toml/project"].items()
            if field.kind == "number" and name in data
        },
    )


def admit(
    zone: Zone, project: Project, *, books: LandBooks | None = None, rank: bool = True
) -> Admission:
    """Review a project against orientation, negative list, controls, land left and ecology.

    Parameters
    ----------
    zone, project
        The zone and what is proposed in it.
    books
        The zone's parcels and quotas, where many projects are reviewed in one zone.
    rank
        Whether to rank the parks for the project too.
    """
    if "park" in zone.layers or len(zone.units):
        known = set(zone.units.index[zone.units["level"] == "park"]) if len(zone.units) else set()
        if known and project.park not in known:
            raise UnknownNameError(project.park, known, what="park", zh="园区")
    books = land_books(zone) if books is None else books
    site = _site(zone, project)
    rows = [
        _orientation(zone, project),
        _negative(zone, project),
        *_control_rows(zone, project, site),
        _land(zone, project, books, site),
        *_ecology(zone, site),
    ]
    columns = ["rule", "zh", "en", "verdict", "measured", "limit", "margin", "unit", "clause",
               "zh_fix", "en_fix", "other", "detail", "geometry"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    parks = suitable_parks(zone, project, books=books) if rank else pd.DataFrame()
    place = site.geometry.union_all() if len(site) else None
    failed = table[table["verdict"] == "fail"]
    findings = [
        finding_frame(
            [
                {
                    "level": "project",
                    "feature": project.id,
                    "other": row["other"] or project.park,
                    "measured": row["measured"],
                    "limit": row["limit"],
                    "detail": row["detail"],
                    "clause": row["clause"],
                    "geometry": place if row["geometry"] is None else row["geometry"],
                }
            ],
            rule=str(row["rule"]),
        )
        for row in failed.to_dict("records")
    ]
    return Admission(project, table.drop(columns=["geometry"]), parks, combine(findings))


def _row(rule: str, zh: str, en: str, verdict: str, **more: Any) -> dict[str, Any]:
    blank = {"measured": np.nan, "limit": np.nan, "margin": np.nan, "unit": RULES[rule].unit,
             "clause": "", "zh_fix": "", "en_fix": "", "other": "", "detail": "",
             "geometry": None}  # fmt: skip
    return {"rule": rule, "zh": zh, "en": en, "verdict": verdict, **blank, **more}


def _site(zone: Zone, project: Project) -> GeoDataFrame:
    """The parcels the project names, as they are in the latest year."""
    if not project.site:
        return GeoDataFrame({"id": []}, geometry=[], crs="EPSG:4490")
    parcels = zone.at(latest_year(zone)).layer("parcel")
    if missing := set(project.site) - set(parcels["id"]):
        raise PlanError(
            f"项目 {project.id} 的 site 里没有这些宗地：{sorted(missing)}。请核对编号。",
            f"project {project.id}: there are no parcels {sorted(missing)}. Check the ids.",
        )
    return parcels[parcels["id"].isin(project.site)]


def _orientation(zone: Zone, project: Project) -> dict[str, Any]:
    names = ("产业定位", "orientation of the park")
    if zone.plan is None or not project.industry:
        return _row(
            "A701", *names, "open",
            zh_fix="请在项目文件中写明 industry，并为示范区提供 plan.toml",
            en_fix="state the industry in the project file, and give the zone a plan.toml",
        )  # fmt: skip
    placed = industries_of(zone.plan, project.park)
    good = zone.plan.admits(project.park, project.industry)
    group = zone.plan.group_of(project.park)
    clause = cited(zone, group.clause) if group is not None else ""
    if good:
        return _row("A701", *names, "pass", clause=clause, detail=f"{project.industry} ∈ {placed}")
    others = [park for park in _parks(zone) if zone.plan.admits(park, project.industry)]
    where_zh = "、".join(zone.name(park) for park in others) or "没有园区"
    where_en = ", ".join(zone.name(park, "en") for park in others) or "no park"
    return _row(
        "A701", *names, "fail", clause=clause, detail=f"{project.industry} -> {placed}",
        zh_fix=f"改到定位相符的园区：{where_zh}", en_fix=f"take it to {where_en}",
    )  # fmt: skip


def _negative(zone: Zone, project: Project) -> dict[str, Any]:
    names = ("负面清单", "negative list")
    if "negative_list" not in zone.tables:
        return _row("A702", *names, "pass", detail="无负面清单 the zone has no negative list")
    if not project.industry_code:
        return _row(
            "A702", *names, "open",
            zh_fix="请写明 industry_code（GB/T 4754-2017）", en_fix="state the industry_code",
        )  # fmt: skip
    hits = negative_entries(zone, project.industry_code, project.park)
    if not hits:
        return _row("A702", *names, "pass")
    words = "；".join(f"{hit['industry_code']} {hit.get('zh', '')}" for hit in hits)
    return _row(
        "A702", *names, "fail", detail=words, clause=cited(zone, hits[0].get("clause", "")),
        zh_fix="清单内产业不得进入", en_fix="no project of a listed industry is admitted",
    )  # fmt: skip


def _area(project: Project, site: GeoDataFrame, zone: Zone) -> float:
    stated = project.number("area_m2")
    if np.isnan(stated) and len(site):
        return float(geo.area_m2(site.geometry, center=zone.center).sum())
    return stated


def _measured(project: Project, area: float) -> dict[str, float]:
    """The project's value of every control indicator; NaN where a fact is missing."""
    number = project.number
    tall = project.numbers.get("tall_floor_area_m2", 0.0)
    yard = project.numbers.get("yard_m2", 0.0)
    ground = area if area > 0 else float("nan")
    output = number("output_wan") if number("output_wan") > 0 else float("nan")
    return {
        "floor_area_ratio": (number("floor_area_m2") + tall) / ground,
        "building_coefficient_pct": 100 * (number("footprint_m2") + yard) / ground,
        "office_land_pct": 100 * number("office_land_m2") / ground,
        "investment_wan_per_ha": number("investment_wan") / ground * M2_PER_HA,
        "output_wan_per_ha": number("output_wan") / ground * M2_PER_HA,
        "tax_wan_per_ha": number("tax_wan") / ground * M2_PER_HA,
        "green_pct": 100 * number("green_m2") / ground,
        "energy_tce_per_wan": number("energy_tce") / output,
    }


_INPUT = {
    "floor_area_ratio": ("floor_area_m2", "建筑面积", "floor area", "m²", 1.0),
    "building_coefficient_pct": ("footprint_m2", "基底与堆场面积", "footprint and yards", "m²", 0.01),
    "office_land_pct": ("office_land_m2", "行政办公用地", "office land", "m²", 0.01),
    "investment_wan_per_ha": ("investment_wan", "投资", "investment", "万元", 1 / M2_PER_HA),
    "output_wan_per_ha": ("output_wan", "年产值", "yearly output", "万元", 1 / M2_PER_HA),
    "tax_wan_per_ha": ("tax_wan", "年税收", "yearly tax", "万元", 1 / M2_PER_HA),
    "green_pct": ("green_m2", "绿地", "green land", "m²", 0.01),
}  # fmt: skip
"""Per indicator: the fact behind it, its names and unit, and how much of it per unit and m²."""


_UNITS_EN = {"m²": "m2", "万元": "x 10 000 CNY"}


def _control_rows(zone: Zone, project: Project, site: GeoDataFrame) -> list[dict[str, Any]]:
    area = _area(project, site, zone)
    measured = _measured(project, area)
    controls = controls_for(
        zone, project.industry_code, industrial=project.use == "industrial_land"
    )
    rows = []
    for control in sorted(controls, key=lambda one: list(CONTROLS).index(one.indicator)):
        about = CONTROLS[control.indicator]
        zh, en, unit = about.zh, about.en, about.unit
        rule = _RULE_OF.get(control.indicator, "A709")
        value = measured[control.indicator]
        low = value < control.least
        limit = control.least if low or np.isinf(control.most) else control.most
        margin = min(value - control.least, control.most - value)
        if abs(margin) <= _ROUNDING * max(abs(value), 1.0):
            margin = 0.0  # exactly at the limit, but for the last digits of the division
        common = {
            "measured": value,
            "limit": limit,
            "unit": unit,
            "clause": cited(zone, control.clause),
            "other": control.indicator if rule == "A709" else "",
            "detail": f"{zh} {en}",
        }
        if np.isnan(value):
            fact = _INPUT.get(control.indicator, ("energy_tce, output_wan",))[0]
            rows.append(
                _row(
                    rule,
                    zh,
                    en,
                    "open",
                    **common,
                    zh_fix=f"请写明 {fact} 和 area_m2",
                    en_fix=f"state {fact} and area_m2",
                )
            )
        elif margin >= 0:
            rows.append(_row(rule, zh, en, "pass", **common, margin=margin))
        else:
            fix_zh, fix_en = _fix(control, value, area)
            rows.append(
                _row(rule, zh, en, "fail", **common, margin=margin, zh_fix=fix_zh, en_fix=fix_en)
            )
    return rows


def _fix(control: Control, value: float, area: float) -> tuple[str, str]:
    """What would make one control pass, both ways: change the fact, or change the land."""
    known = _INPUT.get(control.indicator)
    if known is None:
        return "降低单位产值能耗", "use less energy per output"
    _, zh, en, unit, factor = known
    if value < control.least:
        more = (control.least - value) * area * factor
        land = area * value / control.least
        return (
            f"{zh}增加 {more:,.0f} {unit}，或用地减至 {land:,.0f} m²",
            f"add {more:,.0f} {_UNITS_EN[unit]} of {en}, or take {land:,.0f} m2 of land",
        )
    less = (value - control.most) * area * factor
    return f"{zh}减少 {less:,.0f} {unit}", f"take {less:,.0f} {_UNITS_EN[unit]} off the {en}"


def _land(zone: Zone, project: Project, books: LandBooks, site: GeoDataFrame) -> dict[str, Any]:
    names = ("可供土地", "land left")
    wanted = _area(project, site, zone)
    bounds = land_left(zone, project.park, project.use, books=books)
    if np.isnan(wanted) or not bounds:
        missing = "area_m2" if np.isnan(wanted) else "quotas.csv, layers/parcel"
        return _row(
            "A705", *names, "open", measured=wanted,
            zh_fix=f"缺少 {missing}", en_fix=f"{missing} is missing",
        )  # fmt: skip
    tight, left = min(bounds.items(), key=lambda item: (item[1], item[0]))
    common: dict[str, Any] = {
        "measured": wanted,
        "limit": left,
        "margin": left - wanted,
        "detail": tight,
    }
    if wanted <= left:
        return _row("A705", *names, "pass", **common)
    room = max(left, 0.0)
    return _row(
        "A705", *names, "fail", **common,
        zh_fix=f"还差 {wanted - room:,.0f} m²（{tight}）：减少用地，或调剂、增加指标，或另选园区",
        en_fix=f"{wanted - room:,.0f} m2 short ({tight}): take less land, move or raise the "
        "quota, or choose another park",
    )  # fmt: skip


def _ecology(zone: Zone, site: GeoDataFrame) -> list[dict[str, Any]]:
    names = ("生态与控制线", "ecology and control lines")
    if site.empty:
        return [
            _row(
                "A706",
                *names,
                "open",
                zh_fix="请用 site 写明选址宗地",
                en_fix="name the parcels of the site",
            )
        ]
    now = zone.at(latest_year(zone))
    touched = lines_of_plots(now, site)
    if touched.empty:
        return [_row("A706", *names, "pass", measured=0.0, limit=0.0, margin=0.0)]
    return [
        _row(
            "A706", *names, "fail",
            measured=row["area_m2"], limit=0.0, margin=-row["area_m2"],
            other=row["other"], detail=row["detail"], geometry=row["geometry"],
            zh_fix=f"从 {row['feature']} 中让出 {row['area_m2']:,.0f} m²，或另选宗地",
            en_fix=f"give up {row['area_m2']:,.0f} m2 of {row['feature']}, or choose another site",
        )
        for row in touched.to_dict("records")
    ]  # fmt: skip


def _parks(zone: Zone) -> list[str]:
    now = zone.at(latest_year(zone))
    return [str(unit) for unit in now.units.index[now.units["level"] == "park"]]


def suitable_parks(zone: Zone, project: Project, *, books: LandBooks | None = None) -> pd.DataFrame:
    """Return the parks ranked for a project: orientation, land left, peers, access.

    Columns ``rank park admits peers left_m2 fits access_m access_by score zh en``. ``peers`` is the
    share of the park's enterprises in the project's industry, ``access_m`` the way from the ground
    of the park to the nearest station (:func:`zgcgis.accounts.nearest_stations`), ``access_by``
    what it stands on: ``network``, or ``straight`` line where no road leads. The score adds orientation (0.4; half of it where the plan places no
    industry), whether the land suffices (0.3), peers relative to the park that has most (0.15) and
    nearness to a station, 1 / (1 + km) (0.15); a park where the industry is on the negative list
    has score 0.
    """
    now = zone.at(latest_year(zone))
    books = land_books(zone) if books is None else books
    site = GeoDataFrame({"id": []}, geometry=[], crs="EPSG:4490")
    wanted = _area(project, site, zone)
    peers = _peer_shares(now, project.industry)
    access = nearest_stations(now, latest_year(zone))
    rows = []
    for park in _parks(zone):
        admits = zone.plan.admits(park, project.industry) if zone.plan is not None else True
        stated = bool(zone.plan and zone.plan.park_industries.get(park))
        bounds = land_left(zone, park, project.use, books=books)
        left = min(bounds.values()) if bounds else np.nan
        banned = bool(negative_entries(zone, project.industry_code, park))
        rows.append(
            {
                "park": park,
                "admits": admits and not banned,
                "stated": stated,
                "banned": banned,
                "peers": peers.get(park, 0.0),
                "left_m2": left,
                "fits": bool(left >= wanted) if not np.isnan(wanted) else bool(left > 0),
                "access_m": access["distance_m"].get(park, np.nan),
                "access_by": access["method"].get(park, ""),
            }
        )
    columns = [
        "rank",
        "park",
        "admits",
        "peers",
        "left_m2",
        "fits",
        "access_m",
        "access_by",
        "score",
        "zh",
        "en",
    ]
    if not rows:
        return pd.DataFrame(columns=columns)
    table = pd.DataFrame(rows)
    near = 1 / (1 + table["access_m"] / 1000)
    most = table["peers"].max()
    place = np.where(table["stated"], 1.0, 0.5) * table["admits"]
    table["score"] = (
        0.4 * place
        + 0.3 * table["fits"]
        + 0.15 * (table["peers"] / most if most > 0 else 0.0)
        + 0.15 * near.fillna(0.0)
    ).where(~table["banned"], 0.0)
    table = table.sort_values(["score", "park"], ascending=[False, True], kind="stable")
    table.insert(0, "rank", range(1, len(table) + 1))
    table["zh"] = [_reasons(row, "zh") for row in table.to_dict("records")]
    table["en"] = [_reasons(row, "en") for row in table.to_dict("records")]
    return table[columns].reset_index(drop=True)


def _reasons(row: Mapping[str, Any], lang: str) -> str:
    """Why a park stands where it does, in one line."""
    parts = []
    if row["banned"]:
        parts.append(Text("负面清单内", "on the negative list").say(lang))
    elif not row["admits"]:
        parts.append(Text("定位不符", "off its orientation").say(lang))
    elif row["stated"]:
        parts.append(Text("定位相符", "within its orientation").say(lang))
    else:
        parts.append(Text("规划未定产业", "the plan places no industry there").say(lang))
    if np.isnan(row["left_m2"]):
        parts.append(Text("可供土地不详", "land left unknown").say(lang))
    else:
        left = max(row["left_m2"], 0.0) / M2_PER_HA
        short = "" if row["fits"] else Text("，不足", ", too little").say(lang)
        parts.append(Text(f"可供 {left:.2f} 公顷{short}", f"{left:.2f} ha left{short}").say(lang))
    if row["peers"] > 0:
        share = f"{100 * row['peers']:.0f} %"
        parts.append(Text(f"同类企业占 {share}", f"{share} of its firms are peers").say(lang))
    if not np.isnan(row["access_m"]):
        straight = row["access_by"] == "straight"
        how = (
            Text("（直线）", " in a straight line").say(lang)
            if straight
            else Text("（路网）", " by road").say(lang)
        )
        near = f"{row['access_m'] / 1000:.1f} km{how}"
        parts.append(Text(f"距轨道站点 {near}", f"{near} to a station").say(lang))
    return Text("；", "; ").say(lang).join(parts)


def _peer_shares(now: Zone, industry: str) -> dict[str, float]:
    """Share of each park's enterprises of the latest year that work in an industry."""
    firms = now.layers.get("enterprise")
    if firms is None or not {"park_id", "industry"} <= set(firms.columns) or not industry:
        return {}
    if "year" in firms:
        firms = firms[pd.to_numeric(firms["year"]) == pd.to_numeric(firms["year"]).max()]
    same = (firms["industry"] == industry).fillna(value=False).astype("float64")
    shares = same.groupby(firms["park_id"].astype("object").to_numpy()).mean()
    return {str(park): float(share) for park, share in shares.items()}

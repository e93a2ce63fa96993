"""The written part of the sample: zone, plan, accounts, quotas, choices; projects that ask for land."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame

from ..language.safe_text import toml_value
from .fabric import CENTER, ParkSpec, area_m2, as_stored
from .people import CLUSTERS, DISTRICTS, GROUPS
from .premises import YEARS
from .settle import AS_OF
from .write import Drawn, to_layer, write_csv, write_geojson

__all__ = ["write_papers", "write_projects"]

_ZONE = f"""# 示例示范区：全部数据均为虚构，由 zgcgis sample 生成，不对应任何真实园区。
# Sample zone: every figure and outline is invented, made by zgcgis sample; no real zone is meant.
id = "sample"
zh = "示例示范区（虚构）"
en = "Sample zone (fictitious)"
synthetic = true

center = [{CENTER[0]}, {CENTER[1]}]
years = [{YEARS[0]}, {YEARS[-1]}]
year = {YEARS[-1]}
as_of = {AS_OF.isoformat()}
land_use_system = "yonghai_2023"
review_no = ""

disclaimer_zh = "虚构示例，不对应任何真实园区、宗地或企业。"
disclaimer_en = "A fictitious sample; no real park, parcel or enterprise is meant."
attribution_zh = "由 zgcgis sample 生成"
attribution_en = "Made by zgcgis sample"

# 低效用地：工业用地容积率低于此值时提示。 Under-used industrial land below this floor area ratio.
[thresholds]
industrial_far_min = 0.5

[[source]]
id = "sample"
zh = "虚构示例数据，由 zgcgis sample 生成"
en = "Fictitious sample data, made by zgcgis sample"
licence = "CC0-1.0"
"""

_README = """# 示例示范区（虚构） Sample zone (fictitious)

全部由 `zgcgis sample` 生成：同样的种子得到同样的字节。没有一处是真实的园区、宗地或企业。
Made by `zgcgis sample`: the same seed gives the same bytes. No park, parcel or enterprise is real.

| | |
|---|---|
| `layers/` | 图层，三年的变化 layers, with three years of change |
| `planted.csv` | 预埋的每一处错误：规则、对象、大小 every planted error: rule, feature, size |
| `plan.toml` `digest.toml` `quotas.csv` | 规划与用地指标 plan and land quotas |
| `controls.csv` `negative_list.csv` | 准入条件 terms of admission |
| `evaluation.toml` `accounts.csv` | 评价设置、填报数值 choices of the evaluation, stated values |
| `projects/` | 待审项目与拟供地，及应有的结论 projects and a proposal, and what a review has to say |
| `raw/` | 原样的测绘交付，及应查出的问题 a delivery as it comes, and what has to be found |
"""

_DIGEST = """# 虚构规划的摘要。 Digest of a fictitious plan.

[plan]
id = "sample-2021-2025"
name_zh = "示例示范区空间布局规划（虚构）"
name_en = "Layout plan of the sample zone (fictitious)"
issued = "2021-01"
period = [2021, 2025]
"""

_CLAUSES: tuple[tuple[str, str, str, tuple[str, ...], str], ...] = (
    ("S1", "第一条", "layout", ("一区多园",),
     "One zone, many parks; layout within the land-use master plan and the urban boundary."),
    ("S2", "第二条", "industry", tuple(zh for zh, _, _ in CLUSTERS.values()),
     "Industries of the zone."),
    ("S3.core", "第三条一", "layout", (GROUPS["core"][0],), "Renewal of the built-up core."),
    ("S3.north", "第三条二", "layout", (GROUPS["north"][0],), "Research in the north."),
    ("S3.south", "第三条三", "layout", (GROUPS["south"][0],), "Manufacturing in the south."),
    ("S4", "第四条", "land", ("用地指标",), "Land is used within the quotas of each park."),
    ("S6", "第六条", "admission", ("准入",), "Control values and negative list for new projects."),
    ("S5", "第五条", "goals", ("2025", "3.5 万人"), "35 000 people work in the zone in 2025."),
)  # fmt: skip


_CONTROLS = tuple(
    {"industry_code": "", "indicator": name, "least": least, "most": most, "unit": unit,
     "clause": "S6", "since": "2021", "until": ""}
    for name, least, most, unit in (
        ("floor_area_ratio", "1.0", "", "1"),
        ("building_coefficient_pct", "40", "", "%"),
        ("office_land_pct", "", "7", "%"),
        ("investment_wan_per_ha", "4500", "", "wan/ha"),
        ("tax_wan_per_ha", "300", "", "wan/ha"),
    )
)  # fmt: skip
_NEGATIVE = (
    {"industry_code": "25", "zh": "石油、煤炭及其他燃料加工业", "en": "Processing of fuels",
     "clause": "S6", "park_id": ""},
    {"industry_code": "261", "zh": "基础化学原料制造", "en": "Basic chemicals",
     "clause": "S6", "park_id": ""},
)  # fmt: skip

# indicator: ideal of an industry-led park, ideal of a mixed park
_IDEALS: tuple[tuple[str, float | None, float | None], ...] = (
    ("development_rate", 100, 100),
    ("supply_rate", 100, 100),
    ("completion_rate", 100, 100),
    ("industrial_share", 60, None),
    ("floor_area_ratio", 1.2, 1.8),
    ("site_coverage", 36, 32),
    ("industrial_floor_area_ratio", 1.4, None),
    ("building_coefficient", 55, None),
    ("investment_intensity", 6500, None),
    ("industrial_tax_per_hectare", 560, None),
    ("tax_per_hectare", None, 700),
    ("population_density", None, 160),
    ("idle_rate", 0, 0),
)


def _evaluation(specs: Sequence[ParkSpec]) -> str:
    head = (
        "# 示例评价设置：理想值为虚构。 Choices of the sample; its ideal values are invented.\n"
        'standard = "tdt1029-2014"\nkind = "industrial"\n\n[kinds]\n'
    )
    parts = [head, *(f"{s.key} = {_text(s.kind)}\n" for s in specs)]
    for name, *values in _IDEALS:
        for kind, value in zip(("industrial", "mixed"), values, strict=True):
            if value is None:
                continue
            parts.append(
                f'\n[[ideal]]\nindicator = "{name}"\nkind = "{kind}"\nvalue = {value}\n'
                'method = ["target"]\nzh = "示例规划目标（虚构）"\n'
                'en = "target of the sample plan (fictitious)"\n'
            )
    return "".join(parts)


STATED = ("stonebridge", "southterrace")  # parks that state land of their own


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(_text(v) for v in values) + "]"


def _digest() -> str:
    parts = [_DIGEST]
    for name, zh, topic, terms, duty in _CLAUSES:
        parts.append(
            f"\n[[clause]]\nid = {_text(name)}\nzh = {_text(zh)}\ntopic = {_text(topic)}\n"
            f"terms = {_list(terms)}\nduty = {_text(duty)}\n"
        )
    return "".join(parts)


def _plan(specs: Sequence[ParkSpec]) -> str:
    parts = [
        (
            "# 示例规划：虚构。 A fictitious plan.\n\n[plan]\n"
            'id = "sample-2021-2025"\nzh = "示例示范区空间布局规划（虚构）"\n'
            'en = "Layout plan of the sample zone (fictitious)"\nissued = "2021-01"\n'
            'period = [2021, 2025]\ndigest = "digest.toml"\n'
        )
    ]
    for key, (zh, en, _) in CLUSTERS.items():
        parts.append(
            f'\n[industry.{key}]\nzh = {_text(zh)}\nen = {_text(en)}\nclause = "S2"\n'
            f"terms = {_list([zh])}\n"
        )
    for key, (zh, en, role) in GROUPS.items():
        mine = [s for s in specs if s.group == key]
        industries = [k for k in CLUSTERS if any(k in s.industries for s in mine)]
        parts.append(
            f'\n[group.{key}]\nzh = {_text(zh)}\nen = {_text(en)}\nclause = "S3.{key}"\n'
            f"terms = {_list([zh])}\nrole = {_text(role)}\nindustries = {_list(industries)}\n"
        )
        parts.extend(
            f"\n[[group.{key}.park]]\nid = {_text(s.key)}\nzh = {_text(s.zh)}\n"
            f'en = {_text(s.en)}\nclause = "S3.{key}"\nindustries = {_list(s.industries)}\n'
            for s in mine
        )
    parts.append(
        '\n[[demand]]\nid = "layout"\ntopic = "layout"\nzh = "布局符合土地利用总体规划和城镇开发边界"\n'
        'en = "Layout within the land-use master plan and the urban boundary"\nclause = "S1"\n'
        '\n[[demand]]\nid = "quota"\ntopic = "land"\nzh = "各园用地不超过用地指标"\n'
        'en = "No park uses more land than its quota"\nclause = "S4"\n'
        '\n[[target]]\nid = "staff-2025"\nkey = "staff_persons"\nzh = "从业人员"\nen = "Staff"\n'
        'year = 2025\nkind = "stock"\nvalue = 35000\nprinted = "3.5 万人"\nclause = "S5"\n'
        'terms = ["3.5 万人"]\n'
    )
    return "".join(parts)


def write_papers(
    folder: Path,
    specs: Sequence[ParkSpec],
    parcel: DataFrame,
    staff: Mapping[tuple[str, int], float],
    areas: Any,
    districts: Mapping[str, str],
    *,
    planted: bool,
) -> list[dict[str, Any]]:
    """Write every file of the zone that is not a layer; return the errors planted in them."""
    (folder / "zone.toml").write_text(_ZONE, encoding="utf-8", newline="\n")
    (folder / "README.md").write_text(_README, encoding="utf-8", newline="\n")
    (folder / "digest.toml").write_text(_digest(), encoding="utf-8", newline="\n")
    (folder / "plan.toml").write_text(_plan(specs), encoding="utf-8", newline="\n")
    (folder / "evaluation.toml").write_text(_evaluation(specs), encoding="utf-8", newline="\n")
    write_csv(folder / "controls.csv", list(_CONTROLS[0]), _CONTROLS)
    write_csv(folder / "negative_list.csv", list(_NEGATIVE[0]), _NEGATIVE)
    _units(folder, specs, districts)
    table = DataFrame(
        {
            "park": parcel["park_id"].to_numpy(),
            "since": parcel["since"].to_numpy(dtype="float64", na_value=0),
            "until": parcel["until"].to_numpy(dtype="float64", na_value=9999),
            "state": parcel["build_state"].astype(str).to_numpy(),
            "supply": parcel["supply_state"].astype(str).to_numpy(),
            "supplied": pd.DatetimeIndex(parcel["supply_date"]).year,
            "area": areas,
        }
    )
    facts = {str(key): mine for key, mine in table.groupby("park")}
    rows = _accounts(folder, specs, facts, staff, planted=planted)
    return rows + _quotas(folder, specs, facts, planted=planted)


def _units(folder: Path, specs: Sequence[ParkSpec], districts: Mapping[str, str]) -> None:
    columns = (
        "id", "level", "parent", "group", "zh", "en", "pinyin", "aliases", "district",
        "since", "until", "placed", "note",
    )  # fmt: skip
    note = "虚构"
    rows = [
        {"id": "sample", "level": "zone", "zh": "示例示范区（虚构）", "en": "Sample zone (fictitious)",
         "pinyin": "shili", "placed": "true", "note": note}
    ]  # fmt: skip
    for key, (zh, en, _) in GROUPS.items():
        rows.append(
            {"id": key, "level": "group", "parent": "sample", "group": key, "zh": zh, "en": en,
             "pinyin": "shili" + key, "placed": "true", "note": note}
        )  # fmt: skip
    rows.extend({"id": s.key, "level": "park", "parent": s.group, "group": s.group, "zh": s.zh,
             "en": s.en, "pinyin": s.pinyin, "district": DISTRICTS[districts[s.key]][0],
             "placed": "true", "note": note} for s in specs)  # fmt: skip
    write_csv(folder / "parks.csv", columns, rows)


def _there(facts: DataFrame, year: int) -> DataFrame:
    return facts[(facts["since"] <= year) & (year < facts["until"])]


def _accounts(
    folder: Path,
    specs: Sequence[ParkSpec],
    facts: Mapping[str, DataFrame],
    staff: Mapping[tuple[str, int], float],
    *,
    planted: bool,
) -> list[dict[str, Any]]:
    columns = (
        "unit", "year", "key", "value", "qualifier", "period", "scope", "basis", "source", "note",
    )  # fmt: skip
    rows: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []

    def state(unit: str, year: int, key: str, value: float, *, digits: int, scope: str) -> None:
        rows.append(
            {
                "unit": unit, "year": year, "key": key, "value": f"{value:.{digits}f}",
                "qualifier": "=", "period": "annual", "scope": scope, "basis": "stated",
                "source": "sample", "note": "虚构 fictitious",
            }
        )  # fmt: skip

    for number, s in enumerate(specs):
        for step, year in enumerate(YEARS):
            now = _there(facts[s.key], year)
            built = float(now["area"][now["state"].str.startswith("A")].sum())
            homes = float(now["area"][now["state"] == "A1"].sum())
            people = homes / 1e4 * (480 + 25 * (number % 5)) * (1 + 0.015 * step)
            state(s.key, year, "population_persons", people, digits=0, scope="land")
            wrong = planted and s.key == "southterrace" and year == YEARS[-1]
            if planted and s.key == "northwood" and year == 2022:
                errors.append(
                    _error("D501", s.key, "staff_persons", 1, "",
                           "2022年漏报从业人员", "no staff stated for 2022")
                )  # fmt: skip
            else:
                count = float(staff.get((s.key, year), 0.0))
                state(s.key, year, "staff_persons", count, digits=0, scope="operation")
            stated = built * 1.08 if wrong else built
            if s.key in STATED:
                state(s.key, year, "built_land_m2", stated, digits=1, scope="land")
                supplied = float(now["area"][now["supply"].str.startswith("D")].sum())
                state(s.key, year, "supplied_land_m2", supplied, digits=1, scope="land")
            if wrong:
                errors.append(
                    _error("D511", s.key, "built_land_m2", round(stated, 1) - built, "m2",
                           "填报的建成区面积比图形多8%", "built-up land stated 8 % above the drawn one")
                )  # fmt: skip
            if planted and s.key == "stonebridge" and year == 2022:
                second = round(people * 1.04)
                state(s.key, year, "population_persons", second, digits=0, scope="land")
                errors.append(
                    _error("D502", s.key, "population_persons", round(people), "人",
                           "同一单元格填了两个数，相差百分之四", "two values in one cell, 4 % apart")
                )  # fmt: skip
    write_csv(folder / "accounts.csv", columns, rows)
    return errors


def _error(
    rule: str, unit: str, other: str, measured: float, measure: str, zh: str, en: str
) -> dict[str, Any]:
    return {
        "rule": rule, "level": "park", "feature": unit, "other": other,
        "measured": f"{measured:.4f}".rstrip("0").rstrip("."), "unit": measure,
        "zh": zh, "en": en,
    }  # fmt: skip


def _quotas(
    folder: Path, specs: Sequence[ParkSpec], facts: Mapping[str, DataFrame], *, planted: bool
) -> list[dict[str, Any]]:
    """Quotas with room left, but for two of them."""
    rows: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    last = YEARS[-1]

    def room(used: float) -> float:
        return round((used * 1.2 + 60_000) / 1_000) * 1_000.0

    for s in specs:
        now = _there(facts[s.key], last)
        stock = {
            "built_land": float(now["area"][now["state"].str.startswith("A")].sum()),
            "industrial_land": float(now["area"][now["state"].str.startswith("A2")].sum()),
        }
        for use, used in stock.items():
            if used <= 0:
                continue
            over = planted and s.key == "southterrace" and use == "industrial_land"
            quota = round(used * 0.94 / 100) * 100.0 if over else room(used)
            rows.append(
                {"unit": s.key, "year": last, "use": use, "kind": "cumulative",
                 "quota_m2": f"{quota:.0f}", "clause": "S4"}
            )  # fmt: skip
            if over:
                errors.append(
                    _error("Q401", s.key, "", used, "m2",
                           "工业用地超出累计指标", "industrial land over its cumulative quota")
                )  # fmt: skip
        for year in YEARS[1:]:
            there = _there(facts[s.key], year)
            used = float(there["area"][there["supplied"] == year].sum())
            over = planted and s.key == "stonebridge" and year == last and used > 0
            quota = round(used * 0.8 / 100) * 100.0 if over else room(used)
            rows.append(
                {"unit": s.key, "year": year, "use": "supplied_in_year", "kind": "plan",
                 "quota_m2": f"{quota:.0f}", "clause": "S4"}
            )  # fmt: skip
            if over:
                errors.append(
                    _error("Q401", s.key, "", used, "m2",
                           "当年供地超出计划指标", "more land supplied in the year than planned")
                )  # fmt: skip
    write_csv(folder / "quotas.csv", ("unit", "year", "use", "kind", "quota_m2", "clause"), rows)
    return errors


# --- projects -----------------------------------------------------------------------------------

_OF_PROJECTS = ("project", "rule", "verdict", "measured", "limit", "unit")
_REVIEWED = ("A701", "A702", "A703", "A707", "A708", "A704", "A709", "A705", "A706")

Asking = tuple[str, str, str, dict[str, Any], dict[str, Any]]
"""A project: its file, what it is in both languages, its own facts, and the clauses it fails."""


def write_projects(folder: Path, parcel: DataFrame, errors: list[dict[str, Any]]) -> None:
    """Write project files and ``expected.csv``: every clause of each, passed or failed.

    One project meets everything; each of the others fails in one way (or, for the figures of
    its plot, in all of them).
    """
    free = parcel[
        (parcel["supply_state"] == "E21")
        & parcel["until"].isna()
        & (parcel["park_id"] == "riverbend")
        & ~parcel["id"].isin([row["feature"] for row in errors])
    ]
    if free.empty:
        return
    site = free.sort_values("registered_area_m2").iloc[-1]
    good = _project(site["id"], float(site["registered_area_m2"]))
    rows: list[dict[str, Any]] = []
    room = folder / "projects"
    room.mkdir()
    for name, zh, en, changes, fails in _asking(good, errors):
        facts = (
            good | {"id": name, "zh": f"示例项目：{zh}", "en": f"Sample project: {en}"} | changes
        )
        lines = [f"{key} = {toml_value(value)}" for key, value in facts.items() if value != ""]
        text = "\n".join(["# 虚构项目 A fictitious project.", "[project]", *lines, ""])
        (room / f"{name}.toml").write_text(text, encoding="utf-8", newline="\n")
        for rule in _REVIEWED:
            said = fails.get(rule, "pass")
            verdict = said if isinstance(said, str) else "fail"
            figures = said if isinstance(said, tuple) else ("", "", "")
            told = ("" if figure is None else figure for figure in figures)
            rows.append(dict(zip(_OF_PROJECTS, (name, rule, verdict, *told), strict=True)))
    write_csv(room / "expected.csv", _OF_PROJECTS, rows)
    _write_proposal(room, parcel, free, errors)


def _asking(good: dict[str, Any], errors: list[dict[str, Any]]) -> list[Asking]:
    """Return the project that meets everything, and those that differ from it and fail."""
    area = good["area_m2"]
    asking: list[Asking] = [
        ("admitted", "各项均符合", "meets every clause", {}, {}),
        ("wrong-industry", "产业不符合园区定位", "off the orientation of the park",
         {"industry": "cultural_creative", "industry_code": "6572"}, {"A701": None}),
        ("negative-list", "列入负面清单", "on the negative list",
         {"industry": "new_materials", "industry_code": "2614"}, {"A702": None}),
        ("too-thin", "容积率等指标不达标", "misses the control values",
         {
             "floor_area_m2": round(area * 0.6), "tall_floor_area_m2": 0,
             "footprint_m2": round(area * 0.25), "yard_m2": 0,
             "office_land_m2": round(area * 0.12),
             "investment_wan": round(area / 1e4 * 2_000, 2),
             "tax_wan": round(area / 1e4 * 100, 2),
         },
         {"A703": (0.6, 1.0, "1"), "A707": (25, 40, "%"), "A708": (12, 7, "%"),
          "A704": (2_000, 4_500, "wan/ha"), "A709": (100, 300, "wan/ha")}),
        ("too-large", "可供土地不足", "asks for more land than is left",
         {key: round(value * 2_000_000 / area) for key, value in good.items()
          if isinstance(value, int | float)} | {"area_m2": 2_000_000, "site": ""},
         {"A705": (2_000_000, None, "m2"), "A706": "open"}),
    ]  # fmt: skip
    asking += [
        ("on-a-line", "选址占用禁止建设线", "on ground where nothing may be built",
         {"site": row["feature"], "park": "riverbend"},
         {"A706": (float(row["measured"]), 0, "m2")})
        for row in [row for row in errors if row["rule"] == "P306"][:1]
    ]  # fmt: skip
    return asking


def _write_proposal(
    room: Path, parcel: DataFrame, free: DataFrame, errors: list[dict[str, Any]]
) -> None:
    """Write two proposed plots: one in order, one on land that somebody holds already."""
    good = free.sort_values("registered_area_m2").iloc[0]
    held = parcel[
        (parcel["build_state"] == "A2")
        & (parcel["park_id"] == good["park_id"])
        & parcel["until"].isna()
        & ~parcel["id"].isin([row["feature"] for row in errors] + [row["other"] for row in errors])
    ]
    if held.empty:
        return
    taken = held.sort_values("registered_area_m2").iloc[0]
    plots = DataFrame(
        {
            "id": ["plot-1", "plot-2"],
            "park_id": good["park_id"],
            "name": ["示例拟供地块1", "示例拟供地块2"],
            "land_use_system": "yonghai_2023",
            "planned_use": "1001",
            "planned_far": [1.4, 0.5],
            "industry_code": ["3670", "6572"],
            "industry": ["new_energy_vehicles", "cultural_creative"],
            "ring": [good["ring"], taken["ring"]],
        }
    )
    write_geojson(to_layer(Drawn(plots)), room / "proposal.geojson", name="proposal")
    size = area_m2(as_stored(taken["ring"]))
    write_csv(
        room / "proposal-expected.csv",
        ("rule", "feature", "other", "measured", "unit"),
        [
            {"rule": "A701", "feature": "plot-2", "other": good["park_id"]},
            {"rule": "A703", "feature": "plot-2", "measured": "0.5", "unit": "1"},
            {"rule": "A710", "feature": "plot-2", "other": taken["id"],
             "measured": f"{size:.4f}", "unit": "m2"},
        ],
    )  # fmt: skip


def _project(site: str, area: float) -> dict[str, Any]:
    hectares = area / 1e4
    return {
        "id": "", "zh": "", "en": "",
        "industry": "new_energy_vehicles", "industry_code": "3670", "park": "riverbend",
        "use": "industrial_land", "site": site, "area_m2": round(area, 2),
        "floor_area_m2": round(area * 1.3), "tall_floor_area_m2": round(area * 0.2),
        "footprint_m2": round(area * 0.42), "yard_m2": round(area * 0.06),
        "office_land_m2": round(area * 0.05), "investment_wan": round(hectares * 6_000),
        "output_wan": round(hectares * 9_000), "tax_wan": round(hectares * 620),
        "energy_tce": round(hectares * 500),
    }  # fmt: skip

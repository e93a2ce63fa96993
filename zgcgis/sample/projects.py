"""Projects that ask for land of the sample, and what a review of each has to say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pandas import DataFrame

from .fabric import area_m2, as_stored
from .write import to_layer, write_csv, write_geojson

__all__ = ["write_projects"]

_COLUMNS = ("project", "rule", "verdict", "measured", "limit", "unit")
_CLAUSES = ("A701", "A702", "A703", "A707", "A708", "A704", "A709", "A705", "A706")


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
    touched = [row for row in errors if row["rule"] == "P306"]
    good = _project(site["id"], float(site["registered_area_m2"]))
    projects: list[tuple[str, str, str, dict[str, Any], dict[str, Any]]] = [
        ("admitted", "各项均符合", "meets every clause", {}, {}),
        ("wrong-industry", "产业不符合园区定位", "off the orientation of the park",
         {"industry": "cultural_creative", "industry_code": "6572"}, {"A701": None}),
        ("negative-list", "列入负面清单", "on the negative list",
         {"industry": "new_materials", "industry_code": "2614"}, {"A702": None}),
        ("too-thin", "容积率等指标不达标", "misses the control values",
         {
             "floor_area_m2": round(good["area_m2"] * 0.6), "tall_floor_area_m2": 0,
             "footprint_m2": round(good["area_m2"] * 0.25), "yard_m2": 0,
             "office_land_m2": round(good["area_m2"] * 0.12),
             "investment_wan": round(good["area_m2"] / 1e4 * 2_000, 2),
             "tax_wan": round(good["area_m2"] / 1e4 * 100, 2),
         },
         {"A703": (0.6, 1.0, "1"), "A707": (25, 40, "%"), "A708": (12, 7, "%"),
          "A704": (2_000, 4_500, "wan/ha"), "A709": (100, 300, "wan/ha")}),
        ("too-large", "可供土地不足", "asks for more land than is left",
         {key: round(value * 2_000_000 / good["area_m2"]) for key, value in good.items()
          if isinstance(value, int | float)} | {"area_m2": 2_000_000, "site": ""},
         {"A705": (2_000_000, None, "m2"), "A706": "open"}),
    ]  # fmt: skip
    if touched:
        row = touched[0]
        projects.append(
            ("on-a-line", "选址占用禁止建设线", "on ground where nothing may be built",
             {"site": row["feature"], "park": "riverbend"},
             {"A706": (float(row["measured"]), 0, "m2")})
        )  # fmt: skip
    rows: list[dict[str, Any]] = []
    room = folder / "projects"
    room.mkdir()
    for name, zh, en, changes, fails in projects:
        facts = (
            good | {"id": name, "zh": f"示例项目：{zh}", "en": f"Sample project: {en}"} | changes
        )
        lines = ["# 虚构项目 A fictitious project.", "[project]"]
        for key, value in facts.items():
            if value != "":
                lines.append(f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}")
        (room / f"{name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
        for rule in _CLAUSES:
            said = fails.get(rule, "pass")
            verdict = said if isinstance(said, str) else "fail"
            figures = said if isinstance(said, tuple) else ("", "", "")
            measured, limit, unit = ("" if f is None else f for f in figures)
            rows.append(
                {"project": name, "rule": rule, "verdict": verdict, "measured": measured,
                 "limit": limit, "unit": unit}
            )  # fmt: skip
    write_csv(room / "expected.csv", _COLUMNS, rows)
    _write_proposal(room, parcel, free, errors)


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
    write_geojson(to_layer(plots), room / "proposal.geojson", name="proposal")
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

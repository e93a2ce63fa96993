"""Errors against the plan and in the papers: uses, control lines, industries, dates (P, L, D)."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from .fabric import Points
from .planter import Planter, inward, is_built, is_waiting, size_m2
from .premises import bilinear
from .settle import AS_OF

__all__ = ["LINES", "PAPERS"]

# --- plan and control layers (P) --------------------------------------------------------


def _inside(p: Planter, row: Any, radius: float) -> Points:
    angle = np.arange(8) * np.pi / 4
    corners = p.town.ground.parcel_corners[[row["base"]]]  # of a parcel that never changes
    u, v = 0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle)
    park = next(g for g in p.town.ground.parks if g.spec.key == row["park_id"])
    return park.to_plane(bilinear(corners, u[None], v[None])[0])


def _control(p: Planter) -> None:
    for rule, name, lines, zh, en in (
        ("P302", "土地利用总体规划", p.lines.master_plan, "建设用地超出总体规划", "beyond the land-use master plan"),
        ("P304", "城镇开发边界", p.lines.urban_boundary, "建设用地超出城镇开发边界", "beyond the urban development boundary"),
    ):  # fmt: skip
        row = p.one(is_built)
        if row is None:
            return
        ring = _inside(p, row, 0.36)
        lines[row["park_id"]].append(ring)
        p.note(
            rule, "parcel", row["id"], size_m2(ring), "m2", ring.mean(0),
            f"{zh}（{name}在此处挖空）", f"built {en}",
        )  # fmt: skip
    found = p.pair(is_built, lambda _, j: is_built(j))
    if found:
        i, j = found
        c, d, e = i["ring"][2:5]
        low, high = d + 0.6 * (c - d), d + 0.6 * (e - d)
        left, right = inward(d, i["ring"], 16.0), inward(d, j["ring"], 19.0)
        p.lines.protection.append(("1", np.array([left, low, right, high])))
        name = f"protection_{len(p.lines.protection):02d}"
        for row, part in ((i, [left, low, d, high]), (j, [right, high, d, low])):
            p.note(
                "P305", "parcel", row["id"], size_m2(np.array(part)), "m2", np.mean(part, axis=0),
                "建设用地占用一级保护区", "built in protection grade 1", other=name,
            )  # fmt: skip
    row = p.one(is_built)
    if row is not None:
        ring = _inside(p, row, 0.3)
        p.lines.prohibited.append(ring)
        p.note(
            "P306", "parcel", row["id"], size_m2(ring), "m2", ring.mean(0),
            "建设用地占用禁止建设线", "built inside a prohibited line",
            other=f"prohibited_{len(p.lines.prohibited):02d}",
        )  # fmt: skip


def _wrong_use(p: Planter) -> None:
    row = p.one(lambda r: r["kind"] == "industry" and r["build_state"] == "A2", quiet=False)
    if row is None:
        return
    name, whole = row["id"], f"dp_{row['block_id']}"
    for key, value in (("land_use", "0701"), ("build_state", "A1"), ("hightech", "")):
        p.parcel.at[p.row(name), key] = value
    for at, one in p.town.houses.of(name).iterrows():
        if one["kind"] == "building":
            p.town.houses.changes[int(str(at))] = {"use": "0701"}
        else:
            p.town.houses.gone.append(int(str(at)))
    p.town.firms.leave(name)
    p.note(
        "P303", "parcel", name, size_m2(row["ring"]), "m2", row["ring"].mean(0),
        "规划工业用地建成住宅", "housing built on land planned for industry",
        other=whole if whole in p.lines.planned else f"dp_{name}",
    )  # fmt: skip


def _wrong_industry(p: Planter) -> None:
    firms = p.town.firms
    for park, industry, code in (
        ("spruce", "new_energy_vehicles", "3841"),
        ("riverbend", "cultural_creative", "6572"),
    ):
        there = firms.lasting(park)
        if not len(there):
            continue
        one = int(there[len(there) // 2])
        firms.cluster[one], firms.code[one] = industry, code
        p.note(
            "P301", "enterprise", firms.name(one), None, "", firms.spot(one),
            "企业产业不在园区规划产业之内", "the firm's industry is not planned for its park",
            other=park,
        )  # fmt: skip


# --- supply and idle land (L), dates (D) ---------------------------------------------------


def _days(since: str) -> int:
    return (AS_OF - date.fromisoformat(since)).days


_HALTS: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("L601", {"agreed_start_date": "2022-03-01"},
     "约定动工满一年未动工", "a year past the agreed start, not started"),
    ("L601", {"agreed_start_date": "2021-06-15", "extension_months": 12, "government_cause": True},
     "政府原因，延期一年后仍超过一年未动工",
     "caused by government; not started a year past the extended start"),
    ("L604", {"agreed_start_date": "2022-12-31"},
     "约定动工恰满一年，尚未超过", "exactly one year past the agreed start: not idle yet"),
    ("L604", {"agreed_start_date": "2023-05-20"},
     "超过约定动工日期未动工", "past the agreed start, not started"),
    ("L602", {"stopped_since": "2022-09-01", "built": 0.2, "spent": 0.5},
     "停工满一年，开发面积不足三分之一", "stopped for a year, less than a third developed"),
    ("L602", {"stopped_since": "2022-12-31", "built": 0.5, "spent": 0.2},
     "停工恰满一年，投资不足四分之一", "stopped for exactly a year, less than a quarter invested"),
    ("L606", {"agreed_start_date": "2022-10-01", "extension_months": 18, "government_cause": True},
     "延长动工期限超过十二个月", "the start was put off by more than twelve months"),
    ("", {"stopped_since": "2022-06-01", "built": 0.4, "spent": 0.3}, "", ""),
    ("", {"stopped_since": "2023-03-01", "built": 0.1, "spent": 0.1}, "", ""),
)  # fmt: skip


def _supply(p: Planter) -> None:
    """Papers of parcels that were supplied and are not finished; the last two are in order."""
    for rule, what, zh, en in _HALTS:
        row = p.on_paper(is_waiting)
        if row is None:
            return
        name, area = row["id"], row["registered_area_m2"]
        start = what.get("agreed_start_date", "2020-11-16")
        supplied = pd.Timestamp(start) - pd.Timedelta(days=250)
        stopped = what.get("stopped_since")
        begun = pd.Timestamp("2021-01-20") if stopped else pd.NaT
        papers = {
            "approved_date": supplied - pd.Timedelta(days=170),
            "supply_date": supplied,
            "agreed_start_date": pd.Timestamp(start),
            "actual_start_date": begun,
            "agreed_finish_date": pd.Timestamp(start) + pd.Timedelta(days=1100),
            "stopped_since": pd.Timestamp(stopped) if stopped else pd.NaT,
            "developed_area_m2": round(area * what["built"], 2) if stopped else np.nan,
            "invested_wan": (
                round(row["total_investment_wan"] * what["spent"], 1) if stopped else np.nan
            ),
            "government_cause": what.get("government_cause", False),
            "extension_months": what.get("extension_months", 0),
        }
        for key, value in papers.items():
            p.parcel.at[p.row(name), key] = value
        if not rule:
            continue
        if rule in ("L601", "L602"):
            p.parcel.at[p.row(name), "idle_m2"] = area
        measured, unit = float(what.get("extension_months", 0)), "months"
        if rule != "L606":
            due = pd.Timestamp(stopped or start) + pd.DateOffset(months=int(measured))
            measured, unit = float(_days(due.date().isoformat())), "d"
        p.note(rule, "parcel", name, measured, unit, row["ring"].mean(0), zh, en)
    row = p.on_paper(is_waiting)
    if row is not None:
        for key in ("agreed_start_date", "actual_start_date", "agreed_finish_date"):
            p.parcel.at[p.row(row["id"]), key] = pd.NaT
        for key in ("developed_area_m2", "invested_wan"):
            p.parcel.at[p.row(row["id"]), key] = np.nan
        p.note(
            "L607", "parcel", row["id"], None, "", row["ring"].mean(0),
            "没有约定动工日期，无从判断是否闲置", "no agreed start: whether it is idle cannot be told",
        )  # fmt: skip
    row = p.on_paper(lambda r: r["build_state"] == "B21" and str(r["supply_state"])[0] == "E")
    if row is not None:
        p.parcel.at[p.row(row["id"]), "approved_date"] = pd.Timestamp("2021-03-15")
        p.note(
            "L603", "parcel", row["id"], _days("2021-03-15"), "d", row["ring"].mean(0),
            "批准两年以上未供应", "approved more than two years ago, not supplied",
        )  # fmt: skip


def _under_used(p: Planter) -> None:
    """An industrial parcel with one small building left on it."""
    houses = p.town.houses

    def several(row: Any) -> bool:
        return bool(
            row["build_state"] == "A2" and (houses.of(row["id"])["kind"] == "building").sum() > 1
        )

    row = p.on_paper(several)
    if row is None:
        return
    there = houses.of(row["id"])
    small = there[(there["kind"] == "building") & there["tall_floor_area_m2"].isna()]
    kept = small.iloc[-1]
    houses.gone += [int(at) for at in there.index if at != kept.name]
    floor = round(size_m2(kept["ring"]) * 2, 2)
    houses.changes[int(str(kept.name))] = {
        "storeys": 2, "storeys_below": 0, "floor_area_m2": floor, "floor_area_below_m2": np.nan,
    }  # fmt: skip
    p.note(
        "L605", "parcel", row["id"], floor / size_m2(row["ring"]), "1", row["ring"].mean(0),
        "工业用地容积率过低", "the floor area ratio of industrial land is too low",
    )  # fmt: skip


def _papers(p: Planter) -> None:
    """Codes and dates that cannot be."""
    row = p.on_paper(lambda r: r["build_state"] == "B22")
    if row is not None:
        p.parcel.at[p.row(row["id"]), "land_use"] = "2399"
        p.note(
            "D512", "parcel", row["id"], size_m2(row["ring"]), "m2", row["ring"].mean(0),
            "地类代码 2399 不在分类表中", "land-use code 2399 is not in the classification",
        )  # fmt: skip
    row = p.on_paper(lambda r: r["kind"] == "office" and is_built(r))
    if row is not None:
        early = row["agreed_start_date"] - pd.Timedelta(days=45)
        p.parcel.at[p.row(row["id"]), "agreed_finish_date"] = early
        p.note(
            "D513", "parcel", row["id"], 45, "d", row["ring"].mean(0),
            "约定竣工早于约定动工", "the agreed finish is before the agreed start",
        )  # fmt: skip


LINES = (_wrong_use, _control)
PAPERS = (_supply, _under_used, _papers, _wrong_industry)
"""What to plant in layers beside the parcels, and in the papers of parcels and firms."""

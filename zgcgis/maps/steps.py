"""Steps to present (汇报步骤): views of the page with words.

A step has ``title`` and ``note`` (a text, or a pair of Chinese and English) and ``view``, what
stands behind ``#`` in the page's address. The page saves them as a file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..language.errors import ZgcgisError

__all__ = ["proposed_steps", "read_steps"]

_MOST_STEPS, _LONG, _VIEW = 60, 400, 4000


def read_steps(path: str | Path) -> list[dict[str, Any]]:
    """Read the steps of a file that the page saved.

    Returns
    -------
    steps
        ``title`` and ``note`` as pairs of Chinese and English, and ``view``.

    Raises
    ------
    ZgcgisError
        If the file is not there, is no JSON, holds no steps or more than 60, or a step has no view.
    """
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise ZgcgisError(
            f"读不到步骤文件 {path}：{problem.strerror}。",
            f"The file of steps {path} cannot be read: {problem.strerror}.",
        ) from problem
    except ValueError as problem:
        raise _no_steps(path, "不是 JSON", "is no JSON") from problem
    return _steps_of(raw["steps"] if isinstance(raw, dict) and "steps" in raw else raw, path)


def _steps_of(rows: Any, path: object) -> list[dict[str, Any]]:
    if not isinstance(rows, list) or not rows or len(rows) > _MOST_STEPS:
        raise _no_steps(path, "应有 1 至 60 步", "should hold 1 to 60 steps")
    found = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not isinstance(row.get("view"), str):
            raise _no_steps(path, f"第 {number} 步没有 view", f"has no view in step {number}")
        view = row["view"].removeprefix("#")[:_VIEW]
        found.append(
            {"title": _pair(row.get("title")), "note": _pair(row.get("note")), "view": view}
        )
    return found


def _pair(text: Any) -> list[str]:
    two = list(text[:2]) if isinstance(text, list) else [text, text]
    zh, en = ([str(one)[:_LONG] if isinstance(one, str) else "" for one in two] + ["", ""])[:2]
    return [zh or en, en or zh]


def _no_steps(path: object, zh: str, en: str) -> ZgcgisError:
    return ZgcgisError(
        f"步骤文件 {path} {zh}。请在地图的“汇报”中点“存成文件”得到它。",
        f"The file of steps {path} {en}. Save one under “Present” in the map.",
    )


def proposed_steps(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a step for each desk that a page has something on: what it opens on first."""
    steps = []
    measure = next((m for m in content["measures"] if m["key"] == content["measure"]), None)
    if measure is not None:
        zh, en = measure["name"]
        year = content["year"]
        steps.append(
            {
                "title": [f"{zh}（{year} 年）", f"{en}, {year}"],
                "note": _highest(content, measure),
                "view": f"t=parks&m={quote(measure['key'])}&y={year}",
            }
        )
    for layer in content["land"]["layers"]:
        style = next((s for s in layer["styles"] if s["key"] == layer["style"]), None)
        if layer["key"] == "parcel" and style is not None:
            n, title = layer["meta"]["n"], [" · ".join(x) for x in zip(layer["name"], style["name"], strict=True)]  # fmt: skip
            note = [f"{n:,} 宗", f"{n:,} parcels"]
            steps.append({"title": title, "note": note, "view": "t=land"})
    firms, found = content["firms"], content["findings"]["count"]
    if firms:
        n, year = firms["meta"]["n"], firms["year"]
        note = [f"{n:,} 家企业（{year} 年）", f"{n:,} firms ({year})"]
        steps.append({"title": ["企业在哪里聚集", "Where firms gather"], "note": note, "view": "t=firms"})  # fmt: skip
    if found:
        note = [f"共 {found:,} 条", f"{found:,} in all"]
        steps.append({"title": ["检查发现的问题", "What the check found"], "note": note, "view": "t=findings"})  # fmt: skip
    if content["compare"]:
        a, b = content["compare"]["sides"]
        title = [f"{a[0]} | {b[0]}", f"{a[1]} | {b[1]}"]
        steps.append({"title": title, "note": ["", ""], "view": "t=compare"})
    if not steps:
        steps.append({"title": list(content["name"]), "note": ["", ""], "view": "t=parks"})
    return steps


def _highest(content: Mapping[str, Any], measure: Mapping[str, Any]) -> list[str]:
    """How many parks have a value by the year of the page, and which has the highest."""
    parks = {unit["id"]: unit["name"] for unit in content["units"] if unit["level"] == "park"}
    latest = {}
    for unit, cells in content["values"].get(measure["key"], {}).items():
        known = [cell for cell in cells if content["year"] is None or cell[0] <= content["year"]]
        if unit in parks and known:
            latest[unit] = max(known, key=lambda cell: cell[0])
    if not latest:
        return ["", ""]
    top = max(latest, key=lambda unit: latest[unit][1])
    value, year = latest[top][1], latest[top][0]
    return [
        f"{len(parks)} 个园区与片区中 {len(latest)} 个有数值；最高为{parks[top][0]}，{value:,.6g} {measure['unit'][0]}（{year} 年）。",
        f"{len(latest)} of {len(parks)} parks and areas have a value; the highest is {parks[top][1]}, {value:,.6g} {measure['unit'][1]} ({year}).",
    ]

"""National benchmarks by year, and control limits of industrial projects: numbers with sources."""

from __future__ import annotations

import csv
import tomllib
from importlib.resources import files
from typing import Any

import pandas as pd
from pandas import DataFrame

from ..indicators import INDICATORS
from ..language.errors import UnknownNameError

__all__ = ["CAVEATS", "benchmarks", "caveats", "control_limits"]

CAVEATS = (
    (
        "各年参评开发区数目不同（2009 年 223 个，2021 年 579 个），不能直接连成趋势。",
        "The set of zones differs between years (223 in 2009, 579 in 2021): no trend without a note.",
    ),
    (
        "“推算”是由下一年通报的增减量倒推，不是原文印出的数。",
        "'Derived' values are worked back from the change printed in a later notice.",
    ),
    (
        "全国集约度分值用的理想值不同，不可与本评价的分值比较。",
        "National scores rest on other ideal values and must not be compared with scores here.",
    ),
    (
        "2023 年为据“2024年度”字样推定的数据年份。",
        "The data year 2023 is presumed from the label '2024年度'.",
    ),
)
"""What to keep in mind when reading the benchmarks; every report prints it."""

_PRICES = (
    "金额为各自年份的当年价，未按价格指数折算；本区与基准年份不同时，差额含物价变动。",
    (
        "Money is at the prices of its own year and not deflated: where the years differ, the "
        "difference holds the change of prices too."
    ),
)


def caveats(table: DataFrame) -> list[tuple[str, str]]:
    """Return what to keep in mind of a comparison, and of its prices where years of money differ.

    Parameters
    ----------
    table
        With ``indicator``, ``year`` and ``benchmark_year``, a row per comparison.
    """
    money = [
        "元" in INDICATORS[i].unit and year != other
        for i, year, other in zip(
            table["indicator"], table["year"], table["benchmark_year"], strict=True
        )
    ]
    return [*CAVEATS, *([_PRICES] if any(money) else [])]


def benchmarks() -> DataFrame:
    """Published values of development zones by data year, each with its source.

    Returns
    -------
    DataFrame
        ``year scope_zh scope_en indicator value unit derived presumed_year zones source note``;
        ``indicator`` is a key of :data:`zgcgis.indicators.INDICATORS`, or ``"score"``.
    """
    path = files("zgcgis").joinpath("resources/standards/national_benchmarks.csv")
    with path.open(encoding="utf-8") as file:
        table = pd.read_csv(file, dtype={"source": "str", "note": "str"})
    for flag in ("derived", "presumed_year"):
        table[flag] = table[flag].astype(bool)
    table["zones"] = table["zones"].astype("Int64")
    return table.sort_values(["indicator", "year", "scope_en"], ignore_index=True)


def control_limits(edition: str = "industrial-control-2008") -> DataFrame:
    """Limits of an edition of the control indicators for industrial projects.

    Returns
    -------
    DataFrame
        ``region edition code_system industry industry_zh grade indicator min max binding``; a
        limit that could not be read is NaN and checks nothing. An empty ``industry`` holds for
        all industries, an empty ``grade`` for all land.
    """
    folder = files("zgcgis").joinpath("resources/standards")
    known = sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.startswith("industrial-control")
    )
    if edition not in known:
        raise UnknownNameError(edition, known, what="edition of control limits", zh="控制指标版本")
    data = tomllib.loads(folder.joinpath(f"{edition}.toml").read_text(encoding="utf-8"))
    limits = _from_csv(data["values"]) if "values" in data else data["limit"]
    rows = [
        {
            "region": limit.get("region", data["region"]),
            "edition": data["id"],
            "code_system": data["code_system"],
            "industry": limit.get("industry", ""),
            "industry_zh": limit.get("industry_zh", ""),
            "grade": limit.get("grade", ""),
            "indicator": limit["indicator"],
            "min": float(limit.get("min") or "nan"),
            "max": float(limit.get("max") or "nan"),
            "binding": limit.get("binding", "mandatory"),
        }
        for limit in limits
    ]
    # one industry of 2002 became two of 2017: two rows there, one here
    return pd.DataFrame(rows).drop_duplicates(["indicator", "industry"], ignore_index=True)


_AS_INDICATOR = {
    "floor_area_ratio": "project_floor_area_ratio",
    "building_coefficient_pct": "project_building_coefficient",
    "office_land_pct": "project_office_share",
}


def _from_csv(name: str) -> list[dict[str, Any]]:
    """Limits of the table that the review of projects reads too."""
    path = files("zgcgis").joinpath(f"resources/controls/{name}")
    with path.open(encoding="utf-8") as file:
        return [
            {
                "indicator": _AS_INDICATOR[row["indicator"]],
                "industry": row["industry_code_2002"],
                "industry_zh": row["industry"],
                "min": row["least"],
                "max": row["most"],
            }
            for row in csv.DictReader(file)
        ]

"""Indicators between two years (两个年份之间的指标)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from ..language.errors import UnknownNameError, ZgcgisError

__all__ = [
    "land_consumption",
]


def land_consumption(
    built_m2: Series,
    population: Series,
    built_before_m2: Series,
    population_before: Series,
    *,
    years: float,
    form: Literal["2021", "2019"] = "2021",
) -> DataFrame:
    """Land consumption against population growth, SDG 11.3.1-style (建设用地消耗率与人口增长率之比).

    A park boundary is not a functional urban extent, so for parks the result is "in the style
    of" indicator 11.3.1, not the indicator.

    Parameters
    ----------
    built_m2, population, built_before_m2, population_before
        Built-up land and residents at the end and at the start, on one index.
    years
        Length of the period.
    form
        ``"2021"``: LCR = (V₁ − V₀)/V₀/t; ``"2019"``: LCR = ln(V₁/V₀)/t. PGR = ln(P₁/P₀)/t in both.

    Returns
    -------
    DataFrame
        ``lcr``, ``pgr``, ``lcrpgr`` and ``reason``. The ratio is NaN, with a reason, where the
        population did not grow: it would be undefined or have its sign turned.
    """
    if years <= 0:
        raise ZgcgisError(
            f"时段长度应为正数，收到 {years:g}。",
            f"The period must be above 0 years; got {years:g}.",
        )
    if form not in ("2021", "2019"):
        raise UnknownNameError(str(form), ["2021", "2019"], what="form", zh="公式版本")
    growth = built_m2 / built_before_m2.where(built_before_m2 > 0)
    heads = population / population_before.where(population_before > 0)
    lcr = (growth - 1) / years if form == "2021" else np.log(growth.where(growth > 0)) / years
    pgr = np.log(heads.where(heads > 0)) / years
    grew = pgr > 1e-6
    reason = Series("", index=lcr.index, dtype="object")
    reason[~grew] = "人口没有增长，比值无意义 population did not grow, the ratio means nothing"
    reason[lcr.isna() | pgr.isna()] = (
        "起止年份的面积或人口缺失或为 0 an area or population is missing or 0"
    )
    return pd.DataFrame(
        {"lcr": lcr, "pgr": pgr, "lcrpgr": (lcr / pgr).where(grew), "reason": reason}
    )

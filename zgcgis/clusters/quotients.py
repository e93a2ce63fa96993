"""Industry clusters (产业集群): what a park is specialised in, and whether the plan wanted that.

Every function takes a table of enterprises, one row per enterprise and year, with ``park_id`` and
``industry``, and weighs them by a column (``staff_persons``, ``income_wan``) or by their number.
Intervals rest on numbers of enterprises: three firms prove little, and the tables say so.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from ..language.errors import MissingColumnsError, ZgcgisWarning
from ..mcdm.arguments import Level, Numbers, guarded, numbers, refuse

__all__ = ["concentration", "location_quotients", "orientation_match", "structure", "wilson"]

SMALL = 5
"""Fewer enterprises than this in a cell are a small count (小样本)."""


@guarded
def wilson(count: Numbers, of: Numbers, *, level: Level = 0.95) -> NDArray[np.float64]:
    """Return the Wilson score interval of a share as two columns, low and high.

    Examples
    --------
    >>> wilson(5, 10).round(3).tolist()
    [[0.237, 0.763]]
    """
    k, n = np.atleast_1d(numbers(count, "count")), np.atleast_1d(numbers(of, "of"))
    if k.ndim != 1 or n.ndim != 1 or (k.size != n.size and 1 not in (k.size, n.size)):
        refuse(
            f"count 与 of 应为同样多的数，收到的形状为 {k.shape} 和 {n.shape}。",
            f"count and of must be as many numbers; their shapes are {k.shape} and {n.shape}.",
        )
    k, n = np.broadcast_arrays(k, n)
    wrong = ~((k >= 0) & (k <= n) & np.isfinite(n))
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        refuse(
            f"个数应在 0 与总数之间，收到 {k[at]:g} / {n[at]:g}。",
            f"A count must lie between 0 and the whole; got {k[at]:g} of {n[at]:g}.",
        )
    z = float(ndtri(0.5 + level / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = k / n
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = np.where(k == 0, 0.0, middle - half)
    high = np.where(k == n, 1.0, middle + half)
    return np.where((n > 0)[:, None], np.column_stack([low, high]), np.nan)


@guarded
def structure(firms: pd.DataFrame, *, weight: str | None = None) -> pd.DataFrame:
    """Return how much of each industry each park has: ``park_id industry year count value share``.

    Parameters
    ----------
    firms
        Enterprises; a row without park or industry is left out.
    weight
        The column to add up; by default every enterprise counts one.

    Returns
    -------
    structure
        One row per park, year and industry that is there. ``value`` is the sum of `weight`,
        ``share`` its part of the park's total in that year.
    """
    wanted = {"park_id", "industry"} | ({weight} if weight else set())
    if lacking := wanted - set(firms.columns):
        raise MissingColumnsError(lacking, firms.columns, where="enterprise")
    year = _column(firms, "year") if "year" in firms else pd.Series(0, index=firms.index)
    value = _column(firms, weight) if weight else pd.Series(1.0, index=firms.index)
    if (value < 0).any():
        lowest = float(value.min())
        refuse(
            f"企业表的 {weight} 列有负数（{lowest:g}），份额无从计算；请去掉这些企业或换一列。",
            f"Column {weight} of the enterprises has negative numbers ({lowest:g}), of which there "
            "are no shares; leave those enterprises out or weigh by another column.",
        )
    table = pd.DataFrame(
        {
            "park_id": firms["park_id"].astype("object"),
            "year": year,
            "industry": firms["industry"].astype("object"),
            "value": value,
        }
    )
    known = table["park_id"].notna() & table["industry"].notna()
    known &= (table["park_id"] != "") & (table["industry"] != "") & table["value"].notna()
    found = (
        table[known]
        .groupby(["park_id", "year", "industry"], sort=True)["value"]
        .agg(count="size", value="sum")
        .reset_index()
    )
    total = found.groupby(["park_id", "year"])["value"].transform("sum")
    return found.assign(share=found["value"] / total.where(total > 0))


def _column(firms: pd.DataFrame, name: str) -> pd.Series:
    """A column as numbers; a text in it is named with its row."""
    return pd.Series(numbers(firms[name], name), index=firms.index)


@guarded
def location_quotients(
    firms: pd.DataFrame, *, weight: str | None = None, level: Level = 0.95
) -> pd.DataFrame:
    r"""Return the location quotient (区位商) of every park, year and industry, with an interval.

    The quotient is the industry's share in the park over its share in the zone: above 1 the park
    is specialised in it. The interval is that of the quotient of *numbers* of enterprises, also
    where the quotient itself is weighted.

    Returns
    -------
    quotients
        ``park_id year industry count park_count value share zone_share lq low high specialised
        small``. ``specialised`` is ``"yes"`` where the whole interval lies above 1, ``"no"``
        where it lies below, else ``"open"``; ``small`` marks counts under :data:`SMALL`.

    Notes
    -----
    With :math:`x` firms of the industry among the park's :math:`n`, and :math:`r` among the
    :math:`m` of the rest of the zone, :math:`Q = (x/n) / ((x+r)/(n+m))`. Park and rest are
    independent binomials, so by the delta method the variance of :math:`\log Q` is
    :math:`(1/x - 1/X)^2\, n p(1-p) + (1/X)^2\, m q(1-q)` with :math:`X = x + r`,
    :math:`p = x/n`, :math:`q = r/m`. Half a firm is added to :math:`x` and :math:`r` in the
    variance and in the centre of the interval, so that it also stands for small counts; where
    there is no firm at all the lower end is 0.
    """
    table = structure(firms, weight=weight)
    full = _all_cells(table)
    year = full.groupby("year")
    full["park_count"] = full.groupby(["park_id", "year"])["count"].transform("sum")
    full["zone_share"] = full.groupby(["year", "industry"])["value"].transform("sum") / year[
        "value"
    ].transform("sum")
    full["lq"] = full["share"] / full["zone_share"].where(full["zone_share"] > 0)
    x, n = full["count"].to_numpy("float64"), full["park_count"].to_numpy("float64")
    everywhere = full.groupby(["year", "industry"])["count"].transform("sum").to_numpy("float64")
    whole = year["count"].transform("sum").to_numpy("float64")
    low, high = _quotient_interval(x, n, everywhere - x, whole - n, level)
    full["low"], full["high"] = low, high
    full["specialised"] = np.select([low > 1, high < 1], ["yes", "no"], default="open")
    full["small"] = full["count"] < SMALL
    few = int((full.groupby(["park_id", "year"])["count"].sum() < SMALL).sum())
    if few:
        warnings.warn(
            f"有 {few} 个园区·年份的企业不足 {SMALL} 家，区位商区间很宽。"
            f" {few} park-years have fewer than {SMALL} enterprises; their intervals are wide.",
            ZgcgisWarning,
            stacklevel=2,
        )
    columns = ["park_id", "year", "industry", "count", "park_count", "value", "share",
               "zone_share", "lq", "low", "high", "specialised", "small"]  # fmt: skip
    return full[columns]


def _all_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Every industry of a year in every park of that year; what is not there counts 0."""
    parks = table[["park_id", "year"]].drop_duplicates()
    industries = table[["year", "industry"]].drop_duplicates()
    full = parks.merge(industries, on="year").merge(
        table, on=["park_id", "year", "industry"], how="left"
    )
    full[["count", "value"]] = full[["count", "value"]].fillna(0)
    full["count"] = full["count"].astype("int64")
    total = full.groupby(["park_id", "year"])["value"].transform("sum")
    full["share"] = full["value"] / total.where(total > 0)
    return full.sort_values(["year", "park_id", "industry"]).reset_index(drop=True)


def _quotient_interval(
    x: NDArray[np.float64],
    n: NDArray[np.float64],
    r: NDArray[np.float64],
    m: NDArray[np.float64],
    level: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    z = float(ndtri(0.5 + level / 2))
    x_, r_ = x + 0.5, r + 0.5
    n_, m_ = n + 1.0, m + 1.0
    all_ = x_ + r_
    with np.errstate(divide="ignore", invalid="ignore"):
        p, q = x_ / n_, r_ / m_
        variance = (1 / x_ - 1 / all_) ** 2 * n_ * p * (1 - p) + (1 / all_) ** 2 * m_ * q * (1 - q)
        centre = np.log(p) - np.log(all_ / (n_ + m_))
    half = z * np.sqrt(variance)
    low = np.where(x == 0, 0.0, np.exp(centre - half))
    high = np.exp(centre + half)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


@guarded
def orientation_match(
    firms: pd.DataFrame,
    industries_of: Callable[[str], Iterable[str]],
    *,
    weight: str | None = None,
    level: Level = 0.95,
) -> pd.DataFrame:
    """Return how far each park is what the plan wanted it to be, year by year.

    Parameters
    ----------
    firms
        Enterprises.
    industries_of
        Gives the industries that the plan places in a park; nothing means that the plan says
        nothing about it, and its match is unknown.
    weight
        The column to add up; by default every enterprise counts one.

    Returns
    -------
    match
        Per park and year: ``count``, ``planned`` (the industries, joined), ``match`` (share of
        the park's total in planned industries, 0 to 1), ``low`` and ``high`` (Wilson interval of
        the share of *numbers*), ``drift`` (match less that of the park's first year), ``turnover``
        (half the sum of absolute changes of all industry shares since the first year: 0 nothing
        moved, 1 everything did), ``largest`` (its largest industry) and ``small``.
    """
    table = structure(firms, weight=weight)
    rows = []
    for park, of_park in table.groupby("park_id", sort=True):  # a few dozen parks
        wanted = industries_of(str(park))
        if isinstance(wanted, str) or not isinstance(wanted, Iterable):
            refuse(
                f"industries_of 应给出一列产业，对 {park} 给出 {wanted!r}。",
                f"industries_of must give a list of industries; for {park} it gave {wanted!r}.",
            )
        planned = sorted(set(wanted))
        first: pd.Series | None = None
        first_match = np.nan
        for year, now in of_park.groupby("year", sort=True):
            inside = now["industry"].isin(planned)
            count, on_plan = int(now["count"].sum()), int(now.loc[inside, "count"].sum())
            match = float(now.loc[inside, "share"].sum()) if planned else np.nan
            shares = now.set_index("industry")["share"]
            if first is None:
                first, first_match = shares, match
            moved = shares.sub(first, fill_value=0.0).abs().sum() / 2
            low, high = wilson(on_plan, count, level=level)[0] if planned else (np.nan, np.nan)
            rows.append(
                {
                    "park_id": park,
                    "year": year,
                    "count": count,
                    "planned": ",".join(planned),
                    "match": match,
                    "low": low,
                    "high": high,
                    "drift": match - first_match,
                    "turnover": float(moved),
                    "largest": str(shares.idxmax()) if shares.notna().any() else "",
                    "small": count < SMALL,
                }
            )
    columns = ["park_id", "year", "count", "planned", "match", "low", "high", "drift",
               "turnover", "largest", "small"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


@guarded
def concentration(
    firms: pd.DataFrame, *, by: Literal["park", "industry"] = "park", weight: str | None = None
) -> pd.DataFrame:
    """Return how concentrated parks are on industries, or industries in parks.

    Parameters
    ----------
    by
        ``"park"``: over the industries of each park. ``"industry"``: over the parks of each
        industry.

    Returns
    -------
    concentration
        Per park (or industry) and year: ``hhi`` (Herfindahl index, sum of squared shares: 1 all
        in one, 1/k spread evenly over k), ``equivalent`` (1/hhi, as if spread evenly over so
        many), ``krugman`` (sum of absolute differences from the shares of all the others
        together: 0 the same mix, 2 nothing in common), ``top`` and ``top_share``.

    Examples
    --------
    >>> firms = pd.DataFrame({"park_id": ["a", "a", "b"], "industry": ["x", "y", "x"]})
    >>> concentration(firms)[["park_id", "hhi"]].to_numpy().tolist()
    [['a', 0.5], ['b', 1.0]]
    """
    row, column = ("park_id", "industry") if by == "park" else ("industry", "park_id")
    table = structure(firms, weight=weight)
    rows = []
    for year, of_year in table.groupby("year", sort=True):
        wide = of_year.pivot_table(
            index=row, columns=column, values="value", aggfunc="sum", fill_value=0.0
        )
        total = wide.sum(axis=1)
        shares = wide.div(total.where(total > 0), axis=0)
        others = wide.sum(axis=0) - wide
        rest = others.div(others.sum(axis=1).where(others.sum(axis=1) > 0), axis=0)
        hhi = (shares**2).sum(axis=1, min_count=1)
        for name in wide.index:
            there = shares.loc[name].notna().any()
            rows.append(
                {
                    row: name,
                    "year": year,
                    "hhi": float(hhi[name]),
                    "equivalent": float(1 / hhi[name]) if there else np.nan,
                    "krugman": float((shares.loc[name] - rest.loc[name]).abs().sum(min_count=1)),
                    "top": str(shares.loc[name].idxmax()) if there else "",
                    "top_share": float(shares.loc[name].max()),
                }
            )
    columns = [row, "year", "hhi", "equivalent", "krugman", "top", "top_share"]
    return pd.DataFrame(rows, columns=columns)

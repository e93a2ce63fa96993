"""Agglomeration (集聚度): whether an industry gathers more than its firms' sizes and the town do.

The index of Ellison and Glaeser counts by parks; the density of Duranton and Overman knows no
borders and asks at which distance firms of one industry lie nearer or farther than all firms do.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from scipy.spatial.distance import pdist
from scipy.special import ndtr

from .. import geo
from ..language.errors import MissingColumnsError, UnknownNameError
from ..mcdm.arguments import Above, Count, Floats, Level, guarded, numbers, refuse, shown
from .autocorrelation import false_discovery

__all__ = ["duranton_overman", "ellison_glaeser"]

_BINS = 2000


@guarded
def ellison_glaeser(firms: pd.DataFrame, *, weight: str = "staff_persons") -> pd.DataFrame:
    r"""Ellison–Glaeser index: how far an industry gathers in parks beyond chance and firm size.

    Parameters
    ----------
    firms
        One row per enterprise (and ``year``) with ``park_id`` and ``industry``; a row without
        one of them or without a size is left out.
    weight
        Size of a firm: ``staff_persons`` or another column of numbers of at least 0.

    Returns
    -------
    index
        Per year and industry ``year industry firms_count gini herfindahl gamma z p_value
        q_value``: ``gamma`` is 0 where firms lie as darts thrown by the size of parks, above it
        where they gather; ``q_value`` is the false-discovery rate over the industries of the
        year. One firm alone has no index.

    Notes
    -----
    :math:`\gamma = \frac{G - (1 - \sum x_j^2) H}{(1 - \sum x_j^2)(1 - H)}` with
    :math:`G = \sum_j (s_j - x_j)^2`, :math:`s_j` and :math:`x_j` the park's part of the industry
    and of all, :math:`H` the Herfindahl index of the firms; the variance of G is that of Ellison
    and Glaeser, Journal of Political Economy 105(5), 1997.
    """
    table = _sized(firms, weight)
    rows = []
    for year, of_year in table.groupby("year", sort=True):
        x = of_year.groupby("park_id")["size"].sum()
        x = x / x.sum()
        for industry, own in of_year.groupby("industry", sort=True):
            s = own.groupby("park_id")["size"].sum().reindex(x.index, fill_value=0.0)
            found = _index(own["size"].to_numpy(), (s / s.sum()).to_numpy(), x.to_numpy())
            rows.append((year, industry, len(own), *found))
    columns = ["year", "industry", "firms_count", "gini", "herfindahl", "gamma", "z"]
    made = pd.DataFrame(rows, columns=columns)
    made["p_value"] = 2 * ndtr(-made["z"].astype(float).abs())
    made["q_value"] = made.groupby("year")["p_value"].transform(false_discovery)
    return made


def _sized(firms: pd.DataFrame, weight: str) -> pd.DataFrame:
    if lacking := {"park_id", "industry", weight} - set(firms.columns):
        raise MissingColumnsError(lacking, firms.columns, where="enterprise")
    size = numbers(firms[weight], weight)
    if (size < 0).any():
        refuse(
            f"企业表的 {weight} 列有负数（{np.nanmin(size):g}），企业规模不能为负。",
            f"Column {weight} of the enterprises has negative numbers ({np.nanmin(size):g}); "
            "a firm's size is at least 0.",
        )
    year = firms.get("year", 0)
    table = pd.DataFrame(
        {"park_id": firms["park_id"], "industry": firms["industry"], "year": year, "size": size}
    )
    named = table[["park_id", "industry"]].notna().all(axis=1) & (table["park_id"] != "")
    return table[named & (table["industry"] != "") & (table["size"] > 0)]


def _index(size: Floats, s: Floats, x: Floats) -> tuple[float, float, float, float]:
    """Return G, H, gamma and z of one industry."""
    part = size / size.sum()
    g, h = float(((s - x) ** 2).sum()), float((part**2).sum())
    x2, x3 = float((x**2).sum()), float((x**3).sum())
    if len(size) < 2 or x2 >= 1:
        return g, h, np.nan, np.nan
    expected = (1 - x2) * h
    variance = 2 * (
        h * h * (x2 - 2 * x3 + x2 * x2) - float((part**4).sum()) * (x2 - 4 * x3 + 3 * x2 * x2)
    )
    z = (g - expected) / np.sqrt(variance) if variance > 0 else np.nan
    return g, h, (g - expected) / ((1 - x2) * (1 - h)), float(z)


@guarded
def duranton_overman(
    firms: GeoDataFrame,
    industry: str,
    *,
    most_m: Above | None = None,
    points: Count = 101,
    level: Level = 0.95,
    draws: Count = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    r"""Density of distances between firms of an industry, with the band of chance.

    Parameters
    ----------
    firms
        Enterprises of one year with ``industry`` and their places; those without a place are
        left out. All of them are the sites that chance may take.
    industry
        The industry looked at; at least three firms.
    most_m
        Distances from 0 to this; by default the median of the distances of all firms.
    points
        At how many distances.
    level
        Of the band: this share of chance lies within the global band at every distance.
    draws, seed
        Sets of sites drawn without replacement.

    Returns
    -------
    densities
        By ``distance_m``: ``density low high global_low global_high localised dispersed``;
        ``localised`` is what stands above the global band, ``dispersed`` what lies below it where
        nothing is localised (Duranton and Overman 2005). Densities per metre.

    Raises
    ------
    ZgcgisError
        If the industry has fewer than three firms with a place, or all firms lie on one point.

    Notes
    -----
    :math:`\hat K(d) = \frac{2}{n(n-1)h} \sum_{i<j} f\left(\frac{d - d_{ij}}{h}\right)`, f Gaussian,
    reflected at 0, h by Silverman's rule. Distances are put into 2,000 classes.
    """
    if not isinstance(firms, GeoDataFrame):
        refuse(
            f"firms 应为带位置的企业图层（GeoDataFrame），收到 {shown(firms)}。",
            f"firms must be a layer of enterprises (GeoDataFrame); got {shown(firms)}.",
        )
    if "industry" not in firms:
        raise MissingColumnsError({"industry"}, firms.columns, where="enterprise")
    placed = firms[firms.geometry.notna() & ~firms.geometry.is_empty]
    if industry not in set(placed["industry"]):
        raise UnknownNameError(
            industry, sorted(placed["industry"].dropna().unique()), what="industry", zh="行业"
        )
    flat = geo.to_plane(placed.geometry).centroid
    sites = np.column_stack([flat.x, flat.y])
    mine = np.flatnonzero((placed["industry"] == industry).to_numpy())
    if len(mine) < 3:
        refuse(
            f"行业 {industry} 只有 {len(mine)} 家有位置的企业，至少要三家。",
            f"Industry {industry} has {len(mine)} firms with a place; three are needed.",
        )
    all_m = pdist(sites[np.random.default_rng(seed).permutation(len(sites))[:2000]])
    most = float(np.median(all_m)) if most_m is None else most_m
    if not most > 0:
        refuse(
            "企业都在同一点上，没有距离可比。",
            "The firms all lie on one point; there are no distances to compare.",
        )
    at = np.linspace(0.0, most, points)
    reach = float(np.hypot(*np.ptp(sites, axis=0)))
    seen = _density(pdist(sites[mine]), at, reach)
    rng = np.random.default_rng(seed)
    drawn = np.array([
        _density(pdist(sites[rng.choice(len(sites), len(mine), replace=False)]), at, reach)
        for _ in range(draws)
    ])  # fmt: skip
    return _banded(at, seen, drawn, level)


def _density(distances: Floats, at: Floats, reach: float) -> Floats:
    """Gaussian density of distances at some points, reflected at 0."""
    spread = [
        float(distances.std(ddof=1)),
        float(np.subtract(*np.percentile(distances, [75, 25]))) / 1.34,
    ]
    h = 0.9 * min([s for s in spread if s > 0], default=reach / 100) * distances.size**-0.2
    count, edges = np.histogram(distances, bins=_BINS, range=(0.0, reach))
    there = np.flatnonzero(count)
    middle = (edges[there] + edges[there + 1]) / 2
    below, above = (at[:, None] - middle) / h, (at[:, None] + middle) / h
    kernel = np.exp(-0.5 * below**2) + np.exp(-0.5 * above**2)
    density: Floats = kernel @ count[there] / (distances.size * h * np.sqrt(2 * np.pi))
    return density


def _banded(at: Floats, seen: Floats, drawn: Floats, level: float) -> pd.DataFrame:
    """Put a density beside the bands of chance, at each distance and at all of them."""
    draws = len(drawn)
    ordered = np.sort(drawn, axis=0)
    rank = drawn.argsort(axis=0).argsort(axis=0)
    top = int(np.ceil(np.quantile(rank.max(axis=1), level)))
    bottom = int(np.floor(np.quantile(rank.min(axis=1), 1 - level)))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    above, below = ordered[min(top, draws - 1)], ordered[max(bottom, 0)]
    localised = np.maximum(seen - above, 0.0)
    dispersed = np.zeros_like(seen) if localised.any() else np.maximum(below - seen, 0.0)
    return pd.DataFrame(
        {
            "density": seen,
            "low": low,
            "high": high,
            "global_low": below,
            "global_high": above,
            "localised": localised,
            "dispersed": dispersed,
        },
        index=pd.Index(at, name="distance_m"),
    )

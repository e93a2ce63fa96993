"""Autocorrelation and agglomeration, against documented results and by a second route."""

from __future__ import annotations

import tomllib
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist

from zgcgis import clusters
from zgcgis.clusters import agglomeration
from zgcgis.language.errors import UnknownNameError, ZgcgisError

KEPT = tomllib.loads(
    (Path(__file__).parent / "published" / "clusters_documented.toml").read_text(encoding="utf-8")
)


def grid(rows, columns):
    """Neighbours by edge on a grid of squares."""
    at = np.array([(r, c) for r in range(rows) for c in range(columns)])
    return (np.abs(at[:, None] - at[None]).sum(-1) == 1).astype(float)


def band(points, distance):
    points = np.asarray(points, float)
    away = np.linalg.norm(points[:, None] - points[None], axis=-1)
    return ((away <= distance) & (away > 0)).astype(float)


# --- published ------------------------------------------------------------------------------------


def test_the_index_of_farhauer_and_kroell():
    case = KEPT["ellison_glaeser"]
    own = pd.DataFrame({"park_id": case["region"], "staff_persons": case["staff"], "industry": "a"})
    rest = {
        c: t - own[own["park_id"] == c]["staff_persons"].sum() for c, t in case["total"].items()
    }
    others = pd.DataFrame(
        {"park_id": list(rest), "staff_persons": list(rest.values()), "industry": "b"}
    )
    found = clusters.ellison_glaeser(pd.concat([own, others])).set_index("industry")
    assert found.loc["a", "gamma"] == pytest.approx(case["gamma"], abs=5e-9)
    assert found.loc["a", "firms_count"] == 10


@pytest.mark.parametrize("case", KEPT["moran"], ids=lambda case: case["name"])
def test_moran_of_the_files_that_pysal_ships(case):
    libpysal = pytest.importorskip("libpysal")
    with closing(libpysal.io.open(libpysal.examples.get_path(case["weights"]))) as file:
        w = file.read().full()[0]
    with closing(libpysal.io.open(libpysal.examples.get_path(case["file"]))) as file:
        values = np.array(file.by_col(case["column"]))
    found = clusters.moran(values, w, null="normality", draws=99)
    assert found.statistic == pytest.approx(case["statistic"], rel=1e-9)
    assert found.p_value / 2 == pytest.approx(case["p_one_sided"], rel=1e-6)


def test_the_variances_of_nine_squares():
    case, values = KEPT["variance"], np.arange(1, 10)
    for null in ("randomization", "normality"):
        found = clusters.moran(values, grid(3, 3), standardize=False, null=null, draws=99)
        assert found.variance == pytest.approx(case[null], rel=1e-12)


def test_the_hot_spots_of_six_points():
    case = KEPT["getis_ord"]
    found = clusters.getis_ord(case["values"], band(case["points"], case["within"]))
    assert found["z"].iloc[0] == pytest.approx(case["z_first"], abs=5e-9)


# --- a second implementation ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def field():
    rng = np.random.default_rng(4)
    values = np.add.outer(np.arange(8.0), np.arange(8.0)).ravel() + rng.normal(0, 2, 64)
    return values, grid(8, 8)


@pytest.mark.filterwarnings("ignore")
def test_local_values_are_those_of_esda(field):
    esda, libpysal = pytest.importorskip("esda"), pytest.importorskip("libpysal")
    values, w = field
    theirs = libpysal.weights.full2W(w)
    local = esda.Moran_Local(values, theirs, permutations=4999, seed=3)
    found = clusters.lisa(values, w, draws=4999)
    np.testing.assert_allclose(found["I"], local.Is, rtol=1e-9)
    folded = np.minimum(2 * local.p_sim, 1)
    assert np.abs(found["p_value"] - folded).max() < 0.06
    whole = esda.Moran(values, theirs, permutations=99)
    mine = clusters.moran(values, w)
    assert mine.variance == pytest.approx(whole.VI_rand, rel=1e-9)
    star = esda.G_Local(values, theirs, transform="B", star=True, permutations=0)
    np.testing.assert_allclose(clusters.getis_ord(values, w)["z"], star.Zs, rtol=1e-9)


def test_rates_are_those_of_scipy():
    from scipy.stats import false_discovery_control

    p = np.random.default_rng(0).uniform(0, 1, 40) ** 2
    np.testing.assert_allclose(clusters.false_discovery(p), false_discovery_control(p), rtol=1e-12)
    with_gap = clusters.false_discovery(np.append(p, np.nan))
    np.testing.assert_allclose(with_gap[:-1], false_discovery_control(p))
    assert np.isnan(with_gap[-1])


def test_gamma_of_darts_is_nought_on_average():
    """The expectation of G under chance is (1 - sum x^2) H, by drawing it."""
    rng = np.random.default_rng(1)
    size, x = rng.lognormal(3, 1, 12), np.array([0.5, 0.3, 0.2])
    part = size / size.sum()
    g = [
        float(((np.bincount(rng.choice(3, 12, p=x), part, 3) - x) ** 2).sum()) for _ in range(20000)
    ]
    _, h, _, z = agglomeration._index(size, np.array([0.5, 0.3, 0.2]), x)
    assert np.mean(g) == pytest.approx((1 - (x**2).sum()) * h, rel=0.02)
    expected, shown = (1 - (x**2).sum()) * h, -z  # G is 0 there, so z tells the deviation
    assert np.std(g) == pytest.approx(expected / shown, rel=0.05)


# --- distances ------------------------------------------------------------------------------------


def firms(seed, gathered=True, others=150, mine=20):
    rng = np.random.default_rng(seed)
    everywhere = rng.uniform(0, 10_000, (others, 2))
    own = rng.normal(5000, 400, (mine, 2)) if gathered else rng.uniform(0, 10_000, (mine, 2))
    points = np.vstack([everywhere, own]) + np.array([500_000, 4_400_000])
    return gpd.GeoDataFrame(
        {"industry": ["o"] * others + ["m"] * mine},
        geometry=gpd.points_from_xy(*points.T),
        crs="EPSG:4548",
    )


def test_firms_that_gather_are_localised_where_they_do():
    found = clusters.duranton_overman(firms(0), "m", draws=200)
    assert found["localised"].iloc[:10].gt(0).all()
    assert found["dispersed"].eq(0).all()
    assert found["localised"].loc[4000:].eq(0).all()
    assert (found["global_high"] >= found["high"] - 1e-15).all()
    assert (found["global_low"] <= found["low"] + 1e-15).all()


def test_chance_leaves_the_band_as_often_as_said():
    left = [
        clusters.duranton_overman(firms(s, gathered=False, others=60), "m", draws=100, points=25)
        for s in range(60)
    ]
    share = np.mean([bool(one["localised"].any()) for one in left])
    assert share <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)


def test_the_density_in_classes_is_the_density_itself():
    distances = pdist(np.random.default_rng(2).uniform(0, 1000, (30, 2)))
    at = np.linspace(0, 600, 20)
    found = agglomeration._density(distances, at, 1415.0)
    iqr = np.subtract(*np.percentile(distances, [75, 25]))
    h = 0.9 * min(distances.std(ddof=1), iqr / 1.34) * distances.size**-0.2
    both = np.concatenate([distances, -distances])
    direct = np.exp(-0.5 * ((at[:, None] - both) / h) ** 2).sum(1)
    direct /= distances.size * h * np.sqrt(2 * np.pi)
    np.testing.assert_allclose(found, direct, rtol=2e-3)


# --- neighbours and refusals ----------------------------------------------------------------------


def test_neighbours_by_distance_and_by_number():
    points = gpd.GeoSeries(
        gpd.points_from_xy(500_000 + np.array([0, 90, 300, 1000]), [4_400_000.0] * 4),
        crs="EPSG:4548",
    )
    near = clusters.neighbours(points, within_m=100).toarray()
    assert near.tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    first = clusters.neighbours(points, nearest=1).toarray()
    assert first.argmax(axis=1).tolist() == [1, 0, 1, 2]
    with pytest.raises(ZgcgisError, match="exactly one"):
        clusters.neighbours(points)
    with pytest.raises(ZgcgisError, match="take fewer"):
        clusters.neighbours(points, nearest=4)


def test_labels_are_kept_and_matched():
    names = [f"p{i}" for i in range(9)]
    values = pd.Series(np.arange(9.0), names)
    w = pd.DataFrame(grid(3, 3), names, names)
    turned = w.iloc[::-1, ::-1]
    pd.testing.assert_frame_equal(clusters.lisa(values, w), clusters.lisa(values, turned))
    assert list(clusters.getis_ord(values, w).index) == names
    with pytest.raises(ZgcgisError, match="labels of weights"):
        clusters.lisa(values, w.rename(index={"p0": "x"}, columns={"p0": "x"}))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: clusters.moran([1, 1, 1, 1], grid(2, 2)), "not all the same"),
        (lambda: clusters.moran([1, 2, np.nan, 3], grid(2, 2)), "values that are all there"),
        (lambda: clusters.moran([1, 2, 3], grid(2, 2)), "square of as many"),
        (lambda: clusters.moran([1, 2, 3, 4], -grid(2, 2)), "at least 0"),
        (lambda: clusters.false_discovery([0.2, 1.5]), "between 0 and 1"),
        (lambda: clusters.duranton_overman(firms(0, mine=2), "m"), "three are needed"),
        (
            lambda: clusters.ellison_glaeser(
                pd.DataFrame({"park_id": ["a"], "industry": ["x"], "staff_persons": [-1]})
            ),
            "negative numbers",
        ),
    ],
    ids=["constant", "missing", "shape", "negative", "share", "few", "size"],
)
def test_what_cannot_be_meant_is_one_sentence(call, says):
    with pytest.raises(ZgcgisError, match=says) as caught:
        call()
    assert "\n" not in caught.value.zh


def test_an_industry_that_is_not_there_is_named():
    with pytest.raises(UnknownNameError):
        clusters.duranton_overman(firms(0), "n")


def test_a_place_without_neighbours_and_a_firm_alone_have_no_index():
    w = grid(3, 3)
    w[8] = w[:, 8] = 0
    assert np.isnan(clusters.lisa(np.arange(9.0), w)["I"].iloc[8])
    alone = pd.DataFrame({"park_id": ["a", "b"], "industry": ["x", "y"], "staff_persons": [1, 1]})
    assert clusters.ellison_glaeser(alone)["gamma"].isna().all()

"""Inequality, convergence, density and obstacle degrees: by hand and by second routes."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from zgcgis import mcdm

positive = st.lists(st.floats(0.125, 512, width=32), min_size=4, max_size=14)


def test_obstacle_degrees_in_the_head():
    matrix = pd.DataFrame({"land": [0.0, 1.0, 0.5], "energy": [10.0, 10.0, 0.0]}, list("abc"))
    w = pd.Series({"energy": 0.4, "land": 0.6})
    found = mcdm.obstacle_degrees(matrix, w, directions="+-")
    assert found.loc["a"].tolist() == [60.0, 40.0]
    assert found.loc["b"].tolist() == [0.0, 100.0]
    assert found.loc["c"].tolist() == [100.0, 0.0]
    with_best = mcdm.obstacle_degrees([[1, 1], [0, 0]], [0.5, 0.5])
    assert np.isnan(with_best[0]).all()
    np.testing.assert_allclose(with_best[1], [50, 50])


def test_theil_by_hand_and_its_limits():
    # mean 2: (3 · ½ ln ½ + 5/2 ln 5/2) / 4
    assert mcdm.theil([1, 1, 1, 5]).total == pytest.approx(
        (1.5 * math.log(0.5) + 2.5 * math.log(2.5)) / 4
    )
    assert mcdm.theil([3, 3, 3]).total == pytest.approx(0)
    assert mcdm.theil([1e-9, 1e-9, 1, 1e-9]).total == pytest.approx(math.log(4), abs=1e-6)


@given(positive, st.integers(0, 10))
@settings(max_examples=60, deadline=None)
def test_theil_and_gini_add_up_over_groups(values, seed):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 3, len(values))
    heads = rng.uniform(1, 5, len(values))
    t = mcdm.theil(values, groups, weights=heads)
    assert t.between + t.within == pytest.approx(t.total, abs=1e-9)
    assert t.total >= -1e-12
    g = mcdm.dagum_gini(values, groups)
    assert g.within + g.between + g.overlap == pytest.approx(g.total, abs=1e-9)
    x = np.sort(values)
    lorenz = np.concatenate([[0], np.cumsum(x) / x.sum()])
    area = np.trapezoid(lorenz, dx=1 / len(x))  # the other way to the coefficient
    assert g.total == pytest.approx(1 - 2 * area, abs=1e-6)


def test_theil_with_weights_is_that_of_the_units_repeated():
    repeated = mcdm.theil([1.0, 1.0, 4.0, 2.0, 2.0, 2.0], [0, 0, 0, 1, 1, 1])
    weighted = mcdm.theil([1.0, 4.0, 2.0], [0, 0, 1], weights=[2, 1, 3])
    assert repeated[:3] == pytest.approx(weighted[:3])


def test_groups_that_do_not_overlap_have_no_overlap():
    g = mcdm.dagum_gini([1.0, 2.0, 8.0, 9.0], ["low", "low", "high", "high"])
    assert g.overlap == pytest.approx(0)
    # between: mean gap 7 over mean sum 10; p s of both ways: (½·.15 + ½·.85)
    assert g.between_groups.loc["low", "high"] == pytest.approx(0.7)
    assert g.between == pytest.approx(0.7 * 0.5)
    same = mcdm.dagum_gini([1.0, 2.0, 1.0, 2.0], ["a", "a", "b", "b"])
    assert same.between == pytest.approx(0)
    assert same.overlap > 0


def test_beta_convergence_by_another_regression():
    rng = np.random.default_rng(1)
    start = rng.uniform(1, 20, 12)
    end = start**0.7 * np.exp(rng.normal(0.5, 0.1, 12))
    found = mcdm.beta_convergence(start, end, years=5)
    other = stats.linregress(np.log(start), np.log(end / start) / 5)
    assert found.beta == pytest.approx(other.slope)
    assert found.standard_error == pytest.approx(other.stderr)
    assert found.p_value == pytest.approx(other.pvalue)
    assert found.r_squared == pytest.approx(other.rvalue**2)


def test_the_speed_of_a_gap_that_halves_in_ten_years():
    start = np.array([1.0, 2.0, 8.0])
    end = start**0.5  # the gap in logarithms halves
    found = mcdm.beta_convergence(start, end, years=10)
    assert found.half_life == pytest.approx(10)
    assert found.speed == pytest.approx(math.log(2) / 10)
    apart = mcdm.beta_convergence(start, start**2, years=10)
    assert np.isnan(apart.speed)


def test_sigma_falls_where_units_draw_nearer():
    table = pd.DataFrame({2021: [1.0, 3.0], 2022: [2.0, 4.0], 2023: [3.0, 3.0]}, ["a", "b"])
    found = mcdm.sigma_convergence(table)
    assert found.to_dict() == pytest.approx({2021: 0.5, 2022: 1 / 3, 2023: 0.0})


def test_the_density_is_that_of_scipy_and_integrates_to_one():
    x = np.random.default_rng(3).normal(5, 2, 40)
    found = mcdm.kernel_density(x, bandwidth=0.7)
    other = stats.gaussian_kde(x, bw_method=0.7 / x.std(ddof=1))
    np.testing.assert_allclose(found, other(found.index.to_numpy()), rtol=1e-9)
    assert np.trapezoid(found, found.index) == pytest.approx(1, abs=0.01)
    assert np.trapezoid(*[np.asarray(v) for v in (mcdm.kernel_density(x), mcdm.kernel_density(x).index)]) == pytest.approx(1, abs=0.01)  # fmt: skip


def test_a_panel_is_weighed_as_one_by_giving_all_its_unit_years():
    panel = np.random.default_rng(4).uniform(1, 9, (3, 6, 4))
    together = mcdm.entropy_weights(panel.reshape(18, 4))
    share = panel.reshape(18, 4) / panel.reshape(18, 4).sum(axis=0)
    e = -(share * np.log(share)).sum(axis=0) / np.log(18)
    np.testing.assert_allclose(together, (1 - e) / (1 - e).sum())


def test_entropy_of_a_panel_of_two_parks_and_two_years_by_hand():
    """e = -sum p ln p / ln(units times years), as in the entropy method with a variable of time.

    Column a is 1, 1, 1, 3: e = ln 12 / (2 ln 4) = 0.896241; b is 1, 1, 2, 2: e = (ln 6 + 2 ln 3) / (3 ln 4)
    = 0.959148; weights 0.103759 and 0.040852 over their sum 0.144611.
    """
    at = pd.MultiIndex.from_product([["东园", "西园"], [2022, 2023]], names=["unit", "year"])
    panel = pd.DataFrame({"a": [1.0, 1.0, 1.0, 3.0], "b": [1.0, 1.0, 2.0, 2.0]}, at)
    found = mcdm.entropy_weights(panel)
    assert list(found.index) == ["a", "b"]
    np.testing.assert_allclose(found, [0.717504, 0.282496], atol=2e-6)
    each = panel.xs(2022, level="year")  # one year alone says something else
    weights = mcdm.entropy_weights(each.assign(a=[1.0, 1.5]))
    assert weights["a"] != pytest.approx(0.717504)

"""Methods over years, groups and resampled data: documented results, second routes, laws."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from zgcgis import dea

FILE = Path(__file__).parent / "published" / "dea_documented.toml"
SAID = tomllib.loads(FILE.read_text(encoding="utf-8"))
few_units = pytest.mark.filterwarnings("ignore::zgcgis.language.errors.ZgcgisWarning")


def radial_cases():
    for number, table in enumerate([SAID["radial"], *SAID["small"]]):
        for name in ("crs_input", "crs_output", "vrs_input", "vrs_output"):
            if name in table:
                yield pytest.param(table, name, id=f"{number}-{name}")


@few_units
@pytest.mark.parametrize(("table", "name"), list(radial_cases()))
def test_documented_radial_scores_and_slacks(table, name):
    returns, orientation = name.split("_")
    found = dea.efficiency(
        np.array(table["x"], dtype=float), table["y"], returns=returns, orientation=orientation
    )
    printed = np.array(table[name])
    score = found.score if orientation == "input" else 1 / found.score
    np.testing.assert_allclose(score, printed, atol=1e-8)
    if f"{name}_slacks" in table:
        total = found.input_slacks.sum(axis=1) + found.output_slacks.sum(axis=1)
        np.testing.assert_allclose(total, table[f"{name}_slacks"], atol=1e-7)


@few_units
@pytest.mark.parametrize("returns", ["crs", "vrs"])
def test_documented_slacks_based_scores(returns):
    table = SAID["sbm"]
    found = dea.efficiency(table["x"], table["y"], model="sbm", returns=returns)
    np.testing.assert_allclose(found.score, table[returns], atol=1e-9)


def stacked(table, name):
    return np.array(table[name], dtype=float).ravel()[:, None]


YEARS = np.repeat([2021, 2022, 2023], 5)


def test_documented_malmquist_indices():
    table = SAID["malmquist"]
    found = dea.malmquist(stacked(table, "x"), stacked(table, "y"), YEARS)
    for name in ("mi", "ec", "tc"):
        np.testing.assert_allclose(found[name], np.ravel(table[name]), atol=1e-8)


@pytest.mark.filterwarnings("ignore::zgcgis.language.errors.ZgcgisWarning")
def test_documented_malmquist_luenberger_indices():
    table = SAID["luenberger"]
    parts = [stacked(table, name) for name in ("x", "y", "bad")]
    found = dea.malmquist_luenberger(*parts, YEARS)
    compared = np.tile([False, False, True, True, True], 2)
    for name in ("ml", "ec", "tc"):
        printed = np.ravel(table[name])
        np.testing.assert_allclose(found[name][compared], printed[compared], rtol=6e-6)


def test_so_many_documented_numbers_are_compared():
    inputs = {"x", "y", "bad"}
    tables = [SAID["radial"], *SAID["small"], SAID["sbm"], SAID["malmquist"]]
    here = sum(np.size(v) for t in tables for k, v in t.items() if k not in inputs)
    here += 3 * 6  # Malmquist-Luenberger: three units in two changes
    assert here == 172


# --- second routes ---------------------------------------------------------------------------


@few_units
@pytest.mark.parametrize("returns", ["crs", "vrs"])
@pytest.mark.parametrize("above", [False, True])
def test_slacks_with_bad_outputs_by_a_programme_written_out(returns, above):
    """The fractional programme with every slack in its own unit, one HiGHS call per unit."""
    rng = np.random.default_rng(4)
    x, y, b = (rng.uniform(1, 9, (14, c)) for c in (2, 1, 2))
    found = dea.efficiency(x, y, bad=b, model="sbm", returns=returns, super=above)
    plain = dea.efficiency(x, y, bad=b, model="sbm", returns=returns)
    m, s, q = 2, 1, 2
    for i in range(14):
        over = above and plain.score[i] > 1 - 1e-6
        keep = np.arange(14) != i if over else np.ones(14, dtype=bool)
        n, way = keep.sum(), -1.0 if over else 1.0
        size = 1 + n + m + s + q
        c = np.zeros(size)
        c[0], c[1 + n : 1 + n + m] = 1.0, -way / (m * x[i])
        norm = np.zeros(size)
        norm[0] = 1.0
        norm[1 + n + m :] = way / ((s + q) * np.concatenate([y[i], b[i]]))
        rows = np.zeros((m + s + q, size))
        own = np.concatenate([x[i], -y[i], b[i]])
        rows[:, 0] = -own
        rows[:, 1 : 1 + n] = np.vstack([x[keep].T, -y[keep].T, b[keep].T])
        rows[:, 1 + n :] = way * np.eye(m + s + q)
        total = np.zeros(size)
        total[0], total[1 : 1 + n] = -1.0, 1.0
        equal = [norm] + ([total] if returns == "vrs" else []) + ([] if over else list(rows))
        right = [1.0] + [0.0] * (len(equal) - 1)
        less = {"A_ub": rows, "b_ub": np.zeros(len(rows))} if over else {}
        exact = linprog(c, A_eq=np.array(equal), b_eq=right, **less)
        if exact.status == 2:
            assert np.isnan(found.score[i])
        else:
            assert found.score[i] == pytest.approx(exact.fun, abs=1e-7)


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(6)
    rows = pd.MultiIndex.from_product([[1, 2, 3], list("abcdefgh")], names=["year", "unit"])
    tables = [pd.DataFrame(rng.uniform(1, 9, (24, c)), rows) for c in (2, 1, 1)]
    return (*tables, rows.get_level_values("year"))


def test_global_indices_chain_over_years(panel):
    x, y, b, years = panel
    for name, call in (
        ("mi", lambda k: dea.malmquist(x[k], y[k], years[k], frontier="global")),
        ("gml", lambda k: dea.malmquist_luenberger(x[k], y[k], b[k], years[k], frontier="global")),
    ):
        whole = call(np.ones(24, dtype=bool)).pivot(index="unit", columns="to", values=name)
        scores = {}
        for year in (1, 2, 3):  # one frontier of all years, by the scores themselves
            at = np.asarray(years == year)
            if name == "mi":
                scores[year] = pd.Series(dea.efficiency(x, y).score)[at].droplevel("year")
        if scores:
            np.testing.assert_allclose(whole[2], (scores[2] / scores[1]).loc[whole.index])
            np.testing.assert_allclose(
                whole[2] * whole[3], (scores[3] / scores[1]).loc[whole.index]
            )
        assert whole.notna().all(axis=None)  # no programme without a solution


def test_global_luenberger_of_one_input_by_hand():
    # one unit makes all there is to make; the other gives half of it with twice the bad output
    x, y, b = np.ones((4, 1)), np.array([[2.0], [1.0], [4.0], [3.0]]), np.array([[1.0], [2.0]] * 2)
    found = dea.malmquist_luenberger(x, y, b, [1, 1, 2, 2], frontier="global")
    # the frontier is the ray b = y/4 up to (4, 1); the first: (1+β) 2 = 4 (1-β) → β = 1/3
    assert found["gml"][0] == pytest.approx((1 + 1 / 3) / 1)
    # the second of year 1: 1 + β = 4 · 2 (1 - β) → β = 7/9; of year 2 it lies on the frontier
    assert found["gml"][1] == pytest.approx(1 + 7 / 9)


def test_cross_efficiency_of_one_input_and_output_is_the_ratio_itself():
    x, y = [1.0, 2.0, 4.0], [2.0, 3.0, 2.0]
    found = dea.cross_efficiency(x, y)
    np.testing.assert_allclose(found["score"], [1, 0.75, 0.25], atol=1e-8)
    np.testing.assert_allclose(found["cross"], found["score"], atol=1e-7)
    np.testing.assert_allclose(found["maverick"], 0, atol=1e-6)


def test_cross_efficiency_by_prices_on_a_grid():
    """Two outputs of one input: every price of a unit on a line, the best of them by looking."""
    rng = np.random.default_rng(5)
    y = rng.uniform(1, 9, (6, 2))
    x = np.ones((6, 1))
    part = np.linspace(0, 1, 20_001)
    prices = np.column_stack([part, 1 - part])
    value = prices @ y.T  # (prices, units)
    ratio = value / value.max(axis=1, keepdims=True)
    for goal in ("benevolent", "aggressive"):
        found = dea.cross_efficiency(x, y, goal=goal)
        rows = []
        for k in range(6):
            best = ratio[:, k] >= ratio[:, k].max() - 1e-6
            others = ratio[:, np.arange(6) != k].sum(axis=1)
            others = np.where(best, others, np.nan)
            at = np.nanargmax(others) if goal == "benevolent" else np.nanargmin(others)
            rows.append(ratio[at])
        np.testing.assert_allclose(found["cross"], np.mean(rows, axis=0), atol=2e-3)
    assert (
        dea.cross_efficiency(x, y)["peers"].sum()
        >= dea.cross_efficiency(x, y, goal="aggressive")["peers"].sum()
    )


@few_units
def test_a_metafrontier_envelops_the_frontiers_of_the_groups(panel):
    x, y, _, years = panel
    found = dea.metafrontier(x, y, years)
    assert found.index.equals(x.index)
    assert (found["tgr"] <= 1 + 1e-9).all()
    for year in (1, 2, 3):
        at = np.asarray(years == year)
        own = dea.efficiency(x[at], y[at]).score
        np.testing.assert_allclose(found["group_score"][at], own)
    np.testing.assert_allclose(found["meta_score"], dea.efficiency(x, y).score)


@few_units
def test_windows_of_one_year_and_of_all(panel):
    x, y, _, years = panel
    whole = dea.window(x, y, years, width=3)
    np.testing.assert_allclose(whole["score"], dea.efficiency(x, y).score)
    single = dea.window(x, y, years, width=1).set_index(["year", "unit"])["score"]
    for year in (1, 2, 3):
        own = dea.efficiency(x.loc[[year]], y.loc[[year]]).score
        np.testing.assert_allclose(single.loc[year].loc[list("abcdefgh")], own)
    two = dea.window(x, y, years, width=2)
    assert two.groupby(["start", "end"]).size().to_dict() == {(1, 2): 16, (2, 3): 16}


def test_the_bootstrap_of_one_input_and_output_in_closed_form():
    """Cost per output c: the resampled frontier is min c / max θ*, so θ̂* = θ̂ / max θ*."""
    from zgcgis.dea.appraisal import _resampled

    rng = np.random.default_rng(9)
    x, y = rng.uniform(1, 9, 25), rng.uniform(1, 9, 25)
    found = dea.bootstrap(x, y, returns="crs", draws=300, bandwidth=0.1, seed=5)
    theta = (x / y).min() / (x / y)
    np.testing.assert_allclose(found["score"], theta, atol=1e-9)
    draw = np.random.default_rng(5)
    top = np.array([_resampled(found["score"].to_numpy(), 0.1, draw).max() for _ in range(300)])
    np.testing.assert_allclose(found["corrected"], theta / (2 - top.mean()), atol=1e-9)
    np.testing.assert_allclose(found["score"] - found["bias"], found["corrected"], atol=1e-12)
    low, high = np.percentile(top, [2.5, 97.5])
    np.testing.assert_allclose(found["low"], theta / (2 - low), atol=1e-9)
    np.testing.assert_allclose(found["high"], theta / (2 - high), atol=1e-9)


def test_no_end_of_an_interval_is_below_half_the_score():
    """Sixteen units of two inputs and two outputs, some of them far below: ends were below 0."""
    rng = np.random.default_rng(5)
    size = rng.uniform(50, 900, 16)
    x = np.column_stack([size, size * 50])
    y = size[:, None] * rng.uniform([0.02, 0.1], [0.2, 0.4], (16, 2))
    found = dea.bootstrap(x, y, draws=100)
    assert (found[["corrected", "low", "high"]].ge(found["score"] / 2 - 1e-9, axis=0)).all(
        axis=None
    )
    assert (found["low"] <= found["corrected"]).all()
    assert (found["corrected"] <= found["high"]).all()


def test_resampled_scores_keep_mean_and_variance():
    from zgcgis.dea.appraisal import _resampled

    rng = np.random.default_rng(1)
    theta = rng.uniform(0.3, 0.7, 400)  # far from 1: nothing is mirrored
    drawn = np.concatenate([_resampled(theta, 0.05, rng) for _ in range(50)])
    assert drawn.mean() == pytest.approx(theta.mean(), abs=0.003)
    assert drawn.std() == pytest.approx(theta.std(), rel=0.02)


def test_the_bootstrap_covers_the_true_score():
    """Units below a known frontier y = sqrt(x1 x2): the true input score is known for each."""
    rng = np.random.default_rng(2)
    hits = []
    for seed in range(4):
        x, true = rng.uniform(1, 9, (60, 2)), np.exp(-rng.exponential(0.4, 60))
        y = np.sqrt(x.prod(axis=1)) * true  # constant returns: input score = y / sqrt(x1 x2)
        found = dea.bootstrap(x, y, returns="crs", draws=150, seed=seed)
        hits += [((found["low"] <= true) & (true <= found["high"])).mean()]
        assert (np.abs(found["corrected"] - true).mean()) < np.abs(found["score"] - true).mean()
        assert (found["bias"] > 0).all()
    assert 0.6 < np.mean(hits) <= 1.0


@few_units
def test_the_bootstrap_toward_outputs_resamples_outputs():
    x, y = SAID["small"][1]["x"], SAID["small"][1]["y"]
    found = dea.bootstrap(x, y, orientation="output", draws=200)
    np.testing.assert_allclose(1 / found["score"], SAID["small"][1]["vrs_output"], atol=1e-8)
    assert (found["bias"] > 0).all()
    again = dea.bootstrap(x, y, orientation="output", draws=200)
    pd.testing.assert_frame_equal(found, again)

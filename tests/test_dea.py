"""Efficiency: in the head, against a published table, against another programme, laws."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from zgcgis import dea
from zgcgis.language.errors import UnknownNameError, ZgcgisError, ZgcgisWarning

PUBLISHED = Path(__file__).parent / "published"
CASES = 200 if os.environ.get("ZGCGIS_FULL") else 15
few_units = pytest.mark.filterwarnings("ignore::zgcgis.language.errors.ZgcgisWarning")


def villages() -> tuple[np.ndarray, np.ndarray, list[dict[str, str]]]:
    with (PUBLISHED / "dea_digital_village_data.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (PUBLISHED / "dea_digital_village_published.csv").open(encoding="utf-8", newline="") as f:
        printed = list(csv.DictReader(f))
    x = np.array([[float(r[f"x{i}"]) for i in range(1, 5)] for r in rows])
    y = np.array([[float(r[f"y{i}"]) for i in range(1, 6)] for r in rows])
    assert [r["dmu"] for r in rows] == [r["dmu"] for r in printed]
    return x, y, printed


# --- published -----------------------------------------------------------------------------


def test_digital_village_93_of_93_scores_and_31_of_31_returns():
    x, y, printed = villages()
    ours = dea.scale(x, y)
    for column, theirs in (("crs", "crste"), ("vrs", "vrste"), ("scale", "scale")):
        np.testing.assert_allclose(ours[column], [float(r[theirs]) for r in printed], atol=5.1e-4)
    assert list(ours["returns"]) == [r["rts"] for r in printed]
    assert ours.size == 93 + 31


# --- by hand: seven units, two inputs, one output of 1; the frontier is (2,4), (4,2), (8,1) ----

X = np.array([[4, 3], [7, 3], [8, 1], [4, 2], [2, 4], [10, 1], [12, 1]], dtype=float)
Y = np.ones((7, 1))


@few_units
def test_radial_scores_by_intersection_of_the_ray():
    # (4,3) on the segment x1 + x2 = 6: 6/7; (7,3) on x1 + 4 x2 = 12: 12/19
    score = dea.efficiency(X, Y).score
    np.testing.assert_allclose(score, [6 / 7, 12 / 19, 1, 1, 1, 1, 1], atol=1e-9)


@few_units
def test_a_unit_on_the_frontier_may_have_slack():
    result = dea.efficiency(X, Y)
    np.testing.assert_allclose(result.input_slacks[5], [2, 0], atol=1e-8)  # (10,1) against (8,1)
    np.testing.assert_allclose(result.peers[5], [0, 0, 1, 0, 0, 0, 0], atol=1e-8)


@few_units
def test_sbm_counts_the_slack_that_the_radial_score_does_not():
    score = dea.efficiency(X, Y, model="sbm").score
    assert score[5] == pytest.approx(1 - (2 / 10) / 2)  # 2 of 10 of one of two inputs
    assert score[6] == pytest.approx(1 - (4 / 12) / 2)
    assert score[0] == pytest.approx(1 - (1 / 3) / 2)  # to (4,2)


@few_units
def test_super_efficiency_by_intersection_of_the_ray_without_the_unit():
    score = dea.efficiency(X, Y, super=True).score
    # (4,2) against the segment (2,4)-(8,1), x1 + 2 x2 = 10: 10/8; (2,4) against x1 ≥ 4: 2
    assert score[3] == pytest.approx(10 / 8)
    assert score[4] == pytest.approx(2.0)
    np.testing.assert_allclose(score[:2], [6 / 7, 12 / 19], atol=1e-9)


@few_units
def test_super_sbm_moves_one_input_where_that_is_nearer():
    score = dea.efficiency(X, Y, model="sbm", super=True, orientation="input").score
    assert score[2] == pytest.approx((1 + 1.25) / 2)  # (8,1) -> (10,1) on x2 = 1
    assert score[5] == pytest.approx(0.9)  # inefficient: its own SBM score


@few_units
def test_slacks_based_measures_of_one_input_and_one_output_in_the_head():
    x, y = np.ones((3, 1)), np.array([[4.0], [2.0], [1.0]])
    by_output = dea.efficiency(x, y, model="sbm", orientation="output").score
    np.testing.assert_allclose(by_output, [1, 1 / 2, 1 / 4], atol=1e-9)  # 1/(1 + s+/y)
    for returns in ("crs", "vrs", "nirs"):
        above = dea.efficiency(
            x, y, model="sbm", orientation="output", super=True, returns=returns
        ).score
        np.testing.assert_allclose(above, [2, 1 / 2, 1 / 4], atol=1e-9)  # 4 against 2
    by_input = dea.efficiency(x, y, model="sbm", orientation="input", super=True).score
    np.testing.assert_allclose(by_input, [2, 1 / 2, 1 / 4], atol=1e-9)
    # nobody else makes 4: with Σλ = 1 the inputs alone cannot be moved far enough
    alone = dea.efficiency(x, y, model="sbm", orientation="input", super=True, returns="vrs")
    assert np.isnan(alone.score[0])
    assert alone.reason[0] is not None


@few_units
def test_super_sbm_without_orientation_takes_the_nearer_way():
    x, y = np.array([[2.0], [4.0], [6.0]]), np.array([[2.0], [3.0], [3.5]])
    free = dea.efficiency(x, y, model="sbm", super=True, returns="vrs").score
    toward_input = dea.efficiency(x, y, model="sbm", super=True, returns="vrs", orientation="input")
    assert free[0] <= toward_input.score[0] + 1e-9
    assert free[0] == pytest.approx(2.0)  # from (2, 2) to (4, 2): (4/2)/(2/2)
    assert free[2] > 1  # it alone makes 3.5


@few_units
def test_one_column_may_be_given_as_a_list_and_odd_shapes_are_refused():
    assert dea.efficiency([1.0, 2.0], [1.0, 1.0]).score.tolist() == [1.0, 0.5]
    with pytest.raises(ZgcgisError, match="must have units as rows"):
        dea.efficiency(np.ones((2, 2, 2)), [1.0, 1.0])


@few_units
def test_output_orientation_is_one_over_phi_and_equals_input_under_constant_returns():
    x, y = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [3.0], [2.0]])
    by_input = dea.efficiency(x, y).score
    by_output = dea.efficiency(x, y, orientation="output").score
    np.testing.assert_allclose(by_input, [2 / 3, 1, 4 / 9], atol=1e-9)
    np.testing.assert_allclose(by_output, by_input, atol=1e-9)


@few_units
def test_variable_returns_by_interpolation():
    x, y = np.array([[1.0], [3.0], [2.0]]), np.array([[1.0], [3.0], [1.5]])
    score = dea.efficiency(x, y, returns="vrs").score
    np.testing.assert_allclose(score, [1, 1, 1.5 / 2], atol=1e-9)


def test_malmquist_of_a_frontier_that_moves_by_a_tenth():
    x = np.vstack([X, X * 0.9])
    change = dea.malmquist(x, np.vstack([Y, Y]), [2011] * 7 + [2015] * 7, parts=True)
    assert list(change)[:6] == ["unit", "from", "to", "ec", "tc", "mi"]
    np.testing.assert_allclose(change[["ec", "pec", "sec"]], 1, atol=1e-8)
    np.testing.assert_allclose(change["mi"], 1 / 0.9, atol=1e-8)
    assert (change["unit"].tolist(), set(change["from"]), set(change["to"])) == (
        list(range(7)),
        {2011},
        {2015},
    )


def test_malmquist_years_may_come_in_any_order_of_rows():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(1, 9, (15, 2)), rng.uniform(1, 9, (15, 1))
    years = np.repeat([2011, 2012, 2013], 5)
    straight = dea.malmquist(x, y, years)
    order = np.concatenate([np.arange(10, 15), np.arange(0, 5), np.arange(5, 10)])
    shuffled = dea.malmquist(x[order], y[order], years[order])
    np.testing.assert_allclose(straight, shuffled, atol=1e-9)
    assert len(straight) == 10
    np.testing.assert_allclose(straight["ec"] * straight["tc"], straight["mi"])


def test_malmquist_goes_by_label_where_rows_have_any():
    rng = np.random.default_rng(1)
    rows = pd.MultiIndex.from_product([[2011, 2012], list("abcde")], names=["year", "unit"])
    x = pd.DataFrame(rng.uniform(1, 9, (10, 2)), rows)
    y = pd.DataFrame(rng.uniform(1, 9, (10, 1)), rows)
    straight = dea.malmquist(x, y, rows.get_level_values("year")).set_index("unit")
    order = rng.permutation(10)
    again = dea.malmquist(
        x.iloc[order], y.iloc[rng.permutation(10)], x.index[order].get_level_values("year")
    )
    again = again.set_index("unit").loc[list("abcde")]
    np.testing.assert_allclose(straight["mi"], again["mi"])
    named = dea.malmquist(
        x.to_numpy()[order],
        y.to_numpy()[order],
        rows.get_level_values("year").to_numpy()[order],
        units=rows.get_level_values("unit").to_numpy()[order],
    )
    np.testing.assert_allclose(named.set_index("unit").loc[list("abcde"), "mi"], straight["mi"])


# --- numbers far apart in size ---------------------------------------------------------------


@few_units
@pytest.mark.parametrize("span", [3, 11, 14])
def test_scores_hold_where_columns_span_many_powers_of_ten(span):
    """Two inputs, one output: the frontier by all segments between two units, in the head."""
    rng = np.random.default_rng(span)
    for _ in range(6):
        x, y = 10 ** rng.uniform(0, span, (9, 2)), 10 ** rng.uniform(0, span, (9, 1))
        per = x / y
        exact = np.full(9, np.inf)
        for i in range(9):
            ratio = per / per[i]
            exact[i] = ratio.max(axis=1).min()
            for a in ratio:
                for b in ratio:
                    cut = (a[0] - a[1]) - (b[0] - b[1])
                    part = (b[1] - b[0]) / cut if cut else -1.0
                    if 0 <= part <= 1:
                        exact[i] = min(exact[i], (part * a + (1 - part) * b).max())
        score = dea.efficiency(x, y).score
        assert (~np.isnan(score) | (exact < 1e-11)).all()  # what is not proved is not given
        np.testing.assert_allclose(score[~np.isnan(score)], exact[~np.isnan(score)], rtol=1e-9)
        for model in ("radial", "sbm"):
            for returns in ("crs", "vrs"):
                result = dea.efficiency(x, y, model=model, returns=returns)
                known = ~np.isnan(result.score)
                assert (result.score[known] <= 1 + 1e-8).all()
                assert (result.score[known] > 0).all()
                assert [r is None for r in result.reason] == known.tolist()


@few_units
def test_an_input_of_nought_counts_as_no_slack_in_the_mean_over_all_inputs():
    x, y = [[0.0, 2.0], [0.0, 1.0]], [[1.0], [1.0]]
    result = dea.efficiency(x, y, model="sbm", orientation="input")
    assert result.score[0] == pytest.approx(1 - (0 + 1 / 2) / 2)  # 0.75


@pytest.mark.parametrize("returns", ["crs", "vrs", "nirs"])
@pytest.mark.parametrize("orientation", ["input", "output"])
@pytest.mark.parametrize("above", [False, True])
def test_many_units_are_scored_as_few_are(returns, orientation, above):
    """More units than are taken as they are: the same answers as one programme at a time."""
    from scipy.optimize import linprog

    rng = np.random.default_rng(8)
    x = rng.uniform(1, 9, (240, 2))
    y = x.prod(axis=1, keepdims=True) ** 0.4 * rng.uniform(0.3, 1, (240, 2))
    result = dea.efficiency(x, y, returns=returns, orientation=orientation, super=above)
    first = np.argsort(-result.score)[:12]
    for i in [*first, *range(5)]:
        keep = np.arange(240) != i if above else np.ones(240, dtype=bool)
        xs, ys = x[keep].T, y[keep].T
        one = np.ones((1, keep.sum()))
        if orientation == "input":
            a = np.block([[-x[i][:, None], xs], [np.zeros((2, 1)), -ys]])
            b, c = np.concatenate([np.zeros(2), -y[i]]), 1.0
        else:
            a = np.block([[np.zeros((2, 1)), xs], [y[i][:, None], -ys]])
            b, c = np.concatenate([x[i], np.zeros(2)]), -1.0
        more = np.hstack([[[0.0]], one])
        if returns == "nirs":
            a, b = np.vstack([a, more]), np.append(b, 1.0)
        equal = {"A_eq": more, "b_eq": [1.0]} if returns == "vrs" else {}
        found = linprog(np.append(c, np.zeros(keep.sum())), a, b, **equal)
        if found.status == 2:
            assert np.isnan(result.score[i])
        else:
            exact = found.x[0] if orientation == "input" else 1 / found.x[0]
            assert result.score[i] == pytest.approx(exact, rel=1e-6)


# --- what cannot be solved -------------------------------------------------------------------


@few_units
def test_an_infeasible_super_efficiency_is_unknown_with_its_reason():
    x, y = np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [5.0], [2.0]])
    result = dea.efficiency(x, y, returns="vrs", super=True)
    assert np.isnan(result.score[1])  # nobody else makes 5
    assert result.reason[1] is not None
    assert "no solution" in result.reason[1][1]
    assert result.reason[0] is None


@few_units
def test_a_unit_without_any_input_is_unknown_not_nought():
    result = dea.efficiency([[0.0], [1.0], [2.0]], [[1.0], [1.0], [1.0]])
    assert np.isnan(result.score[0])
    assert result.reason[0] is not None
    np.testing.assert_allclose(result.score[1:], [1.0, 0.5])


@few_units
def test_an_output_of_nought_has_no_ratio_in_sbm():
    result = dea.efficiency([[1.0], [1.0]], [[1.0, 0.0], [1.0, 1.0]], model="sbm")
    assert np.isnan(result.score[0])
    assert result.score[1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        ([[1.0], [-2.0]], [[1.0], [1.0]], "Input 1 of unit 2 is negative"),
        ([[1.0], [np.nan]], [[1.0], [1.0]], "Input 1 of unit 2 is not a finite number"),
        ([[1.0], [2.0]], [[1.0], [np.inf]], "Output 1 of unit 2 is not"),
        ([[1.0], [2.0]], [[1.0]], "2 rows of inputs and 1 rows of outputs"),
    ],
)
def test_bad_data_are_refused_in_one_sentence(x, y, says):
    with pytest.raises(ZgcgisError, match=says) as caught:
        dea.efficiency(x, y)
    assert "\n" not in caught.value.zh


def test_too_few_units_for_the_variables_are_warned_of():
    with pytest.warns(ZgcgisWarning, match="7 units are fewer than the 9"):
        dea.efficiency(X, Y)
    assert dea.units_needed(4, 5) == 27


def test_names_that_do_not_exist_are_answered_with_the_list():
    with pytest.raises(UnknownNameError, match="nirs"):
        dea.efficiency(X, Y, returns="ccr")
    with pytest.raises(UnknownNameError, match="sbm"):
        dea.efficiency(X, Y, model="additive")
    with pytest.raises(UnknownNameError, match="output"):
        dea.efficiency(X, Y, orientation="sideways")
    with pytest.raises(ZgcgisError, match="needs an orientation"):
        dea.efficiency(X, Y, orientation="none")


@pytest.mark.parametrize(
    ("years", "says"),
    [
        ([2011] * 3, "3 years for 14 rows"),
        ([2011] * 14, "two years"),
        ([2011] * 8 + [2012] * 6, "differ in their number of units"),
    ],
)
def test_a_panel_that_is_none_is_refused(years, says):
    with pytest.raises(ZgcgisError, match=says):
        dea.malmquist(np.vstack([X, X]), np.vstack([Y, Y]), years)


def test_a_year_without_any_output_has_no_productivity():
    with pytest.raises(ZgcgisError, match="All outputs of row 2 are 0"):
        dea.malmquist([1.0, 1.0], [1.0, 0.0], [2011, 2012])


def test_a_change_without_a_common_frontier_is_unknown_and_said():
    x, y = np.ones((6, 1)), np.array([[1, 0], [2, 0], [1, 0], [1, 1], [2, 1], [1, 2]], dtype=float)
    with pytest.warns(ZgcgisWarning, match="3 changes are unknown"):
        table = dea.malmquist(x, y, [2011] * 3 + [2012] * 3)
    assert table["mi"].isna().all()
    assert table["ec"].notna().all()


# --- laws ------------------------------------------------------------------------------------

panels = st.integers(9, 14).flatmap(
    lambda n: st.tuples(
        arrays(np.float64, (n, 2), elements=st.floats(0.5, 100, width=32)),
        arrays(np.float64, (n, 1), elements=st.floats(0.5, 100, width=32)),
    )
)


@given(panels)
@settings(max_examples=CASES, deadline=None)
def test_laws_of_efficiency(panel):
    x, y = panel
    crs, vrs = dea.efficiency(x, y).score, dea.efficiency(x, y, returns="vrs").score
    nirs = dea.efficiency(x, y, returns="nirs").score
    sbm = dea.efficiency(x, y, model="sbm").score
    above = dea.efficiency(x, y, super=True).score
    assert (crs > 0).all()
    assert (crs <= 1 + 1e-8).all()
    assert crs.max() == pytest.approx(1)
    assert (crs <= nirs + 1e-7).all()
    assert (nirs <= vrs + 1e-7).all()
    assert (sbm <= crs + 1e-7).all()
    assert (above >= crs - 1e-7).all()
    inside = crs < 1 - 1e-6
    np.testing.assert_allclose(above[inside], crs[inside], atol=1e-7)


@given(panels)
@settings(max_examples=CASES, deadline=None)
def test_the_unit_of_measure_does_not_matter(panel):
    x, y = panel
    for model in ("radial", "sbm"):
        one = dea.efficiency(x, y, model=model).score
        other = dea.efficiency(x * [1e6, 1e-3], y * 1e4, model=model).score
        np.testing.assert_allclose(one, other, atol=1e-7)


@given(panels)
@settings(max_examples=CASES, deadline=None)
def test_peers_and_slacks_rebuild_the_point(panel):
    x, y = panel
    result = dea.efficiency(x, y, returns="vrs")
    np.testing.assert_allclose(result.peers.sum(axis=1), 1, atol=1e-7)
    np.testing.assert_allclose(
        result.peers @ x, result.score[:, None] * x - result.input_slacks, atol=1e-6 * x.max()
    )
    np.testing.assert_allclose(result.peers @ y, y + result.output_slacks, atol=1e-6 * y.max())


@given(panels)
@settings(max_examples=CASES, deadline=None)
def test_the_score_solves_the_multiplier_form_too(panel):
    from scipy.optimize import linprog

    x, y = panel
    score = dea.efficiency(x, y).score
    for i in (0, len(x) - 1):
        dual = linprog(
            np.concatenate([-y[i], np.zeros(2)]),
            A_ub=np.hstack([y, -x]),
            b_ub=np.zeros(len(x)),
            A_eq=np.concatenate([np.zeros(1), x[i]])[None],
            b_eq=[1.0],
            bounds=(0, None),
        )
        assert score[i] == pytest.approx(-dual.fun, abs=1e-7)

"""Weights and rankings: by hand, against published tables, against two other libraries, laws."""

from __future__ import annotations

import csv
import os
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from zgcgis import mcdm
from zgcgis.language.errors import UnknownNameError, ZgcgisError, ZgcgisWarning
from zgcgis.mcdm import acceptability

PUBLISHED = Path(__file__).parent / "published"
CASES = 1000 if os.environ.get("ZGCGIS_FULL") else 60


def table(name: str) -> list[dict[str, str]]:
    with (PUBLISHED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def judgements() -> dict[tuple[str, str], np.ndarray]:
    cells: dict[tuple[str, str], dict[tuple[int, int], float]] = {}
    for row in table("ahp_judgment_matrices.csv"):
        key = (row["example"], row["matrix"])
        cells.setdefault(key, {})[int(row["row"]), int(row["col"])] = float(Fraction(row["value"]))
    result = {}
    for key, entries in cells.items():
        n = max(i for i, _ in entries)
        result[key] = np.array([[entries[i, j] for j in range(1, n + 1)] for i in range(1, n + 1)])
    return result


JUDGEMENTS = judgements()
AHP_RESULTS = {
    (row["example"], row["matrix"]): row
    for row in table("ahp_published_results.csv")
    if row["matrix"] != "composite"
}


def method_of(row: dict[str, str]) -> str:
    return (
        "column" if row["method_that_reproduces"].startswith("normalised-column") else "eigenvector"
    )


# --- published -----------------------------------------------------------------------------


@pytest.mark.parametrize("key", list(AHP_RESULTS), ids="-".join)
def test_ahp_published_weights_and_lambda(key):
    row, result = AHP_RESULTS[key], mcdm.ahp(JUDGEMENTS[key], method_of(AHP_RESULTS[key]))
    for printed, ours in zip(row["weights"].split(), result.weights, strict=False):
        decimals = len(printed.split(".")[1])
        assert abs(float(printed) - ours) <= 0.5 * 10**-decimals + 5e-5
    exact = mcdm.ahp(JUDGEMENTS[key])  # pingtan prints the eigenvalue beside its column means
    if row["lambda_max"]:
        assert exact.lambda_max == pytest.approx(float(row["lambda_max"]), abs=1e-4)
    if row["CI"]:
        assert abs(exact.CI - float(row["CI"])) < 1e-4


def test_ahp_published_weights_are_47_and_all_are_compared():
    compared = sum(len(row["weights"].split()) for row in AHP_RESULTS.values())
    composite = mcdm.ahp(JUDGEMENTS["tour", "A"]).weights @ np.array(
        [mcdm.ahp(JUDGEMENTS["tour", f"B{k}"]).weights for k in (1, 2, 3, 4)]
    )
    printed = next(r for r in table("ahp_published_results.csv") if r["matrix"] == "composite")
    np.testing.assert_allclose(composite, [float(w) for w in printed["weights"].split()], atol=6e-5)
    assert compared + len(composite) == 51  # 47 of matrices, 4 composed of them
    assert compared == 47


@pytest.mark.parametrize(
    ("matrix", "printed", "true"), [("C3-S", 0.0011, 0.0115), ("C1-S", 0.039, 0.0398)]
)
def test_ahp_two_consistency_ratios_of_traffic_are_misprinted(matrix, printed, true):
    cr = mcdm.ahp(JUDGEMENTS["traffic", matrix]).CR
    assert cr == pytest.approx(true, abs=6e-5)
    assert abs(cr - printed) > 5e-4


@pytest.mark.parametrize(
    ("key", "printed"),
    [(("traffic", "G-C"), 0.0078), (("traffic", "C2-S"), 0.017), (("pingtan", "A-B"), 0.031)],
)
def test_ahp_three_published_consistency_ratios(key, printed):
    assert abs(mcdm.ahp(JUDGEMENTS[key]).CR - printed) < 1e-4


def test_ahp_pingtan_is_the_column_mean_although_it_says_geometric():
    printed = [0.33, 0.26, 0.18, 0.11, 0.04, 0.08]
    column = mcdm.ahp(JUDGEMENTS["pingtan", "A-B"], "column").weights
    geometric = mcdm.ahp(JUDGEMENTS["pingtan", "A-B"], "geometric").weights
    assert np.abs(column - printed).max() <= 0.005
    assert np.abs(geometric - printed).max() > 0.005


def test_entropy_weights_family_doctor():
    rows = table("entropy_family_doctor.csv")
    ours = mcdm.weights_from_entropy([float(r["entropy"]) for r in rows])
    np.testing.assert_allclose(ours, [float(r["weight"]) for r in rows], atol=5.1e-5)


def test_topsis_closeness_family_doctor():
    rows = table("topsis_family_doctor_distances.csv")
    ours = mcdm.closeness([float(r["d_plus"]) for r in rows], [float(r["d_minus"]) for r in rows])
    np.testing.assert_allclose(ours, [float(r["closeness"]) for r in rows], atol=1.1e-3)
    assert len(rows) == 13


def test_topsis_tzeng_huang_2011():
    rows = table("topsis_tzeng_huang_2011.csv")
    matrix = [[float(r[c]) for c in ("c1", "c2", "c3")] for r in rows]
    ours = mcdm.topsis(matrix, [0.3, 0.4, 0.3])
    np.testing.assert_allclose(ours, [float(r["published_similarity"]) for r in rows], atol=5e-5)
    assert mcdm.rank(ours).tolist() == [int(r["published_rank"]) for r in rows]


def test_critic_diakoulaki_1995():
    rows = table("critic_diakoulaki_1995.csv")
    matrix = [[float(r[c]) for c in ("c1", "c2", "c3")] for r in rows[:-1]]
    ours = mcdm.critic_weights(matrix)
    np.testing.assert_allclose(ours, [float(rows[-1][c]) for c in ("c1", "c2", "c3")], atol=5e-9)


# --- by hand -------------------------------------------------------------------------------


def test_the_same_table_has_other_entropy_weights_by_variant_and_shift():
    matrix = np.array([[100, 1], [101, 2], [102, 9], [103, 1]], dtype=float)
    raw = mcdm.entropy_weights(matrix)
    scaled = mcdm.entropy_weights(matrix, variant="minmax")
    shifted = mcdm.entropy_weights(matrix, variant="minmax", shift=1.0)
    assert raw[0] < 0.001 < 0.2 < scaled[0] < 0.5
    assert abs(scaled[0] - shifted[0]) > 0.02


def test_entropy_of_all_in_one_and_of_half_and_half():
    e = mcdm.entropy([[1, 1, 2], [0, 1, 0], [0, 0, 2], [0, 0, 0]])
    np.testing.assert_allclose(e, [0.0, 0.5, 0.5], atol=1e-15)


def test_coupling_with_k_two_and_one_half():
    two, half = mcdm.coupling(0.4, 0.6, k=2), mcdm.coupling(0.4, 0.6, k=0.5)
    assert float(two.C) == pytest.approx(0.96**2)
    assert float(half.C) == pytest.approx(2 * 0.24**0.5)
    assert float(two.T) == pytest.approx(0.5)
    assert float(two.D) == pytest.approx((0.96**2 * 0.5) ** 0.5)


def test_coupling_of_nothing_is_unknown_but_its_coordination_is_nought():
    c, t, d = mcdm.coupling([0.0, 0.5], [0.0, 0.0], k=2)
    assert np.isnan(c[0])
    assert (t[0], d[0]) == (0.0, 0.0)
    assert (c[1], d[1]) == (0.0, 0.0)


def test_vikor_of_three_units_in_the_head():
    # regrets: a 0 and .5, b .25 and .25, c .5 and 0
    s, r, q = mcdm.vikor([[4, 0], [3, 1], [2, 2]], [0.5, 0.5])
    np.testing.assert_allclose(s, [0.5, 0.5, 0.5])
    np.testing.assert_allclose(r, [0.5, 0.25, 0.5])
    np.testing.assert_allclose(q, [0.5, 0.0, 0.5])


def test_topsis_with_less_is_better():
    forward = mcdm.topsis([[1, 9], [2, 5], [3, 7]], [0.5, 0.5], directions="+-")
    assert forward.argmax() == 1 or forward.argmax() == 2
    assert mcdm.topsis([[1, 9], [2, 5]], [0.5, 0.5], directions="+-").tolist() == [0.0, 1.0]


def test_a_group_of_two_opposite_experts_is_indifferent():
    one, other = np.array([[1, 4], [0.25, 1]]), np.array([[1, 0.25], [4, 1]])
    np.testing.assert_allclose(mcdm.ahp_group([one, other]).weights, [0.5, 0.5])
    np.testing.assert_allclose(
        mcdm.ahp_group([one, other], by="priority").weights, [0.5, 0.5], atol=1e-12
    )


# Alonso and Lamata, Consistency in the analytic hierarchy process: a new approach, 2006, table 2:
# the mean CI of 500 000 random matrices of each size.
ALONSO_LAMATA = {3: 0.5245, 4: 0.8815, 5: 1.1086, 6: 1.2479, 7: 1.3417, 8: 1.4056, 9: 1.4499,
                 10: 1.4854, 11: 1.5141, 12: 1.5365, 13: 1.5551, 14: 1.5713, 15: 1.5838}  # fmt: skip


@pytest.mark.parametrize("count", ALONSO_LAMATA)
def test_the_random_index_is_that_of_saaty_and_its_simulation_that_of_others(count):
    said = np.ones((count, count)) + np.triu(np.ones((count, count)), 1)
    said[np.tril_indices(count, -1)] = 1 / said.T[np.tril_indices(count, -1)]
    result = mcdm.ahp(said)
    assert pytest.approx(ALONSO_LAMATA[count], abs=0.06) == result.CI / result.CR
    simulated = mcdm.random_index(count, draws=2000)
    assert simulated == pytest.approx(ALONSO_LAMATA[count], abs=0.05)


def test_beyond_fifteen_criteria_no_consistency_ratio_is_invented():
    assert np.isnan(mcdm.ahp(np.ones((16, 16))).CR)
    assert pytest.approx(0, abs=1e-12) == mcdm.ahp(np.ones((16, 16))).CI
    assert 1.58 < mcdm.random_index(16, draws=500) < 1.63


def test_equal_units_have_equal_ranks_however_many_criteria():
    rng = np.random.default_rng(0)
    for _ in range(300):
        row, other = rng.uniform(0, 100, 10), rng.uniform(0, 100, (4, 10))
        matrix = np.vstack([row, other[:2], row, other[2:], row])
        w = rng.dirichlet(np.ones(10))
        for scores in (mcdm.weighted_sum(matrix, w), mcdm.topsis(matrix, w)):
            assert len({mcdm.rank(scores)[i] for i in (0, 3, 6)}) == 1
        share = mcdm.rank_acceptability(matrix, draws=20).share
        np.testing.assert_array_equal(share[0], share[3])
        assert {tuple(r[[0, 3, 6]]) for r in mcdm.leave_one_out(matrix, w)} == {
            (r[0],) * 3 for r in mcdm.leave_one_out(matrix, w)
        }


def test_a_unit_without_a_score_has_no_rank():
    np.testing.assert_array_equal(mcdm.rank([np.nan, 2.0, 3.0]), [np.nan, 2, 1])
    labelled = mcdm.rank(pd.Series([np.nan, 2.0, 3.0], list("abc")))
    assert labelled.isna().tolist() == [True, False, False]
    assert labelled["c"] == 1


def test_leaving_out_with_vikor_is_vikor():
    matrix, w = np.random.default_rng(2).uniform(0, 9, (6, 4)), np.array([0.4, 0.3, 0.2, 0.1])
    ranks = mcdm.leave_one_out(matrix, w, method="vikor")
    for j in range(4):
        part, left = np.delete(matrix, j, axis=1), np.delete(w, j)
        assert ranks[j].tolist() == mcdm.rank(-mcdm.vikor(part, left / left.sum()).Q).tolist()


def test_weights_with_labels_are_taken_by_label():
    matrix = pd.DataFrame([[1.0, 10.0], [2.0, 5.0]], ["a", "b"], ["land", "tax"])
    w = pd.Series({"tax": 0.9, "land": 0.1})
    assert mcdm.weighted_sum(matrix, w).tolist() == [9.1, 4.7]
    with pytest.raises(ZgcgisError, match="labels of weights"):
        mcdm.weighted_sum(matrix, w.set_axis(["tax", "staff"]))


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e8, 1e12])
def test_a_column_far_from_nought_keeps_its_share_among_its_like(offset):
    base = np.array([[0.0, 0.0], [1.0, 3.0], [2.0, 1.0], [5.0, 2.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = mcdm.entropy_weights(base + offset)
    if offset:  # to second order 1 − e goes with the variance
        q = base.var(axis=0)
        np.testing.assert_allclose(ours, q / q.sum(), rtol=5 / offset + 1e-3)


def test_a_nearly_constant_column_is_warned_of():
    matrix = np.array([[1e8, 1.0], [1e8 + 1, 2.0], [1e8 + 2, 5.0]])
    with pytest.warns(ZgcgisWarning, match="differ by less than a millionth"):
        assert 0 < mcdm.entropy_weights(matrix)[0] < 1e-12
    assert mcdm.entropy_weights(matrix, variant="minmax")[0] > 0.3


def test_weights_know_directions_and_are_not_inflated_by_a_shift():
    matrix = np.array([[0.10, 5.0], [0.11, 9.0], [0.12, 7.0]])  # energy, where less is better
    ours = mcdm.entropy_weights(matrix, directions="-+")
    by_hand = mcdm.entropy_weights(np.column_stack([1 / matrix[:, 0], matrix[:, 1]]))
    np.testing.assert_allclose(ours, by_hand, rtol=1e-12)
    shifted = mcdm.entropy_weights(mcdm.orient(matrix, "-+"))
    assert shifted[0] > 0.9 > 0.2 > ours[0]
    turned = mcdm.critic_weights(np.column_stack([matrix, [3, 1, 2]]), directions="-++")
    by_hand = mcdm.critic_weights(np.column_stack([-matrix[:, 0], matrix[:, 1], [3, 1, 2]]))
    np.testing.assert_allclose(turned, by_hand, rtol=1e-12)
    with pytest.raises(ZgcgisError, match="reciprocals"):
        mcdm.entropy_weights([[0.0, 1], [1, 2]], directions="-+")


def test_coupling_of_many_systems_is_coupling_for_two():
    x, y = np.array([0.2, 0.5, 1.0, 0.0]), np.array([0.4, 0.5, 0.1, 0.0])
    two, many = mcdm.coupling(x, y, k=0.5), mcdm.coupling_of_many(np.column_stack([x, y]))
    for a, b in zip(two, many, strict=True):
        np.testing.assert_allclose(a, b)


def test_deviation_and_combined_weights():
    matrix = [[1, 10], [2, 10], [3, 40]]
    w = mcdm.deviation_weights(matrix)
    assert w[1] / w[0] == pytest.approx(300**0.5)
    np.testing.assert_allclose(mcdm.combine_weights([0.25, 0.75], [0.75, 0.25]), [0.5, 0.5])


# --- bad tables, one sentence each ------------------------------------------------------------

GOOD = np.array([[1.0, 4.0], [2.0, 3.0], [3.0, 1.0]])
WEIGHERS = [mcdm.entropy_weights, mcdm.critic_weights, mcdm.deviation_weights]


@pytest.mark.parametrize("weigh", WEIGHERS)
@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ([[1.0, np.nan], [2.0, 3.0]], "not a finite number"),
        ([[1.0, 2.0]], "only 1 unit"),
        ([[1.0, 2.0], [1.0, 2.0]], "constant"),
        ([1.0, 2.0], "units as rows"),
    ],
)
def test_a_table_that_cannot_be_weighed_is_refused_in_one_sentence(weigh, bad, says):
    with pytest.raises(ZgcgisError, match=says) as caught:
        weigh(bad)
    assert caught.value.zh.count("。") == 1
    assert caught.value.en.count(". ") == 0


def test_a_negative_area_is_refused_by_the_proportion_variant_and_taken_by_minmax():
    bad = [[1.0, -4.0], [2.0, 3.0], [5.0, 0.0]]
    with pytest.raises(ZgcgisError, match=r"Row 1, column 2 is negative \(-4\)"):
        mcdm.entropy_weights(bad)
    assert mcdm.entropy_weights(bad, variant="minmax").sum() == pytest.approx(1)


@pytest.mark.parametrize("weigh", WEIGHERS)
def test_a_constant_column_gets_weight_nought_and_a_warning(weigh):
    with pytest.warns(ZgcgisWarning, match="constant"):
        w = weigh(np.column_stack([GOOD, [7.0, 7.0, 7.0]]))
    assert w[2] == 0
    assert w.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ([0.25, 0.25], "add to 0.5, not to 1"),
        ([0.5], "1 weights for 2 criteria"),
        ([1.5, -0.5], "not negative"),
        ([np.nan, 1.0], "not negative"),
    ],
)
def test_weights_that_are_none_are_refused(weights, says):
    for method in (mcdm.topsis, mcdm.weighted_sum, mcdm.vikor):
        with pytest.raises(ZgcgisError, match=says):
            method(GOOD, weights)


def test_a_matrix_of_judgements_must_agree_with_itself():
    with pytest.raises(ZgcgisError, match=r"\(1, 2\) is 3 and \(2, 1\) is 3"):
        mcdm.ahp([[1, 3], [3, 1]])
    assert mcdm.ahp([[1, 3], [0.33, 1]]).weights[0] == pytest.approx(0.75, abs=0.002)


def test_unknown_variants_are_answered_with_the_list():
    with pytest.raises(UnknownNameError, match="minmax"):
        mcdm.entropy_weights(GOOD, variant="raw")
    with pytest.raises(UnknownNameError, match="geometric"):
        mcdm.ahp(np.ones((3, 3)), "root")


# --- oracles ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def random_tables():
    rng = np.random.default_rng(7)
    return [rng.uniform(0.5, 100.0, (rng.integers(4, 20), rng.integers(2, 9))) for _ in range(20)]


def test_pymcdm_agrees_to_nine_digits(random_tables):
    from pymcdm import methods, weights

    for matrix in random_tables:
        types = np.ones(matrix.shape[1])
        w = weights.entropy_weights(matrix)
        np.testing.assert_allclose(mcdm.entropy_weights(matrix), w, rtol=0, atol=1e-9)
        np.testing.assert_allclose(
            mcdm.critic_weights(matrix), weights.critic_weights(matrix), rtol=0, atol=1e-9
        )
        topsis = methods.TOPSIS(_vector_normalization)(matrix, w, types)
        np.testing.assert_allclose(mcdm.topsis(matrix, w), topsis, rtol=0, atol=1e-9)
        vikor = methods.VIKOR()(matrix, w, types)
        np.testing.assert_allclose(mcdm.vikor(matrix, w).Q, vikor, rtol=0, atol=1e-9)


def _vector_normalization(x, cost=False):  # pymcdm's own default for TOPSIS is min-max
    assert not cost
    return x / np.sqrt((x**2).sum())


def test_pymcdm_topsis_by_default_differs_because_it_scales_by_minmax(random_tables):
    from pymcdm import methods

    matrix = random_tables[0]
    w = np.full(matrix.shape[1], 1 / matrix.shape[1])
    default = methods.TOPSIS()(matrix, w, np.ones(matrix.shape[1]))
    assert np.abs(default - mcdm.topsis(matrix, w)).max() > 1e-3
    scaled = mcdm.minmax(matrix)
    d_plus = np.sqrt(((w * (1 - scaled)) ** 2).sum(axis=1))
    d_minus = np.sqrt(((w * scaled) ** 2).sum(axis=1))
    np.testing.assert_allclose(mcdm.closeness(d_plus, d_minus), default, rtol=0, atol=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_scikit_criteria_agrees_to_nine_digits(random_tables):
    from skcriteria.agg.topsis import topsis as their_topsis
    from skcriteria.preprocessing.weighters import critic_weights, entropy_weights

    for matrix in random_tables:
        ours = mcdm.entropy_weights(matrix)
        np.testing.assert_allclose(ours, entropy_weights(matrix), rtol=0, atol=1e-9)
        objectives = np.ones(matrix.shape[1])
        theirs = critic_weights(matrix, objectives)
        theirs = theirs[0] if isinstance(theirs, tuple) else theirs
        np.testing.assert_allclose(mcdm.critic_weights(matrix), theirs, rtol=0, atol=1e-9)
        vector = matrix / np.sqrt((matrix**2).sum(axis=0))
        rank, _, _, similarity = their_topsis(vector, objectives, ours)[:4]
        np.testing.assert_allclose(mcdm.topsis(matrix, ours), similarity, rtol=0, atol=1e-9)
        assert mcdm.rank(mcdm.topsis(matrix, ours)).tolist() == list(rank)


# --- laws --------------------------------------------------------------------------------------

tables = st.tuples(st.integers(3, 8), st.integers(2, 5)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(0.125, 1024, width=32), unique=True)
)


@given(tables)
@settings(max_examples=CASES, deadline=None)
def test_weights_add_to_one_and_do_not_care_for_the_unit_of_measure(matrix):
    unit = np.geomspace(0.001, 1000, matrix.shape[1])
    for weigh in (mcdm.entropy_weights, mcdm.deviation_weights):
        w = weigh(matrix)
        assert w.sum() == pytest.approx(1)
        assert (w >= 0).all()
    np.testing.assert_allclose(
        mcdm.entropy_weights(matrix), mcdm.entropy_weights(matrix * unit), atol=1e-9
    )


@given(tables)
@settings(max_examples=CASES, deadline=None)
def test_topsis_lies_between_nought_and_one_and_the_dominating_unit_is_first(matrix):
    w = np.full(matrix.shape[1], 1 / matrix.shape[1])
    with_best = np.vstack([matrix, matrix.max(axis=0) + 1])
    c = mcdm.topsis(with_best, w)
    assert ((c >= 0) & (c <= 1)).all()
    assert mcdm.rank(c)[-1] == 1
    assert c[-1] == pytest.approx(1)


@given(tables)
@settings(max_examples=CASES, deadline=None)
def test_the_order_of_units_does_not_matter(matrix):
    w = np.full(matrix.shape[1], 1 / matrix.shape[1])
    np.testing.assert_allclose(
        mcdm.topsis(matrix[::-1], w), mcdm.topsis(matrix, w)[::-1], atol=1e-12
    )


@given(st.lists(st.floats(0.11, 9), min_size=3, max_size=7))
@settings(max_examples=CASES, deadline=None)
def test_consistent_judgements_are_recovered_by_all_three_methods(true):
    w = np.array(true) / np.sum(true)
    for method in ("eigenvector", "column", "geometric"):
        result = mcdm.ahp(w[:, None] / w[None, :], method)
        np.testing.assert_allclose(result.weights, w, rtol=1e-8)
        assert pytest.approx(0, abs=1e-9) == result.CI


# --- how sure is a rank ---------------------------------------------------------------------------


def test_sampled_weights_are_uniform_on_the_simplex():
    w = mcdm.sample_weights(20_000, np.zeros(3), np.ones(3), rng=np.random.default_rng(1))
    np.testing.assert_allclose(w.sum(axis=1), 1)
    assert w.mean(axis=0) == pytest.approx([1 / 3] * 3, abs=0.01)
    assert (w[:, 0] > 0.5).mean() == pytest.approx(0.25, abs=0.01)  # a corner of a quarter the area


@pytest.mark.parametrize("width", [0.05, 0.002])
def test_sampled_weights_stay_inside_their_ranges(width):
    centre = np.array([0.1, 0.15, 0.2, 0.05, 0.1, 0.1, 0.1, 0.2])
    low, high = centre - width, centre + width
    w = mcdm.sample_weights(3000, low, high, rng=np.random.default_rng(2))
    np.testing.assert_allclose(w.sum(axis=1), 1, atol=1e-12)
    assert (w >= low - 1e-12).all()
    assert (w <= high + 1e-12).all()
    assert w.mean(axis=0) == pytest.approx(centre, abs=width * 0.1)


def test_exchange_between_pairs_gives_the_same_distribution_as_rejection():
    low, high = np.array([0.0, 0.1, 0.2]), np.array([0.6, 0.5, 0.7])
    rng = np.random.default_rng(3)
    by_rejection = mcdm.sample_weights(20_000, low, high, rng=rng)
    by_exchange = acceptability._gibbs(20_000, low, high, rng)
    np.testing.assert_allclose(by_exchange.mean(axis=0), by_rejection.mean(axis=0), atol=0.01)
    np.testing.assert_allclose(by_exchange.std(axis=0), by_rejection.std(axis=0), atol=0.01)


def test_ranges_without_a_point_are_refused():
    with pytest.raises(ZgcgisError, match="add to 1"):
        mcdm.sample_weights(10, [0.6, 0.6], [0.7, 0.7], rng=np.random.default_rng(0))


def test_a_unit_that_dominates_is_first_under_every_weighting():
    share = mcdm.rank_acceptability([[9, 9, 9], [1, 5, 2], [2, 1, 5]], draws=2000).share
    assert share[0].tolist() == [1.0, 0.0, 0.0]
    np.testing.assert_allclose(share.sum(axis=1), 1)


def test_two_units_that_trade_one_criterion_for_another_share_the_first_rank():
    share = mcdm.rank_acceptability([[1, 0], [0, 1]], draws=20_000, seed=4).share
    assert share[0, 0] == pytest.approx(0.5, abs=0.02)


def test_error_of_the_data_makes_a_narrow_lead_uncertain():
    table_ = [[50.0, 50.0], [50.5, 50.5]]
    assert mcdm.rank_acceptability(table_, draws=500).share[1, 0] == 1.0
    unsure = mcdm.rank_acceptability(table_, draws=5000, error=0.1).share[1, 0]
    assert 0.5 < unsure < 0.65


def test_every_draw_hands_out_every_rank_once():
    values = np.random.default_rng(5).uniform(40, 100, (17, 10))
    share = mcdm.rank_acceptability(values, error=0.05, draws=10_000).share
    assert share.sum(axis=0) == pytest.approx(np.ones(17))
    assert share.sum(axis=1) == pytest.approx(np.ones(17))


def test_the_same_seed_gives_the_same_draws():
    values = np.random.default_rng(6).uniform(40, 100, (5, 4))
    one = mcdm.rank_acceptability(values, error=0.05, draws=100, seed=9)
    two = mcdm.rank_acceptability(values, error=0.05, draws=100, seed=9)
    assert np.array_equal(one.share, two.share)


def test_the_stability_interval_ends_where_the_leader_changes():
    matrix, weights = [[80.0, 40.0], [50.0, 60.0]], [0.5, 0.5]
    low, high = mcdm.stability_interval(matrix, weights, 0)
    assert (low, high) == (pytest.approx(0.4), 1.0)  # 80t + 40(1-t) = 50t + 60(1-t) at t = .4
    just_inside, just_outside = [low + 1e-6, 1 - low - 1e-6], [low - 1e-6, 1 - low + 1e-6]
    assert mcdm.rank(mcdm.weighted_sum(matrix, just_inside))[0] == 1
    assert mcdm.rank(mcdm.weighted_sum(matrix, just_outside))[0] == 2


@given(tables)
@settings(max_examples=CASES, deadline=None)
def test_inside_the_stability_interval_the_order_holds(matrix):
    w = np.full(matrix.shape[1], 1 / matrix.shape[1])
    low, high = mcdm.stability_interval(matrix, w, 0, what="order")
    before = mcdm.rank(matrix @ w)
    assume(len(set(before)) == len(before))  # units level with one another have no order to hold
    for t in (low + 0.01 * (high - low), low + 0.99 * (high - low)):
        moved = np.append(t, np.full(len(w) - 1, (1 - t) / (len(w) - 1)))
        s = matrix @ moved
        gaps = np.abs(s[:, None] - s[None, :])[np.triu_indices(len(s), 1)]
        if gaps.min() > 1e-9 * s.max():
            assert mcdm.rank(s).tolist() == before.tolist()


def test_leaving_out_the_only_strong_criterion_changes_the_leader():
    ranks = mcdm.leave_one_out([[100, 10, 10], [10, 20, 20]], [0.6, 0.2, 0.2])
    assert ranks.tolist() == [[2, 1], [1, 2], [1, 2]]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mcdm.critic_weights([[1, 2], [2, 4], [3, 6]]), "perfectly correlated"),
        (lambda: mcdm.combine_weights([1.0, 0.0], [0.0, 1.0]), "their product is 0"),
        (lambda: mcdm.weights_from_entropy([1.0, 1.0]), "between 0 and 1"),
        (lambda: mcdm.weights_from_entropy([1.2, 0.5]), "between 0 and 1"),
        (lambda: mcdm.ahp([[1, 2]]), "must be square"),
        (lambda: mcdm.ahp([[1, 0], [0, 1]]), "must be positive"),
        (lambda: mcdm.ahp_group([]), "no expert"),
        (lambda: mcdm.ahp_group([np.ones((2, 2)), np.ones((3, 3))]), "differ in size"),
        (lambda: mcdm.ahp_group([np.ones((2, 2))], by="vote"), "no by named"),
        (lambda: mcdm.coupling(-0.1, 0.5, k=2), "not negative"),
        (lambda: mcdm.coupling(0.1, 0.5, k=2, alpha=0.7), "add to 1.2"),
        (lambda: mcdm.coupling(0.1, 0.5, k=0), "k must be a number above 0"),
        (lambda: mcdm.topsis([[1, 2], [1, 2]], [0.5, 0.5]), "equal on every criterion"),
        (lambda: mcdm.topsis(GOOD, [0.5, 0.5], directions="+"), "2 signs"),
        (lambda: mcdm.sample_weights(5, [0.5], [0.4], rng=np.random.default_rng()), "not usable"),
        (lambda: mcdm.rank_acceptability(GOOD, [[1.0]]), "must have the shape"),
    ],
)
def test_what_has_no_answer_is_refused_in_one_sentence(call, says):
    with pytest.raises(ZgcgisError, match=says) as caught:
        call()
    assert "\n" not in caught.value.zh


def test_orientation_turns_what_is_better_when_less():
    assert mcdm.orient([[1, 9], [3, 4]], "+-").tolist() == [[1, 0], [3, 5]]
    assert mcdm.minmax([[1, 9], [3, 4]], "+-").tolist() == [[0, 0], [1, 1]]


@pytest.mark.filterwarnings("ignore::zgcgis.language.errors.ZgcgisWarning")
def test_the_only_criterion_that_differs_gets_all_the_weight_of_critic():
    assert mcdm.critic_weights([[1, 5], [2, 5], [3, 5]]).tolist() == [1.0, 0.0]


def test_a_criterion_with_all_the_weight_cannot_be_left_out():
    ranks = mcdm.leave_one_out([[1, 9], [2, 1]], [1.0, 0.0], method="topsis")
    assert ranks.tolist() == [[1, 1], [2, 1]]

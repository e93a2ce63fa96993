"""Allocation: the best answer by exhaustion, against the hand method, and why nothing fits."""

from __future__ import annotations

import itertools
import os

import numpy as np
import pandas as pd
import pytest

from zgcgis.language.errors import MissingColumnsError, ZgcgisError
from zgcgis.planning.allocation import (
    Limit,
    Problem,
    greedy,
    solve,
    value_of,
    violations,
)


def limit_over(options, name, counted, **bounds):
    """A limit on the area of the options for which `counted` holds."""
    return Limit(name, options["area_m2"].to_numpy() * np.asarray(counted, dtype=bool), **bounds)


USES = ("industrial", "commercial", "public")
HA = 10_000.0


def random_zone(seed, parcels, *, floors=True):
    """Parcels on a street in two parks, three uses, quotas by park and use, bad neighbours."""
    rng = np.random.default_rng(seed)
    area = rng.uniform(0.5, 6.0, parcels) * HA
    park = rng.integers(0, 2, parcels)
    options = pd.DataFrame(
        [
            {
                "item": f"p{i}",
                "choice": use,
                "park": int(park[i]),
                "area_m2": area[i],
                "value": area[i] / HA * rng.uniform(10, 100) * rng.uniform(0.7, 1.3),
            }
            for i in range(parcels)
            for use in USES
        ]
    )
    limits = [
        limit_over(
            options,
            f"{use} in park {k}",
            (options["choice"] == use) & (options["park"] == k),
            most=float(rng.uniform(0.1, 0.4)) * area[park == k].sum(),
        )
        for use in USES
        for k in (0, 1)
    ]
    if floors:
        limits.append(
            limit_over(
                options, "public at least", options["choice"] == "public", least=0.06 * area.sum()
            )
        )
    position = {(row.item, row.choice): k for k, row in enumerate(options.itertuples())}
    conflicts = [
        pair
        for i in range(parcels - 1)
        if rng.random() < 0.4
        for pair in (
            (position[f"p{i}", "industrial"], position[f"p{i + 1}", "public"]),
            (position[f"p{i}", "public"], position[f"p{i + 1}", "industrial"]),
        )
    ]
    return Problem(options, tuple(limits), tuple(conflicts))


def taken(problem, answer):
    return problem.options.index.isin(answer.chosen.index)


def best_by_exhaustion(problem):
    """Try everything."""
    items = [group.index.tolist() for _, group in problem.options.groupby("item", sort=False)]
    best = -np.inf
    for choice in itertools.product(*[[None, *rows] for rows in items]):
        mask = np.zeros(len(problem.options), dtype=bool)
        mask[[k for k in choice if k is not None]] = True
        if not violations(problem, mask):
            best = max(best, value_of(problem, mask))
    return best


@pytest.mark.parametrize("seed", range(6))
def test_a_case_small_enough_to_try_everything_gives_the_optimum(seed):
    problem = random_zone(seed, 6)
    answer, best = solve(problem, explain=False), best_by_exhaustion(problem)
    if np.isneginf(best):
        assert answer.status == "infeasible"
    else:
        assert answer.status == "optimal"
        assert answer.value == pytest.approx(best, rel=1e-9)


def test_fifty_random_zones_are_never_worse_than_greedy_and_never_break_a_limit():
    count = 500 if os.environ.get("ZGCGIS_FULL") else 50
    better = compared = 0
    for seed in range(count):
        problem = random_zone(1_000 + seed, 24)
        answer = solve(problem, explain=False)
        assert answer.status == "optimal"
        assert violations(problem, taken(problem, answer)) == []
        by_hand = greedy(problem)
        if violations(problem, by_hand):
            continue  # the hand method missed a floor; the answer did not
        compared += 1
        assert answer.value >= value_of(problem, by_hand) - 1e-6
        better += answer.value > value_of(problem, by_hand) * (1 + 1e-9)
    assert compared >= count * 0.8
    assert better >= compared * 0.9


def test_violations_see_a_broken_quota_a_double_use_and_bad_neighbours():
    problem = random_zone(3, 5)
    everything = np.ones(len(problem.options), dtype=bool)
    broken = violations(problem, everything)
    assert "item taken twice" in broken
    assert "conflict" in broken
    assert "industrial in park 0" in broken


def tiny(**bounds):
    """Three parcels of 1, 2 and 3 ha, 10 points a hectare."""
    options = pd.DataFrame(
        {
            "item": ["a", "b", "c"],
            "choice": "industrial",
            "area_m2": [1 * HA, 2 * HA, 3 * HA],
            "value": [10.0, 20.0, 30.0],
        }
    )
    return Problem(options, (limit_over(options, "quota", [True] * 3, **bounds),))


@pytest.mark.parametrize(
    ("most", "value", "one_more", "binding"),
    [
        (3 * HA, 30.0, 10.0, True),  # c, or a and b; with 4 ha: a and c
        (5 * HA, 50.0, 10.0, True),  # b and c; with 6 ha everything
        (4.5 * HA, 40.0, 10.0, True),  # a and c; with 5.5 ha b and c
        (6 * HA, 60.0, 0.0, False),
        (99 * HA, 60.0, 0.0, False),
        (0.0, 0.0, 10.0, True),
    ],
)
def test_what_one_more_hectare_would_bring(most, value, one_more, binding):
    answer = solve(tiny(most=most))
    assert answer.value == pytest.approx(value)
    row = answer.limits.iloc[0]
    assert row["one_more_ha"] == pytest.approx(one_more)
    assert row["binding"] == binding
    assert row["used"] <= most


def test_the_shadow_price_is_that_of_land_that_may_be_split():
    assert solve(tiny(most=3.3 * HA)).limits["shadow_per_ha"].item() == pytest.approx(10.0)
    assert solve(tiny(most=99 * HA)).limits["shadow_per_ha"].item() == pytest.approx(0.0)


def test_a_floor_that_costs_is_binding_too():
    options = pd.DataFrame(
        {
            "item": ["a", "a", "b", "b"],
            "choice": ["industrial", "public"] * 2,
            "area_m2": [HA, HA, 2 * HA, 2 * HA],
            "value": [50.0, 10.0, 100.0, 20.0],
        }
    )
    public = limit_over(options, "public", options["choice"] == "public", least=HA)
    answer = solve(Problem(options, (public,)))
    assert answer.value == pytest.approx(110.0)
    assert answer.limits.iloc[0][["binding", "one_more_ha"]].tolist() == [True, 40.0]


def test_demands_that_contradict_are_named_and_no_others():
    options = pd.DataFrame(
        {
            "item": ["a", "a", "b", "b", "c"],
            "choice": ["industrial", "public", "industrial", "public", "commercial"],
            "area_m2": [HA, HA, HA, HA, 3 * HA],
            "value": 1.0,
        }
    )
    industrial, public = options["choice"] == "industrial", options["choice"] == "public"
    problem = Problem(
        options,
        (
            limit_over(options, "industry wants 2 ha", industrial, least=2 * HA),
            limit_over(options, "schools want 1 ha", public, least=HA),
            limit_over(options, "shops", options["choice"] == "commercial", most=9 * HA),
        ),
    )
    answer = solve(problem)
    assert answer.status == "infeasible"
    assert set(answer.conflict) == {"industry wants 2 ha", "schools want 1 ha"}
    assert np.isnan(answer.value)
    assert answer.chosen.empty


def test_neighbours_that_make_a_demand_impossible_are_named():
    options = pd.DataFrame(
        {
            "item": ["a", "b"],
            "choice": ["industrial", "public"],
            "area_m2": [HA, HA],
            "value": 1.0,
        }
    )
    limits = (
        limit_over(options, "industry", options["choice"] == "industrial", least=HA),
        limit_over(options, "school", options["choice"] == "public", least=HA),
    )
    assert solve(Problem(options, limits)).status == "optimal"
    answer = solve(Problem(options, limits, ((0, 1),)))
    assert answer.status == "infeasible"
    assert set(answer.conflict) == {"industry", "school", "adjacency"}


@pytest.mark.parametrize("seed", range(20))
def test_each_named_limit_is_needed_for_the_contradiction(seed):
    problem = random_zone(seed, 8)
    greedy_floor = limit_over(
        problem.options,
        "too much industry",
        problem.options["choice"] == "industrial",
        least=0.9 * problem.options["area_m2"].sum() / len(USES),
    )
    harder = Problem(problem.options, (*problem.limits, greedy_floor), problem.conflicts)
    answer = solve(harder, explain=False)
    assert answer.status == "infeasible"
    named = [limit for limit in harder.limits if limit.name in answer.conflict]
    pairs = harder.conflicts if "adjacency" in answer.conflict else ()
    assert solve(Problem(harder.options, tuple(named), pairs)).status == "infeasible"
    for one in named:
        rest = tuple(limit for limit in named if limit is not one)
        assert solve(Problem(harder.options, rest, pairs), explain=False).status == "optimal"


def test_nothing_to_choose_from():
    none = tiny(most=HA).options.iloc[:0]
    assert solve(Problem(none)).value == 0.0
    floor = Limit("industry", np.zeros(0), least=HA)
    assert solve(Problem(none, (floor,))).conflict == ("industry",)


def test_a_problem_that_lacks_a_column_or_a_weight_is_refused():
    with pytest.raises(MissingColumnsError, match="value"):
        Problem(pd.DataFrame({"item": [], "choice": [], "area_m2": []}))
    with pytest.raises(ZgcgisError, match="quota"):
        Problem(tiny(most=1.0).options, (Limit("quota", np.zeros(2)),))


def test_the_same_problem_has_the_same_answer():
    first, second = (solve(random_zone(77, 20), explain=False) for _ in range(2))
    pd.testing.assert_frame_equal(first.chosen, second.chosen)

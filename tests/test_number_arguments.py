"""A law over every public function of the number rooms: what it cannot mean is one sentence.

The functions come from what the rooms export. Each parameter is known by its name: a good value,
and the wrong ones it has to refuse. A parameter that is not in the table fails the test, so the
next function is held to the law before it is released.
"""

from __future__ import annotations

import inspect
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from zgcgis import clusters, dea, mcdm
from zgcgis.language.errors import ZgcgisError

ROOMS = {"mcdm": mcdm, "dea": dea, "clusters": clusters}
FUNCTIONS = {
    f"{room}.{name}": getattr(module, name)
    for room, module in ROOMS.items()
    for name in module.__all__
    if inspect.isfunction(getattr(module, name))
}

UNITS, CRITERIA = list("abcdefghi"), ["c1", "c2", "c3"]
rng = np.random.default_rng(3)
MATRIX = pd.DataFrame(rng.uniform(0.1, 0.9, (9, 3)), UNITS, CRITERIA)
WEIGHTS = pd.Series([0.5, 0.3, 0.2], CRITERIA)
COLUMN = pd.Series(rng.uniform(0.1, 0.9, 9), UNITS)
SUMS = pd.Series(rng.uniform(1, 9, 9), UNITS)
PANEL = pd.MultiIndex.from_product([[2021, 2022, 2023], list("abc")], names=["year", "unit"])
INPUTS = pd.DataFrame(rng.uniform(1, 9, (9, 2)), UNITS, ["x1", "x2"])
OUTPUTS = pd.DataFrame(rng.uniform(1, 9, (9, 1)), UNITS, ["y1"])
BAD = pd.DataFrame(rng.uniform(1, 9, (9, 1)), UNITS, ["b1"])
YEARS, WHO = [2021] * 3 + [2022] * 3 + [2023] * 3, list("abc") * 3
FIRMS = pd.DataFrame(
    {
        "park_id": list("aabbccabc") * 3,
        "industry": list("xyxyxyzzz") * 3,
        "year": 2023,
        "staff_persons": 5.0,
    }
)
JUDGEMENTS = np.array([[1, 2, 4], [1 / 2, 1, 2], [1 / 4, 1 / 2, 1]])

TEXT, NOTHING = [["many", 2.0], [1.0, 2.0]], []
NUMBERS = ["many", ["many"] * 9, object(), {"a": 1}, 1 + 2j, np.array(["2023-01-01"] * 9, "M8[D]")]
TABLE = [*NUMBERS, TEXT, NOTHING, [[]], [[1.0, 2.0], [3.0]], np.ones((2, 2, 2)), None]
HOLES = [MATRIX.where(MATRIX < 0.8), MATRIX.to_numpy() * np.inf]
COLUMNS = [*NUMBERS, NOTHING, np.ones((2, 2)), None]
SHARES = [95, -0.1, float("nan"), "half", None, True, [0.5]]
COUNTS = [0, -3, 2.5, "ten", None, True, [5]]
TRUTHS = ["yes", 1, None]
CHOICES = ["no_such_choice", 3, [], ""]
OTHER_LABELS = WEIGHTS.set_axis(["c1", "c2", "other"])

RING = pd.DataFrame(np.roll(np.eye(9), 1, 0) + np.roll(np.eye(9), -1, 0), UNITS, UNITS)
PLACED = gpd.GeoDataFrame(
    {"industry": ["m"] * 5 + ["n"] * 4},
    geometry=gpd.points_from_xy(500_000 + np.arange(9) ** 2 * 30, [4_400_000] * 9),
    crs="EPSG:4548",
)

# name of the parameter: a good value, the wrong ones
PARAMETERS: dict[str, tuple[object, list[object]]] = {
    "matrix": (MATRIX, [*TABLE, *HOLES]),
    "systems": (MATRIX, [*TABLE, *HOLES, MATRIX * 100, -MATRIX, MATRIX[["c1"]]]),
    "weights": (WEIGHTS, [*COLUMNS[:-1], OTHER_LABELS, WEIGHTS[:2], [0.5, 0.5, 0.5], [1, 1, -1]]),
    "directions": ("++-", ["+", "+-*", 3, ["up"] * 3, [], {"c1": "+"}]),
    "criterion": ("c2", ["no_such", 3, -1, 0.5, None, True]),
    "scores": (COLUMN, [*COLUMNS, [1.0, np.inf]]),
    "entropies": ([0.5, 0.75], [*COLUMNS, [1.2, 0.5], [1.0, 1.0], [-0.5, 0.5]]),
    "d_plus": (COLUMN, [*COLUMNS, -COLUMN, COLUMN[:3]]),
    "d_minus": (COLUMN, [*COLUMNS, -COLUMN, COLUMN[:3], COLUMN.set_axis(list("ABCDEFGHI"))]),
    "x": (COLUMN, ["many", 80.0, -0.1, np.nan, COLUMN[:3], object()]),
    "y": (COLUMN, ["many", 90.0, -0.1, np.nan, COLUMN[:3], COLUMN.set_axis(list("ABCDEFGHI"))]),
    "k": (0.5, [0, -1, "two", np.nan, True]),
    "alpha": (0.5, [0.7, *SHARES]),
    "beta": (0.5, [0.7, *SHARES]),
    "v": (0.5, [2, *SHARES]),
    "share": ([0.5, 0.5], [*COLUMNS[:-1], [0.5], [1.0, 1.0], [1.5, -0.5]]),
    "draws": (50, COUNTS),
    "seed": (1, ["one", 1.5, None, True]),
    "rng": (np.random.default_rng(1), [1, "seed", None]),
    "low": ([0.1, 0.1, 0.1], [*COLUMNS[:-1], [0.6, 0.6, 0.6], [0.1], [-0.1, 0, 0]]),
    "high": ([0.8, 0.8, 0.8], [*COLUMNS[:-1], [0.1, 0.1, 0.1], [0.8], [0.0, 0.0, 0.0]]),
    "error": (0.05, ["many", -0.1, np.nan, np.ones((2, 7))]),
    "transform": (np.sqrt, ["sqrt", 3]),
    "what": ("first", CHOICES),
    "method": (None, CHOICES),
    "variant": ("minmax", CHOICES),
    "shift": (0.0, ["one", np.nan, None, True]),
    "matrices": ([JUDGEMENTS, JUDGEMENTS], [[], 3, "many", [JUDGEMENTS, np.ones((2, 2))], [TEXT]]),
    "by": (None, CHOICES),
    "count": (5, [*COUNTS[1:], 0]),
    "of": ([9.0], ["many", np.nan, [1.0, 2.0, -3.0], np.ones((2, 2)), object(), 1.0]),
    "inputs": (INPUTS, [*TABLE, -INPUTS, INPUTS.where(INPUTS < 8), INPUTS[:4]]),
    "outputs": (
        OUTPUTS,
        [*TABLE, -OUTPUTS, OUTPUTS * np.nan, OUTPUTS[:4], OUTPUTS.set_axis(list("ABCDEFGHI"))],
    ),
    "bad": (BAD, [*TABLE[:-1], -BAD, BAD * np.nan, BAD[:4], BAD.set_axis(list("ABCDEFGHI"))]),
    "returns": ("crs", ["ccr", 1, None, []]),
    "orientation": ("input", CHOICES),
    "model": ("sbm", CHOICES),
    "super": (False, TRUTHS),
    "parts": (False, TRUTHS),
    "frontier": ("adjacent", CHOICES),
    "years": (YEARS, [[2021] * 3, [2021] * 9, [2021] * 5 + [2022] * 4, 2021, [None] * 9, []]),
    "units": (WHO, [["a"] * 9, ["a"], 3, [None] * 9, list("abcabcabd")]),
    "goal": ("aggressive", CHOICES),
    "groups": (list("aabbccabc"), [["a"], 3, [None] * 9, []]),
    "width": (2, [*COUNTS, 9]),
    "bandwidth": (0.2, [0, -1, "wide", np.nan, True]),
    "values": (SUMS, [*COLUMNS, -SUMS, SUMS.where(SUMS < 5)]),
    "start": (SUMS, [*COLUMNS, -SUMS, SUMS[:2], SUMS[:3]]),
    "end": (SUMS * 2, [*COLUMNS, -SUMS, SUMS[:3], SUMS.set_axis(list("ABCDEFGHI"))]),
    "at": ([0.1, 0.5], ["many", [np.nan], np.ones((2, 2)), []]),
    "firms": (FIRMS, [None, "firms", FIRMS[["year"]], FIRMS.to_numpy(), [1, 2]]),
    "p_values": ([0.5, 0.01], ["many", object(), [1.5], [-0.1], np.ones((2, 2))]),
    "standardize": (True, TRUTHS),
    "null": ("normality", CHOICES),
    "industry": ("m", ["no_such", 3, None]),
    "most_m": (500.0, [0, -1, "far", np.nan, True]),
    "points": (11, COUNTS),
    "places": (PLACED, [None, "places", np.ones(3)]),
    "within_m": (50.0, [0, -1, "near", np.nan, True]),
    "nearest": (None, [0, 1.5, "two", True, 99]),
    "weight": ("staff_persons", ["no_such_column", 3, True, "park_id"]),
    "level": (0.9, [*SHARES, 0, 1]),
    "industries_of": (lambda park: ["x"], [None, {"a": "x"}, lambda park: "x", lambda park: 3]),
}
# Where one name means two things, and what is no choice of the caller's.
OWN: dict[str, dict[str, tuple[object, list[object]]]] = {
    "mcdm.ahp": {"matrix": (JUDGEMENTS, [*TABLE, np.zeros((3, 3)), [[1, 3], [3, 1]], [[1, 2]]])},
    "mcdm.combine_weights": {
        "weights": ((WEIGHTS, WEIGHTS), [(), (WEIGHTS,), (WEIGHTS, OTHER_LABELS), ("a", "b")])
    },
    "mcdm.rank_acceptability": {
        "weights": (
            np.full((5, 3), 1 / 3),
            ["many", [], np.ones((5, 2)), np.ones((5, 3)), np.full((5, 3), np.nan), WEIGHTS],
        )
    },
    "dea.units_needed": {
        "inputs": (2, ["two", None, 1.5]),
        "outputs": (2, ["two", None, 1.5]),
    },
    **{
        f"clusters.{name}": {
            "values": (SUMS, [*COLUMNS, SUMS * 0, SUMS[:3]]),
            "weights": (
                RING,
                [
                    "many",
                    None,
                    3,
                    np.eye(2),
                    -RING,
                    RING * np.nan,
                    RING.set_axis(list("ABCDEFGHI")),
                ],
            ),
        }
        for name in ("moran", "lisa", "getis_ord")
    },
    "clusters.duranton_overman": {"firms": (PLACED, [None, "firms", PLACED[["geometry"]], [1, 2]])},
    "clusters.wilson": {
        "count": (5.0, ["many", np.nan, -1.0, 99.0, [[1.0]], object()]),
        "of": ([9.0], ["many", np.nan, -1.0, np.ones((2, 2)), object(), 1.0]),
    },
    "clusters.concentration": {"by": ("park", CHOICES)},
    "mcdm.theil": {
        "weights": (SUMS, [*COLUMNS[:-1], -SUMS, SUMS[:2], SUMS.set_axis(list("ABCDEFGHI"))])
    },
    "mcdm.sigma_convergence": {"values": (MATRIX, [*TABLE, *HOLES, -MATRIX])},
    "mcdm.kernel_density": {"values": (SUMS, [*COLUMNS, SUMS.where(SUMS < 5)])},
    "mcdm.beta_convergence": {"years": (5.0, [0, -1, "five", np.nan, None, True])},
    "dea.window": {
        "years": (YEARS, [[2021] * 3, 2021, [None] * 9, []]),
        "units": (WHO, [["a"], 3, [None] * 9]),
    },
    "mcdm.ahp_group": {"by": ("priority", CHOICES)},
}


def parameters(name: str) -> dict[str, tuple[object, list[object]]]:
    takes = inspect.signature(FUNCTIONS[name]).parameters
    table = {**PARAMETERS, **OWN.get(name, {})}
    assert set(takes) <= set(table), f"{name}: say in PARAMETERS what it must refuse"
    return {one: table[one] for one in takes}


def call(name: str, wrong: str = "", value: object = None) -> object:
    args, words = [], {}
    for one, takes in inspect.signature(FUNCTIONS[name]).parameters.items():
        good = parameters(name)[one][0]
        if one == wrong:
            good = value
        elif takes.default is not inspect.Parameter.empty and wrong:
            continue  # its default is good
        if good is None and one != wrong:
            continue
        if takes.kind is takes.VAR_POSITIONAL:
            args += list(good)
        else:
            words[one] = good
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return FUNCTIONS[name](*args, **words)


CASES = [
    pytest.param(name, one, value, id=f"{name}-{one}-{place}")
    for name in FUNCTIONS
    for one in inspect.signature(FUNCTIONS[name]).parameters
    for place, value in enumerate({**PARAMETERS, **OWN.get(name, {})}.get(one, (None, []))[1])
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_is_in_the_table_and_its_good_value_works(name):
    call(name)


@pytest.mark.parametrize(("name", "one", "value"), CASES)
def test_what_it_cannot_mean_is_refused_in_one_sentence(name, one, value):
    with pytest.raises(ZgcgisError) as caught:
        call(name, one, value)
    for text in (caught.value.zh, caught.value.en):
        assert "\n" not in text
        assert 8 < len(text) < 600


LABELLED = {
    "mcdm.weighted_sum": UNITS,
    "mcdm.topsis": UNITS,
    "mcdm.vikor": UNITS,
    "mcdm.rank": UNITS,
    "mcdm.closeness": UNITS,
    "mcdm.coupling": UNITS,
    "mcdm.coupling_of_many": UNITS,
    "mcdm.rank_acceptability": UNITS,
    "mcdm.orient": UNITS,
    "mcdm.minmax": UNITS,
    "mcdm.entropy": CRITERIA,
    "mcdm.entropy_weights": CRITERIA,
    "mcdm.critic_weights": CRITERIA,
    "mcdm.deviation_weights": CRITERIA,
    "mcdm.combine_weights": CRITERIA,
    "mcdm.leave_one_out": CRITERIA,
    "mcdm.obstacle_degrees": UNITS,
    "mcdm.sigma_convergence": CRITERIA,
    "dea.bootstrap": UNITS,
    "dea.cross_efficiency": UNITS,
    "dea.metafrontier": UNITS,
    "dea.efficiency": UNITS,
    "dea.scale": UNITS,
    "clusters.getis_ord": UNITS,
    "clusters.lisa": UNITS,
}
WITHOUT_LABELS = {  # what they return are rows of their own, or no table
    "dea.window", "mcdm.beta_convergence", "mcdm.dagum_gini", "mcdm.kernel_density", "mcdm.theil",
    "mcdm.ahp", "mcdm.ahp_group", "mcdm.random_index", "mcdm.sample_weights",
    "mcdm.stability_interval", "mcdm.weights_from_entropy", "dea.malmquist",
    "dea.malmquist_luenberger", "dea.units_needed", "clusters.concentration",
    "clusters.location_quotients", "clusters.orientation_match", "clusters.structure",
    "clusters.wilson", "clusters.duranton_overman", "clusters.ellison_glaeser", "clusters.moran",
    "clusters.neighbours", "clusters.false_discovery",
}  # fmt: skip


def test_every_function_is_known_to_keep_labels_or_to_have_none():
    assert set(LABELLED) | WITHOUT_LABELS == set(FUNCTIONS)


@pytest.mark.parametrize("name", LABELLED)
def test_labels_that_come_in_come_out(name):
    found = call(name)
    parts = found if isinstance(found, tuple) else [getattr(found, "score", found)]
    assert all(list(part.index) == LABELLED[name] for part in parts)


BY_PLACE = {"mcdm.orient", "mcdm.rank_acceptability"}  # signs and random draws go by position
BY_LABEL = [n for n in LABELLED if "matrix" in parameters(n) and n not in BY_PLACE]


@pytest.mark.parametrize("name", BY_LABEL)
def test_tables_are_put_together_by_label_not_by_position(name):
    straight = call(name, "matrix", MATRIX)
    turned = call(name, "matrix", MATRIX[CRITERIA[::-1]].iloc[::-1])
    parts = (straight, turned) if isinstance(straight, tuple) else ((straight,), (turned,))
    for a, b in zip(*parts, strict=True):
        c = b.reindex(index=a.index)
        if isinstance(a, pd.DataFrame):
            c = c.reindex(columns=a.columns)
        np.testing.assert_allclose(np.asarray(a), np.asarray(c), atol=1e-9)

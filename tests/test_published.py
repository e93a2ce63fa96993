"""What stands outside behind every method: numbers that others printed, or a second route to them.

The files of :mod:`tests.published` are counted as the tests named here compare them; a method that
is added without one of the two fails.
"""

from __future__ import annotations

import ast
import csv
import tomllib
from pathlib import Path

import numpy as np
import pytest

from zgcgis import clusters, dea, mcdm

TESTS = Path(__file__).parent
PUBLISHED = TESTS / "published"


def rows(name):
    with (PUBLISHED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def documented(name):
    return tomllib.loads((PUBLISHED / name).read_text(encoding="utf-8"))


def dea_documented():
    said = documented("dea_documented.toml")
    tables = [said["radial"], *said["small"], said["sbm"], said["malmquist"], said["luenberger"]]
    given = {"x", "y", "bad"}
    return sum(
        np.size(v)
        for t in tables
        for k, v in t.items()
        if k not in given and not isinstance(v, str)
    )


COUNTED = {
    "judgement matrices of four papers: weights": lambda: sum(
        len(r["weights"].split()) for r in rows("ahp_published_results.csv")
    ),
    "DEAP 2.1 on 31 provinces": lambda: 3 * len(rows("dea_digital_village_published.csv")),
    "DataEnvelopmentAnalysis.jl": dea_documented,
    "entropy of a paper": lambda: 3 * len(rows("entropy_family_doctor.csv")),
    "TOPSIS of a paper": lambda: len(rows("topsis_family_doctor_distances.csv")),
    "TOPSIS of a book": lambda: 2 * len(rows("topsis_tzeng_huang_2011.csv")),
    "forms of a development zone: indicators": lambda: len(rows("td1029_binxi2013_indicators.csv")),
    "forms of a development zone: potentials": lambda: len(rows("td1029_binxi2013_potential.csv")),
    "a stored score record": lambda: len(rows("td1029_demo_aggregation.csv")),
}


def test_at_least_150_numbers_of_others_are_in_the_published_files():
    found = {name: count() for name, count in COUNTED.items()}
    assert min(found.values()) >= 4, found
    assert sum(found.values()) >= 150, found
    assert sum(found.values()) - found["DataEnvelopmentAnalysis.jl"] >= 150, (
        found
    )  # not one source alone


def test_every_published_file_is_read_by_a_test_and_has_its_source():
    text = "".join(
        p.read_text(encoding="utf-8")
        for p in TESTS.glob("test_*.py")
        if p.name != Path(__file__).name
    )
    named = (PUBLISHED / "README.md").read_text(encoding="utf-8")
    for path in PUBLISHED.iterdir():
        if path.suffix in {".csv", ".toml"}:
            stem = path.name.rsplit("_", 1)[0]
            assert path.name in text or stem in text, path.name
            assert any(path.match(one) for one in patterns(named)), path.name


def patterns(text):
    return [word for line in text.splitlines() for word in line.split("`")[1::2] if "." in word]


PROOFS = {
    "mcdm.entropy_weights": "test_mcdm_disparity::test_entropy_of_a_panel_of_two_parks_and_two_years_by_hand",
    "mcdm.obstacle_degrees": "test_mcdm_disparity::test_obstacle_degrees_in_the_head",
    "mcdm.coupling_of_many": "test_mcdm::",
    "mcdm.theil": "test_mcdm_disparity::test_theil_by_hand_and_its_limits",
    "mcdm.dagum_gini": "test_mcdm_disparity::test_theil_and_gini_add_up_over_groups",
    "mcdm.sigma_convergence": "test_mcdm_disparity::test_sigma_falls_where_units_draw_nearer",
    "mcdm.beta_convergence": "test_mcdm_disparity::test_beta_convergence_by_another_regression",
    "mcdm.kernel_density": "test_mcdm_disparity::test_the_density_is_that_of_scipy_and_integrates_to_one",
    "dea.efficiency": "test_dea_methods::test_slacks_with_bad_outputs_by_a_programme_written_out",
    "dea.malmquist": "test_dea_methods::test_documented_malmquist_indices",
    "dea.malmquist_luenberger": "test_dea_methods::test_documented_malmquist_luenberger_indices",
    "dea.metafrontier": "test_dea_methods::test_a_metafrontier_envelops_the_frontiers_of_the_groups",
    "dea.window": "test_dea_methods::test_windows_of_one_year_and_of_all",
    "dea.cross_efficiency": "test_dea_methods::test_cross_efficiency_by_prices_on_a_grid",
    "dea.bootstrap": "test_dea_methods::test_the_bootstrap_of_one_input_and_output_in_closed_form",
    "dea.scale": "test_dea::test_digital_village_93_of_93_scores_and_31_of_31_returns",
    "clusters.moran": "test_clusters_space::test_moran_of_the_files_that_pysal_ships",
    "clusters.lisa": "test_clusters_space::test_local_values_are_those_of_esda",
    "clusters.getis_ord": "test_clusters_space::test_the_hot_spots_of_six_points",
    "clusters.false_discovery": "test_clusters_space::test_rates_are_those_of_scipy",
    "clusters.ellison_glaeser": "test_clusters_space::test_the_index_of_farhauer_and_kroell",
    "clusters.duranton_overman": "test_clusters_space::test_chance_leaves_the_band_as_often_as_said",
}


@pytest.mark.parametrize("method", PROOFS)
def test_a_method_has_its_proof(method):
    """A documented or hand-made number, or a second route: the test of that name calls the method."""
    room, name = method.split(".")
    file, test = PROOFS[method].split("::")
    assert name in {"mcdm": mcdm, "dea": dea, "clusters": clusters}[room].__all__
    tree = ast.parse((TESTS / f"{file}.py").read_text(encoding="utf-8"))
    mine = [
        f
        for f in tree.body
        if isinstance(f, ast.FunctionDef) and f.name.startswith(test or "test_")
    ]
    assert any(
        (isinstance(n, ast.Attribute) and n.attr == name)
        or (isinstance(n, ast.Name) and n.id == name)
        for f in mine
        for n in ast.walk(f)
    ), PROOFS[method]


HELPERS = {"neighbours", "orientation_match", "structure", "units_needed"}  # no index of their own


def test_no_method_of_efficiency_or_clusters_is_without_one():
    for room, module in (("dea", dea), ("clusters", clusters)):
        for name in module.__all__:
            if name[0].islower() and name not in HELPERS:
                assert f"{room}.{name}" in PROOFS or name in OLDER, name


OLDER = {"concentration", "location_quotients", "wilson"}

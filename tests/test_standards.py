"""Standards and scores: a real zone, what is refused, options, laws over the editions."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zgcgis import standards
from zgcgis.indicators import INDICATORS, compute
from zgcgis.language.errors import StandardError, UnknownNameError, ZgcgisError
from zgcgis.standards import load_standard, potentials, read_evaluation, robustness, score

PUBLISHED = Path(__file__).parent / "published"
METHODS = {"专家咨询法": "expert", "目标值法": "target", "经验借鉴法": "experience"}
BY_ZH = {ind.zh: ind.key for ind in INDICATORS.values()}


def table(name: str) -> list[dict[str, str]]:
    with (PUBLISHED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def binxi_evaluation(**options) -> dict:
    ideals = [
        {
            "indicator": BY_ZH[row["indicator"]],
            "value": float(row["ideal"]),
            "method": [METHODS[m] for m in row["ideal_method"].split("+")],
            "zh": "F.14 表",
            "en": "form F.14",
        }
        for row in table("td1029_binxi2013_indicators.csv")
    ]
    return {
        "standard": "tdt1029-2014",
        "kind": "industrial",
        "ideal": ideals,
        "options": options,
    }


def binxi_values() -> pd.DataFrame:
    rows = table("td1029_binxi2013_indicators.csv")
    values = {BY_ZH[row["indicator"]]: float(row["current"]) for row in rows}
    index = pd.MultiIndex.from_tuples([("binxi", 2013)], names=["unit", "year"])
    return pd.DataFrame(values, index=index)


def binxi_accounts() -> pd.DataFrame:
    """Land in m²; investment and tax are what the printed ratios imply."""
    area = {
        row["item"].split(" ")[0]: float(row["value"])
        for row in table("td1029_binxi2013_inputs.csv")
    }
    supply = {int(r["year"]): r for r in table("td1029_binxi2013_land_supply.csv")}
    ha = 1e4
    frame = pd.DataFrame(
        {
            "supplied_in_year_m2": [float(r["supplied_ha"]) * ha for r in supply.values()],
            "industrial_supplied_in_year_m2": [
                float(r["supplied_industrial_mining_storage_ha"]) * ha for r in supply.values()
            ],
        },
        index=pd.MultiIndex.from_tuples([("binxi", y) for y in supply], names=["unit", "year"]),
    )
    now = frame.loc[[("binxi", 2013)]].copy()
    now["built_land_m2"], now["industrial_land_m2"] = area["A"] * ha, area["A2"] * ha
    now["floor_area_m2"] = area["总建筑面积"] * ha
    now["industrial_floor_area_m2"] = area["工矿仓储用地上的总建筑面积"] * ha
    now["industrial_occupied_m2"] = next(v for k, v in area.items() if "露天堆场" in k) * ha
    now["suppliable_land_m2"], now["suppliable_industrial_land_m2"] = (
        area["E"] * ha,
        area["E21"] * ha,
    )
    now["industrial_investment_wan"] = 2179.45 * area["A2"]
    now["industrial_tax_wan"] = 73.11 * area["A2"]
    now["expired_land_m2"] = now["idle_land_m2"] = 0.0
    return pd.concat([frame.drop(index=("binxi", 2013)), now])


# --- a real zone ---------------------------------------------------------------------------


def test_binxi_2013_total_with_default_weights_is_our_own_calculation_not_a_published_score():
    result = score(binxi_values(), "tdt1029-2014", binxi_evaluation())
    assert result.total.loc[("binxi", 2013), "score"] == pytest.approx(88.5429, abs=5e-5)
    nodes = result.parts.set_index("node")["score"]
    for node, expected in {
        "industrial/main/status/degree": 95.1576,
        "industrial/main/status/structure": 94.8933,
        "industrial/main/status/intensity": 78.3641,
        "industrial/main/status": 86.6948,
        "industrial/main/benefit": 89.2828,
        "industrial/main/management": 100,
        "industrial/main/status/degree/supply_rate": 91.7053,
        "industrial/main/status/intensity/building_coefficient": 91.7636,
        "industrial/main/benefit/industry/industrial_tax_per_hectare": 91.3875,
    }.items():
        assert nodes[node] == pytest.approx(expected, abs=5.1e-5), node


def printed_potentials() -> dict[str, float]:
    rows = table("td1029_binxi2013_potential.csv")
    return {row["item"]: float(row["published"]) for row in rows}


def test_binxi_2013_five_potentials_and_four_years_of_supply_to_two_decimals():
    evaluation = read_evaluation(binxi_evaluation(round_like_form=True))
    accounts = binxi_accounts()
    found = potentials(accounts, evaluation, mean_years=4)
    found = found[found["year"] == 2013].set_index("item")["value"]
    printed = printed_potentials()
    ha = {
        "structure": printed["用地结构调整可增加工矿仓储用地面积"],
        "industrial_floor_area_ratio": printed["提高工业用地综合容积率挖潜土地面积"],
        "building_coefficient": printed["提高工业用地建筑系数挖潜土地面积"],
        "investment_intensity": printed["提高工业用地固定资产投入强度挖潜土地面积"],
        "industrial_tax_per_hectare": printed["提高工业用地地均税收挖潜土地面积"],
    }
    assert len(ha) == 5
    for item, expected in ha.items():
        assert round(found[item] / 1e4, 2) == expected, item
    years = {
        "years_mean": printed["尚可供地年数I (土地)"],
        "years_max": printed["尚可供地年数II (土地)"],
        "years_mean_industrial": printed["尚可供地年数I (工矿仓储)"],
        "years_max_industrial": printed["尚可供地年数II (工矿仓储)"],
    }
    for item, expected in years.items():
        assert round(found[item], 2) == expected, item
    assert found["suppliable"] / 1e4 == pytest.approx(920.53)
    assert found["idle"] == found["expired"] == 0


def test_the_two_traps_of_the_forms_are_options_and_off_by_default():
    found = potentials(binxi_accounts(), read_evaluation(binxi_evaluation()))
    found = found[found["year"] == 2013].set_index("item")["value"]
    assert found["industrial_floor_area_ratio"] / 1e4 == pytest.approx(108.52, abs=0.005)
    assert found["suppliable"] / 1e4 / found["years_mean"] == pytest.approx(73.77, abs=0.005)


def test_no_years_are_left_to_say_where_a_year_of_supply_is_not_known():
    accounts = binxi_accounts().drop(index=("binxi", 2012))
    found = potentials(accounts, read_evaluation(binxi_evaluation()))
    assert "years_mean" not in set(found[found["year"] == 2013]["item"])


def test_hailin_2012_aggregation_needs_the_defective_node():
    """The stored record: rate 100 with weight .5 scores its node 50 and the area 91.25."""
    rows = {r["node"]: float(r["score"]) for r in table("td1029_demo_aggregation.csv")}
    assert 0.5 * rows["发展方向区/土地开发率"] == rows["发展方向区/土地利用程度"] == 50
    assert rows["发展方向区/土地利用状况"] == 0.25 * 50 + 0.25 * 100 + 0.5 * 100
    assert 0.7 * 87.5 + 0.2 * 100 + 0.1 * 100 == rows["发展方向区"] == 91.25
    assert 0.8 * rows["主区"] + 0.2 * rows["发展方向区"] == rows["综合"] == 98.25


def test_the_edition_as_found_is_refused_by_file_node_and_sum():
    with pytest.raises(StandardError) as caught:
        load_standard("tdt1029-2014-as-found")
    for word in ("tdt1029-2014-as-found.toml", "industrial/growth/status/degree", "0.5"):
        assert word in caught.value.zh
        assert word in caught.value.en
    mended = load_standard("tdt1029-2014")
    assert any("industrial" in str(mended.mended) or "0.5" in zh for zh, _ in mended.mended)
    assert mended.nodes["industrial/growth/status/degree/development_rate"].weight == 1.0


# --- options ----------------------------------------------------------------------------------


def test_a_score_above_the_ideal_is_cut_or_is_not():
    values = binxi_values().assign(completion_rate=110.0)
    capped = score(values, "tdt1029-2014", binxi_evaluation())
    free = score(values, "tdt1029-2014", binxi_evaluation(cap="none"))
    gain = free.total["score"].iloc[0] - capped.total["score"].iloc[0]
    assert gain == pytest.approx(10 * 0.7 * 0.25 * 0.5)


def test_idle_land_costs_points_by_complement_and_none_by_the_ratio_of_the_forms():
    values = binxi_values().assign(idle_rate=30.0)
    by_complement = score(values, "tdt1029-2014", binxi_evaluation())
    by_ratio = score(values, "tdt1029-2014", binxi_evaluation(idle="ratio"))
    node = "industrial/main/management"
    assert by_complement.parts.set_index("node").at[node, "score"] == pytest.approx(70)
    assert by_ratio.parts.set_index("node").at[node, "score"] == 100


def test_rounding_like_the_form_is_half_up():
    values = binxi_values().assign(floor_area_ratio=0.515)
    result = score(values, "tdt1029-2014", binxi_evaluation(round_like_form=True)).indicators()
    far = result.set_index("indicator").at["floor_area_ratio", "score"]
    assert far == pytest.approx(100 * 0.52 / 0.7)


def test_every_choice_is_printed_with_the_result():
    said = score(binxi_values(), "tdt1029-2014", binxi_evaluation(cap="none", idle="ratio")).method
    text = " ".join(zh + en for zh, en in said)
    for word in ("tdt1029-2014", "不设上限", "not capped", "已知缺陷", "refuses", "不取整"):
        assert word in text


def test_missing_data_are_refused_or_scored_in_part_with_the_coverage():
    values = binxi_values().drop(columns="investment_intensity")
    with pytest.raises(
        StandardError, match=r"binxi, 2013: no value for .'investment_intensity'."
    ) as e:
        score(values, "tdt1029-2014", binxi_evaluation())
    assert "工业用地固定资产投入强度" in e.value.zh
    part = score(values, "tdt1029-2014", binxi_evaluation(missing="partial"))
    row = part.total.iloc[0]
    assert row["coverage"] == pytest.approx(0.9)  # its share is .2 · 1 · .5
    assert row["score"] == pytest.approx((88.5429 - 0.1 * 87.178) / 0.9, abs=1e-4)
    assert standards.ranking(part)["rank"].isna().all()
    assert part.indicators()["contribution"].sum() == pytest.approx(row["score"])


def test_main_and_growth_areas_are_put_together_by_their_weights():
    evaluation = binxi_evaluation()
    evaluation["ideal"].append({"indicator": "development_rate", "value": 100})
    both = binxi_values().assign(development_rate=90.0)
    both = pd.concat({"main": both, "growth": both}, names=["area"]).reorder_levels(
        ["unit", "year", "area"]
    )
    result = score(both, "tdt1029-2014", evaluation)
    areas = result.parts[result.parts["depth"] == 1].set_index("area")["score"]
    expected = 0.8 * areas["main"] + 0.2 * areas["growth"]
    assert result.total["score"].iloc[0] == pytest.approx(expected)
    assert result.indicators()["contribution"].sum() == pytest.approx(expected)
    alone = score(both.xs("main", level="area"), "tdt1029-2014", evaluation)
    assert alone.total["score"].iloc[0] == pytest.approx(areas["main"])


# --- bad evaluations, one sentence each ----------------------------------------------------------


def spoil(change) -> dict:
    data = binxi_evaluation()
    change(data)
    return data


BAD = {
    "weights that add to .5": (
        lambda d: d.update(weights={"industrial/main/benefit/industry/investment_intensity": 0.0}),
        r"industrial/main/benefit/industry add to 0.5",
    ),
    "weight out of its range": (
        lambda d: d.update(weights={"industrial/main/status": 0.6, "industrial/main/benefit": 0.3}),
        r"industrial/main/status has weight 0.6, outside its range \[0.7, 0.75\]",
    ),
    "two editions mixed": (
        lambda d: d.update(weights={"A31": 0.1}),
        "two editions cannot be mixed",
    ),
    "ideal of another edition": (
        lambda d: d["ideal"][0].update(standard="tdt1029-2010"),
        "two editions cannot be mixed",
    ),
    "two editions named": (
        lambda d: d.update(standard=["tdt1029-2014", "tdt1029-2010"]),
        "one evaluation uses one edition",
    ),
    "ideal 0": (lambda d: d["ideal"][0].update(value=0), "ideal of supply_rate is 0"),
    "ideal NaN": (lambda d: d["ideal"][0].update(value=float("nan")), "is not a number"),
    "ideal as text": (lambda d: d["ideal"][0].update(value="95"), "is not a number"),
    "no ideal": (lambda d: d["ideal"].pop(0), "no ideal value for .'supply_rate'."),
    "unknown indicator": (
        lambda d: d["ideal"][0].update(indicator="suply_rate"),
        "no indicator .*'suply_rate'",
    ),
    "unknown type": (lambda d: d.update(kind="工业"), "no zone type"),
    "no edition": (lambda d: d.pop("standard"), "standard is missing"),
    "unknown edition": (lambda d: d.update(standard="tdt1029-2030"), "no edition of a standard"),
    "unknown option": (lambda d: d["options"].update(caps=100), "no option"),
    "unknown reversal": (lambda d: d["options"].update(idle="invert"), "no idle"),
    "cap below 0": (lambda d: d["options"].update(cap=-1), "cap must be above 0"),
    "unknown method": (lambda d: d["ideal"][0].update(method=["guess"]), "no method of an ideal"),
}


@pytest.mark.parametrize(("change", "says"), BAD.values(), ids=list(BAD))
def test_a_bad_evaluation_gives_one_clear_sentence_in_both_languages(change, says):
    with pytest.raises(ZgcgisError, match=says) as caught:
        score(binxi_values(), "tdt1029-2014", spoil(change))
    assert "\n" not in caught.value.zh
    assert "\n" not in caught.value.en
    assert any("\u4e00" <= c <= "\u9fff" for c in caught.value.zh)


def test_an_evaluation_for_another_edition_is_refused(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(OWN_SCHEME, encoding="utf-8")
    with pytest.raises(StandardError, match="two editions cannot be mixed"):
        score(binxi_values(), load_standard(own), binxi_evaluation())


def test_an_edition_whose_text_could_not_be_read_is_a_template_and_refused():
    for name in ("tdt1029-2010", "tdt1029-2008"):
        with pytest.raises(StandardError, match="could not be read"):
            load_standard(name)


OWN_SCHEME = """
id = "own"
zh = "本区方案"
en = "Our own scheme"
[kinds.all]
zh = "全部"
en = "all"
[[node]]
id = "all/main"
zh = "全区"
en = "all of it"
weight = 1
[[node]]
id = "all/main/floor_area_ratio"
weight = 0.5
range = [0.3, 0.7]
indicator = "floor_area_ratio"
[[node]]
id = "all/main/energy_per_hectare"
weight = 0.5
range = [0.3, 0.7]
indicator = "energy_per_hectare"
"""


def test_a_zone_may_bring_its_own_scheme(tmp_path):
    (tmp_path / "own.toml").write_text(OWN_SCHEME, encoding="utf-8")
    evaluation = read_evaluation(
        {
            "standard": "own.toml",
            "kind": "all",
            "ideal": [
                {"indicator": "floor_area_ratio", "value": 2.0},
                {"indicator": "energy_per_hectare", "value": 50},
            ],
        },
        folder=tmp_path,
    )
    index = pd.MultiIndex.from_tuples([("a", 2011)], names=["unit", "year"])
    values = pd.DataFrame({"floor_area_ratio": [1.0], "energy_per_hectare": [200.0]}, index=index)
    result = score(values, evaluation.standard, evaluation)
    assert result.total["score"].iloc[0] == pytest.approx((50 + 25) / 2)


@pytest.mark.parametrize("base", ["/elsewhere/own.toml", "../own.toml", "link.toml"])
def test_a_scheme_changes_no_file_outside_its_folder(tmp_path, base):
    folder = tmp_path / "zone"
    folder.mkdir()
    (tmp_path / "own.toml").write_text(OWN_SCHEME, encoding="utf-8")
    (folder / "link.toml").symlink_to(tmp_path / "own.toml")
    (folder / "own.toml").write_text(f'id = "own"\nbase = "{base}"\n', encoding="utf-8")
    with pytest.raises(StandardError, match="outside the file's folder"):
        load_standard(folder / "own.toml")
    (folder / "beside.toml").write_text(OWN_SCHEME, encoding="utf-8")
    (folder / "own.toml").write_text('id = "other"\nbase = "beside.toml"\n', encoding="utf-8")
    assert load_standard(folder / "own.toml").id == "other"


@pytest.mark.parametrize("key", ["kind", "area"])
@pytest.mark.parametrize("name", ["", "   ", "nowhere"])
def test_an_ideal_for_a_kind_or_area_that_is_not_there_is_refused(key, name):
    data = {"standard": "tdt1029-2014", "kind": "industrial",
            "ideal": [{"indicator": "floor_area_ratio", "value": 1.0, key: name}]}  # fmt: skip
    with pytest.raises(UnknownNameError, match=f"no {key} of an ideal"):
        read_evaluation(data)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('indicator = "floor_area_ratio"', 'indicator = "far"', "no indicator .*'far'"),
        ("weight = 0.5\nrange", "weight = 0.4\nrange", "node all/main add to 0.9"),
        ('id = "all/main/energy_per_hectare"', 'id = "all/side/energy_per_hectare"', "hangs from"),
        ('indicator = "energy_per_hectare"', "", "no indicator below it"),
        ('id = "all/main/energy_per_hectare"', 'id = "all/main/floor_area_ratio"', "there twice"),
        ("weight = 1\n", "", "lacks weight"),
        ("[kinds.all]", "[kinds.all", "not valid TOML"),
    ],
)
def test_a_scheme_that_contradicts_itself_is_refused(tmp_path, old, new, says):
    file = tmp_path / "own.toml"
    file.write_text(OWN_SCHEME.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ZgcgisError, match=says) as caught:
        load_standard(file)
    assert "own.toml" in caught.value.zh


# --- several parks and years ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def panel() -> standards.Scores:
    rng = np.random.default_rng(11)
    base = binxi_values().iloc[0]
    index = pd.MultiIndex.from_product(
        [[f"p{i:02d}" for i in range(17)], [2011, 2015]], names=["unit", "year"]
    )
    values = pd.DataFrame(
        base.to_numpy() * rng.uniform(0.5, 1.05, (len(index), len(base))),
        index=index,
        columns=base.index,
    )
    return score(values, "tdt1029-2014", binxi_evaluation())


def test_ranks_are_within_year_and_type(panel):
    evaluation = binxi_evaluation() | {"kinds": {"p16": "mixed", "p15": "mixed"}}
    evaluation["ideal"] += [
        {"indicator": "tax_per_hectare", "value": 500},
        {"indicator": "population_density", "value": 60},
    ]
    values = panel.indicators().pivot(index=["unit", "year"], columns="indicator", values="value")
    values = values.assign(tax_per_hectare=300.0, population_density=50.0)
    ranks = standards.ranking(score(values, "tdt1029-2014", evaluation))
    assert set(ranks.loc[ranks["kind"] == "mixed", "rank"]) == {1, 2}
    assert set(ranks.loc[ranks["kind"] == "industrial", "of"]) == {15}


def test_attribution_adds_to_the_change_of_the_score(panel):
    parts = standards.attribute(panel, "p03", 2011, 2015)
    change = panel.total.loc[("p03", 2015), "score"] - panel.total.loc[("p03", 2011), "score"]
    assert parts["change"].sum() == pytest.approx(change)
    assert len(parts) == 10


def test_a_change_of_rank_has_its_cause(panel):
    moves = standards.rank_changes(panel)
    assert len(moves) == 17
    row = moves.iloc[3]
    parts = standards.attribute(panel, row["unit"], 2011, 2015).set_index("indicator")
    assert parts.at[row["cause"], "change"] == pytest.approx(row["cause_change"])
    assert np.sign(row["cause_change"]) == np.sign(row["score_change"])


def test_ranks_are_as_sure_as_the_allowed_weights_leave_them(panel):
    result = robustness(panel, 2015, draws=4000)
    np.testing.assert_allclose(result.share.sum(axis=1), 1)
    np.testing.assert_allclose(result.share.sum(axis=0), 1)
    expected = panel.total.xs(2015, level="year")["score"]
    np.testing.assert_allclose(result.scores["score"], expected)
    assert (result.scores["low"] <= result.scores["high"]).all()
    inside = result.intervals
    assert (inside["first_low"] <= inside["weight"]).all()
    assert (inside["weight"] <= inside["first_high"]).all()
    assert (inside["order_low"] >= inside["first_low"] - 1e-12).all()
    assert result.without.shape == (10, 17)


def test_drawn_weights_keep_the_ranges_of_the_edition():
    edition = load_standard("tdt1029-2014")
    from zgcgis.standards.robustness import draw_shares

    drawn = draw_shares(edition, "industrial/main", 2000, np.random.default_rng(0))
    leaves = [leaf.id for leaf in edition.leaves("industrial/main")]
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    management = drawn[:, leaves.index("industrial/main/management/supervision/idle_rate")]
    assert management.min() >= 0.08 - 1e-12
    assert management.max() <= 0.12 + 1e-12


def test_other_methods_start_from_the_same_scores(panel):
    found = standards.cross(panel, 2015, "industrial")
    expected = standards.ranking(panel).xs(2015, level="year")["rank"]
    assert found.ranks["standard"].to_dict() == expected.to_dict()
    assert set(found.ranks) == {"standard", "entropy", "critic", "combined", "topsis", "vikor"}
    np.testing.assert_allclose(found.weights.sum(), 1)
    assert found.weights.loc["idle_rate", "entropy"] == 0  # nobody has idle land here


def test_coordination_of_state_and_benefit(panel):
    table = standards.coordination(panel)
    row = table.iloc[5]
    nodes = panel.parts.set_index(["unit", "year", "node"])["score"]
    x = nodes[row["unit"], row["year"], "industrial/main/status"] / 100
    y = nodes[row["unit"], row["year"], "industrial/main/benefit"] / 100
    assert row["C"] == pytest.approx(2 * (x * y) ** 0.5 / (x + y))
    assert row["D"] == pytest.approx((row["C"] * (x + y) / 2) ** 0.5)


def test_experts_may_set_the_weights_of_a_node_by_comparing_in_pairs():
    node = "industrial/main/benefit/industry"
    data = binxi_evaluation() | {"ahp": [{"node": node, "experts": [[[1, 3], [1 / 3, 1]]]}]}
    edition = read_evaluation(data).standard
    assert edition.nodes[f"{node}/investment_intensity"].weight == pytest.approx(0.75)
    assert edition.nodes[f"{node}/industrial_tax_per_hectare"].weight == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (
            {
                "node": "industrial/main/status",
                "experts": [[[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]]],
            },
            "consistency ratio of .* not below 0.1",
        ),
        ({"node": "industrial/main/status", "experts": [[[1, 2], [0.5, 1]]]}, "must have 3 rows"),
        ({"node": "A31", "experts": [[[1]]]}, "no node to compare"),
        (
            {"node": "industrial/main", "experts": [[[1, 1, 1], [1, 1, 1], [1, 1, 1]]]},
            "outside its range",
        ),
    ],
)
def test_judgements_that_cannot_be_used_are_refused(entry, says):
    with pytest.raises(ZgcgisError, match=says):
        read_evaluation(binxi_evaluation() | {"ahp": [entry]})


def test_one_park_has_no_sure_rank():
    assert robustness(score(binxi_values(), "tdt1029-2014", binxi_evaluation()), 2013) is None


def test_the_type_is_suggested_not_set():
    index = pd.MultiIndex.from_tuples([("a", 1), ("b", 1), ("c", 1)], names=["unit", "year"])
    accounts = pd.DataFrame(
        {
            "built_land_m2": [100.0, 100.0, 100.0],
            "industrial_land_m2": [71.0, 20.0, 53.0],
            "residential_land_m2": [1.0, 30.0, 40.0],
        },
        index=index,
    )
    result = standards.suggest_kind(accounts, load_standard("tdt1029-2014"))
    assert result["kind"].tolist() == ["industrial", "mixed", ""]


# --- laws over what ships ------------------------------------------------------------------------------

SOUND = [name for name in standards.EDITIONS if name != "tdt1029-2014-as-found"]


@pytest.mark.parametrize("name", SOUND)
def test_an_edition_says_in_both_languages_how_well_it_is_known(name):
    edition = load_standard(name)
    assert edition.confirmed
    assert edition.missing
    for zh, en in (*edition.confirmed, *edition.forms_only, *edition.missing, *edition.mended):
        assert zh
        assert en
    for node in edition.nodes.values():
        assert node.zh
        assert node.en
        if node.indicator:
            assert INDICATORS[node.indicator].evidence != "unverified"
    for kind in edition.kinds:
        for area in edition.areas(kind):
            shares = standards.scoring.shares_below(edition, f"{kind}/{area}")
            assert sum(shares[leaf.id] for leaf in edition.leaves(f"{kind}/{area}")) == (
                pytest.approx(1)
            )


def test_benchmarks_have_a_source_and_name_indicators_that_exist():
    found = standards.benchmarks()
    assert found["source"].str.startswith("http").all()
    assert set(found["indicator"]) <= {*INDICATORS, "score"}
    notice = found[(found["year"] == 2019) & (found["scope_en"] == "national development zones")]
    assert notice.set_index("indicator").at["development_rate", "value"] == 89.46


def test_control_limits_of_2008_are_there_and_those_of_2023_are_left_open():
    limits = standards.control_limits("industrial-control-2008")
    far = limits[limits["indicator"] == "project_floor_area_ratio"].set_index("industry")["min"]
    assert len(far) == 30
    assert far["27"] == 0.7
    assert far["40"] == 1.0
    assert set(limits["indicator"]) <= set(INDICATORS)
    new = standards.control_limits("industrial-control-2023")
    assert new[["min", "max"]].isna().all(axis=None)
    with pytest.raises(UnknownNameError, match="industrial-control-2008"):
        standards.control_limits("2004")


def test_every_shipped_standard_is_either_sound_or_refused_on_purpose():
    folder = files("zgcgis").joinpath("resources/standards")
    names = {e.name.removesuffix(".toml") for e in folder.iterdir() if e.name.endswith(".toml")}
    assert names == {
        "tdt1029-2014",
        "tdt1029-2014-as-found",
        "industrial-control-2008",
        "industrial-control-2023",
    }


def test_values_follow_from_accounts_for_binxi():
    accounts = binxi_accounts().loc[[("binxi", 2013)]]
    values = compute(accounts, ["industrial_share", "investment_intensity"]).iloc[0]
    assert values.tolist() == [pytest.approx(71.17, abs=0.005), pytest.approx(2179.45)]


def test_potentials_of_growth_land_use_the_ideals_of_growth_land():
    evaluation = standards.read_evaluation(
        {
            "standard": "tdt1029-2014",
            "kind": "industrial",
            "areas": {"new": "growth"},
            "ideal": [
                {"indicator": "industrial_floor_area_ratio", "area": "main", "value": 1.0},
                {"indicator": "industrial_floor_area_ratio", "area": "growth", "value": 2.0},
            ],
        }
    )
    index = pd.MultiIndex.from_tuples([("old", 2023), ("new", 2023)], names=["unit", "year"])
    accounts = pd.DataFrame(
        {"industrial_land_m2": 1e6, "industrial_floor_area_m2": 1e6}, index=index
    )
    found = standards.potentials(accounts, evaluation).set_index("unit")
    value = found[found["item"] == "industrial_floor_area_ratio"]["value"]
    assert value.to_dict() == {"old": 0.0, "new": 500_000.0}  # 50 ha of 100

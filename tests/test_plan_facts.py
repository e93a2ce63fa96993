"""Every fact of every plan stands in its clause: names and figures are looked up in the digest."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from zgcgis.plan import CLUSTERS, load_plan

ROOT = Path(__file__).parents[1]
PLANS = sorted(ROOT.glob("data/*/plan.toml"))
ZGC = ROOT / "data/zgc/plan.toml"


def facts(node: object, path: str, clause: str = "") -> Iterator[tuple[str, str, dict]]:
    """Every table that cites a clause or stands under one that does."""
    if isinstance(node, dict):
        clause = node.get("clause", clause)
        if clause and ({"terms", "industry_terms", "printed", "base_printed"} & set(node)):
            yield path, clause, node
        for key, value in node.items():
            yield from facts(value, f"{path}.{key}", clause)
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from facts(value, f"{path}[{i}]", clause)


def squeeze(text: str) -> str:
    return "".join(text.split())


def digest_of(file: Path, plan: dict) -> dict[str, set[str]]:
    name = plan["plan"].get("digest")
    if not name:
        return {}
    there = file.parent / name
    text = (there if there.is_file() else ROOT / "seeds" / name).read_text(encoding="utf-8")
    return {
        clause["id"]: {squeeze(t) for t in clause["terms"] + clause.get("industries_terms", [])}
        for clause in tomllib.loads(text)["clause"]
    }


CASES = [
    pytest.param(digest, clause, fact, id=f"{file.parent.name}:{path}")
    for file in PLANS
    for plan in [tomllib.loads(file.read_text(encoding="utf-8"))]
    for digest in [digest_of(file, plan)]
    if digest
    for path, clause, fact in facts(plan, "plan")
]


@pytest.mark.parametrize(("digest", "clause", "fact"), CASES)
def test_every_name_and_figure_of_a_fact_stands_in_its_clause(digest, clause, fact):
    said = [*fact.get("terms", []), *fact.get("industry_terms", [])]
    said += [fact[key] for key in ("printed", "base_printed") if fact.get(key)]
    missing = [term for term in said if squeeze(term) not in digest[clause]]
    assert not missing


def test_there_are_facts_to_hold():
    assert len(CASES) > 60


def test_the_digest_has_its_twenty_five_clauses():
    plan = load_plan(ZGC)
    assert len(plan.clauses) == 25
    assert all(clause.duty and clause.terms for clause in plan.clauses.values())


def test_every_clause_is_used_by_a_fact():
    text = tomllib.loads(ZGC.read_text(encoding="utf-8"))
    assert {clause for _, clause, _ in facts(text, "plan")} == set(load_plan(ZGC).clauses)


def test_no_industry_of_a_clause_is_left_out_of_its_group():
    plan = load_plan(ZGC)
    seeds = tomllib.loads((ROOT / "seeds/plan-2011-2020.toml").read_text(encoding="utf-8"))
    stated = {
        c["group"]: set(c.get("industries_terms", [])) for c in seeds["clause"] if "group" in c
    }
    assert {key: set(group.industry_terms) for key, group in plan.groups.items()} == stated


def test_the_groups_of_the_digest_are_the_groups_of_the_plan():
    assert list(load_plan(ZGC).groups) == ["science_city", "north", "south", "linked"]


def test_a_name_in_chinese_is_not_turned_into_another_park():
    """The words by which the plan names a park are a name or an alias of that unit."""
    import csv

    with (ROOT / "data/zgc/parks.csv").open(encoding="utf-8") as file:
        names = {row["id"]: {row["zh"], *row["aliases"].split("|")} for row in csv.DictReader(file)}
    plan = load_plan(ZGC)
    places = [p for group in plan.groups.values() for p in (*group.parks, *group.corridors)]
    for place in [*places, *plan.parks.values()]:
        known = {squeeze(name) for name in names[place.id]} | {place.zh}
        assert known & {squeeze(term) for term in place.terms}, place.id


NUMBER = re.compile(r"[\d.]+")
SCALE = {"万亿元": Decimal(10) ** 8, "%": Decimal(1), "万左右": Decimal(10) ** 4}


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        pytest.param(value, printed, id=f"{target.id}: {printed}")
        for target in load_plan(ZGC).targets
        for value, printed in (
            (target.value, target.printed),
            (target.base_value, target.base_printed),
        )
        if value is not None and target.value_to is None
    ],
)
def test_a_target_in_stored_units_is_the_figure_that_is_printed(value, printed):
    number = NUMBER.search(printed)
    unit = squeeze(printed[number.end() :])
    assert Decimal(number[0]) * SCALE[unit] == Decimal(value)


def test_the_range_of_clusters_is_the_printed_one():
    target = next(t for t in load_plan(ZGC).targets if t.id == "clusters_2020")
    assert (target.value, target.value_to, squeeze(target.printed)) == (2, 3, "2-3个")


def test_doubling_means_twice_the_base_year():
    target = next(t for t in load_plan(ZGC).targets if t.id == "patents_2015")
    assert "翻一番" in target.printed
    assert (target.times_base, target.base_year) == (2, 2008)


def test_the_plan_s_clusters_are_those_of_the_proposed_codes():
    clusters = {k: i for k, i in load_plan(ZGC).industries.items() if i.kind == "cluster"}
    assert list(clusters) == list(CLUSTERS)
    for key, industry in clusters.items():
        assert (industry.zh, industry.en) == (CLUSTERS[key].zh, CLUSTERS[key].en)
        assert squeeze(industry.zh) in squeeze(industry.terms[0])

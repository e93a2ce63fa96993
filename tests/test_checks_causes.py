"""One cause is one finding, however many features share it; the gravest and largest come first."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from tests.test_checks_plan import layer, square, zone
from zgcgis.checks import RULES, check, not_checked
from zgcgis.findings import MOST_SINGLE, SEVERITIES, describe, finding_frame, gravest_first
from zgcgis.planning.changes import compare_findings

MANY = 300


def many_parcels(number: int = MANY, **columns: object):
    rows = [{"id": f"c{k:05d}", "land_use": "1001", **columns} for k in range(number)]
    return layer(rows, [square(k) for k in range(number)])


def unknown_code(number: int):
    return zone(layers={"parcel": many_parcels(number, land_use="2399")})


def no_such_parent(number: int):
    land = many_parcels(number)
    land["block_id"] = [f"B{k}" for k in range(number)]  # each names another that is not there
    return zone(layers={"parcel": land, "block": layer([{"id": "b"}], [square(0)])})


def nothing_on_record(number: int):
    land = many_parcels(number, supply_state="D21", approved_date="2021-01-01")
    land["supply_date"] = "2021-02-01"
    return zone(layers={"parcel": land})


def in_mu(number: int):
    return zone(layers={"parcel": many_parcels(number, registered_area_m2=15.0)})


CAUSES = {
    "D512": unknown_code,
    "H205": no_such_parent,
    "L607": nothing_on_record,
    "T109": in_mu,
}


def test_every_rule_that_names_a_cause_is_tried_here():
    assert {code for code, entry in RULES.items() if entry.cause} <= set(CAUSES)


@pytest.mark.parametrize("code", CAUSES)
def test_what_many_share_is_one_finding_with_number_area_and_examples(code):
    (one,) = check(CAUSES[code](MANY), [code]).to_dict("records")
    assert f"{MANY} in all" in one["feature"]
    assert one["feature"].count("、c00") == 9
    if one["unit"] == "m2":
        land = 10_000.0 * MANY if code == "D512" else (15.0 - 10_000.0) * MANY
        assert one["measured"] == pytest.approx(land, rel=1e-4)
    else:
        assert "area in all 3,000,0" in one["detail"]
    assert not one["geometry"].is_empty
    few = check(CAUSES[code](MOST_SINGLE), [code])
    assert len(few) == MOST_SINGLE


@pytest.mark.parametrize("code", CAUSES)
def test_one_more_with_the_same_cause_is_the_same_finding_grown(code):
    was, now = (check(CAUSES[code](number), [code]) for number in (MANY, MANY + 50))
    compared = compare_findings(was, now)
    assert len(compared) == 1
    assert compared["status"].item() in {"same", "worse"}
    assert f"{MANY + 50} in all" in compared["feature"].item()


def test_two_causes_are_two_findings_each_with_its_own():
    land = many_parcels()
    land["land_use"] = ["2399"] * 200 + ["7777"] * 90 + ["5555"] * 10
    found = check(zone(layers={"parcel": land}), ["D512"])
    assert len(found) == 12
    told = found[found["feature"].str.contains("in all")]
    assert told["measured"].tolist() == pytest.approx([2_000_000, 900_000], rel=1e-4)
    assert told["detail"].str[:4].tolist() == ["2399", "7777"]


def test_areas_stated_in_another_unit_are_told_apart_from_areas_that_are_wrong():
    land = many_parcels(registered_area_m2=15.0)
    land.loc[:4, "registered_area_m2"] = 11_000.0
    found = check(zone(layers={"parcel": land}), ["T109"])
    assert len(found) == 6
    assert "mu" in found["detail"].iloc[0]
    assert set(found["feature"].iloc[1:]) == {f"c{k:05d}" for k in range(5)}
    mixed = many_parcels()
    mixed["registered_area_m2"] = [10_000.0 * (1.1 + k / 1_000) for k in range(MANY)]
    assert len(check(zone(layers={"parcel": mixed}), ["T109"])) == MANY


def test_a_code_nobody_knows_is_found_and_not_also_said_to_be_unchecked():
    here = unknown_code(MANY)
    assert not_checked(here, ["D512"]).empty
    blank = replace(here, layers={"parcel": many_parcels(land_use="")})
    assert not_checked(blank, ["D512"])["reason"].tolist() == ["not_stated"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_finding_of_many_is_a_sentence(lang):
    for code, make in CAUSES.items():
        (words,) = describe(check(make(MANY), [code]), lang)
        assert "300" in words
        assert "nan" not in words.lower()


def test_the_gravest_come_first_and_of_these_the_largest():
    rows = [
        {"severity": s, "level": "parcel", "feature": f"{s}{m}", "measured": m, "limit": 1.0}
        for m in (3.0, 700.0, -90.0)
        for s in reversed(SEVERITIES)
    ]
    days = [{"level": "parcel", "feature": f"d{m}", "measured": m} for m in (400.0, 900.0)]
    table = pd.concat([finding_frame(days, rule="L601"), finding_frame(rows, rule="T101")])
    order = gravest_first(table)["feature"].tolist()
    assert order == [
        "error700.0", "error-90.0", "error3.0", "d900.0", "d400.0",
        "warning700.0", "warning-90.0", "warning3.0", "note700.0", "note-90.0", "note3.0",
    ]  # fmt: skip


def test_a_quota_ranks_by_what_is_over_it():
    rows = [
        {"level": "park", "feature": "just", "measured": 1_000_100.0, "limit": 1_000_000.0},
        {"level": "park", "feature": "far", "measured": 900.0, "limit": 100.0},
    ]
    assert gravest_first(finding_frame(rows, rule="Q401"))["feature"].tolist() == ["far", "just"]

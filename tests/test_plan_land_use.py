"""The crosswalk of land-use codes: complete, consistent, and never guessing."""

from __future__ import annotations

import pandas as pd
import pytest

from zgcgis.language.terms import TERMS
from zgcgis.plan.land_use import CLASSES, STATE_KEYS, SYSTEMS, classify, crosswalk, state_keys


@pytest.mark.parametrize("system", SYSTEMS)
def test_codes_are_unique_and_have_their_parent(system):
    table = crosswalk().loc[system]
    assert table.index.is_unique
    assert set(table["parent"]) - {""} <= set(table.index)


def test_every_row_has_a_class_a_mark_and_a_source():
    table = crosswalk()
    assert set(table["class"]) <= set(CLASSES)
    assert set(table["mark"]) <= {"third-party", "corroborated", "unverified"}
    assert (table["source"] != "").all()
    assert set(table["construction"]) == {"Y", "N"}


def test_built_classes_are_construction_land_and_others_are_not():
    table = crosswalk()
    built = table["td1029"].str.startswith(("A", "B"))
    assert (table["construction"][built] == "Y").all()
    left = table[~built & (table["construction"] == "Y")]
    assert set(left["class"]) == {"reserved"}


@pytest.mark.parametrize(
    ("system", "code", "state", "common"),
    [
        ("yonghai_2023", "1001", "A2", "industrial"),
        ("yonghai_2023", "110102", "A2", "storage"),
        ("yonghai_2023", "0802", "A52", "research"),
        ("yonghai_2023", "1207", "A31", "street"),
        ("yonghai_2023", "1401", "A51", "green"),
        ("yonghai_2023", "0702", "A52", "public"),
        ("gbt21010_2017", "0604", "A2", "storage"),
        ("gbt21010_2017", "0810", "A51", "green"),
        ("third_survey", "0508", "A2", "storage"),
        ("third_survey", "05H1", "A4", "commercial"),
        ("gb50137_2011", "M2", "A2", "industrial"),
        ("gb50137_2011", "A35", "A52", "research"),
    ],
)
def test_the_same_ground_has_one_class_in_every_system(system, code, state, common):
    row = classify(pd.Series([code]), system).iloc[0]
    assert (row["td1029"], row["class"]) == (state, common)


def test_research_land_is_not_industrial_land():
    table = crosswalk()
    industrial = set(table[table["td1029"] == "A2"]["class"])
    assert industrial == {"industrial", "mining", "storage"}


def test_a_finer_code_is_its_parent_and_an_unknown_one_is_not_known():
    codes = pd.Series(["100101", "10010199", "2399", "99", "", None], index=list("abcdef"))
    known = classify(codes, "yonghai_2023")
    assert known["known_as"].tolist() == ["100101", "100101", "", "", "", ""]
    assert known.index.tolist() == list("abcdef")


def test_an_unknown_system_knows_nothing():
    systems = pd.Series(["yonghai_2023", "ours", None])
    assert classify(pd.Series(["1001"] * 3), systems)["class"].tolist() == ["industrial", "", ""]


def test_states_count_to_every_account_they_begin_with():
    held = state_keys(pd.Series(["A31", "A5", "B21", None]))
    assert held["built_land_m2"].tolist() == [True, True, False, False]
    assert held["transport_land_m2"].tolist() == [True, False, False, False]
    assert held["street_land_m2"].tolist() == [True, False, False, False]
    assert held["green_land_m2"].tolist() == [False] * 4
    assert held["ready_land_m2"].tolist() == [False, False, True, False]


def test_every_account_of_a_state_is_in_the_glossary():
    assert set(STATE_KEYS.values()) <= set(TERMS)

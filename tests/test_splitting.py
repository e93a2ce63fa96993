"""Parcels split, merged and swapped as changes of a scenario: areas closed, lineage kept."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from zgcgis import geo
from zgcgis.io import open_zone
from zgcgis.language.errors import PlanError
from zgcgis.planning import scenario
from zgcgis.planning.difference import compare_states, state_of_zone

ZONE = open_zone("sample")
NOW = ZONE.at(2023).layers["parcel"].reset_index(drop=True)
SUMS = ["registered_area_m2", "developed_area_m2", "idle_m2"]


def change(do, **data):
    return scenario.Change(do, {"do": do, **data}, "test")


@cache
def _base():
    return ZONE.at(2023).layers["parcel"].set_index("id")


def size(layer):
    return geo.area_m2(layer.geometry, center=ZONE.center)


def now(zone):
    return _base() if zone is ZONE else zone.at(2023).layers["parcel"].set_index("id")


def closed(before, after, **ids):
    """No land of the zone comes or goes, and what can be summed keeps its sum."""
    old, new = now(before), now(after)
    assert size(new).sum() == pytest.approx(size(old).sum(), abs=0.01)
    for name in SUMS:
        assert new[name].sum() == pytest.approx(old[name].sum(), abs=0.001)
    return old, new


@settings(max_examples=6, deadline=None)
@given(st.integers(0, len(NOW) - 1), st.lists(st.integers(1, 9), min_size=2, max_size=4))
def test_the_parts_of_any_split_sum_to_the_whole(number, weights):
    name = NOW["id"].iloc[number]
    shares = (np.array(weights) / sum(weights)).tolist()
    made = scenario.apply(ZONE, [change("split", parcel=name, shares=shares)])
    old, new = closed(ZONE, made)
    parts = new[new["came_from"] == name]
    whole = size(old.loc[[name]]).iloc[0]
    assert size(parts).tolist() == pytest.approx([whole * one for one in shares], abs=0.02)
    assert size(parts).sum() == pytest.approx(whole, abs=0.01)
    assert parts["registered_area_m2"].sum() == pytest.approx(
        old.loc[name, "registered_area_m2"], abs=0.001
    )
    assert name not in new.index
    union = shapely.union_all(geo.to_plane(parts.geometry, ZONE.center).to_numpy())
    ground = geo.to_plane(old.loc[[name]].geometry, ZONE.center).iloc[0]
    assert shapely.area(shapely.symmetric_difference(union, ground)) < 0.01


@settings(max_examples=6, deadline=None)
@given(st.integers(0, len(NOW) - 1), st.floats(0.2, 0.8))
def test_what_was_split_merges_into_what_it_was(number, share):
    name = NOW["id"].iloc[number]
    cut = scenario.apply(ZONE, [change("split", parcel=name, into=["甲", "乙"], shares=[share, 1 - share])])  # fmt: skip
    parts = now(cut).loc[["甲", "乙"]]
    if (parts.geom_type != "Polygon").any():
        return  # cut through a bay: its pieces need not touch
    back = scenario.apply(cut, [change("merge", parcels=["甲", "乙"], into=name)])
    old, new = closed(ZONE, back)
    assert size(new.loc[[name]]).iloc[0] == pytest.approx(size(parts).sum(), abs=0.01)
    assert size(new.loc[[name]]).iloc[0] == pytest.approx(size(old.loc[[name]]).iloc[0], abs=0.01)
    assert new.loc[name, "came_from"] == "甲、乙"
    for column in ("land_use", "owner", "supply_state", "supply_date"):
        a, b = old.loc[name, column], new.loc[name, column]
        assert (pd.isna(a) and pd.isna(b)) or a == b


@settings(max_examples=4, deadline=None)
@given(st.integers(0, len(NOW) - 1), st.integers(0, len(NOW) - 1))
def test_a_swap_keeps_both_totals(a, b):
    one, two = NOW["id"].iloc[a], NOW["id"].iloc[b]
    if one == two:
        return
    _, new = closed(ZONE, made := scenario.apply(ZONE, [change("swap", parcels=[one, two])]))
    for name in (one, two):
        assert size(new.loc[[name]]).iloc[0] == pytest.approx(size(now(ZONE).loc[[name]]).iloc[0])
        assert new.loc[name, "registered_area_m2"] == now(ZONE).loc[name, "registered_area_m2"]
    assert len(now(made)) == len(now(ZONE))


def test_a_line_cuts_and_the_past_stays():
    name = "H001-01"
    shape = now(ZONE).loc[name].geometry
    west, south, east, north = shape.bounds
    middle = (west + east) / 2
    line = [[middle, south - 0.001], [middle, north + 0.001]]
    made = scenario.apply(ZONE, [change("split", parcel=name, into=["x", "y"], line=line)])
    new = now(made)
    assert size(new.loc[["x", "y"]]).sum() == pytest.approx(size(now(ZONE).loc[[name]]).iloc[0], abs=0.01)  # fmt: skip
    assert size(new.loc[["x"]]).iloc[0] >= size(new.loc[["y"]]).iloc[0]
    assert name in made.at(2022).layers["parcel"]["id"].to_numpy()
    assert "x" not in made.at(2022).layers["parcel"]["id"].to_numpy()
    assert name in now(ZONE).index


def test_buildings_and_firms_go_with_the_part_they_stand_on():
    buildings = ZONE.at(2023).layers["building"]
    name = buildings["parcel_id"].value_counts().index[0]
    made = scenario.apply(ZONE, [change("split", parcel=name, into=["x", "y"], shares=[0.5, 0.5])])
    mine = made.at(2023).layers["building"].set_index("id").loc[buildings.loc[buildings["parcel_id"] == name, "id"]]  # fmt: skip
    parts = geo.to_plane(now(made).loc[["x", "y"]].geometry, ZONE.center)
    points = geo.to_plane(mine.geometry, ZONE.center).representative_point()
    assert len(mine) >= 2
    for part, point in zip(mine["parcel_id"], points, strict=True):
        assert parts[part].distance(point) < 1e-6
    firms = made.at(2023).layers["enterprise"]
    assert not ((firms["parcel_id"] == name) & (firms["year"] == 2023)).any()


def test_the_lineage_is_told_by_a_comparison():
    pair = ["H001-01", "H001-02"]
    made = scenario.apply(
        ZONE, [change("split", parcel="H001-03", into=["x", "y"], shares=[0.3, 0.7]),
               change("merge", parcels=pair, into="z")])  # fmt: skip
    found = compare_states(state_of_zone(ZONE, 2023, "parcel"), state_of_zone(made, 2023, "parcel"))
    line = found.lineage
    assert set(line.loc[line["kind"] == "split", "new"]) == {"x", "y"}
    assert set(line.loc[line["kind"] == "merged", "old"]) == set(pair)
    assert now(made).loc["z", "came_from"] == "、".join(pair)


@pytest.mark.parametrize(
    ("do", "data", "words"),
    [
        ("split", {"parcel": "H001-01"}, "只写一个"),
        ("split", {"parcel": "H001-01", "shares": [0.5, 0.6]}, "和为 1"),
        ("split", {"parcel": "H001-01", "shares": "half"}, "和为 1"),
        ("split", {"parcel": "H001-01", "line": [[0, 0], [1, 1]]}, "没有把"),
        ("split", {"parcel": "H001-01", "line": [[0, "x"]]}, "横穿宗地"),
        ("split", {"parcel": "H001-01", "shares": [0.5, 0.5], "into": ["a"]}, "同样多"),
        ("split", {"parcel": "H001-01", "shares": [0.5, 0.5], "into": ["a", "H001-02"]}, "已被占用"),
        ("merge", {"parcels": ["H001-01"]}, "两个以上"),
        ("merge", {"parcels": ["H001-01", "W001-07"]}, "互不相邻"),
        ("split", {"parcel": "nobody", "shares": [0.5, 0.5]}, "没有编号为"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_cannot_be_cut_or_joined_is_a_sentence(do, data, words):
    with pytest.raises(PlanError, match=words):
        scenario.apply(ZONE, [change(do, **data)])


def test_a_file_says_all_of_it(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text('[[change]]\ndo = "split"\nparcel = "H001-01"\ninto = ["a", "b"]\nshares = [0.4, 0.6]\n'
                    '[[change]]\ndo = "merge"\nparcels = ["a", "b"]\ninto = "c"\nvalues = { owner = "某公司" }\n',
                    encoding="utf-8")  # fmt: skip
    made = scenario.apply(ZONE, scenario.read_scenario(file).changes)
    assert now(made).loc["c", "owner"] == "某公司"

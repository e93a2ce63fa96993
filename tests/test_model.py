"""The zone: years are half-open, a part of it is whole in itself."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from zgcgis.language.errors import UnknownNameError
from zgcgis.model import COLUMNS, LEVELS, Layers, Zone, there_in

years = st.one_of(st.none(), st.integers(1988, 2035))


@pytest.fixture
def zone() -> Zone:
    """One group of two parks, one park beside it; parcels and buildings in all three."""
    units = pd.DataFrame(
        {
            "id": ["north", "a", "b", "c"],
            "level": ["group", "park", "park", "park"],
            "parent": [None, "north", "north", None],
            "group": [None, "north", "north", None],
            "zh": ["北", "甲", "乙", "丙"],
            "en": ["North", "A", "B", "C"],
            "since": pd.array([None, None, 2012, None], dtype="Int64"),
            "until": pd.array([None, None, None, 2012], dtype="Int64"),
        }
    ).set_index("id")
    parcels = gpd.GeoDataFrame(
        {
            "id": ["a1", "b1", "c1"],
            "park_id": ["a", "b", "c"],
            "block_id": [None, None, None],
            "since": pd.array([2010, 2012, 2010], dtype="Int64"),
            "until": pd.array([None, None, 2012], dtype="Int64"),
        },
        geometry=[box(i, 0, i + 1, 1) for i in range(3)],
        crs="EPSG:4490",
    )
    buildings = gpd.GeoDataFrame(
        {"id": ["x", "y"], "parcel_id": ["a1", "c1"]},
        geometry=[box(0, 0, 0.5, 0.5), box(2, 0, 2.5, 0.5)],
        crs="EPSG:4490",
    )
    accounts = pd.DataFrame({"unit": ["a", "b", "c"], "year": [2011] * 3, "value": [1.0, 2.0, 3.0]})
    quotas = pd.DataFrame({"unit": ["a", "c"], "quota_m2": [5.0, 6.0]})
    district = gpd.GeoDataFrame({"id": ["d"]}, geometry=[Point(0, 0)], crs="EPSG:4490")
    return Zone(
        id="demo",
        names={"zh": "示例", "en": "Demo"},
        meta={"center": [116.4, 40.0]},
        units=units,
        layers={"parcel": parcels, "building": buildings, "district": district},
        accounts=accounts,
        quotas=quotas,
    )


@given(since=years, until=years, year=st.integers(1988, 2035))
def test_a_row_is_there_from_since_up_to_but_not_in_until(since, until, year):
    table = pd.DataFrame({"since": pd.array([since], "Int64"), "until": pd.array([until], "Int64")})
    expected = (since is None or since <= year) and (until is None or year < until)
    assert there_in(table, year).tolist() == [expected]


def test_a_table_without_years_is_there_always():
    assert there_in(pd.DataFrame({"x": [1, 2]}), 2000).tolist() == [True, True]


def test_the_zone_of_a_year_has_the_units_and_land_of_that_year(zone):
    before, after = zone.at(2011), zone.at(2012)
    assert list(before.units.index) == ["north", "a", "c"]
    assert list(after.units.index) == ["north", "a", "b"]
    assert list(before.layer("parcel")["id"]) == ["a1", "c1"]
    assert len(after.accounts) == 3


def test_a_part_holds_what_lies_under_it_and_nothing_else(zone):
    north = zone.within("north")
    assert set(north.units.index) == {"north", "a", "b"}
    assert list(north.layer("parcel")["id"]) == ["a1", "b1"]
    assert list(north.layer("building")["id"]) == ["x"]
    assert list(north.accounts["unit"]) == ["a", "b"]
    assert list(north.quotas["unit"]) == ["a"]
    assert len(north.layer("district")) == 1


def test_a_part_of_a_part_is_the_smaller_part(zone):
    assert list(zone.within("north").within("a").layer("parcel")["id"]) == ["a1"]


def test_the_zone_itself_is_left_alone(zone):
    zone.at(2011)
    zone.within("a")
    assert len(zone.units) == 4
    assert len(zone.layer("parcel")) == 3


def test_names_of_units_and_of_the_zone(zone):
    assert zone.name("a") == "甲"
    assert zone.name("a", "en") == "A"
    assert zone.name("zone", "en") == "Demo"
    assert zone.name("nobody") == "nobody"


def test_an_unknown_unit_or_layer_is_answered_with_the_list(zone):
    with pytest.raises(UnknownNameError, match="north"):
        zone.within("nroth")
    with pytest.raises(UnknownNameError, match="parcel"):
        zone.layer("parcels")


class _Waiting:
    """A layer in a file, as far as `Layers` has to know it."""

    count = 3

    def __init__(self, frame):
        self.frame = frame
        self.times = 0

    def read(self):
        self.times += 1
        return self.frame


def test_a_layer_that_waits_is_read_once_and_only_when_asked_for(zone):
    waiting = _Waiting(zone.layers["parcel"])
    layers = Layers({"district": zone.layers["district"]}, {"parcel": waiting})
    lazy = replace(zone, layers=layers)
    assert list(lazy.layers) == ["district", "parcel"]
    assert (lazy.count("parcel"), lazy.count("district"), lazy.count("park")) == (3, 1, 0)
    assert lazy.unread("parcel") is waiting
    assert lazy.unread("district") is lazy.unread("park") is None
    assert waiting.times == 0
    assert lazy.layer("parcel") is lazy.layers["parcel"] is waiting.frame
    assert waiting.times == 1
    assert lazy.unread("parcel") is None
    with pytest.raises(KeyError):
        layers["park"]


def test_columns_of_a_level_without_its_shapes(zone):
    assert list(zone.table("parcel")) == ["id", "park_id", "block_id", "since", "until"]
    assert list(zone.table("parcel", ["until", "id", "owner"])) == ["until", "id"]
    assert type(zone.table("parcel")) is pd.DataFrame
    assert zone.count("parcel") == 3
    with pytest.raises(UnknownNameError, match="parcel"):
        zone.table("park")


@pytest.mark.parametrize("level", LEVELS.values(), ids=list(LEVELS))
def test_every_level_has_two_names_and_known_columns(level):
    assert level.zh
    assert level.en
    assert set(level.columns) <= set(COLUMNS)
    assert set(level.feature_key) <= {*level.columns, "id"}
    assert level.geometry in {"polygon", "line", "point", "any"}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=list(COLUMNS))
def test_every_column_has_a_type_and_two_names(column):
    assert column.type in {"text", "int", "float", "date", "bool"}
    assert column.zh
    assert column.en

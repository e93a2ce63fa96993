"""Accounts: a zone one can do in the head, then laws, then the sample."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import momepy
import numpy as np
import pandas as pd
import pytest
from geopandas import GeoDataFrame
from scipy.stats import entropy
from shapely import Point, box
from shapely.affinity import translate

from zgcgis import geo
from zgcgis.accounts import (
    LEVELS,
    NONE,
    RECIPES,
    count_pieces,
    lineage,
    measure,
    parts,
    pieces,
    spatial_form,
    summed,
    survey,
    transitions,
)
from zgcgis.io import open_zone
from zgcgis.language.errors import MissingColumnsError, UnknownNameError, ZoneError
from zgcgis.language.terms import TERMS
from zgcgis.model import Zone
from zgcgis.plan.land_use import STATE_KEYS

CENTER = (116.9, 39.2)
SAMPLE = Path(__file__).parents[1] / "data" / "sample"
HA = 10_000.0


def layer(rows):
    rows = [dict(row) for row in rows]
    shapes = [translate(row.pop("geometry"), 1000, 1000) for row in rows]
    return GeoDataFrame(rows, geometry=shapes, crs=geo.plane(CENTER)).to_crs("EPSG:4490")


def make_zone(*, accounts=(), **layers):
    units = pd.DataFrame(
        {"level": ["park", "park"], "group": ["g", "g"], "zh": ["东园", "西园"], "en": ["E", "W"]},
        index=["e", "w"],
    )
    table = pd.DataFrame(
        accounts,
        columns=["unit", "year", "key", "value"],
    ).astype({"year": "Int64", "value": float})
    return Zone(
        id="test",
        names={"zh": "试验", "en": "test"},
        meta={"center": CENTER, "years": [2020, 2021], "land_use_system": "yonghai_2023"},
        units=units,
        layers={level: layer(rows) for level, rows in layers.items()},
        accounts=table,
        quotas=pd.DataFrame(columns=["unit", "year", "use", "kind", "quota_m2", "clause"]),
    )


def hectares(west, south, east, north):
    """A box in units of 100 m."""
    return box(100 * west, 100 * south, 100 * east, 100 * north)


PARKS = [
    {"id": "w", "group": "g", "precision": "surveyed", "geometry": hectares(0, 0, 4, 2)},
    {"id": "e", "group": "g", "precision": "surveyed", "geometry": hectares(4, 0, 8, 2)},
]


def parcel(id_, park, shape, build, supply, use, **more):
    base = {
        "id": id_,
        "park_id": park,
        "block_id": "",
        "land_use": use,
        "build_state": build,
        "supply_state": supply,
        "hightech": "",
        "idle_m2": 0.0,
        "since": None,
        "until": None,
        "supply_date": None,
        "planned_use": use,
    }
    return base | more | {"geometry": shape}


PARCELS = [
    parcel("w1", "w", hectares(0, 0, 2, 1), "A2", "D21", "1001", hightech="H1"),
    parcel("w2", "w", hectares(0, 1, 2, 2), "A31", "D1", "1207"),
    parcel("mid", "w", hectares(2, 0, 6, 1), "A1", "D22", "0701"),  # half in each park
    parcel("e1", "e", hectares(6, 0, 8, 1), "B21", "E21", "2301", idle_m2=5_000.0,
           supply_date="2021-05-01", planned_use="1101"),
    parcel("e2", "e", hectares(6, 1, 8, 2), "C1", "F", "1701"),
]  # fmt: skip
BUILDINGS = [
    # two storeys, one of them higher than 8 m
    {"id": "b1", "parcel_id": "w1", "kind": "building", "storeys": 2, "floor_area_m2": 8_000.0,
     "tall_floor_area_m2": 4_000.0, "storeys_below": 1, "geometry": hectares(0, 0, 0.8, 0.5)},
    {"id": "b2", "parcel_id": "w1", "kind": "yard", "storeys": None, "floor_area_m2": None,
     "tall_floor_area_m2": None, "storeys_below": None, "geometry": hectares(1, 0, 1.5, 0.4)},
    # stands on w1 and mid, and the stated floor area is split by area
    {"id": "b3", "parcel_id": "mid", "kind": "building", "storeys": 3, "floor_area_m2": None,
     "tall_floor_area_m2": None, "storeys_below": None, "geometry": hectares(1.9, 0, 2.1, 0.5)},
    # stands on mid, across the border of the parks
    {"id": "b4", "parcel_id": "mid", "kind": "building", "storeys": 10, "floor_area_m2": 10_000.0,
     "tall_floor_area_m2": None, "storeys_below": None, "geometry": hectares(3.8, 0, 4.6, 0.2)},
]  # fmt: skip
FIRMS = [
    {"id": "f1", "year": 2021, "park_id": "w", "parcel_id": "w1", "tax_wan": 100.0,
     "income_wan": 1_000.0, "investment_wan": 500.0, "staff_persons": 10.0,
     "geometry": Point(50, 50)},
    {"id": "f2", "year": 2021, "park_id": "w", "parcel_id": "mid", "tax_wan": 30.0,
     "income_wan": None, "investment_wan": 5.0, "staff_persons": 20.0, "geometry": Point(250, 50)},
    {"id": "f3", "year": 2021, "park_id": "", "parcel_id": "", "tax_wan": 7.0,
     "income_wan": 70.0, "investment_wan": 1.0, "staff_persons": 3.0, "geometry": Point(150, 50)},
    {"id": "f4", "year": 2020, "park_id": "e", "parcel_id": "", "tax_wan": 1.0,
     "income_wan": 1.0, "investment_wan": 1.0, "staff_persons": 1.0, "geometry": Point(0, 5_000)},
]  # fmt: skip


def whole(**more):
    return make_zone(park=PARKS, parcel=PARCELS, building=BUILDINGS, enterprise=FIRMS, **more)


@pytest.fixture(scope="module")
def book():
    return survey(whole())


def value(book, unit, key, year=2021):
    return book.table.loc[(unit, year), key]


# --- by hand -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "key", "hectare"),
    [
        ("w", "land_m2", 6),
        ("e", "land_m2", 6),
        ("w", "built_land_m2", 6),
        ("e", "built_land_m2", 2),
        ("w", "industrial_land_m2", 2),
        ("w", "residential_land_m2", 2),
        ("e", "residential_land_m2", 2),
        ("w", "transport_land_m2", 2),
        ("w", "street_land_m2", 2),
        ("e", "unbuilt_land_m2", 2),
        ("e", "other_unbuilt_land_m2", 2),
        ("e", "ready_land_m2", 2),
        ("e", "unbuildable_land_m2", 2),
        ("w", "supplied_land_m2", 6),
        ("w", "expired_land_m2", 2),
        ("e", "suppliable_industrial_land_m2", 2),
        ("e", "unsuppliable_land_m2", 2),
        ("w", "hightech_land_m2", 2),
        ("e", "idle_land_m2", 0.5),
        ("e", "supplied_in_year_m2", 2),
        ("e", "industrial_supplied_in_year_m2", 2),
        ("w", "footprint_m2", 0.4 + 0.1 + 0.04),
        ("e", "footprint_m2", 0.12),
        ("w", "industrial_footprint_m2", 0.4 + 0.05),
        ("w", "industrial_occupied_m2", 0.4 + 0.05 + 0.2),
        ("w", "floor_area_m2", 0.8 + 0.4 + 3 * 0.1 + 0.25),
        ("e", "floor_area_m2", 0.75),
        ("w", "industrial_floor_area_m2", 0.8 + 0.4 + 3 * 0.05),
        ("w", "underground_floor_area_m2", 0.4),
    ],
)
def test_land_and_buildings_by_hand(book, unit, key, hectare):
    assert value(book, unit, key) == pytest.approx(hectare * HA, rel=1e-5)


def test_a_tall_storey_counts_once_where_the_rule_does_not_double_it():
    once = measure(whole(), tall_storeys_twice=False)
    assert once.loc[("w", 2021), "floor_area_m2"] == pytest.approx(1.35 * HA, rel=1e-5)


def test_firms_by_hand(book):
    w = book.table.loc[("w", 2021)]
    assert w[["firms_count", "staff_persons", "tax_wan"]].tolist() == [3, 33, 137]
    # on industrial land: the one that names the parcel and the one whose point lies there
    assert w["industrial_tax_wan"] == 107
    assert w["industrial_investment_wan"] == 501
    assert book.table.loc[("e", 2020), "firms_count"] == 1
    assert book.table.loc[("e", 2021), "firms_count"] == 0


def test_a_firm_that_states_nothing_is_said(book):
    assert value(book, "w", "income_wan") == 1_070
    row = book.findings[book.findings["rule"] == "D519"].iloc[0]
    assert (row["feature"], row["measured"], row["detail"]) == ("w", 1, "2021 income_wan")


def test_land_by_use_and_codes_nobody_knows():
    odd = [*PARCELS, parcel("x", "w", hectares(2, 1, 3, 2), "A6", "D1", "9999")]
    found = survey(make_zone(park=PARKS, parcel=odd), years=[2021])
    assert found.by_use.loc[("w", 2021), "industrial"] == pytest.approx(2 * HA, rel=1e-5)
    assert found.by_use.loc[("w", 2021), "unmapped"] == pytest.approx(HA, rel=1e-5)
    assert found.by_use.sum(axis=1).to_numpy() == pytest.approx(found.table["land_m2"].to_numpy())
    row = found.unmapped.iloc[0]
    assert (row["year"], row["system"], row["code"], row["parcels"]) == (
        2021,
        "yonghai_2023",
        "9999",
        1,
    )
    assert row["area_m2"] == pytest.approx(HA, rel=1e-5)


def test_land_without_a_state_takes_it_from_its_use():
    bare = [p | {"build_state": None} for p in PARCELS]
    found = measure(make_zone(park=PARKS, parcel=bare), years=[2021])
    assert found.loc[("w", 2021), "industrial_land_m2"] == pytest.approx(2 * HA, rel=1e-5)
    assert found.loc[("e", 2021), "unbuildable_land_m2"] == pytest.approx(2 * HA, rel=1e-5)
    assert found.loc[("e", 2021), "unbuilt_land_m2"] == 0


def test_only_what_is_there_in_the_year_counts():
    rows = [p | {"until": 2021} if p["id"] == "w1" else p for p in PARCELS]
    rows.append(parcel("w1b", "w", hectares(0, 0, 2, 1), "A4", "D21", "0901", since=2021))
    found = measure(make_zone(park=PARKS, parcel=rows))
    assert found.loc[("w", 2020), "industrial_land_m2"] == pytest.approx(2 * HA, rel=1e-5)
    assert found.loc[("w", 2021), "industrial_land_m2"] == 0
    assert found.loc[("w", 2021), "commercial_land_m2"] == pytest.approx(2 * HA, rel=1e-5)
    assert found["land_m2"].to_numpy() == pytest.approx(6 * HA, rel=1e-5)


# --- stated values, closure, findings ----------------------------------------------------


def test_a_stated_value_stands_first_and_its_difference_is_shown():
    said = [("w", 2021, "built_land_m2", 70_000.0), ("w", 2021, "population_persons", 900.0)]
    found = survey(whole(accounts=said))
    assert value(found, "w", "built_land_m2") == 70_000
    assert value(found, "w", "population_persons") == 900
    assert found.computed.loc[("w", 2021), "built_land_m2"] == pytest.approx(60_000, rel=1e-5)
    assert found.basis.loc[("w", 2021), "built_land_m2"] == "stated"
    assert found.basis.loc[("w", 2020), "built_land_m2"] == "computed"
    assert found.basis.loc[("w", 2020), "population_persons"] is None
    row = found.differences.iloc[0]
    assert (row["unit"], row["year"], row["key"]) == ("w", 2021, "built_land_m2")
    assert row["difference"] == pytest.approx(10_000, rel=1e-4)
    broken = found.findings[found.findings["rule"] == "D516"]
    assert broken["detail"].tolist() == ["2021 Z = A + B + C"]


def test_the_two_sums_of_classes_are_the_land(book):
    assert not (book.findings["rule"] == "D516").any()
    t = book.table
    assert (t["built_land_m2"] + t["unbuilt_land_m2"] + t["unbuildable_land_m2"]).to_numpy() == (
        pytest.approx(t["land_m2"].to_numpy(), rel=1e-12)
    )


def test_land_without_a_class_breaks_the_sum_and_is_found():
    odd = [p | {"supply_state": None} if p["id"] == "e2" else p for p in PARCELS]
    found = survey(make_zone(park=PARKS, parcel=odd), years=[2021]).findings
    row = found[found["rule"] == "D516"].iloc[0]
    assert (row["feature"], row["detail"]) == ("e", "2021 Z = D + E + F")
    assert row["measured"] == pytest.approx(-2 * HA, rel=1e-5)


def test_closure_says_what_fell_in_no_unit_and_what_was_split():
    away = [*PARCELS, parcel("far", "w", hectares(20, 0, 21, 1), "A1", "D1", "0701")]
    found = survey(make_zone(park=PARKS, parcel=away, building=BUILDINGS), years=[2021])
    rows = found.closure.set_index("layer")
    assert rows.loc["parcel", ["features", "split"]].tolist() == [6, 1]
    assert rows.loc["parcel", "in_none"] == pytest.approx(HA, rel=1e-5)
    assert rows.loc["parcel", "amount"] == pytest.approx(13 * HA, rel=1e-5)
    assert rows.loc["parcel", "split_error"] < 1e-9 * rows.loc["parcel", "amount"]
    assert rows.loc["building", ["features", "split"]].tolist() == [4, 2]
    assert rows.loc["building", "in_none"] == 0
    assert (found.findings["rule"] == "D517").sum() == 1


def test_a_building_of_unknown_height_makes_its_unit_unknown():
    flat = BUILDINGS[0] | {"storeys": None, "floor_area_m2": None}
    found = survey(make_zone(park=PARKS, parcel=PARCELS, building=[flat]), years=[2021])
    assert np.isnan(value(found, "w", "floor_area_m2"))
    assert value(found, "e", "floor_area_m2") == 0
    assert value(found, "w", "footprint_m2") == pytest.approx(0.4 * HA, rel=1e-5)
    assert found.findings[found.findings["rule"] == "D518"]["feature"].tolist() == ["b1"]


def test_every_cell_is_the_sum_of_its_parts(book):
    for (unit, year), row in book.computed.iterrows():
        for key, amount in row.items():
            made = book.parts(unit, year, key)
            assert made["amount"].sum() == pytest.approx(amount, rel=1e-12)


def test_parts_of_a_cell_name_their_features():
    made = parts(whole(), "w", 2021, "floor_area_m2")
    assert made["id"].tolist() == ["b1", "b3", "b4"]
    assert made["amount"].tolist() == pytest.approx([12_000, 3_000, 2_500], rel=1e-5)
    assert set(made["layer"]) == {"building"}
    for wrong in (("x", 2021, "land_m2"), ("w", 1999, "land_m2"), ("w", 2021, "gdp")):
        with pytest.raises(UnknownNameError):
            survey(whole()).parts(*wrong)


# --- levels, units, laws -----------------------------------------------------------------


def test_without_drawn_outlines_parcels_go_where_they_say():
    for parks in ([p | {"precision": "sketch"} for p in PARKS], None):
        layers = {"parcel": PARCELS, "building": BUILDINGS} | ({"park": parks} if parks else {})
        found = measure(make_zone(**layers), years=[2021])
        assert found.loc[("w", 2021), "residential_land_m2"] == pytest.approx(4 * HA, rel=1e-5)
        assert found.loc[("w", 2021), "floor_area_m2"] == pytest.approx(2.5 * HA, rel=1e-5)


def test_groups_and_the_zone_are_sums_of_parks(book):
    for level, unit in (("group", "g"), ("zone", "test")):
        found = measure(whole(), level, [2021])
        assert found.index.tolist() == [(unit, 2021)]
        total = book.computed.xs(2021, level="year").sum()
        pd.testing.assert_series_equal(found.loc[(unit, 2021)], total, check_names=False)


def test_parcels_are_measured_as_units():
    found = measure(whole(), "parcel", [2021])
    mid = found.loc[("mid", 2021)]
    assert mid["land_m2"] == pytest.approx(4 * HA, rel=1e-5)
    assert mid["footprint_m2"] == pytest.approx(0.05 * HA + 0.16 * HA, rel=1e-5)
    assert mid["floor_area_m2"] == pytest.approx(0.15 * HA + HA, rel=1e-5)
    assert found.loc[("w1", 2021), "firms_count"] == 2


def test_what_cannot_be_measured_is_said():
    with pytest.raises(ZoneError, match="parcel"):
        measure(make_zone(park=PARKS))
    with pytest.raises(UnknownNameError, match="park"):
        measure(whole(), "district")
    nothing = replace(whole(), meta={"center": CENTER})
    assert measure(nothing).index.get_level_values("year").unique().tolist() == [2020, 2021]
    bare = make_zone(park=PARKS, parcel=PARCELS)  # without years its day of judgement tells
    dated = replace(bare, meta={"center": CENTER, "as_of": date(2021, 12, 31)})
    assert measure(dated).index.get_level_values("year").unique().tolist() == [2021]


def test_every_column_is_in_the_glossary_and_in_its_order(book):
    keys = list(book.table)
    assert keys == [key for key in TERMS if key in keys]


@pytest.fixture(scope="module")
def sample():
    return open_zone(SAMPLE)


def test_inputs_are_left_alone(sample):
    before = {name: table.copy(deep=True) for name, table in sample.layers.items()}
    survey(sample)
    for name, table in before.items():
        pd.testing.assert_frame_equal(pd.DataFrame(table), pd.DataFrame(sample.layers[name]))


@pytest.mark.parametrize("level", LEVELS)
def test_threads_and_order_of_features_do_not_matter(sample, level):
    one = measure(sample, level, [2023], threads=1)
    rng = np.random.default_rng(5)
    mixed = {
        name: table.iloc[rng.permutation(len(table))].reset_index(drop=True)
        for name, table in sample.layers.items()
    }
    two = measure(replace(sample, layers=mixed), level, [2023], threads=2)
    assert set(two.index) == set(one.index)
    pd.testing.assert_frame_equal(two.loc[one.index], one, rtol=1e-9, atol=1e-6)


def test_splitting_a_parcel_changes_no_sum():
    halves = [p for p in PARCELS if p["id"] != "w1"] + [
        parcel(f"w1{k}", "w", hectares(k, 0, k + 1, 1), "A2", "D21", "1001", hightech="H1")
        for k in (0, 1)
    ]
    zone = make_zone(park=PARKS, parcel=halves, building=BUILDINGS)
    want = measure(make_zone(park=PARKS, parcel=PARCELS, building=BUILDINGS))
    pd.testing.assert_frame_equal(measure(zone), want, rtol=1e-9, atol=1e-3)


def test_levels_of_the_sample_sum_to_each_other(sample):
    park = survey(sample, "park", [2023]).computed.sum()
    for level in ("group", "zone"):
        found = survey(sample, level, [2023]).computed.sum()
        pd.testing.assert_series_equal(found, park, rtol=1e-12)


def test_status_accounts_of_the_sample_are_nested(sample):
    table = survey(sample).computed
    for code, key in STATE_KEYS.items():
        finer = [STATE_KEYS[c] for c in STATE_KEYS if len(c) == len(code) + 1 and c[:-1] == code]
        if finer:
            assert (table[finer].sum(axis=1) <= table[key] * (1 + 1e-12) + 1e-6).all()


# --- against momepy, on data no one here made --------------------------------------------


@pytest.fixture(scope="module")
def bubenec():
    """A quarter of Prague that ships with momepy: buildings, and their cells as parcels."""
    path = momepy.datasets.get_path("bubenec")
    buildings = gpd.read_file(path, layer="buildings").to_crs(5514)
    return buildings, gpd.read_file(path, layer="tessellation").to_crs(5514)


def as_zone(buildings, cells):
    storeys = np.arange(len(buildings)) % 5 + 1
    uses = np.array(["A1", "A2", "A4"])[np.arange(len(cells)) % 3]
    shapes = geo.to_plane(cells.geometry), geo.to_plane(buildings.geometry)
    parcels = GeoDataFrame(
        {"id": [f"c{k}" for k in range(len(cells))], "build_state": uses, "park_id": "p"},
        geometry=shapes[0].to_crs(4490),
    )
    houses = GeoDataFrame(
        {"id": [f"h{k}" for k in range(len(buildings))], "storeys": storeys},
        geometry=shapes[1].to_crs(4490),
    )
    zone = make_zone()
    return replace(
        zone,
        meta={"years": [2021]},
        layers={"parcel": parcels, "building": houses},
        units=zone.units.iloc[:0],
    ), storeys


@pytest.mark.filterwarnings("ignore:The numba package")
def test_coverage_and_floor_area_ratio_are_those_of_momepy(bubenec):
    buildings, cells = bubenec
    zone, storeys = as_zone(buildings, cells)
    found = measure(zone, "parcel", [2021]).droplevel("year")
    cover = found["footprint_m2"] / found["land_m2"]
    density = found["floor_area_m2"] / found["land_m2"]
    pieces = gpd.overlay(
        buildings[["geometry"]].assign(storeys=storeys),
        cells[["geometry"]].assign(cell=[f"c{k}" for k in range(len(cells))]),
        keep_geom_type=True,
    )
    size = cells.area.set_axis([f"c{k}" for k in range(len(cells))])
    foot = momepy.describe_agg(pieces.area, pieces["cell"], statistics=["sum"])["sum"]
    floor = momepy.describe_agg(
        momepy.floor_area(pieces.area, pieces["storeys"] * 3.0, 3.0),
        pieces["cell"],
        statistics=["sum"],
    )["sum"]
    # the local Czech plane is conformal: its areas are off by up to a thousandth, ratios are not
    want_cover, want_density = foot / size, floor / size
    assert cover.to_numpy() == pytest.approx(want_cover.reindex(cover.index).fillna(0), abs=1e-6)
    assert density.to_numpy() == pytest.approx(
        want_density.reindex(density.index).fillna(0), abs=1e-5
    )


def test_mix_is_that_of_scipy_and_of_pairs_of_points(bubenec):
    _, cells = bubenec
    rng = np.random.default_rng(11)
    rows = {"b": np.arange(len(cells)) % 7, "u": rng.integers(0, 4, len(cells)), "a": cells.area}
    wide = pd.DataFrame(rows).pivot_table(
        index="b", columns="u", values="a", aggfunc="sum", fill_value=0.0
    )
    ours = geo.mix(wide)
    assert ours["entropy"].tolist() == pytest.approx(entropy(wide.to_numpy(), axis=1), rel=1e-12)
    shares = (wide.T / wide.sum(axis=1)).T.iloc[0].to_numpy()
    one, other = rng.choice(4, (2, 200_000), p=shares)
    assert ours["simpson"].iloc[0] == pytest.approx((one != other).mean(), abs=0.005)


# --- years and form ----------------------------------------------------------------------


def years():
    before = [
        parcel("a", "w", hectares(0, 0, 2, 1), "B21", "E21", "2301"),
        parcel("b", "w", hectares(2, 0, 3, 1), "A1", "D21", "0701"),
        parcel("c", "w", hectares(3, 0, 4, 1), "A1", "D21", "0701"),
        parcel("d", "w", hectares(0, 1, 1, 2), "A2", "D21", "1001"),
        parcel("e", "w", hectares(1, 1, 2, 2), "A2", "D21", "1001"),
        parcel("gone", "w", hectares(5, 0, 6, 1), "A2", "D21", "1001"),
    ]
    after = [
        parcel("a1", "w", hectares(0, 0, 0.5, 1), "A2", "D21", "1001"),
        parcel("a2", "w", hectares(0.5, 0, 2, 1), "B21", "E21", "2301"),
        parcel("bc", "w", hectares(2, 0, 4, 1), "A1", "D21", "0701"),
        parcel("d", "w", hectares(0, 1, 1, 2), "A4", "D21", "0901"),
        parcel("e9", "w", hectares(1, 1, 2, 2), "A2", "D21", "1001"),
        parcel("new", "w", hectares(7, 0, 8, 1), "A2", "D21", "1001"),
    ]
    return layer(before), layer(after)


def test_transitions_by_hand():
    before, after = years()
    found = transitions(before, after, by="build_state", center=CENTER)
    m = found.matrix / HA
    want = {
        ("B21", "A2"): 0.5,
        ("B21", "B21"): 1.5,
        ("A1", "A1"): 2,
        ("A2", "A4"): 1,
        ("A2", "A2"): 1,
        ("A2", NONE): 1,
        (NONE, "A2"): 1,
    }
    for (a, b), hectare in m.stack().items():
        assert hectare == pytest.approx(want.get((a, b), 0), abs=1e-4)
    changes = found.changes.set_index(["old", "new"])["area_m2"]
    assert set(changes.index) == {("a", "a1"), ("d", "d")}
    assert changes.tolist() == pytest.approx([0.5 * HA, HA], rel=1e-5)


def test_rows_and_columns_of_a_matrix_are_the_land_of_its_years(sample):
    before, after = (sample.at(year).layer("parcel") for year in (2021, 2023))
    matrix = transitions(before, after, center=sample.center).matrix
    for layer_, axis in ((before, 1), (after, 0)):
        size = geo.area_m2(layer_.geometry, center=sample.center)
        want = size.groupby(layer_["land_use"]).sum()
        found = matrix.drop(index=NONE, columns=NONE, errors="ignore").sum(axis=axis)
        assert found[want.index].to_numpy() == pytest.approx(want.to_numpy(), rel=1e-6)


def test_a_year_against_itself_changes_nothing(sample):
    now = sample.at(2023).layer("parcel")
    found = transitions(now, now, center=sample.center)
    off = found.matrix.to_numpy() * (1 - np.eye(len(found.matrix)))
    assert off.max() == 0
    assert found.changes.empty
    kinds = lineage(now, now, center=sample.center)["kind"]
    assert (kinds == "unchanged").sum() >= len(now) - 4  # a parcel entered twice has two fathers


def test_lineage_by_hand():
    found = lineage(*years(), center=CENTER)
    kinds = {(a, b): k for a, b, k in found[["old", "new", "kind"]].itertuples(index=False)}
    assert kinds == {
        ("a", "a1"): "split",
        ("a", "a2"): "split",
        ("b", "bc"): "merged",
        ("c", "bc"): "merged",
        ("d", "d"): "unchanged",
        ("e", "e9"): "renumbered",
        ("gone", None): "gone",
        (None, "new"): "new",
    }
    split = found[found["new"] == "a1"].iloc[0]
    assert split["share_of_old"] == pytest.approx(0.25, rel=1e-4)
    assert split["share_of_new"] == pytest.approx(1, rel=1e-6)


def test_what_is_rearranged_and_what_is_redrawn():
    before = layer([
        parcel("a", "w", hectares(0, 0, 2, 1), "A1", "D1", "0701"),
        parcel("b", "w", hectares(2, 0, 4, 1), "A1", "D1", "0701"),
        parcel("c", "w", hectares(0, 3, 2, 4), "A1", "D1", "0701"),
    ])  # fmt: skip
    after = layer([
        parcel("x", "w", hectares(0, 0, 1, 1), "A1", "D1", "0701"),
        parcel("y", "w", hectares(1, 0, 4, 1), "A1", "D1", "0701"),
        parcel("c", "w", hectares(0, 3, 1.5, 4), "A1", "D1", "0701"),
    ])  # fmt: skip
    found = lineage(before, after, center=CENTER)
    assert found["kind"].tolist() == ["rearranged"] * 3 + ["redrawn"]


def test_layers_without_ids_are_refused():
    before, after = years()
    with pytest.raises(MissingColumnsError, match="id"):
        transitions(before.drop(columns="id"), after)


def test_spatial_form_by_hand():
    found = spatial_form(whole(), 2021)
    w = found.loc["w"]
    floor, foot = 1.75, 0.54  # hectares, tall storeys twice
    assert w["floor_space_index_net"] == pytest.approx(floor / 6, rel=1e-5)
    assert w["floor_space_index_gross"] == pytest.approx(floor / 8, rel=1e-5)
    assert w["ground_space_index_gross"] == pytest.approx(foot / 8, rel=1e-5)
    assert w["open_space_ratio_net"] == pytest.approx((6 - foot) / floor, rel=1e-5)
    assert w["mean_storeys"] == pytest.approx(floor / foot, rel=1e-5)
    assert w["entropy_of_present"] == pytest.approx(1, rel=1e-9)
    assert w["uses"] == 3
    assert w["pieces"] == 1
    assert found.loc["e", "convexity"] == pytest.approx(1, rel=1e-6)


# --- pieces -------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_name", [False, True])
def test_every_account_of_land_and_buildings_is_the_sum_of_its_pieces(by_name):
    """The recipes, applied to the rows, give what the survey summed by another route."""
    zone = open_zone(SAMPLE)
    if by_name:
        rough = zone.layers["park"].assign(precision="schematic")
        zone = replace(zone, layers={**zone.layers, "park": rough})
    taken = survey(zone)
    assert taken.by_name == by_name
    found = pieces(taken)
    compared = 0
    held = [key for key in RECIPES if key != "net_area_m2"]  # the sample's parcels state none
    for key in held:
        for year in (2021, 2022, 2023):
            own = summed(found, key, year)
            for unit, value in taken.computed[key].xs(year, level="year").items():
                assert own.get(unit, 0.0) == pytest.approx(value, rel=1e-12, abs=1e-9), (key, year)
                compared += 1
    assert compared == len(held) * 18
    assert count_pieces(taken) == sum(map(len, found.values()))

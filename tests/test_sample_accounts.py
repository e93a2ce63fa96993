"""Accounts of the sample, against sums taken the plain way with another engine's overlay."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from zgcgis import accounts
from zgcgis.assessment import assess
from zgcgis.io import open_zone
from zgcgis.sample import write_sample

PLANE = "+proj=laea +lat_0=39.2 +lon_0=116.9 +ellps=GRS80 +units=m +no_defs"
YEARS = (2021, 2022, 2023)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return open_zone(write_sample(tmp_path_factory.mktemp("a") / "zone", planted=False))


def there(layer: gpd.GeoDataFrame, year: int) -> gpd.GeoDataFrame:
    since = pd.to_numeric(layer["since"]).fillna(-9999).to_numpy(float)
    until = pd.to_numeric(layer["until"]).fillna(9999).to_numpy(float)
    return layer[(since <= year) & (year < until)].to_crs(PLANE)


def plain_accounts(zone, year: int) -> pd.DataFrame:
    """Sums by park, by what each feature names; in a clean zone nothing has to be clipped."""
    parcel = there(zone.layers["parcel"], year)
    area = parcel.area
    state, supply = parcel["build_state"], parcel["supply_state"]
    made = {}
    for key, mask in {
        "land_m2": state.notna(),
        "built_land_m2": state.str.startswith("A"),
        "residential_land_m2": state == "A1",
        "industrial_land_m2": state == "A2",
        "transport_land_m2": state.str.startswith("A3"),
        "commercial_land_m2": state == "A4",
        "public_land_m2": state.str.startswith("A5"),
        "unbuilt_land_m2": state.str.startswith("B"),
        "ready_land_m2": state == "B21",
        "unready_land_m2": state == "B22",
        "unbuildable_land_m2": state.str.startswith("C"),
        "supplied_land_m2": supply.str.startswith("D"),
        "allocated_land_m2": supply == "D1",
        "paid_land_m2": supply.str.startswith("D2"),
        "suppliable_land_m2": supply.str.startswith("E"),
        "suppliable_industrial_land_m2": supply == "E21",
        "unsuppliable_land_m2": supply == "F",
        "hightech_land_m2": parcel["hightech"].fillna("").str.startswith("H"),
    }.items():
        made[key] = area.where(mask, 0.0).groupby(parcel["park_id"]).sum()
    house = there(zone.layers["building"], year)
    of = parcel.set_index("id")
    park = house["parcel_id"].map(of["park_id"])
    on_a2 = house["parcel_id"].map(of["build_state"]) == "A2"
    solid = house["kind"] == "building"
    foot = house.area
    floors = foot * pd.to_numeric(house["storeys"]).fillna(0).astype(float)
    tall = floors.where(house["tall_floor_area_m2"].notna(), 0.0)
    for key, amount in {
        "footprint_m2": foot.where(solid, 0.0),
        "floor_area_m2": (floors + tall).where(solid, 0.0),
        "industrial_footprint_m2": foot.where(solid & on_a2, 0.0),
        "industrial_floor_area_m2": (floors + tall).where(solid & on_a2, 0.0),
        "industrial_occupied_m2": foot.where(on_a2, 0.0),
    }.items():
        made[key] = amount.groupby(park).sum()
    firm = zone.layers["enterprise"]
    firm = firm[firm["year"] == year]
    made["firms_count"] = firm.groupby("park_id").size().astype(float)
    a2 = firm["parcel_id"].map(of["build_state"]) == "A2"
    for key in ("tax_wan", "income_wan", "staff_persons", "rd_wan", "energy_tce"):
        made[key] = firm.groupby("park_id")[key].sum()
    for key in ("tax_wan", "income_wan", "investment_wan"):
        made[f"industrial_{key}"] = firm[key].where(a2, 0.0).groupby(firm["park_id"]).sum()
    return pd.DataFrame(made)


@pytest.mark.parametrize("year", YEARS)
def test_accounts_equal_plain_sums(clean, year):
    computed = accounts.survey(clean, years=[year]).computed.xs(year, level="year")
    plain = plain_accounts(clean, year)
    lacking = set(plain.columns) - set(computed.columns)
    assert not lacking, lacking
    for key in plain:
        mine = computed[key].reindex(plain.index).fillna(0.0).astype(float)
        np.testing.assert_allclose(
            mine, plain[key].fillna(0.0), rtol=2e-5, atol=0.02, err_msg=f"{key} {year}"
        )


def test_accounts_of_a_planted_zone_equal_an_overlay():
    zone = open_zone("sample")
    computed = accounts.survey(zone, years=[2023]).computed.xs(2023, level="year")
    park = there(zone.layers["park"].assign(since=np.nan, until=np.nan), 2023)[["id", "geometry"]]
    parcel = there(zone.layers["parcel"], 2023)
    cut = gpd.overlay(
        parcel[["build_state", "geometry"]], park.rename(columns={"id": "park"}), how="intersection"
    )
    area = cut.area
    for key, begins in {"land_m2": "", "built_land_m2": "A", "industrial_land_m2": "A2"}.items():
        plain = (
            area.where(cut["build_state"].str.startswith(begins), 0.0).groupby(cut["park"]).sum()
        )
        np.testing.assert_allclose(
            computed[key].reindex(plain.index), plain, rtol=1e-9, err_msg=key
        )


def test_identities_hold_in_every_year(clean):
    table = accounts.measure(clean)
    for parts in (
        ("built_land_m2", "unbuilt_land_m2", "unbuildable_land_m2"),
        ("supplied_land_m2", "suppliable_land_m2", "unsuppliable_land_m2"),
    ):
        np.testing.assert_allclose(
            table[list(parts)].fillna(0).sum(axis=1), table["land_m2"], rtol=1e-6
        )


def test_a_clean_zone_is_assessed_and_accused_of_nothing(clean):
    result = assess(clean, draws=200)
    assert result.years == YEARS
    found = result.findings.drop(columns="geometry")
    assert found.empty, found.to_string()
    assert result.scores is not None
    assert result.scores.total["score"].between(50, 100).all()
    assert set(result.ranks.reset_index()["unit"]) == set(clean.layers["park"]["id"])


def what_happened(zone, one: int, two: int) -> dict[str, set[tuple[str, str]]]:
    """The history of the parcels, read from the ids and years of the rows alone."""
    parcel = zone.layers["parcel"]
    since, until = pd.to_numeric(parcel["since"]), pd.to_numeric(parcel["until"])
    gone = set(parcel["id"][(until > one) & (until <= two)])
    come = set(parcel["id"][(since > one) & (since <= two)])
    made: dict[str, set[tuple[str, str]]] = {"split": set(), "merged": set(), "renumbered": set()}
    for name in come:
        if name.endswith("v2"):
            made["renumbered"].add((name.removesuffix("v2"), name))
        elif name[-1] in "ab":
            made["split"].add((name[:-1], name))
        else:
            first, other = name.split("_")
            made["merged"] |= {(first, name), (f"{first.rsplit('-', 1)[0]}-{other}", name)}
    assert {old for pairs in made.values() for old, _ in pairs} == gone
    return made


@pytest.mark.parametrize(("one", "two"), [(2021, 2022), (2022, 2023), (2021, 2023)])
def test_lineage_tells_what_happened_to_each_parcel(clean, one, two):
    before, after = clean.at(one).layer("parcel"), clean.at(two).layer("parcel")
    told = accounts.lineage(before, after, center=clean.center)
    expected = what_happened(clean, one, two)
    assert all(expected.values()) or (one, two) != (2021, 2023)
    for kind, pairs in expected.items():
        mine = told[told["kind"] == kind]
        assert set(zip(mine["old"], mine["new"], strict=True)) == pairs, kind
    assert set(told["kind"]) <= {"unchanged", *expected}
    kept = told[told["kind"] == "unchanged"]
    assert len(kept) == len(set(before["id"]) & set(after["id"]))


def test_transitions_add_up_to_the_land_of_both_years(clean):
    before, after = clean.at(2021).layer("parcel"), clean.at(2023).layer("parcel")
    made = accounts.transitions(before, after, by="build_state", center=clean.center)
    was = before.to_crs(PLANE).area.groupby(before["build_state"].to_numpy()).sum()
    now = after.to_crs(PLANE).area.groupby(after["build_state"].to_numpy()).sum()
    np.testing.assert_allclose(made.matrix.sum(axis=1)[was.index], was, rtol=1e-9)
    np.testing.assert_allclose(made.matrix.sum(axis=0)[now.index], now, rtol=1e-9)
    assert made.matrix.loc[accounts.NONE].sum() < 0.1
    built = made.changes[(made.changes["before"] == "B21") & (made.changes["after"] == "A2")]
    assert built["new"].str.endswith("v2").all()

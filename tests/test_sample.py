"""The sample zone: the same bytes each time, clean but for what its list says.

The checks here share no code with the toolkit's rules: plain shapely and pyproj.
"""

from __future__ import annotations

import csv
import hashlib
import os
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from click.testing import CliRunner

from zgcgis.io import open_zone
from zgcgis.language.errors import ZgcgisError
from zgcgis.model import LEVELS
from zgcgis.sample import write_sample

PLANE = "+proj=laea +lat_0=39.2 +lon_0=116.9 +ellps=GRS80 +units=m +no_defs"
SHIPPED = Path(__file__).parents[1] / "data" / "sample"


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Path:
    return write_sample(tmp_path_factory.mktemp("s") / "zone")


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Path:
    return write_sample(tmp_path_factory.mktemp("c") / "zone", planted=False)


def layer(folder: Path, level: str) -> gpd.GeoDataFrame:
    path = folder / "layers" / f"{level}.geojson"
    found = (
        pyogrio.read_dataframe(path)
        if path.exists()
        else gpd.read_parquet(path.with_suffix(".parquet"))
    )
    for end in ("since", "until"):
        if end in LEVELS[level].columns and end not in found:
            found[end] = np.nan
    return found.set_crs("EPSG:4490", allow_override=True).to_crs(PLANE)


def alive(table, year):
    return table[
        (table["since"].isna() | (table["since"] <= year))
        & (table["until"].isna() | (table["until"] > year))
    ]


def digest(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def listed(folder: Path) -> list[dict[str, str]]:
    with (folder / "planted.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_seed_gives_the_same_bytes(planted, tmp_path):
    assert digest(write_sample(tmp_path / "again")) == digest(planted)


def test_another_seed_gives_another_zone(planted, tmp_path):
    other = digest(write_sample(tmp_path / "other", seed=7))
    same = [name for name, mark in digest(planted).items() if other.get(name) == mark]
    assert "layers/parcel.geojson" not in same


def test_what_ships_is_what_the_command_makes(planted):
    assert digest(SHIPPED) == digest(planted)


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ZgcgisError, match="nothing was written over"):
        write_sample(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_too_few_parcels_are_refused(tmp_path):
    with pytest.raises(ZgcgisError, match="too few"):
        write_sample(tmp_path / "small", parcels=20)
    assert not list(tmp_path.iterdir())


def test_a_negative_seed_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(ZgcgisError, match="negative"):
        write_sample(tmp_path / "zone", seed=-1)


def test_the_command_says_what_it_made(tmp_path):
    from zgcgis.cli import cli

    result = CliRunner().invoke(cli, ["sample", str(tmp_path / "z"), "--lang", "en"])
    assert result.exit_code == 0, result.output
    assert f"{len(listed(tmp_path / 'z'))} errors are planted" in result.output


def test_it_says_everywhere_that_it_is_invented(planted):
    zone = open_zone(planted)
    assert zone.synthetic
    assert zone.units["zh"].str.startswith("示例").all()
    assert zone.units["en"].str.startswith("Sample").all()
    for level, table in zone.layers.items():
        if "zh" in table:
            assert table["zh"].str.startswith("示例").all(), level
        if "precision" in table:
            assert (table["precision"] == "synthetic").all(), level
    assert zone.layers["parcel"]["name"].str.startswith("示例").all()
    assert zone.layers["enterprise"]["name"].str.startswith("示例").all()


def test_layers_hold_the_columns_of_their_levels(planted):
    for level, table in open_zone(planted).layers.items():
        assert set(table.columns) - {"geometry"} <= set(LEVELS[level].columns), level


@pytest.mark.parametrize("year", [2021, 2022, 2023])
def test_every_year_of_the_clean_zone_tiles_its_blocks(clean, year):
    parcel, block = alive(layer(clean, "parcel"), year), layer(clean, "block")
    assert parcel["id"].is_unique
    assert parcel.is_valid.all()
    assert block.is_valid.all()
    for name, mine in parcel.groupby("block_id"):
        ring = block.loc[block["id"] == name].geometry.iloc[0]
        assert abs(mine.area.sum() - ring.area) < 0.05, name
        assert ring.symmetric_difference(mine.union_all()).area < 0.05, name
    assert set(parcel["block_id"]) == set(block["id"])
    assert shapely.coverage_is_valid(parcel.geometry.to_numpy(), gap_width=0)


def test_the_clean_zone_keeps_its_hierarchy(clean):
    parcel, building = layer(clean, "parcel"), layer(clean, "building")
    block, park = layer(clean, "block"), layer(clean, "park").set_index("id")
    inside = shapely.covers(
        park.geometry.reindex(block["park_id"]).to_numpy(), block.geometry.to_numpy()
    )
    assert inside.all()
    pairs = [(a, b) for n, a in enumerate(park.geometry) for b in park.geometry.iloc[n + 1 :]]
    assert not any(a.intersects(b) for a, b in pairs)
    rings = parcel.set_index("id").geometry
    assert parcel["id"].is_unique
    assert set(building["parcel_id"]) <= set(rings.index)
    mine = rings.reindex(building["parcel_id"]).to_numpy()
    assert shapely.covers(mine, building.geometry.to_numpy()).all()
    for year in (2021, 2022, 2023):
        assert set(alive(building, year)["parcel_id"]) <= set(alive(parcel, year)["id"])
    firms = layer(clean, "enterprise")
    assert not firms.duplicated(["id", "year"]).any()
    for year, group in firms.groupby("year"):
        assert set(group["parcel_id"]) <= set(alive(parcel, year)["id"])
    at = rings.reindex(firms["parcel_id"]).to_numpy()
    assert shapely.covers(at, firms.geometry.to_numpy()).all()
    for level in ("boundary", "master_plan", "urban_boundary"):
        assert shapely.covers(layer(clean, level).union_all(), parcel.geometry.to_numpy()).all()


def test_the_papers_of_the_clean_zone_are_in_order(clean):
    parcel = layer(clean, "parcel")
    assert (abs(parcel["registered_area_m2"] / parcel.area - 1) < 1e-5).all()
    names = (
        "approved_date", "supply_date", "agreed_start_date", "agreed_finish_date",
    )  # fmt: skip
    dates = {n: pd.to_datetime(parcel[n]) for n in (*names, "actual_start_date", "finish_date")}
    for one, two in (*pairwise(names), ("supply_date", "actual_start_date"),
                     ("actual_start_date", "finish_date")):  # fmt: skip
        assert not (dates[one] > dates[two]).any(), (one, two)
    assert (
        parcel["build_state"].str.startswith("A") <= parcel["supply_state"].str.startswith("D")
    ).all()
    supplied = parcel["supply_state"].str.startswith("D")
    assert (dates["supply_date"].notna() == supplied).all()


def test_floor_areas_follow_from_footprints(clean):
    house = layer(clean, "building")
    house = house[house["kind"] == "building"]
    assert (abs(house["floor_area_m2"] / (house.area * house["storeys"]) - 1) < 1e-4).all()
    tall = house[house["tall_floor_area_m2"].notna()]
    assert len(tall)
    assert {"structure", "yard", "work_area"} <= set(layer(clean, "building")["kind"])


def test_planted_sizes_are_those_of_another_engine(planted):
    parcel = alive(layer(planted, "parcel"), 2023)
    block, park = layer(planted, "block"), layer(planted, "park")
    house = layer(planted, "building")
    ring = {
        "parcel": parcel.set_index("id").geometry, "building": house.set_index("id").geometry,
        "block": block.set_index("id").geometry, "park": park.set_index("id").geometry,
    }  # fmt: skip
    whole = {
        n: layer(planted, n).union_all() for n in ("boundary", "master_plan", "urban_boundary")
    }
    control = {
        **layer(planted, "protection").set_index("id").geometry,
        **layer(planted, "prohibited").set_index("id").geometry,
        **layer(planted, "detailed_plan").set_index("id").geometry,
    }
    registered = parcel.set_index("id")["registered_area_m2"]
    stated = {n: t.set_index("id")["stated_area_m2"] for n, t in (("park", park), ("block", block))}
    seen = set()
    for row in listed(planted):
        rule, level, feature, other = (row[k] for k in ("rule", "level", "feature", "other"))
        seen.add(rule)
        if rule[0] not in "THP" or not row["measured"]:
            continue
        mine = ring[level][feature]
        found = {
            "T101": lambda m=mine, o=other: m.intersection(ring["parcel"][o]).area,
            "T102": lambda m=mine, o=other, v=level: m.intersection(ring[v][o]).area,
            "T103": None,
            "T104": lambda m=mine: m.difference(whole["boundary"]).area,
            "T105": lambda m=mine: 2 * m.area / m.length,
            "T106": lambda m=mine: _sharpest(m),
            "T107": lambda m=mine: len(m.geoms),
            "T108": lambda m=mine: m.area,
            "T109": lambda m=mine, f=feature: registered[f] - m.area,
            "T110": lambda m=mine, f=feature, v=level: m.area - stated[v][f],
            "T111": lambda m=mine, o=other: m.intersection(ring["park"][o]).area,
            "T113": lambda m=mine, o=other: m.intersection(ring["building"][o]).area,
            "H201": lambda m=mine, o=other: m.difference(ring["park"][o]).area,
            "H202": lambda m=mine, o=other: m.difference(ring["parcel"][o]).area,
            "H203": lambda m=mine, o=other: (
                m.difference(ring["block"][o] if o in ring["block"].index else ring["park"][o]).area
            ),
            "P302": lambda m=mine: m.difference(whole["master_plan"]).area,
            "P304": lambda m=mine: m.difference(whole["urban_boundary"]).area,
            "P303": lambda m=mine, o=other: m.intersection(control[o]).area,
            "P305": lambda m=mine, o=other: m.intersection(control[o]).area,
            "P306": lambda m=mine, o=other: m.intersection(control[o]).area,
        }[rule]
        if found is None:
            rest = mine.difference(parcel[parcel["block_id"] == feature].union_all())
            sizes = [p.area for p in shapely.get_parts(rest) if p.area > 1]
            assert min(abs(s / float(row["measured"]) - 1) for s in sizes) < 1e-4, row
        else:
            assert found() == pytest.approx(float(row["measured"]), rel=1e-4), row
    assert seen >= {
        *(f"T{n}" for n in range(101, 112)), "H201", "H202", "H203", "H205", "T113", "Q401",
        *(f"P{n}" for n in range(301, 307)), *(f"L{n}" for n in range(601, 608)), "D501", "D502",
    }  # fmt: skip


def _sharpest(polygon) -> float:
    p = shapely.get_coordinates(polygon.exterior)[:-1]
    one, two = np.roll(p, 1, 0) - p, np.roll(p, -1, 0) - p
    turn = np.arctan2(abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]), (one * two).sum(1))
    return float(np.degrees(turn).min())


def test_only_what_is_listed_overlaps(planted):
    parcel = alive(layer(planted, "parcel"), 2023).reset_index(drop=True)
    a, b = parcel.sindex.query(parcel.geometry, predicate="intersects")
    a, b = a[a < b], b[a < b]
    shared = shapely.area(
        shapely.intersection(parcel.geometry.to_numpy()[a], parcel.geometry.to_numpy()[b])
    )
    found = {
        tuple(sorted((parcel["id"][i], parcel["id"][j])))
        for i, j in zip(a[shared > 0.5], b[shared > 0.5], strict=True)
    }
    rows = listed(planted)
    assert found == {
        tuple(sorted((r["feature"], r["other"])))
        for r in rows
        if r["rule"] in ("T101", "T102") and r["level"] == "parcel"
    }


def test_a_large_zone_is_whole_and_valid(tmp_path):
    parcels = 40_000 if os.environ.get("ZGCGIS_FULL") else 6_500
    folder = write_sample(tmp_path / "large", parcels=parcels)
    parcel = gpd.read_parquet(folder / "layers" / "parcel.parquet")
    assert len(parcel) > parcels
    assert open_zone(folder).layers["parcel"].geometry.is_valid.all()


def test_nothing_stands_before_it_is_built(clean):
    house = layer(clean, "building")
    assert (house["built_year"] <= house["since"].fillna(2021)).all()
    assert (house["built_year"] < house["until"].fillna(9999)).all()

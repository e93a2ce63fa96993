"""The review of a zone's consolidation: by hand on a small zone, by an overlay of its own on the sample."""

from __future__ import annotations

import json
import warnings
import zipfile
from dataclasses import replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from openpyxl import load_workbook
from shapely import box

from zgcgis import geo
from zgcgis.assessment.casework import RedLine, consolidation
from zgcgis.assessment.casework.consolidation import MEASURES
from zgcgis.checks.supply import judged_parcels
from zgcgis.cli import cli
from zgcgis.io import open_zone
from zgcgis.language.errors import ZoneError
from zgcgis.model import LEVELS, there_in
from zgcgis.plan.land_use import classify

DAY = date(2023, 12, 31)


@pytest.fixture(scope="module")
def sample():
    return open_zone("sample")


def layer(zone, shapes, **columns):
    """Features drawn in metres from the middle of the zone."""
    frame = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=geo.plane(zone.center))
    return geo.to_lonlat(frame)


def small(sample, *, kinds=("永久基本农田", "生态保护红线")):
    """Two parks side by side, 1,000 by 1,000 m, nine parcels whose areas are round numbers."""
    parks = sample.layer("park").iloc[:2]["id"].tolist()
    strips = [box(0, 100 * k, 1000, 100 * k + 100) for k in range(8)]
    beside = box(1000, 0, 1500, 200)
    parcels = layer(
        sample,
        [*strips, beside],
        id=[f"p{k}" for k in range(9)],
        land_use=["1001", "1001", "1101", "0701", "0901", "0103", "2301", "", "0701"],
        planned_use=["1001", "1001", "1001", "0701", "0901", "1001", "1002", "0701", "0701"],
        supply_state=["D21", "D21", "D21", "D21", "D1", "", "E21", "", "D21"],
        approved_date=pd.to_datetime(["2010-01-01", "2019-05-01", "2021-01-01", "2004-01-01", None,
                                      None, "2020-01-01", None, "2023-02-01"]),
        supply_date=pd.to_datetime(["2011-01-01", "2019-12-31", "2022-01-01", "2005-01-01", None,
                                    None, None, None, "2023-06-01"]),
        agreed_start_date=pd.to_datetime(["2012-01-01", "2020-06-01", None, "2005-06-01", None, None,
                                          None, None, "2024-06-01"]),
        actual_start_date=pd.to_datetime(["2011-06-01", None, "2022-06-01", "2005-06-01", None, None,
                                          None, None, None]),
        finish_date=pd.to_datetime(["2013-01-01", None, "2023-06-01", "2007-01-01", None, None, None,
                                    None, None]),
    )  # fmt: skip
    layers = {
        "park": layer(sample, [box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)], id=parks),
        "parcel": parcels,
        "urban_boundary": layer(sample, [box(-10, -10, 1750, 1010)], id=["u"]),
        "prohibited": layer(
            sample,
            [box(0, 900, 100, 1000), box(50, 900, 150, 1000), box(1900, 0, 2100, 100)],
            id=["a", "b", "c"], kind=[kinds[0], kinds[0], kinds[1]],
        ),
    }  # fmt: skip
    return replace(sample, layers=layers), parks


def value(found, measure, park=""):
    rows = found.figures[(found.figures["measure"] == measure) & (found.figures["park"] == park)]
    return rows.iloc[0]


def test_a_small_zone_by_hand(sample):
    zone, (one, two) = small(sample)
    proven = RedLine("proven.txt", layer(zone, [box(900, 900, 1100, 1000)], plot=["x"], name="", stated_area_m2=np.nan))  # fmt: skip
    found = consolidation(zone, day=DAY, proven=proven)
    by_hand = {  # m2 over m2, in total, of park one, of park two
        "urban": ((250_000, 2_000_000), (0, 1_000_000), (250_000, 1_000_000)),
        "farmland": ((15_000, 2_000_000), (15_000, 1_000_000), (0, 1_000_000)),  # two meet: once
        "red_line": ((10_000, 2_000_000), (0, 1_000_000), (10_000, 1_000_000)),
        "industry_now": ((300_000, 600_000), (300_000, 500_000), (0, 100_000)),
        "industry_planned": ((500_000, 900_000), (500_000, 800_000), (0, 100_000)),
        "unsupplied": ((100_000, 700_000), (100_000, 600_000), (0, 100_000)),
        "idle": ((100_000, 600_000), (100_000, 500_000), (0, 100_000)),  # p1: due 2020-06, never begun
        "years": ((1_420_000, 300_000 / 5), (510_000, 200_000 / 5), (910_000, 100_000 / 5)),
    }  # fmt: skip
    for measure, sums in by_hand.items():
        for park, (top, below) in zip(("", one, two), sums, strict=True):
            row = value(found, measure, park)
            assert row["numerator_m2"] == pytest.approx(top, abs=0.5), (measure, park)
            assert row["denominator_m2"] == pytest.approx(below, abs=0.5), (measure, park)
            percent = 1 if measure == "years" else 100
            assert row["value"] == pytest.approx(percent * top / below, rel=1e-5)


def test_what_is_not_known_is_a_line_with_its_land(sample):
    zone, (one, _) = small(sample)
    found = consolidation(zone, day=DAY)
    said = found.unknown[found.unknown["park"] == one].set_index(["measure", "zh"])["area_m2"]

    def land(measure, words):
        rows = [m2 for (key, zh), m2 in said.items() if key == measure and words in zh]
        assert len(rows) == 1, (measure, words, said)
        return rows[0]

    assert land("industry_now", "没有填写现状地类代码") == pytest.approx(100_000, abs=0.5)
    assert land("industry_now", "没有宗地覆盖") == pytest.approx(200_000, abs=0.5)
    assert land("unsupplied", "没有批准和供应的记录") == pytest.approx(200_000, abs=0.5)
    assert land("idle", "不能认定") == pytest.approx(100_000, abs=0.5)  # p4: supplied, no date
    assert land("years", "没有供地日期") == pytest.approx(100_000, abs=0.5)
    assert land("years", "--proven") == pytest.approx(500_000, abs=0.5)
    assert value(found, "urban", one)["complete"]
    assert not value(found, "years", one)["complete"]
    untold, _ = small(sample, kinds=("", ""))
    found = consolidation(untold, day=DAY)
    assert np.isnan(value(found, "farmland")["value"])
    assert not value(found, "farmland")["complete"]
    reasons = found.unknown[
        (found.unknown["measure"] == "red_line") & (found.unknown["park"] == "")
    ]
    assert reasons["area_m2"].tolist() == pytest.approx([2_000_000, 25_000], abs=1)


@pytest.mark.parametrize("gone", ["urban_boundary", "prohibited", "parcel"])
def test_a_layer_that_is_not_there_is_said_and_is_no_zero(sample, gone):
    zone, _ = small(sample)
    bare = replace(zone, layers={k: v for k, v in zone.layers.items() if k != gone})
    found = consolidation(bare, day=DAY)
    hang = {"urban_boundary": {"urban"}, "prohibited": {"farmland", "red_line"},
            "parcel": {"industry_now", "industry_planned", "unsupplied", "idle", "years"}}[gone]  # fmt: skip
    total = found.figures[found.figures["park"] == ""].set_index("measure")
    assert set(total.index[total["value"].isna()]) == hang
    for measure in hang:
        rows = found.unknown[(found.unknown["measure"] == measure) & (found.unknown["park"] == "")]
        assert rows["zh"].str.contains(LEVELS[gone].zh).any()
        assert rows["area_m2"].iloc[0] == pytest.approx(2_000_000, abs=1)
    dateless = replace(zone, layers={**zone.layers, "parcel": zone.layer("parcel")[["id", "land_use", "geometry"]]})  # fmt: skip
    assert np.isnan(value(consolidation(dateless, day=DAY), "years")["value"])


def test_a_zone_without_outlines_is_a_sentence(sample):
    zone, _ = small(sample)
    with pytest.raises(ZoneError, match="没有园区范围"):
        consolidation(replace(zone, layers={"parcel": zone.layer("parcel")}), day=DAY)


def test_the_sample_equals_an_overlay_of_its_own(sample):
    """Plain geopandas, nothing of ours but the reading: every park and the total to 0.01 m²."""
    found = consolidation(sample)
    flat = geo.plane(sample.center)

    def there(level):
        whole = sample.layer(level)
        return whole[there_in(whole, 2023) & whole.geometry.notna()].to_crs(flat)

    parks, parcels, plan = there("park"), there("parcel"), there("detailed_plan")
    day = pd.Timestamp(DAY)
    supplied = (parcels["supply_date"] <= day) | (
        parcels["supply_state"].fillna("").str.startswith("D") & ~(parcels["supply_date"] > day)
    )
    approved = parcels["approved_date"] <= day
    late = (parcels["supply_date"] <= day) & (parcels["supply_date"].dt.year >= 2019)
    state = judged_parcels(sample, DAY)["state"]
    idle = parcels["id"].map(state[~state.index.duplicated()]).isin(["idle_unstarted", "idle_stopped"])  # fmt: skip
    now = classify(parcels["land_use"], "yonghai_2023")
    then = classify(plan["land_use"], "yonghai_2023")
    industrial = ["industrial", "mining", "storage"]
    wanted = {
        ("industry_now", "numerator_m2"): parcels[now["class"].isin(industrial)],
        ("industry_now", "denominator_m2"): parcels[now["construction"] == "Y"],
        ("industry_planned", "numerator_m2"): plan[then["class"].isin(industrial)],
        ("industry_planned", "denominator_m2"): plan[then["construction"] == "Y"],
        ("unsupplied", "numerator_m2"): parcels[approved & ~supplied],
        ("unsupplied", "denominator_m2"): parcels[approved | supplied],
        ("idle", "numerator_m2"): parcels[idle],
        ("idle", "denominator_m2"): parcels[supplied],
    }
    outside = parks.overlay(there("urban_boundary"), how="difference", keep_geom_type=True)
    wanted["urban", "numerator_m2"] = outside
    for park in ["", *parks["id"]]:
        place = parks if not park else parks[parks["id"] == park]
        place = place.dissolve()[["geometry"]]
        for (measure, which), land in wanted.items():
            inside = land[["geometry"]].overlay(place, how="intersection", keep_geom_type=True)
            m2 = inside.union_all().area if len(inside) else 0.0
            assert value(found, measure, park)[which] == pytest.approx(m2, abs=0.01), (measure, which, park)  # fmt: skip
        mean = parcels[late][["geometry"]].overlay(place, how="intersection").union_all().area / 5
        assert value(found, "years", park)["denominator_m2"] == pytest.approx(mean, abs=0.01)
    assert len(found.polygons) > 1000


def test_the_polygons_make_the_figures(sample):
    found = consolidation(sample)
    flat = found.polygons.to_crs(geo.plane(sample.center))
    for row in found.parts.itertuples():
        mine = (flat["measure"] == row.measure) & (flat["part"] == row.part)
        if row.park:
            mine &= flat["park"] == row.park
        assert shapely.union_all(flat[mine].geometry).area == pytest.approx(row.area_m2, abs=0.05)


def test_every_output_says_where_the_formulas_are_from(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = CliRunner().invoke(
            cli, ["consolidate", "sample", "-o", str(tmp_path / "c"), "--lang", "en"]
        )
    assert answer.exit_code == 0, answer.output
    said = "the notice itself was not read"
    assert said in answer.output
    out = tmp_path / "c"
    data = json.loads((out / "consolidation.json").read_text(encoding="utf-8"))
    assert said in data["formulas"]["en"]
    assert [m["key"] for m in data["measures"]] == [m.key for m in MEASURES]
    assert all(row["area_m2"] >= 0.005 for row in data["not_known"])
    book = load_workbook(out / "consolidation.xlsx", read_only=True)
    cells = [str(c) for sheet in book for row in sheet.iter_rows(values_only=True) for c in row]
    assert sum(said in c for c in cells) >= len(MEASURES) - 3
    assert said in (out / "consolidation.html").read_text(encoding="utf-8")
    assert said in zipfile.ZipFile(out / "consolidation.docx").read("word/document.xml").decode()
    ground = gpd.read_file(out / "consolidation.gpkg", layer="consolidation")
    assert ground["formula"].str.contains(said).all()
    assert len(ground) == len(data["polygons"])


def test_proven_plots_come_from_a_file(tmp_path, sample):
    plots = sample.layer("parcel").iloc[[5, 9]][["id", "geometry"]].to_crs(4326)
    plots.to_file(tmp_path / "proven.geojson")
    answer = CliRunner().invoke(
        cli, ["consolidate", "sample", "--proven", str(tmp_path / "proven.geojson"), "--json",
              "--supply-years", "3", "--as-of", "2022-12-31"])  # fmt: skip
    assert answer.exit_code == 0, answer.output
    data = json.loads(answer.output)
    assert data["day"] == "2022-12-31"
    assert data["supply_years"] == 3
    proven = [row for row in data["parts"] if row["part"] == "proven" and row["park"] == ""]
    size = geo.area_m2(plots.geometry, center=sample.center).sum()
    assert proven[0]["area_m2"] == pytest.approx(size, rel=1e-6)

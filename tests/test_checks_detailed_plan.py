"""What the plots of the detailed plan allow, on squares where every answer is mental arithmetic."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from zgcgis import geo
from zgcgis.checks import detailed_plan as control
from zgcgis.checks import not_checked
from zgcgis.findings import describe
from zgcgis.model import Zone

CENTER = (116.3, 40.0)


def layer(rows, squares):
    """A layer of rectangles given in metres around the centre."""
    shapes = gpd.GeoSeries([box(*square) for square in squares], crs=geo.plane(CENTER))
    return gpd.GeoDataFrame(
        pd.DataFrame(rows), geometry=shapes.to_crs("EPSG:4490").to_numpy(), crs="EPSG:4490"
    )


def square(column, row=0, size=100):
    return (column * size, row * size, (column + 1) * size, (row + 1) * size)


def zone(**layers):
    meta = {"years": [2022, 2023], "center": CENTER, "land_use_system": "yonghai_2023"}
    names = {"zh": "试验区", "en": "Test zone"}
    none = pd.DataFrame(columns=["level", "parent", "group", "zh", "en"])
    quotas = pd.DataFrame(columns=["unit", "year", "use", "kind", "quota_m2", "clause"])
    return Zone(
        id="z",
        names=names,
        meta=meta,
        layers=layers,
        units=none,
        accounts=pd.DataFrame(),
        quotas=quotas,
    )


# --- floor area ----------------------------------------------------------------------------------


def built_up(plots, floors):
    """Two parcels of 10,000 m² side by side, a building on each; plots as given."""
    land = layer([{"id": "a"}, {"id": "b"}], [square(0), square(1)])
    houses = layer(
        [{"id": f"h{k}", "parcel_id": one, "floor_area_m2": floor}
         for k, (one, floor) in enumerate(zip("ab", floors, strict=True))],
        [(10, 10, 50, 50), (110, 10, 150, 50)],
    )  # fmt: skip
    rows, squares = zip(*plots, strict=True)
    return zone(parcel=land, building=houses, detailed_plan=layer(rows, squares))


def test_a_parcel_above_the_ratio_of_its_plot_is_told_with_the_floors_beyond():
    plots = [({"id": "k1", "planned_far": 1.5}, square(0)), ({"id": "k2", "planned_far": 2.5}, square(1))]  # fmt: skip
    found = control.denser_than_planned(built_up(plots, (20_000, 20_000)))
    assert found[["feature", "other"]].to_numpy().tolist() == [["a", "k1"]]
    assert found["measured"].iloc[0] == pytest.approx(2.0, abs=1e-3)
    assert found["limit"].iloc[0] == pytest.approx(1.5)
    assert "floor area beyond 5,000" in describe(found, "en").iloc[0]


def test_limits_of_several_plots_count_by_area():
    plots = [({"id": "k1", "planned_far": 1.0}, (0, 0, 50, 100)), ({"id": "k2", "planned_far": 3.0}, (50, 0, 200, 100))]  # fmt: skip
    assert control.denser_than_planned(built_up(plots, (20_000, 30_000))).empty
    found = control.denser_than_planned(built_up(plots, (21_000, 30_000)))
    assert found["limit"].tolist() == pytest.approx([2.0])


def test_where_no_limit_is_known_nobody_is_accused_and_it_is_said():
    plots = [({"id": "k1", "planned_far": 1.0}, (0, 0, 50, 100)), ({"id": "k2", "planned_far": None}, (50, 0, 200, 100))]  # fmt: skip
    here = built_up(plots, (90_000, 90_000))
    assert control.denser_than_planned(here).empty
    said = not_checked(here, ["P307"])
    assert said[["level", "column", "features", "of"]].to_numpy().tolist() == [
        ["detailed_plan", "planned_far", 1, 2]
    ]
    without = built_up([({"id": "k1"}, (0, 0, 200, 100))], (90_000, 90_000))
    assert control.denser_than_planned(without).empty
    assert "P307" in set(not_checked(without, ["P307"])["rule"])


def test_a_building_of_unknown_floors_accuses_nobody():
    plots = [({"id": "k1", "planned_far": 0.1}, (0, 0, 200, 100))]
    here = built_up(plots, (None, 5_000))
    assert control.denser_than_planned(here)["feature"].tolist() == ["b"]
    assert not_checked(here, ["P307"])["level"].tolist() == ["building"]


# --- ground covered ------------------------------------------------------------------------------


def covered(limits, *footprints, kinds=None):
    """Parcels a and b of 10,000 m² on plots k0 and k1; buildings as given."""
    kinds = kinds or ["building"] * len(footprints)
    return zone(
        parcel=layer([{"id": "a"}, {"id": "b"}], [square(0), square(1)]),
        building=layer(
            [{"id": f"h{k}", "kind": kind} for k, kind in enumerate(kinds)], list(footprints)
        ),
        detailed_plan=layer(
            [{"id": f"k{k}", "planned_coverage_pct": one} for k, one in enumerate(limits)],
            [square(0), square(1)],
        ),
    )


def test_a_parcel_covered_beyond_its_plot_is_told_with_the_ground_beyond():
    here = covered((40.0, 60.0), (0, 0, 50, 100), (100, 0, 150, 100))
    found = control.more_covered_than_planned(here)
    assert found[["feature", "other"]].to_numpy().tolist() == [["a", "k0"]]
    assert found["measured"].iloc[0] == pytest.approx(50.0, abs=0.01)
    assert "ground beyond 1,000" in describe(found, "en").iloc[0]


def test_ground_under_two_buildings_counts_once_and_each_parcel_has_its_part():
    tower_on_podium = covered((50.0, 50.0), (0, 0, 50, 100), (10, 10, 40, 90))
    assert control.more_covered_than_planned(tower_on_podium).empty
    astride = covered((30.0, 30.0), (70, 0, 120, 100))  # 30 on a, 20 on b
    assert control.more_covered_than_planned(astride).empty


def test_structures_cover_nothing():
    here = covered((40.0, 40.0), (0, 0, 90, 100), kinds=["structure"])
    assert control.more_covered_than_planned(here).empty


@given(share=st.floats(1, 99), limit=st.floats(1, 99))
def test_covered_beyond_means_above_the_limit_and_its_roundings(share, limit):
    here = covered((limit, limit), (0, 0, share, 100))
    found = control.more_covered_than_planned(here)
    if share > 1.011 * limit + 0.51:
        assert found["feature"].tolist() == ["a"]
    elif share < 1.0 * limit + 0.49:
        assert found.empty


# --- height --------------------------------------------------------------------------------------


def tall(heights, plots, kinds=("building", "building")):
    rows = [
        {"id": f"h{k}", "height_m": one, "kind": kind}
        for k, (one, kind) in enumerate(zip(heights, kinds, strict=True))
    ]
    said, squares = zip(*plots, strict=True)
    return zone(
        building=layer(rows, [(10, 10, 50, 50), (110, 10, 150, 50)]),
        detailed_plan=layer([{"id": f"k{k}", "planned_height_m": one} for k, one in enumerate(said)], squares),
    )  # fmt: skip


def test_a_building_above_the_height_of_its_plot_is_told():
    found = control.higher_than_planned(tall((60.0, 60.0), [(60.0, square(0)), (45.0, square(1))]))
    assert found[["level", "feature", "other", "measured", "limit"]].to_numpy().tolist() == [
        ["building", "h1", "k1", 60.0, 45.0]
    ]


def test_a_building_on_two_plots_may_be_as_high_as_either():
    plots = [(24.0, (0, 0, 30, 100)), (60.0, (30, 0, 200, 100))]
    assert control.higher_than_planned(tall((60.0, None), plots)).empty
    assert control.higher_than_planned(tall((60.2, None), plots))["limit"].tolist() == [60.0]


def test_a_height_nobody_states_accuses_nobody_and_it_is_said():
    here = tall((None, 90.0), [(60.0, square(0)), (None, square(1))])
    assert control.higher_than_planned(here).empty
    said = not_checked(here, ["P309"])
    assert set(said["column"]) == {"height_m", "planned_height_m"}


def test_a_chimney_is_no_building():
    here = tall((90.0, 90.0), [(60.0, (0, 0, 200, 100))], kinds=("structure", None))
    assert control.higher_than_planned(here)["feature"].tolist() == ["h1"]


# --- green ---------------------------------------------------------------------------------------


def test_less_green_than_the_plot_asks_for_is_told():
    here = zone(
        parcel=layer(
            [{"id": "a", "green_pct": 20.0}, {"id": "b", "green_pct": 30.0}, {"id": "c", "green_pct": None}],
            [square(0), square(1), square(2)],
        ),
        detailed_plan=layer([{"id": "k", "planned_green_pct": 30.0}], [(0, 0, 300, 100)]),
    )  # fmt: skip
    found = control.less_green_than_planned(here)
    assert found[["feature", "measured", "limit"]].to_numpy().tolist() == [["a", 20.0, 30.0]]
    assert not_checked(here, ["P310"])[["level", "column", "features"]].to_numpy().tolist() == [
        ["parcel", "green_pct", 1]
    ]

"""Hot spots on the map: told where they were planted and nowhere by chance, the same as by a second route."""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from zgcgis import geo, open_zone
from zgcgis.maps import draw_zone, save_map
from zgcgis.maps.packed.hot_spots import hot_spots

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import browser_page, until

SAMPLE = Path(__file__).parents[1] / "data" / "sample"


@pytest.fixture(scope="module")
def sample():
    return open_zone(SAMPLE)


def scattered(zone, n, *, seed, gathered=0):
    """Firms anywhere in the parks, and `gathered` within 150 m of one place; all of one cluster."""
    rng = np.random.default_rng(seed)
    parks = geo.to_plane(zone.layer("park").geometry, zone.center)
    ground = shapely.union_all(parks.to_numpy())
    west, south, east, north = ground.bounds
    points = shapely.points(rng.uniform((west, south), (east, north), (8 * n, 2)))
    points = points[shapely.contains(ground, points)][:n]
    middle = shapely.point_on_surface(max(parks.to_numpy(), key=shapely.area))
    near = shapely.points(shapely.get_coordinates(middle) + rng.normal(0, 75, (gathered, 2)))
    found = gpd.GeoSeries([*points, *near], crs=parks.crs).to_crs("EPSG:4490")
    return gpd.GeoDataFrame(geometry=found), gpd.GeoSeries([middle], crs=parks.crs).to_crs(4490)[0]


def told(zone, firms):
    return hot_spots(zone, firms, np.zeros(len(firms), np.uint8), ["a"])


def test_a_planted_gathering_is_hot_and_nothing_far_from_it_is(sample):
    firms, middle = scattered(sample, 600, seed=5, gathered=120)
    found = told(sample, firms)
    hot = [row for row in found["by"][""] if row[1] > 0]
    rings = [shapely.Polygon(found["rings"][row[0]]) for row in hot]
    assert any(ring.contains(middle) for ring in rings)
    metres = geo.to_plane(gpd.GeoSeries([middle, *rings], crs=4490), sample.center)
    away = [metres.iloc[0].distance(ring) for ring in metres.iloc[1:]]
    assert max(away) <= 3 * found["size_m"]
    assert all(row[2] <= 0.05 for row in found["by"][""])


def test_firms_anywhere_make_no_spot_in_most_throws(sample):
    """At a rate of 5 % over all cells, throws with any spot at all are few."""
    with_any = sum(
        bool(told(sample, scattered(sample, 900, seed=seed)[0])["by"][""]) for seed in range(20)
    )
    assert with_any <= 5


@pytest.mark.filterwarnings("ignore:The weights matrix")
def test_numbers_are_those_of_esda(sample):
    esda, libpysal = pytest.importorskip("esda"), pytest.importorskip("libpysal")
    from zgcgis.maps.packed import hot_spots as room

    firms, _ = scattered(sample, 500, seed=1, gathered=80)
    seen = {}
    keep = room.getis_ord

    def look(values, weights, **more):
        seen["x"], seen["w"] = values, weights
        return keep(values, weights, **more)

    room.getis_ord = look
    try:
        found = told(sample, firms)
    finally:
        room.getis_ord = keep
    w = seen["w"].tocsr()
    theirs = libpysal.weights.W(
        {i: list(w[[i]].indices) for i in range(w.shape[0])}, silence_warnings=True
    )
    star = esda.G_Local(seen["x"], theirs, transform="B", star=True, permutations=0)
    hot = sum(row[1] > 0 for row in found["by"][""])
    order = np.sort(star.Zs)[::-1]
    ours = sorted((row[1] for row in found["by"][""] if row[1] > 0), reverse=True)
    assert ours == pytest.approx(order[:hot].tolist(), abs=0.006)


def test_few_firms_or_no_ground_tell_nothing(sample):
    assert told(sample, scattered(sample, 10, seed=0)[0]) is None
    content = draw_zone(sample).content["firms"]
    sizes = np.bincount(sample.layer("enterprise")["industry"].value_counts() >= 30)
    assert len(content["hot"]["by"]) <= 1 + sizes[-1]


@pytest.mark.browser
def test_the_page_draws_and_says_them(sample, tmp_path):
    atlas = draw_zone(sample)
    rows = atlas.content["firms"]["hot"]["by"][""]
    hot, cold = sum(r[1] > 0 for r in rows), sum(r[1] < 0 for r in rows)
    with browser_page() as page:
        page.goto(save_map(atlas, tmp_path / "m.html").as_uri() + "#t=firms&e=hot")
        until(page, "document.querySelector('.leaflet-spots-pane svg')")
        assert page.locator(".leaflet-spots-pane path").count() == len(rows)
        said = page.inner_text(".spot-words")
        assert f"{hot} 个是热点、{cold} 个是冷点" in said
        assert "错误发现率不超过 5%" in said
        assert "错误发现率 ≤ 5%" in page.inner_text(".legend")
        page.click(".tabs button >> nth=0")
        assert page.locator(".leaflet-spots-pane path").count() == 0
        assert page.complaints == []

"""A site drawn on the map: what is read in it is what the package measures."""

from __future__ import annotations

import csv
import io
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoSeries
from shapely import Polygon

import zgcgis as zg
from zgcgis.geo import area_m2, clipped_areas, length_m
from zgcgis.maps import draw_zone, save_map
from zgcgis.model import there_in

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import browser_page, until, violations

pytestmark = pytest.mark.browser

FULL = bool(os.environ.get("ZGCGIS_FULL"))
PART = 1e-3  # a part in a thousand


@pytest.fixture(scope="module")
def zone():
    return zg.open_zone("sample")


@pytest.fixture(scope="module")
def file(zone, tmp_path_factory):
    atlas = draw_zone(zone, findings=zg.check(zone), desk="land")
    return save_map(atlas, tmp_path_factory.mktemp("site") / "z.html")


@pytest.fixture(scope="module")
def page(file):
    with browser_page() as page:
        page.goto(file.as_uri())
        until(page, "atlasPage.land.byKey.parcel.area")
        yield page


def sites(zone):
    """Simple outlines of every kind over the zone: small and large, bent inwards, star-shaped."""
    rng = np.random.default_rng(3)
    west, south, east, north = zone.layer("parcel").to_crs("EPSG:4490").total_bounds
    for k in range(60 if FULL else 12):
        corners = int(rng.integers(3, 14))
        angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
        radii = rng.uniform(0.15, 1, corners) * (0.001, 0.006, 0.03)[k % 3]
        x = rng.uniform(west, east) + radii * np.cos(angles) * 1.3
        y = rng.uniform(south, north) + radii * np.sin(angles)
        if Polygon(zip(x, y, strict=True)).is_valid:
            yield [(round(a, 6), round(b, 6)) for a, b in zip(x, y, strict=True)]


SHOW = """points => new Promise(done => {
  const S = atlasPage.site;
  S.clear(); S.show(points.map(([x, y]) => L.latLng(y, x)));
  (function wait() {
    const a = S.answer();
    if (!a) { setTimeout(wait, 10); return; }
    const by = {};
    for (const t of a.tables) {
      by[t.land.key] = {m2: t.m2, n: t.rows.length, groups: {}};
      for (const g of t.groups) by[t.land.key].groups[g.style.key] = g.sums.map(s => [g.style.classes[s.k].name[0], s.m2]);
    }
    done({by, firms: a.firms.map(r => [r.c.id, r.n]), findings: a.findings,
      text: document.querySelector('.card').textContent});
  })();
})"""


def test_land_in_a_site_is_that_of_the_package(zone, page):
    tried = 0
    firms = zone.layer("enterprise")
    firms = firms[firms["year"] == firms["year"].max()].to_crs("EPSG:4490")
    found = zg.check(zone).to_crs("EPSG:4490")
    for points in sites(zone):
        told = page.evaluate(SHOW, points)
        outline = GeoSeries([Polygon(points)], crs="EPSG:4490")
        own = area_m2(outline, center=zone.center)[0]
        page_area = page.evaluate("atlasPage.ruler.areaOf(atlasPage.state.site)")
        assert abs(page_area - own) <= PART * own
        around = page.evaluate(
            "(s => atlasPage.ruler.lengthOf(s.concat([s[0]])))(atlasPage.state.site)"
        )
        length = length_m(outline, center=zone.center)[0]
        assert abs(around - length) <= PART * length
        for level in ("parcel", "building", "detailed_plan"):
            layer = zone.layer(level)
            layer = layer[there_in(layer, 2023)].reset_index(drop=True)
            _, rows, areas = clipped_areas(outline, layer.geometry, center=zone.center)
            stated = told["by"].get(level, {"m2": 0, "n": 0})
            assert abs(stated["m2"] - areas.sum()) <= PART * areas.sum() + 1, level
            if level == "parcel" and len(rows):
                tried += 1
                uses = (
                    pd.Series(areas)
                    .groupby(layer["land_use"].iloc[rows].fillna("").to_numpy())
                    .sum()
                )
                shown = {
                    name.split(" ")[0].split("（")[0]: m2
                    for name, m2 in stated["groups"]["land_use"]
                }
                for use, area in uses.items():
                    if area > 5:
                        assert abs(shown[use or "没有数据"] - area) <= PART * area + 2, use
        inside = shapely.contains_xy(outline[0], firms.geometry.x, firms.geometry.y)
        assert sum(n for _, n in told["firms"]) == inside.sum()
        places = shapely.point_on_surface(found.geometry.to_numpy())
        within = shapely.contains_xy(outline[0], shapely.get_x(places), shapely.get_y(places))
        assert len(told["findings"]) == within.sum()
    assert tried >= (20 if FULL else 4)
    assert page.complaints == []


def test_a_site_is_drawn_by_key_alone(file):
    with browser_page() as page:
        page.goto(file.as_uri())
        until(page, "atlasPage.land.byKey.parcel.area")
        page.focus("text=画一块地，读其中的用地")
        page.keyboard.press("Enter")
        for keys in (
            "ArrowRight ArrowRight",
            "ArrowDown ArrowDown ArrowDown",
            "ArrowLeft ArrowLeft",
        ):
            page.keyboard.press("Enter")
            for key in keys.split():
                page.keyboard.press(key)
        page.keyboard.press("Enter")
        assert "4 点" in page.text_content(".drawing")
        page.keyboard.press("Backspace")
        assert "3 点" in page.text_content(".drawing")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert "画的地块" in page.text_content(".card h2")
        until(page, "atlasPage.site.answer()")
        assert "g=" in page.evaluate("location.hash")
        page.keyboard.press("Escape")
        assert page.evaluate("atlasPage.state.site === null")
        assert page.complaints == []


def test_an_outline_that_crosses_itself_is_not_read(page):
    page.evaluate(
        "() => { const S = atlasPage.site; S.clear(); S.start();"
        " for (const [x, y] of [[116.90, 39.2], [116.91, 39.21], [116.91, 39.2], [116.90, 39.21]]) S.take(L.latLng(y, x)); }"
    )
    assert "自己相交" in page.text_content(".drawing")
    assert page.is_disabled(".drawing >> text=完成")
    page.keyboard.press("Escape")


def test_the_csv_and_the_link_hold_the_site(file, zone):
    points = next(p for p in sites(zone) if Polygon(p).area > 1e-5)
    with browser_page(accept_downloads=True) as page:
        page.goto(file.as_uri())
        until(page, "atlasPage.land.byKey.parcel.area")
        told = page.evaluate(SHOW, points)
        with page.expect_download() as saved:
            page.click(".card >> text=导出 CSV")
        rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text("utf-8-sig"))))
        parcels = [float(r["area_m2"]) for r in rows if r["what"] == "parcel"]
        land = told["by"].get("parcel", {"m2": 0, "n": 0})
        assert len(parcels) == land["n"]
        assert abs(sum(parcels) - land["m2"]) <= 0.01 * max(1, len(parcels))
        address = page.url
        page.goto("about:blank")
        page.goto(address)
        until(page, "atlasPage.site.answer()")
        again = page.evaluate("atlasPage.state.site.map(p => [p.lng, p.lat])")
        assert np.allclose(again, points, atol=1e-6)
        assert violations(page) == []


@pytest.mark.parametrize(
    "bad", ["", ";;", "1,2", "nan,1;2,3;4,5", "0,0;0,0;0,0", "91,0;1,1;2,0", "0,0;1,1;1,0;0,1"]
)
def test_an_address_with_no_site_opens_without_one(file, bad):
    with browser_page() as page:
        page.goto(file.as_uri() + "#g=" + bad)
        assert page.evaluate("atlasPage.state.site === null")
        assert page.complaints == []


@pytest.mark.parametrize("room", [{"color_scheme": "dark"}, {"forced_colors": "active"}])
def test_axe_finds_nothing_in_a_dark_room_or_under_forced_colours(file, room):
    with browser_page(1440, 860, **room) as page:
        page.goto(file.as_uri())
        for tab in ("parks", "land", "findings"):
            page.click(f"#tab-{tab}")
            page.wait_for_timeout(250)
            assert violations(page) == [], tab
        if "color_scheme" in room:
            paper = "getComputedStyle(document.querySelector('.panel')).backgroundColor"
            assert sum(map(int, page.evaluate(paper)[4:-1].split(","))) < 200
            page.emulate_media(media="print")
            assert sum(map(int, page.evaluate(paper)[4:-1].split(","))) > 700


def test_findings_stand_in_groups_that_fold(file, zone):
    count = len(zg.check(zone))
    heads = "[...document.querySelectorAll('.group-head b')].map(b => +b.textContent)"
    with browser_page(1440, 3000) as page:
        page.goto(file.as_uri())
        page.click("#tab-findings")
        for by in ("rule", "park", "severity"):
            page.select_option("#fg", by)
            page.wait_for_timeout(100)
            seen, rows = {}, "[...document.querySelectorAll('.group-head')]"
            for fold in (False, True):
                if fold:
                    while page.query_selector(".group-head[aria-expanded=true]"):
                        page.click(".group-head[aria-expanded=true] >> nth=0")
                seen[fold] = page.evaluate(heads)
            assert sum(seen[True]) == count, by
            assert page.evaluate("document.querySelectorAll('.list .finding').length") == 0
            assert len(page.evaluate(f"{rows}.map(b => b.textContent)")) == len(seen[True]) > 1
            assert page.evaluate("atlasPage.findings.listed().length") == count
        page.evaluate("atlasPage.findings.step(1)")
        assert page.query_selector(".finding[aria-current=true]") is not None
        assert violations(page) == []
        assert page.complaints == []

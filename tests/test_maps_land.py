"""The land on the map: what is packed is what is read; every finding is there; nothing runs."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import folium
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from shapely.geometry import MultiPolygon, Point, Polygon

import zgcgis as zg
from zgcgis.findings import define, finding_frame
from zgcgis.geo import area_m2
from zgcgis.language.errors import UnknownNameError
from zgcgis.maps import draw_zone, save_map
from zgcgis.maps.packed.codec import pack, pack_column
from zgcgis.maps.packed.land_layers import land_of, use_style
from zgcgis.maps.packed.room import Foreseen, PageTooLargeError, foresee, need_of
from zgcgis.maps.safe import told_in_page
from zgcgis.model import Layers
from zgcgis.plan.land_use import crosswalk

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import browser_page, unpacked, until, violations
from test_maps_safety import STRINGS

FULL = bool(os.environ.get("ZGCGIS_FULL"))
PAGE = Path(zg.__file__).parent / "maps" / "page"
STATIC = Path(zg.__file__).parent / "maps" / "static"


@pytest.fixture(scope="module")
def zone():
    return zg.open_zone("sample")


# --- what is packed is what is read ---------------------------------------------------------------

READ = """async ({ meta, data }) => {
  const { decode, inflate } = window.atlasCodec, d = decode(meta, await inflate(data));
  const world = 2 ** d.bits, out = [];
  const at = (v) => [d.X[v] / world * 360 - 180,
    Math.atan(Math.sinh(Math.PI * (1 - 2 * d.Y[v] / world))) * 180 / Math.PI];
  for (let i = 0; i < d.n; i++) {
    const rings = [];
    for (let g = d.shapes[i]; g < d.shapes[i + 1]; g++) {
      const ring = [];
      for (let v = d.rings[g]; v < d.rings[g + 1]; v++) ring.push(at(v));
      rings.push(ring);
    }
    out.push(rings);
  }
  return out;
}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page of the atlas, for what its code reads."""
    atlas = draw_zone(zg.open_zone("sample"), layers=["none"])
    path = save_map(atlas, tmp_path_factory.mktemp("c") / "c.html")
    with browser_page() as tab:
        tab.goto(path.as_uri())
        yield tab


@pytest.mark.browser
def test_shapes_come_back_within_a_quarter_of_a_metre(page):
    ring = Point(116.3, 40.0).buffer(0.004, quad_segs=80)
    hole = ring.difference(Point(116.3, 40.0).buffer(0.001))
    many = MultiPolygon(
        [box(116.4 + k / 500, 40, 116.4 + k / 500 + 0.001, 40.001) for k in range(300)]
    )
    shapes = np.array([hole, many, box(116.1, 39.9, 116.1001, 39.9001)], dtype=object)
    packed = pack(shapes)
    read = page.evaluate(READ, {"meta": packed.meta, "data": packed.data})
    for rings, row in zip(read, packed.order, strict=True):
        whole = shapely.get_rings(shapely.get_parts(shapes[row]))
        assert len(rings) == len(whole)  # 300 rings are 300, and a hole is a ring
        for mine, theirs in zip(rings, whole, strict=True):
            line = shapely.LineString(np.array(theirs.coords))
            far = shapely.distance(line, shapely.points(np.array(mine)))
            assert far.max() * 111_000 < 0.25


def test_what_has_no_polygon_is_left_out_and_counted():
    shapes = np.array([box(0, 0, 1, 1), None, Polygon(), shapely.LineString([(0, 0), (1, 1)])])
    assert list(pack(shapes).order) == [0]


COLUMNS = {
    "whole": pd.Series([0, 5, None, 70000], dtype="Float64").astype("float64"),
    "cents": pd.Series([0.25, 5.5, None, 1e6]),
    "fine": pd.Series([1 / 3, -2.0, None, 1e-9]),
    "dates": pd.to_datetime(pd.Series(["2020-02-29", "1949-10-01", None, "2075-01-01"])),
    "texts": pd.Series(["=1+1", "甲", None, "甲"]),
    "many": pd.Series([f"id{k}" for k in range(4)]),
    "classes": pd.Series([0, 1, 255, 7], dtype=np.uint8),
}


@pytest.mark.browser
@pytest.mark.parametrize("name", COLUMNS)
def test_columns_come_back_as_they_were(page, name):
    column = COLUMNS[name]
    order = np.array([3, 0, 2, 1])
    told, data = pack_column(column, order)
    read = page.evaluate(
        """async ({ told, data }) => {
             const { decodeColumn, inflate } = window.atlasCodec;
             const c = decodeColumn(told, await inflate(data), 4);
             return [0, 1, 2, 3].map((i) => c.text(i)); }""",
        {"told": told, "data": data},
    )
    for value, row in zip(read, order, strict=True):
        want = column.iloc[row]
        if pd.isna(want):
            assert value is None
        elif name == "dates":
            assert value == f"{want:%Y-%m-%d}"
        elif name in ("texts", "many"):
            assert value == want
        else:
            assert value == pytest.approx(float(want), rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 300)), min_size=1, max_size=30))
def test_every_usable_shape_is_packed_once(places):
    shapes = np.array(
        [box(116 + x / 1e3, 40 + y / 1e3, 116.0005 + x / 1e3, 40.0005 + y / 1e3) for x, y in places]
    )
    packed = pack(shapes)
    assert sorted(packed.order) == list(range(len(shapes)))
    assert packed.meta["n"] == packed.meta["rings"] == len(shapes)
    assert packed.data == pack(shapes).data


# --- what the desks are told ------------------------------------------------------------------------


def test_every_code_of_every_classification_has_a_colour():
    table = crosswalk().reset_index()
    for system, rows in table.groupby("system"):
        style, _ = use_style("land_use", rows["code"], str(system), ("用途", "use"))
        for entry in style["classes"][1:]:
            assert entry["colour"].startswith("#"), entry
            assert entry["name"][0]


def test_an_unknown_code_is_no_class_of_the_table():
    style, places = use_style(
        "u", pd.Series(["1001", "9999", None]), "yonghai_2023", ("用途", "use")
    )
    names = [entry["name"][0] for entry in style["classes"]]
    assert names == ["没有数据", "1001 工业用地", "9999（代码不在分类表中）"]
    assert places.tolist() == [1, 2, 0]


def test_the_page_holds_every_parcel_and_says_what_it_leaves_out(zone):
    land = land_of(zone)
    parcels = next(entry for entry in land.layers if entry["key"] == "parcel")
    assert parcels["meta"]["n"] == len(zone.layer("parcel"))
    less = land_of(zone, room=30_000)
    assert {"parcel"} <= {entry["key"] for entry in less.layers}
    assert any("未放入本页" in zh and "buildings" not in zh for zh, _ in less.said)
    assert sum(map(len, less.blocks.values())) <= 30_000
    with pytest.raises(PageTooLargeError, match="MB"):
        land_of(zone, room=1000, most=1000)


def test_what_the_land_takes_is_told_from_a_few_of_each_layer_and_drawn_coarser_or_refused(zone):
    levels = ["parcel", "building"]
    ahead = foresee(zone, levels, {"parcel"})
    for level in levels:
        shapes = zone.layer(level).geometry.to_numpy()
        assert ahead[level].bits is None
        assert ahead[level].size == pytest.approx(len(pack(shapes).data), rel=0.1)
    need = need_of(zone, ahead, {"parcel"})
    coarse = foresee(zone, levels, {"parcel"}, most=need - 1)["parcel"]
    assert coarse.bits == 26
    assert coarse.size < ahead["parcel"].size
    assert foresee(zone, levels, {"parcel"}, most=need * 3 // 5)["parcel"].bits == 24
    with pytest.raises(PageTooLargeError, match=r"--park .*--layers none"):
        foresee(zone, levels, {"parcel"}, most=need // 4)
    land = land_of(zone, {"parcel": ""}, foreseen={"parcel": coarse})
    (record,) = land.layers
    assert record["meta"]["bits"] == 26
    assert record["meta"]["n"] == len(zone.layer("parcel"))
    assert any("0.5 米" in zh for zh, _ in land.said)


def test_a_layer_that_does_not_fit_is_not_read(zone):
    ahead = {"building": Foreseen(10_000_000)}
    land = land_of(zone, room=5_000_000, foreseen=ahead)
    assert "building" not in {entry["key"] for entry in land.layers}
    assert any("建筑物" in zh and "10.0 MB" in zh for zh, _ in land.said)


def test_the_map_of_one_park_shows_that_park(zone):
    park = zone.within("spruce")
    atlas = draw_zone(park)
    assert [u["id"] for u in atlas.content["units"] if u["level"] == "park"] == ["spruce"]
    parcels = next(one for one in atlas.content["land"]["layers"] if one["key"] == "parcel")
    assert 0 < parcels["total"] == (zone.layer("parcel")["park_id"] == "spruce").sum()


def test_long_data_is_packed_and_read_the_same(zone, monkeypatch):
    atlas = draw_zone(zone, layers=["none"])
    assert '<script type="application/json" id="atlas-data">' in atlas.to_offline_html()
    monkeypatch.setattr("zgcgis.maps.safe._PACKED_FROM", 1000)
    packed = told_in_page(atlas.content)
    assert list(packed) == ["packed"]
    assert unpacked(packed["packed"]) == json.loads(json.dumps(atlas.content))
    assert '<script type="application/octet-stream" id="atlas-data">' in atlas.to_offline_html()


def test_layers_are_those_asked_for(zone):
    atlas = draw_zone(zone, layers=["parcel:far", "firm"])
    assert [entry["key"] for entry in atlas.content["land"]["layers"]] == ["parcel"]
    assert atlas.content["land"]["layers"][0]["style"] == "far"
    assert atlas.content["firms"]["meta"]["n"] > 0
    alone = draw_zone(zone, layers=["none"])
    assert alone.content["land"]["layers"] == []
    assert alone.content["firms"] is None
    with pytest.raises(UnknownNameError, match="parcel"):
        draw_zone(zone, layers=["parcels"])
    with pytest.raises(UnknownNameError, match="land_use"):
        draw_zone(zone, layers=["parcel:colour"])


@pytest.mark.parametrize("count", [47, 6227, 50_000])
def test_every_finding_is_in_the_page(zone, count):
    define("T996", "note", zh="第{feature}条", en="no. {feature}")
    rows = [
        {"feature": f"f{k}", "level": "parcel", "geometry": Point(116.3 + k / 1e6, 40)}
        for k in range(count)
    ]
    atlas = draw_zone(zone, findings=finding_frame(rows, rule="T996"), layers=["none"])
    listed = unpacked(atlas.blocks["findings"])
    assert atlas.content["findings"]["count"] == count
    for key in ("rule", "severity", "park", "measured", "feature", "at", "g"):
        assert len(listed[key]) == count, key
    assert listed["t"][0][-1] == f"第f{count - 1}条"


@pytest.mark.browser
def test_fifty_thousand_findings_are_listed_by_a_hundred_nodes(zone, tmp_path):
    define("T996", "note", zh="第{feature}条", en="no. {feature}")
    rows = [
        {"feature": f"f{k}", "level": "parcel", "geometry": Point(116.3 + k / 1e6, 40)}
        for k in range(50_000)
    ]
    found = finding_frame(rows, rule="T996")
    atlas = draw_zone(zone, findings=found, layers=["none"], desk="findings")
    with browser_page() as page:
        page.goto(save_map(atlas, tmp_path / "f.html").as_uri())
        until(page, "atlasPage.findings.data() && document.querySelector('[role=list] *')")
        assert page.evaluate("atlasPage.findings.listed().length") == 50_000
        for place in (0, 0.5, 1):
            page.evaluate(
                f"(l => {{ while (l.scrollHeight <= l.clientHeight || l.matches('.list')) l = l.parentElement;"
                f" l.scrollTop = l.scrollHeight * {place}; }})({_LIST})"
            )
            page.wait_for_timeout(100)
            nodes = page.evaluate(f"{_LIST}.querySelectorAll('[role=listitem], button').length")
            assert 3 < nodes <= 100
        assert "第f49999条" in page.evaluate(f"{_LIST}.textContent")
        assert page.complaints == []


_LIST = "document.querySelector('.list[role=list]')"


@pytest.mark.browser
def test_a_small_zone_opens_on_its_parks_and_near_them_on_its_land(zone, tmp_path):
    path = save_map(draw_zone(zone), tmp_path / "z.html")
    for width, height in ((1440, 900), (3840, 2160)):
        with browser_page(width, height) as page:
            page.goto(path.as_uri())
            assert not page.evaluate("atlasPage.land.shows()"), (
                "the measure that is chosen is hidden"
            )
            north, south, free = page.evaluate(
                "(b => [atlasPage.map.latLngToContainerPoint(b.getNorthWest()).y,"
                " atlasPage.map.latLngToContainerPoint(b.getSouthEast()).y, innerHeight])"
                "(L.latLngBounds(atlasPage.data.units.filter(u => u.layer && u.level === 'park')"
                ".map(u => u.layer.getBounds())))"
            )
            assert (south - north) / free > 0.4, "the zone is small in the window"
            page.evaluate("atlasPage.map.setZoom(17, { animate: false })")
            assert page.evaluate("atlasPage.land.shows()")


# --- the bundle -------------------------------------------------------------------------------------


def npm(*words: str, cwd: Path) -> None:
    subprocess.run(
        ["npm", "run", "-s", *words], cwd=cwd, check=True, capture_output=True, text=True
    )


@pytest.mark.browser
def test_a_zone_of_firms_alone_opens_on_them(tmp_path):
    folder = tmp_path / "firms"
    (folder / "layers").mkdir(parents=True)
    (folder / "zone.toml").write_text('id = "firms"\nzh = "企业"\nen = "Firms"\n', "utf-8")
    rows = GeoDataFrame(
        {"id": [f"f{k}" for k in range(120)], "zh": ["甲"] * 120, "en": ["A"] * 120},
        geometry=shapely.points(
            [104.05 + k / 4000 for k in range(119)] + [0.0],
            [30.6 + k / 4000 for k in range(119)] + [0.0],
        ),
        crs=4490,
    )
    rows.to_file(folder / "layers" / "enterprise.geojson", driver="GeoJSON")
    atlas = draw_zone(zg.open_zone(folder))
    (south, west), (north, east) = atlas.get_bounds()
    assert 30.5 < south < north < 30.7
    assert 104 < west < east < 104.2
    with browser_page() as page:
        page.goto(save_map(atlas, tmp_path / "a.html").as_uri())
        page.wait_for_timeout(200)
        seen = page.evaluate(
            "(() => { const b = atlasPage.map.getBounds(); return [b.contains([30.615, 104.065]), b.getNorth() - b.getSouth()]; })()"
        )
        assert seen[0]
        assert seen[1] < 0.3
        assert page.complaints == []


@pytest.fixture(scope="module")
def modules() -> Path:
    if shutil.which("npm") is None or not (PAGE / "node_modules" / "esbuild").exists():
        pytest.skip("没有 npm 或页面的模块未安装 no npm, or no modules of the page: make page")
    return PAGE


def test_the_bundle_is_what_its_modules_give(modules, tmp_path):
    work = tmp_path / "page"
    shutil.copytree(modules, work, symlinks=True)
    (tmp_path / "static").mkdir()
    npm("build", cwd=work)
    for name in ("atlas.js", "parcels.js"):
        built = (tmp_path / "static" / name).read_bytes()
        assert built == (STATIC / name).read_bytes(), f"{name}: npm run build in maps/page"


def test_the_types_of_the_page_hold(modules):
    npm("types", cwd=modules)


# --- in the browser ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def desk(zone, tmp_path_factory):
    found = zg.check(zone)
    path = save_map(draw_zone(zone, findings=found), tmp_path_factory.mktemp("land") / "z.html")
    with browser_page() as page:
        page.goto(path.as_uri())
        page.click("#tab-land")
        page.wait_for_function(
            "atlasPage.land.byKey.parcel.classes && atlasPage.land.byKey.parcel.area"
        )
        yield page


@pytest.mark.browser
def test_a_thousand_points_are_picked_as_shapely_says(zone, desk):
    parcels = zone.layer("parcel").to_crs("EPSG:4490").reset_index(drop=True)
    now = parcels[parcels["since"].isna() | (parcels["since"] <= 2023)]
    now = now[now["until"].isna() | (now["until"] > 2023)]
    shapes, ids = now.geometry.to_numpy(), now["id"].to_numpy()
    chance = np.random.default_rng(7)
    west, south, east, north = shapely.bounds(shapes[chance.integers(0, len(shapes), 1000)]).T
    away = chance.uniform(-0.1, 1.1, (2, 1000))  # in the parcels and just beside them
    lon, lat = west + away[0] * (east - west), south + away[1] * (north - south)
    desk.evaluate("atlasPage.state.year = 2023; atlasPage.paint()")
    desk.evaluate("atlasPage.land.byKey.parcel.column('id').then(() => true)")
    picked = desk.evaluate(
        """(places) => { const l = atlasPage.land.byKey.parcel, id = (i) => i < 0 ? null : l.now("id").text(i);
             return places.map((p) => { const at = L.latLng(p), i = l.layer.pick(at);
               return [id(i), l.layer.besides(at, i).map(id)]; }); }""",
        [[a, o] for a, o in zip(lat, lon, strict=True)],
    )
    wrong = unsaid = 0
    for x, y, (id, besides) in zip(lon, lat, picked, strict=True):
        inside = set(ids[shapely.intersects(shapes, Point(x, y))]) or {None}
        wrong += id not in inside
        unsaid += inside.isdisjoint({id, *besides})
    assert sum(id is not None for id, _ in picked) > 700
    assert wrong <= 1
    assert unsaid == 0  # where a rounded boundary lies between, the page knows the other too
    assert sum(bool(besides) for _, besides in picked) < 10


@pytest.mark.browser
def test_the_areas_by_class_are_those_of_the_layer(zone, desk):
    rows = desk.evaluate(
        "atlasPage.land.byKey.parcel.totals().map((r) => [r.name[0].slice(0, 4), r.area])"
    )
    parcels = zone.layer("parcel")
    now = parcels[
        (parcels["since"].isna() | (parcels["since"] <= 2023))
        & (parcels["until"].isna() | (parcels["until"] > 2023))
    ]
    sums = area_m2(now.geometry).groupby(now["land_use"]).sum()
    for code, area in rows:
        if code in sums.index:
            assert area == pytest.approx(sums[code], abs=0.1 * len(now))


@pytest.mark.browser
def test_a_click_on_the_land_opens_the_card_of_the_parcel(desk):
    desk.evaluate(
        """async () => { const l = atlasPage.land.byKey.parcel, b = l.layer.boundsOf(40);
           atlasPage.map.setView(b.getCenter(), 17, { animate: false }); }"""
    )
    at = desk.evaluate(
        """() => { const l = atlasPage.land.byKey.parcel, m = atlasPage.map, s = m.getSize();
           for (let x = 500; x < s.x - 300; x += 7) for (let y = 60; y < s.y - 80; y += 7) {
             const p = m.containerPointToLatLng([x, y]), t = atlasPage.land.at(p);
             if (t && t.layer === l && document.elementFromPoint(x, y).closest(".leaflet-container"))
               return [x, y, l.now("id").text(t.i)]; } }"""
    )
    desk.mouse.click(at[0], at[1])
    desk.wait_for_timeout(400)
    assert at[2] in desk.inner_text(".card")
    assert "也可能属于" not in desk.inner_text(".card")
    desk.evaluate(
        """() => { const l = atlasPage.land.byKey.parcel, t = atlasPage.state.thing;
           atlasPage.pickThing({ ...t, clicked: l.layer.latLngsOf(t.i)[0][0] }, false); }"""
    )
    desk.wait_for_timeout(200)
    assert "离界线不到 0.03 米" in desk.inner_text(".card")
    assert "平方米" in desk.inner_text(".card")
    assert desk.locator(".leaflet-mark-pane path").count() == 2
    desk.keyboard.press("Escape")
    assert desk.locator(".card").is_hidden()


@pytest.mark.browser
def test_a_class_is_seen_alone_and_all_again(desk):
    desk.click("#tab-land")
    desk.click(".classes button >> nth=0")
    assert desk.evaluate("atlasPage.land.byKey.parcel.only.size") == 1
    shown = desk.evaluate("[...atlasPage.land.byKey.parcel.layer.shown].filter(Boolean).length")
    assert 0 < shown < desk.evaluate("atlasPage.land.byKey.parcel.record.meta.n")
    desk.click("text=全部显示")
    assert desk.evaluate("atlasPage.land.byKey.parcel.only.size") == 0


@pytest.mark.browser
def test_every_finding_can_be_told_after_a_click(desk):
    desk.click("#tab-findings")
    count = desk.evaluate("atlasPage.findings.count")
    for place in range(0, count, 1 if FULL else 4):
        desk.evaluate(f"atlasPage.findings.choose(atlasPage.findings.listed()[{place}], true)")
        drawn = desk.evaluate("atlasPage.findings.data().g[atlasPage.state.finding]")
        boxes = desk.eval_on_selector_all(
            ".leaflet-mark-pane path",
            "ps => ps.map(p => { const r = p.getBoundingClientRect(); return Math.max(r.width, r.height); })",
        )
        assert (max(boxes, default=0) >= 60) == (drawn is not None), place
    assert desk.locator(".finding").count() <= 100


@pytest.mark.browser
def test_what_is_listed_can_be_taken_along(desk, tmp_path):
    desk.click("#tab-findings")
    desk.click(".chip >> text=警告")
    listed = desk.evaluate("atlasPage.findings.listed().length")
    with desk.expect_download() as one:
        desk.click("text=导出所列为 CSV")
    one.value.save_as(tmp_path / "f.csv")
    assert len(pd.read_csv(tmp_path / "f.csv", encoding="utf-8-sig")) == listed
    with desk.expect_download() as two:
        desk.click("text=导出所列为 GeoJSON")
    two.value.save_as(tmp_path / "f.geojson")
    assert len(json.loads((tmp_path / "f.geojson").read_text("utf-8"))["features"]) == listed
    desk.click(".chip >> text=警告")


@pytest.mark.browser
def test_back_closes_the_card_and_keeps_the_page(desk):
    desk.click("#tab-parks")
    desk.keyboard.press("Escape")
    desk.click(".rank button >> nth=0")
    assert desk.locator(".card").is_visible()
    desk.go_back()
    desk.wait_for_timeout(200)
    assert desk.locator(".card").is_hidden()
    assert desk.evaluate("window.atlasPage !== undefined")


@pytest.mark.browser
def test_firms_gather_and_a_cluster_is_seen_alone(desk):
    desk.click("#tab-firms")
    desk.click(".seg >> text=蜂窝")
    assert desk.locator(".hexes").is_visible()
    assert "企业数" in desk.inner_text(".legend")
    desk.click(".classes button >> nth=0")
    assert "区位商" in desk.inner_text(".pages")
    desk.click(".seg >> text=点")
    assert desk.locator(".legend .sw").count() >= 1
    desk.click(".classes button >> nth=0")


@pytest.mark.browser
@pytest.mark.parametrize("tab", ["land", "firms", "findings"])
def test_axe_finds_nothing_on_any_desk(desk, tab):
    desk.keyboard.press("Escape")
    desk.click(f"#tab-{tab}")
    desk.wait_for_timeout(300)
    assert violations(desk) == []


@pytest.mark.browser
def test_nothing_was_asked_for_and_nothing_complained(desk):
    assert [
        u for u in desk.requests if not u.startswith(("file:", "data:", "blob:", "about:"))
    ] == []
    assert desk.complaints == []


PAYLOADS = (
    "<img src=x onerror=window.hit=1>",
    "</script><script>window.hit=1</script>",
    "${window.hit=1}",
    "{{ 7*7 }}",
    "'\"><svg onload=window.hit=1>",
)


def hostile(zone):
    """A zone with a hostile string in each text of its parcels, firms and buildings, and such findings."""
    define("T995", "error", zh="{feature}：{other}{detail}", en="{feature}: {other}{detail}")
    count = len(STRINGS)
    parcels = zone.layer("parcel").head(count)
    told = {
        key: [f"{text} {key}" for text in STRINGS] for key in ("id", "name", "owner", "land_use")
    }
    parcels = parcels.assign(**told)
    firms = zone.layer("enterprise").head(count)
    told = {key: [f"{text} firm {key}" for text in STRINGS] for key in ("name", "industry")}
    firms = firms.assign(**told, parcel_id=parcels["id"].to_numpy(), year=2023)
    plans = zone.layer("detailed_plan").assign(land_use=f"{STRINGS[3]} plan")
    layers = {"parcel": parcels, "enterprise": firms, "detailed_plan": plans}
    rows = [
        {"feature": f"{text} f", "other": f"{text} o", "level": "parcel", "detail": f"{text} d", "geometry": shape}
        for text, shape in zip(STRINGS, parcels.geometry, strict=True)
    ]  # fmt: skip
    given = dataclasses.replace(zone, layers=Layers({**dict(zone.layers.items()), **layers}))
    return given, finding_frame(rows, rule="T995")


SHOWN = """async () => {
  const text = [], cards = [], l = atlasPage.land.byKey.parcel, say = (n) => text.push(n.textContent);
  const wait = (ms = 8) => new Promise((done) => setTimeout(done, ms));
  for (const tab of ["land", "firms", "findings"]) { document.getElementById("tab-" + tab).click(); await wait(150); say(document.body); }
  for (let i = 0; i < atlasPage.findings.count; i++) { atlasPage.findings.choose(i, false); await wait(); say(document.querySelector(".card")); }
  document.getElementById("tab-land").click();
  await l.layer.ready; atlasPage.pickThing({ layer: l, i: 0 }, false); await wait(200);
  for (let i = 0; i < l.record.meta.n; i++) { atlasPage.pickThing({ layer: l, i }, false); await wait(); say(document.querySelector(".card")); }
  const field = document.getElementById("lf");
  field.value = "owner"; field.dispatchEvent(new Event("input")); await wait(100); say(document.querySelector(".found"));
  const rows = l.record.meta.n, select = document.querySelector(".lay select");
  if (select) say(select);
  return [text.join(" | "), document.querySelector(".found").children.length];
}"""


@pytest.mark.browser
def test_hostile_words_of_parcels_firms_and_findings_are_shown_and_run_nowhere(zone, tmp_path):
    given, found = hostile(zone)
    path = save_map(draw_zone(given, findings=found), tmp_path / "h.html")
    with browser_page() as page:
        page.goto(path.as_uri())
        shown, listed = page.evaluate(SHOWN)
        for text in STRINGS:
            for field in (
                "id",
                "name",
                "owner",
                "land_use",
                "firm name",
                "firm industry",
                "f",
                "o",
                "d",
            ):
                assert f"{text} {field}" in shown, field
        assert listed == 30
        assert page.evaluate("[window.pwned, window.hit]") == [None, None]
        assert page.complaints == []


# --- on any folium map --------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("on", ["plain", "atlas"])
def test_a_parcel_layer_draws_picks_and_explains_itself_on_any_folium_map(zone, tmp_path, on):
    parcels = (
        zone.layer("parcel").head(200).assign(owner=PAYLOADS[0], since=pd.Timestamp("2020-01-01"))
    )
    west, south, east, north = parcels.total_bounds
    drawn = draw_zone(zone, layers=["none"]) if on == "atlas" else folium.Map(tiles=None)
    layer = zg.ParcelLayer(parcels, by="land_use", name=PAYLOADS[2]).add_to(drawn)
    zg.ParcelLayer(parcels, by="registered_area_m2", show=False).add_to(drawn)
    drawn.fit_bounds([[south, west], [north, east]])
    assert layer.left_out == 0
    path = save_map(drawn, tmp_path / "m.html")
    with browser_page() as page:
        page.goto(path.as_uri())
        page.wait_for_timeout(500)
        assert "科研用地" in page.inner_text("body")
        at = page.evaluate(
            """() => { const m = Object.values(window).find((v) => v instanceof L.Map) || atlasPage.map;
                 for (let x = 450; x < 1200; x += 5) for (let y = 100; y < 700; y += 5) {
                   let hit = -1; m.eachLayer((l) => { if (l.pick && l.d) hit = Math.max(hit, l.pick(m.containerPointToLatLng([x, y]))); });
                   if (hit >= 0) return [x, y]; } }"""
        )
        page.mouse.click(*at)
        page.wait_for_timeout(400)
        assert PAYLOADS[0] in page.inner_text(".leaflet-popup")
        assert page.evaluate("window.hit") is None
        assert page.complaints == []
        assert [u for u in page.requests if u.startswith("http")] == []


def test_a_parcel_layer_without_a_reference_system_is_refused():
    with pytest.raises(zg.ZgcgisError, match="set_crs"):
        zg.ParcelLayer(GeoDataFrame({"a": [1]}, geometry=[box(0, 0, 1, 1)]))

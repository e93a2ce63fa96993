"""The atlas and offline pages, in Python: what the page is told and what it is made of."""

from __future__ import annotations

import dataclasses
import hashlib
import html as html_module
import json
import re
import sys
from base64 import b64encode
from pathlib import Path

import folium
import pandas as pd
import pytest
from click.testing import CliRunner
from folium.plugins import Draw, Fullscreen, HeatMap, MarkerCluster, MiniMap
from shapely.geometry import Point

import zgcgis as zg
from zgcgis.findings import define, finding_frame
from zgcgis.language.errors import UnknownNameError, WriteError
from zgcgis.maps import OfflineAssetError, draw_zone, panel, save_map, to_offline_html
from zgcgis.maps.offline import asset, manifest
from zgcgis.maps.panel import breaks
from zgcgis.maps.safe import escape_text, json_for_page

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import unpacked, write_zone

STATIC = Path(zg.__file__).parent / "maps" / "static"


@pytest.fixture(scope="module")
def zone():
    return zg.open_zone("zgc")


@pytest.fixture(scope="module")
def atlas(zone):
    return draw_zone(zone)


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    return zg.open_zone(write_zone(tmp_path_factory.mktemp("z") / "trial"))


def value(content, key, unit, year):
    return next(cell for cell in content["values"][key][unit] if cell[0] == year)


# --- what the page is told -------------------------------------------------------------------


def test_every_park_of_the_plan_is_in_the_list(zone, atlas):
    ids = {unit["id"] for unit in atlas.content["units"]}
    planned = {park for group in zone.plan.groups.values() for park in group.members}
    assert planned | set(zone.plan.parks) <= ids


def test_every_outline_of_the_layers_is_drawn(zone, atlas):
    drawn = {unit["id"] for unit in atlas.content["units"] if unit["g"]}
    for level in ("park", "block"):
        assert set(zone.layer(level)["id"]) <= drawn
    assert {o["id"] for o in atlas.content["outlines"]} == set(zone.layer("group")["id"])
    assert len(atlas.content["lines"]) == len(zone.layer("axis")) + len(zone.layer("corridor"))


def test_a_place_without_a_site_is_listed_and_not_drawn(atlas):
    units = {unit["id"]: unit for unit in atlas.content["units"]}
    for id in ("aerospace_park", "agri_city"):
        assert units[id]["g"] is None


def test_every_value_names_its_year_period_and_source(atlas):
    content = atlas.content
    for key, by_unit in content["values"].items():
        for unit, cells in by_unit.items():
            for cell in cells:
                assert isinstance(cell[0], int), (key, unit)
                assert cell[3], (key, unit)
                assert cell[8] >= 0 or cell[5] == "measured", (key, unit, cell)


def test_income_per_area_is_stated_only_where_both_parts_are_there(trial):
    content = draw_zone(trial).content
    assert value(content, "income_per_planned_area", "a", 2021)[1] == 3.0  # 15 over 5 km²
    assert [c[0] for c in content["values"]["income_per_planned_area"]["a"]] == [2021]


def test_income_by_registration_over_land_says_so(trial):
    content = draw_zone(trial).content
    by_registration = value(content, "income_per_planned_area", "a", 2021)
    assert "注册地" in by_registration[9][0]
    assert "registration" in by_registration[9][1]
    assert value(content, "income_per_planned_area", "b", 2021)[9] == ["", ""]


def test_a_share_of_the_zone_needs_the_same_way_of_counting(trial):
    shares = draw_zone(trial).content["values"]["income_share"]
    assert shares["a"][0][1] == 75.0
    assert "b" not in shares  # counted by operation, the zone by registration


def test_growth_is_per_year_and_names_its_years(zone):
    cell = value(draw_zone(zone).content, "income_growth", "fengtai_park", 2018)
    assert cell[1] == pytest.approx(100 * ((5580 / 4004.2) ** (1 / 3) - 1), rel=1e-4)
    assert cell[9] == ["2015–2018年", "2015–2018"]


def test_a_forecast_is_no_value_on_the_map(zone):
    _, values = panel(zone)
    assert not (values["status"] == "forecast").any()


def test_about_and_more_than_travel_with_a_ratio(atlas):
    cell = value(atlas.content, "income_per_planned_area", "xicheng_park", 2018)
    assert cell[2] == ">"


def test_classes_are_fixed_over_the_years(zone):
    first = draw_zone(zone, year=2005).content["measures"]
    later = draw_zone(zone, year=2018).content["measures"]
    assert [m["breaks"] for m in first] == [m["breaks"] for m in later]


def test_classes_split_the_values():
    assert breaks([1, 1, 1]) == ()
    assert breaks([]) == ()
    limits = breaks([11, 47, 120, 138, 241, 317, 421])
    assert list(limits) == sorted(set(limits))
    assert 11 < limits[0] <= limits[-1] <= 421


def test_goals_stand_on_the_page_with_verdict_and_reason(atlas):
    goals = atlas.content["goals"]
    verdicts = {(g["name"][1], g["year"]): g["verdict"] for g in goals}
    assert "met" in verdicts.values()
    assert "not met" in verdicts.values()
    assert "cannot be judged" in verdicts.values()
    assert all(all(g["why"]) and g["clause"] for g in goals)


def test_the_sources_attribution_and_review_number_are_there(zone):
    content = draw_zone(zone, review_no="GS(2026)0001").content
    assert content["review"] == "GS(2026)0001"
    assert "OpenStreetMap" in content["credit"][1]
    assert content["disclaimer"][0]


def test_another_zone_folder_gives_an_atlas_too(trial):
    page = draw_zone(trial, lang="en").to_offline_html()
    assert '<html lang="en">' in page
    assert "zhongguancun" not in page.lower()


def test_an_empty_zone_gives_a_page(tmp_path):
    folder = tmp_path / "bare"
    zg.new_zone(folder, id="bare", zh="空", en="Bare")
    assert to_offline_html(draw_zone(zg.open_zone(folder))).startswith("<!DOCTYPE html>")


def test_findings_are_drawn_with_their_sentence(trial):
    define("T998", "error", zh="地块{feature}有误", en="plot {feature} is wrong")
    rows = [{"feature": "p1", "level": "parcel", "geometry": Point(116.31, 40.01)}]
    atlas = draw_zone(trial, findings=finding_frame(rows, rule="T998"))
    assert atlas.content["findings"]["count"] == 1
    found = unpacked(atlas.blocks["findings"])
    assert found["t"] == [["地块p1有误"], ["plot p1 is wrong"]]
    assert found["g"][0]["type"] == "Point"


def test_an_unknown_quantity_or_year_is_refused_with_those_there_are(zone):
    with pytest.raises(UnknownNameError, match="income_wan"):
        draw_zone(zone, color_by="happiness")
    with pytest.raises(UnknownNameError, match="2018"):
        draw_zone(zone, year=1066)


# --- what the page is made of ------------------------------------------------------------------


def test_two_builds_give_the_same_bytes(zone, atlas):
    assert draw_zone(zone).to_offline_html() == atlas.to_offline_html() == to_offline_html(atlas)


def test_the_page_is_at_most_a_megabyte(atlas):
    assert len(atlas.to_offline_html().encode()) <= 1_000_000


def test_the_page_holds_no_date_of_its_making(atlas):
    import datetime

    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    assert today not in atlas.to_offline_html()


def test_nothing_in_the_page_points_to_the_network(atlas):
    page = atlas.to_offline_html()
    assert not re.search(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)\s*=", page)
    assert "@import" not in page
    assert not re.search(r"url\(\s*['\"]?(?!data:|#)", style_of(page))


def style_of(page):
    return "".join(re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL))


def test_every_script_is_allowed_by_its_hash_and_nothing_else(atlas):
    page = atlas.to_offline_html()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert "unsafe-eval" not in policy
    assert "connect-src 'none'" in policy
    bodies = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    hashes = {f"'sha256-{b64encode(hashlib.sha256(b.encode()).digest()).decode()}'" for b in bodies}
    assert hashes == set(re.findall(r"'sha256-[^']+'", policy))


def test_it_is_a_folium_map_that_takes_further_layers(trial):
    m = draw_zone(trial)
    assert isinstance(m, folium.Map)
    folium.CircleMarker([40.01, 116.31], radius=4).add_to(m)
    assert "L.circleMarker(" in to_offline_html(m).rsplit("<script>", 1)[1]


def test_it_shows_itself_in_a_notebook(trial):
    shown = draw_zone(trial)._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    page = html_module.unescape(re.search(r'srcdoc="([^"]*)"', shown)[1])
    assert page == draw_zone(trial).to_offline_html()


def test_saving_is_whole_or_not_at_all(trial, tmp_path):
    path = save_map(draw_zone(trial), tmp_path / "图.html")
    assert path.read_text(encoding="utf-8") == draw_zone(trial).to_offline_html()
    draw_zone(trial).save(tmp_path / "same.html")
    assert (tmp_path / "same.html").read_bytes() == path.read_bytes()
    with pytest.raises(WriteError):
        save_map(draw_zone(trial), tmp_path / "no such folder" / "x.html")


def test_the_command_writes_the_page_and_says_what_is_on_it(tmp_path):
    from zgcgis.cli.map_page import map as command

    out = tmp_path / "a.html"
    run = CliRunner().invoke(command, ["zgc", "-o", str(out), "--lang", "en", "--year", "2015"])
    assert run.exit_code == 0, run.output
    assert re.search(r"\d+ parks, \d+ drawn, 0\.\d+ MB", run.output)
    assert '"lang":"en"' in out.read_text(encoding="utf-8")


# --- any user's map --------------------------------------------------------------------------------


def plain_map(**options):
    return folium.Map([40, 116.4], tiles=None, **options)


def test_a_plain_folium_map_becomes_one_offline_file():
    m = plain_map()
    folium.GeoJson({"type": "Point", "coordinates": [116.4, 40]}).add_to(m)
    folium.Marker([40, 116.4], icon=folium.Icon(icon="star")).add_to(m)
    page = to_offline_html(m, title="<&>")
    assert "<title>&lt;&amp;&gt;</title>" in page
    assert not re.search(r"<(?:script|link)\b[^>]*(?:src|href)\s*=", page)


def test_the_same_map_gives_the_same_bytes_although_folium_draws_ids_at_random():
    def make():
        m = plain_map()
        folium.Marker([40, 116.4], popup="x").add_to(m)
        return to_offline_html(m)

    assert make() == make()


@pytest.mark.parametrize(
    "plugin",
    [Fullscreen, MarkerCluster, lambda: MiniMap(tile_layer=folium.TileLayer("", attr="-"))],
)
def test_plugins_whose_assets_are_vendored_go_in(plugin):
    m = plain_map()
    plugin().add_to(m)
    assert "</html>" in to_offline_html(m)


def test_a_missing_asset_is_named_with_the_way_out():
    m = plain_map()
    Draw().add_to(m)
    with pytest.raises(OfflineAssetError, match=r"leaflet\.draw") as caught:
        to_offline_html(m)
    assert caught.value.url.startswith("https://")
    assert "offline=False" in caught.value.say("zh")


def test_tiles_from_the_network_are_named_with_the_way_out():
    with pytest.raises(OfflineAssetError, match="tiles=None") as caught:
        to_offline_html(folium.Map([40, 116.4]))
    assert "openstreetmap" in caught.value.url


def test_fontawesome_is_asked_for_only_by_maps_that_use_it():
    m = plain_map()
    folium.Marker([40, 116.4], icon=folium.Icon(icon="car", prefix="fa")).add_to(m)
    with pytest.raises(OfflineAssetError, match="fontawesome"):
        to_offline_html(m)


def test_an_online_save_leaves_the_links(tmp_path):
    m = plain_map()
    HeatMap([[40, 116.4]]).add_to(m)
    path = save_map(m, tmp_path / "online.html", offline=False)
    assert "https://" in path.read_text(encoding="utf-8")


# --- vendored files -----------------------------------------------------------------------------------


def test_every_vendored_file_is_in_the_manifest_with_its_checksum():
    listed = manifest()["files"]
    there = {p.name for p in (STATIC / "vendor").iterdir()} - {"manifest.json", "LICENSES"}
    assert set(listed) == there
    for name, entry in listed.items():
        content = (STATIC / "vendor" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert entry["npm"]
        assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"])
        assert f"{entry['npm']} {entry['version']}" in (STATIC / "vendor" / "LICENSES").read_text(
            encoding="utf-8"
        )
        assert asset(name) == content.decode("utf-8")


def test_what_the_installed_folium_asks_for_is_known():
    urls = {url for _, url in [*folium.Map.default_js, *folium.Map.default_css]}
    known = set(manifest()["urls"])
    assert {url for url in urls if "fontawesome" not in url} <= known


def test_the_page_asks_for_no_browser_newer_than_2020():
    """No syntax or call that Chrome 80 lacks."""
    code = (STATIC / "atlas.js").read_text(encoding="utf-8")
    for newer in (
        "replaceChildren",
        "?.",
        "??",
        ".at(-",
        "structuredClone",
        "(?<=",
        "(?<!",
        "replaceAll(",
        "||=",
        "&&=",
    ):
        if newer in ("?.",):
            assert not re.search(r"\?\.[A-Za-z_(\[]", code)
        else:
            assert newer not in code, newer
    rules = (STATIC / "atlas.css").read_text(encoding="utf-8")
    for newer in ("inset:", ":is(", ":where(", ":has(", "aspect-ratio", "@layer", "@container"):
        assert newer not in rules, newer
    assert not re.search(r"(?<![-\w])gap\s*:", rules)  # between flex items only from Chrome 84


# --- text on its way into a page ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["</script>", "{{ 7*7 }}", "{% raw %}", "<!--", "\u2028\u2029", "\ud800", "\\", '"', "&lt;"],
)
def test_json_for_a_page_is_inert_and_says_the_same(text):
    written = json_for_page({"k": [text], text: 1})
    assert not set("<>&\u2028\u2029") & set(written)
    assert "{{" not in written
    assert "{%" not in written
    assert json.loads(written)["k"] == [text.encode("utf-8", "replace").decode("utf-8")]


def test_text_in_html_is_text():
    assert escape_text("<b>{{1}}'\"") == "&lt;b&gt;&#123;&#123;1&#125;&#125;&#x27;&quot;"


def test_an_atlas_lies_where_its_zone_lies(zone):
    atlas = draw_zone(zone, layers=["none"])
    west, south, east, north = zone.layer("park").to_crs("EPSG:4490").total_bounds
    (low, left), (high, right) = atlas.get_bounds()
    assert low <= south + 1e-4
    assert left <= west + 1e-4
    assert high >= north - 1e-4
    assert right >= east - 1e-4
    assert low < atlas.location[0] < high
    assert left < atlas.location[1] < right
    folium.CircleMarker([low - 1, right + 1]).add_to(atlas)
    folium.PolyLine([[low - 1, left], [high, right + 1]]).add_to(atlas)
    assert atlas.get_bounds() == [[low - 1, left], [high, right + 1]]


@pytest.mark.parametrize("asked", ["income_wan", "总收入", "Total income", "total INCOME"])
def test_a_quantity_is_asked_for_by_key_or_name(zone, asked):
    assert draw_zone(zone, color_by=asked, layers=["none"]).content["measure"] == "income_wan"


@pytest.mark.parametrize("asked", ["", "收", "没有的", "income"])
def test_a_name_of_no_or_of_many_quantities_is_refused(zone, asked):
    with pytest.raises(UnknownNameError):
        draw_zone(zone, color_by=asked or " ", layers=["none"])


def test_values_of_ones_own_colour_the_parks(zone):
    units = zone.units.index[zone.units["level"] == "park"][:6]
    scores = pd.Series([70.5, 71, 72, 73, 74, None], index=units, name="集约度")
    content = draw_zone(zone, color_by=scores, layers=["none"]).content
    assert content["measures"][0]["name"] == ["集约度", "集约度"]
    assert len(content["measures"][0]["breaks"]) == 4
    assert set(content["values"]["own"]) == set(units[:5])
    yearly = pd.Series({(units[0], 2020): 1.0, (units[0], 2021): 2.0}, name="s")
    content = draw_zone(zone, color_by=yearly, layers=["none"]).content
    assert [cell[:2] for cell in content["values"]["own"][units[0]]] == [[2020, 1], [2021, 2]]
    with pytest.raises(UnknownNameError):
        draw_zone(zone, color_by=pd.Series({"nobody": 1.0}), layers=["none"])


def test_a_page_opens_on_one_group(zone):
    assert draw_zone(zone, group="north", layers=["none"]).content["group"] == "north"
    with pytest.raises(UnknownNameError):
        draw_zone(zone, group="nobody", layers=["none"])


def test_a_map_asked_for_from_python_has_scores_by_name_and_findings_in_names():
    here = zg.open_zone("sample")
    result = zg.assess(here, findings=False, draws=200)
    named, given = (zg.draw_zone(here, color_by=one, layers=["none"]) for one in ("集约度", result))
    assert named.content["measures"][0]["name"][0] == "集约度"
    assert named.content["values"]["own"] == given.content["values"]["own"]
    total = result.scores.total["score"]
    for unit, year in total.index[total.notna()]:
        cells = {cell[0]: cell[1] for cell in named.content["values"]["own"].get(unit, [])}
        if unit in here.units.index:
            assert cells[year] == pytest.approx(total[unit, year], rel=1e-5)
    bare = dataclasses.replace(here, evaluation=None)
    with pytest.raises(UnknownNameError, match=r"evaluation\.toml"):
        zg.draw_zone(bare, color_by="集约度", layers=["none"])
    found = zg.check(here)
    said = unpacked(zg.draw_zone(here, findings=found, layers=["none"]).blocks["findings"])["t"][0]
    raw = unpacked(draw_zone(here, findings=found, layers=["none"]).blocks["findings"])["t"][0]
    parks = [str(id) for id in here.units.index[here.units["level"] == "park"]]
    assert any(park in line for line in raw for park in parks)
    assert not any(park in line for line in said for park in parks)

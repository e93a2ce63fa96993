"""Two states on one map: the balance adds up, what differs is marked, both maps go together."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity, box

import zgcgis as zg
from zgcgis.accounts import balance, shared_ground
from zgcgis.geo import area_m2, to_plane
from zgcgis.language.errors import UnknownNameError
from zgcgis.maps import draw_zone, save_map
from zgcgis.maps.packed.desks import comparison
from zgcgis.model import Layers, there_in
from zgcgis.plan import land_use
from zgcgis.plan.land_use import classify

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import browser_page, until, violations
from test_cli import run
from test_maps_safety import STRINGS

FULL = bool(os.environ.get("ZGCGIS_FULL"))
CENTIMETRES = 0.01  # m²


@pytest.fixture(scope="module")
def zone():
    return zg.open_zone("sample")


def another(zone, change):
    """The zone with the newest parcels as `change` leaves them."""
    parcels = zone.layer("parcel").copy()
    parcels = parcels[parcels["until"].isna()].reset_index(drop=True)
    layers = {level: zone.layers[level] for level in zone.layers} | {"parcel": change(parcels)}
    return dataclasses.replace(zone, layers=Layers(layers))


def delivery(zone, seed):
    """A later delivery: parcels gone, new, split, re-surveyed, re-used, moved to another park."""
    rng = np.random.default_rng(seed)

    def change(parcels):
        n = len(parcels)
        gone, used, shaken, split, moved = (rng.choice(n, 6, replace=False) for _ in range(5))
        shapes = parcels.geometry.array.copy()
        for k in shaken:
            shapes[k] = affinity.translate(shapes[k], *(rng.normal(0, 3e-5, 2)))
        parcels = parcels.set_geometry(shapes, crs=parcels.crs)
        parcels.loc[used, "land_use"] = rng.choice(["0901", "100101", "0701", "1401", "9999"], 6)
        parcels.loc[moved, "park_id"] = parcels["park_id"].iloc[0]
        parts = []
        for k in split:
            west, south, east, north = shapes[k].bounds
            middle = (west + east) / 2
            for name, (a, b) in {"-a": (west, middle), "-b": (middle, east)}.items():
                part = shapely.intersection(shapes[k], box(a, south, b, north))
                if part.geom_type == "Polygon":
                    row = parcels.iloc[[k]].copy()
                    row["id"] = row["id"] + name
                    parts.append(row.set_geometry([part], crs=parcels.crs))
        parcels = parcels.drop(index=[*gone, *split])
        return pd.concat([parcels, *parts], ignore_index=True)

    return another(zone, change)


def side(zone, key="land_use", year=None):
    parcels = zone.layer("parcel")
    there = parcels["until"].isna() if year is None else there_in(parcels, year)
    parcels = parcels[there.to_numpy()]
    system = str(zone.meta.get("land_use_system") or "")
    own = parcels["land_use_system"].fillna("").where(lambda s: s != "", system)
    return parcels, classify(parcels[key], own)["class"]


# --- the balance ------------------------------------------------------------------------------------


def closes(theme, *, total_before, total_after):
    for rows in (theme["rows"], *theme["parks"].values()):
        for _, before, lost, gained, after in rows:
            assert abs(before - lost + gained - after) <= CENTIMETRES
            assert min(before, lost, gained, after) >= 0
    for column, total in ((1, total_before), (4, total_after)):
        assert abs(sum(row[column] for row in theme["rows"]) - total) <= CENTIMETRES
        parks = sum(row[column] for rows in theme["parks"].values() for row in rows)
        assert abs(parks - total) <= CENTIMETRES


@pytest.mark.parametrize("compare", ["plan", "2021:2023", "2023:2021"])
def test_the_balance_of_one_zone_adds_up_to_its_areas(zone, compare):
    record = draw_zone(zone, compare=compare, layers=["none"]).content["compare"]
    years = [None, None] if compare == "plan" else [int(year) for year in compare.split(":")]
    keys = ["land_use", "planned_use" if compare == "plan" else "land_use"]
    totals = []
    for year, key in zip(years, keys, strict=True):
        rows, classes = side(zone, key, year)
        areas = area_m2(rows.geometry, center=zone.center)
        totals.append(areas.sum())
        theme = record["themes"][0]
        column = 1 if not len(totals) - 1 else 4
        stated = {theme["classes"][row[0]]["name"][0]: row[column] for row in theme["rows"]}
        for name, sum_ in areas.groupby(classes.to_numpy()).sum().items():
            zh = land_use.CLASSES[name][0] if name else "没有数据"
            assert abs(stated[zh] - sum_) <= CENTIMETRES, zh
    for theme in record["themes"]:
        closes(theme, total_before=totals[0], total_after=totals[1])


@settings(max_examples=40 if FULL else 2, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_the_balance_of_two_deliveries_is_that_of_the_ground(zone, seed):
    """Kept, lost and gained against unions of polygons, which know nothing of rows."""
    other = delivery(zone, seed)
    record = draw_zone(zone, compare=other, layers=["none"]).content["compare"]
    theme = record["themes"][0]
    (old, was), (new, now) = side(zone), side(other)
    closes(
        theme,
        total_before=area_m2(old.geometry, center=zone.center).sum(),
        total_after=area_m2(new.geometry, center=zone.center).sum(),
    )
    flat_old, flat_new = (to_plane(s.geometry, zone.center) for s in (old, new))
    for place, before, lost, *_ in theme["rows"]:
        zh = theme["classes"][place]["name"][0]
        key = next((k for k, names in land_use.CLASSES.items() if names[0] == zh), "")
        a = shapely.union_all(flat_old[(was == key).to_numpy()].to_numpy())
        b = shapely.union_all(flat_new[(now == key).to_numpy()].to_numpy())
        kept = a.intersection(b).area
        # a parcel shaken over its neighbours lies in two rows, where a union counts ground once
        twice = abs(area_m2(old.geometry[was == key], center=zone.center).sum() - a.area)
        twice += abs(area_m2(new.geometry[now == key], center=zone.center).sum() - b.area)
        assert abs((before - lost) - kept) <= 0.5 + 2 * twice, zh


def test_a_zone_beside_itself_differs_in_nothing(zone):
    atlas = draw_zone(zone, compare=another(zone, lambda parcels: parcels), layers=["none"])
    record = atlas.content["compare"]
    assert record["layer"] is None
    for theme in record["themes"]:
        assert all(row[2] == row[3] == 0 for row in theme["rows"])


def test_squares_by_hand():
    plane = zg.geo.plane((116.4, 40.0))
    before, after = (
        zg.geo.to_lonlat(GeoDataFrame({"id": ids}, geometry=boxes, crs=plane))
        for ids, boxes in (
            (["a", "b"], [box(0, 0, 100, 100), box(100, 0, 200, 100)]),
            (["a", "c"], [box(0, 0, 100, 100), box(150, 0, 250, 100)]),
        )
    )
    ground = shared_ground(before, after, center=(116.4, 40.0))
    table = balance(ground, pd.Series(["x", "y"]), pd.Series(["x", "x"]))
    by_hand = [[10000, 0, 10000, 20000], [10000, 10000, 0, 0]]
    assert np.allclose(table.to_numpy(), by_hand, atol=0.1)


def test_noise_of_survey_is_counted_and_not_marked(zone):
    def shake(parcels):
        shapes = parcels.geometry.array.copy()
        shapes[5] = affinity.translate(shapes[5], 4e-7, 0)  # three centimetres
        shapes[9] = affinity.translate(shapes[9], 6e-5, 0)  # five metres
        return parcels.set_geometry(shapes, crs=parcels.crs)

    record = draw_zone(zone, compare=another(zone, shake), layers=["none"]).content["compare"]
    assert any("1 宗" in zh and "0.10" in zh for zh, _ in record["said"])


def renumbered(zone, *, shake=0.0):
    """Six parcels with another id and the same ground, one of them used otherwise; two ids swapped."""

    def change(parcels):
        parcels = parcels.copy()
        parcels.loc[[3, 4, 5, 6, 7], "id"] = [f"N{k}" for k in range(5)]
        parcels.loc[[8, 9], "id"] = parcels.loc[[9, 8], "id"].to_numpy()
        parcels.loc[7, "land_use"] = "1401" if parcels.loc[7, "land_use"] != "1401" else "0701"
        shapes = parcels.geometry.array.copy()
        for k in (3, 4, 5) if shake else ():
            shapes[k] = affinity.translate(shapes[k], shake, 0)
        return parcels.set_geometry(shapes, crs=parcels.crs)

    return another(zone, change)


@pytest.mark.parametrize("shake", [0.0, 4e-7])  # three centimetres
def test_a_renumbered_parcel_is_neither_gone_nor_new(zone, shake):
    record = draw_zone(zone, compare=renumbered(zone, shake=shake), layers=["none"])
    told, kinds = record.content["compare"], compared(zone, renumbered(zone, shake=shake))
    assert kinds["differs"].value_counts().to_dict() == {0: len(kinds) - 7, 6: 6, 1: 1}
    assert told["layer"] is None
    assert list(kinds["differs.zh"][kinds["differs"] == 6].str.contains("编号 .* → ")) == [True] * 6
    (old, _), (new, _) = side(zone), side(renumbered(zone, shake=shake))
    for theme in told["themes"]:
        closes(
            theme,
            total_before=area_m2(old.geometry, center=zone.center).sum(),
            total_after=area_m2(new.geometry, center=zone.center).sum(),
        )


def compared(zone, other):
    found = comparison(zone, other, []).beside
    return pd.DataFrame({key: found[key] for key in ("differs", "differs.zh", "twin")})


def test_parcels_moved_to_another_outline_are_no_mere_renumbering(zone):
    def change(parcels):
        parcels = parcels.copy()
        parcels.loc[3, "id"] = "N"
        shapes = parcels.geometry.array.copy()
        shapes[3] = affinity.scale(shapes[3], 0.9, 0.9)
        return parcels.set_geometry(shapes, crs=parcels.crs)

    assert 6 not in set(compared(zone, another(zone, change))["differs"])


def test_renumbered_between_two_years_is_told_with_the_id_before(zone):
    parcels = zone.layer("parcel")
    row = parcels[parcels["since"].isna() & parcels["until"].isna()].iloc[[0]]
    ended, begun = row.copy(), row.copy()
    ended["until"], begun["since"], begun["id"] = 2022, 2022, "N1"
    rest = parcels[parcels["id"] != row["id"].iloc[0]]
    rows = pd.concat([rest, ended, begun])
    layers = {level: zone.layers[level] for level in zone.layers} | {"parcel": rows}
    both = dataclasses.replace(zone, layers=Layers(layers))
    found = comparison(both, "2021:2023", [2021, 2022, 2023]).beside
    assert list(found["differs"].iloc[-2:]) == [6, 6]
    assert list(found["twin"].iloc[-2:]) == ["N1", row["id"].iloc[0]]


@pytest.mark.parametrize("compare", ["2021", "2021:2021", "1999:2023", "2021:x", "plans", ""])
def test_what_cannot_be_compared_is_refused_with_what_can(zone, compare):
    with pytest.raises(UnknownNameError):
        draw_zone(zone, compare=compare)


def test_a_zone_without_parcels_compares_the_values_of_its_parks(zone):
    record = draw_zone(zg.open_zone("zgc"), compare="2019:2022").content["compare"]
    assert (record["themes"], record["years"]) == ([], [2019, 2022])
    with pytest.raises(UnknownNameError):
        draw_zone(zg.open_zone("zgc"), compare="plan")


# --- in the browser ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages(zone, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    asked = {"plan": "plan", "years": "2021:2023", "zones": delivery(zone, 7)}
    made = {}
    for name, compare in asked.items():
        atlas = draw_zone(zone, compare=compare)
        made[name] = save_map(atlas, folder / f"{name}.html"), atlas.content["compare"]
    return made


READY = "!atlasPage.compare.onMap() || atlasPage.land.byKey.parcel.now('differs')"


def opened(page, path):
    page.goto(path.as_uri())
    until(page, READY)
    page.wait_for_timeout(300)


@pytest.mark.browser
def test_a_hidden_second_map_moves_the_first_no_more(pages):
    with browser_page(1280, 700) as page:
        opened(page, pages["plan"][0])
        page.evaluate("document.getElementById('tab-land').click()")
        page.evaluate("atlasPage.map.setView([39.2, 116.95], 15, { animate: false })")
        page.set_viewport_size({"width": 1200, "height": 800})
        page.wait_for_timeout(500)
        view = page.evaluate("[atlasPage.map.getZoom(), atlasPage.map.getCenter().lng]")
        assert view == pytest.approx([15, 116.95], abs=1e-3)


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["plan", "years", "zones"])
def test_the_table_of_the_page_is_that_of_python(pages, kind):
    path, record = pages[kind]
    with browser_page() as page:
        opened(page, path)
        page.click("text=平方米 >> nth=0")
        rows = page.evaluate(
            "[...document.querySelector('.balance').querySelectorAll('tbody tr')].map(r =>"
            " [...r.querySelectorAll('td')].map(c => +(c.textContent.replace(/[,+]/g, '').replace('−', '') || 0)))"
        )
        stated = sorted([round(v, 2) for v in row[1:]] for row in record["themes"][0]["rows"])
        assert np.allclose(sorted(rows), stated, atol=CENTIMETRES)
        differing = page.evaluate("atlasPage.compare.changed().length")
        assert differing > 0
        assert page.evaluate("atlasPage.compare.changed().every((r) => r.kind !== 6)")
        assert f"{differing} 宗" in page.text_content("#tabpage")
        assert page.complaints == []
        assert [u for u in page.requests if not u.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.browser
def test_both_maps_go_in_step_and_the_line_moves_by_key(pages):
    where = """(() => { const a = atlasPage.map, b = atlasPage.compare.second().map, p = a.getCenter(), q = b.getCenter();
      return [p.lat - q.lat, p.lng - q.lng, a.getZoom() - b.getZoom()].map(Math.abs); })()"""
    with browser_page() as page:
        opened(page, pages["years"][0])
        page.focus(".divider")
        left = page.evaluate("document.querySelector('.divider').getBoundingClientRect().left")
        for _ in range(5):
            page.keyboard.press("ArrowRight")
        moved = page.evaluate("document.querySelector('.divider').getBoundingClientRect().left")
        assert moved > left + 50
        for mode in ("卷帘", "并排"):
            page.click(f"text={mode}")
            page.wait_for_timeout(300)
            for js in (
                "atlasPage.map.panBy([120, 40], {animate: false})",
                "atlasPage.map.setZoom(atlasPage.map.getZoom() + 1)",
                "atlasPage.compare.second().map.panBy([-60, 30], {animate: false})",
                "atlasPage.compare.second().map.zoomIn()",
            ):
                page.evaluate(js)
                page.wait_for_timeout(400)
                lat, lng, zoom = page.evaluate(where)
                assert max(lat, lng) < 2e-5, (mode, js)
                assert zoom == 0
        assert page.complaints == []


@pytest.mark.browser
def test_each_side_paints_its_own_class(pages):
    """At places where the class differs, either side of the line has the colour of its own."""
    path, _ = pages["plan"]
    with browser_page() as page:
        opened(page, path)
        seen = page.evaluate(
            """async () => {
          const A = atlasPage, rows = A.compare.changed().slice(0, 12), out = [];
          for (const r of rows) {
            A.map.fitBounds(r.layer.layer.boundsOf(r.i), {maxZoom: 18, animate: false});
            await new Promise(f => setTimeout(f, 350));
            const at = A.map.getCenter();
            if (r.layer.layer.pick(at) !== r.i) continue;
            for (const [k, m] of [[0, A.map], [1, A.compare.second().map]]) {
              const p = m.latLngToContainerPoint(at), o = m.getContainer().getBoundingClientRect();
              let found = null;
              for (const c of m.getPane('parcels').querySelectorAll('canvas')) {
                const b = c.getBoundingClientRect(), x = p.x + o.left - b.left, y = p.y + o.top - b.top;
                if (x < 0 || y < 0 || x >= b.width || y >= b.height) continue;
                const d = c.getContext('2d').getImageData(x * c.width / b.width, y * c.height / b.height, 1, 1).data;
                if (d[3] === 255) found = '#' + [d[0], d[1], d[2]].map(v => v.toString(16).padStart(2, '0')).join('');
              }
              const told = A.compare.themes[0], place = r.layer.now((k ? 'now.' : 'was.') + told.key).values[r.i];
              out.push([found, told.classes[place].colour]);
            }
          }
          return out;
        }"""
        )
        assert len(seen) >= 10
        assert all(found == wanted for found, wanted in seen)


@pytest.mark.browser
@pytest.mark.parametrize(("mode", "width", "height"), [("卷帘", 390, 844), ("并排", 1440, 860)])
def test_axe_finds_nothing_on_the_comparison(pages, mode, width, height):
    with browser_page(width, height) as page:
        opened(page, pages["years"][0])
        page.click(f"text={mode}")
        page.evaluate(
            "atlasPage.pickThing((({layer, i}) => ({layer, i}))(atlasPage.compare.changed()[0]), false)"
        )
        page.wait_for_timeout(400)
        assert violations(page) == []


@pytest.mark.browser
def test_hostile_words_of_the_other_side_run_nowhere(zone, tmp_path):
    def change(parcels):
        parcels = parcels.copy()
        some = parcels.index[200:][(parcels["land_use"][200:] != "1401")][: len(STRINGS)]
        parcels.loc[some, "id"] = [f"{text} id" for text in STRINGS]
        parcels.loc[some, "land_use"] = "1401"
        parcels.loc[100 : 99 + len(STRINGS), "owner"] = STRINGS
        return parcels

    name = "".join(STRINGS[:6])
    other = dataclasses.replace(another(zone, change), names={"zh": name, "en": name})
    path = save_map(draw_zone(zone, compare=other, layers=["parcel"]), tmp_path / "x.html")
    with browser_page() as page:
        opened(page, path)
        shown = page.evaluate(
            """async () => {
          let text = document.body.textContent;
          for (const {layer, i} of atlasPage.compare.changed()) {
            atlasPage.pickThing({layer, i}, false);
            await new Promise(done => setTimeout(done, 5));
            text += document.querySelector('.card').textContent;
          }
          return text;
        }"""
        )
        assert page.evaluate("window.pwned === undefined")
        assert name in page.evaluate("document.querySelectorAll('.side-tag')[1].textContent")
        for text in STRINGS:
            assert f"{text} id" in shown, text
        assert page.evaluate("document.querySelectorAll('img, iframe, object').length") == 0
        assert page.complaints == []


def test_the_command_compares_and_refuses(tmp_path):
    out = tmp_path / "m.html"
    done = run("map", "sample", "--compare", "plan", "--layers", "none", "-o", str(out))
    assert done.returncode == 0, done.stderr
    assert '"kind":"plan"' in out.read_text("utf-8")
    for wrong in ("1990:2023", "no-such-zone"):
        done = run("map", "sample", "--compare", wrong, "-o", str(tmp_path / "n.html"))
        assert done.returncode in {2, 3}, done.stderr
        assert wrong.split(":")[0] in done.stderr
        assert not (tmp_path / "n.html").exists()

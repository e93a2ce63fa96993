"""The page of a zone whose ids and hierarchy are the worst that still opens."""

from __future__ import annotations

import csv
import sys
import warnings
from pathlib import Path

import pytest

import zgcgis as zg
from zgcgis.language.errors import ZgcgisWarning
from zgcgis.maps import draw_zone, save_map

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import browser_page, quoted
from hostile_zone import IDS, write_zone

pytestmark = pytest.mark.browser

HASHES = [
    "",
    "#%F0%9F",
    "#q=%F0%9F",
    "#s=__proto__",
    "#s=constructor&m=constructor&i=toString,__proto__&t=constructor",
    "#v=nan,inf,1&y=1e999&q=%00",
    "#q=" + "a" * 79 + "%F0%9F%98%80",
    "#" + "&" * 5000,
]


def zone_of_names(folder: Path) -> Path:
    """Parks with the ids of JavaScript's own properties, each the parent of the next, in a circle."""
    write_zone(folder)
    head = ["id", "level", "parent", "group", "zh", "en"]
    rows = [[id_, "park", IDS[k - 1], "__proto__", id_, id_] for k, id_ in enumerate(IDS)]
    rows += [
        ["self", "park", "self", "constructor", "自", "self"],
        ["a", "park", "", "g", "甲", "A"],
    ]
    rows += [[f"deep{k}", "block", f"deep{k + 1}", "", "深", "deep"] for k in range(200)]
    with (folder / "parks.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    accounts = [["unit", "year", "key", "value", "period", "status", "series"]]
    accounts += [
        [id_, year, "income_wan", 1000 + year, period, id_, id_]
        for id_ in [*IDS, "self"]
        for year, period in ((2022, "annual"), (2023, "annual"), (2023, "H1"))
    ]
    with (folder / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(accounts)
    park = (folder / "layers" / "park.geojson").read_text(encoding="utf-8")
    for old, new in (("a", "__proto__"), ("b", "constructor")):
        park = park.replace(f'"id": {quoted(old)}', f'"id": {quoted(new)}')
    (folder / "layers" / "park.geojson").write_text(park, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def page_file(tmp_path_factory) -> Path:
    folder = zone_of_names(tmp_path_factory.mktemp("names") / "zone")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZgcgisWarning)
        atlas = draw_zone(zg.open_zone(folder))
    return save_map(atlas, folder.parent / "atlas.html")


@pytest.fixture(scope="module")
def browser():
    with browser_page() as page:
        page.set_default_timeout(15_000)
        yield page


@pytest.fixture
def page(browser):
    browser.goto("about:blank")
    browser.complaints.clear()
    return browser


@pytest.mark.parametrize("address", HASHES, ids=range(len(HASHES)))
def test_a_hierarchy_in_a_circle_and_odd_ids_give_a_usable_page(page, page_file, address):
    page.goto(page_file.as_uri() + address)
    listed = page.eval_on_selector_all(".rank button", "bs => bs.map(b => b.dataset.unit)")
    assert page.complaints == []
    if "q=" not in address:
        assert set(IDS) | {"self"} <= set(listed)
    for unit in [*IDS, "self"]:
        page.evaluate("u => atlasPage.pick(u, true)", unit)
        assert unit in page.inner_text(".card") or unit == "self"
    page.evaluate("atlasPage.rebuild()")
    assert page.complaints == []
    shown = page.evaluate("u => (atlasPage.value(u) || [])[1]", "constructor")
    assert shown is not None


def test_half_a_character_typed_into_the_search_does_not_break_the_link(page, page_file):
    page.goto(page_file.as_uri())
    page.evaluate("atlasPage.state.query = '\\ud83d'; atlasPage.pick('self', false)")
    assert page.complaints == []
    assert "q=%EF%BF%BD" in page.url

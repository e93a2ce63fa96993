"""The atlas of the sample: all six parks, labelled as invented, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from zgcgis.checks import check
from zgcgis.io import open_zone
from zgcgis.maps import draw_zone, save_map

from .atlas_zone import unpacked
from .conftest import chromium


@pytest.fixture(scope="module")
def zone():
    return open_zone("sample")


@pytest.fixture(scope="module")
def page(zone, tmp_path_factory) -> Path:
    return save_map(draw_zone(zone), tmp_path_factory.mktemp("m") / "sample.html")


def test_the_page_draws_every_park_and_says_it_is_invented(zone, page):
    units = draw_zone(zone).content["units"]
    drawn = {unit["id"] for unit in units if unit["level"] == "park" and unit["g"]}
    assert drawn == set(zone.layers["park"]["id"])
    text = page.read_text(encoding="utf-8")
    assert "虚构" in text
    assert all(name in text for name in zone.layers["park"]["zh"])


def test_the_same_zone_gives_the_same_page(zone, page, tmp_path):
    again = save_map(draw_zone(zone), tmp_path / "again.html")
    assert again.read_bytes() == page.read_bytes()


def test_findings_lie_on_the_map(zone, tmp_path):
    found = check(zone)
    atlas = draw_zone(zone, findings=found)
    listed = unpacked(atlas.blocks["findings"])
    assert [listed["rules"][place] for place in listed["rule"]] == list(found["rule"])
    assert atlas.blocks["findings"] in save_map(atlas, tmp_path / "f.html").read_text("utf-8")


@pytest.mark.browser
def test_the_page_opens_without_a_word_of_complaint(page):
    from playwright.sync_api import sync_playwright

    said: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        tab = browser.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda r: said.append(r.url) if r.url.startswith("http") else None)
        tab.goto(page.as_uri())
        tab.wait_for_selector(".leaflet-container path", state="attached")
        body = tab.inner_text("body")
        browser.close()
    assert not said
    assert "示例示范区（虚构）" in body

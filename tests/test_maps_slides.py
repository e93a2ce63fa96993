"""Presenting: steps of the page, slides, sheets. A picture that is there may still be empty: looked into."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest

from zgcgis import open_zone
from zgcgis.language.errors import UnknownNameError, ZgcgisError
from zgcgis.maps import draw_zone, print_map, read_steps, save_map, write_slides
from zgcgis.runs import find_browser

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import browser_page, until, write_zone
from test_maps_safety import STRINGS

pytestmark = pytest.mark.browser

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
needs_browser = pytest.mark.skipif(find_browser() is None, reason="no Chromium")


@pytest.fixture(scope="module")
def sample():
    return open_zone(SAMPLE)


def test_a_page_has_a_step_for_each_desk_it_has_something_on(sample):
    from zgcgis.checks import check

    content = draw_zone(sample, findings=check(sample), compare="plan").content
    tabs = [re.search(r"t=(\w+)", step["view"])[1] for step in content["steps"]]
    assert tabs == ["parks", "land", "firms", "findings", "compare"]
    assert all(all(step["title"]) for step in content["steps"])


def test_the_first_step_names_the_highest_value(tmp_path):
    """Of a (150 000) and b (50 000 wan) in 2021, a is higher; c has none: by hand from the rows."""
    zone = open_zone(write_zone(tmp_path / "z"))
    note = draw_zone(zone, color_by="income_wan", year=2021).content["steps"][0]["note"]
    assert "3 个园区与片区中 2 个有数值" in note[0]
    assert "15 亿元" in note[0]
    assert "2 of 3" in note[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("[]", "1 to 60"),
        (json.dumps([{"view": "t=parks"}] * 61), "1 to 60"),
        ('{"steps": 3}', "1 to 60"),
        ('[{"title": "a"}]', "no view in step 1"),
        ('[{"view": "t=parks"}, {"view": 3}]', "no view in step 2"),
    ],
)
def test_a_file_that_holds_no_steps_is_a_sentence(tmp_path, text, said):
    (tmp_path / "s.json").write_text(text, encoding="utf-8")
    with pytest.raises(ZgcgisError, match=said):
        read_steps(tmp_path / "s.json")


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(ZgcgisError, match="cannot be read"):
        read_steps(tmp_path / "no.json")


def test_texts_of_one_language_stand_for_both(tmp_path):
    (tmp_path / "s.json").write_text(
        json.dumps({"steps": [{"title": "甲", "note": ["", "b"], "view": "#t=parks"}]}), "utf-8"
    )
    assert read_steps(tmp_path / "s.json") == [
        {"title": ["甲", "甲"], "note": ["b", "b"], "view": "t=parks"}
    ]


@pytest.fixture(scope="module")
def page_of_sample(sample, tmp_path_factory):
    path = tmp_path_factory.mktemp("steps") / "map.html"
    return save_map(draw_zone(sample), path)


@pytest.fixture
def page(page_of_sample):
    with browser_page() as page:
        page.goto(page_of_sample.as_uri() + "#t=land")
        yield page
        assert page.complaints == []
        assert [r for r in page.requests if not r.startswith(("file:", "blob:", "data:"))] == []


def test_a_step_keeps_the_place_in_a_window_of_another_size(page):
    page.evaluate("atlasPage.map.setView([40.02, 116.31], 15, {animate: false})")
    kept = page.evaluate(
        "(() => { atlasPage.steps.add(); return atlasPage.steps.list().at(-1).view; })()"
    )
    south, west, north, east = map(float, re.search(r"w=([^&]*)", kept)[1].split(","))
    page.set_viewport_size({"width": 3840, "height": 2160})
    page.evaluate("atlasPage.steps.present(atlasPage.steps.list().length - 1, false)")
    seen = page.evaluate(
        "(() => { const b = atlasPage.map.getBounds(); return [b.getSouth(), b.getWest(), b.getNorth(), b.getEast()]; })()"
    )
    assert seen[0] <= south + 1e-6
    assert seen[1] <= west + 1e-6
    assert seen[2] >= north - 1e-6
    assert seen[3] >= east - 1e-6
    assert page.evaluate("atlasPage.state.tab") == "land"
    title = page.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('.show h1')).fontSize)"
    )
    assert title >= 80, "a wall is read from afar"


def test_keys_turn_the_steps_and_escape_brings_the_view_back(page):
    before = page.evaluate("[atlasPage.state.tab, atlasPage.map.getZoom()]")
    page.click("text=汇报")
    page.click("button:has-text('开始汇报')")
    n = page.evaluate("atlasPage.steps.list().length")
    assert n == 3
    tabs = []
    for _ in range(n):
        tabs.append(page.evaluate("atlasPage.state.tab"))
        page.keyboard.press("PageDown")
    assert tabs == ["parks", "land", "firms"]
    assert page.inner_text(".show .num") == "3 / 3"
    assert not page.is_visible(".panel")
    page.keyboard.press("Escape")
    assert page.is_visible(".panel")
    assert page.evaluate("[atlasPage.state.tab, atlasPage.map.getZoom()]") == before


def test_steps_are_saved_read_ordered_and_removed(page, tmp_path):
    page.click("text=汇报")
    page.fill(".steplist li:nth-child(1) input", "开场")
    page.click(".steplist li:nth-child(1) button:has-text('↓')")
    page.click(".steplist li:nth-child(3) button:has-text('×')")
    with page.expect_download() as got:
        page.click("button:has-text('存成文件')")
    got.value.save_as(tmp_path / "steps.json")
    assert [step["title"][0] for step in read_steps(tmp_path / "steps.json")][1] == "开场"
    page.set_input_files("input[type=file]", str(tmp_path / "steps.json"))
    until(page, "atlasPage.steps.list().length === 2")


def test_no_text_of_a_step_is_more_than_text(page_of_sample, sample, tmp_path):
    steps = [
        {"title": [t, t], "note": [t, t], "view": f"t=parks&q={t}&w={t}"} for t in STRINGS[:60]
    ]
    file = save_map(draw_zone(sample, steps=steps), tmp_path / "hostile.html")
    with browser_page() as page:
        page.goto(file.as_uri())
        for n, step in enumerate(steps):
            page.evaluate(f"atlasPage.steps.present({n}, false)")
            shown = page.evaluate("document.querySelector('.show h1').textContent")
            assert shown == step["title"][0].encode("utf-8", "replace").decode("utf-8")
        assert page.evaluate("window.pwned") is None
        assert page.complaints == []


# --- slides and paper, from Python ------------------------------------------------------------------


def distinct_colours(png: bytes) -> int:
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        return len(image.convert("RGB").getcolors(1 << 24))


@needs_browser
def test_slides_hold_a_title_as_text_and_a_picture_of_each_step(sample, tmp_path):
    from pptx import Presentation

    steps = [
        {"title": ["土地", "Land"], "note": ["按用途", "By use"], "view": "t=land"},
        {"title": ["企业", "Firms"], "note": ["", ""], "view": "t=firms"},
    ]
    made = write_slides(draw_zone(sample, steps=steps), tmp_path / "a.pptx")
    deck = Presentation(str(made))
    assert [slide.shapes.title.text for slide in deck.slides] == ["土地", "企业"]
    texts = [[s.text_frame.text for s in slide.shapes if s.has_text_frame] for slide in deck.slides]
    assert "按用途" in texts[0]
    assert all(any("审图号" in text for text in one) for one in texts)
    for slide in deck.slides:
        picture = next(s for s in slide.shapes if s.shape_type == 13)
        assert distinct_colours(picture.image.blob) > 200, "land and names are on it"
        fonts = set(re.findall(r'<a:(?:latin|ea) typeface="([^"]+)"', slide.shapes._spTree.xml))
        assert fonts == {"Microsoft YaHei"}
    land = next(s for s in deck.slides[0].shapes if s.shape_type == 13).image.blob
    from PIL import Image

    with Image.open(io.BytesIO(land)) as image:
        colours = {c for n, c in image.convert("RGB").getcolors(1 << 24) if n > 400}
    assert (214, 35, 105) in colours or len(colours) > 12, "parcels are coloured, not grey"
    again = write_slides(draw_zone(sample, steps=steps), tmp_path / "b.pptx")
    assert made.read_bytes() == again.read_bytes()


@needs_browser
def test_slides_as_pdf_have_a_page_a_step(sample, tmp_path):
    from pypdf import PdfReader

    made = write_slides(draw_zone(sample, lang="en"), tmp_path / "a.pdf")
    reader = PdfReader(made)
    assert len(reader.pages) == 3
    text = reader.pages[0].extract_text()
    assert "Total income" in text


@needs_browser
def test_all_findings_and_parks_are_printed_whatever_their_number(sample, tmp_path):
    from pypdf import PdfReader

    from zgcgis.checks import check

    found = check(sample)
    atlas = draw_zone(sample, findings=found, lang="en")
    made = print_map(atlas, tmp_path / "a.pdf", papers=["map", "list", "findings", "parks"])
    pages = [page.extract_text() for page in PdfReader(made).pages]
    assert "Numbered parks" in PdfReader(made).pages[0].extract_text()
    pages = [re.sub(r"\s", "", page) for page in pages]
    text = "".join(pages)
    for feature in found["feature"].dropna().unique():
        assert re.sub(r"\s", "", str(feature)) in text, feature
    assert f"{len(found)}of{len(found)}listed" in text
    parks = [u["name"][1] for u in atlas.content["units"] if u["level"] in {"park", "group"}]
    for name in parks:
        assert any(re.sub(r"\s", "", name) in page for page in pages[5:]), name
    boxes = {
        tuple(round(float(v) * 25.4 / 72) for v in p.mediabox[2:]) for p in PdfReader(made).pages
    }
    assert boxes == {(297, 210)}


def test_what_cannot_be_made_is_a_sentence(sample, tmp_path, monkeypatch):
    atlas = draw_zone(sample, layers=["none"])
    with pytest.raises(ZgcgisError, match=r"\.pptx or \.pdf"):
        write_slides(atlas, tmp_path / "a.key")
    with pytest.raises(UnknownNameError):
        print_map(atlas, tmp_path / "a.pdf", papers=["poster"])
    monkeypatch.setenv("ZGCGIS_BROWSER", "/nowhere/chromium")
    with pytest.raises(ZgcgisError, match="ZGCGIS_BROWSER"):
        write_slides(atlas, tmp_path / "a.pdf")
    monkeypatch.setitem(sys.modules, "pptx", None)
    with pytest.raises(ZgcgisError, match=r"zgcgis\[office\]"):
        write_slides(atlas, tmp_path / "a.pptx")
    assert list(tmp_path.iterdir()) == []

"""What a check hands in: one language, sorted, on landscape pages, with what was not checked."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser

import pandas as pd
import pytest
from openpyxl import load_workbook

from zgcgis.checks import RULES, asked, check, not_checked
from zgcgis.checks.hierarchy import parks_of_findings
from zgcgis.findings import describe
from zgcgis.io import open_zone
from zgcgis.planning.changes import question_of
from zgcgis.report.outputs import Checked, write_workbook
from zgcgis.report.outputs.findings_page import check_sheets, findings_page
from zgcgis.report.wording import WORDS, land_summary, named, one_language

SAMPLE = open_zone("sample")
LATIN = re.compile(r"(?<![A-Za-z0-9_])[a-z]{3,}[a-z_0-9]*")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def result():
    found = check(SAMPLE)
    silent = not_checked(SAMPLE)
    question = question_of(SAMPLE, asked(SAMPLE), silent, day=date(2023, 12, 31), found=found)
    found = found.assign(park=parks_of_findings(SAMPLE, found))
    none = found[:0].assign(who="", why="", until="")
    return Checked(standing=found, waived=none, not_checked=silent, question=question)


@pytest.fixture(scope="module", params=["zh", "en"])
def book(request, result, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "findings.xlsx"
    write_workbook(path, check_sheets(SAMPLE, result, request.param), lang=request.param)
    return request.param, load_workbook(path)


def texts(sheet):
    return {str(v) for row in sheet.iter_rows(values_only=True) for v in row if isinstance(v, str)}


def test_a_workbook_speaks_one_language(book):
    lang, workbook = book
    for sheet in workbook:
        for text in texts(sheet):
            if lang == "zh" and sheet.title != "核查内容":  # it names files
                assert not LATIN.search(text), (sheet.title, text)
            assert not re.search(r"\b(built_land|idle_\w+|northwood|third_survey)\b", text)


def test_a_workbook_prints_on_landscape_pages_with_its_heads_repeated(book):
    for sheet in book[1]:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.print_title_rows == "$1:$1"


def test_the_sums_of_the_summary_are_those_of_the_findings(result):
    table = land_summary(SAMPLE, result.standing, "zh")
    assert table["count"].sum() == len(result.standing)
    area = result.standing[(result.standing["unit"] == "m2") & (result.standing["rule"] != "Q401")]
    rest = table[table["rule"] != "Q401"]
    assert rest["area_ha"].sum() == pytest.approx(area["measured"].abs().sum() / 1e4)
    assert table["area_mu"].dropna().to_numpy() == pytest.approx(table["area_ha"].dropna() * 15)
    order = [["错误", "警告", "提示"].index(one) for one in table["severity"]]
    assert order == sorted(order)
    over = result.standing[result.standing["rule"] == "Q401"]
    excess = (over["measured"] - over["limit"]).sum()
    assert table[table["rule"] == "Q401"]["area_ha"].sum() == pytest.approx(excess / 1e4)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_sentence_of_the_sample_is_in_one_language(result, lang):
    said = describe(named(SAMPLE, result.standing, lang), lang)
    if lang == "zh":
        assert [one for one in said if LATIN.search(one)] == []
    assert set(result.standing["rule"]) <= set(RULES)


@pytest.mark.parametrize("word", sorted(WORDS))
def test_every_word_of_ours_has_both_languages(word):
    zh, en = WORDS[word].zh, WORDS[word].en
    assert bool(zh) == bool(en)
    assert not CHINESE.search(en)
    assert not LATIN.search(zh)
    assert one_language(word, "zh") in {zh, "计划", "批准", "累计", zh}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.words = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_has_headline_findings_and_what_was_not_checked(result, lang):
    text = findings_page(SAMPLE, result, lang=lang)
    page = Page()
    page.feed(text)
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in page.tags}
    words = " ".join(page.words)
    assert result.headline(SAMPLE).say(lang) in words
    for rule in {*result.standing["rule"], *result.not_checked["rule"]}:
        assert rule in words
    assert text == findings_page(SAMPLE, result, lang=lang)


def test_the_page_runs_nothing_that_a_zone_says(result):
    evil = "<script>alert(1)</script>{{7*7}}"
    rows = result.standing.copy()
    rows["feature"] = evil
    worse = Checked(rows, result.waived, result.not_checked, result.question)
    text = findings_page(SAMPLE, worse)
    assert "<script" not in text
    assert "{{7*7}}" in text


def test_a_check_of_nothing_has_a_page_and_a_workbook(result, tmp_path):
    none = Checked(result.standing[:0], result.waived, pd.DataFrame(result.not_checked[:0]),
                   result.question)  # fmt: skip
    assert "核查内容" in findings_page(SAMPLE, none)
    names = [name for name, _ in check_sheets(SAMPLE, none, "zh")]
    assert names[:2] == ["汇总", "问题"]
    write_workbook(tmp_path / "x.xlsx", check_sheets(SAMPLE, none, "zh"))

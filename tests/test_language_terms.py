"""The glossary: every quantity has two names and a unit that agrees with its key."""

from __future__ import annotations

import re

import pytest

from zgcgis.language.errors import UnknownNameError
from zgcgis.language.terms import TERMS, label

UNITS = {
    "_m2": "m2",
    "_wan": "万元",
    "_persons": "人",
    "_count": "家",
    "_tce": "吨标准煤",
    "_pct": "%",
}

every_term = pytest.mark.parametrize("term", TERMS.values(), ids=list(TERMS))


@every_term
def test_the_unit_stands_in_the_key(term):
    suffix = next((s for s in UNITS if term.key.endswith(s)), None)
    if suffix in ("_m2", "_wan", "_persons", "_tce", "_pct"):
        assert term.unit == UNITS[suffix]
    assert term.unit


@every_term
def test_it_has_two_names_and_a_line_of_meaning_in_both(term):
    assert re.search(r"[\u4e00-\u9fff]", term.zh)
    assert not re.search(r"[\u4e00-\u9fff]", term.en)
    assert term.note_zh
    assert term.note_en
    assert not re.search(r"[\u4e00-\u9fff]", term.note_en)


def test_names_are_unique():
    for lang in ("zh", "en"):
        names = [getattr(term, lang) for term in TERMS.values()]
        assert len(set(names)) == len(names)


def test_label_gives_the_language_asked_for():
    assert label("built_land_m2", "zh") == "已建成城镇建设用地"
    assert label("built_land_m2", "en") == "Built-up urban construction land"


def test_a_misspelt_key_is_answered_with_the_list():
    with pytest.raises(UnknownNameError, match="built_land_m2"):
        label("bulit_land_m2")

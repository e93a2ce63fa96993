"""Encodings by the evidence, and systems by the numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from zgcgis.intake import crs as coordinates
from zgcgis.intake.columns import match_columns, scale_of
from zgcgis.intake.encoding import (
    choose_encoding,
    codec_of,
    decode_bytes,
    garbled,
    invisible,
    plain_key,
)
from zgcgis.intake.layer import Expected
from zgcgis.intake.tabular import form_of, forms_of

WORDS = ["中关村软件园", "北京市海淀区", "工业用地", "土地使用权人名称"]


def raw(encoding):
    return [(word.encode(encoding), False) for word in WORDS]


@pytest.mark.parametrize(
    ("spelt", "codec"),
    [
        ("GBK", "gb18030"), ("cp936", "gb18030"), ("936", "gb18030"), ("ANSI 936", "gb18030"),
        ("UTF-8", "utf-8"), ("utf8", "utf-8"), ("65001", "utf-8"), ("ISO-8859-1", "iso8859-1"),
        ("1252", "cp1252"), ("88591", "iso8859-1"), ("big5", "big5"), ("", None), ("nonsense", None),
        ("base64", None),
    ],
)  # fmt: skip
def test_declarations_are_understood(spelt, codec):
    assert codec_of(spelt) == codec


@pytest.mark.parametrize(
    ("bytes_in", "declared", "name", "rule"),
    [
        ("gbk", "GBK", "gb18030", None),
        ("utf-8", "UTF-8", "utf-8", None),
        ("gbk", None, "gb18030", "R201"),
        ("utf-8", None, "utf-8", "R201"),
        ("gbk", "UTF-8", "gb18030", "R202"),
        ("gbk", "ISO-8859-1", "gb18030", "R202"),
        ("utf-8", "GBK", "utf-8", "R202"),
        ("utf-8", "cp1252", "utf-8", "R202"),
    ],
)
def test_the_bytes_decide_when_the_declaration_is_wrong(bytes_in, declared, name, rule):
    told = [(".cpg", declared)] if declared else []
    found = choose_encoding(raw(bytes_in), told)
    assert found is not None
    assert (found.name, found.rule) == (name, rule)


def test_what_fits_nothing_is_not_guessed():
    assert choose_encoding([(b"\xff\xff\xfe", False), (b"\x81\xff\x80", False)], []) is None
    assert choose_encoding([("café société".encode("latin-1"), False)], []) is None
    assert choose_encoding(raw("gbk"), [], forced="nonsense") is None


def test_a_character_cut_by_the_width_of_the_field_is_allowed():
    cut = "中关村软件园".encode("gbk")[:11]
    found = choose_encoding([(cut, True), *raw("gbk")], [])
    assert found is not None
    assert found.failing == 0


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-8", "gb18030"])
def test_texts_are_read_by_mark_or_evidence(mark):
    text = "编号,名称\n1,中关村软件园\n"
    answer = decode_bytes(text.encode(mark))
    assert answer is not None
    assert answer[0] == text


@pytest.mark.parametrize("word", WORDS)
def test_garbled_text_is_turned_back(word):
    assert garbled(word.encode("gbk").decode("latin-1"))[0] == word
    assert garbled(word.encode().decode("latin-1"))[0] == word
    assert garbled(word) is None


def test_honest_text_is_not_called_garbled():
    for word in ("café", "Müller", "Ångström", "企业（集团）", "ABC", "naïve résumé", "联通"):
        assert garbled(word) is None


def test_keys_have_one_form():
    assert plain_key(" １１０１０８－００１\u200b ") == "110108-001"
    assert invisible("a\u200bb\u202e") == "U+200B U+202E"


def test_columns_are_known_by_their_aliases_and_units():
    found = match_columns(["宗地代码", "面积（亩）", "DLBM", "备注"], "parcel", {})
    assert found.of == {"宗地代码": "id", "面积（亩）": "registered_area_m2", "DLBM": "land_use"}
    assert found.unit == {"面积（亩）": "亩"}
    assert scale_of("registered_area_m2", "亩") == pytest.approx(2000 / 3)
    assert scale_of("tax_wan", "元") == 1e-4
    assert scale_of("storeys", "亩") is None
    told = match_columns(["X"], "parcel", {"X": "id"})
    assert told.of == {"X": "id"}
    cut = match_columns(["宗地代"], "parcel", {}, cut=(10, "utf-8"))
    assert cut.cut == {"宗地代": "id"}


@pytest.mark.parametrize(
    ("x", "y", "code"),
    [
        (116.3, 39.9, "EPSG:4490"),
        (39_440_000, 4_427_000, "EPSG:4527"),
        (20_440_000, 4_427_000, "EPSG:4498"),
        (12_946_000, 4_850_000, "EPSG:3857"),
        (440_000, 4_427_000, "EPSG:4548"),
    ],
)
def test_numbers_say_what_they_may_be(x, y, code):
    assert code in [entry[0] for entry in coordinates.implied(x, y, (116.3, 39.9))]


def test_only_descriptions_are_taken_for_systems():
    assert coordinates.parse_crs("EPSG:4548").to_epsg() == 4548
    assert coordinates.parse_crs("4548").to_epsg() == 4548
    assert coordinates.parse_crs("urn:ogc:def:crs:EPSG::4490").to_epsg() == 4490
    assert coordinates.parse_crs("") is None
    for text in ("/etc/passwd", "http://a.b/c", "PROJCS[", "WGS84 something", "{"):
        with pytest.raises(ValueError):  # noqa: PT011 - the words are the library's
            coordinates.parse_crs(text)


def test_a_system_is_held_against_the_numbers():
    def answer(code, x, y, **more):
        return coordinates.judge(CRS.from_epsg(code), np.array([[x, y]]), **more)[0].rule

    assert answer(4548, 440_000, 4_427_000) is None
    assert answer(4527, 39_440_000, 4_427_000) is None
    assert answer(4548, 39_440_000, 4_427_000) == "R105"
    assert answer(4548, 4_427_000, 440_000) == "R104"
    assert answer(4490, 39.9, 116.3) == "R104"
    assert answer(4490, 440_000, 4_427_000) == "R103"
    assert answer(2384, 440_000, 4_427_000) == "R111"
    assert answer(4548, 500_000, 300_000) == "R110"
    assert answer(3857, 12_946_000, 4_850_000) == "R114"
    assert answer(4549, 440_000, 4_427_000, expected=Expected((116.3, 39.98), "x")) == "R109"


@given(st.lists(st.none() | st.text(max_size=12), min_size=1, max_size=8))
def test_many_keys_are_compared_as_each_is(keys):
    forms = forms_of(pd.Series(keys, dtype="str"))
    assert [None if pd.isna(f) else f for f in forms] == [k and form_of(k) for k in keys]

"""Text on its way out: what each place cannot take is seen there, never obeyed and never lost."""

from __future__ import annotations

import json
import os
import re
import tomllib
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from zgcgis.io.spreadsheets import write_book
from zgcgis.language import safe_text as safe

MANY = 2000 if os.environ.get("ZGCGIS_FULL") == "1" else 120
RESERVED = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"
}
NASTY = [
    "", " ", ".", "..", "../../x", "/etc/passwd", "a/b", "a\\b", "C:x", "C:\\x", "CON", "con.txt", "nul .x",
    "COM¹", "x.", "x ", " x", "=1+1", "+A1", "-A1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠A", " =1", "\t=1",
    "\r\n=1", "\ufeff=1", "\u200b＝1", "﹦1", "\x00", "a\x00b", "\x1b]0;title\x07", "\x9b31m", "\u202eabc",
    "\u2066a\u2069", "a\u2028b\u2029c", "\ud800", "a\udfffb", "\ufffe", "\uffff", "x" * 300, "园" * 300,
    "😀" * 100, "😀" * 20_000, "a\nerrors 0", "a\rb", "H007-03", "园区 1 号（北）", "A-20230101", "x~1a2b3c4d",
    "\U000e0041", "\u0085", "\x7f", "_x000D_", "<a&b>", "{{ 1 }}", '"', "'", "e\u0301", "\u00e9", "*?<>|", "%2e%2e",
]  # fmt: skip
texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(), max_size=60),
    st.text(st.sampled_from("=+-@＝ \t\r\n\x00\x1b\x85\u202e\u2028\ud800\udc00\ufffeAb/\\.~:園"), max_size=12),
)  # fmt: skip


def controls(text):
    return [c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]


@settings(max_examples=MANY, deadline=None)
@given(texts)
def test_nothing_that_a_terminal_obeys_is_left(text):
    shown = safe.visible(text)
    left = {c for c in controls(shown) if c != "\n"}
    assert {unicodedata.category(c) for c in left} <= {"Cf"}
    assert not left & set(
        "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )
    assert "\n" not in safe.one_line(text)
    assert safe.visible(shown) == shown


@settings(max_examples=MANY, deadline=None)
@given(st.dictionaries(texts, st.lists(texts, max_size=3), max_size=3))
def test_json_shown_is_the_same_json(data):
    meant = json.loads(json.dumps(data))  # which takes two halves of a character for one
    assert json.loads(safe.json_text(data)) == meant
    assert json.loads(safe.ascii_text(json.dumps(data, ensure_ascii=False))) == meant
    assert safe.ascii_text(safe.json_text(data)).isascii()


@settings(max_examples=MANY, deadline=None)
@given(texts)
def test_toml_takes_any_text(text):
    there = tomllib.loads(f"a = {safe.toml_value(text)}")["a"]
    assert there == safe.well_formed(text)
    there.encode()


@settings(max_examples=MANY, deadline=None)
@given(texts)
def test_xml_takes_any_text(text):
    from xml.sax.saxutils import escape

    markup = f"<a>{escape(safe.xml_text(text))}</a>"
    assert ElementTree.fromstring(markup.encode("utf-8")).tag == "a"


@settings(max_examples=MANY, deadline=None)
@given(texts)
def test_no_text_of_a_csv_table_is_a_formula(text):
    safe_one = safe.csv_text(text)
    unseen = set(controls(safe_one))
    seen = unicodedata.normalize("NFKC", "".join(c for c in safe_one if c not in unseen))
    assert not seen.strip().startswith(("=", "+", "-", "@"))
    assert not safe_one.startswith(("\t", "\r", "\n"))
    assert "\x00" not in safe_one
    safe_one.encode("utf-8")


@pytest.mark.parametrize("in_order", [False, True])
@settings(max_examples=MANY // 8, deadline=None)
@given(text=texts)
@example(text="<r>x</r>")
@example(text="<r><t>x</t></r>")
@example(text="_x000D_")
def test_a_cell_of_a_workbook_holds_any_text_as_text(tmp_path_factory, in_order, text):
    path = tmp_path_factory.mktemp("book") / "a.xlsx"

    def fill(book):
        book.sheet(text).put(1, 1, text)
        book.sheet(text)

    write_book(path, fill, title=text, remark=text, in_order=in_order)
    again = load_workbook(path)
    cell = again.worksheets[0]["A1"]
    assert cell.data_type != "f"
    value = unescape(cell.value or "") if in_order else cell.value or ""  # openpyxl leaves it
    assert value == safe.cell_text(text)
    assert len(safe.cell_text(text).encode("utf-16-le")) // 2 <= safe.MOST_IN_A_CELL
    if safe.is_lively(text):
        assert cell.quotePrefix
    name = again.sheetnames[1]
    assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31
    assert not re.search(r"[\[\]:*?/\\]|^'|'$", name)


@settings(max_examples=MANY // 8, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)))
def test_a_cell_of_a_workbook_holds_every_digit_of_a_number(tmp_path_factory, numbers):
    path = tmp_path_factory.mktemp("book") / "a.xlsx"

    def fill(book):
        sheet = book.sheet("a")
        for k, number in enumerate(numbers, start=1):
            sheet.put(1, k, number)

    write_book(path, fill)
    row = next(load_workbook(path).worksheets[0].iter_rows(values_only=True), ())
    assert [float(value) for value in row if value is not None] == [float(n) for n in numbers]


def test_sheets_of_one_name_are_told_apart():
    taken: list[str] = []
    for text in ["园" * 40, "园" * 40, "a", "A", "history", "😀" * 30, "😀" * 30]:
        taken.append(safe.sheet_name(text, taken))
    assert len({name.casefold() for name in taken}) == len(taken)
    assert "history" not in taken


def is_a_good_name(name):
    assert name
    assert len(name.encode("utf-8")) <= 120
    assert not re.search(r'[\x00-\x1f\x7f<>:"/\\|?*]', name)
    assert name == name.strip(" .")
    assert name.split(".")[0].rstrip().upper() not in RESERVED


values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
tables = st.lists(st.dictionaries(texts, values, max_size=3), max_size=9)


@settings(max_examples=MANY, deadline=None)
@given(st.dictionaries(texts, values | tables | st.lists(values) | st.lists(tables), max_size=4))
def test_a_long_table_is_written_as_any_json(data):
    want = safe.visible(json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(safe, "_ROWS_TOGETHER", 2)
        assert safe.json_text(data) == want


def test_no_long_table_holds_what_json_cannot():
    with pytest.raises(ValueError, match="JSON compliant"):
        safe.json_text({"rows": [{"value": float("nan")}] * 20_000})


@settings(max_examples=MANY, deadline=None)
@given(st.lists(texts | st.sampled_from(["", "H001-02", "=1", " +2", "a\nb", "-"]), max_size=9))
def test_a_column_of_texts_is_made_safe_as_each_of_them(many):
    assert list(safe.csv_texts(many)) == [safe.csv_text(text) for text in many]


@settings(max_examples=MANY, deadline=None)
@given(texts)
def test_a_name_for_a_file_stays_in_its_folder(text):
    name = safe.file_name(text)
    is_a_good_name(name)
    assert name == safe.file_name(text)
    assert (name == text) == ("~" not in name)


@settings(max_examples=MANY, deadline=None)
@given(st.lists(texts, max_size=12))
def test_different_texts_have_different_files_where_case_does_not_count(many):
    names = safe.file_names(many)
    assert set(names) == set(many)
    folded = {unicodedata.normalize("NFC", name).casefold() for name in names.values()}
    assert len(folded) == len(set(many))
    for name in names.values():
        is_a_good_name(name)


@pytest.mark.parametrize("text", ["H007-03", "园区 1 号（北）", "A-20230101", "a.b-c_d", "é"])
def test_an_honest_name_stays(text):
    assert safe.file_name(text) == text
    assert safe.file_names([text, text]) == {text: text}


def test_a_value_cannot_begin_a_line_of_its_own():
    assert safe.one_line("  park\n错误 0\n") == "  park 错误 0"
    assert safe.one_line("a\r\nb\u2028c") == "a\\u000d b\\u2028c" or "\n" not in safe.one_line(
        "a\r\nb"
    )

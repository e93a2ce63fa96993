r"""Text that came from elsewhere, on its way out: one function for each place it goes to.

==================  ===========================================================================
a terminal, a log   :func:`visible` (newlines stay), :func:`one_line`
a workbook          :func:`cell_text`, :func:`property_text`, :func:`sheet_name`
a CSV table         :func:`csv_text`, for heads as for cells; :func:`csv_texts`, for a column
XML (SVG, styles)   :func:`xml_text`, before the markup itself is escaped
a page              :func:`page_value`, by the template, which escapes markup; without one
                    :func:`markup_text`
JSON                :func:`json_text`, :func:`json_parts`
TOML                :func:`toml_value`
a file's name       :func:`file_name`, :func:`file_names`
bytes               :func:`well_formed`, for text in UTF-8
==================  ===========================================================================

What a place cannot take is shown as the escape that JSON has for it, such as ``\u001b``: nothing
vanishes, two texts stay two, and JSON that went through stays JSON.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

__all__ = [
    "MOST_IN_A_CELL",
    "Text",
    "ascii_text",
    "cell_text",
    "csv_text",
    "csv_texts",
    "file_name",
    "file_names",
    "is_lively",
    "json_parts",
    "json_text",
    "markup_text",
    "one_line",
    "page_value",
    "property_text",
    "sheet_name",
    "text_width",
    "toml_value",
    "unlocked",
    "visible",
    "well_formed",
    "xml_text",
]

_KEYS = re.compile(r"(postgres\w*(?:\+\w+)?://[^\s:/@]*):[^\s]*@")
_PASSWORDS = re.compile(r"([?&]password=)[^&\s]*")
MOST_IN_A_CELL = 32_767
"""Characters, as UTF-16 counts them, that a cell of a workbook holds."""

_SURROGATES = "\ud800-\udfff"
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # all but tab, newline and carriage return
_UNSEEN = (
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f"
)
_NOT_SHOWN = re.compile(f"[{_CONTROLS}\t\r{_UNSEEN}{_SURROGATES}]")
_NOT_XML = re.compile(f"[{_CONTROLS}{_SURROGATES}\ufffe\uffff]")
_LONE = re.compile(f"[{_SURROGATES}]")
# Spreadsheets pass over space before they look at the first sign; full-width, small, raised and
# lowered forms of the signs are taken for them in Chinese and Japanese settings.
_LIVELY = re.compile(rf"[\s{_CONTROLS}{_UNSEEN}]*[=+\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋]|[\t\r\n]")
_NOT_CSV = re.compile(rf"^(?:{_LIVELY.pattern})|{_NOT_XML.pattern}|\r", re.MULTILINE)
_NOT_IN_NAMES = re.compile(rf'[{_CONTROLS}\t\r\n{_UNSEEN}{_SURROGATES}<>:"/\\|?*%~]')
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(?:\..*)?", re.IGNORECASE
)
_PLAIN = frozenset({str, int, float, bool, type(None)})
_ROWS_TOGETHER = 10_000  # rows of a table in JSON that are written at once
_MOST_OF_A_NAME = 120  # bytes: a suffix and the mark of a temporary name fit beside them


class Text(NamedTuple):
    """The same words in Chinese and in English, and the one place that picks a language."""

    zh: str
    en: str

    def say(self, lang: str) -> str:
        """Return the words in the language asked for, ``"zh"`` or ``"en"``."""
        return self.en if lang == "en" else self.zh


def text_width(text: str) -> int:
    """Return how wide a text stands in columns: a Chinese character counts two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[k]:02x}{units[k + 1]:02x}" for k in range(0, len(units), 2))


def visible(text: str) -> str:
    r"""Return a text whose control, direction and invisible characters are escapes to be seen.

    Newlines stay. JSON stays JSON: inside its strings the escapes mean the same characters.

    Examples
    --------
    >>> print(visible("A\x1b]0;B\u202e"))
    A\u001b]0;B\u202e
    """
    return text if text.isascii() and text.isprintable() else _NOT_SHOWN.sub(_escape, text)


def unlocked(text: str) -> str:
    """Return a text without the passwords of the addresses of databases in it.

    Examples
    --------
    >>> unlocked("postgresql://planner:secret@host/land")
    'postgresql://planner:***@host/land'
    """
    if "postgres" not in text:
        return text
    return _PASSWORDS.sub(r"\1***", _KEYS.sub(r"\1:***@", text))


def one_line(text: str) -> str:
    r"""Return a text as :func:`visible` does, on one line: no value can begin a line of its own.

    Examples
    --------
    >>> one_line("A\nerrors 0\n")
    'A errors 0'
    """
    if "\n" not in text:
        return visible(text)
    first, *rest = text.split("\n")
    return visible(" ".join([first.rstrip(), *filter(None, map(str.strip, rest))]))


def well_formed(text: str) -> str:
    """Return a text that UTF-8 can hold: a lone surrogate becomes U+FFFD."""
    return _LONE.sub("\ufffd", text)


def xml_text(text: str) -> str:
    r"""Return a text whose characters XML may hold; a carriage return is a newline."""
    plain = text if "\r" not in text else text.replace("\r\n", "\n").replace("\r", "\n")
    return _NOT_XML.sub(_escape, plain)


def markup_text(text: str) -> str:
    """Return a text as it stands in HTML and SVG, between marks or in the quotes of one.

    Examples
    --------
    >>> markup_text('<a href="x">')
    '&lt;a href=&quot;x&quot;&gt;'
    """
    return html.escape(xml_text(text), quote=True)


def page_value(value: object) -> object:
    """Return what a template is about to write: text without what no page holds; markup as it is."""
    return xml_text(value) if type(value) is str else value


def cell_text(text: str) -> str:
    """Return a text that a cell of a workbook holds; beyond its measure it ends with ``…``.

    That it is no formula is for the writer to say, by the cell's type.
    """
    plain = xml_text(text)
    if len(plain) * 2 <= MOST_IN_A_CELL:
        return plain
    units = plain.encode("utf-16-le")
    if len(units) <= 2 * MOST_IN_A_CELL:
        return plain
    return units[: 2 * (MOST_IN_A_CELL - 1)].decode("utf-16-le", "ignore") + "…"


def is_lively(text: str) -> bool:
    """Whether a spreadsheet would take a text for a formula when it is typed in or read."""
    return _LIVELY.match(text) is not None


def csv_text(text: str) -> str:
    """Return a text for a CSV table: what begins like a formula is put behind an apostrophe.

    Examples
    --------
    >>> csv_text("=1+1"), csv_text(" ＠SUM(A1)"), csv_text("a=b")
    ("'=1+1", "' ＠SUM(A1)", 'a=b')
    """
    return xml_text(f"'{text}" if is_lively(text) else text)


def csv_texts(texts: Sequence[str]) -> Sequence[str]:
    """Return what :func:`csv_text` makes of each text; it is seen at once where none changes."""
    distinct = set(texts)
    if _NOT_CSV.search("\n".join(distinct)) is None:
        return texts
    made = {text: csv_text(text) for text in distinct}
    return [made[text] for text in texts]


def property_text(text: str) -> str:
    """Return a text for a property of a document: one line of at most 255 characters."""
    return _cut(xml_text(one_line(text)), 255, "utf-16-le", 2)


def sheet_name(text: str, taken: Collection[str] = ()) -> str:
    """Return a name that a sheet may have, other than those taken.

    Examples
    --------
    >>> sheet_name("a/b?"), sheet_name("A", {"a"}), sheet_name("'")
    ('a_b_', 'A_2', '_')
    """
    plain = re.sub(r"[\[\]:*?/\\]", "_", property_text(text))
    plain = re.sub(r"^'|'$", "_", _cut(plain, 31, "utf-16-le", 2)) or "_"
    plain = f"{plain}_" if plain.casefold() == "history" else plain
    held = {name.casefold() for name in taken}
    name, number = plain, 1
    while name.casefold() in held:
        number += 1
        mark = f"_{number}"
        name = _cut(plain, 31 - len(mark), "utf-16-le", 2) + mark
    return name


def _cut(text: str, most: int, encoding: str, width: int = 1) -> str:
    return text.encode(encoding)[: most * width].decode(encoding, "ignore")


def json_text(data: dict[str, Any] | list[Any] | str | float | None) -> str:
    """Return data as JSON, one value a line, that is safe to look at; NaN is an error."""
    return "".join(json_parts(data))


def json_parts(data: dict[str, Any] | list[Any] | str | float | None) -> Iterator[str]:
    """Give what :func:`json_text` returns in parts: of a long table in it never the whole at once."""
    if not isinstance(data, dict) or not any(map(_is_long_table, data.values())):
        yield visible(_json(data))
        return
    before = "{"
    for key, value in data.items():
        yield visible(f"{before}\n {_json(str(key))}: ")
        if _is_long_table(value):
            yield from _rows_of_json(value)
        else:
            yield visible(_json(value).replace("\n", "\n "))
        before = ","
    yield "\n}"


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)


def _is_long_table(value: Any) -> bool:
    """Whether a value is many rows of nothing but plain values."""
    return (
        type(value) is list
        and len(value) > _ROWS_TOGETHER
        and all(
            type(row) is dict and row and _PLAIN.issuperset(map(type, row.values()))
            for row in value
        )
    )


def _rows_of_json(table: list[dict[str, Any]]) -> Iterator[str]:
    """Give a table as the value of an entry: Python's quick encoder knows no indents, but separators."""
    write = json.JSONEncoder(
        ensure_ascii=False, allow_nan=False, separators=(",\n   ", ": ")
    ).encode
    before = "["
    for start in range(0, len(table), _ROWS_TOGETHER):
        rows = write(table[start : start + _ROWS_TOGETHER])[
            2:-2
        ]  # within [{ }]; no text has a newline
        rows = rows.replace("},\n   {", "\n  },\n  {\n   ")
        yield visible(f"{before}\n  {{\n   {rows}\n  }}")
        before = ","
    yield "\n ]"


def ascii_text(text: str) -> str:
    """Return JSON in ASCII alone, for a console that has no more."""
    return re.sub("[^\n -~]", _escape, text)


def toml_value(value: str | float | date | list[Any]) -> str:
    r"""Return a value as TOML, a text with its quotes; a date with a time of day is not taken.

    Examples
    --------
    >>> print(toml_value('a"b\n'), toml_value([1, 2.5]), toml_value(True))
    "a\"b\n" [1, 2.5] true
    """
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    if not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else repr(value)
    quoted = json.dumps(well_formed(value), ensure_ascii=False)
    return _NOT_SHOWN.sub(lambda found: f"\\U{ord(found[0]):08x}", quoted)


def file_name(text: str) -> str:
    r"""Return a name for a file that keeps to its folder on every system, without a suffix.

    A text that may stand as it is does; another becomes one that may, with a hash of the whole
    text, so that different texts keep different names.

    Examples
    --------
    >>> file_name("H007-03"), file_name("../../x"), file_name("CON")
    ('H007-03', '_.._x~9cdf6a50', 'CON~a3dbc4b6')
    """
    return _named(text, digits=8)


def _named(text: str, *, digits: int, always: bool = False) -> str:
    plain = _NOT_IN_NAMES.sub("_", text).strip(" .")
    fits = len(plain.encode("utf-8")) <= _MOST_OF_A_NAME
    if plain == text and plain and fits and not (always or _RESERVED.fullmatch(text)):
        return text
    mark = "~" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
    head = _cut(plain, _MOST_OF_A_NAME - len(mark), "utf-8").rstrip(" .") or "_"
    if _RESERVED.fullmatch(head):  # a name is reserved by what stands before its first dot
        head = head.replace(".", "_")
    return head + mark


def file_names(texts: Iterable[str]) -> dict[str, str]:
    """Return a file name for each text, all different where case and composition do not count.

    Examples
    --------
    >>> file_names(["a", "b", "B"])
    {'a': 'a', 'b': 'b~3e23e816', 'B': 'B~df7e70e5'}
    """
    distinct = list(dict.fromkeys(texts))
    names: dict[str, str] = {}
    for digits in (8, 64):
        names = {text: _named(text, digits=digits) for text in distinct}
        doubled = _repeated(names.values())
        for text, name in names.items():
            if _folded(name) in doubled:
                names[text] = _named(text, digits=digits, always=True)
        if not _repeated(names.values()):
            break
    return names


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _repeated(names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    again: set[str] = set()
    for name in map(_folded, names):
        (again if name in seen else seen).add(name)
    return again

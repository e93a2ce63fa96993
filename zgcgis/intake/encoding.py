"""Which encoding bytes are in, by the evidence, and what is odd about text.

Nothing is guessed in silence: a declaration is taken when the bytes bear it out; otherwise the
bytes decide when they can, and a finding says so; otherwise the file is refused.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "CODE_PAGES",
    "Encoding",
    "choose_encoding",
    "codec_of",
    "decode_bytes",
    "decode_value",
    "garbled",
    "invisible",
    "plain_key",
    "turn_back",
]

# Language driver ids of dBASE tables (byte 29 of the header) that say something.
CODE_PAGES = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x13: "cp932", 0x4D: "gbk", 0x4E: "cp949",
    0x4F: "big5", 0x57: "cp1252", 0x58: "cp1252", 0x59: "cp1252", 0x78: "big5", 0x79: "cp949",
    0x7A: "gbk", 0x7B: "cp932", 0x86: "cp737", 0x87: "cp852", 0xC8: "cp1250", 0xC9: "cp1251",
}  # fmt: skip

_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f"
    "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_NUMERIC_CODEC = re.compile(
    r"^(?:cp|windows|ansi|oem|ansi_|936|ms)?[ _-]?(\d{3,5})$", re.IGNORECASE
)
_CHINESE = {"gbk", "gb2312", "gb18030", "cp936", "hz"}


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding and why: what was declared, what the bytes say, whether they agree."""

    name: str
    declared: str | None
    evidence: str
    rule: str | None  # R201, R202 or None
    failing: int = 0


def codec_of(name: str | None) -> str | None:
    """Return the codec that a declaration means, or None; GB codes are read as GB 18030."""
    if name is None:
        return None
    text = name.strip().strip("\x00").strip()
    if not text or len(text) > 40:
        return None
    found = _NUMERIC_CODEC.match(text)
    tries = [text]
    if found:
        number = int(found[1])
        tries = {65001: ["utf-8"], 936: ["gbk"], 54936: ["gb18030"], 20936: ["gb2312"]}.get(
            number, [f"cp{number}", f"iso8859-{str(number)[4:]}" if number > 88590 else text]
        )
    for trial in tries:
        try:
            codec = codecs.lookup(trial)
        except (LookupError, ValueError):
            continue
        if not getattr(codec, "_is_text_encoding", True):
            return None
        return "gb18030" if codec.name in _CHINESE else codec.name
    return None


def decode_value(raw: bytes, encoding: str, *, full: bool = False) -> tuple[str | None, bool]:
    """Decode one value; with `full` a last character cut by the field's width may be dropped.

    Returns
    -------
    text, cut
        None if the bytes do not fit; whether a partial last character was dropped.
    """
    try:
        return raw.decode(encoding), False
    except UnicodeDecodeError as problem:
        if full and problem.start >= len(raw) - 3:
            try:
                return raw[: problem.start].decode(encoding), True
            except UnicodeDecodeError:
                return None, False
        return None, False


def choose_encoding(
    values: Sequence[tuple[bytes, bool]],
    declared: Sequence[tuple[str, str]],
    *,
    forced: str | None = None,
) -> Encoding | None:
    """Choose the encoding of byte strings.

    Parameters
    ----------
    values
        The distinct strings that are not plain ASCII, and whether each fills its field.
    declared
        Where an encoding is declared and how it is spelt, weightiest first.
    forced
        What the user said; it must fit, or nothing is returned.

    Returns
    -------
    encoding
        None if no encoding can be defended.
    """
    spelt = "; ".join(f"{where}={name}" for where, name in declared) or None
    codec = next((c for _, name in declared if (c := codec_of(name)) is not None), None)
    if forced is not None:
        wanted = codec_of(forced)
        if wanted is None:
            return None
        failing = _failing(values, wanted)
        return Encoding(wanted, spelt, "--encoding", None, failing)
    if not values:
        return Encoding(codec or "utf-8", spelt, "ASCII", None)
    high = sum(sum(byte > 0x7F for byte in raw) for raw, _ in values)
    bad_utf8, bad_gb = _failing(values, "utf-8"), _failing(values, "gb18030")
    says_utf8 = bad_utf8 == 0 and high >= 2
    says_gb = bad_gb == 0 and _common_chinese(values, "gb18030")
    if codec is not None:
        bad = _failing(values, codec)
        if codec == "utf-8" and bad == 0:
            return Encoding("utf-8", spelt, "UTF-8", None)
        if says_utf8 and codec != "utf-8" and _mostly_cjk(values, "utf-8"):
            return Encoding("utf-8", spelt, f"{high} bytes fit UTF-8", "R202")
        if codec == "gb18030" and bad == 0:
            return Encoding(codec, spelt, "GB 18030", None)
        if bad == 0 and (codec in {"big5", "cp950", "cp932", "cp949"} or not says_gb):
            return Encoding(codec, spelt, codec, None)
        if says_gb:
            return Encoding("gb18030", spelt, f"{high} bytes fit GB 18030, common Chinese", "R202")
        if says_utf8:
            return Encoding("utf-8", spelt, f"{high} bytes fit UTF-8", "R202")
        if bad <= max(1, len(values) // 10) and len(values) > 2 * bad:
            return Encoding(codec, spelt, codec, None, bad)
    if says_utf8:
        return Encoding("utf-8", spelt, f"{high} bytes fit UTF-8", "R202" if spelt else "R201")
    if says_gb:
        return Encoding(
            "gb18030",
            spelt,
            f"{high} bytes fit GB 18030, common Chinese",
            "R202" if spelt else "R201",
        )
    for name, bad in sorted([("utf-8", bad_utf8), ("gb18030", bad_gb)], key=lambda x: x[1]):
        if 0 < bad <= max(1, len(values) // 10) and len(values) > 2 * bad:
            good = [v for v in values if decode_value(v[0], name, full=v[1])[0] is not None]
            if name == "utf-8" or _common_chinese(good, name):
                return Encoding(
                    name, spelt, f"{len(values) - bad} of {len(values)} fit", "R202", bad
                )
    return None


def _failing(values: Iterable[tuple[bytes, bool]], encoding: str) -> int:
    return sum(decode_value(raw, encoding, full=full)[0] is None for raw, full in values)


def _common_chinese(values: Sequence[tuple[bytes, bool]], encoding: str) -> bool:
    """Whether most characters are everyday Chinese (the first level of GB 2312) or its signs."""
    common = total = 0
    for raw, full in values:
        text, _ = decode_value(raw, encoding, full=full)
        for character in text or "":
            if character > "\x7f":
                total += 1
                common += _is_common(character)
    return total > 0 and common >= 0.7 * total


def _is_common(character: str) -> bool:
    try:
        lead = character.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return 0xB0 <= lead <= 0xD7 or 0xA1 <= lead <= 0xA3


def _mostly_cjk(values: Sequence[tuple[bytes, bool]], encoding: str) -> bool:
    cjk = total = 0
    for raw, full in values:
        text, _ = decode_value(raw, encoding, full=full)
        for character in text or "":
            if character > "\x7f":
                total += 1
                cjk += _is_cjk(character)
    return total > 0 and cjk >= 0.8 * total


def _is_cjk(character: str) -> bool:
    return "\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef"


def decode_bytes(content: bytes, *, forced: str | None = None) -> tuple[str, Encoding] | None:
    """Decode a whole text (CSV, JSON, XML) by byte-order mark, UTF-8, then GB 18030."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark) and forced is None:
            try:
                text = content.decode("utf-8-sig" if name == "utf-8" else name)
            except UnicodeDecodeError:
                return None
            return text, Encoding(name, "byte-order mark", name, None)
    if forced is not None:
        codec = codec_of(forced)
        if codec is None:
            return None
        try:
            text = content.decode("utf-8-sig" if codec == "utf-8" else codec)
        except UnicodeDecodeError:
            return None
        return text, Encoding(codec, None, "--encoding", None)
    try:
        return content.decode("utf-8"), Encoding("utf-8", None, "UTF-8", None)
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return None
    unusual = [c for c in text if c > "\x7f"]
    if sum(map(_is_common, unusual)) < 0.7 * len(unusual):
        return None
    return text, Encoding("gb18030", None, f"{len(unusual)} characters fit GB 18030", "R201")


def garbled(text: str) -> tuple[str, str] | None:
    """Say how a text was garbled by a wrong decoding: (right text, the way), or None.

    Examples
    --------
    >>> garbled("ÖÐ¹Ø´å")
    ('中关村', 'latin-1 → gb18030')
    >>> garbled("中关村") is None
    True
    """
    if text.isascii():
        return None
    for was, right in (
        ("latin-1", "utf-8"),
        ("cp1252", "utf-8"),
        ("latin-1", "gb18030"),
        ("cp1252", "gb18030"),
        ("gb18030", "utf-8"),
    ):
        back = turn_back(text, was, right)
        if back is None:
            continue
        unusual = [c for c in back if c > "\x7f"]
        if not unusual or sum(map(_is_cjk, unusual)) < 0.8 * len(unusual):
            continue
        if right == "gb18030" and (
            len(unusual) < 2 or sum(map(_is_common, unusual)) < 0.7 * len(unusual)
        ):
            continue
        return back, f"{was} → {right}"
    return None


def turn_back(text: str, was: str, right: str) -> str | None:
    """Undo a decoding with `was` of text that was in `right`; None if that cannot be.

    UTF-8 may be cut within its last character, as by the width of a field.
    """
    try:
        content = text.encode(was)
    except UnicodeError:
        return None
    try:
        return content.decode(right)
    except UnicodeDecodeError as problem:
        if right == "utf-8" and 6 <= problem.start >= len(content) - 3:
            return content[: problem.start].decode(right)
        return None


def invisible(text: str) -> str:
    """Return the invisible, control and direction characters of a text as code points."""
    return " ".join(sorted({f"U+{ord(c):04X}" for c in _INVISIBLE.findall(text)}))


def without_invisible(text: str) -> str:
    """Return the text without invisible, control and direction characters."""
    return _INVISIBLE.sub("", text)


def plain_key(text: str) -> str:
    """Return a key in the one form in which keys are compared.

    Examples
    --------
    >>> plain_key(" １１０１０８－００１ ")
    '110108-001'
    """
    text = unicodedata.normalize("NFKC", without_invisible(text)).strip()
    return re.sub(r"[\u2010-\u2015\u2212]", "-", text)

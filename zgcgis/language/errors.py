"""What stops the program: one sentence, in Chinese and in English.

::

    ZgcgisError(ValueError)
    ├── MissingColumnsError   a table lacks columns
    ├── UnknownNameError      a name that nothing answers to
    ├── ZoneError             a zone folder cannot be used
    ├── PlanError             a plan file cannot be used
    ├── StandardError         an edition or an evaluation cannot be used
    ├── LayerError            a layer lacks what its level needs
    ├── CrsError              coordinates whose meaning is not known
    ├── ReadError             a file that cannot be read
    └── WriteError            a file that cannot be written

Land or data that is wrong is not an error but a finding (:mod:`zgcgis.findings`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from .safe_text import Text, one_line

__all__ = [
    "CrsError",
    "EntangledError",
    "LayerError",
    "MissingColumnsError",
    "PlanError",
    "ReadError",
    "StandardError",
    "UnknownNameError",
    "WriteError",
    "ZgcgisError",
    "ZgcgisWarning",
    "ZoneError",
    "is_it",
    "nearest",
    "same_name",
]


def nearest(
    word: str,
    names: Iterable[str],
    words: Mapping[str, str] = MappingProxyType({}),
    *,
    least: float = 0.6,
) -> str:
    """Return the one of `names` that a mistyped word is nearest to, or ``""``.

    Parameters
    ----------
    word
        What was written.
    names
        What may be written.
    words
        Other words for some of the names, such as Chinese ones.
    least
        How near it has to be: the share of signs that are the same in the same order.

    Examples
    --------
    >>> nearest("incom_wan", ["income_wan", "tax_wan"]), nearest("园曲", ["park"], {"园区": "park"})
    ('income_wan', 'park')
    """
    forms = _forms(names, words)
    asked = _form(word)
    if asked in forms:
        return forms[asked]
    close = get_close_matches(asked, forms, 1, cutoff=least) if asked else []
    if not close and len(asked) > 1 and not asked.isascii():
        holding = {forms[form] for form in forms if asked in form or form in asked}
        if len(holding) == 1:
            return holding.pop()
        if len(asked) == 2:
            close = get_close_matches(asked, forms, 1, cutoff=0.5)
    return forms[close[0]] if close else ""


def same_name(
    word: str, names: Iterable[str], words: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return the name that a word is but for case, width and blanks, or ``""``."""
    return _forms(names, words).get(_form(word), "")


def _forms(names: Iterable[str], words: Mapping[str, str]) -> dict[str, str]:
    own = {_form(name): name for name in names if name}
    return {_form(other): name for other, name in words.items()} | own


def _form(word: str) -> str:
    plain = unicodedata.normalize("NFKC", word[:100]).strip().casefold()
    return plain.replace(" ", "_").replace("-", "_")


def is_it(near: str) -> tuple[str, str]:
    """Return the question whether a name was meant, in both languages; empty without a name."""
    return (f"是不是 {near}？", f" Is it {near}?") if near else ("", "")


class ZgcgisError(ValueError):
    """A sentence that names the thing, what was found, what was expected and the way out.

    Parameters
    ----------
    zh, en
        The same sentence in Chinese and in English. What a terminal would obey in them, such as
        in the name of a file, is shown as an escape.
    """

    def __init__(self, zh: str, en: str) -> None:
        self.zh = one_line(zh)
        self.en = one_line(en)
        super().__init__(f"{self.zh}\n{self.en}")

    def say(self, lang: str) -> str:
        """Return the sentence in the language asked for, ``"zh"`` or ``"en"``."""
        return Text(self.zh, self.en).say(lang)


class ZgcgisWarning(UserWarning):
    """The result stands but may surprise."""


class ZoneError(ZgcgisError):
    """A zone folder cannot be used."""


class PlanError(ZgcgisError):
    """A plan file cannot be used."""


class StandardError(ZgcgisError):
    """An edition of a standard, or a zone's evaluation, cannot be used."""


class LayerError(ZgcgisError):
    """A layer lacks what its level needs."""


class CrsError(ZgcgisError):
    """Coordinates whose meaning is not known."""


class EntangledError(ZgcgisError):
    """Outlines that lie on one another so often that laying them over each other has no end."""

    def __init__(self, measured: int, limit: int) -> None:
        super().__init__(
            f"图形相互交错过多：边界或外框至少相遇 {measured:,} 次（上限 {limit:,} 次），无法叠置计算。"
            "请先用 zgcgis check 找出成堆重叠的要素并改正。",
            f"the outlines lie on one another too often: edges or boxes meet at least {measured:,} "
            f"times (limit {limit:,}), so they cannot be laid over each other. Find the piles of "
            "features with zgcgis check and mend them first.",
        )


class ReadError(ZgcgisError):
    """A file that cannot be read."""


class WriteError(ZgcgisError):
    """A file that cannot be written."""


_MOST_LISTED = 60


class MissingColumnsError(ZgcgisError):
    """A table lacks columns; the sentence lists those it has."""

    def __init__(self, missing: Iterable[str], there: Iterable[str], *, where: str) -> None:
        lacks, has = sorted(missing), [str(name) for name in there]
        if len(has) > _MOST_LISTED:
            has = [*has[:_MOST_LISTED], f"… {len(has)}"]
        super().__init__(
            f"{where}：缺少列 {lacks}；现有列为 {has}。请补上缺少的列，或把对应的列改成这个列名。",
            f"{where}: missing column(s) {lacks}; the table has {has}. "
            "Add them, or give the columns that hold them these names.",
        )


class UnknownNameError(ZgcgisError):
    """A name that nothing answers to; the sentence lists the names there are."""

    def __init__(
        self,
        unknown: str | Iterable[str],
        known: Collection[str],
        *,
        what: str,
        zh: str = "",
        words: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        asked = [unknown] if isinstance(unknown, str) else sorted(unknown)
        names = sorted(known)
        ask_zh, ask_en = is_it(nearest(asked[0], names, words) if asked else "")
        super().__init__(
            f"没有名为 {asked} 的{zh or what}；可用的有 {names}。{ask_zh}",
            f"There is no {what} named {asked}; there are {names}.{ask_en}",
        )

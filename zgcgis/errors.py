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

from collections.abc import Collection, Iterable

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
]


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


class MissingColumnsError(ZgcgisError):
    """A table lacks columns; the sentence lists those it has."""

    def __init__(self, missing: Iterable[str], there: Iterable[str], *, where: str) -> None:
        lacks, has = sorted(missing), [str(name) for name in there]
        super().__init__(
            f"{where}：缺少列 {lacks}；现有列为 {has}。请补上缺少的列，或用 --rename 指明对应关系。",
            f"{where}: missing column(s) {lacks}; the table has {has}. "
            "Add them, or say which columns they are with --rename.",
        )


class UnknownNameError(ZgcgisError):
    """A name that nothing answers to; the sentence lists the names there are."""

    def __init__(
        self, unknown: str | Iterable[str], known: Collection[str], *, what: str, zh: str = ""
    ) -> None:
        asked = [unknown] if isinstance(unknown, str) else sorted(unknown)
        names = sorted(known)
        super().__init__(
            f"没有名为 {asked} 的{zh or what}；可用的有 {names}。",
            f"There is no {what} named {asked}; there are {names}.",
        )

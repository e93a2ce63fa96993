"""What the sandbox knows of a format, and a data set that was let in as one.

The records themselves stand in :mod:`zgcgis.intake.formats`.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ..log import Finding

if TYPE_CHECKING:
    from ..layer import Layer, Options

__all__ = [
    "LARGE",
    "NO_ROOM",
    "Digest",
    "Format",
    "Formats",
    "Look",
    "Read",
    "Reader",
    "Staged",
    "Start",
]

LARGE = 64 << 20
"""From so many bytes on the hash of a file is taken beside its reading."""
NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""What a system says where a disk is full."""

Digest: TypeAlias = Callable[[], str]


class Reader(Protocol):
    """What reads a file that was let in (:class:`zgcgis.intake.sandbox.process.Reader`)."""

    def facts(self) -> dict[str, Any]:
        """Have the file read, and return what the child says of it."""

    def stop(self) -> None:
        """End it, whatever it does."""


@dataclass
class Staged:
    """One data set let in: copies of its files in a folder of their own."""

    format: Format
    source: Path
    name: str
    path: Path
    size: int
    digest: Digest = str
    companions: dict[str, Path] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    reader: Reader | None = None

    @property
    def sha256(self) -> str:
        """The hash of all that came in.

        Raises
        ------
        Refusal
            If the file has changed since it was let in.
        """
        return self.digest()

    def add(self, rule: str, **words: Any) -> None:
        """Add a finding about the whole file."""
        self.findings.append(Finding(rule, None, words))


Look: TypeAlias = Callable[[Staged, bytes, str | None], None]
Read: TypeAlias = "Callable[[Staged, Path, Options], list[Layer]]"


@dataclass(frozen=True)
class Format:
    """One format: how its files are known, what belongs to them, and how they are read.

    Attributes
    ----------
    name, title
        Its name in reports, and the name of the program's part that reads it.
    suffixes
        How names of its files end; the first one alone if it is a set of `companions`.
    look
        Looks at the first bytes of a copy, as which encoding the user told, and may bring the
        copy into the one form that is read; refuses what is not what its name says.
    read
        Reads a copy into layers.
    driver
        The one driver of GDAL that the child may load; empty if it needs none.
    container
        The module of :mod:`zgcgis.intake.sandbox.containers` that counts what a file holds.
    settings, encoding_setting
        Settings of GDAL for it, and which one of them takes the encoding told.
    companions
        Suffixes of the files of a set.
    folder, heart
        How files are called where the data set is a folder, and the one that must be there.
    beside
        Ends of files that lie beside it and belong to it, and what is said of each.
    by_layer
        Whether a file may hold several layers, of which the child reads the one asked for.
    early
        Whether the child may get ready while a large file is still copied.
    alone
        Whether it is taken only as a file of its own, and not out of an archive.
    least_memory_bytes
        Addresses that the child takes before it has read anything.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    look: Look
    read: Read
    driver: str = ""
    container: str = "gdal"
    settings: Mapping[str, str] = field(default_factory=dict)
    encoding_setting: str | None = None
    companions: tuple[str, ...] = ()
    folder: re.Pattern[str] | None = None
    heart: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)
    by_layer: bool = False
    early: bool = False
    alone: bool = False
    least_memory_bytes: int = 1 << 30


Formats: TypeAlias = Mapping[str, Format]
"""Formats by suffix."""

Start: TypeAlias = Callable[[Format, Path, int], Reader | None]

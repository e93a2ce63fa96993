"""The glossary (名词表): every quantity once, with both names, its unit and one line of meaning.

A quantity's key carries its unit (``built_land_m2``, ``tax_wan``), so that no code ever has to
guess a magnitude. The entries are data, in ``resources/terms.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

from .errors import UnknownNameError

__all__ = ["TERMS", "USES", "Term", "label"]


@dataclass(frozen=True, slots=True)
class Term:
    """One quantity: its key, both names, unit and what it counts.

    ``quota`` is the class of land that counts against a quota of it, empty if it is no class;
    None if there are no quotas of it.
    """

    key: str
    zh: str
    en: str
    unit: str
    note_zh: str = ""
    note_en: str = ""
    quota: str | None = None


def _load() -> Mapping[str, Term]:
    text = files("zgcgis").joinpath("resources/terms.toml").read_text(encoding="utf-8")
    return MappingProxyType({key: Term(key, **entry) for key, entry in tomllib.loads(text).items()})


TERMS: Mapping[str, Term] = _load()
"""Every quantity by key, in the order of the file."""

USES: Mapping[str, str] = MappingProxyType(
    {key.removesuffix("_m2"): term.quota for key, term in TERMS.items() if term.quota is not None}
)
"""The uses a quota may name, keys of accounts without their unit, and the class of land of each."""


def label(key: str, lang: str = "zh") -> str:
    """Return the name of a quantity in the language asked for.

    Parameters
    ----------
    key
        A key of :data:`TERMS`, such as ``"built_land_m2"``.
    lang
        ``"zh"`` or ``"en"``.

    Raises
    ------
    UnknownNameError
        If the glossary has no such key.

    Examples
    --------
    >>> label("built_land_m2", "en")
    'Built-up urban construction land'
    """
    if key not in TERMS:
        raise UnknownNameError(key, TERMS, what="quantity", zh="指标量")
    term = TERMS[key]
    return term.en if lang == "en" else term.zh

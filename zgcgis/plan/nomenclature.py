"""Codes of the classification of economic activities (国民经济行业分类, GB/T 4754-2017)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

__all__ = ["codes_of", "expanded"]

_SECTIONS = {
    "A": (1, 5), "B": (6, 12), "C": (13, 43), "D": (44, 46), "E": (47, 50), "F": (51, 52), "G": (53, 60),
    "H": (61, 62), "I": (63, 65), "J": (66, 69), "K": (70, 70), "L": (71, 72), "M": (73, 75), "N": (76, 79),
    "O": (80, 82), "P": (83, 83), "Q": (84, 85), "R": (86, 90), "S": (91, 96), "T": (97, 97),
}  # fmt: skip
"""The first and last division (大类) of each section (门类)."""

_CODE = re.compile(r"([A-T]?)(\d{2,4})(?:[-–—~～至]([A-T]?)(\d{2,4}))?", re.ASCII)


def expanded(text: str) -> tuple[str, ...]:
    """Return the codes that a code, a section letter or a range stands for; none if it is no code.

    A code is a division, group or class of two to four digits, with or without the letter of its
    section; a range has two ends of one length.

    Examples
    --------
    >>> expanded("C39"), expanded("3911-3913"), expanded("I"), expanded("98"), expanded("A39")
    (('39',), ('3911', '3912', '3913'), ('63', '64', '65'), (), ())
    """
    plain = text.strip().upper()
    if plain in _SECTIONS:
        first, last = _SECTIONS[plain]
        return tuple(f"{division:02d}" for division in range(first, last + 1))
    found = _CODE.fullmatch(plain)
    if found is None:
        return ()
    section, low, other, high = found.groups()
    high = high or low
    if len(low) != len(high) or low > high:
        return ()
    first, last = _SECTIONS.get(section, (1, 97))
    _, most = _SECTIONS.get(other or section, (1, 97))
    if not (first <= int(low[:2]) <= last and int(high[:2]) <= most):
        return ()
    return tuple(f"{code:0{len(low)}d}" for code in range(int(low), int(high) + 1))


def codes_of(stated: Mapping[str, str] | Iterable[str]) -> Mapping[str, str]:
    """Return codes with their names, every range written out; what is no code is passed over.

    Examples
    --------
    >>> codes_of(["641-642"]), codes_of({"27": "医药制造业"})
    ({'641': '', '642': ''}, {'27': '医药制造业'})
    """
    names = stated if isinstance(stated, Mapping) else dict.fromkeys(stated, "")
    return {code: name for text, name in names.items() for code in expanded(str(text))}

"""What may be wrong with a file, and how it is mended: the rules R101 to R6xx.

They are data, in ``resources/reading_rules.toml``. Each says how it ends: ``note`` (accept, with
a finding), ``finding`` (accept, with a finding to look at), ``repair`` (repaired, with a record),
``feature`` (the feature is refused), ``file`` (the file is refused until told what is meant).
``docs/reading.md`` lists them.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, TypeAlias

from ..findings import RULES, Severity, define

__all__ = ["ENDS", "MENDS", "End", "Mend", "mend_of", "table_of_rules"]

End: TypeAlias = Literal["note", "finding", "repair", "feature", "file"]

_SEVERITY: dict[End, Severity] = {
    "note": "note",
    "finding": "warning",
    "repair": "warning",
    "feature": "error",
    "file": "error",
}


@dataclass(frozen=True, slots=True)
class Mend:
    """How a finding is mended, in both languages; ``{file}`` and the row's fields are filled in."""

    zh: str
    en: str


ENDS: dict[str, End] = {}
MENDS: dict[str, Mend] = {}


def _load() -> None:
    text = files("zgcgis").joinpath("resources/reading_rules.toml").read_text(encoding="utf-8")
    for code, entry in tomllib.loads(text).items():
        end: End = entry["end"]
        severity: Severity = entry.get("severity", _SEVERITY[end])
        define(code, severity, zh=entry["zh"], en=entry["en"], unit=entry.get("unit", ""))
        ENDS[code] = end
        MENDS[code] = Mend(entry.get("mend_zh", ""), entry.get("mend_en", ""))


_load()


def mend_of(rule: str, lang: str) -> str:
    """Return the template that says how findings of `rule` are mended."""
    mend = MENDS.get(rule)
    return "" if mend is None else mend.zh if lang == "zh" else mend.en


def table_of_rules() -> str:
    """Return the rules as a Markdown table, for ``docs/reading.md``."""
    words = {
        "note": "采用，提示 accept, note",
        "finding": "采用，列为问题 accept, finding",
        "repair": "修复并记录 repair, recorded",
        "feature": "不采用该要素 refuse feature",
        "file": "不采用该文件 refuse file",
    }
    lines = ["| 规则 | 结局 | 说明 | 办法 |", "|---|---|---|---|"]
    for code, end in ENDS.items():
        rule, mend = RULES[code], MENDS[code]
        said = f"{rule.zh}<br>{rule.en}"
        way = f"{mend.zh}<br>{mend.en}" if mend.zh else ""
        cells = [c.replace("|", "\\|") for c in (said, way)]
        lines.append(f"| {code} | {words[end]} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines) + "\n"

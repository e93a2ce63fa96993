"""What is said of a file and its layers: rules, findings, refusals, and which row became what.

The rules R101 to R6xx are data, in ``resources/reading_rules.toml``. Each says how it ends:
``note`` (accept, with a finding), ``finding`` (accept, with a finding to look at), ``repair``
(repaired, with a record), ``feature`` (the feature is refused), ``file`` (the file is refused until
told what is meant). ``docs/reading.md`` lists them.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal, TypeAlias

import pandas as pd
from geopandas import GeoDataFrame

from ..findings import RULES, Severity, combine, define, describe, empty, finding_frame
from ..language.errors import ReadError
from ..language.safe_text import Text

__all__ = [
    "ENDS",
    "MENDS",
    "MOST_LISTED",
    "REFUSED_SHAPES",
    "REPAIRED_SHAPES",
    "End",
    "Finding",
    "Log",
    "Refusal",
    "fill_mend",
    "findings_of",
    "mend_of",
    "table_of_rules",
]

End: TypeAlias = Literal["note", "finding", "repair", "feature", "file"]

MOST_LISTED = 5000
"""Findings of one rule in one stage that are listed one by one; the rest is counted."""

REFUSED_SHAPES = {"missing": "R304", "empty": "R305", "not_finite": "R306", "collapsed": "R307",
                  "nested": "R316", "hopeless": "R320", "entangled": "R325",
                  "crossings": "R326"}  # fmt: skip
"""The rule for what :mod:`zgcgis.geo.repair` refuses."""

REPAIRED_SHAPES = {"crossing": "R301", "unclosed": "R302", "overlapping_parts": "R314",
                   "misplaced_hole": "R315", "collection": "R318", "tidied": "R322"}  # fmt: skip
"""The rule for what it mends; such a finding holds the area before and after."""

_SEVERITY: dict[End, Severity] = {
    "note": "note",
    "finding": "warning",
    "repair": "warning",
    "feature": "error",
    "file": "error",
}
_ENDINGS = {
    "note": "采用，提示 accept, note",
    "finding": "采用，列为问题 accept, finding",
    "repair": "修复并记录 repair, recorded",
    "feature": "不采用该要素 refuse feature",
    "file": "不采用该文件 refuse file",
}

# --- rules ---------------------------------------------------------------------------------------

ENDS: dict[str, End] = {}
MENDS: dict[str, Text] = {}


def _load() -> None:
    text = files("zgcgis").joinpath("resources/reading_rules.toml").read_text(encoding="utf-8")
    for code, entry in tomllib.loads(text).items():
        end: End = entry["end"]
        severity: Severity = entry.get("severity", _SEVERITY[end])
        define(code, severity, zh=entry["zh"], en=entry["en"], unit=entry.get("unit", ""))
        ENDS[code] = end
        MENDS[code] = Text(entry.get("mend_zh", ""), entry.get("mend_en", ""))


_load()


def mend_of(rule: str, lang: str) -> str:
    """Return the template that says how findings of `rule` are mended."""
    return MENDS[rule].say(lang) if rule in MENDS else ""


def fill_mend(template: str, file: str, words: Mapping[str, Any]) -> str:
    """Fill a mend's template with the file and the words of a finding."""
    known = {"file": file or "FILE", "detail": "", "other": "", "feature": "", "limit": ""}
    known |= {k: v for k, v in words.items() if v is not None}
    return re.sub(r"\{(\w+)\}", lambda m: str(known.get(m[1], m[0])), template)


def table_of_rules() -> str:
    """Return the rules as a Markdown table, for ``docs/reading.md``."""
    lines = ["| 规则 | 结局 | 说明 | 办法 |", "|---|---|---|---|"]
    for code, end in ENDS.items():
        rule, mend = RULES[code], MENDS[code]
        said = f"{rule.zh}<br>{rule.en}"
        way = f"{mend.zh}<br>{mend.en}" if mend.zh else ""
        cells = [c.replace("|", "\\|") for c in (said, way)]
        lines.append(f"| {code} | {_ENDINGS[end]} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines) + "\n"


# --- what is found -------------------------------------------------------------------------------


class Refusal(ReadError):  # noqa: N818 - it is a verdict
    """A file that is not let in: the code of a rule, and the sentence with the way out."""

    def __init__(self, rule: str, *, file: str = "", **words: Any) -> None:
        self.rule = rule
        self.words = words
        row = finding_frame([words], rule=rule)
        zh, en = ("".join(describe(row, lang)) for lang in ("zh", "en"))
        way = Text(*(fill_mend(mend_of(rule, lang), file, words) for lang in ("zh", "en")))
        super().__init__(
            f"{file}：" * bool(file) + f"[{rule}] {zh}。" + f"办法：{way.zh}。" * bool(way.zh),
            f"{file}: " * bool(file) + f"[{rule}] {en}." + f" Mend: {way.en}." * bool(way.en),
        )

    @property
    def finding(self) -> Finding:
        """The refusal as a finding about the whole."""
        return Finding(self.rule, None, self.words)

    def of(self, file: str) -> Refusal:
        """Return the same refusal with the name of the file in its sentence."""
        return Refusal(self.rule, file=file, **self.words)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: its rule, its row (None: the whole), and the words of its sentence."""

    rule: str
    row: int | None = None
    words: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Log:
    """What a stage says of a layer: findings, and which rows it refuses or repairs.

    ``stops`` gathers what refuses the whole layer, so that a person is told all of it at once.
    """

    count: int
    accept: frozenset[str] = frozenset()
    findings: list[Finding] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    repaired: dict[int, set[str]] = field(default_factory=dict)
    stops: list[Refusal] = field(default_factory=list)
    listed: Counter[str] = field(default_factory=Counter)

    def fresh(self) -> Log:
        """Return an empty log of the same layer: of what was said before it knows the rows gone."""
        return Log(self.count, self.accept, refused=dict(self.refused))

    def __add__(self, later: Log) -> Log:
        """Return the log of a stage and of the one after it."""
        repaired = {row: set(rules) for row, rules in self.repaired.items()}
        for row, rules in later.repaired.items():
            repaired.setdefault(row, set()).update(rules)
        return Log(
            self.count,
            self.accept,
            [*self.findings, *later.findings],
            self.refused | {r: rule for r, rule in later.refused.items() if r not in self.refused},
            repaired,
            [*self.stops, *later.stops],
            self.listed + later.listed,
        )

    @property
    def unlisted(self) -> list[Finding]:
        """A finding for each rule of which there are more than are listed one by one."""
        return [
            Finding(
                "R451",
                None,
                {"other": rule, "measured": count - MOST_LISTED, "limit": MOST_LISTED},
            )
            for rule, count in sorted(self.listed.items())
            if count > MOST_LISTED
        ]

    def add(self, rule: str, row: int | None = None, **words: Any) -> None:
        """Write down a finding; by its rule the row is refused, repaired or merely named."""
        end = ENDS[rule]
        if row is not None and end != "repair":  # of what was done every one is listed
            self.listed[rule] += 1
        if row is None or self.listed[rule] <= MOST_LISTED:
            self.findings.append(Finding(rule, row, words))
        if row is None:
            return
        if end == "feature":
            self.refused.setdefault(row, rule)
        elif end == "repair":
            self.repaired.setdefault(row, set()).add(rule)

    def name(self, rule: str, row: int, **words: Any) -> None:
        """Write down a finding on a row that stays as it is, whatever the rule asks for."""
        self.findings.append(Finding(rule, row, words))

    def stop(self, rule: str, **words: Any) -> bool:
        """Refuse the layer unless that rule is accepted; say whether it is refused."""
        if rule in self.accept:
            self.findings.append(Finding(rule, None, {"severity": "warning", **words}))
            return False
        self.refuse(Refusal(rule, **words))
        return True

    def refuse(self, refusal: Refusal) -> None:
        """Refuse the layer, whatever is accepted."""
        self.findings.append(refusal.finding)
        self.stops.append(refusal)

    def touch(self, rows: Iterable[int], rule: str) -> None:
        """Mark rows as repaired under a rule whose finding speaks for many rows."""
        for row in rows:
            self.repaired.setdefault(int(row), set()).add(rule)

    @property
    def counts(self) -> dict[str, int]:
        """Features in = used + repaired + refused."""
        refused = len(self.refused)
        repaired = len(set(self.repaired) - set(self.refused))
        return {
            "in": self.count,
            "used": self.count - refused - repaired,
            "repaired": repaired,
            "refused": refused,
        }


def findings_of(
    said: Iterable[Finding],
    *,
    level: str | None,
    labels: Mapping[int, str] | pd.Series | None = None,
    places: Any = None,
) -> GeoDataFrame:
    """Make the table of findings of a log; the row becomes the feature's label."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in said:
        by_rule.setdefault(finding.rule, []).append(finding)
    tables = []
    for rule, found in by_rule.items():
        numbers = [one.row for one in found]
        placed = [n for n in numbers if n is not None and places is not None and n < len(places)]
        shapes = dict(zip(placed, places[placed], strict=True)) if placed else {}
        made = []
        for one, number in zip(found, numbers, strict=True):
            words = dict(one.words)
            if number is not None:
                words.setdefault("feature", label_of(labels, number))
                if number in shapes:
                    words["geometry"] = shapes[number]
            words.setdefault("level", level)
            made.append(words)
        tables.append(finding_frame(made, rule=rule))
    return combine(tables) if tables else empty()


def label_of(labels: Any, number: int) -> str:
    """Return the label of a row, or its number where it has none."""
    if labels is not None:
        try:
            value = labels[number]
        except (KeyError, IndexError):
            value = None
        if isinstance(value, str) and value:
            return value
    return f"#{number + 1}"

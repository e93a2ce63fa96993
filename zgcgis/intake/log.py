"""Keeping the books of one layer: nothing is lost, and what was done to which row is written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from geopandas import GeoDataFrame

from ..findings import RULES, combine, empty, finding_frame
from .rules import ENDS
from .sandbox.staging import Refusal

__all__ = ["Book", "findings_of"]


MOST_LISTED = 5000
"""Findings of one rule in one layer that are listed one by one; the rest is counted."""


@dataclass
class Book:
    """Findings of one layer, and which of its rows are refused or repaired.

    ``stops`` gathers what refuses the whole layer, so that a person is told all of it at once.
    """

    count: int
    accept: frozenset[str] = frozenset()
    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    repaired: dict[int, set[str]] = field(default_factory=dict)
    stops: list[Refusal] = field(default_factory=list)
    listed: Counter[str] = field(default_factory=Counter)

    @property
    def unlisted(self) -> list[dict[str, Any]]:
        """A row for each rule of which there are more findings than are listed one by one."""
        return [
            {
                "rule": "R451",
                "row": None,
                "other": rule,
                "measured": count - MOST_LISTED,
                "limit": MOST_LISTED,
            }
            for rule, count in sorted(self.listed.items())
            if count > MOST_LISTED
        ]

    def add(self, rule: str, row: int | None = None, **words: Any) -> None:
        """Write down a finding; by its rule the row is refused, repaired or merely named."""
        end = ENDS[rule]
        if row is not None and end != "repair":  # of what was done every one is listed
            self.listed[rule] += 1
        if row is None or self.listed[rule] <= MOST_LISTED:
            self.rows.append({"rule": rule, "row": row, **words})
        if row is None:
            return
        if end == "feature":
            self.refused.setdefault(row, rule)
        elif end == "repair":
            self.repaired.setdefault(row, set()).add(rule)

    def stop(self, rule: str, **words: Any) -> bool:
        """Refuse the layer unless that rule is accepted; say whether it is refused."""
        if rule in self.accept:
            self.rows.append({"rule": rule, "row": None, "severity": "warning", **words})
            return False
        self.rows.append({"rule": rule, "row": None, **words})
        self.stops.append(Refusal(rule, **words))
        return True

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
    rows: list[dict[str, Any]],
    *,
    level: str | None,
    labels: Mapping[int, str] | pd.Series | None = None,
    places: Any = None,
) -> GeoDataFrame:
    """Make the table of findings of the rows of a book; ``row`` becomes the feature's label."""
    tables = []
    by_rule: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_rule.setdefault(row["rule"], []).append(row)
    for rule, entries in by_rule.items():
        assert rule in RULES
        numbers = [entry.get("row") for entry in entries]
        placed = [n for n in numbers if n is not None and places is not None and n < len(places)]
        shapes = dict(zip(placed, places[placed], strict=True)) if placed else {}
        made = []
        for entry, number in zip(entries, numbers, strict=True):
            words = {k: v for k, v in entry.items() if k not in {"row", "rule"}}
            if number is not None:
                words.setdefault("feature", _label(labels, number))
                if number in shapes:
                    words["geometry"] = shapes[number]
            words.setdefault("level", level)
            made.append(words)
        tables.append(finding_frame(made, rule=rule))
    return combine(tables) if tables else empty()


def _label(labels: Any, number: int) -> str:
    if labels is not None:
        try:
            value = labels[number]
        except (KeyError, IndexError):
            value = None
        if isinstance(value, str) and value:
            return value
    return f"#{number + 1}"

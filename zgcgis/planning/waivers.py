"""Waivers (一事一议): findings that somebody let stand, for a reason, until a day.

``waivers.toml`` in the zone folder::

    [[waiver]]
    rule = "P302"
    feature = "N001-03"
    other = "K12"                       # optional: only with this other one
    who = "管委会主任办公会 2023-05 号"
    why = "市政管线迁改，2024年底前完成"
    until = 2024-12-31                  # the last day it holds

A waived finding is shown with its waiver, never dropped; one that has run out counts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from ..errors import PlanError, UnknownNameError
from ..findings import RULES
from ..plan.fields import REMARKS
from ..plan.settings import check_settings, read_toml

__all__ = ["Waiver", "read_waivers", "waive"]


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver: what it lets stand, who granted it, why, and until when."""

    rule: str
    feature: str
    who: str
    why: str
    until: date
    other: str = ""

    def holds(self, day: date) -> bool:
        """Whether the waiver still holds on a day."""
        return day <= self.until


def read_waivers(path: str | Path) -> tuple[Waiver, ...]:
    """Read a file of waivers; a missing field is an error that names it."""
    file = Path(path)
    data = read_toml(file, error=PlanError)
    check_settings(data, "waivers.toml", file, error=PlanError)
    waivers = [
        Waiver(**{key: entry[key] for key in entry.keys() - REMARKS})
        for entry in data.get("waiver", [])
    ]
    if unknown := {one.rule for one in waivers} - set(RULES):
        raise UnknownNameError(unknown, RULES, what="rule", zh="规则")
    return tuple(waivers)


def waive(
    findings: GeoDataFrame, waivers: Sequence[Waiver], day: date
) -> tuple[GeoDataFrame, GeoDataFrame, list[Waiver]]:
    """Split findings into those that stand and those that are waived on a day.

    Returns
    -------
    standing, waived, idle
        The findings that count; the waived ones with ``who why until`` added; the waivers that
        matched nothing or have run out.
    """
    held = np.full(len(findings), -1)
    used: set[int] = set()
    rule, feature = findings["rule"].to_numpy(), findings["feature"].astype("object").to_numpy()
    other = findings["other"].astype("object").where(findings["other"].notna(), "").to_numpy()
    for k, one in enumerate(waivers):  # a handful
        hit = (rule == one.rule) & (feature == one.feature) & (held < 0)
        if one.other:
            hit &= other == one.other
        if hit.any() and one.holds(day):
            held[hit] = k
            used.add(k)
    waived = findings[held >= 0].assign(
        who=[waivers[k].who for k in held[held >= 0]],
        why=[waivers[k].why for k in held[held >= 0]],
        until=[waivers[k].until.isoformat() for k in held[held >= 0]],
    )
    idle = [one for k, one in enumerate(waivers) if k not in used]
    standing = findings[held < 0].reset_index(drop=True)
    return standing, waived.reset_index(drop=True), idle


def waiver_table(waivers: Sequence[Waiver], day: date) -> pd.DataFrame:
    """Return waivers as a table, with whether each has run out."""
    columns = ["rule", "feature", "other", "who", "why", "until", "expired"]
    rows = [
        [w.rule, w.feature, w.other, w.who, w.why, w.until.isoformat(), not w.holds(day)]
        for w in waivers
    ]
    return pd.DataFrame(rows, columns=columns)

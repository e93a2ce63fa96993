"""The condition of a zone folder (示范区体检): what is wrong in it, what is there, what that allows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from geopandas import GeoDataFrame

from ..checks import asked, check, not_checked
from ..checks.coverage import coverage_lines, unjudged
from ..errors import ZgcgisError
from ..findings import RULES, combine
from ..io import open_zone, zone_folder
from ..io.zones import mistakes
from ..model import COLUMNS, LEVELS, Zone
from ..safe_text import Text

__all__ = ["Condition", "examine_zone"]

_OF_FILES = (
    "H207",
    "H209",
    "H210",
    "H211",
    "H212",
    "H213",
)  # rules on names and columns, not on land


@dataclass
class Condition:
    """What a look through a zone folder tells.

    Attributes
    ----------
    folder
        The zone.
    mistakes
        What may not stand in its files, each as the sentence that would refuse it. While there
        are any, no command computes with the zone, and the rest is empty.
    findings
        On names, unused columns and outlines that cannot be used as they are.
    layers
        By level: ``level features empty``; the levels that are not there have none.
    commands
        What each command can do: name, whether, and what it lacks or has.
    lacking
        What the rules of ``check`` cannot judge, and why, a sentence each.
    """

    folder: Path
    mistakes: list[ZgcgisError]
    findings: GeoDataFrame | None = None
    layers: pd.DataFrame | None = None
    commands: tuple[tuple[str, bool, Text], ...] = ()
    lacking: tuple[Text, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing was found that stops or that is graver than a warning."""
        errors = self.findings is not None and (self.findings["severity"] == "error").any()
        return not self.mistakes and not errors


def examine_zone(name: str | Path) -> Condition:
    """Look through a zone folder, every file of it; nothing is changed.

    Raises
    ------
    ZoneError
        If there is no such zone.
    """
    folder = zone_folder(name)
    wrong = mistakes(folder)
    if wrong:
        return Condition(folder, wrong)
    try:
        zone = open_zone(folder)
    except ZgcgisError as problem:
        return Condition(folder, [problem])
    gaps = not_checked(zone)
    return Condition(
        folder,
        [],
        findings=combine([zone.flaws, check(zone, _OF_FILES)]),
        layers=_layers(zone),
        commands=_commands(zone, gaps),
        lacking=tuple(
            Text(*pair)
            for pair in zip(coverage_lines(gaps, "zh"), coverage_lines(gaps, "en"), strict=True)
        ),
    )


def _layers(zone: Zone) -> pd.DataFrame:
    rows = []
    for level, about in LEVELS.items():
        if not about.columns:
            continue
        there = level in zone.layers
        table = zone.layers[level] if there else None
        empty = [
            name
            for name in about.columns
            if table is not None and (name not in table or table[name].isna().all())
        ]
        rows.append(
            {
                "level": level,
                "features": 0 if table is None else len(table),
                "empty": tuple(empty),
                "empty_zh": "、".join(COLUMNS[name].zh for name in empty),
            }
        )
    return pd.DataFrame(rows)


def _commands(zone: Zone, gaps: pd.DataFrame) -> tuple[tuple[str, bool, Text], ...]:
    """What each command can do with what is there."""
    parks = zone.units.index[zone.units["level"] == "park"]
    count = {level: zone.count(level) for level in LEVELS if level in zone.layers}
    drawn = count.get("park", 0)
    rules = {code for code, entry in RULES.items() if entry.func is not None}
    idle = unjudged(gaps, RULES) | (rules - set(asked(zone)))
    land = bool(count.get("parcel"))
    stated = len(zone.accounts) > 0
    lacks = Text(
        "、".join(
            zh for zh, there in (("accounts.csv 的台账", stated), ("宗地图层", land)) if not there
        ),
        " and ".join(
            en
            for en, there in (("values in accounts.csv", stated), ("a parcel layer", land))
            if not there
        ),
    )
    scored = (
        Text("有分值", "scores")
        if zone.evaluation
        else Text("没有 evaluation.toml，无分值", "no evaluation.toml, so no scores")
    )
    return (
        (
            "map",
            len(parks) > 0 or bool(count),
            Text(
                f"parks.csv 登记 {len(parks)} 个园区，图层画出 {drawn} 个",
                f"{len(parks)} parks in parks.csv, {drawn} drawn",
            ),
        ),
        (
            "check",
            len(idle) < len(rules),
            Text(
                f"{len(rules)} 条规则可查 {len(rules - idle)} 条",
                f"{len(rules - idle)} of {len(rules)} rules can be asked",
            ),
        ),
        (
            "assess",
            land or stated,
            Text(
                scored.zh + (f"；缺 {lacks.zh}" if lacks.zh else ""),
                scored.en + (f"; lacks {lacks.en}" if lacks.en else ""),
            ),
        ),
        ("fix", land, _needs(land, "宗地图层", "a parcel layer")),
        ("export", bool(count), _needs(bool(count), "图层", "a layer")),
        (
            "allocate",
            land,
            _needs(land, "宗地图层", "a parcel layer")
            if len(zone.quotas) or not land
            else Text("没有 quotas.csv，不受指标约束", "no quotas.csv, so no quota binds"),
        ),
        ("admit", len(parks) > 0, _needs(len(parks) > 0, "parks.csv 里的园区", "parks in parks.csv")),
    )  # fmt: skip


def _needs(there: bool, zh: str, en: str) -> Text:  # noqa: FBT001
    return Text("资料齐", "all it needs is there") if there else Text(f"缺 {zh}", f"lacks {en}")

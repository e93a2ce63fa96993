"""The condition of a zone folder (示范区体检): what is wrong in it, what is there, what that allows."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from geopandas import GeoDataFrame

from .. import geo
from ..accounts.features import year_of_data
from ..checks import asked, check, not_checked
from ..checks.coverage import coverage_lines, unjudged
from ..findings import RULES, combine
from ..io import new_zone, open_zone, zone_folder
from ..io.importing import Intake, import_all
from ..io.spreadsheets import write_csv
from ..io.writing import write_text_whole
from ..io.zones import mistakes
from ..language.errors import ZgcgisError
from ..language.safe_text import Text, toml_value
from ..model import COLUMNS, LEVELS, Zone

__all__ = ["Condition", "examine_zone", "zone_of_layers"]

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


# --- a zone from what a bureau sends --------------------------------------------------------------


def zone_of_layers(
    folder: str | Path, layers: Sequence[str | Path], *, id: str, zh: str, en: str
) -> tuple[Path, list[Intake], dict[str, Any]]:
    """Lay out a zone, import layers into it, and fill in what they tell of it.

    Parameters
    ----------
    folder, id, zh, en
        As of :func:`zgcgis.io.new_zone`.
    layers
        Files, archives or folders, each with layers that show what they are.

    Returns
    -------
    path, intakes, filled
        The folder; what became of each layer; what was filled in: ``center``, ``years`` and
        ``land_use_system`` of ``zone.toml``, and the ``parks`` that stand in ``parks.csv``.

    Raises
    ------
    ReadError, ZoneError
        If anything cannot be used; no folder is left then.
    """
    target = new_zone(folder, id=id, zh=zh, en=en)
    try:
        intakes = [one for path in layers for one in import_all(path, target)]
        return target, intakes, _fill(target, id)
    except BaseException:
        shutil.rmtree(target)
        raise


def _fill(folder: Path, id_: str) -> dict[str, Any]:
    """Write into the files of a zone what its layers tell."""
    zone = open_zone(folder)
    shaped = [one.geometry for one in zone.layers.values() if one.geometry.notna().any()]
    filled: dict[str, Any] = {}
    if shaped:
        filled["center"] = [float(side) for side in geo.center_of(pd.concat(shaped))]
    told = [year_of_data(layer) for layer in zone.layers.values()]
    if years := sorted({one[0] for one in told if one is not None}):
        filled["years"] = years
    systems = Counter(
        system
        for level in ("parcel", "detailed_plan")
        if level in zone.layers
        for system in zone.layers[level].get("land_use_system", pd.Series(dtype="str")).dropna()
    )
    if systems and systems.most_common(1)[0][1] == systems.total():
        filled["land_use_system"] = systems.most_common(1)[0][0]
    path = folder / "zone.toml"
    lines = [f"{key} = {toml_value(value)}" for key, value in filled.items()]
    text = path.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines()
            if not any(line.startswith(f"# {key} =") for key in filled)]  # fmt: skip
    place = next(k for k, line in enumerate(kept) if line.startswith("en = ")) + 1
    told_by = [
        "",
        "# 以下由导入的图层得出，请核对。 From the layers that were imported; check them.",
    ]
    write_text_whole(
        path, "\n".join([*kept[:place], *told_by, *lines, *kept[place:], ""]), of_zone=True
    )
    if "park" in zone.layers:
        filled["parks"] = _list_parks(folder / "parks.csv", zone.layers["park"], id_)
    return filled


def _list_parks(path: Path, parks: GeoDataFrame, id_: str) -> list[str]:
    """Enter the parks that were imported in the list of parks."""
    heads = path.read_text(encoding="utf-8").splitlines()[0].lstrip("\ufeff").split(",")
    rows = []
    for park in parks.itertuples():
        name = park.zh if isinstance(getattr(park, "zh", None), str) else park.id
        entry = {"id": park.id, "level": "park", "parent": id_, "zh": name, "placed": "true"}
        rows.append([entry.get(head, "") for head in heads])
    write_csv(path, [heads, *rows], of_zone=True)
    return [str(park) for park in parks["id"]]

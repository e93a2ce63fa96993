"""What differs between two states of a layer (变化对比): features, values, lineage, land by use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from geopandas import GeoDataFrame

from .. import geo
from ..accounts import NONE, Transitions, changed_values, compare_features, lineage, transitions
from ..accounts.features import KINDS
from ..checks.admission import latest_year
from ..findings import describe
from ..intake.examine import examine
from ..intake.layer import Layer, Options
from ..io.layers import typed
from ..language.errors import MissingColumnsError, ZoneError
from ..language.safe_text import Text
from ..language.terms import column_name
from ..model import LEVELS, Zone
from ..plan.land_use import classify
from .ledger import FarmlandBalance, farmland_balance

__all__ = [
    "LINE_NAMES",
    "Difference",
    "State",
    "compare_states",
    "parcel_lineage",
    "scenario_farmland",
    "state_of_file",
    "state_of_zone",
]

LINE_NAMES = {
    "unchanged": Text("未变", "unchanged"),
    "redrawn": Text("图形变化", "redrawn"),
    "renumbered": Text("换号", "renumbered"),
    "split": Text("分割", "split"),
    "merged": Text("合并", "merged"),
    "rearranged": Text("重划", "rearranged"),
    "gone": Text("消失", "gone"),
    "new": Text("新增", "new"),
}


@dataclass(frozen=True, eq=False)
class State:
    """A layer as it stood: what it is called, its level, its features, what of it was left out."""

    name: str
    level: str
    layer: GeoDataFrame
    named: bool = True
    aside: tuple[Text, ...] = ()


@dataclass(frozen=True, eq=False)
class Difference:
    """Two states of a layer, side by side.

    Attributes
    ----------
    before, after
        The two states.
    features, values
        What became of each feature, and each value that differs.
    lineage
        Which features came of which by the ground they share, those that did not change aside.
    land
        Land by use before and after; None where a state does not say it.
    farmland
        Cultivated land taken and made up, by class and grade; None where `land` is.
    area_m2
        The area of all features, before and after.
    columns
        Columns that only the first has, and only the second.
    """

    before: State
    after: State
    features: pd.DataFrame
    values: pd.DataFrame
    lineage: pd.DataFrame
    land: Transitions | None
    farmland: FarmlandBalance | None
    area_m2: tuple[float, float]
    columns: tuple[list[str], list[str]]

    @property
    def counts(self) -> dict[str, int]:
        """How many features there are of each kind."""
        return {kind: int((self.features["kind"] == kind).sum()) for kind in KINDS}

    @property
    def closure_m2(self) -> tuple[float, float]:
        """The sums of the matrix less the area of each state: 0 unless features overlap."""
        if self.land is None:
            return 0.0, 0.0
        was = float(self.land.matrix.drop(index=NONE).to_numpy().sum())
        now = float(self.land.matrix.drop(columns=NONE).to_numpy().sum())
        return was - self.area_m2[0], now - self.area_m2[1]

    def headline(self) -> Text:
        """Say in one line how many features there are of each kind."""
        n, m = len(self.before.layer), len(self.after.layer)
        c = self.counts
        return Text(
            f"{self.before.name} {n} 个 → {self.after.name} {m} 个：新增 {c['new']}，变化 {c['changed']}，"
            f"换号 {c['renumbered']}，终止 {c['retired']}，未变 {c['unchanged']}",
            f"{self.before.name}: {n} → {self.after.name}: {m}; new {c['new']}, changed {c['changed']}, "
            f"renumbered {c['renumbered']}, retired {c['retired']}, unchanged {c['unchanged']}",
        )

    def remarks(self) -> list[Text]:
        """Say what of the two was left out or not compared, and how well the matrix closes."""
        said = [*self.before.aside, *self.after.aside]
        for one, names in zip((self.before, self.after), self.columns, strict=True):
            if names:
                said.append(
                    Text(
                        f"只有 {one.name} 有的列，未比较：{'、'.join(column_name(c) for c in names)}",
                        f"columns that only {one.name} has, not compared: {', '.join(names)}",
                    )
                )
        if self.land is None:
            said.append(
                Text(
                    "两者不都有地类，没有地类转移矩阵",
                    "not both say their land use (land_use); there is no matrix of transitions",
                )
            )
            return said
        if self.farmland is not None:
            said += self.farmland.remarks
        was, now = self.closure_m2
        said.append(
            Text(
                f"转移矩阵与两期面积之差 {was:+.4f}、{now:+.4f} m²",
                f"the matrix differs from the areas of the two by {was:+.4f} and {now:+.4f} m2",
            )
        )
        if max(abs(was), abs(now)) > 0.01:
            said.append(
                Text(
                    "差值大于 0.01 m²：图层内部有重叠，见 zgcgis check",
                    "that is more than 0.01 m2: features of a layer overlap; see zgcgis check",
                )
            )
        return said


def compare_states(before: State, after: State) -> Difference:
    """Compare two states of a layer.

    Raises
    ------
    ZoneError
        If they are not of one level.
    """
    if before.level != after.level:
        one, two = LEVELS[before.level], LEVELS[after.level]
        raise ZoneError(
            f"{before.name} 是{one.zh}（{one.key}），{after.name} 是{two.zh}（{two.key}），不能比较。"
            "请用 --level 说明两者是哪一级。",
            f"{before.name} is of the level {one.key}, {after.name} of {two.key}; they cannot be "
            "compared. Say by --level what both are.",
        )
    old, new = (one.layer.reset_index(drop=True) for one in (before, after))
    key = list(LEVELS[before.level].feature_key)
    for one, name in ((old, before.name), (new, after.name)):
        if lacking := set(key) - set(one.columns):
            raise MissingColumnsError(lacking, list(one.columns), where=name)
    features = compare_features(old, new, key=key, renamed=before.named and after.named)
    flat = [
        one.geometry.notna() & one.geometry.geom_type.str.endswith("Polygon") for one in (old, new)
    ]
    a, b = old[flat[0]].reset_index(drop=True), new[flat[1]].reset_index(drop=True)
    ground = len(a) > 0 and len(b) > 0
    center = geo.center_of(pd.concat([a.geometry, b.geometry])) if ground else None
    line = lineage(a, b, center=center) if ground else pd.DataFrame()
    said = [one["land_use"].notna().any() if "land_use" in one else False for one in (a, b)]
    land = transitions(a, b, center=center) if ground and all(said) else None
    sizes = [
        float(geo.area_m2(one.geometry, center=center).sum()) if ground else 0.0 for one in (a, b)
    ]
    own = [{str(c) for c in one.columns if one[c].notna().any()} for one in (old, new)]
    return Difference(
        before=before,
        after=after,
        features=features,
        values=changed_values(old, new, features),
        lineage=line[line["kind"] != "unchanged"].reset_index(drop=True) if len(line) else line,
        land=None if land is None else Transitions(_named(land.matrix, a, b), land.changes),
        farmland=None if land is None else farmland_balance(a, b, center=center),
        area_m2=(sizes[0], sizes[1]),
        columns=(sorted(own[0] - set(new.columns)), sorted(own[1] - set(old.columns))),
    )


def _named(matrix: pd.DataFrame, old: GeoDataFrame, new: GeoDataFrame) -> pd.DataFrame:
    """Put the names of classes beside their codes where one system has them."""
    names: dict[str, str] = {}
    for layer in (old, new):
        if "land_use_system" in layer:
            known = classify(layer["land_use"], layer["land_use_system"])
            names |= {c: z for c, z in zip(layer["land_use"], known["zh"], strict=True) if z}
    label = {code: f"{code} {names[code]}" for code in names}
    return matrix.rename(index=label, columns=label)


def parcel_lineage(base: Zone, changed: Zone) -> pd.DataFrame:
    """Return which parcels of a scenario came of which, those that did not change aside.

    Columns as :func:`zgcgis.accounts.lineage`; the year is the latest of the base.
    """
    year = latest_year(base)
    old, new = (state_of_zone(zone, year, "parcel").layer for zone in (base, changed))
    found = lineage(old, new, center=base.center)
    return found[found["kind"] != "unchanged"].reset_index(drop=True)


def scenario_farmland(base: Zone, changed: Zone) -> FarmlandBalance | None:
    """Return what cultivated land a scenario takes and makes up, None where it does neither.

    By land-use patches if the scenario changes those, else by parcels; the year is the latest of
    the base.
    """
    year, system = latest_year(base), str(base.meta.get("land_use_system", ""))
    for level in ("land_patch", "parcel"):
        if not base.count(level) or not changed.count(level):
            continue
        old, new = (state_of_zone(zone, year, level).layer for zone in (base, changed))
        if "land_use" in old and "land_use" in new:
            found = farmland_balance(old, new, system=system, center=base.center)
            if len(found.pieces):
                return found
    return None


def state_of_zone(zone: Zone, year: int, level: str) -> State:
    """Return a layer of a zone as it stood in a year."""
    layer = zone.layer(level)
    there = zone.at(year).layers[level].reset_index(drop=True)
    if "year" in LEVELS[level].feature_key and "year" in layer:
        there = layer[layer["year"] == year].drop(columns="year").reset_index(drop=True)
        there["year"] = 0  # a firm is the same in every year
    return State(str(year), level, there)


def state_of_file(path: str | Path, *, level: str | None = None, layer: str | None = None) -> State:
    """Return the layer of a file as ``zgcgis import`` would take it.

    Raises
    ------
    ReadError, ZoneError
        If the file is refused, or it cannot be told which of its layers is meant.
    """
    found: list[Layer] = []
    for report in examine(path, options=Options(layer=layer), level=level):
        if report.refusal is not None:
            raise report.refusal.of(str(path))
        found += report.layers
    found = [one for one in found if one.sure or level is not None] or found
    if len(found) != 1 or not (found[0].sure or level):
        names = "、".join(one.name for one in found) or "—"
        raise ZoneError(
            f"{path}：看不出要比较的是哪个图层、哪一级（有 {names}）。请用 --layer、--level 说明。",
            f"{path}: which layer, of which level, is to be compared cannot be told (there are "
            f"{names}). Say so by --layer and --level.",
        )
    (one,) = found
    if one.log.stops:
        raise one.log.stops[0].of(str(path))
    frame = one.frame
    if not isinstance(frame, GeoDataFrame):
        frame = GeoDataFrame(frame, geometry=[None] * one.log.counts["used"], crs="EPSG:4490")
    aside = []
    if refused := one.log.counts["refused"]:
        first = describe(one.findings[one.findings["severity"] == "error"], "zh").iloc[0]
        aside.append(
            Text(
                f"{Path(path).name} 有 {refused} 个要素未采用（{first}），见 zgcgis doctor",
                f"{refused} features of {Path(path).name} are left out; see zgcgis doctor",
            )
        )
    return State(
        Path(path).name, one.level, typed(frame, one.level), not one.numbered, tuple(aside)
    )

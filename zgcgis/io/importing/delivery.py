"""A whole delivery into a zone: which of its layers goes where, what of it is there twice, in which order."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from ...accounts import features as states
from ...geo import area_m2
from ...intake.columns import is_red_line
from ...intake.examine import examine
from ...intake.layer import STORED, Around, FileReport, Layer, Options
from ...intake.log import Finding
from ...intake.sandbox import archive
from ...language.errors import ZoneError
from ...model import LEVELS
from ..history import next_delivery
from ..stored import read_stored_layer
from ..stored.outside import delivered, refuse_links
from ..zones import layer_files, own_codes, zone_folder
from .single import How, Intake, import_one, of_zone

__all__ = ["Delivery", "asked_of", "examine_delivery", "import_all"]

PROJECT_MOST_M2 = 1_000_000.0
"""No one supply of land is larger than this: an outline that is larger is that of a zone."""
COVERS = 0.9
"""Share of the land of a zone that its approved outline holds."""


def import_all(
    path: str | Path,
    zone: str | Path,
    *,
    options: Options | None = None,
    add: bool = False,
    update: bool = False,
    year: int | None = None,
    dry_run: bool = False,
) -> list[Intake]:
    """Import every layer of a file, an archive or a folder, each to the level it shows itself.

    Shapes come before the tables that are joined to them, and what is named before what names it.

    Parameters
    ----------
    path, zone, options, add, update, year, dry_run
        As of :func:`import_file`; the path may be a folder.

    Raises
    ------
    ReadError, ZoneError
        If anything cannot be used, or it cannot be told what a layer is or which of several is
        meant: all of it is said at once, and nothing is imported.
    """
    options = options or Options()
    folder = zone_folder(zone)
    refuse_links(folder)
    with contextlib.nullcontext(own_codes(folder)):  # known while they are held
        how = How(add, update, year, dry_run, next_delivery(folder))
        return _import_all(path, folder, options, how)


def _import_all(path: str | Path, folder: Path, options: Options, how: How) -> list[Intake]:
    given = examine_delivery(delivered(path), options=options, zone=folder)
    for file, report in given.reports:
        if report.refusal is not None:
            raise report.refusal.of(file)
    parts = given.parts(options)
    asked = given.asks(path, options, add=how.add)
    if asked is not None:
        raise asked
    by_level = _by_level(parts)
    _refuse_stopped(path, parts)
    order = list(LEVELS)
    parts.sort(key=lambda part: (part.joins, order.index(part.layer.level)))
    beside = [] if how.update else [one for held in by_level.values() for one in held[1:]]
    return [
        import_one(
            part.file,
            folder,
            part.layer.level,
            replace(options, layer=part.name, shared=given.shared),
            replace(
                how,
                add=how.add or part in beside or (_is_project(part) and not how.update),
                guessed=True,
                prefix=part.file.stem if _is_project(part) else "",
                corners=given.corners,
                said=tuple(one for one in part.layer.log.findings if one.rule in _OF_DELIVERY),
                of_file=part.said,
            ),
        )
        for part in parts
    ]


def _by_level(parts: list[_Part]) -> dict[str, list[_Part]]:
    """Return the layers that are stored for themselves, by their levels."""
    found: dict[str, list[_Part]] = {}
    for part in parts:
        if not part.joins and part.layer.sure:
            found.setdefault(part.layer.level, []).append(part)
    return found


def _refuse_stopped(path: str | Path, parts: list[_Part]) -> None:
    """Refuse a delivery before any of it is stored, with all that has to be said first."""
    stops = [(part, stop) for part in parts for stop in part.layer.log.stops]
    if len({part.title for part, _ in stops}) == 1:
        part, stop = stops[0]
        raise stop.of(str(part.file))
    if stops:
        said = [stop.of(part.title) for part, stop in stops]
        raise ZoneError(
            f"{path}：未导入任何图层。" + "".join(one.zh for one in said),
            f"{path}: nothing was imported. " + " ".join(one.en for one in said),
        )


# --- what a delivery says as a whole -------------------------------------------------------------

_OF_DELIVERY = {"R578", "R579", "R592"}


@dataclass(frozen=True)
class Delivery:
    """The files of a delivery beside one another.

    ``reports`` are those of the files, ``twice`` the places in them (report, layer) of layers that
    another of them is; with ``shared`` an option of a column is meant for the layers that have it.
    """

    reports: list[tuple[str, FileReport]]
    twice: frozenset[tuple[int, int]] = frozenset()
    shared: bool = False

    def parts(self, options: Options) -> list[_Part]:
        """Return the layers that are to be taken in."""
        found = []
        said: dict[str, tuple[Finding, ...]] = {}
        for k, (file, report) in enumerate(self.reports):
            path = Path(file)
            said[file] = (*said.get(file, ()), *report.said)
            several = len(report.layers) > 1 or path.suffix.lower() in archive.SUFFIXES
            for n, layer in enumerate(report.layers):
                if (k, n) not in self.twice:
                    name = layer.name if several else options.layer
                    found.append(_Part(path, name, layer, said.pop(file, ())))
        return found

    def asks(self, path: str | Path, options: Options, *, add: bool = False) -> ZoneError | None:
        """Return what has to be asked before any of it can be taken in, None if nothing has."""
        parts = self.parts(options)
        unclear = [
            part
            for part in parts
            if not (part.layer.sure or part.layer.asked)
            and options.layer in {None, part.layer.name}
        ]
        doubled = [
            f"{level}: {'、'.join(part.title for part in held)}"
            for level, held in _by_level(parts).items()
            if len(held) > 1 and not add and not _of_kinds(held) and not all(map(_is_project, held))
        ]
        if unclear or doubled or not parts:
            return _what_to_ask(path, unclear, doubled)
        return None

    def corners(self) -> NDArray[np.float64]:
        """Return the corners of all outlines whose system is stated, in degrees of CGCS2000."""
        return self._corners

    @cached_property
    def _corners(self) -> NDArray[np.float64]:
        held = [
            shapely.get_coordinates(layer.shapes)
            for _, report in self.reports
            for layer in report.layers
            if layer.bounds_lonlat and layer.family == "polygon" and not _is_inferred(layer)
        ]
        return np.unique(np.concatenate([np.zeros((0, 2)), *held]), axis=0)


def examine_delivery(
    files: Sequence[str | Path],
    *,
    options: Options | None = None,
    level: str | None = None,
    zone: Path | None = None,
) -> Delivery:
    """Examine files that were handed over together, each with what the others tell of it.

    A layer that states no system is held against the corners of the others; a layer that is there
    twice is to be taken once; a red line is what the land that it covers makes of it.

    Parameters
    ----------
    files, options, level
        As of :func:`zgcgis.intake.examine.examine`.
    zone
        The zone that they are meant for.
    """
    how: dict[str, Any] = {"options": options, "level": level}
    meant = of_zone(zone, level or "") if zone is not None else {}
    found = [[*examine(file, **how, **meant)] for file in files]
    flat = [(str(file), report) for file, held in zip(files, found, strict=True) for report in held]
    shared = _of_some_layers(flat, options)
    if shared and options is not None:
        how["options"] = replace(options, shared=True)
        found = [[*examine(file, **how, **meant)] for file in files]
        flat = [(str(f), report) for f, held in zip(files, found, strict=True) for report in held]
    open_ = [any(map(_states_none, held)) for held in found]
    if any(open_) and not all(open_):
        corners = Delivery(flat).corners
        told = (
            of_zone(zone, level or "", corners) if zone is not None else {"around": Around(corners)}
        )
        for k, file in enumerate(files):
            if open_[k]:
                found[k] = examine(file, **how, **told)
    flat = [(str(file), report) for file, held in zip(files, found, strict=True) for report in held]
    if level is None:
        flat = _with_red_lines(flat, zone)
    return replace(_told_apart(_taken_once(flat)), shared=shared)


def _told_apart(given: Delivery) -> Delivery:
    """Name the later of tables that are joined to one level: where they differ, it is the one that stands."""
    changes: dict[tuple[int, int], Layer] = {}
    before: dict[str, str] = {}
    for k, (file, report) in enumerate(given.reports):
        for n, layer in enumerate(report.layers):
            if (
                not layer.table
                or LEVELS[layer.level].geometry in {"point", "any"}
                or layer.log.stops
            ):
                continue
            title, earlier = _title(file, report, layer), before.get(layer.level, "")
            before[layer.level] = f"{earlier}、{title}" if earlier else title
            if earlier:
                words = {"other": title, "detail": earlier}
                said = replace(layer.log.fresh(), findings=[Finding("R592", None, words)])
                changes[k, n] = layer.after(said)
    return replace(given, reports=_changed(given.reports, changes)) if changes else given


def _of_some_layers(reports: list[tuple[str, FileReport]], options: Options | None) -> bool:
    """Whether every column that an option names is in one of several layers, and not in all."""
    layers = [layer for _, report in reports for layer in report.layers]
    if options is None or len(layers) < 2:
        return False
    held = [
        {*map(str, one.values.columns), *one.matched.of, *one.matched.of.values()} for one in layers
    ]
    named = {*options.scale, *options.rename} - {"geometry"}
    return any(named - one for one in held) and named <= set().union(*held)


def asked_of(
    files: Sequence[str], delivery: Delivery, options: Options, level: str | None
) -> ZoneError | None:
    """Return what an import of the one thing given would ask; files that were refused ask nothing."""
    refused = any(report.refusal is not None for _, report in delivery.reports)
    if len(files) > 1 or level is not None or refused or not delivery.reports:
        return None
    return delivery.asks(files[0], options)


def _is_inferred(layer: Layer) -> bool:
    """Whether the system of a layer was settled by what lies around it."""
    return any(one.rule in {"R124", "R125", "R126"} for one in layer.log.findings)


def _states_none(report: FileReport) -> bool:
    stops = [stop for layer in report.layers for stop in layer.log.stops]
    return any(stop.rule == "R101" for stop in (*stops, report.refusal) if stop is not None)


def _changed(
    reports: list[tuple[str, FileReport]], changes: dict[tuple[int, int], Layer]
) -> list[tuple[str, FileReport]]:
    """Return reports with some of their layers replaced, by their places."""
    made = []
    for k, (file, report) in enumerate(reports):
        layers = tuple(changes.get((k, n), layer) for n, layer in enumerate(report.layers))
        made.append((file, replace(report, layers=layers)))
    return made


# --- red lines -----------------------------------------------------------------------------------


def _with_red_lines(
    reports: list[tuple[str, FileReport]], zone: Path | None
) -> list[tuple[str, FileReport]]:
    """Give each red line the level of what it bounds: a zone, or a project."""
    changes = {
        (k, n): _home(layer, reports, zone)
        for k, (_, report) in enumerate(reports)
        for n, layer in enumerate(report.layers)
        if is_red_line(layer) and layer.bounds_lonlat
    }
    return _changed(reports, changes) if changes else reports


def _home(layer: Layer, reports: list[tuple[str, FileReport]], zone: Path | None) -> Layer:
    """Return a red line with its level and the reason for it.

    One that holds the land of the zone, or is larger than any supply of land, is the outline
    within which its parcels must lie (``boundary``); one of a project is judged as a proposal for
    supply. Neither takes the place of the parcels that it runs across.
    """
    used = layer.used_shapes
    whole = shapely.union_all(np.asarray(used, object)[~shapely.is_missing(used)])
    (size,) = area_m2(GeoDataFrame(geometry=[whole], crs=STORED).geometry)
    name, land = _land(layer, reports, zone)
    if land is None:
        level = "boundary" if size > PROJECT_MOST_M2 else "proposal"
        zh = f"面积（{size / 1e4:.1f} 公顷，{'大于' if size > PROJECT_MOST_M2 else '不大于'} 100 公顷）"
        en = f"it holds {size / 1e4:.1f} ha, {'more' if size > PROJECT_MOST_M2 else 'no more'} than 100 ha"
    else:
        inside = shapely.intersection(land, whole)
        parts = area_m2(GeoDataFrame(geometry=[inside, land], crs=STORED).geometry)
        share = float(parts.iloc[0] / parts.iloc[1])
        level = "boundary" if share >= COVERS else "proposal"
        zh = f"所含的地（{LEVELS[name].zh}的 {100 * share:.0f}%）"
        en = f"it holds {100 * share:.0f}% of the land of level {name}"
    log = layer.log.fresh()
    log.add("R579", None, other=LEVELS[level].zh + f"（{level}）", detail=f"{zh} {en}")
    return layer.after(log, level=level, sure=True)


def _land(
    red: Layer, reports: list[tuple[str, FileReport]], zone: Path | None
) -> tuple[str, shapely.Geometry | None]:
    """Return the land of the zone and of the delivery by the first level that there is of it."""
    files = layer_files(zone / "layers") if zone is not None else {}
    layers = [layer for _, report in reports for layer in report.layers if layer is not red]
    for level in ("park", "parcel", "land_patch"):
        held = [
            one.used_shapes
            for one in layers
            if one.level == level and one.bounds_lonlat and not is_red_line(one)
        ]
        if level in files:
            held.append(read_stored_layer(files[level], level).geometry.to_numpy())
        shapes = np.concatenate([np.zeros(0, object), *held])
        shapes = shapes[~shapely.is_missing(shapes)]
        if len(shapes):
            return level, shapely.union_all(shapes)
    return "", None


# --- what is there twice -------------------------------------------------------------------------


def _taken_once(reports: list[tuple[str, FileReport]]) -> Delivery:
    """Find layers that are one and the same land in several files; the one that says most stays."""
    places = [
        (k, n)
        for k, (_, report) in enumerate(reports)
        for n, layer in enumerate(report.layers)
        if layer.bounds_lonlat and not layer.log.stops and not layer.table
    ]

    def layer_at(place: tuple[int, int]) -> Layer:
        return reports[place[0]][1].layers[place[1]]

    places.sort(key=lambda place: _says(layer_at(place)), reverse=True)
    kept: list[tuple[int, int]] = []
    twice: dict[tuple[int, int], tuple[int, int]] = {}
    for place in places:
        first = next((one for one in kept if _one_land(layer_at(one), layer_at(place))), None)
        if first is None:
            kept.append(place)
        else:
            twice[place] = first
    changes: dict[tuple[int, int], Layer] = {}
    for first in dict.fromkeys(twice.values()):
        others = [place for place, one in twice.items() if one == first]
        names = [_title(*reports[p[0]], layer_at(p)) for p in (first, *others)]
        words = {
            "other": names[0],
            "detail": "、".join(names[1:]),
            "measured": layer_at(first).log.count,
        }
        for place in (first, *others):
            layer = layer_at(place)
            changes[place] = layer.after(
                replace(layer.log.fresh(), findings=[Finding("R578", None, words)])
            )
    return Delivery(_changed(reports, changes), frozenset(twice))


def _title(file: str, report: FileReport, layer: Layer) -> str:
    name = Path(file).name
    several = len(report.layers) > 1 or Path(file).suffix.lower() in archive.SUFFIXES
    return f"{name} ({layer.name})" if several else name


def _says(layer: Layer) -> tuple[bool, bool, int, int]:
    """Return how much a layer says of its land: its schema, its ids, its columns, its doubts."""
    doubts = sum(one.rule in {"R121", "R122", "R124", "R125", "R126"} for one in layer.log.findings)
    return layer.schema is not None, not layer.numbered, len(layer.matched.of), -doubts


def _one_land(one: Layer, two: Layer) -> bool:
    """Whether two layers are the same features with the same values, up to rounding.

    One without ids and values is a drawing of the other.
    """
    if one.level != two.level or one.kept.sum() != two.kept.sum():
        return False
    if not np.allclose(one.bounds_lonlat, two.bounds_lonlat, rtol=0, atol=1e-6):
        return False
    before, after = one.frame, two.frame
    if not isinstance(before, GeoDataFrame) or not isinstance(after, GeoDataFrame):
        return False
    numbered = one.numbered or two.numbered
    key = [k for k in LEVELS[one.level].feature_key if k in before and k in after] or ["id"]
    found = states.compare_features(before, after, key=key, renamed=not numbered)
    values = found["columns"].ne("").any() and not numbered
    return bool(
        found["kind"].isin(["changed", "unchanged"]).all()
        and not found["redrawn"].any()
        and not values
    )


@dataclass(frozen=True)
class _Part:
    """A layer of a delivery: its file, the name by which it is asked for, what it is.

    ``said`` is what its file says as a whole; of the layers of a file the first carries it.
    """

    file: Path
    name: str | None
    layer: Layer
    said: tuple[Finding, ...] = ()

    @property
    def joins(self) -> bool:
        return self.layer.table and LEVELS[self.layer.level].geometry not in {"point", "any"}

    @property
    def title(self) -> str:
        return self.file.name if self.name is None else f"{self.file.name} ({self.name})"


def _is_project(part: _Part) -> bool:
    """Whether a layer is the red line of a project, which lies beside those of others."""
    return part.layer.level == "proposal" and is_red_line(part.layer)


def _of_kinds(parts: list[_Part]) -> bool:
    """Whether layers of one level are of as many kinds by law, and so belong side by side."""
    kinds = [part.layer.schema.kind for part in parts if part.layer.schema is not None]
    return len(set(filter(None, kinds))) == len(parts)


_MOST_ASKED = 12  # layers that a question names
_STOPS_SAID = 3  # layers whose other questions are asked with that for the level


def _what_to_ask(path: str | Path, unclear: list[_Part], doubled: list[str]) -> ZoneError:
    zh, en = [], []
    if unclear:
        names = [f"{part.file.name}: {part.layer.name}" for part in unclear[:_MOST_ASKED]]
        rest = len(unclear) - len(names)
        zh.append(
            f"看不出属于哪一级的图层：{'；'.join(names)}{f'；等 {len(unclear)} 个' if rest else ''}。"
            f"请逐个导入并用 --level 说明：{_by_hand(unclear, '级别')}"
        )
        en.append(
            f"it cannot be told of which level are: {'; '.join(names)}"
            f"{f' and {rest} more' if rest else ''}; import each with --level: {_by_hand(unclear, 'LEVEL')}"
        )
        stops = [s.of(str(p.file)) for p in unclear[:_STOPS_SAID] for s in p.layer.log.stops]
        zh += [one.zh.rstrip("。") for one in stops]
        en += [one.en.rstrip(".") for one in stops]
    if doubled:
        zh.append(f"同一级别有几个图层：{'；'.join(doubled)}。请用 --layer 选一个，或用 --add 合并")
        en.append(
            f"several layers are of one level: {'; '.join(doubled)}; choose by --layer, or join by --add"
        )
    if not zh:
        zh.append("其中没有可读取的数据")
        en.append("it holds no data that can be read")
    return ZoneError(
        f"{path}：{'；'.join(zh)}。未导入任何图层。",
        f"{path}: {'; '.join(en)}. Nothing was imported.",
    )


def _by_hand(unclear: list[_Part], word: str) -> str:
    """Return the command that says the level of the first of some layers, and which levels there are."""
    first = unclear[0]
    layer = f' --layer "{first.name}"' if first.name else ""
    levels = "、".join(_COMMON) if word == "级别" else ", ".join(_COMMON)
    tail = f"（如 {levels}）" if word == "级别" else f" (such as {levels})"
    return f'zgcgis import "{first.file}"{layer} --zone ZONE --level {word}{tail}'


_COMMON = ("parcel", "land_patch", "building", "park", "boundary", "proposal", "enterprise")

"""What is in a file, what is wrong with it, and what of it can be used (体检).

:func:`examine` reads a file behind the gate and leads each layer through :data:`STAGES`. A stage
holds what it finds against what the file claims, mends what is safe, and writes down what it did:
features in = used + repaired + refused.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely
from pyproj.exceptions import ProjError

from ..geo import datums
from ..runs import work_folder
from . import columns, geometry, identity, texts, values
from .crs import apart_km
from .formats import BY_SUFFIX, reader_of
from .layer import STORED, Around, Expected, FileReport, Layer, Options
from .log import Finding, Refusal
from .sandbox import drawn
from .sandbox.corners.shape_columns import with_shapes
from .sandbox.format import Format, Staged
from .sandbox.shapefile import boxes_beside
from .sandbox.staging import stage

__all__ = ["STAGES", "compare", "examine", "let_in", "pass_stages", "shifts"]

STAGES = (
    drawn.gather,
    texts.clean,
    columns.match,
    values.convert,
    geometry.mend,
    geometry.settle,
    geometry.hold,
    identity.identify,
    identity.inspect,
)
"""The way of a layer in: each stage takes it and gives it on, and none reads what another said."""

FAR_KM = 100.0
_BROKEN = (
    shapely.errors.ShapelyError,
    pa.ArrowException,
    ProjError,
    ArithmeticError,
    LookupError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
)


def examine(
    path: str | Path,
    *,
    options: Options | None = None,
    level: str | None = None,
    expected: Expected | None = None,
    around: Around | None = None,
    zone_system: str = "",
) -> list[FileReport]:
    """Examine one file; an archive with several data sets gives several reports.

    Parameters
    ----------
    path
        The file; a Shapefile by its .shp, a file geodatabase by its folder.
    options
        What the user says about it.
    level
        The level it is meant for; by default a guess by its columns.
    expected, around, zone_system
        Where the data should be, what lies around that can settle their system (by default the
        files beside it), and the classification of land use that its zone states.

    Returns
    -------
    reports
        Never an exception for what is wrong with the file: the refusal is in the report.
    """
    options = options or Options()
    source = Path(path)
    with work_folder() as folder:
        work = Path(folder).resolve()
        try:
            staged = let_in(path, work, options)
        except Refusal as refusal:
            form = BY_SUFFIX.get(source.suffix.lower())
            return [_report(source, form, refusal=refusal)]
        if options.layer is not None and len(staged) > 1:
            chosen = [one for one in staged if one.name == options.layer]
            staged = chosen or staged
            options = replace(options, layer=None) if chosen else options  # what it was asked for
        several = len(staged) > 1
        meant = {
            "level": level or "parcel",
            "asked": level is not None,
            "expected": expected,
            "around": replace(around or Around(), boxes=partial(boxes_beside, source)),
            "zone_system": zone_system,
        }
        reports = [_examined(one, source, work, options, meant, several=several) for one in staged]
        return _without_companions(reports, staged) if several else reports


def _without_companions(reports: list[FileReport], staged: list[Staged]) -> list[FileReport]:
    """Leave out what lies in an archive beside layers and is none itself, and name it."""
    none = {"R403", "R412"}
    kept = [one for one in reports if one.refusal is None or one.refusal.rule not in none]
    if not kept or len(kept) == len(reports):
        return reports
    names = [
        f"{one.name}{one.path.suffix}"
        for one, report in zip(staged, reports, strict=True)
        if report not in kept
    ]
    told = [one for report in reports if report not in kept for one in report.said]
    for one in told:  # of others that were left out before
        names += str(one.words["detail"]).split("、") if one.rule == "R427" else []
    left = Finding("R427", None, {"measured": len(names), "detail": "、".join(names)[:200]})
    return [replace(kept[0], said=(*kept[0].said, left)), *kept[1:]]


def let_in(path: str | Path, work: Path, options: Options) -> list[Staged]:
    """Let a file in as copies below `work`; see :func:`zgcgis.intake.sandbox.staging.stage`."""

    def start(form: Format, copy: Path, size: int) -> Any:
        return reader_of(form, copy, work, options, size=size) if form.early else None

    return stage(path, work, BY_SUFFIX, encoding=options.encoding, start=start)


def _report(source: Path, form: Format | None, **more: Any) -> FileReport:
    if form is None:
        return FileReport(source, **more)
    return FileReport(source, form.name, form.title, **more)


def _examined(
    one: Staged,
    source: Path,
    work: Path,
    options: Options,
    meant: dict[str, Any],
    *,
    several: bool,
) -> FileReport:
    """Read one data set and lead its layers through the stages."""
    layers: list[Layer] = []
    refusal: Refusal | None = None
    sha256 = ""
    try:
        read = one.format.read(one, work, replace(options, layer=None) if several else options)
        if several:
            many = len(read) > 1
            read = [
                replace(layer, name=f"{one.name}/{layer.name}" if many else one.name)
                for layer in read
            ]
        with np.errstate(all="ignore"):  # what is not finite is a finding, not a warning
            while read:  # a layer as it was read is held by nobody once its shapes are mended
                if read[0].table:
                    read[0] = with_shapes(read[0], one.format, work, options)
                layers.append(pass_stages(replace(read.pop(0), **meant), options))
        layers = _leave_out_empty(one, layers)
        one.findings += apart([(layer.name, layer.bounds_lonlat) for layer in layers])
        sha256 = one.sha256
    except Refusal as verdict:
        refusal, layers = verdict, []
    except MemoryError:
        refusal = Refusal("R442")
    except _BROKEN as problem:  # a damaged file got past every check: still a sentence
        words = f"{type(problem).__name__}: {problem}".splitlines()[0][:160]
        refusal = Refusal("R440", detail=words)
    if not sha256:
        with contextlib.suppress(Refusal):
            sha256 = one.sha256
    return _report(
        source,
        one.format,
        sha256=sha256,
        size=one.size,
        said=tuple(one.findings),
        layers=tuple(layers),
        refusal=refusal,
    )


def pass_stages(layer: Layer, options: Options) -> Layer:
    """Lead a layer through all stages; what could not even be read ends before the first.

    What a stage asks about (a stop) does not end the way, so that all is asked at once.
    """
    if not layer.log.stops and not layer.log.count:
        return _nothing_left(layer)
    if layer.log.stops:
        return layer
    for step in STAGES:
        layer = step(layer, options)
    return layer if layer.log.stops or layer.kept.any() else _nothing_left(layer)


def _nothing_left(layer: Layer) -> Layer:
    log = layer.log.fresh()
    log.stop("R412", detail=layer.name)
    return layer.after(log)


def _leave_out_empty(one: Staged, layers: list[Layer]) -> list[Layer]:
    """Leave out layers that have no features where others have some, and name them."""
    empty = [
        layer
        for layer in layers
        if not layer.log.count and [stop.rule for stop in layer.log.stops] == ["R412"]
    ]
    if not empty or len(empty) == len(layers):
        return layers
    one.add("R412", severity="note", detail="、".join(layer.name for layer in empty[:20]))
    return [layer for layer in layers if layer not in empty]


# --- beside one another --------------------------------------------------------------------------


def compare(reports: Sequence[tuple[str, FileReport]]) -> list[tuple[str, FileReport]]:
    """Return the reports of files with what they say of each other: far apart, off by a datum."""
    if len(reports) < 2:
        return list(reports)
    boxes = [
        (f"{file}:{layer.name}", layer.bounds_lonlat)
        for file, report in reports
        for layer in report.layers[:1]
    ]
    (first, report), *others = reports
    reports = [(first, replace(report, said=(*report.said, *apart(boxes, "note")))), *others]
    placed = [
        (f"{file}:{layer.name}", layer.shapes)
        for file, report in reports
        for layer in report.layers
        if layer.bounds_lonlat
    ]
    if len(placed) < 2:
        return list(reports)
    compared = []
    for file, report in reports:
        layers = tuple(_off(layer, f"{file}:{layer.name}", placed) for layer in report.layers)
        compared.append((file, replace(report, layers=layers)))
    return compared


def _off(layer: Layer, name: str, placed: Sequence[tuple[str, Any]]) -> Layer:
    if not layer.bounds_lonlat:
        return layer
    log = layer.log.fresh()
    log.findings += shifts([(name, layer.shapes)], placed)
    return layer.after(log)


def apart(placed: Sequence[tuple[str, Any]], severity: str | None = None) -> list[Finding]:
    """Return findings for layers that lie far from the first of them, by their boxes."""
    boxes = [(name, box) for name, box in placed if box]
    found: list[Finding] = []
    for name, box in boxes[1:]:
        first_name, first = boxes[0]
        middle = ((first[0] + first[2]) / 2, (first[1] + first[3]) / 2)
        away = apart_km(middle, ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
        reach = sum(apart_km((b[0], b[1]), (b[2], b[3])) for b in (first, box))
        if away > FAR_KM + reach:
            words: dict[str, Any] = {"measured": away, "other": f"{first_name}、{name}"}
            found.append(
                Finding("R117", None, words | ({"severity": severity} if severity else {}))
            )
    return found


def shifts(
    layers: Sequence[tuple[str, Any]], references: Sequence[tuple[str, Any]]
) -> list[Finding]:
    """Return findings where a layer lies off another in the way of a map provider's datum."""
    found = []
    for name, layer in layers:
        for other, reference in references:
            if other == name:
                continue
            shift = datums.gcj02_shift(
                gpd.GeoSeries(layer, crs=STORED), gpd.GeoSeries(reference, crs=STORED)
            )
            if shift is not None and shift["direction"] == "from":
                datum = {"gcj02": "GCJ-02", "bd09": "BD-09"}[shift["datum"]]
                words = {"other": other, "measured": shift["offset_m"], "detail": datum}
                found.append(Finding("R112", None, words))
    return found

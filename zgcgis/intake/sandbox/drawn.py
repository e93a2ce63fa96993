"""Outlines that are drawn or listed and not given: lines that close, texts in them, lists of corners.

A red line comes as a line of a KML, a parcel of a drawing has its number as a text that stands in
it, a plot is a table of corners. What is land among them becomes polygons with what is said of
each; what does not close is named.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ...model import LEVELS
from ...plan.land_use import system_fits
from ..crs import apart_km
from ..layer import Layer, Options
from ..log import Log
from .corners import corner_list, nested, read_corner_list

__all__ = ["gather", "with_sheets_joined"]

_LINES = (1, 2, 5)
_LEAST = 4  # coordinates of a ring
_ID = re.compile(r"^[\w\-()（）./#]{1,60}$")


def gather(layer: Layer, options: Options) -> Layer:
    """Stage *outlines*: make polygons of what encloses land without being one."""
    if layer.table:
        return _listed(layer)
    if layer.shapes is None or (layer.asked and LEVELS[layer.level].geometry != "polygon"):
        return layer
    layer = _closed(layer, options)
    return _texts_within(layer) if layer.source.drawing else layer


def _listed(layer: Layer) -> Layer:
    """Make plots of a table of corners; any other table stays as it is."""
    if layer.asked and LEVELS[layer.level].geometry != "polygon":
        return layer
    columns = corner_list(layer.values)
    if columns is None:
        return layer
    made = read_corner_list(layer.values, columns)
    values = pd.DataFrame({"地块编号": [plot.number for plot in made.plots]}, dtype="str")
    log = Log(len(values), layer.log.accept)
    log.findings += [one for one in layer.log.findings if one.row is None]
    for one in made.findings:
        log.add(one.rule, one.row, **one.words)
    log.add("R562", None, measured=len(values), limit=len(layer.values))
    if columns.beside:
        log.add("R563", None, detail="、".join(columns.beside))
    shapes = np.array([None, *made.shapes], dtype="object")[1:]
    source = replace(layer.source, table=False, crs=made.crs or layer.source.crs)
    return replace(layer, values=values, shapes=shapes, log=log, source=source)


def with_sheets_joined(layers: list[Layer]) -> list[Layer]:
    """Put sheets together that are the corners of one plot each; the name of a sheet is the plot's."""
    lists = [corner_list(one.values) for one in layers]
    heads = {tuple(one.values.columns) for one in layers}
    if (
        len(layers) < 2
        or len(heads) > 1
        or any(one is None or one.plot is not None for one in lists)
    ):
        return layers
    if any(one.log.stops for one in layers) or len({one.source.crs for one in layers}) > 1:
        return layers
    first = layers[0]
    values = pd.concat(
        [one.values.assign(地块编号=one.name) for one in layers], ignore_index=True
    ).astype({"地块编号": "str"})
    log = Log(len(values), first.log.accept)
    log.findings += [found for one in layers for found in one.log.findings if found.row is None]
    log.add("R591", None, measured=len(layers), detail="、".join(one.name for one in layers[:5]))
    return [replace(first, name=first.source.file, values=values, log=log)]


# --- lines ---------------------------------------------------------------------------------------


def _closed(layer: Layer, options: Options) -> Layer:
    """Take lines whose ends meet for outlines, where outlines are wanted or most lines are so."""
    shapes = layer.shapes
    assert shapes is not None
    kinds = shapely.get_type_id(shapes)
    rows = np.flatnonzero(np.isin(kinds, _LINES) & ~shapely.is_empty(shapes))
    if not len(rows):
        return layer
    rings = {row: ring for row in rows.tolist() if (ring := _enclosed(shapes[row])) is not None}
    among = bool(np.isin(kinds, (3, 6)).any())
    if not layer.asked and not among and 2 * len(rings) < len(rows):
        return layer
    log = layer.log.fresh()
    shapes = shapes.copy()
    if rings:
        shapes[list(rings)] = np.array([None, *rings.values()], dtype="object")[1:]
        log.add("R564", None, measured=len(rings), detail=_examples(layer.values, list(rings)))
    for row in [] if among and not layer.source.drawing else rows.tolist():
        if row in rings or row in log.refused:
            continue
        gap = _gap_m(shapes[row])
        joined = _joined(shapes[row]) if "R565" in options.accept else None
        if joined is None:
            log.add("R565", row, measured=gap)
        else:
            shapes[row] = joined
            log.name("R565", row, measured=gap, severity="warning")
    return layer.after(log, shapes=shapes)


def _examples(values: pd.DataFrame, rows: list[int]) -> str:
    """Name the first of some lines: by their handle in the drawing, their name, else their row."""
    column = next((c for c in ("EntityHandle", "Name", "name") if c in values), None)
    held = [None if column is None else values[column].iloc[row] for row in rows[:3]]
    names = [
        str(h) if isinstance(h, str) and h else f"#{r + 1}"
        for h, r in zip(held, rows, strict=False)
    ]
    return "、".join(names) + "…" * (len(rows) > len(names))


def _enclosed(line: shapely.Geometry) -> shapely.Geometry | None:
    """Return what a line encloses whose parts, put together, all come back to their start."""
    parts = shapely.get_parts(line)
    if not shapely.is_closed(parts).all():
        parts = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts)))
    if not shapely.is_closed(parts).all() or (shapely.get_num_coordinates(parts) < _LEAST).any():
        return None
    if len(parts) == 1:
        return shapely.Polygon(parts[0].coords)
    return nested([list(part.coords) for part in parts])


def _joined(line: shapely.Geometry) -> shapely.Geometry | None:
    parts = shapely.get_parts(line)
    if len(parts) != 1 or len({c[:2] for c in parts[0].coords}) < _LEAST - 1:
        return None
    return shapely.Polygon(parts[0].coords)


def _gap_m(line: shapely.Geometry) -> float:
    """Return how far the ends of a line are apart, in metres whatever its coordinates are in."""
    parts = shapely.get_parts(line)
    (x, y), (a, b) = parts[0].coords[0][:2], parts[-1].coords[-1][:2]
    if max(abs(x), abs(a)) <= 180 and max(abs(y), abs(b)) <= 90:
        return 1000 * apart_km((x, y), (a, b))
    return float(np.hypot(x - a, y - b))


# --- texts of a drawing --------------------------------------------------------------------------


def _texts_within(layer: Layer) -> Layer:
    """Give each outline of a drawing the texts that stand in it; the texts are no features then.

    A closed line without a text of its own within one of the same layer that has some is a hole.
    """
    shapes, values = layer.shapes, layer.values
    assert shapes is not None
    if "Text" not in values:
        return layer
    kinds = shapely.get_type_id(shapes)
    texts = np.flatnonzero((kinds == 0) & values["Text"].notna().to_numpy())
    outlines = np.flatnonzero(np.isin(kinds, (3, 6)))
    if not len(texts) or not len(outlines):
        return layer
    log = layer.log.fresh()
    own, loose = _owners(shapes, outlines, texts)
    where = values["Layer"].astype("object") if "Layer" in values else pd.Series("", values.index)
    said: dict[int, dict[str, list[str]]] = {}
    for row, owner in own.items():
        text = " ".join(str(values["Text"].iloc[row]).split())
        said.setdefault(owner, {}).setdefault(str(where.iloc[row]), []).append(text)
    holes = _holes(shapes, outlines, where, set(said)) if 2 * len(said) >= len(outlines) else {}
    shapes = shapes.copy()
    for owner in set(holes.values()):
        inner = [shapes[row] for row, held in holes.items() if held == owner]
        rings = [*shapely.get_rings(shapes[owner])[1:], *(one.exterior for one in inner)]
        shapes[owner] = shapely.Polygon(shapes[owner].exterior, rings)
    log.add("R566", None, measured=len(own), limit=len(loose))
    if holes:
        log.add("R572", None, measured=len(holes))
    names = sorted({name for held in said.values() for name in held})
    told = {
        name: pd.array([" ".join(said.get(k, {}).get(name, [])) or None for k in range(len(values))], dtype="str")
        for name in names
    }  # fmt: skip
    shapes, parts = _of_one_number(shapes, outlines, told)
    if parts:
        log.add("R586", None, measured=len(parts))
    frame = values.drop(columns="Text").assign(**_headed(told, outlines, {*holes, *parts}))
    kept = np.ones(len(values), dtype=bool)
    kept[[*texts.tolist(), *holes, *parts]] = False
    return _only(replace(layer, log=layer.log + log, values=frame, shapes=shapes), kept)


def _owners(
    shapes: NDArray[np.object_], outlines: NDArray[np.intp], texts: NDArray[np.intp]
) -> tuple[dict[int, int], list[int]]:
    """Return for each text the smallest outline that it stands in, and the texts in none."""
    tree = shapely.STRtree(shapes[outlines])
    which, held = tree.query(shapes[texts], predicate="intersects")
    box = shapely.bounds(shapes[outlines])
    size = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
    own: dict[int, int] = {}
    for k in np.argsort(-size[held], kind="stable").tolist():
        own[int(texts[which[k]])] = int(outlines[held[k]])  # the smallest comes last
    return own, [row for row in texts.tolist() if row not in own]


def _holes(
    shapes: NDArray[np.object_], outlines: NDArray[np.intp], where: pd.Series, told: set[int]
) -> dict[int, int]:
    """Return which outlines are holes, and of which: bare ones within a told one of their layer."""
    plain = [row for row in outlines.tolist() if shapely.get_type_id(shapes[row]) == 3]
    sound = [row for row in plain if shapely.is_valid(shapes[row])]
    tree = shapely.STRtree(shapes[sound])
    bare = [row for row in sound if row not in told]
    inner, outer = tree.query(shapes[bare], predicate="within")
    found: dict[int, int] = {}
    for a, b in zip(inner.tolist(), outer.tolist(), strict=True):
        row, holder = bare[a], sound[b]
        if holder in told and holder != row and where.iloc[row] == where.iloc[holder]:
            nearer = found.get(row)
            if nearer is None or shapely.within(shapes[holder], shapes[nearer]):
                found[row] = holder
    return found


def _of_one_number(
    shapes: NDArray[np.object_], outlines: NDArray[np.intp], told: dict[str, Any]
) -> tuple[NDArray[np.object_], set[int]]:
    """Put outlines into one feature that bear the same number on a layer of numbers (``ID``).

    Returns
    -------
    shapes, parts
        The shapes, and the outlines that are now part of the first of their number.
    """
    numbers = pd.Series(told.get("ID", pd.array([None] * len(shapes), dtype="str")))[outlines]
    parts: set[int] = set()
    for rows in numbers.dropna().index.groupby(numbers.dropna()).values():
        first, *others = sorted(rows.tolist())
        alike = all(
            pd.Series(cells)[[first, *others]].nunique(dropna=False) == 1 for cells in told.values()
        )
        if not others or not alike:
            continue
        pieces = shapely.get_parts(shapes[[first, *others]])
        whole = shapely.multipolygons(pieces)
        if shapely.is_valid(whole):  # on one another they are not the parts of one plot
            shapes[first] = whole
            parts.update(others)
    return shapes, parts


def _headed(told: dict[str, Any], outlines: NDArray[np.intp], holes: set[int]) -> dict[str, Any]:
    """Name columns of texts by what they are: numbers of outlines, codes of land use, words."""
    rows = [row for row in outlines.tolist() if row not in holes]
    made: dict[str, Any] = {}
    for layer, cells in told.items():
        held = pd.Series(cells)[rows]
        there = held.dropna()
        whole = there.is_unique and len(there) == len(held) and there.map(bool).all()
        if whole and there.map(lambda text: bool(_ID.match(text))).all():
            name = "编号"
        elif len(there) and system_fits(there)["known"].max() >= 0.95:
            name = "地类编码"
        else:
            name = "文字"
        made[name if name not in made else f"{name}_{layer}"] = cells
    return made


def _only(layer: Layer, kept: NDArray[np.bool_]) -> Layer:
    """Return the layer with some of its rows alone, and what was said of those."""
    place = {row: k for k, row in enumerate(np.flatnonzero(kept).tolist())}
    old = layer.log
    said = [one if one.row is None else replace(one, row=place[one.row])
            for one in old.findings if one.row is None or one.row in place]  # fmt: skip
    log = Log(
        len(place),
        old.accept,
        said,
        {place[row]: rule for row, rule in old.refused.items() if row in place},
        {place[row]: rules for row, rules in old.repaired.items() if row in place},
        old.stops,
        old.listed,
    )
    return replace(
        layer,
        values=layer.values[kept].reset_index(drop=True),
        shapes=None if layer.shapes is None else layer.shapes[kept],
        closed=None if layer.closed is None else layer.closed[kept],
        log=log,
    )

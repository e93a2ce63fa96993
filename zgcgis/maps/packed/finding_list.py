"""Findings on the map (查问题): all of them, column by column, as the page lists them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pandas import Series

from ...findings import RULES, SEVERITIES, describe
from ...model import Zone
from .codec import pack_text

__all__ = ["Sentences", "findings_block"]

_DIGITS = 7  # decimals of a degree: a centimetre
_MOST_SHAPES = 24_000_000  # characters of all outlines together; the largest become points first


Sentences: TypeAlias = Callable[[GeoDataFrame, str], Series]
"""Writes each finding as a sentence in a language (``"zh"`` or ``"en"``)."""


def findings_block(
    findings: GeoDataFrame | None, zone: Zone, sentences: Sentences = describe
) -> tuple[dict[str, Any], str]:
    """Return what the page must know of the findings at once, and the findings themselves.

    Returns
    -------
    told, data
        ``count`` and sentences on what is not drawn; and a packed text: columns ``rule severity
        level feature park measured unit clause t at g`` of equal length, and the tables
        ``rules names parks`` that the first refer to.
    """
    if findings is None or not len(findings):
        return {"count": 0, "said": []}, ""
    layer = findings if findings.crs is None else findings.to_crs("EPSG:4490")
    shapes = layer.geometry.to_numpy()
    drawn = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    outlines, coarse = _outlines(shapes, drawn)
    codes, rules = pd.factorize(layer["rule"].astype(str))
    parks, park_of = _parks(zone, shapes, drawn)
    columns: dict[str, Any] = {
        "rules": [str(rule) for rule in rules],
        "names": [_names(rules, "zh"), _names(rules, "en")],
        "parks": parks,
        "rule": codes.tolist(),
        "severity": [SEVERITIES.index(s) if s in SEVERITIES else 2 for s in layer["severity"]],
        "park": park_of.tolist(),
        "measured": [_number(value) for value in layer["measured"]],
        "t": [_texts(sentences(layer, "zh")), _texts(sentences(layer, "en"))],
        **{key: _texts(layer[key]) for key in ("level", "feature", "unit", "clause")},
        "at": _places(shapes, drawn),
    }
    text = json.dumps(columns, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    said = []
    if coarse:
        said.append(
            [
                f"{coarse} 条问题的图形太大，图上只标位置。",
                f"The shapes of {coarse} findings are too large; the map marks their place.",
            ]
        )
    return {"count": len(layer), "said": said}, pack_text(f'{text[:-1]},"g":[{outlines}]}}')


def _outlines(shapes: NDArray[np.object_], drawn: NDArray[np.bool_]) -> tuple[str, int]:
    """GeoJSON of every shape, and how many are points only for their size."""
    whole = shapely.transform(shapes, lambda xy: np.round(xy, _DIGITS))
    texts = np.asarray(shapely.to_geojson(whole), dtype=object)
    texts[~drawn] = None
    sizes = np.array([len(text) if text else 0 for text in texts])
    coarse = 0
    if sizes.sum() > _MOST_SHAPES:
        largest = np.argsort(-sizes, kind="stable")
        over = int(np.searchsorted(np.cumsum(sizes[largest]), sizes.sum() - _MOST_SHAPES)) + 1
        points = shapely.point_on_surface(shapes[largest[:over]])
        texts[largest[:over]] = shapely.to_geojson(points)
        coarse = over
    return ",".join(str(text) if text else "null" for text in texts), coarse


def _places(shapes: NDArray[np.object_], drawn: NDArray[np.bool_]) -> list[list[float] | None]:
    points = shapely.point_on_surface(shapes)
    x, y = shapely.get_x(points), shapely.get_y(points)
    return [
        [round(float(lat), _DIGITS), round(float(lon), _DIGITS)] if there else None
        for lat, lon, there in zip(y, x, drawn, strict=True)
    ]


def _parks(zone: Zone, shapes: NDArray[np.object_], drawn: NDArray[np.bool_]) -> tuple[list[str], NDArray[np.intp]]:  # fmt: skip
    """The park each finding lies in, by a point of it; the last of the list is none."""
    if "park" not in zone.layers or not len(zone.layer("park")):
        return [""], np.zeros(len(shapes), dtype=np.intp)
    parks = zone.layer("park").to_crs("EPSG:4490")
    names = [str(id) for id in parks["id"]]
    found = np.full(len(shapes), len(names), dtype=np.intp)
    rows = np.flatnonzero(drawn)
    points = shapely.point_on_surface(shapes[rows])
    hits, inside = shapely.STRtree(parks.geometry.to_numpy()).query(points, predicate="intersects")
    found[rows[hits]] = inside
    return [*names, ""], found


def _names(rules: Sequence[str], lang: str) -> list[str]:
    """What a rule is about: its sentence up to the first figure or mark."""
    return [_short(getattr(RULES.get(str(rule)), lang, "") or "") for rule in rules]


def _short(sentence: str) -> str:
    words = re.sub(r"\s*\{[^}]*\}\s*(?:m²|m2)?\s*", " … ", sentence)
    words = re.split(r"[：:。；;，,（(]", words)[0]
    return re.sub(r"(?:…\s*)+", "… ", words).strip(" …")


def _texts(values: Any) -> list[str]:
    return ["" if value is None or value is pd.NA or value != value else str(value) for value in values]  # fmt: skip


def _number(value: Any) -> float | None:
    number = float(value) if value is not None and not pd.isna(value) else float("nan")
    return float(f"{number:.6g}") if np.isfinite(number) else None

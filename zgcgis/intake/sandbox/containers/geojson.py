"""GeoJSON texts: whole, not deep, no reference to elsewhere, and how many features they hold.

Features are parsed one by one, so that a text of any size is looked at to its end in little
memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import MOST_DEPTH, Refused
from .gdal import read_layers

__all__ = ["look", "read"]

_CRS_KEY = re.compile(rb'"(?:c|\\u0063)(?:r|\\u0072)(?:s|\\u0073)"\s*:', re.IGNORECASE)
_CRS_NAME = re.compile(
    r"^(urn:ogc:def:crs:[A-Za-z]+:[\w.]*:\w+|(EPSG|OGC|CRS|ESRI):\w+)$", re.IGNORECASE
)
_OGC_ADDRESS = re.compile(
    r"^https?://(?:www\.)?opengis\.net/def/crs/(EPSG|OGC)/[\w.]+/(\w+)$", re.IGNORECASE
)
_TYPES = {
    "FeatureCollection", "Feature", "Point", "MultiPoint", "LineString", "MultiLineString",
    "Polygon", "MultiPolygon", "GeometryCollection",
}  # fmt: skip
_FEATURES = re.compile(rb'"features"\s*:\s*\[$')


def read(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Look at a text, and read it."""
    facts = look(Path(job["path"]))
    facts |= read_layers(job, out)
    if "stated_crs" in facts:
        facts["layers"] = [one | {"crs": facts["stated_crs"]} for one in facts["layers"]]
    return facts


def look(path: Path) -> dict[str, Any]:
    """Check a GeoJSON text without GDAL and count its features."""
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Refused("R203", detail=f"UTF-8, byte {problem.start}") from problem
    places = _shape(content)
    content, facts = _settle_crs(path, content)
    outside, features = _taken_apart(content, places)
    try:
        whole = json.loads(outside, object_pairs_hook=_no_doubles)
    except RecursionError as problem:
        raise Refused("R433", limit=MOST_DEPTH) from problem
    except ValueError as problem:
        raise Refused("R405", detail=str(problem)) from problem
    if not isinstance(whole, dict) or whole.get("type") not in _TYPES:
        kind = whole.get("type") if isinstance(whole, dict) else type(whole).__name__
        raise Refused("R403", detail=f"JSON type {str(kind)[:40]!r}")
    if whole["type"] != "FeatureCollection":
        count = 1 if whole["type"] == "Feature" else None
        return facts | {"stated": [_stated(count)] if count else []}
    if not isinstance(whole.get("features"), list):
        raise Refused("R405", detail="features")
    if whole["features"]:  # they stand elsewhere than at the second level
        raise Refused("R405", detail=f"features: {str(whole['features'][0])[:40]}")
    values = _Values()
    for number, feature in enumerate(features, start=1):
        values.take(feature, number)
    facts |= {"mixed": values.mixed, "long_numbers": values.long}
    return facts | {"stated": [_stated(values.count)]}


def _stated(count: int) -> dict[str, Any]:
    return {"layer": None, "count": count, "by": "features", "sure": True}


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that names a member of the collection twice: readers take different ones."""
    names = [name for name, _ in pairs]
    for name in ("features", "type", "crs"):
        if names.count(name) > 1:
            raise Refused("R405", detail=f"JSON: {name!r} × {names.count(name)}")
    return dict(pairs)


def _settle_crs(path: Path, content: bytes) -> tuple[bytes, dict[str, Any]]:
    """See that the system is a name; an address that only spells one is read as it, none is opened.

    What is no plain name is blanked in the copy, so that no reader follows it.
    """
    facts: dict[str, Any] = {}
    for found in list(_CRS_KEY.finditer(content)):
        room = content[found.end() : found.end() + 4096].decode("utf-8", "replace")
        text = room.lstrip()
        try:
            value, length = json.JSONDecoder().raw_decode(text)
        except ValueError:
            continue
        if not isinstance(value, dict) or "type" not in value:
            continue
        told = value.get("properties")
        told = told if isinstance(told, dict) else {}
        name = told.get("name" if value["type"] == "name" else "href")
        if value["type"] == "name" and isinstance(name, str) and _CRS_NAME.match(name):
            continue
        spelt = _OGC_ADDRESS.match(name) if isinstance(name, str) else None
        if spelt is not None:
            facts["stated_crs"] = f"{spelt[1].upper()}:{spelt[2].upper()}"
        elif value["type"] == "name" and isinstance(name, str) and "/" not in name:
            raise Refused("R102", detail=name[:120])
        else:
            detail = json.dumps(value, ensure_ascii=False)[:120]
            facts["stated_crs"] = None
            facts["findings"] = [{"rule": "R431", "severity": "warning", "detail": detail}]
        begin = found.end() + len(room[: len(room) - len(text)].encode())
        size = len(text[:length].encode())
        content = content[:begin] + b"null".ljust(size) + content[begin + size :]
        path.write_bytes(content)
    return content, facts


class _Values:
    """Counts features, and keeps what their values are: of several kinds, or too long."""

    def __init__(self) -> None:
        self.count = 0
        self.kinds: dict[str, set[type]] = {}
        self.long: dict[str, str] = {}

    def take(self, text: bytes, number: int) -> None:
        try:
            feature = json.loads(text.decode("utf-8"))
        except ValueError as problem:
            raise Refused("R405", detail=f"features[{number - 1}]: {problem}") from problem
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            kind = feature.get("type") if isinstance(feature, dict) else type(feature).__name__
            raise Refused("R405", detail=f"features[{number - 1}]: type {str(kind)[:40]!r}")
        self.count += 1
        properties = feature.get("properties")
        if not isinstance(properties, dict):
            return
        for name, value in properties.items():
            if value is None:
                continue
            self.kinds.setdefault(name, set()).add(type(value))
            if type(value) is int and abs(value) >= 1 << 53:
                self.long.setdefault(name, str(value))

    @property
    def mixed(self) -> dict[str, list[str]]:
        said = {int: "number", float: "number"}
        kinds = {
            name: sorted({said.get(kind, kind.__name__) for kind in found})
            for name, found in self.kinds.items()
        }
        return {name: found for name, found in kinds.items() if len(found) > 1}


def _shape(content: bytes) -> tuple[Any, Any, Any, Any]:
    """Return where containers of the second and third level open and close.

    Text that nests too deep, or does not end where it should, is refused.
    """
    import numpy as np

    if b"\\" in content:
        content = re.sub(rb"\\.", b"__", content, flags=re.DOTALL)
    depth, inside = 0, False
    places: tuple[list[Any], ...] = ([], [], [], [])
    for start in range(0, len(content), 1 << 24):
        block = np.frombuffer(content[start : start + (1 << 24)], dtype="uint8")
        within = np.logical_xor.accumulate(block == 0x22) ^ inside
        inside = bool(within[-1])
        opening = ((block == 0x7B) | (block == 0x5B)) & ~within
        closing = ((block == 0x7D) | (block == 0x5D)) & ~within
        levels = depth + np.cumsum(opening.astype("int32") - closing.astype("int32"))
        if levels.max() > MOST_DEPTH:
            raise Refused("R433", measured=int(levels.max()), limit=MOST_DEPTH)
        depth = int(levels[-1])
        for kept, which, level in zip(
            places, (opening, closing, opening, closing), (2, 1, 3, 2), strict=True
        ):
            kept.append(start + np.flatnonzero(which & (levels == level)))
    if depth != 0 or inside:
        raise Refused("R405", detail="JSON")
    return tuple(np.concatenate(kept) for kept in places)  # type: ignore[return-value]


def _taken_apart(
    content: bytes, places: tuple[Any, Any, Any, Any]
) -> tuple[bytes, Iterator[bytes]]:
    """Return the text without the features of its collection, and the features.

    Nothing but one comma may stand between two features.
    """
    import numpy as np

    lists = [
        (start, end)
        for start, end in zip(places[0].tolist(), places[1].tolist(), strict=True)
        if _FEATURES.search(content, max(0, start - 64), start + 1)
    ]
    if not lists:
        return content, iter(())
    if len(lists) > 1:
        raise Refused("R405", detail=f"JSON: 'features' × {len(lists)}")
    start, end = lists[0]
    first, last = np.searchsorted(places[2], [start, end]).tolist()
    begins = places[2][first:last].tolist()
    ends = (places[3][first:last] + 1).tolist()
    before = start + 1
    for number, (begin, stop) in enumerate(zip(begins, ends, strict=True)):
        if content[before:begin].strip() != (b"," if number else b""):
            raise Refused("R405", detail=f"JSON: byte {before}")
        before = stop
    if content[before:end].strip():
        raise Refused("R405", detail=f"JSON: byte {before}")
    outside = content[: start + 1] + content[end:]
    return outside, (content[b:e] for b, e in zip(begins, ends, strict=True))

"""XML texts: well formed, no DOCTYPE, no link to elsewhere, and how many placemarks they hold."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any
from xml.parsers import expat

from . import MOST_DEPTH, Refused
from .gdal import read_layers

__all__ = ["look", "parser", "read"]

_OVERLAYS = {"GroundOverlay", "ScreenOverlay", "PhotoOverlay"}
_DOCUMENTS = {"Document", "Folder"}


def _refuse_declarations(*_: Any) -> None:
    raise Refused("R432")


def parser() -> Any:
    """Return a parser that refuses what declares a document type or an entity."""
    made = expat.ParserCreate()
    made.StartDoctypeDeclHandler = _refuse_declarations
    made.EntityDeclHandler = _refuse_declarations
    return made


def read(job: dict[str, Any], out: Path) -> dict[str, Any]:
    """Look at a KML text, and read it; its placemarks are counted over all layers."""
    return look(Path(job["path"])) | read_layers(job, out, count_others=True)


def look(path: Path) -> dict[str, Any]:
    """Check a KML text without GDAL and count its placemarks."""
    stack: list[str] = []
    seen: Counter[str] = Counter()
    links: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        local = name.rsplit(":", 1)[-1]
        stack.append(local)
        if len(stack) > MOST_DEPTH:
            raise Refused("R433", measured=len(stack), limit=MOST_DEPTH)
        if len(stack) == 2 and local in _DOCUMENTS:
            seen["documents"] += 1
        seen[local] += 1
        if local in {"NetworkLink", "NetworkLinkControl", "include"} or any(
            k.rsplit(":", 1)[-1] == "include" for k in attributes
        ):
            links.append(local)

    reader = parser()
    reader.StartElementHandler = start
    reader.EndElementHandler = lambda _: stack.pop()
    try:
        with path.open("rb") as stream:
            reader.ParseFile(stream)
    except expat.ExpatError as problem:
        raise Refused("R405", detail=f"XML: {problem}") from problem
    if links:
        raise Refused("R431", detail=links[0])
    by = "Placemark" if seen["documents"] < 2 else f"Placemark（{seen['documents']} × Document）"
    left = [f"{name} × {seen[name]}" for name in sorted(_OVERLAYS) if seen[name]]
    return {
        "stated": [{"layer": None, "count": seen["Placemark"], "by": by, "sure": True}],
        "left_out": left,
    }

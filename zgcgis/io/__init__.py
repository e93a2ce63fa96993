"""Files in and out: zone folders, layers, tables, doctor and import.

Foreign files are hostile until read: they pass a gate, and GDAL meets them only in a child
process. What is written is whole or absent.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .zones import SHIPPED, new_zone, open_zone, zone_folder

_ROOMS = {
    "Options": "examine",
    "examine": "examine",
    "import_file": "intake",
    "read_layer": "layers",
    "write_layer": "layers",
    "write_text_whole": "writing",
    "write_whole": "writing",
}

__all__ = ["SHIPPED", "new_zone", "open_zone", "zone_folder", *sorted(_ROOMS)]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        msg = f"module 'zgcgis.io' has no attribute {name!r}"
        raise AttributeError(msg)
    found = getattr(import_module(f".{_ROOMS[name]}", __name__), name)
    globals()[name] = found  # a module of the same name must not hide it
    return found

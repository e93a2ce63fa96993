"""Files in and out: zone folders, layers, tables, doctor and import.

Foreign files are hostile until read: they pass a gate, and GDAL meets them only in a child
process. What is written is whole or absent.
"""

from __future__ import annotations

from .examine import Options, examine
from .intake import import_file
from .layers import read_layer, write_layer
from .writing import write_text_whole, write_whole
from .zones import SHIPPED, new_zone, open_zone, zone_folder

__all__ = [
    "SHIPPED",
    "Options",
    "examine",
    "import_file",
    "new_zone",
    "open_zone",
    "read_layer",
    "write_layer",
    "write_text_whole",
    "write_whole",
    "zone_folder",
]

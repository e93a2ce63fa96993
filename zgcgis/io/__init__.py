"""Files in and out: zone folders, layers, tables, doctor and import.

Foreign files are hostile until read: they pass a gate, and GDAL meets them only in a child
process. What is written is whole or absent.
"""

from __future__ import annotations

from .zones import SHIPPED, new_zone, open_zone, zone_folder

__all__ = ["SHIPPED", "new_zone", "open_zone", "zone_folder"]

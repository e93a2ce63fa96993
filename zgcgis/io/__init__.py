"""Zone folders: opening and laying them out, taking layers in, writing layers for other programs.

What is written is whole or absent.
"""

from __future__ import annotations

from ..intake.examine import examine
from ..intake.layer import Options
from .importing import import_file
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

"""Maps (地图): the atlas of a zone, and any folium map as one file that needs no network.

The atlas is a :class:`folium.Map`. What makes it more is one block of data and one script of our
own beside it: no attribute text ever passes through a template, so none can run, neither in the
browser nor in Python.
"""

from __future__ import annotations

from .atlas import Atlas, draw_zone, save_map
from .offline import OfflineAssetError, to_offline_html
from .packed.room import PageTooLargeError
from .panel import Measure, panel
from .parcel_layer import ParcelLayer
from .slides import print_map, write_slides
from .steps import read_steps

__all__ = [
    "Atlas",
    "Measure",
    "OfflineAssetError",
    "PageTooLargeError",
    "ParcelLayer",
    "draw_zone",
    "panel",
    "print_map",
    "read_steps",
    "save_map",
    "to_offline_html",
    "write_slides",
]

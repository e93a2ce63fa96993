"""The errors planted in the sample, in their order."""

from __future__ import annotations

from typing import Any

from .planter import COLUMNS, Outlines, Planter
from .settle import Settlement
from .wrong_land import LAND, areas, houses
from .wrong_papers import LINES, PAPERS

__all__ = ["COLUMNS", "Outlines", "plant"]


def plant(town: Settlement, lines: Outlines) -> list[dict[str, Any]]:
    """Plant the errors in `town` and `lines`, and return the list of them."""
    p = Planter(town, lines)
    for sow in (*LAND, *LINES, areas, houses):
        sow(p)
    p.settle_tables()
    for sow in PAPERS:
        sow(p)
    town.parcel = p.parcel.reset_index(drop=True)
    town.block = p.block.reset_index(drop=True)
    return p.rows

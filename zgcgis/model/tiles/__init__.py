"""Tiles (分块): a layer cut into parts that are done apart, here, in processes or on a cluster."""

from __future__ import annotations

from .executors import TILE_FROM, beside, here, on_cluster, pool, runner_for
from .searches import Search, Tiling, search_by_tile, tiling_for

__all__ = [
    "TILE_FROM",
    "Search",
    "Tiling",
    "beside",
    "here",
    "on_cluster",
    "pool",
    "runner_for",
    "search_by_tile",
    "tiling_for",
]

"""Spatial layout and land use of multi-park development zones (一区多园).

>>> import zgcgis as zg
>>> zone = zg.open_zone("zgc")
>>> len(zone.units) > 30
True

Names are looked up when they are first used, so that ``import zgcgis`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "INDICATORS": "indicators",
    "RULES": "checks",
    "TERMS": "terms",
    "Assessment": "assessment",
    "Indicator": "indicators",
    "Plan": "plan",
    "Zone": "model",
    "ZgcgisError": "errors",
    "ZgcgisWarning": "errors",
    "assess": "assessment",
    "check": "checks",
    "compute": "indicators",
    "describe": "findings",
    "draw_zone": "maps",
    "goals": "plan",
    "industry_of": "plan",
    "label": "terms",
    "load_plan": "plan",
    "load_standard": "standards",
    "measure": "accounts",
    "new_zone": "io",
    "open_zone": "io",
    "read_layer": "io",
    "save_map": "maps",
    "score": "standards",
    "to_offline_html": "maps",
    "write_layer": "io",
    "write_report": "report",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module 'zgcgis' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])

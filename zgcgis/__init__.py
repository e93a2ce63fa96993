"""Spatial layout and land use of multi-park development zones (一区多园).

>>> import zgcgis as zg
>>> zone = zg.open_zone("zgc")
>>> len(zone.units) > 30
True

Names are looked up when they are first used, so that ``import zgcgis`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what a type checker sees; at run time a name comes by the table below
    from .accounts import measure as measure
    from .assessment import Assessment as Assessment
    from .assessment import assess as assess
    from .assessment import plot as plot
    from .assessment import read_accounts as read_accounts
    from .checks import RULES as RULES
    from .checks import check as check
    from .findings import describe as describe
    from .indicators import INDICATORS as INDICATORS
    from .indicators import Indicator as Indicator
    from .indicators import compute as compute
    from .io import new_zone as new_zone
    from .io import open_zone as open_zone
    from .io import read_layer as read_layer
    from .io import write_layer as write_layer
    from .language.errors import ZgcgisError as ZgcgisError
    from .language.errors import ZgcgisWarning as ZgcgisWarning
    from .language.terms import TERMS as TERMS
    from .language.terms import label as label
    from .maps import ParcelLayer as ParcelLayer
    from .maps import save_map as save_map
    from .maps import to_offline_html as to_offline_html
    from .model import Zone as Zone
    from .plan import Plan as Plan
    from .plan import goals as goals
    from .plan import industry_of as industry_of
    from .plan import load_plan as load_plan
    from .planning import fix as fix
    from .planning import undo_fix as undo_fix
    from .report import draw_zone as draw_zone
    from .report import write_report as write_report
    from .standards import load_standard as load_standard
    from .standards import score as score

__version__ = "0.1.0"

_HOME = {
    "INDICATORS": "indicators",
    "RULES": "checks",
    "TERMS": "language.terms",
    "Assessment": "assessment",
    "Indicator": "indicators",
    "ParcelLayer": "maps",
    "Plan": "plan",
    "Zone": "model",
    "ZgcgisError": "language.errors",
    "ZgcgisWarning": "language.errors",
    "assess": "assessment",
    "check": "checks",
    "compute": "indicators",
    "describe": "findings",
    "draw_zone": "report",
    "fix": "planning",
    "goals": "plan",
    "industry_of": "plan",
    "label": "language.terms",
    "load_plan": "plan",
    "load_standard": "standards",
    "measure": "accounts",
    "new_zone": "io",
    "open_zone": "io",
    "plot": "assessment",
    "read_accounts": "assessment",
    "read_layer": "io",
    "save_map": "maps",
    "score": "standards",
    "to_offline_html": "maps",
    "undo_fix": "planning",
    "write_layer": "io",
    "write_report": "report",
}

__all__ = sorted(_HOME)


if not TYPE_CHECKING:  # or a checker would take any name for there

    def __getattr__(name):
        if name not in _HOME:
            msg = f"module 'zgcgis' has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])

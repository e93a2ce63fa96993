"""Land-intensity indicators (土地集约利用指标): one small pure function each.

An indicator reads *accounts* -- the table :mod:`zgcgis.accounts` makes, one row per unit and
year -- and returns one number per row. It knows neither geometry, nor which standard lists it
under which code, nor what a good value is (:mod:`zgcgis.standards` does).

To add one, write one function in one of the files of this folder and name it in the file's
``__all__``. Three rules make that enough:

1. a parameter's name *is* the account column it reads; ``terms.toml`` lists them all;
2. the unit stands in that name (``_m2``, ``_wan`` = 10 000 CNY), so no code ever has to guess a
   magnitude;
3. ``formula`` says the same in those names: reports print it, the workbook computes it, and a
   test evaluates it against the function.

The value of a group of units is the ratio of their sums (:func:`total`), never the mean of
their ratios.
"""

from __future__ import annotations

from . import change, land, projects, registry, yields
from .change import *  # noqa: F403
from .land import *  # noqa: F403
from .projects import *  # noqa: F403
from .registry import *  # noqa: F403
from .yields import *  # noqa: F403

__all__: list[str] = []
__all__ += change.__all__
__all__ += land.__all__
__all__ += projects.__all__
__all__ += registry.__all__
__all__ += yields.__all__

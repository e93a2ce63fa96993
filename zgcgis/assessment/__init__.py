"""The corridor (评价总流程): zone → accounts → values → scores → potentials → findings.

:func:`assess` does it in one go and leaves out, with the reason, what the data do not allow.
Nothing is guessed to fill a gap: a zone of which only income and planned area are published gets
what follows from income and planned area, and a list of the rest.
"""

from __future__ import annotations

from .corridor import Assessment, assess
from .figures import plot
from .plain_accounts import read_accounts
from .published import growth, shares_of_zone, stated_accounts
from .totals import complete, is_additive, outermost

__all__ = [
    "Assessment",
    "assess",
    "complete",
    "growth",
    "is_additive",
    "outermost",
    "plot",
    "read_accounts",
    "shares_of_zone",
    "stated_accounts",
]

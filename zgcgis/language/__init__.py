"""What the program says: the names of quantities, the sentences that stop it, text on its way out.

:mod:`.terms` holds the glossary, :mod:`.errors` every exception and warning, :mod:`.safe_text` what
each place that text goes to can take. Each is imported when it is needed.
"""

from __future__ import annotations

__all__: list[str] = []

"""An assessment written down: workbook, tables, one page (评价成果)."""

from __future__ import annotations

from .workbook import write_workbook

__all__ = ["write_workbook"]

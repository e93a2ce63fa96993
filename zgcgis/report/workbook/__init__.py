"""The workbook of an assessment (评价工作簿): live formulas down to the parcels, and what is said beside."""

from __future__ import annotations

from .cells import POTENTIAL_KINDS, excel_formula
from .evidence import zh_formula
from .followed import heads_of, pieces_listed
from .live import workbook_bytes, write_workbook
from .sheets import method_lines, methods_text, robustness_note

__all__ = [
    "POTENTIAL_KINDS",
    "excel_formula",
    "heads_of",
    "method_lines",
    "methods_text",
    "pieces_listed",
    "robustness_note",
    "workbook_bytes",
    "write_workbook",
    "zh_formula",
]

"""Documents (文档): a paper of tables and figures as page, PDF and Word, numbered, in one language."""

from __future__ import annotations

from .case_under import total_table, under_json, under_paper, write_under
from .paper import Figure, Paper, Section, Table, not_made, paper_html, write_paper

__all__ = [
    "Figure",
    "Paper",
    "Section",
    "Table",
    "not_made",
    "paper_html",
    "total_table",
    "under_json",
    "under_paper",
    "write_paper",
    "write_under",
]

"""Documents (文档): a paper of tables and figures as page, PDF and Word, numbered, in one language."""

from __future__ import annotations

from .case_consolidation import (
    consolidation_json,
    consolidation_paper,
    figure_table,
    write_consolidation,
)
from .case_query import query_json, query_paper, write_query
from .case_under import total_table, under_json, under_paper, write_under
from .paper import Figure, Paper, Section, Table, not_made, paper_html, write_paper

__all__ = [
    "Figure",
    "Paper",
    "Section",
    "Table",
    "consolidation_json",
    "consolidation_paper",
    "figure_table",
    "not_made",
    "paper_html",
    "query_json",
    "query_paper",
    "total_table",
    "under_json",
    "under_paper",
    "write_consolidation",
    "write_paper",
    "write_query",
    "write_under",
]

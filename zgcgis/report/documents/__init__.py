"""Documents (文档): a paper of tables and figures as page, PDF and Word, numbered, in one language."""

from __future__ import annotations

from .case_query import query_json, query_paper, write_query
from .case_under import total_table, under_json, under_paper, write_under
from .paper import Figure, Paper, Section, Table, not_made, paper_html, write_paper

__all__ = [
    "Figure",
    "Paper",
    "Section",
    "Table",
    "not_made",
    "paper_html",
    "query_json",
    "query_paper",
    "total_table",
    "under_json",
    "under_paper",
    "write_paper",
    "write_query",
    "write_under",
]

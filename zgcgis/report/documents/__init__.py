"""Documents (文档): a paper of tables and figures as page, PDF and Word, numbered, in one language."""

from __future__ import annotations

from .cases.case_access import access_json, access_paper, access_table, write_access
from .cases.case_consolidation import (
    consolidation_json,
    consolidation_paper,
    figure_table,
    write_consolidation,
)
from .cases.case_query import query_json, query_paper, write_query
from .cases.case_under import total_table, under_json, under_paper, write_under
from .hand_in import KINDS, Selection, pack_json, select, write_pack
from .paper import Figure, Paper, Section, Table, not_made, paper_html, write_paper

__all__ = [
    "KINDS",
    "Figure",
    "Paper",
    "Section",
    "Selection",
    "Table",
    "access_json",
    "access_paper",
    "access_table",
    "consolidation_json",
    "consolidation_paper",
    "figure_table",
    "not_made",
    "pack_json",
    "paper_html",
    "query_json",
    "query_paper",
    "select",
    "total_table",
    "under_json",
    "under_paper",
    "write_access",
    "write_consolidation",
    "write_pack",
    "write_paper",
    "write_query",
    "write_under",
]

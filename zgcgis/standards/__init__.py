"""What a rulebook says, and how it makes a score (评价标准与评分).

An edition of a standard is a TOML file in ``resources/standards/``: nodes with weights and
allowed ranges, what is confirmed of it, what was seen only in third-party forms, what is
missing. A zone's ``evaluation.toml`` chooses the edition, the type of each park, its ideal
values (理想值) with their reason, and the options of scoring. Every choice is printed in the
result, because scores from different choices must not be compared.
"""

from __future__ import annotations

from .benchmarks import benchmarks, control_limits
from .cross import Cross, coordination, cross
from .editions import EDITIONS, Edition, Node, load_standard, suggest_kind
from .evaluation import Evaluation, Ideal, Options, read_evaluation
from .potentials import POTENTIALS, in_order, potentials
from .robustness import Robustness, robustness
from .scoring import Scores, attribute, rank_changes, ranking, score, shares_below

__all__ = [
    "EDITIONS",
    "POTENTIALS",
    "Cross",
    "Edition",
    "Evaluation",
    "Ideal",
    "Node",
    "Options",
    "Robustness",
    "Scores",
    "attribute",
    "benchmarks",
    "control_limits",
    "coordination",
    "cross",
    "in_order",
    "load_standard",
    "potentials",
    "rank_changes",
    "ranking",
    "read_evaluation",
    "robustness",
    "score",
    "shares_below",
    "suggest_kind",
]

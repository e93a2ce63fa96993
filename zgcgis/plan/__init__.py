"""What a plan says (规划内容): groups, industries, demands, targets, links, each with its clause.

A plan is a TOML file in the zone's folder. Every fact cites a ``clause`` of the plan's *digest*
(names, figures and duties, clause by clause, in ``seeds/``) and carries the ``terms`` that stand
there. :func:`goals` sets the targets against the accounts and says what these allow to be said.
"""

from __future__ import annotations

from .facts import Clause, Demand, Group, Industry, Link, Place, Plan, Target
from .industries import CLUSTERS, Cluster, Clusters, clusters_of, industry_of, with_industry
from .reading import load_digest, load_plan
from .targets import goals, period_name

__all__ = [
    "CLUSTERS",
    "Clause",
    "Cluster",
    "Clusters",
    "Demand",
    "Group",
    "Industry",
    "Link",
    "Place",
    "Plan",
    "Target",
    "clusters_of",
    "goals",
    "industry_of",
    "load_digest",
    "load_plan",
    "period_name",
    "with_industry",
]

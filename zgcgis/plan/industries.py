"""The eight industry clusters and codes of GB/T 4754-2017 for each (a proposal)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

__all__ = ["CLUSTERS", "Cluster", "industry_of"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """One of the eight industry clusters, with codes of GB/T 4754-2017: our proposal.

    ``codes`` maps a code, which stands for everything below it, to its name in the standard.
    """

    key: str
    zh: str
    en: str
    codes: Mapping[str, str]


def _load_clusters() -> Mapping[str, Cluster]:
    text = files("zgcgis").joinpath("resources/industries.toml").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            key: Cluster(key, entry["zh"], entry["en"], MappingProxyType(entry["codes"]))
            for key, entry in tomllib.loads(text).items()
        }
    )


CLUSTERS: Mapping[str, Cluster] = _load_clusters()
"""The eight clusters by key, from ``resources/industries.toml``."""

_CLUSTER_OF = {code: key for key, cluster in CLUSTERS.items() for code in cluster.codes}


def industry_of(code: str | None) -> str:
    """Return the cluster of a GB/T 4754-2017 code, or ``""``; the longest prefix wins.

    A section letter before the digits is passed over.

    Examples
    --------
    >>> industry_of("3562"), industry_of("3511"), industry_of("C3741"), industry_of("5211")
    ('electronics_information', 'equipment', 'aerospace', '')
    """
    if not isinstance(code, str):
        return ""
    digits = re.fullmatch(r"\s*[A-Ta-t]?([0-9]{2,4})\s*", code)
    if digits is None:
        return ""
    for end in range(len(digits[1]), 1, -1):
        if digits[1][:end] in _CLUSTER_OF:
            return _CLUSTER_OF[digits[1][:end]]
    return ""

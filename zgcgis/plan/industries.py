"""Industry clusters (产业集群) and the codes of GB/T 4754-2017 for each: ours, or a zone's own.

A zone brings its own in ``[industry.…]`` of ``zone.toml``, or as ``codes`` under the industries of
``plan.toml``; those count then, and none of ours. The eight that ship stand in
``resources/industries.toml``; they count where a zone says nothing else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from ..language.errors import ZoneError
from .facts import Plan
from .nomenclature import codes_of
from .settings import refuse

__all__ = ["CLUSTERS", "Cluster", "Clusters", "clusters_of", "industry_of", "with_industry"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """An industry cluster, with codes of GB/T 4754-2017.

    ``codes`` maps a code, which stands for everything below it, to its name in the standard.
    """

    key: str
    zh: str
    en: str
    codes: Mapping[str, str] = field(default_factory=dict)
    colour: str = ""


class Clusters(Mapping[str, Cluster]):
    """Clusters by key, and which of them a code falls in."""

    def __init__(self, entries: Mapping[str, Cluster]) -> None:
        self._entries = dict(entries)
        self._of = {code: key for key, entry in entries.items() for code in entry.codes}
        self._names = {
            name.strip().lower(): key
            for key, entry in entries.items()
            for name in (entry.en, entry.zh, key)
        }

    def __getitem__(self, key: str) -> Cluster:
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<clusters: {', '.join(self)}>"

    def of(self, code: str | None) -> str:
        """Return the cluster of a code, or ``""``; the longest prefix wins.

        A section letter before the digits is passed over.
        """
        digits = (
            re.fullmatch(r"\s*[A-Ta-t]?([0-9]{2,4})\s*", code) if isinstance(code, str) else None
        )
        for end in range(len(digits[1]) if digits else 0, 1, -1):
            if digits is not None and digits[1][:end] in self._of:
                return self._of[digits[1][:end]]
        return ""

    def named(self, text: str) -> str:
        """Return the key of a cluster that is named by its key or a name, else the text itself."""
        return self._names.get(text.strip().lower(), text)


def _load_clusters() -> Clusters:
    text = files("zgcgis").joinpath("resources/industries.toml").read_text(encoding="utf-8")
    return Clusters(
        {
            key: Cluster(key, entry["zh"], entry["en"], entry["codes"])
            for key, entry in tomllib.loads(text).items()
        }
    )


CLUSTERS = _load_clusters()
"""The eight clusters of the founding plan, from ``resources/industries.toml``."""


def industry_of(code: str | None, clusters: Clusters = CLUSTERS) -> str:
    """Return the cluster of a GB/T 4754-2017 code, or ``""``; the longest prefix wins.

    A section letter before the digits is passed over.

    Examples
    --------
    >>> industry_of("3562"), industry_of("3511"), industry_of("C3741"), industry_of("5211")
    ('electronics_information', 'equipment', 'aerospace', '')
    """
    return clusters.of(code)


def clusters_of(
    stated: Mapping[str, Any], plan: Plan | None, where: str | Path = "zone.toml"
) -> Clusters:
    """Return the clusters that a zone sorts firms by.

    Parameters
    ----------
    stated
        ``zone.toml``.
    plan
        The plan of the zone.
    where
        The zone's settings file, for a sentence.

    Returns
    -------
    clusters
        Those the zone brings: of ``zone.toml``, and of the plan where it states codes. Without
        any, the eight that ship; none if the plan names clusters that are not among them, for
        whoever has other clusters is not to be sorted by ours.

    Raises
    ------
    ZoneError
        If a code stands in two of them.
    """
    planned = {} if plan is None else plan.industries
    own = {
        key: Cluster(key, entry.zh, entry.en, codes_of(entry.codes), entry.colour)
        for key, entry in planned.items()
        if entry.codes
    }
    for key, entry in stated.get("industry", {}).items():
        codes = codes_of(entry["codes"])
        if key in own and own[key].codes.keys() != codes.keys():
            _twice(where, key, sorted(own[key].codes.keys() ^ codes.keys()))
        own[key] = Cluster(key, entry["zh"], entry["en"], codes, entry.get("colour", ""))
    if not own:
        clusters = {key for key, entry in planned.items() if entry.kind == "cluster"}
        return CLUSTERS if clusters <= CLUSTERS.keys() else Clusters({})
    holders: dict[str, str] = {}
    for key, cluster in own.items():
        for code in cluster.codes:
            if holders.setdefault(code, key) != key:
                _shared(where, code, holders[code], key)
    return Clusters(own)


def _twice(where: str | Path, key: str, codes: list[str]) -> None:
    refuse(
        ZoneError(
            f"{where} 和 plan.toml 的 industry.{key} 都写了 codes，而两处不同（{'、'.join(codes[:8])}）。"
            "请只在一处写。",
            f"{where} and plan.toml both state codes of industry.{key}, and not the same "
            f"({', '.join(codes[:8])}). State them in one place.",
        )
    )


def _shared(where: str | Path, code: str, first: str, second: str) -> None:
    refuse(
        ZoneError(
            f"{where}：行业代码 {code} 同时属于产业 {first} 和 {second}，企业归哪一个不知道。"
            "请只留在一个产业的 codes 里（更细的代码可以另归一个产业）。",
            f"{where}: code {code} stands in both industries {first} and {second}, so the industry "
            "of a firm is not known. Keep it in the codes of one (a finer code may be of another).",
        )
    )


def with_industry(table: pd.DataFrame, clusters: Clusters) -> pd.DataFrame:
    """Return a table whose ``industry`` is filled in by ``industry_code`` where it is blank.

    An industry that is written by its name is its key; one that no cluster is called stays.
    """
    if not {"industry", "industry_code"} & set(table.columns) or table.empty or not clusters:
        return table
    empty = pd.Series(None, index=table.index, dtype="object")
    stated = table["industry"].astype("object") if "industry" in table else empty
    text = stated.where(stated.notna(), "").astype(str)
    known = {word: clusters.named(word) for word in text.unique()}
    named = text.map(known)
    blank = named.str.strip() == ""
    if "industry_code" in table:
        code = table["industry_code"].astype("object")
        found = {one: clusters.of(one) for one in code[blank].dropna().unique()}
        of_code = code.map(found).astype("object")
        named = named.where(~blank, of_code.where(of_code.notna(), ""))
    filled = named.where(named.str.strip() != "", stated)
    if filled.equals(stated) or not (filled.notna() & (filled != "")).any():
        return table
    kind = table["industry"].dtype if "industry" in table else "str"
    return table.assign(industry=filled.astype(kind))

"""Checks (核查): rules over a zone, and the findings they yield.

A rule is one function over a zone, entered with :func:`zgcgis.findings.rule` under its code
together with its severity and its sentence in both languages. Topology is in :mod:`.topology`,
what lies in what in :mod:`.containment`, the hierarchy of units in :mod:`.hierarchy`, conformity
with the plan in :mod:`.plan` and with its plots in :mod:`.detailed_plan`, quotas in :mod:`.quota`,
supply in :mod:`.supply`, data in :mod:`.data`, what no rule could judge in :mod:`.coverage`. To add a rule, write the function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from importlib import import_module
from pkgutil import iter_modules

from geopandas import GeoDataFrame
from pandas import DataFrame

from .. import geo
from ..errors import EntangledError, UnknownNameError, ZgcgisError
from ..findings import (
    RULES,
    Rule,
    as_one_cause,
    combine,
    define,
    describe,
    finding_frame,
    gravest_first,
)
from ..model import Zone
from .coverage import coverage

__all__ = ["RULES", "Rule", "asked", "check", "describe", "not_checked"]

_UNANSWERED = define(
    "C101",
    "warning",
    zh="规则 {other} 无法核查：{detail}",
    en="rule {other} could not be asked: {detail}",
)

for _room in iter_modules(__path__):  # a module enters its rules when it is loaded
    import_module(f".{_room.name}", __name__)


def asked(zone: Zone, codes: Iterable[str] | None = None) -> dict[str, Rule]:
    """Return the rules that can be asked of a zone: those whose layers it has, by code.

    Parameters
    ----------
    zone
        The zone.
    codes
        Codes (``"T101"``) or the beginnings of codes (``"T"``, ``"H2"``) to keep to.

    Raises
    ------
    UnknownNameError
        If no rule has a code that begins so.
    """
    there = {level for level in zone.layers if zone.count(level)}
    return {c: entry for c, entry in _entered(codes).items() if there.issuperset(entry.levels)}


def _entered(codes: Iterable[str] | None) -> dict[str, Rule]:
    """Every rule that a function answers, or those whose codes begin as asked."""
    rules = {code: entry for code, entry in sorted(RULES.items()) if entry.func is not None}
    if codes is None:
        return rules
    wanted = tuple(codes)
    for word in wanted:
        if not word or not any(code.startswith(word) for code in rules):
            raise _no_rule(word, rules)
    return {code: entry for code, entry in rules.items() if code.startswith(wanted)}


def _no_rule(word: str, rules: Iterable[str]) -> ZgcgisError:
    """Say of a word that it begins no rule that can be asked: who tells it, or what is near."""
    families = sorted({code[0] for code in rules})
    if word and any(code.startswith(word) for code in RULES):
        return ZgcgisError(
            f"{word} 由读取文件（zgcgis doctor、zgcgis import）或核查本身给出，不能用 --rule 单独要求；"
            f"可要求的规则族有 {families}。",
            f"{word} is told by reading files (zgcgis doctor, zgcgis import) or by checking itself, "
            f"and cannot be asked for with --rule; the families of rules to ask for are {families}.",
        )
    near = [code for code in rules if word and code.startswith(word[0].upper())]
    return UnknownNameError(word, [*families, *near], what="rule", zh="规则")


def _with(zone: Zone, proposal: GeoDataFrame | None) -> Zone:
    if proposal is None:
        return zone
    return replace(zone, layers={**zone.layers, "proposal": proposal})


def not_checked(
    zone: Zone, codes: Iterable[str] | None = None, *, proposal: GeoDataFrame | None = None
) -> DataFrame:
    """Return what the rules could not judge of a zone: rule, missing layer or column, how much.

    Parameters
    ----------
    zone, codes, proposal
        As for :func:`check`.

    Returns
    -------
    not_checked
        One row per rule and cause: ``rule level column reason features of area_m2``, where ``column``
        is what is missing and ``features`` the number not judged out of ``of``.
    """
    return coverage(_with(zone, proposal), _entered(codes))


def check(
    zone: Zone,
    codes: Iterable[str] | None = None,
    *,
    proposal: GeoDataFrame | None = None,
    before: Callable[[Rule], None] | None = None,
) -> GeoDataFrame:
    """Check a zone, or a proposed allotment in it, against geometry, plan, quotas and facts.

    Findings on outlines that could not be used as they are (``zone.flaws``) are among them.

    Parameters
    ----------
    zone
        The zone.
    codes
        Codes or beginnings of codes to keep to; by default every rule that can be asked.
    proposal
        Land proposed for supply (拟供地方案), looked at as the layer ``proposal`` of the zone.
    before
        Called with each rule before it is asked, to show how far the check is.

    Returns
    -------
    findings
        One row each with the columns of :data:`zgcgis.findings.COLUMNS`, gravest first, then
        largest. Many features with one cause are one row that names the largest of them.

    Raises
    ------
    UnknownNameError
        If no rule has a code that begins as one of `codes`.
    """
    zone = _with(zone, proposal).prepared()
    codes = None if codes is None else tuple(codes)
    rules = asked(zone, codes)
    flaws = zone.flaws
    if codes is not None:
        flaws = flaws[flaws["rule"].str.startswith(tuple(codes))]
    with geo.in_plane_once():
        found = [_ask(entry, zone, before) for entry in rules.values()]
    return gravest_first(combine([flaws, *found]))


def _ask(entry: Rule, zone: Zone, before: Callable[[Rule], None] | None) -> GeoDataFrame:
    """Ask a rule; where outlines are too entangled for an answer, that is what was found."""
    assert entry.func is not None
    if before is not None:
        before(entry)
    try:
        return as_one_cause(entry.func(zone), entry.cause, partial(geo.area_m2, center=zone.center))
    except EntangledError as problem:
        words = {"level": "zone", "feature": zone.id, "other": entry.code, "detail": str(problem)}
        return finding_frame([words], rule=_UNANSWERED.code)

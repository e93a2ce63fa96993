"""Checks (核查): rules over a zone, and the findings they yield.

A rule is one function over a zone, entered with :func:`zgcgis.findings.rule` under its code
together with its severity and its sentence in both languages. Topology is in :mod:`.topology`,
what lies in what in :mod:`.containment`, the hierarchy of units in :mod:`.hierarchy`, conformity
with the plan in :mod:`.plan` and with its plots in :mod:`.detailed_plan`, quotas in :mod:`.quota`,
supply in :mod:`.supply`, data in :mod:`.data`, what no rule could judge in :mod:`.coverage`. To add a rule, write the function.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from pkgutil import iter_modules

from geopandas import GeoDataFrame
from pandas import DataFrame, concat

from .. import geo
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
from ..language.errors import EntangledError, UnknownNameError, ZgcgisError
from ..model import Zone
from ..model.tiles import Search, Tiling, beside, search_by_tile
from .containment import _gaps_in, _off_parent_in, _outside_in
from .coverage import coverage
from .planned_land import keep_pairs, pairs_in_latest_year
from .topology import _houses_overlapping, _overlaps_in, _slivers_in, _spikes_in

__all__ = ["RULES", "Rule", "asked", "check", "describe", "not_checked"]

_UNANSWERED = define(
    "C101",
    "warning",
    zh="规则 {other} 无法核查：{detail}",
    en="rule {other} could not be asked: {detail}",
)

for _room in iter_modules(__path__):  # a module enters its rules when it is loaded
    import_module(f".{_room.name}", __name__)


def _in_no_pile(found: DataFrame) -> bool:
    """Whether overlaps are pairs each of which a part of the land tells as well as the whole."""
    if len(found.attrs["not_compared"]) or (found["members"] > 2).any():
        return False
    ends = concat([found["a"], found["b"]]).value_counts()
    return ends.empty or int(ends.max()) <= geo.PILE


_LAND = ("parcel", "block", "park", "detailed_plan")
_SEARCHES = {
    ("T101", "T102", "T103", "T114", "T115"): Search(
        _overlaps_in, ("parcel",), "parcel", near=("parcel",), holds=_in_no_pile
    ),
    ("T102", "T114"): Search(
        _overlaps_in, ("building",), "building", near=("building",), holds=_in_no_pile
    ),
    ("T113", "T115"): Search(
        _houses_overlapping, ("building",), "building", near=("building",), holds=_in_no_pile
    ),
    ("T112", "T114"): Search(_overlaps_in, ("block",), "block", near=("block",), holds=_in_no_pile),
    ("T101", "T103", "T115"): Search(
        _gaps_in, _LAND, "block", near=("block", "parcel"), naming=("parcel",)
    ),
    ("T105", "T106", "T108"): Search(_slivers_in, ("parcel",), "parcel"),
    ("T106",): Search(_spikes_in, ("parcel",), "parcel"),
    ("T104",): Search(_outside_in, ("parcel", "boundary"), "parcel", whole=("boundary",)),
    ("H201",): Search(_off_parent_in, ("block", "park"), "block", whole=("park",)),
    ("H202",): Search(_off_parent_in, ("building", "parcel"), "building", named=("parcel",)),
    ("H203", "T115"): Search(_off_parent_in, ("parcel", "park"), "parcel", whole=("park",)),
    ("T115", "H203"): Search(_off_parent_in, ("parcel", "block"), "parcel", named=("block",)),
    ("P303", "P307", "P308", "P309", "P310"): Search(
        pairs_in_latest_year, ("parcel", "detailed_plan"), "parcel", near=("detailed_plan",)
    ),
}
"""What needs only neighbours or containers, under the rules that rest on it."""


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
    tiling: Tiling | None = None,
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
    tiling
        Who does by tile what rests only on neighbours and containers, as a pool of processes or
        a cluster; by default this process, and nothing by tile. The findings are the same.

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
        if tiling is not None:
            _search(zone, rules, tiling)
        found = _all_asked(zone, rules, before)
    return gravest_first(combine([flaws, *found]))


def _all_asked(
    zone: Zone, rules: Mapping[str, Rule], before: Callable[[Rule], None] | None
) -> list[GeoDataFrame]:
    """Ask rules, those of topology beside the others: they rest on other searches, and cost as much."""
    apart = [entry for entry in rules.values() if entry.code.startswith("T")]
    rest = [entry for entry in rules.values() if entry not in apart]
    there = zone.count("parcel") + zone.count("building") if apart and rest else 0
    told: list[Rule] = []

    def tell(entry: Rule) -> None:
        told.append(entry)
        if before is not None and os.getpid() == here:  # a copy has nobody to tell
            before(entry)

    here = os.getpid()
    with beside(lambda: [_ask(entry, zone, tell) for entry in apart], there) as answers:
        found = {entry.code: _ask(entry, zone, tell) for entry in rest}
        found |= {entry.code: frame for entry, frame in zip(apart, answers(), strict=True)}
    for entry in rules.values():
        if entry not in told:
            tell(entry)
    return [found[code] for code in rules]


def _search(zone: Zone, rules: Iterable[str], tiling: Tiling) -> None:
    """Make by tile the searches that rules rest on."""
    wanted = [one for codes, one in _SEARCHES.items() if not set(codes).isdisjoint(rules)]
    search_by_tile(zone, wanted, tiling)
    keep_pairs(zone, "parcel", "detailed_plan")


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

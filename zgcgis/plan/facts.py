"""The facts of a plan as types: clauses, groups, industries, demands, targets, links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from ..language.errors import PlanError

__all__ = ["Clause", "Demand", "Group", "Industry", "Link", "Place", "Plan", "Target"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of the plan as the digest gives it: its number, names, figures and duty."""

    id: str
    zh: str
    topic: str
    terms: tuple[str, ...]
    duty: str


@dataclass(frozen=True, slots=True)
class Industry:
    """An industry that the plan names: one of its clusters, or an activity across clusters.

    ``covers`` names the clusters an activity may belong to; a cluster covers itself. ``codes``
    are those of GB/T 4754 that whoever applies the plan takes for it, each with its name.
    """

    key: str
    zh: str
    en: str
    clause: str
    kind: str = "cluster"
    covers: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A park, axis or corridor that the plan names, with the words it names it by."""

    id: str
    clause: str
    terms: tuple[str, ...]
    zh: str = ""
    en: str = ""
    industries: tuple[str, ...] = ()
    note_zh: str = ""
    note_en: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of parks (聚集区): members, axes, corridors, industries, and what is wanted there.

    ``role`` is ``"renewal"`` (built-up stock), ``"new-build"`` or ``"specialised"``.
    """

    key: str
    zh: str
    en: str
    clause: str
    role: str
    demand_zh: str
    demand_en: str
    parks: tuple[Place, ...]
    hosts: tuple[str, ...]
    axes: tuple[Place, ...]
    corridors: tuple[Place, ...]
    industries: tuple[str, ...]
    industry_terms: tuple[str, ...]
    terms: tuple[str, ...]

    @property
    def members(self) -> tuple[str, ...]:
        """Ids of the parks that the plan puts in this group."""
        return tuple(place.id for place in self.parks)


@dataclass(frozen=True, slots=True)
class Demand:
    """What the plan asks of whoever plans the land."""

    id: str
    topic: str
    zh: str
    en: str
    clause: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A link with a place outside the city."""

    id: str
    zh: str
    en: str
    clause: str
    origin: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A goal with its year.

    ``value`` is in the unit of ``key`` and None where the plan prints no number;
    ``times_base`` asks for so many times the value of ``base_year`` instead. ``kind`` tells what
    a value of part of a year allows: a ``"flow"`` adds up over the year, a ``"share"`` holds for
    the whole year only, a ``"stock"`` is a count at a date. ``related`` names other measures that
    may be shown beside it but never decide. ``unit`` is whom it is set for: a group or park, or the
    whole zone where it is empty.
    """

    id: str
    key: str
    zh: str
    en: str
    year: int
    kind: str
    printed: str
    clause: str
    terms: tuple[str, ...]
    value: float | None = None
    value_to: float | None = None
    qualifier: str = "="
    times_base: float | None = None
    base_year: int | None = None
    base_value: float | None = None
    base_printed: str = ""
    related: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True)
class Plan:
    """What a plan states, each entry with its clause.

    Attributes
    ----------
    id, names, issued, period
        The plan itself; ``period`` is its first and last year.
    industries, groups
        By key, in the order of the file.
    parks
        Parks named outside the groups, by id.
    demands, targets, links
        In the order of the file.
    clauses
        The digest by clause id.
    path
        The file it was read from.
    """

    id: str
    names: Mapping[str, str]
    issued: str
    period: tuple[int, int]
    industries: Mapping[str, Industry]
    groups: Mapping[str, Group]
    parks: Mapping[str, Place]
    demands: tuple[Demand, ...]
    targets: tuple[Target, ...]
    links: tuple[Link, ...]
    clauses: Mapping[str, Clause]
    path: Path | None = None
    park_industries: Mapping[str, frozenset[str]] = field(init=False, repr=False)
    """Industries the plan places in each park, group or host it names; empty: it names none."""

    def __post_init__(self) -> None:
        placed: dict[str, set[str]] = {}
        for group in self.groups.values():
            for unit in (group.key, *group.members, *group.hosts):
                placed.setdefault(unit, set()).update(group.industries)
        for park in self.parks.values():
            placed.setdefault(park.id, set()).update(park.industries)
        frozen = {unit: frozenset(keys) for unit, keys in placed.items()}
        object.__setattr__(self, "park_industries", MappingProxyType(frozen))

    def joined(self, listed: Mapping[str, str]) -> Plan:
        """Return the plan with parks that a list puts in its groups, where the plan puts them in none.

        Parameters
        ----------
        listed
            The group of each park, as ``parks.csv`` has it. The clause of the group is theirs.
        """
        placed = {park for group in self.groups.values() for park in (*group.members, *group.hosts)}
        groups = {
            key: replace(
                group,
                parks=group.parks
                + tuple(
                    Place(park, group.clause, ())
                    for park, named in listed.items()
                    if named == key and park not in placed
                ),
            )
            for key, group in self.groups.items()
        }
        return replace(self, groups=MappingProxyType(groups))

    def admits(self, park: str, industry: str) -> bool:
        """Whether the plan places `industry` in `park`; a park it says nothing of admits all.

        An activity admits every cluster it may belong to: R&D services in a park of the north
        admit biotechnology, because an industry code cannot show that a firm does no research.
        """
        stated = self.park_industries.get(park, frozenset())
        if not stated:
            return True
        return any(industry == key or industry in self.industries[key].covers for key in stated)

    def group_of(self, park: str) -> Group | None:
        """Return the group the plan puts a park in (or whose host it is), or None."""
        for group in self.groups.values():
            if park == group.key or park in group.members or park in group.hosts:
                return group
        return None

    def clause(self, id: str) -> Clause:
        """Return one clause of the digest.

        Raises
        ------
        PlanError
            If the digest has no such clause; the sentence lists those it has.
        """
        if id not in self.clauses:
            raise PlanError(
                f"规划摘要里没有条款“{id}”；现有：{'、'.join(self.clauses)}。请改正条款号。",
                f"The digest of the plan has no clause '{id}'; it has {', '.join(self.clauses)}. "
                "Mend the clause id.",
            )
        return self.clauses[id]

    def clauses_of(self, unit: str) -> tuple[Clause, ...]:
        """Return the clauses that speak of a park or group, in the order of the digest."""
        ids = set()
        group = self.group_of(unit)
        if group is not None:
            ids.add(group.clause)
        if unit in self.parks:
            ids.add(self.parks[unit].clause)
        return tuple(clause for clause in self.clauses.values() if clause.id in ids)

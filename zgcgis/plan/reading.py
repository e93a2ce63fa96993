"""Plan files and digests: TOML in, facts out; a fault is one sentence with file, key and way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..language.errors import PlanError
from .facts import Clause, Demand, Group, Industry, Link, Place, Plan, Target
from .nomenclature import codes_of
from .settings import check_settings, read_toml, refuse

__all__ = ["load_digest", "load_plan"]

_PACKAGE = Path(__file__).resolve().parents[1]
_SEEDS = next(
    (path for path in (_PACKAGE / "seeds", _PACKAGE.parent / "seeds") if path.is_dir()),
    _PACKAGE / "seeds",
)


def load_plan(path: str | Path) -> Plan:
    """Read a plan file and the digest it cites.

    Parameters
    ----------
    path
        A TOML file with ``[plan]`` and any of ``[industry.*]``, ``[group.*]``, ``[[park]]``,
        ``[[demand]]``, ``[[target]]``, ``[[link]]``.

    Returns
    -------
    plan
        Every fact cites a clause that is there, and every industry a group names is defined.

    Raises
    ------
    PlanError
        If the file cannot be used: one sentence that names file, key and way out.
    """
    file = Path(path)
    data = _read(file)
    check_settings(data, "plan.toml", file, error=PlanError)
    head = data["plan"]
    cited = _Citing(file, _digest_of(head, file))
    industries = {
        key: Industry(
            key=key,
            zh=entry["zh"],
            en=entry["en"],
            clause=cited.clause(entry, f"industry.{key}"),
            kind=entry.get("kind", "cluster"),
            covers=tuple(entry.get("covers", ())),
            terms=tuple(entry.get("terms", ())),
            codes=codes_of(entry.get("codes", ())),
            colour=entry.get("colour", ""),
        )
        for key, entry in data.get("industry", {}).items()
    }
    groups = {key: _group(key, entry, cited) for key, entry in data.get("group", {}).items()}
    parks = {place.id: place for place in _places(data, "park", "", cited)}
    for where, keys in (
        *((f"industry.{key}.covers", industry.covers) for key, industry in industries.items()),
        *((f"group.{key}.industries", group.industries) for key, group in groups.items()),
        *((f"park {key}: industries", park.industries) for key, park in parks.items()),
    ):
        _known(keys, industries, where, file)
    return Plan(
        id=head["id"],
        names=MappingProxyType({"zh": head["zh"], "en": head["en"]}),
        issued=head.get("issued", ""),
        period=(head["period"][0], head["period"][1]),
        industries=MappingProxyType(industries),
        groups=MappingProxyType(groups),
        parks=MappingProxyType(parks),
        demands=tuple(
            Demand(topic=entry["topic"], **cited.common(entry, f"demand[{i}]"))
            for i, entry in enumerate(data.get("demand", ()))
        ),
        targets=tuple(
            _target(entry, cited.common(entry, f"target[{i}]"))
            for i, entry in enumerate(data.get("target", ()))
        ),
        links=tuple(
            Link(origin=entry.get("from", ""), **cited.common(entry, f"link[{i}]"))
            for i, entry in enumerate(data.get("link", ()))
        ),
        clauses=MappingProxyType(cited.clauses),
        path=file,
    )


def load_digest(name: str) -> Mapping[str, Clause]:
    """Return the clauses of a digest in ``seeds/`` by id, in a checkout and in an installed wheel.

    Raises
    ------
    PlanError
        If there is no such digest; the sentence lists those there are.
    """
    file = _SEEDS / name
    if Path(name).name != name or not file.is_file():
        there = sorted(path.name for path in _SEEDS.glob("*.toml"))
        raise PlanError(
            f"seeds 里没有规划摘要“{name}”；现有：{'、'.join(there) or '无'}。"
            "请改正 [plan] 的 digest 一行，或删去它。",
            f"There is no digest '{name}' in seeds; there is {', '.join(there) or 'none'}. "
            "Mend the line digest under [plan], or drop it.",
        )
    return _digest(file)


def _digest(file: Path) -> dict[str, Clause]:
    data = _read(file)
    check_settings(data, "digest.toml", file, error=PlanError)
    return {
        entry["id"]: Clause(
            id=entry["id"],
            zh=entry["zh"],
            topic=entry.get("topic", ""),
            terms=(*entry.get("terms", ()), *entry.get("industries_terms", ())),
            duty=entry.get("duty", ""),
        )
        for entry in data.get("clause", ())
    }


def _digest_of(head: Mapping[str, Any], file: Path) -> dict[str, Clause]:
    """Return the digest a plan cites: beside the plan file if it is there, else in seeds."""
    name = head.get("digest", "")
    if not name:
        return {}
    beside = file.parent / name
    if Path(name).name == name and beside.is_file():
        return _digest(beside)
    return dict(load_digest(name))


def _read(file: Path) -> dict[str, Any]:
    return read_toml(file, error=PlanError)


@dataclass(frozen=True, slots=True)
class _Citing:
    """The digest a plan cites, and how its entries cite it."""

    file: Path
    clauses: dict[str, Clause]

    def clause(self, entry: Mapping[str, Any], where: str, default: str = "") -> str:
        clause: str = entry.get("clause", default)
        if self.clauses and clause not in self.clauses:
            there = ", ".join(map(str, self.clauses))
            refuse(
                PlanError(
                    f"{self.file} 的 {where} 引用了条款“{clause}”，摘要里没有；现有：{there}。"
                    "请改正 clause 一行。",
                    f"{self.file}: {where} cites clause '{clause}', which the digest does not "
                    f"have; it has {there}. Mend the line clause.",
                )
            )
        return clause

    def common(self, entry: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Return what demands, targets and links all state."""
        said = {key: entry[key] for key in ("id", "zh", "en")}
        return said | {
            "clause": self.clause(entry, where),
            "terms": tuple(entry.get("terms", ())),
        }


def _known(keys: Iterable[str], industries: Mapping[str, Industry], where: str, file: Path) -> None:
    if unknown := sorted(set(keys) - set(industries)):
        there = ", ".join(industries) or "—"
        refuse(
            PlanError(
                f"{file} 的 {where} 写了没有定义的产业 {unknown}；已定义：{there}。"
                "请改正，或加一节 [industry.…]。",
                f"{file}: {where} names industries {unknown} that are not defined; defined: "
                f"{there}. Mend the name or add [industry.…].",
            )
        )


def _places(
    entry: Mapping[str, Any], key: str, where: str, cited: _Citing, clause: str = ""
) -> tuple[Place, ...]:
    return tuple(
        Place(
            id=place["id"],
            clause=cited.clause(place, f"{where}{key}[{i}]", clause),
            terms=tuple(place.get("terms", ())),
            zh=place.get("zh", ""),
            en=place.get("en", ""),
            industries=tuple(place.get("industries", ())),
            note_zh=place.get("note_zh", ""),
            note_en=place.get("note_en", ""),
        )
        for i, place in enumerate(entry.get(key, ()))
    )


def _group(key: str, entry: Mapping[str, Any], cited: _Citing) -> Group:
    where = f"group.{key}"
    clause = cited.clause(entry, where)
    parks, axes, corridors = (
        _places(entry, name, f"{where}.", cited, clause) for name in ("park", "axis", "corridor")
    )
    return Group(
        key=key,
        zh=entry["zh"],
        en=entry["en"],
        clause=clause,
        role=entry.get("role", "specialised"),
        demand_zh=entry.get("demand_zh", ""),
        demand_en=entry.get("demand_en", ""),
        parks=parks,
        hosts=tuple(entry.get("hosts", ())),
        axes=axes,
        corridors=corridors,
        industries=tuple(entry.get("industries", ())),
        industry_terms=tuple(entry.get("industry_terms", ())),
        terms=tuple(entry.get("terms", ())),
    )


def _target(entry: Mapping[str, Any], common: dict[str, Any]) -> Target:
    numbers: dict[str, Any] = {
        name: None if entry.get(name) is None else float(entry[name])
        for name in ("value", "value_to", "times_base", "base_value")
    }
    return Target(
        **common,
        **numbers,
        key=entry["key"],
        year=entry["year"],
        kind=entry["kind"],
        printed=entry.get("printed", ""),
        qualifier=entry.get("qualifier", "="),
        base_year=entry.get("base_year"),
        base_printed=entry.get("base_printed", ""),
        related=tuple(entry.get("related", ())),
        unit=entry.get("unit", ""),
    )

"""Plan files and digests: TOML in, facts out; a fault is one sentence with file, key and way out."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..errors import PlanError
from .facts import Clause, Demand, Group, Industry, Link, Place, Plan, Target

__all__ = ["load_digest", "load_plan"]

_PACKAGE = Path(__file__).resolve().parents[1]
_SEEDS = next(
    (path for path in (_PACKAGE / "seeds", _PACKAGE.parent / "seeds") if path.is_dir()),
    _PACKAGE / "seeds",
)

_REMARKS = {"reading_zh", "reading_en", "note_zh", "note_en", "source"}
_PLACE = ("id", "clause", "terms", "zh", "en", "industries", "industry_terms")


class _Entry:
    """One table of the TOML file that knows its place, so that a fault can be named."""

    def __init__(self, path: Path, where: str, data: Any) -> None:
        self.path, self.where = path, where
        if not isinstance(data, Mapping):
            raise PlanError(
                f"{path} 的 {where} 应是一张表。请写成 [{where}] 加若干行“键 = 值”。",
                f"{path}: {where} should be a table. Write [{where}] and lines 'key = value'.",
            )
        self.data = data

    def only(self, *keys: str) -> _Entry:
        """Refuse a key that nothing reads: a misspelt one would be left out without a word."""
        if unknown := sorted(set(self.data) - set(keys) - _REMARKS):
            known = ", ".join(keys)
            raise PlanError(
                f"{self.path} 的 {self.where} 有不认识的键 {unknown}；可用：{known}。请改正拼写或删去。",
                f"{self.path}: {self.where} has unknown keys {unknown}; known are {known}. "
                "Mend the spelling or drop them.",
            )
        return self

    def _wrong(self, key: str, wanted_zh: str, wanted_en: str) -> PlanError:
        found = self.data[key]
        return PlanError(
            f"{self.path} 的 {self.where}.{key} 是 {found!r}，应为{wanted_zh}。请改正这一行。",
            f"{self.path}: {self.where}.{key} is {found!r}, not {wanted_en}. Mend that line.",
        )

    def text(self, key: str, default: str | None = None) -> str:
        if key not in self.data:
            if default is not None:
                return default
            raise PlanError(
                f'{self.path} 的 {self.where} 缺少 {key}。请补一行 {key} = "…"。',
                f'{self.path}: {self.where} lacks {key}. Add a line {key} = "…".',
            )
        value = self.data[key]
        if not isinstance(value, str) or not (value.strip() or default is not None):
            raise self._wrong(key, "加引号的文字", "a text in quotes")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(
                key, '文字的列表，如 ["a", "b"]', 'a list of texts such as ["a", "b"]'
            )
        return tuple(value)

    def number(self, key: str) -> float | None:
        value = self.data.get(key)
        if value is None:
            return None
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise self._wrong(key, "不加引号的数字", "a number without quotes")
        return float(value)

    def year(self, key: str, *, needed: bool = False) -> int | None:
        if key not in self.data and needed:
            raise PlanError(
                f"{self.path} 的 {self.where} 缺少 {key}。请补一行 {key} = 2015。",
                f"{self.path}: {self.where} lacks {key}. Add a line {key} = 2015.",
            )
        value = self.data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(key, "年份（整数）", "a year (a whole number)")
        return value

    def one_of(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        value, allowed = self.text(key, default), tuple(allowed)
        if value not in allowed:
            choice = " / ".join(allowed)
            raise self._wrong(key, f"{choice} 之一", f"one of {choice}")
        return value

    def tables(self, key: str) -> list[_Entry]:
        value = self.data.get(key, [])
        if not isinstance(value, list):
            raise self._wrong(key, f"[[{key}]] 的列表", f"a list of [[{key}]]")
        return [_Entry(self.path, f"{self.where}.{key}[{i}]", item) for i, item in enumerate(value)]


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
    root = _Entry(file, "plan.toml", _read(file))
    root.only("plan", "industry", "group", "park", "demand", "target", "link")
    if "plan" not in root.data:
        raise PlanError(
            f"{file} 没有 [plan] 一节。请加上 [plan] 以及 id、zh、en、period 各一行。",
            f"{file} has no [plan]. Add [plan] with a line each for id, zh, en and period.",
        )
    head = _Entry(file, "plan", root.data["plan"])
    head.only("id", "zh", "en", "issued", "period", "digest")
    clauses = _digest_of(head, file)
    industries = {
        key: Industry(
            key=key,
            zh=entry.only("zh", "en", "clause", "kind", "covers", "terms").text("zh"),
            en=entry.text("en"),
            clause=_cited(entry, clauses),
            kind=entry.one_of("kind", ("cluster", "activity"), "cluster"),
            covers=entry.texts("covers"),
            terms=entry.texts("terms"),
        )
        for key, entry in _named(root, "industry")
    }
    for industry in industries.values():
        _known(industry.covers, industries, f"industry.{industry.key}.covers", file)
    groups = {key: _group(key, entry, clauses) for key, entry in _named(root, "group")}
    parks = {place.id: place for place in (_place(e, clauses) for e in root.tables("park"))}
    for where, keys in (
        *((f"group.{key}.industries", group.industries) for key, group in groups.items()),
        *((f"park {key}: industries", park.industries) for key, park in parks.items()),
    ):
        _known(keys, industries, where, file)
    return Plan(
        id=head.text("id"),
        names=MappingProxyType({"zh": head.text("zh"), "en": head.text("en")}),
        issued=head.text("issued", ""),
        period=_period(head),
        industries=MappingProxyType(industries),
        groups=MappingProxyType(groups),
        parks=MappingProxyType(parks),
        demands=tuple(
            Demand(
                id=entry.only("id", "topic", "zh", "en", "clause", "terms").text("id"),
                topic=entry.text("topic"),
                zh=entry.text("zh"),
                en=entry.text("en"),
                clause=_cited(entry, clauses),
                terms=entry.texts("terms"),
            )
            for entry in root.tables("demand")
        ),
        targets=tuple(_target(entry, clauses) for entry in root.tables("target")),
        links=tuple(
            Link(
                id=entry.only("id", "from", "zh", "en", "clause", "terms").text("id"),
                zh=entry.text("zh"),
                en=entry.text("en"),
                clause=_cited(entry, clauses),
                origin=entry.text("from", ""),
                terms=entry.texts("terms"),
            )
            for entry in root.tables("link")
        ),
        clauses=MappingProxyType(clauses),
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
    root = _Entry(file, file.name, _read(file))
    clauses = {}
    for entry in root.tables("clause"):
        clause = Clause(
            id=entry.text("id"),
            zh=entry.text("zh"),
            topic=entry.text("topic", ""),
            terms=(*entry.texts("terms"), *entry.texts("industries_terms")),
            duty=entry.text("duty", ""),
        )
        clauses[clause.id] = clause
    return clauses


def _digest_of(head: _Entry, file: Path) -> dict[str, Clause]:
    """Return the digest a plan cites: beside the plan file if it is there, else in seeds."""
    name = head.text("digest", "")
    if not name:
        return {}
    beside = file.parent / name
    if Path(name).name == name and beside.is_file():
        return _digest(beside)
    return dict(load_digest(name))


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise PlanError(
            f"{file} 读不出来：{error.strerror}。请检查路径。",
            f"{file} cannot be read: {error.strerror}. Check the path.",
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise PlanError(
            f"{file} 不是有效的 TOML：{error}。请改正所指的行（文字要加引号，数字不加）。",
            f"{file} is not valid TOML: {error}. Mend the line named "
            "(texts in quotes, numbers without).",
        ) from error
    except UnicodeDecodeError as error:
        raise PlanError(
            f"{file} 不是 UTF-8 编码。请另存为 UTF-8。",
            f"{file} is not UTF-8. Save it as UTF-8.",
        ) from error


def _named(root: _Entry, key: str) -> list[tuple[str, _Entry]]:
    tables = _Entry(root.path, key, root.data.get(key, {}))
    return [(name, _Entry(root.path, f"{key}.{name}", data)) for name, data in tables.data.items()]


def _cited(entry: _Entry, clauses: Mapping[str, Clause], default: str | None = None) -> str:
    clause = entry.text("clause", default)
    if clauses and clause not in clauses:
        there = ", ".join(clauses)
        raise PlanError(
            f"{entry.path} 的 {entry.where} 引用了条款“{clause}”，摘要里没有；现有：{there}。"
            "请改正 clause 一行。",
            f"{entry.path}: {entry.where} cites clause '{clause}', which the digest does not have; "
            f"it has {there}. Mend the line clause.",
        )
    return clause


def _known(keys: Iterable[str], industries: Mapping[str, Industry], where: str, file: Path) -> None:
    if unknown := sorted(set(keys) - set(industries)):
        there = ", ".join(industries) or "—"
        raise PlanError(
            f"{file} 的 {where} 写了没有定义的产业 {unknown}；已定义：{there}。"
            "请改正，或加一节 [industry.…]。",
            f"{file}: {where} names industries {unknown} that are not defined; defined: {there}. "
            "Mend the name or add [industry.…].",
        )


def _period(head: _Entry) -> tuple[int, int]:
    value = head.data.get("period")
    if isinstance(value, list) and len(value) == 2 and all(type(year) is int for year in value):
        first, last = value
        if first <= last:
            return first, last
    raise PlanError(
        f"{head.path} 的 plan.period 是 {value!r}，应为首末两年，如 [2011, 2020]。请改正这一行。",
        f"{head.path}: plan.period is {value!r}, not a first and a last year such as "
        "[2011, 2020]. Mend that line.",
    )


def _place(entry: _Entry, clauses: Mapping[str, Clause], clause: str | None = None) -> Place:
    return Place(
        id=entry.only(*_PLACE).text("id"),
        clause=_cited(entry, clauses, clause),
        terms=entry.texts("terms"),
        zh=entry.text("zh", ""),
        en=entry.text("en", ""),
        industries=entry.texts("industries"),
        note_zh=entry.text("note_zh", ""),
        note_en=entry.text("note_en", ""),
    )


def _group(key: str, entry: _Entry, clauses: Mapping[str, Clause]) -> Group:
    entry.only(
        *("zh", "en", "clause", "role", "terms", "demand_zh", "demand_en", "hosts_zh", "hosts_en"),
        *("hosts", "industries", "industry_terms", "park", "axis", "corridor"),
    )
    clause = _cited(entry, clauses)

    def places(name: str) -> tuple[Place, ...]:
        return tuple(_place(item, clauses, clause) for item in entry.tables(name))

    return Group(
        key=key,
        zh=entry.text("zh"),
        en=entry.text("en"),
        clause=clause,
        role=entry.one_of("role", ("renewal", "new-build", "specialised"), "specialised"),
        demand_zh=entry.text("demand_zh", ""),
        demand_en=entry.text("demand_en", ""),
        parks=places("park"),
        hosts=entry.texts("hosts"),
        axes=places("axis"),
        corridors=places("corridor"),
        industries=entry.texts("industries"),
        industry_terms=entry.texts("industry_terms"),
        terms=entry.texts("terms"),
    )


def _target(entry: _Entry, clauses: Mapping[str, Clause]) -> Target:
    entry.only(
        *("id", "key", "kind", "zh", "en", "year", "value", "value_to", "qualifier", "printed"),
        *("times_base", "base_year", "base_value", "base_printed", "related", "clause", "terms"),
    )
    year = entry.year("year", needed=True)
    return Target(
        id=entry.text("id"),
        key=entry.text("key"),
        zh=entry.text("zh"),
        en=entry.text("en"),
        year=year if year is not None else 0,
        kind=entry.one_of("kind", ("flow", "share", "stock")),
        printed=entry.text("printed", ""),
        clause=_cited(entry, clauses),
        terms=entry.texts("terms"),
        value=entry.number("value"),
        value_to=entry.number("value_to"),
        qualifier=entry.one_of("qualifier", ("=", "~", ">", "<"), "="),
        times_base=entry.number("times_base"),
        base_year=entry.year("base_year"),
        base_value=entry.number("base_value"),
        base_printed=entry.text("base_printed", ""),
        related=entry.texts("related"),
    )

"""Editions of a standard: reading them, and refusing one that contradicts itself."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame

from ..indicators import INDICATORS
from ..language.errors import MissingColumnsError, StandardError, UnknownNameError
from ..plan.settings import check_settings, keeping_all, read_toml, refuse

__all__ = ["EDITIONS", "Edition", "Node", "load_standard", "suggest_kind"]

SUM_TOLERANCE = 1e-9

Saying = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Node:
    """One line of a standard: a target, a sub-target, or an indicator with its weight.

    ``id`` is a path, such as ``"industrial/main/status/intensity"``; the last part of an
    indicator's path is its key.
    """

    id: str
    zh: str
    en: str
    weight: float
    low: float
    high: float
    indicator: str | None = None

    @property
    def parent(self) -> str:
        """Id of the node above."""
        return self.id.rpartition("/")[0]

    @property
    def depth(self) -> int:
        """1 for an area, one more for each step down."""
        return self.id.count("/")


@dataclass(frozen=True)
class Edition:
    """An edition of a standard that has been checked.

    ``confirmed``, ``forms_only``, ``missing`` and ``mended`` say how well it is known, in
    both languages; every report prints them.
    """

    id: str
    zh: str
    en: str
    kinds: Mapping[str, Saying]
    nodes: Mapping[str, Node]
    suggest: Mapping[str, Mapping[str, float]]
    confirmed: tuple[Saying, ...]
    forms_only: tuple[Saying, ...]
    missing: tuple[Saying, ...]
    mended: tuple[Saying, ...]
    file: str

    def children(self, node: str) -> list[Node]:
        """Nodes directly below one, in the order of the file."""
        return [n for n in self.nodes.values() if n.parent == node]

    def below(self, node: str) -> list[Node]:
        """All nodes below one, parents before children."""
        found = []
        for child in self.children(node):
            found += [child, *self.below(child.id)]
        return found

    def leaves(self, node: str) -> list[Node]:
        """Indicators below a node."""
        return [n for n in self.below(node) if n.indicator]

    def areas(self, kind: str) -> list[str]:
        """Areas (主区, 发展方向区) of a zone type."""
        return [n.id.rpartition("/")[2] for n in self.children(kind)]

    def with_weights(self, weights: Mapping[str, float], *, where: str) -> Edition:
        """Return the edition with other weights, checked again."""
        unknown = [key for key in weights if key not in self.nodes]
        if unknown:
            raise StandardError(
                f"{where}：权重 {unknown} 不是版本 {self.id} 的节点；不同版本不可混用。",
                f"{where}: weights for {unknown} name no node of edition {self.id}; "
                "two editions cannot be mixed.",
            )
        nodes = {
            key: replace(node, weight=float(weights[key])) if key in weights else node
            for key, node in self.nodes.items()
        }
        changed = replace(self, nodes=nodes, file=where)
        _check(changed)
        return changed


def _folder() -> Traversable:
    return files("zgcgis").joinpath("resources/standards")


def _shipped(folder: Traversable) -> dict[str, Traversable]:
    return {
        entry.name.removesuffix(".toml"): entry
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".toml")
    }


EDITIONS: tuple[str, ...] = tuple(
    name for name in _shipped(_folder()) if not name.startswith("industrial-control")
)
"""Editions that ship; one of them is shipped as it was found, and is refused."""


def load_standard(id: str | Path) -> Edition:
    """Load an edition of a standard and check it.

    Parameters
    ----------
    id
        Name of an edition that ships, or path of a TOML file.

    Raises
    ------
    UnknownNameError
        If there is no such edition; the sentence lists those there are.
    StandardError
        If the edition contradicts itself: the sentence names file, node and sum. Or if only
        its template is there, because its text could not be read.
    """
    data, where = _read(id)
    if not data.get("node"):
        raise StandardError(
            f"{where}：该版本没有节点，权重和指标须先按规程原文填写。",
            f"{where}: the edition has no nodes; fill in its weights and indicators first.",
        )
    edition = _parse(data, where)
    _check(edition)
    return edition


def _read(id: str | Path, *, above: tuple[str, ...] = ()) -> tuple[dict[str, Any], str]:
    """Return what an edition says, changes to its base carried out, and its name; `above` cite it."""
    if str(id) in above:
        raise StandardError(
            f"{' → '.join(above)} → {id}：版本互为基础（base），成了循环。",
            f"{' → '.join(above)} → {id}: editions that are each other's base.",
        )
    shipped = _shipped(_folder())
    templates = _shipped(_folder().joinpath("templates"))
    path = Path(id)
    if str(id) in shipped:
        where = f"{id}.toml"
        data = tomllib.loads(shipped[str(id)].read_text(encoding="utf-8"))
    elif path.suffix == ".toml" and path.is_file():
        where = str(path)
        data = read_toml(path, error=StandardError)
        with keeping_all() as wrong:
            check_settings(data, "edition", path, error=StandardError)
        for problem in wrong[:-1]:
            refuse(problem)
        if wrong:  # nothing else can be read from it
            raise wrong[-1]
    elif str(id) in templates:
        raise StandardError(
            f"版本 {id} 的规程原文未能读到，只有模板 templates/{id}.toml；请按原文填好后放入 standards。",
            f"The text of edition {id} could not be read, so there is only the template "
            f"templates/{id}.toml; fill it in from the text and put it among the standards.",
        )
    else:
        raise UnknownNameError(str(id), EDITIONS, what="edition of a standard", zh="标准版本")
    if "base" in data:
        base = _beside(path, str(data["base"]), where) if path.suffix == ".toml" else data["base"]
        data = _changed(_read(base, above=(*above, str(id)))[0], data, where)
    return data, where


def _beside(path: Path, base: str, where: str) -> str | Path:
    """Return the edition that a file changes: one that ships, or a file of its own folder."""
    if not base.endswith(".toml"):
        return base
    folder, own = path.parent.resolve(), path.parent / base
    if not own.resolve().is_relative_to(folder):
        raise StandardError(
            f"{where}：base = “{base}”指向该文件所在文件夹之外。请把该文件放进文件夹。",
            f"{where}: base = '{base}' lies outside the file's folder. Put the file into it.",
        )
    return own


def _changed(base: dict[str, Any], data: dict[str, Any], where: str) -> dict[str, Any]:
    nodes = {node["id"]: dict(node) for node in base.get("node", ())}
    for change in data.get("change", ()):
        if change.get("node") not in nodes:
            raise StandardError(
                f"{where}：要修改的节点 {change.get('node')} 在 {data['base']} 中不存在。",
                f"{where}: node {change.get('node')}, to be changed, is not in {data['base']}.",
            )
        nodes[change["node"]] |= {k: v for k, v in change.items() if k != "node"}
    rest = {k: v for k, v in data.items() if k not in ("base", "change")}
    return {**base, **rest, "node": list(nodes.values())}


def _sayings(entries: Sequence[Mapping[str, Any]]) -> tuple[Saying, ...]:
    return tuple((str(e["zh"]), str(e["en"])) for e in entries)


def _parse(data: Mapping[str, Any], where: str) -> Edition:
    nodes: dict[str, Node] = {}
    for entry in data["node"]:
        lacks = [key for key in ("id", "weight") if key not in entry]
        if lacks:
            raise StandardError(
                f"{where}：节点 {entry.get('id', '?')} 缺少 {lacks}。",
                f"{where}: node {entry.get('id', '?')} lacks {lacks}.",
            )
        key, id = entry.get("indicator"), str(entry["id"])
        if key is not None and key not in INDICATORS:
            raise UnknownNameError(
                key, INDICATORS, what=f"indicator (node {id} of {where})", zh=f"指标（{where}）"
            )
        if id in nodes:
            raise StandardError(f"{where}：节点 {id} 重复。", f"{where}: node {id} is there twice.")
        named = INDICATORS[key] if key else None
        low, high = entry.get("range", (0.0, 1.0))
        nodes[id] = Node(
            id,
            str(entry.get("zh") or (named.zh if named else id)),
            str(entry.get("en") or (named.en if named else id)),
            float(entry["weight"]),
            float(low),
            float(high),
            key,
        )
    return Edition(
        id=str(data.get("id", where)),
        zh=str(data.get("zh", data.get("id", where))),
        en=str(data.get("en", data.get("id", where))),
        kinds={k: (str(v["zh"]), str(v["en"])) for k, v in data.get("kinds", {}).items()},
        nodes=nodes,
        suggest=data.get("suggest", {}),
        confirmed=_sayings(data.get("confirmed", ())),
        forms_only=_sayings(data.get("forms_only", ())),
        missing=_sayings(data.get("missing", ())),
        mended=_sayings(data.get("mended", ())),
        file=where,
    )


def _check(edition: Edition) -> None:
    where = edition.file
    for node in edition.nodes.values():
        if node.parent not in edition.nodes and node.parent not in edition.kinds:
            raise StandardError(
                f"{where}：节点 {node.id} 的上级 {node.parent} 不存在。",
                f"{where}: node {node.id} hangs from {node.parent}, which is not there.",
            )
        if not node.low - SUM_TOLERANCE <= node.weight <= node.high + SUM_TOLERANCE:
            raise StandardError(
                f"{where}：节点 {node.id} 的权重 {node.weight:g} 超出允许范围 "
                f"[{node.low:g}, {node.high:g}]。",
                f"{where}: node {node.id} has weight {node.weight:g}, outside its range "
                f"[{node.low:g}, {node.high:g}].",
            )
        if node.indicator is None and not edition.children(node.id):
            raise StandardError(
                f"{where}：节点 {node.id} 之下没有指标，权重无处可用。",
                f"{where}: node {node.id} has no indicator below it, so its weight is unused.",
            )
    for parent in [*edition.kinds, *edition.nodes]:
        children = edition.children(parent)
        total = sum(child.weight for child in children)
        if children and abs(total - 1.0) > SUM_TOLERANCE:
            parts = " + ".join(f"{child.weight:g}" for child in children)
            raise StandardError(
                f"{where}：节点 {parent} 之下的权重之和为 {total:g}（{parts}），应为 1。",
                f"{where}: the weights under node {parent} add to {total:g} ({parts}), not to 1.",
            )


def suggest_kind(accounts: DataFrame, edition: Edition) -> DataFrame:
    """Suggest the type of each unit by its shares of industrial and residential land.

    A suggestion only: the rule was seen in program code, and the type is an input.

    Returns
    -------
    DataFrame
        ``industrial_share``, ``residential_share`` (of built-up land, 0 to 1) and ``kind``,
        empty where neither type's rule holds.
    """
    needed = {"built_land_m2", "industrial_land_m2", "residential_land_m2"}
    if missing := needed - set(accounts.columns):
        raise MissingColumnsError(missing, accounts.columns, where="accounts")
    built = accounts["built_land_m2"].where(accounts["built_land_m2"] > 0)
    result = pd.DataFrame(
        {
            "industrial_share": accounts["industrial_land_m2"] / built,
            "residential_share": accounts["residential_land_m2"] / built,
        }
    )
    result["kind"] = ""
    a, b = result["industrial_share"], result["residential_share"]
    for kind, rule in edition.suggest.items():
        holds = pd.Series(data=True, index=result.index)
        holds &= a > rule.get("industrial_share_above", -1.0)
        holds &= a <= rule.get("industrial_share_upto", 2.0)
        holds &= b < rule.get("residential_share_below", 2.0)
        holds &= b >= rule.get("residential_share_from", -1.0)
        result.loc[holds, "kind"] = kind
    return result

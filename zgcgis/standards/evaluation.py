"""A zone's own choices: edition, types of its parks, weights, ideal values, options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import mcdm
from ..indicators import INDICATORS
from ..language.errors import StandardError, UnknownNameError
from .editions import Edition, load_standard

__all__ = ["Evaluation", "Ideal", "Options", "read_evaluation"]

_LARGEST_CR = 0.1

METHODS = {
    "target": ("目标值法", "target in law or plan"),
    "experience": ("经验借鉴法", "advanced example"),
    "expert": ("专家咨询法", "experts' judgement"),
}
"""Ways to set an ideal value, as named on the forms."""


@dataclass(frozen=True, slots=True)
class Ideal:
    """An ideal value (理想值): what is reasonable under law and plan, and why.

    ``kind`` and ``section`` (主区, 发展方向区) narrow where it holds.
    """

    indicator: str
    value: float
    method: tuple[str, ...]
    zh: str
    en: str
    kind: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How a score is made, where editions and practice differ.

    ``cap``: a score above it is cut, None leaves it. ``idle``: ``"complement"`` scores a
    percentage where less is better as 100 × (1 − X/100), ``"ratio"`` as the forms do
    (100 × X/ideal, and 100 if the ideal is 0: whatever lies idle). ``missing``: ``"refuse"``
    or ``"partial"``. ``round_like_form``: values are rounded to two decimals first.
    """

    cap: float | None = 100.0
    idle: str = "complement"
    missing: str = "refuse"
    round_like_form: bool = False

    def describe(self) -> list[tuple[str, str]]:
        """Say every choice in both languages; reports print it."""
        cap = (
            ("分值不设上限。", "Scores are not capped.")
            if self.cap is None
            else (f"分值上限 {self.cap:g}。", f"Scores are capped at {self.cap:g}.")
        )
        idle = {
            "complement": (
                "越小越优的百分率按 100×(1−X/100) 计分。",
                "A percentage where less is better scores 100 × (1 − X/100).",
            ),
            "ratio": (
                "越小越优的指标照第三方表格按 100×X/理想值 计分，理想值为 0 时一律 100 分（已知缺陷）。",
                "Less is better: 100 × X/ideal as in the forms; 100 if the ideal is 0 (a defect).",
            ),
        }[self.idle]
        missing = {
            "refuse": ("缺数拒绝计分。", "A missing value refuses the score."),
            "partial": (
                "缺数时按已有指标计分，并列出覆盖率（已有指标权重之和）。",
                "With missing values the rest is scored and its weight stated as coverage.",
            ),
        }[self.missing]
        rounding = (
            (
                "现状值先四舍五入到两位小数（与表格一致）。",
                "Values are rounded to two decimals first, as on the forms.",
            )
            if self.round_like_form
            else ("现状值不取整。", "Values are not rounded.")
        )
        return [cap, idle, missing, rounding]


@dataclass(frozen=True)
class Evaluation:
    """A zone's evaluation, checked against its edition."""

    standard: Edition
    kind: str
    kinds: Mapping[str, str]
    areas: Mapping[str, str]
    ideals: tuple[Ideal, ...]
    options: Options
    where: str

    def kind_of(self, unit: str) -> str:
        """Type of a unit: its own, or the zone's."""
        return self.kinds.get(unit, self.kind)

    def area_of(self, unit: str) -> str:
        """Area of a unit: ``"main"`` unless stated."""
        return self.areas.get(unit, "main")

    def ideal(self, indicator: str, kind: str, area: str) -> Ideal | None:
        """Ideal value of an indicator; the most specific entry holds."""
        best, most = None, -1
        for entry in self.ideals:
            if entry.indicator != indicator:
                continue
            if entry.kind not in (None, kind) or entry.section not in (None, area):
                continue
            specific = (entry.kind is not None) + (entry.section is not None)
            if specific > most:
                best, most = entry, specific
        return best


def read_evaluation(
    data: Mapping[str, Any], *, where: str = "evaluation.toml", folder: Path | None = None
) -> Evaluation:
    """Check a zone's ``evaluation.toml`` against the edition it names.

    Parameters
    ----------
    data
        What the file says; its form is explained in ``resources/standards/README.md``.
    where
        Name of the file, for sentences.
    folder
        Where a scheme of the zone's own is looked for, if ``standard`` is a path.

    Raises
    ------
    StandardError, UnknownNameError
        One sentence that names file, entry and what is wrong.
    """
    edition = _edition(data, where, folder)
    kind = str(data.get("kind", ""))
    if kind not in edition.kinds:
        raise UnknownNameError(
            kind or "(empty)", edition.kinds, what=f"zone type (kind, {where})", zh="开发区类型"
        )
    kinds = {str(u): str(k) for u, k in data.get("kinds", {}).items()}
    areas = {str(u): str(a) for u, a in data.get("areas", {}).items()}
    if unknown := set(kinds.values()) - set(edition.kinds):
        raise UnknownNameError(unknown, edition.kinds, what="zone type", zh="开发区类型")
    known = _areas_of(edition)
    if unknown := set(areas.values()) - known:
        raise UnknownNameError(unknown, known, what="area", zh="评价分区")
    weights = {**_judged(data.get("ahp", ()), edition, where), **data.get("weights", {})}
    if weights:
        edition = edition.with_weights(weights, where=where)
    return Evaluation(
        standard=edition,
        kind=kind,
        kinds=kinds,
        areas=areas,
        ideals=tuple(_ideal(e, edition, where) for e in data.get("ideal", ())),
        options=_options(data.get("options", {}), where),
        where=where,
    )


def _edition(data: Mapping[str, Any], where: str, folder: Path | None) -> Edition:
    name = data.get("standard")
    if isinstance(name, list | tuple) and len(name) > 1:
        raise StandardError(
            f"{where}：一次评价只能用一个版本，收到 {list(name)}。",
            f"{where}: one evaluation uses one edition; got {list(name)}.",
        )
    if not isinstance(name, str) or not name:
        raise StandardError(
            f'{where}：缺少 standard，例如 standard = "tdt1029-2014"。',
            f'{where}: standard is missing; for example standard = "tdt1029-2014".',
        )
    if folder is None or not name.endswith(".toml"):
        return load_standard(name)
    own = folder / name
    if not own.resolve().is_relative_to(folder.resolve()):
        raise StandardError(
            f"{where}：standard = “{name}”指向示范区文件夹之外。请把该文件放进文件夹。",
            f"{where}: standard = '{name}' lies outside the zone's folder. Put the file into it.",
        )
    return load_standard(own)


def _judged(entries: Sequence[Mapping[str, Any]], edition: Edition, where: str) -> dict[str, float]:
    """Weights of the nodes whose children experts compared in pairs."""
    weights: dict[str, float] = {}
    for entry in entries:
        node = str(entry.get("node", ""))
        children = edition.children(node)
        if not children:
            raise UnknownNameError(
                node,
                [n for n in (*edition.kinds, *edition.nodes) if edition.children(n)],
                what=f"node to compare in pairs ({where}, [[ahp]])",
                zh="可作成对比较的节点",
            )
        experts = entry.get("experts", [])
        names = [child.id.rpartition("/")[2] for child in children]
        if any(len(matrix) != len(children) for matrix in experts) or not experts:
            raise StandardError(
                f"{where}：节点 {node} 的判断矩阵应为 {len(children)} 阶，次序为 {names}。",
                f"{where}: the matrices of node {node} must have {len(children)} rows, in the order "
                f"{names}.",
            )
        found = mcdm.ahp_group(
            experts, entry.get("method", "eigenvector"), by=entry.get("by", "judgement")
        )
        if not found.CR < _LARGEST_CR:
            raise StandardError(
                f"{where}：节点 {node} 的判断矩阵一致性比率为 {found.CR:.3f}，应小于 {_LARGEST_CR:g}，"
                "请专家复核。",
                f"{where}: the judgements of node {node} have a consistency ratio of "
                f"{found.CR:.3f}, not below {_LARGEST_CR:g}; ask the experts again.",
            )
        weights |= {c.id: float(w) for c, w in zip(children, found.weights, strict=True)}
    return weights


def _areas_of(edition: Edition) -> set[str]:
    return {area for kind in edition.kinds for area in edition.areas(kind)}


def _ideal(entry: Mapping[str, Any], edition: Edition, where: str) -> Ideal:
    key = str(entry.get("indicator", ""))
    if key not in INDICATORS:
        raise UnknownNameError(key, INDICATORS, what=f"indicator ({where}, [[ideal]])", zh="指标")
    stated = entry.get("standard", edition.id)
    if stated != edition.id:
        raise StandardError(
            f"{where}：指标 {key} 的理想值出自版本 {stated}，而评价用版本 {edition.id}；不同版本不可混用。",
            f"{where}: the ideal of {key} is of edition {stated}, the evaluation of {edition.id}; "
            "two editions cannot be mixed.",
        )
    value = entry.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise StandardError(
            f"{where}：指标 {key} 的理想值 {value!r} 不是数。",
            f"{where}: the ideal of {key}, {value!r}, is not a number.",
        )
    if value < 0 or (value == 0 and INDICATORS[key].direction == "+"):
        raise StandardError(
            f"{where}：指标 {key} 的理想值为 {value:g}，越大越优的指标须大于 0，越小越优的不能为负。",
            f"{where}: the ideal of {key} is {value:g}; it must be above 0 where more is better, "
            "and not negative where less is.",
        )
    method = entry.get("method", [])
    methods = (method,) if isinstance(method, str) else tuple(method)
    if unknown := set(methods) - set(METHODS):
        raise UnknownNameError(unknown, METHODS, what="method of an ideal", zh="理想值方法")
    for name, choices in (("kind", edition.kinds), ("area", sorted(_areas_of(edition)))):
        if (given := entry.get(name)) is not None and given not in choices:
            raise UnknownNameError(
                str(given), choices, what=f"{name} of an ideal ({where})", zh=f"理想值的 {name}"
            )
    return Ideal(
        key,
        float(value),
        methods,
        str(entry.get("zh", "")),
        str(entry.get("en", "")),
        entry.get("kind"),
        entry.get("area"),
    )


def _options(data: Mapping[str, Any], where: str) -> Options:
    allowed = {"cap", "idle", "missing", "round_like_form"}
    if unknown := set(data) - allowed:
        raise UnknownNameError(unknown, allowed, what=f"option ({where})", zh="选项")
    cap = data.get("cap", 100)
    if cap in ("none", None):
        limit = None
    elif isinstance(cap, int | float) and not isinstance(cap, bool) and cap > 0:
        limit = float(cap)
    else:
        raise StandardError(
            f'{where}：cap 应为正数或 "none"，收到 {cap!r}。',
            f'{where}: cap must be above 0 or "none"; got {cap!r}.',
        )
    for name, choices in (("idle", ("complement", "ratio")), ("missing", ("refuse", "partial"))):
        if data.get(name, choices[0]) not in choices:
            raise UnknownNameError(
                str(data[name]), choices, what=f"{name} ({where})", zh=f"选项 {name}"
            )
    return Options(
        cap=limit,
        idle=str(data.get("idle", "complement")),
        missing=str(data.get("missing", "refuse")),
        round_like_form=bool(data.get("round_like_form", False)),
    )

"""What is checked in a layer of land-use patches (地类图斑检查), by rules that are data with their edition.

The rules stand in ``resources/patch_rules.toml``, where it is said what they come from. A rule that
a layer has not the fields for is not asked, and said to be so.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..plan.land_use import classify, plain_class, texts

__all__ = ["EDITION", "PATCH_RULES", "SCORE_REMARK", "Inspection", "PatchRule", "inspect_patches"]


@dataclass(frozen=True, slots=True)
class PatchRule:
    """One rule: which rows it is about, and what must hold of their fields."""

    key: str
    zh: str
    en: str
    grade: str
    where: Mapping[str, str]
    where_above: Mapping[str, float]
    must: Mapping[str, str]
    least: Mapping[str, float]
    above: Mapping[str, float]
    most: Mapping[str, float]
    below: Mapping[str, float]
    pair: tuple[str, ...]
    total: Mapping[str, Any]

    @property
    def fields(self) -> set[str]:
        """The fields that the rule asks about."""
        held = [
            self.where,
            self.where_above,
            self.must,
            self.least,
            self.above,
            self.most,
            self.below,
        ]
        told = {name for one in held for name in one} | set(self.pair)
        return told | {str(self.total[key]) for key in ("of", "plus", "minus") if key in self.total}


@cache
def _load() -> Mapping[str, Any]:
    text = files("zgcgis").joinpath("resources/patch_rules.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _rule(key: str, told: Mapping[str, Any]) -> PatchRule:
    kinds = ("where", "where_above", "must", "least", "above", "most", "below")
    return PatchRule(
        key=key,
        zh=told["zh"],
        en=told["en"],
        grade=told["class"],
        pair=tuple(told.get("pair", ())),
        total=told.get("sum", {}),
        **{kind: told.get(kind, {}) for kind in kinds},
    )


EDITION: str = _load()["edition"]
"""Of which year the rules are."""
PATCH_RULES: Mapping[str, PatchRule] = {k: _rule(k, told) for k, told in _load()["rule"].items()}
"""The rules by key."""
SCORE_REMARK: tuple[str, str] = (_load()["score_zh"], _load()["score_en"])
"""What is to be said wherever the score is shown."""


@dataclass(frozen=True)
class Inspection:
    """What an inspection found.

    Attributes
    ----------
    found
        By rule the positions of the rows that break it; those without any are left out.
    not_asked
        The rules for which the layer has not all fields, and the fields it lacks.
    score
        100 less what each defect costs, never below 0; see :data:`SCORE_REMARK`.
    """

    found: Mapping[str, NDArray[np.intp]]
    not_asked: Mapping[str, tuple[str, ...]]
    score: float


def inspect_patches(patches: pd.DataFrame) -> Inspection:
    """Hold a layer of land-use patches, in the fields of the survey, against the rules.

    Examples
    --------
    >>> rows = pd.DataFrame({"DLBM": ["0601", "0103"], "KCXS": [0.1, 0.1]})
    >>> made = inspect_patches(rows)
    >>> {rule: list(map(int, at)) for rule, at in made.found.items()}
    {'D07': [0]}
    """
    found, not_asked = {}, {}
    for key, rule in PATCH_RULES.items():
        if lacking := sorted(rule.fields - set(patches.columns)):
            not_asked[key] = tuple(lacking)
        elif len(rows := np.flatnonzero(_broken(patches, rule))):
            found[key] = rows
    points = _load()["score"]
    lost = sum(points[PATCH_RULES[key].grade] * len(rows) for key, rows in found.items())
    return Inspection(found, not_asked, max(0.0, 100.0 - lost))


def _broken(patches: pd.DataFrame, rule: PatchRule) -> NDArray[np.bool_]:
    about = np.ones(len(patches), bool)
    for name, pattern in rule.where.items():
        about &= _matches(patches[name], pattern)
    for name, bound in rule.where_above.items():
        about &= _numbers(patches[name]) > bound
    good = np.ones(len(patches), bool)
    for name, pattern in rule.must.items():
        good &= _matches(patches[name], pattern)
    for bounds, holds in (
        (rule.least, np.greater_equal),
        (rule.above, np.greater),
        (rule.most, np.less_equal),
        (rule.below, np.less),
    ):
        for name, bound in bounds.items():
            values = np.nan_to_num(_numbers(patches[name]))  # a blank is nought in such a layer
            good &= holds(values, bound)
    if rule.pair:
        good &= _named(*(patches[name] for name in rule.pair))
    if rule.total:
        of, plus, minus = (_numbers(patches[str(rule.total[k])]) for k in ("of", "plus", "minus"))
        there = np.isfinite(of) & np.isfinite(plus)
        about &= there
        good &= ~there | (np.abs(plus - np.nan_to_num(minus) - of) <= rule.total["within"])
    return about & ~good


def _texts(values: pd.Series) -> pd.Series:
    return texts(values).str.replace(r"^(\d+)\.0+$", r"\1", regex=True)


def _matches(values: pd.Series, pattern: str) -> NDArray[np.bool_]:
    wanted = re.compile(pattern)
    return np.array([wanted.search(text) is not None for text in _texts(values)], bool)


def _numbers(values: pd.Series) -> NDArray[np.float64]:
    def number(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            return float("nan")

    return np.array([number(text) for text in _texts(values)], float)


def _named(codes: pd.Series, names: pd.Series) -> NDArray[np.bool_]:
    """Whether each name is that of its code; a code or a name that is blank or unknown is not judged."""
    known = classify(_texts(codes), "third_survey")
    given = [plain_class(name) for name in _texts(names)]
    right = [{plain_class(one) for one in name.split("/")} for name in known["zh"]]
    return np.array(
        [not name or held == {""} or name in held for name, held in zip(given, right, strict=True)],
        bool,
    )

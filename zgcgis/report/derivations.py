"""How a number of the report came (由来): its formula, and the formula with the numbers put in."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from ..assessment import Assessment
from ..indicators import INDICATORS
from ..language.terms import TERMS, label
from ..standards import POTENTIALS, Scores
from .wording import Words
from .workbook import zh_formula

__all__ = ["Derivations"]


_OVER_YEARS = (
    (r"mean of (\w+) over the last (\d) years", r"近 \2 年 \1 平均值"),
    (r"max of (\w+) over the last (\d) years", r"近 \2 年 \1 最大值"),
)


class Derivations:
    """Says of the numbers of an assessment how each came, in one language."""

    def __init__(self, result: Assessment, say: Words) -> None:
        self.result, self.say = result, say
        self._accounts = pd.concat([result.accounts, result.total_accounts])
        self._own: dict[tuple[str, int], pd.DataFrame] = {}
        for scores in (result.scores, result.total_scores):
            if scores is not None:
                listed = scores.indicators()
                for at, rows in listed.groupby(["unit", "year"], sort=False):
                    unit, year = at
                    self._own[str(unit), int(year)] = rows

    def formula(self, text: str) -> str:
        """A printed formula with the names of its quantities in the language of the page."""
        return self.say(
            zh_formula(text).replace("max(", "较大者("), _named(text, lambda key: label(key, "en"))
        )

    def indicator(self, unit: str, year: int, key: str, value: Any) -> str:
        """Formula of an indicator, then with the accounts of the unit and year put in."""
        at, text = (unit, year), INDICATORS[key].formula
        if value != value or at not in self._accounts.index:
            return ""
        row = self._accounts.loc[at]
        filled = _named(text, lambda name: self._quantity(at, name, row.get(name)))
        filled = filled.replace("*", "×").replace(" / ", " ÷ ")
        unit_said = self.say.unit(INDICATORS[key].unit)
        unit_said = "" if unit_said == "1" else unit_said
        return f"{self.formula(text)} = {filled} = {value:,.6g} {unit_said}".strip()

    def _quantity(self, at: tuple[str, int], key: str, value: Any) -> str:
        """A value with its unit, and whether it was stated or measured."""
        basis = self.result.basis
        known = at in basis.index and key in basis
        way = {
            "computed": self.say("，量算", ", measured"),
            "stated": self.say("，填报", ", stated"),
        }.get(str(basis.at[at, key]) if known else "", "")
        number = "—" if value is None or value != value else f"{float(value):,.10g}"
        return f"[{number} {self.say.quantity(TERMS[key].unit)}".rstrip() + f"{way}]"

    def score(self, unit: str, year: int) -> str:
        """What each indicator adds to a score: value, ideal, score, weight."""
        rows = self._own.get((unit, year))
        if rows is None:
            return ""
        parts = []
        for row in rows.itertuples(index=False):
            named = INDICATORS[row.indicator]
            name = self.say(named.zh, named.en)
            if row.score != row.score:
                parts.append(self.say(f"{name}：缺数", f"{name}: missing"))
                continue
            ideal = "—" if row.ideal is None or row.ideal != row.ideal else f"{row.ideal:,.6g}"
            parts.append(
                self.say(
                    f"{name}：值 {row.value:,.6g}，理想值 {ideal}，得 {row.score:.2f} × 权重 {row.share:.4g}",
                    f"{name}: value {row.value:,.6g}, ideal {ideal}, scores {row.score:.2f} × weight {row.share:.4g}",
                )
            )
        head = self.say("Σ（指标得分 × 权重）÷ 覆盖率。", "Σ (score × weight) ÷ coverage. ")
        return head + self.say("；", "; ").join(parts)

    def rank(self, unit: str, year: int) -> str:
        """How many of the same year, type and area score more."""
        row = self.result.ranks.loc[(unit, year)]
        if pd.isna(row["rank"]):
            return ""
        higher = int(row["rank"]) - 1
        return self.say(
            f"同年、同类型和分区中数据齐全的 {int(row['of'])} 个园区里，{higher} 个分值更高，名次 = {higher} + 1",
            f"Of {int(row['of'])} parks with all values, of this year, type and area, {higher} score more: {higher} + 1",
        )

    def potential(self, item: str) -> str:
        """Formula of a potential."""
        text = POTENTIALS[item].formula
        for pattern, zh in _OVER_YEARS:
            text = re.sub(pattern, self.say(zh, r"\g<0>"), text)
        for key, one in INDICATORS.items():
            text = re.sub(rf"\b{key}\b", self.say(one.zh, one.en), text)
        text = re.sub(r"\bideal\b", self.say("理想值", "ideal value"), text)
        return self.formula(text)

    def moved(self, unit: str, start: int, end: int) -> str:
        """A change of score as the difference of two scores."""
        scores: Scores | None = self.result.scores
        if scores is None:
            return ""
        before, after = (float(scores.total.at[(unit, y), "score"]) for y in (start, end))
        return f"{after:.4f} − {before:.4f}"


def _named(text: str, name: Any) -> str:
    """A formula with each key of an account put as `name` says it."""
    return re.sub(r"[a-z][a-z0-9_]*", lambda m: name(m[0]) if m[0] in TERMS else m[0], text)

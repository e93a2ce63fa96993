"""Scores from values and ideal values, taken apart into what each indicator adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas import DataFrame, Series

from .. import mcdm
from ..indicators import INDICATORS
from ..language.errors import StandardError, UnknownNameError
from .editions import Edition, Node, load_standard
from .evaluation import Evaluation, Options, read_evaluation

__all__ = ["Scores", "attribute", "rank_changes", "ranking", "score", "shares_below"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Scores of units and years, and what they are made of.

    Attributes
    ----------
    total
        Indexed by ``(unit, year)``: ``kind``, ``score`` (0 to 100 with the usual cap) and
        ``coverage``, the weight of the indicators that had a value (1 = all).
    parts
        One row per unit, year, area and node: ``node depth indicator weight share value ideal
        score coverage contribution``. ``share`` is the node's weight in the whole score;
        the contributions of the indicators add to the score.
    evaluation
        What the scores rest on.
    """

    total: DataFrame
    parts: DataFrame
    evaluation: Evaluation

    @property
    def method(self) -> list[tuple[str, str]]:
        """Every choice behind the scores, in both languages."""
        edition = self.evaluation.standard
        return [
            (
                f"评价标准：{edition.zh}（{edition.id}）。",
                f"Standard: {edition.en} ({edition.id}).",
            ),
            *self.evaluation.options.describe(),
        ]

    def indicators(self) -> DataFrame:
        """Only the indicator rows of ``parts``."""
        return self.parts[self.parts["indicator"].notna()].reset_index(drop=True)


def score(
    values: DataFrame,
    standard: Edition | str,
    evaluation: Evaluation | Mapping[str, Any],
) -> Scores:
    """Score indicator values against ideal values (理想值), 0 to 100.

    Parameters
    ----------
    values
        Indicator values indexed by ``(unit, year)``, or by ``(unit, year, area)`` where a
        unit has both a main and a development-direction area.
    standard
        The edition, or its name. It must be the one the evaluation is made for.
    evaluation
        The zone's choices, read or as its file states them.

    Returns
    -------
    Scores
        A unit with one area is scored by that area alone (the rule of the forms: without a
        development-direction area the main area has weight 1).

    Raises
    ------
    StandardError
        If the editions differ, an ideal value is missing, or a value is missing and the
        option ``missing`` is ``"refuse"``.
    """
    edition = load_standard(standard) if isinstance(standard, str) else standard
    chosen = evaluation if isinstance(evaluation, Evaluation) else read_evaluation(evaluation)
    if chosen.standard.id != edition.id:
        raise StandardError(
            f"评价依据版本 {chosen.standard.id}，评分用版本 {edition.id}；不同版本不可混用。",
            f"The evaluation is for edition {chosen.standard.id}, the score asked for is of "
            f"{edition.id}; two editions cannot be mixed.",
        )
    if len(values) == 0:
        raise StandardError("没有可评分的单元。", "There is no unit to score.")
    table = _with_area(values, chosen)
    parts, totals = [], []
    kinds = table.index.get_level_values("unit").map(chosen.kind_of)
    areas = table.index.get_level_values("area")
    for (kind, area), rows in table.groupby([np.asarray(kinds), np.asarray(areas)], sort=False):
        part, total = _score_area(rows, str(kind), str(area), chosen)
        parts.append(part)
        totals.append(total)
    return _combine(pd.concat(parts), pd.concat(totals), chosen, values)


def _with_area(values: DataFrame, evaluation: Evaluation) -> DataFrame:
    if "area" in values.index.names:
        return values
    if list(values.index.names) != ["unit", "year"]:
        raise StandardError(
            f"指标值须以（unit, year）为索引，现为 {list(values.index.names)}。",
            f"The values must be indexed by (unit, year); the index is {list(values.index.names)}.",
        )
    units = values.index.get_level_values("unit")
    area = pd.Index(units.map(evaluation.area_of), name="area")
    return values.set_index(area, append=True)


def form_round(values: Floats) -> Floats:
    """Round to two decimals, halves up, as printed forms do."""
    rounded: Floats = np.floor(values * 100 + 0.5 + 1e-9) / 100
    return rounded


def score_values(values: Floats, leaves: list[Node], ideals: Floats, options: Options) -> Floats:
    """Scores of values whose last axis runs over the indicators; NaN stays NaN."""
    current = form_round(values) if options.round_like_form else values
    result = np.empty_like(current)
    for j, leaf in enumerate(leaves):
        named = INDICATORS[str(leaf.indicator)]
        v, ideal = current[..., j], ideals[j]
        if named.direction == "+":
            s = 100 * v / ideal
        elif options.idle == "ratio":
            s = np.where(np.isnan(v), v, 100.0) if ideal == 0 else 100 * v / ideal
        elif named.unit == "%":
            s = 100 * (1 - v / 100)
        else:
            s = np.where(v > 0, 100 * ideal / np.where(v > 0, v, 1.0), np.where(v == 0, 100.0, v))
        result[..., j] = np.maximum(s, 0.0) if named.direction == "-" else s
    return result if options.cap is None else np.minimum(result, options.cap)


def ideals_of(leaves: list[Node], kind: str, area: str, evaluation: Evaluation) -> Floats:
    """Ideal values of the indicators of an area; refused where one is needed and missing."""
    found, lacking = [], []
    for leaf in leaves:
        key = str(leaf.indicator)
        entry = evaluation.ideal(key, kind, area)
        named = INDICATORS[key]
        optional = named.direction == "-" and named.unit == "%"
        if entry is None and not (optional and evaluation.options.idle == "complement"):
            lacking.append(key)
        found.append(entry.value if entry is not None else np.nan)
    if lacking:
        names = "、".join(INDICATORS[key].zh for key in lacking)
        raise StandardError(
            f"{evaluation.where}：缺少 {names} 的理想值（类型 {kind}，分区 {area}）。",
            f"{evaluation.where}: no ideal value for {lacking} (type {kind}, area {area}).",
        )
    return np.array(found)


def shares_below(edition: Edition, root: str) -> dict[str, float]:
    """Weight of every node below `root` in the score of `root`."""
    share = {root: 1.0}
    for node in edition.below(root):
        share[node.id] = share[node.parent] * node.weight
    return share


def _score_area(
    rows: DataFrame, kind: str, area: str, evaluation: Evaluation
) -> tuple[DataFrame, DataFrame]:
    edition, root = evaluation.standard, f"{kind}/{area}"
    if root not in edition.nodes:
        raise StandardError(
            f"版本 {edition.id} 的类型 {kind} 没有分区 {area}。",
            f"Type {kind} of edition {edition.id} has no area {area}.",
        )
    leaves = edition.leaves(root)
    share = shares_below(edition, root)
    ideals = ideals_of(leaves, kind, area, evaluation)
    v = rows.reindex(columns=[leaf.indicator for leaf in leaves]).to_numpy(dtype=np.float64)
    if np.isinf(v).any():
        raise StandardError(
            "指标值出现无穷大，请检查分母。", "A value is infinite; look at its denominator."
        )
    _refuse_missing(v, rows, leaves, evaluation)
    s = score_values(v, leaves, ideals, evaluation.options)
    have = ~np.isnan(s)
    weight = np.array([share[leaf.id] for leaf in leaves])
    coverage = (have * weight).sum(axis=1)
    nodes = [edition.nodes[root], *edition.below(root)]
    part = []
    for node in nodes:
        mine = np.array(
            [leaf.id == node.id or leaf.id.startswith(node.id + "/") for leaf in leaves]
        )
        there = (have * weight)[:, mine].sum(axis=1)
        summed = (np.where(have, s, 0.0) * weight)[:, mine].sum(axis=1)
        j = next((j for j, leaf in enumerate(leaves) if leaf.id == node.id), None)
        frame = pd.DataFrame(index=rows.index)
        frame["node"], frame["depth"] = node.id, node.depth
        frame["indicator"] = node.indicator
        frame["weight"], frame["share"] = node.weight, share[node.id]
        frame["value"] = v[:, j] if j is not None else np.nan
        frame["ideal"] = ideals[j] if j is not None else np.nan
        frame["score"] = np.where(there > 0, summed / np.where(there > 0, there, 1.0), np.nan)
        frame["coverage"] = there / share[node.id]
        frame["contribution"] = summed / np.where(coverage > 0, coverage, np.nan)
        part.append(frame)
    total = pd.DataFrame(index=rows.index)
    total["kind"] = kind
    total["score"] = part[0]["score"]
    total["coverage"] = coverage
    total["area_weight"] = edition.nodes[root].weight
    return pd.concat(part), total


def _refuse_missing(v: Floats, rows: DataFrame, leaves: list[Node], evaluation: Evaluation) -> None:
    if evaluation.options.missing != "refuse" or not np.isnan(v).any():
        return
    i = int(np.isnan(v).any(axis=1).argmax())
    unit, year = rows.index[i][:2]
    lacking = [str(leaf.indicator) for j, leaf in enumerate(leaves) if np.isnan(v[i, j])]
    more = int(np.isnan(v).any(axis=1).sum()) - 1
    names = "、".join(INDICATORS[key].zh for key in lacking)
    raise StandardError(
        f'{unit} {year} 年缺少指标 {names}（另有 {more} 行缺数），按 missing = "refuse" 不予计分；'
        f'请补数，或在 [options] 中设 missing = "partial"。',
        f"{unit}, {year}: no value for {lacking} ({more} more rows lack values); with "
        'missing = "refuse" there is no score. Give the values, or set missing = "partial".',
    )


def _combine(
    parts: DataFrame, totals: DataFrame, evaluation: Evaluation, values: DataFrame
) -> Scores:
    """Put the areas of a unit together: weights of the edition, or 1 where there is one area."""
    key = ["unit", "year"]
    scored = totals["score"].notna()
    given = totals["area_weight"].where(scored, 0.0)
    area_share = given / given.groupby(level=key).transform("sum").replace(0.0, np.nan)
    total = pd.DataFrame(
        {
            "kind": totals["kind"].groupby(level=key).first(),
            "score": (totals["score"].fillna(0.0) * area_share).groupby(level=key).sum(min_count=1),
            "coverage": (totals["coverage"] * area_share.fillna(0.0)).groupby(level=key).sum(),
        }
    )
    wanted = (
        values.index.droplevel("area").unique() if "area" in values.index.names else values.index
    )
    parts = parts.join(area_share.rename("area_share"))
    parts["share"] = parts["share"] * parts["area_share"]
    parts["contribution"] = parts["contribution"] * parts["area_share"]
    parts = parts.drop(columns="area_share").reset_index()
    order = {pair: i for i, pair in enumerate(wanted)}
    places = [order[u, y] for u, y in zip(parts["unit"], parts["year"], strict=True)]
    parts = parts.assign(_place=places).sort_values("_place", kind="stable").drop(columns="_place")
    return Scores(total.reindex(wanted), parts.reset_index(drop=True), evaluation)


# --- what a score is made of ------------------------------------------------------------------


def ranking(scores: Scores) -> DataFrame:
    """Rank of each unit within its year, zone type and area, 1 the best; equal scores are equal.

    Returns
    -------
    DataFrame
        Indexed as ``scores.total``: ``kind area score coverage rank of``; ``area`` is that of the
        unit (a main area has other indicators and ideals than a development-direction area, so
        they are not ranked together), ``of`` the number of units compared. A unit scored on part
        of the indicators only has no rank.
    """
    table = scores.total.copy()
    tops = scores.parts[scores.parts["depth"] == 1]
    area = tops.groupby(["unit", "year"], sort=False)["area"].agg(
        lambda a: "+".join(dict.fromkeys(a))
    )
    table.insert(1, "area", area.reindex(table.index))
    full = table["score"].where(table["coverage"] > 1 - 1e-9)
    group = [table.index.get_level_values("year"), table["kind"], table["area"]]
    table["rank"] = full.groupby(group, group_keys=False).transform(
        lambda s: mcdm.rank(s).astype("Float64")
    )
    table["rank"] = table["rank"].astype("Int64")
    table["of"] = full.groupby(group).transform("count").astype("Int64")
    return table


def attribute(scores: Scores, unit: str, start: int, end: int) -> DataFrame:
    """What moved the score of a unit between two years, indicator by indicator.

    Returns
    -------
    DataFrame
        ``indicator area before after change``, in points of the total score; the changes add
        to the change of the score.
    """
    rows = scores.indicators()
    rows = rows[rows["unit"] == unit]
    years = set(rows["year"])
    if unknown := {start, end} - years:
        raise UnknownNameError(
            {str(y) for y in unknown}, {str(y) for y in years}, what=f"year of {unit}", zh="年份"
        )
    wide = rows.pivot(index=["area", "indicator"], columns="year", values="contribution")
    result = pd.DataFrame({"before": wide[start], "after": wide[end]}).fillna(0.0)
    result["change"] = result["after"] - result["before"]
    order = result["change"].abs().sort_values(ascending=False, kind="stable").index
    return result.loc[order].reset_index()[["indicator", "area", "before", "after", "change"]]


def rank_changes(scores: Scores) -> DataFrame:
    """How ranks moved between following years, and which indicator moved the unit's score most.

    Returns
    -------
    DataFrame
        ``unit kind from to rank_before rank_after score_change cause cause_change``: ``cause``
        is the indicator whose contribution changed most in the direction of the score. A rank
        can move although a score does not, because others moved; the cause is then empty.
    """
    ranks = ranking(scores)
    rows = []
    for unit in dict.fromkeys(ranks.index.get_level_values("unit")):
        mine = ranks.loc[unit].sort_index()
        for before, after in pairwise(mine.index):
            a, b = mine.loc[before], mine.loc[after]
            moved = float(b["score"] - a["score"])
            cause, points = _cause(scores, str(unit), int(before), int(after), moved)
            rows.append(
                {
                    "unit": unit,
                    "kind": b["kind"],
                    "from": before,
                    "to": after,
                    "rank_before": a["rank"],
                    "rank_after": b["rank"],
                    "score_change": moved,
                    "cause": cause,
                    "cause_change": points,
                }
            )
    columns = ["unit", "kind", "from", "to", "rank_before", "rank_after", "score_change"]
    frame = pd.DataFrame(rows, columns=[*columns, "cause", "cause_change"])
    for name in ("rank_before", "rank_after"):
        frame[name] = frame[name].astype("Int64")
    return frame


def _cause(scores: Scores, unit: str, before: int, after: int, moved: float) -> tuple[str, float]:
    if not abs(moved) > 1e-9:
        return "", 0.0
    changes: Series = attribute(scores, unit, before, after).set_index("indicator")["change"]
    same = changes[np.sign(changes) == np.sign(moved)]
    if same.empty:
        return "", 0.0
    most = same.abs().idxmax()
    return str(most), float(same[most])

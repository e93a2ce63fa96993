"""What changed between two checks (两次核查的变化): new, fixed, worse, better, same.

A check that asked less found less: what only one of two checks asked is left out, and said.

Waivers (一事一议) are findings that somebody let stand, for a reason, until a day.
``waivers.toml`` in the zone folder::

    [[waiver]]
    rule = "P302"
    feature = "N001-03"
    other = "K12"                       # optional: only with this other one
    who = "管委会主任办公会 2023-05 号"
    why = "市政管线迁改，2024年底前完成"
    until = 2024-12-31                  # the last day it holds

A waived finding is shown with its waiver, never dropped; one that has run out counts again.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from ..checks.coverage import unjudged
from ..checks.topology import limits_of
from ..findings import MANY, RULES, SEVERITY_NAMES, Rule
from ..language.errors import PlanError, ReadError, UnknownNameError
from ..language.safe_text import Text
from ..model import Zone
from ..plan.fields import REMARKS
from ..plan.settings import check_settings, read_toml

__all__ = [
    "STATUSES",
    "Question",
    "Waiver",
    "compare_checks",
    "compare_findings",
    "question_of",
    "read_waivers",
    "waive",
    "waiver_table",
]

STATUSES = ("new", "worse", "same", "better", "fixed")
"""What may have happened to a finding, gravest first."""

_SAME = ["rule", "level", "_feature", "_other"]
_KEY = [*_SAME, "_nth"]
_TOLD = ("feature", "other", "severity", "detail", "unit", "clause")


def compare_findings(
    old: pd.DataFrame, new: pd.DataFrame, *, tolerance: float = 1e-3
) -> pd.DataFrame:
    """Return the findings of two checks side by side, one row each.

    Two findings are the same if rule, level, feature and other agree; where several do, they are
    paired in the order of size. ``status`` is one of :data:`STATUSES`. A finding is worse or
    better if its severity changed or its excess over the limit grew or shrank by more than
    `tolerance` of the larger excess (a clock that goes on, as in days overdue, makes it worse).

    Returns
    -------
    compared
        The columns of the findings (of the new one where there is one) with ``status``,
        ``severity_before``, ``measured_before`` and ``limit_before``, gravest status first.
    """
    before, after = _numbered(old), _numbered(new)
    both = after.merge(
        before[[*_KEY, *_TOLD, "measured", "limit"]],
        on=_KEY,
        how="outer",
        suffixes=("", "_before"),
        indicator=True,
    )
    gone = (both["_merge"] == "right_only").to_numpy()
    for name in (*_TOLD, "measured", "limit"):
        both[name] = both[name].where(~gone, both[f"{name}_before"])
    excess = (both["measured"] - both["limit"].fillna(0.0)).abs()
    excess_before = (both["measured_before"] - both["limit_before"].fillna(0.0)).abs()
    step = (excess - excess_before).to_numpy(dtype="float64")
    size = np.fmax(excess.to_numpy(dtype="float64"), excess_before.to_numpy(dtype="float64"))
    grown = np.where(np.isnan(step) | (np.abs(step) <= tolerance * size), 0.0, step)
    grave = {"error": 2, "warning": 1, "note": 0}
    rank, rank_before = (
        both[name].map(grave).astype("float64") for name in ("severity", "severity_before")
    )
    shift = (rank - rank_before).fillna(0)
    moved = np.where(shift.to_numpy() != 0, shift.to_numpy(dtype="float64"), grown)
    status = np.select(
        [
            gone,
            (both["_merge"] == "left_only").to_numpy(),
            moved > 0,
            moved < 0,
        ],
        ["fixed", "new", "worse", "better"],
        default="same",
    )
    order = {name: k for k, name in enumerate(STATUSES)}
    kept = {"severity", "measured", "limit"}
    dropped = ["_feature", "_other", "_nth", "_merge"]
    dropped += [f"{name}_before" for name in _TOLD if name not in kept]
    compared = both.drop(columns=dropped).assign(status=status)
    compared["_rank"] = compared["status"].map(order)
    return (
        compared.sort_values(["_rank", "rule", "feature", "other"], kind="stable")
        .drop(columns="_rank")
        .reset_index(drop=True)
    )


def _numbered(findings: pd.DataFrame) -> pd.DataFrame:
    """The findings without geometry, with texts filled and equal keys numbered by size."""
    table = pd.DataFrame(findings.drop(columns="geometry", errors="ignore")).copy()
    for name in ("rule", "level", "feature", "other", "detail", "unit", "clause", "severity"):
        table[name] = table[name].astype("object").where(table[name].notna(), "").astype(str)
    for name in ("measured", "limit"):
        table[name] = pd.to_numeric(table[name]).astype("float64")
    caused = table["rule"].map(lambda code: bool(RULES[code].cause) if code in RULES else False)
    cause = table["detail"].str.split("；").str[0].where(caused.astype(bool), "")
    for name in ("feature", "other"):  # of many features the first few may be others each time
        of_many = table[name].str.contains(MANY, regex=False)
        table[f"_{name}"] = table[name].where(~of_many, MANY + cause)
    table = table.sort_values("measured", ascending=False, kind="stable", na_position="last")
    table["_nth"] = table.groupby(_SAME).cumcount()
    return table


# --- what a check was asked ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """What a check was asked, so that another can be held against it.

    Attributes
    ----------
    zone, as_of
        The zone, and the day it was judged on.
    rules
        The rules that judged something, each with its limits.
    unjudged
        Rules that were asked and could judge nothing.
    in_part
        How many features a rule could not judge, where there are any.
    kept_to
        What the check was kept to: ``rules``, ``parks``, ``severities``; empty if to nothing.
    layers
        File, SHA-256 and number of features of each layer.
    """

    zone: str
    as_of: str
    rules: Mapping[str, Mapping[str, Any]]
    unjudged: tuple[str, ...] = ()
    in_part: Mapping[str, int] = field(default_factory=dict)
    kept_to: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    layers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def partial(self) -> bool:
        """Whether the check was kept to some rules, parks or severities."""
        return any(self.kept_to.values())

    def asks(self, code: str) -> bool:
        """Whether findings of a rule are what was asked for."""
        if code in self.rules:
            return True
        entry, codes = RULES.get(code), tuple(self.kept_to.get("rules", ()))
        of_reading = entry is not None and entry.func is None
        return of_reading and (not codes or code.startswith(codes))

    def as_data(self) -> dict[str, Any]:
        """Return the question as JSON knows it."""
        return asdict(self) | {"partial": self.partial}

    @classmethod
    def of_data(cls, data: Any, where: str) -> Question:
        """Make a question of what :meth:`as_data` gave."""
        try:
            return cls(
                zone=str(data["zone"]),
                as_of=str(data["as_of"]),
                rules={str(code): dict(limits) for code, limits in data["rules"].items()},
                unjudged=tuple(map(str, data["unjudged"])),
                in_part={str(code): int(n) for code, n in data["in_part"].items()},
                kept_to={str(k): tuple(map(str, v)) for k, v in data["kept_to"].items()},
                layers={str(k): dict(v) for k, v in data["layers"].items()},
            )
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ReadError(
                f"{where} 中“核查内容”（asked）已损坏：{error}。请用未改动过的核查成果。",
                f"{where}: what was asked (asked) is damaged: {error}. Use an unchanged check.",
            ) from error


def question_of(
    zone: Zone,
    rules: Mapping[str, Rule],
    not_checked: pd.DataFrame,
    *,
    day: date,
    found: pd.DataFrame,
    files: Mapping[str, Path] | None = None,
    kept_to: Mapping[str, Iterable[str]] | None = None,
) -> Question:
    """Return what a check of a zone asks.

    Parameters
    ----------
    zone
        The zone as it was checked.
    rules
        The rules that could be asked (:func:`zgcgis.checks.asked`).
    not_checked
        What they could not judge.
    day
        The day of judgement.
    found
        What was found: a rule that gave up judged nothing.
    files
        The files of the layers.
    kept_to
        See :class:`Question`.
    """
    gave_up = set(found["other"][found["rule"] == "C101"].dropna())
    nothing = (unjudged(not_checked, RULES) | gave_up) & set(rules)
    rest = not_checked[not_checked["features"] > 0]
    most = rest.groupby("rule")["features"].max() if len(rest) else {}
    return Question(
        zone=zone.id,
        as_of=day.isoformat(),
        rules={code: _limits(zone, one) for code, one in rules.items() if code not in nothing},
        unjudged=tuple(sorted(nothing)),
        in_part={str(code): int(n) for code, n in dict(most).items() if code in rules},
        kept_to={k: tuple(v) for k, v in (kept_to or {}).items() if tuple(v)},
        layers={level: _source(zone, level, files or {}) for level in sorted(zone.layers)},
    )


def _limits(zone: Zone, rule: Rule) -> dict[str, Any]:
    """The limits of a rule: what its function takes, and what the zone says instead or besides.

    ``[checks]`` counts for every rule of a module that reads it, whichever of its limits a rule uses.
    """
    assert rule.func is not None
    given = inspect.signature(rule.func).parameters.values()
    limits = {one.name: one.default for one in given if isinstance(one.default, int | float)}
    for need in rule.needs:
        if need.startswith("zone.thresholds."):
            key = need.removeprefix("zone.thresholds.")
            limits[key] = zone.meta.get("thresholds", {}).get(key)
    if limits_of.__name__ in rule.func.__globals__:
        limits |= zone.meta.get("checks", {})
    return limits


def _source(zone: Zone, level: str, files: Mapping[str, Path]) -> dict[str, Any]:
    there = {"features": zone.count(level)}
    if level not in files:
        return there
    with files[level].open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return there | {"file": files[level].name, "sha256": digest}


# --- two checks ----------------------------------------------------------------------------------


def compare_checks(
    old: pd.DataFrame, then: Question | None, new: pd.DataFrame, now: Question
) -> tuple[pd.DataFrame, list[Text]]:
    """Return how the findings of two checks differ, of what both asked, and what was left out.

    Parameters
    ----------
    old, new
        All that was found then and now, with the column ``park`` where the park is known; `new`
        also of parks and severities that were not asked for.
    then, now
        What was asked; None if the earlier list does not say.

    Returns
    -------
    compared, left_out
        As :func:`compare_findings`; and sentences.
    """
    both = {code for code in {*old["rule"], *new["rule"]} if now.asks(code)}
    left = [] if then is None else _other_ground(then, now)
    if then is None:
        left.append(_unknown(sorted({r for r in both if r not in set(old["rule"])})))
        both &= set(old["rule"])
    else:
        left += _asked_by_one(old, new, then, now)
        both = {code for code in both if then.asks(code) and _same_limits(code, then, now)}
    was, has = (table[table["rule"].isin(both)] for table in (old, new))
    parks = _common(then.kept_to.get("parks", ()) if then else (), now.kept_to.get("parks", ()))
    if parks is not None:
        was, has = _in_parks(was, parks), _in_parks(has, parks)
        words = "、".join(sorted(parks)) or "—"
        left.append(Text(f"只比较园区 {words}", f"only parks {words} are compared"))
    compared = compare_findings(was, has)
    asked_then = set((then.kept_to.get("severities") if then else None) or _GRAVE)
    asked_now = set(now.kept_to.get("severities") or _GRAVE)
    unseen = (compared["status"] == "new") & ~compared["severity"].isin(asked_then)
    beside = ~(compared["severity"].isin(asked_now) | compared["severity_before"].isin(asked_now))
    if asked_then != asked_now:
        kept = [SEVERITY_NAMES[one] for one in _GRAVE if one in asked_then & asked_now]
        left.append(
            Text(
                f"两次所问的等级不同，只比较：{'、'.join(one.zh for one in kept)}",
                f"other severities were asked; compared are: {', '.join(one.en for one in kept)}",
            )
        )
    if number := int((unseen & ~beside).sum()):
        left.append(
            Text(
                f"{number} 项的等级上次没有问，不知是否新增",
                f"{number} are of a severity not asked then; whether they are new is not known",
            )
        )
    return compared[~unseen & ~beside].reset_index(drop=True), [one for one in left if one.zh]


_GRAVE = ("error", "warning", "note")


def _common(then: Iterable[str], now: Iterable[str]) -> set[str] | None:
    """The parks that both checks were kept to; None if neither was kept to any."""
    one, two = set(then), set(now)
    if one and two:
        return one & two
    return (one or two) or None


def _in_parks(table: pd.DataFrame, parks: set[str]) -> pd.DataFrame:
    return table[table["park"].isin(parks)] if "park" in table else table[:0]


def _same_limits(code: str, then: Question, now: Question) -> bool:
    return then.rules.get(code, {}) == now.rules.get(code, {})


def _unknown(codes: list[str]) -> Text:
    start = Text(
        "上次的清单没有写明问了哪些规则，只比较其中出现过的规则",
        "the earlier list does not say which rules were asked; only those found in it are compared",
    )
    if not codes:
        return start
    return Text(
        f"{start.zh}；未比较：{'、'.join(codes)}", f"{start.en}; not compared: {', '.join(codes)}"
    )


def _other_ground(then: Question, now: Question) -> list[Text]:
    """What is not the same in two questions and changes the answers without being left out."""
    said = []
    if then.as_of != now.as_of:
        said.append(
            Text(
                f"认定日期不同：上次 {then.as_of}，本次 {now.as_of}",
                f"judged on other days: {then.as_of} then, {now.as_of} now",
            )
        )
    less = {
        code: now.in_part.get(code, 0) - then.in_part.get(code, 0)
        for code in sorted({*then.rules} & {*now.rules})
    }
    if worse := {code: n for code, n in less.items() if n > 0}:
        zh = "、".join(f"{code}（{n} 个）" for code, n in worse.items())
        en = ", ".join(f"{code} ({n})" for code, n in worse.items())
        said.append(
            Text(
                f"本次比上次更多要素无法判断，其“消除”可能只是没查到：{zh}",
                f"more features could not be judged than then, so what went may only be unseen: {en}",
            )
        )
    return said


def _asked_by_one(
    old: pd.DataFrame, new: pd.DataFrame, then: Question, now: Question
) -> list[Text]:
    """Say which rules only one of two checks asked, why, and how many findings that leaves out."""
    reasons = {
        "not_now": Text("本次没有问", "not asked now"),
        "silent_now": Text("本次无法判断", "could not be judged now"),
        "not_then": Text("上次没有问", "not asked then"),
        "silent_then": Text("上次无法判断", "could not be judged then"),
        "limits": Text("限值不同", "asked with other limits"),
    }
    codes: dict[str, list[str]] = {reason: [] for reason in reasons}
    known = {*then.rules, *now.rules, *then.unjudged, *now.unjudged, *old["rule"], *new["rule"]}
    for code in sorted(known):
        if not then.asks(code) and not now.asks(code):
            continue
        if not now.asks(code):
            codes["silent_now" if code in now.unjudged else "not_now"].append(code)
        elif not then.asks(code):
            codes["silent_then" if code in then.unjudged else "not_then"].append(code)
        elif not _same_limits(code, then, now):
            codes["limits"].append(code)
    said = []
    for reason, those in codes.items():
        if those:
            was, has = (int(table["rule"].isin(those).sum()) for table in (old, new))
            short = _by_family(those)
            said.append(
                Text(
                    f"{reasons[reason].zh}：{'、'.join(short)}（上次 {was} 项，本次 {has} 项）",
                    f"{reasons[reason].en}: {', '.join(short)} ({was} found then, {has} now)",
                )
            )
    return said


def _by_family(codes: list[str]) -> list[str]:
    """Codes in order; where all of a family are among them, its letter with a star."""
    families = {code[0] for code in codes}
    whole = {
        letter
        for letter in families
        if {c for c, one in RULES.items() if c[0] == letter and one.func} <= set(codes)
    }
    return sorted({f"{code[0]}*" if code[0] in whole else code for code in codes})


# --- waivers -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver: what it lets stand, who granted it, why, and until when."""

    rule: str
    feature: str
    who: str
    why: str
    until: date
    other: str = ""

    def holds(self, day: date) -> bool:
        """Whether the waiver still holds on a day."""
        return day <= self.until


def read_waivers(path: str | Path) -> tuple[Waiver, ...]:
    """Read a file of waivers; a missing field is an error that names it."""
    file = Path(path)
    data = read_toml(file, error=PlanError)
    check_settings(data, "waivers.toml", file, error=PlanError)
    waivers = [
        Waiver(**{key: entry[key] for key in entry.keys() - REMARKS})
        for entry in data.get("waiver", [])
    ]
    if unknown := {one.rule for one in waivers} - set(RULES):
        raise UnknownNameError(unknown, RULES, what="rule", zh="规则")
    return tuple(waivers)


def waive(
    findings: GeoDataFrame, waivers: Sequence[Waiver], day: date
) -> tuple[GeoDataFrame, GeoDataFrame, list[Waiver]]:
    """Split findings into those that stand and those that are waived on a day.

    Returns
    -------
    standing, waived, idle
        The findings that count; the waived ones with ``who why until`` added; the waivers that
        matched nothing or have run out.
    """
    held = np.full(len(findings), -1)
    used: set[int] = set()
    rule, feature = findings["rule"].to_numpy(), findings["feature"].astype("object").to_numpy()
    other = findings["other"].astype("object").where(findings["other"].notna(), "").to_numpy()
    for k, one in enumerate(waivers):  # a handful
        hit = (rule == one.rule) & (feature == one.feature) & (held < 0)
        if one.other:
            hit &= other == one.other
        if hit.any() and one.holds(day):
            held[hit] = k
            used.add(k)
    waived = findings[held >= 0].assign(
        who=[waivers[k].who for k in held[held >= 0]],
        why=[waivers[k].why for k in held[held >= 0]],
        until=[waivers[k].until.isoformat() for k in held[held >= 0]],
    )
    idle = [one for k, one in enumerate(waivers) if k not in used]
    standing = findings[held < 0].reset_index(drop=True)
    return standing, waived.reset_index(drop=True), idle


def waiver_table(waivers: Sequence[Waiver], day: date) -> pd.DataFrame:
    """Return waivers as a table, with whether each has run out."""
    columns = ["rule", "feature", "other", "who", "why", "until", "expired"]
    rows = [
        [w.rule, w.feature, w.other, w.who, w.why, w.until.isoformat(), not w.holds(day)]
        for w in waivers
    ]
    return pd.DataFrame(rows, columns=columns)

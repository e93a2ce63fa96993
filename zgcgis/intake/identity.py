"""Which feature is which: an id of its own for each, in its years, and no shape twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ..model import LEVELS
from ..standards.patches import EDITION, PATCH_RULES, SCORE_REMARK, inspect_patches
from .layer import Layer, Options
from .log import Log
from .tabular import forms_of

__all__ = ["identify", "inspect", "numbered_on"]

_BY_YEAR = ("staff_persons", "tax_wan", "income_wan", "investment_wan", "rd_wan", "energy_tce")


def identify(layer: Layer, _: Options) -> Layer:
    """Stage *identity*: see that every feature has an id of its own; the later of two goes."""
    log = layer.log.fresh()
    values, numbered = layer.values, False
    if layer.level == "enterprise":
        _without_year(values, log)
    if "id" in values:
        _ids(values, layer, log)
    elif not layer.table:
        numbers = [str(n + 1) for n in range(len(values))]
        values = values.assign(id=pd.array(numbers, dtype="str"))
        values = values[["id", *(c for c in values.columns if c != "id")]]
        log.add("R503", None)
        numbered = True
    elif layer.asked:
        log.stop("R605", detail="、".join(map(str, values.columns))[:200])
    if layer.shapes is not None and not layer.table:
        _doubles(values, layer.shapes, log, numbered=numbered)
    return layer.after(log, values=values, numbered=numbered)


_LONGEST_NUMBER = 9  # digits; a longer one is a code


def numbered_on(frame: pd.DataFrame, ours: pd.DataFrame) -> tuple[pd.DataFrame, dict[int, str]]:
    """Give features that were numbered for want of ids numbers beyond those that are there.

    Parameters
    ----------
    frame, ours
        The features that come, numbered from 1, and those that are there; both with ``id`` and,
        where they have shapes, ``geometry`` in the system in which shapes are kept.

    Returns
    -------
    frame, doubles
        The features under their numbers; by row, the id of the feature there that has the very
        same outline: without ids nothing else tells that they are one.
    """
    held = ours["id"].dropna().astype("str")
    plain = held[held.str.fullmatch(rf"\d{{1,{_LONGEST_NUMBER}}}")]
    first = int(plain.astype("int64").max()) if len(plain) else 0
    numbers = [str(first + 1 + n) for n in range(len(frame))]
    frame = frame.assign(id=pd.array(numbers, dtype="str"))
    if "geometry" not in frame or "geometry" not in ours:
        return frame, {}
    theirs = dict(zip(_outlines(ours["geometry"]), ours["id"].astype("str"), strict=True))
    marks = enumerate(_outlines(frame["geometry"]))
    return frame, {row: theirs[mark] for row, mark in marks if mark is not None and mark in theirs}


def _outlines(shapes: pd.Series) -> list[bytes | None]:
    """Return a mark of each outline, the same for the same one wherever its rings begin."""
    held = np.array([None, *shapes], dtype="object")[1:]
    return shapely.to_wkb(shapely.normalize(held)).tolist()  # type: ignore[no-any-return]


def _ids(columns: pd.DataFrame, layer: Layer, log: Log) -> None:
    """Refuse features without an id, and the later ones of those with the same."""
    ids = columns["id"]
    missing = np.flatnonzero(ids.isna().to_numpy())
    for row in missing.tolist():
        if row not in log.refused:
            log.add("R502", row)
    if layer.table and LEVELS[layer.level].geometry not in {"point", "any"}:
        return  # to be joined: a repeated key is found there
    forms = forms_of(ids)
    if forms.duplicated().any() or layer.table:
        _repeated(columns, layer.level, log, table=layer.table)
        if not layer.table:
            _alike(ids, forms, log)
    _years(columns, log)


def _repeated(columns: pd.DataFrame, level: str, log: Log, *, table: bool) -> None:
    """Refuse the later ones of features with the same id in the same years."""
    keys = [k for k in (*LEVELS[level].feature_key, "since", "until") if k in columns]
    held = columns.loc[~columns.index.isin(list(log.refused)), keys]
    if table:
        held = held.assign(id=held["id"].str.casefold())
    again = held.index[held.duplicated(keep="first")]
    for row in again[columns["id"].loc[again].notna()].tolist():
        log.add("R501", row)


def _alike(ids: pd.Series, forms: pd.Series, log: Log) -> None:
    """Name ids that differ in form only: one of them is likely a slip."""
    forms = forms[ids.notna() & ~ids.duplicated()]
    first: dict[str, str] = {}
    for row, form in forms[forms.duplicated(keep=False)].items():
        label = str(ids.loc[row])
        if first.setdefault(form, label) != label and row not in log.refused:
            log.add("R539", row, other=first[form])


def _without_year(columns: pd.DataFrame, log: Log) -> None:
    """Say which firms name no year: what they state then counts in no year's accounts."""
    without = (
        columns["year"].isna() if "year" in columns else pd.Series(data=True, index=columns.index)
    )
    without &= ~columns.index.isin(list(log.refused))
    if not without.any():
        return
    stated = [c for c in _BY_YEAR if c in columns and columns.loc[without, c].notna().any()]
    words = {} if stated else {"severity": "note"}
    detail = "、".join(stated) or "—"
    log.add("R538", None, measured=int(without.sum()), detail=detail, **words)


def _years(columns: pd.DataFrame, log: Log) -> None:
    """Hold the years of features against each other: first before last, one state at a time."""
    if not {"since", "until"} & set(columns.columns):
        return
    blank = pd.Series(np.nan, index=columns.index)
    since = columns.get("since", blank).to_numpy(dtype="float64", na_value=np.nan)
    until = columns.get("until", blank).to_numpy(dtype="float64", na_value=np.nan)
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(since >= until)
    for row in wrong.tolist()[:5000]:
        log.add("R536", row, measured=float(until[row]), limit=float(since[row]))
    if "year" in columns:
        return
    alive = np.ones(len(columns), dtype=bool)
    alive[list(log.refused)] = False
    alive[wrong] = False
    ids = columns["id"].where(alive)
    again = np.flatnonzero((ids.duplicated(keep=False) & ids.notna()).to_numpy())
    first = np.where(np.isnan(since), -np.inf, since)
    last = np.where(np.isnan(until), np.inf, until)
    reached: dict[str, float] = {}
    for row in sorted(again.tolist(), key=lambda r: (first[r], r)):
        label = str(ids.iloc[row])
        if first[row] < reached.get(label, -np.inf):
            log.add("R501", row)
        else:
            reached[label] = float(last[row])


def _doubles(
    columns: pd.DataFrame, lonlat: NDArray[np.object_], log: Log, *, numbered: bool
) -> None:
    """Find features of the very same shape: the same in all is refused, the rest is said."""
    alive = ~shapely.is_missing(lonlat)
    alive[list(log.refused)] = False
    rows = np.flatnonzero(alive)
    years = [key for key in ("since", "until", "year") if key in columns]
    when = [columns[key].to_numpy(dtype="float64", na_value=np.nan)[rows] for key in years]
    told = np.column_stack([shapely.bounds(lonlat[rows]), *when])
    told[np.isnan(told)] = np.inf  # nothing is nothing
    told += 0.0  # and -0 is 0
    some = np.flatnonzero(pd.DataFrame(told).duplicated(keep=False).to_numpy())
    rows = rows[some]
    if not len(rows):
        return
    shapes = shapely.to_wkb(shapely.normalize(lonlat[rows]))
    keys = [wkb + year.tobytes() for wkb, year in zip(shapes, told[some, 4:], strict=True)]
    marks, _ = pd.factorize(np.array([None, *keys], dtype="object")[1:])
    first = np.full(marks.max() + 1, -1)
    first[marks[::-1]] = rows[::-1]  # of equal ones the earliest stays
    before = first[marks]
    later = rows != before
    rows, before = rows[later], before[later]
    others = [c for c in columns.columns if c != "id"]
    same = _alike_in(columns, others, rows, before)
    if not numbered:
        same &= _alike_in(columns, ["id"], rows, before)
    for k in range(len(rows)):
        label = str(columns["id"].iloc[before[k]])
        log.add("R319" if same[k] else "R321", int(rows[k]), other=label)


def _alike_in(columns: pd.DataFrame, names: list[str], a: Any, b: Any) -> Any:
    """Say which of some rows hold the same as others in all of some columns; nothing is nothing."""
    alike = np.ones(len(a), dtype=bool)
    for name in names:
        one, two = (columns[name].iloc[rows].reset_index(drop=True) for rows in (a, b))
        equal = (one == two).fillna(value=False).to_numpy(dtype=bool)
        alike &= equal | (one.isna() & two.isna()).to_numpy()
    return alike


def inspect(layer: Layer, _: Options) -> Layer:
    """Stage *inspection*: hold land-use patches of the third survey against the rules for them."""
    if layer.schema is None or layer.schema.name != "DLTB" or layer.shapes is None:
        return layer
    fields = {
        column: name for name, column in layer.matched.of.items() if name.upper() in _OF_PATCHES
    }
    values = layer.values.rename(columns=fields)
    values.columns = [str(c).upper() for c in values.columns]
    blank = {name for one in layer.fields if (name := one.name.upper()) not in values.columns}
    values = values.assign(**dict.fromkeys(sorted(blank)))  # a field that nobody filled is there
    rows = np.flatnonzero(layer.kept)
    made = inspect_patches(values.iloc[rows].reset_index(drop=True))
    log = layer.log.fresh()
    labels = layer.values["id"].astype("object")
    listed = {}
    for key, found in made.found.items():
        rule = PATCH_RULES[key]
        names = [str(labels.iloc[row]) for row in rows[found]]
        listed[key] = {"zh": rule.zh, "en": rule.en, "class": rule.grade, "features": names}
        detail = f"{key} {rule.zh} {rule.en}"
        log.add("R574", None, measured=len(names), other="、".join(names[:5]), detail=detail)
    if made.not_asked:
        lacking = sorted({name for names in made.not_asked.values() for name in names})
        log.add("R575", None, other="、".join(made.not_asked), detail="、".join(lacking))
    told = {
        "edition": EDITION,
        "asked": [key for key in PATCH_RULES if key not in made.not_asked],
        "rules": listed,
        "not_asked": {key: list(names) for key, names in made.not_asked.items()},
        "score": made.score,
        "score_unverified": {"zh": SCORE_REMARK[0], "en": SCORE_REMARK[1]},
    }
    return layer.after(log, inspection=told)


_OF_PATCHES = {"DLBM", "TBMJ", "TBDLMJ", "KCMJ", "KCXS", "BZ"}
"""Fields of patches that have another name by then."""

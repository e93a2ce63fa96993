"""The registry of indicators, and the engine that computes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from ..language.errors import MissingColumnsError, UnknownNameError, ZgcgisError
from ..language.terms import TERMS

__all__ = [
    "EVIDENCE",
    "INDICATORS",
    "Indicator",
    "compute",
    "indicator",
    "ratio",
    "total",
]

M2_PER_HA = 10_000
IndicatorFunc: TypeAlias = Callable[..., Series]
Entered = TypeVar("Entered", bound=IndicatorFunc)
Direction: TypeAlias = Literal["+", "-"]

EVIDENCE = {
    "notice": (
        "公式由全国通报的总量与比率核实",
        "formula confirmed by totals and ratios printed in national notices",
    ),
    "forms": (
        "见于第三方系统所载 2014 年度试行表格，未见规程原文",
        "seen in the 2014 trial forms inside third-party software; clause text not seen",
    ),
    "text": ("见于指标定义的公开转载", "read in public copies of the definition"),
    "definition": ("按名称直接计算的比值", "a plain ratio, as its name says"),
    "unverified": (
        "未核实：公式仅凭名称推定，不作默认，不得作为规程口径引用",
        "unverified: formula inferred from the name; never computed by default",
    ),
}
"""How well the formula of an indicator is known, in both languages."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """What a report must know about an indicator beyond its values."""

    key: str
    zh: str
    en: str
    unit: str  # of the value: "1", "%", "万元/公顷" …
    formula: str
    direction: Direction  # "+": more is more intensive
    evidence: str  # key of EVIDENCE
    func: IndicatorFunc

    @property
    def inputs(self) -> tuple[str, ...]:
        """Account columns the function reads."""
        return tuple(inspect.signature(self.func).parameters)


INDICATORS: dict[str, Indicator] = {}
"""Every indicator by key, in the order of this file. Read it; never write to it."""


def indicator(
    *, zh: str, en: str, unit: str, formula: str, evidence: str, direction: Direction = "+"
) -> Callable[[Entered], Entered]:
    """Enter a function in `INDICATORS` under its own name and hand it back unchanged."""

    def enter(func: Entered) -> Entered:
        entry = Indicator(func.__name__, zh, en, unit, formula, direction, evidence, func)
        if unknown := set(entry.inputs) - set(TERMS):
            msg = f"{entry.key}: parameter(s) {sorted(unknown)} are not in terms.toml."
            raise TypeError(msg)
        if evidence not in EVIDENCE:
            msg = f"{entry.key}: evidence {evidence!r} is not one of {sorted(EVIDENCE)}."
            raise TypeError(msg)
        INDICATORS[entry.key] = entry
        return func

    return enter


def compute(accounts: DataFrame, keys: Iterable[str] | None = None) -> DataFrame:
    """Compute indicators for every row of `accounts`.

    Parameters
    ----------
    accounts
        Quantities, one row per ``(unit, year)``, columns as in ``terms.toml``.
    keys
        The indicators wanted. By default, all whose inputs are there and whose formula is
        known; one that is not verified is computed only when asked for by name.

    Returns
    -------
    values
        One column per indicator, rows as in `accounts`. NaN where an input is missing or the
        denominator is 0.

    Raises
    ------
    UnknownNameError, MissingColumnsError
        If an indicator asked for by name does not exist or lacks an input.
    ZgcgisError
        If a quantity is a text, or an area, a head count or an energy is negative.
    """
    there = set(accounts.columns)
    if keys is None:
        chosen = [
            i
            for i in INDICATORS.values()
            if there.issuperset(i.inputs) and i.evidence != "unverified"
        ]
    else:
        names = [keys] if isinstance(keys, str) else list(keys)
        if unknown := set(names) - set(INDICATORS):
            raise UnknownNameError(unknown, INDICATORS, what="indicator", zh="指标")
        chosen = [INDICATORS[key] for key in names]
        if missing := {c for i in chosen for c in i.inputs} - there:
            raise MissingColumnsError(missing, there, where="accounts")
    needed = sorted({c for i in chosen for c in i.inputs})
    _refuse_text(accounts[needed])
    _refuse_negative(accounts, set(needed))
    values = {i.key: i.func(**{c: accounts[c] for c in i.inputs}) for i in chosen}
    return pd.DataFrame(values, index=accounts.index, dtype="float64")


def _refuse_text(accounts: DataFrame) -> None:
    """Refuse a column that holds anything but numbers, naming the first cell."""
    for key in accounts:
        column = accounts[key]
        if pd.api.types.is_numeric_dtype(column):
            continue
        for at, value in column.items():
            if isinstance(value, int | float) or pd.isna(value):
                continue
            raise ZgcgisError(
                f"台账 {at} 的 {TERMS[key].zh}（{key}）是 {value!r}，不是数；请改为数，或用 zg.read_accounts 读入表格。",
                f"{key} of {at} in the accounts is {value!r}, not a number; give a number, or read the table "
                "with zg.read_accounts.",
            )


def total(accounts: DataFrame, groups: Series | None = None) -> DataFrame:
    """Sum the accounts of several units, so that indicators of the sum are ratios of sums.

    Parameters
    ----------
    accounts
        Indexed by ``(unit, year)``.
    groups
        Group of each unit (index: unit). Units without a group are left out. By default
        all units are one group, named ``"total"``.

    Returns
    -------
    accounts
        Indexed by ``(unit, year)``, where the unit is the group. A quantity that one unit of
        the group lacks is NaN in the sum: what is missing is not 0.
    """
    units = accounts.index.get_level_values("unit")
    years = accounts.index.get_level_values("year")
    names = np.full(len(accounts), "total", dtype=object) if groups is None else units.map(groups)
    kept = pd.notna(names)
    keys = [pd.Index(np.asarray(names)[kept], name="unit"), pd.Index(years[kept], name="year")]
    return accounts[kept].groupby(keys, sort=True).sum(min_count=1, skipna=False)


_NEVER_NEGATIVE = ("_m2", "_persons", "_count", "_tce")


def _refuse_negative(accounts: DataFrame, columns: set[str]) -> None:
    for column in sorted(columns):
        if not column.endswith(_NEVER_NEGATIVE):
            continue
        below = accounts[column] < 0
        if below.any():
            where = accounts.index[below][0]
            place = " ".join(str(w) for w in where) if isinstance(where, tuple) else str(where)
            value = float(accounts.loc[below, column].iloc[0])
            raise ZgcgisError(
                f"台账 {place}：{TERMS[column].zh}（{column}）为负（{value:g}），请改正后再算。",
                f"accounts, {place}: {column} is negative ({value:g}); mend it first.",
            )


def ratio(part: Series, whole: Series) -> Series:
    """Divide; NaN where there is nothing to divide by."""
    return part / whole.where(whole > 0)  # nothing to divide by: unknown, not infinite

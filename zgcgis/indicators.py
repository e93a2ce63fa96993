"""Land-intensity indicators (土地集约利用指标): one small pure function each.

An indicator reads *accounts* -- the table :mod:`zgcgis.accounts` makes, one row per unit and
year -- and returns one number per row. It knows neither geometry, nor which standard lists it
under which code, nor what a good value is (:mod:`zgcgis.standards` does).

To add one, write one function below. Three rules make that enough:

1. a parameter's name *is* the account column it reads; ``terms.toml`` lists them all;
2. the unit stands in that name (``_m2``, ``_wan`` = 10 000 CNY), so no code ever has to guess a
   magnitude;
3. ``formula`` says the same in those names: reports print it, the workbook computes it, and a
   test evaluates it against the function.

The value of a group of units is the ratio of their sums (:func:`total`), never the mean of
their ratios.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from .errors import MissingColumnsError, UnknownNameError, ZgcgisError
from .terms import TERMS

__all__ = [
    "EVIDENCE",
    "INDICATORS",
    "Indicator",
    "compute",
    "indicator",
    "land_consumption",
    "total",
]

M2_PER_HA = 10_000
WAN_PER_YI = 10_000
IndicatorFunc: TypeAlias = Callable[..., Series]
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
) -> Callable[[IndicatorFunc], IndicatorFunc]:
    """Enter a function in `INDICATORS` under its own name and hand it back unchanged."""

    def enter(func: IndicatorFunc) -> IndicatorFunc:
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
        If an area, a head count or an energy is negative.
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
    _refuse_negative(accounts, {c for i in chosen for c in i.inputs})
    values = {i.key: i.func(**{c: accounts[c] for c in i.inputs}) for i in chosen}
    return pd.DataFrame(values, index=accounts.index, dtype="float64")


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


def _ratio(part: Series, whole: Series) -> Series:
    return part / whole.where(whole > 0)  # nothing to divide by: unknown, not infinite


# --- TD/T 1029: state of use ---------------------------------------------------------------


@indicator(
    zh="土地开发率",
    en="Land development rate",
    unit="%",
    formula="100 * (built_land_m2 + ready_land_m2) / (built_land_m2 + unbuilt_land_m2)",
    evidence="notice",
)
def development_rate(
    built_land_m2: Series, ready_land_m2: Series, unbuilt_land_m2: Series
) -> Series:
    """Land that meets the conditions of supply over all land that may be built on.

    Examples
    --------
    >>> development_rate(Series([60.0]), Series([20.0]), Series([40.0])).item()
    80.0
    """
    return 100 * _ratio(built_land_m2 + ready_land_m2, built_land_m2 + unbuilt_land_m2)


@indicator(
    zh="土地供应率",
    en="Land supply rate",
    unit="%",
    formula="100 * supplied_land_m2 / (built_land_m2 + ready_land_m2)",
    evidence="notice",
)
def supply_rate(supplied_land_m2: Series, built_land_m2: Series, ready_land_m2: Series) -> Series:
    """Supplied state land over land that meets the conditions of supply."""
    return 100 * _ratio(supplied_land_m2, built_land_m2 + ready_land_m2)


@indicator(
    zh="土地建成率",
    en="Land completion rate",
    unit="%",
    formula="100 * built_land_m2 / supplied_land_m2",
    evidence="notice",
)
def completion_rate(built_land_m2: Series, supplied_land_m2: Series) -> Series:
    """Built-up land over supplied land; above 100 where built land was never formally supplied."""
    return 100 * _ratio(built_land_m2, supplied_land_m2)


@indicator(
    zh="已建成占可开发建设土地比例",
    en="Built share of developable land",
    unit="%",
    formula="100 * built_land_m2 / (built_land_m2 + unbuilt_land_m2)",
    evidence="notice",
)
def built_share(built_land_m2: Series, unbuilt_land_m2: Series) -> Series:
    """Built-up land over all land that may be built on.

    It equals development rate × supply rate × completion rate, at every level.
    """
    return 100 * _ratio(built_land_m2, built_land_m2 + unbuilt_land_m2)


@indicator(
    zh="工业用地率",
    en="Share of industrial land",
    unit="%",
    formula="100 * industrial_land_m2 / built_land_m2",
    evidence="notice",
)
def industrial_share(industrial_land_m2: Series, built_land_m2: Series) -> Series:
    """Industrial, mining and storage land (A2) over built-up land.

    Research and office land is not in A2, so in a science park this understates industry;
    read :func:`hightech_share` beside it.
    """
    return 100 * _ratio(industrial_land_m2, built_land_m2)


@indicator(
    zh="高新技术产业用地率",
    en="Share of high-tech land",
    unit="%",
    formula="100 * hightech_land_m2 / built_land_m2",
    evidence="forms",
)
def hightech_share(hightech_land_m2: Series, built_land_m2: Series) -> Series:
    """High-tech industry land (H) over built-up land."""
    return 100 * _ratio(hightech_land_m2, built_land_m2)


@indicator(
    zh="综合容积率",
    en="Floor area ratio of built-up land",
    unit="1",
    formula="floor_area_m2 / built_land_m2",
    evidence="forms",
)
def floor_area_ratio(floor_area_m2: Series, built_land_m2: Series) -> Series:
    """Floor area over *built-up* land, not over the park.

    A half-built park may be intensive where it is built. Storeys that count twice are settled
    upstream, in the accounts.

    Examples
    --------
    >>> floor_area_ratio(Series([90_000.0]), Series([60_000.0])).item()
    1.5
    """
    return _ratio(floor_area_m2, built_land_m2)


@indicator(
    zh="建筑密度",
    en="Site coverage",
    unit="%",
    formula="100 * footprint_m2 / built_land_m2",
    evidence="forms",
)
def site_coverage(footprint_m2: Series, built_land_m2: Series) -> Series:
    """Building footprint over built-up land; structures and yards do not count."""
    return 100 * _ratio(footprint_m2, built_land_m2)


@indicator(
    zh="工业用地综合容积率",
    en="Floor area ratio of industrial land",
    unit="1",
    formula="industrial_floor_area_m2 / industrial_land_m2",
    evidence="forms",
)
def industrial_floor_area_ratio(
    industrial_floor_area_m2: Series, industrial_land_m2: Series
) -> Series:
    """Floor area on industrial land over industrial land."""
    return _ratio(industrial_floor_area_m2, industrial_land_m2)


@indicator(
    zh="工业用地建筑系数",
    en="Building coefficient of industrial land",
    unit="%",
    formula="100 * industrial_occupied_m2 / industrial_land_m2",
    evidence="forms",
)
def building_coefficient(industrial_occupied_m2: Series, industrial_land_m2: Series) -> Series:
    """Buildings, structures, open yards and working areas over industrial land.

    Unlike site coverage (建筑密度) it counts yards: on one parcel the two differ.
    """
    return 100 * _ratio(industrial_occupied_m2, industrial_land_m2)


# --- TD/T 1029: benefit and management -------------------------------------------------------


@indicator(
    zh="工业用地固定资产投入强度",
    en="Investment intensity of industrial land",
    unit="万元/公顷",
    formula="10000 * industrial_investment_wan / industrial_land_m2",
    evidence="notice",
)
def investment_intensity(industrial_investment_wan: Series, industrial_land_m2: Series) -> Series:
    """Cumulative fixed investment of industrial firms per hectare of industrial land."""
    return M2_PER_HA * _ratio(industrial_investment_wan, industrial_land_m2)


@indicator(
    zh="工业用地产出强度",
    en="Output intensity of industrial land",
    unit="万元/公顷",
    formula="10000 * industrial_income_wan / industrial_land_m2",
    evidence="notice",
)
def output_intensity(industrial_income_wan: Series, industrial_land_m2: Series) -> Series:
    """Yearly income of industrial firms per hectare of industrial land (used to 2012)."""
    return M2_PER_HA * _ratio(industrial_income_wan, industrial_land_m2)


@indicator(
    zh="工业用地地均税收",
    en="Tax per hectare of industrial land",
    unit="万元/公顷",
    formula="10000 * industrial_tax_wan / industrial_land_m2",
    evidence="notice",
)
def industrial_tax_per_hectare(industrial_tax_wan: Series, industrial_land_m2: Series) -> Series:
    """Yearly tax of industrial firms per hectare of industrial land."""
    return M2_PER_HA * _ratio(industrial_tax_wan, industrial_land_m2)


@indicator(
    zh="综合地均税收",
    en="Tax per hectare of built-up land",
    unit="万元/公顷",
    formula="10000 * tax_wan / built_land_m2",
    evidence="notice",
)
def tax_per_hectare(tax_wan: Series, built_land_m2: Series) -> Series:
    """Yearly tax of secondary and tertiary industry per hectare of *built-up* land.

    National totals of 2018 show the denominator: over industrial land it would be twice as much.
    """
    return M2_PER_HA * _ratio(tax_wan, built_land_m2)


@indicator(
    zh="人口密度",
    en="Population density of built-up land",
    unit="人/公顷",
    formula="10000 * population_persons / built_land_m2",
    evidence="forms",
)
def population_density(population_persons: Series, built_land_m2: Series) -> Series:
    """Residents per hectare of built-up land."""
    return M2_PER_HA * _ratio(population_persons, built_land_m2)


@indicator(
    zh="土地闲置率",
    en="Idle land rate",
    unit="%",
    formula="100 * idle_land_m2 / supplied_land_m2",
    evidence="forms",
    direction="-",
)
def idle_rate(idle_land_m2: Series, supplied_land_m2: Series) -> Series:
    """Idle land over supplied land; lower is better."""
    return 100 * _ratio(idle_land_m2, supplied_land_m2)


# --- older editions: named in notices, formulas not verified ------------------------------------


@indicator(
    zh="高新技术产业用地产出强度",
    en="Output intensity of high-tech land",
    unit="万元/公顷",
    formula="10000 * hightech_income_wan / hightech_land_m2",
    evidence="unverified",
)
def hightech_output_intensity(hightech_income_wan: Series, hightech_land_m2: Series) -> Series:
    """Yearly high-tech income per hectare of high-tech land. Name and unit are printed."""
    return M2_PER_HA * _ratio(hightech_income_wan, hightech_land_m2)


@indicator(
    zh="到期项目用地处置率",
    en="Disposal rate of expired land",
    unit="%",
    formula="100 * disposed_expired_land_m2 / (disposed_expired_land_m2 + expired_land_m2)",
    evidence="unverified",
)
def expired_disposal_rate(disposed_expired_land_m2: Series, expired_land_m2: Series) -> Series:
    """Expired land that was dealt with over all land that expired."""
    return 100 * _ratio(disposed_expired_land_m2, disposed_expired_land_m2 + expired_land_m2)


@indicator(
    zh="闲置土地处置率",
    en="Disposal rate of idle land",
    unit="%",
    formula="100 * disposed_idle_land_m2 / (disposed_idle_land_m2 + idle_land_m2)",
    evidence="unverified",
)
def idle_disposal_rate(disposed_idle_land_m2: Series, idle_land_m2: Series) -> Series:
    """Idle land that was dealt with over all land that was idle."""
    return 100 * _ratio(disposed_idle_land_m2, disposed_idle_land_m2 + idle_land_m2)


@indicator(
    zh="土地有偿使用实现率",
    en="Realised share of paid land use",
    unit="%",
    formula="100 * paid_land_m2 / payable_land_m2",
    evidence="unverified",
)
def paid_use_rate(paid_land_m2: Series, payable_land_m2: Series) -> Series:
    """Land in paid use over land that should be."""
    return 100 * _ratio(paid_land_m2, payable_land_m2)


@indicator(
    zh="土地招拍挂实现率",
    en="Realised share of tender, auction and listing",
    unit="%",
    formula="100 * auctioned_land_m2 / auctionable_land_m2",
    evidence="unverified",
)
def auction_rate(auctioned_land_m2: Series, auctionable_land_m2: Series) -> Series:
    """Land granted by tender, auction or listing over land that should be."""
    return 100 * _ratio(auctioned_land_m2, auctionable_land_m2)


# --- form and mix ---------------------------------------------------------------------------


@indicator(
    zh="毛容积率",
    en="Gross floor area ratio",
    unit="1",
    formula="floor_area_m2 / land_m2",
    evidence="definition",
)
def gross_floor_area_ratio(floor_area_m2: Series, land_m2: Series) -> Series:
    """Floor area over all evaluated land, built or not."""
    return _ratio(floor_area_m2, land_m2)


@indicator(
    zh="平均层数",
    en="Mean number of storeys",
    unit="1",
    formula="floor_area_m2 / footprint_m2",
    evidence="definition",
)
def mean_storeys(floor_area_m2: Series, footprint_m2: Series) -> Series:
    """Floor area over footprint: L of the Spacematrix, FSI / GSI."""
    return _ratio(floor_area_m2, footprint_m2)


@indicator(
    zh="空地率",
    en="Open space ratio of built-up land",
    unit="1",
    formula="(built_land_m2 - footprint_m2) / floor_area_m2",
    evidence="definition",
    direction="-",
)
def open_space_ratio(built_land_m2: Series, footprint_m2: Series, floor_area_m2: Series) -> Series:
    """Unbuilt ground per floor area: OSR of the Spacematrix, (1 − GSI) / FSI."""
    return _ratio(built_land_m2 - footprint_m2, floor_area_m2)


@indicator(
    zh="绿地占建成用地比例",
    en="Green share of built-up land",
    unit="%",
    formula="100 * green_land_m2 / built_land_m2",
    evidence="definition",
    direction="-",
)
def green_share(green_land_m2: Series, built_land_m2: Series) -> Series:
    """Parks and green land (A51) over built-up land; not the green ratio of a project."""
    return 100 * _ratio(green_land_m2, built_land_m2)


# --- what land carries and yields --------------------------------------------------------------


@indicator(
    zh="地均总收入",
    en="Income per hectare of built-up land",
    unit="万元/公顷",
    formula="10000 * income_wan / built_land_m2",
    evidence="definition",
)
def income_per_hectare(income_wan: Series, built_land_m2: Series) -> Series:
    """Income per hectare of built-up land.

    Income is often counted by place of registration while land is where it is: look at the scope.
    """
    return M2_PER_HA * _ratio(income_wan, built_land_m2)


@indicator(
    zh="单位规划面积总收入",
    en="Income per square kilometre of planned area",
    unit="亿元/平方公里",
    formula="100 * income_wan / planned_land_m2",
    evidence="definition",
)
def income_per_planned_area(income_wan: Series, planned_land_m2: Series) -> Series:
    """Income per planned area, 100 million CNY per km²; planned area is not built-up land."""
    return 1_000_000 / WAN_PER_YI * _ratio(income_wan, planned_land_m2)


@indicator(
    zh="单位规划面积税收",
    en="Tax per square kilometre of planned area",
    unit="亿元/平方公里",
    formula="100 * tax_wan / planned_land_m2",
    evidence="definition",
)
def tax_per_planned_area(tax_wan: Series, planned_land_m2: Series) -> Series:
    """Tax per planned area, 100 million CNY per km²."""
    return 1_000_000 / WAN_PER_YI * _ratio(tax_wan, planned_land_m2)


@indicator(
    zh="从业人员密度",
    en="Staff per hectare of built-up land",
    unit="人/公顷",
    formula="10000 * staff_persons / built_land_m2",
    evidence="definition",
)
def staff_density(staff_persons: Series, built_land_m2: Series) -> Series:
    """Staff per hectare of built-up land."""
    return M2_PER_HA * _ratio(staff_persons, built_land_m2)


@indicator(
    zh="单位规划面积从业人员",
    en="Staff per square kilometre of planned area",
    unit="人/平方公里",
    formula="1000000 * staff_persons / planned_land_m2",
    evidence="definition",
)
def staff_per_planned_area(staff_persons: Series, planned_land_m2: Series) -> Series:
    """Staff per planned area."""
    return 1_000_000 * _ratio(staff_persons, planned_land_m2)


@indicator(
    zh="地均研发经费",
    en="R&D spending per hectare of built-up land",
    unit="万元/公顷",
    formula="10000 * rd_wan / built_land_m2",
    evidence="definition",
)
def rd_per_hectare(rd_wan: Series, built_land_m2: Series) -> Series:
    """R&D spending per hectare of built-up land."""
    return M2_PER_HA * _ratio(rd_wan, built_land_m2)


@indicator(
    zh="研发经费占总收入比例",
    en="R&D share of income",
    unit="%",
    formula="100 * rd_wan / income_wan",
    evidence="definition",
)
def rd_share(rd_wan: Series, income_wan: Series) -> Series:
    """R&D spending over total income."""
    return 100 * _ratio(rd_wan, income_wan)


@indicator(
    zh="税收占总收入比例",
    en="Tax share of income",
    unit="%",
    formula="100 * tax_wan / income_wan",
    evidence="definition",
)
def tax_share(tax_wan: Series, income_wan: Series) -> Series:
    """Tax over total income."""
    return 100 * _ratio(tax_wan, income_wan)


@indicator(
    zh="人均总收入",
    en="Income per head of staff",
    unit="万元/人",
    formula="income_wan / staff_persons",
    evidence="definition",
)
def income_per_staff(income_wan: Series, staff_persons: Series) -> Series:
    """Income per head of staff."""
    return _ratio(income_wan, staff_persons)


@indicator(
    zh="地均能耗",
    en="Energy per hectare of built-up land",
    unit="吨标准煤/公顷",
    formula="10000 * energy_tce / built_land_m2",
    evidence="definition",
    direction="-",
)
def energy_per_hectare(energy_tce: Series, built_land_m2: Series) -> Series:
    """Energy per hectare of built-up land."""
    return M2_PER_HA * _ratio(energy_tce, built_land_m2)


@indicator(
    zh="单位收入能耗",
    en="Energy per income",
    unit="吨标准煤/万元",
    formula="energy_tce / income_wan",
    evidence="definition",
    direction="-",
)
def energy_intensity(energy_tce: Series, income_wan: Series) -> Series:
    """Energy per 10 000 CNY of income."""
    return _ratio(energy_tce, income_wan)


# --- control indicators of industrial projects (工业项目建设用地控制指标) ---------------------------


@indicator(
    zh="项目投资强度",
    en="Investment intensity of a project",
    unit="万元/公顷",
    formula="10000 * project_investment_wan / project_land_m2",
    evidence="text",
)
def project_investment_intensity(project_investment_wan: Series, project_land_m2: Series) -> Series:
    """Fixed investment (plant, equipment, land price) per hectare of the whole project land."""
    return M2_PER_HA * _ratio(project_investment_wan, project_land_m2)


@indicator(
    zh="项目容积率",
    en="Floor area ratio of a project",
    unit="1",
    formula="(project_floor_area_m2 + project_tall_floor_area_m2) / project_land_m2",
    evidence="text",
)
def project_floor_area_ratio(
    project_floor_area_m2: Series, project_tall_floor_area_m2: Series, project_land_m2: Series
) -> Series:
    """Floor area over project land; storeys above 8 m, part of the floor area, count twice."""
    return _ratio(project_floor_area_m2 + project_tall_floor_area_m2, project_land_m2)


@indicator(
    zh="项目建筑系数",
    en="Building coefficient of a project",
    unit="%",
    formula="100 * project_occupied_m2 / project_land_m2",
    evidence="text",
)
def project_building_coefficient(project_occupied_m2: Series, project_land_m2: Series) -> Series:
    """Buildings, structures and yards over project land."""
    return 100 * _ratio(project_occupied_m2, project_land_m2)


@indicator(
    zh="行政办公及生活服务设施用地所占比重",
    en="Office and service share of a project",
    unit="%",
    formula="100 * project_office_land_m2 / project_land_m2",
    evidence="text",
    direction="-",
)
def project_office_share(project_office_land_m2: Series, project_land_m2: Series) -> Series:
    """Office and living-service land over project land."""
    return 100 * _ratio(project_office_land_m2, project_land_m2)


@indicator(
    zh="项目绿地率",
    en="Green ratio of a project",
    unit="%",
    formula="100 * project_green_land_m2 / project_land_m2",
    evidence="text",
    direction="-",
)
def project_green_ratio(project_green_land_m2: Series, project_land_m2: Series) -> Series:
    """Green land over project land; a factory in a garden is not intensive."""
    return 100 * _ratio(project_green_land_m2, project_land_m2)


@indicator(
    zh="项目产出率",
    en="Output rate of a project",
    unit="万元/公顷",
    formula="10000 * project_output_wan / project_land_m2",
    evidence="text",
)
def project_output_rate(project_output_wan: Series, project_land_m2: Series) -> Series:
    """Mean yearly output of the last three years per hectare of project land."""
    return M2_PER_HA * _ratio(project_output_wan, project_land_m2)


# --- between two years --------------------------------------------------------------------------


def land_consumption(
    built_m2: Series,
    population: Series,
    built_before_m2: Series,
    population_before: Series,
    *,
    years: float,
    form: Literal["2021", "2019"] = "2021",
) -> DataFrame:
    """Land consumption against population growth, SDG 11.3.1-style (建设用地消耗率与人口增长率之比).

    A park boundary is not a functional urban extent, so for parks the result is "in the style
    of" indicator 11.3.1, not the indicator.

    Parameters
    ----------
    built_m2, population, built_before_m2, population_before
        Built-up land and residents at the end and at the start, on one index.
    years
        Length of the period.
    form
        ``"2021"``: LCR = (V₁ − V₀)/V₀/t; ``"2019"``: LCR = ln(V₁/V₀)/t. PGR = ln(P₁/P₀)/t in both.

    Returns
    -------
    DataFrame
        ``lcr``, ``pgr``, ``lcrpgr`` and ``reason``. The ratio is NaN, with a reason, where the
        population did not grow: it would be undefined or have its sign turned.
    """
    if years <= 0:
        raise ZgcgisError(
            f"时段长度应为正数，收到 {years:g}。",
            f"The period must be above 0 years; got {years:g}.",
        )
    if form not in ("2021", "2019"):
        raise UnknownNameError(str(form), ["2021", "2019"], what="form", zh="公式版本")
    growth = built_m2 / built_before_m2.where(built_before_m2 > 0)
    heads = population / population_before.where(population_before > 0)
    lcr = (growth - 1) / years if form == "2021" else np.log(growth.where(growth > 0)) / years
    pgr = np.log(heads.where(heads > 0)) / years
    grew = pgr > 1e-6
    reason = Series("", index=lcr.index, dtype="object")
    reason[~grew] = "人口没有增长，比值无意义 population did not grow, the ratio means nothing"
    reason[lcr.isna() | pgr.isna()] = (
        "起止年份的面积或人口缺失或为 0 an area or population is missing or 0"
    )
    return pd.DataFrame(
        {"lcr": lcr, "pgr": pgr, "lcrpgr": (lcr / pgr).where(grew), "reason": reason}
    )

"""From accounts to findings in one go; what the data do not allow is left out with its reason."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise

import pandas as pd
from geopandas import GeoDataFrame
from pandas import DataFrame, Series

from .. import dea, standards
from ..accounts import Survey, spread_for, survey
from ..checks import check
from ..findings import combine
from ..indicators import INDICATORS, compute, land_consumption
from ..language.errors import StandardError, UnknownNameError, ZgcgisError, ZgcgisWarning
from ..language.terms import TERMS
from ..model import Zone
from ..model.tiles import beside, tiling_for
from ..plan import goals
from ..standards import Evaluation, Scores
from .closure import closure, other_kind
from .published import benchmarks, growth, shares_of_zone, stated_accounts
from .totals import complete, notes_on, parks_of, sums, totals

__all__ = ["Assessment", "assess"]

Saying = tuple[str, str]

_INPUTS = ("built_land_m2", "staff_persons", "energy_tce")
_OUTPUTS = ("income_wan", "tax_wan")


@dataclass(frozen=True)
class Assessment:
    """All that was found of a zone, ready to be written down.

    Attributes
    ----------
    zone, years
        What was assessed; `years` ascending.
    accounts, values
        Accounts and indicators of the parks, indexed by ``(unit, year)``.
    total_accounts, total_values
        The same for the zone and its groups: sums, and ratios of sums.
    evaluation, scores, total_scores
        The zone's choices and the scores; None where there is no evaluation or no score.
    ranks, changes
        Rank of each park within year and type; moves between years with their cause.
    potentials, parcel_potentials, robustness, efficiency, productivity, consumption
        Potentials of zone and parks, and of single parcels in the last year; how sure the last
        ranking is, by zone type; DEA; Malmquist; SDG 11.3.1-style ratio.
    cross, coordination, attribution
        Ranks of the last year by other methods, by zone type; coupling coordination of use and
        benefit; what moved each score between following years, by indicator.
    growth, shares
        Yearly growth of published values, and what part of the zone each park is by them.
    benchmarks, goals
        Values of the zone beside published ones; goals of the plan with their verdict.
    findings
        What is wrong with data, facts and land.
    left_out
        What could not be done, and why, in both languages.
    others
        Zone values of the zones compared with.
    closure
        Per year and layer, what fell in parks, in none, was split, and the error of splitting.
    basis
        As `accounts`: ``"stated"`` or ``"computed"`` (measured from the layers) per value.
    survey
        What was measured, down to parcels and buildings; None where there is no parcel layer.
    """

    zone: Zone
    years: tuple[int, ...]
    accounts: DataFrame
    values: DataFrame
    total_accounts: DataFrame
    total_values: DataFrame
    evaluation: Evaluation | None
    scores: Scores | None
    total_scores: Scores | None
    ranks: DataFrame
    changes: DataFrame
    potentials: DataFrame
    parcel_potentials: DataFrame
    robustness: Mapping[str, standards.Robustness]
    cross: Mapping[str, standards.Cross]
    coordination: DataFrame
    attribution: DataFrame
    efficiency: DataFrame
    productivity: DataFrame
    consumption: DataFrame
    growth: DataFrame
    shares: DataFrame
    benchmarks: DataFrame
    goals: DataFrame
    findings: GeoDataFrame
    left_out: tuple[Saying, ...]
    others: DataFrame = field(default_factory=DataFrame)
    closure: DataFrame = field(default_factory=DataFrame)
    basis: DataFrame = field(default_factory=DataFrame)
    survey: Survey | None = field(default=None, repr=False)

    @property
    def year(self) -> int:
        """The last year assessed."""
        return self.years[-1]

    def name(self, unit: str, lang: str = "zh") -> str:
        """Name of a unit of the zone."""
        return self.zone.name(unit, lang)


def assess(
    zone: Zone,
    *,
    years: Iterable[int] | None = None,
    compare: Sequence[Zone] = (),
    error: float = 0.05,
    draws: int = 10_000,
    findings: bool = True,
    dask: str | None = None,
    tiles: str | None = None,
) -> Assessment:
    """Measure, compute, score and check a zone in one go.

    Parameters
    ----------
    zone
        The zone.
    years
        Years to assess; by default all of which there are accounts.
    compare
        Other zones, whose values are set beside this one's.
    error
        Relative standard error of the values, for how sure the ranking is.
    draws
        Number of draws of weights and values.
    findings
        Whether to run the checks too.
    dask
        Address of a dask scheduler to measure and check on, such as ``"tcp://host:8786"``.
    tiles
        Where tiles lie meanwhile, if not in a temporary folder: a folder or an address all see.

    Raises
    ------
    ZgcgisError
        If the zone has no accounts at all, or its evaluation contradicts its edition.
    """
    there = zone.count("parcel") + zone.count("building") if findings else 0
    with beside(partial(_checked, zone, dask, tiles, asked=findings), there) as checked:
        assessed = _assessed(zone, years, compare, error, draws, dask, tiles)
        return replace(assessed, findings=combine([assessed.findings, *checked()]))


def _checked(zone: Zone, dask: str | None, tiles: str | None, *, asked: bool) -> list[GeoDataFrame]:
    """Ask the rules of a zone, if they are asked."""
    if not asked:
        return []
    with tiling_for(zone, dask, tiles) as tiling:
        return [check(zone, tiling=tiling)]


def _assessed(
    zone: Zone,
    years: Iterable[int] | None,
    compare: Sequence[Zone],
    error: float,
    draws: int,
    dask: str | None,
    tiles: str | None,
) -> Assessment:
    """Measure, compute and score a zone; the findings are those of its accounts."""
    left_out: list[Saying] = [] if zone.withheld is None else [(zone.withheld.zh, zone.withheld.en)]
    accounts, surveyed = _accounts(zone, years, left_out, dask, tiles)
    kept = tuple(sorted({int(y) for y in accounts.index.get_level_values("year")}))
    values = _values(accounts)
    whole = _totals(zone, accounts, left_out, surveyed)
    total_values = _values(whole)
    evaluation = _evaluation(zone, left_out)
    scores = _score(values, evaluation, left_out, zone.names)
    total_scores = _score_zone(zone, accounts, evaluation, scores, left_out)
    ranks = standards.ranking(scores) if scores else DataFrame()
    sure = _sure(scores, error, draws, left_out)
    efficiency, productivity = _efficiency(accounts, left_out)
    basis = _basis(accounts, surveyed)
    found = [closure(accounts, basis, identities=surveyed is None)]
    found.append(notes_on(zone, accounts, whole))
    if surveyed is not None:
        found.append(surveyed.findings)
    if evaluation is not None:
        found.append(other_kind(accounts, evaluation))
    return Assessment(
        zone=zone,
        years=kept,
        accounts=accounts,
        values=values,
        total_accounts=whole,
        total_values=total_values,
        evaluation=evaluation,
        scores=scores,
        total_scores=total_scores,
        ranks=ranks,
        changes=standards.rank_changes(scores) if scores else DataFrame(),
        potentials=_potentials(zone, accounts, whole, evaluation),
        parcel_potentials=_parcel_potentials(zone, kept[-1], evaluation, surveyed),
        robustness=sure,
        cross=_cross(scores),
        coordination=standards.coordination(scores) if scores else DataFrame(),
        attribution=_attribution(scores),
        efficiency=efficiency,
        productivity=productivity,
        consumption=_consumption(accounts, whole),
        growth=growth(zone),
        shares=shares_of_zone(zone),
        benchmarks=benchmarks(zone, total_values),
        goals=goals(zone) if zone.plan is not None else DataFrame(),
        findings=combine(found),
        left_out=tuple(dict.fromkeys([*left_out, *_lacking(values)])),
        others=_compare(compare, years),
        closure=DataFrame() if surveyed is None else surveyed.closure,
        basis=basis,
        survey=surveyed,
    )


def _note(left_out: list[Saying], zh: str, en: str) -> None:
    left_out.append((zh, en))


# --- accounts ---------------------------------------------------------------------------------


def _accounts(
    zone: Zone, years: Iterable[int] | None, left_out: list[Saying], *spread: str | None
) -> tuple[DataFrame, Survey | None]:
    wanted = None if years is None else sorted({int(y) for y in years})
    stated = stated_accounts(zone)
    _refuse_years(zone, stated, wanted)
    surveyed = _survey(zone, wanted, left_out, *spread)
    table = stated if surveyed is None else surveyed.table.combine_first(stated)
    parks = parks_of(zone, table)
    table = table[table.index.get_level_values("unit").isin(parks)]
    if wanted is not None:
        there = sorted({int(y) for y in table.index.get_level_values("year")})
        if there and (missing := set(wanted) - set(there)):
            raise UnknownNameError(
                {str(y) for y in missing}, [str(y) for y in there], what="year", zh="年份"
            )
        table = table[table.index.get_level_values("year").isin(wanted)]
    table = table.dropna(axis=1, how="all")
    if table.empty or table.shape[1] == 0:
        raise ZgcgisError(
            f"{zone.names['zh']}没有可评价的台账：既没有归入园区的宗地（写明 park_id，或园区边界的 precision "
            "为 surveyed、digitised 或空），也没有园区的年度数值。请补充 layers/parcel 或 accounts.csv。",
            f"{zone.names['en']} has no accounts to assess: no parcel belongs to a park (by park_id, or "
            "an outline whose precision is surveyed, digitised or blank), and there are no yearly "
            "values of parks. Add layers/parcel or accounts.csv.",
        )
    order = {unit: i for i, unit in enumerate(parks)}
    place = [order[u] for u in table.index.get_level_values("unit")]
    table = table.assign(_place=place).reset_index()
    table = table.sort_values(["_place", "year"], kind="stable").set_index(["unit", "year"])
    keys = [key for key in TERMS if key in table]
    return table[keys].astype("float64"), surveyed


def _refuse_years(zone: Zone, stated: DataFrame, wanted: list[int] | None) -> None:
    """A year of which the zone says nothing would be the last one under another name."""
    known = {int(y) for y in stated.index.get_level_values("year")}
    if span := zone.meta.get("years"):
        known |= set(range(int(min(span)), int(max(span)) + 1))
    if wanted and known and (unknown := set(wanted) - known):
        raise UnknownNameError(
            {str(y) for y in unknown}, [str(y) for y in sorted(known)], what="year", zh="年份"
        )


def _survey(
    zone: Zone, years: list[int] | None, left_out: list[Saying], *where: str | None
) -> Survey | None:
    if not zone.count("parcel"):
        _note(
            left_out,
            "没有宗地图层，土地利用状况、强度和按宗地的各项面积无法量算。",
            "There is no parcel layer, so state and intensity of land use cannot be measured.",
        )
        return None
    with spread_for(zone, *where) as spread:
        return survey(zone, "park", years, spread=spread, of_parcels=True)


def _values(accounts: DataFrame) -> DataFrame:
    return compute(accounts).dropna(axis=1, how="all")


def _totals(
    zone: Zone, accounts: DataFrame, left_out: list[Saying], surveyed: Survey | None = None
) -> DataFrame:
    """Accounts of the zone and its groups, and a word on those that are published."""
    apart = set() if surveyed is None or not surveyed.by_name else set(surveyed.computed)
    table, published = totals(zone, accounts, stated_accounts(zone), apart=apart)
    if published:
        _note(
            left_out,
            "示范区和聚集区合计：已公布的用公布值，没有公布的只在全部园区齐全时取园区之和。",
            "Totals of zone and groups: the published value, else the sum where every park has one.",
        )
    return table


def _lacking(values: DataFrame) -> list[Saying]:
    """Name the indicators that could not be computed, with the quantities they lack."""
    lacking = [
        ind
        for ind in INDICATORS.values()
        if ind.key not in values and ind.evidence not in ("unverified", "text")
    ]
    if not lacking:
        return []
    zh, en = "、".join(i.zh for i in lacking), ", ".join(i.en for i in lacking)
    notes: list[Saying] = []
    _note(
        notes,
        f"数据不足，未能计算的指标有 {len(lacking)} 项：{zh}。所需的台账量见方法表。",
        f"{len(lacking)} indicators cannot be computed from these data: {en}. The method table "
        "says what each needs.",
    )
    return notes


# --- scores -------------------------------------------------------------------------------------


def _evaluation(zone: Zone, left_out: list[Saying]) -> Evaluation | None:
    if not zone.evaluation:
        _note(
            left_out,
            "没有 evaluation.toml（标准版本、类型、理想值），因此没有集约度分值。",
            "There is no evaluation.toml (edition, type, ideal values), so there is no score.",
        )
        return None
    where = str(zone.folder / "evaluation.toml") if zone.folder else "evaluation.toml"
    return standards.read_evaluation(zone.evaluation, where=where, folder=zone.folder)


def _score(
    values: DataFrame,
    evaluation: Evaluation | None,
    left_out: list[Saying],
    names: Mapping[str, str],
) -> Scores | None:
    if evaluation is None or values.empty:
        return None
    try:
        return standards.score(values, evaluation.standard, evaluation)
    except StandardError as error:
        _note(
            left_out,
            f"{names['zh']}没有分值：{error.zh}",
            f"No score for {names['en']}: {error.en}",
        )
        return None


def _score_zone(
    zone: Zone,
    accounts: DataFrame,
    evaluation: Evaluation | None,
    scores: Scores | None,
    left_out: list[Saying],
) -> Scores | None:
    """Score the zone as one: sums by area, areas weighted; without built growth land main is 1."""
    if evaluation is None or scores is None:
        return None
    units = list(dict.fromkeys(accounts.index.get_level_values("unit")))
    areas = Series({unit: evaluation.area_of(str(unit)) for unit in units})
    table = _by_area(zone, accounts, areas)
    return _score(compute(table), evaluation, left_out, zone.names)


def _by_area(zone: Zone, accounts: DataFrame, areas: Series) -> DataFrame:
    """Sums of the zone by main and growth area; growth land without anything built is left out."""
    table = sums(zone, complete(zone, accounts), areas)
    table.index = table.index.set_names(["area", "year"])
    if "built_land_m2" in table:
        growing = table.index.get_level_values("area") != "main"
        table = table[~(growing & ~(table["built_land_m2"] > 0))]
    table = table.assign(unit=zone.id).set_index("unit", append=True)
    return table.reorder_levels(["unit", "year", "area"])


def _sure(
    scores: Scores | None, error: float, draws: int, left_out: list[Saying]
) -> dict[str, standards.Robustness]:
    """How sure the ranking of the last year is, for each zone type of which there are parks."""
    if scores is None:
        return {}
    year = int(max(scores.total.index.get_level_values("year")))
    found = {}
    for kind in dict.fromkeys(scores.total.xs(year, level="year")["kind"]):
        sure = standards.robustness(scores, year, kind=str(kind), error=error, draws=draws)
        if sure is not None:
            found[str(kind)] = sure
            continue
        zh, en = scores.evaluation.standard.kinds[str(kind)]
        _note(
            left_out,
            f"{year} 年数据齐全的{zh}园区不足两个，未作名次稳健性分析。",
            f"Fewer than two {en} parks have all values in {year}, so the robustness of their ranks "
            "was not looked at.",
        )
    return found


def _cross(scores: Scores | None) -> dict[str, standards.Cross]:
    """Ranks of the last year by other methods, for each zone type."""
    if scores is None:
        return {}
    year = int(max(scores.total.index.get_level_values("year")))
    kinds = dict.fromkeys(scores.total.xs(year, level="year")["kind"])
    found = {str(kind): standards.cross(scores, year, str(kind)) for kind in kinds}
    return {kind: table for kind, table in found.items() if table is not None}


def _attribution(scores: Scores | None) -> DataFrame:
    """What moved each score between following years, indicator by indicator."""
    columns = ["unit", "from", "to", "indicator", "area", "before", "after", "change"]
    if scores is None:
        return DataFrame(columns=columns)
    tables = []
    for unit in dict.fromkeys(scores.total.index.get_level_values("unit")):
        years = sorted(scores.total.loc[unit].index)
        for start, end in pairwise(years):
            table = standards.attribute(scores, unit, start, end)
            tables.append(table.assign(**{"unit": unit, "from": start, "to": end}))
    return pd.concat(tables, ignore_index=True)[columns] if tables else DataFrame(columns=columns)


def _potentials(
    zone: Zone, accounts: DataFrame, whole: DataFrame, evaluation: Evaluation | None
) -> DataFrame:
    if evaluation is None:
        return DataFrame(columns=["unit", "year", "item", "kind", "value"])
    own = whole[whole.index.get_level_values("unit") == zone.id]
    units = list(dict.fromkeys(accounts.index.get_level_values("unit")))
    areas = Series({unit: evaluation.area_of(str(unit)) for unit in units})
    of_zone = standards.potentials(own, evaluation)
    if areas.nunique() > 1:  # each area against its own ideals
        split = standards.potentials(_by_area(zone, accounts, areas), evaluation)
        by_ideal = split["kind"].isin(["intensity", "structure"])
        keys = ["unit", "year", "item", "kind"]
        added = split[by_ideal].groupby(keys, sort=False)["value"].sum().reset_index()
        kept = of_zone[~of_zone["kind"].isin(["intensity", "structure"])]
        of_zone = standards.in_order(pd.concat([kept, added]))
    return pd.concat([of_zone, standards.potentials(accounts, evaluation)], ignore_index=True)


_BY_PARCEL = (
    "industrial_floor_area_ratio",
    "building_coefficient",
    "industrial_tax_per_hectare",
    "tax_per_hectare",
    "expired",
    "idle",
)


def _parcel_potentials(
    zone: Zone, year: int, evaluation: Evaluation | None, surveyed: Survey | None
) -> DataFrame:
    """Potentials of single parcels in one year, the largest of each item first."""
    columns = ["park", "unit", "year", "item", "kind", "value"]
    if evaluation is None or surveyed is None:
        return DataFrame(columns=columns)
    accounts = surveyed.of_parcels(year)
    layer = zone.table("parcel", ["id", "park_id"]).drop_duplicates("id").set_index("id")
    if "park_id" not in layer:
        return DataFrame(columns=columns)
    park = layer["park_id"]
    held = park.dropna()
    parcels, parks = [*map(str, held.index)], [*map(str, held)]
    kind_of = {one: evaluation.kind_of(one) for one in set(parks)}
    area_of = {one: evaluation.area_of(one) for one in set(parks)}
    kinds = {parcel: kind_of[one] for parcel, one in zip(parcels, parks, strict=True)}
    areas = {parcel: area_of[one] for parcel, one in zip(parcels, parks, strict=True)}
    of_parcels = replace(evaluation, kinds=kinds, areas=areas)
    found = standards.potentials(accounts, of_parcels, items=_BY_PARCEL)
    found = found[found["value"] > 0].copy()
    found["park"] = found["unit"].map(park)
    order = found.sort_values(["item", "value", "unit"], ascending=[True, False, True])
    return order[columns].reset_index(drop=True)


# --- efficiency, change, comparison ----------------------------------------------------------------


def _efficiency(accounts: DataFrame, left_out: list[Saying]) -> tuple[DataFrame, DataFrame]:
    """DEA of the last year and productivity change, on land, staff, energy; income, tax."""
    inputs = [k for k in _INPUTS if k in accounts]
    outputs = [k for k in _OUTPUTS if k in accounts]
    if "built_land_m2" not in inputs or not outputs:
        _note(
            left_out,
            "没有各园区的已建成土地或产出，未作效率分析（DEA）。",
            "Built-up land or outputs of the parks are not there, so there is no DEA.",
        )
        return DataFrame(), DataFrame()
    year = int(max(accounts.index.get_level_values("year")))
    now = accounts.xs(year, level="year")[[*inputs, *outputs]].dropna()
    now = now[(now > 0).all(axis=1)]
    if len(now) < 2:
        return DataFrame(), DataFrame()
    needed = dea.units_needed(len(inputs), len(outputs))
    if len(now) < needed:
        _note(
            left_out,
            f"效率分析只有 {len(now)} 个园区，少于经验下限 {needed}，多数园区会显得有效，仅供参考。",
            f"The DEA has {len(now)} parks, fewer than the {needed} it asks for: most look "
            "efficient; read it as a hint only.",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZgcgisWarning)  # said above
        table = dea.scale(now[inputs], now[outputs])
        sbm = dea.efficiency(now[inputs], now[outputs], model="sbm")
        above = dea.efficiency(now[inputs], now[outputs], super=True)
    table.index = now.index
    table["sbm"], table["super"] = sbm.score, above.score
    excess = DataFrame(sbm.input_slacks, columns=inputs)
    for key in inputs:
        table[f"excess_{key}"] = excess[key]
    table.insert(0, "year", year)
    return table, _productivity(accounts[[*inputs, *outputs]], inputs, outputs)


def _productivity(accounts: DataFrame, inputs: list[str], outputs: list[str]) -> DataFrame:
    wide = accounts[(accounts > 0).all(axis=1)]
    years = sorted(set(wide.index.get_level_values("year")))
    if len(years) < 2:
        return DataFrame()
    there = wide.groupby(level="unit").size()
    units = list(there.index[there == len(years)])
    if len(units) < 2:
        return DataFrame()
    rows = pd.MultiIndex.from_product([units, years], names=["unit", "year"])
    panel = wide.reindex(rows.swaplevel().sort_values().swaplevel())
    return dea.malmquist(panel[inputs], panel[outputs], panel.index.get_level_values("year"))


def _consumption(accounts: DataFrame, whole: DataFrame) -> DataFrame:
    """Land consumption against population, first year against last."""
    table = pd.concat([whole, accounts])
    if not {"built_land_m2", "population_persons"} <= set(table.columns):
        return DataFrame()
    pair = table[["built_land_m2", "population_persons"]].dropna()
    years = sorted(set(pair.index.get_level_values("year")))
    if len(years) < 2:
        return DataFrame()
    first, last = pair.xs(years[0], level="year"), pair.xs(years[-1], level="year")
    units = [u for u in last.index if u in first.index]
    a, b = last.loc[units], first.loc[units]
    result = land_consumption(
        a["built_land_m2"],
        a["population_persons"],
        b["built_land_m2"],
        b["population_persons"],
        years=years[-1] - years[0],
    )
    result.insert(0, "to", years[-1])
    result.insert(0, "from", years[0])
    return result


def _compare(zones: Sequence[Zone], years: Iterable[int] | None) -> DataFrame:
    """Values of other zones. Their scores are left alone: other ideals, other scores."""
    tables = []
    for other in zones:
        notes: list[Saying] = []
        accounts, surveyed = _accounts(other, years, notes)
        table = _values(_totals(other, accounts, notes, surveyed))
        tables.append(table[table.index.get_level_values("unit") == other.id])
    return pd.concat(tables) if tables else DataFrame()


def _basis(accounts: DataFrame, surveyed: Survey | None) -> DataFrame:
    """Whether each account was stated or measured from the layers."""
    if surveyed is None:
        return DataFrame("stated", accounts.index, accounts.columns).where(accounts.notna(), None)
    said = surveyed.basis.reindex(index=accounts.index, columns=accounts.columns)
    return said.astype(object).where(said.notna(), "stated").where(accounts.notna(), None)

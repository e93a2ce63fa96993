"""What TD/T 1029 asks of land: state of use, benefit, management (状况、效益、管理)."""

from __future__ import annotations

from pandas import Series

from .registry import M2_PER_HA, indicator, ratio

__all__ = [
    "auction_rate",
    "building_coefficient",
    "built_share",
    "completion_rate",
    "development_rate",
    "expired_disposal_rate",
    "floor_area_ratio",
    "hightech_output_intensity",
    "hightech_share",
    "idle_disposal_rate",
    "idle_rate",
    "industrial_floor_area_ratio",
    "industrial_share",
    "industrial_tax_per_hectare",
    "investment_intensity",
    "output_intensity",
    "paid_use_rate",
    "population_density",
    "site_coverage",
    "supply_rate",
    "tax_per_hectare",
]


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
    return 100 * ratio(built_land_m2 + ready_land_m2, built_land_m2 + unbuilt_land_m2)


@indicator(
    zh="土地供应率",
    en="Land supply rate",
    unit="%",
    formula="100 * supplied_land_m2 / (built_land_m2 + ready_land_m2)",
    evidence="notice",
)
def supply_rate(supplied_land_m2: Series, built_land_m2: Series, ready_land_m2: Series) -> Series:
    """Supplied state land over land that meets the conditions of supply."""
    return 100 * ratio(supplied_land_m2, built_land_m2 + ready_land_m2)


@indicator(
    zh="土地建成率",
    en="Land completion rate",
    unit="%",
    formula="100 * built_land_m2 / supplied_land_m2",
    evidence="notice",
)
def completion_rate(built_land_m2: Series, supplied_land_m2: Series) -> Series:
    """Built-up land over supplied land; above 100 where built land was never formally supplied."""
    return 100 * ratio(built_land_m2, supplied_land_m2)


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
    return 100 * ratio(built_land_m2, built_land_m2 + unbuilt_land_m2)


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
    return 100 * ratio(industrial_land_m2, built_land_m2)


@indicator(
    zh="高新技术产业用地率",
    en="Share of high-tech land",
    unit="%",
    formula="100 * hightech_land_m2 / built_land_m2",
    evidence="forms",
)
def hightech_share(hightech_land_m2: Series, built_land_m2: Series) -> Series:
    """High-tech industry land (H) over built-up land."""
    return 100 * ratio(hightech_land_m2, built_land_m2)


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
    return ratio(floor_area_m2, built_land_m2)


@indicator(
    zh="建筑密度",
    en="Site coverage",
    unit="%",
    formula="100 * footprint_m2 / built_land_m2",
    evidence="forms",
)
def site_coverage(footprint_m2: Series, built_land_m2: Series) -> Series:
    """Building footprint over built-up land; structures and yards do not count."""
    return 100 * ratio(footprint_m2, built_land_m2)


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
    return ratio(industrial_floor_area_m2, industrial_land_m2)


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
    return 100 * ratio(industrial_occupied_m2, industrial_land_m2)


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
    return M2_PER_HA * ratio(industrial_investment_wan, industrial_land_m2)


@indicator(
    zh="工业用地产出强度",
    en="Output intensity of industrial land",
    unit="万元/公顷",
    formula="10000 * industrial_income_wan / industrial_land_m2",
    evidence="notice",
)
def output_intensity(industrial_income_wan: Series, industrial_land_m2: Series) -> Series:
    """Yearly income of industrial firms per hectare of industrial land (used to 2012)."""
    return M2_PER_HA * ratio(industrial_income_wan, industrial_land_m2)


@indicator(
    zh="工业用地地均税收",
    en="Tax per hectare of industrial land",
    unit="万元/公顷",
    formula="10000 * industrial_tax_wan / industrial_land_m2",
    evidence="notice",
)
def industrial_tax_per_hectare(industrial_tax_wan: Series, industrial_land_m2: Series) -> Series:
    """Yearly tax of industrial firms per hectare of industrial land."""
    return M2_PER_HA * ratio(industrial_tax_wan, industrial_land_m2)


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
    return M2_PER_HA * ratio(tax_wan, built_land_m2)


@indicator(
    zh="人口密度",
    en="Population density of built-up land",
    unit="人/公顷",
    formula="10000 * population_persons / built_land_m2",
    evidence="forms",
)
def population_density(population_persons: Series, built_land_m2: Series) -> Series:
    """Residents per hectare of built-up land."""
    return M2_PER_HA * ratio(population_persons, built_land_m2)


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
    return 100 * ratio(idle_land_m2, supplied_land_m2)


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
    return M2_PER_HA * ratio(hightech_income_wan, hightech_land_m2)


@indicator(
    zh="到期项目用地处置率",
    en="Disposal rate of expired land",
    unit="%",
    formula="100 * disposed_expired_land_m2 / (disposed_expired_land_m2 + expired_land_m2)",
    evidence="unverified",
)
def expired_disposal_rate(disposed_expired_land_m2: Series, expired_land_m2: Series) -> Series:
    """Expired land that was dealt with over all land that expired."""
    return 100 * ratio(disposed_expired_land_m2, disposed_expired_land_m2 + expired_land_m2)


@indicator(
    zh="闲置土地处置率",
    en="Disposal rate of idle land",
    unit="%",
    formula="100 * disposed_idle_land_m2 / (disposed_idle_land_m2 + idle_land_m2)",
    evidence="unverified",
)
def idle_disposal_rate(disposed_idle_land_m2: Series, idle_land_m2: Series) -> Series:
    """Idle land that was dealt with over all land that was idle."""
    return 100 * ratio(disposed_idle_land_m2, disposed_idle_land_m2 + idle_land_m2)


@indicator(
    zh="土地有偿使用实现率",
    en="Realised share of paid land use",
    unit="%",
    formula="100 * paid_land_m2 / payable_land_m2",
    evidence="unverified",
)
def paid_use_rate(paid_land_m2: Series, payable_land_m2: Series) -> Series:
    """Land in paid use over land that should be."""
    return 100 * ratio(paid_land_m2, payable_land_m2)


@indicator(
    zh="土地招拍挂实现率",
    en="Realised share of tender, auction and listing",
    unit="%",
    formula="100 * auctioned_land_m2 / auctionable_land_m2",
    evidence="unverified",
)
def auction_rate(auctioned_land_m2: Series, auctionable_land_m2: Series) -> Series:
    """Land granted by tender, auction or listing over land that should be."""
    return 100 * ratio(auctioned_land_m2, auctionable_land_m2)

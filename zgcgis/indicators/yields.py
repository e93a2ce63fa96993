"""Form and mix of what is built, and what land carries and yields (形态与产出)."""

from __future__ import annotations

from pandas import Series

from .registry import M2_PER_HA, indicator, ratio

M2_PER_KM2 = 1_000_000
WAN_PER_YI = 10_000

__all__ = [
    "energy_intensity",
    "energy_per_hectare",
    "green_share",
    "gross_floor_area_ratio",
    "income_per_hectare",
    "income_per_planned_area",
    "income_per_staff",
    "mean_storeys",
    "open_space_ratio",
    "rd_per_hectare",
    "rd_share",
    "staff_density",
    "staff_per_planned_area",
    "tax_per_planned_area",
    "tax_share",
]


@indicator(
    zh="毛容积率",
    en="Gross floor area ratio",
    unit="1",
    formula="floor_area_m2 / land_m2",
    evidence="definition",
)
def gross_floor_area_ratio(floor_area_m2: Series, land_m2: Series) -> Series:
    """Floor area over all evaluated land, built or not."""
    return ratio(floor_area_m2, land_m2)


@indicator(
    zh="平均层数",
    en="Mean number of storeys",
    unit="1",
    formula="floor_area_m2 / footprint_m2",
    evidence="definition",
)
def mean_storeys(floor_area_m2: Series, footprint_m2: Series) -> Series:
    """Floor area over footprint: L of the Spacematrix, FSI / GSI."""
    return ratio(floor_area_m2, footprint_m2)


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
    return ratio(built_land_m2 - footprint_m2, floor_area_m2)


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
    return 100 * ratio(green_land_m2, built_land_m2)


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
    return M2_PER_HA * ratio(income_wan, built_land_m2)


@indicator(
    zh="单位规划面积总收入",
    en="Income per square kilometre of planned area",
    unit="亿元/平方公里",
    formula="100 * income_wan / planned_land_m2",
    evidence="definition",
)
def income_per_planned_area(income_wan: Series, planned_land_m2: Series) -> Series:
    """Income per planned area, 100 million CNY per km²; planned area is not built-up land."""
    return M2_PER_KM2 / WAN_PER_YI * ratio(income_wan, planned_land_m2)


@indicator(
    zh="单位规划面积税收",
    en="Tax per square kilometre of planned area",
    unit="亿元/平方公里",
    formula="100 * tax_wan / planned_land_m2",
    evidence="definition",
)
def tax_per_planned_area(tax_wan: Series, planned_land_m2: Series) -> Series:
    """Tax per planned area, 100 million CNY per km²."""
    return M2_PER_KM2 / WAN_PER_YI * ratio(tax_wan, planned_land_m2)


@indicator(
    zh="从业人员密度",
    en="Staff per hectare of built-up land",
    unit="人/公顷",
    formula="10000 * staff_persons / built_land_m2",
    evidence="definition",
)
def staff_density(staff_persons: Series, built_land_m2: Series) -> Series:
    """Staff per hectare of built-up land."""
    return M2_PER_HA * ratio(staff_persons, built_land_m2)


@indicator(
    zh="单位规划面积从业人员",
    en="Staff per square kilometre of planned area",
    unit="人/平方公里",
    formula="1000000 * staff_persons / planned_land_m2",
    evidence="definition",
)
def staff_per_planned_area(staff_persons: Series, planned_land_m2: Series) -> Series:
    """Staff per planned area."""
    return M2_PER_KM2 * ratio(staff_persons, planned_land_m2)


@indicator(
    zh="地均研发经费",
    en="R&D spending per hectare of built-up land",
    unit="万元/公顷",
    formula="10000 * rd_wan / built_land_m2",
    evidence="definition",
)
def rd_per_hectare(rd_wan: Series, built_land_m2: Series) -> Series:
    """R&D spending per hectare of built-up land."""
    return M2_PER_HA * ratio(rd_wan, built_land_m2)


@indicator(
    zh="研发经费占总收入比例",
    en="R&D share of income",
    unit="%",
    formula="100 * rd_wan / income_wan",
    evidence="definition",
)
def rd_share(rd_wan: Series, income_wan: Series) -> Series:
    """R&D spending over total income."""
    return 100 * ratio(rd_wan, income_wan)


@indicator(
    zh="税收占总收入比例",
    en="Tax share of income",
    unit="%",
    formula="100 * tax_wan / income_wan",
    evidence="definition",
)
def tax_share(tax_wan: Series, income_wan: Series) -> Series:
    """Tax over total income."""
    return 100 * ratio(tax_wan, income_wan)


@indicator(
    zh="人均总收入",
    en="Income per head of staff",
    unit="万元/人",
    formula="income_wan / staff_persons",
    evidence="definition",
)
def income_per_staff(income_wan: Series, staff_persons: Series) -> Series:
    """Income per head of staff."""
    return ratio(income_wan, staff_persons)


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
    return M2_PER_HA * ratio(energy_tce, built_land_m2)


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
    return ratio(energy_tce, income_wan)

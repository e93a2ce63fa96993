"""Control indicators of industrial projects (工业项目建设用地控制指标)."""

from __future__ import annotations

from pandas import Series

from .registry import M2_PER_HA, indicator, ratio

__all__ = [
    "project_building_coefficient",
    "project_floor_area_ratio",
    "project_green_ratio",
    "project_investment_intensity",
    "project_office_share",
    "project_output_rate",
]


@indicator(
    zh="项目投资强度",
    en="Investment intensity of a project",
    unit="万元/公顷",
    formula="10000 * project_investment_wan / project_land_m2",
    evidence="text",
)
def project_investment_intensity(project_investment_wan: Series, project_land_m2: Series) -> Series:
    """Fixed investment (plant, equipment, land price) per hectare of the whole project land."""
    return M2_PER_HA * ratio(project_investment_wan, project_land_m2)


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
    return ratio(project_floor_area_m2 + project_tall_floor_area_m2, project_land_m2)


@indicator(
    zh="项目建筑系数",
    en="Building coefficient of a project",
    unit="%",
    formula="100 * project_occupied_m2 / project_land_m2",
    evidence="text",
)
def project_building_coefficient(project_occupied_m2: Series, project_land_m2: Series) -> Series:
    """Buildings, structures and yards over project land."""
    return 100 * ratio(project_occupied_m2, project_land_m2)


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
    return 100 * ratio(project_office_land_m2, project_land_m2)


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
    return 100 * ratio(project_green_land_m2, project_land_m2)


@indicator(
    zh="项目产出率",
    en="Output rate of a project",
    unit="万元/公顷",
    formula="10000 * project_output_wan / project_land_m2",
    evidence="text",
)
def project_output_rate(project_output_wan: Series, project_land_m2: Series) -> Series:
    """Mean yearly output of the last three years per hectare of project land."""
    return M2_PER_HA * ratio(project_output_wan, project_land_m2)

"""Land-intensity indicators (土地集约利用指标): one small pure function each.

An indicator reads *accounts* -- the table :mod:`zgcgis.accounts` makes, one row per unit and
year -- and returns one number per row. It knows neither geometry, nor which standard lists it
under which code, nor what a good value is (:mod:`zgcgis.standards` does).

To add one, write one function in one of the files of this folder. Three rules make that enough:

1. a parameter's name *is* the account column it reads; ``terms.toml`` lists them all;
2. the unit stands in that name (``_m2``, ``_wan`` = 10 000 CNY), so no code ever has to guess a
   magnitude;
3. ``formula`` says the same in those names: reports print it, the workbook computes it, and a
   test evaluates it against the function.

The value of a group of units is the ratio of their sums (:func:`total`), never the mean of
their ratios.
"""

from __future__ import annotations

from .change import land_consumption
from .land import (
    auction_rate,
    building_coefficient,
    built_share,
    completion_rate,
    development_rate,
    expired_disposal_rate,
    floor_area_ratio,
    hightech_output_intensity,
    hightech_share,
    idle_disposal_rate,
    idle_rate,
    industrial_floor_area_ratio,
    industrial_share,
    industrial_tax_per_hectare,
    investment_intensity,
    output_intensity,
    paid_use_rate,
    population_density,
    site_coverage,
    supply_rate,
    tax_per_hectare,
)
from .projects import (
    project_building_coefficient,
    project_floor_area_ratio,
    project_green_ratio,
    project_investment_intensity,
    project_office_share,
    project_output_rate,
)
from .registry import EVIDENCE, INDICATORS, Indicator, compute, indicator, total
from .yields import (
    energy_intensity,
    energy_per_hectare,
    green_share,
    gross_floor_area_ratio,
    income_per_hectare,
    income_per_planned_area,
    income_per_staff,
    mean_storeys,
    open_space_ratio,
    rd_per_hectare,
    rd_share,
    staff_density,
    staff_per_planned_area,
    tax_per_planned_area,
    tax_share,
)

__all__ = [
    "EVIDENCE",
    "INDICATORS",
    "Indicator",
    "auction_rate",
    "building_coefficient",
    "built_share",
    "completion_rate",
    "compute",
    "development_rate",
    "energy_intensity",
    "energy_per_hectare",
    "expired_disposal_rate",
    "floor_area_ratio",
    "green_share",
    "gross_floor_area_ratio",
    "hightech_output_intensity",
    "hightech_share",
    "idle_disposal_rate",
    "idle_rate",
    "income_per_hectare",
    "income_per_planned_area",
    "income_per_staff",
    "indicator",
    "industrial_floor_area_ratio",
    "industrial_share",
    "industrial_tax_per_hectare",
    "investment_intensity",
    "land_consumption",
    "mean_storeys",
    "open_space_ratio",
    "output_intensity",
    "paid_use_rate",
    "population_density",
    "project_building_coefficient",
    "project_floor_area_ratio",
    "project_green_ratio",
    "project_investment_intensity",
    "project_office_share",
    "project_output_rate",
    "rd_per_hectare",
    "rd_share",
    "site_coverage",
    "staff_density",
    "staff_per_planned_area",
    "supply_rate",
    "tax_per_hectare",
    "tax_per_planned_area",
    "tax_share",
    "total",
]

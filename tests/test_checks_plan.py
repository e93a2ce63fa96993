"""Plan, quota and supply rules on a zone of squares, where every answer is mental arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from zgcgis import geo
from zgcgis.checks import not_checked
from zgcgis.checks import planned_land as plan_rules
from zgcgis.checks import quota as quota_rules
from zgcgis.checks import supply as supply_rules
from zgcgis.checks.quota import quota_use, use_class
from zgcgis.findings import RULES, describe
from zgcgis.io import open_zone
from zgcgis.language.errors import UnknownNameError
from zgcgis.model import Zone
from zgcgis.plan import Clause, Demand
from zgcgis.plan.land_use import SYSTEMS, crosswalk

CENTER = (116.3, 40.0)


@dataclass(frozen=True)
class PlanOfTwo:
    """A plan that places industries in two parks."""

    park_industries: dict = field(
        default_factory=lambda: {"p1": {"bio"}, "p2": {"bio", "electronics"}}
    )
    industries: dict = field(default_factory=dict)
    names: dict = field(default_factory=lambda: {"zh": "试验规划", "en": "Test plan"})
    demands: tuple = (Demand("layout", "layout", "符合总规", "within plans", "1", ()),)
    clauses: dict = field(default_factory=lambda: {"1": Clause("1", "第一条", "layout", (), "")})

    def group_of(self, park):
        return None

    def admits(self, park, industry):
        return park not in self.park_industries or industry in self.park_industries[park]


def layer(rows, squares):
    """A layer of rectangles given in metres around the centre."""
    shapes = gpd.GeoSeries([box(*square) for square in squares], crs=geo.plane(CENTER))
    return gpd.GeoDataFrame(
        pd.DataFrame(rows), geometry=shapes.to_crs("EPSG:4490").to_numpy(), crs="EPSG:4490"
    )


def square(column, row=0, size=100):
    return (column * size, row * size, (column + 1) * size, (row + 1) * size)


def parcels():
    rows = [
        {
            "id": "a",
            "park_id": "p1",
            "build_state": "A2",
            "supply_state": "D21",
            "land_use": "1001",
            "planned_use": "1001",
            "supply_date": "2022-03-01",
            "approved_date": "2021-01-01",
            "agreed_start_date": "2022-06-01",
            "actual_start_date": "2022-05-01",
            "finish_date": "2023-05-01",
            "extension_months": 0,
            "government_cause": False,
        },
        {
            "id": "b",
            "park_id": "p1",
            "build_state": "B21",
            "supply_state": "D21",
            "land_use": "1001",
            "planned_use": "1001",
            "supply_date": "2022-04-01",
            "approved_date": "2021-02-01",
            "agreed_start_date": "2022-06-01",
            "land_price_wan": 1000.0,
        },
        {
            "id": "c",
            "park_id": "p2",
            "build_state": "B21",
            "supply_state": "E21",
            "land_use": "0101",
            "planned_use": "1001",
            "approved_date": "2021-12-30",
        },
        {
            "id": "d",
            "park_id": "p2",
            "build_state": "A4",
            "supply_state": "D21",
            "land_use": "0901",
            "planned_use": "1001",
            "supply_date": "2023-02-01",
            "agreed_start_date": "2023-09-01",
        },
    ]
    found = layer(rows, [square(0), square(1), square(2), square(3)])
    return found.assign(land_use_system="yonghai_2023")


def zone(**changes):
    units = pd.DataFrame(
        {
            "level": ["park", "park", "group"],
            "parent": [None, None, None],
            "group": ["g", "g", None],
            "zh": ["一园", "二园", "组"],
            "en": ["One", "Two", "Group"],
        },
        index=["p1", "p2", "g"],
    )
    made = Zone(
        id="z",
        names={"zh": "试验区", "en": "Test zone"},
        meta={
            "years": [2022, 2023],
            "center": CENTER,
            "land_use_system": "yonghai_2023",
            "thresholds": {"industrial_far_min": 0.5},
        },
        units=units,
        layers={"parcel": parcels()},
        accounts=pd.DataFrame(),
        quotas=pd.DataFrame(columns=["unit", "year", "use", "kind", "quota_m2", "clause"]),
        plan=PlanOfTwo(),
    )
    layers = changes.pop("layers", {})
    return replace(made, layers={**made.layers, **layers}, **changes)


def quotas(*rows):
    return pd.DataFrame(rows, columns=["unit", "year", "use", "kind", "quota_m2", "clause"])


# --- the plan ------------------------------------------------------------------------------


def test_an_industry_elsewhere_planned_is_found_in_the_latest_year_only():
    firms = layer(
        [
            {"id": "f1", "year": 2022, "park_id": "p1", "industry": "electronics"},
            {"id": "f1", "year": 2023, "park_id": "p1", "industry": "bio"},
            {"id": "f2", "year": 2023, "park_id": "p1", "industry": "electronics"},
            {"id": "f3", "year": 2023, "park_id": "p2", "industry": "electronics"},
            {"id": "f4", "year": 2023, "park_id": "p1", "industry": None},
            {"id": "f5", "year": 2023, "park_id": "far away", "industry": "electronics"},
        ],
        [square(i, size=10) for i in range(6)],
    )
    found = plan_rules.industry_off_plan(zone(layers={"enterprise": firms}))
    assert found["feature"].tolist() == ["f2"]
    assert found["detail"].item() == "electronics -> ['bio']"
    assert "bio" in describe(found, "zh").item()
    assert plan_rules.industry_off_plan(zone()).empty


CONTROLS = [
    (
        plan_rules.outside_master_plan,
        "P302",
        "master_plan",
        (0, 0, 150, 100),
        {"b": 5_000.0, "d": 10_000.0},
    ),
    (plan_rules.outside_urban_boundary, "P304", "urban_boundary", (0, 0, 390, 100), {"d": 1_000.0}),
    (
        plan_rules.in_protected_area,
        "P305",
        "protection",
        (90, 0, 220, 50),
        {"a": 500.0, "b": 5_000.0},
    ),
    (
        plan_rules.in_prohibited_area,
        "P306",
        "prohibited",
        (199, 99, 302, 101),
        {"b": 1.0, "d": 2.0},
    ),
]


@pytest.mark.parametrize(("rule", "code", "level", "extent", "expected"), CONTROLS)
def test_construction_land_against_a_control_line(rule, code, level, extent, expected):
    line = layer([{"id": "line", "zh": "线", "grade": "一级"}], [extent])
    found = rule(zone(layers={level: line}), min_area_m2=0.5)
    assert dict(zip(found["feature"], found["measured"], strict=True)) == pytest.approx(
        expected, rel=1e-5, abs=0.02
    )
    assert set(found["rule"]) == {code}
    assert set(found["clause"]) == {"试验规划 第一条"}
    assert geo.area_m2(found.geometry, center=CENTER).to_numpy() == pytest.approx(
        found["measured"].to_numpy(), rel=1e-5, abs=0.02
    )
    assert "c" not in set(found["feature"])  # neither built nor supplied


@pytest.mark.parametrize(("rule", "code", "level", "extent", "expected"), CONTROLS)
def test_a_line_nobody_gave_and_a_tolerance_that_covers_find_nothing(
    rule, code, level, extent, expected
):
    assert rule(zone()).empty
    line = layer([{"id": "line", "grade": "一级"}], [extent])
    assert rule(zone(layers={level: line}), min_area_m2=20_000).empty


def test_the_grade_of_protection_is_told():
    line = layer([{"id": "red", "grade": "一级"}], [(0, 0, 50, 50)])
    found = plan_rules.in_protected_area(zone(layers={"protection": line}))
    assert found[["feature", "other", "detail"]].to_numpy().tolist() == [["a", "red", "一级"]]


def test_use_is_compared_with_the_detailed_plan_at_the_shorter_code():
    plans = layer(
        [
            {"id": "k1", "land_use": "100101", "land_use_system": "yonghai_2023"},
            {"id": "k2", "land_use": "0802", "land_use_system": "yonghai_2023"},
            {"id": "k3", "land_use": "05", "land_use_system": "gbt21010_2017"},
        ],
        [(0, 0, 200, 100), (300, 0, 360, 100), (360, 0, 400, 100)],
    )
    found = plan_rules.use_off_detailed_plan(zone(layers={"detailed_plan": plans}))
    assert found[["feature", "other"]].to_numpy().tolist() == [["d", "k2"]]
    assert found["measured"].item() == pytest.approx(6_000, rel=1e-5)
    assert found["detail"].item() == "0901 -> 0802"


# --- quotas --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "year", "use", "kind", "used"),
    [
        ("p1", 2022, "industrial_land", "plan", 20_000),
        ("p1", 2022, "industrial_land_m2", "plan", 20_000),
        ("p1", 2023, "industrial_land", "plan", 0),
        ("p1", 2022, "commercial_land", "plan", 0),
        ("p1", 2022, "supplied_in_year", "plan", 20_000),
        ("g", 2023, "supplied_in_year", "plan", 10_000),
        ("zone", 2021, "land", "approved", 30_000),
        ("z", 2021, "industrial_land", "approved", 30_000),
        ("p1", 2023, "industrial_land", "cumulative", 10_000),
        ("g", 2023, "built_land", "cumulative", 20_000),
        ("g", 2022, "supplied_land", "cumulative", 20_000),
        ("g", 2023, "supplied_land", "cumulative", 30_000),
        ("g", 2023, "unbuilt_land", "cumulative", 20_000),
    ],
)
def test_what_counts_against_a_quota(unit, year, use, kind, used):
    ledger = quota_use(zone(quotas=quotas((unit, year, use, kind, 15_000.0, "x"))))
    assert ledger["used_m2"].item() == pytest.approx(used, rel=1e-5)
    assert ledger["left_m2"].item() == pytest.approx(15_000 - used, rel=1e-5)


def test_over_quota_is_an_error_with_its_clause_and_exactly_used_is_not():
    over = zone(quotas=quotas(("p1", 2022, "industrial_land", "plan", 15_000.0, "批复一")))
    found = quota_rules.over_quota(over)
    assert found[["feature", "severity", "clause"]].to_numpy().tolist() == [
        ["p1", "error", "批复一"]
    ]
    assert found["measured"].item() == pytest.approx(20_000, rel=1e-5)
    assert "20000" in describe(found, "zh").item()
    exact = zone(quotas=quotas(("p1", 2022, "industrial_land", "plan", 20_000.0, "")))
    assert quota_rules.over_quota(exact).empty
    assert quota_rules.over_quota(zone()).empty


@pytest.mark.parametrize(
    "row", [("p1", 2022, "moon", "plan", 1.0, ""), ("p1", 2022, "land", "dream", 1.0, "")]
)
def test_a_quota_for_an_unknown_use_or_kind_is_refused(row):
    with pytest.raises(UnknownNameError, match=r"moon|dream"):
        quota_use(zone(quotas=quotas(row)))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"build_state": "A31"}, "A3"),
        ({"build_state": "B21", "planned_use": "100102"}, "A2"),
        ({"build_state": "B21", "planned_use": None, "land_use": "0802"}, "A5"),
        ({"build_state": "C1", "planned_use": "1701"}, ""),
        ({"planned_use": "1310"}, "A5"),
        ({"planned_use": " 10010101 "}, "A2"),
        ({"planned_use": "0899"}, "A5"),
        ({"planned_use": "2399"}, ""),
        ({"planned_use": "nothing"}, ""),
        ({"planned_use": "1001", "land_use_system": "unheard of"}, ""),
        ({"planned_use": "M1", "land_use_system": "gb50137_2011"}, "A2"),
        ({"planned_use": "0508", "land_use_system": "third_survey"}, "A2"),
        ({"planned_use": "0507", "land_use_system": "third_survey"}, "A4"),
        ({"planned_use": "0601", "land_use_system": "gbt21010_2017"}, "A2"),
    ],
)
def test_class_of_use(facts, expected):
    row = {"land_use_system": "yonghai_2023"} | facts
    assert use_class(pd.DataFrame([row])).item() == expected


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_code_of_the_crosswalk_has_its_class_in_quotas(system):
    known = crosswalk().loc[system]
    parcels = pd.DataFrame({"planned_use": known.index, "land_use_system": system})
    want = known["td1029"].where(known["td1029"].str.startswith("A"), "").str[:2]
    assert use_class(parcels).tolist() == want.tolist()


# --- supply --------------------------------------------------------------------------------


def test_idle_late_and_unsupplied_parcels_are_told_apart():
    here = zone()
    idle = supply_rules.idle_not_started(here)
    assert idle[["feature", "measured", "limit", "severity"]].to_numpy().tolist() == [
        ["b", 578.0, 365.0, "error"]
    ]
    assert "200.00 万元" in idle["detail"].item()
    assert supply_rules.supplied_not_used(here).empty  # d is stated to be built on
    shown = supply_rules.start_not_recorded(here)
    assert shown[["feature", "measured", "severity"]].to_numpy().tolist() == [["d", 121.0, "note"]]
    assert "A4" in shown["detail"].item()
    open_land = parcels()
    open_land["build_state"] = open_land["build_state"].replace("A4", "B21")
    late = supply_rules.supplied_not_used(zone(layers={"parcel": open_land}))
    assert late[["feature", "measured", "detail"]].to_numpy().tolist() == [
        ["d", 121.0, "2024-09-02"]
    ]
    waiting = supply_rules.approved_not_supplied(here)
    assert waiting[["feature", "measured", "limit"]].to_numpy().tolist() == [["c", 731.0, 730.0]]
    assert supply_rules.approved_not_supplied(here, years=3).empty


BUILDINGS = {
    "named": ({"parcel_id": "b"}, (500, 500, 520, 520)),
    "standing there": ({"parcel_id": None}, (110, 10, 130, 30)),
    "of a known year": ({"parcel_id": "b", "built_year": 2023}, (500, 500, 520, 520)),
}


@pytest.mark.parametrize("case", BUILDINGS)
def test_a_building_shows_that_land_is_not_idle(case):
    facts, place = BUILDINGS[case]
    here = zone(layers={"building": layer([{"id": "h", "kind": "building"} | facts], [place])})
    assert supply_rules.idle_not_started(here).empty
    shown = supply_rules.start_not_recorded(here)
    assert "b" in shown["feature"].tolist()
    assert set(shown["severity"]) == {"note"}


def test_a_building_of_a_later_year_or_next_door_shows_nothing():
    later = {"id": "h", "kind": "building", "parcel_id": "b", "built_year": 2024}
    beside = {"id": "i", "kind": "building", "parcel_id": None}
    houses = layer([later, beside], [(110, 10, 130, 30), (190, 10, 220, 30)])
    found = supply_rules.idle_not_started(zone(layers={"building": houses}))
    assert found["feature"].tolist() == ["b"]


@pytest.mark.parametrize("how", ["absent", "empty"])
def test_where_no_start_was_ever_recorded_nobody_is_accused(how):
    held = parcels()
    held = held.drop(columns="actual_start_date") if how == "absent" else held
    if how == "empty":
        held["actual_start_date"] = None
    held["finish_date"] = None
    here = zone(layers={"parcel": held})
    assert supply_rules.idle_not_started(here).empty
    assert supply_rules.supplied_not_used(here).empty
    unknown = supply_rules.idle_unknown(here)
    assert "actual_start_date" in set(unknown["detail"])
    assert "b" in unknown["feature"].tolist()


def test_the_day_of_judgement_can_be_stated():
    here = zone(meta={**zone().meta, "as_of": "2023-06-01"})
    assert supply_rules.idle_not_started(here).empty
    assert supply_rules.supplied_not_used(here)["feature"].tolist() == ["b"]


@pytest.mark.parametrize("how", ["absent", "empty"])
def test_where_no_extension_or_cause_was_ever_recorded_the_longest_is_allowed_for(how):
    def without(name, **stated):
        held = parcels().assign(**stated)
        held = held.drop(columns=name) if how == "absent" else held.assign(**{name: None})
        return zone(layers={"parcel": held})

    here = without("extension_months")  # b is 578 days late: with 12 months more it is not idle
    assert supply_rules.idle_not_started(here).empty
    late = supply_rules.supplied_not_used(here).set_index("feature")
    assert late.loc["b", ["measured", "detail"]].tolist() == [578.0, "2024-06-02"]
    assert set(late["severity"]) == {"note"}
    said = not_checked(here, ["L601"])
    assert said[["column", "features", "of"]].to_numpy().tolist() == [["extension_months", 4, 4]]
    earlier = without("extension_months", agreed_start_date="2021-06-01")
    assert "b" in supply_rules.idle_not_started(earlier)["feature"].tolist()
    (blamed,) = supply_rules.idle_not_started(without("government_cause"))["detail"]
    assert "no fee" in blamed
    assert "万元" not in blamed
    long = without("government_cause", extension_months=[6, 18, 0, 0])
    assert supply_rules.extension_too_long(long)["feature"].tolist() == ["b"]


def test_a_delay_by_government_warns_and_a_long_extension_is_named():
    held = parcels()
    held["government_cause"] = [False, True, False, False]
    held["extension_months"] = [0, 0, 0, 0]
    here = zone(layers={"parcel": held})
    assert supply_rules.idle_not_started(here)["severity"].tolist() == ["warning"]
    assert supply_rules.extension_too_long(here).empty
    held["extension_months"] = [6, 18, 0, 0]
    found = supply_rules.extension_too_long(zone(layers={"parcel": held}))
    assert found[["feature", "measured", "limit"]].to_numpy().tolist() == [
        ["a", 6.0, 0.0],
        ["b", 18.0, 12.0],
    ]


def test_stopped_land_is_idle_by_either_share():
    held = parcels()
    held["stopped_since"] = ["2022-12-31", None, None, None]
    held["finish_date"] = None
    held["registered_area_m2"] = 10_000.0
    held["developed_area_m2"] = 3_000.0
    held["total_investment_wan"], held["invested_wan"] = 100.0, 80.0
    found = supply_rules.idle_stopped(zone(layers={"parcel": held}))
    assert found[["feature", "measured", "limit"]].to_numpy().tolist() == [["a", 365.0, 365.0]]
    assert found["detail"].item() == "开发 built 30.0 %，投资 invested 80.0 %"
    held["developed_area_m2"] = None
    unknown = supply_rules.idle_unknown(zone(layers={"parcel": held}))
    assert unknown[["feature", "detail"]].to_numpy().tolist() == [["a", "developed_area_m2"]]


def test_under_used_land_is_built_industrial_land_below_the_zone_s_own_threshold():
    buildings = layer(
        [
            {
                "id": "h1",
                "parcel_id": "a",
                "kind": "building",
                "storeys": 2,
                "floor_area_m2": 2_000.0,
                "tall_floor_area_m2": 1_000.0,
            },
            {
                "id": "h2",
                "parcel_id": "a",
                "kind": "building",
                "storeys": 3,
                "floor_area_m2": None,
                "tall_floor_area_m2": None,
            },
            {
                "id": "h3",
                "parcel_id": "a",
                "kind": "yard",
                "storeys": 0,
                "floor_area_m2": 9_000.0,
                "tall_floor_area_m2": None,
            },
        ],
        [(0, 0, 10, 10), (10, 10, 30, 30), (40, 40, 50, 50)],
    )
    here = zone(layers={"building": buildings})
    found = supply_rules.under_used(here)
    # 2 000 + 1 000 for height + 3 storeys of 400 m2, on 10 000 m2
    assert found[["feature", "limit"]].to_numpy().tolist() == [["a", 0.5]]
    assert found["measured"].item() == pytest.approx(0.42, rel=1e-5)
    assert supply_rules.under_used(replace(here, meta={"years": [2023], "center": CENTER})).empty


OWN = sorted(code for code in RULES if code[0] in "PQL")


@pytest.mark.parametrize("code", OWN)
def test_every_rule_runs_on_a_zone_with_nothing_in_it(code):
    bare = replace(zone(), layers={}, plan=None)
    assert RULES[code].func(bare).empty


@pytest.mark.parametrize("code", OWN)
def test_every_rule_says_itself_in_both_languages(code):
    rule = RULES[code]
    assert rule.zh
    assert rule.en
    assert rule.levels
    assert not any("一" <= letter <= "鿿" for letter in rule.en)


def test_rules_cite_the_founding_plan_where_it_asks():
    plan = open_zone("zgc")
    cited = {code: plan_rules.demanded(plan, *asked) for code, asked in plan_rules.ASKED.items()}
    assert cited["P302"].endswith("七(三)3")
    assert cited["P303"].endswith("七 (总则)")
    assert cited["P305"] == cited["P306"]
    assert cited["P305"].endswith("七(四)2")
    assert plan_rules.demanded(replace(plan, plan=None), ["master_plan"]) == ""

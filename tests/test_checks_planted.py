"""Every kind of error is planted, with the noise of a survey: it is found, and nothing else is."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from tests.conftest import FULL
from zgcgis import geo, sample
from zgcgis.checks import RULES, check
from zgcgis.checks.planned_land import latest
from zgcgis.checks.supply import floor_area_ratio
from zgcgis.io import open_zone
from zgcgis.plan import Clusters
from zgcgis.sample import write_sample

SAMPLE = Path(__file__).parents[1] / "data" / "sample"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- who plants what -----------------------------------------------------------------------------

BY_SAMPLE = {row["rule"] for row in rows(SAMPLE / "planted.csv")}
BY_PROPOSAL = {row["rule"] for row in rows(SAMPLE / "projects" / "proposal-expected.csv")}
BY_PROJECT = {row["rule"] for row in rows(SAMPLE / "projects" / "expected.csv")}
WITHOUT = {
    "T114": "no fault of the land: it says that more outlines pile up than can be compared",
    "T115": "the noise itself, which lies on all land here",
}


def changed(zone, level, rows_of, **columns):
    layer = zone.layer(level).copy()
    for name, value in columns.items():
        if name not in layer:
            layer[name] = None
        layer[name] = layer[name].astype("object")
        layer.loc[rows_of(layer), name] = value
    return replace(zone, layers={**zone.layers, level: layer})


def first(level_row, column="id"):
    return lambda layer: layer[column] == level_row


def valued(zone, *entries):
    more = pd.DataFrame(entries)
    return replace(zone, accounts=pd.concat([zone.accounts, more], ignore_index=True))


def approximate_outline(zone, park):
    outlines = zone.layer("park").set_index("id")
    drawn = geo.area_m2(outlines.geometry, center=zone.center)[park]
    here = changed(zone, "park", first(park), precision="sketch", error_m=50.0,
                   stated_area_m2=1.5 * drawn)  # fmt: skip
    return here, [("D503", park)]


def counted_elsewhere(zone, park):
    base = {"unit": park, "year": 2001, "period": "annual", "source": "s"}
    here = valued(
        zone,
        base | {"key": "planned_land_m2", "value": 5e6},
        base | {"key": "profit_wan", "value": 900.0, "scope": "registration"},
    )
    return here, [("D504", park)]


def counted_somehow(zone, park):
    base = {"unit": park, "year": 2001, "period": "annual", "source": "s"}
    here = valued(
        zone,
        base | {"key": "planned_land_m2", "value": 5e6},
        base | {"key": "profit_wan", "value": 900.0},
    )
    return here, [("D507", park)]


def repeated(zone, park):
    here = valued(
        zone,
        *(
            {"unit": park, "year": year, "period": period, "key": "profit_wan", "value": value,
             "source": "s", "scope": "operation"}
            for period, years in (("annual", (2001, 2002)), ("half", (2003, 2004)))
            for year, value in zip(years, (812.25, 913.75), strict=True)
        ),
    )  # fmt: skip
    return here, [("D505", park)]


def set_aside(zone, park):
    entry = {"unit": park, "key": "profit_wan", "value": 1.0, "year": 2001}
    return replace(zone, meta={**zone.meta, "rejected": [entry]}), [("D506", park)]


def circle(zone, park):
    units = zone.units.copy()
    other = next(one for one in units.index[units["level"] == "park"] if one != park)
    units.loc[park, "parent"], units.loc[other, "parent"] = other, park
    return replace(zone, units=units), [("H206", min(park, other))]


def no_such_group(zone, park):
    units = zone.units.copy()
    units.loc[park, "group"] = "nobody"
    return replace(zone, units=units), [("H207", "nobody")]


def unknown_column(zone, park):
    accounts = zone.accounts.assign(remarks="by hand")
    return replace(zone, accounts=accounts), [("H209", "accounts.csv")]


def without_a_name(zone, park):
    units = zone.units.copy()
    units.loc[park, "en"] = ""
    return replace(zone, units=units), [("H210", park)]


def drawn_only(zone, park):
    outline = zone.layer("park")
    more = outline[outline["id"] == park].assign(id="unlisted", precision="sketch", error_m=50.0)
    more.geometry = more.geometry.translate(1.0)
    both = pd.concat([outline, more], ignore_index=True)
    return replace(zone, layers={**zone.layers, "park": both}), [("H211", "unlisted")]


def without_codes(zone, park):
    others = {key: one for key, one in zone.clusters.items() if key != "aerospace"}
    some = changed(zone, "enterprise", lambda firms: firms["industry_code"] == "3741", industry="")
    return replace(some, clusters=Clusters(others)), [("H212", "aerospace")]


def another_group(zone, park):
    units = zone.units.copy()
    free = units.index[(units["level"] == "park") & units["group"].isin(zone.plan.groups)]
    park = park if park in free else free[0]
    other = next(key for key in zone.plan.groups if key != zone.plan.group_of(park).key)
    units.loc[park, "group"] = other
    return replace(zone, units=units), [("H213", park)]


def patches_beside_parcels(zone, park):
    patches = zone.layer("parcel")[["id", "land_use", "geometry"]].head(3)
    return replace(zone, layers={**zone.layers, "land_patch": patches}), [("H214", "parcel")]


def nameless(zone, park):
    station = zone.layer("transit")["id"].iloc[0]
    return changed(zone, "transit", first(station), id=None), [("H208", None)]


def blocks_over_one_another(zone, park):
    block = zone.layer("block")
    flat = block.to_crs(geo.plane(zone.center))
    one = flat[flat["park_id"] == park].iloc[0]
    x, y = one.geometry.exterior.coords[0]
    more = flat.loc[[one.name]].assign(id="zz", geometry=[shapely.box(x - 5, y - 5, x + 5, y + 5)])
    more["stated_area_m2"] = None
    both = pd.concat([flat, more], ignore_index=True).to_crs(block.crs)
    return replace(zone, layers={**zone.layers, "block": both}), [("T112", one["id"])]


def built_without_a_date(zone, park):
    parcel = zone.layer("parcel")
    built = parcel[
        parcel["id"].isin(zone.layer("building")["parcel_id"])
        & (parcel["supply_state"] == "D21")
        & parcel["agreed_start_date"].notna()
        & parcel["until"].isna()
    ]["id"].iloc[0]
    early = pd.Timestamp("2015-01-01")
    here = changed(zone, "parcel", first(built), actual_start_date=None, finish_date=None,
                   agreed_finish_date=None,
                   approved_date=early, supply_date=early, agreed_start_date=early)  # fmt: skip
    return here, [("L608", built)]


def denser_than_planned(zone, park):
    """A plot whose limit is under what stands there; the limits of all others are just kept."""
    now = latest(zone)
    plots, parcels = now.layer("detailed_plan"), now.layer("parcel")
    i, j, size = geo.clipped_areas(plots.geometry, parcels.geometry, center=zone.center)
    ratio = floor_area_ratio(parcels, now).to_numpy()
    area = geo.area_m2(parcels.geometry, center=zone.center).to_numpy()
    most = np.zeros(len(plots))
    np.maximum.at(most, i[size > 1], ratio[j[size > 1]])
    inside = [k for k in np.argsort(-ratio) if size[j == k].max(initial=0) > 0.995 * area[k]]
    dense = inside[0]
    plot = i[j == dense][np.argmax(size[j == dense])]
    limit = np.maximum(most, 0.1)
    limit[plot] = ratio[dense] - 0.02
    wrong = {("P307", parcels["id"].iloc[k]) for k in set(j[i == plot])
             if k in inside and size[(i == plot) & (j == k)].max() > 0.995 * area[k]
             and ratio[k] > limit[plot] * 1.001 + 0.005}  # fmt: skip
    layer = zone.layer("detailed_plan").copy()
    layer["planned_far"] = layer["id"].map(dict(zip(plots["id"], limit, strict=True)))
    return replace(zone, layers={**zone.layers, "detailed_plan": layer}), sorted(wrong)


def on_one_plot(zone, column, **changes):
    """A plot of the detailed plan that holds whole parcels, and these; all plots state a limit."""
    now = latest(zone)
    plots, parcels = now.layer("detailed_plan"), now.layer("parcel")
    i, j, size = geo.clipped_areas(plots.geometry, parcels.geometry, center=zone.center)
    whole = size > 0.999 * geo.area_m2(parcels.geometry, center=zone.center).to_numpy()[j]
    houses = zone.layer("building")
    k, _, ground = geo.clipped_areas(parcels.geometry, houses.geometry, center=zone.center)
    built = np.bincount(k, ground, len(parcels))
    plot = np.bincount(i[whole], built[j[whole]]).argmax()
    layer = zone.layer("detailed_plan").assign(**{column: changes["all"]})
    layer.loc[layer["id"] == plots["id"].iloc[plot], column] = changes["one"]
    here = replace(zone, layers={**zone.layers, "detailed_plan": layer})
    return here, parcels.iloc[j[whole & (i == plot)]]


def more_covered_than_planned(zone, park):
    here, parcels = on_one_plot(zone, "planned_coverage_pct", all=100.0, one=20.0)
    houses = zone.layer("building")
    i, _, size = geo.clipped_areas(parcels.geometry, houses.geometry, center=zone.center)
    area = geo.area_m2(parcels.geometry, center=zone.center).to_numpy()
    share = (
        100 * np.bincount(i, size, len(parcels)) / area
    )  # no building of the sample is on another
    return here, [("P308", one) for one in parcels["id"][share > 20.7]]


def higher_than_planned(zone, park):
    here, parcels = on_one_plot(zone, "planned_height_m", all=100.0, one=50.0)
    houses = zone.layer("building")
    here_now = houses["until"].isna() & (houses["kind"] == "building")
    _, j, size = geo.clipped_areas(parcels.geometry, houses.geometry, center=zone.center)
    on_it = np.isin(np.arange(len(houses)), j[size > 1])
    tall = houses["id"][here_now & on_it].iloc[0]
    layer = houses.assign(height_m=np.where(houses["id"] == tall, 51.0, 49.0))
    return replace(here, layers={**here.layers, "building": layer}), [("P309", tall)]


def less_green_than_planned(zone, park):
    here, parcels = on_one_plot(zone, "planned_green_pct", all=10.0, one=30.0)
    bare = parcels["id"].iloc[0]
    layer = zone.layer("parcel")
    layer = layer.assign(green_pct=np.where(layer["id"] == bare, 25.0, 35.0))
    return replace(here, layers={**here.layers, "parcel": layer}), [("P310", bare)]


OWN = {
    "D503": approximate_outline,
    "D504": counted_elsewhere,
    "D505": repeated,
    "D506": set_aside,
    "D507": counted_somehow,
    "H206": circle,
    "H207": no_such_group,
    "H208": nameless,
    "H209": unknown_column,
    "H210": without_a_name,
    "H211": drawn_only,
    "H212": without_codes,
    "H213": another_group,
    "H214": patches_beside_parcels,
    "P307": denser_than_planned,
    "P308": more_covered_than_planned,
    "P309": higher_than_planned,
    "P310": less_green_than_planned,
    "T112": blocks_over_one_another,
    "L608": built_without_a_date,
}


def test_every_rule_has_a_planter_or_a_reason_for_none():
    ruled = {code for code, entry in RULES.items() if entry.func is not None}
    here = BY_SAMPLE | BY_PROPOSAL | BY_PROJECT | set(OWN) | set(WITHOUT)
    assert ruled - here == set()
    assert set(WITHOUT) <= ruled
    assert not set(WITHOUT) & (BY_SAMPLE | set(OWN))


# --- noise ---------------------------------------------------------------------------------------


def noisy(zone, seed=7):
    """The zone as several surveyors measured its parcels: 1 to 5 cm off at each vertex."""
    rng = np.random.default_rng(seed)
    layer = zone.layer("parcel")
    flat = layer.to_crs(geo.plane(zone.center))
    shapes = flat.geometry.to_numpy().copy()
    points, of = shapely.get_coordinates(shapes, return_index=True)
    _, ring = np.unique(
        np.column_stack([of, points]).round(6), axis=0, return_inverse=True
    )  # a ring's first and last vertex are one
    way, far = rng.uniform(0, 2 * np.pi, len(points)), rng.uniform(0.01, 0.05, len(points))
    off = np.column_stack([np.cos(way), np.sin(way)]) * far[:, None]
    shapes = shapely.set_coordinates(shapes, points + off[ring.ravel()])
    flat = flat.set_geometry(shapes).to_crs(layer.crs)
    return replace(zone, layers={**zone.layers, "parcel": flat})


def above_notice(found):
    return found[found["severity"] != "note"]


def keys(found):
    return Counter(
        zip(found["rule"], found["level"], found["feature"], found["other"].fillna(""), strict=True)
    )


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return open_zone(
        write_sample(tmp_path_factory.mktemp("clean") / "zone", parcels=300, planted=False)
    )


@pytest.mark.parametrize("seed", range(6 if FULL else 1))
def test_noise_alone_accuses_nobody(clean, seed):
    found = check(noisy(clean, seed))
    assert above_notice(found).empty, above_notice(found).drop(columns="geometry").to_string()
    assert set(found["rule"]) <= {"T115"}


@pytest.mark.parametrize("seed", range(6 if FULL else 1))
def test_what_the_sample_plants_is_found_under_noise_and_nothing_else(seed):
    found = check(noisy(open_zone(SAMPLE), seed))
    wrong = Counter(
        (row["rule"], row["level"], row["feature"], row["other"])
        for row in rows(SAMPLE / "planted.csv")
    )
    told = keys(found[found["rule"] != "T115"])
    assert told - wrong == Counter()
    assert wrong - told == Counter()


def parks_of(zone):
    return zone.units.index[zone.units["level"] == "park"]


def test_what_is_planted_here_is_found_all_at_once_and_nothing_else(clean):
    here, wrong = noisy(clean), set()
    for k, plant in enumerate(OWN.values()):
        here, more = plant(here, parks_of(clean)[k % len(parks_of(clean))])
        wrong |= set(more)
    told = check(here)
    told = told[told["rule"] != "T115"]
    assert set(zip(told["rule"], told["feature"], strict=True)) == wrong


@pytest.mark.skipif(not FULL, reason="each by itself: with ZGCGIS_FULL=1")
@pytest.mark.parametrize("code", OWN)
def test_what_is_planted_here_is_found_alone_and_nothing_else(clean, code):
    here, wrong = OWN[code](noisy(clean), parks_of(clean)[2])
    told = check(here)
    told = told[told["rule"] != "T115"]
    assert set(zip(told["rule"], told["feature"], strict=True)) == set(wrong)


KINDS = {
    f"{kind.__module__.rpartition('.')[2]}{kind.__name__}": (name, kind)
    for name in ("LAND", "LINES", "PAPERS")
    for kind in getattr(sample, name)
}


@pytest.mark.parametrize("kind", KINDS if FULL else ["wrong_land_overlap"])
def test_each_kind_of_the_sample_is_found_alone_under_noise(tmp_path, monkeypatch, kind):
    name, one = KINDS[kind]
    for group in ("LAND", "LINES", "PAPERS"):
        monkeypatch.setattr(sample, group, (one,) if group == name else ())
    folder = write_sample(tmp_path / "zone", parcels=300)
    told = keys(check(noisy(open_zone(folder))).query("rule != 'T115'"))
    wrong = Counter(
        (row["rule"], row["level"], row["feature"], row["other"])
        for row in rows(folder / "planted.csv")
    )
    assert told - wrong == Counter()
    assert wrong - told == Counter()

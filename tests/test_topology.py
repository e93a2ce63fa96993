"""Topology and hierarchy: each planted fault is found with its size, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame, GeoSeries
from geopandas.testing import assert_geodataframe_equal
from shapely import Polygon, box
from shapely.affinity import rotate, translate

from zgcgis import geo
from zgcgis.checks import RULES, asked, check, describe
from zgcgis.findings import combine, gravest_first
from zgcgis.geo import boxes, piles, rings
from zgcgis.io import open_zone
from zgcgis.language.errors import EntangledError, UnknownNameError
from zgcgis.model import Zone

CENTER = (116.9, 39.2)


def layer(rows):
    """A layer from records whose geometry is in metres, one kilometre off the plane's centre."""
    rows = [dict(row) for row in rows]
    shapes = [translate(row.pop("geometry"), 1000, 1000) for row in rows]
    flat = GeoDataFrame(rows, geometry=shapes, crs=geo.plane(CENTER))
    return flat.to_crs("EPSG:4490")


def make_zone(**layers):
    units = pd.DataFrame(columns=["level", "parent", "group", "zh", "en"])
    accounts = pd.DataFrame(columns=["unit", "year", "key", "value"])
    quotas = pd.DataFrame(columns=["unit", "year", "use", "kind", "quota_m2", "clause"])
    return Zone(
        id="test",
        names={"zh": "试验", "en": "test"},
        meta={"center": CENTER},
        units=units,
        layers={level: layer(rows) for level, rows in layers.items()},
        accounts=accounts,
        quotas=quotas,
    )


def parcel(id_, geometry, **more):
    base = {"id": id_, "park_id": "k", "block_id": "b", "since": None, "until": None}
    return base | more | {"geometry": geometry}


PARK = {"id": "k", "precision": "surveyed", "geometry": box(-50, -50, 450, 250)}
BLOCK = {"id": "b", "park_id": "k", "precision": "surveyed", "geometry": box(0, 0, 400, 200)}
TILES = [parcel(f"p{i}", box(100 * i, 0, 100 * i + 100, 200)) for i in range(4)]


def mosaic(*, tiles=TILES, extra=(), buildings=(), **layers):
    levels = {"park": [PARK], "block": [BLOCK], "parcel": [*tiles, *extra]}
    if buildings:
        levels["building"] = list(buildings)
    return make_zone(**(levels | layers))


def with_tile(number, geometry, **more):
    return [parcel(t["id"], geometry, **more) if i == number else t for i, t in enumerate(TILES)]


def only(zone, code):
    """The one finding of a zone, which must be of `code`."""
    found = check(zone, ["T", "H"])
    assert found["rule"].tolist() == [code], describe(found, "en").tolist()
    return found.iloc[0]


def test_a_sound_mosaic_is_not_accused():
    assert check(mosaic(), ["T", "H"]).empty


def test_an_overlap_is_found_with_its_size_its_width_and_its_place():
    row = only(mosaic(tiles=with_tile(1, box(100, 0, 200.5, 200))), "T101")
    assert {row["feature"], row["other"]} == {"p1", "p2"}
    assert row["measured"] == pytest.approx(100, rel=1e-6)
    assert row["detail"] == "width 0.50 m"
    assert row["severity"] == "error"
    place = GeoSeries([row.geometry], crs="EPSG:4490")
    assert geo.area_m2(place, center=CENTER).item() == pytest.approx(100, rel=1e-6)


def test_an_overlap_below_the_tolerance_is_left_alone():
    assert check(mosaic(tiles=with_tile(1, box(100, 0, 200.004, 200))), ["T", "H"]).empty


def test_a_parcel_inside_another_is_an_overlap():
    row = only(mosaic(extra=[parcel("inner", box(10, 10, 40, 40))]), "T101")
    assert row["measured"] == pytest.approx(900, rel=1e-6)


def test_the_same_ground_twice_is_a_duplicate_and_nothing_else():
    row = only(mosaic(extra=[parcel("again", box(0, 0, 100, 200))]), "T102")
    assert row["measured"] == pytest.approx(20_000, rel=1e-6)


def house(id_, shape, **more):
    base = {"id": id_, "parcel_id": "p0", "kind": "building", "since": None, "until": None}
    return base | more | {"geometry": shape}


def counted(monkeypatch):
    """Count the searches for overlaps."""
    searched = []
    search = geo.overlaps

    def count(layer, **options):
        searched.append(len(layer))
        return search(layer, **options)

    monkeypatch.setattr(geo, "overlaps", count)
    return searched


def test_a_layer_is_searched_for_overlaps_once_a_check(monkeypatch):
    searched = counted(monkeypatch)
    tiles = with_tile(1, box(100, 0, 200.5, 200))
    zone = mosaic(tiles=tiles, extra=[parcel("again", box(0, 0, 100, 200))])
    found = check(zone, ["T101", "T102"])
    assert searched == [len(zone.layers["parcel"])]
    assert set(found["rule"]) == {"T101", "T102"}
    alone = gravest_first(combine(check(zone, [code]) for code in ("T101", "T102")))
    assert len(searched) == 3, "what one check has found is not kept for the next"
    assert_geodataframe_equal(found, alone)


def test_what_one_zone_has_found_is_not_told_of_another(monkeypatch):
    searched = counted(monkeypatch)
    sound, broken = mosaic(), mosaic(extra=[parcel("again", box(0, 0, 100, 200))])
    sound, broken = sound.prepared(), broken.prepared()
    assert RULES["T101"].func(sound).empty
    assert len(RULES["T102"].func(broken)) == 1
    assert RULES["T102"].func(sound).empty
    tolerant = replace(broken, meta={**broken.meta, "checks": {"duplicate_share": 1.1}}).prepared()
    assert RULES["T102"].func(tolerant).empty
    assert len(searched) == 3


def test_a_prepared_zone_stands_in_a_year_as_any_other_and_is_told_once():
    zone = mosaic(extra=[parcel("old", box(0, 0, 10, 10)) | {"since": 2000, "until": 2010}])
    prepared = zone.prepared()
    for year in (2005, 2015):
        assert_geodataframe_equal(
            prepared.at(year).layers["parcel"], zone.at(year).layers["parcel"]
        )
    assert prepared.at(2005).layers["parcel"] is prepared.layers["parcel"]  # all of it is there
    assert prepared.at(2015) is prepared.at(2015)
    assert prepared.prepared() is prepared
    asked = []
    assert [prepared.once(lambda zone: asked.append(zone)) for _ in range(2)] == [None, None]
    assert zone.once(asked.append) is None, "an unprepared zone keeps nothing"
    assert replace(prepared, id="other")._found is None


def test_what_is_too_entangled_is_so_for_all_who_ask_a_prepared_zone():
    asked = []

    def search(zone):
        asked.append(zone.id)
        raise EntangledError(3, 2)

    zone = mosaic().prepared()
    for _ in range(2):
        with pytest.raises(EntangledError):
            zone.once(search)
    assert len(asked) == 1


def test_yards_are_left_out_of_overlaps_of_buildings_only(monkeypatch):
    searched = counted(monkeypatch)
    houses = [house("h1", box(10, 10, 30, 30)), house("h2", box(20, 10, 40, 30))]
    assert set(check(mosaic(buildings=houses), ["T102", "T113"])["rule"]) == {"T113"}
    once = len(searched)
    yard = [*houses, house("y", box(10, 10, 40, 40), kind="yard")]
    found = check(mosaic(buildings=yard), ["T102", "T113"])
    assert found[["rule", "feature", "other"]].to_numpy().tolist() == [["T113", "h1", "h2"]]
    assert len(searched) - once == once + 1


def stacked(count, step):
    return [parcel(f"s{i:03d}", box(step * i, 0, step * i + 50, 50)) for i in range(count)]


def test_a_pile_is_one_finding_with_its_members_pairs_and_largest_overlap():
    found = check(mosaic(tiles=[], extra=stacked(20, 0.5)), ["T101", "T102"])
    assert found["rule"].tolist() == ["T101"]
    assert found["feature"].tolist() + found["other"].tolist() == ["s000", "s001"]
    assert found["measured"].iloc[0] == pytest.approx(49.5 * 50, rel=1e-6)
    total = sum(50 * (50 - 0.5 * (j - i)) for j in range(20) for i in range(j))
    assert "20 个要素" in found["detail"].iloc[0]
    assert " 190 对" in found["detail"].iloc[0]
    assert float(found["detail"].iloc[0].split()[-2]) == pytest.approx(total, rel=1e-6)


def test_a_pile_of_the_same_ground_is_held_twice():
    found = check(mosaic(tiles=[], extra=stacked(15, 0.0)), ["T101", "T102"])
    assert found["rule"].tolist() == ["T102"]
    assert "15 个要素" in found["detail"].iloc[0]


def test_a_few_on_one_another_are_told_pair_by_pair():
    found = check(mosaic(tiles=[], extra=stacked(9, 0.5)), ["T101"])
    assert len(found) == 36
    assert not found["detail"].str.contains("成堆").any()


def test_one_over_many_is_told_pair_by_pair():
    small = [parcel(f"s{i:02d}", box(10 * i, 0, 10 * i + 10, 10)) for i in range(20)]
    found = check(mosaic(tiles=[], extra=[*small, parcel("w", box(0, 0, 200, 10))]), ["T101"])
    assert len(found) == 20


def test_two_piles_are_two_findings_beside_the_pairs():
    far = [parcel(f"f{i:03d}", box(200 + i, 100, 240 + i, 140)) for i in range(12)]
    pair = [parcel("x", box(300, 0, 320, 20)), parcel("y", box(310, 0, 330, 20))]
    found = check(mosaic(tiles=[], extra=[*stacked(12, 0.5), *far, *pair]), ["T101"])
    assert sorted(found["feature"]) == ["f000", "s000", "x"]


def test_a_pile_too_large_to_be_counted_says_at_least(monkeypatch):
    monkeypatch.setattr(piles, "_WORK", 3000)
    monkeypatch.setattr(piles, "_WORK_PER_FEATURE", 1)
    monkeypatch.setattr(piles, "_AT_ONCE", 500)
    monkeypatch.setattr(boxes, "_BOXES_AT_ONCE", 16 * 100)
    found = check(mosaic(tiles=[], extra=stacked(100, 0.1)), ["T101", "T114"])
    assert found["rule"].tolist() == ["T101"]
    assert "100 个要素" in found["detail"].iloc[0]
    assert "≥" in found["detail"].iloc[0]


def test_what_was_not_compared_is_said(monkeypatch):
    monkeypatch.setattr(piles, "_WORK", 0)
    monkeypatch.setattr(piles, "_WORK_PER_FEATURE", 1)
    monkeypatch.setattr(piles, "_AT_ONCE", 100)
    frames = [
        parcel(
            f"n{i:02d}", box(i, i, 200 - i, 200 - i) - box(i + 0.5, i + 0.5, 199.5 - i, 199.5 - i)
        )
        for i in range(40)
    ]
    found = check(mosaic(tiles=[], extra=frames), ["T101", "T114"])
    assert found["rule"].tolist() == ["T114"]
    assert 0 < found["measured"].iloc[0] <= 40


def comb(x, y, teeth, *, upright):
    points = [(0, 0)]
    for i in np.arange(teeth) * 100 / teeth:
        points += [(i, 100), (i + 0.05, 100), (i + 0.05, 1), (i + 0.06, 1)]
    points.append((100, 0))
    return Polygon([(x + a, y + b) if upright else (x + b, y + a) for a, b in points])


def test_outlines_that_cross_without_end_are_said_to_be_so_and_not_laid_over_each_other(
    monkeypatch,
):
    combs = [
        parcel("u", comb(0, 0, 600, upright=True)),
        parcel("f", comb(0, 0, 600, upright=False)),
    ]
    monkeypatch.setattr(rings, "_OF_UNION", 1000)
    monkeypatch.setattr(rings, "_PER_EDGE", 1)
    levels = {"parcel": combs, "park": [PARK]}
    found = check(make_zone(**levels), ["T10", "T11", "H"])
    assert found[found["rule"] == "T114"]["measured"].tolist() == [2]
    assert found[found["rule"] == "C101"]["other"].tolist() == ["T103", "T115"]
    for lang in ("zh", "en"):
        assert describe(found, lang).str.len().gt(0).all()


def test_parcels_of_different_years_do_not_overlap():
    tiles = with_tile(0, box(0, 0, 100, 200), until=2022)
    after = [parcel("p0v2", box(0, 0, 100, 200), since=2022)]
    assert check(mosaic(tiles=tiles, extra=after), ["T", "H"]).empty
    row = only(mosaic(tiles=with_tile(0, box(0, 0, 100, 200), until=2023), extra=after), "T102")
    assert row["other"] == "p0v2"


def test_a_gap_inside_a_block_is_found():
    row = only(mosaic(tiles=with_tile(1, box(101, 0, 200, 200))), "T103")
    assert (row["feature"], row["level"]) == ("b", "block")
    assert row["measured"] == pytest.approx(200, rel=1e-6)


def test_without_blocks_only_enclosed_ground_is_a_gap():
    ring = [
        parcel("w", box(0, 0, 100, 200)),
        parcel("e", box(120, 0, 220, 200)),
        parcel("n", box(100, 150, 120, 200)),
        parcel("s", box(100, 0, 120, 50)),
    ]
    found = check(make_zone(parcel=ring), ["T103"])
    assert found["measured"].tolist() == [pytest.approx(2000, rel=1e-6)]
    assert check(make_zone(parcel=ring[:3]), ["T103"]).empty


def blocks_of_noise(missing, *, noise=0.02):
    """Two rows of three blocks of 3 x 2 parcels, streets between, each parcel surveyed alone."""
    rng = np.random.default_rng(3)
    rows = []
    for bx, by in np.ndindex(3, 2):
        for i, j in np.ndindex(3, 2):
            x, y = bx * 194 + i * 60, by * 174 + j * 80
            ring = [(x, y), (x + 60, y), (x + 60, y + 80), (x, y + 80)]
            shape = Polygon(np.array(ring) + rng.uniform(-2 * noise, 2 * noise, (4, 2)))
            rows.append({"id": f"{bx}{by}{i}{j}", "geometry": shape})
    return [row for row in rows if row["id"] not in missing]


def test_noise_of_survey_is_summed_and_missing_parcels_are_found_at_the_edge_too():
    park = {"id": "k", "precision": "surveyed", "geometry": box(-20, -20, 600, 400)}
    rows = blocks_of_noise({"1111", "1000", "0120"})
    found = check(make_zone(park=[park], parcel=rows), ["T", "H"])
    assert set(found["rule"]) == {"T103", "T115"}
    gaps = found[found["rule"] == "T103"]
    assert len(gaps) == 3
    assert (gaps["measured"] > 0.75 * 4800).all()
    row = found[found["rule"] == "T115"].iloc[0]
    assert (row["level"], row["feature"], row["severity"]) == ("park", "k", "note")
    assert row["measured"] > 5


def test_a_parcel_out_of_its_place_is_one_finding():
    tiles = with_tile(1, box(103, 0, 203, 200))
    row = only(
        make_zone(
            parcel=[
                *tiles,
                parcel("top", box(0, 200, 400, 260)),
                parcel("low", box(0, -60, 400, 0)),
            ]
        ),
        "T101",
    )
    assert "600.0 m2" in row["detail"]


def test_a_parcel_out_of_the_boundary():
    row = only(mosaic(extra=[parcel("far", box(460, 0, 500, 40), block_id="", park_id="")]), "T104")
    assert row["measured"] == pytest.approx(1600, rel=1e-6)


def test_a_parcel_out_of_the_boundary_and_of_its_park():
    far = [parcel("far", box(460, 0, 500, 40), block_id="")]
    assert only(mosaic(extra=far), "H203")["other"] == "k"
    found = check(mosaic(extra=far, boundary=[PARK]), ["T", "H"])
    assert found["rule"].tolist() == ["H203", "T104"]
    assert found["measured"].tolist() == pytest.approx([1600, 1600], rel=1e-6)
    assert found["other"].iloc[0] == "k"


def test_ground_in_another_park_is_outside_its_own():
    other = {"id": "k2", "precision": "surveyed", "geometry": box(450, -50, 900, 250)}
    zone = mosaic(extra=[parcel("x", box(500, 0, 540, 40), block_id="")], park=[PARK, other])
    row = only(zone, "H203")
    assert row["other"] == "k"
    assert row["measured"] == pytest.approx(1600, rel=1e-6)


def test_a_parcel_outside_its_block_but_inside_its_park():
    row = only(mosaic(tiles=with_tile(3, box(300, 0, 410, 200))), "H203")
    assert (row["feature"], row["other"]) == ("p3", "b")
    assert row["measured"] == pytest.approx(2000, rel=1e-6)


def test_a_sliver_is_not_also_sharp_or_small():
    strip = [parcel("s", box(0, 0, 2, 200))]
    row = only(mosaic(tiles=with_tile(0, box(2, 0, 100, 200)), extra=strip), "T105")
    assert row["measured"] == pytest.approx(2 * 400 / 404, rel=1e-6)
    assert row["detail"] == "width 2.00 m, 400.0 m2"
    thin = Polygon([(0, 210), (0, 211.5), (90, 210)])
    row = only(mosaic(extra=[parcel("s", thin, block_id="")]), "T105")
    assert row["feature"] == "s"


def test_a_spike_is_found_at_its_point():
    spike = Polygon([(0, 0), (100, 0), (100, 200), (40, 200), (40, 240), (38, 200), (0, 200)])
    row = only(mosaic(tiles=with_tile(0, spike, block_id="")), "T106")
    assert row["measured"] == pytest.approx(np.degrees(np.arctan2(2, 40)), rel=1e-4)
    at = GeoSeries([row.geometry], crs="EPSG:4490").to_crs(geo.plane(CENTER)).iloc[0]
    assert (at.x, at.y) == (pytest.approx(1040, abs=2e-3), pytest.approx(1240, abs=2e-3))


def test_a_parcel_of_two_parts():
    two = shapely.MultiPolygon([box(0, 0, 100, 200), box(0, 210, 100, 230)])
    row = only(mosaic(tiles=with_tile(0, two, block_id="")), "T107")
    assert row["measured"] == 2


def test_a_parcel_below_the_smallest_area():
    row = only(mosaic(extra=[parcel("tiny", box(0, 210, 9, 219), block_id="")]), "T108")
    assert row["measured"] == pytest.approx(81, rel=1e-6)


def test_registered_against_computed_area():
    right = with_tile(0, box(0, 0, 100, 200), registered_area_m2=20_019.0)
    assert check(mosaic(tiles=right), ["T", "H"]).empty
    row = only(mosaic(tiles=with_tile(0, box(0, 0, 100, 200), registered_area_m2=21_000.0)), "T109")
    assert row["measured"] == pytest.approx(1000, rel=1e-5)


def test_the_sum_of_parcels_against_the_control_area():
    block = BLOCK | {"stated_area_m2": 80_500.0}
    row = only(mosaic(block=[block]), "T110")
    assert (row["level"], row["measured"]) == ("block", pytest.approx(-500, rel=1e-5))
    assert check(mosaic(block=[BLOCK | {"stated_area_m2": 80_000.0}]), ["T", "H"]).empty
    row = only(mosaic(park=[PARK | {"stated_area_m2": 149_000.0}]), "T110")
    assert (row["level"], row["measured"]) == ("park", pytest.approx(1000, rel=1e-5))


def test_parks_that_overlap_unless_one_is_part_of_the_other():
    other = {"id": "k2", "precision": "surveyed", "geometry": box(440, -50, 900, 250)}
    row = only(mosaic(park=[PARK, other]), "T111")
    assert row["measured"] == pytest.approx(3000, rel=1e-6)
    part = other | {"parent": "k"}
    assert check(mosaic(park=[PARK | {"parent": ""}, part]), ["T", "H"]).empty


@pytest.mark.parametrize(("precision", "severity"), [("sketch", "warning"), ("surveyed", "error")])
def test_no_error_on_what_is_not_surveyed(precision, severity):
    other = {"id": "k2", "precision": precision, "geometry": box(440, -50, 900, 250)}
    assert only(mosaic(park=[PARK, other]), "T111")["severity"] == severity


def test_a_mark_of_a_place_is_not_taken_for_an_outline():
    other = {"id": "k2", "precision": "point", "geometry": box(440, -50, 900, 250)}
    assert check(mosaic(park=[PARK, other]), ["T", "H"]).empty


def test_blocks_that_overlap():
    other = {"id": "b2", "park_id": "k", "precision": "surveyed", "geometry": box(399, 0, 440, 200)}
    row = only(mosaic(block=[BLOCK, other]), "T112")
    assert row["measured"] == pytest.approx(200, rel=1e-6)


def test_a_block_leaves_its_park_with_its_parcels_and_is_accused_alone():
    row = only(mosaic(park=[PARK | {"geometry": box(-50, -50, 390, 250)}]), "H201")
    assert row["measured"] == pytest.approx(2000, rel=1e-6)


def test_a_block_outside_its_park():
    other = {"id": "b2", "park_id": "k", "precision": "surveyed", "geometry": box(410, 0, 460, 200)}
    row = only(mosaic(block=[BLOCK, other]), "H201")
    assert row["measured"] == pytest.approx(2000, rel=1e-6)


def test_buildings_off_their_parcel_and_on_top_of_each_other():
    house = {"id": "h", "parcel_id": "p0", "kind": "building", "geometry": box(80, 10, 105, 50)}
    row = only(mosaic(buildings=[house]), "H202")
    assert row["measured"] == pytest.approx(200, rel=1e-6)
    inside = house | {"geometry": box(60, 10, 90, 50)}
    again = inside | {"id": "h2", "geometry": box(85, 10, 95, 50)}
    row = only(mosaic(buildings=[inside, again]), "T113")
    assert row["measured"] == pytest.approx(200, rel=1e-6)
    row = only(mosaic(buildings=[inside, inside | {"id": "h3"}]), "T102")
    assert (row["level"], row["measured"]) == ("building", pytest.approx(1200, rel=1e-6))
    yard = again | {"kind": "yard"}
    assert check(mosaic(buildings=[inside, yard]), ["T", "H"]).empty


def test_a_parent_that_is_not_there():
    house = {"id": "h", "parcel_id": "p9", "kind": "building", "geometry": box(10, 10, 20, 20)}
    row = only(mosaic(buildings=[house]), "H205")
    assert (row["feature"], row["other"], row["detail"]) == ("h", "p9", "parcel")


def test_a_zone_may_state_its_own_limits():
    zone = mosaic(tiles=with_tile(1, box(100, 0, 200.5, 200)))
    loose = replace(zone, meta=zone.meta | {"checks": {"overlap_m2": 150}})
    assert check(loose, ["T", "H"]).empty
    wrong = replace(zone, meta=zone.meta | {"checks": {"overlap": 150}})
    with pytest.raises(UnknownNameError, match="overlap_m2"):
        check(wrong, ["T101"])


def test_only_rules_whose_layers_are_there_are_asked():
    zone = make_zone(parcel=TILES)
    assert "T101" in asked(zone)
    assert "H202" not in asked(zone)
    with pytest.raises(UnknownNameError, match="T101"):
        check(zone, ["T9"])


def test_findings_do_not_depend_on_order_start_or_direction():
    rng = np.random.default_rng(7)
    tiles = with_tile(1, box(100, 0, 203, 200))
    base = check(mosaic(tiles=tiles), ["T", "H"])
    for _ in range(5):
        turned = []
        for k in rng.permutation(len(tiles)):
            ring = np.asarray(tiles[k]["geometry"].exterior.coords)[:-1]
            ring = np.roll(ring, rng.integers(len(ring)), axis=0)[:: rng.choice([-1, 1])]
            turned.append(tiles[k] | {"geometry": Polygon(ring)})
        other = check(mosaic(tiles=turned), ["T", "H"])
        assert other["rule"].tolist() == base["rule"].tolist()
        assert other["measured"].to_numpy() == pytest.approx(base["measured"].to_numpy(), rel=1e-9)


def test_moved_and_turned_land_has_the_same_findings():
    tiles = with_tile(1, box(100, 0, 203, 200))
    base = check(mosaic(tiles=tiles), ["T", "H"])["measured"].to_numpy()
    turned = [
        [row | {"geometry": rotate(row["geometry"], 33, origin=(0, 0))} for row in rows]
        for rows in (tiles, [PARK], [BLOCK])
    ]
    other = make_zone(parcel=turned[0], park=turned[1], block=turned[2])
    assert check(other, ["T", "H"])["measured"].to_numpy() == pytest.approx(base, rel=1e-6)


@pytest.mark.parametrize("code", sorted(c for c in RULES if c[0] in "TH"))
def test_every_rule_has_its_two_sentences_and_layers(code):
    entry = RULES[code]
    assert entry.func is not None
    assert entry.func.__doc__
    assert entry.zh
    assert entry.en
    assert entry.levels or code in {
        "H205",
        "H206",
        "H207",
        "H208",
        "H209",
        "H210",
        "H213",
        "T102",
        "T110",
        "T114",
    }  # these ask of several layers


# --- the sample: everything planted, and nothing else -------------------------------------

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
OURS = {code for code in RULES if code[0] in "TH"} | {"D511", "D512", "D513"}


@pytest.fixture(scope="module")
def found_in_sample():
    return check(open_zone(SAMPLE), sorted(OURS))


def planted():
    table = pd.read_csv(SAMPLE / "planted.csv", dtype=str, keep_default_na=False)
    return table[table["rule"].isin(OURS)]


def test_everything_planted_is_found_and_nothing_else_is_accused(found_in_sample):
    asked = planted()
    assert len(asked) > 20
    want = sorted(zip(asked["rule"], asked["level"], asked["feature"], strict=True))
    f = found_in_sample
    assert sorted(zip(f["rule"], f["level"], f["feature"], strict=True)) == want


def test_what_is_found_has_the_planted_size(found_in_sample):
    f = found_in_sample
    size = dict(zip(zip(f["rule"], f["feature"], strict=True), f["measured"], strict=True))
    for _, row in planted().iterrows():
        if row["measured"] == "":
            continue  # a name that leads nowhere has no size
        assert size[row["rule"], row["feature"]] == pytest.approx(float(row["measured"]), rel=1e-3)

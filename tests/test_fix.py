"""Outlines made to fit one another: nothing moves far, no real error goes, every sum is kept."""

from __future__ import annotations

import hashlib
import json
import os

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from shapely import affinity

import zgcgis as zg
from zgcgis import geo
from zgcgis.cli import cli
from zgcgis.geo import make_mosaic, overlaps, to_plane
from zgcgis.geo.plane import _wide_parts
from zgcgis.language.errors import UnknownNameError, ZoneError

FULL = os.environ.get("ZGCGIS_FULL") == "1"
TOLERANCE = 0.1


# --- the mosaic ----------------------------------------------------------------------------------


def mosaic(rng, nx, ny, noise):
    """Quadrangles between jittered corners, some with a bend, some with a point of one side only."""
    x, y = np.meshgrid(np.arange(nx + 1) * 40.0, np.arange(ny + 1) * 60.0, indexing="ij")
    corner = np.stack([x, y], axis=-1) + rng.uniform(-4, 4, (*x.shape, 2))
    middles, made = {}, []
    for i in range(nx):
        for j in range(ny):
            ring = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            points = []
            for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
                points.append(corner[a])
                low, high = min(a, b), max(a, b)
                kind, bend = middles.setdefault((low, high), (rng.random(), rng.normal()))
                way = corner[high] - corner[low]
                if kind < 0.3:
                    across = np.array([way[1], -way[0]]) / np.hypot(*way)
                    points.append(corner[low] + way / 2 + bend * across)
                elif kind < 0.5 and rng.random() < 0.5:
                    points.append(corner[a] + (corner[b] - corner[a]) * rng.uniform(0.2, 0.8))
            made.append(shapely.Polygon(points + rng.normal(0, noise, (len(points), 2))))
    return made


def plain(rng, shapes):
    return shapes


def with_a_hole(rng, shapes):
    """A parcel within another, measured by somebody else."""
    k = int(rng.integers(len(shapes)))
    middle = shapes[k].representative_point()
    square = np.add([(-6, -6), (6, -6), (6, 6), (-6, 6)], (middle.x, middle.y))
    hole, inner = (square + rng.normal(0, 0.02, (4, 2)) for _ in range(2))
    shapes[k] = shapely.Polygon(shapes[k].exterior, [hole])
    return [*shapes, shapely.Polygon(inner)]


def with_a_real_overlap(rng, shapes):
    k = int(rng.integers(len(shapes)))
    shapes[k] = affinity.translate(shapes[k], float(rng.choice([0.3, 0.5, 3.0])), 0)
    return shapes


def with_a_spike(rng, shapes):
    k = int(rng.integers(len(shapes)))
    first, *rest = np.array(shapes[k].exterior.coords)[:-1]
    tip = np.add(first, (-3, -7))
    shapes[k] = shapely.Polygon([first, tip, np.add(first, (0.03, 0)), *rest])
    return shapes


def with_doubled_points(rng, shapes):
    k = int(rng.integers(len(shapes)))
    points = np.repeat(np.array(shapes[k].exterior.coords)[:-1], 2, axis=0)
    shapes[k] = shapely.Polygon(points + rng.normal(0, 1e-5, points.shape))
    return shapes


def with_one_missing(rng, shapes):
    shapes.pop(int(rng.integers(len(shapes))))
    return shapes


KINDS = (plain, with_a_hole, with_a_real_overlap, with_a_spike, with_doubled_points, with_one_missing)  # fmt: skip


def wide_overlaps(shapes, least=2):
    i, j = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    i, j = i[i < j], j[i < j]
    wide = shapely.area(_wide_parts(shapely.intersection(shapes[i], shapes[j]), TOLERANCE))
    return {(int(a), int(b)) for a, b, w in zip(i, j, wide, strict=True) if w > least}


def cleaned(shapes, **how):
    return make_mosaic(shapes, tolerance_m=TOLERANCE, overlap_m2=1, gap_m2=1, **how)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("noise", [0.0, 0.005, 0.015])
def test_outlines_fit_nothing_moves_far_and_every_sum_is_kept(kind, noise):
    for seed in range(60 if FULL else 3):
        rng = np.random.default_rng([seed, KINDS.index(kind), int(noise * 1000)])
        nx, ny = rng.integers(2, 7, 2)
        given = kind(rng, mosaic(rng, int(nx), int(ny), noise))
        shapes = np.array([None, *given], object)[1:]
        shapes = shapes[shapely.is_valid(shapes)]
        made = cleaned(shapes)
        assert shapely.is_valid(made.shapes).all()
        assert not made.left.any()
        if kind is not with_a_spike:  # whose tip goes
            off = shapely.hausdorff_distance(
                shapely.boundary(shapes), shapely.boundary(made.shapes)
            )
            assert off.max() <= TOLERANCE + 1e-6
            assert np.allclose(off[made.changed], made.moved_m[made.changed], atol=1e-9)
        real = wide_overlaps(shapes)
        assert real <= wide_overlaps(made.shapes, 1)
        uneven = ~shapely.is_empty(shapely.coverage_invalid_edges(made.shapes))
        assert set(np.flatnonzero(uneven).tolist()) <= {k for pair in wide_overlaps(made.shapes, 0) for k in pair}  # fmt: skip
        for ground in np.unique(made.ground):
            here = made.ground == ground
            sums = [shapely.area(some[here]).sum() for some in (shapes, made.shapes)]
            assert abs(sums[1] - sums[0]) <= 0.01
        same = ~made.changed
        assert all(new is old for new, old in zip(made.shapes[same], shapes[same], strict=True))


def test_what_fits_is_left_as_it_is_and_a_second_time_does_nothing():
    rng = np.random.default_rng(1)
    exact = np.array([None, *mosaic(rng, 4, 4, 0.0)], object)[1:]
    apart = affinity.translate
    exact = np.array([None, *(apart(one, 0, 300 * k) for k, one in enumerate(exact))], object)[1:]
    assert not cleaned(exact).changed.any()
    noisy = np.array([None, *mosaic(rng, 6, 5, 0.01)], object)[1:]
    once = cleaned(noisy)
    assert once.changed.any()
    assert not cleaned(once.shapes).changed.any()


@pytest.mark.parametrize("width", [0.11, 0.15, 0.2, 1.0])
def test_an_overlap_and_a_gap_wider_than_the_tolerance_stay(width):
    for way in (1, -1):
        shapes = np.array([shapely.box(0, 0, 40, 60), shapely.box(40 - way * width, 0, 80, 60)])
        made = cleaned(shapes)
        assert made.moved_m.max() < 1e-9
        assert shapely.equals(made.shapes, shapes).all()


@pytest.mark.parametrize(("start", "end", "real"), [
    (0.14, 0.0, False), (0.13, 0.05, False), (0.16, 0.0, True), (0.12, 0.12, True), (3.0, 0.0, True),
])  # fmt: skip
def test_what_two_measurements_of_one_corner_explain_is_no_overlap(start, end, real):
    """A wedge nowhere wider than √2 of the tolerance and in the mean no wider than it is noise."""
    right = shapely.Polygon([(40 - start, 0), (80, 0), (80, 60), (40 - end, 60)])
    shapes = np.array([shapely.box(0, 0, 40, 60), right])
    layer = gpd.GeoSeries(shapes, crs=geo.plane((116.0, 39.7)))
    found = overlaps(layer, tolerance_m=TOLERANCE)
    assert (found["wide_m2"].max() > 1) == real
    made = cleaned(shapes)
    assert shapely.coverage_is_valid(made.shapes) == (not real)


@pytest.mark.parametrize("width", [0.01, 0.05, 0.09])
def test_an_overlap_and_a_gap_within_the_tolerance_are_shared_out(width):
    for way in (1, -1):
        shapes = np.array([shapely.box(0, 0, 40, 60), shapely.box(40 - way * width, 0, 80, 60)])
        made = cleaned(shapes)
        assert shapely.coverage_is_valid(made.shapes)
        assert made.moved_m.max() <= width + 1e-9
        assert shapely.area(made.shapes).sum() == pytest.approx(shapely.area(shapes).sum(), abs=0.01)  # fmt: skip


def test_a_thin_gap_within_goes_to_the_longest_common_edge():
    whole = shapely.box(0, 0, 100, 60)
    left = shapely.Polygon([(0, 0), (50, 0), (50, 20), (49.95, 30), (50, 40), (50, 60), (0, 60)])
    right = shapely.box(50, 0, 100, 60)
    made = cleaned(np.array([left, right]))
    assert shapely.coverage_is_valid(made.shapes)
    assert shapely.area(shapely.difference(whole, shapely.union_all(made.shapes))) < 0.5


# --- a zone --------------------------------------------------------------------------------------


def write_zone(folder, shapes, suffix="parquet", **columns):
    zg.new_zone(folder, id="z", zh="区", en="Zone")
    layer = gpd.GeoDataFrame(
        {"id": [f"p{k}" for k in range(len(shapes))], **columns},
        geometry=affine(shapes),
        crs="EPSG:4548",
    ).to_crs("EPSG:4490")
    path = folder / f"layers/parcel.{suffix}"
    path.parent.mkdir(exist_ok=True)
    layer.to_parquet(path) if suffix == "parquet" else layer.to_file(path, driver="GeoJSON")
    return folder


def affine(shapes):
    return [affinity.translate(one, 450_000, 4_400_000) for one in shapes]


@pytest.fixture
def zone(tmp_path):
    rng = np.random.default_rng(3)
    shapes = mosaic(rng, 5, 4, 0.012)
    shapes[7] = affinity.translate(shapes[7], 3, 0)
    return write_zone(tmp_path / "zone", shapes)


def snapshot(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".zgcgis.lock"
    }


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_a_dry_run_writes_nothing_and_an_undo_puts_every_byte_back(zone):
    before = snapshot(zone)
    dry = run("fix", zone)
    assert dry.exit_code == 0
    assert "演练" in dry.output
    assert snapshot(zone) == before
    assert run("fix", zone, "--write").exit_code == 0
    after = snapshot(zone)
    assert after["layers/parcel.parquet"] != before["layers/parcel.parquet"]
    kept = zone / "fixes/parcel-001"
    assert {path.name for path in kept.iterdir()} == {"parcel.parquet", "fix.csv", "fix.xlsx", "fix.json"}  # fmt: skip
    assert run("fix", zone, "--undo").exit_code == 0
    assert snapshot(zone) == before
    assert isinstance(run("fix", zone, "--undo").exception, ZoneError)


def test_the_record_says_every_area_and_the_layer_has_it(zone):
    told = zg.fix(zone)
    before = zg.open_zone(zone)
    done = zg.fix(zone, write=True)
    after = zg.open_zone(zone)
    pd.testing.assert_frame_equal(told.outlines, done.outlines)
    record = pd.read_csv(done.folder / "fix.csv").set_index("宗地")
    areas = [z.layers["parcel"].set_index("id").geometry for z in (before, after)]
    was, now = (zg.geo.area_m2(one, center=before.center) for one in areas)
    moved = (areas[0].to_wkb() != areas[1].to_wkb()).to_numpy()
    assert set(record.index) == set(areas[0].index[moved])
    assert np.allclose(record["整理前（m²）"], was[record.index], atol=1e-3)
    assert np.allclose(record["整理后（m²）"], now[record.index], atol=1e-3)
    assert (record["最大移动（m）"] <= 0.1).all()
    assert (done.blocks["change_m2"].abs() <= 0.01).all()
    shapes = np.asarray(areas[1].array)
    edges = shapely.coverage_invalid_edges(shapes)
    real = overlaps(after.layers["parcel"], tolerance_m=0.1, center=after.center)
    assert set(areas[1].index[~shapely.is_empty(edges)]) <= {*real["a"], *real["b"]}
    assert len(real) >= 1


@pytest.mark.parametrize(
    "shapes", [[], [shapely.Point(1, 1), shapely.Point(2, 2)]], ids=["empty", "points"]
)
def test_a_layer_without_a_polygon_is_a_sentence(tmp_path, shapes):
    zone = write_zone(tmp_path / "zone", shapes)
    said = run("fix", zone, "--level", "parcel").exception
    assert isinstance(said, ZoneError)
    assert f"no polygon of today to fit ({len(shapes)} features in all)" in said.en


def test_a_layer_changed_since_is_not_put_back(zone):
    zg.fix(zone, write=True)
    path = zone / "layers/parcel.parquet"
    layer = gpd.read_parquet(path)
    layer.iloc[1:].to_parquet(path)
    with pytest.raises(ZoneError, match="changed after it was fixed"):
        zg.undo_fix(zone)
    (zone / "fixes/parcel-001/fix.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ZoneError, match="no valid record"):
        zg.undo_fix(zone)


def test_a_record_that_leads_elsewhere_is_no_record(zone, tmp_path):
    zg.fix(zone, write=True)
    path = zone / "fixes/parcel-001/fix.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(facts | {"file": "../../zone.toml"}), encoding="utf-8")
    with pytest.raises(ZoneError, match="no valid record"):
        zg.undo_fix(zone)


def test_a_geojson_is_replaced_and_comes_back(tmp_path):
    shapes = [shapely.box(0, 0, 40, 60), shapely.box(40.03, 0, 80, 60)]
    folder = write_zone(tmp_path / "zone", shapes, "geojson")
    before = snapshot(folder)
    zg.fix(folder, write=True)
    assert [path.name for path in (folder / "layers").iterdir()] == ["parcel.parquet"]
    zg.undo_fix(folder)
    assert snapshot(folder) == before


def test_what_is_of_another_year_or_no_outline_is_left_alone(tmp_path):
    a, b = shapely.box(0, 0, 40, 60), shapely.box(40.03, 0, 80, 60)
    folder = write_zone(tmp_path / "zone", [a, b, b, b], since=[None, None, None, 2020], until=[None, 2020, None, None])  # fmt: skip
    (folder / "zone.toml").write_text('id = "z"\nzh = "区"\nen = "Zone"\nyears = [2023]\n', encoding="utf-8")  # fmt: skip
    layer = gpd.read_parquet(folder / "layers/parcel.parquet")
    layer.loc[2, "geometry"] = None
    layer.to_parquet(folder / "layers/parcel.parquet")
    done = zg.fix(folder)
    assert done.earlier == 1
    assert set(done.outlines["id"]) == {"p0", "p3"}
    assert done.layer.geometry.iloc[1].equals(layer.geometry.iloc[1])
    assert done.layer.geometry.iloc[2] is None


def test_a_fixed_layer_is_imported_anew(zone, tmp_path):
    from zgcgis.io import import_file

    source = tmp_path / "parcels.gpkg"
    layer = gpd.read_parquet(zone / "layers/parcel.parquet")
    layer.to_file(source, layer="parcel")
    import_file(source, zone, "parcel")
    first = (zone / "layers/parcel.parquet").read_bytes()
    assert import_file(source, zone, "parcel").unchanged
    zg.fix(zone, write=True)
    assert not import_file(source, zone, "parcel").unchanged
    assert (zone / "layers/parcel.parquet").read_bytes() == first


def test_areas_are_adjusted_to_a_control_area(zone):
    total = zg.fix(zone).blocks["after_m2"].sum()
    done = zg.fix(zone, control=round(total + 12.34, 2))
    assert len(done.outlines) == done.features
    assert done.outlines["adjusted_m2"].sum() == pytest.approx(round(total + 12.34, 2), abs=1e-6)
    share = (done.outlines["adjusted_m2"] / done.outlines["after_m2"] - 1) * 1e6
    assert np.ptp(share) < 20  # in proportion, but for the rounding to 0.01
    far = zg.fix(zone, control=total * 1.1)
    assert far.outlines["adjusted_m2"].isna().all()  # land is missing, and is not made up
    assert "未平差" in run("fix", zone, "--control", total * 1.1).output


def test_areas_are_adjusted_block_by_block(tmp_path):
    shapes = [shapely.box(0, 0, 40, 60), shapely.box(40, 0, 80, 60), shapely.box(200, 0, 240, 60)]
    folder = write_zone(tmp_path / "zone", shapes, block_id=["a", "a", "b"])
    block = gpd.GeoDataFrame(
        {"id": ["a", "b"], "stated_area_m2": [4801.0, None]},
        geometry=affine([shapely.box(0, 0, 80, 60), shapely.box(200, 0, 240, 60)]),
        crs="EPSG:4548",
    )
    with pytest.raises(zg.ZgcgisError, match="stated_area_m2"):
        zg.fix(folder, control="block")
    block.to_crs("EPSG:4490").to_parquet(folder / "layers/block.parquet")
    adjusted = zg.fix(folder, control="block").outlines["adjusted_m2"]
    assert adjusted[:2].sum() == pytest.approx(4801.0)
    assert np.isnan(adjusted[2])


def test_nothing_to_clean_writes_nothing(tmp_path):
    folder = write_zone(
        tmp_path / "zone", [shapely.box(0, 0, 40, 60), shapely.box(100, 0, 140, 60)]
    )
    before = snapshot(folder)
    said = run("fix", folder, "--write")
    assert "没有要整理的" in said.output
    assert snapshot(folder) == before


def test_what_cannot_be_is_said(zone):
    assert run("fix", zone, "--control", "-1").exit_code == 2
    assert run("fix", zone, "--undo", "--write").exit_code == 2
    assert run("fix", zone, "--write", "-o", zone.parent / "r").exit_code == 2
    with pytest.raises(UnknownNameError):
        zg.fix(zone, level="building")
    with pytest.raises(ZoneError, match="no block layer"):
        zg.fix(zone, level="block")


def test_the_json_is_whole_and_the_same_again(zone):
    first, second = (run("fix", zone, "--json").output for _ in range(2))
    assert first == second
    told = json.loads(first)
    assert told["uneven_before"] > told["uneven_after"]
    assert {one["id"] for one in told["outlines"]} == set(zg.fix(zone).outlines["id"])


def test_degrees_of_unmoved_corners_are_the_ones_they_had(zone):
    before = gpd.read_parquet(zone / "layers/parcel.parquet")
    zg.fix(zone, write=True)
    after = gpd.read_parquet(zone / "layers/parcel.parquet")
    flat = [
        shapely.get_coordinates(to_plane(one, (116.0, 39.7)).geometry) for one in (before, after)
    ]
    degrees = [shapely.get_coordinates(one.geometry) for one in (before, after)]
    known = {tuple(point) for point in degrees[0]}
    near = [tuple(d) for d, p in zip(degrees[1], flat[1], strict=True) if (np.hypot(*(flat[0] - p).T) < 1e-7).any()]  # fmt: skip
    assert near
    assert all(point in known for point in near)

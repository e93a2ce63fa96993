"""One file a level: whatever its suffix, an import sees it, and a second one is refused by name."""

from __future__ import annotations

import os
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner

import zgcgis.io.history as module
from zgcgis import runs
from zgcgis.cli import cli
from zgcgis.io import import_file, new_zone, open_zone, write_layer
from zgcgis.language.errors import UnknownNameError, ZgcgisError, ZoneError

SUFFIXES = (".geojson", ".gpkg", ".parquet")
WEST, NORTH, SIDE = 116.3, 39.96, 0.001


def parcels(ids: range) -> gpd.GeoDataFrame:
    boxes = [
        shapely.box(WEST + 2 * k * SIDE, NORTH, WEST + (2 * k + 1) * SIDE, NORTH + SIDE)
        for k in ids
    ]
    table = {"id": [f"P{k}" for k in ids], "land_use": "100101", "owner": [f"O{k}" for k in ids]}
    return gpd.GeoDataFrame(table, geometry=boxes, crs="EPSG:4490")


@pytest.fixture
def zone(tmp_path) -> Path:
    return new_zone(tmp_path / "zone", id="z", zh="试", en="T")


def lay(zone: Path, suffix: str, ids: range, name: str = "parcel") -> Path:
    made = zone.parent / f"{name}{suffix}"
    if suffix == ".gpkg":
        parcels(ids).to_file(made, layer=name)
    else:
        write_layer(parcels(ids), made)
    return made.rename(zone / "layers" / made.name)  # results are not written among a zone's files


def delivered(tmp_path: Path, ids: range, *, owner: bool = True) -> Path:
    layer = parcels(ids) if owner else parcels(ids).drop(columns="owner")
    return write_layer(layer, tmp_path / "delivered.gpkg")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_added_comes_on_top_of_what_was_there(zone, tmp_path, suffix):
    old = lay(zone, suffix, range(5))
    made = import_file(delivered(tmp_path, range(5, 7)), zone, "parcel", add=True)
    assert (made.before, made.counts["used"]) == (5, 2)
    assert sorted(open_zone(zone).layer("parcel")["id"]) == [f"P{k}" for k in range(7)]
    assert old.exists() == (suffix == ".parquet")
    assert open_zone(zone).layer("parcel")["owner"].notna().all()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_known_id_is_not_added_twice(zone, tmp_path, suffix):
    lay(zone, suffix, range(5))
    made = import_file(delivered(tmp_path, range(4, 6)), zone, "parcel", add=True)
    assert made.counts["refused"] == 1
    assert open_zone(zone).count("parcel") == 6


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_replaces_says_what_goes(zone, tmp_path, suffix):
    lay(zone, suffix, range(5))
    made = import_file(delivered(tmp_path, range(3), owner=False), zone, "parcel")
    assert made.before == 5
    assert made.columns_lost == ("owner",)
    assert open_zone(zone).count("parcel") == 3
    assert [path.name for path in (zone / "layers").iterdir()] == ["parcel.parquet"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_is_joined_to_what_is_there(zone, tmp_path, suffix):
    lay(zone, suffix, range(5))
    table = tmp_path / "ledger.csv"
    table.write_text("id,供地日期\nP1,2020-01-31\nP3,2021-02-01\n", encoding="utf-8")
    import_file(table, zone, "parcel")
    layer = open_zone(zone).layer("parcel").set_index("id")
    assert len(layer) == 5
    assert str(layer.at["P1", "supply_date"])[:10] == "2020-01-31"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_dry_run_touches_nothing(zone, tmp_path, suffix):
    old = lay(zone, suffix, range(5))
    content = old.read_bytes()
    import_file(delivered(tmp_path, range(5, 7)), zone, "parcel", add=True, dry_run=True)
    assert [path.name for path in (zone / "layers").iterdir()] == [old.name]
    assert old.read_bytes() == content


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_layer_of_any_suffix_says_where_the_zone_lies(zone, tmp_path, suffix):
    lay(zone, suffix, range(5), name="block")
    far = tmp_path / "far.gpkg"
    moved = parcels(range(2))
    moved.geometry = moved.translate(-8.0, -5.0)
    moved.to_file(far)
    with pytest.raises(ZgcgisError, match="R109"):
        import_file(far, zone, "parcel", dry_run=True)


SECOND = [("parcel.gpkg", "parcel.geojson"), ("parcel.geojson", "Parcel.GEOJSON")]


@pytest.mark.parametrize(("first", "second"), SECOND)
@pytest.mark.parametrize(
    "words",
    [
        ["check", "ZONE"],
        ["assess", "ZONE", "-o", "OUT"],
        ["map", "ZONE", "-o", "OUT.html"],
        ["report", "ZONE", "-o", "OUT"],
        ["export", "ZONE", "parcel", "-o", "OUT.gpkg"],
        ["import", "FILE", "--zone", "ZONE", "--level", "parcel"],
        ["import", "FILE", "--zone", "ZONE", "--level", "parcel", "--add"],
        ["import", "FILE", "--zone", "ZONE", "--level", "block"],
    ],
    ids=lambda words: " ".join(words),
)
def test_two_files_of_one_level_are_refused_by_name(zone, tmp_path, words, first, second):
    lay(zone, Path(first).suffix, range(3))
    made = lay(zone, ".geojson", range(4), name="other")
    made.rename(made.with_name(second))
    here = {"ZONE": str(zone), "FILE": str(delivered(tmp_path, range(9, 11)))}
    out = str(tmp_path / "out")
    said = CliRunner().invoke(cli, [here.get(w, w.replace("OUT", out)) for w in words])
    assert isinstance(said.exception, ZoneError), said.output  # the command ends with exit code 3
    assert first in str(said.exception)
    assert second in str(said.exception)
    assert not list(tmp_path.glob("out*"))


def test_a_layer_s_name_may_be_in_capitals(zone):
    made = lay(zone, ".geojson", range(3))
    made.rename(made.with_name("PARCEL.GeoJSON"))
    assert open_zone(zone).count("parcel") == 3


@pytest.mark.parametrize("name", ["parcel.shp", "x.kml", "survey.gdb", "parcels.json", "a.XLSX"])
def test_a_file_no_zone_reads_is_named(zone, name):
    (zone / "layers" / name).write_bytes(b"x")
    with pytest.raises(ZoneError, match=name):
        open_zone(zone)


def test_a_name_that_is_no_level_is_told_the_nearest(zone):
    lay(zone, ".geojson", range(3), name="parcels")
    with pytest.raises(UnknownNameError, match="parcel"):
        open_zone(zone)


def test_what_lies_beside_layers_without_being_one_is_left_alone(zone):
    lay(zone, ".gpkg", range(3))
    for name in ("parcel.qmd", "README.md", ".DS_Store"):
        (zone / "layers" / name).write_text("x", encoding="utf-8")
    assert open_zone(zone).count("parcel") == 3


def test_after_a_crash_between_old_and_new_both_are_there_and_both_are_named(
    zone, tmp_path, monkeypatch
):
    old, unlink = lay(zone, ".geojson", range(5)), Path.unlink

    def broken(path: Path, **words: bool) -> None:
        if path == old:
            raise KeyboardInterrupt
        unlink(path, **words)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", broken)
        with pytest.raises(KeyboardInterrupt):
            import_file(delivered(tmp_path, range(5, 7)), zone, "parcel", add=True)
    with pytest.raises(ZgcgisError, match=r"parcel\.geojson.*parcel\.parquet"):
        open_zone(zone)
    (zone / "layers" / "parcel.geojson").unlink()
    assert open_zone(zone).count("parcel") == 7


# --- one import at a time ------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name")
@pytest.mark.parametrize("kind", ["link", "dangling", "folder", "pipe"])
def test_a_lock_that_is_no_file_of_ours_is_named_and_nothing_is_made_through_it(
    zone, tmp_path, kind
):
    lock, elsewhere = zone / ".zgcgis.lock", tmp_path / "elsewhere"
    if kind == "folder":
        lock.mkdir()
    elif kind == "pipe":
        os.mkfifo(lock)
    else:
        if kind == "link":
            elsewhere.write_text("not ours", encoding="utf-8")
        lock.symlink_to(elsewhere)
    with pytest.raises(ZoneError, match=r"\.zgcgis\.lock is a "):
        import_file(delivered(tmp_path, range(2)), zone, "parcel")
    assert elsewhere.exists() == (kind == "link")
    assert not list((zone / "layers").iterdir())


def test_an_import_waits_for_another_and_then_says_who_holds_the_zone(zone, tmp_path, monkeypatch):
    file = delivered(tmp_path, range(2))
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.3)
    held = runs.hold(zone / ".zgcgis.lock", os.O_RDWR | os.O_CREAT)
    assert held is not None
    with held, pytest.raises(ZoneError, match="held by another import"):
        import_file(file, zone, "parcel")
    assert import_file(file, zone, "parcel").counts["used"] == 2

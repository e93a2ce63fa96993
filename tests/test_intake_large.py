"""The way of large files, taken by small ones: hashed beside, read by a child that got ready."""

from __future__ import annotations

import errno
import hashlib
import importlib
import os
import sqlite3
import time

import geopandas as gpd
import pytest
import shapely
from shapely.geometry import box

from zgcgis.intake import formats
from zgcgis.intake.examine import examine
from zgcgis.intake.layer import Options
from zgcgis.intake.sandbox import process as guard
from zgcgis.intake.sandbox import staging as gate

LINUX = pytest.mark.skipif(not hasattr(os, "copy_file_range"), reason="Linux copies in the kernel")
NAMES = ("a.gpkg", "a.geojson", "a.fgb", "a.shp", "a.parquet")


@pytest.fixture
def every_file_is_large(monkeypatch):
    for module in (gate, formats, guard):
        monkeypatch.setattr(module, "LARGE", 1)


@pytest.fixture
def readers(monkeypatch):
    """All readers that were started."""
    made = []

    class Known(guard.Reader):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            made.append(self)

    monkeypatch.setattr(formats, "Reader", Known)
    return made


def save(folder, name):
    frame = gpd.GeoDataFrame(
        {"dkbh": [f"P{k:02d}" for k in range(12)]},
        geometry=[box(k, 0, k + 0.9, 1) for k in range(12)],
        crs=4548,
    )
    frame.geometry = shapely.transform(frame.geometry.to_numpy(), lambda p: p * 50 + [440_000, 4_420_000])  # fmt: skip
    path = folder / name
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    elif name.endswith(".geojson"):
        frame.to_crs(4326).to_file(path)
    else:
        frame.to_file(path)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_large_file_is_read_as_a_small_one(tmp_path, monkeypatch, readers, name):
    path = save(tmp_path, name)
    (small,) = examine(path, options=Options(), level="parcel")
    assert not readers or readers[0].process.returncode == 0
    readers.clear()
    for module in (gate, formats, guard):
        monkeypatch.setattr(module, "LARGE", 1)
    (large,) = examine(path, options=Options(), level="parcel")
    assert small.refusal is None
    assert large.refusal is None
    assert large.sha256 == small.sha256
    assert large.layers[0].log.counts == small.layers[0].log.counts
    one, two = (r.layers[0].shapes for r in (small, large))
    assert shapely.equals_identical(one, two).all()
    if name != "a.shp":  # several files have a hash of hashes
        assert large.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert all(reader.process.returncode == 0 for reader in readers)
    assert len(readers) <= 1


@LINUX
@pytest.mark.usefixtures("every_file_is_large")
@pytest.mark.parametrize("code", [errno.EXDEV, errno.EINVAL, errno.ENOSYS])
def test_where_the_system_does_not_copy_we_do(tmp_path, monkeypatch, code):
    def cannot(*_):
        raise OSError(code, os.strerror(code))

    path = save(tmp_path, "a.gpkg")
    monkeypatch.setattr(gate.os, "copy_file_range", cannot)
    (report,) = examine(path, options=Options(), level="parcel")
    assert report.refusal is None
    assert report.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@LINUX
@pytest.mark.usefixtures("every_file_is_large")
def test_a_full_disk_is_said_when_the_system_copies(tmp_path, monkeypatch, readers):
    def full(*_):
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(gate.os, "copy_file_range", full)
    (report,) = examine(save(tmp_path, "a.gpkg"), options=Options(), level="parcel")
    assert report.refusal.rule == "R445"
    assert all(reader.process.returncode is not None for reader in readers)


@pytest.mark.usefixtures("every_file_is_large")
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = save(tmp_path, "a.gpkg")
    real = gate._hash

    def late(source, before, name):
        time.sleep(0.2)
        with sqlite3.connect(path) as base:
            base.execute("CREATE TABLE another (x)")
        base.close()
        return real(source, before, name)

    monkeypatch.setattr(gate, "_hash", late)
    (report,) = examine(path, options=Options(), level="parcel")
    assert report.refusal.rule == "R443"
    assert report.layers == ()


@pytest.mark.usefixtures("every_file_is_large")
def test_a_reader_that_got_ready_for_nothing_is_ended(tmp_path, readers):
    path = tmp_path / "no.gpkg"
    path.write_bytes(b"this is no database at all" * 10)
    (report,) = examine(path, options=Options(), level="parcel")
    assert report.refusal.rule == "R403"
    (reader,) = readers
    assert reader.process.returncode is not None


def test_a_reader_that_nobody_asks_ends_by_itself(tmp_path):
    reader = guard.Reader(formats.BY_SUFFIX[".gpkg"], tmp_path / "never.gpkg", tmp_path, size=10)
    reader.process.stdin.close()  # as when the asking process is gone
    assert reader.process.wait(60) == 0
    assert not (reader.out / "facts.json").exists()
    reader.stop()


@pytest.mark.usefixtures("every_file_is_large")
def test_what_was_read_is_not_kept(tmp_path, monkeypatch):
    path = save(tmp_path, "a.gpkg")
    module = importlib.import_module("zgcgis.intake.examine")
    left = []

    def look(layer, _):
        work = readers_folder[0]
        left.extend(p.name for p in work.rglob("*") if p.suffix in {".gpkg", ".parquet"})
        return layer

    readers_folder = []
    stage = module.stage
    monkeypatch.setattr(
        module, "stage", lambda p, w, f, **k: readers_folder.append(w) or stage(p, w, f, **k)
    )
    monkeypatch.setattr(module, "STAGES", (look, *module.STAGES))
    (report,) = examine(path, options=Options(), level="parcel")
    assert report.refusal is None
    assert left == []
    assert path.is_file()

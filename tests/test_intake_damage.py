"""Damaged files give a sentence, killed writers leave whole files, and nothing hangs."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from zgcgis.findings import describe
from zgcgis.intake.examine import examine
from zgcgis.io import new_zone
from zgcgis.io.layers import store_layer, write_layer

FULL = os.environ.get("ZGCGIS_FULL") == "1"
FLIPS, CUTS, KILLS = (2000, 1000, 200) if FULL else (48, 32, 12)
SLOWEST = 30.0

spec = importlib.util.spec_from_file_location("corpus", Path(__file__).with_name("corpus.py"))
assert spec is not None
assert spec.loader is not None
corpus = sys.modules.setdefault("corpus", importlib.util.module_from_spec(spec))
spec.loader.exec_module(corpus)


def clean_files(folder):
    """One clean file of each format; the parts of a Shapefile count as files of their own."""
    frame = corpus.parcels()
    gk = frame.to_crs(4548)
    made = [
        corpus.save(frame, folder / "a.gpkg", layer="parcel"),
        corpus.save(frame, folder / "a.geojson"),
        corpus.save(frame, folder / "a.fgb", driver="FlatGeobuf"),
        corpus.save(frame[["geometry"]], folder / "a.kml", driver="LIBKML"),
        corpus.save(gk[["geometry"]], folder / "a.dxf", driver="DXF"),
    ]
    frame.to_parquet(folder / "a.parquet")
    table = pd.DataFrame(frame.drop(columns="geometry"))
    table.to_csv(folder / "a.csv", index=False, encoding="gbk")
    table.to_excel(folder / "a.xlsx", index=False)
    made += [folder / "a.parquet", folder / "a.csv", folder / "a.xlsx"]
    shp = corpus.save(gk, folder / "s.shp", encoding="GBK")
    made += [shp, shp.with_suffix(".dbf"), shp.with_suffix(".shx"), shp.with_suffix(".prj")]
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.glob("s.*")):
            archive.write(part, part.name)
    return [*made, folder / "a.zip"]


def damage(source, content, folder):
    """Lay a damaged copy beside whole companions and return the path to examine."""
    folder.mkdir()
    if source.stem == "s":
        for part in source.parent.glob("s.*"):
            (folder / part.name).write_bytes(part.read_bytes())
        (folder / source.name).write_bytes(content)
        return folder / "s.shp"
    (folder / source.name).write_bytes(content)
    return folder / source.name


def read(path):
    """Examine a file; whatever it is, there is a verdict, and the books close."""
    begun = time.monotonic()
    reports = examine(path, level="parcel")
    assert reports
    for report in reports:
        assert report.outcome in {"accept", "finding", "repair", "refuse-feature", "refuse-file"}
        describe(report.findings, "zh")
        for layer in report.layers:
            counts = layer.log.counts
            assert counts["in"] == counts["used"] + counts["repaired"] + counts["refused"]
            describe(layer.findings, "en")
    return time.monotonic() - begun


def read_all(jobs):
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(read, jobs))


def test_flipped_bytes_never_break_the_reader(tmp_path):
    (tmp_path / "clean").mkdir()
    files = clean_files(tmp_path / "clean")
    rng = np.random.default_rng(7)
    jobs = []
    for turn in range(FLIPS):
        source = files[turn % len(files)]
        content = bytearray(source.read_bytes())
        for place in rng.integers(0, len(content), size=1 + turn % 3).tolist():
            content[place] ^= int(rng.integers(1, 256))
        jobs.append(damage(source, bytes(content), tmp_path / f"flip-{turn}"))
    assert max(read_all(jobs)) < SLOWEST


def test_cut_files_never_break_the_reader(tmp_path):
    (tmp_path / "clean").mkdir()
    files = clean_files(tmp_path / "clean")
    rng = np.random.default_rng(8)
    jobs = []
    for turn in range(CUTS):
        source = files[turn % len(files)]
        content = source.read_bytes()
        keep = int(rng.integers(0, len(content)))
        jobs.append(damage(source, content[:keep], tmp_path / f"cut-{turn}"))
    assert max(read_all(jobs)) < SLOWEST


WRITER = """
import sys, json
from pathlib import Path
import geopandas as gpd
from zgcgis.io.layers import store_layer, write_layer
folder, name = Path(sys.argv[1]), sys.argv[2]
frame = gpd.read_parquet(folder / "source.parquet")
print("ready", flush=True)
turn = 0
while True:
    turn += 1
    frame["turn"] = float(turn)
    if name == "stored.parquet":
        store_layer(frame, folder / name, "parcel", [{"turn": turn}])
    else:
        write_layer(frame, folder / name)
"""


def whole(path, rows):
    """Whether a file can be read to its end and every row is of the same turn."""
    suffix = path.suffix
    if suffix == ".parquet":
        turns = pq.read_table(path).column("turn").to_pylist()
    elif suffix == ".gpkg":
        with contextlib.closing(sqlite3.connect(path)) as base:
            assert base.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            turns = [t for (t,) in base.execute(f'SELECT turn FROM "{path.stem}"')]
    elif suffix == ".geojson":
        data = json.loads(path.read_text(encoding="utf-8"))
        turns = [f["properties"]["turn"] for f in data["features"]]
    elif suffix == ".csv":
        turns = pd.read_csv(path)["turn"].tolist()
    elif suffix == ".xlsx":
        turns = pd.read_excel(path)["turn"].tolist()
    else:
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
        return True
    return len(turns) == rows and len(set(turns)) == 1


def test_killed_writers_leave_whole_files(tmp_path):
    frame = corpus.parcels(600)
    frame.to_parquet(tmp_path / "source.parquet")
    frame["turn"] = 0.0
    names = ["stored.parquet", "a.gpkg", "a.geojson", "a.parquet", "a.csv", "a.xlsx", "a.shp.zip"]
    store_layer(frame, tmp_path / names[0], "parcel", [{"turn": 0}])
    for name in names[1:]:
        write_layer(frame, tmp_path / name)
    rng = np.random.default_rng(9)
    for turn in range(KILLS):
        name = names[turn % len(names)]
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), name], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"ready"
        time.sleep(float(rng.uniform(0, 0.25)))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert whole(tmp_path / name, 600), (name, turn)


IMPORT = """
import sys
from zgcgis.io import import_file
print("ready", flush=True)
import_file(sys.argv[1], sys.argv[2], "parcel")
"""


@pytest.mark.parametrize("wait", [0.05, 0.3, 0.5, 0.7] if FULL else [0.5])
def test_a_killed_import_can_be_done_again(tmp_path, wait):
    source = corpus.save(corpus.parcels(), tmp_path / "a.gpkg")
    zone = new_zone(tmp_path / "zone", id="t", zh="试", en="T")
    child = subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(source), str(zone)], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    time.sleep(wait)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    subprocess.run([sys.executable, "-c", IMPORT, str(source), str(zone)], check=True)
    ledger = json.loads((zone / "ledger.json").read_text(encoding="utf-8"))
    assert [entry["counts"]["in"] for entry in ledger["imports"]] == [12]

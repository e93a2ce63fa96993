"""As many features as the container states, or a refusal, or a finding with both numbers."""

from __future__ import annotations

import atexit
import csv
import io
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from zgcgis.findings import describe, finding_frame
from zgcgis.intake.examine import examine
from zgcgis.intake.formats import BY_SUFFIX
from zgcgis.intake.layer import Options
from zgcgis.intake.log import Finding, Refusal
from zgcgis.intake.sandbox import archive
from zgcgis.intake.sandbox import process as guard
from zgcgis.intake.sandbox.staging import stage
from zgcgis.io.layers import write_layer
from zgcgis.io.stored.sound import read_sound_layer

FULL = os.environ.get("ZGCGIS_FULL") == "1"
COUNT = 3000
PAGE = 4096
CUTS, ZEROS, FLIPS = (20, 20, 200) if FULL else (3, 2, 5)
CHILD = Path(guard.__file__).with_name("worker.py")


# --- a clean file of each format -----------------------------------------------------------------


def parcels(count: int = COUNT) -> gpd.GeoDataFrame:
    i = np.arange(count)
    x, y = 116.30 + 0.0006 * (i % 60), 39.90 + 0.0004 * (i // 60)
    return gpd.GeoDataFrame(
        {
            "code": [f"110108002001GB{k:05d}" for k in i],
            "name": [f"地块{k}" for k in i],
            "area_m2": np.round(1234.5 + i, 2),
        },
        geometry=shapely.box(x, y, x + 0.0005, y + 0.0003),
        crs="EPSG:4490",
    )


def written(path: Path, driver: str, *, columns: list[str] | None = None, **more: Any) -> Path:
    frame = parcels()
    if driver in {"DXF", "ESRI Shapefile", "OpenFileGDB"}:
        frame = frame.to_crs(4548)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame[[*(columns or frame.columns[:-1]), "geometry"]].to_file(
            path, engine="pyogrio", driver=driver, **more
        )
    return path


def table() -> pd.DataFrame:
    return pd.DataFrame(parcels().drop(columns="geometry"))


def as_parquet(path: Path) -> Path:
    parcels().to_parquet(path)
    return path


def as_csv(path: Path) -> Path:
    table().to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


def as_workbook(path: Path) -> Path:
    table().to_excel(path, index=False)
    return path


def as_drawing(path: Path) -> Path:
    frame = parcels()[["geometry"]].to_crs(4548)
    frame.to_file(path, engine="pyogrio", driver="DXF")
    return path


def zipped(path: Path, parts: list[Path], names: list[str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, name in zip(parts, names, strict=True):
            archive.write(part, name)
    return path


def as_shapefile(path: Path) -> Path:
    return written(path, "ESRI Shapefile", encoding="UTF-8")


def as_archive(path: Path) -> Path:
    room = path.with_name("zipped")
    room.mkdir()
    if path.suffix == ".kmz":
        return zipped(path, [as_kml(room / "doc.kml")], ["doc.kml"])
    as_shapefile(room / "a.shp")
    parts = sorted(room.iterdir())
    return zipped(path, parts, [part.name for part in parts])


def as_exchange(path: Path) -> Path:
    return write_layer(parcels().rename(columns={"code": "id"}), path)


def as_kml(path: Path) -> Path:
    return written(path, "LIBKML", columns=["name"])


MAKERS: dict[str, Callable[[Path], Path]] = {
    ".vct": as_exchange,
    ".shp": as_shapefile,
    ".gpkg": lambda path: written(path, "GPKG", layer="parcel"),
    ".geojson": lambda path: written(path, "GeoJSON"),
    ".geojsonl": lambda path: written(path, "GeoJSONSeq"),
    ".kml": as_kml,
    ".dxf": as_drawing,
    ".fgb": lambda path: written(path, "FlatGeobuf"),
    ".parquet": as_parquet,
    ".csv": as_csv,
    ".xlsx": as_workbook,
    ".gdb": lambda path: written(path, "OpenFileGDB", layer="parcel"),
    ".zip": as_archive,
    ".kmz": as_archive,
}
SAME = {
    ".json": ".geojson", ".geojsons": ".geojsonl", ".ndjson": ".geojsonl", ".jsonl": ".geojsonl",
    ".geoparquet": ".parquet", ".tsv": ".csv", ".txt": ".csv",
}  # fmt: skip


def test_every_format_that_is_read_has_a_clean_file():
    assert set(MAKERS) | set(SAME) == set(BY_SUFFIX) | archive.SUFFIXES


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    made: dict[str, Path] = {}

    def of(suffix: str) -> Path:
        if suffix not in made:
            folder = tmp_path_factory.mktemp("clean")
            made[suffix] = MAKERS[suffix](folder / f"a{suffix}")
        return made[suffix]

    return of


# --- a reader that is warm -----------------------------------------------------------------------

SERVER = """
import importlib.util, os, signal, sys
spec = importlib.util.spec_from_file_location("child", sys.argv[1])
child = importlib.util.module_from_spec(spec)
sys.modules["child"] = child
spec.loader.exec_module(child)
import json
child.get_ready(json.loads(sys.argv[2]))
print("ready", flush=True)
for line in sys.stdin:
    order, said, work = json.loads(line)
    one = os.fork()
    if one == 0:
        signal.alarm(60)
        os.chdir(work)
        handle = os.open(said, os.O_WRONLY | os.O_CREAT)
        os.dup2(handle, 1), os.dup2(handle, 2)
        sys.argv[1:] = [order]
        try:
            code = child.main()
        except BaseException:
            import traceback
            traceback.print_exc()
            code = 1
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]), flush=True)
"""


class Warm:
    """A child like the real one, forked from one that has loaded everything already."""

    servers: ClassVar[dict[str, subprocess.Popen[str]]] = {}

    def __init__(self, order: Path, said: Path, work: Path, environment: dict[str, str]) -> None:
        job = json.loads(order.read_text(encoding="utf-8")) | {"waits": False}
        order.write_text(json.dumps(job), encoding="utf-8")
        kind = f"{job['container']}, {job['driver']}"
        if kind not in Warm.servers:
            server = subprocess.Popen(
                [sys.executable, "-I", "-X", "utf8", "-c", SERVER, str(CHILD), json.dumps(job)],
                env=environment | {"TMPDIR": "/tmp", "CPL_TMPDIR": "/tmp"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            atexit.register(server.kill)
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n", kind
            Warm.servers[kind] = server
        self.server = Warm.servers[kind]
        self.orders = json.dumps([str(order), str(said), str(work)])
        self.stdin = io.BytesIO()
        self.code: int | None = None

    def wait(self, _: float | None = None) -> int:
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(self.orders + "\n")
        self.server.stdin.flush()
        self.code = int(self.server.stdout.readline())
        return self.code

    def poll(self) -> int:
        return self.code or 0


@pytest.fixture(scope="module")
def warm():
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this system")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guard, "_start", Warm)
        yield
        for server in Warm.servers.values():
            server.kill()
            server.wait()
            for pipe in (server.stdin, server.stdout):
                if pipe is not None:
                    pipe.close()
        Warm.servers.clear()


class Read:
    """What came of reading a file: its features, its refusal, what was found."""

    def __init__(self, path: Path, work: Path, options: Options | None = None) -> None:
        self.count, self.codes, self.refusal = 0, set[str](), None
        self.found: list[Finding] = []
        work.mkdir()
        try:
            for one in stage(path, work, BY_SUFFIX):
                for layer in one.format.read(one, work, options or Options()):
                    for stop in layer.log.stops:
                        raise stop
                    self.count += layer.log.count
                    if "code" in layer.values:
                        self.codes |= set(layer.values["code"].dropna())
                    self.found += layer.log.findings
                self.found += one.findings
        except Refusal as refusal:
            self.refusal = refusal
        shutil.rmtree(work)

    @property
    def rules(self) -> set[str]:
        return {found.rule for found in self.found}


# --- what happens to files -----------------------------------------------------------------------


def members(source: Path) -> list[Path]:
    if source.is_dir():
        return [p for p in sorted(source.iterdir()) if p.stat().st_size > 40]
    if source.suffix == ".shp":
        return [source.with_suffix(end) for end in (".shp", ".shx", ".dbf")]
    return [source]


def places(source: Path, count: int, rng: np.random.Generator) -> Iterator[tuple[Path, int]]:
    """Yield places in the files of a set: half in turn, half by their size."""
    files = members(source)
    sizes = np.array([file.stat().st_size for file in files], dtype="float64")
    for turn in range(count):
        by_size = files[int(rng.choice(len(files), p=sizes / sizes.sum()))]
        file = by_size if turn % 2 == 0 else files[turn // 2 % len(files)]
        yield file, int(rng.integers(0, file.stat().st_size))


def mutants(source: Path) -> Iterator[tuple[str, Path, bytes]]:
    """Yield a name, the file to lay and its damaged content."""
    rng = np.random.default_rng(sum(map(ord, source.suffix)))
    for file, place in places(source, CUTS, rng):
        yield f"cut {file.name} {place}", file, file.read_bytes()[:place]
    for share in (0.5, 0.9, 0.99):
        file = max(members(source), key=lambda one: one.stat().st_size)
        content = file.read_bytes()
        yield f"cut {file.name} {share}", file, content[: int(share * len(content))]
    for file, place in places(source, ZEROS, rng):
        content = bytearray(file.read_bytes())
        begin = place // PAGE * PAGE
        end = min(len(content), begin + PAGE)
        content[begin:end] = bytes(end - begin)
        yield f"zero {file.name} {begin}", file, bytes(content)
    for file, place in places(source, FLIPS, rng):
        content = bytearray(file.read_bytes())
        for at in range(place, min(place + 4, len(content))):
            content[at] ^= int(rng.integers(1, 256))
        yield f"flip {file.name} {place}", file, bytes(content)
    for file, content in LIKELY.get(source.suffix, lambda _: iter(()))(source):
        yield f"likely {file.name}", file, content


def swapped(file: Path, *changes: tuple[bytes, bytes, int]) -> Iterator[tuple[Path, bytes]]:
    """Yield a file with one word of it, counted from its first, made another."""
    content = file.read_bytes()
    for old, new, number in changes:
        place = -1
        for _ in range(number):
            place = content.index(old, place + 1)
        yield file, content[:place] + new + content[place + len(old) :]


def in_geodatabase(source: Path) -> Iterator[tuple[Path, bytes]]:
    """Offsets of rows: none, another row's, outside; a count in the header; a name."""
    index = source / "a00000009.gdbtablx"
    content = index.read_bytes()
    row = slice(16 + 5 * 1500, 16 + 5 * 1501)
    for cell in (bytes(5), content[16:21], b"\xff" * 5):
        yield index, content[: row.start] + cell + content[row.stop :]
    rows = (source / "a00000009.gdbtable").read_bytes()
    yield source / "a00000009.gdbtable", rows[:4] + struct.pack("<i", 3001) + rows[8:]
    yield source / "a00000009.gdbtable", rows[:4] + struct.pack("<i", 2000) + rows[8:]
    names = source / "a00000001.gdbtable"
    yield from swapped(names, (b"parcel", b"parcex", 1))


def in_shapefile(source: Path) -> Iterator[tuple[Path, bytes]]:
    index = source.with_suffix(".shx").read_bytes()
    yield source.with_suffix(".shx"), index[: 100 + 8 * 1500]
    yield source.with_suffix(".shx"), index[:100] + index[108:116] + index[100:108] + index[116:]
    rows = source.with_suffix(".dbf").read_bytes()
    yield source.with_suffix(".dbf"), rows[:4] + struct.pack("<I", 2000) + rows[8:]
    shapes = source.read_bytes()
    length = 8 + 2 * struct.unpack(">i", shapes[104:108])[0]
    yield source, shapes[:-length]


LIKELY: dict[str, Callable[[Path], Iterator[tuple[Path, bytes]]]] = {
    ".gdb": in_geodatabase,
    ".shp": in_shapefile,
    ".dxf": lambda path: swapped(
        path,
        (b"\n  0\nHATCH", b"\n  1\nHATCH", 9),
        (b"\n  0\nHATCH", b"\n  p\nHATCH", 9),
        (b"\n  0\nHATCH", b"\n  0\nHATCK", 9),
        (b"\n  0\nENDSEC", b"\n  1\nENDSEC", 3),
        (b"ENTITIES", b"ENTITIEZ", 1),
    ),
    ".geojson": lambda path: swapped(
        path,
        (b'"Feature",', b'"Fexture",', 9),
        (b"},\n{", b"}:\n{", 9),
        (b'"features"', b'"Features"', 1),
    ),
    ".geojsonl": lambda path: swapped(path, (b"\n", b" ", 9), (b'"Feature"', b'"Fexture"', 9)),
    ".kml": lambda path: swapped(path, (b"</Placemark>", b"", 9), (b"<Placemark", b"<Plasemark", 9)),
    ".csv": lambda path: swapped(path, (b"\n", b" ", 9), (b"\n", b'\n"', 9), (b",", b";", 9)),
}  # fmt: skip


def lay(source: Path, file: Path, content: bytes, folder: Path) -> Path:
    """Lay a damaged file beside its companions and return what to read."""
    folder.mkdir()
    if source.is_dir():
        shutil.copytree(source, folder / source.name)
        (folder / source.name / file.name).write_bytes(content)
        return folder / source.name
    for part in members(source):
        shutil.copy(part, folder / part.name)
    (folder / file.name).write_bytes(content)
    return folder / source.name


def own_count(path: Path, said: set[str]) -> int | None:
    """Count the rows of a text of lines, which states no number and can be cut between two.

    That its last line is not ended is evidence all the same, and has to be said.
    """
    if path.suffix not in {".csv", ".geojsonl"}:
        return None
    text = path.read_bytes().decode("utf-8", "replace")
    if not text.endswith("\n") and "R429" not in said:
        return None
    if path.suffix == ".geojsonl":
        return sum(bool(line.strip()) for line in text.splitlines())
    rows = csv.reader(io.StringIO(text, newline=""))
    return sum(any(cell.strip() for cell in row) for row in rows) - 1


BOTH_NUMBERS = {"R416", "R417", "R419", "R428", "R529"}


@pytest.mark.parametrize("suffix", sorted(MAKERS))
@pytest.mark.usefixtures("warm")
def test_no_feature_vanishes_in_silence(suffix, clean, tmp_path):
    source = clean(suffix)
    whole = Read(source, tmp_path / "work")
    assert (whole.count, whole.refusal) == (COUNT, None)
    assert whole.rules <= {"R414"}  # a clean file is not accused
    broken = []
    for number, (name, file, content) in enumerate(mutants(source)):
        path = lay(source, file, content, tmp_path / f"{number}")
        read = Read(path, tmp_path / "work")
        if read.refusal is not None:
            if read.refusal.rule == "R440":
                broken.append((name, str(read.refusal)))
        elif read.count != COUNT and read.count != own_count(path, read.rules):
            said = [found for found in read.found if found.rule in BOTH_NUMBERS]
            if not said:
                broken.append((name, read.count, read.found))
            for found in said:
                describe(finding_frame([found.words], rule=found.rule), "en")
        elif (
            whole.codes
            and name.startswith("flip")
            and suffix != ".parquet"  # its pages are compressed: one byte may stand for many values
            and len(read.codes) < read.count - 1
        ):
            broken.append((name, "features twice", len(read.codes)))
        shutil.rmtree(tmp_path / f"{number}")
    assert broken == []


@pytest.mark.parametrize("suffix", sorted(SAME))
@pytest.mark.usefixtures("warm")
def test_other_suffixes_of_a_format_are_held_to_the_same_law(suffix, clean, tmp_path):
    source = clean(SAME[suffix])
    content = source.read_bytes()
    path = tmp_path / f"a{suffix}"
    for share in (1, 0.9, 0.5):
        path.write_bytes(content[: int(share * len(content))])
        got = read(path, tmp_path)
        whole = (got.count, got.refusal) == (COUNT, None)
        told = got.refusal is not None or got.rules & (BOTH_NUMBERS | {"R429"})
        assert whole if share == 1 else told, (share, got.found)


@pytest.mark.parametrize("suffix", sorted(BY_SUFFIX))
@pytest.mark.usefixtures("warm")
def test_in_an_archive_a_format_is_held_to_the_same_law(suffix, clean, tmp_path):
    """An archive has a sum for each member: what is damaged outside it shows only when it is read."""
    source = clean(SAME.get(suffix, suffix))
    parts = members(source)
    within = f"{source.name}/" if source.is_dir() else ""
    room = tmp_path / "room"
    room.mkdir()
    largest = max(parts, key=lambda one: one.stat().st_size)
    for share in (1, 0.9):
        held = [tmp_path / f"{k}" for k in range(len(parts))]
        for part, copy in zip(parts, held, strict=True):
            content = part.read_bytes()
            copy.write_bytes(content[: int(share * len(content))] if part == largest else content)
        names = [f"{within}{p.stem}{suffix if p == source else p.suffix}" for p in parts]
        got = read(zipped(room / "a.zip", held, names), tmp_path)
        if BY_SUFFIX[suffix].alone:  # a table is joined to a layer, and wants to be named itself
            assert got.refusal is not None
            assert got.refusal.rule == "R412"
        elif share == 1:
            assert (got.count, got.refusal) == (COUNT, None)
        else:
            told = got.rules & (BOTH_NUMBERS | {"R429"})
            assert got.refusal is not None or told, got.found


# --- what each container can be wrong in ---------------------------------------------------------


def read(path: Path, tmp_path: Path, **more: Any) -> Read:
    return Read(path, tmp_path / "work", Options(**more))


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_a_geodatabase_cut_by_a_copy_is_refused_with_both_numbers(clean, tmp_path, share):
    base = tmp_path / "cut.gdb"
    shutil.copytree(clean(".gdb"), base)
    rows = base / "a00000009.gdbtable"
    os.truncate(rows, int(share * rows.stat().st_size))
    (report,) = examine(base)
    assert report.refusal is not None
    assert report.refusal.rule == "R415"
    assert report.refusal.words["limit"] == COUNT
    assert share - 0.05 < report.refusal.words["measured"] / COUNT < share + 0.01


@pytest.mark.usefixtures("warm")
def test_a_table_of_a_geodatabase_that_is_gone_is_missed(clean, tmp_path):
    base = tmp_path / "gone.gdb"
    shutil.copytree(clean(".gdb"), base)
    written(base, "OpenFileGDB", layer="building", append=True)
    assert read(base, tmp_path).count == 2 * COUNT
    (base / "a0000000a.gdbtable").unlink()
    refusal = read(base, tmp_path).refusal
    assert refusal is not None
    assert "a0000000a.gdbtable（building）" in str(refusal)


def package(source: Path, folder: Path, *orders: str, wal: bool = False) -> Path:
    path = folder / "p.gpkg"
    shutil.copy(source, path)
    base = sqlite3.connect(path, isolation_level=None)
    names = [n for (n,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    for name in names:  # they call functions of spatial programs
        base.execute(f'DROP TRIGGER "{name}"')
    if wal:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA wal_autocheckpoint=0")
    for order in orders:
        base.execute(order)
    if wal:  # as it lies there while another program has it open
        room = folder / "copy"
        room.mkdir()
        for part in folder.glob("p.gpkg*"):
            shutil.copy(part, room / part.name)
        path = room / "p.gpkg"
    base.close()
    return path


TRAP = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n)"


@pytest.mark.parametrize(
    "name", ["gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys", "gpkg_extensions",
             "gpkg_ogr_contents", "gpkg_metadata", "rtree_parcel_geom"],
)  # fmt: skip
def test_a_view_in_the_place_of_a_table_of_the_format_is_not_run(clean, tmp_path, name):
    shape = "CREATE VIEW {0} AS SELECT *, {1} AS trap FROM was_{0}"
    orders = [f"ALTER TABLE {name} RENAME TO was_{name}"]
    there = sqlite3.connect(clean(".gpkg"))
    known = there.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [name]).fetchone()
    there.close()
    if known is None or name.startswith("rtree"):
        orders, shape = [], "CREATE VIEW IF NOT EXISTS {0} AS SELECT {1} AS trap"
    if name.startswith("rtree"):
        orders = [f"DROP TABLE IF EXISTS {name}"]
    path = package(clean(".gpkg"), tmp_path, *orders, shape.format(name, TRAP))
    (report,) = examine(path)  # running it would never end
    assert report.refusal is not None
    assert report.refusal.rule == "R437"


def test_a_view_or_trigger_is_neither_run_nor_read(clean, tmp_path):
    path = package(
        clean(".gpkg"), tmp_path,
        f"CREATE VIEW endless AS SELECT fid, geom, {TRAP} AS trap FROM parcel",
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
        "VALUES ('endless', 'features', 'endless', 4490)",
        "INSERT INTO gpkg_geometry_columns VALUES ('endless', 'geom', 'POLYGON', 4490, 0, 0)",
        f"CREATE TRIGGER bad AFTER INSERT ON parcel BEGIN SELECT {TRAP}; END",
    )  # fmt: skip
    before = path.read_bytes()
    (report,) = examine(path, level="parcel")
    assert [layer.name for layer in report.layers] == ["parcel"]
    assert report.layers[0].log.count == COUNT
    (found,) = [one for one in report.said if one.rule == "R435"]
    assert "endless" in found.words["detail"]
    assert "bad" in found.words["detail"]
    assert path.read_bytes() == before


@pytest.mark.usefixtures("warm")
def test_counts_of_a_package_that_are_old_are_told(clean, tmp_path):
    path = package(clean(".gpkg"), tmp_path, "DELETE FROM parcel WHERE fid % 2 = 0")
    got = read(path, tmp_path)
    assert got.count == COUNT // 2
    told = {found.words["detail"] for found in got.found if found.rule == "R416"}
    assert {word.split("：")[-1] for word in told} == {
        "gpkg_ogr_contents",
        "rtree_parcel_geom_rowid",
    }
    assert all(found.words["limit"] == COUNT for found in got.found if found.rule == "R416")


@pytest.mark.usefixtures("warm")
def test_a_damaged_page_is_found_whatever_the_size(clean, tmp_path):
    path = package(clean(".gpkg"), tmp_path, "CREATE TABLE ballast (b BLOB)")
    base = sqlite3.connect(path)
    base.execute(f"INSERT INTO ballast VALUES (zeroblob({66 << 20}))")
    base.commit()
    assert base.execute("SELECT count(*) FROM parcel").fetchone() == (COUNT,)
    root = base.execute("SELECT rootpage FROM sqlite_master WHERE name = 'parcel'").fetchone()[0]
    base.close()
    assert path.stat().st_size > 64 << 20
    with path.open("r+b") as stream:
        stream.seek(PAGE * (root + 40))
        stream.write(bytes(PAGE))
    refusal = read(path, tmp_path).refusal
    assert refusal is not None
    assert refusal.rule in {"R405", "R415"}


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("damage", ["none", "cut", "flip", "head"])
def test_changes_beside_a_package_take_effect_or_are_missed(clean, tmp_path, damage):
    orders = ["DELETE FROM parcel WHERE fid > 2000", "DELETE FROM parcel WHERE fid > 1000"]
    path = package(clean(".gpkg"), tmp_path, *orders, wal=True)
    wal = path.with_name("p.gpkg-wal")
    content = bytearray(wal.read_bytes())
    frames = (len(content) - 32) // (24 + PAGE)
    assert frames > 20
    place = {"none": None, "cut": None, "flip": 32 + (24 + PAGE) * (frames - 3) + 99, "head": 17}
    if at := place[damage]:
        content[at] ^= 0xFF
    if damage == "cut":
        del content[-(PAGE // 2) :]
    wal.write_bytes(content)
    got = read(path, tmp_path)
    assert got.refusal is None
    assert "R438" in got.rules
    if damage == "none":
        assert got.count == 1000
        assert "R419" not in got.rules
    else:
        assert got.count > 1000
        (found,) = [found for found in got.found if found.rule == "R419"]
        assert found.words["detail"].startswith("-wal ")


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("damage", ["none", "cut", "flip", "head"])
def test_an_unfinished_change_is_undone_whole_or_the_file_refused(clean, tmp_path, damage):
    path = package(clean(".gpkg"), tmp_path)
    room = tmp_path / "copy"
    room.mkdir()
    base = sqlite3.connect(path, isolation_level=None)
    base.execute("PRAGMA cache_size=5")
    base.execute("PRAGMA cache_spill=5")
    base.execute("BEGIN")
    base.execute("DELETE FROM parcel WHERE fid > 1000")
    for part in tmp_path.glob("p.gpkg*"):
        shutil.copy(part, room / part.name)
    base.execute("ROLLBACK")
    base.close()
    journal = room / "p.gpkg-journal"
    content = bytearray(journal.read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    elif damage != "none":
        content[512 + 4 + PAGE - 200 if damage == "flip" else 3] ^= 0xFF
    journal.write_bytes(content)
    got = read(room / "p.gpkg", tmp_path)
    if damage == "none":
        assert got.count == COUNT
    else:
        assert got.refusal is not None
        assert "-journal" in str(got.refusal)


def kml(*documents: str) -> str:
    return f'<kml xmlns="http://www.opengis.net/kml/2.2">{"".join(documents)}</kml>'


def folder(name: str, *numbers: int, kind: str = "Folder") -> str:
    marks = "".join(
        f"<Placemark><name>{n}</name><Point><coordinates>116.3,39.{90 + n}</coordinates></Point>"
        "</Placemark>"
        for n in numbers
    )
    return f"<{kind}><name>{name}</name>{marks}</{kind}>"


@pytest.mark.usefixtures("warm")
def test_a_kml_with_two_roots_is_not_read_as_one(tmp_path):
    path = tmp_path / "two.kml"
    path.write_text(kml(folder("a", 1, 2, kind="Document"), folder("b", 3, kind="Document")))
    refusal = read(path, tmp_path).refusal
    assert refusal is not None
    assert (refusal.rule, refusal.words["measured"], refusal.words["limit"]) == ("R415", 1, 3)


@pytest.mark.usefixtures("warm")
def test_folders_of_one_name_are_two_layers(tmp_path):
    path = tmp_path / "same.kml"
    path.write_text(
        kml(f"<Document>{folder('区', 1, 2)}{folder('区', 3)}{folder('b', 4)}</Document>"),
        encoding="utf-8",
    )
    got = read(path, tmp_path)
    assert (got.count, got.refusal) == (4, None)
    assert read(path, tmp_path, layer="b").count == 1


@pytest.mark.usefixtures("warm")
def test_a_declaration_is_refused_wherever_it_stands_and_in_any_encoding(clean, tmp_path):
    long = b"<!-- kml " + b"x" * (80 << 10) + b" -->"
    trap = b'<!DOCTYPE kml [<!ENTITY a "b">]>'
    whole = clean(".kml").read_bytes()
    head, rest = whole[: whole.index(b"?>") + 2], whole[whole.index(b"?>") + 2 :]
    text = (head + long + trap + rest).decode("utf-8")
    for name, content in {
        "far.kml": text.encode("utf-8"),
        "wide.kml": text.replace("UTF-8", "UTF-16").encode("utf-16"),
        "gbk.kml": text.replace("UTF-8", "GBK").encode("gbk"),
    }.items():
        (tmp_path / name).write_bytes(content)
    zipped(tmp_path / "far.kmz", [tmp_path / "far.kml"], ["doc.kml"])
    for name in ("far.kml", "wide.kml", "gbk.kml", "far.kmz"):
        refusal = read(tmp_path / name, tmp_path).refusal
        assert refusal is not None, name
        assert refusal.rule == "R432", name
    for part in (
        "xl/workbook.xml",
        "xl/worksheets/sheet1.xml",
        "docProps/app.xml",
        "[Content_Types].xml",
    ):
        for encoding in ("utf-8", "utf-16"):
            path = tmp_path / "trap.xlsx"
            with zipfile.ZipFile(clean(".xlsx")) as old, zipfile.ZipFile(path, "w") as new:
                for member in old.infolist():
                    content = old.read(member)
                    if member.filename == part:
                        content = declared(content.decode("utf-8"), long + trap, encoding)
                    new.writestr(member, content)
            refusal = read(path, tmp_path).refusal
            assert refusal is not None
            assert refusal.rule == "R432", (part, encoding)


def declared(text: str, trap: bytes, encoding: str) -> bytes:
    body = text.split("?>", 1)[1] if text.startswith("<?xml") else text
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    inside = trap.decode() + body
    return (head + inside).encode("utf-16") if encoding == "utf-16" else (
        head.encode() + inside.encode(encoding)
    )  # fmt: skip


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("size", [200, 60_000 if FULL else 1000])
def test_a_feature_of_the_wrong_type_is_named_at_any_size(tmp_path, size):
    shape = {"type": "Point", "coordinates": [116.3, 39.9]}
    ballast = "x" * 1000
    features = [
        {"type": "Feature", "properties": {"n": n, "b": ballast}, "geometry": shape}
        for n in range(size)
    ]
    path = tmp_path / "a.geojson"
    for wrong in ("feature", None, ["Feature"]):
        features[size // 2]["type"] = wrong
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        refusal = read(path, tmp_path).refusal
        assert refusal is not None
        assert refusal.rule == "R405"
        assert f"features[{size // 2}]" in str(refusal)


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize(
    "text",
    [
        '{"type":"FeatureCollection","features":[F],"features":[]}',
        '{"type":"FeatureCollection","features":[F,]}',
        '{"type":"FeatureCollection","features":[,F]}',
        '{"type":"FeatureCollection","features":[F F]}',
        '{"type":"FeatureCollection","features":[F,5,F]}',
        '{"type":"FeatureCollection","features":[F,[F]]}',
        '{"type":"FeatureCollection","features":{"0":F}}',
        '{"type":"FeatureCollection","Features":[F]}',
        '{"type":"FeatureCollection","features":[F]}{}',
        '[{"type":"FeatureCollection","features":[F]}]',
    ],
)
def test_a_collection_that_readers_take_differently_is_refused(tmp_path, text):
    one = '{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[116,39]}}'
    path = tmp_path / "a.geojson"
    path.write_text(text.replace("F", "\0").replace("\0eature", "Feature").replace("\0", one))
    refusal = read(path, tmp_path).refusal
    assert refusal is not None
    assert refusal.rule in {"R403", "R405"}


@pytest.mark.usefixtures("warm")
def test_other_spellings_of_a_collection_are_read(tmp_path):
    one = {"type": "Feature", "properties": {"features": ["x"], "t": '"features":[{'}}
    one["geometry"] = {"type": "Point", "coordinates": [116.3, 39.9]}
    path = tmp_path / "a.geojson"
    data = {"features": [one, one], "bbox": [1, 2, 3, 4], "type": "FeatureCollection"}
    for text in (json.dumps(data), json.dumps(data, indent=2), json.dumps(data, indent="\t")):
        path.write_text(text)
        got = read(path, tmp_path)
        assert (got.count, got.refusal) == (2, None)


def drawing(*entities: str, blocks: str = "") -> str:
    inside = "".join(entities)
    return (
        "0\nSECTION\n2\nHEADER\n9\n$INSUNITS\n70\n6\n0\nENDSEC\n"
        f"0\nSECTION\n2\nBLOCKS\n{blocks}0\nENDSEC\n"
        f"0\nSECTION\n2\nENTITIES\n{inside}0\nENDSEC\n0\nEOF\n"
    )


def entity(kind: str, body: str, handle: str = "") -> str:
    return f"0\n{kind}\n" + (f"5\n{handle}\n" if handle else "") + f"100\nAcDbEntity\n8\nDK\n{body}"


def ring(x: float, handle: str = "") -> str:
    corners = "".join(f"10\n{x + a}\n20\n{b}\n" for a, b in ((0, 0), (9, 0), (9, 9), (0, 9)))
    return entity("LWPOLYLINE", f"100\nAcDbPolyline\n90\n4\n70\n1\n{corners}", handle)


def old_ring(x: float) -> str:
    corners = "".join(
        f"0\nVERTEX\n8\nDK\n10\n{x + a}\n20\n{b}\n" for a, b in ((0, 0), (9, 0), (9, 9))
    )
    return f"0\nPOLYLINE\n8\nDK\n66\n1\n70\n1\n{corners}0\nSEQEND\n8\nDK\n"


BLOCK = "0\nBLOCK\n8\n0\n2\nB\n70\n0\n10\n0\n20\n0\n" + ring(0) + "0\nENDBLK\n8\n0\n"
INSERT = entity("INSERT", "100\nAcDbBlockReference\n2\nB\n10\n50\n20\n0\n{}", "A1")
TEXT = "100\nAcDbText\n10\n0\n20\n0\n40\n1\n1\n一号地\n"


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("named", [True, False])
def test_a_drawing_gives_its_entities_and_names_the_others(tmp_path, named):
    handles = [f"{n:X}" if named else "" for n in range(16, 26)]
    path = tmp_path / "a.dxf"
    path.write_text(
        drawing(
            ring(0, handles[0]), old_ring(20), INSERT.format("70\n2\n44\n20\n"),
            entity("TEXT", TEXT, handles[2]), entity("VIEWPORT", "10\n0\n20\n0\n", handles[3]),
            entity("RAY", "100\nAcDbRay\n10\n0\n20\n0\n11\n1\n21\n0\n", handles[4]),
            ring(40, handles[5]),
            blocks=BLOCK,
        ),
        encoding="utf-8",
    )  # fmt: skip
    got = read(path, tmp_path)
    assert (got.count, got.refusal) == (6, None)  # two by the insert
    found = [found for found in got.found if found.rule == "R417"]
    assert [f.words["detail"].startswith("RAY × 1") for f in found] == [True] * named


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0\nVERTEX\n8\nDK\n10\n29", "0\nVERTEY\n8\nDK\n10\n29"),
        ("0\nSEQEND", "0\nSEQENT"),
        ("0\nLWPOLYLINE\n5\n13", "1\nLWPOLYLINE\n5\n13"),
        (" 10\n0\n", " 1o\n0\n"),
        ("0\nENDSEC\n0\nEOF", "0\nENDSEX\n0\nEOF"),
        ("2\nENTITIES", "2\nENTITIEX"),
        ("100\nAcDbPolyline\n", "100\nAcDb\x00olyline\n"),
        ("8\nDK\n", "8\nDK\n\n"),  # a line too many
    ],
)
def test_a_damaged_drawing_is_refused(tmp_path, old, new):
    text = drawing(ring(0, "10"), old_ring(20), ring(40, "13"), ring(60, "14"))
    text = text.replace("10\n0\n", " 10\n0\n", 1)
    assert old in text
    path = tmp_path / "a.dxf"
    path.write_bytes(text.replace(old, new, 1).encode())
    refusal = read(path, tmp_path).refusal
    assert refusal is not None
    assert refusal.rule in {"R405", "R415"}


def shuffled(source: Path, folder: Path, *, numbers: bool = True) -> Path:
    """Write a set whose shapes stand in another order than its index has them."""
    for part in members(source):
        shutil.copy(part, folder / part.name)
    content, index = source.read_bytes(), source.with_suffix(".shx").read_bytes()
    places = np.frombuffer(index, dtype=">i4", offset=100).reshape(-1, 2).astype("int64") * 2
    records = [content[place : place + 8 + length] for place, length in places.tolist()]
    order = np.random.default_rng(3).permutation(len(records))
    at, moved, body = 100, {}, b""
    for one in order.tolist():
        record = records[one] if numbers else bytes(4) + records[one][4:]
        moved[one] = (at // 2, (len(record) - 8) // 2)
        body += record
        at += len(record)
    (folder / "a.shp").write_bytes(content[:100] + body)
    entries = np.array([moved[one] for one in range(len(records))], dtype=">i4")
    (folder / "a.shx").write_bytes(index[:100] + entries.tobytes())
    return folder / "a.shp"


def centres(path: Path) -> list[tuple[str, float, float]]:
    (report,) = examine(path, level="parcel", options=Options(crs="EPSG:4548"))
    frame = report.layers[0].frame
    x = shapely.get_x(shapely.centroid(np.asarray(frame.geometry)))
    return sorted(zip(frame["id"], np.round(x, 7), strict=True))


@pytest.mark.parametrize("index", ["there", "gone"])
def test_row_n_belongs_to_the_shape_that_the_index_names(clean, tmp_path, index):
    path = shuffled(clean(".shp"), tmp_path)
    if index == "gone":  # then by the numbers of the records themselves
        path.with_suffix(".shx").unlink()
    got = read(path, tmp_path)
    assert (got.count, got.refusal) == (COUNT, None)
    (found,) = [found for found in got.found if found.rule == "R446"]
    assert found.words["measured"] > COUNT / 2
    assert centres(path) == centres(clean(".shp"))


@pytest.mark.usefixtures("warm")
def test_bytes_between_shapes_are_passed_over_by_the_index(clean, tmp_path):
    path = shuffled(clean(".shp"), tmp_path)
    content, index = path.read_bytes(), bytearray(path.with_suffix(".shx").read_bytes())
    first = 8 + 2 * struct.unpack(">i", content[104:108])[0]
    path.write_bytes(content[: 100 + first] + b"\xff" * 38 + content[100 + first :])
    entries = np.frombuffer(index, dtype=">i4", offset=100).reshape(-1, 2).astype("int64")
    entries[entries[:, 0] > 50, 0] += 19
    path.with_suffix(".shx").write_bytes(bytes(index[:100]) + entries.astype(">i4").tobytes())
    got = read(path, tmp_path)
    assert (got.count, got.refusal) == (COUNT, None)
    assert [f.words["measured"] for f in got.found if f.rule == "R447"] == [38]


@pytest.mark.usefixtures("warm")
def test_what_is_left_in_an_archive_is_named(clean, tmp_path):
    room = tmp_path / "room"
    room.mkdir()
    parts = [*members(clean(".shp")), clean(".csv")]
    names = [*(part.name for part in members(clean(".shp"))), "firms.csv"]
    for number, orphan in enumerate(("b.dbf", "b.shx")):
        parts.append(members(clean(".shp"))[number])
        names.append(orphan)
    got = read(zipped(room / "a.zip", parts, names), tmp_path)
    assert got.count == COUNT
    (found,) = [found for found in got.found if found.rule == "R427"]
    assert found.words["measured"] == 3
    assert {"firms.csv", "b.dbf", "b.shx"} == set(found.words["detail"].split("、"))


def test_lines_run_together_are_not_taken_for_the_names(tmp_path):
    names, rows = (
        ["code", "name", "use", "area"],
        [[f"g{n}", f"n{n}", "1", "2.5"] for n in range(9)],
    )
    rows[4:6] = [rows[4] + rows[5][1:]]
    path = tmp_path / "a.csv"
    path.write_text("".join(",".join(row) + "\n" for row in [names, *rows]))
    (report,) = examine(path, level="enterprise")
    assert report.layers[0].log.count == 8
    assert "R529" in {one.rule for one in report.layers[0].log.findings}


def test_a_quotation_mark_left_open_does_not_swallow_lines(tmp_path):
    lines = [f"g{n},n{n},1" for n in range(9)]
    path = tmp_path / "a.csv"
    path.write_text(
        "code,name,use\n"
        + "\n".join([*lines[:3], 'g3,"n3,1', *lines[4:6], 'g6,n6",1', *lines[7:]])
        + "\n"
    )
    got = Read(path, tmp_path / "work")
    (found,) = [found for found in got.found if found.rule == "R428"]
    assert (found.words["measured"], found.words["limit"]) == (6, 8)


@pytest.mark.usefixtures("warm")
def test_a_signalling_number_that_is_none_is_found_and_warns_nobody(tmp_path):
    path = written(tmp_path / "a.fgb", "FlatGeobuf", SPATIAL_INDEX="NO")
    content = bytearray(path.read_bytes())
    number = struct.pack("<d", shapely.get_coordinates(parcels().geometry.iloc[7])[1, 1])
    place = content.find(number)
    content[place : place + 8] = struct.pack("<Q", 0x7FF0000000000001)
    path.write_bytes(bytes(content))
    read = Read(path, tmp_path / "work")
    assert (read.count, read.refusal) == (COUNT, None)
    zone = tmp_path / "layer.parquet"
    frame = parcels()[["geometry"]].assign(id=[str(k) for k in range(COUNT)])
    frame.to_parquet(zone)
    table = pq.read_table(zone)
    shapes = table["geometry"].to_pylist()
    shapes[7] = shapes[7][:29] + struct.pack("<Q", 0x7FF0000000000001) + shapes[7][37:]
    at = table.column_names.index("geometry")
    pq.write_table(table.set_column(at, table.schema.field(at), pa.array(shapes)), zone)
    layer, found = read_sound_layer(zone, "parcel")
    assert len(layer) == COUNT
    assert found[["rule", "feature"]].to_numpy().tolist() == [["R306", "7"]]

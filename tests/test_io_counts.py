"""As many features as the container states, or a refusal, or a finding with both numbers."""

from __future__ import annotations

import atexit
import csv
import io
import json
import os
import shutil
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
import pytest
import shapely

from zgcgis.findings import describe, finding_frame
from zgcgis.io import guard
from zgcgis.io.gate import KINDS, Refusal, stage
from zgcgis.io.raw import read_raw
from zgcgis.io.reports import Options

FULL = os.environ.get("ZGCGIS_FULL") == "1"
COUNT = 3000
PAGE = 4096
CUTS, ZEROS, FLIPS = (20, 20, 200) if FULL else (3, 2, 5)
CHILD = Path(guard.__file__).with_name("child.py")


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


def as_kml(path: Path) -> Path:
    return written(path, "LIBKML", columns=["name"])


MAKERS: dict[str, Callable[[Path], Path]] = {
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
    assert set(MAKERS) | set(SAME) == set(KINDS)


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
    stdin = None

    def __init__(self, order: Path, said: Path, work: Path, environment: dict[str, str]) -> None:
        job = json.loads(order.read_text(encoding="utf-8")) | {"waits": False}
        order.write_text(json.dumps(job), encoding="utf-8")
        if job["kind"] not in Warm.servers:
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
            assert server.stdout.readline() == "ready\n", job["kind"]
            Warm.servers[job["kind"]] = server
        self.server = Warm.servers[job["kind"]]
        self.orders = json.dumps([str(order), str(said), str(work)])
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
        self.found: list[dict[str, Any]] = []
        work.mkdir()
        try:
            for one in stage(path, work):
                for raw in read_raw(one, work, options or Options()):
                    if raw.refusal is not None:
                        raise raw.refusal
                    self.count += len(raw.frame) if raw.wkb is None else len(raw.wkb)
                    if "code" in raw.frame:
                        self.codes |= set(raw.frame["code"].dropna())
                    self.found += raw.rows
                self.found += one.findings
        except Refusal as refusal:
            self.refusal = refusal
        shutil.rmtree(work)

    @property
    def rules(self) -> set[str]:
        return {found["rule"] for found in self.found}


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


def own_count(path: Path) -> int | None:
    """Count the rows of a text of lines, which states no number and can be cut between two."""
    if path.suffix not in {".csv", ".geojsonl"}:
        return None
    text = path.read_bytes().decode("utf-8", "replace")
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
        elif read.count != COUNT and read.count != own_count(path):
            said = [found for found in read.found if found["rule"] in BOTH_NUMBERS]
            if not said:
                broken.append((name, read.count, read.found))
            for found in said:
                describe(finding_frame([found | {"row": None}], rule=found["rule"]), "en")
        elif whole.codes and name.startswith("flip") and len(read.codes) < read.count - 1:
            broken.append((name, "features twice", len(read.codes)))
        shutil.rmtree(tmp_path / f"{number}")
    assert broken == []

"""Files that reach for what nobody named: a zone full of them, its papers, and what is planted there.

Whatever can name another file or an address does so: links and pipes, references of formats,
systems of coordinates that want a grid, tables of SQLite that are programs, and every text.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import corpus
import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from hostile_zone import PROJECT, content_of, layer, square, toml_text, write_zone
from pyproj import CRS

KRASSOVSKY = 'SPHEROID["Krassowsky_1940",6378245.0,298.3]'
GEOGRAPHIC = (
    'GEOGCS["x",DATUM["D_x",{}{}],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)
UNBUILT: dict[str, Any] = {
    **dict.fromkeys(("actual_start_date", "finish_date", "stopped_since", "build_state")),
    "supply_date": "2018-01-01",
    "agreed_start_date": "2019-01-01",
}
"""What a parcel tells that is idle."""
ADDRESS = "http://127.0.0.1:9/x"


def with_files(file: Any) -> dict[str, str]:
    """Descriptions of a reference system that want to be computed with a file."""
    bound = CRS.from_wkt(GEOGRAPHIC.format(KRASSOVSKY, f',EXTENSION["PROJ4_GRIDS","{file}"]'))
    bent = bound.to_json().replace("grid", "gr\\u0069d")
    return {
        "WKT 1": GEOGRAPHIC.format(KRASSOVSKY, f',EXTENSION["PROJ4_GRIDS","{file}"]'),
        "WKT 1, other brackets": GEOGRAPHIC.format(
            KRASSOVSKY, f',EXTENSION("PROJ4_GRIDS","{file}")'
        ),
        "WKT 1, PROJ": GEOGRAPHIC.format(
            KRASSOVSKY, f',EXTENSION["PROJ4","+proj=longlat +nadgrids={file}"]'
        ),
        "WKT 2": bound.to_wkt("WKT2_2019"),
        "PROJJSON": bound.to_json(),
        "PROJJSON, escaped": bent,
        "PROJ": f"+proj=longlat +ellps=krass +nadgrids={file}",
        "PROJ, optional": f"+proj=longlat +ellps=krass +nadgrids=@{file}",
        "PROJ, geoid": f"+proj=longlat +ellps=krass +geoidgrids={file}",
        "PROJ, init": f"+proj=longlat +init={file}:1",
        "PROJ, pipeline": f"+proj=pipeline +step +proj=hgridshift +grids={file}",
        "PROJ, datum of its own": "+proj=longlat +datum=NAD27",
        "init": f"+init={file}:1",
        "path": str(file),
        "address": f"file://{file}",
    }


def naming(file: Path, layer: str) -> dict[str, str]:
    """Contents that name another file or an address, by who would follow it."""
    link = {"type": "link", "properties": {"href": ADDRESS, "type": "proj4"}}
    named = {"type": "name", "properties": {"name": str(file)}}
    whole = json.loads(layer)
    return {
        "VRT": f'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{file}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>",
        "VRT of an address": '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/'
        f"{ADDRESS}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        "GDALG": json.dumps(
            {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {file}"}
        ),
        "crs link": json.dumps(whole | {"crs": link}),
        "crs file link": json.dumps(
            whole | {"crs": link | {"properties": {"href": f"file://{file}", "type": "ogcwkt"}}}
        ),
        "crs name": json.dumps(whole | {"crs": named}),
        "path": str(file),
        "address": ADDRESS,
        "entity": f'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file://{file}">]>'
        '<kml xmlns="http://www.opengis.net/kml/2.2"><name>&x;</name></kml>',
    }


@dataclass
class Elsewhere:
    """What nobody names to a command, and what a reference could ask for."""

    folder: Path
    content: dict[Path, bytes] = field(default_factory=dict)

    def add(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        self.content[path] = content
        return path

    def untouched(self) -> bool:
        """Whether all is as it was, and nothing new stands beside it."""
        there = {path for path in self.folder.rglob("*") if path.is_file()}
        return there == set(self.content) and all(
            path.read_bytes() == content for path, content in self.content.items()
        )


def elsewhere(folder: Path) -> Elsewhere:
    """Lay out files of every kind that a zone reads, outside every zone."""
    folder.mkdir(parents=True)
    made = Elsewhere(folder)
    for name in ("zone.toml", "plan.toml", "evaluation.toml", "own.toml", "digest.toml",
                 "waivers.toml", "parks.csv", "accounts.csv", "layers/parcel.geojson"):  # fmt: skip
        made.add(Path(name).name, content_of(name))
    made.add("grid.gsb", b"NUM_OREC" + bytes(1000))
    made.add("project.toml", PROJECT.encode())
    made.add("library.so", b"\x7fELF" + bytes(100))
    return made


# --- a zone that is read through -----------------------------------------------------------------


def texts(file: Path) -> list[str]:
    """Texts that ask whoever obeys them for a file or an address."""
    return [
        f"../../../..{file}", f"/vsicurl/{ADDRESS}", f"file://{file}", "a|layername=b", f"{file}|b",
        f"<img src='{ADDRESS}'>", f"<iframe src='file://{file}'></iframe>", "..\\..\\x", f'"{file}"',
        f"</script><script src={ADDRESS}></script>", f"=WEBSERVICE(\"{ADDRESS}\")", "\x1b]0;x\x07\r",
        f"{{{{ include('{file}') }}}}", f"@import url({ADDRESS});", f"url({ADDRESS})", "CON", "a\nb",
        f"{ADDRESS}", f"<link rel=stylesheet href=file://{file}>", "\u202ex",
    ]  # fmt: skip


def spoilt_package(path: Path, file: Path, table: str) -> None:
    """Put into a GeoPackage what SQLite or GDAL would run or follow, beside a sound layer."""
    with closing(sqlite3.connect(path)) as base:
        run = base.execute
        run(f'CREATE VIEW looks AS SELECT load_extension("{file.with_name("library.so")}") AS a')
        run(f'CREATE VIEW reads AS SELECT readfile("{file}") AS a')
        run("CREATE VIEW endless AS WITH RECURSIVE n(a) AS (SELECT 1 UNION ALL SELECT a FROM n) "
            "SELECT a FROM n")  # fmt: skip
        run(f'CREATE TRIGGER evil AFTER UPDATE ON "{table}" BEGIN DELETE FROM "{table}"; END')
        run("INSERT INTO gpkg_spatial_ref_sys VALUES ('x', 99, 'X', 99, ?, '')",
            (with_files(file)["WKT 1"],))  # fmt: skip
        for name in ("looks", "reads", "endless"):
            run("INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
                "VALUES (?, 'attributes', ?, 0)", (name, name))  # fmt: skip
        run("PRAGMA writable_schema = ON")
        for name, module in (("ogr", f"VirtualOGR('{file}')"), ("csv", f"csv(filename='{file}')"),
                             ("shape", f"VirtualShape('{file}', 'UTF-8', 4326)")):  # fmt: skip
            run("INSERT INTO sqlite_master VALUES ('table', ?, ?, 0, ?)",
                (name, name, f"CREATE VIRTUAL TABLE {name} USING {module}"))  # fmt: skip
        base.commit()


def read_through(folder: Path, file: Path, files: list[str]) -> Path:
    """Lay out a zone of these files that is computed with, in which everything names `file`."""
    zone = write_zone(folder, files)
    said = texts(file)

    def tainted(level: str) -> dict[str, Any]:
        made = layer(level)
        for number, feature in enumerate(made["features"]):
            values = feature["properties"]
            for k, key in enumerate(("name", "zh", "en", "owner", "note")):
                if key in values:
                    values[key] = said[(number + 3 * k) % len(said)]
            values[said[number]] = said[number + 1]
        return made

    parcels = tainted("parcel")
    for i, text in enumerate(said):
        values = {**parcels["features"][0]["properties"], **UNBUILT, "id": text}
        values |= {"name": said[i - 1], "owner": said[i - 2]}
        shape = square(2, 0, 0.0003)
        shape["coordinates"] = [[[x + 0.0004 * i, y + 0.0041] for x, y in shape["coordinates"][0]]]
        parcels["features"].append({"type": "Feature", "properties": values, "geometry": shape})
    parcels["crs"] = {"type": "link", "properties": {"href": ADDRESS, "type": "proj4"}}
    (zone / "layers/parcel.geojson").write_text(json.dumps(parcels), encoding="utf-8")
    for level, suffix in (("park", "gpkg"), ("block", "parquet"), ("building", "geojson")):
        (zone / f"layers/{level}.geojson").unlink()
        target = zone / f"layers/{level}.{suffix}"
        made = gpd.GeoDataFrame.from_features(tainted(level)["features"], crs="EPSG:4490")
        if suffix == "geojson":
            target.write_text(json.dumps(tainted(level)), encoding="utf-8")
        elif suffix == "gpkg":
            made.to_file(target, layer=level, engine="pyogrio")
            spoilt_package(target, file, level)
        else:
            made.to_parquet(target)
    settings = (zone / "zone.toml").read_text(encoding="utf-8")
    settings = settings.replace('"Tiny"', json.dumps(f"{said[5]} {said[6]}"), 1)
    (zone / "zone.toml").write_text(settings, encoding="utf-8")
    parks = (zone / "parks.csv").read_text(encoding="utf-8")
    (zone / "parks.csv").write_text(
        parks.replace("甲园", f"<img src='{ADDRESS}'>"), encoding="utf-8"
    )
    (zone / "layers/notes |x.txt").symlink_to(file)
    (zone / "projects").symlink_to(file.parent)
    return zone


# --- what is planted -----------------------------------------------------------------------------

PLANTS = ("link", "dangling", "pipe", "device", "folder")


def plant(place: Path, kind: str, file: Path) -> Path:
    """Put something under a name that is no file of its own."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        target = {"link": file, "dangling": file.with_name("new"), "device": Path("/dev/zero")}
        place.symlink_to(target[kind])
    return place


@dataclass(frozen=True)
class Spoiling:
    """One way of spoiling a zone."""

    name: str
    make: Callable[[Path], object]


def spoilings(file: Path, names: list[str]) -> Iterator[Spoiling]:
    """Every file of a zone as a link, a pipe and so on; and as what names another.

    Parameters
    ----------
    file
        What is named.
    names
        The files of a zone.
    """
    for name in [*names, "layers", "waivers.toml", ".zgcgis.lock"]:
        for kind in PLANTS:
            if (name, kind) == ("layers", "folder"):
                continue
            aim = file.parent if name == "layers" else file
            yield Spoiling(
                f"{name}: {kind}", lambda zone, n=name, k=kind, a=aim: plant(zone / n, k, a)
            )
    sound = content_of("layers/parcel.geojson").decode()
    for suffix in ("geojson", "gpkg", "parquet"):
        for way, content in naming(file, sound).items():
            yield Spoiling(
                f"parcel.{suffix}: {way}", _replacing("parcel", suffix, content.encode())
            )
    for way, text in with_files(file).items():
        for suffix in ("gpkg", "parquet"):
            yield Spoiling(
                f"parcel.{suffix}: {way}",
                lambda zone, s=suffix, t=text: stating(_room(zone, "parcel") / f"parcel.{s}", t),
            )
    for name, key in (
        ("evaluation.toml", "standard"),
        ("own.toml", "base"),
        ("plan.toml", "digest"),
    ):
        for text in (str(file.with_name("own.toml")), "../../elsewhere/own.toml", ADDRESS,
                     f"/vsicurl/{ADDRESS}", "a\0b", "own.toml|x", f"file://{file}"):  # fmt: skip
            yield Spoiling(
                f"{name} {key}: {text}",
                lambda zone, n=name, k=key, t=text: _setting(zone / n, k, t),
            )


def _replacing(level: str, suffix: str, content: bytes) -> Callable[[Path], object]:
    return lambda zone: (_room(zone, level) / f"{level}.{suffix}").write_bytes(content)


def _room(zone: Path, level: str) -> Path:
    (zone / f"layers/{level}.geojson").unlink(missing_ok=True)
    return zone / "layers"


def _setting(path: Path, key: str, text: str) -> None:
    from hostile_zone import TOML

    data = dict(TOML[path.name])
    if path.name == "plan.toml":
        data["plan"] = data["plan"] | {key: text}
    else:
        data[key] = text
    path.write_text(toml_text(data), encoding="utf-8")


# --- what is proposed, handed in, or named as a paper --------------------------------------------


def stating(path: Path, text: str) -> Path:
    """Write a layer that states a reference system in that text."""
    plots = corpus.parcels(3).rename(columns={"宗地代码": "id"})[["id", "geometry"]]
    if path.suffix == ".parquet":
        table = pa.table({"id": plots["id"], "geometry": shapely.to_wkb(plots.geometry.to_numpy())})
        told = json.loads(text) if text.startswith("{") else text
        entry = {"encoding": "WKB", "geometry_types": ["Polygon"], "crs": told}
        meta = {"geo": json.dumps({"primary_column": "geometry", "columns": {"geometry": entry}})}
        pq.write_table(table.replace_schema_metadata(meta), path)
        return path
    if path.suffix == ".geojson":
        whole = json.loads(plots.to_json(drop_id=True))
        whole["crs"] = {"type": "name", "properties": {"name": text}}
        path.write_text(json.dumps(whole), encoding="utf-8")
        return path
    plots.to_file(path, engine="pyogrio")
    if path.suffix == ".shp":
        path.with_suffix(".prj").write_text(text, encoding="utf-8")
    else:
        with closing(sqlite3.connect(path)) as base:
            base.execute(
                "UPDATE gpkg_spatial_ref_sys SET definition = ?, organization = 'x'", (text,)
            )
            base.execute("UPDATE gpkg_spatial_ref_sys SET organization_coordsys_id = srs_id + 7")
            base.commit()
    return path


def proposals(folder: Path, file: Path) -> list[Path]:
    """Layers handed in or proposed that reach for `file` or an address."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corpus").mkdir()
    found = [case.path for case in corpus.hostile(folder / "corpus")]
    sound = content_of("layers/parcel.geojson").decode()
    for suffix in ("geojson", "json", "gpkg", "parquet", "kml", "shp", "fgb", "dxf", "csv", "xlsx"):
        for way, content in naming(file, sound).items():
            found.append(folder / f"{way}.{suffix}")
            found[-1].write_text(content, encoding="utf-8")
    for way, text in with_files(file).items():
        found += [stating(folder / f"crs {way}{end}".replace(",", ""), text)
                  for end in (".shp", ".gpkg", ".parquet", ".geojson")]  # fmt: skip
    for suffix in ("geojson", "gpkg", "parquet", "shp", "zip"):
        found += [plant(folder / f"{kind}.{suffix}", kind, file) for kind in PLANTS]
    found.append(stating(folder / "a|layername=x {}.gpkg", "EPSG:4490"))
    spoilt_package(found[-1], file, found[-1].stem)
    for suffix in (".dbf", ".prj", ".cpg", ".shx"):
        path = stating(folder / f"linked{suffix[1:]}.shp", CRS.from_epsg(4490).to_wkt())
        found.append(path)
        plant(path.with_suffix(suffix), "link", file)
    return found


def papers(folder: Path, file: Path) -> list[Path]:
    """What a command may be given as its paper: no plain file, or one that names another."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [plant(folder / f"{kind}{suffix}", kind, file.with_name("project.toml"))
            for kind in PLANTS for suffix in (".toml", ".json", ".gpkg") if kind != "folder"]  # fmt: skip
    for key in ("park", "site", "industry", "use", "id"):
        made.append(folder / f"{key}.toml")
        lines = [line for line in PROJECT.splitlines() if not line.startswith(f"{key} =")]
        value = json.dumps([f"../..{file}"] if key == "site" else f"../..{file}")
        made[-1].write_text("\n".join([*lines, f"{key} = {value}"]), encoding="utf-8")
    return made

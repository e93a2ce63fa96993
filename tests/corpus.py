"""A corpus of bad and clean land files, each with how it must end.

``python tests/corpus.py FOLDER`` lays it out; the tests make it in a temporary folder. Every
case is the smallest file that shows one defect, or a clean file that must not be accused.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import struct
import sys
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from zgcgis.geo import area_m2

CODE = "110108002001GB{:05d}"
USES = ["1001", "0701", "0801", "1207", "1401", "0901"]


@dataclass
class Case:
    """One file and how it must end."""

    name: str
    path: Path
    end: str  # accept finding repair refuse-feature refuse-file
    rules: set[str]
    level: str | None = "parcel"
    options: dict[str, Any] = field(default_factory=dict)
    expected: tuple[float, float] | None = None

    @property
    def clean(self) -> bool:
        """Whether nothing at all is wrong with the file."""
        return self.end in {"accept", "finding"} and self.name.startswith("clean")


MAKERS: list[Callable[[Path], Case | list[Case]]] = []


def maker(function: Callable[[Path], Case | list[Case]]) -> Callable[[Path], Case | list[Case]]:
    MAKERS.append(function)
    return function


def parcels(count: int = 12, *, west: float = 116.30, south: float = 39.98) -> gpd.GeoDataFrame:
    """Parcels that share edges with nobody, in CGCS2000 degrees, with true registered areas."""
    shapes = []
    for i in range(count):
        x, y = west + 0.002 * (i % 6), south + 0.0015 * (i // 6)
        shapes.append(box(x, y, x + 0.0018, y + 0.0013))
    frame = gpd.GeoDataFrame(
        {
            "宗地代码": [CODE.format(i + 1) for i in range(count)],
            "名称": [f"中关村软件园{i + 1}号地" for i in range(count)],
            "地类": [USES[i % len(USES)] for i in range(count)],
        },
        geometry=shapes,
        crs="EPSG:4490",
    )
    frame["登记面积"] = area_m2(frame.geometry).round(2)
    return frame


def with_shapes(shapes: list[Any], **columns: Any) -> gpd.GeoDataFrame:
    frame = parcels(max(len(shapes), 6)).drop(columns="登记面积")
    geometry = list(frame.geometry)
    geometry[: len(shapes)] = shapes
    frame = frame.set_geometry(gpd.GeoSeries(geometry, crs="EPSG:4490"))
    for name, values in columns.items():
        frame[name] = values
    return frame


def save(frame: gpd.GeoDataFrame, path: Path, **more: Any) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(path, engine="pyogrio", **more)
    return path


def as_text(features: list[Any], **more: Any) -> str:
    return json.dumps(
        {"type": "FeatureCollection", "features": features, **more}, ensure_ascii=False
    )


def feature(i: int, ring: Any, kind: str = "Polygon", **properties: Any) -> dict[str, Any]:
    geometry = None if ring is None else {"type": kind, "coordinates": ring}
    return {
        "type": "Feature",
        "properties": {"宗地代码": CODE.format(i), **properties},
        "geometry": geometry,
    }


def square(i: int = 0) -> list[list[list[float]]]:
    x = 116.30 + 0.002 * i
    return [[[x, 39.98], [x + 0.0018, 39.98], [x + 0.0018, 39.9813], [x, 39.9813], [x, 39.98]]]


def features(count: int = 6) -> list[Any]:
    return [feature(i + 1, square(i)) for i in range(count)]


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


# --- clean ---------------------------------------------------------------------------------------


@maker
def clean(folder: Path) -> list[Case]:
    frame = parcels()
    gk, prefixed = frame.to_crs(4548), frame.to_crs(4527)
    short = {"宗地代码": "ZDDM", "名称": "MC", "地类": "DLBM", "登记面积": "ZDMJ"}
    cases = []

    def add(
        name: str, path: Path, end: str = "accept", rules: set[str] | None = None, **more: Any
    ) -> None:
        cases.append(Case(f"clean {name}", path, end, rules or set(), **more))

    add("shapefile GBK with .cpg", save(gk, folder / "clean_gbk.shp", encoding="GBK"))
    add(
        "shapefile UTF-8",
        save(gk.rename(columns=short), folder / "clean_utf8.shp", encoding="UTF-8"),
    )
    add("shapefile with zone prefix", save(prefixed, folder / "clean_prefix.shp", encoding="GBK"))
    path = save(gk, folder / "clean_ldid.shp", encoding="GBK")
    path.with_suffix(".cpg").unlink()
    content = bytearray(path.with_suffix(".dbf").read_bytes())
    content[29] = 0x4D
    put(path.with_suffix(".dbf"), bytes(content))
    add("shapefile GBK by language driver", path)
    path = save(gk, folder / "clean_zipped.shp", encoding="GBK")
    archive = folder / "clean_zipped.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for part in sorted(folder.glob("clean_zipped.*")):
            if part.suffix != ".zip":
                target.write(part, part.name)
                part.unlink()
    add("zipped shapefile", archive)
    add("GeoPackage", save(frame, folder / "clean.gpkg", layer="宗地"))
    add("GeoPackage 4548", save(gk, folder / "clean_4548.gpkg", layer="parcel"))
    add("GeoJSON", save(frame, folder / "clean.geojson"))
    put(folder / "clean_bom.geojson", b"\xef\xbb\xbf" + as_text(features()).encode())
    add("GeoJSON with a mark", folder / "clean_bom.geojson")
    put(
        folder / "clean_escaped.geojson",
        json.dumps(json.loads(as_text(features())), ensure_ascii=True),
    )
    add("GeoJSON with escapes", folder / "clean_escaped.geojson")
    add("file geodatabase", save(frame.to_crs(4548), folder / "clean.gdb", driver="OpenFileGDB"))
    kml = frame[["宗地代码", "geometry"]].rename(columns={"宗地代码": "Name"})
    add("KML", save(kml, folder / "clean.kml", driver="LIBKML"), "finding", {"R309"},
        options={"rename": {"Name": "id"}})  # fmt: skip
    add("FlatGeobuf", save(frame, folder / "clean.fgb", driver="FlatGeobuf"))
    frame.to_parquet(folder / "clean.parquet")
    add("GeoParquet", folder / "clean.parquet")
    add("DXF told its system", save(gk[["geometry"]], folder / "clean.dxf", driver="DXF"),
        "finding", {"R503"}, options={"crs": "EPSG:4548"})  # fmt: skip
    holes = frame.copy()
    holes.loc[0, "geometry"] = Polygon(
        frame.geometry[0].exterior.coords,
        [frame.geometry[0].centroid.buffer(0.0002).exterior.coords],
    )
    both = MultiPolygon(
        [frame.geometry[1], shapely.transform(frame.geometry[1], lambda c: c + np.array([0, 0.02]))]
    )
    holes.loc[1, "geometry"] = both
    holes["登记面积"] = area_m2(holes.geometry).round(2)
    add("holes and parts", save(holes, folder / "clean_holes.gpkg"))
    mu = frame.rename(columns={"登记面积": "登记面积（亩）"})
    mu["登记面积（亩）"] = (frame["登记面积"] * 3 / 2000).round(4)
    add("area in mu by its name", save(mu, folder / "clean_mu.gpkg"), "finding", {"R524"})
    table = pd.DataFrame(frame.drop(columns="geometry"))
    table.to_csv(folder / "clean.csv", index=False, encoding="utf-8-sig")
    add("CSV", folder / "clean.csv")
    table.to_excel(folder / "clean.xlsx", index=False)
    add("workbook", folder / "clean.xlsx")
    shanghai = parcels(west=121.60, south=31.20)
    shanghai["宗地代码"] = [f"310115001001GB{i:05d}" for i in range(len(shanghai))]
    add(
        "Shanghai, belt 40",
        save(shanghai.to_crs(4528), folder / "clean_shanghai.shp", encoding="GBK"),
    )
    add(
        "one feature only", save(frame.iloc[:1], folder / "clean_one.gpkg"), "finding", {"R546"}
    )  # one code fits several systems: it is asked, not guessed
    return cases


# --- 1 coordinates -------------------------------------------------------------------------------


@maker
def coordinates(folder: Path) -> list[Case]:
    frame = parcels()
    gk = frame.to_crs(4548)
    cases = []

    def add(name: str, path: Path, end: str, rules: set[str], **more: Any) -> None:
        cases.append(Case(f"crs {name}", path, end, rules, **more))

    def bare(name: str, layer: gpd.GeoDataFrame, prj: str | None = None) -> Path:
        path = save(layer, folder / f"{name}.shp", encoding="UTF-8")
        path.with_suffix(".prj").unlink(missing_ok=True)
        if prj is not None:
            put(path.with_suffix(".prj"), prj)
        return path

    add("absent", bare("no_prj", gk), "refuse-file", {"R101"})
    add(
        "absent, told",
        bare("no_prj_told", gk[["geometry"]].assign(ZDDM=frame["宗地代码"])),
        "accept",
        set(),
        options={"crs": "EPSG:4548"},
    )
    add("absent, degrees", bare("no_prj_deg", frame), "refuse-file", {"R101"})
    add("absent in GeoPackage", save(gk.set_crs(None, allow_override=True), folder / "no_crs.gpkg"),
        "refuse-file", {"R101"})  # fmt: skip
    add("unreadable", bare("bad_prj", gk, 'PROJCS["CGCS2000'), "refuse-file", {"R102"})
    add("unreadable bytes", bare("noise_prj", gk, "\x01\x02\x7f"), "refuse-file", {"R102"})
    add("empty .prj", bare("empty_prj", gk, ""), "refuse-file", {"R101"})
    wkt = CRS.from_epsg(4490).to_wkt("WKT1_ESRI")
    add("degrees said, metres given", bare("metres_as_degrees", gk, wkt), "refuse-file", {"R103"})
    wkt_gk = CRS.from_epsg(4548).to_wkt("WKT1_ESRI")
    add(
        "metres said, degrees given",
        bare("degrees_as_metres", frame, wkt_gk),
        "refuse-file",
        {"R103"},
    )
    swapped = frame.set_geometry(
        gpd.GeoSeries(shapely.transform(frame.geometry.array, lambda c: c[:, ::-1]), crs=4490))  # fmt: skip
    add("axes swapped", save(swapped, folder / "swapped.geojson"), "refuse-file", {"R104"})
    add("axes swapped, accepted", save(swapped, folder / "swapped_ok.geojson"), "repair", {"R104", "R116"},
        options={"accept": frozenset({"R104"})})  # fmt: skip
    swapped_gk = gk.set_geometry(
        gpd.GeoSeries(shapely.transform(gk.geometry.array, lambda c: c[:, ::-1]), crs=4548))  # fmt: skip
    add("northing first", save(swapped_gk, folder / "northing_first.gpkg"), "refuse-file", {"R104"})
    prefixed = frame.to_crs(4527).set_crs(4548, allow_override=True)
    add("zone prefix unsaid", save(prefixed, folder / "prefix_unsaid.gpkg"), "finding", {"R122"})
    unprefixed = gk.set_crs(4527, allow_override=True)
    add("zone prefix said, not there", save(unprefixed, folder / "prefix_missing.gpkg"),
        "finding", {"R122"})  # fmt: skip
    six = frame.to_crs(4498).set_crs(4527, allow_override=True)
    add(
        "6-degree numbers, 3-degree system",
        save(six, folder / "six_degree.gpkg"),
        "refuse-file",
        {"R105"},
    )
    wrong = gk.set_crs(4549, allow_override=True)
    add("wrong meridian, by the ids", save(wrong.assign(宗地代码=[f"110108002001{i:06d}" for i in range(12)]),
        folder / "wrong_cm.gpkg"), "refuse-file", {"R109"})  # fmt: skip
    add("wrong meridian, by the zone", save(wrong, folder / "wrong_cm_zone.gpkg"), "refuse-file", {"R109"},
        expected=(116.3, 40.0))  # fmt: skip
    web = frame.to_crs(3857)
    add("web map projection", save(web, folder / "web.gpkg"), "finding", {"R114"})
    add("web map numbers, degrees said", bare("web_as_degrees", web, wkt), "refuse-file", {"R103"})
    add("web map numbers, 4548 said", save(web.set_crs(4548, allow_override=True), folder / "web_as_gk.gpkg"),
        "refuse-file", {"R103", "R105"})  # fmt: skip
    local = gk.set_geometry(gk.geometry.translate(60_000, -4_120_000))
    add("local grid", save(local, folder / "local.gpkg"), "refuse-file", {"R110"})
    add("local grid, nothing said", bare("local_bare", local), "refuse-file", {"R101"})
    xian = frame.to_crs(4548).set_crs(2384, allow_override=True)
    add("Xian 1980", save(xian, folder / "xian80.shp", encoding="UTF-8"), "refuse-file", {"R111"})
    old = frame.to_crs(4548).set_crs(2436, allow_override=True)
    add(
        "Beijing 1954",
        save(old, folder / "beijing54.shp", encoding="UTF-8"),
        "refuse-file",
        {"R111"},
    )
    lying = wkt_gk.replace("CM_117E", "CM_114E")
    add("name against parameters", bare("lying_prj", gk, lying), "refuse-file", {"R106"})
    add(
        "far off the meridian",
        save(frame.to_crs(4546), folder / "off_belt.gpkg"),
        "finding",
        {"R107"},
    )
    abroad = parcels(west=2.35, south=48.85)
    add("outside the country", save(abroad, folder / "paris.gpkg"), "refuse-file", {"R108"})
    null_island = parcels(west=0.0, south=0.0)
    add(
        "null island",
        save(null_island, folder / "null_island.geojson"),
        "refuse-file",
        {"R108", "R104"},
    )
    add("name says GCJ-02", save(frame, folder / "地块_gcj02.geojson"), "finding", {"R113"})
    add(
        "told GCJ-02",
        save(frame, folder / "told.geojson"),
        "repair",
        {"R118"},
        options={"datum": "gcj02"},
    )
    wgs_utm = frame.to_crs(32650)
    wgs_utm.to_file(folder / "clean_utm.gpkg", engine="pyogrio")
    add("UTM as stated is fine", folder / "clean_utm.gpkg", "accept", set())
    micro = frame.set_geometry(gpd.GeoSeries(
        shapely.transform(frame.geometry.array, lambda c: c * 1e6), crs=4490))  # fmt: skip
    add("micro-degrees", save(micro, folder / "micro.gpkg"), "refuse-file", {"R103", "R108"})
    return cases


# --- 2 text --------------------------------------------------------------------------------------


@maker
def text(folder: Path) -> list[Case]:
    frame = parcels().to_crs(4548)
    lonlat = parcels()
    cases = []

    def add(name: str, path: Path, end: str, rules: set[str], **more: Any) -> None:
        cases.append(Case(f"text {name}", path, end, rules, **more))

    path = save(frame, folder / "gbk_unsaid.shp", encoding="GBK")
    path.with_suffix(".cpg").unlink()
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    dbf[29] = 0
    put(path.with_suffix(".dbf"), bytes(dbf))
    add("GBK undeclared", path, "finding", {"R201"})
    path = save(frame, folder / "gbk_says_utf8.shp", encoding="GBK")
    put(path.with_suffix(".cpg"), "UTF-8")
    add("GBK declared UTF-8", path, "finding", {"R202"})
    path = save(frame, folder / "gbk_says_latin.shp", encoding="GBK")
    put(path.with_suffix(".cpg"), "ISO-8859-1")
    add("GBK declared Latin-1", path, "finding", {"R202"})
    path = save(frame, folder / "utf8_says_gbk.shp", encoding="UTF-8")
    put(path.with_suffix(".cpg"), "GBK")
    add("UTF-8 declared GBK", path, "finding", {"R202"})
    path = save(frame, folder / "mixed.shp", encoding="GBK")
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    for i in range(6):
        place = dbf.find("中关村".encode("gbk"), 400 + i)
        if place > 0:
            dbf[place : place + 6] = b"\xff\xfe\xff\xff\x81\xff"
    put(path.with_suffix(".dbf"), bytes(dbf))
    add("bytes of no encoding", path, "refuse-file", {"R203"})
    path = save(frame, folder / "one_bad.shp", encoding="GBK")
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    place = dbf.find("中关村".encode("gbk"), 800)
    dbf[place : place + 3] = b"\xff\xff\xff"
    put(path.with_suffix(".dbf"), bytes(dbf))
    add("one bad value", path, "refuse-feature", {"R204"})
    cut = frame.assign(名称="北京市海淀区中关村软件园有限责任公司" * 5)
    path = save(cut, folder / "cut.shp", encoding="GBK")
    dbf = bytearray(path.with_suffix(".dbf").read_bytes())
    add("text cut inside a character", _cut_dbf(path, folder), "repair", {"R205"})
    latin = lonlat.assign(名称=[t.encode("gbk").decode("latin-1") for t in lonlat["名称"]])
    add("GBK read as Latin-1", save(latin, folder / "mojibake.gpkg"), "refuse-file", {"R206"})
    add("GBK read as Latin-1, accepted", save(latin, folder / "mojibake_ok.gpkg"), "repair", {"R206"},
        options={"accept": frozenset({"R206"})})  # fmt: skip
    wrong = lonlat.assign(
        名称=["中关村".encode().decode("gb18030", "replace")[:4] for _ in range(12)]
    )
    wrong["名称"] = "中关村北京大学".encode().decode("gb18030", "ignore")
    utf_latin = lonlat.assign(名称=[t.encode().decode("latin-1") for t in lonlat["名称"]])
    add(
        "UTF-8 read as Latin-1", save(utf_latin, folder / "mojibake2.gpkg"), "refuse-file", {"R206"}
    )
    lost = lonlat.assign(名称="中关村\ufffd\ufffd园")
    add("lost characters", save(lost, folder / "lost.gpkg"), "finding", {"R207"})
    hidden = lonlat.copy()
    hidden.loc[2, "宗地代码"] = "\u200b" + hidden.loc[2, "宗地代码"] + "\u202e"
    add("invisible characters", save(hidden, folder / "hidden.gpkg"), "repair", {"R209"})
    wide = lonlat.copy()
    wide.loc[3, "宗地代码"] = wide.loc[3, "宗地代码"].translate(
        {48 + i: 0xFF10 + i for i in range(10)}
    )
    add("full-width forms in codes", save(wide, folder / "wide.gpkg"), "repair", {"R210"})
    blanks = lonlat.copy()
    blanks.loc[4, "宗地代码"] += "  "
    add("blanks around codes", save(blanks, folder / "blanks.gpkg"), "repair", {"R211"})
    lively = lonlat.assign(
        名称=['=HYPERLINK("http://x")', "<script>alert(1)</script>", "{{7*7}}"] * 4
    )
    add("text that looks like code", save(lively, folder / "lively.gpkg"), "finding", {"R212"})
    long = frame.rename(columns={"登记面积": "土地使用权人名称"}).assign(土地使用权人名称="甲公司")
    add(
        "column name cut",
        save(long, folder / "cut_name.shp", encoding="UTF-8"),
        "finding",
        {"R208"},
    )
    put(folder / "gbk.geojson", as_text([feature(i + 1, square(i), 名称="中关村软件园") for i in range(6)])
        .encode("gb18030"))  # fmt: skip
    add("GeoJSON in GBK", folder / "gbk.geojson", "finding", {"R202"})
    put(folder / "utf16.geojson", as_text(features()).encode("utf-16"))
    add("GeoJSON in UTF-16", folder / "utf16.geojson", "accept", set())
    kml = (
        '<?xml version="1.0" encoding="GBK"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    )
    for i in range(4):
        ring = " ".join(f"{x},{y}" for x, y in square(i)[0])
        kml += (
            f"<Placemark><name>地块{i}</name><Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}"
            "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        )
    put(folder / "gbk.kml", (kml + "</Document></kml>").encode("gbk"))
    add("KML in GBK", folder / "gbk.kml", "finding", set(), level=None)
    table = pd.DataFrame(lonlat.drop(columns="geometry"))
    table.to_csv(folder / "gbk.csv", index=False, encoding="gbk")
    add("CSV in GBK", folder / "gbk.csv", "finding", {"R201"})
    put(folder / "noise.csv", b"\xff\x81\xff,\xff\xff\n1,2\n")
    add("CSV in no encoding", folder / "noise.csv", "refuse-file", {"R203"})
    path = save(frame, folder / "named.shp", encoding="GBK")
    archive = folder / "names_in_gbk.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for part in sorted(folder.glob("named.*")):
            entry = zipfile.ZipInfo("宗地".encode("gbk").decode("cp437") + part.suffix)
            target.writestr(entry, part.read_bytes())
    content = bytearray(archive.read_bytes())
    content = _without_utf8_flag(content, "宗地".encode("gbk").decode("cp437"))
    put(archive, bytes(content))
    add("archive names in GBK", archive, "finding", {"R213"})
    return cases


def _cut_dbf(path: Path, folder: Path) -> Path:
    """Write a table by hand whose text fills its field and ends inside a character."""
    target = folder / "cut_inside.shp"
    for suffix in (".shp", ".shx", ".prj"):
        shutil.copyfile(path.with_suffix(suffix), target.with_suffix(suffix))
    rows = [f"A{i:03d}".encode().ljust(10) + "中关村软件园".encode("gbk")[:11] for i in range(12)]
    write_dbf(target.with_suffix(".dbf"), [("ZDDM", "C", 10, 0), ("MC", "C", 11, 0)], rows)
    put(target.with_suffix(".cpg"), "GBK")
    return target


def write_dbf(path: Path, fields: list[tuple[str, str, int, int]], rows: list[bytes]) -> None:
    width = 1 + sum(f[2] for f in fields)
    head = struct.pack("<BBBBIHH20x", 3, 126, 1, 1, len(rows), 33 + 32 * len(fields), width)
    for name, kind, size, decimals in fields:
        head += struct.pack("<11sc4xBB14x", name.encode("gbk"), kind.encode(), size, decimals)
    path.write_bytes(head + b"\r" + b"".join(b" " + r.ljust(width - 1) for r in rows) + b"\x1a")


def _without_utf8_flag(content: bytearray, name: str) -> bytearray:
    raw, flagged = name.encode("cp437"), name.encode("utf-8")
    data = bytes(content)
    source = io.BytesIO(data)
    out = io.BytesIO()
    with zipfile.ZipFile(source) as archive:
        entries = [(i.filename, archive.read(i)) for i in archive.infolist()]
    central = b""
    count = 0
    for filename, body in entries:
        encoded = filename.encode("cp437")
        crc = zipfile.crc32(body)
        offset = out.tell()
        fixed = struct.pack(
            "<HHHHHIIIHH", 20, 0, 0, 0, 33, crc, len(body), len(body), len(encoded), 0
        )
        out.write(b"PK\x03\x04" + fixed + encoded + body)
        central += b"PK\x01\x02" + struct.pack("<H", 20) + fixed + struct.pack(
            "<HHHII", 0, 0, 0, 0, offset) + encoded  # fmt: skip
        count += 1
    place = out.tell()
    out.write(central)
    out.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(central), place, 0))
    del raw, flagged
    return bytearray(out.getvalue())


# --- 3 geometry ----------------------------------------------------------------------------------


@maker
def geometry(folder: Path) -> list[Case]:
    cases = []
    x, y, s = 116.30, 39.98, 0.001

    def add(name: str, path: Path, end: str, rules: set[str], **more: Any) -> None:
        cases.append(Case(f"geometry {name}", path, end, rules, **more))

    def one(name: str, shape: Any, end: str, rules: set[str], **more: Any) -> None:
        file = folder / f"geometry_{len(cases)}.gpkg"
        add(name, save(with_shapes([shape]), file), end, rules, **more)

    bow = Polygon([(x, y), (x + s, y + s), (x + s, y), (x, y + s)])
    one("bow-tie", bow, "repair", {"R301"})
    touching = Polygon([(x, y), (x + s, y), (x + s / 2, y + s / 2), (x + s, y + s), (x, y + s), (x + s / 2, y + s / 2)])  # fmt: skip
    one("ring touches itself", touching, "repair", {"R301"})
    spiked = Polygon(
        [(x, y), (x + s, y), (x + s, y + s), (x + s, y + 3 * s), (x + s, y + s), (x, y + s)]
    )
    one("zero-width spike", spiked, "repair", {"R301"})
    sharp = Polygon([(x, y), (x + s, y), (x + s, y + s), (x + s / 2 + 2e-6, y + s), (x + s / 2, y + 2.2 * s),
                     (x + s / 2 - 2e-6, y + s), (x, y + s)])  # fmt: skip
    one("sharp spike", sharp, "finding", {"R313"})
    again = Polygon([(x, y), (x + s, y), (x + s, y), (x + s, y), (x + s, y + s), (x, y + s)])
    one("repeated points", again, "repair", {"R303"})
    one(
        "collapsed to a line",
        Polygon([(x, y), (x + s, y), (x + 2 * s, y)]),
        "refuse-feature",
        {"R307"},
    )
    one("collapsed to a point", Polygon([(x, y), (x, y), (x, y)]), "refuse-feature", {"R307"})
    one("thin", box(x, y, x + s, y + 2e-7), "finding", {"R312"})
    one("empty", Polygon(), "refuse-feature", {"R305"})
    one("missing", None, "refuse-feature", {"R304"})
    one("a line among polygons", LineString([(x, y), (x + s, y)]), "refuse-feature", {"R308"})
    one("a point among polygons", Point(x, y), "refuse-feature", {"R308"})
    mixed = shapely.GeometryCollection(
        [box(x, y, x + s, y + s), LineString([(x, y), (x + 2 * s, y)])]
    )
    one("mixed collection", mixed, "repair", {"R318"})
    one("far away", box(121.5, 31.2, 121.501, 31.201), "refuse-feature", {"R311"})
    one(
        "a vertex at zero",
        Polygon([(x, y), (x + s, y), (0, 0), (x, y + s)]),
        "refuse-feature",
        {"R311"},
    )
    hole = [(x + 5 * s, y), (x + 6 * s, y), (x + 6 * s, y + s)]
    one(
        "hole outside", Polygon(box(x, y, x + s, y + s).exterior.coords, [hole]), "repair", {"R315"}
    )
    crossing = box(x + s / 2, y + s / 4, x + 1.5 * s, y + s / 2).exterior.coords
    one(
        "hole across the edge",
        Polygon(box(x, y, x + s, y + s).exterior.coords, [crossing]),
        "repair",
        {"R301"},
    )
    shell = box(x, y, x + s, y + s).exterior.coords
    inner = box(x + s / 4, y + s / 4, x + s / 2, y + s / 2).exterior.coords
    one("hole given twice", Polygon(shell, [inner, inner]), "repair", {"R301", "R315", "R322"})
    lying = MultiPolygon([box(x, y, x + s, y + s), box(x + s / 2, y, x + 1.5 * s, y + s)])
    one("parts on top of each other", lying, "repair", {"R314"})
    double = MultiPolygon([box(x, y, x + s, y + s), box(x, y, x + s, y + s)])
    one("a part given twice", double, "repair", {"R314"})
    nested = MultiPolygon(
        [box(x, y, x + s, y + s), box(x + s / 4, y + s / 4, x + s / 2, y + s / 2)]
    )
    one("a part within a part", nested, "refuse-feature", {"R316"})
    one(
        "a part within a part, accepted",
        nested,
        "repair",
        {"R314"},
        options={"accept": frozenset({"R316"})},
    )
    high = shapely.force_3d(box(x, y, x + s, y + s), 50.0)
    one("with height", high, "finding", {"R309"})
    small = [box(x + 2e-6 * i, y, x + 2e-6 * i + 1e-6, y + 1e-4) for i in range(1200)]
    one("very many parts", MultiPolygon(small), "finding", {"R317"})
    turned = Polygon(list(box(x, y, x + s, y + s).exterior.coords)[::-1])
    one("turned the other way is fine", turned, "accept", set())

    open_ring = features()
    open_ring[2] = feature(3, [square(2)[0][:-1]])
    put(folder / "open.geojson", as_text(open_ring))
    add("unclosed", folder / "open.geojson", "repair", {"R302"})
    few = features()
    few[1] = feature(2, [square(1)[0][:2]])
    put(folder / "few.geojson", as_text(few))
    add("two points", folder / "few.geojson", "refuse-feature", {"R307", "R305", "R320", "R304"})
    endless = as_text(features()).replace("39.98]", "NaN]", 1)
    put(folder / "nan.geojson", endless)
    add("not a number", folder / "nan.geojson", "refuse-feature", {"R306", "R320"})
    wkb = bytearray(shapely.to_wkb(box(x, y, x + s, y + s)))
    wkb[9 + 4 : 9 + 12] = struct.pack("<d", float("inf"))
    base = with_shapes([])
    save(base, folder / "inf.gpkg", layer="inf")
    with sqlite3.connect(folder / "inf.gpkg") as connection:
        (blob,) = connection.execute("SELECT geom FROM inf WHERE fid = 1").fetchone()
        body = bytearray(blob)
        body[-16:-8] = struct.pack("<d", float("inf"))
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type='trigger'"
        ).fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE inf SET geom = ? WHERE fid = 1", (bytes(body),))
    connection.close()
    add("infinite", folder / "inf.gpkg", "refuse-feature", {"R306", "R302"})
    arc = [(116.30, 39.98), (116.301, 39.981), (116.302, 39.98), (116.301, 39.979), (116.30, 39.98)]
    curve = struct.pack("<BII", 1, 10, 1) + struct.pack("<BII", 1, 8, len(arc))
    curve += b"".join(struct.pack("<dd", *point) for point in arc)
    save(with_shapes([]), folder / "curve.gpkg", layer="curve")
    with sqlite3.connect(folder / "curve.gpkg") as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type='trigger'"
        ).fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        head = b"GP\x00\x01" + struct.pack("<i", 4490)
        connection.execute("UPDATE curve SET geom = ? WHERE fid = 1", (head + curve,))
        connection.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = 'GEOMETRY'")
    connection.close()
    add("curved", folder / "curve.gpkg", "finding", {"R310"})
    return cases


# --- 4 between features --------------------------------------------------------------------------


@maker
def between(folder: Path) -> list[Case]:
    cases = []
    frame = parcels()

    def add(name: str, layer: gpd.GeoDataFrame, end: str, rules: set[str], **more: Any) -> None:
        path = folder / f"between_{len(cases)}.gpkg"
        cases.append(Case(f"between {name}", save(layer, path), end, rules, **more))

    both = pd.concat([frame, frame.iloc[[3]]], ignore_index=True)
    add("the same feature twice", both, "refuse-feature", {"R319", "R501"})
    ids = frame.copy()
    ids.loc[5, "宗地代码"] = ids.loc[2, "宗地代码"]
    add("an id twice", ids, "refuse-feature", {"R501"})
    without = frame.copy()
    without.loc[5, "宗地代码"] = None
    add("an id missing", without, "refuse-feature", {"R502"})
    same = frame.copy()
    same.loc[5, "geometry"] = same.loc[2, "geometry"]
    same.loc[5, "登记面积"] = same.loc[2, "登记面积"]
    add("the same shape under two ids", same, "finding", {"R321"})
    add("no id column", frame.drop(columns="宗地代码"), "finding", {"R503"})
    versions = pd.concat(
        [frame.assign(since=2015, until=2020), frame.assign(since=2020)], ignore_index=True
    )
    add("two versions of each are fine", versions, "accept", set())
    return cases


# --- 5 containers --------------------------------------------------------------------------------


@maker
def containers(folder: Path) -> list[Case]:
    cases = []
    frame = parcels()
    gk = frame.to_crs(4548)

    def add(name: str, path: Path, end: str, rules: set[str], **more: Any) -> None:
        cases.append(Case(f"container {name}", path, end, rules, **more))

    def shp(name: str) -> Path:
        return save(gk, folder / f"{name}.shp", encoding="GBK")

    for kind in ("gpkg", "geojson", "fgb", "parquet", "kml", "dxf", "csv", "xlsx"):
        add(f"empty {kind}", put(folder / f"empty.{kind}", b""), "refuse-file", {"R404"})
    path = shp("cut_shp")
    put(path, path.read_bytes()[:-300])
    add("cut .shp", path, "refuse-file", {"R405"})
    path = shp("short_dbf")
    write_dbf(path.with_suffix(".dbf"), [("ZDDM", "C", 10, 0)], [b"A%d" % i for i in range(9)])
    add("short .dbf", path, "refuse-file", {"R407"})
    path = shp("cut_dbf")
    put(path.with_suffix(".dbf"), path.with_suffix(".dbf").read_bytes()[:-200])
    add("cut .dbf", path, "refuse-file", {"R405"})
    path = shp("wrong_width")
    content = bytearray(path.with_suffix(".dbf").read_bytes())
    content[10:12] = struct.pack("<H", struct.unpack("<H", content[10:12])[0] + 3)
    put(path.with_suffix(".dbf"), bytes(content))
    add("wrong record length", path, "refuse-file", {"R405"})
    path = shp("no_dbf")
    path.with_suffix(".dbf").unlink()
    add("no .dbf", path, "refuse-file", {"R406"})
    path = shp("no_dbf_ok")
    path.with_suffix(".dbf").unlink()
    add(
        "no .dbf, accepted",
        path,
        "finding",
        {"R406", "R503"},
        options={"accept": frozenset({"R406"})},
    )
    path = shp("no_shx")
    path.with_suffix(".shx").unlink()
    add("no .shx", path, "finding", {"R410"})
    path = shp("stale_shx")
    content = bytearray(path.with_suffix(".shx").read_bytes())
    content[100:108], content[108:116] = content[108:116], content[100:108]
    put(path.with_suffix(".shx"), bytes(content))
    add("stale .shx", path, "finding", {"R446"})
    path = shp("stale_cpg")
    put(path.with_suffix(".cpg"), "UTF-8")
    add("stale .cpg", path, "finding", {"R202"})
    path = shp("deleted")
    content = bytearray(path.with_suffix(".dbf").read_bytes())
    head, width = struct.unpack("<HH", content[8:12])
    content[head + 2 * width] = 0x2A
    put(path.with_suffix(".dbf"), bytes(content))
    add("a record marked as deleted", path, "refuse-feature", {"R408"})
    path = shp("longer")
    content = bytearray(path.read_bytes())
    content[24:28] = struct.pack(">i", len(content) // 2 - 20)
    put(path, bytes(content))
    add("wrong length in the header", path, "finding", {"R409"})
    save(frame, folder / "layers.gpkg", layer="a")
    save(parcels(west=116.4), folder / "layers.gpkg", layer="b")
    add("several layers", folder / "layers.gpkg", "refuse-file", {"R411"})
    add(
        "several layers, one named", folder / "layers.gpkg", "accept", set(), options={"layer": "b"}
    )
    add(
        "a layer that is not there",
        folder / "layers.gpkg",
        "refuse-file",
        {"R413"},
        options={"layer": "c"},
    )
    add("no features", save(frame.iloc[:0], folder / "none.gpkg"), "refuse-file", {"R412"})
    put(folder / "none.geojson", as_text([]))
    add("no features in GeoJSON", folder / "none.geojson", "refuse-file", {"R412"})
    save(frame, folder / "cut.gpkg")
    put(folder / "cut.gpkg", (folder / "cut.gpkg").read_bytes()[:60_000])
    add("cut GeoPackage", folder / "cut.gpkg", "refuse-file", {"R405"})
    put(folder / "cut.geojson", as_text(features())[:-40])
    add("cut GeoJSON", folder / "cut.geojson", "refuse-file", {"R405"})
    frame.to_parquet(folder / "cut.parquet")
    put(folder / "cut.parquet", (folder / "cut.parquet").read_bytes()[:-50])
    add("cut Parquet", folder / "cut.parquet", "refuse-file", {"R405"})
    save(frame, folder / "cut.fgb", driver="FlatGeobuf")
    put(folder / "cut.fgb", (folder / "cut.fgb").read_bytes()[:-150])
    add("cut FlatGeobuf", folder / "cut.fgb", "refuse-file", {"R405", "R415"})
    save(gk[["geometry"]], folder / "cut.dxf", driver="DXF")
    put(folder / "cut.dxf", (folder / "cut.dxf").read_bytes()[:-500])
    add("cut DXF", folder / "cut.dxf", "refuse-file", {"R405"}, options={"crs": "EPSG:4548"})
    save(frame, folder / "cut.gdb", driver="OpenFileGDB")
    for table in (folder / "cut.gdb").glob("a00000009.gdbtable"):
        put(table, table.read_bytes()[:80])
    add("cut geodatabase", folder / "cut.gdb", "refuse-file", {"R405", "R415"})
    (folder / "hollow.gdb").mkdir(exist_ok=True)
    add("hollow geodatabase", folder / "hollow.gdb", "refuse-file", {"R405"})
    table = pd.DataFrame(frame.drop(columns="geometry"))
    table.to_excel(folder / "cut.xlsx", index=False)
    put(folder / "cut.xlsx", (folder / "cut.xlsx").read_bytes()[:-400])
    add("cut workbook", folder / "cut.xlsx", "refuse-file", {"R405"})
    put(folder / "cut.zip", b"PK\x03\x04" + b"\0" * 40)
    add("cut archive", folder / "cut.zip", "refuse-file", {"R405"})
    put(folder / "quotes.csv", '宗地代码,名称\n1,"未闭合\n')
    add("open quote", folder / "quotes.csv", "refuse-file", {"R405"})
    put(folder / "ragged.csv", "宗地代码,名称,地类\n1,甲,1001\n2,乙,1001,多,多\n3,丙,1001\n")
    add("ragged rows", folder / "ragged.csv", "refuse-feature", {"R529"})
    put(folder / "same.csv", "宗地代码,名称,名称\n1,甲,乙\n")
    add("columns of the same name", folder / "same.csv", "refuse-file", {"R214"})
    add("missing file", folder / "nowhere.gpkg", "refuse-file", {"R401"})
    save(frame, folder / "wal.gpkg", layer="wal")
    shutil.copyfile(folder / "wal.gpkg", folder / "wal2.gpkg")
    connection = sqlite3.connect(folder / "wal2.gpkg", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("UPDATE gpkg_contents SET description = 'x'")
    shutil.copyfile(folder / "wal2.gpkg", folder / "unsaved.gpkg")
    shutil.copyfile(folder / "wal2.gpkg-wal", folder / "unsaved.gpkg-wal")
    connection.close()
    add("changes not yet merged", folder / "unsaved.gpkg", "finding", {"R438"})
    return cases


# --- 6 hostile -----------------------------------------------------------------------------------


@maker
def hostile(folder: Path) -> list[Case]:
    cases = []
    frame = parcels()
    secret = put(folder / "secret.geojson", as_text(features()))

    def add(name: str, path: Path | str, end: str, rules: set[str], **more: Any) -> None:
        cases.append(
            Case(
                f"hostile {name}", Path(path) if isinstance(path, str) else path, end, rules, **more
            )
        )

    vrt = (
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{secret}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>"
    )
    for suffix in ("geojson", "gpkg", "kml", "dxf", "fgb", "csv"):
        add(
            f"VRT named {suffix}",
            put(folder / f"vrt.{suffix}", vrt),
            "refuse-file",
            {"R430", "R403"},
        )
    path = save(frame, folder / "vrt_shp.shp", encoding="UTF-8")
    put(path, vrt)
    add("VRT named shp", path, "refuse-file", {"R430", "R403"})
    link = {"type": "link", "properties": {"href": "http://127.0.0.1:9/crs", "type": "proj4"}}
    add(
        "crs link",
        put(folder / "link.geojson", as_text(features(), crs=link)),
        "refuse-file",
        {"R431", "R101"},
    )
    escaped = as_text(features(), crs=link).replace('"crs"', '"\\u0063rs"')
    add(
        "crs link, escaped", put(folder / "link2.geojson", escaped), "refuse-file", {"R431", "R101"}
    )
    named = {"type": "name", "properties": {"name": "http://127.0.0.1:9/crs"}}
    add(
        "crs name is an address",
        put(folder / "link3.geojson", as_text(features(), crs=named)),
        "refuse-file",
        {"R431", "R101"},
    )
    named = {"type": "name", "properties": {"name": "/etc/passwd"}}
    add(
        "crs name is a file",
        put(folder / "link4.geojson", as_text(features(), crs=named)),
        "refuse-file",
        {"R431", "R102", "R101"},
    )
    deep = '{"type":"FeatureCollection","features":' + "[" * 100_000 + "]" * 100_000 + "}"
    add("deep JSON", put(folder / "deep.geojson", deep), "refuse-file", {"R433"})
    put(
        folder / "gdalg.geojson",
        json.dumps({"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline"}),
    )
    add("GDAL pipeline", folder / "gdalg.geojson", "refuse-file", {"R430", "R403"})
    topo = {"type": "Topology", "objects": {}, "arcs": []}
    add("TopoJSON", put(folder / "topo.geojson", json.dumps(topo)), "refuse-file", {"R403"})
    add(
        "HTML named geojson",
        put(folder / "page.geojson", "<html><body>404</body></html>"),
        "refuse-file",
        {"R403"},
    )
    bomb = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><kml>&b;</kml>'
    add("entities", put(folder / "bomb.kml", bomb), "refuse-file", {"R432"})
    outside = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]><kml><name>&x;</name></kml>'
    add("outside entity", put(folder / "xxe.kml", outside), "refuse-file", {"R432"})
    net = '<kml xmlns="http://www.opengis.net/kml/2.2"><NetworkLink><Link><href>http://127.0.0.1:9/a.kml</href></Link></NetworkLink></kml>'
    add("network link", put(folder / "net.kml", net), "refuse-file", {"R431"})
    deep_kml = "<kml>" + "<Folder>" * 500 + "</Folder>" * 500 + "</kml>"
    add("deep XML", put(folder / "deep.kml", deep_kml), "refuse-file", {"R433"})

    def archive(name: str, entries: list[tuple[str, bytes]], **attributes: int) -> Path:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names given twice
            with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as target:
                for entry_name, content in entries:
                    entry = zipfile.ZipInfo(entry_name)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    entry.external_attr = attributes.get("external_attr", 0)
                    target.writestr(entry, content)
        return folder / name

    good = as_text(features()).encode()
    add("path upwards", archive("up.zip", [("../../evil.geojson", good)]), "refuse-file", {"R420"})
    add("absolute path", archive("abs.zip", [("/tmp/evil.geojson", good)]), "refuse-file", {"R420"})
    add(
        "path with backslashes",
        archive("back.zip", [("..\\evil.geojson", good)]),
        "refuse-file",
        {"R420"},
    )
    add("drive letter", archive("drive.zip", [("C:\\evil.geojson", good)]), "refuse-file", {"R420"})
    add("link in archive", archive("linked.zip", [("a.geojson", b"/etc/passwd")], external_attr=0o120777 << 16),
        "refuse-file", {"R421"})  # fmt: skip
    add(
        "zip bomb", archive("bomb.zip", [("a.geojson", b" " * (90 << 20))]), "refuse-file", {"R423"}
    )
    inner = archive("inner.zip", [("a.geojson", good)]).read_bytes()
    deeper = archive("deeper.zip", [("inner.zip", inner)]).read_bytes()
    add("archive in an archive in an archive", archive("nested.zip", [("b.zip", deeper)]),
        "refuse-file", {"R424"})  # fmt: skip
    bomb = archive("b.zip", [("a.geojson", b" " * (90 << 20))]).read_bytes()
    add("zip bomb in an archive", archive("bombs.zip", [("b.zip", bomb)]), "refuse-file", {"R423"})
    add("no archive in an archive", archive("not.zip", [("b.zip", good)]), "refuse-file", {"R405"})
    upwards = archive("u.zip", [("../../evil.geojson", good)]).read_bytes()
    add(
        "path upwards in an archive",
        archive("ups.zip", [("b.zip", upwards)]),
        "refuse-file",
        {"R420"},
    )
    add(
        "the same name twice",
        archive("twice.zip", [("a.geojson", good), ("A.geojson", good)]),
        "refuse-file",
        {"R426"},
    )
    add(
        "nothing of use in the archive",
        archive("readme.zip", [("readme.md", b"x")]),
        "refuse-file",
        {"R412"},
    )
    add("two data sets in the archive", archive("two.zip", [("a.geojson", good), ("b.geojson", good)]),
        "refuse-file", {"R411"})  # fmt: skip
    add("two data sets, one named", archive("two2.zip", [("a.geojson", good), ("b.geojson", good)]),
        "accept", set(), options={"layer": "a"})  # fmt: skip
    locked = bytearray(archive("locked.zip", [("a.geojson", good)]).read_bytes())
    locked[6] |= 1
    place = locked.rfind(b"PK\x01\x02")
    locked[place + 8] |= 1
    put(folder / "locked.zip", bytes(locked))
    add("encrypted", folder / "locked.zip", "refuse-file", {"R422"})
    if hasattr(os, "symlink"):
        (folder / "linked.geojson").unlink(missing_ok=True)
        (folder / "linked.geojson").symlink_to(secret)
        add("symbolic link", folder / "linked.geojson", "refuse-file", {"R401"})
        path = save(frame, folder / "linked_dbf.shp", encoding="UTF-8")
        path.with_suffix(".prj").unlink()
        path.with_suffix(".prj").symlink_to("/etc/passwd")
        add("linked companion", path, "refuse-file", {"R401"})
    if hasattr(os, "mkfifo"):
        (folder / "pipe.geojson").unlink(missing_ok=True)
        os.mkfifo(folder / "pipe.geojson")
        add("named pipe", folder / "pipe.geojson", "refuse-file", {"R401"})
    add("folder named gpkg", _folder(folder / "folder.gpkg"), "refuse-file", {"R401"})
    save(frame, folder / "trigger.gpkg", layer="parcel")
    with sqlite3.connect(folder / "trigger.gpkg") as connection:
        connection.execute(
            "CREATE TRIGGER evil AFTER INSERT ON parcel BEGIN DELETE FROM parcel; END"
        )
        connection.execute("CREATE VIEW looks AS SELECT * FROM parcel")
    connection.close()
    add("triggers and views", folder / "trigger.gpkg", "finding", {"R435"})
    put(folder / "plain.gpkg", b"")
    (folder / "plain.gpkg").unlink()
    with sqlite3.connect(folder / "plain.gpkg") as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    add("SQLite that is no GeoPackage", folder / "plain.gpkg", "refuse-file", {"R403"})
    odd = "p'; DROP TABLE x--"
    add("odd layer name", save(frame, folder / "odd.gpkg", layer=odd), "finding", {"R436"})
    weird = frame.rename(columns={"名称": 'a";<script>', "地类": "../../x"})
    add("odd column names", save(weird, folder / "odd_columns.gpkg"), "finding", {"R436"})
    add("address as path", "http://127.0.0.1:9/a.geojson", "refuse-file", {"R402"})
    add("virtual path", "/vsicurl/http://127.0.0.1:9/a.geojson", "refuse-file", {"R402"})
    add(
        "inline text as path", '{"type":"FeatureCollection","features":[]}', "refuse-file", {"R402"}
    )
    add("inline XML as path", "<OGRVRTDataSource/>", "refuse-file", {"R402"})
    add("driver prefix", "WFS:http://127.0.0.1:9/", "refuse-file", {"R402"})
    add("database as path", "PG:dbname=x", "refuse-file", {"R402"})
    wide = [feature(1, square(0), **{f"c{i}": i for i in range(2500)})]
    add("very many columns", put(folder / "wide.geojson", as_text(wide)), "refuse-file", {"R444"})
    table = pd.DataFrame({"宗地代码": ["1"], "名称": ["x"]})
    table.to_excel(folder / "entity.xlsx", index=False)
    _into_zip(
        folder / "entity.xlsx",
        "xl/workbook.xml",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
    )
    add("entities in a workbook", folder / "entity.xlsx", "refuse-file", {"R432"})
    table.to_excel(folder / "bomb.xlsx", index=False)
    _into_zip(folder / "bomb.xlsx", "xl/theme/theme1.xml", b"<a>" + b" " * (90 << 20) + b"</a>")
    add("zip bomb in a workbook", folder / "bomb.xlsx", "refuse-file", {"R423"})
    add(
        "old Excel",
        put(folder / "old.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 600),
        "refuse-file",
        {"R403"},
    )
    add(
        "DWG named dxf",
        put(folder / "drawing.dxf", b"AC1027" + b"\0" * 600),
        "refuse-file",
        {"R403"},
    )
    add("unknown suffix", put(folder / "a.gml", "<gml/>"), "refuse-file", {"R403"})
    add("companion named", put(folder / "alone.dbf", b"\x03" * 100), "refuse-file", {"R403"})
    return cases


def _folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    return path


def _into_zip(path: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(path) as source:
        entries = [(i.filename, source.read(i)) for i in source.infolist() if i.filename != name]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry, body in [*entries, (name, content)]:
            target.writestr(entry, body)


# --- 7 attributes --------------------------------------------------------------------------------


@maker
def attributes(folder: Path) -> list[Case]:
    cases = []
    frame = parcels()

    def add(name: str, layer: Any, end: str, rules: set[str], **more: Any) -> None:
        path = layer
        if isinstance(layer, gpd.GeoDataFrame):
            path = save(layer, folder / f"attribute_{len(cases)}.gpkg")
        cases.append(Case(f"attribute {name}", path, end, rules, **more))

    add(
        "numbers as text",
        frame.assign(登记面积=[f"{v:,.2f}" for v in frame["登记面积"]]),
        "finding",
        {"R506"},
    )
    add("numbers with units", frame.assign(登记面积=[f"{v / 666.67:.2f}亩" for v in frame["登记面积"]]),
        "finding", {"R587"})  # fmt: skip
    units = ["1.5亩", *(f"{v:.2f}" for v in frame["登记面积"][1:])]
    add("numbers with units in places", frame.assign(登记面积=units), "refuse-file", {"R507"})
    bad = frame.assign(登记面积=[*map(str, frame["登记面积"][:-1]), "约两万"])
    add("words for numbers", bad, "finding", {"R508"})
    dash = frame.assign(登记面积=[*map(str, frame["登记面积"][:-1]), "—"])
    add("a dash for a number", dash, "finding", {"R528"})
    add("area in mu", frame.assign(登记面积=frame["登记面积"] * 3 / 2000), "refuse-file", {"R509"})
    add("area in ha", frame.assign(登记面积=frame["登记面积"] / 1e4), "refuse-file", {"R509"})
    add("area in km2", frame.assign(登记面积=frame["登记面积"] / 1e6), "refuse-file", {"R509"})
    add("area in ha, told", frame.assign(登记面积=frame["登记面积"] / 1e4), "accept", set(),
        options={"scale": {"登记面积": "ha"}})  # fmt: skip
    some = frame.copy()
    some.loc[3, "登记面积"] *= 1.2
    add("one area off its shape", some, "finding", {"R510"})
    some = frame.copy()
    some.loc[3, "登记面积"] *= 3 / 2000
    add("one area in mu", some, "finding", {"R510"})
    named = frame.rename(columns={"登记面积": "登记面积（公顷）"})
    add("the unit in the name is wrong", named, "finding", {"R525"})
    negative = frame.copy()
    negative.loc[2, "登记面积"] *= -1
    add("a negative area", negative, "finding", {"R511"})
    add("a ratio out of range", frame.assign(容积率=[2.0] * 11 + [250.0]), "finding", {"R512"})
    floors = frame.rename(columns={"宗地代码": "建筑编号"}).assign(层数=[6] * 11 + [999])
    add("999 storeys", floors.drop(columns="登记面积"), "finding", {"R512"}, level="building")
    half = frame.rename(columns={"宗地代码": "建筑编号"}).assign(层数=[6.0] * 11 + [2.5])
    add("half a storey", half.drop(columns="登记面积"), "finding", {"R512"}, level="building")
    endless = frame.copy()
    endless.loc[1, "登记面积"] = np.inf
    add("an infinite number", endless, "finding", {"R513"})
    long = frame.assign(宗地代码=[110108002001000001.0 + 1e3 * i for i in range(12)])
    add("long codes as floats", long, "refuse-file", {"R504"})
    add("long codes as integers are fine", frame.assign(宗地代码=[110108002001000001 + i for i in range(12)]),
        "accept", set())  # fmt: skip
    table = "宗地代码,名称\n1.10108E+17,甲\n1.10108E+17,乙\n"
    add("codes in scientific notation", put(folder / "science.csv", table), "refuse-file", {"R504"})
    add(
        "codes that lost a zero",
        frame.assign(地类=[int(u) for u in frame["地类"]]),
        "refuse-file",
        {"R515"},
    )
    mixed = [feature(i + 1, square(i), 名称=("甲" if i % 2 else 7)) for i in range(6)]
    add("mixed types", put(folder / "mixed.geojson", as_text(mixed)), "finding", {"R516"})
    huge = [feature(i + 1, square(i), 地块代码=110108002001000001 * 1000 + i) for i in range(6)]
    add(
        "codes too long for a number",
        put(folder / "huge.geojson", as_text(huge)),
        "refuse-file",
        {"R504"},
    )
    add(
        "a date that is none",
        frame.assign(供地日期=["2019-03-05"] * 11 + ["2019-13-45"]),
        "finding",
        {"R521"},
    )
    dates = ["2019/3/5", "20190305", "2019年3月5日", "2019.03.05", "2019-03", "2019-03-05"] * 2
    add("dates in many forms are fine", frame.assign(供地日期=dates), "accept", set())
    money = [120.0, 300.0, 250.0, 410.0, 180.0, 90.0, 1.2e6, 3.1e6, 2.5e6, 4.4e6, 1.9e6, 2.0e6]
    add(
        "yuan and 10 000 yuan mixed",
        frame.assign(**{"土地价款（万元）": money}),
        "finding",
        {"R522"},
    )
    add(
        "a value not in its list",
        frame.assign(供地方式=["出让"] * 11 + ["借用"]),
        "finding",
        {"R523"},
    )
    add(
        "reserved names",
        frame.assign(rowid_=1).rename(columns={"rowid_": "index"}),
        "finding",
        {"R520"},
    )
    path = save(parcels().to_crs(4548), folder / "overflow.shp", encoding="UTF-8")
    rows = [b"A%-9d" % i + (b"**********" if i == 3 else b"%10.2f" % area) for i, area in
            enumerate(parcels()["登记面积"])]  # fmt: skip
    write_dbf(path.with_suffix(".dbf"), [("ZDDM", "C", 10, 0), ("ZDMJ", "N", 10, 2)], rows)
    add("overflowed values", path, "finding", {"R514", "R528"})
    sheet = openpyxl.Workbook()
    sheet.active.append(["宗地代码", "登记面积"])
    sheet.active.append(["1", "=1+1"])
    sheet.save(folder / "formula.xlsx")
    add("formulas without values", folder / "formula.xlsx", "refuse-file", {"R518"})
    sheet = openpyxl.Workbook()
    sheet.active.append(["宗地代码", "登记面积"])
    for i in range(4):
        sheet.active.append([110108002001000000 + i, 100.5])
    sheet.save(folder / "long.xlsx")
    add("long codes as numbers in a workbook", folder / "long.xlsx", "refuse-file", {"R589"})
    sheet = openpyxl.Workbook()
    sheet.active.append(["中关村软件园宗地登记面积一览表"])
    sheet.active.merge_cells("A1:B1")
    sheet.active.append(["宗地代码", "登记面积"])
    for i in range(4):
        sheet.active.append([CODE.format(i), 100.5])
    sheet.active.append(["合计", 402])
    sheet.save(folder / "total.xlsx")
    add("a title and a total", folder / "total.xlsx", "refuse-feature", {"R517"})
    sheet = openpyxl.Workbook()
    sheet.active.append(["宗地代码", "登记面积"])
    sheet.active.append([CODE.format(1), 5])
    sheet.active.append([CODE.format(2), 6])
    cell = sheet.active["B3"]
    cell.value, cell.data_type = "#REF!", "e"
    sheet.save(folder / "errors.xlsx")
    add("error values", folder / "errors.xlsx", "finding", {"R519"})
    put(folder / "total.csv", "宗地代码,登记面积\n1,10\n2,20\n合计,30\n")
    add("a total in a CSV", folder / "total.csv", "refuse-feature", {"R517"})
    return cases


def build(folder: Path) -> list[Case]:
    """Lay out the whole corpus below a folder and return its cases."""
    cases: list[Case] = []
    for make in MAKERS:
        room = folder / make.__name__
        room.mkdir(parents=True, exist_ok=True)
        made = make(room)
        cases += made if isinstance(made, list) else [made]
    return cases


if __name__ == "__main__":
    place = Path(sys.argv[1])
    listed = [
        {"name": c.name, "path": str(c.path), "end": c.end, "rules": sorted(c.rules)}
        for c in build(place)
    ]
    (place / "expected.json").write_text(json.dumps(listed, ensure_ascii=False, indent=1), "utf-8")
    sys.stdout.write(f"{len(listed)} cases\n")

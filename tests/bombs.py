"""Small files that ask for much: each at most one megabyte, each of a kind that once took minutes.

``python tests/bombs.py`` reads jobs, one JSON a line, runs each in a process of its own and says
how long it took and how much memory it and its children held at one time.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import shutil
import sqlite3
import struct
import sys
import time
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

MOST_BYTES = 1 << 20
X, Y = 116.30, 39.98

Maker = Callable[[Path], Path]
BOMBS: dict[str, tuple[str, Maker]] = {}
"""By name: the level a file is meant for, and what makes it in a folder."""


def bomb(level: str = "parcel") -> Callable[[Maker], Maker]:
    """Enter a kind of file under the name of the function that makes one."""

    def enter(function: Maker) -> Maker:
        BOMBS[function.__name__] = level, function
        return function

    return enter


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def geojson(folder: Path, geometries: Any, kind: str = "Polygon", **columns: list[Any]) -> Path:
    """Write geometries given as coordinates, in the fewest bytes, until a megabyte is full."""
    parts, size = [], 100
    for i, rings in enumerate(geometries):
        told = {"宗地代码": f"110108002001GB{i:05d}", **{k: v[i] for k, v in columns.items()}}
        shape = {"type": kind, "coordinates": rings}
        one = {"type": "Feature", "properties": told, "geometry": shape}
        text = json.dumps(one, ensure_ascii=False, separators=(",", ":"))
        size += len(text.encode()) + 1
        if size > MOST_BYTES:
            break
        parts.append(text)
    body = ",".join(parts)
    return put(folder / "a.geojson", f'{{"type":"FeatureCollection","features":[{body}]}}')


def closed(points: Any) -> list[list[float]]:
    held = [[round(float(x), 6), round(float(y), 6)] for x, y in points]
    return [*held, held[0]]


def rectangle(x: float, y: float, wide: float, high: float) -> list[list[float]]:
    return closed([(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)])


def random_points(count: int, seed: int = 1) -> Any:
    import numpy as np

    return np.random.default_rng(seed).uniform([X, Y], [X + 0.01, Y + 0.01], (count, 2))


def save(frame: Any, path: Path, **more: Any) -> Path:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(path, engine="pyogrio", **more)
    return path


def as_frame(shapes: Any, **columns: Any) -> Any:
    import geopandas as gpd

    ids = [f"110108002001GB{i:05d}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"宗地代码": ids, **columns}, geometry=list(shapes), crs="EPSG:4490")


# --- rings that cross themselves -----------------------------------------------------------------


@bomb()
def ring_of_random_points(folder: Path) -> Path:
    return geojson(folder, [[closed(random_points(45_000))]])


@bomb()
def ring_of_4000_random_points(folder: Path) -> Path:
    return geojson(folder, [[closed(random_points(4_000))]])


@bomb()
def rings_of_300_random_points(folder: Path) -> Path:
    return geojson(folder, ([closed(random_points(300, k))] for k in range(1000)))


@bomb()
def rings_of_40_random_points(folder: Path) -> Path:
    return geojson(folder, ([closed(random_points(40, k))] for k in range(5000)))


@bomb()
def star(folder: Path) -> Path:
    count = 20_001
    turn = [2 * math.pi * i * (count // 2) / count for i in range(count)]
    return geojson(
        folder, [[closed((X + 0.01 * math.cos(t), Y + 0.01 * math.sin(t)) for t in turn)]]
    )


@bomb()
def random_walk(folder: Path) -> Path:
    import numpy as np

    steps = np.random.default_rng(3).normal(0, 1e-4, (45_000, 2)).cumsum(axis=0)
    return geojson(folder, [[closed(np.add(steps, [X, Y]))]])


def comb_ring(teeth: int, *, upright: bool) -> Any:
    points = [(X, Y)]
    for i in range(teeth):
        a, b = X + 0.02 * i / teeth, X + 0.02 * (i + 0.5) / teeth
        points += [(a, Y + 0.02), (b, Y + 0.02), (b, Y + 0.0001), (b + 0.01 / teeth, Y + 0.0001)]
    points.append((X + 0.0201, Y))
    if upright:
        return closed(points)
    return closed([(X + (y - Y), Y + (x - X)) for x, y in points])


@bomb()
def comb_on_a_comb_in_one_ring(folder: Path) -> Path:
    one, other = comb_ring(900, upright=True), comb_ring(900, upright=False)
    return geojson(folder, [[[*one[:-1], *other]]])


@bomb()
def combs_as_parts(folder: Path) -> Path:
    made = [[comb_ring(4000, upright=True)], [comb_ring(4000, upright=False)]]
    return geojson(folder, [made], "MultiPolygon")


@bomb()
def comb_over_comb(folder: Path) -> Path:
    return geojson(folder, [[comb_ring(4000, upright=True)], [comb_ring(4000, upright=False)]])


@bomb("building")
def comb_buildings(folder: Path) -> Path:
    return geojson(folder, [[comb_ring(400, upright=bool(k % 2))] for k in range(20)])


@bomb()
def bow_ties(folder: Path) -> Path:
    def tie(i: int) -> Any:
        x, y = X + 0.001 * (i % 90), Y + 0.001 * (i // 90)
        return [closed([(x, y), (x + 8e-4, y + 8e-4), (x + 8e-4, y), (x, y + 8e-4)])]

    return geojson(folder, (tie(i) for i in range(8000)))


@bomb()
def spiral_twice(folder: Path) -> Path:
    there = [(X + 1e-6 * t * math.cos(t / 40), Y + 1e-6 * t * math.sin(t / 40)) for t in range(22_000)]  # fmt: skip
    back = [(x + 3e-5 * math.cos(k), y + 3e-5) for k, (x, y) in enumerate(reversed(there))]
    return geojson(folder, [[closed([*there, *back])]])


@bomb()
def hole_over_hole(folder: Path) -> Path:
    holes = [rectangle(X + 0.001 + 1e-6 * i, Y + 0.001, 0.005, 0.005 + 1e-6 * i) for i in range(7000)]  # fmt: skip
    return geojson(folder, [[rectangle(X, Y, 0.03, 0.03), *holes]])


@bomb()
def very_many_holes(folder: Path) -> Path:
    holes = [rectangle(X + 1e-4 * (i % 90) + 1e-5, Y + 1e-4 * (i // 90) + 1e-5, 5e-5, 5e-5) for i in range(8000)]  # fmt: skip
    return geojson(folder, [[rectangle(X, Y, 0.03, 0.03), *holes]])


@bomb()
def very_many_holes_and_one_over_the_edge(folder: Path) -> Path:
    holes = [rectangle(X + 1e-4 * (i % 90) - 1e-5, Y + 1e-4 * (i // 90) + 1e-5, 5e-5, 5e-5) for i in range(8000)]  # fmt: skip
    return geojson(folder, [[rectangle(X, Y, 0.03, 0.03), *holes]])


@bomb()
def parts_on_one_another(folder: Path) -> Path:
    parts = [[rectangle(X + 1e-6 * (i % 97), Y + 1e-6 * i, 0.005, 0.005)] for i in range(8000)]
    return geojson(folder, [parts], "MultiPolygon")


@bomb()
def parts_within_parts(folder: Path) -> Path:
    parts = [[rectangle(X + 1e-6 * i, Y + 1e-6 * i, 0.03 - 2e-6 * i, 0.03 - 2e-6 * i)] for i in range(8000)]  # fmt: skip
    return geojson(folder, [parts], "MultiPolygon")


@bomb()
def points_hardly_apart(folder: Path) -> Path:
    points = [(X + 1e-3 * math.cos(t) + (t % 2) * 1e-6, Y + 1e-3 * math.sin(t)) for t in [i / 7000 for i in range(44_000)]]  # fmt: skip
    return geojson(folder, [[closed(points)]])


@bomb("block")
def one_point_40000_times(folder: Path) -> Path:
    points = [(X, Y)] * 40_000 + [(X + 0.001, Y), (X + 0.001, Y + 0.001)]
    return geojson(folder, [[closed(points)]])


# --- features on one another ---------------------------------------------------------------------


@bomb()
def pile_of_rectangles(folder: Path) -> Path:
    made = ([rectangle(X + 1e-6 * (i % 61), Y + 1e-6 * (i // 61), 2e-3, 2e-3)] for i in range(9000))
    return geojson(folder, made)


@bomb()
def pile_of_500_with_corners(folder: Path) -> Path:
    def ring(i: int) -> Any:
        turn = [2 * math.pi * k / 60 for k in range(60)]
        return [closed((X + 1e-6 * i + 1e-3 * math.cos(t), Y + 1e-3 * math.sin(t)) for t in turn)]

    return geojson(folder, (ring(i) for i in range(500)))


@bomb()
def pile_of_zigzags(folder: Path) -> Path:
    return geojson(folder, ([comb_ring(45, upright=bool(i % 2))] for i in range(400)))


@bomb("building")
def pile_of_buildings(folder: Path) -> Path:
    made = ([rectangle(X + 1e-6 * (i % 61), Y + 1e-6 * (i // 61), 2e-4, 2e-4)] for i in range(9000))
    return geojson(folder, made)


@bomb("block")
def pile_of_blocks(folder: Path) -> Path:
    made = ([rectangle(X + 1e-6 * (i % 61), Y + 1e-6 * (i // 61), 2e-3, 2e-3)] for i in range(9000))
    return geojson(folder, made)


@bomb("park")
def pile_of_parks(folder: Path) -> Path:
    made = ([rectangle(X + 1e-6 * (i % 61), Y + 1e-6 * (i // 61), 2e-3, 2e-3)] for i in range(9000))
    return geojson(folder, made)


@bomb()
def nested_frames(folder: Path) -> Path:
    def frame(i: int) -> Any:
        a, b = 4e-6 * i, 4e-6 * i + 2e-6
        return [rectangle(X + a, Y + a, 0.05 - 2 * a, 0.05 - 2 * a), rectangle(X + b, Y + b, 0.05 - 2 * b, 0.05 - 2 * b)]  # fmt: skip

    return geojson(folder, (frame(i) for i in range(6000)))


@bomb()
def weave(folder: Path) -> Path:
    def strip(i: int) -> Any:
        at = 4e-5 * (i // 2)
        return [rectangle(X + at, Y, 2e-5, 0.08) if i % 2 else rectangle(X, Y + at, 0.08, 2e-5)]

    return geojson(folder, (strip(i) for i in range(9000)))


@bomb()
def the_same_parcel_with_one_id(folder: Path) -> Path:
    one = {"type": "Feature", "properties": {"宗地代码": "1"}, "geometry": {"type": "Polygon", "coordinates": [rectangle(X, Y, 1e-3, 1e-3)]}}  # fmt: skip
    text = json.dumps(one, separators=(",", ":"))
    body = ",".join([text] * (MOST_BYTES // (len(text) + 1) - 1))
    return put(folder / "a.geojson", f'{{"type":"FeatureCollection","features":[{body}]}}')


@bomb()
def pile_in_parquet(folder: Path) -> Path:
    import numpy as np
    import shapely

    i = np.arange(60_000)
    x, y = X + 1e-6 * (i % 61), Y + 1e-6 * (i // 61)
    frame = as_frame(shapely.box(x, y, x + 2e-3, y + 2e-3))
    frame.to_parquet(folder / "a.parquet", compression="zstd", compression_level=19)
    return folder / "a.parquet"


@bomb()
def one_row_2000000_times(folder: Path) -> Path:
    import geopandas as gpd
    import pyarrow as pa
    import pyarrow.parquet as pq
    import shapely

    one = gpd.GeoDataFrame(
        {"id": ["1"]}, geometry=[shapely.box(X, Y, X + 1e-3, Y + 1e-3)], crs=4490
    )
    one.to_parquet(folder / "one.parquet")
    table = pq.read_table(folder / "one.parquet").replace_schema_metadata(
        pq.read_schema(folder / "one.parquet").metadata
    )
    count = 2_000_000
    columns = [pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int8()), column.combine_chunks()) if False else pa.repeat(column[0], count) for column in table.columns]  # fmt: skip
    many = pa.Table.from_arrays(columns, schema=table.schema)
    pq.write_table(many, folder / "a.parquet", compression="zstd")
    return folder / "a.parquet"


@bomb()
def one_long_text_in_every_row(folder: Path) -> Path:
    import geopandas as gpd
    import shapely

    shapes = [shapely.box(X + 0.002 * i, Y, X + 0.002 * i + 1e-3, Y + 1e-3) for i in range(3000)]
    named = {"id": [str(i) for i in range(3000)], "zh": ["a" * 500_000] * 3000}
    gpd.GeoDataFrame(named, geometry=shapes, crs=4490).to_parquet(
        folder / "a.parquet",
        compression="zstd",
        use_dictionary=True,
        dictionary_pagesize_limit=1 << 24,
    )
    return folder / "a.parquet"


@bomb()
def one_outline_140000_times(folder: Path) -> Path:
    import geopandas as gpd
    import pyarrow as pa
    import pyarrow.parquet as pq
    import shapely

    shape = shapely.box(X, Y, X + 1e-3, Y + 1e-3)
    one = gpd.GeoDataFrame({"id": ["1"]}, geometry=[shape], crs=4490)
    one.to_parquet(folder / "one.parquet")
    table = pq.read_table(folder / "one.parquet")
    ids = pa.array([f"{i}" for i in range(140_000)])
    many = pa.table([ids, pa.repeat(table["geometry"][0], len(ids))], schema=table.schema)
    pq.write_table(many, folder / "a.parquet", compression="zstd")
    with (folder / "a.parquet").open("rb") as made:  # made heavier by what nobody reads
        content = made.read()
    room = MOST_BYTES - len(content) - 4096
    told = {**table.schema.metadata, b"room": b"a" * (room // 3)}
    pq.write_table(many.replace_schema_metadata(told), folder / "a.parquet", compression="zstd")
    return folder / "a.parquet"


@bomb()
def long_text_in_parquet(folder: Path) -> Path:
    import geopandas as gpd
    import shapely

    shapes = [shapely.box(X + 0.002 * i, Y, X + 0.002 * i + 1e-3, Y + 1e-3) for i in range(60)]
    frame = gpd.GeoDataFrame(
        {"id": [str(i) for i in range(60)], "zh": [chr(97 + i % 26) * 5_000_000 for i in range(60)]},
        geometry=shapes, crs=4490,
    )  # fmt: skip
    frame.to_parquet(folder / "a.parquet", compression="zstd")
    return folder / "a.parquet"


@bomb()
def wide_parquet(folder: Path) -> Path:
    import numpy as np
    import pandas as pd
    import shapely

    i = np.arange(3000)
    x, y = X + 0.0012 * (i % 60), Y + 0.0012 * (i // 60)
    frame = as_frame(shapely.box(x, y, x + 1e-3, y + 1e-3))
    more = pd.DataFrame(np.zeros((3000, 1200)), columns=[f"c{k}（亩）" for k in range(1200)])
    frame = frame.join(more)
    frame.to_parquet(folder / "a.parquet", compression="zstd", index=False)
    return folder / "a.parquet"


# --- tables --------------------------------------------------------------------------------------


@bomb("enterprise")
def commas(folder: Path) -> Path:
    return put(folder / "a.csv", b"," * (MOST_BYTES - 1))


@bomb("enterprise")
def lines_of_commas(folder: Path) -> Path:
    return put(folder / "a.csv", "编号,名称\n" + ",\n" * 500_000)


@bomb("enterprise")
def empty_lines(folder: Path) -> Path:
    return put(folder / "a.csv", "编号,名称\n1,a\n" + "\n" * 1_000_000)


@bomb("enterprise")
def short_lines(folder: Path) -> Path:
    return put(folder / "a.csv", "编号,名称\n" + "".join(f"{i},x\n" for i in range(120_000)))


@bomb("enterprise")
def lines_too_long(folder: Path) -> Path:
    return put(folder / "a.csv", "编号,名称\n" + "1,a,b,c\n" * 120_000)


@bomb("enterprise")
def ids_repeated(folder: Path) -> Path:
    return put(folder / "a.csv", "编号,名称\n" + "1,x\n" * 250_000)


@bomb("enterprise")
def half_the_columns(folder: Path) -> Path:
    names = ",".join(f"c{i}" for i in range(140_000))
    return put(folder / "a.csv", names + "\n1\n")


@bomb("enterprise")
def columns_in_brackets(folder: Path) -> Path:
    names = ",".join(["编号", *(f"用地面积{i}（平方{'米' * (i % 7)}）" for i in range(1990))])
    row = ",".join(["1"] * 1991)
    return put(folder / "a.csv", "\n".join([names, *[row] * 200]))


@bomb("enterprise")
def the_same_column(folder: Path) -> Path:
    return put(folder / "a.csv", ",".join(["a"] * 500_000) + "\n1\n")


@bomb("enterprise")
def quotes(folder: Path) -> Path:
    return put(folder / "a.csv", '编号,名称\n1,"' + '""' * 500_000)


@bomb("enterprise")
def wide_then_long(folder: Path) -> Path:
    names = ",".join(["编号", *(f"c{i}" for i in range(1990))])
    return put(folder / "a.csv", names + "\n" + "".join(f"{i}\n" for i in range(150_000)))


@bomb("enterprise")
def some_columns_then_long(folder: Path) -> Path:
    names = ",".join(["编号", *(f"c{i}" for i in range(480))])
    return put(folder / "a.csv", names + "\n" + "1\n" * 500_000)


def cells(folder: Path, *texts: str, name: str = "名称", last: str = "") -> Path:
    rows = "".join(f'{i},"{text}"\n' for i, text in enumerate(texts))
    return put(folder / "a.csv", f"编号,{name}\n{rows}{last}")


@bomb("enterprise")
def cell_of_on(folder: Path) -> Path:
    return cells(folder, "<" + "on" * 250_000)


@bomb("enterprise")
def cell_of_letters_before_a_sign(folder: Path) -> Path:
    return cells(folder, "on" + "a" * 900_000, "-" + "x" * 100_000)


@bomb("enterprise")
def cell_of_blanks(folder: Path) -> Path:
    return cells(folder, "on" + " " * 300_000 + "x", "a" + " " * 300_000 + "b", "<" * 300_000)


@bomb("enterprise")
def header_of_brackets(folder: Path) -> Path:
    return put(folder / "a.csv", "编号,面积" + "（" * 100_000 + " " * 200_000 + "x\n1,2\n")


@bomb("enterprise")
def header_of_blanks(folder: Path) -> Path:
    return put(folder / "a.csv", "编号,面积" + " " * 900_000 + "x\n1,2\n")


@bomb("enterprise")
def number_of_a_hundred_thousand_digits(folder: Path) -> Path:
    return cells(
        folder, "9" * 300_000, "1e999999", "0." + "3" * 300_000, "1,111" * 50_000, name="营业收入"
    )


@bomb("enterprise")
def dates_of_digits(folder: Path) -> Path:
    return cells(folder, "2023-1-1 " + " " * 300_000 + "x", "2" * 300_000, name="成立日期")


@bomb("enterprise")
def cell_of_garbled_text(folder: Path) -> Path:
    return cells(folder, "ÖÐ¹Ø´å" * 70_000, "中" * 60_000)


@bomb("enterprise")
def cells_of_quotes(folder: Path) -> Path:
    return cells(folder, "'" + "0" * 300_000 + "!", "=" + " " * 300_000 + "x", "合" + " " * 200_000)


@bomb("enterprise")
def units_everywhere(folder: Path) -> Path:
    return cells(
        folder, "1," * 100_000 + "元", "1" * 300_000 + "." + "万元" * 30_000, name="营业收入"
    )


@bomb("enterprise")
def odd_texts_in_every_row(folder: Path) -> Path:
    return cells(folder, *(f"=ＡＢ{i}<b>\u200b " for i in range(36_000)))


@bomb("enterprise")
def numbers_that_are_none(folder: Path) -> Path:
    return cells(folder, *(f"x{i}" for i in range(70_000)), name="营业收入")


# --- workbooks -----------------------------------------------------------------------------------

_SHEET = '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData>{}</worksheet>'


def workbook(folder: Path, rows: str, *, more: str = "", shared: str = "") -> Path:
    """Write a workbook whose only sheet is made of the given rows, with a shared text or none."""
    import openpyxl

    held = io.BytesIO()
    book = openpyxl.Workbook()
    book.active["A1"] = "编号"
    book.save(held)
    with (
        zipfile.ZipFile(held) as source,
        zipfile.ZipFile(folder / "a.xlsx", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = _SHEET.format(rows, more).encode()
            elif name == "xl/sharedStrings.xml" and shared:
                content = shared.encode()
            target.writestr(name, content)
    return folder / "a.xlsx"


def inline(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


HEAD = f'<row r="1">{inline("A1", "编号")}{inline("B1", "名称")}</row>'


@bomb("enterprise")
def a_million_empty_rows(folder: Path) -> Path:
    rows = "".join(f'<row r="{i}"/>' for i in range(2, 400_000))
    return workbook(folder, HEAD + rows)


@bomb("enterprise")
def rows_of_nothing_with_style(folder: Path) -> Path:
    rows = "".join(f'<row r="{i}"><c r="A{i}" s="0"/><c r="B{i}" s="0"/></row>' for i in range(2, 130_000))  # fmt: skip
    return workbook(folder, HEAD + rows)


@bomb("enterprise")
def a_cell_far_away(folder: Path) -> Path:
    return workbook(folder, HEAD + f'<row r="1048576">{inline("XFD1048576", "x")}</row>')


@bomb("enterprise")
def cells_far_away(folder: Path) -> Path:
    rows = "".join(f'<row r="{i}">{inline(f"BXZ{i}", "x")}</row>' for i in range(2, 30_000))
    return workbook(folder, HEAD + rows)


@bomb("enterprise")
def shared_text(folder: Path) -> Path:
    shared = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
        + "x" * 32_000 + "</t></si></sst>"
    )  # fmt: skip
    rows = "".join(f'<row r="{i}"><c r="A{i}" t="s"><v>0</v></c><c r="B{i}" t="s"><v>0</v></c></row>' for i in range(1, 60_000))  # fmt: skip
    return workbook(folder, rows, shared=shared)


@bomb("enterprise")
def merged_cells(folder: Path) -> Path:
    spans = "".join(f'<mergeCell ref="A{i}:XFD{i + 50}"/>' for i in range(2, 40_000, 60))
    return workbook(folder, HEAD, more=f"<mergeCells>{spans}</mergeCells>")


@bomb("enterprise")
def numbers_in_a_workbook(folder: Path) -> Path:
    rows = "".join(f'<row r="{i}"><c r="A{i}"><v>{i}</v></c><c r="B{i}"><v>1e999999</v></c></row>' for i in range(2, 90_000))  # fmt: skip
    return workbook(folder, HEAD + rows)


@bomb("enterprise")
def zeros_in_a_workbook(folder: Path) -> Path:
    return workbook(folder, HEAD + f"<!--{'x' * 150_000_000}-->")


# --- containers ----------------------------------------------------------------------------------


@bomb("enterprise")
def zipped_commas(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        target.writestr("a.geojson", b'{"type":"FeatureCollection","features":[' + b" " * 60_000_000 + b"]}")  # fmt: skip
    return folder / "a.zip"


@bomb()
def zipped_pile(folder: Path) -> Path:
    one = {"type": "Feature", "properties": {"宗地代码": "1"}, "geometry": {"type": "Polygon", "coordinates": [rectangle(X, Y, 1e-3, 1e-3)]}}  # fmt: skip
    text = json.dumps(one, separators=(",", ":"))
    body = ",".join([text] * (60_000_000 // (len(text) + 1)))
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        target.writestr("a.geojson", f'{{"type":"FeatureCollection","features":[{body}]}}')
    return folder / "a.zip"


@bomb()
def very_many_members(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.zip", "w") as target:
        for i in range(8_000):
            target.writestr(f"{i}.geojson", b"{}")
    return folder / "a.zip"


@bomb()
def many_layers(folder: Path) -> Path:
    parts = []
    for i in range(3000):
        at = f"{X + 0.001 * (i % 60)},{Y + 0.001 * (i // 60)}"
        parts.append(f"<Folder><name>f{i}</name><Placemark><name>{i}</name><Point><coordinates>{at}</coordinates></Point></Placemark></Folder>")  # fmt: skip
    body = "".join(parts)
    return put(folder / "a.kml", f'<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>')  # fmt: skip


@bomb()
def character_references(folder: Path) -> Path:
    mark = f"<Placemark><name>{'&amp;lt;' * 100_000}</name><Point><coordinates>{X},{Y}</coordinates></Point></Placemark>"  # fmt: skip
    return put(folder / "a.kml", f'<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{mark}</Document></kml>')  # fmt: skip


@bomb()
def deep_json(folder: Path) -> Path:
    return put(folder / "a.geojson", b'{"type":"FeatureCollection","features":' + b"[" * 500_000 + b"]" * 500_000 + b"}")  # fmt: skip


@bomb()
def deep_properties(folder: Path) -> Path:
    deep = "[" * 90 + "]" * 90
    made = [rectangle(X + 0.002 * i, Y, 1e-3, 1e-3) for i in range(3000)]
    return geojson(folder, ([ring] for ring in made), a=[json.loads(deep)] * 3000)


@bomb()
def a_property_of_its_own_for_each(folder: Path) -> Path:
    parts = [
        f'{{"type":"Feature","properties":{{"c{i}":1}},"geometry":{{"type":"Point","coordinates":[116.3,39.9]}}}}'
        for i in range(9500)
    ]
    return put(
        folder / "a.geojson", f'{{"type":"FeatureCollection","features":[{",".join(parts)}]}}'
    )


@bomb()
def sparse_properties(folder: Path) -> Path:
    parts = [
        f'{{"type":"Feature","properties":{{"c{i % 1990}":"x"}},"geometry":null}}'
        for i in range(14_000)
    ]
    return put(
        folder / "a.geojson", f'{{"type":"FeatureCollection","features":[{",".join(parts)}]}}'
    )


@bomb()
def long_numbers_in_json(folder: Path) -> Path:
    text = f'{{"type":"Feature","properties":{{"a":{"9" * 4000},"b":1e999999}},"geometry":{{"type":"Polygon","coordinates":[{json.dumps(rectangle(X, Y, 1e-3, 1e-3))}]}}}}'  # fmt: skip
    return put(
        folder / "a.geojson",
        f'{{"type":"FeatureCollection","features":[{",".join([text] * 200)}]}}',
    )


@bomb()
def empty_features(folder: Path) -> Path:
    return put(folder / "a.geojson", '{"type":"FeatureCollection","features":[' + ",".join(['{"type":"Feature"}'] * 52_000) + "]}")  # fmt: skip


@bomb()
def points_for_parcels(folder: Path) -> Path:
    return geojson(folder, ([X + 1e-6 * i, Y] for i in range(20_000)), "Point")


@bomb()
def blocks_in_blocks(folder: Path) -> Path:
    """A block that holds ten of the one before, and so on twelve times (DXF)."""
    lines = ["0", "SECTION", "2", "BLOCKS"]
    for level in range(12):
        lines += ["0", "BLOCK", "8", "0", "2", f"B{level}", "70", "0", "10", "0", "20", "0", "30", "0", "3", f"B{level}", "1", ""]  # fmt: skip
        if level == 0:
            lines += ["0", "LWPOLYLINE", "8", "0", "90", "4", "70", "1"]
            for x, y in ((0, 0), (10, 0), (10, 10), (0, 10)):
                lines += ["10", str(440_000 + x), "20", str(4_427_000 + y)]
        else:
            for k in range(10):
                lines += [
                    "0",
                    "INSERT",
                    "8",
                    "0",
                    "2",
                    f"B{level - 1}",
                    "10",
                    str(k * 12),
                    "20",
                    "0",
                ]
        lines += ["0", "ENDBLK", "8", "0"]
    lines += ["0", "ENDSEC", "0", "SECTION", "2", "ENTITIES", "0", "INSERT", "8", "0", "2", "B11", "10", "0", "20", "0", "0", "ENDSEC", "0", "EOF", ""]  # fmt: skip
    return put(folder / "a.dxf", "\n".join(lines))


@bomb()
def an_insert_of_rows_and_columns(folder: Path) -> Path:
    lines = ["0", "SECTION", "2", "BLOCKS", "0", "BLOCK", "8", "0", "2", "B", "70", "0", "10", "0", "20", "0", "3", "B", "1", ""]  # fmt: skip
    lines += ["0", "LWPOLYLINE", "8", "0", "90", "4", "70", "1"]
    for x, y in ((0, 0), (10, 0), (10, 10), (0, 10)):
        lines += ["10", str(440_000 + x), "20", str(4_427_000 + y)]
    lines += ["0", "ENDBLK", "8", "0", "0", "ENDSEC", "0", "SECTION", "2", "ENTITIES", "0", "INSERT", "8", "0", "2", "B",
              "10", "0", "20", "0", "70", "30000", "71", "30000", "44", "12", "45", "12", "0", "ENDSEC", "0", "EOF", ""]  # fmt: skip
    return put(folder / "a.dxf", "\n".join(lines))


@bomb()
def splines(folder: Path) -> Path:
    lines = ["0", "SECTION", "2", "ENTITIES"]
    for k in range(60):
        lines += ["0", "CIRCLE", "8", "0", "10", str(440_000 + k), "20", "4427000", "40", "1e9"]
        lines += ["0", "SPLINE", "8", "0", "70", "8", "71", "3", "72", "400", "73", "396"]
        lines += [word for i in range(400) for word in ("40", str(i))]
        lines += [
            word
            for i in range(396)
            for word in ("10", str(440_000 + i % 7), "20", str(4_427_000 + i))
        ]
    return put(folder / "a.dxf", "\n".join([*lines, "0", "ENDSEC", "0", "EOF", ""]))


@bomb()
def flatgeobuf_that_claims_much(folder: Path) -> Path:
    import shapely

    path = save(
        as_frame([shapely.box(X, Y, X + 1e-3, Y + 1e-3)] * 5), folder / "a.fgb", driver="FlatGeobuf"
    )
    content = bytearray(path.read_bytes())
    for at in range(len(content) - 200, len(content) - 4, 4):
        word = struct.unpack("<I", content[at : at + 4])[0]
        if word == 10:
            content[at : at + 4] = struct.pack("<I", 0x7FFFFFF0)
    return put(path, bytes(content))


@bomb()
def shapefile_that_claims_much(folder: Path) -> Path:
    import shapely

    path = save(
        as_frame([shapely.box(X, Y, X + 1e-3, Y + 1e-3)] * 5), folder / "a.shp", encoding="UTF-8"
    )
    content = bytearray(path.read_bytes())
    content[100 + 8 + 36 : 100 + 8 + 44] = struct.pack("<ii", 0x0FFFFFF0, 0x0FFFFFF0)
    return put(path, bytes(content))


@bomb()
def dbf_that_claims_much(folder: Path) -> Path:
    import shapely

    path = save(
        as_frame([shapely.box(X, Y, X + 1e-3, Y + 1e-3)] * 5), folder / "a.shp", encoding="UTF-8"
    )
    table = path.with_suffix(".dbf")
    content = bytearray(table.read_bytes())
    content[4:8] = struct.pack("<I", 0x7FFFFFFF)
    put(table, bytes(content))
    return path


@bomb()
def shapes_in_one_place_of_a_shapefile(folder: Path) -> Path:
    """An index whose 100,000 records all name one ring of 30,000 points."""
    import math as m

    import shapely

    ring = shapely.Polygon([(X + 1e-3 * m.cos(t / 4800), Y + 1e-3 * m.sin(t / 4800)) for t in range(30_000)])  # fmt: skip
    path = save(as_frame([ring]), folder / "a.shp", encoding="UTF-8")
    index = path.with_suffix(".shx")
    content = index.read_bytes()
    count = 40_000
    head = bytearray(content[:100])
    head[24:28] = struct.pack(">i", 50 + 4 * count)
    put(index, bytes(head) + content[100:108] * count)
    return path


@bomb()
def view_without_end(folder: Path) -> Path:
    import shapely

    path = save(
        as_frame([shapely.box(X, Y, X + 1e-3, Y + 1e-3)] * 5), folder / "a.gpkg", layer="parcel"
    )
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.execute("CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT x FROM c")  # fmt: skip
        base.execute("INSERT INTO gpkg_contents(table_name, data_type, identifier) VALUES ('v', 'attributes', 'v')")  # fmt: skip
        base.commit()
    return path


@bomb()
def geopackage_of_blobs(folder: Path) -> Path:
    import shapely

    path = save(
        as_frame([shapely.box(X, Y, X + 1e-3, Y + 1e-3)] * 5), folder / "a.gpkg", layer="parcel"
    )
    columns = ", ".join(f"c{i} TEXT" for i in range(1990))
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA writable_schema=ON")
        base.execute("UPDATE sqlite_master SET sql = substr(sql, 1, length(sql) - 1) || ? WHERE name = 'parcel'", (f", {columns})",))  # fmt: skip
        base.commit()
    return path


@bomb()
def ring_in_a_geopackage(folder: Path) -> Path:
    import shapely

    return save(
        as_frame([shapely.Polygon(random_points(58_000))]), folder / "a.gpkg", layer="parcel"
    )


@bomb()
def pile_in_a_geopackage(folder: Path) -> Path:
    import numpy as np
    import shapely

    i = np.arange(4200)
    x, y = X + 1e-6 * (i % 61), Y + 1e-6 * (i // 61)
    return save(as_frame(shapely.box(x, y, x + 2e-3, y + 2e-3)), folder / "a.gpkg", layer="parcel")


# --- running one ---------------------------------------------------------------------------------


DOORS = ("import", "layer", "table", "proposal", "scenario", "demand")
"""Where a file from outside comes in: examined, found in a zone, or named on the command line."""


def commands(job: dict[str, Any]) -> list[list[str]]:
    """Return the commands that meet a file which comes in by a door; it is laid where they look."""
    path, zone, level = Path(job["path"]), job["zone"], job["level"]
    told = EXTRA.get(path.suffix, [])
    if job["door"] == "import":
        look = ["doctor", str(path), "--json", "--level", level, *told]
        take = ["import", str(path), "--zone", zone, "--level", level, *told]
        return [*([look] if job.get("look", True) else []), take, ["check", zone, "--json"]]
    out = f"{zone}-out"
    whole = [
        ["check", zone, "--json"],
        ["assess", zone, "-o", out],
        ["map", zone, "-o", f"{out}.html"],
        ["report", zone, "-o", f"{out}-all"],
    ]
    if job["door"] == "layer":
        if level != "park":
            lay_a_park(Path(zone))
        lay(path, Path(zone, "layers", f"{level}{path.suffix}"))
        whole.append(["export", zone, level, "-o", f"{out}.gpkg"])
        return [*whole, ["fix", zone, "--level", level, "--json"]] if level in FIXED else whole
    if job["door"] == "table":
        shutil.copy(path, Path(zone, job["table"]))
        return whole
    if job["door"] == "proposal":
        lay(path, named := Path(f"{zone}-proposal{path.suffix}"))
        return [["check", zone, "--proposal", str(named), "--json"]]
    last = ["allocate"] if job["door"] == "demand" else ["scenario"]
    return [[*last, zone, str(path), "--json"]]


FIXED = ("parcel", "block", "park")


def lay_a_park(zone: Path) -> None:
    """Give a zone a park that holds what is drawn, so that there is something to assess."""
    (zone / "parks.csv").write_text("id,level,zh,en\na,park,园,A\n", encoding="utf-8")
    ring = rectangle(X - 0.05, Y - 0.05, 0.3, 0.2)
    park = {"type": "Feature", "properties": {"id": "a"},
            "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
    text = json.dumps({"type": "FeatureCollection", "features": [park]})
    (zone / "layers/park.geojson").write_text(text, encoding="utf-8")


def lay(path: Path, target: Path) -> None:
    """Lay a file among the layers of a zone, its column of names called ``id`` as there."""
    name = "宗地代码"
    if path.suffix == ".geojson":
        content = path.read_bytes()
        target.write_bytes(content.replace(f'"{name}":'.encode(), b'"id":'))
        return
    shutil.copy(path, target)
    if path.suffix == ".gpkg":
        with contextlib.closing(sqlite3.connect(target)) as base:
            base.execute("PRAGMA writable_schema=ON")
            base.execute("UPDATE sqlite_master SET sql = replace(sql, ?, 'id')", (name,))
            base.commit()
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        if name in pq.read_schema(target).names:
            table = pq.read_table(target)
            names = ["id" if column == name else column for column in table.column_names]
            named = table.rename_columns(names).replace_schema_metadata(table.schema.metadata)
            pq.write_table(named, target, compression="zstd")


def steps(job: dict[str, Any]) -> dict[str, list[Any]]:
    """Run the commands; say of each how it ended, and the processor time of it and its children."""
    from zgcgis.cli import main

    told: dict[str, list[Any]] = {}
    for words in commands(job):
        if (
            job["door"] == "import"
            and words[0] == "check"
            and not any(Path(job["zone"], "layers").iterdir())
        ):
            continue  # it was refused
        begun, began = used(), time.monotonic()
        sys.argv = ["zgcgis", *words]
        try:
            main()
            code: Any = 0
        except SystemExit as end:
            code = end.code
        sys.stdout.flush()
        told[words[0]] = [code, round(used() - begun, 2), round(time.monotonic() - began, 2)]
    return told


def used() -> float:
    """Seconds of a processor that this process and its children have used so far."""
    import resource

    mine, theirs = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


EXTRA = {".dxf": ["--crs", "EPSG:4548"]}


def resident(pid: int) -> int:
    """Bytes that a process and its children hold at this moment."""
    total = 0
    try:
        held = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
        total = int(held[1]) * os.sysconf("SC_PAGE_SIZE")
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
            total += resident(int(child))
    except (OSError, IndexError):
        return total
    return total


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run the steps in a process of its own, and look all the while how much memory it holds."""
    begun = time.monotonic()
    out = Path(job["zone"]).with_suffix(".out")
    pid = os.fork()
    if pid == 0:
        try:
            os.setpgid(0, 0)
            os.chdir(Path(job["zone"]).parent)
            sink = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(sink, 1)
            os.dup2(os.open(f"{out}.said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
            sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
            told = steps(job)
            Path(f"{out}.json").write_text(json.dumps(told), encoding="utf-8")
        except BaseException:  # noqa: BLE001 - it is told, and the process ends
            import traceback

            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(0)
    most, late = 0, False
    while os.waitpid(pid, os.WNOHANG)[0] == 0:
        most = max(most, resident(pid))
        if time.monotonic() - begun > job["seconds"]:
            import signal

            os.killpg(pid, signal.SIGKILL)
            late = True
            os.waitpid(pid, 0)
            break
        time.sleep(0.005)
    answer = Path(f"{out}.json")
    told = json.loads(answer.read_text(encoding="utf-8")) if answer.is_file() else {}
    said = Path(f"{out}.said").read_text(encoding="utf-8", errors="replace")
    return {
        "name": job["name"], "seconds": round(time.monotonic() - begun, 2), "bytes": most,
        "late": late, "steps": told, "output": out.stat().st_size, "said": said[-1500:],
    }  # fmt: skip


def serve() -> None:
    """Load everything once, then run the jobs of standard input one after another."""
    for name in (
        "geopandas",
        "pyarrow.parquet",
        "zgcgis.checks",
        "zgcgis.io.importing",
        "zgcgis.cli",
    ):
        import_module(name)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    serve()

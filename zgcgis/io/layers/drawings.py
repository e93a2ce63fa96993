"""Outlines out in the forms of surveyors: files and tables of corners, and drawings (DXF).

All are in a belt of three degrees of CGCS2000 with its number before the eastings, to 1 mm.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from pyproj import CRS

from ...intake.sandbox.corners import rings_out, vct, written_corners
from ...language.errors import WriteError, ZgcgisWarning
from ..spreadsheets import write_csv, write_table
from ..writing import write_bytes_whole

__all__ = ["DRAWN", "write_corner_table", "write_corners", "write_drawing", "write_vct"]

_BELTS = 4513, 25, 3, 21  # CGCS2000 in belts of three degrees, their number before the eastings
_ALL_BELTS = (_BELTS, (4534, 25, 3, 21), (4491, 13, 6, 11), (4502, 13, 6, 11))
"""Of each row of belts: the first code, its number, how wide they are in degrees, how many."""

_MOST_OFF = 3.2  # degrees off the central meridian, as where a layer is read (R107)
_OF_CORNERS = {"number": "id", "name": "name", "use": "planned_use", "code": "land_use"}
_TEXT_M = 2.5  # height of a text
_HIGHEST, _BLANK = 0xFFFF, "〓"  # the last sign that a drawing can name, and what stands for others


def write_corners(frame: GeoDataFrame, target: Path, *, crs: str | None) -> Path:
    """Write polygons as a boundary-point file, by default in the belt in which they lie."""
    placed, belt, degrees = _in_belt(frame, target, crs)
    text = {key: _texts(frame, column) for key, column in _OF_CORNERS.items()}
    labels = [dict(zip(text, row, strict=True)) for row in zip(*text.values(), strict=True)]
    content = written_corners(placed.geometry, labels, belt, degrees)
    return write_bytes_whole(target, content.encode("gb18030"))


def write_corner_table(frame: GeoDataFrame, target: Path, *, crs: str | None) -> Path:
    """Write polygons as a table of corners (界址点成果表), a row for each corner."""
    placed, belt, degrees = _in_belt(frame, target, crs)
    rows: list[tuple[Any, ...]] = []
    for name, shape in zip(_texts(frame, "id"), placed.geometry, strict=True):
        for ring in rings_out(shape):
            sides = np.hypot(*np.diff(np.array(ring.corners), axis=0).T)
            for k, (east, north) in enumerate(ring.corners):
                side = round(float(sides[k]), 3) if k < len(sides) else None
                rows.append((name, str(ring.number), ring.names[k], round(north, 3), round(east, 3), side))  # fmt: skip
    heads = ["地块编号", "圈号", "界址点号", "X坐标(m)", "Y坐标(m)", "边长(m)"]
    said = f"坐标系：2000国家大地坐标系，{degrees}度带第{belt}带（EPSG:{placed.crs.to_epsg()}），X 为北，Y 为东"
    if target.suffix.lower() == ".csv":
        return write_csv(target, [[said], heads, *rows])
    return write_table(pd.DataFrame(rows, columns=heads), target, sheet="界址点成果表", above=said)


def write_drawing(frame: GeoDataFrame, target: Path, *, crs: str | None) -> Path:
    """Write polygons as a drawing: closed lines, and in each its id and its code of land use."""
    placed, *_ = _in_belt(frame, target, crs)
    lines = [*_head(placed), *_entities(placed, _texts(frame, "id"), _texts(frame, "land_use"))]
    text = "\r\n".join([*lines, "0", "ENDSEC", "0", "EOF", ""])
    return write_bytes_whole(target, text.encode("gbk"))


def write_vct(frame: GeoDataFrame, target: Path, *, crs: str | None) -> Path:
    """Write polygons as VCT 3.0; land-use patches in the fields of the third survey."""
    placed, belt, _ = _in_belt(frame, target, crs, _BELTS)
    table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    patches = {"land_use", "net_area_m2"} <= set(table.columns)
    table = table.rename(columns=_OF_SURVEY) if patches else table
    table = table[[name for name in table.columns if not str(name).startswith("_")]]
    text = vct.written_vct(
        placed.geometry.to_list(), table, belt=belt, name="DLTB" if patches else "LAYER"
    )
    return write_bytes_whole(target, text.encode("gb18030"))


_OF_SURVEY = {"id": "BSM", "land_use": "DLBM", "registered_area_m2": "TBMJ", "net_area_m2": "TBDLMJ",
              "deducted_area_m2": "KCMJ", "deducted_share": "KCXS"}  # fmt: skip


def _in_belt(
    frame: GeoDataFrame, target: Path, crs: str | None, *belts: tuple[int, int, int, int]
) -> tuple[GeoDataFrame, int, int]:
    """Return polygons in a belt, by default of three degrees, its number and its width."""
    kinds = set(frame.geometry.geom_type.dropna())
    if not kinds <= {"Polygon", "MultiPolygon"} or frame.geometry.isna().any():
        raise WriteError(
            f"{target}：界址点只能写面，且每个要素都要有图形（现有 {'、'.join(sorted(kinds))}）。",
            f"{target}: a file of corners takes polygons alone, one for every feature "
            f"(there are {', '.join(sorted(kinds)) or 'none'}).",
        )
    first, number, wide, _ = _BELTS
    middle = float(np.mean(frame.total_bounds[[0, 2]]))
    belt = round(middle / wide)
    code = (CRS.from_user_input(crs).to_epsg() or 0) if crs else first + belt - number
    for first, number, wide, count in belts or _ALL_BELTS:
        if first <= code < first + count:
            _warn_if_far(middle, CRS.from_epsg(code))
            return frame.to_crs(code), number + code - first, wide
    raise WriteError(
        f"{target}：这种文件只用 CGCS2000 的高斯-克吕格投影带，如 EPSG:4527，不能用 {crs or f'EPSG:{code}'}。",
        f"{target}: such a file is written in a Gauss-Krüger belt of CGCS2000, such as EPSG:4527, "
        f"not in {crs or f'EPSG:{code}'}.",
    )


def _warn_if_far(middle: float, belt: CRS) -> None:
    """Say so where land lies outside the belt it is written in: plane areas grow with the distance."""
    told = {one.name: one.value for one in belt.coordinate_operation.params}
    meridian = float(told["Longitude of natural origin"])
    if abs(middle - meridian) > _MOST_OFF:
        warnings.warn(
            f"数据离 EPSG:{belt.to_epsg()} 的中央经线 {meridian:g}° 有 {abs(middle - meridian):.1f}°，超出该投影带，"
            "平面面积和边长会偏大。\n"
            f"The land lies {abs(middle - meridian):.1f}° off the central meridian {meridian:g}° of "
            f"EPSG:{belt.to_epsg()}, outside its belt: plane areas and lengths come out too large.",
            ZgcgisWarning,
            stacklevel=2,
        )


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    held = frame[column] if column in frame else pd.Series("", index=frame.index)
    return [str(value) for value in held.astype("object").fillna("")]


# --- drawings, in the old form that every program reads -------------------------------------------


def _head(placed: GeoDataFrame) -> list[str]:
    west, south, east, north = (f"{side:.3f}" for side in placed.total_bounds)
    layers = [line for name in ("BOUNDARY", "ID", "LAND_USE")
              for line in ("0", "LAYER", "2", name, "70", "0", "62", "7", "6", "CONTINUOUS")]  # fmt: skip
    return [
        *("0", "SECTION", "2", "HEADER", "9", "$ACADVER", "1", "AC1009"),
        *("9", "$DWGCODEPAGE", "3", "ANSI_936", "9", "$HANDLING", "70", "1"),
        *("9", "$EXTMIN", "10", west, "20", south, "9", "$EXTMAX", "10", east, "20", north),
        *("0", "ENDSEC", "0", "SECTION", "2", "TABLES", "0", "TABLE", "2", "LAYER", "70", "3"),
        *layers,
        *("0", "ENDTAB", "0", "ENDSEC", "0", "SECTION", "2", "ENTITIES"),
    ]


def _entities(placed: GeoDataFrame, ids: list[str], codes: list[str]) -> Iterator[str]:
    handle = 0x100
    for shape, name, code in zip(placed.geometry, ids, codes, strict=True):
        for ring in rings_out(shape):
            handle += 1
            yield from ("0", "POLYLINE", "5", f"{handle:X}", "8", "BOUNDARY", "66", "1", "70", "1")
            for east, north in ring.corners[:-1]:
                handle += 1
                yield from ("0", "VERTEX", "5", f"{handle:X}", "8", "BOUNDARY")
                yield from ("10", f"{east:.3f}", "20", f"{north:.3f}")
            handle += 1
            yield from ("0", "SEQEND", "5", f"{handle:X}", "8", "BOUNDARY")
        for part in shapely.get_parts(shape):
            place = shapely.point_on_surface(part)
            for layer, text in (("ID", name), ("LAND_USE", code)):
                if text:
                    handle += 1
                    yield from ("0", "TEXT", "5", f"{handle:X}", "8", layer)
                    yield from ("10", f"{place.x:.3f}", "20", f"{place.y:.3f}")
                    yield from ("40", f"{_TEXT_M}", "1", _plain(text))


def _plain(text: str) -> str:
    """Return a text of one line; what the code page lacks is written by its number."""
    line = " ".join(text.split())
    if lost := sorted({sign for sign in line if ord(sign) > _HIGHEST}):
        warnings.warn(
            f"DXF 写不出的字已写作 {_BLANK}：{'、'.join(lost)}。\n"
            f"DXF cannot hold these signs; they are written as {_BLANK}: {', '.join(lost)}.",
            ZgcgisWarning,
            stacklevel=2,
        )
    line = "".join(_BLANK if ord(c) > _HIGHEST else c for c in line)
    return "".join(c if _in_page(c) else f"\\U+{ord(c):04X}" for c in line)


def _in_page(sign: str) -> bool:
    try:
        sign.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


DRAWN = {".txt": write_corners, ".dxf": write_drawing, ".vct": write_vct}
"""The writers of these forms by the suffix of their files."""

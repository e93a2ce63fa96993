"""A survey institute's delivery, as such deliveries are: GBK, mu, and a handful of faults.

One layer of parcels (Shapefile without a word on its encoding, plane coordinates of the
3-degree belt, areas in mu) and one table of attributes to join (CSV in GBK, areas in hectares).
``expected.csv`` says what has to come of each feature and row.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from geopandas import GeoDataFrame
from pandas import DataFrame
from pyproj import Transformer

from .fabric import Points, area_m2, as_stored, round_lonlat
from .write import write_csv

__all__ = ["FOLDER", "write_raw"]

FOLDER = "示例测绘院交付"
_COLUMNS = ("file", "step", "rule", "feature", "outcome", "measured", "unit", "zh", "en")
_MU_M2 = 2000 / 3
_BELT = Transformer.from_crs("EPSG:4490", "EPSG:4548", always_xy=True)


def write_raw(folder: Path, parcel: DataFrame, park: str) -> None:
    """Write the delivery of one park: shapes and their table, with what is expected of each."""
    there = parcel[
        (parcel["park_id"] == park) & parcel["until"].isna() & parcel["since"].isna()
    ].head(24)
    room = folder / "raw" / FOLDER
    room.mkdir(parents=True)
    expected = _shapes(room, there) + _table(room, there)
    write_csv(folder / "raw" / "expected.csv", _COLUMNS, expected)


def _code(number: int) -> str:
    return f"990000000000GB{number + 1:05d}"  # a code of no real district


def _belt(ring: Points) -> Points:
    lonlat = round_lonlat(np.asarray(ring, float))
    x, y = _BELT.transform(lonlat[:, 0], lonlat[:, 1])
    return np.round(np.stack([x, y], -1), 4)


def _fault(
    file: str, rule: str, feature: str, outcome: str, zh: str, en: str,
    measured: float | None = None, unit: str = "", step: str = "read",
) -> dict[str, Any]:  # fmt: skip
    return {
        "file": file, "step": step, "rule": rule, "feature": feature, "outcome": outcome,
        "measured": "" if measured is None else f"{measured:.4f}", "unit": unit,
        "zh": zh, "en": en,
    }  # fmt: skip


def _shapes(room: Path, there: DataFrame) -> list[dict[str, Any]]:
    rings = [_belt(r) for r in there["ring"]]
    size = [area_m2(as_stored(r)) for r in there["ring"]]
    codes = [_code(i) for i in range(len(rings))]
    mu = [round(a / _MU_M2, 4) for a in size]
    file = "宗地.shp"
    rows = [
        _fault(file, "R201", "", "accept", "没有注明文字编码（实为 GBK）", "encoding not stated (GBK)"),
        _fault(file, "R524", "", "accept", "面积以亩填写，按列名换算", "areas in mu, converted by the name"),
    ]  # fmt: skip
    shapes: list[Any] = [shapely.polygons(r) for r in rings]

    def fault(number: int, rule: str, outcome: str, zh: str, en: str, **more: Any) -> None:
        rows.append(_fault(file, rule, codes[number], outcome, zh, en, **more))

    bow = rings[3][[0, 2, 6, 4]]  # the last two corners change places
    shapes[3] = shapely.polygons(bow)
    cross = _crossing(bow)
    mended = area_m2(np.array([bow[0], bow[1], cross])) + area_m2(np.array([bow[2], bow[3], cross]))
    mu[3] = round(mended / _MU_M2, 4)
    fault(3, "R301", "repair", "自相交（蝴蝶结）", "a bow-tie", measured=mended, unit="m2")
    shapes[7] = None
    fault(7, "R304", "refuse", "没有图形", "no geometry")
    shapes[11] = shapely.polygons(np.insert(rings[11], 4, rings[11][3], axis=0))
    fault(11, "R303", "accept", "重复点", "a repeated point")
    mu[13] = round(mu[13] * 1.06, 4)
    fault(13, "R510", "accept", "面积比图形多6%", "area 6 % above the shape", measured=6, unit="%")
    codes[15] = codes[14]
    rows.append(_fault(file, "R501", codes[14], "refuse", "宗地代码重复", "the id stands twice"))
    mu[17] = -mu[17]
    fault(17, "R511", "accept", "面积为负", "a negative area", measured=mu[17] * _MU_M2, unit="m2")
    layer = GeoDataFrame(
        {
            "宗地代码": codes,
            "宗地名称": [f"示例宗地{i + 1}号" for i in range(len(codes))],
            "地类编码": there["land_use"].to_list(),
            "面积_亩": mu,
            "权利人": there["owner"].to_list(),
        },
        geometry=shapes,
        crs="EPSG:4548",
    )
    path = room / file
    pyogrio.write_dataframe(
        layer, path, driver="ESRI Shapefile", encoding="GBK", geometry_type="Polygon",
        layer_options={"DBF_DATE_LAST_UPDATE": "2023-12-31", "RESIZE": "YES"},
    )  # fmt: skip
    path.with_suffix(".cpg").unlink(missing_ok=True)
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = 0  # the mark of the code page, which such files lack
    path.with_suffix(".dbf").write_bytes(bytes(table))
    return rows


def _crossing(bow: Points) -> Points:
    """Where the second and the fourth side of a bow-tie cross."""
    a, b, c, d = bow[1], bow[2], bow[3], bow[0]
    u, v, w = b - a, d - c, c - a
    t = (w[0] * v[1] - w[1] * v[0]) / (u[0] * v[1] - u[1] * v[0])
    point: Points = a + t * u
    return point


def _table(room: Path, there: DataFrame) -> list[dict[str, Any]]:
    file = "宗地属性.csv"
    rows = [
        _fault(file, "R201", "", "accept", "没有注明文字编码（实为 GBK）", "encoding not stated (GBK)"),
        _fault(file, "R524", "", "accept", "面积以公顷填写，按列名换算", "areas in hectares"),
    ]  # fmt: skip
    lines = []
    for number, (_, row) in enumerate(there.iterrows()):  # two dozen rows
        if number in (7, 15):
            continue
        supplied, built = row["supply_date"], row["developed_area_m2"]
        lines.append(
            [
                _code(number),
                "" if built != built else f"{built / 1e4:.6f}",
                row["build_state"],
                row["supply_state"],
                f"{row['planned_far']:g}",
                "" if supplied != supplied else supplied.strftime("%Y-%m-%d"),
            ]
        )
    full = str.maketrans("0123456789GB", "０１２３４５６７８９ＧＢ")
    lines[2][0] = lines[2][0].translate(full)
    rows.append(
        _fault(file, "R210", _code(2), "accept", "关键字为全角", "a key in full-width form")
    )
    lines.append([_code(899), "1.250000", "A2", "D21", "2", "2015-05-06"])
    rows.append(
        _fault(file, "R603", _code(899), "refuse", "图上没有这宗地", "no such feature", step="join")
    )
    del lines[9]
    missing = _code(10)
    rows.append(
        _fault(
            file, "R604", missing, "accept", "表中缺这宗地", "no row for this feature", step="join"
        )
    )
    lines[5][5] = "2015年13月6日"
    rows.append(_fault(file, "R521", _code(5), "accept", "日期不成立", "no such date"))
    total = sum(float(line[1] or 0) for line in lines)
    lines.append(["合计", f"{total:.6f}", "", "", "", ""])
    rows.append(_fault(file, "R517", "", "refuse", "数据中夹有合计行", "a row of totals"))
    text = io.StringIO(newline="")
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(
        ["宗地代码", "已动工开发面积（公顷）", "建设状况", "供应状况", "规划容积率", "供地日期"]
    )
    out.writerows(lines)
    (room / file).write_bytes(text.getvalue().encode("gb18030"))
    return rows

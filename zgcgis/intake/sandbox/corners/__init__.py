"""Boundary-point files (界址点坐标 txt): plots as numbered corners, told apart by their rings.

The form is that in which land is reported (勘测定界界址点坐标交换格式): a head of ``key=value`` lines,
then for each plot a line that ends in ``@`` and its corners. Offices write it in many ways; what
the rings mean is decided by their orientation or by which lies in which, and the stated area
confirms it or the plot is refused.
"""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import shapely

from ...log import Finding, Refusal

__all__ = [
    "CornerList",
    "Corners",
    "Plot",
    "Ring",
    "corner_list",
    "is_corners",
    "nested",
    "read_corner_list",
    "read_corners",
    "rings_out",
    "written_corners",
]

UNITS_M2 = {"m2": 1.0, "ha": 1e4, "mu": 2000 / 3}
LEAST_ROOM_M2, RELATIVE = 0.05, 2e-4
"""How far a stated area may be off: rounding of corners; plane against ellipsoid."""
_BEGIN = re.compile(r"^[\[【]\s*地块坐标\s*[\]】]")
_SECTION = re.compile(r"^[\[【].*[\]】]$")
_SETTING = re.compile(r"^([^=,，@:]{1,40})[=:](.*)$")
_KINDS = {"点", "线", "面", "多边形"}
_FIRST_POINT = re.compile(r"^\D{0,8}0*1$")
_NUMBER = re.compile(r"^[+-]?\d+(?:\.\d+)?$")
_AREA = re.compile(r"^(\d+(?:\.\d+)?)\s*(公顷|亩|平方米|㎡|m2|ha)?$", re.IGNORECASE)
_NAMED_UNITS = {"公顷": "ha", "ha": "ha", "亩": "mu", "平方米": "m2", "㎡": "m2", "m2": "m2"}
_FIRST_CODE = {  # EPSG code of the first belt: with its number before the eastings, and without
    ("2000", 3): (4513, 4534), ("2000", 6): (4491, 4502),
    ("80", 3): (2349, 2370), ("80", 6): (2327, 2338),
    ("54", 3): (2401, 2422), ("54", 6): (21413, 21453),
}  # fmt: skip
_FIRST_BELT = {3: 25, 6: 13}


@dataclass
class Plot:
    """One plot: what its line says, and its rings of corners as easting and northing."""

    line: int
    points: int | None
    stated: float | None
    digits: int
    unit: str | None
    number: str
    name: str
    kind: str
    sheet: str
    use: str
    code: str
    rings: list[list[tuple[float, float]]] = field(default_factory=list)
    ring: str = ""
    at_first: bool = False

    @property
    def label(self) -> str:
        """How a person finds it: its number, its name, else its line."""
        return self.number or self.name or f"第 {self.line} 行 line {self.line}"


@dataclass
class Corners:
    """A file of plots: their shapes (None where refused), the system its head states, findings."""

    plots: list[Plot]
    shapes: list[shapely.Geometry | None]
    areas_m2: list[float | None]
    crs: str | None
    findings: list[Finding]


def is_corners(text: str) -> bool:
    """Whether a text is a boundary-point file: it has the head of its plots, or lines of plots."""
    lines = [_narrow(line) for line in text[: 1 << 18].splitlines()[:2000]]
    return any(_BEGIN.match(line) for line in lines) or any(
        line.endswith("@") and len(line.split(",")) >= 6 for line in lines
    )


def read_corners(text: str) -> Corners:
    """Read a boundary-point file.

    Raises
    ------
    Refusal
        If there is no plot in it.
    """
    head: dict[str, str] = {}
    plots: list[Plot] = []
    findings: list[Finding] = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        plain = _narrow(line)
        if not plain or _SECTION.match(plain):
            continue
        if _is_plot(plain):
            plots.append(_plot(plain, number))
        elif not plots and (setting := _SETTING.match(plain)):
            head[setting[1].strip()] = setting[2].strip()
        elif not (plots and _add_corner(plots[-1], plain)):
            findings.append(Finding("R550", None, {"measured": number, "detail": plain[:40]}))
    plots = [plot for plot in plots if plot.rings or plot.points]
    return _settled(plots, head, findings)


def _settled(plots: list[Plot], head: Mapping[str, str], findings: list[Finding]) -> Corners:
    """Make the shapes of plots, once the order of coordinates and the unit of areas are told."""
    if not plots:
        raise Refusal("R412", detail="没有地块 no plots")
    swapped = _settle_order(plots)
    if swapped:
        findings.append(Finding("R551", None, {}))
    unit = _unit_of(plots)
    shapes, areas = [], []
    for row, plot in enumerate(plots):
        shape, area, found = _shape(plot, plot.unit or unit, row)
        shapes.append(shape)
        areas.append(area)
        findings += found
    if unit not in {None, "m2"}:
        findings.append(Finding("R552", None, {"detail": unit}))
    return Corners(plots, shapes, areas, _crs(head, plots), findings)


def _narrow(line: str) -> str:
    text = unicodedata.normalize("NFKC", line.replace("\ufeff", "")).strip().strip("\x00")
    return re.sub(r"\s*[,，]\s*", ",", text.replace('"', ""))


def _is_plot(line: str) -> bool:
    """Whether a line begins a plot: it ends in @, or names a kind of shape behind counts."""
    if line.rstrip(",").endswith("@"):
        return True
    cells = line.split(",")
    return len(cells) >= 6 and cells[0].isdigit() and bool(_KINDS & set(cells[3:]))


def _plot(line: str, number: int) -> Plot:
    """Read the line of a plot; the word 点, 线 or 面 in it tells which cell is which."""
    cells = [cell.strip() for cell in line.rstrip(",").rstrip("@").rstrip(",").split(",")]
    middle = next((k for k, cell in enumerate(cells) if cell in _KINDS), None)
    before = cells if middle is None else cells[:middle]
    after = [] if middle is None else cells[middle + 1 :]
    before, after = [*before, *[""] * 4], [*after, *[""] * 3]
    found = _AREA.match(before[1])
    digits = len(found[1].partition(".")[2]) if found else 0
    return Plot(
        number,
        int(before[0]) if before[0].isdigit() else None,
        float(found[1]) if found else None,
        digits,
        _NAMED_UNITS.get((found[2] or "").lower()) if found else None,
        before[2],
        before[3],
        "面" if middle is None or cells[middle] == "多边形" else cells[middle],
        after[0],
        after[1],
        after[2],
    )


def _add_corner(plot: Plot, line: str) -> bool:
    """Add a corner to the ring it belongs to; a ring that has come back to its start is closed."""
    cells = [
        re.sub(r"^[XY]=", "", cell, flags=re.IGNORECASE) for cell in re.split(r"[,;\t ]+", line)
    ]
    sizes = [abs(float(cell)) if _NUMBER.match(cell) else -1.0 for cell in cells]
    y = max(range(1, len(cells)), key=lambda k: min(sizes[k - 1], sizes[k]), default=0)
    if y == 0 or min(sizes[y - 1], sizes[y]) < 0:
        return False  # not two numbers beside each other
    ring = cells[y - 2] if y >= 3 else ""
    again = y >= 2 and bool(_FIRST_POINT.match(cells[0]))
    _add_point(
        plot, ring, (float(cells[y]), float(cells[y - 1])), first=again and not plot.at_first
    )
    plot.at_first = again
    return True


def _add_point(plot: Plot, ring: str, point: tuple[float, float], *, first: bool = False) -> None:
    """Add a point; a `first` one, by its number, begins a ring unless it closes the one there is."""
    last = plot.rings[-1] if plot.rings else None
    begins = last is not None and first and len(last) > 2 and point != last[0]
    if last is None or plot.ring != ring or begins or (len(last) > 3 and last[0] == last[-1]):
        plot.rings.append([point])
    elif last[-1] != point:
        last.append(point)
    plot.ring = ring


def _points(plots: Iterable[Plot]) -> Iterator[tuple[float, float]]:
    for plot in plots:
        for ring in plot.rings:
            yield from ring


def _settle_order(plots: list[Plot]) -> bool:
    """See that eastings stand first in every pair; return whether the file had them so."""
    values = np.array(list(_points(plots))).reshape(-1, 2)
    if not len(values):
        return False
    first, second = np.median(np.abs(values), axis=0)  # as read: Y (east), X (north)
    degrees = max(first, second) < 180
    turned = second > first if degrees else _eastlike(second) and not _eastlike(first)
    if turned:
        for plot in plots:
            plot.rings = [[(north, east) for east, north in ring] for ring in plot.rings]
    return bool(turned)


def _eastlike(value: float) -> bool:
    """Whether a number is an easting: metres about 500 km, perhaps behind a number of a belt."""
    return 1e5 < value < 9e5 or (13 <= value // 1e6 <= 45 and 1e5 < value % 1e6 < 9e5)


# --- rings ---------------------------------------------------------------------------------------


def _signed(ring: list[tuple[float, float]]) -> float:
    x, y = np.array(ring).T
    x, y = x - x[0], y - y[0]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _shape(
    plot: Plot, unit: str | None, row: int
) -> tuple[shapely.Geometry | None, float | None, list[Finding]]:
    """Make the shape of a plot; where the area stated fits none that its rings can mean, refuse."""
    said = None if plot.stated is None or unit is None else plot.stated * UNITS_M2[unit]
    if plot.kind == "点" and plot.rings:
        return shapely.MultiPoint(list(_points([plot]))), said, []
    if plot.kind == "线" and plot.rings:
        lines = [ring for ring in plot.rings if len(ring) > 1]
        return (shapely.MultiLineString(lines) if lines else None), said, []
    words = {"feature": plot.label, "limit": said}
    short = [ring for ring in plot.rings if len(set(ring)) < 3]
    if short or not plot.rings:
        detail = f"{len(short[0]) if short else 0} 个点 corners"
        return None, said, [Finding("R553", row, {"feature": plot.label, "detail": detail})]
    meant = _meanings(plot)
    if not meant:
        detail = "各圈相交 rings cross"
        return None, said, [Finding("R553", row, {"feature": plot.label, "detail": detail})]
    if not said:
        if abs(meant[0].area_m2 - meant[-1].area_m2) > LEAST_ROOM_M2:
            return None, None, [Finding("R553", row, {"feature": plot.label, "detail": "圈 rings"})]
        return meant[0].shape, None, []
    best = min(meant, key=lambda one: abs(one.area_m2 - said))
    if not _fits(best.area_m2, plot, said):
        return None, said, [Finding("R549", row, words | {"measured": best.area_m2})]
    found = []
    there = sum(len(ring) for ring in plot.rings)
    closed = sum(ring[0] == ring[-1] for ring in plot.rings)
    if plot.points is not None and not there - closed <= plot.points <= there + len(plot.rings):
        count = {"feature": plot.label, "measured": there, "limit": plot.points}
        found.append(Finding("R554", None, count))
    return best.shape, said, found


def _fits(area_m2: float, plot: Plot, said_m2: float) -> bool:
    """Whether an area is the one stated, up to the rounding of both."""
    assert plot.stated is not None
    half_digit = 0.505 * 10.0**-plot.digits * said_m2 / plot.stated if plot.stated else 0.0
    return abs(area_m2 - said_m2) <= max(LEAST_ROOM_M2, half_digit, RELATIVE * area_m2)


@dataclass(frozen=True)
class Meaning:
    """What the rings of a plot can mean: a shape, and the area they enclose so."""

    shape: shapely.Geometry
    area_m2: float


def _meanings(plot: Plot) -> list[Meaning]:
    """Return what the rings of a plot can mean: by orientation, and by which lies in which."""
    if not plot.rings or any(len(set(ring)) < 3 for ring in plot.rings):
        return []
    signed = [_signed(ring) for ring in plot.rings]
    sizes = [abs(value) for value in signed]
    way = math.copysign(1, max(signed, key=abs))
    rings = [shapely.Polygon(ring) for ring in plot.rings]
    made = [_with_holes(rings, sizes, [value * way <= 0 for value in signed])]
    if all(ring.is_valid for ring in rings):
        made.append(_with_holes(rings, sizes, _depths_odd(rings, sizes)))
    return [meaning for meaning in made if meaning is not None]


def _depths_odd(rings: list[shapely.Polygon], sizes: list[float]) -> list[bool]:
    """For each ring, whether it lies in an odd number of others."""
    return [
        sum(
            sizes[k] > sizes[number] and other.contains(ring.representative_point())
            for k, other in enumerate(rings)
        )
        % 2
        == 1
        for number, ring in enumerate(rings)
    ]


def nested(rings: list[list[tuple[float, ...]]]) -> shapely.Geometry | None:
    """Return what rings enclose of which some lie in others; None where one crosses itself."""
    made = [shapely.Polygon(ring) for ring in rings]
    if not all(one.is_valid for one in made):
        return None
    sizes = [abs(_signed([corner[:2] for corner in ring])) for ring in rings]  # type: ignore[misc]
    meant = _with_holes(made, sizes, _depths_odd(made, sizes))
    return None if meant is None else meant.shape


def _with_holes(
    rings: list[shapely.Polygon], sizes: list[float], is_hole: list[bool]
) -> Meaning | None:
    """Cut holes out of the smallest outline that holds each; None where one lies in no outline."""
    outer = [k for k, hole in enumerate(is_hole) if not hole]
    holes: dict[int, list[int]] = {k: [] for k in outer}
    for number in (k for k, hole in enumerate(is_hole) if hole):
        place = rings[number].representative_point() if rings[number].is_valid else None
        held = [
            k for k in outer if place is not None and rings[k].is_valid and rings[k].contains(place)
        ]
        if not held:
            return None
        holes[min(held, key=lambda k: sizes[k])].append(number)
    parts = [
        shapely.Polygon(rings[k].exterior.coords, [rings[h].exterior.coords for h in holes[k]])
        for k in outer
    ]
    within = sum(sizes[h] for held in holes.values() for h in held)
    shape = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return Meaning(shape, sum(sizes[k] for k in outer) - within)


def _unit_of(plots: list[Plot]) -> str | None:
    """Return the unit in which the areas stated fit the rings of most plots; else the nearest."""
    fit, near = Counter[str](), Counter[str]()
    for plot in plots:
        if not plot.stated or plot.unit is not None or plot.kind != "面" or not plot.rings:
            continue
        area = max((one.area_m2 for one in _meanings(plot)), default=0.0)
        if area <= 0:
            continue
        stated = {unit: plot.stated * factor for unit, factor in UNITS_M2.items()}
        near[min(stated, key=lambda unit: abs(math.log(area / stated[unit])))] += 1
        fit.update(
            unit
            for unit, said in stated.items()
            if any(_fits(one.area_m2, plot, said) for one in _meanings(plot))
        )
    best = fit.most_common(1) or near.most_common(1)
    return best[0][0] if best else None


# --- lists of corners -----------------------------------------------------------------------------

_POINT_NAMES = {"点号", "界址点号", "界址点", "界址点编号", "拐点", "拐点号", "拐点编号", "折点", "折点号",
                "顶点", "顶点号", "点名", "点编号", "点序", "点序号", "桩号"}  # fmt: skip
_NUMBER_NAMES = {"序号", "编号", "no", "id", "fid", "number"}
_RING_NAMES = {"圈号", "环号", "圈", "环", "ring"}
_PLOT_NAMES = {"宗地代码", "宗地号", "宗地编号", "宗地", "zddm", "地块编号", "地块号", "dkbh", "地块", "图斑编号",
               "tbbh", "地块名称", "dkmc", "宗地名称", "项目名称", "地块代码", "所属地块", "所属宗地"}  # fmt: skip
_BESIDE = {"边长", "界址边长", "界线边长", "距离", "备注", "说明", "bz", "高程", "h", "z", "方位角", "界址线类型",
           "界标类型", "界址线位置"}  # fmt: skip
_SIDES = {
    "north": r"x|纵坐标x?|x?纵坐标|北坐标|north(ing)?|n|坐标x|x坐标|直角坐标x",
    "east": r"y|横坐标y?|y?横坐标|东坐标|east(ing)?|e|坐标y|y坐标|直角坐标y",
    "longitude": r"经度|东经|大地经度|lon|lng|long|longitude|l|坐标经度|经度坐标",
    "latitude": r"纬度|北纬|大地纬度|lat|latitude|b|坐标纬度|纬度坐标",
}
_DEGREES = re.compile(
    r"^[EN东北]?(?:经|纬)?(\d{1,3})[°度](\d{1,2})[′'分](\d{1,2}(?:\.\d+)?)[″\"”秒′']*[EN]?$"
)
LEAST_CORNERS = 3


@dataclass(frozen=True)
class CornerList:
    """Which columns of a table are corners: where they lie, and of which plot and ring they are."""

    east: str
    north: str
    point: str | None
    plot: str | None
    ring: str | None
    beside: tuple[str, ...]


def _bare(name: str) -> str:
    text = unicodedata.normalize("NFKC", str(name)).casefold()
    text = re.sub(r"\((m|米|°|度|单位.*)\)", "", text)
    return re.sub(r"[\s_\-.:：()]+", "", text)


def corner_list(table: pd.DataFrame) -> CornerList | None:
    """Return which columns of a table are corners of outlines; None if it is no such list.

    It is one if it has two columns of coordinates and a number of corners, or nothing besides but
    running numbers. A list of places, with names or facts of each, is none.
    """
    plain = {column: _bare(column) for column in table.columns}
    side = {
        key: next((c for c, name in plain.items() if re.fullmatch(pattern, name)), None)
        for key, pattern in _SIDES.items()
    }
    east, north = side["longitude"] or side["east"], side["latitude"] or side["north"]
    if east is None or north is None:
        return None

    def named(names: set[str]) -> str | None:
        return next((c for c, name in plain.items() if name in names), None)

    point, plot, ring = named(_POINT_NAMES), named(_PLOT_NAMES), named(_RING_NAMES)
    number = named(_NUMBER_NAMES)
    if point is not None and plot is None and number is not None:
        numbers = table[number].dropna()
        plot = number if numbers.duplicated().any() or len(numbers) < len(table) else None
    known = {east, north, point, plot, ring, number, *side.values()}
    rest = tuple(c for c in table.columns if c not in known)
    strange = [c for c in rest if plain[c] not in _BESIDE and table[c].notna().any()]
    if point is None and (strange or not _running(table, number, plot)):
        return None
    corners = sum(_coordinate(value) is not None for value in table[east])
    if corners < LEAST_CORNERS:
        return None
    return CornerList(east, north, point or number, plot, ring, tuple(strange))


def _running(table: pd.DataFrame, number: str | None, plot: str | None) -> bool:
    """Whether the numbers of rows merely count (1, 2, … or J1, J2, …), anew for each plot perhaps."""
    if number is None:
        return True
    values = [re.sub(r"^[A-Za-z]{1,2}", "", str(v).strip()) for v in table[number].dropna()]
    if not all(v.isdecimal() for v in values):
        return False
    steps = {int(b) - int(a) for a, b in itertools.pairwise(values)}
    counts = [int(v) for v in values]
    return plot is not None or steps <= {1} or (min(counts, default=0) <= 1 and 1 in steps)


def _coordinate(value: object) -> float | None:
    """Return a coordinate: a number, or degrees, minutes and seconds."""
    if not isinstance(value, str):
        return None
    text = unicodedata.normalize("NFKC", value).strip().replace(",", "")
    if _NUMBER.match(text):
        return float(text)
    found = _DEGREES.match(re.sub(r"\s+", "", text))
    return float(found[1]) + float(found[2]) / 60 + float(found[3]) / 3600 if found else None


def read_corner_list(table: pd.DataFrame, columns: CornerList) -> Corners:
    """Make plots of a table of corners.

    A plot is told by its column, which may stand in its first row alone; without one each ring
    that comes back to its start is a plot, and so is what begins anew with the first number.
    """
    findings: list[Finding] = []
    plots: list[Plot] = []
    label, numbers = "", set[str]()
    labels = [""] * len(table) if columns.plot is None else table[columns.plot].ffill().tolist()
    for row in range(len(table)):
        cells = table.iloc[row]
        pair = _coordinate(cells[columns.east]), _coordinate(cells[columns.north])
        if pair[0] is None or pair[1] is None:
            if pd.notna(cells[columns.east]) or pd.notna(cells[columns.north]):
                detail = f"{cells[columns.east]}, {cells[columns.north]}"[:40]
                findings.append(Finding("R550", None, {"measured": row + 1, "detail": detail}))
            continue
        name = labels[row] if isinstance(labels[row], str) else ""
        point = str(cells[columns.point]).strip() if columns.point is not None else ""
        ring = str(cells[columns.ring]) if columns.ring is not None else ""
        last = plots[-1].rings[-1] if plots else []
        done = len(last) > 3 and last[0] == last[-1]
        anew = columns.plot is None and columns.ring is None and (done or point in numbers)
        closing = bool(last) and not done and len(last) > 2 and (pair[0], pair[1]) == last[0]
        if not plots or name != label or (anew and not closing):
            number = name or str(len(plots) + 1)
            plots.append(Plot(row + 1, None, None, 0, None, number, "", "面", "", "", ""))
            label, numbers = name, set()
        numbers.add(point)
        if not point:
            numbers.discard(point)
        _add_point(plots[-1], ring, (pair[0], pair[1]))
    return _settled(plots, {}, findings)


# --- the system ----------------------------------------------------------------------------------


def _crs(head: Mapping[str, str], plots: list[Plot]) -> str | None:
    """Return the system that the head states, by its datum, the width and the number of the belt."""
    values = np.array(list(_points(plots))).reshape(-1, 2)
    if not len(values):
        return None
    east = float(np.median(values[:, 0]))
    told = next((v for k, v in head.items() if "坐标系" in k), "")
    datum = next((d for d in ("2000", "80", "54") if d in told), None)
    if east < 180:
        return "EPSG:4490" if datum == "2000" else None
    wide = _number(head, "分带") or 3
    belt = int(east // 1e6) or _number(head, "带号")
    if datum is None or wide not in {3, 6} or not belt or belt < _FIRST_BELT[wide]:
        return None
    code = _FIRST_CODE[datum, wide][east < 1e6] + belt - _FIRST_BELT[wide]
    return f"EPSG:{code}"


def _number(head: Mapping[str, str], word: str) -> int | None:
    """Return the number of a setting; the width of a belt may be written 3, 3度带, 三度."""
    told = next((v for k, v in head.items() if word in k), "")
    found = re.search(r"\d+", told.replace("三", "3").replace("六", "6"))
    return int(found[0]) if found else None


# --- out -----------------------------------------------------------------------------------------


def written_corners(
    shapes: Iterable[shapely.Geometry], labels: Iterable[Mapping[str, str]], belt: int, degrees: int
) -> str:
    """Return plots as the text of a boundary-point file, areas in hectares, corners to 1 mm.

    Parameters
    ----------
    shapes
        Polygons in a belt of CGCS2000, its number before the eastings or not.
    labels
        For each its ``number``, ``name``, ``use`` and ``code``.
    belt, degrees
        The number of the belt, and how wide it is: 3 or 6.
    """
    head = {
        "格式版本号": "1.01版本", "数据产生单位": "", "数据产生日期": "",
        "坐标系": "2000国家大地坐标系", "几度分带": str(degrees), "投影类型": "高斯克吕格", "计量单位": "米",
        "带号": str(belt), "精度": "0.001", "转换参数": ",,,,,,",
    }  # fmt: skip
    lines = ["[属性描述]", *(f"{key}={value}" for key, value in head.items()), "[地块坐标]"]
    for shape, label in zip(shapes, labels, strict=True):
        rings = rings_out(shape)
        size = -sum(_signed(ring.corners[:-1]) for ring in rings) / UNITS_M2["ha"]
        cells = [str(sum(len(ring.corners) for ring in rings)), f"{size:.4f}"]
        cells += [_cell(label[key]) for key in ("number", "name")]
        cells += ["面", "", _cell(label["use"]), _cell(label["code"]), "@"]
        lines.append(",".join(cells))
        for ring in rings:
            for name, (east, north) in zip(ring.names, ring.corners, strict=True):
                lines.append(f"{name},{ring.number},{north:.3f},{east:.3f}")
    return "\r\n".join([*lines, ""])


@dataclass(frozen=True)
class Ring:
    """A ring as it is written: its number, its corners as easting and northing, and their names."""

    number: int
    corners: list[tuple[float, float]]
    names: list[str]


def rings_out(shape: shapely.Geometry) -> list[Ring]:
    """Return the rings of a polygon, outlines clockwise and holes against; the first corner again last."""
    found: list[Ring] = []
    count = 0
    for part in shapely.get_parts(shapely.force_2d(shape)):
        for k, ring in enumerate(shapely.get_rings(part)):
            corners = list(ring.coords)
            turned = (_signed(corners[:-1]) < 0) == (k == 0)
            names = [f"J{count + 1 + n}" for n in range(len(corners) - 1)]
            found.append(
                Ring(len(found) + 1, corners if turned else corners[::-1], [*names, names[0]])
            )
            count += len(names)
    return found


def _cell(text: str) -> str:
    """Return a text that stands in one cell of one line."""
    return re.sub(r"[,，@\s\x00-\x1f]+", " ", text).strip()

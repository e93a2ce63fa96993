"""What coordinates say about their reference system, and whether it is what was declared.

Nothing is settled here in silence. The numbers narrow down what a system may be; a contradiction
with the declaration stops the file, and the sentence names the likely systems.
"""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from .layer import Expected

__all__ = [
    "CHINA",
    "NamesFile",
    "Position",
    "apart_km",
    "by_boxes",
    "by_place",
    "implied",
    "in_china",
    "judge",
    "lonlat_of",
    "other_belt_form",
    "parse_crs",
    "rule_of",
    "unknown_shift",
]

CHINA = (73.0, 3.0, 136.0, 54.5)
"""West, south, east, north of the country with its seas, in degrees."""

Point = tuple[float, float]

# Rough boxes of the provinces by the first two digits of their codes (GB/T 2260), in degrees.
PROVINCES: dict[str, tuple[str, float, float, float, float]] = {
    "11": ("北京", 115.4, 39.4, 117.5, 41.1), "12": ("天津", 116.7, 38.5, 118.1, 40.3),
    "13": ("河北", 113.4, 36.0, 119.9, 42.7), "14": ("山西", 110.2, 34.5, 114.6, 40.8),
    "15": ("内蒙古", 97.1, 37.4, 126.1, 53.4), "21": ("辽宁", 118.8, 38.7, 125.8, 43.5),
    "22": ("吉林", 121.6, 40.8, 131.4, 46.4), "23": ("黑龙江", 121.1, 43.4, 135.1, 53.6),
    "31": ("上海", 120.8, 30.6, 122.3, 31.9), "32": ("江苏", 116.3, 30.7, 122.0, 35.2),
    "33": ("浙江", 118.0, 27.0, 123.2, 31.3), "34": ("安徽", 114.8, 29.3, 119.7, 34.7),
    "35": ("福建", 115.8, 23.5, 120.8, 28.4), "36": ("江西", 113.5, 24.4, 118.5, 30.1),
    "37": ("山东", 114.7, 34.3, 122.8, 38.5), "41": ("河南", 110.3, 31.3, 116.7, 36.4),
    "42": ("湖北", 108.3, 29.0, 116.2, 33.3), "43": ("湖南", 108.7, 24.6, 114.3, 30.2),
    "44": ("广东", 109.6, 20.1, 117.4, 25.6), "45": ("广西", 104.4, 20.8, 112.1, 26.4),
    "46": ("海南", 108.5, 3.5, 117.9, 20.3), "50": ("重庆", 105.2, 28.1, 110.2, 32.3),
    "51": ("四川", 97.3, 26.0, 108.6, 34.4), "52": ("贵州", 103.5, 24.6, 109.6, 29.3),
    "53": ("云南", 97.5, 21.1, 106.2, 29.3), "54": ("西藏", 78.3, 26.8, 99.2, 36.5),
    "61": ("陕西", 105.4, 31.7, 111.3, 39.6), "62": ("甘肃", 92.3, 32.5, 108.8, 42.9),
    "63": ("青海", 89.4, 31.5, 103.1, 39.3), "64": ("宁夏", 104.2, 35.2, 107.7, 39.4),
    "65": ("新疆", 73.4, 34.3, 96.4, 49.2), "71": ("台湾", 119.3, 21.8, 122.1, 25.4),
    "81": ("香港", 113.8, 22.1, 114.5, 22.6), "82": ("澳门", 113.5, 22.1, 113.7, 22.3),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Position:
    """What became of judging: a rule that stops or warns, and the words of its sentence."""

    rule: str | None
    words: dict[str, Any]
    lonlat: Point | None = None


class NamesFile(ValueError):  # noqa: N818 - it is a verdict
    """A description of a reference system that names a file, such as a grid of shifts."""


def rule_of(problem: ValueError) -> str:
    """Return the rule that says why :func:`parse_crs` took a text for no system."""
    return "R119" if isinstance(problem, NamesFile) else "R102"


_MOST_TEXT = 200_000
_CODE = re.compile(r"^(EPSG|ESRI|OGC|CRS):\w+$", re.IGNORECASE)
_URN = re.compile(r"^urn:ogc:def:crs:(\w+):[\w.]*:(\w+)$", re.IGNORECASE)
_PROJ_WORD = re.compile(r"^\+?(\w+)(?:=([\w.,+-]+|@null))?$")
_PROJ_KEYS = frozenset(
    [
        "proj",
        "lat_0",
        "lon_0",
        "lat_1",
        "lat_2",
        "lat_ts",
        "lonc",
        "alpha",
        "gamma",
        "k",
        "k_0",
        "x_0",
        "y_0",
        "a",
        "b",
        "rf",
        "f",
        "R",
        "ellps",
        "datum",
        "towgs84",
        "units",
        "to_meter",
        "vunits",
        "vto_meter",
        "pm",
        "zone",
        "south",
        "axis",
        "type",
        "no_defs",
        "wktext",
        "over",
        "no_uoff",
        "approx",
        "nadgrids",
    ]
)
_PROJ_DATUMS = {"WGS84", "NAD83"}  # others bring grids of their own
_EXTENSION = re.compile(r"""\bEXTENSION\s*[\[(]\s*"PROJ4"\s*,\s*"([^"]*)"\s*[\])]""", re.IGNORECASE)
_FILE_IN_WKT = re.compile(
    r"PARAMETERFILE|\bEXTENSION\b|GRIDS?\s*=|_GRIDS|PROJ-BASED|\+PROJ|PIPELINE|GRIDSHIFT|DEFMODEL"
    r"|TINSHIFT",
    re.IGNORECASE,
)


def parse_crs(text: str | None) -> CRS | None:
    """Return the system a text describes; only descriptions, never names of files or addresses.

    Raises
    ------
    NamesFile
        If it wants to be computed with a file.
    ValueError
        If the text is not one.
    """
    if text is None or not text.strip():
        return None
    text = text.strip().strip("\x00").strip("\ufeff").strip()
    if len(text) > _MOST_TEXT:
        raise ValueError(text[:60])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            crs = _described(text)
            if crs is not None and not _CODE.match(text):
                _refuse_files_of(crs.to_json_dict())
    except (CRSError, ProjError, json.JSONDecodeError, RecursionError) as problem:
        raise ValueError(str(problem).splitlines()[0][:120]) from problem
    if crs is None:
        raise ValueError(text[:60])
    return crs


def _described(text: str) -> CRS | None:
    if text.startswith("{"):
        _refuse_files_of(json.loads(text))
        return CRS.from_json(text)
    if text.startswith("+proj"):
        _refuse_files_in_words(text)
        return CRS.from_proj4(text)
    if _CODE.match(text):
        return CRS.from_user_input(text)
    if re.match(r"^\d{4,6}$", text):
        return CRS.from_epsg(int(text))
    if (urn := _URN.match(text)) and _CODE.match(code := f"{urn[1]}:{urn[2]}"):
        return CRS.from_user_input(code)
    if re.match(r"^[A-Za-z_]+\s*\[", text):
        for words in _EXTENSION.findall(text):
            _refuse_files_in_words(words)
        if found := _FILE_IN_WKT.search(_EXTENSION.sub("", text)):
            raise NamesFile(_near(text, found[0]))
        return CRS.from_wkt(text)
    return None


def _near(text: str, word: str) -> str:
    """The place in a text at which a word stands."""
    place = text.find(word)
    return " ".join(text[max(0, place - 10) : place + 50].split())


def _refuse_files_in_words(text: str) -> None:
    """Refuse a string of PROJ unless every word of it is known to name no file."""
    for word in text.split():
        found = _PROJ_WORD.match(word)
        key, value = (found[1], found[2]) if found else ("", None)
        if (
            key not in _PROJ_KEYS
            or (value == "@null") != (key == "nadgrids")
            or (key == "datum" and value not in _PROJ_DATUMS)
        ):
            raise NamesFile(word[:60])


def _refuse_files_of(described: Any) -> None:
    """Refuse a described system one of whose parameters is a text: only files are."""
    if isinstance(described, list):
        for entry in described:
            _refuse_files_of(entry)
    elif isinstance(described, dict):
        method = described.get("method")
        name = method.get("name") if isinstance(method, dict) else None
        if isinstance(name, str) and (found := _FILE_IN_WKT.search(name)):
            raise NamesFile(_near(name, found[0]))
        parameters = described.get("parameters")
        for parameter in parameters if isinstance(parameters, list) else ():
            if isinstance(parameter, dict) and isinstance(parameter.get("value"), str):
                raise NamesFile(f"{parameter.get('name')}: {parameter['value']}"[:80])
        for entry in described.values():
            _refuse_files_of(entry)


def lonlat_of(crs: CRS) -> str:
    """Return the code of the degrees that a system is taken to.

    A system that states its shift states it to WGS 84; to CGCS2000, which is the same to well
    below the precision of any outline, PROJ would leave the shift out.
    """
    parts = crs.sub_crs_list if crs.is_compound else [crs]
    return "EPSG:4326" if any(part.is_bound for part in parts) else "EPSG:4490"


def unknown_shift(crs: CRS) -> tuple[str, dict[str, Any]] | None:
    """Return the rule that says how a system's datum is not to be had in CGCS2000, or None."""
    if _older_datum(crs):
        return "R111", {"other": crs.name[:60]}
    base = crs.geodetic_crs
    ellipsoid = base.ellipsoid if base is not None else None
    if ellipsoid is None or lonlat_of(crs) != "EPSG:4490":
        return None
    if abs(ellipsoid.semi_major_metre - 6_378_137.0) < 0.5:
        return None
    detail = f"{ellipsoid.name[:40]} a = {ellipsoid.semi_major_metre:.1f} m"
    return "R120", {"other": crs.name[:60], "detail": detail}


def name_of(crs: CRS) -> str:
    """Return the code of a system where it has one, else its name."""
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else crs.name[:60]


def in_china(point: Point | None) -> bool:
    """Whether a position in degrees lies in the box of the country."""
    if point is None:
        return False
    west, south, east, north = CHINA
    return bool(west <= point[0] <= east and south <= point[1] <= north)


@lru_cache(maxsize=256)
def _to_lonlat(crs: CRS) -> Transformer:
    return Transformer.from_crs(crs, lonlat_of(crs), always_xy=True)


def place_of(crs: CRS, x: float, y: float) -> Point | None:
    """Return longitude and latitude of a coordinate pair, or None if it has none there."""
    try:
        lon, lat = _to_lonlat(crs).transform(x, y)
    except ProjError:
        return None
    return (float(lon), float(lat)) if np.isfinite([lon, lat]).all() else None


def implied(x: float, y: float, hint: Point | None = None) -> list[tuple[str, Point]]:
    """Return the systems in which a coordinate pair would lie in China, likeliest first.

    `hint` is where the data are expected, if that is known; it decides between belts.
    """
    found: list[tuple[str, Point]] = []

    def consider(code: str, a: float, b: float, note: str = "") -> None:
        place = place_of(CRS.from_user_input(code), a, b)
        if in_china(place) and place is not None and (place[1] >= 15 or code == "EPSG:4490"):
            found.append((code + note, place))

    def planes(a: float, b: float, note: str = "") -> None:
        prefix, rest = divmod(a, 1e6)
        if 100_000 <= rest <= 900_000 and 1.6e6 <= b <= 6.1e6:
            if 25 <= prefix <= 45:
                consider(f"EPSG:{4513 + int(prefix) - 25}", a, b, note)
            elif 13 <= prefix <= 23:
                consider(f"EPSG:{4491 + int(prefix) - 13}", a, b, note)
            elif prefix == 0:
                belts = range(75, 136, 3)
                if hint is not None:
                    belts = sorted(belts, key=lambda m: abs(m - hint[0]))[:2]  # type: ignore[assignment]
                for meridian in belts:
                    consider(f"EPSG:{4534 + (meridian - 75) // 3}", a, b, note)

    if abs(x) <= 180 and abs(y) <= 90:
        consider("EPSG:4490", x, y)
    if abs(y) <= 180 and abs(x) <= 90:
        consider("EPSG:4490", y, x, "（经纬度颠倒 swapped）")
    planes(x, y)
    planes(y, x, "（横纵坐标颠倒 swapped）")
    if 8.1e6 <= x <= 15.2e6 and 3.3e5 <= y <= 7.3e6:
        consider("EPSG:3857", x, y)
    return found


def words_of(candidates: list[tuple[str, Point]], x: float, y: float) -> str:
    """Write the likely systems as one text."""
    if not candidates:
        if max(abs(x), abs(y)) < 1.2e6 and max(abs(x), abs(y)) > 400:
            return f"地方独立坐标系 a local grid ({x:.0f}, {y:.0f})"
        return f"({_plain_number(x)}, {_plain_number(y)})"
    codes = [code for code, _ in candidates]
    if len(codes) > 6:
        return f"CGCS2000 高斯-克吕格 3°带无带号 {codes[0]}…{codes[-1]}，北京为 EPSG:4548"
    return "、".join(codes)


def _plain_number(value: float) -> str:
    return f"{value:.0f}" if 1e6 <= abs(value) < 1e15 else f"{value:.6g}"


def _older_datum(crs: CRS) -> bool:
    if crs.is_bound or "towgs84" in crs.to_wkt().lower():
        return False
    told = f"{crs.name} {crs.geodetic_crs.name if crs.geodetic_crs else ''}".lower()
    if crs.datum is not None:
        told += f" {crs.datum.name.lower()}"
    names = ("beijing 1954", "beijing_1954", "xian 1980", "xian_1980", "new beijing", "beijing54",
             "xian80", "北京54", "西安80", "new_beijing")  # fmt: skip
    if any(name in told for name in names):
        return True
    ellipsoid = crs.ellipsoid
    return ellipsoid is not None and (
        abs(ellipsoid.semi_major_metre - 6_378_245.0) < 0.5
        or abs(ellipsoid.semi_major_metre - 6_378_140.0) < 0.5
    )


def _meridian(crs: CRS) -> tuple[float, float] | None:
    """Return central meridian and false easting of a transverse Mercator system."""
    operation = crs.coordinate_operation
    if operation is None or "transverse mercator" not in operation.method_name.lower():
        return None
    values = {p.name.lower(): p.value for p in operation.params}
    meridian = values.get("longitude of natural origin")
    easting = values.get("false easting")
    if not isinstance(meridian, int | float) or not isinstance(easting, int | float):
        return None
    return float(meridian), float(easting)


def other_belt_form(crs: CRS, x: float) -> CRS | None:
    """Return the same belt with, or without, its number before the eastings, if x asks for that.

    The number must be the one of the system's own meridian: 39 for 117° in belts of three
    degrees, 20 for it in belts of six.
    """
    found = _meridian(crs)
    if found is None or "utm" in crs.name.lower():
        return None
    meridian, easting = found
    belts = {round(meridian / 3): meridian / 3, round((meridian + 3) / 6): (meridian + 3) / 6}
    numbers = {number for number, exact in belts.items() if abs(number - exact) < 1e-9}
    prefix = int(x // 1e6)
    if easting == 500_000 and prefix in numbers and 13 <= prefix <= 45:
        wanted = prefix * 1e6 + 500_000
    elif easting - 500_000 in {number * 1e6 for number in numbers} and 1e5 < x < 9e5:
        wanted = 500_000.0
    else:
        return None
    told = crs.to_json_dict()
    for step in told["conversion"]["parameters"]:
        if step["name"] == "False easting":
            step["value"] = wanted
    told.pop("id", None)
    made = CRS.from_json_dict(told | {"name": f"{crs.name}, {prefix or ''}"})
    code = made.to_epsg(min_confidence=25)
    return made if code is None else CRS.from_epsg(code)


def contradiction(crs: CRS) -> str | None:
    """Say how the name of a system contradicts its own parameters, or None."""
    found = _meridian(crs)
    if found is None or "utm" in crs.name.lower():
        return None
    meridian, easting = found
    name = crs.name.replace(" ", "_")
    told = re.search(
        r"CM_?(\d{2,3})(?:\.0)?(?:[_°d](\d{1,2})['′m]?)?E?(?![\d])", name, re.IGNORECASE
    )
    if told and abs(float(told[1]) + float(told[2] or 0) / 60 - meridian) > 0.01:
        return f"{crs.name}: 中央经线 central meridian {meridian:g}"
    zone = re.search(r"(?:zone|带)_?(\d{2})(?!\d)", name, re.IGNORECASE)
    if zone and easting >= 1e6 and int(easting // 1e6) != int(zone[1]):
        return f"{crs.name}: 东偏 false easting {easting:.0f}"
    if zone:
        number = int(zone[1])
        expected = 3 * number if 24 <= number <= 45 else 6 * number - 3
        if abs(expected - meridian) > 0.01:
            return f"{crs.name}: 中央经线 central meridian {meridian:g}"
    return None


def judge(
    crs: CRS | None,
    vertices: NDArray[np.float64],
    *,
    expected: Expected | None = None,
    told: bool = False,
) -> list[Position]:
    """Judge a system against the middle of the data; the first answer that stops comes first.

    Parameters
    ----------
    crs
        The system declared or told; None if there is none.
    vertices
        A sample of the coordinates, finite, as they stand in the file.
    expected
        Where the data should be, if that is known.
    told
        Whether the user said so; what a user says is not held against the numbers' belt.
    """
    x, y = (float(v) for v in np.median(vertices, axis=0))
    likely = implied(x, y, expected.place if expected else None)
    if crs is None:
        return [Position("R101", {"detail": words_of(likely, x, y)})]
    name = name_of(crs)
    if crs.is_engineering or (not crs.is_geographic and not crs.is_projected and not crs.is_bound
                              and not crs.is_compound):  # fmt: skip
        return [Position("R110", {"detail": crs.name[:60], "other": name})]
    if (unknown := unknown_shift(crs)) is not None:
        return [Position(*unknown)]
    if not told and (clash := contradiction(crs)):
        return [Position("R106", {"detail": clash})]
    if (found := _meridian(crs)) and found[1] >= 1e6 and int(x // 1e6) != int(found[1] // 1e6):
        planes = [entry for entry in likely if "3857" not in entry[0]]
        if planes and 13 <= x / 1e6 < 46:
            return [Position("R105", {"other": name, "detail": words_of(planes, x, y)})]
    place = place_of(crs, x, y)
    if (
        place is not None
        and not in_china(place)
        and crs.is_geographic
        and max(abs(x), abs(y)) > 360
    ):
        place = None
    if not in_china(place):
        return [_outside(crs, name, x, y, place, likely)]
    assert place is not None
    answers = []
    if expected is not None:
        away = apart_km(place, expected.place)
        if away > expected.span_km:
            answers.append(Position("R109", {"measured": away, "detail": expected.name}, place))
    answers += _about_belt(crs, name, place)
    if crs.to_epsg() in {3857, 900913, 3785} or "pseudo" in crs.name.lower():
        answers.append(Position("R114", {"other": name}, place))
    return answers or [Position(None, {}, place)]


def _about_belt(crs: CRS, name: str, place: Point) -> list[Position]:
    found = _meridian(crs)
    if found is None or "utm" in crs.name.lower():
        return []
    off = abs(place[0] - found[0])
    if off <= 3.2:
        return []
    return [
        Position("R107", {"measured": off, "limit": found[0], "other": name}, place),
    ]


def _outside(
    crs: CRS, name: str, x: float, y: float, place: Point | None, likely: list[tuple[str, Point]]
) -> Position:
    words = words_of(likely, x, y)
    swapped = place_of(crs, y, x)
    prefix = int(x // 1e6) if crs.is_projected and 13 <= x / 1e6 < 46 else None
    if crs.is_geographic:
        if max(abs(x), abs(y)) <= 360:
            if in_china(swapped) and swapped is not None and swapped[1] >= 15:
                where = f"({swapped[0]:.3f}, {swapped[1]:.3f})"
                return Position("R104", {"other": name, "detail": where})
            return Position("R108", {"other": name, "detail": f"({x:.3f}, {y:.3f})"})
        if not likely and max(abs(x), abs(y)) < 1.2e6:
            return Position("R110", {"detail": f"({x:.0f}, {y:.0f})", "other": name})
        return Position("R103", {"other": name, "detail": words})
    if in_china(swapped) and swapped is not None and swapped[1] >= 15:
        where = f"({swapped[0]:.3f}, {swapped[1]:.3f})"
        return Position("R104", {"other": name, "detail": where})
    if abs(x) <= 180 and abs(y) <= 180 and likely:
        return Position("R103", {"other": name, "detail": words})
    found = _meridian(crs)
    if found is not None and likely:
        has_prefix = found[1] >= 1e6
        if (prefix is not None) != has_prefix or (
            prefix is not None and prefix != int(found[1] // 1e6)
        ):
            planes = [entry for entry in likely if "3857" not in entry[0]]
            return Position("R105", {"other": name, "detail": words_of(planes or likely, x, y)})
    if max(abs(x), abs(y)) < 1.2e6 and crs.is_projected and max(abs(x), abs(y)) > 400:
        return Position("R110", {"detail": f"({x:.0f}, {y:.0f})", "other": name})
    if likely:
        return Position("R103", {"other": name, "detail": words})
    where = "" if place is None else f"({place[0]:.3f}, {place[1]:.3f})"
    return Position("R108", {"other": name, "detail": where or f"({x:.6g}, {y:.6g})"})


_SMALL_DOUBTS = {None, "R107", "R114"}
LEAST_COVERED = 0.5
"""Share of the box of a layer that must lie in that of a file beside it for the two to belong together."""


def by_boxes(
    vertices: NDArray[np.float64], beside: list[tuple[str, tuple[float, ...], str]]
) -> tuple[CRS, str] | None:
    """Return the one system that files state whose boxes hold the coordinates, and a file.

    Parameters
    ----------
    vertices
        Coordinates as they stand in a file that states no system.
    beside
        Files beside it: name, box and the system they state.
    """
    (west, south), (east, north) = vertices.min(axis=0), vertices.max(axis=0)
    size = (east - west) * (north - south)
    found: dict[str, tuple[CRS, str]] = {}
    for name, box, words in beside:
        try:
            crs = parse_crs(words)
        except ValueError:
            continue
        wide = min(east, box[2]) - max(west, box[0])
        high = min(north, box[3]) - max(south, box[1])
        if (
            crs is None
            or size <= 0
            or not (wide > 0 and high > 0 and wide * high >= LEAST_COVERED * size)
        ):
            continue
        crs = other_belt_form(crs, (west + east) / 2) or crs
        if all(answer.rule in _SMALL_DOUBTS for answer in judge(crs, vertices)):
            found.setdefault(name_of(crs), (crs, name))  # a file may contradict its own numbers
    return next(iter(found.values())) if len(found) == 1 else None


def by_place(x: float, y: float, expected: Expected) -> str | None:
    """Return the one plane of CGCS2000 in which a coordinate pair lies where it should."""
    near = [
        code
        for code, place in implied(x, y)
        if code.removeprefix("EPSG:").isdigit() and code not in {"EPSG:4490", "EPSG:3857"}
        and apart_km(place, expected.place) <= expected.span_km
    ]  # fmt: skip
    return near[0] if len(near) == 1 else None


def apart_km(a: Point, b: Point) -> float:
    """Return the rough distance of two positions in degrees."""
    mean = np.radians((a[1] + b[1]) / 2)
    return float(np.hypot((a[0] - b[0]) * np.cos(mean), a[1] - b[1]) * 111.2)


def province_of(codes: list[str]) -> tuple[str, Point, float] | None:
    """Return the province that long land codes name: its name, middle and half width in km.

    Only codes that begin with a division code and are at least 12 digits long are believed.
    """
    long = [c for c in codes if len(c) >= 12 and c[:12].isdigit()]
    if len(long) < 0.9 * len(codes) or not long:
        return None
    firsts = {c[:2] for c in long}
    if len(firsts) != 1 or (first := firsts.pop()) not in PROVINCES:
        return None
    name, west, south, east, north = PROVINCES[first]
    middle = ((west + east) / 2, (south + north) / 2)
    half = apart_km((west, south), (east, north)) / 2
    return name, middle, half

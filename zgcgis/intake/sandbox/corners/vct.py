"""VCT, the exchange format of land-use data bases (GB/T 17798): versions 2.0 and 3.0, as text.

No public file was at hand: what is read is what public exporters and parsers agree on, and what
:func:`written_vct` writes is read again. A text of blocks ``XBegin … XEnd``: head, codes of features,
structure of tables, points, lines, polygons made of lines, attributes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from ...encoding import decode_bytes
from ...layer import Layer, Options, Source
from ...log import Finding, Log, Refusal
from ..format import Staged
from . import nested, rings_out

__all__ = ["CODES", "Drawn", "Table", "read_layers", "read_vct", "written_vct"]

MOST_BYTES = 1 << 29

_KINDS = {"Point", "Line", "Polygon", "Solid", "Annotation"}
_BLOCKS = _KINDS | {"Head", "FeatureCode", "TableStructure", "Attribute", "Topology", "Style"}
_MARKS = ("LANDUSE-VCT", "CNSDTF-VCT", "LANDUSE.VCT", "CADASTRE.VCT", "LANDUSE-DAT")
_NUMBER = re.compile(r"^[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?$")
_COUNT = re.compile(r"^\d{1,9}$")
_WHOLE = re.compile(r"^[+-]?\d{1,15}$")
_SHARED_M = 1e-3
_POLYLINE, _BY_LINES, _BY_POINTS = "11", "21", "11"

Point = tuple[float, float]


@dataclass
class Table:
    """A table of a file: its features by their ids, with what is said of each and their shapes."""

    name: str
    kind: str
    fields: list[str]
    values: pd.DataFrame
    shapes: list[shapely.Geometry | None] | None
    findings: list[Finding]


@dataclass
class Drawn:
    """What a file holds: its tables, the system that its head states, what is said of it."""

    tables: list[Table]
    crs: str | None
    findings: list[Finding]


@dataclass
class _Block:
    """The lines of a block, read one after another."""

    name: str
    first: int
    lines: list[str]
    place: int = 0

    @property
    def more(self) -> bool:
        return self.place < len(self.lines)

    def take(self, what: str, form: re.Pattern[str] | None = None) -> str:
        """Read the next line; one that is missing or of another form is damage."""
        if not self.more:
            raise self.damage(f"缺少 {what} missing")
        line = self.lines[self.place].strip()
        if form is not None and not form.match(line):
            raise self.damage(f"{what}: {line[:40]!r}")
        self.place += 1
        return line

    def damage(self, what: str) -> Refusal:
        line = self.first + self.place
        return Refusal("R405", detail=f"VCT：第 {line} 行 line {line}（{self.name}）: {what}"[:200])

    def point(self) -> Point:
        cells = self.take("x,y").split(",")
        if len(cells) < 2 or not all(_NUMBER.match(cell.strip()) for cell in cells[:2]):
            self.place -= 1
            raise self.damage(f"x,y: {','.join(cells)[:40]!r}")
        x, y = float(cells[0]), float(cells[1])
        if not (math.isfinite(x) and math.isfinite(y)):
            raise self.damage("x,y")
        return x, y

    def points(self) -> list[Point]:
        """Read as many points as the line before them says; never more than there are lines."""
        number = int(self.take("点数 number of points", _COUNT))
        if number > len(self.lines) - self.place:
            raise self.damage(f"点数 number of points: {number}")
        return [self.point() for _ in range(number)]


def read_vct(text: str) -> Drawn:
    """Read a VCT file of version 2.0 or 3.0.

    Raises
    ------
    Refusal
        If it is none, or damaged: with the line, what was found there and what was expected.
    """
    blocks = _blocks(text)
    head = _settings(blocks["Head"]) if "Head" in blocks else {}
    mark = head.get("DataMark", "")
    if not mark.upper().startswith(_MARKS):
        raise Refusal("R405", detail=f"VCT: DataMark {mark[:40]!r}, LANDUSE-VCT、CNSDTF-VCT")
    if head.get("Version", "").startswith("1"):
        raise Refusal("R405", detail="VCT 1.0；可读的是 2.0 和 3.0 versions 2.0 and 3.0 are read")
    kinds = _codes(blocks.get("FeatureCode"))
    structure = _structure(blocks.get("TableStructure"))
    lines, line_ids = _lines(blocks.get("Line"))
    sides: set[str] = set()
    polygons = _polygons(blocks.get("Polygon"), lines, sides)
    told = set(blocks["Attribute"].lines) if "Attribute" in blocks else set()
    alone = {
        name: (code, shapely.LineString(lines[name]) if len(lines[name]) > 1 else None)
        for name, code in line_ids.items()
        if name not in sides or kinds.get(code, ("", ""))[1] in told
    }
    shapes: dict[str, dict[str, tuple[str, shapely.Geometry | None]]] = {
        "Line": alone,
        "Polygon": polygons,
        "Point": _point_features(blocks.get("Point")),
    }
    tables = _tables(blocks.get("Attribute"), structure, kinds, shapes)
    left = [f"{name} × {len(blocks[name].lines)}" for name in ("Annotation", "Solid", "Topology")
            if name in blocks and blocks[name].lines]  # fmt: skip
    findings = [Finding("R417", None, {"detail": "、".join(left)})] if left else []
    return Drawn(tables, _system(head), findings)


def read_layers(one: Staged, _: Path, options: Options) -> list[Layer]:
    """Read a file that was let in: a layer for each table that has features or rows."""
    if one.size > MOST_BYTES:
        raise Refusal("R442")
    answer = decode_bytes(one.path.read_bytes(), forced=options.encoding)
    if answer is None:
        raise Refusal("R203", detail="GB 18030, UTF-8")
    text, found = answer
    drawn = read_vct(text)
    for said in drawn.findings:
        one.add(said.rule, **said.words)
    names = [table.name for table in drawn.tables]
    if options.layer is not None and options.layer not in names:
        raise Refusal("R413", other=options.layer, detail="、".join(names[:20]))
    layers = []
    for table in drawn.tables:
        if options.layer not in {None, table.name}:
            continue
        log = Log(len(table.values), options.accept)
        for finding in table.findings:
            log.add(finding.rule, finding.row, **finding.words)
        shapes = (
            None if table.shapes is None else np.array([None, *table.shapes], dtype="object")[1:]
        )
        source = Source(
            file=one.source.stem, encoding=found.name, crs=drawn.crs, table=shapes is None
        )
        layers.append(Layer(table.name, table.values, shapes, log, source))
    if not layers:
        raise Refusal("R412", detail="没有图层 no layers")
    return layers


def _blocks(text: str) -> dict[str, _Block]:
    """Cut a text into its blocks; a line outside of them, or a block without an end, is damage."""
    found: dict[str, _Block] = {}
    held: _Block | None = None
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")), start=1):
        plain = line.strip()
        if held is not None and plain == f"{held.name}End":
            held = None
        elif held is not None:
            if plain:
                held.lines.append(plain)
        elif plain.endswith("Begin") and (name := plain.removesuffix("Begin")) in _BLOCKS:
            if name in found:
                raise Refusal("R405", detail=f"VCT：第 {number} 行 line {number}: {plain} × 2")
            held = found[name] = _Block(name, number + 1, [])
        elif plain:
            detail = f"VCT：第 {number} 行 line {number}: {plain[:40]!r}，应为 expected …Begin"
            raise Refusal("R405", detail=detail)
    if held is not None:
        raise Refusal(
            "R405", detail=f"VCT: {held.name}Begin（第 {held.first - 1} 行 line）, {held.name}End"
        )
    return found


def _settings(block: _Block) -> dict[str, str]:
    pairs = (line.replace("：", ":").partition(":") for line in block.lines)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _codes(block: _Block | None) -> dict[str, tuple[str, str]]:
    """Return by code of a feature its kind and its table."""
    found = {}
    for line in block.lines if block is not None else ():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) < 4 or cells[2] not in _KINDS:
            raise Refusal("R405", detail=f"VCT FeatureCode: {line[:60]!r}")
        found[cells[0]] = (cells[2], cells[3])
    return found


def _structure(block: _Block | None) -> dict[str, list[tuple[str, str]]]:
    """Return by table the names and types of its fields."""
    found: dict[str, list[tuple[str, str]]] = {}
    while block is not None and block.more:
        line = block.take("table")
        if line == "0":
            continue
        name, _, number = line.partition(",")
        if not _COUNT.match(number.strip()) or int(number) > len(block.lines) - block.place:
            raise block.damage(f"TABLE,n: {line[:40]!r}")
        cells = [block.take("field").split(",") for _ in range(int(number))]
        if any(len(one) < 2 for one in cells) or name.strip() in found:
            raise block.damage(f"TABLE {name[:40]}")
        found[name.strip()] = [(one[0].strip(), one[1].strip()) for one in cells]
    return found


def _lines(block: _Block | None) -> tuple[dict[str, list[Point]], dict[str, str]]:
    """Return the points of each line by its id, and the code of each."""
    points: dict[str, list[Point]] = {}
    codes: dict[str, str] = {}
    while block is not None and block.more:
        name, code = _begun(block, points)
        block.take("type", _COUNT)
        made: list[Point] = []
        for _ in range(_segments(block)):
            kind = block.take("segment", _COUNT)
            if kind != _POLYLINE:
                raise block.damage(
                    f"线段类型 kind of segment {kind}，只读折线 11 polylines alone are read"
                )
            part = block.points()
            made += part[1:] if made and part and made[-1] == part[0] else part
        points[name], codes[name] = made, code
        _ended(block)
    return points, codes


def _segments(block: _Block) -> int:
    number = int(block.take("segments", _COUNT))
    if number > len(block.lines):
        raise block.damage(f"segments: {number}")
    return number


def _begun(block: _Block, known: Mapping[str, object]) -> tuple[str, str]:
    """Read the beginning of a feature: its id, its code, its style."""
    name = block.take("id", _WHOLE)
    if name in known:
        block.place -= 1
        raise block.damage(f"id {name} × 2")
    code = block.take("code")
    block.take("style")
    return name, code


def _ended(block: _Block) -> None:
    if block.take("0") != "0":
        block.place -= 1
        raise block.damage("0")


def _point_features(block: _Block | None) -> dict[str, tuple[str, shapely.Geometry | None]]:
    found: dict[str, tuple[str, shapely.Geometry | None]] = {}
    while block is not None and block.more:
        name, code = _begun(block, found)
        block.take("type", _COUNT)
        counted = block.more and _COUNT.match(block.lines[block.place])
        places = block.points() if counted else [block.point()]
        found[name] = (
            code,
            shapely.Point(places[0]) if len(places) == 1 else shapely.MultiPoint(places),
        )
        _ended(block)
    return found


def _polygons(
    block: _Block | None, lines: Mapping[str, list[Point]], sides: set[str]
) -> dict[str, tuple[str, shapely.Geometry | None]]:
    """Return the polygons by their ids, None where their lines enclose no land; name their `sides`."""
    found: dict[str, tuple[str, shapely.Geometry | None]] = {}
    while block is not None and block.more:
        name, code = _begun(block, found)
        block.take("type", _COUNT)
        block.point()  # where its label stands
        kind = block.take("21, 11", _COUNT)
        if kind == _BY_LINES:
            parts = _ids(block)
            sides.update(one.lstrip("+-") for part in parts for one in part)
            rings = [_ring(part, lines, block) for part in parts]
        elif kind == _BY_POINTS:
            rings = [block.points() for _ in range(_segments(block))]
        else:
            raise block.damage(f"21, 11: {kind}")
        _ended(block)
        found[name] = (code, _shape(rings))
    return found


def _ids(block: _Block) -> list[list[str]]:
    """Read the ids of the lines of a polygon, ring by ring; noughts between rings may count or not."""
    number = int(block.take("lines", _COUNT))
    if number > 20 * (len(block.lines) - block.place) + 20:
        raise block.damage(f"lines: {number}")
    parts: list[list[str]] = [[]]
    count = noughts = 0
    while number not in {count, count + noughts} or (
        block.more and block.lines[block.place] != "0"
    ):
        for cell in block.take("ids").split(","):
            if not _WHOLE.match(cell.strip()):
                block.place -= 1
                raise block.damage(f"ids: {cell[:40]!r}")
            if int(cell) == 0:
                noughts += 1
                parts.append([])
            else:
                count += 1
                parts[-1].append(cell.strip())
        if count > number:
            raise block.damage(f"lines: {count}, {number}")
    return [part for part in parts if part]


def _ring(
    part: Sequence[str], lines: Mapping[str, list[Point]], block: _Block
) -> list[Point] | None:
    """Put the lines of a ring together; None where one does not go on from the one before."""
    made: list[Point] = []
    for one in part:
        line = lines.get(one.lstrip("+-"))
        if line is None:
            raise block.damage(f"没有线 no line {one}")
        line = line[::-1] if one.startswith("-") else line
        if made and (not line or math.dist(made[-1], line[0]) > _SHARED_M):
            return None
        made += line[1:] if made else line
    return made if len(made) > 3 and math.dist(made[0], made[-1]) <= _SHARED_M else None


def _shape(rings: list[list[Point] | None]) -> shapely.Geometry | None:
    sound = [ring for ring in rings if ring is not None and len(set(ring)) >= 3]
    if not rings or len(sound) < len(rings):
        return None
    if len(sound) == 1:
        return shapely.Polygon(sound[0])
    return nested([[*ring] for ring in sound])


def _tables(
    block: _Block | None,
    structure: Mapping[str, list[tuple[str, str]]],
    kinds: Mapping[str, tuple[str, str]],
    shapes: Mapping[str, dict[str, tuple[str, shapely.Geometry | None]]],
) -> list[Table]:
    """Join the rows of each table to the shapes of its features; neither is left out."""
    rows = dict(_rows(block, structure)) if block is not None else {}
    of_table: dict[str, tuple[str, dict[str, shapely.Geometry | None]]] = {}
    used = {name for kind, name in kinds.values() if kind in shapes}
    for kind, held in shapes.items():
        for name, (code, shape) in held.items():
            told = kinds.get(code)
            if told is None or told[0] != kind:
                if kind == "Line":
                    continue  # a side of polygons, and no feature
                raise Refusal(
                    "R405", detail=f"VCT {kind} {name}: 没有要素代码 no FeatureCode {code[:40]}"
                )
            of_table.setdefault(told[1], (kind, {}))[1][name] = shape
    made = []
    for name in dict.fromkeys([*rows, *of_table]):
        fields = [one for one, _ in structure.get(name, [])]
        kind, drawn = of_table.get(name, ("", {}))
        cells = rows.get(name, {})
        ids = list(dict.fromkeys([*drawn, *cells]))
        table = pd.DataFrame(
            [cells.get(one, [""] * len(fields)) for one in ids], columns=fields, dtype="str"
        )
        said = [Finding("R553", row, {"feature": one, "detail": "边线不相接 its lines do not join"})
                for row, one in enumerate(ids) if one in drawn and drawn[one] is None]  # fmt: skip
        outlines = [drawn.get(one) for one in ids] if kind or name in used else None
        table = table.where(table != "", None)
        for column, form in structure.get(name, []):
            if form.startswith(("Float", "Int", "Double")):
                table[column] = _numbers(table[column])
        made.append(Table(name, kind, fields, table, outlines, said))
    return made


def _numbers(values: pd.Series) -> pd.Series:
    """Return a column of numbers as such; as it stands where a cell is none."""
    there = values.dropna()
    if not there.map(lambda text: bool(_NUMBER.match(text))).all():
        return values
    return values.map(float, na_action="ignore").astype("float64")


def _rows(
    block: _Block, structure: Mapping[str, list[tuple[str, str]]]
) -> Iterator[tuple[str, dict[str, list[str]]]]:
    while block.more:
        name = block.take("table")
        if name not in structure:
            block.place -= 1
            raise block.damage(f"没有表 no table {name[:40]}")
        wide, rows = len(structure[name]), dict[str, list[str]]()
        while (line := block.take("TableEnd")) != "TableEnd":
            first, *cells = line.split(",")
            if len(cells) != wide or not _WHOLE.match(first.strip()) or first.strip() in rows:
                block.place -= 1
                raise block.damage(f"{name}: {len(cells)} 格 cells, {wide}: {line[:40]!r}")
            rows[first.strip()] = [cell.strip() for cell in cells]
        yield name, rows


def _system(head: Mapping[str, str]) -> str | None:
    """Return the system that the head states: degrees, or a belt of CGCS2000."""
    if "2000" not in head.get("Spheroid", ""):
        return None
    if head.get("CoordinateSystemType", "").upper() in {"D", "G"}:
        return "EPSG:4490"
    cells = [cell.strip() for cell in head.get("Parameters", "").split(",")]
    numbers = [float(cell) for cell in cells if _NUMBER.match(cell)]
    if len(numbers) < 3 or head.get("CoordinateSystemType", "").upper() != "P":
        return None
    meridian = next((n for n in numbers if 72 <= n <= 138), numbers[0])
    easting = next((n for n in numbers if n >= 100_000), 0.0)
    wide = 6 if 6 in numbers and 3 not in numbers else 3
    first, step = (75, 3) if wide == 3 else (75, 6)
    if (meridian - first) % step or not 75 <= meridian <= 135:
        return None
    number = int(meridian - first) // step
    base = {(3, True): 4513, (3, False): 4534, (6, True): 4491, (6, False): 4502}
    return f"EPSG:{base[wide, easting >= 1e6] + number}"


# --- out ------------------------------------------------------------------------------------------

CODES = {"DLTB": ("2001010100", "地类图斑"), "LAYER": ("9900000000", "图层")}


@dataclass
class _Out:
    lines: list[str] = field(default_factory=list)
    polygons: list[str] = field(default_factory=list)
    count: int = 0


def written_vct(
    shapes: Sequence[shapely.Geometry], table: pd.DataFrame, *, belt: int, name: str
) -> str:
    """Return polygons and their table as VCT 3.0, coordinates to 0.1 mm.

    Parameters
    ----------
    shapes
        Polygons in a belt of three degrees of CGCS2000, its number before the eastings (m).
    table
        What is said of each, a row for a shape.
    belt
        The number of the belt.
    name
        The table that they stand in, one of :data:`CODES`.
    """
    code, title = CODES[name]
    out = _Out()
    for number, shape in enumerate(shapes, start=1):
        _write(out, number, shape, code)
    west, south, east, north = shapely.total_bounds(shapes)
    head = [
        "DataMark:LANDUSE-VCT", "Version:3.0", "CoordinateSystemType:P", "Dim:2", "XAxisDirection:E",
        "YAxisDirection:N", "XYUnit:M", "Spheroid:CGCS2000,6378137.0,298.257222101",
        "PrimeMeridian:Greenwich", "Projection:高斯-克吕格投影",
        f"Parameters:{3 * belt},1,{belt}500000,0,3,{belt}",
        f"ExtentMin:{west:.4f},{south:.4f}", f"ExtentMax:{east:.4f},{north:.4f}", "Separator:,",
    ]  # fmt: skip
    fields = [f"{column},{_type(table[column])}" for column in table.columns]
    rows = [
        ",".join([str(k), *map(_cell, row)])
        for k, row in enumerate(table.itertuples(index=False, name=None), start=1)
    ]
    blocks = {
        "Head": head,
        "FeatureCode": [f"{code},{title},Polygon,{name}"],
        "TableStructure": [f"{name},{len(fields)}", *fields, "0"],
        "Point": [], "Line": out.lines, "Polygon": out.polygons, "Annotation": [], "Topology": [],
        "Attribute": [name, *rows, "TableEnd"], "Style": [],
    }  # fmt: skip
    lines = [
        line for block, held in blocks.items() for line in (f"{block}Begin", *held, f"{block}End")
    ]
    return "\r\n".join([*lines, ""])


def _write(out: _Out, number: int, shape: shapely.Geometry, code: str) -> None:
    parts = []
    for ring in rings_out(shape):
        out.count += 1
        out.lines += [str(out.count), "0", "0", "1", "1", _POLYLINE, str(len(ring.corners))]
        out.lines += [f"{x:.4f},{y:.4f}" for x, y in ring.corners]
        out.lines.append("0")
        parts.append(str(out.count))
    place = shapely.point_on_surface(shape)
    out.polygons += [str(number), code, "0", "100", f"{place.x:.4f},{place.y:.4f}", _BY_LINES]
    out.polygons += [str(len(parts)), ",0,".join(parts), "0"]


def _type(values: pd.Series) -> str:
    if pd.api.types.is_integer_dtype(values):
        return "Int4"
    if pd.api.types.is_float_dtype(values):
        return "Float,20,6"
    return f"Char,{max([1, *(len(_cell(v).encode('gb18030')) for v in values)])}"


def _cell(value: object) -> str:
    """Return a value that stands in one cell of one row."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    if isinstance(value, float):
        return f"{value:.15g}"
    return re.sub(r"[\s\x00-\x1f]+", " ", str(value).replace(",", "，")).strip()

"""A map series (图册): one A4 page a plot, drawn straight into a PDF, a thousand pages in seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame, GeoSeries
from numpy.typing import NDArray
from pyproj import CRS

from ...assessment.casework.boundary import Belt
from ...assessment.casework.themes import system_of, text_of
from ...assessment.casework.vicinity import near, polygons
from ...io.writing import write_bytes_whole
from ...language.errors import ZgcgisError
from ...language.safe_text import Text, xml_text
from ...maps.packed.land_layers import use_style
from ...model import Zone
from .fonts import find_font

__all__ = ["MapSeries", "write_map_series"]

_WIDE, _HIGH = 180.0, 160.0  # mm of the map
_LEFT, _TOP = 15.0, 27.0
_SCALES = (200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)
_ROOM = 1.3  # of the frame around a plot
_NONE = "#f4f5f1"
_MOST_POINTS, _MOST_LABELS = 24, 40
_FIXED = datetime(2000, 1, 1, tzinfo=UTC)  # no moment; the same in every PDF
_INK, _RED, _GREY = (27, 31, 36), (208, 0, 0), (91, 99, 108)


@dataclass(frozen=True, eq=False)
class MapSeries:
    """What stands on the pages.

    Attributes
    ----------
    plots
        Polygons with a column ``id``: one page each, in their order.
    facts
        For each plot what is known of it, as pairs of words.
    points
        The boundary points of :func:`zgcgis.assessment.casework.boundary.boundary_points`.
    title, notes
        The head of every page but its id; what stands at its foot.
    """

    plots: GeoDataFrame
    facts: Sequence[Sequence[tuple[str, str]]]
    points: pd.DataFrame
    title: str
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class _Frame:
    """The ground of one page: its left upper corner in metres, and how many metres a millimetre is."""

    left: float
    top: float
    scale: int

    @classmethod
    def around(cls, bounds: NDArray[np.float64]) -> _Frame:
        west, south, east, north = bounds
        need = max((east - west) * _ROOM / _WIDE, (north - south) * _ROOM / _HIGH) * 1000
        scale = next((one for one in _SCALES if one >= need), _SCALES[-1])
        wide, high = _WIDE * scale / 1000, _HIGH * scale / 1000
        return cls((west + east - wide) / 2, (south + north + high) / 2, scale)

    @property
    def box(self) -> tuple[float, float, float, float]:
        wide, high = _WIDE * self.scale / 1000, _HIGH * self.scale / 1000
        return self.left, self.top - high, self.left + wide, self.top

    def paper(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places of the plane in millimetres of the page."""
        at = (xy - np.array([self.left, self.top])) * (1000 / self.scale)
        return np.column_stack([_LEFT + at[:, 0], _TOP - at[:, 1]])


class _Ground:
    """Polygons of one layer, ready to be drawn: their parts by box, coordinates by ring."""

    def __init__(
        self, layer: GeoDataFrame, crs: CRS, fills: Sequence[str] = (), labels: Sequence[str] = ()
    ) -> None:
        flat = np.asarray(layer.geometry.to_crs(crs).array, object)
        self.parts, of = shapely.get_parts(flat, return_index=True)
        self.tree = shapely.STRtree(self.parts)
        self.fills = [_rgb(fills[k]) for k in of] if len(fills) else []
        self.labels = [labels[k] for k in of] if len(labels) else []
        where = shapely.point_on_surface(self.parts) if len(labels) else np.array([], object)
        self.places = np.column_stack([shapely.get_x(where), shapely.get_y(where)])

    def within(self, box: tuple[float, float, float, float]) -> list[int]:
        """The parts that meet a frame, in their order."""
        found: list[int] = sorted(self.tree.query(shapely.box(*box)).tolist())
        return found


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _lighter(colour: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    red, green, blue = (round(255 - (255 - one) * share) for one in colour)
    return red, green, blue


class _Paper:
    """The PDF while it is drawn."""

    def __init__(self, zone: Zone, series: MapSeries, belt: Belt, year: int, lang: str) -> None:
        self.zone, self.series, self.belt, self.lang = zone, series, belt, lang
        self.flat = np.asarray(series.plots.geometry.to_crs(belt.crs).array, object)
        self.frames = [_Frame.around(one) for one in shapely.bounds(self.flat)]
        self.grounds = dict(self._grounds(year))
        self.points = dict(tuple(series.points.groupby("plot", sort=False)))
        self.pdf = _opened(series.title, lang)

    def _grounds(self, year: int) -> Iterator[tuple[str, _Ground]]:
        boxes = shapely.box(*np.array([one.box for one in self.frames]).T)
        frames = GeoSeries(boxes, crs=self.belt.crs)
        for level, columns in (("parcel", ["land_use", "land_use_system"]), ("building", []), ("park", [])):  # fmt: skip
            if self.zone.count(level):
                layer = polygons(near(self.zone, level, frames, columns, year=year))
                if len(layer):
                    land = level == "parcel"
                    yield (
                        level,
                        _Ground(
                            layer,
                            self.belt.crs,
                            _shades(self.zone, layer) if land else (),
                            [str(one) for one in layer["id"]] if land else (),
                        ),
                    )

    def page(self, number: int) -> None:
        """Draw the page of one plot."""
        frame, name = self.frames[number], str(self.series.plots["id"].iloc[number])
        self.pdf.add_page()
        self.pdf.start_section(_plain(name))
        self.text(_LEFT, 17, f"{self.series.title}　{name}", 15, wide=_WIDE)
        self.text(_LEFT, 23.5, self.belt.said.say(self.lang), 8, colour=_GREY, wide=_WIDE)
        with self.pdf.local_context(), self.pdf.rect_clip(_LEFT, _TOP, _WIDE, _HIGH):
            self._around(frame)
            self._plot(number, frame)
            self._names(frame, name)
        self._edge(frame)
        self._facts(number)
        self._corners(name)
        self._foot(number)

    # --- the map ---

    def _around(self, frame: _Frame) -> None:
        pdf = self.pdf
        styles: Mapping[str, tuple[Any, ...]] = {
            "parcel": (None, (155, 161, 152), 0.15), "building": ((201, 206, 196), (138, 145, 134), 0.12),
        }  # fmt: skip
        for level, (fill, line, width) in styles.items():
            if (ground := self.grounds.get(level)) is None:
                continue
            pdf.set_draw_color(*line)
            pdf.set_line_width(width)
            for k in ground.within(frame.box):
                pdf.set_fill_color(*(fill or _lighter(ground.fills[k], 0.4)))
                self.polygon(ground.parts[k], frame)
        if (parks := self.grounds.get("park")) is not None:
            pdf.set_draw_color(68, 80, 106)
            pdf.set_line_width(0.4)
            pdf.set_dash_pattern(dash=2.2, gap=1.2)
            for k in parks.within(frame.box):
                for ring in shapely.get_rings(parks.parts[k]):
                    self.line(ring, frame)
            pdf.set_dash_pattern()

    def _plot(self, number: int, frame: _Frame) -> None:
        pdf = self.pdf
        pdf.set_draw_color(*_RED)
        pdf.set_line_width(0.55)
        for part in shapely.get_parts(self.flat[number]):
            for ring in shapely.get_rings(part):
                self.line(ring, frame)
        rows = self.points.get(self.series.plots["id"].iloc[number])
        if rows is None:
            return
        rows = rows[rows["side_m"].notna()]
        xy = frame.paper(rows[["y_m", "x_m"]].to_numpy())
        pdf.set_fill_color(255, 255, 255)
        pdf.set_line_width(0.2)
        middle = xy.mean(axis=0)
        labelled = len(xy) <= _MOST_LABELS
        for (x, y), point in zip(xy.tolist(), rows["point"], strict=True):
            pdf.circle(x, y, 0.6, style="DF")
            if labelled:
                off = np.array([x, y]) - middle
                off *= 3.2 / max(float(np.hypot(*off)), 1e-9)
                self.text(x + off[0], y + off[1] + 0.9, point, 6.5, colour=_RED, align="middle")

    def _names(self, frame: _Frame, name: str) -> None:
        if (ground := self.grounds.get("parcel")) is None:
            return
        here = ground.within(frame.box)
        if len(here) > 2 * _MOST_LABELS:
            here = [k for k in here if ground.labels[k] == name]
        west, south, east, north = frame.box
        for k in here:
            x, y = ground.places[k]
            if west < x < east and south < y < north:
                ((px, py),) = frame.paper(ground.places[k : k + 1]).tolist()
                own = ground.labels[k] == name
                self.text(px, py, ground.labels[k], 8 if own else 6,
                          colour=_INK if own else _GREY, align="middle")  # fmt: skip

    def polygon(self, part: Any, frame: _Frame) -> None:
        """Fill and outline one polygon; holes are left open."""
        rings = shapely.get_rings(part)
        if len(rings) == 1:
            self.pdf.polygon(
                frame.paper(shapely.get_coordinates(rings[0])[:-1]).tolist(), style="DF"
            )
            return
        from fpdf.enums import IntersectionRule

        with self.pdf.new_path() as path:
            path.style.intersection_rule = IntersectionRule.EVENODD
            path.style.fill_color = self.pdf.fill_color
            path.style.stroke_color, path.style.stroke_width = (
                self.pdf.draw_color,
                self.pdf.line_width,
            )
            for ring in rings:
                (x, y), *rest = frame.paper(shapely.get_coordinates(ring)[:-1]).tolist()
                path.move_to(x, y)
                for x, y in rest:
                    path.line_to(x, y)
                path.close()

    def line(self, ring: Any, frame: _Frame) -> None:
        """Draw one ring as a line."""
        self.pdf.polyline(frame.paper(shapely.get_coordinates(ring)).tolist())

    def _edge(self, frame: _Frame) -> None:
        """The frame, its corners' coordinates, north and scale."""
        pdf, (west, south, east, north) = self.pdf, frame.box
        pdf.set_draw_color(*_INK)
        pdf.set_line_width(0.3)
        pdf.rect(_LEFT, _TOP, _WIDE, _HIGH)
        low, right = _TOP + _HIGH, _LEFT + _WIDE
        for x, y, said, align in (
            (_LEFT, low + 3.2, f"X={south:.0f}  Y={west:.0f}", "start"),
            (right, _TOP - 0.8, f"X={north:.0f}  Y={east:.0f}", "end"),
        ):
            self.text(x, y, said, 6, colour=_GREY, align=align)
        pdf.set_fill_color(*_INK)
        x, y = right - 9, _TOP + 6
        pdf.polygon([(x, y), (x - 2, y + 8), (x, y + 6.4), (x + 2, y + 8)], style="F")
        self.text(x, y + 12, Text("北", "N").say(self.lang), 8, align="middle", halo=True)
        metres = frame.scale * 40 / 1000
        power = 10.0 ** np.floor(np.log10(metres))
        length = float(max(step * power for step in (1, 2, 5) if step * power <= metres))
        bar = length * 1000 / frame.scale
        x, y = _LEFT + 5, low - 5
        pdf.set_line_width(0.4)
        pdf.polyline([(x, y - 1.5), (x, y), (x + bar, y), (x + bar, y - 1.5)])
        self.text(x, y - 2.6, f"1:{frame.scale:,}　{length:,.0f} m", 7.5, halo=True)

    # --- words ---

    def _facts(self, number: int) -> None:
        y = _TOP + _HIGH + 9
        for label, value in self.series.facts[number]:
            self.text(_LEFT, y, label, 8.5, colour=_GREY, wide=32)
            self.text(_LEFT + 33, y, value, 8.5, wide=68)
            y += 5.2

    def _corners(self, name: str) -> None:
        """The boundary points, as many as there is room for."""
        rows = self.points.get(name)
        if rows is None:
            return
        x, y = _LEFT + 105, _TOP + _HIGH + 9
        heads = (Text("点号", "Point"), Text("X（m）", "X (m)"), Text("Y（m）", "Y (m)"), Text("边长（m）", "Side (m)"))  # fmt: skip
        ends = (x + 8, x + 31, x + 57, x + 75)
        for end, head in zip(ends, heads, strict=True):
            self.text(end, y, head.say(self.lang), 7.5, colour=_GREY, align="end")
        shown = rows.head(_MOST_POINTS) if len(rows) > _MOST_POINTS + 1 else rows
        for row in shown.itertuples():
            y += 3.3
            side = "" if np.isnan(row.side_m) else f"{row.side_m:,.2f}"
            for end, said in zip(ends, (row.point, f"{row.x_m:.3f}", f"{row.y_m:.3f}", side), strict=True):  # fmt: skip
                self.text(end, y, said, 7, align="end")
        if len(shown) < len(rows):
            count = int(rows["side_m"].notna().sum())
            more = Text(f"共 {count} 点，其余见界址点成果表", f"{count} points; the rest is in the table of points")  # fmt: skip
            self.text(x, y + 4, more.say(self.lang), 7, colour=_GREY)

    def _foot(self, number: int) -> None:
        pages = Text(f"第 {number + 1} 页，共 {len(self.frames)} 页", f"Page {number + 1} of {len(self.frames)}")  # fmt: skip
        self.text(_LEFT + _WIDE, 289, pages.say(self.lang), 7, colour=_GREY, align="end")
        y = 289.0
        for note in reversed(self.series.notes):
            for line in reversed(self.folded(note, 7, 150)):
                self.text(_LEFT, y, line, 7, colour=_GREY)
                y -= 3.4

    def folded(self, said: str, size: float, wide: float) -> list[str]:
        """A text in at most three lines of a width in millimetres."""
        self.pdf.set_font_size(size)
        lines, line = [], ""
        for sign in _plain(said):
            if self.pdf.get_string_width(line + sign) > wide:
                lines.append(line)
                line = ""
            line += sign
        return [*lines, line][:3]

    def text(
        self,
        x: float,
        y: float,
        said: str,
        size: float,
        *,
        colour: tuple[int, int, int] = _INK,
        wide: float = 0.0,
        align: str = "start",
        halo: bool = False,
    ) -> None:
        """Write one line; what is too wide is cut with an ellipsis."""
        pdf, line = self.pdf, _plain(said)
        pdf.set_font_size(size)
        if wide and pdf.get_string_width(line) > wide:
            while line and pdf.get_string_width(line + "…") > wide:
                line = line[:-1]
            line += "…"
        if align != "start":
            length = pdf.get_string_width(line)
            x -= length if align == "end" else length / 2
        if halo:
            pdf.set_fill_color(255, 255, 255)
            pdf.rect(
                x - 0.6, y - size * 0.32, pdf.get_string_width(line) + 1.2, size * 0.42, style="F"
            )
        pdf.set_text_color(*colour)
        pdf.text(x, y, line)


def _plain(said: str) -> str:
    """One line without what no font has a letter for."""
    return " ".join(xml_text(said).split()) or " "


def _opened(title: str, lang: str) -> Any:
    """A new PDF with the font of the machine embedded, the same for the same input."""
    try:
        from fpdf import FPDF
    except ImportError as missing:
        raise ZgcgisError(
            f"写 PDF 图册需要 {missing.name}：请运行 pip install 'zgcgis[office]'。",
            f"A PDF of maps needs {missing.name}: run pip install 'zgcgis[office]'.",
        ) from missing
    font = find_font()
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_creation_date(_FIXED)
    pdf.set_title(_plain(title))
    pdf.set_creator("zgcgis")
    pdf.set_lang(Text("zh-CN", "en").say(lang))
    pdf.add_font("zh", fname=str(font.path), collection_font_number=font.number)
    pdf.set_font("zh", size=9)
    return pdf


def _shades(zone: Zone, layer: GeoDataFrame) -> list[str]:
    """The colour of each parcel by its land use, of the national drawing standards."""
    style, places = use_style(
        "land_use", text_of(layer, "land_use"), system_of(zone, layer), ("", "")
    )
    if style is None or places is None:
        return [_NONE] * len(layer)
    colours = [str(one.get("colour") or _NONE) for one in style["classes"]]
    return [colours[k] if text else _NONE
            for k, text in zip(places, text_of(layer, "land_use"), strict=True)]  # fmt: skip


def write_map_series(
    path: str | Path, zone: Zone, series: MapSeries, belt: Belt, *, year: int, lang: str = "zh"
) -> Path:
    """Write one A4 page a plot into a PDF with its font embedded.

    Parameters
    ----------
    path
        The PDF.
    zone
        Its parcels, buildings and park outlines are drawn around each plot; of large layers only
        what is near is read.
    series
        What stands on the pages.
    belt
        The plane they are drawn in, and of which the coordinates are.
    year
        The year whose features are drawn.
    lang
        Language of the words.

    Raises
    ------
    ZgcgisError
        If fpdf2 or a font with Chinese letters is missing.
    """
    paper = _Paper(zone, series, belt, year, lang)
    for number in range(len(series.plots)):
        paper.page(number)
    return write_bytes_whole(Path(path), bytes(paper.pdf.output()))

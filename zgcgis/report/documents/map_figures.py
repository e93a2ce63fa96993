"""Maps as SVG: ground in colours of its class, outlines over it, scale, north, legend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from geopandas import GeoSeries

from ...language.safe_text import Text
from ...maps.safe import escape_text

__all__ = ["Frame", "Layer", "colours", "map_svg"]

_FONT = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','SimSun',sans-serif"
_PALETTE = ("#8dd3c7", "#ffffb3", "#bebada", "#fb8072", "#80b1d3", "#fdb462", "#b3de69",
            "#fccde5", "#d9d9d9", "#bc80bd", "#ccebc5", "#ffed6f")  # fmt: skip
_MOST_LEGEND = 14


@dataclass(frozen=True, eq=False)
class Layer:
    """Shapes drawn alike, in the order given: fill, line, its width and dashes; labels beside."""

    shapes: GeoSeries
    fill: str | Sequence[str] = "none"
    line: str = "#a9afa6"
    width: float = 0.6
    dash: str = ""
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class Frame:
    """The piece of ground a map shows, in metres of a plane, and its size on paper in pixels."""

    left: float
    top: float
    scale: float
    wide: float
    high: float

    @classmethod
    def around(
        cls,
        shapes: GeoSeries,
        size: tuple[float, float],
        *,
        room: float = 1.25,
        least_m: float = 60,
    ) -> Frame:
        """Return the frame that shows shapes of a plane with some room around them."""
        west, south, east, north = shapely.total_bounds(np.asarray(shapes.array))
        wide, high = size
        span = max(east - west, (north - south) * wide / high, least_m) * room
        scale = wide / span
        return cls(
            (west + east) / 2 - span / 2, (south + north) / 2 + high / scale / 2, scale, wide, high
        )

    @property
    def ground(self) -> Any:
        """The ground as a box of the plane."""
        return shapely.box(
            self.left,
            self.top - self.high / self.scale,
            self.left + self.wide / self.scale,
            self.top,
        )

    def path(self, shape: Any) -> str:
        """The outline of a shape, or a line, as SVG; what is nearer than half a pixel is left out."""
        parts = []
        lines = [one for one in shapely.get_parts(shape) if one.geom_type == "LineString"]
        for ring in [*shapely.get_rings(shapely.get_parts(shape)), *lines]:
            xy = shapely.get_coordinates(ring)
            at = np.round(
                np.column_stack([xy[:, 0] - self.left, self.top - xy[:, 1]]) * self.scale, 1
            )
            kept = np.r_[True, np.abs(np.diff(at, axis=0)).max(axis=1) > 0]
            points = "L".join(f"{x:g} {y:g}" for x, y in at[kept])
            parts.append(f"M{points}" + ("" if ring.geom_type == "LineString" else "Z"))
        return "".join(parts)


def colours(names: Iterable[str], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a colour for each name, those of `known` first, the others by their order."""
    made = dict(known or {})
    for name in names:
        if name not in made:
            made[name] = _PALETTE[len(made) % len(_PALETTE)]
    return made


def map_svg(
    layers: Sequence[Layer],
    frame: Frame,
    *,
    lang: str = "zh",
    label: str,
    legend: Sequence[tuple[str, str]] = (),
) -> str:
    """Return a map as SVG.

    Parameters
    ----------
    layers
        From the lowest to the uppermost, all in one plane.
    frame
        What is shown.
    lang
        Language of the scale and the north mark.
    legend
        Names and colours; the first dozen are shown.
    label
        What the map is of, for those who do not see it.
    """
    lines = [_drawn(layer, frame) for layer in layers]
    lines += [*_scale_and_north(frame, lang), *_legend(legend, lang)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {frame.wide:g} {frame.high:g}" '
        f'role="img" aria-label="{escape_text(label)}" font-family="{_FONT}" font-size="11">'
        f'<rect width="{frame.wide:g}" height="{frame.high:g}" fill="#fff"/>'
        + "".join(lines)
        + "</svg>"
    )


def _drawn(layer: Layer, frame: Frame) -> str:
    shapes = np.asarray(layer.shapes.array, object)
    near = np.flatnonzero(shapely.intersects(shapes, frame.ground)).tolist()
    style = f'stroke="{layer.line}" stroke-width="{layer.width:g}"' + (
        f' stroke-dasharray="{layer.dash}"' if layer.dash else ""
    )
    drawn = []
    for k in near:
        fill = layer.fill if isinstance(layer.fill, str) else layer.fill[k]
        drawn.append(f'<path fill="{fill}" {style} d="{frame.path(shapes[k])}"/>')
    for k in near if len(layer.labels) and len(near) <= 40 else ():
        point = shapely.point_on_surface(shapely.intersection(shapes[k], frame.ground))
        if point.is_empty:
            continue
        x, y = (point.x - frame.left) * frame.scale, (frame.top - point.y) * frame.scale
        drawn.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" paint-order="stroke" '
            f'stroke="#fff" stroke-width="3">{escape_text(layer.labels[k])}</text>'
        )
    return "".join(drawn)


def _scale_and_north(frame: Frame, lang: str) -> list[str]:
    metres = frame.wide / frame.scale / 5
    power = 10.0 ** np.floor(np.log10(metres))
    length = float(max(step * power for step in (1, 2, 5) if step * power <= metres))
    bar, y, x = length * frame.scale, frame.high - 14, frame.wide - 24
    word = Text("北", "N").say(lang)
    scale = (
        f'<path fill="none" stroke="#fff" stroke-width="5" d="M16 {y:g}h{bar:.1f}"/>'
        f'<path fill="none" stroke="#1b1f24" stroke-width="1.5" d="M16 {y - 4:g}v8m0 -4h{bar:.1f}m0 -4v8"/>'
        f'<text x="{22 + bar:.1f}" y="{y + 4:g}" paint-order="stroke" stroke="#fff" '
        f'stroke-width="3">{length:,.0f} m</text>'
    )
    north = (
        f'<path fill="none" stroke="#1b1f24" stroke-width="1.5" d="M{x:g} 44V14l-5 10m5 -10l5 10"/>'
        f'<text x="{x:g}" y="58" text-anchor="middle" paint-order="stroke" stroke="#fff" '
        f'stroke-width="3">{word}</text>'
    )
    return [scale, north]


def _legend(entries: Sequence[tuple[str, str]], lang: str) -> list[str]:
    shown = list(entries[:_MOST_LEGEND])
    if not shown:
        return []
    more = len(entries) - len(shown)
    names = [name if len(name) <= 22 else name[:21] + "…" for name, _ in shown]
    if more > 0:
        names.append(Text(f"另 {more} 类", f"{more} more").say(lang))
    high = 16 * len(names) + 8
    box = (
        f'<rect x="8" y="8" width="190" height="{high}" fill="#fff" fill-opacity=".88" '
        'stroke="#9aa3ad" stroke-width=".5"/>'
    )
    made = [box]
    for k, name in enumerate(names):
        y = 14 + 16 * k
        if k < len(shown):
            made.append(
                f'<rect x="14" y="{y}" width="16" height="10" fill="{shown[k][1]}" '
                'stroke="#5b636c" stroke-width=".5"/>'
            )
        made.append(f'<text x="36" y="{y + 9}">{escape_text(name)}</text>')
    return made

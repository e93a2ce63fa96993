"""Charts as inline SVG: waterfall, rank acceptability, trend, Spacemate (图表).

Every text goes through one escaping function; nothing here draws from the network, and the
same assessment gives the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from markupsafe import Markup

from ..assessment import Assessment
from ..geo import area_m2, to_plane
from ..indicators import INDICATORS
from ..language.safe_text import markup_text
from .documents.map_figures import Frame, Layer, map_svg
from .wording import Words

__all__ = [
    "acceptability",
    "map_beside",
    "score_map",
    "spacemate",
    "trend",
    "waterfall",
]

_COLOURS = ("#0f5c6e", "#c8553d", "#4a7c59", "#8e5ea2", "#b8860b", "#00897b", "#7a6c5d", "#a23b72")
_DASHES = ("", "6 3", "2 3", "8 3 2 3")


class _Drawing:
    """A list of SVG elements with a size and a name for those who do not see it."""

    def __init__(self, width: float, height: float, name: str) -> None:
        self.width, self.height, self.name = width, height, name
        self.parts: list[str] = []

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        colour: str = "#999",
        dash: str = "",
        thick: float = 1,
    ) -> None:
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{thick}"{extra}/>'
        )

    def box(self, x: float, y: float, w: float, h: float, colour: str, say: str = "") -> None:
        inside = f"<title>{markup_text(say)}</title>" if say else ""
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(w, 0):.1f}" height="{max(h, 0):.1f}" '
            f'fill="{colour}">{inside}</rect>'
        )

    def dot(self, x: float, y: float, colour: str, say: str) -> None:
        self.parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}" stroke="#fff">'
            f"<title>{markup_text(say)}</title></circle>"
        )

    def path(
        self, points: Iterable[tuple[float, float]], colour: str, dash: str = "", thick: float = 2
    ) -> None:
        listed = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<polyline points="{listed}" fill="none" stroke="{colour}" stroke-width="{thick}"{extra}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        at: str = "start",
        size: float = 12,
        colour: str = "#222",
    ) -> None:
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{at}" font-size="{size}" fill="{colour}">'
            f"{markup_text(words)}</text>"
        )

    def done(self) -> Markup:
        body = "".join(self.parts)
        return Markup(  # noqa: S704 - every text in it was escaped above
            f'<svg viewBox="0 0 {self.width:.0f} {self.height:.0f}" role="img" '
            f'aria-label="{markup_text(self.name)}" xmlns="http://www.w3.org/2000/svg">{body}</svg>'
        )


def waterfall(r: Assessment, unit: str, year: int, *, lang: str = "zh") -> Markup | None:
    """Points lost from 100, indicator by indicator, down to the score of a unit."""
    for scores in (r.total_scores, r.scores):
        if scores is not None and (unit, year) in scores.total.index:
            break
    else:
        return None
    total = scores.total.loc[(unit, year)]
    if pd.isna(total["score"]):
        return None
    rows = scores.indicators()
    rows = rows[(rows["unit"] == unit) & (rows["year"] == year) & rows["score"].notna()]
    weight = rows["share"] / float(total["coverage"])
    lost = (weight * 100 - rows["contribution"]).groupby(rows["indicator"], sort=False).sum()
    lost = lost.sort_values(ascending=False, kind="stable")
    left, width, step = 250.0, 430.0, 24.0
    say = Words(lang)
    d = _Drawing(760, 24 + step * (len(lost) + 2), say("分值分解", "Score taken apart"))
    span = max(104.0, float(total["score"]) + 4)

    def at(value: float) -> float:  # bars begin at 0, or their lengths could not be compared
        return left + width * max(value, 0.0) / span

    level, y, size = 100.0, 20.0, float(say("12", "10"))
    d.box(at(0), y, at(100) - at(0), 16, "#cfd8dc")
    d.text(left - 8, y + 12, say("满分", "Full score"), at="end")
    d.text(at(100) + 6, y + 12, "100")
    for key, points in lost.items():
        y += step
        after = level - float(points)
        named = INDICATORS[str(key)]
        colour = "#a32a1f" if points >= 0 else "#1d6b43"
        d.box(
            min(at(level), at(after)),
            y,
            abs(at(level) - at(after)),
            16,
            colour,
            f"{say(named.zh, named.en)} {_signed(-float(points))}",
        )
        d.text(left - 8, y + 12, say(named.zh, named.en), at="end", size=size)
        d.text(max(at(level), at(after)) + 6, y + 12, _signed(-float(points)))
        level = after
    y += step
    d.box(at(0), y, at(level) - at(0), 16, "#0f5c6e")
    d.text(left - 8, y + 12, say("得分", "Score"), at="end")
    d.text(at(level) + 6, y + 12, f"{level:.2f}")
    return d.done()


def _signed(points: float) -> str:
    """Points with their sign; what rounds to nothing is 0."""
    return "0" if abs(points) < 0.005 else f"{points:+.2f}".replace("-", "−")


def acceptability(r: Assessment, kind: str, *, lang: str = "zh") -> Markup | None:
    """Share of draws in which a park takes each rank, as a table of shades."""
    s = r.robustness.get(kind)
    if s is None:
        return None
    order = list(s.scores["score"].sort_values(ascending=False, kind="stable").index)
    cell, left = 46.0, 190.0
    say = Words(lang)
    d = _Drawing(
        left + cell * len(order) + 20,
        44 + 26.0 * len(order),
        say("名次可接受度", "Rank acceptability"),
    )
    for k in range(1, len(order) + 1):
        d.text(left + cell * (k - 0.5), 22, say(f"第{k}", f"{k}"), at="middle")
    for i, unit in enumerate(order):
        y = 32 + 26.0 * i
        name = r.name(str(unit), lang)
        d.text(left - 8, y + 16, name, at="end")
        for k in range(1, len(order) + 1):
            share = float(s.share.at[unit, k])
            x = left + cell * (k - 1)
            d.box(
                x,
                y,
                cell - 2,
                23,
                _shade(share),
                say(f"{name} 第{k}名 {share:.1%}", f"{name}, rank {k}: {share:.1%}"),
            )
            if share >= 0.005:
                colour = "#fff" if share > 0.5 else "#222"
                d.text(
                    x + cell / 2 - 1, y + 16, f"{share:.0%}", at="middle", colour=colour, size=11
                )
    return d.done()


def _shade(share: float) -> str:
    low, high = (241, 245, 249), (15, 92, 110)
    mixed = [round(a + (b - a) * share) for a, b in zip(low, high, strict=True)]
    return "#" + "".join(f"{v:02x}" for v in mixed)


def trend(
    r: Assessment, table: pd.DataFrame, column: str, zh: str, en: str, *, lang: str = "zh"
) -> Markup | None:
    """Lines over the years, one per unit of `table` (indexed by unit and year)."""
    series = table[column].dropna() if column in table else pd.Series(dtype=float)
    years = sorted({int(y) for y in series.index.get_level_values("year")}) if len(series) else []
    units = list(dict.fromkeys(series.index.get_level_values("unit"))) if len(series) else []
    if len(years) < 2:
        return None
    low, high = float(series.min()), float(series.max())
    pad = (high - low) * 0.1 or abs(high) * 0.1 or 1.0
    low, high = low - pad, high + pad
    left, top, width, height = 60.0, 20.0, 470.0, max(220.0, 20.0 * len(units))
    d = _Drawing(760, height + 60, Words(lang)(zh, en))

    def x(year: int) -> float:
        return left + width * (year - years[0]) / (years[-1] - years[0])

    def y(value: float) -> float:
        return top + height * (high - value) / (high - low)

    for value in _ticks(low, high):
        d.line(left, y(value), left + width, y(value), colour="#e3e3e3")
        d.text(left - 6, y(value) + 4, f"{value:g}", at="end", size=11)
    for year in years:
        d.text(x(year), top + height + 18, str(year), at="middle", size=11)
    ends = []
    for i, unit in enumerate(units):
        colour, dash = _COLOURS[i % len(_COLOURS)], _DASHES[(i // len(_COLOURS)) % len(_DASHES)]
        mine = series.xs(unit, level="unit").sort_index()
        points = [(x(int(k)), y(float(v))) for k, v in mine.items()]
        d.path(points, colour, dash)
        for (px, py), (k, v) in zip(points, mine.items(), strict=True):
            d.dot(px, py, colour, f"{r.name(str(unit), lang)} {k} {v:.2f}")
        ends.append((points[-1][1], r.name(str(unit), lang), colour))
    for place, (_, name, colour) in zip(
        _apart([e[0] for e in sorted(ends)]), sorted(ends), strict=True
    ):
        d.text(left + width + 14, place + 4, name, colour=colour)
    return d.done()


def _apart(places: Sequence[float], gap: float = 15.0) -> list[float]:
    """Push labels apart that would cover each other."""
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + gap) if found else place)
    return found


def _ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers between two values: steps of 1, 2 or 5 times a power of ten."""
    step = (high - low) / count
    power = 10.0 ** math.floor(math.log10(step))
    size = next(nice * power for nice in (1, 2, 5, 10) if nice * power >= step * (1 - 1e-9))
    first = math.ceil(low / size - 1e-9)
    last = math.floor(high / size + 1e-9)
    return [round(i * size, 10) for i in range(first, last + 1)]


def spacemate(r: Assessment, year: int, *, lang: str = "zh") -> Markup | None:
    """Parks by coverage (GSI) and floor area ratio (FSI) of built-up land, with lines of height."""
    if not {"floor_area_ratio", "site_coverage"} <= set(r.values):
        return None
    rows = r.values[r.values.index.get_level_values("year") == year]
    rows = rows[["floor_area_ratio", "site_coverage"]].dropna()
    if rows.empty:
        return None
    fsi, gsi = rows["floor_area_ratio"], rows["site_coverage"] / 100
    top_f, top_g = max(1.0, float(fsi.max()) * 1.25), min(1.0, max(0.5, float(gsi.max()) * 1.25))
    left, top, width, height = 60.0, 20.0, 520.0, 320.0
    say = Words(lang)
    d = _Drawing(760, height + 70, say("空间矩阵图", "Spacemate"))

    def x(g: float) -> float:
        return left + width * g / top_g

    def y(f: float) -> float:
        return top + height * (1 - f / top_f)

    for storeys in (1, 2, 3, 5, 8, 12, 20):
        g = min(top_g, top_f / storeys)
        d.line(x(0), y(0), x(g), y(storeys * g), colour="#d5dbe1", dash="4 3")
        d.text(
            x(g) + 2,
            y(storeys * g) - 2,
            say(f"{storeys} 层", f"{storeys} L"),
            size=10,
            colour="#8a949e",
        )
    for space in (0.2, 0.5, 1.0):  # FSI = (1 - GSI) / OSR
        points = [(g, (1 - g) / space) for g in (i * top_g / 40 for i in range(41))]
        inside = [(x(g), y(f)) for g, f in points if f <= top_f]
        if len(inside) > 1:
            d.path(inside, "#e8d9b5", thick=1)
            d.text(
                inside[-1][0] - 4,
                inside[-1][1] - 4,
                f"OSR {space:g}",
                at="end",
                size=10,
                colour="#a58b45",
            )
    d.line(left, top + height, left + width, top + height)
    d.line(left, top, left, top + height)
    for g in _ticks(0, top_g):
        d.text(x(g), top + height + 16, f"{g:.0%}", at="middle", size=11)
    for f in _ticks(0, top_f):
        d.text(left - 6, y(f) + 4, f"{f:g}", at="end", size=11)
    d.text(
        left + width / 2, top + height + 38, say("建筑密度（GSI）", "Coverage (GSI)"), at="middle"
    )
    d.text(left - 46, top - 6, say("综合容积率（FSI）", "Floor area ratio (FSI)"))
    names = [r.name(str(unit), lang) for unit, _ in rows.index]
    dots = [(x(g), y(f)) for f, g in zip(fsi, gsi, strict=True)]
    told = [
        f"{name} FSI {f:.2f} GSI {g:.1%} L {f'{f / g:.1f}' if g > 0 else '—'}"
        for name, f, g in zip(names, fsi, gsi, strict=True)
    ]
    _named_dots(d, dots, names, told)
    return d.done()


def _named_dots(
    d: _Drawing, dots: Sequence[tuple[float, float]], names: Sequence[str], told: Sequence[str]
) -> None:
    """Draw dots with their names beside them, none of which lies on another."""
    placed: list[tuple[float, float, float]] = []
    for i, ((x, y), name) in enumerate(zip(dots, names, strict=True)):
        colour = _COLOURS[i % len(_COLOURS)]
        d.dot(x, y, colour, told[i])
        start, end, row = x + 8, x + 8 + 11.0 * len(name), y + 4
        while any(start < e and s < end and abs(row - r_) < 13 for s, e, r_ in placed):
            row += 13  # below the name that is there already
        placed.append((start, end, row))
        d.text(start, row, name, colour=colour, size=11)


_SCORE_CLASSES = (
    (90.0, "#0f5c6e", "≥ 90"),
    (80.0, "#4d8b99", "80–90"),
    (70.0, "#8fb6bf", "70–80"),
    (60.0, "#c6dbe0", "60–70"),
    (-math.inf, "#f1e3c8", "< 60"),
)
_NO_SCORE = "#f3efe6"


def score_map(r: Assessment, *, lang: str = "zh") -> Markup | None:
    """The parks that have an outline, by their score of the last year."""
    if r.zone.count("park") == 0:
        return None
    there = list(map(str, r.accounts.xs(r.year, level="year").index))
    scores = r.ranks["score"] if "score" in r.ranks else pd.Series(dtype=float)
    found = {unit: scores.get((unit, r.year), math.nan) for unit in there}
    classes = [(least, colour, said) for least, colour, said in _SCORE_CLASSES]
    said = {unit: "" if v != v else f"{v:.1f}" for unit, v in found.items()}
    say = Words(lang)
    named = say(f"{r.year} 年园区分值图", f"Map of the scores of {r.year}")
    return _shaded(r, found, said, classes, say("没有分值", "no score"), named, lang=lang)


def _mapped_indicator(r: Assessment) -> str | None:
    """Indicator that most parks have a value of, in whatever year; none where no park has any."""
    known = r.values.notna().groupby(level="unit").any().sum()
    known = known[[key for key in INDICATORS if key in known and known[key] > 0]]
    return str(known.idxmax()) if len(known) else None


def _latest(r: Assessment, key: str) -> dict[str, tuple[int, float]]:
    """Last year and value of an indicator that each park has."""
    known = r.values[key].dropna().sort_index(level="year", kind="stable")
    return {str(unit): (int(year), float(v)) for (unit, year), v in known.items()}


def _value_map(r: Assessment, key: str, *, lang: str = "zh") -> Markup | None:
    """The parks that have an outline, by the last value they have of an indicator, in fourths."""
    if r.zone.count("park") == 0:
        return None
    found = _latest(r, key)
    edges = sorted({_two_digits(v) for v in np.quantile([v for _, v in found.values()], _FOURTHS)})
    shades = [colour for _, colour, _ in _SCORE_CLASSES][: len(edges) + 1][::-1]
    ends = [f"{edge:g}" for edge in edges]
    says = [f"< {ends[0]}", *(f"{a}–{b}" for a, b in pairwise(ends)), f"≥ {ends[-1]}"]
    classes = list(zip([-math.inf, *edges], shades, says, strict=True))[::-1]
    parks = r.zone.layers["park"]["id"].astype(str)
    values = {unit: found[unit][1] if unit in found else math.nan for unit in parks}
    said = {unit: f"{v:,.4g} ({year})" for unit, (year, v) in found.items()}
    say, named = Words(lang), INDICATORS[key]
    title = say(f"{named.zh}，{named.unit}", f"{named.en}, {say.unit(named.unit)}")
    return _shaded(r, values, said, classes, say("没有数值", "no value"), title, lang=lang)


_FOURTHS = (0.25, 0.5, 0.75)


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}")


def _shaded(
    r: Assessment,
    values: Mapping[str, float],
    said: Mapping[str, str],
    classes: Sequence[tuple[float, str, str]],
    without: str,
    label: str,
    *,
    lang: str,
) -> Markup | None:
    """Parks of the layer that have an outline, shaded by class, small ones above large ones."""
    parks = r.zone.layers["park"]
    drawn = parks[parks.geom_type.isin(_OUTLINES) & parks["id"].astype(str).isin(values)]
    if drawn.empty:
        return None
    shapes = to_plane(drawn.geometry, r.zone.center).reset_index(drop=True)
    order = area_m2(shapes).sort_values(ascending=False, kind="stable").index
    shapes, units = (
        shapes.loc[order].reset_index(drop=True),
        drawn["id"].astype(str).to_numpy()[order],
    )
    found = [values[unit] for unit in units]
    fills = [
        _NO_SCORE if v != v else next(c for least, c, _ in classes if v >= least) for v in found
    ]
    names = [
        f"{r.name(unit, lang)} {said[unit]}".rstrip() if unit in said else "" for unit in units
    ]
    legend = [(text, colour) for _, colour, text in classes if colour in fills]
    if _NO_SCORE in fills:
        legend.append((without, _NO_SCORE))
    layer = Layer(shapes, fill=fills, line="#4c5964", width=0.8, labels=names)
    frame = Frame.around(shapes, (560.0, 460.0))
    svg = map_svg([layer], frame, lang=lang, legend=legend, label=label)
    return Markup(svg)  # noqa: S704 - every text in it was escaped where it was drawn


def map_beside(r: Assessment, *, lang: str = "zh") -> tuple[Markup | None, str, str]:
    """The map beside the first table, its caption, and what is not on it or why there is none.

    Of scores; of the indicator that most parks have where there are no scores.
    """
    say = Words(lang)
    if r.scores is not None:
        caption = say(
            f"{r.year} 年园区分值（边界为示意的不作面积依据）",
            f"Scores of {r.year}; sketched outlines are no measure of area",
        )
        return score_map(r, lang=lang), caption, ""
    key = _mapped_indicator(r)
    if key is None or r.zone.count("park") == 0:
        lacking = (
            say("园区图层", "a layer of parks") if key else say("园区指标值", "a park's value")
        )
        return None, "", say(f"没有地图：缺{lacking}。", f"There is no map: {lacking} is missing.")
    parks, known, named = r.zone.layers["park"], _latest(r, key), INDICATORS[key]
    outlined = set(parks[parks.geom_type.isin(_OUTLINES)]["id"].astype(str))
    if not outlined:
        return None, "", say("没有地图：园区没有边界。", "There is no map: no park has an outline.")
    caption = say(
        f"{named.zh}（{named.unit}），括号内为各园区有数的最近一年；边界为示意的不作面积依据",
        f"{named.en} ({say.unit(named.unit)}) of the last year known, in brackets; sketched "
        "outlines are no measure of area",
    )
    off = [unit for unit in known if unit not in outlined]
    told = (f"{r.name(u, lang)} {known[u][1]:,.4g} ({known[u][0]})" for u in off)
    listed = say("、", ", ").join(told)
    lacking = say(f"有数而没有边界、不在图上的园区：{listed}。", f"Without an outline: {listed}.")
    return _value_map(r, key, lang=lang), caption, lacking if off else ""


_OUTLINES = ("Polygon", "MultiPolygon")

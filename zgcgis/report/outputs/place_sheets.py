"""A4 sheets (一宗一表): one page per idle parcel and per unit over its quota, ready to print.

Each page has the finding in words with its clause, a map of the place, and the facts on file. The
HTML needs no network and no script; a PDF is printed from it by a Chromium on the machine.
"""

from __future__ import annotations

import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame, GeoSeries
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from pyproj import CRS

from ... import geo
from ...checks.quota import counted_parcels
from ...checks.supply import as_of, judged_parcels
from ...findings import describe
from ...io.places import result_folder
from ...io.writing import lying, write_text_whole, write_whole
from ...language.errors import WriteError, ZgcgisError, ZgcgisWarning
from ...language.safe_text import Text, file_names, page_value, xml_text
from ...model import Zone
from ...runs import find_browser, run_browser, settle_pdf, work_folder

__all__ = [
    "SHEET_RULES",
    "NotPrintedError",
    "place_svg",
    "print_page",
    "sheets_begun",
    "sheets_html",
    "take_picture",
    "write_sheets",
]

Sentences: TypeAlias = Callable[[GeoDataFrame, str], pd.Series]

SHEET_RULES = ("L601", "L602", "Q401")
"""The rules whose findings get a sheet of their own."""

_WIDTH, _HEIGHT = 680.0, 380.0
_LEAST_SEEN = 2.5  # of the drawing's units: what lies around a place and is smaller is a speck

_WORDS = {
    "zh": {
        "clause": "依据",
        "checked": "核查人：",
        "heard": "使用权人意见：",
        "decided": "处置意见：",
        "foot": "由 zgcgis 按所附规则自动生成，供核查使用，不是处置决定。",
    },
    "en": {
        "clause": "Clause",
        "checked": "Examined by:",
        "heard": "Holder heard:",
        "decided": "Decision:",
        "foot": "Made by zgcgis from the rules cited, for examination; it is no decision.",
    },
}
_FACTS = (
    ("park", "园区", "Park"),
    ("area", "面积", "Area"),
    ("owner", "使用权人", "Holder"),
    ("planned_use", "规划用途", "Planned use"),
    ("approved_date", "批准日期", "Approved"),
    ("supply_date", "供地日期", "Supplied"),
    ("agreed_start_date", "约定动工", "Agreed start"),
    ("extension", "延长期限", "Extension"),
    ("actual_start_date", "实际动工", "Actual start"),
    ("stopped_since", "中止建设", "Stopped since"),
    ("built_share", "已开发比例", "Share developed"),
    ("invested_share", "已投资比例", "Share invested"),
    ("days_overdue", "逾期天数", "Days overdue"),
    ("idle_date", "闲置起算日", "Idle from"),
    ("fee", "土地闲置费", "Idle-land fee"),
    ("takeback", "无偿收回", "Take-back"),
    ("government", "政府原因", "Caused by government"),
    ("next_date", "下一期限", "Next deadline"),
)


def place_svg(
    zone: Zone, place: GeoDataFrame, *, around: GeoDataFrame | None = None, lang: str = "zh"
) -> str:
    """Return a map of a place as SVG: the parcels in question among their neighbours, to scale.

    Parameters
    ----------
    zone
        Gives the centre of the working plane, park outlines and buildings.
    place
        The features to mark.
    around
        The parcels to draw around them; by default all of the zone.
    lang
        Language of the scale and the north mark.
    """
    center = zone.center or geo.center_of(place)
    plane = geo.plane(center)
    mine = shapely.make_valid(geo.to_plane(place.geometry, center).to_numpy())
    west, south, east, north = shapely.total_bounds(mine)
    span = max(east - west, (north - south) * _WIDTH / _HEIGHT, 60.0) * 1.7
    mid_x, mid_y = (west + east) / 2, (south + north) / 2
    scale = _WIDTH / span
    frame = shapely.box(
        mid_x - span / 2,
        mid_y - span * _HEIGHT / _WIDTH / 2,
        mid_x + span / 2,
        mid_y + span * _HEIGHT / _WIDTH / 2,
    )
    left, top = frame.bounds[0], frame.bounds[3]

    def drawn(shapes: Any, style: str) -> list[str]:
        path = _path(shapes, left, top, scale)
        return [f'<path class="{style}" d="{path}"/>'] if path else []

    def draw(layer: GeoDataFrame | None, style: str) -> list[str]:
        if layer is None or layer.empty:
            return []
        return drawn(_met(layer, frame, plane), style)

    neighbours = around if around is not None else zone.layers.get("parcel")
    lines = [
        *draw(neighbours, "land"),
        *draw(zone.layers.get("building"), "built"),
        *draw(zone.layers.get("park"), "park"),
        *drawn(mine, "place"),
    ]
    if len(place) <= 12 and "id" in place:
        points = shapely.point_on_surface(mine)
        lines += [
            f'<text text-anchor="middle" x="{(x - left) * scale:.1f}" '
            f'y="{(top - y) * scale + 4:.1f}">{Markup.escape(xml_text(str(name)))}</text>'
            for name, x, y in zip(
                place["id"], shapely.get_x(points), shapely.get_y(points), strict=True
            )
        ]
    length = _round_length(span / 4)
    bar = length * scale
    word = Text("北", "N").say(lang)
    legend = f"{length:,.0f} m"
    lines += [
        (
            f'<path class="mark" d="M16 {_HEIGHT - 18:.0f}h{bar:.1f}M16 {_HEIGHT - 22:.0f}v8'
            f'M{16 + bar:.1f} {_HEIGHT - 22:.0f}v8"/>'
        ),
        f'<text x="{20 + bar:.1f}" y="{_HEIGHT - 14:.0f}">{legend}</text>',
        f'<path class="mark" d="M{_WIDTH - 24:.0f} 44V14l-5 10m5 -10l5 10"/>',
        f'<text text-anchor="middle" x="{_WIDTH - 24:.0f}" y="58">{word}</text>',
    ]
    names = " ".join(str(name) for name in place["id"]) if "id" in place else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" '
        f'role="img" aria-label="{Markup.escape(xml_text(names))}">' + "".join(lines) + "</svg>"
    )


def _path(shapes: Any, left: float, top: float, scale: float) -> str:
    """Return the rings of shapes as one path of an SVG, shells and holes turned against another.

    One path for all is drawn and printed many times as fast as one for each.
    """
    rings = shapely.get_rings(shapely.get_parts(shapely.orient_polygons(shapes)))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    pixels = np.round((points - (left, top)) * (scale, -scale), 1) + 0.0  # no zero below nothing
    words = [f"{x} {y}" for x, y in pixels.tolist()]
    ends = np.searchsorted(ring, np.arange(len(rings) + 1)).tolist()
    return "".join("M" + " L".join(words[start : end - 1]) + "Z" for start, end in pairwise(ends))


def _met(layer: GeoDataFrame, frame: shapely.Polygon, plane: CRS) -> Any:
    """The shapes of a layer that meet a frame and can be seen in it, in the plane of the frame."""
    west, south, east, north = frame.bounds
    rim = (east - west) / 20  # a box of degrees is none of metres
    wide = GeoSeries([shapely.box(west - rim, south - rim, east + rim, north + rim)], crs=plane)
    wide = wide.to_crs(layer.crs)
    near = np.sort(layer.sindex.query(shapely.box(*wide.total_bounds)))
    shapes = layer.geometry.iloc[near].to_crs(plane).to_numpy()
    box = shapely.bounds(shapes)
    seen_m = _LEAST_SEEN * (east - west) / _WIDTH
    seen = (box[:, 2:] - box[:, :2]).max(axis=1, initial=0) >= seen_m
    return shapes[seen & shapely.intersects(shapes, frame)]


def _round_length(metres: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that is not longer."""
    power = 10.0 ** np.floor(np.log10(metres))
    return float(max(step * power for step in (1, 2, 5) if step * power <= metres))


def sheets_html(
    zone: Zone, findings: GeoDataFrame, *, lang: str = "zh", sentences: Sentences = describe
) -> str:
    """Return one HTML page with an A4 sheet per idle parcel and per unit over its quota.

    `sentences` writes findings in words of a language.
    """
    sheets = _sheets(zone, findings, lang, sentences)
    text = files("zgcgis").joinpath("resources/templates/sheets.html.j2").read_text("utf-8")
    page = Environment(autoescape=True, undefined=StrictUndefined, finalize=page_value).from_string(
        text
    )
    title = Text("闲置与超指标用地核查表", "Idle and over-quota land: sheets").say(lang)
    return page.render(
        lang=lang,
        title=f"{zone.names[lang]} {title}",
        zone=zone.names[lang],
        as_of=as_of(zone).isoformat(),
        sheets=sheets,
        words=_WORDS[lang],
        disclaimer=str(zone.meta.get(f"disclaimer_{lang}", "")),
    )


def _sheets(zone: Zone, findings: GeoDataFrame, lang: str, said: Sentences) -> list[dict[str, Any]]:
    wanted = findings[findings["rule"].isin(SHEET_RULES)]
    if wanted.empty:
        return []
    now = zone.at(as_of(zone).year)
    parcels = now.layer("parcel")
    sentences = said(wanted, lang)
    sheets: list[dict[str, Any]] = []
    idle = wanted[wanted["rule"] != "Q401"]
    if len(idle):
        judged = judged_parcels(zone)
        area = geo.area_m2(judged.geometry, center=zone.center)
        for feature, group in idle.groupby("feature", sort=True):
            row = judged[judged["id"] == feature]
            facts = row.iloc[0].to_dict() | {"area_m2": float(area.loc[row.index[0]])}
            sheets.append(
                {
                    "title": f"{Text('闲置土地', 'Idle land').say(lang)} {feature}",
                    "lines": _lines(group, sentences),
                    "svg": Markup(place_svg(now, row, around=parcels, lang=lang)),  # noqa: S704 - numbers and escaped ids
                    "facts": _facts(zone, facts, lang),
                    "heads": [],
                    "rows": [],
                }
            )
    for index, over in wanted[wanted["rule"] == "Q401"].iterrows():
        use, kind, year = (part.strip() for part in str(over["detail"]).split(","))
        counted = counted_parcels(zone, str(over["feature"]), int(year), use, kind)
        size = geo.area_m2(counted.geometry, center=zone.center)
        largest = size.sort_values(ascending=False, kind="stable").index[:6]
        sheets.append(
            {
                "title": f"{Text('超指标', 'Over quota').say(lang)} {zone.name(str(over['feature']), lang)}",
                "lines": _lines(wanted.loc[[index]], sentences),
                "svg": Markup(  # noqa: S704 - numbers and escaped ids
                    place_svg(zone.at(int(year)), counted, around=parcels, lang=lang)
                    if len(counted)
                    else ""
                ),
                "facts": [
                    (Text("指标", "Quota").say(lang), _area(over["limit"], lang)),
                    (Text("已用", "Used").say(lang), _area(over["measured"], lang)),
                    (Text("超出", "Over").say(lang), _area(over["measured"] - over["limit"], lang)),
                    (Text("计入宗地", "Parcels counted").say(lang), str(len(counted))),
                ],
                "heads": [
                    Text("宗地", "Parcel").say(lang),
                    Text("面积 m²", "m2").say(lang),
                    Text("供地日期", "Supplied").say(lang),
                ],
                "rows": [
                    [counted.at[k, "id"], f"{size[k]:,.0f}", _day(counted.at[k, "supply_date"])]
                    if "supply_date" in counted
                    else [counted.at[k, "id"], f"{size[k]:,.0f}", "—"]
                    for k in largest
                ],
            }
        )
    return sheets


def _lines(group: pd.DataFrame, sentences: pd.Series) -> list[dict[str, str]]:
    return [
        {
            "text": str(sentences[k]),
            "severity": str(group.at[k, "severity"]),
            "clause": str(group.at[k, "clause"] or ""),
        }
        for k in group.index
    ]


def _area(m2: float, lang: str) -> str:
    mu = m2 * 3 / 2000
    return Text(
        f"{m2:,.1f} m²（{m2 / 1e4:.4f} 公顷，{mu:.2f} 亩）",
        f"{m2:,.1f} m2 ({m2 / 1e4:.4f} ha, {mu:.2f} mu)",
    ).say(lang)


def _day(value: Any) -> str:
    return "—" if pd.isna(value) else pd.Timestamp(value).strftime("%Y-%m-%d")


def _facts(zone: Zone, row: Mapping[str, Any], lang: str) -> list[tuple[str, str]]:
    """The facts of one idle parcel as words, in the order of the sheet."""

    def text(key: str) -> str:
        value = row.get(key)
        if key == "park":
            return zone.name(str(row.get("park_id", "")), lang)
        if key == "area":
            return _area(float(row["area_m2"]), lang)
        if key == "extension":
            months = float(row.get("extension_months") or 0)
            return f"{months:.0f} {Text('个月', 'months').say(lang)}" if months else "—"
        if key == "fee":
            if not row["fee_due"]:
                return Text("不征缴", "none due").say(lang)
            fee = row["fee_wan"]
            return "—" if pd.isna(fee) else f"{fee:,.2f} {Text('万元', '(10 000 CNY)').say(lang)}"
        if key == "takeback":
            if not row["fee_due"]:
                return "—"
            state = Text(
                "已到期" if row["takeback"] else "到期日",
                "due since" if row["takeback"] else "from",
            ).say(lang)
            return f"{state} {_day(row['takeback_date'])}"
        if key == "government":
            return Text("是" if value else "否", "yes" if value else "no").say(lang)
        if key.endswith("_share"):
            return "—" if value is None or pd.isna(value) else f"{100 * float(value):.1f} %"
        if key.endswith("_date") or key == "stopped_since":
            return _day(value)
        return "—" if value is None or value is pd.NA or pd.isna(value) else str(value)

    return [(Text(head_zh, head_en).say(lang), text(key)) for key, head_zh, head_en in _FACTS]


def write_sheets(
    zone: Zone,
    findings: GeoDataFrame,
    folder: str | Path,
    *,
    lang: str = "zh",
    pdf: bool = True,
) -> list[Path]:
    """Write ``sheets.html``, the maps of the idle parcels, and a PDF where a Chromium is there.

    Returns what was made: ``sheets.html``, ``sheets.pdf`` if it could be printed, and one
    ``places/ID.svg`` per idle parcel, its id made fit for a file's name. Without a sheet to make, nothing is written.
    """
    with sheets_begun(zone, findings, folder, lang=lang, pdf=pdf) as finish:
        return finish()


@contextmanager
def sheets_begun(
    zone: Zone,
    findings: GeoDataFrame,
    folder: str | Path,
    *,
    lang: str = "zh",
    pdf: bool = True,
    sentences: Sentences = describe,
) -> Iterator[Callable[[], list[Path]]]:
    """Begin what :func:`write_sheets` writes; the browser prints while other work is done.

    Gives a function that waits for the rest and returns the paths. `sentences` writes findings
    in words of a language.
    """
    if findings[findings["rule"].isin(SHEET_RULES)].empty:
        yield list
        return
    folder = result_folder(folder)
    text = sheets_html(zone, findings, lang=lang, sentences=sentences)
    page = write_text_whole(folder / "sheets.html", text)
    idle = findings[findings["rule"].isin(["L601", "L602"])]["feature"].unique()
    places = place_files(zone, [str(name) for name in idle], folder / "places", lang=lang)
    browser = find_browser()
    if not pdf or browser is None:
        yield lambda: [page, *places]
        return
    with work_folder() as work, ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(print_page, browser, lying(page), work / "sheets.pdf")

        def finish() -> list[Path]:
            try:
                under_way.result()
            except NotPrintedError as problem:  # the page is there, and any browser prints it
                warnings.warn(f"{problem.zh}\n{problem.en}", ZgcgisWarning, stacklevel=2)
                return [page, *places]
            target = folder / "sheets.pdf"
            write_whole(target, lambda path: shutil.copyfile(work / target.name, path))
            return [page, target, *places]

        yield finish


class NotPrintedError(WriteError):
    """The browser of the machine made no PDF, or no picture."""


def print_page(browser: str, page: Path, target: Path, *, seconds: float = 180) -> None:
    """Let a headless Chromium print a page of our own making as PDF, without network or profile.

    The same page gives the same bytes: the time of printing in it is a fixed one.

    Raises
    ------
    NotPrintedError
        If it made none; the sentence says what it said.
    """
    _browse(browser, ["--no-pdf-header-footer", f"--print-to-pdf={target}"], page, target, seconds)
    settle_pdf(target)


def take_picture(browser: str, page: Path, target: Path, size: tuple[int, int]) -> None:
    """Let a headless Chromium draw a page of our own making as PNG, at twice its size in pixels.

    Raises
    ------
    NotPrintedError
        If it drew none.
    """
    wide, high = size
    options = ["--hide-scrollbars", "--force-device-scale-factor=2",
               f"--window-size={wide},{high}", f"--screenshot={target}"]  # fmt: skip
    _browse(browser, options, page, target, 180)


def _browse(browser: str, wishes: list[str], page: Path, target: Path, seconds: float) -> None:
    try:
        code, said = run_browser(browser, wishes, page.resolve().as_uri(), seconds=seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotPrintedError(
            f"{browser} 没能打印 {page}：{error}。可在浏览器中打开该页并打印为 PDF。",
            f"{browser} did not print {page}: {error}. Open the page in a browser and print.",
        ) from error
    if not target.exists() or not target.stat().st_size:
        words = said.strip().splitlines()[-1:]
        raise NotPrintedError(
            f"{browser} 没能打印 {page}（退出码 {code}）：{words}。"
            "可在浏览器中打开该页并打印为 PDF。",
            f"{browser} did not print {page} (exit code {code}): {words}. "
            "Open the page in a browser and print it.",
        )


def place_files(
    zone: Zone, ids: Iterable[str], folder: str | Path, *, lang: str = "zh"
) -> list[Path]:
    """Write the map of each parcel as its own SVG file and return the paths."""
    now = zone.at(as_of(zone).year)
    parcels = now.layer("parcel")
    made = []
    place = result_folder(folder)
    for name, file in file_names(ids).items():
        row = parcels[parcels["id"] == name]
        if row.empty:
            raise ZgcgisError(f"没有宗地 {name}。", f"There is no parcel {name}.")
        style = (
            "<style>.land{fill:#eef0ea;stroke:#a9afa6;stroke-width:.6}.built{fill:#d9dcd3}"
            ".park{fill:none;stroke:#44506a;stroke-width:1.6;stroke-dasharray:6 3}"
            ".place{fill:#f3b0a8;stroke:#b3261e;stroke-width:2}"
            ".mark{fill:none;stroke:#b3261e;stroke-width:1.5}"
            "text{font:11px sans-serif;fill:#1b1f24}</style>"
        )
        svg = place_svg(now, row, around=parcels, lang=lang).replace("><path", f">{style}<path", 1)
        made.append(write_text_whole(place / f"{file}.svg", svg + "\n"))
    return made

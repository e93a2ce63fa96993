"""A question to a layer, written down: CSV, workbook, GeoPackage, JSON, page with the selection drawn."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from .... import geo
from ....assessment.casework.queries import Query
from ....assessment.casework.vicinity import polygons
from ....io.layers import write_layer
from ....io.places import result_folder
from ....io.spreadsheets import write_csv
from ....io.writing import write_text_whole
from ....language.safe_text import Text
from ....language.terms import column_name, heading
from ...outputs import plain_dates, records_json, write_json, write_workbook
from ..map_figures import Frame, Layer, map_svg
from ..paper import Figure, Paper, Section, Table, paper_html

__all__ = ["query_json", "query_paper", "write_query"]

_FILES = ("pivot.csv", "query.xlsx", "query.html", "selected.gpkg")
_SIZE = (720, 460)
_MOST_DRAWN = 20_000  # features of a layer on a page; the GeoPackage has all that were selected


def write_query(found: Query, folder: str | Path, *, lang: str = "zh") -> list[Path]:
    """Write an answer into a folder: JSON, sums as CSV, workbook, GeoPackage, page.

    Parameters
    ----------
    found
        What :func:`zgcgis.assessment.casework.query` returned.
    folder, lang
        Where, and in which language.
    """
    place = result_folder(folder, "query.json", _FILES)
    pivot = _pivot(found)
    selected = plain_dates(found.selected)
    selected.columns = [column_name(str(name), lang) for name in selected]
    made = [
        write_json(place / "query.json", query_json(found)),
        write_csv(
            place / "pivot.csv",
            [
                [heading(str(name), lang) for name in pivot],
                *pivot.itertuples(index=False, name=None),
            ],
        ),
        write_workbook(
            place / "query.xlsx",
            [
                (Text("汇总", "Sums").say(lang), pivot),
                (Text("选中的图形", "Selected").say(lang), selected),
                (Text("说明", "About").say(lang), _about(found, lang)),
            ],
            lang=lang,
        ),
        write_text_whole(place / "query.html", paper_html(query_paper(found, lang), lang=lang)),
    ]
    if len(found.selected):
        made.append(write_layer(found.selected, place / "selected.gpkg"))
    return made


def _pivot(found: Query) -> pd.DataFrame:
    return found.pivot.round({"area_m2": 2, "area_ha": 4, "area_mu": 2})


def query_json(found: Query) -> str:
    """Return an answer as JSON text (schema ``zgcgis.query/1``)."""
    return records_json(
        {
            "schema": "zgcgis.query/1",
            "zone": found.zone.id,
            "level": found.level,
            "where": found.where,
            "by": list(found.by),
            "year": found.year,
            "asked": found.asked,
            "selected": len(found.selected),
            "undecided": found.undecided,
            "pivot": found.pivot,
            "remarks": [{"zh": one.zh, "en": one.en} for one in found.remarks],
        }
    )


def _about(found: Query, lang: str) -> pd.DataFrame:
    rows = [
        (Text("查询", "Question"), found.headline().say(lang)),
        (Text("条件", "Condition"), found.where or "—"),
        (Text("汇总依据", "Summed by"), "、".join(found.by) or "—"),
        *((Text("提示", "Remark"), one.say(lang)) for one in found.remarks),
    ]
    return pd.DataFrame([{"topic": t.say(lang), "content": c} for t, c in rows])


def query_paper(found: Query, lang: str) -> Paper:
    """Return an answer as a page: what was asked, the selection on a map, the sums."""
    sentences = [Text(f"条件：{found.where or '无'}", f"Condition: {found.where or 'none'}")]
    parts: list[Table | Figure] = []
    if len(ground := polygons(found.selected)):
        parts.append(_map(found, lang, len(ground)))
    parts.append(Table(Text("汇总", "Sums"), _pivot(found)))
    return Paper(
        Text(f"{found.zone.names['zh']} 查询", f"{found.zone.names['en']}: query"),
        found.headline(),
        [Section(Text("结果", "Result"), [*sentences, *found.remarks], parts)],
    )


def _map(found: Query, lang: str, count: int) -> Figure:
    zone = found.zone
    center = zone.center or geo.center_of(found.selected)
    shapes = geo.to_plane(polygons(found.selected).geometry, center)
    frame = Frame.around(shapes, _SIZE, room=1.1)
    around = polygons(zone.layer(found.level))
    layers = []
    if len(around) <= _MOST_DRAWN:
        layers.append(Layer(geo.to_plane(around.geometry, center), fill="#f4f5f1"))
    shown = shapes.iloc[:_MOST_DRAWN]
    layers.append(Layer(shown, fill="#f3b0a8", line="#b3261e", width=0.8))
    if zone.count("park"):
        parks = polygons(zone.layer("park"))
        layers.append(Layer(geo.to_plane(parks.geometry, center), line="#44506a", width=1.2, dash="6 3"))  # fmt: skip
    name = Text("选中的图形", "Selected")
    svg = map_svg(
        layers, frame, lang=lang, legend=[(name.say(lang), "#f3b0a8")], label=name.say(lang)
    )
    short = Text(f"（画出前 {_MOST_DRAWN} 个）", f" (the first {_MOST_DRAWN} are drawn)")
    more = short if count > _MOST_DRAWN else Text("", "")
    return Figure(Text(name.zh + more.zh, name.en + more.en), svg, _SIZE)

"""What lies under a red line, written down: workbook, document, page, GeoPackage, JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from geopandas import GeoDataFrame

from .... import __version__, geo
from ....assessment.casework.themes import THEMES
from ....assessment.casework.under import METHOD_NAMES, Under
from ....assessment.casework.vicinity import near, polygons
from ....io.layers import write_layer
from ....io.layers.styles import colour_of
from ....io.places import result_folder
from ....language.safe_text import Text
from ...outputs import records_json, write_json, write_workbook
from ...wording import in_words
from ..map_figures import Frame, Layer, map_svg
from ..paper import Figure, Paper, Section, Table, write_paper

__all__ = ["total_table", "under_json", "under_paper", "write_under"]

_FILES = ("under.xlsx", "under.html", "under.pdf", "under.docx", "under.gpkg")
_SIZE = (720, 460)
_SEEN_M2 = 0.5
_TITLE = Text("占地（压占）分析", "What lies under a red line")


def write_under(
    found: Under, folder: str | Path, *, lang: str = "zh", template: str | Path | None = None
) -> list[Path]:
    """Write an analysis into a folder: JSON, workbook, GeoPackage, page, PDF and Word.

    Parameters
    ----------
    found
        What :func:`zgcgis.assessment.casework.under` returned.
    folder, lang
        Where, and in which language.
    template
        A Word document of your own whose styles are taken.
    """
    place = result_folder(folder, "under.json", _FILES)
    return [
        write_json(place / "under.json", under_json(found)),
        write_workbook(
            place / "under.xlsx",
            [(name.say(lang), table) for name, table in _sheets(found, lang)],
            lang=lang,
            title=_TITLE.say(lang),
        ),
        write_layer(_ground(found), place / "under.gpkg"),
        *write_paper(under_paper(found, lang), place, "under", lang=lang, template=template),
    ]


def under_json(found: Under) -> str:
    """Return an analysis as JSON text (schema ``zgcgis.under/1``), names in both languages."""
    return records_json(
        {
            "schema": "zgcgis.under/1",
            "zone": found.zone.id,
            "red_line": found.red_line.name,
            "method": found.method,
            "year": found.year,
            "plots": found.plots.drop(columns="geometry"),
            "total": found.total(),
            "lines": found.lines,
            "not_known": found.unknown,
            "parcels": found.parcels,
            "buildings": found.buildings,
            "firms": found.firms,
            "quotas": found.quotas,
            "remarks": [{"zh": one.zh, "en": one.en} for one in found.remarks],
            "with": f"zgcgis {__version__}",
        }
    )


def _ground(found: Under) -> GeoDataFrame:
    """The plots and every piece of ground, a row each."""
    plots = found.plots.assign(theme="red_line", item=found.plots["plot"], zh=found.plots["name"])[
        ["plot", "theme", "item", "zh", "measured_m2", "geometry"]
    ]
    whole = pd.concat([plots, found.pieces], ignore_index=True)
    return GeoDataFrame(whole, geometry="geometry", crs=found.plots.crs)


# --- tables ---------------------------------------------------------------------------------------


def _lines(lines: pd.DataFrame, lang: str, *, whole_m2: float | None = None) -> pd.DataFrame:
    """Lines for people: no row of a theme whose area is nothing, hectares, mu and share beside."""
    some = lines[lines["adjusted_m2"].abs() >= 0.005]
    table = pd.DataFrame(
        {
            "item": some[lang],
            "features": some["features"],
            "measured_m2": some["measured_m2"].round(4),
            "adjustment_m2": some["adjustment_m2"].round(4),
            "adjusted_m2": some["adjusted_m2"],
            "area_ha": (some["adjusted_m2"] / 1e4).round(4),
            "area_mu": (some["adjusted_m2"] * 3 / 2000).round(2),
        }
    )
    if some["net_m2"].notna().any():
        table.insert(5, "net_m2", some["net_m2"].round(2))
    if whole_m2:
        table["share_pct"] = (100 * some["adjusted_m2"] / whole_m2).round(2)
    for name in ("plot", "theme"):
        if name in some:
            words = {theme.key: theme.title.say(lang) for theme in THEMES}
            table.insert(0, name, [words.get(one, one) for one in some[name]])
    return table.reset_index(drop=True)


def total_table(found: Under, lang: str) -> list[tuple[Text, pd.DataFrame]]:
    """Return the total of every theme for people: its title and its lines."""
    total, whole = found.total(), _whole(found)
    return [
        (theme.title, _lines(lines, lang, whole_m2=whole).drop(columns="theme"))
        for theme in THEMES
        if len(lines := total[total["theme"] == theme.key])
    ]


def _sheets(found: Under, lang: str) -> list[tuple[Text, pd.DataFrame]]:
    pages = [
        (Text("合计", "Total"), _lines(found.total(), lang, whole_m2=_whole(found))),
        (Text("分地块", "By plot"), _lines(found.lines, lang)),
        (Text("地块", "Plots"), _plots(found, lang)),
        (Text("不知道的", "Not known"), _unknown(found, lang)),
        *_met(found, lang),
        (Text("说明", "About"), _about(found, lang)),
    ]
    return [(name, table) for name, table in pages if len(table) or name.zh == "不知道的"]


def _whole(found: Under) -> float:
    return float(found.plots["whole_m2"].sum())


_BASIS = {
    "stated": Text("写明的面积", "stated"),
    "measured": Text("量得的面积", "measured"),
    "differs": Text("量得的面积（与写明的不符）", "measured (the stated one differs)"),
}


def _plots(found: Under, lang: str) -> pd.DataFrame:
    plots = found.plots
    return pd.DataFrame(
        {
            "plot": plots["plot"],
            "name": plots["name"],
            "stated_area_m2": plots["stated_area_m2"],
            "measured_m2": plots["measured_m2"].round(4),
            "whole_m2": plots["whole_m2"],
            "basis": [_BASIS[one].say(lang) for one in plots["basis"]],
            "area_ha": (plots["whole_m2"] / 1e4).round(4),
            "area_mu": (plots["whole_m2"] * 3 / 2000).round(2),
        }
    ).reset_index(drop=True)


def _unknown(found: Under, lang: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"reason": found.unknown[lang], "area_m2": found.unknown["area_m2"].astype(float)}
    )


def _met(found: Under, lang: str) -> list[tuple[Text, pd.DataFrame]]:
    """What is met, a hair of a neighbour left out: its line is in the themes."""

    def real(table: pd.DataFrame) -> pd.DataFrame:
        if "area_here_m2" not in table:
            return table
        kept = table[table["area_here_m2"] >= _SEEN_M2]
        rounded = {c: kept[c].round(4) for c in ("area_here_m2", "area_m2", "share",
                                                 "floor_area_here_m2") if c in kept}  # fmt: skip
        return kept.assign(**rounded)

    tables = [
        (Text("涉及宗地", "Parcels met"), real(found.parcels)),
        (
            Text("涉及建筑物", "Buildings met"),
            real(found.buildings).rename(columns={"id": "building"}),
        ),
        (
            Text("涉及企业", "Firms met"),
            _said(found.firms, "told_by", lang).rename(columns={"id": "firm"}),
        ),
        (
            Text("涉及指标", "Quotas touched"),
            _said(found.quotas, "kind", lang).rename(columns={"unit": "unit_id"}),
        ),
    ]
    return [
        (name, in_words(found.zone, table.dropna(axis=1, how="all").reset_index(drop=True), lang))
        for name, table in tables
    ]


_KINDS = {
    "plan": Text("年度计划", "yearly plan"),
    "approved": Text("批准", "approval"),
    "cumulative": Text("累计", "cumulative"),
    "point": Text("点位", "its point"),
    "parcel": Text("所在宗地", "its parcel"),
}


def _said(table: pd.DataFrame, column: str, lang: str) -> pd.DataFrame:
    """Put the words of a column of quotas or firms for its keys."""
    if column not in table:
        return table
    return table.assign(
        **{column: [_KINDS[v].say(lang) if v in _KINDS else v for v in table[column]]}
    )


def _about(found: Under, lang: str) -> pd.DataFrame:
    rows = [
        (Text("示范区", "Zone"), found.zone.names[lang]),
        (Text("红线文件", "Red line"), found.red_line.name),
        (Text("状态年份", "State of"), str(found.year)),
        (Text("面积算法", "Area by"), METHOD_NAMES[found.method].say(lang)),
        (Text("平差", "Adjustment"), ADJUSTED.say(lang)),
        *((Text("提示", "Remark"), one.say(lang)) for one in found.remarks),
        (Text("软件", "Software"), f"zgcgis {__version__}"),
    ]
    return pd.DataFrame([{"topic": t.say(lang), "content": c} for t, c in rows])


ADJUSTED = Text(
    "每一主题内各项按比例平差到地块总面积，精确到 0.01 m²，平差数列在“平差”一栏",
    "the items of each theme are adjusted in proportion to the whole of the plot, to 0.01 m2; "
    "the adjustment stands beside each",
)


# --- the document ---------------------------------------------------------------------------------


def under_paper(found: Under, lang: str) -> Paper:
    """Return an analysis as a document: plots and map, what is not known, every theme, what is met."""
    themes = [Table(title, table) for title, table in total_table(found, lang)]
    sections = [
        Section(
            Text("地块", "Plots"),
            [METHOD_NAMES[found.method], ADJUSTED, *found.remarks],
            [Table(Text("地块面积", "Areas of the plots"), _plots(found, lang)), _map(found, lang)],
        ),
        Section(
            Text("不知道的", "What is not known"),
            [] if len(found.unknown) else [Text("没有。", "Nothing.")],
            [
                Table(
                    Text("不知道的内容、原因和面积", "What, why, and how much land"),
                    _unknown(found, lang),
                )
            ],
        ),
        Section(Text("合计", "Total"), [], themes),
        Section(
            Text("涉及的宗地、建筑、企业和指标", "What is met"),
            [],
            [Table(name, table) for name, table in _met(found, lang)],
        ),
    ]
    if len(found.plots) > 1:
        by_plot = [
            Table(
                Text(f"地块 {plot}", f"Plot {plot}"),
                _lines(lines, lang, whole_m2=float(size)).drop(columns="plot"),
            )
            for (plot, lines), size in zip(
                found.lines.groupby("plot", sort=False), found.plots["whole_m2"], strict=True
            )
        ]
        sections.append(Section(Text("分地块", "By plot"), [], by_plot))
    foot = [Text(*(str(found.zone.meta.get(f"disclaimer_{one}", "")) for one in ("zh", "en")))]
    return Paper(
        Text(f"{found.zone.names['zh']} {_TITLE.zh}", f"{found.zone.names['en']}: {_TITLE.en}"),
        found.headline(),
        sections,
        [one for one in foot if one.say(lang)],
    )


def _map(found: Under, lang: str) -> Figure:
    """The plots on the land they lie on: classes in colour under them, parcels around."""
    zone = found.zone
    center = zone.center or geo.center_of(found.plots)
    plots = geo.to_plane(found.plots.geometry, center)
    frame = Frame.around(plots, _SIZE)
    land = found.pieces[found.pieces["theme"] == "land_use"]
    seen = land[land["measured_m2"] >= _SEEN_M2]
    codes = dict(zip(seen["zh"], seen["item"], strict=True))
    shade = {zh: "#{:02x}{:02x}{:02x}".format(*colour_of(code)) for zh, code in codes.items()}
    layers: list[Layer] = []

    def add(level: str, **style: Any) -> None:
        if zone.count(level):
            around = GeoDataFrame(geometry=[frame.ground], crs=plots.crs).geometry
            some = polygons(near(zone, level, around, []))
            layers.append(Layer(geo.to_plane(some.geometry, center), **style))

    add("parcel", fill="#f4f5f1")
    layers.append(
        Layer(
            geo.to_plane(land.geometry, center),
            fill=[shade.get(zh, "#fff") for zh in land["zh"]],
            line="#5b636c",
            width=0.5,
        )
    )
    add("building", fill="#c9cec4", line="#8a9186", width=0.4)
    add("park", line="#44506a", width=1.4, dash="6 3")
    add("prohibited", line="#9b1fb8", width=1.2, dash="2 2")
    names = found.plots["plot"].tolist()
    layers.append(Layer(plots, line="#d00000", width=2.2, labels=names))
    english = dict(zip(found.lines["zh"], found.lines["en"], strict=True))
    legend = [(Text(zh, english.get(zh, zh)).say(lang), colour) for zh, colour in shade.items()]
    legend.append((Text("红线", "Red line").say(lang), "#d00000"))
    svg = map_svg(layers, frame, lang=lang, legend=legend, label="、".join(names))
    return Figure(Text("红线与现状地类", "The red line on present land use"), svg, _SIZE)

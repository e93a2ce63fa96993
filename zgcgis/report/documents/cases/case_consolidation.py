"""A review of a zone's consolidation, written down: workbook, document, page, GeoPackage, JSON."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from .... import __version__, geo
from ....assessment.casework.consolidation import (
    FORMULAS_AS_PRINTED,
    MEASURES,
    Consolidation,
    Measure,
)
from ....io.layers import write_layer
from ....io.places import result_folder
from ....language.safe_text import Text
from ...outputs import records_json, write_json, write_workbook
from ..map_figures import Frame, Layer, map_svg
from ..paper import Figure, Paper, Section, Table, write_paper

__all__ = ["consolidation_json", "consolidation_paper", "figure_table", "write_consolidation"]

_FILES = tuple(f"consolidation.{end}" for end in ("xlsx", "html", "pdf", "docx", "gpkg"))
_SIZE = (720, 460)
_TITLE = Text("开发区整合优化核查", "Review of consolidation")
NOT_KNOWN = Text("不知道", "not known")
_OWN = Text("园区面积占比，公开工具只列面积", "share of the park; public tools print the area only")
_TOTAL = Text("合计", "Total")


def write_consolidation(
    found: Consolidation,
    folder: str | Path,
    *,
    lang: str = "zh",
    template: str | Path | None = None,
) -> list[Path]:
    """Write a review into a folder: JSON, workbook, GeoPackage, page, PDF and Word.

    Parameters
    ----------
    found
        What :func:`zgcgis.assessment.casework.consolidation` returned.
    folder, lang
        Where, and in which language.
    template
        A Word document of your own whose styles are taken.
    """
    place = result_folder(folder, "consolidation.json", _FILES)
    polygons = found.polygons.assign(
        formula=FORMULAS_AS_PRINTED.say(lang), area_m2=found.polygons["area_m2"].round(4)
    )
    return [
        write_json(place / "consolidation.json", consolidation_json(found)),
        write_workbook(
            place / "consolidation.xlsx",
            [(name.say(lang), table) for name, table in _sheets(found, lang)],
            lang=lang,
            title=_TITLE.say(lang),
        ),
        write_layer(polygons, place / "consolidation.gpkg"),
        *write_paper(
            consolidation_paper(found, lang), place, "consolidation", lang=lang, template=template
        ),
    ]


def consolidation_json(found: Consolidation) -> str:
    """Return a review as JSON text (schema ``zgcgis.consolidation/1``), names in both languages."""
    return records_json(
        {
            "schema": "zgcgis.consolidation/1",
            "zone": found.zone.id,
            "day": found.day.isoformat(),
            "method": "ellipsoid",
            "formulas": {"zh": FORMULAS_AS_PRINTED.zh, "en": FORMULAS_AS_PRINTED.en},
            "measures": [
                {
                    "key": m.key,
                    "unit": m.unit,
                    "zh": m.title.zh,
                    "en": m.title.en,
                    "formula_zh": m.formula.zh,
                    "formula_en": m.formula.en,
                    "printed": m.printed,
                }
                for m in MEASURES
            ],
            "supply_years": found.supply_years,
            "parks": found.parks.drop(columns="geometry"),
            "figures": found.figures,
            "parts": found.parts,
            "not_known": found.unknown,
            "polygons": found.polygons.drop(columns="geometry"),
            "remarks": [{"zh": one.zh, "en": one.en} for one in found.remarks],
            "with": f"zgcgis {__version__}",
        }
    )


# --- tables ---------------------------------------------------------------------------------------


def figure_table(found: Consolidation, lang: str, *, park: str = "") -> pd.DataFrame:
    """Return the figures of a park (by default the total) for people: a row a figure."""
    rows = []
    mine = found.figures[found.figures["park"] == park].set_index("measure")
    for measure in MEASURES:
        row = mine.loc[measure.key]
        rows.append(
            {
                "measure": measure.title.say(lang),
                "numerator_ha": _hectares(row["numerator_m2"]),
                "denominator_ha": _hectares(row["denominator_m2"]),
                "figure": _said(measure, row["value"], lang),
                "known": _known(row["value"], row["complete"], lang),
            }
        )
    return pd.DataFrame(rows)


def _hectares(m2: float) -> float:
    return round(m2 / 1e4, 4)


def _said(measure: Measure, value: float, lang: str) -> str:
    if np.isnan(value):
        return NOT_KNOWN.say(lang)
    unit = measure.unit if measure.unit == "%" else Text("年", "years").say(lang)
    return f"{value:,.2f} {unit}"


def _known(value: float, complete: bool, lang: str) -> str:  # noqa: FBT001
    words = Text("全部", "all") if complete else Text("部分", "in part")
    return (NOT_KNOWN if np.isnan(value) else words).say(lang)


def _by_park(found: Consolidation, lang: str) -> pd.DataFrame:
    """Parks by figures; a star where some of the land is not known."""
    table = {"park": [_name(found, park, lang) for park in ["", *found.parks["id"]]]}
    for measure in MEASURES:
        mine = found.figures[found.figures["measure"] == measure.key]
        unit = measure.unit if measure.unit == "%" else Text("年", "years").say(lang)
        table[Text(f"{measure.title.zh}（{unit}）", f"{measure.title.en} ({unit})").say(lang)] = [
            NOT_KNOWN.say(lang) if np.isnan(value) else f"{value:,.2f}" + ("" if complete else " *")
            for value, complete in zip(mine["value"], mine["complete"], strict=True)
        ]  # fmt: skip
    return pd.DataFrame(table)


def _name(found: Consolidation, park: str, lang: str) -> str:
    names = found.parks.set_index("id")[lang]
    return str(names[park]) if park else _TOTAL.say(lang)


def _formulas(lang: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "measure": [m.title.say(lang) for m in MEASURES],
            "formula": [m.formula.say(lang) for m in MEASURES],
            "source": [(FORMULAS_AS_PRINTED if m.printed else _OWN).say(lang) for m in MEASURES],
        }
    )


def _unknown(found: Consolidation, lang: str, *, parks: bool = False) -> pd.DataFrame:
    """What is not known: in total, or with a row for each park."""
    titles = {m.key: m.title.say(lang) for m in MEASURES}
    some = found.unknown if parks else found.unknown[found.unknown["park"] == ""]
    table = pd.DataFrame(
        {
            "park": [_name(found, park, lang) for park in some["park"]],
            "measure": some["measure"].map(titles),
            "reason": some[lang],
            "area_m2": some["area_m2"].round(2),
            "area_ha": (some["area_m2"] / 1e4).round(4),
        }
    )
    return (table if parks else table.drop(columns="park")).reset_index(drop=True)


def _parts(found: Consolidation, lang: str) -> pd.DataFrame:
    titles = {m.key: m.title.say(lang) for m in MEASURES}
    parts = found.parts
    return pd.DataFrame(
        {
            "park": [_name(found, park, lang) for park in parts["park"]],
            "measure": parts["measure"].map(titles),
            "role": [ROLES[role].say(lang) for role in parts["role"]],
            "item": parts[lang],
            "features": parts["features"],
            "area_m2": parts["area_m2"].round(2),
            "area_ha": (parts["area_m2"] / 1e4).round(4),
            "area_mu": (parts["area_m2"] * 3 / 2000).round(2),
        }
    )


ROLES = {
    "numerator": Text("分子", "numerator"),
    "denominator": Text("分母", "denominator"),
    "term": Text("算式的一项", "term of the formula"),
    "unknown": Text("不知道", "not known"),
}


def _sheets(found: Consolidation, lang: str) -> list[tuple[Text, pd.DataFrame]]:
    titles = {m.key: m.title.say(lang) for m in MEASURES}
    figures = found.figures
    long = pd.DataFrame(
        {
            "park": [_name(found, park, lang) for park in figures["park"]],
            "measure": figures["measure"].map(titles),
            "numerator_m2": figures["numerator_m2"].round(2),
            "denominator_m2": figures["denominator_m2"].round(2),
            "figure": figures["value"].round(4),
            "unit": figures["unit"].map({"%": "%", "a": Text("年", "years").say(lang)}),
            "known": [_known(v, c, lang) for v, c in zip(figures["value"], figures["complete"], strict=True)],
        }
    )  # fmt: skip
    about = [
        (Text("示范区", "Zone"), found.zone.names[lang]),
        (Text("截至", "As of"), found.day.isoformat()),
        (Text("面积算法", "Area by"), Text("椭球面积", "area on the ellipsoid").say(lang)),
        (Text("年均供应量", "Mean yearly supply"), _mean(found).say(lang)),
        *((Text("提示", "Remark"), one.say(lang)) for one in found.remarks),
        (Text("软件", "Software"), f"zgcgis {__version__}"),
    ]
    return [
        (Text("核查结果", "Figures"), long),
        (Text("不知道的", "Not known"), _unknown(found, lang, parks=True)),
        (Text("各项用地", "Land behind them"), _parts(found, lang)),
        (Text("公式", "Formulas"), _formulas(lang)),
        (Text("说明", "About"), pd.DataFrame([{"topic": t.say(lang), "content": c} for t, c in about])),
    ]  # fmt: skip


def _mean(found: Consolidation) -> Text:
    last = found.day.year
    first = last - found.supply_years + 1
    return Text(
        f"{first} 至 {last} 年有供地日期的供应面积 ÷ {found.supply_years}",
        f"land supplied from {first} to {last} by its date, over {found.supply_years}",
    )


# --- the document ---------------------------------------------------------------------------------


def consolidation_paper(found: Consolidation, lang: str) -> Paper:
    """Return a review as a document: figures, what is not known, each figure on a map, land."""
    star = Text("* 有不知道的用地，见“不知道的”。", "* some of the land is not known; see below.")
    total = found.parts[found.parts["park"] == ""]
    land = _parts(found, lang)[(found.parts["park"] == "").to_numpy()].drop(
        columns=["park", "area_m2"]
    )
    sections = [
        Section(
            Text("核查结果", "Figures"),
            [*found.remarks, _mean(found)],
            [
                Table(Text("合计", "In total"), figure_table(found, lang)),
                Table(Text(f"分园区（{star.zh}）", f"By park ({star.en})"), _by_park(found, lang)),
                Table(Text("公式", "Formulas"), _formulas(lang)),
            ],
        ),
        Section(
            Text("不知道的", "What is not known"),
            [] if len(found.unknown) else [Text("没有。", "Nothing.")],
            [Table(Text("不知道的内容、原因和面积（合计）", "What, why, and how much land, in total"), _unknown(found, lang))],
        ),
        Section(Text("各项在哪里", "Where it is"), [], [_map(found, m, lang) for m in MEASURES]),
        Section(
            Text("各项用地", "Land behind the figures"),
            [],
            [Table(Text("合计", "In total"), land)] if len(total) else [],
        ),
    ]  # fmt: skip
    foot = Text(*(str(found.zone.meta.get(f"disclaimer_{one}", "")) for one in ("zh", "en")))
    return Paper(
        Text(f"{found.zone.names['zh']} {_TITLE.zh}", f"{found.zone.names['en']}: {_TITLE.en}"),
        found.headline(),
        sections,
        [one for one in (FORMULAS_AS_PRINTED, foot) if one.say(lang)],
    )


_LOOKS = {
    "denominator": ("#d7e3ee", "#9db4c9"),
    "unknown": ("#efe6c8", "#b9a867"),
    "term": ("#d7e3ee", "#9db4c9"),
    "numerator": ("#d9534a", "#8c1d18"),
}
_TERMS = {"supplied_of_late": "#5b8fbf", "proven": "#57a773"}


def _map(found: Consolidation, measure: Measure, lang: str) -> Figure:
    """The ground of one figure: what it is over, what of it is not known, what is counted."""
    center = found.zone.center or geo.center_of(found.parks)
    parks = geo.to_plane(found.parks.geometry, center)
    frame = Frame.around(parks, _SIZE, room=1.1)
    mine = found.polygons[found.polygons["measure"] == measure.key]
    said = found.parts.drop_duplicates(["measure", "part"]).set_index(["measure", "part"])[lang]
    layers, legend = [], []
    for role, (fill, line) in _LOOKS.items():
        for part in mine.loc[mine["role"] == role, "part"].unique():
            if part == "extent":
                continue
            colour = _TERMS.get(part, fill)
            some = mine[mine["part"] == part]
            layers.append(
                Layer(geo.to_plane(some.geometry, center), fill=colour, line=line, width=0.3)
            )
            legend.append((str(said[measure.key, part]), colour))
    layers.append(Layer(parks, line="#44506a", width=1.2, dash="6 3"))
    legend.append((Text("园区范围", "Parks").say(lang), "#44506a"))
    lacking = np.isnan(found.figures.set_index(["park", "measure"]).loc[("", measure.key), "value"])
    more = Text("（不知道）", " (not known)") if lacking else Text("", "")
    svg = map_svg(layers, frame, lang=lang, legend=legend, label=measure.title.say(lang))
    return Figure(Text(measure.title.zh + more.zh, measure.title.en + more.en), svg, _SIZE)

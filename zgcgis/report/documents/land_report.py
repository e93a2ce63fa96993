"""The land of a selection as a report (用地情况报告), and its area summary by class (面积汇总表)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame, GeoSeries

from ... import geo
from ...assessment.casework.queries import OUTSIDE, Query, query
from ...assessment.casework.themes import NOT_STATED, system_of, text_of
from ...assessment.casework.vicinity import near, polygons
from ...language.safe_text import Text
from ...maps.packed.land_layers import use_style
from ...model import LEVELS, Zone
from ...plan.land_use import CLASSES, classify, codes_of_system
from ..outputs.findings_page import finding_rows
from ..wording import WORDS, land_summary, named
from .map_figures import Frame, Layer, map_svg
from .paper import Figure, Paper, Section, Table

__all__ = ["area_summary", "by_class", "land_paper", "place_figures"]

_SIZE = (720, 520)
_MOST_DRAWN = 20_000
_MOST_PLACES = 12
_TOTAL = Text("合计", "Total")
_NO_CLASS = Text("（代码不在分类表中）", "(no code of the table)")


# --- areas ----------------------------------------------------------------------------------------


def by_class(zone: Zone, selected: GeoDataFrame, lang: str) -> pd.DataFrame:
    """Return the land of features by class: code, name, features, m², hectares, mu, share."""
    code, system = text_of(selected, "land_use"), system_of(zone, selected)
    known = classify(code, system)
    zh = known["zh"].where(known["zh"] != "", _NO_CLASS.zh)
    en = known["class"].map(lambda one: CLASSES.get(one, ("", _NO_CLASS.en))[1])
    name = {"en": en}.get(lang, zh).where(code != "", NOT_STATED.say(lang))
    table = pd.DataFrame({"code": code, "land_class": name, "area_m2": selected["area_m2"]})
    table = table.groupby(["code", "land_class"], sort=True)["area_m2"].agg(["size", "sum"])
    table = table.reset_index().rename(columns={"size": "features", "sum": "area_m2"})
    return _with_total(table, "land_class", lang)


def _with_total(table: pd.DataFrame, name: str, lang: str) -> pd.DataFrame:
    """A table of land with its sum, hectares, mu and shares, each to what a paper shows."""
    whole = round(float(table["area_m2"].sum()), 2)
    table = table.assign(area_m2=geo.apportion(table["area_m2"].to_numpy(float), whole))
    last = {name: _TOTAL.say(lang), "features": int(table["features"].sum()), "area_m2": whole}
    texts = {column: "" for column in table if column not in last}
    table = pd.concat([table, pd.DataFrame([texts | last])], ignore_index=True)
    return table.assign(
        area_ha=(table["area_m2"] / 1e4).round(4),
        area_mu=(table["area_m2"] * 3 / 2000).round(2),
        share_pct=(100 * table["area_m2"] / whole).round(2) if whole else 0.0,
    )


def area_summary(found: Query, lang: str) -> dict[str, pd.DataFrame]:
    """Return the area summary by the usual layout: a row a unit, a column a class, in m².

    Classes of the first level stand before those of the second they are the sum of; a feature that
    lies in two units counts in each with its part. Cells are closed to the whole to 0.01 m²
    (:func:`zgcgis.geo.apportion`) and sums are of what is shown.

    Parameters
    ----------
    found
        An answer of :func:`zgcgis.assessment.casework.query`, summed by units, ``land_use_system``
        and ``land_use``, in this order.
    lang
        Language of the heads.

    Returns
    -------
    tables
        One for each classification the features have, by its key.
    """
    unit, system_key, use_key = found.by
    table = found.pivot.iloc[:-1].copy()
    own = str(found.zone.meta.get("land_use_system", ""))
    blank = table[system_key] == NOT_STATED.zh
    table[system_key] = table[system_key].where(~blank, own)
    size = table["area_m2"].to_numpy(float)
    table["area_m2"] = geo.apportion(size, round(float(size.sum()), 2))
    made = {}
    for system, part in table.groupby(system_key, sort=True):
        wide = part.pivot_table(index=unit, columns=use_key, values="area_m2", aggfunc="sum", fill_value=0.0)  # fmt: skip
        made[str(system)] = _layout(wide, codes_of_system(str(system)), found, lang)
    return made


def _layout(wide: pd.DataFrame, codes: pd.DataFrame, found: Query, lang: str) -> pd.DataFrame:
    """Units in the order of the zone; each class of the first level, then what it is the sum of."""
    order = [found.zone.name(str(one)) for one in found.zone.units.index]
    units = sorted(wide.index, key=lambda one: (
        one == OUTSIDE.zh, order.index(one) if one in order else len(order), one
    ))  # fmt: skip
    wide = wide.loc[units]
    tops: dict[str, list[str]] = {}
    for code in sorted(map(str, wide.columns)):
        tops.setdefault(_top(code, codes), []).append(code)
    columns: dict[str, pd.Series] = {_TOTAL.say(lang): wide.sum(axis=1).round(2)}
    for top, below in tops.items():
        if below != [top]:
            columns[_called(top, codes, lang)] = wide[below].sum(axis=1).round(2)
        for code in below:
            name = _called(code, codes, lang)
            columns[name if name not in columns else f"{name} *"] = wide[code].round(2)
    table = pd.DataFrame(columns)
    said = [OUTSIDE.say(lang) if one == OUTSIDE.zh else one for one in table.index]
    table.insert(0, Text("单元", "Unit").say(lang), said)
    sums = table.iloc[:, 1:].sum().round(2)
    last = pd.DataFrame([[_TOTAL.say(lang), *sums]], columns=table.columns)
    return pd.concat([table.reset_index(drop=True), last], ignore_index=True)


def _top(code: str, codes: pd.DataFrame) -> str:
    """The class of the first level that a code falls in; itself where it is not known."""
    seen = {code}
    while code in codes.index and (above := str(codes.at[code, "parent"])) and above not in seen:
        seen.add(above)
        code = above
    return code


def _called(code: str, codes: pd.DataFrame, lang: str) -> str:
    if code == NOT_STATED.zh:
        return NOT_STATED.say(lang)
    if code not in codes.index:
        return f"{code} {_NO_CLASS.say(lang)}"
    english = CLASSES.get(str(codes.at[code, "class"]), ("", ""))[1]
    return f"{code} {Text(str(codes.at[code, 'zh']), english).say(lang)}"


# --- the report -----------------------------------------------------------------------------------


def land_paper(found: Query, findings: GeoDataFrame, notes: list[Text], lang: str) -> Paper:
    """Return the land of a selection as a document with numbered tables and figures.

    Parameters
    ----------
    found
        What was selected, of any level.
    findings
        What the rules find in it, with a column ``park``.
    notes
        What else the reader is to know at once.
    lang
        Language of the paper.
    """
    zone, name = found.zone, LEVELS[found.level]
    first: list[Table | Figure] = []
    if zone.count("park"):
        parks = query(zone, found.level, where=found.where, by=["park"], year=found.year).pivot
        first.append(Table(Text("各园区用地", "Land by park"), _with_total(parks.iloc[:-1][["park", "features", "area_m2"]], "park", lang)))  # fmt: skip
    if len(polygons(found.selected)):
        first.append(_land_figure(found, lang))
    classes = []
    if "land_use" in found.selected:
        classes.append(Table(Text("现状地类面积", "Land by class"), by_class(zone, found.selected, lang)))  # fmt: skip
    more = [Table(title, table) for title, column in _ASKED
            if (table := _by_column(found, column, lang)) is not None]  # fmt: skip
    rules = land_summary(zone, findings, lang) if len(findings) else pd.DataFrame()
    listed = finding_rows(zone, findings, lang) if len(findings) else pd.DataFrame()
    sentences = [found.headline(), *found.remarks, *notes]
    none = Text("所选范围内没有发现问题。", "Nothing was found in what was selected.")
    return Paper(
        Text(f"{zone.names['zh']} 用地情况报告", f"{zone.names['en']}: report on land"),
        Text(f"{found.year} 年状态，{name.zh}", f"As of {found.year}, {name.en}"),
        [
            Section(Text("概况", "Overview"), sentences, first),
            Section(Text("土地利用现状", "Present use"), [], classes),
            Section(Text("规划、供应与权属", "Plan, supply, holders"), _missing(found), more),
            Section(
                Text("问题", "Findings"),
                [] if len(findings) else [none],
                [Table(Text("各类问题", "Findings by rule"), rules),
                 Table(Text("问题清单", "All findings"), _listed(listed))],
            ),
        ],
        notices(zone),
    )  # fmt: skip


def _listed(table: pd.DataFrame) -> pd.DataFrame:
    """Of all columns of the findings those that fit on a page."""
    columns = ("severity", "rule", "park", "feature", "sentence", "longitude", "latitude")
    return table[[name for name in columns if name in table]]


def notices(zone: Zone) -> list[Text]:
    """Return what a zone wants to stand at the foot of every paper."""
    said = Text(*(str(zone.meta.get(f"disclaimer_{one}", "")) for one in ("zh", "en")))
    return [said] if said.zh or said.en else []


_ASKED = (
    (Text("规划用途面积", "Land by planned use"), "planned_use"),
    (Text("供应方式面积", "Land by mode of supply"), "supply_mode"),
    (Text("土地使用权人面积", "Land by holder"), "owner"),
)
_MOST_HOLDERS = 30


def _by_column(found: Query, column: str, lang: str) -> pd.DataFrame | None:
    """Land by what a column says, the largest first; None where nothing is said at all."""
    said = text_of(found.selected, column)
    if not (said != "").any():
        return None
    if column == "planned_use":
        known = classify(said, system_of(found.zone, found.selected))["zh"]
        said = said.where(said == "", (said + " " + known).str.strip())
    words: Mapping[str, str] = {key: one.say(lang) for key, one in WORDS.items()}
    name = said.map(lambda one: words.get(one, one)).where(said != "", NOT_STATED.say(lang))
    table = pd.DataFrame({"item": name, "area_m2": found.selected["area_m2"]})
    table = table.groupby("item")["area_m2"].agg(["size", "sum"]).reset_index()
    table = table.rename(columns={"size": "features", "sum": "area_m2"})
    table = table.sort_values(["area_m2", "item"], ascending=[False, True], kind="stable")
    if len(table) > _MOST_HOLDERS:
        rest = table.iloc[_MOST_HOLDERS:]
        other = Text(f"其余 {len(rest)} 项", f"{len(rest)} others").say(lang)
        kept = {"item": other, "features": rest["features"].sum(), "area_m2": rest["area_m2"].sum()}
        table = pd.concat([table.iloc[:_MOST_HOLDERS], pd.DataFrame([kept])])
    return _with_total(table.reset_index(drop=True), "item", lang)


def _missing(found: Query) -> list[Text]:
    """What is asked for and filled in nowhere, in a sentence each."""
    made = []
    for title, column in _ASKED:
        if not (text_of(found.selected, column) != "").any():
            made.append(Text(f"{title.zh}：没有填写 {column}，不能列出。", f"{title.en}: {column} is filled in nowhere and cannot be listed."))  # fmt: skip
    return made


def _land_figure(found: Query, lang: str) -> Figure:
    """The selection in the colours of its classes, parks and neighbours around it."""
    zone, ground = found.zone, polygons(found.selected)
    center = zone.center or geo.center_of(ground)
    shapes = geo.to_plane(ground.geometry, center)
    frame = Frame.around(shapes, _SIZE, room=1.1)
    layers, legend = [], []
    around = polygons(zone.layer(found.level))
    if len(around) <= _MOST_DRAWN:
        layers.append(Layer(geo.to_plane(around.geometry, center), fill="#f4f5f1"))
    shown = slice(0, _MOST_DRAWN)
    fill: list[str] | str = "#f3b0a8"
    code = text_of(ground, "land_use")
    style, places = use_style("land_use", code, system_of(zone, ground), ("", ""))
    if style is not None and places is not None:
        classes = style["classes"]
        fill = [str(classes[k].get("colour") or "#ffffff") for k in places]
        there = sorted(set(np.asarray(places).tolist()))
        legend = [(Text(*classes[k]["name"]).say(lang), str(classes[k].get("colour") or "#ffffff")) for k in there]  # fmt: skip
    layers.append(Layer(shapes.iloc[shown], fill=fill, line="#5b636c", width=0.4))
    if zone.count("park"):
        parks = polygons(zone.layer("park"))
        layers.append(Layer(geo.to_plane(parks.geometry, center), line="#44506a", width=1.4, dash="6 3"))  # fmt: skip
    more = Text(f"（画出前 {_MOST_DRAWN} 个）", f" (the first {_MOST_DRAWN} are drawn)")
    name = Text("所选用地的现状地类", "The selection by class of land")
    svg = map_svg(layers, frame, lang=lang, legend=legend, label=name.say(lang))
    cut = len(ground) > _MOST_DRAWN
    return Figure(Text(name.zh + more.zh, name.en + more.en) if cut else name, svg, _SIZE)


# --- places of findings ---------------------------------------------------------------------------


def place_figures(
    zone: Zone, findings: GeoDataFrame, sentences: list[str], lang: str
) -> list[Figure]:
    """Return maps of the gravest findings that have a place, at most a dozen."""
    placed = np.flatnonzero(~(findings.geometry.isna() | findings.geometry.is_empty).to_numpy())
    center = zone.center or geo.center_of(findings)
    made = []
    for k in placed[:_MOST_PLACES]:
        place = geo.to_plane(findings.geometry.iloc[[k]], center)
        frame = Frame.around(place, (720, 360), room=1.8)
        ground = GeoSeries([frame.ground], crs=place.crs)
        land = polygons(near(zone, "parcel", ground, [])) if zone.count("parcel") else None
        layers = (
            [] if land is None else [Layer(geo.to_plane(land.geometry, center), fill="#f4f5f1")]
        )
        layers.append(Layer(place, fill="#f3b0a8", line="#b3261e", width=1.8))
        svg = map_svg(layers, frame, lang=lang, label=sentences[k])
        rule = findings["rule"].iloc[k]
        feature = named(zone, findings.iloc[[k]], lang)["feature"].iloc[0]
        said = Text(f"{rule} {feature} 的位置", f"Where {rule} {feature} is")
        made.append(Figure(said, svg, (720, 360)))
    return made

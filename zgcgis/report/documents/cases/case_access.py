"""Access (可达性), written down: tables by park and by feature, isochrones, page with maps, JSON."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from geopandas import GeoSeries

from .... import __version__, geo
from ....accounts.access import METHODS, Access
from ....io.layers import write_layer
from ....io.places import result_folder
from ....io.spreadsheets import write_csv
from ....io.writing import write_text_whole
from ....language.safe_text import Text
from ....language.terms import heading
from ....model import LEVELS, there_in
from ...outputs import records_json, write_json, write_workbook
from ..map_figures import Frame, Layer, map_svg
from ..paper import Figure, Paper, Section, Table, paper_html

__all__ = ["access_json", "access_paper", "access_table", "write_access"]

_FILES = ("access.csv", "ways.csv", "access.xlsx", "access.html", "isochrones.gpkg")
_SIZE = (720, 460)
_MOST_IN_BOOK = 100_000  # rows of a sheet of features; the CSV has all of them
_BANDS = ("#2c7fb8", "#7fcdbb", "#d6efd0", "#eef7e6", "#f6faf2")
_TITLE = Text("交通与公共服务可达性", "Access to transit and services")


def write_access(found: Access, folder: str | Path, *, lang: str = "zh") -> list[Path]:
    """Write an answer into a folder: JSON, tables as CSV, workbook, page, isochrones.

    Parameters
    ----------
    found
        What :func:`zgcgis.accounts.access` returned.
    folder, lang
        Where, and in which language.
    """
    place = result_folder(folder, "access.json", _FILES)
    parks, ways = access_table(found, lang), _ways(found, lang)
    sheets = [
        (Text("分园区", "By park"), parks),
        (Text("设施", "Facilities"), _facilities(found, lang)),
        (Text("车速", "Speeds"), _speeds(found, lang)),
        (Text("说明", "About"), _about(found, lang, len(ways))),
    ]
    if len(ways) <= _MOST_IN_BOOK:
        sheets.insert(1, (Text("逐个图形", "By feature"), _across(ways, found, lang)))
    made = [
        write_json(place / "access.json", access_json(found)),
        write_csv(place / "access.csv", _rows(parks, lang)),
        write_csv(place / "ways.csv", _rows(ways, lang)),
        write_workbook(
            place / "access.xlsx",
            [(name.say(lang), table) for name, table in sheets],
            lang=lang,
            title=_TITLE.say(lang),
        ),
        write_text_whole(place / "access.html", paper_html(access_paper(found, lang), lang=lang)),
    ]
    if len(found.isochrones):
        names = [found.kinds[one].say(lang) for one in found.isochrones["kind"]]
        made.append(write_layer(found.isochrones.assign(name=names), place / "isochrones.gpkg"))
    return made


def _rows(table: pd.DataFrame, lang: str) -> list[list[object]]:
    body = table.astype(object).where(table.notna(), None)
    heads: list[object] = [heading(str(name), lang) for name in table]
    return [heads, *(list(row) for row in body.itertuples(index=False, name=None))]


def access_json(found: Access) -> str:
    """Return an answer as JSON text (schema ``zgcgis.access/1``), metres, minutes and hectares."""
    return records_json(
        {
            "schema": "zgcgis.access/1",
            "zone": found.zone.id,
            "year": found.year,
            "level": found.level,
            "mode": found.mode,
            "method": found.method,
            "snap_m": found.snap_m,
            "limits_minutes": list(found.minutes),
            "kinds": [{"key": k, "zh": t.zh, "en": t.en} for k, t in found.kinds.items()],
            "features": len(found.features),
            "facilities": len(found.places),
            "parks": found.parks.round(2),
            "isochrones": found.isochrones.drop(columns="geometry").round(2),
            "speeds": found.speeds.round(2),
            "remarks": [{"zh": one.zh, "en": one.en} for one in found.remarks],
            "with": f"zgcgis {__version__}",
        }
    )


# --- tables ---------------------------------------------------------------------------------------


def access_table(found: Access, lang: str, *, kind: str = "") -> pd.DataFrame:
    """Return parks by facilities for people, of one kind or of all: a row a park and kind."""
    some = found.parks if not kind else found.parks[found.parks["kind"] == kind]
    names = _named(found, lang)
    table = pd.DataFrame({"park": [found.zone.name(str(one), lang) for one in some["park"]]})
    if not kind:
        table["kind_of_facility"] = [found.kinds[one].say(lang) for one in some["kind"]]
    table["facilities"] = some["facilities"].to_numpy()
    table["nearest"] = [names.get(str(one), str(one)) for one in some["nearest"]]
    if found.method == "network" and not kind:
        table["straight_m"] = _rounded(some["straight_m"], 0)
    for column, digits in (("distance_m", 0), ("minutes", 1)):
        table[column] = _rounded(some[column], digits)
    table["method"] = [METHODS[one].say(lang) if one else "" for one in some["method"]]
    for column, digits in (("mean_m", 0), ("mean_minutes", 1), ("by_network_pct", 1)):
        if column != "by_network_pct" or (found.method == "network" and not kind):
            table[column] = _rounded(some[column], digits)
    for limit in found.minutes:
        label = f"within_{limit:g}"
        if not kind:
            head = Text(f"{limit:g} 分钟内（公顷）", f"Within {limit:g} min (ha)").say(lang)
            table[head] = some[f"{label}_ha"].to_numpy(float).round(4)
        head = Text(f"{limit:g} 分钟内（%）", f"Within {limit:g} min (%)").say(lang)
        table[head] = some[f"{label}_pct"].to_numpy(float).round(1)
    return table


def _rounded(column: pd.Series, digits: int) -> pd.Series:
    made = column.astype(float).round(digits).reset_index(drop=True)
    return made if digits else made.astype("Int64")


def _named(found: Access, lang: str) -> dict[str, str]:
    places = found.places
    pairs = zip(places["zh"], places["en"], places["id"], strict=True)
    said = [Text(str(zh or en or one), str(en or zh or one)).say(lang) for zh, en, one in pairs]
    return dict(zip(places["id"].astype(str), said, strict=True))


def _ways(found: Access, lang: str) -> pd.DataFrame:
    ways, names = found.ways, _named(found, lang)
    parks = {one: found.zone.name(one, lang) if one else "" for one in ways["park"].unique()}
    return pd.DataFrame(
        {
            "id": ways["id"],
            "park": ways["park"].map(parks),
            "kind_of_facility": ways["kind"].map({k: t.say(lang) for k, t in found.kinds.items()}),
            "nearest": ways["facility"].map(lambda one: names.get(one, one)),
            "straight_m": ways["straight_m"].astype(float).round(1),
            "distance_m": ways["distance_m"].astype(float).round(1),
            "minutes": ways["minutes"].astype(float).round(2),
            "method": ways["method"].map({k: t.say(lang) for k, t in METHODS.items()} | {"": ""}),
        }
    )


def _across(ways: pd.DataFrame, found: Access, lang: str) -> pd.DataFrame:
    """Return the ways as one row a feature, for people and for paper: for each kind the nearest, metres, minutes."""
    parts = [ways[ways["kind_of_facility"] == kind.say(lang)] for kind in found.kinds.values()]
    table = parts[0][["id", "park"]].reset_index(drop=True) if parts else ways[["id", "park"]]
    for kind, some in zip(found.kinds.values(), parts, strict=True):
        name = kind.say(lang)
        how = some["method"].where(some["method"] != METHODS["network"].say(lang), "")
        nearest = some["nearest"].str.cat(how.where(how == "", "（" + how + "）"))
        table[name] = nearest.to_numpy()
        table[Text(f"{name}（m）", f"{name} (m)").say(lang)] = some["distance_m"].to_numpy()
        table[Text(f"{name}（分钟）", f"{name} (min)").say(lang)] = some["minutes"].to_numpy()
    return table


def _facilities(found: Access, lang: str) -> pd.DataFrame:
    names = _named(found, lang)
    by_road = found.method == "network"
    words = {True: METHODS["network"], False: Text("路网到不了", "no road leads there")}
    said = [
        words[bool(one)] if by_road else METHODS["straight"] for one in found.places["on_network"]
    ]
    return pd.DataFrame(
        {
            "id": found.places["id"],
            "name": [names[str(one)] for one in found.places["id"]],
            "kind_of_facility": [found.kinds[one].say(lang) for one in found.places["kind"]],
            "method": [one.say(lang) for one in said],
        }
    )


def _speeds(found: Access, lang: str) -> pd.DataFrame:
    some = found.speeds
    return pd.DataFrame(
        {
            "road_class": some[lang],
            "lines": some["lines"],
            "length_km": (some["length_m"] / 1000).astype(float).round(2),
            "speed_kmh": some["kmh"],
        }
    )


def _about(found: Access, lang: str, rows: int) -> pd.DataFrame:
    lines = [
        (Text("内容", "What"), found.headline().say(lang)),
        *((Text("算法", "How"), one.say(lang)) for one in _how(found)),
        *((Text("提示", "Remark"), one.say(lang)) for one in found.remarks),
        (Text("软件", "Software"), f"zgcgis {__version__}"),
    ]
    if rows > _MOST_IN_BOOK:
        more = Text(
            f"逐个图形 {rows:,} 行在 ways.csv", f"the {rows:,} rows by feature are in ways.csv"
        )
        lines.insert(-1, (Text("提示", "Remark"), more.say(lang)))
    return pd.DataFrame([{"topic": t.say(lang), "content": c} for t, c in lines])


def _how(found: Access) -> list[Text]:
    """How distances, times and isochrones were taken, in sentences."""
    name = LEVELS[found.level]
    if found.method == "straight":
        return [
            Text(
                f"距离是直线距离：{name.zh}从其面上一点、园区从其范围量起；时间按{'步行 4 km/h' if found.mode == 'walk' else '车速 20 km/h（假定）'}，等时圈是圆",
                f"distances are straight lines, from a point on each {name.en}, from the outline of each park; time at {'4 km/h on foot' if found.mode == 'walk' else '20 km/h, assumed'}; isochrones are circles",
            )
        ]  # fmt: skip
    return [
        Text(
            f"距离是沿道路中心线的最短路（Dijkstra），时间是最快路；不考虑单行、等灯和上下坡；地块和设施到最近道路走直线，最远 {found.snap_m:g} m，步行 4 km/h",
            f"distance is the shortest way along centre lines, time the fastest (Dijkstra); nothing is one-way, no waiting, no slopes; off the road a straight line of at most {found.snap_m:g} m at 4 km/h",
        ),
        Text(
            f"{name.zh}从其面上一点算起，平均值按面积加权；园区从其范围内的道路算起；等时圈是到得了的道路及其旁 {found.snap_m:g} m 内还走得到的地方",
            f"each {name.en} from a point on it, means weighted by area; a park from the roads within it; an isochrone is the roads reached and what can still be walked to beside them, at most {found.snap_m:g} m",
        ),
    ]  # fmt: skip


# --- the page -------------------------------------------------------------------------------------


def access_paper(found: Access, lang: str) -> Paper:
    """Return an answer as a page: by kind a table of parks and a map of isochrones."""
    sections = [Section(Text("说明", "About"), [*_how(found), *found.remarks])]
    for kind, name in found.kinds.items():
        parts: list[Table | Figure] = [Table(name, access_table(found, lang, kind=kind))]
        if len(found.isochrones):
            parts.append(_map(found, kind, lang))
        sections.append(Section(name, [], parts))
    sections.append(Section(Text("车速", "Speeds"), [], [Table(Text("道路和车速", "Roads and speeds"), _speeds(found, lang))]))  # fmt: skip
    zone = found.zone
    foot = Text(*(str(zone.meta.get(f"disclaimer_{one}", "")) for one in ("zh", "en")))
    return Paper(
        Text(f"{zone.names['zh']} {_TITLE.zh}", f"{zone.names['en']}: {_TITLE.en}"),
        found.headline(),
        sections,
        [foot] if foot.say(lang) else [],
    )


def _map(found: Access, kind: str, lang: str) -> Figure:
    """Isochrones of a kind, the widest lowest, with roads, parks and the facilities."""
    zone, center = found.zone, found.zone.center or geo.center_of(found.features)
    mine = found.isochrones[found.isochrones["kind"] == kind]
    flat = geo.to_plane(mine.geometry, center)
    spots = geo.to_plane(found.places.geometry[found.places["kind"] == kind], center)
    ground = geo.to_plane(found.features.geometry, center)
    frame = Frame.around(GeoSeries([*ground, *spots], crs=ground.crs), _SIZE, room=1.1)
    layers: list[Layer] = []
    legend: list[tuple[str, str]] = []
    bands = list(zip(mine["minutes"], flat, _shades(len(mine)), strict=True))
    for limit, shape, colour in reversed(bands):
        layers.append(
            Layer(GeoSeries([shape], crs=flat.crs), fill=colour, line="#ffffff", width=0.3)
        )
        legend.insert(0, (Text(f"{limit:g} 分钟内", f"within {limit:g} min").say(lang), colour))
    if found.method == "network":
        roads = zone.layer("road")
        roads = roads[there_in(roads, found.year)]
        layers.append(Layer(geo.to_plane(roads.geometry, center), line="#8a8f98", width=0.7))
        legend.append((Text("道路", "roads").say(lang), "#8a8f98"))
    if zone.count("park"):
        parks = zone.layer("park")
        parks = parks[there_in(parks, found.year)]
        layers.append(Layer(geo.to_plane(parks.geometry, center), line="#44506a", width=1.2, dash="6 3"))  # fmt: skip
    layers.append(
        Layer(geo.discs(spots, 4 / frame.scale), fill="#b3261e", line="#ffffff", width=0.6)
    )
    legend.append((found.kinds[kind].say(lang), "#b3261e"))
    caption = Text(f"{found.kinds[kind].zh}等时圈", f"Isochrones: {found.kinds[kind].en}")
    svg = map_svg(layers, frame, lang=lang, legend=legend, label=caption.say(lang))
    return Figure(caption, svg, _SIZE)


def _shades(count: int) -> list[str]:
    at = np.linspace(0, min(count, 3) - 1 if count <= 3 else len(_BANDS) - 1, count)
    return [_BANDS[round(k)] for k in at]

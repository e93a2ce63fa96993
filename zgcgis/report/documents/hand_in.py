"""The pack that is handed in (报件): report, area summary, boundary points, what adjoins, maps, findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame

from ... import __version__, geo
from ...assessment.casework import RedLine
from ...assessment.casework.boundary import (
    SIDES,
    Belt,
    belt_of,
    boundary_points,
    neighbours,
)
from ...assessment.casework.queries import Query, query
from ...assessment.casework.themes import NOT_STATED, coded, text_of
from ...assessment.casework.vicinity import polygons
from ...checks import check
from ...checks.admission import latest_year
from ...checks.hierarchy import parks_of_findings
from ...findings import empty
from ...io.places import result_folder
from ...language.errors import ReadError, UnknownNameError
from ...language.safe_text import Text
from ...maps import draw_zone, read_steps, write_slides
from ...model import COLUMNS, LEVELS, Zone
from ..outputs import records_json, write_json, write_workbook
from ..outputs.findings_page import finding_rows
from ..wording import WORDS, sentences_of
from .land_report import area_summary, by_class, land_paper, notices, place_figures
from .map_series import MapSeries, write_map_series
from .paper import Paper, Section, Table, write_paper

__all__ = ["KINDS", "Selection", "pack_json", "select", "write_pack"]

KINDS: Mapping[str, Text] = {
    "report": Text("报告", "report on land"),
    "areas": Text("面积汇总表", "area summary"),
    "points": Text("界址点成果表", "boundary points"),
    "sides": Text("四至", "what adjoins"),
    "maps": Text("图册", "map series"),
    "findings": Text("问题", "findings"),
    "slides": Text("幻灯片", "slides"),
}
"""What a pack may hold; all but the slides are made where nothing is asked for."""

_OF_LAND = ("report", "areas", "findings")
_FILES = (
    *(f"{stem}.{suffix}" for stem in ("report", "points", "sides", "findings") for suffix in ("html", "pdf", "docx")),
    "areas.xlsx", "points.xlsx", "sides.xlsx", "findings.xlsx", "maps.pdf", "slides.pptx",
)  # fmt: skip
_MOST_IN_PAPER = 200  # plots whose points stand in a document; the workbook has all


@dataclass(frozen=True, eq=False)
class Selection:
    """What a pack is of: features of a level that meet a condition, or the plots of a red line.

    Attributes
    ----------
    zone, year
        The zone and the year.
    plots
        The polygons, with a column ``id`` in which none stands twice, in EPSG:4490.
    asked
        The answer they come from; None for plots of a red line.
    remarks
        What of the selection is to be known.
    """

    zone: Zone
    year: int
    plots: GeoDataFrame
    asked: Query | None
    remarks: tuple[Text, ...]


def select(
    zone: Zone,
    level: str = "parcel",
    *,
    where: str = "",
    red_line: RedLine | None = None,
    year: int | None = None,
) -> Selection:
    """Select what a pack is made of.

    Parameters
    ----------
    zone, level, where, year
        As :func:`zgcgis.assessment.casework.query` takes them.
    red_line
        Plots of a file in place of features of the zone.

    Raises
    ------
    ReadError
        If nothing that is ground is selected.
    """
    day = latest_year(zone) if year is None else year
    if red_line is not None:
        plots = red_line.plots.rename(
            columns={"plot": "id", "stated_area_m2": "registered_area_m2"}
        )
        return Selection(zone, day, plots, None, red_line.remarks)
    found = query(zone, level, where=where, year=day)
    plots = polygons(found.selected)
    if plots.empty:
        raise ReadError(
            f"{found.headline().zh}；没有可以成图列表的面。请改 --where 或 --level。",
            f"{found.headline().en}; there is no polygon to draw or list. Change --where or --level.",
        )
    plots = plots.assign(id=_once(text_of(plots, "id")))
    return Selection(zone, day, plots, found, found.remarks)


def _once(ids: pd.Series) -> list[str]:
    """Ids of which none stands twice: one that does is told by its place."""
    twice = ids.duplicated(keep=False) | (ids == "")
    return [f"{one or '图形'}#{k}" if again else one for k, (one, again) in enumerate(zip(ids, twice, strict=True), 1)]  # fmt: skip


def kinds_of(words: Iterable[str], selection: Selection) -> tuple[str, ...]:
    """Return the kinds that are asked for by key or Chinese name, in the order of a pack.

    Raises
    ------
    UnknownNameError
        If a word is no kind, or one that plots of a red line cannot have.
    """
    given = [word.strip() for word in words if word.strip()]
    names = {said.zh: key for key, said in KINDS.items()} | {key: key for key in KINDS}
    can = [key for key in KINDS if selection.asked is not None or key not in _OF_LAND]
    if unknown := [word for word in given if names.get(word) not in can]:
        raise UnknownNameError(unknown, can, what="kind of document", zh="成果种类", words=names)
    asked = {names[word] for word in given} or set(can) - {"slides"}
    return tuple(key for key in can if key in asked)


class _Desk:
    """What several documents of a pack are made from, each computed once."""

    def __init__(self, selection: Selection, lang: str, template: str | Path | None, steps: str | Path | None) -> None:  # fmt: skip
        self.selection, self.zone, self.lang = selection, selection.zone, lang
        self.template, self.steps = template, steps
        self._held: dict[str, Any] = {}

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._held:
            self._held[name] = make()
        return self._held[name]

    @property
    def belt(self) -> Belt:
        found: Belt = self.once("belt", lambda: belt_of(self.selection.plots))
        return found

    @property
    def points(self) -> pd.DataFrame:
        found: pd.DataFrame = self.once("points", lambda: boundary_points(self.selection.plots, self.belt))  # fmt: skip
        return found

    @property
    def sides(self) -> pd.DataFrame:
        """What adjoins, a row each."""
        found: pd.DataFrame = self.once(
            "sides", lambda: neighbours(self.zone, self.selection.plots, self.selection.year)
        )
        return found

    @property
    def adjoining(self) -> pd.DataFrame:
        """What adjoins in words, a row a plot and a column a side."""
        said = self.sides.groupby(["plot", "side"], sort=False)[self.lang].agg("；".join).unstack()
        said = said.reindex(self.selection.plots["id"]).reindex(columns=list(SIDES))
        return said.fillna(Text("（不朝这一侧）", "(does not face it)").say(self.lang))

    @property
    def sizes(self) -> pd.DataFrame:
        """The plots with their areas by two methods, and how many points each has."""
        return self.once("sizes", self._sizes)

    def _sizes(self) -> pd.DataFrame:
        plots = self.selection.plots
        plane = geo.area_m2(
            plots.geometry, method="gauss_kruger", center=(3.0 * self.belt.number, 0.0)
        )
        ground = geo.area_m2(plots.geometry, center=self.zone.center)
        corners = self.points[self.points["side_m"].notna()].groupby("plot").size()
        return pd.DataFrame(
            {
                "plot": plots["id"],
                "corners": plots["id"].map(corners),
                "plane_m2": plane.round(2),
                "area_m2": ground.round(2),
                "area_ha": (ground / 1e4).round(4),
                "area_mu": (ground * 3 / 2000).round(2),
            }
        )

    @property
    def findings(self) -> GeoDataFrame:
        """What the rules find in the selection, gravest first, with its park."""
        return self.once("findings", self._findings)

    def _findings(self) -> GeoDataFrame:
        asked = self.selection.asked
        if asked is None:
            return empty().assign(park="")
        found = check(self.zone)
        if asked.where.strip():
            own = found["feature"].isin(set(asked.selected["id"])) & (found["level"] == asked.level)
            found = found[own].reset_index(drop=True)
        return GeoDataFrame(found.assign(park=parks_of_findings(self.zone, found)))

    # --- documents ---

    def report(self, place: Path) -> list[Path]:
        assert self.selection.asked is not None
        notes = [one for one in self.selection.remarks if one not in self.selection.asked.remarks]
        paper = land_paper(self.selection.asked, self.findings, notes, self.lang)
        return write_paper(paper, place, "report", lang=self.lang, template=self.template)

    def areas(self, place: Path) -> list[Path]:
        """The summary in hectares, mu and m², a sheet a classification, and land by class."""
        asked = self.selection.asked
        assert asked is not None
        pages: list[tuple[str, pd.DataFrame]] = []
        if "land_use" in asked.selected:
            by = ["park" if self.zone.count("park") else "park_id", "land_use_system", "land_use"]
            found = query(self.zone, asked.level, where=asked.where, by=by, year=asked.year)
            for system, table in area_summary(found, self.lang).items():
                name = WORDS[system].say(self.lang) if system in WORDS else system
                for unit, one in _units(table, self.lang):
                    pages.append((f"{unit} {name}".strip()[:31], one))
            pages.append((Text("按地类", "By class").say(self.lang), by_class(self.zone, asked.selected, self.lang)))  # fmt: skip
        pages.append((Text("说明", "About").say(self.lang), self._about()))
        return [
            write_workbook(place / "areas.xlsx", pages, lang=self.lang, title=self._title("areas"))
        ]

    def points_(self, place: Path) -> list[Path]:
        pages = [
            (KINDS["points"].say(self.lang), self.points),
            (Text("宗地面积", "Areas").say(self.lang), self.sizes),
            (Text("说明", "About").say(self.lang), self._about(self.belt.said)),
        ]
        made = [
            write_workbook(
                place / "points.xlsx", pages, lang=self.lang, title=self._title("points")
            )
        ]
        return made + write_paper(self._points_paper(), place, "points", lang=self.lang, template=self.template)  # fmt: skip

    def _points_paper(self) -> Paper:
        tables = dict(tuple(self.points.groupby("plot", sort=False)))
        plots = list(self.selection.plots["id"])
        sections = [
            Section(
                Text("说明", "About"),
                [*self._told(), self.belt.said, Text(
                    "X 为北坐标，Y 为东坐标，前两位是带号；界址点从西北角起顺时针编号，内圈反向；边长是坐标反算的平面长度。",
                    "X is north, Y is east with the number of the belt before it; points run clockwise from the "
                    "north-western corner, holes against; sides are plane lengths between coordinates.",
                )],
                [Table(Text("宗地面积", "Areas"), self.sizes)],
            )
        ]  # fmt: skip
        for name in plots[:_MOST_IN_PAPER]:
            table = tables[name].drop(columns="plot").reset_index(drop=True)
            said = Text(f"宗地 {name} 界址点成果表", f"Boundary points of {name}")
            sections.append(Section(Text(f"宗地 {name}", f"Plot {name}"), [], [Table(said, table)]))
        if len(plots) > _MOST_IN_PAPER:
            sections[0] = Section(sections[0].title, [*sections[0].sentences, Text(
                f"只列前 {_MOST_IN_PAPER} 宗，共 {len(plots)} 宗，其余见 points.xlsx。",
                f"The first {_MOST_IN_PAPER} of {len(plots)} plots; the rest is in points.xlsx.",
            )], sections[0].parts)  # fmt: skip
        return self._paper("points", sections)

    def sides_(self, place: Path) -> list[Path]:
        said = self.adjoining
        heads = dict(
            zip(SIDES, ("side_east", "side_south", "side_west", "side_north"), strict=True)
        )
        table = (
            said.rename(columns=heads).rename_axis("plot").reset_index().rename_axis(columns=None)
        )
        rows = self.sides.assign(
            side=[SIDES[one].say(self.lang) for one in self.sides["side"]],
            item=self.sides[self.lang],
        )[["plot", "side", "item", "length_m", "gap_m"]]
        rows = rows.rename(columns={"length_m": Text("相邻长度（m）", "Along (m)").say(self.lang), "gap_m": Text("间距（m）", "Between (m)").say(self.lang), "side": Text("方位", "Side").say(self.lang)})  # fmt: skip
        pages = [
            (KINDS["sides"].say(self.lang), table),
            (Text("逐项", "One by one").say(self.lang), rows),
            (Text("说明", "About").say(self.lang), self._about(_HOW_SIDES)),
        ]
        made = [
            write_workbook(place / "sides.xlsx", pages, lang=self.lang, title=self._title("sides"))
        ]
        paper = self._paper("sides", [
            Section(Text("说明", "About"), [*self._told(), _HOW_SIDES]),
            Section(KINDS["sides"], [], [Table(KINDS["sides"], table)]),
        ])  # fmt: skip
        return made + write_paper(paper, place, "sides", lang=self.lang, template=self.template)

    def maps(self, place: Path) -> list[Path]:
        title = f"{self.zone.names[self.lang]} {Text('宗地图', 'plot').say(self.lang)}"
        notes = [*self._told(), *notices(self.zone)]
        series = MapSeries(
            self.selection.plots, self._facts(), self.points, title,
            [one.say(self.lang) for one in dict.fromkeys(notes)],
        )  # fmt: skip
        return [write_map_series(place / "maps.pdf", self.zone, series, self.belt,
                                 year=self.selection.year, lang=self.lang)]  # fmt: skip

    def _facts(self) -> list[list[tuple[str, str]]]:
        """What stands beside the map of each plot; a fact that no plot has has no line."""
        plots, lang = self.selection.plots, self.lang
        level = LEVELS[self.selection.asked.level] if self.selection.asked else LEVELS["parcel"]
        columns: dict[str, list[str]] = {Text(level.zh, level.en).say(lang): list(plots["id"])}
        if (parks := text_of(plots, "park_id")).any():
            columns[Text("园区", "Park").say(lang)] = [self.zone.name(one, lang) if one else "" for one in parks]  # fmt: skip
        for name in ("name", "owner"):
            columns[Text(COLUMNS[name].zh, COLUMNS[name].en).say(lang)] = list(text_of(plots, name))
        for name in ("land_use", "planned_use"):
            if (text_of(plots, name) != "").any():
                said = coded(name)(self.zone, plots)
                words = said[lang].where(said["item"] != "", "")
                columns[Text(COLUMNS[name].zh, COLUMNS[name].en).say(lang).removesuffix("代码")] = list(words)  # fmt: skip
        if "registered_area_m2" in plots:
            stated = plots["registered_area_m2"].astype(float)
            columns[Text("登记面积", "Registered area").say(lang)] = [
                "" if np.isnan(one) else f"{one:,.2f} m²" for one in stated
            ]
        sizes = self.sizes
        columns[Text("椭球面积", "Area").say(lang)] = [
            f"{a:,.2f} m²（{h:,.4f} {Text('公顷', 'ha').say(lang)}，{m:,.2f} {Text('亩', 'mu').say(lang)}）"
            for a, h, m in zip(sizes["area_m2"], sizes["area_ha"], sizes["area_mu"], strict=True)
        ]
        columns[Text("高斯平面面积", "Plane area").say(lang)] = [f"{one:,.2f} m²" for one in sizes["plane_m2"]]  # fmt: skip
        for side, said in SIDES.items():
            columns[Text(f"{said.zh}至", said.en).say(lang)] = list(self.adjoining[side])
        kept = {name: values for name, values in columns.items() if any(values)}
        blank = NOT_STATED.say(lang)
        return [
            [(name, values[k] or blank) for name, values in kept.items()] for k in range(len(plots))
        ]

    def findings_(self, place: Path) -> list[Path]:
        found, lang = self.findings, self.lang
        rows = finding_rows(self.zone, found, lang) if len(found) else pd.DataFrame()
        pages = [
            (KINDS["findings"].say(lang), rows),
            (Text("说明", "About").say(lang), self._about()),
        ]
        made = [
            write_workbook(place / "findings.xlsx", pages, lang=lang, title=self._title("findings"))
        ]
        sentences = list(sentences_of(self.zone)(found, lang)) if len(found) else []
        columns = ["severity", "rule", "park", "feature", "sentence", "longitude", "latitude"]
        listed = rows[[name for name in columns if name in rows]]
        none = Text("没有发现问题。", "Nothing was found.")
        paper = self._paper("findings", [
            Section(Text("说明", "About"), self._told()),
            Section(Text("问题清单", "Findings"), [] if len(found) else [none], [Table(KINDS["findings"], listed)]),
            Section(Text("位置", "Places"), [], place_figures(self.zone, found, sentences, lang)),
        ])  # fmt: skip
        return made + write_paper(paper, place, "findings", lang=lang, template=self.template)

    def slides(self, place: Path) -> list[Path]:
        opens = cast(Literal["zh", "en"], self.lang)
        atlas = draw_zone(
            self.zone, findings=self.findings, lang=opens, sentences=sentences_of(self.zone),
            steps=None if self.steps is None else read_steps(self.steps),
        )  # fmt: skip
        return [write_slides(atlas, place / "slides.pptx")]

    # --- words ---

    def _title(self, kind: str) -> str:
        return f"{self.zone.names[self.lang]} {KINDS[kind].say(self.lang)}"

    def _told(self) -> list[Text]:
        """What is first said in every document: what was selected, what is to be known of it."""
        asked = self.selection.asked
        count = len(self.selection.plots)
        first = Text(f"红线 {count} 个地块", f"{count} plot(s) of a red line") if asked is None else asked.headline()  # fmt: skip
        held = () if self.zone.withheld is None else (self.zone.withheld,)
        where = [] if asked is None or not asked.where.strip() else [Text(f"条件：{asked.where}", f"Condition: {asked.where}")]  # fmt: skip
        return list(dict.fromkeys([*held, first, *where, *self.selection.remarks]))

    def _about(self, *more: Text) -> pd.DataFrame:
        rows = [*self._told(), *more, *notices(self.zone), Text(f"zgcgis {__version__}", f"zgcgis {__version__}")]  # fmt: skip
        return pd.DataFrame({"content": [one.say(self.lang) for one in rows]})

    def _paper(self, kind: str, sections: Sequence[Section]) -> Paper:
        title = Text(*(f"{self.zone.names[one]} {KINDS[kind].say(one)}" for one in ("zh", "en")))
        subtitle = Text(f"{self.selection.year} 年状态", f"As of {self.selection.year}")
        return Paper(title, subtitle, sections, notices(self.zone))


_HOW_SIDES = Text(
    "从外圈各边垂直向外看 60 m，先遇到的宗地或道路、铁路、河流即为相邻；相距 0.5 m 以上注明隔多远；不足该侧 5% 的不列。",
    "What adjoins is the first parcel, road, railway or river met within 60 m square to the sides of the outer "
    "ring; what is more than 0.5 m away is said to be across; what is less than 5 % of a side is not listed.",
)


def _units(table: pd.DataFrame, lang: str) -> Iterable[tuple[str, pd.DataFrame]]:
    """A summary in m² in hectares, mu and m²."""
    first = table.columns[0]
    numbers = table.columns[1:]
    for unit, by, digits in ((Text("公顷", "ha"), 1e-4, 4), (Text("亩", "mu"), 3 / 2000, 2), (Text("平方米", "m2"), 1, 2)):  # fmt: skip
        yield (
            unit.say(lang),
            pd.concat([table[[first]], (table[numbers] * by).round(digits)], axis=1),
        )


def pack_json(selection: Selection, made: Sequence[Path]) -> str:
    """Return as JSON text what a pack is of and which files it has (schema ``zgcgis.pack/1``)."""
    asked = selection.asked
    return records_json(
        {
            "schema": "zgcgis.pack/1",
            "zone": selection.zone.id,
            "year": selection.year,
            "level": None if asked is None else asked.level,
            "where": None if asked is None else asked.where,
            "plots": len(selection.plots),
            "undecided": 0 if asked is None else asked.undecided,
            "public": selection.zone.withheld is not None,
            "remarks": [one._asdict() for one in dict.fromkeys(
                [*([selection.zone.withheld] if selection.zone.withheld else []), *selection.remarks]
            )],
            "files": [path.name for path in made],
            "with": f"zgcgis {__version__}",
        }
    )  # fmt: skip


def write_pack(
    selection: Selection,
    folder: str | Path,
    kinds: Iterable[str] = (),
    *,
    lang: str = "zh",
    template: str | Path | None = None,
    steps: str | Path | None = None,
) -> list[Path]:
    """Write the documents that are handed in into a folder.

    Parameters
    ----------
    selection
        What they are of.
    folder
        Where.
    kinds
        Of :data:`KINDS`, by key or Chinese name; by default all but the slides, of a red line those
        that need no more than plots.
    lang
        Language of the documents.
    template
        A Word document of your own whose styles, page, heads and feet are taken.
    steps
        Views that the map saved, for the slides.

    Raises
    ------
    UnknownNameError
        If a kind is none, or plots of a red line cannot have it.
    ZgcgisError
        If what writes a kind is not installed (extra ``office``), or slides are asked for and there
        is no Chromium.
    """
    asked = kinds_of(kinds, selection)
    desk = _Desk(selection, lang, template, steps)
    writers = {
        "report": desk.report, "areas": desk.areas, "points": desk.points_, "sides": desk.sides_,
        "maps": desk.maps, "findings": desk.findings_, "slides": desk.slides,
    }  # fmt: skip
    place = result_folder(folder, "pack.json", _FILES)
    index = write_json(place / "pack.json", pack_json(selection, []))
    made = [path for kind in asked for path in writers[kind](place)]
    write_json(place / "pack.json", pack_json(selection, made))
    return [index, *made]

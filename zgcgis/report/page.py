"""One page (评价报告): the answer first, then what it rests on, in a file that opens without a network.

The page has no script at all: tables fold by a check box, a number unfolds its formula as
``details``. All text is escaped by the template; charts are inline SVG whose texts are escaped where
they are drawn; the content security policy allows one style, by hash.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ..assessment import Assessment
from ..indicators import INDICATORS
from ..io.writing import write_text_whole
from ..language.safe_text import page_value
from ..standards import POTENTIALS
from .sections import first_open, sections_of
from .wording import Words

__all__ = ["render_page", "write_page"]


_MOST_LATEST = 3


@dataclass
class _Answer:
    """One line of the answer: what was asked, the figure, and a sentence on it."""

    asked: str
    figure: str
    told: str = ""


def write_page(result: Assessment, path: str | Path, *, lang: str = "zh") -> Path:
    """Write an assessment as one HTML page that needs no network."""
    return write_text_whole(Path(path), render_page(result, lang=lang))


def render_page(result: Assessment, *, lang: str = "zh") -> str:
    """Return the page; the same assessment gives the same text."""
    room = files("zgcgis").joinpath("resources")
    style = room.joinpath("report_page.css").read_text(encoding="utf-8")
    source = room.joinpath("report_page.html.j2").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    say = Words(lang)
    zone = result.zone
    notices = [
        str(zone.meta[k]) for k in (f"disclaimer_{lang}", f"counting_{lang}") if zone.meta.get(k)
    ]
    page = Environment(autoescape=True, undefined=StrictUndefined, finalize=page_value).from_string(
        source
    )
    return page.render(
        lang=lang,
        say=say,
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=digest,
        title=say(f"{zone.names['zh']}土地集约利用评价", f"{zone.names['en']}: intensive land use"),
        subtitle=say(
            f"评价年份 {'、'.join(map(str, result.years))}",
            f"Years {', '.join(map(str, result.years))}",
        ),
        synthetic=zone.synthetic,
        notices=notices,
        answers=_answers(result, say),
        sections=[s for s in sections_of(result, say) if s.text or s.charts or s.tables or s.items],
        footer=say(
            "由 zgcgis 生成。数值、公式与来源见同一文件夹的工作簿。",
            "Made by zgcgis. Numbers, formulas and sources are in the workbook beside this page.",
        ),
    )


def _answers(r: Assessment, say: Words) -> list[_Answer]:
    """What somebody who reads only the first screen should know."""
    found = [_zone_score(r, say), *_latest(r, say), *_first_places(r, say)]
    found += [one for one in (_lost(r, say), _moved(r, say), _largest(r, say)) if one is not None]
    severe = r.findings["severity"].value_counts() if len(r.findings) else {}
    found.append(
        _Answer(
            say("问题", "Findings"),
            say(f"{severe.get('error', 0)} 项错误", f"{severe.get('error', 0)} errors"),
            say(
                f"另有警告 {severe.get('warning', 0)} 项",
                f"and {severe.get('warning', 0)} warnings",
            ),
        )
    )
    if r.left_out:
        found.append(
            _Answer(
                say("未能作出的", "Not done"),
                say(f"{len(r.left_out)} 项", f"{len(r.left_out)}"),
                say("逐项原因见“方法与缺失”", "each with its reason in the last section"),
            )
        )
    return found


def _zone_score(r: Assessment, say: Words) -> _Answer:
    asked = say(
        f"{r.year} 年{r.zone.names['zh']}集约度", f"{r.zone.names['en']}, score of {r.year}"
    )
    at = (r.zone.id, r.year)
    known = r.total_scores is not None and at in r.total_scores.total.index
    score = r.total_scores.total.at[at, "score"] if known and r.total_scores else float("nan")
    if score != score or r.total_scores is None:
        why = r.left_out[0] if r.left_out else ("", "")
        lacking = [(zh, en) for zh, en in r.left_out if "分值" in zh]
        return _Answer(asked, say("没有分值", "no score"), say(*(lacking or [why])[0]))
    coverage = r.total_scores.total.at[at, "coverage"]
    return _Answer(
        asked,
        f"{score:.2f}",
        say(f"满分 100，数据覆盖率 {coverage:.0%}", f"of 100; coverage {coverage:.0%}"),
    )


def _latest(r: Assessment, say: Words) -> list[_Answer]:
    """Where there is no score: the last published value of each indicator of the zone."""
    if r.total_scores is not None:
        return []
    own = r.total_values[r.total_values.index.get_level_values("unit") == r.zone.id]
    found = []
    for key in [key for key in INDICATORS if key in own]:
        known = own[key].dropna()
        if len(known):
            year, named = int(known.index[-1][1]), INDICATORS[key]
            figure = f"{known.iloc[-1]:,.2f} {say.unit(named.unit)}"
            found.append(_Answer(say(named.zh, named.en), figure, say(f"{year} 年", f"{year}")))
    return found[:_MOST_LATEST]


def _first_places(r: Assessment, say: Words) -> list[_Answer]:
    """The first of each type and area in the last year, and whether it is open."""
    if r.ranks.empty or r.evaluation is None:
        return []
    now = r.ranks[(r.ranks.index.get_level_values("year") == r.year) & (r.ranks["rank"] == 1)]
    found = []
    for kind, rows in now.groupby("kind", sort=False):
        named = say(*r.evaluation.standard.kinds[str(kind)])
        units = [str(unit) for unit in rows.index.get_level_values("unit")]
        names = say("、", ", ").join(r.name(unit, say.lang) for unit in units)
        told = say(f"{rows['score'].iloc[0]:.2f} 分", f"scores {rows['score'].iloc[0]:.2f}")
        if first_open(r, str(kind)):
            told += say("；名次不能确定，见“评价结果”", "; the place is open, see the result")
        found.append(_Answer(say(f"{named}第一", f"First, {named}"), names, told))
    return found


def _lost(r: Assessment, say: Words) -> _Answer | None:
    """The indicator that costs the zone most points."""
    if r.total_scores is None:
        return None
    rows = r.total_scores.indicators()
    rows = rows[(rows["unit"] == r.zone.id) & (rows["year"] == r.year) & rows["score"].notna()]
    lost = (rows["share"] * 100 - rows["contribution"]).groupby(rows["indicator"], sort=False).sum()
    if lost.empty or lost.max() <= 0:
        return None
    named = INDICATORS[str(lost.idxmax())]
    return _Answer(
        say("失分最多的指标", "Costs most points"),
        say(named.zh, named.en),
        say(f"失 {lost.max():.2f} 分", f"{lost.max():.2f} points"),
    )


def _moved(r: Assessment, say: Words) -> _Answer | None:
    """The park that moved most places up to the last year."""
    if r.changes.empty:
        return None
    rows = r.changes[r.changes["to"] == r.year].dropna(subset=["rank_before", "rank_after"])
    moved = (rows["rank_before"] - rows["rank_after"]).abs()
    if moved.empty or moved.max() < 1:
        return None
    row = rows.loc[moved.idxmax()]
    before, after = int(row["rank_before"]), int(row["rank_after"])
    cause = INDICATORS.get(str(row["cause"]))
    why = say(f"主要因{cause.zh}", f"mainly by {cause.en}") if cause else ""
    return _Answer(
        say("名次变动最大", "Moved most places"),
        r.name(str(row["unit"]), say.lang),
        say(f"由第 {before} 到第 {after}，{why}", f"from {before} to {after}; {why}").rstrip(
            "，; "
        ),
    )


def _largest(r: Assessment, say: Words) -> _Answer | None:
    """The largest potential of the zone that is land."""
    p = r.potentials
    if p.empty:
        return None
    p = p[(p["year"] == r.year) & (p["unit"] == r.zone.id)]
    p = p[[POTENTIALS[item].unit == "m2" for item in p["item"]]]
    if p.empty or p["value"].max() <= 0:
        return None
    row = p.loc[p["value"].idxmax()]
    named = POTENTIALS[row["item"]]
    return _Answer(
        say("最大的潜力", "Largest potential"),
        say(f"{row['value'] / 1e4:,.1f} 公顷", f"{row['value'] / 1e4:,.1f} ha"),
        say(named.zh, named.en),
    )

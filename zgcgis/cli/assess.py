"""``zgcgis assess`` and ``report``: accounts, indicators, scores, potentials; and all in one folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import click

from ..language.safe_text import Text, json_text
from .basics import DASK, JSON, LANG, PUBLIC, TILES, opened_together
from .console import Output, command, pad, print_json, say

if TYPE_CHECKING:
    from ..assessment import Assessment

__all__ = ["assess", "report"]

YEARS = click.option(
    "--year", "years", type=int, multiple=True, help="按哪一年，可重复 The year; may be repeated."
)


@command(part="result", zh="土地集约利用评价", en="accounts, indicators, scores, potentials")
@click.argument("zone")
@YEARS
@click.option("-o", "--out", type=Output(folder=True), help="成果文件夹 Folder for the results.")
@click.option(
    "--compare", multiple=True, help="另一个示范区，可重复 Another zone; may be repeated."
)
@click.option(
    "--error",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="指标值的相对误差，用于名次稳健性 Relative error of values, for the robustness of ranks.",
)
@DASK
@TILES
@PUBLIC
@LANG
@JSON
def assess(
    zone: str,
    years: tuple[int, ...],
    out: str | None,
    compare: tuple[str, ...],
    error: float,
    dask: str | None,
    tiles: str | None,
    public: bool,  # noqa: FBT001
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """土地集约利用评价。Accounts, indicators, scores, potentials: workbook, CSV, JSON, page."""
    from ..report import as_data, write_report

    result = _assess(zone, years, lang, compare, error, dask, tiles, public=public)
    if out:
        write_report(result, out, lang=lang)
    if as_json:
        print_json(json_text(as_data(result)))
    else:
        _say(result, lang)
        if out:
            say(f"{Text('成果', 'Written').say(lang)}: {out}")
    sys.exit(1 if (result.findings["severity"] == "error").any() else 0)


def _assess(
    zone: str,
    years: tuple[int, ...],
    lang: str,
    compare: tuple[str, ...] = (),
    error: float = 0.05,
    dask: str | None = None,
    tiles: str | None = None,
    *,
    public: bool = False,
) -> Assessment:
    from ..assessment import assess as assess_zone

    here, *others = opened_together([zone, *compare], lang, public=public)
    return assess_zone(
        here.prepared(), years=years or None, compare=others, error=error, dask=dask, tiles=tiles
    )


def _say(result: Assessment, lang: str) -> None:
    """Show the result in a screenful: zone, parks, what is wrong, what was left out."""
    from pandas import notna

    say(f"{result.zone.names[lang]}  {Text('、', ', ').say(lang).join(map(str, result.years))}")
    if result.total_scores is not None:
        for (_, year), row in result.total_scores.total.iterrows():
            word = Text("示范区集约度", "Score of the zone").say(lang)
            say(f"  {year} {word} {row['score']:.2f}")
    if result.scores is not None and result.evaluation is not None:
        now = result.ranks[result.ranks.index.get_level_values("year") == result.year]
        for (unit, _), row in now.sort_values(["kind", "rank"], kind="stable").iterrows():
            kind = Text(*result.evaluation.standard.kinds[row["kind"]]).say(lang)
            rank = f"{row['rank']}/{row['of']}" if notna(row["rank"]) and row["rank"] else "—"
            say(
                f"  {pad(result.name(str(unit), lang), 30)} {pad(kind, 24)} {row['score']:7.2f}  {rank}"
            )
    else:
        done = result.values.notna().sum()
        say(
            Text("  可计算的园区指标：", "  Indicators of parks: ").say(lang)
            + (
                "；".join(_counted(key, int(n), lang) for key, n in done.items())
                or Text("没有", "none").say(lang)
            )
        )
    _say_closure(result, lang)
    grave = result.findings["severity"].value_counts()
    words = {
        "error": ("错误", "errors"),
        "warning": ("警告", "warnings"),
        "note": ("提示", "notes"),
    }
    say(
        "  "
        + Text("，", ", ")
        .say(lang)
        .join(f"{Text(*w).say(lang)} {int(grave.get(k, 0))}" for k, w in words.items())
    )
    for chinese, english in result.left_out:
        say(f"  · {Text(chinese, english).say(lang)}")


def _say_closure(result: Assessment, lang: str) -> None:
    """Show what of each layer fell in parks and in none in the last year, and what was split."""
    if result.closure.empty:
        return
    names = {
        "parcel": ("宗地", "parcels"),
        "building": ("建筑物", "buildings"),
        "enterprise": ("企业", "firms"),
    }
    for row in result.closure[result.closure["year"] == result.year].to_dict("records"):
        name = Text(*names[row["layer"]]).say(lang)
        unit = "m²" if row["measure"] == "m2" else Text("家", "").say(lang)
        amounts = [
            f"{row[key]:,.1f} {unit}" if unit == "m²" else f"{row[key]:,.0f} {unit}".strip()
            for key in ("in_units", "in_none")
        ]
        words = Text(
            f"{name} {row['features']} 个：园区内 {amounts[0]}，不在任何园区 {amounts[1]}",
            f"{row['features']} {name}: {amounts[0]} in parks, {amounts[1]} in none",
        )
        split = Text(
            f"，跨界拆分 {row['split']} 个，拆分误差 {row['split_error']:.1e} m²",
            f", {row['split']} split, error of splitting {row['split_error']:.1e} m²",
        )
        say(f"  {words.say(lang)}{split.say(lang) if unit == 'm²' else ''}")


def _counted(key: str, count: int, lang: str) -> str:
    from ..indicators import INDICATORS

    named = INDICATORS[key]
    return Text(f"{named.zh} {count} 个", f"{named.en} ({count})").say(lang)


@command(part="result", zh="一次生成全部成果", en="all of it, in one folder")
@click.argument("zone")
@YEARS
@click.option("-o", "--out", required=True, type=Output(folder=True), help="成果文件夹 Folder.")
@PUBLIC
@LANG
def report(
    zone: str,
    years: tuple[int, ...],
    out: str,
    public: bool,  # noqa: FBT001
    lang: str,
) -> None:
    """一次生成全部成果：评价报告、工作簿、数据表和地图集。All of it, in one folder."""
    from .. import maps
    from ..report import draw_zone, write_report

    result = _assess(zone, years, lang, public=public)
    page = write_report(result, out, lang=lang)
    atlas = Path(out) / "atlas.html"
    opens = cast("Literal['zh', 'en']", lang)
    drawn = draw_zone(result.zone, findings=result.findings, lang=opens)
    maps.save_map(drawn, atlas)
    _say(result, lang)
    for path in (page, Path(out) / "assessment.xlsx", atlas):
        say(f"  {path}")
    sys.exit(1 if (result.findings["severity"] == "error").any() else 0)

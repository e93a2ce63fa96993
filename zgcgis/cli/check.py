"""``zgcgis check``: a zone held against its plan, quotas, papers and geometry."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..language.safe_text import Text
from ..runs import find_browser
from .basics import AS_OF, DASK, JSON, LANG, TILES, YEAR, opened_on
from .console import Output, Progress, command, print_json, print_table, progress, say

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

    from ..findings import Rule
    from ..model import Zone
    from ..planning.changes import Question
    from ..report.outputs import Checked

__all__ = ["check", "say_changes"]


@command(
    part="review",
    zh="按规划、指标和拓扑检查示范区",
    en="check a zone against plan, quota, topology",
)
@click.argument("zone")
@click.option(
    "--rule",
    "codes",
    multiple=True,
    help="只查这些规则，如 Q401 或整族 L（可重复） Only these rules or families.",
)
@click.option("--level", help="只查一个文件时，它是什么图层，如 parcel What a single FILE holds.")
@click.option(
    "--proposal",
    type=click.Path(exists=True, dir_okay=False),
    help="拟供地图层，与示范区一并核查 Layer of land proposed for supply.",
)
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False),
    help="上次核查的 findings.gpkg 或 .json，列出新增、消除、加重 Last check, to compare with.",
)
@click.option(
    "--waivers",
    type=click.Path(exists=True, dir_okay=False),
    help="一事一议豁免文件，默认为示范区文件夹中的 waivers.toml Waivers.",
)
@click.option(
    "--severity",
    type=click.Choice(["error", "warning", "note"]),
    help="至少这一等级 At least so grave.",
)
@click.option(
    "--park", "parks", multiple=True, help="只列这些园区的问题（可重复） Only these parks."
)
@click.option(
    "--top", type=click.IntRange(1), help="逐项列出最严重的几项 The gravest ones, in words."
)
@click.option("--sheets/--no-sheets", default=True, help="闲置与超指标一宗一表 A4 sheets.")
@click.option("--map/--no-map", "atlas", default=True, help="带问题图层的地图 Atlas with findings.")
@YEAR
@AS_OF
@DASK
@TILES
@click.option(
    "-o", "--out", type=Output(folder=None, files=(".gpkg", ".xlsx", ".json", ".html")),
    help="成果文件夹，或一个 .gpkg .xlsx .json .html 文件 A folder, or one such file.",
)  # fmt: skip
@LANG
@JSON
def check(
    zone: str,
    codes: tuple[str, ...],
    level: str | None,
    proposal: str | None,
    since: str | None,
    waivers: str | None,
    severity: str | None,
    parks: tuple[str, ...],
    top: int | None,
    sheets: bool,  # noqa: FBT001
    atlas: bool,  # noqa: FBT001
    year: int | None,
    as_of: datetime | None,
    dask: str | None,
    tiles: str | None,
    out: str | None,
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """按规划、指标、供地和拓扑核查示范区或一个文件。Check a zone, or one file, against plan and topology."""
    from ..checks.supply import as_of as judgement_day
    from ..findings import combine
    from ..geo import in_plane_once
    from ..io.postgis.server import is_store
    from ..io.zones import layer_files

    here = _opened(zone, level, lang, as_of, year)
    kept_to = {"rules": codes, "parks": _parks(here, parks), "severities": _at_least(severity)}
    if out and any(kept_to.values()):
        from ..report.outputs.results import refuse_over_full

        refuse_over_full(Path(out))
    earlier = _last(since) if since else None
    plots, odd = _proposal(proposal, here) if proposal else (None, None)
    if odd is not None:
        here = replace(here, flaws=combine([here.flaws, odd]))
    files = layer_files(here.folder / "layers") if here.folder else {}
    if here.land in files:
        files.setdefault("parcel", files[here.land])
    if here.folder is None:
        files = dict.fromkeys(here.layers, Path(zone))
    if proposal:
        files["proposal"] = Path(proposal)
    file = Path(waivers) if waivers else (here.folder / "waivers.toml" if here.folder else None)
    day, here = judgement_day(here), here.prepared()
    made: list[Path] = []
    with in_plane_once():
        here_too = _with_proposal(here, plots)
        result = _run(here_too, day, kept_to, file, files, earlier, lang, dask, tiles)
        text = result.json_text()
        if out:
            from ..report.outputs.results import write_check

            made = write_check(here, Path(out), result, text, lang, sheets=sheets, atlas=atlas)
            _say_unprinted(made, lang)
    if as_json:
        print_json(text)
    else:
        _say_check(here, result, lang, top)
        for path in made:
            say(f"  {path}")
    if is_store(zone):
        _write_back(zone, here, result, lang, quiet=as_json)
    if (result.standing["severity"] == "error").any():
        sys.exit(1)


def _say_unprinted(made: list[Path], lang: str) -> None:
    """Say so where sheets were written that no browser of the machine could print."""
    names = {path.name for path in made}
    if "sheets.html" in names and "sheets.pdf" not in names and find_browser() is None:
        said = Text(
            "本机没有 Chromium，只生成了 sheets.html；在任一浏览器中打开它并打印即得 PDF。",
            "There is no Chromium here, so only sheets.html was made; open it in any "
            "browser and print it to have the PDF.",
        )
        say(said.say(lang), err=True)


def _write_back(address: str, here: Zone, result: Checked, lang: str, *, quiet: bool) -> None:
    """Write what a check found into the store of its zone; who may only read is told so."""
    from ..io.postgis.store import write_findings

    question = result.question
    number = write_findings(
        address, here, result.standing, result.waived, day=result.day, asked=question.as_data(),
        partial=question.partial,
    )  # fmt: skip
    if number is None:
        said = Text(
            "没有写入工作库的权限，问题未写回。要写回，请库的所有者授予 checks 和 findings 表的 INSERT 权限。",
            "This user may not write to the store, so the findings were not written back. For that "
            "its owner grants INSERT on the tables checks and findings.",
        )
        say(said.say(lang), err=True)
    elif not quiet:
        said = Text(
            f"已写回工作库：第 {number} 次核查", f"Written back to the store as check {number}"
        )
        say(f"  {said.say(lang)}")


def _opened(
    zone: str, level: str | None, lang: str, as_of: datetime | None, year: int | None
) -> Zone:
    """Open a zone, or a single file as one."""
    from ..checks.supply import as_known
    from ..io.zones import zone_of_file
    from ..model import LEVELS

    file = Path(zone)
    if not file.is_file():
        return opened_on(zone, lang, as_of, year)
    stem = file.stem.lower()
    alone = zone_of_file(file, level or (stem if stem in LEVELS else "parcel"))
    alone = alone if year is None else as_known(alone, year)
    return alone if as_of is None else replace(alone, meta={"as_of": as_of.date()})


def _at_least(severity: str | None) -> tuple[str, ...]:
    """The severities at least as grave as one; empty for all."""
    from ..findings import SEVERITIES

    names: list[str] = list(SEVERITIES)
    if severity in (None, names[-1]):
        return ()
    return tuple(names[: names.index(severity) + 1])


def _parks(here: Zone, names: Sequence[str]) -> tuple[str, ...]:
    """The ids of parks, each named by its id or by its name in either language."""
    from ..language.errors import UnknownNameError

    parks = here.units[here.units["level"] == "park"]
    ids = {str(one): str(one) for one in parks.index}
    for column in ("en", "zh"):
        ids |= {str(name): str(one) for one, name in parks[column].items() if str(name) not in ids}
    if unknown := [name for name in names if name not in ids]:
        raise UnknownNameError(unknown, [*parks.index, *parks["zh"]], what="park", zh="园区")
    return tuple(dict.fromkeys(ids[name] for name in names))


def _run(
    here: Zone,
    day: date,
    kept_to: Mapping[str, tuple[str, ...]],
    waivers: Path | None,
    files: Mapping[str, Path],
    earlier: tuple[pd.DataFrame, Question | None] | None,
    lang: str,
    dask: str | None = None,
    tiles: str | None = None,
) -> Checked:
    """Check a zone, and keep to what was asked of it."""
    from ..checks import asked, not_checked
    from ..checks import check as run
    from ..checks.hierarchy import parks_of_findings
    from ..model.tiles import tiling_for
    from ..planning.changes import compare_checks, question_of, read_waivers, waive, waiver_table
    from ..report.outputs import Checked

    codes = kept_to["rules"] or None
    with progress(len(asked(here, codes))) as bar:
        before, told = (
            None if bar is None else partial(tell, bar, lang) for tell in (_tell, _count)
        )
        with tiling_for(here, dask, tiles, told) as tiling:
            found = run(here, codes, before=before, tiling=tiling)
    silent = not_checked(here, codes)
    question = question_of(
        here, asked(here, codes), silent, day=day, found=found, files=files, kept_to=kept_to
    )
    granted = read_waivers(waivers) if waivers is not None and waivers.is_file() else ()
    standing, waived, idle = waive(found, granted, day)
    standing, waived = (t.assign(park=parks_of_findings(here, t)) for t in (standing, waived))
    changed = None if earlier is None else compare_checks(*earlier, standing, question)
    return Checked(
        standing=_kept(standing, kept_to),
        waived=_kept(waived, kept_to),
        not_checked=silent,
        question=question,
        compared=None if changed is None else changed[0],
        left_out=() if changed is None else changed[1],
        granted=waiver_table(granted, day),
        idle=[one for one in idle if codes is None or one.rule.startswith(codes)],
    )


def _count(bar: Progress, lang: str, done: int, tiles: int) -> None:
    """Say how many tiles are done."""
    bar.note(Text(f"分块 {done}/{tiles}", f"tile {done} of {tiles}").say(lang))


def _tell(bar: Progress, lang: str, rule: Rule) -> None:
    """Name the rule that is asked next, in its own words without their values."""
    words = re.sub(r"\{[^}]*\}", "…", Text(rule.zh, rule.en).say(lang))
    bar.step(f"{rule.code} {words}")


def _kept(found: GeoDataFrame, kept_to: Mapping[str, tuple[str, ...]]) -> GeoDataFrame:
    for column, wanted in (("park", kept_to["parks"]), ("severity", kept_to["severities"])):
        if wanted:
            found = found[found[column].isin(wanted)]
    return found.reset_index(drop=True)


def _with_proposal(here: Zone, plots: GeoDataFrame | None) -> Zone:
    if plots is None:
        return here
    return replace(here, layers={**here.layers, "proposal": plots})


def _proposal(path: str, here: Zone) -> tuple[GeoDataFrame, GeoDataFrame]:
    """Read a layer of proposed plots, and the findings on outlines that cannot be used."""
    from ..io.zones import read_sound_layer

    layer, flaws = read_sound_layer(Path(path), "proposal")
    if (
        "land_use_system" in layer
        and layer["land_use_system"].isna().all()
        and here.meta.get("land_use_system")
    ):
        layer["land_use_system"] = str(here.meta["land_use_system"])
    return layer, flaws


def _last(path: str) -> tuple[pd.DataFrame, Question | None]:
    """Read the findings of an earlier check, and what it was asked."""
    from ..report.outputs import read_findings

    return read_findings(path)


def _say_check(here: Zone, result: Checked, lang: str, top: int | None) -> None:
    """Say on the terminal what a check found."""
    from ..checks.coverage import coverage_lines
    from ..findings import SEVERITY_NAMES, describe
    from ..report.outputs import summary

    standing, waived, compared = result.standing, result.waived, result.compared
    say(result.headline(here).say(lang))
    if kept := result.kept_to().say(lang):
        say(f"  {kept}")
    if len(standing) and top is None:
        table = summary(standing, lang)
        table["severity"] = [SEVERITY_NAMES[str(name)].say(lang) for name in table["severity"]]
        print_table(table, lang, numbers=("count", "worst", "total"))
    elif top is not None:
        gravest = standing.head(top)
        for severity, rule, words in zip(
            gravest["severity"], gravest["rule"], describe(gravest, lang), strict=True
        ):
            say(f"  {SEVERITY_NAMES[severity].say(lang)} {rule} {words}")
        if len(standing) > top:
            rest = len(standing) - top
            say(Text(f"  另有 {rest} 项", f"  and {rest} more").say(lang))
    if len(waived):
        say("")
        say(Text(f"已豁免 {len(waived)} 项：", f"{len(waived)} waived:").say(lang))
        print_table(waived[["rule", "feature", "who", "why", "until"]], lang)
    for one in result.idle:
        why = Text("没有对应的问题", "matches no finding")
        if not one.holds(result.day):
            why = Text(
                f"已于 {one.until} 到期，不再生效", f"ran out on {one.until} and counts no more"
            )
        what = f"{one.rule} {one.feature}"
        say(Text(f"豁免 {what}：{why.zh}", f"Waiver {what}: {why.en}").say(lang))
    if compared is not None:
        say("")
        say_changes(compared, lang)
        for left in result.left_out:
            say(f"  {Text('未比较或须注意：', 'Mind: ').say(lang)}{left.say(lang)}")
    for line in coverage_lines(result.not_checked, lang):
        say(f"  {Text('未查', 'Not checked').say(lang)} {line}")


_AND = Text("，", ", ")
_CHANGES = {
    "new": Text("新增", "new"),
    "worse": Text("加重", "worse"),
    "same": Text("不变", "same"),
    "better": Text("减轻", "better"),
    "fixed": Text("消除", "fixed"),
}


def say_changes(compared: pd.DataFrame, lang: str) -> None:
    """Say how the findings of two checks differ."""
    tally = compared["status"].value_counts()
    shown = [f"{word.say(lang)} {int(tally.get(s, 0))}" for s, word in _CHANGES.items()]
    say(Text("问题变化：", "Findings: ").say(lang) + _AND.say(lang).join(shown))
    moved = compared[compared["status"].isin(["new", "worse", "fixed"])]
    columns = ["status", "rule", "feature", "other", "measured_before", "measured", "unit"]
    if len(moved):
        said = [_CHANGES[s].say(lang) for s in moved["status"]]
        table = moved[columns].assign(status=said)
        print_table(table, lang, numbers=("measured_before", "measured"))

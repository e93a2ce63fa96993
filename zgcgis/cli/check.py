"""``zgcgis check``: a zone held against its plan, quotas, papers and geometry."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..safe_text import Text
from .basics import AS_OF, JSON, LANG, opened_on
from .console import Output, command, print_json, print_table, say
from .results import write_check

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

    from ..findings import Rule
    from ..model import Zone

__all__ = ["check", "say_changes"]


@command()
@click.argument("zone")
@click.option(
    "--rule",
    "codes",
    multiple=True,
    help="只查这些规则，如 Q401 或整族 L（可重复） Only these rules or families.",
)
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
@click.option("--sheets/--no-sheets", default=True, help="闲置与超指标一宗一表 A4 sheets.")
@click.option("--map/--no-map", "atlas", default=True, help="带问题图层的地图 Atlas with findings.")
@AS_OF
@click.option(
    "-o", "--out", type=Output(folder=None, files=(".gpkg", ".xlsx", ".json", ".html")),
    help="成果文件夹，或一个 .gpkg .xlsx .json .html 文件 A folder, or one such file.",
)  # fmt: skip
@LANG
@JSON
def check(
    zone: str,
    codes: tuple[str, ...],
    proposal: str | None,
    since: str | None,
    waivers: str | None,
    sheets: bool,  # noqa: FBT001
    atlas: bool,  # noqa: FBT001
    as_of: datetime | None,
    out: str | None,
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """按规划、指标、供地和拓扑核查示范区。Check a zone against plan, quota, supply, topology."""
    from ..checks import asked, not_checked
    from ..checks import check as run
    from ..checks.supply import as_of as judgement_day
    from ..findings import combine
    from ..planning import changes, outputs
    from ..planning.waivers import read_waivers, waive, waiver_table

    here = opened_on(zone, lang, as_of)
    day = judgement_day(here)
    plots, odd = _proposal(proposal, here) if proposal else (None, None)
    if odd is not None:
        here = replace(here, flaws=combine([here.flaws, odd]))
    found = run(here, codes or None, proposal=plots)
    file = Path(waivers) if waivers else (here.folder / "waivers.toml" if here.folder else None)
    granted = read_waivers(file) if file is not None and file.is_file() else ()
    standing, waived, idle = waive(found, granted, day)
    compared = changes.compare_findings(_last(since), standing) if since else None

    silent = not_checked(here, codes or None, proposal=plots)
    text = outputs.findings_json(
        standing, zone=here.id, as_of=day, waived=waived, compared=compared, not_checked=silent
    )
    made: list[Path] = []
    if out:
        made = write_check(
            here, Path(out), standing, waived, compared, waiver_table(granted, day), text, lang,
            silent=silent, sheets=sheets, atlas=atlas,
        )  # fmt: skip
    if as_json:
        print_json(text)
    else:
        of_rules = [one for one in idle if not codes or one.rule.startswith(codes)]
        _say_check(here, day, standing, waived, of_rules, compared, lang)
        _say_coverage(silent, asked(_with_proposal(here, plots), codes or None), lang)
        for path in made:
            say(f"  {path}")
    if (standing["severity"] == "error").any():
        sys.exit(1)


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


def _last(path: str) -> pd.DataFrame:
    """Read the findings of an earlier check, from its GeoPackage or its JSON."""
    import pandas as pd

    from ..errors import ReadError
    from ..findings import COLUMNS
    from ..io.outside import read_outside_json
    from ..planning.outputs import read_findings_gpkg

    file = Path(path)
    if file.suffix != ".json":
        return read_findings_gpkg(file)
    data = read_outside_json(file)
    try:
        return pd.DataFrame(data["findings"], columns=[c for c in COLUMNS if c != "geometry"])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ReadError(
            f"{file} 不是 zgcgis check 的 findings.json：{error}。",
            f"{file} is no findings.json of zgcgis check: {error}.",
        ) from error


def _say_check(
    here: Zone,
    day: date,
    standing: GeoDataFrame,
    waived: GeoDataFrame,
    idle: Sequence[Any],
    compared: pd.DataFrame | None,
    lang: str,
) -> None:
    """Say on the terminal what a check found."""
    from ..planning.outputs import summary

    count = {name: int((standing["severity"] == name).sum()) for name in _SEVERITIES}
    parts = [f"{_SEVERITIES[name].say(lang)} {number}" for name, number in count.items()]
    name = here.names[lang]
    say(
        Text(f"{name}，截至 {day}：", f"{name}, as of {day}: ").say(lang)
        + _AND.say(lang).join(parts)
    )
    if len(standing):
        table = summary(standing, lang)
        table["severity"] = [_SEVERITIES[str(name)].say(lang) for name in table["severity"]]
        print_table(table, lang, numbers=("count", "worst", "total"))
    if len(waived):
        say("")
        say(Text(f"已豁免 {len(waived)} 项：", f"{len(waived)} waived:").say(lang))
        print_table(waived[["rule", "feature", "who", "why", "until"]], lang)
    for one in idle:
        why = Text("没有对应的问题", "matches no finding")
        if not one.holds(day):
            why = Text(
                f"已于 {one.until} 到期，不再生效", f"ran out on {one.until} and counts no more"
            )
        what = f"{one.rule} {one.feature}"
        say(Text(f"豁免 {what}：{why.zh}", f"Waiver {what}: {why.en}").say(lang))
    if compared is not None:
        say("")
        say_changes(compared, lang)


_AND = Text("，", ", ")
_SEVERITIES = {
    "error": Text("错误", "error"),
    "warning": Text("警告", "warning"),
    "note": Text("提示", "note"),
}
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


def _say_coverage(silent: pd.DataFrame, rules: Mapping[str, Rule], lang: str) -> None:
    """Say how many rules were checked, how many of them in part, and what was not judged."""
    from ..checks.coverage import coverage_lines, unjudged
    from ..findings import RULES

    nothing = unjudged(silent, RULES)
    checked = set(rules) - nothing
    part = len(checked & set(silent["rule"]))
    say(
        Text(
            f"已查规则 {len(checked)} 条，其中 {part} 条只查了一部分；未查 {len(nothing)} 条",
            f"{len(checked)} rules checked, {part} of them only in part; "
            f"{len(nothing)} not checked",
        ).say(lang)
    )
    for line in coverage_lines(silent, lang):
        say(f"  {line}")

"""``zgcgis check``, ``admit``, ``scenario`` and ``allocate``: the planner's week."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..safe_text import one_line
from .basics import JSON, LANG, opened
from .console import Output, command, pad, print_json, say
from .results import write_allocation, write_check, write_scenario

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

    from ..findings import Rule
    from ..model import Zone

__all__ = ["admit", "allocate", "check", "scenario"]

OUT = click.option(
    "-o", "--out", type=Output(folder=True), help="成果文件夹 Folder for the results."
)
AS_OF = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="认定日期，如 2023-12-31 Day of judgement.",
)


def _open(zone: str, lang: str, as_of: datetime | None = None) -> Zone:
    found = opened(zone, lang)
    if as_of is None:
        return found
    return replace(found, meta={**found.meta, "as_of": as_of.date()})


def _print_table(table: pd.DataFrame, lang: str, *, numbers: Sequence[str] = ()) -> None:
    """Write a table in columns that line up, Chinese letters counting two."""
    from ..planning.outputs import HEADINGS

    heads = [
        HEADINGS.get(str(c), (str(c), str(c)))[1 if lang == "en" else 0] for c in table.columns
    ]
    if "unit" in table and set(table["unit"].dropna()) <= set(_UNITS):
        said = [_UNITS.get(unit, ("", ""))[1 if lang == "en" else 0] for unit in table["unit"]]
        table = table.assign(unit=said)
    body = [[_shown(value) for value in row] for row in table.itertuples(index=False, name=None)]
    widths = [max(map(_wide, column)) for column in zip(heads, *body, strict=True)]
    for row in [heads, *body]:
        cells = [
            (" " * (width - _wide(cell)) + cell) if name in numbers else pad(cell, width)
            for cell, width, name in zip(row, widths, table.columns, strict=True)
        ]
        say("  ".join(cells).rstrip())


_UNITS = {
    "": ("", ""),
    "1": ("", ""),
    "m2": ("m²", "m2"),
    "m": ("m", "m"),
    "d": ("天", "days"),
    "months": ("个月", "months"),
    "deg": ("°", "deg"),
    "%": ("%", "%"),
    "wan/ha": ("万元/公顷", "wan/ha"),
    "人": ("人", "persons"),
}


def _wide(text: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _shown(value: Any) -> str:
    import pandas as pd

    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return "—"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) < 1000 else f"{value:,.0f}"
    return one_line(str(value))


def _severity(name: str, lang: str) -> str:
    zh = {"error": "错误", "warning": "警告", "note": "提示"}
    return zh[name] if lang == "zh" else name


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

    here = _open(zone, lang, as_of)
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


def _say_coverage(silent: pd.DataFrame, rules: Mapping[str, Rule], lang: str) -> None:
    """Say how many rules were checked, how many of them in part, and what was not judged."""
    from ..checks.coverage import coverage_lines, unjudged
    from ..findings import RULES

    zh = lang == "zh"
    nothing = unjudged(silent, RULES)
    checked = set(rules) - nothing
    part = checked & set(silent["rule"])
    say(
        f"已查规则 {len(checked)} 条，其中 {len(part)} 条只查了一部分；未查 {len(nothing)} 条"
        if zh
        else f"{len(checked)} rules checked, {len(part)} of them only in part; "
        f"{len(nothing)} not checked"
    )
    for line in coverage_lines(silent, lang):
        say(f"  {line}")


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

    zh = lang == "zh"
    count = {
        name: int((standing["severity"] == name).sum()) for name in ("error", "warning", "note")
    }
    parts = [f"{_severity(name, lang)} {number}" for name, number in count.items()]
    head = f"{here.names[lang]}，截至 {day}：" if zh else f"{here.names[lang]}, as of {day}: "
    say(head + ("，" if zh else ", ").join(parts))
    if len(standing):
        table = summary(standing, lang)
        table["severity"] = [_severity(str(name), lang) for name in table["severity"]]
        _print_table(table, lang, numbers=("count", "worst", "total"))
    if len(waived):
        say("")
        say(f"已豁免 {len(waived)} 项：" if zh else f"{len(waived)} waived:")
        _print_table(waived_columns(waived), lang)
    for one in idle:
        state = one.holds(day)
        if zh:
            why = "没有对应的问题" if state else f"已于 {one.until} 到期，不再生效"
            say(f"豁免 {one.rule} {one.feature}：{why}")
        else:
            why = "matches no finding" if state else f"ran out on {one.until} and counts no more"
            say(f"Waiver {one.rule} {one.feature}: {why}")
    if compared is not None:
        say("")
        _say_changes(compared, lang)


def _say_changes(compared: pd.DataFrame, lang: str) -> None:
    """Say how the findings of two checks differ."""
    zh = lang == "zh"
    words = {"new": "新增", "worse": "加重", "same": "不变", "better": "减轻", "fixed": "消除"}
    tally = compared["status"].value_counts()
    shown = [f"{words[s] if zh else s} {int(tally.get(s, 0))}" for s in words]
    head = "问题变化：" if zh else "Findings: "
    say(head + ("，" if zh else ", ").join(shown))
    moved = compared[compared["status"].isin(["new", "worse", "fixed"])]
    columns = ["status", "rule", "feature", "other", "measured_before", "measured", "unit"]
    if len(moved):
        table = moved[columns].assign(status=[words[s] if zh else s for s in moved["status"]])
        _print_table(table, lang, numbers=("measured_before", "measured"))


def waived_columns(waived: GeoDataFrame) -> pd.DataFrame:
    """The columns of waived findings that a terminal has room for."""
    import pandas as pd

    return pd.DataFrame(waived[["rule", "feature", "who", "why", "until"]])


@command()
@click.argument("project", type=click.Path(exists=True, dir_okay=False))
@click.option("--zone", required=True, help="示范区文件夹或名称 Zone folder or name.")
@AS_OF
@LANG
@JSON
def admit(
    project: str,
    zone: str,
    as_of: datetime | None,
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """项目准入审核：逐条结论、差距和整改办法。Review the admission of a project."""
    from ..planning.admission import admit as review
    from ..planning.admission import read_project
    from ..planning.outputs import records_json

    here = _open(zone, lang, as_of)
    wish = read_project(project)
    answer = review(here, wish)
    if as_json:
        print_json(
            records_json(
                {
                    "project": wish.id,
                    "zone": here.id,
                    "admitted": answer.admitted,
                    "clauses": answer.clauses,
                    "parks": answer.parks,
                }
            )
        )
    else:
        _say_admission(here, answer, lang)
    if (answer.clauses["verdict"] == "fail").any():
        sys.exit(1)


def _say_admission(here: Zone, answer: Any, lang: str) -> None:
    zh = lang == "zh"
    wish = answer.project
    name = wish.zh if zh else wish.en
    failed = int((answer.clauses["verdict"] == "fail").sum())
    unsure = int((answer.clauses["verdict"] == "open").sum())
    if zh:
        verdict = "准入" if answer.admitted else (f"不通过 {failed} 条" if failed else "待补资料")
        say(
            f"{name} → {here.name(wish.park)}：{verdict}"
            + (f"，待补 {unsure} 条" if unsure else "")
        )
    else:
        verdict = (
            "admitted"
            if answer.admitted
            else (f"{failed} clause(s) failed" if failed else "facts missing")
        )
        say(
            f"{name} → {here.name(wish.park, 'en')}: {verdict}"
            + (f", {unsure} open" if unsure else "")
        )
    words = {"pass": "通过", "fail": "不通过", "open": "待补"}
    table = answer.clauses.assign(
        verdict=[words[v] if zh else v for v in answer.clauses["verdict"]],
        name=answer.clauses["zh" if zh else "en"],
    )
    _print_table(
        table[["rule", "name", "verdict", "measured", "limit", "margin", "unit", "clause"]],
        lang,
        numbers=("measured", "limit", "margin"),
    )
    fixes = answer.clauses[answer.clauses["verdict"] != "pass"]
    for row in fixes.to_dict("records"):
        mend = row["zh_fix"] if zh else row["en_fix"]
        say(f"  {row['rule']} {row['zh'] if zh else row['en']}{'：' if zh else ': '}{mend}")
    say("")
    say("更适合的园区：" if zh else "Where it would fit, best first:")
    parks = answer.parks.assign(
        name=[here.name(park, lang) for park in answer.parks["park"]],
        why=answer.parks["zh" if zh else "en"],
    )
    _print_table(parks[["rank", "name", "score", "why"]].head(5), lang, numbers=("rank", "score"))


@command()
@click.argument("zone")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@OUT
@LANG
@JSON
def scenario(
    zone: str,
    file: str,
    out: str | None,
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """方案比较：按变更清单得到新状态，列出台账、指标和问题的差别。Compare a change list."""
    from ..planning.compare import compare_zones
    from ..planning.outputs import records_json
    from ..planning.scenario import apply, read_scenario

    base = _open(zone, lang)
    wish = read_scenario(file)
    changed = apply(base, wish.changes, year=wish.year)
    answer = compare_zones(base, changed, assess=_assess())
    made = write_scenario(base, changed, wish, answer, out, lang) if out else []
    if as_json:
        print_json(
            records_json(
                {
                    "zone": base.id,
                    "scenario": wish.en,
                    "accounts": answer.accounts,
                    "indicators": answer.indicators,
                    "scores": answer.scores,
                    "findings": answer.findings[answer.findings["status"] != "same"],
                }
            )
        )
        return
    _say_scenario(base, wish, answer, lang)
    for path in made:
        say(f"  {path}")


def _assess() -> Any:
    """Return a function that gives a zone's scores, or None where nothing can be scored."""
    import pandas as pd

    from ..assessment import assess
    from ..checks.admission import latest_year

    def scores(zone: Zone) -> pd.DataFrame:
        if zone.evaluation is None:
            return pd.DataFrame()
        year = latest_year(zone)
        found = assess(zone, years=[year], findings=False, draws=200).scores
        if found is None:
            return pd.DataFrame()
        return found.total.xs(year, level="year")[["score"]]

    return scores


def _say_scenario(base: Zone, wish: Any, answer: Any, lang: str) -> None:
    from ..terms import TERMS

    zh = lang == "zh"
    say(f"{wish.zh if zh else wish.en}：" if zh else f"{wish.en}:")
    for head, table in (
        ("台账" if zh else "Accounts", answer.accounts),
        ("指标" if zh else "Indicators", answer.indicators),
        ("得分" if zh else "Scores", answer.scores),
    ):
        say(f"{head}{'变化' if zh else ' that change'}: {len(table)}")
        if len(table):
            named = table.assign(
                unit=[base.name(unit, lang) for unit in table["unit"]],
                key=[_term(key, TERMS, lang) for key in table["key"]],
            )
            _print_table(named.head(20), lang, numbers=("before", "after", "change"))
    _say_changes(answer.findings, lang)


def _term(key: str, terms: Any, lang: str) -> str:
    from ..indicators import INDICATORS

    if key == "score":
        return "集约度得分" if lang == "zh" else "Score"
    entry = terms.get(key) or INDICATORS.get(key)
    return key if entry is None else str(entry.zh if lang == "zh" else entry.en)


@command()
@click.argument("zone")
@click.argument("demand", type=click.Path(exists=True, dir_okay=False))
@click.option("--seconds", type=float, default=60.0, help="求解时限 Time limit of the search.")
@OUT
@LANG
@JSON
def allocate(
    zone: str,
    demand: str,
    seconds: float,
    out: str | None,
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """在指标、邻接和定位约束下安排用地或项目。Allocate land under quotas."""
    from ..planning.allocation import greedy, solve, value_of, violations
    from ..planning.demand import build_problem, carry_out, read_order
    from ..planning.outputs import records_json

    here = _open(zone, lang)
    setting = build_problem(here, read_order(demand))
    answer = solve(setting.problem, seconds=seconds)
    by_hand = greedy(setting.problem) if len(setting.problem.options) else None
    hand = (
        value_of(setting.problem, by_hand)
        if by_hand is not None and not violations(setting.problem, by_hand)
        else float("nan")
    )
    changes = added = None
    if answer.status != "infeasible" and len(answer.chosen):
        changed, changes = carry_out(here, answer, setting.year)
        added = _added(here, changed)
    made = write_allocation(out, answer, setting, changes, lang) if out else []
    if as_json:
        print_json(
            records_json(
                {
                    "status": answer.status,
                    "value": answer.value,
                    "by_hand": hand,
                    "chosen": answer.chosen.drop(columns=["blocked"]),
                    "limits": answer.limits,
                    "conflict": ", ".join(answer.conflict),
                    "left_out": setting.left_out,
                    "new_findings": 0 if added is None else len(added),
                }
            )
        )
    else:
        _say_allocation(setting, answer, hand, added, lang)
        for path in made:
            say(f"  {path}")
    if answer.status == "infeasible" or (added is not None and len(added)):
        sys.exit(1)


def _added(before: Zone, after: Zone) -> pd.DataFrame:
    """Findings of severity error on plan, quota and supply that a plan brings about."""
    from ..checks import check as run
    from ..planning.changes import compare_findings

    families = ["P", "Q", "L6"]
    compared = compare_findings(run(before, families), run(after, families))
    bad = compared["status"].isin(["new", "worse"]) & (compared["severity"] == "error")
    return compared[bad]


def _reach(setting: Any, name: str, lang: str) -> str:
    """How much a limit asks for and how much there is to choose from."""
    found = next((one for one in setting.problem.limits if one.name == name), None)
    if found is None or not name.startswith(("demand", "quota")):
        return ""
    there = float(found.weights.sum()) / 1e4
    asked, most = found.least / 1e4, found.most / 1e4
    parts = []
    if asked > 0:
        parts.append(f"至少 {asked:.2f} 公顷" if lang == "zh" else f"at least {asked:.2f} ha")
    if most < float("inf"):
        parts.append(f"至多 {most:.2f} 公顷" if lang == "zh" else f"at most {most:.2f} ha")
    parts.append(f"备选 {there:.2f} 公顷" if lang == "zh" else f"{there:.2f} ha offered")
    return ("（" + "，".join(parts) + "）") if lang == "zh" else " (" + ", ".join(parts) + ")"


def _say_allocation(setting: Any, answer: Any, hand: float, added: Any, lang: str) -> None:
    zh = lang == "zh"
    if answer.status == "infeasible":
        names = {row["name"]: row["zh" if zh else "en"] for row in answer.limits.to_dict("records")}
        names["adjacency"] = "相邻用途限制" if zh else "uses that may not be neighbours"
        alone = len(answer.conflict) == 1
        if zh:
            head = "无解。仅这一条就无法满足：" if alone else "无解。下列要求不能同时满足："
        else:
            head = "No answer. This alone " if alone else "No answer. These together "
            head += "cannot be kept:"
        say(head)
        for name in answer.conflict:
            say(f"  {names.get(name, name)}{_reach(setting, name, lang)}")
        if not alone:
            say("放宽其中任何一条即可。" if zh else "Giving up any one of them helps.")
        return
    area = answer.chosen["area_m2"].sum() / 1e4
    say(
        f"安排 {len(answer.chosen)} 宗 {area:.2f} 公顷，价值 {answer.value:,.1f}"
        if zh
        else f"{len(answer.chosen)} parcels, {area:.2f} ha, value {answer.value:,.1f}"
    )
    if hand == hand:
        say(f"按单价从高到低安排得 {hand:,.1f}" if zh else f"dearest land first gives {hand:,.1f}")
    table = answer.chosen[["item", "choice", "park", "area_m2", "value"]]
    _print_table(table, lang, numbers=("area_m2", "value"))
    binding = answer.limits[answer.limits["binding"]]
    for row in binding.to_dict("records"):
        name, more = row["zh" if zh else "en"], row["one_more_ha"]
        say(
            f"  {name}：起作用；再多 1 公顷可增加 {more:,.1f}"
            if zh
            else f"  {name}: binds; one more hectare would bring {more:,.1f}"
        )
    if len(setting.left_out):
        count = len(setting.left_out)
        say(f"未列入备选 {count} 项：" if zh else f"{count} not offered:")
        for row in setting.left_out.head(8).to_dict("records"):
            say(f"  {row['item']} {row['choice']} {row['reason']}")
    if added is not None:
        good = "通过核查，没有新增规划、指标和供地问题" if zh else "passes the check: nothing new"
        if len(added):
            _print_table(added[["rule", "feature", "status"]], lang)
        else:
            say(good)

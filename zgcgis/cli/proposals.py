"""``zgcgis admit``, ``scenario``, ``allocate`` and ``diff``: what a planner weighs and compares."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..language.safe_text import Text
from ..language.terms import column_name
from .basics import AS_OF, JSON, LANG, OUT, YEAR, opened, opened_on
from .check import say_changes
from .console import command, print_json, print_table, say
from .mending import KIND_NAMES, MOST_LISTED, listed

if TYPE_CHECKING:
    import pandas as pd

    from ..model import Zone
    from ..planning.difference import Difference

__all__ = ["admit", "allocate", "diff", "scenario"]


@command(part="review", zh="项目准入审核", en="review the admission of a project")
@click.argument("project", type=click.Path(exists=True, dir_okay=False))
@click.option("--zone", required=True, help="示范区文件夹或名称 Zone folder or name.")
@YEAR
@AS_OF
@LANG
@JSON
def admit(
    project: str,
    zone: str,
    year: int | None,
    as_of: datetime | None,
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """项目准入审核：逐条结论、差距和整改办法。Review the admission of a project."""
    from ..planning.project_review import admit as review
    from ..planning.project_review import read_project
    from ..report.outputs import records_json

    here = opened_on(zone, lang, as_of, year)
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
    wish = answer.project
    name = Text(wish.zh, wish.en).say(lang)
    failed = int((answer.clauses["verdict"] == "fail").sum())
    unsure = int((answer.clauses["verdict"] == "open").sum())
    if answer.admitted:
        verdict = Text("准入", "admitted")
    elif failed:
        verdict = Text(f"不通过 {failed} 条", f"{failed} clause(s) failed")
    else:
        verdict = Text("待补资料", "facts missing")
    waiting = Text(f"，待补 {unsure} 条", f", {unsure} open").say(lang) if unsure else ""
    colon = Text("：", ": ").say(lang)
    say(f"{name} → {here.name(wish.park, lang)}{colon}{verdict.say(lang)}{waiting}")
    words = {"pass": "通过", "fail": "不通过", "open": "待补"}
    table = answer.clauses.assign(
        verdict=[Text(words[v], v).say(lang) for v in answer.clauses["verdict"]],
        name=answer.clauses[lang],
    )
    print_table(
        table[["rule", "name", "verdict", "measured", "limit", "margin", "unit", "clause"]],
        lang,
        numbers=("measured", "limit", "margin"),
    )
    fixes = answer.clauses[answer.clauses["verdict"] != "pass"]
    for row in fixes.to_dict("records"):
        mend = row[f"{lang}_fix"]
        say(f"  {row['rule']} {row[lang]}{colon}{mend}")
    say("")
    say(Text("更适合的园区：", "Where it would fit, best first:").say(lang))
    parks = answer.parks.assign(
        name=[here.name(park, lang) for park in answer.parks["park"]],
        why=answer.parks[lang],
    )
    print_table(parks[["rank", "name", "score", "why"]].head(5), lang, numbers=("rank", "score"))


@command(part="review", zh="比较调整方案与现状", en="compare a change list with what is there")
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
    from ..planning.scenario import apply, compare_zones, read_scenario
    from ..report.outputs import records_json
    from ..report.outputs.results import write_scenario

    base = opened_on(zone, lang)
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
    from ..language.terms import TERMS
    from ..planning.difference import LINE_NAMES

    say(Text(f"{wish.zh}：", f"{wish.en}:").say(lang))
    for head, table in (
        (Text("台账", "Accounts").say(lang), answer.accounts),
        (Text("指标", "Indicators").say(lang), answer.indicators),
        (Text("得分", "Scores").say(lang), answer.scores),
    ):
        say(f"{head}{Text('变化', ' that change').say(lang)}: {len(table)}")
        if len(table):
            named = table.assign(
                unit=[base.name(unit, lang) for unit in table["unit"]],
                key=[_term(key, TERMS, lang) for key in table["key"]],
            )
            print_table(named.head(20), lang, numbers=("before", "after", "change"))
    say_changes(answer.findings, lang)
    for one in wish.changes:
        if one.do in {"split", "merge"}:
            into = one.data.get("into", "")
            names = [into] if isinstance(into, str) else into
            of = one.data.get("parcels") or [one.data.get("parcel")]
            kind = LINE_NAMES[{"merge": "merged"}.get(one.do, one.do)].say(lang)
            say(f"  {kind}  {'、'.join(map(str, of))} → {'、'.join(map(str, names))}")


def _term(key: str, terms: Any, lang: str) -> str:
    from ..indicators import INDICATORS

    if key == "score":
        return Text("集约度得分", "Score").say(lang)
    entry = terms.get(key) or INDICATORS.get(key)
    return key if entry is None else str(Text(entry.zh, entry.en).say(lang))


@command(part="review", zh="在指标约束下安排用地", en="allocate land under quotas")
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
    from ..planning.allocation.demand import build_problem, carry_out, read_order
    from ..report.outputs import records_json
    from ..report.outputs.results import write_allocation

    here = opened_on(zone, lang)
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
        parts.append(Text(f"至少 {asked:.2f} 公顷", f"at least {asked:.2f} ha").say(lang))
    if most < float("inf"):
        parts.append(Text(f"至多 {most:.2f} 公顷", f"at most {most:.2f} ha").say(lang))
    parts.append(Text(f"备选 {there:.2f} 公顷", f"{there:.2f} ha offered").say(lang))
    return Text("（" + "，".join(parts) + "）", " (" + ", ".join(parts) + ")").say(lang)


def _say_allocation(setting: Any, answer: Any, hand: float, added: Any, lang: str) -> None:
    if answer.status == "infeasible":
        names = {row["name"]: row[lang] for row in answer.limits.to_dict("records")}
        names["adjacency"] = Text("相邻用途限制", "uses that may not be neighbours").say(lang)
        alone = len(answer.conflict) == 1
        say(
            (
                Text("无解。仅这一条就无法满足：", "No answer. This alone cannot be kept:")
                if alone
                else Text(
                    "无解。下列要求不能同时满足：", "No answer. These together cannot be kept:"
                )
            ).say(lang)
        )
        for name in answer.conflict:
            say(f"  {names.get(name, name)}{_reach(setting, name, lang)}")
        if not alone:
            say(Text("放宽其中任何一条即可。", "Giving up any one of them helps.").say(lang))
        return
    area = answer.chosen["area_m2"].sum() / 1e4
    say(
        Text(
            f"安排 {len(answer.chosen)} 宗 {area:.2f} 公顷，价值 {answer.value:,.1f}",
            f"{len(answer.chosen)} parcels, {area:.2f} ha, value {answer.value:,.1f}",
        ).say(lang)
    )
    if hand == hand:
        say(
            Text(f"按单价从高到低安排得 {hand:,.1f}", f"dearest land first gives {hand:,.1f}").say(
                lang
            )
        )
    from ..report.outputs.results import chosen_in_words

    table = chosen_in_words(answer, lang)
    shown = ["item", "choice", "park", "area_m2", "value"]
    if table["access_m"].notna().any():
        shown += ["access_m", "access_by"]
    print_table(table[shown], lang, numbers=("area_m2", "value", "access_m"))
    binding = answer.limits[answer.limits["binding"]]
    for row in binding.to_dict("records"):
        name, more = row[lang], row["one_more_ha"]
        say(
            Text(
                f"  {name}：起作用；再多 1 公顷可增加 {more:,.1f}",
                f"  {name}: binds; one more hectare would bring {more:,.1f}",
            ).say(lang)
        )
    if len(setting.left_out):
        count = len(setting.left_out)
        say(Text(f"未列入备选 {count} 项：", f"{count} not offered:").say(lang))
        for row in setting.left_out.head(8).to_dict("records"):
            say(f"  {row['item']} {row['choice']} {row['reason']}")
    if added is not None:
        good = Text("通过核查，没有新增规划、指标和供地问题", "passes the check: nothing new").say(
            lang
        )
        if len(added):
            print_table(added[["rule", "feature", "status"]], lang)
        else:
            say(good)


# --- two states of a layer -------------------------------------------------------------------------


@command(part="data", zh="对比两期数据或两个年份", en="compare two files, or two years of a zone")
@click.argument("old", metavar="原数据或年份 OLD")
@click.argument("new", metavar="新数据或年份 NEW")
@click.option(
    "--zone", help="比较示范区的两个年份时：示范区。The zone, to compare two of its years."
)
@click.option("--level", help="图层级别，如 parcel；文件能认出时不必填。The level.")
@click.option("--layer", "-l", help="文件里的图层名。Name of the layer in both files.")
@OUT
@LANG
@JSON
def diff(
    old: str,
    new: str,
    zone: str | None,
    level: str | None,
    layer: str | None,
    out: str | None,
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """对比两期数据，或示范区的两个年份：变化、来历、地类转移。Compare two states of a layer."""
    from ..model import LEVELS
    from ..planning.difference import compare_states, state_of_file, state_of_zone

    if level is not None and level not in LEVELS:
        raise click.BadParameter(f"{level!r}：{'、'.join(LEVELS)}", param_hint="--level")
    if zone is not None:
        years = [_year_of(given) for given in (old, new)]
        here = opened(zone, lang)
        states = [state_of_zone(here, year, level or "parcel") for year in years]
    else:
        states = [state_of_file(given, level=level, layer=layer) for given in (old, new)]
    found = compare_states(*states)
    made = _write_diff(found, out, lang) if out else []
    if as_json:
        print_json(_diff_as_json(found))
        return
    _show_diff(found, lang)
    for path in made:
        say(f"  {path}")


def _year_of(given: str) -> int:
    if not (given.isdecimal() and len(given) == 4):
        raise click.BadParameter(f"{given!r}：有 --zone 时写两个年份，如 2023 2024。A year.")
    return int(given)


def _diff_as_json(found: Difference) -> str:
    from ..report.outputs import records_json

    was, now = found.closure_m2
    return records_json(
        {
            "schema": "zgcgis.diff/1",
            "old": found.before.name,
            "new": found.after.name,
            "level": found.before.level,
            "counts": found.counts,
            "area_m2": list(found.area_m2),
            "closure_m2": [was, now],
            "features": found.features.drop(columns=["old", "new"]),
            "values": found.values,
            "lineage": found.lineage,
            "transitions": _matrix(found),
            "farmland": _farmland(found),
            "remarks": [{"zh": one.zh, "en": one.en} for one in found.remarks()],
        }
    )


def _farmland(found: Difference) -> pd.DataFrame:
    """Cultivated land taken and made up; empty where none was."""
    import pandas as pd

    held = found.farmland
    return held.lines if held is not None and len(held.pieces) else pd.DataFrame()


def _matrix(found: Difference) -> pd.DataFrame:
    import pandas as pd

    if found.land is None:
        return pd.DataFrame()
    table = found.land.matrix.rename_axis("before").rename_axis(None, axis=1)
    return table.reset_index()


def _diff_tables(found: Difference, lang: str) -> list[tuple[Text, pd.DataFrame]]:
    """The tables of the page and the workbook, in the words of people."""
    import pandas as pd

    from ..accounts import NONE
    from ..planning.difference import LINE_NAMES

    none = Text("（不在图层内）", "(not in the layer)").say(lang)
    features = found.features.drop(columns=["old", "new"])
    features["columns"] = [_names(one, lang) for one in features["columns"]]
    counts = found.counts.items()
    summary = pd.DataFrame(
        [{"kind": KIND_NAMES[k].say(lang), "count": n} for k, n in counts],
    )
    matrix = _matrix(found).rename(columns={NONE: none})
    if len(matrix):
        matrix["before"] = matrix["before"].replace({NONE: none})
        sums = matrix.sum(numeric_only=True).to_dict()
        total = {"before": Text("合计", "Total").say(lang), **sums}
        matrix = pd.concat([matrix, pd.DataFrame([total])], ignore_index=True)
        matrix["total"] = matrix.drop(columns="before").sum(axis=1)
    remarks = pd.DataFrame({"detail": [one.say(lang) for one in found.remarks()]})
    listed = features.assign(kind=[KIND_NAMES[kind].say(lang) for kind in features["kind"]])
    line = found.lineage
    if len(line):
        line = line.assign(kind=[LINE_NAMES[kind].say(lang) for kind in line["kind"]])
    return [
        (Text("汇总", "Summary"), summary),
        (Text("地类转移（m²）", "Land by use (m2)"), matrix),
        (Text("占补平衡（m²）", "Cultivated land (m2)"), _farmland(found)),
        (Text("逐个变化", "Features"), listed[features["kind"] != "unchanged"]),
        (Text("属性变化", "Values"), _values(found, lang)),
        (Text("来历", "Lineage"), line),
        (Text("未变", "Unchanged"), listed.loc[features["kind"] == "unchanged", ["id"]]),
        (Text("说明", "About"), remarks),
    ]


def _names(columns: str, lang: str) -> str:
    names = [column_name(one, lang) for one in columns.split("、") if one]
    return Text("、", ", ").say(lang).join(names)


def _values(found: Difference, lang: str) -> pd.DataFrame:
    """The values that differ, columns and words of ours in the words of people."""
    from ..model import COLUMNS
    from ..report.wording import WORDS

    worded = {key for key, one in COLUMNS.items() if one.values or one.type == "bool"}
    table = found.values
    for side in ("before", "after"):
        table = table.assign(**{side: [
            WORDS[value].say(lang) if column in worded and value in WORDS else value
            for column, value in zip(table["column"], table[side], strict=True)
        ]})  # fmt: skip
    return table.assign(column=[column_name(one, lang) for one in table["column"]])


def _write_diff(found: Difference, out: str, lang: str) -> list[Path]:
    """Write the workbook, the page, the JSON, and the places where land is used otherwise."""
    from ..io.layers import write_layer
    from ..io.places import result_folder
    from ..io.writing import write_text_whole
    from ..report.outputs import write_json, write_workbook
    from ..report.outputs.findings_page import tables_page

    folder = result_folder(
        out, "diff.xlsx", ("diff.html", "diff.json", "changes.gpkg", "farmland.gpkg")
    )
    tables = _diff_tables(found, lang)
    title = Text("两期变化对比", "What changed").say(lang)
    page = tables_page(title, found.headline().say(lang), tables[:-2] + tables[-1:], lang=lang)
    made = [
        write_workbook(
            folder / "diff.xlsx",
            [(name.say(lang), table) for name, table in tables if len(table)],
            lang=lang,
            title=title,
        ),
        write_text_whole(folder / "diff.html", page),
        write_json(folder / "diff.json", _diff_as_json(found)),
    ]
    if found.land is not None and len(found.land.changes):
        made.append(write_layer(found.land.changes, folder / "changes.gpkg"))
    if found.farmland is not None and len(found.farmland.pieces):
        made.append(write_layer(found.farmland.pieces, folder / "farmland.gpkg"))
    return made


def _show_diff(found: Difference, lang: str) -> None:
    from ..planning.difference import LINE_NAMES

    say(found.headline().say(lang))
    for kind, some in found.features.groupby("kind", sort=False):
        if kind != "unchanged":
            say(f"  {KIND_NAMES[str(kind)].say(lang)}  {listed(some, lang)}")
    if len(found.lineage):
        kinds = found.lineage["kind"].value_counts()
        said = "，".join(f"{LINE_NAMES[str(k)].zh} {n}" for k, n in kinds.items())
        told = ", ".join(f"{LINE_NAMES[str(k)].en} {n}" for k, n in kinds.items())
        say(Text(f"来历（成对）：{said}", f"lineage, by pairs: {told}").say(lang))
    if found.land is not None:
        moved = found.land.matrix.stack().rename("area_m2").reset_index()
        moved.columns = ["before", "after", "area_m2"]
        moved = moved[(moved["before"] != moved["after"]) & (moved["area_m2"] > 0.01)]
        moved = moved.sort_values("area_m2", ascending=False)
        say(Text(f"地类转移 {len(moved)} 种：", f"{len(moved)} transitions of use:").say(lang))
        if len(moved):
            print_table(moved.head(MOST_LISTED), lang, numbers=("area_m2",))
    if len(farmland := _farmland(found)):
        say(Text("占补平衡：", "Cultivated land taken and made up:").say(lang))
        print_table(farmland, lang, numbers=("taken_m2", "made_up_m2", "balance_m2"))
    for one in found.remarks():
        say(one.say(lang))

"""``zgcgis fix`` and ``export``, an import undone, and what ``doctor`` says of a zone folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..language.safe_text import Text, json_text
from .basics import JSON, LANG, OUT, opened
from .console import Output, command, pad, print_json, print_table, say, tell

if TYPE_CHECKING:
    import pandas as pd

    from ..io.importing import Intake
    from ..planning.condition import Condition
    from ..planning.outlines import Fix

__all__ = [
    "KIND_NAMES",
    "MOST_LISTED",
    "changes_as_json",
    "export",
    "fix",
    "listed",
    "show_changes",
    "show_zone",
    "undo_last",
    "zone_as_json",
]

_SHOWN = 8


@command(part="data", zh="整理相邻宗地的界址", en="snap and clean the outlines of neighbours")
@click.argument("zone")
@click.option(
    "--level",
    type=click.Choice(["parcel", "land_patch", "block", "park"]),
    default="parcel",
    show_default=True,
    help="整理哪一级图层 The layer to clean.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 5, min_open=True),
    metavar="米",
    help="界址点容差（米），不填时取 zone.toml 的 [checks] tolerance_m，未写时 0.10 Metres.",
)
@click.option(
    "--control",
    metavar="面积|block",
    help="控制面积（平方米），或 block 取各街区公布面积；各宗面积按比例平差 "
    "Control area in m2, or the stated area of each block.",
)
@click.option("--write", is_flag=True, help="写入；不加时只演练 Write; without it nothing is.")
@click.option("--undo", is_flag=True, help="还原上一次整理 Take the last fix back.")
@OUT
@LANG
@JSON
def fix(
    zone: str,
    level: str,
    tolerance: float | None,
    control: str | None,
    write: bool,  # noqa: FBT001
    undo: bool,  # noqa: FBT001
    out: str | None,
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """整理相邻宗地的界址：先演练，--write 写入，--undo 还原。Snap and clean outlines."""
    from ..io.places import result_folder
    from ..planning.outlines import fix as clean
    from ..planning.outlines import undo_fix, write_outlines
    from ..report.outputs.fixed import write_fix_book

    if undo:
        if write or control or tolerance or out:
            raise click.UsageError("--undo 单独使用。--undo stands alone.")
        path = undo_fix(zone, level=level)
        if as_json:
            print_json(json_text({"schema": "zgcgis.fix/1", "undone": str(path)}))
        else:
            say(Text(f"已还原 {path}", f"Put back: {path}").say(lang))
        return
    if write and out:
        raise click.UsageError(
            "--write 已把记录存在示范区的 fixes 中；-o 只用于演练。"
            "--write keeps its record in the zone's folder fixes; -o is for a dry run."
        )
    done = clean(
        zone,
        level=level,
        tolerance_m=tolerance,
        control=_control(control),
        write=write,
        papers=write_fix_book,
    )
    made = []
    if out:
        folder = result_folder(out, "fix.csv", ("fix.xlsx",))
        made = [put(done, folder, lang=lang) for put in (write_outlines, write_fix_book)]
    if as_json:
        print_json(json_text(_facts(done)))
        return
    _say_fix(done, lang)
    for path in made:
        say(f"  {path}")
    if done.folder is not None:
        said = Text(
            f"已写入。记录和整理前的图层在 {done.folder}；还原：zgcgis fix {zone} --undo",
            f"Written. The record and the layer as it was: {done.folder}. "
            f"To take it back: zgcgis fix {zone} --undo",
        )
    elif done.outlines["points"].sum() == 0:
        said = Text("没有要整理的，未写入。", "Nothing to clean; nothing was written.")
    else:
        said = Text(
            "演练：未写入任何图层。加 --write 写入，之后可用 --undo 还原。",
            "Dry run: no layer was written. --write writes it, and --undo takes it back.",
        )
    say(said.say(lang))


def _control(given: str | None) -> float | str | None:
    if given is None or given == "block":
        return given
    try:
        area = float(given.replace(",", ""))
    except ValueError:
        area = -1.0
    if not 0 < area < float("inf"):
        raise click.BadParameter(
            f"{given!r}：应为平方米数，或 block。Square metres, or block.", param_hint="--control"
        )
    return area


def _facts(done: Fix) -> dict[str, object]:
    return {
        "schema": "zgcgis.fix/1",
        "level": done.level,
        "tolerance_m": done.tolerance_m,
        "features": done.features,
        "other_years": done.earlier,
        "uneven_before": done.uneven[0],
        "uneven_after": done.uneven[1],
        "spikes": done.spikes,
        "left": done.left,
        "written": None if done.folder is None else str(done.folder),
        "outlines": done.outlines.round(4).astype(object).where(done.outlines.notna(), None).to_dict("records"),
        "blocks": done.blocks.round(4).astype(object).where(done.blocks.notna(), None).to_dict("records"),
    }  # fmt: skip


def _say_fix(done: Fix, lang: str) -> None:
    moved = done.outlines[done.outlines["points"] > 0]
    most, before, after = moved["moved_m"].max(), *done.uneven
    changed = done.blocks[done.blocks["changed"] > 0]
    kept = changed["change_m2"].abs().max() if len(changed) else 0.0
    lines = [
        Text(
            f"{done.level}：{done.features} 个，容差 {done.tolerance_m:g} m；"
            f"与相邻界线不吻合的 {before} 个 → {after} 个",
            f"{done.level}: {done.features} outlines, tolerance {done.tolerance_m:g} m; "
            f"not fitting their neighbours: {before} → {after}",
        )
    ]
    if len(moved):
        lines.append(
            Text(
                f"移动或增加界址点 {int(moved['points'].sum())} 个，涉及 {len(moved)} 个要素，"
                f"界线最多移动 {most:.3f} m；去掉尖刺 {done.spikes} 处",
                f"{int(moved['points'].sum())} corners moved or added in {len(moved)} outlines, "
                f"by {most:.3f} m at most; {done.spikes} spikes taken off",
            )
        )
        lines.append(
            Text(
                f"{len(changed)} 个街区（或连片）的面积之和变化不超过 {kept:.4f} m²",
                f"the sum of areas of each of {len(changed)} blocks changes by {kept:.4f} m2 at most",
            )
        )
    if done.earlier:
        lines.append(
            Text(
                f"其他年份的 {done.earlier} 个未动", f"{done.earlier} of other years are left alone"
            )
        )
    if after:
        lines.append(
            Text(
                f"仍不吻合的 {after} 个：重叠或缺口宽于容差，是真问题，见 zgcgis check",
                f"{after} still do not fit: overlaps or gaps wider than the tolerance are real; "
                "see zgcgis check",
            )
        )
    if done.left:
        lines.append(
            Text(
                f"容差内无法整理、未动的 {len(done.left)} 个：{'、'.join(done.left[:3])}",
                f"{len(done.left)} cannot be cleaned within the tolerance: {', '.join(done.left[:3])}",
            )
        )
    for line in lines:
        say(line.say(lang))
    if len(moved):
        largest = moved.reindex(moved["change_m2"].abs().sort_values(ascending=False).index)
        columns = ["id", "block", "points", "moved_m", "before_m2", "after_m2", "change_m2"]
        print_table(largest[columns].head(_SHOWN), lang, numbers=columns[2:])
    _say_control(done, lang)


def _say_control(done: Fix, lang: str) -> None:
    if "control_m2" not in done.blocks:
        return
    stated = done.blocks.dropna(subset=["control_m2"])
    total, closure = stated["control_m2"].sum(), stated["closure_m2"].sum()
    spread = int(done.outlines["adjusted_m2"].notna().sum())
    said = Text(
        f"控制面积 {total:,.2f} m²，闭合差 {closure:+,.2f} m²（{closure / total * 1e6:+,.0f} ppm）；"
        f"已按面积比例平差 {spread} 个，平差后的面积只写入记录",
        f"control area {total:,.2f} m2, closure {closure:+,.2f} m2 "
        f"({closure / total * 1e6:+,.0f} ppm); {spread} areas adjusted in proportion, in the record",
    )
    say(said.say(lang))
    if spread < len(done.outlines):
        said = Text(
            f"另 {len(done.outlines) - spread} 个未平差：没有控制面积，或闭合差超过 [checks] area_share，"
            "应先查缺宗地、重叠",
            f"{len(done.outlines) - spread} were not adjusted: no control area, or the closure is more "
            "than area_share of [checks]; look for missing or doubled land first",
        )
        say(said.say(lang))


MOST_LISTED = 20


# --- what an import changed, and taking one back --------------------------------------------------


def undo_last(zone: str, lang: str, *, as_json: bool, alone: bool) -> None:
    """Take the last import back, and say of which levels."""
    from ..io.history import undo_import

    if not alone:
        raise click.UsageError("--undo 单独使用，只加 --zone。--undo stands alone, with --zone.")
    done = undo_import(zone)
    if as_json:
        undone = [{"level": level, "layer": path and str(path)} for level, path in done]
        print_json(json_text({"schema": "zgcgis.import/1", "undone": undone}))
        return
    for level, path in done:
        gone = Text(
            f"{level}：导入前没有这个图层，已移除", f"{level}: there was none before; removed"
        )
        back = Text(f"{level}：已还原 {path}", f"{level}: put back: {path}")
        say((gone if path is None else back).say(lang))


def changes_as_json(intake: Intake) -> dict[str, Any]:
    """Return what became of each feature in an update; nothing for any other import."""
    if intake.changes is None:
        return {}
    rows = intake.changes.drop(columns=["old", "new"]).to_dict("records")
    return {
        "year": intake.record["year"],
        "changes": intake.record["changes"],
        "features": rows,
    }


KIND_NAMES = {
    "new": Text("新增", "new"),
    "changed": Text("变化", "changed"),
    "renumbered": Text("换号", "renumbered"),
    "retired": Text("终止", "retired"),
    "unchanged": Text("未变", "unchanged"),
}


def show_changes(intake: Intake, lang: str) -> None:
    """Count and list what became of each feature in an update."""
    changes, year = intake.changes, intake.record.get("year")
    if changes is None:
        return
    counts = intake.record["changes"]
    said = "，".join(f"{KIND_NAMES[kind].zh} {n}" for kind, n in counts.items())
    told = ", ".join(f"{KIND_NAMES[kind].en} {n}" for kind, n in counts.items())
    say(Text(f"{year} 年：{said}", f"{year}: {told}").say(lang))
    for kind in list(counts)[:-1]:
        some = changes[changes["kind"] == kind]
        if len(some):
            until = f"（until = {year}）" if kind == "retired" else ""
            say(f"  {KIND_NAMES[kind].say(lang)}{until}  {listed(some, lang)}")
    if intake.stored is not None:
        place = Text(
            f"逐个清单在 {intake.zone}/imports；还原：zgcgis import --undo --zone {intake.zone}",
            f"The whole list stands in {intake.zone}/imports; to take it back: "
            f"zgcgis import --undo --zone {intake.zone}",
        )
        say(place.say(lang))


def listed(some: pd.DataFrame, lang: str) -> str:
    """The first features of a kind, each with what changed of it."""
    names = []
    for one in some.head(MOST_LISTED).itertuples():
        name = f"{one.was} → {one.id}" if one.kind == "renumbered" else str(one.id)
        shape = [Text("图形", "outline").say(lang)] if one.redrawn else []
        what = "、".join([*shape, *([str(one.columns)] if one.columns else [])])
        names.append(f"{name}（{what}）" if what else name)
    more = len(some) - len(names)
    rest = Text(f" … 另有 {more} 个", f" … and {more} more").say(lang) if more else ""
    return "、".join(names) + rest


# --- a layer for others ---------------------------------------------------------------------------


@command(part="data", zh="写出一个图层给其他软件", en="write a layer out for other programs")
@click.argument("zone", metavar="示范区 ZONE")
@click.argument("level", metavar="级别 LEVEL")
@click.option(
    "-o", "--out", required=True, type=Output(folder=False), help="输出文件，后缀定格式。File."
)
@click.option("--crs", help="写出的坐标系，如 EPSG:4527。Reference system to write in.")
@click.option("--headers", type=click.Choice(["zh"]), help="列名用中文。Column names in Chinese.")
@click.option("--corners", is_flag=True, help="xlsx、csv 写成界址点成果表。A table of corners.")
@click.option("--system", help="地类换成这个体系的代码。Land-use codes of this classification.")
@LANG
def export(
    zone: str,
    level: str,
    out: str,
    crs: str | None,
    headers: str | None,
    corners: bool,  # noqa: FBT001
    system: str | None,
    lang: str,
) -> None:
    """写出一个图层：gpkg、geojson、parquet、shp.zip、csv、xlsx、txt、dxf、vct。Write a layer out."""
    from ..io.layers import translated, write_layer
    from ..model import COLUMNS, LEVELS
    from .files import known_crs

    known_crs(crs)
    layer = opened(zone, lang).layer(level)
    strange = set(COLUMNS) - set(LEVELS[level].columns)  # of parcels, where patches stand for them
    layer = layer.drop(columns=[c for c in layer if c in strange and layer[c].isna().all()])
    if system is not None:
        layer, left = translated(layer, system)
        _show_undecided(left, lang)
    made = write_layer(layer, out, crs=crs, headers=headers or "", corners=corners)
    count = f"{len(layer):,}"
    say(Text(f"已写出 {made}，{count} 个要素", f"Written: {made}, {count} features").say(lang))
    if made.suffix.lower() == ".dxf":
        tell(
            lang,
            "DXF 文件里写不了坐标系，交付时请另行说明。",
            "A DXF cannot state its reference system: say it when you hand it over.",
        )


def _show_undecided(left: pd.DataFrame, lang: str) -> None:
    """List by area the classes for which a person must decide."""
    if not len(left):
        return
    said = Text(
        f"{int(left['count'].sum())} 个要素的地类须人判断，未换算（留空），按面积：",
        f"{int(left['count'].sum())} features of classes that a person must decide, left empty, by area:",
    )
    say(said.say(lang))
    print_table(left, lang, numbers=("count", "area_m2"))


# --- the condition of a zone folder --------------------------------------------------------------


def zone_as_json(found: Condition) -> dict[str, object]:
    """Return the condition of a zone folder in the stable form of ``doctor --json``."""
    from ..findings import describe

    said = [] if found.findings is None else zip(
        found.findings["rule"], found.findings["severity"],
        describe(found.findings, "zh"), describe(found.findings, "en"), strict=True,
    )  # fmt: skip
    return {
        "path": str(found.folder),
        "mistakes": [{"zh": one.zh, "en": one.en} for one in found.mistakes],
        "findings": [{"rule": r, "severity": s, "zh": zh, "en": en} for r, s, zh, en in said],
        "layers": [] if found.layers is None else found.layers.drop(columns="empty_zh").to_dict("records"),
        "commands": [{"command": c, "can": can, "zh": t.zh, "en": t.en} for c, can, t in found.commands],
        "not_checked": [{"zh": one.zh, "en": one.en} for one in found.lacking],
        "exit_code": 0 if found.sound else 1,
    }  # fmt: skip


def show_zone(found: Condition, lang: str) -> None:
    """Print the condition of a zone folder: mistakes, or layers and what each command can do."""
    from ..findings import SEVERITY_NAMES, describe

    say(Text(f"示范区  {found.folder}", f"zone  {found.folder}").say(lang))
    for one in found.mistakes:
        say(f"  {Text('错误', 'error').say(lang)}  {one.say(lang)}")
    if found.findings is None or found.layers is None:
        count = len(found.mistakes)
        said = Text(
            f"结论  {count} 处要改，改完之前各命令都不能用这个示范区",
            f"verdict  {count} to be mended; no command computes with the zone before that",
        )
        say(said.say(lang))
        return
    for rule, severity, sentence in zip(
        found.findings["rule"],
        found.findings["severity"],
        describe(found.findings, lang),
        strict=True,
    ):
        say(f"  {rule} {SEVERITY_NAMES[str(severity)].say(lang)}  {sentence}")
    _show_layers(found, lang)
    say(Text("各命令：", "Commands:").say(lang))
    for name, can, words in found.commands:
        mark = Text("可用", "yes") if can else Text("不可用", "no")
        say(f"  {pad(name, 10)}{pad(mark.say(lang), 8)}{words.say(lang)}")
    if found.lacking:
        say(Text("check 查不了的部分：", "What check cannot judge:").say(lang))
        for words in found.lacking:
            say(f"  {words.say(lang)}")
    sound = Text("结论  可用", "verdict  can be used")
    unsound = Text("结论  可用，但上列错误要改", "verdict  can be used; mend the errors above")
    say((sound if found.sound else unsound).say(lang))


def _show_layers(found: Condition, lang: str) -> None:
    from ..model import LEVELS

    assert found.layers is not None
    there = found.layers["features"] > 0
    say(Text("图层：", "Layers:").say(lang))
    for row in found.layers[there].to_dict("records"):
        name = Text(LEVELS[row["level"]].zh, LEVELS[row["level"]].en).say(lang)
        empty = Text(row["empty_zh"], ", ".join(row["empty"])).say(lang)
        lack = Text(f"；未填：{empty}", f"; not filled in: {empty}").say(lang) if empty else ""
        say(f"  {pad(row['level'], 18)}{name} {row['features']}{lack}")
    missing = [
        Text(f"{LEVELS[level].zh}（{level}）", level).say(lang)
        for level in found.layers.loc[~there, "level"]
    ]
    if missing:
        names = Text("、".join(missing), ", ".join(missing)).say(lang)
        say(Text(f"  没有：{names}", f"  not there: {names}").say(lang))

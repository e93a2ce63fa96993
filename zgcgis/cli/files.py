"""``zgcgis doctor`` and ``import``: what is in a file, and taking it in."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from ..language.safe_text import Text, json_text
from .basics import JSON, LANG
from .console import command, pad, print_json, say, tell
from .mending import changes_as_json, show_changes, undo_last

if TYPE_CHECKING:
    from ..intake.layer import FileReport, Layer, Options
    from ..io.importing import Intake

__all__ = ["doctor", "import_", "known_crs"]

SCHEMA = "zgcgis.doctor/1"
MOST_SHOWN = 20

_SEVERITY = {"error": ("错误", "error"), "warning": ("警告", "warning"), "note": ("提示", "note")}
_OUTCOME = {
    "accept": ("可直接导入", "fine as it is"),
    "finding": ("可导入，请看问题", "can be imported; see the findings"),
    "repair": ("可导入，将修复并记录", "can be imported; repairs are recorded"),
    "refuse-feature": ("可导入，部分要素不采用", "can be imported; some features are refused"),
    "refuse-file": ("不能导入", "cannot be imported as it is"),
}

_TOLD_BY = {
    "codes": ("代码", "the codes"),
    "names": ("代码旁的类名", "the names beside the codes"),
    "stated": ("图层所述", "what the layer states"),
    "told": ("您的说明", "your word"),
}

CRS = click.option("--crs", help="坐标系，如 EPSG:4548。Coordinate reference system.")
ENCODING = click.option("--encoding", help="文字编码，如 gb18030。Encoding of text.")
LAYER = click.option("--layer", "-l", help="图层名。Name of the layer.")
RENAME = click.option(
    "--rename", multiple=True, metavar="旧名=新名", help="字段改名 OLD=NEW，可多次。Repeatable."
)
DATUM = click.option(
    "--datum",
    type=click.Choice(["as-stated", "wgs84", "gcj02", "bd09"]),
    default="as-stated",
    help="坐标实为地图商坐标时说明。Say so if the coordinates are a map provider's.",
)
SCALE = click.option(
    "--scale",
    multiple=True,
    metavar="字段=单位",
    help="字段单位 COLUMN=UNIT，如 面积=mu。Repeatable.",
)
SYSTEM = click.option(
    "--system",
    help="地类代码的体系，如 third_survey，或示范区自带的。The classification of the land-use codes.",
)
ACCEPT = click.option(
    "--accept", multiple=True, metavar="规则", help="明知而接受的规则，如 R104。Rules to accept."
)


def _pairs(values: Iterable[str], option: str) -> dict[str, str]:
    made = {}
    for value in values:
        left, mark, right = value.partition("=")
        if not mark or not left.strip() or not right.strip():
            raise click.BadParameter(f"{value!r}：应写成 A=B。Write A=B.", param_hint=option)
        made[left.strip()] = right.strip()
    return made


def known_crs(crs: str | None) -> None:
    """Refuse what is no reference system."""
    if crs is not None:
        from ..intake.crs import parse_crs

        try:
            parse_crs(crs)
        except ValueError as problem:
            raise click.BadParameter(
                f"{crs!r} 不是坐标系。Not a coordinate reference system: {problem}",
                param_hint="--crs",
            ) from problem


def _options(
    crs: str | None,
    encoding: str | None,
    layer: str | None,
    rename: tuple[str, ...],
    datum: str,
    scale: tuple[str, ...],
    system: str | None,
    accept: tuple[str, ...],
    *,
    own: Iterable[str] = (),
) -> Options:
    from ..findings import RULES
    from ..intake.encoding import codec_of
    from ..intake.layer import Options
    from ..plan.land_use import SYSTEMS

    known = (*SYSTEMS, *sorted(own))
    if system is not None and system not in known:
        raise click.BadParameter(f"{system!r}：{'、'.join(known)}", param_hint="--system")
    known_crs(crs)
    if encoding is not None and codec_of(encoding) is None:
        raise click.BadParameter(
            f"{encoding!r} 不是编码。No such encoding.", param_hint="--encoding"
        )
    taken = {code.strip().upper() for value in accept for code in value.split(",") if code.strip()}
    if unknown := taken - set(RULES):
        raise click.BadParameter(
            f"{'、'.join(sorted(unknown))} 不是规则。No such rule.", param_hint="--accept"
        )
    return Options(
        crs=crs,
        encoding=encoding,
        layer=layer,
        rename=_pairs(rename, "--rename"),
        datum=datum,
        scale=_pairs(scale, "--scale"),
        system=system,
        accept=frozenset(taken),
    )


@command(part="data", zh="检查数据文件或示范区，不作任何改动", en="examine files or a zone")
@click.argument("files", nargs=-1, required=True, metavar="文件或示范区 FILE|ZONE…")
@click.option("--level", help="按哪一级检查。The level it is meant for.")
@CRS
@ENCODING
@LAYER
@RENAME
@DATUM
@SCALE
@SYSTEM
@ACCEPT
@LANG
@JSON
def doctor(
    files: tuple[str, ...],
    level: str | None,
    crs: str | None,
    encoding: str | None,
    layer: str | None,
    rename: tuple[str, ...],
    datum: str,
    scale: tuple[str, ...],
    system: str | None,
    accept: tuple[str, ...],
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """检查数据文件或示范区文件夹；不作任何改动。Examine files or a zone; changes nothing."""
    from ..intake.examine import compare
    from ..intake.sandbox.process import OPEN_DOORS
    from ..io.importing.delivery import asked_of, examine_delivery
    from ..io.stored.outside import delivered, left_out
    from ..io.zones import is_zone
    from ..model import LEVELS
    from ..planning.condition import examine_zone
    from .mending import show_zone, zone_as_json

    if level is not None and level not in LEVELS:
        raise click.BadParameter(f"{level!r}：{'、'.join(LEVELS)}", param_hint="--level")
    options = _options(crs, encoding, layer, rename, datum, scale, system, accept)
    zones = [examine_zone(given) for given in files if is_zone(given)]
    others = [given for given in files if not is_zone(given)]
    there = [str(one) for given in others for one in delivered(given)]
    delivery = examine_delivery(there, options=options, level=level)
    reports = compare(delivery.reports)
    asked = asked_of(files, delivery, options, level)
    code = max(_exit_code(report for _, report in reports), *(not one.sound for one in zones), 0)
    code = 3 if asked is not None else code
    aside = [one for given in others for one in left_out(given)]
    if as_json:
        told = {
            "schema": SCHEMA,
            "zones": [zone_as_json(one) for one in zones],
            "files": [file_as_json(file, report) for file, report in reports],
            "left_out": _aside_as_json(aside),
            "asked": None if asked is None else {"zh": asked.zh, "en": asked.en},
            "open_doors": [en for _, en in OPEN_DOORS.values()],
            "exit_code": code,
        }
        print_json(json_text(told))
    else:
        for one in zones:
            show_zone(one, lang)
        for file, report in reports:
            _show(file, report, lang)
        _show_aside(aside, lang)
        if asked is not None:
            tell(lang, f"导入前须说明：{asked.zh}", f"to say first: {asked.en}")
    sys.exit(code)


def _aside_as_json(aside: Iterable[tuple[str, Text]]) -> list[dict[str, str]]:
    return [{"file": file, "zh": why.zh, "en": why.en} for file, why in aside]


def _show_aside(aside: Iterable[tuple[str, Text]], lang: str) -> None:
    """Name what stands in a folder and was not read."""
    for file, why in aside:
        tell(lang, f"未读取 {file}：{why.zh}", f"not read: {file}, {why.en}")


def _exit_code(reports: Iterable[FileReport]) -> int:
    worst = 0
    for report in reports:
        if report.outcome == "refuse-file":
            return 3
        tables = [report.findings, *(layer.findings for layer in report.layers)]
        if any((table["severity"] == "error").any() for table in tables):
            worst = 1
    return worst


# --- for programs --------------------------------------------------------------------------------


def findings_as_json(findings: Any, file: str) -> list[dict[str, Any]]:
    """Return findings as records: the fixed columns, sentences and mends in both languages."""
    from ..findings import describe

    zh, en = describe(findings, "zh"), describe(findings, "en")
    records = []
    for i, row in enumerate(findings.drop(columns="geometry").to_dict("records")):
        record = {k: _plain(v) for k, v in row.items() if k != "clause"}
        shape = findings.geometry.iloc[i]
        there = shape is not None and not shape.is_empty
        record["place"] = [round(v, 7) for v in shape.bounds] if there else None
        record["zh"], record["en"] = zh.iloc[i], en.iloc[i]
        record["mend_zh"], record["mend_en"] = _mend(row, file, "zh"), _mend(row, file, "en")
        records.append(record)
    return records


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _mend(row: dict[str, Any], file: str, lang: str) -> str:
    from ..intake.log import fill_mend, mend_of

    words = {k: v for k, v in row.items() if not (isinstance(v, float) and math.isnan(v))}
    return fill_mend(mend_of(str(row["rule"]), lang), _quoted(file), words)


def _quoted(file: str) -> str:
    return f'"{file}"' if any(c in file for c in " &()'") else file


def file_as_json(file: str, report: FileReport) -> dict[str, Any]:
    """Return the report of one file in the stable form of ``doctor --json``."""
    return {
        "path": file,
        "kind": report.kind,
        "driver": report.title,
        "bytes": report.size,
        "sha256": report.sha256,
        "outcome": report.outcome,
        "findings": findings_as_json(report.findings, file),
        "layers": [
            {
                "name": layer.name,
                "level": layer.level,
                "level_settled": layer.asked or layer.sure,
                "outcome": layer.outcome,
                "counts": layer.log.counts,
                **_clean(layer.facts),
                "findings": findings_as_json(layer.findings, file),
                "repairs": _clean(layer.repairs.to_dict("records")),
                "refused": _clean(layer.refused.to_dict("records")),
            }
            for layer in report.layers
        ],
    }


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    return _plain(value)


# --- for people ----------------------------------------------------------------------------------


def _show(file: str, report: FileReport, lang: str) -> None:
    say(Text("文件  ", "file  ").say(lang) + file)
    if report.title:
        size = f"{report.size:,}"
        say(f"  {report.title}  {size} " + Text("字节", "bytes").say(lang))
    for layer in report.layers:
        _show_layer(layer, lang)
    _show_findings(report.findings, file, lang)
    for layer in report.layers:
        _show_findings(layer.findings, file, lang, layer.name if len(report.layers) > 1 else "")
    say(Text("结论  ", "verdict  ").say(lang) + Text(*_OUTCOME[report.outcome]).say(lang))
    say("")


def _show_layer(layer: Layer, lang: str) -> None:
    from ..model import LEVELS

    facts = layer.facts
    counts = layer.log.counts
    level = LEVELS[layer.level]
    tell(lang, f"  图层 {layer.name}（像是{level.zh}）", f"  layer {layer.name} ({level.en}?)")
    if not layer.asked and not layer.sure:
        tell(
            lang,
            "    级别没有依据断定，导入时请用 --level 说明",
            "    nothing settles the level: say it with --level when importing",
        )
    if layer.schema is not None:
        by = Text("；".join(layer.known_by), "; ".join(layer.known_by)).say(lang)
        tell(
            lang,
            f"    即 {layer.schema.zh}，依据 {by}",
            f"    these are {layer.schema.en}, known by {by}",
        )
    tell(
        lang,
        f"    要素 {counts['in']} = 采用 {counts['used']} + 修复 {counts['repaired']}"
        f" + 不采用 {counts['refused']}",
        f"    features {counts['in']} = used {counts['used']} + repaired {counts['repaired']}"
        f" + refused {counts['refused']}",
    )
    if not facts:
        return
    encoding = facts.get("encoding", {})
    if encoding.get("used"):
        why = encoding.get("evidence") or encoding.get("declared")
        say(
            Text("    编码 ", "    encoding ").say(lang)
            + str(encoding["used"])
            + (Text(f"（{why}）", f" ({why})").say(lang) if why else "")
        )
    crs = facts.get("crs", {})
    if not layer.table:
        declared = (crs.get("declared") or Text("未说明", "none").say(lang)).splitlines()[0][:70]
        implied = "、".join(crs.get("implied", [])[:4]) or "—"
        tell(
            lang,
            f"    坐标系 声明 {declared}；数值像是 {implied}；采用 {crs.get('used') or '—'}",
            f"    CRS stated {declared}; by the numbers {implied}; used {crs.get('used') or '—'}",
        )
        if facts.get("bounds"):
            box = ", ".join(f"{v:.6g}" if abs(v) < 1000 else f"{v:.1f}" for v in facts["bounds"])
            say(Text("    范围 ", "    extent ").say(lang) + box)
        types = facts.get("geometry", {}).get("types", {})
        if types:
            say(
                Text("    图形 ", "    shapes ").say(lang)
                + "、".join(f"{k} {v}" for k, v in types.items())
            )
    _show_fields(facts, lang)


def _show_fields(facts: dict[str, Any], lang: str) -> None:
    known = [f for f in facts["fields"] if f["column"]]
    rest = [f["name"] for f in facts["fields"] if not f["column"]]
    same = [f["column"] for f in known if f["column"] == f["name"] and not f["unit"]]
    if same:
        say(Text("    字段 ", "    columns ").say(lang) + "、".join(same))
    for field in known:
        if field["column"] in same:
            continue
        unit = f" [{field['unit']}]" if field["unit"] else ""
        say(f"    {pad(field['name'], 22)} → {field['column']}{unit}")
    if rest:
        label = Text("    其余字段 ", "    other columns ").say(lang)
        say(label + "、".join(rest[:20]))
    for column, systems in facts.get("codes", {}).items():
        best = "、".join(f"{k} {100 * v:.0f}%" for k, v in systems.items() if v > 0)
        say(f"    {column}: {best or '—'}")
    if told := facts.get("inspection"):
        broken = sum(len(one["features"]) for one in told["rules"].values())
        remark = told["score_unverified"][lang]
        line = Text(
            f"    图斑检查（{told['edition']} 版）{len(told['asked'])} 条：{broken} 处不符，"
            f"得分 {told['score']:g}（{remark}）",
            f"    patches checked by {len(told['asked'])} rules of {told['edition']}: {broken} defects, "
            f"score {told['score']:g} ({remark})",
        )
        say(line.say(lang))
    for system, by in facts.get("land_use_systems", {}).items():
        zh_by, en_by = _TOLD_BY[by]
        tell(
            lang,
            f"    地类体系 {system}（依据{zh_by}）",
            f"    land-use system {system}, by {en_by}",
        )


def _show_findings(findings: Any, file: str, lang: str, layer: str = "") -> None:
    from ..findings import describe

    if not len(findings):
        return
    shown: dict[str, int] = {}
    rows = findings.drop(columns="geometry").to_dict("records")
    for row, sentence in zip(rows, describe(findings, lang), strict=True):
        rule = str(row["rule"])
        shown[rule] = shown.get(rule, 0) + 1
        if shown[rule] > MOST_SHOWN:
            continue
        name = f"[{layer}] " if layer else ""
        say(f"  {rule} {Text(*_SEVERITY[row['severity']]).say(lang)}  {name}{sentence}")
        way = _mend(row, file, lang)
        if way and shown[rule] == 1:
            say(Text("        办法：", "        mend: ").say(lang) + way)
    for rule, count in shown.items():
        if count > MOST_SHOWN:
            more = count - MOST_SHOWN
            tell(lang, f"  {rule} … 另有 {more} 条", f"  {rule} … and {more} more")


# --- taking in, and out --------------------------------------------------------------------------


@command(
    name="import", part="data", zh="检查、修复并导入数据", en="examine, repair with record, store"
)
@click.argument("file", metavar="文件 FILE", required=False)
@click.option("--zone", required=True, help="示范区文件夹。The zone's folder.")
@click.option("--level", help="图层级别，如 parcel、building；不填时按数据识别。The level.")
@CRS
@ENCODING
@LAYER
@RENAME
@DATUM
@SCALE
@SYSTEM
@ACCEPT
@click.option("--add", is_flag=True, help="追加到已有图层。Add to the layer that is there.")
@click.option(
    "--update",
    is_flag=True,
    help="作为下一年的数据与已有图层逐个比较：新增、变化、终止、未变。Take it as a later year's state.",
)
@click.option(
    "--year", type=int, help="--update 的数据年份，文件没有写明时。The year of an update."
)
@click.option("--undo", is_flag=True, help="还原上一次导入。Take the last import back.")
@click.option("--dry-run", is_flag=True, help="只演练，不写入。Do everything but write.")
@LANG
@JSON
def import_(
    file: str | None,
    zone: str,
    level: str | None,
    crs: str | None,
    encoding: str | None,
    layer: str | None,
    rename: tuple[str, ...],
    datum: str,
    scale: tuple[str, ...],
    system: str | None,
    accept: tuple[str, ...],
    add: bool,  # noqa: FBT001
    update: bool,  # noqa: FBT001
    year: int | None,
    undo: bool,  # noqa: FBT001
    dry_run: bool,  # noqa: FBT001
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """检查、修复并导入数据到示范区。Examine, repair with record, and store in a zone."""
    from ..intake.sandbox.process import OPEN_DOORS
    from ..io.importing import import_all, import_file
    from ..io.stored.outside import left_out
    from ..io.zones import own_systems, zone_folder
    from ..model import LEVELS

    if level is not None and level not in LEVELS:
        raise click.BadParameter(f"{level!r}：{'、'.join(LEVELS)}", param_hint="--level")
    if undo:
        undo_last(zone, lang, as_json=as_json, alone=not (file or add or update or dry_run))
        return
    if file is None or (add and update) or (year is not None and not update):
        raise click.UsageError(
            "写法 Write: import FILE --zone ZONE [--add | --update [--year YEAR]], "
            "或 or: import --undo --zone ZONE."
        )
    own = own_systems(zone_folder(zone))
    options = _options(crs, encoding, layer, rename, datum, scale, system, accept, own=own)
    how: Any = {"options": options, "add": add, "update": update, "year": year, "dry_run": dry_run}
    if level is None:
        intakes = import_all(file, zone, **how)
    else:
        intakes = [import_file(file, zone, level, **how)]
    code = max(int((one.findings["severity"] == "error").any()) for one in intakes)
    if as_json:
        told = {
            "schema": "zgcgis.import/1",
            "file": file,
            **_intake_as_json(intakes[0], file),
            "dry_run": dry_run,
            "left_out": _aside_as_json(left_out(file)),
            "also": [_intake_as_json(one, one.source) for one in intakes[1:]],
            "open_doors": [en for _, en in OPEN_DOORS.values()],
            "exit_code": code,
        }
        print_json(json_text(told))
    else:
        for one in intakes:
            _show_import(one.source, one, lang, dry_run=dry_run)
        _show_aside(left_out(file), lang)
    sys.exit(code)


def _intake_as_json(intake: Intake, file: str) -> dict[str, Any]:
    return {
        "layer": intake.layer,
        "level": intake.level,
        "counts": intake.counts,
        "stored": None if intake.stored is None else str(intake.stored),
        "unchanged": intake.unchanged,
        "before": intake.before,
        "replaced": None if intake.replaced is None else str(intake.replaced),
        "columns_lost": list(intake.columns_lost),
        **changes_as_json(intake),
        "findings": findings_as_json(intake.findings, file),
        "repairs": _clean(intake.repairs.to_dict("records")),
        "refused": _clean(intake.refused.to_dict("records")),
    }


def _show_import(file: str, intake: Intake, lang: str, *, dry_run: bool) -> None:
    counts = intake.counts
    tell(
        lang,
        f"{intake.layer} → {intake.level}：要素 {counts['in']} = 采用 {counts['used']}"
        f" + 修复 {counts['repaired']} + 不采用 {counts['refused']}",
        f"{intake.layer} → {intake.level}: features {counts['in']} = used {counts['used']}"
        f" + repaired {counts['repaired']} + refused {counts['refused']}",
    )
    _show_findings(intake.findings, file, lang)
    show_changes(intake, lang)
    if dry_run:
        tell(lang, "演练：未写入任何文件。", "Dry run: nothing was written.")
    elif intake.unchanged:
        tell(lang, "该文件已导入过，未作改动。", "Imported before; nothing was changed.")
    else:
        tell(lang, f"已存入 {intake.stored}", f"Stored in {intake.stored}")
        _show_replaced(intake, lang)


def _show_replaced(intake: Intake, lang: str) -> None:
    """Say what became of what the level held before."""
    if intake.before is None:
        return
    how, used = intake.record.get("how"), intake.counts["used"] + intake.counts["repaired"]
    if how == "add":
        tell(
            lang,
            f"原有 {intake.before} 个要素，加入 {used} 个，现有 {intake.before + used} 个。",
            f"There were {intake.before} features; {used} were added: {intake.before + used}.",
        )
    elif how == "replace":
        tell(
            lang,
            f"取代了原有的 {intake.before} 个要素（要保留原有要素请用 --add）。",
            f"The {intake.before} features there before were replaced (--add keeps them).",
        )
        if intake.columns_lost:
            lost = Text("、", ", ").say(lang).join(intake.columns_lost)
            tell(
                lang,
                f"原图层有值而新图层没有的列：{lost}。",
                f"Columns that held values before and are gone: {lost}.",
            )
    if intake.replaced is not None:
        tell(
            lang,
            f"原图层文件 {intake.replaced.name} 已由 {intake.level}.parquet 取代。",
            f"The layer's file {intake.replaced.name} was replaced by {intake.level}.parquet.",
        )

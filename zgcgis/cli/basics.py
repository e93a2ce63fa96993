"""``zgcgis new``, ``sample``, ``terms`` and ``env``: a folder to start from, words, the ground."""

from __future__ import annotations

import csv
import platform
import sys
from dataclasses import replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import click

from ..language.safe_text import Text, json_text
from .console import Output, command, pad, print_json, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..io.importing import Intake
    from ..model import Zone

__all__ = [
    "PUBLIC",
    "YEAR",
    "db",
    "env",
    "new",
    "opened",
    "opened_on",
    "opened_together",
    "sample",
    "terms",
]

LANG = click.option(
    "--lang", type=click.Choice(["zh", "en"]), default="zh", help="语言 Language of what is shown."
)
JSON = click.option("--json", "as_json", is_flag=True, help="机器可读输出 Machine output.")
OUT = click.option(
    "-o", "--out", type=Output(folder=True), help="成果文件夹 Folder for the results."
)
AS_OF = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="认定日期，如 2023-12-31 Day of judgement.",
)


YEAR = click.option("--year", type=int, help="按哪一年 The year.")
DASK = click.option(
    "--dask",
    metavar="ADDRESS",
    help="在 dask 集群上分块进行，如 tcp://主机:8786 By tile, on a dask cluster.",
)
TILES = click.option(
    "--tiles",
    metavar="PLACE",
    help="分块存放处：各工作进程都能访问的文件夹或 s3:// 等地址 "
    "Where tiles lie: a folder, or an address fsspec opens, that all workers see.",
)
PUBLIC = click.option(
    "--public",
    is_flag=True,
    help="公开版：不含使用权人、合同编号和 zone.toml [public] 所列 Without owners, contracts, [public].",
)


def opened(folder: str, lang: str, *, public: bool = False) -> Zone:
    """Open a zone and say at once what of it cannot be used: outlines, values of no unit."""
    return opened_together([folder], lang, public=public)[0]


def opened_together(folders: Sequence[str], lang: str, *, public: bool = False) -> list[Zone]:
    """Open zones that are shown together: of their public editions, what one hides all hide."""
    from ..io import open_zone

    zones = [open_zone(folder) for folder in folders]
    if public:
        from ..assessment.disclosure import public_edition

        zones = [public_edition(zone, beside=zones) for zone in zones]
    for zone in zones:
        _say_state(zone, lang)
    return zones


def _say_state(zone: Zone, lang: str) -> None:
    """Say what a public edition leaves out, and what of a zone cannot be used as it is."""
    from ..checks import check
    from ..findings import describe

    if zone.withheld is not None:
        say(zone.withheld.say(lang), err=True)
    if count := len(zone.flaws):
        aside = int((zone.flaws["severity"] == "error").sum())
        first = describe(zone.flaws.iloc[:1], lang).iloc[0]
        level, rule = zone.flaws["level"].iloc[0], zone.flaws["rule"].iloc[0]
        say(
            Text(
                f"注意：{count} 个图形不能照原样使用：{aside} 个未采用，{count - aside} 个修复后计算，"
                f"原文件未改。例如 {level}（{rule}）：{first}。全部见 zgcgis check。",
                f"Note: {count} outline(s) cannot be used as they are: {aside} set aside, "
                f"{count - aside} mended for computing; the files are unchanged. Such as {level} "
                f"({rule}): {first}. All of them: zgcgis check.",
            ).say(lang),
            err=True,
        )
    for sentence in describe(check(zone, ("H214",)), lang):
        say(sentence, err=True)
    astray = check(replace(zone, flaws=zone.flaws.iloc[:0]), ("H207",))
    if len(astray):
        more = f"（{len(astray)}）" if len(astray) > 1 else ""
        say(
            f"{Text('注意', 'Note').say(lang)}{more}: {describe(astray, lang).iloc[0]}",
            err=True,
        )


def opened_on(zone: str, lang: str, as_of: datetime | None = None, year: int | None = None) -> Zone:
    """Open a zone as :func:`opened` does, judged on a day of its own, or as known in a year."""
    found = opened(zone, lang)
    if year is not None:
        from ..checks.supply import as_known

        found = as_known(found, year)
    if as_of is None:
        return found
    if year is not None and as_of.year != year:
        raise click.UsageError(
            f"--as-of {as_of:%Y-%m-%d} 不在 --year {year} 之内，请只给一个。"
            f"--as-of {as_of:%Y-%m-%d} is no day of --year {year}; give one of them."
        )
    return replace(found, meta={**found.meta, "as_of": as_of.date()})


def _given(option: str, value: str | None, words: Text, lang: str) -> str:
    """Return what an option says; without it ask a person at a terminal, and nobody else."""
    if value is not None:
        return value
    if not at_a_terminal():
        raise click.MissingParameter(param_hint=option, param_type="option")
    return str(click.prompt(words.say(lang)))


def at_a_terminal() -> bool:
    """Whether a person can answer."""
    return sys.stdin is not None and sys.stdin.isatty()


@command(part="zone", zh="建立一个空的示范区文件夹", en="lay out an empty zone folder")
@click.argument("folder", type=click.Path())
@click.option("--id", "id_", help="代码中的名称 Name in code, such as zhangjiang.")
@click.option("--zh", help="中文名称 Chinese name.")
@click.option("--en", help="英文名称 English name.")
@click.option(
    "--layers",
    multiple=True,
    help="建立后导入的文件、文件夹或压缩包，可重复 Files to import at once; may be repeated.",
)
@LANG
def new(
    folder: str,
    id_: str | None,
    zh: str | None,
    en: str | None,
    layers: tuple[str, ...],
    lang: str,
) -> None:
    """建立一个示范区文件夹；在终端里没有给出的逐项询问。Lay out a zone folder, empty or with layers."""
    from ..io import new_zone

    asked = None in {id_, zh, en}
    id_ = _given(
        "--id", id_, Text("代码中的名称（小写字母和数字）", "Name in code (lower case)"), lang
    )
    zh = _given("--zh", zh, Text("中文名称", "Chinese name"), lang)
    en = _given("--en", en, Text("英文名称", "English name"), lang)
    if asked and not layers:
        words = Text(
            "要导入的文件、文件夹或压缩包，没有则回车", "Files to import, or Enter for none"
        )
        layers = tuple(
            filter(None, [click.prompt(words.say(lang), default="", show_default=False)])
        )
    intakes: list[Intake] = []
    filled: dict[str, Any] = {}
    if layers:
        from ..planning.condition import zone_of_layers

        made, intakes, filled = zone_of_layers(folder, layers, id=id_, zh=zh, en=en)
    else:
        made = new_zone(folder, id=id_, zh=zh, en=en)
    for one in intakes:
        n = one.counts
        told = Text(
            f"{one.layer} → {one.level}：采用 {n['used'] + n['repaired']}，不采用 {n['refused']}",
            f"{one.layer} → {one.level}: used {n['used'] + n['repaired']}, refused {n['refused']}",
        )
        say(told.say(lang))
    for key, value in filled.items():
        say(Text(f"已填 {key} = {value}", f"filled in: {key} = {value}").say(lang))
    for path in sorted(made.rglob("*")):
        if path.is_file():
            say(f"  {path}")
    say(
        Text(
            f"下一步：在 {made / 'parks.csv'} 中登记园区，再运行 zgcgis map {made}",
            f"Next: list the parks in {made / 'parks.csv'}, then run zgcgis map {made}",
        ).say(lang)
    )


@command(
    part="zone", zh="生成带有预埋错误的示例示范区", en="make a synthetic zone with planted errors"
)
@click.argument("folder", type=click.Path())
@click.option(
    "--parcels", default=500, show_default=True, help="大约多少宗地 About how many parcels."
)
@click.option(
    "--seed", default=2026, show_default=True, help="随机种子 Another seed, another zone."
)
@click.option("--clean", is_flag=True, help="不预埋错误 Plant no errors.")
@LANG
@JSON
def sample(
    folder: str,
    parcels: int,
    seed: int,
    clean: bool,  # noqa: FBT001
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """生成带有预埋错误的示例示范区（全部虚构）。A fictitious zone with planted errors."""
    from ..sample import write_sample

    made = write_sample(folder, parcels=parcels, seed=seed, planted=not clean)
    layers = sorted(path.name for path in (made / "layers").iterdir())
    rules: list[str] = []
    if not clean:
        with (made / "planted.csv").open(encoding="utf-8", newline="") as file:
            rules = [row["rule"] for row in csv.DictReader(file)]
    if as_json:
        facts = {"folder": str(made), "layers": layers, "planted": len(rules), "seed": seed}
        print_json(json_text(facts))
        return
    said = Text(
        f"已生成虚构的示例示范区：{made}（{len(layers)} 个图层）",
        f"Made a fictitious zone: {made} ({len(layers)} layers)",
    )
    say(said.say(lang))
    if rules:
        count, path = len(rules), made / "planted.csv"
        said = Text(
            f"预埋 {count} 处错误，清单见 {path}", f"{count} errors are planted; {path} lists them"
        )
        say(said.say(lang))
    say(Text(f"下一步：zgcgis check {made}", f"Next: zgcgis check {made}").say(lang))


@command(
    part="zone",
    zh="在 PostGIS 中建立工作库、装入示范区",
    en="a zone in PostGIS, to work on together",
)
@click.argument("action", type=click.Choice(["init", "load"]))
@click.argument("places", metavar="[ZONE] ADDRESS", nargs=-1, required=True)
@click.option(
    "--replace",
    is_flag=True,
    help="替换库中已有的示范区，库中的编辑将丢失 Replace the zone there; edits made there are lost.",
)
@LANG
def db(
    action: str,
    places: tuple[str, ...],
    replace: bool,  # noqa: FBT001
    lang: str,
) -> None:
    """PostGIS 工作库：init 建立，load 装入示范区。A zone in PostGIS: init ADDRESS, load ZONE ADDRESS.

    地址形如 postgresql://用户@主机/库?schema=模式；密码放在 ~/.pgpass 或 PGPASSWORD。
    An address is postgresql://user@host/database?schema=name; keep passwords in ~/.pgpass.
    """
    from ..io.postgis.server import is_store
    from ..io.postgis.store import init, load

    *zones, address = places
    if len(zones) != (action == "load") or not is_store(address):
        raise click.UsageError(
            "应为 zgcgis db init 地址，或 zgcgis db load 示范区 地址，地址形如 postgresql://用户@主机/库。"
            "Say zgcgis db init ADDRESS, or zgcgis db load ZONE ADDRESS, where ADDRESS is "
            "postgresql://user@host/database."
        )
    if action == "init":
        if init(address):
            said = Text("已建立工作库", "The store is made")
        else:
            said = Text("工作库已在，未作改动", "The store is there already and was left as it is")
    else:
        counts = load(address, zones[0], replace=replace)
        said = Text(
            f"已装入 {len(counts)} 个图层，{sum(counts.values())} 个要素",
            f"Loaded: {len(counts)} layers, {sum(counts.values())} features",
        )
    say(said.say(lang))


@command(part="about", zh="列出名词、单位与公式", en="the glossary: names, units, formulas")
@click.argument("word", required=False)
@LANG
@JSON
def terms(word: str | None, lang: str, as_json: bool) -> None:  # noqa: FBT001
    """列出名词、单位与公式；可给出要找的词。The glossary; give a word to search."""
    from ..indicators import INDICATORS
    from ..language.terms import TERMS

    rows = [
        {
            "key": term.key,
            "zh": term.zh,
            "en": term.en,
            "unit": term.unit,
            "formula": "",
            "note_zh": term.note_zh,
            "note_en": term.note_en,
        }
        for term in TERMS.values()
    ] + [
        {
            "key": entry.key,
            "zh": entry.zh,
            "en": entry.en,
            "unit": entry.unit,
            "formula": entry.formula,
            "note_zh": "",
            "note_en": "",
        }
        for entry in INDICATORS.values()
    ]
    if word:
        rows = [row for row in rows if any(word.lower() in str(v).lower() for v in row.values())]
    if as_json:
        print_json(json_text(rows))
        return
    for row in rows:
        meaning = row["formula"] or row[f"note_{lang}"]
        name = row[lang]
        say(f"{pad(row['key'], 38)}{pad(name, 36)}{pad(row['unit'], 12)}{meaning}")
    if not rows:
        say(f"没有含“{word}”的名词。No term holds '{word}'.", err=True)


@command(part="about", zh="列出运行环境与各库版本", en="versions of what the toolkit stands on")
@LANG
@JSON
def env(lang: str, as_json: bool) -> None:  # noqa: FBT001
    """列出运行环境与各库版本。Versions of what the toolkit stands on."""
    import fiona
    import pyogrio
    import pyproj
    import shapely

    from ..intake.sandbox.landlock import left_open, try_doors
    from ..io import SHIPPED

    packages = "zgcgis geopandas shapely pyproj pyogrio fiona folium numpy pandas scipy pyarrow click openpyxl xlsxwriter jinja2"
    optional = "distributed sqlalchemy psycopg"
    rows = {"Python": platform.python_version(), "system": platform.platform()}
    for name in [*packages.split(), *optional.split()]:
        try:
            rows[name] = version(name)
        except PackageNotFoundError:
            rows[name] = "—"
    rows |= {
        "GEOS (shapely)": ".".join(map(str, shapely.geos_version)),
        "PROJ (pyproj)": pyproj.proj_version_str,
        "GDAL (pyogrio)": ".".join(map(str, pyogrio.__gdal_version__)),
        "GDAL (fiona)": fiona.__gdal_version__,
        "zones": ", ".join(SHIPPED),
    }
    missing = left_open(try_doors()).values()
    doors = "; ".join(Text(*pair).say(lang) for pair in missing)
    shut = Text(f"是，但：{doors}", f"yes, but: {doors}") if doors else Text("是", "yes")
    rows["reader shut off"] = shut.say(lang)
    if as_json:
        print_json(json_text(rows))
        return
    for name, value in rows.items():
        say(f"{pad(name, 18)}{value}")

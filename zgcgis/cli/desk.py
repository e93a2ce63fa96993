"""``zgcgis under``, ``query``, ``consolidate``, ``access`` and ``pack``: cases on the planner's desk."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..language.safe_text import Text
from .basics import AS_OF, JSON, LANG, OUT, PUBLIC, YEAR, opened
from .console import command, print_json, print_table, say

if TYPE_CHECKING:
    from ..assessment.casework import Consolidation, Under

__all__ = ["access", "consolidate", "pack", "query", "under"]

METHOD = click.option(
    "--method",
    type=click.Choice(["ellipsoid", "trapezoid", "plane", "gauss_kruger"]),
    default="ellipsoid",
    help="面积算法：椭球、图斑梯形公式、高斯平面 Method of area.",
)
CRS = click.option("--crs", help="红线的坐标系，如 EPSG:4527 Its coordinate system.")
TEMPLATE = click.option(
    "--template",
    type=click.Path(exists=True, dir_okay=False),
    help="Word 模板（.docx），取其样式、页眉页脚 A Word document whose styles are taken.",
)


@command(part="review", zh="占地（压占）分析：红线下是什么", en="what lies under a red line")
@click.argument("zone")
@click.argument("red_line", metavar="红线文件 RED_LINE", type=click.Path(exists=True))
@METHOD
@CRS
@click.option("--layer", "-l", help="文件里的图层名 Name of the layer.")
@click.option("--encoding", help="文件的编码 Its encoding.")
@TEMPLATE
@PUBLIC
@OUT
@LANG
@JSON
def under(
    zone: str,
    red_line: str,
    method: str,
    crs: str | None,
    layer: str | None,
    encoding: str | None,
    template: str | None,
    public: bool,  # noqa: FBT001
    out: str | None,
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """占地（压占）分析：红线下面是什么。What lies under the plots of a red line."""
    from ..assessment.casework import read_red_line
    from ..assessment.casework import under as analyse
    from ..report.documents import under_json, write_under

    here = opened(zone, lang, public=public)
    asked = read_red_line(red_line, crs=crs, layer=layer, encoding=encoding)
    found = analyse(here, asked, method=method)
    made = write_under(found, out, lang=lang, template=template) if out else []
    _say_not_made(made, lang)
    if as_json:
        print_json(under_json(found))
        return
    _say_under(found, lang)
    for path in made:
        say(f"  {path}")


def _say_not_made(made: list[Path], lang: str) -> None:
    from ..report.documents import not_made

    for one in not_made() if made else ():
        say(one.say(lang), err=True)


def _say_under(found: Under, lang: str) -> None:
    from ..report.documents import total_table

    say(found.headline().say(lang))
    for one in found.remarks:
        say(f"  {one.say(lang)}")
    for title, table in total_table(found, lang):
        say(title.say(lang))
        numbers = ("features", "adjusted_m2", "area_ha", "area_mu", "share_pct")
        print_table(table[["item", *numbers]], lang, numbers=numbers)
    say(Text("不知道的：", "Not known:").say(lang))
    for row in found.unknown.to_dict("records"):
        say(f"  {row[lang]}  {row['area_m2']:,.2f} m²")
    if found.unknown.empty:
        say(Text("  没有", "  nothing").say(lang))


LEVEL = click.option("--level", default="parcel", help="图层级别，如 parcel Which layer.")
WHERE = click.option(
    "--where",
    default="",
    help="条件，如 面积 > 1000 and 地类 in ('1001', '0802') A condition over columns.",
)


@command(part="review", zh="按条件查询并汇总用地", en="select features, sum their land")
@click.argument("zone")
@LEVEL
@WHERE
@click.option("--by", default="", help="按什么汇总，逗号分隔：park,use,owner,town What to sum by.")
@YEAR
@PUBLIC
@OUT
@LANG
@JSON
def query(
    zone: str,
    level: str,
    where: str,
    by: str,
    year: int | None,
    public: bool,  # noqa: FBT001
    out: str | None,
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """按条件选图形，按园区、地类等汇总公顷和亩。Select features, sum their land."""
    from ..assessment.casework import query as ask
    from ..report.documents import query_json, write_query

    here = opened(zone, lang, public=public)
    found = ask(here, level, where=where, by=by.replace("，", ",").split(","), year=year)
    made = write_query(found, out, lang=lang) if out else []
    if as_json:
        print_json(query_json(found))
        return
    say(found.headline().say(lang))
    for one in found.remarks:
        say(f"  {one.say(lang)}")
    print_table(found.pivot, lang, numbers=("features", "area_m2", "area_ha", "area_mu"))
    for path in made:
        say(f"  {path}")


@command(
    part="review",
    zh="开发区整合优化核查",
    en="review the consolidation of a zone: lines, industry, supply",
)
@click.argument("zone")
@AS_OF
@click.option(
    "--proven",
    type=click.Path(exists=True),
    help="举证地块文件 Plots proven to be left, of any format that is read.",
)
@click.option("--crs", help="举证文件的坐标系，如 EPSG:4527 Its coordinate system.")
@click.option(
    "--supply-years",
    type=click.IntRange(1, 50),
    default=5,
    help="年均供应量按近几年计 Years over which supply is averaged.",
)
@TEMPLATE
@PUBLIC
@OUT
@LANG
@JSON
def consolidate(
    zone: str,
    as_of: datetime | None,
    proven: str | None,
    crs: str | None,
    supply_years: int,
    template: str | None,
    public: bool,  # noqa: FBT001
    out: str | None,
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """开发区整合优化核查：管控线、工业用地率、批而未供、闲置、尚可供应年限。Review a zone's consolidation."""
    from ..assessment.casework import consolidation, read_red_line
    from ..report.documents import consolidation_json, write_consolidation

    here = opened(zone, lang, public=public)
    plots = read_red_line(proven, crs=crs) if proven else None
    day = as_of.date() if as_of else None
    found = consolidation(here, day=day, proven=plots, supply_years=supply_years)
    made = write_consolidation(found, out, lang=lang, template=template) if out else []
    _say_not_made(made, lang)
    if as_json:
        print_json(consolidation_json(found))
        return
    _say_consolidation(found, lang)
    for path in made:
        say(f"  {path}")


def _say_consolidation(found: Consolidation, lang: str) -> None:
    from ..assessment.casework.consolidation import MEASURES
    from ..report.documents import figure_table

    say(found.headline().say(lang))
    for one in found.remarks:
        say(f"  {one.say(lang)}")
    numbers = ("numerator_ha", "denominator_ha")
    for park in ("", *found.parks["id"]):
        if park:
            say(found.zone.name(park, lang))
        print_table(figure_table(found, lang, park=park), lang, numbers=numbers)
    say(Text("不知道的：", "Not known:").say(lang))
    titles = {one.key: one.title.say(lang) for one in MEASURES}
    for row in found.unknown[found.unknown["park"] == ""].to_dict("records"):
        say(f"  {titles[row['measure']]}: {row[lang]}  {row['area_m2']:,.2f} m²")
    if found.unknown.empty:
        say(Text("  没有", "  nothing").say(lang))


@command(
    part="review", zh="到站点和公共服务的距离、时间、等时圈", en="ways to stations and services"
)
@click.argument("zone")
@click.option("--level", default="", help="从哪个图层算起，默认宗地 From which layer; parcels.")
@click.option(
    "--mode", type=click.Choice(["walk", "drive"]), default="walk", help="步行或驾车 How one goes."
)
@click.option(
    "--route",
    type=click.Choice(["auto", "network", "straight"]),
    default="auto",
    help="有道路图层时按路网，否则直线 By road where there are roads, else straight.",
)
@click.option("--minutes", default="5,10,15", help="等时圈的分钟数，逗号分隔 Limits in minutes.")
@click.option(
    "--snap",
    type=click.FloatRange(1, 5000),
    default=300.0,
    help="离道路最远多少米 Farthest from a road, in metres.",
)
@YEAR
@PUBLIC
@OUT
@LANG
@JSON
def access(
    zone: str,
    level: str,
    mode: str,
    route: str,
    minutes: str,
    snap: float,
    year: int | None,
    public: bool,  # noqa: FBT001
    out: str | None,
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """到轨道站点和公共服务的距离、时间，等时圈，分园区表。Ways to stations and services."""
    from ..accounts import access as measure
    from ..checks.admission import latest_year
    from ..report.documents import access_json, access_table, write_access

    here = opened(zone, lang, public=public)
    found = measure(
        here,
        latest_year(here) if year is None else year,
        level=level,
        mode=mode,
        method=route,
        minutes=_limits(minutes),
        snap_m=snap,
    )
    made = write_access(found, out, lang=lang) if out else []
    if as_json:
        print_json(access_json(found))
        return
    say(found.headline().say(lang))
    for one in found.remarks:
        say(f"  {one.say(lang)}")
    for kind, name in found.kinds.items():
        say(name.say(lang))
        table = access_table(found, lang, kind=kind)
        texts = ("park", "nearest", "method")
        print_table(table, lang, numbers=tuple(c for c in table if c not in texts))
    for path in made:
        say(f"  {path}")


def _limits(said: str) -> tuple[float, ...]:
    """Minutes as they are typed in."""
    try:
        limits = tuple(float(one) for one in said.replace("，", ",").split(",") if one.strip())
    except ValueError:
        limits = ()
    if not limits or not all(0 < one <= 600 for one in limits):
        raise click.BadParameter(
            f"{said!r}：写 0 到 600 之间的分钟数，如 5,10,15。Minutes up to 600, as 5,10,15.",
            param_hint="--minutes",
        )
    return limits


@command(
    part="review", zh="报件：报告、界址点、四至、图册", en="documents to hand in, a map a parcel"
)
@click.argument("zone")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    help="报告 report、面积汇总表 areas、界址点成果表 points、四至 sides、图册 maps、问题 findings、幻灯片 slides，"
    "可重复或用逗号 What to make; all but slides.",
)
@LEVEL
@WHERE
@click.option(
    "--red-line",
    type=click.Path(exists=True),
    help="用红线文件的地块代替 Plots of a file in place of the zone's own.",
)
@CRS
@TEMPLATE
@click.option(
    "--steps", help="汇报步骤文件，由地图的“汇报”存出 File of steps that the map saved to present."
)
@YEAR
@PUBLIC
@OUT
@LANG
@JSON
def pack(
    zone: str,
    kinds: tuple[str, ...],
    level: str,
    where: str,
    red_line: str | None,
    crs: str | None,
    template: str | None,
    steps: str | None,
    year: int | None,
    public: bool,  # noqa: FBT001
    out: str | None,
    lang: str,
    as_json: bool,  # noqa: FBT001
) -> None:
    """报件：报告、面积表、界址点、四至、一宗一图的图册。Documents to hand in of any selection."""
    from ..assessment.casework import read_red_line
    from ..report.documents import KINDS, pack_json, select, write_pack

    if out is None:
        raise click.MissingParameter(param_hint="-o", param_type="option")
    here = opened(zone, lang, public=public)
    plots = read_red_line(red_line, crs=crs) if red_line else None
    chosen = select(here, level, where=where, red_line=plots, year=year)
    asked = [word for given in kinds for word in given.replace("，", ",").split(",")]
    made = write_pack(chosen, out, asked, lang=lang, template=template, steps=steps)
    _say_not_made(made, lang)
    if as_json:
        print_json(pack_json(chosen, made[1:]))
        return
    if chosen.asked is not None:
        say(chosen.asked.headline().say(lang))
    for one in chosen.remarks:
        say(f"  {one.say(lang)}")
    for path in made:
        kind = KINDS.get(path.stem)
        say(f"  {path}" + (f"  {kind.say(lang)}" if kind else ""))

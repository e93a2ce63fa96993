"""``zgcgis map``: the atlas of a zone as one offline page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, cast

import click

from .basics import LANG, PUBLIC, YEAR, opened_together
from .console import Output, command, say

if TYPE_CHECKING:
    from ..model import Zone

__all__ = ["map"]


@command(part="result", zh="生成可离线打开的地图集", en="the atlas, one offline HTML file")
@click.argument("zone")
@click.option("-o", "--out", type=Output(folder=False), help="输出文件 File to write; ZONE.html.")
@LANG
@YEAR
@PUBLIC
@click.option(
    "--color-by", help="打开时的指标，键或名称，如 总收入、集约度 Quantity that colours the parks."
)
@click.option("--park", help="只画这个园区及其所属，编号或名称 Only this park, by id or name.")
@click.option("--group", help="打开时只看的聚集区 Group of parks it opens on.")
@click.option("--review-no", help="审图号 Map review number.")
@click.option(
    "--layers",
    help="放入页面的用地图层，逗号分隔，冒号后为着色方式 Layers of land: parcel:land_use,building,firm; none.",
)
@click.option(
    "--compare",
    help="与什么比较：另一示范区文件夹、2019:2022 或 plan Another zone, two years, or plan against actual.",
)
@click.option(
    "--basemap",
    help="底图：tianditu:密钥、瓦片地址、.pmtiles、.mbtiles 或瓦片文件夹 Tiles beneath: tianditu:KEY, an address, a file, a folder.",
)
@click.option(
    "--steps", help="汇报步骤文件，由地图的“汇报”存出 File of steps that the map saved to present."
)
@click.option(
    "--slides",
    type=Output(folder=False),
    help="幻灯片文件，.pptx 或 .pdf，一步一页 Slides to write, a step each.",
)
@click.option(
    "--print",
    "printed",
    type=Output(folder=False),
    help="成套图纸 PDF PDF to print: the map and its lists.",
)
@click.option(
    "--papers",
    default="map,list,findings",
    show_default=True,
    help="图纸：map,list,findings,parks（一园一表）,parcels（一宗一表） What --print holds.",
)
def map(
    zone: str,
    out: str | None,
    lang: str,
    year: int | None,
    public: bool,  # noqa: FBT001
    color_by: str | None,
    park: str | None,
    group: str | None,
    review_no: str | None,
    layers: str | None,
    compare: str | None,
    basemap: str | None,
    steps: str | None,
    slides: str | None,
    printed: str | None,
    papers: str,
) -> None:
    """生成可离线打开的地图集。The atlas of ZONE, one file that needs no network."""
    from ..io.writing import lying
    from ..language.safe_text import Text, file_name
    from ..maps import print_map, read_steps, save_map, write_slides
    from ..report import draw_zone

    word = compare is None or bool(_NO_ZONE.fullmatch(compare))
    here, *others = opened_together([zone, *([] if word else [str(compare)])], lang, public=public)
    if park is not None:
        here = _within(here, park)
    atlas = draw_zone(
        here,
        color_by=color_by,
        group=group,
        year=year,
        lang=cast("Literal['zh', 'en']", lang),
        review_no=review_no,
        layers=None if layers is None else [part.strip() for part in layers.split(",")],
        compare=others[0] if others else compare,
        steps=None if steps is None else read_steps(steps),
        basemap=basemap,
    )
    made = []
    if slides is not None:
        made.append(write_slides(atlas, slides))
    if printed is not None:
        words = [part.strip() for part in papers.split(",")]
        made.append(print_map(atlas, printed, papers=words))
    path = save_map(atlas, out or f"{file_name(here.id)}.html")
    units = atlas.content["units"]
    parks = [unit for unit in units if unit["level"] == "park"]
    drawn = [unit for unit in parks if unit["g"]]
    size = lying(path).stat().st_size / 1e6
    told = atlas.content.get("basemap") or {"urls": [], "said": []}
    net = (
        Text("断网可用", "needs no network")
        if not told["urls"]
        else Text("底图需联网，其余断网可用", "only its base map needs the network")
    ).say(lang)
    say(
        Text(
            f"{path}：{len(parks)} 个园区，{len(drawn)} 个上图，{size:.2f} MB，{net}。",
            f"{path}: {len(parks)} parks, {len(drawn)} drawn, {size:.2f} MB, {net}.",
        ).say(lang)
    )
    for pair in told["said"]:
        say(Text(*pair).say(lang))
    for other in made:
        say(f"{other}  {lying(other).stat().st_size / 1e6:.2f} MB")


def _within(zone: Zone, asked: str) -> Zone:
    """What lies under the park that is named, by id or name of either language."""
    from ..language.errors import UnknownNameError

    units = zone.units
    if asked in units.index:
        return zone.within(asked)
    found = units.index[(units["zh"] == asked) | (units["en"] == asked)]
    if len(found) != 1:
        parks = units.index[units["level"] == "park"]
        known = [text for id in parks for text in (str(id), zone.name(str(id)))]
        raise UnknownNameError(asked, known, what="park", zh="园区")
    return zone.within(str(found[0]))


_NO_ZONE = re.compile(r"plan|\d{4}\s*[:：]\s*\d{4}")
"""What a zone can be compared with that is no other zone: the plan, or one of two years."""

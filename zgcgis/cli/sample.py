"""``zgcgis sample``: a synthetic zone with planted errors and the list of them."""

from __future__ import annotations

import csv

import click

from ..safe_text import json_text
from .console import command, print_json, say

__all__ = ["sample"]


@command()
@click.argument("folder", type=click.Path())
@click.option(
    "--parcels", default=500, show_default=True, help="大约多少宗地 About how many parcels."
)
@click.option(
    "--seed", default=2026, show_default=True, help="随机种子 Another seed, another zone."
)
@click.option("--clean", is_flag=True, help="不预埋错误 Plant no errors.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", help="语言 Language.")
@click.option("--json", "as_json", is_flag=True, help="机器可读输出 Machine output.")
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
    if lang == "zh":
        say(f"已生成虚构的示例示范区：{made}（{len(layers)} 个图层）")
        if rules:
            say(f"预埋 {len(rules)} 处错误，清单见 {made / 'planted.csv'}")
        say(f"下一步：zgcgis check {made}")
    else:
        say(f"Made a fictitious zone: {made} ({len(layers)} layers)")
        if rules:
            say(f"{len(rules)} errors are planted; {made / 'planted.csv'} lists them")
        say(f"Next: zgcgis check {made}")

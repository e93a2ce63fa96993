"""The live pages and pictures of the gallery, made by the program when the site is built."""

from __future__ import annotations

import shutil
from pathlib import Path

import zgcgis as zg
from zgcgis import dea, mcdm
from zgcgis.report import render_page

ROOT = Path(__file__).parents[1]
LIVE = ROOT / "docs" / "_build" / "live"
FIGURES = ROOT / "docs" / "_build" / "figures"


def make() -> None:
    """Draw the atlas of each shipped zone and the report of the sample in both languages."""
    LIVE.mkdir(parents=True, exist_ok=True)
    FIGURES.mkdir(parents=True, exist_ok=True)
    figures()
    shutil.copy(ROOT / "maps" / "zgc.html", LIVE / "zgc.html")
    for name in ("sample", "donghu"):
        zone = zg.open_zone(name)
        zg.save_map(zg.draw_zone(zone, findings=zg.check(zone)), LIVE / f"{name}.html")
    result = zg.assess(zg.open_zone("sample"))
    for lang in ("zh", "en"):
        (LIVE / f"report.{lang}.html").write_text(render_page(result, lang=lang), encoding="utf-8")


def figures() -> None:
    """Draw the four figures of the analyst's example, on the accounts of the sample."""
    accounts = zg.measure(zg.open_zone("sample"))
    keys = ["floor_area_ratio", "tax_per_hectare", "energy_per_hectare"]
    values = zg.compute(accounts, keys).xs(2023, level="year")
    weights = mcdm.entropy_weights(values, directions="++-")
    zg.plot(mcdm.topsis(values, weights, directions="++-"), FIGURES / "ranks.png")
    degrees = mcdm.obstacle_degrees(values, weights, directions="++-")
    zg.plot(degrees, FIGURES / "obstacles.png")
    inputs, outputs = accounts[["built_land_m2"]], accounts[["income_wan"]]
    now = inputs.xs(2023, level="year"), outputs.xs(2023, level="year")
    zg.plot(dea.bootstrap(*now, draws=500), FIGURES / "efficiency.png")
    changes = dea.malmquist(inputs, outputs, accounts.index.get_level_values("year"))
    zg.plot(changes, FIGURES / "productivity.png")

"""A small zone of a test's own, whose every text can be chosen; and a browser without a network."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SQUARE = 0.02


_RUNNING: list[Any] = []


@contextmanager
def browser_page(width: int = 1440, height: int = 860, **options: Any) -> Iterator[Any]:
    """Open a page of headless Chromium, the network off; one browser serves nested pages.

    The page lists its ``requests`` and the ``complaints`` of its console.
    """
    with _browser() as browser:
        context = browser.new_context(
            viewport={"width": width, "height": height}, offline=True, **options
        )
        page = context.new_page()
        page.requests, page.complaints = [], []
        page.on("request", lambda r: page.requests.append(r.url))
        page.on(
            "console",
            lambda m: page.complaints.append(m.text) if m.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda e: page.complaints.append(str(e)))
        try:
            yield page
        finally:
            context.close()


def violations(page: Any) -> list[tuple[str, list[Any]]]:
    """What axe-core finds, run past the page's own policy as a test program may."""
    from axe_playwright_python import sync_playwright as axe

    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [(v["id"], [n["target"] for n in v["nodes"]]) for v in found["violations"]]


def until(page: Any, js: str, seconds: float = 60) -> None:
    """Wait for what the page's policy lets nobody wait for within it."""
    end = time.monotonic() + seconds
    while not page.evaluate(f"Boolean({js})"):
        assert time.monotonic() < end, f"never true: {js}"
        page.wait_for_timeout(30)


@contextmanager
def _browser() -> Iterator[Any]:
    if _RUNNING:
        yield _RUNNING[0]
        return
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
    flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        _RUNNING.append(browser)
        try:
            yield browser
        finally:
            _RUNNING.clear()
            browser.close()


def unpacked(block: str) -> Any:
    """What a packed block of a page says."""
    return json.loads(gzip.decompress(base64.b64decode(block)))


def square(lon: float, lat: float, size: float = SQUARE) -> dict:
    ring = [[lon, lat], [lon + size, lat], [lon + size, lat + size], [lon, lat + size], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_zone(folder: Path, text: Callable[[str], str] = lambda field: field) -> Path:
    """Lay out a zone with every kind of text the page shows; `text` gives each field its words."""
    (folder / "layers").mkdir(parents=True)
    t = text
    (folder / "zone.toml").write_text(
        "\n".join(
            [
                'id = "trial"',
                f"zh = {quoted(t('zone zh'))}",
                f"en = {quoted(t('zone en'))}",
                "center = [116.4, 40.0]",
                "years = [2019, 2022]",
                f"review_no = {quoted(t('review'))}",
                f"disclaimer_zh = {quoted(t('disclaimer zh'))}",
                f"disclaimer_en = {quoted(t('disclaimer en'))}",
                f"attribution_zh = {quoted(t('credit zh'))}",
                f"attribution_en = {quoted(t('credit en'))}",
                f"counting_zh = {quoted(t('counting zh'))}",
                f"counting_en = {quoted(t('counting en'))}",
                "[[source]]",
                'id = "a"',
                f"zh = {quoted(t('source entry zh'))}",
                f"en = {quoted(t('source entry en'))}",
                f"licence = {quoted(t('licence'))}",
            ]
        ),
        encoding="utf-8",
    )
    clause = [
        "[plan]",
        'id = "p"',
        f"name_zh = {quoted(t('digest name zh'))}",
        f"name_en = {quoted(t('digest name en'))}",
        'issued = "2019-01"',
        "period = [2019, 2022]",
        "[[clause]]",
        'id = "1"',
        f"zh = {quoted(t('clause number'))}",
        'topic = "layout"',
        f"terms = [{quoted(t('plan words'))}]",
        f"duty = {quoted(t('duty'))}",
    ]
    (folder / "digest.toml").write_text("\n".join(clause), encoding="utf-8")
    plan = [
        "[plan]",
        'id = "p"',
        f"zh = {quoted(t('plan zh'))}",
        f"en = {quoted(t('plan en'))}",
        'issued = "2019-01"',
        "period = [2019, 2022]",
        'digest = "digest.toml"',
        "[industry.alpha]",
        f"zh = {quoted(t('industry zh'))}",
        f"en = {quoted(t('industry en'))}",
        'clause = "1"',
        "[industry.beta]",
        'zh = "乙"',
        'en = "Beta"',
        'clause = "1"',
        "[group.g]",
        f"zh = {quoted(t('group zh'))}",
        f"en = {quoted(t('group en'))}",
        'role = "new-build"',
        'clause = "1"',
        "terms = []",
        f"demand_zh = {quoted(t('demand of group zh'))}",
        f"demand_en = {quoted(t('demand of group en'))}",
        'industries = ["alpha"]',
        f"industry_terms = [{quoted(t('industry words'))}]",
        "[[group.g.park]]",
        'id = "a"',
        "terms = []",
        "[[group.g.park]]",
        'id = "b"',
        "terms = []",
        "[[demand]]",
        'id = "d"',
        'topic = "land"',
        f"zh = {quoted(t('demand zh'))}",
        f"en = {quoted(t('demand en'))}",
        'clause = "1"',
        "terms = []",
        "[[target]]",
        'id = "t"',
        'key = "income_wan"',
        'kind = "flow"',
        f"zh = {quoted(t('target zh'))}",
        f"en = {quoted(t('target en'))}",
        "year = 2021",
        f"printed = {quoted(t('printed'))}",
        'clause = "1"',
        "terms = []",
    ]
    (folder / "plan.toml").write_text("\n".join(plan), encoding="utf-8")

    def table(name: str, head: str, rows: list[list[object]]) -> None:
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(head.split())
            writer.writerows(rows)

    table(
        "parks.csv",
        "id level parent group zh en pinyin aliases district since until placed note note_en",
        [
            [
                "a",
                "park",
                "",
                "g",
                t("park zh"),
                t("park en"),
                t("pinyin"),
                t("alias"),
                t("district zh"),
                2019,
                "",
                "true",
                t("note zh"),
                t("note en"),
            ],
            ["b", "park", "", "g", "乙园", "Park B", "yiyuan|yy", "", "", 2021, "", "true", "", ""],
            ["c", "park", "", "", "丙园", "Park C", "bingyuan|by", "", "", "", "", "false", "", ""],
            [
                "a1",
                "block",
                "a",
                "g",
                t("block zh"),
                t("block en"),
                "",
                "",
                "",
                "",
                "",
                "true",
                "",
                "",
            ],
        ],
    )
    table(
        "accounts.csv",
        "unit year key value qualifier period scope basis source note note_en status",
        [
            [
                "a",
                2020,
                "income_wan",
                100_000,
                "=",
                "annual",
                "registration",
                "stated",
                t("source"),
                t("value note zh"),
                t("value note en"),
                "",
            ],
            [
                "a",
                2021,
                "income_wan",
                150_000,
                "~",
                "annual",
                "registration",
                "stated",
                t("source"),
                "",
                "",
                "",
            ],
            [
                "b",
                2021,
                "income_wan",
                50_000,
                "=",
                "annual",
                "operation",
                "stated",
                "s",
                "",
                "",
                "",
            ],
            [
                "a",
                2021,
                "planned_land_m2",
                5_000_000,
                "=",
                "stock",
                "land",
                "stated",
                "s",
                "",
                "",
                "",
            ],
            [
                "b",
                2021,
                "planned_land_m2",
                2_000_000,
                "=",
                "stock",
                "land",
                "stated",
                "s",
                "",
                "",
                "",
            ],
            [
                "trial",
                2021,
                "income_wan",
                200_000,
                "=",
                "annual",
                "registration",
                "stated",
                "s",
                "",
                "",
                "",
            ],
        ],
    )
    table(
        "names.csv", "unit zh en since until", [["a", t("former zh"), t("former en"), 2000, 2019]]
    )
    table(
        "boundaries.csv",
        "unit what east south west north year source",
        [["a", t("boundary"), t("east"), "", "", t("north"), 2019, t("boundary source")]],
    )

    def layer(level: str, features: list[tuple[dict, dict]]) -> None:
        data = {
            "type": "FeatureCollection",
            "features": [
                {"type": "Feature", "properties": properties, "geometry": geometry}
                for properties, geometry in features
            ],
        }
        path = folder / "layers" / f"{level}.geojson"
        path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")

    layer(
        "park",
        [
            (
                {
                    "id": "a",
                    "zh": t("layer park zh"),
                    "en": t("layer park en"),
                    "group": "g",
                    "precision": "sketch",
                    "error_m": 100,
                    "made_zh": t("made zh"),
                    "made_en": t("made en"),
                },
                square(116.3, 40.0),
            ),
            (
                {"id": "b", "zh": "乙园", "en": "Park B", "group": "g", "precision": "point"},
                {"type": "Point", "coordinates": [116.37, 40.03]},
            ),
        ],
    )
    layer(
        "block",
        [({"id": "a1", "park_id": "a", "precision": "sketch"}, square(116.302, 40.002, 0.008))],
    )
    layer(
        "group",
        [
            (
                {"id": "g", "zh": t("group layer zh"), "en": "G", "precision": "schematic"},
                square(116.28, 39.98, 0.13),
            )
        ],
    )
    layer(
        "district",
        [({"id": "d", "zh": t("district zh"), "en": t("district en")}, square(116.2, 39.9, 0.4))],
    )
    layer(
        "axis",
        [
            (
                {"id": "x", "zh": t("axis zh"), "en": t("axis en"), "parent": "g"},
                {"type": "LineString", "coordinates": [[116.3, 40.0], [116.36, 40.05]]},
            )
        ],
    )
    layer(
        "link",
        [
            (
                {"id": "l", "zh": t("link zh"), "en": t("link en")},
                {"type": "Point", "coordinates": [117.6, 39.0]},
            )
        ],
    )
    return folder

"""The modules of the page by themselves, under node; and a trial of its search."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import Polygon, box

import zgcgis as zg
from zgcgis.maps import draw_zone, save_map
from zgcgis.maps.packed.codec import pack, pack_column

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import browser_page

UNITS = Path(__file__).parent / "page"
PAGE = Path(zg.__file__).parent / "maps" / "page"


def test_the_units_of_the_page_hold(tmp_path):
    missing = [
        name
        for name, there in {
            "node": shutil.which("node"),
            "npm ci in zgcgis/maps/page": (PAGE / "node_modules" / "fflate").exists(),
        }.items()
        if not there
    ]
    if missing:
        reason = f"缺少 {missing[0]} lacking: {missing[0]}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    trials = tmp_path / "trials.json"
    trials.write_text(json.dumps({"shapes": shapes(), "columns": columns()}), encoding="utf-8")
    files = sorted(str(path) for path in UNITS.glob("*.test.mjs"))
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", *files],
        env=os.environ | {"CODEC_TRIALS": str(trials)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    failed = [line for line in done.stdout.splitlines() if line.lstrip().startswith("not ok")]
    assert done.returncode == 0, "\n".join(failed) + done.stdout[-3000:] + done.stderr[-500:]
    assert done.stdout.count("\nok ") >= 20


def shapes() -> list[dict]:
    rng = np.random.default_rng(5)
    some = [
        box(x, y, x + 0.01, y + 0.008) for x, y in rng.uniform((116, 39.6), (117, 40.4), (700, 2))
    ]
    holed = Polygon(
        box(116, 40, 116.1, 40.1).exterior, [box(116.02, 40.02, 116.05, 40.05).exterior]
    )
    many = shapely.union_all([box(116.2, 40, 116.21, 40.01), box(116.3, 40, 116.31, 40.01)])
    found = []
    for group in (
        [holed, many, *some[:5]],
        some,
        [box(-179, -80, 179, 84), box(116, 40, 116.00001, 40.00001)],
    ):
        packed = pack(np.array(group, dtype=object))
        rings = [
            [
                shapely.get_coordinates(ring)[:-1].tolist()
                for ring in shapely.get_rings(shapely.get_parts(group[k]))
            ]
            for k in packed.order
        ]
        found.append({"meta": packed.meta, "data": packed.data, "rings": rings})
    return found


def columns() -> list[dict]:
    texts = ["甲", "", "<b>", "a", "甲", None, "z", "y", "x"] * 3
    series = [
        (pd.Series(range(200), dtype="uint8"), list(range(200))),
        (pd.Series([0, 65535, 7], dtype="uint16"), [0, 65535, 7]),
        (pd.Series([1.5, None, 0.25, 99999.75]), [1.5, None, 0.25, 99999.75]),
        (pd.Series([-1.0, 2.0e9, None]), [-1.0, 2.0e9, None]),
        (pd.Series(texts), texts),
        (pd.Series([f"id{k}" for k in range(9)]), [f"id{k}" for k in range(9)]),
        (pd.to_datetime(pd.Series(["2020-02-29", None])), ["2020-02-29", None]),
    ]
    out = []
    for values, read in series:
        told, data = pack_column(values, np.arange(len(values)))
        blank = [None if v in ("", 0) else v for v in read]
        out.append({"told": told, "data": data, "values": blank})
    return out


# --- sixty questions to the search -----------------------------------------------------------------

HAIDIAN = (
    "haidian_park software_park env_park innovation_park yongfeng_base shangdi_base science_city"
)
CHANGPING = "changping_park future_science_city national_eng_base life_science_park"
QUERIES = {
    # names, old names, names in use
    "海淀园": "haidian_park", "软件园": "software_park", "中关村软件园": "software_park",
    "生命科学园": "life_science_park", "生命园": "life_science_park", "未来科学城": "future_science_city",
    "经开区": "bda", "亦庄": "bda yizhuang_park", "电子城": "chaoyang_park", "德胜园": "xicheng_park",
    "雍和园": "dongcheng_park", "翠湖科技园": "innovation_park", "环保园": "env_park", "上地": "shangdi_base",
    "丰台科技园": "fengtai_park", "石龙": "mentougou_park", "一城多园": "agri_city", "科学城": "science_city",
    "雁栖经济开发区": "huairou_park", "永丰": "yongfeng_base",
    # English
    "Fengtai": "fengtai_park", "software park": "software_park", "Life Science": "life_science_park",
    "Future Science City": "future_science_city", "Electronic City": "chaoyang_park",
    "aerospace": "aerospace_park", "Yizhuang": "yizhuang_park bda", "daxing bio": "daxing_bio_base",
    # pinyin, whole and by initials; ids
    "rjy": "software_park", "zgckxc": "science_city", "shangdi": "shangdi_base", "fty": "fengtai_park",
    "yizhuangyuan": "yizhuang_park", "weilaikejicheng": "future_science_city", "sjsy": "shijingshan_park",
    "huairouyuan": "huairou_park", "jkq": "bda", "daxing_bio_base": "daxing_bio_base", "hby": "env_park",
    "zhongguancunruanjianyuan": "software_park",
    # slips of the hand and of the ear
    "软件圆": "software_park", "丰台圆": "fengtai_park", "石景山圆": "shijingshan_park",
    "Sofware Park": "software_park", "Fengtia": "fengtai_park", "ruanjanyuan": "software_park",
    "shagdi": "shangdi_base", "yizuangyuan": "yizhuang_park", "门头勾园": "mentougou_park",
    "未来科级城": "future_science_city", "Shunyi Prak": "shunyi_park", "changpingyuna": "changping_park",
    "大兴生物医要产业基地": "daxing_bio_base",
    # districts
    "昌平区": CHANGPING, "海淀": HAIDIAN, "朝阳区": "chaoyang_park", "Tongzhou": "tongzhou_park",
    # clusters
    "生物": "daxing_bio_base life_science_park bda fengtai_park", "航空航天": "aerospace_park fengtai_park bda",
    "文化创意": "dongcheng_park chaoyang_park shijingshan_park xicheng_park science_city",
}  # fmt: skip


@pytest.mark.browser
def test_of_sixty_queries_at_least_57_have_the_right_one_among_the_first_three(tmp_path):
    assert len(QUERIES) == 60
    path = save_map(draw_zone(zg.open_zone("zgc")), tmp_path / "zgc.html")
    wrong = {}
    with browser_page() as page:
        page.goto(path.as_uri())
        for words, right in QUERIES.items():
            page.fill("#q", words)
            first = page.eval_on_selector_all(
                ".rank button", "bs => bs.slice(0, 3).map(b => b.dataset.unit)"
            )
            if not set(first) & set(right.split()):
                wrong[words] = first
    assert len(wrong) <= 3, wrong

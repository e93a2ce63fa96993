"""``zgcgis doctor ZONE``: every mistake of a folder at once, what is there, what that allows."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner
from hostile_zone import SMALL, content_of, sample, write_zone

import zgcgis as zg
from zgcgis.cli import cli
from zgcgis.io.zones import SHIPPED, mistakes
from zgcgis.planning.condition import examine_zone

FULL = os.environ.get("ZGCGIS_FULL") == "1"


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


def refusal(folder):
    try:
        zg.open_zone(folder)
    except zg.ZgcgisError as problem:
        return problem.zh
    return None


def spoil(folder, *spoilings):
    write_zone(folder)
    for one in spoilings:
        (folder / one.name).write_bytes(one.make())
    return folder


def test_what_opening_refuses_is_among_the_mistakes_and_so_is_what_it_would_refuse_next(tmp_path):
    usual = [mistake.zh for mistake in mistakes(write_zone(tmp_path / "whole"))]
    assert usual == []
    refused = []
    for k, one in enumerate(sample(400 if FULL else 40, seed=4)):
        folder = spoil(tmp_path / f"one {k}", one)
        first, found = refusal(folder), [mistake.zh for mistake in mistakes(folder)]
        if first is None:
            assert found == [] or one.name in {"waivers.toml", "evaluation.toml", "own.toml"}, one
        else:
            assert first in found, one
            refused.append(one)
    files = {}
    for one in refused:
        if one.name in SMALL and one.name not in {"own.toml", "digest.toml"}:
            files.setdefault(one.name, one)
    assert len(files) >= 4
    folder = spoil(tmp_path / "many", *files.values())
    told = [mistake.zh for mistake in mistakes(folder)]
    for name in files:
        assert any(name in sentence or name.rpartition("/")[2] in sentence for sentence in told), (
            name
        )


PLANTED = {
    "zone.toml": (
        'id = "z"\nzh = "区"\nen = "Z"\ncentre = [1, 2]\nyears = 2024\n[checks]\noverlap = 1\n',
        ["centre", "years", "checks"],
    ),
    "parks.csv": (
        "id,level,zh,en,since\na,parkk,甲,A,1992年代\na,park,乙,B,2000\n",
        ["parkk", "1992年代", "出现多次"],
    ),
    "accounts.csv": (
        'unit,year,key,value\na,2012,总收入x,"42,000"\n,2012,income_wan,1\n',
        ["总收入x", "42,000", "第 3 行 unit"],
    ),
    "quotas.csv": ("unit,year,use,kind,quota_ha\na,2024,industry,plan,1\n", ["quota_ha", "industry"]),
    "plan.toml": ('[plan]\nid = "p"\nzh = "规"\nen = "p"\nperiod = "x"\n[[target]]\nid = "t"\n', ["period", "target[0]"]),
    "waivers.toml": ('[[waiver]]\nrule = "T101"\n', ["feature", "why"]),
    "evaluation.toml": ('standrd = "x"\n', ["standrd"]),
    "layers/block.geojson": ('{"a"', ["block.geojson"]),
    "layers/园区.geojson": (content_of("layers/park.geojson").decode(), ["园区"]),
    "layers/parcel.shp": ("", ["parcel.shp"]),
    "park.csv": ("id\na\n", []),
}  # fmt: skip


def test_every_mistake_of_every_file_is_told_at_once(tmp_path):
    folder = tmp_path / "zone"
    (folder / "layers").mkdir(parents=True)
    for name, (text, _) in PLANTED.items():
        (folder / name).write_text(text, encoding="utf-8")
    answer = run("doctor", folder)
    assert answer.exit_code == 1
    for name, (_, words) in PLANTED.items():
        lines = [line for line in answer.output.splitlines() if name.rpartition("/")[2] in line]
        for word in words:
            assert any(word in line for line in [*lines, *answer.output.splitlines()]), (name, word)
    told = json.loads(run("doctor", folder, "--json").output)
    assert len(told["zones"][0]["mistakes"]) >= sum(len(words) for _, words in PLANTED.values())
    assert told["exit_code"] == 1
    english = run("doctor", folder, "--lang", "en").output
    assert "verdict" in english
    assert "Traceback" not in english


@pytest.mark.parametrize("name", SHIPPED)
def test_a_zone_that_ships_has_no_mistake(name):
    found = examine_zone(name)
    assert found.mistakes == []
    can = {command: able for command, able, _ in found.commands}
    assert can["map"]
    assert can["check"]


def test_what_a_command_can_do_hangs_on_what_is_there(tmp_path):
    folder = tmp_path / "zone"
    zg.new_zone(folder, id="z", zh="区", en="Z")
    can = {command: able for command, able, _ in examine_zone(folder).commands}
    assert not any(can[name] for name in ("map", "assess", "fix", "allocate", "admit", "export"))
    (folder / "layers").mkdir(exist_ok=True)
    (folder / "layers/parcel.geojson").write_bytes(content_of("layers/parcel.geojson"))
    found = examine_zone(folder)
    can = {command: able for command, able, _ in found.commands}
    assert can["fix"]
    assert can["assess"]
    layers = found.layers.set_index("level")
    assert layers.loc["parcel", "features"] == 3
    assert layers.loc["building", "features"] == 0
    assert "没有：" in run("doctor", folder).output


def test_a_link_in_a_zone_is_said_and_nothing_is_read_through_it(tmp_path):
    folder = write_zone(tmp_path / "zone")
    (folder / "parks.csv").unlink()
    (folder / "parks.csv").symlink_to(tmp_path / "elsewhere")
    answer = run("doctor", folder)
    assert answer.exit_code == 1
    assert "parks.csv" in answer.output


def test_nothing_is_changed_by_looking(tmp_path):
    folder = write_zone(tmp_path / "zone")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    run("doctor", folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before

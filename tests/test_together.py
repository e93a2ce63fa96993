"""What a command leaves appears together at its end or not at all, and never mixes with an older run's."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from tests.conftest import FULL
from tests.test_writers import USES, run, snapshot
from zgcgis.cli import COMMANDS, cli
from zgcgis.cli.console import Output
from zgcgis.io import open_zone, writing
from zgcgis.io.writing import lying, together, write_text_whole

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "data/sample"
SCENARIO = """[scenario]
zh = "方案"
en = "plan"
[[change]]
do = "close"
enterprise = "?"
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """What the commands read: the sample, a list of changes, a wish."""
    papers = tmp_path_factory.mktemp("papers")
    firms = open_zone("sample").table("enterprise", ["id"])["id"]
    (papers / "scenario.toml").write_text(SCENARIO.replace("?", firms.iloc[0]), encoding="utf-8")
    (papers / "demand.toml").write_text(USES, encoding="utf-8")
    return papers


def commands(small, out):
    """Every command that leaves something, and where."""
    red = SAMPLE / "layers/protection.geojson"
    scenario, demand, small = small / "scenario.toml", small / "demand.toml", SAMPLE
    return {
        "check": (["check", small, "-o", out / "r"], out / "r"),
        "assess": (["assess", small, "-o", out / "r"], out / "r"),
        "report": (["report", small, "-o", out / "r"], out / "r"),
        "scenario": (["scenario", small, scenario, "-o", out / "r"], out / "r"),
        "allocate": (["allocate", small, demand, "-o", out / "r"], out / "r"),
        "fix": (["fix", small, "-o", out / "r"], out / "r"),
        "diff": (["diff", 2021, 2023, "--zone", small, "-o", out / "r"], out / "r"),
        "query": (["query", small, "--by", "park", "-o", out / "r"], out / "r"),
        "pack": (["pack", small, "--where", "id = 'W022-08'", "-o", out / "r"], out / "r"),
        "under": (["under", small, red, "-o", out / "r"], out / "r"),
        "consolidate": (["consolidate", small, "-o", out / "r"], out / "r"),
        "access": (["access", small, "-o", out / "r"], out / "r"),
        "map": (["map", small, "-o", out / "r.html"], out / "r.html"),
        "export": (["export", small, "park", "-o", out / "r.gpkg"], out / "r.gpkg"),
        "sample": (["sample", out / "r", "--parcels", 150], out / "r"),
        "new": (["new", out / "r", "--id", "z", "--zh", "区", "--en", "Z"], out / "r"),
    }


NAMES = (
    "check",
    "assess",
    "report",
    "scenario",
    "allocate",
    "fix",
    "diff",
    "under",
    "query",
    "consolidate",
    "access",
    "pack",
    "map",
    "export",
    "sample",
    "new",
)


def test_every_command_that_writes_is_under_this_law():
    """One that has an option for results is named here; so is one that makes a folder."""
    writing_ones = {
        name
        for name in COMMANDS
        if any(isinstance(one.type, Output) for one in cli.get_command(None, name).params)
    }
    assert writing_ones <= set(NAMES)


@pytest.fixture
def failing(monkeypatch):
    """Make the n-th file that is written fail, as a full disk would; count them."""

    def fail_at(number):
        count = {"made": 0}
        usual = writing._make

        def make(*args, **kwargs):
            count["made"] += 1
            if count["made"] == number:
                raise OSError(28, "No space left on device")
            return usual(*args, **kwargs)

        monkeypatch.setattr(writing, "_make", make)
        return count

    return fail_at


@pytest.mark.parametrize("name", NAMES if FULL else ("check", "new"))
def test_a_failure_leaves_nothing_of_a_new_run_and_all_of_an_old_one(
    small, tmp_path, failing, monkeypatch, name
):
    words, place = commands(small, tmp_path)[name]
    count = failing(0)
    if name == "check":
        words = [*words, "--rule", "P", "--no-map"]
    assert run(*words)[0] in {0, 1}
    files = count["made"]
    assert place.exists()
    assert sorted(tmp_path.iterdir()) == [place]
    before = snapshot(tmp_path)
    last = [files] if not FULL else range(1, files + 1)
    for number in last:
        if name not in {"new", "sample"}:  # over an older run
            failing(number)
            code, _, said = run(*words)
            assert code == 3, (number, said)
            assert "Traceback" not in said.decode()
            assert snapshot(tmp_path) == before
        if name not in {"export", "map"}:
            other, _ = commands(small, tmp_path / "fresh")[name]
            failing(number)
            part = ["--rule", "P", "--no-map"] if name == "check" else []
            assert run(*other, *part)[0] == 3
            assert not (tmp_path / "fresh").exists()


def test_an_older_run_leaves_nothing_in_a_newer_one(tmp_path, monkeypatch):
    monkeypatch.setenv("ZGCGIS_BROWSER", "/nowhere")
    out = tmp_path / "r"
    (tmp_path / "r").mkdir()
    (out / "letter.txt").write_text("of the user", encoding="utf-8")
    run("check", SAMPLE, "-o", out, "--rule", "L6", "--no-map")
    assert (out / "places").is_dir()
    run("check", SAMPLE, "-o", out, "--rule", "P3", "--no-map")
    names = {path.name for path in out.iterdir()}
    assert "places" not in names
    assert "sheets.html" not in names
    assert (out / "letter.txt").read_text(encoding="utf-8") == "of the user"


def test_a_step_that_fails_while_results_are_put_in_place_is_undone(tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    for name in "abc":
        (out / name).write_text(f"old {name}", encoding="utf-8")
    before = snapshot(tmp_path)
    usual = writing._replace

    def replace(source, target):
        if target == out / "c":
            raise OSError(5, "no")
        usual(source, target)

    monkeypatch.setattr(writing, "_replace", replace)

    def work():
        with together({out: True}):
            for name in "abcd":
                write_text_whole(out / name, f"new {name}")
            assert lying(out / "a").read_text(encoding="utf-8") == "new a"

    with pytest.raises(writing.WriteError, match="no"):
        work()
    assert snapshot(tmp_path) == before
    assert {p.name for p in out.iterdir()} == set("abc")


def test_nothing_is_made_between_the_renames_of_an_import(tmp_path, monkeypatch):
    """Layer, record and ledger wait until all are on the disk: a kill finds no moment between."""
    zone = tmp_path / "zone"
    run("new", zone, "--id", "z", "--zh", "区", "--en", "Z")
    steps = []
    for name in ("_make", "_replace"):
        usual = getattr(writing, name)

        def step(first, second, *rest, name=name, usual=usual):
            usual(first, second, *rest)
            steps.append((name, first.name if name == "_make" else second.name))

        monkeypatch.setattr(writing, name, step)
    code, _, said = run("import", SAMPLE / "layers/park.geojson", "--zone", zone)
    assert code == 0, said
    start = max(n for n, step in enumerate(steps) if step == ("_replace", "park.parquet"))
    assert steps[start + 1 :] == [("_replace", "ledger.json"), ("_replace", "ledger.csv")]
    assert sum(name == "_make" for name, _ in steps[:start]) >= 3


def test_killed_on_the_way_nothing_is_seen_and_the_next_run_sweeps(tmp_path):
    out = tmp_path / "deep" / "out"

    def work():
        with together({out: True}):
            write_text_whole(out / "a", "a")
            assert not out.exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert list(tmp_path.iterdir()) == []
    with together({out: True}):
        write_text_whole(out / "a", "a")
    assert sorted(path.name for path in out.iterdir()) == ["a"]
    if os.name == "posix":
        mask = os.umask(0)
        os.umask(mask)
        assert out.stat().st_mode & 0o777 == 0o777 & ~mask


def test_what_a_run_left_that_was_killed_before_its_folder_was_there_goes_with_a_later_one(
    tmp_path,
):
    out = tmp_path / "out"
    left = tmp_path / ".zgcgis-0123456789abcdef"
    (left / "new").mkdir(parents=True)
    (left / "new" / "a").write_text("a copy", encoding="utf-8")
    left.with_name(f"{left.name}.lock").touch()
    out.mkdir()  # of a run that went before, or of one that was killed in it
    with together({out: True}):
        write_text_whole(out / "a", "a")
    assert [*tmp_path.iterdir()] == [out]


def test_a_missing_or_broken_browser_only_leaves_out_the_pdf(tmp_path, monkeypatch):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    for browser in (broken, tmp_path / "nowhere"):
        monkeypatch.setenv("ZGCGIS_BROWSER", str(browser))
        code, _, said = run("check", SAMPLE, "--rule", "L6", "--no-map", "-o", tmp_path / "r")
        assert code in {0, 1}, said
        assert "PDF" in said.decode()
        assert (tmp_path / "r" / "sheets.html").is_file()
        assert not (tmp_path / "r" / "sheets.pdf").exists()
        shutil.rmtree(tmp_path / "r")


# --- one file, and what a zone may leave out -----------------------------------------------------


def plots(**columns):
    shapes = [shapely.box(116.3 + k / 1000, 39.96, 116.3008 + k / 1000, 39.9605) for k in range(3)]
    return gpd.GeoDataFrame({"id": ["a", "b", "c"], **columns}, geometry=shapes, crs="EPSG:4490")


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "shp"])
def test_one_file_is_checked_without_a_zone(tmp_path, suffix):
    layer = plots(registered_area_m2=[100.0, 3795.0, 3795.0])
    layer = layer.rename(columns={"registered_area_m2": "reg_area"}) if suffix == "shp" else layer
    layer.loc[2, "geometry"] = shapely.box(116.3014, 39.96, 116.3028, 39.9605)
    layer.to_file(tmp_path / f"delivered.{suffix}")
    code, said, error = run("check", tmp_path / f"delivered.{suffix}", "-o", tmp_path / "r.json")
    assert code == 1, error
    data = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert ("T101", "b", "c") in {(r["rule"], r["feature"], r["other"]) for r in data["findings"]}
    assert "未查" in said.decode()
    assert data["asked"]["layers"]["parcel"]["file"] == f"delivered.{suffix}"
    assert run("check", tmp_path / f"delivered.{suffix}", "--level", "moon")[0] == 3


def test_a_zone_without_years_or_precision_is_checked_and_assessed(tmp_path):
    zone = tmp_path / "zone"
    run("new", zone, "--id", "z", "--zh", "区", "--en", "Z")
    (zone / "parks.csv").write_text("id,level,zh,en\nk,park,园,Park\n", encoding="utf-8")
    settings = (zone / "zone.toml").read_text(encoding="utf-8")
    kept = [line for line in settings.splitlines() if not line.startswith(("years", "as_of"))]
    (zone / "zone.toml").write_text("\n".join(kept), encoding="utf-8")
    plots(build_state=["A2"] * 3, land_use=["1001"] * 3).to_file(zone / "layers/parcel.geojson")
    outline = gpd.GeoDataFrame(
        {"id": ["k"], "precision": [None]},
        geometry=[shapely.box(116.29, 39.95, 116.31, 39.97)],
        crs="EPSG:4490",
    )
    outline.to_file(zone / "layers/park.geojson")
    code, _, error = run("check", zone, "-o", tmp_path / "c", "--no-sheets")
    assert code in {0, 1}, error
    code, _, error = run("assess", zone, "--year", 2023, "-o", tmp_path / "a")
    assert code in {0, 1}, error
    outline.assign(precision="sketch").to_file(zone / "layers/park.geojson")
    code, _, error = run("assess", zone, "--year", 2023, "-o", tmp_path / "b", lang="en")
    assert code == 3
    assert b"belongs to a park" in error
    assert not (tmp_path / "b").exists()

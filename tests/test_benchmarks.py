"""The city of the benchmarks is the same every time, and every way finds the same in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from tests.benchmarks import __main__ as runner
from tests.benchmarks import accounts, commands, database, desk, fabric, plain, reading, tasks

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def city():
    return fabric.make(600)


def bytes_of(layers):
    return {
        name: (
            shapely.to_wkb(np.asarray(layer.geometry.array)).tolist(),
            layer.drop(columns="geometry"),
        )
        for name, layer in layers.items()
    }


def test_the_city_is_the_same_every_time_and_another_with_another_seed(city):
    first, again, other = (
        bytes_of(city),
        bytes_of(fabric.make(600)),
        bytes_of(fabric.make(600, seed=1)),
    )
    for name in fabric.LAYERS:
        assert again[name][0] == first[name][0]
        pd.testing.assert_frame_equal(again[name][1], first[name][1])
        assert other[name][0] != first[name][0]


def test_the_city_is_as_described(city):
    parks, parcels, buildings = (city[name] for name in fabric.LAYERS)
    for layer in city.values():
        assert layer.is_valid.all()
        assert layer["id"].is_unique
    assert 600 <= len(parcels) <= 800
    assert len(buildings) == 3 * 24 * round(len(buildings) / 72)
    assert shapely.get_num_coordinates(np.asarray(parks.geometry.array)).min() >= 2000
    assert sum(len(park.interiors) for park in parks.geometry) == 2
    assert set(parcels["land_use"]) <= set(fabric.USES)
    shapes, roofs = (np.asarray(layer.geometry.array) for layer in (parcels, buildings))
    inside = np.unique(shapely.STRtree(shapes).query(roofs, predicate="covered_by")[0])
    assert 0.05 < 1 - len(inside) / len(roofs) < 0.12
    shared = shapely.get_coordinates(shapes)
    repeated = np.unique(shared, axis=0, return_counts=True)[1]
    assert (repeated >= 3).mean() > 0.05  # corners that several parcels share, bit for bit


def test_a_larger_city_has_every_defect():
    parcels = fabric.make(10_000)["parcels"]
    kinds = parcels.geom_type.value_counts()
    pierced = parcels.geometry.map(lambda shape: bool(getattr(shape, "interiors", ())))
    assert 10 <= kinds["MultiPolygon"] <= 100
    assert 50 <= pierced.sum() <= 150
    found = tasks.do("overlaps", "zgcgis")({"parcels": parcels}, 1)
    assert 50 <= len(found) <= 150


@pytest.mark.parametrize("in_order", [False, True])
def test_what_is_written_is_read_again_in_either_order(tmp_path, city, in_order):
    fabric.write(tmp_path, 600)
    for name, layer in fabric.read(tmp_path, in_order=in_order).items():
        back = layer.sort_values("id", ignore_index=True)
        assert back.geometry.geom_equals(city[name].geometry).all()
        assert back.drop(columns="geometry").equals(city[name].drop(columns="geometry"))
        assert layer["id"].is_monotonic_increasing == (name == "parks" or not in_order)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("task", tasks.TASKS)
def test_a_task_finds_what_overlay_finds(city, task, threads):
    ours = tasks.do(task, "zgcgis")(city, threads)
    theirs = tasks.do(task, tasks.BASELINE)(city, None)
    assert len(theirs) >= 5
    assert (theirs.sum() > 0).all()
    assert len(ours) == len(theirs)
    assert tasks.difference(ours, theirs) <= 1e-9


@pytest.mark.parametrize("task", ["parks", "parcels", "overlaps"])
def test_duckdb_finds_the_same(tmp_path, city, task):
    fabric.write(tmp_path, 600)
    theirs = tasks.do(task, "duckdb")(tmp_path, 1)
    assert tasks.difference(tasks.do(task, "zgcgis")(city, 1), theirs) <= 1e-9


def test_a_difference_is_seen():
    one = pd.DataFrame({"area_m2": [100.0, 5.0]}, index=[1, 2])
    assert tasks.difference(one, one[::-1]) == 0
    assert tasks.difference(one, one * (1 + 1e-6)) == pytest.approx(1e-6, rel=1e-3)
    assert tasks.difference(one, one[:1]) == 1
    assert tasks.difference(one, one.assign(area_m2=[100.0, np.nan])) == 1
    assert tasks.difference(one[:0], one[:0]) == 0


def test_ratio_and_slope_are_what_they_say():
    def entry(size, way, seconds, threads=None):
        return {"size": size, "task": "parks", "way": way, "threads": threads} | {
            "run_s": seconds,
            "cpu_s": 2 * seconds,
            "read_s": 1.0,
            "read_cpu_s": 1.0,
        }

    records = [
        entry("10k", "geopandas", 9.0),
        entry("10k", "zgcgis", 3.0, 2),
        entry("10k", "duckdb", 2.0, 2),
        entry("100k", "zgcgis", 30.0, 2),
    ]
    runner.ratios(records)
    assert [record.get("ratio") for record in records] == [1.0, 3.0, 5.0, None]
    assert [record.get("cpu_ratio") for record in records] == [1.0, 3.0, 19 / 4, None]
    (line,) = runner.slopes(records)
    assert line.split()[:4] == ["parks", "zgcgis", "×2", "1.00"]


def test_the_command_runs_and_prints_ratios(tmp_path):
    out = tmp_path / "measured.json"
    line = [sys.executable, "-m", "tests.benchmarks", "--size", "600", "--task", "parcels"]
    line += ["--way", "geopandas", "--way", "zgcgis", "--threads", "1", "--rounds", "1"]
    run = subprocess.run(
        [*line, "--json", str(out)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "ratio" in run.stdout
    base, ours = json.loads(out.read_text(encoding="utf-8"))
    assert (base["way"], ours["way"], ours["threads"]) == ("geopandas", "zgcgis", 1)
    assert ours["ratio"] == pytest.approx(base["run_s"] / ours["run_s"])
    assert ours["difference"] <= 1e-9
    assert ours["peak_mb"] > 50


def test_the_import_takes_in_what_fiona_reads(tmp_path):
    path = tmp_path / "parcels.gpkg"
    reading.make(path, 600)
    counts = {way: reading.run(way, path)["rows"] for way in reading.WAYS}
    assert counts["import"] == counts["fiona"] == counts["iterate"] >= 600


def test_the_desk_is_measured_beside_its_bars(capsys):
    found = desk.measure(600, 4, 12)
    said = capsys.readouterr().out
    assert found["pages"] == 12
    assert set(desk.BARS) <= set(found)
    assert said.count("bar") == 2


@pytest.mark.skipif(os.name != "posix", reason="tells what another process took")
def test_whole_commands_are_measured_and_their_slope_told():
    found = commands.measure([300, 600], ["check"], rounds=1)
    assert set(found) == {(name, size) for name in ("sample", "check") for size in (300, 600)}
    assert all(cost.processor_s > 0 and cost.peak_mb > 50 for cost in found.values())
    text = commands.table(found)
    assert "| check | 600 |" in text
    one, ten = commands.Cost(1, 2, 3), commands.Cost(1, 20, 3)
    assert commands.slope(10, 100, one, ten) == pytest.approx(1)
    with pytest.raises(RuntimeError):
        commands.run(["check", "/nowhere"])


def test_the_plain_way_and_the_command_find_the_same_in_the_sample(tmp_path):
    words = ["zgcgis", "check", "sample", "--json"]
    words += [word for rule in plain.RULES for word in ("--rule", rule)]
    _, told = plain.run(words, tmp_path / "told")
    found = plain.checked(told)
    assert {rule for rule, _ in found} >= {"T101", "T102", "T104", "T113", "H202"}
    assert database.differences(found, plain.plainly(ROOT / "data" / "sample")) == []


def test_accounts_of_the_city_are_the_same_either_way(tmp_path):
    folder = desk.write_city(tmp_path / "city", 600)
    found = [accounts.measure(folder, way) for way in accounts.WAYS]
    assert found[0]["sum"] == pytest.approx(found[1]["sum"], rel=1e-9)
    assert found[0]["sum"] > 0
    assert all(one["processor_s"] > 0 for one in found)

"""One outline that nothing can be computed with: a finding with its place, and every command goes on."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from zgcgis import cli
from zgcgis.checks import check
from zgcgis.checks.hierarchy import _circles
from zgcgis.findings import describe
from zgcgis.io import open_zone
from zgcgis.model import LEVELS

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import unpacked
from hostile_zone import CSV, DRAWN, FORMS, csv_text, layer, outlines, write_zone
from test_zone_values import FULL, run

AREAS = [level for level in DRAWN if LEVELS[level].geometry == "polygon"]
MENDED = {
    "swapped vertices": {"R301"},
    "unclosed": {"R302"},
    "a hole outside": {"R315"},
    "a hole over the edge": {"R301", "R315"},
    "mixed": {"R318"},
}
SET_ASIDE = {
    "no area": {"R307"},
    "all one point": {"R307"},
    "two points": {"R307", "R324"},
    "nan": {"R306", "R324"},
    "inf": {"R306", "R324"},
    "huge": {"R323"},
    "wildest": {"R323", "R307", "R306"},
    "metres": {"R323"},
    "the axes swapped": {"R323"},
    "empty": {"R305", "R304"},
    "missing": {"R304"},
    "line": {"R308"},
    "nested parts": {"R316"},
    "text": {"R324"},
    "no kind": {"R324"},
    "nothing mixed": {"R304", "R305"},
    "no coordinates": {"R324"},
}


def spoil(folder: Path, level: str, shape: object) -> Path:
    data = layer(level)
    data["features"][0]["geometry"] = shape
    path = folder / "layers" / f"{level}.geojson"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_zone(tmp_path_factory.mktemp("outlines") / "zone", ["zone.toml", "parks.csv"])


@pytest.mark.parametrize("level", AREAS)
def test_what_cannot_be_computed_with_is_a_finding_and_mended_or_set_aside(folder, level):
    wanted = {**MENDED, **SET_ASIDE}
    data, shapes = layer(level), outlines()
    first = data["features"][0]
    data["features"] = [
        {**first, "properties": {**first["properties"], "id": what}, "geometry": shapes[what]}
        for what in wanted
    ]
    path = folder / "layers" / f"{level}.geojson"
    path.write_text(json.dumps(data), encoding="utf-8")
    zone = open_zone(folder)
    path.unlink()
    used = dict(zip(wanted, zone.layer(level).geometry, strict=True))
    for what, rules in wanted.items():
        flaws = zone.flaws[zone.flaws["feature"] == what]
        patches = level == "land_patch"  # alone in a zone they stand for its parcels
        assert set(flaws["level"]) == {"parcel" if patches else level}, what
        assert set(flaws["rule"]) <= rules, what
        assert describe(flaws, "en").str.contains(what, regex=False).all()
        if what in MENDED:
            assert used[what].is_valid, what
            assert flaws.geometry.notna().all(), what
            assert flaws["limit"].gt(0).all(), what
        else:
            assert used[what] is None, what


def test_a_place_of_which_only_the_point_is_known_is_no_flaw(folder):
    data = layer("park")
    data["features"][0]["geometry"] = {"type": "Point", "coordinates": [116.4, 40.0]}
    data["features"][0]["properties"]["precision"] = "point"
    path = folder / "layers" / "park.geojson"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert open_zone(folder).flaws.empty
    path.unlink()


@pytest.mark.parametrize("name", ["zgc", "sample"])
def test_a_zone_that_ships_has_no_flaw(name):
    assert open_zone(name).flaws.empty


@pytest.mark.parametrize("level", AREAS if FULL else ["park", "protection"])
def test_two_vertices_swapped_stop_no_command(tmp_path, level):
    folder = write_zone(tmp_path / "zone")
    spoil(folder, level, outlines()["swapped vertices"])
    code, said, told = run(["check", str(folder), "--json"])
    found = [row for row in json.loads(said)["findings"] if row["rule"] == "R301"]
    assert code == 1
    assert [row["level"] for row in found] == [level]
    assert "1 个图形不能照原样使用" in told
    code, said, told = run(["assess", str(folder), "--json", "--lang", "en"])
    assert code == 1
    assert "1 outline(s) cannot be used as they are" in told
    assert "R301" in {row["rule"] for row in json.loads(said)["findings"]}


def test_the_file_is_left_as_it_is(tmp_path):
    folder = write_zone(tmp_path / "zone")
    path = spoil(folder, "park", outlines()["swapped vertices"])
    before = path.read_bytes()
    run(["map", str(folder), "-o", str(tmp_path / "map.html")])
    assert path.read_bytes() == before
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    listed = unpacked(re.search(r'id="findings">([^<]+)<', page)[1])
    assert "R301" in listed["rules"]


# --- hierarchy -----------------------------------------------------------------------------------


def test_circles_are_found_once_each_however_they_are_entered():
    assert _circles({"a": "a"}) == [["a"]]
    assert _circles({"a": "b", "b": "c"}) == []
    assert _circles({"c": "a", "a": "b", "b": "c", "x": "a", "y": "x"}) == [["a", "b", "c"]]
    assert _circles({"d": "e", "e": "d", "b": "a", "a": "b"}) == [["a", "b"], ["d", "e"]]
    long = {str(k): str((k + 1) % 50_000) for k in range(50_000)}
    assert len(_circles(long)[0]) == 50_000


def test_parents_in_a_circle_and_parents_that_are_not_there_are_findings(tmp_path):
    folder = write_zone(tmp_path / "zone", ["zone.toml"])
    rows = [dict(row) for row in CSV["parks.csv"]]
    rows[2]["parent"], rows[3]["parent"], rows[3]["group"] = "b", "a", "nowhere"
    (folder / "parks.csv").write_text(csv_text(rows, list(FORMS["parks.csv"])), encoding="utf-8")
    found = check(open_zone(folder), ["H206", "H207"])
    circle = found[found["rule"] == "H206"].iloc[0]
    assert (circle["feature"], circle["measured"]) == ("a", 2)
    assert circle["detail"] == "a → b → a"
    assert found[found["rule"] == "H207"][["feature", "measured"]].to_numpy().tolist() == [
        ["nowhere", 1]
    ]
    assert run(["check", str(folder), "--rule", "H206"])[0] == 1


def test_a_feature_without_an_id_is_a_finding(tmp_path):
    folder = write_zone(tmp_path / "zone", ["zone.toml"])
    data = layer("parcel")
    for feature, blank in zip(data["features"], [None, "  ", "p3"], strict=True):
        feature["properties"]["id"] = blank
    path = folder / "layers" / "parcel.geojson"
    path.write_text(json.dumps(data), encoding="utf-8")
    found = check(open_zone(folder), ["H208"]).iloc[0]
    assert (found["level"], found["measured"], found["detail"]) == ("parcel", 2, "1, 2")


# --- the last net --------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyError("k"), RecursionError(), ZeroDivisionError("x\ny")])
def test_what_nobody_foresaw_is_a_sentence_and_exit_3(monkeypatch, error):
    def fail(folder):
        raise error

    monkeypatch.setattr("zgcgis.io.open_zone", fail)
    code, _, told = run(["map", "zgc"])
    assert code == 3
    assert len(told.strip().splitlines()) == 2
    for word in ("zgcgis map zgc", type(error).__name__, "ZGCGIS_DEBUG=1", "Unforeseen"):
        assert word in told
    monkeypatch.setenv("ZGCGIS_DEBUG", "1")
    with pytest.raises(type(error)):
        cli.main(["map", "zgc"])

"""What is planted in the sample is found, with its size, and nothing else is accused."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from zgcgis.checks import check
from zgcgis.intake.examine import examine
from zgcgis.io import open_zone
from zgcgis.io.importing import import_file
from zgcgis.io.zones import new_zone
from zgcgis.planning.project_review import admit, read_project
from zgcgis.sample import write_sample

SHIPPED = Path(__file__).parents[1] / "data" / "sample"
RAW = SHIPPED / "raw"
FULL = bool(os.environ.get("ZGCGIS_FULL"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plain(value) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def settle(planted: list[dict[str, str]], found: pd.DataFrame) -> tuple[list, list]:
    """Pair each planted error with one finding; return what was missed and what is left over."""
    left = found.drop(columns="geometry").to_dict("records")
    missed = []
    for row in planted:
        for finding in left:
            same = all(plain(finding[k]) == row[k] for k in ("rule", "level", "feature", "other"))
            if not same:
                continue
            if row["measured"]:
                size = float(row["measured"])
                if abs(finding["measured"] - size) > 1e-3 * abs(size):
                    continue
                assert finding["unit"] == row["unit"], row
            left.remove(finding)
            break
        else:
            missed.append(row)
    return missed, left


def assert_settled(folder: Path) -> None:
    missed, left = settle(rows(folder / "planted.csv"), check(open_zone(folder)))
    assert not missed, missed
    assert not left, left


def test_every_planted_error_is_found_and_nothing_else_is_accused():
    assert_settled(SHIPPED)


@pytest.mark.parametrize("seed", range(1, 21 if FULL else 3))
def test_so_it_is_for_other_seeds_and_sizes(tmp_path, seed):
    assert_settled(write_sample(tmp_path / "zone", seed=seed, parcels=280 + 70 * seed))


def test_a_clean_sample_is_not_accused(tmp_path):
    found = check(open_zone(write_sample(tmp_path / "zone", planted=False)))
    assert found.empty, found.drop(columns="geometry").to_string()


def test_a_finding_lies_where_the_error_was_planted():
    import geopandas as gpd

    planted = [r for r in rows(SHIPPED / "planted.csv") if r["lon"]]
    found = check(open_zone(SHIPPED))
    for row in planted:
        mine = found[(found["rule"] == row["rule"]) & (found["feature"] == row["feature"])]
        spot = gpd.GeoSeries.from_xy([float(row["lon"])], [float(row["lat"])], crs="EPSG:4490")
        away = mine.to_crs("EPSG:4548").distance(spot.to_crs("EPSG:4548").iloc[0])
        assert away.min() < 45, (row, away.min())


def test_the_command_says_so_too():
    from zgcgis.cli import cli

    result = CliRunner().invoke(cli, ["check", str(SHIPPED), "--json"])
    assert result.exit_code == 1, result.output
    told = json.loads(result.output)
    assert len(told["findings"]) == len(rows(SHIPPED / "planted.csv"))


def test_in_a_large_zone_too_what_is_planted_is_found_and_nothing_else(tmp_path):
    folder = write_sample(tmp_path / "zone", parcels=40_000 if FULL else 3_000)
    zone = open_zone(folder)
    found = check(zone)
    missed, left = settle(rows(folder / "planted.csv"), found)
    assert not missed, missed
    assert not left, left


@pytest.mark.parametrize(
    "project", sorted((SHIPPED / "projects").glob("*.toml")), ids=lambda p: p.stem
)
def test_a_project_is_reviewed_as_foretold(project):
    expected = {
        row["rule"]: row
        for row in rows(SHIPPED / "projects" / "expected.csv")
        if row["project"] == project.stem
    }
    review = admit(open_zone(SHIPPED), read_project(project))
    assert review.admitted == all(row["verdict"] == "pass" for row in expected.values())
    said = review.clauses.set_index("rule")
    assert set(said.index) == set(expected)
    for rule, row in expected.items():
        assert said.at[rule, "verdict"] == row["verdict"], rule
        for name in ("measured", "limit"):
            if row[name]:
                assert said.at[rule, name] == pytest.approx(float(row[name]), rel=1e-3), rule


def test_a_proposal_is_checked_as_foretold():
    import geopandas as gpd

    plots = gpd.read_file(SHIPPED / "projects" / "proposal.geojson").to_crs("EPSG:4490")
    zone = open_zone(SHIPPED)
    found = check(zone, ["A7"], proposal=plots)
    expected = [
        {**row, "level": "proposal"} for row in rows(SHIPPED / "projects" / "proposal-expected.csv")
    ]
    missed, left = settle(expected, found)
    assert not missed, missed
    assert not left, left
    assert check(zone, ["A7"], proposal=plots.iloc[:1]).empty


LAYERS = sorted((SHIPPED / "layers").glob("*.geojson"))
KINDS = ("axis", "block", "building", "detailed_plan", "enterprise", "parcel", "park")


@pytest.mark.parametrize(
    "path", [p for p in LAYERS if FULL or p.stem in KINDS], ids=lambda path: path.stem
)
def test_doctor_takes_every_layer_of_the_sample(path):
    (report,) = examine(path, level=path.stem)
    assert report.refusal is None
    (layer,) = report.layers
    assert layer.log.counts["in"] == layer.log.counts["used"]
    found = {(f["rule"], plain(f["feature"])) for f in layer.findings.to_dict("records")}
    planted = rows(SHIPPED / "planted.csv")
    expected = set()
    if path.stem == "parcel":  # the paper that is wrong, and the parcel that is there twice
        expected |= {("R510", r["feature"]) for r in planted if r["rule"] == "T109"}
        expected |= {
            ("R321", r["other"]) for r in planted if (r["rule"], r["level"]) == ("T102", "parcel")
        }
    if path.stem in {"park", "block"}:  # a stated area that its outline has not
        expected |= {
            ("R510", r["feature"])
            for r in planted
            if (r["rule"], r["level"]) == ("T110", path.stem)
        }
    if path.stem == "building":
        expected |= {
            ("R321", r["other"]) for r in planted if (r["rule"], r["level"]) == ("T102", "building")
        }
    assert found == expected
    assert set(layer.findings["severity"]) <= {"error", "warning", "note"}


def delivered(file: str) -> Path:
    return next(RAW.glob(f"*/{file}"))


def expected_of(file: str, *steps: str) -> list[tuple[str, str]]:
    return sorted(
        (row["rule"], row["feature"])
        for row in rows(RAW / "expected.csv")
        if row["file"] == file and row["step"] in steps
    )


def said(findings: pd.DataFrame) -> list[tuple[str, str]]:
    """Rule and feature of each finding; the row of totals has no name."""
    return sorted(
        (f["rule"], "" if f["rule"] == "R517" else plain(f["feature"]))
        for f in findings.drop(columns="geometry").to_dict("records")
    )


@pytest.mark.parametrize("file", ["宗地.shp", "宗地属性.csv"])
def test_doctor_finds_every_fault_of_the_delivery_and_no_other(file):
    before = {p.name: p.read_bytes() for p in delivered(file).parent.iterdir()}
    (report,) = examine(delivered(file), level="parcel")
    found = pd.concat(
        [pd.DataFrame(report.findings), *(pd.DataFrame(x.findings) for x in report.layers)]
    )
    assert said(found) == expected_of(file, "read")
    assert {p.name: p.read_bytes() for p in delivered(file).parent.iterdir()} == before
    for row in rows(RAW / "expected.csv"):
        if row["file"] == file and row["measured"]:
            (one,) = found[found["rule"] == row["rule"]].to_dict("records")
            size = one["limit"] if row["rule"] == "R301" else one["measured"]
            assert size == pytest.approx(float(row["measured"]), rel=1e-3), row


def test_import_takes_the_delivery_in_and_loses_nothing(tmp_path):
    zone = new_zone(tmp_path / "zone", id="taken", zh="导入", en="Taken in")
    shapes = import_file(delivered("宗地.shp"), zone, "parcel")
    assert shapes.counts["in"] == 24
    assert sum(shapes.counts[k] for k in ("used", "repaired", "refused")) == 24
    assert list(shapes.repairs["rule"]).count("R301") == 1
    gone = {row["feature"] for row in rows(RAW / "expected.csv") if row["outcome"] == "refuse"}
    assert len(shapes.refused) == 2
    table = import_file(delivered("宗地属性.csv"), zone, "parcel")
    joined = [pair for pair in said(table.findings) if pair[0].startswith("R6")]
    assert joined == expected_of("宗地属性.csv", "join")
    parcel = open_zone(zone).layers["parcel"]
    assert len(parcel) == 22
    assert parcel["id"].is_unique
    assert "990000000000GB00008" in gone
    assert "990000000000GB00008" not in set(parcel["id"])
    first = parcel.set_index("id").loc["990000000000GB00001"]
    assert first["registered_area_m2"] == pytest.approx(first["developed_area_m2"], rel=1e-4)
    again = import_file(delivered("宗地.shp"), zone, "parcel")
    assert again.unchanged


def test_layers_taken_in_by_import_give_the_same_findings(tmp_path):
    import shutil

    zone = tmp_path / "zone"
    shutil.copytree(SHIPPED, zone, ignore=shutil.ignore_patterns("raw", "projects"))
    for level in ("parcel", "building", "block", "enterprise"):
        (zone / "layers" / f"{level}.geojson").unlink()
        taken = import_file(SHIPPED / "layers" / f"{level}.geojson", zone, level)
        assert taken.counts["in"] == taken.counts["used"], level
        assert taken.stored == zone / "layers" / f"{level}.parquet"
    assert_settled(zone)

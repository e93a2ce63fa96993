"""Next year's delivery: every feature is accounted for, and the last import is taken back whole."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from zgcgis.accounts import KINDS, compare_features
from zgcgis.accounts.features import carried_on
from zgcgis.cli import cli
from zgcgis.io import import_file, new_zone, open_zone
from zgcgis.io.history import undo_import
from zgcgis.io.importing import import_all
from zgcgis.language.errors import ZgcgisError

EAST, NORTH, STEP = 461_500.0, 4_404_000.0, 120.0


def square(k: int, wide: float = STEP) -> shapely.Polygon:
    x, y = EAST + STEP * (k % 8), NORTH + STEP * (k // 8)
    return shapely.box(x, y, x + wide, y + STEP)


def delivery(path: Path, ids: list[str], shapes: list, year: int | None = 2023, **columns) -> Path:
    held = {"BSM": ids, "DLBM": "0601", "TBMJ": STEP**2, "KCXS": 0.0, "ZLDWDM": "11", **columns}
    if year is not None:
        held["SJNF"] = year
    path.parent.mkdir(exist_ok=True)
    frame = gpd.GeoDataFrame(held, geometry=list(shapes), crs=4548)
    frame.to_file(path, layer="DLTB", engine="pyogrio")
    return path


def snapshot(zone: Path) -> dict[str, bytes]:
    return {
        path.relative_to(zone).as_posix(): path.read_bytes()
        for path in sorted(zone.rglob("*"))
        if path.is_file() and not path.name.startswith(("ledger", ".zgcgis"))
    }


@pytest.fixture
def zone(tmp_path):
    folder = new_zone(tmp_path / "zone", id="z", zh="区", en="Zone")
    ids = [f"P{k}" for k in range(10)]
    import_all(delivery(tmp_path / "2023" / "a.gpkg", ids, [square(k) for k in range(10)]), folder)
    return folder


def next_year(folder: Path, **columns) -> Path:
    """P0-P4 as they were, P5 used otherwise, P6 cut in two, P7 renumbered, P8 gone, P9 as it was."""
    ids = [*(f"P{k}" for k in range(6)), "P6", "P6b", "N7", "P9", "N1"]
    shapes = [*(square(k) for k in range(6)), square(6, 60), None, square(7), square(9), square(10)]
    shapes[7] = shapely.difference(square(6), square(6, 60))
    use = ["0601"] * 5 + ["0701"] + ["0601"] * 5
    return delivery(folder / "2024" / "b.gpkg", ids, shapes, 2024, DLBM=use, **columns)


def test_a_later_year_is_told_apart_feature_by_feature(zone, tmp_path):
    (intake,) = import_all(next_year(tmp_path), zone, update=True)
    kinds = intake.changes.groupby("kind")["id"].apply(set).to_dict()
    assert kinds == {
        "new": {"P6b", "N1"}, "changed": {"P5", "P6"}, "renumbered": {"N7"}, "retired": {"P8"},
        "unchanged": {"P0", "P1", "P2", "P3", "P4", "P9"},
    }  # fmt: skip
    assert intake.record["changes"] == {
        "new": 2, "changed": 2, "renumbered": 1, "retired": 1, "unchanged": 6
    }  # fmt: skip
    row = intake.changes.set_index("id").loc
    assert (row["P5"]["columns"], bool(row["P5"]["redrawn"])) == ("land_use", False)
    assert bool(row["P6"]["redrawn"])
    assert row["N7"]["was"] == "P7"
    here = open_zone(zone)
    then, now = here.at(2023).layer("parcel"), here.at(2024).layer("parcel")
    assert set(then["id"]) == {f"P{k}" for k in range(10)}
    assert set(now["id"]) == {*(f"P{k}" for k in range(7)), "P6b", "N7", "P9", "N1"}
    gone = here.layer("parcel").set_index("id").loc["P8"]
    assert gone["until"] == 2024
    assert {"R559"} <= set(intake.findings["rule"])


def test_what_was_joined_is_carried_on_and_a_correction_stands_once(zone, tmp_path):
    ledger = tmp_path / "台账.csv"
    ledger.write_text("宗地代码,供地方式\nP5,出让\nP7,划拨\n", encoding="utf-8")
    import_file(ledger, zone, "parcel")
    import_all(next_year(tmp_path), zone, update=True)
    now = open_zone(zone).at(2024).layer("parcel").set_index("id")
    assert now.loc["P5", "supply_mode"] == "granted"
    assert now.loc["N7", "supply_mode"] == "allocated"
    count = len(open_zone(zone).layer("parcel"))
    better = delivery(
        tmp_path / "2024" / "c.gpkg", [f"P{k}" for k in range(6)] + ["P6", "P6b", "N7", "P9", "N1"],
        gpd.read_file(tmp_path / "2024" / "b.gpkg").geometry, 2024,
        DLBM=["0601"] * 5 + ["0702"] + ["0601"] * 5,
    )  # fmt: skip
    (again,) = import_all(better, zone, update=True)
    assert again.record["changes"]["changed"] == 1
    layer = open_zone(zone).layer("parcel")
    assert len(layer) == count
    assert sorted(layer.loc[layer["id"] == "P5", "land_use"]) == ["0601", "0702"]
    assert import_all(better, zone, update=True)[0].unchanged


def test_undo_puts_every_byte_back_and_the_first_import_too(tmp_path):
    folder = new_zone(tmp_path / "zone", id="z", zh="区", en="Zone")
    empty = snapshot(folder)
    given = delivery(tmp_path / "2023" / "a.gpkg", ["A", "B"], [square(0), square(1)])
    parcels = given.parent / "ZDJBXX.gpkg"
    frame = gpd.GeoDataFrame({"ZRZH": ["F1"], "ZCS": [3], "FWJG": ["3"]}, geometry=[square(0, 50)], crs=4548)  # fmt: skip
    frame.to_file(parcels.with_name("ZRZ.gpkg"), layer="ZRZ", engine="pyogrio")
    assert len(import_all(given.parent, folder)) == 2
    first = snapshot(folder)
    late = delivery(tmp_path / "2024" / "a.gpkg", ["A", "C"], [square(0), square(2)], 2024)
    import_file(late, folder, "land_patch", update=True)
    assert snapshot(folder) != first
    assert [level for level, _ in undo_import(folder)] == ["land_patch"]
    put_back = {k: v for k, v in first.items() if not k.startswith("imports")}
    assert snapshot(folder) == put_back
    with pytest.raises(ZgcgisError, match="No import"):
        undo_import(folder)
    other = new_zone(tmp_path / "other", id="o", zh="区", en="Zone")
    import_all(given.parent, other)
    assert {level for level, _ in undo_import(other)} == {"land_patch", "building"}
    assert set(snapshot(other)) == set(empty)
    entries = json.loads((other / "ledger.json").read_text(encoding="utf-8"))["imports"]
    assert [one["how"] for one in entries] == ["replace", "replace", "undo", "undo"]
    assert import_all(given.parent, other)[0].unchanged is False


def test_a_layer_changed_since_the_import_is_not_put_back(zone):
    path = zone / "layers/land_patch.parquet"
    gpd.read_parquet(path).iloc[1:].to_parquet(path)
    changed = path.read_bytes()
    with pytest.raises(ZgcgisError, match="changed after it was imported"):
        undo_import(zone)
    assert path.read_bytes() == changed


def test_a_delivery_of_a_part_is_asked_about(zone, tmp_path):
    part = delivery(tmp_path / "2024" / "p.gpkg", ["P0", "P1"], [square(0), square(1)], 2024)
    before = snapshot(zone)
    with pytest.raises(ZgcgisError, match="R560"):
        import_all(part, zone, update=True)
    assert snapshot(zone) == before


@pytest.mark.parametrize(
    ("name", "year", "told"), [("DLTB2024.gpkg", None, 2024), ("x.gpkg", "2025", 2025)]
)
def test_the_year_is_told_by_the_data_or_the_name_or_asked(zone, tmp_path, name, year, told):
    folder = tmp_path / "given"
    shapes = [square(k) for k in range(10)]
    path = delivery(folder / name, [f"P{k}" for k in range(10)], shapes, None)
    words = ["import", str(path), "--zone", str(zone), "--update", "--lang", "en", "--json"]
    done = CliRunner().invoke(cli, [*words, *(["--year", year] if year else [])])
    assert json.loads(done.output)["year"] == told
    assert json.loads(done.output)["changes"]["unchanged"] == 10


def test_a_delivery_without_a_year_is_asked_for_it(zone, tmp_path):
    path = delivery(tmp_path / "given" / "x.gpkg", ["P0"], [square(0)], None)
    with pytest.raises(ZgcgisError, match="--year 2024"):
        import_all(path, zone, update=True)


def test_the_command_counts_lists_and_takes_back(zone, tmp_path):
    run = CliRunner().invoke
    said = run(cli, ["import", str(next_year(tmp_path)), "--zone", str(zone), "--update"]).output
    assert "2024 年：新增 2，变化 2，换号 1，终止 1，未变 6" in said
    assert "P7 → N7" in said
    assert "终止（until = 2024）  P8" in said
    said = run(cli, ["import", "--undo", "--zone", str(zone), "--lang", "en"])
    assert said.exit_code == 0
    assert "put back" in said.output
    wrong = run(cli, ["import", "--zone", str(zone)])
    assert wrong.exit_code == 2


LONLAT = gpd.GeoSeries([square(k) for k in range(24)], crs=4548).to_crs(4490)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_feature_of_both_states_is_in_the_list_once(data):
    """Whatever is dropped, added, renumbered, shuffled, turned or jittered by a millimetre."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    n = data.draw(st.integers(1, 12))
    old = gpd.GeoDataFrame({"id": [f"a{k}" for k in range(n)], "use": "x"}, geometry=LONLAT[:n])
    kept = np.flatnonzero(rng.random(n) < 0.7)
    more = rng.choice(np.arange(n, 24), rng.integers(0, 4), replace=False)
    new = gpd.GeoDataFrame(
        {"id": [f"a{k}" for k in kept] + [f"b{k}" for k in more], "use": "x"},
        geometry=[*LONLAT.iloc[kept], *LONLAT.iloc[more]], crs=4490,
    )  # fmt: skip
    renamed = rng.random(len(new)) < 0.3
    new["id"] = np.where(renamed, [f"c{k}" for k in range(len(new))], new["id"])
    coords = [np.asarray(g.exterior.coords)[:-1] for g in new.geometry]
    turned = [np.roll(c, int(rng.integers(0, 4)), axis=0)[:: rng.choice([-1, 1])] for c in coords]
    new["geometry"] = [shapely.Polygon(c + rng.uniform(-5e-9, 5e-9, c.shape)) for c in turned]
    new = new.sample(frac=1, random_state=int(rng.integers(1 << 30))).reset_index(drop=True)
    made = compare_features(old, new)
    assert sorted(made.loc[made["old"] >= 0, "old"]) == list(range(len(old)))
    assert sorted(made.loc[made["new"] >= 0, "new"]) == list(range(len(new)))
    assert set(made["kind"]) <= set(KINDS)
    assert not made["redrawn"].any()
    counts = made["kind"].value_counts()
    assert counts.get("retired", 0) == n - len(kept)
    assert counts.get("new", 0) == len(more)
    whole = carried_on(old, new, made, year=2024)
    there = (
        pd.to_numeric(whole["until"]).isna() if "until" in whole else pd.Series(True, whole.index)
    )
    assert sorted(whole.loc[there, "id"]) == sorted(new["id"])


def test_the_same_number_on_other_ground_is_another_feature():
    old = gpd.GeoDataFrame({"id": ["1", "2"]}, geometry=LONLAT[:2])
    new = gpd.GeoDataFrame({"id": ["2", "1"]}, geometry=LONLAT[:2])
    assert compare_features(old, new)["kind"].tolist() == ["renumbered"] * 2
    new = gpd.GeoDataFrame({"id": ["1"]}, geometry=LONLAT[[5]].to_list(), crs=4490)
    assert sorted(compare_features(old, new)["kind"]) == ["new", "retired", "retired"]


def test_a_plan_that_keeps_no_years_is_replaced_feature_by_feature(zone, tmp_path):
    for year, uses in ((2023, ["M1", "R2"]), (2024, ["M1", "B1"])):
        frame = gpd.GeoDataFrame(
            {"DKBH": ["A-1", "A-2"], "YDDM": uses, "RJL": "2.0", "JZMD": "40"},
            geometry=[square(0), square(1)], crs=4548,
        )  # fmt: skip
        path = tmp_path / f"控规{year}.gpkg"
        frame.to_file(path, layer="规划地块", engine="pyogrio")
        (intake,) = import_all(path, zone, update=year == 2024)
    assert intake.record["changes"] == {
        "new": 0, "changed": 1, "renumbered": 0, "retired": 0, "unchanged": 1
    }  # fmt: skip
    assert "R561" in set(intake.findings["rule"])
    assert sorted(open_zone(zone).layer("detailed_plan")["land_use"]) == ["B1", "M1"]


def test_firms_of_a_new_year_stand_beside_those_of_the_old(zone, tmp_path):
    for year, tax in ((2023, [1.0, 2.0]), (2024, [3.0, 4.0])):
        path = tmp_path / f"企业{year}.csv"
        rows = "".join(f"9111010{k},企业{k},{year},{t}\n" for k, t in enumerate(tax))
        path.write_text("统一社会信用代码,企业名称,年份,税收（万元）\n" + rows, encoding="utf-8")
        import_file(path, zone, "enterprise", update=year == 2024)
    firms = open_zone(zone).layer("enterprise")
    assert firms.groupby("year")["tax_wan"].sum().to_dict() == {2023: 3.0, 2024: 7.0}


# --- two states side by side ----------------------------------------------------------------------


def test_two_years_and_two_files_are_compared_alike(zone, tmp_path):
    late = next_year(tmp_path)
    run = CliRunner().invoke
    import_all(late, zone, update=True)
    years = run(cli, ["diff", "2023", "2024", "--zone", str(zone), "--json"])
    files = run(cli, ["diff", str(tmp_path / "2023" / "a.gpkg"), str(late), "--json"])
    of_years, of_files = json.loads(years.stdout), json.loads(files.stdout)
    for told in (of_years, of_files):
        assert told["counts"] == {
            "new": 2, "changed": 2, "renumbered": 1, "retired": 1, "unchanged": 6
        }  # fmt: skip
        assert max(map(abs, told["closure_m2"])) < 0.01
        moved = {row["before"]: row for row in told["transitions"]}
        use = next(name for name in moved if name.startswith("0601"))
        to = next(name for name in moved[use] if name.startswith("0701"))
        assert moved[use][to] == pytest.approx(STEP**2, rel=2e-3)
        kinds = {row["kind"] for row in told["lineage"]}
        assert kinds == {"split", "renumbered", "gone", "new"}
        (value,) = [row for row in told["values"] if row["id"] == "P5"]
        assert (value["column"], value["before"], value["after"]) == ("land_use", "0601", "0701")


def test_the_results_of_a_comparison_are_a_workbook_a_page_and_data(zone, tmp_path):
    late = next_year(tmp_path)
    out = tmp_path / "out"
    words = ["diff", str(tmp_path / "2023" / "a.gpkg"), str(late), "-o", str(out)]
    for lang in ("zh", "en"):
        said = CliRunner().invoke(cli, [*words, "--lang", lang])
        assert said.exit_code == 0, said.output
    sheets = pd.read_excel(out / "diff.xlsx", sheet_name=None)
    assert {"Summary", "Land by use (m2)", "Features", "Values", "Lineage", "Unchanged"} <= set(
        sheets
    )
    page = (out / "diff.html").read_text(encoding="utf-8")
    assert "retired" in page
    assert "<script" not in page
    assert json.loads((out / "diff.json").read_text(encoding="utf-8"))["schema"] == "zgcgis.diff/1"
    assert len(gpd.read_file(out / "changes.gpkg", layer="changes")) == 1


def test_what_cannot_be_compared_is_said(zone, tmp_path):
    run = CliRunner().invoke
    plain = tmp_path / "x.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=[square(0)], crs=4548).to_file(plain)
    said = run(cli, ["diff", str(plain), str(plain)])
    assert "--level" in str(said.exception)
    assert run(cli, ["diff", "a", "b", "--zone", str(zone)]).exit_code == 2
    frame = gpd.GeoDataFrame({"ZRZH": ["F1"], "ZCS": [3], "FWJG": ["3"]}, geometry=[square(0)], crs=4548)  # fmt: skip
    frame.to_file(tmp_path / "ZRZ.gpkg", layer="ZRZ")
    said = run(cli, ["diff", str(tmp_path / "2023" / "a.gpkg"), str(tmp_path / "ZRZ.gpkg")])
    assert "不能比较" in said.exception.zh

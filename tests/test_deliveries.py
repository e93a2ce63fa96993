"""What survey bureaus hand over is taken with no option but the zone: layers, codes, ids, corners."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from zgcgis.intake.columns import schemas
from zgcgis.intake.examine import examine
from zgcgis.intake.layer import Options
from zgcgis.intake.sandbox import archive as archives
from zgcgis.io import new_zone, open_zone
from zgcgis.io.importing import import_all, import_file
from zgcgis.model import LEVELS
from zgcgis.plan.land_use import SYSTEMS, crosswalk, tell_system, translate

DRAWS = 1000 if os.environ.get("ZGCGIS_FULL") else 100
EAST, NORTH, STEP = 461_500.0, 4_404_000.0, 120.0
PRJ = (
    'PROJCS["CGCS2000_3_Degree_GK_CM_117E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",'
    'DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],'
    'PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",117.0],PARAMETER["Scale_Factor",1.0],'
    'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)
CODES = ["0601", "0601", "0701", "05H1", "08H1", "1003", "1004", "1107A", "0103", "1109", "0301K"]


@pytest.fixture
def zone(tmp_path):
    return new_zone(tmp_path / "zone", id="z", zh="区", en="Zone")


def squares(count: int) -> list[shapely.Polygon]:
    return [
        shapely.box(EAST + STEP * (k % 8), NORTH + STEP * (k // 8),
                    EAST + STEP * (k % 8) + STEP, NORTH + STEP * (k // 8) + STEP)
        for k in range(count)
    ]  # fmt: skip


def survey(count: int = 44) -> gpd.GeoDataFrame:
    """Land-use patches in the fields of the third survey; their numbers begin anew in each village."""
    names = crosswalk().loc["third_survey", "zh"]
    codes = [CODES[k % len(CODES)] for k in range(count)]
    rows = [
        {
            "BSM": f"110115211{k:09d}", "YSDM": "2001010100", "TBBH": str(k // 4 + 1),
            "DLBM": code, "DLMC": names.get(code, names.get(code[:4])), "QSXZ": "20",
            "ZLDWDM": f"11011520100{k % 4}0000000", "ZLDWMC": f"第{k % 4 + 1}村",
            "TBMJ": round(STEP**2, 2), "KCXS": 0.05 if code == "0103" else 0.0,
            "KCMJ": round(0.05 * STEP**2, 2) if code == "0103" else 0.0,
            "TBDLMJ": round((0.95 if code == "0103" else 1) * STEP**2, 2), "SJNF": "2023",
        }
        for k, code in enumerate(codes)
    ]  # fmt: skip
    return gpd.GeoDataFrame(rows, geometry=squares(count), crs=4548)


def shapefile(layer: gpd.GeoDataFrame, path: Path, prj: str | None) -> Path:
    path.parent.mkdir(exist_ok=True)
    layer.to_file(path, encoding="GBK", engine="pyogrio")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    path.with_suffix(".prj").unlink(missing_ok=True)
    if prj is not None:
        path.with_suffix(".prj").write_text(prj, encoding="utf-8")
    return path


def numbered(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the layer with the number of its belt before the eastings."""
    moved = shapely.transform(layer.geometry.to_numpy(), lambda c: c + np.array([39e6, 0]))
    return layer.set_geometry(gpd.GeoSeries(moved, crs=4527))


DRESSES = {
    "belt and prj": lambda f: shapefile(
        numbered(survey()), f / "DLTB.shp",
        PRJ.replace("CM_117E", "Zone_39").replace("500000.0", "39500000.0")),
    "no belt": lambda f: shapefile(survey(), f / "DLTB.shp", PRJ),
    "belt, prj without": lambda f: shapefile(numbered(survey()), f / "DLTB.shp", PRJ),
    "belt, no prj": lambda f: shapefile(numbered(survey()), f / "DLTB_39带.shp", None),
    "degrees": lambda f: shapefile(survey().to_crs(4490), f / "地类图斑.shp", PRJ.split("PROJCS")[0]
                                   or 'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",'
                                   'DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],'
                                   'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'),
}  # fmt: skip


@pytest.mark.parametrize("dress", DRESSES)
def test_survey_land_is_taken_in_any_dress_with_no_option(zone, tmp_path, dress):
    path = DRESSES[dress](tmp_path / "given")
    (intake,) = import_all(path, zone)
    given = survey()
    assert intake.level == "land_patch"
    assert intake.counts["used"] + intake.counts["repaired"] == len(given)
    layer = open_zone(zone).layer("parcel")
    assert set(layer["id"]) == set(given["BSM"])
    assert set(layer["land_use_system"]) == {"third_survey"}
    ours = layer.groupby("land_use")["registered_area_m2"].sum()
    theirs = given.groupby("DLBM")["TBMJ"].sum()
    pd.testing.assert_series_equal(
        ours, theirs, check_names=False, check_index_type=False, atol=0.005
    )
    net = layer["net_area_m2"].sum()
    assert net == pytest.approx(given["TBDLMJ"].sum(), abs=0.005)


def test_a_package_and_a_geodatabase_of_the_survey_are_the_same(tmp_path):
    for name, driver in (("三调.gdb", "OpenFileGDB"), ("三调.gpkg", "GPKG")):
        path = tmp_path / name
        survey().to_file(path, layer="DLTB", driver=driver, engine="pyogrio")
        (report,) = examine(path)
        (layer,) = report.layers
        assert (layer.schema.name, dict(layer.systems)) == ("DLTB", {"third_survey": "names"})
        assert layer.log.counts["used"] == 44


# --- classifications ------------------------------------------------------------------------------


@settings(max_examples=DRAWS, deadline=None)
@given(st.data())
def test_codes_of_every_system_are_told_apart_or_asked_about_never_taken_wrongly(data):
    system = data.draw(st.sampled_from(SYSTEMS))
    there = [c for c in crosswalk().loc[system].index if len(c) > 2 or system == "gb50137_2011"]
    some = data.draw(st.lists(st.sampled_from(there), min_size=1, max_size=40, unique=True))
    rows = data.draw(st.integers(10, 500))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    codes = pd.Series(rng.choice(some, rows))
    told = tell_system(codes)
    assert told.system in {"", system}
    assert system in told.possible
    names = codes.map(crosswalk().loc[system, "zh"])
    assert tell_system(codes, names).system in {"", system}


def test_what_is_stated_and_cannot_be_is_asked_about(tmp_path):
    layer = survey()
    layer["DLBM"] = [["100101", "070102", "0901", "1403"][k % 4] for k in range(len(layer))]
    path = shapefile(layer.drop(columns="DLMC"), tmp_path / "given" / "DLTB.shp", PRJ)
    (report,) = examine(path)
    assert [stop.rule for stop in report.layers[0].log.stops] == ["R545"]
    (report,) = examine(path, options=Options(system="yonghai_2023"))
    assert dict(report.layers[0].systems) == {"yonghai_2023": "told"}


def test_codes_that_fit_several_systems_are_not_guessed(zone, tmp_path):
    layer = survey(12)[["BSM", "geometry"]].assign(宗地代码=lambda f: f["BSM"], 地类编码="0601")
    path = shapefile(layer.drop(columns="BSM"), tmp_path / "given" / "宗地.shp", PRJ)
    (intake,) = import_all(path, zone)
    assert "R546" in set(intake.findings["rule"])
    assert open_zone(zone).layer("parcel")["land_use_system"].isna().all()


def test_letters_and_digits_in_one_column_are_two_systems(tmp_path):
    plots = gpd.GeoDataFrame(
        {"DKBH": [f"A-{k}" for k in range(12)], "YDDM": ["M1", "R2", "G1", "100101"] * 3,
         "RJL": ["1.0-2.5", "≤2.0", "1.2以下", "≥1.0"] * 3, "JZMD": ["≤40", "30%", "≤35％", "0"] * 3,
         "LDL": ["≥20", "20-30", "35%", "≤40"] * 3, "JZGD": ["60m", "≤24米", "18-36", "50M"] * 3},
        geometry=squares(12), crs=4548,
    )  # fmt: skip
    (report,) = examine(shapefile(plots, tmp_path / "given" / "控规地块.shp", PRJ))
    (layer,) = report.layers
    assert layer.level == "detailed_plan"
    assert dict(layer.systems) == {"gb50137_2011": "codes", "yonghai_2023": "codes"}
    assert layer.used_values["planned_far"].tolist()[:3] == [2.5, 2.0, 1.2]
    assert layer.used_values["planned_far"].isna().sum() == 3
    kept = layer.used_values[["planned_coverage_pct", "planned_green_pct", "planned_height_m"]]
    assert kept.head(4).to_numpy().T.tolist() == [
        [40, 30, 35, pytest.approx(float("nan"), nan_ok=True)],
        [20, 20, 35, pytest.approx(float("nan"), nan_ok=True)],
        [60, 24, 36, 50],
    ]
    assert {"R528", "R547", "R548", "R568", "R569"} <= set(layer.findings["rule"])


def test_shares_written_in_parts_of_one_become_percents(tmp_path):
    plots = gpd.GeoDataFrame(
        {"DKBH": [f"A-{k}" for k in range(4)], "YDDM": "1001", "RJL": 2.0,
         "JZMD": [0.4, 0.35, 1.0, 0.3], "LDL": [30.0, 1.0, 0.5, 20.0]},
        geometry=squares(4), crs=4548,
    )  # fmt: skip
    (report,) = examine(shapefile(plots, tmp_path / "given" / "控规地块.shp", PRJ))
    (layer,) = report.layers
    assert layer.used_values["planned_coverage_pct"].tolist() == [40.0, 35.0, 100.0, 30.0]
    assert layer.used_values["planned_green_pct"].tolist() == [30.0, 1.0, 0.5, 20.0]


def named(path: Path, names: list[str], column: str = "地类名称") -> Path:
    frame = gpd.GeoDataFrame(
        {"宗地代码": [f"P{k}" for k in range(len(names))], column: names},
        geometry=squares(len(names)), crs=4548,
    )  # fmt: skip
    frame.to_file(path, engine="pyogrio")
    return path


@pytest.mark.parametrize("column", ["地类名称", "DLMC", "地类"])
@pytest.mark.parametrize(
    ("names", "system", "codes"),
    [
        (["旱地", "有林地", "村庄", "沟渠"], "second_survey", ["013", "031", "203", "117"]),
        (["旱地", "乔木林地", "机关团体新闻出版用地", "工业用地"], "third_survey",
         ["0103", "0301", "08H1", "0601"]),
    ],
)  # fmt: skip
def test_names_of_classes_alone_are_enough_where_one_system_has_them(
    tmp_path, column, names, system, codes
):
    (report,) = examine(named(tmp_path / "宗地.gpkg", names * 3, column), level="parcel")
    (layer,) = report.layers
    assert layer.used_values["land_use"].tolist() == codes * 3
    assert set(layer.used_values["land_use_system"]) == {system}
    assert "R573" in set(layer.findings["rule"])


def test_names_that_several_systems_have_are_asked_about(tmp_path):
    path = named(tmp_path / "宗地.gpkg", ["水田", "旱地", "果园"] * 3)
    (report,) = examine(path, level="parcel")
    assert "R546" in set(report.layers[0].findings["rule"])
    (report,) = examine(path, level="parcel", options=Options(system="second_survey"))
    assert set(report.layers[0].used_values["land_use"]) == {"011", "013", "021"}


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("to", SYSTEMS)
def test_every_code_goes_to_a_code_of_the_other_system_or_to_a_person(system, to):
    codes = pd.Series(crosswalk().loc[system].index)
    made = translate(codes, system, to)
    there = set(crosswalk().loc[to].index)
    assert set(made.loc[made["code"] != "", "code"]) <= there
    assert set(made["basis"]) <= {"same", "published", "name", "decide"}
    assert ((made["code"] == "") == made["basis"].eq("decide")).all()


def test_a_layer_goes_out_in_another_classification(zone, tmp_path):
    from click.testing import CliRunner

    from zgcgis.cli import cli

    layer = survey(22)
    layer.loc[0, ["DLBM", "DLMC"]] = ["1202", "设施农用地"]
    import_all(shapefile(layer, tmp_path / "given" / "DLTB.shp", PRJ), zone)
    out = tmp_path / "out.gpkg"
    words = ["export", str(zone), "land_patch", "-o", str(out), "--system", "yonghai_2023"]
    said = CliRunner().invoke(cli, words)
    assert said.exit_code == 0, said.output
    assert "1202 设施农用地" in said.output
    made = gpd.read_file(out, layer="out").set_index("land_use_original")
    assert set(made.loc["0601", "land_use"]) == {"1001"}
    assert pd.isna(made.loc["1202", "land_use"])
    assert set(made["land_use_system"].dropna()) == {"yonghai_2023"}


# --- schemas and ids ------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", schemas(), ids=lambda s: s.name)
def test_every_schema_speaks_of_columns_of_its_level(schema):
    assert set(schema.columns.values()) <= set(LEVELS[schema.level].columns)
    assert schema.system in {"", *SYSTEMS}
    assert schema.fields


@pytest.mark.parametrize("schema", schemas(), ids=lambda s: s.name)
def test_every_schema_is_known_by_its_fields_and_its_name(schema, tmp_path):
    fields = [*schema.fields, *schema.other[:2], *schema.columns][:12]
    frame = gpd.GeoDataFrame(
        {name: [f"{name}{k}" for k in range(3)] for name in dict.fromkeys(["BSM", *fields])},
        geometry=squares(3), crs=4548,
    )  # fmt: skip
    path = tmp_path / f"{schema.names[0]}.gpkg"
    frame.to_file(path, layer=schema.names[0], engine="pyogrio")
    (report,) = examine(path)
    (layer,) = report.layers
    assert layer.schema.name == schema.name
    assert (layer.level, layer.sure) == (schema.level, True)


def test_a_number_that_counts_within_its_parcel_is_joined_to_it(tmp_path):
    frame = gpd.GeoDataFrame(
        {"宗地代码": [f"P{k // 3}" for k in range(12)], "幢号": [str(k % 3 + 1) for k in range(12)],
         "地上层数": 6},
        geometry=squares(12), crs=4548,
    )  # fmt: skip
    path = tmp_path / "房屋.gpkg"
    frame.to_file(path)
    (report,) = examine(path, level="building")
    (layer,) = report.layers
    assert layer.log.counts["used"] == 12
    assert layer.used_values["id"].tolist()[:4] == ["P0-1", "P0-2", "P0-3", "P1-1"]
    assert "R543" in set(layer.findings["rule"])


def test_one_slip_in_an_id_is_a_slip_and_no_reason_for_another_column(tmp_path):
    frame = gpd.GeoDataFrame(
        {"宗地代码": ["P0", *(f"P{k}" for k in range(39))], "BSM": [f"{k:05d}" for k in range(40)]},
        geometry=squares(40), crs=4548,
    )  # fmt: skip
    path = tmp_path / "宗地.gpkg"
    frame.to_file(path)
    (report,) = examine(path, level="parcel")
    assert report.layers[0].refused["rule"].tolist() == ["R501"]


# --- a whole delivery -----------------------------------------------------------------------------


def test_a_folder_and_an_archive_are_taken_whole_in_order(zone, tmp_path):
    given = tmp_path / "成果"
    parcels = survey(12)[["geometry"]].assign(
        ZDDM=[f"110115201001GB{k:05d}" for k in range(12)], ZDMJ=STEP**2, YT="05H1", QLLX="3"
    )
    buildings = gpd.GeoDataFrame(
        {"ZRZH": [f"F{k:04d}" for k in range(12)], "ZDDM": parcels["ZDDM"], "ZCS": 3, "DSCS": 3,
         "SCJZMJ": 3600.0},
        geometry=shapely.buffer(parcels.geometry.to_numpy(), -30), crs=4548,
    )  # fmt: skip
    shapefile(parcels, given / "ZDJBXX.shp", PRJ)
    shapefile(buildings, given / "ZRZ.shp", PRJ)
    pd.DataFrame(
        {"宗地代码": parcels["ZDDM"], "供地方式": "出让", "供地日期": "2020-06-01"}
    ).to_excel(given / "供地台账.xlsx", index=False)
    intakes = import_all(given, zone)
    assert [one.level for one in intakes] == ["parcel", "building", "parcel"]
    here = open_zone(zone)
    assert here.layer("parcel")["supply_mode"].tolist() == ["granted"] * 12
    assert len(here.layer("building")) == 12

    other = new_zone(tmp_path / "other", id="o", zh="区", en="Zone")
    shapefile(survey(12), given / "DLTB.shp", PRJ)
    archive = tmp_path / "成果.zip"
    with zipfile.ZipFile(archive, "w") as box:
        for file in sorted(given.iterdir()):
            if file.suffix != ".xlsx":
                box.write(file, f"成果/{file.name}")
    assert [one.level for one in import_all(archive, other)] == ["parcel", "land_patch", "building"]


def zipped(path: Path, files: dict[str, Path]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as box:
        for name, file in files.items():
            box.write(file, name)
    return path


def test_an_archive_in_an_archive_is_read_as_a_folder_and_no_deeper(zone, tmp_path, monkeypatch):
    """Two inner archives with a layer each, one beside them, and one more archive within."""
    plain = tmp_path / "plain"
    shapefile(survey(12), plain / "DLTB.shp", PRJ)
    parcels = survey(12)[["geometry"]].assign(
        ZDDM=[f"110115201001GB{k:05d}" for k in range(12)], ZDMJ=STEP**2, QLLX="3"
    )
    shapefile(parcels, plain / "ZDJBXX.shp", PRJ)
    parts = {s: plain / f"DLTB{s}" for s in (".shp", ".shx", ".dbf", ".prj")}
    deepest = zipped(tmp_path / "c.zip", {f"DLTB{s}": file for s, file in parts.items()})
    patches = zipped(tmp_path / "a.zip", {f"数据/DLTB{s}": file for s, file in parts.items()})
    others = {f"ZDJBXX{s}": plain / f"ZDJBXX{s}" for s in parts}
    lots = zipped(tmp_path / "b.zip", others | {"更里面.zip": deepest})
    whole = zipped(tmp_path / "成果.zip", {"图斑.zip": patches, "权属/宗地.ZIP": lots})
    found = import_all(whole, zone)
    assert [(one.level, one.counts["used"]) for one in found] == [
        ("parcel", 12),
        ("land_patch", 12),
    ]
    left = [f for r in examine(whole) for f in r.said if f.rule == "R427"]
    assert [f.words["detail"] for f in left] == ["权属/宗地/更里面.zip"]
    packed = zipped(
        tmp_path / "两层.zip", {"一.zip": zipped(tmp_path / "d.zip", {"c.zip": deepest})}
    )
    assert [one.refusal.rule for one in examine(packed)] == ["R424"]
    monkeypatch.setattr(archives, "MOST_MEMBERS", 9)  # two outside, four and five inside
    assert [one.refusal.rule for one in examine(whole)] == ["R444"]


def test_a_zone_is_made_of_a_delivery(tmp_path):
    from click.testing import CliRunner

    from zgcgis.cli import cli

    given = tmp_path / "成果"
    shapefile(survey(), given / "DLTB.shp", PRJ)
    park = gpd.GeoDataFrame(
        {"BSM": ["1"], "KFYQMC": ["东园"], "KFYQMJ": [1.0]},
        geometry=[shapely.unary_union(squares(44))], crs=4548,
    )  # fmt: skip
    shapefile(park, given / "KFYQ.shp", PRJ)
    words = ["new", str(tmp_path / "新区"), "--id", "xq", "--zh", "新区", "--en", "New"]
    said = CliRunner().invoke(cli, [*words, "--layers", str(given)])
    assert said.exit_code == 0, said.output
    here = open_zone(tmp_path / "新区")
    assert here.meta["land_use_system"] == "third_survey"
    assert list(here.meta["years"]) == [2023]
    assert here.center == (116.6, 39.8)
    assert here.units.loc["1", "zh"] == "东园"
    assert "已填 years = [2023]" in said.output
    words[1] = str(tmp_path / "另")
    assert CliRunner().invoke(cli, [*words, "--layers", str(tmp_path / "none.shp")]).exit_code != 0
    assert not (tmp_path / "另").exists()


def test_what_cannot_be_told_is_asked_at_once_and_nothing_is_imported(zone, tmp_path):
    given = tmp_path / "given"
    shapefile(survey(), given / "DLTB.shp", PRJ)
    shapefile(survey().assign(TBBH="0"), given / "地类图斑.shp", PRJ)
    plain = gpd.GeoDataFrame({"a": [1, 2]}, geometry=squares(2), crs=4548)
    shapefile(plain, given / "x.shp", PRJ)
    with pytest.raises(Exception, match=r"x\.shp.*--level.*--layer") as told:
        import_all(given, zone)
    assert "DLTB.shp、地类图斑.shp" in str(told.value)
    assert not list((zone / "layers").glob("*"))


def test_patches_and_parcels_are_levels_of_their_own_and_what_counts_is_said(zone, tmp_path):
    from zgcgis.accounts import measure
    from zgcgis.checks import check

    import_all(shapefile(survey(), tmp_path / "given" / "DLTB.shp", PRJ), zone)
    here = open_zone(zone)
    assert here.land == "land_patch"
    assert len(here.layer("land_patch")) == len(here.layer("parcel")) == 44
    (said,) = check(here, ["H214"])["detail"]
    assert "44" in said
    assert measure(here, "parcel", [2023])["land_m2"].sum() == pytest.approx(44 * STEP**2, rel=1e-3)
    parcels = survey(6)[["geometry"]].assign(
        ZDDM=[f"110115201001GB{k:05d}" for k in range(6)], ZDMJ=STEP**2, YT="0601", QLLX="3"
    )
    import_all(shapefile(parcels, tmp_path / "given" / "ZDJBXX.shp", PRJ), zone)
    here = open_zone(zone)
    assert here.land == "parcel"
    assert (len(here.layer("land_patch")), len(here.layer("parcel"))) == (44, 6)
    (said,) = check(here, ["H214"])["detail"]
    assert "宗地（6 个）" in said


@pytest.mark.parametrize("level", ["zone", "park", "parcel"])
def test_the_accounts_have_a_net_area_beside_the_gross_where_every_patch_states_one(
    zone, tmp_path, level
):
    from zgcgis.accounts import parts, pieces, summed
    from zgcgis.accounts import survey as take

    given = survey()
    import_all(shapefile(given, tmp_path / "given" / "DLTB.shp", PRJ), zone)
    park = gpd.GeoDataFrame(
        {"KFYQMC": ["东园"], "KFYQMJ": [1.0], "KFYQLX": "1"},
        geometry=[shapely.unary_union(squares(44))], crs=4548,
    )  # fmt: skip
    import_all(shapefile(park, tmp_path / "park" / "KFYQ.shp", PRJ), zone)
    taken = take(open_zone(zone), level, [2023])
    net = given["TBDLMJ"].sum()
    assert taken.table["net_area_m2"].sum() == pytest.approx(net, abs=0.01)
    assert net < taken.table["land_m2"].sum() - 1000
    unit = taken.table.index[0][0]
    held = parts(open_zone(zone), unit, 2023, "net_area_m2", level=level)
    assert held["amount"].sum() == pytest.approx(taken.table["net_area_m2"].iloc[0])
    if level == "park":
        sums = summed(pieces(taken), "net_area_m2", 2023)
        assert sums.sum() == pytest.approx(net, abs=0.01)
    given.loc[3, "TBDLMJ"] = np.nan  # a sum of some would pass for the sum of all
    import_all(shapefile(given, tmp_path / "again" / "DLTB.shp", PRJ), zone)
    assert "net_area_m2" not in take(open_zone(zone), level, [2023]).table


def test_gross_and_net_areas_of_patches_are_kept_by_name_and_said_on_the_map(zone, tmp_path):
    from zgcgis.checks import check
    from zgcgis.io.layers import write_layer
    from zgcgis.maps import draw_zone

    given = survey()
    import_all(shapefile(given, tmp_path / "given" / "DLTB.shp", PRJ), zone)
    here = open_zone(zone)
    layer = here.layer("land_patch")
    for column, field in (("registered_area_m2", "TBMJ"), ("net_area_m2", "TBDLMJ"),
                          ("deducted_area_m2", "KCMJ"), ("deducted_share", "KCXS")):  # fmt: skip
        assert layer[column].sum() == pytest.approx(given[field].sum(), abs=0.005)
    (said,) = check(here, ["H214"])["detail"]
    assert f"{given['TBMJ'].sum():,.2f}" in said
    assert f"{given['TBDLMJ'].sum():,.2f}" in said
    assert said in draw_zone(here).content["counting"][0]
    target = write_layer(layer, tmp_path / "out.gpkg", headers="zh")
    again = gpd.read_file(target, layer=target.stem)
    net = next(name for name in again.columns if name.startswith("净面积"))
    assert again[net].sum() == pytest.approx(given["TBDLMJ"].sum(), abs=0.005)


# --- tables as offices make them -------------------------------------------------------------------


def office_table(path: Path) -> Path:
    """A ledger with a title, a unit in the corner, two rows of names, totals and a signature."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"] = "某开发区2023年度供地台账"
    sheet.merge_cells("A1:H1")
    sheet["A2"] = "填报单位：自然资源分局"
    sheet["G2"] = "单位：公顷、元"
    sheet.append(["序号", "宗地代码", "用地情况", None, None, "出让合同", None, "备注"])
    sheet.append([None, None, "已动工面积", "供地方式", None, "成交价款", "约定开工日期", None])
    for cells in ("A3:A4", "B3:B4", "C3:E3", "F3:G3", "H3:H4"):
        sheet.merge_cells(cells)
    for k in range(6):
        sheet.append(
            [k + 1, f"110115201001GB{k:05d}", 0.5, "招拍挂", None, 12_000_000, "2021-06-01"]
        )
        if k == 2:
            sheet.append(["小计", None, 1.5, None, None, 36_000_000])
    sheet.append(["合计", None, 3.0, None, None, 72_000_000])
    sheet.append(["填表人：甲", None, "审核人：乙", None, "日期：2024-01-05"])
    sheet.append(["注：面积为平面面积。"])
    book.save(path)
    return path


def test_a_ledger_with_two_rows_of_names_loses_nothing(tmp_path):
    (report,) = examine(office_table(tmp_path / "供地台账.xlsx"))
    (layer,) = report.layers
    assert (layer.level, layer.sure) == ("parcel", True)
    assert set(layer.refused["rule"]) == {"R517"}
    held = layer.used_values
    assert held["id"].tolist() == [f"110115201001GB{k:05d}" for k in range(6)]
    assert held["land_price_wan"].tolist() == [1200.0] * 6
    assert held["developed_area_m2"].tolist() == [5000.0] * 6
    assert set(held["supply_mode"]) == {"granted"}
    assert held["agreed_start_date"].notna().all()
    assert {"R555", "R556"} <= set(layer.findings["rule"])
    assert "column_5" not in held.columns or held["column_5"].isna().all()


@pytest.mark.parametrize(
    ("totals", "wrong"),
    [
        ((30, 70, 100), []),
        ((30, 70, 110), ["合计"]),
        ((31, 70, 100), ["小计"]),
        ((30, 100, 100), []),
    ],
)
def test_totals_are_held_against_their_parts(tmp_path, totals, wrong):
    """The second of the sums counts its own rows, or all so far: offices do both."""
    first, second, whole = totals
    rows = ["宗地代码,供地面积（公顷）,容积率", "A1,10,2", "A2,20,1", f"小计,{first},",
            "A3,30,1", "A4,40.00,2", f"小计,{second},", f"合计,{whole},9"]  # fmt: skip
    path = tmp_path / "台账.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    (report,) = examine(path, level="parcel")
    found = report.layers[0].findings
    assert found.loc[found["rule"] == "R571", "feature"].tolist() == wrong
    assert report.layers[0].log.counts["refused"] == 3


@pytest.mark.parametrize(("count", "named"), [(2, 1), (12, 10)])
def test_features_without_a_row_are_said_in_one_sentence_with_their_number(count, named):
    from zgcgis.intake import log, tabular

    layer = pd.DataFrame({"id": [f"P{k}" for k in range(count)]})
    made = log.Log(1)
    tabular.join(layer, pd.DataFrame({"id": ["P0"], "owner": ["甲"]}), made)
    (one,) = [found for found in made.findings if found.rule == "R604"]
    assert (one.words["measured"], one.words["limit"]) == (count - 1, count)
    names = one.words["detail"]
    assert names.split("、")[0] == "P1"
    assert names.count("P") == named
    assert names.endswith("…") == (count - 1 > named)
    assert one.words["feature"] == ("P1" if count == 2 else None)


def test_two_lines_of_names_in_a_text_table_are_joined(tmp_path):
    path = tmp_path / "台账.csv"
    path.write_text(
        "宗地代码,出让合同,,备注\n,成交价款（万元）,约定开工日期,\nA1,12,2021-06-01,x\nA2,13,2021-06-02,y\n",
        encoding="utf-8",
    )
    (report,) = examine(path, level="parcel")
    held = report.layers[0].used_values
    assert held["land_price_wan"].tolist() == [12.0, 13.0]
    assert held["agreed_start_date"].notna().all()


@given(
    st.lists(st.text("甲乙丙丁abc", min_size=1, max_size=4), min_size=2, max_size=6, unique=True),
    st.integers(1, 5),
)
@settings(max_examples=30, deadline=None)
def test_a_plain_table_is_read_cell_by_cell(names, rows):
    from zgcgis.intake.tabular import _framed

    cells = [[f"{k}-{n}" for n in range(len(names))] for k in range(rows)]
    made = _framed(lambda: iter([names, *cells]))
    assert list(made.frame.columns) == names
    assert made.frame.to_numpy().tolist() == cells


# --- the page -------------------------------------------------------------------------------------

PAGE = Path(__file__).parents[1] / "docs" / "deliveries.zh.md"


@pytest.mark.parametrize("schema", schemas(), ids=lambda s: s.name)
def test_the_page_has_a_line_for_every_layer_that_is_known(schema):
    """That the line is true is held above: each layer is known, and goes to its level."""
    (line,) = [
        line for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith(f"| `{schema.name}` ")
    ]  # fmt: skip
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[0] == f"`{schema.name}` {schema.zh}"
    assert cells[1] == "、".join(schema.names)
    assert cells[2] == "、".join([*schema.fields, *schema.other[:3]])
    assert cells[3] == f"{LEVELS[schema.level].zh} `{schema.level}`"
    assert cells[5] == "、".join(schema.ids)


def test_doctor_of_a_folder_says_of_each_layer_what_it_is(tmp_path):
    from click.testing import CliRunner

    from zgcgis.cli.files import doctor

    given = tmp_path / "成果"
    shapefile(survey(), given / "DLTB.shp", PRJ)
    below = given / "建筑"
    below.mkdir()
    frame = survey(6)[["geometry"]].assign(ZRZH=[f"F{k}" for k in range(6)], ZCS=3, FWJG="3")
    shapefile(frame, below / "ZRZ.shp", PRJ)
    said = CliRunner().invoke(doctor, [str(given), "--lang", "zh"])
    assert "三调" in said.output
    assert "自然幢" in said.output
    empty = tmp_path / "空"
    empty.mkdir()
    said = CliRunner().invoke(doctor, [str(empty), "--lang", "zh"])
    assert said.exit_code == 3
    assert "R401" in said.output


# --- control lines under their statutory names ----------------------------------------------------


FARMLAND = {"BSM": ["1", "2"], "YJJBNTMJ": 10_000.0, "YJJBNTTBBH": ["a", "b"]}
RED_LINE = {"BSM": ["1", "2"], "LHLX": "水源涵养", "QYMJ": 10_000.0}


def kinds_of(zone):
    lines = open_zone(zone).layer("prohibited")
    return sorted(zip(lines["kind"], lines["id"], strict=True))


BOTH = [("永久基本农田", "YJJBNT-1"), ("永久基本农田", "YJJBNT-2"),
        ("生态保护红线", "1"), ("生态保护红线", "2")]  # fmt: skip


def lines(folder):
    for name, fields in (("YJJBNT", FARMLAND), ("STBHHX", RED_LINE)):
        frame = gpd.GeoDataFrame(fields, geometry=squares(2), crs=4548)
        shapefile(frame, folder / f"{name}.shp", PRJ)
    return folder


def test_farmland_and_red_line_of_one_delivery_stand_side_by_side(tmp_path, zone):
    found = import_all(lines(tmp_path / "given"), zone)
    assert [one.counts["used"] for one in found] == [2, 2]
    assert kinds_of(zone) == BOTH


def test_a_new_red_line_takes_the_place_of_the_old_one_alone(tmp_path, zone):
    folder = lines(tmp_path / "given")
    import_file(folder / "STBHHX.shp", zone, "prohibited")
    import_file(folder / "YJJBNT.shp", zone, "prohibited")
    assert kinds_of(zone) == BOTH
    frame = gpd.GeoDataFrame(RED_LINE | {"BSM": ["8", "9"]}, geometry=squares(2), crs=4548)
    shapefile(frame, tmp_path / "next" / "STBHHX.shp", PRJ)
    import_file(tmp_path / "next" / "STBHHX.shp", zone, "prohibited")
    assert [one for _, one in kinds_of(zone)] == ["YJJBNT-1", "YJJBNT-2", "8", "9"]


LINES = {
    "界址点坐标 txt（报部格式）": "corners::test_plots_have_the_area_they_state_whatever_way_they_are_written",
    "供地台账、企业名单（xlsx、csv）": "deliveries::test_a_ledger_with_two_rows_of_names_loses_nothing",
    "控规地块的 `1.0-2.5`、`≤2.5`、`1.2以下`": "deliveries::test_letters_and_digits_in_one_column_are_two_systems",
    "坐标前带带号而坐标系没有，或相反": "deliveries::test_survey_land_is_taken_in_any_dress_with_no_option",
    "没有 .prj 的三调图层，坐标带带号": "deliveries::test_survey_land_is_taken_in_any_dress_with_no_option",
    "拐点、界址点表（csv、xlsx）": "drawn::test_a_list_of_corners_is_land_whichever_way_it_is_written",
    "表（csv、xlsx、数据库表）的一列是图形": "cells::test_shapes_in_cells_are_the_shapes_of_the_layer_in_every_form",
    "KML、KMZ、DXF 的线": "drawn::test_a_red_line_of_a_kml_that_closes_is_land_and_one_that_does_not_is_a_sentence",
    "DXF 面内的文字": "drawn::test_the_text_in_an_outline_is_its_attribute",
    "DXF 的圆和圆弧": "drawn::test_arcs_and_circles_lose_less_than_a_millionth",
    "压缩包里的压缩包（.zip、.kmz）": "deliveries::test_an_archive_in_an_archive_is_read_as_a_folder_and_no_deeper",
    "VCT 2.0、3.0（.vct）": "vct::test_polygons_made_of_shared_lines_are_read_in_each_dialect",
    "VCT 3.0": "vct::test_patches_are_written_and_read_again_to_a_millimetre",
    "没有编号的图层用 `--add` 追加": "delivered_kinds::test_what_is_added_without_ids_has_ids_of_its_own",
    "红线（图层名或文件名含“红线”，生态、道路、建筑红线等除外）": "whole_delivery::test_a_red_line_goes_where_the_land_it_covers_says",
    "同一图层交了几份（几个带、Shapefile 与 .gdb、压缩包里的副本、没有属性的 DXF）": "whole_delivery::test_the_same_land_in_several_dresses_is_taken_once_and_said",
    "后来的供地台账": "whole_delivery::test_a_later_ledger_brings_its_values_and_each_that_differs_is_named",
    "值里写着单位（`1,234.5万元`、`2亿元`、`12.5亩`）": "whole_delivery::test_money_that_bears_its_unit_is_taken_by_it",
    "日期写成表格软件的序号（45047）或汉字（二〇二三年五月）": "whole_delivery::test_days_as_spreadsheets_and_seals_write_them",
    "编号在表格软件里掉了前面的 0": "whole_delivery::test_noughts_that_a_spreadsheet_dropped_are_put_back",
    "字段名前带表名（连接后导出的 `DLTB_BSM`）": "whole_delivery::test_names_behind_the_title_of_a_joined_table_are_read",
    "一张工作表一个地块的界址点": "whole_delivery::test_sheets_that_are_a_plot_each_are_one_layer",
    "没有说明坐标系的图": "delivered_kinds::test_corners_that_a_zone_has_already_settle_the_system_of_a_drawing",
    "金额没有写单位的表": "delivered_kinds::test_money_without_a_unit_is_asked_about_and_the_answer_counts",
    "表中的小计、合计行": "deliveries::test_totals_are_held_against_their_parts",
    "地类图斑里不合规则的": "patches::test_every_rule_catches_what_is_planted_and_nothing_else",
    "只有地类名称（旱地、有林地）没有代码": "deliveries::test_names_of_classes_alone_are_enough_where_one_system_has_them",
    "换一个地类体系": "deliveries::test_a_layer_goes_out_in_another_classification",
    "从交来的图层建示范区": "deliveries::test_a_zone_is_made_of_a_delivery",
    "用新一年的数据更新": "updates::test_a_later_year_is_told_apart_feature_by_feature",
    "还原上一次导入": "updates::test_undo_puts_every_byte_back_and_the_first_import_too",
    "对比两期文件": "updates::test_the_results_of_a_comparison_are_a_workbook_a_page_and_data",
    "对比两个年份": "updates::test_two_years_and_two_files_are_compared_alike",
    "界址点坐标 txt": "drawn::test_what_surveyors_are_given_is_read_again_to_a_millimetre",
    "界址点成果表": "drawn::test_what_surveyors_are_given_is_read_again_to_a_millimetre",
    "DXF": "drawn::test_what_surveyors_are_given_is_read_again_to_a_millimetre",
    "Shapefile、GeoPackage": "corners::test_heads_in_chinese_are_understood_again",
}
"""Which test runs a line of the page."""


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_page_is_run_by_a_test(line):
    page = PAGE.read_text(encoding="utf-8")
    assert f"\n| {line} |" in page
    module, name = LINES[line].split("::")
    source = (Path(__file__).parent / f"test_{module}.py").read_text(encoding="utf-8")
    assert f"def {name}(" in source


def test_no_line_of_the_page_is_without_a_test():
    elsewhere = {"KML 的文件夹", "压缩包里散放的 .gdb 文件、旁边的说明文件",
                 ".xls、.et、.ods、.dwg、.mdb、.rar、.7z、.pdf、图片"}  # fmt: skip
    lines = [line.split(" | ")[0].removeprefix("| ") for line in
             PAGE.read_text(encoding="utf-8").split("## 其他交付")[1].splitlines()
             if line.startswith("| ")]  # fmt: skip
    heads = {"交来的", "要做的", "格式", "找的", "查的"}
    assert set(lines) - heads - elsewhere == set(LINES)

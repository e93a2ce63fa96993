"""Zone folders: what is there is read, what is wrong is one sentence with file, key, way out."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
from shapely.geometry import box

from zgcgis.errors import CrsError, MissingColumnsError, UnknownNameError, ZgcgisError, ZoneError
from zgcgis.io import SHIPPED, new_zone, open_zone


@pytest.fixture
def folder(tmp_path):
    return new_zone(tmp_path / "张 江", id="zhangjiang", zh='张江"园"', en="Zhangjiang \\ Park")


def test_a_new_folder_opens_as_an_empty_zone(folder):
    zone = open_zone(folder)
    assert zone.id == "zhangjiang"
    assert zone.names == {"zh": '张江"园"', "en": "Zhangjiang \\ Park"}
    assert len(zone.units) == len(zone.accounts) == len(zone.quotas) == len(zone.layers) == 0
    assert zone.plan is None


def test_only_zone_toml_is_mandatory(folder):
    for path in folder.glob("*.csv"):
        path.unlink()
    assert len(open_zone(folder).units) == 0


def test_a_folder_in_use_is_not_written_over(folder):
    with pytest.raises(ZoneError, match="not empty"):
        new_zone(folder, id="x", zh="x", en="x")


@pytest.mark.parametrize("name", SHIPPED)
def test_every_zone_that_ships_opens_by_its_bare_name(name):
    zone = open_zone(name)
    assert zone.names["zh"]
    assert len(zone.units)


def test_there_is_a_real_zone_that_ships():
    assert "zgc" in SHIPPED


def test_an_unknown_zone_is_answered_with_those_that_ship():
    with pytest.raises(ZoneError, match="zgc"):
        open_zone("zcg")


def test_a_folder_that_is_no_zone_says_how_to_make_one(tmp_path):
    with pytest.raises(ZoneError, match="zgcgis new"):
        open_zone(tmp_path)


def test_broken_toml_names_file_and_line(folder):
    (folder / "zone.toml").write_text('id = "x"\nzh = 示范\n', encoding="utf-8")
    with pytest.raises(ZoneError, match=r"zone\.toml.*line 2"):
        open_zone(folder)


def test_a_missing_key_is_named(folder):
    (folder / "zone.toml").write_text('id = "x"\nzh = "示范"\n', encoding="utf-8")
    with pytest.raises(ZoneError, match=r"\['en'\]"):
        open_zone(folder)


def test_a_missing_column_is_named_with_its_file(folder):
    (folder / "accounts.csv").write_text("unit,year\na,2011\n", encoding="utf-8")
    with pytest.raises(MissingColumnsError, match=r"accounts\.csv.*\['key', 'value'\]"):
        open_zone(folder)


def test_a_word_in_a_column_of_numbers_is_named_with_its_line(folder):
    (folder / "accounts.csv").write_text(
        "unit,year,key,value\na,2011,tax_wan,5\na,2012,tax_wan,约5\n", encoding="utf-8"
    )
    with pytest.raises(ZgcgisError, match=r"line 3, column value: '约5'"):
        open_zone(folder)


def test_a_table_saved_in_gbk_says_how_to_save_it(folder):
    (folder / "parks.csv").write_text("id,level,zh,en\na,park,甲,A\n", encoding="gb18030")
    with pytest.raises(ZgcgisError, match="CSV UTF-8"):
        open_zone(folder)


def test_an_id_used_twice_is_named(folder):
    (folder / "parks.csv").write_text(
        "id,level,zh,en\na,park,甲,A\na,park,乙,B\n", encoding="utf-8"
    )
    with pytest.raises(ZoneError, match=r"\['a'\]"):
        open_zone(folder)


def test_ids_and_codes_stay_text(folder):
    (folder / "parks.csv").write_text(
        "id,level,zh,en\n007,park,甲,A\n110108000000000001,park,乙,NA\n", encoding="utf-8"
    )
    zone = open_zone(folder)
    assert list(zone.units.index) == ["007", "110108000000000001"]
    assert zone.units.at["110108000000000001", "en"] == "NA"


def layer(crs):
    return gpd.GeoDataFrame({"id": ["1"]}, geometry=[box(116, 39, 116.1, 39.1)], crs=crs)


def test_a_layer_comes_in_the_columns_of_its_level_and_in_one_crs(folder):
    layer("EPSG:4326").to_file(folder / "layers" / "parcel.gpkg")
    parcel = open_zone(folder).layer("parcel")
    assert parcel.crs.to_epsg() == 4490
    assert {"park_id", "land_use", "supply_date"} <= set(parcel)
    assert str(parcel["supply_date"].dtype).startswith("datetime64")


def test_a_layer_without_crs_is_refused(folder):
    layer(None).to_parquet(folder / "layers" / "parcel.parquet")
    with pytest.raises(CrsError, match="--crs"):
        open_zone(folder)


def test_a_layer_of_no_level_is_answered_with_the_levels(folder):
    layer("EPSG:4490").to_file(folder / "layers" / "parcels.gpkg")
    with pytest.raises(UnknownNameError, match=r"'parcels'.*'parcel'"):
        open_zone(folder)


def test_a_broken_layer_is_a_sentence(folder):
    (folder / "layers" / "parcel.gpkg").write_bytes(b"not a database")
    with pytest.raises(ZgcgisError, match=r"parcel\.gpkg"):
        open_zone(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"type": "FeatureCollection"}',
        '{"features": [1]}',
        '{"features": [{"geometry": {"type": "Polygon"}}]}',
        "[" * 100_000,
    ],
)
def test_a_broken_geojson_is_a_sentence(folder, text):
    (folder / "layers" / "parcel.geojson").write_text(text, encoding="utf-8")
    with pytest.raises(ZgcgisError, match=r"parcel\.geojson"):
        open_zone(folder)


def test_a_geojson_that_points_elsewhere_for_its_crs_reads_nothing_there(folder, tmp_path):
    secret = tmp_path / "secret.prj"
    secret.write_text("EPSG:4548", encoding="utf-8")
    crs = f'"crs": {{"type": "link", "properties": {{"href": "{secret.as_uri()}"}}}}'
    text = layer("EPSG:4326").to_json()
    text = text.replace('"FeatureCollection"', f'"FeatureCollection", {crs}', 1)
    (folder / "layers" / "parcel.geojson").write_text(text, encoding="utf-8")
    assert open_zone(folder).layer("parcel").total_bounds[0] == 116


def test_a_geojson_in_metres_is_refused(folder):
    crs = '"crs": {"type": "name", "properties": {"name": "EPSG:4548"}}'
    text = layer("EPSG:4490").to_json(drop_id=True)
    data = {**json.loads(text), **json.loads("{" + crs + "}")}
    (folder / "layers" / "parcel.geojson").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(CrsError, match="EPSG:4548"):
        open_zone(folder)

"""Zone folders: what is there is read, what is wrong is one sentence with file, key, way out."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import pickle

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box

from zgcgis.io import SHIPPED, new_zone, open_zone
from zgcgis.io.layers import store_layer
from zgcgis.io.stored import read_stored_layer
from zgcgis.io.stored.outside import read_outside_layer
from zgcgis.language.errors import (
    CrsError,
    MissingColumnsError,
    ReadError,
    UnknownNameError,
    ZgcgisError,
    ZoneError,
)
from zgcgis.model import COLUMNS, LEVELS


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


_SIGNS = st.text(st.one_of(st.sampled_from('/\\\\:*?"<>|.@ \x00\x1b\n\ud800'), st.characters()))
_VALUES = st.one_of(
    _SIGNS, st.sampled_from(["@zh@", "@en@", "@id@", "../../x", "CON", "__proto__"])
)


@settings(max_examples=150, deadline=None)
@given(id_=_VALUES, zh=_VALUES, en=_VALUES)
def test_what_is_laid_out_opens_as_it_was_named_and_all_else_leaves_nothing(
    tmp_path_factory, id_, zh, en
):
    target = tmp_path_factory.mktemp("new") / "zone"
    try:
        new_zone(target, id=id_, zh=zh, en=en)
    except ZoneError as error:
        refused = error.en
    else:
        zone = open_zone(target)
        assert (zone.id, zone.names) == (id_, {"zh": zh, "en": en})
        return
    assert not target.exists()
    assert "\n" not in refused
    assert " was not laid out: " in refused


@pytest.mark.parametrize("id_", ["../../x", "", " ", " zj", 'a"b', "a\\b", "a\nb", "..", "x" * 101])
def test_an_id_that_would_not_open_is_not_laid_out(tmp_path, id_):
    with pytest.raises(ZoneError, match=r"id is .*, not "):
        new_zone(tmp_path / "zone", id=id_, zh="区", en="Zone")
    assert not (tmp_path / "zone").exists()


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
    with pytest.raises(ZoneError, match="lacks en"):
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


# --- the columns of a level --------------------------------------------------------------


def typed_one_by_one(layer, level):
    """The columns of a level, each made by itself for every row: what reading has to give."""
    layer = layer.copy()
    for column in LEVELS[level].columns:
        kind = COLUMNS[column].type
        if column not in layer:
            layer[column] = pd.NA
        known = layer[column].where(layer[column].notna(), None)
        if kind == "text":
            layer[column] = layer[column].astype("str").where(layer[column].notna(), None)
        elif kind == "date":
            layer[column] = pd.to_datetime(known)
        elif kind == "float":
            layer[column] = pd.to_numeric(known).astype("float64")
        elif kind == "int":
            layer[column] = pd.to_numeric(known).astype("Int64")
        else:
            layer[column] = layer[column].astype("boolean")
    return layer.reset_index(drop=True)


def many(n=40, **columns):
    """Parcels in every kind of column, some full, some in part, some empty, some not there."""
    some = np.arange(n) % 3 == 0
    data = {
        "note": [f"n{i}" for i in range(n)],
        "id": [f"p{i}" for i in range(n)],
        "land_use": np.where(some, None, "1001"),
        "owner": None,
        "park_id": np.nan,
        "since": np.where(some, np.nan, 2010.0),
        "until": 2030,
        "idle_m2": np.where(some, None, 5.5),
        "planned_far": None,
        "supply_date": pd.to_datetime(np.where(some, None, "2020-03-01")),
        "finish_date": pd.Series([pd.NaT] * n),
        "stopped_since": None,
        "government_cause": pd.array(np.where(some, None, True), "boolean"),
        "extension_months": pd.array([pd.NA] * n, "Int64"),
    }
    shapes = [box(116 + i / 1e3, 39, 116.0005 + i / 1e3, 39.001) for i in range(n)]
    shapes[4] = MultiPolygon([shapes[4], box(117, 39, 117.001, 39.001)])
    return gpd.GeoDataFrame(data | columns, geometry=shapes, crs="EPSG:4490")


@pytest.mark.parametrize("level", ["parcel", "building", "enterprise"])
@pytest.mark.parametrize("name", ["parquet", "gpkg", "stored"])
@pytest.mark.parametrize("n", [40, 1])
def test_columns_are_typed_as_one_by_one(tmp_path, level, name, n):
    path = tmp_path / f"{level}.{'gpkg' if name == 'gpkg' else 'parquet'}"
    if name == "stored":
        store_layer(many(n=max(n, 5)).iloc[:n], path, level, [])
    else:
        frame = many(n=max(n, 5)).iloc[:n]
        frame.to_file(path) if name == "gpkg" else frame.to_parquet(path)
    raw = read_outside_layer(path, level) if name == "gpkg" else gpd.read_parquet(path)
    want = typed_one_by_one(raw, level)
    found = read_stored_layer(path, level)
    pd.testing.assert_frame_equal(found, want)
    assert found.crs == want.crs
    assert isinstance(found.index, pd.RangeIndex)


# --- layers that stay in their files -----------------------------------------------------


def stored(frame, path, **how):
    """Write a layer as import does, whose mark says that every shape was looked at."""
    frame.to_parquet(path, write_covering_bbox=True)
    table = pq.read_table(path)
    mark = {b"zgcgis": b'{"level": "parcel", "record": []}'}
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, **mark}), path, **how)


@pytest.fixture
def left(folder, monkeypatch):
    """A zone whose parcels are many enough to stay in their file, in groups of seven rows."""
    monkeypatch.setattr("zgcgis.io.stored.UNREAD_ABOVE", 20)
    path = folder / "layers" / "parcel.parquet"
    stored(many(), path, row_group_size=7)
    return folder


def test_what_lies_under_a_unit_is_read_without_the_rest(left):
    parks = np.where(np.arange(40) % 3, "east", "west")
    stored(many(park_id=parks), left / "layers" / "parcel.parquet", row_group_size=7)
    units = pd.DataFrame({"parent": "", "group": ""}, index=["east", "west"])
    zone, whole = (dataclasses.replace(open_zone(left), units=units) for _ in range(2))
    whole.layer("parcel")
    part, same = zone.within("west"), whole.within("west")
    assert zone.unread("parcel"), "taking a part has read the whole"
    columns = list(same.layer("parcel").columns)
    assert len(same.layer("parcel")) == 14
    pd.testing.assert_frame_equal(part.layer("parcel")[columns], same.layer("parcel"))


def test_a_large_layer_is_read_when_it_is_first_asked_for(left):
    zone = open_zone(left)
    assert zone.unread("parcel")
    assert list(zone.layers) == ["parcel"]
    assert len(zone.layers) == 1
    assert "parcel" in zone.layers
    assert "building" not in zone.layers
    assert zone.layers.get("building") is None
    assert zone.count("parcel") == 40
    assert "not read" in repr(zone.layers)
    assert zone.unread("parcel"), "looking at names and counts has read it"
    parcel = zone.layers["parcel"]
    assert zone.unread("parcel") is None
    assert zone.layers["parcel"] is parcel
    pd.testing.assert_frame_equal(
        parcel, read_stored_layer(left / "layers/parcel.parquet", "parcel")
    )
    assert "bbox" not in parcel


def test_what_import_stores_stays_in_its_file(folder, monkeypatch):
    monkeypatch.setattr("zgcgis.io.layers.row_groups.SORTED_ABOVE", 20)
    monkeypatch.setattr("zgcgis.io.stored.UNREAD_ABOVE", 20)
    store_layer(many(), folder / "layers" / "parcel.parquet", "parcel", [])
    file = open_zone(folder).unread("parcel")
    assert file
    assert file.kinds == {"Polygon", "MultiPolygon"}
    assert file.complete


def test_a_large_layer_that_import_has_not_looked_at_is_read_at_once(left):
    frame = many()
    frame.loc[3, "geometry"] = Polygon([(116, 39), (116.1, 39.1), (116.1, 39), (116, 39.1)])
    frame.to_parquet(left / "layers" / "parcel.parquet", write_covering_bbox=True, row_group_size=7)
    zone = open_zone(left)
    assert zone.unread("parcel") is None
    assert zone.flaws["rule"].to_list() == ["R301"]


def test_a_small_layer_and_one_without_boxes_are_read_at_once(left, folder):
    path = left / "layers" / "parcel.parquet"
    many(n=20).to_parquet(path, write_covering_bbox=True)
    assert open_zone(left).unread("parcel") is None
    many().to_parquet(path)
    assert open_zone(left).unread("parcel") is None
    many().to_crs(4548).to_parquet(path, write_covering_bbox=True)
    zone = open_zone(left)
    assert zone.unread("parcel") is None
    assert zone.layers["parcel"].crs.to_epsg() == 4490
    many().to_file(folder / "layers" / "parcel.gpkg")
    path.unlink()
    assert open_zone(left).unread("parcel") is None


def test_columns_alone_are_those_of_the_layer(left):
    zone = open_zone(left)
    whole = open_zone(left).layers["parcel"].drop(columns="geometry")
    bare = zone.table("parcel")
    assert type(bare) is pd.DataFrame
    pd.testing.assert_frame_equal(bare, pd.DataFrame(whole))
    wanted = ["land_use", "id", "hightech", "nothing", "note", "supply_date"]
    some = zone.table("parcel", wanted)
    assert list(some) == ["land_use", "id", "hightech", "note", "supply_date"]
    pd.testing.assert_frame_equal(some, pd.DataFrame(whole[list(some)]))
    pd.testing.assert_frame_equal(zone.table("parcel", ["owner"]), pd.DataFrame(whole[["owner"]]))
    assert zone.table("parcel", ["hightech"]).shape == (40, 1)
    assert zone.unread("parcel")
    read = open_zone(left)
    assert len(read.layers["parcel"]) == 40
    pd.testing.assert_frame_equal(read.table("parcel", wanted), some)
    with pytest.raises(UnknownNameError, match="building"):
        zone.table("building")


def test_shapes_of_some_rows_are_read_in_the_order_asked(left):
    stored = open_zone(left).unread("parcel")
    whole = open_zone(left).layers["parcel"].geometry
    rows = np.array([30, 4, 39, 0, 4, 21])
    found = stored.shapes(rows)
    assert found.crs == whole.crs
    assert found.to_list() == whole.iloc[rows].to_list()
    assert stored.shapes().to_list() == whole.to_list()
    assert len(stored.shapes(np.zeros(0, int))) == 0
    np.testing.assert_array_equal(stored.boxes(), whole.bounds.to_numpy())
    assert stored.bounds == tuple(whole.total_bounds)


def test_a_missing_shape_is_known(left):
    assert open_zone(left).unread("parcel").complete
    frame = many()
    frame.loc[17, "geometry"] = None
    path = left / "layers" / "parcel.parquet"
    stored(frame, path, row_group_size=7)
    file = open_zone(left).unread("parcel")
    assert not file.complete
    assert file.bounds == tuple(frame.total_bounds)


@pytest.mark.parametrize("ask", ["read", "table", "shapes", "boxes"])
def test_a_file_that_changed_after_opening_is_not_mixed_with_it(left, ask):
    zone = open_zone(left)
    path = left / "layers" / "parcel.parquet"
    many(n=41).to_parquet(path, write_covering_bbox=True)
    os.utime(path, ns=(1, 1))
    with pytest.raises(ReadError, match=r"parcel\.parquet.*Open the zone again"):
        getattr(zone.unread("parcel"), ask)()
    path.unlink()
    with pytest.raises(ReadError, match="taken away"):
        zone.layers["parcel"]


def test_what_metadata_tell_is_said_at_opening(left):
    path = left / "layers" / "parcel.parquet"
    frame = many()
    stored(frame.drop(columns="id"), path)
    with pytest.raises(MissingColumnsError, match=r"parcel\.parquet.*'id'"):
        open_zone(left)
    frame.set_crs(None, allow_override=True).to_parquet(path, write_covering_bbox=True)
    with pytest.raises(CrsError, match="--crs"):
        open_zone(left)
    frame.to_parquet(path, write_covering_bbox=True)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ReadError, match=r"parcel\.parquet cannot be read"):
        open_zone(left)


@pytest.mark.parametrize("ask", ["table", "shapes", "boxes", "read"])
def test_damage_inside_a_file_is_a_sentence_when_it_is_met(left, ask):
    path = left / "layers" / "parcel.parquet"
    stored(many(), path, compression="zstd")
    footer = int.from_bytes(path.read_bytes()[-8:-4], "little") + 8
    data = bytearray(path.read_bytes())
    data[4:-footer] = bytes(len(data) - footer - 4)
    path.write_bytes(data)
    zone = open_zone(left)
    assert zone.unread("parcel")
    with pytest.raises(ReadError, match=r"parcel\.parquet cannot be read"):
        getattr(zone.unread("parcel"), ask)()


def test_a_zone_with_a_layer_in_a_file_is_copied_and_sent(left):
    zone = open_zone(left)
    whole = open_zone(left).layers["parcel"]
    for other in (pickle.loads(pickle.dumps(zone)), copy.deepcopy(zone), copy.copy(zone)):
        pd.testing.assert_frame_equal(other.layers["parcel"], whole)
    again = pickle.loads(pickle.dumps(zone))
    assert again.unread("parcel") is None, "a layer that is read is sent with the zone"
    pd.testing.assert_frame_equal(again.layers["parcel"], whole)


def test_a_zone_of_a_year_or_a_part_reads_what_it_needs(left):
    path = left / "layers" / "parcel.parquet"
    until = pd.array(np.where(np.arange(40) < 10, 2015, 2030), "Int64")
    many(until=until, since=2000, park_id=["a", "b"] * 20).to_parquet(
        path, write_covering_bbox=True
    )
    (left / "parks.csv").write_text("id,level,zh,en\na,park,甲,A\nb,park,乙,B\n", encoding="utf-8")
    assert len(open_zone(left).at(2020).layer("parcel")) == 30
    assert len(open_zone(left).within("a").layer("parcel")) == 20


def test_a_file_in_one_huge_group_is_read_at_once(left, monkeypatch):
    monkeypatch.setattr("zgcgis.io.stored._GROUP_ROWS", 6)
    assert open_zone(left).unread("parcel") is None


def test_a_parquet_without_geography_is_a_sentence(left):
    pq.write_table(pa.table({"id": ["a"] * 40}), left / "layers" / "parcel.parquet")
    with pytest.raises(ReadError, match=r"parcel\.parquet cannot be read"):
        open_zone(left)

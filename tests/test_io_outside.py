"""What comes from outside beside imports: it is read by the guarded child, or refused by a sentence."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import bombs
import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hostile_files import with_files
from pyproj import CRS, Transformer

from zgcgis.intake.crs import NamesFile, lonlat_of, parse_crs, unknown_shift
from zgcgis.intake.examine import examine
from zgcgis.intake.layer import Options
from zgcgis.io import import_file, new_zone, open_zone
from zgcgis.io.stored import read_stored_layer
from zgcgis.io.stored.outside import delivered, left_out, read_outside_layer, read_outside_tables
from zgcgis.io.writing import write_text_whole
from zgcgis.language.errors import CrsError, ReadError, ZgcgisError, ZoneError
from zgcgis.standards import read_evaluation

posix = pytest.mark.skipif(os.name != "posix", reason="links and pipes")
SECRET = "secret-of-another-file"


@contextmanager
def quickly(seconds=120):
    """Fail what waits for a pipe, or for a view that never ends."""

    def late(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def plots(n=3):
    """Plots in Beijing, 100 m apart."""
    shapes = [shapely.box(116.3 + k / 1000, 39.96, 116.3008 + k / 1000, 39.9605) for k in range(n)]
    return gpd.GeoDataFrame({"id": [f"p{k}" for k in range(n)]}, geometry=shapes, crs="EPSG:4490")


@pytest.fixture
def secret(tmp_path):
    """A layer that nobody named, in every format that a reference could ask for."""
    file = tmp_path / "elsewhere" / "secret.geojson"
    file.parent.mkdir()
    plots(1).assign(id=[SECRET]).to_file(file, driver="GeoJSON")
    return file


@pytest.fixture
def zone(tmp_path):
    folder = new_zone(tmp_path / "zone", id="z", zh="区", en="Z")
    plots().to_file(folder / "layers" / "parcel.geojson", driver="GeoJSON")
    return folder


# --- files that name another ---------------------------------------------------------------------


def naming(secret):
    """Contents that name another file, by the driver of GDAL that would open it."""
    return {
        "VRT": f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{secret}'
        "</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        "GDALG": json.dumps(
            {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {secret}"}
        ),
        "link": json.dumps(
            {
                "type": "FeatureCollection",
                "crs": {
                    "type": "link",
                    "properties": {"href": f"file://{secret}", "type": "ogcwkt"},
                },
                "features": json.loads(plots().to_json())["features"],
            }
        ),
        "path": str(secret),
        "GeoJSON": secret.read_text(encoding="utf-8"),
    }


@pytest.mark.parametrize("suffix", [".gpkg", ".GPKG", ".parquet", ".geojson", ".json", ".shp"])
@pytest.mark.parametrize("way", ["VRT", "GDALG", "link", "path", "GeoJSON"])
def test_what_names_another_file_is_refused_whatever_it_is_called(tmp_path, secret, way, suffix):
    path = tmp_path / f"proposal{suffix}"
    path.write_text(naming(secret)[way], encoding="utf-8")
    if way == "GeoJSON" and suffix in {".geojson", ".json"}:
        assert list(read_stored_layer(path, "proposal")["id"]) == [SECRET]  # it is that layer
        return
    if way == "link" and suffix == ".geojson":
        assert list(read_stored_layer(path, "proposal")["id"]) == ["p0", "p1", "p2"]  # its own
        return
    with pytest.raises(ZgcgisError) as caught:
        read_stored_layer(path, "proposal")
    assert SECRET not in str(caught.value)


@posix
def test_a_view_that_never_ends_is_not_read(tmp_path, zone):
    endless = (
        "CREATE VIEW findings AS WITH RECURSIVE n(rule) AS "
        "(SELECT 'Q401' UNION ALL SELECT rule || '' FROM n) SELECT * FROM n"
    )
    for name in ("old.gpkg", "parcel.gpkg"):
        path = tmp_path / name
        plots().to_file(path, layer="parcel")
        with closing(sqlite3.connect(path)) as base:
            base.execute(endless)
            base.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
                "VALUES ('findings', 'features', 'findings', 4490)"
            )
            base.commit()
    with quickly():
        assert len(read_stored_layer(tmp_path / "parcel.gpkg", "parcel")) == 3
        for table in read_outside_tables(tmp_path / "old.gpkg").values():
            assert "rule" not in table


@pytest.mark.parametrize("suffix", [".gpkg", ".json", ".fgb", ".shp", ".parquet", ".geojson"])
@pytest.mark.parametrize("code", [4490, 4326, 4548])
def test_a_layer_from_outside_is_read_as_it_stands(tmp_path, suffix, code):
    path, layer = tmp_path / f"proposal{suffix}", plots()
    if suffix in {".json", ".geojson"}:
        code = 4326
    layer = layer.to_crs(code)
    if suffix == ".parquet":
        layer.to_parquet(path)
    else:
        drivers = {".json": "GeoJSON", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}
        layer.to_file(path, driver=drivers.get(suffix), engine="pyogrio")
    found = read_stored_layer(path, "proposal").sort_values("id")
    assert found.crs.to_epsg() == 4490
    assert list(found["id"]) == ["p0", "p1", "p2"]
    off = shapely.get_coordinates(found.geometry.normalize())
    assert np.abs(off - shapely.get_coordinates(plots().geometry.normalize())).max() < 1e-8


def test_of_several_layers_the_one_meant_is_asked_for(tmp_path):
    path = tmp_path / "wish.gpkg"
    plots(2).to_file(path, layer="a")
    plots(3).to_file(path, layer="b")
    with pytest.raises(ReadError, match="R411"):
        read_outside_layer(path, "proposal")
    plots(1).to_file(path, layer="proposal")
    assert len(read_outside_layer(path, "proposal")) == 1


# --- reference systems ---------------------------------------------------------------------------


@pytest.fixture
def pipe(tmp_path):
    file = tmp_path / "grid.gsb"
    if hasattr(os, "mkfifo"):
        os.mkfifo(file)
    return file


@posix
@pytest.mark.parametrize("way", sorted(with_files("/no")))
def test_no_reference_system_has_a_file_opened(tmp_path, pipe, way):
    """Whoever opened the pipe would wait for ever."""
    text = with_files(pipe)[way]
    plain = way in {"init", "path", "address"}
    with quickly(), pytest.raises(ValueError if plain else NamesFile, match=r"."):
        parse_crs(text)
    with quickly():
        (report,) = examine(shapefile(tmp_path, text), level="parcel")
        assert report.outcome == "refuse-file"
        assert {"R119", "R102"} & set(report.layers[0].findings["rule"])
        with pytest.raises(ReadError, match=r"R119|R102|坐标系"):
            read_stored_layer(tmp_path / "a.shp", "proposal")
        if way in {"WKT 2", "PROJJSON", "PROJJSON, escaped"}:
            stated = json.loads(text) if text.startswith("{") else text
            with pytest.raises(ReadError):
                read_stored_layer(geoparquet(tmp_path, stated), "parcel")


def shapefile(folder, prj):
    """Plots in degrees whose .prj is the text given."""
    plots().to_file(folder / "a.shp", engine="pyogrio")
    (folder / "a.prj").write_text(prj, encoding="utf-8")
    return folder / "a.shp"


def geoparquet(folder, stated, *, pandas=None):
    """GeoParquet that states a reference system, whatever it is."""
    path = folder / "parcel.parquet"
    table = pa.table({"id": ["a"], "geometry": [shapely.to_wkb(plots(1).geometry.iloc[0])]})
    entry = {"encoding": "WKB", "geometry_types": ["Polygon"], "crs": stated}
    meta = {"geo": json.dumps({"primary_column": "geometry", "columns": {"geometry": entry}})}
    if pandas is not None:
        meta["pandas"] = json.dumps(pandas)
    pq.write_table(table.replace_schema_metadata(meta), path)
    return path


def test_what_pandas_noted_in_a_file_is_not_obeyed(tmp_path, pipe):
    column = {"name": "id", "field_name": "id", "pandas_type": "datetimetz", "metadata": None}
    column["numpy_type"] = f"datetime64[ns, dateutil/{pipe}]"
    notes = {"columns": [column], "index_columns": ["nowhere"], "column_indexes": [5]}
    with quickly():
        found = read_stored_layer(geoparquet(tmp_path, "EPSG:4490", pandas=notes), "parcel")
    assert list(found["id"]) == ["a"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("+proj=longlat +ellps=krass", "R111"),
        ("+proj=longlat +ellps=bessel", "R120"),
        ("EPSG:4301", "R120"),
        ("EPSG:4490", None),
        ("EPSG:3857", None),
        ("EPSG:4979", None),
        ("+proj=longlat +ellps=krass +towgs84=15.8,-154.4,-82.3", None),
        (CRS.from_epsg(3857).to_wkt("WKT1_GDAL"), None),
    ],
)
def test_a_shift_that_nobody_knows_is_said(text, rule):
    found = unknown_shift(parse_crs(text))
    assert (None if found is None else found[0]) == rule


def test_a_shift_that_is_stated_is_made(tmp_path):
    shifted = parse_crs("+proj=longlat +ellps=krass +towgs84=15.8,-154.4,-82.3")
    x, y = Transformer.from_crs(shifted, "EPSG:4326", always_xy=True).transform(116.3, 39.96)
    assert abs(x - 116.3) + abs(y - 39.96) > 1e-4
    assert lonlat_of(shifted) == "EPSG:4326"
    path = shapefile(tmp_path, "")
    path.with_suffix(".prj").unlink()
    (report,) = examine(path, options=Options(crs=shifted.to_wkt()), level="parcel")
    west, south, *_ = report.layers[0].frame.total_bounds
    assert abs(west - x) + abs(south - y) < 1e-7


# --- what stands in a zone's folder --------------------------------------------------------------


READ = ["zone.toml", "plan.toml", "evaluation.toml", "parks.csv", "accounts.csv", "quotas.csv",
        "controls.csv", "waivers.toml", "ledger.json", "ledger.csv", ".zgcgis.lock",
        "layers/park.gpkg", "layers/park.geojson", "layers/park.parquet", "layers"]  # fmt: skip


@posix
@pytest.mark.parametrize("plant", ["link", "dangling", "pipe", "folder"])
@pytest.mark.parametrize("name", READ)
def test_no_link_pipe_or_folder_in_a_zone_is_followed(tmp_path, zone, secret, name, plant):
    place = zone / name
    if plant == "folder" and name == "layers":
        return
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    outside = tmp_path / "outside.txt"
    outside.write_text(SECRET, encoding="utf-8")
    if plant == "pipe":
        os.mkfifo(place)
    elif plant == "folder":
        place.mkdir()
    else:
        target = outside if plant == "link" and name != "layers" else tmp_path / "not-there"
        place.symlink_to(secret.parent if plant == "link" and name == "layers" else target)
    new = tmp_path / "new.geojson"
    plots().to_file(new, driver="GeoJSON")
    for action in (lambda: open_zone(zone), lambda: import_file(new, zone, "parcel")):
        with quickly(), pytest.raises(ZoneError) as caught:
            action()
        assert Path(name).name in str(caught.value)
        assert SECRET not in str(caught.value)
    assert outside.read_text(encoding="utf-8") == SECRET
    assert not (tmp_path / "not-there").exists()


@posix
@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".parquet", ".shp"])
@pytest.mark.parametrize("plant", ["link", "pipe", "device"])
def test_no_link_pipe_or_device_named_as_a_layer_is_followed(tmp_path, secret, plant, suffix):
    place = tmp_path / f"proposal{suffix}"
    if plant == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(secret if plant == "link" else "/dev/zero")
    with quickly(), pytest.raises(ReadError) as caught:
        read_stored_layer(place, "proposal")
    assert place.name in str(caught.value)


@posix
def test_the_folder_itself_may_stand_behind_a_link(tmp_path, zone):
    (tmp_path / "alias").symlink_to(zone)
    assert len(open_zone(tmp_path / "alias").layer("parcel")) == 3


@posix
def test_what_is_written_replaces_a_link_and_not_what_it_leads_to(tmp_path):
    (tmp_path / "startup").write_text("mine", encoding="utf-8")
    (tmp_path / "out.txt").symlink_to(tmp_path / "startup")
    write_text_whole(tmp_path / "out.txt", "new")
    assert (tmp_path / "startup").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "new"
    assert not (tmp_path / "out.txt").is_symlink()


@pytest.mark.parametrize("name", ["../own.toml", "/etc/own.toml", "a/../../own.toml"])
def test_a_scheme_outside_the_zone_is_not_opened(tmp_path, name):
    (tmp_path / "own.toml").write_text(SECRET, encoding="utf-8")
    (tmp_path / "zone").mkdir()
    with pytest.raises(ZgcgisError, match="outside the zone") as caught:
        read_evaluation({"standard": name}, folder=tmp_path / "zone")
    assert SECRET not in str(caught.value)


# --- what is said of it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stated", ["garbage", "EPSG:999999", 5, ["x"], True, {"a": 1}, {"type": "GeographicCRS"},
               {"id": {"authority": "EPSG", "code": "x"}}, "\x1b[31m" + "x" * 9000],
)  # fmt: skip
def test_a_system_that_is_none_is_shown_with_what_may_stand_there(tmp_path, stated):
    path = geoparquet(tmp_path, stated)
    with pytest.raises(CrsError) as told:
        read_stored_layer(path, "proposal")
    for sentence in (told.value.zh, told.value.en):
        assert str(path) in sentence
        assert "PROJJSON" in sentence
        assert "EPSG" in sentence
        assert "\x1b" not in sentence
        assert len(sentence) < 600
    shown = stated[:30] if isinstance(stated, str) else json.dumps(stated)
    assert "\x1b" in shown or shown in told.value.en


@pytest.mark.parametrize("geo", [None, b"{", b"[]", b"5", b'{"columns":{"geometry":5}}', b"\xff"])
def test_parquet_that_is_no_geoparquet_is_a_sentence(tmp_path, geo):
    path = geoparquet(tmp_path, None)
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({} if geo is None else {b"geo": geo}), path)
    with pytest.raises(ReadError, match="no GeoParquet"):
        read_stored_layer(path, "proposal")


@posix
def test_a_folder_may_be_called_anything(tmp_path):
    folder = new_zone(tmp_path / "a{b}|c <d>%20?#", id="z", zh="区", en="Z")
    plots().to_file(folder / "layers" / "parcel.gpkg", layer="parcel")
    assert len(open_zone(folder).layer("parcel")) == 3
    shutil.copy(folder / "layers" / "parcel.gpkg", folder / "in.gpkg")
    assert import_file(folder / "in.gpkg", folder, "building").counts["in"] == 3


@posix
def test_what_is_left_out_of_a_folder_is_named_with_the_reason(tmp_path):
    folder = tmp_path / "in"
    (folder / "below").mkdir(parents=True)
    plots().to_file(folder / "below" / "a.shp")
    plots().to_file(folder / "b.geojson", driver="GeoJSON")
    wanted = {"below/link.shp": "a link", "way": "a link", "c.docx": "no format", ".hidden": "hidden",
              "lost.dbf": "without the .shp", "below/pipe": "a pipe"}  # fmt: skip
    (folder / "below" / "link.shp").symlink_to("a.shp")
    (folder / "way").symlink_to("/etc")
    os.mkfifo(folder / "below" / "pipe")
    for name in ("c.docx", ".hidden", "lost.dbf"):
        (folder / name).write_bytes(b"")
    told = {str(Path(file).relative_to(folder)): why.en for file, why in left_out(folder)}
    assert set(told) == set(wanted)
    assert all(words in told[name] for name, words in wanted.items())
    assert {Path(file).name for file in delivered(folder)} == {"a.shp", "b.geojson"}


@pytest.mark.parametrize("what", ["one_row_2000000_times", "one_long_text_in_every_row",
                                  "one_outline_140000_times", "long_text_in_parquet"])  # fmt: skip
def test_a_little_parquet_that_says_one_thing_very_often_is_refused_unread(tmp_path, what):
    made = bombs.BOMBS[what][1](tmp_path)
    with pytest.raises(ReadError, match="R444") as told:
        read_stored_layer(made, "parcel")
    assert str(made) in told.value.en


def test_honest_parquet_of_very_many_rows_is_read(tmp_path):
    i = np.arange(60_000)
    x, y = 116 + 1e-4 * (i % 245), 39.5 + 1e-4 * (i // 245)
    ids = i.astype(str)
    grid = gpd.GeoDataFrame({"id": ids}, geometry=shapely.box(x, y, x + 1e-4, y + 1e-4), crs=4490)
    grid.to_parquet(tmp_path / "grid.parquet", compression="zstd", compression_level=19)
    assert len(read_stored_layer(tmp_path / "grid.parquet", "parcel")) == len(i)
    nowhere = gpd.GeoDataFrame({"id": ids, "zh": "企业"}, geometry=[None] * len(i), crs=4490)
    nowhere.to_parquet(tmp_path / "firms.parquet", compression="zstd", compression_level=19)
    assert len(read_stored_layer(tmp_path / "firms.parquet", "enterprise")) == len(i)

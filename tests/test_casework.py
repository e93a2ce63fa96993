"""What lies under a red line: against an overlay of its own, closed to the cent, nothing blank."""

from __future__ import annotations

import json
import shutil
import subprocess
import warnings
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from shapely import box

from tests.conftest import FULL, chromium, office
from zgcgis import geo
from zgcgis.assessment.casework import RedLine, read_red_line, under
from zgcgis.assessment.casework.themes import THEMES
from zgcgis.cli import cli
from zgcgis.io import new_zone, open_zone, write_layer
from zgcgis.language.errors import ReadError, UnknownNameError
from zgcgis.model import Zone, there_in
from zgcgis.plan.land_use import great_classes
from zgcgis.report.documents import under_paper, write_under
from zgcgis.report.documents.paper import paper_html
from zgcgis.sample import write_sample

MANY = 200 if FULL else 24


@pytest.fixture(scope="module")
def zone() -> Zone:
    return open_zone("sample")


def red_line(*shapes, crs="EPSG:4490", stated=None) -> RedLine:
    plots = gpd.GeoDataFrame(
        {"plot": [f"p{k}" for k in range(len(shapes))], "name": "",
         "stated_area_m2": np.nan if stated is None else stated},
        geometry=list(shapes), crs=crs,
    )  # fmt: skip
    return RedLine("red.txt", plots.to_crs("EPSG:4490"))


def random_plots(zone, count, seed):
    """Stars, with a hole in some, thrown over the land of a zone; in its plane."""
    rng = np.random.default_rng(seed)
    land = geo.to_plane(zone.layer("parcel").geometry, zone.center)
    middles = land.centroid.iloc[rng.integers(0, len(land), count)]
    made = []
    for point in middles:
        n = int(rng.integers(3, 12))
        angle = np.sort(rng.uniform(0, 2 * np.pi, n))
        reach = rng.uniform(5, 400) * rng.uniform(0.4, 1, n)
        x = point.x + rng.uniform(-200, 200) + reach * np.cos(angle)
        y = point.y + rng.uniform(-200, 200) + reach * np.sin(angle)
        star = shapely.make_valid(shapely.Polygon(np.column_stack([x, y])))
        star = shapely.union_all([p for p in shapely.get_parts(star) if p.geom_type == "Polygon"])
        if rng.random() < 0.3:
            star = star.difference(shapely.Point(star.representative_point()).buffer(8))
        made.append(star if star.area > 1 else point.buffer(20))
    return gpd.GeoSeries(made, crs=land.crs)


def by_hand(plot, layer, item):
    """Areas of one plot by item, what is left and what is doubled: plain shapely, pair by pair."""
    sums, pieces = {}, []
    for shape, name in zip(layer.geometry, item, strict=True):
        piece = plot.intersection(shape)
        if piece.area > 0:
            sums[name] = sums.get(name, 0.0) + piece.area
            pieces.append(piece)
    covered = shapely.union_all(pieces).area if pieces else 0.0
    return sums, plot.area - covered, sum(sums.values()) - covered


def test_every_total_equals_an_overlay_of_its_own(zone):
    """Random red lines over the sample: each line of each theme to 0.01 m²."""
    thrown = random_plots(zone, MANY, 7)
    asked = red_line(*thrown, crs=thrown.crs)
    plots = asked.plots.geometry.to_crs(thrown.crs)  # as read: there and back moves by a millimetre
    found = under(zone, asked)
    wanted = {"land_use": ("parcel", "land_use"), "owner": ("parcel", "owner"),
              "urban_boundary": ("urban_boundary", "id"), "park": ("park", "id"),
              "prohibited": ("prohibited", "id"), "detailed_plan": ("detailed_plan", "id"),
              "protection": ("protection", "id")}  # fmt: skip
    compared = 0
    for theme, (level, column) in wanted.items():
        layer = zone.layer(level)
        layer = layer[there_in(layer, 2023) & layer.geometry.notna()]
        flat = layer.to_crs(plots.crs)
        item = layer[column].fillna("").astype(str)
        for k, plot in enumerate(plots):
            near = flat.intersects(plot)
            sums, left, doubled = by_hand(plot, flat[near], item[near])
            mine = found.lines[(found.lines["theme"] == theme) & (found.lines["plot"] == f"p{k}")]
            said = mine[mine["features"] > 0].set_index("item")["measured_m2"]
            for name, m2 in sums.items():
                if m2 > 1e-5:
                    assert said[name] == pytest.approx(m2, abs=0.01), (theme, k, name)
                    compared += 1
            rest = mine[(mine["features"] == 0) & (mine["measured_m2"] > 0)]["measured_m2"].sum()
            assert rest == pytest.approx(left, abs=0.01), (theme, k)
            twice = mine[mine["measured_m2"] < 0]["measured_m2"].sum()
            assert -twice == pytest.approx(doubled, abs=0.011), (theme, k)
    assert compared > 10 * MANY


@pytest.mark.parametrize("method", ["ellipsoid", "trapezoid", "plane"])
def test_the_parts_of_every_theme_sum_to_the_whole(zone, method):
    plots = random_plots(zone, 6, 11)
    measured = geo.area_m2(
        plots, method="gauss_kruger" if method == "plane" else method, center=zone.center
    )
    stated = measured.round(2).to_numpy() + np.array([0.03, -0.02, 0, 0.01, np.nan, 5e6])
    found = under(zone, red_line(*plots, crs=plots.crs, stated=stated), method=method)
    assert list(found.plots["basis"]) == ["stated"] * 4 + ["measured", "differs"]
    assert found.plots["whole_m2"].iloc[:4].tolist() == pytest.approx(stated[:4].tolist(), abs=1e-9)
    assert [one for one in found.remarks if "地块 p5 " in one.zh and "相差超过" in one.zh]
    sums = found.lines.groupby(["plot", "theme"])["adjusted_m2"].sum().unstack()
    assert set(sums) == {theme.key for theme in THEMES}
    for plot, whole in zip(found.plots["plot"], found.plots["whole_m2"], strict=True):
        assert np.abs(sums.loc[plot] - whole).max() < 1e-6
    shown = found.lines["measured_m2"] + found.lines["adjustment_m2"]
    assert np.abs(shown - found.lines["adjusted_m2"]).max() < 1e-6
    total = found.total().groupby("theme")["adjusted_m2"].sum()
    assert np.abs(total - found.plots["whole_m2"].sum()).max() < 1e-6


@given(st.lists(st.floats(0.001, 1e7), min_size=1, max_size=40), st.floats(-0.5, 0.5))
def test_an_adjustment_closes_to_the_cent_and_moves_none_by_more_than_its_share(parts, off):
    areas = np.array(parts)
    total = round(areas.sum() + off, 2)
    if total <= 0:
        return
    closed = geo.apportion(areas, total)
    assert round(closed.sum() * 100) == round(total * 100)
    assert np.abs(closed - areas * total / areas.sum()).max() < 0.01 + 1e-6


def test_what_is_not_known_is_a_line_with_its_reason(zone):
    """A zone without most layers: each theme has its line and its reason, none is left out."""
    bare = Zone(**{**vars(zone), "layers": {"parcel": zone.layer("parcel").drop(columns=["owner"])},
                   "quotas": zone.quotas.iloc[:0]})  # fmt: skip
    parcel = zone.layer("parcel").geometry.iloc[3]
    found = under(bare, red_line(parcel))
    assert set(found.lines["theme"]) == {theme.key for theme in THEMES}
    told = set(found.unknown["theme"])
    assert {"owner", "master_plan", "detailed_plan", "urban_boundary", "prohibited", "protection",
            "park", "block", "district", "building", "enterprise", "quota", "net"} <= told  # fmt: skip
    assert (found.unknown["zh"].str.len() > 5).all()
    owner = found.lines[(found.lines["theme"] == "owner") & (found.lines["features"] > 0)]
    assert owner["zh"].tolist() == ["（未填写）"]
    assert not owner["known"].any()
    assert "没有图层" in paper_html(under_paper(found, "zh"))


def test_land_on_which_features_overlap_is_told_and_taken_off(zone):
    one = zone.layer("parcel").iloc[[3]]
    twice = gpd.GeoDataFrame(
        pd.concat([one, one.assign(id="again")], ignore_index=True), crs=one.crs
    )
    found = under(
        Zone(**{**vars(zone), "layers": {"parcel": twice}}), red_line(one.geometry.iloc[0])
    )
    mine = found.lines[found.lines["theme"] == "land_use"]
    whole = float(found.plots["whole_m2"].iloc[0])
    assert mine["adjusted_m2"].tolist() == pytest.approx([2 * whole, -whole], abs=0.02)
    assert "重叠" in mine["zh"].iloc[1]


def test_the_net_area_is_the_gross_less_what_is_deducted(zone):
    patch = gpd.GeoDataFrame(
        {"id": ["a", "b"], "land_use": ["0103", "0101"], "land_use_system": "third_survey",
         "deducted_share": [0.12, 0.0]},
        geometry=[box(116.9, 39.2, 116.901, 39.201), box(116.901, 39.2, 116.902, 39.201)], crs="EPSG:4490",
    )  # fmt: skip
    found = under(
        Zone(**{**vars(zone), "layers": {"land_patch": patch}}),
        red_line(box(116.9, 39.2, 116.902, 39.201)),
    )
    mine = found.lines[found.lines["theme"] == "land_use"].set_index("item")
    assert mine.loc["0103", "net_m2"] == pytest.approx(0.88 * mine.loc["0103", "measured_m2"])
    assert mine.loc["0101", "net_m2"] == pytest.approx(mine.loc["0101", "measured_m2"])
    assert "net" not in set(found.unknown["theme"])
    great = found.lines[(found.lines["theme"] == "great_class") & (found.lines["features"] > 0)]
    assert great["item"].tolist() == ["farm"]


def test_the_three_great_classes_by_code():
    codes = pd.Series(
        ["0101", "0402", "0404", "1006", "1107A", "1101", "1201", "1203", "0601", "11", "zz"]
    )
    assert great_classes(codes, "third_survey").tolist() == [
        "farm", "farm", "unused", "farm", "farm", "unused", "built", "farm", "built", "", ""]  # fmt: skip
    assert great_classes(pd.Series(["0503", "0504", "1704", "1701", "2303"]), "yonghai_2023").tolist() == [
        "farm", "unused", "farm", "unused", "farm"]  # fmt: skip


# --- red lines as they are handed over ------------------------------------------------------------

KML = """<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>
<Placemark><name>one</name><Polygon><outerBoundaryIs><LinearRing><coordinates>
116.9,39.2 116.901,39.2 116.901,39.201 116.9,39.201 116.9,39.2</coordinates></LinearRing>
</outerBoundaryIs></Polygon></Placemark></Document></kml>"""


@pytest.mark.parametrize("suffix", ["txt", "dxf", "xlsx", "shp", "zip", "gpkg", "geojson", "kml"])
def test_a_red_line_of_every_form_is_read(zone, tmp_path, suffix):
    some = zone.layer("parcel").iloc[[3, 4]][["id", "name", "geometry"]]
    file = tmp_path / f"red.{suffix}"
    if suffix == "kml":
        file.write_text(KML, encoding="utf-8")
        asked = read_red_line(file)
        assert asked.plots["name"].tolist() == ["one"]
        return
    if suffix == "xlsx":
        from zgcgis.io.layers.drawings import write_corner_table

        write_corner_table(some, file, crs=None)
    else:
        write_layer(some, tmp_path / ("red.shp.zip" if suffix == "zip" else file.name))
    file = tmp_path / "red.shp.zip" if suffix == "zip" else file
    asked = read_red_line(file, crs="EPSG:4527" if suffix in {"dxf", "xlsx"} else None)
    size = geo.area_m2(asked.plots.geometry, center=zone.center)
    assert size.tolist() == pytest.approx(
        geo.area_m2(some.geometry, center=zone.center).tolist(), rel=2e-5
    )
    if suffix == "txt":
        assert asked.plots["stated_area_m2"].tolist() == [8099, 4924]


def test_what_is_no_red_line_is_a_sentence(zone, tmp_path):
    file = tmp_path / "points.geojson"
    gpd.GeoDataFrame({"id": ["a"]}, geometry=gpd.points_from_xy([116.9], [39.2]), crs=4326).to_file(
        file
    )
    with pytest.raises(ReadError, match="没有可用的"):
        read_red_line(file)
    with pytest.raises(UnknownNameError, match="degrees"):
        under(zone, red_line(box(116.9, 39.2, 116.901, 39.201)), method="degrees")


# --- documents ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(zone, tmp_path_factory):
    folder = tmp_path_factory.mktemp("under")
    some = zone.layer("parcel").iloc[[3, 4, 200]]
    write_layer(some[["id", "name", "land_use", "geometry"]], folder / "red.txt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = CliRunner().invoke(
            cli, ["under", "sample", str(folder / "red.txt"), "-o", str(folder / "out")]
        )
    assert answer.exit_code == 0, answer.output
    return folder / "out", answer.output


def test_the_command_says_and_leaves_all_of_it(written):
    out, said = written
    assert "16,289.00 m²" in said
    assert "不知道的：" in said
    data = json.loads((out / "under.json").read_text(encoding="utf-8"))
    assert data["schema"] == "zgcgis.under/1"
    assert len(data["plots"]) == 3
    assert data["not_known"]
    book = load_workbook(out / "under.xlsx", read_only=True)
    assert book.sheetnames[:4] == ["合计", "分地块", "地块", "不知道的"]
    ground = gpd.read_file(out / "under.gpkg", layer="under")
    assert set(ground["theme"]) >= {"red_line", "land_use", "owner"}
    land = ground[ground["theme"] == "land_use"]["measured_m2"].sum()
    assert land == pytest.approx(
        ground[ground["theme"] == "red_line"]["measured_m2"].sum(), abs=0.01
    )
    page = (out / "under.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 1
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


@pytest.mark.browser
@pytest.mark.skipif(chromium() is None, reason="no Chromium")
def test_the_pdf_and_the_word_document_hold_tables_and_the_map(written):
    from docx import Document
    from pypdf import PdfReader

    out, _ = written
    text = "".join(page.extract_text() for page in PdfReader(out / "under.pdf").pages)
    assert "16,288.93" in text
    book = Document(out / "under.docx")
    assert len(book.tables) > 12
    assert len(book.inline_shapes) == 1
    assert "SEQ 表" in zipfile.ZipFile(out / "under.docx").read("word/document.xml").decode()
    assert "宋体" in zipfile.ZipFile(out / "under.docx").read("word/styles.xml").decode()


@pytest.mark.office
@pytest.mark.skipif(office() is None, reason="no LibreOffice")
def test_libreoffice_opens_the_word_document(written, tmp_path):
    if not list(Path("/usr/lib/libreoffice/program").glob("libswlo.so")):
        pytest.skip("no Writer")
    copy = shutil.copy(written[0] / "under.docx", tmp_path / "a.docx")
    words = ["--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "pdf",
             "--outdir", str(tmp_path), str(copy)]  # fmt: skip
    done = subprocess.run([office(), *words], capture_output=True, timeout=180, check=False)
    assert (tmp_path / "a.pdf").stat().st_size > 20_000, done.stderr


def test_the_same_analysis_gives_the_same_bytes(zone, tmp_path, monkeypatch):
    monkeypatch.setenv("ZGCGIS_BROWSER", "/nowhere")
    asked = red_line(*zone.layer("parcel").geometry.iloc[[3, 4]])
    for name in ("a", "b"):
        write_under(under(zone, asked), tmp_path / name, lang="en")
    for file in ("under.json", "under.xlsx", "under.docx", "under.html"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_a_template_of_your_own_gives_its_styles_and_its_page(zone, tmp_path, monkeypatch):
    from docx import Document
    from docx.shared import Cm

    monkeypatch.setenv("ZGCGIS_BROWSER", "/nowhere")
    mine = Document()
    mine.sections[0].page_width = Cm(29.7)
    mine.sections[0].header.paragraphs[0].text = "某某管委会"
    mine.save(tmp_path / "mine.docx")
    asked = red_line(zone.layer("parcel").geometry.iloc[3])
    write_under(under(zone, asked), tmp_path / "out", template=tmp_path / "mine.docx")
    made = Document(tmp_path / "out/under.docx")
    assert made.sections[0].header.paragraphs[0].text == "某某管委会"
    assert abs(made.sections[0].page_width - Cm(29.7)) < 1000
    (tmp_path / "no.docx").write_text("no", encoding="utf-8")
    with pytest.raises(ReadError, match="模板"):
        write_under(under(zone, asked), tmp_path / "out2", template=tmp_path / "no.docx")


def test_names_that_are_hostile_stay_text(zone, tmp_path, monkeypatch):
    monkeypatch.setenv("ZGCGIS_BROWSER", "/nowhere")
    bad = "<script>alert(1)</script>{{7*7}}=1+1\x00"
    parcel = zone.layer("parcel").iloc[[3]].assign(owner=bad, name=bad)
    asked = RedLine(bad, red_line(parcel.geometry.iloc[0]).plots.assign(plot=bad, name=bad))
    found = under(Zone(**{**vars(zone), "layers": {"parcel": parcel}}), asked)
    write_under(found, tmp_path / "out")
    page = (tmp_path / "out/under.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "49=1" not in page


# --- over a delivery ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    """A zone that holds nothing but the parcels a survey handed in, in its own columns."""
    top = tmp_path_factory.mktemp("delivered")
    survey = write_sample(top / "sample", parcels=300) / "raw/示例测绘院交付/宗地.shp"
    mine = new_zone(top / "mine", id="mine", zh="我的园区", en="Mine")
    words = ["import", str(survey), "--zone", str(mine), "--level", "parcel"]
    answer = CliRunner().invoke(cli, words)
    assert answer.exit_code == 1, answer.output  # what is wrong with it is said, the rest is stored
    return open_zone(mine), survey


def test_every_total_over_a_delivery_equals_an_overlay_of_its_own(delivered):
    zone, _ = delivered
    thrown = random_plots(zone, MANY, 23)
    asked = red_line(*thrown, crs=thrown.crs)
    plots = asked.plots.geometry.to_crs(thrown.crs)
    found = under(zone, asked)
    flat = zone.layer("parcel")
    flat = flat[flat.geometry.notna()].to_crs(plots.crs)
    compared = 0
    for column in ("land_use", "owner"):
        item = flat[column].fillna("").astype(str)
        for k, plot in enumerate(plots):
            near = flat.intersects(plot)
            sums, left, _ = by_hand(plot, flat[near], item[near])
            mine = found.lines[(found.lines["theme"] == column) & (found.lines["plot"] == f"p{k}")]
            said = mine[mine["features"] > 0].set_index("item")["measured_m2"]
            for name, m2 in sums.items():
                if m2 > 1e-5:
                    assert said[name] == pytest.approx(m2, abs=0.01), (column, k, name)
                    compared += 1
            rest = mine[(mine["features"] == 0) & (mine["measured_m2"] > 0)]["measured_m2"].sum()
            assert rest == pytest.approx(left, abs=0.01), (column, k)
    assert compared > 2 * MANY
    missing = set(found.unknown["theme"])
    assert {"urban_boundary", "prohibited", "protection", "park"} <= missing


def test_a_red_line_in_the_columns_of_the_delivery_is_read_and_answered(delivered, tmp_path):
    """Some parcels as the survey wrote them, cut out as a red line: each lies on itself alone."""
    zone, survey = delivered
    rows = gpd.read_file(survey, encoding="gb18030")
    rows = (
        rows[rows.geometry.notna() & rows.geometry.is_valid]
        .drop_duplicates(rows.columns[0])
        .iloc[:8]
    )
    rows.to_file(tmp_path / "红线.gpkg")
    asked = read_red_line(tmp_path / "红线.gpkg")
    assert len(asked.plots) == len(rows)
    found = under(zone, asked)
    stored = zone.layer("parcel").set_index("id")
    for plot, shape in zip(asked.plots["plot"], asked.plots.geometry, strict=True):
        assert plot in stored.index
        mine = found.parcels[found.parcels["plot"] == plot].set_index("id")
        own = float(
            geo.area_m2(gpd.GeoSeries([shape], crs=4490), center=geo.center_of(asked.plots)).iloc[0]
        )
        assert mine.loc[plot, "area_here_m2"] == pytest.approx(own, rel=1e-4)

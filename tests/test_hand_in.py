"""What is handed in: points, neighbours and areas against other ways, every document opened."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import warnings
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from docx import Document
from openpyxl import load_workbook
from pypdf import PdfReader
from shapely import box
from test_writers import run

from tests.conftest import chromium, office
from zgcgis import geo
from zgcgis.assessment.casework import query, read_red_line
from zgcgis.assessment.casework.boundary import Belt, belt_of, boundary_points, neighbours
from zgcgis.io import open_zone
from zgcgis.language.errors import ReadError, UnknownNameError
from zgcgis.model import there_in
from zgcgis.report.documents import KINDS, select, write_pack
from zgcgis.report.documents.fonts import find_font
from zgcgis.report.documents.land_report import area_summary, by_class
from zgcgis.report.outputs import write_workbook

WHERE = "park_id = 'riverbend' and 面积 > 8000 or id = 'W022-08'"


@pytest.fixture(scope="module")
def zone():
    return open_zone("sample")


def plots(*shapes, crs=4527):
    names = [f"p{k}" for k in range(len(shapes))]
    return gpd.GeoDataFrame({"id": names}, geometry=list(shapes), crs=crs).to_crs(4490)


# --- boundary points ------------------------------------------------------------------------------


def test_points_by_hand_from_the_north_west_clockwise_holes_against():
    """A square of 100 m with a hole of 20 m: 8 points, sides 100 and 20, two rings closed."""
    ground = box(39_500_000, 4_400_000, 39_500_100, 4_400_100).difference(
        box(39_500_040, 4_400_040, 39_500_060, 4_400_060)
    )
    points = boundary_points(plots(ground), Belt(39))
    outer, hole = (points[points["ring"] == k] for k in (1, 2))
    assert outer["point"].tolist() == ["J1", "J2", "J3", "J4", "J1"]
    assert outer["x_m"].tolist() == [4_400_100, 4_400_100, 4_400_000, 4_400_000, 4_400_100]
    assert outer["y_m"].tolist() == [39_500_000, 39_500_100, 39_500_100, 39_500_000, 39_500_000]
    assert outer["side_m"].tolist()[:4] == [100, 100, 100, 100]
    assert np.isnan(outer["side_m"].iloc[4])
    assert hole["point"].tolist() == ["J5", "J6", "J7", "J8", "J5"]
    assert hole["x_m"].tolist() == [4_400_060, 4_400_040, 4_400_040, 4_400_060, 4_400_060]


def test_points_rebuild_the_parcels_they_are_of(zone):
    parcels = zone.layer("parcel")
    parcels = parcels[there_in(parcels, 2023)].reset_index(drop=True)
    belt = belt_of(parcels)
    assert belt.crs.to_epsg() == 4527
    points = boundary_points(parcels, belt)
    flat = parcels.geometry.to_crs(4527)
    for name, rows in points.groupby("plot"):
        shape = flat[parcels["id"] == name].iloc[0]
        first = rows[rows["ring"] == 1]
        outer = shapely.Polygon(first[["y_m", "x_m"]].to_numpy())
        assert (
            outer.symmetric_difference(shapely.Polygon(shapely.get_parts(shape)[0].exterior)).area
            < 0.5
        )
        assert not outer.exterior.is_ccw
        assert first["side_m"].sum() == pytest.approx(outer.length, abs=0.01 * len(first))
    assert len(points) == sum(shapely.get_num_coordinates(flat.to_numpy()))


def test_plots_out_of_every_belt_are_a_sentence():
    with pytest.raises(ReadError, match="三度带"):
        belt_of(gpd.GeoDataFrame({"id": ["a"]}, geometry=[box(2, 48, 2.1, 48.1)], crs=4490))


# --- neighbours -----------------------------------------------------------------------------------


def test_neighbours_of_a_street_grid_by_hand():
    """Three by three parcels of 50 m, touching in rows, a street of 15 m between rows."""
    cells = [box(k * 50, r * 65, k * 50 + 50, r * 65 + 50) for r in range(3) for k in range(3)]
    land = gpd.GeoSeries(cells, crs=4548).translate(500_000, 4_400_000)
    faced = geo.facing(land, land, own=np.arange(9), center=(117, 39.7))
    middle = faced[faced["plot"] == 4].set_index("side")
    assert middle["other"].to_dict() == {"E": 5, "N": 7, "S": 1, "W": 3}
    assert middle.loc[["E", "W"], "gap_m"].tolist() == [0, 0]
    assert middle.loc[["N", "S"], "gap_m"].tolist() == pytest.approx([15, 15], abs=0.02)
    assert middle["length_m"].tolist() == pytest.approx([50] * 4, abs=0.01)
    corner = faced[faced["plot"] == 0].set_index("side")["other"].to_dict()
    assert corner == {"E": 1, "N": 3, "S": -1, "W": -1}


def test_every_side_is_counted_once_and_seen_from_both(zone):
    """Lengths of the sides sum to the outline; who touches is touched back, on the other side."""
    land = zone.layer("parcel")
    land = land[there_in(land, 2023)].reset_index(drop=True)
    faced = geo.facing(land.geometry, land.geometry, own=np.arange(len(land)), center=zone.center)
    parts = land.geometry.map(lambda one: sum(p.exterior.length for p in shapely.get_parts(one)))
    assert parts.notna().all()
    plane = geo.to_plane(land.geometry, zone.center)
    outline = plane.map(lambda one: sum(p.exterior.length for p in shapely.get_parts(one)))
    seen = faced.groupby("plot")["length_m"].sum()
    assert (seen <= outline + 1e-6).all()  # what a plot faces of itself is not counted
    assert (seen > 0.8 * outline).all()
    beside = faced[(faced["other"] >= 0) & (faced["gap_m"] == 0) & (faced["length_m"] > 5)]
    pairs = set(zip(beside["plot"], beside["other"], strict=True))
    missing = [(a, b) for a, b in pairs if (b, a) not in pairs]
    assert len(missing) < 0.02 * len(pairs), missing
    for a, b in list(pairs)[:50]:
        assert plane.iloc[a].distance(plane.iloc[b]) < 0.05


def test_what_lies_across_and_what_nobody_knows_is_said(zone):
    some = zone.layer("parcel").iloc[:40].reset_index(drop=True)
    found = neighbours(zone, some, 2023)
    assert set(found["plot"]) == set(some["id"])
    across = found[found["gap_m"] > 0.5]
    assert len(across)
    assert across["zh"].str.match(r"隔 \d+ m 为宗地").all()
    assert found[found["other"] == ""]["zh"].str.startswith("60 m 内没有").all()
    assert not (found["plot"] == found["other"]).any()


def test_roads_of_the_context_adjoin(zone):
    from dataclasses import replace

    parcel = zone.layer("parcel").iloc[[0]].reset_index(drop=True)
    west, south, east, _ = parcel.total_bounds
    road = shapely.LineString([(west - 0.001, south - 0.0002), (east + 0.001, south - 0.0002)])
    lines = gpd.GeoDataFrame({"id": ["r"], "zh": ["滨河路"], "en": ["Bank Road"], "kind": ["road_trunk"]},
                             geometry=[road], crs=4490)  # fmt: skip
    here = replace(zone, layers={**{k: zone.layers[k] for k in zone.layers}, "context": lines})
    found = neighbours(here, parcel, 2023)
    assert "滨河路" in set(found[found["side"] == "S"]["zh"])


# --- areas ----------------------------------------------------------------------------------------


def test_the_area_summary_equals_pandas_on_clipped_areas(zone):
    found = query(zone, by=["park", "land_use_system", "land_use"])
    (table,) = area_summary(found, "zh").values()
    parcels = zone.layer("parcel")
    parcels = parcels[there_in(parcels, 2023)]
    plane = geo.plane(zone.center)
    flat, parks = parcels.to_crs(plane), zone.layer("park").to_crs(plane)
    units = table.set_index("单元")
    for _, park in parks.iterrows():
        cut = shapely.area(shapely.intersection(flat.geometry.to_numpy(), park.geometry))
        wanted = pd.Series(cut).groupby(flat["land_use"].to_numpy()).sum()
        row = units.loc[zone.name(park["id"])]
        for code, m2 in wanted.items():
            (name,) = [c for c in table.columns if c.startswith(f"{code} ") and not c.endswith("*")]
            assert row[name] == pytest.approx(m2, abs=0.02), (park["id"], code)
    last = units.loc["合计"]
    assert last["合计"] == pytest.approx(
        float(shapely.area(flat.geometry.to_numpy()).sum()), abs=0.02
    )
    firsts = [c for c in table.columns[2:] if len(c.split(" ")[0]) == 2 or "（" in c]
    assert units[firsts].sum(axis=1).to_numpy() == pytest.approx(
        units["合计"].to_numpy(), abs=0.005
    )
    own = by_class(zone, found.selected, "zh")
    assert own["area_m2"].iloc[-1] == pytest.approx(own["area_m2"].iloc[:-1].sum(), abs=1e-6)
    assert own["area_m2"].iloc[-1] == pytest.approx(last["合计"], abs=0.02)


# --- the pack -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pack") / "out"
    code, out, err = run("pack", "sample", "--where", WHERE, "-o", folder)
    assert code == 0, err
    return folder, out.decode()


def test_a_pack_has_its_documents_and_lists_them(pack, zone):
    folder, said = pack
    data = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
    assert {path.name for path in folder.iterdir()} == {*data["files"], "pack.json"}
    wanted = query(zone, where=WHERE).selected
    assert data["plots"] == len(wanted)
    stems = {name.partition(".")[0] for name in data["files"]}
    assert stems == set(KINDS) - {"slides"}
    assert "maps.pdf  图册" in said
    assert "公顷" in said


def test_a_page_a_parcel_with_its_font_and_its_facts(pack, zone):
    pdf = PdfReader(pack[0] / "maps.pdf")
    parcels = query(zone, where=WHERE).selected
    assert len(pdf.pages) == len(parcels)
    for page, name in zip(pdf.pages, parcels["id"], strict=True):
        text = page.extract_text().replace("\x00", "")  # as pypdf reads two-byte letters
        assert name in text
        assert "椭球面积" in text
        assert "第 39 带" in text
        assert [round(float(one)) for one in page.mediabox[2:]] == [595, 842]
    fonts = pdf.pages[0]["/Resources"]["/Font"]
    made = [
        font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        for font in fonts.values()
    ]
    assert all({"/FontFile2", "/FontFile3"} & set(one) for one in made)
    assert [one.title for one in pdf.outline] == list(parcels["id"])


def test_the_same_pack_gives_the_same_bytes(pack, tmp_path):
    again = tmp_path / "again"
    os.environ["ZGCGIS_BROWSER"] = "/nowhere"
    try:
        assert (
            run(
                "pack",
                "sample",
                "--where",
                WHERE,
                "--kind",
                "图册，界址点成果表",
                "--kind",
                "areas",
                "-o",
                again,
            )[0]
            == 0
        )
    finally:
        del os.environ["ZGCGIS_BROWSER"]
    for name in ("maps.pdf", "points.xlsx", "points.docx", "areas.xlsx"):
        assert (again / name).read_bytes() == (pack[0] / name).read_bytes(), name


def test_workbooks_hold_every_point_and_fonts_are_named_for_word(pack, zone):
    folder = pack[0]
    parcels = query(zone, where=WHERE).selected
    book = load_workbook(folder / "points.xlsx")
    assert book.sheetnames == ["界址点成果表", "宗地面积", "说明"]
    sheet = book["界址点成果表"]
    assert sheet.max_row - 1 == sum(shapely.get_num_coordinates(parcels.geometry.to_numpy()))
    assert sheet["D2"].number_format == "0.000"
    assert load_workbook(folder / "sides.xlsx")["四至"].max_row - 1 == len(parcels)
    for name in ("report", "points", "sides", "findings"):
        with zipfile.ZipFile(folder / f"{name}.docx") as archive:
            styles = archive.read("word/styles.xml").decode("utf-8")
            body = archive.read("word/document.xml").decode("utf-8")
        assert 'w:eastAsia="宋体"' in styles
        assert 'w:eastAsia="黑体"' in styles
        assert "SEQ 表" in body
    tables = Document(str(folder / "points.docx")).tables
    assert len(tables) == 1 + len(parcels)


@pytest.mark.office
@pytest.mark.skipif(not office(), reason="no LibreOffice on this machine")
def test_libreoffice_opens_every_document(pack, tmp_path):
    for suffix in ("docx", "xlsx"):
        papers = sorted(pack[0].glob(f"*.{suffix}"))
        done = subprocess.run(
            ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to",
             "pdf", "--outdir", str(tmp_path / suffix), *map(str, papers)],
            capture_output=True, text=True, timeout=300, check=True,
        )  # fmt: skip
        said = [line for line in done.stderr.splitlines() if "javaldx" not in line]
        assert [line for line in said if "rror" in line or "orrupt" in line] == []
        for paper in papers:
            made = PdfReader(tmp_path / suffix / f"{paper.stem}.pdf")
            text = made.pages[0].extract_text()
            assert ("示例" if suffix == "docx" else "1 /") in text, paper


def test_a_template_of_ones_own_is_kept(tmp_path, zone):
    letter = Document()
    letter.sections[0].header.paragraphs[0].text = "某某局用笺"
    letter.save(str(tmp_path / "letter.docx"))
    chosen = select(zone, where="id = 'H001-01'")
    write_pack(chosen, tmp_path / "out", ["points"], template=tmp_path / "letter.docx")
    made = Document(str(tmp_path / "out/points.docx"))
    assert made.sections[0].header.paragraphs[0].text == "某某局用笺"


def test_plots_of_a_red_line_have_points_sides_and_maps(tmp_path, zone):
    file = tmp_path / "red.txt"
    assert run("export", "sample", "detailed_plan", "-o", file)[0] == 0
    out = tmp_path / "out"
    code, _, err = run("pack", "sample", "--red-line", file, "-o", out)
    assert code == 0, err
    count = len(read_red_line(file).plots)
    assert len(PdfReader(out / "maps.pdf").pages) == count
    assert not (out / "areas.xlsx").exists()
    code, _, err = run(
        "pack", "sample", "--red-line", file, "--kind", "areas", "-o", tmp_path / "no"
    )
    assert (code, b"points" in err) == (3, True)


@pytest.mark.skipif(not chromium(), reason="no Chromium on this machine")
def test_slides_of_saved_views(tmp_path, zone):
    from pptx import Presentation

    steps = [{"title": ["园区", "Parks"], "note": ["", ""], "view": "t=parks"}]
    from zgcgis.maps import draw_zone

    views = draw_zone(zone).content["steps"][:2]
    assert steps
    (tmp_path / "steps.json").write_text(json.dumps(views, ensure_ascii=False), encoding="utf-8")
    chosen = select(zone, where="id = 'H001-01'")
    write_pack(chosen, tmp_path / "out", ["幻灯片"], steps=tmp_path / "steps.json")
    assert len(Presentation(str(tmp_path / "out/slides.pptx")).slides) == 2


def test_what_cannot_be_made_is_a_sentence(tmp_path, zone, monkeypatch):
    with pytest.raises(ReadError, match="没有可以成图列表的面"):
        select(zone, where="面积 > 1e12")
    with pytest.raises(ReadError, match="没有可以成图列表的面"):
        select(zone, "enterprise")
    with pytest.raises(UnknownNameError, match="maps"):
        write_pack(select(zone), tmp_path / "a", ["map"])
    code, _, err = run("pack", "sample")
    assert (code, b"-o" in err) == (2, True)
    monkeypatch.setenv("ZGCGIS_FONT", str(tmp_path / "none.ttf"))
    find_font.cache_clear()
    with pytest.raises(ReadError, match="ZGCGIS_FONT"):
        find_font()
    monkeypatch.delenv("ZGCGIS_FONT")
    find_font.cache_clear()
    monkeypatch.setattr("zgcgis.report.documents.fonts._folders", lambda: iter([tmp_path]))
    code, _, err = run("pack", "sample", "--where", "id = 'H001-01'", "--kind", "maps", "-o", tmp_path / "b", lang="en")  # fmt: skip
    assert (code, b"No font with Chinese letters" in err) == (3, True)
    assert not (tmp_path / "b").exists() or not list((tmp_path / "b").iterdir())
    find_font.cache_clear()


def test_any_level_and_hostile_names_make_pages(tmp_path, zone):
    for level in ("building", "park", "protection"):
        chosen = select(zone, level)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            write_pack(chosen, tmp_path / level, ["maps"])
        assert len(PdfReader(tmp_path / level / "maps.pdf").pages) == len(chosen.plots)
    assert shutil.rmtree(tmp_path / "park") is None


def test_a_wide_table_prints_over_several_pages_in_a_size_that_is_read(tmp_path):
    """Twenty columns of long heads: the first on each page, no head cut off."""
    wide = pd.DataFrame({f"{k:02d} 公共管理与公共服务用地": [1.5 * k] for k in range(20)})
    write_workbook(tmp_path / "w.xlsx", [("宽", wide), ("窄", wide.iloc[:, :3])])
    book = load_workbook(tmp_path / "w.xlsx")
    broad, slim = book["宽"], book["窄"]
    assert broad.page_setup.fitToWidth == 3  # 20 columns of 14 letters, 130 a page
    assert broad.print_title_cols == "$A:$A"
    assert broad.row_dimensions[1].height >= 30
    assert slim.page_setup.fitToWidth in {None, 1}


def test_no_number_of_a_document_is_broken_and_heads_are_bold(tmp_path):
    """Nine columns, two of long names: the names are set on lines, the numbers are not."""
    from zgcgis.report.documents.word import _EDGES_CM, _LETTER_CM, _WIDE_CM, _shares

    heads = ["主题", "对象", "图形数", "量算面积（m²）", "平差（m²）", "平差后（m²）", "面积（公顷）",
             "面积（亩）", "占比（%）"]  # fmt: skip
    row = ["永久基本农田、生态保护红线等禁建线", "dp_W026 1001 工业用地；没有控制指标", "1", "19,393.83",
           "0.00", "19,393.83", "1.9394", "29.09", "100.00"]  # fmt: skip
    shares = _shares([heads, row])
    assert sum(shares) == pytest.approx(1)
    for share, text in zip(shares[2:], row[2:], strict=True):
        assert share * _WIDE_CM >= _LETTER_CM * len(text) + _EDGES_CM - 1e-9
    assert min(shares[:2]) * _WIDE_CM > 2
    assert sum(_shares([["x"], ["y"]])) == 1
    assert sum(_shares([["头" * 40] * 30, ["字" * 90] * 30])) == pytest.approx(1)


def test_what_is_met_under_a_red_line_is_headed_in_words(zone):
    from zgcgis.language.terms import heading
    from zgcgis.report.outputs import shown

    named = ["parcel_id", "land_use", "registered_area_m2", "storeys", "height_m", "built_year",
             "floor_area_m2", "staff_persons", "tax_wan", "income_wan", "quota_m2", "used_m2",
             "left_m2"]  # fmt: skip
    assert not [one for one in named if heading(one).isascii() or heading(one, "en") == one]
    assert heading("tax_wan") == "税收总额（万元）"
    assert shown(-0.001) == "0.00"


def test_a_place_is_told_to_a_tenth_of_a_metre(tmp_path):
    from zgcgis.report.documents.paper import in_words

    table = pd.DataFrame({"longitude": [116.3912757], "latitude": [39.9061234], "area_m2": [2.5]})
    assert in_words(table, "zh")[1] == [["116.391276", "39.906123", "2.50"]]
    book = load_workbook(write_workbook(tmp_path / "t.xlsx", [("t", table)]))
    assert [cell.number_format for cell in book["t"][2]] == ["0.000000", "0.000000", "#,##0.00_ "]

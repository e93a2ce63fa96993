"""The public edition: nothing that is hidden stands in any byte of what a command leaves or says."""

from __future__ import annotations

import base64
import gzip
import html
import io
import re
import shutil
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook
from pypdf import PdfReader
from test_writers import run

from tests.conftest import chromium
from zgcgis.assessment.disclosure import public_edition
from zgcgis.cli import COMMANDS, cli
from zgcgis.io import open_zone, stored
from zgcgis.io.layers import store_layer
from zgcgis.io.stored import read_stored_layer
from zgcgis.language.errors import ZoneError
from zgcgis.model import LEVELS
from zgcgis.plan.fields import FORMS

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "data/sample"
SECRETS = re.compile(rb"LEAK|13987654321|7654321\.?25")
PUBLIC = """
[public]
columns = ["parcel.name", "税收", "land_price_wan"]
levels = ["proposal", "master_plan"]
"""
COMMANDS_WITH = sorted(
    name for name in COMMANDS
    if any("--public" in p.opts for p in cli.get_command(None, name).params)
)  # fmt: skip


def planted(folder: Path, *, suffix: str) -> Path:
    """The sample with words that cannot be mistaken wherever something is hidden."""
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("raw", "layers"))
    shutil.copytree(SAMPLE / "layers", folder / "layers")
    for level in ("parcel", "enterprise", "building", "master_plan"):
        file = folder / f"layers/{level}.geojson"
        frame = read_stored_layer(file, level)
        file.unlink()
        number = [str(k) for k in range(len(frame))]
        if level == "parcel":
            frame["owner"] = [f"OWNERLEAK{n}有限公司" for n in number]
            frame["name"] = [f"NAMELEAK{n}" for n in number]
            frame["land_price_wan"] = 7654321.25
        if level == "enterprise":
            frame["tax_wan"] = 7654321.25
            frame["法定代表人"] = [f"PERSONLEAK{n}" for n in number]
        if level == "master_plan":
            frame["zh"] = [f"LEVELLEAK{n}" for n in number]
        frame["合同编号"] = [f"CONTRACTLEAK-{n}" for n in number]
        frame["联系电话"] = "13987654321"
        store_layer(frame, folder / f"layers/{level}{suffix}", level, [])
    with (folder / "zone.toml").open("a", encoding="utf-8") as file:
        file.write(PUBLIC)
    return folder


@pytest.fixture(scope="module", params=["read", "files"])
def zone(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "read":
            patch.setattr(stored, "UNREAD_ABOVE", 20)
            patch.setattr(stored, "_LEAST_BYTES", 1)
        yield planted(tmp_path_factory.mktemp("zone") / request.param, suffix=".parquet")


def words(name: str, zone: Path, out: Path) -> list[object]:
    """A command with all that it can write; a new one that takes --public is entered here."""
    red_line = SAMPLE / "layers/protection.geojson"
    return {
        "map": ["map", zone, "-o", out / "map.html",
                *(["--slides", out / "map.pptx", "--print", out / "map.pdf"] if chromium() and zone.name == "read" else [])],
        "report": ["report", zone, "-o", out],
        "assess": ["assess", zone, "--json", "-o", out],
        "under": ["under", zone, red_line, "-o", out],
        "pack": ["pack", zone, "--where", "面积 > 15000 or id = 'W022-08'", "-o", out],
        "query": ["query", zone, "--by", "park,owner", "-o", out],
        "consolidate": ["consolidate", zone, "-o", out],
        "access": ["access", zone, "-o", out],
    }[name]  # fmt: skip


def parts(name: str, raw: bytes) -> list[tuple[str, bytes]]:
    """What a file holds, and what is packed in it, however deep."""
    found = [(name, raw)]
    if raw[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for inner in archive.namelist():
                found += parts(f"{name}/{inner}", archive.read(inner))
        return found
    if raw[:4] == b"%PDF":
        for k, one in enumerate(re.findall(rb"stream\r?\n(.*?)endstream", raw, re.S)):
            try:
                found.append((f"{name} stream {k}", zlib.decompressobj().decompress(one)))
            except zlib.error:
                found.append((f"{name} stream {k}", one))
        told = subprocess.run(["pdftotext", "-", "-"], input=raw, capture_output=True, check=True)
        found.append((f"{name} text", told.stdout))
        return found
    if name.endswith((".html", ".json", ".xml", ".svg", "rels", "printed")):
        text = raw.decode("utf-8")
        plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), html.unescape(text))
        found.append((f"{name} unescaped", plain.encode("utf-8", "surrogatepass")))
        for k, one in enumerate(re.findall(r"[A-Za-z0-9+/]{40,}={0,2}", text)):
            packed = base64.b64decode(one[: len(one) // 4 * 4])
            found.append((f"{name} base64 {k}", packed))
            if packed[:2] == b"\x1f\x8b":
                found.append((f"{name} packed {k}", gzip.decompress(packed)))
    return found


def everything(out: Path, *said: bytes) -> list[tuple[str, bytes]]:
    found = [part for k, one in enumerate(said) for part in parts(f"{k} printed", one)]
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        found += parts(path.name, path.read_bytes())
    return found


def leaks(found: list[tuple[str, bytes]]) -> set[tuple[str, bytes]]:
    return {(name, one) for name, raw in found for one in SECRETS.findall(raw)}


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext")
@pytest.mark.parametrize("name", COMMANDS_WITH)
def test_nothing_hidden_stands_in_any_byte(zone, tmp_path, name):
    code, out, err = run(*words(name, zone, tmp_path), "--public")
    assert code in {0, 1}, err
    found = everything(tmp_path, out, err)
    assert leaks(found) == set()
    held = b"".join(raw for _, raw in found)
    assert "公开版".encode() in held
    assert "合同编号、电话".encode() in held  # that something was left out is said, not what


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext")
@pytest.mark.parametrize("name", sorted({"map", "pack", "report", "under", "query"}))
def test_the_search_finds_what_an_edition_that_is_not_public_holds(zone, tmp_path, name):
    if zone.name != "read":
        pytest.skip("the search is the same")
    code, out, err = run(*words(name, zone, tmp_path))
    assert code in {0, 1}, err
    found = leaks(everything(tmp_path, out, err))
    files = {place.partition("/")[0].partition(" ")[0] for place, _ in found}
    kinds = {file.rpartition(".")[2] for file in files}
    wanted = {"map": {"html"}, "pack": {"docx", "xlsx", "html", "pdf"}, "report": {"html"}, "query": {"gpkg", "xlsx", "json", "csv", "html"},
              "under": {"xlsx", "docx", "html", "json"}}  # fmt: skip
    assert kinds >= wanted[name]


def test_every_kind_of_output_says_what_was_left_out(zone, tmp_path):
    for name in ("report", "under", "query", "pack"):
        (tmp_path / name).mkdir()
        assert run(*words(name, zone, tmp_path / name), "--public")[0] in {0, 1}
    sheet = load_workbook(tmp_path / "report/assessment.xlsx").worksheets[0]
    cells = [str(cell.value) for row in sheet.iter_rows() for cell in row]
    assert any(text.startswith("公开版，未列：整个图层 土地利用总体规划") for text in cells)
    page = (tmp_path / "report/index.html").read_text(encoding="utf-8")
    assert page.index("公开版，未列") < page.index("<h2")
    paper = [p.text for p in Document(str(tmp_path / "under/under.docx")).paragraphs]
    assert any(text.startswith("公开版，未列") for text in paper[:8])
    assert "公开版，未列" in (tmp_path / "query/query.html").read_text(encoding="utf-8")
    atlas = (tmp_path / "report/atlas.html").read_text(encoding="utf-8")
    assert "公开版，部分内容未列。" in atlas
    told = subprocess.run(
        ["pdftotext", "-l", "1", str(tmp_path / "pack/maps.pdf"), "-"],
        capture_output=True,
        check=True,
    )
    assert "公开版，未列".encode() in told.stdout
    for stem in ("report", "points", "sides", "findings"):
        paper = [p.text for p in Document(str(tmp_path / f"pack/{stem}.docx")).paragraphs]
        assert any(text.startswith("公开版，未列") for text in paper[:8]), stem
    for stem in ("areas", "points", "sides", "findings"):
        last = load_workbook(tmp_path / f"pack/{stem}.xlsx").worksheets[-1]
        assert any(str(c.value).startswith("公开版，未列") for row in last.iter_rows() for c in row)
    if chromium():
        pdf = PdfReader(tmp_path / "under/under.pdf")
        assert "公开版" in pdf.pages[0].extract_text()


def test_what_is_hidden_is_as_if_it_had_never_been_filled_in(zone):
    whole = open_zone(zone)
    shown = public_edition(whole)
    assert public_edition(shown) is shown
    assert set(whole.layers) - set(shown.layers) == {"master_plan", "proposal"} & set(whole.layers)
    for level in shown.layers:
        layer, before = shown.layer(level), whole.layer(level)
        assert len(layer) == len(before)
        assert set(layer.columns) - {"geometry"} <= set(LEVELS[level].columns)
        assert layer.geometry.equals(before.geometry)
        for name in layer.columns.drop("geometry"):
            hidden = name in {"owner", "land_price_wan", "tax_wan"} or (level, name) == ("parcel", "name")  # fmt: skip
            assert layer[name].isna().all() if hidden else layer[name].equals(before[name]), name
            assert layer[name].dtype == before[name].dtype
        assert list(shown.table(level)) == [c for c in layer.columns if c != "geometry"]


def test_a_layer_in_its_file_shows_no_more_than_one_that_is_read(zone):
    shown, read = public_edition(open_zone(zone)), public_edition(open_zone(zone))
    for level in read.layers:
        layer = read.layer(level)
        table = shown.table(level)
        assert set(table) == set(layer.columns) - {"geometry"}
        for name in table:
            assert table[name].isna().equals(layer[name].isna()), (level, name)
        file = shown.unread(level)
        if file is not None:
            assert "owner" not in file.filled
            assert file.count == len(layer)


@pytest.mark.parametrize(
    ("stated", "said"),
    [('columns = ["onwer"]', "是不是 owner"), ('columns = ["id"]', "图形靠它区分"),
     ('columns = ["enterprise.year"]', "图形靠它区分"), ('columns = ["宗地.owner"]', "没有这样的列"),
     ('levels = ["parcels"]', "parcel"), ('level = ["parcel"]', "levels"), ("columns = 3", "文字的列表")],
    ids=range(7),
)  # fmt: skip
def test_a_word_that_would_hide_nothing_is_refused(tmp_path, stated, said):
    folder = tmp_path / "zone"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("raw"))
    with (folder / "zone.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[public]\n{stated}\n")
    with pytest.raises(ZoneError, match=r"zone\.toml") as told:
        public_edition(open_zone(folder))
    assert said in str(told.value)


def test_the_levels_that_can_be_left_out_are_those_there_are():
    columns = {level for level, about in LEVELS.items() if about.columns}
    assert set(FORMS["zone.toml/public"]["levels"].values) == columns

"""Laws of what is written: nothing over what is read, nothing outside, nothing that is obeyed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import sys
import unicodedata
import warnings
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest
from openpyxl import load_workbook

from zgcgis.cli import COMMANDS, cli, main
from zgcgis.cli.console import Command, Output
from zgcgis.io import open_zone
from zgcgis.io.layers import store_layer
from zgcgis.io.stored import read_stored_layer
from zgcgis.io.stored.outside import read_outside_tables
from zgcgis.language.safe_text import visible

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import browser_page, until, violations

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "data/sample"
FULL = os.environ.get("ZGCGIS_FULL") == "1"


def run(*words, lang=None):
    """Run the program as a user does and return its exit code and the bytes it printed."""
    kept = sys.argv, sys.stdout, sys.stderr, warnings.showwarning
    said = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n") for _ in range(2)]
    sys.argv = ["zgcgis", *map(str, words), *(["--lang", lang] if lang else [])]
    sys.stdout, sys.stderr = said
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            main()
        code = 0
    except SystemExit as stop:
        code = stop.code or 0
    finally:
        sys.argv, sys.stdout, sys.stderr, warnings.showwarning = kept
    for stream in said:
        stream.flush()
    return code, said[0].buffer.getvalue(), said[1].buffer.getvalue()


def snapshot(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# --- where results may go ------------------------------------------------------------------------

WRITING = [
    (name, param)
    for name in COMMANDS
    for param in cli.get_command(None, name).params
    if isinstance(param.type, Output)
]
USES = """[allocation]
kind = "uses"
only_planned = false
[[demand]]
use = "industrial_land"
code = "1001"
value_wan_per_ha = 3000
most_ha = 2
"""
# What each command wants beside its output; a new command that writes is entered here.
WORDS = {
    "export": lambda zone: ["export", zone, "parcel"],
    "check": lambda zone: ["check", zone],
    "fix": lambda zone: ["fix", zone],
    "query": lambda zone: ["query", zone],
    "pack": lambda zone: ["pack", zone, "--kind", "points"],
    "under": lambda zone: ["under", zone, SAMPLE / "layers/protection.geojson"],
    "consolidate": lambda zone: ["consolidate", zone],
    "access": lambda zone: ["access", zone],
    "diff": lambda zone: ["diff", 2021, 2023, "--zone", zone],
    "allocate": lambda zone: ["allocate", zone, zone / "wish.toml"],
    "scenario": lambda zone: ["scenario", zone, zone / "change.toml"],
    "assess": lambda zone: ["assess", zone],
    "report": lambda zone: ["report", zone],
    "map": lambda zone: ["map", zone],
}
ids = {"ids": lambda value: value if isinstance(value, str) else ""}


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A zone with little in it, and with files of every kind that a zone may hold."""
    zone = tmp_path_factory.mktemp("bare") / "zone"
    shutil.copytree(SAMPLE, zone, ignore=shutil.ignore_patterns("layers"))
    (zone / "layers").mkdir()
    for name in ("park", "parcel"):
        shutil.copyfile(SAMPLE / f"layers/{name}.geojson", zone / f"layers/{name}.geojson")
    (zone / "wish.toml").write_text(USES, encoding="utf-8")
    (zone / "change.toml").write_text("[scenario]\n", encoding="utf-8")
    (zone / "ledger.json").write_text("{}", encoding="utf-8")
    (zone / "survey.gpkg").write_bytes(b"not ours")
    (zone / "old").mkdir()
    (zone / "old/map.xlsx").write_bytes(b"not ours")
    return zone


def test_every_option_that_names_a_result_is_known_as_one():
    assert {name for name, _ in WRITING} == set(WORDS)
    for name in COMMANDS:
        command = cli.get_command(None, name)
        assert isinstance(command, Command)
        for param in command.params:
            if {"-o", "--out"} & set(param.opts):
                assert isinstance(param.type, Output), (name, param.name)


@pytest.mark.parametrize(("name", "param"), WRITING, **ids)
def test_no_result_is_written_over_a_zone(bare, tmp_path, name, param):
    before = snapshot(bare)
    link = tmp_path / "link"
    link.symlink_to(bare, target_is_directory=True)
    into = tmp_path / "into"
    into.symlink_to(bare / "accounts.csv")
    targets = [
        bare, bare / ".", bare / "layers", bare / "layers/..", bare / "LAYERS", bare / "layers/new",
        link, link / "layers", link / "accounts.csv", into, bare.parent / "x/../zone",
        bare / "Accounts.CSV", bare / "new.csv", bare / "layers/parcel.gpkg",
        *(path for path in sorted(bare.rglob("*")) if path.is_file()),
    ]  # fmt: skip
    flag = next(opt for opt in param.opts if opt.startswith("--"))
    for target in targets:
        code, _, err = run(*WORDS[name](bare), flag, target, lang="en")
        assert code in {2, 3}, (name, target, err)
        assert b"Traceback" not in err
        assert len(err.decode().strip().splitlines()) == (1 if code == 3 else 4), err
    assert snapshot(bare) == before
    assert not (bare / "LAYERS").exists() or (bare / "layers").samefile(bare / "LAYERS")


@pytest.mark.parametrize("name", ["new", "sample"])
def test_no_new_zone_is_laid_into_another(bare, name):
    room = bare / "layers"
    kept = {path.name: path.read_bytes() for path in room.iterdir()}
    for path in list(room.iterdir()):
        path.unlink()
    try:
        rest = ["--id", "a", "--zh", "甲", "--en", "A"] if name == "new" else ["--parcels", 60]
        for place in (room, room / "inner", bare):
            code, _, err = run(name, place, *rest)
            assert code == 3, err
        assert list(room.iterdir()) == []
    finally:
        for file, content in kept.items():
            (room / file).write_bytes(content)


def test_a_zone_one_stands_in_is_as_safe(bare, monkeypatch):
    before = snapshot(bare)
    monkeypatch.chdir(bare)
    for words in (["assess", ".", "-o", "."], ["map", "."], ["check", "../zone", "-o", "layers"],
                  ["export", ".", "parcel", "-o", "accounts.csv"]):  # fmt: skip
        code, _, err = run(*words)
        assert code == 3, err
    assert snapshot(bare) == before


def test_what_a_command_reads_is_not_written_over(bare, tmp_path):
    week = tmp_path / "week"
    week.mkdir()
    (week / "findings.json").write_text('{"findings": []}', encoding="utf-8")
    (week / "waivers.toml").write_text("", encoding="utf-8")
    (week / "scenario.toml").write_text(USES, encoding="utf-8")
    (week / "allocation.xlsx").write_bytes(b"of an earlier run")
    before = snapshot(week)
    words = [
        "check",
        bare,
        "--no-map",
        "--no-sheets",
        "--rule",
        "Q",
        "--since",
        week / "findings.json",
    ]
    for place in (week / "findings.json", week / "./findings.json", week / "FINDINGS.json"):
        code, _, err = run(*words, "-o", place, lang="en")
        assert (code, b"is read by this very command" in err) == (3, True), err
    code, _, err = run(*words, "-o", week, lang="en")
    assert (code, b"is read by this very command" in err) == (3, True), err
    assert snapshot(week) == before
    # Elsewhere the same command writes, and writes again.
    for _ in range(2):
        assert run(*words, "-o", tmp_path / "next")[0] in {0, 1}
    assert (tmp_path / "next/findings.json").is_file()


@pytest.mark.parametrize(
    ("command", "name"),
    [("assess", "accounts.csv"), ("check", "findings.gpkg"), ("allocate", "scenario.toml")],
)
def test_a_file_that_is_no_result_of_ours_is_not_written_over(bare, tmp_path, command, name):
    (tmp_path / name).write_text("mine", encoding="utf-8")
    code, _, err = run(*WORDS[command](bare), "-o", tmp_path, lang="en")
    assert (code, name.encode() in err) == (3, True), err
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


# --- what a hostile zone does to its readers -----------------------------------------------------

HOSTILE = [
    "../../x", "/x", "a/b", "..\\..\\x", "CON", "nul.txt", "x" * 300, "=1+1", "+1", "-1", "@A1", "＝1+1",
    "＋A1", "－A1", "＠SUM(A1)", " =1", "\t=1", "\r=1", "\x1b]0;owned\x07", "\x9b2J", "\x07\x08\x0b\x0c", "\x7f",
    "a\x00b", "\u202egpj", "\u2066x\u2069", "\u2028x", "\u2029x", "\ufeff=1", "\ufffe", "a\nerror 0",
    "<script>alert(1)</script>", "{{ 7*7 }}", "=HYPERLINK(\"http://x\")", "😀", "\x1b[31m", ". ", "a", "A",
]  # fmt: skip
TAINTED = {
    "parcel": ["id", "name", "owner", "block_id"],
    "building": ["id"],
    "enterprise": ["id", "name", "industry"],
    "park": ["zh", "en"],
}


def tainted(value, number):
    return f"{HOSTILE[number % len(HOSTILE)]}{value}"


def rewrite(path, columns):
    """Taint columns of a CSV table of a zone."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    for name in columns:
        k = head.index(name)
        for number, row in enumerate(rows):
            row[k] = tainted(row[k], number).replace("\x00", "").replace("\r", "")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The sample zone with hostile names, ids and texts wherever a person can type one."""
    zone = tmp_path_factory.mktemp("hostile") / "deep/er/zone"
    shutil.copytree(SAMPLE, zone, ignore=shutil.ignore_patterns("layers", "raw"))
    (zone / "layers").mkdir()
    frames = {name: read_stored_layer(SAMPLE / f"layers/{name}.geojson", name) for name in TAINTED}
    parcels = frames["parcel"]
    wanted = set(pd.read_csv(SAMPLE / "planted.csv", dtype=str)["feature"])
    keep = parcels[parcels["id"].isin(wanted) | (pd.RangeIndex(len(parcels)) % 12 == 0) | FULL]
    new = {old: tainted(old, k) for k, old in enumerate(keep["id"].unique())}
    for name, frame in frames.items():
        column = "id" if name == "parcel" else "parcel_id"
        some = frame[frame[column].isin(new)] if column in frame else frame
        some = some.reset_index(drop=True)
        if column in some:
            some[column] = some[column].map(new)
        for text in TAINTED[name]:
            if (name, text) != ("parcel", "id") and text in some:
                some[text] = [v if pd.isna(v) else tainted(v, k) for k, v in enumerate(some[text])]
        some["=1+1"] = "=2"
        some["\x1b[2J\x00"] = "x"
        store_layer(some, zone / f"layers/{name}.parquet", name, [])
    rewrite(zone / "parks.csv", ["zh", "en", "note"])
    rewrite(zone / "accounts.csv", ["note"])
    settings = (zone / "zone.toml").read_text(encoding="utf-8")
    name = r"\u001b]0;owned\u0007=1+1\u0001\u202e\nerrors 0\u2028"
    settings = settings.replace('zh = "示例示范区（虚构）"', f'zh = "{name}"', 1)
    settings = settings.replace('en = "Sample zone (fictitious)"', f'en = "=1{name}"', 1)
    (zone / "zone.toml").write_text(settings, encoding="utf-8")
    (zone / "layers/\x1b[2J＝1.txt").write_text("", encoding="utf-8")
    return zone


CHANGE = """[scenario]
zh = "\\u001b[2J=1\\nerror 0"
en = "=1\\u0007"
[[change]]
do = "reserve"
parcel = "?"
"""
PROJECT = """[project]
id = "../../x\\u001b]0;owned\\u0007"
zh = "\\u001b[2J\\nerror 0"
en = "=1\\u202e"
park = "spruce"
"""
LAYERS = ["gpkg", "geojson", "json", "parquet", "shp", "shp.zip", "csv", "xlsx"]


@pytest.fixture(scope="module")
def written(hostile):
    """Every command run once on the hostile zone: what it said and what it left."""
    os.environ["ZGCGIS_BROWSER"] = "/nowhere"  # the page is tried, its print elsewhere
    top = hostile.parents[2]
    room, out = top / "papers", top / "out"
    room.mkdir()
    out.mkdir()
    (room / "\x1b[2Jproject.toml").write_text(PROJECT, encoding="utf-8")
    (room / "wish.toml").write_text(USES, encoding="utf-8")
    some = next(one for one in open_zone(hostile).layer("parcel")["id"] if one.isprintable())
    change = CHANGE.replace('"?"', json.dumps(some, ensure_ascii=False))
    (room / "change.toml").write_text(change, encoding="utf-8")
    last = {
        "rule": "L601",
        "severity": "error",
        "level": "parcel",
        "feature": "=1\x1b",
        "unit": "m",
    }
    (room / "last.json").write_text(json.dumps({"findings": [last]}), encoding="utf-8")
    taken = json.loads(json.dumps(list(HOSTILE)))
    shape = {
        "type": "Polygon",
        "coordinates": [[[116.9, 39.2], [116.901, 39.2], [116.901, 39.201], [116.9, 39.2]]],
    }
    features = [
        {"type": "Feature", "properties": {"id": f"{t}{k}", "=1\x1b": t}, "geometry": shape}
        for k, t in enumerate(taken)
    ]
    (room / "\x1b]0;in\x07.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8"
    )
    taker = top / "taker"
    try:
        before = snapshot(top)
        answers = {
            "check": run("check", hostile, "--since", room / "last.json", "-o", out / "check"),
            "report": run("report", hostile, "-o", out / "report"),
            "map": run("map", hostile, "-o", out / "map.html", lang="en"),
            "map compare": run(
                "map", hostile, "--compare", "plan", "-o", out / "compare.html", lang="zh"
            ),
            "scenario": run("scenario", hostile, room / "change.toml", "-o", out / "scenario"),
            "allocate": run("allocate", hostile, room / "wish.toml", "-o", out / "allocate"),
            "admit": run("admit", room / "\x1b[2Jproject.toml", "--zone", hostile),
            "admit json": run("admit", room / "\x1b[2Jproject.toml", "--zone", hostile, "--json"),
            "no such": run("map", f"{hostile}\x1b]0;x\x07\nerror 0"),
            "usage": run("map", "\x1b]0;x\x07", "--\x1b]0;x\x07"),
            "doctor": run("doctor", room / "\x1b]0;in\x07.geojson", "--level", "parcel"),
            "doctor json": run(
                "doctor", room / "\x1b]0;in\x07.geojson", "--level", "parcel", "--json"
            ),
            "new": run(
                "new",
                taker,
                "--id",
                "taker",
                "--zh",
                "\x1b]0;甲\n\u202e\U000e0041",
                "--en",
                "=1",
            ),
            "import": run(
                "import", room / "\x1b]0;in\x07.geojson", "--zone", taker, "--level", "parcel"
            ),
            "fix": run("fix", hostile, "-o", out / "fix"),
            "pack": run("pack", hostile, "-o", out / "pack"),
            "query": run("query", hostile, "--by", "owner", "-o", out / "query"),
            "under": run("under", hostile, room / "\x1b]0;in\x07.geojson", "-o", out / "under"),
            "consolidate": run("consolidate", hostile, "-o", out / "consolidate"),
            "access": run("access", hostile, "-o", out / "access"),
            "diff": run(
                "diff",
                *[room / "\x1b]0;in\x07.geojson"] * 2,
                "--level",
                "parcel",
                "-o",
                out / "diff",
            ),
            "diff years": run("diff", 2021, 2023, "--zone", hostile, "-o", out / "diff years"),
            "export taken": run("export", taker, "parcel", "-o", out / "taken.xlsx"),
        }
        for suffix in LAYERS:
            file = out / f"layer {suffix}" / f"=p.{suffix}"
            file.parent.mkdir()
            answers[f"export {suffix}"] = run("export", hostile, "parcel", "-o", file)
        after = snapshot(top)
    finally:
        del os.environ["ZGCGIS_BROWSER"]
    return answers, out, before, after


def test_every_command_ends_as_it_should(written):
    answers = written[0]
    codes = {name: (code, err.decode()) for name, (code, _, err) in answers.items()}
    wrong = {n: c for n, c in codes.items() if c[0] not in {0, 1} or "Traceback" in c[1]}
    assert wrong.pop("no such")[0] == 3
    assert wrong.pop("usage")[0] == 2
    assert not wrong
    commands = {name.split()[0] for name in answers}
    assert set(COMMANDS) - commands <= {"assess", "db", "sample", "terms", "env"}


def test_a_terminal_obeys_nothing(written):
    for name, (_, out, err) in written[0].items():
        for stream in (out, err):
            text = stream.decode("utf-8")
            odd = {c for c in text if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs", "Cf"}}
            assert odd <= {"\n"}, name
            assert not re.search(r"^errors? 0", text, re.MULTILINE), name
        if name.endswith(" json") and "export" not in name:
            assert json.loads(out), name


def test_nothing_is_written_outside(written):
    _, out, before, after = written
    new = set(after) - set(before)
    assert {name: after[name] for name in before} == before
    own = f"{out.name}{os.sep}"
    assert {name for name in new if not name.startswith((own, f"taker{os.sep}"))} == set()
    for name in new:
        for part in Path(name).parts:
            assert len(part.encode()) <= 200
            assert not re.search(
                r'[\x00-\x1f\x7f-\x9f<>:"\\|?*\u202a-\u202e\u2028\u2066-\u2069]', part
            )
    idle = json.loads((out / "check/findings.json").read_text(encoding="utf-8"))["findings"]
    places = {row["feature"] for row in idle if row["rule"] in {"L601", "L602"}}
    assert len(list((out / "check/places").iterdir())) == len(places) >= 3


def written_files(written, suffix):
    found = sorted(path for path in written[1].rglob(f"*{suffix}") if path.is_file())
    assert found
    return found


def test_no_cell_of_a_csv_table_is_a_formula(written):
    zone = [written[1].parent / "taker/ledger.csv"]
    for path in [*written_files(written, ".csv"), *zone]:
        text = path.read_bytes().decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        assert len({len(row) for row in rows} - {0}) >= 1
        for row in rows:
            for cell in row:
                assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", cell), path
                seen = (
                    unicodedata.normalize("NFKC", cell)
                    .strip()
                    .strip("\ufeff\u202e\u2066\u2028\u2029")
                )
                lively = seen.startswith(("=", "+", "-", "@"))
                assert not lively or re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", cell), (path, cell)


def test_every_workbook_opens_and_runs_nothing_of_theirs(written):
    for path in written_files(written, ".xlsx"):
        with zipfile.ZipFile(path) as archive:
            assert {entry.date_time for entry in archive.infolist()} <= {
                (1980, 1, 1, 0, 0, 0),
                (1980, 1, 31, 0, 0, 0),
            }
            for name in archive.namelist():
                ElementTree.fromstring(archive.read(name))
        book = load_workbook(path)
        assert "\x1b" not in (book.properties.title or "")
        for sheet in book:
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":  # ours: they refer to sheets and call known functions
                        assert path.name == "assessment.xlsx"
                        assert re.match(
                            r"=(IF|MIN|SUM|MAX|RANK|ROUND|COUNT|SUMPRODUCT|AVERAGE|'|\()",
                            str(cell.value),
                        ), cell.value
                        assert not re.search(r"HYPERLINK|cmd|http", str(cell.value))
                    elif isinstance(cell.value, str) and cell.value[:1] in "=+-@＝＋－＠":
                        assert cell.quotePrefix, (path, cell.coordinate, cell.value)


def test_every_workbook_of_ours_is_read_by_ours_and_by_pandas(written):
    """No formula without what it comes to, no two columns of one name on a sheet."""
    formulas = 0
    for path in written_files(written, ".xlsx"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.startswith("xl/worksheets/sheet"):
                    cells = re.findall(r"<c[^>]*>(?:<f>.*?)</c>", archive.read(name).decode())
                    formulas += len(cells)
                    empty = [c for c in cells if "<v></v>" in c and ' t="str"' not in c]
                    assert not empty, (path, name, empty[:3])
        assert pd.read_excel(path, sheet_name=None)
        assert read_outside_tables(path), path
    assert formulas > 1000


# What may stand in Latin letters in a Chinese page beside ids, which have a digit in them.
NAMES_IN_LATIN = {
    "units": "m km h km/h ha",
    "programs and formats": "zgcgis sample XIAOFUTools CSV GeoJSON PNG PDF XLSX SHA-256 Dijkstra",
    "methods and their symbols": "FSI GSI OSR L CRITIC TOPSIS VIKOR v X Y Z A B C D E F DEA AHP",
    "standards and systems": "U FEFF GB GB/T T TD TD/T CGCS2000 WGS BIC LQ ISO EPSG Moran FDR",
    "language": "English EN",
}
LATIN = re.compile(r"[A-Za-z0-9][\w./'#-]*", re.ASCII)


def latin_words(texts, typed=()):
    """The Latin words of texts that are no id, file, option, address, quotation, name, nor typed by a user."""
    known = {word for names in NAMES_IN_LATIN.values() for word in names.split()}
    for text in typed:
        for shown in (text, visible(text), text.replace("_", " ")):
            known.update(word.rstrip(".-'/#") for word in LATIN.findall(shown))
    found = {}
    for text in texts:
        rest = re.sub(
            r"\\u[0-9a-f]{4}|--[a-z-]+|https?://\S+|“[^”]*”|[^\s，、（）]+\.(?:geojson|html|xlsx|csv|json|toml|pdf|parquet)\b",
            " ",
            text,
        )
        for word in LATIN.findall(rest):
            word = word.rstrip(".-'/#")
            if word not in known and not re.search(r"\d", word):
                found.setdefault(word, text)
    return found


class Shown(HTMLParser):
    """The texts of a page that a reader sees or hears, those in English aside."""

    def __init__(self):
        super().__init__()
        self.texts, self.hidden = [], []

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        if tag in {"script", "style", "template"} or held.get("lang") == "en":
            self.hidden.append(tag)
        elif not self.hidden:
            self.texts += [held[name] for name in ("aria-label", "title", "alt") if held.get(name)]

    def handle_endtag(self, tag):
        if self.hidden and self.hidden[-1] == tag:
            self.hidden.pop()

    def handle_data(self, data):
        if not self.hidden:
            self.texts.append(data)


def typed_in(zone):
    """What people typed into a zone of the tests: names, ids, texts of its layers."""
    layers = open_zone(zone).layers
    for level, columns in TAINTED.items():
        for column in columns:
            if column in layers[level]:
                yield from (str(value) for value in set(layers[level][column].dropna()))
    yield from open_zone(zone).names.values()


def test_no_latin_word_stands_in_a_chinese_page_but_ids_units_and_names(written, hostile):
    pages = [path for path in written_files(written, ".html") if path.name != "map.html"]
    seen, typed = set(), list(typed_in(hostile))
    for path in pages:
        text = path.read_text(encoding="utf-8")
        if "atlas-data" in text:  # made by its script: read in the browser
            continue
        page = Shown()
        page.feed(text)
        assert len("".join(page.texts)) > 150, path
        assert latin_words(page.texts, typed) == {}, path
        seen.add(path.parent.name)
    assert seen >= {"check", "under", "diff", "consolidate", "query", "access", "report"}


SHOWN = """() => {
  const texts = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode());)
    if (!node.parentElement.closest('script,style,template,[lang=en]')) texts.push(node.data);
  for (const one of document.querySelectorAll('[aria-label],[title],[placeholder]'))
    for (const name of ['aria-label', 'title', 'placeholder'])
      if (!one.closest('[lang=en]')) texts.push(one.getAttribute(name) ?? '');
  return texts;
}"""
CARDS = """async () => {
  const texts = [], A = atlasPage, layers = A.land ? Object.values(A.land.byKey) : [];
  for (const layer of layers.filter(one => one.layer)) for (const i of [0, 7]) {
    A.pickThing({layer, i}, false);
    await new Promise(done => setTimeout(done, 60));
    texts.push(...[...document.querySelectorAll('.card *')].flatMap(
      e => [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data)));
  }
  return texts;
}"""


@pytest.mark.browser
def test_pages_made_by_their_script_say_no_latin_word_either(written, hostile):
    typed = list(typed_in(hostile))
    pages = [
        path
        for path in written_files(written, ".html")
        if path.name != "map.html" or path.parent.name == "check"
    ]
    pages = [path for path in pages if "atlas-data" in path.read_text(encoding="utf-8")]
    assert len(pages) == 4
    with browser_page(1280, 800) as page:
        for path in pages:
            page.goto(path.as_uri())
            until(page, "window.atlasPage")
            texts = page.evaluate(SHOWN)
            for place in range(page.locator("[role=tab]:visible").count()):
                page.locator("[role=tab]:visible").nth(place).click()
                page.wait_for_timeout(150)
                texts += page.evaluate(SHOWN)
            texts += page.evaluate(CARDS)
            assert latin_words(texts, typed) == {}, path
            assert page.complaints == []
            assert not [one for one in page.requests if one.startswith("http")]


@pytest.mark.browser
def test_axe_finds_nothing_on_any_page_that_is_written(written):
    found = []
    with browser_page() as page:
        for path in written_files(written, ".html"):
            page.goto("about:blank")
            page.goto(path.as_uri())
            if "atlas-data" in path.read_text(encoding="utf-8"):
                until(page, "window.atlasPage")
            found += [(path.name, *one) for one in violations(page)]
            assert page.complaints == [], path
    assert found == []


def test_pages_drawings_and_styles_are_well_formed(written):
    for path in written_files(written, ".svg"):
        ElementTree.parse(path)
    for path in written_files(written, ".html"):
        text = path.read_bytes().decode("utf-8")
        assert not re.search(
            r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]",
            re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL),
        ), path
        assert "<script>alert(1)" not in text
    import sqlite3

    for path in written_files(written, ".gpkg"):
        with sqlite3.connect(path) as base:
            for (style,) in base.execute("SELECT styleQML FROM layer_styles"):
                ElementTree.fromstring(style.partition(">")[2])
        base.close()
    for path in written_files(written, "json"):
        json.loads(path.read_text(encoding="utf-8"))


def test_each_format_has_every_parcel(written, hostile):
    import pyogrio

    parcels = open_zone(hostile).layer("parcel")
    for suffix in LAYERS:
        path = written[1] / f"layer {suffix}" / f"=p.{suffix}"
        if suffix == "csv":
            count = len(pd.read_csv(path, dtype=str, encoding="utf-8-sig"))
        elif suffix == "xlsx":
            count = load_workbook(path).active.max_row - 1
        elif suffix == "parquet":
            count = len(pd.read_parquet(path))
        else:
            source = f"/vsizip/{path}" if suffix == "shp.zip" else path
            name = pyogrio.list_layers(source)[0][0]
            count = pyogrio.read_info(source, layer=name)["features"]
        assert count == len(parcels), suffix


@pytest.mark.office
@pytest.mark.skipif(not FULL, reason="opened in LibreOffice in the full run")
def test_libreoffice_opens_every_workbook_and_computes_nothing_of_theirs(written, tmp_path):
    import subprocess

    for path in written_files(written, ".xlsx"):
        room = tmp_path / path.parent.name
        subprocess.run(
            ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
             "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1",
             "--outdir", str(room), str(path)],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip
        text = "".join(p.read_text(encoding="utf-8", errors="replace") for p in room.glob("*.csv"))
        assert text
        if path.name == "=p.xlsx":
            assert "=1+1" in text


def test_the_same_export_gives_the_same_bytes(hostile, tmp_path, written, monkeypatch):
    import time

    first = {suffix: (written[1] / f"layer {suffix}/=p.{suffix}").read_bytes() for suffix in LAYERS}
    if hasattr(time, "tzset"):
        monkeypatch.setenv("TZ", "Etc/GMT-14")  # where it is already another day, most of the time
        time.tzset()
    try:
        for suffix in set(LAYERS) - {"gpkg"}:  # the format wants to know when it was changed
            (tmp_path / suffix).mkdir()
            file = tmp_path / suffix / f"=p.{suffix}"
            assert run("export", hostile, "parcel", "-o", file)[0] == 0
            assert file.read_bytes() == first[suffix], suffix
    finally:
        monkeypatch.undo()
        if hasattr(time, "tzset"):
            time.tzset()
    tables = list((written[1] / "layer shp").glob("*.dbf"))
    assert [path.read_bytes()[1:4] for path in tables] == [bytes([100, 1, 1])]  # of no day


# --- where it cannot be written ------------------------------------------------------------------


@pytest.fixture(scope="module")
def layer(bare):
    return open_zone(bare).layer("parcel")


@pytest.fixture
def small_disk(tmp_path):
    """A disk of a few hundred kilobytes, nearly full."""
    import subprocess

    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True
    )
    if done.returncode:
        pytest.skip("no disk can be mounted here")
    (disk / "filler").write_bytes(b"0" * 240_000)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.skipif(sys.platform != "linux" or not hasattr(os, "geteuid") or os.geteuid() != 0,
                    reason="mounting a disk needs root")  # fmt: skip
@pytest.mark.parametrize("suffix", LAYERS)
def test_a_full_or_read_only_disk_is_a_sentence_and_leaves_nothing(bare, small_disk, suffix):
    import subprocess

    code, _, err = run("export", bare, "parcel", "-o", small_disk / f"p.{suffix}", lang="en")
    assert (code, b"the disk is full" in err) == (3, True), err
    assert len(err.decode().strip().splitlines()) == 1
    assert [path.name for path in small_disk.iterdir()] == ["filler"]
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    code, _, err = run("export", bare, "parcel", "-o", small_disk / f"p.{suffix}", lang="en")
    assert (code, b"writing is not permitted" in err) == (3, True), err
    assert len(err.decode().strip().splitlines()) == 1


@pytest.mark.skipif(sys.platform != "linux" or not hasattr(os, "geteuid") or os.geteuid() != 0,
                    reason="mounting a disk needs root")  # fmt: skip
@pytest.mark.parametrize(("name", "param"), [*WRITING, ("new", None)], **ids)
def test_a_full_or_read_only_disk_ends_every_command_in_a_sentence(bare, small_disk, name, param):
    import subprocess

    change = bare.parent / "change.toml"
    some = open_zone(bare).layer("parcel")["id"].iloc[0]
    change.write_text(f'[[change]]\ndo = "release"\nparcel = "{some}"\n', encoding="utf-8")
    target = small_disk / {"export": "p.gpkg", "map": "a.html"}.get(name, "out")
    if param is not None and param.name in {"slides", "printed"}:
        target = small_disk / "a.pdf"
    words = (
        ["new", target, "--id", "a", "--zh", "a", "--en", "a"]
        if param is None
        else [*WORDS[name](bare), next(o for o in param.opts if o.startswith("--")), target]
    )
    words = [change if word == bare / "change.toml" else word for word in words]
    (small_disk / "rest").write_bytes(b"0" * (256 * 1024 - 240_000 - 3 * 4096))
    for state, said in (("full", b"the disk is full"), ("ro", b"writing is not permitted")):
        if state == "ro":
            subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        code, _, err = run(*words, lang="en")
        assert (code, said in err) == (3, True), (state, err)
        assert b"Traceback" not in err
        assert {path.name for path in small_disk.iterdir()} == {"filler", "rest"}, state


@pytest.mark.parametrize("suffix", LAYERS)
def test_an_engine_that_fails_is_a_sentence_and_leaves_nothing(
    layer, tmp_path, monkeypatch, suffix
):
    from pyogrio.errors import DataSourceError

    from zgcgis.io import spreadsheets, writing
    from zgcgis.io.layers import write_layer
    from zgcgis.language.errors import WriteError

    def fail(*args, **kwargs):
        raise DataSourceError("the engine gave up")

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    if suffix in {"csv", "xlsx", "parquet"}:
        monkeypatch.setattr(writing, "_force_to_disk", full)
    else:
        monkeypatch.setattr("geopandas.GeoDataFrame.to_file", fail)
    with pytest.raises(WriteError, match=r"gave up.*nothing was changed|disk is full"):
        write_layer(layer, tmp_path / f"p.{suffix}")
    assert list(tmp_path.iterdir()) == []
    assert spreadsheets.write_csv is not None


def test_a_shapefile_that_fails_half_way_leaves_no_part(layer, tmp_path, monkeypatch):
    from zgcgis.io import layers
    from zgcgis.language.errors import WriteError

    written = layers.write_bytes_whole
    done = []

    def third_fails(path, content, **rest):
        if len(done) == 2:
            raise WriteError("满", "full")
        done.append(path)
        return written(path, content, **rest)

    monkeypatch.setattr(layers, "write_bytes_whole", third_fails)
    with pytest.raises(WriteError):
        layers.write_layer(layer, tmp_path / "p.shp")
    assert len(done) == 2
    assert list(tmp_path.iterdir()) == []


def test_features_lost_by_an_engine_are_noticed(layer, tmp_path, monkeypatch):
    import geopandas as gpd

    from zgcgis.io.layers import write_layer
    from zgcgis.language.errors import WriteError

    whole = gpd.GeoDataFrame.to_file
    monkeypatch.setattr(
        gpd.GeoDataFrame, "to_file", lambda self, *a, **k: whole(self.iloc[:-1], *a, **k)
    )
    for suffix in ("gpkg", "geojson"):
        with pytest.raises(WriteError, match="arrived"):
            write_layer(layer, tmp_path / f"p.{suffix}")
    assert list(tmp_path.iterdir()) == []


# --- columns that a format cannot hold -----------------------------------------------------------

TROUBLE = ["fid", "FID", "geom", "GEOM", "ogc_fid", "rowid", "ROWID", "oid", "_rowid_", "", "a\x00b", "A\x00B", "id",
           "ID", "Land_Use", "land_use", "Geometry", "GEOMETRY", "fid_1", "x" * 300, "é", "É", "a'b", 'a"b', "a;b",
           "select", "1"]  # fmt: skip


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "parquet"])
def test_columns_of_any_name_arrive_and_the_changed_are_told(tmp_path, suffix):
    import geopandas as gpd
    import shapely

    from zgcgis.io.layers import write_layer
    from zgcgis.language.errors import ZgcgisWarning

    values = {name: [f"{k}a", f"{k}b"] for k, name in enumerate(TROUBLE)}
    values["geometry"] = ["not", "a shape"]
    frame = gpd.GeoDataFrame(values, columns=list(values))
    frame["shape"] = gpd.GeoSeries([shapely.box(116, 39, 116.1, 39.1)] * 2, crs="EPSG:4490")
    frame = frame.set_geometry("shape")
    with pytest.warns(ZgcgisWarning) as told:
        path = write_layer(frame, tmp_path / f"p.{suffix}")
    if suffix == "parquet":
        again = gpd.read_parquet(path)
    else:
        again = gpd.read_file(path, layer=0) if suffix == "gpkg" else gpd.read_file(path)
    known = {"land_use", "id"}
    assert known <= set(again.columns)
    assert again["land_use"].tolist() == values["land_use"]
    there = sorted(tuple(again[c]) for c in again.columns if c != "geometry")
    assert there == sorted(tuple(v) for v in values.values())
    words = " ".join(str(w.message) for w in told)
    for column in values:
        if column not in again.columns or column == "geometry":
            assert f"{column} → " in words, column
    if suffix == "gpkg":
        assert all(f"{name} → " in words for name in ("fid", "geom", "ogc_fid", "rowid"))


def test_a_file_whose_name_is_no_text_is_taken_in_and_told(tmp_path):
    """Archives from Chinese Windows leave names in GBK on Linux."""
    zone, room = tmp_path / "zone", tmp_path / "room"
    room.mkdir()
    assert run("new", zone, "--id", "a", "--zh", "甲", "--en", "A")[0] == 0
    source = room / os.fsdecode("宗地".encode("gbk") + b".geojson")
    try:
        shutil.copyfile(SAMPLE / "layers/parcel.geojson", source)
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    code, out, err = run("import", source, "--zone", zone, "--level", "parcel")
    assert (code, b"Traceback" in err) in {(0, False), (1, False)}, err
    assert (zone / "ledger.csv").is_file()
    json.loads((zone / "ledger.json").read_text(encoding="utf-8"))
    made = tmp_path / os.fsdecode("宗地".encode("gbk") + b".xlsx")
    code, out, err = run("export", zone, "parcel", "-o", made)
    assert (code, err) == (0, b"")
    assert "\\udcd7" in out.decode()


# --- the house -----------------------------------------------------------------------------------


def test_there_is_one_way_to_the_terminal_and_one_to_the_disk():
    elsewhere = {
        r"click\.(echo|secho|style)|\bprint\(|sys\.std(out|err)\.write": ("cli", {"console.py"}),
        r"\.mkdir\(|\.write_text\(|(?<!target)\.write_bytes\(|\.to_csv\(|\.to_excel\(|\.save\((?!raw\))|open\([^)]*[\"']w|csv\.writer":
            ("report planning cli maps assessment accounts checks", set()),
        r"ILLEGAL_CHARACTERS|\.data_type = |quotePrefix|zipfile\.ZipFile\(\w+, \"w\"|ZipInfo\(":
            ("report planning cli maps io", {"spreadsheets.py", "writing.py"}),
    }  # fmt: skip
    for pattern, (rooms, but) in elsewhere.items():
        for room in rooms.split():
            for path in (ROOT / "zgcgis" / room).rglob("*.py"):
                if path.name not in but:
                    found = re.search(pattern, path.read_text(encoding="utf-8"))
                    assert found is None, (path, found)


def test_a_table_is_written_column_by_column_as_its_rows_would_be(tmp_path, monkeypatch):
    from zgcgis.io import spreadsheets

    monkeypatch.setattr(spreadsheets, "_ROWS_TOGETHER", 2)
    table = pd.DataFrame(
        {
            "text": ["=1", "a,b", None, "示例", "x"],
            "count": [1, 2, 3, 4, 5],
            "size": [0.1, float("nan"), float("inf"), 1e-30, 2.0],
            "year": pd.array([2020, None, 2021, 2022, None], dtype="Int64"),
            "held": [True, False, True, True, False],
            "day": pd.to_datetime(
                ["2020-01-02", None, "2020-01-02T03:04", None, None], format="ISO8601"
            ),
            "any": [1, "=2", None, 2.5, "ok"],
        },
        index=[7, 7, 3, 1, 0],
    )
    heads = [list(table.columns)]
    rows = [*heads, *table.astype(object).itertuples(index=False, name=None)]
    want = spreadsheets.csv_bytes(rows)
    path = spreadsheets.write_csv(tmp_path / "t.csv", heads, table)
    assert path.read_bytes() == want
    assert want.decode("utf-8-sig").splitlines()[1] == "'=1,1,0.1,2020,True,2020-01-02,1"

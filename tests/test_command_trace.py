"""What the system sees of every command over hostile zones and papers: no connection, nothing outside."""

from __future__ import annotations

import json
import os
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from docx import Document
from hostile_files import Elsewhere, elsewhere, papers, proposals, read_through, spoilings, texts
from hostile_zone import PROJECT, SMALL, layer, write_zone
from test_writers import USES
from tracing import LATE, Trace, trace

from zgcgis.cli import COMMANDS, cli
from zgcgis.runs import find_browser

pytestmark = pytest.mark.trace
MOST = 300  # commands under one trace
FULL = os.environ.get("ZGCGIS_FULL") == "1"
SUFFIXES = (".gpkg", ".shp.zip", ".geojson", ".parquet", ".csv", ".xlsx")
LEAN = ["zone.toml", "parks.csv"]
LEAN += [f"layers/{level}.geojson" for level in ("park", "block", "parcel", "building")]
CHANGE = '[scenario]\nzh = "x"\nen = "x"\n[[change]]\ndo = "release"\nparcel = "p1"\n'


@dataclass
class Site:
    """Where the commands may read and write, and what lies elsewhere."""

    inputs: Path
    out: Path
    scratch: Path
    log: Path
    elsewhere: Elsewhere
    count: int = 0

    def new(self, name: str = "") -> str:
        """A place for results that is not there yet."""
        self.count += 1
        return str(self.out / f"{self.count}{name}")

    @property
    def secret(self) -> Path:
        return self.elsewhere.folder / "parcel.geojson"

    @property
    def zone(self) -> Path:
        return self.inputs / "a {zip}|zone' <$(id)>"

    def trace(self, commands: list[list[str]]) -> Trace:
        self.log.mkdir(exist_ok=True)
        return trace(commands, self.log, scratch=self.scratch, cwd=self.out)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    top = tmp_path_factory.mktemp("trace")
    made = Site(*(top / n for n in ("in", "out", "temp", "log")), elsewhere(top / "elsewhere"))
    for folder in (made.inputs, made.out, made.scratch):
        folder.mkdir()
    zone = read_through(made.zone, made.secret, SMALL if FULL else LEAN)
    for name, content in (("project.toml", PROJECT), ("wish.toml", USES), ("change.toml", CHANGE),
                          ("waivers.toml", ""), ("last.json", '{"findings": []}')):  # fmt: skip
        (made.inputs / name).write_text(content, encoding="utf-8")
    write_zone(made.inputs / "other", SMALL if FULL else LEAN)
    shutil.copyfile(zone / "layers/park.gpkg", made.inputs / "proposal.gpkg")
    Document().save(str(made.inputs / "letter.docx"))
    return made


def words(site: Site, zone: Path) -> dict[str, list[list[str]]]:
    """Every command with all that it reads; a new command is entered here."""
    inputs, (one, two) = site.inputs, texts(site.secret)[5:7]
    empty = inputs / f"taker{site.count}"
    write_zone(empty, [name for name in SMALL if not name.startswith("layers/")])
    worn = write_zone(inputs / f"taker{site.count} worn", LEAN)
    parcels = layer("parcel")
    ring = parcels["features"][1]["geometry"]["coordinates"][0]
    parcels["features"][1]["geometry"]["coordinates"] = [[[x + 2e-7, y] for x, y in ring]]
    (worn / "layers/parcel.geojson").write_text(json.dumps(parcels), encoding="utf-8")
    made: dict[str, list[list[object]]] = {
        "new": [["new", site.new(), "--id", "a", "--zh", one, "--en", two]],
        "sample": [["sample", site.new(), "--parcels", 300]],
        "db": [["db", "load", zone, f"postgresql://nobody@/none?host={inputs}/none"]],
        "doctor": [["doctor", zone / "layers/park.gpkg", inputs / "proposal.gpkg"],
                   ["doctor", zone / "layers/building.geojson", "--json"]],
        "import": [["import", inputs / "proposal.gpkg", "--zone", empty, "--level", "park"],
                   ["import", inputs / "proposal.gpkg", "--zone", empty, "--level", "park",
                    "--update", "--year", "2024"],
                   ["import", "--undo", "--zone", empty]],
        "export": [["export", zone, "parcel", "-o", site.new(end)]
                   for end in (SUFFIXES if FULL else SUFFIXES[:2])],
        "check": [["check", zone, "--proposal", inputs / "proposal.gpkg", "--since",
                   inputs / "last.json", "--waivers", inputs / "waivers.toml", "-o", site.new()],
                  *([["check", zone, "--json"]] if FULL else [])],
        "diff": [["diff", "2022", "2023", "--zone", zone, "-o", site.new()],
                 ["diff", zone / "layers/park.gpkg", inputs / "proposal.gpkg", "--level", "park"]],
        "query": [["query", zone, "--where", "面积 > 1", "--by", "park,use", "-o", site.new()]],
        "pack": [["pack", zone, "--where", "面积 > 1", "--public", "-o", site.new()],
                 ["pack", zone, "--red-line", inputs / "proposal.gpkg", "--template",
                  inputs / "letter.docx", "--kind", "points", "-o", site.new()]],
        "under": [["under", zone, inputs / "proposal.gpkg", "--template", inputs / "letter.docx",
                   "-o", site.new()]],
        "consolidate": [["consolidate", zone, "--proven", inputs / "proposal.gpkg", "--template",
                         inputs / "letter.docx", "-o", site.new()]],
        "access": [["access", zone, "--public", "-o", site.new()]],
        "fix": [["fix", worn, "--write"], ["fix", worn, "--undo"], ["fix", zone, "-o", site.new()]],
        "admit": [["admit", inputs / "project.toml", "--zone", zone]],
        "allocate": [["allocate", zone, inputs / "wish.toml", "-o", site.new()]],
        "scenario": [["scenario", zone, inputs / "change.toml", "-o", site.new()]],
        "assess": [["assess", zone, "--compare", inputs / "other", "-o", site.new()]],
        "map": [["map", zone, "-o", site.new(".html")],
                ["map", zone, "--compare", inputs / "other", "-o", site.new(".html")],
                ["map", inputs / "other", "--slides", site.new(".pdf"), "--print", site.new(".pdf"),
                 "-o", site.new(".html")]],
        "report": [["report", zone, "-o", site.new()]],
        "terms": [["terms"]],
        "env": [["env"]],
    }  # fmt: skip
    return {name: [list(map(str, line)) for line in lines] for name, lines in made.items()}


def holds(site: Site, found: Trace) -> None:
    """No connection, nothing opened, written or run that is not the command's own; nothing waits."""
    taken = [*site.inputs.glob("taker*"), *site.inputs.glob("spoilt*")]
    mine = [site.inputs, site.out, site.scratch]
    told = [(found.commands[call.command], call.text) for call in (
        *found.reaching(),
        *found.outside([*mine, site.log]),
        *found.changed([site.out, site.scratch, site.log, *taken]),
        *found.run(),
    )]  # fmt: skip
    assert told == []
    assert site.elsewhere.untouched()
    assert found.lasted < 5
    for line, (code, *said) in zip(found.commands, found.answers, strict=True):
        text = "\n".join(said)
        assert code != LATE, (line, text)
        assert "Traceback" not in text, (line, text)
        assert "Unforeseen" not in text, (line, text)
        assert not set(filter(driving, text)), (line, text)
    assert [path for path in site.scratch.rglob("*") if path.parent != site.scratch] == []


def driving(letter: str) -> bool:
    """Whether a terminal obeys a character, or turns the text that follows."""
    kind = unicodedata.category(letter)
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    driven = kind in {"Cc", "Zl", "Zp", "Cs"} and letter != "\n"
    return driven or unicodedata.bidirectional(letter) in turning


def test_every_command_and_every_paper_that_it_reads_is_here(site):
    entered = words(site, site.inputs / "other")
    assert set(entered) == set(COMMANDS)
    for name, lines in entered.items():
        command = cli.get_command(None, name)
        assert command is not None
        for param in command.params:
            file = isinstance(param.type, click.Path) or param.name in {"zone", "file", "compare"}
            if isinstance(param, click.Option) and file:
                assert any(set(param.opts) & set(line) for line in lines), param.name


# --- one hostile thing at a time -----------------------------------------------------------------


def over_a_spoilt_zone(site: Site) -> list[list[list[str]]]:
    """Every command that reads a zone, over each zone that one thing spoils."""
    found = []
    for number, spoiling in enumerate(spoilings(site.secret, SMALL)):
        if not chosen(number, 16):
            continue
        zone = write_zone(site.inputs / f"spoilt{number}")
        spoiling.make(zone)
        lines = [line for lines in words(site, zone).values() for line in lines
                 if any(word.startswith(str(zone)) for word in line)
                 and (FULL or line[0] != "scenario")]  # fmt: skip
        proposal = site.inputs / "proposal.gpkg"
        lines.append(["import", str(proposal), "--zone", str(zone), "--level", "parcel"])
        found.append(lines)
    return found


def over_what_is_handed_in(site: Site) -> list[list[list[str]]]:
    """Every command that reads a file, over each file that reaches for another."""
    other = str(site.inputs / "other")
    taker = str(write_zone(site.inputs / "taker", ["zone.toml", "parks.csv"]))
    found = []
    for number, path in enumerate(proposals(site.inputs / "handed in", site.secret)):
        if chosen(number, 16):
            file = str(path)
            found.append([
                ["doctor", file],
                ["doctor", file, "--json", "--lang", "en"],
                ["import", file, "--zone", taker, "--level", "parcel"],
                ["check", other, "--proposal", file],
                ["check", file, "--level", "parcel"],
                ["check", other, "--since", file],
                ["under", other, file],
            ])  # fmt: skip
    found += [
        [["doctor", text], ["import", text, "--zone", taker, "--level", "parcel"],
         ["check", text], ["map", text, "-o", site.new(".html")]]
        for number, text in enumerate(texts(site.secret)) if chosen(number, 4) and not (site.out / text).exists()
    ]  # fmt: skip
    return found


def over_papers(site: Site) -> list[list[list[str]]]:
    """Every command that reads a paper, over each paper that is no file or names another."""
    other = str(site.inputs / "other")
    found = []
    for number, path in enumerate(papers(site.inputs / "papers", site.secret)):
        if chosen(number, 4):
            paper = str(path)
            found.append([
                ["admit", paper, "--zone", other],
                ["allocate", other, paper, "-o", site.new()],
                ["scenario", other, paper, "-o", site.new()],
                ["check", other, "--since", paper],
                ["check", other, "--waivers", paper],
                ["assess", other, "--compare", paper, "-o", site.new()],
            ])  # fmt: skip
    return found


def chosen(number: int, one_in: int) -> bool:
    return FULL or number % one_in == 0


def test_no_command_over_anything_hostile_reaches_out(site):
    computing = [line for lines in words(site, site.zone).values() for line in lines]
    cases = [*over_a_spoilt_zone(site), *over_what_is_handed_in(site), *over_papers(site)]
    one_each = [case[number % len(case)] for number, case in enumerate(cases)]
    lines = [*computing, *([line for case in cases for line in case] if FULL else one_each)]
    answers = []
    for start in range(0, len(lines), MOST):
        found = site.trace(lines[start : start + MOST])
        holds(site, found)
        answers += found.answers
        if start == 0 and find_browser():
            assert [call for call in found.calls if call.name == "execve" and "chrom" in call.text]
            assert list(site.out.rglob("sheets.pdf"))
    said = zip(computing, answers, strict=False)
    refused = [one for one in said if one[1][0] not in {0, 1} and one[0][0] != "doctor"]
    assert [one[0][0] for one in refused] == [
        "db"
    ]  # no server is there; the zone was computed with

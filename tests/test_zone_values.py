"""Whatever stands in a zone folder, a command gives findings or one sentence, never a traceback."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import warnings
from pathlib import Path

import pytest

from zgcgis import assessment, checks, cli
from zgcgis.assessment import corridor
from zgcgis.io import zones
from zgcgis.io.zones import open_zone
from zgcgis.language.errors import ZgcgisError

sys.path.insert(0, str(Path(__file__).parent))
from hostile_zone import PROJECT, Spoilt, content_of, sample, write_zone

FULL = bool(os.environ.get("ZGCGIS_FULL"))
COMMANDS = {
    "check": ("check", "{zone}", "--json"),
    "map": ("map", "{zone}", "-o", "{out}/map.html"),
    "fix": ("fix", "{zone}", "--json"),
    "assess": ("assess", "{zone}", "--json"),
    "report": ("report", "{zone}", "-o", "{out}/report"),
    "export": ("export", "{zone}", "parcel", "-o", "{out}/parcel.gpkg"),
    "admit": ("admit", "{out}/project.toml", "--zone", "{zone}", "--json"),
}


def run(words: list[str]) -> tuple[int, str, str]:
    """Run the command line as a process would: exit code, what it printed, what it complained of."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            cli.main(words)
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("values")
    (folder / "out").mkdir()
    (folder / "out" / "project.toml").write_text(PROJECT, encoding="utf-8")
    return folder


class Once:
    """What commands share: a zone opened, checked and assessed once, however many ask."""

    def __init__(self, patch) -> None:
        self.layers, self.found = {}, {}
        self.read = zones.read_sound_layer
        patch.setattr(zones, "read_sound_layer", self.layer)
        patch.setattr("zgcgis.io.open_zone", self.kept("opened", zones.open_zone))
        check = self.kept("checked", checks.check)
        patch.setattr(checks, "check", check)
        patch.setattr(corridor, "check", check)
        patch.setattr(assessment, "assess", self.kept("assessed", assessment.assess))

    def layer(self, path, level):
        key = level, path.read_bytes()
        if key not in self.layers:
            self.layers[key] = self.read(path, level)
        return self.layers[key]

    def kept(self, what, make):
        def once(of, *args, **named):
            if what == "opened":
                key = (what, str(of))
            elif any(args) or named.get("findings") is False or named.get("years"):
                return make(of, *args, **named)
            else:
                key = (what, id(of))
            if key not in self.found:
                try:
                    self.found[key] = make(of, *args, **named)
                except Exception as error:  # noqa: BLE001 - told again to each who asks
                    self.found[key] = error
            if isinstance(self.found[key], Exception):
                raise self.found[key]
            return self.found[key]

        return once


@pytest.fixture
def once(monkeypatch):
    return Once(monkeypatch)


def spoil(folder: Path, one: Spoilt) -> Path:
    """Lay out the zone with one value spoilt."""
    write_zone(folder)
    (folder / one.name).write_bytes(one.make())
    return folder


def wrong_with(zone: Path, out: Path, one: Spoilt) -> list[str]:
    """What the law finds fault with in the answers of the six commands."""
    faults = []
    for name, words in COMMANDS.items():
        code, said, told = run([word.format(zone=zone, out=out) for word in words])
        place = f"{one}: {name}"
        if "Unforeseen" in told or "Traceback" in told:
            faults.append(f"{place}: {told}")
        elif code not in {0, 1, 3}:
            faults.append(f"{place}: exit {code}")
        elif code == 3 and not told.strip():
            faults.append(f"{place}: exit 3 without a sentence")
        elif code == 3 and len(told.strip().splitlines()) > 4:
            faults.append(f"{place}: more than a sentence: {told}")
        elif code == 1 and not has_findings(name, said):
            faults.append(f"{place}: exit 1 without findings")
    return faults


def has_findings(name: str, said: str) -> bool:
    if name == "report":
        return any(f"错误 {n}" in said for n in range(1, 200))
    if name not in {"check", "assess", "admit"}:
        return False
    answer = json.loads(said)
    if name == "admit":
        return any(row["verdict"] == "fail" for row in answer["clauses"])
    return any(row["severity"] == "error" for row in answer["findings"])


@pytest.mark.parametrize("part", range(10 if FULL else 1))
def test_one_spoilt_value_is_findings_or_a_sentence(place, once, part):
    faults = []
    each = 100 if FULL else 6
    for k, one in enumerate(sample(each * (part + 1))[each * part :]):
        once.found.clear()
        zone = spoil(place / f"{part}-{k}", one)
        faults += wrong_with(zone, place / "out", one)
    assert not faults, "\n\n".join(faults)


def test_every_spoilt_value_opens_or_is_a_sentence_that_names_its_file(place, once):
    """Opening alone is quick, so many more values are tried."""
    faults = []
    base = write_zone(place / "base")
    for one in sample(40_000 if FULL else 150, seed=1):
        path = base / one.name
        there = path.exists()
        path.write_bytes(one.make())
        try:
            open_zone(base)
        except ZgcgisError as error:
            named = str(base) in error.en or Path(one.name).name in error.en
            if not named or "\n" in error.en.strip():
                faults.append(f"{one}: {error.en}")
        except Exception as error:  # noqa: BLE001 - collected, to be shown together
            faults.append(f"{one}: {type(error).__name__}: {error}")
        if there:
            path.write_bytes(content_of(one.name))
        else:
            path.unlink()
    assert not faults, "\n".join(faults)

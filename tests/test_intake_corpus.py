"""The corpus: no wrong outcome, no traceback, no clean file accused, nothing lost."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner

from zgcgis.cli.files import doctor
from zgcgis.findings import describe
from zgcgis.intake.layer import Expected, Options
from zgcgis.intake.sandbox.staging import Refusal
from zgcgis.io.layers import the_layer

spec = importlib.util.spec_from_file_location("corpus", Path(__file__).with_name("corpus.py"))
assert spec is not None
assert spec.loader is not None
corpus = sys.modules.setdefault("corpus", importlib.util.module_from_spec(spec))
spec.loader.exec_module(corpus)

FULL = os.environ.get("ZGCGIS_FULL") == "1"
PLACEHOLDER = re.compile(r"\{(file|feature|detail|other|measured|limit)[}:!]")
AS_TYPED = {
    "hostile address as path": "http://127.0.0.1:9/a.geojson",
    "hostile driver prefix": "WFS:http://127.0.0.1:9/",
}


def how_it_ends(case):
    """Return end, rules, counts and sentences of one case."""
    where = {"expected": Expected(case.expected, "zone")} if case.expected else {}
    path = AS_TYPED.get(case.name, str(case.path))
    try:
        report, layer = the_layer(path, case.level or "parcel", Options(**case.options), **where)
    except Refusal as refusal:
        return "refuse-file", {refusal.rule}, None, [refusal.zh, refusal.en]
    found = layer.findings
    end = "finding" if layer.outcome == "accept" and report.said else layer.outcome
    rules = set(found["rule"]) | set(report.findings["rule"])
    said = [*describe(found, "zh"), *describe(found, "en"), *describe(report.findings, "zh")]
    grave = set(found["severity"]) | set(report.findings["severity"])
    return end, rules, (layer.log.counts, len(layer.frame), grave), said


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    cases = corpus.build(tmp_path_factory.mktemp("corpus"))
    if not FULL:  # every clean file, and every other bad one
        bad = [case for case in cases if not case.clean]
        cases = [case for case in cases if case.clean] + bad[::2]
    with ThreadPoolExecutor(4) as pool:
        return list(zip(cases, pool.map(how_it_ends, cases), strict=True))


def test_there_are_enough_of_them(ended):
    clean = [case for case, _ in ended if case.clean]
    assert len(clean) >= 15
    assert len(ended) - len(clean) >= 80


def test_each_ends_as_it_must(ended):
    wrong = []
    for case, (end, rules, _, _) in ended:
        if end != case.end or (case.rules and not case.rules & rules):
            wrong.append((case.name, case.end, sorted(case.rules), end, sorted(rules)))
    assert wrong == []


def test_no_clean_file_is_accused(ended):
    for case, (_, _, books, said) in ended:
        if case.clean:
            assert books is not None, said
            assert books[2] <= {"note"}, (case.name, said)


def test_nothing_is_lost(ended):
    for case, (_, _, books, _) in ended:
        if books is not None:
            counts, rows, _ = books
            assert counts["in"] == counts["used"] + counts["repaired"] + counts["refused"], (
                case.name
            )
            assert rows == counts["used"] + counts["repaired"], case.name


def test_every_sentence_is_whole(ended):
    for case, (_, _, _, said) in ended:
        for sentence in said:
            assert sentence.strip(), case.name
            assert "Traceback" not in sentence
            assert not PLACEHOLDER.search(sentence), sentence


def test_the_originals_are_untouched(tmp_path):
    before = {}
    corpus.containers(tmp_path)
    for path in sorted(tmp_path.rglob("*")):
        if path.is_file():
            before[path] = path.read_bytes()
    for name in ("no_shx.shp", "stale_shx.shp", "unsaved.gpkg", "longer.shp", "layers.gpkg"):
        CliRunner().invoke(doctor, [str(tmp_path / name), "--json"])
    after = {p: p.read_bytes() for p in sorted(tmp_path.rglob("*")) if p.is_file()}
    assert after == before


def test_doctor_speaks_both_languages_and_a_stable_schema(tmp_path):
    cases = {case.name: case for case in corpus.coordinates(tmp_path)}
    path = str(cases["crs absent"].path)
    for lang, word in (("zh", "不能导入"), ("en", "cannot be imported")):
        told = CliRunner().invoke(doctor, [path, "--lang", lang])
        assert told.exit_code == 3
        assert word in told.output
        assert "--crs EPSG:" in told.output
    told = CliRunner().invoke(doctor, [path, "--json"])
    answer = json.loads(told.output)
    assert answer["schema"] == "zgcgis.doctor/1"
    assert answer["exit_code"] == told.exit_code == 3
    (file,) = answer["files"]
    assert set(file) == {
        "path", "kind", "driver", "bytes", "sha256", "outcome", "findings", "layers",
    }  # fmt: skip
    (layer,) = file["layers"]
    assert {"name", "level", "outcome", "counts", "features", "fields", "encoding", "geometry",
            "crs", "findings", "repairs", "refused"} <= set(layer)  # fmt: skip
    finding = next(f for f in layer["findings"] if f["rule"] == "R101")
    assert finding["severity"] == "error"
    assert finding["zh"]
    assert finding["en"]
    assert finding["mend_zh"].startswith("zgcgis import")
    told = CliRunner().invoke(
        doctor, [str(cases["crs absent, told"].path), "--crs", "EPSG:4548", "--level", "parcel"]
    )
    assert told.exit_code == 0

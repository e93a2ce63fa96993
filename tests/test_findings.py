"""Findings: one schema for all, also when there are none, and sentences made at the edge."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point

from zgcgis import checks, findings, io  # noqa: F401
from zgcgis.findings import COLUMNS, RULES, SEVERITIES, combine, describe, empty, finding_frame
from zgcgis.language.errors import UnknownNameError


@pytest.fixture
def code(monkeypatch):
    """A rule of the test's own, gone afterwards."""
    monkeypatch.setattr(findings, "RULES", dict(RULES))
    monkeypatch.setitem(RULES, "Z999", None)
    del RULES["Z999"]
    findings.define(
        "Z999",
        "warning",
        zh="宗地 {feature} 与 {other} 重叠 {measured:.1f} 平方米（容差 {limit}）",
        en="parcels {feature} and {other} overlap by {measured:.1f} m2 (tolerance {limit})",
        unit="m2",
    )
    RULES["Z999"] = findings.RULES["Z999"]
    yield "Z999"
    RULES.pop("Z999", None)


def test_no_findings_have_the_same_columns_as_some(code):
    some = finding_frame([{"feature": "p1", "measured": 1}], rule=code)
    assert tuple(empty().columns) == tuple(some.columns) == COLUMNS
    assert (empty().dtypes == some.dtypes).all()


def test_what_a_row_does_not_state_comes_from_its_rule(code):
    row = finding_frame([{"feature": "p1"}], rule=code).iloc[0]
    assert (row["rule"], row["severity"], row["unit"]) == (code, "warning", "m2")


def test_the_place_is_brought_into_one_crs(code):
    place = gpd.GeoSeries([Point(500_000, 4_427_757)], crs="EPSG:4548")
    rows = gpd.GeoDataFrame({"feature": ["p1"]}, geometry=place)
    found = finding_frame(rows, rule=code)
    assert found.crs.to_epsg() == 4490
    assert found.geometry[0].x == pytest.approx(117.0)


def test_a_sentence_is_written_in_both_languages_and_an_unknown_number_is_a_dash(code):
    found = finding_frame(
        [{"feature": "p1", "other": "p2", "measured": 949.526, "limit": 1.0}, {"feature": "p3"}],
        rule=code,
    )
    assert describe(found, "zh")[0] == "宗地 p1 与 p2 重叠 949.5 平方米（容差 1.0）"
    assert describe(found, "en")[1] == "parcels p3 and — overlap by — m2 (tolerance —)"


def test_text_of_a_feature_is_never_a_template(code):
    found = finding_frame([{"feature": "{other.__class__}", "other": "{0}"}], rule=code)
    assert "{other.__class__} and {0}" in describe(found, "en")[0]


def test_the_gravest_come_first(code):
    rows = [{"feature": "a", "severity": s} for s in ("note", "error", "warning")]
    found = combine([finding_frame([row], rule=code) for row in rows])
    assert list(found["severity"]) == list(SEVERITIES)


def test_a_finding_of_no_rule_is_refused():
    with pytest.raises(UnknownNameError, match="T000"):
        finding_frame([], rule="T000")


def test_a_code_means_one_thing(code):
    with pytest.raises(TypeError, match="twice"):
        findings.define(code, "error", zh="别的", en="another")


def test_a_table_of_findings_survives_a_file(code, tmp_path):
    found = finding_frame([{"feature": "p1", "geometry": Point(116, 40)}], rule=code)
    found.to_file(tmp_path / "f.gpkg")
    again = gpd.read_file(tmp_path / "f.gpkg")
    assert list(again["feature"]) == ["p1"]


@pytest.mark.parametrize("entry", [r for r in RULES.values() if r], ids=lambda r: r.code)
def test_every_rule_says_something_in_both_languages(entry):
    row = {"rule": entry.code, "feature": "f", "other": "o", "detail": "d", "measured": 1.5}
    found = finding_frame([row | {"limit": 1.0, "level": "parcel"}], rule=entry.code)
    for lang in ("zh", "en"):
        assert len(describe(found, lang)[0]) > 5
    assert entry.severity in SEVERITIES
    assert entry.code[0] in "RTHPQDLAC"
    assert entry.code[1:].isdigit()


def test_describing_none_gives_none():
    assert isinstance(describe(empty()), pd.Series)
    assert len(describe(empty())) == 0

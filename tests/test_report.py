"""What is written down: a workbook that recomputes, tables, a page that is safe and offline."""

from __future__ import annotations

import ast
import base64
import csv
import dataclasses
import hashlib
import io
import json
import re
import subprocess
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

from zgcgis import assess, open_zone
from zgcgis.accounts import RECIPES, pieces
from zgcgis.indicators import INDICATORS, compute
from zgcgis.language.terms import QUANTITY_UNITS, TERMS
from zgcgis.report import (
    as_data,
    render_page,
    schema,
    write_csv,
    write_json,
    write_report,
    write_workbook,
)
from zgcgis.report.derivations import Derivations
from zgcgis.report.wording import Words
from zgcgis.report.workbook import excel_formula
from zgcgis.standards import POTENTIALS, ranking, read_evaluation, score
from zgcgis.standards.benchmarks import caveats

ROOT = Path(__file__).parents[1]
HOSTILE = '=HYPERLINK("http://evil")<script>alert(1)</script>{{7*7}}\x07&\''


@pytest.fixture(scope="module")
def result():
    """The sample with one growth park, one hostile name, and parks of both types."""
    zone = open_zone(ROOT / "data" / "sample")
    units = zone.units.copy()
    units.loc["riverbend", "zh"] = HOSTILE
    evaluation = {**zone.evaluation, "areas": {"southterrace": "growth"}}
    return assess(dataclasses.replace(zone, units=units, evaluation=evaluation), draws=500)


@pytest.fixture(scope="module")
def plain():
    return assess(open_zone("zgc"), draws=100)


@pytest.fixture(scope="module")
def book(result, tmp_path_factory):
    return write_workbook(result, tmp_path_factory.mktemp("book") / "assessment.xlsx")


def recalculated(path: Path, folder: Path) -> openpyxl.Workbook:
    """Let LibreOffice compute every cell anew: what is stored in the file is thrown away first."""
    return all_recalculated([path], folder)[0]


_BARE: set[Path] = set()  # written by openpyxl, which keeps no result of a formula


def all_recalculated(paths: list[Path], folder: Path) -> list[openpyxl.Workbook]:
    """Let one LibreOffice compute some workbooks; it starts slowly, the first time above all."""
    bare = [path if path in _BARE else folder / "bare" / path.name for path in paths]
    for path, there in zip(paths, bare, strict=True):
        if path != there:
            there.parent.mkdir(exist_ok=True)
            openpyxl.load_workbook(path).save(there)
    profile = folder.parent / "profile"  # made once, for all tests that stand beside one another
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation={profile.as_uri()}",
            "--headless",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            str(folder / "out"),
            *map(str, bare),
        ],
        check=True,
        capture_output=True,
        timeout=240,
    )
    return [openpyxl.load_workbook(folder / "out" / path.name, data_only=True) for path in paths]


def results_in(book: openpyxl.Workbook) -> dict[tuple[str, int], tuple]:
    rows = list(book["分值"].iter_rows(values_only=True))
    start = next(i for i, row in enumerate(rows) if str(row[0]).startswith("评价结果"))
    return {(row[0], row[2]): row for row in rows[start + 2 :] if row[0] is not None}


# --- the workbook ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(book, tmp_path_factory):
    """The workbook as it is, recalculated."""
    return recalculated(book, tmp_path_factory.mktemp("made"))


@pytest.mark.office
def test_libreoffice_recalculates_every_score_indicator_and_potential_to_nine_digits(result, made):
    found = results_in(made)
    compared = 0
    for scores in (result.scores, result.total_scores):
        for (unit, year), row in scores.total.iterrows():
            assert found[unit, year][4] == pytest.approx(row["score"], abs=1e-9)
            assert found[unit, year][5] == pytest.approx(row["coverage"], abs=1e-9)
            compared += 1
    assert compared == 21
    for (unit, year), row in result.ranks.iterrows():
        assert found[unit, year][6:8] == (row["rank"], row["of"])
    sheet = made["指标"]
    keys = {ind.zh: key for key, ind in INDICATORS.items()}
    heads = [keys.get(cell.value) for cell in sheet[3]]
    compared = 0
    for row in sheet.iter_rows(min_row=6, values_only=True):
        if str(row[1]).endswith("主区）") or str(row[1]).endswith("发展方向区）"):
            continue
        for key, value in zip(heads, row, strict=True):
            for table in (result.values, result.total_values):
                if key and (row[0], row[2]) in table.index and key in table:
                    expected = table.at[(row[0], row[2]), key]
                    if expected == expected:
                        assert value == pytest.approx(expected, rel=1e-9, abs=1e-9), (row[:3], key)
                        compared += 1
                    else:
                        assert value in (None, "")
    assert compared > 600
    rows = list(made["潜力"].iter_rows(min_row=4, values_only=True))
    for row, value in zip(rows, result.potentials["value"], strict=True):
        divisor = 1e4 if row[7].startswith("公顷") else 1.0
        assert row[6] == pytest.approx(value / divisor, rel=1e-9, abs=1e-9)
    broken = [
        (sheet.title, cell.coordinate, cell.value)
        for sheet in made
        for line in sheet.iter_rows()
        for cell in line
        if isinstance(cell.value, str)
        and re.match(r"#(REF|NAME|VALUE|DIV|N/A|NUM)|Err:", cell.value)
    ]
    assert broken == []


def unlike(path: Path, made: openpyxl.Workbook) -> list[tuple[str, str, object, object]]:
    """Formulas whose stored result is not what `made` has in their place; there are some."""
    formulas, stored = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    found, seen = [], 0
    for sheet in formulas:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            kept, computed = (b[sheet.title][cell.coordinate].value or 0 for b in (stored, made))
            numbers = isinstance(kept, int | float) and isinstance(computed, int | float)
            close = numbers and abs(kept - computed) <= 1e-9 * max(1.0, abs(computed))
            seen += 1
            if not close and kept != computed:
                found.append((sheet.title, cell.coordinate, kept, computed))
    assert seen > 300
    return found


@pytest.mark.office
def test_every_formula_is_stored_with_what_it_comes_to(book, made):
    """For readers that do not calculate: a protected view, a preview, a telephone, pandas."""
    assert unlike(book, made) == []


@pytest.mark.office
def test_the_sheet_keeps_every_option_of_scoring_and_missing_values(tmp_path):
    """Missing cells, no cap, the ratio for idle land, rounding as on forms, two areas."""
    zone = open_zone(ROOT / "data" / "sample")
    long, layers = zone.accounts, dict(zone.layers)
    layers.pop("building")  # no floor areas, no footprints: scored in part
    evaluation = {
        **zone.evaluation,
        "areas": {"southterrace": "growth"},
        "options": {"cap": "none", "idle": "ratio", "missing": "partial", "round_like_form": True},
        "ideal": [
            *(i for i in zone.evaluation["ideal"] if i["indicator"] != "idle_rate"),
            {"indicator": "idle_rate", "value": 0.5},
        ],
    }
    kept = long[~((long["unit"] == "spruce") & (long["key"] == "population_persons"))]
    changed = dataclasses.replace(
        zone, layers=layers, evaluation=evaluation, accounts=kept.reset_index(drop=True)
    )
    part = assess(changed, findings=False, draws=100)
    assert (part.scores.total["coverage"] < 1).all()
    assert part.scores.total["coverage"].nunique() > 2
    written = write_workbook(part, tmp_path / "part.xlsx")
    made = recalculated(written, tmp_path)
    assert unlike(written, made) == []
    found = results_in(made)
    for scores in (part.scores, part.total_scores):
        for key, row in scores.total.iterrows():
            assert found[key][4] == pytest.approx(row["score"], abs=1e-9)
            assert found[key][5] == pytest.approx(row["coverage"], abs=1e-9)
    assert part.ranks["rank"].isna().all()
    assert {found[key][6] for key in part.ranks.index} <= {None, ""}


@pytest.mark.office
def test_changing_a_weight_an_ideal_and_an_account_in_the_sheet_changes_the_score(
    result, book, tmp_path
):
    changed = openpyxl.load_workbook(book)
    weights, accounts = changed["理想值与权重"], changed["台账"]
    new = {"industrial/main/status": 0.72, "industrial/main/benefit": 0.18}
    for row in weights.iter_rows(min_row=6):
        if row[0].value in new:
            row[3].value = new[row[0].value]
        if row[0].value == "floor_area_ratio" and "工业主导型 主区" in str(row[5].value):
            row[3].value = 2.0
    column = next(c.column for c in accounts[3] if c.value == TERMS["footprint_m2"].zh)
    target = next(
        r for r in accounts.iter_rows(min_row=6) if (r[0].value, r[2].value) == ("riverbend", 2023)
    )
    target[column - 1].value = result.accounts.at[("riverbend", 2023), "footprint_m2"] * 1.1
    path = tmp_path / "changed.xlsx"
    changed.save(path)
    found = results_in(recalculated(path, tmp_path))

    table = result.accounts.copy()
    table.loc[("riverbend", 2023), "footprint_m2"] *= 1.1
    data = {**result.zone.evaluation, "weights": new}
    data["ideal"] = [
        i
        for i in data["ideal"]
        if (i["indicator"], i.get("kind")) != ("floor_area_ratio", "industrial")
    ] + [
        {"indicator": "floor_area_ratio", "kind": "industrial", "area": "main", "value": 2.0},
        {
            "indicator": "floor_area_ratio",
            "kind": "industrial",
            "area": "growth",
            "value": result.evaluation.ideal("floor_area_ratio", "industrial", "growth").value,
        },
    ]
    evaluation = read_evaluation(data)
    again = score(compute(table), evaluation.standard, evaluation).total["score"]
    for key, value in again.items():
        assert found[key][4] == pytest.approx(value, abs=1e-9)
    before = result.scores.total["score"]
    assert abs(again["riverbend", 2023] - before["riverbend", 2023]) > 0.1
    assert again["spruce", 2023] == pytest.approx(before["spruce", 2023])


def edited(book, path, change):
    """A copy of the workbook with cells changed: ``change(weights, accounts)``."""
    made = openpyxl.load_workbook(book)
    change(made["理想值与权重"], made["台账"])
    made.save(path)
    _BARE.add(path)
    return path


def set_weight(node, value):
    def change(weights, _):
        next(r for r in weights.iter_rows(min_row=6) if r[0].value == node)[3].value = value

    return change


def set_ideals(value):
    def change(weights, _):
        for row in weights.iter_rows(min_row=6):
            if row[0].value == "floor_area_ratio":
                row[3].value = value

    return change


def set_account(unit, key, value):
    def change(_, accounts):
        column = next(c.column for c in accounts[3] if c.value == TERMS[key].zh)
        for row in accounts.iter_rows(min_row=6):
            if (row[0].value, row[2].value) == (unit, 2023):
                row[column - 1].value = value

    return change


NONSENSE = {
    "weights that add to 1.3": (set_weight("industrial/main/status", 1.1), "权重无效", "riverbend"),
    "a weight left blank": (set_weight("industrial/main/status", None), "权重无效", "riverbend"),
    "a weight that is a text": (
        set_weight("industrial/main/status", "高"),
        "权重无效",
        "riverbend",
    ),
    "an ideal of nought": (set_ideals(0), "缺数", "riverbend"),
    "an ideal left blank": (set_ideals(None), "缺数", "riverbend"),
    "an account left blank": (set_account("riverbend", "floor_area_m2", None), "缺数", "riverbend"),
}


@pytest.fixture(scope="module")
def nonsense(book, tmp_path_factory):
    """The workbook edited into each nonsense, recalculated."""
    folder = tmp_path_factory.mktemp("nonsense")
    paths = [
        edited(book, folder / f"{k}.xlsx", change)
        for k, (change, _, _) in enumerate(NONSENSE.values())
    ]
    return dict(zip(NONSENSE, all_recalculated(paths, folder), strict=True))


@pytest.mark.office
@pytest.mark.parametrize("name", NONSENSE)
def test_a_workbook_edited_into_nonsense_says_so_in_place_of_a_score(nonsense, name):
    _, says, unit = NONSENSE[name]
    made = nonsense[name]
    row = results_in(made)[unit, 2023]
    assert str(row[4]).startswith(says)
    assert row[6] in (None, "")  # and no rank
    cells = [c.value for sheet in made for line in sheet.iter_rows() for c in line]
    assert not [
        v for v in cells if isinstance(v, str) and re.match(r"#(DIV|VALUE|REF|NAME|N/A)", v)
    ]


@pytest.mark.office
def test_summary_ranking_and_checks_follow_an_edit(result, book, tmp_path):
    def change(weights, accounts):
        set_account("riverbend", "floor_area_m2", 1000.0)(weights, accounts)
        row = next(
            r for r in weights.iter_rows(min_row=6) if r[0].value == "industrial/main/status"
        )
        row[4].value, row[5].value = 0.0, 0.01

    made = recalculated(edited(book, tmp_path / "edited.xlsx", change), tmp_path)
    scores = results_in(made)
    rows = made["排序"].iter_rows(min_row=4, values_only=True)
    ranking = {(r[0], r[2]): r for r in rows if r[0]}
    assert len(ranking) == len(result.ranks)
    for (unit, year), row in ranking.items():
        assert row[4:8] == scores[unit, year][4:8]
    assert ranking["riverbend", 2023][4] < result.scores.total.loc[("riverbend", 2023), "score"] - 1
    said = {r[0]: r[1] for r in made["说明"].iter_rows(min_row=3, values_only=True)}
    assert said["2023 年集约度 Score"] == pytest.approx(scores["sample", 2023][4])
    checks = {r[0]: r[7] for r in made["理想值与权重"].iter_rows(min_row=6, values_only=True)}
    assert checks["industrial/main/status"] == "超出范围"


def spare_rows(accounts):
    """Rows left for parks to be typed in: those whose status is a formula."""
    return [r[7].row for r in accounts.iter_rows(min_row=6) if str(r[7].value).startswith("=")]


def type_in(accounts, row, unit, values, year=2023, kind=None, area=None, within=None, group=None):
    """Type a park into a row, as somebody at the keyboard would."""
    heads = {c.value: c.column for c in accounts[3]}
    for column, value in enumerate([unit, unit, year, group, kind, area, within], start=1):
        accounts.cell(row, column, value)
    for key, value in values.items():
        if value == value:
            accounts.cell(row, heads[TERMS[key].zh], value)


def said_of_typed(made):
    found = {r[0]: r[1] for r in made["说明"].iter_rows(values_only=True)}
    return found["手工加的园区 Parks typed in"]


@pytest.mark.office
def test_a_park_typed_in_joins_totals_scores_and_ranks_as_an_assessment_of_it_would(
    result, book, tmp_path
):
    """One park in the main area, one of the growth area, edited after it was typed; two years."""
    new = {
        ("newmain", 2023): 0.7 * result.accounts.loc[("riverbend", 2023)],
        ("newmain", 2022): 0.6 * result.accounts.loc[("riverbend", 2022)],
        ("newgrowth", 2023): 1.3 * result.accounts.loc[("southterrace", 2023)],
    }
    kinds = {u: result.evaluation.kind_of(v) for u, v in PATTERN.items()}
    evaluation = read_evaluation(
        {
            **result.zone.evaluation,
            "areas": {"southterrace": "growth", "newgrowth": "growth"},
            "kinds": {**result.zone.evaluation.get("kinds", {}), **kinds},
        }
    )

    def change(_, accounts):
        rows = iter(spare_rows(accounts))
        for (unit, year), values in new.items():
            kind = evaluation.standard.kinds[kinds[unit]][0]
            area = "发展方向区" if unit == "newgrowth" else None
            group = result.zone.units["group"].get(PATTERN[unit])
            type_in(accounts, next(rows), unit, values, year, kind, area, group=group)

    assert said_of_typed(openpyxl.load_workbook(book, data_only=True)) == "无 none"
    made = recalculated(edited(book, tmp_path / "edited.xlsx", change), tmp_path)
    assert said_of_typed(made).startswith("3 行计入合计、分值和名次 counted；0 行未计入")
    extra = pd.DataFrame(new).T.rename_axis(["unit", "year"])
    table = pd.concat([result.accounts, extra])
    again = score(compute(table), evaluation.standard, evaluation)
    expected, found = ranking(again), results_in(made)
    for key, row in expected.iterrows():
        assert found[key][4] == pytest.approx(row["score"], abs=1e-9)
        assert found[key][6:8] == (row["rank"], row["of"])
    assert (expected["of"] > result.ranks["of"].reindex(expected.index)).any()
    listed = {(r[0], r[2]): r for r in made["排序"].iter_rows(min_row=4, values_only=True)}
    assert listed["newmain", 2023][4:8] == found["newmain", 2023][4:8]
    sheet, keys = made["台账"], {TERMS[k].zh: k for k in TERMS}
    rows = {(r[0].value, r[2].value): r for r in reversed(list(sheet.iter_rows(min_row=6)))}
    compared = 0
    for year in (2022, 2023):
        whole = table.xs(year, level="year").sum(skipna=False)
        for head, cell in zip(sheet[3], rows["sample", year], strict=True):
            key = keys.get(head.value)
            if key in table and key.endswith(("_m2", "_wan", "_persons")):
                assert cell.value == pytest.approx(whole[key], rel=1e-9), (year, key)
                compared += 1
    assert compared > 50
    old = result.total_scores.total.at[("sample", 2023), "score"]
    zone = zone_score_by_areas(table, evaluation)
    assert found["sample", 2023][4] == pytest.approx(zone, abs=1e-9)
    assert abs(zone - old) > 0.01


PATTERN = {"newmain": "riverbend", "newgrowth": "southterrace"}


def zone_score_by_areas(table, evaluation):
    """The zone's score of 2023: sums by area, by the library alone."""
    now = table.xs(2023, level="year")
    areas = [evaluation.area_of(str(u)) for u in now.index]
    sums = now.groupby(areas).sum(min_count=1, skipna=False)
    sums.index = pd.MultiIndex.from_tuples(
        [("sample", 2023, a) for a in sums.index], names=["unit", "year", "area"]
    )
    made = score(compute(sums), evaluation.standard, evaluation)
    return made.total.at[("sample", 2023), "score"]


@pytest.mark.office
def test_a_typed_row_that_cannot_count_says_why_and_moves_no_total(result, book, tmp_path):
    own = result.accounts.loc[("riverbend", 2023)]
    wrong = {
        "没有单元代码": {"unit": None},
        "年份不在": {"year": 1999},
        "单元和年份重复": {"unit": "riverbend"},
        "“分值”中没有此类型": {"kind": "月球型"},
        "没有此聚集区": {"group": "nowhere"},
        "当年没有“含于”": {"within": "nobody"},
    }

    def change(_, accounts):
        rows = spare_rows(accounts)
        for row, (k, told) in zip(rows, enumerate(wrong.values()), strict=False):
            type_in(accounts, row, **{"unit": f"new{k}", "values": own, **told})
        type_in(accounts, rows[len(wrong)], "inner", own, within="riverbend")
        accounts.cell(accounts.max_row + 1, 1, "below")

    made = recalculated(edited(book, tmp_path / "edited.xlsx", change), tmp_path)
    status = [r[7] for r in made["台账"].iter_rows(min_row=6, values_only=True) if r[7]]
    assert [s for s, why in zip(status, wrong, strict=False) if not s.startswith(why)] == []
    assert status[len(wrong) :] == ["计入 counted"]  # but within riverbend: in no total
    assert said_of_typed(made).startswith(f"1 行计入合计、分值和名次 counted；{len(wrong) + 1} 行")
    found = results_in(made)
    for (unit, year), row in result.total_scores.total.iterrows():
        assert found[unit, year][4] == pytest.approx(row["score"], abs=1e-9)
    assert found["inner", 2023][4] == pytest.approx(found["riverbend", 2023][4], abs=1e-9)
    assert found["inner", 2023][6] == found["riverbend", 2023][6]  # a tie


def test_every_sheet_is_live_or_says_that_it_is_not(book):
    made = openpyxl.load_workbook(book)
    followed = " ".join(str(c.value) for row in made["台账"].iter_rows(min_row=6) for c in row)
    for sheet in made:
        if f"'{sheet.title}'!" in followed:  # what is typed in here is what the accounts sum
            continue
        formulas = any(c.data_type == "f" for row in sheet.iter_rows() for c in row)
        numbers = any(isinstance(c.value, float) for row in sheet.iter_rows(min_row=4) for c in row)
        head = f"{sheet['A1'].value} {sheet['A2'].value}"
        assert formulas or not numbers or "does not follow edits" in head, sheet.title


def test_the_accounts_say_what_was_stated_and_what_measured(result, book):
    sheet = openpyxl.load_workbook(book)["台账"]
    keys = {TERMS[k].zh: k for k in TERMS}
    heads = [keys.get(c.value) for c in sheet[3]]
    seen = set()
    for row in sheet.iter_rows(min_row=6):
        at = row[0].value, row[2].value
        for key, cell in zip(heads, row, strict=True):
            number = isinstance(cell.value, int | float) or "SUMIFS" in str(cell.value)
            if key and at in result.basis.index and number:
                mark = {"computed": "量", "stated": "填"}[result.basis.at[at, key]]
                assert mark in cell.number_format
                seen.add(mark)
                assert ("FFF9DB" in str(cell.fill.fgColor.rgb)) == (mark == "填")
    assert seen == {"填", "量"}


def test_every_score_is_a_formula_down_to_the_accounts(book):
    made = openpyxl.load_workbook(book)
    scores = made["分值"]
    leaves = [
        cell.value
        for row in scores.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and "'指标'!" in cell.value
    ]
    assert len(leaves) > 150
    assert all(f.startswith("=") and "'理想值与权重'!" in f for f in leaves)
    values = [c.value for row in made["指标"].iter_rows(min_row=6, min_col=4) for c in row]
    assert values
    assert all(str(v).startswith("=IF(COUNT('台账'!") for v in values)
    for (unit, year), row in results_in(made).items():
        assert str(row[4]).startswith("="), (unit, year)


def test_totals_of_complete_parks_are_sums_in_the_sheet(book):
    accounts = openpyxl.load_workbook(book)["台账"]
    rows = {(r[0].value, r[2].value): r for r in accounts.iter_rows(min_row=6)}
    column = next(c.column for c in accounts[3] if c.value == TERMS["tax_wan"].zh)
    assert "SUMIFS(" in rows["sample", 2023][column - 1].value
    assert isinstance(rows["riverbend", 2023][column - 1].value, int | float)


def pieces_sheets(made):
    return [s for s in made if s.title.startswith("宗地") and s.title != "宗地潜力"]


def test_every_measured_account_of_land_and_buildings_sums_the_parcels(result, book):
    """A sheet per land class; a parcel stands once per park it lies in, and none is left out."""
    made = openpyxl.load_workbook(book)
    found = pieces(result.survey)
    assert [s.title for s in pieces_sheets(made)] == [f"宗地{c}" for c in CLASSES_OF_SAMPLE]
    listed = [
        r[0:3:2] for s in pieces_sheets(made) for r in s.iter_rows(min_row=5, values_only=True)
    ]
    assert sorted(listed) == sorted(
        zip(found["parcel"]["unit"], found["parcel"]["id"], strict=True)
    )
    keys = {TERMS[k].zh: k for k in TERMS}
    heads = [keys.get(c.value) for c in made["台账"][3]]
    summed = 0
    for row in made["台账"].iter_rows(min_row=6, values_only=True):
        for key, value in zip(heads, row, strict=True):
            at = row[0], row[2]
            if (
                key in RECIPES
                and at in result.basis.index
                and result.basis.at[at, key] == "computed"
            ):
                assert "SUMIFS(" in str(value) or value == 0, (at, key)
                summed += "SUMIFS(" in str(value)
    assert summed > 500


CLASSES_OF_SAMPLE = ("A1", "A2", "A3", "A4", "A5", "B", "C")


@pytest.mark.office
def test_a_parcel_changed_or_added_in_its_sheet_is_followed_to_the_score(result, book, tmp_path):
    made = openpyxl.load_workbook(book)
    sheet = made["宗地A2"]
    first = next(
        r for r in sheet.iter_rows(min_row=5) if r[0].value == "riverbend" and r[12].value == 1
    )
    more = first[8].value
    first[8].value = 2 * more  # area
    new = [c.value for c in first]
    new[2], new[8] = "typed in", 5000.0
    for column, value in enumerate(new, start=1):
        sheet.cell(sheet.max_row + (column == 1), column, value)
    made.save(tmp_path / "edited.xlsx")
    after = recalculated(tmp_path / "edited.xlsx", tmp_path)
    column = next(c.column for c in after["台账"][3] if c.value == TERMS["industrial_land_m2"].zh)
    cells = {
        (r[0], r[2]): r[column - 1] for r in after["台账"].iter_rows(min_row=6, values_only=True)
    }
    for year in result.years:
        before = result.accounts.at[("riverbend", year), "industrial_land_m2"]
        there = first[10 + year - result.years[0]].value
        assert cells["riverbend", year] == pytest.approx(
            before + there * (more + 5000.0), rel=1e-12
        )
    before = result.scores.total.at[("riverbend", 2023), "score"]
    assert abs(results_in(after)["riverbend", 2023][4] - before) > 0.01


def test_parcels_too_many_for_a_workbook_are_listed_as_csv(result, tmp_path, monkeypatch):
    monkeypatch.setattr("zgcgis.report.workbook.followed.MOST_PIECES", 1000)
    made = openpyxl.load_workbook(write_workbook(result, tmp_path / "book.xlsx"))
    assert pieces_sheets(made) == []
    assert "parcels.csv" in made["台账"]["A2"].value
    written = {p.name: p for p in write_csv(result, tmp_path)}
    with written["parcels.csv"].open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(list(file)[2:]))
    own = sum(float(r["area_m2"]) for r in rows if r["unit"] == "spruce" and r["there_2023"] == "1")
    assert own == pytest.approx(result.accounts.at[("spruce", 2023), "land_m2"], rel=1e-12)
    assert "buildings.csv" in written


def test_a_name_that_looks_like_a_formula_stays_a_text(book):
    made = openpyxl.load_workbook(book)
    cell = next(
        c for row in made["台账"].iter_rows(min_row=6) for c in row if "HYPERLINK" in str(c.value)
    )
    assert cell.data_type == "s"
    assert "\x07" not in cell.value
    for sheet in made:
        for row in sheet.iter_rows():
            for c in row:
                if c.data_type == "f":
                    assert "HYPERLINK" not in c.value


def test_the_workbook_prints_on_a4_with_its_head_on_every_page(book):
    made = openpyxl.load_workbook(book)
    assert made.sheetnames[:5] == ["说明", "台账", "指标", "理想值与权重", "分值"]
    assert {"潜力", "排序", "基准", "规划目标", "问题", "方法", "来源"} <= set(made.sheetnames)
    for sheet in made:
        assert sheet.page_setup.orientation == "landscape"
        assert str(sheet.page_setup.paperSize) == "9"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows


def test_the_same_assessment_gives_the_same_bytes(result, book, tmp_path):
    again = write_workbook(result, tmp_path / "again.xlsx")
    assert again.read_bytes() == book.read_bytes()
    assert render_page(result) == render_page(result)
    with zipfile.ZipFile(again) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_zone_without_scores_still_has_a_workbook_that_says_why(plain, tmp_path):
    made = openpyxl.load_workbook(write_workbook(plain, tmp_path / "zgc.xlsx"))
    assert "分值" not in made.sheetnames
    text = " ".join(str(c.value) for row in made["说明"].iter_rows() for c in row)
    assert "没有集约度分值" in text
    assert "so there is no score" in text


@pytest.mark.parametrize("ind", INDICATORS.values(), ids=list(INDICATORS))
def test_the_formula_of_every_indicator_can_be_written_for_a_cell(ind):
    """The cell formula, read as Python, gives what the indicator gives."""
    cells = {key: f"X{i}" for i, key in enumerate(ind.inputs)}
    text = excel_formula(ind.formula, cells)
    core = re.fullmatch(r'IF\(COUNT\([^)]*\)<\d+,"",IF\(\((.*?)\)>0,(.*),""\)\)', text)
    assert core, text
    numbers = {name: 7.0 + 3 * i for i, name in enumerate(cells.values())}
    body = ast.unparse(ast.parse(core.group(2), mode="eval"))
    expected = eval(ind.formula, {}, {k: numbers[c] for k, c in cells.items()})
    assert eval(body, {}, numbers) == pytest.approx(expected)


# --- the page says what a score rests on ---------------------------------------------------------


def test_bars_of_the_waterfall_begin_at_nought(result):
    from zgcgis.report import charts

    for unit in ("sample", "riverbend"):
        scores = result.total_scores if unit == "sample" else result.scores
        score = scores.total.at[(unit, 2023), "score"]
        svg = str(charts.waterfall(result, unit, 2023))
        boxes = [
            (float(x), float(w))
            for x, w in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
        ]
        (start, full), (last_start, last) = boxes[0], boxes[-1]
        assert start == last_start
        assert last / full == pytest.approx(score / 100, abs=0.002)


def test_the_page_shows_weights_open_places_and_small_numbers(result, plain):
    from zgcgis.report.sections import _text

    page = render_page(result)
    assert "权重与理想值" in page
    for kind, sure in result.robustness.items():
        if sure.share[1].max() < 0.9:
            assert f"{result.evaluation.standard.kinds[kind][0]}：第一名不能确定" in page
    assert _text(0.0123).text == "0.012"
    assert _text(0.01).text == "0.010"
    assert _text(12.345).text == "12.35" or _text(12.345).text == "12.34"
    assert _text(0.0).text == "0.00"
    years = plain.benchmarks
    if (years["year"] != years["benchmark_year"]).any():
        assert "未按价格指数折算" in render_page(plain)


# --- tables --------------------------------------------------------------------------------------


def test_csv_opens_in_excel_and_holds_no_formula(result, tmp_path):
    made = write_csv(result, tmp_path)
    assert {p.name for p in made} == {
        "accounts.csv",
        "indicators.csv",
        "scores.csv",
        "potentials.csv",
        "parcel_potentials.csv",
        "findings.csv",
    }
    for path in made:
        raw = path.read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        for row in csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")):
            for cell in row:
                if cell[:1] in "=+-@\t\r" and cell:
                    float(cell)  # a number may begin with a minus, a text may not
    with (tmp_path / "scores.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[2][:4] == ["unit", "name", "year", "kind"]
    assert len(rows) == 3 + 18


def complaints(value, rule, where="$"):
    """The part of JSON schema that ours uses."""
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
    }
    if "const" in rule and value != rule["const"]:
        yield f"{where}: {value!r}"
    if "enum" in rule and value not in rule["enum"]:
        yield f"{where}: {value!r}"
    if "type" in rule:
        names = [rule["type"]] if isinstance(rule["type"], str) else rule["type"]
        fits = any(
            isinstance(value, kinds[n]) and not (isinstance(value, bool) and n != "boolean")
            for n in names
        )
        if not fits:
            yield f"{where}: {value!r} is not {names}"
            return
    if isinstance(value, dict):
        known = rule.get("properties", {})
        yield from (f"{where}.{k} is missing" for k in rule.get("required", ()) if k not in value)
        more = rule.get("additionalProperties", True)
        for key, item in value.items():
            if key in known:
                yield from complaints(item, known[key], f"{where}.{key}")
            elif more is False:
                yield f"{where}.{key} is not in the schema"
            elif isinstance(more, dict):
                yield from complaints(item, more, f"{where}.{key}")
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from complaints(item, rule.get("items", {}), f"{where}[{i}]")


def test_json_keeps_its_schema(result, plain, tmp_path):
    for assessed in (result, plain):
        path = write_json(assessed, tmp_path / "a.json")
        text = path.read_text(encoding="utf-8")
        assert "NaN" not in text
        data = json.loads(text)
        assert list(complaints(data, schema())) == []
        assert data["zone"]["id"] == assessed.zone.id
    broken = as_data(result) | {"years": ["2021"]}
    assert list(complaints(broken, schema())) == ["$.years[0]: '2021' is not ['integer']"]


# --- the page ------------------------------------------------------------------------------------


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_has_no_script_and_asks_nothing_of_a_network(result, lang):
    text = render_page(result, lang=lang)
    page = Page(text)
    allowed = {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "p", "nav", "a",
        "main", "section", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "figure",
        "figcaption", "svg", "line", "rect", "circle", "polyline", "path", "text", "ul", "ol", "li",
        "footer", "input", "label", "span", "details", "summary",
    }  # fmt: skip
    assert {tag for tag, _ in page.tags} <= allowed
    for tag, attrs in page.tags:
        assert not any(name.startswith("on") or name in ("style", "src") for name in attrs), tag
        assert attrs.get("href", "#").startswith("#")
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv"))
    style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "url(" not in style
    assert "@import" not in style


def test_hostile_text_is_shown_as_it_is(result):
    text = render_page(result)
    assert "<script>alert" not in text
    assert "{{7*7}}" in "".join(Page(text).texts)  # and not 49


def test_the_page_shows_the_four_charts(result):
    labels = [a["aria-label"] for t, a in Page(render_page(result)).tags if t == "svg"]
    for word in ("分值分解", "名次可接受度", "空间矩阵图", "集约度分值", "2023 年园区分值图"):
        assert any(word in label for label in labels), word


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_numbers_of_the_page_unfold_their_formula(result, lang):
    """The score's line, added up again from what it says, is the score."""
    say = Words(lang)
    told = Derivations(result, say)
    page = " ".join(Page(render_page(result, lang=lang)).texts)
    for (unit, year), row in result.scores.total.iterrows():
        said = told.score(unit, year)
        points = [
            float(a) * float(b) for a, b in re.findall(r"(\d+\.\d\d) × \D*(\d\.\d+|\d)", said)
        ]
        assert sum(points) == pytest.approx(row["score"], abs=0.06)
        assert year != result.year or said in page
    value = result.values.at[("spruce", 2023), "floor_area_ratio"]
    said = told.indicator("spruce", 2023, "floor_area_ratio", value)
    assert said in page
    built, floor = (
        result.accounts.at[("spruce", 2023), k] for k in ("built_land_m2", "floor_area_m2")
    )
    assert f"{floor:,.10g}" in said
    assert f"{built:,.10g}" in said
    assert say("填报", "stated") in told.indicator("spruce", 2023, "population_density", 1.0)
    assert say("量算", "measured") in said


def test_the_answer_stands_before_everything_else(result, plain):
    texts = [t.strip() for t in Page(render_page(result)).texts if t.strip()]
    score = result.total_scores.total.at[("sample", 2023), "score"]
    assert (
        texts.index("结论")
        < texts.index(f"{score:.2f}")
        < texts.index("2023 年园区分值（同类型内排名）")
    )
    lost = result.total_scores.indicators().query("year == 2023")
    lost = (100 * lost["share"] - lost["contribution"]).groupby(lost["indicator"]).sum()
    worst = INDICATORS[lost.idxmax()].zh
    assert texts[texts.index("失分最多的指标") + 1] == worst
    texts = [t.strip() for t in Page(render_page(plain)).texts if t.strip()]
    assert texts.index("没有分值") < texts.index("评价结果", texts.index("结论"))


KNOWN_IN_CHINESE = re.compile(
    r"https?://\S+|<script>.*|\{\{.*|\[[^\]]*\]|\w+\.(csv|toml)|(SDG|DEA|CCR|BCC|SBM|CRITIC|TOPSIS|VIKOR|GSI|FSI|OSR|"
    r"GDP|AHP|LCR|PGR|TD/T|tdt|GB/T|zgcgis)"
)


def test_a_chinese_page_is_chinese_word_for_word(result, plain):
    """What is Latin in it is an abbreviation of the field, a source, a file's name or an id."""
    for one in (result, plain):
        page = Page(render_page(one))
        said = [t for t in page.texts if not t.startswith(":root")]
        said += [a["aria-label"] for _, a in page.tags if "aria-label" in a]
        said = [
            KNOWN_IN_CHINESE.sub("", t) for t in said if not re.match(r"D50\d ", t)
        ]  # name sources
        assert [t for t in said if len(re.findall(r"(?<![\w-])[A-Za-z]{3,}(?![\w-])", t)) > 1] == []


def test_every_unit_of_an_indicator_can_be_said_in_english():
    from zgcgis.report.wording import _UNITS

    assert {ind.unit for ind in INDICATORS.values()} == {*_UNITS, "1", "%"}


def test_every_unit_of_an_account_can_be_said_in_english():
    assert {term.unit for term in TERMS.values()} == set(QUANTITY_UNITS)
    assert not re.search("[一-鿿]", "".join(en for _, en in QUANTITY_UNITS.values()))


def test_no_formula_of_an_english_page_speaks_chinese(result):
    told = Derivations(result, Words("en"))
    for (unit, year), row in result.values.iterrows():
        said = [told.indicator(unit, year, key, value) for key, value in row.items()]
        said += [told.score(unit, year), told.rank(unit, year)]
        assert [s for s in said if re.search("[一-鿿（）、，]", s)] == []
    assert [p for p in POTENTIALS if re.search("[一-鿿]", told.potential(p))] == []


def test_the_waterfall_ends_at_the_score(result):
    from zgcgis.report.charts import waterfall

    svg = str(waterfall(result, "spruce", 2023))
    score = result.scores.total.loc[("spruce", 2023), "score"]
    lost = [float(m.replace("−", "-")) for m in re.findall(r">([+−]\d+\.\d\d)<", svg)]
    assert f">{score:.2f}<" in svg
    assert 100 + sum(lost) == pytest.approx(score, abs=0.06)


def test_a_page_without_scores_says_what_is_missing(plain):
    text = "".join(Page(render_page(plain)).texts)
    assert "没有集约度分值" in text
    assert "单位规划面积总收入" in text


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_axe_finds_nothing_on_the_page_and_it_fits_every_width(result, plain, lang, tmp_path):
    from axe_playwright_python import sync_playwright as axe
    from playwright.sync_api import sync_playwright

    code = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page()
        for name, one in (("scored", result), ("plain", plain)):
            file = tmp_path / f"{name}.html"
            file.write_text(render_page(one, lang=lang), encoding="utf-8")
            for width, height in ((360, 760), (768, 1024), (1440, 900), (3840, 2160)):
                page.set_viewport_size({"width": width, "height": height})
                page.goto(file.as_uri())
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
                page.evaluate(code)
                found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
                assert [v["id"] for v in found["violations"]] == [], (name, width)
        page.goto((tmp_path / "scored.html").as_uri())
        folded = page.locator(".fold > input:not(:checked) ~ .wide").first
        assert not folded.is_visible()
        page.locator(".fold > input:not(:checked) ~ label").first.click()
        assert page.locator(".fold .wide").nth(1).is_visible()
        page.locator("td summary").first.click()
        assert page.locator("td details[open] > span").first.is_visible()
        page.reload()
        page.emulate_media(media="print")  # on paper nothing stays folded
        assert page.eval_on_selector_all(".wide", "ws => ws.every(w => w.offsetHeight > 0)")
        browser.close()


@pytest.mark.browser
def test_the_page_opens_offline_without_a_complaint(result, tmp_path):
    from playwright.sync_api import sync_playwright

    page_file = write_report(result, tmp_path / "out")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        context = browser.new_context(offline=True)
        page = context.new_page()
        said, asked = [], []
        page.on("console", lambda m: said.append(m.text))
        page.on("pageerror", lambda e: said.append(str(e)))
        page.on("request", lambda r: asked.append(r.url))
        page.goto(page_file.as_uri())
        assert page.locator("h1").inner_text().endswith("土地集约利用评价")
        colour = page.evaluate("getComputedStyle(document.querySelector('h2')).color")
        wide = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        browser.close()
    assert said == []
    assert asked == [page_file.as_uri()]
    assert colour == "rgb(15, 92, 110)"  # the style passed its own policy
    assert wide


def chromium() -> str:
    import shutil

    found = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    assert found
    return found


def test_the_method_page_is_not_stale():
    from zgcgis.report import method_page

    kept = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
    assert kept == method_page(), (
        "docs/method.md is stale; its third paragraph says how to renew it"
    )


# --- the command line -------------------------------------------------------------------------------


def test_assess_from_the_command_line(tmp_path):
    from zgcgis.cli.assess import assess as command

    run = CliRunner().invoke(
        command, [str(ROOT / "data" / "sample"), "--year", "2023", "-o", str(tmp_path / "o")]
    )
    assert run.exit_code == 1, run.output  # the sample has planted errors
    assert "示范区集约度" in run.output
    assert {p.name for p in (tmp_path / "o").iterdir()} >= {
        "assessment.xlsx",
        "assessment.json",
        "index.html",
        "scores.csv",
    }


def test_assess_of_the_real_zone_speaks_json():
    from zgcgis.cli.assess import assess as command

    run = CliRunner().invoke(command, ["zgc", "--json"])
    assert run.exit_code == 0, run.output
    data = json.loads(run.output)
    assert data["standard"] is None
    assert any("没有集约度分值" in note["zh"] for note in data["left_out"])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_zone_without_scores_has_the_map_of_what_its_parks_publish(plain, lang):
    """Each outlined park by its last value; who has a value and no outline is named."""
    page = render_page(plain, lang=lang)
    key = "income_per_planned_area"
    known = plain.values[key].dropna().sort_index(level="year", kind="stable")
    last = {unit: (year, value) for (unit, year), value in known.items()}
    drawn = re.search(r'<figure class="map">.*?</figure>', page, re.S).group()
    parks = plain.zone.layers["park"]
    outlined = set(parks[parks.geom_type != "Point"]["id"])
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", drawn)
    seen = 0
    for unit, (year, value) in last.items():
        said = f"{plain.name(unit, lang)} {value:,.4g} ({year})"
        assert (said in texts) == (unit in outlined), said
        assert said in page
        seen += unit in outlined
    assert 0 < seen < len(last)


def test_the_page_says_why_it_has_no_map(plain):
    points = plain.zone.layers["park"]
    points = points[points.geom_type == "Point"]
    bare = dataclasses.replace(plain.zone, layers={**plain.zone.layers, "park": points})
    page = render_page(dataclasses.replace(plain, zone=bare))
    assert "没有地图：园区没有边界" in page
    assert 'class="map"' not in page


def test_money_of_two_years_is_said_to_be_undeflated_on_page_and_sheet(result, book):
    """And is not said where only shares are compared, or money of one year."""
    money = [i for i in result.benchmarks["indicator"] if "元" in INDICATORS[i].unit]
    rows = result.benchmarks[result.benchmarks["indicator"].isin(money)]
    assert (rows["year"] != rows["benchmark_year"]).any()
    said = "未按价格指数折算"
    assert said in render_page(result)
    assert "not deflated" in render_page(result, lang="en")
    assert said in str(openpyxl.load_workbook(book)["基准"]["A2"].value)
    assert said not in str(caveats(rows.assign(benchmark_year=rows["year"])))
    assert said not in str(caveats(result.benchmarks.drop(rows.index)))

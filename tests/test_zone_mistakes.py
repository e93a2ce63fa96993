"""Mistakes of typing in a zone's files: none is silent, each names place, word and way out.

The mistakes are made over the schema itself, so a new key or column is held to the same.
"""

from __future__ import annotations

import sys
from copy import deepcopy
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from hostile_zone import CSV, FORM_OF, TOML, _paths, csv_text, toml_text, write_zone
from test_zone_values import run

from zgcgis.checks import check
from zgcgis.io.zones import open_zone
from zgcgis.language.errors import ZgcgisError, nearest
from zgcgis.plan.fields import CONTROLS, FORMS, REMARKS, cell_value
from zgcgis.plan.settings import check_settings, read_toml
from zgcgis.planning.changes import read_waivers

FILES = {
    **TOML,
    "project.toml": {"project": {"id": "a", "park": "b"}},
    "scenario.toml": {"scenario": {"zh": "方案"}, "change": [{"do": "release", "parcel": "p1"}]},
    "demand.toml": {
        "allocation": {"kind": "uses"},
        "demand": [{"use": "industrial_land", "code": "1001"}],
        "apart": [{"uses": ["industrial_land", "residential_land"]}],
        "project": [{"file": "p.toml", "value_wan": 1}],
    },
}
TABLES = [name for name in FORMS if name.endswith(".csv")]


def misspelt(word: str) -> str:
    """The word with two letters in its middle swapped, or one doubled where that is no change."""
    k = len(word) // 2
    swapped = word[: k - 1] + word[k] + word[k - 1] + word[k + 1 :]
    return swapped if swapped != word else word[:k] + word[k:] + word[-1]


def keys():
    """Every key of every TOML file that has a table in the samples: file, place, field."""
    for name, data in FILES.items():
        form = FORM_OF.get(name, name)
        for path, of in dict.fromkeys(_paths(data, form)):
            if path[-1] in FORMS[of]:
                yield name, path, FORMS[of][path[-1]]


def changed(name, path, value, *, key=None):
    """A file of the samples with another value, or another key, at a place."""
    made = deepcopy(FILES[name])
    node = made
    for step in path[:-1]:
        node = node[step]
    if key is not None:
        node.pop(path[-1], None)
    node[key or path[-1]] = value
    return made


def refusal(folder, name, data):
    """What is said of a settings file, in English; empty if it is taken."""
    file = folder / name
    file.write_text(toml_text(data), encoding="utf-8")
    try:
        check_settings(read_toml(file), FORM_OF.get(name, name), file)
    except ZgcgisError as error:
        return error.en if name in error.zh and "请" in error.zh else f"halved: {error}"
    return ""


def test_the_samples_are_right(tmp_path):
    for name, data in FILES.items():
        assert refusal(tmp_path, name, data) == ""
    found = check(open_zone(write_zone(tmp_path / "zone")), ["H207", "H209", "H210"])
    assert found.empty


def test_every_key_misspelt_is_named_with_the_right_one(tmp_path):
    silent = []
    for name, path, _ in keys():
        wrong = misspelt(path[-1])
        said = refusal(tmp_path, name, changed(name, path, "x", key=wrong))
        if f"'{wrong}'" not in said or (len(wrong) > 3 and f"Is it {path[-1]} (" not in said):
            silent.append((name, path, said))
    assert len(list(keys())) > 200
    assert not silent, silent[:5]


WRONG = {
    "text": [5, True, []],
    "id": [5, "", " a"],
    "name": [5, "a/b", ""],
    "path": [5, []],
    "unit": [5, []],
    "number": ["1.5", "一平方米", True, float("inf"), float("nan"), 1e300],
    "share": ["0.5", 2, -1],
    "year": ["2023", "2023年", 2023.5, 23, True],
    "years": [2023, "2021-2023", [], ["2023"]],
    "period": [2023, "2021-2025", [2025, 2021], [2021]],
    "day": ["2024年13月31日", "31/12/2024", 20241231, True],
    "flag": ["是", "true", 1],
    "point": ["121.6,31.2", [121.6], [31.2, 121.6], ["121.6", "31.2"]],
    "texts": ["a b", 5, [1]],
    "codes": ["39", 39, [], [39], ["98"], ["A39"], ["39-3911"], {"三九": "名"}, {"39": 1}],
    "colour": ["red", "#12", 5, "1b7f79"],
    "matrices": [1, [1], [[[1, 2]]]],
    "range": [1, [1, 2], "0-1", [0.2]],
    "system": ["yonghai", "三", 5, "tiny_codes"],
    "term": ["incom_wan", "总收入（万元）", 5],
    "terms": ["income_wan", ["incom_wan"]],
    "use": ["industrial", "工业", 5],
    "span": ["year", "2023", 5],
    "table": ["x", 5],
    "tables": ["x", {"a": 1}],
    "named": ["x", 5],
    "each": ["x", 5],
}


def test_every_value_of_a_wrong_type_is_named_with_its_place(tmp_path):
    silent, tried = [], 0
    for name, path, field in keys():
        for value in WRONG.get(field.kind, ()):
            if field.alone and isinstance(value, str):
                continue  # a text alone stands for a list of one
            tried += 1
            said = refusal(tmp_path, name, changed(name, path, value))
            if str(path[-1]) not in said or name not in said:
                silent.append((name, path, value, said))
    assert tried > 400
    assert not silent, silent[:5]


def test_every_kind_of_value_has_wrong_ones():
    kinds = {field.kind for form in FORMS.values() for field in form.values()}
    assert kinds - set(WRONG) == {"any", "control"}  # what may be anything; in tables only


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("land_use_systm = 'yonghai_2023'", "Is it land_use_system"),
        ("centre = [121.6, 31.2]", "Is it center"),
        ("center = '121.6,31.2'", "center is '121.6,31.2'.*longitude and latitude"),
        ("as_off = 2024-01-01", "Is it as_of"),
        ("as_of = '2024年12月31日'", "as_of is '2024年12月31日'.*Is it 2024-12-31"),
        ("[thresholds]\nfar = 1", "thresholds has unknown keys.*industrial_far_min"),
        ("land_use_system = '三调'", "Is it third_survey"),
        ("synthetic = '是'", "synthetic is '是', not true or false"),
    ],
)
def test_a_slip_in_zone_toml_is_a_sentence(tmp_path, line, words):
    file = tmp_path / "zone.toml"
    file.write_text(f"id = 'z'\nzh = '区'\nen = 'Z'\n{line}\n", encoding="utf-8")
    with pytest.raises(ZgcgisError, match=words):
        open_zone(tmp_path)


def test_a_remark_may_stand_in_a_waiver(tmp_path):
    data = deepcopy(TOML["waivers.toml"])
    data["waiver"][0] |= dict.fromkeys(REMARKS, "注")
    file = tmp_path / "waivers.toml"
    file.write_text(toml_text(data), encoding="utf-8")
    assert [one.feature for one in read_waivers(file)] == ["p1"]


# --- tables --------------------------------------------------------------------------------------


def table_zone(folder, name, rows, columns=None):
    """The zone of the samples with its units and one other table, written anew."""
    if not folder.exists():
        write_zone(folder, ["zone.toml"])
    for other in {"parks.csv", name}:
        given = rows if other == name else CSV[other]
        heads = columns if other == name and columns else list(FORMS[other])
        (folder / other).write_text(csv_text(given, heads), encoding="utf-8")
    for path in set(folder.glob("*.csv")) - {folder / "parks.csv", folder / name}:
        path.unlink()
    return folder


def with_cell(name, column, value, row=0):
    rows = deepcopy(CSV[name])
    rows[row][column] = value
    return rows


def sentence(folder):
    try:
        open_zone(folder)
    except ZgcgisError as error:
        return error.en
    return ""


def test_every_column_misspelt_is_named_with_the_right_one(tmp_path):
    silent = []
    for name in TABLES:
        for column, field in FORMS[name].items():
            wrong = misspelt(column)
            if len(column) < 4 and not field.needed:
                continue
            heads = [wrong if head == column else head for head in FORMS[name]]
            rows = [{wrong if k == column else k: v for k, v in row.items()} for row in CSV[name]]
            zone = table_zone(tmp_path / "zone", name, rows, heads)
            said = sentence(zone)
            if not said and not field.counts:
                found = check(open_zone(zone), ["H209"])
                said = " ".join(f"{row.feature} {row.other}" for row in found.itertuples())
            named = name in said and (wrong in said or column in said)
            if not named or (field.counts and len(column) > 3 and f"Is it {column}" not in said):
                silent.append((name, wrong, said))
    assert not silent, silent[:5]


BAD_CELLS = {
    "number": ["1,000", "十", "5公顷", "inf", "nan"],
    "year": ["23", "2023.5", "二〇二三", "2023-2024"],
    "flag": ["maybe", "2"],
    "day": ["31/12/2024", "十二月"],
    "system": ["yonghai", "三", 5, "tiny_codes"],
    "term": ["incom_wan", "营收"],
    "use": ["industrial_lnd", "厂房"],
    "span": ["2023", "Q5", "13月"],
    "control": ["floor_area_ration", "容积"],
}


def test_every_cell_that_may_not_stand_is_named_by_file_line_and_column(tmp_path):
    silent, tried = [], 0
    for name in TABLES:
        for column, field in FORMS[name].items():
            bad = [misspelt(value) for value in field.values if len(value) > 3] or BAD_CELLS.get(
                field.kind, []
            )
            bad = [*bad, "nonsense"] if field.values else bad
            for value in [*bad, *([""] if field.needed else [])]:
                tried += 1
                zone = table_zone(tmp_path / "zone", name, with_cell(name, column, value))
                said = sentence(zone)
                if f"{name} line 2, column {column}: '{value}'" not in said:
                    silent.append((name, column, value, said))
    assert tried > 80
    assert not silent, silent[:5]


@pytest.mark.parametrize("name", TABLES)
def test_every_word_that_means_one_value_only_is_that_value(name):
    for column, field in FORMS[name].items():
        for word, value in field.words.items():
            assert cell_value(word, field) == value, (column, word)
        for value in field.values:
            if value:
                assert (
                    nearest(misspelt(value), field.values, field.words) == value or len(value) < 5
                )
        assert cell_value("", field) == (field.blank or None) if not field.needed else True


def test_every_head_in_chinese_is_its_column(tmp_path):
    for name in TABLES:
        heads = {column: field.heads[0] for column, field in FORMS[name].items() if field.heads}
        rows = [{heads.get(k, k): v for k, v in row.items()} for row in CSV[name]]
        zone = table_zone(
            tmp_path / "zone", name, rows, [heads.get(column, column) for column in FORMS[name]]
        )
        plain = table_zone(tmp_path / "plain", name, CSV[name])
        assert sentence(zone) == ""
        assert open_zone(zone).accounts.equals(open_zone(plain).accounts)
        assert open_zone(zone).units.equals(open_zone(plain).units)


def test_chinese_words_full_width_digits_and_blanks_are_read(tmp_path):
    row = {"unit": "a", "year": "２０２３年", "key": "income_wan", "value": "１２", "qualifier": "约",
           "period": "1-10月", "scope": "经营地", "basis": "公布"}  # fmt: skip
    bare = {"unit": "a", "year": 2022, "key": "income_wan", "value": 1}
    zone = table_zone(tmp_path / "zone", "accounts.csv", [row, bare])
    read = open_zone(zone).accounts.iloc[:2]
    columns = ["year", "value", "qualifier", "period", "scope", "basis"]
    assert read[columns].to_numpy().tolist() == [
        [2023, 12.0, "~", "Jan-Oct", "operation", "stated"],
        [2022, 1.0, "=", "annual", "unknown", "stated"],
    ]


UNITS = [(n, c) for n in TABLES for c, field in FORMS[n].items() if field.kind == "unit"]


@pytest.mark.parametrize(("name", "column"), UNITS)
def test_a_unit_that_is_not_there_is_a_finding_with_file_line_and_nearest(tmp_path, name, column):
    rows = with_cell(name, column, "tinny", row=len(CSV[name]) - 1)
    zone = table_zone(tmp_path / "zone", name, rows)
    found = check(open_zone(zone), ["H207"])
    assert found[["feature", "other"]].to_numpy().tolist() == [["tinny", "tiny"]]
    detail = found["detail"].iloc[0]
    assert detail.startswith(f"{name} 的 {column} 列")
    row = str(len(CSV[name]) + 1) if name != "parks.csv" else "a1"
    assert f"row {row}" in detail
    grave = {"accounts.csv", "quotas.csv", "negative_list.csv"}
    assert found["severity"].iloc[0] == ("error" if name in grave else "warning")
    code, _, told = run(["map", str(zone), "-o", str(tmp_path / "m.html"), "--lang", "en"])
    assert code == 0
    assert "tinny" in told
    assert name in told


def test_a_unit_in_settings_that_is_not_there_is_a_finding(tmp_path):
    zone = table_zone(tmp_path / "zone", "parks.csv", CSV["parks.csv"])
    for name, path, value in (
        ("zone.toml", ("rejected", 0, "unit"), "aa"),
        ("evaluation.toml", ("kinds",), {"bb": "all"}),
    ):
        (zone / name).write_text(toml_text(changed(name, path, value)), encoding="utf-8")
    found = check(open_zone(zone), ["H207"])
    assert sorted(found["feature"]) == ["aa", "bb"]
    assert found["detail"].str.contains(r"zone\.toml.*rejected|evaluation\.toml.*kinds").all()


def test_without_any_unit_a_name_is_no_error(tmp_path):
    zone = table_zone(tmp_path / "zone", "parks.csv", [])
    accounts = csv_text(CSV["accounts.csv"], list(FORMS["accounts.csv"]))
    (zone / "accounts.csv").write_text(accounts, encoding="utf-8")
    found = check(open_zone(zone), ["H207"])
    assert set(found["severity"]) == {"warning"}


def test_a_unit_without_an_english_name_is_a_note_and_goes_by_the_other(tmp_path):
    zone = open_zone(
        table_zone(tmp_path / "zone", "parks.csv", with_cell("parks.csv", "en", "", 2))
    )
    found = check(zone, ["H210"])
    assert found[["severity", "measured", "detail"]].to_numpy().tolist() == [["note", 1, "a"]]
    assert zone.name("a", "en") == "甲园"


def test_a_control_in_another_unit_is_refused(tmp_path):
    for key, control in CONTROLS.items():
        rows = [{"indicator": key, "least": 1, "unit": "万元/亩"}]
        said = sentence(table_zone(tmp_path / "zone", "controls.csv", rows))
        assert f"'万元/亩' is not {control.unit}, that of {key}" in said
        rows = [{"indicator": key, "least": 1, "unit": control.unit}]
        assert sentence(table_zone(tmp_path / "zone", "controls.csv", rows)) == ""


def test_a_column_of_ones_own_is_kept_and_said(tmp_path):
    heads = [*FORMS["accounts.csv"], "checked_by"]
    rows = [dict(row, checked_by="me") for row in CSV["accounts.csv"]]
    zone = open_zone(table_zone(tmp_path / "zone", "accounts.csv", rows, heads))
    assert zone.accounts["checked_by"].tolist() == ["me"] * len(rows)
    found = check(zone, ["H209"])
    assert found[["severity", "feature", "other"]].to_numpy().tolist() == [
        ["note", "accounts.csv", "checked_by"]
    ]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        *((misspelt(Path(name).stem) + ".csv", name) for name in TABLES),
        ("plans.toml", "plan.toml"),
        ("evaluaton.toml", "evaluation.toml"),
        ("waiver.toml", "waivers.toml"),
        ("layer", "layers"),
        ("台账.csv", "accounts.csv"),
    ],
)
def test_a_file_whose_name_is_misspelt_is_not_passed_over(tmp_path, wrong, right):
    (tmp_path / "zone.toml").write_text("id = 'z'\nzh = '区'\nen = 'Z'\n", encoding="utf-8")
    path = tmp_path / wrong
    path.mkdir() if right == "layers" else path.write_text("a,b\n1,2\n", encoding="utf-8")
    said = sentence(tmp_path)
    assert wrong in said
    assert f"Is it {right}" in said

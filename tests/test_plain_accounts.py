"""From a spreadsheet alone: what is read, what is refused, and the example of the guide."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

import zgcgis as zg
from zgcgis import clusters, dea, mcdm
from zgcgis.language.errors import ZgcgisError, ZgcgisWarning

GUIDE = Path(__file__).parents[1] / "docs" / "analyst.md"
HEADS = {
    "园区": "unit",
    "年份": "year",
    "已建成城镇建设用地（公顷）": ("built_land_m2", 1e4),
    "总建筑面积": ("floor_area_m2", 1.0),
    "税收（亿元）": ("tax_wan", 1e4),
    "income_wan": ("income_wan", 1.0),
    "从业人员": ("staff_persons", 1.0),
    "能源消费量": ("energy_tce", 1.0),
}


def named(key):
    from zgcgis.language.terms import TERMS

    return TERMS[key].zh


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(16)
    rows = []
    for park in range(16):
        size = rng.uniform(50, 900)
        for year in (2021, 2022, 2023):
            growth = 1 + 0.1 * (year - 2021) * rng.uniform(0.2, 1.5)
            rows.append(
                {
                    "园区": f"园区{park + 1}",
                    "年份": f"{year}年",
                    f"{named('built_land_m2')}（公顷）": round(size * growth**0.3, 2),
                    named("floor_area_m2"): round(size * 1e4 * rng.uniform(0.6, 2.2)),
                    f"{named('tax_wan')}（亿元）": round(size * growth * rng.uniform(0.02, 0.2), 3),
                    "income_wan": round(size * growth * rng.uniform(500, 3000)),
                    named("staff_persons"): int(size * rng.uniform(20, 90)),
                    named("energy_tce"): round(size * rng.uniform(50, 400)),
                }
            )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def folder(table, tmp_path_factory):
    place = tmp_path_factory.mktemp("analyst")
    table.to_excel(place / "台账.xlsx", index=False)
    return place


def test_a_spreadsheet_with_chinese_heads_and_units_is_read(folder, table):
    found = zg.read_accounts(folder / "台账.xlsx")
    assert list(found.index.names) == ["unit", "year"]
    assert len(found) == 48
    first = table.iloc[0]
    assert found.loc[("园区1", 2021), "built_land_m2"] == pytest.approx(first.iloc[2] * 1e4)
    assert found.loc[("园区1", 2021), "tax_wan"] == pytest.approx(first.iloc[4] * 1e4)
    assert found.loc[("园区1", 2021), "income_wan"] == first["income_wan"]
    assert set(found) == {k for k, _ in [v for v in HEADS.values() if isinstance(v, tuple)]}


def test_a_csv_of_one_value_a_row_gives_the_same(folder, tmp_path):
    wide = zg.read_accounts(folder / "台账.xlsx")
    long = wide.stack().rename("value").rename_axis(["unit", "year", "key"]).reset_index()
    long.to_csv(tmp_path / "long.csv", index=False, encoding="utf-8")
    found = zg.read_accounts(tmp_path / "long.csv")
    pd.testing.assert_frame_equal(found, wide, check_exact=False, rtol=1e-12)


CELL = {"园区": "东园", "年份": "2023", "income_wan": "5", "税收": "1"}


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{**CELL, "income_wan": "很多"}], "很多.*not a number"),
        ([{**CELL, "年份": "去年"}], "not one of four digits"),
        ([CELL, CELL], "has two rows"),
        ([{"园区": "东园", "income_wan": "5"}], "missing column"),
        ([{"园区": "东园", "年份": "2023", "备注": "x"}], "missing column"),
        ([{**CELL, "已建成城镇建设用地（公斤）": "3"}], "unit '公斤'"),
        ([{"园区": "东园", "年份": "2023", "key": "no_such", "value": "3"}], "no_such"),
        ([{**CELL, "园区": ""}], "names a unit"),
    ],
)
@pytest.mark.filterwarnings("ignore::zgcgis.language.errors.ZgcgisWarning")
def test_what_cannot_be_read_is_one_sentence(rows, says, tmp_path):
    pd.DataFrame(rows).to_csv(tmp_path / "台账.csv", index=False, encoding="utf-8")
    with pytest.raises(ZgcgisError, match=says) as caught:
        zg.read_accounts(tmp_path / "台账.csv")
    assert "\n" not in caught.value.zh


def test_a_file_that_is_not_there_and_a_sheet_that_is_none(folder, tmp_path):
    with pytest.raises(ZgcgisError, match="no such file"):
        zg.read_accounts(tmp_path / "none.xlsx")
    with pytest.raises(ZgcgisError, match="no table of"):
        zg.read_accounts(folder / "台账.xlsx", sheet="没有")


def test_columns_that_are_no_quantity_are_named_and_an_empty_cell_is_missing(tmp_path):
    rows = [CELL, {**CELL, "园区": "西园", "income_wan": ""}]
    pd.DataFrame(rows).assign(备注="x").to_csv(tmp_path / "t.csv", index=False, encoding="utf-8")
    with pytest.warns(ZgcgisWarning, match="备注"):
        found = zg.read_accounts(tmp_path / "t.csv")
    assert np.isnan(found.loc[("西园", 2023), "income_wan"])


def test_the_example_of_the_guide_runs_in_fifteen_lines(folder, monkeypatch):
    code = re.search(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert len(code.strip().splitlines()) <= 15
    monkeypatch.chdir(folder)
    made: dict[str, object] = {}
    exec(code, made)
    parks = [f"园区{i + 1}" for i in range(16)]
    assert sorted(made["ranks"]) == list(range(1, 17))
    for name in ("ranks", "scores", "obstacles", "efficiency"):
        assert list(made[name].index) == parks
    assert (made["efficiency"]["low"] < made["efficiency"]["score"]).all()
    assert made["obstacles"].sum(axis=1).dropna().round(9).eq(100).all()
    assert set(made["changes"]["unit"]) == set(parks)
    assert list(made["sure"].share.index) == parks
    for name in ("values", "obstacles", "efficiency", "changes"):  # plain frames, for a paper
        assert made[name].to_latex().startswith("\\begin{tabular}")
        made[name].to_excel(folder / f"{name}.xlsx")
        kept = pd.read_excel(folder / f"{name}.xlsx", index_col=0)
        number = made[name].select_dtypes("number").columns[0]
        np.testing.assert_allclose(kept[number], made[name][number])
    for name in ("ranks", "obstacles", "efficiency", "productivity"):
        head = (folder / f"{name}.png").read_bytes()[:8]
        assert head == b"\x89PNG\r\n\x1a\n"


def test_a_figure_without_labels_is_refused():
    for odd in (np.array([1.0, 2.0]), pd.DataFrame({"score": [1.0]}), "text", None):
        with pytest.raises(ZgcgisError, match="labels of its units"):
            zg.plot(odd)


def test_bars_begin_at_nought():
    figure = zg.plot(mcdm.weighted_sum(pd.DataFrame([[80.0], [90.0]], ["a", "b"]), [1]))
    assert figure.axes[0].get_xlim()[0] == 0


@pytest.mark.filterwarnings("ignore::zgcgis.language.errors.ZgcgisWarning")
def test_each_kind_of_result_has_its_figure(tmp_path):
    table = pd.DataFrame({"x": [1.0, 2.0, 4.0], "y": [3.0, 1.0, 2.0]}, ["a", "b", "c"])
    years = pd.Series([0.3, 0.25], pd.Index([2021, 2022], name="year"), name="sigma")
    firms = gpd.GeoDataFrame(
        {"industry": ["m"] * 8},
        geometry=gpd.points_from_xy(500_000 + np.arange(8) ** 2 * 50, [4_400_000] * 8),
        crs="EPSG:4548",
    )
    shown = {
        "ranks": (mcdm.topsis(table, [0.5, 0.5]), "barh"),
        "shares": (mcdm.rank_acceptability(mcdm.minmax(table), draws=50), "%"),
        "efficiency": (dea.efficiency(table[["x"]], table[["y"]]), "barh"),
        "density": (mcdm.kernel_density(table["x"]), "line"),
        "years": (years, "line"),
        "bands": (clusters.duranton_overman(firms, "m", draws=20, points=5), "km"),
    }
    for name, (result, kind) in shown.items():
        axes = zg.plot(result, tmp_path / f"{name}.svg", lang="en").axes[0]
        assert (tmp_path / f"{name}.svg").read_text(encoding="utf-8").startswith("<?xml")
        if kind == "barh":
            assert sorted(t.get_text() for t in axes.get_yticklabels()) == ["a", "b", "c"]
        elif kind == "line":
            assert len(axes.lines) == 1
        else:
            assert axes.get_xlabel() == kind


def test_our_own_workbook_is_read_back(tmp_path):
    """Names in two languages, units on a line of their own, formulas that come to nothing."""
    from zgcgis.report import write_workbook

    zone = zg.open_zone(Path(__file__).parents[1] / "data" / "sample")
    result = zg.assess(zone, years=[2023], findings=False, draws=10)
    path = write_workbook(result, tmp_path / "assessment.xlsx")
    with pytest.warns(ZgcgisWarning, match="名称.*no quantity"):
        found = zg.read_accounts(path)
    found = found.loc[result.accounts.index, list(result.accounts)]
    pd.testing.assert_frame_equal(found, result.accounts, check_names=False)


UNITS = [
    ["园区", "年份", "已建成城镇建设用地", "税收总额", "企业数"],
    ["unit", "year", "Built-up urban construction land", "Tax", "Firms"],
    ["", "", "公顷", "（亿元）", "家"],
    ["东园", "2023", "12.5", "1.5", "7"],
    ["", "", "", "", ""],
    ["西园", "2023", "2", "", "1"],
]


def _written(rows, file):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([cell or None for cell in row])
    book.save(file)
    return file


def test_units_of_measure_on_a_line_below_the_heads_are_minded(tmp_path):
    found = zg.read_accounts(_written(UNITS, tmp_path / "u.xlsx"))
    assert found.loc[("东园", 2023)].to_list() == [125_000, 15_000, 7]
    assert found.loc[("西园", 2023), "built_land_m2"] == 20_000
    assert len(found) == 2
    wrong = [[c.replace("公顷", "公斤") for c in row] for row in UNITS]
    with pytest.raises(ZgcgisError, match="unit '公斤'"):
        zg.read_accounts(_written(wrong, tmp_path / "w.xlsx"))


def test_a_row_of_values_without_a_unit_is_told(tmp_path):
    rows = [*UNITS, ["", "2022", "5", "", ""]]
    with pytest.warns(ZgcgisWarning, match="name no unit"):
        assert len(zg.read_accounts(_written(rows, tmp_path / "n.xlsx"))) == 2


def test_a_formula_that_came_to_nothing_is_blank_and_one_never_calculated_is_refused(tmp_path):
    from zgcgis.io.spreadsheets import write_book

    def fill(book):
        sheet = book.sheet("台账")
        for c, head in enumerate(("园区", "年份", "tax_wan"), start=1):
            sheet.put(1, c, head)
        for r, (park, result) in enumerate((("东园", 5), ("西园", None)), start=2):
            sheet.put(r, 1, park)
            sheet.put(r, 2, 2023)
            sheet.formula(r, 3, f'IF(B{r}>0,"","")', result)

    found = zg.read_accounts(write_book(tmp_path / "f.xlsx", fill))
    assert found["tax_wan"].isna().to_list() == [False, True]
    book = openpyxl.load_workbook(tmp_path / "f.xlsx")  # which keeps no result
    book.save(tmp_path / "g.xlsx")
    with pytest.raises(ZgcgisError, match="R518"):
        zg.read_accounts(tmp_path / "g.xlsx")


def test_short_heads_of_the_trade_are_quantities_too(tmp_path):
    heads = {"园区": ["甲"], "年度": [2023], "已建成用地（公顷）": [50], "税收（亿元）": [1.5], "能耗（吨标准煤）": [70],
             "从业人数（人）": [900], "研发投入（万元）": [80]}  # fmt: skip
    pd.DataFrame(heads).to_csv(tmp_path / "台账.csv", index=False, encoding="utf-8-sig")
    made = zg.read_accounts(tmp_path / "台账.csv").loc[("甲", 2023)]
    expected = {
        "built_land_m2": 5e5,
        "tax_wan": 1.5e4,
        "energy_tce": 70,
        "staff_persons": 900,
        "rd_wan": 80,
    }
    assert made.to_dict() == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore::zgcgis.language.errors.ZgcgisWarning")
def test_a_figure_speaks_chinese_unless_told():
    table = pd.DataFrame(
        {"floor_area_ratio": [1.0, 2.0, 4.0], "tax_per_hectare": [3.0, 1.0, 2.0]}, ["a", "b", "c"]
    )
    degrees = mcdm.obstacle_degrees(table, [0.5, 0.5])
    for lang, names in (
        ("zh", ["综合容积率", "综合地均税收"]),
        ("en", ["Floor area ratio", "Tax"]),
    ):
        said = zg.plot(degrees, lang=lang).axes[0].get_legend().get_texts()
        assert [s.get_text().startswith(n) for s, n in zip(said, names, strict=True)] == [
            True,
            True,
        ]
    scores = mcdm.topsis(table, [0.5, 0.5])
    assert zg.plot(scores).axes[0].get_xlabel() == "贴近度"

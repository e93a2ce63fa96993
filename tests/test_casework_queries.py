"""Questions to a layer: the parser lets nothing through, and sums equal those of pandas."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from zgcgis import geo
from zgcgis.assessment.casework import query, read_condition
from zgcgis.assessment.casework.queries import UNITS
from zgcgis.cli import cli
from zgcgis.io import open_zone
from zgcgis.language.errors import ReadError, UnknownNameError, ZgcgisError
from zgcgis.model import there_in

ZONE = open_zone("sample")
PARCELS = ZONE.layer("parcel")
PARCELS = PARCELS[there_in(PARCELS, 2023)].reset_index(drop=True)


@pytest.mark.parametrize(
    "text",
    ["__import__('os').system('x')", "面积.real > 1", "地类[0] = '1'", "(lambda: 1)()", "f(1) > 2", "a" * 10_000_000,
     "(" * 500 + "1", "9**9**9 > 1", "[x for x in y]", "x := 1", "1; 2", "{1}", "面积 if 1 else 2", "'a' * 9 > 1",
     "面积 +", "面积", "面积 and 1", "面积 = '1'", "地类 = 1", "面积 / 0 > 1", "面积 is 1", "not " * 400 + "true",
     "'unclosed", "面积 = null", "(1, 2)", "面积 @ 2", "f'{1}' = '1'", "1_0 > 1", "a\x00b > 1", "地类 in 地类.x"],
    ids=range(30),
)  # fmt: skip
def test_what_is_hostile_or_no_condition_is_a_sentence(text):
    with pytest.raises(ReadError, match="不能用") as said:
        query(ZONE, where=text)
    assert len(str(said.value)) < 6000


@given(
    st.text(alphabet="面积地类()[]{}.,'\"`=<>!andornot inis null0123456789_+-*/%:;\\ ", max_size=60)
)
@settings(max_examples=300)
def test_any_text_is_a_condition_or_a_sentence(text):
    columns = {}
    try:
        condition = read_condition(text)
        columns = {name: pd.Series([1.0, None], dtype="Float64") for name in condition.names}
        found = condition(columns, pd.RangeIndex(2))
    except ZgcgisError:
        return
    assert found.dtype == "boolean"


def test_names_in_three_ways_and_truth_of_three_values():
    plain = PARCELS[PARCELS["planned_far"] >= 2]
    for name in ("规划容积率", "planned_far", "`Planned floor area ratio`"):
        found = query(ZONE, where=f"{name} >= 2")
        assert found.selected["id"].tolist() == plain["id"].tolist()
        assert found.undecided == int(PARCELS["planned_far"].isna().sum())
    quoted = [
        query(ZONE, where=f"地类 = {one}").selected["id"].tolist()
        for one in ("'1001'", "“1001”", "‘1001’")
    ]
    assert quoted[0] == quoted[1] == quoted[2] != []
    rest = query(ZONE, where="not 规划容积率 >= 2")
    assert len(rest.selected) == int((PARCELS["planned_far"] < 2).sum())
    assert len(query(ZONE, where="规划容积率 is null").selected) == found.undecided
    day = query(ZONE, where="供地日期 >= '2015-01-01'")
    assert len(day.selected) == int((pd.to_datetime(PARCELS["supply_date"]) >= "2015-01-01").sum())
    with pytest.raises(UnknownNameError, match="容积"):
        query(ZONE, where="容积 > 1")
    with pytest.raises(UnknownNameError, match="park"):
        query(ZONE, by=["nothing"])


@pytest.mark.parametrize("level", ["parcel", "building", "detailed_plan"])
@settings(max_examples=6)
@given(least=st.floats(0, 20_000), data=st.data())
def test_sums_equal_those_of_pandas_on_clipped_areas(level, least, data):
    """By outlines: plain shapely, unit by unit; by columns: a group of pandas."""
    layer = ZONE.layer(level)
    layer = layer[there_in(layer, 2023)].reset_index(drop=True)
    found = query(ZONE, level, where=f"面积 >= {least:.3f}", by=["park"])
    flat = layer.to_crs(ZONE_PLANE)
    chosen = flat[flat.area >= round(least, 3)]
    assert len(found.selected) == len(chosen)
    parks = ZONE.layer("park")
    parks = parks[there_in(parks, 2023)].to_crs(ZONE_PLANE)
    said = found.pivot.set_index("park")["area_m2"]
    inside = 0.0
    for _, park in parks.iterrows():
        m2 = float(
            shapely.area(
                shapely.intersection(np.asarray(chosen.geometry.array), park.geometry)
            ).sum()
        )
        assert said.get(ZONE.name(park["id"]), 0.0) == pytest.approx(m2, abs=0.01)
        inside += m2
    outside = (
        said.drop("合计").sum()
        - said.reindex([ZONE.name(one) for one in parks["id"]]).fillna(0).sum()
    )
    assert outside == pytest.approx(float(chosen.area.sum()) - inside, abs=0.02)
    column = data.draw(st.sampled_from([c for c in layer.columns if c not in {"geometry", "id"}]))
    own = query(ZONE, level, where=f"面积 >= {least:.3f}", by=[column]).pivot
    held = chosen[column]
    held = held.dt.strftime("%Y-%m-%d") if pd.api.types.is_datetime64_any_dtype(held) else held
    wanted = chosen.area.groupby(held.astype("object").where(held.notna(), "?").to_numpy()).sum()
    assert sorted(own["area_m2"].iloc[:-1]) == pytest.approx(sorted(wanted), abs=0.01)


ZONE_PLANE = geo.plane(ZONE.center)


def test_the_command_leaves_sums_selection_and_page(tmp_path):
    words = [
        "query",
        "sample",
        "--where",
        "面积 > 5000 and 地类 = '1001'",
        "--by",
        "park，use",
        "-o",
        str(tmp_path / "q"),
    ]
    answer = CliRunner().invoke(cli, words)
    assert answer.exit_code == 0, answer.output
    assert "公顷" in answer.output
    data = json.loads((tmp_path / "q/query.json").read_text(encoding="utf-8"))
    total = data["pivot"][-1]
    assert total["area_mu"] == pytest.approx(total["area_m2"] * 0.0015)
    assert sum(row["area_m2"] for row in data["pivot"][:-1]) == pytest.approx(
        total["area_m2"], abs=0.01
    )
    assert load_workbook(tmp_path / "q/query.xlsx").sheetnames == ["汇总", "选中的图形", "说明"]
    assert (tmp_path / "q/query.html").read_text(encoding="utf-8").count("#b3261e") >= data[
        "selected"
    ]
    assert (tmp_path / "q/pivot.csv").read_bytes().startswith(b"\xef\xbb\xbf")


EVERY = [
    (level, column)
    for level in ZONE.layers
    for column in ZONE.layer(level).columns.drop(["geometry"])
    if column not in UNITS
]


@pytest.mark.parametrize(("level", "column"), EVERY, ids=[f"{a}.{b}" for a, b in EVERY])
def test_the_pivot_of_every_level_by_every_column_equals_pandas(level, column):
    layer = ZONE.layer(level)
    layer = layer[there_in(layer, 2023)].reset_index(drop=True)
    found = query(ZONE, level, by=[column]).pivot
    flat = layer.geometry.to_crs(ZONE_PLANE)
    area = flat.area.where(flat.geom_type.isin(["Polygon", "MultiPolygon"]), 0.0)
    held = layer[column]
    held = held.dt.strftime("%Y-%m-%d") if pd.api.types.is_datetime64_any_dtype(held) else held
    if pd.api.types.is_numeric_dtype(held) and not pd.api.types.is_bool_dtype(held):
        held = held.astype("Float64")
    said = held.astype("string").fillna("（未填写）").replace("", "（未填写）")
    wanted = area.groupby(said.to_numpy()).agg(["sum", "size"])
    rows = found.iloc[:-1].set_index(column)
    assert sorted(rows.index) == sorted(wanted.index)
    assert rows["area_m2"].to_numpy() == pytest.approx(
        wanted.loc[rows.index, "sum"].to_numpy(), abs=0.01
    )
    assert rows["features"].tolist() == wanted.loc[rows.index, "size"].tolist()
    total = found.iloc[-1]
    assert (total["features"], total["area_m2"]) == (
        len(layer),
        pytest.approx(area.sum(), abs=0.01),
    )

"""Cultivated land taken and made up (占补平衡): by hand, and closed for any layers."""

from __future__ import annotations

import geopandas as gpd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from shapely import box

from zgcgis import geo, open_zone
from zgcgis.cli import cli
from zgcgis.planning.difference import State, compare_states, scenario_farmland
from zgcgis.planning.ledger import farmland_balance
from zgcgis.planning.scenario import Change, apply

CENTER = (116.4, 40.0)


def land(*rows, grades=True):
    """Features from (shape in metres, code, grade)."""
    frame = gpd.GeoDataFrame(
        {"id": [f"t{k}" for k in range(len(rows))], "land_use": [r[1] for r in rows],
         "land_use_system": "third_survey"}, geometry=[r[0] for r in rows], crs=geo.plane(CENTER),
    )  # fmt: skip
    if grades:
        frame["farmland_grade"] = [r[2] for r in rows]
    return geo.to_lonlat(frame)


BEFORE = [(box(0, 0, 100, 100), "0101", "5"), (box(100, 0, 200, 100), "0103", "9"), (box(200, 0, 300, 100), "1201", None)]  # fmt: skip
AFTER = [(box(0, 0, 50, 100), "0101", "5"), (box(50, 0, 100, 100), "0601", None),
         (box(100, 0, 200, 100), "0103", "8"), (box(200, 0, 300, 100), "0103", "9")]  # fmt: skip


def test_a_ledger_by_hand():
    found = farmland_balance(land(*BEFORE), land(*AFTER), center=CENTER)
    rows = found.lines.set_index(["code", "farmland_grade"]).round(1)
    assert rows.loc[("0101", "5")].tolist() == [5000, 0, -5000]
    assert rows.loc[("0103", "8")].tolist() == [0, 10000, 10000]
    assert rows.loc[("0103", "9")].tolist() == [10000, 10000, 0]
    assert rows.loc[("", "")].tolist() == [15000, 20000, 5000]
    assert not found.remarks
    size = geo.area_m2(found.pieces.geometry, center=CENTER)
    assert size.tolist() == pytest.approx(found.pieces["area_m2"].tolist(), abs=0.05)  # PROJ: 1 mm


def test_the_workbook_of_a_scenario_has_it(tmp_path):
    """A works plot tilled, and built on again: as much as the parcel measures."""
    zone = open_zone("sample")
    parcels = zone.at(2023).layer("parcel")
    sizes = geo.area_m2(parcels.geometry, center=zone.center).set_axis(parcels["id"])
    use = parcels.set_index("id")["land_use"].astype(str)
    tilled = use[use.str.startswith("1001")].index[0]
    text = f"""[scenario]
[[change]]
do = "set"
level = "parcel"
id = "{tilled}"
values = {{ land_use = "0101", farmland_grade = "7" }}
"""
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    out = tmp_path / "o"
    answer = CliRunner().invoke(
        cli, ["scenario", "sample", str(tmp_path / "s.toml"), "-o", str(out)]
    )
    assert answer.exit_code == 0, answer.output
    rows = list(load_workbook(out / "scenario.xlsx")["占补平衡（m²）"].values)
    assert rows[1][0:2] == ("0101", "7")
    assert rows[1][3] == pytest.approx(sizes[tilled], abs=0.01)
    assert rows[-1][4] == pytest.approx(sizes[tilled], abs=0.01)
    made = Change("set", {"level": "parcel", "id": tilled, "values": {"land_use": "0101"}})
    undone = Change("set", {"level": "parcel", "id": tilled, "values": {"land_use": "1001"}})
    changed = apply(zone, [made])
    back = scenario_farmland(changed, apply(changed, [undone]))
    assert back.lines["taken_m2"].iloc[-1] == pytest.approx(sizes[tilled])
    assert back.remarks  # no grade is stated
    assert scenario_farmland(zone, zone) is None
    assert scenario_farmland(changed, changed) is None


def test_what_the_layers_do_not_hold_is_said():
    found = farmland_balance(land(*BEFORE, grades=False), land(*AFTER, grades=False), center=CENTER)
    assert "质量等别" in found.remarks[0].zh
    assert "15,000.00" in found.remarks[0].zh  # 5,000 taken, 10,000 made up, nothing regraded
    assert found.lines["balance_m2"].round(1).tolist()[-1] == 5000


def test_a_comparison_of_states_has_it():
    old, new = (State(n, "land_patch", land(*rows)) for n, rows in (("a", BEFORE), ("b", AFTER)))
    found = compare_states(old, new)
    assert found.farmland.lines["taken_m2"].iloc[-1] == pytest.approx(15000, abs=0.1)
    none = compare_states(old, old)
    assert none.farmland.pieces.empty
    assert none.farmland.lines["balance_m2"].tolist() == [0.0]


codes = st.lists(st.sampled_from(["0101", "0102", "0103", "0601", "0301"]), min_size=6, max_size=6)


@settings(max_examples=20, deadline=None)
@given(codes, codes, st.integers(3, 60))
def test_the_balance_closes_on_any_layers(before, after, shift):
    """What is cultivated after, less what was, is the balance; taken and made up are each outside."""
    old = land(*[(box(100 * k, 0, 100 * k + 100, 80), c, "1") for k, c in enumerate(before)])
    cuts = [0, *[100 * k + shift for k in range(1, 6)], 600]
    new = land(*[(box(cuts[k], 0, cuts[k + 1], 80), c, "1") for k, c in enumerate(after)])
    found = farmland_balance(old, new, center=CENTER)
    size = {}
    for name, layer in (("old", old), ("new", new)):
        m2 = geo.area_m2(layer.geometry, center=CENTER)
        for code in ("0101", "0102", "0103"):
            size[name, code] = float(m2[layer["land_use"] == code].sum())
    rows = found.lines.set_index("code")["balance_m2"]
    for code in ("0101", "0102", "0103"):
        wanted = size["new", code] - size["old", code]
        assert rows.get(code, 0.0) == pytest.approx(wanted, abs=0.01)
    assert rows[""] == pytest.approx(sum(rows.drop("")), abs=0.01)
    sums = found.pieces.groupby("kind")["area_m2"].sum()
    assert sums.get("taken", 0.0) == pytest.approx(found.lines["taken_m2"].iloc[-1], abs=0.001)

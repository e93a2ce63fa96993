"""Marks tell rows apart: never say that two of a kind differ."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from zgcgis.io.marks import marks_of, marks_of_ids, shared

WORDS = st.text(alphabet="aAbB019", min_size=0, max_size=3) | st.sampled_from(
    ["甲", "a b", "1-2", None]
)


@given(st.lists(WORDS, max_size=40))
def test_ids_that_are_said_to_differ_do(words):
    marks = marks_of_ids(pd.Series(words, dtype="str"))
    plain = [w for w in words if w is not None and re.fullmatch("[!-~]*", w)]
    if len(plain) < len(words) or not any(plain):
        assert marks is None
        return
    low = [w.lower() for w in words]
    assert shared(marks).tolist() == [k for k, w in enumerate(low) if low.count(w) > 1]


def test_ids_of_a_register_are_told_apart_and_a_second_one_is_found():
    numbers = [f"{k:019d}" for k in range(50_000)]
    for ids in (
        numbers,
        [str(k) for k in range(12_345)],
        [f"P{k:05d}-{k % 7:03d}" for k in range(9999)],
    ):
        for kind in ("str", "object"):
            assert len(shared(marks_of_ids(pd.Series(ids, dtype=kind)))) == 0
    numbers[49_999] = numbers[7]
    assert shared(marks_of_ids(pd.Series(numbers))).tolist() == [7, 49_999]
    assert shared(marks_of_ids(pd.Series(["Ab-1", "x", "aB-1"]))).tolist() == [0, 2]


def test_a_part_of_a_longer_column_is_looked_at_alone():
    ids = pd.Series(["a1", "a1", "a22", "a3"], dtype="str")
    assert len(shared(marks_of_ids(ids[1:]))) == 0
    assert shared(marks_of_ids(ids[:2])).tolist() == [0, 1]


@given(st.lists(st.lists(st.floats(-180, 180), min_size=4, max_size=4), min_size=1, max_size=30))
def test_equal_rows_have_equal_marks(rows):
    values = np.array(rows) + 0.0
    marks = marks_of(values)
    for i in range(len(values)):
        assert (marks[(values == values[i]).all(axis=1)] == marks[i]).all()
    assert {0, len(marks)} <= set(shared(np.concatenate([marks, marks[:1]])).tolist())


def test_a_million_boxes_side_by_side_have_marks_of_their_own():
    x, y = np.meshgrid(np.arange(1000) * 1e-4 + 116, np.arange(1000) * 1e-4 + 40)
    boxes = np.column_stack([x.ravel(), y.ravel(), x.ravel() + 1e-4, y.ravel() + 1e-4])
    assert len(shared(marks_of(boxes))) == 0

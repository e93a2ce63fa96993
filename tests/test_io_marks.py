"""Marks tell rows apart: never say that two of a kind differ."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from zgcgis.io.marks import ids_differ, marks_of, repeated

WORDS = st.text(alphabet="aAbB019", min_size=0, max_size=3) | st.sampled_from(
    ["甲", "a b", "1-2", None]
)


@given(st.lists(WORDS, max_size=40))
def test_ids_that_are_said_to_differ_do(words):
    ids = pd.Series(words, dtype="str")
    plain = [w for w in words if w is not None and w.isascii() and w.isalnum()]
    really = len(plain) == len(words) > 0 and len({w.lower() for w in words}) == len(words)
    assert ids_differ(ids) == really


def test_ids_of_a_register_are_told_apart_and_a_second_one_is_found():
    numbers = [f"{k:019d}" for k in range(50_000)]
    assert ids_differ(pd.Series(numbers, dtype="str"))
    assert ids_differ(pd.Series(numbers, dtype="object"))
    assert ids_differ(pd.Series([str(k) for k in range(12_345)]))
    numbers[49_999] = numbers[7]
    assert not ids_differ(pd.Series(numbers, dtype="str"))
    assert not ids_differ(pd.Series(["Ab1", "aB1"]))


def test_a_part_of_a_longer_column_is_looked_at_alone():
    ids = pd.Series(["a1", "a1", "a2", "a3"], dtype="str")
    assert ids_differ(ids[1:])
    assert not ids_differ(ids[:2])


@given(st.lists(st.lists(st.floats(-180, 180), min_size=4, max_size=4), min_size=1, max_size=30))
def test_equal_rows_have_equal_marks(rows):
    values = np.array(rows) + 0.0
    marks = marks_of(values)
    for i in range(len(values)):
        assert (marks[(values == values[i]).all(axis=1)] == marks[i]).all()
    assert repeated(np.concatenate([marks, marks[:1]]))


def test_a_million_boxes_side_by_side_have_marks_of_their_own():
    x, y = np.meshgrid(np.arange(1000) * 1e-4 + 116, np.arange(1000) * 1e-4 + 40)
    boxes = np.column_stack([x.ravel(), y.ravel(), x.ravel() + 1e-4, y.ravel() + 1e-4])
    assert not repeated(marks_of(boxes))

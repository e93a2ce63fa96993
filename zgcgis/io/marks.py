"""Marks: a number for each row, so that many rows are told apart without comparing them.

Rows that are the same have the same mark. Rows that are not may share one by chance, so a mark
answers only "surely no two are the same"; whoever hears otherwise has to look at the rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["ids_differ", "marks_of", "repeated"]

Marks = NDArray[np.uint64]
_MANY_LENGTHS = 24
_FOLD = np.uint8(0x20)  # the bit that makes a letter small and leaves a digit


def marks_of(words: NDArray[Any]) -> Marks:
    """Return a mark for each row of a table of words of eight bytes.

    Parameters
    ----------
    words
        Two dimensions; 0.0 and -0.0 are to be one before this is called.
    """
    bits = np.ascontiguousarray(words).view("uint64")
    mark = np.zeros(len(bits), "uint64")
    for k in range(bits.shape[1]):
        mark = (mark ^ bits[:, k]) * np.uint64(0x9E3779B97F4A7C15)
        mark ^= mark >> np.uint64(29)
    return mark


def repeated(marks: Marks) -> bool:
    """Return whether any mark stands twice."""
    ordered = np.sort(marks)
    return bool((ordered[1:] == ordered[:-1]).any())


def ids_differ(ids: pd.Series) -> bool:
    """Return whether ids are plain letters and digits throughout and no two of them alike.

    Alike are those that differ in large and small letters only. False where that cannot be said
    without a closer look, as with an id that is missing.
    """
    texts = pa.array(ids, type=pa.large_string(), from_pandas=True)
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    if not len(texts) or texts.null_count or not pc.all(pc.ascii_is_alnum(texts)).as_py():
        return False
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, "<i8")[texts.offset : texts.offset + len(texts) + 1]
    letters, sizes = np.frombuffer(data, "u1"), np.diff(ends)
    lengths = np.unique(sizes)
    if len(lengths) > _MANY_LENGTHS:
        return False
    for length in lengths.tolist():  # of different lengths no two are alike
        rows = np.flatnonzero(sizes == length)
        held = np.zeros((len(rows), -(-length // 8) * 8), "u1")
        if len(rows) == len(sizes):
            held[:, :length] = letters[ends[0] : ends[-1]].reshape(-1, length)
        else:
            for k in range(length):
                held[:, k] = letters[ends[rows] + k]
        if repeated(marks_of(held | _FOLD)):
            return False
    return True

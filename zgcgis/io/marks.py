"""Marks: a number for each row, so that many rows are told apart without comparing them.

Rows that are the same have the same mark. Rows that are not may share one by chance, so a mark
answers only "surely no two are the same"; whoever hears otherwise has to look at the rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["marks_of", "marks_of_ids", "shared"]

Marks = NDArray[np.uint64]
_MANY_LENGTHS = 24
_FIRST, _LAST = 0x21, 0x7E  # of what is printed in ASCII
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


def shared(marks: Marks) -> NDArray[np.int64]:
    """Return the rows whose mark another row has too."""
    ordered = np.sort(marks)
    if not (ordered[1:] == ordered[:-1]).any():
        return np.zeros(0, np.int64)
    found: NDArray[np.int64] = np.flatnonzero(pd.Series(marks).duplicated(keep=False).to_numpy())
    return found


def marks_of_ids(ids: pd.Series) -> Marks | None:
    """Return a mark for each id; those that differ in large and small letters only share one.

    None where there is no telling by bytes: an id is missing, holds a blank or anything beyond
    ASCII, or the ids have very many lengths.
    """
    texts = pa.array(ids, type=pa.large_string(), from_pandas=True)
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    if not len(texts) or texts.null_count:
        return None
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, "<i8")[texts.offset : texts.offset + len(texts) + 1]
    letters, sizes = np.frombuffer(data or b"", "u1")[: ends[-1]], np.diff(ends)
    lengths = np.unique(sizes)
    seen = letters[ends[0] :]
    if len(lengths) > _MANY_LENGTHS or not len(seen) or seen.min() < _FIRST or seen.max() > _LAST:
        return None
    marks = np.empty(len(sizes), "uint64")
    for length in lengths.tolist():
        rows = np.flatnonzero(sizes == length)
        held = np.zeros((len(rows), -(-length // 8) * 8 or 8), "u1")
        if len(rows) == len(sizes):
            held[:, :length] = seen.reshape(-1, length)
        else:
            for k in range(length):
                held[:, k] = letters[ends[rows] + k]
        marks[rows] = marks_of(held | _FOLD) ^ np.uint64(length)
    return marks

"""Tables of units and criteria: what is refused, what is warned of, how columns are scaled."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame, Series

from ..language.errors import ZgcgisWarning
from .arguments import Floats, Numbers, guarded, numbers, one_order, refuse, with_labels

__all__ = ["Floats", "minmax", "orient"]

_SUM_TOLERANCE = 0.05  # printed weights are rounded, often to two decimals


def units_of(matrix: object) -> Any:
    """Labels of the units, if the matrix has any."""
    return matrix.index if isinstance(matrix, DataFrame) else None


def criteria_of(matrix: object) -> Any:
    """Labels of the criteria, if the matrix has any."""
    return matrix.columns if isinstance(matrix, DataFrame) else None


def labelled(table: NDArray[Any], matrix: object) -> Any:
    """Return a table under the labels of the matrix it was made of."""
    if isinstance(matrix, DataFrame):
        return DataFrame(table, index=matrix.index, columns=matrix.columns)
    return table


def as_matrix(matrix: ArrayLike, *, units: int = 2) -> Floats:
    table = numbers(matrix)
    if table.ndim != 2 or table.size == 0:
        refuse(
            f"评价矩阵应为二维（行为单元，列为准则），收到的形状为 {table.shape}。",
            f"The matrix must have units as rows, criteria as columns; its shape is {table.shape}.",
        )
    if len(table) < units:
        refuse(
            f"只有 {len(table)} 个单元，无法比较；至少需要 {units} 个。",
            f"There is only {len(table)} unit; a comparison needs at least {units}.",
        )
    if not np.isfinite(table).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(table))[0])
        refuse(
            f"第 {row + 1} 行第 {column + 1} 列不是数（缺失或无穷）；请补数或去掉该行列。",
            f"Row {row + 1}, column {column + 1} is not a finite number; "
            "give it, or leave the row or column out.",
        )
    return table


def as_column(values: ArrayLike, name: str, labels: Any = None) -> Floats:
    """Return one finite number per unit, in the order of `labels`."""
    column = numbers(one_order(values, labels, name), name)
    if column.ndim != 1 or column.size == 0:
        refuse(
            f"{name} 应为一列数，收到的形状为 {column.shape}。",
            f"{name} must be one column of numbers; its shape is {column.shape}.",
        )
    if not np.isfinite(column).all():
        at = int(np.flatnonzero(~np.isfinite(column))[0]) + 1
        refuse(
            f"{name} 第 {at} 个不是数（缺失或无穷）；请补数或去掉该单元。",
            f"Entry {at} of {name} is not a finite number; give it, or leave the unit out.",
        )
    return column


def refuse_negative(table: Floats, what: str = "proportion") -> None:
    if (table < 0).any():
        row, column = (int(i) for i in np.argwhere(table < 0)[0])
        refuse(
            f"第 {row + 1} 行第 {column + 1} 列为负（{table[row, column]:g}），比重法不适用；"
            'variant="minmax" 可用于含负数的数据。',
            f"Row {row + 1}, column {column + 1} is negative ({table[row, column]:g}), which a "
            f'{what} cannot be; variant="minmax" takes negative numbers.',
        )


def as_weights(weights: ArrayLike, count: int, labels: Any = None, name: str = "weights") -> Floats:
    """Return weights that add to 1, in the order of the criteria's labels."""
    w = numbers(one_order(weights, labels, name), name)
    if w.shape != (count,):
        refuse(
            f"权重个数为 {w.size}，准则个数为 {count}，两者应相等。",
            f"There are {w.size} weights for {count} criteria.",
        )
    if not np.isfinite(w).all() or (w < 0).any():
        refuse(
            f"权重应为非负数，收到 {w.tolist()}。",
            f"Weights must be numbers that are not negative; got {w.tolist()}.",
        )
    if abs(w.sum() - 1) > _SUM_TOLERANCE:
        refuse(
            f"权重之和为 {w.sum():g}，应为 1。",
            f"The weights add to {w.sum():g}, not to 1.",
        )
    return np.asarray(w / w.sum(), dtype=np.float64)


def as_signs(
    directions: str | Sequence[str] | Series | None, count: int, labels: Any = None
) -> NDArray[np.bool_]:
    """True where less is better."""
    if directions is None:
        return np.zeros(count, dtype=bool)
    ordered = one_order(directions, labels, "directions")
    signs = list(ordered) if isinstance(ordered, str | Sequence | Series | np.ndarray) else []
    if len(signs) != count or any(sign not in ("+", "-") for sign in signs):
        refuse(
            f"directions 应为 {count} 个“+”或“-”，收到 {signs or directions}。",
            f'directions must be {count} signs "+" or "-"; got {signs or directions}.',
        )
    return np.array([sign == "-" for sign in signs])


def warn_flat(flat: NDArray[np.bool_]) -> None:
    if flat.any():
        columns = [int(i) + 1 for i in np.flatnonzero(flat)]
        warnings.warn(
            f"第 {columns} 列各单元取值相同，权重为 0。\n"
            f"Column(s) {columns} are constant and get weight 0.",
            ZgcgisWarning,
            stacklevel=4,
        )


def refuse_all_flat(flat: NDArray[np.bool_]) -> None:
    if flat.all():
        refuse(
            "所有列在各单元间都没有差别，客观赋权无从进行。",
            "Every column is constant over the units, so the data give no weights.",
        )


def summed(table: Floats, weights: Floats) -> Floats:
    """Weighted sums of rows. Equal rows have equal sums, which a product of matrices denies."""
    return np.asarray((table * weights).sum(axis=1), dtype=np.float64)


@guarded
def orient(matrix: Numbers, directions: str | Sequence[str]) -> Floats | DataFrame:
    """Turn columns where less is better (``"-"``) round, as max − x, so that larger is better.

    Not to be used before :func:`entropy_weights`, whose proportions a shift changes: the worst
    unit becomes 0 and the criterion gains weight. Give `directions` to the weights instead.
    """
    table = as_matrix(matrix, units=1)
    cost = as_signs(directions, table.shape[1], criteria_of(matrix))
    return labelled(np.where(cost, table.max(axis=0) - table, table), matrix)


@guarded
def minmax(matrix: Numbers, directions: str | Sequence[str] | None = None) -> Floats | DataFrame:
    """Scale each column to 0..1, 1 being the best; a constant column becomes 0.

    Examples
    --------
    >>> minmax([[1, 5], [3, 5], [2, 5]]).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.5, 0.0]]
    """
    table = as_matrix(matrix, units=1)
    cost = as_signs(directions, table.shape[1], criteria_of(matrix))
    return labelled(scaled_to_one(table, cost), matrix)


def scaled_to_one(table: Floats, cost: NDArray[np.bool_]) -> Floats:
    low, high = table.min(axis=0), table.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    scaled: Floats = np.where(cost, high - table, table - low) / span
    return scaled


def by_unit(values: NDArray[Any], matrix: object, name: str | None = None) -> Any:
    """Return one value per unit under the unit's label."""
    return with_labels(values, units_of(matrix), name)


def by_criterion(values: NDArray[Any], matrix: object, name: str | None = None) -> Any:
    """Return one value per criterion under the criterion's label."""
    return with_labels(values, criteria_of(matrix), name)

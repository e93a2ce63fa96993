"""Inputs and outputs of units: what is refused, and under which labels results come back."""

from __future__ import annotations

import warnings
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame, Series

from ..language.errors import ZgcgisWarning
from ..mcdm.arguments import Floats, guarded, numbers, one_order, refuse

__all__ = ["Orientation", "Returns", "units_needed"]

Returns: TypeAlias = Literal["crs", "vrs", "nirs"]
Orientation: TypeAlias = Literal["input", "output", "none"]
Toward: TypeAlias = Literal["input", "output"]
Reason: TypeAlias = tuple[str, str]

NO_SOLUTION = ("线性规划无可行解：参考集不能支配该单元", "no solution: no reference dominates it")
NO_INPUT = ("该单元所有投入为 0", "all inputs of the unit are 0")
NO_OUTPUT = ("该单元所有产出为 0", "all outputs of the unit are 0")
ZERO_OUTPUT = ("该单元有产出为 0，SBM 的比率无定义", "an output is 0, so its ratio is undefined")
ZERO_BAD = ("该单元有非期望产出为 0，其比率无定义", "a bad output is 0, so its ratio is undefined")
TOO_WIDE = (
    "数据量级相差过大，求得的解未能通过检验",
    "the numbers are so far apart in size that no solution could be proved",
)
_NAMES = {
    "inputs": ("投入", "input"),
    "outputs": ("产出", "output"),
    "bad": ("非期望产出", "bad output"),
}


def table_of(values: ArrayLike, name: str, labels: Any = None) -> Floats:
    """Return a table of units and variables, none negative, in the order of the labels."""
    zh, en = _NAMES[name]
    table = numbers(one_order(values, labels, name), name)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2 or table.size == 0:
        refuse(
            f"{zh}应为二维（行为单元），收到的形状为 {table.shape}。",
            f"The {en}s must have units as rows; their shape is {table.shape}.",
        )
    if not np.isfinite(table).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(table))[0])
        refuse(
            f"{zh}第 {row + 1} 行第 {column + 1} 列不是数（缺失或无穷）；请补数或去掉该单元。",
            f"{en.capitalize()} {column + 1} of unit {row + 1} is not a finite number; "
            "give it, or leave the unit out.",
        )
    if (table < 0).any():
        row, column = (int(i) for i in np.argwhere(table < 0)[0])
        refuse(
            f"{zh}第 {row + 1} 行第 {column + 1} 列为负（{table[row, column]:g}），DEA 要求非负。",
            f"{en.capitalize()} {column + 1} of unit {row + 1} is negative "
            f"({table[row, column]:g}); DEA needs numbers that are not.",
        )
    return table


def labels_of(*tables: ArrayLike | None) -> Any:
    """Labels of the units: those of the first table that has any."""
    return next((t.index for t in tables if isinstance(t, DataFrame | Series)), None)


def tables_of(
    inputs: ArrayLike, outputs: ArrayLike, bad: ArrayLike | None = None
) -> tuple[Floats, Floats, Floats]:
    """Inputs, outputs and bad outputs (none: no column), with the same units in the same order."""
    labels = labels_of(inputs, outputs, bad)
    x, y = table_of(inputs, "inputs", labels), table_of(outputs, "outputs", labels)
    z = np.empty((len(x), 0)) if bad is None else table_of(bad, "bad", labels)
    if len({len(x), len(y), len(z)}) > 1:
        more = "" if bad is None else f"，非期望产出有 {len(z)} 行"
        also = "" if bad is None else f" and {len(z)} rows of bad outputs"
        refuse(
            f"投入有 {len(x)} 行，产出有 {len(y)} 行{more}，应相等。",
            f"There are {len(x)} rows of inputs and {len(y)} rows of outputs{also}.",
        )
    return x, y, z


def one_per_row(values: ArrayLike, count: int, name: str, labels: Any = None) -> NDArray[Any]:
    """Return labels of rows (years, units, groups): one per row, none missing."""
    column = np.asarray(one_order(values, labels, name))
    if column.shape != (count,):
        refuse(
            f"{name} 有 {column.size} 个，数据有 {count} 行，两者应相等。",
            f"There are {column.size} {name} for {count} rows.",
        )
    missing = [i for i, v in enumerate(column.tolist()) if v is None or v != v]
    if missing:
        refuse(
            f"{name} 第 {missing[0] + 1} 个为空，应逐行写明。",
            f"Entry {missing[0] + 1} of {name} is empty; every row needs one.",
        )
    return column


@guarded
def units_needed(inputs: int, outputs: int) -> int:
    """Rule of thumb for the least number of units: max(m·s, 3(m + s))."""
    return max(inputs * outputs, 3 * (inputs + outputs))


def warn_few(count: int, inputs: int, outputs: int) -> None:
    needed = units_needed(inputs, outputs)
    if count < needed:
        warnings.warn(
            f"单元数 {count} 少于经验下限 {needed}（投入 {inputs} 项、产出 {outputs} 项），"
            "多数单元会显得有效；请合并变量或增加单元。\n"
            f"{count} units are fewer than the {needed} that {inputs} inputs and {outputs} outputs "
            "ask for; most will look efficient. Use fewer variables or more units.",
            ZgcgisWarning,
            stacklevel=4,
        )


def level_of(table: Floats) -> Floats:
    """Mean of each column, 1 where the column is 0 throughout."""
    large = table.max(axis=0, initial=0.0)
    large = np.where(large > 0, large, 1.0)
    mean: Floats = (table / large).mean(axis=0) * large if len(table) else large
    return np.where(mean > 0, mean, 1.0)

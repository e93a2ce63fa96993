"""What a function takes, held against its signature: one sentence for what it cannot mean (参数).

A public function of the number rooms is :func:`guarded`: each argument is held against the type
that stands in the signature, so that a text among numbers, a share of 95 or a method that does
not exist is answered before anything is computed.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, wraps
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NoReturn,
    ParamSpec,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas import DataFrame, Series

from ..language.errors import UnknownNameError, ZgcgisError

__all__ = [
    "Above",
    "Count",
    "Floats",
    "Level",
    "Numbers",
    "Share",
    "Within",
    "guarded",
    "numbers",
    "one_order",
    "refuse",
    "refuse_labels",
    "shown",
    "with_labels",
]

Floats: TypeAlias = NDArray[np.float64]

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")
_Pair = TypeVar("_Pair", bound="Sequence[Any] | NDArray[Any]")


@dataclass(frozen=True, slots=True)
class Within:
    """The range of a number; an end that is ``open`` does not belong to it."""

    low: float = -math.inf
    high: float = math.inf
    open: bool = False

    def holds(self, value: float) -> bool:
        """Whether a number lies in the range."""
        if self.open:
            return self.low < value < self.high
        return self.low <= value <= self.high

    def say(self) -> tuple[str, str]:
        """Name the range in both languages."""
        less, least = ("大于", "above") if self.open else ("不小于", "at least")
        more, most = ("小于", "below") if self.open else ("不大于", "at most")
        parts = []
        if self.low > -math.inf:
            parts.append((f"{less} {self.low:g}", f"{least} {self.low:g}"))
        if self.high < math.inf:
            parts.append((f"{more} {self.high:g}", f"{most} {self.high:g}"))
        return "且".join(zh for zh, _ in parts), " and ".join(en for _, en in parts)


class _Numeric:
    """Marks an argument that holds numbers only."""


Numbers: TypeAlias = Annotated[ArrayLike, _Numeric()]
Share: TypeAlias = Annotated[float, Within(0, 1)]
Level: TypeAlias = Annotated[float, Within(0, 1, open=True)]
Above: TypeAlias = Annotated[float, Within(0, open=True)]
Count: TypeAlias = Annotated[int, Within(1)]


def refuse(zh: str, en: str) -> NoReturn:
    """Stop with one sentence in both languages."""
    raise ZgcgisError(zh, en)


def shown(value: object) -> str:
    """Name a value in a sentence, cut short."""
    text = (
        type(value).__name__ if isinstance(value, np.ndarray | DataFrame | Series) else repr(value)
    )
    return text if len(text) <= 60 else f"{text[:57]}…"


def guarded(function: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """Hold the arguments of a public function against its signature before it runs."""
    signature = inspect.signature(function)

    @wraps(function)
    def call(*args: _Given.args, **kwargs: _Given.kwargs) -> _Made:
        types = _types(function)
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            many = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
            for one in value if many else (value,):
                _hold(name, one, types[name])
        return function(*args, **kwargs)

    return call


@cache
def _types(function: Callable[..., Any]) -> Mapping[str, Any]:
    return get_type_hints(function, include_extras=True)


def _hold(name: str, value: object, wanted: Any) -> None:
    """Refuse a value that is none of what is wanted."""
    choices = get_args(wanted) if get_origin(wanted) in (Union, UnionType) else (wanted,)
    if value is None and NoneType in choices:
        return
    kinds = [kind for kind in choices if kind is not NoneType]
    if any(_is_literal(kind) for kind in kinds):
        _hold_name(name, value, [v for kind in kinds if _is_literal(kind) for v in get_args(kind)])
        return
    if len(kinds) == 1:
        _hold_kind(name, value, kinds[0])


def _is_literal(kind: Any) -> bool:
    return get_origin(kind) is Literal


def _hold_name(name: str, value: object, known: list[Any]) -> None:
    if not isinstance(value, str) or value not in known:
        raise UnknownNameError(shown(value).strip("'"), known, what=name, zh=f"选项 {name} ")


def _hold_kind(name: str, value: object, kind: Any) -> None:
    marks = kind.__metadata__ if get_origin(kind) is Annotated else ()
    plain = get_args(kind)[0] if marks else kind
    if any(isinstance(mark, _Numeric) for mark in marks):
        numbers(value, name)
    elif plain in (float, int):
        ranges = [mark for mark in marks if isinstance(mark, Within)]
        _hold_number(name, value, ranges[0] if ranges else Within(), whole=plain is int)
    elif plain is bool and not isinstance(value, bool | np.bool_):
        refuse(
            f"{name} 应为 True 或 False，收到 {shown(value)}。",
            f"{name} must be True or False; got {shown(value)}.",
        )
    elif plain is str and not isinstance(value, str):
        refuse(
            f"{name} 应为文字，收到 {shown(value)}。", f"{name} must be a text; got {shown(value)}."
        )
    elif plain in (DataFrame, np.random.Generator) and not isinstance(value, plain):
        want = plain.__name__
        refuse(
            f"{name} 应为 {want}，收到 {shown(value)}。",
            f"{name} must be a {want}; got {shown(value)}.",
        )
    elif get_origin(plain) is Callable or plain is Callable or _calls(plain):
        if not callable(value):
            refuse(
                f"{name} 应为函数，收到 {shown(value)}。",
                f"{name} must be a function; got {shown(value)}.",
            )
    elif _listed(plain) and (isinstance(value, str) or not isinstance(value, Iterable)):
        refuse(
            f"{name} 应为一列值，收到 {shown(value)}。",
            f"{name} must be a list of values; got {shown(value)}.",
        )


def _calls(kind: Any) -> bool:
    return get_origin(kind) is not None and "Callable" in str(get_origin(kind))


def _listed(kind: Any) -> bool:
    return any(word in str(get_origin(kind)) for word in ("Sequence", "Iterable"))


def _hold_number(name: str, value: object, within: Within, *, whole: bool) -> None:
    types = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    zh, en = within.say()
    what = ("整数" if whole else "数", "a whole number" if whole else "a number")
    number = math.nan if isinstance(value, bool) or not isinstance(value, types) else float(value)
    if not math.isfinite(number) or not within.holds(number):
        refuse(
            f"{name} 应为{zh and f'{zh}的'}{what[0]}，收到 {shown(value)}。",
            f"{name} must be {what[1]}{en and f' {en}'}; got {shown(value)}.",
        )


# --- numbers and their labels ---------------------------------------------------------------------


def numbers(values: object, name: str = "matrix") -> Floats:
    """Return values as numbers; a text, a date or a table that is not square is refused."""
    if isinstance(values, DataFrame | Series):
        types = [values.dtype] if isinstance(values, Series) else list(values.dtypes)
        if not all(pd.api.types.is_numeric_dtype(kind) for kind in types):
            _refuse_text(np.asarray(values.astype(object)), name, values)
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    try:
        table = np.asarray(values)
    except ValueError:
        refuse(
            f"{name} 各行长短不一，应为规整的数表。",
            f"The rows of {name} differ in length; a table of numbers is needed.",
        )
    _refuse_text(table, name, None)
    if isinstance(values, pd.api.extensions.ExtensionArray):
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    try:
        return np.asarray(table, dtype=np.float64)
    except (TypeError, ValueError):
        refuse(
            f"{name} 应为数，收到 {shown(values)}。",
            f"{name} must hold numbers; got {shown(values)}.",
        )


def _refuse_text(table: NDArray[Any], name: str, frame: DataFrame | Series | None) -> None:
    if table.dtype.kind in "biuf":
        return
    if table.dtype.kind != "O":
        found: list[int] | None = [0] * table.ndim if table.size else None
    else:
        texts = np.frompyfunc(lambda v: not _a_number(v), 1, 1)(table) if table.size else table
        at = np.argwhere(np.asarray(texts, dtype=bool)) if table.size else np.empty((0, table.ndim))
        found = [int(i) for i in at[0]] if len(at) else None
    if found is None:
        return
    value = shown(
        table[tuple(found)].item()
        if table.ndim and table.dtype.kind != "O"
        else table[tuple(found)]
    )
    place = _place(found, frame)
    refuse(
        f"{name}{place[0]}是 {value}，不是数；请改为数，或去掉该行列。",
        f"{name}{place[1]} is {value}, not a number; give a number, or leave it out.",
    )


def _a_number(value: object) -> bool:
    if value is None or value is pd.NA:
        return True
    return isinstance(value, bool | int | float | np.bool_ | np.integer | np.floating)


def _place(at: list[int], frame: DataFrame | Series | None) -> tuple[str, str]:
    if not at:
        return "", ""
    if frame is not None:
        labels = [str(frame.index[at[0]])]
        if isinstance(frame, DataFrame):
            labels.append(str(frame.columns[at[1]]))
        text = ", ".join(labels)
        return f"（{text}）", f" ({text})"
    if len(at) == 1:
        return f"第 {at[0] + 1} 个", f", entry {at[0] + 1},"
    return f"第 {at[0] + 1} 行第 {at[1] + 1} 列", f", row {at[0] + 1}, column {at[1] + 1},"


def with_labels(values: NDArray[Any], labels: object, name: str | None = None) -> Any:
    """Return a column of values under the labels it was given, if there are any."""
    return values if labels is None else Series(values, index=labels, name=name)


def one_order(values: Any, labels: Any, name: str) -> Any:
    """Return values in the order of the labels they are to go with; without labels, as they are.

    Raises
    ------
    ZgcgisError
        If both have labels and they are not the same ones.
    """
    own = values.index if isinstance(values, DataFrame | Series) else None
    if own is None or labels is None or own.equals(labels):
        return values
    if own.has_duplicates or labels.has_duplicates or set(own) != set(labels):
        refuse_labels(own, labels, name)
    return values.reindex(labels)


def refuse_labels(own: Iterable[Any], labels: Iterable[Any], name: str) -> NoReturn:
    """Say which labels of two tables do not match."""
    here, there = list(map(str, own)), list(map(str, labels))
    odd = [label for label in here if label not in set(there)] or [
        label for label in there if label not in set(here)
    ]
    seen = "、".join((odd or here)[:3]), ", ".join((odd or here)[:3])
    refuse(
        f"{name} 的标签与数据不一致（如 {seen[0]}）；请使标签一致，或用 to_numpy() 去掉标签按位置对应。",
        f"The labels of {name} are not those of the data (such as {seen[1]}); make them the same, "
        "or drop them with to_numpy() to go by position.",
    )

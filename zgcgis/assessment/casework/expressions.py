"""Conditions in words (``地类 == "0701" and 面积 > 1000``): read by a parser of our own, never run.

A condition is cut into signs, read as the grammar of Python reads an expression, and every part of
it held against a list of what may stand there: names of columns, comparisons, ``and or not in``,
arithmetic, texts, numbers, ``is null``. Nothing else: no attribute, no call, no subscript.

Truth has three values, as in SQL: what a column does not state is neither met nor missed.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from ...language.errors import ReadError, UnknownNameError

__all__ = ["Condition", "read_condition"]

MOST_LETTERS, MOST_SIGNS, MOST_DEEP = 2000, 300, 20
_SIGN = re.compile(
    r"""\s*(?:(?P<text>'[^'\n]*'|"[^"\n]*"|‘[^’\n]*’|“[^”\n]*”)|`(?P<quoted>[^`\n]+)`"""
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign><=|>=|<>|!=|==|[=<>+\-*/%(),]|[＝＜＞≤≥≠（），]))"
)
_WORDS = {"and": "and", "or": "or", "not": "not", "in": "in", "is": "is", "null": "None", "none": "None",
          "true": "True", "false": "False", "且": "and", "或": "or", "非": "not", "空": "None"}  # fmt: skip
_SIGNS = {"=": "==", "<>": "!=", "＝": "==", "＜": "<", "＞": ">", "≤": "<=", "≥": ">=", "≠": "!=",
          "（": "(", "）": ")", "，": ","}  # fmt: skip
_COMPARE: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ARITHMETIC: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


class Condition:
    """A condition that was read.

    Attributes
    ----------
    text
        As it was given.
    names
        The columns it speaks of, as it calls them.
    """

    def __init__(self, text: str, tree: ast.expr, names: tuple[str, ...]) -> None:
        self.text, self.names, self._tree = text, names, tree

    def __call__(self, columns: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
        """Return for each row whether it is met: true, false, or missing where nobody can tell.

        Parameters
        ----------
        columns
            A column for each of ``names``.
        index
            The rows.

        Raises
        ------
        ReadError
            If texts are compared with numbers, or what is asked is no condition.
        """
        found = _Reader(self, columns, index).value(self._tree)
        if not isinstance(found, pd.Series) or found.dtype != "boolean":
            if isinstance(found, bool):
                return pd.Series(found, index=index, dtype="boolean")
            raise _refuse(
                self.text, "整个式子不是条件（真或假）", "the whole is no condition (true or false)"
            )
        return found


def read_condition(text: str) -> Condition:
    """Read a condition.

    Parameters
    ----------
    text
        At most 2,000 letters, 300 signs, 20 brackets deep. Names of columns as they are, or in
        backticks if they hold blanks or brackets; ``=`` and ``==``, ``且 或 非``, ``is null``.

    Raises
    ------
    ReadError
        If it is too long, holds what may not stand there, or cannot be read.
    """
    if len(text) > MOST_LETTERS:
        raise _refuse(f"{text[:40]}…", f"有 {len(text):,} 个字，至多 {MOST_LETTERS:,} 个",
                      f"it has {len(text):,} letters, at most {MOST_LETTERS:,} may be given")  # fmt: skip
    names: dict[str, str] = {}
    signs = _signs(text, names)
    code = " ".join(signs)
    try:
        tree = ast.parse(code, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _refuse(text, "式子不完整或写法有误", "it is incomplete or cannot be read") from error
    back = {code: name for name, code in names.items()}
    _check(text, tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = back[node.id]
    return Condition(text, tree, tuple(names))


def _refuse(text: str, zh: str, en: str) -> ReadError:
    return ReadError(
        f"条件“{text}”不能用：{zh}。可写列名、比较（= <> < <= > >=）、and or not in、四则运算、"
        '文字、数字和 is null，如：面积 > 1000 and 地类 in ("0701", "1001")。',
        f"The condition {text!r} cannot be used: {en}. There may be names of columns, comparisons, and, "
        "or, not, in, arithmetic, texts, numbers and is null, such as: area_m2 > 1000 and land_use in "
        "('0701', '1001').",
    )


def _signs(text: str, names: dict[str, str]) -> list[str]:
    """Cut a text into signs of Python; a name of a column becomes one that means nothing."""
    found: list[str] = []
    at, deep = 0, 0
    while at < len(text.rstrip()):
        match = _SIGN.match(text, at)
        if match is None:
            rest = text[at:].strip()[:12]
            raise _refuse(text, f"不认识“{rest}”", f"{rest!r} is not understood")
        at = match.end()
        name = match["quoted"] or match["name"]
        if match["name"] and match["name"].lower() in _WORDS:
            found.append(_WORDS[match["name"].lower()])
        elif name:
            found.append(names.setdefault(name.strip(), f"c{len(names)}"))
        elif match["text"]:
            found.append(repr(match["text"][1:-1]))
        elif match["number"]:
            found.append(repr(float(match["number"])))
        else:
            sign = _SIGNS.get(match["sign"], match["sign"])
            deep += (sign == "(") - (sign == ")")
            found.append(sign)
        if len(found) > MOST_SIGNS or deep > MOST_DEEP:
            raise _refuse(text, f"超过 {MOST_SIGNS} 个符号或 {MOST_DEEP} 层括号",
                          f"it has more than {MOST_SIGNS} signs or {MOST_DEEP} brackets in one another")  # fmt: skip
    return found


_ALLOWED = (ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.BinOp, ast.Compare,
            ast.In, ast.NotIn, ast.Is, ast.IsNot, ast.Name, ast.Load, ast.Constant, ast.Tuple,
            *_COMPARE, *_ARITHMETIC)  # fmt: skip


def _check(text: str, tree: ast.expr) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            what = type(node).__name__
            raise _refuse(text, f"不能有 {what}（属性、调用、下标等）", f"there may be no {what}")


class _Reader:
    """One condition over one table."""

    def __init__(self, of: Condition, columns: Mapping[str, pd.Series], index: pd.Index) -> None:
        self.of, self.columns, self.index = of, columns, index

    def wrong(self, zh: str, en: str) -> ReadError:
        return _refuse(self.of.text, zh, en)

    def value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            if node.id not in self.columns:
                raise UnknownNameError(node.id, self.columns, what="column", zh="列")
            return self.columns[node.id]
        if isinstance(node, ast.BoolOp):
            held = [self.truth(one) for one in node.values]
            joined = held[0]
            for one in held[1:]:
                joined = joined & one if isinstance(node.op, ast.And) else joined | one
            return joined
        if isinstance(node, ast.UnaryOp):
            if isinstance(node.op, ast.Not):
                return ~self.truth(node.operand)
            number = self.number(node.operand)
            return -number if isinstance(node.op, ast.USub) else number
        if isinstance(node, ast.BinOp):
            left, right = self.number(node.left), self.number(node.right)
            if (
                isinstance(node.op, ast.Div | ast.Mod)
                and not isinstance(right, pd.Series)
                and not right
            ):
                raise self.wrong("除数是零", "it divides by nothing")
            return _ARITHMETIC[type(node.op)](left, right)
        if isinstance(node, ast.Compare):
            return self.compared(node)
        raise self.wrong("括号里的几个值只能用在 in 后面", "several values may only stand after in")

    def truth(self, node: ast.expr) -> pd.Series:
        found = self.value(node)
        if isinstance(found, bool):
            return pd.Series(found, index=self.index, dtype="boolean")
        if not isinstance(found, pd.Series) or found.dtype != "boolean":
            raise self.wrong(
                "and、or、not 两边要是条件", "what and, or, not join has to be conditions"
            )
        return found

    def number(self, node: ast.expr) -> Any:
        found = self.value(node)
        kind = found.dtype if isinstance(found, pd.Series) else type(found)
        if not (kind == "Float64" or kind in (float, int)):
            raise self.wrong("只有数字能加减乘除", "arithmetic is for numbers alone")
        return found

    def compared(self, node: ast.Compare) -> pd.Series:
        whole = pd.Series(True, index=self.index, dtype="boolean")  # noqa: FBT003
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            whole &= self.one(left, op, right)
            left = right
        return whole

    def one(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> pd.Series:
        if isinstance(op, ast.Is | ast.IsNot):
            if not (isinstance(right, ast.Constant) and right.value is None):
                raise self.wrong("is 后面只能是 null", "only null may stand after is")
            empty = pd.Series(self.value(left), index=self.index).isna().astype("boolean")
            return empty if isinstance(op, ast.Is) else ~empty
        if isinstance(op, ast.In | ast.NotIn):
            values = right.elts if isinstance(right, ast.Tuple) else [right]
            found = pd.Series(False, index=self.index, dtype="boolean")  # noqa: FBT003
            for one in values:
                found |= self.one(left, ast.Eq(), one)
            return found if isinstance(op, ast.In) else ~found
        a, b = self.value(left), self.value(right)
        if a is None or b is None:
            raise self.wrong("空值要用 is null 比较", "nothing is compared by is null")
        if self.kind(a) != self.kind(b):
            raise self.wrong("文字和数字不能比较；代码是文字，要加引号", "texts and numbers are not compared; "
                             "codes are texts and stand in quotes")  # fmt: skip
        found = _COMPARE[type(op)](a, b)
        return pd.Series(found, index=self.index, dtype="boolean")

    def kind(self, value: Any) -> str:
        dtype = str(value.dtype) if isinstance(value, pd.Series) else type(value).__name__
        return {"Float64": "number", "float": "number", "boolean": "truth", "bool": "truth"}.get(
            dtype, "text"
        )

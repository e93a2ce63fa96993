"""Files that people fill in: TOML read whole, values held against what may stand there.

What may stand in each file of a zone folder is data, in ``resources/zone_files.toml``. A value
that may not is one sentence: file, key, what was found and what is allowed.
"""

from __future__ import annotations

import contextlib
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..language.errors import ZgcgisError, ZoneError, is_it, nearest
from ..language.safe_text import Text
from .fields import FORMS, REMARKS, Field, WrongValue, check_value, shown

__all__ = [
    "check_settings",
    "keeping_all",
    "no_plain_file",
    "read_toml",
    "refuse",
    "units_named",
]

_KEPT: ContextVar[list[ZgcgisError] | None] = ContextVar("what was refused so far", default=None)


@contextlib.contextmanager
def keeping_all() -> Iterator[list[ZgcgisError]]:
    """Let what is refused in files be kept in a list, where the rest can still be looked at."""
    kept: list[ZgcgisError] = []
    before = _KEPT.set(kept)
    try:
        yield kept
    finally:
        _KEPT.reset(before)


def refuse(problem: ZgcgisError) -> None:
    """Raise what is wrong in a file, or keep it within :func:`keeping_all` and go on."""
    kept = _KEPT.get()
    if kept is None:
        raise problem
    kept.append(problem)


def no_plain_file(path: Path) -> Text | None:
    """Tell what stands under a name instead of a plain file; None if it is one.

    A link leads where nobody looked, and a pipe or a device never ends.

    Raises
    ------
    OSError
        If nothing stands there.
    """
    mode = path.lstat().st_mode
    if stat.S_ISREG(mode):
        return None
    words = (said for is_one, said in _OTHERS.items() if is_one(mode))
    return next(words, Text("不是普通文件", "no plain file"))


_OTHERS = {
    stat.S_ISLNK: Text("是链接", "a link"),
    stat.S_ISDIR: Text("是文件夹", "a folder"),
    stat.S_ISFIFO: Text("是管道", "a pipe"),
}


def read_toml(path: Path, *, error: type[ZgcgisError] = ZoneError) -> dict[str, Any]:
    """Read a TOML file; one that cannot be used is a sentence that names file and line."""
    try:
        if other := no_plain_file(path):
            raise error(
                f"{path} {other.zh}，不能读取。请给出文件本身。",
                f"{path} is {other.en} and is not read. Name the file itself.",
            )
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise error(
            f"{path} 读不出来：{problem.strerror}。请检查路径。",
            f"{path} cannot be read: {problem.strerror}. Check the path.",
        ) from problem
    except UnicodeDecodeError as problem:
        raise error(
            f"{path} 不是 UTF-8 编码。请另存为 UTF-8。",
            f"{path} is not UTF-8. Save it as UTF-8.",
        ) from problem
    except (ValueError, RecursionError) as problem:  # a number of 5000 digits, a thousand brackets
        raise error(
            f"{path} 不是有效的 TOML：{problem}。请改正所指的行（文字要加引号，数字不加）。",
            f"{path} is not valid TOML: {problem}. Mend the line named "
            "(texts in quotes, numbers without).",
        ) from problem


def check_settings(
    data: Mapping[str, Any], form: str, path: Path | str, *, error: type[ZgcgisError] = ZoneError
) -> None:
    """Refuse what may not stand in a file, with one sentence.

    Parameters
    ----------
    data
        The file as :func:`read_toml` gives it.
    form
        Name of the file in :data:`FORMS`.
    path
        The file, for the sentence.
    error
        What to raise.
    """
    _check_table(data, form, "", _Place(str(path), error))


_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    error: type[ZgcgisError]

    def wrong(self, where: str, found: Any, wanted: WrongValue) -> ZgcgisError:
        said = shown(found)
        return self.error(
            f"{self.path} 的 {where} 是 {said}，应为{wanted.zh}请改正这一行。",
            f"{self.path}: {where} is {said}, not {wanted.en} Mend that line.",
        )

    def no_list(self, where: str, found: Any) -> ZgcgisError:
        key = _INDEX.sub("", where)
        return self.error(
            f"{self.path} 的 {where} 是 {shown(found)}，应为若干 [[{key}]] 节。"
            f"请每项写一节：一行 [[{key}]]（双方括号），下面是“键 = 值”各行。",
            f"{self.path}: {where} is {shown(found)}, not a list of [[{key}]]. Give each item a "
            f"line [[{key}]], in double brackets, with lines 'key = value' below it.",
        )


def _as_table(where: str) -> Text:
    """How to write a table: inside an entry of a list no head of its own leads to it."""
    head, _, key = where.rpartition(".")
    if key.endswith("]"):
        head = f"[[{_INDEX.sub('', where)}]]"
        return Text(f"请写成 {head} 加若干行“键 = 值”。", f"Write {head} and lines 'key = value'.")
    if "[" in head:
        return Text(f"请写成 {key} = {{ 键 = 值 }}。", f"Write {key} = {{ key = value }}.")
    return Text(
        f"请写成 [{where}] 加若干行“键 = 值”。", f"Write [{where}] and lines 'key = value'."
    )


def _check_table(data: Any, form: str, where: str, place: _Place) -> None:
    zh, en = (
        (f"{place.path} 的 {where} ", f"{place.path}: {where}")
        if where
        else (f"{place.path} ", place.path)
    )
    if not isinstance(data, Mapping):
        way = _as_table(where)
        refuse(place.error(f"{zh}应是一张表。{way.zh}", f"{en} should be a table. {way.en}"))
        return
    fields = FORMS[form]
    if unknown := sorted(set(data) - set(fields) - REMARKS):
        known, near = ", ".join(fields), [(key, nearest(key, fields)) for key in unknown[:5]]
        asked = [is_it(f"{name} ({shown(key)})") for key, name in near if name]
        refuse(
            place.error(
                f"{zh}有不认识的键 {shown(unknown)}；可用：{known}。"
                f"{''.join(ask for ask, _ in asked)}请改正拼写或删去。",
                f"{en} has unknown keys {shown(unknown)}; known are {known}."
                f"{''.join(ask for _, ask in asked)} Mend the spelling or drop them.",
            )
        )
    for key, field in {**dict.fromkeys(REMARKS, Field("text")), **fields}.items():
        if key in data:
            _check_value(data[key], field, f"{where}.{key}".lstrip("."), place)
        elif field.needed and field.kind in {"table", "tables"}:
            said = f"[[{key}]]" if field.kind == "tables" else f"[{key}]"
            lines = [name for name, inner in FORMS[field.of].items() if inner.needed]
            refuse(
                place.error(
                    f"{zh}没有 {said} 一节。请加上 {said} 和其中各行：{'、'.join(lines)}。",
                    f"{en} has no {said}. Add {said} with a line each for {', '.join(lines)}.",
                )
            )
        elif field.needed:
            refuse(
                place.error(
                    f"{zh}缺少 {key}。请补一行 {key} = {_example(field)}。",
                    f"{en} lacks {key}. Add a line {key} = {_example(field)}.",
                )
            )


def _check_value(value: Any, field: Field, where: str, place: _Place) -> None:
    if field.kind == "table":
        _check_table(value, field.of, where, place)
    elif field.kind == "tables":
        if not isinstance(value, list):
            refuse(place.no_list(where, value))
            return
        for i, entry in enumerate(value):
            _check_table(entry, field.of, f"{where}[{i}]", place)
    elif field.kind in {"named", "each"}:
        if not isinstance(value, Mapping):
            _check_table(value, "zone.toml", where, place)
            return
        for key, entry in value.items():
            if not key.strip() or "\x00" in key:
                refuse(
                    place.wrong(where, key, WrongValue("非空的名称", "a name that is not blank"))
                )
            if field.kind == "named":
                _check_table(entry, field.of, f"{where}.{key}", place)
            else:
                _check_value(entry, Field(field.of), f"{where}.{key}", place)
    else:
        try:
            check_value(value, field)
        except WrongValue as wanted:
            refuse(place.wrong(where, value, wanted))


def units_named(data: Mapping[str, Any], form: str, where: str = "") -> Iterator[tuple[str, str]]:
    """Yield where a file that was checked names units of the zone, and which."""
    for key, field in FORMS[form].items():
        if key not in data:
            continue
        value, place = data[key], f"{where}.{key}".lstrip(".")
        if field.kind == "unit":
            yield place, value
        elif field.kind == "tables":
            for i, entry in enumerate(value):
                yield from units_named(entry, field.of, f"{place}[{i}]")
        elif field.kind == "table":
            yield from units_named(value, field.of, place)
        elif field.keys == "unit":
            yield from ((f"{place}.{unit}", unit) for unit in value)


_EXAMPLES = {"year": "2015", "number": "1.5", "day": "2024-12-31", "period": "[2011, 2020]"}


def _example(field: Field) -> str:
    return f'"{field.values[0]}"' if field.values else _EXAMPLES.get(field.kind, '"…"')

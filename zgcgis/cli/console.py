"""What every command has in common: what reaches the terminal, and where results may go.

Work of more than a second shows a bar on the error stream, where that is a terminal.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from ..language.errors import ZgcgisWarning
from ..language.safe_text import Text, ascii_text, one_line, text_width, unlocked, visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "COMMANDS",
    "PARTS",
    "Command",
    "Output",
    "Progress",
    "command",
    "pad",
    "print_json",
    "print_table",
    "progress",
    "say",
    "shown_streams",
    "tell",
]


class Output(click.Path):
    """A path that a command writes to; what else names a file is read and never written over.

    Parameters
    ----------
    folder
        Whether it is a folder; None if its suffix tells.
    files
        The suffixes of a file, where the suffix tells.
    """

    def __init__(self, *, folder: bool | None, files: tuple[str, ...] = ()) -> None:
        super().__init__(file_okay=folder is not True, dir_okay=folder is not False)
        self.folder = folder
        self.files = files

    def is_folder(self, path: str) -> bool:
        """Whether results at a path are a folder of files."""
        if self.folder is not None:
            return self.folder
        return Path(path).suffix.lower() not in self.files

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take a path; a name that is a file's where only a folder can be is no folder's name."""
        path = Path(os.fspath(value))
        if self.is_folder(str(path)) and path.suffix.lower() in _FILES and not path.is_dir():
            if self.files:
                files = "、".join(self.files)
                also = Text(f"，或一个文件（{files}）", f", or one file ({', '.join(self.files)})")
            else:
                also = Text("", "")
            self.fail(
                f"{path} 是文件名；这里应给出一个文件夹{also.zh}，如 -o {path.stem}。"
                f"{path} is the name of a file; name a folder{also.en}, as -o {path.stem}.",
                param,
                ctx,
            )
        return super().convert(value, param, ctx)


_FILES = (".csv", ".docx", ".gpkg", ".html", ".json", ".pdf", ".png", ".txt", ".xlsx", ".zip")
"""Ends of the names of results that are files and no folders."""


class Command(click.Command):
    """A command that writes nothing over what it reads, and all of its results or none."""

    part = ""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run with streams that a terminal cannot be driven through."""
        with shown_streams():
            return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, its inputs kept from being written over."""
        from ..io.places import keeping, refuse_result
        from ..io.writing import together
        from ..runs import sweep

        sweep()
        outputs: list[tuple[Output, str]] = []
        inputs: list[str] = []
        for param in self.params:
            value = ctx.params.get(param.name or "")
            values = value if isinstance(value, tuple) else (value,)
            if isinstance(param.type, Output):
                outputs += [(param.type, one) for one in values if one is not None]
            else:
                inputs += [one for one in values if isinstance(one, str) and _is_file(one)]
        with keeping(inputs):
            for kind, path in outputs:
                refuse_result(path, folder=kind.is_folder(path))
            with together({Path(path): kind.is_folder(path) for kind, path in outputs}):
                try:
                    return super().invoke(ctx)
                except SystemExit as stop:
                    if stop.code not in {None, 0, 1}:
                        raise
                    leaving = stop  # with results
            raise leaving


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a name, or no name at all
        return False


PARTS: Mapping[str, str] = MappingProxyType(
    {
        "zone": "示范区 Zones",
        "data": "数据 Data",
        "review": "核查与审查 Checks and reviews",
        "result": "成果 Results",
        "about": "其他 About",
    }
)
"""The parts of the help, in their order."""

COMMANDS: dict[str, Command] = {}
"""Every command by name, entered by :func:`command` when its module is loaded."""


def command(
    *, part: str, zh: str, en: str, name: str | None = None
) -> Callable[[Callable[..., Any]], Command]:
    """Make a command of a function and enter it, as :func:`click.command` makes one.

    Parameters
    ----------
    part
        Where in the help it stands, a key of :data:`PARTS`.
    zh, en
        What it does, in the one line that the help has for it.
    name
        What it is called, by default as the function is.
    """

    def enter(function: Callable[..., Any]) -> Command:
        made = click.command(name or function.__name__, cls=Command, short_help=f"{zh}  {en}")(
            function
        )
        made.part = part
        COMMANDS[str(made.name)] = made
        return made

    return enter


def say(text: str = "", *, err: bool = False) -> None:
    """Print one line; no value in it begins a line of its own or reaches the terminal raw."""
    click.echo(one_line(unlocked(text)), err=err)


def tell(lang: str, zh: str, en: str) -> None:
    """Print a line in the language asked for."""
    say(Text(zh, en).say(lang))


def print_json(text: str) -> None:
    """Print JSON for a program; a console that is not UTF-8 gets escapes, so nothing is lost."""
    codec = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
    click.echo((visible if codec == "utf8" else ascii_text)(unlocked(text).rstrip("\n")))


def pad(text: str, width: int) -> str:
    """Fill a text with spaces to a width in which a Chinese character counts twice."""
    line = one_line(text)
    return line + " " * max(1, width - text_width(line))


def print_table(table: pd.DataFrame, lang: str, *, numbers: Sequence[str] = ()) -> None:
    """Write a table in columns that line up, Chinese letters counting two."""
    from ..language.terms import heading

    heads = [heading(str(c), lang) for c in table.columns]
    if "unit" in table and set(table["unit"].dropna()) <= set(_UNITS):
        said = [_UNITS.get(unit, Text("", "")).say(lang) for unit in table["unit"]]
        table = table.assign(unit=said)
    body = [[_shown(value) for value in row] for row in table.itertuples(index=False, name=None)]
    widths = [max(map(text_width, column)) for column in zip(heads, *body, strict=True)]
    for row in [heads, *body]:
        cells = [
            (" " * (width - text_width(cell)) + cell) if name in numbers else pad(cell, width)
            for cell, width, name in zip(row, widths, table.columns, strict=True)
        ]
        say("  ".join(cells).rstrip())


_UNITS = {
    "": Text("", ""),
    "1": Text("", ""),
    "m2": Text("m²", "m2"),
    "m": Text("m", "m"),
    "d": Text("天", "days"),
    "months": Text("个月", "months"),
    "deg": Text("°", "deg"),
    "%": Text("%", "%"),
    "wan/ha": Text("万元/公顷", "wan/ha"),
    "人": Text("人", "persons"),
}


def _shown(value: Any) -> str:
    import pandas as pd

    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return "—"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) < 1000 else f"{value:,.0f}"
    return one_line(str(value))


class _Shown:
    """A stream on which control characters are seen, not obeyed."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(visible(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # bytes would go past us
            raise AttributeError(name)
        return getattr(self._stream, name)


@contextlib.contextmanager
def shown_streams() -> Iterator[None]:
    """Let nothing through to the terminal but what can be seen, whoever writes it."""
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (
        stream if stream is None or isinstance(stream, _Shown) else _Shown(stream)
        for stream in kept
    )
    try:
        yield
    finally:
        sys.stdout, sys.stderr = kept


def tell_warnings(lang: str | None) -> None:
    """Print our own warnings as sentences in the language asked for; others as Python does."""
    usual = warnings.showwarning

    def show(message: Any, category: type[Warning], *rest: Any, **named: Any) -> None:
        if not issubclass(category, ZgcgisWarning):
            usual(message, category, *rest, **named)
            return
        zh, _, en = str(message).partition("\n")
        for line in (zh, en) if lang is None else (Text(zh, en or zh).say(lang),):
            if line:
                say(line, err=True)

    warnings.showwarning = show


# --- the bar ----------------------------------------------------------------------------------------

AFTER_SECONDS = 1.0
_WIDE = 20  # signs of the bar itself


class Progress:
    """How far a piece of work is; nothing is shown before :data:`AFTER_SECONDS`.

    Parameters
    ----------
    stream
        Where the bar is drawn, a terminal.
    total
        How many steps there are.
    """

    def __init__(self, stream: Any, total: int) -> None:
        self._stream, self._total = stream, max(1, total)
        self._lock = threading.Lock()
        self._done, self._label, self._shown = 0, "", False
        self._clock = threading.Timer(AFTER_SECONDS, self._appear)
        self._clock.daemon = True
        self._clock.start()

    def step(self, label: str) -> None:
        """Say that the next step begins."""
        with self._lock:
            self._label = label
            if self._shown:
                self._draw()
            self._done += 1

    def note(self, label: str) -> None:
        """Say how far the step that goes on is."""
        with self._lock:
            self._label = label
            if self._shown:
                self._draw()

    def end(self) -> None:
        """Take the bar away."""
        self._clock.cancel()
        with self._lock:
            if self._shown:
                self._write("")
            self._shown = False
            self._total = 0

    def _appear(self) -> None:
        with self._lock:
            if self._total:
                self._shown = True
                self._draw()

    def _draw(self) -> None:
        filled = _WIDE * min(self._done, self._total) // self._total
        bar = "#" * filled + "-" * (_WIDE - filled)
        self._write(f"[{bar}] {min(self._done, self._total)}/{self._total} {self._label}")

    def _write(self, text: str) -> None:
        room = shutil.get_terminal_size().columns - 1
        with contextlib.suppress(OSError, ValueError):
            self._stream.write("\r\x1b[K" + _cut(one_line(text), room))
            self._stream.flush()


def _cut(text: str, room: int) -> str:
    """The beginning of a text that a line of a terminal has room for."""
    width = 0
    for place, letter in enumerate(text):
        width += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if width > room:
            return text[:place]
    return text


@contextlib.contextmanager
def progress(total: int) -> Iterator[Progress | None]:
    """Show how far work of so many steps is; None where the error stream is no terminal."""
    stream = sys.__stderr__
    if stream is None or not stream.isatty():
        yield None
        return
    shown = Progress(stream, total)
    try:
        yield shown
    finally:
        shown.end()

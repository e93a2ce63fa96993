"""What every command has in common: what reaches the terminal, and where results may go."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import ZgcgisWarning
from ..safe_text import Text, ascii_text, one_line, text_width, visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Command",
    "Output",
    "command",
    "pad",
    "print_json",
    "print_table",
    "say",
    "shown_streams",
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


class Command(click.Command):
    """A command that writes nothing over what it reads, and all of its results or none."""

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


def command(name: str | None = None) -> Callable[[Callable[..., Any]], Command]:
    """Make a command of a function, as :func:`click.command` does."""
    return click.command(name, cls=Command)


def say(text: str = "", *, err: bool = False) -> None:
    """Print one line; no value in it begins a line of its own or reaches the terminal raw."""
    click.echo(one_line(text), err=err)


def print_json(text: str) -> None:
    """Print JSON for a program; a console that is not UTF-8 gets escapes, so nothing is lost."""
    codec = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
    click.echo((visible if codec == "utf8" else ascii_text)(text.rstrip("\n")))


def pad(text: str, width: int) -> str:
    """Fill a text with spaces to a width in which a Chinese character counts twice."""
    line = one_line(text)
    return line + " " * max(1, width - text_width(line))


def print_table(table: pd.DataFrame, lang: str, *, numbers: Sequence[str] = ()) -> None:
    """Write a table in columns that line up, Chinese letters counting two."""
    from ..terms import heading

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
        for line in (zh, en) if lang is None else (en if lang == "en" and en else zh,):
            if line:
                say(line, err=True)

    warnings.showwarning = show

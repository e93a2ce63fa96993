"""A bar on the error stream for work of more than a second, where that is a terminal."""

from __future__ import annotations

import contextlib
import shutil
import sys
import threading
import unicodedata
from collections.abc import Iterator
from typing import Any

from ..safe_text import one_line

__all__ = ["Progress", "progress"]

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

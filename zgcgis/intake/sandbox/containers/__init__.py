"""What containers state of themselves: whether they are whole, and how many features they hold.

GDAL's end of stream is not the end of the data. Each format is looked at here without GDAL, and
what was read is held against what the container states or against a count of our own
(:func:`hold`). Like the child that reads, this needs nothing but the standard library and numpy:
the child loads it by path.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["MOST_DEPTH", "MOST_FIELDS", "Refused", "first_line", "hold"]

MOST_DEPTH = 100
MOST_FIELDS = 2000


class Refused(Exception):  # noqa: N818 - it is a verdict, not an error
    """A verdict of the child: the code of a rule and the words that go into its sentence."""

    def __init__(self, rule: str, **words: Any) -> None:
        super().__init__(rule)
        self.rule = rule
        self.words = words


def hold(layers: list[dict[str, Any]], stated: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Hold the rows of layers against the counts of their container.

    Parameters
    ----------
    layers
        What was read, with ``name``, ``rows`` and the reader's first ``error`` on the way.
    stated
        For each count its ``layer`` (None for the whole file), the ``count``, ``by`` what it is
        stated, and whether it is ``sure``: one that cannot be old.

    Returns
    -------
    findings
        Where a count that may be old differs, and where the reader met an error although the
        counts agree.

    Raises
    ------
    Refused
        If less was read than there is.
    """
    rows: dict[str | None, int] = {layer["name"]: layer["rows"] for layer in layers}
    rows[None] = sum(layer["rows"] for layer in layers)
    errors = {layer["name"]: layer.get("error") for layer in layers}
    found = []
    for entry in stated:
        name, count = entry["layer"], entry["count"]
        if name not in rows or rows[name] == count:
            continue
        error = errors.get(name) or next(filter(None, errors.values()), None)
        words = "：".join(word for word in (name, entry["by"], error) if word)
        if entry["sure"] and rows[name] < count:
            raise Refused("R415", measured=rows[name], limit=count, detail=words[:300])
        found.append(
            {"rule": "R416", "measured": rows[name], "limit": count, "detail": words[:300]}
        )
    for name, error in errors.items():
        if error:
            found.append({"rule": "R418", "other": name, "detail": error[:200]})
    return found


def first_line(problem: Exception | str) -> str:
    """Return the first line of what a reader says, without the folder it works in."""
    text = str(problem).replace(f"{Path.cwd()}/", "").strip()
    return text.splitlines()[0][:200] if text else type(problem).__name__

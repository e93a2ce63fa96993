"""Where results may go: never over what the toolkit reads.

Three rules, kept by `write_whole` for every writer and asked by the command line beforehand:

* No result stands among a zone's own files (beside its ``zone.toml`` or under its ``layers``),
  and nothing is written over that stands further down in a zone's folder, unless it is a result.
* No result is written over a file that the command reads, whatever way its path is spelt.
* A folder of results is new or empty, holds results already, or holds no file of their names.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from ..language.errors import WriteError

__all__ = ["AWAITED", "Awaited", "keeping", "refuse_place", "refuse_result", "result_folder"]


@dataclass
class Awaited:
    """The results of a run, which appear together at its end (:func:`.writing.together`).

    Attributes
    ----------
    roots
        The real path of each folder or file of results: whether it is a folder.
    stack
        What ends with the run: the folders in which files wait.
    work
        The folder in which the files of a root wait, once there is one.
    earlier
        For each folder that holds an earlier run, the names of all such a run writes.
    """

    roots: dict[Path, bool]
    stack: contextlib.ExitStack
    work: dict[Path, Path] = field(default_factory=dict)
    earlier: dict[Path, set[str]] = field(default_factory=dict)

    def root_of(self, target: Path) -> Path | None:
        """Return the root that a real path is or lies in; None if it is not awaited."""
        return next(
            (
                r
                for r, folder in self.roots.items()
                if r == target or (folder and r in target.parents)
            ),
            None,
        )


AWAITED: ContextVar[Awaited | None] = ContextVar("AWAITED", default=None)

_READ: ContextVar[tuple[Path, ...]] = ContextVar("_READ", default=())
_HEADS = ("assessment.json", "findings.json", "scenario.xlsx", "allocation.xlsx")
_NEVER_READ = {".html", ".pdf", ".svg"}


@contextlib.contextmanager
def keeping(inputs: Iterable[str | Path]) -> Iterator[None]:
    """Let no writer write over these files while the work lasts."""
    real = tuple(Path(os.path.realpath(path)) for path in inputs)
    token = _READ.set((*_READ.get(), *real))
    try:
        yield
    finally:
        _READ.reset(token)


def result_folder(path: str | Path, head: str = "", names: Collection[str] = ()) -> Path:
    """Make a folder for results and return it.

    Parameters
    ----------
    path
        The folder; it and those above it are made.
    head
        The result by which a folder of such results is known; it is written first.
    names
        What else may be written: files of these names in a folder without `head` are not ours,
        and those of an earlier run, which this one does not write, go. A ``*`` stands for any.
    """
    folder = Path(path)
    refuse_result(folder, folder=True)
    awaited = AWAITED.get()
    real = Path(os.path.realpath(folder))
    if head and (folder / head).is_file():
        if awaited is not None:
            awaited.earlier.setdefault(real, set()).update({head, *names})
    else:
        for name in names:
            if "*" not in name and (folder / name).exists():
                raise WriteError(
                    f"文件夹 {folder} 中已有 {name}，又没有 {head}，看来不是本软件写出的成果，不会覆盖。"
                    "请用 -o 指定一个新的或空的文件夹。",
                    f"The folder {folder} holds {name} but no {head}, so it seems not to be a "
                    "result of ours and is not written over. Name a new or empty folder with -o.",
                )
    if awaited is not None and awaited.root_of(real) is not None:
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise WriteError(
            f"无法建立文件夹 {folder}：{problem.strerror or problem}。请检查权限和磁盘，或换一个位置。",
            f"The folder {folder} cannot be made: {problem.strerror or problem}. "
            "Check permission and disk, or name another place.",
        ) from problem
    return folder


def refuse_result(path: str | Path, *, folder: bool) -> None:
    """Refuse a path for results before any work is done; nothing is made."""
    asked = Path(path)
    real = Path(os.path.realpath(asked))
    if not folder:
        refuse_place(real, asked)
        return
    if real.exists() and not real.is_dir():
        raise WriteError(
            f"{asked} 是一个文件，而这里需要一个存放成果的文件夹。请换一个名字。",
            f"{asked} is a file, and a folder for results is wanted. Choose another name.",
        )
    table = real.suffix.lower() in {".csv", ".toml"} and _is_zone(real.parent)
    if _is_zone(real) or _under_layers(real) or table:
        raise WriteError(
            f"{asked} 是示范区自己的文件夹，成果不写在这里，以免覆盖它的数据。"
            f"请另指定文件夹，例如 {_beside(asked)}。",
            f"{asked} is a zone's own folder; results are not written there, for they could "
            f"replace its data. Name another folder, such as {_beside(asked)}.",
        )


def refuse_place(target: Path, asked: Path) -> None:
    """Refuse to write a result at `target`, a real path, where it could hurt what is read."""
    if any(_same(target, one) for one in _READ.get()):
        raise WriteError(
            f"{asked} 是本次要读取的文件，不会覆盖。请把成果写到别的名字或文件夹。",
            f"{asked} is read by this very command and is not written over. "
            "Name another file or folder for the result.",
        )
    if _is_zone(target.parent) or _under_layers(target) or _stands_in_zone(target):
        raise WriteError(
            f"{asked} 在示范区自己的文件之中，成果不写在这里，以免覆盖或混入它的数据。"
            f"请写到别处，例如 {_beside(asked.parent) / asked.name}。",
            f"{asked} is among a zone's own files; results are not written there, for they could "
            f"replace its data. Name another place, such as {_beside(asked.parent) / asked.name}.",
        )


def _beside(place: Path) -> Path:
    real = Path(os.path.realpath(place))
    zone = next((p for p in (real, *real.parents) if _is_zone(p)), real)
    return zone.with_name(f"{zone.name}-results")


def _is_zone(folder: Path) -> bool:
    return (folder / "zone.toml").is_file()


def _under_layers(path: Path) -> bool:
    return any(
        place.name.casefold() == "layers" and _is_zone(place.parent)
        for place in (path, *path.parents)
    )


def _stands_in_zone(target: Path) -> bool:
    """Whether a file stands there, in a subfolder of a zone, that may be an input."""
    if not target.exists() or target.suffix.lower() in _NEVER_READ:
        return False
    if any((target.parent / head).is_file() for head in _HEADS):
        return False
    return any(map(_is_zone, target.parents))


def _same(target: Path, one: Path) -> bool:
    if os.path.normcase(target) == os.path.normcase(one):
        return True
    if str(target).casefold() == str(one).casefold():
        return True  # one file where case does not count
    try:
        return target.samefile(one)
    except OSError:
        return False

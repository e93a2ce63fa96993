"""A font with Chinese letters on the machine, to be embedded in a PDF."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ...language.errors import ReadError

__all__ = ["Font", "find_font"]

_NAMES = (
    "simhei.ttf", "msyh.ttc", "Deng.ttf", "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf", "NotoSansSC-Regular.ttf", "SourceHanSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf", "SourceHanSans-Regular.ttc", "wqy-microhei.ttc", "wqy-zenhei.ttc",
    "PingFang.ttc", "Hiragino Sans GB.ttc", "STHeiti Light.ttc", "Arial Unicode.ttf", "simsun.ttc",
    "simsunb.ttf", "uming.ttc", "DroidSansFallbackFull.ttf",
)  # fmt: skip
"""Fonts of the systems planners work on, plain letters before those with serifs."""

_SUFFIXES = {".ttf", ".ttc", ".otf"}
_MOST_BYTES = 200 << 20


@dataclass(frozen=True)
class Font:
    """A font file, and which of its fonts is for simplified Chinese."""

    path: Path
    number: int = 0


@cache
def find_font() -> Font:
    """Return a font for Chinese: the one ``ZGCGIS_FONT`` names, else one of the system's.

    Raises
    ------
    ReadError
        If there is none, or the one that is named cannot be used.
    """
    if named := os.environ.get("ZGCGIS_FONT"):
        path = Path(named)
        if not path.is_file() or path.suffix.lower() not in _SUFFIXES:
            raise ReadError(
                f"环境变量 ZGCGIS_FONT 指的 {path} 不是字体文件（.ttf、.ttc、.otf）。请改正或去掉。",
                f"{path}, which ZGCGIS_FONT names, is no font file (.ttf, .ttc, .otf). Mend or drop it.",
            )
        return Font(path, _simplified(path))
    there: dict[str, Path] = {}
    for folder in _folders():
        for path in _fonts_in(folder):
            there.setdefault(path.name.lower(), path)
    for name in _NAMES:
        if found := there.get(name.lower()):
            return Font(found, _simplified(found))
    raise ReadError(
        "本机没有找到中文字体，不能写 PDF 图册。请安装一种（如 Noto Sans CJK、思源黑体、黑体），"
        "或用环境变量 ZGCGIS_FONT 指明字体文件。",
        "No font with Chinese letters was found, so no PDF of maps can be written. Install one (Noto Sans "
        "CJK, Source Han Sans, SimHei), or name the file of one in ZGCGIS_FONT.",
    )


def _folders() -> Iterator[Path]:
    home = Path.home()
    if sys.platform == "win32":
        yield Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"
        yield Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft/Windows/Fonts"
    elif sys.platform == "darwin":
        yield from (home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts"))
    else:
        yield from (home / ".local/share/fonts", home / ".fonts")
        yield from (Path("/usr/local/share/fonts"), Path("/usr/share/fonts"))


def _fonts_in(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            if Path(name).suffix.lower() in _SUFFIXES:
                yield Path(place) / name


def _simplified(path: Path) -> int:
    """Which font of a collection is the one for simplified Chinese; the first where none says so."""
    if path.suffix.lower() != ".ttc" or path.stat().st_size > _MOST_BYTES:
        return 0
    from fontTools.ttLib import TTCollection

    with TTCollection(str(path), lazy=True) as fonts:
        for k, font in enumerate(fonts):
            family = str(font["name"].getDebugName(1) or "")
            if family.endswith((" SC", " CN", "GB")):
                return k
    return 0

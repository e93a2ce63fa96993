"""Base maps (底图): tiles beneath the land, embedded in the page or from one host that it names.

Without one a page asks the network for nothing. Tiles of PMTiles, MBTiles and folders go into the
page; those of an online map are asked of its host, and the page's policy lets it ask no other.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
import os
import re
import sqlite3
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from ..language.errors import ZgcgisError

__all__ = ["Basemap", "read_basemap"]

_MOST_BYTES = 12_000_000  # of the embedded tiles as they lie in their file
_MOST_TILE = 1_000_000
_GCJ_HOSTS = ("autonavi.com", "amap.com", "map.gtimg.com", "map.qq.com", "google.cn")
_TIANDITU = (
    "https://t{s}.tianditu.gov.cn/%s_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=%s"
    "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=%s"
)
_FORMATS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp"}
_URL = re.compile(r"(?:gcj02:)?https?://[\w.{}-]+(?::\d+)?/\S*", re.ASCII)
_KEY = re.compile(r"[0-9A-Za-z]{8,64}", re.ASCII)


class _Tile(NamedTuple):
    z: int
    x: int
    y: int


@dataclass(slots=True)
class Basemap:
    """A base map as a page needs it.

    Attributes
    ----------
    record
        ``urls subdomains from to gcj credit said``, what the page must know.
    tiles
        Embedded tiles as JSON: data address by ``z/x/y``; empty for a map from the network.
    """

    record: dict[str, Any]
    tiles: str = ""


def read_basemap(asked: str, span: tuple[float, float, float, float] | None) -> Basemap:
    """Return the base map that is asked for.

    Parameters
    ----------
    asked
        ``tianditu:KEY`` or ``tianditu-image:KEY`` with a key of one's own; the address of tiles with
        ``{z} {x} {y}`` (``gcj02:`` before it where they are in GCJ-02, which is known of the large
        domestic providers); or a ``.pmtiles`` or ``.mbtiles`` file or a folder of tiles, as
        ``tiles`` or ``tiles/{z}/{x}/{y}.png``.
    span
        South, west, north and east of what the page shows, in degrees; tiles around it are embedded.

    Raises
    ------
    ZgcgisError
        If it is none of these, holds vector tiles or none around the zone, or is too large.
    """
    name, _, key = asked.partition(":")
    if name in {"tianditu", "tianditu-image"}:
        return _tianditu(name, key)
    if _URL.fullmatch(asked):
        return _online(asked)
    path = Path(re.sub(r"[/\\]\{z\}[/\\]\{x\}[/\\]\{y\}\.\w+$", "", asked)).absolute()
    if not path.exists():
        raise ZgcgisError(
            f"没有这样的底图：{asked}。可写 tianditu:密钥、瓦片地址 https://…/{{z}}/{{x}}/{{y}}.png、"
            ".pmtiles 或 .mbtiles 文件，或瓦片文件夹。",
            f"There is no base map {asked}. Write tianditu:KEY, an address https://…/{{z}}/{{x}}/{{y}}.png, "
            "a .pmtiles or .mbtiles file, or a folder of tiles.",
        )
    if span is None:
        raise ZgcgisError(
            "示范区没有任何图形，不知道嵌入哪里的底图。",
            "The zone has no outline, so nobody can tell which tiles to embed.",
        )
    return _embedded(path, span)


def _tianditu(name: str, key: str) -> Basemap:
    if not _KEY.fullmatch(key):
        raise ZgcgisError(
            f"天地图需要您自己的密钥：写成 {name}:密钥（在天地图网站申请，密钥会写进地图文件）。",
            f"Tianditu needs a key of your own: {name}:KEY (ask for one on its site; it stands in the map file).",
        )
    kinds = ("vec", "cva") if name == "tianditu" else ("img", "cia")
    urls = [_TIANDITU % (kind, kind, quote(key)) for kind in kinds]
    return Basemap(_record(urls, "01234567", (1, 18), gcj=False, credit=["底图：天地图", "Base map: Tianditu"]))  # fmt: skip


def _online(asked: str) -> Basemap:
    url = asked.removeprefix("gcj02:")
    host = urlsplit(url.replace("{s}.", "").replace("{s}", "")).hostname or ""
    missing = [part for part in ("{z}", "{x}", "{y}") if part not in url]
    if missing:
        raise ZgcgisError(
            f"瓦片地址 {url} 缺少 {' '.join(missing)}。",
            f"The address {url} lacks {' '.join(missing)}.",
        )
    gcj = url != asked or any(host == h or host.endswith(f".{h}") for h in _GCJ_HOSTS)
    return Basemap(_record([url], "1234", (0, 18), gcj=gcj, credit=[f"底图：{host}", f"Base map: {host}"]))  # fmt: skip


def _record(
    urls: list[str], servers: str, zooms: tuple[int, int], *, gcj: bool, credit: list[str]
) -> dict[str, Any]:
    return {
        "urls": urls,
        "subdomains": servers,
        "from": zooms[0],
        "to": zooms[1],
        "gcj": gcj,
        "credit": credit,
        "said": [],
    }


# --- tiles that go into the page --------------------------------------------------------------


def _embedded(path: Path, span: tuple[float, float, float, float]) -> Basemap:
    """The tiles around a zone, zoom by zoom, as far as they fit."""
    kind = path.suffix.lower()
    read = _folder if path.is_dir() else {".mbtiles": _mbtiles, ".pmtiles": _pmtiles}.get(kind)
    if read is None:
        raise ZgcgisError(
            f"{path} 不是瓦片：应为 .pmtiles、.mbtiles 文件，或 z/x/y.png 文件夹。",
            f"{path} holds no tiles: a .pmtiles or .mbtiles file or a folder z/x/y.png is expected.",
        )
    found: dict[_Tile, bytes] = {}
    taken, last, left = 0, -1, 0
    for zoom, tiles in _by_zoom(read, path, span):
        size = sum(map(len, tiles.values()))
        if taken + size > _MOST_BYTES:
            left = size
            break
        found |= tiles
        taken, last = taken + size, zoom if tiles else last
    if not found:
        raise _nothing(path, left)
    zooms = (min(tile.z for tile in found), last)
    record = _record([], "", zooms, gcj=False, credit=[f"底图：{path.name}", f"Base map: {path.name}"])  # fmt: skip
    if left:
        record["said"].append(
            [
                f"底图只嵌入到 {last} 级：{last + 1} 级另需 {left / 1e6:.1f} MB，超过 {_MOST_BYTES / 1e6:.0f} MB。放大后显示的是 {last} 级。",
                f"The base map is embedded to zoom {last}: {last + 1} takes another {left / 1e6:.1f} MB, past {_MOST_BYTES / 1e6:.0f} MB. Zoom {last} is shown enlarged.",
            ]
        )
    texts = {f"{t.z}/{t.x}/{t.y}": _address(t, data, path) for t, data in sorted(found.items())}
    return Basemap(record, json.dumps(texts, separators=(",", ":")))


def _nothing(path: Path, left: int) -> ZgcgisError:
    if left:
        return ZgcgisError(
            f"{path} 在示范区范围内的瓦片至少 {left / 1e6:.1f} MB，超过 {_MOST_BYTES / 1e6:.0f} MB，没有嵌入。请裁到示范区或减少级数。",
            f"The tiles of {path} around the zone take {left / 1e6:.1f} MB or more, past {_MOST_BYTES / 1e6:.0f} MB. Cut them to the zone or leave out zooms.",
        )
    return ZgcgisError(
        f"{path} 在示范区范围内没有瓦片。请检查它盖住的地方和级数。",
        f"{path} holds no tile around the zone. Look at the ground and zooms that it covers.",
    )


def _address(tile: _Tile, data: bytes, path: Path) -> str:
    kind = next((kind for start, kind in _FORMATS.items() if data.startswith(start)), None)
    if kind is None or len(data) > _MOST_TILE:
        raise ZgcgisError(
            f"{path} 的瓦片 {tile.z}/{tile.x}/{tile.y} 不是 PNG、JPEG 或 WebP 图片（矢量瓦片不能用）。",
            f"Tile {tile.z}/{tile.x}/{tile.y} of {path} is no PNG, JPEG or WebP picture (vector tiles cannot be used).",
        )
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


_Reader = Callable[[Path, int, tuple[int, int, int, int]], Iterable[tuple[_Tile, bytes]]]


def _by_zoom(
    read: _Reader, path: Path, span: tuple[float, float, float, float]
) -> Iterator[tuple[int, dict[_Tile, bytes]]]:
    """Each zoom's tiles around a zone, a fifth of its extent beyond it on either side."""
    south, west, north, east = span
    more = 0.2 * max(north - south, east - west, 0.01)
    for zoom in range(20):
        x0, y1 = _tile_at(west - more, south - more, zoom)
        x1, y0 = _tile_at(east + more, north + more, zoom)
        if (x1 - x0 + 1) * (y1 - y0 + 1) > 200_000:
            return
        try:
            yield zoom, dict(read(path, zoom, (x0, y0, x1, y1)))
        except (OSError, ValueError, IndexError, struct.error, sqlite3.Error) as problem:
            raise ZgcgisError(
                f"读不出 {path} 的瓦片：{problem}。",
                f"The tiles of {path} cannot be read: {problem}.",
            ) from problem


def _tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    n = 1 << zoom
    phi = math.radians(max(-85.05, min(85.05, lat)))
    x = (lon + 180) / 360 * n
    y = (1 - math.asinh(math.tan(phi)) / math.pi) / 2 * n
    return max(0, min(n - 1, int(x))), max(0, min(n - 1, int(y)))


def _folder(path: Path, zoom: int, box: tuple[int, int, int, int]) -> Iterator[tuple[_Tile, bytes]]:
    x0, y0, x1, y1 = box
    place = path / str(zoom)
    for x in range(x0, x1 + 1) if place.is_dir() else ():
        column = place / str(x)
        for name in sorted(os.listdir(column)) if column.is_dir() else ():  # noqa: PTH208 - names alone
            stem, _, kind = name.partition(".")
            if kind in {"png", "jpg", "jpeg", "webp"} and stem.isdigit() and y0 <= int(stem) <= y1:
                file = column / name
                if file.is_file() and not file.is_symlink() and file.stat().st_size <= _MOST_TILE:
                    yield _Tile(zoom, x, int(stem)), file.read_bytes()


def _mbtiles(path: Path, zoom: int, box: tuple[int, int, int, int]) -> list[tuple[_Tile, bytes]]:
    """Rows of an MBTiles file, which counts from the south."""
    x0, y0, x1, y1 = box
    top = (1 << zoom) - 1
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as base:
        base.execute("PRAGMA trusted_schema=OFF")
        rows = base.execute(
            "SELECT tile_column, tile_row, tile_data FROM tiles WHERE zoom_level = ? AND tile_column "
            "BETWEEN ? AND ? AND tile_row BETWEEN ? AND ? AND length(tile_data) <= ?",
            (zoom, x0, x1, top - y1, top - y0, _MOST_TILE),
        ).fetchall()
    return [(_Tile(zoom, int(x), top - int(row)), bytes(data)) for x, row, data in rows]


# --- PMTiles, version 3 -------------------------------------------------------------------------


def _pmtiles(
    path: Path, zoom: int, box: tuple[int, int, int, int]
) -> Iterator[tuple[_Tile, bytes]]:
    """Tiles of a PMTiles file (https://github.com/protomaps/PMTiles, spec version 3)."""
    with path.open("rb") as stream:
        head = stream.read(127)
        if head[:7] != b"PMTiles" or head[7] != 3:
            msg = "not PMTiles version 3"
            raise ValueError(msg)
        root, size, _, _, leaves, _, tiles, _ = struct.unpack_from("<8Q", head, 8)
        packing, kind, least, most = head[97], head[99], head[100], head[101]
        if kind == 1:
            msg = "vector tiles; pictures are needed"
            raise ValueError(msg)
        if not least <= zoom <= most:
            return

        def directory(at: int, length: int) -> list[tuple[int, int, int, int]]:
            stream.seek(at)
            data = stream.read(min(length, 1 << 24))
            if packing == 2:
                data = gzip.decompress(data)
            elif packing > 1:
                msg = "a packing other than gzip"
                raise ValueError(msg)
            return _entries(data)

        top = directory(root, size)
        x0, y0, x1, y1 = box
        kept: dict[int, list[tuple[int, int, int, int]]] = {}
        for x in range(x0, x1 + 1):
            for y in range(y0, y1 + 1):
                wanted, entries = _number(zoom, x, y), top
                for _ in range(4):
                    entry = _entry(entries, wanted)
                    if entry is None:
                        break
                    _, run, at, length = entry
                    if run:
                        stream.seek(tiles + at)
                        yield _Tile(zoom, x, y), stream.read(min(length, _MOST_TILE + 1))
                        break
                    if at not in kept:
                        kept[at] = directory(leaves + at, length)
                    entries = kept[at]


def _entries(data: bytes) -> list[tuple[int, int, int, int]]:
    """Number, run, place and length of each entry of a directory."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if not byte & 128:
                return value

    n = min(number(), 1 << 22)
    numbers: list[int] = []
    for _ in range(n):
        numbers.append(number() + (numbers[-1] if numbers else 0))
    runs, lengths = [number() for _ in range(n)], [number() for _ in range(n)]
    places: list[int] = []
    for k in range(n):
        value = number()
        places.append(value - 1 if value else places[-1] + lengths[k - 1])
    return list(zip(numbers, runs, places, lengths, strict=True))


def _entry(
    entries: list[tuple[int, int, int, int]], wanted: int
) -> tuple[int, int, int, int] | None:
    """The entry that holds a tile, or the directory that may."""
    low, high = 0, len(entries)
    while low < high:
        middle = (low + high) // 2
        if entries[middle][0] <= wanted:
            low = middle + 1
        else:
            high = middle
    if not low:
        return None
    entry = entries[low - 1]
    return entry if entry[1] == 0 or wanted < entry[0] + entry[1] else None


def _number(zoom: int, x: int, y: int) -> int:
    """The place of a tile along the Hilbert curve, after all tiles of smaller zooms."""
    before, number, size = ((1 << 2 * zoom) - 1) // 3, 0, 1 << zoom
    side = size // 2
    while side:
        right, down = int(x & side > 0), int(y & side > 0)
        number += side * side * ((3 * right) ^ down)
        if not down:
            if right:
                x, y = size - 1 - x, size - 1 - y
            x, y = y, x
        side //= 2
    return before + number

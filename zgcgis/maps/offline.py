"""Any folium map as one file: vendored assets in place of links, and a policy by hash.

A folium map asks the network for ten files before it draws anything. Here each link is replaced
by the vendored text of the same asset (``static/vendor``, from npm, with version, licence and
sha256). What is not vendored is refused by name.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink

from ..language.errors import ZgcgisError
from .safe import escape_text, script_body, style_body

__all__ = [
    "OfflineAssetError",
    "Page",
    "add_html",
    "asset",
    "assets_of",
    "fetched",
    "manifest",
    "refuse_fetched",
    "rendered",
    "to_offline_html",
]

_FONTAWESOME = "fontawesome"
_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.IGNORECASE | re.DOTALL)
_REMOTE = re.compile(
    r"""<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)\s*=\s*["']?\s*((?:https?:)?//[^"'\s>]+)""",
    re.IGNORECASE,
)
_FETCHED = re.compile(
    r"""(?:L\.(?:tileLayer(?:\.wms)?|imageOverlay|videoOverlay)\(\s*\[?\s*|"(?:icon|shadow)(?:Retina)?Url"\s*:\s*)"""
    r"""["']((?:https?:)?//[^"']+)["']"""
)
_BESIDE = re.compile(
    r"""L\.(?:tileLayer|videoOverlay)\(\s*\[?\s*["'](?!data:|(?:https?:)?//)([^"']+)["']"""
)
_ID = re.compile(r"[0-9a-f]{32}")


class OfflineAssetError(ZgcgisError):
    """A map needs an asset that is not in the package; ``url`` says which."""

    def __init__(self, url: str, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.url = url


@cache
def manifest() -> dict[str, Any]:
    """Return the list of vendored files and the addresses they stand for."""
    text = files(__package__).joinpath("static/vendor/manifest.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@cache
def asset(name: str) -> str:
    """Return a vendored file as text, after a look at its sha256."""
    content = files(__package__).joinpath(f"static/vendor/{name}").read_bytes()
    if hashlib.sha256(content).hexdigest() != manifest()["files"][name]["sha256"]:
        raise OfflineAssetError(
            name,
            f"随软件提供的 {name} 与清单中的校验值不符。请重新安装 zgcgis。",
            f"The vendored {name} differs from its checksum in the manifest. Install zgcgis again.",
        )
    return content.decode("utf-8")


def assets_of(url: str) -> list[str]:
    """Return the vendored texts that stand for an address folium asks for."""
    known: dict[str, list[str]] = manifest()["urls"]
    if url not in known:
        raise OfflineAssetError(
            url,
            f"这张地图需要 {url}，软件包里没有它的离线副本。"
            "请去掉用到它的插件，或用 save_map(…, offline=False) 保存为联网版本。",
            f"The map needs {url}, of which the package holds no copy. "
            "Leave out the plugin that asks for it, or keep the map online with "
            "save_map(…, offline=False).",
        )
    return [asset(name) for name in known[url]]


@dataclass
class Page:
    """A page under construction: every script is hashed as it is written."""

    title: str
    lang: str = "zh-CN"
    head: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    images: tuple[str, ...] = ()

    def style(self, code: str) -> None:
        """Add style rules to the head."""
        self.head.append(f"<style>{style_body(code)}</style>")

    def script(self, code: str, *, head: bool = False) -> None:
        """Add a script; nothing but the scripts added here will run."""
        code = script_body(code.replace("\r\n", "\n").replace("\r", "\n"))
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        self.hashes.append(f"'sha256-{digest}'")
        (self.head if head else self.body).append(f"<script>{code}</script>")

    def data(self, id: str, text: str) -> None:
        """Add a block of JSON that is data and no script."""
        self.body.append(f'<script type="application/json" id="{id}">{text}</script>')

    def packed(self, id: str, text: str) -> None:
        """Add a block of base64 that is data and no script."""
        self.body.append(f'<script type="application/octet-stream" id="{id}">{text}</script>')

    def html(self) -> str:
        """Return the page as text."""
        images = " ".join(("data:", "blob:", *self.images))
        allowed = " ".join(dict.fromkeys(self.hashes)) or "'none'"
        policy = (
            f"default-src 'none'; script-src {allowed}; "
            f"style-src 'unsafe-inline'; img-src {images}; font-src data:; connect-src 'none'; "
            "object-src 'none'; base-uri 'none'; form-action 'none'"
        )
        parts = [
            f'<!DOCTYPE html>\n<html lang="{self.lang}">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape_text(self.title)}</title>",
            *self.head,
            "</head>\n<body>",
            *self.body,
            "</body>\n</html>\n",
        ]
        return "\n".join(parts)


@dataclass
class Rendered:
    """What folium made of a map, apart: links by address, and texts."""

    links: list[tuple[str, str]]
    header: list[str]
    html: list[str]
    script: list[str]


def rendered(map_: Any) -> Rendered:
    """Let folium render a map, and take the parts before it joins them."""
    figure = map_.get_root()
    if not isinstance(figure, Figure):
        figure = Figure().add_child(map_)
    for child in list(figure._children.values()):
        child.render()
    links: list[tuple[str, str]] = []
    header: list[str] = []
    for element in figure.header._children.values():
        if isinstance(element, JavascriptLink):
            links.append(("js", element.url))
        elif isinstance(element, CssLink):
            links.append(("css", element.url))
        else:
            header.append(element.render())
    renumber = _numbers(figure)
    return Rendered(
        links,
        [renumber(text) for text in header],
        [renumber(element.render()) for element in figure.html._children.values()],
        [renumber(element.render()) for element in figure.script._children.values()],
    )


def _numbers(figure: Element) -> Any:
    """Return a function that replaces folium's random ids by numbers in order."""
    order: dict[str, str] = {}
    seen: set[int] = set()
    pending: list[Any] = [figure, figure.header, figure.html, figure.script]
    while pending:
        element = pending.pop(0)
        if id(element) in seen:
            continue
        seen.add(id(element))
        found = str(getattr(element, "_id", ""))
        if _ID.fullmatch(found):
            order.setdefault(found, f"{len(order):032x}")
        pending.extend(element._children.values())
        pending.extend(value for value in vars(element).values() if isinstance(value, Element))
    return lambda text: _ID.sub(lambda found: order.get(found[0], found[0]), text)


def to_offline_html(map_: folium.Map, *, title: str = "", lang: str = "zh-CN") -> str:
    """Return a folium map as one page that asks the network for nothing.

    Parameters
    ----------
    map_
        The atlas of :func:`draw_zone`, or any map of folium or ``GeoDataFrame.explore``.
    title, lang
        Title and language of the page; the atlas brings its own.

    Raises
    ------
    OfflineAssetError
        If the map needs an asset or a tile server that the package does not hold: ``url`` names
        it, and the sentence says the way out.
    """
    own = getattr(map_, "to_offline_html", None)
    if own is not None:
        return str(own())
    parts = rendered(map_)
    scripts = "\n".join(parts.script)
    refuse_fetched(scripts)
    page = Page(title or "地图 Map", lang)
    for kind, url in parts.links:
        if _FONTAWESOME in url:
            if re.search(r"""["']prefix["']\s*:\s*["']fa[bsrl]?["']""", scripts):
                assets_of(url)
            continue
        for text in assets_of(url):
            if kind == "js":
                page.script(text, head=True)
            else:
                page.style(text)
    for text in parts.header:
        if 'name="viewport"' in text or "http-equiv" in text:
            text = re.sub(r"<meta\b[^>]*>", "", text)
        add_html(page, [text], page.head)
    add_html(page, parts.html)
    page.script(scripts)
    result = page.html()
    _refuse_remote([*parts.header, *parts.html])
    return result


def add_html(page: Page, texts: Iterable[str], place: list[str] | None = None) -> None:
    """Put rendered HTML in place, its scripts hashed one by one; data blocks stay data."""
    place = page.body if place is None else place
    for text in texts:
        position = 0
        for found in _SCRIPT.finditer(text):
            place.append(text[position : found.start()])
            position = found.end()
            kind = re.search(r"""type\s*=\s*["']?([\w/+.-]+)""", found[1])
            if kind and "javascript" not in kind[1] and kind[1] != "module":
                place.append(found[0])
            else:
                page.script(found[2], head=place is page.head)
        place.append(text[position:])


def fetched(scripts: str) -> list[str]:
    """Return the addresses that the layers of a map would ask: tiles, services, pictures, films."""
    return list(dict.fromkeys(_FETCHED.findall(scripts)))


def refuse_fetched(scripts: str) -> None:
    """Refuse a map of which a layer would ask the network, by the first address.

    Raises
    ------
    OfflineAssetError
        With that address.
    """
    for url in fetched(scripts):
        raise OfflineAssetError(
            url,
            f"这张地图要从 {url} 取底图、图片或影像，断网时是空白。"
            "请用 folium.Map(tiles=None)，把图片换成文件内的数据（data:），"
            "或用 save_map(…, offline=False) 保存为联网版本。",
            f"The map takes tiles, pictures or films from {url}, which is blank without a network. "
            "Use folium.Map(tiles=None), put a picture in as data:, or keep the map online with "
            "save_map(…, offline=False).",
        )
    for url in _BESIDE.findall(scripts):
        raise OfflineAssetError(
            url,
            f"这张地图要读旁边的 {url}，一个文件里读不到。瓦片文件夹请用 draw_zone(…, basemap=文件夹) 嵌入。",
            f"The map reads {url} beside it, which one file cannot. Embed a folder of tiles with "
            "draw_zone(…, basemap=FOLDER).",
        )


def _refuse_remote(texts: Iterable[str]) -> None:
    for text in texts:
        found = _REMOTE.search(text)
        if found:
            raise OfflineAssetError(
                found[1],
                f"这张地图引用了 {found[1]}，断网时无法显示。请换成文件内的数据（data:）或去掉它。",
                f"The map refers to {found[1]}, which is not there without a network. "
                "Put it in as data: or leave it out.",
            )

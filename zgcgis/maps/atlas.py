"""The atlas (地图集): a folium map with a panel, as one page that needs no network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import folium
import numpy as np
import shapely
from branca.element import MacroElement
from folium.template import Template
from geopandas import GeoDataFrame
from pandas import Series

from ..findings import describe
from ..io.writing import write_text_whole
from ..language.safe_text import Text, markup_text
from ..model import Zone
from .basemap import Basemap, read_basemap
from .content import page_content
from .offline import (
    Page,
    Rendered,
    add_html,
    asset,
    assets_of,
    fetched,
    refuse_fetched,
    rendered,
    to_offline_html,
)
from .packed.finding_list import Sentences
from .safe import told_in_page
from .steps import proposed_steps

__all__ = ["Atlas", "draw_zone", "save_map"]

_DATA_ID = "atlas-data"


class _Start(MacroElement):  # type: ignore[misc]
    """The one line of script that hands the folium map to the page's own code."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        'atlas({{ this._parent.get_name() }}, "atlas-data");'
        "{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()
        self._name = "Start"


class Atlas(folium.Map):  # type: ignore[misc]
    """A folium map with the atlas's data and panel; folium layers may be added to it.

    Attributes
    ----------
    content
        What the page is told, as plain data.
    blocks
        Land, firms and findings as the page unpacks them, by the id of their element.
    """

    def __init__(self, content: dict[str, Any], blocks: Mapping[str, str] | None = None) -> None:
        self._span = _span(content)
        south, west, north, east = self._span or (0.0, 0.0, 0.0, 0.0)
        super().__init__(
            location=[(south + north) / 2, (west + east) / 2],
            zoom_start=10 if self._span else 4,
            tiles=None,
            zoom_control=False,
            attribution_control=False,
        )
        self.content = content
        self.blocks = dict(blocks or {})
        self._tiles = ""
        self.options["max_zoom"] = 20
        self.options["zoom_snap"] = 0.25
        self.options["zoom_delta"] = 0.5
        self.options["wheel_px_per_zoom_level"] = 90
        self.add_child(_Start(), name="start")

    def get_bounds(self) -> list[list[float | None]]:
        """Return the south-west and north-east corners of the zone and of the layers added to it."""
        added = super().get_bounds()
        if self._span is None:
            return added  # type: ignore[no-any-return]
        south, west, north, east = self._span
        ends = [[south, west], [north, east]]
        for corner, other, pick in ((ends[0], added[0], min), (ends[1], added[1], max)):
            for axis in (0, 1):
                if other[axis] is not None:
                    corner[axis] = pick(corner[axis], other[axis])
        return ends  # type: ignore[return-value]

    def to_offline_html(self) -> str:
        """Return the atlas as one page that asks the network for nothing.

        Raises
        ------
        OfflineAssetError
            If a layer that was added asks for what the package does not hold; ``url`` names it.
        """
        parts = rendered(self)
        refuse_fetched("\n".join(parts.script))
        return self._page(parts, _hosts(self._own_urls()))

    def set_basemap(self, basemap: Basemap) -> None:
        """Put a base map beneath the land."""
        self.content["basemap"] = basemap.record
        self._tiles = basemap.tiles

    def _own_urls(self) -> list[str]:
        told = self.content.get("basemap")
        return list(told["urls"]) if told else []

    def to_online_html(self) -> str:
        """Return the atlas as one page that may ask for pictures: of its layers' hosts, and no other.

        Tiles and pictures by address work in it; its scripts are still its own.

        Raises
        ------
        OfflineAssetError
            If a plugin asks for a script that the package does not hold.
        """
        parts = rendered(self)
        return self._page(parts, _hosts([*self._own_urls(), *fetched("\n".join(parts.script))]))

    def _page(self, parts: Rendered, hosts: Sequence[str]) -> str:
        lang = self.content["lang"]
        title = Text(*self.content["name"]).say(lang)
        page = Page(title, Text("zh-CN", "en").say(lang), images=tuple(hosts))
        page.style(asset("leaflet.css"))
        page.style(_static("atlas.css"))
        page.script(asset("leaflet.js"), head=True)
        for kind, url in _needed(parts):
            for text in assets_of(url) if url != _MARKER else [asset(_MARKER)]:
                if kind == "js":
                    page.script(text, head=True)
                else:
                    page.style(text)
        page.script("L_NO_TOUCH=false;L_DISABLE_3D=false;", head=True)
        page.body.append(
            f'<main id="atlas"><div class="folium-map" id="{_name_in_page(parts)}"></div></main>'
        )
        add_html(page, (text for text in parts.html if "folium-map" not in text))
        for kind, text in told_in_page(self.content).items():
            (page.data if kind == "json" else page.packed)(_DATA_ID, text)
        for id, text in self.blocks.items():
            page.packed(id, text)
        if self._tiles:
            page.data("basemap-tiles", self._tiles)
        page.script(_static("atlas.js"))
        own = [text for text in parts.script if text.strip()]
        page.script("\n".join(own))
        return page.html()

    def get_name_in_page(self) -> str:
        """Return the id of the map's element after folium's random ids became numbers."""
        return _name_in_page(rendered(self))

    def save(self, outfile: str | Path, **kwargs: Any) -> None:  # noqa: ARG002
        """Write the atlas as one offline page; folium's own page would be blank without network."""
        save_map(self, Path(outfile))

    def _repr_html_(self, **kwargs: Any) -> str:  # noqa: ARG002
        page = markup_text(self.to_offline_html())
        title = markup_text(Text(*self.content["name"]).say(self.content["lang"]))
        return (
            f'<iframe srcdoc="{page}" title="{title}" '
            'style="width:100%;height:680px;border:1px solid #d8d4cb;border-radius:8px" '
            'sandbox="allow-scripts allow-downloads allow-modals allow-popups"></iframe>'
        )


def _name_in_page(parts: Rendered) -> str:
    found = next(text for text in parts.html if "folium-map" in text)
    start = found.index('id="') + 4
    return found[start : found.index('"', start)]


def _span(content: Mapping[str, Any]) -> tuple[float, float, float, float] | None:
    """South, west, north and east of the parks, else of the groups, the districts, or the land."""
    for key in ("units", "outlines", "districts"):
        shapes = [shapely.from_geojson(json.dumps(one["g"])) for one in content[key] if one["g"]]
        if shapes:
            west, south, east, north = (float(v) for v in shapely.total_bounds(shapes))
            return south, west, north, east
    told = content.get("span")
    return tuple(told) if told else None


def _ground(zone: Zone) -> list[float] | None:
    """South, west, north and east of firms and land where nothing else says where a zone lies.

    Of many features those far from nearly all others are left aside: one firm geocoded elsewhere
    would make the zone a dot.
    """
    boxes = [shapely.bounds(zone.layer(level).geometry.to_numpy()) for level in zone.layers]
    found = np.concatenate(boxes) if boxes else np.empty((0, 4))
    found = found[np.isfinite(found).all(axis=1)]
    if not len(found):
        return None
    middles = (found[:, :2] + found[:, 2:]) / 2
    if len(found) >= 20:
        low, high = np.percentile(middles, (5, 95), axis=0)
        far = 3 * np.maximum(high - low, 0.01)
        found = found[((middles >= low - far) & (middles <= high + far)).all(axis=1)]
    (west, south), (east, north) = found[:, :2].min(axis=0), found[:, 2:].max(axis=0)
    return [float(v) for v in (south, west, north, east)]


_MARKER = "leaflet-marker.js"
_USED_BY = {
    "jquery": re.compile(r"\$\("),
    "awesome-markers": re.compile(r"L\.AwesomeMarkers"),
    "glyphicons": re.compile(r"L\.AwesomeMarkers"),
    "fontawesome": re.compile(r"""["']prefix["']\s*:\s*["']fa[bsrl]?["']"""),
}
"""What shows that a map uses one of the libraries that folium links to in any case."""


def _needed(parts: Rendered) -> list[tuple[str, str]]:
    """Return the links that the layers of a map need beside the atlas's own.

    Of those that every folium map has, the ones that its scripts use: Bootstrap never is.
    """
    scripts = "\n".join(parts.script)
    common = {url for _, url in [*folium.Map.default_js, *folium.Map.default_css]}
    needed = [("js", _MARKER)] if "L.marker(" in scripts else []
    for kind, url in parts.links:
        used = (pattern for name, pattern in _USED_BY.items() if name in url)
        if url not in common or any(pattern.search(scripts) for pattern in used):
            needed.append((kind, url))
    return needed


def _hosts(urls: Sequence[str]) -> list[str]:
    """Return the origins of addresses, as a policy names them; ``{s}`` is any of its servers."""
    found = (urlsplit(url if "://" in url else f"https:{url}") for url in urls)
    origins = (
        f"{one.scheme}://{one.netloc.replace('t{s}', '*').replace('{s}', '*')}" for one in found
    )
    return list(dict.fromkeys(o for o in origins if _ORIGIN.fullmatch(o)))


_ORIGIN = re.compile(r"https?://(?:\*\.)?[\w.-]+(?::\d+)?")


def _static(name: str) -> str:
    return files(__package__).joinpath(f"static/{name}").read_text(encoding="utf-8")


class Scored(Protocol):
    """What has scores of units by year, such as an :class:`zgcgis.assessment.Assessment`."""

    @property
    def scores(self) -> Any: ...


def draw_zone(
    zone: Zone,
    *,
    color_by: str | Series | Scored | None = None,
    year: int | None = None,
    findings: GeoDataFrame | None = None,
    lang: Literal["zh", "en"] = "zh",
    review_no: str | None = None,
    layers: Sequence[str] | None = None,
    sentences: Sentences = describe,
    desk: Literal["parks", "land", "firms", "findings", "compare"] | None = None,
    compare: Zone | str | None = None,
    group: str | None = None,
    steps: Sequence[Mapping[str, Any]] | None = None,
    basemap: str | None = None,
) -> Atlas:
    """Draw the layers of a zone, coloured by a value, with findings on top.

    Parameters
    ----------
    zone
        Any zone; what it does not hold is left out of the page.
    color_by
        The quantity that colours the parks, by key or name (``"income_wan"``, ``"总收入"``), or
        values of your own: a named Series by unit, or by unit and year, or an
        :class:`zgcgis.assessment.Assessment` for its scores; :func:`zgcgis.draw_zone` computes them
        for ``"集约度"``. By default the first that most parks have values of.
    year
        Year the page opens on; by default the one ``zone.toml`` names, else the last.
    findings
        Rows of :func:`zgcgis.checks.check`, drawn on top and listed; by default the outlines of the
        zone that could not be used as they are.
    lang
        Language the page opens in; the reader can change it.
    review_no
        Map review number (审图号); by default the one of ``zone.toml``.
    layers
        Layers of land to put into the page, each with the style it opens with after a colon
        (``"parcel:land_use"``, ``"building"``, ``"firm"``); ``["none"]`` for the parks alone. By
        default all that fit into about 44 bytes a parcel, at least 5.3 MB.
    sentences
        Writes the findings as sentences in a language; by default :func:`zgcgis.findings.describe`,
        and with :func:`zgcgis.draw_zone` the same with names in place of ids.
    desk
        Which page of the panel is open at first; by default the comparison if there is one, else
        the parks.
    compare
        What the zone is compared with in the same page: another zone (a scenario, a later
        delivery), two years as ``"2019:2022"``, or ``"plan"`` for planned against actual use.
    group
        Id or name of a group of parks that the page opens on, the others put back.
    steps
        Views to present, in their order, as :func:`zgcgis.maps.read_steps` reads them; by default
        one for each desk.
    basemap
        Tiles beneath the land (``zgcgis.maps.basemap.read_basemap``): ``"tianditu:KEY"``, an
        address of tiles, both of which open the page's policy for that host alone; or a
        ``.pmtiles`` or ``.mbtiles`` file or a folder of tiles, which are embedded. By default none.

    Raises
    ------
    UnknownNameError
        If `color_by`, `year`, `group`, one of `layers` or what `compare` names is not there.
    PageTooLargeError
        If the parcels, or layers that are asked for, do not fit into 29 MB.
    ZgcgisError
        If `basemap` is no base map, or its tiles do not fit into 12 MB.

    Returns
    -------
    map
        A :class:`folium.Map` that shows itself in a notebook and that :func:`save_map` writes.
    """
    if not (color_by is None or isinstance(color_by, str | Series)):
        color_by = color_by.scores.total["score"].rename("集约度")
    content, blocks = page_content(
        zone,
        color_by=color_by,
        year=year,
        findings=findings,
        lang=lang,
        review_no=review_no,
        layers=layers,
        sentences=sentences,
        compare=compare,
        group=group,
    )
    if _span(content) is None:
        content["span"] = _ground(zone)
    content["desk"] = desk or ("parks" if compare is None else "compare")
    content["steps"] = proposed_steps(content) if steps is None else [dict(one) for one in steps]
    atlas = Atlas(content, blocks)
    if basemap is not None:
        atlas.set_basemap(read_basemap(basemap, atlas._span))
    return atlas


def save_map(map_: folium.Map, path: str | Path, *, offline: bool = True) -> Path:
    """Save a map so that the same input gives the same bytes.

    Parameters
    ----------
    map_
        The atlas, or any folium map.
    path
        The HTML file; it is written whole or not at all.
    offline
        Whether everything the map needs goes into the file. If not, the atlas may ask the hosts
        of its tiles and pictures, and of any other map folium's own page is written.

    Raises
    ------
    OfflineAssetError
        If the map needs what the package does not hold; ``url`` names it.
    """
    if offline:
        return write_text_whole(path, to_offline_html(map_))
    if isinstance(map_, Atlas):
        return write_text_whole(path, map_.to_online_html())
    return write_text_whole(path, map_.get_root().render())

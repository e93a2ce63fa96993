"""What people put on a folium map, put on the atlas: it works offline and is in the picture, or is refused by name."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import branca.colormap
import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from folium import plugins
from shapely.geometry import box

import zgcgis as zg
from zgcgis.maps import OfflineAssetError, draw_zone, save_map

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import browser_page

AT = (39.98, 116.31)
PLACES = [(39.98, 116.31), (40.03, 116.36), (39.93, 116.29)]
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
FRAME = gpd.GeoDataFrame(
    {"name": ["甲", "乙"], "value": [1.0, 2.0]},
    geometry=[box(116.2, 39.9, 116.3, 40.0), box(116.3, 39.9, 116.4, 40.0)],
    crs=4490,
)  # fmt: skip
DATED = FRAME.assign(id=["a", "b"], day=pd.to_datetime(["2020-01-01", "2021-05-01"]))
LINK = "https://example.org/picture.png"


NOT_IN_PICTURE = {"layer control", "latitude and longitude on click", "full screen"}
"""What is there to be used, not to be seen."""


def geojson(**options):
    return folium.GeoJson(FRAME.to_crs(4326), **options)


def with_popup():
    return folium.Marker(AT, popup=folium.Popup("<b>甲</b> & 乙", max_width=200), tooltip="提示")


def heat_in_time():
    return plugins.HeatMapWithTime([[list(AT)]] * 3)


def clustered():
    made = plugins.MarkerCluster()
    for place in (AT, AT):
        folium.Marker(place).add_to(made)
    return made


def grouped():
    made = folium.FeatureGroup(name="我的图层")
    folium.Circle(AT, radius=3000, fill=True).add_to(made)
    return made


WORKS = {
    "marker with popup and tooltip": (with_popup, ".leaflet-marker-icon"),
    "marker with an icon": (
        lambda: folium.Marker(AT, icon=folium.Icon(color="red", icon="info-sign")),
        ".awesome-marker",
    ),
    "marker with a number of one's own": (
        lambda: folium.Marker(AT, icon=folium.DivIcon(html="<b>7</b>")),
        ".leaflet-marker-icon b",
    ),
    "marker with a picture of one's own": (
        lambda: folium.Marker(AT, icon=folium.CustomIcon(PIXEL, icon_size=(20, 20))),
        "img.leaflet-marker-icon",
    ),
    "circle marker": (lambda: folium.CircleMarker(AT, radius=9, fill=True), "path"),
    "circle": (lambda: folium.Circle(AT, radius=4000, popup="圆"), "path"),
    "line": (lambda: folium.PolyLine(PLACES, tooltip="线"), "path"),
    "polygon": (lambda: folium.Polygon(PLACES, fill=True, popup="面"), "path"),
    "rectangle": (lambda: folium.Rectangle([PLACES[0], PLACES[1]]), "path"),
    "geojson with tooltip": (
        lambda: geojson(tooltip=folium.GeoJsonTooltip(["name", "value"])),
        "path",
    ),
    "geojson with popup": (lambda: geojson(popup=folium.GeoJsonPopup(["name"])), "path"),
    "geojson with a style and a highlight": (
        lambda: geojson(
            style_function=lambda _: {"color": "red"},
            highlight_function=lambda _: {"weight": 5},
        ),
        "path",
    ),
    "geojson of a frame with a date": (
        lambda: folium.GeoJson(
            DATED.to_crs(4326).to_json(default=str), tooltip=folium.GeoJsonTooltip(["day"])
        ),
        "path",
    ),
    "frame with a date": (lambda: zg.ParcelLayer(DATED, by="value"), ".leaflet-parcels-pane, canvas"),
    "choropleth": (
        lambda: folium.Choropleth(
            FRAME.to_crs(4326).to_json(),
            data=FRAME[["name", "value"]],
            columns=["name", "value"],
            key_on="feature.properties.name",
            legend_name="值",
        ),
        "path",
    ),
    "colour scale": (
        lambda: branca.colormap.LinearColormap(["white", "red"], vmin=0, vmax=9, caption="值"),
        ".legend",
    ),
    "feature group": (grouped, "path"),
    "picture over the map": (
        lambda: folium.raster_layers.ImageOverlay(PIXEL, [PLACES[0], PLACES[1]]),
        "img.leaflet-image-layer",
    ),
    "layer control": (folium.LayerControl, ".leaflet-control-layers"),
    "latitude and longitude on click": (folium.LatLngPopup, None),
    "cluster of markers": (clustered, ".marker-cluster"),
    "full screen": (plugins.Fullscreen, ".leaflet-control-zoom-fullscreen"),
    "text over the map": (
        lambda: folium.Element('<div class="mine" style="position:fixed;left:700px;top:300px">标题</div>'),
        ".mine",
    ),
}  # fmt: skip
REFUSED = {
    "tiles of a web map": (lambda: folium.TileLayer("OpenStreetMap"), "openstreetmap"),
    "tiles by address": (
        lambda: folium.TileLayer("https://t0.tianditu.gov.cn/vec_w/wmts?x={x}", attr="天地图"),
        "tianditu",
    ),
    "a map service": (
        lambda: folium.raster_layers.WmsTileLayer("https://maps.example.org/wms", layers="a"),
        "maps.example.org",
    ),
    "tiles in a folder beside it": (
        lambda: folium.TileLayer("tiles/{z}/{x}/{y}.png", attr="自有"),
        "tiles/{z}/{x}/{y}.png",
    ),
    "a film": (
        lambda: folium.raster_layers.VideoOverlay("https://example.org/a.webm", [PLACES[0], PLACES[1]]),
        "example.org",
    ),
    "a picture by address": (
        lambda: folium.raster_layers.ImageOverlay(LINK, [PLACES[0], PLACES[1]]),
        "example.org",
    ),
    "an icon by address": (
        lambda: folium.Marker(AT, icon=folium.CustomIcon(LINK, icon_size=(20, 20))),
        "example.org",
    ),
    "heat": (lambda: plugins.HeatMap(PLACES), "leaflet_heat"),
    "heat in time": (heat_in_time, "iso8601"),
    "drawing": (plugins.Draw, "leaflet.draw"),
    "measuring": (plugins.MeasureControl, "measure"),
    "place of the mouse": (plugins.MousePosition, "MousePosition"),
    "ants on a path": (lambda: plugins.AntPath(PLACES), "ant-path"),
    "a chart in a popup": (
        lambda: folium.Marker(AT, popup=folium.Popup().add_child(folium.VegaLite("{}"))),
        "vega",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def zone():
    return zg.open_zone("zgc")


@pytest.fixture(scope="module")
def desk():
    with browser_page() as page:
        yield page


def on_atlas(zone, thing):
    atlas = draw_zone(zone, layers=["none"])
    made = thing()
    if type(made) is folium.Element:
        atlas.get_root().html.add_child(made)
    else:
        atlas.add_child(made)
    return atlas


PICTURE = """() => atlasPage.draw().then((c) => {
  const small = document.createElement("canvas"), x = small.getContext("2d");
  small.width = c.width / 4; small.height = c.height / 4; x.drawImage(c, 0, 0, small.width, small.height);
  const d = x.getImageData(0, 37, small.width - 134, small.height - 70).data;
  let out = "";
  for (let i = 0; i < d.length; i += 4) out += String.fromCharCode((d[i] + d[i + 1] + d[i + 2]) / 3);
  return btoa(out);
})"""


def pictured(desk):
    return np.frombuffer(base64.b64decode(desk.evaluate(PICTURE)), np.uint8)


@pytest.fixture(scope="module")
def bare(zone, desk, tmp_path_factory):
    """The picture of the atlas with nothing put on it."""
    file = save_map(draw_zone(zone, layers=["none"]), tmp_path_factory.mktemp("bare") / "a.html")
    desk.goto(file.as_uri())
    desk.wait_for_timeout(300)
    return pictured(desk)


def test_there_are_enough_of_them():
    """At least eighteen of the usual idioms and plugins work and are seen; the others have a name."""
    assert len(set(WORKS) - NOT_IN_PICTURE) >= 18
    assert len(REFUSED) >= 10


@pytest.mark.browser
@pytest.mark.parametrize("idiom", WORKS)
def test_it_works_on_the_atlas_without_a_network(zone, desk, bare, idiom, tmp_path):
    thing, shows = WORKS[idiom]
    file = save_map(on_atlas(zone, thing), tmp_path / "atlas.html")
    desk.requests.clear()
    desk.complaints.clear()
    desk.goto(file.as_uri())
    desk.wait_for_timeout(150)
    assert desk.complaints == []
    assert [u for u in desk.requests if u.startswith("http")] == []
    if shows == "path":
        assert desk.locator(".leaflet-overlay-pane path").count() > 0
    elif shows:
        assert desk.locator(shows).count() > 0
    if idiom not in NOT_IN_PICTURE:
        changed = int((pictured(desk) != bare).sum())
        assert changed > 4, "not in the picture"


@pytest.mark.parametrize("idiom", REFUSED)
def test_what_would_ask_the_network_is_refused_by_name(zone, idiom):
    thing, name = REFUSED[idiom]
    with pytest.raises(OfflineAssetError) as refused:
        on_atlas(zone, thing).to_offline_html()
    assert name.lower() in refused.value.url.lower()
    assert refused.value.url in str(refused.value)

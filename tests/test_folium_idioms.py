"""What people put on a folium map, put on the atlas: it works offline and is in the picture, or is refused by name."""

from __future__ import annotations

import sys
from pathlib import Path

import branca.colormap
import folium
import geopandas as gpd
import pandas as pd
import pytest
from folium import plugins
from shapely.geometry import box

import zgcgis as zg
from zgcgis.maps import OfflineAssetError, draw_zone, save_map

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import browser_page

AT = (39.98, 116.31)
PLACES = [(39.98, 116.31), (39.981, 116.311), (39.979, 116.309)]
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
FRAME = gpd.GeoDataFrame(
    {"name": ["甲", "乙"], "value": [1.0, 2.0]},
    geometry=[box(116.2, 39.9, 116.3, 40.0), box(116.3, 39.9, 116.4, 40.0)],
    crs=4490,
)  # fmt: skip
DATED = FRAME.assign(id=["a", "b"], day=pd.to_datetime(["2020-01-01", "2021-05-01"]))
LINK = "https://example.org/picture.png"


def geojson(**options):
    return folium.GeoJson(FRAME.to_crs(4326), **options)


def with_popup():
    return folium.Marker(AT, popup=folium.Popup("<b>甲</b> & 乙", max_width=200), tooltip="提示")


def heat_in_time():
    return plugins.HeatMapWithTime([[list(AT)]] * 3)


def clustered():
    made = plugins.MarkerCluster()
    for place in PLACES:
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
        ".leaflet-div-icon, .empty",
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
        lambda: folium.Element('<div class="mine">标题</div>'),
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


@pytest.mark.browser
@pytest.mark.parametrize("idiom", WORKS)
def test_it_works_on_the_atlas_without_a_network(zone, desk, idiom, tmp_path):
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


@pytest.mark.parametrize("idiom", REFUSED)
def test_what_would_ask_the_network_is_refused_by_name(zone, idiom):
    thing, name = REFUSED[idiom]
    with pytest.raises(OfflineAssetError) as refused:
        on_atlas(zone, thing).to_offline_html()
    assert name.lower() in refused.value.url.lower()
    assert refused.value.url in str(refused.value)

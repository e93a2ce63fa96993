/* 底图: tiles beneath the land: from one host that the policy names, or embedded; those of GCJ-02 are moved. */
import { el } from "./dom.js";

const A = 6378245, EE = 0.00669342162296594323, PI = Math.PI;

/** Where a map in GCJ-02 has a place: longitude and latitude, as zgcgis.geo.wgs84_to_gcj02 has them.
 * @param {number} lng @param {number} lat @returns {[number, number]} */
export function toGcj(lng, lat) {
  if (!(lng >= 72.004 && lng <= 137.8347 && lat >= 0.8293 && lat <= 55.8271)) return [lng, lat];
  const x = lng - 105, y = lat - 35, sin = Math.sin, root = Math.sqrt(Math.abs(x)), waves = (20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2 / 3;
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves, east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves;
  north += (20 * sin(y * PI) + 40 * sin(y / 3 * PI)) * 2 / 3 + (160 * sin(y / 12 * PI) + 320 * sin(y * PI / 30)) * 2 / 3;
  east += (20 * sin(x * PI) + 40 * sin(x / 3 * PI)) * 2 / 3 + (150 * sin(x / 12 * PI) + 300 * sin(x / 30 * PI)) * 2 / 3;
  const phi = lat * PI / 180, magic = 1 - EE * sin(phi) ** 2, side = Math.sqrt(magic);
  return [lng + east * 180 / (A / side * Math.cos(phi) * PI), lat + north * 180 / (A * (1 - EE) / (magic * side) * PI)];
}

/* Tiles of a layer: by address or by name in the page, each where it belongs on the ground. */
function tileLayer(told, url, data) {
  const Tiles = L.TileLayer.extend({
    getTileUrl(at) { return data ? data[at.z + "/" + at.x + "/" + at.y] || L.Util.emptyImageUrl : L.TileLayer.prototype.getTileUrl.call(this, at); },
    shift(point, zoom) { /* pixels from the ground to the map in GCJ-02 */
      if (!told.gcj) return L.point(0, 0);
      const here = this._map.unproject(point, zoom), [lng, lat] = toGcj(here.lng, here.lat);
      return this._map.project(L.latLng(lat, lng), zoom).subtract(point);
    },
    _getTiledPixelBounds(center) {
      const b = L.TileLayer.prototype._getTiledPixelBounds.call(this, center), by = this.shift(b.getCenter(), this._tileZoom);
      return L.bounds(b.min.add(by), b.max.add(by));
    },
    _getTilePos(at) {
      const size = this.getTileSize(), middle = at.scaleBy(size).add(size.divideBy(2)), by = this.shift(middle, at.z);
      return L.TileLayer.prototype._getTilePos.call(this, at).subtract(this.shift(middle.subtract(by), at.z));
    },
  });
  return new Tiles(url, { pane: "basemap", subdomains: told.subdomains || "", minZoom: 0, minNativeZoom: told.from, maxNativeZoom: told.to, maxZoom: 22, crossOrigin: false });
}

export function basemap(P) {
  const { D, S, map, say } = P, told = D.basemap;
  S.basemap = !!told;
  if (!told) return { update() { /* none */ }, row: () => null, credit: () => "", there: false };
  const pane = map.createPane("basemap"), block = document.getElementById("basemap-tiles");
  pane.style.zIndex = 220; pane.style.pointerEvents = "none";
  const data = block ? JSON.parse(block.textContent) : null, layers = (told.urls.length ? told.urls : [""]).map((url) => tileLayer(told, url, data));
  return {
    there: true,
    update() { for (const layer of layers) if (S.basemap !== map.hasLayer(layer)) { if (S.basemap) layer.addTo(map); else map.removeLayer(layer); } },
    row: () => el("div", { class: "lay" }, el("label", { for: "basemap-on" }, el("input", { type: "checkbox", id: "basemap-on", checked: S.basemap, onchange() { S.basemap = this.checked; P.contextChanged(); } }), " ", say("底图", "Base map"), told.urls.length ? el("span", { class: "hint" }, say("需联网", "needs the network")) : null)),
    credit: () => (S.basemap ? P.T(told.credit) : ""),
  };
}

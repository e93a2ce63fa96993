/* L.PointLayer: many points on canvas tiles, each a dot in the colour of its class. */
import { settleTiles, soon } from "./parcels.js";

export const PointLayer = L.GridLayer.extend({
  options: { tileSize: 512, updateWhenZooming: false, keepBuffer: 1, radius: 3.5, edge: "#fffefb" },

  /* d: X, Y in world units of 2^bits; classes: colour of each point; shown: which of them, or null */
  initialize(d, options) { L.setOptions(this, options); this.d = d; this.classes = null; this.fill = ["#2c7fb8"]; this.shown = null; },
  setClasses(classes, fill) { this.classes = classes; this.fill = fill; return this._map ? this.redraw() : this; },
  setShown(shown) { this.shown = shown; return this._map ? this.redraw() : this; },
  size(z) { return this.options.radius * (z >= 15 ? 1.5 : z >= 12 ? 1.15 : 0.8); },

  createTile(at, done) {
    const canvas = document.createElement("canvas"), ratio = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = canvas.height = this.options.tileSize * ratio; canvas.setAttribute("aria-hidden", "true");
    soon(() => { if (this._map) this.paint(canvas, at, ratio); done(null, canvas); });
    return canvas;
  },
  settle() { settleTiles(this, (canvas, at, ratio) => this.paint(canvas, at, ratio)); },
  paint(canvas, at, ratio) {
    const { X, Y, n, bits } = this.d, S = canvas.width, k = Math.pow(2, at.z + 8 - bits) * ratio, ox = at.x * S, oy = at.y * S, r = this.size(at.z) * ratio, x = canvas.getContext("2d");
    const x0 = (ox - 2 * r) / k, x1 = (ox + S + 2 * r) / k, y0 = (oy - 2 * r) / k, y1 = (oy + S + 2 * r) / k;
    x.strokeStyle = this.options.edge; x.lineWidth = 1.2 * ratio;
    for (let i = n - 1; i >= 0; i--) { /* the first is the most important and drawn last */
      if (X[i] < x0 || X[i] > x1 || Y[i] < y0 || Y[i] > y1 || (this.shown && !this.shown[i])) continue;
      const colour = this.fill[this.classes ? this.classes[i] : 0];
      if (!colour) continue;
      x.beginPath(); x.arc(X[i] * k - ox, Y[i] * k - oy, r, 0, 7); x.fillStyle = colour; x.fill(); if (r > 2.5 * ratio) x.stroke();
    }
  },
  /* The nearest point within `reach` pixels of a place, -1 where there is none. */
  pick(map, latlng, reach) {
    const { X, Y, n, bits } = this.d, p = L.CRS.EPSG3857.latLngToPoint(latlng, bits - 8), far = reach * Math.pow(2, bits - 8 - map.getZoom());
    let best = -1, least = far * far;
    for (let i = 0; i < n; i++) {
      if (this.shown && !this.shown[i]) continue;
      const dx = X[i] - p.x, dy = Y[i] - p.y, d = dx * dx + dy * dy;
      if (d < least) { least = d; best = i; }
    }
    return best;
  },
});

/** World units of places given as [lat, lng] or null. */
export function pointsOf(places, bits) {
  const n = places.length, X = new Int32Array(n), Y = new Int32Array(n);
  places.forEach((at, i) => {
    if (!at) { X[i] = Y[i] = -1; return; }
    const p = L.CRS.EPSG3857.latLngToPoint(L.latLng(at), bits - 8);
    X[i] = Math.round(p.x); Y[i] = Math.round(p.y);
  });
  return { X, Y, n, bits };
}

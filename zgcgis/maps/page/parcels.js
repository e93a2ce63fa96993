/* L.ParcelLayer: many polygons on canvas tiles, with nothing but Leaflet beneath. */
import { contains, decode, inflate, within } from "./codec.js";

/* "#rrggbb" as the whole number a canvas keeps */
function packed(colour) {
  const v = parseInt(colour.slice(1), 16);
  return (255 << 24 | (v & 255) << 16 | (v >> 8 & 255) << 8 | v >> 16) >>> 0;
}

/* What one tile shows: the small as pixels, the others sorted by class. */
function sorted(layer, tile) {
  const { d, shown, classes } = layer, { k, ox, oy, S } = tile, box = d.box, tiny = 3.2 / k, big = [];
  let pixels = null, image = null;
  within(d, ox / k, oy / k, (ox + S) / k, (oy + S) / k, (i) => {
    if (shown && !shown[i]) return;
    const q = i * 4, w = box[q + 2] - box[q], h = box[q + 3] - box[q + 1], c = classes ? classes[i] : 0;
    if (!layer.options.fill[c]) return;
    if (w >= tiny || h >= tiny) { (big[c] || (big[c] = [])).push(i); return; }
    if (!pixels) { image = tile.context.createImageData(S, S); pixels = new Uint32Array(image.data.buffer); }
    const x0 = Math.round(box[q] * k - ox), y0 = Math.round(box[q + 1] * k - oy), x1 = Math.min(S, x0 + Math.max(1, Math.round(w * k))), y1 = Math.min(S, y0 + Math.max(1, Math.round(h * k)));
    const colour = layer.pixels[c];
    for (let y = Math.max(0, y0); y < y1; y++) for (let x = Math.max(0, x0); x < x1; x++) pixels[y * S + x] = colour;
  });
  return { big, image };
}

function trace(d, i, { k, ox, oy, context }) {
  const { X, Y, rings, shapes } = d;
  for (let g = shapes[i]; g < shapes[i + 1]; g++) {
    const end = rings[g + 1];
    let v = rings[g];
    if (v >= end) continue;
    context.moveTo(X[v] * k - ox, Y[v] * k - oy);
    while (++v < end) context.lineTo(X[v] * k - ox, Y[v] * k - oy);
    context.closePath();
  }
}

function paint(layer, canvas, at, ratio) {
  const S = canvas.width;
  paintPart(layer, canvas, { k: Math.pow(2, at.z + 8 - layer.d.bits) * ratio, ox: at.x * S, oy: at.y * S, ratio });
}

/* A square part of the world, `k` pixels to a unit, from `ox`, `oy` in pixels. */
export function paintPart(layer, canvas, { k, ox, oy, ratio }) {
  const S = canvas.width, tile = { k, ox, oy, S, context: canvas.getContext("2d") }, { context } = tile, { d } = layer;
  const { big, image } = sorted(layer, tile);
  if (image) context.putImageData(image, 0, 0);
  const { hollow } = layer.options;
  context.lineWidth = layer.options.weight * ratio; context.strokeStyle = layer.options.stroke; context.lineJoin = "round";
  big.forEach((rows, c) => {
    context.fillStyle = layer.options.fill[c];
    for (let s = 0; s < rows.length; s += 200) {
      let widest = 0;
      context.beginPath();
      for (const i of rows.slice(s, s + 200)) { widest = Math.max(widest, (d.box[i * 4 + 2] - d.box[i * 4]) * k); trace(d, i, tile); }
      if (!hollow) context.fill("evenodd");
      if (hollow || (widest > 6 * ratio && layer.options.weight)) context.stroke();
    }
  });
}

/* Tiles are painted one after the other with room for a frame between: the map answers while they come. */
const waiting = [];
function next() {
  const until = performance.now() + 8;
  try { do waiting.shift()(); while (waiting.length && performance.now() < until); } finally { if (waiting.length) setTimeout(next, 8); }
}
export function soon(work) { if (waiting.push(work) === 1) setTimeout(next, 0); }

/* Paper waits for nothing: what a tile will show is painted at once. */
export function settleTiles(layer, paintTile) {
  for (const tile of Object.values(layer._tiles || {})) {
    if (!tile.current || tile.loaded) continue;
    paintTile(tile.el, tile.coords, Math.min(2, window.devicePixelRatio || 1));
    tile.loaded = +new Date(); tile.active = true; L.DomUtil.addClass(tile.el, "leaflet-tile-loaded"); L.DomUtil.setOpacity(tile.el, 1);
  }
}

export const ParcelLayer = L.GridLayer.extend({
  options: { tileSize: 512, updateWhenZooming: false, keepBuffer: 1, fill: ["#2c7fb8"], stroke: "rgba(255,255,255,.75)", weight: 0.7, opacity: 0.92, maxNativeZoom: undefined },

  /* source: the packed text, or a layer that has read the same shapes; hollow: outlines alone */
  initialize(meta, source, options) {
    L.setOptions(this, options);
    this.meta = meta; this.classes = null; this.shown = null; this.pixels = this.options.fill.map((c) => c ? packed(c) : 0);
    this.ready = (source.ready ? source.ready.then((other) => other.d) : inflate(source).then((bytes) => decode(meta, bytes))).then((d) => { this.d = d; this.fire("decoded"); if (this._map) this.redraw(); return this; });
  },

  /* Classes of the features as places in `fill`; a class without a colour is not drawn. */
  setClasses(classes, fill) {
    this.classes = classes;
    if (fill) { this.options.fill = fill; this.pixels = fill.map((c) => c ? packed(c) : 0); }
    return this._map ? this.redraw() : this;
  },

  /* Which features are drawn and can be picked: one byte each, or null for all. */
  setShown(shown) { this.shown = shown; return this._map ? this.redraw() : this; },

  createTile(at, done) {
    const canvas = document.createElement("canvas"), ratio = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = canvas.height = this.options.tileSize * ratio;
    canvas.setAttribute("aria-hidden", "true");
    soon(() => { if (this.d && this._map) paint(this, canvas, at, ratio); done(null, canvas); });
    return canvas;
  },

  settle() { settleTiles(this, (canvas, at, ratio) => { if (this.d) paint(this, canvas, at, ratio); }); },

  project(latlng) { return L.CRS.EPSG3857.latLngToPoint(L.latLng(latlng), this.d.bits - 8); },

  /* The feature under a place, the smallest where several lie; -1 where there is none. */
  pick(latlng) {
    if (!this.d) return -1;
    const { x, y } = this.project(latlng);
    return this.pickAt(x, y);
  },
  pickAt(x, y) {
    const d = this.d;
    let best = -1, least = Infinity;
    within(d, x, y, x, y, (i) => {
      if ((this.shown && !this.shown[i]) || !contains(d, i, x, y)) return;
      const q = i * 4, size = (d.box[q + 2] - d.box[q]) * (d.box[q + 3] - d.box[q + 1]);
      if (size < least) { least = size; best = i; }
    });
    return best;
  },

  /* What else the place may lie in, for corners are rounded to whole units: features, and -1 for none of them. */
  besides(latlng, i) {
    const { x, y } = this.project(latlng), found = new Set();
    for (let turn = 0; turn < 8; turn++) found.add(this.pickAt(x + 0.8 * Math.cos(turn * Math.PI / 4), y + 0.8 * Math.sin(turn * Math.PI / 4)));
    found.delete(i);
    return [...found];
  },
  unit(latlng) { return 2 * Math.PI * 6378137 / Math.pow(2, this.d.bits) * Math.cos(latlng.lat * Math.PI / 180); },

  latLngsOf(i) {
    const { X, Y, rings, shapes, bits } = this.d, out = [];
    for (let g = shapes[i]; g < shapes[i + 1]; g++) {
      const ring = [];
      for (let v = rings[g]; v < rings[g + 1]; v++) ring.push(L.CRS.EPSG3857.pointToLatLng(L.point(X[v], Y[v]), bits - 8));
      out.push(ring);
    }
    return out;
  },

  boundsOf(i) {
    const { box, bits } = this.d, q = i * 4;
    return L.latLngBounds(L.CRS.EPSG3857.pointToLatLng(L.point(box[q], box[q + 3]), bits - 8), L.CRS.EPSG3857.pointToLatLng(L.point(box[q + 2], box[q + 1]), bits - 8));
  },
});

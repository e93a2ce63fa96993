/* 看地: the layers of land, how they are coloured, what lies under the pointer. */
import { decodeColumn, inflate } from "./codec.js";
import { svg } from "./dom.js";
import { ParcelLayer } from "./parcels.js";

const FROM = 13.5, NEARER = 0.75; /* from here the land shows in every desk; among the parks, nearer than all of them are seen */

/* A layer of land in the page: its record, its bytes, its columns once they were read. */
export class LandLayer {
  constructor(record, ramp) {
    this.record = record; this.ramp = ramp; this.columns = new Map(); this.layer = null; this.style = record.styles.find((s) => s.key === record.style) || record.styles[0] || null;
    this.only = new Set(); this.year = null; this.classes = null; this.sums = null;
  }

  get key() { return this.record.key; }

  block(name) { const node = document.getElementById("land-" + name); return node ? node.textContent : null; }

  /* The Leaflet layer, made when it is first wanted. */
  open(pane) {
    if (this.layer) return this.layer;
    const thin = this.record.styles.every((s) => s.key === "outline" || s.key === "grade");
    this.layer = new ParcelLayer(this.record.meta, this.block(this.key), { pane, fill: [null, "#d8d2c4"], weight: thin ? 1.6 : 0.7, stroke: thin ? "rgba(60,50,40,.75)" : "rgba(255,255,255,.75)", opacity: thin ? 0.55 : 0.85, minZoom: this.record.from, maxZoom: 22 });
    this.ready = Promise.all([this.layer.ready, this.column("since"), this.column("until")]).then(() => this.restyle());
    return this.layer;
  }

  /* A column of the layer, or null where the page does not hold it. */
  column(key) {
    const told = this.record.columns[key], there = this.columns.get(key);
    if (!told) return Promise.resolve(null);
    if (there) return there;
    const read = inflate(this.block(this.key + "." + key)).then((bytes) => decodeColumn(told, bytes, this.record.meta.n));
    this.columns.set(key, read);
    read.then((column) => { this.columns.get(key).now = column; });
    return read;
  }
  now(key) { const there = this.columns.get(key); return there ? there.now : null; }

  /* Names and colours of the classes of the style; the first is "not known" and has no colour. */
  legend() {
    const s = this.style;
    if (!s) return [];
    if (s.kind === "class") return s.classes;
    const n = s.breaks.length + 1, colours = this.ramp(n);
    return [{ name: ["没有数据", "No data"], colour: null }].concat(colours.map((colour, i) => ({ colour, from: i ? s.breaks[i - 1] : null, to: i < n - 1 ? s.breaks[i] : null })));
  }

  async restyle() {
    if (!this.layer) return;
    await this.layer.ready;
    const s = this.style, column = s ? await this.column("by." + s.key) : null, area = await this.column("area_m2");
    if (s !== this.style) return;
    this.classes = s ? (s.kind === "class" ? column.values : placed(column.values, s.breaks)) : new Uint8Array(this.record.meta.n).fill(1);
    this.layer.setClasses(this.classes, s ? this.legend().map((c) => c.colour) : [null, "#d8d2c4"]);
    this.mask();
    this.area = area.values;
  }

  there(i) {
    const since = this.now("since"), until = this.now("until"), y = this.year;
    return y === null || ((!since || since.values[i] <= y) && (!until || !until.values[i] || y < until.values[i]));
  }

  /* Which features show: those of the year, and of the classes picked. */
  mask() {
    const n = this.record.meta.n, timed = this.year !== null && (this.now("since") || this.now("until"));
    this.sums = null;
    if (!this.layer) return;
    if (!timed && !this.only.size) { this.layer.setShown(null); return; }
    const shown = new Uint8Array(n);
    for (let i = 0; i < n; i++) shown[i] = (!timed || this.there(i)) && (!this.only.size || this.only.has(this.classes[i])) ? 1 : 0;
    this.layer.setShown(shown);
  }

  /* Area and number of each class in the year. */
  totals() {
    if (this.sums || !this.classes || !this.area) return this.sums;
    const rows = this.legend().map((c, i) => ({ ...c, place: i, area: 0, count: 0 }));
    for (let i = 0; i < this.classes.length; i++) if (this.there(i)) { const row = rows[this.classes[i]]; row.area += this.area[i]; row.count++; }
    this.sums = rows.filter((r) => r.count);
    return this.sums;
  }
}

/* Places of values in the classes between limits; 0 for what is not known. */
function placed(values, limits) {
  const out = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    let k = 0;
    if (v !== v) continue;
    while (k < limits.length && v >= limits[k]) k++;
    out[i] = k + 1;
  }
  return out;
}

export function landDesk(P) {
  const { D, S, map } = P, data = D.land || { layers: [], said: [] };
  const layers = data.layers.map((record) => new LandLayer(record, P.ramp)), byKey = Object.create(null);
  const pane = map.createPane("parcels"); pane.style.zIndex = 320; pane.style.pointerEvents = "none";
  for (const layer of layers) byKey[layer.key] = layer;
  S.land = { on: layers.filter((l) => l.key === "parcel" || l.key === "building").map((l) => l.key), opacity: 0.85, level: byKey.parcel ? "parcel" : layers.length ? layers[0].key : null, find: "" };
  if (!S.land.on.length && layers.length) S.land.on = [layers[layers.length - 1].key];

  const on = (layer) => S.land.on.indexOf(layer.key) >= 0;
  let sized = "", from = FROM;
  function near() { /* a small zone is seen as a whole from close by, and its parks are then what is shown */
    const s = map.getSize(), now = s.x + "," + s.y + "," + P.onPaper;
    if (now === sized || !P.core || !P.panel) return from;
    const f = P.frame(), whole = map.getBoundsZoom(P.core, false, L.point(s.x - f.right + f.left, s.y - f.bottom + f.top));
    sized = now; from = Number.isFinite(whole) ? Math.min(18, Math.max(FROM, whole + NEARER)) : FROM;
    return from;
  }
  const shows = () => layers.length > 0 && S.tab !== "firms" && S.tab !== "compare" && (S.tab === "land" || map.getZoom() >= (S.tab === "parks" ? near() : FROM));
  const drawn = (layer) => shows() && on(layer) && map.getZoom() >= layer.record.from;
  const active = () => byKey[S.land.level];

  function update() {
    for (const layer of layers) {
      if (drawn(layer)) {
        const sheet = layer.open("parcels");
        if (layer.year !== S.year) { layer.year = S.year; layer.mask(); }
        if (!map.hasLayer(sheet)) { sheet.addTo(map); sheet.setZIndex(layers.indexOf(layer) + 1); layer.ready.then(P.landChanged); }
        sheet.setOpacity(layer.layer.options.weight > 1 ? Math.min(0.6, S.land.opacity) : S.land.opacity);
      } else if (layer.layer && map.hasLayer(layer.layer)) map.removeLayer(layer.layer);
    }
  }

  /* The uppermost feature at a place: layer and row, or null. */
  function at(latlng) {
    for (let k = layers.length - 1; k >= 0; k--) {
      const layer = layers[k];
      if (!drawn(layer) || !layer.layer || !layer.layer.d) continue;
      const i = layer.layer.pick(latlng);
      if (i >= 0) return { layer, i };
    }
    return null;
  }

  function setStyle(layer, key) {
    layer.style = layer.record.styles.find((s) => s.key === key) || layer.style; layer.only.clear();
    return layer.restyle();
  }

  /* Features whose id, name or owner holds the words; at most `most`. */
  async function search(words, most) {
    const layer = active(), out = [], q = words.trim().toLowerCase();
    if (!layer || !q) return out;
    layer.open("parcels"); await layer.ready;
    const columns = (await Promise.all(["id", "name", "zh", "owner"].map((key) => layer.column(key)))).filter(Boolean);
    for (let i = 0; i < layer.record.meta.n && out.length < most; i++) if (columns.some((c) => String(c.text(i) || "").toLowerCase().indexOf(q) >= 0)) out.push({ layer, i, text: columns.map((c) => c.text(i)).filter(Boolean).join(" · ") });
    return out;
  }

  async function rowOf(key, id) {
    const layer = byKey[key];
    if (!layer) return null;
    layer.open("parcels"); await layer.ready;
    const ids = await layer.column("id");
    if (!layer.rows) { layer.rows = new Map(); for (let i = 0; i < layer.record.meta.n; i++) layer.rows.set(ids.text(i), i); }
    return layer.rows.has(id) ? { layer, i: layer.rows.get(id) } : null;
  }
  return { layers, byKey, data, shows, drawn, on, active, update, at, setStyle, search, rowOf, swatch };
}

/* A small field of colour, hatched where nothing is known. */
export function swatch(colour) {
  return svg("svg", { width: 18, height: 13, viewBox: "0 0 18 13", "aria-hidden": "true" }, svg("rect", { x: 0.5, y: 0.5, width: 17, height: 12, rx: 2, fill: colour || "#fffefb", stroke: "#8c8371", "stroke-width": 0.8, "stroke-dasharray": colour ? "none" : "2 2" }), colour ? null : svg("path", { d: "M3 12L15 1", stroke: "#b9b09c", "stroke-width": 1 }));
}

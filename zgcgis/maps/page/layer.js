/* L.parcelLayer(id): a packed layer on any Leaflet map, with legend, hover and click. */
import { el } from "./dom.js";
import { LandLayer, swatch } from "./land.js";

const HUES = ["#e4efe9", "#b3d7cd", "#77b8b2", "#3a8f95", "#155f6e"];
function ramp(n) { return Array.from({ length: n }, (_, i) => HUES[n === 1 ? 2 : Math.round(i * 4 / (n - 1))]); }
function plain(v) { return typeof v === "number" ? String(Math.round(v * 1e4) / 1e4) : String(v); }
function said(c) { return c.name ? c.name[0] : c.from === null && c.to === null ? "有数值" : c.from === null ? "< " + c.to : c.to === null ? "≥ " + c.from : c.from + " – " + c.to; }

/* Below: everything that came with the data becomes a text node. */
function cardOf(land, i) {
  return el("dl", { style: "margin:0;display:grid;grid-template-columns:auto 1fr;gap:2px 10px" }, land.record.fields.map(([key, zh]) => {
    const column = land.now(key), value = column ? column.text(i) : null;
    return value === null || value === "" ? null : [el("dt", { style: "color:#5f6b76" }, zh), el("dd", { style: "margin:0" }, plain(value))];
  }));
}
function legendOf(land) {
  const control = L.control({ position: "bottomright" });
  control.onAdd = () => el("div", { style: "background:#fffefb;padding:8px 12px;border-radius:8px;box-shadow:0 1px 6px rgba(0,0,0,.25);font:12px/1.5 sans-serif;max-height:50vh;overflow:auto" },
    el("strong", {}, land.style ? land.style.name[0] : land.record.name[0]), land.legend().filter((c) => c.colour).map((c) => el("div", {}, swatch(c.colour), " ", said(c))));
  return control;
}

L.parcelLayer = function (id) {
  const told = JSON.parse(document.getElementById(id + "-told").textContent), land = new LandLayer(told, ramp);
  land.block = (name) => document.getElementById(id + "-" + name).textContent;
  const layer = land.open("parcel-layers");
  layer.beforeAdd = (map) => { /* above what an atlas paints, below its names */
    if (!map.getPane("parcel-layers")) { const pane = map.createPane("parcel-layers"); pane.style.zIndex = "405"; pane.style.pointerEvents = "none"; }
    return L.GridLayer.prototype.beforeAdd.call(layer, map);
  };
  if (told.opacity) layer.setOpacity(told.opacity);
  layer.on("add", () => {
    const map = layer._map, tip = L.tooltip({ sticky: true }), legend = legendOf(land).addTo(map);
    const at = (e) => layer.pick(e.latlng), columns = Promise.all(Object.keys(told.columns).map((key) => land.column(key)));
    const move = (e) => { const i = at(e); if (i < 0 || !land.classes) { map.closeTooltip(tip); return; } const c = land.legend()[land.classes[i]]; tip.setLatLng(e.latlng).setContent(el("span", {}, c ? said(c) : "")); map.openTooltip(tip); };
    const click = (e) => { const i = at(e); if (i >= 0) columns.then(() => L.popup({ maxWidth: 360 }).setLatLng(e.latlng).setContent(cardOf(land, i)).openOn(map)); };
    map.on("mousemove", move); map.on("click", click);
    layer.once("remove", () => { map.off("mousemove", move); map.off("click", click); map.closeTooltip(tip); legend.remove(); });
  });
  return layer;
};

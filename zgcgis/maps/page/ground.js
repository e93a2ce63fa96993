/* The ground of a map: panes in their order, districts, groups, lines and links. */
import { each } from "./dom.js";

/* A pane of its own for drawings, deaf to the pointer. */
function drawing(map, name, z) { const p = map.createPane(name); p.style.zIndex = z; p.style.pointerEvents = "none"; return L.svg({ pane: name, padding: 0.5 }); }

export function panes(map) {
  const R = {};
  for (const [name, z] of [["land", 210], ["link", 230], ["group", 300], ["line", 330], ["glow", 370], ["park", 400], ["find", 450]]) R[name] = drawing(map, /** @type {string} */ (name), z);
  return R;
}
export function shape(g, style) { return L.geoJSON(g, { style, interactive: !!style.interactive, pointToLayer: (_, at) => L.circleMarker(at, style) }); }
export function dash(precision) { return precision === "sketch" || precision === "approximate" ? "7 3.5" : precision === "schematic" ? "2.5 3.5" : null; }

/* The northernmost vertex, for the name of a large outline. */
function top(g) {
  let best = null;
  (function walk(c) { if (typeof c[0] === "number") { if (!best || c[1] > best[0]) best = [c[1], c[0]]; } else each(c, walk); })(g.coordinates || []);
  return best;
}

function districts({ D, map }, R, labels) {
  for (const d of D.districts) {
    shape(d.g, { renderer: R.land, pane: "land", className: "ground", color: "#cfc7b6", weight: 1, fillColor: "#f8f5ee", fillOpacity: 1, lineJoin: "round" }).addTo(map);
    labels.push({ kind: "d", at: d.at, name: d.name, order: 900 });
  }
}
function groups({ D, map, byId, groupById }, R, labels) {
  for (const o of D.outlines) {
    const g = groupById[o.id], hue = g ? g.hue : "#888";
    const layer = shape(o.g, { renderer: R.group, pane: "group", color: hue, weight: 1.6, opacity: 0.75, dashArray: dash(o.precision), fillColor: hue, fillOpacity: 0.06, lineJoin: "round", lineCap: "round" }).addTo(map);
    o.layer = o.layer || layer;
    if (!byId[o.id]) labels.push({ kind: "g", at: top(o.g) || o.at, name: g ? g.name : o.name, colour: hue, order: 20, shift: [0, 14] });
  }
}
function lines({ D, map, groupById }, R, labels) {
  for (const o of D.lines) {
    const g = groupById[o.parent], hue = g ? g.hue : "#777", line = o.g.type.indexOf("Line") >= 0;
    if (line) {
      shape(o.g, { renderer: R.line, pane: "line", color: "#fffdf8", weight: 6.5, opacity: 0.85, lineCap: "round" }).addTo(map);
      shape(o.g, { renderer: R.line, pane: "line", color: hue, weight: 3.2, opacity: 0.9, lineCap: "round" }).addTo(map);
    } else shape(o.g, { renderer: R.line, pane: "line", color: hue, weight: 1, opacity: 0.35, dashArray: "1 4", fillColor: hue, fillOpacity: 0.13, lineJoin: "round" }).addTo(map);
    labels.push({ kind: "a", at: o.at, name: o.name, colour: hue, order: line ? 700 : 650, from: line ? 12.25 : 10.5 });
  }
}
function links({ D, map }, R, labels) {
  const south = D.outlines.reduce((a, o) => (!a || o.at[0] < a.at[0] ? o : a), null);
  for (const k of D.links) {
    const from = D.outlines.find((o) => o.id === k.parent) || (k.parent ? D.outlines[D.outlines.length - 1] : south);
    k.from = from ? from.at : null;
    if (!k.from) continue;
    L.polyline([k.from, k.at], { renderer: R.link, pane: "link", color: "#7d8b94", weight: 1.6, opacity: 0.7, dashArray: "1 6", lineCap: "round", interactive: false }).addTo(map);
    L.circleMarker(k.at, { renderer: R.link, pane: "link", radius: 6, color: "#7d8b94", weight: 1.6, fillColor: "#fff", fillOpacity: 1, interactive: false }).addTo(map);
    labels.push({ kind: "l", at: k.at, link: k, name: k.name, order: 800 });
  }
}

/* P.map gets the ground; the names on it are added to `labels`. */
export function ground(P, R, labels) { for (const draw of [districts, groups, lines, links]) draw(P, R, labels); }

/* Roads, railways, water and stations, drawn quietly so that one knows where one is. */
import { each, el } from "./dom.js";

const STYLES = {
  road_motorway: { color: "#c9b98f", weight: 2.6 }, road_trunk: { color: "#d3c7a8", weight: 1.8 }, road: { color: "#d9d2c3", weight: 1.2 },
  subway: { color: "#9aa8b8", weight: 1.3, dashArray: "5 3" }, rail: { color: "#8c8371", weight: 1.2, dashArray: "6 4" },
  river: { color: "#9fc3dc", weight: 2.2 }, water: { color: "#9fc3dc", weight: 0.8, fill: true, fillColor: "#cfe3ef", fillOpacity: 0.8 }, green: { color: "#b9d3ae", weight: 0.5, fill: true, fillColor: "#dcead5", fillOpacity: 0.8 },
};

export function contextLines(P, labels) {
  const { D, S, map, say } = P, pane = map.createPane("context");
  pane.style.zIndex = 225; pane.style.pointerEvents = "none";
  const renderer = L.canvas({ pane: "context", padding: 0.3 }), lines = L.layerGroup(), stops = L.layerGroup();
  if (S.context === undefined) S.context = D.context.length > 0;
  each(D.context, (c) => {
    if (c.kind === "station") {
      const at = [c.g.coordinates[1], c.g.coordinates[0]];
      L.circleMarker(at, { renderer, pane: "context", radius: 2.6, color: "#7f8ea0", weight: 1.2, fillColor: "#fffefb", fillOpacity: 1, interactive: false }).addTo(stops);
      labels.push({ kind: "c", at, name: c.name, order: 950, from: 13.5, shift: [0, 11], context: true });
    } else L.geoJSON(c.g, { interactive: false, style: Object.assign({ renderer, pane: "context", fill: false, opacity: 0.85, lineJoin: "round", lineCap: "round" }, STYLES[c.kind] || STYLES.road) }).addTo(lines);
  });
  const on = () => S.context;
  function show(group, wanted) { if (wanted !== map.hasLayer(group)) { if (wanted) group.addTo(map); else map.removeLayer(group); } }
  return {
    on,
    update() {
      show(lines, on()); show(stops, on() && map.getZoom() >= 12.5);
      /* above the land the lines stay to be seen */
      pane.style.zIndex = (P.desk.shows() && S.land.on.length) || S.tab === "compare" ? 335 : 225;
    },
    row() {
      if (!D.context.length) return null;
      return el("div", { class: "lay" }, el("label", { for: "context-on" }, el("input", { type: "checkbox", id: "context-on", checked: on(), onchange() { S.context = this.checked; P.contextChanged(); } }), " ", say("背景：道路、轨道、站点", "Background: roads, lines, stations")));
    },
  };
}

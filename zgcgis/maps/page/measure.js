/* Distance and area on the ground, point by point; as the package measures them, to a part in a thousand. */
import { el, fill } from "./dom.js";
import { areaOf, lengthOf } from "./geometry.js";

export function ruler(P) {
  const { map, say } = P, box = el("div", { class: "measured", role: "status", hidden: true }), group = L.layerGroup();
  let points = null;
  function draw() {
    group.clearLayers();
    const style = { color: "#111a20", weight: 2, pane: "mark", interactive: false, className: "ruler" };
    if (points.length > 2) L.polygon(points, { ...style, dashArray: "4 4", fillColor: "#ffe14d", fillOpacity: 0.2 }).addTo(group);
    L.polyline(points, { ...style, weight: 3 }).addTo(group);
    for (const p of points) L.circleMarker(p, { ...style, radius: 4, fillColor: "#ffe14d", fillOpacity: 1 }).addTo(group);
    const m = lengthOf(points), m2 = areaOf(points);
    fill(box, points.length < 2 ? say("点地图上的各个位置来量距离和面积", "Click places on the map to measure distance and area")
      : [say("长 ", "Length ") + (m >= 1000 ? P.number(m / 1000) + say(" 公里", " km") : P.number(m) + say(" 米", " m")), m2 ? say("；围合 ", "; encloses ") + (m2 >= 1e6 ? P.number(m2 / 1e6) + say(" 平方公里", " km²") : P.number(m2) + say(" 平方米", " m²") + say("（", " (") + P.number(m2 / (2000 / 3)) + say(" 亩）", " mu)")) : "",
        " ", el("button", { class: "tool", type: "button", onclick() { points = []; draw(); } }, say("重量", "Again"))]);
  }
  return {
    box,
    on: () => points !== null,
    toggle() { if (points) { points = null; group.clearLayers(); map.removeLayer(group); box.hidden = true; } else { points = []; group.addTo(map); box.hidden = false; draw(); } },
    take(latlng) { if (!points) return false; points.push(latlng); draw(); return true; },
    points: () => points, lengthOf, areaOf,
  };
}

/* The units on the map: their outlines, fills and names. */
import { dash, ground, panes, shape } from "./ground.js";
import { each, svg } from "./dom.js";

export function units(P) {
  const { D, S, labels, map } = P;
  Object.assign(P, { partOf, style, pattern });

  P.R = panes(map);
  P.labelPane = map.createPane("labels"); P.labelPane.style.zIndex = 620; P.labelPane.style.pointerEvents = "none";
  ground(P, P.R, labels);
  P.taken = null; /* the event that a park has answered; others on the map still hear it */
  function depth(u) { return u.above.length; }
  function partOf(u) { /* of an outline in several pieces, the box of the piece that carries the name */
    var best = null;
    each(u.g.type === "MultiPolygon" ? u.g.coordinates : [u.g.coordinates], function (poly) {
      var b = L.latLngBounds(poly[0].map(function (c) { return [c[1], c[0]]; }));
      if (b.contains(u.at) && (!best || best.contains(b))) best = b;
    });
    return best || u.layer.getBounds();
  }
  P.order = D.units.filter(function (u) { return u.g; }).sort(function (a, b) { return (a.level === "group" ? -1 : depth(a)) - (b.level === "group" ? -1 : depth(b)); });
  each(P.order, function (u) {
    var isPoint = u.g.type === "Point" || u.g.type === "MultiPoint";
    u.isPoint = isPoint;
    if (!isPoint && (u.precision === "sketch" || u.precision === "schematic" || u.precision === "approximate") && u.level === "park")
      u.glow = shape(u.g, { renderer: P.R.glow, pane: "glow", color: u.hue, weight: 9, opacity: 0.13, fill: false, lineJoin: "round" }).addTo(map);
    u.layer = shape(u.g, { renderer: P.R.park, pane: "park", interactive: true, radius: u.level === "block" ? 5 : 7.5, color: u.hue, weight: 1.5, lineJoin: "round", lineCap: "round" }).addTo(map);
    u.layer.on("click", function (e) { P.taken = e.originalEvent; if (!P.touch(e.latlng)) P.pick(u.id, false); });
    u.layer.on("mousemove", function (e) { P.taken = e.originalEvent; if (!P.feel(e)) P.hover(u, e.originalEvent); });
    u.layer.on("mouseout", function () { P.tip.hidden = true; });
    labels.push({ kind: u.level === "block" ? "b" : u.level === "group" ? "h" : u.kids.some(function (k) { return k.level === "park" && k.g; }) ? "h" : "p", at: u.at, name: u.name, unit: u, colour: u.level === "group" ? u.hue : null, shift: isPoint ? [0, 15] : null });
  });

  function style(u) {
    var c = P.value(u), now = u.id === S.unit, on = P.chosen(u) && P.found(u), gone = !P.there(u);
    var big = P.isBig(u), fill = P.fillOf(u, c), opacity = fill.fillOpacity;
    if (!on) opacity *= 0.12;
    if (P.covering()) opacity = 0;
    u.layer.setStyle({
      color: now ? "#d97706" : gone ? "#a49b88" : u.level === "block" ? "#55626c" : u.hue, weight: now ? 3.4 : u.level === "block" ? 0.8 : big ? 1.3 : 1.7,
      opacity: on ? (gone ? 0.6 : 0.95) : 0.25, dashArray: u.isPoint ? (now ? null : "2.5 2.5") : now ? null : dash(u.precision),
      fillColor: fill.fillColor, fillOpacity: gone ? 0 : opacity
    });
    if (u.glow) u.glow.setStyle({ opacity: on && !gone ? (now ? 0.3 : 0.13) : 0.03, color: now ? "#d97706" : u.hue });
    if (now && u.layer.bringToFront && !big) u.layer.bringToFront();
  }
  function pattern() { /* the no-data class: fine diagonal lines */
    var host = P.R.park._container;
    if (!host || host.querySelector("#no-data")) return;
    var p = svg("pattern", { id: "no-data", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { width: 6, height: 6, fill: "#fdfcf9" }), svg("rect", { width: 1.2, height: 6, fill: "#c9c0ae" }));
    host.insertBefore(svg("defs", {}, p), host.firstChild);
  }
}

/* The small map of the whole, and the scale. */
import { each, el, fill, svg } from "./dom.js";

export function inset(P) {
  const { D, S, map, parks } = P;
  Object.assign(P, { insetBuild, paintScale, scaleLength, project, insetMove });

  P.world = null;
  function project(lat, lng) { var p = map.options.crs.latLngToPoint(L.latLng(lat, lng), 8); return [p.x, p.y]; }
  function insetBuild() {
    if (!D.districts.length) { P.inset.hidden = true; return; }
    var x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
    var path = function (g) {
      var out = "";
      each(g.type === "MultiPolygon" ? g.coordinates : [g.coordinates], function (poly) { each(poly, function (ring) { each(ring, function (c, i) { var p = project(c[1], c[0]); x0 = Math.min(x0, p[0]); x1 = Math.max(x1, p[0]); y0 = Math.min(y0, p[1]); y1 = Math.max(y1, p[1]); out += (i ? "L" : "M") + p[0].toFixed(1) + " " + p[1].toFixed(1); }); out += "Z"; }); });
      return out;
    };
    var land = D.districts.map(function (d) { return svg("path", { d: path(d.g), fill: "#f1ede3", stroke: "#cfc7b6", "stroke-width": 0.4 }); });
    var dots = parks.filter(function (u) { return u.at && u.level === "park"; }).map(function (u) { var p = project(u.at[0], u.at[1]); return svg("circle", { cx: p[0], cy: p[1], r: 3, fill: u.hue, opacity: 0.85 }); });
    P.world = svg("rect", { fill: "none", stroke: "#d97706", "stroke-width": 1.4 });
    var one = (x1 - x0) / 100;
    each(dots, function (d) { d.setAttribute("r", 1.7 * one); }); each(land, function (d) { d.setAttribute("stroke-width", 0.35 * one); });
    P.world.setAttribute("stroke-width", 1.1 * one);
    fill(P.inset, el("div", { class: "cap" }, P.U.whole), svg("svg", { viewBox: [x0 - one, y0 - one, x1 - x0 + 2 * one, y1 - y0 + 2 * one].join(" "), role: "img", "aria-label": P.U.whole }, land, dots, P.world));
    insetMove();
  }
  function insetMove() {
    if (!P.world) return;
    var b = map.getBounds(), a = project(b.getNorth(), b.getWest()), c = project(b.getSouth(), b.getEast());
    P.world.setAttribute("x", a[0]); P.world.setAttribute("y", a[1]); P.world.setAttribute("width", Math.max(1, c[0] - a[0])); P.world.setAttribute("height", Math.max(1, c[1] - a[1]));
  }
  function scaleLength(target) { /* a round length of about so many pixels, in the middle of the view */
    var s = map.getSize(), y = s.y / 2, m = map.distance(map.containerPointToLatLng([s.x / 2, y]), map.containerPointToLatLng([s.x / 2 + 100, y])) / 100, raw = m * target, p = Math.pow(10, Math.floor(Math.log(raw) / Math.LN10)), n = raw / p >= 5 ? 5 : raw / p >= 2 ? 2 : 1;
    return { m: n * p, px: n * p / m, text: n * p >= 1000 ? P.number(n * p / 1000) + (S.lang === "en" ? " km" : " 公里") : P.number(n * p) + (S.lang === "en" ? " m" : " 米"), perPx: m };
  }
  function paintScale() { var l = scaleLength(110); fill(P.scale, l.text, el("i", { style: "width:" + l.px.toFixed(1) + "px" })); }
}

/* Small charts of a card. */
import { each, el, own, svg } from "./dom.js";

export function charts(P) {
  const { D, S, T, industryById, measureByKey, parks } = P;
  Object.assign(P, { trend, place, mix });

  function trend(u, key) {
    var cells = P.series(u.id, key), m = measureByKey[key], W = 312, H = 96, padL = 8, padR = 8, padT = 20, padB = 18;
    if (!cells.length) return null;
    var y0 = cells[0][0], y1 = cells[cells.length - 1][0], lo = 0, hi = 0;
    each(cells, function (c) { hi = Math.max(hi, c[1]); lo = Math.min(lo, c[1]); });
    if (hi === lo) hi = lo + 1;
    var X = function (y) { return y1 === y0 ? W / 2 : padL + 18 + (y - y0) / (y1 - y0) * (W - padL - padR - 40); };
    var Y = function (v) { return padT + (hi - v) / (hi - lo) * (H - padT - padB); };
    var text = T(m.name) + ": " + cells.map(function (c) { return c[0] + " " + P.qualified(c[2], c[1]); }).join(", ");
    var g = svg("svg", { viewBox: "0 0 " + W + " " + H, role: "img", "aria-label": text });
    g.appendChild(svg("line", { x1: padL, x2: W - padR, y1: Y(0), y2: Y(0), stroke: "#d9d2c3" }));
    if (cells.length > 1) g.appendChild(svg("polyline", { points: cells.map(function (c) { return X(c[0]) + "," + Y(c[1]); }).join(" "), fill: "none", stroke: "#7ba7ac", "stroke-width": 1.5, "stroke-dasharray": "3 3" }));
    var lastX = -99, lastL = -99;
    each(cells, function (c, i) {
      var x = X(c[0]), y = Y(c[1]), cur = P.value(u) && key === S.measure && P.value(u)[0] === c[0];
      g.appendChild(svg("circle", { cx: x, cy: y, r: cur ? 4.5 : 3.2, fill: c[2] === "=" ? "#0f5c6e" : "#fffefb", stroke: cur ? "#d97706" : "#0f5c6e", "stroke-width": 1.6 }));
      var must = i === cells.length - 1, label = P.number(c[1]), wide = label.length * 6.4;
      if (x - lastX > 30 || i === 0 || (must && x - lastX > 24)) { g.appendChild(svg("text", { x: x, y: H - 4, "text-anchor": "middle", "font-size": 10.5, fill: "#5f6b76" }, c[0])); lastX = x; }
      if (x - lastL > wide / 2 + 16 || i === 0) { g.appendChild(svg("text", { x: Math.max(wide / 2, Math.min(W - wide / 2, x)), y: y - 7, "text-anchor": "middle", "font-size": 10.5, fill: "#1f2a33" }, label)); lastL = x + wide / 2 - 10; }
    });
    return g;
  }
  function place(u, key) { /* where the park stands among all that have a value */
    var all = parks.map(function (p) { return { u: p, c: P.cell(p.id, key, S.year) }; }).filter(function (p) { return p.c && P.there(p.u); }).sort(function (a, b) { return b.c[1] - a.c[1]; });
    if (all.length < 3) return null;
    var W = 312, step = Math.min(22, (W - 8) / all.length), H = 44, hi = Math.max(all[0].c[1], 1e-9), at = -1;
    var g = svg("svg", { viewBox: "0 0 " + W + " " + (H + 14), role: "img" });
    each(all, function (p, i) {
      var h = Math.max(1.5, Math.max(0, p.c[1]) / hi * H), me = p.u === u;
      if (me) at = i;
      g.appendChild(svg("rect", { x: 4 + i * step, y: H - h, width: Math.max(2, step - 3), height: h, rx: 1.5, fill: me ? "#d97706" : "#a9c7c8" }));
    });
    if (at < 0) return null;
    var words = S.lang === "en" ? "no. " + (at + 1) + " of " + all.length + " with a value" : "在有数值的 " + all.length + " 个园区中列第 " + (at + 1) + " 位";
    g.setAttribute("aria-label", words);
    g.appendChild(svg("text", { x: 4, y: H + 12, "font-size": 10.5, fill: "#5f6b76" }, words));
    return g;
  }

  function mix(u) { /* what the park is specialised in: quotient against the zone, with its interval */
    var rows = own(D.mix.rows, u.id) || [], W = 312, step = 26, mid = 132, right = W - 40, hi = 2;
    if (!rows.length) return null;
    each(rows, function (r) { hi = Math.max(hi, Math.min(6, r[4])); });
    var X = function (v) { return mid + Math.min(v, hi) / hi * (right - mid); };
    var g = svg("svg", { viewBox: "0 0 " + W + " " + (rows.length * step + 18), role: "img" }), said = [];
    g.appendChild(svg("line", { x1: X(1), x2: X(1), y1: 2, y2: rows.length * step + 2, stroke: "#5f6b76", "stroke-dasharray": "2 2" }));
    each(rows, function (r, i) {
      var y = i * step + 13, i0 = industryById[r[0]], name = i0 ? T(i0.name) : r[0], most = S.lang === "en" ? 20 : 10;
      said.push(name + " " + P.number(r[2]));
      g.appendChild(svg("text", { x: mid - 8, y: y + 4, "text-anchor": "end", "font-size": 11, fill: "#1f2a33" }, name.length > most ? name.slice(0, most) + "…" : name));
      g.appendChild(svg("rect", { x: mid, y: y - 6, width: Math.max(1, X(r[2]) - mid), height: 12, rx: 2, fill: r[5] === "yes" ? "#155f6e" : r[5] === "no" ? "#d9d2c3" : "#a9c7c8" }));
      if (r[3] !== null && r[4] !== null) g.appendChild(svg("line", { x1: X(r[3]), x2: X(r[4]), y1: y, y2: y, stroke: "#d97706", "stroke-width": 1.4 }));
      g.appendChild(svg("text", { x: W - 2, y: y + 4, "text-anchor": "end", "font-size": 11, fill: "#4c5964" }, P.number(r[2])));
    });
    g.appendChild(svg("text", { x: X(1), y: rows.length * step + 14, "text-anchor": "middle", "font-size": 10, fill: "#5f6b76" }, S.lang === "en" ? "1 = zone" : "1 = 全区"));
    g.setAttribute("aria-label", P.U.specialise + ": " + said.join(", "));
    return el("div", { class: "fig" }, el("h3", {}, P.U.specialise + (S.lang === "en" ? ", " : "，") + D.mix.year), g, el("p", { class: "text" }, S.lang === "en" ? "Location quotient by number of enterprises; the line is the 95 % interval. Dark: above 1 beyond doubt." : "按企业数计算的区位商；细线为95%区间，深色表示区间整体大于1。"));
  }
}

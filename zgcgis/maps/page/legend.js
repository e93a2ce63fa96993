/* The legend: one answer for screen, paper and picture. */
import { each, el, fill, svg } from "./dom.js";

export function legend(P) {
  const { D, S, T, map, phone } = P;
  Object.assign(P, { paintLegend, when, legendOf, keyOf });

  function swatch(colour, dashed, stroke) { return svg("svg", { width: 26, height: 15, viewBox: "0 0 26 15", "aria-hidden": "true" }, svg("rect", { x: 1, y: 1, width: 24, height: 13, rx: 2, fill: colour, stroke: stroke || "#8c8371", "stroke-width": stroke ? 1.6 : 0.8, "stroke-dasharray": dashed || "none" })); }
  function hatch(id) { return svg("svg", { width: 26, height: 15, viewBox: "0 0 26 15", "aria-hidden": "true" }, svg("defs", {}, svg("pattern", { id: id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { width: 6, height: 6, fill: "#fdfcf9" }), svg("rect", { width: 1.2, height: 6, fill: "#c9c0ae" }))), svg("rect", { x: 1, y: 1, width: 24, height: 13, rx: 2, fill: "url(#" + id + ")", stroke: "#8c8371", "stroke-width": 0.8 })); }
  function keyOf(c, id) { return c.more ? null : c.line ? swatch("none", null, c.line) : c.colour ? (c.dot ? dot(c.colour) : swatch(c.colour)) : hatch(id); }
  function classes(forPrint) {
    var m = P.measure(), out = [], b, cs;
    if (!m) return out;
    b = m.breaks; cs = P.colours();
    each(cs, function (c, i) {
      var text = !b.length ? P.U.valueAt : i === 0 ? (S.lang === "en" ? "below " + P.number(b[0]) : P.number(b[0]) + " 以下") : i === b.length ? (S.lang === "en" ? P.number(b[i - 1]) + " and more" : P.number(b[i - 1]) + " 及以上") : P.number(b[i - 1]) + " – " + P.number(b[i]);
      out.push({ text: text, colour: c });
    });
    out.push({ text: P.U.none, colour: null });
    return out;
  }
  function keys(short) { /* what else is drawn; groups that carry their name on the map need no key on the screen */
    var out = [], has = function (p) { return D.units.some(function (u) { return u.g && u.precision === p; }); };
    each(D.groups, function (g) { if (short && D.outlines.some(function (o) { return o.id === g.id; })) return; if (!D.outlines.some(function (o) { return o.id === g.id; }) && !P.drawn.some(function (u) { return u.group === g.id; })) return; out.push({ node: swatch("#fdfcf9", D.outlines.some(function (o) { return o.id === g.id; }) ? "4 2" : null, g.hue), text: T(g.name), hue: g.hue }); });
    if (has("sketch")) out.push({ node: swatch("#fdfcf9", "6 3", "#5f6b76"), text: P.U.sketchLine, dash: [6, 3] });
    if (has("schematic")) out.push({ node: swatch("#fdfcf9", "2 2.5", "#5f6b76"), text: P.U.schematicLine, dash: [2, 2.5] });
    if (D.units.some(function (u) { return u.isPoint; })) out.push({ node: svg("svg", { width: 26, height: 15, viewBox: "0 0 26 15", "aria-hidden": "true" }, svg("circle", { cx: 13, cy: 7.5, r: 5.5, fill: "#fdfcf9", stroke: "#5f6b76", "stroke-width": 1.5, "stroke-dasharray": "2.5 2" })), text: P.U.pointMark, dot: true });
    return out;
  }
  function unitOf(m) { var unit = T(m.unit); return unit ? (S.lang === "en" ? " (" + unit + ")" : "（" + unit + "）") : ""; }
  function when() { if (P.compare.shows() && D.compare.years) return S.lang === "en" ? "latest by " + D.compare.years.join(" | by ") : "截至 " + D.compare.years.join(" 年 | 截至 ") + " 年"; return S.mode === "latest" ? (S.lang === "en" ? "latest value by " + S.year : "截至 " + S.year + " 年的最近值") : (S.lang === "en" ? "values of " + S.year : S.year + " 年"); }
  var shut = false, low = false;
  function paintLegend() {
    var small = phone() || map.getSize().y < 560;
    if (small !== low && !P.onPaper) low = shut = small; /* a window that is turned or zoomed is another window */
    P.legend.className = "box legend" + (shut && P.steps.at() < 0 ? " shut" : "");
    var now = legendOf(phone() ? 8 : 14);
    fill(P.legend,
      el("h2", {}, now.title || P.U.legend),
      el("button", { class: "fold", type: "button", "aria-expanded": shut ? "false" : "true", "aria-label": P.U.legend, onclick: function () { shut = !shut; paintLegend(); P.declutter(); P.legend.querySelector(".fold").focus(); } }, shut ? "▾" : "▴"),
      now.sub ? el("p", { class: "sub" }, now.sub) : null,
      el("div", { class: "rows" }, now.rows.map(function (c) { return el("div", { class: "sw num" }, keyOf(c, "no-data-legend"), c.text); })),
      now.keys.length ? el("div", { class: "keys" }, now.keys.map(function (k) { return el("div", { class: "sw" }, k.node, k.text); })) : null);
  }
  /* what the map shows now, in words and colours: one answer for screen, paper and picture */
  function legendOf(most, all) {
    var m = P.measure(), by = P.firms.legend() || P.compare.legend() || P.view.legend(most), marks = P.findings.legend();
    if (by) return { title: by.title, sub: by.sub || (S.year !== null && !P.firms.shows() ? (S.lang === "en" ? "as of " + S.year : S.year + " 年") : ""), rows: by.rows.concat(marks), keys: [], land: true };
    if (S.tab === "findings") return { title: P.U.findings, sub: "", rows: marks, keys: keys(!all) };
    return { title: m ? T(m.name) + unitOf(m) : "", sub: m ? when() + (m.breaks.length ? (S.lang === "en" ? "; " : "；") + P.U.allYears : "") : "", rows: classes().concat(marks), keys: keys(!all) };
  }
  function dot(colour) { return svg("svg", { width: 26, height: 15, viewBox: "0 0 26 15", "aria-hidden": "true" }, svg("circle", { cx: 13, cy: 7.5, r: 5, fill: colour, stroke: "#fffefb", "stroke-width": 1.2 })); }
}

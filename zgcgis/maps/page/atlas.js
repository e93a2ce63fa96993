/* The page of an atlas. Every text of the data becomes a text node; nothing is parsed as HTML. */
import { UI } from "./words.js";
import { SVG, add, clear, each, el, encode, fill, own, svg } from "./dom.js";
import { compareDesk } from "./compare.js";
import { contextLines } from "./context.js";
import { findingsDesk } from "./findings.js";
import { firmsDesk } from "./firms.js";
import { dash, ground, panes, shape } from "./ground.js";
import { labelDesk } from "./labels.js";
import { landDesk } from "./land.js";
import { landView } from "./landview.js";
import { marker } from "./mark.js";
import { ruler } from "./measure.js";
import { fold, search } from "./search.js";

export function atlas(map, D) {
  var S = { lang: D.lang, measure: D.measure, year: D.year, mode: "latest", picks: [], join: "any", query: "", unit: null, thing: null, finding: null, tab: D.desk || "parks", blocks: false };
  var U = UI[S.lang], byId = Object.create(null), groupById = Object.create(null), measureByKey = Object.create(null), industryById = Object.create(null), labels = [];
  var phone = function () { return window.matchMedia("(max-width:760px) and (min-height:560px), (max-width:559px)").matches; };
  var still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  var root = document.getElementById("atlas"), printing = false, timer = null;
  var T = function (pair) { return pair ? (S.lang === "en" ? pair[1] : pair[0]) : ""; };

  each(D.units, function (u) { byId[u.id] = u; u.kids = []; });
  each(D.units, function (u) { if (byId[u.parent] && byId[u.parent] !== u) byId[u.parent].kids.push(u); });
  each(D.units, function (u) { /* those above it, each once: a hierarchy may run in a circle */
    var p = byId[u.parent]; u.above = [];
    while (p && p !== u && u.above.length < 32 && u.above.indexOf(p) < 0) { u.above.push(p); p = byId[p.parent]; }
  });
  each(D.groups, function (g) { groupById[g.id] = g; });
  each(D.measures, function (m) { measureByKey[m.key] = m; });
  each(D.industries, function (i) { industryById[i.id] = i; });
  var parks = D.units.filter(function (u) { return u.level !== "block"; });

  /* what the desks share */
  var P = { map: map, phone: phone, D: D, S: S, T: T, byId: byId, groupById: groupById, frameFor: frameFor, coveredFor: coveredFor, stage: stage, freeBounds: freeBounds, tell: tell, hush: function () { tip.hidden = true; }, measure: measure, valueIn: valueIn, fillOf: fillOf, paint: paint, declutter: function () { declutter(); }, number: number, marked: marked, ramp: ramp, value: value, chosen: chosen, found: found, partOf: partOf, frame: frame, covered: covered, covering: covering, go: go, pick: pick, remember: remember, paintCard: paintCard, refresh: refresh, landChanged: landChanged, pickThing: pickThing, outline: outline, showFinding: showFinding, togglePick: togglePick, save: save,
    say: function (zh, en) { return S.lang === "en" ? en : zh; }, printing: function () { return printing; }, industry: function (k) { return industryById[k]; },
    firmsOf: function (id) { return firms.of(id); }, findingsOf: function (id) { return findings.of(id); }, findingButton: function (i) { return findings.button(i); }, contextOn: function () { return context.on(); }, contextRow: function () { return context.row(); }, contextChanged: function () { context.update(); declutter(); remember(); } };

  /* --- numbers --------------------------------------------------------------------- */
  function colon() { return S.lang === "en" ? ": " : "："; }
  function group3(text) { return text.replace(/\B(?=(\d{3})+(?!\d))/g, ","); }
  function number(v) {
    if (v === null || v === undefined) return "—";
    var a = Math.abs(v), d = a >= 1000 ? 0 : a >= 100 ? 0 : a >= 10 ? 1 : 2;
    if (Math.abs(v - Math.round(v)) < 1e-9) d = 0;
    var parts = Math.abs(v).toFixed(d).split(".");
    if (parts[1]) parts[1] = parts[1].replace(/0+$/, "");
    return (v < 0 ? "−" : "") + group3(parts[0]) + (parts[1] ? "." + parts[1] : "");
  }
  function qualified(q, v) { return (q === "~" ? U.about_ : q === ">" ? U.more : q === "<" ? U.nearly : "") + number(v); }
  /* in a column the words would push the numbers about */
  function marked(q, v) { return (q === "~" ? "≈" : q === ">" ? ">" : q === "<" ? "≲" : "") + number(v); }
  function measure() { return measureByKey[S.measure]; }
  function series(unit, key) { return own(own(D.values, key), unit) || []; }
  function cell(unit, key, year, mode, table) {
    var best = null;
    each(table ? own(own(table, key), unit) || [] : series(unit, key), function (c) {
      if (c[0] === year || ((mode || S.mode) === "latest" && c[0] <= year)) if (!best || c[0] > best[0]) best = c;
    });
    return best;
  }
  function yearNow() { return compare.shows() && D.compare.years ? D.compare.years[0] : S.year; }
  function there(u, year) { var y = year === undefined ? yearNow() : year; return (u.since === null || u.since <= y) && (u.until === null || y < u.until); }
  function valueIn(u, year, table) { return S.measure && there(u, year) ? cell(u.id, S.measure, year, S.mode, table) : null; }
  function value(u) { return valueIn(u, yearNow()); }
  function isBig(u) { return u.level === "group" || !!u.kids && u.kids.some(function (k) { return k.g && k.level === "park"; }); }
  function fillOf(u, c) {
    var alone = S.picks.length && !(u.kids || []).some(function (k) { return k.g && chosen(k); });
    return { fill: true, fillColor: c ? colours()[klass(c[1])] : "url(#no-data)", fillOpacity: c ? (u.level === "group" ? 0.5 : 0.93) : u.level === "block" || (isBig(u) && !alone) ? 0 : 0.85 };
  }
  function klass(v) {
    var b = measure() ? measure().breaks : [], i = 0;
    while (i < b.length && v >= b[i]) i++;
    return i;
  }
  function ramp(n) { /* fewer classes still use the whole ramp */
    var k = D.ramp.length, out = [];
    for (var i = 0; i < n; i++) out.push(D.ramp[n === 1 ? 2 : Math.round(i * (k - 1) / (n - 1))]);
    return out;
  }
  function colours() { return ramp((measure() ? measure().breaks.length : 0) + 1); }

  /* --- which units ------------------------------------------------------------------- */
  function names(key) { /* does the plan place the cluster here: by name, or through an activity? */
    return function (u) {
      if (u.industries.indexOf(key) >= 0) return true;
      return u.industries.some(function (k) { var i = industryById[k]; return i && i.covers.indexOf(key) >= 0; });
    };
  }
  function chosen(u) {
    if (!S.picks.length) return true;
    var hit = function (k) { return names(k)(u); };
    return S.join === "all" ? S.picks.every(hit) : S.picks.some(hit);
  }
  each(D.units, function (u) {
    u.words = [u.id, u.name[0], u.name[1]].concat(u.aliases, u.find.split("|"), u.former.map(function (f) { return f.name[0]; }), u.former.map(function (f) { return f.name[1]; })).map(fold).filter(Boolean);
    var g = groupById[u.group], via = D.industries.filter(function (i) { return names(i.id)(u); });
    u.about = u.district.concat(g ? g.name : [], via.reduce(function (all, i) { return all.concat(i.name); }, [])).map(fold).filter(Boolean);
  });
  var asks = { q: null, hits: null }; /* who answers to the words typed, asked once for each */
  function hits() { if (asks.q !== S.query) asks = { q: S.query, hits: search(D.units, S.query) }; return asks.hits; }
  function found(u) { return !fold(S.query) || hits().has(u.id); }
  function listed() {
    return D.units.filter(function (u) {
      if (u.level === "block" && !S.blocks && !S.query) return false;
      return chosen(u) && found(u);
    });
  }
  function ranked() {
    var by = hits();
    return listed().map(function (u, i) { return { u: u, c: value(u), i: i, hit: by.get(u.id) || 0 }; }).sort(function (a, b) {
      if (a.hit !== b.hit) return b.hit - a.hit;
      var x = a.c ? a.c[1] : -Infinity, y = b.c ? b.c[1] : -Infinity;
      return x === y ? a.i - b.i : y - x;
    });
  }

  /* --- the map --------------------------------------------------------------------- */
  var R = panes(map);
  var labelPane = map.createPane("labels"); labelPane.style.zIndex = 620; labelPane.style.pointerEvents = "none";
  ground(P, R, labels);
  var taken = null; /* the event that a park has answered; others on the map still hear it */
  function depth(u) { return u.above.length; }
  function partOf(u) { /* of an outline in several pieces, the box of the piece that carries the name */
    var best = null;
    each(u.g.type === "MultiPolygon" ? u.g.coordinates : [u.g.coordinates], function (poly) {
      var b = L.latLngBounds(poly[0].map(function (c) { return [c[1], c[0]]; }));
      if (b.contains(u.at) && (!best || best.contains(b))) best = b;
    });
    return best || u.layer.getBounds();
  }
  var order = D.units.filter(function (u) { return u.g; }).sort(function (a, b) { return (a.level === "group" ? -1 : depth(a)) - (b.level === "group" ? -1 : depth(b)); });
  each(order, function (u) {
    var isPoint = u.g.type === "Point" || u.g.type === "MultiPoint";
    u.isPoint = isPoint;
    if (!isPoint && (u.precision === "sketch" || u.precision === "schematic" || u.precision === "approximate") && u.level === "park")
      u.glow = shape(u.g, { renderer: R.glow, pane: "glow", color: u.hue, weight: 9, opacity: 0.13, fill: false, lineJoin: "round" }).addTo(map);
    u.layer = shape(u.g, { renderer: R.park, pane: "park", interactive: true, radius: u.level === "block" ? 5 : 7.5, color: u.hue, weight: 1.5, lineJoin: "round", lineCap: "round" }).addTo(map);
    u.layer.on("click", function (e) { taken = e.originalEvent; if (!touch(e.latlng)) pick(u.id, false); });
    u.layer.on("mousemove", function (e) { taken = e.originalEvent; if (!feel(e)) hover(u, e.originalEvent); });
    u.layer.on("mouseout", function () { tip.hidden = true; });
    labels.push({ kind: u.level === "block" ? "b" : u.level === "group" ? "h" : u.kids.some(function (k) { return k.level === "park" && k.g; }) ? "h" : "p", at: u.at, name: u.name, unit: u, colour: u.level === "group" ? u.hue : null, shift: isPoint ? [0, 15] : null });
  });
  P.renderer = R.find;
  P.mark = marker(P);
  var context = contextLines(P, labels), land = landDesk(P), view = landView(P, land), firms = firmsDesk(P), findings = findingsDesk(P), declutter = labelDesk(P, labels, labelPane);
  P.desk = land;
  var compare = compareDesk(P, labels), declutterMain = declutter;
  declutter = function () { declutterMain(); compare.declutter(); };
  var measuring = ruler(P);

  function style(u) {
    var c = value(u), now = u.id === S.unit, on = chosen(u) && found(u), gone = !there(u);
    var big = isBig(u), fill = fillOf(u, c), opacity = fill.fillOpacity;
    if (!on) opacity *= 0.12;
    if (covering()) opacity = 0;
    u.layer.setStyle({
      color: now ? "#d97706" : gone ? "#a49b88" : u.level === "block" ? "#55626c" : u.hue, weight: now ? 3.4 : u.level === "block" ? 0.8 : big ? 1.3 : 1.7,
      opacity: on ? (gone ? 0.6 : 0.95) : 0.25, dashArray: u.isPoint ? (now ? null : "2.5 2.5") : now ? null : dash(u.precision),
      fillColor: fill.fillColor, fillOpacity: gone ? 0 : opacity
    });
    if (u.glow) u.glow.setStyle({ opacity: on && !gone ? (now ? 0.3 : 0.13) : 0.03, color: now ? "#d97706" : u.hue });
    if (now && u.layer.bringToFront && !big) u.layer.bringToFront();
  }
  function pattern() { /* the no-data class: fine diagonal lines */
    var host = R.park._container;
    if (!host || host.querySelector("#no-data")) return;
    var p = svg("pattern", { id: "no-data", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { width: 6, height: 6, fill: "#fdfcf9" }), svg("rect", { width: 1.2, height: 6, fill: "#c9c0ae" }));
    host.insertBefore(svg("defs", {}, p), host.firstChild);
  }

  /* the parks give way to what is drawn in their place */
  function covering() { return (compare.shows() && compare.onMap()) || firms.shows() || (land.shows() && S.land.on.length > 0) || S.tab === "findings"; }
  function covered(size) { return coveredFor(map, size); }
  function coveredFor(one, size) { /* boxes that names may not lie under */
    var taken = [], o = one.getContainer().getBoundingClientRect();
    if (!printing) each([legend, inset, zoomers, credit], function (b) { if (b && !b.hidden && b.offsetWidth) { var r = b.getBoundingClientRect(); taken.push({ l: r.left - o.left, r: r.right - o.left, t: r.top - o.top, b: r.bottom - o.top }); } });
    if (printing && world && one === map && !compare.shows()) { var mm = size.x / 192; taken.push({ l: 149 * mm, r: 193 * mm, t: 117 * mm, b: 162 * mm }); }
    return taken;
  }
  function carded() { return !!(S.unit || S.thing || S.finding !== null); }
  function frame() { return frameFor(map); }
  function frameFor(one) { /* the part of a map that nothing covers */
    var s = one.getSize();
    if (printing) return { left: 0, top: 0, right: s.x, bottom: s.y };
    return compare.beside() ? { left: 8, top: 8, right: s.x - 8, bottom: s.y - 8 } : freeOf(s);
  }
  function freeBounds() { var f = frame(); return L.latLngBounds(map.containerPointToLatLng([f.left, f.bottom]), map.containerPointToLatLng([f.right, f.top])); }
  function stage() { /* where maps may stand in the window, and the window */
    var s = { x: root.clientWidth, y: root.clientHeight }, f = freeOf(s);
    if (phone()) return { left: 0, top: 0, right: s.x, bottom: f.bottom, width: s.x, height: s.y };
    return { left: Math.max(0, f.left - 8), top: 0, right: carded() && card.getBoundingClientRect().left > s.x / 3 ? f.right + 52 : s.x, bottom: s.y, width: s.x, height: s.y };
  }
  function freeOf(s) {
    if (phone()) {
      var sheetEl = carded() ? card : panel, r = sheetEl.getBoundingClientRect();
      return { left: 0, top: 0, right: s.x, bottom: Math.max(s.y - r.height, s.y * 0.3) };
    }
    var left = 8, right = s.x - 64;
    each([panel, card], function (b) { /* whichever stands there, on the left or on the right */
      if (b.hidden || !b.offsetWidth) return;
      var r = b.getBoundingClientRect();
      if (r.left < s.x / 3) left = Math.max(left, r.right + 14); else right = Math.min(right, r.left - 60);
    });
    return { left: left, top: 8, right: Math.max(right, left + 80), bottom: s.y - 8 };
  }
  /* --- small charts ------------------------------------------------------------------ */
  function trend(u, key) {
    var cells = series(u.id, key), m = measureByKey[key], W = 312, H = 96, padL = 8, padR = 8, padT = 20, padB = 18;
    if (!cells.length) return null;
    var y0 = cells[0][0], y1 = cells[cells.length - 1][0], lo = 0, hi = 0;
    each(cells, function (c) { hi = Math.max(hi, c[1]); lo = Math.min(lo, c[1]); });
    if (hi === lo) hi = lo + 1;
    var X = function (y) { return y1 === y0 ? W / 2 : padL + 18 + (y - y0) / (y1 - y0) * (W - padL - padR - 40); };
    var Y = function (v) { return padT + (hi - v) / (hi - lo) * (H - padT - padB); };
    var text = T(m.name) + ": " + cells.map(function (c) { return c[0] + " " + qualified(c[2], c[1]); }).join(", ");
    var g = svg("svg", { viewBox: "0 0 " + W + " " + H, role: "img", "aria-label": text });
    g.appendChild(svg("line", { x1: padL, x2: W - padR, y1: Y(0), y2: Y(0), stroke: "#d9d2c3" }));
    if (cells.length > 1) g.appendChild(svg("polyline", { points: cells.map(function (c) { return X(c[0]) + "," + Y(c[1]); }).join(" "), fill: "none", stroke: "#7ba7ac", "stroke-width": 1.5, "stroke-dasharray": "3 3" }));
    var lastX = -99, lastL = -99;
    each(cells, function (c, i) {
      var x = X(c[0]), y = Y(c[1]), cur = value(u) && key === S.measure && value(u)[0] === c[0];
      g.appendChild(svg("circle", { cx: x, cy: y, r: cur ? 4.5 : 3.2, fill: c[2] === "=" ? "#0f5c6e" : "#fffefb", stroke: cur ? "#d97706" : "#0f5c6e", "stroke-width": 1.6 }));
      var must = i === cells.length - 1, label = number(c[1]), wide = label.length * 6.4;
      if (x - lastX > 30 || i === 0 || (must && x - lastX > 24)) { g.appendChild(svg("text", { x: x, y: H - 4, "text-anchor": "middle", "font-size": 10.5, fill: "#5f6b76" }, c[0])); lastX = x; }
      if (x - lastL > wide / 2 + 16 || i === 0) { g.appendChild(svg("text", { x: Math.max(wide / 2, Math.min(W - wide / 2, x)), y: y - 7, "text-anchor": "middle", "font-size": 10.5, fill: "#1f2a33" }, label)); lastL = x + wide / 2 - 10; }
    });
    return g;
  }
  function place(u, key) { /* where the park stands among all that have a value */
    var all = parks.map(function (p) { return { u: p, c: cell(p.id, key, S.year) }; }).filter(function (p) { return p.c && there(p.u); }).sort(function (a, b) { return b.c[1] - a.c[1]; });
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
      said.push(name + " " + number(r[2]));
      g.appendChild(svg("text", { x: mid - 8, y: y + 4, "text-anchor": "end", "font-size": 11, fill: "#1f2a33" }, name.length > most ? name.slice(0, most) + "…" : name));
      g.appendChild(svg("rect", { x: mid, y: y - 6, width: Math.max(1, X(r[2]) - mid), height: 12, rx: 2, fill: r[5] === "yes" ? "#155f6e" : r[5] === "no" ? "#d9d2c3" : "#a9c7c8" }));
      if (r[3] !== null && r[4] !== null) g.appendChild(svg("line", { x1: X(r[3]), x2: X(r[4]), y1: y, y2: y, stroke: "#d97706", "stroke-width": 1.4 }));
      g.appendChild(svg("text", { x: W - 2, y: y + 4, "text-anchor": "end", "font-size": 11, fill: "#4c5964" }, number(r[2])));
    });
    g.appendChild(svg("text", { x: X(1), y: rows.length * step + 14, "text-anchor": "middle", "font-size": 10, fill: "#5f6b76" }, S.lang === "en" ? "1 = zone" : "1 = 全区"));
    g.setAttribute("aria-label", U.specialise + ": " + said.join(", "));
    return el("div", { class: "fig" }, el("h3", {}, U.specialise + (S.lang === "en" ? ", " : "，") + D.mix.year), g, el("p", { class: "text" }, S.lang === "en" ? "Location quotient by number of enterprises; the line is the 95 % interval. Dark: above 1 beyond doubt." : "按企业数计算的区位商；细线为95%区间，深色表示区间整体大于1。"));
  }

  /* --- frame of the page ------------------------------------------------------------------ */
  var panel = el("section", { class: "box panel" }), card = el("section", { class: "box card", hidden: true, tabindex: "-1" }), legend = el("section", { class: "box legend" });
  var zoomers = el("div", { class: "box zoomers", role: "group" }), inset = el("div", { class: "box inset" }), credit = el("footer", { class: "credit" }), scale = el("div", { class: "scale", "aria-hidden": "true" });
  var tip = el("div", { class: "tip", hidden: true, "aria-hidden": "true" }), sheet = el("div", { class: "sheet", "aria-hidden": "true" }), toastBox = el("div", { class: "toast", role: "status", hidden: true });
  var corner = el("div", { class: "corner" }, inset, scale, credit);
  each([panel, legend, zoomers, card, corner, measuring.box, tip, toastBox, sheet], function (n) { root.appendChild(n); });
  map.getContainer().setAttribute("aria-hidden", "true");
  map.getContainer().setAttribute("tabindex", "-1");
  var parts = {};

  function icon(d) { return svg("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" }, svg("path", { d: d, fill: "none", stroke: "currentColor", "stroke-width": 1.7, "stroke-linecap": "round", "stroke-linejoin": "round" })); }
  function toast(text) { fill(toastBox, text); toastBox.hidden = false; setTimeout(function () { toastBox.hidden = true; }, 2600); }

  function build() {
    U = UI[S.lang];
    document.documentElement.lang = S.lang === "en" ? "en" : "zh-CN";
    document.title = T(D.name);
    panel.setAttribute("aria-label", U.panel); card.setAttribute("aria-label", U.card); legend.setAttribute("aria-label", U.legend);
    zoomers.setAttribute("aria-label", S.lang === "en" ? "Map view" : "地图视图");
    var tabs = [["parks", U.parks]];
    if (land.layers.length) tabs.push(["land", U.landTab]);
    if (firms.count) tabs.push(["firms", U.firmsTab]);
    if (findings.count) tabs.push(["findings", U.findings + " " + number(findings.count)]);
    if (compare.there) tabs.push(["compare", U.compareTab]);
    if (D.goals.length) tabs.push(["goals", U.goals]);
    tabs.push(["about", U.about]);
    if (!tabs.some(function (t) { return t[0] === S.tab; })) S.tab = "parks";
    parts.tabs = {};
    var bar = el("div", { class: "tabs", role: "tablist" });
    each(tabs, function (t, i) {
      var b = el("button", { role: "tab", id: "tab-" + t[0], "aria-controls": "tabpage", type: "button", onclick: function () { S.tab = t[0]; pages(); paint(); remember(); }, onkeydown: function (e) {
        var step = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
        if (!step) return;
        var next = tabs[(i + step + tabs.length) % tabs.length][0];
        S.tab = next; pages(); paint(); remember(); parts.tabs[next].focus();
      } }, t[1]);
      parts.tabs[t[0]] = b; bar.appendChild(b);
    });
    parts.lead = el("p", { class: "lead" });
    parts.pages = el("div", { class: "pages", role: "tabpanel", id: "tabpage", tabindex: "0" });
    fill(panel,
      el("button", { class: "handle", type: "button", "aria-label": U.sheet, onclick: raise }, el("i")),
      el("header", {}, el("h1", {}, T(D.name)), parts.lead,
        el("div", { class: "tools" },
          el("button", { class: "tool", type: "button", lang: S.lang === "en" ? "zh-CN" : "en", onclick: function () { S.lang = S.lang === "en" ? "zh" : "en"; build(); paint(); remember(); panel.querySelector(".tool").focus(); } }, U.lang),
          el("button", { class: "tool", type: "button", onclick: function () { window.print(); } }, U.print),
          el("button", { class: "tool", type: "button", onclick: savePng }, U.png),
          el("button", { class: "tool", type: "button", onclick: copyLink }, UI[S.lang].copyLink))),
      bar, parts.pages);
    fill(zoomers,
      el("button", { type: "button", "aria-label": U.zoomIn, title: U.zoomIn, onclick: function () { map.zoomIn(); } }, icon("M7 2v10M2 7h10")),
      el("button", { type: "button", "aria-label": U.zoomOut, title: U.zoomOut, onclick: function () { map.zoomOut(); } }, icon("M2 7h10")),
      el("button", { type: "button", "aria-label": U.home, title: U.home, onclick: function () { go(core, true); } }, icon("M2 7l5-5 5 5M3.5 6v6h7V6")),
      el("button", { type: "button", "aria-label": U.whole, title: U.whole, onclick: function () { go(everything, true); } }, icon("M1.5 5V1.5H5M9 1.5h3.5V5M12.5 9v3.5H9M5 12.5H1.5V9")),
      el("button", { type: "button", "aria-label": U.ruler, title: U.ruler, "aria-pressed": measuring.on() ? "true" : "false", onclick: function () { measuring.toggle(); this.setAttribute("aria-pressed", measuring.on() ? "true" : "false"); } }, icon("M1.5 9.5l8-8 3 3-8 8zM4 7l1.5 1.5M6.5 4.5L8 6")));
    fill(credit, (D.synthetic ? U.syn + "　" : "") + T(D.credit) + (T(D.credit) ? "　" : ""), el("span", { class: "nobr" }, U.review + colon() + (D.review || U.reviewBlank)));
    insetBuild();
    pages();
  }
  function raise() {
    var c = panel.classList, low = c.contains("low"), high = c.contains("high");
    c.remove("low"); c.remove("high");
    if (low) { /* to the middle */ } else if (high) c.add("low"); else c.add("high");
    declutter();
  }
  function pages() {
    for (var k in parts.tabs) { parts.tabs[k].setAttribute("aria-selected", k === S.tab ? "true" : "false"); parts.tabs[k].setAttribute("tabindex", k === S.tab ? "0" : "-1"); }
    parts.pages.setAttribute("aria-labelledby", "tab-" + S.tab);
    fill(parts.pages, S.tab === "goals" ? goalsPage() : S.tab === "about" ? aboutPage() : S.tab === "findings" ? findings.page(parts.pages) : S.tab === "land" ? view.page() : S.tab === "firms" ? firms.page() : S.tab === "compare" ? compare.page() : parksPage());
    if (S.tab !== "findings") parts.pages.onscroll = null;
    parts.pages.scrollTop = 0;
    if (S.tab === "parks") paintList();
  }

  function parksPage() {
    var out = [];
    parts.search = el("input", { type: "search", id: "q", autocomplete: "off", spellcheck: "false", value: S.query, oninput: function () { S.query = this.value; paint(); remember(); } });
    out.push(el("div", { class: "field" }, el("label", { for: "q" }, U.search), parts.search));
    if (D.measures.length) {
      parts.select = el("select", { id: "m", onchange: function () { S.measure = this.value; paint(); remember(); } }, D.measures.map(function (m) {
        return el("option", { value: m.key, selected: m.key === S.measure }, T(m.name) + (T(m.unit) ? (S.lang === "en" ? " (" + T(m.unit) + ")" : "（" + T(m.unit) + "）") : ""));
      }));
      out.push(el("div", { class: "field" }, el("label", { for: "m" }, U.measure), parts.select));
    }
    if (D.years.length > 1) {
      parts.range = el("input", { type: "range", id: "y", min: D.years[0], max: D.years[D.years.length - 1], step: 1, value: S.year, oninput: function () { stop(); S.year = +this.value; paint(); remember(); } });
      parts.out = el("output", { class: "year num", for: "y" });
      parts.play = el("button", { class: "play", type: "button", onclick: toggle });
      parts.era = el("div", { class: "era" });
      out.push(el("div", { class: "field" }, el("label", { for: "y" }, U.year), el("div", { class: "row" }, parts.range, parts.out, parts.play),
        el("div", { class: "between" }, parts.era, el("div", { class: "seg", role: "group", "aria-label": U.mode }, [["latest", U.latest], ["exact", U.exact]].map(function (o) {
          return el("button", { type: "button", "aria-pressed": S.mode === o[0] ? "true" : "false", onclick: function () { S.mode = o[0]; var seg = this.parentNode; each(seg.children, function (b) { b.setAttribute("aria-pressed", "false"); }); this.setAttribute("aria-pressed", "true"); paint(); remember(); } }, o[1]);
        })))));
    }
    if (D.industries.length) {
      parts.chips = el("div", { class: "chips", role: "group", "aria-label": U.clusters });
      parts.join = el("div", { class: "seg", role: "group", "aria-label": U.anyAll }, ["any", "all"].map(function (j) {
        return el("button", { type: "button", "aria-pressed": S.join === j ? "true" : "false", onclick: function () { S.join = j; each(this.parentNode.children, function (b) { b.setAttribute("aria-pressed", "false"); }); this.setAttribute("aria-pressed", "true"); paint(); remember(); } }, U[j]);
      }));
      each(D.industries, function (i) {
        if (i.kind !== "cluster" && !D.units.some(function (u) { return u.industries.indexOf(i.id) >= 0; })) return;
        parts.chips.appendChild(el("button", { class: "chip" + (i.kind === "cluster" ? "" : " activity"), type: "button", "aria-pressed": S.picks.indexOf(i.id) >= 0 ? "true" : "false", onclick: function () {
          var at = S.picks.indexOf(i.id);
          if (at >= 0) S.picks.splice(at, 1); else S.picks.push(i.id);
          this.setAttribute("aria-pressed", at >= 0 ? "false" : "true"); paint(); remember();
        } }, T(i.name), el("b", { class: "num" }, parks.filter(names(i.id)).length)));
      });
      out.push(el("div", { class: "field" }, el("div", { class: "between" }, el("span", { class: "cap" }, U.clusters), parts.join), parts.chips));
    }
    parts.status = el("p", { class: "status", role: "status" });
    parts.list = el("ol", { class: "rank" });
    parts.blocks = D.units.some(function (u) { return u.level === "block"; }) ? el("button", { class: "chip", type: "button", "aria-pressed": S.blocks ? "true" : "false", onclick: function () { S.blocks = !S.blocks; this.setAttribute("aria-pressed", S.blocks ? "true" : "false"); paint(); remember(); } }, U.blocks) : null;
    out.push(el("div", { class: "between" }, el("h2", { class: "cap" }, U.rankingOf), parts.blocks), parts.status, parts.list);
    return out;
  }

  function area(list) { /* published area, parents and their parts once */
    var sum = 0, n = 0, has = Object.create(null);
    each(list, function (u) { has[u.id] = true; });
    each(list, function (u) {
      if (u.level === "group") return;
      if (u.above.some(function (p) { return has[p.id] && cell(p.id, "planned_land_m2", S.year, "latest"); })) return;
      var c = cell(u.id, "planned_land_m2", S.year, "latest");
      if (c) { sum += c[1]; n++; }
    });
    return { sum: sum, n: n };
  }
  function paintList() {
    var list = ranked(), m = measure(), hi = 0, n = 0, withValue = 0, cs = colours();
    each(list, function (r) { if (r.c) { hi = Math.max(hi, r.c[1]); withValue++; } });
    var shown = list.filter(function (r) { return r.u.level !== "block"; }), a = area(shown.map(function (r) { return r.u; }));
    var says = S.lang === "en" ? shown.length + " parks, " + withValue + " with a value" : shown.length + " 个园区，" + withValue + " 个有数值";
    if ((S.picks.length || S.query) && a.n) says += (S.lang === "en" ? "; published area " + number(a.sum) + " km² in all (" + a.n + " known; " + U.areaNote + ")" : "；" + U.published + " " + number(a.sum) + " 平方公里（" + a.n + " 个有面积，" + U.areaNote + "）");
    fill(parts.status, list.length ? says : U.noMatch);
    clear(parts.list);
    each(list, function (r) {
      var u = r.u, c = r.c;
      if (c) n++;
      var why = !u.g ? U.unplaced : !there(u) ? (u.since !== null && S.year < u.since ? U.notYet + (S.lang === "en" ? " (" + u.since + ")" : "（" + u.since + "年）") : U.gone) : "";
      var b = el("button", { type: "button", "data-unit": u.id, class: c ? "" : "none", "aria-current": u.id === S.unit ? "true" : null, onclick: function () { pick(u.id, true); } },
        el("span", { class: "top" }, el("span", { class: "no num" }, c ? n : ""), el("span", { class: "sq", style: "background:" + u.hue }), el("span", { class: "nm" }, T(u.name)),
          c ? el("span", { class: "vl num" }, marked(c[2], c[1]), c[0] !== S.year ? el("span", { class: "yr" }, c[0]) : null) : el("span", { class: "vl" }, "—")),
        c ? el("span", { class: "bar" }, el("i", { style: "width:" + (hi > 0 ? Math.max(0.5, 100 * Math.max(0, c[1]) / hi) : 0) + "%;background:" + (klass(c[1]) ? cs[klass(c[1])] : "#8fb9b3") })) : null,
        why ? el("span", { class: "why" }, why) : null);
      parts.list.appendChild(el("li", { class: u.level === "block" ? "sub" : null }, b));
    });
    if (parts.out) fill(parts.out, S.year);
    if (parts.range) parts.range.value = S.year;
    if (parts.play) { fill(parts.play, timer ? icon("M4.5 2v10M9.5 2v10") : icon("M4 2l8 5-8 5z")); parts.play.setAttribute("aria-label", timer ? U.pause : U.play); }
    if (parts.era) { var e = era(); fill(parts.era, e ? T([e[2], e[3]]) : ""); }
    if (m && parts.select) parts.select.value = m.key;
  }
  function era() { var found = null; each(D.eras, function (e) { if (e[0] !== null && e[0] <= S.year && (e[1] === null || S.year < e[1])) found = e; }); return found; }
  function toggle() {
    if (timer) { stop(); paintList(); return; }
    var last = D.years[D.years.length - 1];
    if (S.year >= last) S.year = D.years[0];
    timer = setInterval(function () {
      if (S.year >= last) { stop(); paintList(); return; }
      S.year++; paint();
    }, 700);
    paint();
  }
  function stop() { if (timer) { clearInterval(timer); timer = null; remember(); } }

  /* --- legend -------------------------------------------------------------------------------- */
  function swatch(colour, dashed, stroke) { return svg("svg", { width: 26, height: 15, viewBox: "0 0 26 15", "aria-hidden": "true" }, svg("rect", { x: 1, y: 1, width: 24, height: 13, rx: 2, fill: colour, stroke: stroke || "#8c8371", "stroke-width": stroke ? 1.6 : 0.8, "stroke-dasharray": dashed || "none" })); }
  function hatch(id) { return svg("svg", { width: 26, height: 15, viewBox: "0 0 26 15", "aria-hidden": "true" }, svg("defs", {}, svg("pattern", { id: id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { width: 6, height: 6, fill: "#fdfcf9" }), svg("rect", { width: 1.2, height: 6, fill: "#c9c0ae" }))), svg("rect", { x: 1, y: 1, width: 24, height: 13, rx: 2, fill: "url(#" + id + ")", stroke: "#8c8371", "stroke-width": 0.8 })); }
  function keyOf(c, id) { return c.more ? null : c.line ? swatch("none", null, c.line) : c.colour ? (c.dot ? dot(c.colour) : swatch(c.colour)) : hatch(id); }
  function classes(forPrint) {
    var m = measure(), out = [], b, cs;
    if (!m) return out;
    b = m.breaks; cs = colours();
    each(cs, function (c, i) {
      var text = !b.length ? U.valueAt : i === 0 ? (S.lang === "en" ? "below " + number(b[0]) : number(b[0]) + " 以下") : i === b.length ? (S.lang === "en" ? number(b[i - 1]) + " and more" : number(b[i - 1]) + " 及以上") : number(b[i - 1]) + " – " + number(b[i]);
      out.push({ text: text, colour: c });
    });
    out.push({ text: U.none, colour: null });
    return out;
  }
  function keys(short) { /* what else is drawn; groups that carry their name on the map need no key on the screen */
    var out = [], has = function (p) { return D.units.some(function (u) { return u.g && u.precision === p; }); };
    each(D.groups, function (g) { if (short && D.outlines.some(function (o) { return o.id === g.id; })) return; if (!D.outlines.some(function (o) { return o.id === g.id; }) && !drawn.some(function (u) { return u.group === g.id; })) return; out.push({ node: swatch("#fdfcf9", D.outlines.some(function (o) { return o.id === g.id; }) ? "4 2" : null, g.hue), text: T(g.name), hue: g.hue }); });
    if (has("sketch")) out.push({ node: swatch("#fdfcf9", "6 3", "#5f6b76"), text: U.sketchLine, dash: [6, 3] });
    if (has("schematic")) out.push({ node: swatch("#fdfcf9", "2 2.5", "#5f6b76"), text: U.schematicLine, dash: [2, 2.5] });
    if (D.units.some(function (u) { return u.isPoint; })) out.push({ node: svg("svg", { width: 26, height: 15, viewBox: "0 0 26 15", "aria-hidden": "true" }, svg("circle", { cx: 13, cy: 7.5, r: 5.5, fill: "#fdfcf9", stroke: "#5f6b76", "stroke-width": 1.5, "stroke-dasharray": "2.5 2" })), text: U.pointMark, dot: true });
    return out;
  }
  function unitOf(m) { var unit = T(m.unit); return unit ? (S.lang === "en" ? " (" + unit + ")" : "（" + unit + "）") : ""; }
  function when() { if (compare.shows() && D.compare.years) return S.lang === "en" ? "latest by " + D.compare.years.join(" | by ") : "截至 " + D.compare.years.join(" 年 | 截至 ") + " 年"; return S.mode === "latest" ? (S.lang === "en" ? "latest value by " + S.year : "截至 " + S.year + " 年的最近值") : (S.lang === "en" ? "values of " + S.year : S.year + " 年"); }
  var shut = null;
  function paintLegend() {
    var m = measure();
    if (shut === null) shut = phone() || map.getSize().y < 560;
    legend.className = "box legend" + (shut ? " shut" : "");
    var now = legendOf(phone() ? 8 : 14);
    fill(legend,
      el("h2", {}, now.title || U.legend),
      el("button", { class: "fold", type: "button", "aria-expanded": shut ? "false" : "true", "aria-label": U.legend, onclick: function () { shut = !shut; paintLegend(); declutter(); legend.querySelector(".fold").focus(); } }, shut ? "▾" : "▴"),
      now.sub ? el("p", { class: "sub" }, now.sub) : null,
      el("div", { class: "rows" }, now.rows.map(function (c) { return el("div", { class: "sw num" }, keyOf(c, "no-data-legend"), c.text); })),
      now.keys.length ? el("div", { class: "keys" }, now.keys.map(function (k) { return el("div", { class: "sw" }, k.node, k.text); })) : null);
  }
  /* what the map shows now, in words and colours: one answer for screen, paper and picture */
  function legendOf(most, all) {
    var m = measure(), by = firms.legend() || compare.legend() || view.legend(most), marks = findings.legend();
    if (by) return { title: by.title, sub: by.sub || (S.year !== null && !firms.shows() ? (S.lang === "en" ? "as of " + S.year : S.year + " 年") : ""), rows: by.rows.concat(marks), keys: [], land: true };
    if (S.tab === "findings") return { title: U.findings, sub: "", rows: marks, keys: keys(!all) };
    return { title: m ? T(m.name) + unitOf(m) : "", sub: m ? when() + (m.breaks.length ? (S.lang === "en" ? "; " : "；") + U.allYears : "") : "", rows: classes().concat(marks), keys: keys(!all) };
  }
  function dot(colour) { return svg("svg", { width: 26, height: 15, viewBox: "0 0 26 15", "aria-hidden": "true" }, svg("circle", { cx: 13, cy: 7.5, r: 5, fill: colour, stroke: "#fffefb", "stroke-width": 1.2 })); }

  /* --- the card -------------------------------------------------------------------------------- */
  function sourceText(i) { return i >= 0 ? D.sources[i] : ""; }
  function scopeText(c) { return c[4] === "registration" ? U.registration : c[4] === "operation" ? U.operation : c[4] === "unknown" ? U.unknown : ""; }
  function whenText(c) { return c[0] + (S.lang === "en" ? "" : "年") + " · " + T(own(D.words.periods, c[3]) || [c[3], c[3]]) + (own(D.words.status, c[6]) ? " · " + T(own(D.words.status, c[6])) : ""); }
  function kpi(u, m, open) {
    var c = cell(u.id, m.key, S.year, "latest");
    if (!c) return null;
    var scope = scopeText(c), src = sourceText(c[8]);
    return el("details", { class: "kpi", open: open },
      el("summary", {}, el("span", { class: "nm" }, T(m.name), el("span", { class: "when" }, whenText(c))), el("span", { class: "vl num" }, qualified(c[2], c[1]), el("small", {}, T(m.unit)))),
      el("div", { class: "in" },
        series(u.id, m.key).length > 1 ? trend(u, m.key) : null, place(u, m.key),
        T(m.note) ? el("p", {}, U.def + colon() + T(m.note)) : null,
        c[5] === "computed" ? el("p", {}, U.computed) : null,
        scope ? el("p", {}, U.scope + colon() + scope) : null,
        own(D.words.series, c[7]) ? el("p", {}, T(own(D.words.series, c[7]))) : null,
        T(c[9]) ? el("p", { class: c[5] === "computed" && (c[4] === "registration" || c[4] === "unknown") ? "warn" : "" }, T(c[9])) : null,
        c[10] ? el("p", { class: "warn" }, U.conflict) : null,
        src ? el("p", { class: "src" }, U.source + colon() + src) : null));
  }
  function unknowns(u) {
    var out = [], first = D.measures[0];
    if (!u.g) out.push(U.uNoPlace); else if (u.isPoint) out.push(U.uOutline);
    if (u.level !== "block") {
      if (D.values.planned_land_m2 && !series(u.id, "planned_land_m2").length) out.push(U.uArea);
      if (D.plan && u.since === null) out.push(U.uSince);
      if (D.plan && !u.industries.length) out.push(U.uIndustry);
      var lacking = D.measures.filter(function (m) { return !m.computed && m.key !== "planned_land_m2" && !series(u.id, m.key).length; }).slice(0, 4).map(function (m) { return T(m.name); });
      if (lacking.length) out.push(U.uValue + lacking.join(S.lang === "en" ? ", " : "、"));
      var rows = first ? series(u.id, first.key) : [];
      if (rows.length && D.years.length && rows[rows.length - 1][0] < D.years[D.years.length - 1]) out.push(S.lang === "en" ? T(first.name) + ": nothing found after " + rows[rows.length - 1][0] : T(first.name) + colon() + rows[rows.length - 1][0] + " 年以后的全年数未查到");
    }
    return out;
  }
  function paintCard() {
    var u = byId[S.unit], some = carded();
    root.className = some ? "has-card" : "";
    document.body.className = some ? "has-card" : "";
    card.hidden = !some;
    if (!some) return;
    if (!u) { sideCard(S.thing ? (compare.shows() ? compare.card(S.thing) : view.card(S.thing)) : findings.card()); return; }
    card.style.setProperty("--hue", u.hue);
    var g = groupById[u.group], other = S.lang === "en" ? u.name[0] : u.name[1], records = own(D.records, u.id) || [], first = measure(), shown = D.measures.slice(), sep = S.lang === "en" ? "; " : "；";
    if (first) { shown.splice(shown.indexOf(first), 1); shown.unshift(first); }
    var kpis = shown.map(function (m, i) { return kpi(u, m, i === 0); });
    var via = D.industries.filter(function (i) { return i.kind === "cluster" && u.industries.indexOf(i.id) < 0 && names(i.id)(u); });
    var p = byId[u.parent], kids = u.kids, unknown = unknowns(u);
    var meta = [T(u.district), g ? T(g.name) : "", u.since !== null ? (S.lang === "en" ? "since " + u.since : u.since + " 年起") : ""].filter(Boolean).join(" · ");
    var scroll = el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": T(u.name) });
    fill(card,
      el("div", { class: "head" }, el("h2", {}, T(u.name)), other !== T(u.name) ? el("div", { class: "other", lang: S.lang === "en" ? "zh-CN" : "en" }, other) : null, el("div", { class: "meta" }, meta),
        u.precision ? el("span", { class: "badge" }, (own(U, u.precision) || u.precision) + (u.error ? (S.lang === "en" ? ", off by about " + number(u.error) + " m" : "，误差约 " + number(u.error) + " 米") : "")) : el("span", { class: "badge" }, U.unplaced),
        u.isPoint || !u.g || u.precision === "synthetic" || u.precision === "surveyed" ? null : el("span", { class: "badge" }, U.notOfficial)),
      el("button", { class: "x", type: "button", "aria-label": U.close, onclick: function () { pick(null); } }, "×"), scroll);
    add(scroll, [
      kpis.some(Boolean) ? kpis : el("p", { class: "text" }, U.noRecords),
      u.industries.length || u.clauses.length ? [el("h3", {}, U.position),
        g && T(g.demand) ? el("p", { class: "text" }, T(g.demand)) : null,
        u.industries.length ? el("p", {}, u.industries.map(function (k) { return el("span", { class: "tag" }, T(industryById[k].name)); }), via.map(function (i) { return el("span", { class: "tag via", title: U.via }, T(i.name)); })) : null,
        via.length ? el("p", { class: "text" }, (S.lang === "en" ? "Dashed: " : "虚线框：") + U.via) : null,
        u.words.length && g && g.words.length ? el("p", { class: "text" }, U.plannedWords + colon() + g.words.join("、")) : null,
        u.clauses.length ? el("p", { class: "text" }, U.clause + " " + u.clauses.map(function (c) { return c[0]; }).join(sep) + (D.plan ? (S.lang === "en" ? ", " : "，") + T(D.plan.name) : "")) : null] : null,
      mix(u),
      unknown.length ? [el("h3", {}, U.notKnown), el("ul", { class: "unknown" }, unknown.map(function (t) { return el("li", {}, t); }))] : null,
      T(u.note) ? el("p", { class: "text" }, T(u.note)) : null,
      T(u.made) ? el("p", { class: "text" }, U.howDrawn + colon() + T(u.made)) : null,
      p ? [el("h3", {}, U.parent), el("div", { class: "inner" }, el("button", { type: "button", onclick: function () { pick(p.id, true); } }, T(p.name)))] : null,
      kids.length ? [el("h3", {}, U.inside), el("div", { class: "inner" }, kids.map(function (k) { return el("button", { type: "button", onclick: function () { pick(k.id, true); } }, T(k.name)); }))] : null,
      u.aliases.length || u.former.length ? [el("h3", {}, U.aliases), el("p", { class: "text" }, u.former.map(function (f) { return T(f.name) + (f.since || f.until ? (S.lang === "en" ? " (" : "（") + f.since + "–" + f.until + (S.lang === "en" ? ")" : "）") : ""); }).concat(u.aliases).join(S.lang === "en" ? "; " : "；"))] : null,
      u.boundary.length ? [el("h3", {}, U.boundary), u.boundary.map(function (b) { return el("p", { class: "text" }, b.what + (b.year ? " (" + b.year + ")" : "") + colon() + ["east", "south", "west", "north"].map(function (s, i) { return b.sides[i] ? U[s] + " " + b.sides[i] : ""; }).filter(Boolean).join(sep)); })] : null,
      records.length ? el("details", { class: "more" }, el("summary", {}, U.allValues + " (" + records.length + ")"),
        el("table", { class: "recs" }, el("caption", { class: "sr" }, U.allValues), el("thead", {}, el("tr", {}, el("th", { scope: "col" }, U.year), el("th", { scope: "col" }, U.measure), el("th", { scope: "col", class: "v" }, U.valueAt))),
          el("tbody", {}, records.map(function (r) {
            var t = own(D.words.terms, r[1]);
            return el("tr", {}, el("td", { class: "num" }, r[0]), el("td", {}, t ? T(t.name) : r[1], el("div", { class: "src" }, [T(own(D.words.periods, r[4]) || [r[4], r[4]]), own(D.words.status, r[7]) ? T(own(D.words.status, r[7])) : "", scopeText([0, 0, 0, 0, r[5]]), T(r[10])].filter(Boolean).join(" · ")), el("div", { class: "src" }, sourceText(r[9]))), el("td", { class: "v num" }, qualified(r[3], r[2]), el("div", { class: "src" }, t ? T(t.unit) : "")));
          })))) : null]);
  }

  /* the card of a parcel, a building or a finding */
  function sideCard(c) {
    card.style.setProperty("--hue", "#0f5c6e");
    fill(card, el("div", { class: "head" }, el("h2", {}, c.title), el("div", { class: "other" }, c.other)),
      el("button", { class: "x", type: "button", "aria-label": U.close, onclick: function () { pick(null); } }, "×"),
      el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": c.title }, c.body));
  }

  /* --- goals, about, findings ------------------------------------------------------------------- */
  function goalsPage() {
    return [el("p", { class: "status" }, D.plan ? T(D.plan.name) : ""), D.goals.map(function (g) {
      var kind = g.verdict === "met" ? "met" : g.verdict === "not met" ? "not" : "open", share = g.target && g.value !== null ? g.value / g.target : null;
      var sameYear = g.valueYear === g.year;
      return el("article", { class: "goal" }, el("h2", {}, T(g.name) + (S.lang === "en" ? ", " : "，") + g.year, el("span", { class: "v " + kind }, (kind === "met" ? "✓ " : kind === "not" ? "✕ " : "? ") + T(g.word))),
        share !== null && sameYear ? el("div", { class: "meter", role: "img", "aria-label": U.progress + " " + Math.round(share * 100) + "%" }, el("i", { style: "width:" + Math.min(100, share * 100) + "%" })) : null,
        el("p", { class: "nums num" }, U.target + colon() + (g.target !== null ? number(g.target) + " " + T(g.unit) : g.printed) + "　" + U.value + colon() + (g.value !== null ? qualified(g.qualifier, g.value) + " " + T(g.unit) + (S.lang === "en" ? " (" : "（") + g.valueYear + " " + T(own(D.words.periods, g.period) || [g.period, g.period]) + (S.lang === "en" ? ")" : "）") : "—")),
        el("p", { class: "why" }, T(g.why)), el("p", { class: "src text" }, U.clause + " " + g.clause + (g.source >= 0 ? "　" + U.source + colon() + sourceText(g.source) : "")));
    })];
  }
  function aboutPage() {
    return el("div", { class: "about" },
      D.synthetic ? el("p", { class: "warn" }, U.syn) : null,
      T(D.disclaimer) ? el("p", { class: "warn" }, T(D.disclaimer)) : null,
      T(D.counting) ? [el("h2", {}, U.counting), el("p", {}, T(D.counting))] : null,
      D.groups.some(function (g) { return g.clause; }) ? [el("h2", {}, U.groupLine), el("ul", {}, D.groups.map(function (g) { return el("li", {}, el("b", { style: "color:" + g.hue }, T(g.name)), " " + T(g.demand) + (g.clause ? (S.lang === "en" ? " (clause " : "（") + g.clause + (S.lang === "en" ? ")" : "）") : "")); }))] : null,
      D.demands.length ? [el("h2", {}, U.demands), el("ul", {}, D.demands.map(function (d) { return el("li", {}, T(d.t) + (S.lang === "en" ? " (" : "（") + d.clause + (S.lang === "en" ? ")" : "）")); }))] : null,
      el("h2", {}, U.sources), el("ul", {}, D.sourceList.map(function (s) { return el("li", {}, T(s.t) + (s.licence ? (S.lang === "en" ? " — " : "　") + s.licence : "")); })),
      T(D.credit) ? el("p", {}, T(D.credit)) : null,
      el("p", {}, U.review + colon() + (D.review || U.reviewBlank)), el("p", {}, U.projection));
  }
  /* --- the small map of the whole --------------------------------------------------------------- */
  var world = null;
  function project(lat, lng) { var p = map.options.crs.latLngToPoint(L.latLng(lat, lng), 8); return [p.x, p.y]; }
  function insetBuild() {
    if (!D.districts.length) { inset.hidden = true; return; }
    var x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
    var path = function (g) {
      var out = "";
      each(g.type === "MultiPolygon" ? g.coordinates : [g.coordinates], function (poly) { each(poly, function (ring) { each(ring, function (c, i) { var p = project(c[1], c[0]); x0 = Math.min(x0, p[0]); x1 = Math.max(x1, p[0]); y0 = Math.min(y0, p[1]); y1 = Math.max(y1, p[1]); out += (i ? "L" : "M") + p[0].toFixed(1) + " " + p[1].toFixed(1); }); out += "Z"; }); });
      return out;
    };
    var land = D.districts.map(function (d) { return svg("path", { d: path(d.g), fill: "#f1ede3", stroke: "#cfc7b6", "stroke-width": 0.4 }); });
    var dots = parks.filter(function (u) { return u.at && u.level === "park"; }).map(function (u) { var p = project(u.at[0], u.at[1]); return svg("circle", { cx: p[0], cy: p[1], r: 3, fill: u.hue, opacity: 0.85 }); });
    world = svg("rect", { fill: "none", stroke: "#d97706", "stroke-width": 1.4 });
    var one = (x1 - x0) / 100;
    each(dots, function (d) { d.setAttribute("r", 1.7 * one); }); each(land, function (d) { d.setAttribute("stroke-width", 0.35 * one); });
    world.setAttribute("stroke-width", 1.1 * one);
    fill(inset, el("div", { class: "cap" }, U.whole), svg("svg", { viewBox: [x0 - one, y0 - one, x1 - x0 + 2 * one, y1 - y0 + 2 * one].join(" "), role: "img", "aria-label": U.whole }, land, dots, world));
    insetMove();
  }
  function insetMove() {
    if (!world) return;
    var b = map.getBounds(), a = project(b.getNorth(), b.getWest()), c = project(b.getSouth(), b.getEast());
    world.setAttribute("x", a[0]); world.setAttribute("y", a[1]); world.setAttribute("width", Math.max(1, c[0] - a[0])); world.setAttribute("height", Math.max(1, c[1] - a[1]));
  }
  function scaleLength(target) { /* a round length of about so many pixels, in the middle of the view */
    var s = map.getSize(), y = s.y / 2, m = map.distance(map.containerPointToLatLng([s.x / 2, y]), map.containerPointToLatLng([s.x / 2 + 100, y])) / 100, raw = m * target, p = Math.pow(10, Math.floor(Math.log(raw) / Math.LN10)), n = raw / p >= 5 ? 5 : raw / p >= 2 ? 2 : 1;
    return { m: n * p, px: n * p / m, text: n * p >= 1000 ? number(n * p / 1000) + (S.lang === "en" ? " km" : " 公里") : number(n * p) + (S.lang === "en" ? " m" : " 米"), perPx: m };
  }
  function paintScale() { var l = scaleLength(110); fill(scale, l.text, el("i", { style: "width:" + l.px.toFixed(1) + "px" })); }

  /* --- moving about ------------------------------------------------------------------------------ */
  function boundsOf(list) { var b = null; each(list, function (u) { var x = (u.layer || shape(u.g, {})).getBounds(); b = b ? b.extend(x) : L.latLngBounds(x.getSouthWest(), x.getNorthEast()); }); return b; }
  var drawn = D.units.filter(function (u) { return u.g; });
  var inGroups = drawn.filter(function (u) { return u.group && groupById[u.group] && u.level !== "group"; });
  var everything = boundsOf(drawn.length ? drawn : D.outlines.concat(D.districts).filter(function (o) { return o.g; }));
  var core = boundsOf(inGroups.length > 1 ? inGroups : drawn) || everything;
  if (core && D.outlines.length && inGroups.length > 1) each(D.outlines, function (o) { core.extend(o.layer.getBounds()); });
  if (core) { var inner = L.latLngBounds(core.getSouthWest(), core.getNorthEast()); each(drawn, function (u) { if (!u.isPoint && inner.contains(u.at)) core.extend(u.layer.getBounds()); }); }
  function padding() {
    if (printing) return { paddingTopLeft: [12, 12], paddingBottomRight: [12, 12] };
    var f = frame(), s = map.getSize();
    var p = phone() ? [14, 56, 14, s.y - f.bottom + 12] : [f.left + 8, 22, s.x - f.right + 8, 34];
    var x = Math.min(1, 0.8 * s.x / (p[0] + p[2])), y = Math.min(1, 0.8 * s.y / (p[1] + p[3])); /* a small window is not all margin */
    return { paddingTopLeft: [p[0] * x, p[1] * y], paddingBottomRight: [p[2] * x, p[3] * y] };
  }
  var awaited = null; /* where to go once the map can be seen: a page in a folded notebook cell or a hidden tab has no size */
  function seen() {
    var c = map.getContainer(), s = map.getSize();
    if (s.x !== c.clientWidth || s.y !== c.clientHeight) { map.invalidateSize({ animate: false, pan: false }); s = map.getSize(); }
    return s.x > 0 && s.y > 0;
  }
  function go(bounds, move, most) {
    if (!bounds) return;
    awaited = seen() ? null : [bounds, most];
    if (awaited) { map.setView(bounds.getCenter(), 9, { animate: false }); return; }
    var o = padding();
    o.maxZoom = most || 14.5;
    if (move && !still && !printing) { o.duration = 0.7; map.flyToBounds(bounds, o); } else { o.animate = false; map.fitBounds(bounds, o); }
  }
  /* one step of the browser's Back: the card closes and the page stays */
  function step() { if (!quiet) { try { history.pushState(null, "", location.href); } catch (_) { /* a frame without an address */ } } }
  function pick(id, move) {
    var before = S.unit;
    if (id && !carded()) step();
    S.unit = id && byId[id] ? id : null; S.thing = null; S.finding = null; P.mark.clear();
    tip.hidden = true;
    paint(); remember();
    if (S.unit) {
      if (move && byId[id].layer) { var b = byId[id].layer.getBounds(); go(b.pad ? b.pad(byId[id].isPoint ? 0.01 : 0.9) : b, true, byId[id].isPoint ? 11.5 : 14); }
      card.focus();
    } else if (before) { back(before); }
  }
  /* a parcel or a building, as land.at found it */
  function pickThing(thing, move) {
    if (!carded()) step();
    S.unit = null; S.finding = null; S.thing = thing; tip.hidden = true;
    outline(thing);
    view.read(thing.layer).then(function () { if (S.thing === thing) { paintCard(); if (move) go(thing.layer.layer.boundsOf(thing.i).pad(1.2), true, 18); declutter(); } });
    paint(); remember();
  }
  function outline(thing) { P.mark.clear(); P.mark.rings(thing.layer.layer.latLngsOf(thing.i)); }
  function showFinding() { if (!carded()) step(); S.unit = null; S.thing = null; paint(); }
  /* a click on the map: what is drawn uppermost is meant */
  function touch(latlng) {
    if (measuring.take(latlng)) return true;
    var f = findings.at(latlng), t;
    if (f >= 0) { findings.choose(f, false); return true; }
    t = firms.shows() ? null : compare.at(latlng) || land.at(latlng);
    if (t) { pickThing(t, false); return true; }
    return false;
  }
  var felt = 0;
  function feel(e) { /* the same for the pointer; at most once a frame */
    var said = firms.tip(e.latlng) || compare.tip(e.latlng), t = said ? null : firms.shows() ? null : land.at(e.latlng);
    if (!said && !t) return false;
    if (t && t.layer.classes && !t.layer.now("id")) t.layer.column("id");
    tell(said || view.tip(t), e.originalEvent);
    return true;
  }
  function tell(nodes, e) {
    var r = root.getBoundingClientRect();
    fill(tip, nodes); tip.hidden = false;
    tip.style.left = Math.min(e.clientX - r.left + 14, r.width - tip.offsetWidth - 8) + "px"; tip.style.top = Math.min(e.clientY - r.top + 14, r.height - tip.offsetHeight - 8) + "px";
  }
  map.on("click", function (e) { if (e.originalEvent !== taken) touch(e.latlng); });
  map.on("mousemove", function (e) { var now = Date.now(); if (now - felt < 30 || e.originalEvent === taken) return; felt = now; if (!feel(e)) tip.hidden = true; });
  map.on("mouseout movestart", function () { tip.hidden = true; });
  function togglePick(k) { var at = S.picks.indexOf(k); if (at >= 0) S.picks.splice(at, 1); else S.picks.push(k); refresh(); paint(); remember(); }
  function refresh() { var at = parts.pages.scrollTop; pages(); parts.pages.scrollTop = at; }
  function landChanged() { land.update(); firms.update(); compare.update(); if (S.tab === "land") { view.table(); syncLand(); } each(order, style); paintLegend(); declutter(); }
  function syncLand() { each(panel.querySelectorAll(".lay input[type=checkbox]"), function (b) { if (b.id.slice(0, 8) === "land-on-") b.checked = S.land.on.indexOf(b.id.slice(8)) >= 0; }); }
  function save(name, type, text) {
    var url = URL.createObjectURL(new Blob([text], { type: type + ";charset=utf-8" })), a = el("a", { href: url, download: D.id.replace(/[^\w\-\u4e00-\u9fff]+/g, "_") + "-" + name });
    document.body.appendChild(a); a.click(); document.body.removeChild(a);
    setTimeout(function () { URL.revokeObjectURL(url); }, 8000);
  }
  function back(id) { if (S.tab !== "parks") return; each(parts.list.querySelectorAll("button"), function (b) { if (b.getAttribute("data-unit") === id) b.focus(); }); }
  function hover(u, e) {
    var c = value(u), r = root.getBoundingClientRect();
    fill(tip, T(u.name), el("small", {}, c && measure() ? T(measure().name) + " " + qualified(c[2], c[1]) + " " + T(measure().unit) + (S.lang === "en" ? ", " : "，") + c[0] : U.none));
    tip.hidden = false;
    var x = Math.min(e.clientX - r.left + 14, r.width - tip.offsetWidth - 8);
    tip.style.left = x + "px"; tip.style.top = Math.min(e.clientY - r.top + 14, r.height - tip.offsetHeight - 8) + "px";
  }
  document.addEventListener("keydown", function (e) { if (e.key === "Escape" && carded()) pick(null); else if (S.finding !== null && (e.key === "j" || e.key === "k") && !/^(INPUT|SELECT|TEXTAREA)$/.test(/** @type {Element} */ (e.target).tagName)) findings.step(e.key === "j" ? 1 : -1); });

  /* what the page shows, in one sentence; the number of parks is the one the zone goes by */
  function showing(n, e) {
    var m = measure(), known = parks.filter(value).length, all = e && e[4] ? (S.lang === "en" ? T([e[2], e[3]]) + " (" + e[4] + "), " + n + " listed with their parts" : T([e[2], e[3]]) + "（" + e[4] + " 园），连同下级园区和片区共列 " + n + " 个") : S.lang === "en" ? n + " parks and areas" : n + " 个园区与片区";
    var what = compare.shows() ? T(D.compare.sides[0]) + " | " + T(D.compare.sides[1]) : firms.shows() ? (S.lang === "en" ? "firms by cluster" : "企业按产业集群") : land.shows() && land.active() ? T(land.active().record.name) + (land.active().style ? " · " + T(land.active().style.name) : "") : m ? T(m.name) + (S.lang === "en" ? ", " + when() + " (" + known + " of " + n + " known)" : "，" + when() + "（" + known + " 个有数值）") : "";
    return all + (what ? (S.lang === "en" ? ". Shown: " : "；图上是") + what : "");
  }
  function paint() {
    pattern();
    each(order, style);
    var n = parks.length, e = era();
    fill(parts.lead, showing(n, e) + (D.synthetic ? " · " + U.syn : "") + (drawn.some(function (u) { return u.precision === "sketch" || u.precision === "schematic"; }) ? " · " + U.notOfficial : ""));
    if (S.tab === "parks") paintList();
    land.update(); firms.update(); findings.update(); context.update();
    paintLegend(); paintScale(); paintCard(); compare.update(); declutter();
  }

  /* --- the link that brings the view back ----------------------------------------------------------- */
  var quiet = true;
  function remember() {
    if (quiet || printing) return;
    var c = map.getCenter(), h = ["v=" + c.lat.toFixed(4) + "," + c.lng.toFixed(4) + "," + map.getZoom().toFixed(2), "l=" + S.lang];
    if (S.measure) h.push("m=" + encode(S.measure));
    if (S.year !== null) h.push("y=" + S.year);
    if (S.mode !== "latest") h.push("k=" + S.mode);
    if (S.picks.length) h.push("i=" + S.picks.map(encode).join(","), "j=" + S.join);
    if (S.query) h.push("q=" + encode(S.query));
    if (S.unit) h.push("s=" + encode(S.unit));
    if (S.land.level && land.active().style) h.push("d=" + S.land.on.map(function (k) { var l = land.byKey[k]; return encode(k + (l.style ? ":" + l.style.key : "")); }).join(","));
    if (S.finding !== null) h.push("f=" + S.finding);
    if (S.tab !== (D.desk || "parks")) h.push("t=" + S.tab);
    if (compare.shows()) h.push("c=" + [S.compare.mode, S.compare.at.toFixed(2), encode(S.compare.theme)].join(","));
    if (S.blocks) h.push("b=1");
    try { history.replaceState(null, "", "#" + h.join("&")); } catch (_) { /* a frame without an address */ }
  }
  var asked = null; /* a finding that the address names */
  function recallLand(list) {
    var known = list.map(function (t) { return t.split(":"); }).filter(function (p) { return land.byKey[p[0]]; });
    S.land.on = known.map(function (p) { return p[0]; });
    each(known, function (p) { var l = land.byKey[p[0]], s = l.record.styles.filter(function (one) { return one.key === p[1]; })[0]; if (s && s !== l.style) { l.style = s; if (l.layer) l.restyle().then(landChanged); } });
  }
  function recallCompare(parts) {
    if (parts[0] === "side" || parts[0] === "swipe") S.compare.mode = parts[0];
    if (+parts[1] > 0 && +parts[1] < 1) S.compare.at = +parts[1];
    if (compare.themes.some(function (t) { return t.key === parts[2]; })) S.compare.theme = parts[2];
  }
  function recall() {
    var view = null;
    asked = null;
    each(String(location.hash).replace(/^#/, "").split("&"), function (part) {
      var at = part.indexOf("="), k = part.slice(0, at), v;
      try { v = decodeURIComponent(part.slice(at + 1)); } catch (_) { return; }
      if (k === "v") { var n = v.split(",").map(Number); if (n.length === 3 && n.every(isFinite) && Math.abs(n[0]) <= 85 && Math.abs(n[1]) <= 180) view = n; }
      else if (k === "l" && (v === "zh" || v === "en")) S.lang = v;
      else if (k === "m" && Object.prototype.hasOwnProperty.call(measureByKey, v)) S.measure = v;
      else if (k === "y" && D.years.indexOf(+v) >= 0) S.year = +v;
      else if (k === "k" && v === "exact") S.mode = v;
      else if (k === "i") S.picks = v.split(",").filter(function (i) { return Object.prototype.hasOwnProperty.call(industryById, i); });
      else if (k === "j" && v === "all") S.join = v;
      else if (k === "q") S.query = v.slice(0, 80).replace(/[\ud800-\udbff]$/, "");
      else if (k === "s" && Object.prototype.hasOwnProperty.call(byId, v)) S.unit = v;
      else if (k === "t" && /^(parks|land|firms|goals|about|findings|compare)$/.test(v)) S.tab = v;
      else if (k === "c") recallCompare(v.split(","));
      else if (k === "b") S.blocks = v === "1";
      else if (k === "d") recallLand(v.split(","));
      else if (k === "f" && /^\d{1,7}$/.test(v) && +v < findings.count) asked = +v;
    });
    return view;
  }
  function copyLink() {
    remember();
    var old = function () {
      var t = el("textarea", { class: "sr", "aria-hidden": "true" }); t.value = location.href; document.body.appendChild(t); t.select();
      var ok = false; try { ok = document.execCommand("copy"); } catch (_) { ok = false; }
      document.body.removeChild(t); toast(ok ? U.copied : U.copyBy);
    };
    if (navigator.clipboard && navigator.clipboard.writeText) navigator.clipboard.writeText(location.href).then(function () { toast(U.copied); }, old); else old();
  }

  /* --- paper -------------------------------------------------------------------------------------------- */
  function filterText() {
    var out = [];
    if (S.picks.length) out.push(S.picks.map(function (k) { return T(industryById[k].name); }).join(S.lang === "en" ? (S.join === "all" ? " and " : " or ") : S.join === "all" ? " 且 " : " 或 "));
    if (S.query) out.push("“" + S.query + "”");
    return out.join(S.lang === "en" ? "; " : "；");
  }
  function sourcesText() {
    var used = {}, out = [];
    each(ranked(), function (r) { if (r.c && r.c[8] >= 0 && !used[r.c[8]]) { used[r.c[8]] = true; out.push(D.sources[r.c[8]]); } });
    return out;
  }
  function today() { var d = new Date(), p = function (n) { return (n < 10 ? "0" : "") + n; }; return d.getFullYear() + "-" + p(d.getMonth() + 1) + "-" + p(d.getDate()); }
  function numberParks() { var n = 0; each(D.units, function (u) { u.no = 0; }); each(ranked(), function (r) { if (r.u.level !== "block") r.u.no = ++n; }); }
  function buildSheet() {
    var says = legendOf(40, true), m = measure(), list = ranked().filter(function (r) { return r.u.level !== "block"; }), f = filterText(), l = scaleLength(120), total = parks.length, src = sourcesText(), seen = map.getBounds();
    var far = list.filter(function (r) { return r.u.at && !seen.contains(r.u.at); }), small = world ? world.parentNode.cloneNode(true) : null, one = world ? +world.getAttribute("stroke-width") / 1.1 : 1;
    if (small) { /* parks beyond the map keep their number in the small map of the whole */
      var b0 = project(seen.getNorth(), seen.getWest()), b1 = project(seen.getSouth(), seen.getEast()), frameRect = small.lastChild;
      frameRect.setAttribute("x", b0[0]); frameRect.setAttribute("y", b0[1]); frameRect.setAttribute("width", b1[0] - b0[0]); frameRect.setAttribute("height", b1[1] - b0[1]);
      each(far, function (r) { var q = project(r.u.at[0], r.u.at[1]); small.appendChild(svg("circle", { cx: q[0], cy: q[1], r: 4.4 * one, fill: "#1f2a33" })); small.appendChild(svg("text", { x: q[0], y: q[1] + 2.1 * one, "text-anchor": "middle", "font-size": 5.8 * one, "font-weight": 700, fill: "#fff" }, r.u.no)); });
    }
    fill(sheet,
      el("h1", {}, T(D.name)),
      el("div", { class: "st" }, (says.title ? says.title + (says.sub ? (S.lang === "en" ? ", " : "，") + (says.land ? says.sub : when()) : "") + "　" : "") + U.filter + colon() + (f ? f + (S.lang === "en" ? " (" + list.length + " of " + total + " parks)" : "（" + total + " 个园区中的 " + list.length + " 个）") : U.noFilter)),
      world && far.length ? el("div", { class: "in" }, small) : null,
      el("div", { class: "sc" }, l.text, el("i", { style: "width:" + l.px.toFixed(1) + "px" })),
      el("div", { class: "col" },
        says.title ? el("section", {}, el("h2", {}, says.title), el("div", { class: "two" }, says.rows.map(function (c) { return el("div", { class: "sw" }, keyOf(c, "no-data-print"), c.text); }))) : null,
        el("section", { class: "two" }, says.keys.map(function (k) { return el("div", { class: "sw" }, k.node, k.text); })),
        compare.paper(),
        el("section", {}, el("h2", {}, U.list), el("table", {}, el("tbody", {}, list.map(function (r) {
          return el("tr", {}, el("td", { class: "n" }, r.u.no), el("td", {}, T(r.u.name) + (r.u.g ? "" : S.lang === "en" ? " (not placed)" : "（未上图）")), el("td", { class: "v num" }, says.land ? "" : r.c ? marked(r.c[2], r.c[1]) + (r.c[0] !== S.year ? (S.lang === "en" ? " (" + r.c[0] + ")" : "（" + r.c[0] + "）") : "") : "—"));
        }))))),
      el("div", { class: "ft" },
        el("div", {}, T(D.credit) + "　" + T(D.disclaimer) + (D.synthetic ? U.syn : "")),
        el("div", {}, (src.length ? U.source + colon() + src.map(short).filter(function (t, i, all) { return all.indexOf(t) === i; }).join(S.lang === "en" ? "; " : "；").slice(0, S.lang === "en" ? 330 : 300) + "　" : "") + U.projection + "　" + U.review + colon() + (D.review || U.reviewBlank) + "　" + U.printed + colon() + today())));
    var col = sheet.querySelector(".col"), table = sheet.querySelector(".col>section:last-child table"), size = 7.4; /* all parks fit on the sheet, however many */
    while (col.scrollHeight > col.clientHeight && size > 3.4) { size -= 0.2; table.style.fontSize = size + "pt"; }
  }
  function short(text) { var host = /^https?:\/\/([^/\s]+)/.exec(text), said = /\(([^)]*)\)/.exec(text); return said ? said[1] : host ? host[1] : text; }
  var kept = null;
  function beforePrint() {
    if (printing) return;
    kept = { c: map.getCenter(), z: map.getZoom() };
    stop(); printing = true;
    document.documentElement.classList.add("printing");
    compare.layout(); map.invalidateSize({ animate: false, pan: false });
    var list = ranked().filter(function (r) { return r.u.layer; }).map(function (r) { return r.u; });
    var view = S.picks.length || S.query ? boundsOf(list) : null;
    go(view || core, false, 13);
    numberParks(); pattern(); compare.update();
    each([map, compare.second() && compare.second().map], function (one) { if (one) one.eachLayer(function (l) { if (l.settle) l.settle(); }); });
    declutter(); buildSheet();
  }
  function afterPrint() {
    if (!printing) return;
    printing = false;
    document.documentElement.classList.remove("printing");
    compare.layout(); map.invalidateSize({ animate: false, pan: false });
    map.setView(kept.c, kept.z, { animate: false });
    each(D.units, function (u) { u.no = 0; });
    paint();
  }
  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", afterPrint);

  /* --- picture: our own shapes and texts onto one canvas -------------------------------------------------- */
  function wrap(x, text, width) {
    var lines = [], line = "";
    each(text.match(/[\u3000-\uffef]|[^\s\u3000-\uffef]+\s*|\s+/g) || [], function (word) { if (x.measureText(line + word).width > width && line) { lines.push(line); line = word.replace(/^\s+/, ""); } else line += word; });
    if (line) lines.push(line);
    return lines;
  }
  /* all that a pane shows, in its order: drawings as images, canvases as they are */
  function paneImages(pane) {
    if (!pane) return Promise.resolve([]);
    return Promise.all([].map.call(pane.querySelectorAll("svg,canvas,img"), function (node) {
      var r = node.getBoundingClientRect(), alpha = 1, up = node;
      while (up && up !== pane) { var st = getComputedStyle(up); if (st.display === "none") return null; alpha *= +st.opacity; up = up.parentNode; }
      if (node.tagName.toLowerCase() !== "svg") return r.width ? [node, r, alpha] : null;
      return new Promise(function (done) {
        var copy = node.cloneNode(true), image = new Image();
        copy.removeAttribute("style"); copy.setAttribute("xmlns", SVG); copy.setAttribute("width", r.width); copy.setAttribute("height", r.height);
        image.onload = function () { done([image, r, alpha]); };
        image.onerror = function () { done(null); };
        image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
      });
    }));
  }
  /* one map with its names, as far as it can be seen */
  function drawMap(x, one, f, box, head, font) {
    var panes = ["land", "context", "link", "group", "parcels", "line", "glow", "hexes", "park", "firms", "dots", "find", "mark"].map(function (n) { return one.getPane(n); }).filter(Boolean).sort(function (a, b) { return +a.style.zIndex - +b.style.zIndex; });
    var r = one.getContainer().getBoundingClientRect(), cut = one === map ? 0 : parseFloat(String((/inset\([^)]*?([\d.]+)px\)$/.exec(one.getContainer().style.clipPath) || ["", "0"])[1]));
    return Promise.all(panes.map(paneImages)).then(function (all) {
      x.save(); x.beginPath(); x.rect(r.left + cut - box.left - f.left, r.top - box.top - f.top + head, r.width - cut, r.height); x.clip(); x.fillStyle = "#e9e4d9"; x.fillRect(0, head, f.right, f.bottom);
      each(all, function (pictures) { each(pictures, function (p) { if (!p) return; x.globalAlpha = p[2]; x.drawImage(p[0], p[1].left - box.left - f.left, p[1].top - box.top - f.top + head, p[1].width, p[1].height); x.globalAlpha = 1; }); });
      each(one.getPane("labels").children, function (node) { if (node.style.display !== "none" && node.style.visibility !== "hidden") drawName(x, node, f, box, head, font); });
      x.restore();
    });
  }
  function drawName(x, node, f, box, head, font) {
    each(node.querySelectorAll(".t,small"), function (t) {
      var st = getComputedStyle(t), r = t.getBoundingClientRect();
      if (!r.width) return;
      x.font = st.fontWeight + " " + st.fontSize + " " + font; x.textBaseline = "middle"; x.textAlign = "center"; x.lineJoin = "round";
      var lines = node.classList.contains("wide") && t.className === "t" ? wrap(x, t.textContent, 126) : [t.textContent], step = r.height / lines.length;
      each(lines, function (text, i) {
        var cx = (r.left + r.right) / 2 - box.left - f.left, cy = r.top - box.top - f.top + head + step * (i + 0.5);
        x.lineWidth = 3.5; x.strokeStyle = "rgba(255,253,248,.92)"; x.strokeText(text, cx, cy); x.fillStyle = st.color; x.fillText(text, cx, cy);
      });
    });
  }
  function draw() {
    var f = stage();
    var k = 2, w = Math.round(f.right - f.left), mapH = Math.round(f.bottom - f.top), head = 74, side = 268, pad = 22, m = measure(), font = getComputedStyle(document.body).fontFamily;
    var W = w + side, c = el("canvas"), x = c.getContext("2d");
    var says = legendOf(22, true), rows = says.rows, ks = says.keys, filter = filterText();
    var foot = [T(D.credit), T(D.disclaimer), U.review + colon() + (D.review || U.reviewBlank)].filter(Boolean).join("　");
    x.font = "11px " + font;
    var footLines = wrap(x, foot, W - 2 * pad), footH = 16 + footLines.length * 16;
    var H = head + mapH + footH;
    c.width = W * k; c.height = H * k; x.scale(k, k);
    x.fillStyle = "#fffefb"; x.fillRect(0, 0, W, H);
    x.fillStyle = "#1f2a33"; x.textBaseline = "alphabetic"; x.font = "700 24px " + font; x.fillText(T(D.name), pad, 36);
    x.font = "13px " + font; x.fillStyle = "#4c5964";
    x.fillText((says.title ? says.title + (says.sub ? (S.lang === "en" ? ", " : "，") + (says.land ? says.sub : when()) : "") : "") + (filter ? "　" + U.filter + colon() + filter : ""), pad, 59);
    x.save(); x.beginPath(); x.rect(0, head, w, mapH); x.clip(); x.fillStyle = "#e9e4d9"; x.fillRect(0, head, w, mapH);
    var box = root.getBoundingClientRect(), two = compare.second();
    return drawMap(x, map, f, box, head, font).then(function () { return two ? drawMap(x, two.map, f, box, head, font) : null; }).then(function () {
      x.textAlign = "left"; x.textBaseline = "alphabetic"; x.restore();
      x.strokeStyle = "#cfc8b9"; x.lineWidth = 1; x.strokeRect(0.5, head + 0.5, w - 1, mapH - 1);
      /* legend */
      var X = w + pad, Y = head + 18;
      x.fillStyle = "#1f2a33"; x.font = "700 14px " + font;
      if (says.title) { each(wrap(x, says.title, side - 2 * pad), function (t) { x.fillText(t, X, Y); Y += 19; }); x.font = "11.5px " + font; x.fillStyle = "#5f6b76"; each(wrap(x, says.land ? says.sub : m ? when() : "", side - 2 * pad), function (t) { x.fillText(t, X, Y); Y += 17; }); Y += 5; }
      x.font = "12.5px " + font;
      each(rows, function (r) {
        if (r.more) { x.fillStyle = "#1f2a33"; x.fillText(r.text, X, Y); Y += 21; return; }
        if (r.dot) { x.fillStyle = r.colour; x.beginPath(); x.arc(X + 13, Y - 4, 5, 0, 7); x.fill(); x.fillStyle = "#1f2a33"; x.fillText(r.text, X + 35, Y); Y += 21; return; }
        if (r.line) { x.strokeStyle = r.line; x.lineWidth = 2; x.strokeRect(X + 1, Y - 10, 24, 12); x.fillText(r.text, X + 35, Y); Y += 21; return; }
        if (r.colour) { x.fillStyle = r.colour; x.fillRect(X, Y - 11, 26, 14); } else { x.fillStyle = "#fdfcf9"; x.fillRect(X, Y - 11, 26, 14); x.save(); x.beginPath(); x.rect(X, Y - 11, 26, 14); x.clip(); x.strokeStyle = "#c9c0ae"; for (var i = -14; i < 30; i += 6) { x.beginPath(); x.moveTo(X + i, Y + 3); x.lineTo(X + i + 14, Y - 11); x.stroke(); } x.restore(); }
        x.strokeStyle = "#8c8371"; x.lineWidth = 0.8; x.strokeRect(X, Y - 11, 26, 14); x.fillStyle = "#1f2a33"; x.fillText(r.text, X + 35, Y); Y += 21;
      });
      Y += 8;
      each(ks, function (q) {
        if (!q.node) { x.font = "11px " + font; x.fillStyle = "#5f6b76"; each(wrap(x, q.text, side - 2 * pad), function (t) { x.fillText(t, X, Y); Y += 15; }); return; }
        x.strokeStyle = q.hue || "#5f6b76"; x.lineWidth = 1.6; x.setLineDash(q.dash || (q.hue ? [4, 2] : [])); x.beginPath();
        if (q.dot) { x.setLineDash([2.5, 2]); x.arc(X + 13, Y - 4, 5.5, 0, 7); } else x.rect(X, Y - 11, 26, 14);
        x.stroke(); x.setLineDash([]); x.fillStyle = "#1f2a33"; x.font = "12px " + font;
        each(wrap(x, q.text, side - pad - 40 - pad), function (t) { x.fillText(t, X + 35, Y); Y += 17; }); Y += 5;
      });
      var l = scaleLength(120); Y = head + mapH - 20;
      x.strokeStyle = "#3d382c"; x.lineWidth = 1.5; x.beginPath(); x.moveTo(X, Y - 6); x.lineTo(X, Y); x.lineTo(X + l.px, Y); x.lineTo(X + l.px, Y - 6); x.stroke(); x.font = "11.5px " + font; x.fillText(l.text, X, Y - 10);
      x.font = "11px " + font; x.fillStyle = "#4c5964"; Y = head + mapH + 20; each(footLines, function (t) { x.fillText(t, pad, Y); Y += 16; });
      return c;
    });
  }
  function savePng() {
    return draw().then(function (c) {
      c.toBlob(function (blob) {
        var url = URL.createObjectURL(blob), name = (D.id + "-" + (S.measure || "map") + "-" + (S.year || "")).replace(/[^\w\-\u4e00-\u9fff]+/g, "_") + ".png";
        var a = el("a", { href: url, download: name }); document.body.appendChild(a); a.click(); document.body.removeChild(a);
        setTimeout(function () { URL.revokeObjectURL(url); }, 8000);
      }, "image/png");
    });
  }

  /* --- start ------------------------------------------------------------------------------------------------ */
  var seenAt = recall();
  U = UI[S.lang];
  build();
  go(core || everything || L.latLngBounds([[39.4, 115.4], [41, 117.5]]), false);
  paint();
  if (!seenAt && S.unit && byId[S.unit].layer) go(byId[S.unit].layer.getBounds().pad(1.5), false, 12);
  if (seenAt) { awaited = null; map.setView([seenAt[0], seenAt[1]], seenAt[2], { animate: false }); }
  paint();
  var closeBy = null;
  map.on("moveend", function () { var now = covering(); if (now !== closeBy) { closeBy = now; each(order, style); } land.update(); firms.update(); findings.update(); context.update(); paintLegend(); declutter(); insetMove(); paintScale(); remember(); });
  window.addEventListener("popstate", function () { /* Back, or another address typed in */
    quiet = true;
    S.unit = null; S.thing = null; S.finding = null; S.query = ""; S.picks = []; S.tab = D.desk || "parks"; P.mark.clear();
    var at = recall();
    U = UI[S.lang]; build();
    if (at) map.setView([at[0], at[1]], at[2], { animate: false });
    paint(); quiet = false;
    if (asked !== null) findings.ready.then(function () { findings.choose(asked, false); });
  });
  map.on("zoomstart", function () { labelPane.style.opacity = 0; });
  map.on("zoomend", function () { labelPane.style.opacity = 1; });
  map.on("resize", function () { compare.layout(); if (awaited) go(awaited[0], false, awaited[1]); paintLegend(); declutter(); insetMove(); paintScale(); });
  insetMove(); paintScale();
  quiet = false;
  if (asked !== null) findings.ready.then(function () { findings.choose(asked, !seenAt); });
  else if (S.tab === "findings") findings.ready.then(refresh);
  setTimeout(function () { each(land.layers, function (l) { if (l.key === "parcel") l.open("parcels"); }); }, 30); /* read before it is asked for */
  window.atlasPage = { state: S, data: D, map: map, draw: draw, pick: pick, land: land, firms: firms, findings: findings, compare: compare, ruler: measuring, pickThing: pickThing, paint: paint, rebuild: function () { build(); paint(); }, value: function (id) { return value(byId[id]); } };
}

/* 查问题: every finding, whatever their number: listed, filtered, marked, taken along. */
import { inflate } from "./codec.js";
import { csvCell, el, fill } from "./dom.js";
import { PointLayer, pointsOf } from "./points.js";

const ROW = 66, HEAD = 44, SEVERITIES = ["error", "warning", "note"], COLOURS = ["#a32a1f", "#b45309", "#475569"];

export function findingsDesk(P) {
  const { D, S, map, say } = P, total = D.findings.count;
  const state = { severity: new Set(), rule: "", park: "", words: "", sort: "grave", group: "", at: -1 };
  const shut = new Set(); /* groups that are folded */
  let lines = [], height = 0;
  let F = null, order = [], layer = null, near = null, byFeature = new Map();
  const parts = {};
  S.finding = null;

  const ready = total ? inflate(document.getElementById("findings").textContent).then((bytes) => { F = JSON.parse(new TextDecoder().decode(bytes)); index(); return F; }) : Promise.resolve(null);
  function index() {
    F.severity.forEach((s, i) => { const id = F.feature[i]; if (id) { if (!byFeature.has(id)) byFeature.set(id, []); byFeature.get(id).push(i); } });
    select(); draw();
  }
  const text = (i) => F.t[S.lang === "en" ? 1 : 0][i];

  function select() {
    const q = state.words.trim().toLowerCase();
    order = [];
    for (let i = 0; i < total; i++) {
      if (state.severity.size && !state.severity.has(F.severity[i])) continue;
      if ((state.rule && F.rules[F.rule[i]] !== state.rule) || (state.park && F.parks[F.park[i]] !== state.park)) continue;
      if (q && (text(i) + " " + F.feature[i]).toLowerCase().indexOf(q) < 0) continue;
      order.push(i);
    }
    const size = (i) => F.measured[i] === null ? -1 : F.measured[i];
    if (state.sort === "size") order.sort((a, b) => size(b) - size(a));
    else if (state.sort === "rule") order.sort((a, b) => F.rule[a] - F.rule[b] || size(b) - size(a));
    else if (state.sort === "park") order.sort((a, b) => F.park[a] - F.park[b] || F.severity[a] - F.severity[b]);
    arrange();
  }

  /* --- groups, and where each line of the list stands ------------------------------ */
  const column = () => (state.group ? F[state.group] : null);
  function groupName(k) {
    return state.group === "severity" ? severityWord(k) : state.group === "rule" ? F.rules[k] + " " + (F.names[S.lang === "en" ? 1 : 0][k] || "") : parkName(F.parks[k]);
  }
  function parkName(id) { return id ? (P.byId[id] ? P.T(P.byId[id].name) : id) : say("不在任何园区", "in no park"); }
  function arrange() {
    const by = column(), n = new Map();
    if (by) for (const i of order) n.set(by[i], (n.get(by[i]) || 0) + 1);
    if (by) order.sort((a, b) => (state.group === "severity" ? by[a] - by[b] : n.get(by[b]) - n.get(by[a]) || by[a] - by[b]));
    lines = []; height = 0;
    let last = null;
    order.forEach((i, at) => {
      if (by && by[i] !== last) { last = by[i]; lines.push({ top: height, head: last, n: n.get(last) }); height += HEAD; }
      if (!by || !shut.has(state.group + last)) { lines.push({ top: height, i, at }); height += ROW; }
    });
  }
  function lineAt(y) { /* the first line that ends below y */
    let lo = 0, hi = lines.length;
    while (lo < hi) { const mid = (lo + hi) >> 1; if (lines[mid].top + (lines[mid].head === undefined ? ROW : HEAD) <= y) lo = mid + 1; else hi = mid; }
    return lo;
  }
  function headRow(l) {
    const key = state.group + l.head, open = !shut.has(key);
    return el("button", { class: "group-head", type: "button", "aria-expanded": open ? "true" : "false", "data-group": l.head, onclick() { if (open) shut.add(key); else shut.delete(key); arrange(); rows(); const b = parts.list.querySelector('[data-group="' + l.head + '"]'); if (b) b.focus({ preventScroll: true }); } }, (open ? "▾ " : "▸ ") + groupName(l.head), el("b", { class: "num" }, P.number(l.n)));
  }

  /* dots for all, outlines for those in view when they can be told apart */
  function draw() {
    if (!F || !total) return;
    if (!layer) {
      const pane = map.createPane("dots"); pane.style.zIndex = 440; pane.style.pointerEvents = "none";
      layer = new PointLayer(pointsOf(F.at, 26), { pane: "dots", radius: 4, maxZoom: 22 });
      layer.setClasses(Uint8Array.from(F.severity), COLOURS);
      near = L.layerGroup();
    }
    const shown = new Uint8Array(total);
    for (const i of order) shown[i] = F.at[i] ? 1 : 0;
    layer.setShown(shown);
    update();
  }
  function visible() { return S.tab === "findings" || (total <= 300 && S.tab !== "compare"); }
  function update() {
    if (!layer) return;
    if (visible() !== map.hasLayer(layer)) { if (visible()) { layer.addTo(map); near.addTo(map); } else { map.removeLayer(layer); map.removeLayer(near); } }
    near.clearLayers();
    if (!visible()) return;
    const b = map.getBounds().pad(0.1), zoom = map.getZoom();
    let n = 0;
    for (const i of order) {
      if (!F.at[i] || !F.g[i] || !b.contains(F.at[i]) || (zoom < 14 && total > 300)) continue;
      if (++n > 300) break;
      const c = COLOURS[F.severity[i]];
      L.geoJSON(F.g[i], { interactive: false, pane: "find", style: { renderer: P.renderer, pane: "find", color: c, weight: 2.2, fillColor: c, fillOpacity: P.byId[F.feature[i]] ? 0 : 0.25 }, pointToLayer: (_, at) => L.circleMarker(at, { renderer: P.renderer, pane: "find", radius: 6, color: c, weight: 2.2, fillOpacity: 0.25 }) }).addTo(near);
    }
  }

  /* --- one finding ------------------------------------------------------------- */
  function choose(i, move) {
    S.finding = i; state.at = order.indexOf(i);
    P.showFinding();
    P.mark.clear();
    if (F.g[i]) {
      P.mark.shape(F.g[i]);
      const bounds = L.geoJSON(F.g[i]).getBounds();
      if (move) P.go(bounds.pad(0.6), false, 19);
      const a = map.latLngToContainerPoint(bounds.getNorthWest()), z = map.latLngToContainerPoint(bounds.getSouthEast());
      if (Math.max(z.x - a.x, z.y - a.y) < 60) P.mark.ring(bounds.getCenter());
    }
    P.desk.rowOf("parcel", F.feature[i]).then((row) => { if (row && S.finding === i) P.mark.beside(row.layer.layer.latLngsOf(row.i)); });
    P.remember();
  }
  function step(by) {
    if (!order.length) return;
    state.at = Math.max(0, Math.min(order.length - 1, state.at + by));
    choose(order[state.at], true);
    if (column() && shut.delete(state.group + column()[order[state.at]])) arrange();
    if (parts.scroll) { const line = lines.find((l) => l.i === order[state.at]), top = (line ? line.top : 0) + parts.list.offsetTop, s = parts.scroll; if (top < s.scrollTop || top + ROW > s.scrollTop + s.clientHeight) s.scrollTop = top - s.clientHeight / 2; rows(); }
  }
  function card() {
    const i = S.finding, park = F.parks[F.park[i]], unit = park ? P.byId[park] : null, place = order.indexOf(i);
    return { title: F.rules[F.rule[i]] + " · " + severityWord(F.severity[i]), other: [F.names[S.lang === "en" ? 1 : 0][F.rule[i]], unit ? P.T(unit.name) : ""].filter(Boolean).join(" · "), body: [
      el("p", { class: "said" }, text(i)),
      F.at[i] ? null : el("p", { class: "warn" }, say("这一条没有位置，未上图", "This one has no place and is not on the map")),
      el("div", { class: "row steps" }, el("button", { class: "tool", type: "button", onclick() { step(-1); } }, say("‹ 上一条", "‹ Previous")), el("span", { class: "num" }, place < 0 ? "" : P.number(place + 1) + " / " + P.number(order.length)), el("button", { class: "tool", type: "button", onclick() { step(1); } }, say("下一条 ›", "Next ›"))),
      F.clause[i] ? el("p", { class: "text" }, say("依据：", "Basis: ") + F.clause[i]) : null,
      el("p", {}, el("button", { class: "tool", type: "button", onclick() { P.desk.rowOf("parcel", F.feature[i]).then((row) => { if (row) P.pickThing(row, false); else if (P.byId[F.feature[i]]) P.pick(F.feature[i], false); }); } }, say("看这块地：", "See the land: ") + (F.feature[i] || "—"))),
    ] };
  }
  function severityWord(k) { return [say("错误", "error"), say("警告", "warning"), say("提示", "note")][k]; }
  function button(i) {
    return el("button", { class: "finding " + SEVERITIES[F.severity[i]], type: "button", "data-finding": i, "aria-current": S.finding === i ? "true" : null, onclick() { choose(i, true); rows(); } }, el("b", {}, F.rules[F.rule[i]] + " " + severityWord(F.severity[i])), "　", text(i));
  }

  /* --- the list: only the rows in view are there ------------------------------------ */
  function rows() {
    if (!parts.list || !parts.list.isConnected) return;
    const s = parts.scroll, from = s.scrollTop - parts.list.offsetTop, first = Math.max(0, lineAt(from) - 6), last = Math.min(lines.length, lineAt(from + s.clientHeight) + 8);
    parts.list.style.height = height + "px";
    fill(parts.list, lines.slice(first, last).map((l) => el("div", { class: l.head === undefined ? "slot" : "slot head", role: "listitem", style: "top:" + l.top + "px", "aria-setsize": l.head === undefined ? order.length : null, "aria-posinset": l.head === undefined ? l.at + 1 : null }, l.head === undefined ? button(l.i) : headRow(l))));
  }
  function changed() { select(); draw(); heads(); parts.scroll.scrollTop = 0; rows(); }
  function counted(column, i) { const out = new Map(); for (let k = 0; k < total; k++) if (i(k)) out.set(column[k], (out.get(column[k]) || 0) + 1); return out; }
  function heads() {
    const n = counted(F.severity, () => true);
    fill(parts.chips, SEVERITIES.map((s, k) => n.get(k) ? el("button", { class: "chip", type: "button", "aria-pressed": state.severity.has(k) ? "true" : "false", onclick() { if (state.severity.has(k)) state.severity.delete(k); else state.severity.add(k); changed(); } }, el("i", { class: "dot", style: "background:" + COLOURS[k] }), severityWord(k), el("b", { class: "num" }, P.number(n.get(k)))) : null));
    const without = order.filter((i) => !F.at[i]).length;
    fill(parts.status, say("列出 " + P.number(order.length) + " 条，共 " + P.number(total) + " 条", P.number(order.length) + " of " + P.number(total) + " listed") + (without ? say("；其中 " + P.number(without) + " 条没有位置，不在图上", "; " + P.number(without) + " without a place are not on the map") : ""));
  }
  function choice(id, label, options, value, set) {
    return el("div", { class: "field" }, el("label", { for: id }, label), el("select", { id, onchange() { set(this.value); changed(); } }, options.map(([key, name]) => el("option", { value: key, selected: key === value }, name))));
  }
  function page(scroll) {
    if (!F) { ready.then(P.refresh); return [el("p", { class: "status" }, say("正在读取……", "Reading…"))]; }
    const byRule = counted(F.rule, () => true), byPark = counted(F.park, () => true), all = say("全部", "All");
    parts.scroll = scroll; parts.chips = el("div", { class: "chips", role: "group", "aria-label": say("严重程度", "Severity") }); parts.status = el("p", { class: "status", role: "status" });
    parts.list = el("div", { class: "list", role: "list", onkeydown(e) { if (e.key === "ArrowDown" || e.key === "ArrowUp") { e.preventDefault(); step(e.key === "ArrowDown" ? 1 : -1); const b = parts.list.querySelector('[aria-current="true"]'); if (b) b.focus({ preventScroll: true }); } } });
    scroll.onscroll = rows;
    setTimeout(rows, 0); heads();
    return [parts.chips, el("div", { class: "pair" },
      choice("fr", say("规则", "Rule"), [["", all]].concat([...byRule].sort((a, b) => b[1] - a[1]).map(([r, n]) => [F.rules[r], F.rules[r] + " " + (F.names[S.lang === "en" ? 1 : 0][r] || "") + " (" + n + ")"])), state.rule, (v) => { state.rule = v; }),
      byPark.size > 1 ? choice("fp", say("园区", "Park"), [["", all]].concat([...byPark].sort((a, b) => b[1] - a[1]).map(([p, n]) => [F.parks[p], parkName(F.parks[p]) + " (" + n + ")"]).filter((o) => o[0])), state.park, (v) => { state.park = v; }) : null,
      choice("fs", say("排序", "Order"), [["grave", say("先重后轻", "gravest first")], ["size", say("按数值大小", "by amount")], ["rule", say("按规则", "by rule")], ["park", say("按园区", "by park")]], state.sort, (v) => { state.sort = v; }),
      choice("fg", say("分组", "Groups"), [["", say("不分组", "none")], ["rule", say("按规则", "by rule")], ["park", say("按园区", "by park")], ["severity", say("按严重程度", "by severity")]], state.group, (v) => { state.group = v; shut.clear(); }),
      el("div", { class: "field" }, el("label", { for: "fw" }, say("含有文字", "With the words")), el("input", { type: "search", id: "fw", value: state.words, oninput() { state.words = this.value; changed(); } }))),
      el("div", { class: "row" }, el("button", { class: "tool", type: "button", onclick: csv }, say("导出所列为 CSV", "Listed as CSV")), el("button", { class: "tool", type: "button", onclick: geojson }, say("导出所列为 GeoJSON", "Listed as GeoJSON"))),
      parts.status, parts.list];
  }

  /* --- exactly what is listed, to take along ------------------------------------------ */
  /** @returns {[string, (i: number) => any][]} */
  const fields = () => [["rule", (i) => F.rules[F.rule[i]]], ["severity", (i) => SEVERITIES[F.severity[i]]], ["park", (i) => F.parks[F.park[i]]], ["level", (i) => F.level[i]], ["feature", (i) => F.feature[i]], ["measured", (i) => F.measured[i]], ["unit", (i) => F.unit[i]], ["text", text], ["clause", (i) => F.clause[i]], ["lat", (i) => F.at[i] ? F.at[i][0] : null], ["lon", (i) => F.at[i] ? F.at[i][1] : null]];
  function csv() {
    const cols = fields(), lines = [cols.map((c) => c[0]).join(",")].concat(order.map((i) => cols.map((c) => csvCell(c[1](i))).join(",")));
    P.save("findings.csv", "text/csv", "\ufeff" + lines.join("\r\n") + "\r\n");
  }
  function geojson() {
    const cols = fields(), features = order.map((i) => ({ type: "Feature", properties: Object.fromEntries(cols.map((c) => [c[0], c[1](i)])), geometry: F.g[i] }));
    P.save("findings.geojson", "application/geo+json", JSON.stringify({ type: "FeatureCollection", features }));
  }
  function at(latlng) { if (!layer || !visible() || !map.hasLayer(layer)) return -1; return layer.pick(map, latlng, 9); }
  return { page, update, choose, step, card, at, severityWord, ready, button, count: total, of: (id) => (F && byFeature.get(id)) || [], listed: () => order.slice(), data: () => F, legend: () => (total && visible() ? SEVERITIES.map((s, k) => ({ text: say("问题：", "Finding: ") + severityWord(k), colour: COLOURS[k], dot: true })).filter((_, k) => !F || F.severity.indexOf(k) >= 0) : []) };
}

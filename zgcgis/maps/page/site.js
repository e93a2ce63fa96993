/* A site drawn on the map: what land, plan, firms and findings lie inside it. */
import { csvCell, el, fill } from "./dom.js";
import { areaOf, crossesItself, equalArea, inside, lengthOf, meetsBox, onGround, sharedArea, triangles } from "./geometry.js";
import { swatch } from "./land.js";

const HECTARE = 1e4, MU = 2000 / 3, LISTED = 30, SEVERITIES = [["错误", "error"], ["警告", "warning"], ["提示", "note"]];

/* A position of the page's shapes in degrees. */
function degrees(x, y, bits) { const size = Math.pow(2, bits); return [x / size * 360 - 180, Math.atan(Math.sinh(Math.PI * (1 - 2 * y / size))) * 180 / Math.PI]; }

/* How much of each feature lies in the site: [row, share of it]. */
function sharesOf(land, points) {
  const d = land.layer.d, ring = points.map((p) => { const q = L.CRS.EPSG3857.latLngToPoint(L.latLng(p), d.bits - 8); return [q.x, q.y]; }), parts = triangles(points.map((p) => equalArea(p.lng, p.lat))), out = [];
  const xs = ring.map((p) => p[0]), ys = ring.map((p) => p[1]), x0 = Math.min(...xs), x1 = Math.max(...xs), y0 = Math.min(...ys), y1 = Math.max(...ys);
  for (let i = 0; i < d.n; i++) {
    const [a, b, c, e] = d.box.subarray(i * 4, i * 4 + 4);
    if (a > x1 || c < x0 || b > y1 || e < y0 || !land.there(i)) continue;
    if (!meetsBox(ring, a, b, c, e)) { if (inside(ring, a, b)) out.push([i, 1]); continue; }
    const part = share(d, i, parts);
    if (part > 0) out.push([i, part]);
  }
  return out;
}
function share(d, i, parts) {
  const rings = [];
  for (let g = d.shapes[i]; g < d.shapes[i + 1]; g++) {
    const ring = [];
    for (let v = d.rings[g]; v < d.rings[g + 1]; v++) { const [lng, lat] = degrees(d.X[v], d.Y[v], d.bits); ring.push(equalArea(lng, lat)); }
    if (ring.length > 2) rings.push(ring);
  }
  const whole = sharedArea(rings, [hull(rings)]), cut = sharedArea(rings, parts);
  return whole > 0 ? Math.min(1, cut / whole) : 0;
}
/* a box around all rings: what they share with it is their area */
function hull(rings) {
  const all = rings.flat(), xs = all.map((p) => p[0]), ys = all.map((p) => p[1]), x0 = Math.min(...xs) - 1, x1 = Math.max(...xs) + 1, y0 = Math.min(...ys) - 1, y1 = Math.max(...ys) + 1;
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

/* Everything inside the site, as rows: what is shown and what is saved. */
async function read(P, corners) {
  const tables = [], points = onGround(corners);
  for (const land of P.desk.layers) {
    land.open("parcels"); await land.ready;
    if (land.year !== P.S.year) { land.year = P.S.year; land.mask(); }
    const area = (await land.column("area_m2")).values, shares = sharesOf(land, points);
    if (!shares.length) continue;
    const rows = shares.map(([i, part]) => ({ i, m2: area[i] * part, whole: part > 1 - 1e-9 }));
    tables.push({ land, rows, m2: rows.reduce((s, r) => s + r.m2, 0), groups: await groupsOf(land, rows) });
    if (land.key === "parcel") await land.column("id");
  }
  return { tables, firms: await firmsIn(P, points), findings: await findingsIn(P, points) };
}
async function groupsOf(land, rows) {
  const out = [];
  for (const style of land.record.styles.filter((s) => s.kind === "class")) {
    const column = await land.column("by." + style.key), sums = style.classes.map(() => [0, 0]);
    for (const r of rows) { const s = sums[column.values[r.i]]; s[0] += r.m2; s[1]++; }
    out.push({ style, sums: sums.map(([m2, n], k) => ({ k, m2, n })).filter((s) => s.n).sort((a, b) => b.m2 - a.m2) });
  }
  return out;
}
async function firmsIn(P, points) {
  await P.firms.ready;
  const { d, classes } = P.firms.state(), told = P.D.firms;
  if (!d) return null;
  const ring = points.map((p) => { const q = L.CRS.EPSG3857.latLngToPoint(L.latLng(p), d.bits - 8); return [q.x, q.y]; }), n = told.classes.map(() => 0);
  for (let i = 0; i < d.n; i++) if (inside(ring, d.X[i], d.Y[i])) n[classes[i]]++;
  return told.classes.map((c, k) => ({ c, n: n[k] })).filter((r) => r.n).sort((a, b) => b.n - a.n);
}
async function findingsIn(P, points) {
  const F = await P.findings.ready, ring = points.map((p) => [p.lng, p.lat]), out = [];
  if (F) F.at.forEach((at, i) => { if (at && inside(ring, at[1], at[0])) out.push(i); });
  return out;
}

export function siteDesk(P) {
  const { map, S, say } = P, group = L.layerGroup(), box = el("div", { class: "measured drawing", role: "group", hidden: true }), cross = el("div", { class: "cross", "aria-hidden": "true", hidden: true });
  let points = null, answer = null, where = null;
  S.site = null;
  const amount = (m2) => (m2 >= 1e6 ? P.number(m2 / 1e6) + say(" 平方公里", " km²") : P.number(m2 / HECTARE) + say(" 公顷", " ha"));

  /* --- drawing it ---------------------------------------------------------------------- */
  function paint() {
    group.clearLayers();
    const at = points || S.site;
    if (!at) { map.removeLayer(group); return; }
    group.addTo(map);
    const style = { color: "#111a20", weight: 2.5, pane: "mark", interactive: false, className: "site" };
    if (at.length > 2) L.polygon(at, { ...style, fillColor: "#ffe14d", fillOpacity: points ? 0.2 : 0.12, dashArray: points ? "4 4" : null }).addTo(group);
    else L.polyline(at, style).addTo(group);
    if (points) for (const p of at) L.circleMarker(p, { ...style, radius: 4, fillColor: "#ffe14d", fillOpacity: 1 }).addTo(group);
  }
  function middle() { const f = P.frame(); return map.containerPointToLatLng([(f.left + f.right) / 2, (f.top + f.bottom) / 2]); }
  function said() {
    if (!points.length) return say("点地图画各个角；或移动地图，用十字和“加一点”", "Click the corners; or move the map and add the place under the cross");
    const bad = crossesItself(points.map((p) => [p.lng, p.lat])), m2 = areaOf(points);
    return bad ? say("轮廓自己相交，请撤回一点再画", "The outline crosses itself: take a corner back") : points.length + say(" 点", " corners") + (m2 ? say("，", ", ") + amount(m2) : "");
  }
  function bar() {
    const f = P.frame(), tool = (text, fn, off) => el("button", { class: "tool", type: "button", disabled: off, onclick: fn }, text);
    cross.hidden = box.hidden = !points; document.documentElement.classList.toggle("is-drawing", !!points);
    if (!points) return;
    cross.style.left = (f.left + f.right) / 2 + "px"; cross.style.top = (f.top + f.bottom) / 2 + "px";
    const held = [...box.querySelectorAll("button")].indexOf(document.activeElement);
    box.style.left = P.phone() ? "" : (f.left + f.right) / 2 + "px"; box.style.maxWidth = P.phone() ? "" : Math.max(240, f.right - f.left) + "px";
    box.setAttribute("aria-label", say("画一块地", "Draw a site"));
    fill(box, el("span", { role: "status" }, said()), tool(say("加一点", "Add"), () => take(middle())), tool(say("撤回", "Undo"), undo, !points.length), tool(say("完成", "Done"), finish, !whole()), tool(say("取消", "Cancel"), cancel));
    if (held >= 0) focusOn(held);
  }
  const whole = () => points.length > 2 && areaOf(points) > 0 && !crossesItself(points.map((p) => [p.lng, p.lat]));
  function focusOn(which) { const all = box.querySelectorAll("button"); if (all[which]) (all[which].disabled ? all[0] : all[which]).focus({ preventScroll: true }); }
  function again(which) { paint(); bar(); if (which !== undefined) focusOn(which); }
  function start() { P.clearPicked(); S.site = null; answer = null; points = []; if (P.ruler.on()) P.ruler.toggle(); again(0); }
  function undo() { points.pop(); again(1); }
  function cancel() { points = null; again(); }
  function take(latlng) { if (!points) return false; points.push(L.latLng(latlng)); again(); return true; }
  function finish() { if (!points || !whole()) return; const drawn = points; points = null; again(); show(drawn); P.focusCard(); }
  function keys(e) {
    if (!points || /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName)) return false;
    const step = { ArrowLeft: [-30, 0], ArrowRight: [30, 0], ArrowUp: [0, -30], ArrowDown: [0, 30] }[e.key];
    if (step && box.contains(e.target)) { map.panBy(step, { animate: false }); e.preventDefault(); return true; }
    if (e.key === "Escape") { cancel(); return true; }
    if (e.key === "Backspace" && points.length) { undo(); return true; }
    return false;
  }

  /* --- what is in it ----------------------------------------------------------------------- */
  function show(drawn) {
    answer = null; where = drawn;
    P.showSite(drawn);
    paint();
    const bounds = L.latLngBounds(drawn);
    if (!P.freeBounds().contains(bounds)) P.go(bounds, true, 18);
    read(P, drawn).then((found) => { if (where === drawn) { answer = found; P.paintCard(); P.declutter(); } });
    P.remember();
  }
  function clear() { S.site = null; answer = null; where = null; paint(); }
  function groupTable(g, total) {
    const sum = g.sums.reduce((s, r) => s + r.m2, 0);
    return [el("h3", {}, P.T(g.style.name)), el("table", { class: "recs balance" }, el("tbody", {}, g.sums.map((r) => el("tr", {}, el("th", { scope: "row" }, swatch(g.style.classes[r.k].colour), P.T(g.style.classes[r.k].name)), el("td", { class: "v num" }, P.number(r.n)), el("td", { class: "v num" }, amount(r.m2)), el("td", { class: "v num" }, (100 * r.m2 / total).toFixed(1) + "%"))),
      total - sum > 0.5 ? el("tr", {}, el("th", { scope: "row" }, say("其余", "The rest")), el("td", {}), el("td", { class: "v num" }, amount(total - sum)), el("td", { class: "v num" }, (100 * (total - sum) / total).toFixed(1) + "%")) : null))];
  }
  function landPart({ land, rows, m2, groups }, total) {
    const cut = rows.filter((r) => !r.whole).length, parcel = land.key === "parcel";
    const shown = parcel ? groups.filter((g) => g.style.key === "land_use" || g.style.key === "planned_use") : groups.slice(0, 1);
    return el("details", { class: "more", open: parcel }, el("summary", {}, P.T(land.record.name) + say("：", ": ") + P.number(rows.length) + say(" 个，", ", ") + amount(m2)),
      cut ? el("p", { class: "text" }, say("其中 " + cut + " 个只有一部分在内，按落在内的部分计", cut + " of them lie partly inside and count for that part")) : null,
      shown.map((g) => groupTable(g, parcel ? total : m2)));
  }
  function card() {
    const total = areaOf(S.site), body = [el("p", { class: "big num" }, amount(total), el("small", {}, P.number(total) + say(" 平方米 · ", " m² · ") + P.number(total / MU) + say(" 亩", " mu"))), el("p", { class: "text" }, say("周长 ", "Perimeter ") + P.number(lengthOf(S.site.concat([S.site[0]]))) + say(" 米", " m"))];
    if (!answer) body.push(el("p", { class: "status" }, say("正在读取……", "Reading…")));
    else body.push(...contents(total));
    return { title: say("画的地块", "The site drawn"), other: S.year === null ? "" : S.year + say(" 年", ""), body };
  }
  function contents(total) {
    const { tables, firms, findings } = answer;
    return [tables.length ? tables.slice().reverse().sort((a, b) => +(b.land.key === "parcel") - +(a.land.key === "parcel")).map((t) => landPart(t, total)) : el("p", { class: "text" }, say("这里没有用地数据", "No land is known here")),
      firms && firms.length ? el("details", { class: "more", open: true }, el("summary", {}, say("企业：", "Firms: ") + P.number(firms.reduce((s, r) => s + r.n, 0))), el("ul", { class: "firms" }, firms.map((r) => el("li", {}, swatch(r.c.colour), " " + P.T(r.c.name) + say("：", ": ") + P.number(r.n))))) : firms ? el("p", { class: "text" }, say("没有企业", "No firms")) : null,
      findings.length ? el("details", { class: "more", open: true }, el("summary", {}, say("问题：", "Findings: ") + P.number(findings.length)), findings.slice(0, LISTED).map((i) => P.findingButton(i)), findings.length > LISTED ? el("p", { class: "text" }, say("只列前 " + LISTED + " 条，全部在 CSV 中", "The first " + LISTED + "; all are in the CSV")) : null) : P.D.findings.count ? el("p", { class: "text" }, say("没有问题", "No findings")) : null,
      el("p", { class: "row" }, el("button", { class: "tool", type: "button", onclick: csv }, say("导出 CSV", "Save as CSV")), el("button", { class: "tool", type: "button", onclick: start }, say("另画一块", "Draw another")))];
  }
  function csv() {
    const total = areaOf(S.site), lines = [["what", "class", "id", "count", "area_m2"], ["site", "", S.site.map((p) => p.lng.toFixed(7) + " " + p.lat.toFixed(7)).join("; "), "", total.toFixed(2)]], { tables, firms, findings } = answer;
    for (const t of tables) {
      for (const g of t.groups) for (const r of g.sums) lines.push([t.land.key + "." + g.style.key, P.T(g.style.classes[r.k].name), "", r.n, r.m2.toFixed(2)]);
      if (t.land.key === "parcel") for (const r of t.rows) lines.push(["parcel", "", t.land.now("id") ? t.land.now("id").text(r.i) : "", 1, r.m2.toFixed(2)]);
    }
    for (const r of firms || []) lines.push(["firm", P.T(r.c.name), "", r.n, ""]);
    const F = P.findings.data();
    for (const i of findings) lines.push(["finding." + SEVERITIES[F.severity[i]][1], F.rules[F.rule[i]], F.feature[i], 1, ""]);
    P.save("site.csv", "text/csv", "\ufeff" + lines.map((l) => l.map(csvCell).join(",")).join("\r\n") + "\r\n");
  }
  function button() { return el("p", {}, el("button", { class: "tool", type: "button", onclick: start }, say("画一块地，读其中的用地", "Draw a site and read what is in it"))); }
  /* in the address: corners to a tenth of a metre */
  function told() { return S.site ? S.site.map((p) => p.lat.toFixed(6) + "," + p.lng.toFixed(6)).join(";") : ""; }
  function recall(text) {
    const at = text.split(";").slice(0, 200).map((pair) => pair.split(",").map(Number)).filter((p) => p.length === 2 && p.every(isFinite) && Math.abs(p[0]) <= 85 && Math.abs(p[1]) <= 180).map((p) => L.latLng(p[0], p[1]));
    return at.length > 2 && areaOf(at) > 0 && !crossesItself(at.map((p) => [p.lng, p.lat])) ? at : null;
  }
  map.on("moveend", bar);
  return { box, cross, button, start, take, finish, keys, card, clear, show, told, recall, drawing: () => points !== null, answer: () => answer, repaint: paint };
}

/* 比方案: two states of the zone, one on either side of a line or beside one another, and what differs. */
import { contextLines } from "./context.js";
import { csvCell, el, fill, own, svg } from "./dom.js";
import { dash, ground, panes, shape } from "./ground.js";
import { labelDesk } from "./labels.js";
import { LandLayer, swatch } from "./land.js";
import { marker } from "./mark.js";
import { ParcelLayer } from "./parcels.js";

const MARK = "#b3125f", NOT_THERE = 255, HECTARE = 1e4, LISTED = 100;
const KINDS = [null, ["用途或建设状况改变", "Use or state changed"], ["后来没有", "Gone later"], ["新增", "New"], ["界线改变", "Outline changed"], ["其他内容改变", "Something else changed"], ["只改了编号", "Renumbered"]], RENUMBERED = 6;

/* The second map: the same ground, always where the first one is. */
function secondMap(P, box, labels, value) {
  const { map, D } = P, own = [], o = map.options;
  const other = L.map(box, { zoomControl: false, attributionControl: false, zoomAnimation: false, keyboard: false, zoomSnap: o.zoomSnap, zoomDelta: o.zoomDelta, wheelPxPerZoomLevel: o.wheelPxPerZoomLevel, maxZoom: o.maxZoom, center: map.getCenter(), zoom: map.getZoom() });
  const Q = Object.assign(Object.create(P), { map: other, value }), R = panes(other), names = other.createPane("labels"), sheets = other.createPane("parcels");
  names.style.zIndex = "620"; names.style.pointerEvents = "none"; sheets.style.zIndex = "320"; sheets.style.pointerEvents = "none";
  Q.frame = () => P.frameFor(other); Q.covered = (size) => P.coveredFor(other, size);
  ground(Q, R, own);
  const context = contextLines(Q, own), parks = [], told = D.compare.parks;
  for (const u of told || D.units.filter((one) => one.g)) {
    const unit = P.byId[u.id] || u, layer = shape(u.g, { renderer: R.park, pane: "park", radius: 7.5, color: unit.hue || "#5f6b76", weight: 1.6, fill: false, dashArray: dash(u.precision), lineJoin: "round" }).addTo(other);
    parks.push({ unit, layer });
    if (told && u.at) own.push({ kind: "p", at: u.at, name: u.name, order: 100 });
  }
  const inherited = told ? [] : labels.filter((l) => l.unit && l.unit.g);
  return { map: other, Q, parks, context, mark: marker(Q), declutter: labelDesk(Q, own.concat(inherited.map((l) => ({ ...l, node: null, said: null }))), names) };
}

/* Two maps move as one while both are seen: one that is hidden stands where it last stood. */
function inStep(one, two) {
  let busy = false;
  const apart = (from, to) => busy || !to._loaded || !from._loaded || !to._container.offsetWidth || !from._container.offsetWidth;
  const follow = (from, to) => {
    if (apart(from, to)) return;
    busy = true;
    const z = from.getZoom();
    if (z !== to.getZoom()) to.setView(from.getCenter(), z, { animate: false });
    else {
      const step = to.project(from.getCenter(), z).subtract(to.project(to.getCenter(), z));
      if (step.x || step.y) { to._rawPanBy(step); to.fire("move"); }
    }
    busy = false;
  };
  const ended = (from, to) => { if (apart(from, to)) return; follow(from, to); busy = true; to.fire("moveend"); busy = false; };
  one.on("move zoomend", () => follow(one, two)); two.on("move zoomend", () => follow(two, one));
  one.on("moveend", () => ended(one, two)); two.on("moveend", () => ended(two, one));
}

/* The line between both sides, moved by hand or by key. */
function divider(S, say, moved) {
  const line = el("div", { class: "divider", role: "slider", tabindex: "0", "aria-valuemin": 0, "aria-valuemax": 100, hidden: true }, el("i", {}, svg("svg", { width: 16, height: 14, viewBox: "0 0 16 14", "aria-hidden": "true" }, svg("path", { d: "M5 2L1 7l4 5M11 2l4 5-4 5", fill: "none", stroke: "currentColor", "stroke-width": 1.8 }))));
  const to = (v) => { S.compare.at = Math.max(0.02, Math.min(0.98, v)); moved(); };
  line.addEventListener("keydown", (e) => {
    const step = { ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 }[e.key];
    if (step) { e.preventDefault(); to(S.compare.at + step); }
  });
  line.addEventListener("pointerdown", (e) => { line.setPointerCapture(e.pointerId); e.preventDefault(); line.focus(); });
  line.addEventListener("pointermove", (e) => { if (!line.hasPointerCapture(e.pointerId)) return; const f = line.range; to((e.clientX - f.left) / (f.right - f.left)); });
  line.say = () => line.setAttribute("aria-label", say("两侧的分界线，左右键移动", "Line between both sides; arrow keys move it"));
  return line;
}

export function compareDesk(P, labels) {
  const { D, S, map, say } = P, told = D.compare, root = document.getElementById("atlas"), parts = {};
  const themes = told ? told.themes : [], first = P.desk.byKey.parcel, onMap = themes.length > 0 && !!first;
  S.compare = { mode: "swipe", at: 0.5, theme: themes.length ? themes[0].key : "", park: "", metres: false };
  const extra = told && told.layer ? new LandLayer(told.layer, P.ramp) : null;
  const shows = () => !!told && S.tab === "compare", theme = () => themes.find((t) => t.key === S.compare.theme) || null;
  let second = null, sheets = null, rows = [];
  const box = el("div", { class: "folium-map second", "aria-hidden": "true", tabindex: "-1" }), tags = [el("div", { class: "side-tag", hidden: true }), el("div", { class: "side-tag", hidden: true })];
  const line = divider(S, say, () => { layout(); P.declutter(); P.remember(); });

  function valueOf(u) {
    if (!told || told.kind === "plan") return P.value(u);
    return told.kind === "years" ? P.valueIn(u, told.years[1]) : P.valueIn(u, S.year, told.values);
  }

  /* --- what is drawn ---------------------------------------------------------------- */
  function open() {
    if (second) return;
    box.hidden = false; root.insertBefore(box, map.getContainer().nextSibling);
    for (const node of [line, ...tags]) root.appendChild(node);
    second = secondMap(P, box, labels, valueOf); inStep(map, second.map);
    second.map.on("click", (e) => P.touch(e.latlng));
    second.map.on("mousemove", (e) => { const said = tip(e.latlng); if (said) P.tell(said, e.originalEvent); else P.hush(); });
    if (onMap) sheets = load();
  }
  function load() {
    first.open("parcels"); if (extra) extra.open("parcels");
    const sheet = (land, pane, marks) => new ParcelLayer(land.record.meta, land.layer, { pane, fill: [null], maxZoom: 22, hollow: marks, weight: marks ? 2.4 : 0.7, stroke: marks ? MARK : "rgba(255,255,255,.75)", opacity: marks ? 1 : 0.85 });
    const made = [[first, 0, false], [first, 0, true], [first, 1, false], ...(extra ? [[extra, 1, false]] : []), [first, 1, true], ...(extra ? [[extra, 1, true]] : [])].map(([land, side, marks]) => ({ land, side, marks, sheet: sheet(land, "parcels", marks) }));
    Promise.all([first.layer.ready, extra ? extra.layer.ready : null].concat([first, extra].filter(Boolean).map((land) => Promise.all(Object.keys(land.record.columns).map((k) => land.column(k)))))).then(() => { rows = differing(); recolour(); if (shows()) { P.refresh(); P.landChanged(); } });
    return made;
  }
  function classesOf(land, side) {
    if (land === extra) return side ? land.now("now." + S.compare.theme).values : null;
    return land.now((side ? "now." : "was.") + S.compare.theme).values;
  }
  function recolour() {
    if (!sheets || !theme() || !first.now("differs") || (extra && !extra.now("differs"))) return;
    const colours = theme().classes.map((c) => c.colour), fills = Array.from({ length: 256 }, (_, k) => colours[k] || null);
    for (const { land, side, marks, sheet } of sheets) {
      const classes = classesOf(land, side), kinds = land.now("differs").values;
      if (marks) sheet.setClasses(Uint8Array.from(kinds, (k, i) => (k && k !== RENUMBERED && classes[i] !== NOT_THERE ? 1 : 0)), [null, MARK]);
      else sheet.setClasses(classes, fills);
      sheet.setShown(Uint8Array.from(classes, (c) => (c === NOT_THERE ? 0 : 1)));
    }
  }
  function differing() {
    const out = [];
    for (const land of [first, extra]) if (land) { const kinds = land.now("differs").values, area = land.now("area_m2").values; for (let i = 0; i < kinds.length; i++) if (kinds[i] && (kinds[i] !== RENUMBERED || classesOf(land, 1)[i] !== NOT_THERE)) out.push({ layer: land, i, kind: kinds[i], area: area[i] }); }
    return out.sort((a, b) => a.kind - b.kind || b.area - a.area);
  }

  /* --- where both maps stand --------------------------------------------------------- */
  function place(node, at) { for (const k of ["left", "top", "width", "height"]) node.style[k] = at ? at[k] + "px" : ""; }
  let stood = "";
  function layout() {
    const on = shows(), beside = on && (S.compare.mode === "side" || P.printing()), f = P.stage(), at = f.left + S.compare.at * (f.right - f.left), half = (f.right - f.left) / 2;
    document.documentElement.classList.toggle("comparing", on);
    box.hidden = line.hidden = tags[0].hidden = tags[1].hidden = !on; line.hidden = !on || beside;
    map._zoomAnimated = !on && L.Browser.any3d;
    const stands = [on, beside, P.printing(), beside ? [f.left, f.top, f.right, f.bottom] : [f.width, f.height]].join();
    place(map.getContainer(), beside ? { left: f.left, top: f.top, width: half - 2, height: f.bottom - f.top } : null);
    if (on) place(box, beside ? { left: f.left + half + 2, top: f.top, width: half - 2, height: f.bottom - f.top } : null);
    box.style.clipPath = on && !beside ? "inset(0 0 0 " + at.toFixed(1) + "px)" : "none";
    if (stands !== stood) { stood = stands; keepCentre(); }
    if (!on) return;
    line.style.left = at + "px"; line.range = f; line.setAttribute("aria-valuenow", Math.round(100 * S.compare.at)); line.say();
    line.firstChild.style.top = (f.top + f.bottom) / 2 + "px";
    tags.forEach((tag, k) => { fill(tag, P.T(told.sides[k])); tag.style.top = (P.phone() ? f.bottom - 56 : f.top + 10) + "px"; });
    tags[0].style.left = tags[1].style.left = tags[0].style.right = "";
    if (beside) { tags[0].style.left = f.left + 10 + "px"; tags[1].style.left = f.left + half + 12 + "px"; } else { tags[0].style.right = f.width - at + 8 + "px"; tags[1].style.left = at + 8 + "px"; }
  }
  function keepCentre() { for (const one of [map, second && second.map]) if (one && one._loaded && one.getContainer().offsetWidth) one.invalidateSize({ animate: false, pan: true }); if (second && shows()) second.map.setView(map.getCenter(), map.getZoom(), { animate: false }); }

  function update() {
    if (!told) return;
    const on = shows();
    if (on) open();
    if (!second) return;
    layout();
    if (sheets) for (const { side, sheet } of sheets) { const m = side ? second.map : map; if (on !== m.hasLayer(sheet)) { if (on) sheet.addTo(m); else m.removeLayer(sheet); } }
    if (!on) return;
    second.context.update();
    for (const { unit, layer } of second.parks) layer.setStyle(Object.assign({ color: unit.level === "block" ? "#55626c" : unit.hue || "#5f6b76", weight: unit.level === "block" ? 0.8 : 1.6 }, onMap ? { fill: false } : P.fillOf(unit, valueOf(unit))));
    second.mark.clear();
    if (S.thing) second.mark.rings(S.thing.layer.layer.latLngsOf(S.thing.i));
  }

  /* --- under the pointer ------------------------------------------------------------- */
  function at(latlng) {
    if (!shows() || !onMap || !first.layer || !first.layer.d) return null;
    for (const land of [extra, first]) { const i = land && land.layer && land.layer.d ? land.layer.pick(latlng) : -1; if (i >= 0) return { layer: land, i }; }
    return null;
  }
  function className(t, k) { return k === NOT_THERE || k === undefined ? say("没有", "not there") : P.T(t.classes[k].name); }
  /* What a parcel is on either side; where it is not itself there, what stands on its ground. */
  function sidesOf(t, { layer, i }) {
    return [0, 1].map((side) => { const k = classAt(t, layer, i, side); return k === NOT_THERE ? beneath(t, layer, i, side) : className(t, k); });
  }
  function classAt(t, layer, i, side) { return layer === extra && !side ? NOT_THERE : layer.now((side ? "now." : "was.") + t.key).values[i]; }
  function beneath(t, layer, i, side) {
    const ids = String((layer.now("twin") && layer.now("twin").text(i)) || "").split(";").filter(Boolean), names = new Set();
    for (const id of ids) { const twin = rowsBy(side).get(id); if (twin) names.add(className(t, classAt(t, twin.layer, twin.i, side))); }
    return names.size ? [...names].join(say("、", ", ")) + say("（", " (") + (ids.length > 3 ? say("现分为 " + ids.length + " 宗", "in " + ids.length + " parcels") : ids.join(say("、", ", "))) + say("）", ")") : className(t, NOT_THERE);
  }
  const byId = [null, null];
  function rowsBy(side) {
    if (byId[side]) return byId[side];
    const found = byId[side] = new Map(), t = themes[0];
    for (const land of side ? [first, extra] : [first]) if (land) { const ids = land.now("id"); for (let i = 0; i < land.record.meta.n; i++) if (classAt(t, land, i, side) !== NOT_THERE) found.set(ids.text(i), { layer: land, i }); }
    return found;
  }
  function tip(latlng) {
    const thing = at(latlng);
    if (!thing || !thing.layer.now("differs")) return null;
    const [a, b] = sidesOf(theme(), thing);
    return [a === b ? a : a + " → " + b, el("small", {}, thing.layer.now("id") ? thing.layer.now("id").text(thing.i) : "")];
  }
  function card(thing) {
    const { layer, i } = thing, read = (key) => (layer.now(key) ? layer.now(key).text(i) : null), area = read("area_m2"), kind = layer.now("differs") ? layer.now("differs").values[i] : 0, unit = own(P.byId, read("park_id"));
    const words = read(S.lang === "en" ? "differs.en" : "differs.zh");
    return { title: read("id") || say("宗地", "Parcel"), other: [kind ? P.T(KINDS[kind]) : say("没有变化", "No difference"), unit ? P.T(unit.name) : ""].filter(Boolean).join(" · "), body: [
      area ? el("p", { class: "big num" }, P.number(area) + say(" 平方米", " m²")) : null,
      el("table", { class: "recs" }, el("thead", {}, el("tr", {}, el("td", {}), told.sides.map((side) => el("th", { scope: "col" }, P.T(side))))), el("tbody", {}, themes.map((t) => { const [a, b] = layer.now("now." + t.key) ? sidesOf(t, thing) : ["", ""]; return el("tr", { class: a === b ? null : "differs" }, el("th", { scope: "row" }, P.T(t.name)), el("td", {}, a), el("td", {}, b)); }))),
      words ? [el("h3", {}, say("其他变化", "What else differs")), el("ul", { class: "unknown" }, words.split(S.lang === "en" ? "; " : "；").map((w) => el("li", {}, w)))] : null,
      unit ? [el("h3", {}, say("所在园区", "Park")), el("div", { class: "inner" }, el("button", { type: "button", onclick() { P.pick(unit.id, true); } }, P.T(unit.name)))] : null] };
  }

  /* --- the panel ------------------------------------------------------------------------ */
  function amount(m2) { return S.compare.metres && !P.printing() ? fixed(m2, 2) : fixed(m2 / HECTARE, Math.abs(m2) < HECTARE ? 4 : Math.abs(m2) < 1e7 ? 2 : 1); }
  function fixed(v, digits) { const [a, b] = Math.abs(v).toFixed(digits).split("."), none = !+v.toFixed(digits); return none ? "0" : (v < 0 ? "−" : "") + a.replace(/\B(?=(\d{3})+(?!\d))/g, ",") + "." + b; }
  function sums(list) { return list.reduce((s, r) => s.map((v, k) => v + r[k + 1]), [0, 0, 0, 0]); }
  function classRows() {
    const t = theme(), list = S.compare.park === "" ? t.rows : own(t.parks, S.compare.park) || [];
    return list.slice().sort((a, b) => +(a[0] === 0) - +(b[0] === 0) || Math.max(b[1], b[4]) - Math.max(a[1], a[4]));
  }
  function parkName(id) { return id ? (own(P.byId, id) ? P.T(P.byId[id].name) : id) : say("不在任何园区", "in no park"); }
  function table(caption, head, list) {
    const total = sums(list.map((r) => r.cells));
    return el("div", { class: "wide-table", tabindex: "0", role: "group", "aria-label": caption }, el("table", { class: "recs balance" }, el("caption", { class: "sr" }, caption),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, head), [P.T(told.sides[0]), say("减少", "Lost"), say("增加", "Gained"), P.T(told.sides[1])].map((t) => el("th", { scope: "col", class: "v" }, t)))),
      el("tbody", {}, list.map((r) => balanceRow(r.name, r.cells.slice(1), r.colour))), el("tfoot", {}, balanceRow(say("合计", "In all"), total))));
  }
  function balanceRow(name, [before, lost, gained, after], colour) {
    return el("tr", {}, el("th", { scope: "row" }, colour === undefined ? null : swatch(colour), name), el("td", { class: "v num" }, amount(before)), el("td", { class: "v num less" }, lost > 5e-3 ? "−" + amount(lost) : ""), el("td", { class: "v num more" }, gained > 5e-3 ? "+" + amount(gained) : ""), el("td", { class: "v num" }, amount(after)));
  }
  function seg(label, options, now, set) {
    return el("div", { class: "seg", role: "group", "aria-label": label }, options.map(([key, name]) => el("button", { type: "button", "aria-pressed": key === now ? "true" : "false", onclick() { set(key); P.refresh(); P.landChanged(); P.remember(); } }, name)));
  }
  function choice(id, label, options, value, set) {
    return el("div", { class: "field" }, el("label", { for: id }, label), el("select", { id, onchange() { set(this.value); P.refresh(); P.landChanged(); P.remember(); } }, options.map(([key, name]) => el("option", { value: key, selected: key === value }, name))));
  }
  function landPart() {
    const t = theme(), parks = Object.keys(t.parks).sort((a, b) => +(a === "") - +(b === "")), inPark = rows.filter((r) => S.compare.park === "" || r.layer.now("park_id") && r.layer.now("park_id").text(r.i) === S.compare.park);
    return [el("div", { class: "pair" }, themes.length > 1 ? choice("ct", say("比什么", "What is compared"), themes.map((one) => [one.key, P.T(one.name)]), S.compare.theme, (v) => { S.compare.theme = v; recolour(); }) : null,
      parks.length > 1 ? choice("cp", say("园区", "Park"), [["", say("全部", "All")]].concat(parks.filter(Boolean).map((p) => [p, parkName(p)])), S.compare.park, (v) => { S.compare.park = v; }) : null),
    el("div", { class: "between" }, el("h2", { class: "cap" }, P.T(t.name) + say("增减", ": gains and losses")), seg(say("单位", "Unit"), [[false, say("公顷", "ha")], [true, say("平方米", "m²")]], S.compare.metres, (v) => { S.compare.metres = v; })),
    classTable(),
    S.compare.park === "" && parks.length > 1 ? [el("h2", { class: "cap later" }, say("各园区增减", "By park")), table(say("各园区增减", "By park"), say("园区", "Park"), parks.map((p) => ({ name: parkName(p), cells: [p, ...sums(t.parks[p])] })))] : null,
    el("p", { class: "row" }, el("button", { class: "tool", type: "button", onclick: csv }, say("导出增减表 CSV", "Balances as CSV")), rows.length ? el("button", { class: "tool", type: "button", onclick: () => csvRows(inPark) }, say("导出变化宗地 CSV", "Parcels as CSV")) : null),
    onMap ? changed(inPark) : null];
  }
  function classTable() { const t = theme(); return table(say("各类用地增减", "Gains and losses by class"), say("类别", "Class"), classRows().map((r) => ({ name: className(t, r[0]), colour: t.classes[r[0]].colour, cells: r }))); }
  /* the table for the sheet of paper */
  function paper() { return shows() && theme() ? el("section", {}, el("h2", {}, P.T(theme().name) + say("增减（公顷）", ": gains and losses (ha)") + (S.compare.park ? " · " + parkName(S.compare.park) : "")), classTable()) : null; }
  function changed(list) {
    if (!first.now("differs")) return el("p", { class: "status" }, say("正在读取……", "Reading…"));
    const renumbered = list.filter((r) => r.kind === RENUMBERED).length;
    return [el("h2", { class: "cap later" }, say("变化的宗地", "Parcels that differ")), el("p", { class: "status", role: "status" }, P.number(list.length - renumbered) + say(" 宗，图上以紫红轮廓标出", ", outlined on the map") + (renumbered ? say("；另有 " + P.number(renumbered) + " 宗只改了编号，用地未变，不描轮廓", "; " + P.number(renumbered) + " more were only renumbered and are not outlined") : "") + (list.length > LISTED ? say("；下面列出前 " + LISTED + " 宗", "; the first " + LISTED + " below") : "")),
      el("ul", { class: "found tall" }, list.slice(0, LISTED).map((r) => el("li", {}, el("button", { type: "button", onclick() { P.pickThing({ layer: r.layer, i: r.i }, true); } }, (r.layer.now("id") ? r.layer.now("id").text(r.i) : r.i + 1) + " · " + P.T(KINDS[r.kind])))))];
  }
  function valuePart() {
    const m = P.measure(), list = D.units.filter((u) => u.level === "park").map((u) => ({ u, a: P.value(u), b: valueOf(u) })).filter((r) => r.a || r.b).sort((x, y) => ((y.b || y.a)[1]) - ((x.b || x.a)[1]));
    if (!m || told.kind === "plan") return null;
    return [choice("cm", say("指标", "Indicator"), D.measures.map((one) => [one.key, P.T(one.name)]), S.measure, (v) => { S.measure = v; P.paint(); }),
      el("div", { class: "wide-table", tabindex: "0", role: "group", "aria-label": P.T(m.name) }, el("table", { class: "recs balance" }, el("caption", { class: "sr" }, P.T(m.name)), el("thead", {}, el("tr", {}, el("th", { scope: "col" }, say("园区", "Park")), [P.T(told.sides[0]), P.T(told.sides[1]), say("变化", "Change")].map((t) => el("th", { scope: "col", class: "v" }, t)))),
        el("tbody", {}, list.map(({ u, a, b }) => el("tr", {}, el("th", { scope: "row" }, el("button", { class: "link", type: "button", onclick() { P.pick(u.id, true); } }, P.T(u.name))), [a, b].map((c) => el("td", { class: "v num" }, c ? P.marked(c[2], c[1]) : "—", c && told.years && c[0] !== told.years[c === a ? 0 : 1] ? el("span", { class: "yr" }, " " + c[0]) : null)), el("td", { class: "v num" }, a && b ? (b[1] > a[1] ? "+" : "") + P.number(b[1] - a[1]) : "—")))))),
      el("p", { class: "text" }, T_unit(m) + say("；只有两边都有数值才算变化。", "; a change needs a value on both sides."))];
  }
  function T_unit(m) { return say("单位：", "Unit: ") + (P.T(m.unit) || "1"); }
  function page() {
    return [el("div", { class: "between" }, el("span", { class: "cap" }, say("怎么看", "How to look")), seg(say("怎么看", "How to look"), [["swipe", say("卷帘", "Swipe")], ["side", say("并排", "Side by side")]], S.compare.mode, (v) => { const seen = P.freeBounds(); S.compare.mode = v; layout(); P.go(seen, false, 20); })),
      el("p", { class: "status" }, say("左：", "Left: ") + P.T(told.sides[0]) + say("　右：", "; right: ") + P.T(told.sides[1])),
      theme() ? landPart() : null, valuePart(), told.said.map((pair) => el("p", { class: "warn" }, P.T(pair)))];
  }
  function legend() {
    if (!shows() || !onMap || !theme()) return null;
    const t = theme(), there = t.rows.filter((r) => r[0] && (r[1] || r[4])).sort((a, b) => b[4] - a[4]);
    return { title: P.T(t.name), sub: P.T(told.sides[0]) + " | " + P.T(told.sides[1]), rows: there.slice(0, 13).map((r) => ({ text: className(t, r[0]), colour: t.classes[r[0]].colour })).concat(there.length > 13 ? [{ text: say("另有 " + (there.length - 13) + " 类", there.length - 13 + " more"), more: true }] : [], [{ text: say("变化的宗地", "Parcels that differ"), line: MARK }]) };
  }

  /* --- to take along ------------------------------------------------------------------------ */
  function csv() {
    const head = ["theme", "park", "class", "before_m2", "lost_m2", "gained_m2", "after_m2"], lines = [head.join(",")];
    for (const t of themes) for (const [park, list] of [["*", t.rows], ...Object.entries(t.parks)]) for (const r of list) lines.push([csvCell(t.key), csvCell(park), csvCell(P.T(t.classes[r[0]].name)), ...r.slice(1)].join(","));
    P.save("balance.csv", "text/csv", "\ufeff" + lines.join("\r\n") + "\r\n");
  }
  function csvRows(list) {
    const read = (r, key) => (r.layer.now(key) ? r.layer.now(key).text(r.i) : ""), lines = [["id", "park", "difference", "area_m2", ...themes.flatMap((t) => [t.key + "_before", t.key + "_after"]), "what_else"].join(",")];
    for (const r of list) lines.push([read(r, "id"), read(r, "park_id"), P.T(KINDS[r.kind]), r.area, ...themes.flatMap((t) => sidesOf(t, r)), read(r, S.lang === "en" ? "differs.en" : "differs.zh")].map(csvCell).join(","));
    P.save("differences.csv", "text/csv", "\ufeff" + lines.join("\r\n") + "\r\n");
  }
  return { shows, update, layout, page, paper, legend, tip, at, card, onMap: () => onMap, beside: () => shows() && (S.compare.mode === "side" || P.printing()), second: () => (shows() ? second : null), declutter: () => { if (second && shows()) second.declutter(); }, changed: () => rows, there: !!told, themes, valueOf };
}

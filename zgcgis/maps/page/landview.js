/* What the land desk says: its page in the panel, its legend, the card of a parcel. */
import { el, fill, own } from "./dom.js";
import { swatch } from "./land.js";

const HECTARE = 1e4, MU = 2000 / 3;

export function landView(P, desk) {
  const { S, say } = P;
  const amount = (m2) => (m2 >= 1e6 ? P.number(m2 / 1e6) + say(" 平方公里", " km²") : P.number(m2 / HECTARE) + say(" 公顷", " ha"));
  const parts = {};

  function className(row) {
    if (row.name) return P.T(row.name);
    if (row.from === null && row.to === null) return say("有数值", "with a value");
    if (row.from === null) return say(P.number(row.to) + " 以下", "below " + P.number(row.to));
    return row.to === null ? say(P.number(row.from) + " 及以上", P.number(row.from) + " and more") : P.number(row.from) + " – " + P.number(row.to);
  }
  function styleName(layer) {
    const unit = layer.style && layer.style.unit ? P.T(layer.style.unit) : "";
    return layer.style ? P.T(layer.style.name) + (unit ? say("（" + unit + "）", " (" + unit + ")") : "") : P.T(layer.record.name);
  }

  function layerRow(layer) {
    const { record } = layer, id = "land-on-" + layer.key;
    const box = el("input", { type: "checkbox", id, checked: desk.on(layer), onchange() {
      S.land.on = desk.layers.filter((l) => (l === layer ? this.checked : desk.on(l))).map((l) => l.key);
      if (this.checked && layer.record.styles.length) S.land.level = layer.key;
      P.landChanged(); P.remember();
    } });
    const choose = record.styles.length > 1 ? el("select", { "aria-label": P.T(record.name) + say(" 着色方式", ", coloured by"), onchange() { S.land.level = layer.key; desk.setStyle(layer, this.value).then(P.landChanged); P.landChanged(); P.remember(); } },
      record.styles.map((s) => el("option", { value: s.key, selected: s === layer.style }, P.T(s.name)))) : null;
    const from = record.from ? el("span", { class: "hint" }, say("放大后显示", "shown when zoomed in")) : null;
    return el("div", { class: "lay" }, el("label", { for: id }, box, " ", P.T(record.name), el("b", { class: "num" }, P.number(record.meta.n))), from, choose);
  }

  function table() {
    const layer = desk.active(), box = parts.table;
    if (!layer || !box) return;
    if (!desk.drawn(layer)) { fill(box, el("p", { class: "status" }, say("选中上面的图层后，这里列出各类面积。", "Tick a layer above to see its areas by class."))); return; }
    layer.open("parcels"); /* drawn or about to be */
    const rows = layer.totals();
    if (!rows) { fill(box, el("p", { class: "status" }, say("正在读取……", "Reading…"))); layer.ready.then(table); return; }
    const total = rows.reduce((sum, r) => sum + r.area, 0), sorted = layer.style && layer.style.kind === "class" ? rows.slice().sort((a, b) => +(a.place === 0) - +(b.place === 0) || b.area - a.area) : rows;
    fill(box,
      el("div", { class: "between" }, el("h2", { class: "cap" }, P.T(layer.record.name) + " · " + styleName(layer)), layer.only.size ? el("button", { class: "chip", type: "button", onclick() { layer.only.clear(); layer.mask(); P.landChanged(); } }, say("全部显示", "Show all")) : null),
      el("p", { class: "status" }, say("合计 ", "In all ") + amount(total) + say("（", " (") + P.number(total / MU) + say(" 亩）；点一类只看这一类", " mu); choose a class to see it alone")),
      el("ul", { class: "classes" }, sorted.map((r) => classRow(layer, r, total))));
  }
  function classRow(layer, r, total) {
    const picked = layer.only.has(r.place), share = total ? 100 * r.area / total : 0;
    return el("li", {}, el("button", { type: "button", "aria-pressed": picked ? "true" : "false", onclick() {
      if (picked) layer.only.delete(r.place); else layer.only.add(r.place);
      layer.mask(); P.landChanged();
    } }, swatch(r.colour), el("span", { class: "nm" }, className(r)), el("span", { class: "vl num" }, amount(r.area)), el("span", { class: "pc num" }, share >= 0.1 ? share.toFixed(1) + "%" : "<0.1%")));
  }

  function found() {
    desk.search(S.land.find, 30).then((rows) => {
      fill(parts.found, rows.map((r) => el("li", {}, el("button", { type: "button", onclick() { P.pickThing(r, true); } }, r.text))),
        S.land.find && !rows.length ? el("li", { class: "status" }, say("没有编号、名称或使用者含有这些字的宗地", "No parcel with these words in its id, name or owner")) : null);
    });
  }

  function page() {
    parts.table = el("div", {}); parts.found = el("ul", { class: "found" });
    const search = el("input", { type: "search", id: "lf", autocomplete: "off", value: S.land.find, oninput() { S.land.find = this.value; found(); } });
    const range = el("input", { type: "range", id: "lo", min: 20, max: 100, step: 5, value: Math.round(S.land.opacity * 100), oninput() { S.land.opacity = this.value / 100; desk.update(); } });
    table();
    if (S.land.find) found();
    return [
      el("div", { class: "lays", role: "group", "aria-label": say("图层", "Layers") }, desk.layers.slice().reverse().map(layerRow), P.contextRow()),
      el("div", { class: "field row" }, el("label", { for: "lo", class: "cap" }, say("不透明度", "Opacity")), range),
      desk.byKey.parcel ? el("div", { class: "field" }, el("label", { for: "lf" }, say("查宗地（编号、名称、使用者）", "Find a parcel (id, name, owner)")), search, parts.found) : null,
      P.site.button(),
      parts.table,
      desk.data.said.map((pair) => el("p", { class: "warn" }, P.T(pair))),
    ];
  }

  /* What the legend shows while the land is drawn, for screen, paper and picture. */
  function legend(most) {
    const layer = desk.active();
    if (!layer || !desk.drawn(layer) || !layer.totals()) return null;
    const rows = layer.totals().slice().sort((a, b) => (layer.style && layer.style.kind === "class" ? +(a.place === 0) - +(b.place === 0) || b.area - a.area : a.place - b.place)), shown = rows.slice(0, most), rest = rows.slice(most);
    const out = shown.map((r) => ({ text: className(r), colour: r.colour }));
    if (rest.length) out.push({ text: say("另有 " + rest.length + " 类，见面板", rest.length + " more in the panel"), more: true });
    return { title: P.T(layer.record.name) + " · " + styleName(layer), rows: out };
  }

  function value(layer, key, i) { const c = layer.now(key), v = c ? c.text(i) : null; return v === undefined || v === "" ? null : v; }
  function classAt(layer, key, i) {
    const s = layer.record.styles.find((one) => one.key === key), c = layer.now("by." + key);
    if (!s || !c) return null;
    return s.kind === "class" ? (c.values[i] ? s.classes[c.values[i]] : null) : c.text(i) === null ? null : { name: [P.number(c.values[i]), P.number(c.values[i])], number: c.values[i] };
  }

  function tip(thing) {
    const { layer, i } = thing, row = layer.classes ? layer.legend()[layer.classes[i]] : null, area = value(layer, "area_m2", i);
    return [row ? className(row) : P.T(layer.record.name), el("small", {}, [layer.now("id") ? layer.now("id").text(i) : "", area ? amount(area) : ""].filter(Boolean).join(" · "))];
  }

  /* Everything a card needs, read once. */
  function read(layer) { return Promise.all(Object.keys(layer.record.columns).map((key) => layer.column(key))); }

  function word(v) { return P.T(own(VALUES, String(v)) || [String(v), String(v)]); }
  function cardParts({ layer, i }) {
    const { record } = layer, id = value(layer, "id", i), name = value(layer, "name", i) || value(layer, "zh", i), park = value(layer, "park_id", i), unit = park ? P.byId[park] : null;
    const area = value(layer, "area_m2", i), coded = new Set(record.styles.filter((s) => s.kind === "class").map((s) => s.key)), rows = record.fields.filter((f) => ["id", "name", "zh"].indexOf(f[0]) < 0 && !coded.has(f[0])).map((f) => [P.T([f[1], f[2]]), value(layer, f[0], i)]).filter((r) => r[1] !== null);
    const uses = record.styles.filter((s) => s.kind === "class" || s.key === "far").map((s) => [P.T(s.name), classAt(layer, s.key, i), s]).filter((r) => r[1]);
    return { title: name || id || P.T(record.name), other: [P.T(record.name), name && id ? id : "", unit ? P.T(unit.name) : ""].filter(Boolean).join(" · "), area, uses, rows, id, unit };
  }
  /* A place on a boundary, as near as corners are known: which parcel it lies in cannot be told. */
  function onEdge({ layer, i, clicked }) {
    const others = clicked ? layer.layer.besides(clicked, i) : [];
    if (!others.length) return null;
    const near = layer.layer.unit(clicked), within = near < 0.1 ? near.toFixed(2) : near.toFixed(1), ids = others.map((k) => (k < 0 ? say("地块之外", "none of them") : value(layer, "id", k)));
    return el("p", { class: "warn" }, say("所点之处离界线不到 " + within + " 米，本页图形取整到这个尺度，也可能属于：" + ids.join("、"), "The place clicked is within " + within + " m of a boundary, to which shapes are rounded here; it may as well lie in: " + ids.join(", ")));
  }
  function card(thing) {
    const c = cardParts(thing), firms = thing.layer.key === "parcel" ? P.firmsOf(c.id) : [], findings = P.findingsOf(c.id);
    return { title: c.title, other: c.other, body: [
      onEdge(thing),
      c.area ? el("p", { class: "big num" }, P.number(c.area) + say(" 平方米", " m²"), el("small", {}, P.number(c.area / HECTARE) + say(" 公顷 · ", " ha · ") + P.number(c.area / MU) + say(" 亩", " mu"))) : null,
      el("dl", { class: "facts" }, c.uses.map((r) => [el("dt", {}, r[0]), el("dd", {}, r[1].colour ? swatch(r[1].colour) : null, " ", P.T(r[1].name), r[1].number !== undefined && r[2].unit ? " " + P.T(r[2].unit) : "")]),
        c.rows.map((r) => [el("dt", {}, r[0]), el("dd", { class: "num" }, typeof r[1] === "number" ? P.number(r[1]) : word(r[1]))])),
      findings.length ? [el("h3", {}, say("问题", "Findings") + " (" + findings.length + ")"), findings.map((f) => P.findingButton(f))] : null,
      firms.length ? [el("h3", {}, say("企业", "Firms") + " (" + firms.length + ")"), el("ul", { class: "firms" }, firms.slice(0, 30).map((t) => el("li", {}, t))), firms.length > 30 ? el("p", { class: "text" }, say("只列前 30 家", "The first 30")) : null] : null,
      c.unit ? [el("h3", {}, say("所在园区", "Park")), el("div", { class: "inner" }, el("button", { type: "button", onclick() { P.pick(c.unit.id, true); } }, P.T(c.unit.name)))] : null,
    ] };
  }
  return { page, table, legend, card, cardParts, className, word, tip, read };
}

const VALUES = { allocated: ["划拨", "allocated"], granted: ["出让", "granted"], leased: ["租赁", "leased"], True: ["是", "yes"], False: ["否", "no"], true: ["是", "yes"], false: ["否", "no"] };

/* The set on paper: after the map sheet the list of parks, the findings, and a sheet a park or parcel. */
import { clear, el, fill, svg } from "./dom.js";
import { paintPart } from "./parcels.js";

const KINDS = ["map", "list", "findings", "parks", "parcels"], MOST_PARCELS = 500, SIDE = 1500, MM = 128;

export function papers(P) {
  const { D, S, T, say, byId } = P, box = el("div", { class: "papers", "aria-hidden": "true" }), html = document.documentElement;
  let wanted = new Set(["map"]), made = 0, open = false;
  document.body.appendChild(box);

  /* --- what is on offer ---------------------------------------------------------------- */
  const listed = () => P.ranked().map((r) => r.u).filter((u) => u.level !== "block");
  function parcels() { /* the one chosen, or those that the findings listed are about */
    if (S.thing && S.thing.layer.key === "parcel") return Promise.resolve({ rows: [S.thing], left: 0 });
    const F = P.findings.data();
    if (!P.land.byKey.parcel || !F) return Promise.resolve({ rows: [], left: 0 });
    const ids = [...new Set(P.findings.listed().filter((i) => F.level[i] === "parcel").map((i) => F.feature[i]))];
    return Promise.all(ids.slice(0, MOST_PARCELS).map((id) => P.land.rowOf("parcel", id))).then((rows) => ({ rows: rows.filter(Boolean), left: Math.max(0, ids.length - MOST_PARCELS) }));
  }
  function offers() {
    const parks = listed().length, found = P.findings.count ? P.findings.listed().length : 0;
    const rows = [["map", say("地图", "The map")], ["list", say("园区名录（" + parks + " 个）", "List of parks (" + parks + ")")]];
    if (P.findings.count) rows.push(["findings", say("问题清单（所列 " + P.number(found) + " 条）", "Findings as listed (" + P.number(found) + ")")]);
    rows.push(["parks", say("一园一表（所列 " + parks + " 个）", "A sheet a park (" + parks + " listed)")]);
    if (P.land.byKey.parcel) rows.push(["parcels", S.thing ? say("一宗一表（所选宗地）", "A sheet for the chosen parcel") : say("一宗一表（所列问题涉及的宗地）", "A sheet a parcel that listed findings are about")]);
    return rows;
  }
  function page() {
    const go = el("button", { class: "tool", type: "button", onclick() { prepare().then(() => window.print()); } }, P.U.print);
    return [el("h2", { class: "cap" }, say("打印成套图纸", "Print a set")), el("p", { class: "status" }, say("A4 横向。园区按筛选、问题按所列打印。", "A4 landscape; parks as filtered, findings as listed.")),
      el("div", { class: "lays", role: "group", "aria-label": say("打印成套图纸", "Print a set") }, offers().map(([key, name]) => el("div", { class: "lay" }, el("label", { for: "set-" + key }, el("input", { type: "checkbox", id: "set-" + key, checked: wanted.has(key), onchange() { if (this.checked) wanted.add(key); else wanted.delete(key); } }), " ", name)))), go];
  }

  /* --- sheets ------------------------------------------------------------------------------- */
  function foot() { return el("div", { class: "foot" }, [T(D.credit), T(D.disclaimer), D.synthetic ? P.U.syn : "", P.U.review + P.colon() + (D.review || P.U.reviewBlank), P.U.printed + P.colon() + P.today()].filter(Boolean).join("　")); }
  function table(heads, rows, kind) { return el("table", { class: "recs " + (kind || "") }, el("thead", {}, el("tr", {}, heads.map((h) => el("th", { scope: "col", class: h.length < 14 ? "n" : null }, h)))), el("tbody", {}, rows.map((r) => el("tr", {}, r.map((c) => el("td", { class: String(c).length < 9 ? "n" : null }, c)))))); }
  function sheet(title, other, body) { return el("section", { class: "one" }, el("header", {}, el("h1", {}, title), el("p", {}, other)), body, foot()); }

  function none(what, why) { return sheet(T(D.name) + " · " + what, why, null); } /* what is asked for and is not there is said */

  function listSheets() {
    const m = P.measure(), f = P.filterText();
    return sheet(T(D.name) + " · " + P.U.parks, [m ? T(m.name) + " · " + P.when() : "", P.U.filter + P.colon() + (f || P.U.noFilter)].filter(Boolean).join("　"), table(["", P.U.parks, say("所在区", "District"), say("聚集区", "Group"), say("设立", "Since"), m ? T(m.name) + (T(m.unit) ? say("（" + T(m.unit) + "）", " (" + T(m.unit) + ")") : "") : "", P.U.year, P.U.source],
      P.ranked().filter((r) => r.u.level !== "block").map((r, i) => [i + 1, T(r.u.name) + (r.u.g ? "" : say("（未上图）", " (not placed)")), T(r.u.district), P.groupById[r.u.group] ? T(P.groupById[r.u.group].name) : "", r.u.since === null ? "" : r.u.since, r.c ? P.qualified(r.c[2], r.c[1]) : "—", r.c ? r.c[0] : "", r.c && r.c[8] >= 0 ? P.shortSources([D.sources[r.c[8]]], 60) : ""]), "long"));
  }
  function findingSheets() {
    const F = P.findings.data(), rows = P.findings.listed(), lang = S.lang === "en" ? 1 : 0;
    return sheet(T(D.name) + " · " + P.U.findings, say("所列 " + P.number(rows.length) + " 条，共 " + P.number(P.findings.count) + " 条", P.number(rows.length) + " of " + P.number(P.findings.count) + " listed"), table(["", say("规则", "Rule"), say("程度", "Severity"), P.U.parks, say("对象", "Feature"), P.U.findings, say("依据", "Basis")],
      rows.map((i, n) => [n + 1, F.rules[F.rule[i]], P.findings.severityWord(F.severity[i]), byId[F.parks[F.park[i]]] ? T(byId[F.parks[F.park[i]]].name) : F.parks[F.park[i]] || "", F.feature[i], F.t[lang][i], F.clause[i] || ""]), "long"));
  }

  /* --- a map for a sheet: land as it is drawn, outlines over it ------------------------------- */
  function place(bounds, mine, name) {
    const a = P.project(bounds.getNorth(), bounds.getWest()), b = P.project(bounds.getSouth(), bounds.getEast()), side = 1.16 * Math.max(b[0] - a[0], b[1] - a[1], 1e-4), x0 = (a[0] + b[0] - side) / 2, y0 = (a[1] + b[1] - side) / 2, one = side / 100;
    const rings = (g) => (g.type === "Polygon" ? [g.coordinates] : g.type === "MultiPolygon" ? g.coordinates : []), path = (g) => rings(g).map((poly) => poly.map((ring) => "M" + ring.map((c) => { const q = P.project(c[1], c[0]); return (q[0] - x0).toFixed(5) + " " + (q[1] - y0).toFixed(5); }).join("L") + "Z").join("")).join("");
    const layer = P.land.byKey.parcel, paint = layer && layer.layer && layer.layer.d && layer.classes, canvas = el("canvas");
    if (paint) { const unit = Math.pow(2, layer.layer.d.bits - 16), k = SIDE / (side * unit); canvas.width = canvas.height = SIDE; paintPart(layer.layer, canvas, { k, ox: x0 * unit * k, oy: y0 * unit * k, ratio: 2 }); }
    const near = D.units.filter((u) => u.g && u.level !== "group" && rings(u.g).length), dot = mine.type === "Point" ? P.project(mine.coordinates[1], mine.coordinates[0]) : null;
    const metres = side / 256 * 40075016.7 / Math.pow(2, 8) * Math.cos(bounds.getCenter().lat * Math.PI / 180), step = round(metres / 4), bar = step / metres * 100;
    return el("figure", { class: "place" }, el("div", { class: "ground-of" }, paint ? canvas : null, svg("svg", { viewBox: "0 0 " + side + " " + side, role: "img", "aria-label": name },
      paint ? null : D.districts.map((d) => svg("path", { d: path(d.g), fill: "#f8f5ee", stroke: "#cfc7b6", "stroke-width": 0.2 * one })),
      near.map((u) => svg("path", { d: path(u.g), fill: "none", stroke: u.hue, "stroke-width": 0.3 * one, opacity: 0.8 })),
      dot ? svg("circle", { cx: dot[0] - x0, cy: dot[1] - y0, r: 1.6 * one, fill: "#d97706", stroke: "#fff", "stroke-width": 0.4 * one }) : svg("path", { d: path(mine), fill: "none", stroke: "#111a20", "stroke-width": 0.9 * one, "stroke-linejoin": "round" }))),
    el("figcaption", {}, el("i", { style: "width:" + (MM * bar / 100).toFixed(1) + "mm" }), step >= 1000 ? P.number(step / 1000) + say(" 公里", " km") : P.number(step) + say(" 米", " m")), paint ? keys(layer) : null);
  }
  function round(metres) { const p = Math.pow(10, Math.floor(Math.log10(metres))); return [5, 2, 1].map((n) => n * p).find((n) => n <= metres) || p; }
  function keys(layer) { return el("div", { class: "two" }, (layer.totals() || []).filter((c) => c.colour).sort((a, b) => (layer.style.kind === "class" ? b.area - a.area : a.place - b.place)).slice(0, 15).map((c) => el("div", { class: "sw" }, P.land.swatch(c.colour), " ", P.view.className(c)))); }

  function parkSheet(u) {
    const group = P.groupById[u.group], F = P.findings.data(), about = (F ? P.findings.listed() : []).filter((i) => F.parks[F.park[i]] === u.id), lang = S.lang === "en" ? 1 : 0;
    const values = D.measures.map((m) => [m, P.cell(u.id, m.key, S.year, "latest")]).filter((r) => r[1]), bounds = u.layer ? u.layer.getBounds().pad(u.isPoint ? 6 : 0.1) : null;
    return sheet(T(u.name), [u.name[S.lang === "en" ? 0 : 1], T(u.district), group ? T(group.name) : "", u.since === null ? "" : say(u.since + " 年起", "since " + u.since), u.precision ? P.U[u.precision] || u.precision : P.U.unplaced].filter(Boolean).join(" · "), el("div", { class: "half" },
      bounds ? place(bounds, u.g, T(u.name)) : el("p", { class: "warn" }, P.U.uNoPlace),
      el("div", { class: "facts-of" },
        values.length ? table([P.U.measure, P.U.valueAt, P.U.year, P.U.source], values.map(([m, c]) => [T(m.name), P.qualified(c[2], c[1]) + " " + T(m.unit), c[0], c[8] >= 0 ? P.shortSources([D.sources[c[8]]], 40) : c[5] === "computed" ? P.U.computed : ""])) : el("p", {}, P.U.noRecords),
        u.industries.length ? el("p", {}, el("b", {}, P.U.position + P.colon()), u.industries.map((k) => T(P.industryById[k].name)).join(say("、", ", "))) : null,
        u.kids.length ? el("p", {}, el("b", {}, P.U.inside + P.colon()), u.kids.length > 24 ? say(u.kids.length + " 个", String(u.kids.length)) : u.kids.map((k) => T(k.name)).join(say("、", ", "))) : null,
        T(u.note) ? el("p", {}, T(u.note)) : null, T(u.made) ? el("p", {}, P.U.howDrawn + P.colon() + T(u.made)) : null,
        about.length ? [el("h2", {}, P.U.findings + " (" + about.length + ")"), table([say("规则", "Rule"), say("程度", "Severity"), P.U.findings], about.slice(0, 40).map((i) => [F.rules[F.rule[i]], P.findings.severityWord(F.severity[i]), F.t[lang][i]])), about.length > 40 ? el("p", {}, say("只列前 40 条", "The first 40")) : null] : null)));
  }
  function parcelSheet({ layer, i }) {
    const c = P.view.cardParts({ layer, i }), F = P.findings.data(), lang = S.lang === "en" ? 1 : 0, about = P.findingsOf(c.id), rings = layer.layer.latLngsOf(i);
    const mine = { type: "Polygon", coordinates: rings.map((ring) => ring.map((p) => [p.lng, p.lat])) };
    return sheet(c.title, c.other, el("div", { class: "half" }, place(layer.layer.boundsOf(i).pad(0.7), mine, c.title), el("div", { class: "facts-of" },
      table([P.U.measure, P.U.valueAt], (c.area ? [[say("面积", "Area"), P.number(c.area) + say(" 平方米（", " m² (") + P.number(c.area / 1e4) + say(" 公顷，", " ha, ") + P.number(c.area * 3 / 2000) + say(" 亩）", " mu)")]] : []).concat(c.uses.map((r) => [r[0], T(r[1].name) + (r[1].number !== undefined && r[2].unit ? " " + T(r[2].unit) : "")]), c.rows.map((r) => [r[0], typeof r[1] === "number" ? P.number(r[1]) : P.view.word(r[1])]))),
      about.length ? [el("h2", {}, P.U.findings + " (" + about.length + ")"), about.map((k) => el("p", {}, el("b", {}, F.rules[F.rule[k]] + " " + P.findings.severityWord(F.severity[k])), "　", F.t[lang][k], F.clause[k] ? say("　依据：", " Basis: ") + F.clause[k] : ""))] : null)));
  }

  /* Reads what the sheets need, and makes them; printing itself waits for nothing. */
  async function prepare() {
    clear(box);
    const layer = P.land.byKey.parcel, sheets = [];
    await P.findings.ready;
    if (layer && (wanted.has("parks") || wanted.has("parcels"))) { layer.open("parcels"); await layer.ready; await P.view.read(layer); }
    if (wanted.has("list")) sheets.push(listSheets());
    if (wanted.has("findings")) sheets.push(P.findings.count ? findingSheets() : none(P.U.findings, say("本图没有问题清单。要打印问题，请用 zgcgis check 生成的地图。", "This map has no findings. Print them from the map that zgcgis check makes.")));
    if (wanted.has("parks")) sheets.push(...listed().map(parkSheet));
    if (wanted.has("parcels") && layer) {
      const { rows, left } = await parcels();
      sheets.push(...rows.map(parcelSheet));
      if (!rows.length) sheets.push(none(say("一宗一表", "A sheet a parcel"), say("没有选中宗地，所列问题也没有涉及宗地，所以没有表。", "No parcel is chosen and no listed finding is about one, so there is no sheet.")));
      if (left) sheets.push(el("p", {}, say("只打印前 " + MOST_PARCELS + " 宗，其余 " + left + " 宗请按规则或园区分批打印。", "The first " + MOST_PARCELS + " parcels; print the other " + left + " by rule or park.")));
    }
    made = sheets.length;
    fill(box, sheets);
    html.setAttribute("data-ready", "set");
  }
  function lay() { if (!made) return; html.classList.add("set"); if (!wanted.has("map")) html.classList.add("no-map"); }
  function lift() { html.classList.remove("set", "no-map"); clear(box); made = 0; }
  function want(kinds) { wanted = new Set(kinds.filter((k) => KINDS.indexOf(k) >= 0)); prepare(); }
  P.set = { page, prepare, want, lay, lift, open: () => open, toggle() { open = !open; P.pages(); }, close() { open = false; } };
}

/* The page of an atlas. Every text of the data becomes a text node; nothing is parsed as HTML. */
import { about } from "./about.js";
import { address } from "./address.js";
import { basemap } from "./basemap.js";
import { card } from "./card.js";
import { charts } from "./charts.js";
import { compareDesk } from "./compare.js";
import { contextLines } from "./context.js";
import { each, fill } from "./dom.js";
import { findingsDesk } from "./findings.js";
import { firmsDesk } from "./firms.js";
import { inset } from "./inset.js";
import { labelDesk } from "./labels.js";
import { landDesk } from "./land.js";
import { landView } from "./landview.js";
import { legend } from "./legend.js";
import { marker } from "./mark.js";
import { ruler } from "./measure.js";
import { panel } from "./panel.js";
import { paper } from "./paper.js";
import { papers } from "./papers.js";
import { picture } from "./picture.js";
import { pointer } from "./pointer.js";
import { siteDesk } from "./site.js";
import { steps } from "./steps.js";
import { units } from "./units.js";
import { values } from "./values.js";
import { view } from "./view.js";
import { UI } from "./words.js";

/* What the reader has chosen. */
function stateOf(D) { return { lang: D.lang, measure: D.measure, year: D.year, mode: "latest", picks: [], group: D.group, join: "any", query: "", unit: null, thing: null, finding: null, tab: D.desk || "parks", blocks: false }; }

/* Everything by its id; children and those above, each once: a hierarchy may run in a circle. */
function tables(D) {
  const made = { byId: Object.create(null), groupById: Object.create(null), measureByKey: Object.create(null), industryById: Object.create(null), labels: [] };
  each(D.units, (u) => { made.byId[u.id] = u; u.kids = []; });
  each(D.units, (u) => { if (made.byId[u.parent] && made.byId[u.parent] !== u) made.byId[u.parent].kids.push(u); });
  each(D.units, (u) => {
    let p = made.byId[u.parent]; u.above = [];
    while (p && p !== u && u.above.length < 32 && u.above.indexOf(p) < 0) { u.above.push(p); p = made.byId[p.parent]; }
  });
  each(D.groups, (g) => { made.groupById[g.id] = g; });
  each(D.measures, (m) => { made.measureByKey[m.key] = m; });
  each(D.industries, (i) => { made.industryById[i.id] = i; });
  return Object.assign(made, { parks: D.units.filter((u) => u.level !== "block") });
}

/* The one object that the modules share: what they offer one another is put on it. */
function shared(map, D) {
  const S = stateOf(D);
  /** @type {any} */
  const P = {
    map, D, S, onPaper: false, root: document.getElementById("atlas"), still: window.matchMedia("(prefers-reduced-motion: reduce)").matches,
    get U() { return UI[S.lang]; },
    T: (pair) => (pair ? (S.lang === "en" ? pair[1] : pair[0]) : ""),
    say: (zh, en) => (S.lang === "en" ? en : zh),
    phone: () => window.matchMedia("(max-width:760px) and (min-height:560px), (max-width:559px)").matches,
    printing: () => P.onPaper, industry: (k) => P.industryById[k], hush() { P.tip.hidden = true; }, focusCard() { P.card.focus(); },
    firmsOf: (id) => P.firms.of(id), findingsOf: (id) => P.findings.of(id), findingButton: (i) => P.findings.button(i),
    contextOn: () => P.context.on(), contextRow: () => [P.basemap.row(), P.context.row()], contextChanged() { P.context.update(); P.basemap.update(); P.paintCredit(); P.declutter(); P.remember(); },
  };
  return Object.assign(P, tables(D));
}

/* The desks, each with what it draws. */
function desks(P) {
  P.renderer = P.R.find; P.mark = marker(P);
  P.basemap = basemap(P); P.context = contextLines(P, P.labels);
  P.land = P.desk = landDesk(P); P.view = landView(P, P.land); P.firms = firmsDesk(P); P.findings = findingsDesk(P);
  const names = labelDesk(P, P.labels, P.labelPane);
  P.compare = compareDesk(P, P.labels); P.ruler = ruler(P); P.site = siteDesk(P);
  P.steps = steps(P);
  P.declutter = () => { names(); P.compare.declutter(); };
}

/* What the page shows, in one sentence; the number of parks is the one the zone goes by. */
function showing(P) {
  const { S, D, T, say, parks } = P, m = P.measure(), n = parks.length, e = P.era(), known = parks.filter(P.value).length;
  const all = e && e[4] ? say(T([e[2], e[3]]) + "（" + e[4] + " 园），连同下级园区和片区共列 " + n + " 个", T([e[2], e[3]]) + " (" + e[4] + "), " + n + " listed with their parts") : say(n + " 个园区与片区", n + " parks and areas");
  const layer = P.land.shows() ? P.land.active() : null;
  const what = P.compare.shows() ? T(D.compare.sides[0]) + " | " + T(D.compare.sides[1]) : P.firms.shows() ? say("企业按产业集群", "firms by cluster") : layer ? T(layer.record.name) + (layer.style ? " · " + T(layer.style.name) : "") : m ? T(m.name) + say("，" + P.when() + "（" + known + " 个有数值）", ", " + P.when() + " (" + known + " of " + n + " known)") : "";
  return all + (what ? say("；图上是", ". Shown: ") + what : "") + (D.synthetic ? " · " + P.U.syn : "") + (P.drawn.some((u) => u.precision === "sketch" || u.precision === "schematic") ? " · " + P.U.notOfficial : "");
}

function painting(P) {
  const { S } = P;
  P.layers = () => { P.land.update(); P.firms.update(); P.findings.update(); P.context.update(); P.basemap.update(); };
  P.paint = () => {
    P.pattern();
    each(P.order, P.style);
    fill(P.parts.lead, showing(P));
    if (S.tab === "parks" && P.parts.list && P.parts.list.isConnected) P.paintList();
    P.layers();
    P.paintLegend(); P.paintScale(); P.paintCard(); P.compare.update(); P.declutter();
  };
}

/* What moves with the map, and what an address brings back. */
function listening(P) {
  const { map, S, D } = P;
  let closeBy = null;
  map.on("moveend", () => { const now = P.covering(); if (now !== closeBy) { closeBy = now; each(P.order, P.style); } P.layers(); P.paintLegend(); P.declutter(); P.insetMove(); P.paintScale(); P.remember(); });
  map.on("zoomstart", () => { P.labelPane.style.opacity = 0; });
  map.on("zoomend", () => { P.labelPane.style.opacity = 1; });
  map.on("resize", () => { P.compare.layout(); if (P.awaited) P.go(P.awaited[0], false, P.awaited[1]); P.paintLegend(); P.declutter(); P.insetMove(); P.paintScale(); });
  window.addEventListener("popstate", () => { if (P.steps.at() >= 0) P.steps.leave(); P.reread(); }); /* Back, or another address typed in */
}

/* What an address, of the window or of a step, brings back. */
function rereading(P) {
  const { map, S, D } = P;
  P.toView = () => { if (P.box) P.go(L.latLngBounds(P.box), false, 20, 0); else if (P.whole) P.go(P.groupBounds() || P.core, false); };
  P.reread = (text) => {
    P.quiet = true;
    Object.assign(S, { unit: null, thing: null, finding: null, site: null, query: "", picks: [], group: D.group, tab: D.desk || "parks", blocks: false, mode: "latest" }); P.mark.clear();
    const at = P.recall(text);
    P.build();
    P.whole = !at && !P.box && text !== undefined;
    if (!P.box && at) map.setView([at[0], at[1]], at[2], { animate: false });
    P.paint(); P.toView(); P.site.repaint(); if (S.site) P.site.show(S.site);
    P.quiet = false;
    if (P.asked !== null) { const i = P.asked, move = !at && !P.box; P.findings.ready.then(() => P.findings.choose(i, move)); }
  };
}

export function atlas(map, D) {
  const P = shared(map, D), { S, byId } = P;
  for (const part of [values, units, view, desks, charts, panel, legend, card, about, inset, pointer, address, paper, papers, picture, painting, rereading]) part(P);
  const seenAt = P.recall();
  P.build();
  P.go(P.groupBounds() || P.core || P.everything || L.latLngBounds([[39.4, 115.4], [41, 117.5]]), false);
  P.paint();
  if (!seenAt && S.unit && byId[S.unit].layer) P.go(byId[S.unit].layer.getBounds().pad(1.5), false, 12);
  if (P.box) P.toView();
  else if (seenAt) { P.awaited = null; map.setView([seenAt[0], seenAt[1]], seenAt[2], { animate: false }); }
  P.paint();
  listening(P);
  P.insetMove(); P.paintScale();
  if (S.site) P.site.show(S.site);
  P.quiet = false;
  const asked = P.asked;
  if (P.shown) P.steps.present(P.shown[0], P.shown[1]);
  else if (P.forPaper) P.set.want(P.forPaper);
  else if (asked !== null) P.findings.ready.then(() => P.findings.choose(asked, !seenAt));
  else if (S.tab === "findings") P.findings.ready.then(P.refresh);
  setTimeout(() => { for (const l of P.land.layers) if (l.key === "parcel") l.open("parcels"); }, 30); /* read before it is asked for */
  window.atlasPage = { state: S, data: D, map, draw: P.draw, pick: P.pick, land: P.land, firms: P.firms, findings: P.findings, compare: P.compare, site: P.site, steps: P.steps, set: P.set, ruler: P.ruler, pickThing: P.pickThing, paint: P.paint, rebuild() { P.build(); P.paint(); }, value: (id) => P.value(byId[id]) };
}

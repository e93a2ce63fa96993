/* The card of a park, and of whatever else is chosen. */
import { add, el, fill, own } from "./dom.js";

export function card(P) {
  const { D, S, T, byId, groupById, industryById, root } = P;
  Object.assign(P, { paintCard, sourceText });

  function sourceText(i) { return i >= 0 ? D.sources[i] : ""; }
  function scopeText(c) { return c[4] === "registration" ? P.U.registration : c[4] === "operation" ? P.U.operation : c[4] === "unknown" ? P.U.unknown : ""; }
  function whenText(c) { return c[0] + (S.lang === "en" ? "" : "年") + " · " + T(own(D.words.periods, c[3]) || [c[3], c[3]]) + (own(D.words.status, c[6]) ? " · " + T(own(D.words.status, c[6])) : ""); }
  function kpi(u, m, open) {
    var c = P.cell(u.id, m.key, S.year, "latest");
    if (!c) return null;
    var scope = scopeText(c), src = sourceText(c[8]);
    return el("details", { class: "kpi", open: open },
      el("summary", {}, el("span", { class: "nm" }, T(m.name), el("span", { class: "when" }, whenText(c))), el("span", { class: "vl num" }, P.qualified(c[2], c[1]), el("small", {}, T(m.unit)))),
      el("div", { class: "in" },
        P.series(u.id, m.key).length > 1 ? P.trend(u, m.key) : null, P.place(u, m.key),
        T(m.note) ? el("p", {}, P.U.def + P.colon() + T(m.note)) : null,
        c[5] === "computed" ? el("p", {}, P.U.computed) : null,
        scope ? el("p", {}, P.U.scope + P.colon() + scope) : null,
        own(D.words.series, c[7]) ? el("p", {}, T(own(D.words.series, c[7]))) : null,
        T(c[9]) ? el("p", { class: c[5] === "computed" && (c[4] === "registration" || c[4] === "unknown") ? "warn" : "" }, T(c[9])) : null,
        c[10] ? el("p", { class: "warn" }, P.U.conflict) : null,
        src ? el("p", { class: "src" }, P.U.source + P.colon() + src) : null));
  }
  function unknowns(u) {
    var out = [], first = D.measures[0];
    if (!u.g) out.push(P.U.uNoPlace); else if (u.isPoint) out.push(P.U.uOutline);
    if (u.level !== "block") {
      if (D.values.planned_land_m2 && !P.series(u.id, "planned_land_m2").length) out.push(P.U.uArea);
      if (D.plan && u.since === null) out.push(P.U.uSince);
      if (D.plan && !u.industries.length) out.push(P.U.uIndustry);
      var lacking = D.measures.filter(function (m) { return !m.computed && m.key !== "planned_land_m2" && !P.series(u.id, m.key).length; }).slice(0, 4).map(function (m) { return T(m.name); });
      if (lacking.length) out.push(P.U.uValue + lacking.join(S.lang === "en" ? ", " : "、"));
      var rows = first ? P.series(u.id, first.key) : [];
      if (rows.length && D.years.length && rows[rows.length - 1][0] < D.years[D.years.length - 1]) out.push(S.lang === "en" ? T(first.name) + ": nothing found after " + rows[rows.length - 1][0] : T(first.name) + P.colon() + rows[rows.length - 1][0] + " 年以后的全年数未查到");
    }
    return out;
  }
  function paintCard() {
    var u = byId[S.unit], some = P.carded();
    root.className = some ? "has-card" : "";
    document.body.className = some ? "has-card" : "";
    P.card.hidden = !some;
    if (!some) return;
    if (!u) { sideCard(S.thing ? (P.compare.shows() ? P.compare.card(S.thing) : P.view.card(S.thing)) : S.finding !== null ? P.findings.card() : P.site.card()); return; }
    P.card.style.setProperty("--hue", u.hue);
    var g = groupById[u.group], other = S.lang === "en" ? u.name[0] : u.name[1], records = own(D.records, u.id) || [], first = P.measure(), shown = D.measures.slice(), sep = S.lang === "en" ? "; " : "；";
    if (first) { shown.splice(shown.indexOf(first), 1); shown.unshift(first); }
    var kpis = shown.map(function (m, i) { return kpi(u, m, i === 0); });
    var via = D.industries.filter(function (i) { return i.kind === "cluster" && u.industries.indexOf(i.id) < 0 && P.names(i.id)(u); });
    var p = byId[u.parent], kids = u.kids, unknown = unknowns(u);
    var meta = [T(u.district), g ? T(g.name) : "", u.since !== null ? (S.lang === "en" ? "since " + u.since : u.since + " 年起") : ""].filter(Boolean).join(" · ");
    var scroll = el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": T(u.name) });
    fill(P.card,
      el("div", { class: "head" }, el("h2", {}, T(u.name)), other !== T(u.name) ? el("div", { class: "other", lang: S.lang === "en" ? "zh-CN" : "en" }, other) : null, el("div", { class: "meta" }, meta),
        u.precision ? el("span", { class: "badge" }, (own(P.U, u.precision) || u.precision) + (u.error ? (S.lang === "en" ? ", off by about " + P.number(u.error) + " m" : "，误差约 " + P.number(u.error) + " 米") : "")) : el("span", { class: "badge" }, P.U.unplaced),
        u.isPoint || !u.g || u.precision === "synthetic" || u.precision === "surveyed" ? null : el("span", { class: "badge" }, P.U.notOfficial)),
      el("button", { class: "x", type: "button", "aria-label": P.U.close, onclick: function () { P.pick(null); } }, "×"), scroll);
    add(scroll, [
      kpis.some(Boolean) ? kpis : el("p", { class: "text" }, P.U.noRecords),
      u.industries.length || u.clauses.length ? [el("h3", {}, P.U.position),
        g && T(g.demand) ? el("p", { class: "text" }, T(g.demand)) : null,
        u.industries.length ? el("p", {}, u.industries.map(function (k) { return el("span", { class: "tag" }, T(industryById[k].name)); }), via.map(function (i) { return el("span", { class: "tag via", title: P.U.via }, T(i.name)); })) : null,
        via.length ? el("p", { class: "text" }, (S.lang === "en" ? "Dashed: " : "虚线框：") + P.U.via) : null,
        u.words.length && g && g.words.length ? el("p", { class: "text" }, P.U.plannedWords + P.colon() + g.words.join("、")) : null,
        u.clauses.length ? el("p", { class: "text" }, P.U.clause + " " + u.clauses.map(function (c) { return c[0]; }).join(sep) + (D.plan ? (S.lang === "en" ? ", " : "，") + T(D.plan.name) : "")) : null] : null,
      P.mix(u),
      unknown.length ? [el("h3", {}, P.U.notKnown), el("ul", { class: "unknown" }, unknown.map(function (t) { return el("li", {}, t); }))] : null,
      T(u.note) ? el("p", { class: "text" }, T(u.note)) : null,
      T(u.made) ? el("p", { class: "text" }, P.U.howDrawn + P.colon() + T(u.made)) : null,
      p ? [el("h3", {}, P.U.parent), el("div", { class: "inner" }, el("button", { type: "button", onclick: function () { P.pick(p.id, true); } }, T(p.name)))] : null,
      kids.length ? [el("h3", {}, P.U.inside), el("div", { class: "inner" }, kids.map(function (k) { return el("button", { type: "button", onclick: function () { P.pick(k.id, true); } }, T(k.name)); }))] : null,
      u.aliases.length || u.former.length ? [el("h3", {}, P.U.aliases), el("p", { class: "text" }, u.former.map(function (f) { return T(f.name) + (f.since || f.until ? (S.lang === "en" ? " (" : "（") + f.since + "–" + f.until + (S.lang === "en" ? ")" : "）") : ""); }).concat(u.aliases).join(S.lang === "en" ? "; " : "；"))] : null,
      u.boundary.length ? [el("h3", {}, P.U.boundary), u.boundary.map(function (b) { return el("p", { class: "text" }, b.what + (b.year ? " (" + b.year + ")" : "") + P.colon() + ["east", "south", "west", "north"].map(function (s, i) { return b.sides[i] ? P.U[s] + " " + b.sides[i] : ""; }).filter(Boolean).join(sep)); })] : null,
      records.length ? el("details", { class: "more" }, el("summary", {}, P.U.allValues + " (" + records.length + ")"),
        el("table", { class: "recs" }, el("caption", { class: "sr" }, P.U.allValues), el("thead", {}, el("tr", {}, el("th", { scope: "col" }, P.U.year), el("th", { scope: "col" }, P.U.measure), el("th", { scope: "col", class: "v" }, P.U.valueAt))),
          el("tbody", {}, records.map(function (r) {
            var t = own(D.words.terms, r[1]);
            return el("tr", {}, el("td", { class: "num" }, r[0]), el("td", {}, t ? T(t.name) : r[1], el("div", { class: "src" }, [T(own(D.words.periods, r[4]) || [r[4], r[4]]), own(D.words.status, r[7]) ? T(own(D.words.status, r[7])) : "", scopeText([0, 0, 0, 0, r[5]]), T(r[10])].filter(Boolean).join(" · ")), el("div", { class: "src" }, sourceText(r[9]))), el("td", { class: "v num" }, P.qualified(r[3], r[2]), el("div", { class: "src" }, t ? T(t.unit) : "")));
          })))) : null]);
  }

  /* the card of a parcel, a building or a finding */
  function sideCard(c) {
    P.card.style.setProperty("--hue", "#0f5c6e");
    fill(P.card, el("div", { class: "head" }, el("h2", {}, c.title), el("div", { class: "other" }, c.other)),
      el("button", { class: "x", type: "button", "aria-label": P.U.close, onclick: function () { P.pick(null); } }, "×"),
      el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": c.title }, c.body));
  }
}

/* The frame of the page: panel, tools, tabs, and the list of the parks. */
import { clear, each, el, fill, svg } from "./dom.js";

export function panel(P) {
  const { D, S, T, map, parks, root } = P;
  Object.assign(P, { pages, era, paintList, toast, stop, build, paintCredit });

  P.panel = el("section", { class: "box panel" }); P.card = el("section", { class: "box card", hidden: true, tabindex: "-1" }); P.legend = el("section", { class: "box legend" });
  P.zoomers = el("div", { class: "box zoomers", role: "group" }); P.inset = el("div", { class: "box inset" }); P.credit = el("footer", { class: "credit" }); P.scale = el("div", { class: "scale", "aria-hidden": "true" });
  P.tip = el("div", { class: "tip", hidden: true, "aria-hidden": "true" }); P.sheet = el("div", { class: "sheet", "aria-hidden": "true" }); var toastBox = el("div", { class: "toast", role: "status", hidden: true });
  var corner = el("div", { class: "corner" }, P.inset, P.scale, P.credit);
  each([P.panel, P.legend, P.zoomers, P.card, corner, P.ruler.box, P.site.box, P.site.cross, P.tip, toastBox, P.sheet], function (n) { root.appendChild(n); });
  map.getContainer().setAttribute("aria-hidden", "true");
  map.getContainer().setAttribute("tabindex", "-1");
  P.parts = {};

  var timer = null; /* while the years play */
  function icon(d) { return svg("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" }, svg("path", { d: d, fill: "none", stroke: "currentColor", "stroke-width": 1.7, "stroke-linecap": "round", "stroke-linejoin": "round" })); }
  function toast(text) { fill(toastBox, text); toastBox.hidden = false; setTimeout(function () { toastBox.hidden = true; }, 2600); }

  function build() {
    document.documentElement.lang = S.lang === "en" ? "en" : "zh-CN";
    document.title = T(D.name);
    P.panel.setAttribute("aria-label", P.U.panel); P.card.setAttribute("aria-label", P.U.card); P.legend.setAttribute("aria-label", P.U.legend);
    P.zoomers.setAttribute("aria-label", S.lang === "en" ? "Map view" : "地图视图");
    var tabs = [["parks", P.U.parks]];
    if (P.land.layers.length) tabs.push(["land", P.U.landTab]);
    if (P.firms.count) tabs.push(["firms", P.U.firmsTab]);
    if (P.findings.count) tabs.push(["findings", P.U.findings + " " + P.number(P.findings.count)]);
    if (P.compare.there) tabs.push(["compare", P.U.compareTab]);
    if (D.goals.length) tabs.push(["goals", P.U.goals]);
    tabs.push(["about", P.U.about]);
    if (!tabs.some(function (t) { return t[0] === S.tab; })) S.tab = "parks";
    P.parts.tabs = {};
    var bar = el("div", { class: "tabs", role: "tablist" });
    each(tabs, function (t, i) {
      var b = el("button", { role: "tab", id: "tab-" + t[0], "aria-controls": "tabpage", type: "button", onclick: function () { S.tab = t[0]; P.steps.close(); P.set.close(); pages(); P.paint(); P.remember(); }, onkeydown: function (e) {
        var step = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
        if (!step) return;
        var next = tabs[(i + step + tabs.length) % tabs.length][0];
        S.tab = next; P.steps.close(); P.set.close(); pages(); P.paint(); P.remember(); P.parts.tabs[next].focus();
      } }, t[1]);
      P.parts.tabs[t[0]] = b; bar.appendChild(b);
    });
    P.parts.lead = el("p", { class: "lead" });
    P.parts.pages = el("div", { class: "pages", role: "tabpanel", id: "tabpage", tabindex: "0" });
    fill(P.panel,
      el("button", { class: "handle", type: "button", "aria-label": P.U.sheet, onclick: raise }, el("i")),
      el("header", {}, el("h1", {}, T(D.name)), P.parts.lead,
        el("div", { class: "tools" },
          el("button", { class: "tool", type: "button", lang: S.lang === "en" ? "zh-CN" : "en", onclick: function () { S.lang = S.lang === "en" ? "zh" : "en"; build(); P.paint(); P.remember(); P.panel.querySelector(".tool").focus(); } }, P.U.lang),
          el("button", { class: "tool", type: "button", "aria-expanded": P.set.open() ? "true" : "false", onclick: function () { P.steps.close(); P.set.toggle(); } }, P.U.print),
          el("button", { class: "tool", type: "button", onclick: P.savePng }, P.U.png),
          el("button", { class: "tool", type: "button", onclick: P.copyLink }, P.U.copyLink),
          el("button", { class: "tool", type: "button", "aria-expanded": P.steps.open() ? "true" : "false", onclick: function () { P.set.close(); P.steps.toggle(); } }, P.U.present))),
      bar, P.parts.pages);
    fill(P.zoomers,
      el("button", { type: "button", "aria-label": P.U.zoomIn, title: P.U.zoomIn, onclick: function () { map.zoomIn(); } }, icon("M7 2v10M2 7h10")),
      el("button", { type: "button", "aria-label": P.U.zoomOut, title: P.U.zoomOut, onclick: function () { map.zoomOut(); } }, icon("M2 7h10")),
      el("button", { type: "button", "aria-label": P.U.home, title: P.U.home, onclick: function () { P.go(P.core, true); } }, icon("M2 7l5-5 5 5M3.5 6v6h7V6")),
      el("button", { type: "button", "aria-label": P.U.whole, title: P.U.whole, onclick: function () { P.go(P.everything, true); } }, icon("M1.5 5V1.5H5M9 1.5h3.5V5M12.5 9v3.5H9M5 12.5H1.5V9")),
      el("button", { type: "button", "aria-label": P.U.ruler, title: P.U.ruler, "aria-pressed": P.ruler.on() ? "true" : "false", onclick: function () { P.ruler.toggle(); this.setAttribute("aria-pressed", P.ruler.on() ? "true" : "false"); } }, icon("M1.5 9.5l8-8 3 3-8 8zM4 7l1.5 1.5M6.5 4.5L8 6")));
    P.paintCredit();
    P.insetBuild();
    pages();
  }
  function paintCredit() {
    fill(P.credit, [D.synthetic ? P.U.syn : "", T(D.credit), P.basemap.credit()].filter(Boolean).map(function (t) { return t + "　"; }).join(""), el("span", { class: "nobr" }, P.U.review + P.colon() + (D.review || P.U.reviewBlank)));
  }
  function raise() {
    var c = P.panel.classList, low = c.contains("low"), high = c.contains("high");
    c.remove("low"); c.remove("high");
    if (low) { /* to the middle */ } else if (high) c.add("low"); else c.add("high");
    P.declutter();
  }
  function pages() {
    for (var k in P.parts.tabs) { P.parts.tabs[k].setAttribute("aria-selected", k === S.tab ? "true" : "false"); P.parts.tabs[k].setAttribute("tabindex", k === S.tab ? "0" : "-1"); }
    P.parts.pages.setAttribute("aria-labelledby", "tab-" + S.tab);
    var bar = P.parts.tabs[S.tab].parentElement; bar.scrollLeft = P.parts.tabs[S.tab].offsetLeft - bar.clientWidth / 2; /* where they stand in one row */
    each(P.panel.querySelectorAll(".tool[aria-expanded]"), function (b, i) { b.setAttribute("aria-expanded", (i ? P.steps : P.set).open() ? "true" : "false"); });
    fill(P.parts.pages, P.steps.open() ? P.steps.page() : P.set.open() ? P.set.page() : S.tab === "goals" ? P.goalsPage() : S.tab === "about" ? P.aboutPage() : S.tab === "findings" ? P.findings.page(P.parts.pages) : S.tab === "land" ? P.view.page() : S.tab === "firms" ? P.firms.page() : S.tab === "compare" ? P.compare.page() : parksPage());
    if (S.tab !== "findings") P.parts.pages.onscroll = null;
    P.parts.pages.scrollTop = 0;
    if (S.tab === "parks" && !P.steps.open() && !P.set.open()) paintList();
  }

  function parksPage() {
    var out = [];
    P.parts.search = el("input", { type: "search", id: "q", autocomplete: "off", spellcheck: "false", value: S.query, oninput: function () { S.query = this.value; P.paint(); P.remember(); } });
    out.push(el("div", { class: "field" }, el("label", { for: "q" }, P.U.search), P.parts.search));
    if (D.measures.length) {
      P.parts.select = el("select", { id: "m", onchange: function () { S.measure = this.value; P.paint(); P.remember(); } }, D.measures.map(function (m) {
        return el("option", { value: m.key, selected: m.key === S.measure }, T(m.name) + (T(m.unit) ? (S.lang === "en" ? " (" + T(m.unit) + ")" : "（" + T(m.unit) + "）") : ""));
      }));
      out.push(el("div", { class: "field" }, el("label", { for: "m" }, P.U.measure), P.parts.select));
    }
    if (D.years.length > 1) {
      P.parts.range = el("input", { type: "range", id: "y", min: D.years[0], max: D.years[D.years.length - 1], step: 1, value: S.year, oninput: function () { stop(); S.year = +this.value; P.paint(); P.remember(); } });
      P.parts.out = el("output", { class: "year num", for: "y" });
      P.parts.play = el("button", { class: "play", type: "button", onclick: toggle });
      P.parts.era = el("div", { class: "era" });
      out.push(el("div", { class: "field" }, el("label", { for: "y" }, P.U.year), el("div", { class: "row" }, P.parts.range, P.parts.out, P.parts.play),
        el("div", { class: "between" }, P.parts.era, el("div", { class: "seg", role: "group", "aria-label": P.U.mode }, [["latest", P.U.latest], ["exact", P.U.exact]].map(function (o) {
          return el("button", { type: "button", "aria-pressed": S.mode === o[0] ? "true" : "false", onclick: function () { S.mode = o[0]; var seg = this.parentNode; each(seg.children, function (b) { b.setAttribute("aria-pressed", "false"); }); this.setAttribute("aria-pressed", "true"); P.paint(); P.remember(); } }, o[1]);
        })))));
    }
    var held = D.groups.filter(function (g) { return D.units.some(function (u) { return u.group === g.id; }); });
    if (held.length > 1) out.push(el("div", { class: "field" }, el("label", { for: "gr" }, P.U.groupFilter), el("select", { id: "gr", onchange: function () { S.group = this.value; P.paint(); P.go(P.groupBounds() || P.core, true); P.remember(); } }, [["", P.U.all]].concat(held.map(function (g) { return [g.id, T(g.name)]; })).map(function (o) { return el("option", { value: o[0], selected: o[0] === S.group }, o[1]); }))));
    if (D.industries.length) {
      P.parts.chips = el("div", { class: "chips", role: "group", "aria-label": P.U.clusters });
      P.parts.join = el("div", { class: "seg", role: "group", "aria-label": P.U.anyAll }, ["any", "all"].map(function (j) {
        return el("button", { type: "button", "aria-pressed": S.join === j ? "true" : "false", onclick: function () { S.join = j; each(this.parentNode.children, function (b) { b.setAttribute("aria-pressed", "false"); }); this.setAttribute("aria-pressed", "true"); P.paint(); P.remember(); } }, P.U[j]);
      }));
      each(D.industries, function (i) {
        if (i.kind !== "cluster" && !D.units.some(function (u) { return u.industries.indexOf(i.id) >= 0; })) return;
        P.parts.chips.appendChild(el("button", { class: "chip" + (i.kind === "cluster" ? "" : " activity"), type: "button", "aria-pressed": S.picks.indexOf(i.id) >= 0 ? "true" : "false", onclick: function () {
          var at = S.picks.indexOf(i.id);
          if (at >= 0) S.picks.splice(at, 1); else S.picks.push(i.id);
          this.setAttribute("aria-pressed", at >= 0 ? "false" : "true"); P.paint(); P.remember();
        } }, T(i.name), el("b", { class: "num" }, parks.filter(P.names(i.id)).length)));
      });
      out.push(el("div", { class: "field" }, el("div", { class: "between" }, el("span", { class: "cap" }, P.U.clusters), P.parts.join), P.parts.chips));
    }
    P.parts.status = el("p", { class: "status", role: "status" });
    P.parts.list = el("ol", { class: "rank" });
    P.parts.blocks = D.units.some(function (u) { return u.level === "block"; }) ? el("button", { class: "chip", type: "button", "aria-pressed": S.blocks ? "true" : "false", onclick: function () { S.blocks = !S.blocks; this.setAttribute("aria-pressed", S.blocks ? "true" : "false"); P.paint(); P.remember(); } }, P.U.blocks) : null;
    if (P.basemap.there) out.push(el("div", { class: "lays" }, P.basemap.row(), D.basemap.said.map(function (t) { return el("p", { class: "warn" }, T(t)); })));
    out.push(el("div", { class: "between" }, el("h2", { class: "cap" }, P.U.rankingOf), P.parts.blocks), P.parts.status, P.parts.list);
    return out;
  }

  function area(list) { /* published area, parents and their parts once */
    var sum = 0, n = 0, has = Object.create(null);
    each(list, function (u) { has[u.id] = true; });
    each(list, function (u) {
      if (u.level === "group") return;
      if (u.above.some(function (p) { return has[p.id] && P.cell(p.id, "planned_land_m2", S.year, "latest"); })) return;
      var c = P.cell(u.id, "planned_land_m2", S.year, "latest");
      if (c) { sum += c[1]; n++; }
    });
    return { sum: sum, n: n };
  }
  function paintList() {
    var list = P.ranked(), m = P.measure(), hi = 0, n = 0, withValue = 0, cs = P.colours();
    each(list, function (r) { if (r.c) { hi = Math.max(hi, r.c[1]); withValue++; } });
    var shown = list.filter(function (r) { return r.u.level !== "block"; }), a = area(shown.map(function (r) { return r.u; }));
    var says = S.lang === "en" ? shown.length + " parks, " + withValue + " with a value" : shown.length + " 个园区，" + withValue + " 个有数值";
    if ((S.picks.length || S.query || S.group) && a.n) says += (S.lang === "en" ? "; published area " + P.number(a.sum) + " km² in all (" + a.n + " known; " + P.U.areaNote + ")" : "；" + P.U.published + " " + P.number(a.sum) + " 平方公里（" + a.n + " 个有面积，" + P.U.areaNote + "）");
    fill(P.parts.status, list.length ? says : P.U.noMatch);
    clear(P.parts.list);
    each(list, function (r) {
      var u = r.u, c = r.c;
      if (c) n++;
      var why = !u.g ? P.U.unplaced : !P.there(u) ? (u.since !== null && S.year < u.since ? P.U.notYet + (S.lang === "en" ? " (" + u.since + ")" : "（" + u.since + "年）") : P.U.gone) : "";
      var b = el("button", { type: "button", "data-unit": u.id, class: c ? "" : "none", "aria-current": u.id === S.unit ? "true" : null, onclick: function () { P.pick(u.id, true); } },
        el("span", { class: "top" }, el("span", { class: "no num" }, c ? n : ""), el("span", { class: "sq", style: "background:" + u.hue }), el("span", { class: "nm" }, T(u.name)),
          c ? el("span", { class: "vl num" }, P.marked(c[2], c[1]), c[0] !== S.year ? el("span", { class: "yr" }, c[0]) : null) : el("span", { class: "vl" }, "—")),
        c ? el("span", { class: "bar" }, el("i", { style: "width:" + (hi > 0 ? Math.max(0.5, 100 * Math.max(0, c[1]) / hi) : 0) + "%;background:" + (P.klass(c[1]) ? cs[P.klass(c[1])] : "#8fb9b3") })) : null,
        why ? el("span", { class: "why" }, why) : null);
      P.parts.list.appendChild(el("li", { class: u.level === "block" ? "sub" : null }, b));
    });
    if (P.parts.out) fill(P.parts.out, S.year);
    if (P.parts.range) P.parts.range.value = S.year;
    if (P.parts.play) { fill(P.parts.play, timer ? icon("M4.5 2v10M9.5 2v10") : icon("M4 2l8 5-8 5z")); P.parts.play.setAttribute("aria-label", timer ? P.U.pause : P.U.play); }
    if (P.parts.era) { var e = era(); fill(P.parts.era, e ? T([e[2], e[3]]) : ""); }
    if (m && P.parts.select) P.parts.select.value = m.key;
  }
  function era() { var found = null; each(D.eras, function (e) { if (e[0] !== null && e[0] <= S.year && (e[1] === null || S.year < e[1])) found = e; }); return found; }
  function toggle() {
    if (timer) { stop(); paintList(); return; }
    var last = D.years[D.years.length - 1];
    if (S.year >= last) S.year = D.years[0];
    timer = setInterval(function () {
      if (S.year >= last) { stop(); paintList(); return; }
      S.year++; P.paint();
    }, 700);
    P.paint();
  }
  function stop() { if (timer) { clearInterval(timer); timer = null; P.remember(); } }
}

/* The printed sheet. */
import { each, el, fill, svg } from "./dom.js";

export function paper(P) {
  const { D, S, T, industryById, map, parks } = P;
  Object.assign(P, { filterText, sourcesText, shortSources, today, settle });

  function filterText() {
    var out = [];
    if (S.group) out.push(T(P.groupById[S.group].name));
    if (S.picks.length) out.push(S.picks.map(function (k) { return T(industryById[k].name); }).join(S.lang === "en" ? (S.join === "all" ? " and " : " or ") : S.join === "all" ? " 且 " : " 或 "));
    if (S.query) out.push("“" + S.query + "”");
    return out.join(S.lang === "en" ? "; " : "；");
  }
  function sourcesText() {
    var used = {}, out = [];
    each(P.ranked(), function (r) { if (r.c && r.c[8] >= 0 && !used[r.c[8]]) { used[r.c[8]] = true; out.push(D.sources[r.c[8]]); } });
    return out;
  }
  function shortSources(list, most) { /* whole entries, as many as fit */
    var texts = list.map(short).filter(function (t, i, all) { return all.indexOf(t) === i; }), join = S.lang === "en" ? "; " : "；", out = "", i = 0;
    while (i < texts.length && (out + join + texts[i]).length <= most) out += (i ? join : "") + texts[i++];
    return i ? out + (i < texts.length ? (S.lang === "en" ? " and " + (texts.length - i) + " more" : " 等 " + texts.length + " 处") : "") : (texts[0] || "").slice(0, most);
  }
  function today() { var d = new Date(), p = function (n) { return (n < 10 ? "0" : "") + n; }; return d.getFullYear() + "-" + p(d.getMonth() + 1) + "-" + p(d.getDate()); }
  function numberParks() { var n = 0; each(D.units, function (u) { u.no = 0; }); each(P.ranked(), function (r) { if (r.u.level !== "block") r.u.no = ++n; }); }
  function buildSheet() {
    var says = P.legendOf(40, true), m = P.measure(), list = P.ranked().filter(function (r) { return r.u.level !== "block"; }), f = filterText(), l = P.scaleLength(120), total = parks.length, src = sourcesText(), seen = map.getBounds();
    var far = list.filter(function (r) { return r.u.at && !seen.contains(r.u.at); }), small = P.world ? P.world.parentNode.cloneNode(true) : null, one = P.world ? +P.world.getAttribute("stroke-width") / 1.1 : 1;
    if (small) { /* parks beyond the map keep their number in the small map of the whole */
      var b0 = P.project(seen.getNorth(), seen.getWest()), b1 = P.project(seen.getSouth(), seen.getEast()), frameRect = small.lastChild;
      frameRect.setAttribute("x", b0[0]); frameRect.setAttribute("y", b0[1]); frameRect.setAttribute("width", b1[0] - b0[0]); frameRect.setAttribute("height", b1[1] - b0[1]);
      each(far, function (r) { var q = P.project(r.u.at[0], r.u.at[1]); small.appendChild(svg("circle", { cx: q[0], cy: q[1], r: 4.4 * one, fill: "#1f2a33" })); small.appendChild(svg("text", { x: q[0], y: q[1] + 2.1 * one, "text-anchor": "middle", "font-size": 5.8 * one, "font-weight": 700, fill: "#fff" }, r.u.no)); });
    }
    fill(P.sheet,
      el("h1", {}, T(D.name)),
      el("div", { class: "st" }, (says.title ? says.title + (says.sub ? (S.lang === "en" ? ", " : "，") + (says.land ? says.sub : P.when()) : "") + "　" : "") + P.U.filter + P.colon() + (f ? f + (S.lang === "en" ? " (" + list.length + " of " + total + " parks)" : "（" + total + " 个园区中的 " + list.length + " 个）") : P.U.noFilter)),
      P.world && far.length ? el("div", { class: "in" }, small) : null,
      el("div", { class: "sc" }, l.text, el("i", { style: "width:" + l.px.toFixed(1) + "px" })),
      el("div", { class: "col" },
        says.title ? el("section", {}, el("h2", {}, says.title), el("div", { class: "two" }, says.rows.map(function (c) { return el("div", { class: "sw" }, P.keyOf(c, "no-data-print"), c.text); }))) : null,
        el("section", { class: "two" }, says.keys.map(function (k) { return el("div", { class: "sw" }, k.node, k.text); })),
        P.compare.paper(),
        el("section", {}, el("h2", {}, P.U.list), el("table", {}, el("tbody", {}, list.map(function (r) {
          return el("tr", {}, el("td", { class: "n" }, r.u.no), el("td", {}, T(r.u.name) + (r.u.g ? "" : S.lang === "en" ? " (not placed)" : "（未上图）")), el("td", { class: "v num" }, says.land ? "" : r.c ? P.marked(r.c[2], r.c[1]) + (r.c[0] !== S.year ? (S.lang === "en" ? " (" + r.c[0] + ")" : "（" + r.c[0] + "）") : "") : "—"));
        }))))),
      el("div", { class: "ft" },
        el("div", {}, T(D.credit) + "　" + T(D.disclaimer) + (D.synthetic ? P.U.syn : "")),
        el("div", {}, (src.length ? P.U.source + P.colon() + shortSources(src, S.lang === "en" ? 330 : 300) + "　" : "") + P.U.projection + "　" + P.U.review + P.colon() + (D.review || P.U.reviewBlank) + "　" + P.U.printed + P.colon() + today())));
    var col = P.sheet.querySelector(".col"), table = P.sheet.querySelector(".col>section:last-child table"), size = 7.4; /* all parks fit on the sheet, however many */
    while (col.scrollHeight > col.clientHeight && size > 3.4) { size -= 0.2; table.style.fontSize = size + "pt"; }
  }
  function short(text) { var host = /^https?:\/\/([^/\s]+)/.exec(text), said = /\(([^)]*)\)/.exec(text); return said ? said[1] : host ? host[1] : text; }
  function settle() { each([map, P.compare.second() && P.compare.second().map], function (one) { if (one) one.eachLayer(function (l) { if (l.settle) l.settle(); }); }); } /* what takes a picture waits for nothing */
  var kept = null;
  function beforePrint() {
    if (P.onPaper) return;
    kept = { c: map.getCenter(), z: map.getZoom() };
    P.stop(); P.onPaper = true;
    document.documentElement.classList.add("printing");
    P.compare.layout(); map.invalidateSize({ animate: false, pan: false });
    var list = P.ranked().filter(function (r) { return r.u.layer; }).map(function (r) { return r.u; });
    var view = S.picks.length || S.query || S.group ? P.boundsOf(list) : null;
    P.go(view || P.core, false, 15);
    numberParks(); P.pattern(); P.compare.update();
    settle();
    P.declutter(); buildSheet(); P.set.lay();
  }
  function afterPrint() {
    if (!P.onPaper) return;
    P.onPaper = false;
    document.documentElement.classList.remove("printing"); P.set.lift();
    P.compare.layout(); map.invalidateSize({ animate: false, pan: false });
    map.setView(kept.c, kept.z, { animate: false });
    each(D.units, function (u) { u.no = 0; });
    P.paint();
  }
  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", afterPrint);
}

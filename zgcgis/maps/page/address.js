/* The link that brings the view back. */
import { each, el, encode } from "./dom.js";

export function address(P) {
  const { D, S, byId, industryById, map, measureByKey } = P;
  Object.assign(P, { remember, copyLink, recall, viewText });

  P.quiet = true;
  function remember() {
    if (P.quiet || P.onPaper) return;
    try { history.replaceState(null, "", "#" + viewText()); } catch (_) { /* a frame without an address */ }
  }
  function viewText() {
    var c = map.getCenter(), h = ["v=" + c.lat.toFixed(4) + "," + c.lng.toFixed(4) + "," + map.getZoom().toFixed(2), "l=" + S.lang];
    if (S.measure) h.push("m=" + encode(S.measure));
    if (S.year !== null) h.push("y=" + S.year);
    if (S.mode !== "latest") h.push("k=" + S.mode);
    if (S.group) h.push("o=" + encode(S.group));
    if (S.picks.length) h.push("i=" + S.picks.map(encode).join(","), "j=" + S.join);
    if (S.query) h.push("q=" + encode(S.query));
    if (S.unit) h.push("s=" + encode(S.unit));
    if (S.land.level && P.land.active().style) h.push("d=" + S.land.on.map(function (k) { var l = P.land.byKey[k]; return encode(k + (l.style ? ":" + l.style.key : "")); }).join(","));
    if (S.finding !== null) h.push("f=" + S.finding);
    if (S.site) h.push("g=" + P.site.told());
    if (S.tab !== (D.desk || "parks")) h.push("t=" + S.tab);
    if (P.compare.shows()) h.push("c=" + [S.compare.mode, S.compare.at.toFixed(2), encode(S.compare.theme)].join(","));
    if (P.firms.shows() && S.firms.mode !== "auto") h.push("e=" + S.firms.mode);
    if (S.blocks) h.push("b=1");
    if (P.steps.at() >= 0) h.push("p=" + (P.steps.at() + 1));
    return h.join("&");
  }
  P.asked = null; /* a finding that the address names */
  P.box = null; /* what part of the ground it shows, in a window of any size */
  P.shown = null; /* a step that it opens on */
  P.forPaper = null; /* what is to be printed */
  function boxOf(v) { var n = v.split(",").map(Number); return n.length === 4 && n.every(isFinite) && n[0] <= n[2] && n[1] <= n[3] && Math.max(Math.abs(n[0]), Math.abs(n[2])) <= 85 && Math.max(Math.abs(n[1]), Math.abs(n[3])) <= 180 ? [[n[0], n[1]], [n[2], n[3]]] : null; }
  function recallLand(list) {
    var known = list.map(function (t) { return t.split(":"); }).filter(function (p) { return P.land.byKey[p[0]]; });
    S.land.on = known.map(function (p) { return p[0]; });
    each(known, function (p) { var l = P.land.byKey[p[0]], s = l.record.styles.filter(function (one) { return one.key === p[1]; })[0]; if (s && s !== l.style) { l.style = s; if (l.layer) l.restyle().then(P.landChanged); } });
  }
  function recallCompare(parts) {
    if (parts[0] === "side" || parts[0] === "swipe") S.compare.mode = parts[0];
    if (+parts[1] > 0 && +parts[1] < 1) S.compare.at = +parts[1];
    if (P.compare.themes.some(function (t) { return t.key === parts[2]; })) S.compare.theme = parts[2];
  }
  function recall(text) {
    var view = null;
    P.asked = P.box = P.shown = P.forPaper = null;
    each(String(text === undefined ? location.hash : text).replace(/^#/, "").split("&"), function (part) {
      var at = part.indexOf("="), k = part.slice(0, at), v;
      try { v = decodeURIComponent(part.slice(at + 1)); } catch (_) { return; }
      if (k === "v") { var n = v.split(",").map(Number); if (n.length === 3 && n.every(isFinite) && Math.abs(n[0]) <= 85 && Math.abs(n[1]) <= 180) view = n; }
      else if (k === "l" && (v === "zh" || v === "en")) S.lang = v;
      else if (k === "m" && Object.prototype.hasOwnProperty.call(measureByKey, v)) S.measure = v;
      else if (k === "y" && D.years.indexOf(+v) >= 0) S.year = +v;
      else if (k === "k" && v === "exact") S.mode = v;
      else if (k === "i") S.picks = v.split(",").filter(function (i) { return Object.prototype.hasOwnProperty.call(industryById, i); });
      else if (k === "o" && Object.prototype.hasOwnProperty.call(P.groupById, v)) S.group = v;
      else if (k === "j" && v === "all") S.join = v;
      else if (k === "q") S.query = v.slice(0, 80).replace(/[\ud800-\udbff]$/, "");
      else if (k === "s" && Object.prototype.hasOwnProperty.call(byId, v)) S.unit = v;
      else if (k === "t" && /^(parks|land|firms|goals|about|findings|compare)$/.test(v)) S.tab = v;
      else if (k === "g") S.site = P.site.recall(v);
      else if (k === "c") recallCompare(v.split(","));
      else if (k === "e" && P.firms.modes().indexOf(v) >= 0) S.firms.mode = v;
      else if (k === "w") P.box = boxOf(v);
      else if (k === "p" && /^\d{1,3}(,map)?$/.test(v)) P.shown = [parseInt(v, 10) - 1, v.indexOf("map") > 0];
      else if (k === "x") P.forPaper = v.split(",");
      else if (k === "b") S.blocks = v === "1";
      else if (k === "d") recallLand(v.split(","));
      else if (k === "f" && /^\d{1,7}$/.test(v) && +v < P.findings.count) P.asked = +v;
    });
    return view;
  }
  function copyLink() {
    remember();
    var old = function () {
      var t = el("textarea", { class: "sr", "aria-hidden": "true" }); t.value = location.href; document.body.appendChild(t); t.select();
      var ok = false; try { ok = document.execCommand("copy"); } catch (_) { ok = false; }
      document.body.removeChild(t); P.toast(ok ? P.U.copied : P.U.copyBy);
    };
    if (navigator.clipboard && navigator.clipboard.writeText) navigator.clipboard.writeText(location.href).then(function () { P.toast(P.U.copied); }, old); else old();
  }
}

/* Choosing by click and key; what the pointer tells. */
import { each, el, fill } from "./dom.js";

export function pointer(P) {
  const { D, S, T, byId, map, root } = P;
  Object.assign(P, { tell, pick, refresh, landChanged, pickThing, touch, showSite, clearPicked, outline, showFinding, togglePick, save, feel, hover });

  /* one step of the browser's Back: the card closes and the page stays */
  function step() { if (!P.quiet) { try { history.pushState(null, "", location.href); } catch (_) { /* a frame without an address */ } } }
  function pick(id, move) {
    var before = S.unit;
    if (!id && !S.unit && !S.thing && S.finding === null) P.site.clear();
    if (id && !P.carded()) step();
    S.unit = id && byId[id] ? id : null; S.thing = null; S.finding = null; P.mark.clear();
    P.tip.hidden = true;
    P.paint(); P.remember();
    if (S.unit) {
      if (move && byId[id].layer) { var b = byId[id].layer.getBounds(); P.go(b.pad ? b.pad(byId[id].isPoint ? 0.01 : 0.9) : b, true, byId[id].isPoint ? 11.5 : 14); }
      P.card.focus();
    } else if (before) { back(before); }
  }
  /* a parcel or a building, as land.at found it */
  function pickThing(thing, move) {
    if (!P.carded()) step();
    S.unit = null; S.finding = null; S.thing = thing; P.tip.hidden = true;
    outline(thing);
    P.view.read(thing.layer).then(function () { if (S.thing === thing) { P.paintCard(); if (move) P.go(thing.layer.layer.boundsOf(thing.i).pad(1.2), true, 18); P.declutter(); } });
    P.paint(); P.remember();
  }
  function outline(thing) { P.mark.clear(); P.mark.rings(thing.layer.layer.latLngsOf(thing.i)); }
  function showSite(drawn) { if (!P.carded()) step(); S.unit = null; S.thing = null; S.finding = null; S.site = drawn; P.mark.clear(); P.paint(); }
  function clearPicked() { S.unit = null; S.thing = null; S.finding = null; S.site = null; P.mark.clear(); P.paint(); }
  function showFinding() { if (!P.carded()) step(); S.unit = null; S.thing = null; P.paint(); }
  /* a click on the map: what is drawn uppermost is meant */
  function touch(latlng) {
    if (P.site.take(latlng) || P.ruler.take(latlng)) return true;
    var f = P.findings.at(latlng), t;
    if (f >= 0) { P.findings.choose(f, false); return true; }
    t = P.firms.shows() ? null : P.compare.at(latlng) || P.land.at(latlng);
    if (t) { pickThing({ ...t, clicked: latlng }, false); return true; }
    return false;
  }
  var felt = 0;
  function feel(e) { /* the same for the pointer; at most once a frame */
    var said = P.firms.tip(e.latlng) || P.compare.tip(e.latlng), t = said ? null : P.firms.shows() ? null : P.land.at(e.latlng);
    if (!said && !t) return false;
    if (t && t.layer.classes && !t.layer.now("id")) t.layer.column("id");
    tell(said || P.view.tip(t), e.originalEvent);
    return true;
  }
  function tell(nodes, e) {
    var r = root.getBoundingClientRect();
    fill(P.tip, nodes); P.tip.hidden = false;
    P.tip.style.left = Math.min(e.clientX - r.left + 14, r.width - P.tip.offsetWidth - 8) + "px"; P.tip.style.top = Math.min(e.clientY - r.top + 14, r.height - P.tip.offsetHeight - 8) + "px";
  }
  map.on("click", function (e) { if (e.originalEvent !== P.taken) touch(e.latlng); });
  map.on("mousemove", function (e) { var now = Date.now(); if (now - felt < 30 || e.originalEvent === P.taken) return; felt = now; if (!feel(e)) P.tip.hidden = true; });
  map.on("mouseout movestart", function () { P.tip.hidden = true; });
  function togglePick(k) { var at = S.picks.indexOf(k); if (at >= 0) S.picks.splice(at, 1); else S.picks.push(k); refresh(); P.paint(); P.remember(); }
  function refresh() { var at = P.parts.pages.scrollTop; P.pages(); P.parts.pages.scrollTop = at; }
  function landChanged() { P.land.update(); P.firms.update(); P.compare.update(); if (S.tab === "land") { P.view.table(); syncLand(); } each(P.order, P.style); P.paintLegend(); P.declutter(); }
  function syncLand() { each(P.panel.querySelectorAll(".lay input[type=checkbox]"), function (b) { if (b.id.slice(0, 8) === "land-on-") b.checked = S.land.on.indexOf(b.id.slice(8)) >= 0; }); }
  function save(name, type, text) {
    var url = URL.createObjectURL(new Blob([text], { type: type + ";charset=utf-8" })), a = el("a", { href: url, download: D.id.replace(/[^\w\-\u4e00-\u9fff]+/g, "_") + "-" + name });
    document.body.appendChild(a); a.click(); document.body.removeChild(a);
    setTimeout(function () { URL.revokeObjectURL(url); }, 8000);
  }
  function back(id) { if (S.tab !== "parks") return; each(P.parts.list.querySelectorAll("button"), function (b) { if (b.getAttribute("data-unit") === id) b.focus(); }); }
  function hover(u, e) {
    var c = P.value(u), r = root.getBoundingClientRect();
    fill(P.tip, T(u.name), el("small", {}, c && P.measure() ? T(P.measure().name) + " " + P.qualified(c[2], c[1]) + " " + T(P.measure().unit) + (S.lang === "en" ? ", " : "，") + c[0] : P.U.none));
    P.tip.hidden = false;
    var x = Math.min(e.clientX - r.left + 14, r.width - P.tip.offsetWidth - 8);
    P.tip.style.left = x + "px"; P.tip.style.top = Math.min(e.clientY - r.top + 14, r.height - P.tip.offsetHeight - 8) + "px";
  }
  document.addEventListener("keydown", function (e) { if (P.site.keys(e)) return; if (e.key === "Escape" && P.carded()) pick(null); else if (S.finding !== null && (e.key === "j" || e.key === "k") && !/^(INPUT|SELECT|TEXTAREA)$/.test(/** @type {Element} */ (e.target).tagName)) P.findings.step(e.key === "j" ? 1 : -1); });
}

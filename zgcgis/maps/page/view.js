/* What part of the window the map has, and how to go somewhere. */
import { each } from "./dom.js";
import { shape } from "./ground.js";

export function view(P) {
  const { D, S, groupById, map, phone, root, still } = P;
  Object.assign(P, { frameFor, coveredFor, stage, freeBounds, frame, covered, covering, go, carded, boundsOf });

  /* the parks give way to what is drawn in their place */
  function covering() { return (P.compare.shows() && P.compare.onMap()) || P.firms.shows() || (P.land.shows() && S.land.on.length > 0) || S.tab === "findings"; }
  function covered(size) { return coveredFor(map, size); }
  function coveredFor(one, size) { /* boxes that names may not lie under */
    var taken = [], o = one.getContainer().getBoundingClientRect();
    if (!P.onPaper) each([P.legend, P.inset, P.zoomers, P.credit, P.scale], function (b) { if (b && !b.hidden && b.offsetWidth) { var r = b.getBoundingClientRect(); taken.push({ l: r.left - o.left, r: r.right - o.left, t: r.top - o.top, b: r.bottom - o.top }); } });
    if (P.onPaper && P.world && one === map && !P.compare.shows()) { var mm = size.x / 192; taken.push({ l: 149 * mm, r: 193 * mm, t: 117 * mm, b: 162 * mm }); }
    return taken;
  }
  function carded() { return !!(S.unit || S.thing || S.finding !== null || S.site); }
  function frame() { return frameFor(map); }
  function frameFor(one) { /* the part of a map that nothing covers */
    var s = one.getSize();
    if (P.onPaper) return { left: 0, top: 0, right: s.x, bottom: s.y };
    return P.compare.beside() ? { left: 8, top: 8, right: s.x - 8, bottom: s.y - 8 } : freeOf(s);
  }
  function freeBounds() { var f = frame(); return L.latLngBounds(map.containerPointToLatLng([f.left, f.bottom]), map.containerPointToLatLng([f.right, f.top])); }
  function stage() { /* where maps may stand in the window, and the window */
    var s = { x: root.clientWidth, y: root.clientHeight }, f = freeOf(s);
    if (phone()) return { left: 0, top: 0, right: s.x, bottom: f.bottom, width: s.x, height: s.y };
    return { left: Math.max(0, f.left - 8), top: 0, right: carded() && P.card.getBoundingClientRect().left > s.x / 3 ? f.right + 52 : s.x, bottom: s.y, width: s.x, height: s.y };
  }
  function freeOf(s) {
    if (phone()) {
      var sheetEl = carded() ? P.card : P.panel, r = sheetEl.getBoundingClientRect();
      return { left: 0, top: 0, right: s.x, bottom: Math.max(s.y - r.height, s.y * 0.3) };
    }
    var left = 8, right = s.x - 64;
    each([P.panel, P.card], function (b) { /* whichever stands there, on the left or on the right */
      if (b.hidden || !b.offsetWidth) return;
      var r = b.getBoundingClientRect();
      if (r.left < s.x / 3) left = Math.max(left, r.right + 14); else right = Math.min(right, r.left - 60);
    });
    return { left: left, top: 8, right: Math.max(right, left + 80), bottom: s.y - 8 };
  }

  function boundsOf(list) { var b = null; each(list, function (u) { var x = (u.layer || shape(u.g, {})).getBounds(); b = b ? b.extend(x) : L.latLngBounds(x.getSouthWest(), x.getNorthEast()); }); return b; }
  P.drawn = D.units.filter(function (u) { return u.g; });
  var inGroups = P.drawn.filter(function (u) { return u.group && groupById[u.group] && u.level !== "group"; });
  P.everything = boundsOf(P.drawn.length ? P.drawn : D.outlines.concat(D.districts).filter(function (o) { return o.g; }));
  if (!P.everything && D.span) P.everything = L.latLngBounds([D.span[0], D.span[1]], [D.span[2], D.span[3]]);
  P.core = boundsOf(inGroups.length > 1 ? inGroups : P.drawn) || P.everything;
  if (P.core && D.outlines.length && inGroups.length > 1) each(D.outlines, function (o) { P.core.extend(o.layer.getBounds()); });
  if (P.core) { var inner = L.latLngBounds(P.core.getSouthWest(), P.core.getNorthEast()); each(P.drawn, function (u) { if (!u.isPoint && inner.contains(u.at)) P.core.extend(u.layer.getBounds()); }); }
  P.groupBounds = function () { return S.group ? boundsOf(P.drawn.filter(function (u) { return u.id === S.group || u.group === S.group; })) : null; };
  function padding() {
    if (P.onPaper) return { paddingTopLeft: [12, 12], paddingBottomRight: [12, 12] };
    var f = frame(), s = map.getSize();
    var p = phone() ? [14, 56, 14, s.y - f.bottom + 12] : [f.left + 8, 22, s.x - f.right + 8, 34];
    var x = Math.min(1, 0.8 * s.x / (p[0] + p[2])), y = Math.min(1, 0.8 * s.y / (p[1] + p[3])); /* a small window is not all margin */
    return { paddingTopLeft: [p[0] * x, p[1] * y], paddingBottomRight: [p[2] * x, p[3] * y] };
  }
  P.awaited = null; /* where to go once the map can be seen: a page in a folded notebook cell or a hidden tab has no size */
  function seen() {
    var c = map.getContainer(), s = map.getSize();
    if (s.x !== c.clientWidth || s.y !== c.clientHeight) { map.invalidateSize({ animate: false, pan: false }); s = map.getSize(); }
    return s.x > 0 && s.y > 0;
  }
  function go(bounds, move, most, margin) {
    if (!bounds) return;
    P.awaited = seen() ? null : [bounds, most];
    if (P.awaited) { map.setView(bounds.getCenter(), 9, { animate: false }); return; }
    var o = padding();
    if (margin === 0) { var f = frame(), s = map.getSize(); o = { paddingTopLeft: [f.left, f.top], paddingBottomRight: [s.x - f.right, s.y - f.bottom] }; }
    var whole = map.getSize(), larger = Math.max(1, Math.min(whole.x / 1440, whole.y / 900)); /* a wall shows more of the same ground */
    o.maxZoom = most || 14.5 + Math.log2(larger);
    if (move && !still && !P.onPaper) { o.duration = 0.7; map.flyToBounds(bounds, o); } else { o.animate = false; map.fitBounds(bounds, o); }
  }
}

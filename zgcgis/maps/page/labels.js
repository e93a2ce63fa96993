/* Names on the map: several places to try for each, the important first, none on another.
   A name is written and measured only when it may be seen: a page has thousands. */
import { clear, el, fill } from "./dom.js";

export function labelDesk(P, labels, pane) {
  const { map, S } = P, sizes = new Map();

  /* Write what a name says now; how large that is is measured later, all at once. */
  function write(l) {
    const u = l.unit, c = u && l.kind !== "b" && !P.covering() ? P.value(u) : null, text = P.T(l.name), arrow = l.link && l.link.arrow ? l.link.arrow + " " : "";
    const kind = "lb " + l.kind + (S.lang === "en" && text.length > 20 && l.kind !== "g" && !(P.printing() && u) ? " wide" : "") + (u && u.id === S.unit ? " s" : "");
    const number = c ? P.marked(c[2], c[1]) : "", no = u && u.no ? u.no : "", key = [kind, no, arrow + text, number, P.printing()].join("|");
    if (!l.node) { l.node = el("div", {}); if (l.colour) l.node.style.color = l.colour; l.node.style.visibility = "hidden"; pane.appendChild(l.node); }
    if (l.said !== key) {
      l.said = key; l.node.className = kind;
      if (l.link) fill(l.node, el("span", { class: "t" }, arrow + text));
      else { clear(l.node); if (no) l.node.appendChild(el("span", { class: "no" }, no)); l.node.appendChild(el("span", { class: "t" }, text)); if (number) l.node.appendChild(el("small", { class: "num" }, number)); }
    }
    return key;
  }
  function rank(l) {
    const u = l.unit;
    if (!u) return l.order;
    return u.id === S.unit ? 0 : l.kind === "h" ? 60 : l.kind === "b" ? 600 : P.value(u) ? 50 : u.planned ? 100 : 200;
  }
  /* Where the outline lies on the screen, and whether a block is large enough for a name at all. */
  function frameOf(u) {
    const b = u.part || (u.part = P.partOf(u)), a = map.latLngToContainerPoint(b.getNorthWest()), z = map.latLngToContainerPoint(b.getSouthEast());
    return { x0: a.x, y0: a.y, x1: z.x, y1: z.y };
  }
  function wanted(view) {
    const { z, size, f } = view, out = [];
    for (const l of labels) {
      const u = l.unit, chosen = u && u.id === S.unit;
      if ((l.from && z < l.from && !chosen) || (l.until && z >= l.until) || (u && !chosen && !(P.chosen(u) && P.found(u))) || (l.context && !P.contextOn())) continue;
      const at = l.link ? exit(map, l.link, f) || l.at : l.at;
      if (!at) continue;
      const pt = at.x !== undefined ? at : map.latLngToContainerPoint(at);
      if (pt.x < -80 || pt.y < -40 || pt.x > size.x + 80 || pt.y > size.y + 40) continue;
      const box = u && !u.isPoint && u.layer ? frameOf(u) : null;
      if (l.kind === "b" && !chosen && box && (box.x1 - box.x0 < 30 || box.y1 - box.y0 < 20)) continue;
      out.push({ l, pt, box, rank: rank(l), v: u && P.value(u) ? P.value(u)[1] : 0, key: "" });
    }
    return out.sort((a, b) => a.rank - b.rank || b.v - a.v).slice(0, 400);
  }
  let room = "";
  function measure(list) {
    const now = document.documentElement.className + window.innerWidth + "," + window.innerHeight; /* letters are larger on a wall */
    if (now !== room) { sizes.clear(); room = now; }
    for (const k of list) { k.key = write(k.l); k.l.node.style.display = "block"; k.l.node.style.visibility = "hidden"; }
    for (const k of list) if (!sizes.has(k.key)) sizes.set(k.key, [k.l.node.offsetWidth + 4, k.l.node.offsetHeight]);
  }
  function places(k, w, h) {
    const { l, pt, box } = k, s = l.shift || [0, 0];
    if (l.kind === "d" || l.link) return [[0, 0]];
    if (box && box.y1 - box.y0 < 90 && (box.y1 - box.y0 < h + 14 || box.x1 - box.x0 < w + 6) && l.kind !== "b") { /* a small outline stays free: its name goes beside it */
      const mid = (box.x0 + box.x1) / 2 - pt.x;
      return more(l, h, [[mid, box.y1 - pt.y + h / 2 + 2], [mid, box.y0 - pt.y - h / 2 - 2], [box.x1 - pt.x + w / 2 + 3, 0], [box.x0 - pt.x - w / 2 - 3, 0], [0, 0]]);
    }
    return more(l, h, [s, [0, h / 2 + 9], [0, -h / 2 - 9], [w / 2 + 12, 0], [-w / 2 - 12, 0], [w / 2 + 8, h / 2 + 8], [-w / 2 - 8, h / 2 + 8], [w / 2 + 8, -h / 2 - 8]]);
  }
  function more(l, h, tries) { return l.kind === "h" ? tries.concat([[0, h + 18], [0, -h - 18]]) : tries; }

  function put(k, taken, f) {
    const [w, h] = sizes.get(k.key), { l, pt, box } = k;
    if (l.kind === "b" && l.unit.id !== S.unit && box && (box.x1 - box.x0 < w + 6 || box.y1 - box.y0 < h + 6)) return false;
    for (const [dx, dy] of places(k, w, h)) {
      const x = pt.x + dx, y = pt.y + dy, b = { l: x - w / 2, r: x + w / 2, t: y - h / 2, b: y + h / 2 };
      if (b.l < f.left || b.r > f.right || b.t < f.top || b.b > f.bottom || taken.some((o) => b.l < o.r && b.r > o.l && b.t < o.b && b.b > o.t)) continue;
      const at = map.containerPointToLayerPoint([x, y]);
      taken.push(b);
      l.node.style.left = at.x + "px"; l.node.style.top = at.y + "px"; l.node.style.visibility = "visible";
      return true;
    }
    return false;
  }

  let shown = [];
  return function declutter() {
    const view = { z: map.getZoom(), size: map.getSize(), f: P.frame() }, list = wanted(view), taken = P.covered(view.size);
    for (const l of shown) l.node.style.display = "none";
    measure(list);
    shown = [];
    for (const k of list) if (put(k, taken, view.f)) shown.push(k.l); else k.l.node.style.display = "none";
  };
}

/* Where the line to a far place leaves the free part of the view. */
function exit(map, link, f) {
  if (!link.from) return null;
  const a = map.latLngToContainerPoint(link.from), b = map.latLngToContainerPoint(link.at);
  const X0 = f.left + 62, X1 = f.right - 76, Y0 = f.top + 12, Y1 = f.bottom - 44;
  let t = 1;
  if (b.x > X0 && b.x < X1 && b.y > Y0 && b.y < Y1) { link.arrow = ""; return { x: b.x, y: b.y - 16 }; }
  if (a.x < X0 || a.x > X1 || a.y < Y0 || a.y > Y1) return null;
  if (b.x > X1) t = Math.min(t, (X1 - a.x) / (b.x - a.x));
  if (b.x < X0) t = Math.min(t, (X0 - a.x) / (b.x - a.x));
  if (b.y > Y1) t = Math.min(t, (Y1 - a.y) / (b.y - a.y));
  if (b.y < Y0) t = Math.min(t, (Y0 - a.y) / (b.y - a.y));
  link.arrow = b.x > a.x ? (b.y > a.y ? "↘" : "↗") : b.y > a.y ? "↙" : "↖";
  return { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) };
}

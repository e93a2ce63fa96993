/* 看产业: firms as points that gather, by cluster; what is in view and where it is specialised. */
import { decode, decodeColumn, inflate } from "./codec.js";
import { el, fill, own } from "./dom.js";
import { swatch } from "./land.js";
import { PointLayer } from "./points.js";

/* Whether a place lies in a ring of longitudes and latitudes. */
function within(ring, { lat, lng }) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) if ((ring[i][1] > lat) !== (ring[j][1] > lat) && lng < (ring[j][0] - ring[i][0]) * (lat - ring[i][1]) / (ring[j][1] - ring[i][1]) + ring[i][0]) inside = !inside;
  return inside;
}

const HEX = 22; /* pixels from the middle of a hexagon to a corner */

export function firmsDesk(P) {
  const { D, S, map, say } = P, told = D.firms, parts = {};
  const block = (name) => document.getElementById("firms" + name).textContent;
  let d = null, classes = null, names = null, parcels = null, layer = null, overlay = null, busy = 0, hot = null;
  S.firms = { mode: "auto" };
  const ready = told ? Promise.all([inflate(block("")), inflate(block(".industry"))]).then(([bytes, column]) => {
    d = decode(told.meta, bytes); classes = decodeColumn(told.columns.industry, column, d.n).values;
  }) : Promise.resolve();

  const colour = (k) => told.classes[k].colour;
  const picked = (k) => !S.picks.length || S.picks.indexOf(told.classes[k].id) >= 0;
  const modes = () => ["auto", "points", "hexagons", "heat"].concat(told && told.hot ? ["hot"] : []);
  const shows = () => !!told && S.tab === "firms";
  const mode = () => (S.firms.mode === "auto" ? (map.getZoom() >= 13.5 ? "points" : "hexagons") : S.firms.mode);

  function open() {
    if (layer) return;
    const pane = map.createPane("firms"); pane.style.zIndex = 430; pane.style.pointerEvents = "none";
    layer = new PointLayer(d, { pane: "firms", radius: 3.6, maxZoom: 22 });
    layer.setClasses(classes, told.classes.map((c) => c.colour));
    overlay = document.createElement("canvas"); overlay.className = "hexes"; overlay.setAttribute("aria-hidden", "true");
    const under = map.createPane("hexes"); under.style.zIndex = 360; under.style.pointerEvents = "none"; under.appendChild(overlay);
  }
  function update() {
    if (!told) return;
    if (!shows()) { if (layer && map.hasLayer(layer)) map.removeLayer(layer); if (overlay) overlay.style.display = "none"; if (hot) map.removeLayer(hot); return; }
    if (!d) { ready.then(() => { update(); P.paintLegend(); P.declutter(); }); return; }
    open();
    const points = mode() === "points", mask = S.picks.length ? Uint8Array.from(classes, (k) => (picked(k) ? 1 : 0)) : null;
    if (points && (mask ? S.picks.join() : "") !== busy) { layer.setShown(mask); busy = mask ? S.picks.join() : ""; }
    if (points !== map.hasLayer(layer)) { if (points) layer.addTo(map); else map.removeLayer(layer); }
    overlay.style.display = points ? "none" : "block";
    if (mode() === "hot") { overlay.style.display = "none"; }
    else if (!points) gather(mask);
    spots();
    chart();
  }

  /* Hot and cold spots: cells where firms gather, or are scarce, beyond what chance explains. */
  const HOT = ["#8f1d2c", "#2b5d9b"];
  const about = () => (S.picks.length === 1 ? S.picks[0] : "");
  const spotRows = () => own(told.hot.by, about()) || null;
  function spots() {
    if (mode() !== "hot") { if (hot) map.removeLayer(hot); return; }
    if (!hot) { const pane = map.createPane("spots"); pane.style.zIndex = 365; pane.style.pointerEvents = "none"; hot = L.layerGroup(); }
    const said = about() + (spotRows() ? spotRows().length : "");
    if (hot.said !== said) {
      hot.clearLayers(); hot.said = said;
      const renderer = parts.spots || (parts.spots = L.svg({ pane: "spots", padding: 0.5 }));
      for (const [k, z] of spotRows() || []) L.polygon(told.hot.rings[k].map((c) => [c[1], c[0]]), { renderer, pane: "spots", interactive: false, color: "#fffdf8", weight: 1, fillColor: HOT[z > 0 ? 0 : 1], fillOpacity: 0.78 }).addTo(hot);
    }
    if (!map.hasLayer(hot)) hot.addTo(map);
  }
  function spotWords() {
    const h = told.hot, rows = spotRows(), name = about() ? P.T(P.industry(about()).name) : say("全部企业", "all firms"), rate = Math.round(100 * (1 - h.level)) + "%";
    if (S.picks.length > 1) return say("热点一次看一类；选了几类时按全部企业计算。", "Hot spots are told for one cluster; with several chosen, of all firms.");
    if (!rows) return say(name + "不足 30 家，不判断热点。", name + ": fewer than 30 firms, so no hot spot is told.");
    const n = rows.filter((r) => r[1] > 0).length;
    return say(name + "：园区内 " + P.number(h.cells) + " 个宽 " + P.number(h.size_m) + " 米的六边形中，" + n + " 个是热点、" + (rows.length - n) + " 个是冷点（Gi*，每公顷企业数，错误发现率不超过 " + rate + "）。", name + ": of " + P.number(h.cells) + " hexagons " + P.number(h.size_m) + " m wide in the parks, " + n + " are hot and " + (rows.length - n) + " cold (Gi* of firms per hectare, false-discovery rate at most " + rate + ").");
  }
  function spotAt(latlng) { return (spotRows() || []).find(([k]) => within(told.hot.rings[k], latlng)); }

  /* Firms gathered: hexagons coloured by number, or a soft heat. */
  function gather(mask) {
    const size = map.getSize(), ratio = Math.min(2, window.devicePixelRatio || 1), bins = hexagons(size, mask);
    const at = map.containerPointToLayerPoint([0, 0]), x = overlay.getContext("2d");
    overlay.width = size.x * ratio; overlay.height = size.y * ratio; overlay.style.width = size.x + "px"; overlay.style.height = size.y + "px";
    L.DomUtil.setPosition(overlay, at);
    x.scale(ratio, ratio);
    const counts = [...bins.values()].map((b) => b.n).sort((a, b) => a - b), most = counts.length ? counts[counts.length - 1] : 1;
    parts.limits = limits(counts);
    for (const b of bins.values()) {
      if (mode() === "heat") {
        const r = HEX * 2.1, g = x.createRadialGradient(b.x, b.y, 0, b.x, b.y, r), a = 0.15 + 0.6 * Math.sqrt(b.n / most);
        g.addColorStop(0, "rgba(180,50,60," + a.toFixed(3) + ")"); g.addColorStop(1, "rgba(180,50,60,0)");
        x.fillStyle = g; x.fillRect(b.x - r, b.y - r, 2 * r, 2 * r);
      } else { hexagon(x, b); x.fillStyle = P.ramp(5)[step(b.n)]; x.globalAlpha = 0.85; x.fill(); x.globalAlpha = 1; x.strokeStyle = "#fffdf8"; x.lineWidth = 1; x.stroke(); }
    }
    parts.bins = bins;
  }
  function hexagon(x, b) { x.beginPath(); for (let k = 0; k < 6; k++) x.lineTo(b.x + (HEX - 0.6) * Math.sin(k * Math.PI / 3), b.y + (HEX - 0.6) * Math.cos(k * Math.PI / 3)); x.closePath(); }
  function limits(counts) { const out = [1]; for (const q of [0.4, 0.65, 0.85, 0.95]) { const v = Math.max(out[out.length - 1] + 1, counts[Math.floor(q * counts.length)] || 0); out.push(v); } return out; }
  function step(n) { let k = 0; while (k < 4 && n >= parts.limits[k + 1]) k++; return k; }
  function hexagons(size, mask) {
    const w = HEX * Math.sqrt(3), h = HEX * 1.5, k = Math.pow(2, map.getZoom() + 8 - d.bits), o = map.getPixelBounds().min, bins = new Map();
    for (let i = 0; i < d.n; i++) {
      if (mask && !mask[i]) continue;
      const px = d.X[i] * k - o.x, py = d.Y[i] * k - o.y;
      if (px < -w || py < -h || px > size.x + w || py > size.y + h) continue;
      /* bound to the world and not to the view, so that a hexagon stays where it is */
      const wx = px + o.x, wy = py + o.y;
      let row = Math.round(wy / h), col = Math.round((wx - (row & 1) * w / 2) / w), best = null;
      for (let r = row - 1; r <= row + 1; r++) for (let c = col - 1; c <= col + 1; c++) { const cx = c * w + (r & 1) * w / 2, cy = r * h, dd = (cx - wx) ** 2 + (cy - wy) ** 2; if (!best || dd < best.dd) best = { dd, r, c, cx, cy }; }
      const key = best.r + "," + best.c, bin = bins.get(key) || { n: 0, x: best.cx - o.x, y: best.cy - o.y, by: new Map() };
      bin.n++; bin.by.set(classes[i], (bin.by.get(classes[i]) || 0) + 1); bins.set(key, bin);
    }
    return bins;
  }

  /* --- what is in view ------------------------------------------------------------ */
  function inView() {
    const b = map.getBounds(), z = d.bits - 8, a = L.CRS.EPSG3857.latLngToPoint(b.getNorthWest(), z), e = L.CRS.EPSG3857.latLngToPoint(b.getSouthEast(), z), out = new Array(told.classes.length).fill(0);
    for (let i = 0; i < d.n; i++) if (d.X[i] >= a.x && d.X[i] <= e.x && d.Y[i] >= a.y && d.Y[i] <= e.y) out[classes[i]]++;
    return out;
  }
  function chart() {
    if (!parts.chart || !parts.chart.isConnected || !d) return;
    const n = inView(), sum = n.reduce((a, b) => a + b, 0), most = Math.max(1, ...n), rows = told.classes.map((c, k) => ({ c, k, n: n[k] })).filter((r) => r.n || picked(r.k)).sort((a, b) => b.n - a.n);
    fill(parts.status, say("图内 " + P.number(sum) + " 家，全部 " + P.number(d.n) + " 家（" + told.year + " 年）；点一类只看这一类", P.number(sum) + " in view of " + P.number(d.n) + " (" + told.year + "); choose a cluster to see it alone"));
    fill(parts.chart, rows.map((r) => el("li", {}, el("button", { type: "button", "aria-pressed": S.picks.indexOf(r.c.id) >= 0 ? "true" : "false", disabled: !r.c.id, onclick() { P.togglePick(r.c.id); } },
      swatch(r.c.colour), el("span", { class: "nm" }, P.T(r.c.name), el("span", { class: "bar" }, el("i", { style: "width:" + (100 * r.n / most).toFixed(1) + "%;background:" + r.c.colour }))), el("span", { class: "vl num" }, P.number(r.n)), el("span", { class: "pc num" }, sum ? (100 * r.n / sum).toFixed(1) + "%" : "—")))));
  }
  function quotients() {
    const key = S.picks[0], rows = [];
    if (!key) return el("p", { class: "status" }, say("选一个产业集群，这里列出各园区的企业数、占比和区位商。", "Choose a cluster to see number, share and location quotient by park."));
    for (const id of Object.keys(D.mix.rows)) { const row = D.mix.rows[id].find((r) => r[0] === key), sum = D.mix.rows[id].reduce((a, r) => a + r[1], 0); if (row && row[1]) rows.push({ id, n: row[1], share: row[1] / sum, lq: row[2], sure: row[5] }); }
    rows.sort((a, b) => b.lq - a.lq);
    const planned = (id) => own(P.byId, id) && P.byId[id].industries.indexOf(key) >= 0;
    return [el("table", { class: "recs" }, el("caption", { class: "sr" }, say("区位商", "Location quotients")), el("thead", {}, el("tr", {}, [say("园区", "Park"), say("家数", "Firms"), say("占比", "Share"), say("区位商", "Quotient"), say("规划", "Planned")].map((t, i) => el("th", { scope: "col", class: i ? "v" : null }, t)))),
      el("tbody", {}, rows.map((r) => el("tr", {}, el("td", {}, own(P.byId, r.id) ? el("button", { class: "link", type: "button", onclick() { P.pick(r.id, true); } }, P.T(P.byId[r.id].name)) : r.id), el("td", { class: "v num" }, P.number(r.n)), el("td", { class: "v num" }, (100 * r.share).toFixed(1) + "%"), el("td", { class: "v num" }, P.number(r.lq) + (r.sure === "yes" ? " ↑" : r.sure === "no" ? " ↓" : "")), el("td", { class: "v" }, planned(r.id) ? "✓" : ""))))),
      el("p", { class: "text" }, say("区位商＝园区内该集群企业占比÷全区占比；↑、↓ 表示95%区间整体高于、低于1。规划一栏打勾的是规划布局该集群的园区。", "Quotient: the cluster's share among the park's firms over its share in the zone; ↑ ↓: the 95 % interval lies above or below 1. A tick: the plan places the cluster there."))];
  }
  function page() {
    parts.status = el("p", { class: "status", role: "status" }); parts.chart = el("ul", { class: "classes" }); parts.table = el("div", {});
    const words = { auto: say("自动", "auto"), points: say("点", "points"), hexagons: say("蜂窝", "hexagons"), heat: say("热力", "heat"), hot: say("热点", "hot spots") };
    ready.then(() => { chart(); });
    fill(parts.table, quotients());
    return [el("div", { class: "between" }, el("span", { class: "cap" }, say("怎么画", "Drawn as")), el("div", { class: "seg", role: "group", "aria-label": say("怎么画", "Drawn as") }, modes().map((key) => el("button", { type: "button", "aria-pressed": S.firms.mode === key ? "true" : "false", onclick() { S.firms.mode = key; P.refresh(); P.landChanged(); } }, words[key])))),
      mode() === "hot" ? el("p", { class: "text spot-words" }, spotWords()) : null, parts.status, parts.chart, el("h2", { class: "cap" }, say("各园区的这个集群", "The cluster by park")), parts.table, told.said.map((pair) => el("p", { class: "warn" }, P.T(pair)))];
  }
  function legend() {
    if (!shows() || !d) return null;
    if (mode() === "points") return { title: say("企业，按产业集群", "Firms by cluster"), rows: told.classes.map((c, k) => ({ text: P.T(c.name), colour: c.colour, k })).filter((r) => picked(r.k)) };
    const l = parts.limits || [1], title = say("企业数（每格）", "Firms per cell") + (S.picks.length ? say("：", ": ") + S.picks.map((k) => P.T(P.industry(k).name)).join(say("、", ", ")) : "");
    if (mode() === "hot") return { title: say("企业热点", "Hot spots of firms") + (about() ? say("：", ": ") + P.T(P.industry(about()).name) : ""), sub: say("错误发现率 ≤ ", "false-discovery rate ≤ ") + Math.round(100 * (1 - told.hot.level)) + "%", rows: [{ text: say("热点：企业密集", "hot: firms gather"), colour: HOT[0] }, { text: say("冷点：企业稀少", "cold: firms are scarce"), colour: HOT[1] }] };
    if (mode() === "heat") return { title: say("企业密集处", "Where firms gather"), rows: [{ text: say("颜色越深企业越多", "the darker, the more firms"), colour: "#b4323c" }] };
    return { title, rows: P.ramp(5).map((c, k) => ({ colour: c, text: k < 4 ? (l[k + 1] - 1 > l[k] ? P.number(l[k]) + " – " + P.number(l[k + 1] - 1) : P.number(l[k])) : P.number(l[4]) + say(" 及以上", " and more") })) };
  }
  /* Names of the firms that name a parcel. */
  function of(parcel) {
    if (!told || !told.columns.parcel_id) return [];
    if (!parcels) {
      if (parcels === null) {
        parcels = undefined;
        Promise.all([inflate(block(".parcel_id")), told.columns.name ? inflate(block(".name")) : null]).then(([a, b]) => {
          const p = decodeColumn(told.columns.parcel_id, a, told.meta.n);
          names = b ? decodeColumn(told.columns.name, b, told.meta.n) : null; parcels = new Map();
          for (let i = 0; i < told.meta.n; i++) { const id = p.text(i); if (id) { if (!parcels.has(id)) parcels.set(id, []); parcels.get(id).push(i); } }
          P.paintCard();
        });
      }
      return [];
    }
    return (parcels.get(parcel) || []).map((i) => (names && names.text(i) ? names.text(i) + " · " : "") + (classes ? P.T(told.classes[classes[i]].name) : ""));
  }
  function tip(latlng) {
    if (!shows() || !d) return null;
    if (mode() === "points") { const i = layer ? layer.pick(map, latlng, 7) : -1; return i < 0 ? null : [P.T(told.classes[classes[i]].name)]; }
    if (mode() === "hot") { const r = spotAt(latlng); return r ? [say(r[1] > 0 ? "热点" : "冷点", r[1] > 0 ? "hot" : "cold") + " · " + P.number(r[3]) + say(" 家企业", " firms"), el("small", {}, "z " + r[1] + " · q " + r[2])] : null; }
    const p = map.latLngToContainerPoint(latlng);
    for (const b of (parts.bins || new Map()).values()) if ((b.x - p.x) ** 2 + (b.y - p.y) ** 2 < HEX * HEX * 0.8) {
      const top = [...b.by].sort((x, y) => y[1] - x[1]).slice(0, 3);
      return [P.number(b.n) + say(" 家企业", " firms"), el("small", {}, top.map(([k, n]) => P.T(told.classes[k].name) + " " + P.number(n)).join(" · "))];
    }
    return null;
  }
  return { page, update, legend, modes, of, tip, ready, shows, count: told ? told.meta.n : 0, canvas: () => (shows() && mode() !== "points" ? overlay : null), state: () => ({ d, classes, mode: mode() }), colour };
}

/* The picture: our own shapes and texts onto one canvas. */
import { each, el } from "./dom.js";
import { imageOf, partsOf } from "./elements.js";

export function picture(P) {
  const { D, S, T, map, root } = P;
  Object.assign(P, { savePng, draw });

  function wrap(x, text, width) {
    var lines = [], line = "";
    each(text.match(/[\u3000-\uffef]|[^\s\u3000-\uffef]+\s*|\s+/g) || [], function (word) { if (x.measureText(line + word).width > width && line) { lines.push(line); line = word.replace(/^\s+/, ""); } else line += word; });
    if (line) lines.push(line);
    return lines;
  }
  /* all that a pane shows, in its order: drawings as images, canvases as they are, HTML part by part */
  function paneParts(pane) {
    const html = ".leaflet-marker-icon:not(img),.awesome-marker,.leaflet-popup,.leaflet-tooltip";
    return [...pane.querySelectorAll("svg,canvas,img," + html)].flatMap((node) => {
      if (node.matches(html)) return partsOf(node);
      if (node.closest(html) || (node.parentNode.closest && node.parentNode.closest("svg"))) return [];
      const r = node.getBoundingClientRect();
      let alpha = 1;
      for (let up = node; up && up !== pane; up = up.parentNode) { const st = getComputedStyle(up); if (st.display === "none" || st.visibility === "hidden") return []; alpha *= +st.opacity; }
      return r.width && alpha ? [imageOf(node, r).then((image) => image && ((x) => { x.globalAlpha = alpha; x.drawImage(image, r.left, r.top, r.width, r.height); x.globalAlpha = 1; }))] : [];
    });
  }
  /* what others put on the page: a title, a colour scale */
  function others() {
    const scales = [...map.getContainer().querySelectorAll(".leaflet-control-container .legend")], added = [...document.body.children].filter((node) => node !== root && !root.contains(node) && !node.matches("script,style,.sr,.papers,.show"));
    return scales.concat(added).flatMap(partsOf);
  }
  /* one map with its names, as far as it can be seen */
  function drawMap(x, one, f, box, head, font) {
    const z = (pane) => +getComputedStyle(pane).zIndex || 0, panes = [...one.getPane("mapPane").children].filter((pane) => pane.classList.contains("leaflet-pane") && pane !== one.getPane("labels")).sort((a, b) => z(a) - z(b));
    const r = one.getContainer().getBoundingClientRect(), cut = one === map ? 0 : parseFloat(String((/inset\([^)]*?([\d.]+)px\)$/.exec(one.getContainer().style.clipPath) || ["", "0"])[1]));
    return Promise.all(panes.flatMap(paneParts).concat(one === map ? others() : [])).then(function (parts) {
      x.save(); x.beginPath(); x.rect(r.left + cut - box.left - f.left, r.top - box.top - f.top + head, r.width - cut, r.height); x.clip(); x.fillStyle = "#e9e4d9"; x.fillRect(0, head, f.right, f.bottom);
      x.save(); x.translate(-box.left - f.left, head - box.top - f.top); each(parts, (part) => { if (part) part(x); }); x.restore();
      each(one.getPane("labels").children, function (node) { if (node.style.display !== "none" && node.style.visibility !== "hidden") drawName(x, node, f, box, head, font); });
      x.restore();
    });
  }
  function drawName(x, node, f, box, head, font) {
    each(node.querySelectorAll(".t,small"), function (t) {
      var st = getComputedStyle(t), r = t.getBoundingClientRect();
      if (!r.width) return;
      x.font = st.fontWeight + " " + st.fontSize + " " + font; x.textBaseline = "middle"; x.textAlign = "center"; x.lineJoin = "round";
      var lines = node.classList.contains("wide") && t.className === "t" ? wrap(x, t.textContent, 126) : [t.textContent], step = r.height / lines.length;
      each(lines, function (text, i) {
        var cx = (r.left + r.right) / 2 - box.left - f.left, cy = r.top - box.top - f.top + head + step * (i + 0.5);
        x.lineWidth = 3.5; x.strokeStyle = "rgba(255,253,248,.92)"; x.strokeText(text, cx, cy); x.fillStyle = st.color; x.fillText(text, cx, cy);
      });
    });
  }
  /* a picture is light, whatever the room is */
  function draw() {
    document.documentElement.classList.add("light");
    return Promise.resolve().then(drawLight).finally(function () { document.documentElement.classList.remove("light"); });
  }
  function drawLight() {
    var f = P.stage();
    var k = 2, w = Math.round(f.right - f.left), mapH = Math.round(f.bottom - f.top), head = 74, side = 268, pad = 22, m = P.measure(), font = getComputedStyle(document.body).fontFamily;
    var W = w + side, c = el("canvas"), x = c.getContext("2d");
    var says = P.legendOf(22, true), rows = says.rows, ks = says.keys, filter = P.filterText();
    var foot = [T(D.credit), T(D.disclaimer), P.U.review + P.colon() + (D.review || P.U.reviewBlank)].filter(Boolean).join("　");
    x.font = "11px " + font;
    var footLines = wrap(x, foot, W - 2 * pad), footH = 16 + footLines.length * 16;
    var H = head + mapH + footH;
    c.width = W * k; c.height = H * k; x.scale(k, k);
    x.fillStyle = "#fffefb"; x.fillRect(0, 0, W, H);
    x.fillStyle = "#1f2a33"; x.textBaseline = "alphabetic"; x.font = "700 24px " + font; x.fillText(T(D.name), pad, 36);
    x.font = "13px " + font; x.fillStyle = "#4c5964";
    x.fillText((says.title ? says.title + (says.sub ? (S.lang === "en" ? ", " : "，") + (says.land ? says.sub : P.when()) : "") : "") + (filter ? "　" + P.U.filter + P.colon() + filter : ""), pad, 59);
    x.save(); x.beginPath(); x.rect(0, head, w, mapH); x.clip(); x.fillStyle = "#e9e4d9"; x.fillRect(0, head, w, mapH);
    var box = root.getBoundingClientRect(), two = P.compare.second();
    return drawMap(x, map, f, box, head, font).then(function () { return two ? drawMap(x, two.map, f, box, head, font) : null; }).then(function () {
      x.textAlign = "left"; x.textBaseline = "alphabetic"; x.restore();
      x.strokeStyle = "#cfc8b9"; x.lineWidth = 1; x.strokeRect(0.5, head + 0.5, w - 1, mapH - 1);
      /* legend */
      var X = w + pad, Y = head + 18;
      x.fillStyle = "#1f2a33"; x.font = "700 14px " + font;
      if (says.title) { each(wrap(x, says.title, side - 2 * pad), function (t) { x.fillText(t, X, Y); Y += 19; }); x.font = "11.5px " + font; x.fillStyle = "#5f6b76"; each(wrap(x, says.land ? says.sub : m ? P.when() : "", side - 2 * pad), function (t) { x.fillText(t, X, Y); Y += 17; }); Y += 5; }
      x.font = "12.5px " + font;
      each(rows, function (r) {
        if (r.more) { x.fillStyle = "#1f2a33"; x.fillText(r.text, X, Y); Y += 21; return; }
        if (r.dot) { x.fillStyle = r.colour; x.beginPath(); x.arc(X + 13, Y - 4, 5, 0, 7); x.fill(); x.fillStyle = "#1f2a33"; x.fillText(r.text, X + 35, Y); Y += 21; return; }
        if (r.line) { x.strokeStyle = r.line; x.lineWidth = 2; x.strokeRect(X + 1, Y - 10, 24, 12); x.fillText(r.text, X + 35, Y); Y += 21; return; }
        if (r.colour) { x.fillStyle = r.colour; x.fillRect(X, Y - 11, 26, 14); } else { x.fillStyle = "#fdfcf9"; x.fillRect(X, Y - 11, 26, 14); x.save(); x.beginPath(); x.rect(X, Y - 11, 26, 14); x.clip(); x.strokeStyle = "#c9c0ae"; for (var i = -14; i < 30; i += 6) { x.beginPath(); x.moveTo(X + i, Y + 3); x.lineTo(X + i + 14, Y - 11); x.stroke(); } x.restore(); }
        x.strokeStyle = "#8c8371"; x.lineWidth = 0.8; x.strokeRect(X, Y - 11, 26, 14); x.fillStyle = "#1f2a33"; x.fillText(r.text, X + 35, Y); Y += 21;
      });
      Y += 8;
      each(ks, function (q) {
        if (!q.node) { x.font = "11px " + font; x.fillStyle = "#5f6b76"; each(wrap(x, q.text, side - 2 * pad), function (t) { x.fillText(t, X, Y); Y += 15; }); return; }
        x.strokeStyle = q.hue || "#5f6b76"; x.lineWidth = 1.6; x.setLineDash(q.dash || (q.hue ? [4, 2] : [])); x.beginPath();
        if (q.dot) { x.setLineDash([2.5, 2]); x.arc(X + 13, Y - 4, 5.5, 0, 7); } else x.rect(X, Y - 11, 26, 14);
        x.stroke(); x.setLineDash([]); x.fillStyle = "#1f2a33"; x.font = "12px " + font;
        each(wrap(x, q.text, side - pad - 40 - pad), function (t) { x.fillText(t, X + 35, Y); Y += 17; }); Y += 5;
      });
      var l = P.scaleLength(120); Y = head + mapH - 20;
      x.strokeStyle = "#3d382c"; x.lineWidth = 1.5; x.beginPath(); x.moveTo(X, Y - 6); x.lineTo(X, Y); x.lineTo(X + l.px, Y); x.lineTo(X + l.px, Y - 6); x.stroke(); x.font = "11.5px " + font; x.fillText(l.text, X, Y - 10);
      x.font = "11px " + font; x.fillStyle = "#4c5964"; Y = head + mapH + 20; each(footLines, function (t) { x.fillText(t, pad, Y); Y += 16; });
      return c;
    });
  }
  function savePng() {
    return draw().then(function (c) {
      c.toBlob(function (blob) {
        var url = URL.createObjectURL(blob), name = (D.id + "-" + (S.measure || "map") + "-" + (S.year || "")).replace(/[^\w\-\u4e00-\u9fff]+/g, "_") + ".png";
        var a = el("a", { href: url, download: name }); document.body.appendChild(a); a.click(); document.body.removeChild(a);
        setTimeout(function () { URL.revokeObjectURL(url); }, 8000);
      }, "image/png");
    });
  }
}

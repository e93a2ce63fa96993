/* What of HTML stands on a map (icons of one's own, popups, a title), drawn onto a canvas as it is seen. */
import { SVG } from "./dom.js";

function loaded(src) {
  return new Promise((done) => { const image = new Image(); image.onload = () => done(image); image.onerror = () => done(null); image.src = src; });
}
/* Whether a canvas may still be saved after such a picture. */
const own = (src) => /^(data|blob):/.test(src);

/** A drawing, a canvas or a picture as what a canvas can draw; null where it cannot. */
export function imageOf(node, r) {
  const kind = node.tagName.toLowerCase();
  if (kind === "img") return Promise.resolve(own(node.src) && node.complete && node.naturalWidth ? node : null);
  if (kind !== "svg") return Promise.resolve(node.width ? node : null);
  const copy = node.cloneNode(true);
  copy.removeAttribute("style"); copy.setAttribute("xmlns", SVG); copy.setAttribute("width", r.width); copy.setAttribute("height", r.height);
  return loaded("data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy)));
}

function rounded(x, r, radius) {
  const by = Math.min(radius, r.width / 2, r.height / 2);
  x.beginPath(); x.moveTo(r.left + by, r.top);
  for (const [a, b, c, d] of [[r.right, r.top, r.right, r.bottom], [r.right, r.bottom, r.left, r.bottom], [r.left, r.bottom, r.left, r.top], [r.left, r.top, r.right, r.top]]) x.arcTo(a, b, c, d, by);
  x.closePath();
}

/* Ground, border and background of a box. */
function box(st, r) {
  const out = [], radius = /%/.test(st.borderTopLeftRadius) ? Math.min(r.width, r.height) * parseFloat(st.borderTopLeftRadius) / 100 : parseFloat(st.borderTopLeftRadius) || 0, src = /^url\("(data:[^"]+)"\)/.exec(st.backgroundImage), line = parseFloat(st.borderTopWidth);
  if (!/, 0\)$|^transparent$/.test(st.backgroundColor)) out.push((x) => { rounded(x, r, radius); x.fillStyle = st.backgroundColor; x.fill(); });
  if (src) out.push(loaded(src[1]).then((image) => image && ((x) => {
    const [w, h] = st.backgroundSize.split(" ").map(parseFloat), [left, top] = st.backgroundPosition.split(" ").map(parseFloat);
    x.save(); rounded(x, r, radius); x.clip(); x.drawImage(image, r.left + (left || 0), r.top + (top || 0), w || image.width, h || image.height * (w ? w / image.width : 1)); x.restore();
  })));
  if (line && st.borderTopStyle !== "none") out.push((x) => { rounded(x, { left: r.left + line / 2, top: r.top + line / 2, right: r.right - line / 2, bottom: r.bottom - line / 2, width: r.width - line, height: r.height - line }, radius); x.lineWidth = line; x.strokeStyle = st.borderTopColor; x.stroke(); });
  return out;
}

function write(x, st, text, left, middle) {
  x.font = [st.fontStyle, st.fontWeight, st.fontSize, st.fontFamily].join(" "); x.textAlign = "left"; x.textBaseline = "middle"; x.fillStyle = st.color; x.fillText(text, left, middle);
}

/* A text line by line, as the browser broke it. */
function lines(node, st) {
  const range = document.createRange(), found = [], text = node.data;
  for (let i = 0; i < text.length;) {
    const end = i + (text.codePointAt(i) > 0xffff ? 2 : 1);
    range.setStart(node, i); range.setEnd(node, end);
    const r = range.getClientRects()[0], last = found[found.length - 1];
    if (r && r.width) { if (last && Math.abs(last.top - r.top) < 2) last.text += text.slice(i, end); else found.push({ text: text.slice(i, end), top: r.top, left: r.left, middle: (r.top + r.bottom) / 2 }); }
    i = end;
  }
  return found.map((one) => (x) => write(x, st, one.text.replace(/\s/g, " "), one.left, one.middle));
}

/* A sign that the style adds, such as that of an icon. */
function sign(node, r) {
  const before = getComputedStyle(node, "::before"), text = /^"(.+)"$/.exec(before.content);
  if (!text || !r.width) return [];
  return [(x) => write(x, before, text[1], r.left, (r.top + r.bottom) / 2)];
}

/** What draws an element and all in it: a promise of functions of a canvas, in their order. */
export function partsOf(node) {
  const st = getComputedStyle(node), r = node.getBoundingClientRect();
  if (st.display === "none" || st.visibility === "hidden" || st.opacity === "0" || /^(script|style|input|select|textarea)$/i.test(node.tagName)) return [];
  if (/^(svg|canvas|img)$/i.test(node.tagName)) return [imageOf(node, r).then((image) => image && ((x) => x.drawImage(image, r.left, r.top, r.width, r.height)))];
  return [...box(st, r), ...sign(node, r), ...[...node.childNodes].flatMap((child) => (child.nodeType === 3 ? lines(child, st) : child.nodeType === 1 ? partsOf(child) : []))];
}

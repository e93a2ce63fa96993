/* Elements from data: what is text stays text. */

export const SVG = "http://www.w3.org/2000/svg";

export function each(list, fn) { for (var i = 0; i < list.length; i++) fn(list[i], i); }

/* el("div", {class: "x", onclick: f}, child, "text"): children that are strings become text nodes */
export function el(tag, attrs) {
  var node = document.createElement(tag), i, name;
  for (name in attrs || {}) {
    if (attrs[name] === null || attrs[name] === undefined || attrs[name] === false) continue;
    if (name.slice(0, 2) === "on") node.addEventListener(name.slice(2), attrs[name]);
    else node.setAttribute(name, attrs[name] === true ? "" : attrs[name]);
  }
  for (i = 2; i < arguments.length; i++) add(node, arguments[i]);
  return node;
}
export function svg(tag, attrs) {
  var node = document.createElementNS(SVG, tag), i, name;
  for (name in attrs || {}) node.setAttribute(name, attrs[name]);
  for (i = 2; i < arguments.length; i++) add(node, arguments[i]);
  return node;
}
export function add(node, child) {
  if (child === null || child === undefined || child === false) return;
  if (Array.isArray(child)) each(child, function (c) { add(node, c); });
  else node.appendChild(typeof child === "object" ? child : document.createTextNode(String(child)));
}
/* ids and keys are other people's words: "constructor" is one too */
export function own(table, key) { return table && Object.prototype.hasOwnProperty.call(table, key) ? table[key] : undefined; }
export function encode(text) { /* half a character has no address */
  return encodeURIComponent(String(text).replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, function (c) { return c.length > 1 ? c : "\ufffd"; }));
}
export function clear(node) { while (node.firstChild) node.removeChild(node.firstChild); return node; }
export function fill(node) { clear(node); for (var i = 1; i < arguments.length; i++) add(node, arguments[i]); return node; }

/* One cell of a CSV: what a spreadsheet would take for a formula stays text. */
export function csvCell(v) {
  const t = v === null || v === undefined ? "" : String(v), safe = typeof v === "string" && /^[=+\-@\t\r＝＋－＠]/.test(t) ? "'" + t : t;
  return /[",\n\r]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
}

/* Reads what maps/packed/codec.py wrote: shapes and columns, each gzip in base64. */
import { gunzipSync } from "fflate";

const TYPES = { u8: Uint8Array, u16: Uint16Array, f32: Float32Array };
const BLOCK = 256; /* features along the curve that share one box of the index */

/** @param {string} text base64 @returns {Uint8Array} */
function bytesOf(text) {
  const whole = atob(text), out = new Uint8Array(whole.length);
  for (let i = 0; i < whole.length; i++) out[i] = whole.charCodeAt(i);
  return out;
}

/** The bytes behind a base64 text; browsers without a decompressor of their own use ours.
 * @param {string} text @returns {Promise<Uint8Array>} */
export async function inflate(text) {
  const packed = bytesOf(text.trim());
  if (typeof DecompressionStream === "undefined") return gunzipSync(packed);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What the page is told: JSON, packed where it is long. @param {string} id of the element */
export function told(id) {
  const node = document.getElementById(id), text = node.textContent;
  return JSON.parse(node.getAttribute("type") === "application/json" ? text : new TextDecoder().decode(gunzipSync(bytesOf(text.trim()))));
}

/* Numbers as they were written: the lowest seven bits of all, then the next of those that have more. */
function reader(bytes) {
  let at = 0;
  return {
    /** @param {number} n */
    numbers(n) {
      const out = new Uint32Array(n), more = new Uint32Array(n);
      let left = n;
      for (let shift = 0; left; shift += 7) {
        const open = left;
        left = 0;
        for (let k = 0; k < open; k++) {
          const i = shift ? more[k] : k, b = bytes[at++];
          out[i] |= (b & 127) << shift;
          if (b & 128) more[left++] = i;
        }
      }
      return out;
    },
    sums(n) { /* where each of n runs begins, and the end of the last */
      const sizes = this.numbers(n), out = new Uint32Array(n + 1);
      for (let i = 0, sum = 0; i < n; i++) { sum += sizes[i]; out[i + 1] = sum; }
      return out;
    },
  };
}

/* Each ring's first vertex is told from the first of the ring before, each other from the vertex before. */
function axis(read, count, rings, start) {
  const told = read.numbers(count), out = new Int32Array(told.buffer); /* in the same place */
  let anchor = start;
  for (let r = 0, k = 0; r < rings.length - 1; r++) {
    const from = k;
    for (const end = rings[r + 1]; k < end; k++) {
      const z = told[k], step = (z >>> 1) ^ -(z & 1);
      if (k === from) out[k] = anchor += step; else out[k] = out[k - 1] + step;
    }
  }
  return out;
}

/** A decoded layer: vertices X, Y; rings begin at `rings`, features at `shapes`; `box` of each feature and `blocks` of the index.
 * @param {any} meta @param {Uint8Array} bytes */
export function decode(meta, bytes) {
  const read = reader(bytes), n = meta.n, out = { n, bits: meta.bits, kind: meta.kind, X: null, Y: null, rings: null, shapes: null, box: null, blocks: null, block: BLOCK };
  if (meta.kind === "point") {
    const one = new Uint32Array([0, n]);
    out.X = axis(read, n, one, meta.start[0]); out.Y = axis(read, n, one, meta.start[1]);
  } else {
    out.shapes = read.sums(n); out.rings = read.sums(meta.rings);
    out.X = axis(read, meta.vertices, out.rings, meta.start[0]); out.Y = axis(read, meta.vertices, out.rings, meta.start[1]);
    index(out);
  }
  return out;
}

const DAY_0 = Date.UTC(1900, 0, 1);

/** A column of n values: classes and numbers as an array of their own, texts and dates behind a function.
 * @param {any} told @param {Uint8Array} bytes @param {number} n @returns {{values: any, text: (i: number) => any}} */
export function decodeColumn(told, bytes, n) {
  const kind = told.kind;
  if (TYPES[kind]) { const T = TYPES[kind], values = new T(bytes.slice(0, n * T.BYTES_PER_ELEMENT).buffer); return { values, text: (i) => (values[i] === values[i] ? values[i] : null) }; }
  if (kind === "scaled") {
    const whole = reader(bytes).numbers(n), values = new Float64Array(n);
    for (let i = 0; i < n; i++) { const v = whole[i]; values[i] = v ? (v - 1) / told.by : NaN; }
    return { values, text: (i) => (values[i] === values[i] ? values[i] : null) };
  }
  if (kind === "date") {
    const values = new Uint16Array(bytes.slice(0, 2 * n).buffer);
    return { values, text: (i) => (values[i] ? new Date(DAY_0 + values[i] * 864e5).toISOString().slice(0, 10) : null) };
  }
  const read = (part) => JSON.parse(new TextDecoder().decode(part));
  if (kind === "dict") {
    const table = read(bytes.subarray(0, told.table)), values = new Uint16Array(bytes.slice(told.table).buffer);
    return { values, text: (i) => table[values[i]] || null };
  }
  const values = read(bytes);
  return { values, text: (i) => values[i] || null };
}

function index(d) {
  const { n, X, Y, rings, shapes } = d, blocks = Math.ceil(n / BLOCK), far = 2147483647;
  d.box = new Int32Array(n * 4); d.blocks = new Int32Array(blocks * 4);
  for (let b = 0; b < blocks; b++) { d.blocks[b * 4] = d.blocks[b * 4 + 1] = far; d.blocks[b * 4 + 2] = d.blocks[b * 4 + 3] = -far; }
  for (let i = 0; i < n; i++) {
    let x0 = far, y0 = far, x1 = -far, y1 = -far;
    for (let k = rings[shapes[i]], end = rings[shapes[i + 1]]; k < end; k++) { const x = X[k], y = Y[k]; if (x < x0) x0 = x; if (x > x1) x1 = x; if (y < y0) y0 = y; if (y > y1) y1 = y; }
    const q = i * 4, w = (i / BLOCK | 0) * 4;
    d.box[q] = x0; d.box[q + 1] = y0; d.box[q + 2] = x1; d.box[q + 3] = y1;
    if (x0 < d.blocks[w]) d.blocks[w] = x0; if (y0 < d.blocks[w + 1]) d.blocks[w + 1] = y0;
    if (x1 > d.blocks[w + 2]) d.blocks[w + 2] = x1; if (y1 > d.blocks[w + 3]) d.blocks[w + 3] = y1;
  }
}

/** Features whose box meets the box [x0, y0, x1, y1], each given to `fn`. */
export function within(d, x0, y0, x1, y1, fn) {
  const { blocks, box, n } = d;
  for (let b = 0; b * BLOCK < n; b++) {
    const w = b * 4;
    if (blocks[w] > x1 || blocks[w + 2] < x0 || blocks[w + 1] > y1 || blocks[w + 3] < y0) continue;
    for (let i = b * BLOCK, end = Math.min(n, i + BLOCK); i < end; i++) {
      const q = i * 4;
      if (box[q] <= x1 && box[q + 2] >= x0 && box[q + 1] <= y1 && box[q + 3] >= y0) fn(i);
    }
  }
}

/** Whether the point lies in the feature, by even and odd crossings over all its rings. */
export function contains(d, i, x, y) {
  const { X, Y, rings, shapes } = d;
  let inside = false;
  for (let g = shapes[i]; g < shapes[i + 1]; g++)
    for (let v = rings[g], end = rings[g + 1], u = end - 1; v < end; u = v++)
      if ((Y[v] > y) !== (Y[u] > y) && x < (X[u] - X[v]) * (y - Y[v]) / (Y[u] - Y[v]) + X[v]) inside = !inside;
  return inside;
}

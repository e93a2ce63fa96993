(() => {
  // dom.js
  var SVG = "http://www.w3.org/2000/svg";
  function each(list, fn) {
    for (var i = 0; i < list.length; i++) fn(list[i], i);
  }
  function el(tag, attrs) {
    var node = document.createElement(tag), i, name;
    for (name in attrs || {}) {
      if (attrs[name] === null || attrs[name] === void 0 || attrs[name] === false) continue;
      if (name.slice(0, 2) === "on") node.addEventListener(name.slice(2), attrs[name]);
      else node.setAttribute(name, attrs[name] === true ? "" : attrs[name]);
    }
    for (i = 2; i < arguments.length; i++) add(node, arguments[i]);
    return node;
  }
  function svg(tag, attrs) {
    var node = document.createElementNS(SVG, tag), i, name;
    for (name in attrs || {}) node.setAttribute(name, attrs[name]);
    for (i = 2; i < arguments.length; i++) add(node, arguments[i]);
    return node;
  }
  function add(node, child) {
    if (child === null || child === void 0 || child === false) return;
    if (Array.isArray(child)) each(child, function(c) {
      add(node, c);
    });
    else node.appendChild(typeof child === "object" ? child : document.createTextNode(String(child)));
  }

  // node_modules/fflate/esm/browser.js
  var u8 = Uint8Array;
  var u16 = Uint16Array;
  var i32 = Int32Array;
  var fleb = new u8([
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    1,
    1,
    1,
    2,
    2,
    2,
    2,
    3,
    3,
    3,
    3,
    4,
    4,
    4,
    4,
    5,
    5,
    5,
    5,
    0,
    /* unused */
    0,
    0,
    /* impossible */
    0
  ]);
  var fdeb = new u8([
    0,
    0,
    0,
    0,
    1,
    1,
    2,
    2,
    3,
    3,
    4,
    4,
    5,
    5,
    6,
    6,
    7,
    7,
    8,
    8,
    9,
    9,
    10,
    10,
    11,
    11,
    12,
    12,
    13,
    13,
    /* unused */
    0,
    0
  ]);
  var clim = new u8([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);
  var freb = function(eb, start) {
    var b = new u16(31);
    for (var i = 0; i < 31; ++i) {
      b[i] = start += 1 << eb[i - 1];
    }
    var r = new i32(b[30]);
    for (var i = 1; i < 30; ++i) {
      for (var j = b[i]; j < b[i + 1]; ++j) {
        r[j] = j - b[i] << 5 | i;
      }
    }
    return { b, r };
  };
  var _a = freb(fleb, 2);
  var fl = _a.b;
  var revfl = _a.r;
  fl[28] = 258, revfl[258] = 28;
  var _b = freb(fdeb, 0);
  var fd = _b.b;
  var revfd = _b.r;
  var rev = new u16(32768);
  for (i = 0; i < 32768; ++i) {
    x = (i & 43690) >> 1 | (i & 21845) << 1;
    x = (x & 52428) >> 2 | (x & 13107) << 2;
    x = (x & 61680) >> 4 | (x & 3855) << 4;
    rev[i] = ((x & 65280) >> 8 | (x & 255) << 8) >> 1;
  }
  var x;
  var i;
  var hMap = function(cd, mb, r) {
    var s = cd.length;
    var i = 0;
    var l = new u16(mb);
    for (; i < s; ++i) {
      if (cd[i])
        ++l[cd[i] - 1];
    }
    var le = new u16(mb);
    for (i = 1; i < mb; ++i) {
      le[i] = le[i - 1] + l[i - 1] << 1;
    }
    var co;
    if (r) {
      co = new u16(1 << mb);
      var rvb = 15 - mb;
      for (i = 0; i < s; ++i) {
        if (cd[i]) {
          var sv = i << 4 | cd[i];
          var r_1 = mb - cd[i];
          var v = le[cd[i] - 1]++ << r_1;
          for (var m = v | (1 << r_1) - 1; v <= m; ++v) {
            co[rev[v] >> rvb] = sv;
          }
        }
      }
    } else {
      co = new u16(s);
      for (i = 0; i < s; ++i) {
        if (cd[i]) {
          co[i] = rev[le[cd[i] - 1]++] >> 15 - cd[i];
        }
      }
    }
    return co;
  };
  var flt = new u8(288);
  for (i = 0; i < 144; ++i)
    flt[i] = 8;
  var i;
  for (i = 144; i < 256; ++i)
    flt[i] = 9;
  var i;
  for (i = 256; i < 280; ++i)
    flt[i] = 7;
  var i;
  for (i = 280; i < 288; ++i)
    flt[i] = 8;
  var i;
  var fdt = new u8(32);
  for (i = 0; i < 32; ++i)
    fdt[i] = 5;
  var i;
  var flrm = /* @__PURE__ */ hMap(flt, 9, 1);
  var fdrm = /* @__PURE__ */ hMap(fdt, 5, 1);
  var max = function(a) {
    var m = a[0];
    for (var i = 1; i < a.length; ++i) {
      if (a[i] > m)
        m = a[i];
    }
    return m;
  };
  var bits = function(d, p, m) {
    var o = p / 8 | 0;
    return (d[o] | d[o + 1] << 8) >> (p & 7) & m;
  };
  var bits16 = function(d, p) {
    var o = p / 8 | 0;
    return (d[o] | d[o + 1] << 8 | d[o + 2] << 16) >> (p & 7);
  };
  var shft = function(p) {
    return (p + 7) / 8 | 0;
  };
  var slc = function(v, s, e) {
    if (s == null || s < 0)
      s = 0;
    if (e == null || e > v.length)
      e = v.length;
    return new u8(v.subarray(s, e));
  };
  var ec = [
    "unexpected EOF",
    "invalid block type",
    "invalid length/literal",
    "invalid distance",
    "stream finished",
    "no stream handler",
    ,
    "no callback",
    "invalid UTF-8 data",
    "extra field too long",
    "date not in range 1980-2099",
    "filename too long",
    "stream finishing",
    "invalid zip data"
    // determined by unknown compression method
  ];
  var err = function(ind, msg, nt) {
    var e = new Error(msg || ec[ind]);
    e.code = ind;
    if (Error.captureStackTrace)
      Error.captureStackTrace(e, err);
    if (!nt)
      throw e;
    return e;
  };
  var inflt = function(dat, st, buf, dict) {
    var sl = dat.length, dl = dict ? dict.length : 0;
    if (!sl || st.f && !st.l)
      return buf || new u8(0);
    var noBuf = !buf;
    var resize = noBuf || st.i != 2;
    var noSt = st.i;
    if (noBuf)
      buf = new u8(sl * 3);
    var cbuf = function(l2) {
      var bl = buf.length;
      if (l2 > bl) {
        var nbuf = new u8(Math.max(bl * 2, l2));
        nbuf.set(buf);
        buf = nbuf;
      }
    };
    var final = st.f || 0, pos = st.p || 0, bt = st.b || 0, lm = st.l, dm = st.d, lbt = st.m, dbt = st.n;
    var tbts = sl * 8;
    do {
      if (!lm) {
        final = bits(dat, pos, 1);
        var type = bits(dat, pos + 1, 3);
        pos += 3;
        if (!type) {
          var s = shft(pos) + 4, l = dat[s - 4] | dat[s - 3] << 8, t = s + l;
          if (t > sl) {
            if (noSt)
              err(0);
            break;
          }
          if (resize)
            cbuf(bt + l);
          buf.set(dat.subarray(s, t), bt);
          st.b = bt += l, st.p = pos = t * 8, st.f = final;
          continue;
        } else if (type == 1)
          lm = flrm, dm = fdrm, lbt = 9, dbt = 5;
        else if (type == 2) {
          var hLit = bits(dat, pos, 31) + 257, hcLen = bits(dat, pos + 10, 15) + 4;
          var tl = hLit + bits(dat, pos + 5, 31) + 1;
          pos += 14;
          var ldt = new u8(tl);
          var clt = new u8(19);
          for (var i = 0; i < hcLen; ++i) {
            clt[clim[i]] = bits(dat, pos + i * 3, 7);
          }
          pos += hcLen * 3;
          var clb = max(clt), clbmsk = (1 << clb) - 1;
          var clm = hMap(clt, clb, 1);
          for (var i = 0; i < tl; ) {
            var r = clm[bits(dat, pos, clbmsk)];
            pos += r & 15;
            var s = r >> 4;
            if (s < 16) {
              ldt[i++] = s;
            } else {
              var c = 0, n = 0;
              if (s == 16)
                n = 3 + bits(dat, pos, 3), pos += 2, c = ldt[i - 1];
              else if (s == 17)
                n = 3 + bits(dat, pos, 7), pos += 3;
              else if (s == 18)
                n = 11 + bits(dat, pos, 127), pos += 7;
              while (n--)
                ldt[i++] = c;
            }
          }
          var lt = ldt.subarray(0, hLit), dt = ldt.subarray(hLit);
          lbt = max(lt);
          dbt = max(dt);
          lm = hMap(lt, lbt, 1);
          dm = hMap(dt, dbt, 1);
        } else
          err(1);
        if (pos > tbts) {
          if (noSt)
            err(0);
          break;
        }
      }
      if (resize)
        cbuf(bt + 131072);
      var lms = (1 << lbt) - 1, dms = (1 << dbt) - 1;
      var lpos = pos;
      for (; ; lpos = pos) {
        var c = lm[bits16(dat, pos) & lms], sym = c >> 4;
        pos += c & 15;
        if (pos > tbts) {
          if (noSt)
            err(0);
          break;
        }
        if (!c)
          err(2);
        if (sym < 256)
          buf[bt++] = sym;
        else if (sym == 256) {
          lpos = pos, lm = null;
          break;
        } else {
          var add2 = sym - 254;
          if (sym > 264) {
            var i = sym - 257, b = fleb[i];
            add2 = bits(dat, pos, (1 << b) - 1) + fl[i];
            pos += b;
          }
          var d = dm[bits16(dat, pos) & dms], dsym = d >> 4;
          if (!d)
            err(3);
          pos += d & 15;
          var dt = fd[dsym];
          if (dsym > 3) {
            var b = fdeb[dsym];
            dt += bits16(dat, pos) & (1 << b) - 1, pos += b;
          }
          if (pos > tbts) {
            if (noSt)
              err(0);
            break;
          }
          if (resize)
            cbuf(bt + 131072);
          var end = bt + add2;
          if (bt < dt) {
            var shift = dl - dt, dend = Math.min(dt, end);
            if (shift + bt < 0)
              err(3);
            for (; bt < dend; ++bt)
              buf[bt] = dict[shift + bt];
          }
          for (; bt < end; ++bt)
            buf[bt] = buf[bt - dt];
        }
      }
      st.l = lm, st.p = lpos, st.b = bt, st.f = final;
      if (lm)
        final = 1, st.m = lbt, st.d = dm, st.n = dbt;
    } while (!final);
    return bt != buf.length && noBuf ? slc(buf, 0, bt) : buf.subarray(0, bt);
  };
  var et = /* @__PURE__ */ new u8(0);
  var gzs = function(d) {
    if (d[0] != 31 || d[1] != 139 || d[2] != 8)
      err(6, "invalid gzip data");
    var flg = d[3];
    var st = 10;
    if (flg & 4)
      st += (d[10] | d[11] << 8) + 2;
    for (var zs = (flg >> 3 & 1) + (flg >> 4 & 1); zs > 0; zs -= !d[st++])
      ;
    return st + (flg & 2);
  };
  var gzl = function(d) {
    var l = d.length;
    return (d[l - 4] | d[l - 3] << 8 | d[l - 2] << 16 | d[l - 1] << 24) >>> 0;
  };
  function gunzipSync(data, opts) {
    var st = gzs(data);
    if (st + 8 > data.length)
      err(6, "invalid gzip data");
    return inflt(data.subarray(st, -8), { i: 2 }, opts && opts.out || new u8(gzl(data)), opts && opts.dictionary);
  }
  var td = typeof TextDecoder != "undefined" && /* @__PURE__ */ new TextDecoder();
  var tds = 0;
  try {
    td.decode(et, { stream: true });
    tds = 1;
  } catch (e) {
  }

  // codec.js
  var TYPES = { u8: Uint8Array, u16: Uint16Array, f32: Float32Array };
  var BLOCK = 256;
  function bytesOf(text) {
    const whole = atob(text), out = new Uint8Array(whole.length);
    for (let i = 0; i < whole.length; i++) out[i] = whole.charCodeAt(i);
    return out;
  }
  async function inflate(text) {
    const packed2 = bytesOf(text.trim());
    if (typeof DecompressionStream === "undefined") return gunzipSync(packed2);
    const stream = new Blob([packed2]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }
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
      sums(n) {
        const sizes = this.numbers(n), out = new Uint32Array(n + 1);
        for (let i = 0, sum = 0; i < n; i++) {
          sum += sizes[i];
          out[i + 1] = sum;
        }
        return out;
      }
    };
  }
  function axis(read, count, rings, start) {
    const told = read.numbers(count), out = new Int32Array(told.buffer);
    let anchor = start;
    for (let r = 0, k = 0; r < rings.length - 1; r++) {
      const from = k;
      for (const end = rings[r + 1]; k < end; k++) {
        const z = told[k], step = z >>> 1 ^ -(z & 1);
        if (k === from) out[k] = anchor += step;
        else out[k] = out[k - 1] + step;
      }
    }
    return out;
  }
  function decode(meta, bytes) {
    const read = reader(bytes), n = meta.n, out = { n, bits: meta.bits, kind: meta.kind, X: null, Y: null, rings: null, shapes: null, box: null, blocks: null, block: BLOCK };
    if (meta.kind === "point") {
      const one = new Uint32Array([0, n]);
      out.X = axis(read, n, one, meta.start[0]);
      out.Y = axis(read, n, one, meta.start[1]);
    } else {
      out.shapes = read.sums(n);
      out.rings = read.sums(meta.rings);
      out.X = axis(read, meta.vertices, out.rings, meta.start[0]);
      out.Y = axis(read, meta.vertices, out.rings, meta.start[1]);
      index(out);
    }
    return out;
  }
  var DAY_0 = Date.UTC(1900, 0, 1);
  function decodeColumn(told, bytes, n) {
    const kind = told.kind;
    if (TYPES[kind]) {
      const T = TYPES[kind], values2 = new T(bytes.slice(0, n * T.BYTES_PER_ELEMENT).buffer);
      return { values: values2, text: (i) => values2[i] === values2[i] ? values2[i] : null };
    }
    if (kind === "scaled") {
      const whole = reader(bytes).numbers(n), values2 = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        const v = whole[i];
        values2[i] = v ? (v - 1) / told.by : NaN;
      }
      return { values: values2, text: (i) => values2[i] === values2[i] ? values2[i] : null };
    }
    if (kind === "date") {
      const values2 = new Uint16Array(bytes.slice(0, 2 * n).buffer);
      return { values: values2, text: (i) => values2[i] ? new Date(DAY_0 + values2[i] * 864e5).toISOString().slice(0, 10) : null };
    }
    const read = (part) => JSON.parse(new TextDecoder().decode(part));
    if (kind === "dict") {
      const table = read(bytes.subarray(0, told.table)), values2 = new Uint16Array(bytes.slice(told.table).buffer);
      return { values: values2, text: (i) => table[values2[i]] || null };
    }
    const values = read(bytes);
    return { values, text: (i) => values[i] || null };
  }
  function index(d) {
    const { n, X, Y, rings, shapes } = d, blocks = Math.ceil(n / BLOCK), far = 2147483647;
    d.box = new Int32Array(n * 4);
    d.blocks = new Int32Array(blocks * 4);
    for (let b = 0; b < blocks; b++) {
      d.blocks[b * 4] = d.blocks[b * 4 + 1] = far;
      d.blocks[b * 4 + 2] = d.blocks[b * 4 + 3] = -far;
    }
    for (let i = 0; i < n; i++) {
      let x0 = far, y0 = far, x1 = -far, y1 = -far;
      for (let k = rings[shapes[i]], end = rings[shapes[i + 1]]; k < end; k++) {
        const x = X[k], y = Y[k];
        if (x < x0) x0 = x;
        if (x > x1) x1 = x;
        if (y < y0) y0 = y;
        if (y > y1) y1 = y;
      }
      const q = i * 4, w = (i / BLOCK | 0) * 4;
      d.box[q] = x0;
      d.box[q + 1] = y0;
      d.box[q + 2] = x1;
      d.box[q + 3] = y1;
      if (x0 < d.blocks[w]) d.blocks[w] = x0;
      if (y0 < d.blocks[w + 1]) d.blocks[w + 1] = y0;
      if (x1 > d.blocks[w + 2]) d.blocks[w + 2] = x1;
      if (y1 > d.blocks[w + 3]) d.blocks[w + 3] = y1;
    }
  }
  function within(d, x0, y0, x1, y1, fn) {
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
  function contains(d, i, x, y) {
    const { X, Y, rings, shapes } = d;
    let inside = false;
    for (let g = shapes[i]; g < shapes[i + 1]; g++)
      for (let v = rings[g], end = rings[g + 1], u = end - 1; v < end; u = v++)
        if (Y[v] > y !== Y[u] > y && x < (X[u] - X[v]) * (y - Y[v]) / (Y[u] - Y[v]) + X[v]) inside = !inside;
    return inside;
  }

  // parcels.js
  function packed(colour) {
    const v = parseInt(colour.slice(1), 16);
    return (255 << 24 | (v & 255) << 16 | (v >> 8 & 255) << 8 | v >> 16) >>> 0;
  }
  function sorted(layer, tile) {
    const { d, shown, classes } = layer, { k, ox, oy, S } = tile, box = d.box, tiny = 3.2 / k, big = [];
    let pixels = null, image = null;
    within(d, ox / k, oy / k, (ox + S) / k, (oy + S) / k, (i) => {
      if (shown && !shown[i]) return;
      const q = i * 4, w = box[q + 2] - box[q], h = box[q + 3] - box[q + 1], c = classes ? classes[i] : 0;
      if (!layer.options.fill[c]) return;
      if (w >= tiny || h >= tiny) {
        (big[c] || (big[c] = [])).push(i);
        return;
      }
      if (!pixels) {
        image = tile.context.createImageData(S, S);
        pixels = new Uint32Array(image.data.buffer);
      }
      const x0 = Math.round(box[q] * k - ox), y0 = Math.round(box[q + 1] * k - oy), x1 = Math.min(S, x0 + Math.max(1, Math.round(w * k))), y1 = Math.min(S, y0 + Math.max(1, Math.round(h * k)));
      const colour = layer.pixels[c];
      for (let y = Math.max(0, y0); y < y1; y++) for (let x = Math.max(0, x0); x < x1; x++) pixels[y * S + x] = colour;
    });
    return { big, image };
  }
  function trace(d, i, { k, ox, oy, context }) {
    const { X, Y, rings, shapes } = d;
    for (let g = shapes[i]; g < shapes[i + 1]; g++) {
      const end = rings[g + 1];
      let v = rings[g];
      if (v >= end) continue;
      context.moveTo(X[v] * k - ox, Y[v] * k - oy);
      while (++v < end) context.lineTo(X[v] * k - ox, Y[v] * k - oy);
      context.closePath();
    }
  }
  function paint(layer, canvas, at, ratio) {
    const S = canvas.width;
    paintPart(layer, canvas, { k: Math.pow(2, at.z + 8 - layer.d.bits) * ratio, ox: at.x * S, oy: at.y * S, ratio });
  }
  function paintPart(layer, canvas, { k, ox, oy, ratio }) {
    const S = canvas.width, tile = { k, ox, oy, S, context: canvas.getContext("2d") }, { context } = tile, { d } = layer;
    const { big, image } = sorted(layer, tile);
    if (image) context.putImageData(image, 0, 0);
    const { hollow } = layer.options;
    context.lineWidth = layer.options.weight * ratio;
    context.strokeStyle = layer.options.stroke;
    context.lineJoin = "round";
    big.forEach((rows, c) => {
      context.fillStyle = layer.options.fill[c];
      for (let s = 0; s < rows.length; s += 200) {
        let widest = 0;
        context.beginPath();
        for (const i of rows.slice(s, s + 200)) {
          widest = Math.max(widest, (d.box[i * 4 + 2] - d.box[i * 4]) * k);
          trace(d, i, tile);
        }
        if (!hollow) context.fill("evenodd");
        if (hollow || widest > 6 * ratio && layer.options.weight) context.stroke();
      }
    });
  }
  var waiting = [];
  function next() {
    const until = performance.now() + 8;
    try {
      do
        waiting.shift()();
      while (waiting.length && performance.now() < until);
    } finally {
      if (waiting.length) setTimeout(next, 8);
    }
  }
  function soon(work) {
    if (waiting.push(work) === 1) setTimeout(next, 0);
  }
  function settleTiles(layer, paintTile) {
    for (const tile of Object.values(layer._tiles || {})) {
      if (!tile.current || tile.loaded) continue;
      paintTile(tile.el, tile.coords, Math.min(2, window.devicePixelRatio || 1));
      tile.loaded = +/* @__PURE__ */ new Date();
      tile.active = true;
      L.DomUtil.addClass(tile.el, "leaflet-tile-loaded");
      L.DomUtil.setOpacity(tile.el, 1);
    }
  }
  var ParcelLayer = L.GridLayer.extend({
    options: { tileSize: 512, updateWhenZooming: false, keepBuffer: 1, fill: ["#2c7fb8"], stroke: "rgba(255,255,255,.75)", weight: 0.7, opacity: 0.92, maxNativeZoom: void 0 },
    /* source: the packed text, or a layer that has read the same shapes; hollow: outlines alone */
    initialize(meta, source, options) {
      L.setOptions(this, options);
      this.meta = meta;
      this.classes = null;
      this.shown = null;
      this.pixels = this.options.fill.map((c) => c ? packed(c) : 0);
      this.ready = (source.ready ? source.ready.then((other) => other.d) : inflate(source).then((bytes) => decode(meta, bytes))).then((d) => {
        this.d = d;
        this.fire("decoded");
        if (this._map) this.redraw();
        return this;
      });
    },
    /* Classes of the features as places in `fill`; a class without a colour is not drawn. */
    setClasses(classes, fill) {
      this.classes = classes;
      if (fill) {
        this.options.fill = fill;
        this.pixels = fill.map((c) => c ? packed(c) : 0);
      }
      return this._map ? this.redraw() : this;
    },
    /* Which features are drawn and can be picked: one byte each, or null for all. */
    setShown(shown) {
      this.shown = shown;
      return this._map ? this.redraw() : this;
    },
    createTile(at, done) {
      const canvas = document.createElement("canvas"), ratio = Math.min(2, window.devicePixelRatio || 1);
      canvas.width = canvas.height = this.options.tileSize * ratio;
      canvas.setAttribute("aria-hidden", "true");
      soon(() => {
        if (this.d && this._map) paint(this, canvas, at, ratio);
        done(null, canvas);
      });
      return canvas;
    },
    settle() {
      settleTiles(this, (canvas, at, ratio) => {
        if (this.d) paint(this, canvas, at, ratio);
      });
    },
    project(latlng) {
      return L.CRS.EPSG3857.latLngToPoint(L.latLng(latlng), this.d.bits - 8);
    },
    /* The feature under a place, the smallest where several lie; -1 where there is none. */
    pick(latlng) {
      if (!this.d) return -1;
      const { x, y } = this.project(latlng);
      return this.pickAt(x, y);
    },
    pickAt(x, y) {
      const d = this.d;
      let best = -1, least = Infinity;
      within(d, x, y, x, y, (i) => {
        if (this.shown && !this.shown[i] || !contains(d, i, x, y)) return;
        const q = i * 4, size = (d.box[q + 2] - d.box[q]) * (d.box[q + 3] - d.box[q + 1]);
        if (size < least) {
          least = size;
          best = i;
        }
      });
      return best;
    },
    /* What else the place may lie in, for corners are rounded to whole units: features, and -1 for none of them. */
    besides(latlng, i) {
      const { x, y } = this.project(latlng), found = /* @__PURE__ */ new Set();
      for (let turn = 0; turn < 8; turn++) found.add(this.pickAt(x + 0.8 * Math.cos(turn * Math.PI / 4), y + 0.8 * Math.sin(turn * Math.PI / 4)));
      found.delete(i);
      return [...found];
    },
    unit(latlng) {
      return 2 * Math.PI * 6378137 / Math.pow(2, this.d.bits) * Math.cos(latlng.lat * Math.PI / 180);
    },
    latLngsOf(i) {
      const { X, Y, rings, shapes, bits: bits2 } = this.d, out = [];
      for (let g = shapes[i]; g < shapes[i + 1]; g++) {
        const ring = [];
        for (let v = rings[g]; v < rings[g + 1]; v++) ring.push(L.CRS.EPSG3857.pointToLatLng(L.point(X[v], Y[v]), bits2 - 8));
        out.push(ring);
      }
      return out;
    },
    boundsOf(i) {
      const { box, bits: bits2 } = this.d, q = i * 4;
      return L.latLngBounds(L.CRS.EPSG3857.pointToLatLng(L.point(box[q], box[q + 3]), bits2 - 8), L.CRS.EPSG3857.pointToLatLng(L.point(box[q + 2], box[q + 1]), bits2 - 8));
    }
  });

  // land.js
  var LandLayer = class {
    constructor(record, ramp2) {
      this.record = record;
      this.ramp = ramp2;
      this.columns = /* @__PURE__ */ new Map();
      this.layer = null;
      this.style = record.styles.find((s) => s.key === record.style) || record.styles[0] || null;
      this.only = /* @__PURE__ */ new Set();
      this.year = null;
      this.classes = null;
      this.sums = null;
    }
    get key() {
      return this.record.key;
    }
    block(name) {
      const node = document.getElementById("land-" + name);
      return node ? node.textContent : null;
    }
    /* The Leaflet layer, made when it is first wanted. */
    open(pane) {
      if (this.layer) return this.layer;
      const thin = this.record.styles.every((s) => s.key === "outline" || s.key === "grade");
      this.layer = new ParcelLayer(this.record.meta, this.block(this.key), { pane, fill: [null, "#d8d2c4"], weight: thin ? 1.6 : 0.7, stroke: thin ? "rgba(60,50,40,.75)" : "rgba(255,255,255,.75)", opacity: thin ? 0.55 : 0.85, minZoom: this.record.from, maxZoom: 22 });
      this.ready = Promise.all([this.layer.ready, this.column("since"), this.column("until")]).then(() => this.restyle());
      return this.layer;
    }
    /* A column of the layer, or null where the page does not hold it. */
    column(key) {
      const told = this.record.columns[key], there = this.columns.get(key);
      if (!told) return Promise.resolve(null);
      if (there) return there;
      const read = inflate(this.block(this.key + "." + key)).then((bytes) => decodeColumn(told, bytes, this.record.meta.n));
      this.columns.set(key, read);
      read.then((column) => {
        this.columns.get(key).now = column;
      });
      return read;
    }
    now(key) {
      const there = this.columns.get(key);
      return there ? there.now : null;
    }
    /* Names and colours of the classes of the style; the first is "not known" and has no colour. */
    legend() {
      const s = this.style;
      if (!s) return [];
      if (s.kind === "class") return s.classes;
      const n = s.breaks.length + 1, colours = this.ramp(n);
      return [{ name: ["没有数据", "No data"], colour: null }].concat(colours.map((colour, i) => ({ colour, from: i ? s.breaks[i - 1] : null, to: i < n - 1 ? s.breaks[i] : null })));
    }
    async restyle() {
      if (!this.layer) return;
      await this.layer.ready;
      const s = this.style, column = s ? await this.column("by." + s.key) : null, area = await this.column("area_m2");
      if (s !== this.style) return;
      this.classes = s ? s.kind === "class" ? column.values : placed(column.values, s.breaks) : new Uint8Array(this.record.meta.n).fill(1);
      this.layer.setClasses(this.classes, s ? this.legend().map((c) => c.colour) : [null, "#d8d2c4"]);
      this.mask();
      this.area = area.values;
    }
    there(i) {
      const since = this.now("since"), until = this.now("until"), y = this.year;
      return y === null || (!since || since.values[i] <= y) && (!until || !until.values[i] || y < until.values[i]);
    }
    /* Which features show: those of the year, and of the classes picked. */
    mask() {
      const n = this.record.meta.n, timed = this.year !== null && (this.now("since") || this.now("until"));
      this.sums = null;
      if (!this.layer) return;
      if (!timed && !this.only.size) {
        this.layer.setShown(null);
        return;
      }
      const shown = new Uint8Array(n);
      for (let i = 0; i < n; i++) shown[i] = (!timed || this.there(i)) && (!this.only.size || this.only.has(this.classes[i])) ? 1 : 0;
      this.layer.setShown(shown);
    }
    /* Area and number of each class in the year. */
    totals() {
      if (this.sums || !this.classes || !this.area) return this.sums;
      const rows = this.legend().map((c, i) => ({ ...c, place: i, area: 0, count: 0 }));
      for (let i = 0; i < this.classes.length; i++) if (this.there(i)) {
        const row = rows[this.classes[i]];
        row.area += this.area[i];
        row.count++;
      }
      this.sums = rows.filter((r) => r.count);
      return this.sums;
    }
  };
  function placed(values, limits) {
    const out = new Uint8Array(values.length);
    for (let i = 0; i < values.length; i++) {
      const v = values[i];
      let k = 0;
      if (v !== v) continue;
      while (k < limits.length && v >= limits[k]) k++;
      out[i] = k + 1;
    }
    return out;
  }
  function swatch(colour) {
    return svg("svg", { width: 18, height: 13, viewBox: "0 0 18 13", "aria-hidden": "true" }, svg("rect", { x: 0.5, y: 0.5, width: 17, height: 12, rx: 2, fill: colour || "#fffefb", stroke: "#8c8371", "stroke-width": 0.8, "stroke-dasharray": colour ? "none" : "2 2" }), colour ? null : svg("path", { d: "M3 12L15 1", stroke: "#b9b09c", "stroke-width": 1 }));
  }

  // layer.js
  var HUES = ["#e4efe9", "#b3d7cd", "#77b8b2", "#3a8f95", "#155f6e"];
  function ramp(n) {
    return Array.from({ length: n }, (_, i) => HUES[n === 1 ? 2 : Math.round(i * 4 / (n - 1))]);
  }
  function plain(v) {
    return typeof v === "number" ? String(Math.round(v * 1e4) / 1e4) : String(v);
  }
  function said(c) {
    return c.name ? c.name[0] : c.from === null && c.to === null ? "有数值" : c.from === null ? "< " + c.to : c.to === null ? "≥ " + c.from : c.from + " – " + c.to;
  }
  function cardOf(land, i) {
    return el("dl", { style: "margin:0;display:grid;grid-template-columns:auto 1fr;gap:2px 10px" }, land.record.fields.map(([key, zh]) => {
      const column = land.now(key), value = column ? column.text(i) : null;
      return value === null || value === "" ? null : [el("dt", { style: "color:#5f6b76" }, zh), el("dd", { style: "margin:0" }, plain(value))];
    }));
  }
  function legendOf(land) {
    const control = L.control({ position: "bottomright" });
    control.onAdd = () => el(
      "div",
      { style: "background:#fffefb;padding:8px 12px;border-radius:8px;box-shadow:0 1px 6px rgba(0,0,0,.25);font:12px/1.5 sans-serif;max-height:50vh;overflow:auto" },
      el("strong", {}, land.style ? land.style.name[0] : land.record.name[0]),
      land.legend().filter((c) => c.colour).map((c) => el("div", {}, swatch(c.colour), " ", said(c)))
    );
    return control;
  }
  L.parcelLayer = function(id) {
    const told = JSON.parse(document.getElementById(id + "-told").textContent), land = new LandLayer(told, ramp);
    land.block = (name) => document.getElementById(id + "-" + name).textContent;
    const layer = land.open("parcel-layers");
    layer.beforeAdd = (map) => {
      if (!map.getPane("parcel-layers")) {
        const pane = map.createPane("parcel-layers");
        pane.style.zIndex = "405";
        pane.style.pointerEvents = "none";
      }
      return L.GridLayer.prototype.beforeAdd.call(layer, map);
    };
    if (told.opacity) layer.setOpacity(told.opacity);
    layer.on("add", () => {
      const map = layer._map, tip = L.tooltip({ sticky: true }), legend = legendOf(land).addTo(map);
      const at = (e) => layer.pick(e.latlng), columns = Promise.all(Object.keys(told.columns).map((key) => land.column(key)));
      const move = (e) => {
        const i = at(e);
        if (i < 0 || !land.classes) {
          map.closeTooltip(tip);
          return;
        }
        const c = land.legend()[land.classes[i]];
        tip.setLatLng(e.latlng).setContent(el("span", {}, c ? said(c) : ""));
        map.openTooltip(tip);
      };
      const click = (e) => {
        const i = at(e);
        if (i >= 0) columns.then(() => L.popup({ maxWidth: 360 }).setLatLng(e.latlng).setContent(cardOf(land, i)).openOn(map));
      };
      map.on("mousemove", move);
      map.on("click", click);
      layer.once("remove", () => {
        map.off("mousemove", move);
        map.off("click", click);
        map.closeTooltip(tip);
        legend.remove();
      });
    });
    return layer;
  };
})();

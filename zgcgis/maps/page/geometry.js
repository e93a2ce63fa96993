/* Areas and cuts on the ellipsoid of CGCS2000, with nothing of a browser. */

const A = 6378137, F = 1 / 298.257222101, E2 = F * (2 - F), E = Math.sqrt(E2), RAD = Math.PI / 180;

/** Metres on the cylinder of equal areas: every area in it is that on the ellipsoid.
 * @param {number} lng @param {number} lat @returns {[number, number]} */
export function equalArea(lng, lat) {
  const s = Math.sin(lat * RAD), q = (1 - E2) * (s / (1 - E2 * s * s) - Math.log((1 - E * s) / (1 + E * s)) / (2 * E));
  return [A * lng * RAD, A * q / 2];
}

/** The same corners with others between them, so that every edge runs straight on the ground.
 * @param {{lat: number, lng: number}[]} points @param {number} [step] metres from one to the next */
export function onGround(points, step = 400) {
  const out = [];
  points.forEach((a, i) => {
    const b = points[(i + 1) % points.length], n = Math.min(200, Math.max(1, Math.ceil(lengthOf([a, b]) / step)));
    const [p, q] = [a, b].map((c) => [Math.cos(c.lat * RAD) * Math.cos(c.lng * RAD), Math.cos(c.lat * RAD) * Math.sin(c.lng * RAD), Math.sin(c.lat * RAD)]);
    out.push(a);
    for (let k = 1; k < n; k++) {
      const [x, y, z] = p.map((v, axis) => v + (q[axis] - v) * k / n);
      out.push({ lat: Math.atan2(z, Math.hypot(x, y)) / RAD, lng: Math.atan2(y, x) / RAD });
    }
  });
  return out;
}

/** Twice the area within a ring, positive if it turns left. @param {number[][]} ring */
export function twice(ring) {
  let sum = 0;
  const [x0, y0] = ring[0] || [0, 0];
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) sum += (ring[j][0] - x0) * (ring[i][1] - y0) - (ring[i][0] - x0) * (ring[j][1] - y0);
  return sum;
}

/** @param {{lat: number, lng: number}[]} points */
export function areaOf(points) { return points.length < 3 ? 0 : Math.abs(twice(onGround(points).map((p) => equalArea(p.lng, p.lat)))) / 2; }

/** @param {{lat: number, lng: number}[]} points */
export function lengthOf(points) {
  let sum = 0;
  for (let i = 1; i < points.length; i++) {
    const a = points[i - 1], b = points[i], w = 1 - E2 * Math.sin((a.lat + b.lat) / 2 * RAD) ** 2, cos = Math.cos((a.lat + b.lat) / 2 * RAD);
    sum += Math.hypot((b.lng - a.lng) * RAD * A / Math.sqrt(w) * cos, (b.lat - a.lat) * RAD * A * (1 - E2) / w ** 1.5);
  }
  return sum;
}

/** Whether a place lies within a ring, by even and odd crossings. */
export function inside(ring, x, y) {
  let odd = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [ax, ay] = ring[i], [bx, by] = ring[j];
    if ((ay > y) !== (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}

const side = (a, b, p) => (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
function meet(a, b, c, d) { return side(a, b, c) > 0 !== side(a, b, d) > 0 && side(c, d, a) > 0 !== side(c, d, b) > 0; }

/** Whether the ring crosses itself. */
export function crossesItself(ring) {
  const n = ring.length;
  for (let i = 0; i < n; i++) for (let k = i + 2; k < n; k++) {
    if (i === 0 && k === n - 1) continue;
    if (meet(ring[i], ring[(i + 1) % n], ring[k], ring[(k + 1) % n])) return true;
  }
  return false;
}

/** Whether an edge of the ring meets the box [x0, y0, x1, y1]. */
export function meetsBox(ring, x0, y0, x1, y1) {
  const corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const a = ring[j], b = ring[i];
    if (Math.max(a[0], b[0]) < x0 || Math.min(a[0], b[0]) > x1 || Math.max(a[1], b[1]) < y0 || Math.min(a[1], b[1]) > y1) continue;
    if (a[0] >= x0 && a[0] <= x1 && a[1] >= y0 && a[1] <= y1) return true;
    if (corners.some((c, k) => meet(a, b, c, corners[(k + 1) % 4]))) return true;
  }
  return false;
}

/** A simple ring as triangles, each turning left. @param {number[][]} ring */
export function triangles(ring) {
  const left = (twice(ring) < 0 ? ring.slice().reverse() : ring.slice()).filter((p, i, all) => { const q = all[(i + 1) % all.length]; return p[0] !== q[0] || p[1] !== q[1]; }), out = [];
  let tried = 0;
  while (left.length > 3 && tried < left.length) {
    const a = left[left.length - 1], b = left[0], c = left[1], turn = side(a, b, c);
    const ear = turn >= 0 && !left.some((p) => p !== a && p !== b && p !== c && side(a, b, p) >= 0 && side(b, c, p) >= 0 && side(c, a, p) >= 0);
    if (ear) { if (turn > 0) out.push([a, b, c]); left.shift(); tried = 0; } else { left.push(left.shift()); tried++; }
  }
  if (left.length === 3 && side(left[0], left[1], left[2]) > 0) out.push(left);
  return out;
}

/** The part of a ring on the left of every edge of a convex ring. */
function clip(ring, convex) {
  let out = ring;
  for (let e = 0; e < convex.length && out.length; e++) {
    const a = convex[e], b = convex[(e + 1) % convex.length], held = [];
    for (let i = 0, j = out.length - 1; i < out.length; j = i++) {
      const p = out[j], q = out[i], sp = side(a, b, p), sq = side(a, b, q);
      if (sp >= 0 !== sq >= 0) { const t = sp / (sp - sq); held.push([p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]); }
      if (sq >= 0) held.push(q);
    }
    out = held;
  }
  return out;
}

/** Area that rings (shells and holes in any order and turn) share with triangles.
 * @param {number[][][]} rings @param {number[][][]} parts */
export function sharedArea(rings, parts) {
  let sum = 0;
  rings.forEach((ring, k) => {
    const depth = rings.length < 2 ? 0 : rings.filter((other, m) => m !== k && inside(other, ring[0][0], ring[0][1])).length;
    for (const part of parts) sum += (depth % 2 ? -1 : 1) * Math.abs(twice(clip(ring, part))) / 2;
  });
  return sum;
}

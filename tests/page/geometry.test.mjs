/* Areas and cuts, held against what needs no cutting. */
import assert from "node:assert/strict";
import test from "node:test";
import { areaOf, crossesItself, equalArea, inside, lengthOf, meetsBox, onGround, sharedArea, triangles, twice } from "../../zgcgis/maps/page/geometry.js";

let seed = 7;
function random() { seed = (seed * 1103515245 + 12345) % 2147483648; return seed / 2147483648; }
function star(n, x, y, size) {
  const angles = Array.from({ length: n }, () => random() * 2 * Math.PI).sort((a, b) => a - b);
  return angles.map((a) => { const r = size * (0.2 + 0.8 * random()); return [x + r * Math.cos(a), y + r * Math.sin(a)]; });
}

test("triangles of a ring are the ring", () => {
  for (let k = 0; k < 400; k++) {
    const ring = star(3 + Math.floor(random() * 20), 0, 0, 10);
    if (crossesItself(ring)) continue;
    for (const one of [ring, ring.slice().reverse()]) {
      const sum = triangles(one).reduce((s, t) => s + twice(t) / 2, 0);
      assert.ok(Math.abs(sum - Math.abs(twice(ring)) / 2) < 1e-9 * Math.max(1, Math.abs(sum)), k + ": " + sum);
    }
  }
});

test("corners on a line and doubled corners cost nothing", () => {
  const u = [[0, 0], [5, 0], [10, 0], [10, 0], [10, 10], [7, 10], [7, 3], [3, 3], [3, 10], [0, 10]];
  assert.equal(triangles(u).reduce((s, t) => s + twice(t) / 2, 0), 72);
  assert.equal(sharedArea([[[0, 5], [10, 5], [10, 9], [0, 9]]], triangles(u)), 24);
});

test("a hole is left out, whatever way its ring turns", () => {
  const whole = triangles([[-9, -9], [9, -9], [9, 9], [-9, 9]]), shell = [[0, 0], [4, 0], [4, 4], [0, 4]], hole = [[1, 1], [2, 1], [2, 2], [1, 2]];
  for (const ring of [hole, hole.slice().reverse()]) for (const rings of [[shell, ring], [ring, shell]]) assert.equal(sharedArea(rings, whole), 15);
});

test("shared areas are what a fine grid counts, and two cuts add up", () => {
  for (let k = 0; k < 25; k++) {
    const a = star(9, 0, 0, 10), b = star(8, 3, 2, 10);
    if (crossesItself(a) || crossesItself(b)) continue;
    const found = sharedArea([a], triangles(b));
    let count = 0;
    for (let x = -10; x < 13; x += 0.1) for (let y = -10; y < 12; y += 0.1) if (inside(a, x + 0.05, y + 0.05) && inside(b, x + 0.05, y + 0.05)) count++;
    assert.ok(Math.abs(found - count * 0.01) < 0.6, k + ": " + found + " " + count * 0.01);
    const left = sharedArea([a], [[[-99, -99], [1, -99], [1, 99], [-99, 99]]]), right = sharedArea([a], [[[1, -99], [99, -99], [99, 99], [1, 99]]]);
    assert.ok(Math.abs(left + right - Math.abs(twice(a)) / 2) < 1e-9);
  }
});

test("what meets a box", () => {
  const ring = [[0, 0], [10, 0], [10, 10], [0, 10]];
  assert.ok(!meetsBox(ring, 2, 2, 3, 3));
  assert.ok(meetsBox(ring, 8, 8, 12, 12));
  assert.ok(meetsBox(ring, -5, 4, 15, 5));
  assert.ok(!meetsBox(ring, 20, 20, 30, 30));
});

test("the world has the area and a degree the length it has", () => {
  const world = Math.abs(twice([equalArea(-180, -90), equalArea(180, -90), equalArea(180, 90), equalArea(-180, 90)])) / 2;
  assert.ok(Math.abs(world / 510065621724089 - 1) < 1e-9);
  assert.ok(Math.abs(lengthOf([{ lng: 116, lat: 39.5 }, { lng: 116, lat: 40.5 }]) / 111035.1 - 1) < 1e-4);
  assert.equal(areaOf([{ lng: 1, lat: 1 }, { lng: 2, lat: 2 }]), 0);
  const edge = onGround([{ lng: 116, lat: 40 }, { lng: 116.1, lat: 40 }, { lng: 116.05, lat: 40.1 }]), middle = edge[Math.floor(lengthOf([edge[0], { lng: 116.1, lat: 40 }]) / 800)];
  assert.ok(middle.lat > 40.00001 && middle.lat < 40.00003, String(middle.lat)); /* the shortest way bends north of the parallel */
});

test("a bow tie crosses itself and a star does not", () => {
  assert.ok(crossesItself([[0, 0], [1, 1], [1, 0], [0, 1]]));
  assert.ok(!crossesItself([[0, 0], [10, 0], [10, 10], [5, 2], [0, 10]]));
});

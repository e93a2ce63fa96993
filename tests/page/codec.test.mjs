/* What maps/codec.py wrote is what the page reads; the file of trials comes from the Python test. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { contains, decode, decodeColumn, inflate, within } from "../../zgcgis/maps/page/codec.js";

const trials = JSON.parse(readFileSync(process.env.CODEC_TRIALS, "utf8"));

for (const [k, trial] of trials.shapes.entries()) {
  test("shapes " + k, async () => {
    const d = decode(trial.meta, await inflate(trial.data)), size = 2 ** d.bits;
    assert.equal(d.n, trial.rings.length);
    for (let i = 0; i < d.n; i++) {
      const rings = [];
      for (let g = d.shapes[i]; g < d.shapes[i + 1]; g++) {
        const ring = [];
        for (let v = d.rings[g]; v < d.rings[g + 1]; v++) ring.push([d.X[v] / size * 360 - 180, Math.atan(Math.sinh(Math.PI * (1 - 2 * d.Y[v] / size))) * 180 / Math.PI]);
        rings.push(ring);
      }
      assert.equal(rings.length, trial.rings[i].length);
      rings.forEach((ring, r) => ring.forEach((at, v) => at.forEach((c, axis) => assert.ok(Math.abs(c - trial.rings[i][r][v][axis]) < 3e-6))));
      const [a, b, c, e] = d.box.slice(i * 4, i * 4 + 4), found = [];
      within(d, a, b, c, e, (row) => found.push(row));
      assert.ok(found.includes(i));
      assert.ok(!contains(d, i, a - 5, b - 5));
    }
  });
}

for (const [k, trial] of trials.columns.entries()) {
  test("column " + k + ": " + trial.told.kind, async () => {
    const column = decodeColumn(trial.told, await inflate(trial.data), trial.values.length);
    trial.values.forEach((v, i) => {
      const read = column.text(i);
      if (typeof v === "number") assert.ok(Math.abs(read - v) <= 1e-6 * Math.max(1, Math.abs(v)), read + " for " + v);
      else assert.equal(read === 0 ? null : read, v);
    });
  });
}

test("a browser without a decompressor reads the same", async () => {
  const own = globalThis.DecompressionStream, trial = trials.shapes[0], first = await inflate(trial.data);
  globalThis.DecompressionStream = undefined;
  try { assert.deepEqual(await inflate(trial.data), first); } finally { globalThis.DecompressionStream = own; }
});

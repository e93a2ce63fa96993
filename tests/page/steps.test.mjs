/* What is no step is no step; what is one is words and an address. */
import assert from "node:assert/strict";
import test from "node:test";
import { stepOf, stepsOf } from "../../zgcgis/maps/page/steps.js";

test("a step is words and an address", () => {
  assert.deepEqual(stepOf({ title: "a", note: ["", "b"], view: "#t=land", more: 1 }), { title: ["a", "a"], note: ["b", "b"], view: "t=land" });
  assert.deepEqual(stepOf({ view: "x", title: { toString: "no" } }).title, ["", ""]);
  for (const no of [null, 3, "x", [], {}, { view: 3 }]) assert.equal(stepOf(no), null);
});

test("a file is steps or nothing", () => {
  assert.equal(stepsOf("{"), null);
  assert.equal(stepsOf("[]"), null);
  assert.equal(stepsOf('[{"view":"a"},{"view":2}]'), null);
  assert.equal(stepsOf('{"steps":[{"view":"a"}]}').length, 1);
  assert.equal(stepsOf(JSON.stringify(Array(80).fill({ view: "a" }))).length, 60);
});

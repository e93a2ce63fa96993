/* Who answers to what one types. */
import assert from "node:assert/strict";
import test from "node:test";
import { fold, search } from "../../zgcgis/maps/page/search.js";

const unit = (id, words, about = []) => ({ id, words: words.map(fold), about: about.map(fold) });
const units = [unit("software", ["中关村软件园", "Zhongguancun Software Park", "ruanjianyuan", "rjy"], ["海淀区"]), unit("fengtai", ["丰台园", "Fengtai Park", "fengtaiyuan", "fty"], ["丰台区"]), unit("shangdi", ["上地信息产业基地", "shangdi"], ["海淀区"])];
const best = (q) => [...search(units, q)].sort((a, b) => b[1] - a[1]).map(([id]) => id);

test("marks, blanks and capitals do not matter", () => {
  assert.equal(fold(" Zhong-guan’cun （A）"), "zhongguancuna");
  assert.deepEqual(best("SOFTWARE  park"), ["software"]);
});
test("whole before beginning before part before what lies about it", () => {
  assert.deepEqual(best("fty"), ["fengtai"]);
  assert.deepEqual(new Set(best("海淀")), new Set(["software", "shangdi"]));
  const found = search(units, "丰台园");
  assert.equal(found.get("fengtai"), 4);
});
test("one slip of any kind is forgiven, two in a long word", () => {
  for (const q of ["fengtaiyaun", "fegtaiyuan", "ffengtaiyuan", "fengteiyuan", "丰台圆", "软件圆", "Sofware Park", "Sotfware Prk"]) assert.equal(best(q).length, 1, q);
});
test("nothing is found for nothing, and for what is far from all", () => {
  for (const q of ["", "  ", "(）", "xyzzyq", "量子力学研究", "q"]) assert.deepEqual(best(q), [], q);
});
test("the longest words end", () => {
  const started = Date.now();
  search(Array.from({ length: 200 }, (_, k) => unit("u" + k, ["长".repeat(60) + k])), "短".repeat(80));
  assert.ok(Date.now() - started < 4000);
});

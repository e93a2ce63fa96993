/* Both languages say the same things, and nothing is said that nobody asks for. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { UI } from "../../zgcgis/maps/page/words.js";

const folder = new URL("../../zgcgis/maps/page/", import.meta.url);
const source = readdirSync(folder).filter((name) => name.endsWith(".js") && name !== "words.js").map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");
const BY_VALUE = new Set(["any", "all", "east", "south", "west", "north", "sketch", "schematic", "point", "approximate", "digitised", "surveyed", "synthetic"]);

test("both languages have every word", () => {
  assert.deepEqual(Object.keys(UI.zh).sort(), Object.keys(UI.en).sort());
  for (const lang of ["zh", "en"]) for (const [key, text] of Object.entries(UI[lang])) assert.ok(text.trim(), lang + "." + key);
});
test("every word that is asked for is there, and every word is asked for", () => {
  const asked = new Set([...source.matchAll(/\bP\.U\.(\w+)/g)].map((m) => m[1]));
  for (const key of asked) assert.ok(key in UI.zh, key);
  for (const key of Object.keys(UI.zh)) assert.ok(asked.has(key) || BY_VALUE.has(key), key + " is never said");
});
test("Chinese words are Chinese and English words are English", () => {
  for (const [key, text] of Object.entries(UI.zh)) if (key !== "lang") assert.match(text, /[\u4e00-\u9fff]/, key);
  for (const [key, text] of Object.entries(UI.en)) if (key !== "lang") assert.doesNotMatch(text, /[\u4e00-\u9fff]/, key);
});

/* Finding a park by what one types: name, former name, English, pinyin, id, district, cluster; a slip forgiven. */

export function fold(text) { return String(text).toLowerCase().replace(/[\s'’·\-_（）()]/g, ""); }

/* How far two words are apart: letters put in, left out, changed or swapped. */
function apart(a, b, most) {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before = [], last = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let k = 1; k <= b.length; k++) {
      row[k] = Math.min(last[k] + 1, row[k - 1] + 1, last[k - 1] + (a[i - 1] === b[k - 1] ? 0 : 1));
      if (i > 1 && k > 1 && a[i - 1] === b[k - 2] && a[i - 2] === b[k - 1]) row[k] = Math.min(row[k], before[k - 2] + 1);
    }
    before = last; last = row;
  }
  return last[b.length];
}

/* The least distance of the query to any stretch of the word that is about as long. */
function near(query, word, most) {
  let best = most + 1;
  for (let from = 0; from <= Math.max(0, word.length - query.length + most); from++)
    for (let size = Math.max(1, query.length - most); size <= query.length + most && from + size <= word.length; size++) best = Math.min(best, apart(query, word.slice(from, from + size), most));
  return best;
}

/** How well each unit answers to the words; those that do not are not in it.
 * @param {{id: string, words: string[], about: string[]}[]} units @param {string} text */
export function search(units, text) {
  const q = fold(text), found = new Map();
  if (!q) return found;
  for (const u of units) {
    const whole = u.words.some((w) => w === q), start = u.words.some((w) => w.startsWith(q)), part = u.words.some((w) => w.indexOf(q) >= 0), about = u.about.some((w) => w.indexOf(q) >= 0);
    if (whole || start || part || about) found.set(u.id, whole ? 4 : start ? 3 : part ? 2 : 1);
  }
  if (found.size || q.length < 2) return found;
  /** @type {[string, number][]} */
  const scored = [];
  const most = /[^\x20-\x7f]/.test(q) ? (q.length > 3 ? 2 : 1) : q.length > 5 ? 2 : 1;
  for (const u of units) { const d = Math.min(...u.words.map((w) => near(q, w, most))); if (d <= most) scored.push([u.id, d]); }
  const least = Math.min(...scored.map((s) => s[1]));
  for (const [id, d] of scored) if (d === least) found.set(id, 0.5 - d / 10);
  return found;
}

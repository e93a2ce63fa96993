/* The values of the units: which, how written, in which class; who is asked for. */
import { each, own } from "./dom.js";
import { fold, search } from "./search.js";

export function values(P) {
  const { D, S, groupById, industryById, measureByKey } = P;
  Object.assign(P, { measure, valueIn, fillOf, number, marked, ramp, value, chosen, found, there, isBig, series, qualified, cell, colon, names, ranked, colours, klass });

  function colon() { return S.lang === "en" ? ": " : "："; }
  function group3(text) { return text.replace(/\B(?=(\d{3})+(?!\d))/g, ","); }
  function number(v) {
    if (v === null || v === undefined) return "—";
    var a = Math.abs(v), d = a >= 1000 ? 0 : a >= 100 ? 0 : a >= 10 ? 1 : 2;
    if (Math.abs(v - Math.round(v)) < 1e-9) d = 0;
    var parts = Math.abs(v).toFixed(d).split(".");
    if (parts[1]) parts[1] = parts[1].replace(/0+$/, "");
    return (v < 0 ? "−" : "") + group3(parts[0]) + (parts[1] ? "." + parts[1] : "");
  }
  function qualified(q, v) { return (q === "~" ? P.U.about_ : q === ">" ? P.U.more : q === "<" ? P.U.nearly : "") + number(v); }
  /* in a column the words would push the numbers about */
  function marked(q, v) { return (q === "~" ? "≈" : q === ">" ? ">" : q === "<" ? "≲" : "") + number(v); }
  function measure() { return measureByKey[S.measure]; }
  function series(unit, key) { return own(own(D.values, key), unit) || []; }
  function cell(unit, key, year, mode, table) {
    var best = null;
    each(table ? own(own(table, key), unit) || [] : series(unit, key), function (c) {
      if (c[0] === year || ((mode || S.mode) === "latest" && c[0] <= year)) if (!best || c[0] > best[0]) best = c;
    });
    return best;
  }
  function yearNow() { return P.compare.shows() && D.compare.years ? D.compare.years[0] : S.year; }
  function there(u, year) { var y = year === undefined ? yearNow() : year; return (u.since === null || u.since <= y) && (u.until === null || y < u.until); }
  function valueIn(u, year, table) { return S.measure && there(u, year) ? cell(u.id, S.measure, year, S.mode, table) : null; }
  function value(u) { return valueIn(u, yearNow()); }
  function isBig(u) { return u.level === "group" || !!u.kids && u.kids.some(function (k) { return k.g && k.level === "park"; }); }
  function fillOf(u, c) {
    var alone = S.picks.length && !(u.kids || []).some(function (k) { return k.g && chosen(k); });
    return { fill: true, fillColor: c ? colours()[klass(c[1])] : "url(#no-data)", fillOpacity: c ? (u.level === "group" ? 0.5 : 0.93) : u.level === "block" || (isBig(u) && !alone) ? 0 : 0.85 };
  }
  function klass(v) {
    var b = measure() ? measure().breaks : [], i = 0;
    while (i < b.length && v >= b[i]) i++;
    return i;
  }
  function ramp(n) { /* fewer classes still use the whole ramp */
    var k = D.ramp.length, out = [];
    for (var i = 0; i < n; i++) out.push(D.ramp[n === 1 ? 2 : Math.round(i * (k - 1) / (n - 1))]);
    return out;
  }
  function colours() { return ramp((measure() ? measure().breaks.length : 0) + 1); }

  function names(key) { /* does the plan place the cluster here: by name, or through an activity? */
    return function (u) {
      if (u.industries.indexOf(key) >= 0) return true;
      return u.industries.some(function (k) { var i = industryById[k]; return i && i.covers.indexOf(key) >= 0; });
    };
  }
  function inGroup(u) { return !S.group || u.id === S.group || u.group === S.group || u.above.some(function (p) { return p.id === S.group || p.group === S.group; }); }
  function chosen(u) {
    if (!inGroup(u)) return false;
    if (!S.picks.length) return true;
    var hit = function (k) { return names(k)(u); };
    return S.join === "all" ? S.picks.every(hit) : S.picks.some(hit);
  }
  each(D.units, function (u) {
    u.words = [u.id, u.name[0], u.name[1]].concat(u.aliases, u.find.split("|"), u.former.map(function (f) { return f.name[0]; }), u.former.map(function (f) { return f.name[1]; })).map(fold).filter(Boolean);
    var g = groupById[u.group], via = D.industries.filter(function (i) { return names(i.id)(u); });
    u.about = u.district.concat(g ? g.name : [], via.reduce(function (all, i) { return all.concat(i.name); }, [])).map(fold).filter(Boolean);
  });
  var asks = { q: null, hits: null }; /* who answers to the words typed, asked once for each */
  function hits() { if (asks.q !== S.query) asks = { q: S.query, hits: search(D.units, S.query) }; return asks.hits; }
  function found(u) { return !fold(S.query) || hits().has(u.id); }
  function listed() {
    return D.units.filter(function (u) {
      if (u.level === "block" && !S.blocks && !S.query) return false;
      return chosen(u) && found(u);
    });
  }
  function ranked() {
    var by = hits();
    return listed().map(function (u, i) { return { u: u, c: value(u), i: i, hit: by.get(u.id) || 0 }; }).sort(function (a, b) {
      if (a.hit !== b.hit) return b.hit - a.hit;
      var x = a.c ? a.c[1] : -Infinity, y = b.c ? b.c[1] : -Infinity;
      return x === y ? a.i - b.i : y - x;
    });
  }
}

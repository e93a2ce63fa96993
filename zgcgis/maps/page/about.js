/* Goals of the plan; sources and counting. */
import { el, own } from "./dom.js";

export function about(P) {
  const { D, S, T } = P;
  Object.assign(P, { goalsPage, aboutPage });

  function goalsPage() {
    return [el("p", { class: "status" }, D.plan ? T(D.plan.name) : ""), D.goals.map(function (g) {
      var kind = g.verdict === "met" ? "met" : g.verdict === "not met" ? "not" : "open", share = g.target && g.value !== null ? g.value / g.target : null;
      var sameYear = g.valueYear === g.year;
      return el("article", { class: "goal" }, el("h2", {}, T(g.name) + (S.lang === "en" ? ", " : "，") + g.year, el("span", { class: "v " + kind }, (kind === "met" ? "✓ " : kind === "not" ? "✕ " : "? ") + T(g.word))),
        share !== null && sameYear ? el("div", { class: "meter", role: "img", "aria-label": P.U.progress + " " + Math.round(share * 100) + "%" }, el("i", { style: "width:" + Math.min(100, share * 100) + "%" })) : null,
        el("p", { class: "nums num" }, P.U.target + P.colon() + (g.target !== null ? P.number(g.target) + " " + T(g.unit) : g.printed) + "　" + P.U.value + P.colon() + (g.value !== null ? P.qualified(g.qualifier, g.value) + " " + T(g.unit) + (S.lang === "en" ? " (" : "（") + g.valueYear + " " + T(own(D.words.periods, g.period) || [g.period, g.period]) + (S.lang === "en" ? ")" : "）") : "—")),
        el("p", { class: "why" }, T(g.why)), el("p", { class: "src text" }, P.U.clause + " " + g.clause + (g.source >= 0 ? "　" + P.U.source + P.colon() + P.sourceText(g.source) : "")));
    })];
  }
  function aboutPage() {
    return el("div", { class: "about" },
      D.synthetic ? el("p", { class: "warn" }, P.U.syn) : null,
      T(D.disclaimer) ? el("p", { class: "warn" }, T(D.disclaimer)) : null,
      T(D.counting) ? [el("h2", {}, P.U.counting), el("p", {}, T(D.counting))] : null,
      D.groups.some(function (g) { return g.clause; }) ? [el("h2", {}, P.U.groupLine), el("ul", {}, D.groups.map(function (g) { return el("li", {}, el("b", { style: "color:" + g.hue }, T(g.name)), " " + T(g.demand) + (g.clause ? (S.lang === "en" ? " (clause " : "（") + g.clause + (S.lang === "en" ? ")" : "）") : "")); }))] : null,
      D.demands.length ? [el("h2", {}, P.U.demands), el("ul", {}, D.demands.map(function (d) { return el("li", {}, T(d.t) + (S.lang === "en" ? " (" : "（") + d.clause + (S.lang === "en" ? ")" : "）")); }))] : null,
      el("h2", {}, P.U.sources), el("ul", {}, D.sourceList.map(function (s) { return el("li", {}, T(s.t) + (s.licence ? (S.lang === "en" ? " — " : "　") + s.licence : "")); })),
      T(D.credit) ? el("p", {}, T(D.credit)) : null,
      el("p", {}, P.U.review + P.colon() + (D.review || P.U.reviewBlank)), el("p", {}, P.U.projection));
  }
}

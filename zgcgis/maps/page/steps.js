/* 汇报: views kept as steps, and shown one after another in large type. */
import { clear, el, fill } from "./dom.js";

const MOST = 60, LONG = 400, SHORT = 4000;

/** A step as it was kept or read from a file: two texts and an address, or null. Texts are pairs of languages.
 * @param {any} raw @returns {{title: string[], note: string[], view: string}|null} */
export function stepOf(raw) {
  if (!raw || typeof raw !== "object" || typeof raw.view !== "string") return null;
  const text = (t) => (typeof t === "string" || typeof t === "number" ? String(t).slice(0, LONG) : "");
  const pair = (t) => { const two = Array.isArray(t) ? t : [t, t], zh = text(two[0]), en = text(two[1]); return [zh || en, en || zh]; };
  return { title: pair(raw.title), note: pair(raw.note), view: raw.view.replace(/^#/, "").slice(0, SHORT) };
}

/** The steps a file holds, at most 60; null where it is no file of steps.
 * @param {string} text */
export function stepsOf(text) {
  let raw;
  try { raw = JSON.parse(text); } catch (_) { return null; }
  const rows = Array.isArray(raw) ? raw : raw && Array.isArray(raw.steps) ? raw.steps : null, found = rows ? rows.map(stepOf) : [];
  return found.length && found.every(Boolean) ? found.slice(0, MOST) : null;
}

export function steps(P) {
  const { D, S, T, map, root, say } = P, html = document.documentElement, key = "zgcgis-steps:" + D.id;
  const head = el("section", { class: "show", hidden: true }), parts = {};
  let list = kept() || (D.steps || []).map(stepOf).filter(Boolean), at = -1, before = "", open = false, full = false;
  document.body.appendChild(head);

  function kept() { try { return stepsOf(localStorage.getItem(key) || ""); } catch (_) { return null; } }
  function keep() { try { localStorage.setItem(key, JSON.stringify(list)); } catch (_) { /* a browser that keeps nothing: the file does */ } }

  /* --- the view as a step --------------------------------------------------------- */
  function hash() { P.remember(); return P.viewText(); }
  function viewNow() {
    const b = P.freeBounds(), box = [b.getSouth(), b.getWest(), b.getNorth(), b.getEast()].map((n) => n.toFixed(5)).join(",");
    return hash().split("&").filter((p) => !/^(v|l|p|x|w)=/.test(p)).concat("t=" + S.tab, "w=" + box).join("&");
  }
  function add() {
    if (list.length >= MOST) { P.toast(say("最多 " + MOST + " 步", "At most " + MOST + " steps")); return; }
    list.push({ title: titleNow(), note: ["", ""], view: viewNow() });
    keep(); paintSteps();
    const inputs = parts.list && parts.list.isConnected ? parts.list.querySelectorAll("input") : []; if (inputs.length > 1) { const last = inputs[inputs.length - 2]; last.focus(); last.select(); }
  }
  function titleNow() { /* what the legend says, in both languages */
    const was = S.lang, said = ["zh", "en"].map((lang) => { S.lang = lang; const now = P.legendOf(4, true), chosen = S.unit ? T(P.byId[S.unit].name) : ""; return [chosen, now.title || T(D.name)].filter(Boolean).join(lang === "en" ? ": " : "："); });
    S.lang = was;
    return said;
  }

  /* --- the list in the panel ------------------------------------------------------------ */
  function row(step, i) {
    const set = (field) => function () { step[field] = [this.value.slice(0, LONG), this.value.slice(0, LONG)]; keep(); };
    const does = (label, text, act, off) => el("button", { class: "tool", type: "button", "aria-label": label, title: label, disabled: off ? true : null, onclick: act }, text);
    const swap = (to) => () => { const [one] = list.splice(i, 1); list.splice(to, 0, one); keep(); paintSteps(); };
    return el("li", {},
      el("div", { class: "row" }, el("b", { class: "num" }, i + 1), el("input", { type: "text", class: "wide-in", "aria-label": say("第 " + (i + 1) + " 步的标题", "Title of step " + (i + 1)), value: T(step.title), oninput: set("title") })),
      el("input", { type: "text", class: "wide-in", "aria-label": say("第 " + (i + 1) + " 步的说明", "Words of step " + (i + 1)), placeholder: say("说明", "Words"), value: T(step.note), oninput: set("note") }),
      el("div", { class: "acts" }, does(say("看这一步", "Show this step"), say("看", "Show"), () => P.reread(step.view)), does(say("换成当前画面", "Take the present view"), say("重取", "Retake"), () => { step.view = viewNow(); keep(); P.toast(say("已换成当前画面", "The present view was taken")); }), does(say("上移", "Earlier"), "↑", swap(i - 1), i === 0), does(say("下移", "Later"), "↓", swap(i + 1), i === list.length - 1), does(say("删除", "Remove"), "×", () => { list.splice(i, 1); keep(); paintSteps(); })));
  }
  function paintSteps() { if (parts.list) { fill(parts.list, list.length ? list.map(row) : el("li", { class: "status" }, say("还没有步骤", "No step yet"))); parts.go.disabled = !list.length; } }
  function page() {
    parts.list = el("ol", { class: "steplist" });
    parts.go = el("button", { class: "tool", type: "button", onclick() { enter(0); } }, say("开始汇报", "Present"));
    const file = el("input", { type: "file", accept: ".json,application/json", hidden: true, onchange() { if (this.files[0]) this.files[0].text().then(load); } });
    paintSteps();
    return [el("h2", { class: "cap" }, say("汇报步骤", "Steps to present")),
      el("p", { class: "status" }, say("调好画面，存为一步；汇报时用方向键或翻页器前后翻，Esc 退出。存成文件后可放进地图或做成幻灯片：zgcgis map --steps 文件 --slides 文件.pptx", "Set the map, keep it as a step. Arrow keys or a clicker turn the steps, Escape ends. The saved file goes into a map or slides: zgcgis map --steps FILE --slides FILE.pptx")),
      el("div", { class: "tools" }, el("button", { class: "tool", type: "button", onclick: add }, say("存为一步", "Keep this view")), parts.go,
        el("button", { class: "tool", type: "button", onclick() { P.save("steps.json", "application/json", JSON.stringify({ zone: D.id, steps: list }, null, 1)); } }, say("存成文件", "Save the steps")),
        el("button", { class: "tool", type: "button", onclick() { file.click(); } }, say("读入文件", "Read steps")), file),
      parts.list];
  }
  function load(text) {
    const found = stepsOf(text);
    if (!found) { P.toast(say("这不是步骤文件，没有读入", "This is no file of steps; nothing was read")); return; }
    list = found; keep(); paintSteps();
  }

  /* --- one after another ----------------------------------------------------------------- */
  function enter(n) {
    before = hash(); full = false;
    present(n, false);
    if (html.requestFullscreen) html.requestFullscreen().then(() => { full = true; }, () => { /* not allowed here: the window does */ });
  }
  function present(n, bare) {
    if (!list.length) return;
    at = Math.max(0, Math.min(list.length - 1, n));
    html.classList.add("presenting");
    head.hidden = bare;
    map._fadeAnimated = !bare; /* a picture shows what is there, not how it comes */
    P.reread(list[at].view);
    title(); lay(); turn();
  }
  function title() {
    const step = list[at], does = (label, text, act, off) => el("button", { class: "tool", type: "button", "aria-label": label, disabled: off ? true : null, onclick: act }, text), sources = P.sourcesText();
    fill(head, el("div", { class: "says", role: "status" }, el("h1", {}, T(step.title)), T(step.note) ? el("p", { class: "words" }, T(step.note)) : null,
      sources.length && S.tab === "parks" ? el("p", { class: "src" }, P.U.source + P.colon() + P.shortSources(sources, 200)) : null),
      el("div", { class: "turn" }, does(say("上一步", "Back"), "‹", () => go(-1), at === 0), el("span", { class: "num" }, at + 1 + " / " + list.length), does(say("下一步", "Next"), "›", () => go(1), at === list.length - 1), does(say("结束汇报", "End"), "×", leave)));
  }
  function lay() { const h = head.hidden ? 0 : head.offsetHeight; root.style.top = h + "px"; root.style.height = "calc(100% - " + h + "px)"; map.invalidateSize({ animate: false, pan: false }); }
  function turn() { P.toView(); P.compare.layout(); P.paint(); P.remember(); if (head.hidden) P.settle(); }
  function go(by) { if (at + by >= 0 && at + by < list.length) present(at + by, head.hidden); }
  function leave() {
    at = -1; head.hidden = true; clear(head); html.classList.remove("presenting");
    root.style.top = root.style.height = "";
    if (document.fullscreenElement) document.exitFullscreen().catch(() => null);
    map.invalidateSize({ animate: false, pan: false });
    P.reread(before || P.viewText());
  }
  document.addEventListener("fullscreenchange", () => { if (at >= 0 && full && !document.fullscreenElement) leave(); });
  window.addEventListener("resize", () => { if (at >= 0) { lay(); turn(); } });
  document.addEventListener("keydown", (e) => {
    if (at < 0 || /** @type {Element} */ (e.target).tagName === "INPUT") return;
    const by = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1, Home: -at, End: list.length - 1 - at }[e.key];
    if (e.key === "Escape") leave(); else if (by !== undefined) go(by); else return;
    e.preventDefault(); e.stopPropagation();
  }, true);

  function toggle() { open = !open; P.pages(); }
  return { page, present, leave, add, list: () => list, at: () => at, open: () => open, toggle, close() { open = false; } };
}

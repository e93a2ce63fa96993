(() => {
  // dom.js
  var SVG = "http://www.w3.org/2000/svg";
  function each(list, fn) {
    for (var i = 0; i < list.length; i++) fn(list[i], i);
  }
  function el(tag, attrs) {
    var node = document.createElement(tag), i, name;
    for (name in attrs || {}) {
      if (attrs[name] === null || attrs[name] === void 0 || attrs[name] === false) continue;
      if (name.slice(0, 2) === "on") node.addEventListener(name.slice(2), attrs[name]);
      else node.setAttribute(name, attrs[name] === true ? "" : attrs[name]);
    }
    for (i = 2; i < arguments.length; i++) add(node, arguments[i]);
    return node;
  }
  function svg(tag, attrs) {
    var node = document.createElementNS(SVG, tag), i, name;
    for (name in attrs || {}) node.setAttribute(name, attrs[name]);
    for (i = 2; i < arguments.length; i++) add(node, arguments[i]);
    return node;
  }
  function add(node, child) {
    if (child === null || child === void 0 || child === false) return;
    if (Array.isArray(child)) each(child, function(c) {
      add(node, c);
    });
    else node.appendChild(typeof child === "object" ? child : document.createTextNode(String(child)));
  }
  function own(table, key) {
    return table && Object.prototype.hasOwnProperty.call(table, key) ? table[key] : void 0;
  }
  function encode(text) {
    return encodeURIComponent(String(text).replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, function(c) {
      return c.length > 1 ? c : "�";
    }));
  }
  function clear(node) {
    while (node.firstChild) node.removeChild(node.firstChild);
    return node;
  }
  function fill(node) {
    clear(node);
    for (var i = 1; i < arguments.length; i++) add(node, arguments[i]);
    return node;
  }
  function csvCell(v) {
    const t = v === null || v === void 0 ? "" : String(v), safe = typeof v === "string" && /^[=+\-@\t\r＝＋－＠]/.test(t) ? "'" + t : t;
    return /[",\n\r]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  }

  // about.js
  function about(P) {
    const { D, S, T } = P;
    Object.assign(P, { goalsPage, aboutPage });
    function goalsPage() {
      return [el("p", { class: "status" }, D.plan ? T(D.plan.name) : ""), D.goals.map(function(g) {
        var kind = g.verdict === "met" ? "met" : g.verdict === "not met" ? "not" : "open", share2 = g.target && g.value !== null ? g.value / g.target : null;
        var sameYear = g.valueYear === g.year;
        return el(
          "article",
          { class: "goal" },
          el("h2", {}, T(g.name) + (S.lang === "en" ? ", " : "，") + g.year, el("span", { class: "v " + kind }, (kind === "met" ? "✓ " : kind === "not" ? "✕ " : "? ") + T(g.word))),
          share2 !== null && sameYear ? el("div", { class: "meter", role: "img", "aria-label": P.U.progress + " " + Math.round(share2 * 100) + "%" }, el("i", { style: "width:" + Math.min(100, share2 * 100) + "%" })) : null,
          el("p", { class: "nums num" }, P.U.target + P.colon() + (g.target !== null ? P.number(g.target) + " " + T(g.unit) : g.printed) + "　" + P.U.value + P.colon() + (g.value !== null ? P.qualified(g.qualifier, g.value) + " " + T(g.unit) + (S.lang === "en" ? " (" : "（") + g.valueYear + " " + T(own(D.words.periods, g.period) || [g.period, g.period]) + (S.lang === "en" ? ")" : "）") : "—")),
          el("p", { class: "why" }, T(g.why)),
          el("p", { class: "src text" }, P.U.clause + " " + g.clause + (g.source >= 0 ? "　" + P.U.source + P.colon() + P.sourceText(g.source) : ""))
        );
      })];
    }
    function aboutPage() {
      return el(
        "div",
        { class: "about" },
        D.synthetic ? el("p", { class: "warn" }, P.U.syn) : null,
        T(D.disclaimer) ? el("p", { class: "warn" }, T(D.disclaimer)) : null,
        T(D.counting) ? [el("h2", {}, P.U.counting), el("p", {}, T(D.counting))] : null,
        D.groups.some(function(g) {
          return g.clause;
        }) ? [el("h2", {}, P.U.groupLine), el("ul", {}, D.groups.map(function(g) {
          return el("li", {}, el("b", { style: "color:" + g.hue }, T(g.name)), " " + T(g.demand) + (g.clause ? (S.lang === "en" ? " (clause " : "（") + g.clause + (S.lang === "en" ? ")" : "）") : ""));
        }))] : null,
        D.demands.length ? [el("h2", {}, P.U.demands), el("ul", {}, D.demands.map(function(d) {
          return el("li", {}, T(d.t) + (S.lang === "en" ? " (" : "（") + d.clause + (S.lang === "en" ? ")" : "）"));
        }))] : null,
        el("h2", {}, P.U.sources),
        el("ul", {}, D.sourceList.map(function(s) {
          return el("li", {}, T(s.t) + (s.licence ? (S.lang === "en" ? " — " : "　") + s.licence : ""));
        })),
        T(D.credit) ? el("p", {}, T(D.credit)) : null,
        el("p", {}, P.U.review + P.colon() + (D.review || P.U.reviewBlank)),
        el("p", {}, P.U.projection)
      );
    }
  }

  // address.js
  function address(P) {
    const { D, S, byId, industryById, map, measureByKey } = P;
    Object.assign(P, { remember, copyLink, recall, viewText });
    P.quiet = true;
    function remember() {
      if (P.quiet || P.onPaper) return;
      try {
        history.replaceState(null, "", "#" + viewText());
      } catch (_) {
      }
    }
    function viewText() {
      var c = map.getCenter(), h = ["v=" + c.lat.toFixed(4) + "," + c.lng.toFixed(4) + "," + map.getZoom().toFixed(2), "l=" + S.lang];
      if (S.measure) h.push("m=" + encode(S.measure));
      if (S.year !== null) h.push("y=" + S.year);
      if (S.mode !== "latest") h.push("k=" + S.mode);
      if (S.group) h.push("o=" + encode(S.group));
      if (S.picks.length) h.push("i=" + S.picks.map(encode).join(","), "j=" + S.join);
      if (S.query) h.push("q=" + encode(S.query));
      if (S.unit) h.push("s=" + encode(S.unit));
      if (S.land.level && P.land.active().style) h.push("d=" + S.land.on.map(function(k) {
        var l = P.land.byKey[k];
        return encode(k + (l.style ? ":" + l.style.key : ""));
      }).join(","));
      if (S.finding !== null) h.push("f=" + S.finding);
      if (S.site) h.push("g=" + P.site.told());
      if (S.tab !== (D.desk || "parks")) h.push("t=" + S.tab);
      if (P.compare.shows()) h.push("c=" + [S.compare.mode, S.compare.at.toFixed(2), encode(S.compare.theme)].join(","));
      if (P.firms.shows() && S.firms.mode !== "auto") h.push("e=" + S.firms.mode);
      if (S.blocks) h.push("b=1");
      if (P.steps.at() >= 0) h.push("p=" + (P.steps.at() + 1));
      return h.join("&");
    }
    P.asked = null;
    P.box = null;
    P.shown = null;
    P.forPaper = null;
    function boxOf(v) {
      var n = v.split(",").map(Number);
      return n.length === 4 && n.every(isFinite) && n[0] <= n[2] && n[1] <= n[3] && Math.max(Math.abs(n[0]), Math.abs(n[2])) <= 85 && Math.max(Math.abs(n[1]), Math.abs(n[3])) <= 180 ? [[n[0], n[1]], [n[2], n[3]]] : null;
    }
    function recallLand(list) {
      var known = list.map(function(t) {
        return t.split(":");
      }).filter(function(p) {
        return P.land.byKey[p[0]];
      });
      S.land.on = known.map(function(p) {
        return p[0];
      });
      each(known, function(p) {
        var l = P.land.byKey[p[0]], s = l.record.styles.filter(function(one) {
          return one.key === p[1];
        })[0];
        if (s && s !== l.style) {
          l.style = s;
          if (l.layer) l.restyle().then(P.landChanged);
        }
      });
    }
    function recallCompare(parts) {
      if (parts[0] === "side" || parts[0] === "swipe") S.compare.mode = parts[0];
      if (+parts[1] > 0 && +parts[1] < 1) S.compare.at = +parts[1];
      if (P.compare.themes.some(function(t) {
        return t.key === parts[2];
      })) S.compare.theme = parts[2];
    }
    function recall(text) {
      var view2 = null;
      P.asked = P.box = P.shown = P.forPaper = null;
      each(String(text === void 0 ? location.hash : text).replace(/^#/, "").split("&"), function(part) {
        var at = part.indexOf("="), k = part.slice(0, at), v;
        try {
          v = decodeURIComponent(part.slice(at + 1));
        } catch (_) {
          return;
        }
        if (k === "v") {
          var n = v.split(",").map(Number);
          if (n.length === 3 && n.every(isFinite) && Math.abs(n[0]) <= 85 && Math.abs(n[1]) <= 180) view2 = n;
        } else if (k === "l" && (v === "zh" || v === "en")) S.lang = v;
        else if (k === "m" && Object.prototype.hasOwnProperty.call(measureByKey, v)) S.measure = v;
        else if (k === "y" && D.years.indexOf(+v) >= 0) S.year = +v;
        else if (k === "k" && v === "exact") S.mode = v;
        else if (k === "i") S.picks = v.split(",").filter(function(i) {
          return Object.prototype.hasOwnProperty.call(industryById, i);
        });
        else if (k === "o" && Object.prototype.hasOwnProperty.call(P.groupById, v)) S.group = v;
        else if (k === "j" && v === "all") S.join = v;
        else if (k === "q") S.query = v.slice(0, 80).replace(/[\ud800-\udbff]$/, "");
        else if (k === "s" && Object.prototype.hasOwnProperty.call(byId, v)) S.unit = v;
        else if (k === "t" && /^(parks|land|firms|goals|about|findings|compare)$/.test(v)) S.tab = v;
        else if (k === "g") S.site = P.site.recall(v);
        else if (k === "c") recallCompare(v.split(","));
        else if (k === "e" && P.firms.modes().indexOf(v) >= 0) S.firms.mode = v;
        else if (k === "w") P.box = boxOf(v);
        else if (k === "p" && /^\d{1,3}(,map)?$/.test(v)) P.shown = [parseInt(v, 10) - 1, v.indexOf("map") > 0];
        else if (k === "x") P.forPaper = v.split(",");
        else if (k === "b") S.blocks = v === "1";
        else if (k === "d") recallLand(v.split(","));
        else if (k === "f" && /^\d{1,7}$/.test(v) && +v < P.findings.count) P.asked = +v;
      });
      return view2;
    }
    function copyLink() {
      remember();
      var old = function() {
        var t = el("textarea", { class: "sr", "aria-hidden": "true" });
        t.value = location.href;
        document.body.appendChild(t);
        t.select();
        var ok = false;
        try {
          ok = document.execCommand("copy");
        } catch (_) {
          ok = false;
        }
        document.body.removeChild(t);
        P.toast(ok ? P.U.copied : P.U.copyBy);
      };
      if (navigator.clipboard && navigator.clipboard.writeText) navigator.clipboard.writeText(location.href).then(function() {
        P.toast(P.U.copied);
      }, old);
      else old();
    }
  }

  // basemap.js
  var A = 6378245;
  var EE = 0.006693421622965943;
  var PI = Math.PI;
  function toGcj(lng, lat) {
    if (!(lng >= 72.004 && lng <= 137.8347 && lat >= 0.8293 && lat <= 55.8271)) return [lng, lat];
    const x = lng - 105, y = lat - 35, sin = Math.sin, root = Math.sqrt(Math.abs(x)), waves = (20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2 / 3;
    let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves, east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves;
    north += (20 * sin(y * PI) + 40 * sin(y / 3 * PI)) * 2 / 3 + (160 * sin(y / 12 * PI) + 320 * sin(y * PI / 30)) * 2 / 3;
    east += (20 * sin(x * PI) + 40 * sin(x / 3 * PI)) * 2 / 3 + (150 * sin(x / 12 * PI) + 300 * sin(x / 30 * PI)) * 2 / 3;
    const phi = lat * PI / 180, magic = 1 - EE * sin(phi) ** 2, side2 = Math.sqrt(magic);
    return [lng + east * 180 / (A / side2 * Math.cos(phi) * PI), lat + north * 180 / (A * (1 - EE) / (magic * side2) * PI)];
  }
  function tileLayer(told2, url, data) {
    const Tiles = L.TileLayer.extend({
      getTileUrl(at) {
        return data ? data[at.z + "/" + at.x + "/" + at.y] || L.Util.emptyImageUrl : L.TileLayer.prototype.getTileUrl.call(this, at);
      },
      shift(point, zoom) {
        if (!told2.gcj) return L.point(0, 0);
        const here = this._map.unproject(point, zoom), [lng, lat] = toGcj(here.lng, here.lat);
        return this._map.project(L.latLng(lat, lng), zoom).subtract(point);
      },
      _getTiledPixelBounds(center) {
        const b = L.TileLayer.prototype._getTiledPixelBounds.call(this, center), by = this.shift(b.getCenter(), this._tileZoom);
        return L.bounds(b.min.add(by), b.max.add(by));
      },
      _getTilePos(at) {
        const size = this.getTileSize(), middle = at.scaleBy(size).add(size.divideBy(2)), by = this.shift(middle, at.z);
        return L.TileLayer.prototype._getTilePos.call(this, at).subtract(this.shift(middle.subtract(by), at.z));
      }
    });
    return new Tiles(url, { pane: "basemap", subdomains: told2.subdomains || "", minZoom: 0, minNativeZoom: told2.from, maxNativeZoom: told2.to, maxZoom: 22, crossOrigin: false });
  }
  function basemap(P) {
    const { D, S, map, say } = P, told2 = D.basemap;
    S.basemap = !!told2;
    if (!told2) return { update() {
    }, row: () => null, credit: () => "", there: false };
    const pane = map.createPane("basemap"), block = document.getElementById("basemap-tiles");
    pane.style.zIndex = 220;
    pane.style.pointerEvents = "none";
    const data = block ? JSON.parse(block.textContent) : null, layers = (told2.urls.length ? told2.urls : [""]).map((url) => tileLayer(told2, url, data));
    return {
      there: true,
      update() {
        for (const layer of layers) if (S.basemap !== map.hasLayer(layer)) {
          if (S.basemap) layer.addTo(map);
          else map.removeLayer(layer);
        }
      },
      row: () => el("div", { class: "lay" }, el("label", { for: "basemap-on" }, el("input", { type: "checkbox", id: "basemap-on", checked: S.basemap, onchange() {
        S.basemap = this.checked;
        P.contextChanged();
      } }), " ", say("底图", "Base map"), told2.urls.length ? el("span", { class: "hint" }, say("需联网", "needs the network")) : null)),
      credit: () => S.basemap ? P.T(told2.credit) : ""
    };
  }

  // card.js
  function card(P) {
    const { D, S, T, byId, groupById, industryById, root } = P;
    Object.assign(P, { paintCard, sourceText });
    function sourceText(i) {
      return i >= 0 ? D.sources[i] : "";
    }
    function scopeText(c) {
      return c[4] === "registration" ? P.U.registration : c[4] === "operation" ? P.U.operation : c[4] === "unknown" ? P.U.unknown : "";
    }
    function whenText(c) {
      return c[0] + (S.lang === "en" ? "" : "年") + " · " + T(own(D.words.periods, c[3]) || [c[3], c[3]]) + (own(D.words.status, c[6]) ? " · " + T(own(D.words.status, c[6])) : "");
    }
    function kpi(u, m, open) {
      var c = P.cell(u.id, m.key, S.year, "latest");
      if (!c) return null;
      var scope = scopeText(c), src = sourceText(c[8]);
      return el(
        "details",
        { class: "kpi", open },
        el("summary", {}, el("span", { class: "nm" }, T(m.name), el("span", { class: "when" }, whenText(c))), el("span", { class: "vl num" }, P.qualified(c[2], c[1]), el("small", {}, T(m.unit)))),
        el(
          "div",
          { class: "in" },
          P.series(u.id, m.key).length > 1 ? P.trend(u, m.key) : null,
          P.place(u, m.key),
          T(m.note) ? el("p", {}, P.U.def + P.colon() + T(m.note)) : null,
          c[5] === "computed" ? el("p", {}, P.U.computed) : null,
          scope ? el("p", {}, P.U.scope + P.colon() + scope) : null,
          own(D.words.series, c[7]) ? el("p", {}, T(own(D.words.series, c[7]))) : null,
          T(c[9]) ? el("p", { class: c[5] === "computed" && (c[4] === "registration" || c[4] === "unknown") ? "warn" : "" }, T(c[9])) : null,
          c[10] ? el("p", { class: "warn" }, P.U.conflict) : null,
          src ? el("p", { class: "src" }, P.U.source + P.colon() + src) : null
        )
      );
    }
    function unknowns(u) {
      var out = [], first = D.measures[0];
      if (!u.g) out.push(P.U.uNoPlace);
      else if (u.isPoint) out.push(P.U.uOutline);
      if (u.level !== "block") {
        if (D.values.planned_land_m2 && !P.series(u.id, "planned_land_m2").length) out.push(P.U.uArea);
        if (D.plan && u.since === null) out.push(P.U.uSince);
        if (D.plan && !u.industries.length) out.push(P.U.uIndustry);
        var lacking = D.measures.filter(function(m) {
          return !m.computed && m.key !== "planned_land_m2" && !P.series(u.id, m.key).length;
        }).slice(0, 4).map(function(m) {
          return T(m.name);
        });
        if (lacking.length) out.push(P.U.uValue + lacking.join(S.lang === "en" ? ", " : "、"));
        var rows = first ? P.series(u.id, first.key) : [];
        if (rows.length && D.years.length && rows[rows.length - 1][0] < D.years[D.years.length - 1]) out.push(S.lang === "en" ? T(first.name) + ": nothing found after " + rows[rows.length - 1][0] : T(first.name) + P.colon() + rows[rows.length - 1][0] + " 年以后的全年数未查到");
      }
      return out;
    }
    function paintCard() {
      var u = byId[S.unit], some = P.carded();
      root.className = some ? "has-card" : "";
      document.body.className = some ? "has-card" : "";
      P.card.hidden = !some;
      if (!some) return;
      if (!u) {
        sideCard(S.thing ? P.compare.shows() ? P.compare.card(S.thing) : P.view.card(S.thing) : S.finding !== null ? P.findings.card() : P.site.card());
        return;
      }
      P.card.style.setProperty("--hue", u.hue);
      var g = groupById[u.group], other = S.lang === "en" ? u.name[0] : u.name[1], records = own(D.records, u.id) || [], first = P.measure(), shown = D.measures.slice(), sep = S.lang === "en" ? "; " : "；";
      if (first) {
        shown.splice(shown.indexOf(first), 1);
        shown.unshift(first);
      }
      var kpis = shown.map(function(m, i) {
        return kpi(u, m, i === 0);
      });
      var via = D.industries.filter(function(i) {
        return i.kind === "cluster" && u.industries.indexOf(i.id) < 0 && P.names(i.id)(u);
      });
      var p = byId[u.parent], kids = u.kids, unknown = unknowns(u);
      var meta = [T(u.district), g ? T(g.name) : "", u.since !== null ? S.lang === "en" ? "since " + u.since : u.since + " 年起" : ""].filter(Boolean).join(" · ");
      var scroll = el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": T(u.name) });
      fill(
        P.card,
        el(
          "div",
          { class: "head" },
          el("h2", {}, T(u.name)),
          other !== T(u.name) ? el("div", { class: "other", lang: S.lang === "en" ? "zh-CN" : "en" }, other) : null,
          el("div", { class: "meta" }, meta),
          u.precision ? el("span", { class: "badge" }, (own(P.U, u.precision) || u.precision) + (u.error ? S.lang === "en" ? ", off by about " + P.number(u.error) + " m" : "，误差约 " + P.number(u.error) + " 米" : "")) : el("span", { class: "badge" }, P.U.unplaced),
          u.isPoint || !u.g || u.precision === "synthetic" || u.precision === "surveyed" ? null : el("span", { class: "badge" }, P.U.notOfficial)
        ),
        el("button", { class: "x", type: "button", "aria-label": P.U.close, onclick: function() {
          P.pick(null);
        } }, "×"),
        scroll
      );
      add(scroll, [
        kpis.some(Boolean) ? kpis : el("p", { class: "text" }, P.U.noRecords),
        u.industries.length || u.clauses.length ? [
          el("h3", {}, P.U.position),
          g && T(g.demand) ? el("p", { class: "text" }, T(g.demand)) : null,
          u.industries.length ? el("p", {}, u.industries.map(function(k) {
            return el("span", { class: "tag" }, T(industryById[k].name));
          }), via.map(function(i) {
            return el("span", { class: "tag via", title: P.U.via }, T(i.name));
          })) : null,
          via.length ? el("p", { class: "text" }, (S.lang === "en" ? "Dashed: " : "虚线框：") + P.U.via) : null,
          u.words.length && g && g.words.length ? el("p", { class: "text" }, P.U.plannedWords + P.colon() + g.words.join("、")) : null,
          u.clauses.length ? el("p", { class: "text" }, P.U.clause + " " + u.clauses.map(function(c) {
            return c[0];
          }).join(sep) + (D.plan ? (S.lang === "en" ? ", " : "，") + T(D.plan.name) : "")) : null
        ] : null,
        P.mix(u),
        unknown.length ? [el("h3", {}, P.U.notKnown), el("ul", { class: "unknown" }, unknown.map(function(t) {
          return el("li", {}, t);
        }))] : null,
        T(u.note) ? el("p", { class: "text" }, T(u.note)) : null,
        T(u.made) ? el("p", { class: "text" }, P.U.howDrawn + P.colon() + T(u.made)) : null,
        p ? [el("h3", {}, P.U.parent), el("div", { class: "inner" }, el("button", { type: "button", onclick: function() {
          P.pick(p.id, true);
        } }, T(p.name)))] : null,
        kids.length ? [el("h3", {}, P.U.inside), el("div", { class: "inner" }, kids.map(function(k) {
          return el("button", { type: "button", onclick: function() {
            P.pick(k.id, true);
          } }, T(k.name));
        }))] : null,
        u.aliases.length || u.former.length ? [el("h3", {}, P.U.aliases), el("p", { class: "text" }, u.former.map(function(f) {
          return T(f.name) + (f.since || f.until ? (S.lang === "en" ? " (" : "（") + f.since + "–" + f.until + (S.lang === "en" ? ")" : "）") : "");
        }).concat(u.aliases).join(S.lang === "en" ? "; " : "；"))] : null,
        u.boundary.length ? [el("h3", {}, P.U.boundary), u.boundary.map(function(b) {
          return el("p", { class: "text" }, b.what + (b.year ? " (" + b.year + ")" : "") + P.colon() + ["east", "south", "west", "north"].map(function(s, i) {
            return b.sides[i] ? P.U[s] + " " + b.sides[i] : "";
          }).filter(Boolean).join(sep));
        })] : null,
        records.length ? el(
          "details",
          { class: "more" },
          el("summary", {}, P.U.allValues + " (" + records.length + ")"),
          el(
            "table",
            { class: "recs" },
            el("caption", { class: "sr" }, P.U.allValues),
            el("thead", {}, el("tr", {}, el("th", { scope: "col" }, P.U.year), el("th", { scope: "col" }, P.U.measure), el("th", { scope: "col", class: "v" }, P.U.valueAt))),
            el("tbody", {}, records.map(function(r) {
              var t = own(D.words.terms, r[1]);
              return el("tr", {}, el("td", { class: "num" }, r[0]), el("td", {}, t ? T(t.name) : r[1], el("div", { class: "src" }, [T(own(D.words.periods, r[4]) || [r[4], r[4]]), own(D.words.status, r[7]) ? T(own(D.words.status, r[7])) : "", scopeText([0, 0, 0, 0, r[5]]), T(r[10])].filter(Boolean).join(" · ")), el("div", { class: "src" }, sourceText(r[9]))), el("td", { class: "v num" }, P.qualified(r[3], r[2]), el("div", { class: "src" }, t ? T(t.unit) : "")));
            }))
          )
        ) : null
      ]);
    }
    function sideCard(c) {
      P.card.style.setProperty("--hue", "#0f5c6e");
      fill(
        P.card,
        el("div", { class: "head" }, el("h2", {}, c.title), el("div", { class: "other" }, c.other)),
        el("button", { class: "x", type: "button", "aria-label": P.U.close, onclick: function() {
          P.pick(null);
        } }, "×"),
        el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": c.title }, c.body)
      );
    }
  }

  // charts.js
  function charts(P) {
    const { D, S, T, industryById, measureByKey, parks } = P;
    Object.assign(P, { trend, place, mix });
    function trend(u, key) {
      var cells = P.series(u.id, key), m = measureByKey[key], W = 312, H = 96, padL = 8, padR = 8, padT = 20, padB = 18;
      if (!cells.length) return null;
      var y0 = cells[0][0], y1 = cells[cells.length - 1][0], lo = 0, hi = 0;
      each(cells, function(c) {
        hi = Math.max(hi, c[1]);
        lo = Math.min(lo, c[1]);
      });
      if (hi === lo) hi = lo + 1;
      var X = function(y) {
        return y1 === y0 ? W / 2 : padL + 18 + (y - y0) / (y1 - y0) * (W - padL - padR - 40);
      };
      var Y = function(v) {
        return padT + (hi - v) / (hi - lo) * (H - padT - padB);
      };
      var text = T(m.name) + ": " + cells.map(function(c) {
        return c[0] + " " + P.qualified(c[2], c[1]);
      }).join(", ");
      var g = svg("svg", { viewBox: "0 0 " + W + " " + H, role: "img", "aria-label": text });
      g.appendChild(svg("line", { x1: padL, x2: W - padR, y1: Y(0), y2: Y(0), stroke: "#d9d2c3" }));
      if (cells.length > 1) g.appendChild(svg("polyline", { points: cells.map(function(c) {
        return X(c[0]) + "," + Y(c[1]);
      }).join(" "), fill: "none", stroke: "#7ba7ac", "stroke-width": 1.5, "stroke-dasharray": "3 3" }));
      var lastX = -99, lastL = -99;
      each(cells, function(c, i) {
        var x = X(c[0]), y = Y(c[1]), cur = P.value(u) && key === S.measure && P.value(u)[0] === c[0];
        g.appendChild(svg("circle", { cx: x, cy: y, r: cur ? 4.5 : 3.2, fill: c[2] === "=" ? "#0f5c6e" : "#fffefb", stroke: cur ? "#d97706" : "#0f5c6e", "stroke-width": 1.6 }));
        var must = i === cells.length - 1, label = P.number(c[1]), wide = label.length * 6.4;
        if (x - lastX > 30 || i === 0 || must && x - lastX > 24) {
          g.appendChild(svg("text", { x, y: H - 4, "text-anchor": "middle", "font-size": 10.5, fill: "#5f6b76" }, c[0]));
          lastX = x;
        }
        if (x - lastL > wide / 2 + 16 || i === 0) {
          g.appendChild(svg("text", { x: Math.max(wide / 2, Math.min(W - wide / 2, x)), y: y - 7, "text-anchor": "middle", "font-size": 10.5, fill: "#1f2a33" }, label));
          lastL = x + wide / 2 - 10;
        }
      });
      return g;
    }
    function place(u, key) {
      var all = parks.map(function(p) {
        return { u: p, c: P.cell(p.id, key, S.year) };
      }).filter(function(p) {
        return p.c && P.there(p.u);
      }).sort(function(a, b) {
        return b.c[1] - a.c[1];
      });
      if (all.length < 3) return null;
      var W = 312, step = Math.min(22, (W - 8) / all.length), H = 44, hi = Math.max(all[0].c[1], 1e-9), at = -1;
      var g = svg("svg", { viewBox: "0 0 " + W + " " + (H + 14), role: "img" });
      each(all, function(p, i) {
        var h = Math.max(1.5, Math.max(0, p.c[1]) / hi * H), me = p.u === u;
        if (me) at = i;
        g.appendChild(svg("rect", { x: 4 + i * step, y: H - h, width: Math.max(2, step - 3), height: h, rx: 1.5, fill: me ? "#d97706" : "#a9c7c8" }));
      });
      if (at < 0) return null;
      var words = S.lang === "en" ? "no. " + (at + 1) + " of " + all.length + " with a value" : "在有数值的 " + all.length + " 个园区中列第 " + (at + 1) + " 位";
      g.setAttribute("aria-label", words);
      g.appendChild(svg("text", { x: 4, y: H + 12, "font-size": 10.5, fill: "#5f6b76" }, words));
      return g;
    }
    function mix(u) {
      var rows = own(D.mix.rows, u.id) || [], W = 312, step = 26, mid = 132, right = W - 40, hi = 2;
      if (!rows.length) return null;
      each(rows, function(r) {
        hi = Math.max(hi, Math.min(6, r[4]));
      });
      var X = function(v) {
        return mid + Math.min(v, hi) / hi * (right - mid);
      };
      var g = svg("svg", { viewBox: "0 0 " + W + " " + (rows.length * step + 18), role: "img" }), said = [];
      g.appendChild(svg("line", { x1: X(1), x2: X(1), y1: 2, y2: rows.length * step + 2, stroke: "#5f6b76", "stroke-dasharray": "2 2" }));
      each(rows, function(r, i) {
        var y = i * step + 13, i0 = industryById[r[0]], name = i0 ? T(i0.name) : r[0], most = S.lang === "en" ? 20 : 10;
        said.push(name + " " + P.number(r[2]));
        g.appendChild(svg("text", { x: mid - 8, y: y + 4, "text-anchor": "end", "font-size": 11, fill: "#1f2a33" }, name.length > most ? name.slice(0, most) + "…" : name));
        g.appendChild(svg("rect", { x: mid, y: y - 6, width: Math.max(1, X(r[2]) - mid), height: 12, rx: 2, fill: r[5] === "yes" ? "#155f6e" : r[5] === "no" ? "#d9d2c3" : "#a9c7c8" }));
        if (r[3] !== null && r[4] !== null) g.appendChild(svg("line", { x1: X(r[3]), x2: X(r[4]), y1: y, y2: y, stroke: "#d97706", "stroke-width": 1.4 }));
        g.appendChild(svg("text", { x: W - 2, y: y + 4, "text-anchor": "end", "font-size": 11, fill: "#4c5964" }, P.number(r[2])));
      });
      g.appendChild(svg("text", { x: X(1), y: rows.length * step + 14, "text-anchor": "middle", "font-size": 10, fill: "#5f6b76" }, S.lang === "en" ? "1 = zone" : "1 = 全区"));
      g.setAttribute("aria-label", P.U.specialise + ": " + said.join(", "));
      return el("div", { class: "fig" }, el("h3", {}, P.U.specialise + (S.lang === "en" ? ", " : "，") + D.mix.year), g, el("p", { class: "text" }, S.lang === "en" ? "Location quotient by number of enterprises; the line is the 95 % interval. Dark: above 1 beyond doubt." : "按企业数计算的区位商；细线为95%区间，深色表示区间整体大于1。"));
    }
  }

  // context.js
  var STYLES = {
    road_motorway: { color: "#c9b98f", weight: 2.6 },
    road_trunk: { color: "#d3c7a8", weight: 1.8 },
    road: { color: "#d9d2c3", weight: 1.2 },
    subway: { color: "#9aa8b8", weight: 1.3, dashArray: "5 3" },
    rail: { color: "#8c8371", weight: 1.2, dashArray: "6 4" },
    river: { color: "#9fc3dc", weight: 2.2 },
    water: { color: "#9fc3dc", weight: 0.8, fill: true, fillColor: "#cfe3ef", fillOpacity: 0.8 },
    green: { color: "#b9d3ae", weight: 0.5, fill: true, fillColor: "#dcead5", fillOpacity: 0.8 }
  };
  function contextLines(P, labels) {
    const { D, S, map, say } = P, pane = map.createPane("context");
    pane.style.zIndex = 225;
    pane.style.pointerEvents = "none";
    const renderer = L.canvas({ pane: "context", padding: 0.3 }), lines3 = L.layerGroup(), stops = L.layerGroup();
    if (S.context === void 0) S.context = D.context.length > 0;
    each(D.context, (c) => {
      if (c.kind === "station") {
        const at = [c.g.coordinates[1], c.g.coordinates[0]];
        L.circleMarker(at, { renderer, pane: "context", radius: 2.6, color: "#7f8ea0", weight: 1.2, fillColor: "#fffefb", fillOpacity: 1, interactive: false }).addTo(stops);
        labels.push({ kind: "c", at, name: c.name, order: 950, from: 13.5, shift: [0, 11], context: true });
      } else L.geoJSON(c.g, { interactive: false, style: Object.assign({ renderer, pane: "context", fill: false, opacity: 0.85, lineJoin: "round", lineCap: "round" }, STYLES[c.kind] || STYLES.road) }).addTo(lines3);
    });
    const on = () => S.context;
    function show(group, wanted) {
      if (wanted !== map.hasLayer(group)) {
        if (wanted) group.addTo(map);
        else map.removeLayer(group);
      }
    }
    return {
      on,
      update() {
        show(lines3, on());
        show(stops, on() && map.getZoom() >= 12.5);
        pane.style.zIndex = P.desk.shows() && S.land.on.length || S.tab === "compare" ? 335 : 225;
      },
      row() {
        if (!D.context.length) return null;
        return el("div", { class: "lay" }, el("label", { for: "context-on" }, el("input", { type: "checkbox", id: "context-on", checked: on(), onchange() {
          S.context = this.checked;
          P.contextChanged();
        } }), " ", say("背景：道路、轨道、站点", "Background: roads, lines, stations")));
      }
    };
  }

  // ground.js
  function drawing(map, name, z) {
    const p = map.createPane(name);
    p.style.zIndex = z;
    p.style.pointerEvents = "none";
    return L.svg({ pane: name, padding: 0.5 });
  }
  function panes(map) {
    const R = {};
    for (const [name, z] of [["land", 210], ["link", 230], ["group", 300], ["line", 330], ["glow", 370], ["park", 400], ["find", 450]]) R[name] = drawing(
      map,
      /** @type {string} */
      name,
      z
    );
    return R;
  }
  function shape(g, style) {
    return L.geoJSON(g, { style, interactive: !!style.interactive, pointToLayer: (_, at) => L.circleMarker(at, style) });
  }
  function dash(precision) {
    return precision === "sketch" || precision === "approximate" ? "7 3.5" : precision === "schematic" ? "2.5 3.5" : null;
  }
  function top(g) {
    let best = null;
    (function walk(c) {
      if (typeof c[0] === "number") {
        if (!best || c[1] > best[0]) best = [c[1], c[0]];
      } else each(c, walk);
    })(g.coordinates || []);
    return best;
  }
  function districts({ D, map }, R, labels) {
    for (const d of D.districts) {
      shape(d.g, { renderer: R.land, pane: "land", className: "ground", color: "#cfc7b6", weight: 1, fillColor: "#f8f5ee", fillOpacity: 1, lineJoin: "round" }).addTo(map);
      labels.push({ kind: "d", at: d.at, name: d.name, order: 900 });
    }
  }
  function groups({ D, map, byId, groupById }, R, labels) {
    for (const o of D.outlines) {
      const g = groupById[o.id], hue = g ? g.hue : "#888";
      const layer = shape(o.g, { renderer: R.group, pane: "group", color: hue, weight: 1.6, opacity: 0.75, dashArray: dash(o.precision), fillColor: hue, fillOpacity: 0.06, lineJoin: "round", lineCap: "round" }).addTo(map);
      o.layer = o.layer || layer;
      if (!byId[o.id]) labels.push({ kind: "g", at: top(o.g) || o.at, name: g ? g.name : o.name, colour: hue, order: 20, shift: [0, 14] });
    }
  }
  function lines({ D, map, groupById }, R, labels) {
    for (const o of D.lines) {
      const g = groupById[o.parent], hue = g ? g.hue : "#777", line = o.g.type.indexOf("Line") >= 0;
      if (line) {
        shape(o.g, { renderer: R.line, pane: "line", color: "#fffdf8", weight: 6.5, opacity: 0.85, lineCap: "round" }).addTo(map);
        shape(o.g, { renderer: R.line, pane: "line", color: hue, weight: 3.2, opacity: 0.9, lineCap: "round" }).addTo(map);
      } else shape(o.g, { renderer: R.line, pane: "line", color: hue, weight: 1, opacity: 0.35, dashArray: "1 4", fillColor: hue, fillOpacity: 0.13, lineJoin: "round" }).addTo(map);
      labels.push({ kind: "a", at: o.at, name: o.name, colour: hue, order: line ? 700 : 650, from: line ? 12.25 : 10.5 });
    }
  }
  function links({ D, map }, R, labels) {
    const south = D.outlines.reduce((a, o) => !a || o.at[0] < a.at[0] ? o : a, null);
    for (const k of D.links) {
      const from = D.outlines.find((o) => o.id === k.parent) || (k.parent ? D.outlines[D.outlines.length - 1] : south);
      k.from = from ? from.at : null;
      if (!k.from) continue;
      L.polyline([k.from, k.at], { renderer: R.link, pane: "link", color: "#7d8b94", weight: 1.6, opacity: 0.7, dashArray: "1 6", lineCap: "round", interactive: false }).addTo(map);
      L.circleMarker(k.at, { renderer: R.link, pane: "link", radius: 6, color: "#7d8b94", weight: 1.6, fillColor: "#fff", fillOpacity: 1, interactive: false }).addTo(map);
      labels.push({ kind: "l", at: k.at, link: k, name: k.name, order: 800 });
    }
  }
  function ground(P, R, labels) {
    for (const draw of [districts, groups, lines, links]) draw(P, R, labels);
  }

  // labels.js
  function labelDesk(P, labels, pane) {
    const { map, S } = P, sizes = /* @__PURE__ */ new Map();
    function write2(l) {
      const u = l.unit, c = u && l.kind !== "b" && !P.covering() ? P.value(u) : null, text = P.T(l.name), arrow = l.link && l.link.arrow ? l.link.arrow + " " : "";
      const kind = "lb " + l.kind + (S.lang === "en" && text.length > 20 && l.kind !== "g" && !(P.printing() && u) ? " wide" : "") + (u && u.id === S.unit ? " s" : "");
      const number = c ? P.marked(c[2], c[1]) : "", no = u && u.no ? u.no : "", key = [kind, no, arrow + text, number, P.printing()].join("|");
      if (!l.node) {
        l.node = el("div", {});
        if (l.colour) l.node.style.color = l.colour;
        l.node.style.visibility = "hidden";
        pane.appendChild(l.node);
      }
      if (l.said !== key) {
        l.said = key;
        l.node.className = kind;
        if (l.link) fill(l.node, el("span", { class: "t" }, arrow + text));
        else {
          clear(l.node);
          if (no) l.node.appendChild(el("span", { class: "no" }, no));
          l.node.appendChild(el("span", { class: "t" }, text));
          if (number) l.node.appendChild(el("small", { class: "num" }, number));
        }
      }
      return key;
    }
    function rank(l) {
      const u = l.unit;
      if (!u) return l.order;
      return u.id === S.unit ? 0 : l.kind === "h" ? 60 : l.kind === "b" ? 600 : P.value(u) ? 50 : u.planned ? 100 : 200;
    }
    function frameOf(u) {
      const b = u.part || (u.part = P.partOf(u)), a = map.latLngToContainerPoint(b.getNorthWest()), z = map.latLngToContainerPoint(b.getSouthEast());
      return { x0: a.x, y0: a.y, x1: z.x, y1: z.y };
    }
    function wanted(view2) {
      const { z, size, f } = view2, out = [];
      for (const l of labels) {
        const u = l.unit, chosen = u && u.id === S.unit;
        if (l.from && z < l.from && !chosen || l.until && z >= l.until || u && !chosen && !(P.chosen(u) && P.found(u)) || l.context && !P.contextOn()) continue;
        const at = l.link ? exit(map, l.link, f) || l.at : l.at;
        if (!at) continue;
        const pt = at.x !== void 0 ? at : map.latLngToContainerPoint(at);
        if (pt.x < -80 || pt.y < -40 || pt.x > size.x + 80 || pt.y > size.y + 40) continue;
        const box2 = u && !u.isPoint && u.layer ? frameOf(u) : null;
        if (l.kind === "b" && !chosen && box2 && (box2.x1 - box2.x0 < 30 || box2.y1 - box2.y0 < 20)) continue;
        out.push({ l, pt, box: box2, rank: rank(l), v: u && P.value(u) ? P.value(u)[1] : 0, key: "" });
      }
      return out.sort((a, b) => a.rank - b.rank || b.v - a.v).slice(0, 400);
    }
    let room = "";
    function measure(list) {
      const now = document.documentElement.className + window.innerWidth + "," + window.innerHeight;
      if (now !== room) {
        sizes.clear();
        room = now;
      }
      for (const k of list) {
        k.key = write2(k.l);
        k.l.node.style.display = "block";
        k.l.node.style.visibility = "hidden";
      }
      for (const k of list) if (!sizes.has(k.key)) sizes.set(k.key, [k.l.node.offsetWidth + 4, k.l.node.offsetHeight]);
    }
    function places(k, w, h) {
      const { l, pt, box: box2 } = k, s = l.shift || [0, 0];
      if (l.kind === "d" || l.link) return [[0, 0]];
      if (box2 && box2.y1 - box2.y0 < 90 && (box2.y1 - box2.y0 < h + 14 || box2.x1 - box2.x0 < w + 6) && l.kind !== "b") {
        const mid = (box2.x0 + box2.x1) / 2 - pt.x;
        return more(l, h, [[mid, box2.y1 - pt.y + h / 2 + 2], [mid, box2.y0 - pt.y - h / 2 - 2], [box2.x1 - pt.x + w / 2 + 3, 0], [box2.x0 - pt.x - w / 2 - 3, 0], [0, 0]]);
      }
      return more(l, h, [s, [0, h / 2 + 9], [0, -h / 2 - 9], [w / 2 + 12, 0], [-w / 2 - 12, 0], [w / 2 + 8, h / 2 + 8], [-w / 2 - 8, h / 2 + 8], [w / 2 + 8, -h / 2 - 8]]);
    }
    function more(l, h, tries) {
      return l.kind === "h" ? tries.concat([[0, h + 18], [0, -h - 18]]) : tries;
    }
    function put(k, taken, f) {
      const [w, h] = sizes.get(k.key), { l, pt, box: box2 } = k;
      if (l.kind === "b" && l.unit.id !== S.unit && box2 && (box2.x1 - box2.x0 < w + 6 || box2.y1 - box2.y0 < h + 6)) return false;
      for (const [dx, dy] of places(k, w, h)) {
        const x = pt.x + dx, y = pt.y + dy, b = { l: x - w / 2, r: x + w / 2, t: y - h / 2, b: y + h / 2 };
        if (b.l < f.left || b.r > f.right || b.t < f.top || b.b > f.bottom || taken.some((o) => b.l < o.r && b.r > o.l && b.t < o.b && b.b > o.t)) continue;
        const at = map.containerPointToLayerPoint([x, y]);
        taken.push(b);
        l.node.style.left = at.x + "px";
        l.node.style.top = at.y + "px";
        l.node.style.visibility = "visible";
        return true;
      }
      return false;
    }
    let shown = [];
    return function declutter() {
      const view2 = { z: map.getZoom(), size: map.getSize(), f: P.frame() }, list = wanted(view2), taken = P.covered(view2.size);
      for (const l of shown) l.node.style.display = "none";
      measure(list);
      shown = [];
      for (const k of list) if (put(k, taken, view2.f)) shown.push(k.l);
      else k.l.node.style.display = "none";
    };
  }
  function exit(map, link, f) {
    if (!link.from) return null;
    const a = map.latLngToContainerPoint(link.from), b = map.latLngToContainerPoint(link.at);
    const X0 = f.left + 62, X1 = f.right - 76, Y0 = f.top + 12, Y1 = f.bottom - 44;
    let t = 1;
    if (b.x > X0 && b.x < X1 && b.y > Y0 && b.y < Y1) {
      link.arrow = "";
      return { x: b.x, y: b.y - 16 };
    }
    if (a.x < X0 || a.x > X1 || a.y < Y0 || a.y > Y1) return null;
    if (b.x > X1) t = Math.min(t, (X1 - a.x) / (b.x - a.x));
    if (b.x < X0) t = Math.min(t, (X0 - a.x) / (b.x - a.x));
    if (b.y > Y1) t = Math.min(t, (Y1 - a.y) / (b.y - a.y));
    if (b.y < Y0) t = Math.min(t, (Y0 - a.y) / (b.y - a.y));
    link.arrow = b.x > a.x ? b.y > a.y ? "↘" : "↗" : b.y > a.y ? "↙" : "↖";
    return { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) };
  }

  // node_modules/fflate/esm/browser.js
  var u8 = Uint8Array;
  var u16 = Uint16Array;
  var i32 = Int32Array;
  var fleb = new u8([
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    1,
    1,
    1,
    2,
    2,
    2,
    2,
    3,
    3,
    3,
    3,
    4,
    4,
    4,
    4,
    5,
    5,
    5,
    5,
    0,
    /* unused */
    0,
    0,
    /* impossible */
    0
  ]);
  var fdeb = new u8([
    0,
    0,
    0,
    0,
    1,
    1,
    2,
    2,
    3,
    3,
    4,
    4,
    5,
    5,
    6,
    6,
    7,
    7,
    8,
    8,
    9,
    9,
    10,
    10,
    11,
    11,
    12,
    12,
    13,
    13,
    /* unused */
    0,
    0
  ]);
  var clim = new u8([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);
  var freb = function(eb, start) {
    var b = new u16(31);
    for (var i = 0; i < 31; ++i) {
      b[i] = start += 1 << eb[i - 1];
    }
    var r = new i32(b[30]);
    for (var i = 1; i < 30; ++i) {
      for (var j = b[i]; j < b[i + 1]; ++j) {
        r[j] = j - b[i] << 5 | i;
      }
    }
    return { b, r };
  };
  var _a = freb(fleb, 2);
  var fl = _a.b;
  var revfl = _a.r;
  fl[28] = 258, revfl[258] = 28;
  var _b = freb(fdeb, 0);
  var fd = _b.b;
  var revfd = _b.r;
  var rev = new u16(32768);
  for (i = 0; i < 32768; ++i) {
    x = (i & 43690) >> 1 | (i & 21845) << 1;
    x = (x & 52428) >> 2 | (x & 13107) << 2;
    x = (x & 61680) >> 4 | (x & 3855) << 4;
    rev[i] = ((x & 65280) >> 8 | (x & 255) << 8) >> 1;
  }
  var x;
  var i;
  var hMap = function(cd, mb, r) {
    var s = cd.length;
    var i = 0;
    var l = new u16(mb);
    for (; i < s; ++i) {
      if (cd[i])
        ++l[cd[i] - 1];
    }
    var le = new u16(mb);
    for (i = 1; i < mb; ++i) {
      le[i] = le[i - 1] + l[i - 1] << 1;
    }
    var co;
    if (r) {
      co = new u16(1 << mb);
      var rvb = 15 - mb;
      for (i = 0; i < s; ++i) {
        if (cd[i]) {
          var sv = i << 4 | cd[i];
          var r_1 = mb - cd[i];
          var v = le[cd[i] - 1]++ << r_1;
          for (var m = v | (1 << r_1) - 1; v <= m; ++v) {
            co[rev[v] >> rvb] = sv;
          }
        }
      }
    } else {
      co = new u16(s);
      for (i = 0; i < s; ++i) {
        if (cd[i]) {
          co[i] = rev[le[cd[i] - 1]++] >> 15 - cd[i];
        }
      }
    }
    return co;
  };
  var flt = new u8(288);
  for (i = 0; i < 144; ++i)
    flt[i] = 8;
  var i;
  for (i = 144; i < 256; ++i)
    flt[i] = 9;
  var i;
  for (i = 256; i < 280; ++i)
    flt[i] = 7;
  var i;
  for (i = 280; i < 288; ++i)
    flt[i] = 8;
  var i;
  var fdt = new u8(32);
  for (i = 0; i < 32; ++i)
    fdt[i] = 5;
  var i;
  var flrm = /* @__PURE__ */ hMap(flt, 9, 1);
  var fdrm = /* @__PURE__ */ hMap(fdt, 5, 1);
  var max = function(a) {
    var m = a[0];
    for (var i = 1; i < a.length; ++i) {
      if (a[i] > m)
        m = a[i];
    }
    return m;
  };
  var bits = function(d, p, m) {
    var o = p / 8 | 0;
    return (d[o] | d[o + 1] << 8) >> (p & 7) & m;
  };
  var bits16 = function(d, p) {
    var o = p / 8 | 0;
    return (d[o] | d[o + 1] << 8 | d[o + 2] << 16) >> (p & 7);
  };
  var shft = function(p) {
    return (p + 7) / 8 | 0;
  };
  var slc = function(v, s, e) {
    if (s == null || s < 0)
      s = 0;
    if (e == null || e > v.length)
      e = v.length;
    return new u8(v.subarray(s, e));
  };
  var ec = [
    "unexpected EOF",
    "invalid block type",
    "invalid length/literal",
    "invalid distance",
    "stream finished",
    "no stream handler",
    ,
    "no callback",
    "invalid UTF-8 data",
    "extra field too long",
    "date not in range 1980-2099",
    "filename too long",
    "stream finishing",
    "invalid zip data"
    // determined by unknown compression method
  ];
  var err = function(ind, msg, nt) {
    var e = new Error(msg || ec[ind]);
    e.code = ind;
    if (Error.captureStackTrace)
      Error.captureStackTrace(e, err);
    if (!nt)
      throw e;
    return e;
  };
  var inflt = function(dat, st, buf, dict) {
    var sl = dat.length, dl = dict ? dict.length : 0;
    if (!sl || st.f && !st.l)
      return buf || new u8(0);
    var noBuf = !buf;
    var resize = noBuf || st.i != 2;
    var noSt = st.i;
    if (noBuf)
      buf = new u8(sl * 3);
    var cbuf = function(l2) {
      var bl = buf.length;
      if (l2 > bl) {
        var nbuf = new u8(Math.max(bl * 2, l2));
        nbuf.set(buf);
        buf = nbuf;
      }
    };
    var final = st.f || 0, pos = st.p || 0, bt = st.b || 0, lm = st.l, dm = st.d, lbt = st.m, dbt = st.n;
    var tbts = sl * 8;
    do {
      if (!lm) {
        final = bits(dat, pos, 1);
        var type = bits(dat, pos + 1, 3);
        pos += 3;
        if (!type) {
          var s = shft(pos) + 4, l = dat[s - 4] | dat[s - 3] << 8, t = s + l;
          if (t > sl) {
            if (noSt)
              err(0);
            break;
          }
          if (resize)
            cbuf(bt + l);
          buf.set(dat.subarray(s, t), bt);
          st.b = bt += l, st.p = pos = t * 8, st.f = final;
          continue;
        } else if (type == 1)
          lm = flrm, dm = fdrm, lbt = 9, dbt = 5;
        else if (type == 2) {
          var hLit = bits(dat, pos, 31) + 257, hcLen = bits(dat, pos + 10, 15) + 4;
          var tl = hLit + bits(dat, pos + 5, 31) + 1;
          pos += 14;
          var ldt = new u8(tl);
          var clt = new u8(19);
          for (var i = 0; i < hcLen; ++i) {
            clt[clim[i]] = bits(dat, pos + i * 3, 7);
          }
          pos += hcLen * 3;
          var clb = max(clt), clbmsk = (1 << clb) - 1;
          var clm = hMap(clt, clb, 1);
          for (var i = 0; i < tl; ) {
            var r = clm[bits(dat, pos, clbmsk)];
            pos += r & 15;
            var s = r >> 4;
            if (s < 16) {
              ldt[i++] = s;
            } else {
              var c = 0, n = 0;
              if (s == 16)
                n = 3 + bits(dat, pos, 3), pos += 2, c = ldt[i - 1];
              else if (s == 17)
                n = 3 + bits(dat, pos, 7), pos += 3;
              else if (s == 18)
                n = 11 + bits(dat, pos, 127), pos += 7;
              while (n--)
                ldt[i++] = c;
            }
          }
          var lt = ldt.subarray(0, hLit), dt = ldt.subarray(hLit);
          lbt = max(lt);
          dbt = max(dt);
          lm = hMap(lt, lbt, 1);
          dm = hMap(dt, dbt, 1);
        } else
          err(1);
        if (pos > tbts) {
          if (noSt)
            err(0);
          break;
        }
      }
      if (resize)
        cbuf(bt + 131072);
      var lms = (1 << lbt) - 1, dms = (1 << dbt) - 1;
      var lpos = pos;
      for (; ; lpos = pos) {
        var c = lm[bits16(dat, pos) & lms], sym = c >> 4;
        pos += c & 15;
        if (pos > tbts) {
          if (noSt)
            err(0);
          break;
        }
        if (!c)
          err(2);
        if (sym < 256)
          buf[bt++] = sym;
        else if (sym == 256) {
          lpos = pos, lm = null;
          break;
        } else {
          var add2 = sym - 254;
          if (sym > 264) {
            var i = sym - 257, b = fleb[i];
            add2 = bits(dat, pos, (1 << b) - 1) + fl[i];
            pos += b;
          }
          var d = dm[bits16(dat, pos) & dms], dsym = d >> 4;
          if (!d)
            err(3);
          pos += d & 15;
          var dt = fd[dsym];
          if (dsym > 3) {
            var b = fdeb[dsym];
            dt += bits16(dat, pos) & (1 << b) - 1, pos += b;
          }
          if (pos > tbts) {
            if (noSt)
              err(0);
            break;
          }
          if (resize)
            cbuf(bt + 131072);
          var end = bt + add2;
          if (bt < dt) {
            var shift = dl - dt, dend = Math.min(dt, end);
            if (shift + bt < 0)
              err(3);
            for (; bt < dend; ++bt)
              buf[bt] = dict[shift + bt];
          }
          for (; bt < end; ++bt)
            buf[bt] = buf[bt - dt];
        }
      }
      st.l = lm, st.p = lpos, st.b = bt, st.f = final;
      if (lm)
        final = 1, st.m = lbt, st.d = dm, st.n = dbt;
    } while (!final);
    return bt != buf.length && noBuf ? slc(buf, 0, bt) : buf.subarray(0, bt);
  };
  var et = /* @__PURE__ */ new u8(0);
  var gzs = function(d) {
    if (d[0] != 31 || d[1] != 139 || d[2] != 8)
      err(6, "invalid gzip data");
    var flg = d[3];
    var st = 10;
    if (flg & 4)
      st += (d[10] | d[11] << 8) + 2;
    for (var zs = (flg >> 3 & 1) + (flg >> 4 & 1); zs > 0; zs -= !d[st++])
      ;
    return st + (flg & 2);
  };
  var gzl = function(d) {
    var l = d.length;
    return (d[l - 4] | d[l - 3] << 8 | d[l - 2] << 16 | d[l - 1] << 24) >>> 0;
  };
  function gunzipSync(data, opts) {
    var st = gzs(data);
    if (st + 8 > data.length)
      err(6, "invalid gzip data");
    return inflt(data.subarray(st, -8), { i: 2 }, opts && opts.out || new u8(gzl(data)), opts && opts.dictionary);
  }
  var td = typeof TextDecoder != "undefined" && /* @__PURE__ */ new TextDecoder();
  var tds = 0;
  try {
    td.decode(et, { stream: true });
    tds = 1;
  } catch (e) {
  }

  // codec.js
  var TYPES = { u8: Uint8Array, u16: Uint16Array, f32: Float32Array };
  var BLOCK = 256;
  function bytesOf(text) {
    const whole = atob(text), out = new Uint8Array(whole.length);
    for (let i = 0; i < whole.length; i++) out[i] = whole.charCodeAt(i);
    return out;
  }
  async function inflate(text) {
    const packed2 = bytesOf(text.trim());
    if (typeof DecompressionStream === "undefined") return gunzipSync(packed2);
    const stream = new Blob([packed2]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }
  function told(id) {
    const node = document.getElementById(id), text = node.textContent;
    return JSON.parse(node.getAttribute("type") === "application/json" ? text : new TextDecoder().decode(gunzipSync(bytesOf(text.trim()))));
  }
  function reader(bytes) {
    let at = 0;
    return {
      /** @param {number} n */
      numbers(n) {
        const out = new Uint32Array(n), more = new Uint32Array(n);
        let left = n;
        for (let shift = 0; left; shift += 7) {
          const open = left;
          left = 0;
          for (let k = 0; k < open; k++) {
            const i = shift ? more[k] : k, b = bytes[at++];
            out[i] |= (b & 127) << shift;
            if (b & 128) more[left++] = i;
          }
        }
        return out;
      },
      sums(n) {
        const sizes = this.numbers(n), out = new Uint32Array(n + 1);
        for (let i = 0, sum = 0; i < n; i++) {
          sum += sizes[i];
          out[i + 1] = sum;
        }
        return out;
      }
    };
  }
  function axis(read2, count, rings, start) {
    const told2 = read2.numbers(count), out = new Int32Array(told2.buffer);
    let anchor = start;
    for (let r = 0, k = 0; r < rings.length - 1; r++) {
      const from = k;
      for (const end = rings[r + 1]; k < end; k++) {
        const z = told2[k], step = z >>> 1 ^ -(z & 1);
        if (k === from) out[k] = anchor += step;
        else out[k] = out[k - 1] + step;
      }
    }
    return out;
  }
  function decode(meta, bytes) {
    const read2 = reader(bytes), n = meta.n, out = { n, bits: meta.bits, kind: meta.kind, X: null, Y: null, rings: null, shapes: null, box: null, blocks: null, block: BLOCK };
    if (meta.kind === "point") {
      const one = new Uint32Array([0, n]);
      out.X = axis(read2, n, one, meta.start[0]);
      out.Y = axis(read2, n, one, meta.start[1]);
    } else {
      out.shapes = read2.sums(n);
      out.rings = read2.sums(meta.rings);
      out.X = axis(read2, meta.vertices, out.rings, meta.start[0]);
      out.Y = axis(read2, meta.vertices, out.rings, meta.start[1]);
      index(out);
    }
    return out;
  }
  var DAY_0 = Date.UTC(1900, 0, 1);
  function decodeColumn(told2, bytes, n) {
    const kind = told2.kind;
    if (TYPES[kind]) {
      const T = TYPES[kind], values3 = new T(bytes.slice(0, n * T.BYTES_PER_ELEMENT).buffer);
      return { values: values3, text: (i) => values3[i] === values3[i] ? values3[i] : null };
    }
    if (kind === "scaled") {
      const whole = reader(bytes).numbers(n), values3 = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        const v = whole[i];
        values3[i] = v ? (v - 1) / told2.by : NaN;
      }
      return { values: values3, text: (i) => values3[i] === values3[i] ? values3[i] : null };
    }
    if (kind === "date") {
      const values3 = new Uint16Array(bytes.slice(0, 2 * n).buffer);
      return { values: values3, text: (i) => values3[i] ? new Date(DAY_0 + values3[i] * 864e5).toISOString().slice(0, 10) : null };
    }
    const read2 = (part) => JSON.parse(new TextDecoder().decode(part));
    if (kind === "dict") {
      const table = read2(bytes.subarray(0, told2.table)), values3 = new Uint16Array(bytes.slice(told2.table).buffer);
      return { values: values3, text: (i) => table[values3[i]] || null };
    }
    const values2 = read2(bytes);
    return { values: values2, text: (i) => values2[i] || null };
  }
  function index(d) {
    const { n, X, Y, rings, shapes } = d, blocks = Math.ceil(n / BLOCK), far = 2147483647;
    d.box = new Int32Array(n * 4);
    d.blocks = new Int32Array(blocks * 4);
    for (let b = 0; b < blocks; b++) {
      d.blocks[b * 4] = d.blocks[b * 4 + 1] = far;
      d.blocks[b * 4 + 2] = d.blocks[b * 4 + 3] = -far;
    }
    for (let i = 0; i < n; i++) {
      let x0 = far, y0 = far, x1 = -far, y1 = -far;
      for (let k = rings[shapes[i]], end = rings[shapes[i + 1]]; k < end; k++) {
        const x = X[k], y = Y[k];
        if (x < x0) x0 = x;
        if (x > x1) x1 = x;
        if (y < y0) y0 = y;
        if (y > y1) y1 = y;
      }
      const q = i * 4, w = (i / BLOCK | 0) * 4;
      d.box[q] = x0;
      d.box[q + 1] = y0;
      d.box[q + 2] = x1;
      d.box[q + 3] = y1;
      if (x0 < d.blocks[w]) d.blocks[w] = x0;
      if (y0 < d.blocks[w + 1]) d.blocks[w + 1] = y0;
      if (x1 > d.blocks[w + 2]) d.blocks[w + 2] = x1;
      if (y1 > d.blocks[w + 3]) d.blocks[w + 3] = y1;
    }
  }
  function within(d, x0, y0, x1, y1, fn) {
    const { blocks, box: box2, n } = d;
    for (let b = 0; b * BLOCK < n; b++) {
      const w = b * 4;
      if (blocks[w] > x1 || blocks[w + 2] < x0 || blocks[w + 1] > y1 || blocks[w + 3] < y0) continue;
      for (let i = b * BLOCK, end = Math.min(n, i + BLOCK); i < end; i++) {
        const q = i * 4;
        if (box2[q] <= x1 && box2[q + 2] >= x0 && box2[q + 1] <= y1 && box2[q + 3] >= y0) fn(i);
      }
    }
  }
  function contains(d, i, x, y) {
    const { X, Y, rings, shapes } = d;
    let inside2 = false;
    for (let g = shapes[i]; g < shapes[i + 1]; g++)
      for (let v = rings[g], end = rings[g + 1], u = end - 1; v < end; u = v++)
        if (Y[v] > y !== Y[u] > y && x < (X[u] - X[v]) * (y - Y[v]) / (Y[u] - Y[v]) + X[v]) inside2 = !inside2;
    return inside2;
  }

  // parcels.js
  function packed(colour) {
    const v = parseInt(colour.slice(1), 16);
    return (255 << 24 | (v & 255) << 16 | (v >> 8 & 255) << 8 | v >> 16) >>> 0;
  }
  function sorted(layer, tile) {
    const { d, shown, classes } = layer, { k, ox, oy, S } = tile, box2 = d.box, tiny = 3.2 / k, big = [];
    let pixels = null, image = null;
    within(d, ox / k, oy / k, (ox + S) / k, (oy + S) / k, (i) => {
      if (shown && !shown[i]) return;
      const q = i * 4, w = box2[q + 2] - box2[q], h = box2[q + 3] - box2[q + 1], c = classes ? classes[i] : 0;
      if (!layer.options.fill[c]) return;
      if (w >= tiny || h >= tiny) {
        (big[c] || (big[c] = [])).push(i);
        return;
      }
      if (!pixels) {
        image = tile.context.createImageData(S, S);
        pixels = new Uint32Array(image.data.buffer);
      }
      const x0 = Math.round(box2[q] * k - ox), y0 = Math.round(box2[q + 1] * k - oy), x1 = Math.min(S, x0 + Math.max(1, Math.round(w * k))), y1 = Math.min(S, y0 + Math.max(1, Math.round(h * k)));
      const colour = layer.pixels[c];
      for (let y = Math.max(0, y0); y < y1; y++) for (let x = Math.max(0, x0); x < x1; x++) pixels[y * S + x] = colour;
    });
    return { big, image };
  }
  function trace(d, i, { k, ox, oy, context }) {
    const { X, Y, rings, shapes } = d;
    for (let g = shapes[i]; g < shapes[i + 1]; g++) {
      const end = rings[g + 1];
      let v = rings[g];
      if (v >= end) continue;
      context.moveTo(X[v] * k - ox, Y[v] * k - oy);
      while (++v < end) context.lineTo(X[v] * k - ox, Y[v] * k - oy);
      context.closePath();
    }
  }
  function paint(layer, canvas, at, ratio) {
    const S = canvas.width;
    paintPart(layer, canvas, { k: Math.pow(2, at.z + 8 - layer.d.bits) * ratio, ox: at.x * S, oy: at.y * S, ratio });
  }
  function paintPart(layer, canvas, { k, ox, oy, ratio }) {
    const S = canvas.width, tile = { k, ox, oy, S, context: canvas.getContext("2d") }, { context } = tile, { d } = layer;
    const { big, image } = sorted(layer, tile);
    if (image) context.putImageData(image, 0, 0);
    const { hollow } = layer.options;
    context.lineWidth = layer.options.weight * ratio;
    context.strokeStyle = layer.options.stroke;
    context.lineJoin = "round";
    big.forEach((rows, c) => {
      context.fillStyle = layer.options.fill[c];
      for (let s = 0; s < rows.length; s += 200) {
        let widest = 0;
        context.beginPath();
        for (const i of rows.slice(s, s + 200)) {
          widest = Math.max(widest, (d.box[i * 4 + 2] - d.box[i * 4]) * k);
          trace(d, i, tile);
        }
        if (!hollow) context.fill("evenodd");
        if (hollow || widest > 6 * ratio && layer.options.weight) context.stroke();
      }
    });
  }
  var waiting = [];
  function next() {
    const until = performance.now() + 8;
    try {
      do
        waiting.shift()();
      while (waiting.length && performance.now() < until);
    } finally {
      if (waiting.length) setTimeout(next, 8);
    }
  }
  function soon(work) {
    if (waiting.push(work) === 1) setTimeout(next, 0);
  }
  function settleTiles(layer, paintTile) {
    for (const tile of Object.values(layer._tiles || {})) {
      if (!tile.current || tile.loaded) continue;
      paintTile(tile.el, tile.coords, Math.min(2, window.devicePixelRatio || 1));
      tile.loaded = +/* @__PURE__ */ new Date();
      tile.active = true;
      L.DomUtil.addClass(tile.el, "leaflet-tile-loaded");
      L.DomUtil.setOpacity(tile.el, 1);
    }
  }
  var ParcelLayer = L.GridLayer.extend({
    options: { tileSize: 512, updateWhenZooming: false, keepBuffer: 1, fill: ["#2c7fb8"], stroke: "rgba(255,255,255,.75)", weight: 0.7, opacity: 0.92, maxNativeZoom: void 0 },
    /* source: the packed text, or a layer that has read the same shapes; hollow: outlines alone */
    initialize(meta, source, options) {
      L.setOptions(this, options);
      this.meta = meta;
      this.classes = null;
      this.shown = null;
      this.pixels = this.options.fill.map((c) => c ? packed(c) : 0);
      this.ready = (source.ready ? source.ready.then((other) => other.d) : inflate(source).then((bytes) => decode(meta, bytes))).then((d) => {
        this.d = d;
        this.fire("decoded");
        if (this._map) this.redraw();
        return this;
      });
    },
    /* Classes of the features as places in `fill`; a class without a colour is not drawn. */
    setClasses(classes, fill2) {
      this.classes = classes;
      if (fill2) {
        this.options.fill = fill2;
        this.pixels = fill2.map((c) => c ? packed(c) : 0);
      }
      return this._map ? this.redraw() : this;
    },
    /* Which features are drawn and can be picked: one byte each, or null for all. */
    setShown(shown) {
      this.shown = shown;
      return this._map ? this.redraw() : this;
    },
    createTile(at, done) {
      const canvas = document.createElement("canvas"), ratio = Math.min(2, window.devicePixelRatio || 1);
      canvas.width = canvas.height = this.options.tileSize * ratio;
      canvas.setAttribute("aria-hidden", "true");
      soon(() => {
        if (this.d && this._map) paint(this, canvas, at, ratio);
        done(null, canvas);
      });
      return canvas;
    },
    settle() {
      settleTiles(this, (canvas, at, ratio) => {
        if (this.d) paint(this, canvas, at, ratio);
      });
    },
    project(latlng) {
      return L.CRS.EPSG3857.latLngToPoint(L.latLng(latlng), this.d.bits - 8);
    },
    /* The feature under a place, the smallest where several lie; -1 where there is none. */
    pick(latlng) {
      if (!this.d) return -1;
      const { x, y } = this.project(latlng);
      return this.pickAt(x, y);
    },
    pickAt(x, y) {
      const d = this.d;
      let best = -1, least = Infinity;
      within(d, x, y, x, y, (i) => {
        if (this.shown && !this.shown[i] || !contains(d, i, x, y)) return;
        const q = i * 4, size = (d.box[q + 2] - d.box[q]) * (d.box[q + 3] - d.box[q + 1]);
        if (size < least) {
          least = size;
          best = i;
        }
      });
      return best;
    },
    /* What else the place may lie in, for corners are rounded to whole units: features, and -1 for none of them. */
    besides(latlng, i) {
      const { x, y } = this.project(latlng), found = /* @__PURE__ */ new Set();
      for (let turn = 0; turn < 8; turn++) found.add(this.pickAt(x + 0.8 * Math.cos(turn * Math.PI / 4), y + 0.8 * Math.sin(turn * Math.PI / 4)));
      found.delete(i);
      return [...found];
    },
    unit(latlng) {
      return 2 * Math.PI * 6378137 / Math.pow(2, this.d.bits) * Math.cos(latlng.lat * Math.PI / 180);
    },
    latLngsOf(i) {
      const { X, Y, rings, shapes, bits: bits2 } = this.d, out = [];
      for (let g = shapes[i]; g < shapes[i + 1]; g++) {
        const ring = [];
        for (let v = rings[g]; v < rings[g + 1]; v++) ring.push(L.CRS.EPSG3857.pointToLatLng(L.point(X[v], Y[v]), bits2 - 8));
        out.push(ring);
      }
      return out;
    },
    boundsOf(i) {
      const { box: box2, bits: bits2 } = this.d, q = i * 4;
      return L.latLngBounds(L.CRS.EPSG3857.pointToLatLng(L.point(box2[q], box2[q + 3]), bits2 - 8), L.CRS.EPSG3857.pointToLatLng(L.point(box2[q + 2], box2[q + 1]), bits2 - 8));
    }
  });

  // land.js
  var FROM = 13.5;
  var NEARER = 0.75;
  var LandLayer = class {
    constructor(record, ramp) {
      this.record = record;
      this.ramp = ramp;
      this.columns = /* @__PURE__ */ new Map();
      this.layer = null;
      this.style = record.styles.find((s) => s.key === record.style) || record.styles[0] || null;
      this.only = /* @__PURE__ */ new Set();
      this.year = null;
      this.classes = null;
      this.sums = null;
    }
    get key() {
      return this.record.key;
    }
    block(name) {
      const node = document.getElementById("land-" + name);
      return node ? node.textContent : null;
    }
    /* The Leaflet layer, made when it is first wanted. */
    open(pane) {
      if (this.layer) return this.layer;
      const thin = this.record.styles.every((s) => s.key === "outline" || s.key === "grade");
      this.layer = new ParcelLayer(this.record.meta, this.block(this.key), { pane, fill: [null, "#d8d2c4"], weight: thin ? 1.6 : 0.7, stroke: thin ? "rgba(60,50,40,.75)" : "rgba(255,255,255,.75)", opacity: thin ? 0.55 : 0.85, minZoom: this.record.from, maxZoom: 22 });
      this.ready = Promise.all([this.layer.ready, this.column("since"), this.column("until")]).then(() => this.restyle());
      return this.layer;
    }
    /* A column of the layer, or null where the page does not hold it. */
    column(key) {
      const told2 = this.record.columns[key], there = this.columns.get(key);
      if (!told2) return Promise.resolve(null);
      if (there) return there;
      const read2 = inflate(this.block(this.key + "." + key)).then((bytes) => decodeColumn(told2, bytes, this.record.meta.n));
      this.columns.set(key, read2);
      read2.then((column) => {
        this.columns.get(key).now = column;
      });
      return read2;
    }
    now(key) {
      const there = this.columns.get(key);
      return there ? there.now : null;
    }
    /* Names and colours of the classes of the style; the first is "not known" and has no colour. */
    legend() {
      const s = this.style;
      if (!s) return [];
      if (s.kind === "class") return s.classes;
      const n = s.breaks.length + 1, colours = this.ramp(n);
      return [{ name: ["没有数据", "No data"], colour: null }].concat(colours.map((colour, i) => ({ colour, from: i ? s.breaks[i - 1] : null, to: i < n - 1 ? s.breaks[i] : null })));
    }
    async restyle() {
      if (!this.layer) return;
      await this.layer.ready;
      const s = this.style, column = s ? await this.column("by." + s.key) : null, area = await this.column("area_m2");
      if (s !== this.style) return;
      this.classes = s ? s.kind === "class" ? column.values : placed(column.values, s.breaks) : new Uint8Array(this.record.meta.n).fill(1);
      this.layer.setClasses(this.classes, s ? this.legend().map((c) => c.colour) : [null, "#d8d2c4"]);
      this.mask();
      this.area = area.values;
    }
    there(i) {
      const since = this.now("since"), until = this.now("until"), y = this.year;
      return y === null || (!since || since.values[i] <= y) && (!until || !until.values[i] || y < until.values[i]);
    }
    /* Which features show: those of the year, and of the classes picked. */
    mask() {
      const n = this.record.meta.n, timed = this.year !== null && (this.now("since") || this.now("until"));
      this.sums = null;
      if (!this.layer) return;
      if (!timed && !this.only.size) {
        this.layer.setShown(null);
        return;
      }
      const shown = new Uint8Array(n);
      for (let i = 0; i < n; i++) shown[i] = (!timed || this.there(i)) && (!this.only.size || this.only.has(this.classes[i])) ? 1 : 0;
      this.layer.setShown(shown);
    }
    /* Area and number of each class in the year. */
    totals() {
      if (this.sums || !this.classes || !this.area) return this.sums;
      const rows = this.legend().map((c, i) => ({ ...c, place: i, area: 0, count: 0 }));
      for (let i = 0; i < this.classes.length; i++) if (this.there(i)) {
        const row = rows[this.classes[i]];
        row.area += this.area[i];
        row.count++;
      }
      this.sums = rows.filter((r) => r.count);
      return this.sums;
    }
  };
  function placed(values2, limits) {
    const out = new Uint8Array(values2.length);
    for (let i = 0; i < values2.length; i++) {
      const v = values2[i];
      let k = 0;
      if (v !== v) continue;
      while (k < limits.length && v >= limits[k]) k++;
      out[i] = k + 1;
    }
    return out;
  }
  function landDesk(P) {
    const { D, S, map } = P, data = D.land || { layers: [], said: [] };
    const layers = data.layers.map((record) => new LandLayer(record, P.ramp)), byKey = /* @__PURE__ */ Object.create(null);
    const pane = map.createPane("parcels");
    pane.style.zIndex = 320;
    pane.style.pointerEvents = "none";
    for (const layer of layers) byKey[layer.key] = layer;
    S.land = { on: layers.filter((l) => l.key === "parcel" || l.key === "building").map((l) => l.key), opacity: 0.85, level: byKey.parcel ? "parcel" : layers.length ? layers[0].key : null, find: "" };
    if (!S.land.on.length && layers.length) S.land.on = [layers[layers.length - 1].key];
    const on = (layer) => S.land.on.indexOf(layer.key) >= 0;
    let sized = "", from = FROM;
    function near2() {
      const s = map.getSize(), now = s.x + "," + s.y + "," + P.onPaper;
      if (now === sized || !P.core || !P.panel) return from;
      const f = P.frame(), whole = map.getBoundsZoom(P.core, false, L.point(s.x - f.right + f.left, s.y - f.bottom + f.top));
      sized = now;
      from = Number.isFinite(whole) ? Math.min(18, Math.max(FROM, whole + NEARER)) : FROM;
      return from;
    }
    const shows = () => layers.length > 0 && S.tab !== "firms" && S.tab !== "compare" && (S.tab === "land" || map.getZoom() >= (S.tab === "parks" ? near2() : FROM));
    const drawn = (layer) => shows() && on(layer) && map.getZoom() >= layer.record.from;
    const active = () => byKey[S.land.level];
    function update() {
      for (const layer of layers) {
        if (drawn(layer)) {
          const sheet = layer.open("parcels");
          if (layer.year !== S.year) {
            layer.year = S.year;
            layer.mask();
          }
          if (!map.hasLayer(sheet)) {
            sheet.addTo(map);
            sheet.setZIndex(layers.indexOf(layer) + 1);
            layer.ready.then(P.landChanged);
          }
          sheet.setOpacity(layer.layer.options.weight > 1 ? Math.min(0.6, S.land.opacity) : S.land.opacity);
        } else if (layer.layer && map.hasLayer(layer.layer)) map.removeLayer(layer.layer);
      }
    }
    function at(latlng) {
      for (let k = layers.length - 1; k >= 0; k--) {
        const layer = layers[k];
        if (!drawn(layer) || !layer.layer || !layer.layer.d) continue;
        const i = layer.layer.pick(latlng);
        if (i >= 0) return { layer, i };
      }
      return null;
    }
    function setStyle(layer, key) {
      layer.style = layer.record.styles.find((s) => s.key === key) || layer.style;
      layer.only.clear();
      return layer.restyle();
    }
    async function search2(words, most) {
      const layer = active(), out = [], q = words.trim().toLowerCase();
      if (!layer || !q) return out;
      layer.open("parcels");
      await layer.ready;
      const columns = (await Promise.all(["id", "name", "zh", "owner"].map((key) => layer.column(key)))).filter(Boolean);
      for (let i = 0; i < layer.record.meta.n && out.length < most; i++) if (columns.some((c) => String(c.text(i) || "").toLowerCase().indexOf(q) >= 0)) out.push({ layer, i, text: columns.map((c) => c.text(i)).filter(Boolean).join(" · ") });
      return out;
    }
    async function rowOf(key, id) {
      const layer = byKey[key];
      if (!layer) return null;
      layer.open("parcels");
      await layer.ready;
      const ids = await layer.column("id");
      if (!layer.rows) {
        layer.rows = /* @__PURE__ */ new Map();
        for (let i = 0; i < layer.record.meta.n; i++) layer.rows.set(ids.text(i), i);
      }
      return layer.rows.has(id) ? { layer, i: layer.rows.get(id) } : null;
    }
    return { layers, byKey, data, shows, drawn, on, active, update, at, setStyle, search: search2, rowOf, swatch };
  }
  function swatch(colour) {
    return svg("svg", { width: 18, height: 13, viewBox: "0 0 18 13", "aria-hidden": "true" }, svg("rect", { x: 0.5, y: 0.5, width: 17, height: 12, rx: 2, fill: colour || "#fffefb", stroke: "#8c8371", "stroke-width": 0.8, "stroke-dasharray": colour ? "none" : "2 2" }), colour ? null : svg("path", { d: "M3 12L15 1", stroke: "#b9b09c", "stroke-width": 1 }));
  }

  // mark.js
  function marker(P) {
    const pane = P.map.createPane("mark");
    pane.style.zIndex = 610;
    pane.style.pointerEvents = "none";
    const renderer = L.svg({ pane: "mark", padding: 0.5 }), group = L.layerGroup().addTo(P.map);
    const lines3 = [{ color: "#111a20", weight: 7, opacity: 0.9 }, { color: "#ffe14d", weight: 3, opacity: 1 }];
    function draw(make) {
      group.clearLayers();
      for (const line of lines3) make({ ...line, renderer, pane: "mark", fill: false, interactive: false, lineJoin: "round", className: "marked" }).addTo(group);
    }
    return {
      clear() {
        group.clearLayers();
      },
      rings(latlngs) {
        draw((style) => L.polygon(latlngs, style));
      },
      shape(geometry) {
        draw((style) => L.geoJSON(geometry, { style, interactive: false, pointToLayer: (_, at) => L.circleMarker(at, { ...style, radius: 15 }) }));
      },
      /* the parcel that a finding is about, beneath its mark */
      beside(latlngs) {
        L.polygon(latlngs, { color: "#111a20", weight: 1.6, dashArray: "5 4", renderer, pane: "mark", fill: false, interactive: false, className: "beside" }).addTo(group);
      },
      /* what is marked and too small to be seen gets a ring around it */
      ring(latlng) {
        for (const line of lines3) L.circleMarker(latlng, { ...line, renderer, pane: "mark", fill: false, radius: 34, interactive: false, className: "marked" }).addTo(group);
      }
    };
  }

  // compare.js
  var MARK = "#b3125f";
  var NOT_THERE = 255;
  var HECTARE = 1e4;
  var LISTED = 100;
  var KINDS = [null, ["用途或建设状况改变", "Use or state changed"], ["后来没有", "Gone later"], ["新增", "New"], ["界线改变", "Outline changed"], ["其他内容改变", "Something else changed"], ["只改了编号", "Renumbered"]];
  var RENUMBERED = 6;
  function secondMap(P, box2, labels, value) {
    const { map, D } = P, own3 = [], o = map.options;
    const other = L.map(box2, { zoomControl: false, attributionControl: false, zoomAnimation: false, keyboard: false, zoomSnap: o.zoomSnap, zoomDelta: o.zoomDelta, wheelPxPerZoomLevel: o.wheelPxPerZoomLevel, maxZoom: o.maxZoom, center: map.getCenter(), zoom: map.getZoom() });
    const Q = Object.assign(Object.create(P), { map: other, value }), R = panes(other), names = other.createPane("labels"), sheets = other.createPane("parcels");
    names.style.zIndex = "620";
    names.style.pointerEvents = "none";
    sheets.style.zIndex = "320";
    sheets.style.pointerEvents = "none";
    Q.frame = () => P.frameFor(other);
    Q.covered = (size) => P.coveredFor(other, size);
    ground(Q, R, own3);
    const context = contextLines(Q, own3), parks = [], told2 = D.compare.parks;
    for (const u of told2 || D.units.filter((one) => one.g)) {
      const unit = P.byId[u.id] || u, layer = shape(u.g, { renderer: R.park, pane: "park", radius: 7.5, color: unit.hue || "#5f6b76", weight: 1.6, fill: false, dashArray: dash(u.precision), lineJoin: "round" }).addTo(other);
      parks.push({ unit, layer });
      if (told2 && u.at) own3.push({ kind: "p", at: u.at, name: u.name, order: 100 });
    }
    const inherited = told2 ? [] : labels.filter((l) => l.unit && l.unit.g);
    return { map: other, Q, parks, context, mark: marker(Q), declutter: labelDesk(Q, own3.concat(inherited.map((l) => ({ ...l, node: null, said: null }))), names) };
  }
  function inStep(one, two) {
    let busy = false;
    const apart2 = (from, to) => busy || !to._loaded || !from._loaded || !to._container.offsetWidth || !from._container.offsetWidth;
    const follow = (from, to) => {
      if (apart2(from, to)) return;
      busy = true;
      const z = from.getZoom();
      if (z !== to.getZoom()) to.setView(from.getCenter(), z, { animate: false });
      else {
        const step = to.project(from.getCenter(), z).subtract(to.project(to.getCenter(), z));
        if (step.x || step.y) {
          to._rawPanBy(step);
          to.fire("move");
        }
      }
      busy = false;
    };
    const ended = (from, to) => {
      if (apart2(from, to)) return;
      follow(from, to);
      busy = true;
      to.fire("moveend");
      busy = false;
    };
    one.on("move zoomend", () => follow(one, two));
    two.on("move zoomend", () => follow(two, one));
    one.on("moveend", () => ended(one, two));
    two.on("moveend", () => ended(two, one));
  }
  function divider(S, say, moved) {
    const line = el("div", { class: "divider", role: "slider", tabindex: "0", "aria-valuemin": 0, "aria-valuemax": 100, hidden: true }, el("i", {}, svg("svg", { width: 16, height: 14, viewBox: "0 0 16 14", "aria-hidden": "true" }, svg("path", { d: "M5 2L1 7l4 5M11 2l4 5-4 5", fill: "none", stroke: "currentColor", "stroke-width": 1.8 }))));
    const to = (v) => {
      S.compare.at = Math.max(0.02, Math.min(0.98, v));
      moved();
    };
    line.addEventListener("keydown", (e) => {
      const step = { ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 }[e.key];
      if (step) {
        e.preventDefault();
        to(S.compare.at + step);
      }
    });
    line.addEventListener("pointerdown", (e) => {
      line.setPointerCapture(e.pointerId);
      e.preventDefault();
      line.focus();
    });
    line.addEventListener("pointermove", (e) => {
      if (!line.hasPointerCapture(e.pointerId)) return;
      const f = line.range;
      to((e.clientX - f.left) / (f.right - f.left));
    });
    line.say = () => line.setAttribute("aria-label", say("两侧的分界线，左右键移动", "Line between both sides; arrow keys move it"));
    return line;
  }
  function compareDesk(P, labels) {
    const { D, S, map, say } = P, told2 = D.compare, root = document.getElementById("atlas"), parts = {};
    const themes = told2 ? told2.themes : [], first = P.desk.byKey.parcel, onMap = themes.length > 0 && !!first;
    S.compare = { mode: "swipe", at: 0.5, theme: themes.length ? themes[0].key : "", park: "", metres: false };
    const extra = told2 && told2.layer ? new LandLayer(told2.layer, P.ramp) : null;
    const shows = () => !!told2 && S.tab === "compare", theme = () => themes.find((t) => t.key === S.compare.theme) || null;
    let second = null, sheets = null, rows = [];
    const box2 = el("div", { class: "folium-map second", "aria-hidden": "true", tabindex: "-1" }), tags = [el("div", { class: "side-tag", hidden: true }), el("div", { class: "side-tag", hidden: true })];
    const line = divider(S, say, () => {
      layout();
      P.declutter();
      P.remember();
    });
    function valueOf(u) {
      if (!told2 || told2.kind === "plan") return P.value(u);
      return told2.kind === "years" ? P.valueIn(u, told2.years[1]) : P.valueIn(u, S.year, told2.values);
    }
    function open() {
      if (second) return;
      box2.hidden = false;
      root.insertBefore(box2, map.getContainer().nextSibling);
      for (const node of [line, ...tags]) root.appendChild(node);
      second = secondMap(P, box2, labels, valueOf);
      inStep(map, second.map);
      second.map.on("click", (e) => P.touch(e.latlng));
      second.map.on("mousemove", (e) => {
        const said = tip(e.latlng);
        if (said) P.tell(said, e.originalEvent);
        else P.hush();
      });
      if (onMap) sheets = load();
    }
    function load() {
      first.open("parcels");
      if (extra) extra.open("parcels");
      const sheet = (land, pane, marks) => new ParcelLayer(land.record.meta, land.layer, { pane, fill: [null], maxZoom: 22, hollow: marks, weight: marks ? 2.4 : 0.7, stroke: marks ? MARK : "rgba(255,255,255,.75)", opacity: marks ? 1 : 0.85 });
      const made = [[first, 0, false], [first, 0, true], [first, 1, false], ...extra ? [[extra, 1, false]] : [], [first, 1, true], ...extra ? [[extra, 1, true]] : []].map(([land, side2, marks]) => ({ land, side: side2, marks, sheet: sheet(land, "parcels", marks) }));
      Promise.all([first.layer.ready, extra ? extra.layer.ready : null].concat([first, extra].filter(Boolean).map((land) => Promise.all(Object.keys(land.record.columns).map((k) => land.column(k)))))).then(() => {
        rows = differing();
        recolour();
        if (shows()) {
          P.refresh();
          P.landChanged();
        }
      });
      return made;
    }
    function classesOf(land, side2) {
      if (land === extra) return side2 ? land.now("now." + S.compare.theme).values : null;
      return land.now((side2 ? "now." : "was.") + S.compare.theme).values;
    }
    function recolour() {
      if (!sheets || !theme() || !first.now("differs") || extra && !extra.now("differs")) return;
      const colours = theme().classes.map((c) => c.colour), fills = Array.from({ length: 256 }, (_, k) => colours[k] || null);
      for (const { land, side: side2, marks, sheet } of sheets) {
        const classes = classesOf(land, side2), kinds = land.now("differs").values;
        if (marks) sheet.setClasses(Uint8Array.from(kinds, (k, i) => k && k !== RENUMBERED && classes[i] !== NOT_THERE ? 1 : 0), [null, MARK]);
        else sheet.setClasses(classes, fills);
        sheet.setShown(Uint8Array.from(classes, (c) => c === NOT_THERE ? 0 : 1));
      }
    }
    function differing() {
      const out = [];
      for (const land of [first, extra]) if (land) {
        const kinds = land.now("differs").values, area = land.now("area_m2").values;
        for (let i = 0; i < kinds.length; i++) if (kinds[i] && (kinds[i] !== RENUMBERED || classesOf(land, 1)[i] !== NOT_THERE)) out.push({ layer: land, i, kind: kinds[i], area: area[i] });
      }
      return out.sort((a, b) => a.kind - b.kind || b.area - a.area);
    }
    function place(node, at2) {
      for (const k of ["left", "top", "width", "height"]) node.style[k] = at2 ? at2[k] + "px" : "";
    }
    let stood = "";
    function layout() {
      const on = shows(), beside = on && (S.compare.mode === "side" || P.printing()), f = P.stage(), at2 = f.left + S.compare.at * (f.right - f.left), half = (f.right - f.left) / 2;
      document.documentElement.classList.toggle("comparing", on);
      box2.hidden = line.hidden = tags[0].hidden = tags[1].hidden = !on;
      line.hidden = !on || beside;
      map._zoomAnimated = !on && L.Browser.any3d;
      const stands = [on, beside, P.printing(), beside ? [f.left, f.top, f.right, f.bottom] : [f.width, f.height]].join();
      place(map.getContainer(), beside ? { left: f.left, top: f.top, width: half - 2, height: f.bottom - f.top } : null);
      if (on) place(box2, beside ? { left: f.left + half + 2, top: f.top, width: half - 2, height: f.bottom - f.top } : null);
      box2.style.clipPath = on && !beside ? "inset(0 0 0 " + at2.toFixed(1) + "px)" : "none";
      if (stands !== stood) {
        stood = stands;
        keepCentre();
      }
      if (!on) return;
      line.style.left = at2 + "px";
      line.range = f;
      line.setAttribute("aria-valuenow", Math.round(100 * S.compare.at));
      line.say();
      line.firstChild.style.top = (f.top + f.bottom) / 2 + "px";
      tags.forEach((tag, k) => {
        fill(tag, P.T(told2.sides[k]));
        tag.style.top = (P.phone() ? f.bottom - 56 : f.top + 10) + "px";
      });
      tags[0].style.left = tags[1].style.left = tags[0].style.right = "";
      if (beside) {
        tags[0].style.left = f.left + 10 + "px";
        tags[1].style.left = f.left + half + 12 + "px";
      } else {
        tags[0].style.right = f.width - at2 + 8 + "px";
        tags[1].style.left = at2 + 8 + "px";
      }
    }
    function keepCentre() {
      for (const one of [map, second && second.map]) if (one && one._loaded && one.getContainer().offsetWidth) one.invalidateSize({ animate: false, pan: true });
      if (second && shows()) second.map.setView(map.getCenter(), map.getZoom(), { animate: false });
    }
    function update() {
      if (!told2) return;
      const on = shows();
      if (on) open();
      if (!second) return;
      layout();
      if (sheets) for (const { side: side2, sheet } of sheets) {
        const m = side2 ? second.map : map;
        if (on !== m.hasLayer(sheet)) {
          if (on) sheet.addTo(m);
          else m.removeLayer(sheet);
        }
      }
      if (!on) return;
      second.context.update();
      for (const { unit, layer } of second.parks) layer.setStyle(Object.assign({ color: unit.level === "block" ? "#55626c" : unit.hue || "#5f6b76", weight: unit.level === "block" ? 0.8 : 1.6 }, onMap ? { fill: false } : P.fillOf(unit, valueOf(unit))));
      second.mark.clear();
      if (S.thing) second.mark.rings(S.thing.layer.layer.latLngsOf(S.thing.i));
    }
    function at(latlng) {
      if (!shows() || !onMap || !first.layer || !first.layer.d) return null;
      for (const land of [extra, first]) {
        const i = land && land.layer && land.layer.d ? land.layer.pick(latlng) : -1;
        if (i >= 0) return { layer: land, i };
      }
      return null;
    }
    function className(t, k) {
      return k === NOT_THERE || k === void 0 ? say("没有", "not there") : P.T(t.classes[k].name);
    }
    function sidesOf(t, { layer, i }) {
      return [0, 1].map((side2) => {
        const k = classAt(t, layer, i, side2);
        return k === NOT_THERE ? beneath(t, layer, i, side2) : className(t, k);
      });
    }
    function classAt(t, layer, i, side2) {
      return layer === extra && !side2 ? NOT_THERE : layer.now((side2 ? "now." : "was.") + t.key).values[i];
    }
    function beneath(t, layer, i, side2) {
      const ids = String(layer.now("twin") && layer.now("twin").text(i) || "").split(";").filter(Boolean), names = /* @__PURE__ */ new Set();
      for (const id of ids) {
        const twin = rowsBy(side2).get(id);
        if (twin) names.add(className(t, classAt(t, twin.layer, twin.i, side2)));
      }
      return names.size ? [...names].join(say("、", ", ")) + say("（", " (") + (ids.length > 3 ? say("现分为 " + ids.length + " 宗", "in " + ids.length + " parcels") : ids.join(say("、", ", "))) + say("）", ")") : className(t, NOT_THERE);
    }
    const byId = [null, null];
    function rowsBy(side2) {
      if (byId[side2]) return byId[side2];
      const found = byId[side2] = /* @__PURE__ */ new Map(), t = themes[0];
      for (const land of side2 ? [first, extra] : [first]) if (land) {
        const ids = land.now("id");
        for (let i = 0; i < land.record.meta.n; i++) if (classAt(t, land, i, side2) !== NOT_THERE) found.set(ids.text(i), { layer: land, i });
      }
      return found;
    }
    function tip(latlng) {
      const thing = at(latlng);
      if (!thing || !thing.layer.now("differs")) return null;
      const [a, b] = sidesOf(theme(), thing);
      return [a === b ? a : a + " → " + b, el("small", {}, thing.layer.now("id") ? thing.layer.now("id").text(thing.i) : "")];
    }
    function card2(thing) {
      const { layer, i } = thing, read2 = (key) => layer.now(key) ? layer.now(key).text(i) : null, area = read2("area_m2"), kind = layer.now("differs") ? layer.now("differs").values[i] : 0, unit = own(P.byId, read2("park_id"));
      const words = read2(S.lang === "en" ? "differs.en" : "differs.zh");
      return { title: read2("id") || say("宗地", "Parcel"), other: [kind ? P.T(KINDS[kind]) : say("没有变化", "No difference"), unit ? P.T(unit.name) : ""].filter(Boolean).join(" · "), body: [
        area ? el("p", { class: "big num" }, P.number(area) + say(" 平方米", " m²")) : null,
        el("table", { class: "recs" }, el("thead", {}, el("tr", {}, el("td", {}), told2.sides.map((side2) => el("th", { scope: "col" }, P.T(side2))))), el("tbody", {}, themes.map((t) => {
          const [a, b] = layer.now("now." + t.key) ? sidesOf(t, thing) : ["", ""];
          return el("tr", { class: a === b ? null : "differs" }, el("th", { scope: "row" }, P.T(t.name)), el("td", {}, a), el("td", {}, b));
        }))),
        words ? [el("h3", {}, say("其他变化", "What else differs")), el("ul", { class: "unknown" }, words.split(S.lang === "en" ? "; " : "；").map((w) => el("li", {}, w)))] : null,
        unit ? [el("h3", {}, say("所在园区", "Park")), el("div", { class: "inner" }, el("button", { type: "button", onclick() {
          P.pick(unit.id, true);
        } }, P.T(unit.name)))] : null
      ] };
    }
    function amount(m2) {
      return S.compare.metres && !P.printing() ? fixed(m2, 2) : fixed(m2 / HECTARE, Math.abs(m2) < HECTARE ? 4 : Math.abs(m2) < 1e7 ? 2 : 1);
    }
    function fixed(v, digits) {
      const [a, b] = Math.abs(v).toFixed(digits).split("."), none = !+v.toFixed(digits);
      return none ? "0" : (v < 0 ? "−" : "") + a.replace(/\B(?=(\d{3})+(?!\d))/g, ",") + "." + b;
    }
    function sums(list) {
      return list.reduce((s, r) => s.map((v, k) => v + r[k + 1]), [0, 0, 0, 0]);
    }
    function classRows() {
      const t = theme(), list = S.compare.park === "" ? t.rows : own(t.parks, S.compare.park) || [];
      return list.slice().sort((a, b) => +(a[0] === 0) - +(b[0] === 0) || Math.max(b[1], b[4]) - Math.max(a[1], a[4]));
    }
    function parkName(id) {
      return id ? own(P.byId, id) ? P.T(P.byId[id].name) : id : say("不在任何园区", "in no park");
    }
    function table(caption, head, list) {
      const total = sums(list.map((r) => r.cells));
      return el("div", { class: "wide-table", tabindex: "0", role: "group", "aria-label": caption }, el(
        "table",
        { class: "recs balance" },
        el("caption", { class: "sr" }, caption),
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, head), [P.T(told2.sides[0]), say("减少", "Lost"), say("增加", "Gained"), P.T(told2.sides[1])].map((t) => el("th", { scope: "col", class: "v" }, t)))),
        el("tbody", {}, list.map((r) => balanceRow(r.name, r.cells.slice(1), r.colour))),
        el("tfoot", {}, balanceRow(say("合计", "In all"), total))
      ));
    }
    function balanceRow(name, [before, lost, gained, after], colour) {
      return el("tr", {}, el("th", { scope: "row" }, colour === void 0 ? null : swatch(colour), name), el("td", { class: "v num" }, amount(before)), el("td", { class: "v num less" }, lost > 5e-3 ? "−" + amount(lost) : ""), el("td", { class: "v num more" }, gained > 5e-3 ? "+" + amount(gained) : ""), el("td", { class: "v num" }, amount(after)));
    }
    function seg(label, options, now, set) {
      return el("div", { class: "seg", role: "group", "aria-label": label }, options.map(([key, name]) => el("button", { type: "button", "aria-pressed": key === now ? "true" : "false", onclick() {
        set(key);
        P.refresh();
        P.landChanged();
        P.remember();
      } }, name)));
    }
    function choice(id, label, options, value, set) {
      return el("div", { class: "field" }, el("label", { for: id }, label), el("select", { id, onchange() {
        set(this.value);
        P.refresh();
        P.landChanged();
        P.remember();
      } }, options.map(([key, name]) => el("option", { value: key, selected: key === value }, name))));
    }
    function landPart() {
      const t = theme(), parks = Object.keys(t.parks).sort((a, b) => +(a === "") - +(b === "")), inPark = rows.filter((r) => S.compare.park === "" || r.layer.now("park_id") && r.layer.now("park_id").text(r.i) === S.compare.park);
      return [
        el(
          "div",
          { class: "pair" },
          themes.length > 1 ? choice("ct", say("比什么", "What is compared"), themes.map((one) => [one.key, P.T(one.name)]), S.compare.theme, (v) => {
            S.compare.theme = v;
            recolour();
          }) : null,
          parks.length > 1 ? choice("cp", say("园区", "Park"), [["", say("全部", "All")]].concat(parks.filter(Boolean).map((p) => [p, parkName(p)])), S.compare.park, (v) => {
            S.compare.park = v;
          }) : null
        ),
        el("div", { class: "between" }, el("h2", { class: "cap" }, P.T(t.name) + say("增减", ": gains and losses")), seg(say("单位", "Unit"), [[false, say("公顷", "ha")], [true, say("平方米", "m²")]], S.compare.metres, (v) => {
          S.compare.metres = v;
        })),
        classTable(),
        S.compare.park === "" && parks.length > 1 ? [el("h2", { class: "cap later" }, say("各园区增减", "By park")), table(say("各园区增减", "By park"), say("园区", "Park"), parks.map((p) => ({ name: parkName(p), cells: [p, ...sums(t.parks[p])] })))] : null,
        el("p", { class: "row" }, el("button", { class: "tool", type: "button", onclick: csv }, say("导出增减表 CSV", "Balances as CSV")), rows.length ? el("button", { class: "tool", type: "button", onclick: () => csvRows(inPark) }, say("导出变化宗地 CSV", "Parcels as CSV")) : null),
        onMap ? changed(inPark) : null
      ];
    }
    function classTable() {
      const t = theme();
      return table(say("各类用地增减", "Gains and losses by class"), say("类别", "Class"), classRows().map((r) => ({ name: className(t, r[0]), colour: t.classes[r[0]].colour, cells: r })));
    }
    function paper2() {
      return shows() && theme() ? el("section", {}, el("h2", {}, P.T(theme().name) + say("增减（公顷）", ": gains and losses (ha)") + (S.compare.park ? " · " + parkName(S.compare.park) : "")), classTable()) : null;
    }
    function changed(list) {
      if (!first.now("differs")) return el("p", { class: "status" }, say("正在读取……", "Reading…"));
      const renumbered = list.filter((r) => r.kind === RENUMBERED).length;
      return [
        el("h2", { class: "cap later" }, say("变化的宗地", "Parcels that differ")),
        el("p", { class: "status", role: "status" }, P.number(list.length - renumbered) + say(" 宗，图上以紫红轮廓标出", ", outlined on the map") + (renumbered ? say("；另有 " + P.number(renumbered) + " 宗只改了编号，用地未变，不描轮廓", "; " + P.number(renumbered) + " more were only renumbered and are not outlined") : "") + (list.length > LISTED ? say("；下面列出前 " + LISTED + " 宗", "; the first " + LISTED + " below") : "")),
        el("ul", { class: "found tall" }, list.slice(0, LISTED).map((r) => el("li", {}, el("button", { type: "button", onclick() {
          P.pickThing({ layer: r.layer, i: r.i }, true);
        } }, (r.layer.now("id") ? r.layer.now("id").text(r.i) : r.i + 1) + " · " + P.T(KINDS[r.kind])))))
      ];
    }
    function valuePart() {
      const m = P.measure(), list = D.units.filter((u) => u.level === "park").map((u) => ({ u, a: P.value(u), b: valueOf(u) })).filter((r) => r.a || r.b).sort((x, y) => (y.b || y.a)[1] - (x.b || x.a)[1]);
      if (!m || told2.kind === "plan") return null;
      return [
        choice("cm", say("指标", "Indicator"), D.measures.map((one) => [one.key, P.T(one.name)]), S.measure, (v) => {
          S.measure = v;
          P.paint();
        }),
        el("div", { class: "wide-table", tabindex: "0", role: "group", "aria-label": P.T(m.name) }, el(
          "table",
          { class: "recs balance" },
          el("caption", { class: "sr" }, P.T(m.name)),
          el("thead", {}, el("tr", {}, el("th", { scope: "col" }, say("园区", "Park")), [P.T(told2.sides[0]), P.T(told2.sides[1]), say("变化", "Change")].map((t) => el("th", { scope: "col", class: "v" }, t)))),
          el("tbody", {}, list.map(({ u, a, b }) => el("tr", {}, el("th", { scope: "row" }, el("button", { class: "link", type: "button", onclick() {
            P.pick(u.id, true);
          } }, P.T(u.name))), [a, b].map((c) => el("td", { class: "v num" }, c ? P.marked(c[2], c[1]) : "—", c && told2.years && c[0] !== told2.years[c === a ? 0 : 1] ? el("span", { class: "yr" }, " " + c[0]) : null)), el("td", { class: "v num" }, a && b ? (b[1] > a[1] ? "+" : "") + P.number(b[1] - a[1]) : "—"))))
        )),
        el("p", { class: "text" }, T_unit(m) + say("；只有两边都有数值才算变化。", "; a change needs a value on both sides."))
      ];
    }
    function T_unit(m) {
      return say("单位：", "Unit: ") + (P.T(m.unit) || "1");
    }
    function page() {
      return [
        el("div", { class: "between" }, el("span", { class: "cap" }, say("怎么看", "How to look")), seg(say("怎么看", "How to look"), [["swipe", say("卷帘", "Swipe")], ["side", say("并排", "Side by side")]], S.compare.mode, (v) => {
          const seen = P.freeBounds();
          S.compare.mode = v;
          layout();
          P.go(seen, false, 20);
        })),
        el("p", { class: "status" }, say("左：", "Left: ") + P.T(told2.sides[0]) + say("　右：", "; right: ") + P.T(told2.sides[1])),
        theme() ? landPart() : null,
        valuePart(),
        told2.said.map((pair) => el("p", { class: "warn" }, P.T(pair)))
      ];
    }
    function legend2() {
      if (!shows() || !onMap || !theme()) return null;
      const t = theme(), there = t.rows.filter((r) => r[0] && (r[1] || r[4])).sort((a, b) => b[4] - a[4]);
      return { title: P.T(t.name), sub: P.T(told2.sides[0]) + " | " + P.T(told2.sides[1]), rows: there.slice(0, 13).map((r) => ({ text: className(t, r[0]), colour: t.classes[r[0]].colour })).concat(there.length > 13 ? [{ text: say("另有 " + (there.length - 13) + " 类", there.length - 13 + " more"), more: true }] : [], [{ text: say("变化的宗地", "Parcels that differ"), line: MARK }]) };
    }
    function csv() {
      const head = ["theme", "park", "class", "before_m2", "lost_m2", "gained_m2", "after_m2"], lines3 = [head.join(",")];
      for (const t of themes) for (const [park, list] of [["*", t.rows], ...Object.entries(t.parks)]) for (const r of list) lines3.push([csvCell(t.key), csvCell(park), csvCell(P.T(t.classes[r[0]].name)), ...r.slice(1)].join(","));
      P.save("balance.csv", "text/csv", "\uFEFF" + lines3.join("\r\n") + "\r\n");
    }
    function csvRows(list) {
      const read2 = (r, key) => r.layer.now(key) ? r.layer.now(key).text(r.i) : "", lines3 = [["id", "park", "difference", "area_m2", ...themes.flatMap((t) => [t.key + "_before", t.key + "_after"]), "what_else"].join(",")];
      for (const r of list) lines3.push([read2(r, "id"), read2(r, "park_id"), P.T(KINDS[r.kind]), r.area, ...themes.flatMap((t) => sidesOf(t, r)), read2(r, S.lang === "en" ? "differs.en" : "differs.zh")].map(csvCell).join(","));
      P.save("differences.csv", "text/csv", "\uFEFF" + lines3.join("\r\n") + "\r\n");
    }
    return { shows, update, layout, page, paper: paper2, legend: legend2, tip, at, card: card2, onMap: () => onMap, beside: () => shows() && (S.compare.mode === "side" || P.printing()), second: () => shows() ? second : null, declutter: () => {
      if (second && shows()) second.declutter();
    }, changed: () => rows, there: !!told2, themes, valueOf };
  }

  // points.js
  var PointLayer = L.GridLayer.extend({
    options: { tileSize: 512, updateWhenZooming: false, keepBuffer: 1, radius: 3.5, edge: "#fffefb" },
    /* d: X, Y in world units of 2^bits; classes: colour of each point; shown: which of them, or null */
    initialize(d, options) {
      L.setOptions(this, options);
      this.d = d;
      this.classes = null;
      this.fill = ["#2c7fb8"];
      this.shown = null;
    },
    setClasses(classes, fill2) {
      this.classes = classes;
      this.fill = fill2;
      return this._map ? this.redraw() : this;
    },
    setShown(shown) {
      this.shown = shown;
      return this._map ? this.redraw() : this;
    },
    size(z) {
      return this.options.radius * (z >= 15 ? 1.5 : z >= 12 ? 1.15 : 0.8);
    },
    createTile(at, done) {
      const canvas = document.createElement("canvas"), ratio = Math.min(2, window.devicePixelRatio || 1);
      canvas.width = canvas.height = this.options.tileSize * ratio;
      canvas.setAttribute("aria-hidden", "true");
      soon(() => {
        if (this._map) this.paint(canvas, at, ratio);
        done(null, canvas);
      });
      return canvas;
    },
    settle() {
      settleTiles(this, (canvas, at, ratio) => this.paint(canvas, at, ratio));
    },
    paint(canvas, at, ratio) {
      const { X, Y, n, bits: bits2 } = this.d, S = canvas.width, k = Math.pow(2, at.z + 8 - bits2) * ratio, ox = at.x * S, oy = at.y * S, r = this.size(at.z) * ratio, x = canvas.getContext("2d");
      const x0 = (ox - 2 * r) / k, x1 = (ox + S + 2 * r) / k, y0 = (oy - 2 * r) / k, y1 = (oy + S + 2 * r) / k;
      x.strokeStyle = this.options.edge;
      x.lineWidth = 1.2 * ratio;
      for (let i = n - 1; i >= 0; i--) {
        if (X[i] < x0 || X[i] > x1 || Y[i] < y0 || Y[i] > y1 || this.shown && !this.shown[i]) continue;
        const colour = this.fill[this.classes ? this.classes[i] : 0];
        if (!colour) continue;
        x.beginPath();
        x.arc(X[i] * k - ox, Y[i] * k - oy, r, 0, 7);
        x.fillStyle = colour;
        x.fill();
        if (r > 2.5 * ratio) x.stroke();
      }
    },
    /* The nearest point within `reach` pixels of a place, -1 where there is none. */
    pick(map, latlng, reach) {
      const { X, Y, n, bits: bits2 } = this.d, p = L.CRS.EPSG3857.latLngToPoint(latlng, bits2 - 8), far = reach * Math.pow(2, bits2 - 8 - map.getZoom());
      let best = -1, least = far * far;
      for (let i = 0; i < n; i++) {
        if (this.shown && !this.shown[i]) continue;
        const dx = X[i] - p.x, dy = Y[i] - p.y, d = dx * dx + dy * dy;
        if (d < least) {
          least = d;
          best = i;
        }
      }
      return best;
    }
  });
  function pointsOf(places, bits2) {
    const n = places.length, X = new Int32Array(n), Y = new Int32Array(n);
    places.forEach((at, i) => {
      if (!at) {
        X[i] = Y[i] = -1;
        return;
      }
      const p = L.CRS.EPSG3857.latLngToPoint(L.latLng(at), bits2 - 8);
      X[i] = Math.round(p.x);
      Y[i] = Math.round(p.y);
    });
    return { X, Y, n, bits: bits2 };
  }

  // findings.js
  var ROW = 66;
  var HEAD = 44;
  var SEVERITIES = ["error", "warning", "note"];
  var COLOURS = ["#a32a1f", "#b45309", "#475569"];
  function findingsDesk(P) {
    const { D, S, map, say } = P, total = D.findings.count;
    const state = { severity: /* @__PURE__ */ new Set(), rule: "", park: "", words: "", sort: "grave", group: "", at: -1 };
    const shut = /* @__PURE__ */ new Set();
    let lines3 = [], height = 0;
    let F2 = null, order = [], layer = null, near2 = null, byFeature = /* @__PURE__ */ new Map();
    const parts = {};
    S.finding = null;
    const ready = total ? inflate(document.getElementById("findings").textContent).then((bytes) => {
      F2 = JSON.parse(new TextDecoder().decode(bytes));
      index2();
      return F2;
    }) : Promise.resolve(null);
    function index2() {
      F2.severity.forEach((s, i) => {
        const id = F2.feature[i];
        if (id) {
          if (!byFeature.has(id)) byFeature.set(id, []);
          byFeature.get(id).push(i);
        }
      });
      select();
      draw();
    }
    const text = (i) => F2.t[S.lang === "en" ? 1 : 0][i];
    function select() {
      const q = state.words.trim().toLowerCase();
      order = [];
      for (let i = 0; i < total; i++) {
        if (state.severity.size && !state.severity.has(F2.severity[i])) continue;
        if (state.rule && F2.rules[F2.rule[i]] !== state.rule || state.park && F2.parks[F2.park[i]] !== state.park) continue;
        if (q && (text(i) + " " + F2.feature[i]).toLowerCase().indexOf(q) < 0) continue;
        order.push(i);
      }
      const size = (i) => F2.measured[i] === null ? -1 : F2.measured[i];
      if (state.sort === "size") order.sort((a, b) => size(b) - size(a));
      else if (state.sort === "rule") order.sort((a, b) => F2.rule[a] - F2.rule[b] || size(b) - size(a));
      else if (state.sort === "park") order.sort((a, b) => F2.park[a] - F2.park[b] || F2.severity[a] - F2.severity[b]);
      arrange();
    }
    const column = () => state.group ? F2[state.group] : null;
    function groupName(k) {
      return state.group === "severity" ? severityWord(k) : state.group === "rule" ? F2.rules[k] + " " + (F2.names[S.lang === "en" ? 1 : 0][k] || "") : parkName(F2.parks[k]);
    }
    function parkName(id) {
      return id ? P.byId[id] ? P.T(P.byId[id].name) : id : say("不在任何园区", "in no park");
    }
    function arrange() {
      const by = column(), n = /* @__PURE__ */ new Map();
      if (by) for (const i of order) n.set(by[i], (n.get(by[i]) || 0) + 1);
      if (by) order.sort((a, b) => state.group === "severity" ? by[a] - by[b] : n.get(by[b]) - n.get(by[a]) || by[a] - by[b]);
      lines3 = [];
      height = 0;
      let last = null;
      order.forEach((i, at2) => {
        if (by && by[i] !== last) {
          last = by[i];
          lines3.push({ top: height, head: last, n: n.get(last) });
          height += HEAD;
        }
        if (!by || !shut.has(state.group + last)) {
          lines3.push({ top: height, i, at: at2 });
          height += ROW;
        }
      });
    }
    function lineAt(y) {
      let lo = 0, hi = lines3.length;
      while (lo < hi) {
        const mid = lo + hi >> 1;
        if (lines3[mid].top + (lines3[mid].head === void 0 ? ROW : HEAD) <= y) lo = mid + 1;
        else hi = mid;
      }
      return lo;
    }
    function headRow(l) {
      const key = state.group + l.head, open = !shut.has(key);
      return el("button", { class: "group-head", type: "button", "aria-expanded": open ? "true" : "false", "data-group": l.head, onclick() {
        if (open) shut.add(key);
        else shut.delete(key);
        arrange();
        rows();
        const b = parts.list.querySelector('[data-group="' + l.head + '"]');
        if (b) b.focus({ preventScroll: true });
      } }, (open ? "▾ " : "▸ ") + groupName(l.head), el("b", { class: "num" }, P.number(l.n)));
    }
    function draw() {
      if (!F2 || !total) return;
      if (!layer) {
        const pane = map.createPane("dots");
        pane.style.zIndex = 440;
        pane.style.pointerEvents = "none";
        layer = new PointLayer(pointsOf(F2.at, 26), { pane: "dots", radius: 4, maxZoom: 22 });
        layer.setClasses(Uint8Array.from(F2.severity), COLOURS);
        near2 = L.layerGroup();
      }
      const shown = new Uint8Array(total);
      for (const i of order) shown[i] = F2.at[i] ? 1 : 0;
      layer.setShown(shown);
      update();
    }
    function visible() {
      return S.tab === "findings" || total <= 300 && S.tab !== "compare";
    }
    function update() {
      if (!layer) return;
      if (visible() !== map.hasLayer(layer)) {
        if (visible()) {
          layer.addTo(map);
          near2.addTo(map);
        } else {
          map.removeLayer(layer);
          map.removeLayer(near2);
        }
      }
      near2.clearLayers();
      if (!visible()) return;
      const b = map.getBounds().pad(0.1), zoom = map.getZoom();
      let n = 0;
      for (const i of order) {
        if (!F2.at[i] || !F2.g[i] || !b.contains(F2.at[i]) || zoom < 14 && total > 300) continue;
        if (++n > 300) break;
        const c = COLOURS[F2.severity[i]];
        L.geoJSON(F2.g[i], { interactive: false, pane: "find", style: { renderer: P.renderer, pane: "find", color: c, weight: 2.2, fillColor: c, fillOpacity: P.byId[F2.feature[i]] ? 0 : 0.25 }, pointToLayer: (_, at2) => L.circleMarker(at2, { renderer: P.renderer, pane: "find", radius: 6, color: c, weight: 2.2, fillOpacity: 0.25 }) }).addTo(near2);
      }
    }
    function choose(i, move) {
      S.finding = i;
      state.at = order.indexOf(i);
      P.showFinding();
      P.mark.clear();
      if (F2.g[i]) {
        P.mark.shape(F2.g[i]);
        const bounds = L.geoJSON(F2.g[i]).getBounds();
        if (move) P.go(bounds.pad(0.6), false, 19);
        const a = map.latLngToContainerPoint(bounds.getNorthWest()), z = map.latLngToContainerPoint(bounds.getSouthEast());
        if (Math.max(z.x - a.x, z.y - a.y) < 60) P.mark.ring(bounds.getCenter());
      }
      P.desk.rowOf("parcel", F2.feature[i]).then((row) => {
        if (row && S.finding === i) P.mark.beside(row.layer.layer.latLngsOf(row.i));
      });
      P.remember();
    }
    function step(by) {
      if (!order.length) return;
      state.at = Math.max(0, Math.min(order.length - 1, state.at + by));
      choose(order[state.at], true);
      if (column() && shut.delete(state.group + column()[order[state.at]])) arrange();
      if (parts.scroll) {
        const line = lines3.find((l) => l.i === order[state.at]), top2 = (line ? line.top : 0) + parts.list.offsetTop, s = parts.scroll;
        if (top2 < s.scrollTop || top2 + ROW > s.scrollTop + s.clientHeight) s.scrollTop = top2 - s.clientHeight / 2;
        rows();
      }
    }
    function card2() {
      const i = S.finding, park = F2.parks[F2.park[i]], unit = park ? P.byId[park] : null, place = order.indexOf(i);
      return { title: F2.rules[F2.rule[i]] + " · " + severityWord(F2.severity[i]), other: [F2.names[S.lang === "en" ? 1 : 0][F2.rule[i]], unit ? P.T(unit.name) : ""].filter(Boolean).join(" · "), body: [
        el("p", { class: "said" }, text(i)),
        F2.at[i] ? null : el("p", { class: "warn" }, say("这一条没有位置，未上图", "This one has no place and is not on the map")),
        el("div", { class: "row steps" }, el("button", { class: "tool", type: "button", onclick() {
          step(-1);
        } }, say("‹ 上一条", "‹ Previous")), el("span", { class: "num" }, place < 0 ? "" : P.number(place + 1) + " / " + P.number(order.length)), el("button", { class: "tool", type: "button", onclick() {
          step(1);
        } }, say("下一条 ›", "Next ›"))),
        F2.clause[i] ? el("p", { class: "text" }, say("依据：", "Basis: ") + F2.clause[i]) : null,
        el("p", {}, el("button", { class: "tool", type: "button", onclick() {
          P.desk.rowOf("parcel", F2.feature[i]).then((row) => {
            if (row) P.pickThing(row, false);
            else if (P.byId[F2.feature[i]]) P.pick(F2.feature[i], false);
          });
        } }, say("看这块地：", "See the land: ") + (F2.feature[i] || "—")))
      ] };
    }
    function severityWord(k) {
      return [say("错误", "error"), say("警告", "warning"), say("提示", "note")][k];
    }
    function button(i) {
      return el("button", { class: "finding " + SEVERITIES[F2.severity[i]], type: "button", "data-finding": i, "aria-current": S.finding === i ? "true" : null, onclick() {
        choose(i, true);
        rows();
      } }, el("b", {}, F2.rules[F2.rule[i]] + " " + severityWord(F2.severity[i])), "　", text(i));
    }
    function rows() {
      if (!parts.list || !parts.list.isConnected) return;
      const s = parts.scroll, from = s.scrollTop - parts.list.offsetTop, first = Math.max(0, lineAt(from) - 6), last = Math.min(lines3.length, lineAt(from + s.clientHeight) + 8);
      parts.list.style.height = height + "px";
      fill(parts.list, lines3.slice(first, last).map((l) => el("div", { class: l.head === void 0 ? "slot" : "slot head", role: "listitem", style: "top:" + l.top + "px", "aria-setsize": l.head === void 0 ? order.length : null, "aria-posinset": l.head === void 0 ? l.at + 1 : null }, l.head === void 0 ? button(l.i) : headRow(l))));
    }
    function changed() {
      select();
      draw();
      heads();
      parts.scroll.scrollTop = 0;
      rows();
    }
    function counted(column2, i) {
      const out = /* @__PURE__ */ new Map();
      for (let k = 0; k < total; k++) if (i(k)) out.set(column2[k], (out.get(column2[k]) || 0) + 1);
      return out;
    }
    function heads() {
      const n = counted(F2.severity, () => true);
      fill(parts.chips, SEVERITIES.map((s, k) => n.get(k) ? el("button", { class: "chip", type: "button", "aria-pressed": state.severity.has(k) ? "true" : "false", onclick() {
        if (state.severity.has(k)) state.severity.delete(k);
        else state.severity.add(k);
        changed();
      } }, el("i", { class: "dot", style: "background:" + COLOURS[k] }), severityWord(k), el("b", { class: "num" }, P.number(n.get(k)))) : null));
      const without = order.filter((i) => !F2.at[i]).length;
      fill(parts.status, say("列出 " + P.number(order.length) + " 条，共 " + P.number(total) + " 条", P.number(order.length) + " of " + P.number(total) + " listed") + (without ? say("；其中 " + P.number(without) + " 条没有位置，不在图上", "; " + P.number(without) + " without a place are not on the map") : ""));
    }
    function choice(id, label, options, value, set) {
      return el("div", { class: "field" }, el("label", { for: id }, label), el("select", { id, onchange() {
        set(this.value);
        changed();
      } }, options.map(([key, name]) => el("option", { value: key, selected: key === value }, name))));
    }
    function page(scroll) {
      if (!F2) {
        ready.then(P.refresh);
        return [el("p", { class: "status" }, say("正在读取……", "Reading…"))];
      }
      const byRule = counted(F2.rule, () => true), byPark = counted(F2.park, () => true), all = say("全部", "All");
      parts.scroll = scroll;
      parts.chips = el("div", { class: "chips", role: "group", "aria-label": say("严重程度", "Severity") });
      parts.status = el("p", { class: "status", role: "status" });
      parts.list = el("div", { class: "list", role: "list", onkeydown(e) {
        if (e.key === "ArrowDown" || e.key === "ArrowUp") {
          e.preventDefault();
          step(e.key === "ArrowDown" ? 1 : -1);
          const b = parts.list.querySelector('[aria-current="true"]');
          if (b) b.focus({ preventScroll: true });
        }
      } });
      scroll.onscroll = rows;
      setTimeout(rows, 0);
      heads();
      return [
        parts.chips,
        el(
          "div",
          { class: "pair" },
          choice("fr", say("规则", "Rule"), [["", all]].concat([...byRule].sort((a, b) => b[1] - a[1]).map(([r, n]) => [F2.rules[r], F2.rules[r] + " " + (F2.names[S.lang === "en" ? 1 : 0][r] || "") + " (" + n + ")"])), state.rule, (v) => {
            state.rule = v;
          }),
          byPark.size > 1 ? choice("fp", say("园区", "Park"), [["", all]].concat([...byPark].sort((a, b) => b[1] - a[1]).map(([p, n]) => [F2.parks[p], parkName(F2.parks[p]) + " (" + n + ")"]).filter((o) => o[0])), state.park, (v) => {
            state.park = v;
          }) : null,
          choice("fs", say("排序", "Order"), [["grave", say("先重后轻", "gravest first")], ["size", say("按数值大小", "by amount")], ["rule", say("按规则", "by rule")], ["park", say("按园区", "by park")]], state.sort, (v) => {
            state.sort = v;
          }),
          choice("fg", say("分组", "Groups"), [["", say("不分组", "none")], ["rule", say("按规则", "by rule")], ["park", say("按园区", "by park")], ["severity", say("按严重程度", "by severity")]], state.group, (v) => {
            state.group = v;
            shut.clear();
          }),
          el("div", { class: "field" }, el("label", { for: "fw" }, say("含有文字", "With the words")), el("input", { type: "search", id: "fw", value: state.words, oninput() {
            state.words = this.value;
            changed();
          } }))
        ),
        el("div", { class: "row" }, el("button", { class: "tool", type: "button", onclick: csv }, say("导出所列为 CSV", "Listed as CSV")), el("button", { class: "tool", type: "button", onclick: geojson }, say("导出所列为 GeoJSON", "Listed as GeoJSON"))),
        parts.status,
        parts.list
      ];
    }
    const fields = () => [["rule", (i) => F2.rules[F2.rule[i]]], ["severity", (i) => SEVERITIES[F2.severity[i]]], ["park", (i) => F2.parks[F2.park[i]]], ["level", (i) => F2.level[i]], ["feature", (i) => F2.feature[i]], ["measured", (i) => F2.measured[i]], ["unit", (i) => F2.unit[i]], ["text", text], ["clause", (i) => F2.clause[i]], ["lat", (i) => F2.at[i] ? F2.at[i][0] : null], ["lon", (i) => F2.at[i] ? F2.at[i][1] : null]];
    function csv() {
      const cols = fields(), lines4 = [cols.map((c) => c[0]).join(",")].concat(order.map((i) => cols.map((c) => csvCell(c[1](i))).join(",")));
      P.save("findings.csv", "text/csv", "\uFEFF" + lines4.join("\r\n") + "\r\n");
    }
    function geojson() {
      const cols = fields(), features = order.map((i) => ({ type: "Feature", properties: Object.fromEntries(cols.map((c) => [c[0], c[1](i)])), geometry: F2.g[i] }));
      P.save("findings.geojson", "application/geo+json", JSON.stringify({ type: "FeatureCollection", features }));
    }
    function at(latlng) {
      if (!layer || !visible() || !map.hasLayer(layer)) return -1;
      return layer.pick(map, latlng, 9);
    }
    return { page, update, choose, step, card: card2, at, severityWord, ready, button, count: total, of: (id) => F2 && byFeature.get(id) || [], listed: () => order.slice(), data: () => F2, legend: () => total && visible() ? SEVERITIES.map((s, k) => ({ text: say("问题：", "Finding: ") + severityWord(k), colour: COLOURS[k], dot: true })).filter((_, k) => !F2 || F2.severity.indexOf(k) >= 0) : [] };
  }

  // firms.js
  function within2(ring, { lat, lng }) {
    let inside2 = false;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) if (ring[i][1] > lat !== ring[j][1] > lat && lng < (ring[j][0] - ring[i][0]) * (lat - ring[i][1]) / (ring[j][1] - ring[i][1]) + ring[i][0]) inside2 = !inside2;
    return inside2;
  }
  var HEX = 22;
  function firmsDesk(P) {
    const { D, S, map, say } = P, told2 = D.firms, parts = {};
    const block = (name) => document.getElementById("firms" + name).textContent;
    let d = null, classes = null, names = null, parcels = null, layer = null, overlay = null, busy = 0, hot = null;
    S.firms = { mode: "auto" };
    const ready = told2 ? Promise.all([inflate(block("")), inflate(block(".industry"))]).then(([bytes, column]) => {
      d = decode(told2.meta, bytes);
      classes = decodeColumn(told2.columns.industry, column, d.n).values;
    }) : Promise.resolve();
    const colour = (k) => told2.classes[k].colour;
    const picked = (k) => !S.picks.length || S.picks.indexOf(told2.classes[k].id) >= 0;
    const modes = () => ["auto", "points", "hexagons", "heat"].concat(told2 && told2.hot ? ["hot"] : []);
    const shows = () => !!told2 && S.tab === "firms";
    const mode = () => S.firms.mode === "auto" ? map.getZoom() >= 13.5 ? "points" : "hexagons" : S.firms.mode;
    function open() {
      if (layer) return;
      const pane = map.createPane("firms");
      pane.style.zIndex = 430;
      pane.style.pointerEvents = "none";
      layer = new PointLayer(d, { pane: "firms", radius: 3.6, maxZoom: 22 });
      layer.setClasses(classes, told2.classes.map((c) => c.colour));
      overlay = document.createElement("canvas");
      overlay.className = "hexes";
      overlay.setAttribute("aria-hidden", "true");
      const under = map.createPane("hexes");
      under.style.zIndex = 360;
      under.style.pointerEvents = "none";
      under.appendChild(overlay);
    }
    function update() {
      if (!told2) return;
      if (!shows()) {
        if (layer && map.hasLayer(layer)) map.removeLayer(layer);
        if (overlay) overlay.style.display = "none";
        if (hot) map.removeLayer(hot);
        return;
      }
      if (!d) {
        ready.then(() => {
          update();
          P.paintLegend();
          P.declutter();
        });
        return;
      }
      open();
      const points = mode() === "points", mask = S.picks.length ? Uint8Array.from(classes, (k) => picked(k) ? 1 : 0) : null;
      if (points && (mask ? S.picks.join() : "") !== busy) {
        layer.setShown(mask);
        busy = mask ? S.picks.join() : "";
      }
      if (points !== map.hasLayer(layer)) {
        if (points) layer.addTo(map);
        else map.removeLayer(layer);
      }
      overlay.style.display = points ? "none" : "block";
      if (mode() === "hot") {
        overlay.style.display = "none";
      } else if (!points) gather(mask);
      spots();
      chart();
    }
    const HOT = ["#8f1d2c", "#2b5d9b"];
    const about2 = () => S.picks.length === 1 ? S.picks[0] : "";
    const spotRows = () => own(told2.hot.by, about2()) || null;
    function spots() {
      if (mode() !== "hot") {
        if (hot) map.removeLayer(hot);
        return;
      }
      if (!hot) {
        const pane = map.createPane("spots");
        pane.style.zIndex = 365;
        pane.style.pointerEvents = "none";
        hot = L.layerGroup();
      }
      const said = about2() + (spotRows() ? spotRows().length : "");
      if (hot.said !== said) {
        hot.clearLayers();
        hot.said = said;
        const renderer = parts.spots || (parts.spots = L.svg({ pane: "spots", padding: 0.5 }));
        for (const [k, z] of spotRows() || []) L.polygon(told2.hot.rings[k].map((c) => [c[1], c[0]]), { renderer, pane: "spots", interactive: false, color: "#fffdf8", weight: 1, fillColor: HOT[z > 0 ? 0 : 1], fillOpacity: 0.78 }).addTo(hot);
      }
      if (!map.hasLayer(hot)) hot.addTo(map);
    }
    function spotWords() {
      const h = told2.hot, rows = spotRows(), name = about2() ? P.T(P.industry(about2()).name) : say("全部企业", "all firms"), rate = Math.round(100 * (1 - h.level)) + "%";
      if (S.picks.length > 1) return say("热点一次看一类；选了几类时按全部企业计算。", "Hot spots are told for one cluster; with several chosen, of all firms.");
      if (!rows) return say(name + "不足 30 家，不判断热点。", name + ": fewer than 30 firms, so no hot spot is told.");
      const n = rows.filter((r) => r[1] > 0).length;
      return say(name + "：园区内 " + P.number(h.cells) + " 个宽 " + P.number(h.size_m) + " 米的六边形中，" + n + " 个是热点、" + (rows.length - n) + " 个是冷点（Gi*，每公顷企业数，错误发现率不超过 " + rate + "）。", name + ": of " + P.number(h.cells) + " hexagons " + P.number(h.size_m) + " m wide in the parks, " + n + " are hot and " + (rows.length - n) + " cold (Gi* of firms per hectare, false-discovery rate at most " + rate + ").");
    }
    function spotAt(latlng) {
      return (spotRows() || []).find(([k]) => within2(told2.hot.rings[k], latlng));
    }
    function gather(mask) {
      const size = map.getSize(), ratio = Math.min(2, window.devicePixelRatio || 1), bins = hexagons(size, mask);
      const at = map.containerPointToLayerPoint([0, 0]), x = overlay.getContext("2d");
      overlay.width = size.x * ratio;
      overlay.height = size.y * ratio;
      overlay.style.width = size.x + "px";
      overlay.style.height = size.y + "px";
      L.DomUtil.setPosition(overlay, at);
      x.scale(ratio, ratio);
      const counts = [...bins.values()].map((b) => b.n).sort((a, b) => a - b), most = counts.length ? counts[counts.length - 1] : 1;
      parts.limits = limits(counts);
      for (const b of bins.values()) {
        if (mode() === "heat") {
          const r = HEX * 2.1, g = x.createRadialGradient(b.x, b.y, 0, b.x, b.y, r), a = 0.15 + 0.6 * Math.sqrt(b.n / most);
          g.addColorStop(0, "rgba(180,50,60," + a.toFixed(3) + ")");
          g.addColorStop(1, "rgba(180,50,60,0)");
          x.fillStyle = g;
          x.fillRect(b.x - r, b.y - r, 2 * r, 2 * r);
        } else {
          hexagon(x, b);
          x.fillStyle = P.ramp(5)[step(b.n)];
          x.globalAlpha = 0.85;
          x.fill();
          x.globalAlpha = 1;
          x.strokeStyle = "#fffdf8";
          x.lineWidth = 1;
          x.stroke();
        }
      }
      parts.bins = bins;
    }
    function hexagon(x, b) {
      x.beginPath();
      for (let k = 0; k < 6; k++) x.lineTo(b.x + (HEX - 0.6) * Math.sin(k * Math.PI / 3), b.y + (HEX - 0.6) * Math.cos(k * Math.PI / 3));
      x.closePath();
    }
    function limits(counts) {
      const out = [1];
      for (const q of [0.4, 0.65, 0.85, 0.95]) {
        const v = Math.max(out[out.length - 1] + 1, counts[Math.floor(q * counts.length)] || 0);
        out.push(v);
      }
      return out;
    }
    function step(n) {
      let k = 0;
      while (k < 4 && n >= parts.limits[k + 1]) k++;
      return k;
    }
    function hexagons(size, mask) {
      const w = HEX * Math.sqrt(3), h = HEX * 1.5, k = Math.pow(2, map.getZoom() + 8 - d.bits), o = map.getPixelBounds().min, bins = /* @__PURE__ */ new Map();
      for (let i = 0; i < d.n; i++) {
        if (mask && !mask[i]) continue;
        const px = d.X[i] * k - o.x, py = d.Y[i] * k - o.y;
        if (px < -w || py < -h || px > size.x + w || py > size.y + h) continue;
        const wx = px + o.x, wy = py + o.y;
        let row = Math.round(wy / h), col = Math.round((wx - (row & 1) * w / 2) / w), best = null;
        for (let r = row - 1; r <= row + 1; r++) for (let c = col - 1; c <= col + 1; c++) {
          const cx = c * w + (r & 1) * w / 2, cy = r * h, dd = (cx - wx) ** 2 + (cy - wy) ** 2;
          if (!best || dd < best.dd) best = { dd, r, c, cx, cy };
        }
        const key = best.r + "," + best.c, bin = bins.get(key) || { n: 0, x: best.cx - o.x, y: best.cy - o.y, by: /* @__PURE__ */ new Map() };
        bin.n++;
        bin.by.set(classes[i], (bin.by.get(classes[i]) || 0) + 1);
        bins.set(key, bin);
      }
      return bins;
    }
    function inView() {
      const b = map.getBounds(), z = d.bits - 8, a = L.CRS.EPSG3857.latLngToPoint(b.getNorthWest(), z), e = L.CRS.EPSG3857.latLngToPoint(b.getSouthEast(), z), out = new Array(told2.classes.length).fill(0);
      for (let i = 0; i < d.n; i++) if (d.X[i] >= a.x && d.X[i] <= e.x && d.Y[i] >= a.y && d.Y[i] <= e.y) out[classes[i]]++;
      return out;
    }
    function chart() {
      if (!parts.chart || !parts.chart.isConnected || !d) return;
      const n = inView(), sum = n.reduce((a, b) => a + b, 0), most = Math.max(1, ...n), rows = told2.classes.map((c, k) => ({ c, k, n: n[k] })).filter((r) => r.n || picked(r.k)).sort((a, b) => b.n - a.n);
      fill(parts.status, say("图内 " + P.number(sum) + " 家，全部 " + P.number(d.n) + " 家（" + told2.year + " 年）；点一类只看这一类", P.number(sum) + " in view of " + P.number(d.n) + " (" + told2.year + "); choose a cluster to see it alone"));
      fill(parts.chart, rows.map((r) => el("li", {}, el(
        "button",
        { type: "button", "aria-pressed": S.picks.indexOf(r.c.id) >= 0 ? "true" : "false", disabled: !r.c.id, onclick() {
          P.togglePick(r.c.id);
        } },
        swatch(r.c.colour),
        el("span", { class: "nm" }, P.T(r.c.name), el("span", { class: "bar" }, el("i", { style: "width:" + (100 * r.n / most).toFixed(1) + "%;background:" + r.c.colour }))),
        el("span", { class: "vl num" }, P.number(r.n)),
        el("span", { class: "pc num" }, sum ? (100 * r.n / sum).toFixed(1) + "%" : "—")
      ))));
    }
    function quotients() {
      const key = S.picks[0], rows = [];
      if (!key) return el("p", { class: "status" }, say("选一个产业集群，这里列出各园区的企业数、占比和区位商。", "Choose a cluster to see number, share and location quotient by park."));
      for (const id of Object.keys(D.mix.rows)) {
        const row = D.mix.rows[id].find((r) => r[0] === key), sum = D.mix.rows[id].reduce((a, r) => a + r[1], 0);
        if (row && row[1]) rows.push({ id, n: row[1], share: row[1] / sum, lq: row[2], sure: row[5] });
      }
      rows.sort((a, b) => b.lq - a.lq);
      const planned = (id) => own(P.byId, id) && P.byId[id].industries.indexOf(key) >= 0;
      return [
        el(
          "table",
          { class: "recs" },
          el("caption", { class: "sr" }, say("区位商", "Location quotients")),
          el("thead", {}, el("tr", {}, [say("园区", "Park"), say("家数", "Firms"), say("占比", "Share"), say("区位商", "Quotient"), say("规划", "Planned")].map((t, i) => el("th", { scope: "col", class: i ? "v" : null }, t)))),
          el("tbody", {}, rows.map((r) => el("tr", {}, el("td", {}, own(P.byId, r.id) ? el("button", { class: "link", type: "button", onclick() {
            P.pick(r.id, true);
          } }, P.T(P.byId[r.id].name)) : r.id), el("td", { class: "v num" }, P.number(r.n)), el("td", { class: "v num" }, (100 * r.share).toFixed(1) + "%"), el("td", { class: "v num" }, P.number(r.lq) + (r.sure === "yes" ? " ↑" : r.sure === "no" ? " ↓" : "")), el("td", { class: "v" }, planned(r.id) ? "✓" : ""))))
        ),
        el("p", { class: "text" }, say("区位商＝园区内该集群企业占比÷全区占比；↑、↓ 表示95%区间整体高于、低于1。规划一栏打勾的是规划布局该集群的园区。", "Quotient: the cluster's share among the park's firms over its share in the zone; ↑ ↓: the 95 % interval lies above or below 1. A tick: the plan places the cluster there."))
      ];
    }
    function page() {
      parts.status = el("p", { class: "status", role: "status" });
      parts.chart = el("ul", { class: "classes" });
      parts.table = el("div", {});
      const words = { auto: say("自动", "auto"), points: say("点", "points"), hexagons: say("蜂窝", "hexagons"), heat: say("热力", "heat"), hot: say("热点", "hot spots") };
      ready.then(() => {
        chart();
      });
      fill(parts.table, quotients());
      return [
        el("div", { class: "between" }, el("span", { class: "cap" }, say("怎么画", "Drawn as")), el("div", { class: "seg", role: "group", "aria-label": say("怎么画", "Drawn as") }, modes().map((key) => el("button", { type: "button", "aria-pressed": S.firms.mode === key ? "true" : "false", onclick() {
          S.firms.mode = key;
          P.refresh();
          P.landChanged();
        } }, words[key])))),
        mode() === "hot" ? el("p", { class: "text spot-words" }, spotWords()) : null,
        parts.status,
        parts.chart,
        el("h2", { class: "cap" }, say("各园区的这个集群", "The cluster by park")),
        parts.table,
        told2.said.map((pair) => el("p", { class: "warn" }, P.T(pair)))
      ];
    }
    function legend2() {
      if (!shows() || !d) return null;
      if (mode() === "points") return { title: say("企业，按产业集群", "Firms by cluster"), rows: told2.classes.map((c, k) => ({ text: P.T(c.name), colour: c.colour, k })).filter((r) => picked(r.k)) };
      const l = parts.limits || [1], title = say("企业数（每格）", "Firms per cell") + (S.picks.length ? say("：", ": ") + S.picks.map((k) => P.T(P.industry(k).name)).join(say("、", ", ")) : "");
      if (mode() === "hot") return { title: say("企业热点", "Hot spots of firms") + (about2() ? say("：", ": ") + P.T(P.industry(about2()).name) : ""), sub: say("错误发现率 ≤ ", "false-discovery rate ≤ ") + Math.round(100 * (1 - told2.hot.level)) + "%", rows: [{ text: say("热点：企业密集", "hot: firms gather"), colour: HOT[0] }, { text: say("冷点：企业稀少", "cold: firms are scarce"), colour: HOT[1] }] };
      if (mode() === "heat") return { title: say("企业密集处", "Where firms gather"), rows: [{ text: say("颜色越深企业越多", "the darker, the more firms"), colour: "#b4323c" }] };
      return { title, rows: P.ramp(5).map((c, k) => ({ colour: c, text: k < 4 ? l[k + 1] - 1 > l[k] ? P.number(l[k]) + " – " + P.number(l[k + 1] - 1) : P.number(l[k]) : P.number(l[4]) + say(" 及以上", " and more") })) };
    }
    function of(parcel) {
      if (!told2 || !told2.columns.parcel_id) return [];
      if (!parcels) {
        if (parcels === null) {
          parcels = void 0;
          Promise.all([inflate(block(".parcel_id")), told2.columns.name ? inflate(block(".name")) : null]).then(([a, b]) => {
            const p = decodeColumn(told2.columns.parcel_id, a, told2.meta.n);
            names = b ? decodeColumn(told2.columns.name, b, told2.meta.n) : null;
            parcels = /* @__PURE__ */ new Map();
            for (let i = 0; i < told2.meta.n; i++) {
              const id = p.text(i);
              if (id) {
                if (!parcels.has(id)) parcels.set(id, []);
                parcels.get(id).push(i);
              }
            }
            P.paintCard();
          });
        }
        return [];
      }
      return (parcels.get(parcel) || []).map((i) => (names && names.text(i) ? names.text(i) + " · " : "") + (classes ? P.T(told2.classes[classes[i]].name) : ""));
    }
    function tip(latlng) {
      if (!shows() || !d) return null;
      if (mode() === "points") {
        const i = layer ? layer.pick(map, latlng, 7) : -1;
        return i < 0 ? null : [P.T(told2.classes[classes[i]].name)];
      }
      if (mode() === "hot") {
        const r = spotAt(latlng);
        return r ? [say(r[1] > 0 ? "热点" : "冷点", r[1] > 0 ? "hot" : "cold") + " · " + P.number(r[3]) + say(" 家企业", " firms"), el("small", {}, "z " + r[1] + " · q " + r[2])] : null;
      }
      const p = map.latLngToContainerPoint(latlng);
      for (const b of (parts.bins || /* @__PURE__ */ new Map()).values()) if ((b.x - p.x) ** 2 + (b.y - p.y) ** 2 < HEX * HEX * 0.8) {
        const top2 = [...b.by].sort((x, y) => y[1] - x[1]).slice(0, 3);
        return [P.number(b.n) + say(" 家企业", " firms"), el("small", {}, top2.map(([k, n]) => P.T(told2.classes[k].name) + " " + P.number(n)).join(" · "))];
      }
      return null;
    }
    return { page, update, legend: legend2, modes, of, tip, ready, shows, count: told2 ? told2.meta.n : 0, canvas: () => shows() && mode() !== "points" ? overlay : null, state: () => ({ d, classes, mode: mode() }), colour };
  }

  // inset.js
  function inset(P) {
    const { D, S, map, parks } = P;
    Object.assign(P, { insetBuild, paintScale, scaleLength, project, insetMove });
    P.world = null;
    function project(lat, lng) {
      var p = map.options.crs.latLngToPoint(L.latLng(lat, lng), 8);
      return [p.x, p.y];
    }
    function insetBuild() {
      if (!D.districts.length) {
        P.inset.hidden = true;
        return;
      }
      var x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
      var path = function(g) {
        var out = "";
        each(g.type === "MultiPolygon" ? g.coordinates : [g.coordinates], function(poly) {
          each(poly, function(ring) {
            each(ring, function(c, i) {
              var p = project(c[1], c[0]);
              x0 = Math.min(x0, p[0]);
              x1 = Math.max(x1, p[0]);
              y0 = Math.min(y0, p[1]);
              y1 = Math.max(y1, p[1]);
              out += (i ? "L" : "M") + p[0].toFixed(1) + " " + p[1].toFixed(1);
            });
            out += "Z";
          });
        });
        return out;
      };
      var land = D.districts.map(function(d) {
        return svg("path", { d: path(d.g), fill: "#f1ede3", stroke: "#cfc7b6", "stroke-width": 0.4 });
      });
      var dots = parks.filter(function(u) {
        return u.at && u.level === "park";
      }).map(function(u) {
        var p = project(u.at[0], u.at[1]);
        return svg("circle", { cx: p[0], cy: p[1], r: 3, fill: u.hue, opacity: 0.85 });
      });
      P.world = svg("rect", { fill: "none", stroke: "#d97706", "stroke-width": 1.4 });
      var one = (x1 - x0) / 100;
      each(dots, function(d) {
        d.setAttribute("r", 1.7 * one);
      });
      each(land, function(d) {
        d.setAttribute("stroke-width", 0.35 * one);
      });
      P.world.setAttribute("stroke-width", 1.1 * one);
      fill(P.inset, el("div", { class: "cap" }, P.U.whole), svg("svg", { viewBox: [x0 - one, y0 - one, x1 - x0 + 2 * one, y1 - y0 + 2 * one].join(" "), role: "img", "aria-label": P.U.whole }, land, dots, P.world));
      insetMove();
    }
    function insetMove() {
      if (!P.world) return;
      var b = map.getBounds(), a = project(b.getNorth(), b.getWest()), c = project(b.getSouth(), b.getEast());
      P.world.setAttribute("x", a[0]);
      P.world.setAttribute("y", a[1]);
      P.world.setAttribute("width", Math.max(1, c[0] - a[0]));
      P.world.setAttribute("height", Math.max(1, c[1] - a[1]));
    }
    function scaleLength(target) {
      var s = map.getSize(), y = s.y / 2, m = map.distance(map.containerPointToLatLng([s.x / 2, y]), map.containerPointToLatLng([s.x / 2 + 100, y])) / 100, raw = m * target, p = Math.pow(10, Math.floor(Math.log(raw) / Math.LN10)), n = raw / p >= 5 ? 5 : raw / p >= 2 ? 2 : 1;
      return { m: n * p, px: n * p / m, text: n * p >= 1e3 ? P.number(n * p / 1e3) + (S.lang === "en" ? " km" : " 公里") : P.number(n * p) + (S.lang === "en" ? " m" : " 米"), perPx: m };
    }
    function paintScale() {
      var l = scaleLength(110);
      fill(P.scale, l.text, el("i", { style: "width:" + l.px.toFixed(1) + "px" }));
    }
  }

  // landview.js
  var HECTARE2 = 1e4;
  var MU = 2e3 / 3;
  function landView(P, desk) {
    const { S, say } = P;
    const amount = (m2) => m2 >= 1e6 ? P.number(m2 / 1e6) + say(" 平方公里", " km²") : P.number(m2 / HECTARE2) + say(" 公顷", " ha");
    const parts = {};
    function className(row) {
      if (row.name) return P.T(row.name);
      if (row.from === null && row.to === null) return say("有数值", "with a value");
      if (row.from === null) return say(P.number(row.to) + " 以下", "below " + P.number(row.to));
      return row.to === null ? say(P.number(row.from) + " 及以上", P.number(row.from) + " and more") : P.number(row.from) + " – " + P.number(row.to);
    }
    function styleName(layer) {
      const unit = layer.style && layer.style.unit ? P.T(layer.style.unit) : "";
      return layer.style ? P.T(layer.style.name) + (unit ? say("（" + unit + "）", " (" + unit + ")") : "") : P.T(layer.record.name);
    }
    function layerRow(layer) {
      const { record } = layer, id = "land-on-" + layer.key;
      const box2 = el("input", { type: "checkbox", id, checked: desk.on(layer), onchange() {
        S.land.on = desk.layers.filter((l) => l === layer ? this.checked : desk.on(l)).map((l) => l.key);
        if (this.checked && layer.record.styles.length) S.land.level = layer.key;
        P.landChanged();
        P.remember();
      } });
      const choose = record.styles.length > 1 ? el(
        "select",
        { "aria-label": P.T(record.name) + say(" 着色方式", ", coloured by"), onchange() {
          S.land.level = layer.key;
          desk.setStyle(layer, this.value).then(P.landChanged);
          P.landChanged();
          P.remember();
        } },
        record.styles.map((s) => el("option", { value: s.key, selected: s === layer.style }, P.T(s.name)))
      ) : null;
      const from = record.from ? el("span", { class: "hint" }, say("放大后显示", "shown when zoomed in")) : null;
      return el("div", { class: "lay" }, el("label", { for: id }, box2, " ", P.T(record.name), el("b", { class: "num" }, P.number(record.meta.n))), from, choose);
    }
    function table() {
      const layer = desk.active(), box2 = parts.table;
      if (!layer || !box2) return;
      if (!desk.drawn(layer)) {
        fill(box2, el("p", { class: "status" }, say("选中上面的图层后，这里列出各类面积。", "Tick a layer above to see its areas by class.")));
        return;
      }
      layer.open("parcels");
      const rows = layer.totals();
      if (!rows) {
        fill(box2, el("p", { class: "status" }, say("正在读取……", "Reading…")));
        layer.ready.then(table);
        return;
      }
      const total = rows.reduce((sum, r) => sum + r.area, 0), sorted2 = layer.style && layer.style.kind === "class" ? rows.slice().sort((a, b) => +(a.place === 0) - +(b.place === 0) || b.area - a.area) : rows;
      fill(
        box2,
        el("div", { class: "between" }, el("h2", { class: "cap" }, P.T(layer.record.name) + " · " + styleName(layer)), layer.only.size ? el("button", { class: "chip", type: "button", onclick() {
          layer.only.clear();
          layer.mask();
          P.landChanged();
        } }, say("全部显示", "Show all")) : null),
        el("p", { class: "status" }, say("合计 ", "In all ") + amount(total) + say("（", " (") + P.number(total / MU) + say(" 亩）；点一类只看这一类", " mu); choose a class to see it alone")),
        el("ul", { class: "classes" }, sorted2.map((r) => classRow(layer, r, total)))
      );
    }
    function classRow(layer, r, total) {
      const picked = layer.only.has(r.place), share2 = total ? 100 * r.area / total : 0;
      return el("li", {}, el("button", { type: "button", "aria-pressed": picked ? "true" : "false", onclick() {
        if (picked) layer.only.delete(r.place);
        else layer.only.add(r.place);
        layer.mask();
        P.landChanged();
      } }, swatch(r.colour), el("span", { class: "nm" }, className(r)), el("span", { class: "vl num" }, amount(r.area)), el("span", { class: "pc num" }, share2 >= 0.1 ? share2.toFixed(1) + "%" : "<0.1%")));
    }
    function found() {
      desk.search(S.land.find, 30).then((rows) => {
        fill(
          parts.found,
          rows.map((r) => el("li", {}, el("button", { type: "button", onclick() {
            P.pickThing(r, true);
          } }, r.text))),
          S.land.find && !rows.length ? el("li", { class: "status" }, say("没有编号、名称或使用者含有这些字的宗地", "No parcel with these words in its id, name or owner")) : null
        );
      });
    }
    function page() {
      parts.table = el("div", {});
      parts.found = el("ul", { class: "found" });
      const search2 = el("input", { type: "search", id: "lf", autocomplete: "off", value: S.land.find, oninput() {
        S.land.find = this.value;
        found();
      } });
      const range = el("input", { type: "range", id: "lo", min: 20, max: 100, step: 5, value: Math.round(S.land.opacity * 100), oninput() {
        S.land.opacity = this.value / 100;
        desk.update();
      } });
      table();
      if (S.land.find) found();
      return [
        el("div", { class: "lays", role: "group", "aria-label": say("图层", "Layers") }, desk.layers.slice().reverse().map(layerRow), P.contextRow()),
        el("div", { class: "field row" }, el("label", { for: "lo", class: "cap" }, say("不透明度", "Opacity")), range),
        desk.byKey.parcel ? el("div", { class: "field" }, el("label", { for: "lf" }, say("查宗地（编号、名称、使用者）", "Find a parcel (id, name, owner)")), search2, parts.found) : null,
        P.site.button(),
        parts.table,
        desk.data.said.map((pair) => el("p", { class: "warn" }, P.T(pair)))
      ];
    }
    function legend2(most) {
      const layer = desk.active();
      if (!layer || !desk.drawn(layer) || !layer.totals()) return null;
      const rows = layer.totals().slice().sort((a, b) => layer.style && layer.style.kind === "class" ? +(a.place === 0) - +(b.place === 0) || b.area - a.area : a.place - b.place), shown = rows.slice(0, most), rest = rows.slice(most);
      const out = shown.map((r) => ({ text: className(r), colour: r.colour }));
      if (rest.length) out.push({ text: say("另有 " + rest.length + " 类，见面板", rest.length + " more in the panel"), more: true });
      return { title: P.T(layer.record.name) + " · " + styleName(layer), rows: out };
    }
    function value(layer, key, i) {
      const c = layer.now(key), v = c ? c.text(i) : null;
      return v === void 0 || v === "" ? null : v;
    }
    function classAt(layer, key, i) {
      const s = layer.record.styles.find((one) => one.key === key), c = layer.now("by." + key);
      if (!s || !c) return null;
      return s.kind === "class" ? c.values[i] ? s.classes[c.values[i]] : null : c.text(i) === null ? null : { name: [P.number(c.values[i]), P.number(c.values[i])], number: c.values[i] };
    }
    function tip(thing) {
      const { layer, i } = thing, row = layer.classes ? layer.legend()[layer.classes[i]] : null, area = value(layer, "area_m2", i);
      return [row ? className(row) : P.T(layer.record.name), el("small", {}, [layer.now("id") ? layer.now("id").text(i) : "", area ? amount(area) : ""].filter(Boolean).join(" · "))];
    }
    function read2(layer) {
      return Promise.all(Object.keys(layer.record.columns).map((key) => layer.column(key)));
    }
    function word(v) {
      return P.T(own(VALUES, String(v)) || [String(v), String(v)]);
    }
    function cardParts({ layer, i }) {
      const { record } = layer, id = value(layer, "id", i), name = value(layer, "name", i) || value(layer, "zh", i), park = value(layer, "park_id", i), unit = park ? P.byId[park] : null;
      const area = value(layer, "area_m2", i), coded = new Set(record.styles.filter((s) => s.kind === "class").map((s) => s.key)), rows = record.fields.filter((f) => ["id", "name", "zh"].indexOf(f[0]) < 0 && !coded.has(f[0])).map((f) => [P.T([f[1], f[2]]), value(layer, f[0], i)]).filter((r) => r[1] !== null);
      const uses = record.styles.filter((s) => s.kind === "class" || s.key === "far").map((s) => [P.T(s.name), classAt(layer, s.key, i), s]).filter((r) => r[1]);
      return { title: name || id || P.T(record.name), other: [P.T(record.name), name && id ? id : "", unit ? P.T(unit.name) : ""].filter(Boolean).join(" · "), area, uses, rows, id, unit };
    }
    function onEdge({ layer, i, clicked }) {
      const others = clicked ? layer.layer.besides(clicked, i) : [];
      if (!others.length) return null;
      const near2 = layer.layer.unit(clicked), within3 = near2 < 0.1 ? near2.toFixed(2) : near2.toFixed(1), ids = others.map((k) => k < 0 ? say("地块之外", "none of them") : value(layer, "id", k));
      return el("p", { class: "warn" }, say("所点之处离界线不到 " + within3 + " 米，本页图形取整到这个尺度，也可能属于：" + ids.join("、"), "The place clicked is within " + within3 + " m of a boundary, to which shapes are rounded here; it may as well lie in: " + ids.join(", ")));
    }
    function card2(thing) {
      const c = cardParts(thing), firms = thing.layer.key === "parcel" ? P.firmsOf(c.id) : [], findings = P.findingsOf(c.id);
      return { title: c.title, other: c.other, body: [
        onEdge(thing),
        c.area ? el("p", { class: "big num" }, P.number(c.area) + say(" 平方米", " m²"), el("small", {}, P.number(c.area / HECTARE2) + say(" 公顷 · ", " ha · ") + P.number(c.area / MU) + say(" 亩", " mu"))) : null,
        el(
          "dl",
          { class: "facts" },
          c.uses.map((r) => [el("dt", {}, r[0]), el("dd", {}, r[1].colour ? swatch(r[1].colour) : null, " ", P.T(r[1].name), r[1].number !== void 0 && r[2].unit ? " " + P.T(r[2].unit) : "")]),
          c.rows.map((r) => [el("dt", {}, r[0]), el("dd", { class: "num" }, typeof r[1] === "number" ? P.number(r[1]) : word(r[1]))])
        ),
        findings.length ? [el("h3", {}, say("问题", "Findings") + " (" + findings.length + ")"), findings.map((f) => P.findingButton(f))] : null,
        firms.length ? [el("h3", {}, say("企业", "Firms") + " (" + firms.length + ")"), el("ul", { class: "firms" }, firms.slice(0, 30).map((t) => el("li", {}, t))), firms.length > 30 ? el("p", { class: "text" }, say("只列前 30 家", "The first 30")) : null] : null,
        c.unit ? [el("h3", {}, say("所在园区", "Park")), el("div", { class: "inner" }, el("button", { type: "button", onclick() {
          P.pick(c.unit.id, true);
        } }, P.T(c.unit.name)))] : null
      ] };
    }
    return { page, table, legend: legend2, card: card2, cardParts, className, word, tip, read: read2 };
  }
  var VALUES = { allocated: ["划拨", "allocated"], granted: ["出让", "granted"], leased: ["租赁", "leased"], True: ["是", "yes"], False: ["否", "no"], true: ["是", "yes"], false: ["否", "no"] };

  // legend.js
  function legend(P) {
    const { D, S, T, map, phone } = P;
    Object.assign(P, { paintLegend, when, legendOf, keyOf });
    function swatch2(colour, dashed, stroke) {
      return svg("svg", { width: 26, height: 15, viewBox: "0 0 26 15", "aria-hidden": "true" }, svg("rect", { x: 1, y: 1, width: 24, height: 13, rx: 2, fill: colour, stroke: stroke || "#8c8371", "stroke-width": stroke ? 1.6 : 0.8, "stroke-dasharray": dashed || "none" }));
    }
    function hatch(id) {
      return svg("svg", { width: 26, height: 15, viewBox: "0 0 26 15", "aria-hidden": "true" }, svg("defs", {}, svg("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { width: 6, height: 6, fill: "#fdfcf9" }), svg("rect", { width: 1.2, height: 6, fill: "#c9c0ae" }))), svg("rect", { x: 1, y: 1, width: 24, height: 13, rx: 2, fill: "url(#" + id + ")", stroke: "#8c8371", "stroke-width": 0.8 }));
    }
    function keyOf(c, id) {
      return c.more ? null : c.line ? swatch2("none", null, c.line) : c.colour ? c.dot ? dot(c.colour) : swatch2(c.colour) : hatch(id);
    }
    function classes(forPrint) {
      var m = P.measure(), out = [], b, cs;
      if (!m) return out;
      b = m.breaks;
      cs = P.colours();
      each(cs, function(c, i) {
        var text = !b.length ? P.U.valueAt : i === 0 ? S.lang === "en" ? "below " + P.number(b[0]) : P.number(b[0]) + " 以下" : i === b.length ? S.lang === "en" ? P.number(b[i - 1]) + " and more" : P.number(b[i - 1]) + " 及以上" : P.number(b[i - 1]) + " – " + P.number(b[i]);
        out.push({ text, colour: c });
      });
      out.push({ text: P.U.none, colour: null });
      return out;
    }
    function keys(short) {
      var out = [], has = function(p) {
        return D.units.some(function(u) {
          return u.g && u.precision === p;
        });
      };
      each(D.groups, function(g) {
        if (short && D.outlines.some(function(o) {
          return o.id === g.id;
        })) return;
        if (!D.outlines.some(function(o) {
          return o.id === g.id;
        }) && !P.drawn.some(function(u) {
          return u.group === g.id;
        })) return;
        out.push({ node: swatch2("#fdfcf9", D.outlines.some(function(o) {
          return o.id === g.id;
        }) ? "4 2" : null, g.hue), text: T(g.name), hue: g.hue });
      });
      if (has("sketch")) out.push({ node: swatch2("#fdfcf9", "6 3", "#5f6b76"), text: P.U.sketchLine, dash: [6, 3] });
      if (has("schematic")) out.push({ node: swatch2("#fdfcf9", "2 2.5", "#5f6b76"), text: P.U.schematicLine, dash: [2, 2.5] });
      if (D.units.some(function(u) {
        return u.isPoint;
      })) out.push({ node: svg("svg", { width: 26, height: 15, viewBox: "0 0 26 15", "aria-hidden": "true" }, svg("circle", { cx: 13, cy: 7.5, r: 5.5, fill: "#fdfcf9", stroke: "#5f6b76", "stroke-width": 1.5, "stroke-dasharray": "2.5 2" })), text: P.U.pointMark, dot: true });
      return out;
    }
    function unitOf(m) {
      var unit = T(m.unit);
      return unit ? S.lang === "en" ? " (" + unit + ")" : "（" + unit + "）" : "";
    }
    function when() {
      if (P.compare.shows() && D.compare.years) return S.lang === "en" ? "latest by " + D.compare.years.join(" | by ") : "截至 " + D.compare.years.join(" 年 | 截至 ") + " 年";
      return S.mode === "latest" ? S.lang === "en" ? "latest value by " + S.year : "截至 " + S.year + " 年的最近值" : S.lang === "en" ? "values of " + S.year : S.year + " 年";
    }
    var shut = false, low = false;
    function paintLegend() {
      var small = phone() || map.getSize().y < 560;
      if (small !== low && !P.onPaper) low = shut = small;
      P.legend.className = "box legend" + (shut && P.steps.at() < 0 ? " shut" : "");
      var now = legendOf(phone() ? 8 : 14);
      fill(
        P.legend,
        el("h2", {}, now.title || P.U.legend),
        el("button", { class: "fold", type: "button", "aria-expanded": shut ? "false" : "true", "aria-label": P.U.legend, onclick: function() {
          shut = !shut;
          paintLegend();
          P.declutter();
          P.legend.querySelector(".fold").focus();
        } }, shut ? "▾" : "▴"),
        now.sub ? el("p", { class: "sub" }, now.sub) : null,
        el("div", { class: "rows" }, now.rows.map(function(c) {
          return el("div", { class: "sw num" }, keyOf(c, "no-data-legend"), c.text);
        })),
        now.keys.length ? el("div", { class: "keys" }, now.keys.map(function(k) {
          return el("div", { class: "sw" }, k.node, k.text);
        })) : null
      );
    }
    function legendOf(most, all) {
      var m = P.measure(), by = P.firms.legend() || P.compare.legend() || P.view.legend(most), marks = P.findings.legend();
      if (by) return { title: by.title, sub: by.sub || (S.year !== null && !P.firms.shows() ? S.lang === "en" ? "as of " + S.year : S.year + " 年" : ""), rows: by.rows.concat(marks), keys: [], land: true };
      if (S.tab === "findings") return { title: P.U.findings, sub: "", rows: marks, keys: keys(!all) };
      return { title: m ? T(m.name) + unitOf(m) : "", sub: m ? when() + (m.breaks.length ? (S.lang === "en" ? "; " : "；") + P.U.allYears : "") : "", rows: classes().concat(marks), keys: keys(!all) };
    }
    function dot(colour) {
      return svg("svg", { width: 26, height: 15, viewBox: "0 0 26 15", "aria-hidden": "true" }, svg("circle", { cx: 13, cy: 7.5, r: 5, fill: colour, stroke: "#fffefb", "stroke-width": 1.2 }));
    }
  }

  // geometry.js
  var A2 = 6378137;
  var F = 1 / 298.257222101;
  var E2 = F * (2 - F);
  var E = Math.sqrt(E2);
  var RAD = Math.PI / 180;
  function equalArea(lng, lat) {
    const s = Math.sin(lat * RAD), q = (1 - E2) * (s / (1 - E2 * s * s) - Math.log((1 - E * s) / (1 + E * s)) / (2 * E));
    return [A2 * lng * RAD, A2 * q / 2];
  }
  function onGround(points, step = 400) {
    const out = [];
    points.forEach((a, i) => {
      const b = points[(i + 1) % points.length], n = Math.min(200, Math.max(1, Math.ceil(lengthOf([a, b]) / step)));
      const [p, q] = [a, b].map((c) => [Math.cos(c.lat * RAD) * Math.cos(c.lng * RAD), Math.cos(c.lat * RAD) * Math.sin(c.lng * RAD), Math.sin(c.lat * RAD)]);
      out.push(a);
      for (let k = 1; k < n; k++) {
        const [x, y, z] = p.map((v, axis2) => v + (q[axis2] - v) * k / n);
        out.push({ lat: Math.atan2(z, Math.hypot(x, y)) / RAD, lng: Math.atan2(y, x) / RAD });
      }
    });
    return out;
  }
  function twice(ring) {
    let sum = 0;
    const [x0, y0] = ring[0] || [0, 0];
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) sum += (ring[j][0] - x0) * (ring[i][1] - y0) - (ring[i][0] - x0) * (ring[j][1] - y0);
    return sum;
  }
  function areaOf(points) {
    return points.length < 3 ? 0 : Math.abs(twice(onGround(points).map((p) => equalArea(p.lng, p.lat)))) / 2;
  }
  function lengthOf(points) {
    let sum = 0;
    for (let i = 1; i < points.length; i++) {
      const a = points[i - 1], b = points[i], w = 1 - E2 * Math.sin((a.lat + b.lat) / 2 * RAD) ** 2, cos = Math.cos((a.lat + b.lat) / 2 * RAD);
      sum += Math.hypot((b.lng - a.lng) * RAD * A2 / Math.sqrt(w) * cos, (b.lat - a.lat) * RAD * A2 * (1 - E2) / w ** 1.5);
    }
    return sum;
  }
  function inside(ring, x, y) {
    let odd = false;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [ax, ay] = ring[i], [bx, by] = ring[j];
      if (ay > y !== by > y && x < (bx - ax) * (y - ay) / (by - ay) + ax) odd = !odd;
    }
    return odd;
  }
  var side = (a, b, p) => (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
  function meet(a, b, c, d) {
    return side(a, b, c) > 0 !== side(a, b, d) > 0 && side(c, d, a) > 0 !== side(c, d, b) > 0;
  }
  function crossesItself(ring) {
    const n = ring.length;
    for (let i = 0; i < n; i++) for (let k = i + 2; k < n; k++) {
      if (i === 0 && k === n - 1) continue;
      if (meet(ring[i], ring[(i + 1) % n], ring[k], ring[(k + 1) % n])) return true;
    }
    return false;
  }
  function meetsBox(ring, x0, y0, x1, y1) {
    const corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const a = ring[j], b = ring[i];
      if (Math.max(a[0], b[0]) < x0 || Math.min(a[0], b[0]) > x1 || Math.max(a[1], b[1]) < y0 || Math.min(a[1], b[1]) > y1) continue;
      if (a[0] >= x0 && a[0] <= x1 && a[1] >= y0 && a[1] <= y1) return true;
      if (corners.some((c, k) => meet(a, b, c, corners[(k + 1) % 4]))) return true;
    }
    return false;
  }
  function triangles(ring) {
    const left = (twice(ring) < 0 ? ring.slice().reverse() : ring.slice()).filter((p, i, all) => {
      const q = all[(i + 1) % all.length];
      return p[0] !== q[0] || p[1] !== q[1];
    }), out = [];
    let tried = 0;
    while (left.length > 3 && tried < left.length) {
      const a = left[left.length - 1], b = left[0], c = left[1], turn = side(a, b, c);
      const ear = turn >= 0 && !left.some((p) => p !== a && p !== b && p !== c && side(a, b, p) >= 0 && side(b, c, p) >= 0 && side(c, a, p) >= 0);
      if (ear) {
        if (turn > 0) out.push([a, b, c]);
        left.shift();
        tried = 0;
      } else {
        left.push(left.shift());
        tried++;
      }
    }
    if (left.length === 3 && side(left[0], left[1], left[2]) > 0) out.push(left);
    return out;
  }
  function clip(ring, convex) {
    let out = ring;
    for (let e = 0; e < convex.length && out.length; e++) {
      const a = convex[e], b = convex[(e + 1) % convex.length], held = [];
      for (let i = 0, j = out.length - 1; i < out.length; j = i++) {
        const p = out[j], q = out[i], sp = side(a, b, p), sq = side(a, b, q);
        if (sp >= 0 !== sq >= 0) {
          const t = sp / (sp - sq);
          held.push([p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]);
        }
        if (sq >= 0) held.push(q);
      }
      out = held;
    }
    return out;
  }
  function sharedArea(rings, parts) {
    let sum = 0;
    rings.forEach((ring, k) => {
      const depth = rings.length < 2 ? 0 : rings.filter((other, m) => m !== k && inside(other, ring[0][0], ring[0][1])).length;
      for (const part of parts) sum += (depth % 2 ? -1 : 1) * Math.abs(twice(clip(ring, part))) / 2;
    });
    return sum;
  }

  // measure.js
  function ruler(P) {
    const { map, say } = P, box2 = el("div", { class: "measured", role: "status", hidden: true }), group = L.layerGroup();
    let points = null;
    function draw() {
      group.clearLayers();
      const style = { color: "#111a20", weight: 2, pane: "mark", interactive: false, className: "ruler" };
      if (points.length > 2) L.polygon(points, { ...style, dashArray: "4 4", fillColor: "#ffe14d", fillOpacity: 0.2 }).addTo(group);
      L.polyline(points, { ...style, weight: 3 }).addTo(group);
      for (const p of points) L.circleMarker(p, { ...style, radius: 4, fillColor: "#ffe14d", fillOpacity: 1 }).addTo(group);
      const m = lengthOf(points), m2 = areaOf(points);
      fill(box2, points.length < 2 ? say("点地图上的各个位置来量距离和面积", "Click places on the map to measure distance and area") : [
        say("长 ", "Length ") + (m >= 1e3 ? P.number(m / 1e3) + say(" 公里", " km") : P.number(m) + say(" 米", " m")),
        m2 ? say("；围合 ", "; encloses ") + (m2 >= 1e6 ? P.number(m2 / 1e6) + say(" 平方公里", " km²") : P.number(m2) + say(" 平方米", " m²") + say("（", " (") + P.number(m2 / (2e3 / 3)) + say(" 亩）", " mu)")) : "",
        " ",
        el("button", { class: "tool", type: "button", onclick() {
          points = [];
          draw();
        } }, say("重量", "Again"))
      ]);
    }
    return {
      box: box2,
      on: () => points !== null,
      toggle() {
        if (points) {
          points = null;
          group.clearLayers();
          map.removeLayer(group);
          box2.hidden = true;
        } else {
          points = [];
          group.addTo(map);
          box2.hidden = false;
          draw();
        }
      },
      take(latlng) {
        if (!points) return false;
        points.push(latlng);
        draw();
        return true;
      },
      points: () => points,
      lengthOf,
      areaOf
    };
  }

  // panel.js
  function panel(P) {
    const { D, S, T, map, parks, root } = P;
    Object.assign(P, { pages, era, paintList, toast, stop, build, paintCredit });
    P.panel = el("section", { class: "box panel" });
    P.card = el("section", { class: "box card", hidden: true, tabindex: "-1" });
    P.legend = el("section", { class: "box legend" });
    P.zoomers = el("div", { class: "box zoomers", role: "group" });
    P.inset = el("div", { class: "box inset" });
    P.credit = el("footer", { class: "credit" });
    P.scale = el("div", { class: "scale", "aria-hidden": "true" });
    P.tip = el("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    P.sheet = el("div", { class: "sheet", "aria-hidden": "true" });
    var toastBox = el("div", { class: "toast", role: "status", hidden: true });
    var corner = el("div", { class: "corner" }, P.inset, P.scale, P.credit);
    each([P.panel, P.legend, P.zoomers, P.card, corner, P.ruler.box, P.site.box, P.site.cross, P.tip, toastBox, P.sheet], function(n) {
      root.appendChild(n);
    });
    map.getContainer().setAttribute("aria-hidden", "true");
    map.getContainer().setAttribute("tabindex", "-1");
    P.parts = {};
    var timer = null;
    function icon(d) {
      return svg("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" }, svg("path", { d, fill: "none", stroke: "currentColor", "stroke-width": 1.7, "stroke-linecap": "round", "stroke-linejoin": "round" }));
    }
    function toast(text) {
      fill(toastBox, text);
      toastBox.hidden = false;
      setTimeout(function() {
        toastBox.hidden = true;
      }, 2600);
    }
    function build() {
      document.documentElement.lang = S.lang === "en" ? "en" : "zh-CN";
      document.title = T(D.name);
      P.panel.setAttribute("aria-label", P.U.panel);
      P.card.setAttribute("aria-label", P.U.card);
      P.legend.setAttribute("aria-label", P.U.legend);
      P.zoomers.setAttribute("aria-label", S.lang === "en" ? "Map view" : "地图视图");
      var tabs = [["parks", P.U.parks]];
      if (P.land.layers.length) tabs.push(["land", P.U.landTab]);
      if (P.firms.count) tabs.push(["firms", P.U.firmsTab]);
      if (P.findings.count) tabs.push(["findings", P.U.findings + " " + P.number(P.findings.count)]);
      if (P.compare.there) tabs.push(["compare", P.U.compareTab]);
      if (D.goals.length) tabs.push(["goals", P.U.goals]);
      tabs.push(["about", P.U.about]);
      if (!tabs.some(function(t) {
        return t[0] === S.tab;
      })) S.tab = "parks";
      P.parts.tabs = {};
      var bar = el("div", { class: "tabs", role: "tablist" });
      each(tabs, function(t, i) {
        var b = el("button", { role: "tab", id: "tab-" + t[0], "aria-controls": "tabpage", type: "button", onclick: function() {
          S.tab = t[0];
          P.steps.close();
          P.set.close();
          pages();
          P.paint();
          P.remember();
        }, onkeydown: function(e) {
          var step = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
          if (!step) return;
          var next2 = tabs[(i + step + tabs.length) % tabs.length][0];
          S.tab = next2;
          P.steps.close();
          P.set.close();
          pages();
          P.paint();
          P.remember();
          P.parts.tabs[next2].focus();
        } }, t[1]);
        P.parts.tabs[t[0]] = b;
        bar.appendChild(b);
      });
      P.parts.lead = el("p", { class: "lead" });
      P.parts.pages = el("div", { class: "pages", role: "tabpanel", id: "tabpage", tabindex: "0" });
      fill(
        P.panel,
        el("button", { class: "handle", type: "button", "aria-label": P.U.sheet, onclick: raise }, el("i")),
        el(
          "header",
          {},
          el("h1", {}, T(D.name)),
          P.parts.lead,
          el(
            "div",
            { class: "tools" },
            el("button", { class: "tool", type: "button", lang: S.lang === "en" ? "zh-CN" : "en", onclick: function() {
              S.lang = S.lang === "en" ? "zh" : "en";
              build();
              P.paint();
              P.remember();
              P.panel.querySelector(".tool").focus();
            } }, P.U.lang),
            el("button", { class: "tool", type: "button", "aria-expanded": P.set.open() ? "true" : "false", onclick: function() {
              P.steps.close();
              P.set.toggle();
            } }, P.U.print),
            el("button", { class: "tool", type: "button", onclick: P.savePng }, P.U.png),
            el("button", { class: "tool", type: "button", onclick: P.copyLink }, P.U.copyLink),
            el("button", { class: "tool", type: "button", "aria-expanded": P.steps.open() ? "true" : "false", onclick: function() {
              P.set.close();
              P.steps.toggle();
            } }, P.U.present)
          )
        ),
        bar,
        P.parts.pages
      );
      fill(
        P.zoomers,
        el("button", { type: "button", "aria-label": P.U.zoomIn, title: P.U.zoomIn, onclick: function() {
          map.zoomIn();
        } }, icon("M7 2v10M2 7h10")),
        el("button", { type: "button", "aria-label": P.U.zoomOut, title: P.U.zoomOut, onclick: function() {
          map.zoomOut();
        } }, icon("M2 7h10")),
        el("button", { type: "button", "aria-label": P.U.home, title: P.U.home, onclick: function() {
          P.go(P.core, true);
        } }, icon("M2 7l5-5 5 5M3.5 6v6h7V6")),
        el("button", { type: "button", "aria-label": P.U.whole, title: P.U.whole, onclick: function() {
          P.go(P.everything, true);
        } }, icon("M1.5 5V1.5H5M9 1.5h3.5V5M12.5 9v3.5H9M5 12.5H1.5V9")),
        el("button", { type: "button", "aria-label": P.U.ruler, title: P.U.ruler, "aria-pressed": P.ruler.on() ? "true" : "false", onclick: function() {
          P.ruler.toggle();
          this.setAttribute("aria-pressed", P.ruler.on() ? "true" : "false");
        } }, icon("M1.5 9.5l8-8 3 3-8 8zM4 7l1.5 1.5M6.5 4.5L8 6"))
      );
      P.paintCredit();
      P.insetBuild();
      pages();
    }
    function paintCredit() {
      fill(P.credit, [D.synthetic ? P.U.syn : "", T(D.credit), P.basemap.credit()].filter(Boolean).map(function(t) {
        return t + "　";
      }).join(""), el("span", { class: "nobr" }, P.U.review + P.colon() + (D.review || P.U.reviewBlank)));
    }
    function raise() {
      var c = P.panel.classList, low = c.contains("low"), high = c.contains("high");
      c.remove("low");
      c.remove("high");
      if (low) {
      } else if (high) c.add("low");
      else c.add("high");
      P.declutter();
    }
    function pages() {
      for (var k in P.parts.tabs) {
        P.parts.tabs[k].setAttribute("aria-selected", k === S.tab ? "true" : "false");
        P.parts.tabs[k].setAttribute("tabindex", k === S.tab ? "0" : "-1");
      }
      P.parts.pages.setAttribute("aria-labelledby", "tab-" + S.tab);
      var bar = P.parts.tabs[S.tab].parentElement;
      bar.scrollLeft = P.parts.tabs[S.tab].offsetLeft - bar.clientWidth / 2;
      each(P.panel.querySelectorAll(".tool[aria-expanded]"), function(b, i) {
        b.setAttribute("aria-expanded", (i ? P.steps : P.set).open() ? "true" : "false");
      });
      fill(P.parts.pages, P.steps.open() ? P.steps.page() : P.set.open() ? P.set.page() : S.tab === "goals" ? P.goalsPage() : S.tab === "about" ? P.aboutPage() : S.tab === "findings" ? P.findings.page(P.parts.pages) : S.tab === "land" ? P.view.page() : S.tab === "firms" ? P.firms.page() : S.tab === "compare" ? P.compare.page() : parksPage());
      if (S.tab !== "findings") P.parts.pages.onscroll = null;
      P.parts.pages.scrollTop = 0;
      if (S.tab === "parks" && !P.steps.open() && !P.set.open()) paintList();
    }
    function parksPage() {
      var out = [];
      P.parts.search = el("input", { type: "search", id: "q", autocomplete: "off", spellcheck: "false", value: S.query, oninput: function() {
        S.query = this.value;
        P.paint();
        P.remember();
      } });
      out.push(el("div", { class: "field" }, el("label", { for: "q" }, P.U.search), P.parts.search));
      if (D.measures.length) {
        P.parts.select = el("select", { id: "m", onchange: function() {
          S.measure = this.value;
          P.paint();
          P.remember();
        } }, D.measures.map(function(m) {
          return el("option", { value: m.key, selected: m.key === S.measure }, T(m.name) + (T(m.unit) ? S.lang === "en" ? " (" + T(m.unit) + ")" : "（" + T(m.unit) + "）" : ""));
        }));
        out.push(el("div", { class: "field" }, el("label", { for: "m" }, P.U.measure), P.parts.select));
      }
      if (D.years.length > 1) {
        P.parts.range = el("input", { type: "range", id: "y", min: D.years[0], max: D.years[D.years.length - 1], step: 1, value: S.year, oninput: function() {
          stop();
          S.year = +this.value;
          P.paint();
          P.remember();
        } });
        P.parts.out = el("output", { class: "year num", for: "y" });
        P.parts.play = el("button", { class: "play", type: "button", onclick: toggle });
        P.parts.era = el("div", { class: "era" });
        out.push(el(
          "div",
          { class: "field" },
          el("label", { for: "y" }, P.U.year),
          el("div", { class: "row" }, P.parts.range, P.parts.out, P.parts.play),
          el("div", { class: "between" }, P.parts.era, el("div", { class: "seg", role: "group", "aria-label": P.U.mode }, [["latest", P.U.latest], ["exact", P.U.exact]].map(function(o) {
            return el("button", { type: "button", "aria-pressed": S.mode === o[0] ? "true" : "false", onclick: function() {
              S.mode = o[0];
              var seg = this.parentNode;
              each(seg.children, function(b) {
                b.setAttribute("aria-pressed", "false");
              });
              this.setAttribute("aria-pressed", "true");
              P.paint();
              P.remember();
            } }, o[1]);
          })))
        ));
      }
      var held = D.groups.filter(function(g) {
        return D.units.some(function(u) {
          return u.group === g.id;
        });
      });
      if (held.length > 1) out.push(el("div", { class: "field" }, el("label", { for: "gr" }, P.U.groupFilter), el("select", { id: "gr", onchange: function() {
        S.group = this.value;
        P.paint();
        P.go(P.groupBounds() || P.core, true);
        P.remember();
      } }, [["", P.U.all]].concat(held.map(function(g) {
        return [g.id, T(g.name)];
      })).map(function(o) {
        return el("option", { value: o[0], selected: o[0] === S.group }, o[1]);
      }))));
      if (D.industries.length) {
        P.parts.chips = el("div", { class: "chips", role: "group", "aria-label": P.U.clusters });
        P.parts.join = el("div", { class: "seg", role: "group", "aria-label": P.U.anyAll }, ["any", "all"].map(function(j) {
          return el("button", { type: "button", "aria-pressed": S.join === j ? "true" : "false", onclick: function() {
            S.join = j;
            each(this.parentNode.children, function(b) {
              b.setAttribute("aria-pressed", "false");
            });
            this.setAttribute("aria-pressed", "true");
            P.paint();
            P.remember();
          } }, P.U[j]);
        }));
        each(D.industries, function(i) {
          if (i.kind !== "cluster" && !D.units.some(function(u) {
            return u.industries.indexOf(i.id) >= 0;
          })) return;
          P.parts.chips.appendChild(el("button", { class: "chip" + (i.kind === "cluster" ? "" : " activity"), type: "button", "aria-pressed": S.picks.indexOf(i.id) >= 0 ? "true" : "false", onclick: function() {
            var at = S.picks.indexOf(i.id);
            if (at >= 0) S.picks.splice(at, 1);
            else S.picks.push(i.id);
            this.setAttribute("aria-pressed", at >= 0 ? "false" : "true");
            P.paint();
            P.remember();
          } }, T(i.name), el("b", { class: "num" }, parks.filter(P.names(i.id)).length)));
        });
        out.push(el("div", { class: "field" }, el("div", { class: "between" }, el("span", { class: "cap" }, P.U.clusters), P.parts.join), P.parts.chips));
      }
      P.parts.status = el("p", { class: "status", role: "status" });
      P.parts.list = el("ol", { class: "rank" });
      P.parts.blocks = D.units.some(function(u) {
        return u.level === "block";
      }) ? el("button", { class: "chip", type: "button", "aria-pressed": S.blocks ? "true" : "false", onclick: function() {
        S.blocks = !S.blocks;
        this.setAttribute("aria-pressed", S.blocks ? "true" : "false");
        P.paint();
        P.remember();
      } }, P.U.blocks) : null;
      if (P.basemap.there) out.push(el("div", { class: "lays" }, P.basemap.row(), D.basemap.said.map(function(t) {
        return el("p", { class: "warn" }, T(t));
      })));
      out.push(el("div", { class: "between" }, el("h2", { class: "cap" }, P.U.rankingOf), P.parts.blocks), P.parts.status, P.parts.list);
      return out;
    }
    function area(list) {
      var sum = 0, n = 0, has = /* @__PURE__ */ Object.create(null);
      each(list, function(u) {
        has[u.id] = true;
      });
      each(list, function(u) {
        if (u.level === "group") return;
        if (u.above.some(function(p) {
          return has[p.id] && P.cell(p.id, "planned_land_m2", S.year, "latest");
        })) return;
        var c = P.cell(u.id, "planned_land_m2", S.year, "latest");
        if (c) {
          sum += c[1];
          n++;
        }
      });
      return { sum, n };
    }
    function paintList() {
      var list = P.ranked(), m = P.measure(), hi = 0, n = 0, withValue = 0, cs = P.colours();
      each(list, function(r) {
        if (r.c) {
          hi = Math.max(hi, r.c[1]);
          withValue++;
        }
      });
      var shown = list.filter(function(r) {
        return r.u.level !== "block";
      }), a = area(shown.map(function(r) {
        return r.u;
      }));
      var says = S.lang === "en" ? shown.length + " parks, " + withValue + " with a value" : shown.length + " 个园区，" + withValue + " 个有数值";
      if ((S.picks.length || S.query || S.group) && a.n) says += S.lang === "en" ? "; published area " + P.number(a.sum) + " km² in all (" + a.n + " known; " + P.U.areaNote + ")" : "；" + P.U.published + " " + P.number(a.sum) + " 平方公里（" + a.n + " 个有面积，" + P.U.areaNote + "）";
      fill(P.parts.status, list.length ? says : P.U.noMatch);
      clear(P.parts.list);
      each(list, function(r) {
        var u = r.u, c = r.c;
        if (c) n++;
        var why = !u.g ? P.U.unplaced : !P.there(u) ? u.since !== null && S.year < u.since ? P.U.notYet + (S.lang === "en" ? " (" + u.since + ")" : "（" + u.since + "年）") : P.U.gone : "";
        var b = el(
          "button",
          { type: "button", "data-unit": u.id, class: c ? "" : "none", "aria-current": u.id === S.unit ? "true" : null, onclick: function() {
            P.pick(u.id, true);
          } },
          el(
            "span",
            { class: "top" },
            el("span", { class: "no num" }, c ? n : ""),
            el("span", { class: "sq", style: "background:" + u.hue }),
            el("span", { class: "nm" }, T(u.name)),
            c ? el("span", { class: "vl num" }, P.marked(c[2], c[1]), c[0] !== S.year ? el("span", { class: "yr" }, c[0]) : null) : el("span", { class: "vl" }, "—")
          ),
          c ? el("span", { class: "bar" }, el("i", { style: "width:" + (hi > 0 ? Math.max(0.5, 100 * Math.max(0, c[1]) / hi) : 0) + "%;background:" + (P.klass(c[1]) ? cs[P.klass(c[1])] : "#8fb9b3") })) : null,
          why ? el("span", { class: "why" }, why) : null
        );
        P.parts.list.appendChild(el("li", { class: u.level === "block" ? "sub" : null }, b));
      });
      if (P.parts.out) fill(P.parts.out, S.year);
      if (P.parts.range) P.parts.range.value = S.year;
      if (P.parts.play) {
        fill(P.parts.play, timer ? icon("M4.5 2v10M9.5 2v10") : icon("M4 2l8 5-8 5z"));
        P.parts.play.setAttribute("aria-label", timer ? P.U.pause : P.U.play);
      }
      if (P.parts.era) {
        var e = era();
        fill(P.parts.era, e ? T([e[2], e[3]]) : "");
      }
      if (m && P.parts.select) P.parts.select.value = m.key;
    }
    function era() {
      var found = null;
      each(D.eras, function(e) {
        if (e[0] !== null && e[0] <= S.year && (e[1] === null || S.year < e[1])) found = e;
      });
      return found;
    }
    function toggle() {
      if (timer) {
        stop();
        paintList();
        return;
      }
      var last = D.years[D.years.length - 1];
      if (S.year >= last) S.year = D.years[0];
      timer = setInterval(function() {
        if (S.year >= last) {
          stop();
          paintList();
          return;
        }
        S.year++;
        P.paint();
      }, 700);
      P.paint();
    }
    function stop() {
      if (timer) {
        clearInterval(timer);
        timer = null;
        P.remember();
      }
    }
  }

  // paper.js
  function paper(P) {
    const { D, S, T, industryById, map, parks } = P;
    Object.assign(P, { filterText, sourcesText, shortSources, today, settle });
    function filterText() {
      var out = [];
      if (S.group) out.push(T(P.groupById[S.group].name));
      if (S.picks.length) out.push(S.picks.map(function(k) {
        return T(industryById[k].name);
      }).join(S.lang === "en" ? S.join === "all" ? " and " : " or " : S.join === "all" ? " 且 " : " 或 "));
      if (S.query) out.push("“" + S.query + "”");
      return out.join(S.lang === "en" ? "; " : "；");
    }
    function sourcesText() {
      var used = {}, out = [];
      each(P.ranked(), function(r) {
        if (r.c && r.c[8] >= 0 && !used[r.c[8]]) {
          used[r.c[8]] = true;
          out.push(D.sources[r.c[8]]);
        }
      });
      return out;
    }
    function shortSources(list, most) {
      var texts = list.map(short).filter(function(t, i2, all) {
        return all.indexOf(t) === i2;
      }), join = S.lang === "en" ? "; " : "；", out = "", i = 0;
      while (i < texts.length && (out + join + texts[i]).length <= most) out += (i ? join : "") + texts[i++];
      return i ? out + (i < texts.length ? S.lang === "en" ? " and " + (texts.length - i) + " more" : " 等 " + texts.length + " 处" : "") : (texts[0] || "").slice(0, most);
    }
    function today() {
      var d = /* @__PURE__ */ new Date(), p = function(n) {
        return (n < 10 ? "0" : "") + n;
      };
      return d.getFullYear() + "-" + p(d.getMonth() + 1) + "-" + p(d.getDate());
    }
    function numberParks() {
      var n = 0;
      each(D.units, function(u) {
        u.no = 0;
      });
      each(P.ranked(), function(r) {
        if (r.u.level !== "block") r.u.no = ++n;
      });
    }
    function buildSheet() {
      var says = P.legendOf(40, true), m = P.measure(), list = P.ranked().filter(function(r) {
        return r.u.level !== "block";
      }), f = filterText(), l = P.scaleLength(120), total = parks.length, src = sourcesText(), seen = map.getBounds();
      var far = list.filter(function(r) {
        return r.u.at && !seen.contains(r.u.at);
      }), small = P.world ? P.world.parentNode.cloneNode(true) : null, one = P.world ? +P.world.getAttribute("stroke-width") / 1.1 : 1;
      if (small) {
        var b0 = P.project(seen.getNorth(), seen.getWest()), b1 = P.project(seen.getSouth(), seen.getEast()), frameRect = small.lastChild;
        frameRect.setAttribute("x", b0[0]);
        frameRect.setAttribute("y", b0[1]);
        frameRect.setAttribute("width", b1[0] - b0[0]);
        frameRect.setAttribute("height", b1[1] - b0[1]);
        each(far, function(r) {
          var q = P.project(r.u.at[0], r.u.at[1]);
          small.appendChild(svg("circle", { cx: q[0], cy: q[1], r: 4.4 * one, fill: "#1f2a33" }));
          small.appendChild(svg("text", { x: q[0], y: q[1] + 2.1 * one, "text-anchor": "middle", "font-size": 5.8 * one, "font-weight": 700, fill: "#fff" }, r.u.no));
        });
      }
      fill(
        P.sheet,
        el("h1", {}, T(D.name)),
        el("div", { class: "st" }, (says.title ? says.title + (says.sub ? (S.lang === "en" ? ", " : "，") + (says.land ? says.sub : P.when()) : "") + "　" : "") + P.U.filter + P.colon() + (f ? f + (S.lang === "en" ? " (" + list.length + " of " + total + " parks)" : "（" + total + " 个园区中的 " + list.length + " 个）") : P.U.noFilter)),
        P.world && far.length ? el("div", { class: "in" }, small) : null,
        el("div", { class: "sc" }, l.text, el("i", { style: "width:" + l.px.toFixed(1) + "px" })),
        el(
          "div",
          { class: "col" },
          says.title ? el("section", {}, el("h2", {}, says.title), el("div", { class: "two" }, says.rows.map(function(c) {
            return el("div", { class: "sw" }, P.keyOf(c, "no-data-print"), c.text);
          }))) : null,
          el("section", { class: "two" }, says.keys.map(function(k) {
            return el("div", { class: "sw" }, k.node, k.text);
          })),
          P.compare.paper(),
          el("section", {}, el("h2", {}, P.U.list), el("table", {}, el("tbody", {}, list.map(function(r) {
            return el("tr", {}, el("td", { class: "n" }, r.u.no), el("td", {}, T(r.u.name) + (r.u.g ? "" : S.lang === "en" ? " (not placed)" : "（未上图）")), el("td", { class: "v num" }, says.land ? "" : r.c ? P.marked(r.c[2], r.c[1]) + (r.c[0] !== S.year ? S.lang === "en" ? " (" + r.c[0] + ")" : "（" + r.c[0] + "）" : "") : "—"));
          }))))
        ),
        el(
          "div",
          { class: "ft" },
          el("div", {}, T(D.credit) + "　" + T(D.disclaimer) + (D.synthetic ? P.U.syn : "")),
          el("div", {}, (src.length ? P.U.source + P.colon() + shortSources(src, S.lang === "en" ? 330 : 300) + "　" : "") + P.U.projection + "　" + P.U.review + P.colon() + (D.review || P.U.reviewBlank) + "　" + P.U.printed + P.colon() + today())
        )
      );
      var col = P.sheet.querySelector(".col"), table = P.sheet.querySelector(".col>section:last-child table"), size = 7.4;
      while (col.scrollHeight > col.clientHeight && size > 3.4) {
        size -= 0.2;
        table.style.fontSize = size + "pt";
      }
    }
    function short(text) {
      var host = /^https?:\/\/([^/\s]+)/.exec(text), said = /\(([^)]*)\)/.exec(text);
      return said ? said[1] : host ? host[1] : text;
    }
    function settle() {
      each([map, P.compare.second() && P.compare.second().map], function(one) {
        if (one) one.eachLayer(function(l) {
          if (l.settle) l.settle();
        });
      });
    }
    var kept = null;
    function beforePrint() {
      if (P.onPaper) return;
      kept = { c: map.getCenter(), z: map.getZoom() };
      P.stop();
      P.onPaper = true;
      document.documentElement.classList.add("printing");
      P.compare.layout();
      map.invalidateSize({ animate: false, pan: false });
      var list = P.ranked().filter(function(r) {
        return r.u.layer;
      }).map(function(r) {
        return r.u;
      });
      var view2 = S.picks.length || S.query || S.group ? P.boundsOf(list) : null;
      P.go(view2 || P.core, false, 15);
      numberParks();
      P.pattern();
      P.compare.update();
      settle();
      P.declutter();
      buildSheet();
      P.set.lay();
    }
    function afterPrint() {
      if (!P.onPaper) return;
      P.onPaper = false;
      document.documentElement.classList.remove("printing");
      P.set.lift();
      P.compare.layout();
      map.invalidateSize({ animate: false, pan: false });
      map.setView(kept.c, kept.z, { animate: false });
      each(D.units, function(u) {
        u.no = 0;
      });
      P.paint();
    }
    window.addEventListener("beforeprint", beforePrint);
    window.addEventListener("afterprint", afterPrint);
  }

  // papers.js
  var KINDS2 = ["map", "list", "findings", "parks", "parcels"];
  var MOST_PARCELS = 500;
  var SIDE = 1500;
  var MM = 128;
  function papers(P) {
    const { D, S, T, say, byId } = P, box2 = el("div", { class: "papers", "aria-hidden": "true" }), html = document.documentElement;
    let wanted = /* @__PURE__ */ new Set(["map"]), made = 0, open = false;
    document.body.appendChild(box2);
    const listed = () => P.ranked().map((r) => r.u).filter((u) => u.level !== "block");
    function parcels() {
      if (S.thing && S.thing.layer.key === "parcel") return Promise.resolve({ rows: [S.thing], left: 0 });
      const F2 = P.findings.data();
      if (!P.land.byKey.parcel || !F2) return Promise.resolve({ rows: [], left: 0 });
      const ids = [...new Set(P.findings.listed().filter((i) => F2.level[i] === "parcel").map((i) => F2.feature[i]))];
      return Promise.all(ids.slice(0, MOST_PARCELS).map((id) => P.land.rowOf("parcel", id))).then((rows) => ({ rows: rows.filter(Boolean), left: Math.max(0, ids.length - MOST_PARCELS) }));
    }
    function offers() {
      const parks = listed().length, found = P.findings.count ? P.findings.listed().length : 0;
      const rows = [["map", say("地图", "The map")], ["list", say("园区名录（" + parks + " 个）", "List of parks (" + parks + ")")]];
      if (P.findings.count) rows.push(["findings", say("问题清单（所列 " + P.number(found) + " 条）", "Findings as listed (" + P.number(found) + ")")]);
      rows.push(["parks", say("一园一表（所列 " + parks + " 个）", "A sheet a park (" + parks + " listed)")]);
      if (P.land.byKey.parcel) rows.push(["parcels", S.thing ? say("一宗一表（所选宗地）", "A sheet for the chosen parcel") : say("一宗一表（所列问题涉及的宗地）", "A sheet a parcel that listed findings are about")]);
      return rows;
    }
    function page() {
      const go = el("button", { class: "tool", type: "button", onclick() {
        prepare().then(() => window.print());
      } }, P.U.print);
      return [
        el("h2", { class: "cap" }, say("打印成套图纸", "Print a set")),
        el("p", { class: "status" }, say("A4 横向。园区按筛选、问题按所列打印。", "A4 landscape; parks as filtered, findings as listed.")),
        el("div", { class: "lays", role: "group", "aria-label": say("打印成套图纸", "Print a set") }, offers().map(([key, name]) => el("div", { class: "lay" }, el("label", { for: "set-" + key }, el("input", { type: "checkbox", id: "set-" + key, checked: wanted.has(key), onchange() {
          if (this.checked) wanted.add(key);
          else wanted.delete(key);
        } }), " ", name)))),
        go
      ];
    }
    function foot() {
      return el("div", { class: "foot" }, [T(D.credit), T(D.disclaimer), D.synthetic ? P.U.syn : "", P.U.review + P.colon() + (D.review || P.U.reviewBlank), P.U.printed + P.colon() + P.today()].filter(Boolean).join("　"));
    }
    function table(heads, rows, kind) {
      return el("table", { class: "recs " + (kind || "") }, el("thead", {}, el("tr", {}, heads.map((h) => el("th", { scope: "col", class: h.length < 14 ? "n" : null }, h)))), el("tbody", {}, rows.map((r) => el("tr", {}, r.map((c) => el("td", { class: String(c).length < 9 ? "n" : null }, c))))));
    }
    function sheet(title, other, body) {
      return el("section", { class: "one" }, el("header", {}, el("h1", {}, title), el("p", {}, other)), body, foot());
    }
    function none(what, why) {
      return sheet(T(D.name) + " · " + what, why, null);
    }
    function listSheets() {
      const m = P.measure(), f = P.filterText();
      return sheet(T(D.name) + " · " + P.U.parks, [m ? T(m.name) + " · " + P.when() : "", P.U.filter + P.colon() + (f || P.U.noFilter)].filter(Boolean).join("　"), table(
        ["", P.U.parks, say("所在区", "District"), say("聚集区", "Group"), say("设立", "Since"), m ? T(m.name) + (T(m.unit) ? say("（" + T(m.unit) + "）", " (" + T(m.unit) + ")") : "") : "", P.U.year, P.U.source],
        P.ranked().filter((r) => r.u.level !== "block").map((r, i) => [i + 1, T(r.u.name) + (r.u.g ? "" : say("（未上图）", " (not placed)")), T(r.u.district), P.groupById[r.u.group] ? T(P.groupById[r.u.group].name) : "", r.u.since === null ? "" : r.u.since, r.c ? P.qualified(r.c[2], r.c[1]) : "—", r.c ? r.c[0] : "", r.c && r.c[8] >= 0 ? P.shortSources([D.sources[r.c[8]]], 60) : ""]),
        "long"
      ));
    }
    function findingSheets() {
      const F2 = P.findings.data(), rows = P.findings.listed(), lang = S.lang === "en" ? 1 : 0;
      return sheet(T(D.name) + " · " + P.U.findings, say("所列 " + P.number(rows.length) + " 条，共 " + P.number(P.findings.count) + " 条", P.number(rows.length) + " of " + P.number(P.findings.count) + " listed"), table(
        ["", say("规则", "Rule"), say("程度", "Severity"), P.U.parks, say("对象", "Feature"), P.U.findings, say("依据", "Basis")],
        rows.map((i, n) => [n + 1, F2.rules[F2.rule[i]], P.findings.severityWord(F2.severity[i]), byId[F2.parks[F2.park[i]]] ? T(byId[F2.parks[F2.park[i]]].name) : F2.parks[F2.park[i]] || "", F2.feature[i], F2.t[lang][i], F2.clause[i] || ""]),
        "long"
      ));
    }
    function place(bounds, mine, name) {
      const a = P.project(bounds.getNorth(), bounds.getWest()), b = P.project(bounds.getSouth(), bounds.getEast()), side2 = 1.16 * Math.max(b[0] - a[0], b[1] - a[1], 1e-4), x0 = (a[0] + b[0] - side2) / 2, y0 = (a[1] + b[1] - side2) / 2, one = side2 / 100;
      const rings = (g) => g.type === "Polygon" ? [g.coordinates] : g.type === "MultiPolygon" ? g.coordinates : [], path = (g) => rings(g).map((poly) => poly.map((ring) => "M" + ring.map((c) => {
        const q = P.project(c[1], c[0]);
        return (q[0] - x0).toFixed(5) + " " + (q[1] - y0).toFixed(5);
      }).join("L") + "Z").join("")).join("");
      const layer = P.land.byKey.parcel, paint2 = layer && layer.layer && layer.layer.d && layer.classes, canvas = el("canvas");
      if (paint2) {
        const unit = Math.pow(2, layer.layer.d.bits - 16), k = SIDE / (side2 * unit);
        canvas.width = canvas.height = SIDE;
        paintPart(layer.layer, canvas, { k, ox: x0 * unit * k, oy: y0 * unit * k, ratio: 2 });
      }
      const near2 = D.units.filter((u) => u.g && u.level !== "group" && rings(u.g).length), dot = mine.type === "Point" ? P.project(mine.coordinates[1], mine.coordinates[0]) : null;
      const metres = side2 / 256 * 400750167e-1 / Math.pow(2, 8) * Math.cos(bounds.getCenter().lat * Math.PI / 180), step = round(metres / 4), bar = step / metres * 100;
      return el(
        "figure",
        { class: "place" },
        el("div", { class: "ground-of" }, paint2 ? canvas : null, svg(
          "svg",
          { viewBox: "0 0 " + side2 + " " + side2, role: "img", "aria-label": name },
          paint2 ? null : D.districts.map((d) => svg("path", { d: path(d.g), fill: "#f8f5ee", stroke: "#cfc7b6", "stroke-width": 0.2 * one })),
          near2.map((u) => svg("path", { d: path(u.g), fill: "none", stroke: u.hue, "stroke-width": 0.3 * one, opacity: 0.8 })),
          dot ? svg("circle", { cx: dot[0] - x0, cy: dot[1] - y0, r: 1.6 * one, fill: "#d97706", stroke: "#fff", "stroke-width": 0.4 * one }) : svg("path", { d: path(mine), fill: "none", stroke: "#111a20", "stroke-width": 0.9 * one, "stroke-linejoin": "round" })
        )),
        el("figcaption", {}, el("i", { style: "width:" + (MM * bar / 100).toFixed(1) + "mm" }), step >= 1e3 ? P.number(step / 1e3) + say(" 公里", " km") : P.number(step) + say(" 米", " m")),
        paint2 ? keys(layer) : null
      );
    }
    function round(metres) {
      const p = Math.pow(10, Math.floor(Math.log10(metres)));
      return [5, 2, 1].map((n) => n * p).find((n) => n <= metres) || p;
    }
    function keys(layer) {
      return el("div", { class: "two" }, (layer.totals() || []).filter((c) => c.colour).sort((a, b) => layer.style.kind === "class" ? b.area - a.area : a.place - b.place).slice(0, 15).map((c) => el("div", { class: "sw" }, P.land.swatch(c.colour), " ", P.view.className(c))));
    }
    function parkSheet(u) {
      const group = P.groupById[u.group], F2 = P.findings.data(), about2 = (F2 ? P.findings.listed() : []).filter((i) => F2.parks[F2.park[i]] === u.id), lang = S.lang === "en" ? 1 : 0;
      const values2 = D.measures.map((m) => [m, P.cell(u.id, m.key, S.year, "latest")]).filter((r) => r[1]), bounds = u.layer ? u.layer.getBounds().pad(u.isPoint ? 6 : 0.1) : null;
      return sheet(T(u.name), [u.name[S.lang === "en" ? 0 : 1], T(u.district), group ? T(group.name) : "", u.since === null ? "" : say(u.since + " 年起", "since " + u.since), u.precision ? P.U[u.precision] || u.precision : P.U.unplaced].filter(Boolean).join(" · "), el(
        "div",
        { class: "half" },
        bounds ? place(bounds, u.g, T(u.name)) : el("p", { class: "warn" }, P.U.uNoPlace),
        el(
          "div",
          { class: "facts-of" },
          values2.length ? table([P.U.measure, P.U.valueAt, P.U.year, P.U.source], values2.map(([m, c]) => [T(m.name), P.qualified(c[2], c[1]) + " " + T(m.unit), c[0], c[8] >= 0 ? P.shortSources([D.sources[c[8]]], 40) : c[5] === "computed" ? P.U.computed : ""])) : el("p", {}, P.U.noRecords),
          u.industries.length ? el("p", {}, el("b", {}, P.U.position + P.colon()), u.industries.map((k) => T(P.industryById[k].name)).join(say("、", ", "))) : null,
          u.kids.length ? el("p", {}, el("b", {}, P.U.inside + P.colon()), u.kids.length > 24 ? say(u.kids.length + " 个", String(u.kids.length)) : u.kids.map((k) => T(k.name)).join(say("、", ", "))) : null,
          T(u.note) ? el("p", {}, T(u.note)) : null,
          T(u.made) ? el("p", {}, P.U.howDrawn + P.colon() + T(u.made)) : null,
          about2.length ? [el("h2", {}, P.U.findings + " (" + about2.length + ")"), table([say("规则", "Rule"), say("程度", "Severity"), P.U.findings], about2.slice(0, 40).map((i) => [F2.rules[F2.rule[i]], P.findings.severityWord(F2.severity[i]), F2.t[lang][i]])), about2.length > 40 ? el("p", {}, say("只列前 40 条", "The first 40")) : null] : null
        )
      ));
    }
    function parcelSheet({ layer, i }) {
      const c = P.view.cardParts({ layer, i }), F2 = P.findings.data(), lang = S.lang === "en" ? 1 : 0, about2 = P.findingsOf(c.id), rings = layer.layer.latLngsOf(i);
      const mine = { type: "Polygon", coordinates: rings.map((ring) => ring.map((p) => [p.lng, p.lat])) };
      return sheet(c.title, c.other, el("div", { class: "half" }, place(layer.layer.boundsOf(i).pad(0.7), mine, c.title), el(
        "div",
        { class: "facts-of" },
        table([P.U.measure, P.U.valueAt], (c.area ? [[say("面积", "Area"), P.number(c.area) + say(" 平方米（", " m² (") + P.number(c.area / 1e4) + say(" 公顷，", " ha, ") + P.number(c.area * 3 / 2e3) + say(" 亩）", " mu)")]] : []).concat(c.uses.map((r) => [r[0], T(r[1].name) + (r[1].number !== void 0 && r[2].unit ? " " + T(r[2].unit) : "")]), c.rows.map((r) => [r[0], typeof r[1] === "number" ? P.number(r[1]) : P.view.word(r[1])]))),
        about2.length ? [el("h2", {}, P.U.findings + " (" + about2.length + ")"), about2.map((k) => el("p", {}, el("b", {}, F2.rules[F2.rule[k]] + " " + P.findings.severityWord(F2.severity[k])), "　", F2.t[lang][k], F2.clause[k] ? say("　依据：", " Basis: ") + F2.clause[k] : ""))] : null
      )));
    }
    async function prepare() {
      clear(box2);
      const layer = P.land.byKey.parcel, sheets = [];
      await P.findings.ready;
      if (layer && (wanted.has("parks") || wanted.has("parcels"))) {
        layer.open("parcels");
        await layer.ready;
        await P.view.read(layer);
      }
      if (wanted.has("list")) sheets.push(listSheets());
      if (wanted.has("findings")) sheets.push(P.findings.count ? findingSheets() : none(P.U.findings, say("本图没有问题清单。要打印问题，请用 zgcgis check 生成的地图。", "This map has no findings. Print them from the map that zgcgis check makes.")));
      if (wanted.has("parks")) sheets.push(...listed().map(parkSheet));
      if (wanted.has("parcels") && layer) {
        const { rows, left } = await parcels();
        sheets.push(...rows.map(parcelSheet));
        if (!rows.length) sheets.push(none(say("一宗一表", "A sheet a parcel"), say("没有选中宗地，所列问题也没有涉及宗地，所以没有表。", "No parcel is chosen and no listed finding is about one, so there is no sheet.")));
        if (left) sheets.push(el("p", {}, say("只打印前 " + MOST_PARCELS + " 宗，其余 " + left + " 宗请按规则或园区分批打印。", "The first " + MOST_PARCELS + " parcels; print the other " + left + " by rule or park.")));
      }
      made = sheets.length;
      fill(box2, sheets);
      html.setAttribute("data-ready", "set");
    }
    function lay() {
      if (!made) return;
      html.classList.add("set");
      if (!wanted.has("map")) html.classList.add("no-map");
    }
    function lift() {
      html.classList.remove("set", "no-map");
      clear(box2);
      made = 0;
    }
    function want(kinds) {
      wanted = new Set(kinds.filter((k) => KINDS2.indexOf(k) >= 0));
      prepare();
    }
    P.set = { page, prepare, want, lay, lift, open: () => open, toggle() {
      open = !open;
      P.pages();
    }, close() {
      open = false;
    } };
  }

  // elements.js
  function loaded(src) {
    return new Promise((done) => {
      const image = new Image();
      image.onload = () => done(image);
      image.onerror = () => done(null);
      image.src = src;
    });
  }
  var own2 = (src) => /^(data|blob):/.test(src);
  function imageOf(node, r) {
    const kind = node.tagName.toLowerCase();
    if (kind === "img") return Promise.resolve(own2(node.src) && node.complete && node.naturalWidth ? node : null);
    if (kind !== "svg") return Promise.resolve(node.width ? node : null);
    const copy = node.cloneNode(true);
    copy.removeAttribute("style");
    copy.setAttribute("xmlns", SVG);
    copy.setAttribute("width", r.width);
    copy.setAttribute("height", r.height);
    return loaded("data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy)));
  }
  function rounded(x, r, radius) {
    const by = Math.min(radius, r.width / 2, r.height / 2);
    x.beginPath();
    x.moveTo(r.left + by, r.top);
    for (const [a, b, c, d] of [[r.right, r.top, r.right, r.bottom], [r.right, r.bottom, r.left, r.bottom], [r.left, r.bottom, r.left, r.top], [r.left, r.top, r.right, r.top]]) x.arcTo(a, b, c, d, by);
    x.closePath();
  }
  function box(st, r) {
    const out = [], radius = /%/.test(st.borderTopLeftRadius) ? Math.min(r.width, r.height) * parseFloat(st.borderTopLeftRadius) / 100 : parseFloat(st.borderTopLeftRadius) || 0, src = /^url\("(data:[^"]+)"\)/.exec(st.backgroundImage), line = parseFloat(st.borderTopWidth);
    if (!/, 0\)$|^transparent$/.test(st.backgroundColor)) out.push((x) => {
      rounded(x, r, radius);
      x.fillStyle = st.backgroundColor;
      x.fill();
    });
    if (src) out.push(loaded(src[1]).then((image) => image && ((x) => {
      const [w, h] = st.backgroundSize.split(" ").map(parseFloat), [left, top2] = st.backgroundPosition.split(" ").map(parseFloat);
      x.save();
      rounded(x, r, radius);
      x.clip();
      x.drawImage(image, r.left + (left || 0), r.top + (top2 || 0), w || image.width, h || image.height * (w ? w / image.width : 1));
      x.restore();
    })));
    if (line && st.borderTopStyle !== "none") out.push((x) => {
      rounded(x, { left: r.left + line / 2, top: r.top + line / 2, right: r.right - line / 2, bottom: r.bottom - line / 2, width: r.width - line, height: r.height - line }, radius);
      x.lineWidth = line;
      x.strokeStyle = st.borderTopColor;
      x.stroke();
    });
    return out;
  }
  function write(x, st, text, left, middle) {
    x.font = [st.fontStyle, st.fontWeight, st.fontSize, st.fontFamily].join(" ");
    x.textAlign = "left";
    x.textBaseline = "middle";
    x.fillStyle = st.color;
    x.fillText(text, left, middle);
  }
  function lines2(node, st) {
    const range = document.createRange(), found = [], text = node.data;
    for (let i = 0; i < text.length; ) {
      const end = i + (text.codePointAt(i) > 65535 ? 2 : 1);
      range.setStart(node, i);
      range.setEnd(node, end);
      const r = range.getClientRects()[0], last = found[found.length - 1];
      if (r && r.width) {
        if (last && Math.abs(last.top - r.top) < 2) last.text += text.slice(i, end);
        else found.push({ text: text.slice(i, end), top: r.top, left: r.left, middle: (r.top + r.bottom) / 2 });
      }
      i = end;
    }
    return found.map((one) => (x) => write(x, st, one.text.replace(/\s/g, " "), one.left, one.middle));
  }
  function sign(node, r) {
    const before = getComputedStyle(node, "::before"), text = /^"(.+)"$/.exec(before.content);
    if (!text || !r.width) return [];
    return [(x) => write(x, before, text[1], r.left, (r.top + r.bottom) / 2)];
  }
  function partsOf(node) {
    const st = getComputedStyle(node), r = node.getBoundingClientRect();
    if (st.display === "none" || st.visibility === "hidden" || st.opacity === "0" || /^(script|style|input|select|textarea)$/i.test(node.tagName)) return [];
    if (/^(svg|canvas|img)$/i.test(node.tagName)) return [imageOf(node, r).then((image) => image && ((x) => x.drawImage(image, r.left, r.top, r.width, r.height)))];
    return [...box(st, r), ...sign(node, r), ...[...node.childNodes].flatMap((child) => child.nodeType === 3 ? lines2(child, st) : child.nodeType === 1 ? partsOf(child) : [])];
  }

  // picture.js
  function picture(P) {
    const { D, S, T, map, root } = P;
    Object.assign(P, { savePng, draw });
    function wrap(x, text, width) {
      var lines3 = [], line = "";
      each(text.match(/[\u3000-\uffef]|[^\s\u3000-\uffef]+\s*|\s+/g) || [], function(word) {
        if (x.measureText(line + word).width > width && line) {
          lines3.push(line);
          line = word.replace(/^\s+/, "");
        } else line += word;
      });
      if (line) lines3.push(line);
      return lines3;
    }
    function paneParts(pane) {
      const html = ".leaflet-marker-icon:not(img),.awesome-marker,.leaflet-popup,.leaflet-tooltip";
      return [...pane.querySelectorAll("svg,canvas,img," + html)].flatMap((node) => {
        if (node.matches(html)) return partsOf(node);
        if (node.closest(html) || node.parentNode.closest && node.parentNode.closest("svg")) return [];
        const r = node.getBoundingClientRect();
        let alpha = 1;
        for (let up = node; up && up !== pane; up = up.parentNode) {
          const st = getComputedStyle(up);
          if (st.display === "none" || st.visibility === "hidden") return [];
          alpha *= +st.opacity;
        }
        return r.width && alpha ? [imageOf(node, r).then((image) => image && ((x) => {
          x.globalAlpha = alpha;
          x.drawImage(image, r.left, r.top, r.width, r.height);
          x.globalAlpha = 1;
        }))] : [];
      });
    }
    function others() {
      const scales = [...map.getContainer().querySelectorAll(".leaflet-control-container .legend")], added = [...document.body.children].filter((node) => node !== root && !root.contains(node) && !node.matches("script,style,.sr,.papers,.show"));
      return scales.concat(added).flatMap(partsOf);
    }
    function drawMap(x, one, f, box2, head, font) {
      const z = (pane) => +getComputedStyle(pane).zIndex || 0, panes2 = [...one.getPane("mapPane").children].filter((pane) => pane.classList.contains("leaflet-pane") && pane !== one.getPane("labels")).sort((a, b) => z(a) - z(b));
      const r = one.getContainer().getBoundingClientRect(), cut = one === map ? 0 : parseFloat(String((/inset\([^)]*?([\d.]+)px\)$/.exec(one.getContainer().style.clipPath) || ["", "0"])[1]));
      return Promise.all(panes2.flatMap(paneParts).concat(one === map ? others() : [])).then(function(parts) {
        x.save();
        x.beginPath();
        x.rect(r.left + cut - box2.left - f.left, r.top - box2.top - f.top + head, r.width - cut, r.height);
        x.clip();
        x.fillStyle = "#e9e4d9";
        x.fillRect(0, head, f.right, f.bottom);
        x.save();
        x.translate(-box2.left - f.left, head - box2.top - f.top);
        each(parts, (part) => {
          if (part) part(x);
        });
        x.restore();
        each(one.getPane("labels").children, function(node) {
          if (node.style.display !== "none" && node.style.visibility !== "hidden") drawName(x, node, f, box2, head, font);
        });
        x.restore();
      });
    }
    function drawName(x, node, f, box2, head, font) {
      each(node.querySelectorAll(".t,small"), function(t) {
        var st = getComputedStyle(t), r = t.getBoundingClientRect();
        if (!r.width) return;
        x.font = st.fontWeight + " " + st.fontSize + " " + font;
        x.textBaseline = "middle";
        x.textAlign = "center";
        x.lineJoin = "round";
        var lines3 = node.classList.contains("wide") && t.className === "t" ? wrap(x, t.textContent, 126) : [t.textContent], step = r.height / lines3.length;
        each(lines3, function(text, i) {
          var cx = (r.left + r.right) / 2 - box2.left - f.left, cy = r.top - box2.top - f.top + head + step * (i + 0.5);
          x.lineWidth = 3.5;
          x.strokeStyle = "rgba(255,253,248,.92)";
          x.strokeText(text, cx, cy);
          x.fillStyle = st.color;
          x.fillText(text, cx, cy);
        });
      });
    }
    function draw() {
      document.documentElement.classList.add("light");
      return Promise.resolve().then(drawLight).finally(function() {
        document.documentElement.classList.remove("light");
      });
    }
    function drawLight() {
      var f = P.stage();
      var k = 2, w = Math.round(f.right - f.left), mapH = Math.round(f.bottom - f.top), head = 74, side2 = 268, pad = 22, m = P.measure(), font = getComputedStyle(document.body).fontFamily;
      var W = w + side2, c = el("canvas"), x = c.getContext("2d");
      var says = P.legendOf(22, true), rows = says.rows, ks = says.keys, filter = P.filterText();
      var foot = [T(D.credit), T(D.disclaimer), P.U.review + P.colon() + (D.review || P.U.reviewBlank)].filter(Boolean).join("　");
      x.font = "11px " + font;
      var footLines = wrap(x, foot, W - 2 * pad), footH = 16 + footLines.length * 16;
      var H = head + mapH + footH;
      c.width = W * k;
      c.height = H * k;
      x.scale(k, k);
      x.fillStyle = "#fffefb";
      x.fillRect(0, 0, W, H);
      x.fillStyle = "#1f2a33";
      x.textBaseline = "alphabetic";
      x.font = "700 24px " + font;
      x.fillText(T(D.name), pad, 36);
      x.font = "13px " + font;
      x.fillStyle = "#4c5964";
      x.fillText((says.title ? says.title + (says.sub ? (S.lang === "en" ? ", " : "，") + (says.land ? says.sub : P.when()) : "") : "") + (filter ? "　" + P.U.filter + P.colon() + filter : ""), pad, 59);
      x.save();
      x.beginPath();
      x.rect(0, head, w, mapH);
      x.clip();
      x.fillStyle = "#e9e4d9";
      x.fillRect(0, head, w, mapH);
      var box2 = root.getBoundingClientRect(), two = P.compare.second();
      return drawMap(x, map, f, box2, head, font).then(function() {
        return two ? drawMap(x, two.map, f, box2, head, font) : null;
      }).then(function() {
        x.textAlign = "left";
        x.textBaseline = "alphabetic";
        x.restore();
        x.strokeStyle = "#cfc8b9";
        x.lineWidth = 1;
        x.strokeRect(0.5, head + 0.5, w - 1, mapH - 1);
        var X = w + pad, Y = head + 18;
        x.fillStyle = "#1f2a33";
        x.font = "700 14px " + font;
        if (says.title) {
          each(wrap(x, says.title, side2 - 2 * pad), function(t) {
            x.fillText(t, X, Y);
            Y += 19;
          });
          x.font = "11.5px " + font;
          x.fillStyle = "#5f6b76";
          each(wrap(x, says.land ? says.sub : m ? P.when() : "", side2 - 2 * pad), function(t) {
            x.fillText(t, X, Y);
            Y += 17;
          });
          Y += 5;
        }
        x.font = "12.5px " + font;
        each(rows, function(r) {
          if (r.more) {
            x.fillStyle = "#1f2a33";
            x.fillText(r.text, X, Y);
            Y += 21;
            return;
          }
          if (r.dot) {
            x.fillStyle = r.colour;
            x.beginPath();
            x.arc(X + 13, Y - 4, 5, 0, 7);
            x.fill();
            x.fillStyle = "#1f2a33";
            x.fillText(r.text, X + 35, Y);
            Y += 21;
            return;
          }
          if (r.line) {
            x.strokeStyle = r.line;
            x.lineWidth = 2;
            x.strokeRect(X + 1, Y - 10, 24, 12);
            x.fillText(r.text, X + 35, Y);
            Y += 21;
            return;
          }
          if (r.colour) {
            x.fillStyle = r.colour;
            x.fillRect(X, Y - 11, 26, 14);
          } else {
            x.fillStyle = "#fdfcf9";
            x.fillRect(X, Y - 11, 26, 14);
            x.save();
            x.beginPath();
            x.rect(X, Y - 11, 26, 14);
            x.clip();
            x.strokeStyle = "#c9c0ae";
            for (var i = -14; i < 30; i += 6) {
              x.beginPath();
              x.moveTo(X + i, Y + 3);
              x.lineTo(X + i + 14, Y - 11);
              x.stroke();
            }
            x.restore();
          }
          x.strokeStyle = "#8c8371";
          x.lineWidth = 0.8;
          x.strokeRect(X, Y - 11, 26, 14);
          x.fillStyle = "#1f2a33";
          x.fillText(r.text, X + 35, Y);
          Y += 21;
        });
        Y += 8;
        each(ks, function(q) {
          if (!q.node) {
            x.font = "11px " + font;
            x.fillStyle = "#5f6b76";
            each(wrap(x, q.text, side2 - 2 * pad), function(t) {
              x.fillText(t, X, Y);
              Y += 15;
            });
            return;
          }
          x.strokeStyle = q.hue || "#5f6b76";
          x.lineWidth = 1.6;
          x.setLineDash(q.dash || (q.hue ? [4, 2] : []));
          x.beginPath();
          if (q.dot) {
            x.setLineDash([2.5, 2]);
            x.arc(X + 13, Y - 4, 5.5, 0, 7);
          } else x.rect(X, Y - 11, 26, 14);
          x.stroke();
          x.setLineDash([]);
          x.fillStyle = "#1f2a33";
          x.font = "12px " + font;
          each(wrap(x, q.text, side2 - pad - 40 - pad), function(t) {
            x.fillText(t, X + 35, Y);
            Y += 17;
          });
          Y += 5;
        });
        var l = P.scaleLength(120);
        Y = head + mapH - 20;
        x.strokeStyle = "#3d382c";
        x.lineWidth = 1.5;
        x.beginPath();
        x.moveTo(X, Y - 6);
        x.lineTo(X, Y);
        x.lineTo(X + l.px, Y);
        x.lineTo(X + l.px, Y - 6);
        x.stroke();
        x.font = "11.5px " + font;
        x.fillText(l.text, X, Y - 10);
        x.font = "11px " + font;
        x.fillStyle = "#4c5964";
        Y = head + mapH + 20;
        each(footLines, function(t) {
          x.fillText(t, pad, Y);
          Y += 16;
        });
        return c;
      });
    }
    function savePng() {
      return draw().then(function(c) {
        c.toBlob(function(blob) {
          var url = URL.createObjectURL(blob), name = (D.id + "-" + (S.measure || "map") + "-" + (S.year || "")).replace(/[^\w\-\u4e00-\u9fff]+/g, "_") + ".png";
          var a = el("a", { href: url, download: name });
          document.body.appendChild(a);
          a.click();
          document.body.removeChild(a);
          setTimeout(function() {
            URL.revokeObjectURL(url);
          }, 8e3);
        }, "image/png");
      });
    }
  }

  // pointer.js
  function pointer(P) {
    const { D, S, T, byId, map, root } = P;
    Object.assign(P, { tell, pick, refresh, landChanged, pickThing, touch, showSite, clearPicked, outline, showFinding, togglePick, save, feel, hover });
    function step() {
      if (!P.quiet) {
        try {
          history.pushState(null, "", location.href);
        } catch (_) {
        }
      }
    }
    function pick(id, move) {
      var before = S.unit;
      if (!id && !S.unit && !S.thing && S.finding === null) P.site.clear();
      if (id && !P.carded()) step();
      S.unit = id && byId[id] ? id : null;
      S.thing = null;
      S.finding = null;
      P.mark.clear();
      P.tip.hidden = true;
      P.paint();
      P.remember();
      if (S.unit) {
        if (move && byId[id].layer) {
          var b = byId[id].layer.getBounds();
          P.go(b.pad ? b.pad(byId[id].isPoint ? 0.01 : 0.9) : b, true, byId[id].isPoint ? 11.5 : 14);
        }
        P.card.focus();
      } else if (before) {
        back(before);
      }
    }
    function pickThing(thing, move) {
      if (!P.carded()) step();
      S.unit = null;
      S.finding = null;
      S.thing = thing;
      P.tip.hidden = true;
      outline(thing);
      P.view.read(thing.layer).then(function() {
        if (S.thing === thing) {
          P.paintCard();
          if (move) P.go(thing.layer.layer.boundsOf(thing.i).pad(1.2), true, 18);
          P.declutter();
        }
      });
      P.paint();
      P.remember();
    }
    function outline(thing) {
      P.mark.clear();
      P.mark.rings(thing.layer.layer.latLngsOf(thing.i));
    }
    function showSite(drawn) {
      if (!P.carded()) step();
      S.unit = null;
      S.thing = null;
      S.finding = null;
      S.site = drawn;
      P.mark.clear();
      P.paint();
    }
    function clearPicked() {
      S.unit = null;
      S.thing = null;
      S.finding = null;
      S.site = null;
      P.mark.clear();
      P.paint();
    }
    function showFinding() {
      if (!P.carded()) step();
      S.unit = null;
      S.thing = null;
      P.paint();
    }
    function touch(latlng) {
      if (P.site.take(latlng) || P.ruler.take(latlng)) return true;
      var f = P.findings.at(latlng), t;
      if (f >= 0) {
        P.findings.choose(f, false);
        return true;
      }
      t = P.firms.shows() ? null : P.compare.at(latlng) || P.land.at(latlng);
      if (t) {
        pickThing({ ...t, clicked: latlng }, false);
        return true;
      }
      return false;
    }
    var felt = 0;
    function feel(e) {
      var said = P.firms.tip(e.latlng) || P.compare.tip(e.latlng), t = said ? null : P.firms.shows() ? null : P.land.at(e.latlng);
      if (!said && !t) return false;
      if (t && t.layer.classes && !t.layer.now("id")) t.layer.column("id");
      tell(said || P.view.tip(t), e.originalEvent);
      return true;
    }
    function tell(nodes, e) {
      var r = root.getBoundingClientRect();
      fill(P.tip, nodes);
      P.tip.hidden = false;
      P.tip.style.left = Math.min(e.clientX - r.left + 14, r.width - P.tip.offsetWidth - 8) + "px";
      P.tip.style.top = Math.min(e.clientY - r.top + 14, r.height - P.tip.offsetHeight - 8) + "px";
    }
    map.on("click", function(e) {
      if (e.originalEvent !== P.taken) touch(e.latlng);
    });
    map.on("mousemove", function(e) {
      var now = Date.now();
      if (now - felt < 30 || e.originalEvent === P.taken) return;
      felt = now;
      if (!feel(e)) P.tip.hidden = true;
    });
    map.on("mouseout movestart", function() {
      P.tip.hidden = true;
    });
    function togglePick(k) {
      var at = S.picks.indexOf(k);
      if (at >= 0) S.picks.splice(at, 1);
      else S.picks.push(k);
      refresh();
      P.paint();
      P.remember();
    }
    function refresh() {
      var at = P.parts.pages.scrollTop;
      P.pages();
      P.parts.pages.scrollTop = at;
    }
    function landChanged() {
      P.land.update();
      P.firms.update();
      P.compare.update();
      if (S.tab === "land") {
        P.view.table();
        syncLand();
      }
      each(P.order, P.style);
      P.paintLegend();
      P.declutter();
    }
    function syncLand() {
      each(P.panel.querySelectorAll(".lay input[type=checkbox]"), function(b) {
        if (b.id.slice(0, 8) === "land-on-") b.checked = S.land.on.indexOf(b.id.slice(8)) >= 0;
      });
    }
    function save(name, type, text) {
      var url = URL.createObjectURL(new Blob([text], { type: type + ";charset=utf-8" })), a = el("a", { href: url, download: D.id.replace(/[^\w\-\u4e00-\u9fff]+/g, "_") + "-" + name });
      document.body.appendChild(a);
      a.click();
      document.body.removeChild(a);
      setTimeout(function() {
        URL.revokeObjectURL(url);
      }, 8e3);
    }
    function back(id) {
      if (S.tab !== "parks") return;
      each(P.parts.list.querySelectorAll("button"), function(b) {
        if (b.getAttribute("data-unit") === id) b.focus();
      });
    }
    function hover(u, e) {
      var c = P.value(u), r = root.getBoundingClientRect();
      fill(P.tip, T(u.name), el("small", {}, c && P.measure() ? T(P.measure().name) + " " + P.qualified(c[2], c[1]) + " " + T(P.measure().unit) + (S.lang === "en" ? ", " : "，") + c[0] : P.U.none));
      P.tip.hidden = false;
      var x = Math.min(e.clientX - r.left + 14, r.width - P.tip.offsetWidth - 8);
      P.tip.style.left = x + "px";
      P.tip.style.top = Math.min(e.clientY - r.top + 14, r.height - P.tip.offsetHeight - 8) + "px";
    }
    document.addEventListener("keydown", function(e) {
      if (P.site.keys(e)) return;
      if (e.key === "Escape" && P.carded()) pick(null);
      else if (S.finding !== null && (e.key === "j" || e.key === "k") && !/^(INPUT|SELECT|TEXTAREA)$/.test(
        /** @type {Element} */
        e.target.tagName
      )) P.findings.step(e.key === "j" ? 1 : -1);
    });
  }

  // site.js
  var HECTARE3 = 1e4;
  var MU2 = 2e3 / 3;
  var LISTED2 = 30;
  var SEVERITIES2 = [["错误", "error"], ["警告", "warning"], ["提示", "note"]];
  function degrees(x, y, bits2) {
    const size = Math.pow(2, bits2);
    return [x / size * 360 - 180, Math.atan(Math.sinh(Math.PI * (1 - 2 * y / size))) * 180 / Math.PI];
  }
  function sharesOf(land, points) {
    const d = land.layer.d, ring = points.map((p) => {
      const q = L.CRS.EPSG3857.latLngToPoint(L.latLng(p), d.bits - 8);
      return [q.x, q.y];
    }), parts = triangles(points.map((p) => equalArea(p.lng, p.lat))), out = [];
    const xs = ring.map((p) => p[0]), ys = ring.map((p) => p[1]), x0 = Math.min(...xs), x1 = Math.max(...xs), y0 = Math.min(...ys), y1 = Math.max(...ys);
    for (let i = 0; i < d.n; i++) {
      const [a, b, c, e] = d.box.subarray(i * 4, i * 4 + 4);
      if (a > x1 || c < x0 || b > y1 || e < y0 || !land.there(i)) continue;
      if (!meetsBox(ring, a, b, c, e)) {
        if (inside(ring, a, b)) out.push([i, 1]);
        continue;
      }
      const part = share(d, i, parts);
      if (part > 0) out.push([i, part]);
    }
    return out;
  }
  function share(d, i, parts) {
    const rings = [];
    for (let g = d.shapes[i]; g < d.shapes[i + 1]; g++) {
      const ring = [];
      for (let v = d.rings[g]; v < d.rings[g + 1]; v++) {
        const [lng, lat] = degrees(d.X[v], d.Y[v], d.bits);
        ring.push(equalArea(lng, lat));
      }
      if (ring.length > 2) rings.push(ring);
    }
    const whole = sharedArea(rings, [hull(rings)]), cut = sharedArea(rings, parts);
    return whole > 0 ? Math.min(1, cut / whole) : 0;
  }
  function hull(rings) {
    const all = rings.flat(), xs = all.map((p) => p[0]), ys = all.map((p) => p[1]), x0 = Math.min(...xs) - 1, x1 = Math.max(...xs) + 1, y0 = Math.min(...ys) - 1, y1 = Math.max(...ys) + 1;
    return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
  }
  async function read(P, corners) {
    const tables2 = [], points = onGround(corners);
    for (const land of P.desk.layers) {
      land.open("parcels");
      await land.ready;
      if (land.year !== P.S.year) {
        land.year = P.S.year;
        land.mask();
      }
      const area = (await land.column("area_m2")).values, shares = sharesOf(land, points);
      if (!shares.length) continue;
      const rows = shares.map(([i, part]) => ({ i, m2: area[i] * part, whole: part > 1 - 1e-9 }));
      tables2.push({ land, rows, m2: rows.reduce((s, r) => s + r.m2, 0), groups: await groupsOf(land, rows) });
      if (land.key === "parcel") await land.column("id");
    }
    return { tables: tables2, firms: await firmsIn(P, points), findings: await findingsIn(P, points) };
  }
  async function groupsOf(land, rows) {
    const out = [];
    for (const style of land.record.styles.filter((s) => s.kind === "class")) {
      const column = await land.column("by." + style.key), sums = style.classes.map(() => [0, 0]);
      for (const r of rows) {
        const s = sums[column.values[r.i]];
        s[0] += r.m2;
        s[1]++;
      }
      out.push({ style, sums: sums.map(([m2, n], k) => ({ k, m2, n })).filter((s) => s.n).sort((a, b) => b.m2 - a.m2) });
    }
    return out;
  }
  async function firmsIn(P, points) {
    await P.firms.ready;
    const { d, classes } = P.firms.state(), told2 = P.D.firms;
    if (!d) return null;
    const ring = points.map((p) => {
      const q = L.CRS.EPSG3857.latLngToPoint(L.latLng(p), d.bits - 8);
      return [q.x, q.y];
    }), n = told2.classes.map(() => 0);
    for (let i = 0; i < d.n; i++) if (inside(ring, d.X[i], d.Y[i])) n[classes[i]]++;
    return told2.classes.map((c, k) => ({ c, n: n[k] })).filter((r) => r.n).sort((a, b) => b.n - a.n);
  }
  async function findingsIn(P, points) {
    const F2 = await P.findings.ready, ring = points.map((p) => [p.lng, p.lat]), out = [];
    if (F2) F2.at.forEach((at, i) => {
      if (at && inside(ring, at[1], at[0])) out.push(i);
    });
    return out;
  }
  function siteDesk(P) {
    const { map, S, say } = P, group = L.layerGroup(), box2 = el("div", { class: "measured drawing", role: "group", hidden: true }), cross = el("div", { class: "cross", "aria-hidden": "true", hidden: true });
    let points = null, answer = null, where = null;
    S.site = null;
    const amount = (m2) => m2 >= 1e6 ? P.number(m2 / 1e6) + say(" 平方公里", " km²") : P.number(m2 / HECTARE3) + say(" 公顷", " ha");
    function paint2() {
      group.clearLayers();
      const at = points || S.site;
      if (!at) {
        map.removeLayer(group);
        return;
      }
      group.addTo(map);
      const style = { color: "#111a20", weight: 2.5, pane: "mark", interactive: false, className: "site" };
      if (at.length > 2) L.polygon(at, { ...style, fillColor: "#ffe14d", fillOpacity: points ? 0.2 : 0.12, dashArray: points ? "4 4" : null }).addTo(group);
      else L.polyline(at, style).addTo(group);
      if (points) for (const p of at) L.circleMarker(p, { ...style, radius: 4, fillColor: "#ffe14d", fillOpacity: 1 }).addTo(group);
    }
    function middle() {
      const f = P.frame();
      return map.containerPointToLatLng([(f.left + f.right) / 2, (f.top + f.bottom) / 2]);
    }
    function said() {
      if (!points.length) return say("点地图画各个角；或移动地图，用十字和“加一点”", "Click the corners; or move the map and add the place under the cross");
      const bad = crossesItself(points.map((p) => [p.lng, p.lat])), m2 = areaOf(points);
      return bad ? say("轮廓自己相交，请撤回一点再画", "The outline crosses itself: take a corner back") : points.length + say(" 点", " corners") + (m2 ? say("，", ", ") + amount(m2) : "");
    }
    function bar() {
      const f = P.frame(), tool = (text, fn, off) => el("button", { class: "tool", type: "button", disabled: off, onclick: fn }, text);
      cross.hidden = box2.hidden = !points;
      document.documentElement.classList.toggle("is-drawing", !!points);
      if (!points) return;
      cross.style.left = (f.left + f.right) / 2 + "px";
      cross.style.top = (f.top + f.bottom) / 2 + "px";
      const held = [...box2.querySelectorAll("button")].indexOf(document.activeElement);
      box2.style.left = P.phone() ? "" : (f.left + f.right) / 2 + "px";
      box2.style.maxWidth = P.phone() ? "" : Math.max(240, f.right - f.left) + "px";
      box2.setAttribute("aria-label", say("画一块地", "Draw a site"));
      fill(box2, el("span", { role: "status" }, said()), tool(say("加一点", "Add"), () => take(middle())), tool(say("撤回", "Undo"), undo, !points.length), tool(say("完成", "Done"), finish, !whole()), tool(say("取消", "Cancel"), cancel));
      if (held >= 0) focusOn(held);
    }
    const whole = () => points.length > 2 && areaOf(points) > 0 && !crossesItself(points.map((p) => [p.lng, p.lat]));
    function focusOn(which) {
      const all = box2.querySelectorAll("button");
      if (all[which]) (all[which].disabled ? all[0] : all[which]).focus({ preventScroll: true });
    }
    function again(which) {
      paint2();
      bar();
      if (which !== void 0) focusOn(which);
    }
    function start() {
      P.clearPicked();
      S.site = null;
      answer = null;
      points = [];
      if (P.ruler.on()) P.ruler.toggle();
      again(0);
    }
    function undo() {
      points.pop();
      again(1);
    }
    function cancel() {
      points = null;
      again();
    }
    function take(latlng) {
      if (!points) return false;
      points.push(L.latLng(latlng));
      again();
      return true;
    }
    function finish() {
      if (!points || !whole()) return;
      const drawn = points;
      points = null;
      again();
      show(drawn);
      P.focusCard();
    }
    function keys(e) {
      if (!points || /^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName)) return false;
      const step = { ArrowLeft: [-30, 0], ArrowRight: [30, 0], ArrowUp: [0, -30], ArrowDown: [0, 30] }[e.key];
      if (step && box2.contains(e.target)) {
        map.panBy(step, { animate: false });
        e.preventDefault();
        return true;
      }
      if (e.key === "Escape") {
        cancel();
        return true;
      }
      if (e.key === "Backspace" && points.length) {
        undo();
        return true;
      }
      return false;
    }
    function show(drawn) {
      answer = null;
      where = drawn;
      P.showSite(drawn);
      paint2();
      const bounds = L.latLngBounds(drawn);
      if (!P.freeBounds().contains(bounds)) P.go(bounds, true, 18);
      read(P, drawn).then((found) => {
        if (where === drawn) {
          answer = found;
          P.paintCard();
          P.declutter();
        }
      });
      P.remember();
    }
    function clear2() {
      S.site = null;
      answer = null;
      where = null;
      paint2();
    }
    function groupTable(g, total) {
      const sum = g.sums.reduce((s, r) => s + r.m2, 0);
      return [el("h3", {}, P.T(g.style.name)), el("table", { class: "recs balance" }, el(
        "tbody",
        {},
        g.sums.map((r) => el("tr", {}, el("th", { scope: "row" }, swatch(g.style.classes[r.k].colour), P.T(g.style.classes[r.k].name)), el("td", { class: "v num" }, P.number(r.n)), el("td", { class: "v num" }, amount(r.m2)), el("td", { class: "v num" }, (100 * r.m2 / total).toFixed(1) + "%"))),
        total - sum > 0.5 ? el("tr", {}, el("th", { scope: "row" }, say("其余", "The rest")), el("td", {}), el("td", { class: "v num" }, amount(total - sum)), el("td", { class: "v num" }, (100 * (total - sum) / total).toFixed(1) + "%")) : null
      ))];
    }
    function landPart({ land, rows, m2, groups: groups2 }, total) {
      const cut = rows.filter((r) => !r.whole).length, parcel = land.key === "parcel";
      const shown = parcel ? groups2.filter((g) => g.style.key === "land_use" || g.style.key === "planned_use") : groups2.slice(0, 1);
      return el(
        "details",
        { class: "more", open: parcel },
        el("summary", {}, P.T(land.record.name) + say("：", ": ") + P.number(rows.length) + say(" 个，", ", ") + amount(m2)),
        cut ? el("p", { class: "text" }, say("其中 " + cut + " 个只有一部分在内，按落在内的部分计", cut + " of them lie partly inside and count for that part")) : null,
        shown.map((g) => groupTable(g, parcel ? total : m2))
      );
    }
    function card2() {
      const total = areaOf(S.site), body = [el("p", { class: "big num" }, amount(total), el("small", {}, P.number(total) + say(" 平方米 · ", " m² · ") + P.number(total / MU2) + say(" 亩", " mu"))), el("p", { class: "text" }, say("周长 ", "Perimeter ") + P.number(lengthOf(S.site.concat([S.site[0]]))) + say(" 米", " m"))];
      if (!answer) body.push(el("p", { class: "status" }, say("正在读取……", "Reading…")));
      else body.push(...contents(total));
      return { title: say("画的地块", "The site drawn"), other: S.year === null ? "" : S.year + say(" 年", ""), body };
    }
    function contents(total) {
      const { tables: tables2, firms, findings } = answer;
      return [
        tables2.length ? tables2.slice().reverse().sort((a, b) => +(b.land.key === "parcel") - +(a.land.key === "parcel")).map((t) => landPart(t, total)) : el("p", { class: "text" }, say("这里没有用地数据", "No land is known here")),
        firms && firms.length ? el("details", { class: "more", open: true }, el("summary", {}, say("企业：", "Firms: ") + P.number(firms.reduce((s, r) => s + r.n, 0))), el("ul", { class: "firms" }, firms.map((r) => el("li", {}, swatch(r.c.colour), " " + P.T(r.c.name) + say("：", ": ") + P.number(r.n))))) : firms ? el("p", { class: "text" }, say("没有企业", "No firms")) : null,
        findings.length ? el("details", { class: "more", open: true }, el("summary", {}, say("问题：", "Findings: ") + P.number(findings.length)), findings.slice(0, LISTED2).map((i) => P.findingButton(i)), findings.length > LISTED2 ? el("p", { class: "text" }, say("只列前 " + LISTED2 + " 条，全部在 CSV 中", "The first " + LISTED2 + "; all are in the CSV")) : null) : P.D.findings.count ? el("p", { class: "text" }, say("没有问题", "No findings")) : null,
        el("p", { class: "row" }, el("button", { class: "tool", type: "button", onclick: csv }, say("导出 CSV", "Save as CSV")), el("button", { class: "tool", type: "button", onclick: start }, say("另画一块", "Draw another")))
      ];
    }
    function csv() {
      const total = areaOf(S.site), lines3 = [["what", "class", "id", "count", "area_m2"], ["site", "", S.site.map((p) => p.lng.toFixed(7) + " " + p.lat.toFixed(7)).join("; "), "", total.toFixed(2)]], { tables: tables2, firms, findings } = answer;
      for (const t of tables2) {
        for (const g of t.groups) for (const r of g.sums) lines3.push([t.land.key + "." + g.style.key, P.T(g.style.classes[r.k].name), "", r.n, r.m2.toFixed(2)]);
        if (t.land.key === "parcel") for (const r of t.rows) lines3.push(["parcel", "", t.land.now("id") ? t.land.now("id").text(r.i) : "", 1, r.m2.toFixed(2)]);
      }
      for (const r of firms || []) lines3.push(["firm", P.T(r.c.name), "", r.n, ""]);
      const F2 = P.findings.data();
      for (const i of findings) lines3.push(["finding." + SEVERITIES2[F2.severity[i]][1], F2.rules[F2.rule[i]], F2.feature[i], 1, ""]);
      P.save("site.csv", "text/csv", "\uFEFF" + lines3.map((l) => l.map(csvCell).join(",")).join("\r\n") + "\r\n");
    }
    function button() {
      return el("p", {}, el("button", { class: "tool", type: "button", onclick: start }, say("画一块地，读其中的用地", "Draw a site and read what is in it")));
    }
    function told2() {
      return S.site ? S.site.map((p) => p.lat.toFixed(6) + "," + p.lng.toFixed(6)).join(";") : "";
    }
    function recall(text) {
      const at = text.split(";").slice(0, 200).map((pair) => pair.split(",").map(Number)).filter((p) => p.length === 2 && p.every(isFinite) && Math.abs(p[0]) <= 85 && Math.abs(p[1]) <= 180).map((p) => L.latLng(p[0], p[1]));
      return at.length > 2 && areaOf(at) > 0 && !crossesItself(at.map((p) => [p.lng, p.lat])) ? at : null;
    }
    map.on("moveend", bar);
    return { box: box2, cross, button, start, take, finish, keys, card: card2, clear: clear2, show, told: told2, recall, drawing: () => points !== null, answer: () => answer, repaint: paint2 };
  }

  // steps.js
  var MOST = 60;
  var LONG = 400;
  var SHORT = 4e3;
  function stepOf(raw) {
    if (!raw || typeof raw !== "object" || typeof raw.view !== "string") return null;
    const text = (t) => typeof t === "string" || typeof t === "number" ? String(t).slice(0, LONG) : "";
    const pair = (t) => {
      const two = Array.isArray(t) ? t : [t, t], zh = text(two[0]), en = text(two[1]);
      return [zh || en, en || zh];
    };
    return { title: pair(raw.title), note: pair(raw.note), view: raw.view.replace(/^#/, "").slice(0, SHORT) };
  }
  function stepsOf(text) {
    let raw;
    try {
      raw = JSON.parse(text);
    } catch (_) {
      return null;
    }
    const rows = Array.isArray(raw) ? raw : raw && Array.isArray(raw.steps) ? raw.steps : null, found = rows ? rows.map(stepOf) : [];
    return found.length && found.every(Boolean) ? found.slice(0, MOST) : null;
  }
  function steps(P) {
    const { D, S, T, map, root, say } = P, html = document.documentElement, key = "zgcgis-steps:" + D.id;
    const head = el("section", { class: "show", hidden: true }), parts = {};
    let list = kept() || (D.steps || []).map(stepOf).filter(Boolean), at = -1, before = "", open = false, full = false;
    document.body.appendChild(head);
    function kept() {
      try {
        return stepsOf(localStorage.getItem(key) || "");
      } catch (_) {
        return null;
      }
    }
    function keep() {
      try {
        localStorage.setItem(key, JSON.stringify(list));
      } catch (_) {
      }
    }
    function hash() {
      P.remember();
      return P.viewText();
    }
    function viewNow() {
      const b = P.freeBounds(), box2 = [b.getSouth(), b.getWest(), b.getNorth(), b.getEast()].map((n) => n.toFixed(5)).join(",");
      return hash().split("&").filter((p) => !/^(v|l|p|x|w)=/.test(p)).concat("t=" + S.tab, "w=" + box2).join("&");
    }
    function add2() {
      if (list.length >= MOST) {
        P.toast(say("最多 " + MOST + " 步", "At most " + MOST + " steps"));
        return;
      }
      list.push({ title: titleNow(), note: ["", ""], view: viewNow() });
      keep();
      paintSteps();
      const inputs = parts.list && parts.list.isConnected ? parts.list.querySelectorAll("input") : [];
      if (inputs.length > 1) {
        const last = inputs[inputs.length - 2];
        last.focus();
        last.select();
      }
    }
    function titleNow() {
      const was = S.lang, said = ["zh", "en"].map((lang) => {
        S.lang = lang;
        const now = P.legendOf(4, true), chosen = S.unit ? T(P.byId[S.unit].name) : "";
        return [chosen, now.title || T(D.name)].filter(Boolean).join(lang === "en" ? ": " : "：");
      });
      S.lang = was;
      return said;
    }
    function row(step, i) {
      const set = (field) => function() {
        step[field] = [this.value.slice(0, LONG), this.value.slice(0, LONG)];
        keep();
      };
      const does = (label, text, act, off) => el("button", { class: "tool", type: "button", "aria-label": label, title: label, disabled: off ? true : null, onclick: act }, text);
      const swap = (to) => () => {
        const [one] = list.splice(i, 1);
        list.splice(to, 0, one);
        keep();
        paintSteps();
      };
      return el(
        "li",
        {},
        el("div", { class: "row" }, el("b", { class: "num" }, i + 1), el("input", { type: "text", class: "wide-in", "aria-label": say("第 " + (i + 1) + " 步的标题", "Title of step " + (i + 1)), value: T(step.title), oninput: set("title") })),
        el("input", { type: "text", class: "wide-in", "aria-label": say("第 " + (i + 1) + " 步的说明", "Words of step " + (i + 1)), placeholder: say("说明", "Words"), value: T(step.note), oninput: set("note") }),
        el("div", { class: "acts" }, does(say("看这一步", "Show this step"), say("看", "Show"), () => P.reread(step.view)), does(say("换成当前画面", "Take the present view"), say("重取", "Retake"), () => {
          step.view = viewNow();
          keep();
          P.toast(say("已换成当前画面", "The present view was taken"));
        }), does(say("上移", "Earlier"), "↑", swap(i - 1), i === 0), does(say("下移", "Later"), "↓", swap(i + 1), i === list.length - 1), does(say("删除", "Remove"), "×", () => {
          list.splice(i, 1);
          keep();
          paintSteps();
        }))
      );
    }
    function paintSteps() {
      if (parts.list) {
        fill(parts.list, list.length ? list.map(row) : el("li", { class: "status" }, say("还没有步骤", "No step yet")));
        parts.go.disabled = !list.length;
      }
    }
    function page() {
      parts.list = el("ol", { class: "steplist" });
      parts.go = el("button", { class: "tool", type: "button", onclick() {
        enter(0);
      } }, say("开始汇报", "Present"));
      const file = el("input", { type: "file", accept: ".json,application/json", hidden: true, onchange() {
        if (this.files[0]) this.files[0].text().then(load);
      } });
      paintSteps();
      return [
        el("h2", { class: "cap" }, say("汇报步骤", "Steps to present")),
        el("p", { class: "status" }, say("调好画面，存为一步；汇报时用方向键或翻页器前后翻，Esc 退出。存成文件后可放进地图或做成幻灯片：zgcgis map --steps 文件 --slides 文件.pptx", "Set the map, keep it as a step. Arrow keys or a clicker turn the steps, Escape ends. The saved file goes into a map or slides: zgcgis map --steps FILE --slides FILE.pptx")),
        el(
          "div",
          { class: "tools" },
          el("button", { class: "tool", type: "button", onclick: add2 }, say("存为一步", "Keep this view")),
          parts.go,
          el("button", { class: "tool", type: "button", onclick() {
            P.save("steps.json", "application/json", JSON.stringify({ zone: D.id, steps: list }, null, 1));
          } }, say("存成文件", "Save the steps")),
          el("button", { class: "tool", type: "button", onclick() {
            file.click();
          } }, say("读入文件", "Read steps")),
          file
        ),
        parts.list
      ];
    }
    function load(text) {
      const found = stepsOf(text);
      if (!found) {
        P.toast(say("这不是步骤文件，没有读入", "This is no file of steps; nothing was read"));
        return;
      }
      list = found;
      keep();
      paintSteps();
    }
    function enter(n) {
      before = hash();
      full = false;
      present(n, false);
      if (html.requestFullscreen) html.requestFullscreen().then(() => {
        full = true;
      }, () => {
      });
    }
    function present(n, bare) {
      if (!list.length) return;
      at = Math.max(0, Math.min(list.length - 1, n));
      html.classList.add("presenting");
      head.hidden = bare;
      map._fadeAnimated = !bare;
      P.reread(list[at].view);
      title();
      lay();
      turn();
    }
    function title() {
      const step = list[at], does = (label, text, act, off) => el("button", { class: "tool", type: "button", "aria-label": label, disabled: off ? true : null, onclick: act }, text), sources = P.sourcesText();
      fill(
        head,
        el(
          "div",
          { class: "says", role: "status" },
          el("h1", {}, T(step.title)),
          T(step.note) ? el("p", { class: "words" }, T(step.note)) : null,
          sources.length && S.tab === "parks" ? el("p", { class: "src" }, P.U.source + P.colon() + P.shortSources(sources, 200)) : null
        ),
        el("div", { class: "turn" }, does(say("上一步", "Back"), "‹", () => go(-1), at === 0), el("span", { class: "num" }, at + 1 + " / " + list.length), does(say("下一步", "Next"), "›", () => go(1), at === list.length - 1), does(say("结束汇报", "End"), "×", leave))
      );
    }
    function lay() {
      const h = head.hidden ? 0 : head.offsetHeight;
      root.style.top = h + "px";
      root.style.height = "calc(100% - " + h + "px)";
      map.invalidateSize({ animate: false, pan: false });
    }
    function turn() {
      P.toView();
      P.compare.layout();
      P.paint();
      P.remember();
      if (head.hidden) P.settle();
    }
    function go(by) {
      if (at + by >= 0 && at + by < list.length) present(at + by, head.hidden);
    }
    function leave() {
      at = -1;
      head.hidden = true;
      clear(head);
      html.classList.remove("presenting");
      root.style.top = root.style.height = "";
      if (document.fullscreenElement) document.exitFullscreen().catch(() => null);
      map.invalidateSize({ animate: false, pan: false });
      P.reread(before || P.viewText());
    }
    document.addEventListener("fullscreenchange", () => {
      if (at >= 0 && full && !document.fullscreenElement) leave();
    });
    window.addEventListener("resize", () => {
      if (at >= 0) {
        lay();
        turn();
      }
    });
    document.addEventListener("keydown", (e) => {
      if (at < 0 || /** @type {Element} */
      e.target.tagName === "INPUT") return;
      const by = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1, Home: -at, End: list.length - 1 - at }[e.key];
      if (e.key === "Escape") leave();
      else if (by !== void 0) go(by);
      else return;
      e.preventDefault();
      e.stopPropagation();
    }, true);
    function toggle() {
      open = !open;
      P.pages();
    }
    return { page, present, leave, add: add2, list: () => list, at: () => at, open: () => open, toggle, close() {
      open = false;
    } };
  }

  // units.js
  function units(P) {
    const { D, S, labels, map } = P;
    Object.assign(P, { partOf, style, pattern });
    P.R = panes(map);
    P.labelPane = map.createPane("labels");
    P.labelPane.style.zIndex = 620;
    P.labelPane.style.pointerEvents = "none";
    ground(P, P.R, labels);
    P.taken = null;
    function depth(u) {
      return u.above.length;
    }
    function partOf(u) {
      var best = null;
      each(u.g.type === "MultiPolygon" ? u.g.coordinates : [u.g.coordinates], function(poly) {
        var b = L.latLngBounds(poly[0].map(function(c) {
          return [c[1], c[0]];
        }));
        if (b.contains(u.at) && (!best || best.contains(b))) best = b;
      });
      return best || u.layer.getBounds();
    }
    P.order = D.units.filter(function(u) {
      return u.g;
    }).sort(function(a, b) {
      return (a.level === "group" ? -1 : depth(a)) - (b.level === "group" ? -1 : depth(b));
    });
    each(P.order, function(u) {
      var isPoint = u.g.type === "Point" || u.g.type === "MultiPoint";
      u.isPoint = isPoint;
      if (!isPoint && (u.precision === "sketch" || u.precision === "schematic" || u.precision === "approximate") && u.level === "park")
        u.glow = shape(u.g, { renderer: P.R.glow, pane: "glow", color: u.hue, weight: 9, opacity: 0.13, fill: false, lineJoin: "round" }).addTo(map);
      u.layer = shape(u.g, { renderer: P.R.park, pane: "park", interactive: true, radius: u.level === "block" ? 5 : 7.5, color: u.hue, weight: 1.5, lineJoin: "round", lineCap: "round" }).addTo(map);
      u.layer.on("click", function(e) {
        P.taken = e.originalEvent;
        if (!P.touch(e.latlng)) P.pick(u.id, false);
      });
      u.layer.on("mousemove", function(e) {
        P.taken = e.originalEvent;
        if (!P.feel(e)) P.hover(u, e.originalEvent);
      });
      u.layer.on("mouseout", function() {
        P.tip.hidden = true;
      });
      labels.push({ kind: u.level === "block" ? "b" : u.level === "group" ? "h" : u.kids.some(function(k) {
        return k.level === "park" && k.g;
      }) ? "h" : "p", at: u.at, name: u.name, unit: u, colour: u.level === "group" ? u.hue : null, shift: isPoint ? [0, 15] : null });
    });
    function style(u) {
      var c = P.value(u), now = u.id === S.unit, on = P.chosen(u) && P.found(u), gone = !P.there(u);
      var big = P.isBig(u), fill2 = P.fillOf(u, c), opacity = fill2.fillOpacity;
      if (!on) opacity *= 0.12;
      if (P.covering()) opacity = 0;
      u.layer.setStyle({
        color: now ? "#d97706" : gone ? "#a49b88" : u.level === "block" ? "#55626c" : u.hue,
        weight: now ? 3.4 : u.level === "block" ? 0.8 : big ? 1.3 : 1.7,
        opacity: on ? gone ? 0.6 : 0.95 : 0.25,
        dashArray: u.isPoint ? now ? null : "2.5 2.5" : now ? null : dash(u.precision),
        fillColor: fill2.fillColor,
        fillOpacity: gone ? 0 : opacity
      });
      if (u.glow) u.glow.setStyle({ opacity: on && !gone ? now ? 0.3 : 0.13 : 0.03, color: now ? "#d97706" : u.hue });
      if (now && u.layer.bringToFront && !big) u.layer.bringToFront();
    }
    function pattern() {
      var host = P.R.park._container;
      if (!host || host.querySelector("#no-data")) return;
      var p = svg("pattern", { id: "no-data", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { width: 6, height: 6, fill: "#fdfcf9" }), svg("rect", { width: 1.2, height: 6, fill: "#c9c0ae" }));
      host.insertBefore(svg("defs", {}, p), host.firstChild);
    }
  }

  // search.js
  function fold(text) {
    return String(text).toLowerCase().replace(/[\s'’·\-_（）()]/g, "");
  }
  function apart(a, b, most) {
    if (Math.abs(a.length - b.length) > most) return most + 1;
    let before = [], last = Array.from({ length: b.length + 1 }, (_, k) => k);
    for (let i = 1; i <= a.length; i++) {
      const row = [i];
      for (let k = 1; k <= b.length; k++) {
        row[k] = Math.min(last[k] + 1, row[k - 1] + 1, last[k - 1] + (a[i - 1] === b[k - 1] ? 0 : 1));
        if (i > 1 && k > 1 && a[i - 1] === b[k - 2] && a[i - 2] === b[k - 1]) row[k] = Math.min(row[k], before[k - 2] + 1);
      }
      before = last;
      last = row;
    }
    return last[b.length];
  }
  function near(query, word, most) {
    let best = most + 1;
    for (let from = 0; from <= Math.max(0, word.length - query.length + most); from++)
      for (let size = Math.max(1, query.length - most); size <= query.length + most && from + size <= word.length; size++) best = Math.min(best, apart(query, word.slice(from, from + size), most));
    return best;
  }
  function search(units2, text) {
    const q = fold(text), found = /* @__PURE__ */ new Map();
    if (!q) return found;
    for (const u of units2) {
      const whole = u.words.some((w) => w === q), start = u.words.some((w) => w.startsWith(q)), part = u.words.some((w) => w.indexOf(q) >= 0), about2 = u.about.some((w) => w.indexOf(q) >= 0);
      if (whole || start || part || about2) found.set(u.id, whole ? 4 : start ? 3 : part ? 2 : 1);
    }
    if (found.size || q.length < 2) return found;
    const scored = [];
    const most = /[^\x20-\x7f]/.test(q) ? q.length > 3 ? 2 : 1 : q.length > 5 ? 2 : 1;
    for (const u of units2) {
      const d = Math.min(...u.words.map((w) => near(q, w, most)));
      if (d <= most) scored.push([u.id, d]);
    }
    const least = Math.min(...scored.map((s) => s[1]));
    for (const [id, d] of scored) if (d === least) found.set(id, 0.5 - d / 10);
    return found;
  }

  // values.js
  function values(P) {
    const { D, S, groupById, industryById, measureByKey } = P;
    Object.assign(P, { measure, valueIn, fillOf, number, marked, ramp, value, chosen, found, there, isBig, series, qualified, cell, colon, names, ranked, colours, klass });
    function colon() {
      return S.lang === "en" ? ": " : "：";
    }
    function group3(text) {
      return text.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    }
    function number(v) {
      if (v === null || v === void 0) return "—";
      var a = Math.abs(v), d = a >= 1e3 ? 0 : a >= 100 ? 0 : a >= 10 ? 1 : 2;
      if (Math.abs(v - Math.round(v)) < 1e-9) d = 0;
      var parts = Math.abs(v).toFixed(d).split(".");
      if (parts[1]) parts[1] = parts[1].replace(/0+$/, "");
      return (v < 0 ? "−" : "") + group3(parts[0]) + (parts[1] ? "." + parts[1] : "");
    }
    function qualified(q, v) {
      return (q === "~" ? P.U.about_ : q === ">" ? P.U.more : q === "<" ? P.U.nearly : "") + number(v);
    }
    function marked(q, v) {
      return (q === "~" ? "≈" : q === ">" ? ">" : q === "<" ? "≲" : "") + number(v);
    }
    function measure() {
      return measureByKey[S.measure];
    }
    function series(unit, key) {
      return own(own(D.values, key), unit) || [];
    }
    function cell(unit, key, year, mode, table) {
      var best = null;
      each(table ? own(own(table, key), unit) || [] : series(unit, key), function(c) {
        if (c[0] === year || (mode || S.mode) === "latest" && c[0] <= year) {
          if (!best || c[0] > best[0]) best = c;
        }
      });
      return best;
    }
    function yearNow() {
      return P.compare.shows() && D.compare.years ? D.compare.years[0] : S.year;
    }
    function there(u, year) {
      var y = year === void 0 ? yearNow() : year;
      return (u.since === null || u.since <= y) && (u.until === null || y < u.until);
    }
    function valueIn(u, year, table) {
      return S.measure && there(u, year) ? cell(u.id, S.measure, year, S.mode, table) : null;
    }
    function value(u) {
      return valueIn(u, yearNow());
    }
    function isBig(u) {
      return u.level === "group" || !!u.kids && u.kids.some(function(k) {
        return k.g && k.level === "park";
      });
    }
    function fillOf(u, c) {
      var alone = S.picks.length && !(u.kids || []).some(function(k) {
        return k.g && chosen(k);
      });
      return { fill: true, fillColor: c ? colours()[klass(c[1])] : "url(#no-data)", fillOpacity: c ? u.level === "group" ? 0.5 : 0.93 : u.level === "block" || isBig(u) && !alone ? 0 : 0.85 };
    }
    function klass(v) {
      var b = measure() ? measure().breaks : [], i = 0;
      while (i < b.length && v >= b[i]) i++;
      return i;
    }
    function ramp(n) {
      var k = D.ramp.length, out = [];
      for (var i = 0; i < n; i++) out.push(D.ramp[n === 1 ? 2 : Math.round(i * (k - 1) / (n - 1))]);
      return out;
    }
    function colours() {
      return ramp((measure() ? measure().breaks.length : 0) + 1);
    }
    function names(key) {
      return function(u) {
        if (u.industries.indexOf(key) >= 0) return true;
        return u.industries.some(function(k) {
          var i = industryById[k];
          return i && i.covers.indexOf(key) >= 0;
        });
      };
    }
    function inGroup(u) {
      return !S.group || u.id === S.group || u.group === S.group || u.above.some(function(p) {
        return p.id === S.group || p.group === S.group;
      });
    }
    function chosen(u) {
      if (!inGroup(u)) return false;
      if (!S.picks.length) return true;
      var hit = function(k) {
        return names(k)(u);
      };
      return S.join === "all" ? S.picks.every(hit) : S.picks.some(hit);
    }
    each(D.units, function(u) {
      u.words = [u.id, u.name[0], u.name[1]].concat(u.aliases, u.find.split("|"), u.former.map(function(f) {
        return f.name[0];
      }), u.former.map(function(f) {
        return f.name[1];
      })).map(fold).filter(Boolean);
      var g = groupById[u.group], via = D.industries.filter(function(i) {
        return names(i.id)(u);
      });
      u.about = u.district.concat(g ? g.name : [], via.reduce(function(all, i) {
        return all.concat(i.name);
      }, [])).map(fold).filter(Boolean);
    });
    var asks = { q: null, hits: null };
    function hits() {
      if (asks.q !== S.query) asks = { q: S.query, hits: search(D.units, S.query) };
      return asks.hits;
    }
    function found(u) {
      return !fold(S.query) || hits().has(u.id);
    }
    function listed() {
      return D.units.filter(function(u) {
        if (u.level === "block" && !S.blocks && !S.query) return false;
        return chosen(u) && found(u);
      });
    }
    function ranked() {
      var by = hits();
      return listed().map(function(u, i) {
        return { u, c: value(u), i, hit: by.get(u.id) || 0 };
      }).sort(function(a, b) {
        if (a.hit !== b.hit) return b.hit - a.hit;
        var x = a.c ? a.c[1] : -Infinity, y = b.c ? b.c[1] : -Infinity;
        return x === y ? a.i - b.i : y - x;
      });
    }
  }

  // view.js
  function view(P) {
    const { D, S, groupById, map, phone, root, still } = P;
    Object.assign(P, { frameFor, coveredFor, stage, freeBounds, frame, covered, covering, go, carded, boundsOf });
    function covering() {
      return P.compare.shows() && P.compare.onMap() || P.firms.shows() || P.land.shows() && S.land.on.length > 0 || S.tab === "findings";
    }
    function covered(size) {
      return coveredFor(map, size);
    }
    function coveredFor(one, size) {
      var taken = [], o = one.getContainer().getBoundingClientRect();
      if (!P.onPaper) each([P.legend, P.inset, P.zoomers, P.credit, P.scale], function(b) {
        if (b && !b.hidden && b.offsetWidth) {
          var r = b.getBoundingClientRect();
          taken.push({ l: r.left - o.left, r: r.right - o.left, t: r.top - o.top, b: r.bottom - o.top });
        }
      });
      if (P.onPaper && P.world && one === map && !P.compare.shows()) {
        var mm = size.x / 192;
        taken.push({ l: 149 * mm, r: 193 * mm, t: 117 * mm, b: 162 * mm });
      }
      return taken;
    }
    function carded() {
      return !!(S.unit || S.thing || S.finding !== null || S.site);
    }
    function frame() {
      return frameFor(map);
    }
    function frameFor(one) {
      var s = one.getSize();
      if (P.onPaper) return { left: 0, top: 0, right: s.x, bottom: s.y };
      return P.compare.beside() ? { left: 8, top: 8, right: s.x - 8, bottom: s.y - 8 } : freeOf(s);
    }
    function freeBounds() {
      var f = frame();
      return L.latLngBounds(map.containerPointToLatLng([f.left, f.bottom]), map.containerPointToLatLng([f.right, f.top]));
    }
    function stage() {
      var s = { x: root.clientWidth, y: root.clientHeight }, f = freeOf(s);
      if (phone()) return { left: 0, top: 0, right: s.x, bottom: f.bottom, width: s.x, height: s.y };
      return { left: Math.max(0, f.left - 8), top: 0, right: carded() && P.card.getBoundingClientRect().left > s.x / 3 ? f.right + 52 : s.x, bottom: s.y, width: s.x, height: s.y };
    }
    function freeOf(s) {
      if (phone()) {
        var sheetEl = carded() ? P.card : P.panel, r = sheetEl.getBoundingClientRect();
        return { left: 0, top: 0, right: s.x, bottom: Math.max(s.y - r.height, s.y * 0.3) };
      }
      var left = 8, right = s.x - 64;
      each([P.panel, P.card], function(b) {
        if (b.hidden || !b.offsetWidth) return;
        var r2 = b.getBoundingClientRect();
        if (r2.left < s.x / 3) left = Math.max(left, r2.right + 14);
        else right = Math.min(right, r2.left - 60);
      });
      return { left, top: 8, right: Math.max(right, left + 80), bottom: s.y - 8 };
    }
    function boundsOf(list) {
      var b = null;
      each(list, function(u) {
        var x = (u.layer || shape(u.g, {})).getBounds();
        b = b ? b.extend(x) : L.latLngBounds(x.getSouthWest(), x.getNorthEast());
      });
      return b;
    }
    P.drawn = D.units.filter(function(u) {
      return u.g;
    });
    var inGroups = P.drawn.filter(function(u) {
      return u.group && groupById[u.group] && u.level !== "group";
    });
    P.everything = boundsOf(P.drawn.length ? P.drawn : D.outlines.concat(D.districts).filter(function(o) {
      return o.g;
    }));
    if (!P.everything && D.span) P.everything = L.latLngBounds([D.span[0], D.span[1]], [D.span[2], D.span[3]]);
    P.core = boundsOf(inGroups.length > 1 ? inGroups : P.drawn) || P.everything;
    if (P.core && D.outlines.length && inGroups.length > 1) each(D.outlines, function(o) {
      P.core.extend(o.layer.getBounds());
    });
    if (P.core) {
      var inner = L.latLngBounds(P.core.getSouthWest(), P.core.getNorthEast());
      each(P.drawn, function(u) {
        if (!u.isPoint && inner.contains(u.at)) P.core.extend(u.layer.getBounds());
      });
    }
    P.groupBounds = function() {
      return S.group ? boundsOf(P.drawn.filter(function(u) {
        return u.id === S.group || u.group === S.group;
      })) : null;
    };
    function padding() {
      if (P.onPaper) return { paddingTopLeft: [12, 12], paddingBottomRight: [12, 12] };
      var f = frame(), s = map.getSize();
      var p = phone() ? [14, 56, 14, s.y - f.bottom + 12] : [f.left + 8, 22, s.x - f.right + 8, 34];
      var x = Math.min(1, 0.8 * s.x / (p[0] + p[2])), y = Math.min(1, 0.8 * s.y / (p[1] + p[3]));
      return { paddingTopLeft: [p[0] * x, p[1] * y], paddingBottomRight: [p[2] * x, p[3] * y] };
    }
    P.awaited = null;
    function seen() {
      var c = map.getContainer(), s = map.getSize();
      if (s.x !== c.clientWidth || s.y !== c.clientHeight) {
        map.invalidateSize({ animate: false, pan: false });
        s = map.getSize();
      }
      return s.x > 0 && s.y > 0;
    }
    function go(bounds, move, most, margin) {
      if (!bounds) return;
      P.awaited = seen() ? null : [bounds, most];
      if (P.awaited) {
        map.setView(bounds.getCenter(), 9, { animate: false });
        return;
      }
      var o = padding();
      if (margin === 0) {
        var f = frame(), s = map.getSize();
        o = { paddingTopLeft: [f.left, f.top], paddingBottomRight: [s.x - f.right, s.y - f.bottom] };
      }
      var whole = map.getSize(), larger = Math.max(1, Math.min(whole.x / 1440, whole.y / 900));
      o.maxZoom = most || 14.5 + Math.log2(larger);
      if (move && !still && !P.onPaper) {
        o.duration = 0.7;
        map.flyToBounds(bounds, o);
      } else {
        o.animate = false;
        map.fitBounds(bounds, o);
      }
    }
  }

  // words.js
  var UI = {
    zh: {
      search: "搜索园区、所在区、产业（中文、英文、拼音、编号）",
      none: "无数据",
      noMatch: "没有符合条件的园区",
      measure: "指标",
      year: "年份",
      play: "播放年份",
      pause: "暂停",
      latest: "截至该年最近值",
      exact: "仅当年",
      mode: "取值方式",
      clusters: "产业集群（可多选）",
      any: "任一",
      all: "全部",
      anyAll: "多选时的关系",
      rankingOf: "园区排名",
      parks: "园区",
      landTab: "土地",
      firmsTab: "产业",
      compareTab: "比较",
      goals: "规划目标",
      about: "说明",
      findings: "问题",
      lang: "English",
      print: "打印",
      png: "导出图片",
      present: "汇报",
      copied: "链接已复制",
      copyBy: "请复制地址栏中的链接",
      close: "关闭",
      legend: "图例",
      zoomIn: "放大",
      zoomOut: "缩小",
      home: "回到全貌",
      whole: "全市",
      ruler: "量距离和面积",
      panel: "园区与指标",
      card: "园区信息",
      sheet: "展开或收起面板",
      published: "公布面积合计",
      areaNote: "上下级园区只计一次",
      blocks: "列出街区",
      notYet: "当时尚未设立",
      gone: "当时已撤并",
      unplaced: "选址未查到，未上图",
      sketch: "示意轮廓",
      schematic: "示意位置与形状",
      point: "仅点位",
      approximate: "大致轮廓",
      digitised: "图上量取",
      surveyed: "实测",
      synthetic: "虚构数据",
      notOfficial: "示意轮廓，不是官方边界",
      source: "来源",
      def: "含义",
      scope: "口径",
      registration: "按注册地统计",
      operation: "按经营地统计",
      unknown: "来源未写明口径",
      computed: "由公布数计算",
      about_: "约",
      more: "超过",
      nearly: "接近",
      position: "规划定位",
      via: "经研发服务等活动涉及",
      clause: "条款",
      notKnown: "尚不清楚",
      allValues: "全部公布数值",
      aliases: "又名",
      boundary: "文字四至",
      east: "东",
      south: "南",
      west: "西",
      north: "北",
      inside: "下级单元",
      parent: "上级",
      uArea: "规划面积未查到",
      uOutline: "没有可用的边界，图上是一个示意点",
      uNoPlace: "选址没有任何来源写明",
      uSince: "设立年份未查到",
      uIndustry: "规划没有写明它的产业",
      uValue: "没有查到任何数值：",
      conflict: "同一年另有不同的公布数，见下表",
      target: "目标",
      value: "查到",
      progress: "完成比例",
      demands: "规划对用地的要求",
      counting: "统计口径",
      sources: "资料来源",
      howDrawn: "轮廓怎么画的",
      filter: "筛选",
      noFilter: "无",
      review: "审图号",
      reviewBlank: "（正式发布前填写）",
      printed: "打印日期",
      projection: "网络墨卡托投影显示；面积另按椭球面计算",
      list: "园区编号",
      sketchLine: "示意轮廓（虚线）",
      schematicLine: "位置与形状均为示意",
      pointMark: "无轮廓的园区",
      groupLine: "聚集区",
      groupFilter: "只看一个聚集区",
      allYears: "各年分级相同",
      syn: "虚构数据，仅供演示",
      copyLink: "复制链接",
      specialise: "产业构成与全区之比",
      valueAt: "数值",
      noRecords: "没有查到公布数值",
      plannedWords: "规划用语"
    },
    en: {
      search: "Search parks, districts, clusters (Chinese, English, pinyin, id)",
      none: "No data",
      noMatch: "No park matches",
      measure: "Indicator",
      year: "Year",
      play: "Play the years",
      pause: "Pause",
      latest: "Latest so far",
      exact: "That year",
      mode: "Which value",
      clusters: "Industry clusters (several at once)",
      any: "any",
      all: "all",
      anyAll: "How several combine",
      rankingOf: "Parks by rank",
      parks: "Parks",
      landTab: "Land",
      firmsTab: "Clusters",
      compareTab: "Compare",
      goals: "Goals",
      about: "About",
      findings: "Findings",
      lang: "中文",
      print: "Print",
      png: "Picture",
      present: "Present",
      copied: "Link copied",
      copyBy: "Copy the link from the address bar",
      close: "Close",
      legend: "Legend",
      zoomIn: "Zoom in",
      zoomOut: "Zoom out",
      home: "Back to the whole",
      whole: "Whole city",
      ruler: "Measure distance and area",
      panel: "Parks and indicators",
      card: "About the park",
      sheet: "Raise or lower the panel",
      published: "published area",
      areaNote: "parks inside parks count once",
      blocks: "List blocks",
      notYet: "not yet founded",
      gone: "no longer there",
      unplaced: "site not found, not on the map",
      sketch: "Sketch outline",
      schematic: "Indicative place and shape",
      point: "Point only",
      approximate: "Approximate outline",
      digitised: "Digitised",
      surveyed: "Surveyed",
      synthetic: "Invented data",
      notOfficial: "sketch outlines, not official boundaries",
      source: "Source",
      def: "Meaning",
      scope: "Counted",
      registration: "by place of registration",
      operation: "by place of operation",
      unknown: "source does not say how it counts",
      computed: "computed from published values",
      about_: "about ",
      more: "over ",
      nearly: "nearly ",
      position: "Place in the plan",
      via: "through activities such as R&D services",
      clause: "Clause",
      notKnown: "What is not known",
      allValues: "All published values",
      aliases: "Also called",
      boundary: "Boundary in words",
      east: "E",
      south: "S",
      west: "W",
      north: "N",
      inside: "Parts",
      parent: "Part of",
      uArea: "Planned area not found",
      uOutline: "No usable outline; the map shows an indicative point",
      uNoPlace: "No source states its site",
      uSince: "Year of founding not found",
      uIndustry: "The plan names no industry for it",
      uValue: "No value found at all for: ",
      conflict: "Another value was published for the same year, see below",
      target: "Goal",
      value: "Found",
      progress: "Share reached",
      demands: "What the plan asks of land",
      counting: "How values are counted",
      sources: "Sources",
      howDrawn: "How the outlines were drawn",
      filter: "Filter",
      noFilter: "none",
      review: "Map review no.",
      reviewBlank: "(fill in before publication)",
      printed: "Printed",
      projection: "Shown in Web Mercator; areas are taken on the ellipsoid",
      list: "Numbered parks",
      sketchLine: "Sketch outline (dashed)",
      schematicLine: "Place and shape indicative",
      pointMark: "Park without an outline",
      groupLine: "Park group",
      groupFilter: "One group of parks",
      allYears: "same classes in all years",
      syn: "Invented data, for demonstration",
      copyLink: "Copy link",
      specialise: "Industries against the zone",
      valueAt: "value",
      noRecords: "No published value found",
      plannedWords: "Words of the plan"
    }
  };

  // atlas.js
  function stateOf(D) {
    return { lang: D.lang, measure: D.measure, year: D.year, mode: "latest", picks: [], group: D.group, join: "any", query: "", unit: null, thing: null, finding: null, tab: D.desk || "parks", blocks: false };
  }
  function tables(D) {
    const made = { byId: /* @__PURE__ */ Object.create(null), groupById: /* @__PURE__ */ Object.create(null), measureByKey: /* @__PURE__ */ Object.create(null), industryById: /* @__PURE__ */ Object.create(null), labels: [] };
    each(D.units, (u) => {
      made.byId[u.id] = u;
      u.kids = [];
    });
    each(D.units, (u) => {
      if (made.byId[u.parent] && made.byId[u.parent] !== u) made.byId[u.parent].kids.push(u);
    });
    each(D.units, (u) => {
      let p = made.byId[u.parent];
      u.above = [];
      while (p && p !== u && u.above.length < 32 && u.above.indexOf(p) < 0) {
        u.above.push(p);
        p = made.byId[p.parent];
      }
    });
    each(D.groups, (g) => {
      made.groupById[g.id] = g;
    });
    each(D.measures, (m) => {
      made.measureByKey[m.key] = m;
    });
    each(D.industries, (i) => {
      made.industryById[i.id] = i;
    });
    return Object.assign(made, { parks: D.units.filter((u) => u.level !== "block") });
  }
  function shared(map, D) {
    const S = stateOf(D);
    const P = {
      map,
      D,
      S,
      onPaper: false,
      root: document.getElementById("atlas"),
      still: window.matchMedia("(prefers-reduced-motion: reduce)").matches,
      get U() {
        return UI[S.lang];
      },
      T: (pair) => pair ? S.lang === "en" ? pair[1] : pair[0] : "",
      say: (zh, en) => S.lang === "en" ? en : zh,
      phone: () => window.matchMedia("(max-width:760px) and (min-height:560px), (max-width:559px)").matches,
      printing: () => P.onPaper,
      industry: (k) => P.industryById[k],
      hush() {
        P.tip.hidden = true;
      },
      focusCard() {
        P.card.focus();
      },
      firmsOf: (id) => P.firms.of(id),
      findingsOf: (id) => P.findings.of(id),
      findingButton: (i) => P.findings.button(i),
      contextOn: () => P.context.on(),
      contextRow: () => [P.basemap.row(), P.context.row()],
      contextChanged() {
        P.context.update();
        P.basemap.update();
        P.paintCredit();
        P.declutter();
        P.remember();
      }
    };
    return Object.assign(P, tables(D));
  }
  function desks(P) {
    P.renderer = P.R.find;
    P.mark = marker(P);
    P.basemap = basemap(P);
    P.context = contextLines(P, P.labels);
    P.land = P.desk = landDesk(P);
    P.view = landView(P, P.land);
    P.firms = firmsDesk(P);
    P.findings = findingsDesk(P);
    const names = labelDesk(P, P.labels, P.labelPane);
    P.compare = compareDesk(P, P.labels);
    P.ruler = ruler(P);
    P.site = siteDesk(P);
    P.steps = steps(P);
    P.declutter = () => {
      names();
      P.compare.declutter();
    };
  }
  function showing(P) {
    const { S, D, T, say, parks } = P, m = P.measure(), n = parks.length, e = P.era(), known = parks.filter(P.value).length;
    const all = e && e[4] ? say(T([e[2], e[3]]) + "（" + e[4] + " 园），连同下级园区和片区共列 " + n + " 个", T([e[2], e[3]]) + " (" + e[4] + "), " + n + " listed with their parts") : say(n + " 个园区与片区", n + " parks and areas");
    const layer = P.land.shows() ? P.land.active() : null;
    const what = P.compare.shows() ? T(D.compare.sides[0]) + " | " + T(D.compare.sides[1]) : P.firms.shows() ? say("企业按产业集群", "firms by cluster") : layer ? T(layer.record.name) + (layer.style ? " · " + T(layer.style.name) : "") : m ? T(m.name) + say("，" + P.when() + "（" + known + " 个有数值）", ", " + P.when() + " (" + known + " of " + n + " known)") : "";
    return all + (what ? say("；图上是", ". Shown: ") + what : "") + (D.synthetic ? " · " + P.U.syn : "") + (P.drawn.some((u) => u.precision === "sketch" || u.precision === "schematic") ? " · " + P.U.notOfficial : "");
  }
  function painting(P) {
    const { S } = P;
    P.layers = () => {
      P.land.update();
      P.firms.update();
      P.findings.update();
      P.context.update();
      P.basemap.update();
    };
    P.paint = () => {
      P.pattern();
      each(P.order, P.style);
      fill(P.parts.lead, showing(P));
      if (S.tab === "parks" && P.parts.list && P.parts.list.isConnected) P.paintList();
      P.layers();
      P.paintLegend();
      P.paintScale();
      P.paintCard();
      P.compare.update();
      P.declutter();
    };
  }
  function listening(P) {
    const { map, S, D } = P;
    let closeBy = null;
    map.on("moveend", () => {
      const now = P.covering();
      if (now !== closeBy) {
        closeBy = now;
        each(P.order, P.style);
      }
      P.layers();
      P.paintLegend();
      P.declutter();
      P.insetMove();
      P.paintScale();
      P.remember();
    });
    map.on("zoomstart", () => {
      P.labelPane.style.opacity = 0;
    });
    map.on("zoomend", () => {
      P.labelPane.style.opacity = 1;
    });
    map.on("resize", () => {
      P.compare.layout();
      if (P.awaited) P.go(P.awaited[0], false, P.awaited[1]);
      P.paintLegend();
      P.declutter();
      P.insetMove();
      P.paintScale();
    });
    window.addEventListener("popstate", () => {
      if (P.steps.at() >= 0) P.steps.leave();
      P.reread();
    });
  }
  function rereading(P) {
    const { map, S, D } = P;
    P.toView = () => {
      if (P.box) P.go(L.latLngBounds(P.box), false, 20, 0);
      else if (P.whole) P.go(P.groupBounds() || P.core, false);
    };
    P.reread = (text) => {
      P.quiet = true;
      Object.assign(S, { unit: null, thing: null, finding: null, site: null, query: "", picks: [], group: D.group, tab: D.desk || "parks", blocks: false, mode: "latest" });
      P.mark.clear();
      const at = P.recall(text);
      P.build();
      P.whole = !at && !P.box && text !== void 0;
      if (!P.box && at) map.setView([at[0], at[1]], at[2], { animate: false });
      P.paint();
      P.toView();
      P.site.repaint();
      if (S.site) P.site.show(S.site);
      P.quiet = false;
      if (P.asked !== null) {
        const i = P.asked, move = !at && !P.box;
        P.findings.ready.then(() => P.findings.choose(i, move));
      }
    };
  }
  function atlas(map, D) {
    const P = shared(map, D), { S, byId } = P;
    for (const part of [values, units, view, desks, charts, panel, legend, card, about, inset, pointer, address, paper, papers, picture, painting, rereading]) part(P);
    const seenAt = P.recall();
    P.build();
    P.go(P.groupBounds() || P.core || P.everything || L.latLngBounds([[39.4, 115.4], [41, 117.5]]), false);
    P.paint();
    if (!seenAt && S.unit && byId[S.unit].layer) P.go(byId[S.unit].layer.getBounds().pad(1.5), false, 12);
    if (P.box) P.toView();
    else if (seenAt) {
      P.awaited = null;
      map.setView([seenAt[0], seenAt[1]], seenAt[2], { animate: false });
    }
    P.paint();
    listening(P);
    P.insetMove();
    P.paintScale();
    if (S.site) P.site.show(S.site);
    P.quiet = false;
    const asked = P.asked;
    if (P.shown) P.steps.present(P.shown[0], P.shown[1]);
    else if (P.forPaper) P.set.want(P.forPaper);
    else if (asked !== null) P.findings.ready.then(() => P.findings.choose(asked, !seenAt));
    else if (S.tab === "findings") P.findings.ready.then(P.refresh);
    setTimeout(() => {
      for (const l of P.land.layers) if (l.key === "parcel") l.open("parcels");
    }, 30);
    window.atlasPage = { state: S, data: D, map, draw: P.draw, pick: P.pick, land: P.land, firms: P.firms, findings: P.findings, compare: P.compare, site: P.site, steps: P.steps, set: P.set, ruler: P.ruler, pickThing: P.pickThing, paint: P.paint, rebuild() {
      P.build();
      P.paint();
    }, value: (id) => P.value(byId[id]) };
  }

  // main.js
  window.atlas = (map, id) => atlas(map, told(id));
  window.atlasCodec = { decode, decodeColumn, inflate };
})();

"""Hostile text in every field of a zone: shown as it is, run nowhere, in the page or in Python."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

import zgcgis as zg
from zgcgis.maps import draw_zone, save_map

sys.path.insert(0, str(Path(__file__).parent))
from atlas_zone import browser_page, write_zone

FULL = os.environ.get("ZGCGIS_FULL") == "1"

STRINGS = [
    "<img src=x onerror=window.pwned=1>",
    "<svg onload=window.pwned=2>",
    "<script>window.pwned=3</script>",
    "</script><script>window.pwned=4</script>",
    "</SCRIPT ><ScRiPt>window.pwned=5</sCrIpT>",
    "<!--<script>window.pwned=6",
    "--><script>window.pwned=7</script>",
    "]]><script>window.pwned=8</script>",
    "</style><script>window.pwned=9</script>",
    "</title><script>window.pwned=10</script>",
    "</textarea><img src=x onerror=window.pwned=11>",
    "<a href=javascript:window.pwned=12>x</a>",
    "<iframe srcdoc='<script>parent.pwned=13</script>'></iframe>",
    "${window.pwned=14}",
    "`;window.pwned=15;`",
    "${`${window.pwned=16}`}",
    "';window.pwned=17;'",
    '";window.pwned=18;"',
    "\\';window.pwned=19;//",
    '\\";window.pwned=20;//',
    "\\u003cimg src=x onerror=window.pwned=21\\u003e",
    "&lt;img src=x onerror=window.pwned=22&gt;",
    "&#60;script&#62;window.pwned=23&#60;/script&#62;",
    "{{ 7*7 }}",
    "{{ cycler.__init__.__globals__.os.environ.__setitem__('PWNED', '24') }}",
    "{% for x in range(9) %}PWNED{% endfor %}",
    "{% raw %}{{ 1 }}{% endraw %}",
    "{# a comment that vanishes #}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ self.__init__.__globals__.__builtins__.__import__('os').system('touch pwned-by-template') }}",
    "{{",
    "}}",
    "{%",
    "%}{{7*7}}",
    "#{7*7} @{7*7} *{7*7} <%= 7*7 %>",
    "%s %(x)s {0} {x!r} %n",
    "\u202eright to left\u202c",
    "\u2066isolate\u2069\u200e\u200f",
    "zero\u200bwidth\u200d\ufeffjoin",
    "line\u2028separator\u2029paragraph",
    "javascript:window.pwned=41",
    "data:text/html,<script>parent.pwned=42</script>",
    '=HYPERLINK("http://x","y")',
    "../../etc/passwd",
    "</div></main></body></html>",
    "url(#x) expression(alert(1)) ;background:url(//x)",
]


def every_field(text: str):
    """Each field carries the string and its own name, so that one seen is one told apart."""
    return lambda field: f"{text} [{field}]"


@pytest.fixture(scope="module")
def fields(tmp_path_factory) -> list[str]:
    """Return the names of all text fields the trial zone has."""
    seen: list[str] = []
    write_zone(tmp_path_factory.mktemp("f") / "z", lambda f: seen.append(f) or f)
    return seen


def test_the_corpus_is_large_enough(fields):
    assert len(STRINGS) >= 30
    assert len(set(STRINGS)) == len(STRINGS)
    assert len(fields) >= 40


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    """One page for each string, with the string in every text field and in the file's name."""
    root = tmp_path_factory.mktemp("pages")
    made = {}
    for i, text in enumerate(STRINGS):
        zone = zg.open_zone(write_zone(root / f"zone{i}", every_field(text)))
        name = re.sub(r"[/\\\x00]", "_", text)[:60]
        made[text] = save_map(draw_zone(zone), root / f"{i} {name}.html")
    return made


def test_no_string_runs_in_python(pages):
    assert "PWNED" not in os.environ
    assert not Path("pwned-by-template").exists()
    for text, page in pages.items():
        written = page.read_text(encoding="utf-8")
        assert "PWNEDPWNED" not in written, text
        assert "[49]" not in written


def test_no_string_meets_a_template_compiler(tmp_path, monkeypatch):
    """Nothing of a zone's words is in any source that jinja compiles while a page is made."""
    import jinja2

    compiled: list[str] = []
    original = jinja2.Environment.compile

    def watch(self, source, *args, **kwargs):
        compiled.append(str(source))
        return original(self, source, *args, **kwargs)

    monkeypatch.setattr(jinja2.Environment, "compile", watch)
    words = "a text that nobody would write"
    atlas = draw_zone(zg.open_zone(write_zone(tmp_path / "z", every_field(words))))
    page = atlas.to_offline_html()
    assert words in page
    assert compiled
    assert not any(words in source for source in compiled)


def test_no_string_leaves_the_data_block(pages):
    for text, page in pages.items():
        written = page.read_text(encoding="utf-8")
        head, rest = written.split('<script type="application/json" id="atlas-data">')
        data, tail = rest.split("</script>", 1)
        assert not set("<>&") & set(data), text
        assert "{{" not in data, text
        if len(text) > 4 and text not in {"javascript:window.pwned=41"}:
            assert text not in tail, text
        title = re.search(r"<title>(.*?)</title>", head, flags=re.DOTALL)[1]
        assert "<" not in title, text


def test_our_own_code_uses_no_sink_of_folium_or_of_the_browser():
    folder = Path(zg.__file__).parent / "maps"
    for path in folder.glob("*.py"):
        code = path.read_text(encoding="utf-8")
        for sink in ("Tooltip", "Popup(", "GeoJsonPopup", "DivIcon", "folium.GeoJson", "Search("):
            assert sink not in code, (path.name, sink)
    script = (folder / "static" / "atlas.js").read_text(encoding="utf-8")
    for sink in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Function(",
    ):
        assert sink not in script, sink
    for sink in (
        "bindTooltip",
        "bindPopup",
        "setContent",
        "DivIcon",
        "srcdoc",
        "XMLHttpRequest",
        "fetch(",
    ):
        assert sink not in script, sink


EXERCISE = """paper => {
  const shown = {}, A = window.atlasPage, text = () => document.body.textContent;
  A.pick('a', false);
  shown.card = text();
  shown.title = document.title;
  for (const [lang, tab] of [['zh', 'goals'], ['zh', 'about'], ['en', 'goals'], ['en', 'about'], ['zh', 'parks'], ['en', 'parks']].slice(paper ? 0 : 1)) {
    A.state.lang = lang; A.state.tab = tab; A.rebuild();
    shown[tab + lang] = text();
  }
  document.querySelectorAll('details').forEach(d => { d.open = true; });
  document.querySelectorAll('path.leaflet-interactive').forEach(p =>
    p.dispatchEvent(new MouseEvent('mousemove', {bubbles: true, clientX: 700, clientY: 400})));
  const q = document.getElementById('q');
  q.value = A.data.name[0]; q.dispatchEvent(new Event('input'));
  if (paper) {
    window.dispatchEvent(new Event('beforeprint'));
    shown.paper = text();
    window.dispatchEvent(new Event('afterprint'));
  }
  shown.foreign = document.querySelectorAll('img, iframe, object, embed, video, form, base').length;
  shown.scripts = document.querySelectorAll('script').length;
  shown.pwned = window.pwned === undefined ? null : window.pwned;
  return shown;
}"""


@pytest.mark.browser
def test_every_string_is_shown_as_it_is_and_runs_nowhere(pages):
    with browser_page() as page:
        for i, (text, path) in enumerate(pages.items()):
            page.goto(path.as_uri())
            thorough = FULL or i % 4 == 0
            shown = page.evaluate(EXERCISE, thorough)
            assert shown["pwned"] is None, text
            assert (shown["foreign"], shown["scripts"]) == (0, 5), text
            for field in ("park zh", "source", "note zh", "former zh", "boundary", "alias"):
                assert f"{text} [{field}]" in shown["card"], (text, field)
            for field in ("counting", "group", "demand of group", "demand", "source entry"):
                assert f"{text} [{field} zh]" in shown["aboutzh"], (text, field)
                assert f"{text} [{field} en]" in shown["abouten"], (text, field)
            assert f"{text} [target en]" in shown["goalsen"], text
            assert f"{text} [industry zh]" in shown["parkszh"], text
            assert f"{text} [industry en]" in shown["parksen"], text
            if thorough:
                assert f"{text} [target zh]" in shown["goalszh"], text
                assert f"{text} [disclaimer en]" in shown["paper"], text
            assert "[zone zh]" in shown["title"], text
            if i % 9 == 0:
                page.evaluate("atlasPage.draw().then(() => 1)")
            page.wait_for_timeout(20)
            assert page.evaluate("window.pwned === undefined"), text
        remote = [u for u in page.requests if not u.startswith(("file:", "data:", "blob:"))]
        assert remote == []
        assert page.complaints == []


@pytest.mark.browser
def test_a_hostile_link_cannot_do_more_than_choose_a_view(tmp_path):
    path = save_map(draw_zone(zg.open_zone(write_zone(tmp_path / "z"))), tmp_path / "z.html")
    with browser_page() as page:
        for text in [*STRINGS[:16], "%", "%zz", "__proto__", "constructor", "1e999,0,0", "NaN"]:
            page.goto("about:blank")
            page.goto(
                path.as_uri() + "#" + "&".join(f"{k}={text}" for k in "vlmykijqstb") + "&" + text
            )
            state = page.evaluate("Object.assign({pwned: window.pwned}, atlasPage.state)")
            assert state.get("pwned") is None, text
            assert state["measure"] == "income_wan", text
            assert state["unit"] is None, text
            assert state["picks"] == [], text
            assert state["lang"] in {"zh", "en"}, text
        assert page.complaints == []


@pytest.mark.browser
def test_without_the_policy_nothing_runs_either(pages, tmp_path):
    """The policy is the second wall: the first has to stand alone."""
    chosen = list(pages.items())
    with browser_page() as page:
        for i, (text, path) in enumerate(chosen if FULL else chosen[::8]):
            written = path.read_text(encoding="utf-8")
            bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", written)
            assert bare != written
            copy = tmp_path / f"{i}.html"
            copy.write_text(bare, encoding="utf-8")
            page.goto(copy.as_uri())
            assert page.evaluate(EXERCISE, True)["pwned"] is None, text

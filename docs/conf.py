"""The site (文档): ``make docs`` builds it from these files, the docstrings and the registries.

It opens from a folder without a network: formulas are MathML, the search is a script beside the
pages, and what a page would load from a host ends the build, as does a link that leads nowhere.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from docutils import nodes
from latex2mathml.converter import convert
from myst_parser.parsers.sphinx_ import MystParser
from pygments.lexers.special import TextLexer
from sphinx.errors import ExtensionError
from sphinx.search import SearchLanguage

import zgcgis as zg

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import gallery  # noqa: E402

project, author, version = "zgcgis", "zgcgis", zg.__version__
language = "zh_CN"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "examples"]
html_theme = "furo"
html_title = "zgcgis · 一区多园空间布局与土地利用"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_search_summary = False  # browsers forbid a page in a folder to read its neighbours
html_show_sourcelink = html_copy_source = False
html_math_renderer = "mathml"
autodoc_member_order = "alphabetical"
autodoc_default_options = {"members": True}
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_rtype = napoleon_attr_annotations = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Source", "notes")]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
nitpicky = True
nitpick_ignore_regex = [("py:(class|obj|data|attr)", r".*"), (r"py:.*", r"(?!zgcgis).*")]

ROOMS = HERE / "examples"
OUTSIDE = {"README.md": "guide", "README.zh.md": "guide.zh", "CONTRIBUTING.md": "contributing",
           "CHANGELOG.md": "changelog", "SECURITY.md": "security"}  # fmt: skip


class Bigrams(SearchLanguage):
    """Words of Latin letters, and Chinese by every two characters that follow each other."""

    lang, language_name = "zh", "Chinese"
    js_splitter_code = r"""
function splitQuery(query) {
  const out = query.match(/[A-Za-z0-9_]+/g) || [];
  for (const run of query.match(/[\u4e00-\u9fff]+/g) || []) {
    if (run.length === 1) out.push(run);
    for (let i = 0; i + 1 < run.length; i += 1) out.push(run.slice(i, i + 2));
  }
  return out;
}
"""

    def split(self, text: str) -> list[str]:
        """Return the words of a text."""
        runs = re.findall(r"[\u4e00-\u9fff]+", text)
        pairs = [run[i : i + 2] for run in runs for i in range(max(len(run) - 1, 1))]
        return re.findall(r"[A-Za-z0-9_]+", text) + pairs

    def word_filter(self, word: str) -> bool:
        """Keep what tells pages apart."""
        return len(word) > 1


class Notebook(MystParser):
    """A notebook with its outputs, as Markdown; nothing is run here, a test does."""

    supported = ("ipynb",)

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Read the cells."""
        parts = []
        for cell in json.loads(inputstring)["cells"]:
            text = "".join(cell["source"])
            parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
            for output in cell.get("outputs", []):
                said = output.get("text") or output.get("data", {}).get("text/plain", [])
                if said:
                    parts.append("```text\n" + "".join(said).rstrip() + "\n```")
        super().parse("\n\n".join(parts), document)


def write_math(self, node: nodes.math) -> None:
    """Write a formula as MathML, which browsers render by themselves."""
    kind = "block" if isinstance(node, nodes.math_block) else "inline"
    self.body.append(convert(node.astext(), display=kind))
    raise nodes.SkipNode


def bring_outside(app, name: str, source: list[str]) -> None:
    """Read the documents of the repository's root as they stand, their links as seen from here."""
    here = HERE
    for file, page in OUTSIDE.items():
        if name == page:
            source[0], here = (HERE.parent / file).read_text(encoding="utf-8"), HERE.parent

    def seen_from_here(match: re.Match[str]) -> str:
        path, _, place = match[1].partition("#")
        if not path or ":" in path:
            return match[0]
        target = (here / path).resolve()
        page = OUTSIDE.get(target.name) if target.parent == HERE.parent else None
        shown = f"{page}.md" if page else os.path.relpath(target, HERE)
        return f"]({shown}#{place})" if place else f"]({shown})"

    if "/" not in name:
        source[0] = re.sub(r"\]\(([^)\s]+)\)", seen_from_here, source[0])


def bring_examples(app, what, name, thing, options, lines: list[str]) -> None:
    """Put the example of a name, from docs/examples/ROOM.md, under its docstring."""
    found = EXAMPLES.get(name)
    if found and what in {"function", "class", "exception"}:
        lines += ["", ".. rubric:: 示例 Example", "", *found, ""]


def without_fields(app, what, name, thing, skip: bool, options) -> bool | None:
    """Leave out fields whose text says only that they are fields: the class tells them."""
    return True if str(getattr(thing, "__doc__", "")).startswith("Alias for field") else None


def find_home(app, env, node, contnode):
    """Lead a name of the top, as ``zgcgis.assess``, to the room that tells it."""
    room, _, name = node.get("reftarget", "").rpartition(".")
    if room != "zgcgis" or name not in zg._HOME:
        return None
    target = f"zgcgis.{zg._HOME[name]}.{name}"
    python = env.get_domain("py")
    return python.resolve_xref(
        env, node["refdoc"], app.builder, node["reftype"], target, node, contnode
    )


def read_examples() -> dict[str, list[str]]:
    """Return the examples by full name: a section each, of doctests and remarks."""
    found = {}
    for file in sorted(ROOMS.glob("*.md")):
        for part in re.split(r"^## ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            name, _, text = part.partition("\n")
            code = re.findall(r"```pycon\n(.*?)```", text, re.DOTALL)
            found[f"zgcgis.{file.stem}.{name.strip()}"] = "\n".join(code).splitlines()
    return found


EXAMPLES = read_examples()


class Links(HTMLParser):
    """What a page leads to and what it loads, and the places others may point at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.leads: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses of one tag."""
        words = dict(attrs)
        self.places |= {words[k] for k in ("id", "name") if words.get(k)}
        if tag == "a" and words.get("href"):
            self.leads.append(words["href"])
        loads = words.get("src") or (words.get("href") if tag == "link" else None)
        if loads and not loads.startswith("data:"):
            self.loads.append(loads)


def broken_links(site: Path) -> list[str]:
    """Return a line for every link that leads nowhere and everything loaded from a host."""
    pages = {p: Links(p.read_text(encoding="utf-8")) for p in sorted(site.rglob("*.html"))}
    wrong = []
    for page, links in pages.items():
        if "live" in page.relative_to(site).parts:
            continue  # pages of the program itself: its own tests hold them
        for link in links.leads + links.loads:
            if re.match(r"https?:|mailto:", link):
                if link in links.loads:
                    wrong.append(f"{page.name}: loads {link}")
                continue
            path, _, place = unquote(link).partition("#")
            target = (page.parent / path.split("?")[0]).resolve() if path else page
            if not target.is_file():
                wrong.append(f"{page.name}: {link} is not there")
            elif place and target in pages and place not in pages[target].places:
                wrong.append(f"{page.name}: {link} has no such place")
    return wrong


def finish(app, problem: Exception | None) -> None:
    """Add the live pages, then look at every link."""
    site = Path(app.outdir)
    if problem or app.builder.name != "html":
        return
    shutil.copytree(gallery.LIVE, site / "live", dirs_exist_ok=True)
    shutil.copytree(HERE / "images", site / "images", dirs_exist_ok=True)
    if wrong := broken_links(site):
        raise ExtensionError("links that lead nowhere:\n" + "\n".join(wrong))


def setup(app) -> None:
    """Enter what is above."""
    app.add_search_language(Bigrams)
    app.add_lexer("csv", TextLexer)
    app.add_source_suffix(".ipynb", "ipynb")
    app.add_source_parser(Notebook)
    app.add_html_math_renderer("mathml", (write_math, None), (write_math, None))
    app.connect("builder-inited", lambda _: gallery.make())
    app.connect("source-read", bring_outside)
    app.connect("autodoc-process-docstring", bring_examples)
    app.connect("autodoc-skip-member", without_fields)
    app.connect("missing-reference", find_home)
    app.connect("build-finished", finish)
